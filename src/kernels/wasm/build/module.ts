import { gemm } from "./gemm.ts";
import { Lanes } from "./lanes.ts";

/** The text form of the whole module. `fused`: whether relaxed SIMD may be used. */
export function moduleText(fused: boolean): string {
  const functions = [new Lanes("f32x4", fused), new Lanes("f64x2", fused)].flatMap((lanes) => gemm(lanes));
  return `(module (import "env" "memory" (memory 1))\n${functions.join("\n")})`;
}
