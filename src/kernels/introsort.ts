/**
 * Sorting and selection that is not stable, with the order in which the C++ library on which PyTorch's recorded results rest
 * leaves equal elements: introsort (quicksort by the median of three, insertion sort for short ranges, heapsort where quicksort
 * degenerates), the selection by the same partitioning, and the partial sort by a heap.
 */
import type { TypedArray } from "../dtype.ts";
import { fresh } from "./fresh.ts";

/** Whether one key goes before another. Called with bigints for int64. */
export type Before = (a: number, b: number) => boolean;

/** Sorting of keys, each of which takes its place along. Ranges are half open. */
export interface Sorter {
  /** Sorts a range. */
  sort: (first: number, last: number) => void;
  /** Puts the element that sorting would put at `nth` there, those before it before, those after it after. */
  select: (first: number, nth: number, last: number) => void;
  /** Sorts what belongs before `middle`, and leaves the rest in any order. */
  partialSort: (first: number, middle: number, last: number) => void;
}

const makeSorter = (before: Before) => (keys: Float64Array, places: Int32Array): Sorter => {
  const SHORT = 16;

  const swap = (i: number, j: number): void => {
    const key = keys[i], place = places[i];
    keys[i] = keys[j];
    places[i] = places[j];
    keys[j] = key;
    places[j] = place;
  };
  const move = (from: number, to: number): void => {
    keys[to] = keys[from];
    places[to] = places[from];
  };

  /** Lets an element sink into a heap from `hole` to the bottom, always after the greater child, and rise again to where it belongs. */
  const adjustHeap = (first: number, hole: number, n: number, key: number, place: number): void => {
    const top = hole;
    let child = hole;
    while (child < (n - 1) >> 1) {
      child = 2 * (child + 1);
      if (before(keys[first + child], keys[first + child - 1])) child--;
      move(first + child, first + hole);
      hole = child;
    }
    if (n % 2 === 0 && child === (n - 2) >> 1) {
      child = 2 * child + 1;
      move(first + child, first + hole);
      hole = child;
    }
    let parent = (hole - 1) >> 1;
    while (hole > top && before(keys[first + parent], key)) {
      move(first + parent, first + hole);
      hole = parent;
      parent = (hole - 1) >> 1;
    }
    keys[first + hole] = key;
    places[first + hole] = place;
  };
  /** Puts the heap's first element at `to`, and the element that stood there into the heap. */
  const popHeap = (first: number, last: number, to: number): void => {
    const key = keys[to], place = places[to];
    move(first, to);
    adjustHeap(first, 0, last - first, key, place);
  };
  const heapSelect = (first: number, middle: number, last: number): void => {
    const n = middle - first;
    for (let parent = (n - 2) >> 1; n >= 2 && parent >= 0; parent--) adjustHeap(first, parent, n, keys[first + parent], places[first + parent]);
    for (let i = middle; i < last; i++) if (before(keys[i], keys[first])) popHeap(first, middle, i);
  };
  const partialSort = (first: number, middle: number, last: number): void => {
    heapSelect(first, middle, last);
    for (let end = middle; end - first > 1;) {
      end--;
      popHeap(first, end, end);
    }
  };

  /** Moves the element at `i` down to where it belongs; something before it is known not to go after it. */
  const insert = (i: number): void => {
    const key = keys[i], place = places[i];
    let at = i;
    for (; before(key, keys[at - 1]); at--) move(at - 1, at);
    keys[at] = key;
    places[at] = place;
  };
  const insertionSort = (first: number, last: number): void => {
    for (let i = first + 1; i < last; i++) {
      if (!before(keys[i], keys[first])) {
        insert(i);
        continue;
      }
      const key = keys[i], place = places[i];
      keys.copyWithin(first + 1, first, i);
      places.copyWithin(first + 1, first, i);
      keys[first] = key;
      places[first] = place;
    }
  };

  /** Partitions a range around the median of its second, middle and last element, which goes to its start; gives the cut. */
  const partition = (first: number, last: number): number => {
    const a = first + 1, b = first + ((last - first) >> 1), c = last - 1;
    if (before(keys[a], keys[b])) {
      swap(first, before(keys[b], keys[c]) ? b : before(keys[a], keys[c]) ? c : a);
    } else swap(first, before(keys[a], keys[c]) ? a : before(keys[b], keys[c]) ? c : b);
    let low = first + 1, high = last;
    const pivot = keys[first];
    for (;;) {
      while (before(keys[low], pivot)) low++;
      high--;
      while (before(pivot, keys[high])) high--;
      if (low >= high) return low;
      swap(low, high);
      low++;
    }
  };
  /** How deep quicksort may go: twice the logarithm. */
  const depthOf = (n: number): number => 2 * (31 - Math.clz32(n));

  const introsort = (first: number, last: number, depth: number): void => {
    while (last - first > SHORT) {
      if (depth-- === 0) return partialSort(first, last, last);
      const cut = partition(first, last);
      introsort(cut, last, depth);
      last = cut;
    }
  };
  return {
    partialSort,
    sort(first, last) {
      if (first === last) return;
      introsort(first, last, depthOf(last - first));
      insertionSort(first, Math.min(first + SHORT, last));
      for (let i = first + SHORT; i < last; i++) insert(i);
    },
    select(first, nth, last) {
      if (first === last || nth === last) return;
      for (let depth = depthOf(last - first); last - first > 3; depth--) {
        if (depth === 0) {
          heapSelect(first, nth + 1, last);
          return swap(first, nth);
        }
        const cut = partition(first, last);
        if (cut <= nth) first = cut;
        else last = cut;
      }
      insertionSort(first, last);
    },
  };
};

/** A `makeSorter` with code of its own for each order and each type of keys. */
export class Order {
  /** The order itself. */
  readonly before: Before;
  readonly #makers = new Map<unknown, ReturnType<typeof makeSorter>>();

  /** Takes the order. */
  constructor(before: Before) {
    this.before = before;
  }

  /** Sorts `keys`, and `places` along with them. */
  sorter(keys: TypedArray, places: Int32Array): Sorter {
    let make = this.#makers.get(keys.constructor);
    if (make === undefined) {
      make = fresh(makeSorter)(this.before);
      this.#makers.set(keys.constructor, make);
    }
    return make(keys as Float64Array, places);
  }
}

/** From least to greatest, NaN last. */
export const ascending: Order = new Order((a, b) => a < b || (b !== b && a === a));
/** From greatest to least, NaN first. */
export const descending: Order = new Order((a, b) => a > b || (a !== a && b === b));
