/**
 * Folds of float32 and float64 in WebAssembly: elements go in blocks through the scratch memory, accumulators are float64. Runs of adjacent
 * elements are what it takes; false, or null, and nothing done, for other tensors and where WebAssembly SIMD is missing.
 */

import type { TypedArray } from "../../dtype.ts";
import { byRows, type Groups } from "../groups.ts";
import { copyRun, type FloatArray } from "./copy.ts";
import { type Engine, engine, type Kernel } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

interface Fold {
  start: number;
  step: (accumulator: number, element: number) => number;
  join: (a: number, b: number) => number;
}

const add = (a: number, b: number): number => a + b;
const greater = (a: number, b: number): number => a >= b || a !== a ? a : b;
const lesser = (a: number, b: number): number => a <= b || a !== a ? a : b;

/** What the kernels of these names compute. */
export const FOLDS = {
  sum: { start: 0, step: add, join: add },
  sum_numbers: { start: 0, step: (a, x) => x === x ? a + x : a, join: add },
  sum_squares: { start: 0, step: (a, x) => a + x * x, join: add },
  sum_magnitudes: { start: 0, step: (a, x) => a + Math.abs(x), join: add },
  count: { start: 0, step: (a, x) => x === 0 ? a : a + 1, join: add },
  product: { start: 1, step: (a, x) => a * x, join: (a, b) => a * b },
  greatest: { start: -Infinity, step: greater, join: greater },
  least: { start: Infinity, step: lesser, join: lesser },
} satisfies Record<string, Fold>;

/** The name of a fold. */
export type FoldName = keyof typeof FOLDS;

/** Accumulators and elements that tell the folds apart. */
const PROBES = [[0.5, 3], [2, -4], [-3, -5], [1, 0], [3, NaN], [NaN, 2], [-1, Infinity]];

/** The fold that gives the same for a few telling numbers, so that whoever declares one need not know what there is in WebAssembly. */
export function foldName({ start, step }: { start: number; step: (accumulator: number, element: number, parameter: number) => number }): FoldName | null {
  for (const [name, fold] of Object.entries(FOLDS)) {
    // what depends on its parameter is none of these
    if (fold.start === start && PROBES.every(([a, x]) => Object.is(fold.step(a, x), step(a, x, NaN)))) return name as FoldName;
  }
  return null;
}

/** Elements that go through the scratch memory at once: they stay in the first-level cache. */
const BLOCK = 4096;
/** Columns that are folded side by side. */
const STRIP = 2048;
/** Narrower rows are taken several at a time. */
const NARROW = 32;
/** Shorter runs of elements are not worth a copy of their own. */
const SHORT_RUN = 8;
/** What kernels of columns fold at once; accumulators have room for a multiple. */
const TOGETHER = 16;

/** A kernel with a result. */
type Whole = (address: number, end: number) => number;

const suffix = (data: FloatArray): string => data instanceof Float32Array ? "f32" : "f64";

const memoryOf = (scratch: Engine, data: FloatArray): FloatArray => data instanceof Float32Array ? scratch.float32 : scratch.float64;

/** The fold of `n` adjacent elements. */
export function foldRun(name: FoldName, data: FloatArray, offset: number, n: number): number | null {
  const scratch = engine();
  if (scratch === null) return null;
  const size = data.BYTES_PER_ELEMENT;
  scratch.reserve(BLOCK * size);
  const kernel = scratch.kernels[`${name}_${suffix(data)}`] as Whole;
  const memory = memoryOf(scratch, data), at = DATA_ADDRESS / size;
  const { start, join } = FOLDS[name];
  let total: number = start;
  for (let i = 0; i < n; i += BLOCK) {
    const count = Math.min(BLOCK, n - i);
    copyRun(data, offset + i, memory, at, count);
    total = join(total, kernel(DATA_ADDRESS, DATA_ADDRESS + count * size));
  }
  return total;
}

/** Folds groups of elements into the accumulators, which have been set to the fold's start. */
export function foldGroups(name: FoldName, data: FloatArray, groups: Groups, accumulators: Float64Array<ArrayBuffer>): boolean {
  const scratch = engine();
  if (scratch === null) return false;
  const { width, widthStride, stride } = groups;
  if (stride === 1 && (width === 1 || !byRows(groups))) return foldLines(scratch, name, data, groups, accumulators);
  if (widthStride !== 1 || width === 1) return false;
  if (width < NARROW && stride === width) return foldNarrow(scratch, name, data, groups, accumulators);
  return width >= SHORT_RUN && foldColumns(scratch, name, data, groups, accumulators);
}

