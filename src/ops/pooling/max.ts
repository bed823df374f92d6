/**
 * Maxima of sliding windows, and the places where they stand.
 */
import { bool, int64 } from "../../dtype.ts";
import { is_grad_enabled } from "../../autograd/mode.ts";
import { noKernel, RuntimeError } from "../../errors.ts";
import { readIndices } from "../../kernels/indexing.ts";
import { addToPlaces, maxBoxes, widen } from "../../kernels/pooling.ts";
import { elementCount } from "../../layout.ts";
import { isPlainObject } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { type Args, define, type Fn, Primitive } from "../define.ts";
import { asContiguous } from "../elementwise.ts";
import { pythonFunction } from "../python_function.ts";
import { boxesOf, checkRank, checkWindows, type Parameter, perDimension, placesOf, showSizes, single, volumes, type Windows } from "./windows.ts";

type Settings = { kernel_size: Parameter; stride: Parameter; padding: Parameter; dilation: Parameter; ceil_mode: boolean };
type Inputs = Settings & { self: Tensor };

/** The gradient of what was chosen from `self`: each gradient stands where the maximum stood. */
export type ChosenInputs = { grad_output: Tensor; self: Tensor; indices: Tensor };

/** The places in the last dimensions that `indices` names, as 32-bit integers. */
export function placesIn(indices: Tensor, size: number): Int32Array {
  const dense = asContiguous(indices);
  return readIndices(dense.store.data, dense.offset, dense.count, 0, size, (index) => new RuntimeError(`Found an invalid max index: ${index}`));
}

/** The elements of `self` at the places, which are numbered over the last `dims` dimensions. */
export function pickPlaces(self: Tensor, indices: Tensor, dims: number): Tensor {
  return self.flatten(-dims).gather(-1, indices.flatten(-dims)).view(indices.sizes);
}

/** The primitive that brings gradients back to the places of the maxima; it is linear, and its own gradient picks these places. */
export function chosenBackward(name: string, dims: number): Primitive<ChosenInputs> {
  return new Primitive<ChosenInputs>({
    name,
    forward: ({ grad_output, self, indices }) => {
      const out = Tensor.make(self.sizes, grad_output.dtype);
      const size = elementCount(self.sizes.slice(-dims)), count = elementCount(indices.sizes.slice(-dims));
      const { data, offset, planes } = volumes(grad_output, dims);
      addToPlaces(data, offset, planes, count, placesIn(indices, size), size, out.store.data);
      return out;
    },
    backward: {
      grad_output: ({ grad, indices }) => pickPlaces(grad, indices, dims),
      self: ({ grad }) => grad.zeros_like(),
      indices: null,
    },
  });
}

const COUNT = { 2: "two", 3: "three" };

function windowsOf(dims: 2 | 3, { kernel_size, stride, padding, dilation, ceil_mode }: Settings): Windows {
  const refuse = (name: string, words: string) => () => new RuntimeError(`max_pool${dims}d: ${name} ${words} a single int, or a tuple of ${COUNT[dims]} ints`);
  const kernel = perDimension(kernel_size, dims, refuse("kernel_size", "must either be"));
  const isGiven = typeof stride === "number" || (stride !== null && stride.length > 0);
  return {
    kernel,
    stride: isGiven ? perDimension(stride, dims, refuse("stride", "must either be omitted,")) : kernel,
    padding: perDimension(padding, dims, refuse("padding", "must either be")),
    dilation: perDimension(dilation, dims, refuse("dilation", "must be either")),
    ceil: ceil_mode,
  };
}

function maxPool(dims: 2 | 3): (inputs: Inputs) => Tensor[] {
  const backward = chosenBackward(`MaxPool${dims}DWithIndicesBackwardBackward0`, dims);
  const primitive = new Primitive<Inputs>({
    name: `MaxPool${dims}DWithIndicesBackward0`,
    nonDifferentiable: [1],
    forward: ({ self, ...settings }) => {
      const windows = windowsOf(dims, settings);
      const { sizes } = self;
      if (sizes.length !== dims + 1 && sizes.length !== dims + 2) {
        throw new RuntimeError(`non-empty ${dims + 1}D or ${dims + 2}D (batch mode) tensor expected for input`);
      }
      const spaces = sizes.slice(-dims);
      const places = placesOf(spaces, windows);
      checkWindows(`max_pool${dims}d_with_indices_out_cpu_template`, sizes, places, windows, false);
      if (self.dtype === bool) throw noKernel(`max_pool${dims}d`, bool);
      const shape = [...sizes.slice(0, -dims), ...places];
      const out = Tensor.make(shape, self.dtype), indices = Tensor.make(shape, int64);
      const { data, offset, planes, space } = volumes(self, dims);
      const at = new Int32Array(out.count);
      maxBoxes(data, offset, planes, space, boxesOf(spaces, places, windows, false), out.store.data, at);
      widen(at, indices.store.data as BigInt64Array);
      return [out, indices];
    },
    backward: {
      // deno-lint-ignore no-unused-vars -- PyTorch saves the parameters: they can be read on the node
      self: ({ grad, self, kernel_size, stride, padding, dilation, ceil_mode, result1 }) =>
        backward.apply({ grad_output: grad, self, indices: result1 }) as Tensor,
    },
  });
  return (inputs) => primitive.apply(inputs) as Tensor[];
}

