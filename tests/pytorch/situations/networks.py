"""Functions of torch.nn.functional."""

import torch
import torch.nn.functional as F

from . import situation


@situation
def linear_of_wrong_features():
    x, w = torch.ones(2, 3), torch.ones(4, 5)
    yield x, w
    F.linear(x, w)


@situation
def linear_of_wrong_features_with_bias():
    x, w, b = torch.ones(2, 3), torch.ones(4, 5), torch.ones(4)
    yield x, w, b
    F.linear(x, w, b)


@situation
def linear_of_a_wrong_bias():
    x, w, b = torch.ones(2, 3), torch.ones(4, 3), torch.ones(3)
    yield x, w, b
    F.linear(x, w, b)


@situation
def linear_of_two_dtypes():
    x, w = torch.ones(2, 3, dtype=torch.float64), torch.ones(4, 3)
    yield x, w
    F.linear(x, w)


@situation
def conv2d_of_wrong_channels():
    x, w = torch.ones(1, 2, 4, 4), torch.ones(1, 3, 2, 2)
    yield x, w
    F.conv2d(x, w)


@situation
def conv2d_of_a_matrix():
    x, w = torch.ones(4, 4), torch.ones(1, 1, 2, 2)
    yield x, w
    F.conv2d(x, w)


@situation
def conv2d_of_a_large_kernel():
    x, w = torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3)
    yield x, w
    F.conv2d(x, w)


@situation
def conv2d_of_a_wrong_bias():
    x, w, b = torch.ones(1, 1, 4, 4), torch.ones(2, 1, 2, 2), torch.ones(3)
    yield x, w, b
    F.conv2d(x, w, b)


@situation
def conv2d_of_two_dtypes():
    x, w = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2, dtype=torch.float64)
    yield x, w
    F.conv2d(x, w)


@situation
def conv2d_with_stride_zero():
    x, w = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2)
    yield x, w
    F.conv2d(x, w, stride=0)


@situation
def conv1d_of_wrong_channels():
    x, w = torch.ones(1, 2, 4), torch.ones(1, 3, 2)
    yield x, w
    F.conv1d(x, w)


@situation
def conv1d_of_wrong_groups():
    x, w = torch.ones(1, 4, 4), torch.ones(3, 2, 2)
    yield x, w
    F.conv1d(x, w, groups=2)


@situation
def max_pool2d_of_a_vector():
    x = torch.ones(4)
    yield (x,)
    F.max_pool2d(x, 2)


@situation
def max_pool2d_of_a_small_image():
    x = torch.ones(1, 1, 2, 2)
    yield (x,)
    F.max_pool2d(x, 3)


@situation
def max_pool2d_with_much_padding():
    x = torch.ones(1, 1, 4, 4)
    yield (x,)
    F.max_pool2d(x, 2, padding=2)


@situation
def avg_pool2d_of_a_small_image():
    x = torch.ones(1, 1, 2, 2)
    yield (x,)
    F.avg_pool2d(x, 3)


@situation
def avg_pool1d_of_a_vector():
    x = torch.ones(4)
    yield (x,)
    F.avg_pool1d(x, 2)


@situation
def mse_loss_that_does_not_broadcast():
    x, y = torch.ones(2), torch.ones(3)
    yield x, y
    F.mse_loss(x, y)


@situation
def mse_loss_of_an_unknown_reduction():
    x, y = torch.ones(2), torch.ones(2)
    yield x, y
    F.mse_loss(x, y, reduction="average")


@situation
def nll_loss_of_a_wrong_batch():
    x, t = torch.zeros(2, 3), torch.tensor([0])
    yield x, t
    F.nll_loss(x, t)


@situation
def nll_loss_of_a_target_out_of_range():
    x, t = torch.zeros(2, 3), torch.tensor([0, 3])
    yield x, t
    F.nll_loss(x, t)


@situation
def nll_loss_of_a_float_target():
    x, t = torch.zeros(2, 3), torch.tensor([0.0, 1.0])
    yield x, t
    F.nll_loss(x, t)


@situation
def nll_loss_of_a_wrong_weight():
    x, t, w = torch.zeros(2, 3), torch.tensor([0, 1]), torch.ones(2)
    yield x, t, w
    F.nll_loss(x, t, w)


@situation
def cross_entropy_of_a_target_out_of_range():
    x, t = torch.zeros(2, 3), torch.tensor([0, -1])
    yield x, t
    F.cross_entropy(x, t)


@situation
def cross_entropy_of_a_wrong_batch():
    x, t = torch.zeros(2, 3), torch.tensor([0, 1, 2])
    yield x, t
    F.cross_entropy(x, t)


@situation
def cross_entropy_of_wrong_probabilities():
    x, t = torch.zeros(2, 3), torch.ones(2, 2)
    yield x, t
    F.cross_entropy(x, t)


@situation
def binary_cross_entropy_out_of_range():
    x, t = torch.tensor([1.5]), torch.tensor([1.0])
    yield x, t
    F.binary_cross_entropy(x, t)


@situation
def binary_cross_entropy_of_another_shape():
    x, t = torch.tensor([0.5, 0.5]), torch.tensor([1.0])
    yield x, t
    F.binary_cross_entropy(x, t)


@situation
def binary_cross_entropy_with_logits_of_another_shape():
    x, t = torch.tensor([0.5, 0.5]), torch.tensor([1.0])
    yield x, t
    F.binary_cross_entropy_with_logits(x, t)


@situation
def batch_norm_of_one_value_a_channel():
    x = torch.ones(1, 3)
    yield (x,)
    F.batch_norm(x, None, None, training=True)


@situation
def batch_norm_of_a_wrong_weight():
    x, m, v, w = torch.ones(2, 3), torch.zeros(3), torch.ones(3), torch.ones(2)
    yield x, m, v, w
    F.batch_norm(x, m, v, w)


@situation
def layer_norm_of_a_wrong_shape():
    x = torch.ones(2, 3)
    yield (x,)
    F.layer_norm(x, (4,))


@situation
def embedding_beyond_the_end():
    i, w = torch.tensor([0, 3]), torch.ones(3, 2)
    yield i, w
    F.embedding(i, w)


@situation
def embedding_of_floats():
    i, w = torch.tensor([0.0]), torch.ones(3, 2)
    yield i, w
    F.embedding(i, w)


@situation
def one_hot_of_a_class_out_of_range():
    x = torch.tensor([0, 3])
    yield (x,)
    F.one_hot(x, 3)


@situation
def one_hot_of_a_negative_class():
    x = torch.tensor([0, -1])
    yield (x,)
    F.one_hot(x)


@situation
def one_hot_of_floats():
    x = torch.tensor([0.0])
    yield (x,)
    F.one_hot(x)


@situation
def dropout_of_a_wrong_probability():
    x = torch.ones(2)
    yield (x,)
    F.dropout(x, 1.5)


@situation
def pad_of_an_odd_count():
    x = torch.ones(2, 2)
    yield (x,)
    F.pad(x, (1,))


@situation
def pad_of_too_many_dimensions():
    x = torch.ones(2)
    yield (x,)
    F.pad(x, (1, 1, 1, 1))
