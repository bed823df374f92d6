/**
 * Products of float matrices by blocks, copied to the kernels' memory and back. An element of the result is the sum, in order, of pieces of 32 terms,
 * however the rest is divided: so it has the same bits for every number of threads.
 */

import { type Call, type Crew, crewFor, type Job, share } from "../threads/share.ts";
import { copyBlock, copyLines, copyMatrix, type FloatArray, type Matrix } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { DATA_ADDRESS, DEPTH, TILE_ROWS } from "./layout.ts";

/** Columns of B that are multiplied at once, and steps of the inner product, a multiple of DEPTH. */
const COLUMNS = 512;
const STEPS = 1024;
/** Rows of A that are multiplied at once, multiples of TILE_ROWS: fewer where threads would have nothing to do, but not too few for the packing to pay. */
const ROWS = 96;
const FEWEST_ROWS = 12;
/** Blocks a thread, so that all finish at about the same time. */
const BLOCKS_PER_THREAD = 8;
/** Multiplications that are worth sharing. */
const SHARED = 1 << 21;
/** Multiplications of a block of a stack, and how many matrices it has at most: all their calls are one program. */
const STACK_BLOCK = 1 << 20;
const STACK_MOST = 8;
/** Columns of a small product from which on its rows are moved together before they are copied. */
const WIDE = 64;
/** Elements of B that are worth being packed by several threads. */
const SHARED_PACKING = 1 << 17;

const ceil = (x: number, step: number) => Math.ceil(x / step) * step;

/** The parts of the kernels' memory, in elements. */
function memoryOf(scratch: Engine, size: number, elements: number): FloatArray {
  scratch.reserve(elements * size);
  return size === 4 ? scratch.float32 : scratch.float64;
}

/** c = alpha * a * b + beta * c for matrices of any size; the parameters are those of `gemm`, with n > 0 and k > 0. */
export function blockedProduct(
  given: Engine,
  m: number,
  n: number,
  k: number,
  a: Matrix,
  b: Matrix,
  c: FloatArray,
  cOffset: number,
  cRowStride: number,
  alpha: number,
  beta: number,
): void {
  if (k > STEPS && (alpha !== 1 || beta !== 0)) {
    const product = c instanceof Float32Array ? new Float32Array(m * n) : new Float64Array(m * n);
    blockedProduct(given, m, n, k, a, b, product, 0, n, 1, 0);
    return weigh(product, 0, n, m, n, c, cOffset, cRowStride, alpha, beta);
  }
  const size = c.BYTES_PER_ELEMENT, type = size === 4 ? "f32" : "f64";
  const crew = crewFor(given, m * n * k >= SHARED);
  const { engine: scratch, threads, slots } = crew;
  const rows = Math.min(ceil(m, TILE_ROWS), threads === 1 ? ROWS : Math.max(FEWEST_ROWS, Math.min(ROWS, ceil(m / (BLOCKS_PER_THREAD * threads), TILE_ROWS))));
  const joined = alpha === 1 && beta === 1;

  // places in the memory: B as it is and packed, and for each slot rows of A, of the product and of C
  const columns = ceil(Math.min(n, COLUMNS), 32 / size), depth = ceil(Math.min(k, STEPS), DEPTH);
  const stage = DATA_ADDRESS / size, packed = stage + depth * columns, first = packed + depth * columns;
  const slotSize = rows * (depth + columns * (joined ? 2 : 1));
  const memory = memoryOf(scratch, size, first - stage + slots * slotSize);

  for (let j = 0; j < n; j += COLUMNS) {
    const width = Math.min(COLUMNS, n - j), stride = ceil(width, 32 / size);
    for (let p = 0; p < k; p += STEPS) {
      const steps = Math.min(STEPS, k - p);
      const pack = packing(scratch, size, steps, width, stage, packed, () => copyBlock(b, p, steps, j, width, memory, stage));
      const together = threads > 1 && steps * width >= SHARED_PACKING;
      if (together) packTogether(crew, steps, pack);
      const prepare: Job["prepare"] = (block, slot, call) => {
        if (block === 0 && !together) pack(0, steps);
        const i = block * rows, height = Math.min(rows, m - i);
        const left = first + slot * slotSize, product = left + rows * depth, before = product + rows * columns;
        const from = cOffset + i * cRowStride + j;
        const byRow = copyBlock(a, i, height, p, steps, memory, left);
        if (p > 0) copyLines(c, from, cRowStride, memory, product, stride, height, width);
        const [rowStride, columnStride] = byRow ? [steps, 1] : [1, height];
        const places = [left, rowStride, columnStride, packed, product].map((place) => place * size);
        call(`gemm_${type}`, height, width, steps, ...places, p === 0 ? 1 : 0);
        if (stride !== width) call("compact", product * size, height, width * size, stride * size);
        if (!joined) return;
        copyLines(c, from, cRowStride, memory, before, width, height, width);
        call(`join_${type}`, product * size, (product + height * width) * size, before * size);
      };
      const finish: Job["finish"] = (block, slot) => {
        const i = block * rows, product = first + slot * slotSize + rows * depth;
        const to = cOffset + i * cRowStride + j, height = Math.min(rows, m - i);
        if (joined) copyLines(memory, product, width, c, to, cRowStride, height, width);
        else weigh(memory, product, width, height, width, c, to, cRowStride, alpha, beta);
      };
      share(crew, { blocks: Math.ceil(m / rows), prepare, finish });
    }
  }
}

