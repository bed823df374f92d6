/**
 * Convolutions in the kernels' memory: the patches that the window sees are gathered there, block by block, and multiplied with the weight or with
 * the gradient by the kernels of the matrix product.
 */

import type { Convolution } from "../convolution.ts";
import { volume } from "../columns.ts";
import { copyRun, type FloatArray } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { DATA_ADDRESS, TILE_ROWS } from "./layout.ts";
import { addStage, blocks, fillStage, moveColumns, placeOf, placesOf, stageSize, type Strip } from "./windows.ts";

/** Elements of a block of patches, or of outputs where these are more: half of a usual second-level cache. */
const BLOCK_ELEMENTS = 1 << 17;

const ceil = (x: number, step: number) => Math.ceil(x / step) * step;

/** A float array and where its first element stands. */
export interface Floats {
  /** The elements. */
  data: FloatArray;
  /** The first one. */
  offset: number;
}

/** The sizes of a convolution, and the places of its parts in the scratch memory, in elements. */
class Plan {
  /** Channels of the input and of the output in a group. */
  readonly into: number;
  readonly outOf: number;
  /** Elements of a patch. */
  readonly patch: number;
  /** Elements of a channel of the input and of the output. */
  readonly plane: number;
  readonly places: number;
  /** Bytes of an element. */
  readonly size: 4 | 8;
  /** The blocks, the largest first. */
  readonly blocks: Strip[][];
  /** Columns of a row of tiles. */
  readonly tile: number;
  /** The distance of two rows of the patches and of the gradient, as far as a block needs. */
  readonly row: number;
  readonly #scratch: Engine;
  #end = DATA_ADDRESS;

  constructor(scratch: Engine, { batch, inputs, outputs, groups, window }: Convolution, data: FloatArray) {
    this.#scratch = scratch;
    this.into = inputs / groups;
    this.outOf = outputs / groups;
    this.patch = this.into * volume(window.kernel);
    this.plane = volume(window.input);
    this.places = volume(window.output);
    this.size = data.BYTES_PER_ELEMENT === 4 ? 4 : 8;
    this.tile = 32 / this.size;
    this.blocks = [...blocks(batch, window, Math.max(this.tile, Math.floor(BLOCK_ELEMENTS / Math.max(this.patch, this.outOf))))];
    this.row = ceil(countOf(this.blocks[0]), this.tile) + this.tile;
  }

  /** The next free place, with room for `elements` elements. */
  take(elements: number): number {
    const start = this.#end;
    this.#end = ceil(start + elements * this.size, 32);
    return start / this.size;
  }

  /** The memory, with room for all that has been taken. */
  memory(): FloatArray {
    this.#scratch.reserve(this.#end - DATA_ADDRESS);
    return this.size === 4 ? this.#scratch.float32 : this.#scratch.float64;
  }

  /** Packs b[k, n] for `multiply`; strides are in elements. */
  pack(k: number, n: number, b: number, rowStride: number, columnStride: number, target: number): void {
    const { size } = this, { kernels } = this.#scratch;
    (size === 4 ? kernels.packB_f32 : kernels.packB_f64)(k, n, b * size, rowStride * size, columnStride * size, target * size);
  }

  /** c[m, n] += a[m, k] * b for a packed b; rows of c are a whole number of tiles. */
  multiply(m: number, n: number, k: number, a: number, rowStride: number, columnStride: number, packed: number, c: number): void {
    const { size } = this, { kernels } = this.#scratch;
    (size === 4 ? kernels.gemm_f32 : kernels.gemm_f64)(m, n, k, a * size, rowStride * size, columnStride * size, packed * size, c * size);
  }
}

const countOf = (block: Strip[]): number => block.length * placesOf(block[0]);

/** Calls `f` for each strip of a block and the column of the block's matrix at which it begins. */
function eachStrip(block: Strip[], f: (strip: Strip, column: number) => void): void {
  let column = 0;
  for (const strip of block) {
    f(strip, column);
    column += placesOf(strip);
  }
}

