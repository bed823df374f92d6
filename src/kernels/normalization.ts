/**
 * Normalization to mean 0 and variance 1: of rows, and of channels in [batch, channels, places]. Sums are in double precision.
 */
import type { TypedArray } from "../dtype.ts";

type Floats = Float64Array;

/** To the precision of the data where PyTorch rounds in between, which shows where a variance is small beside eps or a mean large. */
const rounding = (data: TypedArray): (x: number) => number => data instanceof Float32Array ? Math.fround : (x) => x;

/** Writes the mean and the reciprocal standard deviation, 1 / sqrt(variance + eps), of each of `rows` rows of `n` elements. */
export function rowMoments(data: TypedArray, offset: number, rows: number, n: number, eps: number, means: TypedArray, rstds: TypedArray): void {
  const x = data as Floats;
  const round = rounding(data);
  const least = round(eps);
  for (let r = 0, at = offset; r < rows; r++, at += n) {
    let sum = 0;
    for (let i = at; i < at + n; i++) sum += x[i];
    const mean = sum / n;
    let squares = 0;
    for (let i = at; i < at + n; i++) squares += (x[i] - mean) * (x[i] - mean);
    means[r] = mean;
    rstds[r] = 1 / Math.sqrt(round(squares / n + least));
  }
}

/** A factor and a summand for each of `groups` * `perGroup` channels, which come one after the other in rows of `perGroup` * `places` elements. */
export interface Affine {
  /** The factors. */
  weight: TypedArray | null;
  /** The first of them. */
  weightOffset: number;
  /** The summands. */
  bias: TypedArray | null;
  /** The first of them. */
  biasOffset: number;
}

/** The layout of rows: row r is of group r modulo `groups` and has `perGroup` channels of `places` elements. */
export interface Rows {
  /** How many rows there are. */
  rows: number;
  /** How many groups of channels. */
  groups: number;
  /** Channels of a group. */
  perGroup: number;
  /** Elements of a channel in a row. */
  places: number;
}

/** (x - mean) * rstd * weight + bias. */
export function normalizeRows(data: TypedArray, offset: number, shape: Rows, means: TypedArray, rstds: TypedArray, affine: Affine, out: TypedArray): void {
  const x = data as Floats;
  const { rows, groups, perGroup, places } = shape;
  const { weight, weightOffset, bias, biasOffset } = affine;
  let k = 0;
  for (let r = 0; r < rows; r++) {
    const mean = means[r] as number, rstd = rstds[r] as number;
    const first = (r % groups) * perGroup;
    for (let c = first; c < first + perGroup; c++) {
      const factor = weight === null ? rstd : rstd * (weight[weightOffset + c] as number);
      const shift = bias === null ? 0 : bias[biasOffset + c] as number;
      for (let p = 0; p < places; p++, k++) out[k] = (x[offset + k] - mean) * factor + shift;
    }
  }
}

/** The gradient of x: rstd * (a - mean(a) - h * mean(a h)) in each row, for a = grad * weight and the normalized x h. */
export function rowsBackwardInput(
  grads: TypedArray,
  gradOffset: number,
  data: TypedArray,
  offset: number,
  shape: Rows,
  means: TypedArray,
  rstds: TypedArray,
  weight: TypedArray | null,
  weightOffset: number,
  out: TypedArray,
): void {
  const g = grads as Floats, x = data as Floats;
  const { rows, groups, perGroup, places } = shape;
  const n = perGroup * places;
  for (let r = 0; r < rows; r++) {
    const mean = means[r] as number, rstd = rstds[r] as number;
    const first = (r % groups) * perGroup;
    let sum = 0, product = 0;
    for (let c = 0, k = r * n; c < perGroup; c++) {
      const factor = weight === null ? 1 : weight[weightOffset + first + c] as number;
      for (let p = 0; p < places; p++, k++) {
        const a = g[gradOffset + k] * factor;
        sum += a;
        product += a * (x[offset + k] - mean);
      }
    }
    const average = sum / n, slope = product * rstd * rstd / n;
    for (let c = 0, k = r * n; c < perGroup; c++) {
      const factor = weight === null ? 1 : weight[weightOffset + first + c] as number;
      for (let p = 0; p < places; p++, k++) out[k] = rstd * (g[gradOffset + k] * factor - average - (x[offset + k] - mean) * slope);
    }
  }
}

