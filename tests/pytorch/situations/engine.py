"""The engine: backward, grad, hooks, attributes of tensors."""

import torch

from . import leaf, situation


@situation
def backward_twice():
    x = leaf(3)
    y = (x * x).sum()
    y.backward()
    yield x, y
    y.backward()


@situation
def backward_twice_through_exp():
    x = leaf(3)
    y = x.exp()
    y.sum().backward()
    yield x, y
    y.sum().backward()


@situation
def grad_twice():
    x = leaf(3)
    y = (x * x).sum()
    torch.autograd.grad(y, x)
    yield x, y
    torch.autograd.grad(y, x)


@situation
def backward_from_a_shared_freed_part():
    x = leaf(3)
    shared = x.sigmoid()
    a, b = shared.sum(), (shared * 2).sum()
    a.backward()
    yield x, shared, a, b
    b.backward()


@situation
def saved_tensor_of_a_freed_node():
    x = leaf(2)
    y = x * x
    y.sum().backward()
    yield x, y
    y.grad_fn._saved_self


@situation
def backward_of_a_vector():
    x = leaf(3)
    y = x * 2
    yield x, y
    y.backward()


@situation
def backward_of_a_matrix():
    x = leaf(2, 2)
    y = x * 2
    yield x, y
    y.backward()


@situation
def grad_of_a_vector():
    x = leaf(3)
    y = x * 2
    yield x, y
    torch.autograd.grad(y, x)


@situation
def backward_of_a_leaf_vector():
    x = leaf(3)
    yield (x,)
    x.backward()


@situation
def backward_without_graph():
    x = torch.ones(())
    yield (x,)
    x.backward()


@situation
def backward_of_a_detached_result():
    x = leaf(2)
    y = (x * x).sum().detach()
    yield x, y
    y.backward()


@situation
def backward_of_what_no_grad_computed():
    x = leaf(2)
    with torch.no_grad():
        y = (x * x).sum()
    yield x, y
    y.backward()


@situation
def grad_without_graph():
    x = torch.ones(2)
    y = (x * x).sum()
    yield x, y
    torch.autograd.grad(y, x)


@situation
def grad_of_an_input_that_needs_none():
    x, w = leaf(2), torch.ones(2)
    y = (x * w).sum()
    yield x, w, y
    torch.autograd.grad(y, w)


@situation
def grad_of_an_unused_input():
    x, w = leaf(2), leaf(2)
    y = (x * x).sum()
    yield x, w, y
    torch.autograd.grad(y, [x, w])


@situation
def grad_with_only_unused_input():
    x, w = leaf(2), leaf(2)
    y = (x * x).sum()
    yield x, w, y
    torch.autograd.grad(y, w)


@situation
def grad_materialized_but_unused_not_allowed():
    x, w = leaf(2), leaf(2)
    y = (x * x).sum()
    yield x, w, y
    torch.autograd.grad(y, [w], allow_unused=False, materialize_grads=True)


@situation
def grad_with_no_inputs():
    x = leaf(2)
    y = (x * x).sum()
    yield x, y
    torch.autograd.grad(y, [])


@situation
def backward_with_no_inputs():
    x = leaf(2)
    y = (x * x).sum()
    yield x, y
    y.backward(inputs=[])


@situation
def backward_with_an_input_that_needs_no_grad():
    x, w = leaf(2), torch.ones(2)
    y = (x * w).sum()
    yield x, w, y
    y.backward(inputs=[w])


@situation
def gradient_of_wrong_shape():
    x = leaf(3)
    y = x * 2
    yield x, y
    y.backward(torch.ones(2))


@situation
def gradient_of_wrong_shape_for_a_scalar():
    x = leaf(3)
    y = x.sum()
    yield x, y
    y.backward(torch.ones(1))


@situation
def gradient_of_wrong_rank():
    x = leaf(3)
    y = x * 2
    yield x, y
    y.backward(torch.ones(3, 1))


@situation
def gradient_that_is_a_list_of_numbers():
    x = leaf(3)
    y = x * 2
    yield x, y
    y.backward([1.5, 2.5, 3.5])


@situation
def gradients_fewer_than_outputs():
    x = leaf(3)
    y, z = x * 2, x * 3
    yield x, y, z
    torch.autograd.grad([y, z], x, [torch.ones(3)])


