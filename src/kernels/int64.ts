/**
 * Int64 arrays filled and read without making a bigint an element.
 */

import type { TypedArray } from "../dtype.ts";

/** Which half of an int64 element, read as two int32, is the low one. */
const LOW = new Uint8Array(new Int32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** Non-negative 32-bit integers as int64. */
export function toInt64(numbers: Int32Array): BigInt64Array<ArrayBuffer> {
  const out = new BigInt64Array(numbers.length);
  const halves = new Int32Array(out.buffer);
  for (let i = 0; i < numbers.length; i++) halves[2 * i + LOW] = numbers[i];
  return out;
}

/**
 * `n` numbers as int64, without their fractions. What int64 cannot hold becomes its least value, as x86 converts and so PyTorch.
 */
export function numbersToInt64(numbers: Exclude<TypedArray, BigInt64Array>, from: number, out: BigInt64Array, to: number, n: number): void {
  const halves = new Int32Array(out.buffer, out.byteOffset, 2 * out.length);
  for (let i = 0, k = 2 * to; i < n; i++, k += 2) {
    const x = Math.trunc(numbers[from + i]);
    const held = x >= -(2 ** 63) && x < 2 ** 63;
    const top = held ? Math.floor(x / 2 ** 32) : -(2 ** 31);
    halves[k + LOW] = held ? x - top * 2 ** 32 : 0;
    halves[k + 1 - LOW] = top;
  }
}

/** `n` int64 as numbers, each rounded once to float64. */
export function int64ToNumbers(data: BigInt64Array, from: number, out: Float32Array | Float64Array, to: number, n: number): void {
  const low = new Uint32Array(data.buffer, data.byteOffset, 2 * data.length), high = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  for (let i = 0, k = 2 * from; i < n; i++, k += 2) out[to + i] = high[k + 1 - LOW] * 2 ** 32 + low[k + LOW];
}

/** The largest high half, plus one, of integers that double precision holds exactly. */
const EXACT = 2 ** 21;

/** `n` elements from index `at` on as numbers; null where one is too large to be exact as a number. */
export function exactNumbers(data: BigInt64Array, at: number, n: number): Float64Array | null {
  const low = new Uint32Array(data.buffer, data.byteOffset, 2 * data.length), high = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
  const out = new Float64Array(n);
  for (let i = 0, k = 2 * at; i < n; i++, k += 2) {
    const top = high[k + 1 - LOW];
    if (top >= EXACT || top < -EXACT) return null;
    out[i] = top * 2 ** 32 + low[k + LOW];
  }
  return out;
}
