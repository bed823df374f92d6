/**
 * Softmax and its relatives along the middle dimension of dense arrays of three: outer, length, inner.
 */
import type { Lines } from "./scan.ts";
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "./wasm/rows.ts";

/** The arrays of this file. */
export type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Fewer elements than this are not worth the way to WebAssembly. */
const SMALL = 64;

/** The greatest element of each line of a block; what stands in `inner` places side by side belongs to different lines. */
function greatest(data: Floats, at: number, length: number, inner: number, out: Float64Array): void {
  out.fill(-Infinity);
  for (let i = 0, k = at; i < length; i++) {
    for (let j = 0; j < inner; j++, k++) if (data[k] > out[j]) out[j] = data[k];
  }
}

/** Softmax, or its logarithm, of each line of the elements from `at` on. */
export function softmaxLines(log: boolean, data: Floats, at: number, out: Floats, { outer, length, inner }: Lines): void {
  if (inner === 1 && outer * length >= SMALL && data instanceof Float32Array && out instanceof Float32Array) {
    if ((log ? logSoftmax : softmax)(data, at, outer, length, out, 0)) return;
  }
  const top = new Float64Array(inner), total = new Float64Array(inner);
  const size = length * inner;
  for (let block = 0; block < outer; block++, at += size) {
    const start = block * size, end = start + size, shift = at - start;
    greatest(data, at, length, inner, top);
    total.fill(0);
    if (log) {
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) total[j] += Math.exp(data[shift + k] - top[j]);
      for (let j = 0; j < inner; j++) total[j] = Math.log(total[j]);
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) out[k] = data[shift + k] - top[j] - total[j];
    } else {
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) total[j] += out[k] = Math.exp(data[shift + k] - top[j]);
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) out[k] /= total[j];
    }
  }
}

/** The gradient of the input from the gradient `grad` of the result `y`: y (grad - sum(grad y)), or grad - e^y sum(grad) for the logarithm. */
export function softmaxGradientLines(log: boolean, grad: Floats, gradAt: number, y: Floats, at: number, out: Floats, { outer, length, inner }: Lines): void {
  if (inner === 1 && outer * length >= SMALL && grad instanceof Float32Array && y instanceof Float32Array && out instanceof Float32Array) {
    if ((log ? logSoftmaxBackward : softmaxBackward)(grad, gradAt, y, at, outer, length, out, 0)) return;
  }
  const total = new Float64Array(inner);
  const size = length * inner;
  for (let block = 0; block < outer; block++) {
    const start = block * size, end = start + size;
    total.fill(0);
    if (log) {
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) total[j] += grad[gradAt + k];
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) out[k] = grad[gradAt + k] - Math.exp(y[at + k]) * total[j];
    } else {
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) total[j] += grad[gradAt + k] * y[at + k];
      for (let k = start; k < end;) for (let j = 0; j < inner; j++, k++) out[k] = y[at + k] * (grad[gradAt + k] - total[j]);
    }
  }
}

/** The logarithm of the sum of exponentials of each line, one value a line. */
export function logSumExpLines(data: Floats, at: number, out: Floats, { outer, length, inner }: Lines): void {
  const top = new Float64Array(inner), total = new Float64Array(inner);
  for (let block = 0; block < outer; block++, at += length * inner) {
    greatest(data, at, length, inner, top);
    // an infinite maximum would make NaN of infinity minus infinity
    for (let j = 0; j < inner; j++) if (!Number.isFinite(top[j])) top[j] = 0;
    total.fill(0);
    for (let i = 0, k = at; i < length; i++) {
      for (let j = 0; j < inner; j++, k++) total[j] += Math.exp(data[k] - top[j]);
    }
    for (let j = 0; j < inner; j++) out[block * inner + j] = Math.log(total[j]) + top[j];
  }
}
