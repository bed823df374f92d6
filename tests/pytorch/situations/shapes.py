"""Shapes that do not fit."""

import torch

from . import leaf, situation


@situation
def add_of_lengths_two_and_three():
    x, y = torch.ones(2), torch.ones(3)
    yield x, y
    x + y


@situation
def mul_of_matrices_that_do_not_broadcast():
    x, y = torch.ones(2, 3), torch.ones(3, 2)
    yield x, y
    x * y


@situation
def where_that_does_not_broadcast():
    c, x, y = torch.tensor([True, False]), torch.ones(3), torch.ones(3)
    yield c, x, y
    torch.where(c, x, y)


@situation
def comparison_that_does_not_broadcast():
    x, y = torch.ones(2, 3), torch.ones(2)
    yield x, y
    x < y


@situation
def addcmul_that_does_not_broadcast():
    x, y, z = torch.ones(2), torch.ones(3), torch.ones(2)
    yield x, y, z
    torch.addcmul(x, y, z)


@situation
def mm_of_inner_sizes_that_differ():
    x, y = torch.ones(2, 3), torch.ones(2, 3)
    yield x, y
    x.mm(y)


@situation
def mm_of_a_vector():
    x, y = torch.ones(2, 3), torch.ones(3)
    yield x, y
    x.mm(y)


@situation
def mm_of_a_vector_on_the_left():
    x, y = torch.ones(3), torch.ones(3, 2)
    yield x, y
    x.mm(y)


@situation
def mm_of_two_dtypes():
    x, y = torch.ones(2, 2), torch.ones(2, 2, dtype=torch.float64)
    yield x, y
    x.mm(y)


@situation
def mm_of_float_and_long():
    x, y = torch.ones(2, 2), torch.ones(2, 2, dtype=torch.int64)
    yield x, y
    x.mm(y)


@situation
def matmul_of_matrices_that_do_not_fit():
    x, y = torch.ones(2, 3), torch.ones(4, 5)
    yield x, y
    x @ y


@situation
def matmul_of_vectors_that_do_not_fit():
    x, y = torch.ones(2), torch.ones(3)
    yield x, y
    x @ y


@situation
def matmul_of_matrix_and_vector():
    x, y = torch.ones(2, 3), torch.ones(2)
    yield x, y
    x @ y


@situation
def matmul_of_vector_and_matrix():
    x, y = torch.ones(3), torch.ones(2, 3)
    yield x, y
    x @ y


@situation
def matmul_with_a_scalar_tensor():
    x, y = torch.ones(2, 2), torch.tensor(2.0)
    yield x, y
    x @ y


@situation
def matmul_of_batches_that_do_not_broadcast():
    x, y = torch.ones(2, 3, 4), torch.ones(5, 4, 2)
    yield x, y
    x @ y


@situation
def matmul_of_batches_whose_matrices_do_not_fit():
    x, y = torch.ones(2, 3, 4), torch.ones(2, 3, 4)
    yield x, y
    x @ y


@situation
def matmul_of_two_dtypes():
    x, y = torch.ones(2, 2), torch.ones(2, 2, dtype=torch.int64)
    yield x, y
    x @ y


@situation
def bmm_of_matrices():
    x, y = torch.ones(2, 3), torch.ones(3, 2)
    yield x, y
    x.bmm(y)


@situation
def bmm_of_different_batches():
    x, y = torch.ones(2, 3, 4), torch.ones(3, 4, 2)
    yield x, y
    x.bmm(y)


@situation
def bmm_of_inner_sizes_that_differ():
    x, y = torch.ones(2, 3, 4), torch.ones(2, 3, 4)
    yield x, y
    x.bmm(y)


@situation
def mv_of_a_vector_of_wrong_length():
    x, y = torch.ones(2, 3), torch.ones(2)
    yield x, y
    x.mv(y)


@situation
def mv_of_a_matrix():
    x, y = torch.ones(2, 3), torch.ones(3, 1)
    yield x, y
    x.mv(y)


