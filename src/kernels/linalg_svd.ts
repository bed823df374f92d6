/**
 * The singular value decomposition: reduction to bidiagonal form, then the implicit QR iteration with LAPACK's choices
 * (`gesdd` by way of `bdsqr`), so that the signs of singular vectors are LAPACK's too.
 */
import { identity, type Matrix, transposed } from "./linalg.ts";
import { bidiagonalize, qrFactor, type Reflection, reflectRows } from "./linalg_reflections.ts";
import { type Arithmetic, rotateColumns, rotateRows, type Rotation, rotationOf, swapColumns, withSign } from "./linalg_rotations.ts";

/** Sweeps for each singular value after which the matrix is given up. */
const PATIENCE = 6;

/** a = u diag(values) vt, the values in descending order. */
export interface Svd {
  /** [m, columns of u]. */
  u: Matrix;
  /** [min(m, n)]. */
  values: Matrix;
  /** [rows of vt, n]. */
  vt: Matrix;
  /** Whether the iteration converged. */
  converged: boolean;
}

/** The smaller singular value of [f g; 0 h]. */
function smallest2(f: number, g: number, h: number): number {
  const fa = Math.abs(f), ga = Math.abs(g), ha = Math.abs(h);
  const low = Math.min(fa, ha), high = Math.max(fa, ha);
  if (low === 0) return 0;
  const sum = 1 + low / high, difference = (high - low) / high;
  if (ga < high) {
    const ratio = (ga / high) ** 2;
    return low * (2 / (Math.sqrt(sum * sum + ratio) + Math.sqrt(difference * difference + ratio)));
  }
  const ratio = high / ga;
  if (ratio === 0) return low * high / ga;
  return 2 * (low * (1 / (Math.sqrt(1 + (sum * ratio) ** 2) + Math.sqrt(1 + (difference * ratio) ** 2)))) * ratio;
}

/** The signed singular values of [f g; 0 h], and the rotations that make it diagonal. */
function svd2(f: number, g: number, h: number, epsilon: number): { greater: number; smaller: number; right: Rotation; left: Rotation } {
  const swap = Math.abs(h) > Math.abs(f);
  const ft = swap ? h : f, ht = swap ? f : h;
  const fa = Math.abs(ft), ha = Math.abs(ht), ga = Math.abs(g);
  let largest = swap ? 3 : 1;
  let greater = fa, smaller = ha, cl = 1, sl = 0, cr = 1, sr = 0;
  if (ga !== 0) {
    if (ga > fa) largest = 2;
    if (ga > fa && fa / ga < epsilon) {
      greater = ga;
      smaller = ha > 1 ? fa / (ga / ha) : fa / ga * ha;
      sl = ht / g;
      sr = 1;
      cr = ft / g;
    } else {
      const d = fa - ha;
      const l = d === fa ? 1 : d / fa;
      const m = g / ft, t = 2 - l;
      const s = Math.sqrt(t * t + m * m), r = l === 0 ? Math.abs(m) : Math.sqrt(l * l + m * m);
      const a = 0.5 * (s + r);
      smaller = ha / a;
      greater = fa * a;
      const tangent = m * m !== 0 ? (m / (s + t) + m / (r + l)) * (1 + a) : l === 0 ? withSign(2, ft) * withSign(1, g) : g / withSign(d, ft) + m / t;
      const length = Math.sqrt(tangent * tangent + 4);
      cr = 2 / length;
      sr = tangent / length;
      cl = (cr + sr * m) / a;
      sl = ht / ft * sr / a;
    }
  }
  const left = swap ? { c: sr, s: cr } : { c: cl, s: sl };
  const right = swap ? { c: sl, s: cl } : { c: cr, s: sr };
  const sign = largest === 1
    ? withSign(1, right.c) * withSign(1, left.c) * withSign(1, f)
    : largest === 2
    ? withSign(1, right.s) * withSign(1, left.c) * withSign(1, g)
    : withSign(1, right.s) * withSign(1, left.s) * withSign(1, h);
  return { greater: withSign(greater, sign), smaller: withSign(smaller, sign * withSign(1, f) * withSign(1, h)), right, left };
}

