/**
 * The elements of a tensor in the groups that a reduction makes of them.
 */
import { elementCount, forEachIndex, type Sizes } from "../layout.ts";
import { coalesce } from "./elementwise.ts";

/**
 * The elements of a tensor, in groups: one for each kept position, of all positions of the reduced dimensions. The innermost kept
 * and the innermost reduced dimension are left to the loops; `each` walks the others.
 */
export interface Groups {
  /** The number of kept positions. */
  outputs: number;
  /** The number of elements of a group. */
  count: number;
  /** The size of the innermost kept dimension. */
  width: number;
  /** Its stride. */
  widthStride: number;
  /** The size of the innermost reduced dimension. */
  length: number;
  /** Its stride. */
  stride: number;
  /**
   * Calls `f` with the number of a group, the memory index of an element of it, and how many elements of the innermost reduced
   * dimension are to be taken from there, of which the first has the number `first` among those of the dimension.
   */
  each: (f: (output: number, at: number, n: number, first: number) => void) => void;
}

/** Longer loops are cut: engines optimise functions that are called often better than loops that run long. */
const LONGEST = 4096;

/** Splits the dimensions of a tensor into kept and reduced ones. Within a group the elements come in the order of memory. */
export function groups(sizes: Sizes, strides: Sizes, offset: number, reduced: readonly number[]): Groups {
  const keptSizes: number[] = [], keptStrides: number[] = [], inner: number[] = [];
  for (let d = 0; d < sizes.length; d++) {
    if (reduced.includes(d)) inner.push(d);
    else {
      keptSizes.push(sizes[d]);
      keptStrides.push(strides[d]);
    }
  }
  if (inner.length > 1) inner.sort((a, b) => strides[b] - strides[a]);
  const innerSizes = inner.map((d) => sizes[d]);
  const kept = coalesce(keptSizes, [keptStrides]), gone = coalesce(innerSizes, [inner.map((d) => strides[d])]);
  const width = kept.sizes.pop()!, widthStride = kept.strides[0].pop()!;
  const length = gone.sizes.pop()!, stride = gone.strides[0].pop()!;
  const outputs = elementCount(keptSizes), count = elementCount(innerSizes);
  return {
    outputs,
    count,
    width,
    widthStride,
    length,
    stride,
    each: (f) => {
      if (outputs === 0 || count === 0) return;
      let output = 0;
      forEachIndex(kept.sizes, kept.strides[0], offset, (start) => {
        forEachIndex(gone.sizes, gone.strides[0], start, (at) => {
          for (let first = 0; first < length; first += LONGEST) f(output, at + first * stride, Math.min(length - first, LONGEST), first);
        });
        output += width;
      });
    },
  };
}

/** Rows shorter than this are not worth a loop of their own. */
const SHORT = 8;

/** Whether the loops should go along the kept dimension: where that is the way of memory. */
export function byRows({ width, widthStride, stride }: Groups): boolean {
  return width >= SHORT && Math.abs(widthStride) < Math.abs(stride);
}
