/**
 * Sums in the order in which PyTorch adds, so that every bit is its: lanes of a vector of 32 bytes, four of them side by side, and over long rows
 * a cascade of partial sums, which keeps rounding errors small.
 */

/** Levels of partial sums. */
const LEVELS = 4;

const f = Math.fround;

/** How often a partial sum is handed to the next level: 2^power additions, so that four levels are enough for `size`. */
const powerOf = (size: number): number => Math.max(4, Math.floor((size <= 1 ? 0 : 32 - Math.clz32(size - 1)) / LEVELS));

/** The cascade sum of `size` elements, `stride` apart. */
function cascade(data: Float32Array, from: number, stride: number, size: number): number {
  const power = powerOf(size), step = 2 ** power, mask = step - 1;
  let a = 0, b = 0, c = 0, d = 0, i = 0, at = from;
  while (i + step <= size) {
    for (const end = i + step; i < end; i++, at += stride) a = f(a + data[at]);
    b = f(b + a);
    a = 0;
    if ((i & (mask << power)) !== 0) continue;
    c = f(c + b);
    b = 0;
    if ((i & (mask << (2 * power))) !== 0) continue;
    d = f(d + c);
    c = 0;
  }
  for (; i < size; i++, at += stride) a = f(a + data[at]);
  return f(f(f(a + b) + c) + d);
}

/** The sum of `size` elements, `stride` apart: four cascades side by side, and what is left goes to the first. */
function sumOfRow(data: Float32Array, from: number, stride: number, size: number): number {
  const quarter = size >> 2;
  let sum = cascade(data, from, 4 * stride, quarter);
  const b = cascade(data, from + stride, 4 * stride, quarter);
  const c = cascade(data, from + 2 * stride, 4 * stride, quarter), d = cascade(data, from + 3 * stride, 4 * stride, quarter);
  for (let i = 4 * quarter; i < size; i++) sum = f(sum + data[from + i * stride]);
  return f(f(f(sum + b) + c) + d);
}

/** Float32 elements in a vector of PyTorch's sums; of float64 it would be 4. */
const LANES = 8;

/** The sum of `n` contiguous elements: what does not fill a vector first, then lane by lane. */
export function sumOfRun(data: Float32Array, from: number, n: number): number {
  if (n < LANES) return sumOfRow(data, from, 1, n);
  const vectors = Math.floor(n / LANES);
  let sum = 0;
  for (let i = vectors * LANES; i < n; i++) sum = f(sum + data[from + i]);
  for (let lane = 0; lane < LANES; lane++) sum = f(sum + sumOfRow(data, from + lane, LANES, vectors));
  return sum;
}
