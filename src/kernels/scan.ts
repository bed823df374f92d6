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

const makeScan = (start: number, step: Step) => (data: Float64Array, at: number, out: Float64Array, { outer, length, inner }: Lines): void => {
  if (inner === 1) {
    for (let line = 0, k = 0; line < outer; line++) {
      let accumulator = start;
      for (let i = 0; i < length; i++, k++) out[k] = accumulator = step(accumulator, data[at + k]);
    }
    return;
  }
  const accumulators = (typeof start === "bigint" ? new BigInt64Array(inner) : new Float64Array(inner)) as Float64Array;
  for (let block = 0, k = 0; block < outer; block++) {
    accumulators.fill(start);
    for (let i = 0; i < length; i++) {
      for (let j = 0; j < inner; j++, k++) out[k] = accumulators[j] = step(accumulators[j], data[at + k]);
    }
  }
};

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
  run(data: TypedArray, at: number, out: TypedArray, lines: Lines): void {
    let loop = this.#loops.get(data.constructor);
    if (loop === undefined) {
      const [start, step] = (data instanceof BigInt64Array ? this.#bigints : this.#numbers) as [number, Step];
      loop = fresh(makeScan)(start, step);
      this.#loops.set(data.constructor, loop);
    }
    loop(data as Float64Array, at, out as Float64Array, lines);
  }
}

const makeExtremeScan =
  (beats: (element: number, best: number) => boolean) =>
  (data: Float64Array, at: number, values: Float64Array, places: BigInt64Array, { outer, length, inner }: Lines): void => {
    for (let block = 0, k = 0; block < outer; block++) {
      for (let i = 0; i < length; i++) {
        for (let j = 0; j < inner; j++, k++) {
          const element = data[at + k];
          if (i === 0 || beats(element, values[k - inner])) {
            values[k] = element;
            places[k] = BigInt(i);
          } else {
            values[k] = values[k - inner];
            places[k] = places[k - inner];
          }
        }
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

  /** Fills `values`, an array of the same type as `data`, and `places`. */
  run(data: TypedArray, at: number, values: TypedArray, places: BigInt64Array, lines: Lines): void {
    let loop = this.#loops.get(data.constructor);
    if (loop === undefined) {
      loop = fresh(makeExtremeScan)(this.#beats);
      this.#loops.set(data.constructor, loop);
    }
    loop(data as Float64Array, at, values as Float64Array, places, lines);
  }
}
