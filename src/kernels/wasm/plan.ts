/** The plan of a convolution in the kernels' memory: its sizes, its blocks, and what goes in and out. */

import { volume } from "../columns.ts";
import type { Convolution } from "../convolution.ts";
import { type Crew, crewFor, share } from "../threads/share.ts";
import { copyRun, type FloatArray } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";
import { blocks, type Call, type Depthwise, placeOf, placesOf, Stage, type Strip } from "./windows.ts";

/** Elements of a block of patches, or of outputs where these are more: half of a usual second-level cache. */
const BLOCK_ELEMENTS = 1 << 17;
/** Places of a block at least, where there are as many: packing the weight has to pay for each. */
const BLOCK_PLACES = 256;
/** Elements for all blocks that are on their way, so long as each thread has one. */
const SLOT_ELEMENTS = 1 << 24;
/** Outputs of a group from which on a matrix product, which computes six rows at once, is faster than `correlate` for each. */
const PRODUCT_OUTPUTS = 3;

/** Multiplications that are worth sharing. */
const SHARED = 1 << 21;

/** `x` rounded up to a multiple of `step`. */
export const ceil = (x: number, step: number): number => Math.ceil(x / step) * step;

/** A float array and where its first element stands. */
export interface Floats {
  /** The elements. */
  data: FloatArray;
  /** The first one. */
  offset: number;
}

/** Places of the same number in each of some strips of the same size. */
export type Block = readonly Strip[];

/** Whether the patches are the input itself. */
export function isPointwise({ kernel, stride, padding, input, output }: Convolution["window"]): boolean {
  return volume(kernel) === 1 && stride.every((s) => s === 1) && padding.every((p) => p === 0) && input.every((n, d) => n === output[d]);
}

/** How many places a block has. */
export const countOf = (block: Block): number => block.length * placesOf(block[0]);

/** A part of the kernels' memory for one block: its beginning, in elements. */
export type Base = number;

