/**
 * `torch.nn.functional`.
 *
 * @module
 */
export * from "../ops/functional_activation.ts";
export * from "../ops/functional_softmax.ts";
export { conv1d, conv2d, conv3d, conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d } from "../ops/convolution.ts";
export { cosine_similarity, pairwise_distance, pdist } from "../ops/distance.ts";
export { alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout } from "../ops/dropout.ts";
export { scaled_dot_product_attention } from "../ops/attention.ts";
export { multi_head_attention_forward } from "../ops/multihead.ts";
export { embedding, embedding_bag, one_hot } from "../ops/embedding.ts";
export { fold, unfold } from "../ops/fold.ts";
export { affine_grid, grid_sample } from "../ops/grid_sample.ts";
export { interpolate, upsample, upsample_bilinear, upsample_nearest } from "../ops/interpolate.ts";
export * from "../ops/linear.ts";
export * from "../ops/loss.ts";
export { pad } from "../ops/pad.ts";
export * from "../ops/normalization.ts";
export { channel_shuffle, native_channel_shuffle, pixel_shuffle, pixel_unshuffle } from "../ops/pixels.ts";
export * from "../ops/pooling.ts";
export type { Conv, ConvOptions, ConvTranspose, ConvTransposeOptions, TimeFirstConv } from "../ops/convolution.ts";
export type { PerDimension } from "../ops/per_dimension.ts";
export type { Dropout, DropoutOptions } from "../ops/dropout.ts";
export type { Embedding, EmbeddingBag, EmbeddingBagOptions, EmbeddingOptions, OneHot, OneHotOptions } from "../ops/embedding.ts";
export type { Fold, FoldOptions, Pair, Unfold, UnfoldOptions } from "../ops/fold.ts";
export type { AffineGrid, AffineGridOptions, GridSample, GridSampleOptions } from "../ops/grid_sample.ts";
export type { Interpolate, InterpolateOptions, Upsample, UpsampleMode, UpsampleOptions } from "../ops/interpolate.ts";
export type { Attention, AttentionOptions } from "../ops/attention.ts";
export type { AttentionResult, MultiHeadAttention, MultiHeadOptions } from "../ops/multihead.ts";
export type { Pad, PadOptions } from "../ops/pad.ts";
export type { ChannelShuffle, PixelShuffle, PixelUnshuffle } from "../ops/pixels.ts";
