/** Copies between typed arrays. */

/** Runs shorter than this are copied faster by a loop than by `set`, which needs a subarray. */
const SHORT_RUN = 64;

/** Copies n elements between arrays of one type. */
export function copyRun<T extends Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(source: T, from: number, target: T, to: number, n: number): void {
  if (n < SHORT_RUN) for (let i = 0; i < n; i++) target[to + i] = source[from + i];
  else target.set(source.subarray(from, from + n), to);
}
