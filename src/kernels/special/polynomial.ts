/** Evaluation of polynomials and of quotients of polynomials. */

/** The coefficients of p/q, lowest power first. */
export interface Rational {
  p: readonly number[];
  q: readonly number[];
}

/** Σ c[k] x^k by Horner's rule. */
export function polynomial(x: number, c: readonly number[]): number {
  let result = c[c.length - 1];
  for (let k = c.length - 2; k >= 0; k--) result = result * x + c[k];
  return result;
}

/** p(x) / q(x). */
export function rational(x: number, { p, q }: Rational): number {
  return polynomial(x, p) / polynomial(x, q);
}
