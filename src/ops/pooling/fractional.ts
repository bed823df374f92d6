/**
 * Maxima of windows that begin at pseudo-random places.
 */
import { int64 } from "../../dtype.ts";
import { noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { fractionalSpans, maxBoxes, type Spans, widen } from "../../kernels/pooling.ts";
import { elementCount, wrapDim } from "../../layout.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { type Args, define, type Fn, Primitive } from "../define.ts";
import { pythonFunction } from "../python_function.ts";
import type { PerDimension } from "../per_dimension.ts";
import { rand } from "../random.ts";
import { chosenBackward, dispatched } from "./max.ts";
import { showSizes, volumes } from "./windows.ts";

type Inputs = { self: Tensor; kernel_size: number[]; output_size: number[]; random_samples: Tensor };

/** A window for every place of a dimension of one. */
const WHOLE: Spans = { start: new Int32Array([0]), end: new Int32Array([1]), size: new Int32Array([1]), step: 1 };

function check(dims: 2 | 3, { self, kernel_size, output_size, random_samples }: Inputs): void {
  const op = `fractional_max_pool${dims}d`;
  const tuple = dims === 2 ? "tuple of Ints" : "tuple of three Ints";
  if (kernel_size.length !== dims) throw new RuntimeError(`${op}: kernel_size must either be a single Int or ${tuple}`);
  if (output_size.length !== dims) throw new RuntimeError(`${op}: output_size must either be a single Int or ${tuple}`);
  const { sizes } = self;
  const name = dims === 2 ? `${op}()` : `${op}_out()`;
  const empty = sizes.findIndex((n, d) => n === 0 && d >= sizes.length - dims - 1);
  if (empty >= 0) {
    throw new RuntimeError(
      `${name}: Expected input to have non-zero size for non-batch dimensions, but got${showSizes(sizes)} with dimension ${empty} being empty.`,
    );
  }
  const axes = dims === 2 ? ["height", "width"] : ["time", "height", "width"];
  sizes.slice(-dims).forEach((n, d) => {
    if (output_size[d] + kernel_size[d] - 1 > n) {
      throw new RuntimeError(`${name}: pool ${axes[d]} ${kernel_size[d]} too large relative to input ${axes[d]} ${n}`);
    }
  });
  const samples = random_samples.sizes;
  if (random_samples.dtype !== self.dtype) throw new RuntimeError("Expect _random_samples to have the same dtype as input");
  if (samples.length !== 3) throw new RuntimeError(`Expect _random_samples to have 3 dimensions, got ${samples.length}`);
  const batch = sizes.length === dims + 2 ? sizes[0] : 1, channels = sizes[sizes.length - dims - 1];
  if (samples[0] < batch) throw new RuntimeError("Expect _random_samples.size(0) no less then input batch size.");
  if (samples[1] !== channels) throw new RuntimeError("Expect _random_samples.size(1) equals to input channel size.");
  if (samples[2] !== dims) throw new RuntimeError(`Expect _random_samples.size(2) equals to ${dims}; got ${samples[2]}.`);
  if (self.dtype.category !== "float") throw noKernel(`${op}_out_frame`, self.dtype);
}

function fractional(dims: 2 | 3): (inputs: Inputs) => Tensor[] {
  const backward = chosenBackward(`FractionalMaxPool${dims}DBackwardBackward0`, dims);
  const primitive = new Primitive<Inputs>({
    name: `FractionalMaxPool${dims}DBackward0`,
    nonDifferentiable: [1],
    forward: (inputs) => {
      const { self, kernel_size, output_size, random_samples } = inputs;
      check(dims, inputs);
      const shape = [...self.sizes.slice(0, -dims), ...output_size];
      const out = Tensor.make(shape, self.dtype), indices = Tensor.make(shape, int64);
      const { data, offset, planes, space } = volumes(self, dims);
      const samples = random_samples.reshape([-1]).tolist() as number[];
      const size = elementCount(space), count = elementCount(output_size);
      const at = new Int32Array(out.count);
      const round = self.dtype.itemsize === 4 ? Math.fround : (x: number) => x;
      for (let p = 0; p < planes; p++) {
        // the samples of a plane stand in the order of the axes, but for images in the reverse
        const spans = output_size.map((n, d) => {
          const sample = samples[p * dims + (dims === 2 ? 1 - d : d)];
          return fractionalSpans(space[d + 3 - dims], n, kernel_size[d], sample, round);
        });
        const [z, y, x] = dims === 2 ? [WHOLE, spans[0], spans[1]] : spans;
        const part = out.store.data.subarray(p * count, (p + 1) * count) as typeof data;
        maxBoxes(data, offset + p * size, 1, space, [z, y, x], part, at.subarray(p * count, (p + 1) * count));
      }
      widen(at, indices.store.data as BigInt64Array);
      return [out, indices];
    },
    backward: {
      // deno-lint-ignore no-unused-vars -- PyTorch saves the parameters: they can be read on the node
      self: ({ grad, self, kernel_size, output_size, result1 }) => backward.apply({ grad_output: grad, self, indices: result1 }) as Tensor,
      random_samples: null,
    },
  });
  return (inputs) => primitive.apply(inputs) as Tensor[];
}

type Low = Fn<Record<string, unknown>, [input: Tensor, kernel_size: readonly number[], output_size: readonly number[], random_samples: Tensor], Tensor[]>;
const low = (dims: 2 | 3) =>
  define<Low, Inputs>(
    `fractional_max_pool${dims}d`,
    "(Tensor input, tuple of ints kernel_size, tuple of ints output_size, Tensor random_samples)",
    fractional(dims),
  );

/** Named arguments of `fractional_max_pool2d` and its kin. */
export interface FractionalOptions {
  /** [batch, channels, ...spatial], or without the batch. */
  input: Tensor;
  /** The size of the windows. */
  kernel_size: PerDimension;
  /** The size of the result. */
  output_size?: PerDimension | null;
  /** Or which part of the input's it is. */
  output_ratio?: PerDimension | null;
  /** Whether to give the places of the maxima, numbered over the last dimensions. */
  return_indices?: boolean;
  /** [batch, channels, dimensions]: what decides where windows begin; drawn unless given. */
  _random_samples?: Tensor | null;
}

/** A fractional maximum pool: the maxima, or an array of them and their places. */
export interface FractionalMaxPool {
  /** The maxima and their places. */
  (input: Tensor, kernel_size: PerDimension, named: Partial<FractionalOptions> & { return_indices: true }): [Tensor, Tensor];
  /** The maxima. */
  (
    ...args: Args<
      FractionalOptions & { return_indices?: false },
      [input: Tensor, kernel_size: PerDimension, output_size?: PerDimension | null, output_ratio?: PerDimension | null, return_indices?: false]
    >
  ): Tensor;
}

type Named = {
  input: Tensor;
  kernel_size: PerDimension;
  output_size: PerDimension | null;
  output_ratio: PerDimension | null;
  return_indices: boolean;
  _random_samples: Tensor | null;
};

const listed = (value: PerDimension, dims: number): readonly number[] => typeof value === "number" ? new Array<number>(dims).fill(value) : value;

/** A fractional maximum pool that always gives the places too. */
export type FractionalMaxPoolWithIndices = Fn<
  FractionalOptions,
  [
    input: Tensor,
    kernel_size: PerDimension,
    output_size?: PerDimension | null,
    output_ratio?: PerDimension | null,
    return_indices?: boolean,
    random_samples?: Tensor | null,
  ],
  [Tensor, Tensor]
>;

function fractionalFunction(dims: 2 | 3): { pool: FractionalMaxPool; withIndices: FractionalMaxPoolWithIndices } {
  const op = `fractional_max_pool${dims}d`;
  const inner = low(dims);
  const run = ({ input, kernel_size, output_size, output_ratio, _random_samples }: Named): Tensor[] => {
    if (output_size === null && output_ratio === null) throw new ValueError(`${op} requires specifying either an output_size or an output_ratio`);
    let size = output_size;
    if (size === null) {
      if (!Array.isArray(output_ratio)) throw new TypeError(`object of type '${pythonType(output_ratio)}' has no len()`);
      size = output_ratio.map((ratio: number, d: number) => Math.trunc(input.size(d - dims) * ratio));
    }
    let samples = _random_samples;
    if (samples === null) {
      const channels = input.sizes[wrapDim(-dims - 1, input.sizes.length)];
      samples = rand([input.sizes.length === dims + 1 ? 1 : input.sizes[0], channels, dims], { dtype: input.dtype });
    }
    return inner(input, listed(kernel_size, dims), listed(size, dims), samples);
  };
  const defaults = { output_size: null, output_ratio: null, return_indices: false, _random_samples: null };
  const withIndices = pythonFunction<FractionalMaxPoolWithIndices, Named>(`${op}_with_indices`, ["input", "kernel_size"], defaults, run);
  const first = pythonFunction<(...args: never[]) => unknown, Named>(`_${op}`, ["input", "kernel_size"], defaults, (named) => run(named)[0]);
  return { pool: dispatched<FractionalMaxPool>("return_indices", 4, withIndices as (...args: never[]) => unknown, first), withIndices };
}

const two = fractionalFunction(2), three = fractionalFunction(3);

/** The maxima of windows of the last two dimensions that begin at pseudo-random places. */
export const fractional_max_pool2d: FractionalMaxPool = two.pool;
/** The maxima of windows of the last three dimensions that begin at pseudo-random places. */
export const fractional_max_pool3d: FractionalMaxPool = three.pool;
/** The same, and the places of the maxima. */
export const fractional_max_pool2d_with_indices: FractionalMaxPoolWithIndices = two.withIndices;
/** The same, and the places of the maxima. */
export const fractional_max_pool3d_with_indices: FractionalMaxPoolWithIndices = three.withIndices;
