"""
Elementary functions of float32 as PyTorch's vectors compute them, bit by bit. Writes to standard output:

    python3 record_float32.py | gzip -9n > float32.json.gz

Numbers are given by their bits, as integers. The inputs are near 0, of the size of activations, beyond a few turns of a circle, and special.
"""
import json

import torch

torch.manual_seed(0)
special = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 10.0, 1e-10, -1e-10, 1e-40, 2e4, float("inf"), -float("inf"), float("nan"), 88.0, -104.5, 100.0]
x = torch.cat([torch.randn(300) * 3, torch.rand(150) * 2 - 1, torch.randn(50) * 1e-4, (torch.rand(100) - 0.5) * 200, torch.rand(50) * 1e4, torch.tensor(special)])
FUNCTIONS = ["exp", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "erf"]


def computed(name):
    """A vector with a large angle in it takes another path for its other angles too: such numbers, at the end, are computed one by one."""
    f = getattr(torch, name)
    return torch.cat([f(x[:-len(special)]), *(f(v) for v in x[-len(special):].split(1))])


def bits(t):
    return t.view(torch.int32).tolist()


print(json.dumps({"x": bits(x), "functions": {name: bits(computed(name)) for name in FUNCTIONS}}, separators=(",", ":")))
