/**
 * `torch.special`.
 *
 * @module
 */
import { type DType, get_default_dtype } from "../dtype.ts";
import { noDerivative } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import * as kernels from "../kernels/special.ts";
import { logNdtrFloat32 } from "../kernels/special/float32.ts";
import { Tensor } from "../tensor.ts";
import * as bessel from "./bessel.ts";
import * as blend from "./blend.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { elementwise, floatType } from "./elementwise.ts";
import { native } from "./native.ts";
import { alias, unary, type UnaryOnly } from "./pointwise.ts";
import { plainFunction } from "./plain_function.ts";
import { type Num, resultType } from "./promotion.ts";
import * as rounding from "./rounding.ts";
import * as soft from "./softmax.ts";
import * as plain from "./transcendental.ts";

type RealFormula = Parameters<typeof unary>[1]["backward"];

/** A function of one tensor. */
export type SpecialFunction = Fn<{ input: Tensor; out?: Tensor }, [input: Tensor]>;
/** A function of two tensors, either of which may be a number. */
export type SpecialFunctionOfTwo = Fn<{ input: Tensor; other: Tensor | Num; out?: Tensor }, [input: Tensor | Num, other: Tensor | Num]>;

type PairInputs = { self: Tensor | Num; other: Tensor | Num };
const PAIR = [
  "(Tensor input, Tensor other, *, Tensor out = None)",
  "(Number self, Tensor other, *, Tensor out = None)",
  "(Tensor input, Number other, *, Tensor out = None)",
];

const function1 = (name: string, forward: (x: number) => number, backward: RealFormula = null): SpecialFunction =>
  plainFunction(unary(`special_${name}`, { kind: "float", inplace: false, forward, backward }));

const other = (name: string, op: UnaryOnly): SpecialFunction => plainFunction(alias(`special_${name}`, op));

// -- functions that PyTorch also has under another name --------------------------------------------------------------

/** Alias of `torch.digamma`. */
export const digamma: SpecialFunction = other("digamma", plain.digamma);
/** Alias of `torch.digamma`. */
export const psi: SpecialFunction = other("psi", plain.digamma);
/** Alias of `torch.erf`. */
export const erf: SpecialFunction = other("erf", plain.erf);
/** Alias of `torch.erfc`. */
export const erfc: SpecialFunction = other("erfc", plain.erfc);
/** Alias of `torch.erfinv`. */
export const erfinv: SpecialFunction = other("erfinv", plain.erfinv);
/** Alias of `torch.exp2`. */
export const exp2: SpecialFunction = other("exp2", plain.exp2);
/** Alias of `torch.sigmoid`. */
export const expit: SpecialFunction = other("expit", plain.sigmoid);
/** Alias of `torch.expm1`. */
export const expm1: SpecialFunction = other("expm1", plain.expm1);
/** Alias of `torch.lgamma`. */
export const gammaln: SpecialFunction = other("gammaln", plain.lgamma);
/** Alias of `torch.i0`. */
export const i0: SpecialFunction = other("i0", bessel.i0);
/** Alias of `torch.log1p`. */
export const log1p: SpecialFunction = other("log1p", plain.log1p);
/** Alias of `torch.sinc`. */
export const sinc: SpecialFunction = other("sinc", plain.sinc);
/** Alias of `torch.igamma`. */
export const gammainc: Fn<{ input: Tensor; other: Tensor; out?: Tensor }, [input: Tensor, other: Tensor]> = plainFunction(
  alias("special_gammainc", plain.igamma),
);
/** Alias of `torch.igammac`. */
export const gammaincc: Fn<{ input: Tensor; other: Tensor; out?: Tensor }, [input: Tensor, other: Tensor]> = plainFunction(
  alias("special_gammaincc", plain.igammac),
);

