/**
 * Sums of float32 in the order in which PyTorch adds, so that every bit is PyTorch's: lanes of a vector of 32 bytes, four such
 * sums side by side, and over long rows a cascade of partial sums, which keeps rounding errors small.
 */

/** Levels of partial sums. */
const LEVELS = 4;
/** The least number of additions after which a partial sum goes to the next level, as a power of two. */
const LEAST_POWER = 4;

const f = Math.fround;

/** How many elements, as a power of two, a partial sum has, so that four levels are enough for `size`. */
const powerOf = (size: number): number => Math.max(LEAST_POWER, Math.floor((size <= 1 ? 0 : 32 - Math.clz32(size - 1)) / LEVELS));

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
export function sumOfStrided(data: Float32Array, from: number, stride: number, size: number): number {
  const quarter = size >> 2;
  if (quarter < 2) {
    // each cascade has one element at most
    let sum = quarter === 0 ? 0 : data[from];
    for (let i = 4 * quarter, at = from + i * stride; i < size; i++, at += stride) sum = f(sum + data[at]);
    return quarter === 0 ? sum : f(f(f(sum + data[from + stride]) + data[from + 2 * stride]) + data[from + 3 * stride]);
  }
  let sum = cascade(data, from, 4 * stride, quarter);
  const b = cascade(data, from + stride, 4 * stride, quarter);
  const c = cascade(data, from + 2 * stride, 4 * stride, quarter), d = cascade(data, from + 3 * stride, 4 * stride, quarter);
  for (let i = 4 * quarter; i < size; i++) sum = f(sum + data[from + i * stride]);
  return f(f(f(sum + b) + c) + d);
}

/** Elements in a vector. */
const LANES = 8;

/** The sum of `n` adjacent elements: what does not fill a vector first, then lane by lane. */
export function sumOfRun(data: Float32Array, from: number, n: number): number {
  if (n < LANES) return sumOfStrided(data, from, 1, n);
  const vectors = Math.floor(n / LANES);
  let sum = 0;
  for (let i = vectors * LANES; i < n; i++) sum = f(sum + data[from + i]);
  for (let lane = 0; lane < LANES; lane++) sum = f(sum + sumOfStrided(data, from + lane, LANES, vectors));
  return sum;
}

/** Columns whose sums are taken together, in vectors or singly. */
const BLOCK = 4;

/** Writes the sums of the columns of a matrix[rows, columns], whose rows are `stride` apart, to `out`, from index `to` on. */
export function sumsOfColumns(
  data: Float32Array,
  from: number,
  stride: number,
  rows: number,
  columns: number,
  out: Float32Array | Float64Array,
  to: number,
): void {
  // whole blocks of columns are cascades; of the columns that are left four rows go together
  const block = columns >= LANES ? BLOCK * LANES : BLOCK, whole = columns - columns % block;
  for (let j = 0; j < columns; j++) out[to + j] = j < whole ? cascade(data, from + j, stride, rows) : sumOfStrided(data, from + j, stride, rows);
}
