/**
 * The memory of a tensor: a typed array on the JavaScript heap and the version counter that its views share.
 */
import type { TypedArray } from "./dtype.ts";

let made = 0;

/** A typed array with a version counter. Views and `detach()` share the storage; `.data` shares the array and counts anew. */
export class Storage {
  /** The elements. */
  data: TypedArray;
  /** How many in-place changes it has seen; saved tensors remember it. */
  version = 0;
  /** Counts storages up in the order of their making, so that the engine knows whether a gradient's memory is new. */
  readonly serial: number;

  /** Takes over `data`. `serial` is given where an existing array gets a second counter. */
  constructor(data: TypedArray, serial: number = ++made) {
    this.data = data;
    this.serial = serial;
  }

  /** The serial of the newest storage. */
  static newest(): number {
    return made;
  }
}
