/**
 * Modules that learn the size of their input from the first one, and become ordinary ones then.
 */
import { type DType, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { empty, tensor } from "../ops/create.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf } from "./arguments.ts";
import { BatchNorm1d, BatchNorm2d, BatchNorm3d, type NormBase, type NormOptions } from "./batchnorm.ts";
import { Conv1d, Conv2d, Conv3d, type ConvModuleOptions, type ConvNd } from "./conv.ts";
import { Linear, type LinearOptions } from "./linear.ts";
import type { Module } from "./module.ts";
import { Buffer, Parameter } from "./parameter.ts";

const NO_SHAPE = "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` when trying to load an " +
  "uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before accessing their attributes.";

/** A parameter whose shape is not known yet. */
export class UninitializedParameter extends Parameter {
  /** Takes the dtype that it will have. */
  constructor(dtype: DType | null = null) {
    super(empty([0], { dtype }));
    unknownShape(this, "UninitializedParameter");
  }
}

/** A buffer whose shape is not known yet. */
export class UninitializedBuffer extends Buffer {
  /** Takes the dtype that it will have. */
  constructor(dtype: DType | null = null) {
    super(empty([0], { dtype }));
    unknownShape(this, "UninitializedBuffer");
  }
}

/** Hides the shape of a tensor, and shows its kind instead of its elements. */
function unknownShape(t: Tensor, kind: string): void {
  const text = { value: () => `<${kind}>`, configurable: true };
  Object.defineProperties(t, {
    shape: {
      get: () => {
        throw new RuntimeError(NO_SHAPE);
      },
      configurable: true,
    },
    toString: text,
    __repr__: text,
  });
}

/** Gives a tensor its shape: it is an ordinary one then. */
function materialize(t: Tensor | null, shape: readonly number[]): void {
  if (t === null) return;
  for (const name of ["shape", "toString", "__repr__"]) Reflect.deleteProperty(t, name);
  t.data = empty(shape, { dtype: t.dtype });
  if (t instanceof UninitializedParameter) Object.setPrototypeOf(t, Parameter.prototype);
}

/** Makes a module one of another class, whose attributes it has by now. */
function become<M extends Module>(module: M, type: { readonly prototype: Module }): M {
  return Object.setPrototypeOf(module, type.prototype);
}

/** Arguments of `LazyLinear`. */
export type LazyLinearOptions = Omit<LinearOptions, "in_features">;

const readLazyLinear = constructorOf<LazyLinearOptions>("LazyLinear", ["out_features"], { bias: true, device: null, dtype: null });

/** `Linear` for inputs of any size. */
export class LazyLinear extends Linear {
  /** Takes `out_features`, `bias` (true). */
  constructor(...args: Constructor<LazyLinearOptions>) {
    const { out_features, bias, dtype } = readLazyLinear(args);
    super(0, 0, { bias: false, dtype });
    this.out_features = out_features;
    this.weight = new UninitializedParameter(dtype);
    this.bias = bias ? new UninitializedParameter(dtype) : null;
  }

  /** Nothing can be drawn yet. */
  override reset_parameters(): void {}

  /** Becomes a `Linear` of the input's size, and calls it. */
  override call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    const [input] = args as [Tensor];
    this.in_features = input.size(-1);
    materialize(this.weight, [this.out_features, this.in_features]);
    materialize(this.bias, [this.out_features]);
    const made = become(this, Linear);
    made.reset_parameters();
    return made.call(...args);
  }
}

/** Arguments of lazy convolutions. */
export type LazyConvOptions = Omit<ConvModuleOptions, "in_channels">;

const convReader = (name: string) =>
  constructorOf<LazyConvOptions>(name, ["out_channels", "kernel_size"], {
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
    bias: true,
    padding_mode: "zeros",
    device: null,
    dtype: null,
  });

/** Sets the parameters of a convolution that are not known yet. */
function withoutChannels(conv: ConvNd, { out_channels, bias, dtype }: LazyConvOptions): void {
  conv.out_channels = out_channels;
  conv.weight = new UninitializedParameter(dtype);
  conv.bias = bias ? new UninitializedParameter(dtype) : null;
}

/** Gives a convolution the channels of its first input. */
function withChannels(conv: ConvNd, input: Tensor): void {
  const { kernel_size, out_channels, groups } = conv, dims = kernel_size.length;
  const rank = input.sizes.length;
  if (rank !== dims + 1 && rank !== dims + 2) {
    const kind = conv._get_name();
    throw new RuntimeError(`Expected ${dims + 1}D (unbatched) or ${dims + 2}D (batched) input to ${kind}, but got input of size: ${input.shape}`);
  }
  conv.in_channels = input.sizes[rank - dims - 1];
  materialize(conv.weight, [out_channels, conv.in_channels / groups, ...kernel_size]);
  materialize(conv.bias, [out_channels]);
}

const readLazyConv1d = convReader("LazyConv1d");

/** `Conv1d` for inputs with any number of channels. */
export class LazyConv1d extends Conv1d {
  /** Takes `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `dilation` (1), `groups` (1), `bias` (true), `padding_mode` ("zeros"). */
  constructor(...args: Constructor<LazyConvOptions>) {
    const options = readLazyConv1d(args);
    super({ ...options, in_channels: 0, out_channels: 0, bias: false });
    withoutChannels(this, options);
  }

  /** Nothing can be drawn yet. */
  override reset_parameters(): void {}

