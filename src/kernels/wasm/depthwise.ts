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
  const { outOf, patch, row } = plan;
  const weights = plan.takeCommon(outOf * (patch + 1)), places = plan.take(outOf * row);
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    copyWeights(plan, g, weight, bias, memory, weights);
    plan.run((block, base, call) => {
      plan.fillStage(call, memory, base, block, g, input);
      plan.depthwise(call, "correlate", base, block, places, weights);
    }, (block, base) => plan.copyOutput(memory, base, block, g, places, row, output));
  }
}

/** The part of `convolveInputBlocks` for a plan that is `single`. */
export function spreadOutputs(plan: Plan, groups: number, gradOutput: Floats, weight: Floats, gradInput: FloatArray, zero: boolean): void {
  const { outOf, patch, row } = plan;
  const weights = plan.takeCommon(outOf * (patch + 1)), places = plan.take(outOf * row);
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    copyWeights(plan, g, weight, null, memory, weights);
    plan.run((block, base, call) => {
      plan.copyGradient(memory, base, block, g, gradOutput, places);
      plan.clearStage(call, base, block);
      plan.depthwise(call, "spread", base, block, places, weights);
      plan.drainStage(call, base, block);
    }, (block, base) => plan.addInput(memory, base, block, g, places, row, gradInput, zero));
  }
}

/** The part of `convolveWeightBlocks` for a plan that is `single`. */
export function meetOutputs(plan: Plan, groups: number, gradOutput: Floats, input: Floats, gradWeight: FloatArray): void {
  const { outOf, patch, row } = plan;
  const weights = plan.takeCommon(outOf * (patch + 1)), places = plan.take(outOf * row);
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    memory.fill(0, weights, weights + outOf * (patch + 1));
    plan.run((block, base, call) => {
      plan.copyGradient(memory, base, block, g, gradOutput, places);
      plan.fillStage(call, memory, base, block, g, input);
      plan.depthwise(call, "meet", base, block, places, weights);
    }, () => {});
    for (let o = 0; o < outOf; o++) {
      for (let i = 0, from = weights + o * (patch + 1) + 1, to = (g * outOf + o) * patch; i < patch; i++) gradWeight[to + i] += memory[from + i];
    }
  }
}
