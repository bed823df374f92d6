"""
Which of equal elements PyTorch 2.6 selects, and in which order it leaves them: the indices that sorting and selecting give where elements
repeat. Writes to standard output:

    python3 record_ties.py | gzip -9n > ties.json.gz

A case has the op with its positional and keyword arguments, the dtype, the shape and the elements of the tensor ("nan" by name), and the indices.
The lengths reach beyond 16, from where PyTorch sorts unstably, and some inputs are such that quicksort degenerates.
"""
import json

import torch

torch.manual_seed(0)
cases = []


def record(op, x, *args, **kwargs):
    result = getattr(x, op)(*args, **kwargs)
    indices = result if isinstance(result, torch.Tensor) else result.indices
    elements = ["nan" if v != v else int(v) for v in x.reshape(-1).tolist()]
    cases.append({"op": op, "args": list(args), "kwargs": kwargs, "dtype": str(x.dtype)[6:], "shape": list(x.shape), "x": elements, "indices": indices.reshape(-1).tolist()})


def record_all(x, dim):
    n = x.size(dim) if x.dim() else 1
    for op in ("sort", "cummax", "cummin", "mode", "max", "min"):
        record(op, x, dim)
    record("sort", x, dim, descending=True)
    record("sort", x, stable=True, dim=dim, descending=True)
    if x.dtype == torch.bool:
        return
    for op in ("median", "nanmedian", "argmax", "argmin"):
        record(op, x, dim)
    for k in sorted({1, n // 2 + 1, n}):
        record("kthvalue", x, k, dim)
        record("topk", x, k, dim)
        record("topk", x, k, dim, largest=False, sorted=False)


for n in (3, 16, 17, 40, 130, 300):
    for values in (2, 9):
        x = torch.randint(0, values, (n,)).float()
        record_all(x, 0)
        x[torch.randint(0, n, (3,))] = float("nan")
        record_all(x, 0)
for dtype in (torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool):
    x = torch.randint(0, 2, (3, 21, 2)).to(dtype)
    for dim in (0, 1, -1):
        record_all(x, dim)
record_all(torch.tensor(1.0), 0)
for n in (50, 600):
    half = torch.arange(n // 2)
    for x in (torch.arange(n), torch.arange(n).flip(0), torch.cat([half, half.flip(0)]), torch.zeros(n)):
        record("sort", x.float(), 0)
        record("sort", x.float(), 0, descending=True)
        record("topk", x.float(), n // 3)
        record("kthvalue", x.float(), n // 3)

print(json.dumps(cases, separators=(",", ":")))
