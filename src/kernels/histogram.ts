/**
 * Counting points in the bins of a grid.
 */

/** The arrays of this file. */
export type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** How the bin of an element is found: by the distance alone, corrected by a look at the edges nearby, or by bisection of the edges. */
export type BinSearch = "linear" | "local" | "binary";

/** The number of edges among `edges[from..to)` that do not lie above `x`, plus `from`. */
function upperBound(edges: Floats, from: number, to: number, x: number): number {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (edges[middle] > x) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The bin of `x` between `edges`, which contain it; the last bin is closed. */
function binOf(search: BinSearch, edges: Floats, x: number): number {
  const bins = edges.length - 1;
  let bin: number;
  if (search === "binary") bin = upperBound(edges, 0, edges.length, x) - 1;
  else {
    // in the precision of the data, step by step, as PyTorch does it
    const round = edges instanceof Float32Array ? Math.fround : (v: number) => v;
    bin = Math.trunc(round(round(round(x - edges[0]) * bins) / round(edges[bins] - edges[0])));
    if (search === "local") bin = upperBound(edges, Math.max(bin - 1, 0), Math.min(bin + 2, edges.length), x) - 1;
  }
  return Math.min(bin, bins - 1);
}

/** Adds the weight of each of `n` points, 1 without weights, to its bin; points outside are left out. Coordinates are dense, points one after the other. */
export function countPoints(
  search: BinSearch,
  data: Floats,
  at: number,
  n: number,
  edges: readonly Floats[],
  weights: Floats | null,
  weightsAt: number,
  hist: Float64Array,
): void {
  const dims = edges.length;
  points: for (let i = 0; i < n; i++) {
    let cell = 0;
    for (let d = 0; d < dims; d++) {
      const x = data[at + i * dims + d], own = edges[d];
      if (!(x >= own[0] && x <= own[own.length - 1])) continue points;
      cell = cell * (own.length - 1) + binOf(search, own, x);
    }
    hist[cell] += weights === null ? 1 : weights[weightsAt + i];
  }
}