/** Alias of `torch.logit`. */
export const logit: Fn<plain.LogitOptions & { input: Tensor }, [input: Tensor, eps?: number | null]> = define<
  Fn<plain.LogitOptions & { input: Tensor }, [input: Tensor, eps?: number | null]>,
  { self: Tensor; eps: number | null }
>("special_logit", "(Tensor input, float eps = None, *, Tensor out = None)", ({ self, eps }) => plain.logit(self, eps));

/** Alias of `torch.xlogy`. */
export const xlogy: SpecialFunctionOfTwo = define<SpecialFunctionOfTwo, PairInputs>(
  "special_xlogy",
  PAIR,
  ({ self, other }) => blend.xlogy(self as Tensor, other),
);

/** Alias of `torch.polygamma`. */
export const polygamma: Fn<plain.PolygammaOptions & { input: Tensor }, [n: number, input: Tensor]> = define<
  Fn<plain.PolygammaOptions & { input: Tensor }, [n: number, input: Tensor]>,
  { n: number; input: Tensor }
>("special_polygamma", "(int n, Tensor input, *, Tensor out = None)", ({ n, input }) => plain.polygamma(n, input));

/** Alias of `torch.mvlgamma`. */
export const multigammaln: Fn<{ input: Tensor; p: number; out?: Tensor }, [input: Tensor, p: number]> = define<
  Fn<{ input: Tensor; p: number; out?: Tensor }, [input: Tensor, p: number]>,
  { self: Tensor; p: number }
>("special_multigammaln", "(Tensor input, int p, *, Tensor out = None)", ({ self, p }) => plain.mvlgamma(self, p));

/** Alias of `torch.round`. */
export const round: Fn<rounding.RoundOptions & { input: Tensor }, [input: Tensor]> = define<
  Fn<rounding.RoundOptions & { input: Tensor }, [input: Tensor]>,
  { self: Tensor; decimals: number }
>(
  "special_round",
  "(Tensor input, *, int decimals = 0, Tensor out = None)",
  ({ self, decimals }) => rounding.round(self, { decimals }),
);

type SoftmaxFunction = Fn<{ input: Tensor; dim: number; dtype?: DType | null }, [input: Tensor, dim: number]>;

/** Alias of `torch.softmax`. */
export const softmax: Fn<{ input: Tensor; dim: number; dtype?: DType | null }, [input: Tensor, dim: number, dtype?: DType | null]> = define<
  Fn<{ input: Tensor; dim: number; dtype?: DType | null }, [input: Tensor, dim: number, dtype?: DType | null]>,
  { self: Tensor; dim: number; dtype: DType | null }
>("special_softmax", "(Tensor input, int dim, torch.dtype dtype = None)", ({ self, dim, dtype }) => soft.softmax(self, dim, { dtype }));

/** Alias of `torch.log_softmax`. */
export const log_softmax: SoftmaxFunction = define<SoftmaxFunction, { self: Tensor; dim: number; dtype: DType | null }>(
  "special_log_softmax",
  "(Tensor input, int dim, *, torch.dtype dtype = None)",
  ({ self, dim, dtype }) => soft.log_softmax(self, dim, { dtype }),
);

/** Alias of `torch.logsumexp`. */
export const logsumexp: Fn<
  { input: Tensor; dim: number | readonly number[]; keepdim?: boolean; out?: Tensor },
  [input: Tensor, dim: number | readonly number[], keepdim?: boolean]
> = define<
  Fn<{ input: Tensor; dim: number | readonly number[]; keepdim?: boolean; out?: Tensor }, [input: Tensor, dim: number | readonly number[], keepdim?: boolean]>,
  { self: Tensor; dim: number[]; keepdim: boolean }
>(
  "special_logsumexp",
  "(Tensor input, tuple of ints dim, bool keepdim = False, *, Tensor out = None)",
  ({ self, dim, keepdim }) => soft.logsumexp(self, dim, keepdim),
);

// -- functions with a derivative -------------------------------------------------------------------------------------

