/**
 * Convolutions and transposed convolutions of one, two and three spatial dimensions. A convolution is linear in its input and
 * in its weight, and so is each of its gradients: they are convolutions again.
 */
import { bool, int64 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import type { Triple } from "../kernels/columns.ts";
import { type Block, type Convolution, convolve, convolveInput, convolveWeight } from "../kernels/convolution.ts";
import type { Sizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous, asType } from "./elementwise.ts";
import { constant_pad_nd } from "./pad.ts";
import type { PerDimension } from "./per_dimension.ts";

export type { PerDimension };

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

/** How a convolution slides. */
interface Settings {
  stride: number[];
  padding: number[];
  dilation: number[];
  transposed: boolean;
  output_padding: number[];
  groups: number;
}

type Inputs = Settings & { input: Tensor; weight: Tensor; bias: Tensor | null; bias_sym_sizes_opt: Sizes | null };

const triple = (values: Sizes, fill: number): Triple => [...new Array<number>(3 - values.length).fill(fill), ...values] as never as Triple;

/** The spatial sizes of the result. */
function outputSizes(input: Sizes, kernel: Sizes, { stride, padding, dilation, transposed, output_padding }: Settings): number[] {
  return kernel.map((k, d) => {
    const reach = dilation[d] * (k - 1) + 1;
    return transposed
      ? (input[d] - 1) * stride[d] - 2 * padding[d] + reach + output_padding[d]
      : Math.floor((input[d] + 2 * padding[d] - reach) / stride[d]) + 1;
  });
}

/** The convolution that the kernels know: for a transposed one, that which it is the transpose of. */
function geometry(input: Sizes, weight: Sizes, output: Sizes, s: Settings): Convolution {
  const [from, to] = s.transposed ? [output, input] : [input, output];
  return {
    batch: input[0],
    inputs: from[1],
    outputs: to[1],
    groups: s.groups,
    window: {
      input: triple(from.slice(2), 1),
      output: triple(to.slice(2), 1),
      kernel: triple(weight.slice(2), 1),
      stride: triple(s.stride, 1),
      padding: triple(s.padding, 0),
      dilation: triple(s.dilation, 1),
    },
  };
}

function block(t: Tensor): Block {
  const dense = asContiguous(t);
  return { data: dense.store.data, offset: dense.offset };
}

function forward({ input, weight, bias, ...settings }: Inputs): Tensor {
  const outputs = settings.transposed ? weight.sizes[1] * settings.groups : weight.sizes[0];
  const spatial = outputSizes(input.sizes.slice(2), weight.sizes.slice(2), settings);
  // PyTorch gives as few channels as it was given where it was given none
  const out = Tensor.make([input.sizes[0], input.sizes[1] === 0 ? 0 : outputs, ...spatial], input.dtype);
  if (out.count === 0) return out;
  const spec = geometry(input.sizes, weight.sizes, out.sizes, settings);
  const run = settings.transposed ? convolveInput : convolve;
  run(spec, block(input), block(weight), bias === null ? null : block(asType(bias, out.dtype)), out.store.data);
  return out;
}

type Which = "input" | "weight" | "bias";
type BackwardInputs = Settings & { grad_output: Tensor; input: Tensor; weight: Tensor; bias_sizes: Sizes | null; of: Which };

function gradient({ grad_output, input, weight, bias_sizes, of, ...settings }: BackwardInputs): Tensor {
  if (of === "bias") return grad_output.sum([0, ...grad_output.sizes.keys().drop(2)]).reshape(bias_sizes!);
  const out = Tensor.make(of === "input" ? input.sizes : weight.sizes, grad_output.dtype);
  if (out.count === 0 || grad_output.count === 0) return out;
  const spec = geometry(input.sizes, weight.sizes, grad_output.sizes, settings);
  const grad = block(grad_output);
  if (of === "weight") {
    if (settings.transposed) convolveWeight(spec, block(input), grad, out.store.data);
    else convolveWeight(spec, grad, block(input), out.store.data);
  } else (settings.transposed ? convolve : convolveInput)(spec, grad, block(weight), null, out.store.data);
  return out;
}

/** One of the three gradients. That of the input is linear in the weight, that of the weight in the input, and all in the gradient of the result. */
const backwardPrimitive: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
  name: "ConvolutionBackwardBackward0",
  forward: gradient,
  backward: {
    grad_output: ({ grad, grad_output, input, weight, stride, padding, dilation, transposed, output_padding, groups, of }) => {
      const settings = { stride, padding, dilation, transposed, output_padding, groups };
      if (of === "bias") return grad.reshape([-1, ...stride.map(() => 1)]).expand_as(grad_output);
      return of === "input" ? convolution(grad, weight, null, settings) : convolution(input, grad, null, settings);
    },
    input: ({ grad, grad_output, input, weight, stride, padding, dilation, transposed, output_padding, groups, of }) => {
      if (of !== "weight") return null;
      const settings = { stride, padding, dilation, transposed, output_padding, groups };
      return backwardPrimitive.apply({ ...settings, grad_output, input, weight: grad.expand_as(weight), bias_sizes: null, of: "input" }) as Tensor;
    },
    weight: ({ grad, grad_output, input, weight, stride, padding, dilation, transposed, output_padding, groups, of }) => {
      if (of !== "input") return null;
      const settings = { stride, padding, dilation, transposed, output_padding, groups };
      return backwardPrimitive.apply({ ...settings, grad_output, input: grad.expand_as(input), weight, bias_sizes: null, of: "weight" }) as Tensor;
    },
  },
});

