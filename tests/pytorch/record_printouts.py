"""Records how PyTorch 2.6 prints tensors, parameters, sizes and floats.

    python3 record_printouts.py printouts.json.gz

A tensor is recorded as the bytes of its storage with shape, strides and offset; `tests/format_test.ts` rebuilds it and compares the text.
The file is the same at every run.
"""
import base64
import gzip
import json
import math
import random
import struct
import sys

import torch
from torch._tensor_str import get_printoptions

random.seed(26)
torch.manual_seed(26)

FLOATS = [torch.float32, torch.float64]
INTS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
DTYPES = FLOATS + INTS + [torch.bool]
INF, NAN = math.inf, math.nan
DEFAULTS = dict(profile="default")

tensors = []


def name(dtype):
    return str(dtype).removeprefix("torch.")


def record(t, options=None, default=torch.float32, parameter=False):
    """Appends the case: how to rebuild `t`, and its text under these print options and default dtype."""
    storage = t.detach().untyped_storage()
    raw = bytes(torch.tensor([], dtype=torch.uint8).set_(storage).tolist())
    torch.set_printoptions(**DEFAULTS)
    torch.set_printoptions(**(options or {}))
    torch.set_default_dtype(default)
    case = {
        "dtype": name(t.dtype),
        "shape": list(t.shape),
        "strides": list(t.stride()),
        "offset": t.storage_offset(),
        "storage": base64.b64encode(raw).decode(),
        "text": repr(torch.nn.Parameter(t) if parameter else t),
    }
    if t.requires_grad or parameter:
        case["requires_grad"] = True
    if t.grad_fn is not None:
        case["grad_fn"] = type(t.grad_fn).__name__
    if options:
        case["options"] = {k: "inf" if v == INF else v for k, v in options.items()}
    if default is not torch.float32:
        case["default_dtype"] = name(default)
    if parameter:
        case["parameter"] = True
    torch.set_printoptions(**DEFAULTS)
    torch.set_default_dtype(torch.float32)
    tensors.append(case)


def floats(values, **kw):
    for dtype in FLOATS:
        record(torch.tensor(values, dtype=dtype), **kw)


def after(x, places):
    """The `places`-th neighbour of the float32 number x."""
    bits = struct.unpack("<I", struct.pack("<f", x))[0] + places
    return struct.unpack("<f", struct.pack("<I", bits))[0]


# --- Picked by hand ---------------------------------------------------------------------------------------------------

picked = [
    5.0, 0.0, -0.0, NAN, INF, -INF, 0.1, -0.1, 1e-5, 1e5, 123456.789, 1e8, 1.5e8, -3.0, 1e-45, 1e38, 0.00012, -12345678.0,
    [], [0.0], [-0.0], [0.0, -0.0], [NAN], [INF], [INF, -INF, NAN], [NAN, 0.0], [NAN, 1.0], [INF, 1.0], [-INF, 100.0], [NAN, 0.5], [-INF, 0.5],
    [-0.0, 0.5], [-0.0, 1.0], [-0.0, 1e10, 1.0], [NAN, 1e-10, 3.0], [-INF, 1e10, 2.0], [-1.0, 1.0], [-1.5, 1.5], [1.0, 10.0, 100.0], [1.0, -10.0, 1000.0],
    [1.0, 1000.0], [1.0, 1001.0], [2.0, 2001.0], [1.0, 1e8], [1e8, 1e8 + 8], [1e8], [1e8 + 8], [-1e8 - 8], [5e5, 1e8 + 8], [99999999.0, 1e8], [123456789.0, 1e8],
    [0.5, 500.0], [0.5, 500.5], [0.5, 499.5], [204.8, 2048.0, 2.048], [51.2, 512.0, 0.0512], [1e-4], [1.0001e-4], [9.9999e-5], [1.5, 1e-4], [0.0001, 0.05],
    [0.1, 0.0], [1e-3, 1e-3, 1.0], [1e-3, 1.001], [0.001, 1.0], [3.14159, 2.71828], [1 / 3, 2 / 3], [99999.5, 99999.25], [99.99995, 0.99995], [9.99995, 99.99995],
    [0.99999, 0.5], [0.999951, 999.0], [1e5, 1e5 + 0.5], [12345.678, 0.5], [12345.678, 500.5], [123456.7, 200.0], [1e7 + 0.5, 1e6], [99999999.0, 1e7 + 0.5],
    [0.03125, 0.09375, 0.15625, 0.21875], [0.00625, 0.5], [-0.03125, -0.09375], [1.03125, 1.09375], [0.5, 1.5, 2.5, -0.5], [0.00005, 0.05], [1e-30, 1e30], [1e-45, 1e-45],
    [3e38, 1.0], [1e-39, 1e-38], [16777216.0, 16777217.0], [float(2**31), 1.0], [1e22], [1e23], [1e15], [-1e-7, 1e-7], [1e9, 1e9 + 64], [7.0, NAN, INF, -0.0, -INF],
    [0.25, NAN, INF, -0.0, -INF, 0.0], [1e-9, NAN, INF, -0.0, -INF, 0.0], [[1.0, 2.0], [3.0, 4.5]], [[1.0], [2.0]], [[[1.0]]], [[[1.5, 2.5], [3.5, 4.5]], [[5.5, 6.5], [7.5, 8.5]]],
    [[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]], [[[[[0.5]], [[1.5]]]]], [[-1.0, 20.0], [300.0, 4.0]], [[1e-8, 1.0], [2.0, NAN]],
]
for values in picked:
    floats(values)
