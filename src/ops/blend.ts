/**
 * Element-wise ops of two or three tensors that are neither arithmetic nor comparisons: interpolation, fused products,
 * logarithms of sums, angles and lengths, and the parts of floating-point numbers.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { requiresGrad } from "../autograd/view.ts";
import { bool, float32, get_default_dtype, int32, int64 } from "../dtype.ts";
import { noDerivative, noKernel, RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { frexp as split, nextafter as after, nextafterFloat32, xlogy as product } from "../kernels/special.ts";
import { type NamedTuple, namedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { div, mul, sub } from "./arithmetic.ts";
import { define, type InplaceOp, type Op, Primitive, writeResult } from "./define.ts";
import { asContiguous, elementwise, floatType, shapeOf } from "./elementwise.ts";
import { alias, type Binary, binary, type BinaryTensors, type BinaryTensorsInplace } from "./pointwise.ts";
import { pow } from "./power.ts";
import { type Num, resultType } from "./promotion.ts";
import { checkedScalar } from "./scalar.ts";
import { writeOuts } from "./selection.ts";

const f = Math.fround;
const LOG2E_FLOAT32 = f(Math.LOG2E);

// -- lerp ------------------------------------------------------------------------------------------------------------

// from the nearer end, so that weight 1 gives exactly `end`
const interpolated = new Kernel((a: number, b: number, weight: number) => Math.abs(weight) < 0.5 ? a + weight * (b - a) : b + (weight - 1) * (b - a));
const interpolated32 = new Kernel((a: number, b: number, weight: number) => Math.abs(weight) < 0.5 ? a + weight * f(b - a) : b + f(weight - 1) * f(b - a));

type LerpInputs = { self: Tensor; end: Tensor; weight: Tensor | Num };

function lerped({ self, end, weight }: LerpInputs): Tensor {
  const { dtype } = self;
  if (end.dtype !== dtype) throw new RuntimeError(`expected dtype ${dtype.ctype} for \`end\` but got dtype ${end.dtype.ctype}`);
  if (weight instanceof Tensor && weight.dtype !== dtype) {
    throw new RuntimeError(`expected dtype ${dtype.ctype} for \`weight\` but got dtype ${weight.dtype.ctype}`);
  }
  shapeOf([self, end, weight]);
  if (!dtype.is_floating_point) throw noKernel(weight instanceof Tensor ? "lerp_kernel_tensor" : "lerp_kernel_scalar", dtype);
  const w = weight instanceof Tensor ? weight : checkedScalar(weight, dtype);
  return elementwise(dtype === float32 ? interpolated32 : interpolated, dtype, [self, end, w]);
}

const lerpNumber = new Primitive<{ self: Tensor; end: Tensor; weight: number }>({
  name: "LerpBackward0",
  forward: lerped,
  backward: {
    self: ({ grad, weight }) => grad.mul(1 - weight),
    end: ({ grad, weight }) => grad.mul(weight),
  },
});

const lerpTensor = new Primitive<{ self: Tensor; end: Tensor; weight: Tensor }>({
  name: "LerpBackward1",
  forward: lerped,
  backward: {
    self: ({ grad, weight }) => grad.mul(sub(1, weight)),
    end: ({ grad, weight }) => grad.mul(weight),
    weight: ({ grad, self, end }) => grad.mul(end.sub(self)),
  },
});

const byWeight = ({ weight }: LerpInputs): Primitive<never> => (weight instanceof Tensor ? lerpTensor : lerpNumber) as Primitive<never>;

/** `lerp`. */
export type Lerp = InplaceOp<{ end: Tensor; weight: Tensor | Num; out?: Tensor }, [end: Tensor, weight: Tensor | Num]>;

/** self + weight (end - self). d/dself = 1 - weight, d/dend = weight, d/dweight = end - self. */
export const lerp: Lerp = define<Lerp, LerpInputs>(
  "lerp",
  ["(Tensor input, Tensor end, Tensor weight, *, Tensor out = None)", "(Tensor input, Tensor end, Number weight, *, Tensor out = None)"],
  (inputs) => byWeight(inputs).apply(inputs as never),
  { inplace: (inputs) => byWeight(inputs).applyInplace(inputs as never) },
);

// -- addcmul, addcdiv ------------------------------------------------------------------------------------------------

