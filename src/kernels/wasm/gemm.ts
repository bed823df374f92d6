/** Matrix products: packed and blocked in WebAssembly where that pays, in plain JavaScript elsewhere. */

import type { TypedArray } from "../../dtype.ts";
import { copyBlock, copyLines, type FloatArray, type Matrix } from "./copy.ts";
import { type Engine, engine } from "./engine.ts";
import { DATA_ADDRESS, DEPTH, TILE_ROWS } from "./layout.ts";
import { plainProduct } from "./plain.ts";

/** Multiplications below which copying the factors to the scratch memory costs more than it saves. */
const SMALL = 300;
/** The same for one row, which uses a sixth of a tile. */
const SMALL_ROW = 4000;

/** Columns of B, steps of the inner product, and elements of B that are packed at most at once; the packed block is most of the scratch memory. */
const BLOCK_COLUMNS = 512;
const BLOCK_DEPTH = 4096;
const BLOCK_ELEMENTS = 1 << 19;
/** Elements of A or B that are copied to the scratch memory at once before they are packed, and elements of C that are kept there. */
const STAGE_ELEMENTS = 1 << 18;

/**
 * C = alpha * A * B + beta * C for A[m, k], B[k, n], C[m, n]. A factor is given by its array, the offset of its first element and the distances
 * of two rows and of two columns, in elements: a transposed matrix is one with its strides exchanged, and a stride may be 0. Columns of C are
 * adjacent, and C overlaps neither factor. Where `beta` is 0 it does not matter what C held, even NaN. All arrays are of one type. Integers wrap
 * around; float32 is summed in float32, with fused multiply-add where the platform has it, or in float64 where the matrices are small.
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
    // a column as a row, for rows of C are what is fast
    return gemm(1, m, k, b, bOffset, bColumnStride, bRowStride, a, aOffset, aColumnStride, aRowStride, c, cOffset, m, alpha, beta);
  }
  if (m * n * k >= (m === 1 ? SMALL_ROW : SMALL) && isFloat(a) && isFloat(b) && isFloat(c)) {
    const scratch = engine();
    if (scratch !== null) {
      const left = { data: a, offset: aOffset, rowStride: aRowStride, columnStride: aColumnStride };
      const right = { data: b, offset: bOffset, rowStride: bRowStride, columnStride: bColumnStride };
      return blockedProduct(scratch, m, n, k, left, right, c, cOffset, cRowStride, alpha, beta);
    }
  }
  plainProduct(m, n, k, a, aOffset, aRowStride, aColumnStride, b, bOffset, bRowStride, bColumnStride, c, cOffset, cRowStride, alpha, beta);
}

function isFloat(x: TypedArray): x is FloatArray {
  return x instanceof Float32Array || x instanceof Float64Array;
}

const floor = (x: number, step: number) => Math.max(step, Math.floor(x / step) * step);
const ceil = (x: number, step: number) => Math.ceil(x / step) * step;

/**
 * The product by blocks of columns of B, of steps of the inner product and of rows of A. A block of B is packed once and used for all rows of A;
 * blocks of rows are independent of each other.
 */
export function blockedProduct(
  scratch: Engine,
  m: number,
  n: number,
  k: number,
  a: Matrix,
  b: Matrix,
  c: FloatArray,
  cOffset: number,
  cRowStride: number,
  alpha: number,
  beta: number,
): void {
  const size = c.BYTES_PER_ELEMENT;
  const { kernels } = scratch;
  const packB = size === 4 ? kernels.packB_f32 : kernels.packB_f64;
  const multiply = size === 4 ? kernels.gemm_f32 : kernels.gemm_f64;
  const tileColumns = 32 / size;

  const columns = Math.min(n, BLOCK_COLUMNS);
  const padded = ceil(columns, tileColumns);
  const depth = Math.min(k, BLOCK_DEPTH, floor(BLOCK_ELEMENTS / padded, DEPTH));
  const slab = Math.min(depth, floor(STAGE_ELEMENTS / columns, DEPTH));
  const rows = Math.min(m, floor(STAGE_ELEMENTS / Math.max(depth, padded), TILE_ROWS));

  // places in the scratch memory, in elements
  const packed = DATA_ADDRESS / size;
  const result = packed + ceil(depth, 4) * padded;
  const stage = result + ceil(rows, TILE_ROWS) * padded;
  scratch.reserve((stage - packed + Math.max(rows * depth, slab * columns)) * size);
  const memory = size === 4 ? scratch.float32 : scratch.float64;

  for (let j = 0; j < n; j += columns) {
    const width = Math.min(columns, n - j);
    const stride = ceil(width, tileColumns);
    for (let p = 0; p < k; p += depth) {
      const steps = Math.min(depth, k - p);
      for (let q = 0; q < steps; q += slab) {
        const part = Math.min(slab, steps - q);
        const byRow = copyBlock(b, p + q, part, j, width, memory, stage);
        packB(part, width, stage * size, (byRow ? width : 1) * size, (byRow ? 1 : part) * size, (packed + q * stride) * size);
      }
      for (let i = 0; i < m; i += rows) {
        const height = Math.min(rows, m - i);
        const byRow = copyBlock(a, i, height, p, steps, memory, stage);
        memory.fill(0, result, result + ceil(height, TILE_ROWS) * stride);
        multiply(height, width, steps, stage * size, (byRow ? steps : 1) * size, (byRow ? 1 : height) * size, packed * size, result * size);
        if (stride !== width) kernels.compact(result * size, height, width * size, stride * size);
        accumulate(memory, result, height, width, c, cOffset + i * cRowStride + j, cRowStride, alpha, p === 0 ? beta : 1);
      }
    }
  }
}

/** c = alpha * product + beta * c for a product without gaps. */
function accumulate(
  product: FloatArray,
  from: number,
  rows: number,
  columns: number,
  c: FloatArray,
  to: number,
  stride: number,
  alpha: number,
  beta: number,
): void {
  if (alpha === 1 && beta === 0) return copyLines(product, from, columns, c, to, stride, rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0, x = from + i * columns, y = to + i * stride; j < columns; j++, x++, y++) c[y] = alpha * product[x] + (beta === 0 ? 0 : beta * c[y]);
  }
}
