/** Matrix products: packed and blocked in WebAssembly where that pays, in plain JavaScript elsewhere. */

import type { TypedArray } from "../../dtype.ts";
import { type Engine, engine } from "./engine.ts";
import { DATA_ADDRESS, TILE_ROWS } from "./layout.ts";
import { plainProduct } from "./plain.ts";

type FloatArray = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Multiplications below which copying the factors to the scratch memory costs more than it saves. */
const SMALL = 300;
/** The same for one row, which uses a sixth of a tile. */
const SMALL_ROW = 4000;
/** Most columns of B, and most elements of B, that are packed at once; the packed block is the largest part of the scratch memory. */
const BLOCK_COLUMNS = 512;
const BLOCK_ELEMENTS = 1 << 19;
/** Elements of A or of B that are copied to the scratch memory at once, and elements of C that are held there. */
const STAGE_ELEMENTS = 1 << 18;
/** Rows of B that can be packed one after the other and lie as if packed at once. */
const PIECE = 16;

/**
 * C = alpha * A * B + beta * C for A[m, k], B[k, n], C[m, n]. A matrix is an array, the offset of its first element and the distances of two
 * rows and of two columns in elements, so a transposed matrix is one with its strides exchanged; columns of C are adjacent. Where `beta` is 0
 * what C held does not matter, even NaN. The arrays are of one type; integers wrap around as in PyTorch. In float32, inner products are summed
 * in float32 with fused multiply-add (in float64 where the matrices are small).
 */
export function gemm<T extends TypedArray>(
  m: number,
  n: number,
  k: number,
  a: T,
  aOffset: number,
  aRowStride: number,
  aColumnStride: number,
  b: T,
  bOffset: number,
  bRowStride: number,
  bColumnStride: number,
  c: T,
  cOffset: number,
  cRowStride: number,
  alpha: number = 1,
  beta: number = 0,
): void {
  if (n === 1 && m > 1 && cRowStride === 1) {
    // a column as a row, for rows are what is fast
    return gemm(1, m, k, b, bOffset, bColumnStride, bRowStride, a, aOffset, aColumnStride, aRowStride, c, cOffset, m, alpha, beta);
  }
  if (m * n * k >= (m === 1 ? SMALL_ROW : SMALL)) {
    const scratch = engine();
    if (scratch !== null && isFloat(a) && isFloat(b) && isFloat(c)) {
      const left = { data: a, offset: aOffset, rowStride: aRowStride, columnStride: aColumnStride };
      const right = { data: b, offset: bOffset, rowStride: bRowStride, columnStride: bColumnStride };
      return blocked(scratch, m, n, k, left, right, c, cOffset, cRowStride, alpha, beta);
    }
  }
  plainProduct(c)(m, n, k, a, aOffset, aRowStride, aColumnStride, b, bOffset, bRowStride, bColumnStride, c, cOffset, cRowStride, alpha, beta);
}

function isFloat(x: TypedArray): x is FloatArray {
  return x instanceof Float32Array || x instanceof Float64Array;
}

/** A matrix on the JavaScript heap. */
interface Matrix {
  data: FloatArray;
  offset: number;
  rowStride: number;
  columnStride: number;
}

const up = (x: number, step: number) => Math.ceil(x / step) * step;

