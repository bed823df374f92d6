/**
 * Means of sliding windows.
 */
import { int64 } from "../../dtype.ts";
import { IndexError, noKernel, RuntimeError } from "../../errors.ts";
import { averageBoxes, averageBoxes64, averageBoxesBackward, type Boxes } from "../../kernels/pooling.ts";
import { wrapDim } from "../../layout.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { boxesOf, checkRank, checkWindows, type Parameter, perDimension, placesOf, single, volumes, type Windows } from "./windows.ts";

type Settings = {
  kernel_size: Parameter;
  stride: Parameter;
  padding: Parameter;
  ceil_mode: boolean;
  count_include_pad: boolean;
  divisor_override: number | null;
};
type Inputs = Settings & { self: Tensor };
type BackwardInputs = Inputs & { grad_output: Tensor };

const WORDS = {
  2: ["must either be a single int, or", "must either be omitted, a single int, or", "two"],
  3: ["must be a single int, or", "must be omitted, a single int, or", "three"],
};

function windowsOf(dims: 2 | 3, { kernel_size, stride, padding, ceil_mode }: Settings): Windows {
  const [given, optional, count] = WORDS[dims];
  const refuse = (name: string, words: string) => () => new RuntimeError(`avg_pool${dims}d: ${name} ${words} a tuple of ${count} ints`);
  const kernel = perDimension(kernel_size, dims, refuse("kernel_size", given));
  const isGiven = typeof stride === "number" || (stride !== null && stride.length > 0);
  return {
    kernel,
    stride: isGiven ? perDimension(stride, dims, refuse("stride", optional)) : kernel,
    padding: perDimension(padding, dims, refuse("padding", given)),
    dilation: new Array<number>(dims).fill(1),
    ceil: ceil_mode,
  };
}

function boxes(dims: 2 | 3, self: Tensor, settings: Settings): Boxes {
  const windows = windowsOf(dims, settings);
  const space = self.sizes.slice(-dims);
  return boxesOf(space, placesOf(space, windows), windows, settings.count_include_pad);
}

/** The sizes of the result, after PyTorch's checks. */
function outputSizes(dims: 2 | 3, self: Tensor, settings: Settings): number[] {
  const { sizes } = self;
  const windows = windowsOf(dims, settings);
  if (dims === 3 && sizes.length !== 4 && sizes.length !== 5) throw new RuntimeError("non-empty 4D or 5D (batch mode) tensor expected for input");
  if (settings.divisor_override === 0) throw new RuntimeError("divisor must be not zero");
  if (dims === 2 && sizes.length === 0) throw new IndexError("Dimension specified as -3 but tensor has no dimensions");
  if (dims === 2) wrapDim(-3, sizes.length);
  const places = placesOf(sizes.slice(-dims), windows);
  checkWindows(`avg_pool${dims}d`, sizes, places, windows, dims === 3);
  if (self.dtype.category !== "float" && self.dtype !== int64) throw noKernel(dims === 2 ? "avg_pool2d" : "avg_pool3d_out_frame", self.dtype);
  return [...sizes.slice(0, -dims), ...places];
}

