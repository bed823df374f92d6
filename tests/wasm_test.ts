/** The WebAssembly kernels: built from what stands in build/, and right in both variants, with and without relaxed SIMD. */

import { assert, assertEquals } from "@std/assert";
import { RELAXED_SIMD, SIMD } from "../src/kernels/wasm/binary.ts";
import { assemble } from "../src/kernels/wasm/build/assemble.ts";
import { type Engine, engine, instantiate } from "../src/kernels/wasm/engine.ts";
import { blockedProduct } from "../src/kernels/wasm/blocked.ts";
import { gemm } from "../src/kernels/wasm/gemm.ts";
import { vectorProduct } from "../src/kernels/wasm/gemv.ts";
import { DATA_ADDRESS } from "../src/kernels/wasm/layout.ts";
import { plainProduct } from "../src/kernels/wasm/plain.ts";
import { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from "../src/kernels/wasm/rows.ts";
import { unary, type UnaryName } from "../src/kernels/wasm/unary.ts";

const engines: [string, Engine][] = [];
for (const [name, base64] of [["SIMD", SIMD], ["relaxed SIMD", RELAXED_SIMD]]) {
  const instance = instantiate(base64);
  if (instance !== null) engines.push([name, instance]);
}

/** Numbers in [0, 1) that are the same in every run. */
function* uniform(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

Deno.test("the committed kernels are what the source builds", async () => {
  assertEquals(await Deno.readTextFile(new URL("../src/kernels/wasm/binary.ts", import.meta.url)), await assemble());
});

Deno.test("this platform runs the kernels, and bytes that it cannot run are refused without an error", () => {
  assertEquals(engines.length, 2);
  assert(engine() !== null);
  assertEquals(instantiate(btoa("not WebAssembly")), null);
});

// ---- matrix products

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A factor with its place in a larger array: strides for the normal and the transposed case, with gaps and an offset. */
function factor(array: (n: number) => Floats, rows: number, columns: number, transposed: boolean, gap: number, value: () => number) {
  const offset = 3;
  const [rowStride, columnStride] = transposed ? [1, rows + gap] : [columns + gap, 1];
  const data = array(offset + (transposed ? columns * columnStride : rows * rowStride) + 1).map(value);
  return { data, offset, rowStride, columnStride };
}

/** Runs a product in every implementation and compares it with the definition in float64; `bound` is how far it may be off. */
function checkProduct(
  array: (n: number) => Floats,
  [m, n, k]: number[],
  [left, right]: boolean[],
  gap: number,
  alpha: number,
  beta: number,
  value: () => number,
  bound: (terms: number, magnitude: number) => number,
) {
  const a = factor(array, m, k, left, gap, value);
  const b = factor(array, k, n, right, gap, value);
  const stride = n + gap, offset = 2;
  const before = array(offset + m * stride + 5).map(value);
  const place = [a.data, a.offset, a.rowStride, a.columnStride, b.data, b.offset, b.rowStride, b.columnStride] as const;
  const ways: [string, (c: Floats) => void][] = [
    ["plain", (c) => plainProduct(m, n, k, ...place, c, offset, stride, alpha, beta)],
    ["gemm", (c) => gemm<Floats>(m, n, k, ...place, c, offset, stride, alpha, beta)],
    ...engines.map(([name, instance]): [string, (c: Floats) => void] => [name, (c) => blockedProduct(instance, m, n, k, a, b, c, offset, stride, alpha, beta)]),
  ];
  const results = ways.map(([, way]) => {
    const c = before.slice();
    way(c);
    return c;
  });
  for (let at = 0; at < before.length; at++) {
    const i = Math.floor((at - offset) / stride), j = (at - offset) % stride;
    const inside = at >= offset && i < m && j < n;
    let exact = before[at], magnitude = 0;
    if (inside) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        const term = a.data[a.offset + i * a.rowStride + p * a.columnStride] * b.data[b.offset + p * b.rowStride + j * b.columnStride];
        sum += term;
        magnitude += Math.abs(term);
      }
      exact = alpha * sum + (beta === 0 ? 0 : beta * before[at]);
      magnitude = Math.abs(alpha) * magnitude + Math.abs(beta * before[at]);
    }
    results.forEach((c, w) => {
      const limit = inside ? bound(k + 2, magnitude) : 0;
      assert(Math.abs(c[at] - exact) <= limit, `${ways[w][0]} ${[m, n, k]}, ${[left, right]}: element ${at} is ${c[at]}, not ${exact}`);
    });
  }
}

const float32 = (n: number) => new Float32Array(n);
const float64 = (n: number) => new Float64Array(n);