for values in picked[:40:3]:
    floats(values, default=torch.float64)

# Either side of each threshold of the rule for scientific notation, also by one unit in the last place.
for places in (-1, 0, 1):
    record(torch.tensor([after(1e-4, places), 0.05]))
    record(torch.tensor([after(1e8, places)]))
    record(torch.tensor([after(1e8, places), 1e7]))
    record(torch.tensor([0.3, after(300.0, places)]))
    record(torch.tensor([after(0.3, places), 300.0]))
    record(torch.tensor([1.0, after(1000.0, places)]))
    record(torch.tensor([after(2.048, places), 2048.0, 204.8]))
for base in (1e-4, 1e8, 1000.0):
    for neighbour in (math.nextafter(base, 0), base, math.nextafter(base, INF)):
        record(torch.tensor([neighbour], dtype=torch.float64))
        record(torch.tensor([neighbour, 1.0], dtype=torch.float64))
        record(torch.tensor([neighbour, 0.5 * neighbour, -neighbour], dtype=torch.float64))

record(torch.tensor([5e-324, 2.2250738585072014e-308], dtype=torch.float64))
record(torch.tensor([1.7976931348623157e308, 5e-324, -1.0], dtype=torch.float64))
record(torch.tensor([9.999999999999999e22, 1e23], dtype=torch.float64))

for dtype in INTS:
    info = torch.iinfo(dtype)
    for values in (0, 7, [], [0], [1, 2, 3], [info.min, info.max, 0], [[1, 100], [10, 5]], [[[1], [2]], [[3], [4]]], info.max, info.min, [0, 0, 0], list(range(60))):
        record(torch.tensor(values, dtype=dtype))
record(torch.tensor([2**53 + 1, -(2**53) - 1, 2**62]))
for values in (True, False, [], [True], [False], [True, False], [[True, True], [False, True]], [True] * 30, [[[True]], [[False]]]):
    record(torch.tensor(values, dtype=torch.bool))

# Empty tensors.
for shape in ((0,), (0, 3), (3, 0), (2, 0, 4), (0, 0), (1, 1, 0)):
    for dtype in DTYPES:
        record(torch.empty(shape, dtype=dtype))
    record(torch.empty(shape, dtype=torch.float64), default=torch.float64)
    record(torch.empty(shape), default=torch.float64)
    record(torch.empty(shape, requires_grad=True))
    record(torch.empty(shape, requires_grad=True) * 2)
record(torch.empty(0, 3), dict(edgeitems=0))

# --- Suffixes -----------------------------------------------------------------------------------------------------------


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 3

    @staticmethod
    def backward(ctx, g):
        return g * 3


