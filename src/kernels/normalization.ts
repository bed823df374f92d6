/**
 * Normalization of rows to mean 0 and variance 1. Sums are in double precision. Each type of array has loops of its own, and sums have four parts
 * that do not wait for each other.
 */
import type { TypedArray } from "../dtype.ts";
import { loopsByType } from "./by_type.ts";

type Floats = Float64Array;

/** To the precision of the data where PyTorch rounds in between, which shows where a variance is small beside eps or a mean large. */
export const rounding = (data: TypedArray): (x: number) => number => data instanceof Float32Array ? Math.fround : (x) => x;

const loopsFor = loopsByType(() => ({
  /** The sum of n elements. */
  sum(x: Floats, from: number, n: number): number {
    const whole = from + n - n % 4;
    let a = 0, b = 0, c = 0, d = 0;
    for (let i = from; i < whole; i += 4) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
    }
    for (let k = whole; k < from + n; k++) a += x[k];
    return (a + b) + (c + d);
  },

  /** The sum of (x - mean)^2. */
  squares(x: Floats, from: number, n: number, mean: number): number {
    const whole = from + n - n % 4;
    let a = 0, b = 0, c = 0, d = 0;
    for (let i = from; i < whole; i += 4) {
      const p = x[i] - mean, q = x[i + 1] - mean, r = x[i + 2] - mean, s = x[i + 3] - mean;
      a += p * p;
      b += q * q;
      c += r * r;
      d += s * s;
    }
    for (let k = whole; k < from + n; k++) a += (x[k] - mean) * (x[k] - mean);
    return (a + b) + (c + d);
  },

  /** (x - mean) * factor + shift. */
  scale(x: Floats, from: number, n: number, mean: number, factor: number, shift: number, out: Floats, to: number): void {
    for (let i = 0; i < n; i++) out[to + i] = (x[from + i] - mean) * factor + shift;
  },

  /** The same with a factor and a summand for each element. */
  scaleEach(x: Floats, from: number, n: number, mean: number, rstd: number, factors: Floats, shifts: Floats, out: Floats, to: number): void {
    for (let i = 0; i < n; i++) out[to + i] = (x[from + i] - mean) * (rstd * factors[i]) + shifts[i];
  },

  /** Adds to totals the sum of g * factor and that of g * factor * (x - mean). */
  products(g: Floats, at: number, x: Floats, from: number, n: number, mean: number, factor: number, totals: Floats): void {
    const whole = n - n % 2;
    let a = 0, b = 0, p = 0, q = 0;
    for (let i = 0; i < whole; i += 2) {
      const left = g[at + i], right = g[at + i + 1];
      a += left;
      b += right;
      p += left * (x[from + i] - mean);
      q += right * (x[from + i + 1] - mean);
    }
    if (whole < n) {
      a += g[at + whole];
      p += g[at + whole] * (x[from + whole] - mean);
    }
    totals[0] += (a + b) * factor;
    totals[1] += (p + q) * factor;
  },

  /** The same with a factor for each element. */
  productsEach(g: Floats, at: number, x: Floats, from: number, n: number, mean: number, factors: Floats, totals: Floats): void {
    const whole = n - n % 2;
    let a = 0, b = 0, p = 0, q = 0;
    for (let i = 0; i < whole; i += 2) {
      const left = g[at + i] * factors[i], right = g[at + i + 1] * factors[i + 1];
      a += left;
      b += right;
      p += left * (x[from + i] - mean);
      q += right * (x[from + i + 1] - mean);
    }
    if (whole < n) {
      const last = g[at + whole] * factors[whole];
      a += last;
      p += last * (x[from + whole] - mean);
    }
    totals[0] += a + b;
    totals[1] += p + q;
  },

  /** rstd * (g * factor - average - (x - mean) * slope). */
  project(
    g: Floats,
    at: number,
    x: Floats,
    from: number,
    n: number,
    mean: number,
    rstd: number,
    factor: number,
    average: number,
    slope: number,
    out: Floats,
    to: number,
  ): void {
    for (let i = 0; i < n; i++) out[to + i] = rstd * (g[at + i] * factor - average - (x[from + i] - mean) * slope);
  },

  /** The same with a factor for each element. */
  projectEach(
    g: Floats,
    at: number,
    x: Floats,
    from: number,
    n: number,
    mean: number,
    rstd: number,
    factors: Floats,
    average: number,
    slope: number,
    out: Floats,
    to: number,
  ): void {
    for (let i = 0; i < n; i++) out[to + i] = rstd * (g[at + i] * factors[i] - average - (x[from + i] - mean) * slope);
  },

  /** The sum of g * (x * rstd - shift). */
  normalizedSum(g: Floats, at: number, x: Floats, from: number, n: number, rstd: number, shift: number): number {
    const whole = n - n % 2;
    let a = 0, b = 0;
    for (let i = 0; i < whole; i += 2) {
      a += g[at + i] * (x[from + i] * rstd - shift);
      b += g[at + i + 1] * (x[from + i + 1] * rstd - shift);
    }
    if (whole < n) a += g[at + whole] * (x[from + whole] * rstd - shift);
    return a + b;
  },

  /** Adds g * (x * rstd - shift) to the sums, one for each element. */
  addNormalized(g: Floats, at: number, x: Floats, from: number, n: number, rstd: number, shift: number, sums: Floats): void {
    for (let i = 0; i < n; i++) sums[i] += g[at + i] * (x[from + i] * rstd - shift);
  },
}));

