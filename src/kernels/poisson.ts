/**
 * Numbers of the Poisson distribution, from uniform ones.
 */
import { lgamma } from "./special.ts";

/** From this rate on the counting of factors takes longer than rejection. */
const LARGE = 10;

/** How often uniform numbers can be multiplied until their product falls below e^-rate. */
function byProducts(rate: number, uniform: () => number): number {
  const limit = Math.exp(-rate);
  let product = uniform(), n = 0;
  for (; product > limit; n++) product *= uniform();
  return n;
}

/** Transformed rejection with squeeze: W. Hörmann, "The transformed rejection method for generating Poisson random variables", 1993, PTRS. */
function byRejection(rate: number, uniform: () => number): number {
  const b = 0.931 + 2.53 * Math.sqrt(rate), a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4), squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = uniform() - 0.5, v = uniform(), s = 0.5 - Math.abs(u);
    const k = Math.floor((2 * a / s + b) * u + rate + 0.43);
    if (s >= 0.07 && v <= squeeze) return k;
    if (k < 0 || (s < 0.013 && v > s)) continue;
    if (Math.log(v) + Math.log(inverseAlpha) - Math.log(a / (s * s) + b) <= -rate + k * Math.log(rate) - lgamma(k + 1)) return k;
  }
}

/** A number of the Poisson distribution of a rate that is not negative; `uniform` gives numbers of [0, 1). */
export function poissonSample(rate: number, uniform: () => number): number {
  if (rate === 0) return 0;
  return rate >= LARGE ? byRejection(rate, uniform) : byProducts(rate, uniform);
}
