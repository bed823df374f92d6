/**
 * Sorting and selecting along the middle dimension of dense arrays of three: outer, length, inner.
 */
import type { TypedArray } from "../dtype.ts";
import { fresh } from "./fresh.ts";
import { exactNumbers } from "./int64.ts";
import { ascending, type Before, Order } from "./introsort.ts";
import type { Lines } from "./scan.ts";

/** Arrays of values and indices that take results, with the number of them that each line has. */
export interface Selected {
  /** The values, of the type of the data. */
  values: TypedArray;
  /** Where they stood in their lines. */
  places: Int32Array;
}

/** Works on one line: on a copy of its elements, and on their numbers, which it may rearrange. */
type LineWork = (keys: TypedArray, places: Int32Array) => void;

/** Does `work` on each line of the elements from `at` on; then takes `count` of the places, and the elements that stood there, from number `from` on. */
function overLines(data: TypedArray, at: number, { outer, length, inner }: Lines, count: number, from: () => number, work: LineWork): Selected {
  const values = new (data.constructor as Float64ArrayConstructor)(outer * count * inner), elements = data as Float64Array;
  const selected = new Int32Array(outer * count * inner);
  // bigints are slow to compare
  const numbers = data instanceof BigInt64Array ? exactNumbers(data, at, outer * length * inner) : null;
  const source = numbers ?? elements, shift = numbers === null ? at : 0;
  const keys = new (source.constructor as Float64ArrayConstructor)(length), places = new Int32Array(length);
  for (let line = 0; line < outer * inner; line++) {
    const block = Math.floor(line / inner), column = line - block * inner;
    const start = block * length * inner + column;
    for (let i = 0, k = shift + start; i < length; i++, k += inner) {
      keys[i] = source[k];
      places[i] = i;
    }
    work(keys as TypedArray, places);
    for (let i = from(), end = i + count, k = block * count * inner + column; i < end; i++, k += inner) {
      selected[k] = places[i];
      values[k] = elements[at + start + places[i] * inner];
    }
  }
  return { values: values as TypedArray, places: selected };
}

const fromStart = () => 0;

/** Ranges up to this length are sorted by insertion before they are merged. */
const makeMergeSort = (before: Before) => (keys: Float64Array, places: Int32Array): void => {
  const SHORT = 16;
  const n = keys.length;
  for (let first = 0; first < n; first += SHORT) {
    for (let i = first + 1; i < Math.min(first + SHORT, n); i++) {
      const key = keys[i], place = places[i];
      let at = i;
      for (; at > first && before(key, keys[at - 1]); at--) {
        keys[at] = keys[at - 1];
        places[at] = places[at - 1];
      }
      keys[at] = key;
      places[at] = place;
    }
  }
  let from: Float64Array = keys, fromPlaces: Int32Array = places;
  let to: Float64Array = keys.slice(), toPlaces: Int32Array = places.slice();
  for (let width = SHORT; width < n; width *= 2) {
    for (let start = 0; start < n; start += 2 * width) {
      const middle = Math.min(start + width, n), end = Math.min(start + 2 * width, n);
      for (let i = start, j = middle, k = start; k < end; k++) {
        if (i < middle && (j >= end || !before(from[j], from[i]))) {
          to[k] = from[i];
          toPlaces[k] = fromPlaces[i++];
        } else {
          to[k] = from[j];
          toPlaces[k] = fromPlaces[j++];
        }
      }
    }
    [from, to] = [to, from];
    [fromPlaces, toPlaces] = [toPlaces, fromPlaces];
  }
  if (from !== keys) {
    keys.set(from);
    places.set(fromPlaces);
  }
};

const mergeSorts = new Map<Order, Map<unknown, ReturnType<typeof makeMergeSort>>>();

/** Sorts keys, and their places along with them, so that equal keys keep their order. */
export function stableSort(order: Order, keys: TypedArray, places: Int32Array): void {
  let byType = mergeSorts.get(order);
  if (byType === undefined) mergeSorts.set(order, byType = new Map());
  let sort = byType.get(keys.constructor);
  if (sort === undefined) byType.set(keys.constructor, sort = fresh(makeMergeSort)(order.before));
  sort(keys as Float64Array, places);
}

/** Each line sorted. */
export function sortLines(order: Order, stable: boolean, data: TypedArray, at: number, lines: Lines): Selected {
  return overLines(data, at, lines, lines.length, fromStart, (keys, places) => {
    if (stable) stableSort(order, keys, places);
    else order.sorter(keys, places).sort(0, keys.length);
  });
}

/** A heap pays where this many times more elements are looked through than wanted. */
const FEW = 64;

