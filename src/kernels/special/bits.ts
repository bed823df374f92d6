/** Functions that work on the bits of a number: neighbours, mantissa and exponent, powers of two. */

const DOUBLE = new Float64Array(1);
const DOUBLE_BITS = new BigInt64Array(DOUBLE.buffer);
/** The second word holds the sign, the exponent and the upper mantissa: typed arrays are little-endian wherever JavaScript runs today. */
const DOUBLE_WORDS = new Int32Array(DOUBLE.buffer);
const SINGLE = new Float32Array(1);
const SINGLE_BITS = new Int32Array(SINGLE.buffer);

/** 2^k for -1022 <= k <= 1023, through the exponent's bits. */
function powerOfTwo(k: number): number {
  DOUBLE_WORDS[0] = 0;
  DOUBLE_WORDS[1] = (k + 1023) << 20;
  return DOUBLE[0];
}

/** x 2^n, rounded once, for an integer n; exact unless the result overflows or is subnormal. */
export function ldexp(x: number, n: number): number {
  if (n >= -1022 && n <= 1023) return x * powerOfTwo(n);
  // Beyond 2200 every finite number has become 0 or infinite.
  n = Math.min(Math.max(n, -2200), 2200);
  for (; n > 1023; n -= 1023) x *= powerOfTwo(1023);
  // Steps of 2^-969 stay 53 bits above the smallest normal number where the result is not 0, so that only the last product rounds.
  for (; n < -1022; n += 969) x *= powerOfTwo(-969);
  return x * powerOfTwo(n);
}

/** The mantissa m, 0.5 <= |m| < 1, and the exponent e with x = m 2^e, as in C; zeros, infinities and NaN come back with exponent 0. */
export function frexp(x: number): [mantissa: number, exponent: number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  DOUBLE[0] = x;
  let exponent = (DOUBLE_WORDS[1] >>> 20) & 0x7ff;
  if (exponent === 0) {
    DOUBLE[0] = x * powerOfTwo(54);
    exponent = ((DOUBLE_WORDS[1] >>> 20) & 0x7ff) - 54;
  }
  DOUBLE_WORDS[1] = (DOUBLE_WORDS[1] & ~(0x7ff << 20)) | (1022 << 20);
  return [DOUBLE[0], exponent - 1022];
}

/** The double after x in the direction of y; y itself where they are equal, so that zeros take y's sign. */
export function nextafter(x: number, y: number): number {
  if (x !== x || y !== y) return NaN;
  if (x === y) return y;
  if (x === 0) return y > 0 ? Number.MIN_VALUE : -Number.MIN_VALUE;
  DOUBLE[0] = x;
  // Seen as integers, the bits of numbers of one sign are ordered by magnitude.
  DOUBLE_BITS[0] += (y > x) === (x > 0) ? 1n : -1n;
  return DOUBLE[0];
}

/** {@linkcode nextafter} among the float32 numbers, of which x and y are two. */
export function nextafterFloat32(x: number, y: number): number {
  if (x !== x || y !== y) return NaN;
  if (x === y) return y;
  SINGLE[0] = x;
  if (x === 0) SINGLE_BITS[0] = y > 0 ? 1 : 0x80000001 | 0;
  else SINGLE_BITS[0] += (y > x) === (x > 0) ? 1 : -1;
  return SINGLE[0];
}
