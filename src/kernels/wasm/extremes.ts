/**
 * Greatest and least elements of float32 and float64 and where they stand, in WebAssembly. False, and nothing done, for other tensors than those of runs
 * of adjacent elements, and where WebAssembly SIMD is missing.
 */

import { byRows, type Groups } from "../groups.ts";
import { copyRun, type FloatArray } from "./copy.ts";
import { type Engine, engine } from "./engine.ts";
import { copyRows } from "./folds.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** Which extreme. */
export type ExtremeName = "greatest" | "least";

/** Elements that go through the scratch memory at once: they stay in the first-level cache. */
const BLOCK = 4096;
/** Columns that are searched side by side. */
const STRIP = 1024;
/** Shorter runs of elements are not worth a copy of their own. */
const SHORT_RUN = 8;
/** What the kernel of columns searches at once; its results have room for a multiple. */
const TOGETHER = 8;

/** The scratch memory as the arrays that a search needs. */
interface Memory {
  scratch: Engine;
  floats: FloatArray;
  places: Int32Array;
  /** Bytes an element. */
  size: number;
  kind: string;
}

/** The extreme element of each group and its number in the group, which has but one reduced dimension. Values are of the type of the elements. */
export function searchGroups(name: ExtremeName, data: FloatArray, groups: Groups, values: FloatArray, places: Int32Array): boolean {
  const scratch = engine();
  if (scratch === null) return false;
  const { width, widthStride, length, stride } = groups;
  const rows = stride === 1 && length >= SHORT_RUN && (width === 1 || !byRows(groups));
  if (!rows && (widthStride !== 1 || width < SHORT_RUN)) return false;
  const size = data.BYTES_PER_ELEMENT;
  scratch.reserve(4 * BLOCK * size);
  const single = data instanceof Float32Array;
  const memory = {
    scratch,
    floats: single ? scratch.float32 : scratch.float64,
    places: new Int32Array(scratch.float32.buffer),
    size,
    kind: single ? "f32" : "f64",
  };
  if (rows) searchLines(name, memory, data, groups, values, places);
  else searchColumns(name, memory, data, groups, values, places);
  return true;
}

/** Groups whose elements are adjacent. */
function searchLines(name: ExtremeName, memory: Memory, data: FloatArray, groups: Groups, values: FloatArray, places: Int32Array): void {
  const { size, floats } = memory;
  const { width, widthStride, each } = groups;
  const kernel = memory.scratch.kernels[`${name}_${memory.kind}_places`];
  const valuesAt = DATA_ADDRESS + BLOCK * size, placesAt = DATA_ADDRESS + 2 * BLOCK * size;
  const beats = name === "greatest" ? (x: number, best: number) => !(x <= best) : (x: number, best: number) => !(x >= best);
  each((output, from, n, first) => {
    const rows = Math.max(1, Math.floor(BLOCK / n));
    for (let j = 0; j < width; j += rows) {
      const some = Math.min(rows, width - j);
      copyRows(data, from + j * widthStride, widthStride, floats, DATA_ADDRESS / size, some, n);
      kernel(DATA_ADDRESS, DATA_ADDRESS + some * n * size, n * size, valuesAt, placesAt);
      for (let i = 0, k = output + j; i < some; i++, k++) {
        const value = floats[valuesAt / size + i], best = values[k];
        // a NaN that was found first stays
        if (first === 0 || (best === best && beats(value, best))) {
          values[k] = value;
          places[k] = first + memory.places[placesAt / 4 + i];
        }
      }
    }
  });
}

/** Groups that lie side by side. */
function searchColumns(name: ExtremeName, memory: Memory, data: FloatArray, groups: Groups, values: FloatArray, places: Int32Array): void {
  const { size, floats } = memory;
  const { width, stride, each } = groups;
  const kernel = memory.scratch.kernels[`${name}_${memory.kind}_column_places`];
  const strip = Math.min(width, STRIP), rows = Math.max(1, Math.floor(BLOCK / strip));
  const padded = Math.ceil(strip / TOGETHER) * TOGETHER;
  const placesAt = DATA_ADDRESS + padded * size, address = DATA_ADDRESS + 2 * padded * size;
  // the places are as wide as the elements
  const step = size / 4;
  each((output, from, n, first) => {
    for (let j = 0; j < width; j += strip) {
      const some = Math.min(strip, width - j);
      if (first > 0) {
        copyRun(values, output + j, floats, DATA_ADDRESS / size, some);
        for (let k = 0; k < some; k++) memory.places[placesAt / 4 + k * step] = places[output + j + k];
      }
      for (let i = 0; i < n; i += rows) {
        const height = Math.min(rows, n - i);
        copyRows(data, from + i * stride + j, stride, floats, address / size, height, some);
        kernel(address, address + height * some * size, some * size, DATA_ADDRESS, placesAt, first + i);
      }
      copyRun(floats, DATA_ADDRESS / size, values, output + j, some);
      for (let k = 0; k < some; k++) places[output + j + k] = memory.places[placesAt / 4 + k * step];
    }
  });
}
