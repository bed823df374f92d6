/**
 * Pools with as many windows as one asks for, and pools by norms, as modules.
 */
import type { PerDimension } from "../ops/convolution.ts";
import type { OutputSize } from "../ops/pooling/adaptive.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf, type Given, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

/** What adaptive pools have. */
export abstract class AdaptivePoolNd extends Module {
  /** The number of windows along each dimension; null for as many as the input has elements. */
  output_size: OutputSize;

  /** Takes the number of windows. */
  constructor(output_size: OutputSize) {
    super();
    this.output_size = output_size;
  }

  /** `output_size=(1, 1)`. */
  override extra_repr(): string {
    return `output_size=${python(this.output_size)}`;
  }
}

const averageReader = (name: string) => constructorOf<{ output_size: OutputSize }>(name, ["output_size"]);

const readAdaptiveAvgPool1d = averageReader("AdaptiveAvgPool1d");

/** The mean of each window along the last dimension, as many as asked for. */
export class AdaptiveAvgPool1d extends AdaptivePoolNd {
  /** Takes `output_size`. */
  constructor(...args: Given<AdaptiveAvgPool1d, "output_size">) {
    super(readAdaptiveAvgPool1d(args).output_size);
  }

  /** (batch, channels, length) to the same with `output_size`. */
  override forward(input: Tensor): Tensor {
    return F.adaptive_avg_pool1d(input, this.output_size);
  }
}

const readAdaptiveAvgPool2d = averageReader("AdaptiveAvgPool2d");

/** The mean of each window of the last two dimensions, as many as asked for. */
export class AdaptiveAvgPool2d extends AdaptivePoolNd {
  /** Takes `output_size`. */
  constructor(...args: Given<AdaptiveAvgPool2d, "output_size">) {
    super(readAdaptiveAvgPool2d(args).output_size);
  }

  /** (batch, channels, height, width) to the same with `output_size`. */
  override forward(input: Tensor): Tensor {
    return F.adaptive_avg_pool2d(input, this.output_size);
  }
}

const readAdaptiveAvgPool3d = averageReader("AdaptiveAvgPool3d");

/** The mean of each window of the last three dimensions, as many as asked for. */
export class AdaptiveAvgPool3d extends AdaptivePoolNd {
  /** Takes `output_size`. */
  constructor(...args: Given<AdaptiveAvgPool3d, "output_size">) {
    super(readAdaptiveAvgPool3d(args).output_size);
  }

  /** (batch, channels, depth, height, width) to the same with `output_size`. */
  override forward(input: Tensor): Tensor {
    return F.adaptive_avg_pool3d(input, this.output_size);
  }
}

const maxReader = (name: string) => constructorOf<{ output_size: OutputSize; return_indices: boolean }>(name, ["output_size"], { return_indices: false });

const readAdaptiveMaxPool1d = maxReader("AdaptiveMaxPool1d");

/** The maximum of each window along the last dimension, as many as asked for. */
export class AdaptiveMaxPool1d extends AdaptivePoolNd {
  /** Whether `forward` gives an array of the maxima and their places. */
  return_indices: boolean;

  /** Takes `output_size`, `return_indices` (false). */
  constructor(...args: Given<AdaptiveMaxPool1d, "output_size" | "return_indices">) {
    const { output_size, return_indices } = readAdaptiveMaxPool1d(args);
    super(output_size);
    this.return_indices = return_indices;
  }

  /** (batch, channels, length) to the same with `output_size`; with `return_indices` an array of the maxima and their places. */
  override forward(input: Tensor): Tensor {
    return F.adaptive_max_pool1d(input, this.output_size, this.return_indices) as Tensor;
  }
}

const readAdaptiveMaxPool2d = maxReader("AdaptiveMaxPool2d");

/** The maximum of each window of the last two dimensions, as many as asked for. */
export class AdaptiveMaxPool2d extends AdaptivePoolNd {
  /** Whether `forward` gives an array of the maxima and their places. */
  return_indices: boolean;

  /** Takes `output_size`, `return_indices` (false). */
  constructor(...args: Given<AdaptiveMaxPool2d, "output_size" | "return_indices">) {
    const { output_size, return_indices } = readAdaptiveMaxPool2d(args);
    super(output_size);
    this.return_indices = return_indices;
  }

