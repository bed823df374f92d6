/**
 * Factorizations of one matrix by elimination, and the systems that they solve. Matrices are row-major, of float32 or float64;
 * intermediate results are kept in arrays of the same type, which do the rounding. Steps follow one another as in OpenBLAS, so that
 * what is left of a singular matrix after rounding is what PyTorch shows.
 */

/** The elements of a matrix, row-major. */
export type Elements = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
/** The elements of a matrix in double precision, row-major. */
export type Matrix = Float64Array<ArrayBuffer>;

/** A new array of zeros of the same type. */
export function zerosLike<T extends Elements>(a: T, length: number): T {
  return new (a.constructor as new (length: number) => T)(length);
}

/** The unit matrix of order `n`, of the type of `a`. */
export function identity<T extends Elements>(a: T, n: number): T {
  const out = zerosLike(a, n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  return out;
}

/** The transpose of a[m, n]. */
export function transposed<T extends Elements>(a: T, m: number, n: number): T {
  const out = zerosLike(a, m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[j * m + i] = a[i * n + j];
  return out;
}

function swapRows(a: Elements, n: number, i: number, j: number, columns: number): void {
  if (i === j) return;
  for (let k = 0, p = i * n, q = j * n; k < columns; k++, p++, q++) {
    const x = a[p];
    a[p] = a[q];
    a[q] = x;
  }
}

/**
 * Replaces a[m, n] by its factors: L below the diagonal, where its own diagonal of ones is not stored, and U on and above it, with
 * P L U = a. `pivots` gets for each step the row, counted from 1, that was exchanged with it. The result is 0, or the
 * number of the first diagonal element of U that is zero. Columns are computed one after the other from those before.
 */
export function luFactor<T extends Elements>(a: T, m: number, n: number, pivots: Int32Array): number {
  const sum = zerosLike(a, 1), term = zerosLike(a, 1);
  let info = 0;
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < Math.min(j, m); i++) {
      const at = i * n + j, other = (pivots[i] - 1) * n + j, x = a[at];
      a[at] = a[other];
      a[other] = x;
    }
    for (let i = 1; i < Math.min(j, m); i++) {
      sum[0] = 0;
      for (let k = 0; k < i; k++) {
        term[0] = a[i * n + k] * a[k * n + j];
        sum[0] += term[0];
      }
      a[i * n + j] -= sum[0];
    }
    if (j >= m) continue;
    let row = j;
    for (let i = j; i < m; i++) {
      sum[0] = 0;
      for (let k = 0; k < j; k++) sum[0] += a[i * n + k] * a[k * n + j]; // rounded once in float32: a fused multiply-add
      a[i * n + j] -= sum[0];
      if (Math.abs(a[i * n + j]) > Math.abs(a[row * n + j])) row = i;
    }
    pivots[j] = row + 1;
    if (a[row * n + j] === 0) {
      if (info === 0) info = j + 1;
      continue;
    }
    swapRows(a, n, j, row, j + 1);
    term[0] = 1 / a[j * n + j];
    for (let i = j + 1; i < m; i++) a[i * n + j] *= term[0];
  }
  return info;
}

