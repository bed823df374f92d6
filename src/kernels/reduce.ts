/**
 * Folding the elements of a tensor into accumulators, one for each kept position: sums, products, extrema, norms.
 */
import type { TypedArray } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import type { Operand, Scalar } from "./elementwise.ts";
import type { Expression } from "./expression.ts";
import { foldExpression } from "./fold_expression.ts";
import { sumOfRun, sumOfStrided, sumsOfColumns } from "./cascade.ts";
import { fresh } from "./fresh.ts";
import { byRows, type Groups, groups } from "./groups.ts";
import type { FloatArray } from "./wasm/copy.ts";
import { foldGroups, type FoldName, foldName, foldRun } from "./wasm/folds.ts";
import { sumBytes, sumLongs } from "./wasm/integer_sums.ts";

/** Fewer elements than this are not worth the way to WebAssembly. */
const SMALL = 256;

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

/** One way of folding elements and its loops. */
export class Reducer {
  readonly #numbers: Fold<number>;
  readonly #bigints: Fold<bigint> | null;
  readonly #name: FoldName | null;
  // loops for each type of array, so that none sees two
  readonly #loops = new Map<unknown, Loops<TypedArray>>();

  /** `bigints` is for int64, where that is not refused. Floating-point numbers and small integers are folded in double precision. */
  constructor(numbers: Fold<number>, bigints: Fold<bigint> | null = null) {
    this.#numbers = numbers;
    this.#bigints = bigints;
    this.#name = foldName(numbers);
  }

  /** The accumulators of elements that are still to be computed; null where they have to be computed first. */
  runPending(pending: Expression, sizes: Sizes, reduced: readonly number[]): Float64Array<ArrayBuffer> | null {
    return this.#name === null ? null : foldExpression(this.#name, pending, sizes, reduced);
  }

  /** The accumulators, for the kept positions in row-major order. */
  run({ data, strides, offset }: Operand, sizes: Sizes, reduced: readonly number[], parameter = 0): Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer> {
    const walk = groups(sizes, strides, offset, reduced);
    const wide = data instanceof BigInt64Array;
    const fold = wide ? this.#bigints as Fold<Scalar> | null : this.#numbers;
    if (fold === null) throw new Error("this fold has no rule for int64");
    const accumulators = wide ? new BigInt64Array(walk.outputs) : new Float64Array(walk.outputs);
    if (fold.start != 0) accumulators.fill(fold.start as never);
    if (this.#name === "sum" && data instanceof Float32Array && addInOrder(data, walk, accumulators as Float64Array<ArrayBuffer>)) return accumulators;
    if (this.#name !== null && walk.outputs * walk.count >= SMALL && foldVectors(this.#name, data, walk, accumulators)) return accumulators;
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

/** Larger tensors are summed in double precision, which is faster, and nearer to the truth than PyTorch. */
const SUMMED_IN_ORDER = 8192;

/** Sums in the order in which PyTorch adds; false, and nothing done, where the tensor is large or several reduced dimensions remain. */
function addInOrder(data: Float32Array, { outputs, count, width, widthStride, length, stride, each }: Groups, accumulators: Float64Array): boolean {
  if (outputs * count >= SUMMED_IN_ORDER || length !== count) return false;
  each((output, at, _, first) => {
    if (first > 0) return; // the whole length was taken at once
    if (stride !== 1 && widthStride === 1 && width > 1) return sumsOfColumns(data, at, stride, length, width, accumulators, output);
    for (let j = 0; j < width; j++) {
      const from = at + j * widthStride;
      accumulators[output + j] = stride === 1 ? sumOfRun(data, from, length) : sumOfStrided(data, from, stride, length);
    }
  });
  return true;
}

/** Folds in WebAssembly what can be; false, and nothing done, where it cannot. */
function foldVectors(name: FoldName, data: TypedArray, walk: Groups, accumulators: Float64Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>): boolean {
  if (accumulators instanceof BigInt64Array) return name === "sum" && sumLongs(data as BigInt64Array<ArrayBuffer>, walk, accumulators);
  if (data instanceof Float32Array || data instanceof Float64Array) return foldGroups(name, data as FloatArray, walk, accumulators);
  return name === "sum" && data instanceof Uint8Array && sumBytes(data, walk, accumulators);
}

/** The sum of `n` contiguous floating-point elements: of a few float32 every bit is PyTorch's, others are added in double precision. */
export function denseSum(data: Float32Array | Float64Array, offset: number, n: number): number {
  if (data instanceof Float32Array && n < SUMMED_IN_ORDER) return sumOfRun(data, offset, n);
  const sum = n < SMALL ? null : foldRun("sum", data as FloatArray, offset, n);
  return sum ?? doubleSum(data, offset, n);
}

/** The sum in double precision with four running sums. */
function doubleSum(data: Float32Array | Float64Array, offset: number, n: number): number {
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