/** The gradient of the weight: the sums of grad times the normalized x. */
export function rowsBackwardWeight(
  grads: TypedArray,
  gradOffset: number,
  data: TypedArray,
  offset: number,
  shape: Rows,
  means: TypedArray,
  rstds: TypedArray,
  out: TypedArray,
): void {
  const g = grads as Floats, x = data as Floats;
  const { rows, groups, perGroup, places } = shape;
  const sums = new Float64Array(groups * perGroup);
  const round = rounding(data);
  let k = 0;
  for (let r = 0; r < rows; r++) {
    const mean = means[r] as number, rstd = rstds[r] as number;
    const shift = round(mean * rstd);
    const first = (r % groups) * perGroup;
    for (let c = first; c < first + perGroup; c++) {
      let sum = 0;
      for (let p = 0; p < places; p++, k++) sum += g[gradOffset + k] * (x[offset + k] * rstd - shift);
      sums[c] += sum;
    }
  }
  for (let c = 0; c < sums.length; c++) out[c] = sums[c];
}

/** The mean and the variance, divided by the number of elements, of each channel. */
export function channelMoments(
  data: TypedArray,
  offset: number,
  batch: number,
  channels: number,
  places: number,
  means: Float64Array,
  variances: Float64Array,
): void {
  const x = data as Floats;
  const n = batch * places;
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let b = 0; b < batch; b++) for (let p = 0, k = offset + (b * channels + c) * places; p < places; p++, k++) sum += x[k];
    const mean = sum / n;
    let squares = 0;
    for (let b = 0; b < batch; b++) for (let p = 0, k = offset + (b * channels + c) * places; p < places; p++, k++) squares += (x[k] - mean) * (x[k] - mean);
    means[c] = mean;
    variances[c] = squares / n;
  }
}

/**
 * (x - mean) * factor + shift for each channel, computed as x * factor + (shift - mean * factor): factor and summand are rounded
 * to the precision of the data, as PyTorch rounds them, and what that leaves of elements near the mean shows in its printouts.
 */
export function scaleChannels(
  data: TypedArray,
  offset: number,
  batch: number,
  channels: number,
  places: number,
  means: Float64Array,
  factors: Float64Array,
  shifts: Float64Array,
  out: TypedArray,
): void {
  const x = data as Floats;
  const round = rounding(data);
  for (let b = 0, k = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      const factor = round(factors[c]), summand = round(shifts[c] - round(means[c]) * factor);
      for (let p = 0; p < places; p++, k++) out[k] = x[offset + k] * factor + summand;
    }
  }
}

/** For each channel: the sum of grad, and that of grad * (x - mean). */
export function channelSums(
  grads: TypedArray,
  gradOffset: number,
  data: TypedArray,
  offset: number,
  batch: number,
  channels: number,
  places: number,
  means: TypedArray,
  meanOffset: number,
): { sums: Float64Array; products: Float64Array } {
  const g = grads as Floats, x = data as Floats;
  const sums = new Float64Array(channels), products = new Float64Array(channels);
  for (let b = 0, k = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      const mean = means[meanOffset + c] as number;
      let sum = 0, product = 0;
      for (let p = 0; p < places; p++, k++) {
        sum += g[gradOffset + k];
        product += g[gradOffset + k] * (x[offset + k] - mean);
      }
      sums[c] += sum;
      products[c] += product;
    }
  }
  return { sums, products };
}

/** The gradient of x: factor * (grad - average - (x - mean) * slope), each for a channel. */
export function channelsBackwardInput(
  grads: TypedArray,
  gradOffset: number,
  data: TypedArray,
  offset: number,
  batch: number,
  channels: number,
  places: number,
  means: TypedArray,
  meanOffset: number,
  factors: Float64Array,
  averages: Float64Array,
  slopes: Float64Array,
  out: TypedArray,
): void {
  const g = grads as Floats, x = data as Floats;
  for (let b = 0, k = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      const mean = means[meanOffset + c] as number, factor = factors[c], average = averages[c], slope = slopes[c];
      for (let p = 0; p < places; p++, k++) out[k] = factor * (g[gradOffset + k] - average - (x[offset + k] - mean) * slope);
    }
  }
}
