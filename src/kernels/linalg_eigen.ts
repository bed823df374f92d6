/**
 * Eigenvalues and eigenvectors of a symmetric matrix: reduction to tridiagonal form, then the implicit QL or QR iteration, whichever
 * begins at the smaller end. The order of the steps is LAPACK's (`steqr`), so that the signs of eigenvectors are too.
 */
import type { Matrix } from "./linalg.ts";
import { type Tridiagonal, tridiagonalize } from "./linalg_reflections.ts";
import { type Arithmetic, rotateColumns, type Rotation, rotationOf, swapColumns, withSign } from "./linalg_rotations.ts";

/** Iterations for each eigenvalue after which the matrix is given up. */
const PATIENCE = 30;

/** The eigenvalues in ascending order and the eigenvectors in the columns of a[n, n], of which one triangle is read. */
export interface Eigen {
  /** [n]. */
  values: Matrix;
  /** [n, n]. */
  vectors: Matrix;
  /** Whether the iteration converged. */
  converged: boolean;
}

/** The eigenvalues rt1 (larger in magnitude) and rt2 of [a b; b c], and the rotation whose first row is the eigenvector of rt1. */
function eigen2(a: number, b: number, c: number): { rt1: number; rt2: number; c: number; s: number } {
  const sum = a + c, difference = a - c, twice = b + b;
  const root = Math.hypot(difference, twice);
  const larger = Math.abs(a) > Math.abs(c) ? a : c, smaller = Math.abs(a) > Math.abs(c) ? c : a;
  let rt1 = 0.5 * root, rt2 = -0.5 * root;
  if (sum !== 0) {
    rt1 = 0.5 * (sum < 0 ? sum - root : sum + root);
    rt2 = larger / rt1 * smaller - b / rt1 * b;
  }
  const cs = difference >= 0 ? difference + root : difference - root;
  let cosine = 1, sine = 0;
  if (Math.abs(cs) > Math.abs(twice)) {
    const cotangent = -twice / cs;
    sine = 1 / Math.sqrt(1 + cotangent * cotangent);
    cosine = cotangent * sine;
  } else if (twice !== 0) {
    const tangent = -cs / twice;
    cosine = 1 / Math.sqrt(1 + tangent * tangent);
    sine = tangent * cosine;
  }
  if (sum < 0 === difference < 0) return { rt1, rt2, c: -sine, s: cosine };
  return { rt1, rt2, c: cosine, s: sine };
}

/** One unreduced block of a tridiagonal matrix, worked on from `start` towards `end`; `step` is 1 for QL, -1 for QR. */
class Block {
  readonly #d: Matrix;
  readonly #e: Matrix;
  readonly #z: Matrix;
  readonly #n: number;
  readonly #step: 1 | -1;
  readonly #arithmetic: Arithmetic;

  constructor({ diagonal, offDiagonal, q }: Tridiagonal, step: 1 | -1, arithmetic: Arithmetic) {
    this.#arithmetic = arithmetic;
    this.#d = diagonal;
    this.#e = offDiagonal;
    this.#z = q;
    this.#n = diagonal.length;
    this.#step = step;
  }

