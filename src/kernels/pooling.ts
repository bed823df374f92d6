/**
 * Pooling: one number for each window of an array. Windows are boxes of three dimensions, given by where they begin and end
 * along each; arrays are `planes` dense volumes, one after the other.
 */
import type { TypedArray } from "../dtype.ts";
import { loopsByType } from "./by_type.ts";
import { type Triple, volume } from "./columns.ts";
import { maxOfWindows } from "./wasm/pooling.ts";

/** The windows along one dimension. */
export interface Spans {
  /** Where each begins. */
  start: Int32Array;
  /** Where each ends. */
  end: Int32Array;
  /** How many elements each counts as having, those beyond the edges included. */
  size: Int32Array;
  /** The distance of the elements of a window. */
  step: number;
}

/** The windows along all dimensions. */
export type Boxes = readonly [depth: Spans, height: Spans, width: Spans];

/** Windows of `kernel` elements at every `stride`-th place of a dimension of size `n` with padding. */
export function slidingSpans(n: number, places: number, kernel: number, stride: number, padding: number, step: number, countPadding: boolean): Spans {
  const spans = { start: new Int32Array(places), end: new Int32Array(places), size: new Int32Array(places), step };
  for (let i = 0; i < places; i++) {
    let first = i * stride - padding;
    const last = Math.min(first + (kernel - 1) * step + 1, n + padding);
    const whole = last - first;
    if (first < 0) first += step * Math.ceil(-first / step);
    const end = Math.min(last, n);
    spans.start[i] = first;
    spans.end[i] = end;
    spans.size[i] = countPadding ? whole : Math.max(end - first, 0);
  }
  return spans;
}

/** As many windows as asked for, that together cover a dimension of size `n`. */
export function adaptiveSpans(n: number, places: number): Spans {
  const spans = { start: new Int32Array(places), end: new Int32Array(places), size: new Int32Array(places), step: 1 };
  for (let i = 0; i < places; i++) {
    spans.start[i] = Math.floor(i * n / places);
    spans.end[i] = Math.ceil((i + 1) * n / places);
    spans.size[i] = spans.end[i] - spans.start[i];
  }
  return spans;
}

/** As many windows of `kernel` elements as asked for, that begin at places which `sample`, from [0, 1), shifts. */
export function fractionalSpans(n: number, places: number, kernel: number, sample: number, round: (x: number) => number): Spans {
  const spans = { start: new Int32Array(places), end: new Int32Array(places), size: new Int32Array(places).fill(kernel), step: 1 };
  const alpha = places > 1 ? round((n - kernel) / (places - 1)) : 0;
  for (let i = 0; i < places; i++) {
    const start = i === places - 1 ? n - kernel : Math.trunc(round(round(i + sample) * alpha)) - Math.trunc(round(sample * alpha));
    spans.start[i] = start;
    spans.end[i] = start + kernel;
  }
  return spans;
}

type Numbers = Float64Array;

const loopsFor = loopsByType(() => ({
  average(from: Numbers, offset: number, planes: number, input: Triple, boxes: Boxes, divisor: number | null, to: Numbers): void {
    const { start: zStart, end: zEnd, size: zSize } = boxes[0], { start: yStart, end: yEnd, size: ySize } = boxes[1];
    const { start: xStart, end: xEnd, size: xSize } = boxes[2];
    const depths = zStart.length, lines = yStart.length, places = xStart.length;
    const height = input[1], width = input[2], volume = input[0] * height * width;
    let k = 0;
    for (let p = 0, plane = offset; p < planes; p++, plane += volume) {
      for (let a = 0; a < depths; a++) {
        const z0 = zStart[a], z1 = zEnd[a];
        for (let b = 0; b < lines; b++) {
          const area = zSize[a] * ySize[b], y0 = yStart[b], y1 = yEnd[b];
          for (let c = 0; c < places; c++) {
            const x0 = xStart[c], x1 = xEnd[c];
            let sum = 0;
            for (let z = z0; z < z1; z++) {
              for (let y = y0; y < y1; y++) {
                const row = plane + (z * height + y) * width;
                for (let x = x0; x < x1; x++) sum += from[row + x];
              }
            }
            to[k++] = sum / (divisor ?? area * xSize[c]);
          }
        }
      }
    }
  },

  averageBackward(from: Numbers, offset: number, planes: number, input: Triple, boxes: Boxes, divisor: number | null, to: Numbers): void {
    const { start: zStart, end: zEnd, size: zSize } = boxes[0], { start: yStart, end: yEnd, size: ySize } = boxes[1];
    const { start: xStart, end: xEnd, size: xSize } = boxes[2];
    const depths = zStart.length, lines = yStart.length, places = xStart.length;
    const height = input[1], width = input[2], volume = input[0] * height * width;
    let k = offset;
    for (let p = 0, plane = 0; p < planes; p++, plane += volume) {
      for (let a = 0; a < depths; a++) {
        const z0 = zStart[a], z1 = zEnd[a];
        for (let b = 0; b < lines; b++) {
          const area = zSize[a] * ySize[b], y0 = yStart[b], y1 = yEnd[b];
          for (let c = 0; c < places; c++) {
            const x0 = xStart[c], x1 = xEnd[c];
            const part = from[k++] / (divisor ?? area * xSize[c]);
            for (let z = z0; z < z1; z++) {
              for (let y = y0; y < y1; y++) {
                const row = plane + (z * height + y) * width;
                for (let x = x0; x < x1; x++) to[row + x] += part;
              }
            }
          }
        }
      }
    }
  },

  max(from: Numbers, offset: number, planes: number, input: Triple, boxes: Boxes, to: Numbers, indices: Int32Array): void {
    const { start: zStart, end: zEnd, step: zStep } = boxes[0], { start: yStart, end: yEnd, step: yStep } = boxes[1];
    const { start: xStart, end: xEnd, step: xStep } = boxes[2];
    const depths = zStart.length, lines = yStart.length, places = xStart.length;
    const height = input[1], width = input[2], volume = input[0] * height * width;
    let k = 0;
    for (let p = 0, plane = offset; p < planes; p++, plane += volume) {
      for (let a = 0; a < depths; a++) {
        const z0 = zStart[a], z1 = zEnd[a];
        for (let b = 0; b < lines; b++) {
          const y0 = yStart[b], y1 = yEnd[b];
          for (let c = 0; c < places; c++, k++) {
            const x0 = xStart[c], x1 = xEnd[c];
            let at = (z0 * height + y0) * width + x0;
            let most = from[plane + at];
            for (let z = z0; z < z1; z += zStep) {
              for (let y = y0; y < y1; y += yStep) {
                const row = (z * height + y) * width;
                for (let x = row + x0; x < row + x1; x += xStep) {
                  const value = from[plane + x];
                  if (value > most || value !== value) {
                    most = value;
                    at = x;
                  }
                }
              }
            }
            to[k] = most;
            indices[k] = at;
          }
        }
      }
    }
  },
}));