OPS = [
    lambda x: x * 2, lambda x: x + 1, lambda x: x.exp(), lambda x: x.sum(), lambda x: x.reshape(-1).view(-1, 1), lambda x: x.unsqueeze(0), lambda x: x.clone(),
    lambda x: x[..., 0], lambda x: x.t() if x.dim() < 3 else x.transpose(0, 1), lambda x: torch.nn.functional.softplus(x), Scaled.apply, lambda x: x.logsumexp(0),
    lambda x: torch.nn.functional.leaky_relu(x), lambda x: x.pow(2), lambda x: x.clone().mul_(2), lambda x: x.expand(2, *x.shape), lambda x: torch.nn.functional.log_softmax(x, 0),
]
for n in list(range(1, 24)):
    for dtype in FLOATS:
        x = torch.randn(n, dtype=dtype)
        record(x)
        record(x.clone().requires_grad_())
        record(random.choice(OPS)(x.clone().requires_grad_()))
    record(x.clone().requires_grad_() * 2)
    record(torch.arange(n) * 3)
    record((torch.arange(n) * 3).int())
    record((torch.arange(n) * 3).double().requires_grad_())
for shape in ((), (3,), (2, 3), (2, 2, 3), (1, 9), (4, 1), (2, 10)):
    for op in OPS if shape else OPS[:3]:
        record(op(torch.randn(shape, dtype=random.choice(FLOATS)).requires_grad_()))
    record(torch.randn(shape), parameter=True)
    record(torch.randn(shape, dtype=torch.float64), parameter=True)
record(torch.randn(12, 12), parameter=True)
record(torch.randn(4, 3, dtype=torch.float64), default=torch.float64, parameter=True)
record(torch.randn(12).requires_grad_() * 2, dict(linewidth=120))
record(torch.randn(2).double().requires_grad_() * 2, dict(linewidth=20))
record(torch.randn(2).double().requires_grad_() * 2, dict(linewidth=45))

# --- Views --------------------------------------------------------------------------------------------------------------

for dtype in (torch.float32, torch.int64, torch.int16):
    base = (torch.randn(4, 6, 5) * 10).to(dtype)
    for view in (
        base[1], base[:, 2], base[..., 3], base[1, 2, 3], base[::2, 1:5:3, ::4], base.transpose(0, 2), base.permute(1, 2, 0)[2:], base[0].t(), base[0, 0].expand(3, 5),
        base[:1].expand(4, 6, 5), base.diagonal(), base.unfold(2, 2, 3), base[3:, 5:, 4:], base[0, :, :1], base[:, 6:], base.view(2, 60)[1:],
    ):
        record(view)
record(torch.ones(1).expand(30, 40), dict(threshold=100))
record(torch.arange(60.0).view(60, 1).expand(60, 60).t())

# --- Wrapping and summaries ---------------------------------------------------------------------------------------------

for shape in ((13,), (40,), (2, 11), (1, 40), (3, 30), (30, 33), (2, 2, 20), (1, 1, 1, 12), (2, 1, 2, 1, 25), (1,) * 6 + (12,), (1,) * 20):
    record(torch.randn(shape))
    record((torch.randn(shape) * 1000).long())
    record(torch.randn(shape) > 0)
SUMMARISED = [(1001,), (2000,), (40, 40), (1001, 1), (1, 1001), (2, 600), (6, 200), (7, 200), (11, 10, 10), (2, 2, 300), (300, 2, 2), (7, 7, 7, 7), (1, 2, 600, 1), (20, 6, 10), (3, 7, 6, 9)]
for shape in SUMMARISED:
    # Multiples of 1/4 compress well.
    record((torch.randn(shape) * 8).round() / 4)
    record((torch.randn(shape) * 8).to(torch.int8))
