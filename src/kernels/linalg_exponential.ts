/**
 * The exponential of a matrix.
 */
import { identity, luFactor, luSolve, type Matrix, multiplied } from "./linalg.ts";

/** The coefficients of the diagonal Padé approximant of degree 13 to exp, from the constant term on (Higham 2005). */
const PADE = [
  64764752532480000,
  32382376266240000,
  7771770303897600,
  1187353796428800,
  129060195264000,
  10559470521600,
  670442572800,
  33522128640,
  1323241920,
  40840800,
  960960,
  16380,
  182,
  1,
];
/** The 1-norm up to which the approximant is exact to double precision. */
const RADIUS = 5.371920351148152;

function norm1(a: Matrix, n: number): number {
  let largest = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j]);
    if (!(sum <= largest)) largest = sum;
  }
  return largest;
}

/** exp(a) of a[n, n], by scaling to a small norm, a Padé approximant, and squaring. */
export function exponential(a: Matrix, n: number): Matrix {
  const norm = norm1(a, n);
  const squarings = norm > RADIUS && Number.isFinite(norm) ? Math.ceil(Math.log2(norm / RADIUS)) : 0;
  const scaled = a.map((x) => x / 2 ** squarings);
  const square = multiplied(scaled, scaled, n, n, n);
  // p(a) = even + odd and p(-a) = even - odd, the odd part having a factor a
  const even = new Float64Array(n * n), odd = new Float64Array(n * n);
  let power = identity(n);
  for (let k = 0; k < PADE.length; k += 2) {
    if (k > 0) power = multiplied(power, square, n, n, n);
    for (let i = 0; i < n * n; i++) {
      even[i] += PADE[k] * power[i];
      odd[i] += PADE[k + 1] * power[i];
    }
  }
  const oddPart = multiplied(scaled, odd, n, n, n);
  let result = even.map((x, i) => x + oddPart[i]);
  const denominator = even.map((x, i) => x - oddPart[i]);
  const pivots = new Int32Array(n);
  luFactor(denominator, n, n, pivots, true);
  luSolve(denominator, n, pivots, result, n, false);
  for (let i = 0; i < squarings; i++) result = multiplied(result, result, n, n, n);
  return result;
}
