/** The Hurwitz zeta function and the derivatives of digamma, which are its values. */
import { digamma, lgamma, sinPi } from "./gamma.ts";
import { polynomial } from "./polynomial.ts";

/** B₍₂ₖ₎ / (2k)!, k = 1 ... 12, for the Euler-Maclaurin formula. */
const EULER_MACLAURIN = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
  -3617 / 10670622842880000,
  43867 / 5109094217170944000,
  -174611 / 802857662698291200000,
  77683 / 14101100039391805440000,
  -236364091 / 1693824136731743669452800000,
];

/** a^-x; 1^-∞ is 1, as in C, where JavaScript gives NaN. */
function inversePower(a: number, x: number): number {
  return a === 1 ? 1 : Math.pow(a, -x);
}

/**
 * The Hurwitz zeta function, Σ (k + q)^-x over k >= 0, for x > 1: the terms up to 9 + q, the rest by the Euler-Maclaurin formula (NIST DLMF 25.11.5).
 * Infinite at x = 1 and at q = 0, -1, ...; NaN for x < 1 and for negative q where x is no integer.
 */
export function zeta(x: number, q: number): number {
  if (x === 1) return Infinity;
  if (x < 1) return NaN;
  if (q <= 0) {
    if (Math.floor(q) === q) return Infinity;
    if (Math.floor(x) !== x) return NaN;
  }
  let sum = inversePower(q, x);
  let a = q;
  let term = 0;
  for (let k = 0; k < 9 || a <= 9; k++) {
    a += 1;
    term = inversePower(a, x);
    sum += term;
    if (Math.abs(term) < Number.EPSILON / 2 * Math.abs(sum)) return sum;
  }
  sum += term * a / (x - 1) - term / 2;
  let factor = x / a;
  for (let k = 0; k < EULER_MACLAURIN.length; k++) {
    const correction = term * factor * EULER_MACLAURIN[k];
    sum += correction;
    if (Math.abs(correction) < Number.EPSILON / 2 * Math.abs(sum)) return sum;
    factor *= (x + 2 * k + 1) / a * ((x + 2 * k + 2) / a);
  }
  return sum;
}

/** B₍₂ₖ₎, k = 1 ... 8: the coefficients of trigamma's asymptotic series (NIST DLMF 5.15.8). */
const TRIGAMMA = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510];

/** trigamma for x >= 1/2, by steps up to 10 and the asymptotic series. */
function trigammaRight(x: number): number {
  let sum = 0;
  for (; x < 10; x += 1) sum += 1 / (x * x);
  const t = 1 / (x * x);
  return sum + (1 + 0.5 / x + t * polynomial(t, TRIGAMMA)) / x;
}

/**
 * The trigamma function, the derivative of {@linkcode digamma}; π²/sin²(πx) - trigamma(1 - x) below 1/2. At negative integers PyTorch returns
 * what rounding π leaves of the pole, 6.58e32 at -1, and so does this.
 */
export function trigamma(x: number): number {
  if (x >= 0.5 || x !== x) return trigammaRight(x);
  const s = Number.isInteger(x) ? Math.sin(Math.PI * x) : sinPi(x);
  return Math.PI * Math.PI / (s * s) - trigammaRight(1 - x);
}

/** {@linkcode trigamma} as PyTorch computes it in float32, where πx and its sine are rounded: 1.29e15 at -1. */
export function trigammaFloat32(x: number): number {
  if (x >= 0.5 || x !== x) return Math.fround(trigammaRight(x));
  const s = Math.fround(Math.sin(Math.fround(Math.fround(Math.PI) * x)));
  return Math.fround(Math.PI * Math.PI / (s * s) - trigammaRight(1 - x));
}

/** The n-th derivative of digamma, for an integer n >= 0: (-1)^(n+1) n! ζ(n + 1, x) from the second on (NIST DLMF 25.11.12). */
export function polygamma(n: number, x: number): number {
  if (n === 0) return digamma(x);
  if (n === 1) return trigamma(x);
  return (n % 2 === 0 ? -1 : 1) * Math.exp(lgamma(n + 1)) * zeta(n + 1, x);
}