/** A convolution in the kernels' memory. Places there are in elements; those of a block's parts are counted from the block's base. */
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
  readonly blocks: readonly Block[];
  /** The distance of two rows of a block's patches and of its part of the gradient; what is gathered may reach over the last column. */
  readonly row: number;
  /** Whether outputs are computed one by one, without a matrix. */
  readonly single: boolean;
  #crew: Crew;
  readonly #spec: Convolution;
  /** Null where the patches are the input itself and are to stand in a matrix. */
  readonly #stage: Stage | null;
  /** Whether no element of the input is seen from two strips. */
  readonly #separate: boolean;
  /** What is taken for all blocks and for each. */
  #common = 0;
  #each = 0;

  constructor(scratch: Engine, spec: Convolution, data: FloatArray) {
    const { batch, inputs, outputs, groups, window } = spec;
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
    this.blocks = [...blocks(batch, window, Math.max(BLOCK_PLACES, Math.floor(BLOCK_ELEMENTS / rows)))];
    this.row = ceil(countOf(this.blocks[0]), this.tile) + this.tile;
    this.#crew = crewFor(scratch, !this.single && batch * groups * this.outOf * this.patch * this.places >= SHARED);
    this.#separate = window.input[0] === 1 && window.kernel[0] === 1 && placesOf(this.blocks[0][0]) === this.places;
    this.#stage = isPointwise(window) && !this.single ? null : new Stage(this.size, this.into, window, this.blocks[0]);
    if (this.#stage !== null) this.take(this.#stage.elements);
  }

  /** Takes room for `elements` elements of each block. */
  take(elements: number): number {
    const start = this.#each;
    this.#each = ceil(start + elements, this.tile);
    return start;
  }

  /** Takes room for `elements` elements that all blocks use; the place is that in the memory. */
  takeCommon(elements: number): number {
    const start = DATA_ADDRESS / this.size + this.#common;
    this.#common = ceil(this.#common + elements, this.tile);
    return start;
  }

  /** The memory, with room for all that has been taken. */
  memory(): FloatArray {
    const { engine, threads } = this.#crew;
    const slots = Math.min(this.#crew.slots, this.blocks.length, Math.max(threads, Math.floor(SLOT_ELEMENTS / this.#each)));
    this.#crew = { ...this.#crew, slots };
    engine.reserve((this.#common + slots * this.#each) * this.size);
    return this.size === 4 ? engine.float32 : engine.float64;
  }

  /** Does the blocks, `prepare` copying to the memory and calling kernels, `finish` copying from there; threads share those of plans that are not `single`. */
  run(prepare: (block: Block, base: Base, call: Call) => void, finish: (block: Block, base: Base) => void): void {
    const { blocks } = this, first = DATA_ADDRESS / this.size + this.#common;
    share(this.#crew, {
      blocks: blocks.length,
      prepare: (i, slot, call) => prepare(blocks[i], first + slot * this.#each, call),
      finish: (i, slot) => finish(blocks[i], first + slot * this.#each),
    });
  }

  /** Writes the patches of a block of a group's input to the columns of a matrix. */
  gather(call: Call, memory: FloatArray, base: Base, block: Block, group: number, input: Floats, matrix: number): void {
    const offset = (strip: Strip) => input.offset + this.#inputOf(strip, group);
    if (this.#stage === null) return this.#copyIn(memory, block, input.data, offset, this.into, this.plane, base + matrix);
    this.#stage.fill(call, memory, base, input.data, offset, block);
    this.#stage.patches(call, "gather", base, base + matrix, this.row, block);
  }

  /** Has the columns of a matrix, whose rows are `row` apart, leave for `addInput`. */
  scatter(call: Call, base: Base, block: Block, matrix: number, row: number): void {
    if (this.#stage === null) return;
    this.#stage.clear(call, base, block);
    this.#stage.patches(call, "scatter", base, base + matrix, row, block);
    this.#stage.drain(call, base, block);
  }

  /** Adds what `scatter` was given to the elements of the input that `gather` takes; `zero` says that these are zero. */
  addInput(memory: FloatArray, base: Base, block: Block, group: number, matrix: number, row: number, gradInput: FloatArray, zero: boolean): void {
    const offset = (strip: Strip) => this.#inputOf(strip, group);
    if (this.#stage === null) this.#copyOut(memory, block, base + matrix, row, this.into, gradInput, offset, this.plane, zero);
    else this.#stage.empty(memory, base, gradInput, offset, block, zero && this.#separate);
  }

  /** Copies the gradients of a block of a group's output to the columns of a matrix. */
  copyGradient(memory: FloatArray, base: Base, block: Block, group: number, grad: Floats, matrix: number): void {
    this.#copyIn(memory, block, grad.data, (strip) => grad.offset + this.#outputOf(strip, group), this.outOf, this.places, base + matrix);
  }

  /** Copies the columns of a matrix to a block of a group's output. */
  copyOutput(memory: FloatArray, base: Base, block: Block, group: number, matrix: number, row: number, output: FloatArray): void {
    this.#copyOut(memory, block, base + matrix, row, this.outOf, output, (strip) => this.#outputOf(strip, group), this.places, true);
  }

  /** Brings a block of a group's input to the stage, for `depthwise`. */
  fillStage(call: Call, memory: FloatArray, base: Base, block: Block, group: number, input: Floats): void {
    this.#stage!.fill(call, memory, base, input.data, (strip) => input.offset + this.#inputOf(strip, group), block);
  }

  /** Fills the stage with zeros. */
  clearStage(call: Call, base: Base, block: Block): void {
    this.#stage!.clear(call, base, block);
  }

  /** Has the stage leave for `addInput`. */
  drainStage(call: Call, base: Base, block: Block): void {
    this.#stage!.drain(call, base, block);
  }

  /** Runs a kernel between the stage and the outputs, of which `places` holds a row each; `weights` is the place of a number and the weights of each. */
  depthwise(call: Call, kernel: Depthwise, base: Base, block: Block, places: number, weights: number): void {
    eachStrip(block, (strip, column, s) => {
      for (let o = 0; o < this.outOf; o++) {
        this.#stage!.depthwise(call, kernel, base, s, base + places + o * this.row + column, weights + o * (this.patch + 1), strip);
      }
    });
  }

  #inputOf(strip: Strip, group: number): number {
    return (strip.image * this.#spec.inputs + group * this.into) * this.plane;
  }

  #outputOf(strip: Strip, group: number): number {
    return (strip.image * this.#spec.outputs + group * this.outOf) * this.places;
  }

  #copyIn(memory: FloatArray, block: Block, source: FloatArray, offset: (strip: Strip) => number, channels: number, plane: number, to: number): void {
    eachStrip(block, (strip, column) => {
      const start = offset(strip) + placeOf(strip, this.#spec.window.output), n = placesOf(strip);
      for (let c = 0; c < channels; c++) copyRun(source, start + c * plane, memory, to + column + c * this.row, n);
    });
  }

  #copyOut(
    memory: FloatArray,
    block: Block,
    from: number,
    row: number,
    channels: number,
    target: FloatArray,
    offset: (strip: Strip) => number,
    plane: number,
    write: boolean,
  ): void {
    const move = write ? copyRun : addRun;
    eachStrip(block, (strip, column) => {
      const start = offset(strip) + placeOf(strip, this.#spec.window.output), n = placesOf(strip);
      for (let c = 0; c < channels; c++) move(memory, from + column + c * row, target, start + c * plane, n);
    });
  }

  /** Packs b[k, n] for `multiply`. */
  pack(call: Call, k: number, n: number, b: number, rowStride: number, columnStride: number, target: number): void {
    const { size } = this;
    call(`packB_f${8 * size}`, k, n, b * size, rowStride * size, columnStride * size, target * size);
  }

  /** c[m, n] = a[m, k] * b for a packed b, plus c where that is not `fresh`; rows of c are a whole number of tiles. */
  multiply(
    call: Call,
    [m, n, k]: readonly [m: number, n: number, k: number],
    a: number,
    rowStride: number,
    columnStride: number,
    packed: number,
    c: number,
    fresh: boolean,
  ): void {
    const { size } = this;
    call(`gemm_f${8 * size}`, m, n, k, a * size, rowStride * size, columnStride * size, packed * size, c * size, fresh ? 1 : 0);
  }

  /** Fills each of `rows` rows of `elements` elements with one of the values. */
  fillRows(call: Call, rows: number, elements: number, values: number, target: number): void {
    const { size } = this;
    call(`fillRows_f${8 * size}`, target * size, rows, elements * size, values * size);
  }
}

/** Calls `f` for each strip of a block, the column of the block's matrices at which it begins, and its number. */
function eachStrip(block: Block, f: (strip: Strip, column: number, s: number) => void): void {
  const n = placesOf(block[0]);
  block.forEach((strip, s) => f(strip, s * n, s));
}

function addRun(source: FloatArray, from: number, target: FloatArray, to: number, n: number): void {
  for (let i = 0; i < n; i++) target[to + i] += source[from + i];
}
