/**
 * `torch.masked`: reductions and normalizations of the elements that a mask leaves. Those it hides are replaced by the element
 * that leaves the operation as it is: zero for sums, minus infinity for maxima.
 *
 * @module
 */
import { bool, type DType, int64 } from "./dtype.ts";
import { AssertionError, IndexError, RuntimeError } from "./errors.ts";
import { wrapDim, wrapDims } from "./layout.ts";
import { logaddexp as addLogarithms } from "./ops/blend.ts";
import type { Fn } from "./ops/define.ts";
import { linalg_vector_norm } from "./ops/linalg_norm.ts";
import { neutralElement } from "./ops/neutral.ts";
import type { Num } from "./ops/promotion.ts";
import { pythonFunction } from "./ops/python_function.ts";
import type { Dims } from "./ops/reduction.ts";
import { where } from "./ops/select.ts";
import type { Tensor } from "./tensor.ts";

/** Named arguments that all these functions have. */
export interface MaskOptions {
  /** The tensor. */
  input: Tensor;
  /** The dtype that elements are converted to first. */
  dtype?: DType | null;
  /** Which elements count; all by default. Broadcast to the shape of the input. */
  mask?: Tensor | null;
}

/** Named arguments of reductions. */
export interface MaskedReduceOptions extends MaskOptions {
  /** The dimensions to reduce; all by default. */
  dim?: Dims;
  /** Whether the reduced dimensions stay, with size 1. */
  keepdim?: boolean;
}

type ReduceInputs = Required<MaskedReduceOptions>;

/** A reduction. */
export type MaskedReduction = Fn<MaskedReduceOptions, [input: Tensor, dim?: Dims]>;

const REDUCE = { keepdim: false, dtype: null, mask: null };

/** The input in the wanted dtype, with `fill` where the mask hides it. */
function visible(input: Tensor, mask: Tensor | null, fill: Num): Tensor {
  if (mask === null) return input;
  if (mask.sizes.length > input.sizes.length) {
    throw new IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)");
  }
  return where(mask.expand(input.sizes).to(bool), input, input.detach().new_full([], fill));
}

/** The dimensions to reduce, all of them by name. */
function dimsOf(input: Tensor, dim: Dims): number[] {
  const given = typeof dim === "number" ? [dim] : dim ?? [];
  const dims = given.map((d) => wrapDim(d, input.sizes.length));
  dims.forEach((d, i) => {
    if (dims.indexOf(d) !== i) throw new RuntimeError(`dim=${d} appears multiple times in the list of dims`);
  });
  return wrapDims(dims, input.sizes.length);
}

/** Sums and products of integers are int64. */
const widened = (input: Tensor, dtype: DType | null): Tensor => input.to(dtype ?? (input.dtype.is_floating_point ? input.dtype : int64));

/** For functions of real numbers. */
const floats = (input: Tensor): Tensor => input.dtype.is_floating_point ? input : input.float();

const converted = (input: Tensor, dtype: DType | null): Tensor => dtype === null ? input : input.to(dtype);

function reduction(name: string, body: (inputs: ReduceInputs) => Tensor): MaskedReduction {
  return pythonFunction<MaskedReduction, ReduceInputs>(name, ["input"], { dim: null }, body, REDUCE);
}

/** The sum of the visible elements. */
export const sum: MaskedReduction = reduction(
  "sum",
  ({ input, dim, keepdim, dtype, mask }) => visible(widened(input, dtype), mask, 0).sum(dimsOf(input, dim), keepdim),
);

/** The product of the visible elements. */
export const prod: MaskedReduction = reduction("prod", ({ input, dim, keepdim, dtype, mask }) => {
  const factors = visible(widened(input, dtype), mask, 1);
  // one dimension after the other, the last first, so that the numbers of the others stay
  return dimsOf(input, dim).sort((a, b) => b - a).reduce((product, d) => product.prod(d, keepdim), factors);
});

function extremum(name: "amax" | "amin"): MaskedReduction {
  return reduction(name, ({ input, dim, keepdim, dtype, mask }) => {
    const own = converted(input, dtype);
    return visible(own, mask, neutralElement(name, own.dtype))[name](dimsOf(input, dim), keepdim);
  });
}

/** The greatest visible element. */
export const amax: MaskedReduction = extremum("amax");
/** The least visible element. */
export const amin: MaskedReduction = extremum("amin");

