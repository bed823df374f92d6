"""Records what optimizers and schedulers do: their text, parameters after each step, their state; learning rates step by step; errors.

    python3 record_optimizers.py > optimizers.json.gz

All optimizers train the same small network with tanh on the same data (see `train`); tests/optim_test.ts does the same.
"""

import gzip
import json
import sys
import warnings

import torch
from torch import nn, optim
from torch.optim import lr_scheduler

OPTIMIZERS = []
SCHEDULERS = []


def optimizer(name, **options):
    OPTIMIZERS.append((name, options))


def scheduler(name, *args, steps=12, groups=1, lr=0.1, values=None, momentum=None, **options):
    """`steps` steps of a scheduler of SGD with so many groups; `values` are what ReduceLROnPlateau is told."""
    SCHEDULERS.append({"name": name, "args": list(args), "options": options, "steps": steps, "groups": groups, "lr": lr, "values": values, "momentum": momentum})


optimizer("SGD")
optimizer("SGD", lr=0.1)
optimizer("SGD", lr=0.1, momentum=0.9)
optimizer("SGD", lr=0.1, momentum=0.9, dampening=0.1, weight_decay=0.01)
optimizer("SGD", lr=0.1, momentum=0.9, nesterov=True, maximize=True)
for name in ("Adam", "AdamW"):
    optimizer(name)
    optimizer(name, lr=0.05, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.1)
    optimizer(name, lr=0.05, amsgrad=True, maximize=True)
optimizer("RMSprop")
optimizer("RMSprop", lr=0.05, alpha=0.9, weight_decay=0.1, momentum=0.5)
optimizer("RMSprop", lr=0.05, centered=True)
optimizer("Adagrad")
optimizer("Adagrad", lr=0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5)
optimizer("Adadelta")
optimizer("Adadelta", lr=0.5, rho=0.8, eps=1e-3, weight_decay=0.1)
optimizer("Adamax")
optimizer("Adamax", lr=0.05, betas=(0.8, 0.9), weight_decay=0.1)
optimizer("NAdam")
optimizer("NAdam", lr=0.05, weight_decay=0.1, momentum_decay=0.01)
optimizer("NAdam", lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)
optimizer("RAdam")
optimizer("RAdam", lr=0.05, betas=(0.8, 0.9), weight_decay=0.1)
optimizer("RAdam", lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)
optimizer("ASGD")
optimizer("ASGD", lr=0.1, lambd=0.01, alpha=0.5, t0=3, weight_decay=0.1)
optimizer("Rprop")
optimizer("Rprop", lr=0.1, etas=(0.4, 1.5), step_sizes=(1e-3, 0.2))
optimizer("LBFGS")
optimizer("LBFGS", lr=0.1, max_iter=4, history_size=2)
optimizer("LBFGS", line_search_fn="strong_wolfe")
for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD", "Rprop", "LBFGS"):
    optimizer(name, lr=-1)
    optimizer(name, foo=1)
for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "ASGD"):
    optimizer(name, weight_decay=-1)
optimizer("SGD", momentum=-1)
optimizer("SGD", nesterov=True)
for name in ("Adam", "Adamax", "NAdam", "RAdam"):
    optimizer(name, eps=-1)
    optimizer(name, betas=(1.0, 0.9))
    optimizer(name, betas=(0.9, 1.5))
optimizer("RMSprop", alpha=-1)
optimizer("Adagrad", lr_decay=-1)
optimizer("Adadelta", rho=1.5)
optimizer("NAdam", momentum_decay=-1)
optimizer("Rprop", etas=(2, 1.2))