const convolutionPrimitive = new Primitive<Inputs>({
  name: "ConvolutionBackward0",
  forward,
  backward: {
    input: ({ grad, input, weight, bias_sym_sizes_opt, stride, padding, dilation, transposed, output_padding, groups }) => {
      const settings = { stride, padding, dilation, transposed, output_padding, groups };
      return backwardPrimitive.apply({ ...settings, grad_output: grad, input, weight, bias_sizes: bias_sym_sizes_opt, of: "input" }) as Tensor;
    },
    weight: ({ grad, input, weight, bias_sym_sizes_opt, stride, padding, dilation, transposed, output_padding, groups }) => {
      const settings = { stride, padding, dilation, transposed, output_padding, groups };
      return backwardPrimitive.apply({ ...settings, grad_output: grad, input, weight, bias_sizes: bias_sym_sizes_opt, of: "weight" }) as Tensor;
    },
    bias: ({ grad, input, weight, bias_sym_sizes_opt, stride, padding, dilation, transposed, output_padding, groups }) => {
      const settings = { stride, padding, dilation, transposed, output_padding, groups };
      return backwardPrimitive.apply({ ...settings, grad_output: grad, input, weight, bias_sizes: bias_sym_sizes_opt, of: "bias" }) as Tensor;
    },
  },
});

/** The convolution of inputs that are known to fit. */
function convolution(input: Tensor, weight: Tensor, bias: Tensor | null, settings: Settings): Tensor {
  return convolutionPrimitive.apply({ ...settings, input, weight, bias, bias_sym_sizes_opt: bias === null ? null : bias.sizes }) as Tensor;
}

// -- what PyTorch refuses --------------------------------------------------------------------------------------------

/** A parameter as a list of one number for each spatial dimension. */
function perDimension(name: string, value: number | number[], dims: number): number[] {
  const list = typeof value === "number" ? [value] : value;
  if (list.length === dims) return list;
  if (list.length === 1) return new Array<number>(dims).fill(list[0]);
  throw new RuntimeError(
    `expected ${name} to be a single integer value or a list of ${dims} values to match the convolution dimensions, but got ${name}=${showSizes(list)}`,
  );
}

function checkSettings({ stride, padding, dilation, output_padding }: Settings): void {
  if (padding.some((p) => p < 0)) throw new RuntimeError("negative padding is not supported");
  if (output_padding.some((p) => p < 0)) throw new RuntimeError("negative output_padding is not supported");
  if (stride.some((s) => s <= 0)) throw new RuntimeError("non-positive stride is not supported");
  if (dilation.some((d) => d < 0)) throw new RuntimeError("dilation should be greater than zero");
}