/** I₁(x), the modified Bessel function. d/dx = I₀(x) - I₁(x) / x, and 1/2 at 0. */
export const i1: SpecialFunction = plainFunction(bessel.i1);
/** e^-|x| I₀(x). d/dx = e^-|x| I₁(x) - sgn(x) e^-|x| I₀(x). */
export const i0e: SpecialFunction = plainFunction(bessel.i0e);
/** e^-|x| I₁(x). d/dx = e^-|x| I₀(x) - e^-|x| I₁(x) (sgn(x) + 1 / x), and 1/2 at 0. */
export const i1e: SpecialFunction = plainFunction(bessel.i1e);

/** -x log(x), 0 at 0 and -∞ below. d/dx = -(log(x) + 1). */
export const entr: SpecialFunction = function1("entr", kernels.entr, { self: ({ grad, self }) => grad.mul(self.log().add(1).neg()) });

/** e^(x²) erfc(x). d/dx = 2 x erfcx(x) - 2/√π. */
export const erfcx: SpecialFunction = function1("erfcx", kernels.erfcx, {
  self: ({ grad, self, result }) => self.mul(2).mul(result).sub(2 / Math.sqrt(Math.PI)).mul(grad),
});

/** The standard normal distribution function, (1 + erf(x/√2)) / 2, recorded as that. */
export const ndtr: SpecialFunction = define<SpecialFunction, { self: Tensor }>(
  "special_ndtr",
  "(Tensor input, *, Tensor out = None)",
  ({ self }) => native(() => self.mul(Math.SQRT1_2).erf().add(1).mul(0.5)),
);

const ROOT_TWO_PI = Math.sqrt(2 * Math.PI);

/** log(ndtr(x)). d/dx = e^(-x²/2) / (√(2π) ndtr(x)). */
export const log_ndtr: SpecialFunction = plainFunction(unary("special_log_ndtr", {
  kind: "float",
  inplace: false,
  forward: kernels.log_ndtr,
  float32: logNdtrFloat32,
  backward: { self: ({ grad, self, result }) => grad.div(ROOT_TWO_PI).mul(result.add(self.pow(2).div(2)).neg().exp()) },
}));

/** The inverse of `ndtr`. d/dx = √(2π) e^(ndtri(x)²/2). */
export const ndtri: SpecialFunction = function1("ndtri", kernels.ndtri, {
  self: ({ grad, result }) => grad.mul(ROOT_TWO_PI).mul(result.pow(2).div(2).exp()),
});

const inFloats = (kernel: Kernel, operands: readonly (Tensor | Num)[]): Tensor =>
  elementwise(kernel, floatType(resultType(operands), get_default_dtype()), operands);

/** Picks the node: of two tensors, of a number and a tensor, of a tensor and a number. */
const byOperands = (nodes: readonly Primitive<never>[]) => ({ self, other }: PairInputs): Primitive<never> =>
  nodes[!(self instanceof Tensor) ? 1 : other instanceof Tensor ? 0 : 2];

const xlog1pyKernel = new Kernel((x: number, y: number) => kernels.xlog1py(x, y));
const xlog1pyOf = byOperands([
  new Primitive<{ self: Tensor; other: Tensor }>({
    name: "SpecialXlog1PyBackward0",
    forward: ({ self, other }) => inFloats(xlog1pyKernel, [self, other]),
    backward: {
      self: ({ grad, self, other }) => xlog1py(grad, other).masked_fill(self.eq(0).logical_and(other.le(-1)), 0),
      other: ({ grad, self, other }) => grad.mul(self).div(other.add(1)),
    },
  }) as Primitive<never>,
  new Primitive<{ self: number; other: Tensor }>({
    name: "SpecialXlog1PyBackward1",
    forward: ({ self, other }) => inFloats(xlog1pyKernel, [self, other]),
    backward: { other: ({ grad, self, other }) => grad.mul(self).div(other.add(1)) },
  }) as Primitive<never>,
  new Primitive<{ self: Tensor; other: number }>({
    name: "SpecialXlog1PyBackward2",
    forward: ({ self, other }) => inFloats(xlog1pyKernel, [self, other]),
    backward: { self: ({ grad, self, other }) => other > -1 ? xlog1py(grad, other) : xlog1py(grad, other).masked_fill(self.eq(0), 0) },
  }) as Primitive<never>,
]);