/** The first `k` elements of each line in the order, sorted or not. */
export function topLines(order: Order, k: number, sorted: boolean, data: TypedArray, at: number, lines: Lines): Selected {
  return overLines(data, at, lines, k, fromStart, (keys, places) => {
    const sorter = order.sorter(keys, places);
    if (k === 0) return;
    if (k * FEW <= keys.length) return sorter.partialSort(0, k, keys.length);
    sorter.select(0, k - 1, keys.length);
    if (sorted) sorter.sort(0, k - 1);
  });
}

const makeQuickSelect = (before: Before) => (keys: Float64Array, places: Int32Array, k: number): void => {
  const after = (i: number, j: number) => before(keys[j], keys[i]);
  const swap = (i: number, j: number) => {
    const key = keys[i], place = places[i];
    keys[i] = keys[j];
    places[i] = places[j];
    keys[j] = key;
    places[j] = place;
  };
  let left = 0, right = keys.length - 1;
  while (right > left) {
    if (right === left + 1) {
      if (after(left, right)) swap(left, right);
      return;
    }
    // the median of three goes to the left end, the least of them beside it
    swap(left + ((right - left) >> 1), left + 1);
    if (after(left + 1, right)) swap(left + 1, right);
    if (after(left, right)) swap(left, right);
    if (after(left + 1, left)) swap(left + 1, left);
    let i = left + 1, j = right;
    for (;;) {
      do i++; while (after(left, i));
      do j--; while (after(j, left));
      if (j < i) break;
      swap(i, j);
    }
    swap(left, j);
    if (j <= k) left = i;
    if (j >= k) right = j - 1;
  }
};

const quickSelects = new Map<unknown, ReturnType<typeof makeQuickSelect>>();

/** The element of each line that sorting would put at `k`; of equal ones, that which quickselect as Numerical Recipes has it finds. */
export function kthLines(k: number, data: TypedArray, at: number, lines: Lines): Selected {
  let select = quickSelects.get(data.constructor);
  if (select === undefined) quickSelects.set(data.constructor, select = fresh(makeQuickSelect)(ascending.before));
  return overLines(data, at, lines, 1, () => k, (keys, places) => select(keys as Float64Array, places, k));
}

const isNaNKey = (x: number | bigint): boolean => x !== x;

function countNaN(keys: TypedArray): number {
  let n = 0;
  for (let i = 0; i < keys.length; i++) if (isNaNKey(keys[i])) n++;
  return n;
}

/** Where the lower median stands among sorted elements. A NaN, which is sorted to the end, is the median itself unless NaN is left out. */
function medianRank(keys: TypedArray, ignoreNaN: boolean): number {
  const nans = countNaN(keys);
  if (nans > 0 && !ignoreNaN) return keys.length - nans;
  return Math.max(Math.trunc((keys.length - nans - 1) / 2), 0);
}

/** The lower median of each line; of equal elements, that which a stable sort would put in the middle. */
export function medianLines(ignoreNaN: boolean, data: TypedArray, at: number, lines: Lines): Selected {
  return overLines(data, at, lines, 1, fromStart, (keys, places) => {
    const line = keys.slice();
    const rank = medianRank(keys, ignoreNaN);
    ascending.sorter(keys, places).select(0, rank, keys.length);
    const median = keys[rank];
    let less = 0;
    for (let i = 0; i < line.length; i++) if (ascending.before(line[i] as number, median as number)) less++;
    const same = (x: number | bigint) => x === median || (isNaNKey(x) && isNaNKey(median));
    let at = -1;
    for (let left = rank - less; left >= 0; left--) do at++; while (!same(line[at]));
    places[0] = at;
  });
}

/** The lower median of a copy of elements, which is rearranged. */
export function medianOf(keys: TypedArray, ignoreNaN: boolean): number | bigint {
  const rank = medianRank(keys, ignoreNaN);
  ascending.sorter(keys, new Int32Array(keys.length)).select(0, rank, keys.length);
  return keys[rank];
}

/** Without a rule for NaN, as the mode's sort has none. */
const plain = new Order((a, b) => a < b);

/** The most frequent element of each line, the least of several; its place is the last among those that introsort puts side by side. */
export function modeLines(data: TypedArray, at: number, lines: Lines): Selected {
  let found = 0;
  return overLines(data, at, lines, 1, () => found, (keys, places) => {
    plain.sorter(keys, places).sort(0, keys.length);
    found = 0;
    let most = 0, run = 0;
    for (let i = 0; i < keys.length; i++) {
      run++;
      if (i < keys.length - 1 && keys[i] === keys[i + 1]) continue;
      if (run > most) {
        most = run;
        found = i;
      }
      run = 0;
    }
  });
}
