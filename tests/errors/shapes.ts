/** Shapes that do not fit; recorded by ../pytorch/situations/shapes.py. */

import * as torch from "../../mod.ts";
import { call, leaf, type Situations } from "./situation.ts";

/** The calls that fail, by name. */
export const shapes: Situations = {
  *add_of_lengths_two_and_three() {
    const x = torch.ones(2), y = torch.ones(3);
    yield [x, y];
    x.add(y);
  },
  *mul_of_matrices_that_do_not_broadcast() {
    const x = torch.ones(2, 3), y = torch.ones(3, 2);
    yield [x, y];
    x.mul(y);
  },
  *where_that_does_not_broadcast() {
    const c = torch.tensor([true, false]), x = torch.ones(3), y = torch.ones(3);
    yield [c, x, y];
    torch.where(c, x, y);
  },
  *comparison_that_does_not_broadcast() {
    const x = torch.ones(2, 3), y = torch.ones(2);
    yield [x, y];
    x.lt(y);
  },
  *addcmul_that_does_not_broadcast() {
    const x = torch.ones(2), y = torch.ones(3), z = torch.ones(2);
    yield [x, y, z];
    torch.addcmul(x, y, z);
  },
  *mm_of_inner_sizes_that_differ() {
    const x = torch.ones(2, 3), y = torch.ones(2, 3);
    yield [x, y];
    x.mm(y);
  },
  *mm_of_a_vector() {
    const x = torch.ones(2, 3), y = torch.ones(3);
    yield [x, y];
    x.mm(y);
  },
  *mm_of_a_vector_on_the_left() {
    const x = torch.ones(3), y = torch.ones(3, 2);
    yield [x, y];
    x.mm(y);
  },
  *mm_of_two_dtypes() {
    const x = torch.ones(2, 2), y = torch.ones(2, 2, { dtype: torch.float64 });
    yield [x, y];
    x.mm(y);
  },
  *mm_of_float_and_long() {
    const x = torch.ones(2, 2), y = torch.ones(2, 2, { dtype: torch.int64 });
    yield [x, y];
    x.mm(y);
  },
  *matmul_of_matrices_that_do_not_fit() {
    const x = torch.ones(2, 3), y = torch.ones(4, 5);
    yield [x, y];
    x.matmul(y);
  },
  *matmul_of_vectors_that_do_not_fit() {
    const x = torch.ones(2), y = torch.ones(3);
    yield [x, y];
    x.matmul(y);
  },
  *matmul_of_matrix_and_vector() {
    const x = torch.ones(2, 3), y = torch.ones(2);
    yield [x, y];
    x.matmul(y);
  },
  *matmul_of_vector_and_matrix() {
    const x = torch.ones(3), y = torch.ones(2, 3);
    yield [x, y];
    x.matmul(y);
  },
  *matmul_with_a_scalar_tensor() {
    const x = torch.ones(2, 2), y = torch.tensor(2);
    yield [x, y];
    x.matmul(y);
  },
  *matmul_of_batches_that_do_not_broadcast() {
    const x = torch.ones(2, 3, 4), y = torch.ones(5, 4, 2);
    yield [x, y];
    x.matmul(y);
  },
  *matmul_of_batches_whose_matrices_do_not_fit() {
    const x = torch.ones(2, 3, 4), y = torch.ones(2, 3, 4);
    yield [x, y];
    x.matmul(y);
  },
  *matmul_of_two_dtypes() {
    const x = torch.ones(2, 2), y = torch.ones(2, 2, { dtype: torch.int64 });
    yield [x, y];
    x.matmul(y);
  },
  *bmm_of_matrices() {
    const x = torch.ones(2, 3), y = torch.ones(3, 2);
    yield [x, y];
    x.bmm(y);
  },
  *bmm_of_different_batches() {
    const x = torch.ones(2, 3, 4), y = torch.ones(3, 4, 2);
    yield [x, y];
    x.bmm(y);
  },
  *bmm_of_inner_sizes_that_differ() {
    const x = torch.ones(2, 3, 4), y = torch.ones(2, 3, 4);
    yield [x, y];
    x.bmm(y);
  },
  *mv_of_a_vector_of_wrong_length() {
    const x = torch.ones(2, 3), y = torch.ones(2);
    yield [x, y];
    x.mv(y);
  },
  *mv_of_a_matrix() {
    const x = torch.ones(2, 3), y = torch.ones(3, 1);
    yield [x, y];
    x.mv(y);
  },
  *dot_of_matrices() {
    const x = torch.ones(2, 2), y = torch.ones(2, 2);
    yield [x, y];
    x.dot(y);
  },
  *dot_of_different_lengths() {
    const x = torch.ones(2), y = torch.ones(3);
    yield [x, y];
    x.dot(y);
  },
  *dot_of_two_dtypes() {
    const x = torch.ones(2), y = torch.ones(2, { dtype: torch.int64 });
    yield [x, y];
    x.dot(y);
  },
  *outer_of_a_matrix() {
    const x = torch.ones(2, 2), y = torch.ones(2);
    yield [x, y];
    torch.outer(x, y);
  },
  *addmm_of_a_wrong_bias() {
    const b = torch.ones(3), x = torch.ones(2, 3), y = torch.ones(3, 4);
    yield [b, x, y];
    torch.addmm(b, x, y);
  },
  *t_of_three_dimensions() {
    const x = torch.ones(2, 3, 4);
    yield [x];
    x.t();
  },
  *view_of_wrong_size() {
    const x = torch.ones(2, 3);
    yield [x];
    x.view(4, 2);
  },
  *view_of_a_transposed_tensor() {
    const x = torch.ones(2, 3).t();
    yield [x];
    x.view(6);
  },
  *view_with_two_unknowns() {
    const x = torch.ones(2, 3);
    yield [x];
    x.view(-1, -1);
  },
  *view_with_an_unknown_that_does_not_divide() {
    const x = torch.ones(2, 3);
    yield [x];
    x.view(4, -1);
  },
  *view_with_a_negative_size() {
    const x = torch.ones(2, 3);
    yield [x];
    x.view(-2, 3);
  },
  *view_of_nothing_with_an_unknown() {
    const x = torch.ones(0, 3);
    yield [x];
    x.view(-1, 0);
  },
  *reshape_of_wrong_size() {
    const x = leaf(2, 3);
    yield [x];
    x.reshape(5);
  },
  *expand_to_fewer_dimensions() {
    const x = torch.ones(2, 3);
    yield [x];
    x.expand(3);
  },
  *expand_of_a_size_that_is_not_one() {
    const x = torch.ones(2, 3);
    yield [x];
    x.expand(4, 3);
  },
  *expand_with_an_unknown_new_dimension() {
    const x = torch.ones(3);
    yield [x];
    x.expand(-1, 3);
  },
  *broadcast_to_a_wrong_shape() {
    const x = torch.ones(2);
    yield [x];
    torch.broadcast_to(x, [3]);
  },
  *repeat_with_too_few_counts() {
    const x = torch.ones(2, 3);
    yield [x];
    x.repeat(2);
  },
  *permute_with_too_few_dimensions() {
    const x = torch.ones(2, 3);
    yield [x];
    x.permute(0);
  },
  *permute_with_a_repeated_dimension() {
    const x = torch.ones(2, 3);
    yield [x];
    x.permute(0, 0);
  },
  *transpose_out_of_range() {
    const x = torch.ones(2, 3);
    yield [x];
    x.transpose(0, 2);
  },
  *squeeze_out_of_range() {
    const x = torch.ones(2, 1);
    yield [x];
    x.squeeze(2);
  },
  *unsqueeze_out_of_range() {
    const x = torch.ones(2);
    yield [x];
    x.unsqueeze(3);
  },
  *flatten_with_start_after_end() {
    const x = torch.ones(2, 3);
    yield [x];
    x.flatten(1, 0);
  },
  *unflatten_to_a_wrong_product() {
    const x = torch.ones(6);
    yield [x];
    x.unflatten(0, [4, 2]);
  },
  *movedim_with_different_counts() {
    const x = torch.ones(2, 3);
    yield [x];
    torch.movedim(x, [0, 1], [0]);
  },
  *sum_out_of_range() {
    const x = torch.ones(2, 3);
    yield [x];
    x.sum(2);
  },
  *sum_of_a_repeated_dimension() {
    const x = torch.ones(2, 3);
    yield [x];
    x.sum([0, 0]);
  },
  *max_of_nothing() {
    const x = torch.ones(0);
    yield [x];
    call(x, "max");
  },
  *argmax_of_nothing() {
    const x = torch.ones(0);
    yield [x];
    x.argmax();
  },
  *max_along_an_empty_dimension() {
    const x = torch.ones(2, 0);
    yield [x];
    call(x, "max", 1);
  },
  *softmax_out_of_range() {
    const x = torch.ones(2, 3);
    yield [x];
    x.softmax(2);
  },
  *cumsum_out_of_range() {
    const x = torch.ones(2);
    yield [x];
    x.cumsum(1);
  },
  *size_out_of_range() {
    const x = torch.ones(2, 3);
    yield [x];
    x.size(2);
  },
  *cat_of_different_sizes() {
    const x = torch.ones(2, 3), y = torch.ones(2, 4);
    yield [x, y];
    torch.cat([x, y]);
  },
  *cat_of_different_ranks() {
    const x = torch.ones(2, 3), y = torch.ones(3);
    yield [x, y];
    torch.cat([x, y]);
  },
  *cat_of_scalars() {
    const x = torch.tensor(1), y = torch.tensor(2);
    yield [x, y];
    torch.cat([x, y]);
  },
  *cat_of_nothing() {
    yield [];
    torch.cat([]);
  },
  *cat_out_of_range() {
    const x = torch.ones(2);
    yield [x];
    torch.cat([x, x], 1);
  },
  *stack_of_different_shapes() {
    const x = torch.ones(2), y = torch.ones(3);
    yield [x, y];
    torch.stack([x, y]);
  },
  *stack_of_nothing() {
    yield [];
    torch.stack([]);
  },
  *stack_out_of_range() {
    const x = torch.ones(2);
    yield [x];
    torch.stack([x, x], 3);
  },
  *split_with_a_wrong_sum() {
    const x = torch.ones(5);
    yield [x];
    x.split([2, 2]);
  },
  *split_with_a_negative_size() {
    const x = torch.ones(5);
    yield [x];
    x.split(-1);
  },
  *chunk_into_none() {
    const x = torch.ones(5);
    yield [x];
    x.chunk(0);
  },
  *narrow_beyond_the_end() {
    const x = torch.ones(5);
    yield [x];
    x.narrow(0, 3, 4);
  },
  *select_beyond_the_end() {
    const x = torch.ones(2, 3);
    yield [x];
    x.select(1, 3);
  },
  *diagonal_of_a_vector() {
    const x = torch.ones(3);
    yield [x];
    x.diagonal();
  },
  *trace_of_a_vector() {
    const x = torch.ones(3);
    yield [x];
    x.trace();
  },
  *unfold_longer_than_the_dimension() {
    const x = torch.ones(3);
    yield [x];
    x.unfold(0, 4, 1);
  },
  *roll_without_dimension_for_two_shifts() {
    const x = torch.ones(2, 2);
    yield [x];
    x.roll([1, 1]);
  },
  *flip_of_a_repeated_dimension() {
    const x = torch.ones(2, 2);
    yield [x];
    x.flip([0, 0]);
  },
  *tril_of_a_vector() {
    const x = torch.ones(3);
    yield [x];
    x.tril();
  },
  *topk_of_too_many() {
    const x = torch.ones(3);
    yield [x];
    x.topk(4);
  },
  *einsum_with_a_wrong_subscript_count() {
    const x = torch.ones(2, 3);
    yield [x];
    torch.einsum("ijk->i", x);
  },
  *einsum_of_sizes_that_differ() {
    const x = torch.ones(2, 3), y = torch.ones(2, 3);
    yield [x, y];
    torch.einsum("ij,jk->ik", x, y);
  },
  *einsum_with_an_unknown_output() {
    const x = torch.ones(2, 3);
    yield [x];
    torch.einsum("ij->k", x);
  },
  *tensordot_of_sizes_that_differ() {
    const x = torch.ones(2, 3), y = torch.ones(2, 3);
    yield [x, y];
    torch.tensordot(x, y, 1);
  },
  *as_strided_beyond_the_storage() {
    const x = torch.ones(4);
    yield [x];
    x.as_strided([3, 3], [2, 1]);
  },
  *negative_size() {
    yield [];
    torch.ones(2, -3);
  },
};