/** input log(1 + other), and 0 where `input` is 0. d/dinput = log(1 + other), d/dother = input / (1 + other). */
export const xlog1py: SpecialFunctionOfTwo = define<SpecialFunctionOfTwo, PairInputs>(
  "special_xlog1py",
  PAIR,
  (inputs) => xlog1pyOf(inputs).apply(inputs as never),
);

const zetaKernel = new Kernel((x: number, q: number) => kernels.zeta(x, q));
const noSlope = () => {
  throw noDerivative("zeta");
};
const zetaOf = byOperands([
  new Primitive<{ self: Tensor; other: Tensor }>({
    name: "SpecialZetaBackward0",
    forward: ({ self, other }) => inFloats(zetaKernel, [self, other]),
    backward: { self: noSlope, other: ({ grad, self, other }) => grad.mul(self.neg()).mul(zeta(self.add(1), other)) },
  }) as Primitive<never>,
  new Primitive<{ self: number; other: Tensor }>({
    name: "SpecialZetaBackward1",
    forward: ({ self, other }) => inFloats(zetaKernel, [self, other]),
    backward: { other: ({ grad, self, other }) => grad.mul(-self).mul(zeta(self + 1, other)) },
  }) as Primitive<never>,
  new Primitive<{ self: Tensor; other: number }>({
    name: "SpecialZetaBackward2",
    forward: ({ self, other }) => inFloats(zetaKernel, [self, other]),
    backward: { self: noSlope },
  }) as Primitive<never>,
]);

/** The Hurwitz zeta function Σ (k + other)^-input, k >= 0. d/dother = -input ζ(input + 1, other); there is none in `input`. */
export const zeta: SpecialFunctionOfTwo = define<SpecialFunctionOfTwo, PairInputs>("special_zeta", PAIR, (inputs) => zetaOf(inputs).apply(inputs as never));

// -- functions that PyTorch does not differentiate: their results require no gradient --------------------------------

/** The Airy function Ai. */
export const airy_ai: SpecialFunction = function1("airy_ai", kernels.airy_ai);
/** The Bessel function J₀. */
export const bessel_j0: SpecialFunction = function1("bessel_j0", kernels.bessel_j0);
/** The Bessel function J₁. */
export const bessel_j1: SpecialFunction = function1("bessel_j1", kernels.bessel_j1);
/** The Bessel function Y₀. */
export const bessel_y0: SpecialFunction = function1("bessel_y0", kernels.bessel_y0);
/** The Bessel function Y₁. */
export const bessel_y1: SpecialFunction = function1("bessel_y1", kernels.bessel_y1);
/** The modified Bessel function I₀. */
export const modified_bessel_i0: SpecialFunction = function1("modified_bessel_i0", kernels.modified_bessel_i0);
/** The modified Bessel function I₁. */
export const modified_bessel_i1: SpecialFunction = function1("modified_bessel_i1", kernels.modified_bessel_i1);
/** The modified Bessel function K₀. */
export const modified_bessel_k0: SpecialFunction = function1("modified_bessel_k0", kernels.modified_bessel_k0);
/** The modified Bessel function K₁. */
export const modified_bessel_k1: SpecialFunction = function1("modified_bessel_k1", kernels.modified_bessel_k1);
/** e^x K₀(x). */
export const scaled_modified_bessel_k0: SpecialFunction = function1("scaled_modified_bessel_k0", kernels.scaled_modified_bessel_k0);
/** e^x K₁(x). */
export const scaled_modified_bessel_k1: SpecialFunction = function1("scaled_modified_bessel_k1", kernels.scaled_modified_bessel_k1);
/** The spherical Bessel function j₀, sin(x) / x. */
export const spherical_bessel_j0: SpecialFunction = function1("spherical_bessel_j0", kernels.spherical_bessel_j0);

