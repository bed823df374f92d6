/** Functions made of few elementary ones, with PyTorch's values where a formula alone would give NaN. */

/** -x log(x): 0 at 0, -∞ below. */
export function entr(x: number): number {
  if (x > 0) return -x * Math.log(x);
  return x === 0 ? 0 : x < 0 ? -Infinity : NaN;
}

/** x log(y), but 0 where x is 0 and y is not NaN. */
export function xlogy(x: number, y: number): number {
  if (y !== y) return NaN;
  return x === 0 ? 0 : x * Math.log(y);
}

/** x log(1 + y), but 0 where x is 0 and y is not NaN. */
export function xlog1py(x: number, y: number): number {
  if (y !== y) return NaN;
  return x === 0 ? 0 : x * Math.log1p(y);
}

/** sin(πx) / (πx), and 1 at 0. The product is rounded, as in PyTorch: sinc(1) is 3.9e-17. */
export function sinc(x: number): number {
  if (x === 0) return 1;
  const y = Math.PI * x;
  return Math.sin(y) / y;
}

const PI_FLOAT32 = Math.fround(Math.PI);

/** {@linkcode sinc} in float32 steps: sinc(1) is -2.8e-8, for πx is rounded to a float32. */
export function sincFloat32(x: number): number {
  if (x === 0) return 1;
  const y = Math.fround(PI_FLOAT32 * x);
  return Math.fround(Math.sin(y) / y);
}

/** The logistic function, 1 / (1 + exp(-x)). */
export function expit(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/**
 * log(x / (1 - x)), the inverse of {@linkcode expit}; NaN outside of [0, 1]. With `eps` >= 0, x is first clamped to [eps, 1 - eps], the lower bound winning.
 * Around 1/2, where the quotient is close to 1, it is log1p((2x - 1) / (1 - x)).
 */
export function logit(x: number, eps?: number): number {
  if (eps !== undefined && eps >= 0) x = x < eps ? eps : x > 1 - eps ? 1 - eps : x;
  return x > 0.25 && x < 0.75 ? Math.log1p((2 * x - 1) / (1 - x)) : Math.log(x / (1 - x));
}

const TWO_52 = 2 ** 52;

/** The nearest integer; a half goes to the even one (`Math.round` takes it up). Keeps the sign of zero: -0.3 becomes -0. */
export function roundHalfEven(x: number): number {
  // Between 2^52 and 2^53 there are only integers, so that the sum is rounded to one.
  if (x > 0) return x < TWO_52 ? x + TWO_52 - TWO_52 : x;
  if (x < 0) return x > -TWO_52 ? -(TWO_52 - x - TWO_52) : x;
  return x;
}