/** Writes the convolution of the input with the weight, plus the bias where it is given. */
export function convolveBlocks(scratch: Engine, spec: Convolution, input: Floats, weight: Floats, bias: Floats | null, output: FloatArray): void {
  const { inputs, outputs, groups, window } = spec;
  const plan = new Plan(scratch, spec, output);
  const { into, outOf, patch, plane, places, row, tile } = plan;
  const left = plan.take(outOf * patch), packed = plan.take(ceil(patch, 4) * row), product = plan.take(ceil(outOf, TILE_ROWS) * row);
  const matrix = plan.take(patch * row), stage = plan.take(stageSize(into, plan.blocks[0][0], window));
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    copyRun(weight.data, weight.offset + g * outOf * patch, memory, left, outOf * patch);
    for (const block of plan.blocks) {
      const n = countOf(block), stride = ceil(n, tile);
      eachStrip(block, (strip, column) => {
        fillStage(memory, stage, input.data, input.offset + (strip.image * inputs + g * into) * plane, into, strip, window);
        moveColumns(scratch, "gather", plan.size, stage, matrix + column, row, into, strip, window);
      });
      plan.pack(patch, n, matrix, row, 1, packed);
      if (bias === null) memory.fill(0, product, product + outOf * stride);
      else for (let o = 0; o < outOf; o++) memory.fill(bias.data[bias.offset + g * outOf + o], product + o * stride, product + (o + 1) * stride);
      plan.multiply(outOf, n, patch, left, patch, 1, packed, product);
      eachStrip(block, (strip, column) => {
        const to = (strip.image * outputs + g * outOf) * places + placeOf(strip, window.output);
        for (let o = 0; o < outOf; o++) copyRun(memory, product + o * stride + column, output, to + o * places, placesOf(strip));
      });
    }
  }
}

/** Copies the part of the gradient of the output that belongs to a block, channel by channel. */
function copyGradient(plan: Plan, { outputs, window }: Convolution, block: Strip[], g: number, grad: Floats, memory: FloatArray, target: number): void {
  const { outOf, places, row } = plan;
  eachStrip(block, (strip, column) => {
    const from = grad.offset + (strip.image * outputs + g * outOf) * places + placeOf(strip, window.output);
    for (let o = 0; o < outOf; o++) copyRun(grad.data, from + o * places, memory, target + o * row + column, placesOf(strip));
  });
}

/** Adds to `gradInput` the gradient of the input from that of the output. */
export function convolveInputBlocks(scratch: Engine, spec: Convolution, gradOutput: Floats, weight: Floats, gradInput: FloatArray): void {
  const { inputs, groups, window } = spec;
  const plan = new Plan(scratch, spec, gradInput);
  const { into, outOf, patch, plane, row, tile } = plan;
  const left = plan.take(outOf * patch), packed = plan.take(ceil(outOf, 4) * row), product = plan.take(ceil(patch, TILE_ROWS) * row);
  const right = plan.take(outOf * row), staged = stageSize(into, plan.blocks[0][0], window), stage = plan.take(staged);
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    copyRun(weight.data, weight.offset + g * outOf * patch, memory, left, outOf * patch);
    for (const block of plan.blocks) {
      const n = countOf(block), stride = ceil(n, tile);
      copyGradient(plan, spec, block, g, gradOutput, memory, right);
      plan.pack(outOf, n, right, row, 1, packed);
      memory.fill(0, product, product + patch * stride);
      plan.multiply(patch, n, outOf, left, 1, patch, packed, product);
      eachStrip(block, (strip, column) => {
        memory.fill(0, stage, stage + staged);
        moveColumns(scratch, "scatter", plan.size, stage, product + column, stride, into, strip, window);
        addStage(memory, stage, gradInput, (strip.image * inputs + g * into) * plane, into, strip, window);
      });
    }
  }
}

/** Adds to `gradWeight` the gradient of the weight from the input and the gradient of the output. */
export function convolveWeightBlocks(scratch: Engine, spec: Convolution, gradOutput: Floats, input: Floats, gradWeight: FloatArray): void {
  const { inputs, groups, window } = spec;
  const plan = new Plan(scratch, spec, gradWeight);
  const { into, outOf, patch, plane, row, tile } = plan;
  // the product or its transpose, whichever fills its tiles better
  const transposed = ceil(patch, TILE_ROWS) * ceil(outOf, tile) < ceil(outOf, TILE_ROWS) * ceil(patch, tile);
  const [m, n] = transposed ? [patch, outOf] : [outOf, patch];
  const stride = ceil(n, tile);
  const left = plan.take(outOf * row), packed = plan.take(ceil(row, 4) * stride), product = plan.take(ceil(m, TILE_ROWS) * stride);
  const matrix = plan.take(patch * row), stage = plan.take(stageSize(into, plan.blocks[0][0], window));
  const memory = plan.memory();
  for (let g = 0; g < groups; g++) {
    for (const block of plan.blocks) {
      const k = countOf(block);
      copyGradient(plan, spec, block, g, gradOutput, memory, left);
      eachStrip(block, (strip, column) => {
        fillStage(memory, stage, input.data, input.offset + (strip.image * inputs + g * into) * plane, into, strip, window);
        moveColumns(scratch, "gather", plan.size, stage, matrix + column, row, into, strip, window);
      });
      const [a, b] = transposed ? [matrix, left] : [left, matrix];
      plan.pack(k, n, b, 1, row, packed);
      memory.fill(0, product, product + m * stride);
      plan.multiply(m, n, k, a, row, 1, packed, product);
      addProduct(memory, product, stride, outOf, patch, transposed, gradWeight, g * outOf * patch);
    }
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
