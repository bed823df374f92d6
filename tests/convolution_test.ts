import { assert, assertEquals } from "@std/assert";
import { type Triple, volume, type Window } from "../src/kernels/columns.ts";
import { type Convolution, convolve, convolveInput, convolveWeight } from "../src/kernels/convolution.ts";
import { CELLS } from "../src/kernels/threads/cells.ts";
import { gather, setThreadCount, startWorker, threadCount } from "../src/kernels/threads/team.ts";
import { blocks } from "../src/kernels/wasm/windows.ts";

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Numbers that are the same in every run. */
function generator(seed: number) {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return { next, below: (n: number) => Math.floor(next() * n), from: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] };
}
type Random = ReturnType<typeof generator>;

/** A window that fits, over one, two or three dimensions. */
function randomWindow(random: Random, dims: number, most: number): Window {
  const along = (d: number) => {
    if (d < 3 - dims) return { input: 1, kernel: 1, stride: 1, padding: 0, dilation: 1, output: 1 };
    const input = 1 + random.below(most), stride = random.from([1, 1, 1, 2, 3]), dilation = random.from([1, 1, 2, 3]), padding = random.from([0, 0, 1, 2, 5]);
    const kernel = 1 + random.below(Math.min(5, Math.floor((input + 2 * padding - 1) / dilation) + 1));
    return { input, kernel, stride, padding, dilation, output: Math.floor((input + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1 };
  };
  const all = [along(0), along(1), along(2)];
  const of = (name: keyof (typeof all)[0]) => all.map((d) => d[name]) as never as Triple;
  return { input: of("input"), output: of("output"), kernel: of("kernel"), stride: of("stride"), padding: of("padding"), dilation: of("dilation") };
}

/** Calls `f` with the places of an output, a weight and an input that meet in a product. */
function eachTerm({ batch, inputs, outputs, groups, window }: Convolution, f: (output: number, weight: number, input: number) => void): void {
  const { input: [id, ih, iw], output: [od, oh, ow], kernel: [kd, kh, kw], stride, padding, dilation } = window;
  const into = inputs / groups, outOf = outputs / groups;
  let output = 0;
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let z = 0; z < od; z++) {
        for (let y = 0; y < oh; y++) {
          for (let x = 0; x < ow; x++, output++) {
            let weight = o * into * kd * kh * kw;
            for (let c = 0; c < into; c++) {
              const channel = Math.floor(o / outOf) * into + c;
              for (let a = 0; a < kd; a++) {
                for (let b = 0; b < kh; b++) {
                  for (let e = 0; e < kw; e++, weight++) {
                    const i = z * stride[0] + a * dilation[0] - padding[0];
                    const j = y * stride[1] + b * dilation[1] - padding[1];
                    const k = x * stride[2] + e * dilation[2] - padding[2];
                    if (i < 0 || i >= id || j < 0 || j >= ih || k < 0 || k >= iw) continue;
                    f(output, weight, ((n * inputs + channel) * id * ih + i * ih + j) * iw + k);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

/** Runs a convolution and both gradients, and compares them with sums of their terms in float64. */
function checkConvolution(spec: Convolution, array: (n: number) => Floats, random: Random): void {
  const { batch, inputs, outputs, groups, window } = spec;
  // everything begins somewhere within its array
  const block = (n: number) => ({ data: array(n + 5).map(() => random.next() - 0.5), offset: 3 });
  const sizes = { input: batch * inputs * volume(window.input), output: batch * outputs * volume(window.output) };
  const input = block(sizes.input), weight = block(outputs * (inputs / groups) * volume(window.kernel)), grad = block(sizes.output);
  const bias = random.next() < 0.5 ? null : block(outputs), inputBias = random.next() < 0.5 ? null : block(inputs);
  const weights = weight.data.length - 5;

  const results = { output: array(sizes.output).fill(NaN), input: array(sizes.input), weight: array(weights) };
  convolve(spec, input, weight, bias, results.output);
  convolveInput(spec, grad, weight, inputBias, results.input);
  convolveWeight(spec, grad, input, results.weight);

  const expected = { output: new Float64Array(sizes.output), input: new Float64Array(sizes.input), weight: new Float64Array(weights) };
  const terms = { output: new Float64Array(sizes.output), input: new Float64Array(sizes.input), weight: new Float64Array(weights) };
  const add = (kind: keyof typeof expected, at: number, term: number) => {
    expected[kind][at] += term;
    terms[kind][at] += Math.abs(term);
  };
  if (bias !== null) expected.output.forEach((_, i) => add("output", i, bias.data[3 + Math.floor(i / volume(window.output)) % outputs]));
  if (inputBias !== null) expected.input.forEach((_, i) => add("input", i, inputBias.data[3 + Math.floor(i / volume(window.input)) % inputs]));
  eachTerm(spec, (o, w, i) => {
    add("output", o, input.data[3 + i] * weight.data[3 + w]);
    add("input", i, grad.data[3 + o] * weight.data[3 + w]);
    add("weight", w, grad.data[3 + o] * input.data[3 + i]);
  });
  const unit = array === float32 ? 2 ** -24 : 2 ** -53;
  for (const kind of ["output", "input", "weight"] as const) {
    for (let i = 0; i < expected[kind].length; i++) {
      const error = Math.abs(results[kind][i] - expected[kind][i]);
      // the usual bound grows with the number of terms; errors of random signs stay far below it
      assert(error <= 20 * unit * terms[kind][i] + unit, `${kind}[${i}] of ${JSON.stringify(spec)}: ${results[kind][i]}, not ${expected[kind][i]}`);
    }
  }
}

const float32 = (n: number): Floats => new Float32Array(n);
const float64 = (n: number): Floats => new Float64Array(n);

function randomConvolution(random: Random, window: Window, channels: number): Convolution {
  const groups = random.from([1, 1, 1, 2, 3]);
  return { batch: 1 + random.below(4), inputs: groups * (1 + random.below(channels)), outputs: groups * (1 + random.below(channels)), groups, window };
}

for (const dims of [1, 2, 3]) {
  Deno.test(`convolutions of ${dims} dimensions and their gradients are the sums that define them`, () => {
    const random = generator(dims);
    for (let i = 0; i < 60; i++) {
      const spec = randomConvolution(random, randomWindow(random, dims, [60, 16, 8][dims - 1]), 9);
      checkConvolution(spec, random.from([float32, float32, float64]), random);
    }
  });
}

Deno.test("depthwise convolutions and their gradients are the sums that define them", () => {
  const random = generator(5);
  for (let i = 0; i < 60; i++) {
    const dims = 1 + i % 3, groups = 1 + random.below(5);
    const window = randomWindow(random, dims, [60, 16, 8][dims - 1]);
    const spec = { batch: 1 + random.below(4), inputs: groups * random.from([1, 1, 2]), outputs: groups * random.from([1, 1, 2]), groups, window };
    checkConvolution(spec, random.from([float32, float32, float64]), random);
  }
});

function slide(input: Triple, kernel: Triple, padding: Triple): Window {
  const output = input.map((n, d) => n + 2 * padding[d] - kernel[d] + 1) as never as Triple;
  return { input, output, kernel, stride: [1, 1, 1], padding, dilation: [1, 1, 1] };
}

Deno.test("convolutions whose places fill several blocks", () => {
  const random = generator(4);
  const cases: [number, number, number, Window][] = [
    [2, 60, 2, slide([1, 30, 31], [1, 3, 3], [0, 1, 1])], // several lines each
    [1, 150, 2, slide([1, 1, 900], [1, 1, 7], [0, 0, 3])], // parts of a line
    [9, 50, 5, slide([1, 8, 8], [1, 3, 3], [0, 1, 1])], // several images
    [2, 20, 3, slide([7, 11, 10], [3, 3, 3], [1, 1, 0])], // several depths
    [3, 30, 40, slide([1, 9, 11], [1, 1, 1], [0, 0, 0])], // patches that are the input itself
  ];
  for (const [batch, inputs, outputs, window] of cases) checkConvolution({ batch, inputs, outputs, groups: 1, window }, float32, random);
});

/** Runs `f` with a number of threads, all of them ready. */
function withThreads<R>(n: number, f: () => R): R {
  const team = gather(), before = threadCount();
  assert(team !== null);
  while (team.started < n - 1) startWorker(team);
  for (const end = Date.now() + 20_000; Atomics.load(team.state, CELLS.ready) < n - 1;) {
    assert(Date.now() < end, "workers do not start");
    Atomics.wait(team.state, CELLS.ready, Atomics.load(team.state, CELLS.ready), 100);
  }
  setThreadCount(n);
  try {
    return f();
  } finally {
    setThreadCount(before);
  }
}

Deno.test("convolutions and their gradients have the same bits for every number of threads", () => {
  const random = generator(6);
  const cases: [number, number, number, Window][] = [
    [7, 16, 24, slide([1, 20, 20], [1, 3, 3], [0, 1, 1])], // several images in a block
    [2, 40, 16, slide([1, 40, 33], [1, 3, 3], [0, 1, 1])], // several blocks of an image, which share lines
    [3, 20, 30, slide([6, 9, 8], [3, 3, 3], [1, 1, 0])],
    [2, 128, 96, slide([1, 25, 25], [1, 1, 1], [0, 0, 0])],
  ];
  for (const [batch, inputs, outputs, window] of cases) {
    const spec = { batch, inputs, outputs, groups: 1, window };
    const block = (n: number) => ({ data: float32(n).map(() => random.next() - 0.5), offset: 0 });
    const input = block(batch * inputs * volume(window.input)), grad = block(batch * outputs * volume(window.output));
    const weight = block(outputs * inputs * volume(window.kernel)), bias = block(outputs);
    const run = () => {
      const results = [grad, input, weight].map(({ data }) => float32(data.length));
      convolve(spec, input, weight, bias, results[0]);
      convolveInput(spec, grad, weight, null, results[1]);
      convolveWeight(spec, grad, input, results[2]);
      return results.map(({ buffer }) => new Uint8Array(buffer));
    };
    const alone = withThreads(1, run);
    for (const n of [2, 3]) withThreads(n, run).forEach((bits, i) => assert(bits.every((byte, at) => byte === alone[i][at])));
  }
});

Deno.test("blocks hold every place once, in order, and no more than asked for", () => {
  for (const output of [[1, 1, 1000], [1, 13, 17], [3, 5, 7]] as Triple[]) {
    const window: Window = { input: output, output, kernel: [1, 1, 1], stride: [1, 1, 1], padding: [0, 0, 0], dilation: [1, 1, 1] };
    for (const most of [8, 20, 100, 300, 5000]) {
      const seen: number[] = [];
      for (const block of blocks(3, window, most)) {
        let size = 0;
        for (const { image, depth, line, lines, first, count } of block) {
          const start = ((image * output[0] + depth) * output[1] + line) * output[2] + first;
          assert(lines === 1 || count === output[2]);
          for (let i = 0; i < lines * count; i++) seen.push(start + i);
          size += lines * count;
        }
        assert(size <= most);
      }
      assertEquals(seen, Array.from({ length: 3 * volume(output) }, (_, i) => i));
    }
  }
});