/** Exchanges the rows of b[n, columns] as the pivots say, or back. */
function applyPivots(b: Elements, columns: number, pivots: ArrayLike<number>, back: boolean): void {
  const n = pivots.length;
  for (let k = 0; k < n; k++) {
    const i = back ? n - 1 - k : k;
    swapRows(b, columns, i, pivots[i] - 1, columns);
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
export function solveTriangle<T extends Elements>(a: T, n: number, b: T, columns: number, triangle: Triangle): void {
  if (columns === 1) solveVector(a, n, b, triangle);
  else solveColumns(a, n, b, columns, triangle);
}

/** The greatest number of rows that are solved for together. */
const BLOCK = 16;

/** The rows in blocks, in the order in which they are solved: full ones and, towards the end of the matrix, smaller and smaller powers of two. */
function blocksOf(n: number, backward: boolean): [first: number, end: number][] {
  const out: [number, number][] = [];
  for (let first = 0, size = BLOCK; first < n;) {
    if (first + size > n) {
      size /= 2;
      continue;
    }
    out.push([first, first + size]);
    first += size;
  }
  return backward ? out.reverse() : out;
}

/** Block by block: what is known already is summed and subtracted, then within the block each unknown as soon as it is known. */
function solveColumns<T extends Elements>(a: T, n: number, b: T, columns: number, { upper, unit, transpose }: Triangle): void {
  const backward = upper !== transpose;
  const inverse = zerosLike(a, 1), sums = zerosLike(a, columns);
  const element = (i: number, j: number) => transpose ? a[j * n + i] : a[i * n + j];
  for (const [first, end] of blocksOf(n, backward)) {
    const [from, to] = backward ? [end, n] : [0, first];
    for (let i = first; i < end; i++) {
      sums.fill(0);
      for (let j = from; j < to; j++) {
        const factor = element(i, j);
        for (let k = 0; k < columns; k++) sums[k] += factor * b[j * columns + k];
      }
      for (let k = 0; k < columns; k++) b[i * columns + k] -= sums[k];
    }
    for (let step = 0; step < end - first; step++) {
      const i = backward ? end - 1 - step : first + step;
      inverse[0] = unit ? 1 : 1 / a[i * n + i];
      for (let k = 0; k < columns; k++) b[i * columns + k] *= inverse[0];
      for (let later = step + 1; later < end - first; later++) {
        const j = backward ? end - 1 - later : first + later;
        const factor = element(j, i);
        for (let k = 0; k < columns; k++) b[j * columns + k] -= factor * b[i * columns + k];
      }
    }
  }
}

/** The same for one column; the unknowns of a transposed system are found by inner products with those before. */
function solveVector<T extends Elements>(a: T, n: number, b: T, { upper, unit, transpose }: Triangle): void {
  const backward = upper !== transpose;
  const sum = zerosLike(a, 1), term = zerosLike(a, 1);
  for (let step = 0; step < n; step++) {
    const i = backward ? n - 1 - step : step;
    if (transpose) {
      sum[0] = 0;
      for (let before = 0; before < step; before++) {
        const j = backward ? n - 1 - before : before;
        term[0] = a[j * n + i] * b[j];
        sum[0] += term[0];
      }
      b[i] -= sum[0];
    }
    if (!unit) b[i] /= a[i * n + i];
    if (transpose) continue;
    for (let later = step + 1; later < n; later++) {
      const j = backward ? n - 1 - later : later;
      term[0] = a[j * n + i] * b[i];
      b[j] -= term[0];
    }
  }
}

/** Replaces b[n, columns] by the solution of op(a) x = b, where `lu` holds the factors of a[n, n]. */
export function luSolve<T extends Elements>(lu: T, n: number, pivots: ArrayLike<number>, b: T, columns: number, transpose: boolean): void {
  const lower = { upper: false, unit: true, transpose }, upper = { upper: true, unit: false, transpose };
  if (!transpose) applyPivots(b, columns, pivots, false);
  solveTriangle(lu, n, b, columns, transpose ? upper : lower);
  solveTriangle(lu, n, b, columns, transpose ? lower : upper);
  if (transpose) applyPivots(b, columns, pivots, true);
}

/**
 * Replaces a[n, n] by the lower triangular L with L L^T = a, reading the lower triangle only. The result is 0, or the order of the
 * first leading minor that is not positive; what stands from there on means nothing then.
 */
export function choleskyFactor<T extends Elements>(a: T, n: number): number {
  const sum = zerosLike(a, 1), term = zerosLike(a, 1);
  let info = 0;
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < j; i++) a[i * n + j] = 0;
    if (info !== 0) continue;
    sum[0] = 0;
    for (let k = 0; k < j; k++) {
      term[0] = a[j * n + k] ** 2;
      sum[0] += term[0];
    }
    a[j * n + j] -= sum[0];
    if (a[j * n + j] <= 0) {
      info = j + 1;
      continue;
    }
    a[j * n + j] = Math.sqrt(a[j * n + j]);
    term[0] = 1 / a[j * n + j];
    for (let i = j + 1; i < n; i++) {
      sum[0] = 0;
      for (let k = 0; k < j; k++) sum[0] += a[i * n + k] * a[j * n + k];
      a[i * n + j] -= sum[0];
      a[i * n + j] *= term[0];
    }
  }
  return info;
}
