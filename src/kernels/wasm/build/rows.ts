/** Softmax of float32 matrices that have no gaps between their rows. A row is worked on in pieces of two vectors. */

import { exp, expDecaying } from "./elementwise.ts";
import type { Lanes } from "./lanes.ts";
import { type Vector, Vectors } from "./vectors.ts";
import { add, call, type Code, func, type Local, op, sub } from "./wat.ts";

/** Bytes of a piece. */
const PIECE = 32;

/** What the module imports for these functions. */
export const imports: string[] = [`(import "Math" "log" (func $Math_log (param f64) (result f64)))`];

/** All functions of this file. */
export function rows(single: Lanes): string[] {
  return [softmax(single), logSoftmax(single), softmaxBackward(single), logSoftmaxBackward(single)];
}

/** Emits `body` for whole pieces and once more for an incomplete one, in which `inside` has all bits set in the lanes before `end`. */
function eachPiece(v: Vectors, start: Code, end: Code, body: (at: Local, inside?: Vector) => void): void {
  const { f, lanes } = v;
  const at = f.let("i32", start);
  const last = f.let("i32", sub(end, PIECE));
  f.while(op("i32.le_s", [at, last]), () => {
    body(at);
    f.increase(at, PIECE);
  });
  f.if(op("i32.lt_s", [at, end]), () => {
    const ones = lanes.pool.address(new Uint8Array(new Int32Array(16).fill(-1, 0, 8).buffer));
    body(at, read(v, sub(ones + PIECE, sub(end, at))));
  });
}

/** The piece at an address. */
function read({ f, lanes }: Vectors, at: Code): Vector {
  const local = f.let("i32", at);
  return [0, 16].map((offset) => f.let("v128", lanes.load(local, offset)));
}

/** Overwrites a piece, whose elements were `old`, within the row. */
function write(v: Vectors, at: Local, value: Vector, old: Vector, inside?: Vector): void {
  (inside ? v.select(inside, value, old) : value).forEach((x, i) => v.f.do(v.lanes.store(at, x, i * 16)));
}

/** The largest element of a row, in every lane; NaN does not count. */
function largest(v: Vectors, start: Code, end: Code): Vector {
  const max = [0, 1].map(() => v.f.let("v128", v.lanes.constant(-Infinity)));
  eachPiece(v, start, end, (at, inside) => {
    const x = read(v, at);
    v.set(max, v.op("pmax", max, inside ? v.select(inside, x, -Infinity) : x));
  });
  const four = v.op("pmax", [max[0]], [max[1]]);
  const two = v.op("pmax", four, v.shuffle(four, [2, 3, 0, 1]));
  return v.op("pmax", two, v.shuffle(two, [1, 0, 3, 2]));
}

/** The sum of what `term` makes of the pieces of a row, in float64 in both lanes. */
function sum(v: Vectors, start: Code, end: Code, term: (at: Local, inside?: Vector) => Vector): Vector {
  const w = v.double;
  const total = [0, 1].map(() => v.f.let("v128", v.lanes.zero));
  eachPiece(v, start, end, (at, inside) => {
    const x = term(at, inside);
    const [lower, upper] = inside ? v.bitwise("and", x, inside) : x;
    w.set(total, w.add(total, v.promote(v.add([lower], [upper]))));
  });
  const both = w.add([total[0]], [total[1]]);
  return w.add(both, v.shuffle(both, [2, 3, 0, 1]));
}

/** A float64 that stands in both lanes, rounded, in all. */
const single = (v: Vectors, x: Vector): Vector => v.demote([x[0], x[0]]);

/** A function over the rows of `bytes` bytes in [address, end). */
function overRows(name: string, lanes: Lanes, more: string[], body: (v: Vectors, start: Local, end: Local, ...more: Local[]) => void): string {
  return func(name, ["address", "end", "bytes", ...more], (f, address, end, bytes, ...others) => {
    f.while(op("i32.lt_s", [address, end]), () => {
      const rowEnd = f.let("i32", add(address, bytes));
      body(new Vectors(f, lanes), address, rowEnd, ...others);
      f.set(address, rowEnd);
    });
  });
}

/** Replaces each row by its softmax: e^(x - m) / sum of e^(x - m) with m the largest element. */
function softmax(lanes: Lanes): string {
  return overRows("softmax", lanes, [], (v, start, end) => {
    const max = largest(v, start, end);
    const total = sum(v, start, end, (at, inside) => {
      const x = read(v, at);
      const e = exp(v, v.sub(x, max));
      write(v, at, e, x, inside);
      return e;
    });
    const factor = single(v, v.double.div(1, total));
    eachPiece(v, start, end, (at, inside) => {
      const e = read(v, at);
      write(v, at, v.mul(e, factor), e, inside);
    });
  });
}

/** Replaces each row by the logarithm of its softmax: (x - m) - log(sum of e^(x - m)). */
function logSoftmax(lanes: Lanes): string {
  return overRows("log_softmax", lanes, [], (v, start, end) => {
    const max = largest(v, start, end);
    const [total] = sum(v, start, end, (at) => expDecaying(v, v.sub(read(v, at), max)));
    const log = v.f.let("v128", op("f64x2.splat", [call("Math_log", op("f64x2.extract_lane", [total], "0"))]));
    const shift = single(v, [log]);
    eachPiece(v, start, end, (at, inside) => {
      const x = read(v, at);
      write(v, at, v.sub(v.sub(x, max), shift), x, inside);
    });
  });
}

/** Replaces each row g by y (g - sum(g y)), with y the rows at distance `offset`: the derivative of softmax where y is its result. */
function softmaxBackward(lanes: Lanes): string {
  return overRows("softmax_backward", lanes, ["offset"], (v, start, end, offset) => {
    const total = single(v, sum(v, start, end, (at) => v.mul(read(v, at), read(v, add(at, offset)))));
    eachPiece(v, start, end, (at, inside) => {
      const g = read(v, at);
      write(v, at, v.mul(read(v, add(at, offset)), v.sub(g, total)), g, inside);
    });
  });
}

/** Replaces each row g by g - e^y sum(g), with y the rows at distance `offset`: the derivative of log_softmax where y is its result. */
function logSoftmaxBackward(lanes: Lanes): string {
  return overRows("log_softmax_backward", lanes, ["offset"], (v, start, end, offset) => {
    const total = single(v, sum(v, start, end, (at) => read(v, at)));
    eachPiece(v, start, end, (at, inside) => {
      const g = read(v, at);
      write(v, at, v.sub(g, v.mul(expDecaying(v, read(v, add(at, offset))), total)), g, inside);
    });
  });
}
