/**
 * Normalization over the last dimensions, each row by its own mean and variance.
 */
import { float32 } from "../../dtype.ts";
import { noKernel, RuntimeError } from "../../errors.ts";
import { normalizeRows, rowMoments, type Rows, rowsBackwardInput, rowsBackwardWeight } from "../../kernels/normalization.ts";
import { elementCount, sameSizes, type Sizes } from "../../layout.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { asContiguous } from "../elementwise.ts";
import { addNumber } from "../number_nodes.ts";
import { pythonFunction } from "../python_function.ts";
import { checkTypes, elementsOf, project, projectGradient, standardize, type Standardized } from "./standardize.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

type Parameters = { weight: Tensor | null; bias: Tensor | null };
type Inputs = Parameters & { input: Tensor; normalized_shape: number[]; eps: number };
type BackwardInputs = Parameters & {
  grad_out: Tensor;
  input: Tensor;
  normalized_shape: number[];
  mean: Tensor;
  rstd: Tensor;
  eps: number;
  of: "input" | "weight" | "bias";
};

/** Rows of as many channels as the normalized dimensions have elements. */
function rowsOf(input: Tensor, shape: Sizes): Rows {
  const perGroup = elementCount(shape);
  return { rows: elementCount(input.sizes.slice(0, input.sizes.length - shape.length)), groups: 1, perGroup, places: 1 };
}

const lastDims = (shape: Sizes): number[] => shape.map((_, d) => d - shape.length);
const firstDims = (t: Tensor, shape: Sizes): number[] => [...t.sizes.slice(0, t.sizes.length - shape.length).keys()];

/** The sum over the dimensions that are not normalized. */
function sumRows(t: Tensor, shape: Sizes): Tensor {
  const dims = firstDims(t, shape);
  return dims.length === 0 ? t : t.sum(dims);
}

const weighed = (t: Tensor, weight: Tensor | null): Tensor => weight === null ? t : t.mul(weight);

const backwardPrimitive: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
  name: "NativeLayerNormBackwardBackward0",
  forward: ({ grad_out, input, weight, normalized_shape, mean, rstd, of }) => {
    if (of === "bias") return sumRows(grad_out, normalized_shape).clone();
    const out = Tensor.make(of === "input" ? input.sizes : normalized_shape, input.dtype);
    const g = asContiguous(grad_out), x = asContiguous(input), w = weight === null ? null : asContiguous(weight);
    const rows = rowsOf(input, normalized_shape);
    const [means, rstds] = [elementsOf(mean), elementsOf(rstd)];
    if (of === "weight") rowsBackwardWeight(g.store.data, g.offset, x.store.data, x.offset, rows, means, rstds, out.store.data);
    else rowsBackwardInput(g.store.data, g.offset, x.store.data, x.offset, rows, means, rstds, w?.store.data ?? null, w?.offset ?? 0, out.store.data);
    return out;
  },
  backward: {
    grad_out: ({ grad, grad_out, input, weight, normalized_shape, eps, of }) => {
      if (of === "bias") return grad.expand_as(grad_out);
      const s = standardize(input, lastDims(normalized_shape), eps);
      return of === "input" ? weighed(project(grad, s), weight) : s.h.mul(grad);
    },
    input: ({ grad, grad_out, input, weight, normalized_shape, eps, of }) => {
      if (of === "bias") return null;
      const s = standardize(input, lastDims(normalized_shape), eps);
      return of === "input" ? projectGradient(grad, weighed(grad_out, weight), s) : project(grad_out.mul(grad), s);
    },
    weight: ({ grad, grad_out, input, normalized_shape, eps, of }) => {
      if (of !== "input") return null;
      const s: Standardized = standardize(input, lastDims(normalized_shape), eps);
      return sumRows(grad_out.mul(project(grad, s)), normalized_shape);
    },
    bias: null,
    mean: null,
    rstd: null,
  },
});

