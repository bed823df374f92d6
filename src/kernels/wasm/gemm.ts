/** Matrix products: packed and blocked in WebAssembly where that pays, in plain JavaScript elsewhere. */

import type { TypedArray } from "../../dtype.ts";
import { blockedProduct, smallProduct, stackedProduct, worthStacking } from "./blocked.ts";
import type { FloatArray } from "./copy.ts";
import { engine } from "./engine.ts";
import { vectorProduct } from "./gemv.ts";
import { plainProduct } from "./plain.ts";

/** Multiplications below which copying the factors to the scratch memory costs more than it saves. */
const SMALL = 300;
/** The same for one row. */
const SMALL_ROW = 2000;
/** Multiplications, and rows or columns, of a product that is worth dividing into blocks. */
const LARGE = 1 << 19;
const LONG = 2048;

/**
 * C = alpha * A * B + beta * C for A[m, k], B[k, n], C[m, n]. A factor is given by its array, the offset of its first element and the distances
 * of two rows and of two columns, in elements: a transposed matrix is one with its strides exchanged, and a stride may be 0. Columns of C are
 * adjacent, and C overlaps neither factor. Where `beta` is 0 it does not matter what C held, even NaN. All arrays are of one type. Integers wrap
 * around; float32 is summed in float32, with fused multiply-add where the platform has it, or in float64 where the matrices are small. The result
 * does not depend on how many threads compute it.
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
    if (scratch !== null && m === 1) {
      const right = { data: b, offset: bOffset, rowStride: bRowStride, columnStride: bColumnStride };
      if (vectorProduct(scratch, n, k, a, aOffset, aColumnStride, right, c, cOffset, alpha, beta)) return;
    }
    if (scratch !== null && m * n * k < LARGE && n <= LONG && k <= LONG) {
      return smallProduct(
        scratch,
        m,
        n,
        k,
        a,
        aOffset,
        aRowStride,
        aColumnStride,
        b,
        bOffset,
        bRowStride,
        bColumnStride,
        c,
        cOffset,
        cRowStride,
        alpha,
        beta,
      );
    }
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

/** The same for `batch` products; the matrices are the first ones, and the next are `aBatch`, `bBatch`, `cBatch` elements further on. */
export function gemmStack<T extends TypedArray>(
  batch: number,
  m: number,
  n: number,
  k: number,
  a: T,
  aOffset: number,
  aBatch: number,
  aRowStride: number,
  aColumnStride: number,
  b: T,
  bOffset: number,
  bBatch: number,
  bRowStride: number,
  bColumnStride: number,
  c: T,
  cOffset: number,
  cBatch: number,
  cRowStride: number,
  alpha: number,
  beta: number,
): void {
  if (batch > 1 && m > 1 && n > 1 && m * n * k >= SMALL && worthStacking(batch, m, n, k) && isFloat(a) && isFloat(b) && isFloat(c)) {
    const scratch = engine();
    if (scratch !== null) {
      const left = { data: a, offset: aOffset, rowStride: aRowStride, columnStride: aColumnStride };
      const right = { data: b, offset: bOffset, rowStride: bRowStride, columnStride: bColumnStride };
      return stackedProduct(scratch, batch, m, n, k, left, aBatch, right, bBatch, c, cOffset, cBatch, cRowStride, alpha, beta);
    }
  }
  for (let i = 0; i < batch; i++) {
    gemm(
      m,
      n,
      k,
      a,
      aOffset + i * aBatch,
      aRowStride,
      aColumnStride,
      b,
      bOffset + i * bBatch,
      bRowStride,
      bColumnStride,
      c,
      cOffset + i * cBatch,
      cRowStride,
      alpha,
      beta,
    );
  }
}
