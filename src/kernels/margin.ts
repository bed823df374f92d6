/**
 * Margin losses of several classes. Inputs are [batch, classes].
 */
import type { TypedArray } from "../dtype.ts";

/** The loss of each input: over the wrong classes, the power `p` of what they lack to a margin below the right one. */
export function multiMarginForward(
  data: TypedArray,
  offset: number,
  batch: number,
  classes: number,
  target: Int32Array,
  p: number,
  margin: number,
  weights: TypedArray | undefined,
  weightOffset = 0,
): Float64Array {
  const x = data as Float64Array;
  const losses = new Float64Array(batch);
  for (let n = 0, row = offset; n < batch; n++, row += classes) {
    const right = target[n];
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      const z = margin - x[row + right] + x[row + i];
      if (i === right || z <= 0) continue;
      sum += p === 1 ? z : z * z;
    }
    losses[n] = sum * (weights === undefined ? 1 : weights[weightOffset + right] as number) / classes;
  }
  return losses;
}

/** Writes the gradient of the input; there is one gradient for each loss, or one for all. */
export function multiMarginBackward(
  data: TypedArray,
  offset: number,
  batch: number,
  classes: number,
  target: Int32Array,
  p: number,
  margin: number,
  weights: TypedArray | undefined,
  weightOffset = 0,
  grads: TypedArray,
  gradOffset: number,
  each: boolean,
  scale: number,
  out: TypedArray,
): void {
  const x = data as Float64Array;
  for (let n = 0, row = offset, to = 0; n < batch; n++, row += classes, to += classes) {
    const right = target[n];
    const factor = scale * (grads[each ? gradOffset + n : gradOffset] as number) * (weights === undefined ? 1 : weights[weightOffset + right] as number) /
      classes;
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      const z = margin - x[row + right] + x[row + i];
      if (i === right || z <= 0) continue;
      const slope = p === 1 ? factor : 2 * factor * z;
      out[to + i] = slope;
      sum += slope;
    }
    out[to + right] = -sum;
  }
}

/** The right classes of one input: those before the first -1. */
function rightClasses(target: Int32Array, row: number, classes: number): { right: Int32Array; isRight: Uint8Array } {
  let count = 0;
  while (count < classes && target[row + count] >= 0) count++;
  const right = target.subarray(row, row + count);
  const isRight = new Uint8Array(classes);
  for (const c of right) isRight[c] = 1;
  return { right, isRight };
}

/** The loss of each input: over pairs of right and wrong classes, what the right one lacks to a margin of 1. */
export function multilabelMarginForward(data: TypedArray, offset: number, batch: number, classes: number, target: Int32Array): Float64Array {
  const x = data as Float64Array;
  const losses = new Float64Array(batch);
  for (let n = 0, row = offset; n < batch; n++, row += classes) {
    const { right, isRight } = rightClasses(target, n * classes, classes);
    let sum = 0;
    for (const j of right) for (let i = 0; i < classes; i++) if (!isRight[i]) sum += Math.max(0, 1 - x[row + j] + x[row + i]);
    losses[n] = sum / classes;
  }
  return losses;
}

/** Writes the gradient of the input; there is one gradient for each loss, or one for all. */
export function multilabelMarginBackward(
  data: TypedArray,
  offset: number,
  batch: number,
  classes: number,
  target: Int32Array,
  grads: TypedArray,
  gradOffset: number,
  each: boolean,
  scale: number,
  out: TypedArray,
): void {
  const x = data as Float64Array;
  const slopes = new Float64Array(classes);
  for (let n = 0, row = offset, to = 0; n < batch; n++, row += classes, to += classes) {
    const { right, isRight } = rightClasses(target, n * classes, classes);
    slopes.fill(0);
    for (const j of right) {
      for (let i = 0; i < classes; i++) {
        if (isRight[i] || 1 - x[row + j] + x[row + i] <= 0) continue;
        slopes[j]--;
        slopes[i]++;
      }
    }
    const factor = scale * (grads[each ? gradOffset + n : gradOffset] as number) / classes;
    for (let i = 0; i < classes; i++) out[to + i] = slopes[i] * factor;
  }
}
