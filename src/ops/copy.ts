/**
 * Copies, conversions and fills.
 */
import { detached, refuseUnderTransforms } from "../autograd/transforms.ts";
import { bool, DType, float32, float64, int16, int32, int64, int8, uint8 } from "../dtype.ts";
import { AssertionError, RuntimeError } from "../errors.ts";
import { denseCopy } from "../kernels/strided_copy.ts";
import { broadcastSizes, preservedStrides, sameSizes, type Sizes } from "../layout.ts";
import { isPlainObject } from "../python.ts";
import { CPU, Device, parseDevice } from "../size.ts";
import { sharesMemory, SMALL, Storage } from "../storage.ts";
import { setRequiresGrad, Tensor } from "../tensor.ts";
import { type AnyFunction, type Callable, define, type Op, Primitive } from "./define.ts";
import { copyElements } from "./elementwise.ts";
import type { Num } from "./promotion.ts";
import { checkedScalar } from "./scalar.ts";

/** Which order of dimensions a copy has in memory. Only the CPU's row-major one and that of the source are told apart here. */
export type MemoryFormat = "torch.contiguous_format" | "torch.preserve_format" | "torch.channels_last";

/** Named arguments of copies. */
export interface CloneOptions {
  /** `torch.preserve_format` (the default) or `torch.contiguous_format`. */
  memory_format?: MemoryFormat;
}

function copyOf(self: Tensor, dtype: DType, format: string | null | undefined): Tensor {
  const strides: Sizes | null = format === "torch.contiguous_format" ? null : self.contiguousLayout ? null : preservedStrides(self.sizes, self.strides);
  if (strides === null && dtype === self.dtype && self.store.pending === null && self.count > SMALL) {
    const data = denseCopy(self.sizes, self.store.data, self.offset, self.strides);
    if (data !== null) return new Tensor(new Storage(data), dtype, self.sizes);
  }
  const out = strides === null ? Tensor.small(self.sizes, dtype) : Tensor.make(self.sizes, dtype, strides);
  copyElements(out, self);
  return out;
}

/** A copy with memory of its own. The gradient flows through. */
export const clone: Op<CloneOptions> = define<Op<CloneOptions>, { self: Tensor; memory_format: string | null }>(
  "clone",
  "(Tensor input, *, torch.memory_format memory_format = None)",
  {
    forward: ({ self, memory_format }) => copyOf(self, self.dtype, memory_format),
    backward: { self: ({ grad }) => grad },
  },
);

/** The tensor itself where it is in row-major order, else a row-major copy. */
export const contiguous: Op<CloneOptions> = define<Op<CloneOptions>, { self: Tensor }>(
  "contiguous",
  "(Tensor input, *, torch.memory_format memory_format = None)",
  ({ self }) => self.contiguousLayout ? self : clone(self, { memory_format: "torch.contiguous_format" }),
);

const convert = new Primitive<{ self: Tensor; dtype: DType }>({
  name: "ToCopyBackward0",
  forward: ({ self, dtype }) => copyOf(self, dtype, null),
  backward: { self: ({ grad, self_dtype }) => toType(grad, self_dtype) },
});

/** The tensor in another dtype; itself where it has the dtype and no copy is asked for. The gradient is converted back. */
export function toType(self: Tensor, dtype: DType, copy = false): Tensor {
  if (self.dtype === dtype) return copy ? clone(self) : self;
  return convert.apply({ self, dtype }) as Tensor;
}

/** Named arguments of `to`. */
export interface ToOptions {
  /** The dtype wanted. */
  dtype?: DType | null;
  /** The device wanted: the CPU. */
  device?: string | Device | null;
  /** Accepted; there is nothing to wait for. */
  non_blocking?: boolean;
  /** Copy even where nothing changes. */
  copy?: boolean;
  /** See `clone`. */
  memory_format?: MemoryFormat | null;
}

