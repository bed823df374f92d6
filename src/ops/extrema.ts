/**
 * Greatest and least elements, and where they stand.
 */
import { bool, can_cast, int64 } from "../dtype.ts";
import { IndexError, noKernel, RuntimeError } from "../errors.ts";
import { Search } from "../kernels/extreme.ts";
import { toInt64 } from "../kernels/int64.ts";
import { Reducer } from "../kernels/reduce.ts";
import { wrapDim, wrapDims } from "../layout.ts";
import { type NamedTuple, namedTuple, type ValuesIndices } from "../named_tuple.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type IsMethod, type Op, Primitive } from "./define.ts";
import { fold, fromAccumulators, reducedDims, reducedSizes, type ReduceOptions, type Reduction, unsqueezeReduced, wrongOutType } from "./reduction.ts";
import { evenlyAmong, selectedGradient, writeOuts } from "./selection.ts";
import { recordUnsupported } from "./unsupported.ts";

const greater = (a: number, x: number) => a >= x || a !== a ? a : x;
const lesser = (a: number, x: number) => a <= x || a !== a ? a : x;
const greatest = new Reducer({ start: -Infinity, step: (a, x) => a >= x || a !== a ? a : x, join: greater }, {
  start: -(1n << 63n),
  step: (a, x) => a >= x ? a : x,
  join: (a, b) => a >= b ? a : b,
});
const least = new Reducer({ start: Infinity, step: (a, x) => a <= x || a !== a ? a : x, join: lesser }, {
  start: (1n << 63n) - 1n,
  step: (a, x) => a <= x ? a : x,
  join: (a, b) => a <= b ? a : b,
});
const searchGreatest = new Search((x, best) => !(x <= best), "greatest");
const searchLeast = new Search((x, best) => !(x >= best), "least");

/** Throws where a dimension that is to be reduced is empty: extrema of nothing do not exist. */
function checkNotEmpty(op: string, self: Tensor, dims: readonly number[]): void {
  for (const d of dims) if (self.sizes[d] === 0) throw new IndexError(`${op}: Expected reduction dim ${d} to have non-zero size.`);
}

const unspecified = (op: string) => `${op}(): Expected reduction dim to be specified for input.numel() == 0.`;

function extremum(op: string, reducer: Reducer, self: Tensor, dim: number[], keepdim: boolean): Tensor {
  const dims = dim.length === 0 ? wrapDims(dim, self.sizes.length) : reducedDims(dim, self.sizes.length);
  if (self.count === 0) {
    if (dim.length === 0) throw new RuntimeError(`${unspecified(op)} Specify the reduction dim with the 'dim' argument.`);
    checkNotEmpty(`${op}()`, self, dims);
  }
  return fromAccumulators(fold(reducer, self, dims), reducedSizes(self.sizes, dims, keepdim), self.dtype);
}

/** The greatest or least element over some dimensions; its gradient is divided evenly among all that attain it. */
function overDims(name: string, reducer: Reducer): Reduction {
  const primitive = new Primitive<{ self: Tensor; dim: number[]; keepdim: boolean }>({
    name: name === "amax" ? "AmaxBackward0" : "AminBackward0",
    forward: ({ self, dim, keepdim }) => extremum(name, reducer, self, dim, keepdim),
    backward: {
      self: ({ grad, self, dim, keepdim, result }) => {
        const { sizes } = self;
        const mask = unsqueezeReduced(result, sizes, dim, keepdim).eq(self);
        return unsqueezeReduced(grad, sizes, dim, keepdim).mul(mask).div(mask.sum(dim, true));
      },
    },
  });
  return define<Reduction, { self: Tensor; dim: number[]; keepdim: boolean; out: Tensor | null }>(
    name,
    "(Tensor input, tuple of ints dim = [], bool keepdim = False, *, Tensor out = None)",
    ({ self, dim, keepdim, out }) => {
      if (out !== null && out.dtype !== self.dtype) {
        throw new RuntimeError(
          `Expected the dtype for input and out to match, but got ${self.dtype.scalar} for input's dtype and ${out.dtype.scalar} for out's dtype.`,
        );
      }
      return primitive.apply({ self, dim: dim ?? [], keepdim });
    },
  );
}

