/**
 * PyTorch's CPU generator, the 32-bit Mersenne Twister, and PyTorch's way from its bits to numbers: the same seed and the same
 * calls give what PyTorch 2.6 gives.
 *
 * Every function fills a dense typed array in order. A strided tensor is filled in the order of its memory (dimensions sorted by
 * stride), not in that of its indices; `normal` alone needs to be told, because it computes contiguous tensors differently.
 * Arguments are checked before anything is drawn, with PyTorch's words.
 *
 * How far the agreement goes, measured on a million values each against PyTorch 2.6 for x86-64 with AVX2 and glibc 2.41:
 * - words, integers, uniform and exponential numbers, and all numbers in single precision agree in every bit. Single-precision normals of 16 elements and
 *   more follow PyTorch's AVX2 kernel step by step; other floats are computed in double precision and rounded once.
 * - normal, log-normal and Cauchy numbers in double precision go through `Math`'s log, sin, cos, tan and exp where PyTorch calls the C library. In V8 0.15 %
 *   of them (Cauchy: 0.24 %) differ in the last bit or two; an engine with other sines and cosines may differ more often.
 * - PyTorch built with Intel's MKL has code of its own for `bernoulli_(p)`, and so for dropout, and for `exponential_`; this is PyTorch's without MKL.
 */
import { bool, type DType, float32, float64, int64, type TypedArray } from "./dtype.ts";
import { RuntimeError } from "./errors.ts";

/** The arrays that hold random numbers of a continuous distribution. */
export type FloatArray = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

const N = 624;
const M = 397;
/** Bytes of a state: seed, left, seeded, next, 624 words in 64 bits each, and the cached normal deviate. */
const STATE_SIZE = 5056;
/** The same without room for a cached float, as PyTorch before 1.3 saved it. */
const LEGACY_STATE_SIZE = 5048;
const WORDS_AT = 24;
const NORMAL_X_AT = WORDS_AT + 8 * N;
const NORMAL_Y_AT = NORMAL_X_AT + 8;
const NORMAL_RHO_AT = NORMAL_X_AT + 16;
const NORMAL_IS_VALID_AT = NORMAL_X_AT + 24;

const TWO_PI = 2 * Math.PI;
const TWO_32 = 2 ** 32;
/** How many numbers are drawn at a time. */
const BLOCK = 1024;

/** A bigint as a number where a number is exact. */
function shortest(n: bigint): number | bigint {
  return n <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(n) : n;
}

function pythonTypeName(value: unknown): string {
  if (value === null || value === undefined) return "NoneType";
  if (typeof value === "object") return value.constructor.name;
  return { number: "float", string: "str", boolean: "bool" }[typeof value as string] ?? typeof value;
}

/**
 * A stream of random bits with a state of its own: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded with the
 * low 32 bits of its seed. A new one has the seed 67280421310721, as in PyTorch.
 */
export class Generator {
  #seed = 0n;
  #words = new Int32Array(N);
  /** The words tempered: what `random` returns. */
  #tempered = new Int32Array(N);
  /** Calls until the words are used up, and the next word: kept as PyTorch's state holds them. */
  #left = 1;
  #next = 0;
  /** The second number of the last pair of normals, which the next scalar draw returns; `null` where there is none. */
  next_normal: number | null = null;

  /** A generator with PyTorch's default seed, 67280421310721. */
  constructor() {
    this.manual_seed(67280421310721);
  }

  /**
   * Starts the stream anew from `seed`, an integer of [-2^63, 2^64); a negative one counts as `2^64 + seed`. Returns the generator.
   * Raises RuntimeError for anything else.
   */
  manual_seed(seed: number | bigint): this {
    if (typeof seed !== "bigint" && !Number.isInteger(seed)) {
      throw new RuntimeError(`manual_seed expected a long, but got ${pythonTypeName(seed)}`);
    }
    const value = BigInt(seed);
    if (value < -(1n << 63n) || value >= 1n << 64n) throw new RuntimeError("Overflow when unpacking long");
    this.#seed = BigInt.asUintN(64, value);
    const words = this.#words;
    words[0] = Number(BigInt.asIntN(32, value));
    for (let j = 1; j < N; j++) {
      const previous = words[j - 1];
      words[j] = Math.imul(1812433253, previous ^ (previous >>> 30)) + j;
    }
    this.#left = 1;
    this.#next = 0;
    this.next_normal = null;
    return this;
  }

  /** Starts the stream from a seed that cannot be foreseen, and returns it: a `bigint` where it is beyond 2^53. */
  seed(): number | bigint {
    this.manual_seed(crypto.getRandomValues(new BigUint64Array(1))[0]);
    return this.initial_seed();
  }

