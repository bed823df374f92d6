/**
 * Pooling to a size that is asked for: the windows are chosen to cover the input.
 */
import { AttributeError, noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { adaptiveSpans, averageBoxes, averageBoxesBackward, type Boxes, maxBoxes, widen } from "../../kernels/pooling.ts";
import type { Sizes } from "../../layout.ts";
import { int64 } from "../../dtype.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { type Args, define, type Fn, Primitive } from "../define.ts";
import { pythonFunction } from "../python_function.ts";
import { chosenBackward, dispatched } from "./max.ts";
import { checkRank, type Parameter, showSizes, single, triple, volumes } from "./windows.ts";

type Inputs = { self: Tensor; output_size: number[] };

function boxes(space: Sizes, places: Sizes): Boxes {
  const [n, out] = [triple(space, 1), triple(places, 1)];
  return [adaptiveSpans(n[0], out[0]), adaptiveSpans(n[1], out[1]), adaptiveSpans(n[2], out[2])];
}

function checkNotEmpty(op: string, sizes: Sizes, first: number): void {
  const at = sizes.findIndex((n, d) => d >= first && n === 0);
  if (at >= 0) {
    throw new RuntimeError(
      `${op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ${showSizes(sizes)} with dimension ${at} being empty`,
    );
  }
}

function averageOp(dims: 2 | 3): (inputs: Inputs) => Tensor {
  const op = `adaptive_avg_pool${dims}d`;
  const backward = new Primitive<{ grad_output: Tensor; self: Tensor; sizes: number[] }>({
    name: `AdaptiveAvgPool${dims}DBackwardBackward0`,
    forward: ({ grad_output, self, sizes }) => {
      const out = Tensor.make(self.sizes, grad_output.dtype);
      const { data, offset } = volumes(grad_output, dims);
      const { planes, space } = volumes(out, dims);
      averageBoxesBackward(data, offset, planes, space, boxes(self.sizes.slice(-dims), sizes), null, out.store.data);
      return out;
    },
    backward: {
      grad_output: ({ grad, sizes }) => primitive.apply({ self: grad, output_size: sizes }) as Tensor,
      self: ({ grad }) => grad.zeros_like(),
    },
  });
  const primitive: Primitive<Inputs> = new Primitive<Inputs>({
    name: `AdaptiveAvgPool${dims}DBackward0`,
    forward: ({ self, output_size }) => {
      const { sizes } = self;
      if (dims === 2) checkNotEmpty(op, sizes, sizes.length - 2);
      if (sizes.length !== dims + 1 && sizes.length !== dims + 2) {
        throw new RuntimeError(`${op}(): Expected ${dims + 1}D or ${dims + 2}D tensor, but got ${showSizes(sizes)}`);
      }
      if (dims === 3) checkNotEmpty(op, sizes, 1);
      if (self.dtype.category !== "float") throw noKernel(dims === 2 ? op : `${op}_cpu`, self.dtype);
      const out = Tensor.make([...sizes.slice(0, -dims), ...output_size], self.dtype);
      const { data, offset, planes, space } = volumes(self, dims);
      averageBoxes(data, offset, planes, space, boxes(sizes.slice(-dims), output_size), null, out.store.data);
      return out;
    },
    backward: {
      self: ({ grad, self }) => backward.apply({ grad_output: grad, self, sizes: grad.sizes.slice(-dims) }) as Tensor,
    },
  });
  return ({ self, output_size }) => {
    if (output_size.length !== dims) throw new RuntimeError(`${op}: output_size must be ${dims}`);
    if (output_size.some((n) => n < 0)) {
      const [a, b, c] = output_size;
      const list = dims === 2 ? `${a}, ${b}` : `${a}, ${b},${c}`;
      throw new RuntimeError(`${op}: elements of output_size must be greater than or equal to 0 but received {${list}}`);
    }
    // one window is the whole input
    if (output_size.every((n) => n === 1)) return self.mean(output_size.map((_, d) => d - dims), true);
    return primitive.apply({ self, output_size }) as Tensor;
  };
}

function maxOp(dims: 2 | 3): (inputs: Inputs) => Tensor[] {
  const op = `adaptive_max_pool${dims}d`;
  const backward = chosenBackward(`AdaptiveMaxPool${dims}DBackwardBackward0`, dims);
  const primitive = new Primitive<Inputs>({
    name: `AdaptiveMaxPool${dims}DBackward0`,
    nonDifferentiable: [1],
    forward: ({ self, output_size }) => {
      const { sizes } = self;
      if (sizes.length !== dims + 1 && sizes.length !== dims + 2) {
        throw new RuntimeError(`${op}(): Expected ${dims + 1}D or ${dims + 2}D tensor, but got: ${showSizes(sizes)}`);
      }
      checkNotEmpty(op, sizes, 1);
      if (output_size.length !== dims) throw new RuntimeError(`${op}(): internal error: output_size.size() must be ${dims}`);
      const shape = [...sizes.slice(0, -dims), ...output_size];
      const negative = shape.find((n) => n < 0);
      if (negative !== undefined) throw new RuntimeError(`Trying to create tensor with negative dimension ${negative}: ${showSizes(shape)}`);
      if (self.dtype.category !== "float") throw noKernel(dims === 2 ? op : `${op}_cpu`, self.dtype);
      const out = Tensor.make(shape, self.dtype), indices = Tensor.make(shape, int64);
      const { data, offset, planes, space } = volumes(self, dims);
      const at = new Int32Array(out.count);
      maxBoxes(data, offset, planes, space, boxes(sizes.slice(-dims), output_size), out.store.data, at);
      widen(at, indices.store.data as BigInt64Array);
      return [out, indices];
    },
    backward: { self: ({ grad, self, result1 }) => backward.apply({ grad_output: grad, self, indices: result1 }) as Tensor },
  });
  return (inputs) => primitive.apply(inputs) as Tensor[];
}

const averagePlanar = averageOp(2), averageSpatial = averageOp(3);
const maxPlanar = maxOp(2), maxSpatial = maxOp(3);

/** Sizes, null for those that the input has. */
export type OutputSize = number | null | readonly (number | null)[];

/** Named arguments of adaptive pools. */
export interface AdaptiveOptions {
  /** [batch, channels, ...spatial], or without the batch. */
  input: Tensor;
  /** The sizes of the result, null for those of the input. */
  output_size: OutputSize;
}

/** An adaptive pool. */
export type AdaptivePool = Fn<AdaptiveOptions, [input: Tensor, output_size: OutputSize]>;

const SIGNATURE = "(Tensor input, tuple of ints output_size)";
/** An adaptive pool of `torch`. */
export type LowAdaptivePool<R = Tensor> = Fn<
  { input: Tensor; output_size: number | readonly number[] },
  [input: Tensor, output_size: number | readonly number[]],
  R
>;

function low<R>(op: string, dims: number, run: (inputs: Inputs) => R): LowAdaptivePool<R> {
  const f = define<LowAdaptivePool<R>, Inputs>(op, SIGNATURE, run);
  // one number stands for all dimensions
  return ((input: Tensor, output_size: number | readonly number[]) =>
    f(input, typeof output_size === "number" ? new Array<number>(dims).fill(output_size) : output_size)) as LowAdaptivePool<R>;
}

/** What `output_size` stands for: sizes of the input in place of nulls. */
function resolved(input: Tensor, output_size: OutputSize): number | number[] {
  if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'size'`);
  if (typeof output_size === "number" && Number.isInteger(output_size)) return output_size;
  if (typeof output_size === "string") return [...output_size as string] as never as number[];
  if (!Array.isArray(output_size)) throw new TypeError(`object of type '${pythonType(output_size)}' has no len()`);
  const { sizes } = input;
  const list: readonly (number | null)[] = output_size;
  if (sizes.length <= list.length) throw new ValueError(`Input dimension should be at least ${list.length + 1}`);
  return list.map((n, d) => n ?? sizes[sizes.length - list.length + d]);
}

/** The mean of each window along the last dimension, as many as asked for; recorded as that of images of height 1. */
export const adaptive_avg_pool1d: AdaptivePool = define<AdaptivePool, { self: Tensor; output_size: Parameter }>(
  "adaptive_avg_pool1d",
  SIGNATURE,
  ({ self, output_size }) => {
    checkRank("adaptive_avg_pool1d", self);
    const size = single("adaptive_avg_pool1d", "output_size", output_size);
    return averagePlanar({ self: self.unsqueeze(-2), output_size: [1, size] }).squeeze(-2);
  },
);

function averageFunction(dims: 2 | 3, run: (inputs: Inputs) => Tensor): AdaptivePool {
  const op = `adaptive_avg_pool${dims}d`;
  const inner = low(op, dims, run);
  return pythonFunction<AdaptivePool, { input: Tensor; output_size: OutputSize }>(
    op,
    ["input", "output_size"],
    {},
    ({ input, output_size }) => inner(input, resolved(input, output_size)),
  );
}

/** The mean of each window of the last two dimensions, as many as asked for. */
export const adaptive_avg_pool2d: AdaptivePool = averageFunction(2, averagePlanar);
/** The mean of each window of the last three dimensions, as many as asked for. */
export const adaptive_avg_pool3d: AdaptivePool = averageFunction(3, averageSpatial);

/** Named arguments of adaptive maximum pools. */
export interface IndexedAdaptiveOptions extends AdaptiveOptions {
  /** Whether to give the places of the maxima, numbered over the last dimensions. */
  return_indices?: boolean;
}

/** An adaptive maximum pool: the maxima, or an array of them and their places. */
export interface AdaptiveMaxPool {
  /** The maxima and their places. */
  (input: Tensor, output_size: OutputSize, named: { return_indices: true }): [Tensor, Tensor];
  /** The maxima. */
  (...args: Args<IndexedAdaptiveOptions & { return_indices?: false }, [input: Tensor, output_size: OutputSize, return_indices?: false]>): Tensor;
  /** The maxima, or an array of them and their places. */
  (...args: Args<IndexedAdaptiveOptions, [input: Tensor, output_size: OutputSize, return_indices?: boolean]>): Tensor | [Tensor, Tensor];
}

/** `torch.adaptive_max_pool1d`. */
export const adaptiveMaxPool1d: LowAdaptivePool<Tensor[]> = define<LowAdaptivePool<Tensor[]>, { self: Tensor; output_size: Parameter }>(
  "adaptive_max_pool1d",
  SIGNATURE,
  ({ self, output_size }) => {
    checkRank("adaptive_max_pool1d", self);
    const size = single("adaptive_max_pool1d", "output_size", output_size);
    checkNotEmpty("adaptive_max_pool1d", self.sizes, 1);
    return maxPlanar({ self: self.unsqueeze(-2), output_size: [1, size] }).map((t) => t.squeeze(-2));
  },
);

/** An adaptive maximum pool that always gives the places too. */
export type AdaptiveMaxPoolWithIndices = Fn<IndexedAdaptiveOptions, [input: Tensor, output_size: OutputSize, return_indices?: boolean], [Tensor, Tensor]>;

function maxFunction(
  op: string,
  run: (input: Tensor, output_size: OutputSize) => Tensor[],
): { pool: AdaptiveMaxPool; withIndices: AdaptiveMaxPoolWithIndices } {
  type Named = { input: Tensor; output_size: OutputSize; return_indices: boolean };
  const withIndices = pythonFunction<AdaptiveMaxPoolWithIndices, Named>(
    `${op}_with_indices`,
    ["input", "output_size"],
    { return_indices: false },
    ({ input, output_size }) => run(input, output_size),
  );
  const first = pythonFunction<(...args: never[]) => unknown, Named>(
    `_${op}`,
    ["input", "output_size"],
    { return_indices: false },
    ({ input, output_size }) => run(input, output_size)[0],
  );
  return { pool: dispatched<AdaptiveMaxPool>("return_indices", 2, withIndices as (...args: never[]) => unknown, first), withIndices };
}

const max2d = low("adaptive_max_pool2d", 2, maxPlanar), max3d = low("adaptive_max_pool3d", 3, maxSpatial);
const one = maxFunction("adaptive_max_pool1d", (input, output_size) => adaptiveMaxPool1d(input, output_size as number));
const two = maxFunction("adaptive_max_pool2d", (input, output_size) => max2d(input, resolved(input, output_size)));
const three = maxFunction("adaptive_max_pool3d", (input, output_size) => max3d(input, resolved(input, output_size)));

/** The maximum of each window along the last dimension, as many as asked for. */
export const adaptive_max_pool1d: AdaptiveMaxPool = one.pool;
/** The maximum of each window of the last two dimensions, as many as asked for. */
export const adaptive_max_pool2d: AdaptiveMaxPool = two.pool;
/** The maximum of each window of the last three dimensions, as many as asked for. */
export const adaptive_max_pool3d: AdaptiveMaxPool = three.pool;
/** The maximum of each window along the last dimension, and its place. */
export const adaptive_max_pool1d_with_indices: AdaptiveMaxPoolWithIndices = one.withIndices;
/** The maximum of each window of the last two dimensions, and its place. */
export const adaptive_max_pool2d_with_indices: AdaptiveMaxPoolWithIndices = two.withIndices;
/** The maximum of each window of the last three dimensions, and its place. */
export const adaptive_max_pool3d_with_indices: AdaptiveMaxPoolWithIndices = three.withIndices;
