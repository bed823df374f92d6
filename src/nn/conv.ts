/**
 * Convolutions and transposed convolutions as modules.
 */
import type { DType } from "../dtype.ts";
import { ValueError } from "../errors.ts";
import { empty } from "../ops/create.ts";
import type { PerDimension } from "../ops/convolution.ts";
import { type Device, makeSize } from "../size.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf, perDimension, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { _calculate_fan_in_and_fan_out, kaiming_uniform_, uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** What all convolutions are told. */
export interface ConvBaseOptions {
  /** Channels of the input. */
  in_channels: number;
  /** Channels of the output. */
  out_channels: number;
  /** The size of the kernel: one number, or one for each dimension. */
  kernel_size: PerDimension;
  /** How far the kernel moves; 1 unless given. */
  stride: PerDimension;
  /** The distance of the kernel's elements; 1 unless given. */
  dilation: PerDimension;
  /** Groups of channels that do not see each other; 1 unless given. */
  groups: number;
  /** Whether a bias is added; true unless given. */
  bias: boolean;
  /** `"zeros"`, `"reflect"`, `"replicate"` or `"circular"`. */
  padding_mode: string;
  /** The dtype of the parameters. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

/** Arguments of convolutions. */
export interface ConvModuleOptions extends ConvBaseOptions {
  /** How much is added to either side; `"same"` for what keeps the size, `"valid"` for nothing. */
  padding: PerDimension | string;
}

/** Arguments of transposed convolutions. */
export interface ConvTransposeModuleOptions extends ConvBaseOptions {
  /** How much is cut from either side of the output. */
  padding: PerDimension;
  /** How much is added at the end of the output, whose size the convolution leaves open. */
  output_padding: PerDimension;
}

/** The size that the output of a transposed convolution is to have, by position or by name; the smallest unless given. */
export type OutputSize = readonly number[] | { output_size?: readonly number[] | null } | null;

const PADDING_MODES = ["zeros", "reflect", "replicate", "circular"];

/** What all convolutions have. */
export abstract class ConvNd extends Module {
  /** Channels of the input. */
  in_channels: number;
  /** Channels of the output. */
  out_channels: number;
  /** The size of the kernel. */
  kernel_size: readonly number[];
  /** How far the kernel moves. */
  stride: readonly number[];
  /** How much is added to either side, or `"same"`, or `"valid"`. */
  padding: readonly number[] | string;
  /** The distance of the kernel's elements. */
  dilation: readonly number[];
  /** Whether it is a transposed one. */
  transposed: boolean;
  /** How much is added at the end of the output of a transposed one. */
  output_padding: readonly number[];
  /** Groups of channels that do not see each other. */
  groups: number;
  /** What stands around the input. */
  padding_mode: string;
  /** The kernel: (out_channels, in_channels / groups, ...kernel_size), in a transposed convolution (in_channels, out_channels / groups, ...). */
  weight: Parameter;
  /** The bias, or null. */
  bias: Parameter | null;

  /** Takes the number of spatial dimensions, the options, and how much is added at the end of the output of a transposed one. */
  constructor(dims: number, options: ConvModuleOptions, output_padding: PerDimension | null) {
    super();
    const { in_channels, out_channels, groups, padding, padding_mode, dtype } = options;
    if (groups <= 0) throw new ValueError("groups must be a positive integer");
    if (in_channels % groups !== 0) throw new ValueError("in_channels must be divisible by groups");
    if (out_channels % groups !== 0) throw new ValueError("out_channels must be divisible by groups");
    this.in_channels = in_channels;
    this.out_channels = out_channels;
    this.kernel_size = perDimension(options.kernel_size, dims);
    this.stride = perDimension(options.stride, dims);
    this.dilation = perDimension(options.dilation, dims);
    this.padding = typeof padding === "string" ? padding : perDimension(padding, dims);
    if (typeof padding === "string") {
      if (padding !== "same" && padding !== "valid") throw new ValueError(`Invalid padding string '${padding}', should be one of {'same', 'valid'}`);
      if (padding === "same" && this.stride.some((s) => s !== 1)) throw new ValueError("padding='same' is not supported for strided convolutions");
    }
    if (!PADDING_MODES.includes(padding_mode)) {
      throw new ValueError(`padding_mode must be one of {${PADDING_MODES.map((m) => `'${m}'`).join(", ")}}, but got padding_mode='${padding_mode}'`);
    }
    this.transposed = output_padding !== null;
    this.output_padding = perDimension(output_padding ?? 0, dims);
    this.groups = groups;
    this.padding_mode = padding_mode;
    const channels = this.transposed ? [in_channels, out_channels / groups] : [out_channels, in_channels / groups];
    this.weight = new Parameter(empty([...channels, ...this.kernel_size], { dtype }));
    this.bias = options.bias ? new Parameter(empty([out_channels], { dtype })) : null;
    this.reset_parameters();
  }

