/**
 * Sums, means and products, and counts, over all elements or some dimensions.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { transforms } from "../autograd/transforms.ts";
import { bool, type DType, float32, int64, uint8 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { sumsOfColumns } from "../kernels/cascade.ts";
import { denseSum, Reducer } from "../kernels/reduce.ts";
import { elementCount, type Sizes, wrapDim } from "../layout.ts";
import { SMALL } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { pendingOf } from "./deferred.ts";
import { define, type Op, Primitive } from "./define.ts";
import { asType } from "./elementwise.ts";
import { cat } from "./join.ts";
import {
  type Dims,
  fold,
  fromAccumulators,
  groupSize,
  reducedDims,
  reducedSizes,
  type ReduceOptions,
  type Reduction,
  restoreReduced,
  unsqueezeReduced,
  wantedType,
} from "./reduction.ts";
import { expandTo } from "./reshape.ts";

const summing = new Reducer({ start: 0, step: (a, x) => a + x, join: (a, b) => a + b }, {
  start: 0n,
  step: (a, x) => BigInt.asIntN(64, a + x),
  join: (a, b) => BigInt.asIntN(64, a + b),
});
const summingNumbers = new Reducer({ start: 0, step: (a, x) => x !== x ? a : a + x, join: (a, b) => a + b });
const multiplying = new Reducer({ start: 1, step: (a, x) => a * x, join: (a, b) => a * b }, {
  start: 1n,
  step: (a, x) => BigInt.asIntN(64, a * x),
  join: (a, b) => BigInt.asIntN(64, a * b),
});
const counting = new Reducer({ start: 0, step: (a, x) => x !== 0 ? a + 1 : a, join: (a, b) => a + b }, {
  start: 0n,
  step: (a, x) => x !== 0n ? a + 1n : a,
  join: (a, b) => a + b,
});

/** Bools and small integers add up exactly in double precision, so only int64 needs its slow arithmetic. */
const addsExactly = (from: DType, to: DType): boolean => from.category !== "float" && from !== int64 && to === int64;

/** From how many elements on the sums of columns are taken by the loops for all reductions, of which there are faster ones. */
const SHORT_COLUMNS = 2048;

/** The sums over leading dimensions of a small row-major tensor, as gradients of biases are; null elsewhere. */
function leadingSums(self: Tensor, dims: readonly number[], keepdim: boolean): Tensor | null {
  const { data } = self.store;
  if (!self.contiguousLayout || !(data instanceof Float32Array) || dims.some((d, i) => d !== i)) return null;
  const sizes = reducedSizes(self.sizes, dims, keepdim);
  if (elementCount(sizes) === 1) return null;
  const out = Tensor.small(sizes, float32);
  if (out.count > 0) sumsOfColumns(data, self.offset, out.count, self.count / out.count, out.count, out.store.data as Float32Array, out.offset);
  return out;
}

function sums(self: Tensor, dim: Dims, keepdim: boolean, dtype: DType, reducer = summing): Tensor {
  const dims = reducedDims(dim, self.sizes.length);
  if (reducer === summing && dtype === self.dtype && self.count < SHORT_COLUMNS) {
    const out = leadingSums(self, dims, keepdim);
    if (out !== null) return out;
  }
  const source = addsExactly(self.dtype, dtype) ? self : asType(self, dtype);
  return fromAccumulators(fold(reducer, source, dims), reducedSizes(self.sizes, dims, keepdim), dtype);
}

/** The sum of all elements over `divisor`: the short way for dense floating-point tensors. */
function total(self: Tensor, dtype: DType, divisor: number): Tensor {
  if (pendingOf(self) !== null && dtype === self.dtype) return divisor === 1 ? sums(self, null, false, dtype) : means(self, null, false, dtype);
  const { data } = self.store;
  if (!self.contiguousLayout || dtype !== self.dtype || !(data instanceof Float32Array || data instanceof Float64Array)) {
    return divisor === 1 ? sums(self, null, false, dtype) : means(self, null, false, dtype);
  }
  const out = Tensor.small([], dtype);
  out.store.data[out.offset] = denseSum(data, self.offset, self.count) / divisor;
  return out;
}

