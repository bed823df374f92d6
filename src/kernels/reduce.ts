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

/** Folds `n` elements from index `from` on into the accumulator at `at`. */
type Line<A extends TypedArray> = (accumulators: A, at: number, data: TypedArray, from: number, n: number, stride: number, parameter: number) => void;

/** The innermost loops. Each is a function with a single loop, called often: engines do badly at nested loops that run long. */
interface Loops<A extends TypedArray> {
  /** Elements of one group, with four accumulators so that additions need not wait for each other. */
  line: Line<A>;
  /** One element of each of `n` groups side by side. */
  row: Line<A>;
  /** Four elements of each of them, `rowStride` apart, so that the accumulators are read and written less often. */
  rows: (accumulators: A, at: number, data: TypedArray, from: number, n: number, stride: number, rowStride: number, parameter: number) => void;
}

const makeLoops = ({ start, step, join }: Fold<number>): Loops<Float64Array<ArrayBuffer>> => ({
  line(accumulators, at, data, from, n, stride, parameter) {
    const numbers = data as Float64Array;
    const whole = n - n % 4, stride2 = 2 * stride, stride3 = 3 * stride, stride4 = 4 * stride;
    let a = accumulators[at], b = start, c = start, d = start;
    for (let i = 0, k = from; i < whole; i += 4, k += stride4) {
      a = step(a, numbers[k], parameter);
      b = step(b, numbers[k + stride], parameter);
      c = step(c, numbers[k + stride2], parameter);
      d = step(d, numbers[k + stride3], parameter);
    }
    for (let i = whole, k = from + whole * stride; i < n; i++, k += stride) a = step(a, numbers[k], parameter);
    accumulators[at] = join(join(a, b), join(c, d));
  },
  row(accumulators, at, data, from, n, stride, parameter) {
    const numbers = data as Float64Array;
    for (let j = 0, k = from; j < n; j++, k += stride) accumulators[at + j] = step(accumulators[at + j], numbers[k], parameter);
  },
  rows(accumulators, at, data, from, n, stride, rowStride, parameter) {
    const numbers = data as Float64Array;
    const second = rowStride, third = 2 * rowStride, fourth = 3 * rowStride;
    for (let j = 0, k = from; j < n; j++, k += stride) {
      const two = step(step(accumulators[at + j], numbers[k], parameter), numbers[k + second], parameter);
      accumulators[at + j] = step(step(two, numbers[k + third], parameter), numbers[k + fourth], parameter);
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
    const { width, widthStride, stride } = walk;
    if (byRows(walk)) {
      const { row, rows } = loops;
      walk.each((output, at, n) => {
        const whole = n - n % 4;
        for (let i = 0; i < whole; i += 4) rows(accumulators, output, data, at + i * stride, width, widthStride, stride, parameter);
        for (let i = whole; i < n; i++) row(accumulators, output, data, at + i * stride, width, widthStride, parameter);
      });
    } else {
      const { line } = loops;
      walk.each((output, at, n) => {
        for (let j = 0, k = at; j < width; j++, k += widthStride) line(accumulators, output + j, data, k, n, stride, parameter);
      });
    }
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