Deno.test("products of whole numbers are exact for all shapes, transpositions, gaps and scales", () => {
  const random = uniform(1);
  const value = () => Math.floor(random.next().value * 17) - 8;
  const sizes = [1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 16, 17, 31, 40];
  const pick = () => sizes[Math.floor(random.next().value * sizes.length)];
  for (let trial = 0; trial < 400; trial++) {
    const transposed = [trial % 2 === 1, trial % 4 > 1];
    const [alpha, beta] = [[1, 0], [1, 1], [2, -1], [-3, 0]][Math.floor(trial / 4) % 4];
    checkProduct(trial % 3 === 0 ? float64 : float32, [pick(), pick(), pick()], transposed, trial % 5 === 0 ? 3 : 0, alpha, beta, value, () => 0);
  }
});

Deno.test("products larger than the blocks are exact for whole numbers", () => {
  const random = uniform(2);
  const value = () => Math.floor(random.next().value * 5) - 2;
  for (const array of [float32, float64]) {
    checkProduct(array, [7, 530, 40], [false, false], 0, 1, 0, value, () => 0);
    checkProduct(array, [5, 9, 4200], [true, false], 0, 1, 0, value, () => 0);
    checkProduct(array, [600, 9, 500], [false, true], 1, 1, 1, value, () => 0);
    checkProduct(array, [1, 700, 4100], [false, false], 0, 2, 1, value, () => 0);
  }
});

Deno.test("a vector times a matrix is exact for whole numbers, whatever stands between rows and columns", () => {
  const random = uniform(6);
  const value = () => Math.floor(random.next().value * 17) - 8;
  for (const array of [float32, float64]) {
    for (const [n, k] of [[1, 5000], [3, 700], [700, 3], [130, 131], [37, 1025], [4099, 35], [5000, 1], [64, 1056]]) {
      for (const [transposed, gap, stride] of [[false, 0, 1], [true, 0, 1], [false, 3, 2], [true, 1, 3]] as const) {
        const a = array(k * stride).map(value);
        const b = factor(array, k, n, transposed, gap, () => NaN);
        for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) b.data[b.offset + p * b.rowStride + j * b.columnStride] = value();
        const before = array(n + 2).map(value);
        for (const [, instance] of engines) {
          const c = before.slice();
          assert(vectorProduct(instance, n, k, a, 0, stride, b, c, 1, 2, gap));
          for (let j = 0; j < n; j++) {
            let sum = gap * before[1 + j];
            for (let p = 0; p < k; p++) sum += 2 * a[p * stride] * b.data[b.offset + p * b.rowStride + j * b.columnStride];
            if (c[1 + j] !== sum) assertEquals(c[1 + j], sum, `[${k}, ${n}], ${[transposed, gap, stride]}, element ${j}`);
          }
          assertEquals([c[0], c[n + 1]], [before[0], before[n + 1]]);
        }
      }
    }
  }
});

Deno.test("products of real numbers stay within the error bound of recursive summation", () => {
  // Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1; the reference itself is in float64
  const random = uniform(3);
  const value = () => random.next().value * 2 - 1;
  for (const size of [[20, 30, 50], [64, 64, 64], [33, 47, 300], [1, 50, 300]]) {
    checkProduct(float32, size, [false, false], 0, 1, 0, value, (terms, magnitude) => terms * 2 ** -24 * magnitude);
    checkProduct(float64, size, [false, true], 0, 0.5, 0.25, value, (terms, magnitude) => terms * 2 ** -52 * magnitude);
  }
});

Deno.test("with beta 0 what the result held does not matter, infinities and NaN stay in their rows and columns", () => {
  for (const n of [3, 20]) {
    for (const array of [float32, float64]) {
      const a = array(n * n).fill(1), b = array(n * n).fill(1), c = array(n * n).fill(NaN);
      a[n] = Infinity;
      b[2] = NaN;
      gemm<Floats>(n, n, n, a, 0, n, 1, b, 0, n, 1, c, 0, n);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) assertEquals(c[i * n + j], j === 2 ? NaN : i === 1 ? Infinity : n);
      gemm<Floats>(n, n, 0, a, 0, n, 1, b, 0, n, 1, c, 0, n);
      assertEquals(c, array(n * n));
    }
  }
});

Deno.test("a stride of 0 repeats a row or a column, other strides skip", () => {
  const n = 12;
  const a = Float32Array.from({ length: n * n * 2 }, (_, i) => i % 7), b = Float32Array.from({ length: n * 2 }, (_, i) => i % 5);
  const c = new Float32Array(n * n);
  gemm(n, n, n, a, 0, 2 * n, 2, b, 1, 2, 0, c, 0, n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let p = 0; p < n; p++) sum += a[i * 2 * n + 2 * p] * b[1 + 2 * p];
    for (let j = 0; j < n; j++) assertEquals(c[i * n + j], sum);
  }
});

