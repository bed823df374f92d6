/**
 * The negative log-likelihood of classes. Inputs are [batch, classes, places]; a class below zero does not count.
 */
import type { TypedArray } from "../dtype.ts";

type Numbers = Float32Array;

/** The sum of the weights of the classes; without weights their number. */
export function nllTotal(labels: Int32Array, weights: TypedArray | undefined, offset = 0): number {
  let total = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] >= 0) total += weights === undefined ? 1 : weights[offset + labels[i]] as number;
  return total;
}

/** The sum of the losses, or 0 where each of them is written to `each` instead. */
export function nllForward(
  data: TypedArray,
  offset: number,
  batch: number,
  classes: number,
  places: number,
  labels: Int32Array,
  weights: TypedArray | undefined,
  weightOffset = 0,
  each: TypedArray | null,
): number {
  const from = data as Numbers;
  let total = 0;
  for (let n = 0, k = 0; n < batch; n++) {
    for (let p = 0; p < places; p++, k++) {
      const label = labels[k];
      if (label < 0) continue;
      const weight = weights === undefined ? 1 : weights[weightOffset + label] as number;
      const loss = -weight * from[offset + (n * classes + label) * places + p];
      if (each === null) total += loss;
      else each[k] = loss;
    }
  }
  return total;
}

/** Writes the gradient of the input, which stands at the places of the classes only. There is one gradient for each loss, or one for all. */
export function nllBackward(
  out: TypedArray,
  batch: number,
  classes: number,
  places: number,
  labels: Int32Array,
  weights: TypedArray | undefined,
  weightOffset = 0,
  grads: TypedArray,
  gradOffset: number,
  each: boolean,
  divisor: number,
): void {
  for (let n = 0, k = 0; n < batch; n++) {
    for (let p = 0; p < places; p++, k++) {
      const label = labels[k];
      if (label < 0) continue;
      const weight = weights === undefined ? 1 : weights[weightOffset + label] as number;
      out[(n * classes + label) * places + p] = -weight * (grads[each ? gradOffset + k : gradOffset] as number) / divisor;
    }
  }
}
