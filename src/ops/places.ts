/**
 * From tensors to the loops of `kernels/indexing.ts`: indices checked, and a tensor's memory as seen along one dimension.
 */
import { type Along, type Combine, place, places, readIndices } from "../kernels/indexing.ts";
import type { TypedArray } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { asContiguous } from "./elementwise.ts";

/** The indices in row-major order. Those outside of `[low, size)` end in `error`; those below zero count from the end. */
export function indicesOf(index: Tensor, low: number, size: number, error: (index: number) => Error): Int32Array {
  const dense = asContiguous(index);
  return readIndices(dense.store.data, dense.offset, dense.count, low, size, error);
}

/** A tensor's memory for loops along `dim`; a 0-d tensor counts as one of one dimension. */
export function along(t: Tensor, dim: number): Along {
  const scalar = t.sizes.length === 0;
  return {
    data: t.store.data,
    offset: t.offset,
    strides: t.strides.map((s, d) => d === dim ? 0 : s),
    step: scalar ? 1 : t.strides[dim],
  };
}

/** The places of the slices along `dim`, and within a slice: those of the dimensions before and after. */
export function aroundDim(t: Tensor, dim: number): { before: Int32Array; after: Int32Array } {
  return { before: places(t.sizes.slice(0, dim), t.strides.slice(0, dim)), after: places(t.sizes.slice(dim + 1), t.strides.slice(dim + 1)) };
}

/** The places of slices by their number. */
export function slicePlaces(t: Tensor, dim: number, index: Int32Array): Int32Array {
  const step = t.sizes.length === 0 ? 1 : t.strides[dim];
  return step === 1 ? index : index.map((i) => i * step);
}

/** Brings `values`, which stand in row-major order, into the slices of `t` along `dim` that `index` names. */
export function placeSlices(t: Tensor, dim: number, index: Int32Array, values: TypedArray, start: number, combine: Combine): void {
  const { before, after } = aroundDim(t, dim);
  place(t.store.data, t.offset, before, slicePlaces(t, dim, index), after, values, start, combine);
}
