/**
 * How workloads are timed outside of `deno bench`: the median of the later half of the runs that fill a budget of time, for the earlier
 * ones are compiled while they run.
 */

/** Runs at least, unless they take longer than three budgets: a slow workload must not hold up the rest. */
const FEWEST = 4;

const unfilled = (runs: number, elapsed: number, budget: number): boolean => elapsed < budget || runs < FEWEST && elapsed < 3 * budget;

/** The median of the later half of times in milliseconds, in microseconds. */
function later_median(times: readonly number[]): number {
  const later = times.slice(times.length >> 1).sort((a, b) => a - b);
  return later[later.length >> 1] * 1000;
}

/** The median time of `f` in microseconds; `budget` is in milliseconds. */
export function median(f: () => unknown, budget = 500): number {
  const times: number[] = [], begin = performance.now();
  for (let start = begin; unfilled(times.length, start - begin, budget); start = performance.now()) {
    f();
    times.push(performance.now() - start);
  }
  return later_median(times);
}

/** The same for an `f` that may return a promise, which is then awaited. */
export async function median_awaited(f: () => unknown, budget = 500): Promise<number> {
  const times: number[] = [], begin = performance.now();
  for (let start = begin; unfilled(times.length, start - begin, budget); start = performance.now()) {
    const result = f();
    if (result instanceof Promise) await result;
    times.push(performance.now() - start);
  }
  return later_median(times);
}