const sumType = (self: Tensor, dtype: DType | null): DType => dtype ?? (self.dtype.is_floating_point ? self.dtype : int64);

type AllInputs = { self: Tensor; dtype: DType | null };
type DimInputs = { self: Tensor; dim: number[]; keepdim: boolean; dtype: DType | null };

const sumAll = new Primitive<AllInputs>({
  name: "SumBackward0",
  forward: ({ self, dtype }) => total(self, sumType(self, dtype), 1),
  backward: { self: ({ grad, self_sizes }) => expandTo(grad, self_sizes) },
});

const sumDim = new Primitive<DimInputs>({
  name: "SumBackward1",
  forward: ({ self, dim, keepdim, dtype }) => sums(self, dim, keepdim, sumType(self, dtype)),
  backward: { self: ({ grad, self_sizes, dim, keepdim }) => restoreReduced(grad, self_sizes, dim, keepdim) },
});

type ReduceInputs = { self: Tensor; dim?: number[] | null; keepdim?: boolean; dtype: DType | null; out?: Tensor | null };

/** The sum of all elements, or over `dim`; integers and bools are summed as int64. The gradient goes unchanged to every element. */
export const sum: Reduction = define<Reduction, ReduceInputs>("sum", [
  "(Tensor input, *, torch.dtype dtype = None)",
  "(Tensor input, tuple of ints? dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, tuple of names dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
], (inputs) => {
  const { self, dim, keepdim = false } = inputs;
  const dtype = wantedType(inputs);
  return dim === undefined ? sumAll.apply({ self, dtype }) : sumDim.apply({ self, dim: dim ?? [], keepdim, dtype });
});

function meanType(self: Tensor, dtype: DType | null): DType {
  const type = dtype ?? self.dtype;
  if (!type.is_floating_point) {
    throw new RuntimeError(
      `mean(): could not infer output dtype. ${
        dtype === null ? "Input" : "Optional"
      } dtype must be either a floating point or complex dtype. Got: ${type.scalar}`,
    );
  }
  return type;
}

function means(self: Tensor, dim: Dims, keepdim: boolean, dtype: DType): Tensor {
  const dims = reducedDims(dim, self.sizes.length);
  const values = fold(summing, asType(self, dtype), dims) as Float64Array<ArrayBuffer>;
  const n = groupSize(self.sizes, dim);
  for (let i = 0; i < values.length; i++) values[i] /= n;
  return fromAccumulators(values, reducedSizes(self.sizes, dims, keepdim), dtype);
}

/** The gradient of a mean over all elements: everywhere its share. Where nobody can tell, it is not expanded first. */
function spreadMean(grad: Tensor, sizes: Sizes): Tensor {
  const n = elementCount(sizes);
  if (n > SMALL || is_grad_enabled() || transforms.active > 0) return expandTo(grad, sizes).div(groupSize(sizes, null));
  const out = Tensor.small(sizes, grad.dtype), { data } = out.store;
  const share = (grad.store.data[grad.offset] as number) / n;
  for (let i = out.offset; i < out.offset + n; i++) data[i] = share;
  return out;
}

const meanAll = new Primitive<AllInputs>({
  name: "MeanBackward0",
  forward: ({ self, dtype }) => total(self, meanType(self, dtype), self.count),
  backward: { self: ({ grad, self_sizes }) => spreadMean(grad, self_sizes) },
});

const meanDim = new Primitive<DimInputs>({
  name: "MeanBackward1",
  forward: ({ self, dim, keepdim, dtype }) => means(self, dim, keepdim, meanType(self, dtype)),
  backward: { self: ({ grad, self_sizes, dim, keepdim }) => restoreReduced(grad, self_sizes, dim, keepdim).div(groupSize(self_sizes, dim)) },
});

