/**
 * Sequences, images and volumes in another size.
 */
import { float32, uint8 } from "../dtype.ts";
import { AttributeError, noKernel, NotImplementedError, RuntimeError, ValueError } from "../errors.ts";
import { antialiasTaps, cubicTaps, linearTaps, nearestTaps, resample, resampleBackward, type Taps } from "../kernels/resample.ts";
import { elementCount, type Sizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d } from "./pooling/adaptive.ts";
import { pythonFunction } from "./python_function.ts";
import type { PerDimension } from "./per_dimension.ts";

const showSizes = (sizes: readonly unknown[]) => `[${sizes.join(", ")}]`;

type Inputs = { self: Tensor; output_size: number[]; align_corners: boolean; scales: (number | null)[] };
type BackwardInputs = Omit<Inputs, "self"> & { grad_output: Tensor; input_size: Sizes };

type Method = "nearest" | "nearest-exact" | "linear" | "cubic" | "linear-aa" | "cubic-aa";

/** An op of this family. */
interface Resampler {
  /** PyTorch's name of the function. */
  op: string;
  /** The name of its node without its end. */
  node: string;
  method: Method;
  dims: 1 | 2 | 3;
  /** The name of the kernel in the message for dtypes that it does not know. */
  kernel: string;
  /** Whether it knows uint8. */
  bytes: boolean;
}

function tapsOf(method: Method, n: number, places: number, align: boolean, scale: number | null, single: boolean): Taps {
  const round = single ? Math.fround : (x: number) => x;
  switch (method) {
    case "nearest":
    case "nearest-exact":
      return nearestTaps(n, places, scale, method === "nearest-exact", round);
    case "linear":
      return linearTaps(n, places, align, scale, round);
    case "cubic":
      return cubicTaps(n, places, align, scale, round);
    default:
      return antialiasTaps(n, places, align, scale, method === "cubic-aa", round);
  }
}

/** The taps of each spatial dimension. */
function allTaps(method: Method, input: Sizes, { output_size, align_corners, scales }: Omit<Inputs, "self">, single: boolean): Taps[] {
  const space = input.slice(2);
  return space.map((n, d) => tapsOf(method, n, output_size[d], align_corners, scales[d], single));
}

function fill(out: Tensor, values: ArrayLike<number>): Tensor {
  const { data } = out.store;
  if (out.dtype === uint8) { for (let i = 0; i < values.length; i++) data[i] = Math.min(Math.max(Math.floor(values[i] + 0.5), 0), 255); }
  else data.set(values as never);
  return out;
}

const AXES = ["D", "H", "W"];
const named = (sizes: Sizes) => `(${sizes.map((n, d) => `${AXES[d + 3 - sizes.length]}: ${n}`).join(", ")})`;

function check({ self, output_size }: Inputs, { dims, kernel, bytes }: Resampler): void {
  const { sizes } = self;
  const space = sizes.slice(2);
  if ([...space, ...output_size].some((n) => n <= 0)) {
    throw new RuntimeError(
      `Input and output sizes should be greater than 0, but got input ${named(space)} ${dims === 1 ? "and " : ""}output ${named(output_size)}`,
    );
  }
  if (sizes[1] === 0) throw new RuntimeError(`Non-empty ${dims + 2}D data tensor expected but got a tensor with sizes ${showSizes(sizes)}`);
  if (self.dtype.category !== "float" && !(bytes && self.dtype === uint8)) throw noKernel(kernel, self.dtype);
}