/** A reduction over all elements or one dimension. */
export type MaskedSearch = Fn<Omit<MaskedReduceOptions, "dim"> & { dim?: number | null }, [input: Tensor, dim?: number | null]>;

type SearchInputs = Required<MaskOptions> & { dim: number | null; keepdim: boolean };

/** Indices, which PyTorch gives in the dtype of the input here. */
function search(name: "argmax" | "argmin"): MaskedSearch {
  return pythonFunction<MaskedSearch, SearchInputs>(name, ["input"], { dim: null }, ({ input, dim, keepdim, dtype, mask }) => {
    const own = converted(input, dtype);
    return visible(own, mask, neutralElement(name === "argmax" ? "amax" : "amin", own.dtype))[name](dim, keepdim).to(own.dtype);
  }, REDUCE);
}

/** The index of the greatest visible element. */
export const argmax: MaskedSearch = search("argmax");
/** The index of the least visible element. */
export const argmin: MaskedSearch = search("argmin");

/** The number of visible elements of each group. */
function countVisible(input: Tensor, dims: readonly number[], keepdim: boolean, mask: Tensor | null): Tensor {
  const ones = input.detach().new_ones(input.sizes, { dtype: int64 });
  return visible(ones, mask, 0).sum(dims, keepdim);
}

/** The mean of the visible elements; NaN where there are none. The sum of bools is a bool. */
export const mean: MaskedReduction = reduction("mean", ({ input, dim, keepdim, dtype, mask }) => {
  const dims = dimsOf(input, dim);
  const own = converted(input, dtype);
  const total = visible(own, mask, 0).sum(dims, keepdim, own.dtype === bool ? { dtype: bool } : {});
  return total.div(countVisible(input, dims, keepdim, mask));
});

/** The median of the visible elements along `dim`; NaN where there are none. */
export const median: MaskedSearch = pythonFunction<MaskedSearch, SearchInputs>("median", ["input"], { dim: -1 }, ({ input, dim, keepdim, dtype, mask }) => {
  const own = converted(input, dtype);
  return visible(floats(own), mask, NaN).nanmedian({ dim: dim ?? -1, keepdim }).values.to(own.dtype);
}, REDUCE);

/** The logarithm of the sum of the exponentials of the visible elements. */
export const logsumexp: MaskedReduction = reduction("logsumexp", ({ input, dim, keepdim, dtype, mask }) => {
  const own = converted(input, dtype);
  return visible(floats(own), mask, -Infinity).logsumexp(dimsOf(input, dim), keepdim).to(own.dtype);
});

/** Named arguments of `logaddexp`. */
export interface MaskedPairOptions {
  /** One tensor. */
  input: Tensor;
  /** The other. */
  other: Tensor;
  /** The dtype that elements are converted to first. */
  dtype?: DType | null;
  /** Which elements of `input` count. */
  input_mask?: Tensor | null;
  /** Which elements of `other` count. */
  other_mask?: Tensor | null;
}

/** `logaddexp` as a function. */
export type MaskedPair = Fn<MaskedPairOptions, [input: Tensor, other: Tensor]>;

/** The logarithm of the sum of the exponentials of two tensors, where both are visible, or of the one that is. */
export const logaddexp: MaskedPair = pythonFunction<MaskedPair, Required<MaskedPairOptions>>(
  "logaddexp",
  ["input", "other"],
  {},
  ({ input, other, dtype, input_mask, other_mask }) =>
    addLogarithms(visible(converted(input, dtype), input_mask, -Infinity), visible(converted(other, dtype), other_mask, -Infinity)),
  { dtype: null, input_mask: null, other_mask: null },
);

/** Named arguments of `norm`. */
export interface MaskedNormOptions extends MaskedReduceOptions {
  /** The order. */
  ord?: number;
}

/** `norm` as a function. */
export type MaskedNorm = Fn<MaskedNormOptions, [input: Tensor, ord?: number, dim?: Dims]>;

type NormInputs = ReduceInputs & { ord: number };

/** What leaves a norm as it is. */
const neutralOfNorm = (ord: number): number => ord === -Infinity ? Infinity : 0;

function normOf({ input, ord, dim, keepdim, dtype, mask }: NormInputs): Tensor {
  return linalg_vector_norm(visible(converted(input, dtype), mask, neutralOfNorm(ord)), ord, dimsOf(input, dim), keepdim);
}

/** The norm of the visible elements. */
export const norm: MaskedNorm = pythonFunction<MaskedNorm, NormInputs>("norm", ["input"], { ord: 2, dim: null }, normOf, REDUCE);

