/**
 * What a sliding window sees, in the kernels' memory: a part of the image with its padding, the stage, and the matrix whose columns are the
 * patches. A convolution goes through the places of its window in blocks that fit into the cache.
 */

import type { Triple, Window } from "../columns.ts";
import { copyLines, copyRun, type FloatArray } from "./copy.ts";
import type { Engine, Kernel } from "./engine.ts";

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

/** The part of an image that the window sees from a strip. */
interface Part {
  /** Lines, and elements of a line, those beyond the edges included. */
  rows: number;
  columns: number;
  /** The first line and element that are in the image, and the first ones after them that are not, counted from the part's beginning. */
  top: number;
  bottom: number;
  left: number;
  right: number;
  /** Depth, line and element of the image at which the part begins; negative beyond the edge. */
  z: number;
  y: number;
  x: number;
}

function partOf({ depth, line, lines, first, count }: Strip, { input, kernel, stride, padding, dilation }: Window): Part {
  const rows = (lines - 1) * stride[1] + dilation[1] * (kernel[1] - 1) + 1, columns = (count - 1) * stride[2] + dilation[2] * (kernel[2] - 1) + 1;
  const z = depth * stride[0] - padding[0], y = line * stride[1] - padding[1], x = first * stride[2] - padding[2];
  return { rows, columns, top: Math.max(0, -y), bottom: Math.min(rows, input[1] - y), left: Math.max(0, -x), right: Math.min(columns, input[2] - x), z, y, x };
}

/** The kernels that work on the stage. */
export type StageKernel = "gather" | "scatter" | "correlate" | "spread" | "meet";

/**
 * The stage: for each channel and depth of the window, what it sees of the image from a strip, zeros beyond the edges. Lines cross the border to the
 * kernels' memory without gaps: they pass through a buffer there where the stage has some.
 */
export class Stage {
  readonly #scratch: Engine;
  readonly #size: 4 | 8;
  readonly #channels: number;
  readonly #window: Window;
  readonly #stage: number;
  readonly #buffer: number;

  /** Takes memory for strips of up to the size of `largest` by `take`, which gives the place of so many elements of `size` bytes. */
  constructor(scratch: Engine, size: 4 | 8, channels: number, window: Window, largest: Strip, take: (elements: number) => number) {
    const { rows, columns } = partOf(largest, window);
    this.#scratch = scratch;
    this.#size = size;
    this.#channels = channels;
    this.#window = window;
    this.#stage = take(channels * window.kernel[0] * rows * columns);
    this.#buffer = take(channels * Math.min(rows, window.input[1]) * window.input[2] + 4);
  }

