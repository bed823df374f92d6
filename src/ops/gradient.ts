/**
 * `torch.gradient`: derivatives of sampled functions by finite differences of second order.
 */
import { uint8 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { type Args, define } from "./define.ts";
import { cat } from "./join.ts";
import { native } from "./native.ts";

/** Named arguments of `gradient`. */
export interface GradientOptions {
  /** The distance of the samples, one for each dimension or one for all; or the places of the samples, a tensor for each dimension. */
  spacing?: number | readonly number[] | readonly Tensor[] | null;
  /** The dimensions along which to differentiate; all unless given. */
  dim?: number | readonly number[] | null;
  /** How exact the values at the two ends are: 1 or 2. */
  edge_order?: 1 | 2;
}

/** `gradient`: a tensor of derivatives for each dimension. */
export type Gradient = (input: Tensor, ...args: Args<GradientOptions, []>) => Tensor[];

const SIGNATURES = [
  "(Tensor input, *, tuple of ints dim, int edge_order = 1)",
  "(Tensor input, *, Number spacing, tuple of ints dim, int edge_order = 1)",
  "(Tensor input, *, Number spacing = None, int dim = None, int edge_order = 1)",
  "(Tensor input, *, tuple of Scalars spacing, int dim = None, int edge_order = 1)",
  "(Tensor input, *, tuple of Scalars spacing, tuple of ints dim, int edge_order = 1)",
  "(Tensor input, *, tuple of Tensors spacing, int dim = None, int edge_order = 1)",
  "(Tensor input, *, tuple of Tensors spacing, tuple of ints dim, int edge_order = 1)",
];

/** What `gradient` finds in its arguments. */
interface Inputs {
  self: Tensor;
  spacing?: number | number[] | Tensor[] | null;
  dim?: number | number[] | null;
  edge_order: number;
}

function checkArguments({ self, spacing, dim, edge_order }: Inputs): void {
  const given = Array.isArray(spacing) ? spacing.length : null;
  const rank = self.sizes.length;
  if (dim === undefined || dim === null) {
    if (given !== null && given !== rank) {
      throw new RuntimeError(
        `torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = ${rank}', since dim argument was not given, but got a list of length ${given}`,
      );
    }
  } else {
    const dims = typeof dim === "number" ? [dim] : dim;
    if (given !== null && given !== dims.length) {
      throw new RuntimeError(
        `torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same length, but got a spacing argument of length ${given} and a dim argument of length ${dims.length}.`,
      );
    }
    const seen = new Set<number>();
    for (const d of dims) {
      const at = wrapDim(d, rank);
      if (seen.has(at)) throw new RuntimeError(`dim ${at} appears multiple times in the list of dims`);
      seen.add(at);
    }
  }
  if (edge_order !== 1 && edge_order !== 2) throw new RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.");
  if (self.dtype === uint8) throw new RuntimeError("torch.gradient does not support uint8 input.");
}

/** Equal distances `h`: (f(x + h) - f(x - h)) / 2h, at the ends differences with the neighbours. */
function evenly(f: Tensor, dim: number, h: number, order: number): Tensor {
  const n = f.sizes[dim], part = (start: number, length: number) => f.narrow(dim, start, length);
  const inner = part(2, n - 2).sub(part(0, n - 2)).div(2 * h);
  if (order === 1) return cat([part(1, 1).sub(part(0, 1)).div(h), inner, part(n - 1, 1).sub(part(n - 2, 1)).div(h)], dim);
  const end = (a: number, b: number, c: number) => part(a, 1).mul(-1.5).add(part(b, 1).mul(2)).sub(part(c, 1).mul(0.5)).div(h);
  return cat([end(0, 1, 2), inner, end(n - 1, n - 2, n - 3).neg()], dim);
}

/** Samples at the places `x`: the derivative of the parabola through three neighbours. */
function unevenly(f: Tensor, dim: number, x: Tensor, order: number): Tensor {
  const n = f.sizes[dim], part = (start: number, length: number) => f.narrow(dim, start, length);
  const shape = f.sizes.map((_, d) => d === dim ? -1 : 1);
  const steps = x.diff(), left = steps.narrow(0, 0, n - 2), right = steps.narrow(0, 1, n - 2);
  const sum = left.add(right);
  const weighted = (start: number, weights: readonly Tensor[]) =>
    weights.map((w, i) => part(start + i, w.sizes[0]).mul(w.view(shape))).reduce((total, term) => total.add(term));
  const inner = weighted(0, [right.neg().div(left.mul(sum)), right.sub(left).div(left.mul(right)), left.div(right.mul(sum))]);
  if (order === 1) {
    const slope = (at: number) => part(at + 1, 1).sub(part(at, 1)).div(steps.narrow(0, at, 1).view(shape));
    return cat([slope(0), inner, slope(n - 2)], dim);
  }
  const ends = (at: number, first: boolean): Tensor => {
    const p = left.narrow(0, at, 1), q = right.narrow(0, at, 1), all = p.add(q);
    if (first) return weighted(0, [p.mul(2).add(q).neg().div(p.mul(all)), all.div(p.mul(q)), p.neg().div(q.mul(all))]);
    return weighted(n - 3, [q.div(p.mul(all)), all.neg().div(p.mul(q)), q.mul(2).add(p).div(q.mul(all))]);
  };
  return cat([ends(0, true), inner, ends(n - 3, false)], dim);
}

/**
 * The derivatives of a function of which `input` holds samples, one tensor for each dimension: inside by the two neighbours, at the ends with
 * errors of the order `edge_order` in the distance of the samples.
 */
export const gradient: Gradient = define<Gradient, Inputs>("gradient", SIGNATURES, (inputs) => {
  checkArguments(inputs);
  const { self, spacing, dim, edge_order } = inputs;
  const dims = dim === undefined || dim === null
    ? self.sizes.map((_, d) => d)
    : (typeof dim === "number" ? [dim] : dim).map((d) => wrapDim(d, self.sizes.length));
  for (const d of dims) if (self.sizes[d] < edge_order + 1) throw new RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1");
  return native(() =>
    dims.map((d, i) => {
      const step = Array.isArray(spacing) ? spacing[i] : spacing ?? 1;
      if (!(step instanceof Tensor)) return evenly(self, d, step, edge_order);
      if (step.sizes.length !== 1) {
        throw new RuntimeError(
          `torch.gradient expected each element of spacing to have one dimension, but got an element with ${step.sizes.length} dimensions!`,
        );
      }
      return unevenly(self, d, step, edge_order);
    })
  );
});
