/** Products of a vector and a matrix that stands in memory as it is: each of its elements is used once, so that packing would not pay. */

import { type Lanes } from "./lanes.ts";
import { below } from "./gemm.ts";
import { add, func, type Local, min, mul, op, sub } from "./wat.ts";

/** Vectors of columns that are summed at the same time. */
const VECTORS = 4;
/** Rows that are summed before the sum is added to that of others: sums of sums are more accurate. */
const ROWS = 32;

/** The functions for one element type. */
export function gemv(lanes: Lanes): string[] {
  return [combine(lanes), dots(lanes)];
}

/** c[n] += a[k] * b[k, n], the elements of a up to `end`; rows of b are `stride` bytes apart, c goes up to `last`, rounded up to VECTORS vectors. */
function combine(lanes: Lanes): string {
  const { size } = lanes;
  return func(`combine_${lanes.scalar}`, ["a", "end", "b", "stride", "c", "last"], (f, a, end, b, stride, c, last) => {
    const columns = Array.from({ length: VECTORS }, (_, j) => ({ j, sum: f.local("v128"), total: f.local("v128") }));
    const element = f.local("v128"), left = f.local("i32"), right = f.local("i32"), pause = f.local("i32");
    f.while(op("i32.lt_s", [c, last]), () => {
      f.set(left, a);
      f.set(right, b);
      columns.forEach(({ j, total }) => f.set(total, lanes.load(c, 16 * j)));
      f.while(op("i32.lt_s", [left, end]), () => {
        f.set(pause, min(add(left, ROWS * size), end));
        columns.forEach(({ sum }) => f.set(sum, lanes.zero));
        f.while(op("i32.lt_s", [left, pause]), () => {
          f.set(element, lanes.splat(left));
          columns.forEach(({ j, sum }) => f.set(sum, lanes.madd(element, lanes.load(right, 16 * j), sum)));
          f.increase(left, size);
          f.increase(right, stride);
        });
        columns.forEach(({ sum, total }) => f.set(total, lanes.add(total, sum)));
      });
      columns.forEach(({ j, total }) => f.do(lanes.store(c, total, 16 * j)));
      f.increase(b, 16 * VECTORS);
      f.increase(c, 16 * VECTORS);
    });
  });
}

/** c[n] += the products of a[k] with n lines, `stride` bytes apart, of k elements each; c has room for a whole number of vectors. */
function dots(lanes: Lanes): string {
  const { size, count } = lanes;
  return func(`dots_${lanes.scalar}`, ["a", "k", "lines", "n", "stride", "c"], (f, a, k, lines, n, stride, c) => {
    const whole = f.let("i32", add(a, mul(op("i32.and", [k, -count]), size)));
    const mask = f.let("v128", below(lanes, op("i32.and", [k, count - 1])));
    const left = f.local("i32"), vector = f.local("v128");
    f.for(0, n, count, (j) => {
      const group = Array.from({ length: count }, (_, w) => {
        const pointer = f.let("i32", add(lines, mul(stride, min(add(j, w), sub(n, 1)))));
        return { pointer, sum: f.let("v128", lanes.zero) };
      });
      const step = (value: (address: Local) => string) => {
        f.set(vector, value(left));
        group.forEach(({ pointer, sum }) => f.set(sum, lanes.madd(vector, value(pointer), sum)));
      };
      f.set(left, a);
      f.while(op("i32.lt_s", [left, whole]), () => {
        step((address) => lanes.load(address));
        group.forEach(({ pointer }) => f.increase(pointer, 16));
        f.increase(left, 16);
      });
      f.if(op("i32.and", [k, count - 1]), () => step((address) => op("v128.and", [lanes.load(address), mask])));
      const sums = lanes.transpose(f, group.map(({ sum }) => sum));
      f.do(lanes.store(c, lanes.add(lanes.load(c), sums.slice(1).reduce((total, sum) => lanes.add(total, sum), String(sums[0])))));
      f.increase(c, 16);
    });
  });
}