/** Throws PyTorch's error for a device that this build does not have. */
export function checkDevice(device: string | Device | null | undefined): Device {
  if (device === null || device === undefined) return CPU;
  const parsed = parseDevice(device);
  if (parsed.type === "cuda") throw new AssertionError("Torch not compiled with CUDA enabled");
  if (parsed.type !== "cpu" && parsed.type !== "meta") {
    throw new RuntimeError(`Could not run 'aten::empty.memory_format' with arguments from the '${parsed.type.toUpperCase()}' backend.`);
  }
  return parsed;
}

/** The tensor in the dtype, on the device, or in both of another tensor, as PyTorch reads the arguments of `to`. */
export function to(self: Tensor, ...args: (DType | Device | string | Tensor | boolean | null | undefined | ToOptions)[]): Tensor {
  let dtype = self.dtype;
  let copy = false;
  const flags: boolean[] = [];
  for (const arg of args) {
    if (arg instanceof DType) dtype = arg;
    else if (arg instanceof Tensor) dtype = arg.dtype;
    else if (typeof arg === "string" || arg instanceof Device) checkDevice(arg);
    else if (typeof arg === "boolean") flags.push(arg);
    else if (isPlainObject(arg)) {
      const options: ToOptions & { other?: Tensor } = arg;
      checkDevice(options.device);
      dtype = options.dtype ?? options.other?.dtype ?? dtype;
      copy = options.copy ?? false;
    } else if (typeof arg === "number") throw new RuntimeError("Cannot access accelerator device when none is available.");
  }
  return toType(self, dtype, copy || flags[1] === true);
}

const conversion = (name: string, dtype: DType): Op<CloneOptions> =>
  define<Op<CloneOptions>, { self: Tensor }>(name, "(Tensor input, *, torch.memory_format memory_format = None)", ({ self }) => toType(self, dtype));

/** In float32. */
export const float: Op<CloneOptions> = conversion("float", float32);
/** In float64. */
export const double: Op<CloneOptions> = conversion("double", float64);
/** In int64. */
export const long: Op<CloneOptions> = conversion("long", int64);
/** In int32. */
export const int: Op<CloneOptions> = conversion("int", int32);
/** In int16. */
export const short: Op<CloneOptions> = conversion("short", int16);
/** In int8. */
export const char: Op<CloneOptions> = conversion("char", int8);
/** In uint8. */
export const byte: Op<CloneOptions> = conversion("byte", uint8);
const toBool: Op<CloneOptions> = conversion("bool", bool);
export { toBool as bool };

/** On the CPU, where it is. */
export const cpu: Op = define<Op, { self: Tensor }>("cpu", "(Tensor input, *, torch.memory_format memory_format = None)", ({ self }) => self);

/** Throws PyTorch's error: there is no CUDA here. */
export function cuda(_self: Tensor, _device?: unknown): Tensor {
  throw new AssertionError("Torch not compiled with CUDA enabled");
}

/** In the dtype of `other`. */
export const type_as: Op<{ other: Tensor }, [other: Tensor]> = define<Op<{ other: Tensor }, [other: Tensor]>, { self: Tensor; other: Tensor }>(
  "type_as",
  "(Tensor input, Tensor other)",
  ({ self, other }) => toType(self, other.dtype),
);

const copyInto = new Primitive<{ self: Tensor; src: Tensor }>({
  name: "torch::autograd::CopyBackwards",
  forward: ({ src }) => src,
  backward: {
    self: ({ grad }) => grad.zeros_like(),
    src: ({ grad, src_dtype }) => toType(grad, src_dtype),
  },
});

/** Throws PyTorch's error where a tensor of the shape of `other` cannot be written into `self`. */
function checkShape(self: Tensor, other: Tensor): void {
  if (sameSizes(self.sizes, other.sizes)) return;
  const sizes = broadcastSizes(self.sizes, other.sizes);
  if (sameSizes(sizes, self.sizes)) return;
  throw new RuntimeError(`output with shape [${self.sizes.join(", ")}] doesn't match the broadcast shape [${sizes.join(", ")}]`);
}

