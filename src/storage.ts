/**
 * The memory of a tensor: a typed array on the JavaScript heap and the version counter that its views share.
 */
import type { DType, TypedArray } from "./dtype.ts";

let made = 0;

/**
 * A piece of a typed array with a version counter. Views and `detach()` share the storage; `.data` shares the memory and counts anew.
 * Most storages own their whole array. Those of small results lie side by side in a block, for a typed array of its own costs
 * ten times what computing a few elements does (0.8 us for four floats, measured in Deno 2.9).
 */
export class Storage {
  /** The array that the elements stand in. */
  data: TypedArray;
  /** How many in-place changes it has seen; saved tensors remember it. */
  version = 0;
  /** Counts storages up in the order of their making, so that the engine knows whether a gradient's memory is new. */
  readonly serial: number;
  /** Where in the array this storage begins. */
  readonly base: number;
  /** How many elements of the array belong to it. */
  length: number;

  /** Takes over `data`, or the part of it that begins at `base`. */
  constructor(data: TypedArray, base = 0, length: number = data.length) {
    this.data = data;
    this.base = base;
    this.length = length;
    this.serial = ++made;
  }

  /** The serial of the newest storage. */
  static newest(): number {
    return made;
  }
}

/** The largest storage that is put into a block, in elements, and the size of a block. */
export const SMALL = 64;
const BLOCK = 1024;
const blocks: (TypedArray | undefined)[] = [];
const used: number[] = [];

/** Zeroed storage for up to `SMALL` elements. */
export function smallStorage(dtype: DType, n: number): Storage {
  const kind = dtype.index;
  let block = blocks[kind];
  let at = used[kind];
  if (block === undefined || at + n > BLOCK) {
    block = blocks[kind] = dtype.allocate(BLOCK);
    at = 0;
  }
  used[kind] = at + n;
  return new Storage(block, at, n);
}