function checkShapes(input: Sizes, weight: Sizes, bias: Sizes | null, settings: Settings): void {
  const { groups, transposed } = settings;
  const shown = showSizes(weight);
  if (input.length !== weight.length) {
    throw new RuntimeError(
      `Expected ${weight.length}-dimensional input for ${weight.length}-dimensional weight ${shown}, but got ${input.length}-dimensional input of size ${
        showSizes(input)
      } instead`,
    );
  }
  if (weight[0] < groups) {
    throw new RuntimeError(`Given groups=${groups}, expected weight to be at least ${groups} at dimension 0, but got weight of size ${shown} instead`);
  }
  if (weight[0] % groups !== 0) {
    throw new RuntimeError(`Given groups=${groups}, expected weight to be divisible by ${groups} at dimension 0, but got weight of size [${shown}] instead`);
  }
  const channels = transposed ? weight[0] : weight[1] * groups;
  const given = transposed ? "Given transposed=1, weight" : `Given groups=${groups}, weight`;
  if (input[1] !== channels) {
    throw new RuntimeError(`${given} of size ${shown}, expected input${showSizes(input)} to have ${channels} channels, but got ${input[1]} channels instead`);
  }
  const outputs = transposed ? weight[1] * groups : weight[0];
  if (bias !== null && (bias.length !== 1 || bias[0] !== outputs)) {
    throw new RuntimeError(
      `Given ${transposed ? "transposed=1, " : ""}weight of size ${shown}, expected bias to be 1-dimensional with ${outputs} elements, but got bias of size ${
        showSizes(bias)
      } instead`,
    );
  }
  if (!transposed) checkReach(input, weight, settings);
}

function checkReach(input: Sizes, weight: Sizes, { padding, dilation }: Settings): void {
  const padded = input.slice(2).map((n, d) => n + 2 * padding[d]);
  const kernel = weight.slice(2).map((k, d) => dilation[d] * (k - 1) + 1);
  if (kernel.some((k, d) => k > padded[d])) {
    throw new RuntimeError(
      `Calculated padded input size per channel: (${padded.join(" x ")}). Kernel size: (${
        kernel.join(" x ")
      }). Kernel size can't be greater than actual input size`,
    );
  }
}

/** Whether PyTorch would call oneDNN on a machine with several cores, which words the refusal of mixed dtypes in its own way. */
function usesOneDNN(input: Tensor, weight: Tensor, groups: number): boolean {
  if (input.dtype.name !== "float32") return false;
  const [height, width] = weight.sizes.length > 3 ? weight.sizes.slice(-2) : [1, weight.sizes[2]];
  const sizes = input.sizes.length > 3 ? input.sizes : [input.sizes[0], input.sizes[1], 1, input.sizes[2]];
  return groups > 1 || (height > 3 && width > 3) || sizes[0] > 1 || sizes[0] * sizes[1] * sizes[2] * sizes[3] > 20480;
}

/** A spatial parameter of one dimension as PyTorch's kernels see it: as the width of an image of height 1. */
const asImage = (values: Sizes, fill: number): Sizes => values.length === 1 ? [fill, ...values] : values;
const AXES = ["depth", "height", "width"];
const perAxis = (name: string, values: Sizes): string[] => values.map((v, d) => `${name}_${AXES[d + 3 - values.length]}: ${v}`);

function checkKernels(input: Tensor, weight: Tensor, settings: Settings): void {
  const { stride, dilation, transposed, output_padding, groups } = settings;
  const oneDNN = usesOneDNN(input, weight, groups);
  if (input.dtype !== weight.dtype) {
    throw new RuntimeError(
      oneDNN
        ? `Input type (${input.type()}) and weight type (${weight.type()}) should be the same or input should be a MKLDNN tensor and weight is a dense tensor`
        : `expected scalar type ${input.dtype.scalar} but found ${weight.dtype.scalar}`,
    );
  }
  const kernel = asImage(weight.sizes.slice(2), 1), space = asImage(input.sizes.slice(2), 1);
  if (kernel.includes(0)) {
    const sizes = kernel.length === 3 ? `: ${kernel.join(" x ")} (TxHxW)` : ` ${perAxis("kernel", kernel).join(" ")}`;
    throw new RuntimeError(`kernel size should be greater than zero, but got${sizes}`);
  }
  const dilations = asImage(dilation, 1);
  if (dilations.includes(0)) {
    if (oneDNN && !transposed) throw new RuntimeError("non-positive dilation is not supported");
    throw new RuntimeError(`dilation should be greater than zero, but got ${transposed ? perAxis("dilation", dilations).join(", ") : showSizes(dilations)}`);
  }
  if (transposed) {
    if (output_padding.some((p, d) => p >= stride[d] && p >= dilation[d])) {
      const parts = [...perAxis("output_padding", asImage(output_padding, 0)), ...perAxis("stride", asImage(stride, 1)), ...perAxis("dilation", dilations)];
      throw new RuntimeError(`output padding must be smaller than either stride or dilation, but got ${parts.join(" ")}`);
    }
    if (space.includes(0)) {
      throw new RuntimeError(`Only zero batch or zero channel inputs are supported, but got input shape: ${showSizes([...input.sizes.slice(0, 2), ...space])}`);
    }
    const output = asImage(outputSizes(input.sizes.slice(2), weight.sizes.slice(2), settings), 1);
    if (output.some((n) => n < 1)) {
      throw new RuntimeError(
        `Given input size per channel: (${space.join(" x ")}). Calculated output size per channel: (${output.join(" x ")}). Output size is too small`,
      );
    }
    if (input.dtype.category !== "float" && input.dtype !== int64) throw noKernel(`slow_conv_transpose${kernel.length}d_out_cpu`, input.dtype);
  } else if (input.dtype === bool) throw noKernel(kernel.length === 3 ? "compute_columns3d" : "slow_conv2d_cpu", bool);
}

