/** The plan of a convolution in the kernels' memory: its sizes, its blocks, and what goes in and out. */

import { volume } from "../columns.ts";
import type { Convolution } from "../convolution.ts";
import { copyRun, type FloatArray } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";
import { blocks, placeOf, placesOf, Stage, type Strip } from "./windows.ts";

/** Elements of a block of patches, or of outputs where these are more: half of a usual second-level cache. */
const BLOCK_ELEMENTS = 1 << 17;
/** Outputs of a group from which on a matrix product, which computes six rows at once, is faster than `correlate` for each. */
const PRODUCT_OUTPUTS = 3;

/** `x` rounded up to a multiple of `step`. */
export const ceil = (x: number, step: number): number => Math.ceil(x / step) * step;

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

/** How many places a block has. */
export const countOf = (block: Strip[]): number => block.length * placesOf(block[0]);

/** Calls `f` for each strip of a block and the column of the block's matrices at which it begins. */
function eachStrip(block: Strip[], f: (strip: Strip, column: number) => void): void {
  let column = 0;
  for (const strip of block) {
    f(strip, column);
    column += placesOf(strip);
  }
}

/** A convolution in the kernels' memory, whose places are in elements. */
export class Plan {
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
  /** Whether outputs are computed one by one, without a matrix. */
  readonly single: boolean;
  /** Null where the patches are the input itself and are to stand in a matrix. */
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
    this.single = this.outOf < PRODUCT_OUTPUTS;
    const rows = Math.max(this.single ? this.into : this.patch, this.outOf);
    this.blocks = [...blocks(batch, window, Math.max(this.tile, Math.floor(BLOCK_ELEMENTS / rows)))];
    this.row = ceil(countOf(this.blocks[0]), this.tile) + this.tile;
    const first = this.blocks[0][0];
    this.#separate = window.input[0] === 1 && window.kernel[0] === 1 && placesOf(first) === this.places;
    this.#stage = isPointwise(window) && !this.single ? null : new Stage(scratch, this.size, this.into, window, first, (elements) => this.take(elements));
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
      this.#stage.run("gather", matrix + column, this.row, strip);
    });
  }

  /**
   * Runs a kernel of `depthwise.ts` on a block of a group's input: `places` holds a row for each output, `weights` a number and the weights of each
   * output. The stage is filled from `input`, or emptied to `gradInput`, which holds zeros if `zero`.
   */
  eachOutput(
    kernel: "correlate" | "spread" | "meet",
    block: Strip[],
    group: number,
    input: Floats | null,
    gradInput: FloatArray | null,
    zero: boolean,
    weights: number,
    places: number,
  ): void {
    const stage = this.#stage!;
    eachStrip(block, (strip, column) => {
      const at = (strip.image * this.#spec.inputs + group * this.into) * this.plane;
      if (input === null) stage.clear(strip);
      else stage.fill(input.data, input.offset + at, strip);
      for (let o = 0; o < this.outOf; o++) stage.run(kernel, places + o * this.row + column, weights + o * (this.patch + 1), strip);
      if (gradInput !== null) stage.empty(gradInput, at, strip, zero && this.#separate);
    });
  }

  /** Adds the columns of a matrix to the elements of the input that `gather` takes; `zero` says that these are zero. */
  scatter(block: Strip[], group: number, matrix: number, row: number, gradInput: FloatArray, zero: boolean): void {
    eachStrip(block, (strip, column) => {
      const to = (strip.image * this.#spec.inputs + group * this.into) * this.plane;
      if (this.#stage === null) return this.#copyOut(strip, matrix + column, row, this.into, gradInput, to, this.plane, zero);
      this.#stage.clear(strip);
      this.#stage.run("scatter", matrix + column, row, strip);
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
