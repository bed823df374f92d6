/**
 * The cross entropy of two classes, from a probability or from a logit.
 */
import { noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { Kernel } from "../../kernels/elementwise.ts";
import { broadcastSizes, sameSizes, type Sizes } from "../../layout.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { elementwise } from "../elementwise.ts";
import { refuseGradient } from "../not_differentiable.ts";
import { pythonFunction } from "../python_function.ts";
import type { PairOptions } from "./difference.ts";
import { MEAN, NONE, reduced, REDUCTION, type ReductionInputs, reductionOf, shared, sizeOf } from "./reduction.ts";

type Inputs = { self: Tensor; target: Tensor; weight: Tensor | null; reduction: number };
type BackwardInputs = Inputs & { grad_output: Tensor };

/** Below this, PyTorch takes the logarithm of a probability to be that of the smallest one, and p (1 - p) to be this small. */
const LEAST_LOG = -100, LEAST_VARIANCE = 1e-12;

const entropy = new Kernel((p: number, t: number, w: number) => w * ((t - 1) * Math.max(Math.log1p(-p), LEAST_LOG) - t * Math.max(Math.log(p), LEAST_LOG)));
const entropySlope = new Kernel((p: number, t: number, g: number, w: number, n: number) => g * w * (p - t) / Math.max((1 - p) * p, LEAST_VARIANCE) / n);

/** The same times the weights, where there are any. */
const weighed = (t: Tensor, weight: Tensor | null): Tensor => weight === null ? t : t.mul(weight);

const variance = (p: Tensor): Tensor => p.mul(p.neg().add(1)).clamp(LEAST_VARIANCE);

const bceBackward: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
  name: "BinaryCrossEntropyBackwardBackward0",
  forward: ({ grad_output, self, target, weight, reduction }) =>
    elementwise(entropySlope, self.dtype, [self, target, grad_output, weight ?? 1, reduction === MEAN ? self.count : 1]),
  backward: {
    grad_output: ({ grad, self, target, weight, reduction }) =>
      reduced(bceBackward.apply({ grad_output: grad, self, target, weight, reduction: NONE }) as Tensor, reduction),
    // d/dp (p - t) / (p (1 - p)) = (p^2 - 2 p t + t) / (p (1 - p))^2
    self: ({ grad, grad_output, self, target, weight, reduction }) => {
      const slope = self.mul(self).sub(self.mul(target).mul(2)).add(target).div(variance(self).square());
      return shared(weighed(grad.mul(grad_output).mul(slope), weight), self.count, reduction);
    },
    target: ({ grad, grad_output, self, weight, reduction }) => shared(weighed(grad.mul(grad_output).div(variance(self)).neg(), weight), self.count, reduction),
    weight: null,
  },
});

const bce = new Primitive<Inputs>({
  name: "BinaryCrossEntropyBackward0",
  forward: ({ self, target, weight, reduction }) => {
    checkProbabilities("input", self);
    checkProbabilities("target", target);
    return reduced(elementwise(entropy, self.dtype, [self, target, weight ?? 1]), reduction);
  },
  backward: {
    self: ({ grad, self, target, weight, reduction }) => bceBackward.apply({ grad_output: grad, self, target, weight, reduction }) as Tensor,
    target: ({ grad, self, weight, reduction }) => shared(weighed(grad.mul(self.logit().neg()), weight), self.count, reduction),
    weight: null,
  },
});

function checkProbabilities(name: string, t: Tensor): void {
  if (t.count > 0 && !t.ge(0).logical_and(t.le(1)).all().item()) throw new RuntimeError(`all elements of ${name} should be between 0 and 1`);
}

/** Throws where the weights are larger than what they weigh. */
function checkFits(weight: Tensor, sizes: Sizes): void {
  const common = broadcastSizes(sizes, weight.sizes);
  if (!sameSizes(common, sizes)) throw new RuntimeError(`output with shape [${sizes.join(", ")}] doesn't match the broadcast shape [${common.join(", ")}]`);
}

type Low = Fn<Record<string, unknown>, [self: Tensor, target: Tensor, weight: Tensor | null, reduction: number]>;

const binaryCrossEntropy = define<Low, Inputs>("binary_cross_entropy", "(Tensor input, Tensor target, Tensor weight = None, int reduction = 1)", (inputs) => {
  const { self, target, weight } = inputs;
  refuseGradient("binary_cross_entropy", "weight", weight);
  if (self.dtype !== target.dtype) throw new RuntimeError(`Found dtype ${target.dtype.scalar} but expected ${self.dtype.scalar}`);
  if (self.dtype.category !== "float") throw noKernel("binary_cross_entropy", self.dtype);
  if (weight !== null) checkFits(weight, self.sizes);
  return bce.apply(inputs);
});

/** Named arguments of `binary_cross_entropy`. */
export interface BinaryOptions extends PairOptions {
  /** A factor for each element. */
  weight?: Tensor | null;
}

type BinaryInputs = ReductionInputs & { input: Tensor; target: Tensor; weight: Tensor | null };

/** `binary_cross_entropy`. */
export type BinaryCrossEntropy = Fn<
  BinaryOptions,
  [input: Tensor, target: Tensor, weight?: Tensor | null, size_average?: boolean | null, reduce?: boolean | null, reduction?: string]
>;

