/**
 * The in-place twins that PyTorch has as functions too: `torch.exp_(x)` is `x.exp_()`.
 */
import * as arithmetic from "./arithmetic.ts";
import * as bits from "./bits.ts";
import * as blend from "./blend.ts";
import * as conjugate from "./conjugate.ts";
import { inplaceFunction } from "./plain_function.ts";
import type { Unary } from "./pointwise.ts";
import * as power from "./power.ts";
import * as rounding from "./rounding.ts";
import * as select from "./select.ts";
import * as transcendental from "./transcendental.ts";

/** `abs` in place. */
export const abs_: Unary["inplace"] = inplaceFunction(rounding.abs);
/** `acos` in place. */
export const acos_: Unary["inplace"] = inplaceFunction(transcendental.acos);
/** `acosh` in place. */
export const acosh_: Unary["inplace"] = inplaceFunction(transcendental.acosh);
/** `arccos` in place. */
export const arccos_: Unary["inplace"] = inplaceFunction(transcendental.arccos);
/** `arccosh` in place. */
export const arccosh_: Unary["inplace"] = inplaceFunction(transcendental.arccosh);
/** `arcsin` in place. */
export const arcsin_: Unary["inplace"] = inplaceFunction(transcendental.arcsin);
/** `arcsinh` in place. */
export const arcsinh_: Unary["inplace"] = inplaceFunction(transcendental.arcsinh);
/** `arctan` in place. */
export const arctan_: Unary["inplace"] = inplaceFunction(transcendental.arctan);
/** `arctanh` in place. */
export const arctanh_: Unary["inplace"] = inplaceFunction(transcendental.arctanh);
/** `asin` in place. */
export const asin_: Unary["inplace"] = inplaceFunction(transcendental.asin);
/** `asinh` in place. */
export const asinh_: Unary["inplace"] = inplaceFunction(transcendental.asinh);
/** `atan` in place. */
export const atan_: Unary["inplace"] = inplaceFunction(transcendental.atan);
/** `atanh` in place. */
export const atanh_: Unary["inplace"] = inplaceFunction(transcendental.atanh);
/** `ceil` in place. */
export const ceil_: Unary["inplace"] = inplaceFunction(rounding.ceil);
/** `clamp` in place. */
export const clamp_: typeof select.clamp.inplace = inplaceFunction(select.clamp);
/** `clamp_max` in place. */
export const clamp_max_: typeof select.clamp_max.inplace = inplaceFunction(select.clamp_max);
/** `clamp_min` in place. */
export const clamp_min_: typeof select.clamp_min.inplace = inplaceFunction(select.clamp_min);
/** `clip` in place. */
export const clip_: typeof select.clip.inplace = inplaceFunction(select.clip);
/** `conj_physical` in place. */
export const conj_physical_: Unary["inplace"] = inplaceFunction(conjugate.conj_physical);
/** `cos` in place. */
export const cos_: Unary["inplace"] = inplaceFunction(transcendental.cos);
/** `cosh` in place. */
export const cosh_: Unary["inplace"] = inplaceFunction(transcendental.cosh);
/** `deg2rad` in place. */
export const deg2rad_: Unary["inplace"] = inplaceFunction(rounding.deg2rad);
/** `erf` in place. */
export const erf_: Unary["inplace"] = inplaceFunction(transcendental.erf);
/** `erfc` in place. */
export const erfc_: Unary["inplace"] = inplaceFunction(transcendental.erfc);
/** `exp` in place. */
export const exp_: Unary["inplace"] = inplaceFunction(transcendental.exp);
/** `exp2` in place. */
export const exp2_: Unary["inplace"] = inplaceFunction(transcendental.exp2);
/** `expm1` in place. */
export const expm1_: Unary["inplace"] = inplaceFunction(transcendental.expm1);
/** `fix` in place. */
export const fix_: Unary["inplace"] = inplaceFunction(rounding.fix);
/** `floor` in place. */
export const floor_: Unary["inplace"] = inplaceFunction(rounding.floor);
/** `frac` in place. */
export const frac_: Unary["inplace"] = inplaceFunction(rounding.frac);
/** `gcd` in place. */
export const gcd_: typeof bits.gcd.inplace = inplaceFunction(bits.gcd);
/** `lcm` in place. */
export const lcm_: typeof bits.lcm.inplace = inplaceFunction(bits.lcm);
/** `ldexp` in place. */
export const ldexp_: typeof blend.ldexp.inplace = inplaceFunction(blend.ldexp);
/** `i0` in place. */
export const i0_: Unary["inplace"] = inplaceFunction(transcendental.i0);
/** `log` in place. */
export const log_: Unary["inplace"] = inplaceFunction(transcendental.log);
/** `log10` in place. */
export const log10_: Unary["inplace"] = inplaceFunction(transcendental.log10);
/** `log1p` in place. */
export const log1p_: Unary["inplace"] = inplaceFunction(transcendental.log1p);
/** `log2` in place. */
export const log2_: Unary["inplace"] = inplaceFunction(transcendental.log2);
/** `logit` in place. */
export const logit_: typeof transcendental.logit.inplace = inplaceFunction(transcendental.logit);
/** `nan_to_num` in place. */
export const nan_to_num_: typeof rounding.nan_to_num.inplace = inplaceFunction(rounding.nan_to_num);
/** `neg` in place. */
export const neg_: Unary["inplace"] = inplaceFunction(arithmetic.neg);
/** `negative` in place. */
export const negative_: Unary["inplace"] = inplaceFunction(arithmetic.negative);
/** `rad2deg` in place. */
export const rad2deg_: Unary["inplace"] = inplaceFunction(rounding.rad2deg);
/** `reciprocal` in place. */
export const reciprocal_: Unary["inplace"] = inplaceFunction(arithmetic.reciprocal);
/** `round` in place. */
export const round_: typeof rounding.round.inplace = inplaceFunction(rounding.round);
/** `rsqrt` in place. */
export const rsqrt_: Unary["inplace"] = inplaceFunction(transcendental.rsqrt);
/** `sigmoid` in place. */
export const sigmoid_: Unary["inplace"] = inplaceFunction(transcendental.sigmoid);
/** `sin` in place. */
export const sin_: Unary["inplace"] = inplaceFunction(transcendental.sin);
/** `sinc` in place. */
export const sinc_: Unary["inplace"] = inplaceFunction(transcendental.sinc);
/** `sinh` in place. */
export const sinh_: Unary["inplace"] = inplaceFunction(transcendental.sinh);
/** `sqrt` in place. */
export const sqrt_: Unary["inplace"] = inplaceFunction(transcendental.sqrt);
/** `square` in place. */
export const square_: Unary["inplace"] = inplaceFunction(power.square);
/** `tan` in place. */
export const tan_: Unary["inplace"] = inplaceFunction(transcendental.tan);
/** `tanh` in place. */
export const tanh_: Unary["inplace"] = inplaceFunction(transcendental.tanh);
/** `trunc` in place. */
export const trunc_: Unary["inplace"] = inplaceFunction(rounding.trunc);
/** `xlogy` in place. */
export const xlogy_: typeof blend.xlogy.inplace = inplaceFunction(blend.xlogy);