  /** The seed the stream was started from: a `bigint` where it is beyond 2^53. */
  initial_seed(): number | bigint {
    return shortest(this.#seed);
  }

  /** A generator of its own that goes on from the same state. */
  clone_state(): Generator {
    return new Generator().set_state_bytes(this.get_state_bytes());
  }

  /** The whole state in the 5056 bytes of PyTorch's `get_state()`. */
  get_state_bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(STATE_SIZE);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, this.#seed, true);
    view.setInt32(8, this.#left, true);
    view.setInt32(12, 1, true);
    view.setUint32(16, this.#next, true);
    for (let j = 0; j < N; j++) view.setInt32(WORDS_AT + 8 * j, this.#words[j], true);
    if (this.next_normal !== null) {
      view.setFloat64(NORMAL_Y_AT, this.next_normal, true);
      view.setInt32(NORMAL_IS_VALID_AT, 1, true);
    }
    return bytes;
  }

  /** Goes on from a state that `get_state_bytes` or PyTorch has saved, and returns the generator. Raises RuntimeError for anything that is none. */
  set_state_bytes(bytes: Uint8Array): this {
    const size = bytes.length;
    if (size !== STATE_SIZE && size !== LEGACY_STATE_SIZE) {
      throw new RuntimeError(
        `Expected either a CPUGeneratorImplStateLegacy of size ${LEGACY_STATE_SIZE} or a CPUGeneratorImplState of size ${STATE_SIZE} but found the input RNG state size to be ${size}`,
      );
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, size);
    const left = view.getInt32(8, true);
    const next = view.getUint32(16, true);
    if (view.getInt32(12, true) === 0 || left <= 0 || left > N || next > N) throw new RuntimeError("Invalid mt19937 state");
    this.#seed = view.getBigUint64(0, true);
    this.#left = left;
    this.#next = next;
    for (let j = 0; j < N; j++) this.#words[j] = view.getInt32(WORDS_AT + 8 * j, true);
    this.#temper();
    if (view.getInt32(NORMAL_IS_VALID_AT, true) === 0) this.next_normal = null;
    else if (size === STATE_SIZE) this.next_normal = view.getFloat64(NORMAL_Y_AT, true);
    else this.next_normal = view.getFloat64(NORMAL_RHO_AT, true) * Math.sin(TWO_PI * view.getFloat64(NORMAL_X_AT, true));
    return this;
  }

  /** The next 32 bits as an integer of [0, 2^32). */
  random(): number {
    if (--this.#left === 0) this.#twist();
    return this.#tempered[this.#next++] >>> 0;
  }

  /** Fills `out` with the next words of 32 bits, as signed integers. */
  random_words(out: Int32Array): void {
    const tempered = this.#tempered;
    for (let at = 0; at < out.length;) {
      if (this.#left === 1) {
        this.#twist();
        this.#left = N + 1;
      }
      const count = Math.min(out.length - at, this.#left - 1);
      const shift = this.#next - at;
      for (const end = at + count; at < end; at++) out[at] = tempered[shift + at];
      this.#left -= count;
      this.#next += count;
    }
  }

  /** The next 64 bits as an integer of [0, 2^64): two draws, the high half first. */
  random64(): bigint {
    const high = BigInt(this.random());
    return (high << 32n) | BigInt(this.random());
  }

  /** Makes the next 624 words. */
  #twist(): void {
    const words = this.#words;
    for (let j = 0; j < N - M; j++) words[j] = words[j + M] ^ mixed(words[j], words[j + 1]);
    for (let j = N - M; j < N - 1; j++) words[j] = words[j + M - N] ^ mixed(words[j], words[j + 1]);
    words[N - 1] = words[M - 1] ^ mixed(words[N - 1], words[0]);
    this.#temper();
    this.#left = N;
    this.#next = 0;
  }

  #temper(): void {
    const words = this.#words, tempered = this.#tempered;
    for (let j = 0; j < N; j++) {
      let y = words[j];
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      tempered[j] = y ^ (y >>> 18);
    }
  }
}

/** The twister's recurrence: the high bit of one word and the low bits of the next, times a matrix. */
function mixed(word: number, next: number): number {
  return (((word & 0x80000000) | (next & 0x7fffffff)) >>> 1) ^ (-(next & 1) & 0x9908b0df);
}

/** `x` as C++ streams print it, with six significant digits. */
function streamed(x: number): string {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x < 0 ? "-inf" : "inf";
  const [digits, exponent] = x.toExponential(5).split("e");
  const e = Number(exponent);
  if (e >= -4 && e < 6) return String(Number(x.toPrecision(6)));
  return `${Number(digits)}e${e < 0 ? "-" : "+"}${String(Math.abs(e)).padStart(2, "0")}`;
}

/** `a * b + c` in single precision, rounded once as a fused multiply-add rounds it (but for ties that doubles cannot see, 1 in 2^29). */
function fma32(a: number, b: number, c: number): number {
  return Math.fround(a * b + c);
}

/**
 * `a * b + c` rounded once, as a fused multiply-add rounds it: the error of the product by Dekker's splitting, that of the sum by Knuth's.
 * PyTorch's compiler fuses the last step of `uniform_` and its kin.
 */
function fma(a: number, b: number, c: number): number {
  const product = a * b;
  let t = 134217729 * a;
  const aHigh = t - (t - a), aLow = a - aHigh;
  t = 134217729 * b;
  const bHigh = t - (t - b), bLow = b - bHigh;
  const productError = ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow;
  const sum = product + c;
  t = sum - product;
  const sumError = (product - (sum - t)) + (c - t);
  const result = sum + (productError + sumError);
  return Number.isFinite(result) ? result : sum;
}

/** `value * std + mean`, rounded once. */
function scaled(value: number, mean: number, std: number): number {
  return mean === 0 ? value * std + 0 : fma(value, std, mean);
}

/** Fills `out` with numbers of [0, 1) of 24 bits: one draw each. */
function uniform24(gen: Generator, out: Float32Array | Float64Array): void {
  const words = new Int32Array(Math.min(out.length, BLOCK));
  for (let at = 0; at < out.length; at += BLOCK) {
    const n = Math.min(out.length - at, BLOCK);
    gen.random_words(n < words.length ? words.subarray(0, n) : words);
    for (let i = 0; i < n; i++) out[at + i] = (words[i] & 0xffffff) * 2 ** -24;
  }
}

/** Fills `out` with numbers of [0, 1) of 53 bits: two draws each, the high half first. */
function uniform53(gen: Generator, out: Float64Array): void {
  const words = new Int32Array(2 * Math.min(out.length, BLOCK));
  for (let at = 0; at < out.length; at += BLOCK) {
    const n = Math.min(out.length - at, BLOCK);
    gen.random_words(2 * n < words.length ? words.subarray(0, 2 * n) : words);
    for (let i = 0; i < n; i++) out[at + i] = unit53(words[2 * i], words[2 * i + 1]);
  }
}

/** The number of [0, 1) that the low 53 of 64 bits stand for. */
function unit53(high: number, low: number): number {
  return ((high & 0x1fffff) * TWO_32 + (low >>> 0)) * 2 ** -53;
}

/** Writes whole numbers below 2^53 as 64-bit integers, without making bigints of them. */
function storeInt64(data: BigInt64Array<ArrayBuffer>, at: number, block: Float64Array): void {
  const words = new Int32Array(data.buffer, data.byteOffset + 8 * at, 2 * block.length);
  for (let i = 0; i < block.length; i++) {
    const value = block[i];
    words[2 * i] = value;
    words[2 * i + 1] = Math.floor(value / TWO_32);
  }
}

/** Fills `data` with what `fill` draws as doubles, block by block, each value converted once. */
function throughDoubles(data: TypedArray, fill: (block: Float64Array) => void): void {
  if (data instanceof Float64Array) return fill(data);
  const buffer = new Float64Array(Math.min(data.length, BLOCK));
  for (let at = 0; at < data.length; at += buffer.length) {
    const block = buffer.subarray(0, Math.min(buffer.length, data.length - at));
    fill(block);
    if (data instanceof BigInt64Array) storeInt64(data, at, block);
    else data.set(block, at);
  }
}

/**
 * `rand` and `uniform_`: numbers spread evenly over `[from, to)`. A float takes one draw (24 bits), a double two (53 bits).
 * Raises RuntimeError for an empty or too wide range, or bounds that the dtype cannot hold.
 */
export function uniform(gen: Generator, data: FloatArray, from = 0, to = 1): void {
  const single = data instanceof Float32Array;
  const dtype = single ? float32 : float64;
  const limit = single ? 3.4028234663852886e38 : Number.MAX_VALUE;
  for (const [name, bound] of [["from", from], ["to", to]] as const) {
    if (!(Math.abs(bound) <= limit)) throw new RuntimeError(`${name} is out of bounds for ${dtype.ctype}`);
  }
  if (from > to) throw new RuntimeError(`uniform_ expects to return a [from, to) range, but found from=${streamed(from)} > to=${streamed(to)}`);
  if (to - from > limit) {
    throw new RuntimeError(
      `uniform_ expects to-from <= std::numeric_limits<${dtype.scalar}>::max(), but found to=${streamed(to)} and from=${
        streamed(from)
      } which result in to-from to exceed the limit`,
    );
  }
  if (single) {
    uniform24(gen, data);
    if (from === 0 && to === 1) return;
    const low = Math.fround(from);
    const range = Math.fround(Math.fround(to) - low);
    for (let i = 0; i < data.length; i++) data[i] = fma32(data[i], range, low);
  } else {
    uniform53(gen, data);
    if (from === 0 && to === 1) return;
    const range = to - from;
    for (let i = 0; i < data.length; i++) data[i] = scaled(data[i], from, range);
  }
}

// Polynomials of the Cephes library (Moshier), single precision: log, sin and cos on their reduced ranges, highest power first.
const LOG_0 = Math.fround(7.0376836292e-2), LOG_1 = Math.fround(-1.151461031e-1), LOG_2 = Math.fround(1.167699874e-1);
const LOG_3 = Math.fround(-1.2420140846e-1), LOG_4 = Math.fround(1.4249322787e-1), LOG_5 = Math.fround(-1.6668057665e-1);
const LOG_6 = Math.fround(2.0000714765e-1), LOG_7 = Math.fround(-2.4999993993e-1), LOG_8 = Math.fround(3.3333331174e-1);
const SIN_0 = Math.fround(-1.9515295891e-4), SIN_1 = Math.fround(8.3321608736e-3), SIN_2 = Math.fround(-1.6666654611e-1);
const COS_0 = Math.fround(2.443315711809948e-5), COS_1 = Math.fround(-1.388731625493765e-3), COS_2 = Math.fround(4.166664568298827e-2);
/** ln 2 and pi / 4 in parts, so that a small multiple of each first part is exact. */
const LN2_HIGH = Math.fround(0.693359375), LN2_LOW = Math.fround(-2.1219444e-4);
const QUARTER_PI_1 = Math.fround(0.78515625), QUARTER_PI_2 = Math.fround(2.4187564849853515625e-4), QUARTER_PI_3 = Math.fround(3.77489497744594108e-8);
const FOUR_OVER_PI = Math.fround(4 / Math.PI);
const SQRT_HALF = Math.fround(Math.SQRT1_2);
const TWO_PI_32 = Math.fround(TWO_PI);

/** The logarithm of `1 - u` in single precision, for a multiple `u` of 2^-24 in [0, 1). */
function log1m32(u: number): number {
  const units = 0x1000000 - u * 0x1000000;
  const bits = 32 - Math.clz32(units);
  let x = units / (1 << bits);
  let exponent = bits - 24;
  if (x < SQRT_HALF) {
    x = 2 * x - 1;
    exponent--;
  } else {
    x = x - 1;
  }
  const z = Math.fround(x * x);
  let y = fma32(LOG_0, x, LOG_1);
  y = fma32(y, x, LOG_2);
  y = fma32(y, x, LOG_3);
  y = fma32(y, x, LOG_4);
  y = fma32(y, x, LOG_5);
  y = fma32(y, x, LOG_6);
  y = fma32(y, x, LOG_7);
  y = fma32(y, x, LOG_8);
  y = fma32(Math.fround(y * x), z, Math.fround(exponent * LN2_LOW));
  y = fma32(z, -0.5, y);
  return fma32(exponent, LN2_HIGH, Math.fround(x + y));
}

/**
 * Box and Muller's transform (1958) of 16 single-precision uniform numbers at `at`, in place: the first eight give the radii, the
 * others the angles. Every step is a step of PyTorch's AVX2 kernel, so every bit agrees.
 */
function normal16(data: Float32Array, at: number, mean: number, std: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * log1m32(data[i]))));
    let theta = Math.fround(TWO_PI_32 * data[i + 8]);
    // The nearest even number of eighths of a turn is taken off; the polynomials hold for the rest, within pi / 4.
    const octant = (Math.fround(theta * FOUR_OVER_PI) + 1) & ~1;
    theta = fma32(octant, -QUARTER_PI_1, theta);
    theta = fma32(octant, -QUARTER_PI_2, theta);
    theta = fma32(octant, -QUARTER_PI_3, theta);
    const z = Math.fround(theta * theta);
    let cos = fma32(COS_0, z, COS_1);
    cos = fma32(cos, z, COS_2);
    cos = fma32(Math.fround(cos * z), z, -0.5 * z);
    cos = Math.fround(cos + 1);
    let sin = fma32(SIN_0, z, SIN_1);
    sin = fma32(sin, z, SIN_2);
    sin = fma32(Math.fround(sin * z), theta, theta);
    const signed = octant & 4 ? -radius : radius;
    const turned = (octant & 2) !== 0;
    data[i] = fma32(Math.fround(signed * (turned ? -sin : cos)), std, mean);
    data[i + 8] = fma32(Math.fround(signed * (turned ? cos : sin)), std, mean);
  }
}

