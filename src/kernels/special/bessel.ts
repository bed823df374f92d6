/**
 * Bessel functions of the first and second kind, of order 0 and 1.
 *
 * Up to 5, J is the product of its first two zeros' factors and a polynomial in x², and Y is what its logarithmic part (NIST DLMF 10.8.1) leaves to a
 * rational function. Beyond 5 both follow from Hankel's form (DLMF 10.17): with c = x - (2ν + 1)π/4,
 * J = √(2/πx) (P cos c - Q sin c) and Y = √(2/πx) (P sin c + Q cos c), where P and xQ are smooth functions of 1/x². `coefficients.ts` has them all.
 */
import { J0, J0_ZEROS, J1, J1_ZEROS, P0, P1, Q0, Q1, Y0, Y1 } from "./coefficients.ts";
import { polynomial, type Rational, rational } from "./polynomial.ts";

const SQRT_2_OVER_PI = 0.7978845608028654;
const TWO_OVER_PI = 0.6366197723675814;

/** Where Hankel's form takes over. */
const LARGE = 5;

/** (x² - z₁²)(x² - z₂²), each zero given as a double and what that lacks, so that the product is precise close to them too. */
function zeroFactors(x: number, zeros: readonly (readonly [number, number])[]): number {
  let product = 1;
  for (const [high, low] of zeros) product *= (x - high - low) * (x + high);
  return product;
}

/** √(2/πx) (P a + Q b). The sine and cosine of x - π/4 are (sin x ± cos x)/√2: the √2 is in the factor, for JavaScript reduces a large x precisely. */
function hankel(x: number, p: Rational, q: Rational, a: number, b: number): number {
  const t = 1 / (x * x);
  return SQRT_2_OVER_PI * Math.SQRT1_2 / Math.sqrt(x) * (rational(t, p) * a + rational(t, q) / x * b);
}

/** The Bessel function of the first kind of order 0, J₀. NaN at ±∞. */
export function bessel_j0(x: number): number {
  x = Math.abs(x);
  if (x <= LARGE) return zeroFactors(x, J0_ZEROS) * polynomial(x * x, J0);
  const s = Math.sin(x), c = Math.cos(x);
  return hankel(x, P0, Q0, c + s, c - s);
}

/** The Bessel function of the first kind of order 1, J₁. Odd; NaN at ±∞. */
export function bessel_j1(x: number): number {
  const y = Math.abs(x);
  if (y <= LARGE) return x * zeroFactors(y, J1_ZEROS) * polynomial(y * y, J1);
  const s = Math.sin(y), c = Math.cos(y);
  const result = hankel(y, P1, Q1, s - c, s + c);
  return x < 0 ? -result : result;
}

/** The Bessel function of the second kind of order 0, Y₀. -∞ at 0, NaN below and at ∞. */
export function bessel_y0(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x <= LARGE) return TWO_OVER_PI * Math.log(x) * bessel_j0(x) + rational(x * x, Y0);
  const s = Math.sin(x), c = Math.cos(x);
  return hankel(x, P0, Q0, s - c, s + c);
}

/** The Bessel function of the second kind of order 1, Y₁. -∞ at 0, NaN below and at ∞. */
export function bessel_y1(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x <= LARGE) return TWO_OVER_PI * (Math.log(x) * bessel_j1(x) - 1 / x) + x * rational(x * x, Y1);
  const s = Math.sin(x), c = Math.cos(x);
  return hankel(x, P1, Q1, -s - c, s - c);
}

/** The spherical Bessel function of the first kind of order 0, sin(x) / x: 1 at 0, 0 at ±∞. */
export function spherical_bessel_j0(x: number): number {
  if (x === 0) return 1;
  return Number.isFinite(x) ? Math.sin(x) / x : 1 / Math.abs(x);
}
