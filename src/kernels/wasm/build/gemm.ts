/**
 * Matrix products after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): both factors are packed into
 * panels that the innermost kernel reads front to back, and the kernel keeps a tile of the result in registers.
 *
 * Engines without guard pages (Deno is one) check every memory access whose address is not a constant, which costs as much as the
 * arithmetic. So the panel of A, from which single elements are read, is short and lies in global variables, each element in all lanes of
 * its own; the kernel is unrolled over all of it, and it is used for a whole row of tiles before the next one is packed. Globals belong to an
 * instance, so that instances that share their memory can multiply at the same time.
 */

import { add, call, type Code, type Func, func, load, type Local, min, mul, op, roundUp, store, sub } from "./wat.ts";
import type { Lanes } from "./lanes.ts";
import { DEPTH, TILE_ROWS } from "../layout.ts";

/** Vectors in a row of the register tile. */
const TILE_VECTORS = 2;
/** What DEPTH leaves of the inner product is done in shorter pieces, of which the last is filled up with zeros. */
const MIDDLE = 16, SHORT = 4;
/** Steps of the inner product, a multiple of DEPTH, for one row of tiles before the next row: such a block of B stays in the second-level cache. */
const BLOCK_DEPTH = 256;

const panel = (step: number, row: number) => `$panel${step * TILE_ROWS + row}`;

/** The panel of A: element (i, p) in all lanes of the variable for step p and row i. */
export function panels(): string[] {
  return Array.from({ length: DEPTH * TILE_ROWS }, (_, i) => `(global $panel${i} (mut v128) (v128.const i64x2 0 0))`);
}

/** The functions for one element type, of which `packB_*`, `gemm_*` and `join_*` are those to call. */
export function gemm(lanes: Lanes): string[] {
  return [
    packA(lanes, DEPTH),
    packA(lanes, SHORT),
    packPanel(lanes),
    kernel(lanes, DEPTH),
    kernel(lanes, MIDDLE),
    kernel(lanes, SHORT),
    packB(lanes),
    product(lanes),
    join(lanes),
  ];
}

/**
 * A row of tiles: the product of the packed panel of A and packed panels of B, [panels][depth][width] at b, is added to c[6, panels * width], or
 * written there where `fresh` is not 0. `stride` is the distance of two rows of c in bytes.
 */
function kernel(lanes: Lanes, depth: number): string {
  return func(`kernel${depth}_${lanes.scalar}`, ["b", "end", "c", "stride", "fresh"], (f, b, end, c, stride, fresh) => {
    const tile = Array.from({ length: TILE_ROWS }, () => Array.from({ length: TILE_VECTORS }, () => f.local("v128")));
    const row = tile[0].map(() => f.local("v128"));
    const element = f.local("v128");
    const pointer = f.local("i32");
    f.while(op("i32.lt_s", [b, end]), () => {
      tile.flat().forEach((sum) => f.set(sum, lanes.zero));
      for (let step = 0; step < depth; step++) {
        row.forEach((vector, j) => f.set(vector, lanes.load(b, (step * TILE_VECTORS + j) * 16)));
        tile.forEach((sums, i) => {
          f.set(element, op("global.get", [], panel(step, i)));
          sums.forEach((sum, j) => f.set(sum, lanes.madd(element, row[j], sum)));
        });
      }
      f.increase(b, depth * TILE_VECTORS * 16);
      f.set(pointer, c);
      const write = (value: (sum: Local, j: number) => Code) =>
        tile.forEach((sums) => {
          sums.forEach((sum, j) => f.do(lanes.store(pointer, value(sum, j), j * 16)));
          f.increase(pointer, stride);
        });
      f.if(fresh, () => write((sum) => sum), () => write((sum, j) => lanes.add(sum, lanes.load(pointer, j * 16))));
      f.increase(c, TILE_VECTORS * 16);
    });
  });
}

/** One lane of a vector in all lanes. */
function repeat(lanes: Lanes, vector: Local, lane: number): string {
  const bytes = Array.from({ length: 16 }, (_, i) => lane * lanes.size + i % lanes.size);
  return op("i8x16.shuffle", [vector, vector], bytes.join(" "));
}

/** All bits in the lanes whose number is below an i32, none in the others. */
export function below(lanes: Lanes, limit: Code): string {
  const numbers = Array.from({ length: lanes.count }, (_, i) => i).join(" ");
  const wide = lanes.count === 4 ? limit : op("i64.extend_i32_s", [limit]);
  return op(`${lanes.integers}.lt_s`, [`(v128.const ${lanes.integers} ${numbers})`, op(`${lanes.integers}.splat`, [wide])]);
}

