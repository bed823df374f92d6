/** Indexing, reading and writing; recorded by ../pytorch/situations/indexing.py. */

import * as torch from "../../mod.ts";
import { type Situations } from "./situation.ts";

/** The calls that fail, by name. */
export const indexing: Situations = {
  *index_beyond_the_end() {
    const x = torch.ones(3);
    yield [x];
    x.index(3);
  },
  *index_before_the_start() {
    const x = torch.ones(3);
    yield [x];
    x.index(-4);
  },
  *index_of_the_second_dimension_beyond_the_end() {
    const x = torch.ones(2, 3);
    yield [x];
    x.index(0, 5);
  },
  *too_many_indices() {
    const x = torch.ones(2, 3);
    yield [x];
    x.index(0, 0, 0);
  },
  *index_of_a_scalar() {
    const x = torch.tensor(1);
    yield [x];
    x.index(0);
  },
  *iteration_over_a_scalar() {
    const x = torch.tensor(1);
    yield [x];
    [...x];
  },
  *length_of_a_scalar() {
    const x = torch.tensor(1);
    yield [x];
    x.size(0);
  },
  *index_tensor_out_of_range() {
    const x = torch.ones(3), i = torch.tensor([0n, 3n]);
    yield [x, i];
    x.index(i);
  },
  *index_list_out_of_range() {
    const x = torch.ones(2, 3);
    yield [x];
    x.index([0, 2]);
  },
  *index_tensors_that_do_not_broadcast() {
    const x = torch.ones(4, 4), i = torch.tensor([0n, 1n]), j = torch.tensor([0n, 1n, 2n]);
    yield [x, i, j];
    x.index(i, j);
  },
  *float_index_tensor() {
    const x = torch.ones(3), i = torch.tensor([0]);
    yield [x, i];
    x.index(i);
  },
  *mask_of_wrong_length() {
    const x = torch.ones(3), m = torch.tensor([true, false]);
    yield [x, m];
    x.index(m);
  },
  *mask_of_wrong_shape() {
    const x = torch.ones(2, 3), m = torch.ones(2, 2, { dtype: torch.bool });
    yield [x, m];
    x.index(m);
  },
  *slice_with_step_zero() {
    const x = torch.ones(3);
    yield [x];
    x.index(torch.slice(null, null, 0));
  },
  *slice_with_a_negative_step() {
    const x = torch.ones(3);
    yield [x];
    x.index(torch.slice(null, null, -1));
  },
  *assignment_of_a_wrong_shape() {
    const x = torch.ones(2, 3), v = torch.ones(2);
    yield [x, v];
    x.index_put_([0], v);
  },
  *assignment_beyond_the_end() {
    const x = torch.ones(2);
    yield [x];
    x.index_put_([2], 1);
  },
  *assignment_through_a_mask_of_wrong_count() {
    const x = torch.ones(3), m = torch.tensor([true, true, false]), v = torch.ones(3);
    yield [x, m, v];
    x.index_put_([m], v);
  },
  *gather_beyond_the_end() {
    const x = torch.ones(2, 2), i = torch.tensor([[2n]]);
    yield [x, i];
    x.gather(0, i);
  },
  *gather_of_another_rank() {
    const x = torch.ones(2, 2), i = torch.tensor([0n]);
    yield [x, i];
    x.gather(0, i);
  },
  *gather_with_int32() {
    const x = torch.ones(2), i = torch.tensor([0n], { dtype: torch.int32 });
    yield [x, i];
    x.gather(0, i);
  },
  *scatter_beyond_the_end() {
    const x = torch.zeros(2), i = torch.tensor([2n]);
    yield [x, i];
    x.scatter(0, i, 1);
  },
  *index_select_beyond_the_end() {
    const x = torch.ones(2, 2), i = torch.tensor([5n]);
    yield [x, i];
    x.index_select(0, i);
  },
  *index_select_with_floats() {
    const x = torch.ones(2, 2), i = torch.tensor([0]);
    yield [x, i];
    x.index_select(0, i);
  },
  *index_select_with_a_matrix() {
    const x = torch.ones(2, 2), i = torch.tensor([[0n]]);
    yield [x, i];
    x.index_select(0, i);
  },
  *index_add_of_wrong_length() {
    const x = torch.zeros(3), i = torch.tensor([0n, 1n]), v = torch.ones(3);
    yield [x, i, v];
    x.index_add(0, i, v);
  },
  *take_beyond_the_end() {
    const x = torch.ones(2, 2), i = torch.tensor([4n]);
    yield [x, i];
    x.take(i);
  },
  *masked_fill_with_an_integer_mask() {
    const x = torch.ones(2), m = torch.tensor([0n, 1n]);
    yield [x, m];
    x.masked_fill(m, 0);
  },
  *masked_fill_that_does_not_broadcast() {
    const x = torch.ones(2), m = torch.tensor([true, false, true]);
    yield [x, m];
    x.masked_fill(m, 0);
  },
  *masked_select_with_an_integer_mask() {
    const x = torch.ones(2), m = torch.tensor([0n, 1n]);
    yield [x, m];
    x.masked_select(m);
  },
};
