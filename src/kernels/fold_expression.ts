/**
 * Folds of element-wise results that have not been computed: the elements of a block are folded while the cache holds them.
 */
import { elementCount, type Sizes } from "../layout.ts";
import { BLOCK, runBlocks } from "./blocks.ts";
import type { Expression } from "./expression.ts";
import { engine, type Kernel } from "./wasm/engine.ts";
import { type FoldName, FOLDS } from "./wasm/folds.ts";

/** What the accumulators of columns are a multiple of. */
const TOGETHER = 16;

/** A kernel with a result. */
type Whole = (address: number, end: number) => number;

/**
 * The accumulators of a fold over the `reduced` dimensions of an expression's elements, of which the shape is `sizes`, for the kept positions in
 * row-major order. Null, and nothing done, where the reduced dimensions are neither the first nor the last, and without WebAssembly SIMD.
 */
export function foldExpression(name: FoldName, root: Expression, sizes: Sizes, reduced: readonly number[]): Float64Array<ArrayBuffer> | null {
  if (engine() === null) return null;
  const gone = sizes.map((_, d) => reduced.includes(d) || sizes[d] === 1);
  const first = gone.indexOf(false), last = gone.lastIndexOf(false);
  root.uses++;
  if (first === -1) return foldAll(name, root);
  // kept dimensions at the beginning, or at the end, and reduced ones besides
  const rows = elementCount(sizes.slice(0, last + 1)), columns = elementCount(sizes.slice(first));
  if (gone.slice(0, last + 1).every((x, d) => !x || sizes[d] === 1)) return foldRows(name, root, root.count / rows);
  if (gone.slice(first).every((x, d) => !x || sizes[first + d] === 1)) return foldColumns(name, root, columns);
  root.uses--;
  return null;
}

function foldAll(name: FoldName, root: Expression): Float64Array<ArrayBuffer> {
  const { start, join } = FOLDS[name];
  let kernel: Whole;
  let total: number = start;
  runBlocks(root, BLOCK, {
    keep: true,
    begin: (wasm) => kernel = wasm!.kernels[`${name}_f32`] as Whole,
    consume: (_, at, __, n) => total = join(total, kernel(4 * at, 4 * (at + n))),
  });
  return new Float64Array([total]);
}

function foldRows(name: FoldName, root: Expression, length: number): Float64Array<ArrayBuffer> {
  const { start, join } = FOLDS[name];
  let kernel: Whole;
  const accumulators = new Float64Array(root.count / length).fill(start);
  runBlocks(root, length, {
    keep: true,
    begin: (wasm) => kernel = wasm!.kernels[`${name}_f32`] as Whole,
    consume: (_, at, from, n) => {
      for (let done = 0; done < n; done += length) {
        const row = Math.floor((from + done) / length), end = Math.min(at + done + length, at + n);
        accumulators[row] = join(accumulators[row], kernel(4 * (at + done), 4 * end));
      }
    },
  });
  return accumulators;
}

function foldColumns(name: FoldName, root: Expression, columns: number): Float64Array<ArrayBuffer> {
  let kernel: Kernel;
  const padded = Math.ceil(columns / TOGETHER) * TOGETHER;
  const { start } = FOLDS[name];
  let memory = 0;
  let sums = new Float64Array(0);
  runBlocks(root, columns, {
    keep: true,
    spare: 2 * padded,
    begin: (wasm, at) => {
      kernel = wasm!.kernels[`${name}_f32_columns`];
      memory = 4 * at;
      sums = new Float64Array(wasm!.float32.buffer, memory, padded).fill(start);
    },
    consume: (_, at, from, n) => kernel(4 * at, 4 * (at + n), 4 * Math.min(n, columns), memory + 8 * (from % columns)),
  });
  return sums.slice(0, columns);
}
