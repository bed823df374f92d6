"""Indexing, reading and writing."""

import torch

from . import situation


@situation
def index_beyond_the_end():
    x = torch.ones(3)
    yield (x,)
    x[3]


@situation
def index_before_the_start():
    x = torch.ones(3)
    yield (x,)
    x[-4]


@situation
def index_of_the_second_dimension_beyond_the_end():
    x = torch.ones(2, 3)
    yield (x,)
    x[0, 5]


@situation
def too_many_indices():
    x = torch.ones(2, 3)
    yield (x,)
    x[0, 0, 0]


@situation
def index_of_a_scalar():
    x = torch.tensor(1.0)
    yield (x,)
    x[0]


@situation
def iteration_over_a_scalar():
    x = torch.tensor(1.0)
    yield (x,)
    list(x)


@situation
def length_of_a_scalar():
    x = torch.tensor(1.0)
    yield (x,)
    x.size(0)


@situation
def index_tensor_out_of_range():
    x, i = torch.ones(3), torch.tensor([0, 3])
    yield x, i
    x[i]


@situation
def index_list_out_of_range():
    x = torch.ones(2, 3)
    yield (x,)
    x[[0, 2]]


@situation
def index_tensors_that_do_not_broadcast():
    x, i, j = torch.ones(4, 4), torch.tensor([0, 1]), torch.tensor([0, 1, 2])
    yield x, i, j
    x[i, j]


@situation
def float_index_tensor():
    x, i = torch.ones(3), torch.tensor([0.0])
    yield x, i
    x[i]


@situation
def mask_of_wrong_length():
    x, m = torch.ones(3), torch.tensor([True, False])
    yield x, m
    x[m]


@situation
def mask_of_wrong_shape():
    x, m = torch.ones(2, 3), torch.ones(2, 2, dtype=torch.bool)
    yield x, m
    x[m]


@situation
def slice_with_step_zero():
    x = torch.ones(3)
    yield (x,)
    x[::0]


@situation
def slice_with_a_negative_step():
    x = torch.ones(3)
    yield (x,)
    x[::-1]


@situation
def assignment_of_a_wrong_shape():
    x, v = torch.ones(2, 3), torch.ones(2)
    yield x, v
    x[0] = v


@situation
def assignment_beyond_the_end():
    x = torch.ones(2)
    yield (x,)
    x[2] = 1.0


@situation
def assignment_through_a_mask_of_wrong_count():
    x, m, v = torch.ones(3), torch.tensor([True, True, False]), torch.ones(3)
    yield x, m, v
    x[m] = v


@situation
def gather_beyond_the_end():
    x, i = torch.ones(2, 2), torch.tensor([[2]])
    yield x, i
    x.gather(0, i)


@situation
def gather_of_another_rank():
    x, i = torch.ones(2, 2), torch.tensor([0])
    yield x, i
    x.gather(0, i)


@situation
def gather_with_int32():
    x, i = torch.ones(2), torch.tensor([0], dtype=torch.int32)
    yield x, i
    x.gather(0, i)


@situation
def scatter_beyond_the_end():
    x, i = torch.zeros(2), torch.tensor([2])
    yield x, i
    x.scatter(0, i, 1.0)


@situation
def index_select_beyond_the_end():
    x, i = torch.ones(2, 2), torch.tensor([5])
    yield x, i
    x.index_select(0, i)


@situation
def index_select_with_floats():
    x, i = torch.ones(2, 2), torch.tensor([0.0])
    yield x, i
    x.index_select(0, i)


@situation
def index_select_with_a_matrix():
    x, i = torch.ones(2, 2), torch.tensor([[0]])
    yield x, i
    x.index_select(0, i)


@situation
def index_add_of_wrong_length():
    x, i, v = torch.zeros(3), torch.tensor([0, 1]), torch.ones(3)
    yield x, i, v
    x.index_add(0, i, v)


@situation
def take_beyond_the_end():
    x, i = torch.ones(2, 2), torch.tensor([4])
    yield x, i
    x.take(i)


@situation
def masked_fill_with_an_integer_mask():
    x, m = torch.ones(2), torch.tensor([0, 1])
    yield x, m
    x.masked_fill(m, 0.0)


@situation
def masked_fill_that_does_not_broadcast():
    x, m = torch.ones(2), torch.tensor([True, False, True])
    yield x, m
    x.masked_fill(m, 0.0)


@situation
def masked_select_with_an_integer_mask():
    x, m = torch.ones(2), torch.tensor([0, 1])
    yield x, m
    x.masked_select(m)
