/**
 * Data sets: things that give samples by number, or one after the other.
 */
import { AssertionError, IndexError, NotImplementedError, ValueError } from "../errors.ts";
import { formatObject } from "../format/objects.ts";
import { int64 } from "../dtype.ts";
import { tensor } from "../ops/create.ts";
import { randperm } from "../ops/random.ts";
import { default_generator, type TorchGenerator } from "../ops/seed.ts";
import { List } from "../nn/arguments.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { warn } from "../warnings.ts";

/** Gives samples by number in Python's way. */
export interface PythonSequence<T> {
  /** The sample of a number. */
  __getitem__(index: number): T;
  /** The number of samples. */
  __len__(): number;
}

/** What gives samples by number: a data set, an array, a tensor, or a class with `__getitem__` and `__len__`. */
export type Indexed<T> = Dataset<T> | readonly T[] | Tensor | PythonSequence<T>;

const has = (value: object, name: string): boolean => typeof Reflect.get(value, name) === "function";

/** The sample of a number, or of several where the data set knows these. */
export function sampleOf<T>(dataset: Indexed<T>, index: number | readonly number[]): T {
  const given: unknown = dataset;
  if (given instanceof Tensor) return given.index(typeof index === "number" ? index : tensor([...index], { dtype: int64 })) as never;
  if (Array.isArray(given)) return given[index as number];
  const named = given as { __getitem__(i: unknown): T; index(i: unknown): T };
  return has(named, "__getitem__") ? named.__getitem__(index) : named.index(index);
}

/** The number of samples. */
export function sizeOf(dataset: unknown): number {
  if (dataset instanceof Tensor) return dataset.size(0);
  if (typeof dataset === "object" && dataset !== null) {
    if (has(dataset, "__len__")) return (dataset as PythonSequence<unknown>).__len__();
    const { length } = dataset as { length?: unknown };
    if (typeof length === "number") return length;
  }
  throw new TypeError(`object of type '${pythonType(dataset)}' has no len()`);
}

/** Samples by number: subclass it, and define `index` and `length`, or `__getitem__` and `__len__` as in Python. */
export abstract class Dataset<T = unknown> {
  /** The sample of a number. */
  index(index: number): T {
    if (has(this, "__getitem__")) return (this as object as PythonSequence<T>).__getitem__(index);
    throw new NotImplementedError("Subclasses of Dataset should implement __getitem__.");
  }

  /** The number of samples. */
  get length(): number {
    if (has(this, "__len__")) return (this as object as PythonSequence<T>).__len__();
    throw new TypeError(`object of type '${this.constructor.name}' has no len()`);
  }

  /** The samples of this data set, then those of another one. */
  add(other: Indexed<T>): ConcatDataset<T> {
    return new ConcatDataset<T>([this, other]);
  }

