/**
 * Folding the elements of a tensor into accumulators, one for each kept position: sums, products, extrema, norms.
 */
import type { TypedArray } from "../dtype.ts";
import { elementCount, forEachIndex, type Sizes } from "../layout.ts";
import { coalesce, type Operand, type Scalar } from "./elementwise.ts";
import { fresh } from "./fresh.ts";

/**
 * The elements of a tensor, in groups: one for each kept position, of all positions of the reduced dimensions. The innermost kept
 * and the innermost reduced dimension are left to the loops; `each` walks the others.
 */
export interface Groups {
  /** The number of kept positions. */
  outputs: number;
  /** The number of elements of a group. */
  count: number;
  /** The size of the innermost kept dimension. */
  width: number;
  /** Its stride. */
  widthStride: number;
  /** The stride of the innermost reduced dimension. */
  stride: number;
  /**
   * Calls `f` with the number of a group, the memory index of an element of it, and how many elements of the innermost reduced
   * dimension are to be taken from there, of which the first has the number `first` among those of the dimension.
   */
  each: (f: (output: number, at: number, n: number, first: number) => void) => void;
}

/** Longer loops are cut: engines optimise functions that are called often better than loops that run long. */
const LONGEST = 4096;

/** Splits the dimensions of a tensor into kept and reduced ones. Within a group the elements come in the order of memory. */
export function groups(sizes: Sizes, strides: Sizes, offset: number, reduced: readonly number[]): Groups {
  const keptSizes: number[] = [], keptStrides: number[] = [], inner: number[] = [];
  for (let d = 0; d < sizes.length; d++) {
    if (reduced.includes(d)) inner.push(d);
    else {
      keptSizes.push(sizes[d]);
      keptStrides.push(strides[d]);
    }
  }
  if (inner.length > 1) inner.sort((a, b) => strides[b] - strides[a]);
  const innerSizes = inner.map((d) => sizes[d]);
  const kept = coalesce(keptSizes, [keptStrides]), gone = coalesce(innerSizes, [inner.map((d) => strides[d])]);
  const width = kept.sizes.pop()!, widthStride = kept.strides[0].pop()!;
  const n = gone.sizes.pop()!, stride = gone.strides[0].pop()!;
  const outputs = elementCount(keptSizes), count = elementCount(innerSizes);
  return {
    outputs,
    count,
    width,
    widthStride,
    stride,
    each: (f) => {
      if (outputs === 0 || count === 0) return;
      let output = 0;
      forEachIndex(kept.sizes, kept.strides[0], offset, (start) => {
        forEachIndex(gone.sizes, gone.strides[0], start, (at) => {
          for (let first = 0; first < n; first += LONGEST) f(output, at + first * stride, Math.min(n - first, LONGEST), first);
        });
        output += width;
      });
    },
  };
}

/** How elements are folded. `start` leaves `join` unchanged. */
export interface Fold<S extends Scalar> {
  /** What an empty group gives. */
  start: S;
  /** Adds an element to an accumulator. */
  step: (accumulator: S, element: S, parameter: number) => S;
  /** Adds an accumulator to another. */
  join: (a: S, b: S) => S;
}

/** Folds `n` elements into each of `width` accumulators from `output` on. */
type Loop<A extends TypedArray> = (
  accumulators: A,
  output: number,
  width: number,
  widthStride: number,
  data: TypedArray,
  at: number,
  n: number,
  stride: number,
  parameter: number,
) => void;

interface Loops<A extends TypedArray> {
  columns: Loop<A>;
  rows: Loop<A>;
}

/** Two orders of the same loops: group by group, with four accumulators so that additions need not wait for each other; or position by position in all groups. */
const makeLoops = ({ start, step, join }: Fold<number>): Loops<Float64Array<ArrayBuffer>> => ({
  columns(accumulators, output, width, widthStride, data, at, n, stride, parameter) {
    const numbers = data as Float64Array;
    for (let j = output; j < output + width; j++, at += widthStride) {
      let a = accumulators[j], b = start, c = start, d = start, i = 0, k = at;
      for (; i + 4 <= n; i += 4, k += 4 * stride) {
        a = step(a, numbers[k], parameter);
        b = step(b, numbers[k + stride], parameter);
        c = step(c, numbers[k + 2 * stride], parameter);
        d = step(d, numbers[k + 3 * stride], parameter);
      }
      for (; i < n; i++, k += stride) a = step(a, numbers[k], parameter);
      accumulators[j] = join(join(a, b), join(c, d));
    }
  },
  rows(accumulators, output, width, widthStride, data, at, n, stride, parameter) {
    const numbers = data as Float64Array;
    for (let i = 0; i < n; i++, at += stride) {
      for (let j = 0, k = at; j < width; j++, k += widthStride) accumulators[output + j] = step(accumulators[output + j], numbers[k], parameter);
    }
  },
});

/** Rows shorter than this are not worth a loop of their own. */
const SHORT = 8;

/** Whether the loops should go along the kept dimension: where that is the way of memory. */
export function byRows({ width, widthStride, stride }: Groups): boolean {
  return width >= SHORT && Math.abs(widthStride) < Math.abs(stride);
}

/** One way of folding elements and its loops. */
export class Reducer {
  readonly #numbers: Fold<number>;
  readonly #bigints: Fold<bigint> | null;
  // loops for each type of array, so that none sees two
  readonly #loops = new Map<unknown, Loops<TypedArray>>();

  /** `bigints` is for int64, where that is not refused. Floating-point numbers and small integers are folded in double precision. */
  constructor(numbers: Fold<number>, bigints: Fold<bigint> | null = null) {
    this.#numbers = numbers;
    this.#bigints = bigints;
  }

  /** The accumulators, for the kept positions in row-major order. */
  run({ data, strides, offset }: Operand, sizes: Sizes, reduced: readonly number[], parameter = 0): Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> {
    const walk = groups(sizes, strides, offset, reduced);
    const wide = data instanceof BigInt64Array;
    const fold = wide ? this.#bigints as Fold<Scalar> | null : this.#numbers;
    if (fold === null) throw new Error("this fold has no rule for int64");
    const accumulators = wide ? new BigInt64Array(walk.outputs) : new Float64Array(walk.outputs);
    if (fold.start != 0) accumulators.fill(fold.start as never);
    let loops = this.#loops.get(data.constructor);
    if (loops === undefined) {
      loops = fresh(makeLoops)(fold as Fold<number>) as Loops<TypedArray>;
      this.#loops.set(data.constructor, loops);
    }
    const loop = byRows(walk) ? loops.rows : loops.columns;
    walk.each((output, at, n) => loop(accumulators, output, walk.width, walk.widthStride, data, at, n, walk.stride, parameter));
    return accumulators;
  }
}

/** The sum of `n` contiguous floating-point elements, in double precision with four running sums. */
export function denseSum(data: Float32Array | Float64Array, offset: number, n: number): number {
  const end = offset + n, whole = end - n % 4;
  let a = 0, b = 0, c = 0, d = 0;
  // two loops with counters of their own: with one counter for both V8 takes four times as long
  for (let i = offset; i < whole; i += 4) {
    a += data[i];
    b += data[i + 1];
    c += data[i + 2];
    d += data[i + 3];
  }
  for (let i = whole; i < end; i++) a += data[i];
  return a + b + (c + d);
}
