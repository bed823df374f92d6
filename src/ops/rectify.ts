/**
 * Rectifiers: relu, threshold, leaky_relu, rrelu and prelu, as `torch` and `torch.nn.functional` call them.
 */
import { bool, int64 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { uniform } from "../random.ts";
import { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { asContiguous, elementwise } from "./elementwise.ts";
import { type Unary, unary } from "./pointwise.ts";
import type { Num } from "./promotion.ts";
import { requireFloat, withNumbers } from "./scalar.ts";
import { default_generator } from "./seed.ts";
import { where } from "./select.ts";

const nothing = ({ grad }: { grad: Tensor }): Tensor => grad.zeros_like();

// -- relu and threshold ----------------------------------------------------------------------------------------------

const passAbove = new Kernel((grad: number, x: number, threshold: number) => x <= threshold ? 0 : grad);

type ThresholdGrad = { grad_output: Tensor; self: Tensor; threshold: Num };
const thresholdGrad = new Primitive<ThresholdGrad>({
  name: "ThresholdBackwardBackward0",
  forward: ({ grad_output, self, threshold }) => withNumbers(passAbove, [grad_output, self], [threshold]),
  backward: {
    grad_output: ({ grad, self, threshold }) => thresholdBackward(grad, self, threshold),
    self: nothing,
  },
});
const thresholdBackward = (grad_output: Tensor, self: Tensor, threshold: Num): Tensor => thresholdGrad.apply({ grad_output, self, threshold }) as Tensor;

/** max(x, 0). d/dx = 1 above 0, else 0. */
export const relu: Unary = unary("relu", {
  check: (self) => {
    if (self instanceof Tensor && self.dtype === bool) throw new RuntimeError("Boolean inputs not supported for relu");
  },
  forward: (x) => x < 0 ? 0 : x,
  int64: (x) => x < 0n ? 0n : x,
  backward: { self: ({ grad, result }) => thresholdBackward(grad, result, 0) },
});

const replaced = new Kernel((x: number, threshold: number, value: number) => x <= threshold ? value : x);
const replaced64 = new Kernel((x: bigint, threshold: bigint, value: bigint) => x <= threshold ? value : x);

type ThresholdInputs = { self: Tensor; threshold: Num; value: Num };
const thresholdPrimitive = (name: string): Primitive<ThresholdInputs> =>
  new Primitive<ThresholdInputs>({
    name,
    forward: ({ self, threshold, value }) => {
      if (self.dtype === bool) throw noKernel("threshold_cpu", bool);
      return withNumbers(self.dtype === int64 ? replaced64 : replaced, [self], [threshold, value]);
    },
    backward: { self: ({ grad, self, threshold }) => thresholdBackward(grad, self, threshold) },
  });
const thresholded = thresholdPrimitive("ThresholdBackward0"), thresholdedInplace = thresholdPrimitive("ThresholdBackward1");

/** `threshold`. */
export type Threshold = InplaceOp<{ threshold: Num; value: Num; out?: Tensor }, [threshold: Num, value: Num]>;

/** x above the threshold, else `value`. d/dx = 1 above the threshold, else 0. */
export const threshold: Threshold = define<Threshold, ThresholdInputs>(
  "threshold",
  "(Tensor input, Number threshold, Number value, *, Tensor out = None)",
  (inputs) => thresholded.apply(inputs),
  { inplace: (inputs) => thresholdedInplace.applyInplace(inputs) },
);

// -- leaky_relu ------------------------------------------------------------------------------------------------------

const leaky = new Kernel((x: number, slope: number) => x > 0 ? x : x * slope);
const leakyGrad = new Kernel((grad: number, x: number, slope: number) => x > 0 ? grad : grad * slope);

const leakyReluGrad = new Primitive<{ grad_output: Tensor; self: Tensor; negative_slope: Num }>({
  name: "LeakyReluBackwardBackward0",
  forward: ({ grad_output, self, negative_slope }) => withNumbers(leakyGrad, [grad_output, self], [negative_slope]),
  backward: {
    grad_output: ({ grad, self, negative_slope }) => leakyReluBackward(grad, self, negative_slope),
    self: nothing,
  },
});
const leakyReluBackward = (grad_output: Tensor, self: Tensor, negative_slope: Num): Tensor =>
  leakyReluGrad.apply({ grad_output, self, negative_slope }) as Tensor;

/** The gradient by way of the result, the sign of which is that of x unless the slope is negative. */
function leakyReluBackwardOfResult(grad: Tensor, result: Tensor, slope: Num): Tensor {
  if (Number(slope) < 0) {
    throw new RuntimeError(
      "In-place leakyReLu backward calculation is triggered with a negative slope which is not supported. This is caused by calling in-place forward function " +
        "with a negative slope, please call out-of-place version instead. File an issue at https://github.com/pytorch/pytorch if you do require supporting " +
        "in-place leakRelu backward calculation with negative slope",
    );
  }
  return leakyReluBackward(grad, result, slope);
}

type LeakyInputs = { self: Tensor; negative_slope: Num };

function leakyRelu({ self, negative_slope }: LeakyInputs): Tensor {
  requireFloat(self, "leaky_relu_cpu");
  return withNumbers(leaky, [self], [negative_slope]);
}

const leakyInplace = new Primitive<LeakyInputs>({
  name: "LeakyReluBackward1",
  forward: leakyRelu,
  backward: { self: ({ grad, result, negative_slope }) => leakyReluBackwardOfResult(grad, result, negative_slope) },
});

/** `leaky_relu`. */
export type LeakyRelu = InplaceOp<{ negative_slope?: Num }, [negative_slope?: Num]>;

/** x above 0, else `negative_slope` x. d/dx = 1 above 0, else `negative_slope`. */
export const leaky_relu: LeakyRelu = define<LeakyRelu, LeakyInputs>("leaky_relu", "(Tensor input, Number negative_slope = 0.01)", {
  forward: leakyRelu,
  backward: { self: ({ grad, self, negative_slope }) => leakyReluBackward(grad, self, negative_slope) },
}, { inplace: (inputs) => leakyInplace.applyInplace(inputs) });

// -- rrelu -----------------------------------------------------------------------------------------------------------

type RandomizedInputs = { self: Tensor; noise: Tensor; lower: Num; upper: Num; training: boolean };
type RandomizedGrad = { grad_output: Tensor; self: Tensor; noise: Tensor; lower: Num; upper: Num; training: boolean };

const meanSlope = ({ lower, upper }: { lower: Num; upper: Num }): number => (Number(lower) + Number(upper)) / 2;
const isRandom = ({ lower, upper, training }: { lower: Num; upper: Num; training: boolean }): boolean => training && Number(upper) - Number(lower) > 1e-6;

const randomizedGrad: Primitive<RandomizedGrad> = new Primitive<RandomizedGrad>({
  name: "RreluWithNoiseBackwardBackward0",
  forward: (inputs) => {
    const { grad_output, self, noise } = inputs;
    return isRandom(inputs) ? grad_output.mul(noise) : leakyReluBackward(grad_output, self, meanSlope(inputs));
  },
  backward: {
    grad_output: ({ grad, self, noise, lower, upper, training }) => randomizedGrad.apply({ grad_output: grad, self, noise, lower, upper, training }) as Tensor,
    self: nothing,
    noise: null,
  },
});

/** The slopes of negative elements, drawn in memory order; 1 for the others. */
function drawSlopes(noise: Tensor, self: Tensor, lower: number, upper: number): void {
  const { store, offset, count } = asContiguous(self);
  const x = store.data.subarray(offset, offset + count);
  let negative = 0;
  for (let i = 0; i < count; i++) if (Number(x[i]) <= 0) negative++;
  const slopes = new Float64Array(negative);
  uniform(default_generator, slopes, lower, upper);
  const target = noise.store.data;
  for (let i = 0, next = 0; i < count; i++) target[noise.offset + i] = Number(x[i]) <= 0 ? slopes[next++] : 1;
}

function randomized(inputs: RandomizedInputs): Tensor {
  const { self, noise } = inputs;
  if (!inputs.training) return leakyRelu({ self, negative_slope: meanSlope(inputs) });
  requireFloat(self, "rrelu_with_noise_out_cpu");
  drawSlopes(noise, self, Number(inputs.lower), Number(inputs.upper));
  return self.mul(noise);
}

const rreluWithNoise = new Primitive<RandomizedInputs>({
  name: "RreluWithNoiseBackward0",
  forward: randomized,
  backward: {
    self: ({ grad, self, noise, lower, upper, training }) => randomizedGrad.apply({ grad_output: grad, self, noise, lower, upper, training }) as Tensor,
    noise: null,
  },
});

const rreluWithNoiseInplace = new Primitive<RandomizedInputs>({
  name: "RreluWithNoiseBackward1",
  forward: randomized,
  backward: {
    self: ({ grad, result, noise, lower, upper, training }) => {
      const inputs = { grad_output: grad, self: result, noise, lower, upper, training };
      return isRandom(inputs) ? randomizedGrad.apply(inputs) as Tensor : leakyReluBackwardOfResult(grad, result, meanSlope(inputs));
    },
    noise: null,
  },
});

/** Named arguments of `rrelu`. */
export interface RreluOptions {
  /** The least slope. */
  lower?: Num;
  /** The greatest slope. */
  upper?: Num;
  /** Whether slopes are drawn; else all are the mean of the two. */
  training?: boolean;
}

/** `rrelu`. */
export type Rrelu = InplaceOp<RreluOptions, [lower?: Num, upper?: Num, training?: boolean]>;
type RreluInputs = { self: Tensor; lower: Num; upper: Num; training: boolean };

function noiseFor({ self, lower, upper, training }: RreluInputs): RandomizedInputs {
  if (Number(lower) > Number(upper)) throw new RuntimeError("Lower bound should be less than or equal to the upper bound");
  return { self, noise: Tensor.make(self.sizes, self.dtype), lower, upper, training };
}

/** x above 0, else x times a slope that is drawn from [lower, upper) for each element in training. d/dx = 1 above 0, else the slope. */
export const rrelu: Rrelu = define<Rrelu, RreluInputs>(
  "rrelu",
  "(Tensor input, Number lower = 0.125, Number upper = 0.3333333333333333, bool training = False, torch.Generator generator = None)",
  (inputs) => rreluWithNoise.apply(noiseFor(inputs)),
  { inplace: (inputs) => rreluWithNoiseInplace.applyInplace(noiseFor(inputs)) },
);

// -- prelu -----------------------------------------------------------------------------------------------------------

type PreluGrad = { grad_output: Tensor; self: Tensor; weight: Tensor };

const preluGrad = new Primitive<PreluGrad>({
  name: "PreluKernelBackwardBackward0",
  forward: ({ grad_output, self, weight }) => {
    const positive = self.gt(0);
    return [where(positive, grad_output, weight.mul(grad_output)), where(positive, 0, self.mul(grad_output))];
  },
  backward: {
    grad_output: ({ grads, self, weight }) => {
      const [u, v] = grads;
      const below = u === null ? self.mul(v!) : v === null ? weight.mul(u) : weight.mul(u).add(self.mul(v));
      return where(self.gt(0), u ?? 0, below);
    },
    self: ({ grads, self, grad_output }) => grads[1] === null ? self.zeros_like() : where(self.gt(0), 0, grads[1].mul(grad_output)),
    weight: ({ grads, self, grad_output }) => grads[0] === null ? self.zeros_like() : where(self.gt(0), 0, grads[0].mul(grad_output)),
  },
});

const preluKernel = new Primitive<{ self: Tensor; weight: Tensor }>({
  name: "PreluKernelBackward0",
  forward: ({ self, weight }) => {
    requireFloat(self, "prelu_cpu");
    return elementwise(leaky, self.dtype, [self, weight]);
  },
  backward: {
    self: ({ grad, self, weight }) => (preluGrad.apply({ grad_output: grad, self, weight }) as Tensor[])[0],
    weight: ({ grad, self, weight }) => (preluGrad.apply({ grad_output: grad, self, weight }) as Tensor[])[1],
  },
});

/** `prelu`. */
export type Prelu = Op<{ weight: Tensor }, [weight: Tensor]>;

/** x above 0, else weight x, with one weight for all or one for each channel (the second dimension). d/dx = 1 or weight; d/dweight = 0 or x. */
export const prelu: Prelu = define<Prelu, { self: Tensor; weight: Tensor }>("prelu", "(Tensor input, Tensor weight)", ({ self, weight }) => {
  if (self.dtype !== weight.dtype) throw new RuntimeError(`prelu: Type promoting not supported. Got ${self.dtype.scalar} and ${weight.dtype.scalar}`);
  const rank = self.sizes.length;
  if (weight.count !== 1) {
    if (rank === 0) throw new RuntimeError("Not allow zero-dim input tensor.");
    const channels = rank > 1 ? self.sizes[1] : 1;
    if (channels !== weight.count) {
      throw new RuntimeError(`Mismatch of parameter numbers and input channel size. Found parameter numbers = ${weight.count} and channel size = ${channels}.`);
    }
  }
  if (weight.sizes.length > 1) throw new RuntimeError(`prelu: Expected \`weight\` to be a scalar or 1D tensor, but got: ndim = ${weight.sizes.length}`);
  const shaped = weight.sizes.length === rank ? weight : weight.reshape(self.sizes.map((_, d) => d === 1 ? weight.count : 1));
  return preluKernel.apply({ self, weight: shaped });
});
