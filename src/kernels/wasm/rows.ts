/**
 * Softmax and sums over the rows and columns of contiguous float32 matrices, in WebAssembly. Each function returns false, and does nothing, where
 * that is missing or a row is too long for the scratch memory.
 */

import { copyRun } from "./copy.ts";
import { engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** The arrays of this file. */
export type Floats = Float32Array<ArrayBuffer>;

/** Elements copied through the scratch memory at once, unless a row is longer. */
const BLOCK = 4096;
/** Rows longer than this are refused: they would make the scratch memory large. */
const LONGEST_ROW = 1 << 20;
/** Rows whose columns are added in float32 before the sum goes on in float64. */
const ROWS_IN_SINGLE = 32;

const START = DATA_ADDRESS / 4;

/** Softmax of each of `rows` rows of `columns` elements. */
export function softmax(input: Floats, inOffset: number, rows: number, columns: number, output: Floats, outOffset: number): boolean {
  return overRows("softmax", input, inOffset, null, 0, rows, columns, output, outOffset);
}

/** The logarithm of softmax of each row, accurate where softmax itself underflows. */
export function logSoftmax(input: Floats, inOffset: number, rows: number, columns: number, output: Floats, outOffset: number): boolean {
  return overRows("log_softmax", input, inOffset, null, 0, rows, columns, output, outOffset);
}

/** y (g - sum(g y)) of each row: the gradient of the input of softmax from the gradient g of its result y. */
export function softmaxBackward(
  gradient: Floats,
  gradientOffset: number,
  result: Floats,
  resultOffset: number,
  rows: number,
  columns: number,
  output: Floats,
  outOffset: number,
): boolean {
  return overRows("softmax_backward", gradient, gradientOffset, result, resultOffset, rows, columns, output, outOffset);
}

/** g - e^y sum(g) of each row: the gradient of the input of log_softmax from the gradient g of its result y. */
export function logSoftmaxBackward(
  gradient: Floats,
  gradientOffset: number,
  result: Floats,
  resultOffset: number,
  rows: number,
  columns: number,
  output: Floats,
  outOffset: number,
): boolean {
  return overRows("log_softmax_backward", gradient, gradientOffset, result, resultOffset, rows, columns, output, outOffset);
}

function overRows(
  name: string,
  input: Floats,
  inOffset: number,
  second: Floats | null,
  secondOffset: number,
  rows: number,
  columns: number,
  output: Floats,
  outOffset: number,
): boolean {
  const scratch = engine();
  if (scratch === null || columns > LONGEST_ROW) return false;
  if (rows * columns === 0) return true;
  const block = Math.min(rows, Math.max(1, Math.floor(BLOCK / columns)));
  scratch.reserve(4 * block * columns * (second === null ? 1 : 2));
  const view = scratch.float32;
  const kernel = scratch.kernels[name];
  for (let row = 0; row < rows; row += block) {
    const n = Math.min(block, rows - row) * columns;
    const at = row * columns;
    copyRun(input, inOffset + at, view, START, n);
    if (second !== null) copyRun(second, secondOffset + at, view, START + n, n);
    kernel(DATA_ADDRESS, DATA_ADDRESS + 4 * n, 4 * columns, 4 * n);
    copyRun(view, START, output, outOffset + at, n);
  }
  return true;
}

/** The sum of each row. Blocks of the sums are added in float64, so the error is below that of a pairwise sum in float32. */
export function sumRows(input: Floats, inOffset: number, rows: number, columns: number, output: Floats, outOffset: number): boolean {
  const scratch = engine();
  if (scratch === null) return false;
  const block = Math.max(1, Math.min(rows, Math.floor(BLOCK / Math.max(columns, 1))));
  const piece = Math.min(columns, BLOCK);
  scratch.reserve(4 * block * piece + 8 * block + 8);
  const kernel = scratch.kernels.sum_rows;
  const sums = Math.ceil((DATA_ADDRESS + 4 * block * piece) / 8);
  for (let row = 0; row < rows; row += block) {
    const count = Math.min(block, rows - row);
    if (columns <= BLOCK) {
      copyRun(input, inOffset + row * columns, scratch.float32, START, count * columns);
      kernel(DATA_ADDRESS, DATA_ADDRESS + 4 * count * columns, 4 * columns, 8 * sums);
      for (let i = 0; i < count; i++) output[outOffset + row + i] = scratch.float64[sums + i];
    } else {
      let total = 0;
      for (let column = 0; column < columns; column += piece) {
        const n = Math.min(piece, columns - column);
        copyRun(input, inOffset + row * columns + column, scratch.float32, START, n);
        kernel(DATA_ADDRESS, DATA_ADDRESS + 4 * n, 4 * n, 8 * sums);
        total += scratch.float64[sums];
      }
      output[outOffset + row] = total;
    }
  }
  return true;
}

/** The sum of each column, with the same accuracy. */
export function sumColumns(input: Floats, inOffset: number, rows: number, columns: number, output: Floats, outOffset: number): boolean {
  const scratch = engine();
  if (scratch === null || columns > LONGEST_ROW) return false;
  const block = Math.max(1, Math.min(rows, ROWS_IN_SINGLE, Math.floor(4 * BLOCK / Math.max(columns, 1))));
  const padded = Math.ceil(columns / 8) * 8;
  // the sums come first, for a kernel may read past the end of the rows
  const data = START + 2 * padded;
  scratch.reserve(8 * padded + 4 * block * columns);
  scratch.float64.fill(0, DATA_ADDRESS / 8, DATA_ADDRESS / 8 + padded);
  for (let row = 0; row < rows; row += block) {
    const n = Math.min(block, rows - row) * columns;
    copyRun(input, inOffset + row * columns, scratch.float32, data, n);
    scratch.kernels.sum_columns(4 * data, 4 * (data + n), 4 * columns, DATA_ADDRESS);
  }
  for (let i = 0; i < columns; i++) output[outOffset + i] = scratch.float64[DATA_ADDRESS / 8 + i];
  return true;
}
