/**
 * What a sliding window sees, in the kernels' memory: a part of the image with its padding, the stage, and the matrix whose columns are the
 * patches. A convolution goes through the places of its window in blocks that fit into the cache.
 */

import type { Triple, Window } from "../columns.ts";
import { copyLines, copyRun, type FloatArray } from "./copy.ts";

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
  /** Its lines, and elements of a line, those beyond the edges included. */
  rows: number;
  columns: number;
  /** The depth of the image at which it begins; negative beyond the edge. */
  z: number;
  /** The first line and element that are in the image, counted from the beginning of the part and of the image, and how many there are. */
  top: number;
  left: number;
  y: number;
  x: number;
  lines: number;
  count: number;
}

function partOf(strip: Strip, { input, kernel, stride, padding, dilation }: Window): Part {
  const rows = (strip.lines - 1) * stride[1] + dilation[1] * (kernel[1] - 1) + 1, columns = (strip.count - 1) * stride[2] + dilation[2] * (kernel[2] - 1) + 1;
  const z = strip.depth * stride[0] - padding[0], y = strip.line * stride[1] - padding[1], x = strip.first * stride[2] - padding[2];
  const top = Math.max(0, -y), left = Math.max(0, -x);
  const lines = Math.max(0, Math.min(rows, input[1] - y) - top), count = Math.max(0, Math.min(columns, input[2] - x) - left);
  return { rows, columns, z, top, left, y: y + top, x: x + left, lines, count };
}

/** The kernels of depthwise convolutions. */
export type Depthwise = "correlate" | "spread" | "meet";
/** Runs a kernel, or has it run after what has been called before. */
export type Call = (kernel: string, ...parameters: number[]) => void;
/** Where the image of a strip begins. */
export type OffsetOf = (strip: Strip) => number;

/**
 * The stage: for each strip of a block, each channel and each depth of the window, what it sees of the image, zeros beyond the edges. The image
 * crosses the border to the kernels' memory as it is, if the stage is to have gaps into a buffer there. Places are in elements and begin at `base`, of
 * which there may be several.
 */
export class Stage {
  /** Elements of stage and buffer together. */
  readonly elements: number;
  readonly #size: 4 | 8;
  readonly #channels: number;
  readonly #window: Window;
  /** The distance of two strips in the stage and in the buffer. */
  readonly #step: number;
  readonly #bufferStep: number;
  /** Where the buffer begins. */
  readonly #buffer: number;

  /** For blocks of up to the size of `largest`. */
  constructor(size: 4 | 8, channels: number, window: Window, largest: readonly Strip[]) {
    const { rows, columns } = partOf(largest[0], window);
    this.#size = size;
    this.#channels = channels;
    this.#window = window;
    this.#step = channels * window.kernel[0] * rows * columns;
    this.#bufferStep = channels * Math.min(rows, window.input[1]) * window.input[2];
    this.#buffer = this.#step * largest.length;
    // a kernel may write up to 16 bytes beyond the buffer
    this.elements = this.#buffer + this.#bufferStep * largest.length + 4;
  }

