/**
 * Int64 arrays filled and read without making a bigint an element.
 */

/** Which half of an int64 element, read as two int32, is the low one. */
const LOW = new Uint8Array(new Int32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** Non-negative 32-bit integers as int64. */
export function toInt64(numbers: Int32Array): BigInt64Array<ArrayBuffer> {
  const out = new BigInt64Array(numbers.length);
  const halves = new Int32Array(out.buffer);
  for (let i = 0; i < numbers.length; i++) halves[2 * i + LOW] = numbers[i];
  return out;
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
