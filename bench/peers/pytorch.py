"""PyTorch as bench/peers.ts measures it; the argument is the number of threads, or "all".

Reads names of workloads, a line each, and answers each with a line of JSON: the median microseconds, or the error.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F

BUDGET = 0.5
FEWEST = 4
WORKLOADS = {}


def workload(prepare):
    WORKLOADS[prepare.__name__] = prepare
    return prepare


def leaf(tensor):
    return tensor.requires_grad_()


def train(parameters, loss, lr):
    loss.backward()
    with torch.no_grad():
        for p in parameters:
            p.add_(p.grad, alpha=-lr)
            p.grad = None


@workload
def seed_graph():
    def run():
        x = torch.ones(2, 2, requires_grad=True)
        y = x + 2
        (y * y * 3).mean().backward()

    return run


@workload
def vjp3():
    v = torch.tensor([0.1, 1, 0.001])

    def run():
        y = torch.ones(3, requires_grad=True) * 2
        for _ in range(10):
            y = y * 2
        y.backward(v)

    return run


@workload
def chain2000():
    a, b = torch.tensor(1.0001), torch.tensor(0.5)

    def run():
        y = torch.tensor(1.0, requires_grad=True)
        for _ in range(1000):
            y = y * a + b
        y.backward()

    return run


@workload
def tiny_mlp():
    x, target = torch.randn(32, 2), torch.randn(32, 1)
    shapes = [torch.randn(2, 16), torch.zeros(16), torch.randn(16, 16), torch.zeros(16), torch.randn(16, 1), torch.zeros(1)]
    p = [leaf(t) for t in shapes]

    def run():
        h = (x @ p[0] + p[1]).tanh()
        out = (h @ p[2] + p[3]).tanh() @ p[4] + p[5]
        train(p, (out - target).pow(2).mean(), 0.01)

    return run


@workload
def double_backward():
    x = leaf(torch.randn(1000))

    def run():
        (g,) = torch.autograd.grad(x.pow(3).sum(), x, create_graph=True)
        torch.autograd.grad(g.sum(), x)

    return run


@workload
def repr():
    x = torch.randn(30, 33)
    return lambda: str(x)


@workload
def ew1m():
    x = leaf(torch.randn(1000000))

    def run():
        x.grad = None
        ((x * 2 + 1) * x).sum().backward()

    return run


@workload
def transcendental1m():
    x = leaf(torch.randn(1000000))

    def run():
        x.grad = None
        x.sigmoid().tanh().exp().sum().backward()

    return run


@workload
def broadcast():
    x, y, a = leaf(torch.randn(1000, 1)), leaf(torch.randn(1, 1000)), torch.randn(1000, 1000)

    def run():
        x.grad = y.grad = None
        (x * y + a).sum().backward()

    return run


@workload
def reduce():
    x = torch.randn(1000, 1000)
    return lambda: (x.sum(0), x.sum(1), x.max(1), x.mean())


@workload
def permute_copy():
    x = torch.randn(64, 64, 64)
    return lambda: x.permute(2, 0, 1).contiguous()


@workload
def softmax_ce():
    x, target = leaf(torch.randn(256, 1000)), torch.randint(0, 1000, [256])

    def run():
        x.grad = None
        F.cross_entropy(x, target).backward()

    return run


@workload
def matmul512():
    a, b = torch.randn(512, 512), torch.randn(512, 512)
    return lambda: a @ b


@workload
def matmul1024():
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return lambda: a @ b


@workload
def matmul512_grads():
    a, b = leaf(torch.randn(512, 512)), leaf(torch.randn(512, 512))

    def run():
        a.grad = b.grad = None
        (a @ b).sum().backward()

    return run


@workload
def mlp_step():
    shapes = [torch.randn(256, 784) * 0.03, torch.zeros(256), torch.randn(10, 256) * 0.05, torch.zeros(10)]
    p = [leaf(t) for t in shapes]
    x, target = torch.randn(128, 784), torch.randint(0, 10, [128])
    return lambda: train(p, F.cross_entropy(F.linear(F.linear(x, p[0], p[1]).relu(), p[2], p[3]), target), 0.01)


@workload
def conv():
    x, w = leaf(torch.randn(8, 16, 32, 32)), leaf(torch.randn(32, 16, 3, 3))

    def run():
        x.grad = w.grad = None
        F.conv2d(x, w).relu().sum().backward()

    return run


def median(run):
    """The median microseconds of the later half of the runs that fill the budget, as bench/timing.ts has it."""
    times = []
    begin = start = time.perf_counter()
    while start < begin + BUDGET or (len(times) < FEWEST and start < begin + 3 * BUDGET):
        run()
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
    later = sorted(times[len(times) // 2 :])
    return later[len(later) // 2] * 1e6


def answer(name):
    if name not in WORKLOADS:
        return {}
    try:
        return {"microseconds": median(WORKLOADS[name]())}
    except RuntimeError as error:
        return {"error": str(error)}


if __name__ == "__main__":
    if sys.argv[1] != "all":
        torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(0)
    version, threads = torch.__version__.split("+")[0], torch.get_num_threads()
    print(json.dumps({"peer": f"PyTorch {version}, {threads} thread{'' if threads == 1 else 's'}"}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(line.strip())), flush=True)
