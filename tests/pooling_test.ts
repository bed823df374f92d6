import { assertEquals } from "@std/assert";
import { maxBoxes, slidingSpans } from "../src/kernels/pooling.ts";

/** Numbers in [0, 1) that are the same in every run. */
function generator(seed: number) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** The maximum of each window and its place, by its definition. */
function maxima(data: ArrayLike<number>, planes: number, [height, width]: number[], starts: number[][], kernel: number[], step: number[]) {
  const values: number[] = [], places: number[] = [];
  for (let p = 0; p < planes; p++) {
    for (const y of starts[0]) {
      for (const x of starts[1]) {
        let place = -1;
        for (let a = 0; a < kernel[0]; a++) {
          for (let b = 0; b < kernel[1]; b++) {
            const i = y + a * step[0], j = x + b * step[1];
            if (i < 0 || i >= height || j < 0 || j >= width) continue;
            const value = data[p * height * width + i * width + j], most = data[p * height * width + place];
            if (place < 0 || value > most || Number.isNaN(value)) place = i * width + j;
          }
        }
        values.push(data[p * height * width + place]);
        places.push(place);
      }
    }
  }
  return { values, places };
}

Deno.test("the maxima of windows and their places, for every type, stride, dilation and padding, NaN, infinities and ties included", () => {
  const random = generator(1);
  const below = (n: number) => Math.floor(random() * n);
  for (let i = 0; i < 150; i++) {
    const planes = 1 + below(6), size = [1 + below(40), 1 + below(70)];
    const step = [1 + below(2), 1 + below(3)], stride = [1 + below(3), 1 + below(4)];
    const kernel = size.map((n, d) => 1 + below(Math.min(4, Math.floor((n - 1) / step[d]) + 1)));
    const padding = kernel.map((k) => random() < 0.7 ? 0 : below(Math.floor(k / 2) + 1));
    const counts = size.map((n, d) => Math.floor((n + 2 * padding[d] - step[d] * (kernel[d] - 1) - 1) / stride[d]) + 1);
    const make = [(n: number) => new Float32Array(n), (n: number) => new Float32Array(n), (n: number) => new Float64Array(n)][below(3)];
    const special = [NaN, Infinity, -Infinity, 0, -0, 1];
    const data = make(3 + planes * size[0] * size[1]).map(() => random() < 0.1 ? special[below(special.length)] : below(20) - 10);
    const boxes = size.map((n, d) => slidingSpans(n, counts[d], kernel[d], stride[d], padding[d], step[d], true));
    const out = make(planes * counts[0] * counts[1]), places = new Int32Array(out.length);
    maxBoxes(data, 3, planes, [1, size[0], size[1]], [slidingSpans(1, 1, 1, 1, 0, 1, true), boxes[0], boxes[1]], out, places);
    const starts = counts.map((n, d) => Array.from({ length: n }, (_, k) => k * stride[d] - padding[d]));
    const expected = maxima(data.subarray(3), planes, size, starts, kernel, step);
    assertEquals([...places], expected.places);
    assertEquals([...out], expected.values);
  }
});

Deno.test("maxima of more planes than are computed at once", () => {
  const random = generator(2);
  const data = new Float32Array(300 * 33 * 35).map(() => random() - 0.5);
  const out = new Float32Array(300 * 16 * 17), places = new Int32Array(out.length);
  const boxes = [slidingSpans(1, 1, 1, 1, 0, 1, true), slidingSpans(33, 16, 3, 2, 0, 1, true), slidingSpans(35, 17, 3, 2, 0, 1, true)] as const;
  maxBoxes(data, 0, 300, [1, 33, 35], boxes, out, places);
  const starts = [16, 17].map((n) => Array.from({ length: n }, (_, k) => 2 * k));
  const expected = maxima(data, 300, [33, 35], starts, [3, 3], [1, 1]);
  assertEquals(places, Int32Array.from(expected.places));
  assertEquals(out, Float32Array.from(expected.values));
});
