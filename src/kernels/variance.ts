/**
 * Squared deviations from the mean, group by group.
 */
import type { TypedArray } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import type { Operand } from "./elementwise.ts";
import { fresh } from "./fresh.ts";
import { byRows, groups, Reducer } from "./reduce.ts";

const summing = new Reducer({ start: 0, step: (a, x) => a + x, join: (a, b) => a + b });

type Loop = (
  sums: Float64Array,
  means: Float64Array,
  output: number,
  width: number,
  widthStride: number,
  data: TypedArray,
  at: number,
  n: number,
  stride: number,
) => void;

const makeLoops = (): { columns: Loop; rows: Loop } => ({
  columns(sums, means, output, width, widthStride, data, at, n, stride) {
    const numbers = data as Float64Array;
    for (let j = output; j < output + width; j++, at += widthStride) {
      const mean = means[j];
      let a = 0, b = 0, i = 0, k = at;
      for (; i + 2 <= n; i += 2, k += 2 * stride) {
        const x = numbers[k] - mean, y = numbers[k + stride] - mean;
        a += x * x;
        b += y * y;
      }
      if (i < n) a += (numbers[k] - mean) ** 2;
      sums[j] += a + b;
    }
  },
  rows(sums, means, output, width, widthStride, data, at, n, stride) {
    const numbers = data as Float64Array;
    for (let i = 0; i < n; i++, at += stride) {
      for (let j = output, k = at; j < output + width; j++, k += widthStride) {
        const x = numbers[k] - means[j];
        sums[j] += x * x;
      }
    }
  },
});

const loops = new Map<unknown, { columns: Loop; rows: Loop }>();

/** What the variance of each group is made of, in double precision. */
export interface Deviations {
  /** The means. */
  means: Float64Array<ArrayBuffer>;
  /** The sums of the squared distances from them. */
  squares: Float64Array<ArrayBuffer>;
  /** The number of elements of a group. */
  count: number;
}

/** The mean of each group, and the sum of the squared deviations from it, in two passes, for a single one loses digits. */
export function deviations(source: Operand, sizes: Sizes, reduced: readonly number[]): Deviations {
  const { data, strides, offset } = source;
  const walk = groups(sizes, strides, offset, reduced);
  const means = summing.run(source, sizes, reduced) as Float64Array<ArrayBuffer>;
  for (let i = 0; i < means.length; i++) means[i] /= walk.count;
  const squares = new Float64Array(walk.outputs);
  let own = loops.get(data.constructor);
  if (own === undefined) loops.set(data.constructor, own = fresh(makeLoops)());
  const loop = byRows(walk) ? own.rows : own.columns;
  walk.each((output, at, n) => loop(squares, means, output, walk.width, walk.widthStride, data, at, n, walk.stride));
  // of nothing there is no mean and no deviation
  return { means, squares: walk.count === 0 ? squares.fill(NaN) : squares, count: walk.count };
}
