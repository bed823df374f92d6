/**
 * Loops that read and write elements whose places come from integer tensors.
 */
import type { TypedArray } from "../dtype.ts";
import { elementCount, type Sizes } from "../layout.ts";

/** How an element that is written meets the one that is there. `or` is the sum of truth values. */
export type Combine = "assign" | "add" | "or" | "mul" | "amax" | "amin";

/**
 * `n` indices as 32-bit integers, those below zero counted from the end. Indices outside of `[low, size)` end in `error`.
 * The halves of 64-bit integers are read as they lie in memory, so that no bigint is made.
 */
export function readIndices(data: TypedArray, offset: number, n: number, low: number, size: number, error: (index: number) => Error): Int32Array {
  const out = new Int32Array(n);
  if (data instanceof BigInt64Array) {
    const halves = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
    for (let i = 0, k = 2 * offset; i < n; i++, k += 2) {
      const value = halves[k];
      if (value < low || value >= size || halves[k + 1] !== value >> 31) throw error(Number(data[offset + i]));
      out[i] = value < 0 ? value + size : value;
    }
    return out;
  }
  for (let i = 0; i < n; i++) {
    const value = data[offset + i] as number;
    if (value < low || value >= size) throw error(value);
    out[i] = value < 0 ? value + size : value;
  }
  return out;
}

/** The distance in memory of every element from the first, in row-major order. */
export function places(sizes: Sizes, strides: Sizes): Int32Array {
  const out = new Int32Array(elementCount(sizes));
  let filled = 1;
  if (out.length === 0) return out;
  for (let d = sizes.length - 1; d >= 0; d--) {
    for (let i = 1, k = filled; i < sizes[d]; i++) {
      const step = i * strides[d];
      for (let j = 0; j < filled; j++) out[k++] = out[j] + step;
    }
    filled *= sizes[d];
  }
  return out;
}

const isRange = (list: Int32Array): boolean => {
  for (let i = 0; i < list.length; i++) if (list[i] !== i) return false;
  return true;
};

/** Copies `data[offset + before[a] + picked[m] + after[b]]`, for every a, m and b in turn, into `out` from its start. */
export function pick(out: TypedArray, data: TypedArray, offset: number, before: Int32Array, picked: Int32Array, after: Int32Array): void {
  const rows = picked.length, width = after.length;
  const to = out as Float32Array, from = data as Float32Array;
  let k = 0;
  if (width === 1) {
    for (let a = 0; a < before.length; a++) {
      const at = offset + before[a] + after[0];
      for (let m = 0; m < rows; m++) to[k++] = from[at + picked[m]];
    }
    return;
  }
  if (isRange(after)) {
    for (let a = 0; a < before.length; a++) {
      for (let m = 0; m < rows; m++, k += width) {
        const at = offset + before[a] + picked[m];
        if (width >= 32) to.set(from.subarray(at, at + width), k);
        else for (let b = 0; b < width; b++) to[k + b] = from[at + b];
      }
    }
    return;
  }
  for (let a = 0; a < before.length; a++) {
    for (let m = 0; m < rows; m++) {
      const at = offset + before[a] + picked[m];
      for (let b = 0; b < width; b++) to[k++] = from[at + after[b]];
    }
  }
}

/** The reverse of `pick`: writes `values`, from `start` on, to those places of `data`, in the order a, m, b. */
export function place(
  data: TypedArray,
  offset: number,
  before: Int32Array,
  picked: Int32Array,
  after: Int32Array,
  values: TypedArray,
  start: number,
  combine: Combine,
): void {
  const rows = picked.length, width = after.length;
  // bigints take the same operators, so one loop serves all kinds of elements
  const to = data as Float32Array, from = values as Float32Array;
  const dense = width >= 8 && isRange(after);
  let k = start;
  for (let a = 0; a < before.length; a++) {
    if (width === 1 && (combine === "assign" || combine === "add")) {
      const at = offset + before[a] + after[0];
      if (combine === "assign") { for (let m = 0; m < rows; m++) to[at + picked[m]] = from[k++]; }
      else for (let m = 0; m < rows; m++) to[at + picked[m]] += from[k++];
      continue;
    }
    for (let m = 0; m < rows; m++, k += width) {
      const at = offset + before[a] + picked[m];
      if (dense && combine === "assign") to.set(from.subarray(k, k + width), at);
      else if (dense && combine === "add") { for (let b = 0; b < width; b++) to[at + b] += from[k + b]; }
      else if (combine === "assign") { for (let b = 0; b < width; b++) to[at + after[b]] = from[k + b]; }
      else if (combine === "add") { for (let b = 0; b < width; b++) to[at + after[b]] += from[k + b]; }
      else for (let b = 0; b < width; b++) to[at + after[b]] = combined(to[at + after[b]], from[k + b], combine);
    }
  }
}

