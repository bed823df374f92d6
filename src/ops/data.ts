/**
 * Tensors from data: numbers in nested arrays, typed arrays, other tensors.
 */
import { DType, type TypedArray } from "../dtype.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { checkDevice } from "./copy.ts";
import { finish, type TensorOptions } from "./factory.ts";
import { fromData } from "./literal.ts";
import type { Num } from "./promotion.ts";

/** What a tensor can be made of: numbers in nested arrays, typed arrays, tensors. */
export type TensorData = Num | Tensor | TypedArray | readonly TensorData[];

/** Named arguments of `tensor`. */
export type DataOptions = Omit<TensorOptions, "out">;

const KEYS = ["dtype", "device", "requires_grad", "pin_memory", "names", "copy"];

/** Checks what follows the data. */
function readOptions(name: string, data: unknown, options: unknown): DataOptions {
  if (isPlainObject(data) && options === undefined && "data" in data) {
    const { data: _, ...rest } = data;
    return readOptions(name, null, rest);
  }
  if (data === undefined) throw new TypeError(`${name}() missing 1 required positional arguments: "data"`);
  if (options === undefined || options === null) return {};
  if (!isPlainObject(options)) throw new TypeError(`${name}() takes 1 positional argument but 2 were given`);
  for (const key of Object.keys(options)) if (!KEYS.includes(key)) throw new TypeError(`${name}() got an unexpected keyword argument '${key}'`);
  const { dtype } = options;
  if (dtype !== undefined && dtype !== null && !(dtype instanceof DType)) {
    throw new TypeError(`${name}(): argument 'dtype' must be torch.dtype, not ${pythonType(dtype)}`);
  }
  return options;
}

/** The data itself where it was given by name. */
const named = (data: unknown, options: unknown): unknown => isPlainObject(data) && options === undefined && "data" in data ? data.data : data;

function finished(out: Tensor, { device, requires_grad }: DataOptions): Tensor {
  return finish(out, { dtype: null, device: device ?? null, requires_grad: requires_grad === true });
}

/** A tensor with a copy of the data: numbers in nested arrays, a typed array (whose dtype it takes), or a tensor. */
export function tensor(data: TensorData, options?: DataOptions): Tensor {
  const given = readOptions("tensor", data, options);
  checkDevice(given.device);
  return finished(fromData(named(data, options), given.dtype ?? null), given);
}

/** The data as a tensor: itself where it is a tensor of that dtype, else a copy. */
export function as_tensor(data: TensorData, options?: DataOptions | DType): Tensor {
  const given = readOptions("as_tensor", data, options instanceof DType ? { dtype: options } : options);
  checkDevice(given.device);
  const source = named(data, options);
  if (source instanceof Tensor) return given.dtype ? source.to(given.dtype) : source;
  return fromData(source, given.dtype ?? null);
}

/** `as_tensor` for what Python calls array-likes; a copy on request. A leaf is told, itself, whether it requires gradients: by default it does not. */
export function asarray(data: TensorData, options?: DataOptions & { copy?: boolean | null }): Tensor {
  const { requires_grad = false, copy, ...rest } = options ?? {};
  let out = as_tensor(data, rest);
  if (copy === true && out === data) out = out.clone();
  if (out.requires_grad === requires_grad) return out;
  return out.is_leaf ? out.requires_grad_(requires_grad) : out.detach();
}

/** A tensor of the data in the dtype of `self`. */
export function new_tensor(self: Tensor, data: TensorData, options?: DataOptions): Tensor {
  const given = readOptions("new_tensor", data, options);
  const source = named(data, options);
  return finished(fromData(source, given.dtype ?? (source instanceof Tensor ? source.dtype : self.dtype)), given);
}