  /** Brings what the window sees from a block's strips to the stage. */
  fill(call: Call, memory: FloatArray, base: number, image: FloatArray, offset: OffsetOf, block: readonly Strip[]): void {
    const part = partOf(block[0], this.#window);
    const { columns, lines, count } = part;
    const volume = this.#volume(), width = this.#window.input[2];
    if (this.#isWhole(part)) {
      block.forEach((strip, s) => copyRun(image, offset(strip), memory, base + s * this.#step, this.#channels * volume));
    } else if (this.#hasWholeLines(part)) {
      block.forEach((strip, s) => {
        const from = offset(strip) + part.y * width;
        copyLines(image, from, volume, memory, base + this.#buffer + s * this.#bufferStep, lines * width, this.#channels, lines * width);
      });
      this.clear(call, base, block);
      this.#move(call, "scatter", base, block, part);
    } else {
      if (this.#window.padding.some((p) => p > 0)) memory.fill(0, base, base + block.length * this.#step);
      this.#overLines(base, offset, block, (at, stage) => copyLines(image, at, width, memory, stage, columns, lines, count));
    }
  }

  /** Has the stage leave for `empty` when kernels have added to it. */
  drain(call: Call, base: number, block: readonly Strip[]): void {
    const part = partOf(block[0], this.#window);
    if (!this.#isWhole(part) && this.#hasWholeLines(part)) this.#move(call, "gather", base, block, part);
  }

  /** Adds the stage to the elements of the images that it stands for, or writes it over them where `write` says that these hold nothing yet. */
  empty(memory: FloatArray, base: number, image: FloatArray, offset: OffsetOf, block: readonly Strip[], write: boolean): void {
    const part = partOf(block[0], this.#window);
    const { columns, lines, count } = part;
    const volume = this.#volume(), width = this.#window.input[2];
    const move = write ? copyLines : addLines;
    if (this.#isWhole(part)) {
      block.forEach((strip, s) => move(memory, base + s * this.#step, volume, image, offset(strip), volume, this.#channels, volume));
    } else if (this.#hasWholeLines(part)) {
      block.forEach((strip, s) => {
        const to = offset(strip) + part.y * width;
        move(memory, base + this.#buffer + s * this.#bufferStep, lines * width, image, to, volume, this.#channels, lines * width);
      });
    } else this.#overLines(base, offset, block, (at, stage) => move(memory, stage, columns, image, at, width, lines, count));
  }

  /** Fills the stage with zeros. */
  clear(call: Call, base: number, block: readonly Strip[]): void {
    call("clear", base * this.#size, block.length * this.#step * this.#size);
  }

  /** Copies the stage to the columns of a matrix, or adds the columns to the stage; `row` is the distance of two rows. */
  patches(call: Call, direction: "gather" | "scatter", base: number, matrix: number, row: number, block: readonly Strip[]): void {
    const size = this.#size;
    const { lines, count } = block[0];
    const images = [block.length, this.#step * size, lines * count * size];
    call(`${direction}_f${8 * size}`, ...images, ...this.#geometry(base, block[0]), matrix * size, row * size, lines, count);
  }

  /** Runs a kernel of a depthwise convolution for the strip number `s`, `places` and `weights` being places in the memory. */
  depthwise(call: Call, kernel: Depthwise, base: number, s: number, places: number, weights: number, { lines, count }: Strip): void {
    const size = this.#size;
    const geometry = this.#geometry(base + s * this.#step, { lines, count });
    call(`${kernel}_f${8 * size}`, ...geometry, places * size, weights * size, lines, count);
  }

  /** What kernels are told of the stage, from the address of the first channel to the distance of two places. */
  #geometry(stage: number, strip: Pick<Strip, "lines" | "count">): number[] {
    const size = this.#size;
    const { kernel, stride, dilation } = this.#window;
    const { rows, columns } = partOf({ image: 0, depth: 0, line: 0, first: 0, ...strip }, this.#window);
    const planes = [stage * size, this.#channels * kernel[0], rows * columns * size];
    const window = [kernel[1], dilation[1] * columns * size, kernel[2], dilation[2] * size];
    return [...planes, ...window, stride[1] * columns * size, stride[2] * size];
  }

  /** Elements of a channel of an image. */
  #volume(): number {
    const [depth, height, width] = this.#window.input;
    return depth * height * width;
  }

  #isFlat(): boolean {
    return this.#window.input[0] === 1 && this.#window.kernel[0] === 1 && this.#window.padding[0] === 0;
  }

  /** Whether the stage has the images' channels as they are. */
  #isWhole({ rows, columns, lines, count }: Part): boolean {
    const [, height, width] = this.#window.input;
    return this.#isFlat() && rows === height && columns === width && lines === height && count === width;
  }

  #hasWholeLines({ lines, count }: Part): boolean {
    return this.#isFlat() && lines > 0 && count === this.#window.input[2];
  }

  /** Calls `f` with where the lines of each strip, channel and depth of the window that is in the image begin, in the image and in the stage. */
  #overLines(base: number, offset: OffsetOf, block: readonly Strip[], f: (image: number, stage: number) => void): void {
    const { input: [depth, height, width], kernel, dilation } = this.#window;
    block.forEach((strip, s) => {
      const { rows, columns, lines, count, top, left, z, y, x } = partOf(strip, this.#window);
      if (lines === 0 || count === 0) return;
      const image = offset(strip), stage = base + s * this.#step;
      for (let c = 0; c < this.#channels; c++) {
        for (let a = 0; a < kernel[0]; a++) {
          const at = z + a * dilation[0];
          if (at < 0 || at >= depth) continue;
          f(image + ((c * depth + at) * height + y) * width + x, stage + ((c * kernel[0] + a) * rows + top) * columns + left);
        }
      }
    });
  }

  /** Copies whole lines of all strips from the stage to the buffer, or adds them to the stage. */
  #move(call: Call, direction: "gather" | "scatter", base: number, block: readonly Strip[], { rows, columns, lines, top, left }: Part): void {
    const size = this.#size, width = this.#window.input[2];
    const images = [block.length, this.#step * size, this.#bufferStep * size];
    const stage = [(base + top * columns + left) * size, this.#channels, rows * columns * size, 1, 0, 1, 0, columns * size, size];
    call(`${direction}_f${8 * size}`, ...images, ...stage, (base + this.#buffer) * size, lines * width * size, lines, width);
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
