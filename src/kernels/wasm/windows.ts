/**
 * What a sliding window sees, in the kernels' memory: a part of the image with its padding, the stage, and the matrix whose columns are the
 * patches. A convolution goes through the places of its window in blocks that fit into the cache.
 */

import { type Triple, volume, type Window } from "../columns.ts";
import { copyLines, copyRun, type FloatArray } from "./copy.ts";
import type { Engine } from "./engine.ts";

/** Places of a window at one depth of one image: `lines` lines of `count` places, adjacent in the result. */
export interface Strip {
  /** Which image. */
  image: number;
  /** At which depth. */
  depth: number;
  /** The first line. */
  line: number;
  /** How many lines. */
  lines: number;
  /** The first place of a line. */
  first: number;
  /** How many places of a line. */
  count: number;
}

/** How many places a strip has. */
export const placesOf = ({ lines, count }: Strip): number => lines * count;

/** All places of the window in `batch` images, in blocks of at most `most` of them. */
export function* blocks(batch: number, { output: [depths, height, width] }: Window, most: number): Generator<Strip[]> {
  const slices = batch * depths, size = height * width;
  const slice = (s: number): Strip => ({ image: Math.floor(s / depths), depth: s % depths, line: 0, lines: height, first: 0, count: width });
  if (size <= most) {
    const together = Math.floor(most / size);
    for (let s = 0; s < slices; s += together) yield Array.from({ length: Math.min(together, slices - s) }, (_, i) => slice(s + i));
    return;
  }
  const lines = evenly(height, Math.max(1, Math.floor(most / width))), count = evenly(width, most);
  for (let s = 0; s < slices; s++) {
    for (let line = 0; line < height; line += lines) {
      for (let first = 0; first < width; first += count) {
        yield [{ ...slice(s), line, lines: Math.min(lines, height - line), first, count: Math.min(count, width - first) }];
      }
    }
  }
}

/** The size of the fewest parts of at most `most` that `n` can be divided into, all alike. */
function evenly(n: number, most: number): number {
  return Math.ceil(n / Math.ceil(n / most));
}

/** Lines and elements of a line that the window sees from the places of a strip. */
function extent({ lines, count }: Strip, { kernel, stride, dilation }: Window): [rows: number, columns: number] {
  return [(lines - 1) * stride[1] + dilation[1] * (kernel[1] - 1) + 1, (count - 1) * stride[2] + dilation[2] * (kernel[2] - 1) + 1];
}

/** Elements of the stage for a strip, the largest first of a block: for each channel and depth of the window, a part of the image. */
export function stageSize(channels: number, strip: Strip, window: Window): number {
  const [rows, columns] = extent(strip, window);
  return channels * window.kernel[0] * rows * columns;
}

/** The elements of the image that the stage holds: `run` receives lines of `n` elements, where they begin in both and their distances. */
function overlap(
  channels: number,
  strip: Strip,
  { input: [depth, height, width], kernel, stride, padding, dilation }: Window,
  [rows, columns]: readonly [number, number],
  run: (image: number, stage: number, lines: number, n: number) => void,
): void {
  const z = strip.depth * stride[0] - padding[0], y = strip.line * stride[1] - padding[1], x = strip.first * stride[2] - padding[2];
  const top = Math.max(0, -y), bottom = Math.min(rows, height - y), left = Math.max(0, -x), right = Math.min(columns, width - x);
  if (top >= bottom || left >= right) return;
  for (let c = 0; c < channels; c++) {
    for (let a = 0; a < kernel[0]; a++) {
      const at = z + a * dilation[0];
      if (at < 0 || at >= depth) continue;
      const image = ((c * depth + at) * height + y + top) * width + x + left;
      run(image, ((c * kernel[0] + a) * rows + top) * columns + left, bottom - top, right - left);
    }
  }
}

/** Copies what the window sees from a strip to the stage; `offset` is the first element of the image. */
export function fillStage(memory: FloatArray, stage: number, image: FloatArray, offset: number, channels: number, strip: Strip, window: Window): void {
  const size = extent(strip, window);
  const [, height, width] = window.input;
  if (size[0] === height && size[1] === width && window.input[0] === 1 && window.kernel[0] === 1 && window.padding.every((p) => p === 0)) {
    copyRun(image, offset, memory, stage, channels * height * width);
    return;
  }
  if (window.padding.some((p) => p > 0)) memory.fill(0, stage, stage + stageSize(channels, strip, window));
  overlap(channels, strip, window, size, (from, to, lines, n) => copyLines(image, offset + from, width, memory, stage + to, size[1], lines, n));
}

/** Adds the stage to the elements of the image that it stands for. */
export function addStage(memory: FloatArray, stage: number, image: FloatArray, offset: number, channels: number, strip: Strip, window: Window): void {
  const size = extent(strip, window);
  const width = window.input[2];
  overlap(channels, strip, window, size, (to, from, lines, n) => addLines(memory, stage + from, size[1], image, offset + to, width, lines, n));
}

function addLines(source: FloatArray, from: number, fromStride: number, target: FloatArray, to: number, toStride: number, lines: number, n: number): void {
  for (let i = 0; i < lines; i++) {
    for (let j = 0, x = from + i * fromStride, y = to + i * toStride; j < n; j++, x++, y++) target[y] += source[x];
  }
}

/** Copies from the stage to the columns of a matrix, or adds the columns to the stage. Places are in elements; `row` is the distance of two rows. */
export function moveColumns(
  scratch: Engine,
  direction: "gather" | "scatter",
  size: 4 | 8,
  stage: number,
  matrix: number,
  row: number,
  channels: number,
  strip: Strip,
  window: Window,
): void {
  const { kernel, stride, dilation } = window;
  const [rows, columns] = extent(strip, window);
  const { kernels } = scratch;
  const run = direction === "gather" ? (size === 4 ? kernels.gather_f32 : kernels.gather_f64) : (size === 4 ? kernels.scatter_f32 : kernels.scatter_f64);
  run(
    stage * size,
    channels * kernel[0],
    rows * columns * size,
    kernel[1],
    dilation[1] * columns * size,
    kernel[2],
    dilation[2] * size,
    stride[1] * columns * size,
    stride[2] * size,
    matrix * size,
    row * size,
    strip.lines,
    strip.count,
  );
}

/** Where the first place of a strip stands in a channel of the result. */
export function placeOf({ depth, line, first }: Strip, output: Triple): number {
  return (depth * output[1] + line) * output[2] + first;
}

/** Elements of a patch of `channels` channels. */
export const patchSize = (channels: number, { kernel }: Window): number => channels * volume(kernel);