/** Writes the mean and the reciprocal standard deviation, 1 / sqrt(variance + eps), of each of `rows` rows of `n` elements. */
export function rowMoments(data: TypedArray, offset: number, rows: number, n: number, eps: number, means: TypedArray, rstds: TypedArray): void {
  const { sum, squares } = loopsFor(data);
  const x = data as Floats;
  const round = rounding(data);
  const least = round(eps);
  for (let r = 0, at = offset; r < rows; r++, at += n) {
    const mean = sum(x, at, n) / n;
    means[r] = mean;
    rstds[r] = 1 / Math.sqrt(round(squares(x, at, n, mean) / n + least));
  }
}

/** A factor and a summand for each of `groups` * `perGroup` channels, which come one after the other in rows of `perGroup` * `places` elements. */
export interface Affine {
  /** The factors. */
  weight: TypedArray | null;
  /** The first of them. */
  weightOffset: number;
  /** The summands. */
  bias: TypedArray | null;
  /** The first of them. */
  biasOffset: number;
}

/** The layout of rows: row r is of group r modulo `groups` and has `perGroup` channels of `places` elements. */
export interface Rows {
  /** How many rows there are. */
  rows: number;
  /** How many groups of channels. */
  groups: number;
  /** Channels of a group. */
  perGroup: number;
  /** Elements of a channel in a row. */
  places: number;
}

/** The values of all channels as doubles; `otherwise` where there are none. */
function values(data: TypedArray | null, offset: number, { groups, perGroup }: Rows, otherwise: number): Floats {
  const n = groups * perGroup;
  return data === null ? new Float64Array(n).fill(otherwise) : new Float64Array((data as Floats).subarray(offset, offset + n));
}

/** (x - mean) * rstd * weight + bias. */
export function normalizeRows(data: TypedArray, offset: number, shape: Rows, means: TypedArray, rstds: TypedArray, affine: Affine, out: TypedArray): void {
  const { scale, scaleEach } = loopsFor(data);
  const x = data as Floats, y = out as Floats;
  const { rows, groups, perGroup, places } = shape;
  const factors = values(affine.weight, affine.weightOffset, shape, 1), shifts = values(affine.bias, affine.biasOffset, shape, 0);
  const each = places === 1 && groups === 1;
  for (let r = 0, k = 0; r < rows; r++) {
    const mean = means[r] as number, rstd = rstds[r] as number;
    if (each) {
      scaleEach(x, offset + k, perGroup, mean, rstd, factors, shifts, y, k);
      k += perGroup;
      continue;
    }
    const first = (r % groups) * perGroup;
    for (let c = first; c < first + perGroup; c++, k += places) scale(x, offset + k, places, mean, rstd * factors[c], shifts[c], y, k);
  }
}

/** The gradient of x: rstd * (a - mean(a) - h * mean(a h)) in each row, for a = grad * weight and the normalized x h. */
export function rowsBackwardInput(
  grads: TypedArray,
  gradOffset: number,
  data: TypedArray,
  offset: number,
  shape: Rows,
  means: TypedArray,
  rstds: TypedArray,
  weight: TypedArray | null,
  weightOffset: number,
  out: TypedArray,
): void {
  const { products, productsEach, project, projectEach } = loopsFor(data);
  const g = grads as Floats, x = data as Floats, y = out as Floats;
  const { rows, groups, perGroup, places } = shape;
  const factors = values(weight, weightOffset, shape, 1);
  const n = perGroup * places;
  const each = places === 1 && groups === 1;
  const totals = new Float64Array(2);
  for (let r = 0, k = 0; r < rows; r++, k += n) {
    const mean = means[r] as number, rstd = rstds[r] as number;
    const first = (r % groups) * perGroup;
    totals.fill(0);
    if (each) productsEach(g, gradOffset + k, x, offset + k, n, mean, factors, totals);
    else {
      for (let c = 0, at = k; c < perGroup; c++, at += places) {
        products(g, gradOffset + at, x, offset + at, places, mean, factors[first + c], totals);
      }
    }
    const average = totals[0] / n, slope = totals[1] * rstd * rstd / n;
    if (each) projectEach(g, gradOffset + k, x, offset + k, n, mean, rstd, factors, average, slope, y, k);
    else {
      for (let c = 0, at = k; c < perGroup; c++, at += places) {
        project(g, gradOffset + at, x, offset + at, places, mean, rstd, factors[first + c], average, slope, y, at);
      }
    }
  }
}

/** The gradient of the weight: the sums of grad times the normalized x. */
export function rowsBackwardWeight(
  grads: TypedArray,
  gradOffset: number,
  data: TypedArray,
  offset: number,
  shape: Rows,
  means: TypedArray,
  rstds: TypedArray,
  out: TypedArray,
): void {
  const { addNormalized, normalizedSum } = loopsFor(data);
  const g = grads as Floats, x = data as Floats;
  const { rows, groups, perGroup, places } = shape;
  const sums = new Float64Array(groups * perGroup);
  const round = rounding(data);
  const each = places === 1 && groups === 1;
  for (let r = 0, k = 0; r < rows; r++) {
    const mean = means[r] as number, rstd = rstds[r] as number;
    const shift = round(mean * rstd);
    if (each) {
      addNormalized(g, gradOffset + k, x, offset + k, perGroup, rstd, shift, sums);
      k += perGroup;
      continue;
    }
    const first = (r % groups) * perGroup;
    for (let c = first; c < first + perGroup; c++, k += places) sums[c] += normalizedSum(g, gradOffset + k, x, offset + k, places, rstd, shift);
  }
  out.set(sums as never);
}