/** Packs steps of B, which `copy` has put to `stage` before the first: by `call`, or at once. */
type Pack = (from: number, to: number, call?: Call) => void;

function packing(scratch: Engine, size: number, steps: number, width: number, stage: number, packed: number, copy: () => boolean): Pack {
  const name = size === 4 ? "packB_f32" : "packB_f64";
  const stride = ceil(width, 32 / size);
  let rowStride = 0, columnStride = 0;
  return (from, to, call = (name, ...parameters) => scratch.kernels[name as string](...parameters)) => {
    if (from === 0) [rowStride, columnStride] = copy() ? [width, 1] : [1, steps];
    const places = [stage + from * rowStride, rowStride, columnStride, packed + from * stride].map((place) => place * size);
    call(name, to - from, width, ...places);
  };
}

/** Packs all steps: workers wake up while B is copied. */
function packTogether(crew: Crew, steps: number, pack: Pack): void {
  const part = ceil(steps / (2 * crew.threads), DEPTH);
  share(crew, { blocks: Math.ceil(steps / part), prepare: (block, _slot, call) => pack(block * part, Math.min((block + 1) * part, steps), call) });
}

/** c = alpha * product + beta * c */
function weigh(
  product: FloatArray,
  from: number,
  productStride: number,
  rows: number,
  columns: number,
  c: FloatArray,
  to: number,
  stride: number,
  alpha: number,
  beta: number,
): void {
  if (alpha === 1 && beta === 0) return copyLines(product, from, productStride, c, to, stride, rows, columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0, x = from + i * productStride, y = to + i * stride; j < columns; j++, x++, y++) c[y] = alpha * product[x] + (beta === 0 ? 0 : beta * c[y]);
  }
}

