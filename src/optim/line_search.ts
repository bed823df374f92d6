/**
 * A line search that ends where the strong Wolfe conditions hold: the loss has fallen enough, and the slope is small enough
 * (Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6, with Schmidt's safeguards in minFunc).
 */
import type { Tensor } from "../tensor.ts";

/** A point of the line. */
export interface Point {
  /** How far along the direction. */
  t: number;
  /** The loss there. */
  value: number;
  /** The gradient there. */
  gradient: Tensor;
  /** Its inner product with the direction. */
  slope: number;
}

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_TRIALS = 25;

/** The minimum of the cubic through two points with their slopes, brought between the bounds; their middle if it has none. */
function cubicMinimum(a: Point, b: Point, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const minimum = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
  return Math.min(Math.max(minimum, low), high);
}

/** Searches from `start` on, with `t` as the first trial. `size` is the largest element of the direction. */
export function strongWolfe(at: (t: number) => Point, start: Point, t: number, size: number, tolerance: number): Point {
  const tooHigh = (p: Point) => p.value > start.value + SUFFICIENT_DECREASE * p.t * start.slope;
  const flat = (p: Point) => Math.abs(p.slope) <= -CURVATURE * start.slope;
  let previous = start, current = at(t);
  let trials = 0;
  let bracket: [Point, Point] | null = null;
  // go further until a minimum must lie between the last two points
  while (bracket === null && trials < MAX_TRIALS) {
    if (tooHigh(current) || (trials > 1 && current.value >= previous.value)) bracket = [previous, current];
    else if (flat(current)) return current;
    else if (current.slope >= 0) bracket = [previous, current];
    else {
      const next = cubicMinimum(previous, current, current.t + 0.01 * (current.t - previous.t), current.t * 10);
      previous = current;
      current = at(next);
      trials++;
    }
  }
  bracket ??= [start, current];
  let low = bracket[0].value <= bracket[1].value ? 0 : 1;
  let stuck = false;
  while (trials < MAX_TRIALS) {
    const left = Math.min(bracket[0].t, bracket[1].t), right = Math.max(bracket[0].t, bracket[1].t);
    if ((right - left) * size < tolerance) break;
    let next = cubicMinimum(bracket[0], bracket[1]);
    // twice near an end, or beyond it: stay a tenth away from it
    const margin = 0.1 * (right - left);
    const near = Math.min(right - next, next - left) < margin;
    if (near && (stuck || next >= right || next <= left)) {
      next = Math.abs(next - right) < Math.abs(next - left) ? right - margin : left + margin;
      stuck = false;
    } else stuck = near;
    const trial = at(next);
    trials++;
    if (tooHigh(trial) || trial.value >= bracket[low].value) {
      bracket[1 - low] = trial;
      low = bracket[0].value <= bracket[1].value ? 0 : 1;
      continue;
    }
    const done = flat(trial);
    if (!done && trial.slope * (bracket[1 - low].t - bracket[low].t) >= 0) bracket[1 - low] = bracket[low];
    bracket[low] = trial;
    if (done) break;
  }
  return bracket[low];
}
