/** Convolution as a matrix product: windows of an image as the columns of a matrix, and the way back. */

import { copyLines, copyRun, type FloatArray } from "./copy.ts";
import { engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** The geometry of a two-dimensional convolution; each pair is vertical, horizontal. */
export interface Windows {
  /** Channels of the image. */
  channels: number;
  /** Height and width of the image. */
  image: readonly [number, number];
  /** Height and width of the kernel. */
  kernel: readonly [number, number];
  /** Distance of two windows. */
  stride: readonly [number, number];
  /** Zeros around the image. */
  padding: readonly [number, number];
  /** Distance of two elements of a window. */
  dilation: readonly [number, number];
}

/** Height and width of the result: how many windows there are. */
export function windowCounts({ image, kernel, stride, padding, dilation }: Windows): [number, number] {
  const count = (d: 0 | 1) => Math.floor((image[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) / stride[d]) + 1;
  return [count(0), count(1)];
}

/** Copies lines of the image to the matrix, or adds the other way round; addresses and strides in elements. */
type Lines = (image: number, lineStride: number, step: number, matrix: number, lines: number, count: number) => void;

/** One channel with its padding, and its rows of the matrix, in one array; in the kernels' memory where there is one. */
interface Workspace {
  memory: FloatArray;
  /** Where the padded channel begins, and where its first pixel stands. */
  channel: number;
  pixels: number;
  /** Where the rows of the matrix begin, and how many elements they are. */
  matrix: number;
  size: number;
  /** The distance of two lines of the padded channel. */
  lineStride: number;
  /** Applies one of the two directions to each row of the matrix. */
  eachRow(direction: "gather" | "scatter"): void;
}

function workspace(windows: Windows, image: FloatArray): Workspace {
  const { image: [height, width], kernel, stride, padding, dilation } = windows;
  const [rows, columns] = windowCounts(windows);
  const lineStride = width + 2 * padding[1];
  const area = (height + 2 * padding[0]) * lineStride;
  const count = kernel[0] * kernel[1] * rows * columns;

  const single = image instanceof Float32Array;
  const bytes = image.BYTES_PER_ELEMENT;
  const scratch = engine();
  scratch?.reserve((area + count) * bytes);
  const allocated = () => single ? new Float32Array(area + count) : new Float64Array(area + count);
  const memory = scratch === null ? allocated() : single ? scratch.float32 : scratch.float64;
  const channel = scratch === null ? 0 : DATA_ADDRESS / bytes;
  const matrix = channel + area;

  const lines = (direction: "gather" | "scatter"): Lines => {
    if (scratch === null) return direction === "gather" ? gatherIn(memory) : scatterIn(memory);
    const kernels = scratch.kernels;
    const run = direction === "gather" ? (single ? kernels.gather_f32 : kernels.gather_f64) : (single ? kernels.scatter_f32 : kernels.scatter_f64);
    return (image, lineStride, step, matrix, lines, count) => run(image * bytes, lineStride * bytes, step * bytes, matrix * bytes, lines, count);
  };
  const eachRow = (direction: "gather" | "scatter") => {
    const run = lines(direction);
    let row = matrix;
    for (let y = 0; y < kernel[0]; y++) {
      for (let x = 0; x < kernel[1]; x++, row += rows * columns) {
        run(channel + y * dilation[0] * lineStride + x * dilation[1], stride[0] * lineStride, stride[1], row, rows, columns);
      }
    }
  };
  return { memory, channel, pixels: channel + padding[0] * lineStride + padding[1], matrix, size: count, lineStride, eachRow };
}

const gatherIn = (memory: FloatArray): Lines => (image, lineStride, step, matrix, lines, count) => {
  for (let i = 0; i < lines; i++) {
    for (let j = 0, x = image + i * lineStride, y = matrix + i * count; j < count; j++, x += step, y++) memory[y] = memory[x];
  }
};

const scatterIn = (memory: FloatArray): Lines => (image, lineStride, step, matrix, lines, count) => {
  for (let i = 0; i < lines; i++) {
    for (let j = 0, x = image + i * lineStride, y = matrix + i * count; j < count; j++, x += step, y++) memory[x] += memory[y];
  }
};

/**
 * Writes the windows of a contiguous image[channels, height, width] to the columns of the contiguous matrix
 * [channels * kernel height * kernel width, windows].
 */
export function im2col<T extends FloatArray>(windows: Windows, image: T, imageOffset: number, matrix: T, matrixOffset: number): void {
  const [height, width] = windows.image;
  const work = workspace(windows, image);
  work.memory.fill(0, work.channel, work.matrix);
  for (let channel = 0; channel < windows.channels; channel++) {
    copyLines(image, imageOffset + channel * height * width, width, work.memory, work.pixels, work.lineStride, height, width);
    work.eachRow("gather");
    copyRun(work.memory, work.matrix, matrix, matrixOffset + channel * work.size, work.size);
  }
}

/** Adds each element of the matrix to the pixel that `im2col` takes it from: the transposed linear map. */
export function col2im<T extends FloatArray>(windows: Windows, matrix: T, matrixOffset: number, image: T, imageOffset: number): void {
  const [height, width] = windows.image;
  const work = workspace(windows, image);
  const { memory } = work;
  for (let channel = 0; channel < windows.channels; channel++) {
    memory.fill(0, work.channel, work.matrix);
    copyRun(matrix, matrixOffset + channel * work.size, memory, work.matrix, work.size);
    work.eachRow("scatter");
    for (let y = 0, to = imageOffset + channel * height * width; y < height; y++) {
      for (let x = 0, from = work.pixels + y * work.lineStride; x < width; x++, from++, to++) image[to] += memory[from];
    }
  }
}