@situation
def dot_of_matrices():
    x, y = torch.ones(2, 2), torch.ones(2, 2)
    yield x, y
    x.dot(y)


@situation
def dot_of_different_lengths():
    x, y = torch.ones(2), torch.ones(3)
    yield x, y
    x.dot(y)


@situation
def dot_of_two_dtypes():
    x, y = torch.ones(2), torch.ones(2, dtype=torch.int64)
    yield x, y
    x.dot(y)


@situation
def outer_of_a_matrix():
    x, y = torch.ones(2, 2), torch.ones(2)
    yield x, y
    torch.outer(x, y)


@situation
def addmm_of_a_wrong_bias():
    b, x, y = torch.ones(3), torch.ones(2, 3), torch.ones(3, 4)
    yield b, x, y
    torch.addmm(b, x, y)


@situation
def t_of_three_dimensions():
    x = torch.ones(2, 3, 4)
    yield (x,)
    x.t()


@situation
def view_of_wrong_size():
    x = torch.ones(2, 3)
    yield (x,)
    x.view(4, 2)


@situation
def view_of_a_transposed_tensor():
    x = torch.ones(2, 3).t()
    yield (x,)
    x.view(6)


@situation
def view_with_two_unknowns():
    x = torch.ones(2, 3)
    yield (x,)
    x.view(-1, -1)


@situation
def view_with_an_unknown_that_does_not_divide():
    x = torch.ones(2, 3)
    yield (x,)
    x.view(4, -1)


@situation
def view_with_a_negative_size():
    x = torch.ones(2, 3)
    yield (x,)
    x.view(-2, 3)


@situation
def view_of_nothing_with_an_unknown():
    x = torch.ones(0, 3)
    yield (x,)
    x.view(-1, 0)


@situation
def reshape_of_wrong_size():
    x = leaf(2, 3)
    yield (x,)
    x.reshape(5)


@situation
def expand_to_fewer_dimensions():
    x = torch.ones(2, 3)
    yield (x,)
    x.expand(3)


@situation
def expand_of_a_size_that_is_not_one():
    x = torch.ones(2, 3)
    yield (x,)
    x.expand(4, 3)


@situation
def expand_with_an_unknown_new_dimension():
    x = torch.ones(3)
    yield (x,)
    x.expand(-1, 3)


@situation
def broadcast_to_a_wrong_shape():
    x = torch.ones(2)
    yield (x,)
    torch.broadcast_to(x, (3,))


@situation
def repeat_with_too_few_counts():
    x = torch.ones(2, 3)
    yield (x,)
    x.repeat(2)


@situation
def permute_with_too_few_dimensions():
    x = torch.ones(2, 3)
    yield (x,)
    x.permute(0)


@situation
def permute_with_a_repeated_dimension():
    x = torch.ones(2, 3)
    yield (x,)
    x.permute(0, 0)


@situation
def transpose_out_of_range():
    x = torch.ones(2, 3)
    yield (x,)
    x.transpose(0, 2)


@situation
def squeeze_out_of_range():
    x = torch.ones(2, 1)
    yield (x,)
    x.squeeze(2)


@situation
def unsqueeze_out_of_range():
    x = torch.ones(2)
    yield (x,)
    x.unsqueeze(3)


@situation
def flatten_with_start_after_end():
    x = torch.ones(2, 3)
    yield (x,)
    x.flatten(1, 0)


@situation
def unflatten_to_a_wrong_product():
    x = torch.ones(6)
    yield (x,)
    x.unflatten(0, (4, 2))


@situation
def movedim_with_different_counts():
    x = torch.ones(2, 3)
    yield (x,)
    torch.movedim(x, (0, 1), (0,))


@situation
def sum_out_of_range():
    x = torch.ones(2, 3)
    yield (x,)
    x.sum(2)


@situation
def sum_of_a_repeated_dimension():
    x = torch.ones(2, 3)
    yield (x,)
    x.sum((0, 0))


@situation
def max_of_nothing():
    x = torch.ones(0)
    yield (x,)
    x.max()


