/**
 * The greatest or least element of each group, and where it stands.
 */
import type { TypedArray } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import type { Operand } from "./elementwise.ts";
import { fresh } from "./fresh.ts";
import { byRows, groups } from "./groups.ts";
import type { FloatArray } from "./wasm/copy.ts";
import { type ExtremeName, searchGroups } from "./wasm/extremes.ts";

/** Fewer elements than this are not worth the way to WebAssembly. */
const SMALL = 256;

/** Whether an element takes the place of the best so far; true for NaN. The best is not NaN. For int64 both are bigints. */
export type Beats = (element: number, best: number) => boolean;

/** Looks through `n` elements from index `from` on for the output at `at`; the first of them has the number `first`. */
type Line = (values: Float64Array, places: Int32Array, at: number, data: Float64Array, from: number, n: number, stride: number, first: number) => void;

/** As for folds: along a group, or through one element of each of `n` groups side by side. The first NaN wins, and the first of equal elements. */
const makeLoops = (beats: Beats): { line: Line; row: Line } => ({
  line(values, places, at, data, from, n, stride, first) {
    let best = first === 0 ? data[from] : values[at], place = places[at];
    const whole = n - n % 4;
    for (let i = 0, k = from; i < whole && best === best; i += 4, k += 4 * stride) {
      const a = data[k], b = data[k + stride], c = data[k + 2 * stride], d = data[k + 3 * stride];
      if (beats(a, best)) {
        best = a;
        place = first + i;
        if (a !== a) break;
      }
      if (beats(b, best)) {
        best = b;
        place = first + i + 1;
        if (b !== b) break;
      }
      if (beats(c, best)) {
        best = c;
        place = first + i + 2;
        if (c !== c) break;
      }
      if (beats(d, best)) {
        best = d;
        place = first + i + 3;
      }
    }
    for (let i = whole, k = from + whole * stride; i < n && best === best; i++, k += stride) {
      if (beats(data[k], best)) {
        best = data[k];
        place = first + i;
      }
    }
    values[at] = best;
    places[at] = place;
  },
  row(values, places, at, data, from, n, stride, first) {
    if (first === 0) {
      for (let j = 0; j < n; j++) values[at + j] = data[from + j * stride];
      return;
    }
    for (let j = at, k = from; j < at + n; j++, k += stride) {
      const best = values[j], element = data[k];
      if (beats(element, best) && best === best) {
        values[j] = element;
        places[j] = first;
      }
    }
  },
});

/** A search for extreme elements and its loops. */
export class Search {
  readonly #beats: Beats;
  readonly #name: ExtremeName;
  readonly #loops = new Map<unknown, ReturnType<typeof makeLoops>>();

  /** Takes the comparison, and which of the extremes it finds. */
  constructor(beats: Beats, name: ExtremeName) {
    this.#beats = beats;
    this.#name = name;
  }

  /** The extreme element of each group along dimension `dim`, and its number along it. `values` is filled; there is at least one element a group. */
  run({ data, strides, offset }: Operand, sizes: Sizes, dim: number, values: TypedArray): Int32Array {
    const walk = groups(sizes, strides, offset, [dim]);
    const places = new Int32Array(walk.outputs);
    if ((data instanceof Float32Array || data instanceof Float64Array) && walk.outputs * walk.count >= SMALL) {
      if (searchGroups(this.#name, data as FloatArray, walk, values as FloatArray, places)) return places;
    }
    let loops = this.#loops.get(data.constructor);
    if (loops === undefined) {
      loops = fresh(makeLoops)(this.#beats);
      this.#loops.set(data.constructor, loops);
    }
    const { width, widthStride, stride } = walk;
    const found = values as Float64Array, elements = data as Float64Array;
    if (byRows(walk)) {
      const { row } = loops;
      walk.each((output, at, n, first) => {
        for (let i = 0; i < n; i++) row(found, places, output, elements, at + i * stride, width, widthStride, first + i);
      });
    } else {
      const { line } = loops;
      walk.each((output, at, n, first) => {
        for (let j = 0; j < width; j++) line(found, places, output + j, elements, at + j * widthStride, n, stride, first);
      });
    }
    return places;
  }
}