  /** The samples in order. */
  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i++) yield this.index(i);
  }

  /** `<torch.utils.data.dataset.TensorDataset object at 0x...>`. */
  toString(): string {
    return formatObject(`torch.utils.data.dataset.${this.constructor.name}`, this);
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

/** Samples one after the other: subclass it, and define `[Symbol.iterator]`, or `__iter__` as in Python. */
export abstract class IterableDataset<T = unknown> extends Dataset<T> {
  /** The samples in order. */
  override *[Symbol.iterator](): Iterator<T> {
    if (!has(this, "__iter__")) throw new NotImplementedError();
    yield* (this as object as { __iter__(): Iterable<T> }).__iter__();
  }
}

/** Rows of tensors: a sample has one of each. */
export class TensorDataset extends Dataset<Tensor[]> {
  /** The tensors. */
  readonly tensors: Tensor[];

  /** Takes tensors with the same number of rows. */
  constructor(...tensors: Tensor[]) {
    super();
    if (tensors.some((t) => t.size(0) !== tensors[0].size(0))) throw new AssertionError("Size mismatch between tensors");
    this.tensors = tensors;
  }

  /** The rows of a number, or of a slice, or of several numbers. */
  override index(index: number | Parameters<Tensor["index"]>[0]): Tensor[] {
    return this.tensors.map((t) => t.index(index));
  }

  /** The number of rows. */
  override get length(): number {
    return this.tensors[0].size(0);
  }
}

/** Several data sets side by side: a sample has one of each. */
export class StackDataset extends Dataset<unknown[] | Record<string, unknown>> {
  /** The data sets, in order or by name. */
  readonly datasets: Indexed<unknown>[] | Record<string, Indexed<unknown>>;

  /** Takes data sets of one length, in order, or by name in one object. */
  constructor(...datasets: (Indexed<unknown> | Record<string, Indexed<unknown>>)[]) {
    super();
    const [first] = datasets;
    this.datasets = isPlainObject(first) ? first as Record<string, Indexed<unknown>> : datasets as Indexed<unknown>[];
    const all = Object.values(this.datasets);
    if (all.length === 0) throw new ValueError("At least one dataset should be passed");
    if (all.some((d) => sizeOf(d) !== sizeOf(all[0]))) throw new ValueError("Size mismatch between datasets");
  }

  /** The samples of a number. */
  override index(index: number): unknown[] | Record<string, unknown> {
    const { datasets } = this;
    if (Array.isArray(datasets)) return datasets.map((d) => sampleOf(d, index));
    return Object.fromEntries(Object.entries(datasets).map(([name, d]) => [name, sampleOf(d, index)]));
  }

  /** The number of samples. */
  override get length(): number {
    return sizeOf(Object.values(this.datasets)[0]);
  }
}

/** Data sets one after the other. */
export class ConcatDataset<T = unknown> extends Dataset<T> {
  /** The data sets. */
  readonly datasets: Indexed<T>[];
  /** How many samples there are up to the end of each. */
  readonly cumulative_sizes: number[];

  /** Takes the data sets. */
  constructor(datasets: Iterable<Indexed<T>>) {
    super();
    this.datasets = List.from(datasets);
    if (this.datasets.length === 0) throw new AssertionError("datasets should not be an empty iterable");
    let total = 0;
    this.cumulative_sizes = List.from(this.datasets, (d) => total += sizeOf(d));
  }

  /** The sample of a number, which may count from the end. */
  override index(index: number): T {
    if (index < 0 && -index > this.length) throw new ValueError("absolute value of index should not exceed dataset length");
    const at = index < 0 ? index + this.length : index;
    const which = this.cumulative_sizes.findIndex((end) => at < end);
    if (which < 0) throw new IndexError("list index out of range");
    return sampleOf(this.datasets[which], which === 0 ? at : at - this.cumulative_sizes[which - 1]);
  }

  /** The number of samples. */
  override get length(): number {
    return this.cumulative_sizes[this.cumulative_sizes.length - 1];
  }
}

/** Iterable data sets one after the other. */
export class ChainDataset<T = unknown> extends IterableDataset<T> {
  /** The data sets. */
  readonly datasets: Iterable<T>[];

  /** Takes the data sets. */
  constructor(datasets: Iterable<Iterable<T>>) {
    super();
    this.datasets = [...datasets];
  }

  /** The samples in order. */
  override *[Symbol.iterator](): Iterator<T> {
    for (const dataset of this.datasets) yield* dataset;
  }
}

/** Some samples of a data set. */
export class Subset<T = unknown> extends Dataset<T> {
  /** The data set. */
  readonly dataset: Indexed<T>;
  /** The numbers of the samples. */
  readonly indices: readonly number[];

  /** Takes the data set and the numbers of its samples. */
  constructor(dataset: Indexed<T>, indices: readonly number[]) {
    super();
    this.dataset = dataset;
    this.indices = indices;
  }

  /** The sample of a number, or of several. */
  override index(index: number | readonly number[]): T {
    if (typeof index !== "number") return sampleOf(this.dataset, List.from(index, (i) => this.indices[i]));
    return sampleOf(this.dataset, this.indices[index < 0 ? index + this.indices.length : index]);
  }

  /** The number of samples. */
  override get length(): number {
    return this.indices.length;
  }
}

/** How many samples each part gets where shares are given: rounded down, and what remains from the first on. */
function partSizes(lengths: readonly number[], total: number): number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > 1e-9 || sum > 1) return [...lengths];
  const sizes = lengths.map((share, i) => {
    if (share < 0 || share > 1) throw new ValueError(`Fraction at index ${i} is not between 0 and 1`);
    return Math.floor(total * share);
  });
  const rest = total - sizes.reduce((a, b) => a + b, 0);
  for (let i = 0; i < rest; i++) sizes[i % sizes.length]++;
  sizes.forEach((n, i) => {
    if (n === 0) warn(`Length of split at index ${i} is 0. This might result in an empty dataset.`);
  });
  return sizes;
}

/** Splits a data set at random into parts of these lengths, or shares of the whole. */
export function random_split<T>(
  dataset: Indexed<T>,
  lengths: readonly number[],
  generator: TorchGenerator | { generator?: TorchGenerator | null } | null = null,
): Subset<T>[] {
  const source = (isPlainObject(generator) ? (generator as { generator?: TorchGenerator | null }).generator : generator as TorchGenerator | null) ??
    default_generator;
  const sizes = partSizes(lengths, sizeOf(dataset));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== sizeOf(dataset)) throw new ValueError("Sum of input lengths does not equal the length of the input dataset!");
  const order = randperm(total, { generator: source }).tolist() as number[];
  let at = 0;
  return List.from(sizes, (n) => new Subset(dataset, List.from(order.slice(at, at += n))));
}
