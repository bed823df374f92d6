"""Random numbers."""

import torch

from . import leaf, situation


@situation
def bernoulli_of_a_wrong_probability():
    x = torch.tensor([0.5, 1.5])
    yield (x,)
    torch.bernoulli(x)


@situation
def multinomial_of_too_many():
    x = torch.tensor([0.5, 0.5])
    yield (x,)
    torch.multinomial(x, 3)


@situation
def multinomial_of_zeros():
    x = torch.zeros(2)
    yield (x,)
    torch.multinomial(x, 1)


@situation
def multinomial_of_negative_weights():
    x = torch.tensor([-1.0, 2.0])
    yield (x,)
    torch.multinomial(x, 1)


@situation
def normal_of_a_negative_deviation():
    yield ()
    torch.normal(0.0, -1.0, (2,))


@situation
def uniform_of_a_wrong_interval():
    x = torch.ones(2)
    yield (x,)
    x.uniform_(1, 0)


@situation
def randint_of_an_empty_interval():
    yield ()
    torch.randint(3, 3, (2,))


@situation
def randperm_of_a_negative_count():
    yield ()
    torch.randperm(-1)


@situation
def randn_of_integers():
    yield ()
    torch.randn(2, dtype=torch.int64)


@situation
def exponential_of_a_negative_rate():
    x = torch.ones(2)
    yield (x,)
    x.exponential_(-1)


@situation
def normal_on_a_leaf():
    x = leaf(2)
    yield (x,)
    x.normal_()
