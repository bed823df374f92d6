/** The regularised incomplete gamma functions. */
import { erfc } from "./erf.ts";
import { gamma, lgammaOnePlus, stirlingError } from "./gamma.ts";
import { polynomial } from "./polynomial.ts";

const SQRT_TAU = 2.5066282746310002;

/** From here on, and for |x/a - 1| < 0.3, Temme's uniform expansion is used. */
const TEMME_FROM = 20;

/**
 * m - log(1 + m) for m = x/a - 1, without the cancellation for small m: with t = m / (2 + m) = (x - a) / (x + a), log(1 + m) is 2 (t + t³/3 + t⁵/5 + ...)
 * and m - 2t is m t.
 */
function deviance(a: number, x: number): number {
  const m = (x - a) / a;
  if (Math.abs(m) > 0.3) return m - Math.log(x / a);
  const t = (x - a) / (x + a), t2 = t * t;
  let power = t2 * t, sum = 0;
  for (let k = 3; Math.abs(power) > 1e-18 * Math.abs(m * t); k += 2) {
    sum += power / k;
    power *= t2;
  }
  return m * t - 2 * sum;
}

/** x^a exp(-x) / Γ(a + 1); for large a by Stirling's formula, as exp(-a (m - log(1 + m))) / √(2πa), m = x/a - 1, with a correction. */
function density(a: number, x: number): number {
  if (a >= 10) return Math.exp(-a * deviance(a, x) - stirlingError(a)) / (SQRT_TAU * Math.sqrt(a));
  if (x > 1000) return 0;
  const half = Math.exp(-x / 2);
  return Math.pow(x, a) * half * half / gamma(a + 1);
}

/** The lower function by its series, density Σ x^k / ((a + 1) ... (a + k)) (NIST DLMF 8.11.4). */
function lowerSeries(a: number, x: number): number {
  const factor = density(a, x);
  if (factor === 0) return 0;
  let term = 1, sum = 1;
  for (let k = 1; term > Number.EPSILON / 4 * sum; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return factor * sum;
}

/** The upper function by Legendre's continued fraction, a density / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)) (NIST DLMF 8.9.2), by Lentz's method. */
function upperFraction(a: number, x: number): number {
  const factor = density(a, x);
  if (factor === 0) return 0;
  let b = x + 1 - a, c = Infinity, d = 1 / b, fraction = d;
  for (let k = 1, change = 0; Math.abs(change - 1) > Number.EPSILON; k++) {
    const numerator = -k * (k - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    change = c * d;
    fraction *= change;
  }
  return a * factor * fraction;
}

/**
 * The upper function for small a and x, where it is 1 less something close to 1: with u = a log x - log Γ(1 + a), the power series of the lower function
 * (NIST DLMF 8.7.1) gives -expm1(u) - exp(u) Σ a (-x)^k / (k! (a + k)), k >= 1.
 */
function upperSeries(a: number, x: number): number {
  let term = 1, sum = 0;
  for (let k = 1; Math.abs(term) > Number.EPSILON / 4 * Math.abs(sum); k++) {
    term *= -x / k;
    sum += term / (a + k);
  }
  const u = a * Math.log(x) - lgammaOnePlus(a);
  return -Math.expm1(u) - Math.exp(u) * a * sum;
}

/**
 * The coefficients of the polynomials C_k in Temme's expansion, lowest power first, from the recurrences of NIST DLMF 8.12: α expands x/a - 1 in powers of η,
 * g(k) = 1 3 5 ... (2k + 1) α(2k + 1) are Stirling's, d(0, n) = (n + 2) α(n + 2) but -1/3 for n = 0, and d(k, n) = (-1)^k g(k) d(0, n) + (n + 2) d(k - 1, n + 2).
 */
function temmeCoefficients(terms: number, degree: number): number[][] {
  const alpha = [0, 1];
  for (let n = 2; n < degree + 2 * terms + 2; n++) {
    let sum = alpha[n - 1];
    for (let j = 2; j < n; j++) sum -= j * alpha[j] * alpha[n - j + 1];
    alpha.push(sum / (n + 1));
  }
  const first = alpha.slice(2).map((value, n) => (n + 2) * value);
  first[0] = -1 / 3;
  const rows = [first];
  for (let k = 1, odd = -1; k < terms; k++) {
    odd *= -(2 * k + 1);
    const g = -odd * alpha[2 * k + 1];
    rows.push(rows[k - 1].slice(2).map((value, n) => g * first[n] + (n + 2) * value));
  }
  return rows.map((row) => row.slice(0, degree));
}

let temme: number[][] | undefined;

/**
 * Temme's uniform expansion (NIST DLMF 8.12.3, 8.12.4), for large a and x close to it: with η²/2 = m - log(1 + m), m = x/a - 1, the lower (sign -1) and upper
 * (sign 1) functions are erfc(± η √(a/2)) / 2 ± exp(-a η²/2) / √(2πa) Σ C_k(η) a^-k.
 */
function temmeExpansion(a: number, x: number, sign: 1 | -1): number {
  temme ??= temmeCoefficients(12, 25);
  const half = deviance(a, x);
  const eta = Math.sign(x - a) * Math.sqrt(2 * half);
  let series = 0;
  for (let k = temme.length - 1; k >= 0; k--) series = series / a + polynomial(eta, temme[k]);
  return erfc(sign * eta * Math.sqrt(a / 2)) / 2 + sign * Math.exp(-a * half) / (SQRT_TAU * Math.sqrt(a)) * series;
}

/** Whether a is large and x close to it. */
function isUniform(a: number, x: number): boolean {
  return a > TEMME_FROM && Math.abs(x - a) < 0.3 * a;
}

/** The value on the edges of the domain of the lower function, or undefined inside; NaN outside. */
function edge(a: number, x: number): number | undefined {
  if (a < 0 || x < 0) return NaN;
  if (a === 0) return x > 0 ? 1 : NaN;
  if (x === 0) return 0;
  if (a === Infinity) return x === Infinity ? NaN : 0;
  if (x === Infinity) return 1;
  return a !== a || x !== x ? NaN : undefined;
}

/** The regularised lower incomplete gamma function, P(a, x) = 1/Γ(a) ∫₀ˣ t^(a-1) exp(-t) dt. NaN for negative a or x and for a = x = 0. */
export function igamma(a: number, x: number): number {
  const value = edge(a, x);
  if (value !== undefined) return value;
  if (isUniform(a, x)) return temmeExpansion(a, x, -1);
  return x > 1 && x > a ? 1 - igammac(a, x) : lowerSeries(a, x);
}

/** The regularised upper incomplete gamma function, Q(a, x) = 1 - P(a, x). NaN for negative a or x and for a = x = 0. */
export function igammac(a: number, x: number): number {
  const value = edge(a, x);
  if (value !== undefined) return 1 - value;
  if (isUniform(a, x)) return temmeExpansion(a, x, 1);
  if (x > 1.1) return x < a ? 1 - lowerSeries(a, x) : upperFraction(a, x);
  // Where P is not close to 1, 1 - P loses nothing; the bound is where P is about 1/2.
  const small = x <= 0.5 ? -0.4 / Math.log(x) : x * 1.1;
  return small < a ? 1 - lowerSeries(a, x) : upperSeries(a, x);
}
