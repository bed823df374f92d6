/**
 * Sorting, and the elements that sorting would put in some place.
 */
import { bool, type DType, int32, int64 } from "../dtype.ts";
import { IndexError, noKernel, RuntimeError } from "../errors.ts";
import { toInt64 } from "../kernels/int64.ts";
import { ascending, descending as fromGreatest } from "../kernels/introsort.ts";
import { kthLines, medianLines, medianOf, modeLines, type Selected, sortLines, topLines } from "../kernels/sort.ts";
import { wrapDim } from "../layout.ts";
import { namedTuple, type ValuesIndices } from "../named_tuple.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type Formula, type IsMethod, type Op, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { linesAlong, reducedSizes, wrongOutType } from "./reduction.ts";
import { checkNoOverlap, evenlyAmong, selectedGradient, writeOuts } from "./selection.ts";

const FIELDS = ["values", "indices"] as const;

/** Values and indices as tensors of shape `sizes`. */
function tensors({ values, places }: Selected, self: Tensor, sizes: readonly number[]): Tensor[] {
  return [new Tensor(new Storage(values), self.dtype, sizes), new Tensor(new Storage(toInt64(places)), int64, sizes)];
}

type Outs = readonly [Tensor, Tensor] | null;

function named(op: string, self: Tensor, results: Tensor[], out: Outs | undefined): ValuesIndices {
  return out ? namedTuple(`${op}_out`, FIELDS, writeOuts(op, { self }, out, results)) : namedTuple(op, FIELDS, results);
}

// -- whole lines -----------------------------------------------------------------------------------------------------

type SortInputs = { self: Tensor; stable?: boolean; dim: number; descending: boolean };

function sorted({ self, stable = false, dim, descending }: SortInputs): Tensor[] {
  const lines = linesAlong(self.sizes, dim);
  const source = asContiguous(self);
  return tensors(sortLines(descending ? fromGreatest : ascending, stable, source.store.data, source.offset, lines), self, self.sizes);
}

const sorting = (name: string) =>
  new Primitive<SortInputs>({
    name,
    forward: sorted,
    nonDifferentiable: [1],
    backward: { self: ({ grad, dim, indices, self_sizes }) => selectedGradient(grad, dim, indices, self_sizes, true) },
  });
const sortPrimitive = sorting("SortBackward0"), stableSortPrimitive = sorting("SortBackward1");

/** Named arguments of `sort` and `argsort`. */
export interface SortOptions {
  /** The dimension to sort along; the last by default. */
  dim?: number;
  /** Whether the greatest elements come first. */
  descending?: boolean;
  /** Whether equal elements keep their order. */
  stable?: boolean;
  /** Takes the values and the indices. */
  out?: readonly [Tensor, Tensor];
}

/** The elements sorted along `dim`, and where they stood: NaN counts as the greatest. The gradient goes back to where the elements stood. */
export const sort: Op<SortOptions, [dim?: number, descending?: boolean], ValuesIndices> = define<
  Op<SortOptions, [dim?: number, descending?: boolean], ValuesIndices>,
  SortInputs & { out: Outs }
>("sort", [
  "(Tensor input, *, bool? stable, int dim = -1, bool descending = False, tuple of Tensors out = None)",
  "(Tensor input, int dim = -1, bool descending = False, *, tuple of Tensors out = None)",
  "(Tensor input, *, bool? stable, name dim, bool descending = False, tuple of Tensors out = None)",
  "(Tensor input, name dim, bool descending = False, *, tuple of Tensors out = None)",
], ({ self, stable, dim, descending, out }) => {
  const primitive = stable === undefined ? sortPrimitive : stableSortPrimitive;
  return named("sort", self, primitive.apply({ self, stable: stable ?? false, dim, descending }) as Tensor[], out);
});

/** The indices that sort along `dim`. */
export const argsort: Op<Omit<SortOptions, "out"> & { out?: Tensor }, [dim?: number, descending?: boolean]> = define<
  Op<Omit<SortOptions, "out"> & { out?: Tensor }, [dim?: number, descending?: boolean]>,
  SortInputs
>("argsort", [
  "(Tensor input, *, bool stable, int dim = -1, bool descending = False, Tensor out = None)",
  "(Tensor input, int dim = -1, bool descending = False)",
  "(Tensor input, name dim, bool descending = False)",
], (inputs) => sorted(inputs)[1]);

/** The elements sorted along the first dimension. */
export const msort: Op<{ out?: Tensor }> = define<Op<{ out?: Tensor }>, { self: Tensor; out: Tensor | null }>(
  "msort",
  "(Tensor input, *, Tensor out = None)",
  ({ self, out }) => {
    if (out !== null && out.dtype !== self.dtype) throw wrongOutType(self.dtype, out.dtype);
    return sort(self, 0)[0];
  },
);

// -- some elements of each line --------------------------------------------------------------------------------------

