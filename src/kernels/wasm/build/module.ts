import { correlate, meet, spread } from "./depthwise.ts";
import { elementwise, imports as elementwiseImports } from "./elementwise.ts";
import { extremes } from "./extremes.ts";
import { foldings } from "./folds.ts";
import { compact, gemm, panels } from "./gemm.ts";
import { integers } from "./integers.ts";
import { gemv } from "./gemv.ts";
import { Lanes } from "./lanes.ts";
import { DATA_ADDRESS, MOST_PAGES, POOL_ADDRESS } from "../layout.ts";
import { maxWindows } from "./pooling.ts";
import { imports as rowsImports, rows } from "./rows.ts";
import { clear, fillRows, gather, scatter } from "./windows.ts";
import { Pool } from "./pool.ts";
import { transposes } from "./transpose.ts";

/** The text form of the whole module. `fused`: whether relaxed SIMD may be used. */
export function moduleText(fused: boolean): string {
  const pool = new Pool(POOL_ADDRESS);
  const single = new Lanes("f32x4", fused, pool), double = new Lanes("f64x2", fused, pool);
  const functions = [
    ...gemm(single),
    ...gemm(double),
    ...gemv(single),
    ...gemv(double),
    compact(),
    gather(single),
    gather(double),
    scatter(single),
    scatter(double),
    clear(),
    maxWindows(single),
    fillRows(single),
    fillRows(double),
    ...[correlate, spread, meet].flatMap((kernel) => [kernel(single), kernel(double)]),
    ...elementwise(single),
    ...rows(single),
    ...foldings(single),
    ...foldings(double),
    ...extremes(single),
    ...extremes(double),
    ...transposes(single, double),
    ...integers(),
  ];
  if (pool.end > DATA_ADDRESS) throw new Error(`the constants end at ${pool.end}`);
  const fields = [...elementwiseImports, ...rowsImports, ...panels(), ...functions, pool.text()];
  return `(module (import "env" "memory" (memory 1 ${MOST_PAGES}))\n${fields.join("\n")})`;
}
