/**
 * Convolutions in the kernels' memory: the patches that the window sees are gathered there, block by block, and multiplied with the weight or with
 * the gradient by the kernels of the matrix product.
 */

import { volume } from "../columns.ts";
import type { Convolution } from "../convolution.ts";
import { copyRun, type FloatArray } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { DATA_ADDRESS, TILE_ROWS } from "./layout.ts";
import { blocks, placeOf, placesOf, Stage, type Strip } from "./windows.ts";

/** Elements of a block of patches, or of outputs where these are more: half of a usual second-level cache. */
const BLOCK_ELEMENTS = 1 << 17;
/** Places whose products with the gradient are summed in the kernels' memory before they are added to the gradient of the weight. */
const SUMMED_PLACES = 1 << 13;

const ceil = (x: number, step: number) => Math.ceil(x / step) * step;

/** A float array and where its first element stands. */
export interface Floats {
  /** The elements. */
  data: FloatArray;
  /** The first one. */
  offset: number;
}

/** Whether the patches are the input itself. */
export function isPointwise({ kernel, stride, padding, input, output }: Convolution["window"]): boolean {
  return volume(kernel) === 1 && stride.every((s) => s === 1) && padding.every((p) => p === 0) && input.every((n, d) => n === output[d]);
}

const countOf = (block: Strip[]): number => block.length * placesOf(block[0]);

/** Calls `f` for each strip of a block and the column of the block's matrices at which it begins. */
function eachStrip(block: Strip[], f: (strip: Strip, column: number) => void): void {
  let column = 0;
  for (const strip of block) {
    f(strip, column);
    column += placesOf(strip);
  }
}

/** A convolution in the scratch memory: its sizes, its blocks, and what goes in and out. Places in that memory are in elements. */
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
  /** Columns of a tile. */
  readonly tile: number;
  /** The blocks, the largest first. */
  readonly blocks: Strip[][];
  /** The distance of two rows of a block's patches and of its part of the gradient; what is gathered may reach over the last column. */
  readonly row: number;
  readonly #scratch: Engine;
  readonly #spec: Convolution;
  /** Null where the patches are the input itself. */
  readonly #stage: Stage | null;
  /** Whether no element of the input is seen from two strips. */
  readonly #separate: boolean;
  #end = DATA_ADDRESS;

  constructor(scratch: Engine, spec: Convolution, data: FloatArray) {
    const { batch, inputs, outputs, groups, window } = spec;
    this.#scratch = scratch;
    this.#spec = spec;
    this.into = inputs / groups;
    this.outOf = outputs / groups;
    this.patch = this.into * volume(window.kernel);
    this.plane = volume(window.input);
    this.places = volume(window.output);
    this.size = data.BYTES_PER_ELEMENT === 4 ? 4 : 8;
    this.tile = 32 / this.size;
    this.blocks = [...blocks(batch, window, Math.max(this.tile, Math.floor(BLOCK_ELEMENTS / Math.max(this.patch, this.outOf))))];
    this.row = ceil(countOf(this.blocks[0]), this.tile) + this.tile;
    const first = this.blocks[0][0];
    this.#separate = window.input[0] === 1 && window.kernel[0] === 1 && placesOf(first) === this.places;
    this.#stage = isPointwise(window) ? null : new Stage(scratch, this.size, this.into, window, first, (elements) => this.take(elements));
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
    return this.#memory;
  }

  get #memory(): FloatArray {
    return this.size === 4 ? this.#scratch.float32 : this.#scratch.float64;
  }

  /** Writes the patches of a block of a group's input to the columns of a matrix. */
  gather(block: Strip[], group: number, input: Floats, matrix: number): void {
    eachStrip(block, (strip, column) => {
      const from = input.offset + (strip.image * this.#spec.inputs + group * this.into) * this.plane;
      if (this.#stage === null) return this.#copyIn(strip, input.data, from, this.into, this.plane, matrix + column);
      this.#stage.fill(input.data, from, strip);
      this.#stage.move("gather", matrix + column, this.row, strip);
    });
  }

  /** Adds the columns of a matrix to the elements of the input that `gather` takes; `zero` says that these are zero. */
  scatter(block: Strip[], group: number, matrix: number, row: number, gradInput: FloatArray, zero: boolean): void {
    eachStrip(block, (strip, column) => {
      const to = (strip.image * this.#spec.inputs + group * this.into) * this.plane;
      if (this.#stage === null) return this.#copyOut(strip, matrix + column, row, this.into, gradInput, to, this.plane, zero);
      this.#stage.clear(strip);
      this.#stage.move("scatter", matrix + column, row, strip);
      this.#stage.empty(gradInput, to, strip, zero && this.#separate);
    });
  }

  /** Copies the gradients of a block of a group's output to the columns of a matrix. */
  copyGradient(block: Strip[], group: number, grad: Floats, matrix: number): void {
    eachStrip(block, (strip, column) => {
      const from = grad.offset + (strip.image * this.#spec.outputs + group * this.outOf) * this.places;
      this.#copyIn(strip, grad.data, from, this.outOf, this.places, matrix + column);
    });
  }

  /** Copies the columns of a matrix to a block of a group's output. */
  copyOutput(block: Strip[], group: number, matrix: number, row: number, output: FloatArray): void {
    eachStrip(block, (strip, column) => {
      const to = (strip.image * this.#spec.outputs + group * this.outOf) * this.places;
      this.#copyOut(strip, matrix + column, row, this.outOf, output, to, this.places, true);
    });
  }

  #copyIn(strip: Strip, source: FloatArray, from: number, channels: number, plane: number, to: number): void {
    const memory = this.#memory, start = from + placeOf(strip, this.#spec.window.output), n = placesOf(strip);
    for (let c = 0; c < channels; c++) copyRun(source, start + c * plane, memory, to + c * this.row, n);
  }

  #copyOut(strip: Strip, from: number, row: number, channels: number, target: FloatArray, to: number, plane: number, write: boolean): void {
    const memory = this.#memory, start = to + placeOf(strip, this.#spec.window.output), n = placesOf(strip);
    for (let c = 0; c < channels; c++) (write ? copyRun : addRun)(memory, from + c * row, target, start + c * plane, n);
  }

  /** Packs b[k, n] for `multiply`. */
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

function addRun(source: FloatArray, from: number, target: FloatArray, to: number, n: number): void {
  for (let i = 0; i < n; i++) target[to + i] += source[from + i];
}

/** Writes the convolution of the input with the weight, plus the bias where it is given. */
export function convolveBlocks(scratch: Engine, spec: Convolution, input: Floats, weight: Floats, bias: Floats | null, output: FloatArray): void {
  const plan = new Plan(scratch, spec, output);
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
