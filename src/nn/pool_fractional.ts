/**
 * Maximum pools whose windows lie at random (Graham, 2014).
 */
import { ValueError } from "../errors.ts";
import type { PerDimension } from "../ops/convolution.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf, float, perDimension } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

/** Arguments of fractional maximum pools. */
export interface FractionalMaxPoolOptions {
  /** The size of the window. */
  kernel_size: PerDimension;
  /** The size of the result; this or `output_ratio`. */
  output_size: PerDimension | null;
  /** The size of the result as a share of the input's. */
  output_ratio: PerDimension | null;
  /** Whether to give the places of the maxima too. */
  return_indices: boolean;
  /** Where the windows lie; drawn in each call unless given. */
  _random_samples: Tensor | null;
}

/** What fractional maximum pools of any dimension have. */
export abstract class FractionalMaxPoolNd extends Module {
  /** The size of the window. */
  kernel_size: PerDimension;
  /** The size of the result. */
  output_size: PerDimension | null;
  /** The size of the result as a share of the input's. */
  output_ratio: PerDimension | null;
  /** Whether `forward` gives an array of the maxima and their places. */
  return_indices: boolean;

  /** Takes the options and checks them in the name of class `name`. */
  constructor(name: string, dims: number, options: FractionalMaxPoolOptions) {
    super();
    const { kernel_size, output_size, output_ratio, return_indices, _random_samples } = options;
    this.kernel_size = perDimension(kernel_size, dims);
    this.return_indices = return_indices;
    this.output_size = output_size === null ? null : perDimension(output_size, dims);
    this.output_ratio = output_ratio === null ? null : perDimension(output_ratio, dims);
    this.register_buffer("_random_samples", _random_samples);
    if (output_size === null && output_ratio === null) throw new ValueError(`${name} requires specifying either an output size, or a pooling ratio`);
    if (output_size !== null && output_ratio !== null) throw new ValueError("only one of output_size and output_ratio may be specified");
    if (output_ratio !== null && (this.output_ratio as readonly number[]).some((ratio) => ratio <= 0 || ratio >= 1)) {
      const given = typeof output_ratio === "number" ? float(output_ratio, output_ratio) : `(${output_ratio.map((ratio) => float(ratio, ratio)).join(", ")})`;
      throw new ValueError(`output_ratio must be between 0 and 1 (got ${given})`);
    }
  }

  /** The pool of the input by a function of `torch.nn.functional`. */
  protected pooled(pool: typeof F.fractional_max_pool2d, input: Tensor): Tensor {
    const { kernel_size, output_size, output_ratio } = this;
    const named = { output_size, output_ratio, _random_samples: this._buffers.get("_random_samples") ?? null };
    if (!this.return_indices) return pool(input, kernel_size, named);
    // an array, which can be taken apart like a tensor
    return pool(input, kernel_size, { ...named, return_indices: true }) as never;
  }
}

const reader = (name: string) =>
  constructorOf<FractionalMaxPoolOptions>(name, ["kernel_size"], { output_size: null, output_ratio: null, return_indices: false, _random_samples: null });
const readFractional2d = reader("FractionalMaxPool2d"), readFractional3d = reader("FractionalMaxPool3d");

/** Maxima of windows of images that lie at random. */
export class FractionalMaxPool2d extends FractionalMaxPoolNd {
  /** Takes `kernel_size`, `output_size` or `output_ratio`, `return_indices` (false). */
  constructor(...args: Constructor<FractionalMaxPoolOptions>) {
    super("FractionalMaxPool2d", 2, readFractional2d(args));
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return this.pooled(F.fractional_max_pool2d, input);
  }
}

/** Maxima of windows of volumes that lie at random. */
export class FractionalMaxPool3d extends FractionalMaxPoolNd {
  /** Takes `kernel_size`, `output_size` or `output_ratio`, `return_indices` (false). */
  constructor(...args: Constructor<FractionalMaxPoolOptions>) {
    super("FractionalMaxPool3d", 3, readFractional3d(args));
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return this.pooled(F.fractional_max_pool3d, input);
  }
}
