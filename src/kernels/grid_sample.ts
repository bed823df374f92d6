/**
 * Sampling an array at given points. Along each axis a point has a few taps: places with weights, and the derivatives of the
 * weights by the point. A sample is the sum over all combinations of taps.
 */
import type { TypedArray } from "../dtype.ts";
import type { Triple } from "./columns.ts";

/** How to sample. */
export interface Sampling {
  /** 0: between the two neighbours along each axis; 1: the nearest; 2: on a cubic through four. */
  mode: number;
  /** Beyond the edges 0: zeros; 1: the edge; 2: the array mirrored. */
  padding: number;
  /** Whether -1 and 1 are the middles of the first and last element, or their outer edges. */
  align: boolean;
  /** Rounds to the precision that PyTorch computes positions in. */
  round: (x: number) => number;
}

/** The most taps that a point has along an axis. */
const MOST = 4;

/** Taps along one axis. */
class AxisTaps {
  /** How many. */
  count = 0;
  /** Their places, -1 for those beyond the edges that show zero. */
  places = new Int32Array(MOST);
  weights = new Float64Array(MOST);
  /** The derivatives of the weights by the position. */
  slopes = new Float64Array(MOST);
  /** The derivative of the position by the coordinate. */
  scale = 0;
}

/** A position and its derivative by the coordinate. */
interface Position {
  at: number;
  slope: number;
}

function unnormalize(x: number, n: number, { align, round }: Sampling): Position {
  return align ? { at: round(round((x + 1) / 2) * (n - 1)), slope: (n - 1) / 2 } : { at: round((round(round(x + 1) * n) - 1) / 2), slope: n / 2 };
}

function clip({ at, slope }: Position, n: number): Position {
  if (at <= 0) return { at: 0, slope: 0 };
  return at >= n - 1 ? { at: n - 1, slope: 0 } : { at, slope };
}

/** Mirrors a position at two edges, which are given doubled. */
function mirror({ at, slope }: Position, low: number, high: number): Position {
  if (low === high) return { at: 0, slope: 0 };
  const least = low / 2, span = (high - low) / 2;
  const from = Math.abs(at - least), sign = at - least < 0 ? -1 : 1;
  const rest = from % span;
  return Math.floor(from / span) % 2 === 0 ? { at: rest + least, slope: slope * sign } : { at: span - rest + least, slope: -slope * sign };
}

/** Brings a position back into the array, as the padding asks for. */
function bring(position: Position, n: number, { padding, align }: Sampling): Position {
  if (padding === 0) return position;
  if (padding === 1) return clip(position, n);
  return clip(align ? mirror(position, 0, 2 * (n - 1)) : mirror(position, -1, 2 * n - 1), n);
}

/** To the nearest integer, to the even one of two. */
function nearest(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 ? low : rest > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
}

/** The slope of the cubic convolution kernel at distance 1. */
const STEEPNESS = -0.75;

/** The weights of the four taps of a point at `t` between the two in the middle, and their derivatives by `t`. */
function cubicTaps(taps: AxisTaps, t: number, round: (x: number) => number): void {
  const a = STEEPNESS;
  const square = (x: number, p: number, q: number, r: number) => round(round(round(round(p * x) + q) * x) + r);
  taps.count = 4;
  for (let k = 0; k < 4; k++) {
    const x = round(k - 1 - t), d = Math.abs(x);
    const inner = k === 1 || k === 2;
    taps.weights[k] = inner ? ((a + 2) * d - (a + 3)) * d * d + 1 : (((d - 5) * d + 8) * d - 4) * a;
    const sign = k < 2 ? -1 : 1;
    taps.slopes[k] = inner ? square(x, sign * 3 * (a + 2), -2 * (a + 3), 0) : square(x, sign * 3 * a, -10 * a, sign * 8 * a);
  }
}

const within = (place: number, n: number): number => place >= 0 && place < n ? place : -1;

function findTaps(taps: AxisTaps, coordinate: number, n: number, sampling: Sampling): void {
  const raw = unnormalize(coordinate, n, sampling);
  if (sampling.mode === 2) {
    const low = Math.floor(raw.at);
    cubicTaps(taps, sampling.round(raw.at - low), sampling.round);
    taps.scale = -raw.slope;
    for (let k = 0; k < 4; k++) taps.places[k] = within(Math.trunc(bring({ at: low - 1 + k, slope: 1 }, n, sampling).at), n);
    return;
  }
  const { at, slope } = bring(raw, n, sampling);
  if (sampling.mode === 1) {
    taps.count = 1;
    taps.places[0] = within(nearest(at), n);
    taps.weights[0] = 1;
    taps.slopes[0] = 0;
    return;
  }
  const low = Math.floor(at);
  taps.count = 2;
  taps.scale = slope;
  taps.places[0] = within(low, n);
  taps.places[1] = within(low + 1, n);
  taps.weights[0] = low + 1 - at;
  taps.weights[1] = at - low;
  taps.slopes[0] = -1;
  taps.slopes[1] = 1;
}

