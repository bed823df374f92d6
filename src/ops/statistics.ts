/**
 * Standard deviations, variances and covariances.
 */
import { bool, float32 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { deviations } from "../kernels/variance.ts";
import type { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, type Op, Primitive } from "./define.ts";
import { filledWith } from "./factory.ts";
import { type Dims, fromAccumulators, groupSize, reducedDims, reducedSizes, type ReduceOptions, restoreReduced, unsqueezeReduced } from "./reduction.ts";

type Inputs = { self: Tensor; dim: number[] | null; correction: number | null; keepdim: boolean };

/** Variances, or their roots, and means. */
function moments(op: string, root: boolean, { self, dim, correction, keepdim }: Inputs): [Tensor, Tensor] {
  if (!self.dtype.is_floating_point) {
    throw new RuntimeError(`${op.endsWith("_mean") ? `${op} only` : "std and var only"} support floating point and complex dtypes`);
  }
  const dims = reducedDims(dim?.length === 0 ? null : dim, self.sizes.length);
  const sizes = reducedSizes(self.sizes, dims, keepdim);
  const { means, squares, count } = deviations({ data: self.store.data, offset: self.offset, strides: self.strides }, self.sizes, dims);
  const freedom = count - (correction ?? 1);
  if (freedom <= 0) {
    warnOnce(`${op}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel divided by output numel).`);
  }
  for (let i = 0; i < squares.length; i++) {
    const variance = squares[i] / Math.max(freedom, 0);
    squares[i] = root ? Math.sqrt(variance) : variance;
  }
  return [fromAccumulators(squares, sizes, self.dtype), fromAccumulators(means, sizes, self.dtype)];
}

/** The gradient of a variance: 2 (x - mean) / (n - correction). */
function varGradient(grad: Tensor, self: Tensor, dim: Dims, correction: number | null, keepdim: boolean): Tensor {
  const { sizes } = self;
  const freedom = groupSize(sizes, dim) - (correction ?? 1);
  if (dim === null || sizes.length === 0) {
    if (freedom > 0) return grad.mul(2 / freedom).mul(self.sub(self.mean()));
    return grad.mul(self.detach().new_full([], NaN).where(self.eq(self.mean()), Infinity));
  }
  return unsqueezeReduced(grad, sizes, dim, keepdim).mul(2 / freedom).mul(self.sub(self.mean(dim, true)));
}

/** The gradient of a standard deviation: that of the variance divided by twice the deviation, zero where this is zero. */
function stdGradient(grad: Tensor, self: Tensor, result: Tensor, dim: Dims, correction: number | null, keepdim: boolean): Tensor {
  return varGradient(grad.div(result.mul(2)).masked_fill(result.eq(0), 0), self, dim, correction, keepdim);
}

/** The gradient of a mean. */
const meanGradient = (grad: Tensor, self: Tensor, dim: Dims, keepdim: boolean): Tensor =>
  restoreReduced(grad, self.sizes, dim, keepdim).div(groupSize(self.sizes, dim));

/** The sum of gradients, some of which may be missing. */
const total = (a: Tensor | null, b: Tensor | null): Tensor | null => a === null ? b : b === null ? a : a.add(b);

const stdPrimitive = new Primitive<Inputs>({
  name: "StdBackward0",
  forward: (inputs) => moments("std", true, inputs)[0],
  backward: { self: ({ grad, self, result, dim, correction, keepdim }) => stdGradient(grad, self, result, dim, correction, keepdim) },
});

const varPrimitive = new Primitive<Inputs>({
  name: "VarBackward0",
  forward: (inputs) => moments("var", false, inputs)[0],
  backward: { self: ({ grad, self, dim, correction, keepdim }) => varGradient(grad, self, dim, correction, keepdim) },
});

const stdMeanPrimitive = new Primitive<Inputs>({
  name: "StdMeanBackward0",
  forward: (inputs) => moments("std_mean", true, inputs),
  backward: {
    self: ({ grads, self, result0, dim, correction, keepdim }) =>
      total(grads[0] && stdGradient(grads[0], self, result0, dim, correction, keepdim), grads[1] && meanGradient(grads[1], self, dim, keepdim)),
  },
});

const varMeanPrimitive = new Primitive<Inputs>({
  name: "VarMeanBackward0",
  forward: (inputs) => moments("var_mean", false, inputs),
  backward: {
    self: ({ grads, self, dim, correction, keepdim }) =>
      total(grads[0] && varGradient(grads[0], self, dim, correction, keepdim), grads[1] && meanGradient(grads[1], self, dim, keepdim)),
  },
});

/** Named arguments of deviations and variances. */
export interface SpreadOptions extends Omit<ReduceOptions, "dtype"> {
  /** What is subtracted from the number of elements in the divisor; 1 by default. */
  correction?: number | null;
  /** Whether `correction` is 1, or 0. */
  unbiased?: boolean;
}

/** A deviation or variance: the dimensions or `unbiased` first, then `unbiased` and `keepdim`. */
export type Spread<R = Tensor> = Op<SpreadOptions, [dim?: Dims | boolean, unbiased?: boolean, keepdim?: boolean], R>;

type Arguments = { self: Tensor; dim?: number[] | null; unbiased?: boolean; correction?: number | null; keepdim?: boolean };

function spread<R>(name: string, primitive: Primitive<Inputs>): Spread<R> {
  const out = name.endsWith("_mean") ? "" : ", Tensor out = None";
  const star = out === "" ? "" : `, *${out}`;
  return define<Spread<R>, Arguments>(
    name,
    [
      `(Tensor input, tuple of ints? dim, bool unbiased = True, bool keepdim = False${star})`,
      `(Tensor input, tuple of ints dim = None, *, Number correction = None, bool keepdim = False${out})`,
      "(Tensor input, bool unbiased = True)",
      `(Tensor input, tuple of names dim, bool unbiased = True, bool keepdim = False${star})`,
      `(Tensor input, tuple of names dim, *, Number correction = None, bool keepdim = False${out})`,
    ],
    ({ self, dim = null, unbiased, correction = null, keepdim = false }) =>
      primitive.apply({ self, dim, correction: unbiased === undefined ? correction : Number(unbiased), keepdim }),
  );
}

/** The standard deviation of all elements or over `dim`, with n - 1 in the divisor unless `correction` or `unbiased` say otherwise. Its gradient is (x - mean) / ((n - correction) std). */
export const std: Spread = spread("std", stdPrimitive);
/** The variance of all elements or over `dim`: see `std`. Its gradient is 2 (x - mean) / (n - correction). */
const variance: Spread = spread("var", varPrimitive);
export { variance as var };
/** The standard deviation and the mean of all elements or over `dim`. */
export const std_mean: Spread<[Tensor, Tensor]> = spread("std_mean", stdMeanPrimitive);
/** The variance and the mean of all elements or over `dim`. */
export const var_mean: Spread<[Tensor, Tensor]> = spread("var_mean", varMeanPrimitive);

/** Named arguments of `cov`. */
export interface CovOptions {
  /** What is subtracted from the number of observations in the divisor. */
  correction?: number;
  /** How often each observation counts: integers. */
  fweights?: Tensor | null;
  /** How much each observation weighs. */
  aweights?: Tensor | null;
}

function checkWeights(name: string, kind: string, weights: Tensor, observations: number): void {
  if (weights.sizes.length > 1) {
    throw new RuntimeError(`cov(): expected ${name} to have one or fewer dimensions but got ${name} with ${weights.sizes.length} dimensions`);
  }
  const fits = kind === "integral" ? weights.dtype.category === "int" : weights.dtype.is_floating_point;
  if (!fits) throw new RuntimeError(`cov(): expected ${name} to have ${kind} dtype but got ${name} with ${weights.dtype.scalar} dtype`);
  if (weights.count !== observations) {
    throw new RuntimeError(`cov(): expected ${name} to have the same numel as there are observations in the input but got ${weights.count} != ${observations}`);
  }
  if (observations > 0 && weights.detach().lt(0).any().item()) throw new RuntimeError(`cov(): ${name} cannot be negative`);
}

/** The covariance matrix of variables, one a row, of which each column is an observation; of a single variable its variance. */
export const cov: Op<CovOptions> = define<Op<CovOptions>, { self: Tensor; correction: number; fweights: Tensor | null; aweights: Tensor | null }>(
  "cov",
  "(Tensor input, *, int correction = 1, Tensor fweights = None, Tensor aweights = None)",
  ({ self, correction, fweights, aweights }) => {
    if (self.sizes.length > 2) {
      throw new RuntimeError(`cov(): expected input to have two or fewer dimensions but got an input with ${self.sizes.length} dimensions`);
    }
    if (self.dtype === bool) throw new RuntimeError("cov(): bool dtype is not supported for input");
    const observed = self.sizes.length < 2 ? self.view(1, self.count) : self;
    const n = observed.sizes[1];
    if (fweights !== null) checkWeights("fweights", "integral", fweights, n);
    if (aweights !== null) checkWeights("aweights", "floating point", aweights, n);
    const weights = fweights === null ? aweights : aweights === null ? fweights : fweights.mul(aweights);
    const weight = weights === null ? filledWith([], n, float32) : weights.sum();
    if (weights !== null && n > 0 && weight.item() === 0) throw new RuntimeError("cov(): weights sum to zero, can't be normalized");
    const weighted = (t: Tensor) => weights === null ? t : t.mul(weights);
    const mean = weighted(observed).sum(1).div(weight);
    let divisor = weights !== null && aweights !== null && correction !== 0
      ? weight.sub(weights.mul(aweights).sum().mul(correction).div(weight))
      : weight.sub(correction);
    if (Number(divisor.item()) <= 0) {
      warnOnce("cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.");
      divisor = divisor.detach().zeros_like();
    }
    const centred = observed.sub(mean.unsqueeze(1));
    return centred.mm(weighted(centred).t()).div(divisor).squeeze();
  },
);

/** The correlation matrix of variables, one a row: covariances divided by both standard deviations. */
export const corrcoef: Op = define<Op, { self: Tensor }>("corrcoef", "(Tensor input)", ({ self }) => {
  if (self.sizes.length > 2) {
    throw new RuntimeError(`corrcoef(): expected input to have two or fewer dimensions but got an input with ${self.sizes.length} dimensions`);
  }
  const covariance = cov(self);
  if (covariance.sizes.length === 0) return covariance.div(covariance);
  const deviation = covariance.diagonal().sqrt();
  return covariance.div(deviation.view(-1, 1)).div(deviation.view(1, -1)).clip(-1, 1);
});
