import { assert } from "@std/assert";
import { channelMoments, channelsBackwardInput, channelSums, scaleChannels } from "../src/kernels/channels.ts";
import { normalizeRows, rowMoments, rowsBackwardInput, rowsBackwardWeight } from "../src/kernels/normalization.ts";

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
const float32 = (n: number): Floats => new Float32Array(n);
const float64 = (n: number): Floats => new Float64Array(n);

const OFFSET = 3;

/** Numbers that are the same in every run. */
function generator(seed: number) {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return {
    below: (n: number) => Math.floor(next() * n),
    /** `n` numbers behind others. */
    numbers: (make: (n: number) => Floats, n: number) => make(n + OFFSET + 2).map(() => 3 * next() - 1),
  };
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, precision: number, what: string): void {
  assert(actual.length === expected.length, what);
  let largest = 1;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  for (let i = 0; i < expected.length; i++) assert(Math.abs(actual[i] - expected[i]) <= precision * largest, `${what}[${i}]: ${actual[i]}, not ${expected[i]}`);
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;

/**
 * Normalizes sets of elements, given by their numbers: y = (x - mean) / sqrt(variance + eps), out = y * weight + bias, where `channel` tells an
 * element's, and the gradients of x and of the weights for a gradient of out.
 */
function normalized(x: Floats, grad: Floats, sets: number[][], channel: (i: number) => number, weight: Floats, bias: Floats, eps: number) {
  const n = sets.flat().length;
  const out = new Float64Array(n), gradX = new Float64Array(n), gradWeight = new Float64Array(weight.length - OFFSET - 2);
  const means: number[] = [], variances: number[] = [];
  for (const set of sets) {
    const m = mean(set.map((i) => x[OFFSET + i])), variance = mean(set.map((i) => (x[OFFSET + i] - m) ** 2));
    const r = 1 / Math.sqrt(variance + eps);
    const h = set.map((i) => (x[OFFSET + i] - m) * r), a = set.map((i) => grad[OFFSET + i] * weight[OFFSET + channel(i)]);
    const averageA = mean(a), averageAH = mean(a.map((v, k) => v * h[k]));
    set.forEach((i, k) => {
      out[i] = h[k] * weight[OFFSET + channel(i)] + bias[OFFSET + channel(i)];
      gradX[i] = r * (a[k] - averageA - h[k] * averageAH);
      gradWeight[channel(i)] += grad[OFFSET + i] * h[k];
    });
    means.push(m);
    variances.push(variance);
  }
  return { out, gradX, gradWeight, means, variances };
}

Deno.test("rows and groups of channels are normalized, and their gradients are those of the definition", () => {
  const random = generator(1);
  for (let i = 0; i < 60; i++) {
    const make = i % 3 === 0 ? float64 : float32, precision = make === float64 ? 1e-12 : 2e-6;
    const groups = i % 2 === 0 ? 1 : 1 + random.below(4), perGroup = 1 + random.below(9), places = i % 2 === 0 && i % 4 === 0 ? 1 : 1 + random.below(20);
    const rows = groups * (1 + random.below(5)), n = perGroup * places, shape = { rows, groups, perGroup, places };
    const [x, grad, weight, bias] = [rows * n, rows * n, groups * perGroup, groups * perGroup].map((count) => random.numbers(make, count));
    const channel = (k: number) => Math.floor(k / n) % groups * perGroup + Math.floor(k % n / places);
    const sets = Array.from({ length: rows }, (_, r) => Array.from({ length: n }, (_, k) => r * n + k));
    const expected = normalized(x, grad, sets, channel, weight, bias, 0.1);

    const means = new Float64Array(rows), rstds = new Float64Array(rows);
    const out = make(rows * n), gradX = make(rows * n), gradWeight = make(groups * perGroup);
    rowMoments(x, OFFSET, rows, n, 0.1, means, rstds);
    normalizeRows(x, OFFSET, shape, means, rstds, { weight, weightOffset: OFFSET, bias, biasOffset: OFFSET }, out);
    rowsBackwardInput(grad, OFFSET, x, OFFSET, shape, means, rstds, weight, OFFSET, gradX);
    rowsBackwardWeight(grad, OFFSET, x, OFFSET, shape, means, rstds, gradWeight);
    assertClose(means, expected.means, precision, "mean");
    assertClose(out, expected.out, precision, "out");
    assertClose(gradX, expected.gradX, precision, "gradient of x");
    assertClose(gradWeight, expected.gradWeight, precision, "gradient of the weight");
  }
});

Deno.test("channels are normalized over the batch and all places, and their gradients are those of the definition", () => {
  const random = generator(2);
  for (let i = 0; i < 60; i++) {
    const make = i % 3 === 0 ? float64 : float32, precision = make === float64 ? 1e-12 : 2e-6;
    const batch = 1 + random.below(5), channels = 1 + random.below(6), places = i % 4 === 0 ? 1 : 1 + random.below(30), n = batch * places;
    const count = n * channels;
    const [x, grad, weight, bias] = [count, count, channels, channels].map((size) => random.numbers(make, size));
    const channel = (k: number) => Math.floor(k / places) % channels;
    const all = Array.from({ length: count }, (_, k) => k);
    const sets = Array.from({ length: channels }, (_, c) => all.filter((k) => channel(k) === c));
    const expected = normalized(x, grad, sets, channel, weight, bias, 0.1);

    const input = { data: x, offset: OFFSET, shape: [batch, channels, places] as const };
    const { means, variances } = channelMoments(input);
    const rstds = variances.map((v) => 1 / Math.sqrt(v + 0.1));
    const out = make(count), gradX = make(count);
    const values = (data: Floats) => new Float64Array(data.subarray(OFFSET, OFFSET + channels));
    const factors = values(weight).map((w, c) => w * rstds[c]);
    scaleChannels(input, means, factors, values(bias), out);
    const { sums, products } = channelSums(grad, OFFSET, input, means);
    channelsBackwardInput(grad, OFFSET, input, means, factors, sums.map((s) => s / n), products.map((p, c) => p * rstds[c] ** 2 / n), gradX);
    assertClose(means, expected.means, precision, "mean");
    assertClose(variances, expected.variances, precision, "variance");
    assertClose(out, expected.out, precision, "out");
    assertClose(gradX, expected.gradX, precision, "gradient of x");
    assertClose(products.map((p, c) => p * rstds[c]), expected.gradWeight, precision, "gradient of the weight");
  }
});
