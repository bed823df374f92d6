/**
 * Padding with values of the array itself: every place of the result shows some place of the source, found along each of three
 * dimensions in a table.
 */
import type { TypedArray } from "../dtype.ts";
import type { Triple } from "./columns.ts";

/** For each place along a dimension of the result, the place of the source that it shows. */
export type Table = Int32Array;

/** The table of a dimension of size `n` with so much padding before and after it, mirrored at its first and last element. */
export function reflected(n: number, before: number, after: number): Table {
  return Int32Array.from({ length: n + before + after }, (_, j) => {
    const i = j - before;
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
  });
}

/** The same, its first and last element repeated. */
export function replicated(n: number, before: number, after: number): Table {
  return Int32Array.from({ length: n + before + after }, (_, j) => Math.min(Math.max(j - before, 0), n - 1));
}

/** Writes what the tables show of each of `planes` arrays of size `source`, one after the other. */
export function takeByTables(data: TypedArray, offset: number, planes: number, source: Triple, tables: readonly [Table, Table, Table], out: TypedArray): void {
  const from = data as Float32Array, to = out as Float32Array;
  const [depth, height, width] = source;
  const [zs, ys, xs] = tables;
  let k = 0;
  for (let p = 0, start = offset; p < planes; p++, start += depth * height * width) {
    for (let z = 0; z < zs.length; z++) {
      for (let y = 0; y < ys.length; y++) {
        const row = start + (zs[z] * height + ys[y]) * width;
        for (let x = 0; x < xs.length; x++) to[k++] = from[row + xs[x]];
      }
    }
  }
}

/** The reverse: adds every element to the place that it shows. */
export function addByTables(data: TypedArray, offset: number, planes: number, source: Triple, tables: readonly [Table, Table, Table], out: TypedArray): void {
  const from = data as Float32Array, to = out as Float32Array;
  const [depth, height, width] = source;
  const [zs, ys, xs] = tables;
  let k = offset;
  for (let p = 0, start = 0; p < planes; p++, start += depth * height * width) {
    for (let z = 0; z < zs.length; z++) {
      for (let y = 0; y < ys.length; y++) {
        const row = start + (zs[z] * height + ys[y]) * width;
        for (let x = 0; x < xs.length; x++) to[row + xs[x]] += from[k++];
      }
    }
  }
}
