/** The engine: backward, grad, hooks, attributes of tensors; recorded by ../pytorch/situations/engine.py. */

import * as torch from "../../mod.ts";
import { assign, call, leaf, type Situations } from "./situation.ts";

/** The calls that fail, by name. */
export const engine: Situations = {
  *backward_twice() {
    const x = leaf(3);
    const y = x.mul(x).sum();
    y.backward();
    yield [x, y];
    y.backward();
  },
  *backward_twice_through_exp() {
    const x = leaf(3);
    const y = x.exp();
    y.sum().backward();
    yield [x, y];
    y.sum().backward();
  },
  *grad_twice() {
    const x = leaf(3);
    const y = x.mul(x).sum();
    torch.autograd.grad(y, x);
    yield [x, y];
    torch.autograd.grad(y, x);
  },
  *backward_from_a_shared_freed_part() {
    const x = leaf(3);
    const shared = x.sigmoid();
    const a = shared.sum(), b = shared.mul(2).sum();
    a.backward();
    yield [x, shared, a, b];
    b.backward();
  },
  *saved_tensor_of_a_freed_node() {
    const x = leaf(2);
    const y = x.mul(x);
    y.sum().backward();
    yield [x, y];
    Reflect.get(y.grad_fn!, "_saved_self");
  },
  *backward_of_a_vector() {
    const x = leaf(3);
    const y = x.mul(2);
    yield [x, y];
    y.backward();
  },
  *backward_of_a_matrix() {
    const x = leaf(2, 2);
    const y = x.mul(2);
    yield [x, y];
    y.backward();
  },
  *grad_of_a_vector() {
    const x = leaf(3);
    const y = x.mul(2);
    yield [x, y];
    torch.autograd.grad(y, x);
  },
  *backward_of_a_leaf_vector() {
    const x = leaf(3);
    yield [x];
    x.backward();
  },
  *backward_without_graph() {
    const x = torch.ones([]);
    yield [x];
    x.backward();
  },
  *backward_of_a_detached_result() {
    const x = leaf(2);
    const y = x.mul(x).sum().detach();
    yield [x, y];
    y.backward();
  },
  *backward_of_what_no_grad_computed() {
    const x = leaf(2);
    const y = torch.no_grad(() => x.mul(x).sum());
    yield [x, y];
    y.backward();
  },
  *grad_without_graph() {
    const x = torch.ones(2);
    const y = x.mul(x).sum();
    yield [x, y];
    torch.autograd.grad(y, x);
  },
  *grad_of_an_input_that_needs_none() {
    const x = leaf(2), w = torch.ones(2);
    const y = x.mul(w).sum();
    yield [x, w, y];
    torch.autograd.grad(y, w);
  },
  *grad_of_an_unused_input() {
    const x = leaf(2), w = leaf(2);
    const y = x.mul(x).sum();
    yield [x, w, y];
    torch.autograd.grad(y, [x, w]);
  },
  *grad_with_only_unused_input() {
    const x = leaf(2), w = leaf(2);
    const y = x.mul(x).sum();
    yield [x, w, y];
    torch.autograd.grad(y, w);
  },
  *grad_materialized_but_unused_not_allowed() {
    const x = leaf(2), w = leaf(2);
    const y = x.mul(x).sum();
    yield [x, w, y];
    torch.autograd.grad(y, [w], { allow_unused: false, materialize_grads: true });
  },
  *grad_with_no_inputs() {
    const x = leaf(2);
    const y = x.mul(x).sum();
    yield [x, y];
    torch.autograd.grad(y, []);
  },
  *backward_with_no_inputs() {
    const x = leaf(2);
    const y = x.mul(x).sum();
    yield [x, y];
    y.backward({ inputs: [] });
  },
  *backward_with_an_input_that_needs_no_grad() {
    const x = leaf(2), w = torch.ones(2);
    const y = x.mul(w).sum();
    yield [x, w, y];
    y.backward({ inputs: [w] });
  },
  *gradient_of_wrong_shape() {
    const x = leaf(3);
    const y = x.mul(2);
    yield [x, y];
    y.backward(torch.ones(2));
  },
  *gradient_of_wrong_shape_for_a_scalar() {
    const x = leaf(3);
    const y = x.sum();
    yield [x, y];
    y.backward(torch.ones(1));
  },
  *gradient_of_wrong_rank() {
    const x = leaf(3);
    const y = x.mul(2);
    yield [x, y];
    y.backward(torch.ones(3, 1));
  },
  *gradient_that_is_a_list_of_numbers() {
    const x = leaf(3);
    const y = x.mul(2);
    yield [x, y];
    call(y, "backward", [1.5, 2.5, 3.5]);
  },
  *gradients_fewer_than_outputs() {
    const x = leaf(3);
    const y = x.mul(2), z = x.mul(3);
    yield [x, y, z];
    torch.autograd.grad([y, z], x, [torch.ones(3)]);
  },
  *one_of_two_gradients_missing() {
    const x = leaf(3);
    const y = x.mul(2), z = x.mul(3);
    yield [x, y, z];
    torch.autograd.grad([y, z], x, [torch.ones(3), null]);
  },
  *autograd_backward_of_two_vectors() {
    const x = leaf(3);
    const y = x.mul(2), z = x.mul(3);
    yield [x, y, z];
    torch.autograd.backward([y, z]);
  },
  *autograd_backward_with_wrong_count() {
    const x = leaf(3);
    const y = x.mul(2), z = x.mul(3);
    yield [x, y, z];
    torch.autograd.backward([y, z], [torch.ones(3)]);
  },
  *autograd_backward_both_gradient_names() {
    const x = leaf(3);
    const y = x.mul(2);
    yield [x, y];
    call(torch.autograd, "backward", y, torch.ones(3), { grad_variables: torch.ones(3) });
  },
  *second_order_without_create_graph() {
    const x = leaf(2);
    const y = x.pow(3).sum();
    const [g] = torch.autograd.grad(y, x);
    yield [x, y, g];
    torch.autograd.grad(g.sum(), x);
  },
  *second_backward_without_create_graph() {
    const x = leaf(2);
    x.pow(3).sum().backward();
    yield [x];
    x.grad!.sum().backward();
  },
  *integer_requires_grad() {
    const x = torch.arange(3);
    yield [x];
    x.requires_grad_();
  },
  *integer_requires_grad_attribute() {
    const x = torch.arange(3);
    yield [x];
    x.requires_grad = true;
  },
  *bool_tensor_created_with_requires_grad() {
    yield [];
    torch.tensor([true, false], { requires_grad: true });
  },
  *integer_ones_with_requires_grad() {
    yield [];
    torch.ones(2, { dtype: torch.int64, requires_grad: true });
  },
  *randint_with_requires_grad() {
    yield [];
    torch.randint(0, 5, [3], { requires_grad: true });
  },
  *requires_grad_off_on_a_result() {
    const x = leaf(2);
    const y = x.mul(2);
    yield [x, y];
    y.requires_grad_(false);
  },
  *requires_grad_attribute_off_on_a_result() {
    const x = leaf(2);
    const y = x.mul(2);
    yield [x, y];
    y.requires_grad = false;
  },
  *retain_grad_without_requires_grad() {
    const x = torch.ones(2);
    yield [x];
    x.retain_grad();
  },
  *hook_on_a_tensor_without_grad() {
    const x = torch.ones(2);
    yield [x];
    x.register_hook((g) => g);
  },
  *hook_returns_a_wrong_shape() {
    const x = leaf(2);
    const y = x.mul(2);
    y.register_hook(() => torch.ones(3));
    const z = y.sum();
    yield [x, y, z];
    z.backward();
  },
  *hook_returns_a_number() {
    const x = leaf(2);
    const y = x.mul(2);
    call(y, "register_hook", () => 2.5);
    const z = y.sum();
    yield [x, y, z];
    z.backward();
  },
  *hook_raises() {
    const hook = () => {
      throw new torch.ValueError("no more");
    };
    const x = leaf(2);
    const y = x.mul(2);
    y.register_hook(hook);
    const z = y.sum();
    yield [x, y, z];
    z.backward();
  },
  *grad_of_wrong_shape_assigned() {
    const x = leaf(3);
    yield [x];
    x.grad = torch.ones(2);
  },
  *grad_of_wrong_dtype_assigned() {
    const x = leaf(3);
    yield [x];
    x.grad = torch.ones(3, { dtype: torch.float64 });
  },
  *grad_that_is_a_number_assigned() {
    const x = leaf(3);
    yield [x];
    assign(x, "grad", 1.5);
  },
  *grad_that_is_the_tensor_itself() {
    const x = leaf(3);
    yield [x];
    x.grad = x;
  },
  *data_that_is_a_number_assigned() {
    const x = leaf(3);
    yield [x];
    assign(x, "data", 1.5);
  },
  *data_of_another_dtype_assigned_to_a_leaf() {
    const x = leaf(3);
    yield [x];
    x.data = torch.arange(3);
  },
  *is_leaf_assigned() {
    const x = leaf(3);
    yield [x];
    assign(x, "is_leaf", false);
  },
  *item_of_many() {
    const x = leaf(3);
    yield [x];
    x.item();
  },
  *item_of_none() {
    const x = torch.ones(0);
    yield [x];
    x.item();
  },
};