Deno.test("integer products are exact modulo the width of their type", () => {
  const n = 9, k = 11;
  const random = uniform(4);
  for (const array of [Int32Array, Int16Array, Int8Array, Uint8Array]) {
    const a = new array(n * k).map(() => random.next().value * 2 ** 32 | 0), b = new array(k * n).map(() => random.next().value * 2 ** 32 | 0);
    const c = new array(n * n).fill(5), expected = new array(n * n);
    gemm(n, n, k, a, 0, k, 1, b, 0, n, 1, c, 0, n, 3, -1);
    for (let i = 0; i < n * n; i++) {
      let sum = -5n;
      for (let p = 0; p < k; p++) sum += 3n * BigInt(a[Math.floor(i / n) * k + p]) * BigInt(b[p * n + i % n]);
      expected[i] = Number(BigInt.asIntN(32, sum));
    }
    assertEquals(c, expected);
  }
  const wide = () => BigInt.asIntN(64, BigInt(Math.floor(random.next().value * 2 ** 32)) * BigInt(Math.floor(random.next().value * 2 ** 32)));
  const a = new BigInt64Array(n * k).map(wide), b = new BigInt64Array(k * n).map(wide), c = new BigInt64Array(n * n).fill(7n);
  gemm(n, n, k, a, 0, k, 1, b, 0, 1, k, c, 0, n, 2, 1);
  for (let i = 0; i < n * n; i++) {
    let sum = 7n;
    for (let p = 0; p < k; p++) sum += 2n * a[Math.floor(i / n) * k + p] * b[(i % n) * k + p];
    assertEquals(c[i], BigInt.asIntN(64, sum));
  }
});

// ---- element-wise functions

/** e^(x^2) erfc(x) for x >= 1 by its continued fraction. */
function scaledErfc(x: number): number {
  let tail = x;
  for (let k = 300; k >= 1; k--) tail = x + k / 2 / tail;
  return 1 / (Math.sqrt(Math.PI) * tail);
}

function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 2) return Math.sign(x) * (1 - Math.exp(-a * a) * scaledErfc(a));
  let sum = a, term = a;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= 2 * a * a / (2 * k + 1);
    sum += term;
  }
  return Math.sign(x) * 2 / Math.sqrt(Math.PI) * Math.exp(-a * a) * sum;
}

/** The functions in float64. */
const exact: Record<UnaryName, (x: number) => number> = {
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  erf,
  erfc: (x) => x < 1 ? 1 - erf(x) : Math.exp(-x * x) * scaledErfc(x),
  sqrt: Math.sqrt,
  rsqrt: (x) => 1 / Math.sqrt(x),
};
const names = Object.keys(exact) as UnaryName[];

const one = new Float32Array(1), oneBits = new Int32Array(one.buffer);
const bitsOf = (x: number) => {
  one[0] = x;
  return oneBits[0];
};

/** The distance of y from the exact value in units in the last place of the correctly rounded one; past the largest number the unit is its own. */
function ulps(y: number, value: number): number {
  const rounded = Math.fround(value);
  if (Object.is(y, rounded)) return 0;
  if (Number.isNaN(rounded) || Number.isNaN(y) || Object.is(y, -rounded)) return Infinity;
  const exponent = Math.min(127, Math.max(-126, Math.floor(Math.log2(Math.abs(rounded)))));
  return Math.abs((Number.isFinite(y) ? y : Math.sign(y) * 2 ** 128) - value) / 2 ** (exponent - 23);
}

/** Compares all functions in all engines at the float32 with these bits, a multiple of eight of them. */
function sweep(bits: Int32Array<ArrayBuffer>): void {
  const x = new Float32Array(bits.buffer);
  for (const name of names) {
    const values = Float64Array.from(x, exact[name]);
    for (const [variant, instance] of engines) {
      instance.reserve(4 * x.length);
      instance.float32.set(x, DATA_ADDRESS / 4);
      instance.kernels[name](DATA_ADDRESS, DATA_ADDRESS + 4 * x.length);
      for (let i = 0; i < x.length; i++) {
        const y = instance.float32[DATA_ADDRESS / 4 + i];
        const distance = ulps(y, values[i]);
        if (!(distance <= 2)) throw new Error(`${variant}: ${name}(${x[i]}) is ${y}, ${distance} units from ${values[i]}`);
      }
    }
  }
}

