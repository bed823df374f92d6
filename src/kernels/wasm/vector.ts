/** Functions of float32 that WebAssembly computes four elements at a time, over blocks that stand in its memory. */

import { engine } from "./engine.ts";
import { UNARY_NAMES, type UnaryName } from "./unary.ts";

/** Arithmetic, and the derivatives that training calls all the time, by their number of operands. */
const ARITHMETIC = {
  add: 2,
  sub: 2,
  rsub: 2,
  mul: 2,
  div: 2,
  neg: 1,
  abs: 1,
  reciprocal: 1,
  square: 1,
  cube: 1,
  relu: 1,
  threshold_backward: 3,
  tanh_backward: 2,
  sigmoid_backward: 2,
} as const;

/** The name of one of the functions. */
export type VectorName = keyof typeof ARITHMETIC | UnaryName;

/**
 * Computes n elements from slots of `size` elements each, the first of which begins at index `origin` of the memory `view`, and writes
 * them to index `out`, where one of the operands may stand.
 */
export type Block = (view: Float32Array<ArrayBuffer>, n: number, out: number, inputs: readonly number[], origin: number, size: number) => void;

const FUNCTION_COST = 8;
const FUNCTIONS: ReadonlySet<string> = new Set(UNARY_NAMES);

/** The name among the functions that is also this op's; null where there is none. */
export function vectorName(name: string): VectorName | null {
  return name in ARITHMETIC || FUNCTIONS.has(name) ? name as VectorName : null;
}

/** What an element costs, in additions, measured. */
export function vectorCost(name: VectorName): number {
  return name in ARITHMETIC ? 1 : FUNCTION_COST;
}

/** The function over blocks; null where WebAssembly SIMD is missing. */
export function vectorBlock(name: VectorName): Block | null {
  const wasm = engine();
  if (wasm === null) return null;
  if (!(name in ARITHMETIC)) {
    const kernel = wasm.kernels[name];
    return (view, n, out, [a], origin, size) => {
      const from = origin + a * size;
      if (from !== out) view.copyWithin(out, from, from + n);
      kernel(4 * out, 4 * (out + n));
    };
  }
  const kernel = wasm.kernels[`vector_${name}`];
  switch (ARITHMETIC[name as keyof typeof ARITHMETIC]) {
    case 1:
      return (_, n, out, [a], origin, size) => kernel(4 * (origin + a * size), 4 * out, 4 * (out + n));
    case 2:
      return (_, n, out, [a, b], origin, size) => kernel(4 * (origin + a * size), 4 * (origin + b * size), 4 * out, 4 * (out + n));
    case 3:
      return (_, n, out, [a, b, c], origin, size) => kernel(4 * (origin + a * size), 4 * (origin + b * size), 4 * (origin + c * size), 4 * out, 4 * (out + n));
  }
}