const copyTensor: Op<{ other: Tensor; non_blocking: boolean }, [other: Tensor]> = define<
  Op<{ other: Tensor; non_blocking: boolean }, [other: Tensor]>,
  { self: Tensor; other: Tensor }
>("copy_", "(Tensor input, Tensor other, bool non_blocking = False)", ({ self, other }) =>
  copyInto.writeInto({ self, src: other }, () => {
    checkShape(self, other);
    copyElements(self, sharesMemory(other.store, self.store) ? copyOf(other, other.dtype, null) : other);
  }));

/** `copy_`. */
export type Copy = Op<{ src: Tensor; non_blocking: boolean }, [src: Tensor | Num, non_blocking?: boolean]>;

/** PyTorch takes a number here for a 0-d tensor. */
function numberAsTensor(value: unknown): unknown {
  if (typeof value === "bigint") return filled(Tensor.make([], int64), value);
  return typeof value === "number" || typeof value === "boolean" ? filled(Tensor.make([], float64), value) : value;
}

const takingNumbers = (copy: AnyFunction): Callable => (self, src, ...rest) => (copy as Callable)(self, numberAsTensor(src), ...rest);

/** Copies the elements of `src`, broadcast and converted to the dtype of `self`, into `self`, which it returns. */
export const copy_: Copy = Object.assign(takingNumbers(copyTensor), { asMethod: takingNumbers(copyTensor.asMethod) }) as AnyFunction as Copy;
Object.defineProperty(copy_, "name", { value: "copy_" });

// PyTorch has a node for `fill` and one for `fill_`, for numbers and for tensors
const fillNumber = (overload: number) =>
  new Primitive<{ self: Tensor; value: Num }>({
    name: `FillBackward${overload}`,
    uniform: true,
    forward: ({ self, value }) => filled(self, value),
    backward: { self: ({ grad }) => grad.zeros_like() },
  });
const fillTensor = (overload: number) =>
  new Primitive<{ self: Tensor; value: Tensor }>({
    name: `FillBackward${overload}`,
    uniform: true,
    forward: ({ self, value }) => filled(self, value.item() as Num),
    backward: { self: ({ grad }) => grad.zeros_like(), value: ({ grad }) => grad.sum() },
  });
const fillWithNumber = fillNumber(0), fillWithTensor = fillTensor(1), fillNumberInplace = fillNumber(2), fillTensorInplace = fillTensor(3);

function filled(self: Tensor, value: Num): Tensor {
  const out = Tensor.make(self.sizes, self.dtype, self.contiguousLayout ? null : preservedStrides(self.sizes, self.strides));
  (out.store.data as Float32Array).fill(checkedScalar(value, self.dtype) as number);
  return out;
}

function checkFill(value: Tensor): void {
  if (value.sizes.length > 0) {
    throw new RuntimeError(`fill_ only supports 0-dimension value tensor but got tensor with ${value.sizes.length} dimensions.`);
  }
}

const FILL = ["(Tensor input, Tensor value)", "(Tensor input, Number value)"];

/** A tensor like `self` with every element `value`. */
export const fill: Op<{ value: Tensor | Num }, [value: Tensor | Num]> = define<
  Op<{ value: Tensor | Num }, [value: Tensor | Num]>,
  { self: Tensor; value: Tensor | Num }
>(
  "fill",
  FILL,
  ({ self, value }) => {
    if (!(value instanceof Tensor)) return fillWithNumber.apply({ self, value });
    checkFill(value);
    return fillWithTensor.apply({ self, value });
  },
);

/** Sets every element to `value`. */
export const fill_: Op<{ value: Tensor | Num }, [value: Tensor | Num]> = define<
  Op<{ value: Tensor | Num }, [value: Tensor | Num]>,
  { self: Tensor; value: Tensor | Num }
