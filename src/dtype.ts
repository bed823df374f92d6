/**
 * Data types: their typed arrays, PyTorch's several names for each, and type promotion.
 */

import { keepPages } from "./memory.ts";
import { pythonType } from "./python.ts";

/** The typed arrays that hold a tensor's elements; `bool` is held as 0 and 1. */
export type TypedArray =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** The kinds of numbers in ascending order of promotion. */
export type Category = "bool" | "int" | "float";

interface Details {
  itemsize: number;
  category: Category;
  /** The name in C++ error messages: `Long`. */
  scalar: string;
  /** The C++ type: `long int`, `float`. */
  ctype: string;
  array: new (n: number) => TypedArray;
}

let count = 0;

/** A tensor's element type. There is one object for each; compare them with `===`. Prints as `torch.float32`. */
export class DType {
  /** The name without its module: `float32`. */
  readonly name: string;
  /** Bytes an element. */
  readonly itemsize: number;
  /** Whether it holds bools, integers or floating-point numbers. */
  readonly category: Category;
  /** The name PyTorch's C++ messages use: `Float`, `Double`, `Long`. */
  readonly scalar: string;
  /** The C++ type that some messages name: `float`, `double`, `long int`. */
  readonly ctype: string;
  /** Its place in `DTYPES`, for tables. */
  readonly index: number;
  /** Makes a zero-filled typed array of `n` elements. */
  readonly allocate: (n: number) => TypedArray;
  /** True for `float32` and `float64`. */
  readonly is_floating_point: boolean;
  /** Always false: there are no complex dtypes here. */
  readonly is_complex = false;
  /** True for all but `uint8` and `bool`. */
  readonly is_signed: boolean;

  /** Not for users: the dtypes are the constants below. */
  constructor(name: string, details: Details) {
    this.name = name;
    this.index = count++;
    this.itemsize = details.itemsize;
    this.category = details.category;
    this.scalar = details.scalar;
    this.ctype = details.ctype;
    const { array: Elements, itemsize } = details;
    this.allocate = (n) => {
      keepPages(n * itemsize);
      return new Elements(n);
    };
    this.is_floating_point = details.category === "float";
    this.is_signed = name !== "uint8" && name !== "bool";
    Object.freeze(this);
  }

  /** `torch.float32`. */
  toString(): string {
    return `torch.${this.name}`;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
Object.defineProperty(DType, "name", { value: "dtype" });

/** 32-bit floating point, the default. Also `torch.float`. */
export const float32: DType = new DType("float32", { itemsize: 4, category: "float", scalar: "Float", ctype: "float", array: Float32Array });
/** 64-bit floating point. Also `torch.double`. */
export const float64: DType = new DType("float64", { itemsize: 8, category: "float", scalar: "Double", ctype: "double", array: Float64Array });
/** 64-bit integers, exact over their whole range. Also `torch.long`. */
export const int64: DType = new DType("int64", { itemsize: 8, category: "int", scalar: "Long", ctype: "long int", array: BigInt64Array });
/** 32-bit integers. Also `torch.int`. */
export const int32: DType = new DType("int32", { itemsize: 4, category: "int", scalar: "Int", ctype: "int", array: Int32Array });
/** 16-bit integers. Also `torch.short`. */
export const int16: DType = new DType("int16", { itemsize: 2, category: "int", scalar: "Short", ctype: "short int", array: Int16Array });
/** 8-bit integers. */
export const int8: DType = new DType("int8", { itemsize: 1, category: "int", scalar: "Char", ctype: "signed char", array: Int8Array });
/** 8-bit unsigned integers. */
export const uint8: DType = new DType("uint8", { itemsize: 1, category: "int", scalar: "Byte", ctype: "unsigned char", array: Uint8Array });
/** Truth values. */
export const bool: DType = new DType("bool", { itemsize: 1, category: "bool", scalar: "Bool", ctype: "bool", array: Uint8Array });

/** All dtypes. */
export const DTYPES: readonly DType[] = [float32, float64, int64, int32, int16, int8, uint8, bool];

const RANK: Record<Category, number> = { bool: 0, int: 1, float: 2 };

/**
 * The dtype that holds values of both, by PyTorch's lattice: the higher category wins, within a category the wider type;
 * `uint8` with a signed type of the same width widens to the next signed one.
 */
export function promote_types(a: DType, b: DType): DType {
  if (!(a instanceof DType)) throw new TypeError(`promote_types(): argument 'type1' (position 1) must be torch.dtype, not ${pythonType(a)}`);
  if (!(b instanceof DType)) throw new TypeError(`promote_types(): argument 'type2' (position 2) must be torch.dtype, not ${pythonType(b)}`);
  if (a === b) return a;
  const difference = RANK[a.category] - RANK[b.category];
  if (difference !== 0) return difference > 0 ? a : b;
  if (a.category === "int" && (a === uint8 || b === uint8)) {
    const other = a === uint8 ? b : a;
    return other === int8 ? int16 : other;
  }
  return a.itemsize > b.itemsize ? a : b;
}

/** Whether a result of type `from` may be written into a tensor of type `to`: the category may not fall. */
export function can_cast(from: DType, to: DType): boolean {
  return RANK[from.category] <= RANK[to.category];
}

/** Compares the categories of two dtypes: positive where `a` stands above `b`. */
export function compareCategories(a: Category, b: Category): number {
  return RANK[a] - RANK[b];
}

let defaultDType = float32;

/** The dtype of tensors made from Python floats: `torch.float32` unless changed. */
export function get_default_dtype(): DType {
  return defaultDType;
}

/** Sets the dtype of tensors made from numbers; `d` must be a floating-point dtype. */
export function set_default_dtype(d: DType): void {
  if (!(d instanceof DType) || !d.is_floating_point) throw new TypeError("only floating-point types are supported as the default type");
  defaultDType = d;
}
