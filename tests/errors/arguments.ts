/** Arguments of wrong kind or number; recorded by ../pytorch/situations/arguments.py. */

import * as torch from "../../mod.ts";
import { assign, call, leaf, type Situations } from "./situation.ts";

/** The calls that fail, by name. */
export const argumentsOfWrongKind: Situations = {
  *tensor_of_a_ragged_list() {
    yield [];
    torch.tensor([[1, 2], [3]]);
  },
  *tensor_of_a_list_with_a_late_list() {
    yield [];
    torch.tensor([1, [2]]);
  },
  *tensor_of_a_string() {
    yield [];
    call(torch, "tensor", "abc");
  },
  *tensor_of_none() {
    yield [];
    call(torch, "tensor", null);
  },
  *tensor_of_strings() {
    yield [];
    call(torch, "tensor", ["a", "b"]);
  },
  *add_of_a_string() {
    const x = torch.ones(2);
    yield [x];
    call(x, "add", "1");
  },
  *add_of_none() {
    const x = torch.ones(2);
    yield [x];
    call(x, "add", null);
  },
  *add_of_a_list() {
    const x = torch.ones(2);
    yield [x];
    call(x, "add", [1, 2]);
  },
  *torch_mul_of_strings() {
    const x = torch.ones(2);
    yield [x];
    call(torch, "mul", x, "2");
  },
  *exp_of_a_number() {
    yield [];
    call(torch, "exp", 1.5);
  },
  *sum_of_a_list() {
    yield [];
    call(torch, "sum", [1, 2]);
  },
  *exp_without_argument() {
    yield [];
    call(torch, "exp");
  },
  *exp_of_two_arguments() {
    const x = torch.ones(2);
    yield [x];
    torch.exp(x, x);
  },
  *sum_with_an_unknown_keyword() {
    const x = torch.ones(2);
    yield [x];
    call(x, "sum", { axes: 0 });
  },
  *sum_along_a_fraction() {
    const x = torch.ones(2);
    yield [x];
    x.sum(0.5);
  },
  *mm_of_a_list() {
    const x = torch.ones(2, 2);
    yield [x];
    call(x, "mm", [[1, 2], [3, 4]]);
  },
  *mm_of_nothing() {
    const x = torch.ones(2, 2);
    yield [x];
    call(x, "mm");
  },
  *matmul_of_a_number() {
    const x = torch.ones(2, 2);
    yield [x];
    call(x, "matmul", 2);
  },
  *cat_of_a_tensor() {
    const x = torch.ones(2);
    yield [x];
    call(torch, "cat", x);
  },
  *cat_of_a_number_in_the_list() {
    const x = torch.ones(2);
    yield [x];
    call(torch, "cat", [x, 1.5]);
  },
  *stack_of_numbers() {
    yield [];
    call(torch, "stack", [1.5, 2.5]);
  },
  *view_of_a_string() {
    const x = torch.ones(2);
    yield [x];
    call(x, "view", "a");
  },
  *view_of_a_fraction() {
    const x = torch.ones(2);
    yield [x];
    x.view(0.5);
  },
  *view_of_nothing() {
    const x = torch.ones(2);
    yield [x];
    x.view();
  },
  *reshape_of_a_fraction() {
    const x = torch.ones(2);
    yield [x];
    x.reshape(1.5);
  },
  *transpose_of_one_argument() {
    const x = torch.ones(2, 2);
    yield [x];
    call(x, "transpose", 0);
  },
  *unsqueeze_of_nothing() {
    const x = torch.ones(2);
    yield [x];
    call(x, "unsqueeze");
  },
  *ones_of_a_fraction() {
    yield [];
    torch.ones(2.5);
  },
  *ones_of_a_string() {
    yield [];
    call(torch, "ones", "2");
  },
  *zeros_with_a_dtype_that_is_a_string() {
    yield [];
    call(torch, "zeros", 2, { dtype: "float32" });
  },
  *full_without_value() {
    yield [];
    call(torch, "full", [2]);
  },
  *arange_of_nothing() {
    yield [];
    call(torch, "arange");
  },
  *arange_with_step_zero() {
    yield [];
    torch.arange(0, 3, 0);
  },
  *arange_in_the_wrong_direction() {
    yield [];
    torch.arange(3, 0);
  },
  *linspace_without_steps() {
    yield [];
    call(torch, "linspace", 0, 1);
  },
  *where_with_numbers_only() {
    yield [];
    call(torch, "where", true, 1.5, 2.5);
  },
  *where_with_a_float_condition() {
    const c = torch.ones(2), x = torch.ones(2);
    yield [c, x];
    torch.where(c, x, x);
  },
  *clamp_without_bounds() {
    const x = torch.ones(2);
    yield [x];
    x.clamp();
  },
  *div_with_an_unknown_rounding() {
    const x = torch.ones(2);
    yield [x];
    call(x, "div", 2, { rounding_mode: "up" });
  },
  *norm_of_integers() {
    const x = torch.arange(3);
    yield [x];
    x.norm();
  },
  *backward_with_an_unknown_keyword() {
    const x = leaf(1);
    const y = x.sum();
    yield [x, y];
    call(y, "backward", { retain: true });
  },
  *to_of_a_string_that_is_no_device() {
    const x = torch.ones(2);
    yield [x];
    x.to("abc");
  },
  *to_cuda() {
    const x = torch.ones(2);
    yield [x];
    x.to("cuda");
  },
  *requires_grad_of_a_string() {
    const x = torch.ones(2);
    yield [x];
    call(x, "requires_grad_", "yes");
  },
  *requires_grad_attribute_of_a_string() {
    const x = torch.ones(2);
    yield [x];
    assign(x, "requires_grad", "yes");
  },
  *set_grad_enabled_of_a_string() {
    yield [];
    call(torch, "set_grad_enabled", "no");
  },
  *promote_types_of_a_string() {
    yield [];
    call(torch, "promote_types", torch.float32, "int64");
  },
};
