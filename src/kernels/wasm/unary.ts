/** Elementary functions of contiguous float32, in WebAssembly. */

import { copyRun } from "./copy.ts";
import { engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** The functions of `unary`; `sigmoid` is 1 / (1 + e^-x), `rsqrt` 1 / sqrt(x). */
export const UNARY_NAMES = [
  "exp",
  "exp2",
  "expm1",
  "log",
  "log2",
  "log10",
  "log1p",
  "sin",
  "cos",
  "tan",
  "sinh",
  "cosh",
  "tanh",
  "sigmoid",
  "erf",
  "erfc",
  "sqrt",
  "rsqrt",
] as const;

/** The name of one of them. */
export type UnaryName = (typeof UNARY_NAMES)[number];

/** Elements copied through the scratch memory at once. */
const BLOCK = 4096;

const START = DATA_ADDRESS / 4;

/**
 * Writes f(input[inOffset + i]) to output[outOffset + i] for i < n; the two may be the same. Results are within 2 units in the last place of the
 * exact ones. False, and nothing done, where WebAssembly SIMD is missing.
 */
export function unary(
  name: UnaryName,
  input: Float32Array<ArrayBuffer>,
  inOffset: number,
  output: Float32Array<ArrayBuffer>,
  outOffset: number,
  n: number,
): boolean {
  const scratch = engine();
  if (scratch === null) return false;
  const kernel = scratch.kernels[name];
  scratch.reserve(4 * BLOCK);
  const view = scratch.float32;
  for (let i = 0; i < n; i += BLOCK) {
    const count = Math.min(BLOCK, n - i);
    copyRun(input, inOffset + i, view, START, count);
    kernel(DATA_ADDRESS, DATA_ADDRESS + 4 * count);
    copyRun(view, START, output, outOffset + i, count);
  }
  return true;
}