/** Named arguments of `addcmul` and `addcdiv`. */
export interface AddcOptions {
  /** The first factor, or the dividend. */
  tensor1: Tensor;
  /** The second factor, or the divisor. */
  tensor2: Tensor;
  /** What the product or the quotient is multiplied by. */
  value?: Num;
  /** Takes the result. */
  out?: Tensor;
}

/** `addcmul` and `addcdiv`. */
export type Addc = InplaceOp<AddcOptions, [tensor1: Tensor, tensor2: Tensor]>;
type AddcInputs = { self: Tensor; tensor1: Tensor; tensor2: Tensor; value: number };

const ADDC = "(Tensor input, Tensor tensor1, Tensor tensor2, *, Number value = 1, Tensor out = None)";
const addProduct = new Kernel((x: number, a: number, b: number, value: number) => x + value * a * b);
const addProduct64 = new Kernel((x: bigint, a: bigint, b: bigint, value: bigint) => x + value * a * b);
const addProduct32 = new Kernel((x: number, a: number, b: number, value: number) => x + f(value * a) * b);
const addQuotient32 = new Kernel((x: number, a: number, b: number, value: number) => x + f(f(value * a) / b));
const addQuotient = new Kernel((x: number, a: number, b: number, value: number) => x + value * a / b);

/** self + value tensor1 tensor2. d/dself = 1; the gradient of each factor is the gradient times `value` and the other factor. */
export const addcmul: Addc = define<Addc, AddcInputs>("addcmul", ADDC, {
  forward: ({ self, tensor1, tensor2, value }) => {
    const dtype = resultType([self, tensor1, tensor2]);
    shapeOf([self, tensor1, tensor2]);
    if (dtype === bool) throw noKernel("addcmul_cpu_out", bool);
    return elementwise(dtype === int64 ? addProduct64 : dtype === float32 ? addProduct32 : addProduct, dtype, [
      self,
      tensor1,
      tensor2,
      checkedScalar(value, dtype),
    ]);
  },
  backward: {
    self: ({ grad }) => grad,
    tensor1: ({ grad, tensor2, value }) => grad.mul(tensor2.mul(value)),
    tensor2: ({ grad, tensor1, value }) => grad.mul(tensor1.mul(value)),
  },
}, { inplace: true });

/** self + value tensor1 / tensor2. d/dself = 1, d/dtensor1 = value / tensor2, d/dtensor2 = -value tensor1 / tensor2². */
export const addcdiv: Addc = define<Addc, AddcInputs>("addcdiv", ADDC, {
  forward: ({ self, tensor1, tensor2, value }) => {
    if (!tensor1.dtype.is_floating_point && !tensor2.dtype.is_floating_point) {
      throw new RuntimeError(
        "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division of tensor1 and tensor2. " +
          "The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as " +
          "(input + value * tensor1 / tensor2) for float inputs. The future addcdiv behavior is just the latter implementation: " +
          "(input + value * tensor1 / tensor2), for all dtypes.",
      );
    }
    const dtype = resultType([self, tensor1, tensor2]);
    return elementwise(dtype === float32 ? addQuotient32 : addQuotient, dtype, [self, tensor1, tensor2, checkedScalar(value, dtype)]);
  },
  backward: {
    self: ({ grad }) => grad,
    tensor1: ({ grad, tensor2, value }) => grad.mul(div(value, tensor2)),
    tensor2: ({ grad, tensor1, tensor2, value }) => grad.neg().mul(tensor1.mul(value).div(tensor2.mul(tensor2))),
  },
}, { inplace: true });

// -- logarithms of sums ----------------------------------------------------------------------------------------------

/** log(e^self + e^other), without overflow. d/dself = 1 / (1 + e^(other - self)), and the same with the two exchanged. */
export const logaddexp: BinaryTensors = binary<BinaryTensors, Tensor>("logaddexp", {
  kind: "floating",
  kernel: "logaddexp_cpu",
  inplace: false,
  forward: (self, other) => {
    if (self === other && self - self !== 0) return self; // both ∞ or both -∞
    const larger = self > other ? self : other;
    return larger + Math.log1p(Math.exp(-Math.abs(self - other)));
  },
  float32: (self, other) => {
    if (self === other && self - self !== 0) return self;
    const larger = self > other ? self : other;
    return larger + f(Math.log1p(f(Math.exp(-Math.abs(f(self - other))))));
  },
  backward: {
    self: ({ grad, self, other }) => grad.div(other.sub(self).exp().add(1)),
    other: ({ grad, self, other }) => grad.div(self.sub(other).exp().add(1)),
  },
});

