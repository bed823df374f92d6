/** The Airy function. */
import { AIRY, AIRY_P, AIRY_Q } from "./coefficients.ts";
import { rational } from "./polynomial.ts";

const SQRT_PI = 1.772453850905516;

/** Ai(0) and -Ai'(0). */
const AT_0 = 0.3550280538878172;
const SLOPE_AT_0 = 0.2588194037928068;

/**
 * The Airy function Ai. Between -4 and 2 by its Maclaurin series (NIST DLMF 9.4.1), outside by its asymptotic forms (DLMF 9.7.5, 9.7.9) in z = 2/3 |x|^(3/2):
 * f(1/z) exp(-z) / (2 √π x^(1/4)) and (P cos(z - π/4) + Q sin(z - π/4)) / (√π |x|^(1/4)), with rational functions f of 1/z, P and zQ of 1/z².
 * NaN at ±∞, as in PyTorch.
 */
export function airy_ai(x: number): number {
  if (x !== x || Math.abs(x) === Infinity) return NaN;
  const y = Math.abs(x), root = Math.sqrt(y), z = 2 * y * root / 3;
  if (x > 2) return Math.exp(-z) * rational(1 / z, AIRY) / (2 * SQRT_PI * Math.sqrt(root));
  if (x < -4) {
    const t = 1 / (z * z), s = Math.sin(z), c = Math.cos(z);
    return (rational(t, AIRY_P) * (c + s) + rational(t, AIRY_Q) / z * (s - c)) * Math.SQRT1_2 / (SQRT_PI * Math.sqrt(root));
  }
  const cube = x * x * x;
  let even = AT_0, odd = SLOPE_AT_0 * x, sum = even - odd;
  for (let k = 3; Math.abs(even) + Math.abs(odd) > 1e-17 * Math.abs(sum); k += 3) {
    even *= cube / (k * (k - 1));
    odd *= cube / (k * (k + 1));
    sum += even - odd;
  }
  return sum;
}
