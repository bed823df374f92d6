/**
 * Products of stacks of matrices. A stack is an array with the strides of its three dimensions, so that transposed and
 * broadcast ones need no copy.
 */
import type { TypedArray } from "../dtype.ts";
import { gemmStack } from "./wasm/gemm.ts";

/** Matrices of one shape at equal distances in memory. */
export interface Matrices {
  /** The memory. */
  data: TypedArray;
  /** Where the first element of the first matrix stands. */
  offset: number;
  /** Elements to skip for the next matrix. */
  batch: number;
  /** Elements to skip for the next row. */
  row: number;
  /** Elements to skip for the next column. */
  column: number;
}

/**
 * c = alpha * a b + beta * c for each of `batch` matrices a[m, k], b[k, n], c[m, n]; the columns of `c` are adjacent. All are
 * of one type; integers wrap around. Where `beta` is 0, what `c` held does not matter.
 */
export function matmulInto(batch: number, m: number, n: number, k: number, a: Matrices, b: Matrices, c: Matrices, alpha = 1, beta = 0): void {
  gemmStack(
    batch,
    m,
    n,
    k,
    a.data,
    a.offset,
    a.batch,
    a.row,
    a.column,
    b.data,
    b.offset,
    b.batch,
    b.row,
    b.column,
    c.data,
    c.offset,
    c.batch,
    c.row,
    alpha,
    beta,
  );
}
