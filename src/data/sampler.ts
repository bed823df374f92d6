/**
 * Samplers: the order in which samples are taken.
 */
import { float64, int64 } from "../dtype.ts";
import { NotImplementedError, ValueError } from "../errors.ts";
import { formatObject } from "../format/objects.ts";
import { type Constructor, constructorOf, List, python } from "../nn/arguments.ts";
import { empty, tensor } from "../ops/create.ts";
import { multinomial, randint, randperm } from "../ops/random.ts";
import { default_generator, TorchGenerator } from "../ops/seed.ts";
import type { Tensor } from "../tensor.ts";
import { sizeOf } from "./dataset.ts";

/** What has a length: a data set, an array, a tensor. */
export type Sized = unknown;

/** An order of samples: subclass it, and define `[Symbol.iterator]` and `length`. */
export abstract class Sampler<T = number> {
  /** The numbers in order. */
  [Symbol.iterator](): Iterator<T> {
    if (typeof Reflect.get(this, "__iter__") === "function") return (this as object as { __iter__(): Iterable<T> }).__iter__()[Symbol.iterator]();
    throw new NotImplementedError();
  }

  /** How many there are. */
  get length(): number {
    if (typeof Reflect.get(this, "__len__") === "function") return (this as object as { __len__(): number }).__len__();
    throw new TypeError(`object of type '${this.constructor.name}' has no len()`);
  }

  /** `<torch.utils.data.sampler.RandomSampler object at 0x...>`. */
  toString(): string {
    return formatObject(`torch.utils.data.sampler.${this.constructor.name}`, this);
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const readSequentialSampler = constructorOf<{ data_source: Sized }>("SequentialSampler", ["data_source"]);

/** Sample after sample. */
export class SequentialSampler extends Sampler {
  /** What is sampled. */
  readonly data_source: Sized;

  /** Takes what is sampled. */
  constructor(...args: Sized[]) {
    super();
    this.data_source = readSequentialSampler(args as Constructor<{ data_source: Sized }>).data_source;
  }

  /** 0, 1, 2 ... */
  override *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.length; i++) yield i;
  }

  /** The number of samples. */
  override get length(): number {
    return sizeOf(this.data_source);
  }
}

/** A number from the full range of int64, as a seed. */
export function drawSeed(generator: TorchGenerator | null): number | bigint {
  return empty([], { dtype: int64 }).random_({ generator: generator ?? default_generator }).item() as number | bigint;
}

/** Arguments of `RandomSampler`. */
export interface RandomSamplerOptions {
  /** What is sampled. */
  data_source: Sized;
  /** Whether a sample may be taken again. */
  replacement: boolean;
  /** How many are taken; all unless given. */
  num_samples: number | null;
  /** What to draw from; a generator seeded by the default one unless given. */
  generator: TorchGenerator | null;
}

const readRandomSampler = constructorOf<RandomSamplerOptions>("RandomSampler", ["data_source"], { replacement: false, num_samples: null, generator: null });

/** How many numbers are drawn at a time where they may repeat. */
const BLOCK = 32;

/** Samples in random order. */
export class RandomSampler extends Sampler {
  /** What is sampled. */
  readonly data_source: Sized;
  /** Whether a sample may be taken again. */
  readonly replacement: boolean;
  /** What to draw from, or null. */
  readonly generator: TorchGenerator | null;
  readonly #count: number | null;

  /** Takes what is sampled, `replacement` (false), `num_samples`, `generator`. */
  constructor(...args: unknown[]) {
    super();
    const { data_source, replacement, num_samples, generator } = readRandomSampler(args as Constructor<RandomSamplerOptions>);
    this.data_source = data_source;
    this.replacement = replacement;
    this.generator = generator;
    this.#count = num_samples;
    if (typeof replacement !== "boolean") throw new TypeError(`replacement should be a boolean value, but got replacement=${python(replacement)}`);
    if (!Number.isInteger(this.num_samples) || this.num_samples <= 0) {
      throw new ValueError(`num_samples should be a positive integer value, but got num_samples=${python(this.num_samples)}`);
    }
  }

  /** How many are taken. */
  get num_samples(): number {
    return this.#count ?? sizeOf(this.data_source);
  }

  /** The numbers, drawn anew each time. */
  override *[Symbol.iterator](): Iterator<number> {
    const n = sizeOf(this.data_source), count = this.num_samples;
    const generator = this.generator ?? new TorchGenerator().manual_seed(drawSeed(null));
    if (this.replacement) {
      const draw = (size: number) => randint(0, n, [size], { dtype: int64, generator }).tolist() as number[];
      for (let i = 0; i < Math.floor(count / BLOCK); i++) yield* draw(BLOCK);
      yield* draw(count % BLOCK);
    } else {
      for (let i = 0; i < Math.floor(count / n); i++) yield* randperm(n, { generator }).tolist() as number[];
      yield* (randperm(n, { generator }).tolist() as number[]).slice(0, count % n);
    }
  }

  /** How many are taken. */
  override get length(): number {
    return this.num_samples;
  }
}

/** Arguments of `SubsetRandomSampler`. */
export interface SubsetRandomSamplerOptions {
  /** The numbers of the samples. */
  indices: readonly number[];
  /** What to draw from. */
  generator: TorchGenerator | null;
}