  /** The off-diagonal element between `i` and the next one in the direction of the step. */
  #beside(i: number): number {
    return this.#step === 1 ? i : i - 1;
  }

  /** Finds the eigenvalues from `l` to `end`. The result is how many iterations are left, negative where they did not suffice. */
  solve(l: number, end: number, patience: number): number {
    const e = this.#e, step = this.#step;
    while ((end - l) * step >= 0) {
      let m = l;
      while (m !== end && !this.#negligible(m)) m += step;
      if (m !== end) e[this.#beside(m)] = 0;
      if (m === l) {
        l += step;
      } else if (m === l + step) {
        this.#solvePair(l);
        l += 2 * step;
      } else {
        if (patience-- === 0) return -1;
        this.#sweep(l, m);
      }
    }
    return patience;
  }

  #negligible(m: number): boolean {
    const d = this.#d, off = this.#e[this.#beside(m)];
    const { epsilon, tiny } = this.#arithmetic;
    return off * off <= epsilon * epsilon * Math.abs(d[m]) * Math.abs(d[m + this.#step]) + tiny;
  }

  #solvePair(l: number): void {
    const d = this.#d, e = this.#e, low = Math.min(l, l + this.#step);
    const { rt1, rt2, c, s } = eigen2(d[low], e[low], d[low + 1]);
    rotateColumns(this.#z, this.#n, this.#n, low, { c, s });
    d[low] = rt1;
    d[low + 1] = rt2;
    e[low] = 0;
  }

  /** One implicit iteration, with Wilkinson's shift, on the block from `m` to `l`. */
  #sweep(l: number, m: number): void {
    const d = this.#d, e = this.#e, step = this.#step;
    const first = d[l], beside = e[this.#beside(l)];
    let g = (d[l + step] - first) / (2 * beside);
    g = d[m] - first + beside / (g + withSign(Math.hypot(g, 1), g));
    let s = 1, c = 1, p = 0;
    const rotations: (Rotation & { at: number })[] = [];
    for (let i = m - step; (i - l) * step >= 0; i -= step) {
      const off = this.#beside(i);
      const f = s * e[off], b = c * e[off];
      const rotation = rotationOf(g, f);
      ({ c, s } = rotation);
      if (i !== m - step) e[this.#beside(i + step)] = rotation.r;
      g = d[i + step] - p;
      const r = (d[i] - g) * s + 2 * c * b;
      p = s * r;
      d[i + step] = g + p;
      g = c * r - b;
      rotations.push({ c, s: step === 1 ? -s : s, at: off });
    }
    for (const rotation of rotations) rotateColumns(this.#z, this.#n, this.#n, rotation.at, rotation);
    d[l] -= p;
    e[this.#beside(l)] = g;
  }
}

/** Makes the matrix diagonal; `q` then holds the eigenvectors. The result says whether the iteration converged. */
function diagonalize(t: Tridiagonal, arithmetic: Arithmetic): boolean {
  const { diagonal: d, offDiagonal: e } = t;
  const n = d.length;
  let patience = PATIENCE * n;
  for (let start = 0; start < n;) {
    let last = start;
    while (last < n - 1) {
      const size = Math.abs(e[last]);
      if (size === 0) break;
      if (size <= Math.sqrt(Math.abs(d[last])) * Math.sqrt(Math.abs(d[last + 1])) * arithmetic.epsilon) {
        e[last] = 0;
        break;
      }
      last++;
    }
    const upwards = Math.abs(d[last]) < Math.abs(d[start]);
    patience = upwards ? new Block(t, -1, arithmetic).solve(last, start, patience) : new Block(t, 1, arithmetic).solve(start, last, patience);
    if (patience < 0) return false;
    start = last + 1;
  }
  return true;
}

/** The eigenvalues and eigenvectors of a symmetric a[n, n], of which one triangle is read. `a` is overwritten. */
export function symmetricEigen(a: Matrix, n: number, upper: boolean, arithmetic: Arithmetic): Eigen {
  if (!a.every(Number.isFinite)) return { values: new Float64Array(n).fill(NaN), vectors: new Float64Array(n * n).fill(NaN), converged: true };
  const t = tridiagonalize(a, n, upper);
  const converged = diagonalize(t, arithmetic);
  const { diagonal: values, q: vectors } = t;
  for (let i = 0; i < n - 1; i++) {
    let least = i;
    for (let j = i + 1; j < n; j++) if (values[j] < values[least]) least = j;
    if (least === i) continue;
    [values[i], values[least]] = [values[least], values[i]];
    swapColumns(vectors, n, n, i, least);
  }
  return { values, vectors, converged };
}
