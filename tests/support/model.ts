/** Definitions that need no tensor: shapes, indices and flat arrays of numbers, to hold tensors against. */

/** All index tuples of a shape in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const total = size(shape);
  for (let flat = 0; flat < total; flat++) yield unravel(flat, shape);
}

/** The number of elements of a shape. */
export function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The index tuple of the element at a flat position. */
export function unravel(flat: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length);
  for (let d = shape.length - 1; d >= 0; d--) {
    index[d] = flat % shape[d];
    flat = Math.floor(flat / shape[d]);
  }
  return index;
}

/** The flat position of an index tuple. */
export function ravel(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((flat, i, d) => flat * shape[d] + i, 0);
}

/** Where an index of the broadcast shape reads an operand of `shape`: aligned at the right, size 1 is read at 0. */
export function broadcastPosition(index: readonly number[], shape: readonly number[]): number {
  const skipped = index.length - shape.length;
  return ravel(shape.map((n, d) => n === 1 ? 0 : index[d + skipped]), shape);
}

/** The shape of two operands together, or null where they do not broadcast. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let d = 0; d < rank; d++) {
    const x = a[d - rank + a.length] ?? 1, y = b[d - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    out.push(x === 1 ? y : x);
  }
  return out;
}

/** A view: its shape, and for each element in row-major order the flat position in the base that it reads. */
export interface View {
  /** The shape. */
  readonly shape: number[];
  /** Positions in the base. */
  readonly positions: number[];
}

/** The view of a whole base of `shape`. */
export function wholeView(shape: number[]): View {
  return { shape, positions: Array.from({ length: size(shape) }, (_, i) => i) };
}

/** The view of `shape` whose element at an index is `view`'s element at `source(index)`. */
export function reindex(view: View, shape: number[], source: (index: number[]) => number[]): View {
  return { shape, positions: [...indices(shape)].map((index) => view.positions[ravel(source(index), view.shape)]) };
}
