/**
 * Runs of equal items.
 */

/** Which items are equal, when they are gone through in some order. */
export interface Runs {
  /** The first item of each run. */
  firsts: Int32Array;
  /** The number of the run that each item belongs to. */
  inverse: Int32Array;
  /** The number of items of each run. */
  counts: Int32Array;
}

/** Divides items, in the given order, into runs of equal ones. `differ` compares neighbours. */
export function runs(order: Int32Array, differ: (item: number, before: number) => boolean): Runs {
  const n = order.length;
  const firsts = new Int32Array(n), inverse = new Int32Array(n), counts = new Int32Array(n);
  let run = -1;
  for (let i = 0; i < n; i++) {
    if (i === 0 || differ(order[i], order[i - 1])) firsts[++run] = order[i];
    inverse[order[i]] = run;
    counts[run]++;
  }
  return { firsts: firsts.slice(0, run + 1), inverse, counts: counts.slice(0, run + 1) };
}