type Raw = { [K in keyof Settings]: Settings[K] extends number[] ? number | number[] : Settings[K] };

/** The convolution of inputs with a batch dimension, after PyTorch's checks, in its order. */
function checked(input: Tensor, weight: Tensor, bias: Tensor | null, raw: Raw): Tensor {
  const dims = weight.sizes.length - 2;
  if (dims <= 0) throw new RuntimeError("weight should have at least three dimensions");
  if (raw.groups <= 0) throw new RuntimeError("non-positive groups is not supported");
  const settings: Settings = {
    ...raw,
    stride: perDimension("stride", raw.stride, dims),
    padding: perDimension("padding", raw.padding, dims),
    dilation: perDimension("dilation", raw.dilation, dims),
    output_padding: perDimension("output_padding", raw.output_padding, dims),
  };
  checkSettings(settings);
  checkShapes(input.sizes, weight.sizes, bias === null ? null : bias.sizes, settings);
  if (input.sizes[0] !== 0 && input.sizes[1] !== 0) checkKernels(input, weight, settings);
  return convolution(input, weight, bias, settings);
}

/** Runs `f` on the input with a batch dimension, which is taken away again where it was not there. */
function batched(op: string, dims: number, input: Tensor, f: (batch: Tensor) => Tensor): Tensor {
  const rank = input.sizes.length;
  if (rank === dims + 1) return f(input.unsqueeze(0)).squeeze(0);
  if (rank === dims + 2) return f(input);
  throw new RuntimeError(`Expected ${dims + 1}D (unbatched) or ${dims + 2}D (batched) input to ${op}, but got input of size: ${showSizes(input.sizes)}`);
}

/** Pads so that a stride of 1 keeps the size: half of what the kernel reaches on either side, the odd one at the end. */
function same(input: Tensor, weight: Tensor, bias: Tensor | null, raw: Raw): Tensor {
  const dims = weight.sizes.length - 2;
  if (dims <= 0) throw new RuntimeError("weight should have at least three dimensions");
  if (raw.groups <= 0) throw new RuntimeError("non-positive groups is not supported");
  if (input.sizes.length !== weight.sizes.length) {
    throw new RuntimeError(
      `Expected ${weight.sizes.length}-dimensional input for ${weight.sizes.length}-dimensional weight${showSizes(weight.sizes)}, ` +
        `but got ${input.sizes.length}-dimensional input of size ${showSizes(input.sizes)} instead`,
    );
  }
  for (const name of ["stride", "dilation"] as const) {
    const value = raw[name];
    if (Array.isArray(value) && value.length !== 1 && value.length !== dims) throw new RuntimeError(`${name} cannot broadcast to ${dims} dimensions`);
  }
  if (perDimension("stride", raw.stride, dims).some((s) => s !== 1)) throw new RuntimeError("padding='same' is not supported for strided convolutions");
  const dilation = perDimension("dilation", raw.dilation, dims);
  const total = dilation.map((d, i) => d * (weight.sizes[i + 2] - 1));
  const padding = total.map((n) => Math.trunc(n / 2));
  const odd = total.map((n) => n % 2);
  if (!odd.includes(1)) return checked(input, weight, bias, { ...raw, padding });
  warnOnce(
    "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input be created " +
      "(Triggered internally at ./aten/src/ATen/native/Convolution.cpp:1036.)",
  );
  const padded = constant_pad_nd(input, odd.reverse().flatMap((n) => [0, n]));
  return checked(padded, weight, bias, { ...raw, padding });
}

