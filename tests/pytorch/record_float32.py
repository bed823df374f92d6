"""
Elementary functions, softmax and sums of float32 as PyTorch computes them, bit by bit, on a processor with AVX-512. Writes to standard output:

    python3 record_float32.py | gzip -9n > float32.json.gz

Numbers are given by their bits, as integers. The inputs are near 0, of the size of activations, beyond a few turns of a circle, and special.
"""
import json

import torch

torch.manual_seed(0)
special = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 10.0, 1e-10, -1e-10, 1e-40, 2e4, float("inf"), -float("inf"), float("nan"), 88.0, -104.5, 100.0]
x = torch.cat([torch.randn(300) * 3, torch.rand(150) * 2 - 1, torch.randn(50) * 1e-4, (torch.rand(100) - 0.5) * 200, torch.rand(50) * 1e4, torch.tensor(special)])
FUNCTIONS = ["exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "erf", "tanh"]


def computed(name):
    """A vector with a large angle in it takes another path for its other angles too: such numbers, at the end, are computed one by one."""
    f = getattr(torch, name)
    return torch.cat([f(x[:-len(special)]), *(f(v) for v in x[-len(special):].split(1))])


def bits(t):
    return t.view(torch.int32).tolist()


def rows(count, n):
    """Softmax and its relatives along rows, with the gradients that `g` gives."""
    x = (torch.randn(count, n) * 2).requires_grad_()
    g = torch.randn(count, n)
    case = {"n": n, "x": x.detach(), "g": g, "logsumexp": torch.logsumexp(x, 1).detach()}
    for name in ("softmax", "log_softmax"):
        y = getattr(torch, name)(x, 1)
        case[name] = y.detach()
        case[name + "_gradient"] = torch.autograd.grad(y, x, g)[0]
    return {key: v if key == "n" else bits(v.reshape(-1)) for key, v in case.items()}


def sums(*shape):
    """Sums and means of everything and along each dimension, of the tensor and, where it is a matrix, of its transpose."""
    x = torch.randn(*shape)
    views = [x, x.t()] if len(shape) == 2 else [x]
    return {
        "shape": shape,
        "x": bits(x.reshape(-1)),
        "all": bits(torch.stack([x.sum(), x.mean()])),
        "along": [[[bits(v.sum(d).reshape(-1)), bits(v.mean(d).reshape(-1))] for d in range(len(shape))] for v in views],
    }


SHAPES = [(3,), (6,), (10,), (17,), (33,), (100,), (257,), (1000,), (4, 5), (10, 3), (3, 10), (32, 16), (7, 33), (20, 40), (5, 6, 7), (1, 20), (20, 1), (8, 1, 9), (100, 10)]
functions = {name: bits(computed(name)) for name in FUNCTIONS}
print(json.dumps({"x": bits(x), "functions": functions, "rows": [rows(60 // n, n) for n in (2, 3, 5, 7, 10, 16, 20, 40)], "sums": [sums(*shape) for shape in SHAPES]}, separators=(",", ":")))
