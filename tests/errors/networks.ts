/** Functions of torch.nn.functional; recorded by ../pytorch/situations/networks.py. */

import * as torch from "../../mod.ts";
import { type Situations } from "./situation.ts";

const F = torch.nn.functional;

/** The calls that fail, by name. */
export const networks: Situations = {
  *linear_of_wrong_features() {
    const x = torch.ones(2, 3), w = torch.ones(4, 5);
    yield [x, w];
    F.linear(x, w);
  },
  *linear_of_wrong_features_with_bias() {
    const x = torch.ones(2, 3), w = torch.ones(4, 5), b = torch.ones(4);
    yield [x, w, b];
    F.linear(x, w, b);
  },
  *linear_of_a_wrong_bias() {
    const x = torch.ones(2, 3), w = torch.ones(4, 3), b = torch.ones(3);
    yield [x, w, b];
    F.linear(x, w, b);
  },
  *linear_of_two_dtypes() {
    const x = torch.ones(2, 3, { dtype: torch.float64 }), w = torch.ones(4, 3);
    yield [x, w];
    F.linear(x, w);
  },
  *conv2d_of_wrong_channels() {
    const x = torch.ones(1, 2, 4, 4), w = torch.ones(1, 3, 2, 2);
    yield [x, w];
    F.conv2d(x, w);
  },
  *conv2d_of_a_matrix() {
    const x = torch.ones(4, 4), w = torch.ones(1, 1, 2, 2);
    yield [x, w];
    F.conv2d(x, w);
  },
  *conv2d_of_a_large_kernel() {
    const x = torch.ones(1, 1, 2, 2), w = torch.ones(1, 1, 3, 3);
    yield [x, w];
    F.conv2d(x, w);
  },
  *conv2d_of_a_wrong_bias() {
    const x = torch.ones(1, 1, 4, 4), w = torch.ones(2, 1, 2, 2), b = torch.ones(3);
    yield [x, w, b];
    F.conv2d(x, w, b);
  },
  *conv2d_of_two_dtypes() {
    const x = torch.ones(1, 1, 4, 4), w = torch.ones(1, 1, 2, 2, { dtype: torch.float64 });
    yield [x, w];
    F.conv2d(x, w);
  },
  *conv2d_with_stride_zero() {
    const x = torch.ones(1, 1, 4, 4), w = torch.ones(1, 1, 2, 2);
    yield [x, w];
    F.conv2d(x, w, { stride: 0 });
  },
  *conv1d_of_wrong_channels() {
    const x = torch.ones(1, 2, 4), w = torch.ones(1, 3, 2);
    yield [x, w];
    F.conv1d(x, w);
  },
  *conv1d_of_wrong_groups() {
    const x = torch.ones(1, 4, 4), w = torch.ones(3, 2, 2);
    yield [x, w];
    F.conv1d(x, w, { groups: 2 });
  },
  *max_pool2d_of_a_vector() {
    const x = torch.ones(4);
    yield [x];
    F.max_pool2d(x, 2);
  },
  *max_pool2d_of_a_small_image() {
    const x = torch.ones(1, 1, 2, 2);
    yield [x];
    F.max_pool2d(x, 3);
  },
  *max_pool2d_with_much_padding() {
    const x = torch.ones(1, 1, 4, 4);
    yield [x];
    F.max_pool2d(x, 2, { padding: 2 });
  },
  *avg_pool2d_of_a_small_image() {
    const x = torch.ones(1, 1, 2, 2);
    yield [x];
    F.avg_pool2d(x, 3);
  },
  *avg_pool1d_of_a_vector() {
    const x = torch.ones(4);
    yield [x];
    F.avg_pool1d(x, 2);
  },
  *mse_loss_that_does_not_broadcast() {
    const x = torch.ones(2), y = torch.ones(3);
    yield [x, y];
    F.mse_loss(x, y);
  },
  *mse_loss_of_an_unknown_reduction() {
    const x = torch.ones(2), y = torch.ones(2);
    yield [x, y];
    F.mse_loss(x, y, { reduction: "average" });
  },
  *nll_loss_of_a_wrong_batch() {
    const x = torch.zeros(2, 3), t = torch.tensor([0n]);
    yield [x, t];
    F.nll_loss(x, t);
  },
  *nll_loss_of_a_target_out_of_range() {
    const x = torch.zeros(2, 3), t = torch.tensor([0n, 3n]);
    yield [x, t];
    F.nll_loss(x, t);
  },
  *nll_loss_of_a_float_target() {
    const x = torch.zeros(2, 3), t = torch.tensor([0, 1]);
    yield [x, t];
    F.nll_loss(x, t);
  },
  *nll_loss_of_a_wrong_weight() {
    const x = torch.zeros(2, 3), t = torch.tensor([0n, 1n]), w = torch.ones(2);
    yield [x, t, w];
    F.nll_loss(x, t, w);
  },
  *cross_entropy_of_a_target_out_of_range() {
    const x = torch.zeros(2, 3), t = torch.tensor([0n, -1n]);
    yield [x, t];
    F.cross_entropy(x, t);
  },
  *cross_entropy_of_a_wrong_batch() {
    const x = torch.zeros(2, 3), t = torch.tensor([0n, 1n, 2n]);
    yield [x, t];
    F.cross_entropy(x, t);
  },
  *cross_entropy_of_wrong_probabilities() {
    const x = torch.zeros(2, 3), t = torch.ones(2, 2);
    yield [x, t];
    F.cross_entropy(x, t);
  },
  *binary_cross_entropy_out_of_range() {
    const x = torch.tensor([1.5]), t = torch.tensor([1]);
    yield [x, t];
    F.binary_cross_entropy(x, t);
  },
  *binary_cross_entropy_of_another_shape() {
    const x = torch.tensor([0.5, 0.5]), t = torch.tensor([1]);
    yield [x, t];
    F.binary_cross_entropy(x, t);
  },
  *binary_cross_entropy_with_logits_of_another_shape() {
    const x = torch.tensor([0.5, 0.5]), t = torch.tensor([1]);
    yield [x, t];
    F.binary_cross_entropy_with_logits(x, t);
  },
  *batch_norm_of_one_value_a_channel() {
    const x = torch.ones(1, 3);
    yield [x];
    F.batch_norm(x, null, null, { training: true });
  },
  *batch_norm_of_a_wrong_weight() {
    const x = torch.ones(2, 3), m = torch.zeros(3), v = torch.ones(3), w = torch.ones(2);
    yield [x, m, v, w];
    F.batch_norm(x, m, v, w);
  },
  *layer_norm_of_a_wrong_shape() {
    const x = torch.ones(2, 3);
    yield [x];
    F.layer_norm(x, [4]);
  },
  *embedding_beyond_the_end() {
    const i = torch.tensor([0n, 3n]), w = torch.ones(3, 2);
    yield [i, w];
    F.embedding(i, w);
  },
  *embedding_of_floats() {
    const i = torch.tensor([0]), w = torch.ones(3, 2);
    yield [i, w];
    F.embedding(i, w);
  },
  *one_hot_of_a_class_out_of_range() {
    const x = torch.tensor([0n, 3n]);
    yield [x];
    F.one_hot(x, 3);
  },
  *one_hot_of_a_negative_class() {
    const x = torch.tensor([0n, -1n]);
    yield [x];
    F.one_hot(x);
  },
  *one_hot_of_floats() {
    const x = torch.tensor([0]);
    yield [x];
    F.one_hot(x);
  },
  *dropout_of_a_wrong_probability() {
    const x = torch.ones(2);
    yield [x];
    F.dropout(x, 1.5);
  },
  *pad_of_an_odd_count() {
    const x = torch.ones(2, 2);
    yield [x];
    F.pad(x, [1]);
  },
  *pad_of_too_many_dimensions() {
    const x = torch.ones(2);
    yield [x];
    F.pad(x, [1, 1, 1, 1]);
  },
};