Deno.test("functions are within 2 units in the last place over the whole range of float32", () => {
  // a prime step meets all patterns of low bits
  const step = 16411;
  const block = new Int32Array(1 << 14);
  for (let first = 0; first < 2 ** 32; first += step * block.length) sweep(block.map((_, i) => Math.min(first + i * step, 2 ** 32 - 1) | 0));
});

Deno.test("functions are within 2 units in the last place around the points where they or their formulas change", () => {
  const points = [0.25, 0.3466, 0.5, 0.6, Math.SQRT1_2, 0.9, 1, Math.SQRT2, Math.PI / 4, Math.PI / 2, Math.PI, 2, 3.9, 9.01, 10, 10.1, 16.6, 17.3, 20];
  points.push(87.33, 88.72, 89, 89.4, 90, 103.9, 104, 110, 127, 128, 149, 150, 355 / 113 * 1000, 1e6, 2 ** -126, 2 ** -149, 2 ** -24, 3.4e38);
  for (const point of points) {
    for (const x of [point, -point]) {
      const center = bitsOf(x);
      sweep(new Int32Array(1 << 9).map((_, i) => center + i - 256));
    }
  }
});

Deno.test("functions have the values of float64 arithmetic at zeros, infinities and NaN", () => {
  const special = new Float32Array([0, -0, Infinity, -Infinity, NaN, 1, -1, 2 ** -149, -(2 ** -149), 3.4028234663852886e38, -3.4028234663852886e38]);
  const y = new Float32Array(special.length);
  for (const name of names) {
    assert(unary(name, special, 0, y, 0, special.length));
    special.forEach((x, i) => assertEquals(ulps(y[i], exact[name](x)), 0, `${name}(${x}) is ${y[i]}`));
  }
});

Deno.test("a function writes the elements that it was asked for and no others, in place too", () => {
  for (const n of [0, 1, 3, 4, 7, 8, 9, 63, 64, 100, 4096, 4097, 10000]) {
    const x = new Float32Array(n + 8).fill(4), y = new Float32Array(n + 6).fill(-1);
    unary("sqrt", x, 5, y, 3, n);
    assertEquals(y, new Float32Array(n + 6).fill(2, 3, 3 + n).map((v) => v || -1));
    unary("sqrt", x, 5, x, 5, n);
    assertEquals(x, new Float32Array(n + 8).fill(4).fill(2, 5, 5 + n));
  }
});

// ---- rows

const SHAPES = [[1, 1], [2, 3], [3, 7], [5, 8], [4, 10], [9, 33], [70, 5], [2, 5000], [3, 4096], [40, 130]];

/** Random rows of numbers within [-scale, scale], their exact float64 values by row, and a result array with guards. */
function matrix(rows: number, columns: number, scale: number, seed: number): Float32Array<ArrayBuffer> {
  const random = uniform(seed);
  return new Float32Array(rows * columns).map(() => (random.next().value * 2 - 1) * scale);
}

/** Largest difference of two arrays, relative to `unit` where the second is smaller. */
function difference(actual: Float32Array, expected: Float64Array, unit: number): number {
  assertEquals(actual.length, expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i] - value) / Math.max(Math.abs(value), unit)), 0);
}

Deno.test("softmax, log_softmax and their derivatives agree with their definitions in float64", () => {
  for (const [rows, columns] of SHAPES) {
    const n = rows * columns;
    const x = matrix(rows, columns, 8, 5), g = matrix(rows, columns, 1, 6);
    const p = new Float64Array(n), logP = new Float64Array(n), dp = new Float64Array(n), dLogP = new Float64Array(n);
    for (let first = 0; first < n; first += columns) {
      const row = Array.from(x.subarray(first, first + columns));
      const total = row.reduce((sum, v) => sum + Math.exp(v), 0);
      row.forEach((v, j) => p[first + j] = Math.exp(v) / total);
      row.forEach((v, j) => logP[first + j] = v - Math.log(total));
      const inner = row.reduce((sum, _, j) => sum + g[first + j] * p[first + j], 0);
      const plain = row.reduce((sum, _, j) => sum + g[first + j], 0);
      row.forEach((_, j) => dp[first + j] = p[first + j] * (g[first + j] - inner));
      row.forEach((_, j) => dLogP[first + j] = g[first + j] - p[first + j] * plain);
    }
    const y = softmax(x, 0, rows, columns)!, logY = logSoftmax(x, 0, rows, columns)!;
    assert(difference(y, p, 0) < 2e-6);
    assert(difference(softmaxBackward(g, 0, y, 0, rows, columns)!, dp, 1e-2) < 1e-5);
    assert(difference(logY, logP, 1) < 1e-6);
    assert(difference(logSoftmaxBackward(g, 0, logY, 0, rows, columns)!, dLogP, 1e-2) < 1e-5);
  }
});

