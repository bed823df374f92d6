/**
 * The negative log-likelihood of classes. Inputs are [batch, classes, places]; a class below zero does not count.
 */
import type { TypedArray } from "../dtype.ts";
import type { Source } from "../storage.ts";

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

/** The gradient for each class and place: there is one gradient for each loss, or one for all. Those of classes that do not count are 0. */
export function nllGradients(
  labels: Int32Array,
  weights: TypedArray | undefined,
  weightOffset = 0,
  grads: TypedArray,
  gradOffset: number,
  each: boolean,
  divisor: number,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(labels.length);
  for (let k = 0; k < out.length; k++) {
    const label = labels[k];
    if (label < 0) continue;
    const weight = weights === undefined ? 1 : weights[weightOffset + label] as number;
    out[k] = -weight * (grads[each ? gradOffset + k : gradOffset] as number) / divisor;
  }
  return out;
}

/** Writes the gradients to the places of their classes in `out`, which is zero elsewhere. */
export function scatterGradients(out: TypedArray, gradients: ArrayLike<number>, labels: Int32Array, classes: number, places: number): void {
  for (let k = 0; k < labels.length; k++) {
    if (labels[k] >= 0) out[(Math.floor(k / places) * classes + labels[k]) * places + k % places] = gradients[k];
  }
}

/**
 * A float32 matrix with at most one element in each row that is not zero. It is written out when somebody looks at it: who knows what it is need not.
 */
export class OnePerRow implements Source {
  data: Float32Array<ArrayBuffer> | null = null;
  readonly readers = 0;
  uses = 0;
  expendable = false;
  /** The elements, one a row. */
  readonly elements: Float32Array<ArrayBuffer>;
  /** Their columns; a row whose column is below 0 has none. */
  readonly columns: Int32Array;
  /** How many columns there are. */
  readonly width: number;

  /** Takes over the arrays. */
  constructor(elements: Float32Array<ArrayBuffer>, columns: Int32Array, width: number) {
    this.elements = elements;
    this.columns = columns;
    this.width = width;
  }

  compute(): Float32Array<ArrayBuffer> {
    if (this.data === null) {
      this.data = new Float32Array(this.elements.length * this.width);
      scatterGradients(this.data, this.elements, this.columns, this.width, 1);
    }
    return this.data;
  }
}