type TopInputs = { self: Tensor; k: number; dim: number; largest: boolean; sorted: boolean };

const topPrimitive = new Primitive<TopInputs>({
  name: "TopkBackward0",
  forward: ({ self, k, dim, largest, sorted }) => {
    const rank = self.sizes.length;
    const d = wrapDim(dim, rank);
    if (k < 0 || k > (self.sizes[d] ?? 1)) throw new RuntimeError("selected index k out of range");
    if (self.dtype === bool) throw noKernel("topk_cpu", bool);
    const source = asContiguous(self);
    const count = rank === 0 ? 1 : k;
    return tensors(
      topLines(largest ? fromGreatest : ascending, count, sorted, source.store.data, source.offset, linesAlong(self.sizes, d)),
      self,
      self.sizes.map((n, i) => i === d ? k : n),
    );
  },
  nonDifferentiable: [1],
  backward: { self: ({ grad, dim, indices, self_sizes }) => selectedGradient(grad, dim, indices, self_sizes, true) },
});

/** Named arguments of `topk`. */
export interface TopkOptions {
  /** How many. */
  k: number;
  /** The dimension to look along; the last by default. */
  dim?: number;
  /** Whether the greatest elements are wanted, or the least. */
  largest?: boolean;
  /** Whether they come in order. */
  sorted?: boolean;
  /** Takes the values and the indices. */
  out?: readonly [Tensor, Tensor];
}

/** `topk` as an op. */
export type Topk = Op<TopkOptions, [k: number, dim?: number, largest?: boolean, sorted?: boolean], ValuesIndices>;

/** The `k` greatest or least elements along `dim`, and where they stand. The gradient goes back to where they stood. */
export const topk: Topk = define<Topk, TopInputs & { out: Outs }>(
  "topk",
  "(Tensor input, int k, int dim = -1, bool largest = True, bool sorted = True, *, tuple of Tensors out = None)",
  ({ out, ...inputs }) => named("topk", inputs.self, topPrimitive.apply(inputs) as Tensor[], out),
);

/** Throws where lines are empty: there is nothing to select. */
function checkNotEmpty(op: string, self: Tensor, dim: number): void {
  if (self.sizes[dim] === 0) throw new IndexError(`${op}(): Expected reduction dim ${dim} to have non-zero size.`);
}

/** Selects one element of each line. */
function selectOne(
  self: Tensor,
  dim: number,
  keepdim: boolean,
  kernel: (data: Selected["values"], at: number, lines: ReturnType<typeof linesAlong>) => Selected,
): Tensor[] {
  const source = asContiguous(self);
  return tensors(
    kernel(source.store.data, source.offset, linesAlong(self.sizes, dim)),
    self,
    reducedSizes(self.sizes, [wrapDim(dim, self.sizes.length)], keepdim),
  );
}

type LineInputs = { self: Tensor; dim: number; keepdim: boolean };

const toPlaces: Formula<LineInputs> = ({ grad, dim, indices, self_sizes, keepdim }) => selectedGradient(grad, dim, indices, self_sizes, keepdim);

/** A primitive that selects one element of each line, to which the gradient goes back. */
const selecting = (name: string, forward: (inputs: LineInputs) => Tensor[]): Primitive<LineInputs> =>
  new Primitive<LineInputs>({ name, forward, nonDifferentiable: [1], backward: { self: toPlaces } });

const kthPrimitive = new Primitive<LineInputs & { k: number }>({
  name: "KthvalueBackward0",
  forward: ({ self, k, dim, keepdim }) => {
    const d = wrapDim(dim, self.sizes.length);
    checkNotEmpty("kthvalue", self, d);
    if (k < 1 || k > (self.sizes[d] ?? 1)) throw new RuntimeError(`kthvalue(): selected number k out of range for dimension ${d}`);
    if (self.dtype === bool) throw noKernel("kthvalue_cpu", bool);
    return selectOne(self, dim, keepdim, (...line) => kthLines(k - 1, ...line));
  },
  nonDifferentiable: [1],
  backward: { self: toPlaces },
});

/** Named arguments of ops that select one element of each line. */
export interface LineSelectionOptions {
  /** The dimension to look along; the last by default. */
  dim?: number;
  /** Whether the dimension stays, with size 1. */
  keepdim?: boolean;
  /** Takes the values and the indices. */
  out?: readonly [Tensor, Tensor];
}

/** `kthvalue` as an op. */
export type Kthvalue = Op<LineSelectionOptions & { k: number }, [k: number, dim?: number, keepdim?: boolean], ValuesIndices>;

function checkIndices(out: Outs, error: (given: Tensor) => RuntimeError): void {
  if (out !== null && out[1].dtype !== int64) throw error(out[1]);
}

