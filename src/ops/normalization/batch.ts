/**
 * Normalization of channels over the batch and all places, by the mean and variance of the batch or by running ones.
 */
import { noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { channelMoments, type Channels, channelsBackwardInput, channelSums, scaleChannels } from "../../kernels/channels.ts";
import { elementCount, type Sizes } from "../../layout.ts";
import { makeSize } from "../../size.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { asContiguous, copyElements } from "../elementwise.ts";
import { refuseGradient } from "../not_differentiable.ts";
import { pythonFunction } from "../python_function.ts";
import { sizeOf } from "../loss/reduction.ts";
import { checkTypes, elementsOf, project, projectGradient, standardize } from "./standardize.ts";

type Parameters = { input: Tensor; weight: Tensor | null; running_mean: Tensor | null; running_var: Tensor | null; eps: number };
type Inputs = Parameters & { bias: Tensor | null; training: boolean; momentum: number };
type BackwardInputs = Parameters & { grad_out: Tensor; save_mean: Tensor; save_invstd: Tensor; train: boolean; of: "input" | "weight" | "bias" };

function channelsOf(t: Tensor): Channels {
  const { store, offset, sizes } = asContiguous(t);
  return { data: store.data, offset, shape: [sizes[0], sizes[1], elementCount(sizes.slice(2))] };
}

/** All dimensions but the channels'. */
const otherDims = ({ sizes }: Tensor): number[] => [...sizes.keys()].filter((d) => d !== 1);

/** A value for each channel, broadcast along the other dimensions of `like`. */
const perChannel = (t: Tensor, like: Tensor): Tensor => t.view(like.sizes.map((_, d) => d === 1 ? t.count : 1));

const weighed = (t: Tensor, weight: Tensor | null): Tensor => weight === null ? t : t.mul(perChannel(weight, t));

const valuesOf = (t: Tensor): Float64Array => new Float64Array(elementsOf(t) as Float64Array);

const orOnes = (t: Tensor | null, n: number): Float64Array => t === null ? new Float64Array(n).fill(1) : valuesOf(t);

/** The mean and the reciprocal standard deviation that the channels were normalized by. */
function statistics({ running_mean, running_var, save_mean, save_invstd, train, eps }: BackwardInputs): { means: Float64Array; rstds: Float64Array } {
  if (train) return { means: valuesOf(save_mean), rstds: valuesOf(save_invstd) };
  return { means: valuesOf(running_mean!), rstds: valuesOf(running_var!).map((v) => 1 / Math.sqrt(v + eps)) };
}

function gradient(inputs: BackwardInputs): Tensor {
  const { grad_out, input, weight, train, of } = inputs;
  if (of === "bias") return grad_out.sum(otherDims(grad_out));
  const x = channelsOf(input), g = asContiguous(grad_out);
  const [batch, channels, places] = x.shape;
  const n = batch * places;
  const { means, rstds } = statistics(inputs);
  // running statistics do not depend on the input
  const needsSums = train || of === "weight";
  const totals = needsSums ? channelSums(g.store.data, g.offset, x, means) : { sums: new Float64Array(channels), products: new Float64Array(channels) };
  const out = Tensor.make(of === "input" ? input.sizes : [channels], input.dtype);
  if (of === "weight") out.store.data.set(totals.products.map((p, c) => p * rstds[c]) as never);
  else {
    const factors = orOnes(weight, channels).map((w, c) => w * rstds[c]);
    const averages = totals.sums.map((s) => s / n), slopes = totals.products.map((p, c) => p * rstds[c] * rstds[c] / n);
    channelsBackwardInput(g.store.data, g.offset, x, means, factors, averages, slopes, out.store.data);
  }
  return out;
}

/** The reciprocal standard deviation of running variances. */
const runningRstd = (running_var: Tensor, like: Tensor, eps: number): Tensor => perChannel(running_var.add(eps).rsqrt(), like);

const backwardPrimitive: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
  name: "NativeBatchNormBackwardBackward0",
  forward: gradient,
  backward: {
    grad_out: ({ grad, grad_out, input, weight, running_mean, running_var, train, eps, of }) => {
      if (of === "bias") return perChannel(grad, input).expand_as(grad_out);
      if (!train) {
        const r = runningRstd(running_var!, input, eps);
        return of === "input" ? weighed(grad.mul(r), weight) : perChannel(grad, input).mul(input.sub(perChannel(running_mean!, input))).mul(r);
      }
      const s = standardize(input, otherDims(input), eps);
      return of === "input" ? weighed(project(grad, s), weight) : s.h.mul(perChannel(grad, input));
    },
    input: ({ grad, grad_out, input, weight, running_var, train, eps, of }) => {
      if (of === "bias" || (!train && of === "input")) return null;
      const a = of === "input" ? weighed(grad_out, weight) : weighed(grad_out, grad);
      if (!train) return a.mul(runningRstd(running_var!, input, eps));
      const s = standardize(input, otherDims(input), eps);
      return of === "input" ? projectGradient(grad, a, s) : project(a, s);
    },
    // deno-lint-ignore no-unused-vars -- PyTorch saves these: they can be read on the node
    weight: ({ grad, grad_out, input, running_var, save_mean, save_invstd, train, eps, of }) => {
      if (of !== "input") return null;
      const by = train ? project(grad, standardize(input, otherDims(input), eps)) : grad.mul(runningRstd(running_var!, input, eps));
      return grad_out.mul(by).sum(otherDims(input));
    },
    running_mean: null,
    running_var: null,
    save_mean: null,
    save_invstd: null,
  },
});

