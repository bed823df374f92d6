/** The inner loops of im2col and col2im: from the lines of an image to one row of the matrix, and back. */

import type { Lanes } from "./lanes.ts";
import { add, type Code, type Func, func, load, type Local, mul, op, store } from "./wat.ts";

const PARAMETERS = ["image", "lineStride", "step", "matrix", "lines", "count"];

/** In each line, `vectors` for elements that are adjacent in the image too (`step` is the size of one) and fill a vector, `scalar` for the others. */
function overLines(
  f: Func,
  lanes: Lanes,
  [image, lineStride, step, matrix, lines, count]: Local[],
  vectors: (image: Local, matrix: Local) => void,
  scalar: (image: Local, matrix: Local) => void,
): void {
  const together = f.let("i32", op("select", [mul(op("i32.and", [count, -lanes.count]), lanes.size), 0, op("i32.eq", [step, lanes.size])]));
  f.for(0, lines, 1, () => {
    const at = f.let("i32", image);
    const whole = f.let("i32", add(matrix, together));
    const end = f.let("i32", add(matrix, mul(count, lanes.size)));
    const run = (limit: Local, pixels: Code, bytes: number, body: (image: Local, matrix: Local) => void) =>
      f.while(op("i32.lt_s", [matrix, limit]), () => {
        body(at, matrix);
        f.increase(at, pixels);
        f.increase(matrix, bytes);
      });
    run(whole, 16, 16, vectors);
    run(end, step, lanes.size, scalar);
    f.increase(image, lineStride);
  });
}

/** Copies `lines` lines of `count` elements of the image to the matrix, where they have no gaps; strides are in bytes. */
export function gather(lanes: Lanes): string {
  const { scalar } = lanes;
  return func(`gather_${scalar}`, PARAMETERS, (f, ...parameters) => {
    overLines(
      f,
      lanes,
      parameters,
      (image, matrix) => f.do(lanes.store(matrix, lanes.load(image))),
      (image, matrix) => f.do(store(`${scalar}.store`, matrix, load(`${scalar}.load`, image))),
    );
  });
}

/** Adds to the image what `gather` would have copied from there. */
export function scatter(lanes: Lanes): string {
  const { scalar } = lanes;
  return func(`scatter_${scalar}`, PARAMETERS, (f, ...parameters) => {
    overLines(
      f,
      lanes,
      parameters,
      (image, matrix) => f.do(lanes.store(image, lanes.add(lanes.load(image), lanes.load(matrix)))),
      (image, matrix) => f.do(store(`${scalar}.store`, image, op(`${scalar}.add`, [load(`${scalar}.load`, image), load(`${scalar}.load`, matrix)]))),
    );
  });
}
