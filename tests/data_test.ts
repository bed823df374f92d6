/** torch.utils.data gives what PyTorch's gives (tests/pytorch/record_data.py), and draws as much from the default generator. */

import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { errorLine, readRecording } from "./support/recording.ts";

const {
  BatchSampler,
  ChainDataset,
  ConcatDataset,
  DataLoader,
  Dataset,
  IterableDataset,
  RandomSampler,
  SequentialSampler,
  StackDataset,
  Subset,
  SubsetRandomSampler,
  TensorDataset,
  WeightedRandomSampler,
  default_collate,
  random_split,
} = torch.utils.data;

const rows = (n = 5) => new TensorDataset(torch.arange(2 * n).float().view(n, 2), torch.arange(n));
const seeded = (seed: number) => new torch.Generator().manual_seed(seed);

class Dictionaries extends Dataset {
  override get length(): number {
    return 4;
  }
  override index(i: number): unknown {
    return { x: torch.ones(2).mul(i), y: i, z: i + 0.5, n: String(i), l: [i, i + 1], b: i > 1 };
  }
}

class Stream extends IterableDataset<number> {
  override *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < 5; i++) yield i;
  }
}

/** A data set in Python's words. */
class Plain extends Dataset<number> {}

const situations: Record<string, () => unknown> = {
  tensor_dataset: () => [rows().length, rows().index(0), rows().index(torch.slice(1, 3)), rows().index(-1)],
  loader_in_order: () => [...new DataLoader(rows(), { batch_size: 2 })],
  loader_of_single_samples: () => [...new DataLoader(rows(3))],
  loader_without_batches: () => [...new DataLoader(rows(3), { batch_size: null })],
  loader_without_the_last() {
    const loader = new DataLoader(rows(), { batch_size: 2, drop_last: true });
    return [loader.length, [...loader]];
  },
  loader_shuffled() {
    const loader = new DataLoader(rows(), 2, true);
    return [loader.length, [[...loader], [...loader], [...loader]]];
  },
  loader_shuffled_by_a_generator() {
    const generator = seeded(3);
    const loader = new DataLoader(rows(), { batch_size: 2, shuffle: true, generator });
    return [[...loader], [...loader], torch.rand(1, { generator })];
  },
  loader_of_a_sampler: () => [...new DataLoader(rows(), { batch_size: 2, sampler: new SubsetRandomSampler([0, 2, 4]) })],
  loader_of_a_batch_sampler: () => [...new DataLoader(rows(), { batch_sampler: new BatchSampler(new SequentialSampler(rows()), 3, false) })],
  loader_of_dictionaries: () => [...new DataLoader(new Dictionaries(), { batch_size: 3 })],
  loader_of_a_list: () => [[1, 2, 3], [1.5, 2.5], ["a", "b"], [[1, 2.5], [3, 4.5]]].map((list) => [...new DataLoader(list, { batch_size: 2 })]),
  loader_of_a_tensor: () => [...new DataLoader(torch.arange(5), { batch_size: 2, shuffle: true })],
  loader_with_collate() {
    const collate_fn = (samples: torch.Tensor[][]) => [samples.length, torch.stack(samples.map(([x]) => x)).sum()];
    return [...new DataLoader(rows(4), { batch_size: 2, collate_fn })];
  },
  loader_of_a_stream: () => [
    [...new DataLoader(new Stream(), { batch_size: 2 })],
    [...new DataLoader(new Stream(), { batch_size: 2, drop_last: true })],
    [...new DataLoader(new Stream(), { batch_size: null })],
  ],
  loader_begun_twice() {
    const loader = new DataLoader(rows(), { batch_size: 2, shuffle: true });
    const first = loader[Symbol.iterator](), second = loader[Symbol.iterator]();
    return [first.next().value, second.next().value, first.next().value];
  },
  samplers: () => [
    [...new RandomSampler(rows())],
    [...new SequentialSampler(rows())],
    [...new RandomSampler(rows(), { replacement: true })],
    [...new RandomSampler(rows(), { replacement: true, num_samples: 40 })],
    [...new RandomSampler(rows(), { num_samples: 12 })],
    [...new SubsetRandomSampler([1, 3, 4])],
    [...new WeightedRandomSampler([0.1, 0.9, 0.4], 5)],
    [...new WeightedRandomSampler([0.1, 0.9, 0.4], 2, { replacement: false })],
    [...new BatchSampler(new SequentialSampler(rows()), 2, true)],
  ],
  splits() {
    const [a, b] = random_split(rows(), [3, 2]);
    const [c, d, e] = random_split(rows(10), [0.5, 0.25, 0.25], { generator: seeded(42) });
    return [a.indices, b.indices, a.index(0), b.length, c.indices, d.indices, e.indices];
  },
  subsets() {
    const subset = new Subset(rows(), [0, 2, 4]);
    const both = new ConcatDataset([rows(), subset]);
    return [
      subset.length,
      subset.index(1),
      both.length,
      both.index(5),
      both.index(-1),
      both.cumulative_sizes,
      rows(2).add(subset).index(2),
      new StackDataset(rows(3), new Subset(rows(), [4, 3, 2])).index(1),
    ];
  },
  chains: () => [...new ChainDataset([new Stream(), new Stream()])],
  collate: () => default_collate([[torch.ones(2), 1, { a: true }], [torch.zeros(2), 2, { a: false }]]),
  error_sizes: () => new TensorDataset(torch.ones(2), torch.ones(3)),
  error_no_item: () => new Plain().index(0),
  error_no_length: () => new Plain().length,
  error_split: () => random_split(rows(), [3, 3]),
  error_concat_index: () => new ConcatDataset([rows(), rows()]).index(-11),
  error_concat_nothing: () => new ConcatDataset([]),
  error_unequal_samples: () => [...new DataLoader([torch.ones(2), torch.ones(3)], { batch_size: 2 })],
  error_collate_none: () => [...new DataLoader([null], { batch_size: 2 })],
  error_shuffle_and_sampler: () => new DataLoader(rows(), { shuffle: true, sampler: new SequentialSampler(rows()) }),
  error_batch_sampler_and_size: () => new DataLoader(rows(), { batch_size: 2, batch_sampler: [[0]] }),
  error_no_batches_to_drop: () => new DataLoader(rows(), { batch_size: null, drop_last: true }),
  error_batch_size: () => new DataLoader(rows(), { batch_size: 0 }),
  error_shuffle_nothing: () => new DataLoader([], { shuffle: true }),
  error_stream_shuffled: () => new DataLoader(new Stream(), { shuffle: true }),
  error_samples: () => new RandomSampler(rows(), { num_samples: -1 }),
  error_weights: () => [...new WeightedRandomSampler([1, 1], 3, { replacement: false })],
};
Object.defineProperty(Plain, "name", { value: "Dataset" });

/** Tensors as they are recorded. */
function plain(value: unknown): unknown {
  if (value instanceof torch.Tensor) return { dtype: String(value.dtype), values: value.tolist() };
  if (Array.isArray(value)) return Array.from(value, plain);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
}

const recorded = await readRecording<Record<string, { value?: unknown; after?: number; error?: string }>>("data.json.gz");

for (const [name, situation] of Object.entries(situations)) {
  Deno.test(`data ${name.replaceAll("_", " ")}`, () => {
    torch.manual_seed(0);
    let found: unknown;
    try {
      found = { value: plain(situation()), after: torch.rand(1, { dtype: torch.float64 }).item() };
    } catch (error) {
      found = { error: errorLine(error) };
    }
    assertEquals(found, recorded[name]);
  });
}

Deno.test("every recorded situation is here", () => assertEquals(Object.keys(situations), Object.keys(recorded)));

Deno.test("classes in Python's words are data sets", () => {
  class Squares {
    __getitem__(i: number): number {
      return i * i;
    }
    __len__(): number {
      return 4;
    }
  }
  assertEquals([...new DataLoader<torch.Tensor>(new Squares(), { batch_size: 3 })].map(String), ["tensor([0, 1, 4])", "tensor([9])"]);
});
