/** Sums of bytes, which bools are too, and of 64-bit integers, in WebAssembly. */

import { byRows, type Groups } from "../groups.ts";
import { copyRun } from "./copy.ts";
import { engine } from "./engine.ts";
import { copyRows } from "./folds.ts";
import { DATA_ADDRESS } from "./layout.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Longs = BigInt64Array<ArrayBuffer>;

/** Elements that go through the scratch memory at once. */
const BLOCK = 4096;
/** Columns that are added side by side. */
const STRIP = 1024;
/** Shorter runs of elements are not worth a copy of their own. */
const SHORT_RUN = 16;
/** What the kernel of columns adds at once. */
const TOGETHER = 8;

/** Where sums stand, and elements after them. */
const ELEMENTS = DATA_ADDRESS + 8 * BLOCK;

/** Adds the elements of each group to its sum; false, and nothing done, where they are not adjacent or WebAssembly SIMD is missing. */
export function sumBytes(data: Bytes, groups: Groups, sums: Float64Array<ArrayBuffer>): boolean {
  const scratch = engine();
  if (scratch === null || !adjacent(groups)) return false;
  scratch.reserve(9 * BLOCK);
  const memory = new Uint8Array(scratch.float32.buffer), { float64 } = scratch;
  eachBlock(groups, (output, from, stride, rows, n) => {
    copyRows(data, from, stride, memory, ELEMENTS, rows, n);
    scratch.kernels.sum_u8_rows(ELEMENTS, ELEMENTS + rows * n, n, DATA_ADDRESS);
    for (let i = 0; i < rows; i++) sums[output + i] += float64[DATA_ADDRESS / 8 + i];
  });
  return true;
}

/** The same for 64-bit integers, modulo 2^64; columns may be adjacent too. */
export function sumLongs(data: Longs, groups: Groups, sums: Longs): boolean {
  const scratch = engine();
  const { width, widthStride, stride } = groups;
  if (scratch === null) return false;
  scratch.reserve(16 * BLOCK);
  const memory = new BigInt64Array(scratch.float32.buffer), { kernels } = scratch;
  const out = DATA_ADDRESS / 8, at = ELEMENTS / 8;
  if (adjacent(groups)) {
    eachBlock(groups, (output, from, step, rows, n) => {
      copyRows(data, from, step, memory, at, rows, n);
      kernels.sum_i64_rows(ELEMENTS, ELEMENTS + 8 * rows * n, 8 * n, DATA_ADDRESS);
      for (let i = 0; i < rows; i++) sums[output + i] += memory[out + i];
    });
    return true;
  }
  if (widthStride !== 1 || width < TOGETHER) return false;
  groups.each((output, from, n) => {
    for (let j = 0; j < width; j += STRIP) {
      const some = Math.min(STRIP, width - j), rows = Math.floor(BLOCK / some);
      copyRun(sums, output + j, memory, out, some);
      for (let i = 0; i < n; i += rows) {
        const height = Math.min(rows, n - i);
        copyRows(data, from + i * stride + j, stride, memory, at, height, some);
        kernels.sum_i64_columns(ELEMENTS, ELEMENTS + 8 * height * some, 8 * some, DATA_ADDRESS);
      }
      copyRun(memory, out, sums, output + j, some);
    }
  });
  return true;
}

/** Whether the elements of a group stand side by side, and so many that a copy pays. */
const adjacent = (groups: Groups): boolean => groups.stride === 1 && groups.length >= SHORT_RUN && (groups.width === 1 || !byRows(groups));

/** Calls `f` with as many rows of `n` elements, `stride` apart, as a block holds. */
function eachBlock({ width, widthStride, each }: Groups, f: (output: number, from: number, stride: number, rows: number, n: number) => void): void {
  each((output, from, n) => {
    const rows = Math.max(1, Math.floor(BLOCK / n));
    for (let j = 0; j < width; j += rows) f(output + j, from + j * widthStride, widthStride, Math.min(rows, width - j), n);
  });
}
