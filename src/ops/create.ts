/**
 * New tensors.
 */
import { bool, type DType, float32, float64, get_default_dtype, int16, int32, int64, int8, type TypedArray, uint8 } from "../dtype.ts";
import { RuntimeError, ValueError } from "../errors.ts";
import { elementCount, preservedStrides, requiredStorage } from "../layout.ts";
import { isPlainObject, pythonType } from "../python.ts";
import type { Device } from "../size.ts";
import { Storage } from "../storage.ts";
import { setRequiresGrad, Tensor } from "../tensor.ts";
import { checkDevice } from "./copy.ts";
import { define, type Fn, type Op } from "./define.ts";
import { toScalar } from "./elementwise.ts";
import type { Num } from "./promotion.ts";
import type { Varargs } from "./view.ts";

/** Named arguments of everything that makes tensors. */
export interface TensorOptions {
  /** The dtype; what the function's own default is where it is left out. */
  dtype?: DType | null;
  /** The device: the CPU. */
  device?: string | Device | null;
  /** Whether gradients flow to the new tensor. */
  requires_grad?: boolean;
  /** Accepted; there is one layout. */
  layout?: unknown;
  /** Accepted; memory is never pinned. */
  pin_memory?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

type Options = { dtype: DType | null; device: string | Device | null; requires_grad: boolean };

const FACTORY = "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False";

function finish(tensor: Tensor, { device, requires_grad }: Options): Tensor {
  checkDevice(device);
  if (requires_grad) setRequiresGrad(tensor, true, "Only Tensors of floating point and complex dtype can require gradients");
  return tensor;
}

function checkSize(size: readonly number[]): void {
  for (const n of size) if (n < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${n}: [${size.join(", ")}]`);
}

/** A dense tensor with every element `value`. */
export function filledWith(size: readonly number[], value: Num, dtype: DType): Tensor {
  checkSize(size);
  const out = Tensor.small([...size], dtype);
  const scalar = dtype === bool ? (value ? 1 : 0) : toScalar(value, dtype);
  if (value) (out.store.data as Float32Array).fill(scalar as number, out.offset, out.offset + out.count);
  return out;
}

const sized = (names: boolean) => [
  ...(names ? [`(tuple of ints size, *, tuple of names names, ${FACTORY})`] : []),
  `(tuple of ints size, *, Tensor out = None, ${FACTORY})`,
];

type Sized = Fn<TensorOptions & { size: readonly number[] }, Varargs>;
const constant = (name: string, value: number): Sized =>
  define<Sized, Options & { size: number[] }>(name, sized(true), (p) => finish(filledWith(p.size, value, p.dtype ?? get_default_dtype()), p));

/** A tensor of ones. */
export const ones: Sized = constant("ones", 1);
/** A tensor of zeros. */
export const zeros: Sized = constant("zeros", 0);
/** A tensor whose values mean nothing yet; here they are zeros. */
export const empty: Sized = constant("empty", 0);

/** A tensor with every element `fill_value`: float32 for a number, int64 for a bigint, bool for a boolean, unless `dtype` says otherwise. */
export const full: Fn<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]> = define<
  Fn<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]>,
  Options & { size: number[]; fill_value: Num }
>(
  "full",
  [`(tuple of ints size, Number fill_value, *, tuple of names names, ${FACTORY})`, `(tuple of ints size, Number fill_value, *, Tensor out = None, ${FACTORY})`],
  (p) => finish(filledWith(p.size, p.fill_value, p.dtype ?? dataType(p.fill_value)), p),
);

/** The dtype of a number as data: floats are the default dtype, bigints int64, booleans bool. */
function dataType(value: Num): DType {
  return typeof value === "bigint" ? int64 : typeof value === "boolean" ? bool : get_default_dtype();
}

/** A 0-d tensor. */
export const scalar_tensor: Fn<TensorOptions & { s: Num }, [s: Num]> = define<Fn<TensorOptions & { s: Num }, [s: Num]>, Options & { s: Num }>(
  "scalar_tensor",
  `(Number s, *, ${FACTORY})`,
  (p) => finish(filledWith([], p.s, p.dtype ?? get_default_dtype()), p),
);

const like = (extra = "") => `(Tensor input, ${extra}*, torch.memory_format memory_format = None, ${FACTORY})`;

type Like = Op<TensorOptions & { memory_format: unknown }>;

function filledLike(self: Tensor, value: Num, p: Options & { memory_format?: unknown }): Tensor {
  const dtype = p.dtype ?? self.dtype;
  const dense = self.contiguousLayout || p.memory_format === "torch.contiguous_format";
  const out = Tensor.make(self.sizes, dtype, dense ? null : preservedStrides(self.sizes, self.strides));
  if (value) (out.store.data as Float32Array).fill((dtype === bool ? 1 : toScalar(value, dtype)) as number);
  return finish(out, p);
}

const constantLike = (name: string, value: number): Like => define<Like, Options & { self: Tensor }>(name, like(), (p) => filledLike(p.self, value, p));

/** Ones in the shape, dtype and order of dimensions of `self`. */
export const ones_like: Like = constantLike("ones_like", 1);
/** Zeros in the shape, dtype and order of dimensions of `self`. */
export const zeros_like: Like = constantLike("zeros_like", 0);
/** A tensor in the shape of `self` whose values mean nothing yet; here they are zeros. */
export const empty_like: Like = constantLike("empty_like", 0);

/** `fill_value` in the shape and dtype of `self`. */
export const full_like: Op<TensorOptions & { fill_value: Num }, [fill_value: Num]> = define<
  Op<TensorOptions & { fill_value: Num }, [fill_value: Num]>,
  Options & { self: Tensor; fill_value: Num }
>("full_like", like("Number fill_value, "), (p) => filledLike(p.self, p.fill_value, p));

type New = Op<TensorOptions & { size: readonly number[] }, Varargs>;
const newConstant = (name: string, value: number): New =>
  define<New, Options & { self: Tensor; size: number[] }>(name, `(Tensor input, tuple of ints size, *, ${FACTORY})`, (p) =>
    finish(filledWith(p.size, value, p.dtype ?? p.self.dtype), p));

/** Ones of another shape in the dtype of `self`. */
export const new_ones: New = newConstant("new_ones", 1);
/** Zeros of another shape in the dtype of `self`. */
export const new_zeros: New = newConstant("new_zeros", 0);
/** A tensor of another shape in the dtype of `self` whose values mean nothing yet; here they are zeros. */
export const new_empty: New = newConstant("new_empty", 0);

/** `fill_value` in another shape and the dtype of `self`. */
export const new_full: Op<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]> = define<
  Op<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]>,
  Options & { self: Tensor; size: number[]; fill_value: Num }
>("new_full", `(Tensor input, tuple of ints size, Number fill_value, *, ${FACTORY})`, (p) => finish(filledWith(p.size, p.fill_value, p.dtype ?? p.self.dtype), p));

type StridedOptions = TensorOptions & { size: readonly number[]; stride: readonly number[] };

function strided(size: readonly number[], stride: readonly number[], dtype: DType): Tensor {
  checkSize(size);
  return new Tensor(new Storage(dtype.allocate(requiredStorage(size, stride, 0))), dtype, [...size], [...stride]);
}

/** A tensor of this shape with these strides, whose values mean nothing yet. */
export const empty_strided: Fn<StridedOptions, [size: readonly number[], stride: readonly number[]]> = define<
  Fn<StridedOptions, [size: readonly number[], stride: readonly number[]]>,
  Options & { size: number[]; stride: number[] }
>("empty_strided", `(tuple of ints size, tuple of ints stride, *, ${FACTORY})`, (p) => finish(strided(p.size, p.stride, p.dtype ?? get_default_dtype()), p));

/** The same in the dtype of `self`. */
export const new_empty_strided: Op<StridedOptions, [size: readonly number[], stride: readonly number[]]> = define<
  Op<StridedOptions, [size: readonly number[], stride: readonly number[]]>,
  Options & { self: Tensor; size: number[]; stride: number[] }
>("new_empty_strided", `(Tensor input, tuple of ints size, tuple of ints stride, *, ${FACTORY})`, (p) => finish(strided(p.size, p.stride, p.dtype ?? p.self.dtype), p));

// -- from data -------------------------------------------------------------------------------------------------------

/** What a tensor can be made of: numbers in nested arrays, typed arrays, tensors. */
export type TensorData = Num | Tensor | TypedArray | readonly TensorData[];

const ARRAY_TYPES: [abstract new (...args: never[]) => TypedArray, DType][] = [
  [Float32Array, float32],
  [Float64Array, float64],
  [BigInt64Array, int64],
  [Int32Array, int32],
  [Int16Array, int16],
  [Int8Array, int8],
  [Uint8Array, uint8],
];

function arrayType(data: unknown): DType | null {
  for (const [constructor, dtype] of ARRAY_TYPES) if (data instanceof constructor) return dtype;
  return null;
}

const isSequence = (data: unknown): data is ArrayLike<unknown> => Array.isArray(data) || arrayType(data) !== null || (data instanceof Tensor && data.sizes.length > 0);

/** The shape of nested data, by its first elements. */
function shapeOf(data: unknown): number[] {
  const sizes: number[] = [];
  for (let at = data; isSequence(at); at = at[0]) {
    if (at instanceof Tensor) return [...sizes, ...at.sizes];
    sizes.push(at.length);
    if (at.length === 0) break;
  }
  return sizes;
}

function flatten(data: unknown, sizes: readonly number[], depth: number, out: Num[]): void {
  if (depth === sizes.length) {
    if (data instanceof Tensor) {
      if (data.count !== 1) throw new ValueError(`only one element tensors can be converted to Python scalars`);
      out.push(data.item() as Num);
      return;
    }
    if (isSequence(data)) throw new TypeError(`not a sequence`);
    if (typeof data !== "number" && typeof data !== "bigint" && typeof data !== "boolean") throw new TypeError(`new(): invalid data type '${pythonType(data)}'`);
    out.push(data);
    return;
  }
  if (data instanceof Tensor) {
    for (const v of data.reshape(-1).tolist() as Num[]) out.push(v);
    return;
  }
  if (!isSequence(data)) {
    if (typeof data === "string") throw new TypeError(`new(): invalid data type 'str'`);
    throw new TypeError("not a sequence");
  }
  if (data.length !== sizes[depth]) throw new ValueError(`expected sequence of length ${sizes[depth]} at dim ${depth} (got ${data.length})`);
  for (let i = 0; i < data.length; i++) flatten(data[i], sizes, depth + 1, out);
}

/** The dtype that data stands for: bool only if all of it is, int64 for bigints, else the default dtype. */
function inferType(data: unknown): DType {
  if (data instanceof Tensor) return data.dtype;
  const typed = arrayType(data);
  if (typed !== null) return typed;
  if (Array.isArray(data)) {
    let found: DType | null = null;
    for (const item of data) {
      const dtype = inferType(item);
      if (found === null || found === dtype) found = dtype;
      else if (found === bool) found = dtype;
      else if (found === int64 && dtype.is_floating_point) found = dtype;
      else if (dtype === float64 && found.is_floating_point) found = dtype;
    }
    return found ?? get_default_dtype();
  }
  if (typeof data === "string" || data === null || typeof data === "object" || data === undefined) throw new TypeError(`new(): invalid data type '${pythonType(data)}'`);
  return dataType(data as Num);
}

/** A new tensor with a copy of the data, outside of autograd. */
export function fromData(data: unknown, dtype: DType | null): Tensor {
  const wanted = dtype ?? inferType(data);
  if (data instanceof Tensor) return data.detach().to(wanted, { copy: true });
  const typed = arrayType(data);
  if (typed === wanted) return new Tensor(new Storage((data as Float32Array).slice()), wanted, [(data as Float32Array).length]);
  const sizes = shapeOf(data);
  const values: Num[] = [];
  flatten(data, sizes, 0, values);
  const out = Tensor.make(sizes, wanted);
  const target = out.store.data;
  if (values.length !== elementCount(sizes)) throw new ValueError(`expected ${elementCount(sizes)} elements but got ${values.length}`);
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (wanted === int64) target[i] = typeof v === "bigint" ? v : BigInt(Math.trunc(Number(v)));
    else target[i] = wanted === bool ? (v ? 1 : 0) : Number(v);
  }
  return out;
}

/** Named arguments of `tensor`. */
export type DataOptions = Omit<TensorOptions, "out">;

function readOptions(name: string, options: DataOptions | null | undefined): DataOptions {
  for (const key of Object.keys(options ?? {})) {
    if (!["dtype", "device", "requires_grad", "pin_memory", "names", "copy"].includes(key)) throw new TypeError(`${name}() got an unexpected keyword argument '${key}'`);
  }
  return options ?? {};
}

/** A tensor with a copy of the data: numbers in nested arrays, a typed array (whose dtype it takes), or a tensor. */
export function tensor(data: TensorData, options?: DataOptions): Tensor {
  if (data === undefined) throw new TypeError(`tensor() missing 1 required positional arguments: "data"`);
  const { dtype, device, requires_grad } = readOptions("tensor", options);
  return finish(fromData(data, dtype ?? null), { dtype: null, device: device ?? null, requires_grad: requires_grad === true });
}

/** The data as a tensor: itself where it is a tensor of that dtype, else a copy. */
export function as_tensor(data: TensorData, options?: DataOptions | DType): Tensor {
  const { dtype, device } = isPlainObject(options) ? readOptions("as_tensor", options) : { dtype: options as DType | undefined, device: null };
  checkDevice(device);
  if (data instanceof Tensor) return dtype ? data.to(dtype) : data;
  return fromData(data, dtype ?? null);
}

/** `as_tensor` for what Python calls array-likes. */
export function asarray(data: TensorData, options?: DataOptions): Tensor {
  const out = as_tensor(data, { dtype: options?.dtype, device: options?.device });
  return options?.requires_grad ? out.requires_grad_() : out;
}

/** A tensor of the data in the dtype of `self`. */
export function new_tensor(self: Tensor, data: TensorData, options?: DataOptions): Tensor {
  const { dtype, device, requires_grad } = readOptions("new_tensor", options);
  const inferred = data instanceof Tensor ? data.dtype : self.dtype;
  return finish(fromData(data, dtype ?? inferred), { dtype: null, device: device ?? null, requires_grad: requires_grad === true });
}

/** Makes a tensor the way `torch.FloatTensor` and its kin do: of sizes, or of one array of data. */
export function legacyTensor(args: readonly unknown[], dtype: DType): Tensor {
  if (args.length === 0) return Tensor.make([0], dtype);
  if (args.length === 1 && (Array.isArray(args[0]) || arrayType(args[0]) !== null || args[0] instanceof Tensor)) {
    if (args[0] instanceof Tensor) {
      if (args[0].dtype !== dtype) throw new TypeError(`expected ${dtype.scalar} (got ${args[0].dtype.scalar})`);
      return args[0].detach();
    }
    if (args[0].constructor?.name === "Size") return Tensor.make([...(args[0] as number[])], dtype);
    return fromData(args[0], dtype);
  }
  if (!args.every((a) => typeof a === "number" && Number.isInteger(a))) throw new TypeError(`new(): data must be a sequence (got ${pythonType(args[0])})`);
  checkSize(args as number[]);
  return Tensor.make([...(args as number[])], dtype);
}