  /** Copies what the window sees from a strip; `offset` is the first element of the image. */
  fill(image: FloatArray, offset: number, strip: Strip): void {
    const { input: [depth, height, width], kernel } = this.#window;
    const part = partOf(strip, this.#window);
    const { rows, columns, top, bottom, left, right } = part;
    const memory = this.#memory, channels = this.#channels, stage = this.#stage;
    if (depth === 1 && kernel[0] === 1 && part.z === 0 && rows === height && columns === width && part.y === 0 && part.x === 0) {
      copyRun(image, offset, memory, stage, channels * height * width);
      return;
    }
    if (this.#window.padding.some((p) => p > 0)) this.clear(strip);
    if (top >= bottom || left >= right) return;
    const lines = bottom - top;
    this.#overDepths(part, (from, to) => {
      if (right - left < width || columns === width) {
        for (let c = 0; c < channels; c++) {
          copyLines(
            image,
            offset + from + c * depth * height * width,
            width,
            memory,
            stage + to + c * kernel[0] * rows * columns,
            columns,
            lines,
            right - left,
          );
        }
      } else {
        const run = lines * width, step = depth * height * width;
        if (run === step) copyRun(image, offset, memory, this.#buffer, channels * run);
        else for (let c = 0; c < channels; c++) copyRun(image, offset + from + c * step, memory, this.#buffer + c * run, run);
        this.#move("scatter", to, part, lines);
      }
    });
  }

  /** Adds the stage to the elements of the image that it stands for, or writes it over them where `write` says that these hold nothing yet. */
  empty(image: FloatArray, offset: number, strip: Strip, write: boolean): void {
    const { input: [depth, height, width], kernel } = this.#window;
    const part = partOf(strip, this.#window);
    const { rows, columns, top, bottom, left, right } = part;
    const memory = this.#memory, channels = this.#channels;
    if (top >= bottom || left >= right) return;
    const lines = bottom - top;
    const move = write ? copyLines : addLines;
    this.#overDepths(part, (to, from) => {
      const step = depth * height * width;
      if (right - left < width) {
        for (let c = 0; c < channels; c++) {
          move(memory, this.#stage + from + c * kernel[0] * rows * columns, columns, image, offset + to + c * step, width, lines, right - left);
        }
      } else {
        const run = lines * width;
        this.#move("gather", from, part, lines);
        move(memory, this.#buffer, run, image, offset + to, step, channels, run);
      }
    });
  }

  /** Fills what belongs to a strip with zeros. */
  clear(strip: Strip): void {
    const { rows, columns } = partOf(strip, this.#window);
    this.#memory.fill(0, this.#stage, this.#stage + this.#channels * this.#window.kernel[0] * rows * columns);
  }

  /**
   * Runs a kernel between the stage and the places of a strip: `gather` copies the stage to the columns of a matrix, `scatter` adds the columns to the
   * stage, and `row` is the distance of two rows. The others are those of depthwise convolutions, with the place of the weights as `row`.
   */
  run(kernel: StageKernel, matrix: number, row: number, strip: Strip): void {
    const { kernel: reach, stride, dilation } = this.#window;
    const { rows, columns } = partOf(strip, this.#window);
    const size = this.#size;
    this.#kernel(kernel)(
      this.#stage * size,
      this.#channels * reach[0],
      rows * columns * size,
      reach[1],
      dilation[1] * columns * size,
      reach[2],
      dilation[2] * size,
      stride[1] * columns * size,
      stride[2] * size,
      matrix * size,
      row * size,
      strip.lines,
      strip.count,
    );
  }

  /** For each depth of the window that is in the image: where the part begins in the first channel of the image and of the stage. */
  #overDepths({ rows, columns, top, left, z, y, x }: Part, f: (image: number, stage: number) => void): void {
    const { input: [depth, height, width], kernel, dilation } = this.#window;
    for (let a = 0; a < kernel[0]; a++) {
      const at = z + a * dilation[0];
      if (at >= 0 && at < depth) f((at * height + y + top) * width + x + left, (a * rows + top) * columns + left);
    }
  }

  /** Copies whole lines at one depth of all channels from the stage to the buffer, or adds them to the stage. */
  #move(direction: "gather" | "scatter", at: number, { rows, columns }: Part, lines: number): void {
    const width = this.#window.input[2], size = this.#size;
    const plane = this.#window.kernel[0] * rows * columns;
    const from = (this.#stage + at) * size, to = this.#buffer * size;
    this.#kernel(direction)(from, this.#channels, plane * size, 1, 0, 1, 0, columns * size, size, to, lines * width * size, lines, width);
  }

  get #memory(): FloatArray {
    return this.#size === 4 ? this.#scratch.float32 : this.#scratch.float64;
  }

  #kernel(name: StageKernel): Kernel {
    return this.#scratch.kernels[`${name}_f${8 * this.#size}`];
  }
}

/** Adds lines of adjacent elements; the parameters are those of `copyLines`. */
function addLines(source: FloatArray, from: number, fromStride: number, target: FloatArray, to: number, toStride: number, lines: number, n: number): void {
  for (let i = 0; i < lines; i++) {
    for (let j = 0, x = from + i * fromStride, y = to + i * toStride; j < n; j++, x++, y++) target[y] += source[x];
  }
}

/** Where the first place of a strip stands in a channel of the result. */
export function placeOf({ depth, line, first }: Strip, output: Triple): number {
  return (depth * output[1] + line) * output[2] + first;
}