const planar = maxPool(2), spatial = maxPool(3);

function max1dWithIndices({ self, kernel_size, stride, padding, dilation, ceil_mode }: Inputs): Tensor[] {
  const op = "max_pool1d";
  checkRank(op, self);
  const isGiven = typeof stride === "number" || (stride !== null && stride.length > 0);
  const kernel = single(op, "kernel_size", kernel_size);
  const step = isGiven ? single(op, "stride", stride) : kernel;
  const [pad, distance] = [single(op, "padding", padding), single(op, "dilation", dilation)];
  const image = self.unsqueeze(-2);
  const results = planar({ self: image, kernel_size: [1, kernel], stride: [1, step], padding: [0, pad], dilation: [1, distance], ceil_mode });
  return results.map((t) => t.squeeze(-2));
}

/** What PyTorch asks of `max_pool1d` before it chooses a way to compute it. */
function check1d({ self, kernel_size, stride, padding, dilation, ceil_mode }: Inputs): void {
  const { sizes } = self;
  if ((sizes.length !== 2 && sizes.length !== 3) || sizes[sizes.length - 1] === 0 || sizes[sizes.length - 2] === 0) {
    throw new RuntimeError(`max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:${showSizes(sizes)}`);
  }
  const one = (name: string, value: Parameter, words: string): number => {
    const list = typeof value === "number" ? [value] : value!;
    if (list.length !== 1) throw new RuntimeError(`max_pool1d() ${name} must be ${words} of size 1 but got size ${list.length}`);
    return list[0];
  };
  const kernel = one("kernel_size", kernel_size, "an int, list of ints or tuple of ints");
  const isGiven = typeof stride === "number" || (stride !== null && stride.length > 0);
  const step = isGiven ? one("stride", stride, "None, an int, list of ints, or tuple of ints") : kernel;
  const pad = one("padding", padding, "an int, list of ints, or tuple of ints");
  const distance = one("dilation", dilation, "an int, list of ints or tuple of ints");
  if (kernel <= 0) throw new RuntimeError(`max_pool1d() kernel_size must be greater than zero, but got ${kernel}`);
  if (step <= 0) throw new RuntimeError(`max_pool1d() stride must be greater than zero, but got ${step}`);
  if (pad < 0) throw new RuntimeError(`max_pool1d() padding must be non-negative, but got ${pad}`);
  if (pad > Math.trunc(kernel / 2)) {
    throw new RuntimeError(`max_pool1d() padding should be at most half of kernel size, but got padding=${pad} and kernel_size=${kernel}`);
  }
  if (distance <= 0) throw new RuntimeError(`max_pool1d() dilation must be greater than zero, but got ${distance}`);
  const windows = { kernel: [kernel], stride: [step], padding: [pad], dilation: [distance], ceil: ceil_mode };
  const [places] = placesOf(sizes.slice(-1), windows);
  if (places <= 0) throw new RuntimeError(`max_pool1d() Invalid computed output size: ${places}`);
}

// -- as they stand in `torch` ----------------------------------------------------------------------------------------

/** Named arguments of a maximum pool. */
export interface MaxPoolOptions {
  /** [batch, channels, ...spatial], or without the batch. */
  input: Tensor;
  /** The size of the windows. */
  kernel_size: number | readonly number[];
  /** How far they move; their size unless given. */
  stride?: number | readonly number[] | null;
  /** How far they reach over the edges. */
  padding?: number | readonly number[];
  /** The distance of their elements. */
  dilation?: number | readonly number[];
  /** Whether the last window may reach over the end. */
  ceil_mode?: boolean;
}

/** What maximum pools take by position. */
export type MaxPoolArguments = [
  input: Tensor,
  kernel_size: number | readonly number[],
  stride?: number | readonly number[] | null,
  padding?: number | readonly number[],
  dilation?: number | readonly number[],
  ceil_mode?: boolean,
];

/** A maximum pool of `torch`. */
export type LowMaxPool<R = Tensor> = Fn<MaxPoolOptions, MaxPoolArguments, R>;

const SIGNATURE =
  "(Tensor input, tuple of ints kernel_size, tuple of ints stride = None, tuple of ints padding = 0, tuple of ints dilation = 1, bool ceil_mode = False)";

