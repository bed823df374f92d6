/** The product of a vector and a matrix, in WebAssembly: blocks of the matrix go through the kernels' memory, as they are. */

import { copyLines, type FloatArray, type Matrix } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** Elements of a block, half of a usual second-level cache: not fewer than COLUMNS times ROWS. */
const BLOCK = 1 << 16;
/** Columns of a block that is copied row by row, steps of one that is copied column by column. */
const COLUMNS = 2048;
const STEPS = 1024;
/** Rows that the kernel sums at a time. */
const ROWS = 32;

const floor = (x: number, step: number) => Math.floor(x / step) * step;
const ceil = (x: number, step: number) => Math.ceil(x / step) * step;

/**
 * c = alpha * a * b + beta * c for the row vectors a[k], whose elements are `aStride` apart, and c[n], and a matrix b[k, n] whose rows or whose columns
 * are contiguous; n > 0 and k > 0. False, and nothing done, for other matrices.
 */
export function vectorProduct(
  scratch: Engine,
  n: number,
  k: number,
  a: FloatArray,
  aOffset: number,
  aStride: number,
  b: Matrix,
  c: FloatArray,
  cOffset: number,
  alpha: number,
  beta: number,
): boolean {
  const byRow = b.columnStride === 1;
  if (!byRow && b.rowStride !== 1) return false;
  const size = c.BYTES_PER_ELEMENT;
  const steps = Math.min(k, byRow ? floor(BLOCK / Math.min(n, COLUMNS), ROWS) : STEPS);
  const columns = Math.min(n, byRow ? COLUMNS : Math.floor(BLOCK / steps));
  // places in the memory, in elements: the vectors and the block
  const left = DATA_ADDRESS / size, sums = left + ceil(steps, 4), block = sums + ceil(columns, 64 / size);
  scratch.reserve((block + steps * columns - left) * size);
  const memory = size === 4 ? scratch.float32 : scratch.float64;
  const { combine_f32, combine_f64, dots_f32, dots_f64 } = scratch.kernels;
  const combine = size === 4 ? combine_f32 : combine_f64, dots = size === 4 ? dots_f32 : dots_f64;

  for (let j = 0; j < n; j += columns) {
    const width = Math.min(columns, n - j);
    for (let i = 0; i < width; i++) memory[sums + i] = 0;
    for (let p = 0; p < k; p += steps) {
      const depth = Math.min(steps, k - p);
      for (let i = 0, x = aOffset + p * aStride; i < depth; i++, x += aStride) memory[left + i] = a[x];
      const from = b.offset + p * b.rowStride + j * b.columnStride;
      if (byRow) {
        copyLines(b.data, from, b.rowStride, memory, block, width, depth, width);
        combine(left * size, (left + depth) * size, block * size, width * size, sums * size, (sums + width) * size);
      } else {
        copyLines(b.data, from, b.columnStride, memory, block, depth, width, depth);
        dots(left * size, depth, block * size, width, depth * size, sums * size);
      }
    }
    for (let i = 0, y = cOffset + j; i < width; i++, y++) c[y] = alpha * memory[sums + i] + (beta === 0 ? 0 : beta * c[y]);
  }
  return true;
}