scheduler("StepLR", 3)
scheduler("StepLR", step_size=4, gamma=0.5, groups=2)
scheduler("MultiStepLR", [2, 5], gamma=0.1)
scheduler("MultiStepLR", milestones=[3, 3, 6])
scheduler("ExponentialLR", 0.9)
scheduler("ConstantLR")
scheduler("ConstantLR", factor=0.5, total_iters=3)
scheduler("LinearLR")
scheduler("LinearLR", start_factor=0.25, end_factor=0.75, total_iters=4, groups=2)
scheduler("PolynomialLR")
scheduler("PolynomialLR", total_iters=4, power=2.0)
scheduler("CosineAnnealingLR", 5)
scheduler("CosineAnnealingLR", T_max=4, eta_min=0.01)
scheduler("CosineAnnealingWarmRestarts", 3)
scheduler("CosineAnnealingWarmRestarts", T_0=2, T_mult=2, eta_min=0.001, steps=16)
scheduler("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=3, momentum=0.9)
scheduler("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=2, step_size_down=4, mode="triangular2", cycle_momentum=False, steps=20)
scheduler("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=2, mode="exp_range", gamma=0.9, cycle_momentum=False)
scheduler("CyclicLR", base_lr=0.01, max_lr=0.1)
scheduler("OneCycleLR", max_lr=0.5, total_steps=13, momentum=0.9)
scheduler("OneCycleLR", max_lr=0.5, epochs=4, steps_per_epoch=3, anneal_strategy="linear", three_phase=True, momentum=0.9, steps=11)
scheduler("OneCycleLR", max_lr=0.5, total_steps=5, steps=5, cycle_momentum=False)
scheduler("OneCycleLR", max_lr=0.5)
scheduler("OneCycleLR", max_lr=0.5, total_steps=-1)
scheduler("OneCycleLR", max_lr=0.5, total_steps=5, pct_start=2.0)
scheduler("OneCycleLR", max_lr=0.5, total_steps=5, anneal_strategy="foo")
scheduler("ReduceLROnPlateau", values=[1.0] * 14, patience=3, steps=14)
scheduler("ReduceLROnPlateau", "max", factor=0.5, patience=1, cooldown=2, min_lr=0.02, values=[1.0, 2.0, 2.0, 1.5, 1.0, 1.0, 1.0, 1.0, 1.0, 3.0, 1.0, 1.0], groups=2)
scheduler("ReduceLROnPlateau", threshold=0.1, threshold_mode="abs", patience=0, values=[1.0, 0.95, 0.8, 0.75, 0.7, 0.69], steps=6)
scheduler("ReduceLROnPlateau", factor=1.0)
scheduler("ReduceLROnPlateau", mode="foo")
scheduler("StepLR")
scheduler("StepLR", 3, foo=1)


def encode(value):
    if isinstance(value, torch.Tensor):
        values = value.detach().reshape(-1).tolist()
        if value.dtype == torch.float32:
            # nine digits tell every float32 from its neighbours
            values = [float(f"{v:.9g}") for v in values]
        return {"t": str(value.dtype).removeprefix("torch."), "s": list(value.shape), "d": values}
    if isinstance(value, (tuple, list)):
        return [encode(v) for v in value]
    return value


def train(name, options):
    """Four steps on two parameter tensors; the loss after each, and the parameters."""
    torch.manual_seed(0)
    layer = nn.Linear(3, 2)
    x, y = torch.randn(6, 3), torch.randn(6, 2)
    if name == "LBFGS":
        # so many iterations make the last bits of single precision visible
        layer, x, y = layer.double(), x.double(), y.double()
    entry = {"name": name, "options": {k: encode(v) for k, v in options.items()}}
    try:
        opt = getattr(optim, name)(layer.parameters(), **options)
        entry["text"] = str(opt)

        def closure():
            opt.zero_grad()
            loss = ((layer(x).tanh() - y) ** 2).mean()
            loss.backward()
            return loss

        entry["losses"], entry["parameters"] = [], []
        for _ in range(4):
            entry["losses"].append(opt.step(closure).item())
            entry["parameters"].append(encode(list(layer.parameters())))
        saved = opt.state_dict()
        entry["groups"] = str(saved["param_groups"])
        if name != "LBFGS":
            entry["state"] = [[[k, encode(v)] for k, v in s.items()] for s in saved["state"].values()]
    except Exception as error:
        entry["error"] = {"type": type(error).__name__, "message": str(error)}
    return entry


def schedule(spec):
    """The learning rates, and momenta where there are any, before the first step and after each."""
    entry = {k: v for k, v in spec.items()}
    parameters = [torch.zeros(1, requires_grad=True) for _ in range(spec["groups"])]
    groups = [{"params": [p], "lr": spec["lr"] * (i + 1)} for i, p in enumerate(parameters)]
    opt = optim.SGD(groups, lr=spec["lr"], momentum=spec["momentum"] or 0)
    try:
        s = getattr(lr_scheduler, spec["name"])(opt, *spec["args"], **spec["options"])
        rates, momenta, last = [], [], []

        def note():
            rates.append([g["lr"] for g in opt.param_groups])
            momenta.append([g["momentum"] for g in opt.param_groups])

        note()
        for i in range(spec["steps"]):
            opt.step()
            s.step(*([spec["values"][i]] if spec["values"] else []))
            note()
            last.append(s.get_last_lr())
        entry["rates"], entry["momenta"], entry["last"] = rates, momenta, last
        entry["text"] = str(opt)
        entry["keys"] = list(s.state_dict().keys())
    except Exception as error:
        entry["error"] = {"type": type(error).__name__, "message": str(error)}
    return entry


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    recording = {"optimizers": [train(*o) for o in OPTIMIZERS], "schedulers": [schedule(s) for s in SCHEDULERS]}
    sys.stdout.buffer.write(gzip.compress(json.dumps(recording).encode(), 9, mtime=0))
    for kind, entries in recording.items():
        print(len(entries), kind + ",", sum("error" in e for e in entries), "errors", file=sys.stderr)


if __name__ == "__main__":
    main()