/** The same in double precision. */
function normal16Double(data: Float64Array, at: number, mean: number, std: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - data[i]));
    const theta = TWO_PI * data[i + 8];
    data[i] = scaled(radius * Math.cos(theta), mean, std);
    data[i + 8] = scaled(radius * Math.sin(theta), mean, std);
  }
}

// The polynomial of fdlibm's log1p (Sun Microsystems, 1993), lowest power first, and ln 2 in two parts.
const LOG1P_1 = 0.6666666666666735, LOG1P_2 = 0.3999999999940942, LOG1P_3 = 0.2857142874366239, LOG1P_4 = 0.22222198432149784;
const LOG1P_5 = 0.1818357216161805, LOG1P_6 = 0.15313837699209373, LOG1P_7 = 0.14798198605116586;
const LN2_HIGH_64 = 0.6931471803691238, LN2_LOW_64 = 1.9082149292705877e-10;
/** Where fdlibm's reduction changes, in its own precision: 1 - sqrt(1/2) and sqrt(2). */
const UNREDUCED = 0.2928934097290039, SQRT_TWO = 1.4142131805419922;

/**
 * `log1p(-u)` for a multiple `u` of 2^-53 in [0, 1), as the GNU C library computes it on processors with fused multiply-adds: by
 * fdlibm's method, which differs from `Math.log1p` in 7 % of its results.
 */
