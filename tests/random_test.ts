import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import { type DType, DTYPES, float32, float64, int64, type TypedArray } from "../src/dtype.ts";
import { default_generator } from "../src/ops/seed.ts";
import * as random from "../src/random.ts";

/** One recorded call: what it filled, and what it left in the generator. See pytorch/record_random.py. */
interface Call {
  op: string;
  dtype: string;
  n: number;
  args: (number | string | boolean | null)[];
  strided?: boolean;
  out: string;
  state: string;
  held: number | null;
}

interface Stream {
  seed: string;
  calls: Call[];
}

interface Refusal {
  op: string;
  dtype: string;
  args: (number | string | boolean | null | (number | string)[])[];
  error: string;
  message: string;
}

interface Recording {
  sizes: Stream[];
  families: Stream[];
  mixtures: Stream[];
  errors: Refusal[];
  states: { state: string; following: string[]; legacy: string; legacy_following: string };
}

async function recorded(): Promise<Recording> {
  const file = await Deno.open(new URL("pytorch/random.json.gz", import.meta.url));
  return await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).json();
}

const recording = await recorded();

function dtypeOf(name: string): DType {
  const dtype = DTYPES.find((d) => d.name === name);
  assert(dtype !== undefined, name);
  return dtype;
}

function isFloats(data: TypedArray): data is random.FloatArray {
  return data instanceof Float32Array || data instanceof Float64Array;
}

function decode(text: string, dtype: DType): TypedArray {
  const bytes = Uint8Array.fromBase64(text);
  const data = dtype.allocate(bytes.length / dtype.itemsize);
  new Uint8Array(data.buffer).set(bytes);
  return data;
}

function floats(dtype: string, n: number, value: (i: number) => number): random.FloatArray {
  const data = dtypeOf(dtype).allocate(n);
  assert(isFloats(data));
  for (let i = 0; i < n; i++) data[i] = value(i);
  return data;
}

/** What a recorded number stands for: text where JSON has none. */
function number(value: unknown): number {
  return value === "inf" ? Infinity : Number(value);
}

function integer(value: unknown): bigint | null {
  return typeof value === "string" ? BigInt(value) : null;
}

/** Makes a recorded call on `gen`. */
function perform(gen: random.Generator, data: TypedArray, { op, dtype, args, strided }: Omit<Call, "n" | "out" | "state" | "held">): void {
  const [a, b] = args.map(number);
  if (op === "random") return random.random(gen, data, dtypeOf(dtype));
  if (op === "random_from_to") return random.random_from_to(gen, data, dtypeOf(dtype), integer(args[0]) ?? 0, integer(args[1]));
  if (op === "randperm") return random.randperm(gen, data);
  if (op === "bernoulli") return random.bernoulli(gen, data, a);
  if (op === "bernoulli_each") return random.bernoulli(gen, data, floats(String(args[0]), data.length, (i) => i / data.length));
  if (op === "geometric") return random.geometric(gen, data, a);
  if (op === "multinomial") {
    assert(data instanceof BigInt64Array);
    const [weightDType, categories, samples, replacement] = [String(args[0]), number(args[1]), number(args[2]), args[3] === true];
    const weights = floats(weightDType, data.length / samples * categories, (i) => (5 * i) % 7 + 0.5);
    return random.multinomial(gen, data, weights, categories, samples, replacement);
  }
  assert(isFloats(data));
  if (op === "uniform") return random.uniform(gen, data, a, b);
  if (op === "normal") return random.normal(gen, data, a, b, !strided);
  if (op === "log_normal") return random.log_normal(gen, data, a, b);
  if (op === "exponential") return random.exponential(gen, data, a);
  assertEquals(op, "cauchy");
  random.cauchy(gen, data, a, b);
}

/** The digest of the words and the place among them, and the deviate held for the next call. */
async function stateOf(gen: random.Generator): Promise<[string, number | null]> {
  const bytes = gen.get_state_bytes();
  const digest = await crypto.subtle.digest("SHA-256", bytes.subarray(0, 5016));
  const view = new DataView(bytes.buffer);
  return [new Uint8Array(digest).toHex().slice(0, 16), view.getInt32(5040, true) === 0 ? null : view.getFloat64(5024, true)];
}

/** Doubles that went through the C library's logarithm, sine, cosine, tangent or exponential. */
function isTranscendental({ op, dtype }: Call): boolean {
  return dtype === "float64" && ["normal", "log_normal", "cauchy"].includes(op);
}

/** Eight units in the last place of the terms whose sum a double is. */
function tolerance(expected: number, args: Call["args"]): number {
  return 2 ** -49 * Math.max(1, Math.abs(expected), ...args.map((a) => Math.abs(number(a))));
}

let doubles = 0, different = 0;

