/** The gamma function, its logarithm and the derivative of that. */
import { LGAMMA } from "./coefficients.ts";
import { polynomial, rational } from "./polynomial.ts";

const LOG_PI = 1.1447298858494002;
const HALF_LOG_TAU = 0.9189385332046728;
const SQRT_TAU = 2.5066282746310002;

/** From here on Stirling's series reaches double precision. */
const STIRLING_FROM = 10;

/** B₍₂ₖ₎ / (2k (2k - 1)), k = 1, 2, ...: the coefficients of Stirling's series (NIST DLMF 5.11.1). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400];

/** B₍₂ₖ₎ / 2k, k = 1, 2, ...: the coefficients of digamma's asymptotic series (NIST DLMF 5.11.2). */
const DIGAMMA = [1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160];

/** sin(πx), exact at integers and halves: x is reduced before it is multiplied. */
export function sinPi(x: number): number {
  let r = x - 2 * Math.round(x / 2);
  if (r > 0.5) r = 1 - r;
  else if (r < -0.5) r = -1 - r;
  return Math.sin(Math.PI * r);
}

/** log Γ(1 + z) for 0 <= z <= 1, with full relative precision at both zeros: z (z - 1) R(z), R a rational interpolant of error 1e-19. */
function lgamma1p(z: number): number {
  return z * (z - 1) * rational(z, LGAMMA);
}

/** log Γ(x) - (x - 1/2) log x + x - log(2π)/2 for x >= 10: what Stirling's formula lacks. */
export function stirlingError(x: number): number {
  return polynomial(1 / (x * x), STIRLING) / x;
}

/** Steps of 1 between x < 10 and a number in [1, 2]: returns that number less 1, z, and two factors with Γ(x) = Γ(1 + z) multiplier / divisor. */
function reduceToUnit(x: number): [z: number, multiplier: number, divisor: number] {
  let product = 1;
  if (x > 2) {
    for (; x > 2; product *= x) x -= 1;
    return [x - 1, product, 1];
  }
  for (; x < 0; x += 1) product *= x;
  // 1 + x is left unformed below 1, for it would be rounded.
  return x < 1 ? [x, 1, product * x] : [x - 1, 1, product];
}

/**
 * log |Γ(x)|: infinite at 0, -1, -2, ... and at ±∞. By steps to [1, 2] below 10 in magnitude, by Stirling's series above it and by reflection,
 * Γ(x) Γ(1 - x) = π / sin(πx), below it. Full relative precision for positive x; near the zeros between negative integers the error is about 1e-15 in absolute terms.
 */
export function lgamma(x: number): number {
  if (x >= STIRLING_FROM) {
    if (x === Infinity) return x;
    return x > 1e17 ? x * (Math.log(x) - 1) : (x - 0.5) * Math.log(x) - x + (HALF_LOG_TAU + stirlingError(x));
  }
  if (x !== x) return x;
  if (x <= 0 && Number.isInteger(x) || x === -Infinity) return Infinity;
  if (x < -STIRLING_FROM) return LOG_PI - Math.log(Math.abs(sinPi(x))) - lgamma(1 - x);
  const [z, multiplier, divisor] = reduceToUnit(x);
  return lgamma1p(z) + (divisor === 1 ? Math.log(multiplier) : -Math.log(Math.abs(divisor)));
}

/** log Γ(1 + x) for x > -1, without rounding 1 + x where x is small. */
export function lgammaOnePlus(x: number): number {
  return x >= 0 && x <= 1 ? lgamma1p(x) : lgamma(1 + x);
}

/** Γ(x), with C's values at the poles: ±∞ at ±0, NaN at negative integers and -∞. Overflows above 171.62. */
export function gamma(x: number): number {
  if (x === 0) return 1 / x;
  if (x < 0 && Number.isInteger(x) || x === -Infinity) return NaN;
  if (x < -STIRLING_FROM) return Math.PI / (sinPi(x) * gamma(1 - x));
  if (x < 30) {
    const [z, multiplier, divisor] = reduceToUnit(x);
    return Math.exp(lgamma1p(z)) * multiplier / divisor;
  }
  if (x > 172) return Infinity;
  // The power is taken in two halves, for it overflows before Γ does.
  const half = Math.pow(x, x / 2 - 0.25);
  return SQRT_TAU * half * Math.exp(-x) * half * Math.exp(stirlingError(x));
}

/**
 * The digamma function, d log Γ(x) / dx: by ψ(x) = ψ(x + 1) - 1/x up to 10, then by its asymptotic series; ψ(1 - x) - π / tan(πx) for negative x.
 * ∓∞ at ±0, NaN at negative integers.
 */
export function digamma(x: number): number {
  if (x === 0) return -1 / x;
  if (x < 0) {
    if (Math.trunc(x) === x) return NaN;
    return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x)));
  }
  let sum = 0;
  for (; x < STIRLING_FROM; x += 1) sum -= 1 / x;
  const t = 1 / (x * x);
  return sum + (Math.log(x) - 0.5 / x - t * polynomial(t, DIGAMMA));
}

/** log of the multivariate gamma function of dimension p, p(p - 1)/4 log π + Σ log Γ(a - j/2), j = 0 ... p - 1. */
export function multigammaln(a: number, p: number): number {
  let result = p * (p - 1) / 4 * LOG_PI;
  for (let j = 0; j < p; j++) result += lgamma(a - j / 2);
  return result;
}
