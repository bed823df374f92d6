/**
 * Absolute values, signs, rounding and remainders.
 */
import { bool, float32, int64 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { floorRemainder, floorRemainder64 } from "../kernels/division.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { roundHalfEven } from "../kernels/special.ts";
import { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { refuseZeroDivisor } from "./divisor.ts";
import { elementwise } from "./elementwise.ts";
import { FLOAT32_MAX } from "./scalar.ts";
import { alias, type Binary, binary, type BinaryOfNumbers, type Unary, unary, type UnaryOnly } from "./pointwise.ts";

const f = Math.fround;
const zero = ({ grad }: { grad: Tensor }): Tensor => grad.zeros_like();

/** |x|. d/dx = sgn(x), which is 0 at 0. */
export const abs: Unary = unary("abs", {
  kernel: "abs_cpu",
  forward: (x) => Math.abs(x),
  int64: (x) => x < 0n ? -x : x,
  bool: null,
  backward: { self: ({ grad, self }) => grad.mul(self.sgn()) },
});

/** Alias of `abs`. */
export const absolute: Unary = alias("absolute", abs);

/** -1, 0 or 1, the sign of x; 0 for NaN. Its derivative is zero. */
export const sign: Unary = unary("sign", {
  forward: (x) => x > 0 ? 1 : x < 0 ? -1 : 0,
  int64: (x) => x > 0n ? 1n : x < 0n ? -1n : 0n,
  backward: { self: zero },
});

/** x / |x|, and 0 at 0: for real numbers what `sign` is. Its derivative is zero. */
export const sgn: Unary = unary("sgn", {
  forward: (x) => x > 0 ? 1 : x < 0 ? -1 : 0,
  int64: (x) => x > 0n ? 1n : x < 0n ? -1n : 0n,
  // deno-lint-ignore no-unused-vars -- what PyTorch saves here for complex numbers can be read on the node
  backward: { self: ({ grad, self, result }) => grad.zeros_like() },
});

/** Whether the sign bit is set: true for negative numbers and -0. */
export const signbit: UnaryOnly = unary("signbit", {
  kind: "compare",
  inplace: false,
  forward: (x) => x < 0 || Object.is(x, -0),
  int64: (x) => x < 0n,
  backward: null,
});

/** The tensor itself. */
export const positive: Op = define<Op, { self: Tensor }>("positive", "(Tensor input)", ({ self }) => {
  if (self.dtype === bool) throw new RuntimeError("The `+` operator, on a bool tensor is not supported.");
  return self;
});

/** Rounding to integers, which integers pass unchanged. Its derivative is zero. */
const rounding = (name: string, forward: (self: number) => number): Unary =>
  unary(name, { kernel: `${name}_vml_cpu`, forward, int: (x) => x, int64: (x) => x, bool: null, backward: { self: zero } });

/** The greatest integer that is not above x. Its derivative is zero. */
export const floor: Unary = rounding("floor", (x) => Math.floor(x));

/** The smallest integer that is not below x. Its derivative is zero. */
export const ceil: Unary = rounding("ceil", (x) => Math.ceil(x));

/** The integral part, towards zero. Its derivative is zero. */
export const trunc: Unary = rounding("trunc", (x) => Math.trunc(x));

/** Alias of `trunc`. */
export const fix: Unary = alias("fix", trunc);

/** x - trunc(x), with the sign of x. d/dx = 1. */
export const frac: Unary = unary("frac", {
  kind: "floating",
  kernel: "frac_cpu",
  forward: (x) => x - Math.trunc(x),
  backward: { self: ({ grad }) => grad },
});

/** Named arguments of `round`. */
export interface RoundOptions {
  /** How many decimals are kept; negative to round to tens, hundreds ... */
  decimals?: number;
  /** Takes the result. */
  out?: Tensor;
}

const nearest = new Kernel((x: number) => roundHalfEven(x));
const same = new Kernel((x: number) => x);
const same64 = new Kernel((x: bigint) => x);
// PyTorch multiplies, rounds and divides, each in the tensor's own precision
const decimals = new Kernel((x: number, scale: number) => roundHalfEven(x * scale) / scale);
const decimals32 = new Kernel((x: number, scale: number) => roundHalfEven(f(x * scale)) / scale);
const tens = new Kernel((x: number, scale: number) => roundHalfEven(x / scale) * scale);
const tens32 = new Kernel((x: number, scale: number) => roundHalfEven(f(x / scale)) * scale);

const roundNearest = new Primitive<{ self: Tensor }>({
  name: "RoundBackward0",
  forward: ({ self }) => {
    if (self.dtype === bool) throw noKernel("round_vml_cpu", bool);
    return elementwise(self.dtype.is_floating_point ? nearest : self.dtype === int64 ? same64 : same, self.dtype, [self]);
  },
  backward: { self: zero },
});

type Decimals = { self: Tensor; decimals: number };
const roundDecimals = new Primitive<Decimals>({
  name: "RoundBackward1",
  forward: ({ self, decimals: n }) => {
    const { dtype } = self;
    if (!dtype.is_floating_point) throw noKernel(n === 0 ? "round_vml_cpu" : "round_cpu", dtype);
    if (n === 0) return elementwise(nearest, dtype, [self]);
    const single = dtype === float32;
    return elementwise(n > 0 ? (single ? decimals32 : decimals) : (single ? tens32 : tens), dtype, [self, 10 ** Math.abs(n)]);
  },
  backward: { self: zero },
});

/** The nearest integer, halves to the even one; with `decimals` the nearest number of as many decimals. Its derivative is zero. */
export const round: InplaceOp<RoundOptions> = define<InplaceOp<RoundOptions>, { self: Tensor; decimals?: number }>(
  "round",
  ["(Tensor input, *, Tensor out = None)", "(Tensor input, *, int decimals, Tensor out = None)"],
  ({ self, decimals }) => decimals === undefined ? roundNearest.apply({ self }) : roundDecimals.apply({ self, decimals }),
  { inplace: ({ self, decimals }) => decimals === undefined ? roundNearest.applyInplace({ self }) : roundDecimals.applyInplace({ self, decimals }) },
);

const NUMBER = ["(Tensor input, Tensor other, *, Tensor out = None)", "(Tensor input, Number other, *, Tensor out = None)"];

/** The remainder of division rounded towards zero; it has the sign of `self`. d/dself = 1, d/dother = -trunc(self / other). */
export const fmod: Binary = binary("fmod", {
  signatures: NUMBER,
  numbers: "signatures",
  kernel: "fmod_cpu",
  check: refuseZeroDivisor,
  node: "FmodBackward1",
  numberNode: "FmodBackward0",
  forward: (self, other) => self % other,
  int64: (self, other) => self % other,
  bool: null,
  backward: {
    self: ({ grad }) => grad,
    other: ({ grad, self, other }) => grad.neg().mul(self.div(other, { rounding_mode: "trunc" })),
  },
});

/** The remainder of division rounded down; it has the sign of `other`. d/dself = 1, d/dother = -floor(self / other). Of a number by a tensor it has no derivative. */
export const remainder: BinaryOfNumbers = binary("remainder", {
  signatures: ["(Tensor input, Tensor other, *, Tensor out = None)", "(Number self, Tensor other)", "(Tensor input, Number other, *, Tensor out = None)"],
  numbers: "signatures",
  kernel: "remainder_cpu",
  check: refuseZeroDivisor,
  node: "RemainderBackward1",
  numberNode: "RemainderBackward0",
  reversed: "unsupported",
  forward: floorRemainder,
  int64: floorRemainder64,
  bool: null,
  backward: {
    self: ({ grad }) => grad,
    other: ({ grad, self, other }) => grad.neg().mul(self.div(other, { rounding_mode: "floor" })),
  },
});

/** Named arguments of `nan_to_num`. */
export interface NanToNumOptions {
  /** Stands for NaN; 0 by default. */
  nan?: number | null;
  /** Stands for ∞; the greatest finite number of the dtype by default. */
  posinf?: number | null;
  /** Stands for -∞; the least finite number of the dtype by default. */
  neginf?: number | null;
  /** Takes the result. */
  out?: Tensor;
}

/** `nan_to_num`. */
export type NanToNum = InplaceOp<NanToNumOptions, [nan?: number | null, posinf?: number | null, neginf?: number | null]>;

const replaceNonFinite = new Kernel((x: number, nan: number, posinf: number, neginf: number) =>
  x !== x ? nan : x === Infinity ? posinf : x === -Infinity ? neginf : x
);

/** Puts numbers in the place of NaN and infinities. The gradient flows through what was finite. */
export const nan_to_num: NanToNum = define<NanToNum, { self: Tensor; nan: number | null; posinf: number | null; neginf: number | null }>(
  "nan_to_num",
  "(Tensor input, float nan = None, float posinf = None, float neginf = None, *, Tensor out = None)",
  {
    forward: ({ self, nan, posinf, neginf }) => {
      const { dtype } = self;
      if (!dtype.is_floating_point) return self.clone();
      const max = dtype === float32 ? FLOAT32_MAX : Number.MAX_VALUE;
      return elementwise(replaceNonFinite, dtype, [self, nan ?? 0, posinf ?? max, neginf ?? -max]);
    },
    backward: { self: ({ grad, self }) => grad.mul(self.isfinite()) },
  },
  { inplace: true },
);

/** Degrees as radians, x π / 180. */
export const deg2rad: Unary = unary("deg2rad", {
  kind: "float",
  forward: (x) => x * (Math.PI / 180),
  backward: { self: ({ grad }) => grad.mul(Math.PI / 180) },
});

/** Radians as degrees, x 180 / π. */
export const rad2deg: Unary = unary("rad2deg", {
  kind: "float",
  forward: (x) => x * (180 / Math.PI),
  backward: { self: ({ grad }) => grad.mul(180 / Math.PI) },
});

/** The angle of a number in the complex plane: π for negative numbers, 0 for others. Its derivative is zero. */
export const angle: UnaryOnly = unary("angle", {
  kind: "float",
  inplace: false,
  forward: (x) => x < 0 ? Math.PI : x !== x ? NaN : 0,
  backward: { self: zero },
});
