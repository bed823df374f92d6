/** The normal distribution's functions and the inverse error function, from {@linkcode erf} and its kin. */
import { erf, erfc, erfcx } from "./erf.ts";

const HALF_SQRT_PI = 0.886226925452758;

/**
 * The y >= 0 with erfc(y) = q, for 0 < q <= 1/2. Starts from the rational approximation to the normal quantile of Abramowitz and Stegun, 26.2.23
 * (error 4.5e-4), and takes two steps of Halley's method, which cubes the error; erfc''/erfc' = -2y, and erfc/erfc' is taken in the scaled form
 * (erfcx(y) - q exp(y²)) √π/2 that does not underflow.
 */
function erfcInverse(q: number): number {
  const t = Math.sqrt(-2 * Math.log(q / 2));
  let y = (t - ((0.010328 * t + 0.802853) * t + 2.515517) / (((0.001308 * t + 0.189269) * t + 1.432788) * t + 1)) * Math.SQRT1_2;
  for (let i = 0; i < 2; i++) {
    const e = Math.exp(y * y / 2);
    const u = (erfcx(y) - q * e * e) * HALF_SQRT_PI;
    y += u / (1 - u * y);
  }
  return y;
}

/** The inverse of the error function: odd, ±∞ at ±1, NaN beyond. */
export function erfinv(x: number): number {
  const a = Math.abs(x);
  if (!(a < 1)) return a === 1 ? x * Infinity : NaN;
  if (a > 0.5) {
    const y = erfcInverse(1 - a);
    return x < 0 ? -y : y;
  }
  // The first terms of the Maclaurin series, then Halley's method as above.
  const z = x * HALF_SQRT_PI, z2 = z * z;
  let y = z + z * z2 * ((127 / 630 * z2 + 7 / 30) * z2 + 1 / 3);
  if (a < 1e-3) return y;
  for (let i = 0; i < 2; i++) {
    const u = (erf(y) - x) * Math.exp(y * y) * HALF_SQRT_PI;
    y -= u / (1 + u * y);
  }
  return y;
}

/**
 * The standard normal distribution function, erfc(-x/√2) / 2. PyTorch computes (1 + erf(x/√2)) / 2, which agrees to 1e-16 but is 0 below -8.3;
 * this keeps its relative precision until it underflows at -38.5.
 */
export function ndtr(x: number): number {
  return erfc(-x * Math.SQRT1_2) / 2;
}

/** log(ndtr(x)), where ndtr itself would underflow too: below -1 it is log(erfcx(-x/√2) / 2) - x²/2. */
export function log_ndtr(x: number): number {
  const t = x * Math.SQRT1_2;
  return x < -1 ? Math.log(erfcx(-t) / 2) - t * t : Math.log1p(-erfc(t) / 2);
}

/** The inverse of {@linkcode ndtr}: -∞ at 0, ∞ at 1, NaN outside of [0, 1]. */
export function ndtri(p: number): number {
  if (p <= 0 || p >= 1) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  if (p < 0.25) return -Math.SQRT2 * erfcInverse(2 * p);
  if (p > 0.75) return Math.SQRT2 * erfcInverse(2 * (1 - p));
  return Math.SQRT2 * erfinv(2 * p - 1);
}