/** Groups whose elements are adjacent. */
function foldLines(scratch: Engine, name: FoldName, data: FloatArray, groups: Groups, accumulators: Float64Array<ArrayBuffer>): boolean {
  const { width, widthStride, length, each } = groups;
  if (length < SHORT_RUN) return false;
  const size = data.BYTES_PER_ELEMENT;
  scratch.reserve(2 * BLOCK * size + 8 * BLOCK);
  const kernel = scratch.kernels[`${name}_${suffix(data)}_rows`];
  const memory = memoryOf(scratch, data), { float64 } = scratch;
  const { join } = FOLDS[name];
  const out = DATA_ADDRESS / 8, address = DATA_ADDRESS + 8 * BLOCK, at = address / size;
  each((output, from, n) => {
    const rows = Math.max(1, Math.floor(BLOCK / n));
    for (let j = 0; j < width; j += rows) {
      const some = Math.min(rows, width - j);
      copyRows(data, from + j * widthStride, widthStride, memory, at, some, n);
      kernel(address, address + some * n * size, n * size, DATA_ADDRESS);
      for (let i = 0; i < some; i++) accumulators[output + j + i] = join(accumulators[output + j + i], float64[out + i]);
    }
  });
  return true;
}

/** Groups that lie side by side: rows of memory are added to a row of accumulators. */
function foldColumns(scratch: Engine, name: FoldName, data: FloatArray, groups: Groups, accumulators: Float64Array<ArrayBuffer>): boolean {
  const { width, stride, each } = groups;
  const kernel = scratch.kernels[`${name}_${suffix(data)}_columns`];
  each((output, from, n) => {
    for (let j = 0; j < width; j += STRIP) {
      foldStrip(scratch, kernel, data, from + j, n, stride, Math.min(STRIP, width - j), accumulators, output + j);
    }
  });
  return true;
}

/** Folds the columns of `n` rows of `width` elements, `stride` apart, into as many accumulators. */
function foldStrip(
  scratch: Engine,
  kernel: Kernel,
  data: FloatArray,
  from: number,
  n: number,
  stride: number,
  width: number,
  accumulators: Float64Array<ArrayBuffer>,
  output: number,
): void {
  const size = data.BYTES_PER_ELEMENT;
  const padded = Math.ceil(width / TOGETHER) * TOGETHER;
  const rows = Math.max(1, Math.floor(BLOCK / width));
  scratch.reserve(8 * padded + rows * width * size);
  const memory = memoryOf(scratch, data), { float64 } = scratch;
  const out = DATA_ADDRESS / 8, address = DATA_ADDRESS + 8 * padded;
  copyRun(accumulators, output, float64, out, width);
  for (let i = 0; i < n; i += rows) {
    const some = Math.min(rows, n - i);
    copyRows(data, from + i * stride, stride, memory, address / size, some, width);
    kernel(address, address + some * width * size, width * size, DATA_ADDRESS);
  }
  copyRun(float64, out, accumulators, output, width);
}

/** Narrow rows without gaps: several are one row of a wider matrix, whose columns are folded once more. */
function foldNarrow(scratch: Engine, name: FoldName, data: FloatArray, groups: Groups, accumulators: Float64Array<ArrayBuffer>): boolean {
  const { width, stride, each } = groups;
  const kernel = scratch.kernels[`${name}_${suffix(data)}_columns`];
  const { start, step, join } = FOLDS[name];
  const several = Math.ceil(2 * NARROW / width);
  const wide = new Float64Array(several * width);
  each((output, from, n) => {
    const whole = Math.floor(n / several);
    wide.fill(start);
    foldStrip(scratch, kernel, data, from, whole, several * width, several * width, wide, 0);
    for (let k = 0; k < wide.length; k++) accumulators[output + k % width] = join(accumulators[output + k % width], wide[k]);
    for (let i = whole * several; i < n; i++) {
      for (let j = 0; j < width; j++) accumulators[output + j] = step(accumulators[output + j], data[from + i * stride + j]);
    }
  });
  return true;
}

/** Copies rows of `n` adjacent elements, `stride` apart, side by side. */
export function copyRows<T extends TypedArray>(data: T, from: number, stride: number, memory: T, at: number, rows: number, n: number): void {
  if (stride === n || rows === 1) copyRun(data, from, memory, at, rows * n);
  else for (let i = 0; i < rows; i++) copyRun(data, from + i * stride, memory, at + i * n, n);
}
