/**
 * Exponentials, logarithms, roots, trigonometric and hyperbolic functions and their inverses, and the special functions that
 * PyTorch has among its plain ones. Integers become the default floating-point dtype.
 */
import { bool, float32, get_default_dtype } from "../dtype.ts";
import { noDerivative, RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import * as special from "../kernels/special.ts";
import * as vector from "../kernels/special/float32_vectors.ts";
import { digammaFloat32, erfFloat32, erfinvFloat32, expFloat32 } from "../kernels/special/float32.ts";
import type { Tensor } from "../tensor.ts";
import { sub } from "./arithmetic.ts";
import { type Context, define, type InplaceOp, Primitive } from "./define.ts";
import { elementwise, floatType } from "./elementwise.ts";
import { alias, binary, type BinaryTensors, type BinaryTensorsInplace, type Unary, unary } from "./pointwise.ts";
import { where } from "./select.ts";

export { i0 } from "./bessel.ts";

const f = Math.fround;

type RealFormula = (context: Context<{ self: Tensor }>) => Tensor;

/** A function of real numbers: integers become floating-point numbers. */
const real = (name: string, forward: (self: number) => number, self: RealFormula, float32?: (self: number) => number): Unary =>
  unary(name, { kind: "float", forward, float32, backward: { self } });

/** e^x. d exp(x)/dx = exp(x). */
export const exp: Unary = real("exp", (x) => Math.exp(x), ({ grad, result }) => grad.mul(result), expFloat32);

/** 2^x. d/dx = 2^x ln 2. */
export const exp2: Unary = real("exp2", (x) => 2 ** x, ({ grad, result }) => grad.mul(result).mul(Math.LN2));

/** e^x - 1, exact near 0. d/dx = e^x. */
export const expm1: Unary = real("expm1", (x) => Math.expm1(x), ({ grad, result }) => grad.mul(result.add(1)), vector.expm1Float32);

/** The natural logarithm. d log(x)/dx = 1/x. */
export const log: Unary = real("log", (x) => Math.log(x), ({ grad, self }) => grad.div(self), vector.logFloat32);

/** The logarithm to base 2. d/dx = 1 / (x ln 2). */
export const log2: Unary = real("log2", (x) => Math.log2(x), ({ grad, self }) => grad.div(self.mul(Math.LN2)), vector.log2Float32);

/** The logarithm to base 10. d/dx = 1 / (x ln 10). */
export const log10: Unary = real("log10", (x) => Math.log10(x), ({ grad, self }) => grad.div(self.mul(Math.LN10)), vector.log10Float32);

/** log(1 + x), exact near 0. d/dx = 1 / (1 + x). */
export const log1p: Unary = real("log1p", (x) => Math.log1p(x), ({ grad, self }) => grad.div(self.add(1)), vector.log1pFloat32);

/** The square root. d/dx = 1 / (2 sqrt(x)). */
export const sqrt: Unary = real("sqrt", (x) => Math.sqrt(x), ({ grad, result }) => grad.div(result.mul(2)));

/** 1 / sqrt(x). d/dx = -1/2 x^(-3/2). */
export const rsqrt: Unary = real("rsqrt", (x) => 1 / Math.sqrt(x), ({ grad, result }) => grad.mul(-0.5).mul(result.pow(3)), (x) => 1 / f(Math.sqrt(x)));

/** The sine. Its derivative is the cosine. */
export const sin: Unary = real("sin", (x) => Math.sin(x), ({ grad, self }) => grad.mul(self.cos()), vector.sinFloat32);

/** The cosine. Its derivative is minus the sine. */
export const cos: Unary = real("cos", (x) => Math.cos(x), ({ grad, self }) => grad.mul(self.sin().neg()), vector.cosFloat32);

/** The tangent. d tan(x)/dx = 1 + tan(x)^2. */
export const tan: Unary = real("tan", (x) => Math.tan(x), ({ grad, result }) => grad.mul(result.pow(2).add(1)), vector.tanFloat32);

/** The inverse sine. d/dx = 1 / sqrt(1 - x^2). */
export const asin: Unary = real("asin", (x) => Math.asin(x), ({ grad, self }) => grad.mul(self.neg().mul(self).add(1).rsqrt()), vector.asinFloat32);

/** The inverse cosine. d/dx = -1 / sqrt(1 - x^2). */
export const acos: Unary = real("acos", (x) => Math.acos(x), ({ grad, self }) => grad.mul(self.neg().mul(self).add(1).rsqrt().neg()), vector.acosFloat32);

/** The inverse tangent. d/dx = 1 / (1 + x^2). */
export const atan: Unary = real("atan", (x) => Math.atan(x), ({ grad, self }) => grad.div(self.mul(self).add(1)), vector.atanFloat32);

/** The hyperbolic sine. Its derivative is the hyperbolic cosine. */
export const sinh: Unary = real("sinh", (x) => Math.sinh(x), ({ grad, self }) => grad.mul(self.cosh()));

/** The hyperbolic cosine. Its derivative is the hyperbolic sine. */
export const cosh: Unary = real("cosh", (x) => Math.cosh(x), ({ grad, self }) => grad.mul(self.sinh()));

const tanhBackward: BinaryTensors = binary<BinaryTensors, Tensor>("tanh_backward", {
  forward: (grad, result) => grad * (1 - result * result),
  float32: (grad, result) => grad * f(1 - result * result),
  backward: {
    self: ({ grad, other }) => tanhBackward(grad, other),
    other: ({ grad, self, other }) => grad.mul(-2).mul(other).mul(self),
  },
});

/** The hyperbolic tangent. d tanh(x)/dx = 1 - tanh(x)^2. */
export const tanh: Unary = real("tanh", (x) => Math.tanh(x), ({ grad, result }) => tanhBackward(grad, result), vector.tanhFloat32);

/** An inverse hyperbolic function: PyTorch does not differentiate its in-place twin. */
const inverseHyperbolic = (name: string, forward: (self: number) => number, self: RealFormula): Unary =>
  unary(name, {
    kind: "float",
    forward,
    backward: { self },
    inplace: {
      node: `A${name.slice(1)}Backward1`,
      backward: {
        self: () => {
          throw noDerivative(`inplace version of ${name}`);
        },
      },
    },
  });

/** The inverse hyperbolic sine. d/dx = 1 / sqrt(x^2 + 1). */
export const asinh: Unary = inverseHyperbolic("asinh", (x) => Math.asinh(x), ({ grad, self }) => grad.mul(self.pow(2).add(1).rsqrt()));

/** The inverse hyperbolic cosine. d/dx = 1 / sqrt(x^2 - 1). */
export const acosh: Unary = inverseHyperbolic("acosh", (x) => Math.acosh(x), ({ grad, self }) => grad.mul(self.mul(self).sub(1).rsqrt()));

/** The inverse hyperbolic tangent. d/dx = 1 / (1 - x^2). */
export const atanh: Unary = inverseHyperbolic("atanh", (x) => Math.atanh(x), ({ grad, self }) => grad.mul(1).div(sub(1, self.pow(2))));

/** Alias of `asin`. */
export const arcsin: Unary = alias("arcsin", asin);
/** Alias of `acos`. */
export const arccos: Unary = alias("arccos", acos);
/** Alias of `atan`. */
export const arctan: Unary = alias("arctan", atan);
/** Alias of `asinh`. */
export const arcsinh: Unary = alias("arcsinh", asinh);
/** Alias of `acosh`. */
export const arccosh: Unary = alias("arccosh", acosh);
/** Alias of `atanh`. */
export const arctanh: Unary = alias("arctanh", atanh);

const sigmoidBackward: BinaryTensors = binary<BinaryTensors, Tensor>("sigmoid_backward", {
  forward: (grad, result) => grad * (1 - result) * result,
  float32: (grad, result) => f(grad * f(1 - result)) * result,
  backward: {
    self: ({ grad, other }) => sigmoidBackward(grad, other),
    other: ({ grad, self, other }) => grad.mul(self).mul(other.mul(-2).add(1)),
  },
});

/** The logistic function 1 / (1 + e^-x). d/dx = sigmoid(x) (1 - sigmoid(x)). */
export const sigmoid: Unary = real(
  "sigmoid",
  (x) => 1 / (1 + Math.exp(-x)),
  ({ grad, result }) => sigmoidBackward(grad, result),
  (x) => 1 / f(1 + expFloat32(-x)), // overflows below -88.7, as in PyTorch
);

/** Named arguments of `logit`. */
export interface LogitOptions {
  /** Where given, the argument is clamped to [eps, 1 - eps]. */
  eps?: number | null;
  /** Takes the result. */
  out?: Tensor;
}

const logitOf = new Kernel((x: number) => special.logit(x));
const logitOf32 = new Kernel((x: number) => Math.log(f(x / f(1 - x))));
const logitClamped = new Kernel((x: number, eps: number) => special.logit(x, eps));
const logitClamped32 = new Kernel((x: number, low: number, high: number) => {
  const p = x < low ? low : x > high ? high : x;
  return Math.log(f(p / f(1 - p)));
});

/** log(x / (1 - x)), the inverse of the sigmoid. d/dx = 1 / (x (1 - x)); where `eps` clamps, 0; outside of [0, 1] without `eps`, NaN. */
export const logit: InplaceOp<LogitOptions, [eps?: number | null]> = define<
  InplaceOp<LogitOptions, [eps?: number | null]>,
  { self: Tensor; eps: number | null }
>(
  "logit",
  "(Tensor input, float eps = None, *, Tensor out = None)",
  {
    forward: ({ self, eps }) => {
      const dtype = floatType(self.dtype, get_default_dtype());
      if (eps === null || eps < 0) return elementwise(dtype === float32 ? logitOf32 : logitOf, dtype, [self]);
      return dtype === float32 ? elementwise(logitClamped32, dtype, [self, eps, 1 - eps]) : elementwise(logitClamped, dtype, [self, eps]);
    },
    backward: {
      self: ({ grad, self, eps }) => {
        const low = eps ?? 0;
        const outside = self.lt(low).logical_or(self.gt(1 - low));
        return where(outside.logical_not(), grad.div(self.mul(sub(1, self))), eps === null || eps < 0 ? NaN : 0);
      },
    },
  },
  { inplace: true },
);

/** The error function, 2/√π ∫ e^(-t²) dt from 0 to x. d/dx = 2/√π e^(-x²). */
export const erf: Unary = unary("erf", {
  kind: "float",
  approximate: true,
  forward: special.erf,
  float32: erfFloat32,
  backward: { self: ({ grad, self }) => self.pow(2).neg().exp().mul(2 / Math.sqrt(Math.PI)).mul(grad) },
});

/** 1 - erf(x). d/dx = -2/√π e^(-x²). */
export const erfc: Unary = real("erfc", special.erfc, ({ grad, self }) => self.pow(2).neg().exp().mul(-2 / Math.sqrt(Math.PI)).mul(grad));

/** The inverse of the error function. d/dx = √π/2 e^(erfinv(x)²). */
export const erfinv: Unary = real(
  "erfinv",
  special.erfinv,
  ({ grad, self }) => self.erfinv().pow(2).exp().mul(Math.sqrt(Math.PI) / 2).mul(grad),
  erfinvFloat32,
);

/** log |Γ(x)|. Its derivative is digamma. */
export const lgamma: Unary = real("lgamma", special.lgamma, ({ grad, self }) => grad.mul(self.digamma()));

/** The logarithmic derivative of Γ. Its derivative is polygamma(1, x). */
export const digamma: Unary = real("digamma", special.digamma, ({ grad, self }) => grad.mul(polygamma(1, self)), digammaFloat32);

/** Named arguments of `polygamma`. */
export interface PolygammaOptions {
  /** How often digamma is differentiated. */
  n: number;
  /** Takes the result. */
  out?: Tensor;
}

/** `polygamma`: as a function the order comes first, as a method the tensor does. */
export interface Polygamma {
  /** The order and the tensor. */
  (n: number, input: Tensor, named?: { out?: Tensor }): Tensor;
  /** @internal The method. */
  readonly asMethod: (self: Tensor, n: number) => Tensor;
  /** The in-place twin. */
  readonly inplace: (self: Tensor, n: number) => Tensor;
}

const trigamma = new Kernel(special.trigamma),
  trigamma32 = new Kernel(special.trigammaFloat32),
  digammas = new Kernel((x: number) => special.digamma(x)),
  digammas32 = new Kernel(digammaFloat32);
const polygammas = new Kernel((x: number, n: number) => special.polygamma(n, x));

type PolygammaInputs = { n: number; self: Tensor };

const polygammaNode = (name: string): Primitive<PolygammaInputs> =>
  new Primitive<PolygammaInputs>({ name, forward: polygammaOf, backward: { self: ({ grad, self, n }) => grad.mul(polygamma(n + 1, self)) } });
const polygammaPlain = polygammaNode("PolygammaBackward0"), polygammaInplace = polygammaNode("PolygammaBackward1");

function polygammaOf({ self, n }: PolygammaInputs): Tensor {
  if (n < 0) throw new RuntimeError("polygamma(n, x) does not support negative n.");
  const dtype = floatType(self.dtype, get_default_dtype());
  if (n === 0) return elementwise(dtype === float32 ? digammas32 : digammas, dtype, [self]);
  return n === 1 ? elementwise(dtype === float32 ? trigamma32 : trigamma, dtype, [self]) : elementwise(polygammas, dtype, [self, n]);
}

const polygammaMethod = define<InplaceOp<PolygammaOptions, [n: number]>, PolygammaInputs>(
  "polygamma",
  "(Tensor input, int n)",
  (inputs) => polygammaPlain.apply(inputs),
  {
    inplace: (inputs) => polygammaInplace.applyInplace(inputs),
  },
);

const polygammaFunction = define<(n: number, input: Tensor, named?: { out?: Tensor }) => Tensor, { n: number; input: Tensor }>(
  "polygamma",
  "(int n, Tensor input, *, Tensor out = None)",
  ({ n, input }) => polygammaMethod(input, n),
);

/** The n-th derivative of digamma. Its derivative is polygamma(n + 1, x). */
export const polygamma: Polygamma = Object.assign(polygammaFunction, {
  asMethod: polygammaMethod.asMethod as Polygamma["asMethod"],
  inplace: polygammaMethod.inplace,
});

const multigammaln = new Kernel((x: number, p: number) => special.multigammaln(x, p));

/** The logarithm of the multivariate gamma function of dimension p. d/dx = Σ digamma(x - j/2), j = 0 ... p - 1. */
export const mvlgamma: InplaceOp<{ p: number; out?: Tensor }, [p: number]> = define<
  InplaceOp<{ p: number; out?: Tensor }, [p: number]>,
  { self: Tensor; p: number }
>(
  "mvlgamma",
  "(Tensor input, int p, *, Tensor out = None)",
  {
    forward: ({ self, p }) => {
      if (self.dtype === bool) throw new RuntimeError("The input tensor may not be a boolean tensor.");
      if (p < 1) throw new RuntimeError("p has to be greater than or equal to 1");
      return elementwise(multigammaln, floatType(self.dtype, get_default_dtype()), [self, p]);
    },
    backward: {
      self: ({ grad, self, p }) => {
        const steps = self.new_tensor(Array.from({ length: p }, (_, j) => (j + 1 - p) / 2));
        return grad.mul(steps.add(self.unsqueeze(-1)).digamma().sum(-1));
      },
    },
  },
  { inplace: true },
);

/** sin(πx) / (πx), and 1 at 0. d/dx = (πx cos(πx) - sin(πx)) / (πx²), and 0 at 0. */
export const sinc: Unary = real("sinc", special.sinc, ({ grad, self }) => {
  const angle = self.mul(Math.PI);
  const square = self.mul(self); // 0 already where x is tiny
  const sine = angle.sin(); // first, so that in its own derivative the largest terms cancel before small ones are added
  const slope = angle.mul(angle.cos()).sub(sine).div(square.mul(Math.PI));
  return where(square.eq(0), 0, grad.mul(slope));
}, special.sincFloat32);

/** The regularized lower incomplete gamma function P(self, other). d/dother = other^(self - 1) e^(-other) / Γ(self); none in `self`. */
export const igamma: BinaryTensorsInplace = incompleteGamma("igamma", special.igamma, (grad) => grad);

/** The regularized upper incomplete gamma function Q(self, other) = 1 - P(self, other). */
export const igammac: BinaryTensorsInplace = incompleteGamma("igammac", special.igammac, (grad) => grad.neg());

function incompleteGamma(name: string, forward: (a: number, x: number) => number, signed: (grad: Tensor) => Tensor): BinaryTensorsInplace {
  return binary<BinaryTensorsInplace, Tensor>(name, {
    kind: "floating",
    kernel: `${name}_cpu`,
    forward,
    backward: {
      self: () => {
        throw noDerivative(`${name}: input`);
      },
      other: ({ grad, self, other }) => {
        const density = self.sub(1).mul(other.log()).sub(other).sub(self.lgamma()).exp();
        return signed(grad).mul(density);
      },
    },
  });
}
