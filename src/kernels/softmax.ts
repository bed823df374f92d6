/**
 * Softmax and its relatives along the middle dimension of dense arrays of three: outer, length, inner.
 */
import { denseSum } from "./reduce.ts";
import type { Lines } from "./scan.ts";
import { stridedCopy } from "./strided_copy.ts";
import { logSumExpOf, softmaxRowGradients, softmaxRows } from "./softmax_float32.ts";
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward, sumExponentials as sumExponentialRows } from "./wasm/rows.ts";
import { expFloat32 } from "./special/float32.ts";
import { logFloat32 } from "./special/float32_vectors.ts";
import { unary } from "./wasm/unary.ts";

/** The arrays of this file. */
export type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Fewer elements than this are not worth the way to WebAssembly. */
const SMALL = 64;
/** Fewer elements than this are not worth being put in another order. */
const LARGE = 1024;

/** Exponentials of `n` elements in place. */
function exponentials(data: Floats, at: number, n: number): void {
  if (n >= SMALL && data instanceof Float32Array && unary("exp", data, at, data, at, n)) return;
  const exp = data instanceof Float32Array ? expFloat32 : Math.exp;
  for (let i = at; i < at + n; i++) data[i] = exp(data[i]);
}

/** Logarithms in place. */
function logarithms(data: Floats): void {
  const log = data instanceof Float32Array ? logFloat32 : Math.log;
  for (let i = 0; i < data.length; i++) data[i] = log(data[i]);
}

// The loops below go through one element of each of `n` neighbouring lines. They are functions with single loops, called often:
// engines do badly at nested loops that run long.

function greatestRow(data: Floats, from: number, n: number, top: Float64Array): void {
  for (let j = 0; j < n; j++) if (data[from + j] > top[j]) top[j] = data[from + j];
}

function subtractRow(data: Floats, from: number, n: number, top: Floats, out: Floats, to: number): void {
  for (let j = 0; j < n; j++) out[to + j] = data[from + j] - top[j];
}

function addRow(data: Floats, from: number, n: number, total: Floats): void {
  for (let j = 0; j < n; j++) total[j] += data[from + j];
}

function divideRow(out: Floats, to: number, n: number, total: Floats): void {
  for (let j = 0; j < n; j++) out[to + j] /= total[j];
}

/** The sums, line by line, of the exponentials of elements less the greatest of each line, which `top` has. */
function sumExponentials(data: Floats, at: number, length: number, inner: number, top: Float64Array<ArrayBuffer>, total: Floats): void {
  const row = data.slice(0, inner);
  total.fill(0);
  for (let i = 0; i < length; i++) {
    subtractRow(data, at + i * inner, inner, top, row, 0);
    exponentials(row, 0, inner);
    addRow(row, 0, inner, total);
  }
}

/** An array of `n` elements of the type of another one. */
const like = (data: Floats, n: number): Floats => data instanceof Float32Array ? new Float32Array(n) : new Float64Array(n);

/** The elements with the last two of the three dimensions swapped, dense. */
function swapped(data: Floats, at: number, { outer, length, inner }: Lines): Floats {
  const out = like(data, outer * length * inner);
  stridedCopy([outer, inner, length], data, at, [length * inner, 1, inner], out, 0, [inner * length, length, 1]);
  return out;
}

/** What `rows` makes of lines that have been made adjacent, back in their places; null where it does nothing. */
function acrossRows(lines: Lines, rows: (outer: number, length: number) => Floats | null): Floats | null {
  const { outer, length, inner } = lines;
  const result = rows(outer * inner, length);
  return result === null ? null : swapped(result, 0, { outer, length: inner, inner: length });
}

/** Whether lines that are not adjacent are worth being made so. */
const worthSwapping = ({ outer, length, inner }: Lines): boolean => inner > 1 && length > 1 && outer * length * inner >= LARGE;

/** Softmax, or its logarithm, of each line of the elements from `at` on. */
export function softmaxLines(log: boolean, data: Floats, at: number, { outer, length, inner }: Lines): Floats {
  if (inner === 1 && outer * length < SMALL && data instanceof Float32Array) return softmaxRows(log, data, at, outer, length);
  if (inner === 1 && outer * length >= SMALL && data instanceof Float32Array) {
    const result = (log ? logSoftmax : softmax)(data, at, outer, length);
    if (result !== null) return result;
  }
  const lines = { outer, length, inner };
  if (worthSwapping(lines) && data instanceof Float32Array) {
    const x = swapped(data, at, lines) as Float32Array<ArrayBuffer>;
    const result = acrossRows(lines, (rows, columns) => (log ? logSoftmax : softmax)(x, 0, rows, columns));
    if (result !== null) return result;
  }
  const out = like(data, outer * length * inner);
  const top = new Float64Array(inner), total = like(data, inner);
  const size = length * inner;
  for (let block = 0; block < outer; block++) {
    const start = block * size, from = at + start;
    top.fill(-Infinity);
    for (let i = 0; i < size; i += inner) greatestRow(data, from + i, inner, top);
    if (log) {
      sumExponentials(data, from, length, inner, top, total);
      for (let i = 0; i < size; i += inner) subtractRow(data, from + i, inner, top, out, start + i);
      logarithms(total);
      for (let i = 0; i < size; i += inner) subtractRow(out, start + i, inner, total, out, start + i);
    } else {
      total.fill(0);
      for (let i = 0; i < size; i += inner) subtractRow(data, from + i, inner, top, out, start + i);
      exponentials(out, start, size);
      for (let i = 0; i < size; i += inner) addRow(out, start + i, inner, total);
      for (let i = 0; i < size; i += inner) divideRow(out, start + i, inner, total);
    }
  }
  return out;
}

