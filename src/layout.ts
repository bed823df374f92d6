/**
 * Shapes and strides: pure functions on plain arrays, in units of elements.
 */
import { dimensionOutOfRange, IndexError, RuntimeError } from "./errors.ts";

/** A shape or a list of strides, outermost dimension first. */
export type Sizes = readonly number[];

/** The number of elements of a shape. */
export function elementCount(sizes: Sizes): number {
  let n = 1;
  for (let i = 0; i < sizes.length; i++) n *= sizes[i];
  return n;
}

const NONE: Sizes = [], ONE: Sizes = [1];
let lastSizes: Sizes = NONE, lastStrides: Sizes = NONE;

/**
 * The strides of a row-major (C-contiguous) tensor of this shape; a dimension of size 0 counts as 1, as in PyTorch. Tensors
 * that follow from each other often share the array of their shape: the last one's strides are at hand.
 */
export function contiguousStrides(sizes: Sizes): Sizes {
  if (sizes.length < 2) return sizes.length === 0 ? NONE : ONE;
  if (sizes === lastSizes) return lastStrides;
  const strides = new Array<number>(sizes.length);
  let step = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= sizes[i] > 1 ? sizes[i] : 1;
  }
  lastSizes = sizes;
  return lastStrides = strides;
}

/** Whether the elements stand in row-major order without gaps; strides of dimensions of size 1 do not matter. */
export function isContiguous(sizes: Sizes, strides: Sizes): boolean {
  if (sizes.includes(0)) return true;
  let step = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    const n = sizes[i];
    if (n !== 1) {
      if (strides[i] !== step) return false;
      step *= n;
    }
  }
  return true;
}

/** Whether the elements fill their memory without gaps or overlap, in any order of dimensions. */
export function isNonOverlappingAndDense(sizes: Sizes, strides: Sizes): boolean {
  if (isContiguous(sizes, strides)) return true;
  const dims = [...sizes.keys()].filter((d) => sizes[d] !== 1).sort((a, b) => strides[a] - strides[b]);
  let step = 1;
  for (const d of dims) {
    if (strides[d] !== step) return false;
    step *= sizes[d];
  }
  return true;
}

/** Whether two index tuples of the view may name the same element: a broadcast dimension, or strides that meet. */
export function mayOverlap(sizes: Sizes, strides: Sizes): boolean {
  return sizes.some((n, d) => n > 1 && strides[d] === 0);
}

/** Whether two shapes are equal. */
export function sameSizes(a: Sizes, b: Sizes): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Maps a dimension from `[-rank, rank)` to `[0, rank)`; a 0-d tensor takes 0 and -1. Throws PyTorch's IndexError otherwise. */
export function wrapDim(dim: number, rank: number, wrapScalar = true): number {
  if (rank === 0 && !wrapScalar) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
  const n = Math.max(rank, 1);
  if (dim < -n || dim >= n) throw dimensionOutOfRange(dim, rank);
  return dim < 0 ? dim + n : dim;
}

/** Wraps a list of dimensions, each of which may occur once. An empty list or null stands for all. */
export function wrapDims(dims: readonly number[] | number | null | undefined, rank: number): number[] {
  const wrapped: number[] = [];
  if (typeof dims === "number") wrapped.push(wrapDim(dims, rank));
  else if (dims === null || dims === undefined || dims.length === 0) { for (let d = 0; d < rank; d++) wrapped.push(d); }
  else {
    for (let i = 0; i < dims.length; i++) {
      const d = wrapDim(dims[i], rank);
      if (wrapped.includes(d)) throw new RuntimeError(`dim ${d} appears multiple times in the list of dims`);
      wrapped.push(d);
    }
  }
  return wrapped;
}

/** The shape that two shapes broadcast to, aligned at the right. */
export function broadcastSizes(a: Sizes, b: Sizes): number[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = rank - 1, p = a.length - 1, q = b.length - 1; i >= 0; i--, p--, q--) {
    const m = p >= 0 ? a[p] : 1;
    const n = q >= 0 ? b[q] : 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new RuntimeError(`The size of tensor a (${m}) must match the size of tensor b (${n}) at non-singleton dimension ${i}`);
    }
    out[i] = m === 1 ? n : m;
  }
  return out;
}

/** Whether a tensor of shape `from` can be expanded to `to` without an explicit size. */
export function isExpandableTo(from: Sizes, to: Sizes): boolean {
  if (from.length > to.length) return false;
  for (let i = 1; i <= from.length; i++) {
    const n = from[from.length - i];
    if (n !== 1 && n !== to[to.length - i]) return false;
  }
  return true;
}

/** The strides with which a tensor reads as one of shape `to`: 0 along every dimension that is repeated. */
export function broadcastStrides(sizes: Sizes, strides: Sizes, to: Sizes): number[] {
  const out = new Array<number>(to.length).fill(0);
  const shift = to.length - sizes.length;
  for (let i = 0; i < sizes.length; i++) if (sizes[i] !== 1 || to[i + shift] === 1) out[i + shift] = strides[i];
  return out;
}