const readSubsetRandomSampler = constructorOf<SubsetRandomSamplerOptions>("SubsetRandomSampler", ["indices"], { generator: null });

/** Some samples in random order. */
export class SubsetRandomSampler extends Sampler {
  /** The numbers of the samples. */
  readonly indices: readonly number[];
  /** What to draw from, or null. */
  readonly generator: TorchGenerator | null;

  /** Takes the numbers of the samples, and `generator`. */
  constructor(...args: Constructor<SubsetRandomSamplerOptions>) {
    super();
    const { indices, generator } = readSubsetRandomSampler(args);
    this.indices = indices;
    this.generator = generator;
  }

  /** The numbers, drawn anew each time. */
  override *[Symbol.iterator](): Iterator<number> {
    for (const i of randperm(this.indices.length, { generator: this.generator ?? default_generator }).tolist() as number[]) yield this.indices[i];
  }

  /** How many are taken. */
  override get length(): number {
    return this.indices.length;
  }
}

/** Arguments of `WeightedRandomSampler`. */
export interface WeightedRandomSamplerOptions {
  /** How likely each sample is taken. */
  weights: readonly number[] | Tensor;
  /** How many are taken. */
  num_samples: number;
  /** Whether a sample may be taken again; true unless given. */
  replacement: boolean;
  /** What to draw from. */
  generator: TorchGenerator | null;
}

const readWeightedRandomSampler = constructorOf<WeightedRandomSamplerOptions>("WeightedRandomSampler", ["weights", "num_samples"], {
  replacement: true,
  generator: null,
});

/** Samples with probabilities of their own. */
export class WeightedRandomSampler extends Sampler {
  /** How likely each sample is taken. */
  readonly weights: Tensor;
  /** How many are taken. */
  readonly num_samples: number;
  /** Whether a sample may be taken again. */
  readonly replacement: boolean;
  /** What to draw from, or null. */
  readonly generator: TorchGenerator | null;

  /** Takes `weights`, `num_samples`, `replacement` (true), `generator`. */
  constructor(...args: Constructor<WeightedRandomSamplerOptions>) {
    super();
    const { weights, num_samples, replacement, generator } = readWeightedRandomSampler(args);
    if (!Number.isInteger(num_samples) || num_samples <= 0) {
      throw new ValueError(`num_samples should be a positive integer value, but got num_samples=${python(num_samples)}`);
    }
    if (typeof replacement !== "boolean") throw new ValueError(`replacement should be a boolean value, but got replacement=${python(replacement)}`);
    this.weights = "tolist" in weights ? weights.double() : tensor([...weights], { dtype: float64 });
    if (this.weights.sizes.length !== 1) {
      throw new ValueError(`weights should be a 1d sequence but given weights have shape ${python([...this.weights.sizes])}`);
    }
    this.num_samples = num_samples;
    this.replacement = replacement;
    this.generator = generator;
  }

  /** The numbers, drawn anew each time. */
  override *[Symbol.iterator](): Iterator<number> {
    yield* multinomial(this.weights, this.num_samples, this.replacement, { generator: this.generator ?? default_generator }).tolist() as number[];
  }

  /** How many are taken. */
  override get length(): number {
    return this.num_samples;
  }
}

/** Arguments of `BatchSampler`. */
export interface BatchSamplerOptions {
  /** The order of the samples. */
  sampler: Iterable<number>;
  /** How many make a batch. */
  batch_size: number;
  /** Whether a last batch that is not full is left out. */
  drop_last: boolean;
}

const readBatchSampler = constructorOf<BatchSamplerOptions>("BatchSampler", ["sampler", "batch_size", "drop_last"]);

/** Batches of numbers in the order of another sampler. */
export class BatchSampler extends Sampler<number[]> {
  /** The order of the samples. */
  readonly sampler: Iterable<number>;
  /** How many make a batch. */
  readonly batch_size: number;
  /** Whether a last batch that is not full is left out. */
  readonly drop_last: boolean;

  /** Takes `sampler`, `batch_size`, `drop_last`. */
  constructor(...args: Constructor<BatchSamplerOptions>) {
    super();
    const { sampler, batch_size, drop_last } = readBatchSampler(args);
    if (!Number.isInteger(batch_size) || batch_size <= 0) {
      throw new ValueError(`batch_size should be a positive integer value, but got batch_size=${python(batch_size)}`);
    }
    if (typeof drop_last !== "boolean") throw new ValueError(`drop_last should be a boolean value, but got drop_last=${python(drop_last)}`);
    this.sampler = sampler;
    this.batch_size = batch_size;
    this.drop_last = drop_last;
  }

  /** The batches. */
  override *[Symbol.iterator](): Iterator<number[]> {
    let batch = new List<number>();
    for (const i of this.sampler) {
      batch.push(i);
      if (batch.length < this.batch_size) continue;
      yield batch;
      batch = new List<number>();
    }
    if (batch.length > 0 && !this.drop_last) yield batch;
  }

  /** The number of batches. */
  override get length(): number {
    const n = sizeOf(this.sampler);
    return this.drop_last ? Math.floor(n / this.batch_size) : Math.ceil(n / this.batch_size);
  }
}
