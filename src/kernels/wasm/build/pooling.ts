/** Maxima of sliding windows. */

import type { Lanes } from "./lanes.ts";
import { add, func, type Local, mul, op, sub } from "./wat.ts";
import { even } from "./windows.ts";

const PARAMETERS = ["image", "planes", "plane", "down", "downStep", "across", "acrossStep", "lineStep", "step", "places", "indices", "lines", "count"];

/**
 * Writes the largest element of each window and its number in its plane as a 32-bit integer; the parameters are those of `windows.ts`, places and
 * indices being without gaps. Of equal elements the first counts, and NaN is larger than every number. For float32; up to 12 bytes are written beyond
 * the last place and the last index, and as much as three steps is read beyond the last window.
 */
export function maxWindows(lanes: Lanes): string {
  return func("maxWindows", PARAMETERS, (f, ...parameters) => {
    const [image, planes, plane, down, downStep, across, acrossStep, lineStep, step, places, indices, lines, count] = parameters;
    const bytes = f.let("i32", mul(count, 4));
    const distance = f.let("i32", op("i32.shr_u", [step, 2]));
    const apart = f.let("v128", op("i32x4.mul", [op("i32x4.splat", [distance]), "(v128.const i32x4 0 1 2 3)"]));
    const most = f.local("v128"), number = f.local("v128"), found = f.local("v128"), here = f.local("v128"), larger = f.local("v128");

    /** The windows of a line, four at a time, whose elements `read` reads. */
    const line = (from: Local, read: (address: Local) => string) => {
      const at = f.let("i32", from), end = f.let("i32", add(places, bytes));
      f.while(op("i32.lt_u", [places, end]), () => {
        const above = f.let("i32", at);
        f.set(most, read(at));
        f.set(number, op("i32x4.add", [op("i32x4.splat", [op("i32.shr_u", [sub(at, image), 2])]), apart]));
        f.for(0, down, 1, () => {
          const address = f.let("i32", above);
          f.for(0, across, 1, () => {
            f.set(found, read(address));
            f.set(here, op("i32x4.add", [op("i32x4.splat", [op("i32.shr_u", [sub(address, image), 2])]), apart]));
            f.set(larger, op("v128.or", [lanes.op("gt", found, most), lanes.op("ne", found, found)]));
            f.set(most, op("v128.bitselect", [found, most, larger]));
            f.set(number, op("v128.bitselect", [here, number, larger]));
            f.increase(address, acrossStep);
          });
          f.increase(above, downStep);
        });
        f.do(lanes.store(places, most));
        f.do(lanes.store(indices, number));
        f.increase(places, 16);
        f.increase(indices, 16);
        f.increase(at, mul(4, step));
      });
      // the last vector may have reached over the end
      f.increase(indices, sub(end, places));
      f.set(places, end);
    };
    const single = (address: Local) => {
      let vector = lanes.splat(address);
      for (let lane = 1; lane < 4; lane++) vector = op("v128.load32_lane", [add(address, mul(lane, step)), vector], String(lane));
      return vector;
    };
    f.for(0, planes, 1, () => {
      const from = f.let("i32", image);
      f.for(0, lines, 1, () => {
        f.if(op("i32.eq", [step, 4]), () => line(from, (address) => lanes.load(address)), () => {
          f.if(op("i32.eq", [step, 8]), () => line(from, (address) => even(lanes, lanes.load(address), lanes.load(address, 16))), () => line(from, single));
        });
        f.increase(from, lineStep);
      });
      f.increase(image, plane);
    });
  });
}
