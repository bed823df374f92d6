/** Copies between typed arrays. */

import type { TypedArray } from "../../dtype.ts";

/** The arrays that can be copied to the kernels' memory. */
export type FloatArray = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A matrix: element (i, j) is data[offset + i * rowStride + j * columnStride]. */
export interface Matrix {
  /** The elements. */
  data: FloatArray;
  /** The first element. */
  offset: number;
  /** The distance of two rows. */
  rowStride: number;
  /** The distance of two columns. */
  columnStride: number;
}

/** Runs shorter than this are copied faster by a loop than by `set`, which needs a subarray. */
const SHORT_RUN = 64;

/** Copies n adjacent elements. */
export function copyRun<T extends TypedArray>(source: T, from: number, target: T, to: number, n: number): void {
  if (n < SHORT_RUN) { for (let i = 0; i < n; i++) target[to + i] = source[from + i]; }
  else copyLong(source, from, target, to, n);
}

function copyLong(source: TypedArray, from: number, target: TypedArray, to: number, n: number): void {
  const run = n === source.length ? source : source.subarray(from, from + n);
  if (target instanceof BigInt64Array) target.set(run as BigInt64Array, to);
  else target.set(run as Exclude<TypedArray, BigInt64Array>, to);
}

/** Copies lines of adjacent elements; the strides are the distances of two lines. */
export function copyLines(
  source: FloatArray,
  from: number,
  fromStride: number,
  target: FloatArray,
  to: number,
  toStride: number,
  lines: number,
  n: number,
): void {
  if (fromStride === n && toStride === n) copyRun(source, from, target, to, lines * n);
  else for (let i = 0; i < lines; i++) copyRun(source, from + i * fromStride, target, to + i * toStride, n);
}

/**
 * Copies rows [row, row + rows) and columns [column, column + columns) of a matrix without gaps: column by column where its columns are
 * contiguous and its rows are not, which makes the result false, row by row elsewhere.
 */
export function copyBlock(source: Matrix, row: number, rows: number, column: number, columns: number, target: FloatArray, to: number): boolean {
  const { data, offset, rowStride, columnStride } = source;
  return copyMatrix(data, offset + row * rowStride + column * columnStride, rowStride, columnStride, rows, columns, target, to);
}

/** The same for a whole matrix whose first element is data[from]. */
export function copyMatrix(
  data: FloatArray,
  from: number,
  rowStride: number,
  columnStride: number,
  rows: number,
  columns: number,
  target: FloatArray,
  to: number,
): boolean {
  if (columnStride === 1) copyLines(data, from, rowStride, target, to, columns, rows, columns);
  else if (rowStride === 1) copyLines(data, from, columnStride, target, to, rows, columns, rows);
  else if (rowStride === 0 && columnStride === 0) target.fill(data[from], to, to + rows * columns);
  else {
    for (let i = 0; i < rows; i++) {
      for (let j = 0, x = from + i * rowStride, y = to + i * columns; j < columns; j++, x += columnStride, y++) target[y] = data[x];
    }
  }
  return columnStride === 1 || rowStride !== 1;
}