/** Moves running statistics towards those of a batch of `n` values a channel, in place and, as in PyTorch, unnoticed by version counters. */
function updateRunning({ running_mean, running_var, momentum }: Inputs, means: Float64Array, variances: Float64Array, n: number): void {
  const move = (running: Tensor | null, values: Float64Array) => {
    if (running === null) return;
    const before = valuesOf(running);
    const after = Tensor.make(running.sizes, running.dtype);
    after.store.data.set(before.map((v, c) => (1 - momentum) * v + momentum * values[c]) as never);
    copyElements(running, after);
  };
  move(running_mean, means);
  move(running_var, variances.map((v) => v * n / (n - 1)));
}

const primitive = new Primitive<Inputs>({
  name: "NativeBatchNormBackward0",
  nonDifferentiable: [1, 2],
  forward: (inputs) => {
    const { input, weight, bias, running_mean, running_var, training, eps } = inputs;
    const x = channelsOf(input);
    const [batch, channels, places] = x.shape;
    const out = Tensor.make(input.sizes, input.dtype);
    const saved = [Tensor.make([training ? channels : 0], input.dtype), Tensor.make([training ? channels : 0], input.dtype)];
    let means: Float64Array, rstds: Float64Array;
    if (training) {
      const moments = channelMoments(x);
      means = moments.means;
      rstds = moments.variances.map((v) => 1 / Math.sqrt(v + eps));
      saved[0].store.data.set(means as never);
      saved[1].store.data.set(rstds as never);
      updateRunning(inputs, means, moments.variances, batch * places);
    } else {
      means = valuesOf(running_mean!);
      rstds = valuesOf(running_var!).map((v) => 1 / Math.sqrt(v + eps));
    }
    const factors = orOnes(weight, channels).map((w, c) => w * rstds[c]);
    const shifts = bias === null ? new Float64Array(channels) : valuesOf(bias);
    scaleChannels(x, means, factors, shifts, out.store.data);
    return [out, ...saved];
  },
  backward: {
    input: ({ grad, input, weight, running_mean, running_var, result1, result2, training, eps }) =>
      backwardPrimitive.apply({
        grad_out: grad,
        input,
        weight,
        running_mean,
        running_var,
        save_mean: result1,
        save_invstd: result2,
        train: training,
        eps,
        of: "input",
      }) as Tensor,
    weight: ({ grad, input, weight, running_mean, running_var, result1, result2, training, eps }) =>
      backwardPrimitive.apply({
        grad_out: grad,
        input,
        weight,
        running_mean,
        running_var,
        save_mean: result1,
        save_invstd: result2,
        train: training,
        eps,
        of: "weight",
      }) as Tensor,
    bias: ({ grad, input, weight, running_mean, running_var, result1, result2, training, eps }) =>
      backwardPrimitive.apply({
        grad_out: grad,
        input,
        weight,
        running_mean,
        running_var,
        save_mean: result1,
        save_invstd: result2,
        train: training,
        eps,
        of: "bias",
      }) as Tensor,
    running_mean: null,
    running_var: null,
  },
});

