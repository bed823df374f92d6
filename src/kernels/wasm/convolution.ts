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

/** Places whose products with the gradient are summed in the kernels' memory before they are added to the gradient of the weight. */
const SUMMED_PLACES = 1 << 13;

/** Writes the convolution of the input with the weight, plus the bias where it is given. */
export function convolveBlocks(scratch: Engine, spec: Convolution, input: Floats, weight: Floats, bias: Floats | null, output: FloatArray): void {
  const plan = new Plan(scratch, spec, output);
  if (plan.single) return correlateOutputs(plan, spec.groups, input, weight, bias, output);
  const { outOf, patch, row, tile } = plan;
  const left = plan.take(outOf * patch), packed = plan.take(ceil(patch, 4) * row), product = plan.take(ceil(outOf, TILE_ROWS) * row);
  const matrix = plan.take(patch * row);
  const memory = plan.memory();
  for (let g = 0; g < spec.groups; g++) {
    copyRun(weight.data, weight.offset + g * outOf * patch, memory, left, outOf * patch);
    for (const block of plan.blocks) {
      const n = countOf(block), stride = ceil(n, tile);
      plan.gather(block, g, input, matrix);
      plan.pack(patch, n, matrix, row, 1, packed);
      if (bias === null) memory.fill(0, product, product + outOf * stride);
      else for (let o = 0; o < outOf; o++) memory.fill(bias.data[bias.offset + g * outOf + o], product + o * stride, product + (o + 1) * stride);
      plan.multiply(outOf, n, patch, left, patch, 1, packed, product);
      plan.copyOutput(block, g, product, stride, output);
    }
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
  const left = plan.take(outOf * patch), packed = plan.take(ceil(outOf, 4) * row), product = plan.take(ceil(patch, TILE_ROWS) * row);
  const right = plan.take(outOf * row);
  const memory = plan.memory();
  for (let g = 0; g < spec.groups; g++) {
    copyRun(weight.data, weight.offset + g * outOf * patch, memory, left, outOf * patch);
    for (const block of plan.blocks) {
      const n = countOf(block), stride = ceil(n, tile);
      plan.copyGradient(block, g, gradOutput, right);
      plan.pack(outOf, n, right, row, 1, packed);
      memory.fill(0, product, product + patch * stride);
      plan.multiply(patch, n, outOf, left, 1, patch, packed, product);
      plan.scatter(block, g, product, stride, gradInput, zero);
    }
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
    let summed = 0;
    plan.blocks.forEach((block, i) => {
      const k = countOf(block);
      plan.copyGradient(block, g, gradOutput, left);
      plan.gather(block, g, input, matrix);
      plan.pack(k, n, b, 1, row, packed);
      if (summed === 0) memory.fill(0, product, product + m * stride);
      plan.multiply(m, n, k, a, row, 1, packed, product);
      summed += k;
      if (summed < SUMMED_PLACES && i + 1 < plan.blocks.length) return;
      addProduct(memory, product, stride, outOf, patch, transposed, gradWeight, g * outOf * patch);
      summed = 0;
    });
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