/** An input of [batch, channels, ...space] and a grid of `points` points for each sample, in `dims` coordinates, the last axis first. */
export interface Grid {
  batch: number;
  channels: number;
  space: Triple;
  points: number;
  dims: 2 | 3;
}

/** Calls `visit` for every point with its taps, those of a missing axis being a single one. */
function eachPoint(
  { batch, space, points, dims }: Grid,
  grid: TypedArray,
  offset: number,
  sampling: Sampling,
  visit: (sample: number, point: number, z: AxisTaps, y: AxisTaps, x: AxisTaps) => void,
): void {
  const coordinates = grid as Float64Array;
  const [z, y, x] = [new AxisTaps(), new AxisTaps(), new AxisTaps()];
  z.count = 1;
  z.weights[0] = 1;
  for (let n = 0, at = offset; n < batch; n++) {
    for (let p = 0; p < points; p++, at += dims) {
      findTaps(x, coordinates[at], space[2], sampling);
      findTaps(y, coordinates[at + 1], space[1], sampling);
      if (dims === 3) findTaps(z, coordinates[at + 2], space[0], sampling);
      visit(n, p, z, y, x);
    }
  }
}

/** The samples, [batch, channels, points]. */
export function sampleGrid(
  shape: Grid,
  input: TypedArray,
  inputOffset: number,
  grid: TypedArray,
  gridOffset: number,
  sampling: Sampling,
  out: TypedArray,
): void {
  const from = input as Float64Array;
  const { channels, space: [depth, height, width], points } = shape;
  const plane = depth * height * width;
  eachPoint(shape, grid, gridOffset, sampling, (n, p, z, y, x) => {
    for (let c = 0; c < channels; c++) {
      const start = inputOffset + (n * channels + c) * plane;
      let sum = 0;
      for (let a = 0; a < z.count; a++) {
        for (let b = 0; b < y.count; b++) {
          if (z.places[a] < 0 || y.places[b] < 0) continue;
          const row = start + (z.places[a] * height + y.places[b]) * width;
          for (let e = 0; e < x.count; e++) if (x.places[e] >= 0) sum += z.weights[a] * y.weights[b] * x.weights[e] * from[row + x.places[e]];
        }
      }
      out[(n * channels + c) * points + p] = sum;
    }
  });
}

/** Adds the gradients of the samples to the places that they were made of. */
export function sampleGridBackwardInput(
  shape: Grid,
  grads: TypedArray,
  gradOffset: number,
  grid: TypedArray,
  gridOffset: number,
  sampling: Sampling,
  out: TypedArray,
): void {
  const g = grads as Float64Array, to = out as Float64Array;
  const { channels, space: [depth, height, width], points } = shape;
  const plane = depth * height * width;
  eachPoint(shape, grid, gridOffset, sampling, (n, p, z, y, x) => {
    for (let c = 0; c < channels; c++) {
      const start = (n * channels + c) * plane;
      const grad = g[gradOffset + (n * channels + c) * points + p];
      for (let a = 0; a < z.count; a++) {
        for (let b = 0; b < y.count; b++) {
          if (z.places[a] < 0 || y.places[b] < 0) continue;
          const row = start + (z.places[a] * height + y.places[b]) * width;
          for (let e = 0; e < x.count; e++) if (x.places[e] >= 0) to[row + x.places[e]] += z.weights[a] * y.weights[b] * x.weights[e] * grad;
        }
      }
    }
  });
}

/** The gradients of the points. */
export function sampleGridBackwardGrid(
  shape: Grid,
  grads: TypedArray,
  gradOffset: number,
  input: TypedArray,
  inputOffset: number,
  grid: TypedArray,
  gridOffset: number,
  sampling: Sampling,
  out: TypedArray,
): void {
  const g = grads as Float64Array, from = input as Float64Array;
  const { channels, space: [depth, height, width], points, dims } = shape;
  const plane = depth * height * width;
  eachPoint(shape, grid, gridOffset, sampling, (n, p, z, y, x) => {
    let dx = 0, dy = 0, dz = 0;
    for (let c = 0; c < channels; c++) {
      const start = inputOffset + (n * channels + c) * plane;
      const grad = g[gradOffset + (n * channels + c) * points + p];
      for (let a = 0; a < z.count; a++) {
        for (let b = 0; b < y.count; b++) {
          if (z.places[a] < 0 || y.places[b] < 0) continue;
          const row = start + (z.places[a] * height + y.places[b]) * width;
          for (let e = 0; e < x.count; e++) {
            if (x.places[e] < 0) continue;
            const value = from[row + x.places[e]] * grad;
            dx += value * z.weights[a] * y.weights[b] * x.slopes[e];
            dy += value * z.weights[a] * y.slopes[b] * x.weights[e];
            dz += value * z.slopes[a] * y.weights[b] * x.weights[e];
          }
        }
      }
    }
    const at = (n * points + p) * dims;
    out[at] = dx * x.scale;
    out[at + 1] = dy * y.scale;
    if (dims === 3) out[at + 2] = dz * z.scale;
  });
}