/** The greatest element over `dim`, or of all. NaN wins. Its gradient is divided evenly among all elements that attain it. */
export const amax: Reduction = overDims("amax", greatest);
/** The least element over `dim`, or of all. NaN wins. Its gradient is divided evenly among all elements that attain it. */
export const amin: Reduction = overDims("amin", least);

/** Elements found along a dimension: their values and their indices, as tensors. */
function found(op: string, search: Search, self: Tensor, dim: number, keepdim: boolean): [Tensor, Tensor] {
  const [d] = reducedDims(dim, self.sizes.length);
  if (self.count === 0) checkNotEmpty(`${op}()`, self, [d]);
  const sizes = reducedSizes(self.sizes, [d], keepdim);
  const values = Tensor.make(sizes, self.dtype);
  // a 0-d tensor reads as one of a single element
  const scalar = self.sizes.length === 0;
  const operand = { data: self.store.data, offset: self.offset, strides: scalar ? [1] : self.strides };
  const places = search.run(operand, scalar ? [1] : self.sizes, d, values.store.data);
  return [values, new Tensor(new Storage(toInt64(places)), int64, sizes)];
}

/** Named arguments of `max` and `min`. */
export interface ExtremumOptions extends Omit<ReduceOptions, "dim" | "dtype" | "out"> {
  /** The tensor to compare with, element by element. */
  other?: Tensor;
  /** The dimension to reduce. */
  dim?: number;
  /** Takes the result, or the values and the indices. */
  out?: Tensor | readonly [Tensor, Tensor];
}

/** `max` and `min` as functions. */
export interface Extremum extends IsMethod {
  /** Of all elements. */
  (self: Tensor, options?: { out?: Tensor }): Tensor;
  /** Of two tensors, element by element. */
  (self: Tensor, other: Tensor, options?: { out?: Tensor }): Tensor;
  /** Along a dimension: the values and where they stand. */
  (self: Tensor, dim: number, keepdim?: boolean | Pick<ExtremumOptions, "keepdim" | "out">, options?: Pick<ExtremumOptions, "out">): ValuesIndices;
  /** Along a dimension: the values and where they stand. */
  (self: Tensor, named: { dim: number } & ExtremumOptions): ValuesIndices;
}

/** `max` and `min` as methods. */
export interface ExtremumMethod {
  /** Of all elements. */
  (): Tensor;
  /** Of two tensors, element by element. */
  (other: Tensor): Tensor;
  /** Along a dimension: the values and where they stand. */
  (dim: number, keepdim?: boolean | { keepdim?: boolean }): ValuesIndices;
  /** Along a dimension: the values and where they stand. */
  (named: { dim: number; keepdim?: boolean }): ValuesIndices;
}

type ExtremumInputs = { self: Tensor; other?: Tensor; dim?: number; keepdim?: boolean; out?: Tensor | Tensor[] | null };

function threefold(name: "max" | "min", reducer: Reducer, search: Search): Extremum {
  const node = name === "max" ? "MaxBackward" : "MinBackward";
  const ofAll = new Primitive<{ self: Tensor }>({
    name: `${node}1`,
    forward: ({ self }) => extremum(name, reducer, self, [], false),
    backward: { self: ({ grad, self, result }) => evenlyAmong(grad, self, result) },
  });
  const along = new Primitive<{ self: Tensor; dim: number; keepdim: boolean }>({
    name: `${node}0`,
    forward: ({ self, dim, keepdim }) => found(name, search, self, dim, keepdim),
    nonDifferentiable: [1],
    backward: { self: ({ grad, dim, indices, self_sizes, keepdim }) => selectedGradient(grad, dim, indices, self_sizes, keepdim) },
  });
  return define<Extremum, ExtremumInputs>(name, [
    "(Tensor input, *, Tensor out = None)",
    "(Tensor input, Tensor other, *, Tensor out = None)",
    "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)",
    "(Tensor input, name dim, bool keepdim = False, *, tuple of Tensors out = None)",
  ], ({ self, other, dim, keepdim = false, out }) => {
    if (other !== undefined) return name === "max" ? self.maximum(other) : self.minimum(other);
    if (dim === undefined) {
      if (out instanceof Tensor && !can_cast(self.dtype, out.dtype)) {
        throw new RuntimeError(
          "Expected canCast( typeMetaToScalarType(self.dtype()), typeMetaToScalarType(out.dtype())) to be true, but got false.  " +
            "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
        );
      }
      return ofAll.apply({ self });
    }
    const results = along.apply({ self, dim, keepdim }) as Tensor[];
    return namedTuple(out ? `${name}_out` : name, ["values", "indices"], Array.isArray(out) ? writeOuts(name, { self }, out, results) : results);
  });
}

