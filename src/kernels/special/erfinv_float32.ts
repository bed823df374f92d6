/**
 * The inverse error function as PyTorch computes it in float32.
 */
import { erf } from "./erf.ts";

const f = Math.fround;

// PyTorch's rational approximations: of erfinv(y) / y in y² up to 0.7, of erfinv(y) in sqrt(-log((1 - y) / 2)) above it; the denominators begin with 1
const CENTER = [0.886226899, -1.645349621, 0.914624893, -0.140543331].map(f);
const CENTER_BELOW = [1, -2.118377725, 1.442710462, -0.329097515, 0.012229801].map(f);
const TAIL = [-1.970840454, -1.624906493, 3.429567803, 1.641345311].map(f);
const TAIL_BELOW = [1, 3.543889200, 1.637067800].map(f);
const TWO_BY_SQRT_PI = f(2 / f(Math.sqrt(Math.PI)));

function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = coefficients[coefficients.length - 1];
  for (let i = coefficients.length - 2; i >= 0; i--) sum = f(sum * x + coefficients[i]); // one rounding: a fused multiply-add
  return sum;
}

/**
 * The inverse of the error function in float32 steps. Close to ±1 two steps of Newton's method cannot improve on the approximation, for erf is flat there:
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
