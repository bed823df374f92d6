/**
 * Copies between arrays of one type, with any strides on either side. Where neighbours in the source are neighbours in the target, whole runs are copied;
 * where they are neighbours along another dimension, WebAssembly transposes; single loops do the rest.
 */
import type { TypedArray } from "../dtype.ts";
import { contiguousStrides, elementCount, isContiguous, type Sizes } from "../layout.ts";
import { coalesce, type Operand } from "./elementwise.ts";
import { fresh } from "./fresh.ts";
import { engine } from "./wasm/engine.ts";
import { hasGaps, Permutation } from "./wasm/permute.ts";

/** Shorter runs are copied faster by a loop than by `set`, which needs a subarray. */
const SHORT_RUN = 96;
/** Shorter runs are copied faster in WebAssembly where they are to be a new array; their source must have few gaps. */
const SHORT_ROW = 256;
/** Vectors do not help with what is narrower. */
const NARROW = 4;
/** Shorter dimensions are not worth a loop of their own. */
const SHORT_LOOP = 16;
/** Fewer elements are not worth the way to WebAssembly. */
const SMALL = 256;

/** Copies `n` elements. */
type Line = (n: number, input: TypedArray, from: number, inStride: number, output: TypedArray, to: number, outStride: number) => void;

/** The innermost loops, for adjacent places of the target and for others. Two in one function would take twice as long; sums that may overflow, half as long again. */
const makeLines = (): { adjacent: Line; apart: Line } => ({
  adjacent(n, input, from, inStride, output, to) {
    for (let j = to | 0, k = from | 0, end = (to + n) | 0; j < end; j = (j + 1) | 0, k = (k + inStride) | 0) output[j] = input[k];
  },
  apart(n, input, from, inStride, output, to, outStride) {
    for (let i = 0, j = to | 0, k = from | 0; i < n; i++, j = (j + outStride) | 0, k = (k + inStride) | 0) output[j] = input[k];
  },
});

// loops for each type of array, so that none sees two
const loops = new Map<unknown, ReturnType<typeof makeLines>>();

function linesFor(data: TypedArray): ReturnType<typeof makeLines> {
  let lines = loops.get(data.constructor);
  if (lines === undefined) loops.set(data.constructor, lines = fresh(makeLines)());
  return lines;
}

/** The dimensions of a copy, those of the target's longest steps first, with neighbours merged. */
interface Plan {
  sizes: number[];
  from: number[];
  to: number[];
}

function planOf(sizes: Sizes, inStrides: Sizes, outStrides: Sizes): Plan {
  const order = sizes.map((_, d) => d);
  if (outStrides.some((s, d) => d > 0 && s > outStrides[d - 1])) order.sort((a, b) => outStrides[b] - outStrides[a]);
  const { sizes: merged, strides: [to, from] } = coalesce(order.map((d) => sizes[d]), [order.map((d) => outStrides[d]), order.map((d) => inStrides[d])]);
  return { sizes: merged, from, to };
}

/** Calls `f` with where each line along the last dimension begins in the source and in the target. */
function eachLine(plan: Plan, input: number, output: number, f: (from: number, to: number) => void, d = 0): void {
  if (d === plan.sizes.length - 1) return f(input, output);
  const n = plan.sizes[d], inStep = plan.from[d], outStep = plan.to[d];
  for (let i = 0, from = input, to = output; i < n; i++, from += inStep, to += outStep) eachLine(plan, from, to, f, d + 1);
}

/** How WebAssembly can help: see `Permutation`. Null where it cannot, or the elements are few. */
function permutation(plan: Plan, input: TypedArray): Permutation | null {
  const { sizes, from, to } = plan;
  const last = sizes.length - 1, n = sizes[last];
  const adjacent = from.lastIndexOf(1);
  if (adjacent < 0 || last === 0 || to[last] !== 1 || elementCount(sizes) < SMALL) return null;
  if (adjacent === last ? n < NARROW || n >= SHORT_ROW || hasGaps(sizes, from, input.BYTES_PER_ELEMENT) : n < NARROW || sizes[adjacent] < 2 * NARROW) {
    return null;
  }
  const scratch = engine();
  return scratch === null ? null : new Permutation(scratch, sizes, from, adjacent, input);
}

