/**
 * Modified Bessel functions of order 0 and 1.
 *
 * I is a polynomial in x² up to 16 and e^x/√x times one in 1/x beyond. K is, up to 2, what its logarithmic part (NIST DLMF 10.31.1) leaves to a polynomial,
 * and e^-x/√x times a rational function of 1/x beyond. `coefficients.ts` has them all.
 */
import { I0_LARGE, I0_SMALL, I1_LARGE, I1_SMALL, K0_LARGE, K0_SMALL, K1_LARGE, K1_SMALL } from "./coefficients.ts";
import { polynomial, type Rational, rational } from "./polynomial.ts";

/** Up to here I is a polynomial in x². */
const I_SMALL = 16;

/** Up to here K is formed with its logarithm. */
const K_SMALL = 2;

/** The modified Bessel function of the first kind of order 0, I₀. Even; infinite from 710 on, where exp is, and NaN at ±∞, as in PyTorch. */
export function i0(x: number): number {
  x = Math.abs(x);
  return x <= I_SMALL ? polynomial(x * x, I0_SMALL) : Math.exp(x) * polynomial(1 / x, I0_LARGE) / Math.sqrt(x);
}

/** exp(-|x|) I₀(x): 0 at ±∞. */
export function i0e(x: number): number {
  x = Math.abs(x);
  return x <= I_SMALL ? Math.exp(-x) * polynomial(x * x, I0_SMALL) : polynomial(1 / x, I0_LARGE) / Math.sqrt(x);
}

/** The modified Bessel function of the first kind of order 1, I₁. Odd, but 0 at -0; infinite from 710 on and NaN at ±∞, as in PyTorch. */
export function i1(x: number): number {
  const y = Math.abs(x);
  const result = y <= I_SMALL ? y * polynomial(y * y, I1_SMALL) : Math.exp(y) * polynomial(1 / y, I1_LARGE) / Math.sqrt(y);
  return x < 0 ? -result : result;
}

/** exp(-|x|) I₁(x): ±0 at ±∞. */
export function i1e(x: number): number {
  const y = Math.abs(x);
  const result = y <= I_SMALL ? Math.exp(-y) * y * polynomial(y * y, I1_SMALL) : polynomial(1 / y, I1_LARGE) / Math.sqrt(y);
  return x < 0 ? -result : result;
}

/** K₀ for 0 < x <= 2. */
function k0Small(x: number): number {
  return polynomial(x * x, K0_SMALL) - Math.log(x / 2) * i0(x);
}

/** K₁ for 0 < x <= 2. */
function k1Small(x: number): number {
  return 1 / x + (Math.log(x / 2) * i1(x) + x * polynomial(x * x, K1_SMALL));
}

/** exp(x) K(x) for x > 2. */
function kLarge(x: number, coefficients: Rational): number {
  return rational(1 / x, coefficients) / Math.sqrt(x);
}

/** The modified Bessel function of the second kind of order 0, K₀. Infinite at 0, NaN below. */
export function modified_bessel_k0(x: number): number {
  if (!(x > 0)) return x === 0 ? Infinity : NaN;
  return x <= K_SMALL ? k0Small(x) : Math.exp(-x) * kLarge(x, K0_LARGE);
}

/** The modified Bessel function of the second kind of order 1, K₁. Infinite at 0, NaN below. */
export function modified_bessel_k1(x: number): number {
  if (!(x > 0)) return x === 0 ? Infinity : NaN;
  return x <= K_SMALL ? k1Small(x) : Math.exp(-x) * kLarge(x, K1_LARGE);
}

/** exp(x) K₀(x). Infinite at 0, NaN below. */
export function scaled_modified_bessel_k0(x: number): number {
  if (!(x > 0)) return x === 0 ? Infinity : NaN;
  return x <= K_SMALL ? Math.exp(x) * k0Small(x) : kLarge(x, K0_LARGE);
}

/** exp(x) K₁(x). Infinite at 0, NaN below. */
export function scaled_modified_bessel_k1(x: number): number {
  if (!(x > 0)) return x === 0 ? Infinity : NaN;
  return x <= K_SMALL ? Math.exp(x) * k1Small(x) : kLarge(x, K1_LARGE);
}
