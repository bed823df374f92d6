"""Changes in place: leaves, views, saved tensors, dtypes."""

import torch
import torch.nn.functional as F

from . import counting, leaf, situation


@situation
def inplace_on_a_leaf():
    x = leaf(3)
    yield (x,)
    x.add_(1)


@situation
def inplace_mul_on_a_leaf():
    x = leaf(3)
    yield (x,)
    x.mul_(2)


@situation
def zero_on_a_leaf():
    x = leaf(3)
    yield (x,)
    x.zero_()


@situation
def inplace_on_a_view_of_a_leaf():
    x = leaf(2, 3)
    v = x[0]
    yield x, v
    v.add_(1)


@situation
def inplace_on_a_transposed_leaf():
    x = leaf(2, 3)
    v = x.t()
    yield x, v
    v.mul_(2)


@situation
def assignment_into_a_leaf():
    x = leaf(3)
    yield (x,)
    x[0] = 5.0


@situation
def assignment_of_a_slice_into_a_leaf():
    x = leaf(3)
    yield (x,)
    x[1:] = torch.zeros(2)


@situation
def inplace_on_an_expanded_tensor():
    x = torch.ones(1)
    v = x.expand(3)
    yield x, v
    v.add_(1)


@situation
def inplace_on_an_output_of_unbind():
    x = leaf(2, 3) * 1
    a, b = x.unbind(0)
    yield x, a, b
    a.add_(1)


@situation
def inplace_on_an_output_of_split():
    x = leaf(4) * 1
    a, b = x.split(2)
    yield x, a, b
    a.mul_(2)


@situation
def inplace_on_an_output_of_chunk():
    x = leaf(4) * 1
    a, b = x.chunk(2)
    yield x, a, b
    b.zero_()


@situation
def inplace_on_a_row_of_an_iterated_leaf():
    x = leaf(2, 2)
    rows = list(x)
    yield x, rows[0]
    rows[0].add_(1)


@situation
def inplace_on_a_view_made_in_no_grad():
    x = leaf(3) * 1
    with torch.no_grad():
        v = x[:2]
    yield x, v
    v.add_(leaf(2))


@situation
def resize_of_a_tensor_that_requires_grad():
    x = leaf(4)
    yield (x,)
    x.resize_(2)


@situation
def saved_input_changed():
    x = leaf(3)
    y = x * 1
    z = y * y
    y.add_(1)
    z = z.sum()
    yield x, y, z
    z.backward()


@situation
def saved_input_changed_twice():
    x = leaf(2, 2)
    y = x + 0
    z = (y**2).sum()
    y.mul_(2)
    y.zero_()
    yield x, y, z
    z.backward()


@situation
def saved_result_changed():
    x = leaf(3)
    y = x.exp()
    y.add_(1)
    z = y.sum()
    yield x, y, z
    z.backward()


@situation
def saved_sigmoid_changed_through_a_view():
    x = leaf(3)
    y = x.sigmoid()
    z = y.sum()
    y[0] = 0.0
    yield x, y, z
    z.backward()


@situation
def saved_other_operand_changed():
    x, w = leaf(2, 3), torch.ones(3)
    z = (x * w).sum()
    w.add_(1)
    yield x, w, z
    z.backward()


@situation
def saved_matrix_changed():
    a, b = leaf(2, 3), counting(3, 4)
    z = a.mm(b).sum()
    b.mul_(2)
    yield a, b, z
    z.backward()


@situation
def saved_matrix_changed_of_linear():
    a, w = counting(2, 3), leaf(4, 3)
    h = F.linear(a, w)
    z = (h.relu() @ leaf(4, 1)).sum()
    with torch.no_grad():
        a.sub_(1)
    yield a, w, z
    z.backward()


@situation
def saved_view_of_a_matrix_changed():
    x = leaf(3, 2) * 1
    z = (x.t() @ x).sum()
    x.add_(1)
    yield x, z
    z.backward()


@situation
def saved_parameter_changed_in_no_grad():
    w = leaf(3)
    loss = (w * w).sum()
    with torch.no_grad():
        w -= 0.1
    yield w, loss
    loss.backward()


@situation
def saved_index_changed():
    x, i = leaf(4), torch.tensor([0, 2])
    z = x[i].sum()
    i.add_(1)
    yield x, i, z
    z.backward()


@situation
def saved_integer_tensor_changed():
    x, i = leaf(4), torch.tensor([0, 2])
    z = x.index_select(0, i).sum()
    i.add_(1)
    yield x, i, z
    z.backward()


@situation
def saved_tensor_of_relu_changed():
    x = leaf(3)
    y = torch.relu(x * 1)
    z = (y * 3).sum()
    y.mul_(2)
    yield x, y, z
    z.backward()


@situation
def saved_softmax_changed():
    x = leaf(2, 3)
    y = x.softmax(1)
    z = y.sum()
    y.div_(2)
    yield x, y, z
    z.backward()


@situation
def inference_tensor_saved():
    with torch.inference_mode():
        x = torch.ones(2)
    w = leaf(2)
    yield x, w
    x * w


@situation
def inference_tensor_changed_outside():
    with torch.inference_mode():
        x = torch.ones(2)
    yield (x,)
    x.add_(1)


@situation
def inference_tensor_requires_grad():
    with torch.inference_mode():
        x = torch.ones(2)
    yield (x,)
    x.requires_grad_()


@situation
def integer_result_into_integer_from_float():
    x = torch.arange(3)
    yield (x,)
    x.add_(1.5)


@situation
def true_division_into_integer():
    x = torch.arange(3)
    yield (x,)
    x.div_(2)


@situation
def float_operand_into_integer():
    x, y = torch.arange(3), torch.ones(3)
    yield x, y
    x.mul_(y)


@situation
def exp_into_integer():
    x = torch.arange(3)
    yield (x,)
    x.exp_()


@situation
def integer_result_into_bool():
    x = torch.tensor([True, False])
    yield (x,)
    x.add_(1)


@situation
def float_power_into_integer():
    x = torch.arange(3)
    yield (x,)
    x.pow_(0.5)


@situation
def inplace_broadcast_that_would_grow():
    x, y = torch.ones(3), torch.ones(2, 3)
    yield x, y
    x.add_(y)


@situation
def inplace_broadcast_of_a_column():
    x, y = torch.ones(3, 1), torch.ones(3, 4)
    yield x, y
    x.mul_(y)


@situation
def copy_of_wrong_shape():
    x, y = torch.ones(3), torch.ones(2)
    yield x, y
    x.copy_(y)
