/**
 * Element-wise computations that are put off. A large result is first of all an expression: a kernel and what it reads. When somebody
 * looks at the elements, the whole expression runs over blocks that stay in the processor's cache, so that what lies between its
 * operands and its result never goes through main memory, nor costs a fresh array.
 */
import { coalesce, type Kernel } from "./elementwise.ts";
import type { Sizes } from "../layout.ts";
import { recycle, unfilled } from "../memory.ts";
import type { Source } from "../storage.ts";
import { BLOCK, runBlocks } from "./blocks.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Elements that cost more than this many additions are kept rather than computed again for a second reader. */
const CHEAP = 4;
/** What would cost more, or hold on to more arrays, is computed before it is built upon: no expression becomes endless, nor keeps much memory alive. */
const LONGEST = 48;
const MOST_ARRAYS = 6;

/** How an expression reads another one's elements: in their order from `offset` on, or with strides over the shape of the result. */
export class Read {
  /** Whose elements. */
  readonly source: Expression;
  /** The first of them. */
  readonly offset: number;
  /** The shape, neighbouring dimensions of one stride merged; null where the elements are read in their order. */
  readonly sizes: Sizes | null;
  /** Elements to skip along each dimension of that shape. */
  readonly strides: Sizes;

  /** Without a shape, the elements in their order. */
  constructor(source: Expression, offset = 0, sizes: Sizes | null = null, strides: Sizes = []) {
    this.source = source;
    this.offset = offset;
    if (sizes === null) {
      this.sizes = null;
      this.strides = strides;
    } else {
      const merged = coalesce(sizes, [strides]);
      const dense = merged.sizes.length === 1 && merged.strides[0][0] === 1;
      this.sizes = dense ? null : merged.sizes;
      this.strides = merged.strides[0];
    }
  }
}

/** What a kernel takes: elements or one number for all. */
export type Operand = Read | number;

/** `count` float32 elements: there, or a kernel and its operands. */
export class Expression implements Source {
  /** The elements; null until they are computed. */
  data: Floats | null;
  /** How many elements. */
  readonly count: number;
  /** How many expressions that are not computed read this one. */
  readers = 0;
  /** How many have read it or will want to: at the second, what is dear is kept. */
  uses = 0;
  /** Whether nobody wants the elements but those who read them now, so that their memory is free afterwards. */
  expendable = false;
  /** What an element costs, in additions, where it is not there. */
  readonly cost: number;
  /** How many arrays it reads, one that is read twice counted twice; 1 where the elements are there. */
  readonly arrays: number;
  /** The kernel; null where the elements are there from the beginning. */
  readonly kernel: Kernel | null;
  /** What it takes; nothing any more once the elements are there. */
  operands: readonly Operand[];

  private constructor(data: Floats | null, count: number, kernel: Kernel | null, operands: readonly Operand[], cost: number, arrays: number) {
    this.data = data;
    this.count = count;
    this.kernel = kernel;
    this.operands = operands;
    this.cost = cost;
    this.arrays = arrays;
  }

  /** Elements that are there. */
  static of(data: Floats): Expression {
    return new Expression(data, data.length, null, [], 0, 1);
  }

  /** What `kernel` makes of the operands, each of which has `count` elements or is a number. */
  static apply(kernel: Kernel, operands: readonly Operand[], count: number): Expression {
    let cost = kernel.cost, arrays = 0;
    for (const x of operands) {
      if (typeof x === "number") continue;
      const { source } = x;
      if (source.data === null && (cost + source.cost > LONGEST || arrays + source.arrays > MOST_ARRAYS)) source.compute();
      cost += source.data === null ? source.cost : 0;
      arrays += source.data === null ? source.arrays : 1;
      source.readers++;
      source.uses++;
    }
    return new Expression(null, count, kernel, operands, cost, arrays);
  }

  /** Whether the elements are to be kept when they come up in the computation of others. */
  get worthKeeping(): boolean {
    return this.uses > 1 && this.cost > CHEAP;
  }

  /** Computes the elements, if they are not there, and gives them. */
  compute(): Floats {
    if (this.data === null) {
      const target = unfilled(this.count);
      this.computeInto(target, 0);
      this.settle(target);
    }
    return this.data!;
  }

  /** Computes the elements into an array, which the expression itself may read, each at the place it is written to. */
  computeInto(target: Floats, offset: number): void {
    runBlocks(this, BLOCK, { consume: (view, at, start, n) => target.set(view.subarray(at, at + n), offset + start) });
  }

  /**
   * How often its kernel reads an array at the very places that its results would have if they were written to the array from `offset`
   * on, so that they may be; 0 where it or what it builds upon reads the array otherwise.
   */
  readsInPlace(data: Floats, offset: number): number {
    let reads = 0;
    for (const x of this.operands) {
      if (typeof x === "number") continue;
      if (x.source.data === data) {
        if (x.sizes !== null || x.offset !== offset) return 0;
        reads++;
      }
    }
    return reads;
  }

  /** Takes elements that have been computed; what they were computed from is let go. */
  settle(data: Floats): void {
    this.data = data;
    this.release();
  }

  /** Lets go what the elements would be computed from. */
  release(): void {
    for (const x of this.operands) {
      if (typeof x === "number") continue;
      const { source } = x;
      if (--source.readers === 0 && source.expendable && source.data !== null) recycle(source.data);
    }
    this.operands = [];
  }
}