/** The `k`-th least element along `dim`, counted from 1, and where it stands. */
export const kthvalue: Kthvalue = define<Kthvalue, LineInputs & { k: number; out: Outs }>("kthvalue", [
  "(Tensor input, int k, int dim = -1, bool keepdim = False, *, tuple of Tensors out = None)",
  "(Tensor input, int k, name dim, bool keepdim = False, *, tuple of Tensors out = None)",
], ({ out, ...inputs }) => {
  checkIndices(out, () => new RuntimeError("output indices must be of scalar type Long"));
  if (out !== null) checkNoOverlap(inputs.self, out[0]);
  return named("kthvalue", inputs.self, kthPrimitive.apply(inputs) as Tensor[], out);
});

const modePrimitive = selecting("ModeBackward0", ({ self, dim, keepdim }) => {
  checkNotEmpty("mode", self, wrapDim(dim, self.sizes.length));
  return selectOne(self, dim, keepdim, modeLines);
});

/** The most frequent element along `dim`, the least of several, and where one of them stands. */
export const mode: Op<LineSelectionOptions, [dim?: number, keepdim?: boolean], ValuesIndices> = define<
  Op<LineSelectionOptions, [dim?: number, keepdim?: boolean], ValuesIndices>,
  LineInputs & { out: Outs }
>("mode", [
  "(Tensor input, int dim = -1, bool keepdim = False, *, tuple of Tensors out = None)",
  "(Tensor input, name dim, bool keepdim = False, *, tuple of Tensors out = None)",
], ({ out, ...inputs }) => {
  checkIndices(out, (given) => new RuntimeError(`expected scalar type 'Long' but got '${given.dtype.scalar}' for indices output`));
  return named("mode", inputs.self, modePrimitive.apply(inputs) as Tensor[], out);
});

// -- medians ---------------------------------------------------------------------------------------------------------

/** `median` and `nanmedian` as functions. */
export interface Median extends IsMethod {
  /** Of all elements. */
  (self: Tensor): Tensor;
  /** Along a dimension: the values and where they stand. */
  (self: Tensor, dim: number, keepdim?: boolean | Omit<LineSelectionOptions, "dim">, options?: Pick<LineSelectionOptions, "out">): ValuesIndices;
  /** Along a dimension: the values and where they stand. */
  (self: Tensor, named: LineSelectionOptions & { dim: number }): ValuesIndices;
}

/** `median` and `nanmedian` as methods. */
export interface MedianMethod {
  /** Of all elements. */
  (): Tensor;
  /** Along a dimension: the values and where they stand. */
  (dim: number, keepdim?: boolean | { keepdim?: boolean }): ValuesIndices;
  /** Along a dimension: the values and where they stand. */
  (named: { dim: number; keepdim?: boolean }): ValuesIndices;
}

/** What PyTorch makes of NaN, the median of nothing, in these dtypes. */
const NOTHING = new Map<DType, bigint | number>([[int64, -(1n << 63n)], [int32, -(2 ** 31)]]);

function medians(name: "median" | "nanmedian", ignoreNaN: boolean): Median {
  const node = name === "median" ? "MedianBackward" : "NanmedianBackward";
  const ofAll = new Primitive<{ self: Tensor }>({
    name: `${node}0`,
    forward: ({ self }) => {
      if (self.dtype === bool) throw noKernel("median_cpu", bool);
      const out = Tensor.make([], self.dtype);
      if (self.count === 0) return out.fill_(NOTHING.get(self.dtype) ?? NaN);
      const source = asContiguous(self);
      out.store.data[0] = medianOf(source.store.data.slice(source.offset, source.offset + self.count), ignoreNaN);
      return out;
    },
    backward: { self: ({ grad, self, result }) => evenlyAmong(grad, self, result) },
  });
  const along = selecting(`${node}1`, ({ self, dim, keepdim }) => {
    checkNotEmpty("median", self, wrapDim(dim, self.sizes.length));
    if (self.dtype === bool) throw noKernel("median_out", bool);
    return selectOne(self, dim, keepdim, (...line) => medianLines(ignoreNaN, ...line));
  });
  return define<Median, { self: Tensor; dim?: number; keepdim?: boolean; out?: Outs }>(name, [
    "(Tensor input)",
    "(Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)",
    "(Tensor input, name dim, bool keepdim = False, *, tuple of Tensors out = None)",
  ], ({ self, dim, keepdim = false, out = null }) => {
    if (dim === undefined) return ofAll.apply({ self });
    checkIndices(
      out,
      (given) =>
        new RuntimeError(
          `Expected tensor for argument #1 'indices' to have scalar type Long; but got ${given.type()} instead (while checking arguments for ${name})`,
        ),
    );
    return named(name, self, along.apply({ self, dim, keepdim }) as Tensor[], out);
  });
}

/**
 * The lower median of all elements, or along a dimension and where it stands. NaN is the median of what contains it. The gradient
 * of the median of all is divided evenly among the elements that have its value; along a dimension it goes to the one at the index.
 */
export const median: Median = medians("median", false);
/** The lower median of the elements that are not NaN: see `median`. */
export const nanmedian: Median = medians("nanmedian", true);
