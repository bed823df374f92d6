/** Elementary functions of contiguous float32, in WebAssembly. */

import { engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** The functions of `unary`; `sigmoid` is 1 / (1 + e^-x), `rsqrt` 1 / sqrt(x). */
export type UnaryName =
  | "exp"
  | "exp2"
  | "expm1"
  | "log"
  | "log2"
  | "log10"
  | "log1p"
  | "sin"
  | "cos"
  | "tan"
  | "sinh"
  | "cosh"
  | "tanh"
  | "sigmoid"
  | "erf"
  | "erfc"
  | "sqrt"
  | "rsqrt";

/** Elements copied through the scratch memory at once. */
const BLOCK = 4096;

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
  const kernel = scratch.kernels[`unary_${name}`];
  scratch.reserve(4 * BLOCK);
  const view = scratch.float32;
  const start = DATA_ADDRESS / 4;
  for (let i = 0; i < n; i += BLOCK) {
    const count = Math.min(BLOCK, n - i);
    if (count < 64) for (let j = 0; j < count; j++) view[start + j] = input[inOffset + i + j];
    else view.set(input.subarray(inOffset + i, inOffset + i + count), start);
    kernel(DATA_ADDRESS, DATA_ADDRESS + 4 * count);
    if (count < 64) for (let j = 0; j < count; j++) output[outOffset + i + j] = view[start + j];
    else output.set(view.subarray(start, start + count), outOffset + i);
  }
  return true;
}
