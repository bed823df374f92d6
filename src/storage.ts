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

/** The largest storage that is put into a block, in elements. */
export const SMALL = 512;

/**
 * Storages of up to `largest` elements come from blocks of `size`. A block lives as long as anything in it does, so that what
 * one small tensor that is kept holds on to is 4 KB at most for few elements, 16 KB for more.
 */
const CLASSES = [{ largest: 4, size: 256 }, { largest: 64, size: 1024 }, { largest: SMALL, size: 4096 }];
const blocks: (TypedArray | undefined)[] = [];
const used: number[] = [];

/** Zeroed storage for up to `SMALL` elements. */
export function smallStorage(dtype: DType, n: number): Storage {
  const rank = n <= CLASSES[0].largest ? 0 : n <= CLASSES[1].largest ? 1 : 2;
  const kind = dtype.index * CLASSES.length + rank;
  const { size } = CLASSES[rank];
  let block = blocks[kind];
  let at = used[kind];
  if (block === undefined || at + n > size) {
    block = blocks[kind] = dtype.allocate(size);
    at = 0;
  }
  used[kind] = at + n;
  return new Storage(block, at, n);
}
