/** The loops of convolutions as matrix products: what a sliding window sees as columns of a matrix, and back. */

import type { Lanes } from "./lanes.ts";
import { add, type Code, type Func, func, load, type Local, mul, op, store } from "./wat.ts";

const PARAMETERS = [
  ...["images", "imageStep", "columnStep", "image", "planes", "plane", "down", "downStep", "across", "acrossStep", "lineStep", "step"],
  ...["matrix", "row", "lines", "count"],
];

/** The places of one line, read from `image` in steps of `step` bytes and adjacent from `matrix` to `end`. */
type Line = (image: Local, step: Local, matrix: Local, end: Local) => void;

/**
 * For each of `planes` planes of an image and each of `down` times `across` elements of the window, one row of the matrix: `lines` lines of `count`
 * places. All distances are in bytes: `plane` of two planes, `downStep` and `acrossStep` of two elements of the window, `lineStep` and `step` of two
 * places, `row` of two rows of the matrix. The places of each of `images` images, `imageStep` apart, stand `columnStep` further in the rows.
 */
function overRows(f: Func, lanes: Lanes, parameters: Local[], eachLine: Line): void {
  const [images, imageStep, columnStep, image, planes, plane, down, downStep, across, acrossStep, lineStep, step, matrix, row, lines, count] = parameters;
  const bytes = f.let("i32", mul(count, lanes.size));
  f.for(0, images, 1, () => {
    const channel = f.let("i32", image), start = f.let("i32", matrix);
    f.for(0, planes, 1, () => {
      const above = f.let("i32", channel);
      f.for(0, down, 1, () => {
        const corner = f.let("i32", above);
        f.for(0, across, 1, () => {
          const from = f.let("i32", corner), to = f.let("i32", start);
          f.for(0, lines, 1, () => {
            const at = f.let("i32", from);
            const end = f.let("i32", add(to, bytes));
            eachLine(at, step, to, end);
            f.set(to, end);
            f.increase(from, lineStep);
          });
          f.increase(corner, acrossStep);
          f.increase(start, row);
        });
        f.increase(above, downStep);
      });
      f.increase(channel, plane);
    });
    f.increase(image, imageStep);
    f.increase(matrix, columnStep);
  });
}

/** Goes through a line: `size` bytes of the matrix and `pixels` bytes of the image at once. */
function run(f: Func, image: Local, pixels: Code, matrix: Local, size: number, end: Local, body: () => void): void {
  f.while(op("i32.lt_u", [matrix, end]), () => {
    body();
    f.increase(image, pixels);
    f.increase(matrix, size);
  });
}

/** Every second lane of a and then of b, from the first on. */
export function even(lanes: Lanes, a: Code, b: Code): string {
  const bytes = Array.from({ length: 16 }, (_, i) => 2 * i - i % lanes.size);
  return op("i8x16.shuffle", [a, b], bytes.join(" "));
}

/** Copies to the matrix. Whole vectors are written where places are adjacent or every second one, up to 16 bytes beyond the end of a row. */
export function gather(lanes: Lanes): string {
  const { scalar, size } = lanes;
  return func(`gather_${scalar}`, PARAMETERS, (f, ...parameters) => {
    overRows(f, lanes, parameters, (image, step, matrix, end) => {
      f.if(op("i32.eq", [step, size]), () => {
        run(f, image, 16, matrix, 16, end, () => f.do(lanes.store(matrix, lanes.load(image))));
      }, () => {
        f.if(op("i32.eq", [step, 2 * size]), () => {
          run(f, image, 32, matrix, 16, end, () => f.do(lanes.store(matrix, even(lanes, lanes.load(image), lanes.load(image, 16)))));
        }, () => {
          run(f, image, step, matrix, size, end, () => f.do(store(`${scalar}.store`, matrix, load(`${scalar}.load`, image))));
        });
      });
    });
  });
}

/** Adds to the image what `gather` would have copied from there. */
export function scatter(lanes: Lanes): string {
  const { scalar, size } = lanes;
  return func(`scatter_${scalar}`, PARAMETERS, (f, ...parameters) => {
    overRows(f, lanes, parameters, (image, step, matrix, end) => {
      f.if(op("i32.eq", [step, size]), () => {
        const whole = f.let("i32", op("i32.sub", [end, 15]));
        run(f, image, 16, matrix, 16, whole, () => f.do(lanes.store(image, lanes.add(lanes.load(image), lanes.load(matrix)))));
      });
      run(f, image, step, matrix, size, end, () => {
        f.do(store(`${scalar}.store`, image, op(`${scalar}.add`, [load(`${scalar}.load`, image), load(`${scalar}.load`, matrix)])));
      });
    });
  });
}

/** Fills memory with zeros. */
export function clear(): string {
  return func("clear", ["address", "bytes"], (f, address, bytes) => f.do(op("memory.fill", [address, 0, bytes])));
}

/** Fills each of `rows` rows of `bytes` bytes, a multiple of 16, with one of the numbers at `values`. */
export function fillRows(lanes: Lanes): string {
  return func(`fillRows_${lanes.scalar}`, ["address", "rows", "bytes", "values"], (f, address, rows, bytes, values) => {
    f.for(0, rows, 1, () => {
      const value = f.let("v128", lanes.splat(values)), end = f.let("i32", add(address, bytes));
      f.while(op("i32.lt_u", [address, end]), () => {
        f.do(lanes.store(address, value));
        f.increase(address, 16);
      });
      f.increase(values, lanes.size);
    });
  });
}