// -- what users call -------------------------------------------------------------------------------------------------

/** Named arguments of a convolution. */
export interface ConvOptions {
  /** [batch, in_channels, ...spatial], or without the batch. */
  input: Tensor;
  /** [out_channels, in_channels / groups, ...kernel]. */
  weight: Tensor;
  /** [out_channels]. */
  bias?: Tensor | null;
  /** How far the kernel moves. */
  stride?: PerDimension;
  /** Zeros around the input; `"same"` for as many as keep its size, `"valid"` for none. */
  padding?: PerDimension | "same" | "valid";
  /** The distance of the kernel's elements. */
  dilation?: PerDimension;
  /** Groups of channels that do not see each other. */
  groups?: number;
}

/** A convolution. */
export type Conv = Fn<
  ConvOptions,
  [input: Tensor, weight: Tensor, bias?: Tensor | null, stride?: PerDimension, padding?: PerDimension | string, dilation?: PerDimension, groups?: number]
>;

type ConvInputs = {
  self: Tensor;
  weight: Tensor;
  bias: Tensor | null;
  stride: number | number[];
  padding: number | number[] | string;
  dilation: number | number[];
  groups: number;
};

const CONV = [
  "(Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, tuple of ints padding = 0, tuple of ints dilation = 1, int groups = 1)",
  '(Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, str padding = "valid", tuple of ints dilation = 1, int groups = 1)',
];

function conv(dims: number): Conv {
  const op = `conv${dims}d`;
  return define<Conv, ConvInputs>(op, CONV, ({ self, weight, bias, stride, padding, dilation, groups }) => {
    const rest = { stride, dilation, groups, transposed: false, output_padding: 0 };
    if (typeof padding !== "string") {
      if (bias !== null && bias.dtype !== self.dtype) throw mixedBias(self, bias);
      return batched(op, dims, self, (input) => checked(input, weight, bias, { ...rest, padding }));
    }
    return batched(op, dims, self, (input) => {
      if (padding === "same") return same(input, weight, bias, { ...rest, padding: 0 });
      if (padding !== "valid") throw new RuntimeError(`Invalid padding string: '${padding}'`);
      if (bias !== null && bias.dtype !== input.dtype) throw mixedBias(input, bias);
      return checked(input, weight, bias, { ...rest, padding: 0 });
    });
  });
}

function mixedBias(input: Tensor, bias: Tensor): RuntimeError {
  return new RuntimeError(`Input type (${input.dtype.ctype}) and bias type (${bias.dtype.ctype}) should be the same`);
}

/**
 * Convolution of sequences, as in neural networks: out[n, o, x] = bias[o] + sum over c and k of weight[o, c, k] input[n, c, stride x + dilation k - padding].
 * The gradient of the input is the transposed convolution of the gradient; that of the weight correlates the input with the gradient.
 */
export const conv1d: Conv = conv(1);
/** Convolution of images: see `conv1d`. */
export const conv2d: Conv = conv(2);
/** Convolution of volumes: see `conv1d`. */
export const conv3d: Conv = conv(3);

/** Named arguments of a transposed convolution. */
export interface ConvTransposeOptions {
  /** [batch, in_channels, ...spatial], or without the batch. */
  input: Tensor;
  /** [in_channels, out_channels / groups, ...kernel]. */
  weight: Tensor;
  /** [out_channels]. */
  bias?: Tensor | null;
  /** How far the kernel moves in the result. */
  stride?: PerDimension;
  /** How much is cut from either side of the result. */
  padding?: PerDimension;
  /** How much is added at the end of the result, whose size the convolution leaves open. */
  output_padding?: PerDimension;
  /** Groups of channels that do not see each other. */
  groups?: number;
  /** The distance of the kernel's elements. */
  dilation?: PerDimension;
}

/** A transposed convolution. */
export type ConvTranspose = Fn<
  ConvTransposeOptions,
  [
    input: Tensor,
    weight: Tensor,
    bias?: Tensor | null,
    stride?: PerDimension,
    padding?: PerDimension,
    output_padding?: PerDimension,
    groups?: number,
    dilation?: PerDimension,
  ]