/** The product by blocks of columns of B, blocks of rows of B and blocks of rows of A, each packed or copied to the scratch memory in turn. */
function blocked(scratch: Engine, m: number, n: number, k: number, a: Matrix, b: Matrix, c: FloatArray, cOffset: number, cRowStride: number, alpha: number, beta: number): void {
  const single = c instanceof Float32Array;
  const size = c.BYTES_PER_ELEMENT;
  const { [single ? "packB_f32" : "packB_f64"]: packB, [single ? "gemm_f32" : "gemm_f64"]: product, [single ? "compact_f32" : "compact_f64"]: compact } = scratch.kernels;
  const width = 32 / size;

  const columns = Math.min(n, BLOCK_COLUMNS);
  const padded = up(columns, width);
  const depth = Math.min(k, Math.max(PIECE, Math.floor(BLOCK_ELEMENTS / padded / PIECE) * PIECE), 4096);
  const slab = Math.min(depth, Math.max(PIECE, Math.floor(STAGE_ELEMENTS / columns / PIECE) * PIECE));
  const rows = Math.min(m, Math.max(TILE_ROWS, Math.floor(STAGE_ELEMENTS / Math.max(depth, padded) / TILE_ROWS) * TILE_ROWS));

  const packed = DATA_ADDRESS;
  const target = packed + up(depth, 4) * padded * size;
  const stage = target + up(rows, TILE_ROWS) * padded * size;
  scratch.reserve(stage + Math.max(rows * depth, slab * columns) * size - DATA_ADDRESS);
  const view = single ? scratch.float32 : scratch.float64;

  for (let j = 0; j < n; j += columns) {
    const width1 = Math.min(columns, n - j);
    const stride = up(width1, width);
    for (let p = 0; p < k; p += depth) {
      const depth1 = Math.min(depth, k - p);
      for (let q = 0; q < depth1; q += slab) {
        const slab1 = Math.min(slab, depth1 - q);
        const adjacent = copyIn(b, p + q, j, slab1, width1, view, stage / size);
        packB(slab1, width1, stage, (adjacent ? width1 : 1) * size, (adjacent ? 1 : slab1) * size, packed + q * stride * size);
      }
      for (let i = 0; i < m; i += rows) {
        const rows1 = Math.min(rows, m - i);
        const adjacent = copyIn(a, i, p, rows1, depth1, view, stage / size);
        view.fill(0, target / size, target / size + up(rows1, TILE_ROWS) * stride);
        product(rows1, width1, depth1, stage, (adjacent ? depth1 : 1) * size, (adjacent ? 1 : rows1) * size, packed, target);
        if (stride !== width1) compact(target, rows1, width1 * size, stride * size);
        copyOut(view, target / size, rows1, width1, c, cOffset + i * cRowStride + j, cRowStride, alpha, p === 0 ? beta : 1);
      }
    }
  }
}

/** Runs of elements shorter than this are copied faster by a loop than by a typed array's `set`. */
const SHORT_RUN = 100;

/**
 * Copies rows [row, row + rows) and columns [column, column + columns) without gaps. The result says whether neighbours in a row are adjacent,
 * as they are except where neighbours in a column are in the source.
 */
function copyIn(source: Matrix, row: number, column: number, rows: number, columns: number, target: FloatArray, to: number): boolean {
  const { data, rowStride, columnStride } = source;
  const from = source.offset + row * rowStride + column * columnStride;
  if (columnStride === 1 || rowStride !== 1) {
    copyLines(data, from, rows, columns, rowStride, columnStride, target, to);
    return true;
  }
  copyLines(data, from, columns, rows, columnStride, rowStride, target, to);
  return false;
}

function copyLines(data: FloatArray, from: number, lines: number, length: number, lineStride: number, stride: number, target: FloatArray, to: number): void {
  if (stride === 1 && lineStride === length) {
    length *= lines;
    lines = 1;
  }
  for (let i = 0; i < lines; i++) {
    if (stride === 1 && length >= SHORT_RUN) target.set(data.subarray(from, from + length), to);
    else for (let j = 0, x = from; j < length; j++, x += stride) target[to + j] = data[x];
    from += lineStride;
    to += length;
  }
}

/** c = alpha * (rows of `source`, which has no gaps) + beta * c. */
function copyOut(source: FloatArray, from: number, rows: number, columns: number, c: FloatArray, to: number, stride: number, alpha: number, beta: number): void {
  if (alpha === 1 && beta === 0) return copyLinesOut(source, from, rows, columns, c, to, stride);
  for (let i = 0; i < rows; i++) {
    if (beta === 0) for (let j = 0; j < columns; j++) c[to + j] = alpha * source[from + j];
    else for (let j = 0; j < columns; j++) c[to + j] = alpha * source[from + j] + beta * c[to + j];
    from += columns;
    to += stride;
  }
}

function copyLinesOut(source: FloatArray, from: number, rows: number, columns: number, c: FloatArray, to: number, stride: number): void {
  if (stride === columns) {
    columns *= rows;
    rows = 1;
  }
  for (let i = 0; i < rows; i++) {
    if (columns >= SHORT_RUN) c.set(source.subarray(from, from + columns), to);
    else for (let j = 0; j < columns; j++) c[to + j] = source[from + j];
    from += columns;
    to += stride;
  }
}
