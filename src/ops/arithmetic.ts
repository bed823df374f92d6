/**
 * Sums, products, quotients and powers, element by element, with broadcasting and type promotion.
 */
import { bool, type DType, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { floorQuotient, floorQuotient64 } from "../kernels/division.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { sameSizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { type Args, type Fn, type IsMethod, Primitive, type PrimitiveSpec } from "./define.ts";
import { refuseZeroDivisor } from "./divisor.ts";
import { isLarge } from "./deferred.ts";
import { elementwise, elementwiseInto } from "./elementwise.ts";
import { alias, binary, type BinaryOfNumbers, type Unary, unary } from "./pointwise.ts";
import { plainFunction } from "./plain_function.ts";
import { type Num, resultType } from "./promotion.ts";
import { checkedScalar } from "./scalar.ts";

/** Named arguments of `add` and `sub`. */
export interface AlphaOptions {
  /** The second operand. */
  other: Tensor | Num;
  /** What the second operand is multiplied by. */
  alpha?: Num;
  /** Takes the result. */
  out?: Tensor;
}

/** An op of two operands with a factor on the second. */
export interface Additive extends IsMethod {
  /** The tensor (or a number where the other operand is one), the other operand, and options. */
  (self: Tensor | Num, ...args: Args<AlphaOptions, [other: Tensor | Num]>): Tensor;
  /** The in-place twin. */
  readonly inplace: (self: Tensor, ...args: Args<AlphaOptions, [other: Tensor | Num]>) => Tensor;
}

const ALPHA = ["(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)"];
const NUMBER = ["(Tensor input, Tensor other, *, Tensor out = None)", "(Tensor input, Number other)"];

type Scaled = { self: Tensor; other: Tensor | Num; alpha: Num };

/** The same ops where the factor `alpha` is not 1. */
function scaled(
  name: string,
  f: (a: number, b: number, alpha: number) => number,
  f64: (a: bigint, b: bigint, alpha: bigint) => bigint,
  backward: PrimitiveSpec<Scaled>["backward"],
  check: (self: Tensor | Num, other: Tensor | Num) => void = () => {},
): Primitive<never> {
  const kernel = new Kernel(f), integers = new Kernel(f64);
  const kernelOf = (dtype: DType): Kernel => dtype === int64 ? integers : kernel;
  const factor = (alpha: Num, dtype: DType): Num => {
    if (typeof alpha === "boolean" && dtype !== bool) throw new RuntimeError("Boolean alpha only supported for Boolean results.");
    if (!dtype.is_floating_point && typeof alpha === "number" && !Number.isInteger(alpha)) {
      throw new RuntimeError("For integral input tensors, argument alpha must not be a floating point number.");
    }
    return checkedScalar(alpha, dtype);
  };
  return new Primitive<Scaled>({
    name,
    forward: ({ self, other, alpha }) => {
      check(self, other);
      const dtype = resultType([self, other]);
      return elementwise(kernelOf(dtype), dtype, [self, other, factor(alpha, dtype)]);
    },
    into: ({ self, other, alpha }) => {
      if (!(other instanceof Tensor) || other.dtype !== self.dtype || !sameSizes(self.sizes, other.sizes) || isLarge(self.count)) return false;
      check(self, other);
      elementwiseInto(kernelOf(self.dtype), self.dtype, self, [self, other, factor(alpha, self.dtype)]);
      return true;
    },
    backward,
  }) as Primitive<never>;
}

const hasAlpha = ({ alpha }: { alpha?: unknown }) => alpha !== undefined && alpha !== null && alpha !== 1;

/** `self + alpha * other`. The gradient flows unchanged to `self` and times `alpha` to `other`. */
export const add: Additive = binary("add", {
  signatures: ALPHA,
  numbers: "tensors",
  nativeNode: "AddBackward1",
  forward: (self, other) => self + other,
  int64: (self, other) => self + other,
  bool: (self, other) => self | other,
  backward: {
    self: ({ grad }) => grad,
    other: ({ grad }) => grad,
  },
  extended: {
    when: hasAlpha,
    primitive: scaled("AddBackward0", (a, b, alpha) => a + b * alpha, (a, b, alpha) => a + b * alpha, {
      self: ({ grad }) => grad,
      other: ({ grad, alpha }) => grad.mul(alpha),
    }),
  },
});

function refuseBools(self: Tensor | Num, other: Tensor | Num | undefined): void {
  const isBool = (x: Tensor | Num | undefined) => x instanceof Tensor ? x.dtype === bool : typeof x === "boolean";
  if (isBool(self) && isBool(other)) {
    throw new RuntimeError("Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.");
  }
  if (isBool(self) || isBool(other)) {
    throw new RuntimeError(
      "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
    );
  }
}

/** `self - alpha * other`. The gradient flows unchanged to `self` and times `-alpha` to `other`. */
export const sub: Additive = binary("sub", {
  signatures: ALPHA,
  numbers: "tensors",
  nativeNode: "SubBackward1",
  check: refuseBools,
  forward: (self, other) => self - other,
  int64: (self, other) => self - other,
  backward: {
    self: ({ grad }) => grad,
    other: ({ grad }) => grad.neg(),
  },
  extended: {
    when: hasAlpha,
    primitive: scaled("SubBackward0", (a, b, alpha) => a - b * alpha, (a, b, alpha) => a - b * alpha, {
      self: ({ grad }) => grad,
      other: ({ grad, alpha }) => grad.mul(-Number(alpha)),
    }, refuseBools),
  },
});

/** `other - alpha * self`. The gradient flows times `-alpha` to `self` and unchanged to `other`. */
export const rsub: Fn<AlphaOptions & { input: Tensor }, [input: Tensor, other: Tensor | Num, alpha?: Num]> = plainFunction(binary("rsub", {
  signatures: ["(Tensor input, Tensor other, *, Number alpha = 1)", "(Tensor input, Number other, Number alpha = 1)"],
  numbers: "signatures",
  numberNode: "RsubBackward1",
  inplace: false,
  check: refuseBools,
  forward: (self, other) => other - self,
  int64: (self, other) => other - self,
  backward: {
    self: ({ grad }) => grad.neg(),
    other: ({ grad }) => grad,
  },
  extended: {
    when: hasAlpha,
    primitive: scaled("RsubBackward0", (a, b, alpha) => b - a * alpha, (a, b, alpha) => b - a * alpha, {
      self: ({ grad, alpha }) => grad.mul(-Number(alpha)),
      other: ({ grad }) => grad,
    }, refuseBools),
  },
}));

/** `self * other`. Each factor's gradient is the gradient times the other factor. */
export const mul: BinaryOfNumbers = binary("mul", {
  numbers: "tensors",
  nativeNode: "MulBackward1",
  forward: (self, other) => self * other,
  int64: (self, other) => self * other,
  int: Math.imul,
  bool: (self, other) => self & other,
  backward: {
    self: ({ grad, other }) => grad.mul(other),
    other: ({ grad, self }) => grad.mul(self),
  },
});

/** `self / other` rounded down, in the promoted dtype. It is flat wherever it is differentiable, and has no derivative. */
export const floor_divide: BinaryOfNumbers = binary("floor_divide", {
  signatures: NUMBER,
  numbers: "tensors",
  check: refuseZeroDivisor,
  kernel: "div_floor_cpu",
  forward: floorQuotient,
  int64: floorQuotient64,
  bool: null,
  backward: "unsupported",
});

const ROUNDING = [
  "(Tensor input, Tensor other, *, Tensor out = None)",
  "(Tensor input, Tensor other, *, str rounding_mode, Tensor out = None)",
  "(Tensor input, Number other, *, str rounding_mode)",
];

type Rounded = { self: Tensor; other: Tensor | Num; rounding_mode: string };
const truncated = new Kernel((a: number, b: number) => Math.trunc(a / b));
const truncated64 = new Kernel((a: bigint, b: bigint) => a / b);
const floored = new Kernel(floorQuotient);
const floored64 = new Kernel(floorQuotient64);

/** Division with rounding: its derivative is zero wherever it exists. */
const roundedDiv = new Primitive<Rounded>({
  name: "DivBackward2",
  forward: ({ self, other, rounding_mode }) => {
    if (rounding_mode !== "trunc" && rounding_mode !== "floor") {
      throw new RuntimeError(`div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '${rounding_mode}'`);
    }
    refuseZeroDivisor(self, other);
    const dtype = resultType([self, other]);
    const wide = dtype.name === "int64";
    return elementwise(rounding_mode === "trunc" ? (wide ? truncated64 : truncated) : (wide ? floored64 : floored), dtype, [self, other]);
  },
  backward: {
    self: ({ grad }) => grad.zeros_like(),
    other: ({ grad }) => grad.zeros_like(),
  },
});

/** Named arguments of `div`. */
export interface DivOptions {
  /** The divisor. */
  other: Tensor | Num;
  /** How to round: `"trunc"`, `"floor"`, or null for true division. */
  rounding_mode?: "trunc" | "floor" | null;
  /** Takes the result. */
  out?: Tensor;
}

/** Division. */
export interface Division extends IsMethod {
  /** The tensor (or a number where the divisor is one), the divisor, and options. */
  (self: Tensor | Num, ...args: Args<DivOptions, [other: Tensor | Num]>): Tensor;
  /** The in-place twin. */
  readonly inplace: (self: Tensor, ...args: Args<DivOptions, [other: Tensor | Num]>) => Tensor;
}

/** `self / other`, or with `rounding_mode` its integral part. d/dself = 1 / other; d/dother = -self / other^2; both zero with rounding. */
export const div: Division = binary("div", {
  signatures: ROUNDING,
  numbers: "tensors",
  nativeNode: "DivBackward1",
  kind: "float",
  forward: (self, other) => self / other,
  backward: {
    self: ({ grad, other }) => grad.div(other),
    other: ({ grad, self, other }) => grad.neg().mul(div(div(self, other), other)),
  },
  extended: { when: ({ rounding_mode }) => rounding_mode !== undefined && rounding_mode !== null, primitive: roundedDiv as Primitive<never> },
});

/** `-self`. */
export const neg: Unary = unary("neg", {
  check: (self) => {
    if (self instanceof Tensor && self.dtype === bool) {
      throw new RuntimeError(
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
      );
    }
  },
  forward: (self) => -self,
  int64: (self) => -self,
  backward: { self: ({ grad }) => grad.neg() },
});

/** `1 / self`. d/dself = -1 / self^2. */
export const reciprocal: Unary = unary("reciprocal", {
  kind: "float",
  forward: (self) => 1 / self,
  backward: { self: ({ grad, result }) => grad.neg().mul(result.mul(result)) },
});

const SUBTRACT = ["(Tensor input, Tensor other, *, Number alpha = 1, Tensor out = None)", "(Tensor input, Number other, Number alpha = 1)"];
const DIVIDE = [...ROUNDING.slice(0, 2), "(Tensor input, Number other)", ROUNDING[2]];

/** Alias of `sub`. */
export const subtract: Additive = alias("subtract", sub, SUBTRACT);
/** Alias of `mul`. */
export const multiply: BinaryOfNumbers = alias("multiply", mul, NUMBER);
/** Alias of `div`. */
export const divide: Division = alias("divide", div, DIVIDE);
/** Alias of `div` without rounding. */
export const true_divide: BinaryOfNumbers = alias<BinaryOfNumbers>("true_divide", div as BinaryOfNumbers, NUMBER);
/** Alias of `neg`. */
export const negative: Unary = alias("negative", neg);
