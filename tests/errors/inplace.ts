/** Changes in place: leaves, views, saved tensors, dtypes; recorded by ../pytorch/situations/inplace.py. */

import * as torch from "../../mod.ts";
import { counting, leaf, type Situations } from "./situation.ts";

const F = torch.nn.functional;

/** The calls that fail, by name. */
export const inplace: Situations = {
  *inplace_on_a_leaf() {
    const x = leaf(3);
    yield [x];
    x.add_(1);
  },
  *inplace_mul_on_a_leaf() {
    const x = leaf(3);
    yield [x];
    x.mul_(2);
  },
  *zero_on_a_leaf() {
    const x = leaf(3);
    yield [x];
    x.zero_();
  },
  *inplace_on_a_view_of_a_leaf() {
    const x = leaf(2, 3);
    const v = x.index(0);
    yield [x, v];
    v.add_(1);
  },
  *inplace_on_a_transposed_leaf() {
    const x = leaf(2, 3);
    const v = x.t();
    yield [x, v];
    v.mul_(2);
  },
  *assignment_into_a_leaf() {
    const x = leaf(3);
    yield [x];
    x.index_put_([0], 5);
  },
  *assignment_of_a_slice_into_a_leaf() {
    const x = leaf(3);
    yield [x];
    x.index_put_([torch.slice(1)], torch.zeros(2));
  },
  *inplace_on_an_expanded_tensor() {
    const x = torch.ones(1);
    const v = x.expand(3);
    yield [x, v];
    v.add_(1);
  },
  *inplace_on_an_output_of_unbind() {
    const x = leaf(2, 3).mul(1);
    const [a, b] = x.unbind(0);
    yield [x, a, b];
    a.add_(1);
  },
  *inplace_on_an_output_of_split() {
    const x = leaf(4).mul(1);
    const [a, b] = x.split(2);
    yield [x, a, b];
    a.mul_(2);
  },
  *inplace_on_an_output_of_chunk() {
    const x = leaf(4).mul(1);
    const [a, b] = x.chunk(2);
    yield [x, a, b];
    b.zero_();
  },
  *inplace_on_a_row_of_an_iterated_leaf() {
    const x = leaf(2, 2);
    const rows = [...x];
    yield [x, rows[0]];
    rows[0].add_(1);
  },
  *inplace_on_a_view_made_in_no_grad() {
    const x = leaf(3).mul(1);
    const v = torch.no_grad(() => x.index(torch.slice(null, 2)));
    yield [x, v];
    v.add_(leaf(2));
  },
  *resize_of_a_tensor_that_requires_grad() {
    const x = leaf(4);
    yield [x];
    x.resize_(2);
  },
  *saved_input_changed() {
    const x = leaf(3);
    const y = x.mul(1);
    let z = y.mul(y);
    y.add_(1);
    z = z.sum();
    yield [x, y, z];
    z.backward();
  },
  *saved_input_changed_twice() {
    const x = leaf(2, 2);
    const y = x.add(0);
    const z = y.pow(2).sum();
    y.mul_(2);
    y.zero_();
    yield [x, y, z];
    z.backward();
  },
  *saved_result_changed() {
    const x = leaf(3);
    const y = x.exp();
    y.add_(1);
    const z = y.sum();
    yield [x, y, z];
    z.backward();
  },
  *saved_sigmoid_changed_through_a_view() {
    const x = leaf(3);
    const y = x.sigmoid();
    const z = y.sum();
    y.index_put_([0], 0);
    yield [x, y, z];
    z.backward();
  },
  *saved_other_operand_changed() {
    const x = leaf(2, 3), w = torch.ones(3);
    const z = x.mul(w).sum();
    w.add_(1);
    yield [x, w, z];
    z.backward();
  },
  *saved_matrix_changed() {
    const a = leaf(2, 3), b = counting(3, 4);
    const z = a.mm(b).sum();
    b.mul_(2);
    yield [a, b, z];
    z.backward();
  },
  *saved_matrix_changed_of_linear() {
    const a = counting(2, 3), w = leaf(4, 3);
    const h = F.linear(a, w);
    const z = h.relu().matmul(leaf(4, 1)).sum();
    torch.no_grad(() => a.sub_(1));
    yield [a, w, z];
    z.backward();
  },
  *saved_view_of_a_matrix_changed() {
    const x = leaf(3, 2).mul(1);
    const z = x.t().matmul(x).sum();
    x.add_(1);
    yield [x, z];
    z.backward();
  },
  *saved_parameter_changed_in_no_grad() {
    const w = leaf(3);
    const loss = w.mul(w).sum();
    torch.no_grad(() => w.sub_(0.1));
    yield [w, loss];
    loss.backward();
  },
  *saved_index_changed() {
    const x = leaf(4), i = torch.tensor([0n, 2n]);
    const z = x.index(i).sum();
    i.add_(1);
    yield [x, i, z];
    z.backward();
  },
  *saved_integer_tensor_changed() {
    const x = leaf(4), i = torch.tensor([0n, 2n]);
    const z = x.index_select(0, i).sum();
    i.add_(1);
    yield [x, i, z];
    z.backward();
  },
  *saved_tensor_of_relu_changed() {
    const x = leaf(3);
    const y = torch.relu(x.mul(1));
    const z = y.mul(3).sum();
    y.mul_(2);
    yield [x, y, z];
    z.backward();
  },
  *saved_softmax_changed() {
    const x = leaf(2, 3);
    const y = x.softmax(1);
    const z = y.sum();
    y.div_(2);
    yield [x, y, z];
    z.backward();
  },
  *inference_tensor_saved() {
    const x = torch.inference_mode(() => torch.ones(2));
    const w = leaf(2);
    yield [x, w];
    x.mul(w);
  },
  *inference_tensor_changed_outside() {
    const x = torch.inference_mode(() => torch.ones(2));
    yield [x];
    x.add_(1);
  },
  *inference_tensor_requires_grad() {
    const x = torch.inference_mode(() => torch.ones(2));
    yield [x];
    x.requires_grad_();
  },
  *integer_result_into_integer_from_float() {
    const x = torch.arange(3);
    yield [x];
    x.add_(1.5);
  },
  *true_division_into_integer() {
    const x = torch.arange(3);
    yield [x];
    x.div_(2);
  },
  *float_operand_into_integer() {
    const x = torch.arange(3), y = torch.ones(3);
    yield [x, y];
    x.mul_(y);
  },
  *exp_into_integer() {
    const x = torch.arange(3);
    yield [x];
    x.exp_();
  },
  *integer_result_into_bool() {
    const x = torch.tensor([true, false]);
    yield [x];
    x.add_(1);
  },
  *float_power_into_integer() {
    const x = torch.arange(3);
    yield [x];
    x.pow_(0.5);
  },
  *inplace_broadcast_that_would_grow() {
    const x = torch.ones(3), y = torch.ones(2, 3);
    yield [x, y];
    x.add_(y);
  },
  *inplace_broadcast_of_a_column() {
    const x = torch.ones(3, 1), y = torch.ones(3, 4);
    yield [x, y];
    x.mul_(y);
  },
  *copy_of_wrong_shape() {
    const x = torch.ones(3), y = torch.ones(2);
    yield [x, y];
    x.copy_(y);
  },
};
