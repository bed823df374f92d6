/**
 * Pooling as modules: means and maxima of windows.
 */
import type { PerDimension } from "../ops/convolution.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf, perDimension, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

// -- maxima ----------------------------------------------------------------------------------------------------------

/** Arguments of maximum pools. */
export interface MaxPoolModuleOptions {
  /** The size of the window. */
  kernel_size: PerDimension;
  /** How far the window moves; its size unless given. */
  stride: PerDimension | null;
  /** How much of minus infinity is added to either side; 0 unless given. */
  padding: PerDimension;
  /** The distance of the window's elements; 1 unless given. */
  dilation: PerDimension;
  /** Whether to give the places of the maxima too. */
  return_indices: boolean;
  /** Whether windows may reach beyond the end. */
  ceil_mode: boolean;
}

/** What maximum pools of any dimension have. */
export abstract class MaxPoolNd extends Module {
  /** The size of the window. */
  kernel_size: PerDimension;
  /** How far the window moves. */
  stride: PerDimension;
  /** How much of minus infinity is added to either side. */
  padding: PerDimension;
  /** The distance of the window's elements. */
  dilation: PerDimension;
  /** Whether `forward` gives an array of the maxima and their places. */
  return_indices: boolean;
  /** Whether windows may reach beyond the end. */
  ceil_mode: boolean;

  /** Takes the options. */
  constructor(options: MaxPoolModuleOptions) {
    super();
    this.kernel_size = options.kernel_size;
    this.stride = options.stride ?? options.kernel_size;
    this.padding = options.padding;
    this.dilation = options.dilation;
    this.return_indices = options.return_indices;
    this.ceil_mode = options.ceil_mode;
  }

  /** The pool of the input by a function of `torch.nn.functional`. */
  protected pooled(pool: typeof F.max_pool1d, input: Tensor): Tensor {
    const { kernel_size, stride, padding, dilation, ceil_mode, return_indices } = this;
    // an array where the indices are asked for, which can be taken apart like a tensor
    return pool(input, kernel_size, stride, padding, dilation, { ceil_mode, return_indices }) as Tensor;
  }

  /** `kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False`. */
  override extra_repr(): string {
    const { kernel_size, stride, padding, dilation, ceil_mode } = this;
    return `kernel_size=${python(kernel_size)}, stride=${python(stride)}, padding=${python(padding)}, dilation=${python(dilation)}, ceil_mode=${
      python(ceil_mode)
    }`;
  }
}

const maxReader = (name: string) =>
  constructorOf<MaxPoolModuleOptions>(name, ["kernel_size"], { stride: null, padding: 0, dilation: 1, return_indices: false, ceil_mode: false });

const readMaxPool1d = maxReader("MaxPool1d");

/** The maximum of each window along the last dimension. */
export class MaxPool1d extends MaxPoolNd {
  /** Takes `kernel_size`, `stride` (the same), `padding` (0), `dilation` (1), `return_indices` (false), `ceil_mode` (false). */
  constructor(...args: Constructor<MaxPoolModuleOptions>) {
    super(readMaxPool1d(args));
  }

  /** (batch, channels, length) to as many windows; with `return_indices` an array of the maxima and their places. */
  override forward(input: Tensor): Tensor {
    return this.pooled(F.max_pool1d, input);
  }
}

const readMaxPool2d = maxReader("MaxPool2d");

/** The maximum of each window of the last two dimensions. */
export class MaxPool2d extends MaxPoolNd {
  /** Takes `kernel_size`, `stride` (the same), `padding` (0), `dilation` (1), `return_indices` (false), `ceil_mode` (false). */
  constructor(...args: Constructor<MaxPoolModuleOptions>) {
    super(readMaxPool2d(args));
  }

  /** (batch, channels, height, width) to as many windows; with `return_indices` an array of the maxima and their places. */
  override forward(input: Tensor): Tensor {
    return this.pooled(F.max_pool2d, input);
  }
}

const readMaxPool3d = maxReader("MaxPool3d");

/** The maximum of each window of the last three dimensions. */
export class MaxPool3d extends MaxPoolNd {
  /** Takes `kernel_size`, `stride` (the same), `padding` (0), `dilation` (1), `return_indices` (false), `ceil_mode` (false). */
  constructor(...args: Constructor<MaxPoolModuleOptions>) {
    super(readMaxPool3d(args));
  }

