/**
 * What reductions share: their arguments, the shapes they leave, and the way from tensors to folding loops and back.
 */
import { bool, type DType, float64, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import type { Reducer } from "../kernels/reduce.ts";
import type { Lines } from "../kernels/scan.ts";
import { elementCount, type Sizes, wrapDim, wrapDims } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { pendingOf } from "./deferred.ts";
import type { Op } from "./define.ts";
import { expand } from "./view.ts";

/** One or several dimensions; null and an empty array stand for all. */
export type Dims = number | readonly number[] | null;

/** Named arguments of reductions. */
export interface ReduceOptions {
  /** The dimensions to reduce; all by default. */
  dim?: Dims;
  /** Whether the reduced dimensions stay, with size 1. */
  keepdim?: boolean;
  /** The dtype that elements are converted to first. */
  dtype?: DType | null;
  /** Takes the result. */
  out?: Tensor;
}

/** A reduction over all elements or some dimensions. */
export type Reduction = Op<ReduceOptions, [dim?: Dims, keepdim?: boolean]>;

/** The most dimensions that a tensor may have to be reduced over some of them. */
const MOST_DIMENSIONS = 64;

/** The dimensions to reduce, wrapped; all for null and an empty array. Throws PyTorch's errors for repeated ones and those out of range. */
export function reducedDims(dim: Dims | undefined, rank: number): number[] {
  if (dim !== null && dim !== undefined && rank > MOST_DIMENSIONS) throw new RuntimeError(`only tensors with up to ${MOST_DIMENSIONS} dims are supported`);
  return wrapDims(dim, rank);
}

/** The shape that is left when `dims`, wrapped, are reduced. */
export function reducedSizes(sizes: Sizes, dims: readonly number[], keepdim: boolean): number[] {
  return keepdim ? sizes.map((n, d) => dims.includes(d) ? 1 : n) : sizes.filter((_, d) => !dims.includes(d));
}

/** How many elements each group of a reduction has. */
export function groupSize(sizes: Sizes, dim: Dims): number {
  return wrapDims(dim, sizes.length).reduce((n, d) => n * (sizes[d] ?? 1), 1);
}

/** The result of a reduction, or its gradient, with the reduced dimensions put back with size 1. */
export function unsqueezeReduced(t: Tensor, sizes: Sizes, dim: Dims, keepdim: boolean): Tensor {
  if (keepdim || sizes.length === 0) return t;
  let out = t;
  for (const d of wrapDims(dim, sizes.length).sort((a, b) => a - b)) out = out.unsqueeze(d);
  return out;
}

/** The gradient of a reduction, spread over the shape that was reduced. */
export function restoreReduced(grad: Tensor, sizes: Sizes, dim: Dims, keepdim: boolean): Tensor {
  return sizes.length === 0 ? grad : expand(unsqueezeReduced(grad, sizes, dim, keepdim), sizes);
}

/** The shape of a dense tensor around one of its dimensions; a 0-d tensor counts as one of a single element. */
export function linesAlong(sizes: Sizes, dim: number): Lines {
  const d = wrapDim(dim, sizes.length);
  return { outer: elementCount(sizes.slice(0, d)), length: sizes[d] ?? 1, inner: elementCount(sizes.slice(d + 1)) };
}

/** The accumulators that `reducer` folds the elements of `self` into. */
export function fold(reducer: Reducer, self: Tensor, dims: readonly number[], parameter = 0): Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> {
  const pending = pendingOf(self);
  const folded = pending === null ? null : reducer.runPending(pending, self.sizes, dims);
  if (folded !== null) return folded;
  return reducer.run({ data: self.store.data, offset: self.offset, strides: self.strides }, self.sizes, dims, parameter);
}

/** Accumulators as a tensor: rounded to float32, exact for integers. The tensor may take over the array. */
export function fromAccumulators(values: Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>, sizes: Sizes, dtype: DType): Tensor {
  if (dtype === (values instanceof BigInt64Array ? int64 : float64)) return new Tensor(new Storage(values), dtype, sizes);
  const out = Tensor.small(sizes, dtype);
  const { data } = out.store, { offset } = out;
  if (dtype === int64) { for (let i = 0; i < values.length; i++) data[offset + i] = BigInt(values[i]); }
  else if (dtype === bool) { for (let i = 0; i < values.length; i++) data[offset + i] = values[i] == 0 ? 0 : 1; }
  else for (let i = 0; i < values.length; i++) data[offset + i] = Number(values[i]);
  return out;
}

const cppName = ({ ctype }: DType): string => ctype === "long" || ctype === "short" ? `${ctype} int` : ctype;

/** The error where a result has another dtype than the tensor that is to take it. */
export function wrongOutType(result: DType, out: DType): RuntimeError {
  return new RuntimeError(`Expected out tensor to have dtype ${cppName(result)}, but got ${cppName(out)} instead`);
}

/** The dtype that was asked for: by name, or by the tensor that takes the result. */
export function wantedType({ dtype, out }: { dtype: DType | null; out?: Tensor | null }): DType | null {
  if (dtype !== null && out && out.dtype !== dtype) throw wrongOutType(dtype, out.dtype);
  return dtype ?? out?.dtype ?? null;
}
