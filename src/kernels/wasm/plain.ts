/** Matrix products in plain JavaScript: for small and integer matrices, and for all where WebAssembly SIMD is missing. */

import type { TypedArray } from "../../dtype.ts";
import { specialised } from "./specialise.ts";

type NumberArray = Exclude<TypedArray, BigInt64Array>;

/** c[m, n] = alpha * a[m, k] * b[k, n] + beta * c; the parameters are those of `gemm`. */
export type Product<T> = (
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
  alpha: number,
  beta: number,
) => void;

/** Floating-point numbers; sums are float64. Four columns at once, so that the additions of one do not wait for each other. */
const floats: Product<NumberArray> = (m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, alpha, beta) => {
  for (let i = 0; i < m; i++) {
    const from = aOffset + i * aRow;
    let j = 0;
    for (; j + 4 <= n; j += 4) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let p = 0, x = from, y = bOffset + j * bColumn; p < k; p++, x += aColumn, y += bRow) {
        const left = a[x];
        s0 += left * b[y];
        s1 += left * b[y + bColumn];
        s2 += left * b[y + 2 * bColumn];
        s3 += left * b[y + 3 * bColumn];
      }
      const z = cOffset + i * cRow + j;
      c[z] = alpha * s0 + (beta === 0 ? 0 : beta * c[z]);
      c[z + 1] = alpha * s1 + (beta === 0 ? 0 : beta * c[z + 1]);
      c[z + 2] = alpha * s2 + (beta === 0 ? 0 : beta * c[z + 2]);
      c[z + 3] = alpha * s3 + (beta === 0 ? 0 : beta * c[z + 3]);
    }
    for (; j < n; j++) {
      let sum = 0;
      for (let p = 0, x = from, y = bOffset + j * bColumn; p < k; p++, x += aColumn, y += bRow) sum += a[x] * b[y];
      const z = cOffset + i * cRow + j;
      c[z] = alpha * sum + (beta === 0 ? 0 : beta * c[z]);
    }
  }
};

/** Integers of 8 to 32 bits: products and sums modulo 2^32, of which the array keeps the bits it holds. */
const integers: Product<NumberArray> = (m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, alpha, beta) => {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0, x = aOffset + i * aRow, y = bOffset + j * bColumn; p < k; p++, x += aColumn, y += bRow) sum = (sum + Math.imul(a[x], b[y])) | 0;
      const z = cOffset + i * cRow + j;
      c[z] = Math.imul(alpha, sum) + Math.imul(beta, c[z]);
    }
  }
};

/** 64-bit integers modulo 2^64. */
const longs: Product<BigInt64Array> = (m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, alpha, beta) => {
  const scale = BigInt(alpha), keep = BigInt(beta);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0n;
      for (let p = 0, x = aOffset + i * aRow, y = bOffset + j * bColumn; p < k; p++, x += aColumn, y += bRow) {
        sum = BigInt.asIntN(64, sum + BigInt.asIntN(64, a[x] * b[y]));
      }
      const z = cOffset + i * cRow + j;
      c[z] = scale * sum + keep * c[z];
    }
  }
};

const products = new Map<unknown, Product<NumberArray>>();

function productFor(c: NumberArray): Product<NumberArray> {
  let product = products.get(c.constructor);
  if (product === undefined) {
    product = specialised(c instanceof Float32Array || c instanceof Float64Array ? floats : integers, c.constructor.name);
    products.set(c.constructor, product);
  }
  return product;
}

/** `gemm` without WebAssembly, for arrays of one type. */
export const plainProduct: Product<TypedArray> = (m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, alpha, beta) => {
  if (c instanceof BigInt64Array) {
    longs(m, n, k, a as BigInt64Array, aOffset, aRow, aColumn, b as BigInt64Array, bOffset, bRow, bColumn, c, cOffset, cRow, alpha, beta);
  } else {
    productFor(c)(m, n, k, a as NumberArray, aOffset, aRow, aColumn, b as NumberArray, bOffset, bRow, bColumn, c, cOffset, cRow, alpha, beta);
  }
};
