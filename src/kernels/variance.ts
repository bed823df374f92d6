/**
 * Squared deviations from the mean, group by group.
 */
import type { TypedArray } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import type { Operand } from "./elementwise.ts";
import { fresh } from "./fresh.ts";
import { byRows, type Groups, groups } from "./groups.ts";
import { Reducer } from "./reduce.ts";

const summing = new Reducer({ start: 0, step: (a, x) => a + x, join: (a, b) => a + b });

/** Adds the squared deviations of `n` elements from index `from` on to the sum at `at`. */
type Line = (sums: Float64Array, means: Float64Array, at: number, data: TypedArray, from: number, n: number, stride: number) => void;

/** As for folds: along a group, or through one element of each of `n` groups side by side. */
const makeLoops = (): { line: Line; row: Line } => ({
  line(sums, means, at, data, from, n, stride) {
    const numbers = data as Float64Array;
    const mean = means[at];
    const whole = n - n % 2;
    let a = 0, b = 0;
    for (let i = 0, k = from; i < whole; i += 2, k += 2 * stride) {
      const x = numbers[k] - mean, y = numbers[k + stride] - mean;
      a += x * x;
      b += y * y;
    }
    if (whole < n) a += (numbers[from + whole * stride] - mean) ** 2;
    sums[at] += a + b;
  },
  row(sums, means, at, data, from, n, stride) {
    const numbers = data as Float64Array;
    for (let j = at, k = from; j < at + n; j++, k += stride) {
      const x = numbers[k] - means[j];
      sums[j] += x * x;
    }
  },
});

const loops = new Map<unknown, ReturnType<typeof makeLoops>>();

/** What the variance of each group is made of, in double precision. */
export interface Deviations {
  /** The means. */
  means: Float64Array<ArrayBuffer>;
  /** The sums of the squared distances from them. */
  squares: Float64Array<ArrayBuffer>;
  /** The number of elements of a group. */
  count: number;
}

/** Takes the mean of what is left once more off the means, so that equal doubles deviate by exactly nothing; sums of floats are exact already. */
function refine(means: Float64Array, data: Float64Array, { each, width, widthStride, stride, count }: Groups): void {
  const left = new Float64Array(means.length);
  each((output, at, n) => {
    for (let j = 0; j < width; j++) {
      const mean = means[output + j];
      let sum = 0;
      for (let i = 0, k = at + j * widthStride; i < n; i++, k += stride) sum += data[k] - mean;
      left[output + j] += sum;
    }
  });
  for (let i = 0; i < means.length; i++) if (Number.isFinite(left[i])) means[i] += left[i] / count;
}

/** The mean of each group, and the sum of the squared deviations from it, in two passes, for a single one loses digits. */
export function deviations(source: Operand, sizes: Sizes, reduced: readonly number[]): Deviations {
  const { data, strides, offset } = source;
  const walk = groups(sizes, strides, offset, reduced);
  const means = summing.run(source, sizes, reduced) as Float64Array<ArrayBuffer>;
  for (let i = 0; i < means.length; i++) means[i] /= walk.count;
  if (data instanceof Float64Array) refine(means, data, walk);
  const squares = new Float64Array(walk.outputs);
  let own = loops.get(data.constructor);
  if (own === undefined) loops.set(data.constructor, own = fresh(makeLoops)());
  const { width, widthStride, stride } = walk;
  const { line, row } = own;
  if (byRows(walk)) {
    walk.each((output, at, n) => {
      for (let i = 0; i < n; i++) row(squares, means, output, data, at + i * stride, width, widthStride);
    });
  } else {
    walk.each((output, at, n) => {
      for (let j = 0; j < width; j++) line(squares, means, output + j, data, at + j * widthStride, n, stride);
    });
  }
  // of nothing there is no mean and no deviation
  return { means, squares: walk.count === 0 ? squares.fill(NaN) : squares, count: walk.count };
}