  /** Becomes a `Conv1d` for the input's channels, and calls it. */
  override call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    withChannels(this, (args as [Tensor])[0]);
    const made = become(this, Conv1d);
    made.reset_parameters();
    return made.call(...args);
  }
}

const readLazyConv2d = convReader("LazyConv2d");

/** `Conv2d` for inputs with any number of channels. */
export class LazyConv2d extends Conv2d {
  /** Takes `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `dilation` (1), `groups` (1), `bias` (true), `padding_mode` ("zeros"). */
  constructor(...args: Constructor<LazyConvOptions>) {
    const options = readLazyConv2d(args);
    super({ ...options, in_channels: 0, out_channels: 0, bias: false });
    withoutChannels(this, options);
  }

  /** Nothing can be drawn yet. */
  override reset_parameters(): void {}

  /** Becomes a `Conv2d` for the input's channels, and calls it. */
  override call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    withChannels(this, (args as [Tensor])[0]);
    const made = become(this, Conv2d);
    made.reset_parameters();
    return made.call(...args);
  }
}

const readLazyConv3d = convReader("LazyConv3d");

/** `Conv3d` for inputs with any number of channels. */
export class LazyConv3d extends Conv3d {
  /** Takes `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `dilation` (1), `groups` (1), `bias` (true), `padding_mode` ("zeros"). */
  constructor(...args: Constructor<LazyConvOptions>) {
    const options = readLazyConv3d(args);
    super({ ...options, in_channels: 0, out_channels: 0, bias: false });
    withoutChannels(this, options);
  }

  /** Nothing can be drawn yet. */
  override reset_parameters(): void {}

  /** Becomes a `Conv3d` for the input's channels, and calls it. */
  override call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    withChannels(this, (args as [Tensor])[0]);
    const made = become(this, Conv3d);
    made.reset_parameters();
    return made.call(...args);
  }
}

/** Arguments of lazy normalisations. */
export type LazyNormOptions = Omit<NormOptions, "num_features">;

const readLazyNorm = constructorOf<LazyNormOptions>("_LazyNormBase", [], {
  eps: 1e-5,
  momentum: 0.1,
  affine: true,
  track_running_stats: true,
  device: null,
  dtype: null,
});

/** Sets the parameters and buffers of a normalisation that are not known yet. */
function withoutFeatures(norm: NormBase, { affine, track_running_stats, dtype }: LazyNormOptions): void {
  norm.affine = affine;
  norm.track_running_stats = track_running_stats;
  norm.weight = affine ? new UninitializedParameter(dtype) : null;
  norm.bias = affine ? new UninitializedParameter(dtype) : null;
  norm.register_buffer("running_mean", track_running_stats ? new UninitializedBuffer(dtype) : null);
  norm.register_buffer("running_var", track_running_stats ? new UninitializedBuffer(dtype) : null);
  norm.register_buffer("num_batches_tracked", track_running_stats ? tensor(0, { dtype: int64 }) : null);
}

/** Gives a normalisation the channels of its first input. */
function withFeatures(norm: NormBase, input: Tensor): void {
  norm.num_features = input.size(1);
  for (const t of [norm.weight, norm.bias, norm.running_mean, norm.running_var]) materialize(t, [norm.num_features]);
}

/** `BatchNorm1d` for inputs with any number of channels. */
export class LazyBatchNorm1d extends BatchNorm1d {
  /** Takes `eps` (1e-5), `momentum` (0.1), `affine` (true), `track_running_stats` (true). */
  constructor(...args: Constructor<LazyNormOptions>) {
    const options = readLazyNorm(args);
    super({ ...options, num_features: 0, affine: false, track_running_stats: false });
    withoutFeatures(this, options);
  }

  /** Becomes a `BatchNorm1d` for the input's channels, and calls it. */
  override call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    withFeatures(this, (args as [Tensor])[0]);
    const made = become(this, BatchNorm1d);
    made.reset_parameters();
    return made.call(...args);
  }
}

/** `BatchNorm2d` for inputs with any number of channels. */
export class LazyBatchNorm2d extends BatchNorm2d {
  /** Takes `eps` (1e-5), `momentum` (0.1), `affine` (true), `track_running_stats` (true). */
  constructor(...args: Constructor<LazyNormOptions>) {
    const options = readLazyNorm(args);
    super({ ...options, num_features: 0, affine: false, track_running_stats: false });
    withoutFeatures(this, options);
  }

  /** Becomes a `BatchNorm2d` for the input's channels, and calls it. */
  override call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    withFeatures(this, (args as [Tensor])[0]);
    const made = become(this, BatchNorm2d);
    made.reset_parameters();
    return made.call(...args);
  }
}

/** `BatchNorm3d` for inputs with any number of channels. */
export class LazyBatchNorm3d extends BatchNorm3d {
  /** Takes `eps` (1e-5), `momentum` (0.1), `affine` (true), `track_running_stats` (true). */
  constructor(...args: Constructor<LazyNormOptions>) {
    const options = readLazyNorm(args);
    super({ ...options, num_features: 0, affine: false, track_running_stats: false });
    withoutFeatures(this, options);
  }

  /** Becomes a `BatchNorm3d` for the input's channels, and calls it. */
  override call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    withFeatures(this, (args as [Tensor])[0]);
    const made = become(this, BatchNorm3d);
    made.reset_parameters();
    return made.call(...args);
  }
}
