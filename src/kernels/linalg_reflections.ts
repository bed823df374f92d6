/**
 * Householder reflections: what orthogonal factorizations are made of. The signs are LAPACK's, which users of PyTorch see.
 */
import { type Elements, type Matrix, zerosLike } from "./linalg.ts";

/** A reflection I - tau v v^T. */
export interface Reflection<T extends Elements = Matrix> {
  /** Where the first element of v, which is 1, stands among the rows or columns that it changes. */
  start: number;
  /** The vector, beginning with 1. */
  vector: T;
  /** Zero where nothing changes. */
  tau: number;
}

/** The length of x[1], x[2] ... */
function lengthOfRest(x: Elements): number {
  let sum = 0, scale = 0;
  for (let i = 1; i < x.length; i++) sum += x[i] * x[i];
  if (sum > 2 ** -960 && sum < 2 ** 960) return Math.sqrt(sum);
  for (let i = 1; i < x.length; i++) scale = Math.max(scale, Math.abs(x[i]));
  if (scale === 0 || !Number.isFinite(scale)) return scale;
  sum = 0;
  for (let i = 1; i < x.length; i++) sum += (x[i] / scale) ** 2;
  return scale * Math.sqrt(sum);
}

/** The reflection that maps `x` to a multiple of the first unit vector, and that multiple. `x` is overwritten. Every step is rounded to the type of `x`. */
export function reflectionOf<T extends Elements>(x: T, start: number): { reflection: Reflection<T>; beta: number } {
  const alpha = x[0];
  const t = zerosLike(x, 3);
  t[0] = lengthOfRest(x);
  x[0] = 1;
  if (t[0] === 0) return { reflection: { start, vector: x, tau: 0 }, beta: alpha };
  const longer = Math.max(Math.abs(alpha), t[0]);
  t[0] = Math.min(Math.abs(alpha), t[0]) / longer;
  t[0] *= t[0];
  t[0] += 1;
  t[0] = Math.sqrt(t[0]);
  t[0] *= longer;
  const beta = alpha < 0 || Object.is(alpha, -0) ? t[0] : -t[0];
  t[1] = alpha - beta;
  t[1] = 1 / t[1];
  for (let i = 1; i < x.length; i++) x[i] *= t[1];
  t[2] = beta - alpha;
  t[2] /= beta;
  return { reflection: { start, vector: x, tau: t[2] }, beta };
}

/** Applies a reflection to the rows of a[m, n] from column `from` on. */
export function reflectRows<T extends Elements>(a: T, n: number, { start, vector, tau }: Reflection<T>, from: number): void {
  if (tau === 0) return;
  const sum = zerosLike(a, 1), step = zerosLike(a, 1);
  const length = vector.length;
  for (let j = from; j < n; j++) {
    const first = start * n + j;
    sum[0] = 0;
    for (let i = 1, at = first + n; i < length; i++, at += n) sum[0] += vector[i] * a[at];
    sum[0] += a[first];
    step[0] = -tau * sum[0];
    a[first] -= tau * sum[0];
    for (let i = 1, at = first + n; i < length; i++, at += n) a[at] += vector[i] * step[0];
  }
}

/** Applies a reflection to the columns of a[m, n] from row `from` on. */
export function reflectColumns(a: Matrix, m: number, n: number, { start, vector, tau }: Reflection, from: number): void {
  if (tau === 0) return;
  for (let i = from; i < m; i++) {
    const at = i * n + start;
    let sum = 0;
    for (let j = 0; j < vector.length; j++) sum += vector[j] * a[at + j];
    sum *= tau;
    for (let j = 0; j < vector.length; j++) a[at + j] -= sum * vector[j];
  }
}

function columnOf<T extends Elements>(a: T, m: number, n: number, j: number, from: number): T {
  const out = zerosLike(a, m - from);
  for (let i = from; i < m; i++) out[i - from] = a[i * n + j];
  return out;
}

/** The first `columns` columns of the product of reflections of m dimensions, the first one outermost, in the type of `like`. */
export function productOf<T extends Elements>(reflections: readonly Reflection<T>[], m: number, columns: number, like: T): T {
  const q = zerosLike(like, m * columns);
  for (let i = 0; i < Math.min(m, columns); i++) q[i * columns + i] = 1;
  for (let k = reflections.length - 1; k >= 0; k--) {
    const { start, vector, tau } = reflections[k];
    reflectRows(q, columns, reflections[k], start + 1);
    if (start >= columns) continue;
    // the column that was a unit vector until now, with LAPACK's negative zeros
    q[start * columns + start] = 1 - tau;
    for (let i = 1; i < vector.length; i++) q[(start + i) * columns + start] = -tau * vector[i];
  }
  return q;
}

