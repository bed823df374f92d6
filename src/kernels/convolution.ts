/**
 * Convolutions as matrix products of the weight with the patches that it sees. All arrays are dense and of one type.
 */
import type { TypedArray } from "../dtype.ts";
import { addColumns, toColumns, volume, type Window } from "./columns.ts";
import { convolveBlocks, convolveInputBlocks, convolveWeightBlocks } from "./wasm/convolution.ts";
import type { FloatArray } from "./wasm/copy.ts";
import { type Engine, engine } from "./wasm/engine.ts";
import { gemm } from "./wasm/gemm.ts";
import { type Floats, isPointwise } from "./wasm/plan.ts";

/** Multiplications below which copying to the kernels' memory costs more than it saves. */
const SMALL = 4000;

/** A convolution of `batch` inputs of `inputs` channels to `outputs` channels, in `groups` that do not see each other. */
export interface Convolution {
  /** How many inputs. */
  batch: number;
  /** Channels of an input. */
  inputs: number;
  /** Channels of an output. */
  outputs: number;
  /** Groups of channels. */
  groups: number;
  /** How the weight slides. */
  window: Window;
}

/** An array and where its first element stands. */
export interface Block {
  /** The elements. */
  data: TypedArray;
  /** The first one. */
  offset: number;
}

const allocateLike = (block: Block, n: number): TypedArray => new (block.data.constructor as new (n: number) => TypedArray)(n);

interface Shapes {
  /** Channels of a group. */
  into: number;
  outOf: number;
  /** Elements of a patch, and how many patches there are. */
  patch: number;
  places: number;
  /** Elements of one channel of the input. */
  plane: number;
}

function shapesOf({ inputs, outputs, groups, window }: Convolution): Shapes {
  const into = inputs / groups;
  return { into, outOf: outputs / groups, patch: into * volume(window.kernel), places: volume(window.output), plane: volume(window.input) };
}

/** The engine that a convolution of these arrays is worth copying to, if any. */
function engineFor(spec: Convolution, data: TypedArray): Engine | null {
  const { outOf, patch, places } = shapesOf(spec);
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return null;
  return spec.batch * spec.groups * outOf * patch * places < SMALL ? null : engine();
}

/** Writes the convolution of `input` with `weight`[outputs, inputs / groups, kernel], plus `bias`[outputs], to `output`, in row-major order. */
export function convolve(spec: Convolution, input: Block, weight: Block, bias: Block | null, output: TypedArray): void {
  const scratch = engineFor(spec, output);
  if (scratch !== null) return convolveBlocks(scratch, spec, input as Floats, weight as Floats, bias as Floats | null, output as FloatArray);
  if (bias !== null) fillChannels(output, spec.batch, spec.outputs, volume(spec.window.output), bias);
  const { into, outOf, patch, places, plane } = shapesOf(spec);
  const direct = isPointwise(spec.window);
  const columns = direct ? input.data : allocateLike(input, patch * places);
  const beta = bias === null ? 0 : 1;
  for (let n = 0; n < spec.batch; n++) {
    for (let g = 0; g < spec.groups; g++) {
      const from = input.offset + (n * spec.inputs + g * into) * plane;
      if (!direct) toColumns(input.data, from, into, spec.window, columns);
      const to = (n * spec.outputs + g * outOf) * places;
      gemm(outOf, places, patch, weight.data, weight.offset + g * outOf * patch, patch, 1, columns, direct ? from : 0, places, 1, output, to, places, 1, beta);
    }
  }
}

/** Fills each channel of [batch, channels, places] with its number. */
function fillChannels(data: TypedArray, batch: number, channels: number, places: number, values: Block): void {
  for (let n = 0, at = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++, at += places) data.fill(values.data[values.offset + c] as never, at, at + places);
  }
}

/** Adds to `gradInput`, which holds zeros, the gradient of the input from that of the output, and `bias`[inputs] where it is given. */
export function convolveInput(spec: Convolution, gradOutput: Block, weight: Block, bias: Block | null, gradInput: TypedArray): void {
  if (bias !== null) fillChannels(gradInput, spec.batch, spec.inputs, volume(spec.window.input), bias);
  const scratch = engineFor(spec, gradInput);
  if (scratch !== null) return convolveInputBlocks(scratch, spec, gradOutput as Floats, weight as Floats, gradInput as FloatArray, bias === null);
  const { into, outOf, patch, places, plane } = shapesOf(spec);
  const direct = isPointwise(spec.window);
  const columns = direct ? gradInput : allocateLike(gradOutput, patch * places);
  for (let n = 0; n < spec.batch; n++) {
    for (let g = 0; g < spec.groups; g++) {
      const from = gradOutput.offset + (n * spec.outputs + g * outOf) * places;
      const to = (n * spec.inputs + g * into) * plane;
      const w = weight.offset + g * outOf * patch;
      gemm(patch, places, outOf, weight.data, w, 1, patch, gradOutput.data, from, places, 1, columns, direct ? to : 0, places, 1, direct ? 1 : 0);
      if (!direct) addColumns(columns, into, spec.window, gradInput, to);
    }
  }
}

/** Adds to `gradWeight` the gradient of the weight from the input and the gradient of the output. */
export function convolveWeight(spec: Convolution, gradOutput: Block, input: Block, gradWeight: TypedArray): void {
  const scratch = engineFor(spec, gradWeight);
  if (scratch !== null) return convolveWeightBlocks(scratch, spec, gradOutput as Floats, input as Floats, gradWeight as FloatArray);
  const { into, outOf, patch, places, plane } = shapesOf(spec);
  const direct = isPointwise(spec.window);
  const columns = direct ? input.data : allocateLike(input, patch * places);
  for (let n = 0; n < spec.batch; n++) {
    for (let g = 0; g < spec.groups; g++) {
      const at = input.offset + (n * spec.inputs + g * into) * plane;
      if (!direct) toColumns(input.data, at, into, spec.window, columns);
      const from = gradOutput.offset + (n * spec.outputs + g * outOf) * places;
      gemm(outOf, patch, places, gradOutput.data, from, places, 1, columns, direct ? at : 0, 1, places, gradWeight, g * outOf * patch, patch, 1, 1);
    }
  }
}
