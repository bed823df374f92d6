/**
 * Walking over tensors for reductions: the kept dimensions outside, the reduced ones inside.
 */
import type { Sizes } from "../layout.ts";
import { coalesce } from "./elementwise.ts";

/** The walk of one reduction: for each kept position, in row-major order, where it starts, and the steps within. */
export interface Walk {
  /** The number of kept positions. */
  outputs: number;
  /** The number of elements that each reduces. */
  inner: number;
  /** Calls `f` with the number of each kept position and the memory index where its elements start. */
  each: (f: (output: number, start: number) => void) => void;
  /** The sizes of the reduced dimensions, merged where their strides allow. */
  sizes: number[];
  /** Their strides. */
  strides: number[];
}

/** Splits the dimensions of a tensor into kept and reduced ones. */
export function reductionWalk(sizes: Sizes, strides: Sizes, offset: number, reduced: readonly number[]): Walk {
  const isReduced = sizes.map(() => false);
  for (const d of reduced) isReduced[d] = true;
  const keptSizes = sizes.filter((_, d) => !isReduced[d]);
  const keptStrides = strides.filter((_, d) => !isReduced[d]);
  const inner = coalesce(sizes.filter((_, d) => isReduced[d]), [strides.filter((_, d) => isReduced[d])]);
  const outputs = keptSizes.reduce((a, b) => a * b, 1);
  const count = sizes.reduce((a, n, d) => isReduced[d] ? a * n : a, 1);
  return {
    outputs,
    inner: count,
    sizes: inner.sizes,
    strides: inner.strides[0],
    each: (f) => {
      const counter = keptSizes.map(() => 0);
      let at = offset;
      for (let i = 0; i < outputs; i++) {
        f(i, at);
        for (let d = keptSizes.length - 1; d >= 0; d--) {
          at += keptStrides[d];
          if (++counter[d] < keptSizes[d]) break;
          at -= keptSizes[d] * keptStrides[d];
          counter[d] = 0;
        }
      }
    },
  };
}

/** The sum of the elements of a strided block, in double precision, with four running sums along the innermost dimension. */
export function sumBlock(data: Float32Array | Float64Array | Int32Array | Int16Array | Int8Array | Uint8Array, start: number, sizes: Sizes, strides: Sizes, depth = 0): number {
  const n = sizes[depth], step = strides[depth];
  let total = 0;
  if (depth < sizes.length - 1) {
    for (let i = 0, at = start; i < n; i++, at += step) total += sumBlock(data, at, sizes, strides, depth + 1);
    return total;
  }
  let a = 0, b = 0, c = 0, i = 0, at = start;
  for (; i + 4 <= n; i += 4, at += 4 * step) {
    total += data[at];
    a += data[at + step];
    b += data[at + 2 * step];
    c += data[at + 3 * step];
  }
  for (; i < n; i++, at += step) total += data[at];
  return total + a + (b + c);
}

/** The sum of int64 elements modulo 2^64. */
export function sumBlock64(data: BigInt64Array, start: number, sizes: Sizes, strides: Sizes, depth = 0): bigint {
  let total = 0n;
  for (let i = 0, at = start; i < sizes[depth]; i++, at += strides[depth]) {
    total = BigInt.asIntN(64, total + (depth < sizes.length - 1 ? sumBlock64(data, at, sizes, strides, depth + 1) : data[at]));
  }
  return total;
}