huge_inside = torch.arange(1200.0)
huge_inside[600] = 1e30
record(huge_inside)
fine_inside = torch.arange(1200).view(30, 40) / 4
fine_inside[10, 3] = 1e-12
record(fine_inside)
record(torch.arange(1001).double().requires_grad_())
record(torch.arange(1001.0).requires_grad_() * 2)
record(torch.arange(1000.0))
record(torch.arange(1000).view(10, 100))
record(torch.zeros(1001))
record(torch.full((50, 50), NAN))
record(torch.arange(2000) % 3 == 0)
record(torch.arange(10**6, 10**6 + 1500))
for shape in ((12,), (12, 4), (4, 12), (5, 5, 5), (2, 3, 4), (9, 1, 9)):
    for edge in (0, 1, 2, 3, 4, 6):
        record(torch.randn(shape), dict(threshold=10, edgeitems=edge))
    record(torch.randint(-9, 99, shape), dict(threshold=0, edgeitems=1))
    record(torch.randint(-9, 99, shape, dtype=torch.int32), dict(threshold=0, edgeitems=0))
    record(torch.randn(shape).double().requires_grad_() * 2, dict(threshold=5, edgeitems=1, linewidth=40))
    record(torch.randn(shape), dict(edgeitems=0))
record(torch.tensor(0.5), dict(edgeitems=0))
record(torch.tensor(0.5), dict(threshold=0, edgeitems=0))
record(torch.randn(100), dict(threshold=10, edgeitems=20))
record(torch.randn(100), dict(threshold=10, edgeitems=20, linewidth=37))

# --- Options ------------------------------------------------------------------------------------------------------------

for options in (
    dict(precision=0), dict(precision=1), dict(precision=2), dict(precision=6), dict(precision=8), dict(precision=12), dict(precision=15), dict(precision=16), dict(precision=20), dict(precision=60),
    dict(precision=120), dict(sci_mode=True), dict(sci_mode=False), dict(sci_mode=True, precision=2), dict(sci_mode=True, precision=0), dict(sci_mode=True, precision=110),
    dict(sci_mode=False, precision=20), dict(profile="short"), dict(profile="full"), dict(profile="short", precision=3), dict(linewidth=40), dict(linewidth=10), dict(linewidth=0),
    dict(linewidth=-7), dict(linewidth=33.5), dict(linewidth=200), dict(profile="full", sci_mode=True), dict(threshold=INF, edgeitems=1), dict(threshold=2.5, edgeitems=1),
):
    for values in (
        [0.5, 1.5, 2.5, -3.5], [1.0, 2.0, 30.0], [1e-7, 1.0, -2.5], [1e22, 3.0, NAN], [0.0, -0.0], [NAN, INF], [204.8, 2048.0, 2.048], [1e23, 0.1, INF, -0.0], 0.1, 5.0, 1e-12,
        [[0.125, 0.0625, 0.03125, 0.015625], [1.005, 2.675, 1.115, 0.045]], [12345.0, 25.0, 35.0, 2.5e-3], [9.5e9, 0.1, 0.95, 0.25],
    ):
        record(torch.tensor(values, dtype=random.choice(FLOATS)), options)
    record(torch.arange(30).view(3, 10) * 7, options)
record(torch.arange(1100.0), dict(profile="short"))
record(torch.arange(1100), dict(profile="full"))
record(torch.randn(2000).mul(8).round() / 8, dict(profile="full", linewidth=160))

# --- Random -------------------------------------------------------------------------------------------------------------


def random_shape():
    rank = random.choice([0, 1, 1, 2, 2, 3, 4, 5])
    return tuple(random.randint(1, random.choice([2, 4, 12 if rank < 3 else 4])) for _ in range(rank))


def random_floats(shape, dtype):
    kind = random.randrange(7)
    x = torch.randn(shape, dtype=torch.float64)
    if kind == 0:
        x = x * 10.0 ** random.randint(-12, 12)
    elif kind == 1:
        x = x * 10.0 ** (torch.rand(shape, dtype=torch.float64) * random.choice([2, 3, 6, 30]) - random.choice([0, 1, 4, 15]))
    elif kind == 2:
        x = (x * 10.0 ** random.randint(0, 9)).round()
    elif kind == 3:
        x = (x * 64).round() / random.choice([2, 4, 8, 16, 32])
    elif kind == 4:
        # Exact ties at the last shown place.
        x = (2 * (x * 50).round() + 1) / 32
    elif kind == 5:
        x = (x * 1000).round() / 1000
    x = x.to(dtype)
    if random.random() < 0.3:
        for special in random.sample([NAN, INF, -INF, 0.0, -0.0], random.randint(1, 4)):
            x = torch.where(torch.rand(shape) < 0.15, torch.tensor(special, dtype=dtype), x)
    return x


