/**
 * Resampling along one dimension: every place of the result is a weighted sum of a few places of the source, its taps.
 */
import type { TypedArray } from "../dtype.ts";

/** The taps of all places. */
export interface Taps {
  /** The size of the source. */
  n: number;
  /** How many places the result has. */
  places: number;
  /** How many taps a place has. */
  count: number;
  /** Their places in the source. */
  indices: Int32Array;
  /** Their weights. */
  weights: Float64Array;
}

/** Rounds to the precision that PyTorch computes positions in. */
export type Round = (x: number) => number;

/** How many places of the source one step in the result is. */
export function stepOf(n: number, places: number, align: boolean, scale: number | null, round: Round): number {
  if (align) return places > 1 ? round((n - 1) / (places - 1)) : 0;
  return scale !== null && scale > 0 ? round(1 / scale) : round(n / places);
}

function emptyTaps(n: number, places: number, count: number): Taps {
  return { n, places, count, indices: new Int32Array(places * count), weights: new Float64Array(places * count) };
}

/** Each place shows the one below it, or with `exact` the one nearest to its middle. */
export function nearestTaps(n: number, places: number, scale: number | null, exact: boolean, round: Round): Taps {
  const taps = emptyTaps(n, places, 1);
  const step = stepOf(n, places, false, scale, round);
  for (let i = 0; i < places; i++) {
    taps.indices[i] = Math.min(Math.floor(round((exact ? i + 0.5 : i) * step)), n - 1);
    taps.weights[i] = 1;
  }
  return taps;
}

/** Where a place lies in the source. */
function positionOf(i: number, step: number, align: boolean, round: Round): number {
  return align ? round(step * i) : round(round(step * (i + 0.5)) - 0.5);
}

/** Between its two neighbours. */
export function linearTaps(n: number, places: number, align: boolean, scale: number | null, round: Round): Taps {
  const taps = emptyTaps(n, places, 2);
  const step = stepOf(n, places, align, scale, round);
  for (let i = 0; i < places; i++) {
    const at = n === places ? i : Math.max(positionOf(i, step, align, round), 0);
    const low = Math.min(Math.floor(at), n - 1);
    const weight = Math.min(Math.max(round(at - low), 0), 1);
    taps.indices[2 * i] = low;
    taps.indices[2 * i + 1] = Math.min(low + 1, n - 1);
    taps.weights[2 * i] = round(1 - weight);
    taps.weights[2 * i + 1] = weight;
  }
  return taps;
}

/** The cubic convolution kernel at distance `x`, which has the slope `a` at distance 1. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

/** On a cubic through its four neighbours; those beyond the edges are the edge. */
export function cubicTaps(n: number, places: number, align: boolean, scale: number | null, round: Round): Taps {
  const taps = emptyTaps(n, places, 4);
  const step = stepOf(n, places, align, scale, round);
  for (let i = 0; i < places; i++) {
    const at = positionOf(i, step, align, round);
    const low = Math.min(Math.floor(at), n - 1);
    const rest = Math.min(Math.max(round(at - low), 0), 1);
    for (let k = 0; k < 4; k++) {
      taps.indices[4 * i + k] = Math.min(Math.max(low - 1 + k, 0), n - 1);
      taps.weights[4 * i + k] = cubic(k - 1 - rest, -0.75);
    }
  }
  return taps;
}

/** A filter that is stretched where the result is smaller, so that every place of the source counts: a triangle, or a cubic. */
export function antialiasTaps(n: number, places: number, align: boolean, scale: number | null, isCubic: boolean, round: Round): Taps {
  const step = stepOf(n, places, align, scale, round);
  const stretch = Math.max(step, 1), reach = (isCubic ? 2 : 1) * stretch;
  const taps = emptyTaps(n, places, Math.ceil(reach) * 2 + 1);
  for (let i = 0; i < places; i++) {
    const center = step * (i + 0.5);
    const first = Math.max(Math.trunc(center - reach + 0.5), 0);
    const size = Math.min(Math.min(Math.trunc(center + reach + 0.5), n) - first, taps.count);
    let total = 0;
    for (let k = 0; k < size; k++) {
      const x = (k + first - center + 0.5) / stretch;
      const weight = isCubic ? cubic(x, -0.5) : Math.max(1 - Math.abs(x), 0);
      taps.indices[i * taps.count + k] = first + k;
      taps.weights[i * taps.count + k] = weight;
      total += weight;
    }
    for (let k = 0; k < size; k++) taps.weights[i * taps.count + k] /= total;
  }
  return taps;
}

/** Resamples the middle dimension of [outer, n, inner]. */
export function resample(
  data: TypedArray,
  offset: number,
  outer: number,
  inner: number,
  { n, places, count, indices, weights }: Taps,
): Float64Array<ArrayBuffer> {
  const from = data as Float64Array;
  const out = new Float64Array(outer * places * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < places; i++, to += inner) {
      for (let k = i * count; k < (i + 1) * count; k++) {
        const weight = weights[k];
        if (weight === 0) continue;
        const start = offset + (o * n + indices[k]) * inner;
        for (let x = 0; x < inner; x++) out[to + x] += weight * from[start + x];
      }
    }
  }
  return out;
}

/** The reverse: adds every place of [outer, places, inner] to its taps. */
export function resampleBackward(
  data: TypedArray,
  offset: number,
  outer: number,
  inner: number,
  { n, places, count, indices, weights }: Taps,
): Float64Array<ArrayBuffer> {
  const from = data as Float64Array;
  const out = new Float64Array(outer * n * inner);
  for (let o = 0, at = offset; o < outer; o++) {
    for (let i = 0; i < places; i++, at += inner) {
      for (let k = i * count; k < (i + 1) * count; k++) {
        const weight = weights[k];
        if (weight === 0) continue;
        const start = (o * n + indices[k]) * inner;
        for (let x = 0; x < inner; x++) out[start + x] += weight * from[at + x];
      }
    }
  }
  return out;
}
