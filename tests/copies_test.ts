/** Copies with any strides, against the definition: every element in its place, and nothing else written. */

import { assertEquals } from "@std/assert";
import { denseCopy, stridedCopy } from "../src/kernels/strided_copy.ts";
import * as torch from "../mod.ts";

/** Whole numbers below `n` that are the same in every run. */
function whole(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
}

type Memory = ArrayBuffer;
type Numbers = Float32Array<Memory> | Float64Array<Memory> | Int32Array<Memory> | Int16Array<Memory> | Uint8Array<Memory>;
const ARRAYS: (new (n: number) => Numbers)[] = [Float32Array, Float64Array, Int32Array, Int16Array, Uint8Array];

/** The places of all elements, in row-major order of their indices. */
function places(sizes: number[], offset: number, strides: number[]): Int32Array {
  let list = new Int32Array([offset]);
  sizes.forEach((n, d) => {
    const next = new Int32Array(list.length * n);
    list.forEach((at, k) => {
      for (let i = 0; i < n; i++) next[k * n + i] = at + i * strides[d];
    });
    list = next;
  });
  return list;
}

/** Throws where two arrays differ; much faster than a general comparison. */
function same(actual: ArrayLike<number>, expected: ArrayLike<number>, name: string): void {
  assertEquals(actual.length, expected.length, name);
  for (let i = 0; i < expected.length; i++) if (actual[i] !== expected[i]) assertEquals(actual[i], expected[i], `element ${i} of ${name}`);
}

/** Strides for the sizes in a random order of dimensions, with gaps, and, where `any`, steps of 0 and backwards; and the offset and the memory they need. */
function layout(sizes: number[], pick: (n: number) => number, any: boolean): { strides: number[]; offset: number; length: number } {
  const order = sizes.map((_, d) => d);
  for (let i = order.length - 1; i > 0; i--) {
    const j = pick(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const strides = sizes.map(() => 0);
  let step = pick(5) === 0 ? 2 : 1, offset = 3;
  for (const d of order) {
    strides[d] = step;
    step = step * Math.max(sizes[d], 1) + (pick(4) === 0 ? pick(9) : 0);
  }
  sizes.forEach((n, d) => {
    if (!any) return;
    const kind = pick(6);
    if (kind === 0) strides[d] = 0;
    if (kind === 1) {
      offset += (n - 1) * strides[d];
      strides[d] = -strides[d];
    }
  });
  return { strides, offset, length: step + 8 };
}

function check(array: new (n: number) => Numbers, sizes: number[], pick: (n: number) => number): void {
  const source = layout(sizes, pick, true), target = layout(sizes, pick, false);
  if (pick(2) === 0) {
    sizes.forEach((_, d) => target.strides[d] = sizes.slice(d + 1).reduce((a, b) => a * b, 1));
    target.length = sizes.reduce((a, b) => a * b, 1) + 8;
  }
  const x = new array(source.length).map((_, i) => i % 251 + 1), y = new array(target.length);
  const from = places(sizes, source.offset, source.strides), to = places(sizes, target.offset, target.strides);
  const expected = new array(target.length);
  from.forEach((at, i) => expected[to[i]] = x[at]);
  stridedCopy(sizes, x, source.offset, source.strides, y, target.offset, target.strides);
  const name = `${array.name} [${sizes}] from ${source.strides} to ${target.strides}`;
  same(y, expected, name);
  const dense = denseCopy<Numbers>(sizes, x, source.offset, source.strides);
  if (dense !== null) same(dense, Array.from(from, (at) => x[at]), `${name}, dense`);
}

Deno.test("a strided copy puts each element in its place, for every type of array, order of dimensions, gap, repetition and direction", () => {
  const pick = whole(1);
  const lengths = [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 33];
  for (let trial = 0; trial < 800; trial++) {
    const sizes = Array.from({ length: 1 + pick(4) }, () => lengths[pick(lengths.length)]);
    if (sizes.reduce((a, b) => a * b, 1) > 5000) continue;
    check(ARRAYS[trial % ARRAYS.length], sizes, pick);
  }
  for (const sizes of [[0], [3, 0], [0, 400], [400, 0, 2]]) check(Float32Array, sizes, pick);
});

Deno.test("copies of more than a slab, and of runs of every length, are complete", () => {
  const pick = whole(2);
  for (const sizes of [[530, 601], [3, 300, 400], [2, 190001], [70001, 5], [5, 64, 1100], [90, 60, 65]]) {
    for (let trial = 0; trial < 3; trial++) check(ARRAYS[(trial + sizes[0]) % ARRAYS.length], sizes, pick);
  }
});

Deno.test("64-bit integers and the bits of NaN are copied as they are", () => {
  const big = new BigInt64Array(35 * 20).map((_, i) => BigInt(i) - (1n << 62n)), transposed = new BigInt64Array(700);
  stridedCopy([20, 35], big, 0, [1, 20], transposed, 0, [35, 1]);
  transposed.forEach((x, i) => assertEquals(x, big[Math.floor(i / 35) + 20 * (i % 35)]));
  assertEquals(denseCopy([20, 35], big, 0, [1, 20]), transposed);
  const bits = new Int32Array(400).map((_, i) => 0x7fc00000 + i), copied = new Float32Array(400);
  stridedCopy([20, 20], new Float32Array(bits.buffer), 0, [1, 20], copied, 0, [20, 1]);
  assertEquals(new Int32Array(copied.buffer), bits.map((_, i) => bits[Math.floor(i / 20) + 20 * (i % 20)]));
});

Deno.test("contiguous, clone, reshape, copy_, cat and flip of large tensors of every dtype are what their elements say", () => {
  for (const dtype of [torch.float32, torch.float64, torch.int64, torch.int32, torch.int16, torch.uint8]) {
    const t = torch.arange(6 * 40 * 30).remainder(251).to(dtype).reshape(6, 40, 30);
    const element = (i: number, j: number, k: number) => (i * 1200 + j * 30 + k) % 251;
    const views: [torch.TensorClass, (i: number, j: number, k: number) => number][] = [
      [t.permute(2, 0, 1), (i, j, k) => element(j, k, i)],
      [t.transpose(1, 2), (i, j, k) => element(i, k, j)],
      [t.narrow(2, 5, 20), (i, j, k) => element(i, j, k + 5)],
      [t.narrow(0, 0, 1).expand(7, -1, -1), (_, j, k) => element(0, j, k)],
      [t.narrow(2, 3, 1).expand(-1, -1, 70), (i, j) => element(i, j, 3)],
      [t.as_strided([6, 40, 15], [1200, 30, 2], 1), (i, j, k) => element(i, j, 2 * k + 1)],
    ];
    for (const [view, value] of views) {
      const [a, b, c] = view.shape;
      const expected: number[] = [];
      for (let i = 0; i < a; i++) for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) expected.push(value(i, j, k));
      const name = `${dtype} ${[...view.shape]} ${view.stride()}`;
      const expect = (x: torch.TensorClass) => same((x.reshape(-1).tolist() as number[]).map(Number), expected, name);
      expect(view.contiguous());
      expect(view.clone());
      expect(view.clone({ memory_format: "torch.contiguous_format" }));
      expect(view.reshape(c, -1).reshape(a, b, c));
      expect(t.new_zeros([a, b, c]).copy_(view));
      expect(t.new_zeros([c, b, a]).permute(2, 1, 0).copy_(view));
      expect(view.flip([0, 2]).flip([2, 0]));
      expect(torch.cat([view, view], 1).narrow(1, b, b));
      expect(torch.stack([view, view], 3).select(3, 1));
    }
  }
});
