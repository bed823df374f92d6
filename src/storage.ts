/**
 * The memory of a tensor: a typed array on the JavaScript heap and the version counter that its views share.
 */
import type { DType, TypedArray } from "./dtype.ts";
import { recycle } from "./memory.ts";

let made = 0;

/** What is left of a storage that has been given up. */
const NOTHING = new Float32Array(0);

/** Elements that other computations may still want to read: computed already, or not yet. */
export interface Source {
  /** The elements; null until they have been computed. */
  readonly data: TypedArray | null;
  /** How many computations that are put off read them. */
  readonly readers: number;
  /** How many have wanted them or will. */
  uses: number;
  /** Whether nobody wants them but those who read them now. */
  expendable: boolean;
  /** Computes them, if they have not been, and gives them. */
  compute(): TypedArray;
}

/**
 * A piece of a typed array with a version counter. Views and `detach()` share the storage; `.data` shares the memory and counts anew.
 * Most storages own their whole array. Those of small results lie side by side in a block, for a typed array of its own costs
 * ten times what computing a few elements does (0.8 us for four floats, measured in Deno 2.9).
 *
 * What a large element-wise result holds may be computed when it is first looked at (src/kernels/expression.ts). Nobody can tell:
 * whoever is about to change elements calls `prepareToWrite`, and what is still to be read from them is copied out of the way.
 */
export class Storage {
  #data: TypedArray | null;
  /** What expressions read: the elements before they are computed, or while somebody has still to read them. */
  #source: Source | null = null;
  /** Whether the array is known to others than this storage. */
  #shared = false;
  /** How many in-place changes it has seen; saved tensors remember it. */
  version = 0;
  /** Counts storages up in the order of their making, so that the engine knows whether a gradient's memory is new. */
  readonly serial: number;
  /** Where in the array this storage begins. */
  readonly base: number;
  /** How many elements of the array belong to it. */
  length: number;

  /** Takes over `data`, or the part of it that begins at `base`; null where `Storage.pending` knows what it will be. */
  constructor(data: TypedArray | null, base = 0, length: number = data!.length) {
    this.#data = data;
    this.base = base;
    this.length = length;
    this.serial = ++made;
  }

  /** A storage of `length` elements that are still to be computed. */
  static pending(source: Source, length: number): Storage {
    const storage = new Storage(null, 0, length);
    storage.#source = source;
    return storage;
  }

  /** The array that the elements stand in, to be read; to write, see `prepareToWrite`. */
  get data(): TypedArray {
    const data = this.#data;
    return data !== null ? data : this.#compute();
  }
  set data(data: TypedArray) {
    this.#data = data;
    this.#source = null;
  }

  #compute(): TypedArray {
    const source = this.#source!;
    this.#data = source.compute();
    if (source.readers === 0) this.#source = null;
    return this.#data;
  }

  /** Computes what is pending. */
  settle(): void {
    if (this.#data === null) this.#compute();
  }

  /** What is still to be computed, or null where the elements are there. */
  get pending(): Source | null {
    if (this.#data !== null) return null;
    if (this.#source!.data !== null) this.#compute(); // as something that others needed
    return this.#data === null ? this.#source : null;
  }

  /** Puts other elements, still to be computed, in the place of what is pending. */
  replacePending(source: Source): void {
    this.#source = source;
  }

  /** The elements for an expression to read, as `wrap` makes it of the array; null where the array may change without notice. */
  source(wrap: (data: TypedArray) => Source): Source | null {
    if (this.#source === null) {
      if (this.#shared) return null;
      this.#source = wrap(this.#data!);
    }
    return this.#source;
  }

  /** How many computations that are put off read the elements. */
  get readers(): number {
    return this.#source === null ? 0 : this.#source.readers;
  }

  /** To be called before elements are changed: computes what is pending, and leaves the present elements to those who have yet to read them. */
  prepareToWrite(): void {
    if (this.#source === null) return;
    const data = this.data;
    // the part before `base` is never read: blocks are not sources
    if (this.#source !== null && this.#source.readers > 0) this.#data = data.slice();
    this.#source = null;
  }

  /** Told by the only one who knows this storage that it is not wanted any more: as soon as nobody reads it, its memory is used again. */
  giveUp(): void {
    const data = this.#data;
    if (this.#shared) return;
    if (this.#source !== null && this.#source.readers > 0) this.#source.expendable = true;
    else if (data instanceof Float32Array && this.base === 0 && this.length === data.length) recycle(data);
    else return;
    this.#data = NOTHING;
    this.#source = null;
  }

  /** Another storage over the same memory, with a version of its own. */
  share(): Memory {
    this.prepareToWrite();
    this.#shared = true;
    const storage = new Storage(this.data, this.base, this.length);
    storage.#shared = true;
    return storage;
  }

  /** Tells that the array is known outside, where it may be changed without notice. */
  expose(): TypedArray {
    this.prepareToWrite();
    this.#shared = true;
    return this.data;
  }

  /** The serial of the newest storage. */
  static newest(): number {
    return made;
  }
}

/** What a tensor knows of its memory. */
export type Memory = Pick<Storage, keyof Storage>;

/** Whether two storages are the same memory. What has not been computed is nobody else's. */
export function sharesMemory(a: Memory, b: Memory): boolean {
  // small storages lie side by side in one array
  return a === b || (a.pending === null && b.pending === null && a.data === b.data && a.base === b.base);
}

/** The largest storage that is put into a block, in elements. */
export const SMALL = 512;

/**
 * Storages of up to `largest` elements come from blocks of so many bytes. A block lives as long as anything in it does, so that what
 * one small tensor that is kept holds on to is 4 KB at most for few elements, 16 KB for more.
 */
const CLASSES = [{ largest: 4, bytes: 1 << 12 }, { largest: 64, bytes: 1 << 12 }, { largest: SMALL, bytes: 1 << 14 }];
const blocks: (TypedArray | undefined)[] = [];
const used: number[] = [];

/** Zeroed storage for up to `SMALL` elements. */
export function smallStorage(dtype: DType, n: number): Storage {
  const rank = n <= CLASSES[0].largest ? 0 : n <= CLASSES[1].largest ? 1 : 2;
  const kind = dtype.index * CLASSES.length + rank;
  const size = CLASSES[rank].bytes / dtype.itemsize;
  let block = blocks[kind];
  let at = used[kind];
  if (block === undefined || at + n > size) {
    block = blocks[kind] = dtype.allocate(size);
    at = 0;
  }
  used[kind] = at + n;
  return new Storage(block, at, n);
}