/** Declares an op: a function of the tensor, the size of the result, whether corners are aligned, and the factors. */
function resampler(spec: Resampler): (inputs: Inputs) => Tensor {
  const { node, method, dims } = spec;
  const backward: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
    name: `${node}BackwardBackward0`,
    forward: ({ grad_output, input_size, ...settings }) => {
      const dense = asContiguous(grad_output);
      const taps = allTaps(method, input_size, settings, grad_output.dtype === float32);
      let { data, offset } = { data: dense.store.data, offset: dense.offset };
      for (let d = dims - 1; d >= 0; d--) {
        const outer = elementCount(grad_output.sizes.slice(0, 2 + d)), inner = elementCount(input_size.slice(3 + d));
        [data, offset] = [resampleBackward(data, offset, outer, inner, taps[d]), 0];
      }
      return fill(Tensor.make(input_size, grad_output.dtype), data as Float64Array);
    },
    backward: {
      grad_output: ({ grad, output_size, align_corners, scales }) => primitive.apply({ self: grad, output_size, align_corners, scales }) as Tensor,
    },
  });
  const primitive: Primitive<Inputs> = new Primitive<Inputs>({
    name: `${node}Backward0`,
    forward: (inputs) => {
      const { self, output_size } = inputs;
      check(inputs, spec);
      const dense = asContiguous(self);
      const taps = allTaps(method, self.sizes, inputs, self.dtype === float32);
      let { data, offset } = { data: dense.store.data, offset: dense.offset };
      for (let d = 0; d < dims; d++) {
        const outer = elementCount([...self.sizes.slice(0, 2), ...output_size.slice(0, d)]), inner = elementCount(self.sizes.slice(3 + d));
        [data, offset] = [resample(data, offset, outer, inner, taps[d]), 0];
      }
      return fill(Tensor.make([...self.sizes.slice(0, 2), ...output_size], self.dtype), data as Float64Array);
    },
    backward: {
      self: ({ grad, self_sizes, output_size, align_corners, scales }) =>
        backward.apply({ grad_output: grad, input_size: self_sizes, output_size, align_corners, scales }) as Tensor,
    },
  });
  return (inputs) => primitive.apply(inputs) as Tensor;
}

type Given = { self: Tensor; output_size: number[] | null; align_corners: boolean; scale_factors: number[] | null };
type Low = (input: Tensor, output_size: unknown, align_corners: boolean, scale_factors: unknown) => Tensor;

/** The function that PyTorch's `interpolate` calls, which is given either the size or the factors. */
function lowLevel(spec: Resampler): Low {
  const run = resampler(spec);
  const aligns = spec.method.startsWith("nearest") ? "" : ", bool align_corners";
  const scales = spec.dims === 1 ? "float scales = None" : AXES.slice(3 - spec.dims).map((a) => `float scales_${a.toLowerCase()} = None`).join(", ");
  const f = define<Fn<Record<string, unknown>, unknown[]>, Given & Record<string, unknown>>(spec.op, [
    `(Tensor input, tuple of ints output_size${aligns}, tuple of floats scale_factors)`,
    `(Tensor input, tuple of ints output_size${aligns}, ${scales}, *, Tensor out = None)`,
  ], ({ self, output_size, align_corners = false, scale_factors = null }) => {
    const space = self.sizes.slice(2);
    return run({
      self,
      output_size: output_size ?? space.map((n, d) => Math.floor(n * scale_factors![d])),
      align_corners,
      scales: scale_factors ?? space.map(() => null),
    });
  });
  return (input, output_size, align_corners, scale_factors) => {
    // PyTorch's parser takes None for either here, ours only whole lists
    const ints = Array.isArray(output_size) && output_size.every(Number.isInteger),
      floats = Array.isArray(scale_factors) && scale_factors.every((s) => typeof s === "number");
    if (input instanceof Tensor && (ints || output_size === null) && (floats || scale_factors === null)) {
      const sizes = ints ? output_size as number[] : input.sizes.slice(2).map((n, d) => Math.floor(n * (scale_factors as number[])[d]));
      return run({ self: input, output_size: sizes, align_corners, scales: floats ? scale_factors as number[] : sizes.map(() => null) });
    }
    return aligns === "" ? f(input, output_size, scale_factors) : f(input, output_size, align_corners, scale_factors);
  };
}

const NEAREST = "compute_indices_weights_nearest", LINEAR = "compute_indices_weights_linear", CUBIC = "compute_indices_weights_cubic";
const nearestOf = (dims: 1 | 2 | 3) =>
  lowLevel({ op: `upsample_nearest${dims}d`, node: `UpsampleNearest${dims}D`, method: "nearest", dims, kernel: NEAREST, bytes: true });
const nearestExactOf = (dims: 1 | 2 | 3) =>
  lowLevel({ op: `_upsample_nearest_exact${dims}d`, node: `UpsampleNearestExact${dims}D`, method: "nearest-exact", dims, kernel: NEAREST, bytes: true });

