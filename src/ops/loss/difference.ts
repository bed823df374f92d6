/**
 * Losses of the difference of two tensors, element by element: its square, its absolute value, and what lies between.
 */
import { noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { Kernel } from "../../kernels/elementwise.ts";
import { broadcastSizes, elementCount, sameSizes } from "../../layout.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { type Fn, Primitive } from "../define.ts";
import { elementwise } from "../elementwise.ts";
import { resultType } from "../promotion.ts";
import { pythonFunction } from "../python_function.ts";
import { MEAN, NONE, reduced, REDUCTION, type ReductionInputs, reductionName, reductionNumber, type ReductionOptions, warnOfSizes } from "./reduction.ts";

type Pair = { self: Tensor; target: Tensor; reduction: number };
type PairBackward = Pair & { grad_output: Tensor };

const countOf = (self: Tensor, target: Tensor): number =>
  sameSizes(self.sizes, target.sizes) ? self.count : elementCount(broadcastSizes(self.sizes, target.sizes));

/** How many elements share the gradient of the result. */
const sharers = ({ self, target, reduction }: Pair): number => reduction === MEAN ? countOf(self, target) : 1;

/** `by / n` where the result is a mean over n elements. */
const share = (by: Tensor, inputs: Pair): Tensor => inputs.reduction === MEAN ? by.div(sharers(inputs)) : by;

/** The losses by a kernel of input, target and parameter, reduced. */
function lossOf(kernel: Kernel, name: string, { self, target, reduction }: Pair, parameter: number): Tensor {
  const dtype = resultType([self, target]);
  if (dtype.category !== "float") throw noKernel(name, dtype);
  return reduced(elementwise(kernel, dtype, [self, target, parameter]), reduction);
}

/** The gradients by a kernel of input, target, gradient, parameter and the number of elements that share it. */
function gradientOf(kernel: Kernel, inputs: PairBackward, parameter: number): Tensor {
  const { grad_output, self, target } = inputs;
  return elementwise(kernel, resultType([self, target, grad_output]), [self, target, grad_output, parameter, sharers(inputs)]);
}

/** The two tensors in their common shape. */
function broadcast(input: Tensor, target: Tensor): [Tensor, Tensor] {
  if (sameSizes(input.sizes, target.sizes)) return [input, target];
  const sizes = broadcastSizes(input.sizes, target.sizes);
  return [sameSizes(input.sizes, sizes) ? input : input.expand(sizes), sameSizes(target.sizes, sizes) ? target : target.expand(sizes)];
}

/** The reduction of losses that are multiplied by weights; their mean is the weighted one. */
function weighted(losses: Tensor, weight: Tensor, reduction: string): Tensor {
  const products = losses.mul(weight);
  switch (reduction) {
    case "none":
      return products;
    case "sum":
      return products.sum();
    case "mean":
      return products.sum().div(weight.sum());
    default:
      throw unknownMode(reduction);
  }
}

const unknownMode = (reduction: string) => new ValueError(`Invalid reduction mode: ${reduction}. Expected one of 'none', 'mean', 'sum'.`);

function checkWeight(weight: Tensor, input: Tensor): void {
  if (!sameSizes(weight.sizes, input.sizes)) throw new ValueError("Weights and input must have the same size.");
}

function checkNumber(op: string, name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${op}(): argument '${name}' (position 4) must be float, not ${pythonType(value)}`);
}

// -- the square ------------------------------------------------------------------------------------------------------

const square = new Kernel((x: number, t: number, _: number) => (x - t) * (x - t));
const squareSlope = new Kernel((x: number, t: number, g: number, _: number, n: number) => 2 * (x - t) * g / n);

const mseBackward: Primitive<PairBackward> = new Primitive<PairBackward>({
  name: "MseLossBackwardBackward0",
  forward: (inputs) => gradientOf(squareSlope, inputs, 0),
  backward: {
    grad_output: ({ grad, self, target, reduction }) => reduced(mseBackward.apply({ grad_output: grad, self, target, reduction: NONE }) as Tensor, reduction),
    self: ({ grad, grad_output, self, target, reduction }) => share(grad.mul(grad_output).mul(2), { self, target, reduction }),
    target: ({ grad, grad_output, self, target, reduction }) => share(grad.mul(grad_output).mul(-2), { self, target, reduction }),
  },
});

const mse = new Primitive<Pair>({
  name: "MseLossBackward0",
  forward: (inputs) => lossOf(square, "mse_cpu", inputs, 0),
  backward: {
    self: ({ grad, self, target, reduction }) => mseBackward.apply({ grad_output: grad, self, target, reduction }) as Tensor,
    target: ({ grad, self, target, reduction }) => mseBackward.apply({ grad_output: grad, self: target, target: self, reduction }) as Tensor,
  },
});

/** Named arguments of the losses of two tensors of one shape. */
export interface PairOptions extends ReductionOptions {
  /** What was predicted. */
  input: Tensor;
  /** What is right. */
  target: Tensor;
}

/** Named arguments of the losses whose elements may be weighed. */
export interface WeightedOptions extends PairOptions {
  /** A factor for each element; the mean becomes the weighted mean. */
  weight?: Tensor | null;
}

/** A loss of two tensors with retired arguments and a weight. */
export type WeightedLoss = Fn<
  WeightedOptions,
  [input: Tensor, target: Tensor, size_average?: boolean | null, reduce?: boolean | null, reduction?: string, weight?: Tensor | null]
>;

type WeightedInputs = ReductionInputs & { input: Tensor; target: Tensor; weight: Tensor | null };

/** The mean squared error. Its gradient by the input is 2 (input - target), divided by the number of elements for a mean, and by the target the negative of it. */
export const mse_loss: WeightedLoss = pythonFunction<WeightedLoss, WeightedInputs>(
  "mse_loss",
  ["input", "target"],
  { ...REDUCTION, weight: null },
  ({ input, target, weight, ...rest }) => {
    warnOfSizes(input, target);
    const reduction = reductionName(rest);
    const [self, other] = broadcast(input, target);
    if (weight === null) return mse.apply({ self, target: other, reduction: reductionNumber(reduction) });
    checkWeight(weight, input);
    return weighted(self.sub(other).pow(2), weight, reduction);
  },
);

/** The mean absolute error, recorded as the difference, its absolute value and their mean. */
export const l1_loss: WeightedLoss = pythonFunction<WeightedLoss, WeightedInputs>(
  "l1_loss",
  ["input", "target"],
  { ...REDUCTION, weight: null },
  ({ input, target, weight, ...rest }) => {
    warnOfSizes(input, target);
    const reduction = reductionName(rest);
    const [self, other] = broadcast(input, target);
    if (weight === null) return absoluteLoss(self, other, reductionNumber(reduction));
    checkWeight(weight, input);
    return weighted(self.sub(other).abs(), weight, reduction);
  },
);

const absoluteLoss = (self: Tensor, target: Tensor, reduction: number): Tensor => reduced(self.sub(target).abs(), reduction);

// -- a square near zero, and a line beyond ---------------------------------------------------------------------------

type Smooth = Pair & { beta: number };
type SmoothBackward = PairBackward & { beta: number };

const smooth = new Kernel((x: number, t: number, beta: number) => {
  const d = Math.abs(x - t);
  return d < beta ? 0.5 * d * d / beta : d - 0.5 * beta;
});
const smoothSlope = new Kernel((x: number, t: number, g: number, beta: number, n: number) => {
  const d = x - t;
  return (d <= -beta ? -1 : d >= beta ? 1 : d / beta) * g / n;
});

/** d slope/dinput, times `by`: 1 / beta where the loss is a square. */
const smoothCurvature = (self: Tensor, target: Tensor, by: Tensor, beta: number): Tensor => by.div(beta).where(self.sub(target).abs().lt(beta), 0);

const smoothBackward: Primitive<SmoothBackward> = new Primitive<SmoothBackward>({
  name: "SmoothL1LossBackwardBackward0",
  forward: (inputs) => gradientOf(smoothSlope, inputs, inputs.beta),
  backward: {
    grad_output: ({ grad, self, target, reduction, beta }) =>
      reduced(smoothBackward.apply({ grad_output: grad, self, target, reduction: NONE, beta }) as Tensor, reduction),
    self: ({ grad, grad_output, self, target, reduction, beta }) =>
      smoothCurvature(self, target, share(grad.mul(grad_output), { self, target, reduction }), beta),
    target: ({ grad, grad_output, self, target, reduction, beta }) =>
      smoothCurvature(self, target, share(grad.mul(grad_output).neg(), { self, target, reduction }), beta),
  },
});

const smoothL1 = new Primitive<Smooth>({
  name: "SmoothL1LossBackward0",
  forward: (inputs) => lossOf(smooth, "smooth_l1_cpu", inputs, inputs.beta),
  backward: {
    self: ({ grad, self, target, reduction, beta }) => smoothBackward.apply({ grad_output: grad, self, target, reduction, beta }) as Tensor,
    target: ({ grad, self, target, reduction, beta }) => smoothBackward.apply({ grad_output: grad, self: target, target: self, reduction, beta }) as Tensor,
  },
});

/** Named arguments of `smooth_l1_loss`. */
export interface SmoothL1Options extends PairOptions {
  /** Where the square ends and the line begins; with 0 it is `l1_loss`. */
  beta?: number;
}

/** `smooth_l1_loss`. */
export type SmoothL1Loss = Fn<
  SmoothL1Options,
  [input: Tensor, target: Tensor, size_average?: boolean | null, reduce?: boolean | null, reduction?: string, beta?: number]
>;

/** d^2 / (2 beta) for differences below `beta`, |d| - beta / 2 for others. Its gradient is d / beta there, the sign of d elsewhere. */
export const smooth_l1_loss: SmoothL1Loss = pythonFunction<SmoothL1Loss, ReductionInputs & { input: Tensor; target: Tensor; beta: number }>(
  "smooth_l1_loss",
  ["input", "target"],
  { ...REDUCTION, beta: 1 },
  ({ input, target, beta, ...rest }) => {
    warnOfSizes(input, target);
    const reduction = reductionName(rest);
    const [self, other] = broadcast(input, target);
    const number = reductionNumber(reduction);
    if (beta === 0) return absoluteLoss(self, other, number);
    checkNumber("smooth_l1_loss", "beta", beta);
    if (beta < 0) throw new RuntimeError("smooth_l1_loss does not support negative values for beta.");
    return smoothL1.apply({ self, target: other, reduction: number, beta });
  },
);

type Huber = Pair & { delta: number };
type HuberBackward = PairBackward & { delta: number };

const huber = new Kernel((x: number, t: number, delta: number) => {
  const d = Math.abs(x - t);
  return d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta);
});
const huberSlope = new Kernel((x: number, t: number, g: number, delta: number, n: number) => {
  const d = x - t;
  return (d <= -delta ? -delta : d >= delta ? delta : d) * g / n;
});

/** d slope/dinput, times `by`: 1 where the loss is a square. */
const huberCurvature = (self: Tensor, target: Tensor, by: Tensor, delta: number): Tensor => by.where(self.sub(target).abs().lt(delta), 0);

const huberBackward: Primitive<HuberBackward> = new Primitive<HuberBackward>({
  name: "HuberLossBackwardBackward0",
  forward: (inputs) => gradientOf(huberSlope, inputs, inputs.delta),
  backward: {
    grad_output: ({ grad, self, target, reduction, delta }) =>
      reduced(huberBackward.apply({ grad_output: grad, self, target, reduction: NONE, delta }) as Tensor, reduction),
    self: ({ grad, grad_output, self, target, reduction, delta }) =>
      huberCurvature(self, target, share(grad.mul(grad_output), { self, target, reduction }), delta),
    target: ({ grad, grad_output, self, target, reduction, delta }) =>
      huberCurvature(self, target, share(grad.mul(grad_output).neg(), { self, target, reduction }), delta),
  },
});

const huberLoss = new Primitive<Huber>({
  name: "HuberLossBackward0",
  forward: (inputs) => {
    const { dtype } = inputs.self;
    const wide = resultType([inputs.self, inputs.target]);
    if (dtype.category !== "float" && wide.category === "float") {
      throw new RuntimeError(`result type ${wide.scalar} can't be cast to the desired output type ${dtype.scalar}`);
    }
    return lossOf(huber, "huber_cpu", inputs, inputs.delta).to(dtype);
  },
  backward: {
    self: ({ grad, self, target, reduction, delta }) => huberBackward.apply({ grad_output: grad, self, target, reduction, delta }) as Tensor,
    target: ({ grad, self, target, reduction, delta }) => huberBackward.apply({ grad_output: grad, self: target, target: self, reduction, delta }) as Tensor,
  },
});

