/**
 * Rows of a table, read and added to by number, and sums, means and maxima of bags of them. Tables are dense.
 */
import type { TypedArray } from "../dtype.ts";

type Floats = Float64Array;

/** How often each of `n` numbers occurs. */
export function frequencies(indices: Int32Array, n: number): Int32Array {
  const counts = new Int32Array(n);
  for (const i of indices) counts[i]++;
  return counts;
}

/** Adds each row of `grads` to the row of `out` that the index names, but for one index; divided by how often the index occurs where `counts` are given. */
export function addRows(
  grads: TypedArray,
  offset: number,
  width: number,
  indices: Int32Array,
  skipped: number,
  counts: Int32Array | null,
  out: TypedArray,
): void {
  const from = grads as Floats, to = out as Floats;
  for (let k = 0, at = offset; k < indices.length; k++, at += width) {
    const row = indices[k];
    if (row === skipped) continue;
    const scale = counts === null ? 1 : 1 / counts[row];
    for (let d = 0; d < width; d++) to[row * width + d] += from[at + d] * scale;
  }
}

/** Scales every row that is named and whose norm exceeds `most` down to it. */
export function limitRows(data: TypedArray, offset: number, width: number, indices: Int32Array, most: number, p: number): void {
  const table = data as Floats;
  for (const row of new Set(indices)) {
    const start = offset + row * width;
    let norm = 0;
    for (let d = 0; d < width; d++) {
      const size = Math.abs(table[start + d]);
      norm = p === Infinity ? Math.max(norm, size) : norm + (p === 2 ? size * size : size ** p);
    }
    if (p !== Infinity) norm = p === 2 ? Math.sqrt(norm) : norm ** (1 / p);
    if (norm <= most) continue;
    // as PyTorch does, a little below
    const scale = most / (norm + 1e-7);
    for (let d = 0; d < width; d++) table[start + d] *= scale;
  }
}

/** Bags of rows. */
export interface Bags {
  /** The rows of all bags, one after the other. */
  indices: Int32Array;
  /** For each of them its bag. */
  bagOf: Int32Array;
  /** How many rows count in each bag. */
  sizes: Int32Array;
  /** A row that does not count; -1 for none. */
  skipped: number;
}

/** The sums of bags, each row weighed by `weights` where they are given; divided by the bags' sizes for means. */
export function sumBags(
  data: TypedArray,
  offset: number,
  width: number,
  { indices, bagOf, sizes, skipped }: Bags,
  weights: TypedArray | null,
  weightOffset: number,
  mean: boolean,
  out: TypedArray,
): void {
  const table = data as Floats;
  const sums = new Float64Array(sizes.length * width);
  for (let k = 0; k < indices.length; k++) {
    const row = indices[k];
    if (row === skipped) continue;
    const weight = weights === null ? 1 : weights[weightOffset + k] as number;
    const from = offset + row * width, to = bagOf[k] * width;
    for (let d = 0; d < width; d++) sums[to + d] += table[from + d] * weight;
  }
  for (let b = 0, at = 0; b < sizes.length; b++) {
    const divisor = mean && sizes[b] > 0 ? sizes[b] : 1;
    for (let d = 0; d < width; d++, at++) out[at] = sums[at] / divisor;
  }
}

/** The maxima of bags, column by column, and the rows that they stand in. */
export function maxBags(data: TypedArray, offset: number, width: number, { indices, bagOf, sizes, skipped }: Bags, out: TypedArray, rows: Int32Array): void {
  const table = data as Floats;
  const begun = new Uint8Array(sizes.length);
  for (let k = 0; k < indices.length; k++) {
    const row = indices[k], bag = bagOf[k];
    if (row === skipped) continue;
    for (let d = 0; d < width; d++) {
      const value = table[offset + row * width + d];
      if (begun[bag] && !(value > (out[bag * width + d] as number))) continue;
      out[bag * width + d] = value;
      rows[bag * width + d] = row;
    }
    begun[bag] = 1;
  }
}

/** Adds to each row of `out` its part of the gradients of the sums or means of the bags that it is in. */
export function sumBagsBackward(
  grads: TypedArray,
  offset: number,
  width: number,
  { indices, bagOf, sizes, skipped }: Bags,
  weights: TypedArray | null,
  weightOffset: number,
  mean: boolean,
  counts: Int32Array | null,
  out: TypedArray,
): void {
  const g = grads as Floats, to = out as Floats;
  for (let k = 0; k < indices.length; k++) {
    const row = indices[k], bag = bagOf[k];
    if (row === skipped) continue;
    let scale = weights === null ? 1 : weights[weightOffset + k] as number;
    if (mean) scale /= sizes[bag];
    if (counts !== null) scale /= counts[row];
    for (let d = 0; d < width; d++) to[row * width + d] += g[offset + bag * width + d] * scale;
  }
}

/** The same for maxima. */
export function maxBagsBackward(grads: TypedArray, offset: number, width: number, sizes: Int32Array, rows: Int32Array, out: TypedArray): void {
  const g = grads as Floats, to = out as Floats;
  for (let b = 0; b < sizes.length; b++) {
    if (sizes[b] === 0) continue;
    for (let d = 0; d < width; d++) to[rows[b * width + d] * width + d] += g[offset + b * width + d];
  }
}

/** The gradient of each row's weight: its product with the gradient of its bag. */
export function weightBagsBackward(
  grads: TypedArray,
  gradOffset: number,
  data: TypedArray,
  offset: number,
  width: number,
  { indices, bagOf, skipped }: Bags,
  out: TypedArray,
): void {
  const g = grads as Floats, table = data as Floats;
  for (let k = 0; k < indices.length; k++) {
    if (indices[k] === skipped) continue;
    let sum = 0;
    for (let d = 0; d < width; d++) sum += g[gradOffset + bagOf[k] * width + d] * table[offset + indices[k] * width + d];
    out[k] = sum;
  }
}