/** The functions by mode and number of spatial dimensions. */
const RESAMPLERS: Record<string, (Low | undefined)[]> = {
  "nearest": [undefined, nearestOf(1), nearestOf(2), nearestOf(3)],
  "nearest-exact": [undefined, nearestExactOf(1), nearestExactOf(2), nearestExactOf(3)],
  "linear": [undefined, lowLevel({ op: "upsample_linear1d", node: "UpsampleLinear1D", method: "linear", dims: 1, kernel: LINEAR, bytes: false })],
  "bilinear": [
    undefined,
    undefined,
    lowLevel({ op: "upsample_bilinear2d", node: "UpsampleBilinear2D", method: "linear", dims: 2, kernel: "upsample_bilinear2d_channels_last", bytes: true }),
  ],
  "bicubic": [
    undefined,
    undefined,
    lowLevel({ op: "upsample_bicubic2d", node: "UpsampleBicubic2D", method: "cubic", dims: 2, kernel: CUBIC, bytes: true }),
  ],
  "trilinear": [
    undefined,
    undefined,
    undefined,
    lowLevel({ op: "upsample_trilinear3d", node: "UpsampleTrilinear3D", method: "linear", dims: 3, kernel: LINEAR, bytes: false }),
  ],
};

const ANTIALIASED: Record<string, Low> = {
  "bilinear": lowLevel({ op: "_upsample_bilinear2d_aa", node: "UpsampleBilinear2DAa", method: "linear-aa", dims: 2, kernel: LINEAR, bytes: true }),
  "bicubic": lowLevel({ op: "_upsample_bicubic2d_aa", node: "UpsampleBicubic2DAa", method: "cubic-aa", dims: 2, kernel: CUBIC, bytes: true }),
};

// -- what `torch.nn.functional` has ----------------------------------------------------------------------------------

/** Named arguments of `interpolate`. */
export interface InterpolateOptions {
  /** [batch, channels, ...spatial]. */
  input: Tensor;
  /** The sizes of the result. */
  size?: PerDimension | null;
  /** Or how many times the input's. */
  scale_factor?: PerDimension | null;
  /** `"nearest"`, `"nearest-exact"`, `"linear"`, `"bilinear"`, `"trilinear"`, `"bicubic"` or `"area"`. */
  mode?: string;
  /** Whether the middles of the corner elements keep their places, instead of the corners. */
  align_corners?: boolean | null;
  /** Whether the positions follow from the sizes that the factors lead to, instead of the factors. */
  recompute_scale_factor?: boolean | null;
  /** Whether all elements count where the result is smaller. */
  antialias?: boolean;
}

/** `interpolate`. */
export type Interpolate = Fn<
  InterpolateOptions,
  [
    input: Tensor,
    size?: PerDimension | null,
    scale_factor?: PerDimension | null,
    mode?: string,
    align_corners?: boolean | null,
    recompute_scale_factor?: boolean | null,
    antialias?: boolean,
  ]
>;

const MODES = "nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact";
const PLAIN = ["nearest", "area", "nearest-exact"];
const NEEDS: Record<string, number> = { linear: 3, bilinear: 4, trilinear: 5 };

const showFloat = (x: unknown) => typeof x === "number" && Number.isInteger(x) ? `${x}.0` : String(x);

/** The sizes or the factors, one for each dimension. */
function given(space: Sizes, size: PerDimension | null, factor: PerDimension | null): { sizes: unknown; factors: unknown } {
  if (size !== null && factor !== null) throw new ValueError("only one of size or scale_factor should be defined");
  const dims = space.length;
  const end = "Please provide input tensor in (N, C, d1, d2, ...,dK) format and";
  const start = "must have the same number of spatial dimensions, but got input with spatial dimensions of";
  if (size !== null) {
    if (!Array.isArray(size)) return { sizes: new Array(dims).fill(size), factors: null };
    if (size.length !== dims) {
      throw new ValueError(
        `Input and output ${start} ${showSizes(space)} and output size of ${showSizes(size)}. ${end} output size in (o1, o2, ...,oK) format.`,
      );
    }
    if (!size.every(Number.isInteger)) {
      const types = size.map((n) => `<class '${pythonType(n)}'>`);
      throw new TypeError(
        `expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size with types ${showSizes(types)}`,
      );
    }
    return { sizes: size, factors: null };
  }
  if (factor === null) throw new ValueError("either size or scale_factor should be defined");
  if (!Array.isArray(factor)) return { sizes: null, factors: new Array(dims).fill(factor) };
  if (factor.length !== dims) {
    throw new ValueError(
      `Input and scale_factor ${start} ${showSizes(space)} and scale_factor of shape ${
        showSizes(factor.map(showFloat))
      }. ${end} scale_factor in (s1, s2, ...,sK) format.`,
    );
  }
  return { sizes: null, factors: factor };
}

