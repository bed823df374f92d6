/** Sums of bytes and of 64-bit integers. */

import { eachRow } from "./folds.ts";
import { add, type Code, func, funcOf, load, type Local, op, store, sub } from "./wat.ts";

/** All functions of this file. */
export function integers(): string[] {
  return [sumBytes(), eachRow("sum_u8"), sumLongRows(), sumLongColumns()];
}

/** `sum_u8(address, end)`: the sum of fewer than 2^24 bytes, a f64. */
function sumBytes(): string {
  return funcOf("f64", "sum_u8", ["address", "end"], (f, address, end) => {
    const total = f.let("v128", "(v128.const i64x2 0 0)");
    const last = f.let("i32", sub(end, 16));
    f.while(op("i32.le_s", [address, last]), () => {
      const pairs = op("i16x8.extadd_pairwise_i8x16_u", [load("v128.load", address)]);
      f.set(total, op("i32x4.add", [total, op("i32x4.extadd_pairwise_i16x8_u", [pairs])]));
      f.increase(address, 16);
    });
    const sum = f.let("i32", [0, 1, 2, 3].map((lane) => op("i32x4.extract_lane", [total], String(lane))).reduce((a: Code, b) => add(a, b)));
    f.while(op("i32.lt_s", [address, end]), () => {
      f.increase(sum, load("i32.load8_u", address));
      f.increase(address, 1);
    });
    return op("f64.convert_i32_u", [sum]);
  });
}

/** `sum_i64_rows(address, end, bytes, out)`: writes the sum of each row of `bytes` bytes, modulo 2^64, to `out`. */
function sumLongRows(): string {
  return func("sum_i64_rows", ["address", "end", "bytes", "out"], (f, address, end, bytes, out) => {
    f.while(op("i32.lt_s", [address, end]), () => {
      const next = f.let("i32", add(address, bytes));
      const last = f.let("i32", sub(next, 32));
      const totals: Local[] = [0, 16].map(() => f.let("v128", "(v128.const i64x2 0 0)"));
      f.while(op("i32.le_s", [address, last]), () => {
        totals.forEach((total, k) => f.set(total, op("i64x2.add", [total, load("v128.load", address, 16 * k)])));
        f.increase(address, 32);
      });
      const both = f.let("v128", op("i64x2.add", totals));
      const sum = f.let("i64", op("i64.add", ["0", "1"].map((lane) => op("i64x2.extract_lane", [both], lane))));
      f.while(op("i32.lt_s", [address, next]), () => {
        f.set(sum, op("i64.add", [sum, load("i64.load", address)]));
        f.increase(address, 8);
      });
      f.do(store("i64.store", out, sum));
      f.increase(out, 8);
    });
  });
}

/** `sum_i64_columns(address, end, bytes, out)`: adds the columns to the integers at `out`, of which there is room for a multiple of eight. */
function sumLongColumns(): string {
  return func("sum_i64_columns", ["address", "end", "bytes", "out"], (f, address, end, bytes, out) => {
    const rowEnd = f.let("i32", add(address, bytes));
    f.while(op("i32.lt_s", [address, rowEnd]), () => {
      const totals = [0, 16, 32, 48].map((offset) => f.let("v128", load("v128.load", out, offset)));
      const at = f.let("i32", address);
      f.while(op("i32.lt_s", [at, end]), () => {
        totals.forEach((total, k) => f.set(total, op("i64x2.add", [total, load("v128.load", at, 16 * k)])));
        f.increase(at, bytes);
      });
      totals.forEach((total, k) => f.do(store("v128.store", out, total, 16 * k)));
      f.increase(address, 64);
      f.increase(out, 64);
    });
  });
}
