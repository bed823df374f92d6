/**
 * Sums and means over all elements or some dimensions.
 */
import { type DType, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { reductionWalk, sumBlock, sumBlock64 } from "../kernels/reduce.ts";
import { type Sizes, wrapDims } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Op, Primitive } from "./define.ts";
import { asType } from "./elementwise.ts";
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

/** The shape that is left when `dims` are reduced. */
export function reducedSizes(sizes: Sizes, dims: readonly number[], keepdim: boolean): number[] {
  return keepdim ? sizes.map((n, d) => dims.includes(d) ? 1 : n) : sizes.filter((_, d) => !dims.includes(d));
}

/** The gradient of a reduction, spread over the shape that was reduced. */
export function restoreReduced(grad: Tensor, sizes: Sizes, dim: Dims, keepdim: boolean): Tensor {
  if (sizes.length === 0) return grad;
  let g = grad;
  if (!keepdim) for (const d of wrapDims(dim, sizes.length).sort((a, b) => a - b)) g = g.unsqueeze(d);
  return expand(g, sizes);
}

function sums(self: Tensor, dim: Dims, keepdim: boolean, dtype: DType): Tensor {
  const dims = wrapDims(dim, self.sizes.length);
  const source = asType(self, dtype);
  const out = Tensor.make(reducedSizes(self.sizes, dims, keepdim), dtype);
  const walk = reductionWalk(source.sizes, source.strides, source.offset, dims);
  if (walk.inner === 0) return out;
  const target = out.store.data, data = source.store.data;
  if (data instanceof BigInt64Array) walk.each((i, start) => target[i] = sumBlock64(data, start, walk.sizes, walk.strides));
  else walk.each((i, start) => target[i] = sumBlock(data, start, walk.sizes, walk.strides));
  return out;
}

const sumType = (self: Tensor, dtype: DType | null): DType => dtype ?? (self.dtype.is_floating_point ? self.dtype : int64);

type AllInputs = { self: Tensor; dtype: DType | null };
type DimInputs = { self: Tensor; dim: number[]; keepdim: boolean; dtype: DType | null };

const sumAll = new Primitive<AllInputs>({
  name: "SumBackward0",
  forward: ({ self, dtype }) => sums(self, null, false, sumType(self, dtype)),
  backward: { self: ({ grad, self_sizes }) => expand(grad, self_sizes) },
});

const sumDim = new Primitive<DimInputs>({
  name: "SumBackward1",
  forward: ({ self, dim, keepdim, dtype }) => sums(self, dim, keepdim, sumType(self, dtype)),
  backward: { self: ({ grad, self_sizes, dim, keepdim }) => restoreReduced(grad, self_sizes, dim, keepdim) },
});

type ReduceInputs = { self: Tensor; dim?: number[] | null; keepdim?: boolean; dtype: DType | null };
const SIGNATURES = [
  "(Tensor input, *, torch.dtype dtype = None)",
  "(Tensor input, tuple of ints dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, tuple of names dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
];

/** The sum of all elements, or over `dim`; integers and bools are summed as int64. The gradient goes unchanged to every element. */
export const sum: Reduction = define<Reduction, ReduceInputs>("sum", SIGNATURES, ({ self, dim, keepdim = false, dtype }) =>
  dim === undefined ? sumAll.apply({ self, dtype }) : sumDim.apply({ self, dim: dim ?? [], keepdim, dtype }));

function meanType(self: Tensor, dtype: DType | null): DType {
  const type = dtype ?? self.dtype;
  if (!type.is_floating_point) {
    throw new RuntimeError(
      `mean(): could not infer output dtype. ${dtype === null ? "Input" : "Optional"} dtype must be either a floating point or complex dtype. Got: ${type.scalar}`,
    );
  }
  return type;
}

function means(self: Tensor, dim: Dims, keepdim: boolean, dtype: DType): Tensor {
  const out = sums(self, dim, keepdim, dtype);
  const n = wrapDims(dim, self.sizes.length).reduce((a, d) => a * self.sizes[d], 1);
  const data = out.store.data;
  for (let i = 0; i < data.length; i++) data[i] = data[i] as number / n;
  return out;
}

const meanAll = new Primitive<AllInputs>({
  name: "MeanBackward0",
  forward: ({ self, dtype }) => means(self, null, false, meanType(self, dtype)),
  backward: { self: ({ grad, self_sizes }) => expand(grad, self_sizes).div(self_sizes.reduce((a, b) => a * b, 1)) },
});

const meanDim = new Primitive<DimInputs>({
  name: "MeanBackward1",
  forward: ({ self, dim, keepdim, dtype }) => means(self, dim, keepdim, meanType(self, dtype)),
  backward: {
    self: ({ grad, self_sizes, dim, keepdim }) =>
      restoreReduced(grad, self_sizes, dim, keepdim).div(wrapDims(dim, self_sizes.length).reduce((a, d) => a * self_sizes[d], 1)),
  },
});

/** The mean of all elements, or over `dim`. The gradient goes to every element, divided by their number. */
export const mean: Reduction = define<Reduction, ReduceInputs>("mean", SIGNATURES, ({ self, dim, keepdim = false, dtype }) =>
  dim === undefined ? meanAll.apply({ self, dtype }) : meanDim.apply({ self, dim: dim ?? [], keepdim, dtype }));

