/**
 * Powers. PyTorch has three nodes for them: of a tensor by a number, of a tensor by a tensor, of a number by a tensor.
 */
import { bool, type DType, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { Tensor } from "../tensor.ts";
import { type Args, define, type InplaceOp, type IsMethod, Primitive } from "./define.ts";
import { elementwise } from "./elementwise.ts";
import { type Num, resultType } from "./promotion.ts";

const power = new Kernel((a: number, b: number) => a ** b);
const squared = new Kernel((a: number, _: number) => a * a);
const truth = new Kernel((a: number, b: number) => a === 1 || b === 0);
// by squaring, modulo 2^64; of a negative exponent only what is an integer is left
const power64 = new Kernel((a: bigint, b: bigint) => {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  let result = 1n;
  for (let base = a, n = b; n > 0n; n >>= 1n, base = BigInt.asIntN(64, base * base)) if (n & 1n) result = BigInt.asIntN(64, result * base);
  return result;
});
// by squaring, modulo 2^32, which contains the narrower integers
const power32 = new Kernel((a: number, b: number) => {
  if (b < 0) return a === 1 ? 1 : a === -1 ? (b % 2 === 0 ? 1 : -1) : 0;
  let result = 1;
  for (let base = a, n = b; n > 0; n = Math.floor(n / 2), base = Math.imul(base, base)) if (n % 2 === 1) result = Math.imul(result, base);
  return result;
});

function compute(self: Tensor | Num, exponent: Tensor | Num): Tensor {
  const dtype: DType = resultType([self, exponent]);
  if (typeof exponent === "number" && exponent < 0 && dtype.category === "int") throw new RuntimeError("Integers to negative integer powers are not allowed.");
  if (exponent === 2 && dtype.category === "float") return elementwise(squared, dtype, [self, 2]);
  return elementwise(dtype === int64 ? power64 : dtype === bool ? truth : dtype.category === "int" ? power32 : power, dtype, [self, exponent]);
}

/** d self^n/dself = n self^(n-1), which is 0 for n = 0. */
const powScalar = new Primitive<{ self: Tensor; exponent: number }>({
  name: "PowBackward0",
  forward: ({ self, exponent }) => compute(self, exponent),
  backward: {
    self: ({ grad, self, exponent }) => exponent === 0 ? grad.zeros_like() : grad.mul(self.pow(exponent - 1).mul(exponent)),
  },
});

/** d self^e/dself = e self^(e-1), 0 where e = 0; d/de = self^e ln(self), 0 where self = 0 and e >= 0. */
const powTensor = new Primitive<{ self: Tensor; exponent: Tensor }>({
  name: "PowBackward1",
  forward: ({ self, exponent }) => compute(self, exponent),
  backward: {
    self: ({ grad, self, exponent }) => grad.mul(exponent.mul(self.pow(exponent.sub(1)))).masked_fill(exponent.eq(0), 0),
    exponent: ({ grad, self, exponent, result }) => grad.mul(result.mul(self.log())).masked_fill(self.eq(0).logical_and(exponent.ge(0)), 0),
  },
});

/** d a^e/de = a^e ln(a); 0 where a = 0 and e >= 0. */
const powOfNumber = new Primitive<{ self: number; exponent: Tensor }>({
  name: "PowBackward2",
  forward: ({ self, exponent }) => compute(self, exponent),
  backward: {
    exponent: ({ grad, self, exponent, result }) => self === 0 ? grad.mul(result.mul(-Infinity)).masked_fill(exponent.ge(0), 0) : grad.mul(result.mul(Math.log(self))),
  },
});

/** Named arguments of `pow`. */
export interface PowOptions {
  /** The exponent. */
  exponent: Tensor | Num;
  /** Takes the result. */
  out?: Tensor;
}

/** Powers of tensors and numbers. */
export interface Power extends IsMethod {
  /** The base, the exponent, and options; at least one of the two is a tensor. */
  (self: Tensor | Num, ...args: Args<PowOptions, [exponent: Tensor | Num]>): Tensor;
  /** The in-place twin. */
  readonly inplace: (self: Tensor, ...args: Args<PowOptions, [exponent: Tensor | Num]>) => Tensor;
}

type PowInputs = { self: Tensor | number; exponent: Tensor | number };

function choose({ self, exponent }: PowInputs): Primitive<never> {
  return (exponent instanceof Tensor ? (self instanceof Tensor ? powTensor : powOfNumber) : powScalar) as Primitive<never>;
}

const SIGNATURES = [
  "(Tensor input, Tensor exponent, *, Tensor out = None)",
  "(Number self, Tensor exponent, *, Tensor out = None)",
  "(Tensor input, Number exponent, *, Tensor out = None)",
];

/** `self ** exponent`, in the promoted dtype; integers to negative powers are an error. */
export const pow: Power = Object.assign(
  define<Power, PowInputs>("pow", SIGNATURES, (inputs) => choose(inputs).apply(inputs as never)),
  {
    inplace: define<Power, PowInputs>("pow_", ["(Tensor input, Tensor exponent)", "(Tensor input, Number exponent)"], (inputs) => choose(inputs).applyInplace(inputs as never)),
  },
);

const floatPowerType = (inputs: { self: Tensor | Num; exponent: Tensor | Num }): { self: Tensor | Num; exponent: Tensor | Num } => {
  const wide = (x: Tensor | Num) => x instanceof Tensor ? x.double() : x;
  return { self: wide(inputs.self), exponent: wide(inputs.exponent) };
};

/** `self ** exponent` in float64. */
export const float_power: InplaceOp<PowOptions, [exponent: Tensor | Num]> = define(
  "float_power",
  SIGNATURES,
  (inputs: { self: Tensor | Num; exponent: Tensor | Num }) => {
    const { self, exponent } = floatPowerType(inputs);
    return pow(self, exponent);
  },
  { inplace: true },
);

/** `self` times itself; recorded as a power, as in PyTorch. */
export const square: InplaceOp = define("square", "(Tensor input, *, Tensor out = None)", ({ self }: { self: Tensor }) => pow(self, 2), { inplace: true });