/**
 * Fills the panel for k steps, at most `depth`, from `lines` rows of A, element (i, p) at source + i * lineStride + p * stride, of which one stride is
 * the size of an element. Missing rows hold arbitrary values, which end in parts of the result that nobody reads. Steps are
 * a multiple of SHORT, unless `depth` is SHORT: then what is missing becomes zero.
 */
function packA(lanes: Lanes, depth: number): string {
  const { size, count } = lanes;
  return func(`packA${depth}_${lanes.scalar}`, ["lines", "k", "source", "lineStride", "stride"], (f, lines, k, source, lineStride, stride) => {
    const set = (step: number, row: number, value: Code) => f.do(op("global.set", [value], panel(step, row)));
    const groups = (from: number, fill: (from: number) => void): void => {
      fill(from);
      if (from + SHORT < depth) f.if(op("i32.lt_s", [from + SHORT, k]), () => groups(from + SHORT, fill));
    };
    f.if(op("i32.eq", [stride, size]), () => {
      const pointers = Array.from({ length: TILE_ROWS }, (_, row) => f.let("i32", add(source, mul(lineStride, min(row, sub(lines, 1))))));
      groups(0, (from) => {
        for (let step = from; step < from + SHORT; step += count) {
          const mask = depth === SHORT ? f.let("v128", below(lanes, sub(k, step))) : null;
          pointers.forEach((pointer, row) => {
            const elements = lanes.load(pointer, step * size);
            const vector = f.let("v128", mask === null ? elements : op("v128.and", [elements, mask]));
            for (let lane = 0; lane < count; lane++) set(step + lane, row, repeat(lanes, vector, lane));
          });
        }
      });
    }, () => {
      groups(0, (from) => {
        for (let step = from; step < from + SHORT; step++) {
          const fill = () => {
            for (let row = 0; row < TILE_ROWS; row++) set(step, row, lanes.splat(source, row * size));
            f.increase(source, stride);
          };
          if (depth > SHORT || step === 0) fill();
          else {
            f.if(op("i32.lt_s", [step, k]), fill, () => {
              for (let row = 0; row < TILE_ROWS; row++) set(step, row, lanes.zero);
            });
          }
        }
      });
    });
  });
}

/**
 * Copies `lines` lines of k elements, element (w, i) at source + w * lineStride + i * stride, to target[i][width], as many lines as a tile has
 * columns; i from k to depth becomes zero. Lines from `lines` to `width` hold arbitrary values: they end in parts of the result that nobody reads.
 */
function packPanel(lanes: Lanes): string {
  const { size, count, scalar } = lanes;
  const width = TILE_VECTORS * count;
  const parameters = ["lines", "k", "depth", "source", "lineStride", "stride", "target"];
  return func(`packPanel_${scalar}`, parameters, (f, lines, k, depth, source, lineStride, stride, target) => {
    const end = f.let("i32", add(target, mul(depth, width * size)));
    const full = f.let("i32", add(target, mul(k, width * size)));
    f.if(op("i32.eq", [lineStride, size]), () => {
      f.while(op("i32.lt_s", [target, full]), () => {
        for (let offset = 0; offset < width * size; offset += 16) f.do(lanes.store(target, lanes.load(source, offset), offset));
        f.increase(source, stride);
        f.increase(target, width * size);
      });
    }, () => {
      const pointers = Array.from({ length: width }, (_, w) => f.let("i32", add(source, mul(lineStride, min(w, sub(lines, 1))))));
      f.if(op("i32.eq", [stride, size]), () => {
        const vectors = f.let("i32", sub(full, count * width * size));
        f.while(op("i32.le_s", [target, vectors]), () => {
          transposeLines(f, lanes, pointers, target);
          pointers.forEach((pointer) => f.increase(pointer, 16));
          f.increase(target, count * width * size);
        });
      });
      f.while(op("i32.lt_s", [target, full]), () => {
        pointers.forEach((pointer, w) => {
          f.do(store(`${scalar}.store`, target, load(`${scalar}.load`, pointer), w * size));
          f.increase(pointer, stride);
        });
        f.increase(target, width * size);
      });
    });
    f.while(op("i32.lt_s", [target, end]), () => {
      f.do(lanes.store(target, lanes.zero));
      f.increase(target, 16);
    });
  });
}

