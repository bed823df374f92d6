/**
 * Division with a remainder, of numbers and of int64: rounded down, where `/` and `%` of integers round towards zero.
 */

/** Rounds a quotient down by way of the remainder, so that the result is exact where it can be. */
export function floorQuotient(a: number, b: number): number {
  if (b === 0) return a / b;
  const remainder = a % b;
  let quotient = (a - remainder) / b;
  if (remainder !== 0 && b < 0 !== remainder < 0) quotient -= 1;
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

/** {@linkcode floorQuotient} of int64. */
export function floorQuotient64(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && (a < 0n) !== (b < 0n) ? quotient - 1n : quotient;
}

/** What a quotient rounded down leaves: it has the sign of the divisor. */
export function floorRemainder(a: number, b: number): number {
  const remainder = a % b;
  return remainder !== 0 && (remainder < 0) !== (b < 0) ? remainder + b : remainder;
}

/** {@linkcode floorRemainder} of int64. */
export function floorRemainder64(a: bigint, b: bigint): bigint {
  const remainder = a % b;
  return remainder !== 0n && (remainder < 0n) !== (b < 0n) ? remainder + b : remainder;
}