function log1m(u: number): number {
  if (u < 2 ** -29) return u < 2 ** -54 ? -u : fma(-0.5, u * u, -u);
  let f = -u;
  let exponent = 0;
  if (u >= UNREDUCED) {
    let x = 1 - u;
    while (x < 1) {
      x *= 2;
      exponent--;
    }
    if (x >= SQRT_TWO) {
      x /= 2;
      exponent++;
    }
    f = x - 1;
  }
  const half = 0.5 * f * f;
  const low = exponent * LN2_LOW_64;
  if (Math.abs(f) < 2 ** -20 && exponent !== 0) {
    if (f === 0) return fma(exponent, LN2_HIGH_64, low);
    return fma(exponent, LN2_HIGH_64, f - (half * fma(-0.6666666666666666, f, 1) - low));
  }
  const s = f / (2 + f);
  const z = s * s, z2 = z * z, z4 = z2 * z2;
  let r = fma(z, LOG1P_1, z2 * fma(LOG1P_3, z, LOG1P_2));
  r = fma(z4, fma(LOG1P_5, z, LOG1P_4), r);
  r = fma(z2 * z4, fma(LOG1P_7, z, LOG1P_6), r);
  const tail = (r + half) * s;
  return exponent === 0 ? f - (half - tail) : fma(exponent, LN2_HIGH_64, f - (half - (low + tail)));
}

