/**
 * The error function and its complement, within 2 ulp.
 *
 * What is approximated is always a small part of what is returned, so that its rounding errors hardly count: erf(x) = x + excess(x) up to 0.7,
 * and beyond it erfc(x) = exp(-x²) / (√π x + tail(x)), where the tail falls from 0.7 to 0. The coefficients interpolate these
 * functions at Chebyshev nodes; `tests/pytorch/record_special.py coefficients erf` computes them.
 */

import { ldexp } from "./bits.ts";

const SQRT_PI = 1.772453850905516;

/** Up to here erf is approximated, above it erfc. */
const SMALL = 0.7;

/** ln 2 in two parts; the first has 33 bits, so that its product with a small integer is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** erf(x) - x for |x| <= 0.7, as x p(x²)/q(x²) (relative error 2e-17 of erf). */
function excess(x: number): number {
  const t = x * x;
  const p = (((-0.000306631390326394 * t - 0.007345759268103237) * t - 0.047098693726221864) * t - 0.3176999087587979) * t + 0.12837916709551256;
  const q = (((0.0003714133880321706 * t + 0.008593264757876393) * t + 0.08756712434991354) * t + 0.4551087345002376) * t + 1;
  return x * (p / q);
}

/** 1/erfcx(x) - √π x for x >= 0.7: a quotient of polynomials in x up to 4, beyond it in 1/x² (error 3e-17 of 1/erfcx). */
function tail(x: number): number {
  if (x <= 4) {
    const p = ((((((0.00025614737544207405 * x + 0.004008817929258249) * x + 0.03074026929538591) * x + 0.14699474579245625) * x + 0.4714124462516857) * x +
              1.0198548992561054) * x + 1.4008514029779826) * x + 0.9999999996258541;
    const q = (((((((0.00028903144423662256 * x + 0.004523462141679327) * x + 0.03497582906760658) * x + 0.17038728662391736) * x + 0.566209099914141) * x +
                  1.3096435163787696) * x + 2.063700498567244) * x + 2.0449260824110254) * x + 1;
    return p / q;
  }
  const t = 1 / (x * x);
  const p = ((((69.80331100655509 * t + 514.704050745304) * t + 538.1625584852239) * t + 178.32619626684956) * t + 22.10932973377847) * t + 0.8862269254527577;
  const q = ((((317.6089529268504 * t + 991.3038974536599) * t + 776.2994234749167) * t + 224.66727188582638) * t + 25.947707070039677) * t + 1;
  return p / (q * x);
}

/**
 * erfc(x) for 0.7 <= x < 27.3, as exp(-x² - d/D) / D where D + d is √π x + tail(x): d is what rounding D lost.
 * x² is taken exactly as h + l, for `Math.exp(-x * x)` can be wrong by hundreds of ulp. Then -h - l - d/D = k ln 2 + r + c with |r| < 0.35,
 * and exp(r + c) = 1 + (r + (c + r²/2 + r³/6 + ...)), where again only a part is rounded.
 */
function erfcLarge(x: number): number {
  const high = Math.fround(x), low = x - high;
  const head = 1.75 * high, rest = 1.75 * low + ((SQRT_PI - 1.75) * x + tail(x));
  const denominator = head + rest;
  const h = x * x;
  const l = high * high - h + 2 * high * low + low * low;
  const k = Math.round(h * -Math.LOG2E);
  const a = -h - k * LN2_HIGH;
  const b = k * LN2_LOW + (l + (head - denominator + rest) / denominator);
  const r = a - b;
  const c = a - r - b;
  const series = (((((((((((r / 6227020800 + 1 / 479001600) * r + 1 / 39916800) * r + 1 / 3628800) * r + 1 / 362880) * r + 1 / 40320) * r + 1 / 5040) * r +
                    1 / 720) * r + 1 / 120) * r + 1 / 24) * r + 1 / 6) * r + 0.5) * r * r;
  return ldexp((1 + (r + (c + series))) / denominator, k);
}

/** The error function, 2/√π ∫₀ˣ exp(-t²) dt, within 2 ulp. Odd, with erf(±∞) = ±1. */
export function erf(x: number): number {
  const y = Math.abs(x);
  if (y <= SMALL) return x + excess(x);
  if (y > 6) return x < 0 ? -1 : 1;
  const r = 1 - erfcLarge(y);
  return x < 0 ? -r : r;
}

/** The complementary error function, 1 - erf(x), within 2 ulp. */
export function erfc(x: number): number {
  const y = Math.abs(x);
  if (y <= SMALL) return 0.5 - (x - 0.5 + excess(x));
  if (y > 27.3) return x < 0 ? 2 : 0;
  const r = erfcLarge(y);
  return x < 0 ? 2 - r : r;
}

/** exp(x²) erfc(x): about 1/(√π x) for large x, about 2 exp(x²) for negative x, infinite below -26.7. */
export function erfcx(x: number): number {
  if (x > 1e8) return 1 / SQRT_PI / x;
  if (x > SMALL) return 1 / (SQRT_PI * x + tail(x));
  if (x < -27) return Infinity;
  const high = Math.fround(x), low = x - high;
  const h = x * x;
  const l = high * high - h + 2 * high * low + low * low;
  const e = Math.exp(h);
  return (e + e * l) * erfc(x);
}