/** `torch.max_pool1d`. */
export const maxPool1d: LowMaxPool = define<LowMaxPool, Inputs>("max_pool1d", SIGNATURE, (inputs) => {
  check1d(inputs);
  const { self } = inputs;
  if (self.dtype.category !== "float" && !(is_grad_enabled() && self.requires_grad)) throw noKernel("max_pool1d_impl", self.dtype);
  return max1dWithIndices(inputs)[0];
});
/** `torch.max_pool2d`. */
export const maxPool2d: LowMaxPool = define<LowMaxPool, Inputs>("max_pool2d", SIGNATURE, (inputs) => planar(inputs)[0]);
/** `torch.max_pool3d`. */
export const maxPool3d: LowMaxPool = define<LowMaxPool, Inputs>("max_pool3d", SIGNATURE, (inputs) => spatial(inputs)[0]);
/** `torch.max_pool1d_with_indices`. */
export const maxPool1dWithIndices: LowMaxPool<Tensor[]> = define<LowMaxPool<Tensor[]>, Inputs>("max_pool1d_with_indices", SIGNATURE, max1dWithIndices);
const maxPool2dWithIndices = define<LowMaxPool<Tensor[]>, Inputs>("max_pool2d_with_indices", SIGNATURE, planar);
const maxPool3dWithIndices = define<LowMaxPool<Tensor[]>, Inputs>("max_pool3d_with_indices", SIGNATURE, spatial);

// -- as they stand in `torch.nn.functional` --------------------------------------------------------------------------

/** Named arguments of a maximum pool that may give the places too. */
export interface IndexedMaxPoolOptions extends MaxPoolOptions {
  /** Whether to give the places of the maxima, numbered over the last dimensions. */
  return_indices?: boolean;
}

/** A maximum pool: the maxima, or an array of them and their places. */
export interface MaxPool {
  /** The maxima and their places. */
  (...args: [...MaxPoolArguments, named: Partial<IndexedMaxPoolOptions> & { return_indices: true }]): [Tensor, Tensor];
  /** The maxima. */
  (...args: Args<IndexedMaxPoolOptions & { return_indices?: false }, [...MaxPoolArguments, return_indices?: false]>): Tensor;
  /** The maxima, or an array of them and their places. */
  (...args: Args<IndexedMaxPoolOptions, [...MaxPoolArguments, return_indices?: boolean]>): Tensor | [Tensor, Tensor];
}

type Named = Settings & { input: Tensor; return_indices: boolean };

/** A function whose argument `flag`, at `position` or by name, decides which of two functions it is. */
export function dispatched<F>(flag: string, position: number, ifTrue: (...args: never[]) => unknown, ifFalse: (...args: never[]) => unknown): F {
  return ((...args: unknown[]) => {
    const last = args[args.length - 1];
    const named = isPlainObject(last) ? last : null;
    const given = args.length - (named === null ? 0 : 1);
    const chosen = given > position ? args[position] : named?.[flag];
    return (chosen ? ifTrue : ifFalse)(...args as never[]);
  }) as F;
}

/** A maximum pool that always gives the places too. */
export type MaxPoolWithIndices = Fn<IndexedMaxPoolOptions, [...MaxPoolArguments, return_indices?: boolean], [Tensor, Tensor]>;

function indexed(op: string, plain: LowMaxPool, both: LowMaxPool<Tensor[]>): { pool: MaxPool; withIndices: MaxPoolWithIndices } {
  const defaults = { stride: null, padding: 0, dilation: 1, ceil_mode: false, return_indices: false };
  const call = <R>(f: LowMaxPool<R>) => ({ input, kernel_size, stride, padding, dilation, ceil_mode }: Named): R =>
    f(input, kernel_size as number, stride, padding as number, dilation as number, ceil_mode);
  const withIndices = pythonFunction<MaxPoolWithIndices, Named>(`${op}_with_indices`, ["input", "kernel_size"], defaults, call(both));
  const first = pythonFunction<(...args: never[]) => unknown, Named>(`_${op}`, ["input", "kernel_size"], defaults, call(plain));
  return { pool: dispatched<MaxPool>("return_indices", 6, withIndices as (...args: never[]) => unknown, first), withIndices };
}

const one = indexed("max_pool1d", maxPool1d, maxPool1dWithIndices);
const two = indexed("max_pool2d", maxPool2d, maxPool2dWithIndices);
const three = indexed("max_pool3d", maxPool3d, maxPool3dWithIndices);

/** The maximum of each window along the last dimension. */
export const max_pool1d: MaxPool = one.pool;
/** The maximum of each window of the last two dimensions. The gradient of each goes to the element that was the maximum, the first of equal ones. */
export const max_pool2d: MaxPool = two.pool;
/** The maximum of each window of the last three dimensions. */
export const max_pool3d: MaxPool = three.pool;
/** The maximum of each window along the last dimension, and its place. */
export const max_pool1d_with_indices: MaxPoolWithIndices = one.withIndices;
/** The maximum of each window of the last two dimensions, and its place. */
export const max_pool2d_with_indices: MaxPoolWithIndices = two.withIndices;
/** The maximum of each window of the last three dimensions, and its place. */
export const max_pool3d_with_indices: MaxPoolWithIndices = three.withIndices;