/** The mean of all elements, or over `dim`. The gradient goes to every element, divided by their number. */
export const mean: Reduction = define<Reduction, ReduceInputs>("mean", [
  "(Tensor input, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, tuple of ints? dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, tuple of names dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
], (inputs) => {
  const { self, dim, keepdim = false } = inputs;
  if (inputs.dtype === null) meanType(self, null);
  const dtype = wantedType(inputs);
  return dim === undefined ? meanAll.apply({ self, dtype }) : meanDim.apply({ self, dim: dim ?? [], keepdim, dtype });
});

type NanInputs = { self: Tensor; dim: number[] | null; keepdim: boolean; dtype: DType | null };

const nansumPrimitive = new Primitive<NanInputs>({
  name: "NansumBackward0",
  forward: ({ self, dim, keepdim, dtype }) => {
    if (self.dtype.is_floating_point && dtype !== null && !dtype.is_floating_point) throw noKernel("nansum_cpu", dtype);
    const type = sumType(self, dtype);
    return sums(self, dim, keepdim, type, type.is_floating_point ? summingNumbers : summing);
  },
  backward: { self: ({ grad, self, dim, keepdim }) => restoreReduced(grad.to(self.dtype), self.sizes, dim, keepdim).mul(self.isnan().logical_not()) },
});

const NAN_SIGNATURE = "(Tensor input, tuple of ints dim = None, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)";

/** The sum of the elements that are not NaN. The gradient goes unchanged to these. */
export const nansum: Reduction = define<Reduction, NanInputs>(
  "nansum",
  NAN_SIGNATURE,
  (inputs) => nansumPrimitive.apply({ ...inputs, dtype: wantedType(inputs) }),
);

/** The mean of the elements that are not NaN. */
export const nanmean: Reduction = define<Reduction, NanInputs>("nanmean", NAN_SIGNATURE, ({ self, dim, keepdim, dtype }) => {
  if (!self.dtype.is_floating_point) throw new RuntimeError(`nanmean(): expected input to have floating point or complex dtype but got ${self.dtype.scalar}`);
  const total = nansumPrimitive.apply({ self, dim, keepdim, dtype }) as Tensor;
  return total.div(self.detach().isnan().logical_not().sum(dim, keepdim));
});

function products(self: Tensor, dim: Dims, keepdim: boolean, dtype: DType): Tensor {
  const dims = reducedDims(dim, self.sizes.length);
  return fromAccumulators(fold(multiplying, asType(self, dtype), dims), reducedSizes(self.sizes, dims, keepdim), dtype);
}

/** For each element, the gradient times the product of the other elements along `dim`, without divisions: those before times those after. */
function othersTimes(grad: Tensor, self: Tensor, dim: number): Tensor {
  const n = self.sizes[dim];
  if (n === 1) return grad;
  const one = self.detach().new_ones(self.sizes.map((size, d) => d === dim ? 1 : size));
  const before = cat([one, self.narrow(dim, 0, n - 1)], dim).cumprod(dim);
  const after = cat([one, self.narrow(dim, 1, n - 1).flip(dim)], dim).cumprod(dim).flip(dim);
  return grad.mul(before.mul(after));
}

const countZeros = (self: Tensor): number => Number(self.detach().eq(0).sum().item());

const prodAll = new Primitive<AllInputs>({
  name: "ProdBackward0",
  forward: ({ self, dtype }) => products(self, null, false, sumType(self, dtype)),
  backward: {
    self: ({ grad, self, result }) => {
      if (self.sizes.length === 0) return grad.clone();
      const zeros = countZeros(self);
      if (zeros === 0) return grad.mul(result.div(self));
      // all zero, but only to first order: the derivatives of this are not
      return zeros > 1 && !is_grad_enabled() ? self.detach().zeros_like() : othersTimes(grad, self.contiguous().view(-1), 0).view_as(self);
    },
  },
});

const prodDim = new Primitive<{ self: Tensor; dim: number; keepdim: boolean; dtype: DType | null }>({
  name: "ProdBackward1",
  forward: ({ self, dim, keepdim, dtype }) => products(self, dim, keepdim, sumType(self, dtype)),
  backward: {
    self: ({ grad, self, dim, keepdim, result }) => {
      const { sizes } = self;
      if (sizes.length === 0) return grad;
      const g = unsqueezeReduced(grad, sizes, dim, keepdim), product = unsqueezeReduced(result, sizes, dim, keepdim);
      return countZeros(self) === 0 ? g.mul(product.div(self)) : othersTimes(g, self, wrapDim(dim, sizes.length));
    },
  },
});