/** The iteration on an upper bidiagonal matrix, with the orthogonal matrices that its rotations are collected in. */
class Iteration {
  readonly #d: Matrix;
  readonly #e: Matrix;
  readonly #u: Matrix;
  readonly #vt: Matrix;
  readonly #n: number;
  readonly #arithmetic: Arithmetic;
  /** Relative to this, elements beside the diagonal count as zero. */
  readonly #tolerance: number;

  constructor(d: Matrix, e: Matrix, u: Matrix, vt: Matrix, arithmetic: Arithmetic) {
    const { epsilon } = arithmetic;
    this.#arithmetic = arithmetic;
    this.#tolerance = Math.max(10, Math.min(100, epsilon ** (-1 / 8))) * epsilon;
    this.#d = d;
    this.#e = e;
    this.#u = u;
    this.#vt = vt;
    this.#n = d.length;
  }

  /** Elements beside the diagonal below this count as zero: relative to a bound of the smallest singular value. */
  #threshold(): number {
    const d = this.#d, e = this.#e, n = this.#n;
    let mu = Math.abs(d[0]), least = mu;
    for (let i = 1; i < n && least !== 0; i++) {
      mu = Math.abs(d[i]) * (mu / (mu + Math.abs(e[i - 1])));
      least = Math.min(least, mu);
    }
    return Math.max(this.#tolerance * (least / Math.sqrt(n)), PATIENCE * n * n * this.#arithmetic.tiny);
  }

  /** Makes the matrix diagonal. The result says whether that succeeded. */
  run(): boolean {
    const d = this.#d, e = this.#e, n = this.#n;
    const threshold = n > 0 ? this.#threshold() : 0;
    let budget = PATIENCE * n * n;
    let oldStart = -1, oldEnd = -1, downwards = true;
    let end = n - 1;
    while (end > 0) {
      if (budget < 0) return false;
      // the last block without a zero beside its diagonal
      let start = end, greatest = Math.abs(d[end]);
      while (start > 0 && Math.abs(e[start - 1]) > threshold) {
        start--;
        greatest = Math.max(greatest, Math.abs(d[start]), Math.abs(e[start]));
      }
      if (start > 0) e[start - 1] = 0;
      if (start === end) {
        end--;
        continue;
      }
      if (start === end - 1) {
        this.#solvePair(start);
        end -= 2;
        continue;
      }
      if (start > oldEnd || end < oldStart) downwards = Math.abs(d[start]) >= Math.abs(d[end]);
      const least = this.#leastBound(start, end, downwards);
      if (least === null) continue;
      oldStart = start;
      oldEnd = end;
      budget -= end - start;
      this.#sweep(start, end, this.#shift(start, end, downwards, least, greatest), downwards, threshold);
    }
    this.#finish();
    return true;
  }

