/**
 * Plane rotations, with LAPACK's choice of signs.
 */
import type { Matrix } from "./linalg.ts";

/** The arithmetic that an iteration counts with: when it stops decides the signs of what it finds, so it is that of the dtype. */
export interface Arithmetic {
  /** The distance of 1 to the next smaller number: LAPACK's epsilon. */
  epsilon: number;
  /** The least number whose reciprocal does not overflow. */
  tiny: number;
}
/** That of float32. */
export const SINGLE: Arithmetic = { epsilon: 2 ** -24, tiny: 2 ** -126 };
/** That of float64. */
export const DOUBLE: Arithmetic = { epsilon: 2 ** -53, tiny: 2 ** -1022 };

/** |x| with the sign of `y`. */
export function withSign(x: number, y: number): number {
  const size = Math.abs(x);
  return y < 0 || Object.is(y, -0) ? -size : size;
}

/** A rotation by cosine and sine. */
export interface Rotation {
  /** The cosine. */
  c: number;
  /** The sine. */
  s: number;
}

/** The rotation with [c s; -s c] [f; g] = [r; 0], and r. */
export function rotationOf(f: number, g: number): Rotation & { r: number } {
  if (g === 0) return { c: 1, s: 0, r: f };
  if (f === 0) return { c: 0, s: withSign(1, g), r: Math.abs(g) };
  const d = Math.hypot(f, g);
  const r = withSign(d, f);
  return { c: Math.abs(f) / d, s: g / r, r };
}

/** Rotates columns `j` and `j + 1` of a[m, n]: (x, y) becomes (c x + s y, c y - s x). */
export function rotateColumns(a: Matrix, m: number, n: number, j: number, { c, s }: Rotation): void {
  for (let i = 0, at = j; i < m; i++, at += n) {
    const x = a[at], y = a[at + 1];
    a[at] = c * x + s * y;
    a[at + 1] = c * y - s * x;
  }
}

/** Rotates rows `i` and `i + 1` of a[m, n]: (x, y) becomes (c x + s y, c y - s x). */
export function rotateRows(a: Matrix, n: number, i: number, { c, s }: Rotation): void {
  for (let k = 0, p = i * n, q = p + n; k < n; k++, p++, q++) {
    const x = a[p], y = a[q];
    a[p] = c * x + s * y;
    a[q] = c * y - s * x;
  }
}

/** Exchanges columns of a[m, n]. */
export function swapColumns(a: Matrix, m: number, n: number, i: number, j: number): void {
  for (let k = 0; k < m; k++) [a[k * n + i], a[k * n + j]] = [a[k * n + j], a[k * n + i]];
}