type InterpolateInputs = Required<InterpolateOptions>;

function interpolated({ input, size, scale_factor, mode, align_corners, recompute_scale_factor, antialias }: InterpolateInputs): Tensor {
  if (PLAIN.includes(mode) && align_corners !== null) {
    throw new ValueError("align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear");
  }
  if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'dim'`);
  const rank = input.sizes.length;
  const space = input.sizes.slice(2);
  let { sizes, factors } = given(space, size, scale_factor);
  if (recompute_scale_factor && size !== null) throw new ValueError("recompute_scale_factor is not meaningful with an explicit size.");
  if ((recompute_scale_factor || mode === "area") && sizes === null) {
    sizes = space.map((n, d) => Math.floor(n * (factors as number[])[d]));
    factors = null;
  }
  if (antialias && !((mode === "bilinear" || mode === "bicubic") && rank === 4)) {
    throw new ValueError("Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input");
  }
  const supported = rank >= 3 && rank <= 5;
  if (supported && mode === "area") {
    const pool = [adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d][rank - 3];
    return pool(input, sizes as number[]);
  }
  const run = antialias ? ANTIALIASED[mode] : RESAMPLERS[mode]?.[rank - 2];
  if (run !== undefined) return run(input, sizes, align_corners ?? false, factors);
  if (supported && mode in NEEDS) throw new NotImplementedError(`Got ${rank}D input, but ${mode} mode needs ${NEEDS[mode]}D input`);
  throw new NotImplementedError(`Input Error: Only 3D, 4D and 5D input Tensors supported (got ${rank}D) for the modes: ${MODES} (got ${mode})`);
}

/** The input in another size, its values between those that it has: see `InterpolateOptions`. The gradient of each value goes to those that it was made of. */
export const interpolate: Interpolate = pythonFunction<Interpolate, InterpolateInputs>(
  "interpolate",
  ["input"],
  { size: null, scale_factor: null, mode: "nearest", align_corners: null, recompute_scale_factor: null, antialias: false },
  interpolated,
);

/** Named arguments of `upsample`. */
export type UpsampleOptions = Omit<InterpolateOptions, "recompute_scale_factor" | "antialias">;

/** `upsample`. */
export type Upsample = Fn<
  UpsampleOptions,
  [input: Tensor, size?: PerDimension | null, scale_factor?: PerDimension | null, mode?: string, align_corners?: boolean | null]
>;

const warnOfName = (name: string) => warnOnce(`\`nn.functional.${name}\` is deprecated. Use \`nn.functional.interpolate\` instead.`);

/** Retired: see `interpolate`. */
export const upsample: Upsample = pythonFunction<Upsample, Required<UpsampleOptions>>(
  "upsample",
  ["input"],
  { size: null, scale_factor: null, mode: "nearest", align_corners: null },
  ({ input, size, scale_factor, mode, align_corners }) => {
    warnOfName("upsample");
    return interpolate(input, size, scale_factor, mode, align_corners);
  },
);

/** `upsample` in one mode. */
export type UpsampleMode = Fn<
  { input: Tensor; size: PerDimension | null; scale_factor: PerDimension | null },
  [input: Tensor, size?: PerDimension | null, scale_factor?: PerDimension | null]
>;

function upsampleMode(name: string, mode: string, align: boolean | null): UpsampleMode {
  return pythonFunction<UpsampleMode, { input: Tensor; size: PerDimension | null; scale_factor: PerDimension | null }>(
    name,
    ["input"],
    { size: null, scale_factor: null },
    ({ input, size, scale_factor }) => {
      warnOfName(name);
      return interpolate(input, size, scale_factor, mode, align);
    },
  );
}

/** Retired: see `interpolate`. */
export const upsample_nearest: UpsampleMode = upsampleMode("upsample_nearest", "nearest", null);
/** Retired: see `interpolate`; corners are aligned. */
export const upsample_bilinear: UpsampleMode = upsampleMode("upsample_bilinear", "bilinear", true);