/** One normal number, the other of its pair being kept for the next call. */
function normalScalar(gen: Generator, mean: number, std: number): number {
  let value = gen.next_normal;
  if (value === null) {
    const theta = TWO_PI * unit53(gen.random(), gen.random());
    const radius = Math.sqrt(-2 * log1m(unit53(gen.random(), gen.random())));
    gen.next_normal = radius * Math.sin(theta);
    value = radius * Math.cos(theta);
  } else {
    gen.next_normal = null;
  }
  return scaled(value, mean, std);
}

/**
 * `randn` and `normal_`: normal numbers of the given mean and standard deviation. A contiguous tensor of 16 elements and more is
 * computed in blocks of 16 uniform numbers, the last 16 being drawn anew where the size is not a multiple of 16; a smaller or strided
 * one (`contiguous` false) number by number in double precision, from pairs of which the generator keeps the second. Raises
 * RuntimeError unless `std >= 0`.
 */
export function normal(gen: Generator, data: FloatArray, mean = 0, std = 1, contiguous = true): void {
  if (!(std >= 0)) throw new RuntimeError(`normal expects std >= 0.0, but found std ${streamed(std)}`);
  const n = data.length;
  if (n < 16 || !contiguous) {
    for (let i = 0; i < n; i++) data[i] = normalScalar(gen, mean, std);
  } else if (data instanceof Float32Array) {
    const mean32 = Math.fround(mean), std32 = Math.fround(std);
    uniform24(gen, data);
    for (let at = 0; at <= n - 16; at += 16) normal16(data, at, mean32, std32);
    if (n % 16 !== 0) {
      uniform24(gen, data.subarray(n - 16));
      normal16(data, n - 16, mean32, std32);
    }
  } else {
    uniform53(gen, data);
    for (let at = 0; at <= n - 16; at += 16) normal16Double(data, at, mean, std);
    if (n % 16 !== 0) {
      uniform53(gen, data.subarray(n - 16));
      normal16Double(data, n - 16, mean, std);
    }
  }
}