function normalize(inputs: Inputs): Tensor[] {
  const { input, weight, bias, running_mean, running_var } = inputs;
  refuseGradient("native_batch_norm", "running_mean", running_mean);
  refuseGradient("native_batch_norm", "running_var", running_var);
  if (input.dtype.category !== "float") throw noKernel("batch_norm", input.dtype);
  checkTypes(input, [weight, bias, running_mean, running_var]);
  return primitive.apply(inputs) as Tensor[];
}

function checkChannels(inputs: Inputs): void {
  const { input, training } = inputs;
  const channels = input.sizes[1] ?? 0;
  for (const name of ["running_mean", "running_var", "weight", "bias"] as const) {
    const t = inputs[name];
    if (t !== null && t.count !== channels) throw new RuntimeError(`${name} should contain ${channels} elements not ${t.count}`);
    if (t === null && !training && name.startsWith("running")) throw new RuntimeError(`${name} must be defined in evaluation mode`);
  }
}

function batchNorm(inputs: Inputs): Tensor {
  const { input, weight, bias } = inputs;
  if (input.count > 0) {
    checkChannels(inputs);
    return normalize(inputs)[0];
  }
  let out = input.clone();
  if (weight !== null) out = out.mul(weight.select(0, 0));
  if (bias !== null) out = out.add(bias.select(0, 0));
  return out;
}

type LowInputs = Omit<Inputs, "input"> & { self: Tensor };
/** `torch.batch_norm` and `torch.instance_norm`. */
export type LowBatchNorm = Fn<
  Record<string, unknown>,
  [
    input: Tensor,
    weight: Tensor | null,
    bias: Tensor | null,
    running_mean: Tensor | null,
    running_var: Tensor | null,
    training: boolean,
    momentum: number,
    eps: number,
    cudnn_enabled: boolean,
  ]
>;

const PARAMETERS = "Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var";

/** `torch.batch_norm`. */
export const lowBatchNorm: LowBatchNorm = define<LowBatchNorm, LowInputs>(
  "batch_norm",
  `(${PARAMETERS}, bool training, float momentum, float eps, bool cudnn_enabled)`,
  ({ self, ...rest }) => batchNorm({ input: self, ...rest }),
);

/** `torch.native_batch_norm`. */
export type NativeBatchNorm = Fn<
  Record<string, unknown>,
  [
    input: Tensor,
    weight: Tensor | null,
    bias: Tensor | null,
    running_mean: Tensor | null,
    running_var: Tensor | null,
    training: boolean,
    momentum: number,
    eps: number,
  ],
  Tensor[]
>;

/** `batch_norm` with the means and the reciprocal standard deviations of the batch, which are empty where running ones are used. */
export const native_batch_norm: NativeBatchNorm = define<NativeBatchNorm, LowInputs>(
  "native_batch_norm",
  `(${PARAMETERS}, bool training, float momentum, float eps)`,
  ({ self, ...rest }) => normalize({ input: self, ...rest }),
);

/** Named arguments of `batch_norm`. */
export interface BatchNormOptions {
  /** [batch, channels, ...places]. */
  input: Tensor;
  /** The running mean of each channel; changed in place in training. */
  running_mean: Tensor | null;
  /** The running variance of each channel; changed in place in training. */
  running_var: Tensor | null;
  /** A factor for each channel. */
  weight?: Tensor | null;
  /** A summand for each channel. */
  bias?: Tensor | null;
  /** Whether to normalize by the batch, and to move the running statistics. */
  training?: boolean;
  /** How far they move towards those of the batch. */
  momentum?: number;
  /** Keeps the standard deviation above zero. */
  eps?: number;
}

