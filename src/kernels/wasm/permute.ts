/** Copies of permuted arrays, put in order in the scratch memory. */

import type { TypedArray } from "../../dtype.ts";
import type { Engine, Kernel } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** Bytes of the result that stand in the scratch memory at once: with what they are read from they fit into the second-level cache. */
const SLAB = 1 << 20;

type ArrayType<T> = new (buffer: ArrayBuffer, offset: number, length: number) => T;
type CopyType<T> = new (source: T) => T;

/** Called with a slab of the result, which is dense: the array it stands in and where, the index of its first element, and its shape. */
export type Consumer<T> = (result: T, at: number, first: readonly number[], sizes: readonly number[]) => void;

/** Whether the memory that a slab of the copy is read from holds more that is not part of it. */
export function hasGaps(sizes: readonly number[], strides: readonly number[], itemSize: number): boolean {
  const slab = sizes.map(() => 1);
  for (let d = sizes.length - 1, rest = itemSize; d >= 0 && rest <= SLAB; rest *= sizes[d--]) {
    slab[d] = Math.max(1, Math.min(sizes[d], Math.floor(SLAB / rest)));
  }
  return isSparse(slab, strides);
}

function isSparse(sizes: readonly number[], strides: readonly number[]): boolean {
  return rangeOf(sizes, strides) > 2 * countOf(sizes.filter((_, d) => strides[d] !== 0));
}

const countOf = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** How many places of memory there are from the lowest element to the highest. */
const rangeOf = (sizes: readonly number[], strides: readonly number[]): number => 1 + sizes.reduce((sum, n, d) => sum + (n - 1) * Math.abs(strides[d]), 0);

/** How far the lowest element stands before that of index 0. */
const depthOf = (sizes: readonly number[], strides: readonly number[]): number => sizes.reduce((sum, n, d) => sum + (n - 1) * Math.max(0, -strides[d]), 0);

/**
 * A copy in row-major order of elements whose neighbours along the dimension `adjacent` are adjacent in the source: matrices of that dimension and the last
 * one are transposed, or runs are copied where it is the last one.
 */
export class Permutation<T extends TypedArray = TypedArray> {
  readonly #scratch: Engine;
  readonly #sizes: readonly number[];
  readonly #strides: readonly number[];
  readonly #adjacent: number;
  readonly #input: T;
  readonly #size: number;
  readonly #kernel: Kernel;

  /** The shape and strides of what is read from `input`. */
  constructor(scratch: Engine, sizes: readonly number[], strides: readonly number[], adjacent: number, input: T) {
    this.#scratch = scratch;
    this.#sizes = sizes;
    this.#strides = strides;
    this.#adjacent = adjacent;
    this.#input = input;
    this.#size = input.BYTES_PER_ELEMENT;
    this.#kernel = scratch.kernels[adjacent === sizes.length - 1 ? "copy_runs" : `transpose${this.#size}`];
  }

  /** The copy as a new array where it fits into one slab, else null. */
  whole(offset: number): T | null {
    const count = countOf(this.#sizes);
    if (count * this.#size > SLAB) return null;
    const { result, at } = this.#permute(offset, this.#sizes);
    return new (result.constructor as CopyType<T>)(result.subarray(at, at + count) as T);
  }

  /** Makes the copy slab by slab. */
  each(offset: number, consume: Consumer<T>): void {
    this.#split(offset, 0, this.#sizes.map(() => 0), [...this.#sizes], consume);
  }

  /** Cuts dimension `d` so that slabs are small enough; those before it have been cut to single indices. */
  #split(offset: number, d: number, first: number[], sizes: number[], consume: Consumer<T>): void {
    const rest = sizes.slice(d + 1).reduce((a, b) => a * b, this.#size);
    const most = Math.max(1, Math.floor(SLAB / rest));
    for (let i = 0; i < this.#sizes[d]; i += most) {
      first[d] = i;
      sizes[d] = Math.min(most, this.#sizes[d] - i);
      const at = offset + i * this.#strides[d];
      if (rest > SLAB && d + 1 < sizes.length) this.#split(at, d + 1, first, sizes, consume);
      else {
        const { result, at: place } = this.#permute(at, sizes);
        consume(result, place, first, sizes);
      }
    }
    first[d] = 0;
    sizes[d] = this.#sizes[d];
  }

  /** Copies what a slab is made of to the scratch memory and puts it in order there. */
  #permute(offset: number, sizes: readonly number[]): { result: T; at: number } {
    const scratch = this.#scratch, size = this.#size, input = this.#input;
    const count = countOf(sizes);
    // a range without many gaps is copied as it is; the last of several slabs with runs may be smaller and have some
    const whole = this.#adjacent === sizes.length - 1 || !isSparse(sizes, this.#strides);
    const taken = whole ? rangeOf(sizes, this.#strides) : count;
    const from = DATA_ADDRESS / size, to = Math.ceil((from + taken) * size / 16) * 16 / size;
    scratch.reserve((to + count) * size - DATA_ADDRESS);
    const { buffer } = scratch.float32;
    const memory = new (input.constructor as ArrayType<T>)(buffer, 0, Math.floor(buffer.byteLength / size));
    let strides = this.#strides;
    const depth = whole ? depthOf(sizes, strides) : 0;
    if (whole) copyRun(input, offset - depth, memory, from, taken);
    else strides = this.#pack(offset, sizes, memory, from);
    this.#walk(0, (from + depth) * size, to * size, sizes, strides, denseStrides(sizes));
    return { result: memory, at: to };
  }

  /** Copies the runs that a slab is made of one after the other; gives the strides they then have. */
  #pack(offset: number, sizes: readonly number[], memory: T, to: number): number[] {
    const run = sizes[this.#adjacent];
    const outer = sizes.map((n, d) => d === this.#adjacent ? 1 : n);
    const packed = denseStrides(outer).map((s, d) => d === this.#adjacent ? 1 : s * run);
    const walk = (d: number, from: number, at: number): void => {
      if (d === outer.length) return copyRun(this.#input, from, memory, at, run);
      for (let i = 0; i < outer[d]; i++) walk(d + 1, from + i * this.#strides[d], at + i * packed[d]);
    };
    walk(0, offset, to);
    return packed;
  }

  /** Runs the kernel for each index of the dimensions that it leaves. */
  #walk(d: number, from: number, to: number, sizes: readonly number[], strides: readonly number[], outStrides: readonly number[]): void {
    const last = sizes.length - 1, size = this.#size, adjacent = this.#adjacent;
    if (adjacent === last && d === last - 1) this.#kernel(sizes[d], sizes[last] * size, from, strides[d] * size, to, outStrides[d] * size);
    else if (d === last) this.#kernel(sizes[adjacent], sizes[last], from, strides[last] * size, to, outStrides[adjacent] * size);
    else if (d === adjacent) this.#walk(d + 1, from, to, sizes, strides, outStrides);
    else for (let i = 0; i < sizes[d]; i++) this.#walk(d + 1, from + i * strides[d] * size, to + i * outStrides[d] * size, sizes, strides, outStrides);
  }
}

function denseStrides(sizes: readonly number[]): number[] {
  const strides = new Array<number>(sizes.length);
  for (let d = sizes.length - 1, step = 1; d >= 0; step *= sizes[d--]) strides[d] = step;
  return strides;
}

function copyRun(source: TypedArray, from: number, target: TypedArray, to: number, n: number): void {
  (target as Float32Array).set(source.subarray(from, from + n) as Float32Array, to);
}
