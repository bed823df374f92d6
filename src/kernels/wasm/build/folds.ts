/**
 * Sums and products of float32 and float64, accumulated in float64: of everything, of each row, of each column. The order of the additions depends
 * on the number of elements alone.
 */

import type { Lanes } from "./lanes.ts";
import { add, call, type Code, func, funcOf, load, type Local, op, store, sub } from "./wat.ts";

/** How an element is added to an accumulator, both of the shape f64 or f64x2. */
interface Fold {
  start: number;
  /** What an element counts for. */
  term?: (shape: string, x: Local) => Code;
  /** The instruction that joins terms. */
  join: "add" | "mul";
}

/** 1 for what is not zero. */
function one(shape: string, x: Local): string {
  const differs = op(`${shape}.ne`, [x, shape === "f64" ? "(f64.const 0)" : "(v128.const i64x2 0 0)"]);
  return shape === "f64" ? op("f64.convert_i32_u", [differs]) : op("v128.and", [differs, op("f64x2.splat", ["(f64.const 1)"])]);
}

/** x, and 0 for NaN. */
function number(shape: string, x: Local): string {
  const same = op(`${shape}.eq`, [x, x]);
  return shape === "f64" ? op("select", [x, "(f64.const 0)", same]) : op("v128.and", [x, same]);
}

const folds: Record<string, Fold> = {
  sum: { start: 0, join: "add" },
  product: { start: 1, join: "mul" },
  sum_numbers: { start: 0, term: number, join: "add" },
  sum_squares: { start: 0, term: (shape, x) => op(`${shape}.mul`, [x, x]), join: "add" },
  sum_magnitudes: { start: 0, term: (shape, x) => op(`${shape}.abs`, [x]), join: "add" },
  count: { start: 0, term: one, join: "add" },
};

/** All functions of this file for one type of elements. */
export function foldings(lanes: Lanes): string[] {
  return Object.entries(folds).flatMap(([name, fold]) => {
    const full = `${name}_${lanes.scalar}`;
    return [whole(full, fold, lanes), eachRow(full), columns(`${full}_columns`, fold, lanes)];
  });
}

/** Bytes of two elements. */
const pairSize = (lanes: Lanes): number => 2 * lanes.size;

/** The two elements at an address, `pairs` pairs further on, as float64: of float32, a load that widens is one instruction. */
function pair(lanes: Lanes, address: Code, pairs: number): string {
  const offset = pairs * pairSize(lanes);
  return lanes.scalar === "f64" ? lanes.load(address, offset) : op("f64x2.promote_low_f32x4", [load("v128.load64_zero", address, offset)]);
}

/** The element at an address as f64. */
function element(lanes: Lanes, address: Code): string {
  return lanes.scalar === "f64" ? load("f64.load", address) : op("f64.promote_f32", [load("f32.load", address)]);
}

/** Accumulators that do not wait for each other. */
const WIDTH = 4;

/** `sum_f32(address, end)` and so on: the fold of [address, end), a f64. */
function whole(name: string, { start, term, join }: Fold, lanes: Lanes): string {
  return funcOf("f64", name, ["address", "end"], (f, address, end) => {
    const bytes = 2 * WIDTH * pairSize(lanes);
    const splat = op("f64x2.splat", [`(f64.const ${start})`]);
    const totals = Array.from({ length: WIDTH }, () => f.let("v128", splat));
    const of = (shape: string, code: string) => {
      if (term === undefined) return code;
      return term(shape, f.let(shape === "f64" ? "f64" : "v128", code));
    };
    const last = f.let("i32", sub(end, bytes));
    f.while(op("i32.le_s", [address, last]), () => {
      for (let k = 0; k < 2 * WIDTH; k++) f.set(totals[k % WIDTH], op(`f64x2.${join}`, [totals[k % WIDTH], of("f64x2", pair(lanes, address, k))]));
      f.increase(address, bytes);
    });
    const halves = [op(`f64x2.${join}`, [totals[0], totals[1]]), op(`f64x2.${join}`, [totals[2], totals[3]])];
    const both = f.let("v128", op(`f64x2.${join}`, halves));
    const total = f.let("f64", op(`f64.${join}`, [op("f64x2.extract_lane", [both], "0"), op("f64x2.extract_lane", [both], "1")]));
    f.while(op("i32.lt_s", [address, end]), () => {
      f.set(total, op(`f64.${join}`, [total, of("f64", element(lanes, address))]));
      f.increase(address, lanes.size);
    });
    return total;
  });
}

/** `sum_f32_rows(address, end, bytes, out)`: writes what the function `one` gives for each row of `bytes` bytes, a f64, to `out`. */
export function eachRow(one: string): string {
  return func(`${one}_rows`, ["address", "end", "bytes", "out"], (f, address, end, bytes, out) => {
    f.while(op("i32.lt_s", [address, end]), () => {
      const next = f.let("i32", add(address, bytes));
      f.do(store("f64.store", out, call(one, address, next)));
      f.set(address, next);
      f.increase(out, 8);
    });
  });
}

/**
 * `sum_f32_columns(address, end, bytes, out)`: folds the columns of [address, end), rows of `bytes` bytes, into the f64 at `out`, of which there
 * is room for a multiple of 16.
 */
function columns(name: string, { term, join }: Fold, lanes: Lanes): string {
  return func(name, ["address", "end", "bytes", "out"], (f, address, end, bytes, out) => {
    const rowEnd = f.let("i32", add(address, bytes));
    f.while(op("i32.lt_s", [address, rowEnd]), () => {
      const totals = Array.from({ length: 8 }, (_, k) => f.let("v128", load("v128.load", out, 16 * k)));
      const at = f.let("i32", address);
      f.while(op("i32.lt_s", [at, end]), () => {
        totals.forEach((total, k) => {
          const x = pair(lanes, at, k);
          f.set(total, op(`f64x2.${join}`, [total, term === undefined ? x : term("f64x2", f.let("v128", x))]));
        });
        f.increase(at, bytes);
      });
      totals.forEach((total, k) => f.do(store("v128.store", out, total, 16 * k)));
      f.increase(address, 8 * pairSize(lanes));
      f.increase(out, 128);
    });
  });
}