/** Named arguments of `var` and `std`. */
export interface MaskedSpreadOptions extends MaskedReduceOptions {
  /** Whether one is subtracted from the number of elements in the divisor. */
  unbiased?: boolean | null;
  /** What is subtracted from the number of elements in the divisor; 1 by default. */
  correction?: number | null;
}

/** `var` or `std` as a function. */
export type MaskedSpread = Fn<MaskedSpreadOptions, [input: Tensor, dim?: Dims, unbiased?: boolean | null]>;

type SpreadInputs = ReduceInputs & { unbiased: boolean | null; correction: number | null };

function varianceOf({ input, dim, unbiased, correction, keepdim, dtype, mask }: SpreadInputs): Tensor {
  if (unbiased !== null && correction !== null) throw new AssertionError("Only one of unbiased and correction may be given");
  const dims = dimsOf(input, dim);
  const own = floats(converted(input, dtype));
  const count = countVisible(input, dims, true, mask);
  const average = visible(own, mask, 0).sum(dims, true).div(count);
  const squares = visible(own.sub(average).square(), mask, 0).sum(dims, keepdim);
  const visibles = keepdim ? count : count.view(squares.sizes);
  const subtracted = correction ?? Number(unbiased ?? true);
  return squares.div(subtracted === 0 ? visibles : visibles.sub(subtracted).clamp(0));
}

function spread(name: string, body: (inputs: SpreadInputs) => Tensor): MaskedSpread {
  return pythonFunction<MaskedSpread, SpreadInputs>(name, ["input"], { dim: null, unbiased: null }, body, { ...REDUCE, correction: null });
}

/** The variance of the visible elements. */
const variance: MaskedSpread = spread("var", varianceOf);
export { variance as var };
/** The standard deviation of the visible elements. */
export const std: MaskedSpread = spread("std", (inputs) => varianceOf(inputs).sqrt());

/** A function along one dimension, which stays. */
export type MaskedAlong = Fn<MaskOptions & { dim: number }, [input: Tensor, dim: number]>;

type AlongInputs = Required<MaskOptions> & { dim: number };

function along(name: string, fill: number, body: (input: Tensor, dim: number, dtype: DType) => Tensor): MaskedAlong {
  return pythonFunction<MaskedAlong, AlongInputs>(
    name,
    ["input", "dim"],
    {},
    ({ input, dim, dtype, mask }) => {
      const own = converted(input, dtype);
      return body(visible(own, mask, fill), dim, own.dtype);
    },
    { dtype: null, mask: null },
  );
}

/** The running sum of the visible elements. */
export const cumsum: MaskedAlong = along("cumsum", 0, (input, dim, dtype) => input.cumsum(dim, { dtype }));
/** The running product of the visible elements. */
export const cumprod: MaskedAlong = along("cumprod", 1, (input, dim, dtype) => input.cumprod(dim, { dtype }));
/** Softmax among the visible elements. */
export const softmax: MaskedAlong = along("softmax", -Infinity, (input, dim) => input.softmax(dim));
/** The logarithm of softmax among the visible elements. */
export const log_softmax: MaskedAlong = along("log_softmax", -Infinity, (input, dim) => input.log_softmax(dim));
/** Softmax of the negative values among the visible elements. */
export const softmin: MaskedAlong = along("softmin", Infinity, (input, dim) => input.neg().softmax(dim));

/** Named arguments of `normalize`. */
export interface MaskedNormalizeOptions extends MaskOptions {
  /** The order of the norm. */
  ord: number;
  /** The dimension along which vectors lie. */
  dim: number;
  /** The least norm that vectors are divided by. */
  eps?: number;
}

/** `normalize` as a function. */
export type MaskedNormalize = Fn<MaskedNormalizeOptions, [input: Tensor, ord: number, dim: number]>;

/** The vectors of visible elements along `dim` divided by their norms. */
export const normalize: MaskedNormalize = pythonFunction<MaskedNormalize, Required<MaskedNormalizeOptions>>(
  "normalize",
  ["input", "ord", "dim"],
  {},
  ({ input, ord, dim, eps, dtype, mask }) => {
    const length = normOf({ input, ord, dim, keepdim: true, dtype, mask });
    return visible(converted(input, dtype), mask, 0).div(length.maximum(length.detach().new_full([], eps)));
  },
  { eps: 1e-12, dtype: null, mask: null },
);
