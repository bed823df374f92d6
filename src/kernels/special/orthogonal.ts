/**
 * The classical orthogonal polynomials, by their three-term recurrences (NIST DLMF 18.9). A degree is a number, of which the fraction
 * is dropped; below 0, or NaN, the value is 0, as in PyTorch.
 */

/** The degree as an integer of 0 or more, or -1. PyTorch converts it to int64, where what does not fit is negative. */
function degree(n: number): number {
  const k = Math.trunc(n);
  return k >= 0 && k < 2 ** 63 ? k : -1;
}

/** The polynomial of degree n from those of degree 0, which is 1, and 1: `next` gives the one after degree k from that and the one before it. */
function recurrence(n: number, first: number, next: (k: number, current: number, previous: number) => number): number {
  if (n < 0) return 0;
  if (n === 0) return 1;
  let previous = 1, current = first;
  // After an overflow all further ones are NaN.
  for (let k = 1; k < n && current === current; k++) [previous, current] = [current, next(k, current, previous)];
  return current;
}

/** Physicist's Hermite polynomial: H₀ = 1, H₁ = 2x, H₍ₖ₊₁₎ = 2x Hₖ - 2k H₍ₖ₋₁₎. */
export function hermite_polynomial_h(x: number, n: number): number {
  return recurrence(degree(n), x + x, (k, current, previous) => (x + x) * current - 2 * k * previous);
}

/** Probabilist's Hermite polynomial: He₀ = 1, He₁ = x, He₍ₖ₊₁₎ = x Heₖ - k He₍ₖ₋₁₎. */
export function hermite_polynomial_he(x: number, n: number): number {
  return recurrence(degree(n), x, (k, current, previous) => x * current - k * previous);
}

/** Laguerre polynomial: L₀ = 1, L₁ = 1 - x, (k + 1) L₍ₖ₊₁₎ = (2k + 1 - x) Lₖ - k L₍ₖ₋₁₎. */
export function laguerre_polynomial_l(x: number, n: number): number {
  return recurrence(degree(n), 1 - x, (k, current, previous) => ((2 * k + (1 - x)) * current - k * previous) / (k + 1));
}

/** Legendre polynomial: P₀ = 1, P₁ = x, (k + 1) P₍ₖ₊₁₎ = (2k + 1) x Pₖ - k P₍ₖ₋₁₎. */
export function legendre_polynomial_p(x: number, n: number): number {
  return recurrence(degree(n), x, (k, current, previous) => ((2 * k + 1) * x * current - k * previous) / (k + 1));
}

/** One of the four Chebyshev polynomials: they share the recurrence C₍ₖ₊₁₎ = 2x Cₖ - C₍ₖ₋₁₎ and differ in C₁. */
function chebyshev(x: number, n: number, first: number): number {
  return recurrence(n, first, (_, current, previous) => (x + x) * current - previous);
}

/** (-1)^n. */
function parity(n: number): number {
  return n % 2 === 0 ? 1 : -1;
}

/** Chebyshev polynomial of the first kind: T₁ = x; from degree 7 within (-1, 1) as cos(nθ), θ = arccos x. */
export function chebyshev_polynomial_t(x: number, n: number): number {
  n = degree(n);
  if (n > 6 && Math.abs(x) < 1) return Math.cos(n * Math.acos(x));
  return chebyshev(x, n, x);
}

/** Chebyshev polynomial of the second kind: U₁ = 2x; from degree 9 within (-1, 1) as sin((n + 1)θ) / sin θ, θ = arccos |x|. */
export function chebyshev_polynomial_u(x: number, n: number): number {
  n = degree(n);
  if (n > 8 && Math.abs(x) < 1) {
    const theta = Math.acos(Math.abs(x));
    return Math.sin((n + 1) * theta) / Math.sin(theta) * (x < 0 ? parity(n) : 1);
  }
  return chebyshev(x, n, x + x);
}

/**
 * cos((n + 1/2)θ) / cos(θ/2) or, where `other`, sin((n + 1/2)θ) / sin(θ/2), with θ = arccos x. For a negative x it is the other one at -x, times (-1)^n,
 * so that the denominator is never close to 0 for a θ that is rounded.
 */
function halfAngle(x: number, n: number, other: boolean): number {
  const theta = Math.acos(Math.abs(x));
  const quotient = other === (x < 0) ? Math.cos((n + 0.5) * theta) / Math.cos(theta / 2) : Math.sin((n + 0.5) * theta) / Math.sin(theta / 2);
  return x < 0 ? parity(n) * quotient : quotient;
}

/** Chebyshev polynomial of the third kind: V₁ = 2x - 1; from degree 9 within (-1, 1) as cos((n + 1/2)θ) / cos(θ/2), θ = arccos x. */
export function chebyshev_polynomial_v(x: number, n: number): number {
  n = degree(n);
  if (n > 8 && Math.abs(x) < 1) return halfAngle(x, n, false);
  return chebyshev(x, n, x + x - 1);
}

/** Chebyshev polynomial of the fourth kind: W₁ = 2x + 1; from degree 9 within (-1, 1) as sin((n + 1/2)θ) / sin(θ/2), θ = arccos x. */
export function chebyshev_polynomial_w(x: number, n: number): number {
  n = degree(n);
  if (n > 8 && Math.abs(x) < 1) return halfAngle(x, n, true);
  return chebyshev(x, n, x + x + 1);
}

/** {@linkcode chebyshev_polynomial_t} of 2x - 1, for the interval [0, 1]. */
export function shifted_chebyshev_polynomial_t(x: number, n: number): number {
  return chebyshev_polynomial_t(x + x - 1, n);
}

/** {@linkcode chebyshev_polynomial_u} of 2x - 1, for the interval [0, 1]. */
export function shifted_chebyshev_polynomial_u(x: number, n: number): number {
  return chebyshev_polynomial_u(x + x - 1, n);
}

/** {@linkcode chebyshev_polynomial_v} of 2x - 1, for the interval [0, 1]. */
export function shifted_chebyshev_polynomial_v(x: number, n: number): number {
  return chebyshev_polynomial_v(x + x - 1, n);
}

/** {@linkcode chebyshev_polynomial_w} of 2x - 1, for the interval [0, 1]. */
export function shifted_chebyshev_polynomial_w(x: number, n: number): number {
  return chebyshev_polynomial_w(x + x - 1, n);
}
