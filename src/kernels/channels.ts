/**
 * Normalization of channels in [batch, channels, places] to mean 0 and variance 1. Sums are in double precision.
 */
import type { TypedArray } from "../dtype.ts";
import { loopsByType } from "./by_type.ts";
import { rounding } from "./normalization.ts";

type Floats = Float64Array;

/** An array of the layout [batch, channels, places] and where it begins. */
export interface Channels {
  /** The elements. */
  data: TypedArray;
  /** The first one. */
  offset: number;
  /** The sizes. */
  shape: readonly [batch: number, channels: number, places: number];
}

const loopsFor = loopsByType(() => ({
  /** Adds the elements of each channel to its sum. */
  sums(x: Floats, offset: number, batch: number, channels: number, places: number, sums: Floats): void {
    const fours = places - places % 4;
    for (let n = 0, k = offset; n < batch; n++) {
      for (let c = 0; c < channels; c++, k += places) {
        const whole = k + fours, end = k + places;
        let p = 0, q = 0, r = 0, s = 0;
        for (let i = k; i < whole; i += 4) {
          p += x[i];
          q += x[i + 1];
          r += x[i + 2];
          s += x[i + 3];
        }
        for (let j = whole; j < end; j++) p += x[j];
        sums[c] += (p + q) + (r + s);
      }
    }
  },

  /** Adds (x - mean)^2 to the sums of the channels. */
  squares(x: Floats, offset: number, batch: number, channels: number, places: number, means: Floats, sums: Floats): void {
    const fours = places - places % 4;
    for (let n = 0, k = offset; n < batch; n++) {
      for (let c = 0; c < channels; c++, k += places) {
        const mean = means[c], whole = k + fours, end = k + places;
        let p = 0, q = 0, r = 0, s = 0;
        for (let i = k; i < whole; i += 4) {
          const d = x[i] - mean, e = x[i + 1] - mean, f = x[i + 2] - mean, g = x[i + 3] - mean;
          p += d * d;
          q += e * e;
          r += f * f;
          s += g * g;
        }
        for (let j = whole; j < end; j++) p += (x[j] - mean) * (x[j] - mean);
        sums[c] += (p + q) + (r + s);
      }
    }
  },

  /** x * factor + summand. */
  scale(x: Floats, offset: number, batch: number, channels: number, places: number, factors: Floats, summands: Floats, out: Floats): void {
    for (let n = 0, k = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        const factor = factors[c], summand = summands[c];
        for (let i = 0; i < places; i++, k++) out[k] = x[offset + k] * factor + summand;
      }
    }
  },

  /** Adds g to the sums and g * (x - mean) to the products of the channels. */
  products(
    g: Floats,
    at: number,
    x: Floats,
    offset: number,
    batch: number,
    channels: number,
    places: number,
    means: Floats,
    sums: Floats,
    products: Floats,
  ): void {
    const twos = places - places % 2;
    for (let n = 0, k = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++, k += places) {
        const mean = means[c], end = k + twos;
        let p = 0, q = 0, r = 0, s = 0;
        for (let i = k; i < end; i += 2) {
          const left = g[at + i], right = g[at + i + 1];
          p += left;
          q += right;
          r += left * (x[offset + i] - mean);
          s += right * (x[offset + i + 1] - mean);
        }
        if (twos < places) {
          p += g[at + end];
          r += g[at + end] * (x[offset + end] - mean);
        }
        sums[c] += p + q;
        products[c] += r + s;
      }
    }
  },

  /** factor * (g - average - (x - mean) * slope). */
  project(
    g: Floats,
    at: number,
    x: Floats,
    offset: number,
    batch: number,
    channels: number,
    places: number,
    means: Floats,
    factors: Floats,
    averages: Floats,
    slopes: Floats,
    out: Floats,
  ): void {
    for (let n = 0, k = 0; n < batch; n++) {
      for (let c = 0; c < channels; c++) {
        const mean = means[c], factor = factors[c], average = averages[c], slope = slopes[c];
        for (let i = 0; i < places; i++, k++) out[k] = factor * (g[at + k] - average - (x[offset + k] - mean) * slope);
      }
    }
  },
}));

/** The mean and the variance, divided by the number of elements, of each channel. */
export function channelMoments({ data, offset, shape: [batch, channels, places] }: Channels): { means: Float64Array; variances: Float64Array } {
  const { sums, squares } = loopsFor(data);
  const n = batch * places;
  const means = new Float64Array(channels), variances = new Float64Array(channels);
  sums(data as Floats, offset, batch, channels, places, means);
  for (let c = 0; c < channels; c++) means[c] /= n;
  squares(data as Floats, offset, batch, channels, places, means, variances);
  for (let c = 0; c < channels; c++) variances[c] /= n;
  return { means, variances };
}

/**
 * (x - mean) * factor + shift for each channel, computed as x * factor + (shift - mean * factor): factor and summand are rounded
 * to the precision of the data, as PyTorch rounds them, and what that leaves of elements near the mean shows in its printouts.
 */
export function scaleChannels({ data, offset, shape }: Channels, means: Float64Array, factors: Float64Array, shifts: Float64Array, out: TypedArray): void {
  const round = rounding(data);
  const rounded = factors.map(round);
  const summands = shifts.map((shift, c) => round(shift - round(means[c]) * rounded[c]));
  loopsFor(data).scale(data as Floats, offset, ...shape, rounded, summands, out as Floats);
}

/** For each channel: the sum of grad, and that of grad * (x - mean). `grad` has the layout of `input`. */
export function channelSums(grad: TypedArray, gradOffset: number, input: Channels, means: Float64Array): { sums: Float64Array; products: Float64Array } {
  const { data, offset, shape } = input;
  const sums = new Float64Array(shape[1]), products = new Float64Array(shape[1]);
  loopsFor(data).products(grad as Floats, gradOffset, data as Floats, offset, ...shape, means, sums, products);
  return { sums, products };
}

/** The gradient of x: factor * (grad - average - (x - mean) * slope), each for a channel. */
export function channelsBackwardInput(
  grad: TypedArray,
  gradOffset: number,
  { data, offset, shape }: Channels,
  means: Float64Array,
  factors: Float64Array,
  averages: Float64Array,
  slopes: Float64Array,
  out: TypedArray,
): void {
  loopsFor(data).project(grad as Floats, gradOffset, data as Floats, offset, ...shape, means, factors, averages, slopes, out as Floats);
}