/** Named arguments of `huber_loss`. */
export interface HuberOptions {
  /** What was predicted. */
  input: Tensor;
  /** What is right. */
  target: Tensor;
  /** `"mean"`, `"sum"`, or `"none"` for a loss for each element. */
  reduction?: string;
  /** Where the square ends and the line begins. */
  delta?: number;
  /** A factor for each element. */
  weight?: Tensor | null;
}

/** `huber_loss`. */
export type HuberLoss = Fn<HuberOptions, [input: Tensor, target: Tensor, reduction?: string, delta?: number, weight?: Tensor | null]>;

/** d^2 / 2 for differences up to `delta`, delta (|d| - delta / 2) for others. Its gradient is d, between -delta and delta. */
export const huber_loss: HuberLoss = pythonFunction<HuberLoss, { input: Tensor; target: Tensor; reduction: string; delta: number; weight: Tensor | null }>(
  "huber_loss",
  ["input", "target"],
  { reduction: "mean", delta: 1, weight: null },
  ({ input, target, reduction, delta, weight }) => {
    warnOfSizes(input, target);
    const [self, other] = broadcast(input, target);
    const loss = (number: number) => {
      checkNumber("huber_loss", "delta", delta);
      if (delta <= 0) throw new RuntimeError("huber_loss does not support non-positive values for delta.");
      return huberLoss.apply({ self, target: other, reduction: number, delta }) as Tensor;
    };
    if (weight === null) return loss(reductionNumber(reduction));
    checkWeight(weight, input);
    const products = loss(NONE).mul(weight);
    if (reduction !== "none" && reduction !== "mean" && reduction !== "sum") throw unknownMode(reduction);
    return reduced(products, reductionNumber(reduction));
  },
);
