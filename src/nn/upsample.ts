/**
 * Interpolation, and folding of windows into columns and back, as modules.
 */
import type { PerDimension } from "../ops/convolution.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf, float, type Given, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

/** Arguments of `Upsample`. */
export interface UpsampleModuleOptions {
  /** The sizes of the last dimensions of the output. */
  size: PerDimension | null;
  /** Or the factors by which they grow. */
  scale_factor: PerDimension | null;
  /** `"nearest"`, `"linear"`, `"bilinear"`, `"bicubic"` or `"trilinear"`. */
  mode: string;
  /** Whether the corners of input and output are the same points. */
  align_corners: boolean | null;
  /** Whether the factors are computed anew from the sizes. */
  recompute_scale_factor: boolean | null;
}

const readUpsample = constructorOf<UpsampleModuleOptions>("Upsample", [], {
  size: null,
  scale_factor: null,
  mode: "nearest",
  align_corners: null,
  recompute_scale_factor: null,
});

/** Interpolates its input at more places. */
export class Upsample extends Module {
  /** The sizes of the last dimensions of the output, or null. */
  size: PerDimension | null;
  /** The factors by which they grow, or null. */
  scale_factor: PerDimension | null;
  /** The kind of interpolation. */
  mode: string;
  /** Whether the corners of input and output are the same points. */
  align_corners: boolean | null;
  /** Whether the factors are computed anew from the sizes. */
  recompute_scale_factor: boolean | null;

  /** Takes `size` or `scale_factor`, `mode` ("nearest"), `align_corners`, `recompute_scale_factor`. */
  constructor(...args: Constructor<UpsampleModuleOptions>) {
    super();
    const { size, scale_factor, mode, align_corners, recompute_scale_factor } = readUpsample(args);
    this.size = size;
    this.scale_factor = scale_factor;
    this.mode = mode;
    this.align_corners = align_corners;
    this.recompute_scale_factor = recompute_scale_factor;
  }

  /** (batch, channels, ...). */
  override forward(input: Tensor): Tensor {
    const { size, scale_factor, mode, align_corners, recompute_scale_factor } = this;
    return F.interpolate(input, size, scale_factor, mode, align_corners, { recompute_scale_factor });
  }

  /** `scale_factor=2.0, mode='nearest'`. */
  override extra_repr(): string {
    const { size, scale_factor, mode } = this;
    const factors = typeof scale_factor === "number"
      ? float(scale_factor, scale_factor)
      : scale_factor && `(${scale_factor.map((s) => float(s, s)).join(", ")})`;
    return `${factors === null ? `size=${python(size)}` : `scale_factor=${factors}`}, mode=${python(mode)}`;
  }
}

type Sizes = { size: PerDimension | null; scale_factor: PerDimension | null };
const readUpsamplingNearest2d = constructorOf<Sizes>("UpsamplingNearest2d", [], { size: null, scale_factor: null });

/** Images with more places, each with the value of the nearest one. */
export class UpsamplingNearest2d extends Upsample {
  /** Takes `size` or `scale_factor`. */
  constructor(...args: Given<UpsamplingNearest2d, "size" | "scale_factor">) {
    super({ ...readUpsamplingNearest2d(args), mode: "nearest" });
  }
}

const readUpsamplingBilinear2d = constructorOf<Sizes>("UpsamplingBilinear2d", [], { size: null, scale_factor: null });

/** Images with more places, linear between those of the input, with the same corners. */
export class UpsamplingBilinear2d extends Upsample {
  /** Takes `size` or `scale_factor`. */
  constructor(...args: Given<UpsamplingBilinear2d, "size" | "scale_factor">) {
    super({ ...readUpsamplingBilinear2d(args), mode: "bilinear", align_corners: true });
  }
}

type Windows = { kernel_size: PerDimension; dilation: PerDimension; padding: PerDimension; stride: PerDimension };
const readUnfold = constructorOf<Windows>("Unfold", ["kernel_size"], { dilation: 1, padding: 0, stride: 1 });

/** `kernel_size=3, dilation=1, padding=0, stride=1`. */
function windowText({ kernel_size, dilation, padding, stride }: Windows): string {
  return `kernel_size=${python(kernel_size)}, dilation=${python(dilation)}, padding=${python(padding)}, stride=${python(stride)}`;
}

/** The windows of images, one after the other. */
export class Unfold extends Module {
  /** The size of a window. */
  kernel_size: PerDimension;
  /** The distance of its elements. */
  dilation: PerDimension;
  /** How many zeros are added to either side. */
  padding: PerDimension;
  /** How far it moves. */
  stride: PerDimension;

  /** Takes `kernel_size`, `dilation` (1), `padding` (0), `stride` (1). */
  constructor(...args: Given<Unfold, "kernel_size" | "dilation" | "padding" | "stride">) {
    super();
    const { kernel_size, dilation, padding, stride } = readUnfold(args);
    this.kernel_size = kernel_size;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  /** (batch, channels, height, width) to (batch, elements of a window, windows). */
  override forward(input: Tensor): Tensor {
    return F.unfold(input, this.kernel_size, this.dilation, this.padding, this.stride);
  }

  /** `kernel_size=3, dilation=1, padding=0, stride=1`. */
  override extra_repr(): string {
    return windowText(this);
  }
}

const readFold = constructorOf<Windows & { output_size: PerDimension }>("Fold", ["output_size", "kernel_size"], { dilation: 1, padding: 0, stride: 1 });

/** Adds windows up to images. */
export class Fold extends Module {
  /** The height and width of an image. */
  output_size: PerDimension;
  /** The size of a window. */
  kernel_size: PerDimension;
  /** The distance of its elements. */
  dilation: PerDimension;
  /** How much of either side is left out. */
  padding: PerDimension;
  /** How far it moves. */
  stride: PerDimension;

  /** Takes `output_size`, `kernel_size`, `dilation` (1), `padding` (0), `stride` (1). */
  constructor(...args: Given<Fold, "output_size" | "kernel_size" | "dilation" | "padding" | "stride">) {
    super();
    const { output_size, kernel_size, dilation, padding, stride } = readFold(args);
    this.output_size = output_size;
    this.kernel_size = kernel_size;
    this.dilation = dilation;
    this.padding = padding;
    this.stride = stride;
  }

  /** (batch, elements of a window, windows) to (batch, channels, height, width). */
  override forward(input: Tensor): Tensor {
    return F.fold(input, this.output_size, this.kernel_size, this.dilation, this.padding, this.stride);
  }

  /** `output_size=(4, 5), kernel_size=(2, 2), dilation=1, padding=0, stride=1`. */
  override extra_repr(): string {
    return `output_size=${python(this.output_size)}, ${windowText(this)}`;
  }
}