/** `log_normal_`: the exponentials of normal numbers, drawn one by one whatever the size. Raises RuntimeError unless `std > 0`. */
export function log_normal(gen: Generator, data: FloatArray, mean = 1, std = 2): void {
  if (!(std > 0)) throw new RuntimeError(`log_normal_ expects std > 0.0, but found std=${streamed(std)}`);
  for (let i = 0; i < data.length; i++) data[i] = Math.exp(normalScalar(gen, mean, std));
}

/** `exponential_`: numbers of density `lambd * exp(-lambd * x)`, by the inverse of its integral. Raises RuntimeError unless `lambd > 0`. */
export function exponential(gen: Generator, data: FloatArray, lambd = 1): void {
  if (!(lambd > 0)) throw new RuntimeError(`exponential_ expects lambda > 0.0, but found lambda=${streamed(lambd)}`);
  const scale = -1 / lambd;
  const single = data instanceof Float32Array;
  throughDoubles(data, (block) => {
    uniform53(gen, block);
    for (let i = 0; i < block.length; i++) block[i] = scale * (single ? Math.log1p(-block[i]) : log1m(block[i]));
  });
}

/** `cauchy_`: `median + sigma * tan(pi * (u - 1/2))` with `u` uniform. Raises RuntimeError unless `sigma > 0`. */
export function cauchy(gen: Generator, data: FloatArray, median = 0, sigma = 1): void {
  if (!(sigma > 0)) throw new RuntimeError(`cauchy_ expects sigma > 0.0, but found sigma=${streamed(sigma)}`);
  throughDoubles(data, (block) => {
    uniform53(gen, block);
    for (let i = 0; i < block.length; i++) block[i] = scaled(Math.tan(Math.PI * (block[i] - 0.5)), median, sigma);
  });
}

/**
 * `geometric_`: how many trials of probability `p` it takes to succeed, 1 and more. Integers that overflow become the least
 * 32-bit (64-bit for `int64`) integer before they are cut to size, as the processor converts them. Raises RuntimeError unless `0 < p < 1`.
 */
export function geometric(gen: Generator, data: TypedArray, p: number): void {
  if (!(p > 0 && p < 1)) throw new RuntimeError(`geometric_ expects p to be in (0, 1), but got p=${streamed(p)}`);
  const scale = Math.log1p(-p);
  const floating = data instanceof Float32Array || data instanceof Float64Array;
  const limit = floating ? Infinity : data instanceof BigInt64Array ? 2 ** 63 : 2 ** 31;
  throughDoubles(data, (block) => {
    uniform53(gen, block);
    for (let i = 0; i < block.length; i++) {
      const trials = Math.ceil(Math.log(block[i]) / scale);
      block[i] = trials < limit || floating ? trials : -limit;
    }
  });
}

/**
 * `bernoulli_`, `bernoulli` and dropout's mask: 1 with probability `p`, else 0. A single `p` takes two draws an element; an array of
 * probabilities, one for each element, takes one draw for floats and two for doubles. Raises RuntimeError for a probability outside
 * of [0, 1].
 */
export function bernoulli(gen: Generator, data: TypedArray, p: number | Float32Array | Float64Array): void {
  if (typeof p === "number") {
    if (!(p >= 0 && p <= 1)) throw new RuntimeError(`bernoulli_ expects p to be in [0, 1], but got p=${streamed(p)}`);
    throughDoubles(data, (block) => {
      uniform53(gen, block);
      for (let i = 0; i < block.length; i++) block[i] = block[i] < p ? 1 : 0;
    });
    return;
  }
  for (let i = 0; i < p.length; i++) {
    if (!(p[i] >= 0 && p[i] <= 1)) {
      throw new RuntimeError(
        "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)",
      );
    }
  }
  const single = p instanceof Float32Array;
  let at = 0;
  throughDoubles(data, (block) => {
    if (single) uniform24(gen, block);
    else uniform53(gen, block);
    for (let i = 0; i < block.length; i++) block[i] = block[i] < p[at + i] ? 1 : 0;
    at += block.length;
  });
}

const INT64_MIN = -(1n << 63n);
const TWO_63 = 1n << 63n;
const TWO_64 = 1n << 64n;

/** An integer that fits 64 bits, as a bigint. */
function checkedInt64(value: number | bigint): bigint {
  const integer = BigInt(value);
  if (integer < INT64_MIN || integer >= TWO_63) throw new RuntimeError("Overflow when unpacking long");
  return integer;
}

/** The integer of 64 bits that a float of the dtype makes of `value`; 2^63 wraps round. */
function throughFloat(value: bigint, dtype: DType): bigint {
  const double = Number(value);
  return BigInt.asIntN(64, BigInt(dtype === float32 ? Math.fround(double) : double));
}