/** Two elements made one. A NaN wins over every number. */
function combined(there: number, value: number, combine: Combine): number {
  switch (combine) {
    case "add":
      return there + value;
    case "mul":
      return there * value;
    case "or":
      return there | value;
    case "amax":
      return there > value || there !== there ? there : value;
    case "amin":
      return there < value || there !== there ? there : value;
    default:
      return value;
  }
}

/** A tensor's memory as the loops along one dimension see it: its other strides, and its stride along the dimension. */
export interface Along {
  /** The elements. */
  data: TypedArray;
  /** The first element. */
  offset: number;
  /** Strides, 0 along the dimension. */
  strides: Sizes;
  /** The stride along the dimension. */
  step: number;
}

/** Calls `row` for every row of the last dimension, with the number of its first element and where it starts in two memories. */
function eachRow(sizes: Sizes, first: number, firstStrides: Sizes, second: number, secondStrides: Sizes, row: (k: number, a: number, b: number) => void): void {
  const rank = sizes.length;
  const inner = rank === 0 ? 1 : sizes[rank - 1];
  const n = elementCount(sizes);
  const counter = new Array<number>(rank).fill(0);
  for (let k = 0, a = first, b = second; k < n; k += inner) {
    row(k, a, b);
    for (let d = rank - 2; d >= 0; d--) {
      a += firstStrides[d];
      b += secondStrides[d];
      if (++counter[d] < sizes[d]) break;
      a -= sizes[d] * firstStrides[d];
      b -= sizes[d] * secondStrides[d];
      counter[d] = 0;
    }
  }
}

/** For each element of `index`, whose shape is `sizes`: the element of `source` at that index along the dimension. */
export function gatherAlong(out: TypedArray, sizes: Sizes, index: Int32Array, source: Along): void {
  const rank = sizes.length;
  const inner = rank === 0 ? 1 : sizes[rank - 1], move = rank === 0 ? 0 : source.strides[rank - 1];
  const { step } = source;
  const to = out as Float32Array, from = source.data as Float32Array;
  eachRow(sizes, source.offset, source.strides, 0, source.strides, (k, at) => {
    for (let i = k; i < k + inner; i++, at += move) to[i] = from[at + index[i] * step];
  });
}

/** For each element of `index`, whose shape is `sizes`: brings the element of `values` at the same place into `target` at that index. */
export function scatterAlong(
  target: Along,
  sizes: Sizes,
  index: Int32Array,
  values: { data: TypedArray; offset: number; strides: Sizes },
  combine: Combine,
): void {
  const rank = sizes.length;
  const inner = rank === 0 ? 1 : sizes[rank - 1];
  const move = rank === 0 ? 0 : target.strides[rank - 1], moveValue = rank === 0 ? 0 : values.strides[rank - 1];
  const { step } = target;
  const to = target.data as Float32Array, from = values.data as Float32Array;
  eachRow(sizes, target.offset, target.strides, values.offset, values.strides, (k, at, v) => {
    if (combine === "assign") { for (let i = k; i < k + inner; i++, at += move, v += moveValue) to[at + index[i] * step] = from[v]; }
    else if (combine === "add") { for (let i = k; i < k + inner; i++, at += move, v += moveValue) to[at + index[i] * step] += from[v]; }
    else {
      for (let i = k; i < k + inner; i++, at += move, v += moveValue) {
        const p = at + index[i] * step;
        to[p] = combined(to[p], from[v], combine);
      }
    }
  });
}