/** log₂(2^self + 2^other), without overflow. d/dself = 1 / (1 + 2^(other - self)), and the same with the two exchanged. */
export const logaddexp2: BinaryTensors = binary<BinaryTensors, Tensor>("logaddexp2", {
  kind: "floating",
  kernel: "logaddexp2_cpu",
  inplace: false,
  forward: (self, other) => {
    if (self === other && self - self !== 0) return self;
    const larger = self > other ? self : other;
    return larger + Math.log1p(2 ** -Math.abs(self - other)) * Math.LOG2E;
  },
  float32: (self, other) => {
    if (self === other && self - self !== 0) return self;
    const larger = self > other ? self : other;
    return larger + f(Math.log1p(f(2 ** -Math.abs(f(self - other))))) * LOG2E_FLOAT32;
  },
  backward: {
    self: ({ grad, self, other }) => grad.div(pow(2, other.sub(self)).add(1)),
    other: ({ grad, self, other }) => grad.div(pow(2, self.sub(other)).add(1)),
  },
});

// -- angles and lengths ----------------------------------------------------------------------------------------------

/** The angle of the point (other, self), from -π to π. d/dself = other / (self² + other²), d/dother = -self / (self² + other²). */
export const atan2: BinaryTensorsInplace = binary<BinaryTensorsInplace, Tensor>("atan2", {
  kind: "float",
  forward: (self, other) => Math.atan2(self, other),
  backward: {
    self: ({ grad, self, other }) => grad.mul(other).mul(self.mul(self).add(other.mul(other)).reciprocal()),
    other: ({ grad, self, other }) => grad.mul(self.neg()).mul(self.mul(self).add(other.mul(other)).reciprocal()),
  },
});

/** Alias of `atan2`. */
export const arctan2: BinaryTensorsInplace = alias("arctan2", atan2);

/** √(self² + other²), without overflow. d/dself = self / result, d/dother = other / result. */
export const hypot: BinaryTensorsInplace = binary<BinaryTensorsInplace, Tensor>("hypot", {
  kind: "floating",
  kernel: "hypot_cpu",
  forward: (self, other) => Math.hypot(self, other),
  backward: {
    self: ({ grad, self, result }) => grad.mul(self).div(result),
    other: ({ grad, other, result }) => grad.mul(other).div(result),
  },
});

// -- xlogy -----------------------------------------------------------------------------------------------------------

const xlogyKernel = new Kernel((x: number, y: number) => product(x, y));

function xlogyOf(self: Tensor | Num, other: Tensor | Num): Tensor {
  return elementwise(xlogyKernel, floatType(resultType([self, other]), get_default_dtype()), [self, other]);
}

const xlogyTensors = new Primitive<{ self: Tensor; other: Tensor }>({
  name: "XlogyBackward0",
  forward: ({ self, other }) => xlogyOf(self, other),
  backward: {
    self: ({ grad, self, other }) => xlogy(grad, other).masked_fill(self.eq(0).logical_and(other.le(0)), 0),
    other: ({ grad, self, other }) => grad.mul(self).div(other),
  },
});

const xlogyOfNumber = new Primitive<{ self: number; other: Tensor }>({
  name: "XlogyBackward1",
  forward: ({ self, other }) => xlogyOf(self, other),
  backward: { other: ({ grad, self, other }) => grad.mul(self).div(other) },
});

const xlogyByNumber = new Primitive<{ self: Tensor; other: number }>({
  name: "XlogyBackward2",
  forward: ({ self, other }) => xlogyOf(self, other),
  backward: { self: ({ grad, self, other }) => other > 0 ? xlogy(grad, other) : xlogy(grad, other).masked_fill(self.eq(0), 0) },
});

/** `xlogy`: either operand may be a number. */
export interface Xlogy extends Binary {
  /** A number and a tensor. */
  (self: Num, other: Tensor, named?: { out?: Tensor }): Tensor;
}

type XlogyInputs = { self: Tensor | Num; other: Tensor | Num };