/** A reduction over all elements or one dimension. */
export type OneDimReduction = Op<Omit<ReduceOptions, "dim"> & { dim?: number }, [dim?: number, keepdim?: boolean]>;

/** The product of all elements, or over `dim`; integers and bools are multiplied as int64. The gradient of an element is the product of the others. */
export const prod: OneDimReduction = define<OneDimReduction, { self: Tensor; dim?: number; keepdim?: boolean; dtype: DType | null }>("prod", [
  "(Tensor input, *, torch.dtype dtype = None)",
  "(Tensor input, int dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, name dim, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
], (inputs) => {
  const { self, dim, keepdim = false } = inputs;
  const dtype = wantedType(inputs);
  return dim === undefined ? prodAll.apply({ self, dtype }) : prodDim.apply({ self, dim, keepdim, dtype });
});

/** Named arguments of `all` and `any`. */
export type TruthOptions = Omit<ReduceOptions, "dtype">;

type TruthInputs = { self: Tensor; dim?: number | number[] | null; keepdim?: boolean; out?: Tensor | null };

/** The number of true elements in each group. Those of bools are added up, which needs no decision an element. */
function countTrue(self: Tensor, dims: readonly number[]): ReturnType<typeof fold> {
  return fold(self.dtype === bool ? summing : counting, self, dims);
}

/**
 * Reduces truth values: `enough` says how many true ones among `n` it takes. In uint8 the result is uint8, for that was PyTorch's
 * bool once. An empty list of dimensions reduces nothing.
 */
function truth(name: string, enough: (n: number) => number): Op<TruthOptions, [dim?: Dims, keepdim?: boolean]> {
  return define<Op<TruthOptions, [dim?: Dims, keepdim?: boolean]>, TruthInputs>(name, [
    "(Tensor input, *, Tensor out = None)",
    "(Tensor input, tuple of ints dim = None, bool keepdim = False, *, Tensor out = None)",
    "(Tensor input, int dim, bool keepdim = False, *, Tensor out = None)",
    "(Tensor input, name dim, bool keepdim = False, *, Tensor out = None)",
  ], ({ self, dim = null, keepdim = false, out }) => {
    if (out && out.dtype !== bool && out.dtype !== uint8) throw new RuntimeError(`${name} only supports bool tensor for result, got: ${out.dtype.scalar}`);
    const none = Array.isArray(dim) && dim.length === 0;
    const dims = none ? [] : reducedDims(dim, self.sizes.length);
    const counts = countTrue(self, dims);
    const least = enough(none ? 1 : groupSize(self.sizes, dims));
    const result = Tensor.make(reducedSizes(self.sizes, dims, keepdim), out?.dtype ?? (self.dtype === uint8 ? uint8 : bool));
    const { data } = result.store;
    for (let i = 0; i < data.length; i++) data[i] = counts[i] >= least ? 1 : 0;
    return result;
  });
}

/** Whether all elements are true: over everything, or along `dim`. */
export const all: Op<TruthOptions, [dim?: Dims, keepdim?: boolean]> = truth("all", (n) => n);
/** Whether an element is true: over everything, or along `dim`. NaN is true. */
export const any: Op<TruthOptions, [dim?: Dims, keepdim?: boolean]> = truth("any", () => 1);

/** The number of elements that are not zero, over everything or along `dim`, as int64. */
export const count_nonzero: Op<{ dim?: Dims }, [dim?: Dims]> = define<Op<{ dim?: Dims }, [dim?: Dims]>, { self: Tensor; dim: Dims }>(
  "count_nonzero",
  ["(Tensor input, int dim = None)", "(Tensor input, tuple of ints dim)"],
  ({ self, dim }) => {
    const dims = reducedDims(dim, self.sizes.length);
    return fromAccumulators(countTrue(self, dims), reducedSizes(self.sizes, dims, false), int64);
  },
);