  /** (batch, channels, height, width) to the same with `output_size`; with `return_indices` an array of the maxima and their places. */
  override forward(input: Tensor): Tensor {
    return F.adaptive_max_pool2d(input, this.output_size, this.return_indices) as Tensor;
  }
}

const readAdaptiveMaxPool3d = maxReader("AdaptiveMaxPool3d");

/** The maximum of each window of the last three dimensions, as many as asked for. */
export class AdaptiveMaxPool3d extends AdaptivePoolNd {
  /** Whether `forward` gives an array of the maxima and their places. */
  return_indices: boolean;

  /** Takes `output_size`, `return_indices` (false). */
  constructor(...args: Given<AdaptiveMaxPool3d, "output_size" | "return_indices">) {
    const { output_size, return_indices } = readAdaptiveMaxPool3d(args);
    super(output_size);
    this.return_indices = return_indices;
  }

  /** (batch, channels, depth, height, width) to the same with `output_size`; with `return_indices` an array of the maxima and their places. */
  override forward(input: Tensor): Tensor {
    return F.adaptive_max_pool3d(input, this.output_size, this.return_indices) as Tensor;
  }
}

/** Arguments of pools by norms. */
export interface LPPoolModuleOptions {
  /** The exponent p. */
  norm_type: number;
  /** The size of the window. */
  kernel_size: PerDimension;
  /** How far the window moves; its size unless given. */
  stride: PerDimension | null;
  /** Whether windows may reach beyond the end. */
  ceil_mode: boolean;
}

/** What pools by norms have. */
export abstract class LPPoolNd extends Module {
  /** The exponent p. */
  norm_type: number;
  /** The size of the window. */
  kernel_size: PerDimension;
  /** How far the window moves, or null for its size. */
  stride: PerDimension | null;
  /** Whether windows may reach beyond the end. */
  ceil_mode: boolean;

  /** Takes the options. */
  constructor(options: LPPoolModuleOptions) {
    super();
    this.norm_type = options.norm_type;
    this.kernel_size = options.kernel_size;
    this.stride = options.stride;
    this.ceil_mode = options.ceil_mode;
  }

  /** `norm_type=2, kernel_size=3, stride=None, ceil_mode=False`. */
  override extra_repr(): string {
    const { norm_type, kernel_size, stride, ceil_mode } = this;
    return `norm_type=${python(norm_type)}, kernel_size=${python(kernel_size)}, stride=${python(stride)}, ceil_mode=${python(ceil_mode)}`;
  }
}

const normReader = (name: string) => constructorOf<LPPoolModuleOptions>(name, ["norm_type", "kernel_size"], { stride: null, ceil_mode: false });

const readLPPool1d = normReader("LPPool1d");

/** (sum of x^p)^(1/p) of each window along the last dimension. */
export class LPPool1d extends LPPoolNd {
  /** Takes `norm_type`, `kernel_size`, `stride` (the same), `ceil_mode` (false). */
  constructor(...args: Constructor<LPPoolModuleOptions>) {
    super(readLPPool1d(args));
  }

  /** (batch, channels, length) to as many windows. */
  override forward(input: Tensor): Tensor {
    return F.lp_pool1d(input, this.norm_type, this.kernel_size, this.stride, this.ceil_mode);
  }
}

const readLPPool2d = normReader("LPPool2d");

/** (sum of x^p)^(1/p) of each window of the last two dimensions. */
export class LPPool2d extends LPPoolNd {
  /** Takes `norm_type`, `kernel_size`, `stride` (the same), `ceil_mode` (false). */
  constructor(...args: Constructor<LPPoolModuleOptions>) {
    super(readLPPool2d(args));
  }

  /** (batch, channels, height, width) to as many windows. */
  override forward(input: Tensor): Tensor {
    return F.lp_pool2d(input, this.norm_type, this.kernel_size, this.stride, this.ceil_mode);
  }
}

const readLPPool3d = normReader("LPPool3d");

/** (sum of x^p)^(1/p) of each window of the last three dimensions. */
export class LPPool3d extends LPPoolNd {
  /** Takes `norm_type`, `kernel_size`, `stride` (the same), `ceil_mode` (false). */
  constructor(...args: Constructor<LPPoolModuleOptions>) {
    super(readLPPool3d(args));
  }

  /** (batch, channels, depth, height, width) to as many windows. */
  override forward(input: Tensor): Tensor {
    return F.lp_pool3d(input, this.norm_type, this.kernel_size, this.stride, this.ceil_mode);
  }
}
