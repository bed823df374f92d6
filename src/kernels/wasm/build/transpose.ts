/** Transposition of matrices with elements of one to eight bytes, and copies of their rows. */

import type { Lanes } from "./lanes.ts";
import { add, type Code, func, load, type Local, mul, op, store, sub } from "./wat.ts";

/** Rows of the result that are written side by side. */
const ROWS = 8;

/**
 * `transpose4(rows, columns, input, inStride, output, outStride)` and so on, for elements of so many bytes: element (i, j) of the result, at
 * output + i * outStride + j * size, is the one at input + i * size + j * inStride. All are counted in bytes but `rows` and `columns`.
 */
export function transposes(single: Lanes, double: Lanes): string[] {
  return [transpose(1, null), transpose(2, null), transpose(4, single), transpose(8, double), copyRuns()];
}

const LOADS: Record<number, [string, string]> = {
  1: ["i32.load8_u", "i32.store8"],
  2: ["i32.load16_u", "i32.store16"],
  4: ["i32.load", "i32.store"],
  8: ["i64.load", "i64.store"],
};

function transpose(size: number, lanes: Lanes | null): string {
  const [read, write] = LOADS[size];
  return func(`transpose${size}`, ["rows", "columns", "input", "inStride", "output", "outStride"], (f, rows, columns, input, inStride, output, outStride) => {
    /** One row after the other from row i and column j on. */
    const plain = (from: Code, to: Code, first: Code) => {
      f.for(from, to, 1, (i) => {
        const x = f.let("i32", add(input, add(mul(i, size), mul(first, inStride))));
        const y = f.let("i32", add(output, add(mul(i, outStride), mul(first, size))));
        f.for(first, columns, 1, () => {
          f.do(store(write, y, load(read, x)));
          f.increase(x, inStride);
          f.increase(y, size);
        });
      });
    };
    if (lanes === null) return plain(0, rows, 0);
    const { count } = lanes;
    const done = f.let("i32", op("i32.and", [rows, -ROWS])), side = f.let("i32", op("i32.and", [columns, -count]));
    f.for(0, done, ROWS, (i) => {
      const x = f.let("i32", add(input, mul(i, size)));
      const y = f.let("i32", add(output, mul(i, outStride)));
      f.for(0, side, count, () => {
        const lines: Local[] = [x];
        for (let j = 1; j < count; j++) lines.push(f.let("i32", add(lines[j - 1], inStride)));
        const target = f.let("i32", y);
        for (let k = 0; k < ROWS; k += count) {
          const tile = lanes.transpose(f, lines.map((line) => f.let("v128", lanes.load(line, k * size))));
          for (const row of tile) {
            f.do(lanes.store(target, row));
            f.increase(target, outStride);
          }
        }
        f.set(x, add(lines[count - 1], inStride));
        f.increase(y, 16);
      });
    });
    plain(0, done, side);
    plain(done, rows, 0);
  });
}

/** `copy_runs(rows, bytes, input, inStride, output, outStride)`: copies rows of `bytes` bytes; their distances are bytes too. */
function copyRuns(): string {
  return func("copy_runs", ["rows", "bytes", "input", "inStride", "output", "outStride"], (f, rows, bytes, input, inStride, output, outStride) => {
    f.for(0, rows, 1, () => {
      const x = f.let("i32", input), y = f.let("i32", output);
      const end = f.let("i32", add(input, bytes));
      const copy = (size: number, read: string, write: string) => {
        const last = f.let("i32", sub(end, size));
        f.while(op("i32.le_s", [x, last]), () => {
          f.do(store(write, y, load(read, x)));
          f.increase(x, size);
          f.increase(y, size);
        });
      };
      copy(16, "v128.load", "v128.store");
      copy(4, "i32.load", "i32.store");
      copy(1, "i32.load8_u", "i32.store8");
      f.increase(input, inStride);
      f.increase(output, outStride);
    });
  });
}
