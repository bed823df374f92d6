/**
 * Methods that give one thing or another, depending on their arguments: their types do not follow from those of the ops.
 */
import type { ExtremumMethod } from "./extrema.ts";
import type { MedianMethod } from "./sort.ts";
import type { NonzeroMethod } from "./nonzero.ts";
import type { ConsecutiveMethod, UniqueMethod } from "./unique.ts";

/** Such methods by name. */
export interface Overloaded {
  /** The greatest element, the greater elements of two tensors, or the greatest elements along a dimension. */
  readonly max: ExtremumMethod;
  /** The least element, the lesser elements of two tensors, or the least elements along a dimension. */
  readonly min: ExtremumMethod;
  /** The median of all elements, or the medians along a dimension. */
  readonly median: MedianMethod;
  /** The median of all numbers, or the medians along a dimension. */
  readonly nanmedian: MedianMethod;
  /** The coordinates of the elements that are not zero, as a matrix or as one tensor for each dimension. */
  readonly nonzero: NonzeroMethod;
  /** The different elements, and what else is asked for. */
  readonly unique: UniqueMethod;
  /** The elements that differ from their predecessors, and what else is asked for. */
  readonly unique_consecutive: ConsecutiveMethod;
}
