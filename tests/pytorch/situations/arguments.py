"""Arguments of wrong kind or number."""

import torch

from . import leaf, situation


@situation
def tensor_of_a_ragged_list():
    yield ()
    torch.tensor([[1.0, 2.0], [3.0]])


@situation
def tensor_of_a_list_with_a_late_list():
    yield ()
    torch.tensor([1.0, [2.0]])


@situation
def tensor_of_a_string():
    yield ()
    torch.tensor("abc")


@situation
def tensor_of_none():
    yield ()
    torch.tensor(None)


@situation
def tensor_of_strings():
    yield ()
    torch.tensor(["a", "b"])


@situation
def add_of_a_string():
    x = torch.ones(2)
    yield (x,)
    x.add("1")


@situation
def add_of_none():
    x = torch.ones(2)
    yield (x,)
    x.add(None)


@situation
def add_of_a_list():
    x = torch.ones(2)
    yield (x,)
    x.add([1.0, 2.0])


@situation
def torch_mul_of_strings():
    x = torch.ones(2)
    yield (x,)
    torch.mul(x, "2")


@situation
def exp_of_a_number():
    yield ()
    torch.exp(1.5)


@situation
def sum_of_a_list():
    yield ()
    torch.sum([1.0, 2.0])


@situation
def exp_without_argument():
    yield ()
    torch.exp()


@situation
def exp_of_two_arguments():
    x = torch.ones(2)
    yield (x,)
    torch.exp(x, x)


@situation
def sum_with_an_unknown_keyword():
    x = torch.ones(2)
    yield (x,)
    x.sum(axes=0)


@situation
def sum_along_a_fraction():
    x = torch.ones(2)
    yield (x,)
    x.sum(0.5)


@situation
def mm_of_a_list():
    x = torch.ones(2, 2)
    yield (x,)
    x.mm([[1.0, 2.0], [3.0, 4.0]])


@situation
def mm_of_nothing():
    x = torch.ones(2, 2)
    yield (x,)
    x.mm()


@situation
def matmul_of_a_number():
    x = torch.ones(2, 2)
    yield (x,)
    x.matmul(2)


@situation
def cat_of_a_tensor():
    x = torch.ones(2)
    yield (x,)
    torch.cat(x)


@situation
def cat_of_a_number_in_the_list():
    x = torch.ones(2)
    yield (x,)
    torch.cat([x, 1.5])


@situation
def stack_of_numbers():
    yield ()
    torch.stack([1.5, 2.5])


@situation
def view_of_a_string():
    x = torch.ones(2)
    yield (x,)
    x.view("a")


@situation
def view_of_a_fraction():
    x = torch.ones(2)
    yield (x,)
    x.view(0.5)


@situation
def view_of_nothing():
    x = torch.ones(2)
    yield (x,)
    x.view()


@situation
def reshape_of_a_fraction():
    x = torch.ones(2)
    yield (x,)
    x.reshape(1.5)


@situation
def transpose_of_one_argument():
    x = torch.ones(2, 2)
    yield (x,)
    x.transpose(0)


@situation
def unsqueeze_of_nothing():
    x = torch.ones(2)
    yield (x,)
    x.unsqueeze()


@situation
def ones_of_a_fraction():
    yield ()
    torch.ones(2.5)


@situation
def ones_of_a_string():
    yield ()
    torch.ones("2")


@situation
def zeros_with_a_dtype_that_is_a_string():
    yield ()
    torch.zeros(2, dtype="float32")


@situation
def full_without_value():
    yield ()
    torch.full([2])


@situation
def arange_of_nothing():
    yield ()
    torch.arange()


@situation
def arange_with_step_zero():
    yield ()
    torch.arange(0, 3, 0)


@situation
def arange_in_the_wrong_direction():
    yield ()
    torch.arange(3, 0)


@situation
def linspace_without_steps():
    yield ()
    torch.linspace(0, 1)


@situation
def where_with_numbers_only():
    yield ()
    torch.where(True, 1.5, 2.5)


@situation
def where_with_a_float_condition():
    c, x = torch.ones(2), torch.ones(2)
    yield c, x
    torch.where(c, x, x)


@situation
def clamp_without_bounds():
    x = torch.ones(2)
    yield (x,)
    x.clamp()


@situation
def div_with_an_unknown_rounding():
    x = torch.ones(2)
    yield (x,)
    x.div(2, rounding_mode="up")


@situation
def norm_of_integers():
    x = torch.arange(3)
    yield (x,)
    x.norm()


@situation
def backward_with_an_unknown_keyword():
    x = leaf(1)
    y = x.sum()
    yield x, y
    y.backward(retain=True)


@situation
def to_of_a_string_that_is_no_device():
    x = torch.ones(2)
    yield (x,)
    x.to("abc")


@situation
def to_cuda():
    x = torch.ones(2)
    yield (x,)
    x.to("cuda")


@situation
def requires_grad_of_a_string():
    x = torch.ones(2)
    yield (x,)
    x.requires_grad_("yes")


@situation
def requires_grad_attribute_of_a_string():
    x = torch.ones(2)
    yield (x,)
    x.requires_grad = "yes"


@situation
def set_grad_enabled_of_a_string():
    yield ()
    torch.set_grad_enabled("no")


@situation
def promote_types_of_a_string():
    yield ()
    torch.promote_types(torch.float32, "int64")