async function replay({ seed, calls }: Stream): Promise<void> {
  const gen = new random.Generator().manual_seed(BigInt(seed));
  for (const [i, call] of calls.entries()) {
    const where = `seed ${seed}, call ${i}: ${call.op}(${call.args}) of ${call.n} ${call.dtype}`;
    const expected = decode(call.out, dtypeOf(call.dtype));
    const data = dtypeOf(call.dtype).allocate(call.n);
    perform(gen, data, call);
    if (isTranscendental(call)) {
      for (let j = 0; j < call.n; j++) {
        doubles++;
        if (data[j] !== expected[j]) different++;
        assertAlmostEquals(Number(data[j]), Number(expected[j]), tolerance(Number(expected[j]), call.args), `${where}: element ${j}`);
      }
    } else {
      assertEquals(data, expected, where);
    }
    const [state, held] = await stateOf(gen);
    assertEquals(state, call.state, `${where}: the state after it`);
    assertEquals(held === null, call.held === null, `${where}: whether a normal deviate is held`);
    if (held !== null && call.held !== null) assertAlmostEquals(held, call.held, tolerance(call.held, []), `${where}: the normal deviate held`);
  }
}

for (const part of ["sizes", "families", "mixtures"] as const) {
  Deno.test(`streams as PyTorch's: ${part}`, async () => {
    for (const stream of recording[part]) await replay(stream);
  });
}

Deno.test("normal doubles differ from PyTorch's in the last bit at most now and then", () => {
  assertLess(different, 0.01 * doubles);
});

Deno.test("the seeds of the notebooks give their numbers", () => {
  const gen = new random.Generator().manual_seed(4176919216);
  const x = new Float32Array(3);
  random.uniform(gen, x);
  random.uniform(gen, x);
  assertEquals(x, Float32Array.of(0.022870004, 0.32972133, 0.96118724));

  gen.manual_seed(1080786144);
  const y = new Float32Array(4);
  random.normal(gen, y);
  random.normal(gen, y);
  random.normal(gen, x);
  assertEquals(x, Float32Array.of(-0.104516335, -0.36007601, 0.63226569));
});

Deno.test("what PyTorch refuses is refused with its words, before anything is drawn", () => {
  for (const { op, dtype, args, error, message } of recording.errors) {
    const gen = new random.Generator();
    const before = gen.get_state_bytes();
    const data = dtypeOf(dtype).allocate(3);
    const out = new BigInt64Array(2);
    const thrown = assertThrows(() => {
      if (op === "multinomial") random.multinomial(gen, out, new Float32Array(number(args[0])).fill(1), number(args[0]), number(args[1]), args[2] === true);
      else if (op === "multinomial_weights") {
        const weights = Float32Array.from([args[0]].flat(), number);
        random.multinomial(gen, out.subarray(0, number(args[1])), weights, 3, number(args[1]), args[2] === true);
      } else perform(gen, data, { op, dtype, args: args.flat() });
    }, Error);
    assertEquals(`${thrown.name}: ${thrown.message}`, `${error}: ${message}`, `${op}(${args}) of ${dtype}`);
    assertEquals(gen.get_state_bytes(), before);
    assertEquals(data, dtypeOf(dtype).allocate(3));
  }
});

Deno.test("a state has PyTorch's bytes, and goes on from PyTorch's", () => {
  const { state, following, legacy, legacy_following } = recording.states;
  const gen = new random.Generator().manual_seed(5);
  random.uniform(gen, new Float32Array(700));
  random.normal(gen, new Float32Array(3));
  const saved = gen.get_state_bytes();
  assertEquals(saved, Uint8Array.fromBase64(state));

  const copy = gen.clone_state();
  random.uniform(gen, new Float32Array(1000));
  for (const resumed of [copy, gen.set_state_bytes(saved), new random.Generator().set_state_bytes(saved)]) {
    assertEquals(resumed.initial_seed(), 5);
    const many = new Float32Array(20), few = new Float32Array(3);
    random.normal(resumed, many);
    random.normal(resumed, few);
    assertEquals([many, few], following.map((text) => decode(text, float32)));
  }
  const old = new Float32Array(3);
  random.normal(gen.set_state_bytes(Uint8Array.fromBase64(legacy)), old);
  assertEquals(old, decode(legacy_following, float32));
});

Deno.test("bytes that are no state are refused, and the generator stays as it was", () => {
  const gen = new random.Generator().manual_seed(1);
  const good = gen.get_state_bytes();
  const wrongSize = assertThrows(() => gen.set_state_bytes(new Uint8Array(5)), Error);
  assertEquals(
    String(wrongSize),
    "RuntimeError: Expected either a CPUGeneratorImplStateLegacy of size 5048 or a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 5",
  );
  const unseeded = good.with(12, 0), noneLeft = good.with(8, 0), tooFar = good.with(16, 113).with(17, 2);
  for (const bytes of [new Uint8Array(5056), unseeded, noneLeft, tooFar]) {
    assertEquals(String(assertThrows(() => gen.set_state_bytes(bytes))), "RuntimeError: Invalid mt19937 state");
  }
  assertEquals(gen.get_state_bytes(), good);
});

