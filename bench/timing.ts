/**
 * How workloads are timed outside of `deno bench`: the median of runs that fill a budget of time.
 */

/** The median time of `f` in microseconds, over at least five runs and `budget` milliseconds. */
export function median(f: () => unknown, budget = 500): number {
  for (let i = 0; i < 3; i++) f();
  const times: number[] = [];
  for (const end = performance.now() + budget; times.length < 5 || performance.now() < end;) {
    const start = performance.now();
    f();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1] * 1000;
}
