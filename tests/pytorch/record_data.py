"""Records what torch.utils.data gives: samples, orders, batches, splits, the state of the default generator after each, and errors.

    python3 record_data.py > data.json.gz

tests/data_test.ts has the same situations under the same names. Tensors become lists; a random number at the end of each
situation shows how much was drawn.
"""

import gzip
import json
import sys
import warnings

import torch
from torch.utils.data import (BatchSampler, ChainDataset, ConcatDataset, DataLoader, Dataset, IterableDataset, RandomSampler, SequentialSampler, StackDataset, Subset,
                              SubsetRandomSampler, TensorDataset, WeightedRandomSampler, default_collate, random_split)

SITUATIONS = {}


def situation(function):
    SITUATIONS[function.__name__] = function
    return function


def rows(n=5):
    return TensorDataset(torch.arange(2.0 * n).view(n, 2), torch.arange(n))


class Dictionaries(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        return {"x": torch.ones(2) * i, "y": i, "z": i + 0.5, "n": str(i), "l": [i, i + 1], "b": i > 1}


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(5))


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@situation
def tensor_dataset():
    return [len(rows()), rows()[0], rows()[1:3], rows()[-1]]


@situation
def loader_in_order():
    return list(DataLoader(rows(), batch_size=2))


@situation
def loader_of_single_samples():
    return list(DataLoader(rows(3)))


@situation
def loader_without_batches():
    return list(DataLoader(rows(3), batch_size=None))


@situation
def loader_without_the_last():
    loader = DataLoader(rows(), batch_size=2, drop_last=True)
    return [len(loader), list(loader)]


@situation
def loader_shuffled():
    loader = DataLoader(rows(), batch_size=2, shuffle=True)
    return [len(loader), [list(loader) for _ in range(3)]]


@situation
def loader_shuffled_by_a_generator():
    g = seeded(3)
    loader = DataLoader(rows(), batch_size=2, shuffle=True, generator=g)
    return [list(loader), list(loader), torch.rand(1, generator=g)]


@situation
def loader_of_a_sampler():
    return list(DataLoader(rows(), batch_size=2, sampler=SubsetRandomSampler([0, 2, 4])))


@situation
def loader_of_a_batch_sampler():
    return list(DataLoader(rows(), batch_sampler=BatchSampler(SequentialSampler(rows()), 3, False)))


@situation
def loader_of_dictionaries():
    return list(DataLoader(Dictionaries(), batch_size=3))


@situation
def loader_of_a_list():
    return [list(DataLoader([1, 2, 3], batch_size=2)), list(DataLoader([1.5, 2.5], batch_size=2)), list(DataLoader(["a", "b"], batch_size=2)),
            list(DataLoader([(1, 2.5), (3, 4.5)], batch_size=2))]


@situation
def loader_of_a_tensor():
    return list(DataLoader(torch.arange(5), batch_size=2, shuffle=True))


@situation
def loader_with_collate():
    return list(DataLoader(rows(4), batch_size=2, collate_fn=lambda samples: [len(samples), torch.stack([x for x, _ in samples]).sum()]))


@situation
def loader_of_a_stream():
    return [list(DataLoader(Stream(), batch_size=2)), list(DataLoader(Stream(), batch_size=2, drop_last=True)), list(DataLoader(Stream(), batch_size=None))]


@situation
def loader_begun_twice():
    loader = DataLoader(rows(), batch_size=2, shuffle=True)
    first, second = iter(loader), iter(loader)
    return [next(first), next(second), next(first)]


@situation
def samplers():
    return [list(RandomSampler(rows())), list(SequentialSampler(rows())), list(RandomSampler(rows(), replacement=True)),
            list(RandomSampler(rows(), replacement=True, num_samples=40)), list(RandomSampler(rows(), num_samples=12)), list(SubsetRandomSampler([1, 3, 4])),
            list(WeightedRandomSampler([0.1, 0.9, 0.4], 5)), list(WeightedRandomSampler([0.1, 0.9, 0.4], 2, replacement=False)),
            list(BatchSampler(SequentialSampler(rows()), 2, True))]


@situation
def splits():
    a, b = random_split(rows(), [3, 2])
    c, d, e = random_split(rows(10), [0.5, 0.25, 0.25], generator=seeded(42))
    return [a.indices, b.indices, a[0], len(b), c.indices, d.indices, e.indices]


@situation
def subsets():
    subset = Subset(rows(), [0, 2, 4])
    both = ConcatDataset([rows(), subset])
    return [len(subset), subset[1], len(both), both[5], both[-1], both.cumulative_sizes, (rows(2) + subset)[2], StackDataset(rows(3), Subset(rows(), [4, 3, 2]))[1]]


@situation
def chains():
    return list(ChainDataset([Stream(), Stream()]))


@situation
def collate():
    return default_collate([(torch.ones(2), 1, {"a": True}), (torch.zeros(2), 2, {"a": False})])


@situation
def error_sizes():
    return TensorDataset(torch.ones(2), torch.ones(3))


@situation
def error_no_item():
    return Dataset()[0]


@situation
def error_no_length():
    return len(Dataset())


@situation
def error_split():
    return random_split(rows(), [3, 3])


@situation
def error_concat_index():
    return ConcatDataset([rows(), rows()])[-11]


@situation
def error_concat_nothing():
    return ConcatDataset([])


@situation
def error_unequal_samples():
    return list(DataLoader([torch.ones(2), torch.ones(3)], batch_size=2))


@situation
def error_collate_none():
    return list(DataLoader([None], batch_size=2))


@situation
def error_shuffle_and_sampler():
    return DataLoader(rows(), shuffle=True, sampler=SequentialSampler(rows()))


@situation
def error_batch_sampler_and_size():
    return DataLoader(rows(), batch_size=2, batch_sampler=[[0]])


@situation
def error_no_batches_to_drop():
    return DataLoader(rows(), batch_size=None, drop_last=True)


@situation
def error_batch_size():
    return DataLoader(rows(), batch_size=0)


@situation
def error_shuffle_nothing():
    return DataLoader([], shuffle=True)


@situation
def error_stream_shuffled():
    return DataLoader(Stream(), shuffle=True)


@situation
def error_samples():
    return RandomSampler(rows(), num_samples=-1)


@situation
def error_weights():
    return list(WeightedRandomSampler([1.0, 1.0], 3, replacement=False))


def plain(value):
    if isinstance(value, torch.Tensor):
        return {"dtype": str(value.dtype), "values": value.tolist()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def main():
    warnings.simplefilter("ignore")
    recording = {}
    for name, function in SITUATIONS.items():
        torch.manual_seed(0)
        try:
            recording[name] = {"value": plain(function()), "after": torch.rand(1, dtype=torch.float64).item()}
        except Exception as error:
            recording[name] = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.buffer.write(gzip.compress(json.dumps(recording).encode(), 9, mtime=0))
    print(len(recording), "situations,", sum("error" in r for r in recording.values()), "errors", file=sys.stderr)


if __name__ == "__main__":
    main()
