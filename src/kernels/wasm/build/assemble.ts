import initialize from "wabt";
import { moduleText } from "./module.ts";

/** The text of `binary.ts`, built from source. */
export async function assemble(): Promise<string> {
  const wabt = await initialize();
  const encode = (fused: boolean) => {
    const module = wabt.parseWat("kernels.wat", moduleText(fused), { relaxed_simd: fused });
    const { buffer } = module.toBinary({});
    module.destroy();
    return btoa(Array.from(buffer, (byte) => String.fromCharCode(byte)).join(""));
  };
  return `/** Built by \`deno task wasm\` from build/; do not edit. */

/** The kernels for engines with 128-bit SIMD. */
export const SIMD =
  "${encode(false)}";

/** The kernels for engines that have relaxed SIMD too. */
export const RELAXED_SIMD =
  "${encode(true)}";
`;
}
