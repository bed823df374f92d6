/**
 * Convolutions of one channel after the other, for products with so few rows that gathering patches would cost more than multiplying them. The
 * parameters are those of `windows.ts`, but for `weight`, which stands for the distance of two rows: the address of a number and, after it, of the
 * weights, [planes][down][across].
 */

import type { Lanes } from "./lanes.ts";
import { add, type Code, type Func, func, load, type Local, mul, op, store, sub } from "./wat.ts";
import { even } from "./windows.ts";

const PARAMETERS = ["image", "planes", "plane", "down", "downStep", "across", "acrossStep", "lineStep", "step", "places", "weight", "lines", "count"];

/** Calls `body` for each weight with its address and the address in the image of the element that it meets first. */
function overWeights(f: Func, lanes: Lanes, parameters: Local[], image: Code, body: (weight: Local, image: Local) => void): void {
  const [, planes, plane, down, downStep, across, acrossStep, , , , first] = parameters;
  const weight = f.let("i32", add(first, lanes.size)), channel = f.let("i32", image);
  f.for(0, planes, 1, () => {
    const above = f.let("i32", channel);
    f.for(0, down, 1, () => {
      const at = f.let("i32", above);
      f.for(0, across, 1, () => {
        body(weight, at);
        f.increase(weight, lanes.size);
        f.increase(at, acrossStep);
      });
      f.increase(above, downStep);
    });
    f.increase(channel, plane);
  });
}

/** Vectors in `correlate`'s wide and narrow pieces of a line: sums that do not wait for each other. */
const WIDE = 4, NARROW = 2;

/**
 * Writes to each place the number before the weights plus the sum of the weights times what they meet there. Where places are adjacent or every
 * second one, up to 28 bytes are written beyond the last.
 */
export function correlate(lanes: Lanes): string {
  const { scalar, size } = lanes;
  return func(`correlate_${scalar}`, PARAMETERS, (f, ...parameters) => {
    const [image, , , , , , , lineStep, step, places, first, lines, count] = parameters;
    const bytes = f.let("i32", mul(count, size));
    const to = f.local("i32"), at = f.local("i32");
    /** Pieces of so many vectors, as long as more than `least` bytes of the line are missing. */
    const pieces = (vectors: number, least: number, distance: number, end: Code, read: (address: Local, vector: number) => string) => {
      const sums = Array.from({ length: vectors }, () => f.local("v128"));
      f.while(op("i32.gt_s", [sub(end, to), least]), () => {
        sums.forEach((sum) => f.set(sum, lanes.splat(first)));
        overWeights(f, lanes, parameters, at, (weight, address) => {
          const factor = f.let("v128", lanes.splat(weight));
          sums.forEach((sum, v) => f.set(sum, lanes.madd(factor, read(address, v), sum)));
        });
        sums.forEach((sum, v) => f.do(lanes.store(to, sum, 16 * v)));
        f.increase(to, 16 * vectors);
        f.increase(at, 16 * vectors * distance);
      });
    };
    const line = (distance: number, read: (address: Local, vector: number) => string) => {
      const end = f.let("i32", add(places, bytes));
      pieces(WIDE, 16 * NARROW, distance, end, read);
      pieces(NARROW, 0, distance, end, read);
    };
    const sum = f.local(scalar);
    f.for(0, lines, 1, () => {
      f.set(to, places);
      f.set(at, image);
      f.if(op("i32.eq", [step, size]), () => {
        line(1, (address, v) => lanes.load(address, 16 * v));
      }, () => {
        f.if(op("i32.eq", [step, 2 * size]), () => {
          line(2, (address, v) => even(lanes, lanes.load(address, 32 * v), lanes.load(address, 32 * v + 16)));
        }, () => {
          f.for(0, count, 1, () => {
            f.set(sum, load(`${scalar}.load`, first));
            overWeights(f, lanes, parameters, at, (weight, address) => {
              f.set(sum, op(`${scalar}.add`, [sum, op(`${scalar}.mul`, [load(`${scalar}.load`, weight), load(`${scalar}.load`, address)])]));
            });
            f.do(store(`${scalar}.store`, to, sum));
            f.increase(to, size);
            f.increase(at, step);
          });
        });
      });
      f.increase(places, bytes);
      f.increase(image, lineStep);
    });
  });
}