/**
 * The strides of an element-wise result: dense, its dimensions in the order of the operands' strides, so that the result of
 * an op on a transposed tensor is transposed too. `operands` are strides broadcast to `sizes`; earlier operands decide first.
 */
export function elementwiseStrides(sizes: Sizes, operands: readonly Sizes[]): number[] {
  const rank = sizes.length;
  const order = Array.from({ length: rank }, (_, i) => rank - 1 - i); // innermost first
  const compare = (a: number, b: number): number => { // positive: `a` belongs outside of `b`
    for (const strides of operands) {
      const s = strides[a], t = strides[b];
      if (s === 0 || t === 0) continue;
      if (s !== t) return s - t;
      if (sizes[a] > sizes[b]) return 1;
    }
    return 0;
  };
  // insertion sort that skips pairs of which no operand can tell, as PyTorch's reordering of dimensions does
  for (let i = 1; i < rank; i++) {
    let at = i;
    for (let j = i - 1; j >= 0; j--) {
      const c = compare(order[j], order[at]);
      if (c > 0) {
        [order[j], order[at]] = [order[at], order[j]];
        at = j;
      } else if (c < 0) break;
    }
  }
  const strides = new Array<number>(rank);
  let step = 1;
  for (const d of order) {
    strides[d] = step;
    step *= sizes[d] > 1 ? sizes[d] : 1;
  }
  return strides;
}

/** The strides of a dense copy that keeps the order of dimensions: the same strides where they are dense already. */
export function preservedStrides(sizes: Sizes, strides: Sizes): Sizes {
  if (isContiguous(sizes, strides)) return contiguousStrides(sizes);
  if (isNonOverlappingAndDense(sizes, strides)) return [...strides];
  return elementwiseStrides(sizes, [strides]);
}

/** Resolves one `-1` in a requested shape; throws PyTorch's errors for shapes that do not hold `count` elements. */
export function inferSize(requested: Sizes, count: number): number[] {
  let known = 1;
  let unknown = -1;
  for (let i = 0; i < requested.length; i++) {
    const n = requested[i];
    if (n === -1) {
      if (unknown >= 0) throw new RuntimeError("only one dimension can be inferred");
      unknown = i;
    } else if (n < 0) throw new RuntimeError(`invalid shape dimension ${n}`);
    else known *= n;
  }
  const invalid = () => new RuntimeError(`shape '[${requested.join(", ")}]' is invalid for input of size ${count}`);
  if (unknown < 0) {
    if (known !== count) throw invalid();
    return [...requested];
  }
  if (known === 0) {
    if (count === 0) {
      throw new RuntimeError(
        `cannot reshape tensor of 0 elements into shape [${requested.join(", ")}] because the unspecified dimension size -1 can be any value and is ambiguous`,
      );
    }
    throw invalid();
  }
  if (count % known !== 0) throw invalid();
  const sizes = [...requested];
  sizes[unknown] = count / known;
  return sizes;
}

/** The strides with which the same memory reads in another shape, or null where only a copy can. */
export function viewStrides(sizes: Sizes, strides: Sizes, to: Sizes): Sizes | null {
  const count = elementCount(sizes);
  if (count === 0) return sameSizes(sizes, to) ? [...strides] : contiguousStrides(to);
  const out = new Array<number>(to.length);
  let at = to.length - 1;
  let chunk = 1, wanted = 1;
  let base = sizes.length ? strides[strides.length - 1] : 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    chunk *= sizes[d];
    if (d === 0 || (sizes[d - 1] !== 1 && strides[d - 1] !== chunk * base)) {
      while (at >= 0 && (wanted < chunk || to[at] === 1)) {
        out[at] = wanted * base;
        wanted *= to[at];
        at--;
      }
      if (wanted !== chunk) return null;
      if (d > 0) {
        base = strides[d - 1];
        chunk = wanted = 1;
      }
    }
  }
  for (; at >= 0; at--) {
    out[at] = wanted * base;
    wanted *= to[at];
  }
  return out;
}

/** The least number of elements that storage must hold for a view to stay inside it. */
export function requiredStorage(sizes: Sizes, strides: Sizes, offset: number): number {
  let last = offset + 1;
  for (let i = 0; i < sizes.length; i++) {
    if (sizes[i] === 0) return 0;
    last += (sizes[i] - 1) * strides[i];
  }
  return last;
}

/** Calls `f` with the memory index of every element, in row-major order. */
export function forEachIndex(sizes: Sizes, strides: Sizes, offset: number, f: (index: number) => void): void {
  const rank = sizes.length;
  if (elementCount(sizes) === 0) return;
  if (rank === 0) return f(offset);
  const counter = new Array<number>(rank).fill(0);
  const inner = sizes[rank - 1], step = strides[rank - 1];
  let at = offset;
  while (true) {
    for (let i = 0, k = at; i < inner; i++, k += step) f(k);
    let d = rank - 2;
    for (; d >= 0; d--) {
      at += strides[d];
      if (++counter[d] < sizes[d]) break;
      at -= sizes[d] * strides[d];
      counter[d] = 0;
    }
    if (d < 0) return;
  }
}
