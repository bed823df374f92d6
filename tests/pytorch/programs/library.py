"""Limits of dtypes, copies of views, checkpoints, states, reflections, averages and what else stands beside the ops."""

import torch
from torch import nn
from torch.optim import swa_utils
from torch.utils.checkpoint import checkpoint, set_checkpoint_early_stop

from . import program, raises


@program
def limits_of_dtypes():
    single = torch.finfo(torch.float32)
    print(single)
    print(single.eps, single.max, single.tiny, single.resolution, single.bits, single.dtype)
    print(torch.finfo(torch.float64))
    print(torch.finfo())
    for dtype in [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]:
        limits = torch.iinfo(dtype)
        print(limits, limits.bits, limits.min, limits.max)
    raises(lambda: torch.finfo(torch.int32))
    raises(lambda: torch.iinfo(torch.float32))
    raises(lambda: torch.iinfo(torch.bool))
    raises(lambda: setattr(single, "eps", 1.0))
    print(torch.full((2,), single.max) * 2, torch.tensor([single.tiny]) / 2**24)
    print(torch.pi, torch.e, torch.inf, torch.nan, isinstance(torch.int8, torch.dtype))


@program
def copies_of_views():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    for y in [
        torch.permute_copy(x, (1, 0)),
        torch.select_copy(x, 0, 1),
        torch.slice_copy(x, 1, 0, 2),
        torch.diagonal_copy(x),
        torch.expand_copy(x, (2, 2, 3)),
        torch.view_copy(x, (3, 2)),
        torch.unfold_copy(x, 1, 2, 1),
    ]:
        print(y, list(y.stride()), y._is_view())
        print(torch.autograd.grad((y * y).sum(), x)[0])
    parts = torch.split_with_sizes_copy(x, (1, 2), 1)
    print([str(p.grad_fn)[:32] for p in parts])
    print(torch.autograd.grad(parts[0].sum() + (parts[1] ** 2).sum(), x)[0])
    raises(lambda: torch.detach_copy(x).sum().backward())
    raises(lambda: torch.slice_copy(x, 0, 0, 2, 0))
    raises(lambda: torch.unbind_copy(x.detach(), out=[torch.empty(3)]))


@program
def checkpoints():
    x = torch.ones(2, requires_grad=True)

    def f(a):
        print("begin")
        b = a.exp()
        print("middle")
        c = b.sin()
        print("end")
        return c * 2

    checkpoint(f, x, use_reentrant=False).sum().backward()
    print(x.grad)
    with set_checkpoint_early_stop(False):
        y = checkpoint(f, x, use_reentrant=False)
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    raises(lambda: y.sum().backward())
    runs = []

    def changing(a):
        runs.append(1)
        return a.exp().sin() if len(runs) == 1 else a.exp()

    y = checkpoint(changing, x, use_reentrant=False)
    try:
        y.sum().backward()
    except RuntimeError as error:
        print(error)
    sizes = []

    def growing(a):
        sizes.append(1)
        return a.exp() if len(sizes) == 1 else torch.cat([a, a]).exp()[:2]

    y = checkpoint(growing, x, use_reentrant=False)
    try:
        y.sum().backward()
    except RuntimeError as error:
        print(error)
    raises(lambda: checkpoint(f, x, use_reentrant=True, size=1))
    torch.manual_seed(0)
    layer, drop = nn.Linear(2, 2), nn.Dropout(0.5)
    for reentrant in [False, True]:
        z = checkpoint(lambda a: drop(layer(a)), x, use_reentrant=reentrant)
        z.sum().backward()
        print(z, layer.weight.grad)


