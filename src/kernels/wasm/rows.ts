/**
 * Softmax and its relatives over the rows of contiguous float32 matrices, in WebAssembly. Each function gives a new array, or null where WebAssembly SIMD
 * is missing or a row is too long for the scratch memory.
 */

import { copied, unfilled } from "../../memory.ts";
import { copyRun } from "./copy.ts";
import { type Engine, engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** The arrays of this file. */
export type Floats = Float32Array<ArrayBuffer>;

/** Elements copied through the scratch memory at once, unless a row is longer. */
const BLOCK = 4096;
/**
 * Up to so many elements stand in the scratch memory all at once: an array made from another one is not filled with zeros first, which costs more than the
 * way to the second-level cache.
 */
const WHOLE = 1 << 18;
/** Rows longer than this are refused: they would make the scratch memory large. */
const LONGEST_ROW = 1 << 20;

const START = DATA_ADDRESS / 4;

/** Softmax of each of `rows` rows of `columns` elements. */
export function softmax(input: Floats, offset: number, rows: number, columns: number): Floats | null {
  return overRows("softmax", input, offset, null, 0, rows, columns);
}

/** The logarithm of softmax of each row, accurate where softmax itself underflows. */
export function logSoftmax(input: Floats, offset: number, rows: number, columns: number): Floats | null {
  return overRows("log_softmax", input, offset, null, 0, rows, columns);
}

/** y (g - sum(g y)) of each row: the gradient of the input of softmax from the gradient g of its result y. */
export function softmaxBackward(gradient: Floats, offset: number, result: Floats, resultOffset: number, rows: number, columns: number): Floats | null {
  return overRows("softmax_backward", gradient, offset, result, resultOffset, rows, columns);
}

/** g - e^y sum(g) of each row: the gradient of the input of log_softmax from the gradient g of its result y. */
export function logSoftmaxBackward(gradient: Floats, offset: number, result: Floats, resultOffset: number, rows: number, columns: number): Floats | null {
  return overRows("log_softmax_backward", gradient, offset, result, resultOffset, rows, columns);
}

function overRows(name: string, input: Floats, offset: number, second: Floats | null, secondOffset: number, rows: number, columns: number): Floats | null {
  const scratch = engine();
  if (scratch === null || columns > LONGEST_ROW) return null;
  const count = rows * columns;
  if (count === 0) return new Float32Array(0);
  const most = count <= WHOLE ? rows : Math.max(1, Math.floor(BLOCK / columns));
  return inBlocks(scratch, most, rows, columns, second === null ? 1 : 2, (row, n) => {
    const size = n * columns;
    copyRun(input, offset + row * columns, scratch.float32, START, size);
    if (second !== null) copyRun(second, secondOffset + row * columns, scratch.float32, START + size, size);
    scratch.kernels[name](DATA_ADDRESS, DATA_ADDRESS + 4 * size, 4 * columns, 4 * size);
  });
}

/** Collects what `run` leaves in the scratch memory for each block of at most `most` rows; it has room for `parts` blocks. */
function inBlocks(scratch: Engine, most: number, rows: number, columns: number, parts: number, run: (row: number, n: number) => void): Floats {
  scratch.reserve(4 * parts * most * columns);
  if (most >= rows) {
    run(0, rows);
    return copied(scratch.float32.subarray(START, START + rows * columns));
  }
  const out = unfilled(rows * columns);
  for (let row = 0; row < rows; row += most) {
    const n = Math.min(most, rows - row);
    run(row, n);
    copyRun(scratch.float32, START, out, row * columns, n * columns);
  }
  return out;
}

/**
 * The same as `logSoftmaxBackward` for a gradient that has but one element other than 0 in each row: `elements` are these, at the columns `places`; a row
 * whose place is below 0 has none.
 */
export function logSoftmaxBackwardPicked(
  elements: Floats,
  places: Int32Array,
  result: Floats,
  resultOffset: number,
  rows: number,
  columns: number,
): Floats | null {
  const scratch = engine();
  const count = rows * columns;
  if (scratch === null || count > WHOLE || count === 0) return null;
  const totals = START + count;
  const out = inBlocks(scratch, rows, rows, columns, 2, () => {
    copyRun(result, resultOffset, scratch.float32, START, count);
    copyRun(elements, 0, scratch.float32, totals, rows);
    scratch.kernels.log_softmax_backward_picked(DATA_ADDRESS, DATA_ADDRESS + 4 * count, 4 * columns, 4 * totals);
  });
  for (let row = 0; row < rows; row++) if (places[row] >= 0) out[row * columns + places[row]] += elements[row];
  return out;
}

/**
 * Calls `take` with the largest element m of each row, NaN left aside, and the sum of e^(x - m); false, and nothing done, where that cannot be computed
 * here.
 */
export function sumExponentials(input: Floats, offset: number, rows: number, columns: number, take: (row: number, max: number, sum: number) => void): boolean {
  const scratch = engine();
  if (scratch === null || columns > LONGEST_ROW) return false;
  const block = Math.max(1, Math.min(rows, Math.floor(BLOCK / columns)));
  scratch.reserve(16 * block + 4 * block * columns);
  const { float32, float64 } = scratch;
  const sums = DATA_ADDRESS / 8, data = START + 4 * block;
  for (let row = 0; row < rows; row += block) {
    const n = Math.min(block, rows - row);
    copyRun(input, offset + row * columns, float32, data, n * columns);
    scratch.kernels.sum_exponentials(4 * data, 4 * (data + n * columns), 4 * columns, DATA_ADDRESS);
    for (let i = 0; i < n; i++) take(row + i, float64[sums + 2 * i], float64[sums + 2 * i + 1]);
  }
  return true;
}