  /** A lower bound of the smallest singular value of a block, or null where an element proved negligible and was set to zero. */
  #leastBound(start: number, end: number, downwards: boolean): number | null {
    const d = this.#d, e = this.#e;
    const last = downwards ? end - 1 : start, edge = downwards ? end : start;
    if (Math.abs(e[last]) <= this.#tolerance * Math.abs(d[edge])) {
      e[last] = 0;
      return null;
    }
    let mu = Math.abs(d[downwards ? start : end]), least = mu;
    for (let k = 0; k < end - start; k++) {
      const at = downwards ? start + k : end - 1 - k;
      if (Math.abs(e[at]) <= this.#tolerance * mu) {
        e[at] = 0;
        return null;
      }
      mu = Math.abs(d[downwards ? at + 1 : at]) * (mu / (mu + Math.abs(e[at])));
      least = Math.min(least, mu);
    }
    return least;
  }

  #shift(start: number, end: number, downwards: boolean, least: number, greatest: number): number {
    const d = this.#d, e = this.#e;
    // no shift where it would spoil the relative accuracy of the smallest values
    if (this.#n * this.#tolerance * (least / greatest) <= Math.max(this.#arithmetic.epsilon, 0.01 * this.#tolerance)) return 0;
    const at = downwards ? end - 1 : start;
    const shift = smallest2(d[at], e[at], d[at + 1]);
    const first = Math.abs(d[downwards ? start : end]);
    return first > 0 && (shift / first) ** 2 < this.#arithmetic.epsilon ? 0 : shift;
  }

  #solvePair(at: number): void {
    const d = this.#d, e = this.#e, n = this.#n;
    const { greater, smaller, right, left } = svd2(d[at], e[at], d[at + 1], this.#arithmetic.epsilon);
    d[at] = greater;
    d[at + 1] = smaller;
    e[at] = 0;
    rotateRows(this.#vt, n, at, right);
    rotateColumns(this.#u, n, n, at, left);
  }

  /** Chases the bulge through a block, downwards or upwards. */
  #sweep(start: number, end: number, shift: number, downwards: boolean, threshold: number): void {
    const e = this.#e, n = this.#n;
    const rotations = shift === 0 ? this.#zeroShift(start, end, downwards) : this.#shifted(start, end, shift, downwards);
    for (const { at, first, second } of rotations) {
      rotateRows(this.#vt, n, at, downwards ? first : second);
      rotateColumns(this.#u, n, n, at, downwards ? second : first);
    }
    const last = downwards ? end - 1 : start;
    if (Math.abs(e[last]) <= threshold) e[last] = 0;
  }

  #zeroShift(start: number, end: number, downwards: boolean): Pair[] {
    const d = this.#d, e = this.#e;
    const out: Pair[] = [];
    let c = 1, oldC = 1, oldS = 0;
    for (let k = 0; k < end - start; k++) {
      const i = downwards ? start + k : end - k, next = downwards ? i + 1 : i - 1;
      const at = Math.min(i, next);
      const first = rotationOf(d[i] * c, e[at]);
      c = first.c;
      if (k > 0) e[downwards ? at - 1 : at + 1] = oldS * first.r;
      const second = rotationOf(oldC * first.r, d[next] * first.s);
      d[i] = second.r;
      oldC = second.c;
      oldS = second.s;
      out.push(pair(at, first, second, downwards));
    }
    const last = downwards ? end : start;
    const h = d[last] * c;
    d[last] = h * oldC;
    e[downwards ? end - 1 : start] = h * oldS;
    return out;
  }

  #shifted(start: number, end: number, shift: number, downwards: boolean): Pair[] {
    const d = this.#d, e = this.#e;
    const out: Pair[] = [];
    const from = downwards ? start : end;
    let f = (Math.abs(d[from]) - shift) * (withSign(1, d[from]) + shift / d[from]);
    let g = e[downwards ? start : end - 1];
    for (let k = 0; k < end - start; k++) {
      const i = downwards ? start + k : end - k, next = downwards ? i + 1 : i - 1;
      const at = Math.min(i, next);
      const first = rotationOf(f, g);
      if (k > 0) e[downwards ? at - 1 : at + 1] = first.r;
      f = first.c * d[i] + first.s * e[at];
      e[at] = first.c * e[at] - first.s * d[i];
      g = first.s * d[next];
      d[next] = first.c * d[next];
      const second = rotationOf(f, g);
      d[i] = second.r;
      f = second.c * e[at] + second.s * d[next];
      d[next] = second.c * d[next] - second.s * e[at];
      if (k < end - start - 1) {
        const beyond = downwards ? at + 1 : at - 1;
        g = second.s * e[beyond];
        e[beyond] = second.c * e[beyond];
      }
      out.push(pair(at, first, second, downwards));
    }
    e[downwards ? end - 1 : start] = f;
    return out;
  }

  /** Makes the singular values positive and sorts them. */
  #finish(): void {
    const d = this.#d, vt = this.#vt, n = this.#n;
    for (let i = 0; i < n; i++) {
      if (d[i] > 0 || Object.is(d[i], 0)) continue;
      d[i] = -d[i];
      for (let k = 0; k < n; k++) vt[i * n + k] = -vt[i * n + k];
    }
    for (let last = n - 1; last > 0; last--) {
      let least = 0;
      for (let j = 1; j <= last; j++) if (d[j] <= d[least]) least = j;
      if (least === last) continue;
      [d[least], d[last]] = [d[last], d[least]];
      for (let k = 0; k < n; k++) [vt[least * n + k], vt[last * n + k]] = [vt[last * n + k], vt[least * n + k]];
      swapColumns(this.#u, n, n, least, last);
    }
  }
}

