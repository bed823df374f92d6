/**
 * Factorizations of one matrix by elimination, and the systems that they solve. Matrices are row-major and in double precision,
 * whatever the dtype of the tensors.
 */

/** A matrix in row-major order. */
export type Matrix = Float64Array<ArrayBuffer>;

/** The unit matrix of order `n`. */
export function identity(n: number): Matrix {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** The transpose of a[m, n]. */
export function transposed(a: Matrix, m: number, n: number): Matrix {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j];
  return out;
}

/** a[m, k] b[k, n]. */
export function multiplied(a: Matrix, b: Matrix, m: number, k: number, n: number): Matrix {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const x = a[i * k + p];
      for (let j = 0, at = i * n, from = p * n; j < n; j++) out[at + j] += x * b[from + j];
    }
  }
  return out;
}

function swapRows(a: Matrix, n: number, i: number, j: number): void {
  if (i === j) return;
  for (let k = 0, p = i * n, q = j * n; k < n; k++, p++, q++) {
    const x = a[p];
    a[p] = a[q];
    a[q] = x;
  }
}

/**
 * Replaces a[m, n] by its factors: L below the diagonal, where its own diagonal of ones is not stored, and U on and above it, with
 * P L U = a. `pivots` gets for each step the row, counted from 1, that was exchanged with it. The result is 0, or the
 * number of the first diagonal element of U that is zero.
 */
export function luFactor(a: Matrix, m: number, n: number, pivots: Int32Array, pivoting: boolean): number {
  let info = 0;
  for (let j = 0; j < Math.min(m, n); j++) {
    let row = j;
    if (pivoting) { for (let i = j + 1; i < m; i++) if (Math.abs(a[i * n + j]) > Math.abs(a[row * n + j])) row = i; }
    pivots[j] = row + 1;
    const pivot = a[row * n + j];
    if (pivot === 0) {
      if (info === 0) info = j + 1;
      continue;
    }
    swapRows(a, n, j, row);
    for (let i = j + 1; i < m; i++) {
      const factor = a[i * n + j] /= pivot;
      if (factor !== 0) { for (let k = j + 1; k < n; k++) a[i * n + k] -= factor * a[j * n + k]; }
    }
  }
  return info;
}

/** Exchanges the rows of b[n, columns] as the pivots say, or back. */
export function applyPivots(b: Matrix, columns: number, pivots: ArrayLike<number>, back = false): void {
  const n = pivots.length;
  for (let k = 0; k < n; k++) {
    const i = back ? n - 1 - k : k;
    swapRows(b, columns, i, pivots[i] - 1);
  }
}

/** The order of rows that the pivots amount to: row i of P^T a is row `permutation[i]` of a. */
export function permutationOf(pivots: ArrayLike<number>, m: number): number[] {
  const order = Array.from({ length: m }, (_, i) => i);
  for (let i = 0; i < pivots.length; i++) [order[i], order[pivots[i] - 1]] = [order[pivots[i] - 1], order[i]];
  return order;
}

/** Which triangle of a matrix holds a system, and how it is read. */
export interface Triangle {
  /** Whether it is the upper one. */
  upper: boolean;
  /** Whether its diagonal counts as ones. */
  unit: boolean;
  /** Whether the system is that of the transpose. */
  transpose: boolean;
}

/** Replaces b[n, columns] by the solution of op(a) x = b for a triangle of a[n, n]. */
export function solveTriangle(a: Matrix, n: number, b: Matrix, columns: number, { upper, unit, transpose }: Triangle): void {
  const backward = upper !== transpose;
  for (let step = 0; step < n; step++) {
    const i = backward ? n - 1 - step : step;
    for (let before = 0; before < step; before++) {
      const j = backward ? n - 1 - before : before;
      const factor = transpose ? a[j * n + i] : a[i * n + j];
      if (factor !== 0) { for (let k = 0; k < columns; k++) b[i * columns + k] -= factor * b[j * columns + k]; }
    }
    if (unit) continue;
    const pivot = a[i * n + i];
    for (let k = 0; k < columns; k++) b[i * columns + k] /= pivot;
  }
}

/** Replaces b[n, columns] by the solution of op(a) x = b, where `lu` holds the factors of a[n, n]. */
export function luSolve(lu: Matrix, n: number, pivots: ArrayLike<number>, b: Matrix, columns: number, transpose: boolean): void {
  const lower = { upper: false, unit: true, transpose }, upper = { upper: true, unit: false, transpose };
  if (!transpose) applyPivots(b, columns, pivots);
  solveTriangle(lu, n, b, columns, transpose ? upper : lower);
  solveTriangle(lu, n, b, columns, transpose ? lower : upper);
  if (transpose) applyPivots(b, columns, pivots, true);
}

/**
 * Replaces a[n, n] by the lower triangular L with L L^T = a, reading the lower triangle only. The result is 0, or the order of the
 * first leading minor that is not positive; what stands from there on means nothing then.
 */
export function choleskyFactor(a: Matrix, n: number): number {
  let info = 0;
  for (let j = 0; j < n; j++) {
    let d = a[j * n + j];
    if (info === 0) { for (let k = 0; k < j; k++) d -= a[j * n + k] ** 2; }
    for (let i = 0; i < j; i++) a[i * n + j] = 0;
    a[j * n + j] = d;
    if (d <= 0) info = j + 1;
    if (info !== 0) continue;
    d = Math.sqrt(d);
    a[j * n + j] = d;
    for (let i = j + 1; i < n; i++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = sum / d;
    }
  }
  return info;
}