>(
  "fill_",
  FILL,
  ({ self, value }) => {
    if (!(value instanceof Tensor)) return fillNumberInplace.applyInplace({ self, value });
    checkFill(value);
    return fillTensorInplace.applyInplace({ self, value });
  },
);

const zero = new Primitive<{ self: Tensor }>({
  name: "ZeroBackward0",
  uniform: true,
  forward: ({ self }) => filled(self, 0),
  backward: { self: ({ grad }) => grad.zeros_like() },
});

/** Sets every element to zero. */
export const zero_: Op = define<Op, { self: Tensor }>("zero_", "(Tensor input)", ({ self }) => zero.applyInplace({ self }));

/** The same values without history. It shares memory and version counter with `self`. */
export const detach: Op = define<Op, { self: Tensor }>("detach", "(Tensor input)", ({ self }) => detached(self));

/** Cuts `self` off from its history and makes it a leaf that requires no gradient. */
export const detach_: Op = define<Op, { self: Tensor }>("detach_", "(Tensor input)", ({ self }) => {
  if (self.viewInfo !== null) {
    throw new RuntimeError(
      "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, " +
        "gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() " +
        "function in torch/optim/optimizer.py as the solution.",
    );
  }
  self.node = null;
  self.output_nr = 0;
  self.tracks = false;
  return self;
});

/** Sets whether gradients flow to a leaf. Only floating-point tensors can require them. */
export const requires_grad_: Op<{ requires_grad: boolean }, [requires_grad?: boolean]> = define<
  Op<{ requires_grad: boolean }, [requires_grad?: boolean]>,
  { self: Tensor; requires_grad: boolean }
>("requires_grad_", "(Tensor input, bool requires_grad = True)", ({ self, requires_grad }) => {
  refuseUnderTransforms(
    "You are attempting to call Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs) inside of a function being transformed by a functorch transform. " +
      "This is unsupported, please attempt to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a function being transformed instead.",
  );
  setRequiresGrad(self, requires_grad, "only Tensors of floating point dtype can require gradients");
  return self;
});

/** Gives `self` another shape; where more elements are needed than memory holds, new ones are zero. */
function resized(self: Tensor, size: readonly number[]): Tensor {
  if (self.tracks) throw new RuntimeError("cannot resize variables that require grad");
  if (size.some((n) => n < 0)) throw new RuntimeError("numel: integer multiplication overflow");
  const { store } = self;
  if (sameSizes(self.sizes, size)) return self;
  store.version++;
  const start = self.offset - store.base;
  const shaped = new Tensor(store, self.dtype, size, null, self.offset);
  if (start + shaped.count > store.length) {
    const grown = new Storage(self.dtype.allocate(start + shaped.count));
    (grown.data as Float32Array).set(store.data.subarray(store.base, store.base + store.length) as Float32Array);
    grown.version = store.version;
    Object.assign(self, { store: grown, offset: start });
  }
  const { sizes, strides, count, contiguousLayout } = shaped;
  Object.assign(self, { sizes, strides, count, contiguousLayout });
  return self;
}

/** `resize_`: gives a tensor another shape. */
export type Resize = Op<{ size: readonly number[] }, (number | readonly number[])[]>;

/** Changes the shape in place; where more elements are needed than memory holds, new ones are zero. */
export const resize_: Resize = define<Resize, { self: Tensor; size: number[] }>(
  "resize_",
  "(Tensor input, tuple of ints size, *, torch.memory_format memory_format = None)",
  ({ self, size }) => resized(self, size),
);

/** `resize_as_`: gives a tensor the shape of another. */
export type ResizeAs = Op<{ the_template: Tensor }, [the_template: Tensor]>;

/** Changes the shape in place to that of another tensor. */
export const resize_as_: ResizeAs = define<ResizeAs, { self: Tensor; the_template: Tensor }>(
  "resize_as_",
  "(Tensor input, Tensor the_template, *, torch.memory_format memory_format = None)",
  ({ self, the_template }) => resized(self, [...the_template.sizes]),
);
