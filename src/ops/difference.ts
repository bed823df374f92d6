/**
 * Differences of neighbours, and integrals over sampled points by the trapezoidal rule.
 */
import { bool } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, type Op, Primitive } from "./define.ts";
import { cat } from "./join.ts";
import { sliceDim } from "./view.ts";

/** Named arguments of `diff`. */
export interface DiffOptions {
  /** How many times to take differences. */
  n?: number;
  /** The dimension to take them along. */
  dim?: number;
  /** Stands before the elements. */
  prepend?: Tensor | null;
  /** Stands after the elements. */
  append?: Tensor | null;
  /** Takes the result. */
  out?: Tensor;
}

function checkJoins(self: Tensor, other: Tensor, dim: number): void {
  if (other.sizes.length !== self.sizes.length) throw new RuntimeError("diff expects prepend or append to be the same dimension as input");
  self.sizes.forEach((n, d) => {
    if (d !== dim && other.sizes[d] !== n) {
      throw new RuntimeError(
        "diff expects the shape of tensor to prepend or append to match that of input except along the differencing dimension; " +
          `input.size(${d}) = ${n}, but got tensor.size(${d}) = ${other.sizes[d]}`,
      );
    }
  });
}

type DiffInputs = { self: Tensor; n: number; dim: number; prepend: Tensor | null; append: Tensor | null };

/** The `n`-th differences of neighbours along `dim`; of bools whether they differ. */
export const diff: Op<DiffOptions, [n?: number, dim?: number]> = define<Op<DiffOptions, [n?: number, dim?: number]>, DiffInputs>(
  "diff",
  "(Tensor input, int n = 1, int dim = -1, Tensor prepend = None, Tensor append = None, *, Tensor out = None)",
  ({ self, n, dim, prepend, append }) => {
    if (self.sizes.length === 0) throw new RuntimeError("diff expects input to be at least one-dimensional");
    const d = wrapDim(dim, self.sizes.length);
    if (n < 0) throw new RuntimeError(`order must be non-negative but got ${n}`);
    for (const other of [prepend, append]) if (other !== null) checkJoins(self, other, d);
    if (n === 0) return self.detach().zeros_like().copy_(self);
    const parts = [prepend, self, append].filter((t) => t !== null);
    let t = parts.length === 1 ? self : cat(parts, d);
    for (let left = Math.min(n, t.sizes[d]); left > 0; left--) {
      const after = sliceDim(t, d, 1, null, 1), before = sliceDim(t, d, 0, t.sizes[d] - 1, 1);
      t = t.dtype === bool ? after.logical_xor(before) : after.sub(before);
    }
    return t;
  },
);

const timesNumber = new Primitive<{ self: Tensor; other: number }>({
  name: "MulBackward1",
  forward: ({ self, other }) => self.mul(toFloat(self, other)),
  backward: { self: ({ grad, other }) => grad.mul(other) },
});
const overNumber = new Primitive<{ self: Tensor; other: number }>({
  name: "DivBackward1",
  forward: ({ self, other }) => self.div(other),
  backward: { self: ({ grad, other }) => grad.div(other) },
});

/** A number as a factor that counts as a float even where it is an integer. */
function toFloat(self: Tensor, value: number): Tensor | number {
  return self.dtype.is_floating_point ? value : Tensor.make([], self.new_empty([0]).float().dtype).fill_(value);
}

/** Named arguments of the integrals. */
export interface IntegralOptions {
  /** The values at the sample points. */
  y: Tensor;
  /** The sample points; equally spaced without. */
  x?: Tensor;
  /** Their distance. */
  dx?: number;
  /** The dimension to integrate along. */
  dim?: number;
}

/** An integral over sampled points. */
export type Integral = Fn<IntegralOptions, [y: Tensor, x?: Tensor]>;

type IntegralInputs = { y: Tensor; x?: Tensor; dx?: number | boolean; dim: number };

/** The distances of the sample points, shaped to go with `y`. */
function spacing(name: string, y: Tensor, x: Tensor, dim: number): Tensor {
  let points = x;
  if (x.sizes.length === 1) {
    if (x.sizes[0] !== y.sizes[dim]) throw new RuntimeError(`${name}: There must be one \`x\` value for each sample point`);
    points = x.view(y.sizes.map((_, d) => d === dim ? x.sizes[0] : 1));
  } else if (x.sizes.length < y.sizes.length) points = x.view([...Array(y.sizes.length - x.sizes.length).fill(1), ...x.sizes]);
  return sliceDim(points, dim, 1, null, 1).sub(sliceDim(points, dim, 0, -1, 1));
}

function check(name: string, { y, x, dx }: IntegralInputs): void {
  if (x !== undefined && (y.dtype === bool || x.dtype === bool)) {
    throw new RuntimeError(`${name}: received a bool input for \`x\` or \`y\`, but bool is not supported`);
  }
  if (y.dtype === bool) throw new RuntimeError(`${name}: received a bool input for \`y\`, but bool is not supported`);
  if (typeof dx === "boolean") throw new RuntimeError(`${name}: Currently, we only support dx as a real number.`);
}

/** Twice the mean of neighbours. */
const neighbours = (y: Tensor, dim: number): Tensor => sliceDim(y, dim, 0, -1, 1).add(sliceDim(y, dim, 1, null, 1));

function integral({ y, dim, ...spaced }: IntegralInputs): Tensor {
  const d = wrapDim(dim, y.sizes.length, false);
  if (y.sizes[d] === 0) return y.detach().new_zeros(y.sizes.filter((_, i) => i !== d));
  check("trapezoid", { y, dim, ...spaced });
  const { x, dx = 1 } = spaced;
  if (x !== undefined) return overNumber.apply({ self: neighbours(y, d).mul(spacing("trapezoid", y, x, d)).sum(d), other: 2 }) as Tensor;
  const ends = y.select(d, 0).add(y.select(d, -1));
  return timesNumber.apply({ self: y.sum(d).sub(ends.mul(0.5)), other: Number(dx) }) as Tensor;
}

function runningIntegral({ y, dim, ...spaced }: IntegralInputs): Tensor {
  const d = wrapDim(dim, y.sizes.length);
  check("cumulative_trapezoid", { y, dim, ...spaced });
  const { x, dx = 1 } = spaced;
  if (x !== undefined) return overNumber.apply({ self: neighbours(y, d).mul(spacing("cumulative_trapezoid", y, x, d)).cumsum(d), other: 2 }) as Tensor;
  return (timesNumber.apply({ self: neighbours(y, d), other: Number(dx) / 2 }) as Tensor).cumsum(d);
}

const SIGNATURES = ["(Tensor y, Tensor x, *, int dim = -1)", "(Tensor y, *, Number dx = 1, int dim = -1)"];

/** The integral of `y` along `dim` by the trapezoidal rule, over the points `x` or points at distance `dx`. */
export const trapezoid: Integral = define<Integral, IntegralInputs>("trapezoid", SIGNATURES, integral);

/** The integral of `y` along `dim` by the trapezoidal rule: another name of `trapezoid`. */
export const trapz: Integral = define<Integral, IntegralInputs>(
  "trapz",
  ["(Tensor y, *, float dx = 1, int dim = -1)", "(Tensor y, Tensor x, *, int dim = -1)"],
  integral,
);

/** The running integral of `y` along `dim` by the trapezoidal rule. */
export const cumulative_trapezoid: Integral = define<Integral, IntegralInputs>("cumulative_trapezoid", SIGNATURES, runningIntegral);