/** The same for matrices that are all copied at once, with n > 0 and k > 0: nothing is allocated here. */
export function smallProduct(
  scratch: Engine,
  m: number,
  n: number,
  k: number,
  a: FloatArray,
  aOffset: number,
  aRowStride: number,
  aColumnStride: number,
  b: FloatArray,
  bOffset: number,
  bRowStride: number,
  bColumnStride: number,
  c: FloatArray,
  cOffset: number,
  cRowStride: number,
  alpha: number,
  beta: number,
): void {
  const { kernels } = scratch;
  const size = c.BYTES_PER_ELEMENT;
  const stride = ceil(n, 32 / size), height = ceil(m, TILE_ROWS), depth = ceil(k, 4);
  // B before it is packed and then A in one place, the product in another
  const stage = DATA_ADDRESS / size, packed = stage + Math.max(depth * stride, height * depth), product = packed + depth * stride;
  const memory = memoryOf(scratch, size, product - stage + height * stride);
  const right = copyMatrix(b, bOffset, bRowStride, bColumnStride, k, n, memory, stage);
  (size === 4 ? kernels.packB_f32 : kernels.packB_f64)(k, n, stage * size, (right ? n : 1) * size, (right ? 1 : k) * size, packed * size);
  const left = copyMatrix(a, aOffset, aRowStride, aColumnStride, m, k, memory, stage);
  const multiply = size === 4 ? kernels.gemm_f32 : kernels.gemm_f64;
  multiply(m, n, k, stage * size, (left ? k : 1) * size, (left ? 1 : m) * size, packed * size, product * size, 1);
  const gaps = stride !== n && n < WIDE;
  if (stride !== n && !gaps) kernels.compact(product * size, m, n * size, stride * size);
  weigh(memory, product, gaps ? stride : n, m, n, c, cOffset, cRowStride, alpha, beta);
}

/** Whether a stack of products, each small, is worth sharing. */
export function worthStacking(batch: number, m: number, n: number, k: number): boolean {
  return batch * m * n * k >= SHARED && m * n * k < SHARED && Math.max(m * k, k * n, m * n) <= SHARED_PACKING;
}

/**
 * c = alpha * a * b + beta * c for each of `batch` matrices, which are `aBatch`, `bBatch` and `cBatch` elements apart: the first ones are given. Each
 * product is computed by one thread, and is what `smallProduct` gives.
 */
export function stackedProduct(
  given: Engine,
  batch: number,
  m: number,
  n: number,
  k: number,
  a: Matrix,
  aBatch: number,
  b: Matrix,
  bBatch: number,
  c: FloatArray,
  cOffset: number,
  cBatch: number,
  cRowStride: number,
  alpha: number,
  beta: number,
): void {
  const size = c.BYTES_PER_ELEMENT, type = size === 4 ? "f32" : "f64";
  const crew = crewFor(given, true);
  const { engine: scratch, slots } = crew;
  const group = Math.max(1, Math.min(STACK_MOST, Math.floor(STACK_BLOCK / (m * n * k))));
  const stride = ceil(n, 32 / size), height = ceil(m, TILE_ROWS), depth = ceil(k, 4);
  // places in the memory, relative to those of a matrix: B, A, B packed, the product
  const left = depth * stride, packed = left + height * depth, product = packed + depth * stride, matrixSize = product + height * stride;
  const first = DATA_ADDRESS / size;
  const memory = memoryOf(scratch, size, slots * group * matrixSize);
  const eachOf = (block: number, slot: number, f: (matrix: number, place: number) => void) => {
    for (let i = 0; i < group && block * group + i < batch; i++) f(block * group + i, first + (slot * group + i) * matrixSize);
  };
  share(
    crew,
    {
      blocks: Math.ceil(batch / group),
      prepare: (block, slot, call) =>
        eachOf(block, slot, (i, place) => {
          const right = copyMatrix(b.data, b.offset + i * bBatch, b.rowStride, b.columnStride, k, n, memory, place);
          const byRow = copyMatrix(a.data, a.offset + i * aBatch, a.rowStride, a.columnStride, m, k, memory, place + left);
          call(`packB_${type}`, k, n, place * size, (right ? n : 1) * size, (right ? 1 : k) * size, (place + packed) * size);
          const [rowStride, columnStride] = byRow ? [k, 1] : [1, m];
          const places = [place + left, rowStride, columnStride, place + packed, place + product].map((at) => at * size);
          call(`gemm_${type}`, m, n, k, ...places, 1);
        }),
      finish: (block, slot) =>
        eachOf(block, slot, (i, place) => weigh(memory, place + product, stride, m, n, c, cOffset + i * cBatch, cRowStride, alpha, beta)),
    },
  );
}