/** -(t log p + (1 - t) log(1 - p)) for probabilities p and targets t, the logarithms at least -100. d/dp = (p - t) / (p (1 - p)); d/dt = -logit(p). */
export const binary_cross_entropy: BinaryCrossEntropy = pythonFunction<BinaryCrossEntropy, BinaryInputs>(
  "binary_cross_entropy",
  ["input", "target"],
  { weight: null, ...REDUCTION },
  ({ input, target, weight, ...rest }) => {
    const reduction = reductionOf(rest);
    const wanted = sizeOf(input), given = sizeOf(target);
    if (!sameSizes(wanted, given)) {
      throw new ValueError(
        `Using a target size (${given}) that is different to the input size (${wanted}) is deprecated. Please ensure they have the same size.`,
      );
    }
    if (!(weight instanceof Tensor)) return binaryCrossEntropy(input, target, weight, reduction);
    const sizes = broadcastSizes(weight.sizes, input.sizes);
    return binaryCrossEntropy(input, target, sameSizes(sizes, weight.sizes) ? weight : weight.expand(sizes), reduction);
  },
);

// -- from logits -----------------------------------------------------------------------------------------------------

type LogitInputs = Inputs & { pos_weight: Tensor | null };

// log(1 + e^-x) without overflow
const logitEntropy = new Kernel((x: number, t: number, w: number, positive: number) =>
  w * ((1 - t) * x + (1 + (positive - 1) * t) * (Math.max(-x, 0) + Math.log1p(Math.exp(-Math.abs(x)))))
);

const bceWithLogits = new Primitive<LogitInputs>({
  name: "BinaryCrossEntropyWithLogitsBackward0",
  forward: ({ self, target, weight, pos_weight, reduction }) => {
    const { dtype } = target;
    return reduced(elementwise(logitEntropy, dtype, [self, target, weight ?? 1, pos_weight ?? 1]), reduction);
  },
  backward: {
    self: ({ grad, self, target, weight, pos_weight, reduction }) => {
      const slope = pos_weight === null
        ? self.sigmoid().sub(target)
        : target.mul(pos_weight).sub(target).add(1).mul(self.sigmoid()).sub(target.mul(pos_weight));
      return shared(weighed(slope.mul(grad), weight), self.count, reduction);
    },
    target: ({ grad, self, weight, pos_weight, reduction }) => {
      const slope = pos_weight === null ? self.neg() : logSigmoid(self.neg()).sub(logSigmoid(self).mul(pos_weight));
      return shared(weighed(slope.mul(grad), weight), self.count, reduction);
    },
    weight: null,
    pos_weight: null,
  },
});

/** log(1 / (1 + e^-x)), as a difference whose derivatives PyTorch's ops know. */
const logSigmoid = (x: Tensor): Tensor => x.clamp(null, 0).sub(x.abs().neg().exp().log1p());

/** What `torch.binary_cross_entropy_with_logits` takes: the reduction as PyTorch's number. */
export type LowLogits = Fn<Record<string, unknown>, [self: Tensor, target: Tensor, weight?: Tensor | null, pos_weight?: Tensor | null, reduction?: number]>;

/** `torch.binary_cross_entropy_with_logits`: see that of `torch.nn.functional`. */
export const lowBinaryCrossEntropyWithLogits: LowLogits = define<LowLogits, LogitInputs>(
  "binary_cross_entropy_with_logits",
  "(Tensor input, Tensor target, Tensor weight = None, Tensor pos_weight = None, int reduction = 1)",
  (inputs) => {
    const { self, target, weight, pos_weight } = inputs;
    refuseGradient("binary_cross_entropy_with_logits", "weight", weight);
    refuseGradient("binary_cross_entropy_with_logits", "pos_weight", pos_weight);
    if (self.dtype.category !== "float") throw noKernel("log_sigmoid_cpu", self.dtype);
    // (1 - target), which PyTorch goes on to compute in
    if (target.dtype.category === "bool") {
      throw new RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.");
    }
    if (target.dtype.category !== "float") {
      throw new RuntimeError(`result type ${self.dtype.scalar} can't be cast to the desired output type ${target.dtype.scalar}`);
    }
    if (pos_weight !== null) checkFits(pos_weight, self.sizes);
    if (weight !== null) checkFits(weight, self.sizes);
    return bceWithLogits.apply(inputs);
  },
);

/** Named arguments of `binary_cross_entropy_with_logits`. */
export interface LogitOptions extends BinaryOptions {
  /** A factor for the loss of positive targets. */
  pos_weight?: Tensor | null;
}

/** `binary_cross_entropy_with_logits`. */
export type BinaryCrossEntropyWithLogits = Fn<
  LogitOptions,
  [
    input: Tensor,
    target: Tensor,
    weight?: Tensor | null,
    size_average?: boolean | null,
    reduce?: boolean | null,
    reduction?: string,
    pos_weight?: Tensor | null,
  ]
>;

/** `binary_cross_entropy` of the sigmoid of logits x, accurate for large ones. d/dx = sigmoid(x) - t; d/dt = -x. */
export const binary_cross_entropy_with_logits: BinaryCrossEntropyWithLogits = pythonFunction<
  BinaryCrossEntropyWithLogits,
  BinaryInputs & { pos_weight: Tensor | null }
>(
  "binary_cross_entropy_with_logits",
  ["input", "target"],
  { weight: null, ...REDUCTION, pos_weight: null },
  ({ input, target, weight, pos_weight, ...rest }) => {
    const reduction = reductionOf(rest);
    const wanted = sizeOf(input), given = sizeOf(target);
    if (!sameSizes(wanted, given)) throw new ValueError(`Target size (${given}) must be the same as input size (${wanted})`);
    return lowBinaryCrossEntropyWithLogits(input, target, weight, pos_weight, reduction);
  },
);
