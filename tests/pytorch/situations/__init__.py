"""Situations in which PyTorch raises: generators that prepare, yield the tensors to look at, and then do what fails."""

import torch

situations = {}


def situation(function):
    assert function.__name__ not in situations, function.__name__
    situations[function.__name__] = function
    return function


def leaf(*shape):
    """1, 2, 3, ... with requires_grad."""
    return counting(*shape).requires_grad_()


def counting(*shape):
    n = 1
    for size in shape:
        n *= size
    return torch.arange(1.0, n + 1).reshape(shape).clone()  # no view
