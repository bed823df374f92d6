/**
 * Quantiles.
 */
import { int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Op, Primitive } from "./define.ts";

// PyTorch squeezes and transposes its own intermediate result in place, which has nodes of its own
const squeezeInPlace = new Primitive<{ self: Tensor; dim: number }>({
  name: "SqueezeBackward4",
  forward: ({ self, dim }) => self.squeeze(dim),
  // deno-lint-ignore no-unused-vars -- PyTorch saves the dimension: it can be read on the node
  backward: { self: ({ grad, self_sizes, dim }) => grad.reshape(self_sizes) },
});
const transposeInPlace = new Primitive<{ self: Tensor; dim0: number; dim1: number }>({
  name: "TransposeBackward1",
  forward: ({ self, dim0, dim1 }) => self.transpose(dim0, dim1),
  backward: { self: ({ grad, dim0, dim1 }) => grad.transpose(dim0, dim1) },
});

type QuantileInputs = { self: Tensor; q: Tensor | number; dim: number | null; keepdim: boolean; interpolation: string; out: Tensor | null };

const MODES = ["linear", "lower", "higher", "midpoint", "nearest"];

function check({ self, q, interpolation, out }: QuantileInputs): void {
  const fail = (text: string) => new RuntimeError(`quantile() ${text}`);
  if (self.count === 0) throw fail("input tensor must be non-empty");
  if (q instanceof Tensor && q.sizes.length > 1) throw fail("q must be a scalar or 1D tensor");
  if (!self.dtype.is_floating_point) throw fail("input tensor must be either float or double dtype");
  if (q instanceof Tensor && q.dtype !== self.dtype) throw fail("q tensor must be same dtype as the input tensor");
  if (out !== null && out.dtype !== self.dtype) throw fail("out tensor must be same dtype as the input tensor");
  if (!MODES.includes(interpolation)) throw fail(`interpolation must be one of linear, lower, higher, midpoint or nearest, but got ${interpolation}`);
}

/** The elements along the last dimension in ascending order; the others are those that the quantiles keep. */
function sortedLines({ self, dim, keepdim }: QuantileInputs): Tensor {
  const rank = self.sizes.length;
  if (dim === null) {
    const sorted = self.flatten().sort()[0];
    return keepdim ? sorted.view([...self.sizes.map(() => 1), sorted.count]) : sorted;
  }
  const d = wrapDim(dim, rank);
  if (rank === 0) return self.flatten().sort()[0];
  const sorted = d === rank - 1 ? self.sort()[0] : self.unsqueeze(-1).transpose(d, -1).sort()[0];
  const kept = self.sizes.flatMap((n, i) => i !== d ? [n] : keepdim ? [1] : []);
  return sorted.view([...kept, self.sizes[d]]);
}

/** Where the quantiles stand among sorted elements, as real numbers; NaN in a line leads to its last element, which is NaN. */
function ranksOf(sorted: Tensor, q: Tensor, ignoreNaN: boolean): Tensor {
  if (ignoreNaN) {
    const ranks = q.mul(sorted.isnan().logical_not().sum(-1, true).sub(1));
    return ranks.masked_fill(ranks.lt(0), 0);
  }
  const last = sorted.size(-1) - 1;
  const hasNaN = sorted.isnan().any(-1, true);
  const ranks = q.mul(last);
  const shape = [...hasNaN.sizes.slice(0, -1), ranks.count];
  return ranks.expand(shape).masked_fill(hasNaN, last);
}

function quantiles(inputs: QuantileInputs, ignoreNaN: boolean): Tensor {
  const { self, interpolation } = inputs;
  check(inputs);
  const single = !(inputs.q instanceof Tensor) || inputs.q.sizes.length === 0;
  if (typeof inputs.q === "number" && !(inputs.q >= 0 && inputs.q <= 1)) {
    throw new RuntimeError(`quantile() q must be in the range [0, 1] but got ${Number.isNaN(inputs.q) ? "nan" : inputs.q}`);
  }
  const q = inputs.q instanceof Tensor ? inputs.q : self.detach().new_full([], inputs.q);
  if (inputs.q instanceof Tensor && q.count > 0 && !q.ge(0).logical_and(q.le(1)).all().item()) {
    throw new RuntimeError("quantile() q values must be in the range [0, 1]");
  }
  const sorted = sortedLines(inputs);
  let ranks = ranksOf(sorted.detach(), q.reshape(-1), ignoreNaN);
  if (interpolation === "lower") ranks = ranks.floor();
  else if (interpolation === "higher") ranks = ranks.ceil();
  else if (interpolation === "nearest") ranks = ranks.round();
  const below = ranks.detach().to(int64);
  let values = sorted.gather(-1, below);
  if (interpolation === "linear" || interpolation === "midpoint") {
    const weights = interpolation === "midpoint" ? ranks.detach().new_full(ranks.sizes, 0.5) : ranks.sub(below);
    values = values.lerp(sorted.gather(-1, ranks.detach().ceil().to(int64)), weights);
  }
  if (single) return squeezeInPlace.apply({ self: values, dim: -1 }) as Tensor;
  const first = transposeInPlace.apply({ self: values.unsqueeze(0), dim0: 0, dim1: -1 }) as Tensor;
  return squeezeInPlace.apply({ self: first, dim: -1 }) as Tensor;
}

/** Named arguments of quantiles. */
export interface QuantileOptions {
  /** The fraction of elements that lie below: a number or a vector of them, for which the result gets a new first dimension. */
  q: number | Tensor;
  /** The dimension to reduce; all by default. */
  dim?: number | null;
  /** Whether the reduced dimension stays, with size 1. */
  keepdim?: boolean;
  /** What to do between two elements. */
  interpolation?: "linear" | "lower" | "higher" | "midpoint" | "nearest";
  /** Takes the result. */
  out?: Tensor;
}

/** A quantile op. */
export type Quantile = Op<QuantileOptions, [q: number | Tensor, dim?: number | null, keepdim?: boolean]>;

const OPTIONS = 'int dim = None, bool keepdim = False, *, str interpolation = "linear", Tensor out = None)';

const quantileOp = (name: string, ignoreNaN: boolean): Quantile =>
  define<Quantile, QuantileInputs>(
    name,
    [`(Tensor input, Tensor q, ${OPTIONS}`, `(Tensor input, float q, ${OPTIONS}`],
    (inputs) => quantiles(inputs, ignoreNaN),
  );

/** The `q`-th quantiles of all elements or along `dim`; NaN where there is a NaN. The gradient goes to the elements between which they lie. */
export const quantile: Quantile = quantileOp("quantile", false);
/** The `q`-th quantiles of the elements that are not NaN. */
export const nanquantile: Quantile = quantileOp("nanquantile", true);
