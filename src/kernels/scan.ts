/**
 * Running totals, products and extrema along the middle dimension of a dense array of three: outer, length, inner.
 */
import type { TypedArray } from "../dtype.ts";
import { fresh } from "./fresh.ts";

/** The shape of a dense array around one of its dimensions. */
export interface Lines {
  /** The product of the sizes before the dimension. */
  outer: number;
  /** The size of the dimension. */
  length: number;
  /** The product of the sizes after it, which is its stride. */
  inner: number;
}

type Step = (accumulator: number, element: number) => number;

/** Loops over one line, and over a row of neighbouring lines: single loops, for engines do badly at nested ones that run long. */
const makeScan = (start: number, step: Step) => ({
  line(data: Float64Array, from: number, out: Float64Array, to: number, n: number): void {
    let accumulator = start;
    // without `| 0` engines check the sums for overflow, which takes half as long again
    for (let k = from | 0, j = to | 0, end = (from + n) | 0; k < end; k = (k + 1) | 0, j = (j + 1) | 0) {
      accumulator = step(accumulator, data[k]);
      out[j] = accumulator;
    }
  },
  row(data: Float64Array, from: number, out: Float64Array, to: number, n: number, accumulators: Float64Array): void {
    for (let j = 0; j < n; j++) out[to + j] = accumulators[j] = step(accumulators[j], data[from + j]);
  },
});

/** A running fold; floating-point numbers are accumulated in double precision, int64 by a rule of its own. */
export class Scan {
  readonly #numbers: [number, Step];
  readonly #bigints: [bigint, (accumulator: bigint, element: bigint) => bigint] | null;
  readonly #loops = new Map<unknown, ReturnType<typeof makeScan>>();

  /** What an accumulator starts with, and how an element is added to it. */
  constructor(numbers: [number, Step], bigints: [bigint, (accumulator: bigint, element: bigint) => bigint] | null = null) {
    this.#numbers = numbers;
    this.#bigints = bigints;
  }

  /** Writes the running fold of the dense elements from `at` on into `out`, an array of the same type. */
  run(data: TypedArray, at: number, out: TypedArray, { outer, length, inner }: Lines): void {
    const wide = data instanceof BigInt64Array;
    const [start, step] = (wide ? this.#bigints : this.#numbers) as [number, Step];
    let loops = this.#loops.get(data.constructor);
    if (loops === undefined) this.#loops.set(data.constructor, loops = fresh(makeScan)(start, step));
    const from = data as Float64Array, to = out as Float64Array;
    if (inner === 1) {
      for (let i = 0; i < outer; i++) loops.line(from, at + i * length, to, i * length, length);
      return;
    }
    const accumulators = (wide ? new BigInt64Array(inner) : new Float64Array(inner)) as Float64Array;
    for (let row = 0; row < outer * length; row++) {
      if (row % length === 0) accumulators.fill(start);
      loops.row(from, at + row * inner, to, row * inner, inner, accumulators);
    }
  }
}

/** One step of a row of `n` neighbouring lines: `i` is its number, and the results of the step before stand `n` places before. */
const makeExtremeScan =
  (beats: (element: number, best: number) => boolean) =>
  (data: Float64Array, from: number, values: Float64Array, places: Int32Array, to: number, n: number, i: number): void => {
    for (let k = to; k < to + n; k++) {
      const element = data[from + k - to];
      if (i === 0 || beats(element, values[k - n])) {
        values[k] = element;
        places[k] = i;
      } else {
        values[k] = values[k - n];
        places[k] = places[k - n];
      }
    }
  };

/** The greatest or least element so far, and where it stands. */
export class ExtremeScan {
  readonly #beats: (element: number, best: number) => boolean;
  readonly #loops = new Map<unknown, ReturnType<typeof makeExtremeScan>>();

  /** `beats` says whether an element takes the place of the best so far; it is called with bigints for int64. */
  constructor(beats: (element: number, best: number) => boolean) {
    this.#beats = beats;
  }

  /** Fills `values`, an array of the same type as `data`; gives the places. */
  run(data: TypedArray, at: number, values: TypedArray, { outer, length, inner }: Lines): Int32Array {
    let loop = this.#loops.get(data.constructor);
    if (loop === undefined) this.#loops.set(data.constructor, loop = fresh(makeExtremeScan)(this.#beats));
    const places = new Int32Array(outer * length * inner);
    for (let row = 0; row < outer * length; row++) {
      loop(data as Float64Array, at + row * inner, values as Float64Array, places, row * inner, inner, row % length);
    }
    return places;
  }
}
