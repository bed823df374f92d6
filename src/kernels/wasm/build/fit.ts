/**
 * Polynomials in place of the elementary functions. They are computed here, by power series and the four operations alone, so that they come
 * out the same on every engine and need no table of constants.
 */

/** c(0) + c(1) x + c(2) x^2 + ..., of `terms` terms. */
function series(x: number, terms: number, c: (k: number) => number): number {
  let total = 0;
  for (let k = terms - 1; k >= 0; k--) total = total * x + c(k);
  return total;
}

const factorials = [1];
for (let k = 1; k < 80; k++) factorials.push(factorials[k - 1] * k);
const sign = (k: number) => k % 2 === 0 ? 1 : -1;

/** (e^r - 1 - r) / r^2 */
export const expTail = (r: number): number => series(r, 30, (k) => 1 / factorials[k + 2]);
/** (sin r - r) / r^3 of z = r^2 */
export const sinTail = (z: number): number => series(z, 20, (k) => -sign(k) / factorials[2 * k + 3]);
/** (cos r - 1 + r^2 / 2) / r^4 of z = r^2 */
export const cosTail = (z: number): number => series(z, 20, (k) => sign(k) / factorials[2 * k + 4]);
/** (log((1 + s) / (1 - s)) - 2 s) / s^3 of z = s^2 */
export const logTail = (z: number): number => series(z, 40, (k) => 2 / (2 * k + 3));
/** (tanh x - x) / x^3 of z = x^2: (sinh x - x cosh x) / (x^3 cosh x) */
export const tanhTail = (z: number): number =>
  series(z, 20, (k) => 1 / factorials[2 * k + 3] - 1 / factorials[2 * k + 2]) / series(z, 20, (k) => 1 / factorials[2 * k]);
/** erf(x) / x of z = x^2 */
export const erfRatio = (z: number): number => TWO_OVER_SQRT_PI * series(z, 40, (k) => sign(k) / (factorials[k] * (2 * k + 1)));

const TWO_OVER_SQRT_PI = 1.1283791670955126;

/** e^(x^2) erfc(x) for x >= 0: a power series near 0 (DLMF 7.6.2), a continued fraction (DLMF 7.9.1) elsewhere. */
export function erfcx(x: number): number {
  const z = x * x;
  if (x < 2) {
    let coefficient = 1;
    const odd = [1];
    for (let k = 1; k < 70; k++) odd.push(coefficient *= 2 / (2 * k + 1));
    return series(z, 70, (k) => 1 / factorials[k]) - TWO_OVER_SQRT_PI * x * series(z, 70, (k) => odd[k]);
  }
  let tail = x;
  for (let k = 100; k >= 1; k--) tail = x + k / 2 / tail;
  return TWO_OVER_SQRT_PI / 2 / tail;
}

/**
 * The coefficients, lowest first, of the polynomial that takes the values of f at the Chebyshev nodes of [a, b]: its largest error is within a
 * small factor of the least possible.
 */
export function fit(f: (x: number) => number, a: number, b: number, degree: number): number[] {
  const nodes = Array.from({ length: degree + 1 }, (_, i) => {
    const angle = Math.PI * (i + 0.5) / (degree + 1);
    return (a + b) / 2 + (b - a) / 2 * series(angle * angle, 30, (k) => sign(k) / factorials[2 * k]);
  });
  // Newton's divided differences, then his form multiplied out
  const differences = nodes.map(f);
  for (let order = 1; order <= degree; order++) {
    for (let i = degree; i >= order; i--) differences[i] = (differences[i] - differences[i - 1]) / (nodes[i] - nodes[i - order]);
  }
  let coefficients = [differences[degree]];
  for (let i = degree - 1; i >= 0; i--) {
    const shifted = [0, ...coefficients];
    coefficients = shifted.map((c, j) => c - (coefficients[j] ?? 0) * nodes[i]);
    coefficients[0] += differences[i];
  }
  return coefficients;
}
