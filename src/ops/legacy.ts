/**
 * The constructors of PyTorch's early days: `torch.Tensor`, `torch.FloatTensor` and their kin, callable with and without `new`.
 */
import { bool, type DType, float32, float64, get_default_dtype, int16, int32, int64, int8, uint8 } from "../dtype.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { type Device, SizeArray } from "../size.ts";
import { Tensor as TensorClass } from "../tensor.ts";
import { aliasOf } from "./alias.ts";
import { checkDevice } from "./copy.ts";
import type { TensorData } from "./data.ts";
import { checkSize } from "./factory.ts";
import { arrayType, fromData } from "./literal.ts";

/** The device, which is the CPU. */
export type DeviceOption = { device?: string | Device | null };

/** A constructor of tensors: of sizes, of one array of data, or of a tensor, whose memory is shared. */
export interface TensorConstructor {
  /** A tensor of this shape whose values mean nothing yet. */
  new (...sizes: number[]): TensorClass;
  /** A tensor of the data. */
  new (data: TensorData | SizeArray, options?: DeviceOption): TensorClass;
  /** A tensor of this shape whose values mean nothing yet. */
  (...sizes: number[]): TensorClass;
  /** A tensor of the data. */
  (data: TensorData | SizeArray, options?: DeviceOption): TensorClass;
  /** The prototype of all tensors. */
  readonly prototype: TensorClass;
}

/** The C++ names in which PyTorch words dtypes that do not agree. */
const C_TYPES = new Map<DType, string>([
  [float32, "float"],
  [float64, "double"],
  [int64, "long int"],
  [int32, "int"],
  [int16, "short int"],
  [int8, "signed char"],
  [uint8, "unsigned char"],
  [bool, "bool"],
]);

const tensorOptions = (dtype: DType) =>
  `TensorOptions(dtype=${
    C_TYPES.get(dtype)
  }, device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), memory_format=(nullopt))`;

function invalidKeywords(args: readonly unknown[], named: Record<string, unknown>, wrong: string[]): TypeError {
  const got = [...args.map(pythonType), ...Object.keys(named).map((k) => `${k}=${pythonType(named[k])}`)].join(", ");
  return new TypeError(
    `new() received an invalid combination of arguments - got (${got}), but expected one of:\n` +
      " * (*, torch.device device = None)\n" +
      `      didn't match because some of the keywords were incorrect: ${wrong.join(", ")}\n` +
      " * (torch.Storage storage)\n" +
      " * (Tensor other)\n" +
      " * (tuple of ints size, *, torch.device device = None)\n" +
      " * (object data, *, torch.device device = None)\n",
  );
}

/** Makes a tensor of the arguments; without a dtype, of the default one, and any tensor is taken as it is. */
function construct(given: readonly unknown[], dtype: DType | null): TensorClass {
  const last = given[given.length - 1];
  const named = isPlainObject(last) ? last : {};
  const args = named === last ? given.slice(0, -1) : given;
  const wrong = Object.keys(named).filter((k) => k !== "device");
  if (wrong.length > 0) throw invalidKeywords(args, named, wrong);
  checkDevice((named as DeviceOption).device);
  const wanted = dtype ?? get_default_dtype();
  if (args.length === 0) return TensorClass.make([0], wanted);
  const [first] = args;
  if (args.length === 1) {
    if (first instanceof TensorClass) {
      if (dtype !== null && first.dtype !== dtype) throw new TypeError(`expected ${tensorOptions(dtype)} (got ${tensorOptions(first.dtype)})`);
      return aliasOf(first);
    }
    if (first instanceof SizeArray) return TensorClass.make([...first], wanted);
    if (Array.isArray(first) || arrayType(first) !== null) return fromData(first, wanted);
    if (typeof first === "string") throw new TypeError("new(): invalid data type 'str'");
  }
  if (!isSize(first)) throw new TypeError(`new(): data must be a sequence (got ${pythonType(first)})`);
  const at = args.findIndex((n) => !isSize(n));
  if (at >= 0) {
    throw new TypeError(
      `new(): argument 'size' failed to unpack the object at pos ${at + 1} with error "type must be tuple of ints,but got ${pythonType(args[at])}"`,
    );
  }
  const sizes = args.map(Number);
  checkSize(sizes);
  return TensorClass.make(sizes, wanted);
}

const isSize = (n: unknown) => typeof n === "bigint" || (typeof n === "number" && Number.isInteger(n));

function constructor(name: string, dtype: DType | null): TensorConstructor {
  const make = function (...args: unknown[]): TensorClass {
    return construct(args, dtype);
  };
  make.prototype = TensorClass.prototype;
  Object.defineProperty(make, "name", { value: name });
  // x is a FloatTensor if it is a tensor of that dtype
  if (dtype !== null) {
    Object.defineProperty(make, Symbol.hasInstance, { value: (x: unknown) => x instanceof TensorClass && x.dtype === dtype });
  }
  return make as TensorConstructor;
}

/** A tensor. */
export type Tensor = TensorClass;
/** Makes a tensor of the default dtype: of sizes, of one array of data, or of a tensor, whose memory is shared. */
export const Tensor: TensorConstructor = constructor("Tensor", null);
/** Makes a float32 tensor. */
export const FloatTensor: TensorConstructor = constructor("FloatTensor", float32);
/** Makes a float64 tensor. */
export const DoubleTensor: TensorConstructor = constructor("DoubleTensor", float64);
/** Makes an int64 tensor. */
export const LongTensor: TensorConstructor = constructor("LongTensor", int64);
/** Makes an int32 tensor. */
export const IntTensor: TensorConstructor = constructor("IntTensor", int32);
/** Makes an int16 tensor. */
export const ShortTensor: TensorConstructor = constructor("ShortTensor", int16);
/** Makes an int8 tensor. */
export const CharTensor: TensorConstructor = constructor("CharTensor", int8);
/** Makes a uint8 tensor. */
export const ByteTensor: TensorConstructor = constructor("ByteTensor", uint8);
/** Makes a bool tensor. */
export const BoolTensor: TensorConstructor = constructor("BoolTensor", bool);
