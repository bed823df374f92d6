/**
 * Reading numbers from what users write: nested arrays, typed arrays, tensors of one element.
 */
import { bool, DType, float32, float64, get_default_dtype, int16, int32, int64, int8, promote_types, type TypedArray, uint8 } from "../dtype.ts";
import { RuntimeError, ValueError } from "../errors.ts";
import { elementCount } from "../layout.ts";
import { pythonType } from "../python.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { dataType } from "./factory.ts";
import type { Num } from "./promotion.ts";

const ARRAY_TYPES: [abstract new (...args: never[]) => TypedArray, DType][] = [
  [Float32Array, float32],
  [Float64Array, float64],
  [BigInt64Array, int64],
  [Int32Array, int32],
  [Int16Array, int16],
  [Int8Array, int8],
  [Uint8Array, uint8],
];

/** The dtype of a typed array; null for anything else. */
export function arrayType(data: unknown): DType | null {
  if (!ArrayBuffer.isView(data)) return null;
  for (const [constructor, dtype] of ARRAY_TYPES) if (data instanceof constructor) return dtype;
  return null;
}

/** What iterates like a Python sequence without being an array, a tensor or a string: a range. */
export function isRange(data: unknown): data is Iterable<unknown> {
  if (data === null || typeof data !== "object" || Array.isArray(data) || ArrayBuffer.isView(data)) return false;
  return Symbol.iterator in data && !(data instanceof Tensor || data instanceof Map || data instanceof Set);
}

const isSequence = (data: unknown): data is ArrayLike<unknown> => Array.isArray(data) || arrayType(data) !== null;

/** The shape of nested data, by its first elements. */
function shapeOf(data: unknown): number[] {
  const sizes: number[] = [];
  let at = data;
  while (isSequence(at)) {
    sizes.push(at.length);
    if (at.length === 0) return sizes;
    at = at[0];
  }
  // a Python string is a sequence of strings, without end
  if (typeof at === "string" && sizes.length > 0) throw new ValueError("too many dimensions 'str'");
  return sizes;
}

/** The dtype that data stands for: bool only if all of it is, int64 for bigints, else the default dtype. */
function inferType(data: unknown): DType {
  switch (typeof data) {
    case "number":
    case "bigint":
    case "boolean":
      return dataType(data);
    case "string":
      throw new TypeError("new(): invalid data type 'str'");
  }
  if (data instanceof Tensor) return data.dtype;
  const typed = arrayType(data);
  if (typed !== null) return typed;
  if (!Array.isArray(data)) throw new RuntimeError(`Could not infer dtype of ${pythonType(data)}`);
  let found: DType | null = null;
  for (let i = 0; i < data.length; i++) {
    const dtype = inferType(data[i]);
    if (dtype !== found) found = found === null ? dtype : promote_types(found, dtype);
  }
  return found ?? get_default_dtype();
}

/** The least and the greatest number that PyTorch converts to an integer dtype; unsigned ones wrap. */
const RANGES = new Map<DType, [number, number]>([
  [int64, [-(2 ** 63), 2 ** 63]],
  [int32, [-(2 ** 31), 2 ** 31 - 1]],
  [int16, [-(2 ** 15), 2 ** 15 - 1]],
  [int8, [-128, 127]],
  [uint8, [-255, 255]],
]);

/** An element as a number; throws Python's errors for what is none. */
function leaf(item: unknown, dtype: DType): Num {
  if (typeof item === "number" || typeof item === "bigint" || typeof item === "boolean") {
    const range = RANGES.get(dtype);
    if (range !== undefined && typeof item !== "boolean" && !(item >= range[0] && item <= range[1])) {
      throw new RuntimeError(`value cannot be converted to type ${dtype.name} without overflow`);
    }
    return item;
  }
  if (item instanceof Tensor) {
    if (item.count !== 1) throw new ValueError("only one element tensors can be converted to Python scalars");
    return item.item();
  }
  if (dtype === bool) return item !== null && item !== undefined;
  throw new TypeError(
    dtype.category === "float" ? `must be real number, not ${pythonType(item)}` : `'${pythonType(item)}' object cannot be interpreted as an integer`,
  );
}

/** Writes nested data into `target` from `at` on; gives the place behind it. */
function write(data: unknown, sizes: readonly number[], depth: number, target: TypedArray, at: number, dtype: DType): number {
  if (depth === sizes.length) {
    target[at] = element(data, dtype);
    return at + 1;
  }
  if (!isSequence(data)) throw new TypeError("not a sequence");
  const n = sizes[depth];
  if (data.length !== n) throw new ValueError(`expected sequence of length ${n} at dim ${depth} (got ${data.length})`);
  if (depth < sizes.length - 1) {
    for (let i = 0; i < n; i++) at = write(data[i], sizes, depth + 1, target, at, dtype);
    return at;
  }
  const floats = dtype.category === "float";
  for (let i = 0; i < n; i++) {
    const item = data[i];
    target[at++] = floats && typeof item === "number" ? item : element(item, dtype);
  }
  return at;
}

/** A value as an element of a typed array. */
function element(item: unknown, dtype: DType): number | bigint {
  const value = leaf(item, dtype);
  if (dtype === int64) return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)));
  return dtype === bool ? (Number(value) !== 0 ? 1 : 0) : Number(value);
}

/** A new tensor with a copy of the data, outside of autograd; of the dtype that the data stands for where none is given. */
export function fromData(data: unknown, dtype: DType | null): Tensor {
  if (isRange(data)) return fromData([...data], dtype);
  if (data instanceof Tensor) return data.detach().to(dtype ?? data.dtype, { copy: true });
  const typed = arrayType(data);
  if (typed !== null && (dtype === null || typed === dtype)) {
    return new Tensor(new Storage((data as Float32Array).slice()), typed, [(data as Float32Array).length]);
  }
  if (typeof data === "string") throw new TypeError("new(): invalid data type 'str'");
  const sizes = shapeOf(data);
  const wanted = dtype ?? inferType(data);
  const out = Tensor.small(sizes, wanted);
  if (elementCount(sizes) > 0 || sizes.length > 0) write(data, sizes, 0, out.store.data, out.offset, wanted);
  return out;
}
