/**
 * `torch.finfo` and `torch.iinfo`: the limits of dtypes.
 */
import { DType, get_default_dtype } from "./dtype.ts";
import { AttributeError } from "./errors.ts";
import { isPlainObject, pythonType } from "./python.ts";

/** A number as C++ streams print it: six significant digits. */
function streamed(value: number): string {
  const short = Number(value.toPrecision(6));
  const size = Math.abs(short);
  if (size === 0 || (size >= 1e-4 && size < 1e6)) return String(short);
  return short.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

/** What both kinds of description have: fields that cannot be set, equality by text, and a printout. */
export abstract class Limits {
  /** How many bits an element has. */
  readonly bits: number;
  /** The name of the dtype: `float32`. */
  readonly dtype: string;

  /** Takes the dtype that it describes. */
  constructor(dtype: DType) {
    this.bits = dtype.itemsize * 8;
    this.dtype = dtype.name;
  }

  /** As `print` shows it. */
  abstract toString(): string;

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The limits of a floating-point dtype. */
export class FloatLimits extends Limits {
  /** The distance of 1 to the next greater number. */
  readonly eps: number;
  /** The greatest number. */
  readonly max: number;
  /** The smallest number: `-max`. */
  readonly min: number;
  /** The power of ten of the last digit that can be relied on. */
  readonly resolution: number;
  /** The smallest positive number that has all its digits. */
  readonly smallest_normal: number;
  /** The same as `smallest_normal`. */
  readonly tiny: number;

  /** Not for users: see `finfo`. */
  constructor(dtype: DType) {
    super(dtype);
    // IEEE 754: digits after the binary point and the greatest exponent
    const [digits, exponent] = dtype.itemsize === 4 ? [23, 127] : [52, 1023];
    this.eps = 2 ** -digits;
    this.max = (2 - 2 ** -digits) * 2 ** exponent;
    this.min = -this.max;
    this.resolution = Number(`1e${-Math.floor(digits * Math.log10(2))}`);
    this.smallest_normal = this.tiny = 2 ** (1 - exponent);
    return guarded(this, "torch.finfo");
  }

  /** As PyTorch prints it, numbers with six digits. */
  toString(): string {
    const { resolution, min, max, eps, smallest_normal, tiny } = this;
    const fields = Object.entries({ resolution, min, max, eps, smallest_normal, tiny }).map(([name, value]) => `${name}=${streamed(value)}`);
    return `finfo(${fields.join(", ")}, dtype=${this.dtype})`;
  }
}
Object.defineProperty(FloatLimits, "name", { value: "finfo" });

/** The limits of an integer dtype. */
export class IntLimits extends Limits {
  /** The greatest number: a bigint where a number would not be exact. */
  readonly max: number | bigint;
  /** The smallest number. */
  readonly min: number | bigint;

  /** Not for users: see `iinfo`. */
  constructor(dtype: DType) {
    super(dtype);
    const { bits } = this, signed = dtype.is_signed;
    const exact = (value: bigint) => bits < 64 ? Number(value) : value;
    this.max = exact(2n ** BigInt(signed ? bits - 1 : bits) - 1n);
    this.min = exact(signed ? -(2n ** BigInt(bits - 1)) : 0n);
    return guarded(this, "torch.iinfo");
  }

  /** As PyTorch prints it, numbers with six digits. */
  toString(): string {
    return `iinfo(min=${streamed(Number(this.min))}, max=${streamed(Number(this.max))}, dtype=${this.dtype})`;
  }
}
Object.defineProperty(IntLimits, "name", { value: "iinfo" });

/** The same object, whose fields cannot be changed: trying is PyTorch's error. */
function guarded<T extends object>(limits: T, type: string): T {
  return new Proxy(limits, {
    set(target, name) {
      const key = String(name);
      throw new AttributeError(key in target ? `attribute '${key}' of '${type}' objects is not writable` : `'${type}' object has no attribute '${key}'`);
    },
  });
}

/** Reads the only argument, which may be named; undefined where it is missing. */
function typeArgument(op: string, args: readonly unknown[]): DType | undefined {
  if (args.length > 1) throw new TypeError(`${op}() takes 1 positional argument but ${args.length} were given`);
  const [first] = args;
  const value = isPlainObject(first) ? first.type : first;
  if (value === undefined || value instanceof DType) return value;
  throw new TypeError(`${op}(): argument 'type' (position 1) must be torch.dtype, not ${pythonType(value)}`);
}

/** A dtype, or that as the argument named `type`. */
export type TypeArgument = DType | { type: DType };

/** `torch.finfo`: callable with and without `new`. */
export interface FloatInfo {
  /** The limits of a floating-point dtype, the default one unless another is given. */
  new (type?: TypeArgument): FloatLimits;
  /** The limits of a floating-point dtype, the default one unless another is given. */
  (type?: TypeArgument): FloatLimits;
  /** The prototype that `instanceof` looks for. */
  readonly prototype: FloatLimits;
}

/** `torch.iinfo`: callable with and without `new`. */
export interface IntInfo {
  /** The limits of an integer dtype. */
  new (type: TypeArgument): IntLimits;
  /** The limits of an integer dtype. */
  (type: TypeArgument): IntLimits;
  /** The prototype that `instanceof` looks for. */
  readonly prototype: IntLimits;
}

const floats = new Map<DType, FloatLimits>(), ints = new Map<DType, IntLimits>();

function floatInfo(...args: unknown[]): FloatLimits {
  const dtype = typeArgument("finfo", args) ?? get_default_dtype();
  if (!dtype.is_floating_point) throw new TypeError("torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'");
  let limits = floats.get(dtype);
  if (limits === undefined) floats.set(dtype, limits = new FloatLimits(dtype));
  return limits;
}
floatInfo.prototype = FloatLimits.prototype;

function intInfo(...args: unknown[]): IntLimits {
  const dtype = typeArgument("iinfo", args);
  if (dtype === undefined) throw new TypeError('iinfo() missing 1 required positional arguments: "type"');
  if (dtype.is_floating_point) throw new TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'");
  if (dtype.category === "bool") throw new TypeError("torch.bool is not supported by torch.iinfo");
  let limits = ints.get(dtype);
  if (limits === undefined) ints.set(dtype, limits = new IntLimits(dtype));
  return limits;
}
intInfo.prototype = IntLimits.prototype;

/**
 * The limits of a floating-point dtype, the default one unless another is given: `torch.finfo(torch.float32).eps`.
 *
 * @throws {TypeError} for a dtype of integers or bools
 */
export const finfo: FloatInfo = floatInfo as FloatInfo;

/**
 * The limits of an integer dtype: `torch.iinfo(torch.int8).max`.
 *
 * @throws {TypeError} for bool and for floating-point dtypes
 */
export const iinfo: IntInfo = intInfo as IntInfo;