  /** (batch, channels, depth, height, width) to as many windows; with `return_indices` an array of the maxima and their places. */
  override forward(input: Tensor): Tensor {
    return this.pooled(F.max_pool3d, input);
  }
}

// -- the way back ----------------------------------------------------------------------------------------------------

/** What the inverses of maximum pools have. */
export abstract class MaxUnpoolNd extends Module {
  /** The size of the window. */
  kernel_size: readonly number[];
  /** How far the window moved. */
  stride: readonly number[];
  /** How much had been added to either side. */
  padding: readonly number[];

  /** Takes the number of dimensions and the options. */
  constructor(dims: number, options: MaxUnpoolModuleOptions) {
    super();
    this.kernel_size = perDimension(options.kernel_size, dims);
    this.stride = perDimension(options.stride ?? options.kernel_size, dims);
    this.padding = perDimension(options.padding, dims);
  }

  /** The maxima at their places, by a function of `torch.nn.functional`. */
  protected unpooled(unpool: typeof F.max_unpool1d, input: Tensor, indices: Tensor, output_size: readonly number[] | null): Tensor {
    return unpool(input, indices, this.kernel_size, this.stride, this.padding, output_size);
  }

  /** `kernel_size=(2, 2), stride=(2, 2), padding=(0, 0)`. */
  override extra_repr(): string {
    return `kernel_size=${python(this.kernel_size)}, stride=${python(this.stride)}, padding=${python(this.padding)}`;
  }
}

/** Arguments of the inverses of maximum pools. */
export interface MaxUnpoolModuleOptions {
  /** The size of the window. */
  kernel_size: PerDimension;
  /** How far the window moved; its size unless given. */
  stride: PerDimension | null;
  /** How much had been added to either side; 0 unless given. */
  padding: PerDimension;
}

const unpoolReader = (name: string) => constructorOf<MaxUnpoolModuleOptions>(name, ["kernel_size"], { stride: null, padding: 0 });

const readMaxUnpool1d = unpoolReader("MaxUnpool1d");

/** Puts the maxima of `MaxPool1d` back where they were, and zeros around them. */
export class MaxUnpool1d extends MaxUnpoolNd {
  /** Takes `kernel_size`, `stride` (the same), `padding` (0). */
  constructor(...args: Constructor<MaxUnpoolModuleOptions>) {
    super(1, readMaxUnpool1d(args));
  }

  /** The maxima and their places to (batch, channels, length). */
  override forward(input: Tensor, indices: Tensor, output_size: readonly number[] | null = null): Tensor {
    return this.unpooled(F.max_unpool1d, input, indices, output_size);
  }
}

const readMaxUnpool2d = unpoolReader("MaxUnpool2d");

/** Puts the maxima of `MaxPool2d` back where they were, and zeros around them. */
export class MaxUnpool2d extends MaxUnpoolNd {
  /** Takes `kernel_size`, `stride` (the same), `padding` (0). */
  constructor(...args: Constructor<MaxUnpoolModuleOptions>) {
    super(2, readMaxUnpool2d(args));
  }

  /** The maxima and their places to (batch, channels, height, width). */
  override forward(input: Tensor, indices: Tensor, output_size: readonly number[] | null = null): Tensor {
    return this.unpooled(F.max_unpool2d, input, indices, output_size);
  }
}

const readMaxUnpool3d = unpoolReader("MaxUnpool3d");

/** Puts the maxima of `MaxPool3d` back where they were, and zeros around them. */
export class MaxUnpool3d extends MaxUnpoolNd {
  /** Takes `kernel_size`, `stride` (the same), `padding` (0). */
  constructor(...args: Constructor<MaxUnpoolModuleOptions>) {
    super(3, readMaxUnpool3d(args));
  }

  /** The maxima and their places to (batch, channels, depth, height, width). */
  override forward(input: Tensor, indices: Tensor, output_size: readonly number[] | null = null): Tensor {
    return this.unpooled(F.max_unpool3d, input, indices, output_size);
  }
}

// -- means -----------------------------------------------------------------------------------------------------------

