/**
 * Functions as PyTorch computes them in float32, where that differs from the true value by more than its rounding: step by step, each rounded.
 */
import { erf, erfc, erfcx } from "./erf.ts";

const f = Math.fround;

/** A polynomial by fused multiply-adds; the coefficients ascend. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = coefficients[coefficients.length - 1];
  for (let i = coefficients.length - 2; i >= 0; i--) sum = f(sum * x + coefficients[i]);
  return sum;
}

/** Abramowitz and Stegun 7.1.26: erf(x) = 1 - (a₁t + ... + a₅t⁵) e^(-x²) with t = 1 / (1 + px), x >= 0. */
const AS_P = f(0.3275911);
const AS_A = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429].map(f);

/** The error function, 1.5e-7 off: small numbers give 0. */
export function erfFloat32(x: number): number {
  const t = f(1 / f(AS_P * Math.abs(x) + 1));
  const r = f(1 - f(expFloat32(-f(x * x)) * t) * polynomial(t, AS_A));
  return x < 0 || Object.is(x, -0) ? -r : r;
}

// rational approximations: of erfinv(y) / y in y² up to 0.7, of erfinv(y) in sqrt(-log((1 - y) / 2)) above it; the denominators begin with 1
const CENTER = [0.886226899, -1.645349621, 0.914624893, -0.140543331].map(f);
const CENTER_BELOW = [1, -2.118377725, 1.442710462, -0.329097515, 0.012229801].map(f);
const TAIL = [-1.970840454, -1.624906493, 3.429567803, 1.641345311].map(f);
const TAIL_BELOW = [1, 3.543889200, 1.637067800].map(f);
const TWO_BY_SQRT_PI = f(2 / f(Math.sqrt(Math.PI)));

/**
 * The inverse of the error function. Close to ±1 two steps of Newton's method cannot improve on the approximation, for erf is flat there:
 * at 0.99999 the result is 1.7e-6 off, relatively.
 */
export function erfinvFloat32(y: number): number {
  const size = Math.abs(y);
  if (!(size < 1)) return size === 1 ? y * Infinity : NaN;
  let x: number;
  if (size <= 0.7) {
    const z = f(y * y);
    x = f(f(y * polynomial(z, CENTER)) / polynomial(z, CENTER_BELOW));
  } else {
    const z = f(Math.sqrt(f(-f(Math.log(f(f(1 - size) / 2))))));
    x = Math.sign(y) * f(polynomial(z, TAIL) / polynomial(z, TAIL_BELOW));
  }
  for (let step = 0; step < 2; step++) x = f(x - f(f(f(erf(x)) - y) / f(TWO_BY_SQRT_PI * f(Math.exp(f(-f(x * x)))))));
  return x;
}

/** B₍₂ₖ₎ / 2k, k = 1, 2, ...: the coefficients of digamma's asymptotic series (NIST DLMF 5.11.2). */
const DIGAMMA = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12].map(f);
const DIGAMMA_AT_10 = f(2.25175258906672110764);

/** The digamma function, by the recurrence up to 10 and the asymptotic series from there; close to its zero at 1.46 it is 2e-7 off. */
export function digammaFloat32(x: number): number {
  if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
  if (x < 0) return Number.isInteger(x) ? NaN : f(digammaFloat32(f(1 - x)) - f(Math.PI / Math.tan(Math.PI * (x - Math.trunc(x)))));
  let sum = 0;
  for (; x < 10; x = f(x + 1)) sum = f(sum - f(1 / x));
  if (x === 10) return f(sum + DIGAMMA_AT_10);
  const z = f(1 / f(x * x));
  const tail = x < 1e17 ? f(z * polynomial(z, DIGAMMA)) : 0;
  return f(f(f(sum + f(Math.log(x))) - f(0.5 / x)) - tail);
}

const SQRT1_2 = f(Math.SQRT1_2);

/** The logarithm of the normal distribution function; far below 0, log(erfcx(-x/√2) / 2) - x²/2 loses digits. */
export function logNdtrFloat32(x: number): number {
  const t = f(x * SQRT1_2);
  return x < -1 ? f(Math.log(f(f(erfcx(-t)) / 2))) - f(t * t) : Math.log1p(f(-f(erfc(t)) / 2));
}

/** ln 2 in two parts, the first short enough for its multiples to be exact, and its reciprocal. */
const LN2_HIGH = f(0.693145751953125), LN2_LOW = f(1.428606765330187e-6), LOG2_E = f(Math.LOG2E);
/** Coefficients of e^s = 1 + s + s^2 (c0 + c1 s + ...) for |s| <= ln 2 / 2: SLEEF's, which PyTorch's vectors are computed with. */
const EXP = [0.5, 0.1666666716337204, 0.04166648536920547, 0.008333360776305199, 0.0013930435525253415, 0.00019852761761285365].map(f);

/** e^x = 2^q e^s, to the bit as PyTorch computes it for contiguous float32 (compared on 40,041 numbers); up to 1 ulp from the true value. */
export function expFloat32(x: number): number {
  if (x < -104) return 0;
  if (x > 100) return Infinity;
  const q = Math.round(f(x * LOG2_E));
  const s = f(f(x - q * LN2_HIGH) - q * LN2_LOW);
  return f(f(1 + f(f(s * s) * polynomial(s, EXP) + s)) * 2 ** q);
}