  /** Draws the parameters anew: uniform in ±1/sqrt(fan_in). */
  reset_parameters(): void {
    kaiming_uniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const [fanIn] = _calculate_fan_in_and_fan_out(this.weight);
    if (fanIn === 0) return;
    const bound = 1 / Math.sqrt(fanIn);
    uniform_(this.bias, -bound, bound);
  }

  /** How much is added before and after each dimension, the last one first, where the padding is not left to the convolution. */
  protected paddings(): number[] {
    const { padding, dilation, kernel_size } = this;
    if (padding === "valid") return kernel_size.flatMap(() => [0, 0]);
    const pairs = typeof padding !== "string" ? padding.map((p) => [p, p]) : dilation.map((d, i) => {
      const total = d * (kernel_size[i] - 1);
      const before = Math.floor(total / 2);
      return [before, total - before];
    });
    return pairs.reverse().flat();
  }

  /** The convolution of the input by a function of `torch.nn.functional`. */
  protected convolved(conv: typeof F.conv1d, input: Tensor): Tensor {
    const { weight, bias, stride, padding, dilation, groups, padding_mode } = this;
    if (padding_mode === "zeros") return conv(input, weight, bias, stride, padding, dilation, groups);
    return conv(F.pad(input, this.paddings(), padding_mode), weight, bias, stride, 0, dilation, groups);
  }

  /** The transposed convolution of the input by a function of `torch.nn.functional`. */
  protected convolvedBack(conv: typeof F.conv_transpose1d, input: Tensor, output_size: readonly number[] | null): Tensor {
    if (this.padding_mode !== "zeros") throw new ValueError(`Only \`zeros\` padding mode is supported for ${this._get_name()}`);
    const { weight, bias, stride, padding, groups, dilation } = this;
    return conv(input, weight, bias, stride, padding as readonly number[], this.outputPadding(input, output_size), groups, dilation);
  }

  /** How much to add at the end so that the output has the size that is asked for. */
  protected outputPadding(input: Tensor, output_size: readonly number[] | null): readonly number[] {
    if (output_size === null) return this.output_padding;
    const dims = this.kernel_size.length, rank = input.sizes.length;
    const leading = rank - dims;
    const wanted = output_size.length === leading + dims ? output_size.slice(leading) : output_size;
    if (wanted.length !== dims) {
      throw new ValueError(
        `ConvTranspose${dims}D: for ${rank}D input, output_size must have ${dims} or ${leading + dims} elements (got ${output_size.length})`,
      );
    }
    const padding = this.padding as readonly number[];
    const least = this.kernel_size.map((k, d) => (input.sizes[d + leading] - 1) * this.stride[d] - 2 * padding[d] + this.dilation[d] * (k - 1) + 1);
    const most = least.map((n, d) => n + this.stride[d] - 1);
    if (wanted.some((n, d) => n < least[d] || n > most[d])) {
      const list = (sizes: readonly number[]) => `[${sizes.join(", ")}]`;
      throw new ValueError(
        `requested an output size of ${list(wanted)}, but valid sizes range from ${list(least)} to ${list(most)} ` +
          `(for an input of ${makeSize(input.sizes.slice(2))})`,
      );
    }
    return wanted.map((n, d) => n - least[d]);
  }

  /** `3, 6, kernel_size=(5, 5), stride=(1, 1)`, and what is not as usual. */
  override extra_repr(): string {
    const { in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, padding_mode } = this;
    let text = `${in_channels}, ${out_channels}, kernel_size=${python(kernel_size)}, stride=${python(stride)}`;
    if (typeof padding === "string") text += `, padding=${padding}`;
    else if (padding.some((p) => p !== 0)) text += `, padding=${python(padding)}`;
    if (dilation.some((d) => d !== 1)) text += `, dilation=${python(dilation)}`;
    if (output_padding.some((p) => p !== 0)) text += `, output_padding=${python(output_padding)}`;
    if (groups !== 1) text += `, groups=${groups}`;
    if (this.bias === null) text += ", bias=False";
    if (padding_mode !== "zeros") text += `, padding_mode=${padding_mode}`;
    return text;
  }
}

const reader = (name: string) =>
  constructorOf<ConvModuleOptions>(name, ["in_channels", "out_channels", "kernel_size"], {
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
    bias: true,
    padding_mode: "zeros",
    device: null,
    dtype: null,
  });

const readConv1d = reader("Conv1d");
const readConv2d = reader("Conv2d");
const readConv3d = reader("Conv3d");

/** Convolution of sequences: see `torch.nn.functional.conv1d`. */
export class Conv1d extends ConvNd {
  /** Takes `in_channels`, `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `dilation` (1), `groups` (1), `bias` (true), `padding_mode` ("zeros"). */
  constructor(...args: Constructor<ConvModuleOptions>) {
    super(1, readConv1d(args), null);
  }

