/**
 * Counting: how often values occur, and how many fall into each bin.
 */
import { bool, float32, float64, int64 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { type BinSearch, countPoints, type Floats } from "../kernels/histogram.ts";
import { sameSizes } from "../layout.ts";
import { type NamedTuple, namedTuple, NamedTupleArray } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, type Op } from "./define.ts";
import { asContiguous, asType } from "./elementwise.ts";
import { linspace } from "./ranges.ts";
import { recordUnsupported } from "./unsupported.ts";

/** Named arguments of `bincount`. */
export interface BincountOptions {
  /** What each value adds to its count, instead of 1. */
  weights?: Tensor | null;
  /** The least number of counts. */
  minlength?: number;
}

/** How often each natural number occurs in a vector, or the sum of the weights of its occurrences. */
export const bincount: Op<BincountOptions, [weights?: Tensor | null, minlength?: number]> = define<
  Op<BincountOptions, [weights?: Tensor | null, minlength?: number]>,
  { self: Tensor; weights: Tensor | null; minlength: number }
>("bincount", "(Tensor input, Tensor weights = None, int minlength = 0)", ({ self, weights, minlength }) => {
  if (self.dtype.category !== "int") throw noKernel("bincount_cpu", self.dtype);
  if (minlength < 0) throw new RuntimeError("minlength should be >= 0");
  if (self.sizes.length === 1 && self.count === 0) return Tensor.make([minlength], int64);
  const values = asContiguous(asType(self, float64));
  const places = values.store.data.subarray(values.offset, values.offset + values.count) as Float64Array;
  let least = Infinity, greatest = -Infinity;
  for (let i = 0; i < places.length; i++) {
    least = Math.min(least, places[i]);
    greatest = Math.max(greatest, places[i]);
  }
  if (self.sizes.length !== 1 || least < 0) throw new RuntimeError("bincount only supports 1-d non-negative integral inputs.");
  if (weights !== null && !sameSizes(weights.sizes, self.sizes)) throw new RuntimeError("weights should be 1-d and have the same length as input");
  const counts = Tensor.make([Math.max(greatest + 1, minlength)], float64);
  const data = counts.store.data as Float64Array;
  if (weights === null) {
    for (let i = 0; i < places.length; i++) data[places[i]]++;
    return asType(counts, int64);
  }
  const added = asContiguous(asType(weights, float64));
  for (let i = 0; i < places.length; i++) data[places[i]] += added.store.data[added.offset + i] as number;
  const result = asType(counts, weights.dtype === float32 ? float32 : float64);
  recordUnsupported("bincount", [weights], result);
  return result;
});

// -- histograms ------------------------------------------------------------------------------------------------------

const floats = (t: Tensor): Floats => t.store.data as Floats;

/** The least and the greatest of some numbers; NaN if one is. */
function extremes(numbers: Iterable<number>): [number, number] {
  let least = Infinity, greatest = -Infinity;
  for (const x of numbers) {
    least = Math.min(least, x);
    greatest = Math.max(greatest, x);
  }
  return [least, greatest];
}

const show = (x: number): string => Number.isNaN(x) ? "nan" : x === Infinity ? "inf" : x === -Infinity ? "-inf" : String(Number(x.toPrecision(6)));

function checkBins(bins: number, dim: number): void {
  if (bins <= 0) throw new RuntimeError(`torch.histogram(): bins must be > 0, but got ${bins} for dimension ${dim}`);
}

/** Counts points, the rows of `points`, in the cells between `edges`. */
function counted(search: BinSearch, points: Tensor, edges: readonly Tensor[], weight: Tensor | null): Tensor {
  const dense = asContiguous(points), weights = weight === null ? null : asContiguous(weight);
  const hist = Tensor.make(edges.map((e) => e.count - 1), float64);
  const dims = edges.map((e) => floats(e).subarray(e.offset, e.offset + e.count) as Floats);
  countPoints(search, floats(dense), dense.offset, dense.sizes[0], dims, weights && floats(weights), weights?.offset ?? 0, floats(hist) as Float64Array);
  return asType(hist, points.dtype);
}

/** Named arguments of `histc`. */
export interface HistcOptions {
  /** The number of bins. */
  bins?: number;
  /** Where the first bin begins; the least element where both ends are equal. */
  min?: number;
  /** Where the last bin ends. */
  max?: number;
  /** Takes the result. */
  out?: Tensor;
}