/** The distance of neighbouring floats of `digits` bits about `value`. */
function spacing(value: bigint, digits: number): bigint {
  const exponent = (value < 0n ? -value : value).toString(2).length - 1;
  return 1n << BigInt(Math.max(exponent - digits + 1, 0));
}

/** The least and the greatest integer that `random_` may ask of an integer dtype. */
function integerLimits(dtype: DType): [bigint, bigint] {
  if (dtype === bool) return [0n, 1n];
  const bits = BigInt(8 * dtype.itemsize);
  return dtype.is_signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
}

function checkIntegerBounds(dtype: DType, from: bigint, last: bigint): void {
  const [least, greatest] = integerLimits(dtype);
  const name = dtype.ctype === "short" ? "short int" : dtype.ctype;
  if (from < least || from > greatest) throw new RuntimeError(`from is out of bounds for ${name}`);
  if (last < least || last > greatest) throw new RuntimeError(`to - 1 is out of bounds for ${name}`);
}

/** `high * 2^32 + low` modulo `range`, which is at most 2^37: sixteen bits at a time, so that doubles hold every step. */
function remainder64(high: number, low: number, range: number): number {
  const upper = ((high % range) * 65536 + (low >>> 16)) % range;
  return (upper * 65536 + (low & 0xffff)) % range;
}

/** Fills `data` with `bits % range + base`: 32 bits for ranges below 2^32 and for dtypes that hold no more, else 64. */
function integers(gen: Generator, data: TypedArray, base: bigint, range: bigint): void {
  const wide = range >= 1n << 32n && (data instanceof BigInt64Array || data instanceof Float32Array || data instanceof Float64Array);
  const exact = base > -(1n << 52n) && base < 1n << 52n;
  if (exact && range <= 1n << 37n) {
    const low = Number(base), size = Number(range);
    const words = new Int32Array((wide ? 2 : 1) * Math.min(data.length, BLOCK));
    throughDoubles(data, (block) => {
      for (let at = 0; at < block.length; at += BLOCK) {
        const n = Math.min(block.length - at, BLOCK);
        gen.random_words(words.subarray(0, wide ? 2 * n : n));
        if (wide) { for (let i = 0; i < n; i++) block[at + i] = remainder64(words[2 * i] >>> 0, words[2 * i + 1], size) + low; }
        else for (let i = 0; i < n; i++) block[at + i] = (words[i] >>> 0) % size + low;
      }
    });
  } else if (wide && data instanceof BigInt64Array && base === 0n && (range & (range - 1n)) === 0n) {
    const words = new Int32Array(data.buffer, data.byteOffset, 2 * data.length);
    const mask = Number(BigInt.asIntN(32, (range - 1n) >> 32n));
    for (let i = 0; i < words.length; i += 2) {
      words[i + 1] = gen.random() & mask;
      words[i] = gen.random();
    }
  } else {
    for (let i = 0; i < data.length; i++) {
      const bits = wide ? gen.random64() : BigInt(gen.random());
      const value = BigInt.asIntN(64, bits % range + base);
      if (data instanceof BigInt64Array) data[i] = value;
      else data[i] = Number(value);
    }
  }
}

/** `random_()`: integers from 0 to the greatest of the dtype, or to 2^24 (2^53) for `float32` (`float64`), the end included. */
export function random(gen: Generator, data: TypedArray, dtype: DType): void {
  integers(gen, data, 0n, dtype.is_floating_point ? (1n << (dtype === float32 ? 24n : 53n)) + 1n : integerLimits(dtype)[1] + 1n);
}

/**
 * `randint` and `random_(from, to)`: integers of `[from, to)`, or from `from` to the greatest of the dtype where `to` is null. One draw
 * an element for ranges below 2^32, else two. For floats the ends move inwards to the next float. Raises RuntimeError for an empty
 * range and for ends out of the dtype's bounds.
 */
export function random_from_to(gen: Generator, data: TypedArray, dtype: DType, from: number | bigint, to: number | bigint | null): void {
  let first = checkedInt64(from);
  const digits = dtype === float32 ? 24 : 53;
  if (dtype.is_floating_point && throughFloat(first + 1n, dtype) < first) first = throughFloat(first + 1n, dtype) + spacing(first + 1n, digits);
  if (to === null) {
    if (checkedInt64(from) === INT64_MIN) {
      if (dtype === bool) throw new RuntimeError(`"random_full_64_bits_range_kernel_cpu" not implemented for 'Bool'`);
      if (!dtype.is_floating_point && dtype !== int64) {
        throw new RuntimeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16");
      }
      return integers(gen, data, 0n, TWO_64);
    }
    let last = 1n << BigInt(digits);
    if (!dtype.is_floating_point) {
      last = integerLimits(dtype)[1];
      checkIntegerBounds(dtype, first, last);
    } else if (first >= last) {
      throw new RuntimeError(
        `random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to dtype, but got from=${first} > to_inc=${last}`,
      );
    }
    return integers(gen, data, first, last - first + 1n);
  }
  let end = checkedInt64(to);
  if (from >= to) throw new RuntimeError(`random_ expects 'from' to be less than 'to', but got from=${from} >= to=${to}`);
  if (dtype.is_floating_point) {
    const last = throughFloat(end - 1n, dtype);
    if (last >= end) end = last - spacing(end - 1n, digits);
    if (first >= end) {
      throw new RuntimeError(`random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from=${first} >= to=${end}`);
    }
  } else {
    checkIntegerBounds(dtype, first, end - 1n);
  }
  integers(gen, data, first, end - first);
}