/** Adds to the image, for every weight, the places times the weight: the transpose of `correlate`. */
export function spread(lanes: Lanes): string {
  const { scalar, size } = lanes;
  return func(`spread_${scalar}`, PARAMETERS, (f, ...parameters) => {
    const [image, , , , , , , lineStep, step, places, , lines, count] = parameters;
    const bytes = f.let("i32", mul(count, size));
    overWeights(f, lanes, parameters, image, (weight, address) => {
      const factor = f.let("v128", lanes.splat(weight)), line = f.let("i32", address), from = f.let("i32", places);
      f.for(0, lines, 1, () => {
        const at = f.let("i32", line), end = f.let("i32", add(from, bytes));
        f.if(op("i32.eq", [step, size]), () => {
          const whole = f.let("i32", sub(end, 15));
          f.while(op("i32.lt_s", [from, whole]), () => {
            f.do(lanes.store(at, lanes.madd(factor, lanes.load(from), lanes.load(at))));
            f.increase(at, 16);
            f.increase(from, 16);
          });
        });
        f.while(op("i32.lt_s", [from, end]), () => {
          const product = op(`${scalar}.mul`, [load(`${scalar}.load`, weight), load(`${scalar}.load`, from)]);
          f.do(store(`${scalar}.store`, at, op(`${scalar}.add`, [load(`${scalar}.load`, at), product])));
          f.increase(at, step);
          f.increase(from, size);
        });
        f.increase(line, lineStep);
      });
    });
  });
}

/** Adds to every weight the sum of the places times what it meets there. */
export function meet(lanes: Lanes): string {
  const { scalar, size, count: width } = lanes;
  return func(`meet_${scalar}`, PARAMETERS, (f, ...parameters) => {
    const [image, , , , , , , lineStep, step, places, , lines, count] = parameters;
    const bytes = f.let("i32", mul(count, size));
    const sums = [f.local("v128"), f.local("v128")], rest = f.local(scalar);
    overWeights(f, lanes, parameters, image, (weight, address) => {
      sums.forEach((sum) => f.set(sum, lanes.zero));
      f.set(rest, load(`${scalar}.load`, weight));
      const line = f.let("i32", address), from = f.let("i32", places);
      f.for(0, lines, 1, () => {
        const at = f.let("i32", line), end = f.let("i32", add(from, bytes));
        const vectors = (distance: number, read: (offset: number) => string) => {
          const pieces = (n: number) => {
            const whole = f.let("i32", sub(end, 16 * n - 1));
            f.while(op("i32.lt_s", [from, whole]), () => {
              sums.slice(0, n).forEach((sum, v) => f.set(sum, lanes.madd(lanes.load(from, 16 * v), read(16 * v * distance), sum)));
              f.increase(at, 16 * n * distance);
              f.increase(from, 16 * n);
            });
          };
          pieces(2);
          pieces(1);
        };
        f.if(op("i32.eq", [step, size]), () => vectors(1, (offset) => lanes.load(at, offset)), () => {
          f.if(op("i32.eq", [step, 2 * size]), () => vectors(2, (offset) => even(lanes, lanes.load(at, offset), lanes.load(at, offset + 16))));
        });
        f.while(op("i32.lt_s", [from, end]), () => {
          f.set(rest, op(`${scalar}.add`, [rest, op(`${scalar}.mul`, [load(`${scalar}.load`, from), load(`${scalar}.load`, at)])]));
          f.increase(at, step);
          f.increase(from, size);
        });
        f.increase(line, lineStep);
      });
      f.set(sums[0], lanes.add(sums[0], sums[1]));
      for (let lane = 0; lane < width; lane++) f.set(rest, op(`${scalar}.add`, [rest, op(`${lanes.shape}.extract_lane`, [sums[0]], String(lane))]));
      f.do(store(`${scalar}.store`, weight, rest));
    });
  });
}