@situation
def argmax_of_nothing():
    x = torch.ones(0)
    yield (x,)
    x.argmax()


@situation
def max_along_an_empty_dimension():
    x = torch.ones(2, 0)
    yield (x,)
    x.max(1)


@situation
def softmax_out_of_range():
    x = torch.ones(2, 3)
    yield (x,)
    x.softmax(2)


@situation
def cumsum_out_of_range():
    x = torch.ones(2)
    yield (x,)
    x.cumsum(1)


@situation
def size_out_of_range():
    x = torch.ones(2, 3)
    yield (x,)
    x.size(2)


@situation
def cat_of_different_sizes():
    x, y = torch.ones(2, 3), torch.ones(2, 4)
    yield x, y
    torch.cat([x, y])


@situation
def cat_of_different_ranks():
    x, y = torch.ones(2, 3), torch.ones(3)
    yield x, y
    torch.cat([x, y])


@situation
def cat_of_scalars():
    x, y = torch.tensor(1.0), torch.tensor(2.0)
    yield x, y
    torch.cat([x, y])


@situation
def cat_of_nothing():
    yield ()
    torch.cat([])


@situation
def cat_out_of_range():
    x = torch.ones(2)
    yield (x,)
    torch.cat([x, x], 1)


@situation
def stack_of_different_shapes():
    x, y = torch.ones(2), torch.ones(3)
    yield x, y
    torch.stack([x, y])


@situation
def stack_of_nothing():
    yield ()
    torch.stack([])


@situation
def stack_out_of_range():
    x = torch.ones(2)
    yield (x,)
    torch.stack([x, x], 3)


@situation
def split_with_a_wrong_sum():
    x = torch.ones(5)
    yield (x,)
    x.split([2, 2])


@situation
def split_with_a_negative_size():
    x = torch.ones(5)
    yield (x,)
    x.split(-1)


@situation
def chunk_into_none():
    x = torch.ones(5)
    yield (x,)
    x.chunk(0)


@situation
def narrow_beyond_the_end():
    x = torch.ones(5)
    yield (x,)
    x.narrow(0, 3, 4)


@situation
def select_beyond_the_end():
    x = torch.ones(2, 3)
    yield (x,)
    x.select(1, 3)


@situation
def diagonal_of_a_vector():
    x = torch.ones(3)
    yield (x,)
    x.diagonal()


@situation
def trace_of_a_vector():
    x = torch.ones(3)
    yield (x,)
    x.trace()


@situation
def unfold_longer_than_the_dimension():
    x = torch.ones(3)
    yield (x,)
    x.unfold(0, 4, 1)


@situation
def roll_without_dimension_for_two_shifts():
    x = torch.ones(2, 2)
    yield (x,)
    x.roll((1, 1))


@situation
def flip_of_a_repeated_dimension():
    x = torch.ones(2, 2)
    yield (x,)
    x.flip((0, 0))


@situation
def tril_of_a_vector():
    x = torch.ones(3)
    yield (x,)
    x.tril()


@situation
def topk_of_too_many():
    x = torch.ones(3)
    yield (x,)
    x.topk(4)


@situation
def einsum_with_a_wrong_subscript_count():
    x = torch.ones(2, 3)
    yield (x,)
    torch.einsum("ijk->i", x)


@situation
def einsum_of_sizes_that_differ():
    x, y = torch.ones(2, 3), torch.ones(2, 3)
    yield x, y
    torch.einsum("ij,jk->ik", x, y)


@situation
def einsum_with_an_unknown_output():
    x = torch.ones(2, 3)
    yield (x,)
    torch.einsum("ij->k", x)


@situation
def tensordot_of_sizes_that_differ():
    x, y = torch.ones(2, 3), torch.ones(2, 3)
    yield x, y
    torch.tensordot(x, y, 1)


@situation
def as_strided_beyond_the_storage():
    x = torch.ones(4)
    yield (x,)
    x.as_strided((3, 3), (2, 1))


@situation
def negative_size():
    yield ()
    torch.ones(2, -3)
