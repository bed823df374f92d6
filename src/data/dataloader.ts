/**
 * The loader of data: batches of samples, epoch after epoch.
 */
import { ValueError } from "../errors.ts";
import { formatObject } from "../format/objects.ts";
import { type Constructor, constructorOf, List, python } from "../nn/arguments.ts";
import type { TorchGenerator } from "../ops/seed.ts";
import type { Tensor } from "../tensor.ts";
import { default_collate, default_convert } from "./collate.ts";
import { type Indexed, IterableDataset, sampleOf, sizeOf } from "./dataset.ts";
import { BatchSampler, drawSeed, RandomSampler, SequentialSampler } from "./sampler.ts";

/** Makes a batch of samples. */
export type Collate = (samples: never) => unknown;

/** Arguments of `DataLoader`. */
export interface DataLoaderOptions {
  /** What gives the samples. */
  dataset: Indexed<unknown> | Iterable<unknown>;
  /** How many make a batch; null for no batches. 1 unless given. */
  batch_size: number | null;
  /** Whether the order is random, anew in each epoch. */
  shuffle: boolean | null;
  /** The order of the samples. */
  sampler: Iterable<number> | null;
  /** The batches. */
  batch_sampler: Iterable<readonly number[]> | null;
  /** Accepted: everything happens here. */
  num_workers: number;
  /** Makes a batch of samples; `default_collate` unless given. */
  collate_fn: Collate | null;
  /** Accepted. */
  pin_memory: boolean;
  /** Whether a last batch that is not full is left out. */
  drop_last: boolean;
  /** Accepted. */
  timeout: number;
  /** Accepted. */
  worker_init_fn: ((worker: number) => void) | null;
  /** Accepted. */
  multiprocessing_context: string | null;
  /** What random orders are drawn from; the default generator unless given. */
  generator: TorchGenerator | null;
  /** Accepted. */
  prefetch_factor: number | null;
  /** Accepted. */
  persistent_workers: boolean;
  /** Accepted. */
  pin_memory_device: string;
  /** Accepted. */
  in_order: boolean;
}

const readDataLoader = constructorOf<DataLoaderOptions>(
  "DataLoader",
  ["dataset"],
  {
    batch_size: 1,
    shuffle: null,
    sampler: null,
    batch_sampler: null,
    num_workers: 0,
    collate_fn: null,
    pin_memory: false,
    drop_last: false,
    timeout: 0,
    worker_init_fn: null,
    multiprocessing_context: null,
    generator: null,
  },
  { prefetch_factor: null, persistent_workers: false, pin_memory_device: "", in_order: true },
);

/** Whether samples come one after the other and not by number. */
const isStream = (dataset: unknown): dataset is Iterable<unknown> => dataset instanceof IterableDataset;

/** Gives the batches of an epoch each time it is gone through: `for (const [x, y] of loader)`. */
export class DataLoader<B = Tensor[]> implements Iterable<B> {
  /** What gives the samples. */
  readonly dataset: DataLoaderOptions["dataset"];
  /** How many make a batch, or null. */
  readonly batch_size: number | null;
  /** The order of the samples. */
  readonly sampler: Iterable<number> | null;
  /** The batches, or null. */
  readonly batch_sampler: Iterable<readonly number[]> | null;
  /** Always 0 in effect. */
  readonly num_workers: number;
  /** Makes a batch of samples. */
  readonly collate_fn: Collate;
  /** Has no effect. */
  readonly pin_memory: boolean;
  /** Whether a last batch that is not full is left out. */
  readonly drop_last: boolean;
  /** Has no effect. */
  readonly timeout: number;
  /** What random orders are drawn from, or null. */
  readonly generator: TorchGenerator | null;