function average(dims: 2 | 3): (inputs: Inputs) => Tensor {
  const backward: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
    name: `AvgPool${dims}DBackwardBackward0`,
    forward: ({ grad_output, self, ...settings }) => {
      const out = Tensor.make(self.sizes, grad_output.dtype);
      const { data, offset } = volumes(grad_output, dims);
      const { planes, space } = volumes(out, dims);
      averageBoxesBackward(data, offset, planes, space, boxes(dims, self, settings), settings.divisor_override, out.store.data);
      return out;
    },
    backward: {
      grad_output: ({ grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override }) =>
        primitive.apply({ self: grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override }) as Tensor,
      self: ({ grad }) => grad.zeros_like(),
    },
  });
  const primitive: Primitive<Inputs> = new Primitive<Inputs>({
    name: `AvgPool${dims}DBackward0`,
    forward: ({ self, ...settings }) => {
      const out = Tensor.make(outputSizes(dims, self, settings), self.dtype);
      const { data, offset, planes, space } = volumes(self, dims);
      const target = out.store.data, divisor = settings.divisor_override;
      const windows = boxes(dims, self, settings);
      if (data instanceof BigInt64Array) averageBoxes64(data, offset, planes, space, windows, divisor, target as BigInt64Array);
      else averageBoxes(data, offset, planes, space, windows, divisor, target);
      return out;
    },
    backward: {
      self: ({ grad, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override }) =>
        backward.apply({ grad_output: grad, self, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override }) as Tensor,
    },
  });
  return (inputs) => primitive.apply(inputs) as Tensor;
}

const planar = average(2), spatial = average(3);

/** Named arguments of `avg_pool1d`. */
export interface AveragePool1dOptions {
  /** [batch, channels, length], or without the batch. */
  input: Tensor;
  /** The size of the windows. */
  kernel_size: number | readonly number[];
  /** How far they move; their size unless given. */
  stride?: number | readonly number[] | null;
  /** How many zeros stand before and after the input. */
  padding?: number | readonly number[];
  /** Whether the last window may reach over the end. */
  ceil_mode?: boolean;
  /** Whether these zeros count in the mean. */
  count_include_pad?: boolean;
}

/** Named arguments of the average pools of two and three dimensions. */
export interface AveragePoolOptions extends AveragePool1dOptions {
  /** What the sums are divided by, instead of the size of the window. */
  divisor_override?: number | null;
}

/** `avg_pool1d`. */
export type AveragePool1d = Fn<
  AveragePool1dOptions,
  [
    input: Tensor,
    kernel_size: number | readonly number[],
    stride?: number | readonly number[] | null,
    padding?: number | readonly number[],
    ceil_mode?: boolean,
    count_include_pad?: boolean,
  ]
>;

/** An average pool of two or three dimensions. */
export type AveragePool = Fn<
  AveragePoolOptions,
  [
    input: Tensor,
    kernel_size: number | readonly number[],
    stride?: number | readonly number[] | null,
    padding?: number | readonly number[],
    ceil_mode?: boolean,
    count_include_pad?: boolean,
    divisor_override?: number | null,
  ]
>;

const SIGNATURE =
  "(Tensor input, tuple of ints kernel_size, tuple of ints stride = None, tuple of ints padding = 0, bool ceil_mode = False, bool count_include_pad = True";

/** The mean of each window along the last dimension; recorded as that of images of height 1. */
export const avg_pool1d: AveragePool1d = define<AveragePool1d, Omit<Inputs, "divisor_override">>("avg_pool1d", `${SIGNATURE})`, ({ self, ...settings }) => {
  checkRank("avg_pool1d", self);
  const { kernel_size, stride, padding } = settings;
  const isGiven = typeof stride === "number" || (stride !== null && stride.length > 0);
  const kernel = single("avg_pool1d", "kernel_size", kernel_size);
  const step = isGiven ? single("avg_pool1d", "stride", stride) : kernel;
  const pad = single("avg_pool1d", "padding", padding);
  const image = self.unsqueeze(-2);
  return planar({ ...settings, self: image, kernel_size: [1, kernel], stride: [1, step], padding: [0, pad], divisor_override: null }).squeeze(-2);
});

/** The mean of each window of the last two dimensions. An element's gradient is its part of the gradients of the windows that it lies in. */
export const avg_pool2d: AveragePool = define<AveragePool, Inputs>("avg_pool2d", `${SIGNATURE}, int divisor_override = None)`, planar);

/** The mean of each window of the last three dimensions. */
export const avg_pool3d: AveragePool = define<AveragePool, Inputs>("avg_pool3d", `${SIGNATURE}, int divisor_override = None)`, spatial);