const primitive = new Primitive<Inputs>({
  name: "NativeLayerNormBackward0",
  nonDifferentiable: [1, 2],
  forward: ({ input, normalized_shape, weight, bias, eps }) => {
    const out = Tensor.make(input.sizes, input.dtype);
    const outer = [...input.sizes.slice(0, input.sizes.length - normalized_shape.length), ...normalized_shape.map(() => 1)];
    const mean = Tensor.make(outer, input.dtype), rstd = Tensor.make(outer, input.dtype);
    const x = asContiguous(input), w = weight === null ? null : asContiguous(weight), b = bias === null ? null : asContiguous(bias);
    const rows = rowsOf(input, normalized_shape);
    const means = new Float64Array(rows.rows), rstds = new Float64Array(rows.rows);
    rowMoments(x.store.data, x.offset, rows.rows, rows.perGroup, eps, means, rstds);
    const affine = { weight: w?.store.data ?? null, weightOffset: w?.offset ?? 0, bias: b?.store.data ?? null, biasOffset: b?.offset ?? 0 };
    normalizeRows(x.store.data, x.offset, rows, means, rstds, affine, out.store.data);
    mean.store.data.set(means as never);
    rstd.store.data.set(rstds as never);
    return [out, mean, rstd];
  },
  backward: {
    input: ({ grad, input, weight, bias, normalized_shape, result1, result2, eps }) =>
      backwardPrimitive.apply({ grad_out: grad, input, weight, bias, normalized_shape, mean: result1, rstd: result2, eps, of: "input" }) as Tensor,
    weight: ({ grad, input, weight, bias, normalized_shape, result1, result2, eps }) =>
      backwardPrimitive.apply({ grad_out: grad, input, weight, bias, normalized_shape, mean: result1, rstd: result2, eps, of: "weight" }) as Tensor,
    bias: ({ grad, input, weight, bias, normalized_shape, result1, result2, eps }) =>
      backwardPrimitive.apply({ grad_out: grad, input, weight, bias, normalized_shape, mean: result1, rstd: result2, eps, of: "bias" }) as Tensor,
  },
});

function checkShapes(input: Tensor, shape: Sizes, weight: Tensor | null, bias: Tensor | null): void {
  const shown = showSizes(shape);
  if (shape.length < 1) {
    throw new RuntimeError(
      `Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = ${shown}`,
    );
  }
  for (const [name, t] of [["weight", weight], ["bias", bias]] as const) {
    if (t !== null && !sameSizes(t.sizes, shape)) {
      throw new RuntimeError(
        `Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ${showSizes(t.sizes)} and normalized_shape = ${shown}`,
      );
    }
  }
  const { sizes } = input;
  if (sizes.length < shape.length || !sameSizes(sizes.slice(sizes.length - shape.length), shape)) {
    throw new RuntimeError(`Given normalized_shape=${shown}, expected input with shape [*, ${shape.join(", ")}], but got input of size${showSizes(sizes)}`);
  }
}

function layerNorm(inputs: Inputs): Tensor[] {
  const { input, normalized_shape, weight, bias } = inputs;
  checkShapes(input, normalized_shape, weight, bias);
  if (input.dtype.category !== "float") throw noKernel("LayerNormKernelImpl", input.dtype);
  checkTypes(input, [weight, bias]);
  return primitive.apply(inputs) as Tensor[];
}

type LowInputs = Omit<Inputs, "input"> & { self: Tensor };
/** `torch.layer_norm` and `torch.native_layer_norm`. */
export type LowLayerNorm<R> = Fn<
  { input: Tensor; normalized_shape: readonly number[]; weight: Tensor | null; bias: Tensor | null; eps: number },
  [input: Tensor, normalized_shape: readonly number[], weight?: Tensor | null, bias?: Tensor | null, eps?: number],
  R
>;

/** `torch.layer_norm`. */
export const lowLayerNorm: LowLayerNorm<Tensor> = define<LowLayerNorm<Tensor>, LowInputs>(
  "layer_norm",
  "(Tensor input, tuple of ints normalized_shape, Tensor weight = None, Tensor bias = None, float eps = 1e-05, bool cudnn_enable = True)",
  ({ self, normalized_shape, weight, bias, eps }) => layerNorm({ input: self, normalized_shape, weight, bias, eps })[0],
);

