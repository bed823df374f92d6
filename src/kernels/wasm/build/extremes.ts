/**
 * Greatest and least elements of float32 and float64, and where they stand: of everything, of each row, of each column. NaN wins over all numbers, the
 * first of several equal ones over the others.
 */

import { eachRow } from "./folds.ts";
import type { Lanes } from "./lanes.ts";
import { add, call, type Code, type Func, func, funcOf, load, type Local, op, store, sub } from "./wat.ts";

/** The greatest: b where a < b. The least: b where b < a. A NaN in `b` is passed over. */
const sides = {
  greatest: { start: -Infinity, join: "pmax", notBetter: "le" },
  least: { start: Infinity, join: "pmin", notBetter: "ge" },
} as const;

type Side = (typeof sides)[keyof typeof sides];

/** All functions of this file for one type of elements. */
export function extremes(lanes: Lanes): string[] {
  return Object.entries(sides).flatMap(([name, side]) => {
    const full = `${name}_${lanes.scalar}`;
    return [
      whole(full, side, lanes),
      eachRow(full),
      columns(`${full}_columns`, side, lanes),
      places(full, lanes),
      columnPlaces(`${full}_column_places`, side, lanes),
    ];
  });
}

/** Vectors that are looked at together. */
const WIDTH = 4;

const anyTrue = (mask: Code): string => op("v128.any_true", [mask]);

/** NaN in the lanes that are NaN. */
const isNaN = (lanes: Lanes, x: Code): string => lanes.op("ne", x, x);

/** `greatest_f32(address, end)`: the greatest element of [address, end) as f64; infinite where there is none. */
function whole(name: string, { start, join }: Side, lanes: Lanes): string {
  return funcOf("f64", name, ["address", "end"], (f, address, end) => {
    const best = Array.from({ length: WIDTH }, () => f.let("v128", lanes.constant(start)));
    const nan = f.let("v128", lanes.zero);
    const take = (k: number, x: Code) => {
      const vector = f.let("v128", x);
      f.set(best[k], lanes.op(join, best[k], vector));
      f.set(nan, op("v128.or", [nan, isNaN(lanes, vector)]));
    };
    const last = f.let("i32", sub(end, 16 * WIDTH));
    f.while(op("i32.le_s", [address, last]), () => {
      for (let k = 0; k < WIDTH; k++) take(k, lanes.load(address, 16 * k));
      f.increase(address, 16 * WIDTH);
    });
    f.while(op("i32.lt_s", [address, end]), () => {
      take(0, lanes.splat(address));
      f.increase(address, lanes.size);
    });
    const both = [lanes.op(join, best[0], best[1]), lanes.op(join, best[2], best[3])];
    const vector = f.let("v128", lanes.op(join, both[0], both[1]));
    // the lanes one after the other
    for (let half = lanes.count / 2; half >= 1; half /= 2) {
      const bytes = Array.from({ length: 16 }, (_, i) => (i + half * lanes.size) % 16);
      f.set(vector, lanes.op(join, vector, op("i8x16.shuffle", [vector, vector], bytes.join(" "))));
    }
    const value = op(`${lanes.shape}.extract_lane`, [vector], "0");
    const double = lanes.scalar === "f64" ? value : op("f64.promote_f32", [value]);
    return op("select", ["(f64.const nan)", double, anyTrue(nan)]);
  });
}

/**
 * `greatest_f32_columns(address, end, bytes, out)`: joins the columns of [address, end), rows of `bytes` bytes, with the f64 at `out`, which are elements too
 * or infinite, and of which there is room for a multiple of eight.
 */
function columns(name: string, { join }: Side, lanes: Lanes): string {
  return func(name, ["address", "end", "bytes", "out"], (f, address, end, bytes, out) => {
    const single = lanes.scalar === "f32";
    const demoted = (offset: number) => op("f32x4.demote_f64x2_zero", [load("v128.load", out, offset)]);
    const offsets = [0, 16];
    const rowEnd = f.let("i32", add(address, bytes));
    f.while(op("i32.lt_s", [address, rowEnd]), () => {
      const best = offsets.map((offset) => f.let("v128", single ? halves(demoted(2 * offset), demoted(2 * offset + 16), 0) : load("v128.load", out, offset)));
      const nan = offsets.map(() => f.let("v128", lanes.zero));
      const at = f.let("i32", address);
      f.while(op("i32.lt_s", [at, end]), () => {
        offsets.forEach((offset, k) => {
          const x = f.let("v128", lanes.load(at, offset));
          f.set(best[k], lanes.op(join, best[k], x));
          f.set(nan[k], op("v128.or", [nan[k], isNaN(lanes, x)]));
        });
        f.increase(at, bytes);
      });
      offsets.forEach((offset, k) => {
        f.set(best[k], op("v128.bitselect", [lanes.constant(NaN), best[k], nan[k]]));
        if (!single) f.do(store("v128.store", out, best[k], offset));
        else {
          f.do(store("v128.store", out, op("f64x2.promote_low_f32x4", [best[k]]), 2 * offset));
          f.do(store("v128.store", out, op("f64x2.promote_low_f32x4", [halves(best[k], best[k], 8)]), 2 * offset + 16));
        }
      });
      f.increase(address, 32);
      f.increase(out, single ? 64 : 32);
    });
  });
}