/**
 * `randperm`: the numbers from 0 to `data.length - 1` in random order. Fisher and Yates's shuffle, one draw a place; from 214748364
 * elements on, where 32 bits would favour some orders, the inside-out shuffle with two draws a place.
 */
export function randperm(gen: Generator, data: TypedArray): void {
  const n = data.length;
  const order = new Int32Array(n);
  if (n < 214748364) {
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = 0; i < n - 1; i++) {
      const j = i + gen.random() % (n - i);
      const chosen = order[j];
      order[j] = order[i];
      order[i] = chosen;
    }
  } else {
    for (let i = 0; i < n; i++) {
      const high = gen.random();
      const j = remainder64(high, gen.random(), i + 1);
      order[i] = order[j];
      order[j] = i;
    }
  }
  let at = 0;
  throughDoubles(data, (block) => {
    for (let i = 0; i < block.length; i++) block[i] = order[at + i];
    at += block.length;
  });
}

const INVALID_SUM = "invalid multinomial distribution (sum of probabilities <= 0)";

/** Checks a row of weights with replacement, and turns it into its running sum, ending in 1. */
function cumulate(row: Float32Array | Float64Array): void {
  let sum = 0;
  for (let j = 0; j < row.length; j++) {
    if (!(row[j] >= 0)) throw new RuntimeError("invalid multinomial distribution (encountering probability entry < 0)");
    if (row[j] === Infinity) throw new RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)");
    row[j] += sum;
    sum = row[j];
  }
  if (!(sum > 0)) throw new RuntimeError(INVALID_SUM);
  for (let j = 0; j < row.length; j++) row[j] /= sum;
  row[row.length - 1] = 1;
}

/**
 * `multinomial` for one or more rows of `categories` weights: `samples` indices a row, in `out`, row after row. With replacement each
 * sample is sought in the running sum of the weights; without, or for a single sample, the indices are those of the greatest quotients
 * of the weights and exponential numbers, one drawn for each weight. Quotients that are equal, those of zero weights, come in the order
 * of their indices (PyTorch leaves them as its selection algorithm finds them). Raises RuntimeError for weights that are negative or
 * not finite, rows without a positive weight, and sizes that make no sense.
 */
export function multinomial(
  gen: Generator,
  out: BigInt64Array,
  weights: Float32Array | Float64Array,
  categories: number,
  samples: number,
  replacement = false,
): void {
  if (samples <= 0) throw new RuntimeError("cannot sample n_sample <= 0 samples");
  if (!replacement && samples > categories) throw new RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  const rows = out.length / samples;
  if (replacement && samples > 1) {
    for (let r = 0; r < rows; r++) {
      const sums = weights.slice(r * categories, (r + 1) * categories);
      cumulate(sums);
      for (let i = r * samples; i < (r + 1) * samples; i++) {
        const sample = unit53(gen.random(), gen.random());
        let low = 0, high = categories;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (sums[middle] < sample) low = middle + 1;
          else high = middle;
        }
        out[i] = BigInt(low);
      }
    }
    return;
  }
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Infinity)) throw new RuntimeError("probability tensor contains either `inf`, `nan` or element < 0");
  }
  for (let r = 0; r < rows; r++) {
    if (weights.subarray(r * categories, (r + 1) * categories).every((weight) => weight === 0)) throw new RuntimeError(INVALID_SUM);
  }
  const quotients = weights.slice();
  exponential(gen, quotients);
  for (let i = 0; i < weights.length; i++) quotients[i] = weights[i] / quotients[i];
  const indices = Array.from({ length: categories }, (_, j) => j);
  for (let r = 0; r < rows; r++) {
    const row = quotients.subarray(r * categories, (r + 1) * categories);
    const ranked = indices.toSorted((a, b) => row[b] - row[a]);
    for (let i = 0; i < samples; i++) out[r * samples + i] = BigInt(ranked[i]);
  }
}