/** `layer_norm` with the means and the reciprocal standard deviations of the rows. */
export const native_layer_norm: LowLayerNorm<Tensor[]> = define<LowLayerNorm<Tensor[]>, LowInputs>(
  "native_layer_norm",
  "(Tensor input, tuple of ints normalized_shape, Tensor? weight, Tensor? bias, float eps)",
  ({ self, normalized_shape, weight, bias, eps }) => layerNorm({ input: self, normalized_shape, weight, bias, eps }),
);

/** Named arguments of `layer_norm`. */
export interface LayerNormOptions {
  /** Any tensor. */
  input: Tensor;
  /** The sizes of its last dimensions, over which to normalize. */
  normalized_shape: readonly number[];
  /** A factor for each element of them. */
  weight?: Tensor | null;
  /** A summand for each element of them. */
  bias?: Tensor | null;
  /** Keeps the standard deviation above zero. */
  eps?: number;
}

/** `layer_norm`. */
export type LayerNorm = Fn<
  LayerNormOptions,
  [input: Tensor, normalized_shape: readonly number[], weight?: Tensor | null, bias?: Tensor | null, eps?: number]
>;

/** A single number does not stand for a list here. */
export function checkList(op: string, name: string, position: number, value: unknown): void {
  if (!Array.isArray(value)) throw new TypeError(`${op}(): argument '${name}' (position ${position}) must be tuple of ints, not ${pythonType(value)}`);
}

/** Each row minus its mean, divided by its standard deviation, times the weight, plus the bias. */
export const layer_norm: LayerNorm = pythonFunction<LayerNorm, Required<LayerNormOptions> & { weight: Tensor | null; bias: Tensor | null }>(
  "layer_norm",
  ["input", "normalized_shape"],
  { weight: null, bias: null, eps: 1e-5 },
  ({ input, normalized_shape, weight, bias, eps }) => {
    if (input instanceof Tensor) checkList("layer_norm", "normalized_shape", 2, normalized_shape);
    return lowLayerNorm(input, normalized_shape, weight, bias, eps);
  },
);

// -- by the root of the mean square ----------------------------------------------------------------------------------

/** Named arguments of `rms_norm`. */
export interface RmsNormOptions {
  /** Any tensor. */
  input: Tensor;
  /** The sizes of its last dimensions, over which to normalize. */
  normalized_shape: readonly number[];
  /** A factor for each element of them. */
  weight?: Tensor | null;
  /** Keeps the divisor above zero; the dtype's machine epsilon unless given. */
  eps?: number | null;
}

/** `rms_norm`. */
export type RmsNorm = Fn<RmsNormOptions, [input: Tensor, normalized_shape: readonly number[], weight?: Tensor | null, eps?: number | null]>;

/** The distance from 1 to the next number. */
const EPSILON_32 = 2 ** -23, EPSILON_64 = 2 ** -52;

/** `torch.rms_norm`. */
export const lowRmsNorm: RmsNorm = define<RmsNorm, { self: Tensor; normalized_shape: number[]; weight: Tensor | null; eps: number | null }>(
  "rms_norm",
  "(Tensor input, tuple of ints normalized_shape, Tensor weight = None, float eps = None)",
  ({ self, normalized_shape, weight, eps }) => {
    checkShapes(self, normalized_shape, weight, null);
    if (self.dtype.category !== "float") throw noKernel("rms_norm", self.dtype);
    const squares = self.pow(2).mean(lastDims(normalized_shape), true);
    const result = self.mul(addNumber(squares, eps ?? (self.dtype === float32 ? EPSILON_32 : EPSILON_64)).rsqrt());
    return weight === null ? result : result.mul(weight);
  },
);

/** Each row divided by the root of its mean square, times the weight. */
export const rms_norm: RmsNorm = pythonFunction<RmsNorm, { input: Tensor; normalized_shape: readonly number[]; weight: Tensor | null; eps: number | null }>(
  "rms_norm",
  ["input", "normalized_shape"],
  { weight: null, eps: null },
  ({ input, normalized_shape, weight, eps }) => {
    if (input instanceof Tensor) checkList("rms_norm", "normalized_shape", 2, normalized_shape);
    return lowRmsNorm(input, normalized_shape, weight, eps);
  },
);