/** Copies input[inOffset + index * inStrides] to output[outOffset + index * outStrides] for all indices below `sizes`. */
export function stridedCopy<T extends TypedArray>(
  sizes: Sizes,
  input: T,
  inOffset: number,
  inStrides: Sizes,
  output: T,
  outOffset: number,
  outStrides: Sizes,
): void {
  if (sizes.includes(0)) return;
  const plan = planOf(sizes, inStrides, outStrides);
  const last = plan.sizes.length - 1, n = plan.sizes[last], steps = plan.to;
  const inRuns = plan.from[last] === 1 && (n >= SHORT_RUN || !isContiguous(plan.sizes, steps));
  const permuted = inRuns ? null : permutation(plan, input);
  if (permuted !== null) {
    return permuted.each(inOffset, (result, at, first, slab) => {
      writeSlab(result, at, output, outOffset + first.reduce((sum, i, d) => sum + i * steps[d], 0), slab, steps);
    });
  }
  if (steps[last] === 1 && n >= SHORT_RUN && plan.from[last] <= 1 && plan.from[last] >= 0) {
    const same = plan.from[last] === 0;
    return eachLine(plan, inOffset, outOffset, (from, to) => same ? fill(output, input[from], to, n) : copyRun(input, from, output, to, n));
  }
  if (n < SHORT_LOOP) longestLast(plan);
  const { sizes: [...all], from: inner, to: outer } = plan;
  const length = all[last], inStride = inner[last], outStride = outer[last];
  const line = linesFor(output)[outStride === 1 ? "adjacent" : "apart"];
  eachLine(plan, inOffset, outOffset, (from, to) => line(length, input, from, inStride, output, to, outStride));
}

/** The same for operands of one dtype over a common shape. */
export function copyOperand(sizes: Sizes, source: Operand, target: Operand): void {
  stridedCopy(sizes, source.data, source.offset, source.strides, target.data, target.offset, target.strides);
}

/** Copies a dense block to where it belongs. */
function writeSlab(result: TypedArray, at: number, output: TypedArray, to: number, sizes: readonly number[], steps: readonly number[]): void {
  let dense = 1, d = sizes.length - 1;
  for (; d >= 0 && (sizes[d] === 1 || steps[d] === dense); d--) dense *= sizes[d];
  const outer = { sizes: [...sizes.slice(0, d + 1), dense], from: [] as number[], to: [...steps.slice(0, d + 1), 1] };
  for (let k = outer.sizes.length - 1, step = 1; k >= 0; step *= outer.sizes[k--]) outer.from[k] = step;
  eachLine(outer, at, to, (from, target) => copyRun(result, from, output, target, dense));
}

/** Makes the longest dimension the last. */
function longestLast(plan: Plan): void {
  const last = plan.sizes.length - 1;
  const longest = plan.sizes.indexOf(Math.max(...plan.sizes));
  for (const list of [plan.sizes, plan.from, plan.to]) [list[longest], list[last]] = [list[last], list[longest]];
}

/** The elements in row-major order as a new array. Arrays made from another one are not filled with zeros first. */
export function denseCopy<T extends TypedArray>(sizes: Sizes, input: T, offset: number, strides: Sizes): T | null {
  const count = elementCount(sizes);
  if (count < SMALL) return null;
  const plan = planOf(sizes, strides, contiguousStrides(sizes));
  if (plan.sizes.length === 1 && plan.from[0] === 1) return copyOf(input.subarray(offset, offset + count)) as T;
  return permutation(plan, input)?.whole(offset) as T ?? null;
}

function copyOf(data: TypedArray): TypedArray {
  return new (data.constructor as new (data: TypedArray) => TypedArray)(data);
}

function fill(output: TypedArray, value: number | bigint, to: number, n: number): void {
  (output as Float32Array).fill(value as number, to, to + n);
}

/** Copies adjacent elements. */
function copyRun(input: TypedArray, from: number, output: TypedArray, to: number, n: number): void {
  if (n < SHORT_RUN) linesFor(output).adjacent(n, input, from, 1, output, to, 1);
  else (output as Float32Array).set(input.subarray(from, from + n) as Float32Array, to);
}
