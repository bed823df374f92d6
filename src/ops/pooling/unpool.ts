/**
 * The way back from maxima to where they stood, and means of powers.
 */
import { int64 } from "../../dtype.ts";
import { AttributeError, IndexError, noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { setAtPlaces } from "../../kernels/pooling.ts";
import { elementCount, sameSizes, type Sizes } from "../../layout.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { asContiguous } from "../elementwise.ts";
import { pythonFunction } from "../python_function.ts";
import type { PerDimension } from "../per_dimension.ts";
import { avg_pool1d, avg_pool2d, avg_pool3d } from "./average.ts";
import { pickPlaces } from "./max.ts";
import { showSizes, volumes } from "./windows.ts";

type Inputs = { self: Tensor; indices: Tensor; output_size: number[] };

function checkUnpool(dims: 2 | 3, { self, indices, output_size }: Inputs, stride: Sizes | null): void {
  const { sizes } = self;
  const long = "elements in indices should be type int64";
  if (indices.dtype !== int64) throw new RuntimeError(dims === 2 ? `${long} but got: ${indices.dtype.scalar}` : long);
  if (output_size.length !== dims) {
    throw new RuntimeError(
      `There should be exactly ${
        dims === 2 ? "two elements (height, width)" : "three elements (depth, height, width)"
      } in output_size, but got ${output_size.length} elements.`,
    );
  }
  if (sizes.length !== dims + 1 && sizes.length !== dims + 2) {
    throw new RuntimeError(`Input to max_unpooling${dims}d should be a ${dims + 1}d or ${dims + 2}d Tensor, but got a tensor with ${sizes.length} dimensions.`);
  }
  if (dims === 3 && stride!.some((s) => s <= 0)) throw new RuntimeError(`strides should be greater than zero, but got stride: ${showSizes(stride!)}`);
  if (!sameSizes(sizes, indices.sizes)) {
    throw new RuntimeError(
      `Expected shape of indices to be same as that of the input tensor (${showSizes(sizes)}) but got indices tensor with shape: ${showSizes(indices.sizes)}`,
    );
  }
  const empty = sizes.findIndex((n, d) => d >= 1 && n === 0);
  if (empty >= 0) {
    throw new RuntimeError(
      `max_unpooling${dims}d_forward_out_cpu(): Expected input to have non-zero size for non-batch dimensions, but got ${
        showSizes(sizes)
      } with dimension ${empty} being empty.`,
    );
  }
  if (self.dtype.category !== "float") throw noKernel(`max_unpool${dims}d`, self.dtype);
}

/** The places as 32-bit integers; PyTorch names the last one that lies outside. */
function placesWithin(indices: Tensor, output_size: Sizes): Int32Array {
  const dense = asContiguous(indices);
  const data = dense.store.data as BigInt64Array;
  const size = BigInt(elementCount(output_size));
  const out = new Int32Array(dense.count);
  let wrong: bigint | null = null;
  for (let i = 0; i < out.length; i++) {
    const at = data[dense.offset + i];
    if (at < 0n || at >= size) wrong = at;
    out[i] = Number(at);
  }
  if (wrong === null) return out;
  const volume = output_size.length === 3 ? output_size : [output_size[0], output_size[1]];
  throw new RuntimeError(`Found an invalid max index: ${wrong} (output volumes are of size ${volume.join("x")}`);
}

function unpool(dims: 2 | 3): (inputs: Inputs, stride: Sizes | null) => Tensor {
  const primitive = new Primitive<Inputs>({
    name: `MaxUnpool${dims}DBackward0`,
    forward: ({ self, indices, output_size }) => {
      const out = Tensor.make([...self.sizes.slice(0, -dims), ...output_size], self.dtype);
      const { data, offset, planes } = volumes(self, dims);
      setAtPlaces(data, offset, planes, elementCount(self.sizes.slice(-dims)), placesWithin(indices, output_size), elementCount(output_size), out.store.data);
      return out;
    },
    backward: { self: ({ grad, indices }) => pickPlaces(grad, indices, dims), indices: null },
  });
  return (inputs, stride) => {
    checkUnpool(dims, inputs, stride);
    return primitive.apply(inputs) as Tensor;
  };
}

const planar = unpool(2), spatial = unpool(3);

type Low2d = Fn<Record<string, unknown>, [input: Tensor, indices: Tensor, output_size: readonly number[]]>;
type Low3d = Fn<
  Record<string, unknown>,
  [input: Tensor, indices: Tensor, output_size: readonly number[], stride: readonly number[], padding: readonly number[]]
>;

const maxUnpool2d = define<Low2d, Inputs>("max_unpool2d", "(Tensor input, Tensor indices, tuple of ints output_size)", (inputs) => planar(inputs, null));
const maxUnpool3d = define<Low3d, Inputs & { stride: number[] }>(
  "max_unpool3d",
  "(Tensor input, Tensor indices, tuple of ints output_size, tuple of ints stride, tuple of ints padding)",
  ({ self, indices, output_size, stride }) => spatial({ self, indices, output_size }, stride),
);

/** Named arguments of `max_unpool1d` and its kin. */
export interface UnpoolOptions {
  /** The maxima: [batch, channels, ...spatial], or without the batch. */
  input: Tensor;
  /** Where they stood, as the maximum pool gives it. */
  indices: Tensor;
  /** The size of the windows. */
  kernel_size: PerDimension;
  /** How far they moved; their size unless given. */
  stride?: PerDimension | null;
  /** How far they reached over the edges. */
  padding?: PerDimension;
  /** The size of the result, which the pool leaves open. */
  output_size?: readonly number[] | null;
}

/** The way back from a maximum pool. */
export type Unpool = Fn<
  UnpoolOptions,
  [
    input: Tensor,
    indices: Tensor,
    kernel_size: PerDimension,
    stride?: PerDimension | null,
    padding?: PerDimension,
    output_size?: readonly number[] | null,
  ]
>;

const listed = (value: PerDimension, dims: number): readonly number[] => typeof value === "number" ? new Array<number>(dims).fill(value) : value;

/** The size of the result: what the windows imply, or what is asked for if that is not far from it. */
function outputSize(
  { sizes }: Tensor,
  kernel: readonly number[],
  stride: readonly number[],
  padding: readonly number[],
  asked: readonly number[] | null,
): number[] {
  const dims = kernel.length;
  const space = sizes.slice(-dims);
  const implied = space.map((n, d) => (n - 1) * stride[d] + kernel[d] - 2 * padding[d]);
  if (asked === null) return implied;
  const wanted = asked.length === dims + 2 ? asked.slice(2) : [...asked];
  if (wanted.length !== dims) {
    throw new ValueError(`output_size should be a sequence containing ${dims} or ${dims + 2} elements, but it has a length of '${asked.length}'`);
  }
  wanted.forEach((n, d) => {
    const least = implied[d] - stride[d], most = implied[d] + stride[d];
    if (n <= least || n >= most) throw new ValueError(`invalid output_size "${showSizes(wanted)}" (dim ${d} must be between ${least} and ${most})`);
  });
  return wanted;
}

type UnpoolInputs = {
  input: Tensor;
  indices: Tensor;
  kernel_size: PerDimension;
  stride: PerDimension | null;
  padding: PerDimension;
  output_size: readonly number[] | null;
};

function unpoolFunction(
  dims: 1 | 2 | 3,
  run: (input: Tensor, indices: Tensor, size: number[], stride: readonly number[], padding: readonly number[]) => Tensor,
): Unpool {
  return pythonFunction<Unpool, UnpoolInputs>(
    `max_unpool${dims}d`,
    ["input", "indices", "kernel_size"],
    { stride: null, padding: 0, output_size: null },
    ({ input, indices, kernel_size, stride, padding, output_size }) => {
      if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'size'`);
      const kernel = listed(kernel_size, dims), pad = listed(padding, dims);
      const step = stride === null ? kernel : listed(stride, dims);
      if (kernel.length > dims) throw new IndexError("tuple index out of range");
      return run(input, indices, outputSize(input, kernel, step, pad, output_size), step, pad);
    },
  );
}

/** The maxima where they stood along the last dimension, and zeros elsewhere. */
export const max_unpool1d: Unpool = unpoolFunction(
  1,
  (input, indices, [length]) => maxUnpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [length, 1]).squeeze(-1),
);
/** The maxima where they stood in the last two dimensions, and zeros elsewhere. The gradient of each is that of its place. */
export const max_unpool2d: Unpool = unpoolFunction(2, (input, indices, size) => maxUnpool2d(input, indices, size));
/** The maxima where they stood in the last three dimensions, and zeros elsewhere. */
export const max_unpool3d: Unpool = unpoolFunction(3, (input, indices, size, stride, padding) => maxUnpool3d(input, indices, size, stride, padding));

// -- means of powers -------------------------------------------------------------------------------------------------

/** Named arguments of `lp_pool1d` and its kin. */
export interface PowerPoolOptions {
  /** [batch, channels, ...spatial], or without the batch. */
  input: Tensor;
  /** The power. */
  norm_type: number;
  /** The size of the windows. */
  kernel_size: PerDimension;
  /** How far they move; their size unless given. */
  stride?: PerDimension | null;
  /** Whether the last window may reach over the end. */
  ceil_mode?: boolean;
}

/** A power pool. */
export type PowerPool = Fn<
  PowerPoolOptions,
  [input: Tensor, norm_type: number, kernel_size: PerDimension, stride?: PerDimension | null, ceil_mode?: boolean]
>;

type PowerInputs = { input: Tensor; norm_type: number; kernel_size: PerDimension; stride: PerDimension | null; ceil_mode: boolean };

function powerPool(dims: 1 | 2 | 3, average: typeof avg_pool1d): PowerPool {
  return pythonFunction<PowerPool, PowerInputs>(
    `lp_pool${dims}d`,
    ["input", "norm_type", "kernel_size"],
    { stride: null, ceil_mode: false },
    ({ input, norm_type, kernel_size, stride, ceil_mode }) => {
      const kernel = listed(kernel_size, dims);
      if (dims > 1 && kernel.length > dims) throw new ValueError(`too many values to unpack (expected ${dims})`);
      const mean = average(input.pow(norm_type), kernel_size, stride, 0, ceil_mode);
      const sum = mean.sign().mul(mean.abs().relu()).mul(elementCount(kernel));
      return sum.pow(1 / norm_type);
    },
  );
}

/** The p-th root of the sum of the p-th powers of each window along the last dimension. */
export const lp_pool1d: PowerPool = powerPool(1, avg_pool1d);
/** The p-th root of the sum of the p-th powers of each window of the last two dimensions. */
export const lp_pool2d: PowerPool = powerPool(2, avg_pool2d);
/** The p-th root of the sum of the p-th powers of each window of the last three dimensions. */
export const lp_pool3d: PowerPool = powerPool(3, avg_pool3d);
