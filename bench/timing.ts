/**
 * How workloads are timed outside of `deno bench`: the median of runs that fill a budget of time.
 */

/** Runs before measuring, and measured ones at least, unless they take longer than three budgets: a slow workload must not hold up the rest. */
const FEWEST = 3;

/** The middle of a list of times in milliseconds, in microseconds. */
function middle(times: number[]): number {
  times.sort((a, b) => a - b);
  return times[times.length >> 1] * 1000;
}

/** The median time of `f` in microseconds, over `budget` milliseconds. */
export function median(f: () => unknown, budget = 500): number {
  const warm = performance.now() + budget;
  for (let i = 0; i < FEWEST && performance.now() < warm; i++) f();
  const times: number[] = [];
  const begin = performance.now();
  for (let start = begin; start < begin + budget || times.length < FEWEST && start < begin + 3 * budget; start = performance.now()) {
    f();
    times.push(performance.now() - start);
  }
  return middle(times);
}

/** The same for an `f` that may return a promise, which is then awaited. */
export async function median_awaited(f: () => unknown, budget = 500): Promise<number> {
  const warm = performance.now() + budget;
  for (let i = 0; i < FEWEST && performance.now() < warm; i++) await f();
  const times: number[] = [];
  const begin = performance.now();
  for (let start = begin; start < begin + budget || times.length < FEWEST && start < begin + 3 * budget; start = performance.now()) {
    const result = f();
    if (result instanceof Promise) await result;
    times.push(performance.now() - start);
  }
  return middle(times);
}
