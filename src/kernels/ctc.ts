/**
 * Connectionist temporal classification: the likelihood of a sequence of labels, summed over all ways to stretch it with repeats
 * and blanks. In the stretched sequence a blank stands before, between and after the labels.
 */
import type { TypedArray } from "../dtype.ts";

/** The log-probabilities of one sample: `lp[offset + t * step + c]`. */
export interface Sequence {
  lp: TypedArray;
  offset: number;
  /** Elements to skip for the next time. */
  step: number;
  /** How many times there are. */
  times: number;
  labels: Int32Array;
  blank: number;
}

function logSum(a: number, b: number): number {
  const most = Math.max(a, b);
  return most === -Infinity ? -Infinity : most + Math.log(Math.exp(a - most) + Math.exp(b - most));
}

const labelAt = ({ labels, blank }: Sequence, s: number): number => s % 2 === 0 ? blank : labels[(s - 1) / 2];

/** For each time and state the log-probability of all ways that lead there: `alpha[t * width + s]`. Gives minus the logarithm of the likelihood. */
export function ctcForward(sequence: Sequence, alpha: Float64Array, width: number): number {
  const { lp, offset, step, times, labels } = sequence;
  const states = 2 * labels.length + 1;
  if (times === 0) return labels.length === 0 ? 0 : Infinity;
  alpha.fill(-Infinity);
  alpha[0] = lp[offset + sequence.blank] as number;
  if (labels.length > 0) alpha[1] = lp[offset + labels[0]] as number;
  for (let t = 1; t < times; t++) {
    for (let s = 0; s < states; s++) {
      const label = labelAt(sequence, s);
      const before = (t - 1) * width + s;
      let sum = alpha[before];
      if (s > 0) sum = logSum(sum, alpha[before - 1]);
      // a blank may be left out between two different labels
      if (s > 1 && s % 2 === 1 && labelAt(sequence, s - 2) !== label) sum = logSum(sum, alpha[before - 2]);
      alpha[t * width + s] = sum + (lp[offset + t * step + label] as number);
    }
  }
  const last = (times - 1) * width + states - 1;
  return -(labels.length === 0 ? alpha[last] : logSum(alpha[last], alpha[last - 1]));
}

/** Writes the gradient of the log-probabilities, which PyTorch takes to be normalized: probability minus posterior, times `grad`. */
export function ctcBackward(
  sequence: Sequence,
  alpha: Float64Array,
  width: number,
  nll: number,
  grad: number,
  classes: number,
  out: TypedArray,
  to: number,
): void {
  const { lp, offset, step, times, labels } = sequence;
  const states = 2 * labels.length + 1;
  let beta = new Float64Array(states).fill(-Infinity);
  for (let t = times - 1; t >= 0; t--) {
    const next = new Float64Array(states).fill(-Infinity);
    const both = new Float64Array(classes).fill(-Infinity);
    for (let s = states - 1; s >= 0; s--) {
      const label = labelAt(sequence, s);
      let sum = t === times - 1 ? (s >= states - 2 ? 0 : -Infinity) : beta[s];
      if (t < times - 1) {
        if (s + 1 < states) sum = logSum(sum, beta[s + 1]);
        if (s + 2 < states && s % 2 === 1 && labelAt(sequence, s + 2) !== label) sum = logSum(sum, beta[s + 2]);
      }
      next[s] = sum + (lp[offset + t * step + label] as number);
      both[label] = logSum(both[label], alpha[t * width + s] + next[s]);
    }
    for (let c = 0; c < classes; c++) {
      const p = lp[offset + t * step + c] as number;
      out[to + t * step + c] = (Math.exp(p) - Math.exp(both[c] + nll - p)) * grad;
    }
    beta = next;
  }
}
