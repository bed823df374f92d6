/**
 * Int64 arrays filled without making a bigint an element.
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