/** The eight bytes of a from byte `first` on, then those of b. */
function halves(a: Code, b: Code, first: number): string {
  return op("i8x16.shuffle", [a, b], [0, 16].flatMap((start) => Array.from({ length: 8 }, (_, i) => start + first + i)).join(" "));
}

/**
 * `greatest_f32_places(address, end, bytes, values, places)`: writes the extreme element of each row of `bytes` bytes to `values` and its number in the
 * row, an i32, to `places`.
 */
function places(extreme: string, lanes: Lanes): string {
  return func(`${extreme}_places`, ["address", "end", "bytes", "values", "places"], (f, address, end, bytes, values, places) => {
    const { scalar, size } = lanes;
    const at = f.local("i32");
    const best = f.local(scalar);
    f.while(op("i32.lt_s", [address, end]), () => {
      const next = f.let("i32", add(address, bytes));
      const double = call(extreme, address, next);
      f.set(best, scalar === "f64" ? double : op("f32.demote_f64", [double]));
      f.set(at, address);
      f.if(
        op(`${scalar}.eq`, [best, best]),
        () => find(f, lanes, at, next, op(`${lanes.shape}.splat`, [best]), (x, wanted) => lanes.op("eq", x, wanted), (x) => op(`${scalar}.ne`, [x, best])),
        () => find(f, lanes, at, next, lanes.zero, (x) => isNaN(lanes, x), (x) => op(`${scalar}.eq`, [x, x])),
      );
      f.do(store(`${scalar}.store`, values, load(`${scalar}.load`, at)));
      f.do(store("i32.store", places, op("i32.div_u", [sub(at, address), size])));
      f.increase(values, size);
      f.increase(places, 4);
      f.set(address, next);
    });
  });
}

/** Moves `at` on to the first element before `end` that is looked for; there is one. `matches` looks at vectors, `differs` at an element. */
function find(
  f: Func,
  lanes: Lanes,
  at: Local,
  end: Local,
  wanted: Code,
  matches: (x: Local, wanted: Local) => string,
  differs: (x: Local) => string,
): void {
  const target = f.let("v128", wanted);
  const found = f.let("i32", 0);
  const last = f.let("i32", sub(end, 16 * WIDTH));
  f.while(op("i32.and", [op("i32.eqz", [found]), op("i32.le_s", [at, last])]), () => {
    const masks = Array.from({ length: WIDTH }, (_, k) => matches(f.let("v128", lanes.load(at, 16 * k)), target));
    f.set(found, anyTrue(masks.reduce((a, b) => op("v128.or", [a, b]))));
    f.if(op("i32.eqz", [found]), () => f.increase(at, 16 * WIDTH));
  });
  const element = f.let(lanes.scalar, load(`${lanes.scalar}.load`, at));
  f.while(differs(element), () => {
    f.increase(at, lanes.size);
    f.set(element, load(`${lanes.scalar}.load`, at));
  });
}

/**
 * `greatest_f32_column_places(address, end, bytes, values, places, first)`: goes on with the search in each column of [address, end), rows of `bytes` bytes of which
 * the first has the number `first`. `values` and `places`, integers as wide as the elements, have room for a multiple of eight; they are written anew where
 * `first` is 0.
 */
function columnPlaces(name: string, { notBetter }: Side, lanes: Lanes): string {
  return func(name, ["address", "end", "bytes", "values", "places", "first"], (f, address, end, bytes, values, places, first) => {
    const rowEnd = f.let("i32", add(address, bytes));
    const splat = (x: Code) => op(`${lanes.integers}.splat`, [lanes.size === 4 ? x : op("i64.extend_i32_u", [x])]);
    const one = f.let("v128", splat(1));
    f.while(op("i32.lt_s", [address, rowEnd]), () => {
      const offsets = [0, 16];
      const best = offsets.map((offset) => f.let("v128", lanes.load(values, offset)));
      const place = offsets.map((offset) => f.let("v128", lanes.load(places, offset)));
      f.if(op("i32.eqz", [first]), () => {
        offsets.forEach((offset, k) => f.set(best[k], lanes.load(address, offset)));
        place.forEach((p) => f.set(p, lanes.zero));
      });
      const row = f.let("v128", splat(first));
      const at = f.let("i32", address);
      f.while(op("i32.lt_s", [at, end]), () => {
        offsets.forEach((offset, k) => {
          const x = f.let("v128", lanes.load(at, offset));
          // a NaN stays
          const better = f.let("v128", op("v128.andnot", [lanes.op("eq", best[k], best[k]), lanes.op(notBetter, x, best[k])]));
          f.set(best[k], op("v128.bitselect", [x, best[k], better]));
          f.set(place[k], op("v128.bitselect", [row, place[k], better]));
        });
        f.set(row, op(`${lanes.integers}.add`, [row, one]));
        f.increase(at, bytes);
      });
      offsets.forEach((offset, k) => {
        f.do(lanes.store(values, best[k], offset));
        f.do(lanes.store(places, place[k], offset));
      });
      for (const local of [address, values, places]) f.increase(local, 32);
    });
  });
}