/** The two rotations of one step: of rows or columns `at` and `at + 1`. */
interface Pair {
  at: number;
  first: Rotation;
  second: Rotation;
}

const pair = (at: number, first: Rotation, second: Rotation, downwards: boolean): Pair =>
  downwards ? { at, first, second } : { at, first: { c: first.c, s: -first.s }, second: { c: second.c, s: -second.s } };

/** q x, where q is the product of reflections of m dimensions and x[rows, columns] is extended below by zeros, or by ones on the diagonal where there are more columns. */
function applyReflections(reflections: readonly Reflection[], m: number, x: Matrix, rows: number, columns: number, wanted: number): Matrix {
  const out = new Float64Array(m * wanted);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[i * wanted + j] = x[i * columns + j];
  for (let j = columns; j < wanted; j++) out[j * wanted + j] = 1;
  for (let k = reflections.length - 1; k >= 0; k--) reflectRows(out, wanted, reflections[k], 0);
  return out;
}

/** The decomposition of a bidiagonal matrix, which is lower where `lower` is set: the singular values and the square u and vt. */
function bidiagonalSvd(d: Matrix, e: Matrix, lower: boolean, arithmetic: Arithmetic): Svd {
  const n = d.length;
  const u = identity(d, n), vt = identity(d, n);
  const rotations: Rotation[] = [];
  if (lower) {
    for (let i = 0; i < n - 1; i++) {
      const { c, s, r } = rotationOf(d[i], e[i]);
      d[i] = r;
      e[i] = s * d[i + 1];
      d[i + 1] *= c;
      rotations.push({ c, s: -s });
    }
  }
  if (n === 1) {
    u[0] = withSign(1, d[0]);
    d[0] = Math.abs(d[0]);
  }
  const converged = new Iteration(d, e, u, vt, arithmetic).run();
  for (let i = rotations.length - 1; i >= 0; i--) rotateRows(u, n, i, rotations[i]);
  return { u, values: d, vt, converged };
}

/**
 * The singular value decomposition of a[m, n], which is overwritten: u has min(m, n) columns and vt as many rows, or, where `full`
 * is set, all m and n.
 */
export function svd(a: Matrix, m: number, n: number, full: boolean, arithmetic: Arithmetic): Svd {
  const k = Math.min(m, n);
  const columns = full ? m : k, rows = full ? n : k;
  // a tall matrix is made triangular first, and a wide one by way of its transpose
  const slim = Math.floor(k * 11 / 6);
  if (m >= n && m >= slim && m > n) {
    const reflections = qrFactor(a, m, n);
    const { u, values, vt, converged } = direct(a.slice(0, n * n), n, n, n, n, arithmetic);
    return { u: applyReflections(reflections, m, u, n, n, columns), values, vt, converged };
  }
  if (m < n && n >= slim) {
    const t = transposed(a, m, n);
    const reflections = qrFactor(t, n, m);
    const { u, values, vt, converged } = direct(transposed(t.slice(0, m * m), m, m), m, m, m, m, arithmetic);
    const v = applyReflections(reflections, n, transposed(vt, m, m), m, m, rows);
    return { u, values, vt: transposed(v, n, rows), converged };
  }
  return direct(a, m, n, columns, rows, arithmetic);
}

function direct(a: Matrix, m: number, n: number, columns: number, rows: number, arithmetic: Arithmetic): Svd {
  const k = Math.min(m, n);
  const { diagonal, offDiagonal, left, right } = bidiagonalize(a, m, n);
  const { u, values, vt, converged } = bidiagonalSvd(diagonal, offDiagonal, m < n, arithmetic);
  const v = applyReflections(right, n, transposed(vt, k, k), k, k, rows);
  return { u: applyReflections(left, m, u, k, k, columns), values, vt: transposed(v, n, rows), converged };
}
