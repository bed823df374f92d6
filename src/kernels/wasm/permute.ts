/** Copies of permuted tensors. */

import type { TypedArray } from "../../dtype.ts";
import { specialised } from "./specialise.ts";

type Transpose = (
  rows: number,
  columns: number,
  input: TypedArray,
  inOffset: number,
  inStride: number,
  output: TypedArray,
  outOffset: number,
  outStride: number,
) => void;

/** output[i * outStride + j] = input[i + j * inStride], four columns at once: each is read front to back. */
const transpose: Transpose = (rows, columns, input, inOffset, inStride, output, outOffset, outStride) => {
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    for (let i = 0, x = inOffset + j * inStride, y = outOffset + j; i < rows; i++, x++, y += outStride) {
      output[y] = input[x];
      output[y + 1] = input[x + inStride];
      output[y + 2] = input[x + 2 * inStride];
      output[y + 3] = input[x + 3 * inStride];
    }
  }
  for (; j < columns; j++) {
    for (let i = 0, x = inOffset + j * inStride, y = outOffset + j; i < rows; i++, x++, y += outStride) output[y] = input[x];
  }
};

const transposes = new Map<unknown, Transpose>();

/**
 * Writes the elements input[inOffset + sum of index[d] * strides[d]], in row-major order of their indices, which run below `sizes`, to `output`.
 * It is for the case that neighbours of some dimension but the last are adjacent in the input; false, and nothing done, in other cases.
 */
export function permutedCopy<T extends TypedArray>(
  sizes: readonly number[],
  input: T,
  inOffset: number,
  strides: readonly number[],
  output: T,
  outOffset: number,
): boolean {
  const last = sizes.length - 1;
  const adjacent = strides.findIndex((stride, d) => stride === 1 && sizes[d] > 1);
  if (adjacent === -1 || adjacent === last) return false;
  let kernel = transposes.get(input.constructor);
  if (kernel === undefined) transposes.set(input.constructor, kernel = specialised(transpose, input.constructor.name));

  const outStrides = new Array<number>(sizes.length).fill(1);
  for (let d = last; d > 0; d--) outStrides[d - 1] = outStrides[d] * sizes[d];
  const walk = (d: number, from: number, to: number): void => {
    if (d === last) kernel(sizes[adjacent], sizes[last], input, from, strides[last], output, to, outStrides[adjacent]);
    else if (d === adjacent) walk(d + 1, from, to);
    else for (let i = 0; i < sizes[d]; i++) walk(d + 1, from + i * strides[d], to + i * outStrides[d]);
  };
  walk(0, inOffset, outOffset);
  return true;
}