/**
 * The greatest of all elements; or, with another tensor, the greater ones element by element; or, with a dimension, the greatest
 * along it and where they stand. NaN wins. The gradient of the greatest of all is divided evenly among all that attain it; along
 * a dimension it goes to the one at the index.
 */
export const max: Extremum = threefold("max", greatest, searchGreatest);
/** The least of all elements, the lesser ones of two tensors, or the least along a dimension and where they stand: see `max`. */
export const min: Extremum = threefold("min", least, searchLeast);

/** Named arguments of `argmax` and `argmin`. */
export type IndexOptions = Omit<ReduceOptions, "dim" | "dtype"> & { dim?: number | null };

function place(name: "argmax" | "argmin", search: Search): Op<IndexOptions, [dim?: number | null, keepdim?: boolean]> {
  return define<Op<IndexOptions, [dim?: number | null, keepdim?: boolean]>, { self: Tensor; dim: number | null; keepdim: boolean; out: Tensor | null }>(
    name,
    "(Tensor input, int dim = None, bool keepdim = False, *, Tensor out = None)",
    ({ self, dim, keepdim, out }) => {
      if (out !== null && out.dtype !== int64) throw wrongOutType(int64, out.dtype);
      if (self.count === 0) {
        if (dim === null) throw new IndexError(unspecified(name));
        checkNotEmpty(`${name}()`, self, reducedDims(dim, self.sizes.length));
      }
      if (self.dtype === bool) throw noKernel(`${name}_cpu`, bool);
      if (dim !== null) return found(name, search, self.detach(), dim, keepdim)[1];
      const index = found(name, search, self.detach().reshape(-1), 0, false)[1];
      return keepdim ? index.view(self.sizes.map(() => 1)) : index;
    },
  );
}

/** The index of the greatest element, among all in row-major order or along `dim`: the first of several. */
export const argmax: Op<IndexOptions, [dim?: number | null, keepdim?: boolean]> = place("argmax", searchGreatest);
/** The index of the least element, among all in row-major order or along `dim`: the first of several. */
export const argmin: Op<IndexOptions, [dim?: number | null, keepdim?: boolean]> = place("argmin", searchLeast);

/** Named arguments of `aminmax`. */
export interface AminmaxOptions {
  /** The dimension to reduce; all by default. */
  dim?: number | null;
  /** Whether the reduced dimension stays, with size 1. */
  keepdim?: boolean;
  /** Takes the least and the greatest elements. */
  out?: readonly [Tensor, Tensor];
}

/** The least and the greatest elements, of all or along a dimension, as `.min` and `.max`. PyTorch has no derivative for them. */
export const aminmax: Op<AminmaxOptions, [], NamedTuple<"min" | "max">> = define<
  Op<AminmaxOptions, [], NamedTuple<"min" | "max">>,
  { self: Tensor; dim: number | null; keepdim: boolean; out: Tensor[] | null }
>("aminmax", "(Tensor input, *, int dim = None, bool keepdim = False, tuple of Tensors out = None)", ({ self, dim, keepdim, out }) => {
  for (const t of out ?? []) if (t.dtype !== self.dtype) throw wrongOutType(self.dtype, t.dtype);
  const dims = reducedDims(dim, self.sizes.length);
  if (self.count === 0) {
    if (dim === null) throw new RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity.");
    checkNotEmpty("aminmax", self, [wrapDim(dim, self.sizes.length)]);
  }
  const results = [least, greatest].map((reducer) => fromAccumulators(fold(reducer, self, dims), reducedSizes(self.sizes, dims, keepdim), self.dtype));
  for (const result of results) recordUnsupported("aminmax", [self], result);
  return namedTuple(out === null ? "aminmax" : "aminmax_out", ["min", "max"], out === null ? results : writeOuts("aminmax", { self }, out, results));
});