/** How many elements fall into each of `bins` bins of equal width between `min` and `max`. */
export const histc: Op<HistcOptions, [bins?: number, min?: number, max?: number]> = define<
  Op<HistcOptions, [bins?: number, min?: number, max?: number]>,
  { self: Tensor; bins: number; min: number; max: number; out: Tensor | null }
>("histc", "(Tensor input, int bins = 100, Number min = 0, Number max = 0, *, Tensor out = None)", ({ self, bins, min, max, out }) => {
  if (self.dtype === bool) throw noKernel("linspace_cpu", bool);
  if (!self.dtype.is_floating_point) throw noKernel("histogram_cpu", self.dtype);
  if (out !== null && out.dtype !== self.dtype) {
    throw new RuntimeError(
      `torch.histogram: input tensor and hist tensor should have the same dtype, but got input ${self.dtype.ctype} and hist ${out.dtype.ctype}`,
    );
  }
  checkBins(bins, 0);
  const points = asContiguous(self.detach().reshape(-1, 1));
  let [left, right] = min === max && self.count > 0 ? extremes(floats(points).subarray(points.offset, points.offset + points.count)) : [min, max];
  if (left === right) [left, right] = [left - 1, right + 1];
  if (!Number.isFinite(left) || !Number.isFinite(right)) throw new RuntimeError(`torch.histc: range of [${show(left)}, ${show(right)}] is not finite`);
  if (left > right) throw new RuntimeError("torch.histc: max must be larger than min");
  return counted("linear", points, [linspace(left, right, bins + 1, { dtype: self.dtype })], null);
});

type Grid = { input: Tensor; bins: readonly (number | Tensor)[]; range: readonly number[] | null; weight: Tensor | null; density: boolean };

/** The range of each dimension: the given one, or that of the points; widened where it is empty. */
function ranges(points: Tensor, range: readonly number[] | null): [number, number][] {
  const [n, dims] = points.sizes;
  if (range !== null && range.length !== 2 * dims) {
    throw new RuntimeError(`torch.histogramdd: for a ${dims}-dimensional histogram range should have ${2 * dims} elements, but got ${range.length}`);
  }
  const data = floats(points);
  return Array.from({ length: dims }, (_, d) => {
    const column = function* () {
      for (let i = 0; i < n; i++) yield data[points.offset + i * dims + d];
    };
    const [left, right] = range !== null ? [range[2 * d], range[2 * d + 1]] : n === 0 ? [0, 1] : extremes(column());
    if (!Number.isFinite(left) || !Number.isFinite(right)) {
      throw new RuntimeError(`torch.histogramdd: dimension ${d}'s range [${show(left)}, ${show(right)}] is not finite`);
    }
    if (left > right) throw new RuntimeError(`torch.histogramdd: min should not exceed max, but got min ${show(left)} max ${show(right)} for dimension ${d}`);
    return left === right ? [left - 0.5, right + 0.5] : [left, right];
  });
}

function checkEdges(input: Tensor, edges: Tensor, dim: number): void {
  if (edges.dtype !== input.dtype) {
    throw new RuntimeError(
      "torch.histogramdd: input tensor and bins tensors should have the same dtype, " +
        `but got input with dtype ${input.dtype.ctype} and bins for dimension ${dim} with dtype ${edges.dtype.ctype}`,
    );
  }
  if (edges.sizes.length !== 1) {
    throw new RuntimeError(
      `torch.histogramdd: bins tensor should have one dimension, but got ${edges.sizes.length} dimensions in the bins tensor for dimension ${dim}`,
    );
  }
  checkBins(edges.count - 1, dim);
}