/** A polynomial of degree `n` at `x`. */
export type SpecialPolynomial = Fn<{ x: Tensor | Num; n: Tensor | Num; out?: Tensor }, [x: Tensor | Num, n: Tensor | Num]>;

function polynomial(name: string, value: (x: number, n: number) => number): SpecialPolynomial {
  const kernel = new Kernel((x: number, n: number) => value(x, n));
  return define<SpecialPolynomial, { x: Tensor | Num; n: Tensor | Num }>(
    `special_${name}`,
    ["(Tensor x, Tensor n, *, Tensor out = None)", "(Number x, Tensor n, *, Tensor out = None)", "(Tensor x, Number n, *, Tensor out = None)"],
    ({ x, n }) => inFloats(kernel, [x, n]),
  );
}

/** The Chebyshev polynomial of the first kind, Tₙ(x). */
export const chebyshev_polynomial_t: SpecialPolynomial = polynomial("chebyshev_polynomial_t", kernels.chebyshev_polynomial_t);
/** The Chebyshev polynomial of the second kind, Uₙ(x). */
export const chebyshev_polynomial_u: SpecialPolynomial = polynomial("chebyshev_polynomial_u", kernels.chebyshev_polynomial_u);
/** The Chebyshev polynomial of the third kind, Vₙ(x). */
export const chebyshev_polynomial_v: SpecialPolynomial = polynomial("chebyshev_polynomial_v", kernels.chebyshev_polynomial_v);
/** The Chebyshev polynomial of the fourth kind, Wₙ(x). */
export const chebyshev_polynomial_w: SpecialPolynomial = polynomial("chebyshev_polynomial_w", kernels.chebyshev_polynomial_w);
/** The Chebyshev polynomial of the first kind on [0, 1], Tₙ(2x - 1). */
export const shifted_chebyshev_polynomial_t: SpecialPolynomial = polynomial("shifted_chebyshev_polynomial_t", kernels.shifted_chebyshev_polynomial_t);
/** The Chebyshev polynomial of the second kind on [0, 1], Uₙ(2x - 1). */
export const shifted_chebyshev_polynomial_u: SpecialPolynomial = polynomial("shifted_chebyshev_polynomial_u", kernels.shifted_chebyshev_polynomial_u);
/** The Chebyshev polynomial of the third kind on [0, 1], Vₙ(2x - 1). */
export const shifted_chebyshev_polynomial_v: SpecialPolynomial = polynomial("shifted_chebyshev_polynomial_v", kernels.shifted_chebyshev_polynomial_v);
/** The Chebyshev polynomial of the fourth kind on [0, 1], Wₙ(2x - 1). */
export const shifted_chebyshev_polynomial_w: SpecialPolynomial = polynomial("shifted_chebyshev_polynomial_w", kernels.shifted_chebyshev_polynomial_w);
/** The physicists' Hermite polynomial, Hₙ(x). */
export const hermite_polynomial_h: SpecialPolynomial = polynomial("hermite_polynomial_h", kernels.hermite_polynomial_h);
/** The probabilists' Hermite polynomial, Heₙ(x). */
export const hermite_polynomial_he: SpecialPolynomial = polynomial("hermite_polynomial_he", kernels.hermite_polynomial_he);
/** The Laguerre polynomial, Lₙ(x). */
export const laguerre_polynomial_l: SpecialPolynomial = polynomial("laguerre_polynomial_l", kernels.laguerre_polynomial_l);
/** The Legendre polynomial, Pₙ(x). */
export const legendre_polynomial_p: SpecialPolynomial = polynomial("legendre_polynomial_p", kernels.legendre_polynomial_p);