@situation
def one_of_two_gradients_missing():
    x = leaf(3)
    y, z = x * 2, x * 3
    yield x, y, z
    torch.autograd.grad([y, z], x, [torch.ones(3), None])


@situation
def autograd_backward_of_two_vectors():
    x = leaf(3)
    y, z = x * 2, x * 3
    yield x, y, z
    torch.autograd.backward([y, z])


@situation
def autograd_backward_with_wrong_count():
    x = leaf(3)
    y, z = x * 2, x * 3
    yield x, y, z
    torch.autograd.backward([y, z], [torch.ones(3)])


@situation
def autograd_backward_both_gradient_names():
    x = leaf(3)
    y = x * 2
    yield x, y
    torch.autograd.backward(y, torch.ones(3), grad_variables=torch.ones(3))


@situation
def second_order_without_create_graph():
    x = leaf(2)
    y = (x**3).sum()
    (g,) = torch.autograd.grad(y, x)
    yield x, y, g
    torch.autograd.grad(g.sum(), x)


@situation
def second_backward_without_create_graph():
    x = leaf(2)
    (x**3).sum().backward()
    yield (x,)
    x.grad.sum().backward()


@situation
def integer_requires_grad():
    x = torch.arange(3)
    yield (x,)
    x.requires_grad_()


@situation
def integer_requires_grad_attribute():
    x = torch.arange(3)
    yield (x,)
    x.requires_grad = True


@situation
def bool_tensor_created_with_requires_grad():
    yield ()
    torch.tensor([True, False], requires_grad=True)


@situation
def integer_ones_with_requires_grad():
    yield ()
    torch.ones(2, dtype=torch.int64, requires_grad=True)


@situation
def randint_with_requires_grad():
    yield ()
    torch.randint(0, 5, (3,), requires_grad=True)


@situation
def requires_grad_off_on_a_result():
    x = leaf(2)
    y = x * 2
    yield x, y
    y.requires_grad_(False)


@situation
def requires_grad_attribute_off_on_a_result():
    x = leaf(2)
    y = x * 2
    yield x, y
    y.requires_grad = False


@situation
def retain_grad_without_requires_grad():
    x = torch.ones(2)
    yield (x,)
    x.retain_grad()


@situation
def hook_on_a_tensor_without_grad():
    x = torch.ones(2)
    yield (x,)
    x.register_hook(lambda g: g)


@situation
def hook_returns_a_wrong_shape():
    x = leaf(2)
    y = x * 2
    y.register_hook(lambda g: torch.ones(3))
    z = y.sum()
    yield x, y, z
    z.backward()


@situation
def hook_returns_a_number():
    x = leaf(2)
    y = x * 2
    y.register_hook(lambda g: 2.5)
    z = y.sum()
    yield x, y, z
    z.backward()


@situation
def hook_raises():
    def hook(g):
        raise ValueError("no more")

    x = leaf(2)
    y = x * 2
    y.register_hook(hook)
    z = y.sum()
    yield x, y, z
    z.backward()


@situation
def grad_of_wrong_shape_assigned():
    x = leaf(3)
    yield (x,)
    x.grad = torch.ones(2)


@situation
def grad_of_wrong_dtype_assigned():
    x = leaf(3)
    yield (x,)
    x.grad = torch.ones(3, dtype=torch.float64)


@situation
def grad_that_is_a_number_assigned():
    x = leaf(3)
    yield (x,)
    x.grad = 1.5


@situation
def grad_that_is_the_tensor_itself():
    x = leaf(3)
    yield (x,)
    x.grad = x


@situation
def data_that_is_a_number_assigned():
    x = leaf(3)
    yield (x,)
    x.data = 1.5


@situation
def data_of_another_dtype_assigned_to_a_leaf():
    x = leaf(3)
    yield (x,)
    x.data = torch.arange(3)


@situation
def is_leaf_assigned():
    x = leaf(3)
    yield (x,)
    x.is_leaf = False


@situation
def item_of_many():
    x = leaf(3)
    yield (x,)
    x.item()


@situation
def item_of_none():
    x = torch.ones(0)
    yield (x,)
    x.item()