Deno.test("a row has the same softmax whichever others stand beside it: few rows go through the scratch memory at once, many in blocks", () => {
  const columns = 33, rows = 8000, some = 1000;
  const x = matrix(rows, columns, 8, 9), g = matrix(rows, columns, 1, 10);
  const y = softmax(x, 0, rows, columns)!, logY = logSoftmax(x, 0, rows, columns)!;
  const dx = softmaxBackward(g, 0, y, 0, rows, columns)!, logDx = logSoftmaxBackward(g, 0, logY, 0, rows, columns)!;
  for (let row = 0; row < rows; row += some) {
    const at = row * columns, end = at + some * columns;
    assertEquals(softmax(x, at, some, columns), y.slice(at, end));
    assertEquals(logSoftmax(x, at, some, columns), logY.slice(at, end));
    assertEquals(softmaxBackward(g, at, y, at, some, columns), dx.slice(at, end));
    assertEquals(logSoftmaxBackward(g, at, logY, at, some, columns), logDx.slice(at, end));
  }
});

Deno.test("softmax keeps what is subnormal", () => {
  // torch.softmax(torch.tensor([[0., -95.], [0., -103.]]), 1)
  const y = softmax(new Float32Array([0, -95, 0, -103, 0, -120]), 0, 3, 2)!;
  assertEquals(y, new Float32Array([1, 5.521083e-42, 1, 1.401298464324817e-45, 1, 0]));
});

Deno.test("softmax of rows with infinities and NaN is PyTorch's", () => {
  // torch.softmax(torch.tensor([row]), 1) and torch.log_softmax
  const cases: [number[], number[], number[]][] = [
    [[Infinity, 0], [NaN, NaN], [NaN, NaN]],
    [[-Infinity, -Infinity], [NaN, NaN], [NaN, NaN]],
    [[-Infinity, 0], [0, 1], [-Infinity, 0]],
    [[NaN, 0, 1], [NaN, NaN, NaN], [NaN, NaN, NaN]],
    [[Infinity, Infinity, -Infinity], [NaN, NaN, NaN], [NaN, NaN, NaN]],
  ];
  for (const [row, p, logP] of cases) {
    assertEquals(softmax(new Float32Array(row), 0, 1, row.length), new Float32Array(p));
    assertEquals(logSoftmax(new Float32Array(row), 0, 1, row.length), new Float32Array(logP));
  }
});

Deno.test("without WebAssembly products and convolutions give the same, and functions say that they did nothing", async () => {
  const window = { input: [1, 8, 9], output: [1, 8, 5], kernel: [1, 3, 2], stride: [1, 1, 2], padding: [0, 1, 1], dilation: [1, 1, 2] };
  const spec = { batch: 2, inputs: 4, outputs: 6, groups: 2, window };
  const place = (file: string) => new URL(`../src/kernels/wasm/${file}`, import.meta.url).href;
  const program = `
    if (Deno.args[0] === "without") delete globalThis.WebAssembly;
    const { gemm } = await import("${place("gemm.ts")}");
    const { convolve, convolveInput, convolveWeight } = await import("${place("../convolution.ts")}");
    const { unary } = await import("${place("unary.ts")}");
    const { softmax } = await import("${place("rows.ts")}");
    const whole = (n) => new Float32Array(n).map((_, i) => i % 11 - 5);
    const spec = ${JSON.stringify(spec)};
    const block = (n) => ({ data: whole(n), offset: 0 });
    const product = new Float32Array(400), out = new Float32Array(480), image = new Float32Array(576), weight = new Float32Array(72), y = whole(8);
    gemm(20, 20, 20, whole(400), 0, 1, 20, whole(400), 0, 20, 1, product, 0, 20);
    convolve(spec, block(576), block(72), block(6), out);
    convolveInput(spec, block(480), block(72), null, image);
    convolveWeight(spec, block(480), block(576), weight);
    const done = [unary("exp", y, 0, y, 0, 8), softmax(y, 0, 1, 8) !== null];
    console.log(JSON.stringify({ results: [[...product], [...out], [...image], [...weight]], done, changed: y[0] !== -5 }));
  `;
  const run = async (...args: string[]) => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["eval", "--no-check", program, ...args] }).output();
    assert(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  };
  const [having, missing] = [await run("with"), await run("without")];
  assertEquals(having.done, [true, true]);
  assertEquals(missing.done, [false, false]);
  assertEquals(missing.changed, false);
  assertEquals(missing.results, having.results);
});
