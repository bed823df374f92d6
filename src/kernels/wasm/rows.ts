/**
 * Softmax over the rows of contiguous float32 matrices, in WebAssembly. Each function returns false, and does nothing, where
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
