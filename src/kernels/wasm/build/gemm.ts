/**
 * Matrix products after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): both factors are packed into
 * panels that the innermost kernel reads front to back, and the kernel keeps a tile of the result in registers.
 *
 * Engines without guard pages (Deno is one) check every memory access whose address is not a constant, which costs as much as the
 * arithmetic. So the panel of A, from which single elements are read, is short and lies at a constant address, the kernel is unrolled over all
 * of it, and it is used for a whole row of tiles before the next one is packed.
 */

import { add, call, type Code, type Func, func, load, type Local, min, mul, op, roundUp, store, sub } from "./wat.ts";
import type { Lanes } from "./lanes.ts";
import { DEPTH, PANEL_ADDRESS, TILE_ROWS } from "../layout.ts";

/** Vectors in a row of the register tile. */
const TILE_VECTORS = 2;
/** What DEPTH leaves of the inner product is done in shorter pieces, filled up with zeros. */
const SHORT = 4;
/** Steps of the inner product, a multiple of DEPTH, for one row of tiles before the next row: such a block of B stays in the second-level cache. */
const BLOCK_DEPTH = 256;

/** The functions for one element type, of which `packB_*` and `gemm_*` are those to call. */
export function gemm(lanes: Lanes): string[] {
  return [packA(lanes), packPanel(lanes), kernel(lanes, DEPTH), kernel(lanes, SHORT), packB(lanes), product(lanes)];
}

/**
 * A row of tiles: adds to c[6, panels * width] the product of the packed panel of A, [depth][6] at PANEL_ADDRESS, and packed panels of B,
 * [panels][depth][width] at b. `stride` is the distance of two rows of c in bytes.
 */
function kernel(lanes: Lanes, depth: number): string {
  const { size } = lanes;
  return func(`kernel${depth}_${lanes.scalar}`, ["b", "end", "c", "stride"], (f, b, end, c, stride) => {
    const tile = Array.from({ length: TILE_ROWS }, () => Array.from({ length: TILE_VECTORS }, () => f.local("v128")));
    const row = tile[0].map(() => f.local("v128"));
    const element = f.local("v128");
    const pointer = f.local("i32");
    f.while(op("i32.lt_s", [b, end]), () => {
      tile.flat().forEach((sum) => f.set(sum, lanes.zero));
      for (let step = 0; step < depth; step++) {
        row.forEach((vector, j) => f.set(vector, lanes.load(b, (step * TILE_VECTORS + j) * 16)));
        tile.forEach((sums, i) => {
          f.set(element, lanes.splat(PANEL_ADDRESS, (step * TILE_ROWS + i) * size));
          sums.forEach((sum, j) => f.set(sum, lanes.madd(element, row[j], sum)));
        });
      }
      f.increase(b, depth * TILE_VECTORS * 16);
      f.set(pointer, c);
      tile.forEach((sums) => {
        sums.forEach((sum, j) => f.do(lanes.store(pointer, lanes.add(sum, lanes.load(pointer, j * 16)), j * 16)));
        f.increase(pointer, stride);
      });
      f.increase(c, TILE_VECTORS * 16);
    });
  });
}

const PACK_PARAMETERS = ["lines", "k", "depth", "source", "lineStride", "stride"];

/** `packPanel` for A: as many lines as a tile has rows, at the constant address. */
function packA(lanes: Lanes): string {
  return func(`packA_${lanes.scalar}`, PACK_PARAMETERS, (f, ...parameters) => {
    pack(f, lanes, TILE_ROWS, f.let("i32", PANEL_ADDRESS), parameters);
  });
}

/** `packPanel` for B: as many lines as a tile has columns. */
function packPanel(lanes: Lanes): string {
  return func(`packPanel_${lanes.scalar}`, [...PACK_PARAMETERS, "target"], (f, ...parameters) => {
    pack(f, lanes, TILE_VECTORS * lanes.count, parameters[6], parameters);
  });
}

/**
 * Copies `lines` lines of k elements, element (w, i) at source + w * lineStride + i * stride, to target[i][width]; i from k to depth
 * becomes zero. Lines from `lines` to `width` hold arbitrary values: they end in parts of the result that nobody reads.
 */
function pack(f: Func, lanes: Lanes, width: number, target: Local, [lines, k, depth, source, lineStride, stride]: Local[]): void {
  const { size, count, scalar } = lanes;
  const end = f.let("i32", add(target, mul(depth, width * size)));
  const full = f.let("i32", add(target, mul(k, width * size)));
  f.if(op("i32.eq", [lineStride, size]), () => {
    f.while(op("i32.lt_s", [target, full]), () => {
      copyBytes(f, source, target, width * size);
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
    f.do(store("i64.store", target, op("i64.const", [], "0")));
    f.increase(target, 8);
  });
}

/** Copies a number of bytes known here, a multiple of 8. */
function copyBytes(f: Func, source: Local, target: Local, bytes: number): void {
  let offset = 0;
  for (; offset + 16 <= bytes; offset += 16) f.do(store("v128.store", target, load("v128.load", source, offset), offset));
  if (offset < bytes) f.do(store("i64.store", target, load("i64.load", source, offset), offset));
}

/** Reads one vector from each line and writes their elements column by column; lines that do not fill a vector come in half a vector. */
function transposeLines(f: Func, lanes: Lanes, lines: Local[], target: Local): void {
  const { count, size } = lanes;
  for (let first = 0; first < lines.length; first += count) {
    const group = lines.slice(first, first + count).map((line) => f.let("v128", lanes.load(line)));
    const columns = lanes.transpose(f, group);
    const perVector = count / group.length;
    for (let i = 0; i < count; i++) {
      const offset = (i * lines.length + first) * size;
      const vector = columns[Math.floor(i / perVector)];
      if (perVector === 1) f.do(lanes.store(target, vector, offset));
      else f.do(op("v128.store64_lane", [target, vector], `offset=${offset} ${i % perVector}`));
    }
  }
}

/** Runs `body` over [from, to) in pieces of DEPTH and then SHORT, of which the last may be incomplete. */
function pieces(f: Func, from: Code, to: Local, body: (depth: number, p: Local) => void): void {
  const p = f.let("i32", from);
  for (const depth of [DEPTH, SHORT]) {
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
 * c[m, n] += a[m, k] * b[k, n] with b packed by `packB_*` and element (i, p) of a at a + i * rowStride + p * columnStride. c is row-major, with
 * m and n rounded up to whole tiles.
 */
function product(lanes: Lanes): string {
  const { scalar, size } = lanes;
  const parameters = ["m", "n", "k", "a", "rowStride", "columnStride", "packed", "c"];
  return func(`gemm_${scalar}`, parameters, (f, m, n, k, a, rowStride, columnStride, packed, c) => {
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
          f.do(call(`packA_${scalar}`, min(sub(m, i), TILE_ROWS), min(sub(end, p), depth), depth, source, rowStride, columnStride));
          f.do(call(`kernel${depth}_${scalar}`, right, next, target, stride));
          f.set(right, next);
        });
      });
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