for _ in range(450):
    dtype = random.choice(FLOATS)
    x = random_floats(random_shape(), dtype)
    options = {}
    if random.random() < 0.35:
        options = {
            k: v
            for k, v in dict(
                precision=random.choice([0, 1, 2, 3, 5, 7, 10]), threshold=random.choice([0, 4, 20, 1000]), edgeitems=random.choice([1, 2, 3]),
                linewidth=random.choice([20, 50, 80, 133]), sci_mode=random.choice([True, False]), profile=random.choice(["default", "short", "full"]),
            ).items()
            if random.random() < 0.4
        }
    if random.random() < 0.3:
        x = x.clone().requires_grad_()
        if random.random() < 0.6 and x.dim() > 0:
            x = random.choice(OPS)(x)
    record(x, options, default=random.choice([torch.float32] * 4 + [torch.float64]))
for _ in range(120):
    dtype = random.choice(INTS)
    info = torch.iinfo(dtype)
    high = min(info.max, 10 ** random.randint(0, 19))
    low = random.choice([0, max(info.min, -high)])
    record(torch.randint(low, high, random_shape(), dtype=dtype), random.choice([None, None, dict(threshold=8, edgeitems=2), dict(linewidth=30)]))
for _ in range(20):
    record(torch.rand(random_shape()) < 0.5)

# --- Numbers and sizes --------------------------------------------------------------------------------------------------

numbers = [
    0.0, -0.0, 1.0, 5.0, -5.0, 0.1, 0.2, 0.1 + 0.2, 1e-3, 1e-4, math.nextafter(1e-4, 0), 1e-5, 1.5e-5, 1e-10, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e15, 1e16,
    math.nextafter(1e16, 0), 123456789012345680.0, 1.5e16, 1e17, 1e20, 1e21, 1e22, 1e23, 9.999999999999999e22, 1e100, 1 / 3, 2 / 3, 123.456, -1e-7, NAN, INF, -INF, 2.0**53, 2.0**-44, 2.0**62,
    0.5, 1.5, 2.5, 3.5, 0.25, 0.125, 0.375, 9.5, 95.0, 9.5e9, 25.0, 35.0, 45.0, 0.045, 0.15625, 99999.5, 0.99995, 9.99995, 1.005, 2.675, 1e8, 12345678.5, 2.0**70, 8.5e22, 2.5e22, 1.25e30,
    625.0, 375.0, 1250.0, 3750.0, 12500.0, 6.25e10, 0.5**20, 3 * 0.5**12, 1e-320, -2.5, -0.00005, 4.35, 0.000123456789, 2.0**50 + 0.5, 2.0**51 - 0.5, 1125899906842623.5,
]
for _ in range(150):
    numbers.append(struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))[0])
    numbers.append(random.gauss(0, 1) * 10 ** random.randint(-20, 25))
    numbers.append(random.randint(-(10**4), 10**4) / 2 ** random.randint(0, 12))
    numbers.append(float(random.randint(1, 9999) * 5 ** random.randint(0, 8) * 10 ** random.randint(0, 6)))
written = []
for x in numbers:
    p = random.choice([0, 1, 2, 3, 4, 4, 4, 6, 10, 15, 16, 25, 101])
    bits = struct.pack(">d", x).hex()
    written.append([bits, repr(x), p, f"{x:.{p}f}" if math.isnan(x) or abs(x) < 1e60 else None, f"{x:.{p}e}"])

sizes = [[list(shape), repr(torch.Size(shape))] for shape in ((), (0,), (3,), (2, 3), (1, 0, 5), (10, 200, 3000))]

truth = {"pytorch": torch.__version__, "tensors": tensors, "numbers": written, "sizes": sizes}
with open(sys.argv[1], "wb") as f:
    f.write(gzip.compress(json.dumps(truth, separators=(",", ":")).encode(), mtime=0))
print(f"{len(tensors)} tensors, {len(written)} numbers")