/** Reads one vector from each line and writes their elements column by column. */
function transposeLines(f: Func, lanes: Lanes, lines: Local[], target: Local): void {
  const { count, size } = lanes;
  for (let first = 0; first < lines.length; first += count) {
    const group = lines.slice(first, first + count).map((line) => f.let("v128", lanes.load(line)));
    lanes.transpose(f, group).forEach((column, i) => f.do(lanes.store(target, column, (i * lines.length + first) * size)));
  }
}

/** Runs `body` over [from, to) in pieces of DEPTH, MIDDLE and then SHORT, of which the last may be incomplete. */
function pieces(f: Func, from: Code, to: Local, body: (depth: number, p: Local) => void): void {
  const p = f.let("i32", from);
  for (const depth of [DEPTH, MIDDLE, SHORT]) {
    const last = depth === SHORT ? to : f.let("i32", sub(to, depth - 1));
    f.while(op("i32.lt_s", [p, last]), () => {
      body(depth, p);
      f.increase(p, depth);
    });
  }
}

/** Packs b[k, n], element (p, j) at b + p * rowStride + j * columnStride, for `gemm_*`: piece by piece of k, panel by panel of n. */
function packB(lanes: Lanes): string {
  const width = TILE_VECTORS * lanes.count;
  return func(`packB_${lanes.scalar}`, ["k", "n", "b", "rowStride", "columnStride", "target"], (f, k, n, b, rowStride, columnStride, target) => {
    pieces(f, 0, k, (depth, p) => {
      f.for(0, n, width, (j) => {
        const source = add(b, add(mul(p, rowStride), mul(j, columnStride)));
        f.do(call(`packPanel_${lanes.scalar}`, min(sub(n, j), width), min(sub(k, p), depth), depth, source, columnStride, rowStride, target));
        f.increase(target, depth * width * lanes.size);
      });
    });
  });
}

/**
 * c[m, n] += a[m, k] * b[k, n], or c = where `fresh` is not 0, with b packed by `packB_*` and element (i, p) of a at
 * a + i * rowStride + p * columnStride. c is row-major, with m and n rounded up to whole tiles.
 */
function product(lanes: Lanes): string {
  const { scalar, size } = lanes;
  const parameters = ["m", "n", "k", "a", "rowStride", "columnStride", "packed", "c", "fresh"];
  return func(`gemm_${scalar}`, parameters, (f, m, n, k, a, rowStride, columnStride, packed, c, fresh) => {
    const stride = f.let("i32", mul(roundUp(n, TILE_VECTORS * lanes.count), size));
    f.for(0, k, BLOCK_DEPTH, (block) => {
      const end = f.let("i32", min(add(block, BLOCK_DEPTH), k));
      f.for(0, m, TILE_ROWS, (i) => {
        const right = f.let("i32", add(packed, mul(block, stride)));
        const left = f.let("i32", add(a, mul(i, rowStride)));
        const target = f.let("i32", add(c, mul(i, stride)));
        pieces(f, block, end, (depth, p) => {
          const next = f.let("i32", add(right, mul(stride, depth)));
          const source = add(left, mul(p, columnStride));
          f.do(call(`packA${depth === SHORT ? SHORT : DEPTH}_${scalar}`, sub(m, i), min(sub(end, p), depth), source, rowStride, columnStride));
          f.do(call(`kernel${depth}_${scalar}`, right, next, target, stride, op("i32.gt_u", [fresh, p])));
          f.set(right, next);
        });
      });
    });
  });
}

/** Adds to the elements from `target` to `end` those at `source`. */
function join(lanes: Lanes): string {
  return func(`join_${lanes.scalar}`, ["target", "end", "source"], (f, target, end, source) => {
    f.while(op("i32.lt_s", [target, end]), () => {
      f.do(lanes.store(target, lanes.add(lanes.load(target), lanes.load(source))));
      f.increase(target, 16);
      f.increase(source, 16);
    });
  });
}

/** Moves rows of `bytes` bytes that lie `stride` bytes apart together. */
export function compact(): string {
  return func("compact", ["address", "rows", "bytes", "stride"], (f, address, rows, bytes, stride) => {
    const source = f.let("i32", address);
    f.for(0, rows, 1, () => {
      f.do(op("memory.copy", [address, source, bytes]));
      f.increase(source, stride);
      f.increase(address, bytes);
    });
  });
}