/** Makes a[m, n] upper triangular, which is R, by the reflections that it returns, whose product is Q. */
export function qrFactor<T extends Elements>(a: T, m: number, n: number): Reflection<T>[] {
  const out: Reflection<T>[] = [];
  for (let j = 0; j < Math.min(m, n); j++) {
    const { reflection, beta } = reflectionOf(columnOf(a, m, n, j, j), j);
    a[j * n + j] = beta;
    for (let i = j + 1; i < m; i++) a[i * n + j] = 0;
    reflectRows(a, n, reflection, j + 1);
    out.push(reflection);
  }
  return out;
}

/** A symmetric matrix as q t q^T, where t has `diagonal` and, beside it, `offDiagonal`. */
export interface Tridiagonal {
  /** [n]. */
  diagonal: Matrix;
  /** [n - 1]. */
  offDiagonal: Matrix;
  /** [n, n]. */
  q: Matrix;
}

/** Reduces a symmetric a[n, n], of which one triangle is read, to tridiagonal form. `a` is overwritten. */
export function tridiagonalize(a: Matrix, n: number, upper: boolean): Tridiagonal {
  const diagonal = new Float64Array(n), offDiagonal = new Float64Array(Math.max(n - 1, 0));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      if (upper) a[i * n + j] = a[j * n + i];
      else a[j * n + i] = a[i * n + j];
    }
  }
  const reflections: Reflection[] = [];
  // from the upper triangle columns are reduced from the last to the first, and the 1 of each vector is its last element
  const order = upper ? (k: number) => n - 1 - k : (k: number) => k;
  for (let k = 0; k < n - 1; k++) {
    const x = new Float64Array(n - 1 - k);
    for (let i = 0; i < x.length; i++) x[i] = a[order(k + 1 + i) * n + order(k)];
    const { reflection, beta } = reflectionOf(x, k + 1);
    offDiagonal[upper ? n - 2 - k : k] = beta;
    reflectSymmetric(a, n, reflection, order);
    reflections.push(reflection);
  }
  for (let i = 0; i < n; i++) diagonal[i] = a[i * n + i];
  const product = productOf(reflections, n, n, a);
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) q[order(i) * n + order(j)] = product[i * n + j];
  return { diagonal, offDiagonal, q };
}

/** a := H a H for the block that a reflection changes, by a symmetric update of rank two. */
function reflectSymmetric(a: Matrix, n: number, { start, vector, tau }: Reflection, order: (k: number) => number): void {
  if (tau === 0) return;
  const size = vector.length;
  const w = new Float64Array(size);
  let inner = 0;
  for (let i = 0; i < size; i++) {
    const row = order(start + i) * n;
    let sum = 0;
    for (let j = 0; j < size; j++) sum += a[row + order(start + j)] * vector[j];
    w[i] = tau * sum;
    inner += w[i] * vector[i];
  }
  for (let i = 0; i < size; i++) w[i] -= 0.5 * tau * inner * vector[i];
  for (let i = 0; i < size; i++) {
    const row = order(start + i) * n;
    for (let j = 0; j < size; j++) a[row + order(start + j)] -= vector[i] * w[j] + w[i] * vector[j];
  }
}

/** A matrix as q b p^T, where b has `diagonal` and `offDiagonal` above it, or below it where there are fewer rows than columns. */
export interface Bidiagonal {
  /** [min(m, n)]. */
  diagonal: Matrix;
  /** [min(m, n) - 1]. */
  offDiagonal: Matrix;
  /** The reflections whose product is q. */
  left: Reflection[];
  /** The reflections whose product is p. */
  right: Reflection[];
}

/** Reduces a[m, n], which is overwritten, to bidiagonal form. */
export function bidiagonalize(a: Matrix, m: number, n: number): Bidiagonal {
  const k = Math.min(m, n);
  const diagonal = new Float64Array(k), offDiagonal = new Float64Array(Math.max(k - 1, 0));
  const left: Reflection[] = [], right: Reflection[] = [];
  const reduceColumn = (j: number, from: number): number => {
    const { reflection, beta } = reflectionOf(columnOf(a, m, n, j, from), from);
    reflectRows(a, n, reflection, j + 1);
    left.push(reflection);
    return beta;
  };
  const reduceRow = (i: number, from: number): number => {
    const { reflection, beta } = reflectionOf(a.slice(i * n + from, (i + 1) * n), from);
    reflectColumns(a, m, n, reflection, i + 1);
    right.push(reflection);
    return beta;
  };
  for (let i = 0; i < k; i++) {
    if (m >= n) {
      diagonal[i] = reduceColumn(i, i);
      if (i < k - 1) offDiagonal[i] = reduceRow(i, i + 1);
    } else {
      diagonal[i] = reduceRow(i, i);
      if (i < k - 1) offDiagonal[i] = reduceColumn(i, i + 1);
    }
  }
  return { diagonal, offDiagonal, left, right };
}