const xlogyFor = ({ self, other }: XlogyInputs): Primitive<never> =>
  (self instanceof Tensor ? (other instanceof Tensor ? xlogyTensors : xlogyByNumber) : xlogyOfNumber) as Primitive<never>;

/** self log(other), and 0 where `self` is 0. d/dself = log(other), d/dother = self / other. */
export const xlogy: Xlogy = define<Xlogy, XlogyInputs>(
  "xlogy",
  [
    "(Tensor input, Tensor other, *, Tensor out = None)",
    "(Number self, Tensor other, *, Tensor out = None)",
    "(Tensor input, Number other, *, Tensor out = None)",
  ],
  (inputs) => xlogyFor(inputs).apply(inputs as never),
  { inplace: (inputs) => xlogyFor(inputs).applyInplace(inputs as never) },
);

// -- floating-point numbers and their parts --------------------------------------------------------------------------

/** |self| with the sign of `other`, which -0 has too. d/dself = ±1, and 0 at 0; d/dother = 0. */
export const copysign: Binary = binary("copysign", {
  kind: "float",
  signatures: ["(Tensor input, Tensor other, *, Tensor out = None)", "(Tensor input, Number other, *, Tensor out = None)"],
  numbers: "signatures",
  numberNode: "CopysignBackward1",
  forward: (self, other) => (self < 0 || Object.is(self, -0)) === (other < 0 || Object.is(other, -0)) ? self : -self,
  backward: {
    self: ({ grad, self, result }) => grad.mul(result.div(self).masked_fill(self.eq(0), 0)),
    other: ({ grad }) => grad.zeros_like(),
  },
});

const times2 = ({ self, other }: { self: Tensor; other: Tensor }): Tensor =>
  mul(self, pow(2, other.is_floating_point() ? other : other.to(get_default_dtype())));

/** self 2^other. */
export const ldexp: BinaryTensorsInplace = define<BinaryTensorsInplace, { self: Tensor; other: Tensor }>(
  "ldexp",
  "(Tensor input, Tensor other, *, Tensor out = None)",
  times2,
  {
    inplace: (inputs) => {
      const { self, other } = inputs;
      if (is_grad_enabled() && (requiresGrad(self) || requiresGrad(other))) {
        throw new RuntimeError("mul(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.");
      }
      writeResult(self, times2(inputs));
      self.store.version++;
      return self;
    },
  },
);

/** What `frexp` gives. */
export type Frexp = NamedTuple<"mantissa" | "exponent">;

const parts = new Primitive<{ self: Tensor }>({
  name: "FrexpBackward0",
  forward: ({ self }) => {
    if (!self.dtype.is_floating_point) throw new RuntimeError("torch.frexp() only supports floating-point dtypes");
    const mantissa = Tensor.make(self.sizes, self.dtype), exponent = Tensor.make(self.sizes, int32);
    const { store, offset, count } = asContiguous(self);
    for (let i = 0; i < count; i++) [mantissa.store.data[i], exponent.store.data[i]] = split(store.data[offset + i] as number);
    return [mantissa, exponent];
  },
  nonDifferentiable: [1],
  backward: { self: ({ grad, result1 }) => grad.div(result1.exp2()) },
});

/** Named arguments of `frexp`. */
export type FrexpOptions = { out?: readonly [Tensor, Tensor] };

/** Mantissas m, 0.5 <= |m| < 1, and exponents e of the elements, which are m 2^e. d mantissa/dself = 2^-e. */
export const frexp: Op<FrexpOptions, [], Frexp> = define<Op<FrexpOptions, [], Frexp>, { self: Tensor; out: Tensor[] | null }>(
  "frexp",
  "(Tensor input, *, tuple of Tensors out = None)",
  ({ self, out }) => {
    const results = parts.apply({ self }) as Tensor[];
    return namedTuple(out === null ? "frexp" : "frexp_out", ["mantissa", "exponent"], out === null ? results : writeOuts("frexp", { self }, out, results));
  },
);

const missing = () => {
  throw noDerivative("nextafter");
};

/** The floating-point number after `self` in the direction of `other`. PyTorch has no derivative for it. */
export const nextafter: BinaryTensorsInplace = binary<BinaryTensorsInplace, Tensor>("nextafter", {
  kind: "floating",
  kernel: "nextafter_cpu",
  forward: after,
  float32: nextafterFloat32,
  backward: { self: missing, other: missing },
});
