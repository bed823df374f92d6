/**
 * The greatest or least element of each group, and where it stands.
 */
import type { TypedArray } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import type { Operand } from "./elementwise.ts";
import { fresh } from "./fresh.ts";
import { byRows, groups } from "./reduce.ts";

/** Whether an element takes the place of the best so far; true for NaN. The best is not NaN. For int64 both are bigints. */
export type Beats = (element: number, best: number) => boolean;

type Loop = (
  values: Float64Array,
  places: Int32Array,
  output: number,
  width: number,
  widthStride: number,
  data: Float64Array,
  at: number,
  n: number,
  stride: number,
  first: number,
) => void;

/** As for folds: group by group, or position by position in all groups. The first NaN wins, and the first of equal elements. */
const makeLoops = (beats: Beats): { columns: Loop; rows: Loop } => ({
  columns(values, places, output, width, widthStride, data, at, n, stride, first) {
    for (let j = output; j < output + width; j++, at += widthStride) {
      let best = first === 0 ? data[at] : values[j], place = places[j];
      for (let i = 0, k = at; i < n && best === best; i++, k += stride) {
        if (beats(data[k], best)) {
          best = data[k];
          place = first + i;
        }
      }
      values[j] = best;
      places[j] = place;
    }
  },
  rows(values, places, output, width, widthStride, data, at, n, stride, first) {
    for (let i = 0; i < n; i++, at += stride) {
      if (first + i === 0) {
        for (let j = output, k = at; j < output + width; j++, k += widthStride) values[j] = data[k];
        continue;
      }
      for (let j = output, k = at; j < output + width; j++, k += widthStride) {
        const best = values[j];
        if (beats(data[k], best) && best === best) {
          values[j] = data[k];
          places[j] = first + i;
        }
      }
    }
  },
});

/** A search for extreme elements and its loops. */
export class Search {
  readonly #beats: Beats;
  readonly #loops = new Map<unknown, ReturnType<typeof makeLoops>>();

  /** Takes the comparison. */
  constructor(beats: Beats) {
    this.#beats = beats;
  }

  /** The extreme element of each group along dimension `dim`, and its number along it. `values` is filled; there is at least one element a group. */
  run({ data, strides, offset }: Operand, sizes: Sizes, dim: number, values: TypedArray): Int32Array {
    const walk = groups(sizes, strides, offset, [dim]);
    const places = new Int32Array(walk.outputs);
    let loops = this.#loops.get(data.constructor);
    if (loops === undefined) {
      loops = fresh(makeLoops)(this.#beats);
      this.#loops.set(data.constructor, loops);
    }
    const loop = byRows(walk) ? loops.rows : loops.columns;
    walk.each((output, at, n, first) =>
      loop(values as Float64Array, places, output, walk.width, walk.widthStride, data as Float64Array, at, n, walk.stride, first)
    );
    return places;
  }
}
