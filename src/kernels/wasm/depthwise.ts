/** Convolutions with one or two outputs in a group, one by one: depthwise ones above all. */

import { copyRun, type FloatArray } from "./copy.ts";
import type { Floats, Plan } from "./plan.ts";

/** Copies a group's weights to `target`, behind a number for each output: its bias, or zero. */
function copyWeights({ outOf, patch }: Plan, group: number, weight: Floats, bias: Floats | null, memory: FloatArray, target: number): void {
  for (let o = group * outOf, at = target; o < (group + 1) * outOf; o++, at += patch + 1) {
    memory[at] = bias === null ? 0 : bias.data[bias.offset + o];
    copyRun(weight.data, weight.offset + o * patch, memory, at + 1, patch);
  }
}

/** The part of `convolveBlocks` for a plan that is `single`. */
export function correlateOutputs(plan: Plan, groups: number, input: Floats, weight: Floats, bias: Floats | null, output: FloatArray): void {
  const weights = plan.take(plan.outOf * (plan.patch + 1)), places = plan.take(plan.outOf * plan.row);
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    copyWeights(plan, g, weight, bias, memory, weights);
    for (const block of plan.blocks) {
      plan.eachOutput("correlate", block, g, input, null, false, weights, places);
      plan.copyOutput(block, g, places, plan.row, output);
    }
  }
}

/** The part of `convolveInputBlocks` for a plan that is `single`. */
export function spreadOutputs(plan: Plan, groups: number, gradOutput: Floats, weight: Floats, gradInput: FloatArray, zero: boolean): void {
  const weights = plan.take(plan.outOf * (plan.patch + 1)), places = plan.take(plan.outOf * plan.row);
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    copyWeights(plan, g, weight, null, memory, weights);
    for (const block of plan.blocks) {
      plan.copyGradient(block, g, gradOutput, places);
      plan.eachOutput("spread", block, g, null, gradInput, zero, weights, places);
    }
  }
}

/** The part of `convolveWeightBlocks` for a plan that is `single`. */
export function meetOutputs(plan: Plan, groups: number, gradOutput: Floats, input: Floats, gradWeight: FloatArray): void {
  const { outOf, patch } = plan;
  const weights = plan.take(outOf * (patch + 1)), places = plan.take(outOf * plan.row);
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    memory.fill(0, weights, weights + outOf * (patch + 1));
    for (const block of plan.blocks) {
      plan.copyGradient(block, g, gradOutput, places);
      plan.eachOutput("meet", block, g, input, null, false, weights, places);
    }
    for (let o = 0; o < outOf; o++) {
      for (let i = 0, from = weights + o * (patch + 1) + 1, to = (g * outOf + o) * patch; i < patch; i++) gradWeight[to + i] += memory[from + i];
    }
  }
}