  /** Takes `dataset`, `batch_size` (1), `shuffle` (false), `sampler`, `batch_sampler`, `num_workers` (0), `collate_fn` and more by name. */
  constructor(dataset: DataLoaderOptions["dataset"] | Partial<DataLoaderOptions>, ...args: Constructor<DataLoaderOptions>) {
    const options = readDataLoader([dataset, ...args] as Constructor<DataLoaderOptions>);
    checkChoices(options);
    const { batch_sampler, generator, collate_fn } = options;
    const stream = isStream(options.dataset);
    this.dataset = options.dataset;
    this.batch_size = batch_sampler === null ? options.batch_size : null;
    this.drop_last = options.drop_last;
    this.generator = generator;
    this.num_workers = options.num_workers;
    this.pin_memory = options.pin_memory;
    this.timeout = options.timeout;
    const ordered = () =>
      options.shuffle ? new RandomSampler({ data_source: options.dataset, generator }) : new SequentialSampler({ data_source: options.dataset });
    this.sampler = stream ? null : options.sampler ?? ordered();
    if (stream) checkSize(this.batch_size);
    this.batch_sampler = batch_sampler ??
      (this.batch_size === null || this.sampler === null ? null : new BatchSampler(this.sampler, this.batch_size, this.drop_last));
    this.collate_fn = collate_fn ?? ((this.batch_size === null && batch_sampler === null ? default_convert : default_collate) as Collate);
  }

  /** The number of batches of an epoch. */
  get length(): number {
    if (!isStream(this.dataset)) return sizeOf(this.batch_sampler ?? this.sampler);
    const n = sizeOf(this.dataset);
    if (this.batch_size === null) return n;
    return this.drop_last ? Math.floor(n / this.batch_size) : Math.ceil(n / this.batch_size);
  }

  /** The batches of an epoch. */
  [Symbol.iterator](): IterableIterator<B> {
    // PyTorch draws a seed for workers here, even where there are none
    drawSeed(this.generator);
    return this.#batches();
  }

  *#batches(): Generator<B> {
    const collate = this.collate_fn as (samples: unknown) => B;
    const { dataset } = this;
    if (isStream(dataset)) return yield* this.#streamed(dataset, collate);
    const sample = (i: number) => sampleOf(dataset as Indexed<unknown>, i);
    if (this.batch_sampler === null) { for (const i of this.sampler!) yield collate(sample(i)); }
    else for (const batch of this.batch_sampler) yield collate(List.from(batch, sample));
  }

  *#streamed(dataset: Iterable<unknown>, collate: (samples: unknown) => B): Generator<B> {
    if (this.batch_size === null) {
      for (const sample of dataset) yield collate(sample);
      return;
    }
    let batch = new List<unknown>();
    for (const sample of dataset) {
      batch.push(sample);
      if (batch.length < this.batch_size) continue;
      yield collate(batch);
      batch = new List<unknown>();
    }
    if (batch.length > 0 && !this.drop_last) yield collate(batch);
  }

  /** `<torch.utils.data.dataloader.DataLoader object at 0x...>`. */
  toString(): string {
    return formatObject(`torch.utils.data.dataloader.${this.constructor.name}`, this);
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

function checkSize(batch_size: number | null): void {
  if (batch_size !== null && (!Number.isInteger(batch_size) || batch_size <= 0)) {
    throw new ValueError(`batch_size should be a positive integer value, but got batch_size=${python(batch_size)}`);
  }
}

/** Refuses arguments that exclude each other. */
function checkChoices({ dataset, batch_size, shuffle, sampler, batch_sampler, num_workers, timeout, drop_last }: DataLoaderOptions): void {
  if (num_workers < 0) throw new ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.");
  if (timeout < 0) throw new ValueError("timeout option should be non-negative");
  if (isStream(dataset)) {
    const unwanted = (name: string, value: unknown) =>
      new ValueError(`DataLoader with IterableDataset: expected unspecified ${name} option, but got ${name}=${python(value)}`);
    if (shuffle) throw unwanted("shuffle", shuffle);
    if (sampler !== null) throw unwanted("sampler", sampler);
    if (batch_sampler !== null) throw unwanted("batch_sampler", batch_sampler);
  }
  if (sampler !== null && shuffle) throw new ValueError("sampler option is mutually exclusive with shuffle");
  if (batch_sampler !== null && (batch_size !== 1 || shuffle || sampler !== null || drop_last)) {
    throw new ValueError("batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last");
  }
  if (batch_sampler === null && batch_size === null && drop_last) {
    throw new ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last");
  }
}
