/**
 * Bisection of sorted sequences.
 */
import type { TypedArray } from "../dtype.ts";

/**
 * Where each of `n` values would be inserted into a sorted sequence of `length` elements, before its equals or, for `right`, after
 * them. There is one sequence, or one for each `perSequence` values. `order` are the places of the elements in ascending order
 * where these are not sorted themselves.
 */
export function insertionPlaces(
  sequence: TypedArray,
  start: number,
  length: number,
  perSequence: number,
  order: BigInt64Array | null,
  orderAt: number,
  values: TypedArray,
  valuesAt: number,
  n: number,
  right: boolean,
): Int32Array {
  const out = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const base = perSequence === 0 ? 0 : Math.floor(i / perSequence) * length;
    const value = values[valuesAt + i];
    let from = 0, to = length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const element = sequence[start + base + (order === null ? middle : Number(order[orderAt + base + middle]))];
      if (right ? element > value : element >= value) to = middle;
      else from = middle + 1;
    }
    out[i] = from;
  }
  return out;
}