function addProducts(grad: Floats, from: number, y: Floats, at: number, n: number, total: Float64Array): void {
  for (let j = 0; j < n; j++) total[j] += grad[from + j] * y[at + j];
}

function writeGradients(grad: Floats, from: number, y: Floats, at: number, n: number, total: Float64Array, out: Floats, to: number): void {
  for (let j = 0; j < n; j++) out[to + j] = y[at + j] * (grad[from + j] - total[j]);
}

function writeLogGradients(grad: Floats, from: number, y: Floats, at: number, n: number, total: Float64Array, out: Floats, to: number): void {
  for (let j = 0; j < n; j++) out[to + j] = grad[from + j] - Math.exp(y[at + j]) * total[j];
}

/** The gradient of the input from the gradient `grad` of the result `y`: y (grad - sum(grad y)), or grad - e^y sum(grad) for the logarithm. */
export function softmaxGradientLines(log: boolean, grad: Floats, gradAt: number, y: Floats, at: number, { outer, length, inner }: Lines): Floats {
  if (inner === 1 && outer * length < SMALL && grad instanceof Float32Array && y instanceof Float32Array) {
    return softmaxRowGradients(log, grad, gradAt, y, at, outer, length);
  }
  if (inner === 1 && outer * length >= SMALL && grad instanceof Float32Array && y instanceof Float32Array) {
    const result = (log ? logSoftmaxBackward : softmaxBackward)(grad, gradAt, y, at, outer, length);
    if (result !== null) return result;
  }
  const lines = { outer, length, inner };
  if (worthSwapping(lines) && grad instanceof Float32Array && y instanceof Float32Array) {
    const g = swapped(grad, gradAt, lines) as Float32Array<ArrayBuffer>, p = swapped(y, at, lines) as Float32Array<ArrayBuffer>;
    const result = acrossRows(lines, (rows, columns) => (log ? logSoftmaxBackward : softmaxBackward)(g, 0, p, 0, rows, columns));
    if (result !== null) return result;
  }
  const out = like(y, outer * length * inner);
  const total = new Float64Array(inner);
  for (let block = 0; block < outer; block++) {
    const start = block * length * inner, end = start + length * inner;
    total.fill(0);
    if (log) {
      for (let k = start; k < end; k += inner) addRow(grad, gradAt + k, inner, total);
      for (let k = start; k < end; k += inner) writeLogGradients(grad, gradAt + k, y, at + k, inner, total, out, k);
    } else {
      for (let k = start; k < end; k += inner) addProducts(grad, gradAt + k, y, at + k, inner, total);
      for (let k = start; k < end; k += inner) writeGradients(grad, gradAt + k, y, at + k, inner, total, out, k);
    }
  }
  return out;
}

/** An infinite maximum would make NaN of infinity minus infinity. */
const finite = (top: number): number => Number.isFinite(top) ? top : 0;

/** The greatest of `n` elements side by side. */
function greatestOf(data: Floats, from: number, n: number): number {
  let top = -Infinity;
  for (let i = from; i < from + n; i++) if (data[i] > top) top = data[i];
  return top;
}

/** The logarithm of the sum of the exponentials of `n` elements side by side; `scratch` has room for them. */
function logSumExp(data: Floats, from: number, n: number, scratch: Floats): number {
  const top = finite(greatestOf(data, from, n));
  if (n < SMALL && data instanceof Float32Array) return logSumExpOf(data, from, n, top);
  for (let i = 0; i < n; i++) scratch[i] = data[from + i] - top;
  exponentials(scratch, 0, n);
  return Math.log(denseSum(scratch, 0, n)) + top;
}

/** The logarithm of the sum of exponentials of each line, one value a line. */
export function logSumExpLines(data: Floats, at: number, out: Floats, { outer, length, inner }: Lines): void {
  if (inner === 1) {
    const scratch = data.slice(0, length);
    if (outer * length >= SMALL && length > 0 && data instanceof Float32Array) {
      const done = sumExponentialRows(data, at, outer, length, (line, top, total) => {
        // infinite elements and NaN are seen to by the slow way
        out[line] = Number.isFinite(top) ? Math.log(total) + top : logSumExp(data, at + line * length, length, scratch);
      });
      if (done) return;
    }
    for (let line = 0; line < outer; line++) out[line] = logSumExp(data, at + line * length, length, scratch);
    return;
  }
  const top = new Float64Array(inner), total = new Float64Array(inner);
  const size = length * inner;
  for (let block = 0; block < outer; block++) {
    const from = at + block * size;
    top.fill(-Infinity);
    for (let i = 0; i < size; i += inner) greatestRow(data, from + i, inner, top);
    for (let j = 0; j < inner; j++) top[j] = finite(top[j]);
    sumExponentials(data, from, length, inner, top, total);
    for (let j = 0; j < inner; j++) out[block * inner + j] = Math.log(total[j]) + top[j];
  }
}
