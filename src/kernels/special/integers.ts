/** Greatest common divisor and least common multiple of integers of a fixed width, which wrap as in C. */

/** `a` as a signed integer of `bits` bits. */
function wrap(a: number, bits: number): number {
  return a << (32 - bits) >> (32 - bits);
}

/**
 * The greatest common divisor of two integers of `bits` bits (8, 16 or 32, signed; give 32 for `uint8`); gcd(0, 0) = 0.
 * As in PyTorch the absolute value of the smallest integer is itself, so that gcd(-128, 6) in 8 bits is -2.
 */
export function gcd(a: number, b: number, bits?: number): number;
/** The greatest common divisor of two `int64`. */
export function gcd(a: bigint, b: bigint): bigint;
export function gcd(a: number | bigint, b: number | bigint, bits = 32): number | bigint {
  if (typeof a === "bigint" || typeof b === "bigint") {
    let [p, q] = [absInt64(BigInt(a)), absInt64(BigInt(b))];
    while (p !== 0n) [p, q] = [q % p, p];
    return q;
  }
  let [p, q] = [wrap(Math.abs(a), bits), wrap(Math.abs(b), bits)];
  while (p !== 0) [p, q] = [q % p | 0, p];
  return q;
}

/** The least common multiple, |a / gcd(a, b) * b|, of two integers of `bits` bits; 0 where one is 0. Wraps where it does not fit. */
export function lcm(a: number, b: number, bits?: number): number;
/** The least common multiple of two `int64`. */
export function lcm(a: bigint, b: bigint): bigint;
export function lcm(a: number | bigint, b: number | bigint, bits = 32): number | bigint {
  if (typeof a === "bigint" || typeof b === "bigint") {
    const [p, q] = [BigInt(a), BigInt(b)];
    const divisor = gcd(p, q);
    return divisor === 0n ? 0n : absInt64(BigInt.asIntN(64, p / divisor * q));
  }
  const divisor = gcd(a, b, bits);
  return divisor === 0 ? 0 : wrap(Math.abs(Math.imul(a / divisor, b)), bits);
}

function absInt64(a: bigint): bigint {
  return BigInt.asIntN(64, a < 0n ? -a : a);
}