@program
def states_and_hooks():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(1, 2), nn.BatchNorm1d(2))
    model.register_state_dict_pre_hook(lambda m, prefix, keep: print("before", repr(prefix), keep))
    model[0].register_state_dict_post_hook(lambda m, state, prefix, meta: print("after", list(state), meta["version"]))
    state = model.state_dict()
    print(list(state))
    model.register_load_state_dict_post_hook(lambda m, keys: print(keys))
    print(model.load_state_dict(state))
    del state["1.num_batches_tracked"]
    raises(lambda: model.load_state_dict(state))
    model.load_state_dict(dict(state))
    print(model.load_state_dict({"0.weight": torch.ones(2, 1), "2.x": torch.ones(1)}, strict=False))
    raises(lambda: model.load_state_dict(3))
    model.set_submodule("1", nn.Tanh())
    print(model)
    raises(lambda: model.set_submodule("5.0", nn.Tanh()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(lambda o, args, kwargs: print("step", len(args), kwargs))
    optimizer.register_load_state_dict_post_hook(lambda o: print("loaded"))
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    leaf = torch.ones(2, requires_grad=True)
    leaf.register_post_accumulate_grad_hook(lambda p: p.grad * 2)
    raises(lambda: (leaf * 3).sum().backward())
    print(leaf.grad)


@program
def averages_of_weights():
    torch.manual_seed(2)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    mean = swa_utils.AveragedModel(model)
    moving = swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(0.9))
    schedule = swa_utils.SWALR(optimizer, swa_lr=0.05, anneal_epochs=2)
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    for _ in range(4):
        optimizer.zero_grad()
        model(x).pow(2).sum().backward()
        optimizer.step()
        mean.update_parameters(model)
        moving.update_parameters(model)
        schedule.step()
        print([f"{rate:.6f}" for rate in schedule.get_last_lr()])
    print(mean)
    print(mean.module.weight, moving.module.weight, mean.n_averaged)
    raises(lambda: swa_utils.get_ema_avg_fn(2.5))


@program
def reflections_and_differences():
    a = torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]])
    v, tau = torch.geqrf(a)
    print(v, tau)
    v.requires_grad_()
    tau.requires_grad_()
    q = torch.linalg.householder_product(v, tau)
    print(q)
    print(torch.autograd.grad(q.pow(3).sum(), [v, tau])[0])
    print(torch.ormqr(v, tau, torch.eye(3), transpose=True).grad_fn is not None)
    raises(lambda: torch.linalg.householder_product(v, torch.ones(5)))
    raises(lambda: torch.geqrf(a.requires_grad_())[0].sum().backward())
    raises(lambda: torch.solve(a, a))
    y = torch.tensor([1.0, 4.0, 9.0, 16.0], requires_grad=True)
    print(torch.gradient(y)[0], torch.gradient(y, spacing=2.5, edge_order=2)[0])
    print(torch.gradient(y, spacing=(torch.tensor([1.0, 2.0, 4.0, 8.0]),))[0])
    print(torch.hann_window(5), torch.signal.windows.gaussian(3), torch.bartlett_window(4, periodic=False))
    raises(lambda: torch.gradient(y, edge_order=3))


@program
def draws_into_neighbours():
    torch.manual_seed(7)
    a, b = torch.empty(3).uniform_(-1, 1), torch.empty(3).geometric_(0.5)
    print(a, b)
    print(torch.poisson(torch.tensor([0.5, 4.0, 30.0])))
    with torch.random.fork_rng():
        torch.rand(5)
    print(torch.rand(2))
    print(torch.arange(3.0).apply_(lambda value: value * 2 + 1).map_(torch.ones(3), lambda p, q: p - q))


@program
def learning_to_learn():
    w = torch.tensor([0.5], requires_grad=True)
    x = torch.linspace(-1, 1, 5)
    for _ in range(3):
        total = torch.zeros(())
        for slope in [1.0, 2.0]:
            inner = ((w * x - slope * x) ** 2).mean()
            (g,) = torch.autograd.grad(inner, w, create_graph=True)
            fast = w - 0.1 * g
            total = total + ((fast * x - slope * x) ** 2).mean()
        (step,) = torch.autograd.grad(total, w)
        with torch.no_grad():
            w -= 0.5 * step
        print(total, w, step)