/** The histogram of points, the innermost dimension of `input`, and the edges of its bins. */
function histogramOf({ input, bins, range, weight, density }: Grid): [Tensor, Tensor[]] {
  const dims = bins.length;
  if (weight !== null) {
    if (!sameSizes(weight.sizes, input.sizes.slice(0, -1))) {
      throw new RuntimeError(
        "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost dimension, " +
          `but got input with shape [${input.sizes.join(", ")}] and weight with shape [${weight.sizes.join(", ")}]`,
      );
    }
    if (weight.dtype !== input.dtype) {
      throw new RuntimeError(
        `torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got input(${input.dtype.ctype}), and weight(${weight.dtype.ctype})`,
      );
    }
  }
  bins.forEach((b, d) => b instanceof Tensor ? checkEdges(input, b, d) : checkBins(b, d));
  if (!input.dtype.is_floating_point) throw noKernel("histogramdd", input.dtype);
  const points = asContiguous(input.detach().reshape(-1, dims));
  const given = bins[0] instanceof Tensor;
  const edges = given
    ? bins.map((b) => asContiguous((b as Tensor).detach().clone()))
    : ranges(points, range).map(([left, right], d) => linspace(left, right, (bins[d] as number) + 1, { dtype: input.dtype }));
  let hist = counted(given ? "binary" : "local", points, edges, weight?.detach().reshape(-1) ?? null);
  if (density) {
    hist = hist.div(hist.sum());
    edges.forEach((e, d) => hist = hist.div(e.diff().view(bins.map((_, i) => i === d ? -1 : 1))));
  }
  return [hist, edges];
}

/** Named arguments of `histogram`. */
export interface HistogramOptions<Bins> {
  /** The number of bins, or their edges. */
  bins?: Bins;
  /** Where the bins begin and end, for each dimension. */
  range?: readonly number[] | null;
  /** What each point adds to its bin, instead of 1. */
  weight?: Tensor | null;
  /** Whether to give a density, which integrates to 1. */
  density?: boolean;
  /** Takes the results. */
  out?: readonly [Tensor, Tensor];
}

/** `histogram` as an op. */
export type Histogram = Op<HistogramOptions<number | Tensor>, [bins?: number | Tensor], NamedTuple<"hist" | "bin_edges">>;

type HistogramInputs = { self: Tensor; bins: number | Tensor; range?: number[] | null; weight: Tensor | null; density: boolean };

/** How many elements fall into each bin, and the edges of the bins. */
export const histogram: Histogram = define<Histogram, HistogramInputs>("histogram", [
  "(Tensor input, Tensor bins, *, Tensor weight = None, bool density = False, tuple of Tensors out = None)",
  "(Tensor input, int bins = 100, *, tuple of floats range = None, Tensor weight = None, bool density = False, tuple of Tensors out = None)",
], ({ self, bins, range = null, weight, density }) => {
  const points = self.detach().reshape(-1, 1);
  const flat = weight === null ? null : sameSizes(weight.sizes, self.sizes) ? weight.reshape(-1) : weight;
  const [hist, [edges]] = histogramOf({ input: points, bins: [bins], range, weight: flat, density });
  for (const t of [hist, edges]) recordUnsupported("histogram", [self, bins, weight], t);
  return namedTuple("histogram", ["hist", "bin_edges"], [hist, edges]);
});

/** What `histogramdd` returns: the counts, and the edges for each dimension. */
export type HistogramddResult = NamedTupleArray<Tensor | Tensor[]> & { readonly hist: Tensor; readonly bin_edges: Tensor[] };

/** `histogramdd` as a function. */
export type Histogramdd = Fn<
  HistogramOptions<number | readonly number[] | readonly Tensor[]> & { input: Tensor },
  [input: Tensor, bins: number | readonly number[] | readonly Tensor[], range?: readonly number[] | null, weight?: Tensor | null, density?: boolean],
  HistogramddResult
>;

const HISTOGRAMDD = "tuple of floats range = None, Tensor weight = None, bool density = False)";

/** How many points, the innermost dimension of `input`, fall into each cell of a grid, and the edges of the grid for each dimension. */
export const histogramdd: Histogramdd = define<Histogramdd, Omit<Grid, "input" | "bins"> & { self: Tensor; bins: number | number[] | Tensor[] }>(
  "histogramdd",
  [
    `(Tensor input, int bins, ${HISTOGRAMDD}`,
    `(Tensor input, tuple of ints bins, ${HISTOGRAMDD}`,
    `(Tensor input, tuple of Tensors bins, ${HISTOGRAMDD}`,
  ],
  ({ self, bins, ...options }) => {
    if (self.sizes.length < 2) throw new RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions");
    const dims = self.sizes[self.sizes.length - 1];
    const all = typeof bins === "number" ? Array<number>(dims).fill(bins) : bins;
    if (all.length !== dims) throw new RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.");
    const [hist, edges] = histogramOf({ input: self, bins: all, ...options });
    for (const t of [hist, ...edges]) recordUnsupported("histogramdd", [self, options.weight], t);
    return new NamedTupleArray("histogramdd", ["hist", "bin_edges"], [hist, edges]) as HistogramddResult;
  },
);