>;

const CONV_TRANSPOSE = "(Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, tuple of ints padding = 0, " +
  "tuple of ints output_padding = 0, int groups = 1, tuple of ints dilation = 1)";

type ConvTransposeInputs = Omit<Raw, "transposed"> & { self: Tensor; weight: Tensor; bias: Tensor | null };

function convTranspose(dims: number): ConvTranspose {
  const op = `conv_transpose${dims}d`;
  return define<ConvTranspose, ConvTransposeInputs>(op, CONV_TRANSPOSE, ({ self, weight, bias, ...settings }) => {
    return batched(op, dims, self, (input) => checked(input, weight, bias, { ...settings, transposed: true }));
  });
}

/** The transpose of `conv1d` as a linear map of its input, which makes long sequences of short ones. Its gradients are convolutions. */
export const conv_transpose1d: ConvTranspose = convTranspose(1);
/** The transpose of `conv2d`: see `conv_transpose1d`. */
export const conv_transpose2d: ConvTranspose = convTranspose(2);
/** The transpose of `conv3d`: see `conv_transpose1d`. */
export const conv_transpose3d: ConvTranspose = convTranspose(3);

// -- sequences with the time first -----------------------------------------------------------------------------------

type TimeFirst = { self: Tensor; weight: Tensor; bias: Tensor; pad: number };

function timeFirst({ self, weight, bias, pad }: TimeFirst): Tensor {
  const ranks = [self, weight, bias].map((t) => t.sizes.length);
  if (ranks[0] !== 3) throw new RuntimeError("Input must have 3 dims: time, batch, in_channel");
  if (ranks[1] !== 3) throw new RuntimeError("Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.");
  if (ranks[2] !== 1) throw new RuntimeError("Bias must be 1-D");
  if (self.sizes[2] !== weight.sizes[1]) throw new RuntimeError("Input dim 2 (input channels) is not == dim 1 in the weight tensor");
  if (weight.sizes[2] !== bias.sizes[0]) throw new RuntimeError("Bias size must equal dim 2 in the weight tensor (output channels).");
  return conv1d(self.permute(1, 2, 0), weight.permute(2, 1, 0), bias, 1, pad).permute(2, 0, 1).contiguous();
}

/** `conv_tbc`. */
export type TimeFirstConv = Fn<{ input: Tensor; weight: Tensor; bias: Tensor; pad: number }, [input: Tensor, weight: Tensor, bias: Tensor, pad?: number]>;

/** Convolution of [time, batch, channels] with [kernel, in_channels, out_channels]. Its gradients are those of `conv1d`. */
export const conv_tbc: TimeFirstConv = define<TimeFirstConv, TimeFirst>("conv_tbc", "(Tensor input, Tensor weight, Tensor bias, int pad = 0)", {
  forward: timeFirst,
  backward: {
    self: ({ grad, weight, pad }) => conv_transpose1d(grad.permute(1, 2, 0), weight.permute(2, 1, 0), null, 1, pad).permute(2, 0, 1),
    // the batch takes the place of the channels
    weight: ({ grad, self, pad }) => conv1d(self.permute(2, 1, 0), grad.permute(2, 1, 0), null, 1, pad).permute(2, 0, 1),
    bias: ({ grad }) => grad.sum([0, 1]),
  },
});

/** `torch.convolution`: any of the above by its parameters. */
export type Convolve = Fn<
  Record<string, unknown>,
  [
    input: Tensor,
    weight: Tensor,
    bias: Tensor | null,
    stride: readonly number[],
    padding: readonly number[],
    dilation: readonly number[],
    transposed: boolean,
    output_padding: readonly number[],
    groups: number,
  ]
>;

const ANY = "(Tensor input, Tensor weight, Tensor? bias, tuple of ints stride, tuple of ints padding, tuple of ints dilation, bool transposed, " +
  "tuple of ints output_padding, int groups)";

/** `torch.convolution`. */
export const lowConvolution: Convolve = define<Convolve, Raw & { self: Tensor; weight: Tensor; bias: Tensor | null }>(
  "convolution",
  ANY,
  ({ self, weight, bias, ...raw }) => checked(self, weight, bias, raw),
);
