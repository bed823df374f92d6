/**
 * The special functions that `Math` lacks, and a few that it has with other edges, of double-precision numbers: the door to the files in `special/`.
 * Domains, poles, signs of zero, infinities and NaN are those of PyTorch 2.6 on float64; where PyTorch is less accurate the value is the true one.
 * For float32, round the result; where PyTorch's float32 differs by more than its rounding there is a function of its own (`...Float32`).
 */
export { airy_ai } from "./special/airy.ts";
export { bessel_j0, bessel_j1, bessel_y0, bessel_y1, spherical_bessel_j0 } from "./special/bessel.ts";
export { frexp, ldexp, nextafter, nextafterFloat32 } from "./special/bits.ts";
export { entr, expit, logit, roundHalfEven, sinc, sincFloat32, xlog1py, xlogy } from "./special/elementary.ts";
export { erf, erfc, erfcx } from "./special/erf.ts";
export { digamma, gamma, lgamma, multigammaln } from "./special/gamma.ts";
export { igamma, igammac } from "./special/igamma.ts";
export { gcd, lcm } from "./special/integers.ts";
export {
  i0,
  i0 as modified_bessel_i0,
  i0e,
  i1,
  i1 as modified_bessel_i1,
  i1e,
  modified_bessel_k0,
  modified_bessel_k1,
  scaled_modified_bessel_k0,
  scaled_modified_bessel_k1,
} from "./special/modified_bessel.ts";
export { erfinv, log_ndtr, ndtr, ndtri } from "./special/normal.ts";
export {
  chebyshev_polynomial_t,
  chebyshev_polynomial_u,
  chebyshev_polynomial_v,
  chebyshev_polynomial_w,
  hermite_polynomial_h,
  hermite_polynomial_he,
  laguerre_polynomial_l,
  legendre_polynomial_p,
  shifted_chebyshev_polynomial_t,
  shifted_chebyshev_polynomial_u,
  shifted_chebyshev_polynomial_v,
  shifted_chebyshev_polynomial_w,
} from "./special/orthogonal.ts";
export { polygamma, trigamma, trigammaFloat32, zeta } from "./special/polygamma.ts";
