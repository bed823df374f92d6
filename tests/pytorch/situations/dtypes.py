"""dtypes that an op does not take."""

import torch

from . import leaf, situation


@situation
def mean_of_integers():
    x = torch.arange(3)
    yield (x,)
    x.mean()


@situation
def mean_of_bools():
    x = torch.tensor([True, False])
    yield (x,)
    x.mean()


@situation
def std_of_integers():
    x = torch.arange(3)
    yield (x,)
    x.std()


@situation
def softmax_of_integers():
    x = torch.arange(3)
    yield (x,)
    x.softmax(0)


@situation
def neg_of_bools():
    x = torch.tensor([True])
    yield (x,)
    -x


@situation
def sub_of_bools():
    x, y = torch.tensor([True]), torch.tensor([False])
    yield x, y
    x - y


@situation
def bool_minus_number():
    x = torch.tensor([True])
    yield (x,)
    torch.rsub(x, 1)


@situation
def bitwise_not_of_floats():
    x = torch.ones(2)
    yield (x,)
    x.bitwise_not()


@situation
def bitwise_and_of_floats():
    x, y = torch.ones(2), torch.ones(2)
    yield x, y
    x & y


@situation
def integer_to_a_negative_power():
    x = torch.tensor([1, 2])
    yield (x,)
    x**-1


@situation
def integer_division_by_zero():
    x, y = torch.tensor([1, 2]), torch.tensor([0, 1])
    yield x, y
    x // y


@situation
def integer_remainder_by_zero():
    x = torch.tensor([1, 2])
    yield (x,)
    x % 0


@situation
def logit_of_an_integer_inplace():
    x = torch.tensor([1, 2])
    yield (x,)
    x.logit_()


@situation
def sum_into_an_integer_out():
    x, y = torch.ones(2), torch.zeros(2, dtype=torch.int64)
    yield x, y
    torch.add(x, x, out=y)


@situation
def out_of_a_tensor_that_requires_grad():
    x, y = leaf(2), torch.zeros(2)
    yield x, y
    torch.mul(x, x, out=y)


@situation
def lerp_of_two_dtypes():
    x, y = torch.ones(2), torch.ones(2, dtype=torch.float64)
    yield x, y
    torch.lerp(x, y, 0.5)


@situation
def index_put_of_another_dtype():
    x, i, v = torch.zeros(3), torch.tensor([0]), torch.ones(1, dtype=torch.float64)
    yield x, i, v
    x.index_put_((i,), v)


@situation
def scatter_of_another_dtype():
    x, i, v = torch.zeros(3), torch.tensor([0]), torch.ones(1, dtype=torch.float64)
    yield x, i, v
    x.scatter(0, i, v)


@situation
def set_default_dtype_of_integers():
    yield ()
    torch.set_default_dtype(torch.int64)
