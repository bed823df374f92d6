"""One workload of bench/memory.ts on PyTorch: prepares the workload that the first argument names, runs it as often as the second says,
and prints the peak of its resident memory in KiB."""

import re
import resource
import sys
from pathlib import Path

import torch
import torch.nn.functional as F


def mlp_step():
    p = [torch.randn(256, 784) * 0.03, torch.zeros(256), torch.randn(10, 256) * 0.05, torch.zeros(10)]
    for t in p:
        t.requires_grad_()
    x, target = torch.randn(1024, 784), torch.randint(0, 10, [1024])

    def run():
        F.cross_entropy(F.linear(F.linear(x, p[0], p[1]).relu(), p[2], p[3]), target).backward()
        with torch.no_grad():
            for t in p:
                t.add_(t.grad, alpha=-0.01)
                t.grad = None

    return run


def ew():
    x = torch.randn(10000000).requires_grad_()

    def run():
        x.grad = None
        ((x * 2 + 1) * x).sum().backward()

    return run


def peak():
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.M).group(1))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


torch.manual_seed(0)
run = {"mlp_step": mlp_step, "ew": ew}[sys.argv[1]]()
for _ in range(int(sys.argv[2])):
    run()
print(peak())