/** Arguments of average pools. */
export interface AvgPoolModuleOptions {
  /** The size of the window. */
  kernel_size: PerDimension;
  /** How far the window moves; its size unless given. */
  stride: PerDimension | null;
  /** How many zeros are added to either side; 0 unless given. */
  padding: PerDimension;
  /** Whether windows may reach beyond the end. */
  ceil_mode: boolean;
  /** Whether the zeros count; true unless given. */
  count_include_pad: boolean;
  /** What to divide by instead of the size of the window; not for one dimension. */
  divisor_override: number | null;
}

/** What average pools of any dimension have. */
export abstract class AvgPoolNd extends Module {
  /** The size of the window. */
  kernel_size: PerDimension;
  /** How far the window moves. */
  stride: PerDimension;
  /** How many zeros are added to either side. */
  padding: PerDimension;
  /** Whether windows may reach beyond the end. */
  ceil_mode: boolean;
  /** Whether the zeros count. */
  count_include_pad: boolean;

  /** Takes the options. */
  constructor(options: Omit<AvgPoolModuleOptions, "divisor_override">) {
    super();
    this.kernel_size = options.kernel_size;
    this.stride = options.stride ?? options.kernel_size;
    this.padding = options.padding;
    this.ceil_mode = options.ceil_mode;
    this.count_include_pad = options.count_include_pad;
  }

  /** `kernel_size=2, stride=2, padding=0`. */
  override extra_repr(): string {
    return `kernel_size=${python(this.kernel_size)}, stride=${python(this.stride)}, padding=${python(this.padding)}`;
  }
}

const AVERAGE = { stride: null, padding: 0, ceil_mode: false, count_include_pad: true };
const readAvgPool1d = constructorOf<Omit<AvgPoolModuleOptions, "divisor_override">>("AvgPool1d", ["kernel_size"], AVERAGE);

/** The mean of each window along the last dimension. */
export class AvgPool1d extends AvgPoolNd {
  /** Takes `kernel_size`, `stride` (the same), `padding` (0), `ceil_mode` (false), `count_include_pad` (true). */
  constructor(...args: Constructor<Omit<AvgPoolModuleOptions, "divisor_override">>) {
    const { kernel_size, stride, padding, ...rest } = readAvgPool1d(args);
    super({ kernel_size: perDimension(kernel_size, 1), stride: perDimension(stride ?? kernel_size, 1), padding: perDimension(padding, 1), ...rest });
  }

  /** (batch, channels, length) to as many windows. */
  override forward(input: Tensor): Tensor {
    return F.avg_pool1d(input, this.kernel_size, this.stride, this.padding, this.ceil_mode, this.count_include_pad);
  }
}

const averageReader = (name: string) => constructorOf<AvgPoolModuleOptions>(name, ["kernel_size"], { ...AVERAGE, divisor_override: null });

const readAvgPool2d = averageReader("AvgPool2d");

/** The mean of each window of the last two dimensions. */
export class AvgPool2d extends AvgPoolNd {
  /** What to divide by instead of the size of the window, or null. */
  divisor_override: number | null;

  /** Takes `kernel_size`, `stride` (the same), `padding` (0), `ceil_mode` (false), `count_include_pad` (true), `divisor_override`. */
  constructor(...args: Constructor<AvgPoolModuleOptions>) {
    const options = readAvgPool2d(args);
    super(options);
    this.divisor_override = options.divisor_override;
  }

  /** (batch, channels, height, width) to as many windows. */
  override forward(input: Tensor): Tensor {
    return F.avg_pool2d(input, this.kernel_size, this.stride, this.padding, this.ceil_mode, this.count_include_pad, this.divisor_override);
  }
}

const readAvgPool3d = averageReader("AvgPool3d");

/** The mean of each window of the last three dimensions. */
export class AvgPool3d extends AvgPoolNd {
  /** What to divide by instead of the size of the window, or null. */
  divisor_override: number | null;

  /** Takes `kernel_size`, `stride` (the same), `padding` (0), `ceil_mode` (false), `count_include_pad` (true), `divisor_override`. */
  constructor(...args: Constructor<AvgPoolModuleOptions>) {
    const options = readAvgPool3d(args);
    super(options);
    this.divisor_override = options.divisor_override;
  }

  /** (batch, channels, depth, height, width) to as many windows. */
  override forward(input: Tensor): Tensor {
    return F.avg_pool3d(input, this.kernel_size, this.stride, this.padding, this.ceil_mode, this.count_include_pad, this.divisor_override);
  }
}