  /** (batch, in_channels, length) to (batch, out_channels, length). */
  override forward(input: Tensor): Tensor {
    return this.convolved(F.conv1d, input);
  }
}

/** Convolution of images: see `torch.nn.functional.conv2d`. */
export class Conv2d extends ConvNd {
  /** Takes `in_channels`, `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `dilation` (1), `groups` (1), `bias` (true), `padding_mode` ("zeros"). */
  constructor(...args: Constructor<ConvModuleOptions>) {
    super(2, readConv2d(args), null);
  }

  /** (batch, in_channels, height, width) to (batch, out_channels, height, width). */
  override forward(input: Tensor): Tensor {
    return this.convolved(F.conv2d, input);
  }
}

/** Convolution of volumes: see `torch.nn.functional.conv3d`. */
export class Conv3d extends ConvNd {
  /** Takes `in_channels`, `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `dilation` (1), `groups` (1), `bias` (true), `padding_mode` ("zeros"). */
  constructor(...args: Constructor<ConvModuleOptions>) {
    super(3, readConv3d(args), null);
  }

  /** (batch, in_channels, depth, height, width) to (batch, out_channels, depth, height, width). */
  override forward(input: Tensor): Tensor {
    return this.convolved(F.conv3d, input);
  }
}

/** A reader that also refuses what only convolutions that are not transposed can do. */
function transposedReader(name: string): (args: Constructor<ConvTransposeModuleOptions>) => ConvTransposeModuleOptions {
  const read = constructorOf<ConvTransposeModuleOptions>(name, ["in_channels", "out_channels", "kernel_size"], {
    stride: 1,
    padding: 0,
    output_padding: 0,
    groups: 1,
    bias: true,
    dilation: 1,
    padding_mode: "zeros",
    device: null,
    dtype: null,
  });
  return (args) => {
    const options = read(args);
    if (options.padding_mode !== "zeros") throw new ValueError(`Only "zeros" padding mode is supported for ${name}`);
    return options;
  };
}

const readConvTranspose1d = transposedReader("ConvTranspose1d");
const readConvTranspose2d = transposedReader("ConvTranspose2d");
const readConvTranspose3d = transposedReader("ConvTranspose3d");

/** The transpose of `Conv1d`: see `torch.nn.functional.conv_transpose1d`. */
export class ConvTranspose1d extends ConvNd {
  /** Takes `in_channels`, `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `output_padding` (0), `groups` (1), `bias` (true), `dilation` (1). */
  constructor(...args: Constructor<ConvTransposeModuleOptions>) {
    const options = readConvTranspose1d(args);
    super(1, options, options.output_padding);
  }

  /** (batch, in_channels, length) to (batch, out_channels, length); `output_size` chooses among the sizes that are possible. */
  override forward(input: Tensor, output_size: OutputSize = null): Tensor {
    return this.convolvedBack(F.conv_transpose1d, input, sizeGiven(output_size));
  }
}

/** The transpose of `Conv2d`: see `torch.nn.functional.conv_transpose2d`. */
export class ConvTranspose2d extends ConvNd {
  /** Takes `in_channels`, `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `output_padding` (0), `groups` (1), `bias` (true), `dilation` (1). */
  constructor(...args: Constructor<ConvTransposeModuleOptions>) {
    const options = readConvTranspose2d(args);
    super(2, options, options.output_padding);
  }

  /** (batch, in_channels, height, width) to (batch, out_channels, height, width); `output_size` chooses among the sizes that are possible. */
  override forward(input: Tensor, output_size: OutputSize = null): Tensor {
    return this.convolvedBack(F.conv_transpose2d, input, sizeGiven(output_size));
  }
}

/** The transpose of `Conv3d`: see `torch.nn.functional.conv_transpose3d`. */
export class ConvTranspose3d extends ConvNd {
  /** Takes `in_channels`, `out_channels`, `kernel_size`, `stride` (1), `padding` (0), `output_padding` (0), `groups` (1), `bias` (true), `dilation` (1). */
  constructor(...args: Constructor<ConvTransposeModuleOptions>) {
    const options = readConvTranspose3d(args);
    super(3, options, options.output_padding);
  }

  /** (batch, in_channels, depth, height, width) to (batch, out_channels, ...); `output_size` chooses among the sizes that are possible. */
  override forward(input: Tensor, output_size: OutputSize = null): Tensor {
    return this.convolvedBack(F.conv_transpose3d, input, sizeGiven(output_size));
  }
}

/** The size, by position or by name. */
function sizeGiven(output_size: OutputSize): readonly number[] | null {
  return output_size === null || isArray(output_size) ? output_size : output_size.output_size ?? null;
}

const isArray = (value: object): value is readonly number[] => Array.isArray(value);