/** The mean of each window, or its sum divided by `divisor` where that is not null. */
export function averageBoxes(data: TypedArray, offset: number, planes: number, input: Triple, boxes: Boxes, divisor: number | null, out: TypedArray): void {
  loopsFor(data).average(data as Numbers, offset, planes, input, boxes, divisor, out as Numbers);
}

/** The same for 64-bit integers, whose quotients are rounded towards zero. */
export function averageBoxes64(
  data: BigInt64Array,
  offset: number,
  planes: number,
  input: Triple,
  [zs, ys, xs]: Boxes,
  divisor: number | null,
  out: BigInt64Array,
): void {
  const [, height, width] = input;
  let k = 0;
  for (let p = 0, plane = offset; p < planes; p++, plane += volume(input)) {
    for (let a = 0; a < zs.start.length; a++) {
      for (let b = 0; b < ys.start.length; b++) {
        for (let c = 0; c < xs.start.length; c++) {
          let sum = 0n;
          for (let z = zs.start[a]; z < zs.end[a]; z++) {
            for (let y = ys.start[b]; y < ys.end[b]; y++) {
              for (let x = xs.start[c]; x < xs.end[c]; x++) sum += data[plane + (z * height + y) * width + x];
            }
          }
          out[k++] = sum / BigInt(divisor ?? zs.size[a] * ys.size[b] * xs.size[c]);
        }
      }
    }
  }
}

/** Adds to every element its part of the gradients of the windows that it lies in. */
export function averageBoxesBackward(
  grads: TypedArray,
  offset: number,
  planes: number,
  input: Triple,
  boxes: Boxes,
  divisor: number | null,
  out: TypedArray,
): void {
  loopsFor(grads).averageBackward(grads as Numbers, offset, planes, input, boxes, divisor, out as Numbers);
}

/** The largest element of each window, and where in its volume it stands; NaN is larger than every number. */
export function maxBoxes(data: TypedArray, offset: number, planes: number, input: Triple, boxes: Boxes, out: TypedArray, places: Int32Array): void {
  if (data instanceof Float32Array && out instanceof Float32Array && maxOfWindows(data, offset, planes, input, boxes, out, places)) return;
  loopsFor(data).max(data as Numbers, offset, planes, input, boxes, out as Numbers, places);
}

/** Adds the elements of each of `planes` rows of `count` to the places that they name within volumes of `size`. */
export function addToPlaces(data: TypedArray, offset: number, planes: number, count: number, places: Int32Array, size: number, out: TypedArray): void {
  const from = data as Float32Array, to = out as Float32Array;
  for (let p = 0, k = 0; p < planes; p++) {
    for (let i = 0; i < count; i++, k++) to[p * size + places[k]] += from[offset + k];
  }
}

/** Writes instead of adding. */
export function setAtPlaces(data: TypedArray, offset: number, planes: number, count: number, places: Int32Array, size: number, out: TypedArray): void {
  const from = data as Float32Array, to = out as Float32Array;
  for (let p = 0, k = 0; p < planes; p++) {
    for (let i = 0; i < count; i++, k++) to[p * size + places[k]] = from[offset + k];
  }
}

/** 32-bit integers as 64-bit ones, written as halves, so that no bigint is made. */
export function widen(places: Int32Array, out: BigInt64Array): void {
  const halves = new Int32Array(out.buffer, out.byteOffset, 2 * out.length);
  for (let i = 0; i < places.length; i++) halves[2 * i] = places[i];
}
