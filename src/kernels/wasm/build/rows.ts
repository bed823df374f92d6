/** Softmax of float32 matrices that have no gaps between their rows. A row is worked on in pieces of two vectors. */

import { expTail, fit } from "./fit.ts";
import type { Lanes } from "./lanes.ts";
import { type Vector, Vectors } from "./vectors.ts";
import { add, call, type Code, func, type Local, op, store, sub } from "./wat.ts";

/** Where the vectors of a piece begin. */
const OFFSETS = [0, 16, 32, 48];
/** Bytes of a piece. */
const PIECE = 16 * OFFSETS.length;

/** What the module imports for these functions. */
export const imports: string[] = [`(import "Math" "log" (func $Math_log (param f64) (result f64)))`];

/** All functions of this file. */
export function rows(single: Lanes): string[] {
  return [softmax(single), logSoftmax(single), softmaxBackward(single), logSoftmaxBackward(single), pickedBackward(single), sumExponentials(single)];
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
    const ones = lanes.pool.address(new Uint8Array(new Int32Array(PIECE / 2).fill(-1, 0, PIECE / 4).buffer));
    body(at, read(v, sub(ones + PIECE, sub(end, at))));
  });
}

/** The piece at an address. */
function read({ f, lanes }: Vectors, at: Code): Vector {
  const local = f.let("i32", at);
  return OFFSETS.map((offset) => f.let("v128", lanes.load(local, offset)));
}

/** Overwrites a piece, whose elements were `old`, within the row. */
function write(v: Vectors, at: Local, value: Vector, old: Vector, inside?: Vector): void {
  (inside ? v.select(inside, value, old) : value).forEach((x, i) => v.f.do(v.lanes.store(at, x, i * 16)));
}

/** The largest element of a row, in every lane; NaN does not count. */
function largest(v: Vectors, start: Code, end: Code): Vector {
  const max = OFFSETS.map(() => v.f.let("v128", v.lanes.constant(-Infinity)));
  eachPiece(v, start, end, (at, inside) => {
    const x = read(v, at);
    v.set(max, v.op("pmax", max, inside ? v.select(inside, x, -Infinity) : x));
  });
  const eight = v.op("pmax", max.slice(0, 2), max.slice(2));
  const four = v.op("pmax", [eight[0]], [eight[1]]);
  const two = v.op("pmax", four, v.shuffle(four, [2, 3, 0, 1]));
  return v.op("pmax", two, v.shuffle(two, [1, 0, 3, 2]));
}

/** The sum of what `term` makes of the pieces of a row, in float64 in both lanes. */
function sum(v: Vectors, start: Code, end: Code, term: (at: Local, inside?: Vector) => Vector): Vector {
  const w = v.double;
  const total = OFFSETS.map(() => v.f.let("v128", v.lanes.zero));
  eachPiece(v, start, end, (at, inside) => {
    const x = term(at, inside);
    const terms = inside ? v.bitwise("and", x, inside) : x;
    w.set(total, w.add(total, v.promote(v.add(terms.slice(0, 2), terms.slice(2)))));
  });
  const halves = w.add(total.slice(0, 2), total.slice(2));
  const both = w.add([halves[0]], [halves[1]]);
  return w.add(both, v.shuffle(both, [2, 3, 0, 1]));
}

/** e^r = 1 + r + r^2 (c0 + c1 r + ...) for |r| <= log(2) / 2. */
const EXP_FIT = fit(expTail, -Math.LN2 / 2, Math.LN2 / 2, 4);
/** log(2) in two parts; the product of the first, 10 bits, with a whole number of 14 bits is exact. */
const LN2 = [0.693359375, Math.LN2 - 0.693359375];

/**
 * e^x times `scale`, a power of two, for x that are not above 0 to speak of; those below `lowest` count as `lowest`, for which the result must be a normal
 * number. `parts` add up to log(2).
 */
function expDecaying(v: Vectors, x: Vector, lowest: number, scale = 1, parts = LN2): Vector {
  // adding 1.5 * 2^23 rounds to a whole number n and leaves it in the low bits; there shifts bring it to the exponent
  const magic = 1.5 * 2 ** 23;
  const limited = v.atLeast(x, lowest);
  const shifted = v.madd(limited, 1 / Math.LN2, magic);
  const n = v.sub(shifted, magic);
  const r = parts.reduce((rest, part) => v.madd(n, -part, rest), limited);
  const value = v.polynomial(r, [1, 1, ...EXP_FIT].map((c) => c * scale));
  return v.integer("add", value, v.shift("shl", shifted, 23));
}

/** Here e^x underflows to 0 even if it is multiplied by what gradients are. */
const NOTHING = -108;
/** Makes e^NOTHING a normal number. */
const SCALE = 2 ** 32;

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

/** Replaces each row by its softmax: e^(x - m) / sum of e^(x - m) with m the largest element. What is subnormal is so only after the division. */
function softmax(lanes: Lanes): string {
  return overRows("softmax", lanes, [], (v, start, end) => {
    const max = largest(v, start, end);
    const total = sum(v, start, end, (at, inside) => {
      const x = read(v, at);
      const e = expDecaying(v, v.sub(x, max), NOTHING, SCALE);
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

/** The sum of e^(x - m) of a row, which is at least 1: what is below the normal numbers is no part of it, nor the second part of log(2). */
function exponentials(v: Vectors, start: Code, end: Code, max: Vector): Vector {
  return sum(v, start, end, (at) => expDecaying(v, v.sub(read(v, at), max), -87, 1, [Math.LN2]));
}

/** e^y of the logarithm of a probability. */
const probability = (v: Vectors, y: Vector): Vector => v.mul(expDecaying(v, y, NOTHING, SCALE), 1 / SCALE);

/** Replaces each row by the logarithm of its softmax: (x - m) - log(sum of e^(x - m)). */
function logSoftmax(lanes: Lanes): string {
  return overRows("log_softmax", lanes, [], (v, start, end) => {
    const max = largest(v, start, end);
    const [total] = exponentials(v, start, end, max);
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
      write(v, at, v.sub(g, v.mul(probability(v, read(v, add(at, offset))), total)), g, inside);
    });
  });
}

/** Replaces each row y by -e^y t, the derivative of log_softmax where the gradient has but one element, with t its float32 at `totals`, which counts up. */
function pickedBackward(lanes: Lanes): string {
  return overRows("log_softmax_backward_picked", lanes, ["totals"], (v, start, end, totals) => {
    const total: Vector = [v.f.let("v128", lanes.splat(totals))];
    eachPiece(v, start, end, (at, inside) => {
      const y = read(v, at);
      write(v, at, v.sub(0, v.mul(probability(v, y), total)), y, inside);
    });
    v.f.increase(totals, lanes.size);
  });
}

/** Writes two float64 for each row to `out`: its largest element m, NaN left aside, and the sum of e^(x - m). */
function sumExponentials(lanes: Lanes): string {
  return overRows("sum_exponentials", lanes, ["out"], (v, start, end, out) => {
    const max = largest(v, start, end);
    const [total] = exponentials(v, start, end, max);
    v.f.do(store("f64.store", out, op("f64.promote_f32", [op("f32x4.extract_lane", [max[0]], "0")])));
    v.f.do(store("f64.store", out, op("f64x2.extract_lane", [total], "0"), 8));
    v.f.increase(out, 16);
  });
}
