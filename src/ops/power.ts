/**
 * Powers. PyTorch has three nodes for them: of a tensor by a number, of a tensor by a tensor, of a number by a tensor.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { transforms } from "../autograd/transforms.ts";
import { bool, type DType, float32, float64, int64 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { Tensor } from "../tensor.ts";
import { type Args, define, type InplaceOp, type IsMethod, Primitive } from "./define.ts";
import { isLarge } from "./deferred.ts";
import { elementwise, isUniform } from "./elementwise.ts";
import { type Num, resultType } from "./promotion.ts";
import { where } from "./select.ts";

const f = Math.fround;

// C's pow: JavaScript has NaN where 1 is raised to NaN, and ±1 to ±∞
const power = new Kernel((a: number, b: number) => a === 1 || (a === -1 && (b === Infinity || b === -Infinity)) ? 1 : a ** b);
// exponents that PyTorch computes in another way; the square root of -∞ is NaN, (-∞)^0.5 is not
const SPECIAL: ReadonlyMap<number, Kernel> = new Map([
  [2, new Kernel((a: number) => a * a)],
  [1, new Kernel((a: number) => a)],
  [0.5, new Kernel((a: number) => Math.sqrt(a))],
  [3, new Kernel((a: number) => a * a * a)],
  [-0.5, new Kernel((a: number) => 1 / Math.sqrt(a))],
  [-1, new Kernel((a: number) => 1 / a)],
  [-2, new Kernel((a: number) => 1 / (a * a))],
]);
const SPECIAL_FLOAT32: ReadonlyMap<number, Kernel> = new Map([
  ...SPECIAL,
  [3, new Kernel((a: number) => f(a * a) * a)],
  [-0.5, new Kernel((a: number) => 1 / f(Math.sqrt(a)))],
  [-2, new Kernel((a: number) => 1 / f(a * a))],
]);
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
  if (dtype === bool && exponent instanceof Tensor) throw noKernel("pow", bool);
  const special = dtype.is_floating_point && typeof exponent === "number" ? (dtype === float32 ? SPECIAL_FLOAT32 : SPECIAL).get(exponent) : undefined;
  if (special !== undefined) return elementwise(special, dtype, [self]);
  return elementwise(dtype === int64 ? power64 : dtype === bool ? truth : dtype.category === "int" ? power32 : power, dtype, [self, exponent]);
}

/** grad n self^(n-1) for the powers met most, each step rounded as the ops it stands for round. */
const GRADIENT_FLOAT32: ReadonlyMap<number, Kernel> = new Map([
  [2, new Kernel((grad: number, self: number) => grad * f(self * 2))],
  [3, new Kernel((grad: number, self: number) => grad * f(f(self * self) * 3))],
]);
const GRADIENT: ReadonlyMap<number, Kernel> = new Map([
  [2, new Kernel((grad: number, self: number) => grad * (self * 2))],
  [3, new Kernel((grad: number, self: number) => grad * (self * self * 3))],
]);

/** The gradient of a power: at once where it is not itself recorded, else by the ops that it comes to. */
function powGradient(grad: Tensor, self: Tensor, exponent: number): Tensor {
  const { dtype } = self;
  const kernel = (dtype === float32 ? GRADIENT_FLOAT32 : GRADIENT).get(exponent);
  if (kernel === undefined || is_grad_enabled() || transforms.active > 0 || grad.dtype !== dtype || isLarge(self.count)) {
    return grad.mul(self.pow(exponent - 1).mul(exponent));
  }
  return elementwise(kernel, dtype, [isUniform(grad) ? grad.store.data[grad.offset] : grad, self]);
}

/** d self^n/dself = n self^(n-1), which is 0 for n = 0. */
const powScalar = new Primitive<{ self: Tensor; exponent: number }>({
  name: "PowBackward0",
  forward: ({ self, exponent }) => compute(self, exponent),
  backward: {
    self: ({ grad, self, exponent }) => exponent === 0 ? grad.zeros_like() : powGradient(grad, self, exponent),
  },
});

/** d self^e/dself = e self^(e-1), 0 where e = 0; d/de = self^e ln(self), 0 where self = 0 and e >= 0. */
const powTensor = new Primitive<{ self: Tensor; exponent: Tensor }>({
  name: "PowBackward1",
  forward: ({ self, exponent }) => compute(self, exponent),
  backward: {
    self: ({ grad, self, exponent }) => where(exponent.eq(0), 0, grad.mul(exponent.mul(self.pow(exponent.sub(1))))),
    exponent: ({ grad, self, exponent, result }) => grad.mul(where(self.eq(0).logical_and(exponent.ge(0)), 0, result.mul(self.log()))),
  },
});

/** d a^e/de = a^e ln(a); 0 where a = 0 and e >= 0. */
const powOfNumber = new Primitive<{ self: number; exponent: Tensor }>({
  name: "PowBackward2",
  forward: ({ self, exponent }) => compute(self, exponent),
  backward: {
    exponent: ({ grad, self, exponent, result }) => grad.mul(self === 0 ? where(exponent.ge(0), 0, result.mul(-Infinity)) : result.mul(Math.log(self))),
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
    inplace: define<Power, PowInputs>(
      "pow_",
      ["(Tensor input, Tensor exponent)", "(Tensor input, Number exponent)"],
      (inputs) => choose(inputs).applyInplace(inputs as never),
    ),
  },
);

const wide = (x: Tensor | Num): Tensor | Num => x instanceof Tensor ? x.double() : x;

/** `self ** exponent` in float64. */
export const float_power: InplaceOp<PowOptions, [exponent: Tensor | Num]> = define<
  InplaceOp<PowOptions, [exponent: Tensor | Num]>,
  PowInputs & { self: Tensor }
>(
  "float_power",
  SIGNATURES,
  ({ self, exponent }) => pow(wide(self), wide(exponent)),
  {
    inplace: ({ self, exponent }) => {
      if (self.dtype !== float64) {
        throw new RuntimeError(`the base given to float_power_ has dtype ${self.dtype.scalar} but the operation's result requires dtype Double`);
      }
      return pow.inplace(self, wide(exponent));
    },
  },
);

/** `self` times itself; recorded as a power, as in PyTorch. */
export const square: InplaceOp = define<InplaceOp, { self: Tensor }>("square", "(Tensor input, *, Tensor out = None)", ({ self }) => pow(self, 2), {
  inplace: ({ self }) => pow.inplace(self, 2),
});
