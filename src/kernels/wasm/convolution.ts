/**
 * Convolutions in the kernels' memory: the patches that the window sees are gathered there, block by block, and multiplied with the weight or with
 * the gradient by the kernels of the matrix product.
 */

import type { Convolution } from "../convolution.ts";
import { copyRun, type FloatArray } from "./copy.ts";
import { correlateOutputs, meetOutputs, spreadOutputs } from "./depthwise.ts";
import type { Engine } from "./engine.ts";
import { TILE_ROWS } from "./layout.ts";
import { ceil, countOf, type Floats, Plan } from "./plan.ts";

/** Writes the convolution of the input with the weight, plus the bias where it is given. */
export function convolveBlocks(scratch: Engine, spec: Convolution, input: Floats, weight: Floats, bias: Floats | null, output: FloatArray): void {
  const plan = new Plan(scratch, spec, output);
  if (plan.single) return correlateOutputs(plan, spec.groups, input, weight, bias, output);
  const { outOf, patch, row, tile } = plan;
  const left = plan.takeCommon(outOf * patch), values = plan.takeCommon(outOf);
  const matrix = plan.take(patch * row), packed = plan.take(ceil(patch, 4) * row), product = plan.take(ceil(outOf, TILE_ROWS) * row);
  const memory = plan.memory();
  for (let g = 0; g < spec.groups; g++) {
    copyRun(weight.data, weight.offset + g * outOf * patch, memory, left, outOf * patch);
    if (bias !== null) copyRun(bias.data, bias.offset + g * outOf, memory, values, outOf);
    plan.run((block, base, call) => {
      const n = countOf(block);
      plan.gather(call, memory, base, block, g, input, matrix);
      plan.pack(call, patch, n, base + matrix, row, 1, base + packed);
      if (bias !== null) plan.fillRows(call, outOf, ceil(n, tile), values, base + product);
      plan.multiply(call, [outOf, n, patch], left, patch, 1, base + packed, base + product, bias === null);
    }, (block, base) => plan.copyOutput(memory, base, block, g, product, ceil(countOf(block), tile), output));
  }
}

/** Adds to `gradInput` the gradient of the input from that of the output; `zero` says that it holds zeros. */
export function convolveInputBlocks(
  scratch: Engine,
  spec: Convolution,
  gradOutput: Floats,
  weight: Floats,
  gradInput: FloatArray,
  zero: boolean,
): void {
  const plan = new Plan(scratch, spec, gradInput);
  if (plan.single) return spreadOutputs(plan, spec.groups, gradOutput, weight, gradInput, zero);
  const { outOf, patch, row, tile } = plan;
  const left = plan.takeCommon(outOf * patch);
  const right = plan.take(outOf * row), packed = plan.take(ceil(outOf, 4) * row), product = plan.take(ceil(patch, TILE_ROWS) * row);
  const memory = plan.memory();
  for (let g = 0; g < spec.groups; g++) {
    copyRun(weight.data, weight.offset + g * outOf * patch, memory, left, outOf * patch);
    plan.run((block, base, call) => {
      const n = countOf(block);
      plan.copyGradient(memory, base, block, g, gradOutput, right);
      plan.pack(call, outOf, n, base + right, row, 1, base + packed);
      plan.multiply(call, [patch, n, outOf], left, 1, patch, base + packed, base + product, true);
      plan.scatter(call, base, block, product, ceil(n, tile));
    }, (block, base) => plan.addInput(memory, base, block, g, product, ceil(countOf(block), tile), gradInput, zero));
  }
}

/** Adds to `gradWeight` the gradient of the weight from the input and the gradient of the output. */
export function convolveWeightBlocks(scratch: Engine, spec: Convolution, gradOutput: Floats, input: Floats, gradWeight: FloatArray): void {
  const plan = new Plan(scratch, spec, gradWeight);
  if (plan.single) return meetOutputs(plan, spec.groups, gradOutput, input, gradWeight);
  const { outOf, patch, row, tile } = plan;
  // the product or its transpose, whichever fills its tiles better
  const transposed = ceil(patch, TILE_ROWS) * ceil(outOf, tile) < ceil(outOf, TILE_ROWS) * ceil(patch, tile);
  const [m, n] = transposed ? [patch, outOf] : [outOf, patch];
  const stride = ceil(n, tile);
  const left = plan.take(outOf * row), packed = plan.take(ceil(row, 4) * stride), product = plan.take(ceil(m, TILE_ROWS) * stride);
  const matrix = plan.take(patch * row);
  const memory = plan.memory();
  const [a, b] = transposed ? [matrix, left] : [left, matrix];
  for (let g = 0; g < spec.groups; g++) {
    plan.run((block, base, call) => {
      const k = countOf(block);
      plan.copyGradient(memory, base, block, g, gradOutput, left);
      plan.gather(call, memory, base, block, g, input, matrix);
      plan.pack(call, k, n, base + b, 1, row, base + packed);
      plan.multiply(call, [m, n, k], base + a, row, 1, base + packed, base + product, true);
    }, (_, base) => addProduct(memory, base + product, stride, outOf, patch, transposed, gradWeight, g * outOf * patch));
  }
}

/** Adds a product, or its transpose, to the weights of a group. */
function addProduct(
  memory: FloatArray,
  product: number,
  stride: number,
  rows: number,
  columns: number,
  transposed: boolean,
  target: FloatArray,
  to: number,
): void {
  const [down, across] = transposed ? [1, stride] : [stride, 1];
  for (let i = 0; i < rows; i++) {
    for (let j = 0, x = product + i * down, y = to + i * columns; j < columns; j++, x += across, y++) target[y] += memory[x];
  }
}