Deno.test("seeds: PyTorch's default, range, negative seeds and refusals", () => {
  const gen = new random.Generator();
  assertEquals(gen.initial_seed(), 67280421310721);
  assertEquals(gen.manual_seed(-1).initial_seed(), 18446744073709551615n);
  assertEquals(gen.manual_seed(-(2n ** 63n)).initial_seed(), 9223372036854775808n);
  assertEquals(gen.manual_seed(2n ** 64n - 1n).initial_seed(), 18446744073709551615n);
  assertEquals(gen.manual_seed(7n).initial_seed(), 7);
  for (const seed of [2 ** 64, 2n ** 64n, -(2n ** 63n) - 1n]) {
    assertEquals(String(assertThrows(() => gen.manual_seed(seed))), "RuntimeError: Overflow when unpacking long");
  }
  const wrong: [unknown, string][] = [[1.5, "float"], [NaN, "float"], [true, "bool"], ["5", "str"], [null, "NoneType"]];
  for (const [seed, type] of wrong) {
    const thrown = assertThrows(() => Reflect.apply(gen.manual_seed, gen, [seed]));
    assertEquals(String(thrown), `RuntimeError: manual_seed expected a long, but got ${type}`);
  }
  assertEquals(gen.initial_seed(), 7);
});

Deno.test("seed() cannot be foreseen, and can be repeated", () => {
  const gen = new random.Generator();
  const seeds = new Set(Array.from({ length: 5 }, () => gen.seed()));
  assertEquals(seeds.size, 5);
  assertEquals(gen.random(), new random.Generator().manual_seed(gen.initial_seed()).random());
  assert(default_generator.initial_seed() !== 67280421310721);
});

Deno.test("MT19937: the first word of the reference seed, and 64 bits from two words", () => {
  // Matsumoto and Nishimura's generator gives 3499211612 first for 5489, and 4123659995 as its 10,000th word (the C++ standard, [rand.predef]).
  const gen = new random.Generator().manual_seed(5489);
  assertEquals(gen.random(), 3499211612);
  const words = new Int32Array(9998);
  gen.random_words(words);
  assertEquals(gen.random(), 4123659995);
  gen.manual_seed(5489);
  assertEquals(gen.random64(), (3499211612n << 32n) | 581869302n);
});

Deno.test("words drawn one by one and by the block are the same", () => {
  const one = new random.Generator().manual_seed(3), many = new random.Generator().manual_seed(3);
  for (const n of [1, 622, 1, 1, 623, 624, 625, 0, 2000]) {
    const words = new Int32Array(n);
    many.random_words(words);
    assertEquals(words, Int32Array.from(words, () => one.random()));
    assertEquals(many.get_state_bytes(), one.get_state_bytes());
  }
});

Deno.test("a part of a typed array is filled in place", () => {
  const whole = new BigInt64Array(6), alone = new BigInt64Array(3);
  random.random_from_to(new random.Generator(), whole.subarray(2, 5), int64, -3, 1000);
  random.random_from_to(new random.Generator(), alone, int64, -3, 1000);
  assertEquals(whole, BigInt64Array.of(0n, 0n, ...alone, 0n));
  const part = new Float64Array(20), full = new Float64Array(17);
  random.normal(new random.Generator(), part.subarray(1, 18));
  random.normal(new random.Generator(), full);
  assertEquals(part, Float64Array.of(0, ...full, 0, 0));
});

Deno.test("moments: means and variances of large samples", () => {
  const n = 100000;
  const families: [(data: random.FloatArray, gen: random.Generator) => void, number, number][] = [
    [(data, gen) => random.uniform(gen, data, -1, 3), 1, 16 / 12],
    [(data, gen) => random.normal(gen, data, 2, 3), 2, 9],
    [(data, gen) => random.normal(gen, data, 2, 3, false), 2, 9],
    [(data, gen) => random.exponential(gen, data, 2), 0.5, 0.25],
    [(data, gen) => random.geometric(gen, data, 0.25), 4, 12],
    [(data, gen) => random.bernoulli(gen, data, 0.25), 0.25, 0.1875],
    [(data, gen) => random.log_normal(gen, data, 0, 0.5), Math.exp(0.125), (Math.exp(0.25) - 1) * Math.exp(0.25)],
  ];
  for (const [fill, mean, variance] of families) {
    for (const dtype of [float32, float64]) {
      const data = floats(dtype.name, n, () => 0);
      fill(data, new random.Generator().manual_seed(2));
      const sum = (f: (x: number) => number) => Array.from(data, f).reduce((a, b) => a + b, 0) / n;
      // Five standard errors of the mean; the variance of these families is known to a few per cent.
      assertAlmostEquals(sum((x) => x), mean, 5 * Math.sqrt(variance / n));
      assertAlmostEquals(sum((x) => (x - mean) ** 2), variance, 0.05 * variance);
    }
  }
});
