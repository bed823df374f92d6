/**
 * Tensors from data: numbers in nested arrays, typed arrays, other tensors.
 */
import { bool, type DType, float32, float64, get_default_dtype, int16, int32, int64, int8, type TypedArray, uint8 } from "../dtype.ts";
import { ValueError } from "../errors.ts";
import { elementCount } from "../layout.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { SizeArray } from "../size.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { checkDevice } from "./copy.ts";
import { checkSize, dataType, finish, type TensorOptions } from "./factory.ts";
import type { Num } from "./promotion.ts";

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

const isSequence = (data: unknown): data is ArrayLike<unknown> =>
  Array.isArray(data) || arrayType(data) !== null || (data instanceof Tensor && data.sizes.length > 0);

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
    if (typeof data !== "number" && typeof data !== "bigint" && typeof data !== "boolean") {
      throw new TypeError(`new(): invalid data type '${pythonType(data)}'`);
    }
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
  if (typeof data === "string" || data === null || typeof data === "object" || data === undefined) {
    throw new TypeError(`new(): invalid data type '${pythonType(data)}'`);
  }
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
    if (!["dtype", "device", "requires_grad", "pin_memory", "names", "copy"].includes(key)) {
      throw new TypeError(`${name}() got an unexpected keyword argument '${key}'`);
    }
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
    if (args[0] instanceof SizeArray) return Tensor.make([...args[0]], dtype);
    return fromData(args[0], dtype);
  }
  if (!args.every((a) => typeof a === "number" && Number.isInteger(a))) throw new TypeError(`new(): data must be a sequence (got ${pythonType(args[0])})`);
  checkSize(args as number[]);
  return Tensor.make([...(args as number[])], dtype);
}
