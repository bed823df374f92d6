/**
 * The modified Bessel functions I₀ and I₁, also multiplied by e^-|x|.
 */
import { type DType, float32 } from "../dtype.ts";
import * as special from "../kernels/special.ts";
import type { Tensor } from "../tensor.ts";
import { type Unary, unary, type UnaryOnly } from "./pointwise.ts";
import { where } from "./select.ts";

const epsilon = (dtype: DType): number => dtype === float32 ? 2 ** -23 : Number.EPSILON;

/** The slope of an odd function that holds a quotient by x: taken away from 0, and 1/2 at 0. */
function oddSlope(self: Tensor, slope: (x: Tensor) => Tensor): Tensor {
  const tiny = epsilon(self.dtype), away = self.abs().gt(tiny);
  return where(away, slope(where(away, self, tiny)), 0.5);
}

/** The least float32 whose exponential, which I₀ and I₁ are a multiple of, is beyond float32: from there on PyTorch gives infinity. */
const OVERFLOW = 88.72283935546875;

/** I₀(x). Its derivative is I₁(x). */
export const i0: Unary = unary("i0", {
  kind: "float",
  forward: special.i0,
  float32: (x) => Math.abs(x) >= OVERFLOW ? Infinity : special.i0(x),
  backward: { self: ({ grad, self }) => grad.mul(i1(self)) },
});

/** I₁(x). d/dx = I₀(x) - I₁(x) / x, and 1/2 at 0. */
export const i1: UnaryOnly = unary("special_i1", {
  kind: "float",
  inplace: false,
  forward: special.i1,
  float32: (x) => Math.abs(x) >= OVERFLOW ? Math.sign(x) * Infinity : special.i1(x),
  backward: { self: ({ grad, self, result }) => grad.mul(oddSlope(self, (x) => i0(x).sub(result.mul(x.reciprocal())))) },
});

/** e^-|x| I₀(x). d/dx = e^-|x| I₁(x) - sgn(x) e^-|x| I₀(x). */
export const i0e: UnaryOnly = unary("special_i0e", {
  kind: "float",
  inplace: false,
  forward: special.i0e,
  backward: { self: ({ grad, self, result }) => grad.mul(i1e(self).sub(self.sgn().mul(result))) },
});

/** e^-|x| I₁(x). d/dx = e^-|x| I₀(x) - e^-|x| I₁(x) (sgn(x) + 1 / x), and 1/2 at 0. */
export const i1e: UnaryOnly = unary("special_i1e", {
  kind: "float",
  inplace: false,
  forward: special.i1e,
  backward: { self: ({ grad, self, result }) => grad.mul(oddSlope(self, (x) => i0e(x).sub(result.mul(x.sgn().add(x.reciprocal()))))) },
});