/** `batch_norm`. */
export type BatchNorm = Fn<
  BatchNormOptions,
  [
    input: Tensor,
    running_mean: Tensor | null,
    running_var: Tensor | null,
    weight?: Tensor | null,
    bias?: Tensor | null,
    training?: boolean,
    momentum?: number,
    eps?: number,
  ]
>;

/** Throws where a batch has only one value a channel, which has no variance. */
export function verifyBatchSize(size: Sizes): void {
  if (size.length > 0 && size[0] * elementCount(size.slice(2)) === 1) {
    throw new ValueError(`Expected more than 1 value per channel when training, got input size ${size}`);
  }
}

/** Each channel minus its mean, divided by its standard deviation, times its weight, plus its bias. */
export const batch_norm: BatchNorm = pythonFunction<BatchNorm, Inputs>(
  "batch_norm",
  ["input", "running_mean", "running_var"],
  { weight: null, bias: null, training: false, momentum: 0.1, eps: 1e-5 },
  ({ input, weight, bias, running_mean, running_var, training, momentum, eps }) => {
    if (training) verifyBatchSize(sizeOf(input));
    return lowBatchNorm(input, weight, bias, running_mean, running_var, training, momentum, eps, true);
  },
);

// -- of each sample --------------------------------------------------------------------------------------------------

type InstanceInputs = Omit<Inputs, "training"> & { use_input_stats: boolean };

function instanceNorm({ input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps }: InstanceInputs): Tensor {
  if (!use_input_stats && (running_mean === null || running_var === null)) {
    throw new RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false");
  }
  // every channel of every sample is a channel of a batch of one
  const [batch, channels] = input.sizes;
  const repeated = (t: Tensor | null) => t === null ? null : t.repeat(batch);
  const means = repeated(running_mean), variances = repeated(running_var);
  const samples = input.contiguous().view([1, batch * channels, ...input.sizes.slice(2)]);
  const out = batchNorm({
    input: samples,
    weight: repeated(weight),
    bias: repeated(bias),
    running_mean: means,
    running_var: variances,
    training: use_input_stats,
    momentum,
    eps,
  });
  if (running_mean !== null) running_mean.copy_(means!.view([batch, channels]).mean(0));
  if (running_var !== null) running_var.copy_(variances!.view([batch, channels]).mean(0));
  return out.view(input.sizes);
}

/** `torch.instance_norm`. */
export const lowInstanceNorm: LowBatchNorm = define<LowBatchNorm, Omit<InstanceInputs, "input"> & { self: Tensor }>(
  "instance_norm",
  `(${PARAMETERS}, bool use_input_stats, float momentum, float eps, bool cudnn_enabled)`,
  ({ self, ...rest }) => instanceNorm({ input: self, ...rest }),
);

/** Named arguments of `instance_norm`. */
export interface InstanceNormOptions extends Omit<BatchNormOptions, "running_mean" | "running_var" | "training"> {
  /** The running mean of each channel; changed in place where the input's statistics are used. */
  running_mean?: Tensor | null;
  /** The running variance of each channel; changed in place where the input's statistics are used. */
  running_var?: Tensor | null;
  /** Whether to normalize by the input's own statistics. */
  use_input_stats?: boolean;
}

/** `instance_norm`. */
export type InstanceNorm = Fn<
  InstanceNormOptions,
  [
    input: Tensor,
    running_mean?: Tensor | null,
    running_var?: Tensor | null,
    weight?: Tensor | null,
    bias?: Tensor | null,
    use_input_stats?: boolean,
    momentum?: number,
    eps?: number,
  ]
>;

/** Each channel of each sample minus its mean, divided by its standard deviation, times the channel's weight, plus its bias. */
export const instance_norm: InstanceNorm = pythonFunction<InstanceNorm, InstanceInputs>(
  "instance_norm",
  ["input"],
  { running_mean: null, running_var: null, weight: null, bias: null, use_input_stats: true, momentum: 0.1, eps: 1e-5 },
  ({ input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps }) => {
    if (use_input_stats) {
      const size = sizeOf(input);
      if (elementCount(size.slice(2)) === 1) throw new ValueError(`Expected more than 1 spatial element when training, got input size ${makeSize(size)}`);
    }
    return lowInstanceNorm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, true);
  },
);
