/**
 * Functions of networks as they stand under `torch` itself: closer to the kernels than their namesakes in `torch.nn.functional`,
 * with reductions and modes as numbers and without defaults for much of the rest.
 */
export { conv1d, conv2d, conv3d, conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d, lowConvolution as convolution } from "./convolution.ts";
export {
  feature_dropout,
  feature_dropout_,
  lowAlphaDropout as alpha_dropout,
  lowAlphaDropout_ as alpha_dropout_,
  lowDropout as dropout,
  lowDropout_ as dropout_,
  lowFeatureAlphaDropout as feature_alpha_dropout,
  lowFeatureAlphaDropout_ as feature_alpha_dropout_,
  native_dropout,
} from "./dropout.ts";
export { embedding_renorm_, lowEmbedding as embedding, lowEmbeddingBag as embedding_bag } from "./embedding.ts";
export { affine_grid_generator, grid_sampler } from "./grid_sample.ts";
export { lowBinaryCrossEntropyWithLogits as binary_cross_entropy_with_logits } from "./loss/binary.ts";
export { lowCtcLoss as ctc_loss } from "./loss/ctc.ts";
export { klDiv as kl_div, poissonNllLoss as poisson_nll_loss } from "./loss/distribution.ts";
export {
  cosineEmbeddingLoss as cosine_embedding_loss,
  hingeEmbeddingLoss as hinge_embedding_loss,
  marginRankingLoss as margin_ranking_loss,
  tripletMarginLoss as triplet_margin_loss,
} from "./loss/margin.ts";
export { lowBatchNorm as batch_norm, lowInstanceNorm as instance_norm, native_batch_norm } from "./normalization/batch.ts";
export { lowGroupNorm as group_norm, native_group_norm } from "./normalization/group.ts";
export { lowLayerNorm as layer_norm, lowRmsNorm as rms_norm, native_layer_norm } from "./normalization/layer.ts";
export { constant_pad_nd } from "./pad.ts";
export { channel_shuffle, native_channel_shuffle, pixel_shuffle, pixel_unshuffle } from "./pixels.ts";
export { adaptive_avg_pool1d, adaptiveMaxPool1d as adaptive_max_pool1d } from "./pooling/adaptive.ts";
export { avg_pool1d } from "./pooling/average.ts";
export { maxPool1d as max_pool1d, maxPool1dWithIndices as max_pool1d_with_indices, maxPool2d as max_pool2d, maxPool3d as max_pool3d } from "./pooling/max.ts";
export type { Conv, Convolve, ConvOptions, ConvTranspose, ConvTransposeOptions, TimeFirstConv } from "./convolution.ts";
export type { PerDimension } from "./per_dimension.ts";
export type { LowDropout, NativeDropout } from "./dropout.ts";
export type { EmbeddingRenorm, LowEmbedding, LowEmbeddingBag } from "./embedding.ts";
export type { AffineGridGenerator, GridSampler } from "./grid_sample.ts";
export type { LowLogits } from "./loss/binary.ts";
export type { Lengths, LowCtcLoss } from "./loss/ctc.ts";
export type { LowDivergence, LowPoisson } from "./loss/distribution.ts";
export type { LowHinge, LowTriplet, LowTwo } from "./loss/margin.ts";
export type { LowBatchNorm, NativeBatchNorm } from "./normalization/batch.ts";
export type { LowGroupNorm, NativeGroupNorm } from "./normalization/group.ts";
export type { LowLayerNorm, RmsNorm, RmsNormOptions } from "./normalization/layer.ts";
export type { ConstantPad, ConstantPadOptions } from "./pad.ts";
export type { ChannelShuffle, PixelShuffle, PixelUnshuffle } from "./pixels.ts";
export type { AdaptiveOptions, AdaptivePool, LowAdaptivePool, OutputSize } from "./pooling/adaptive.ts";
export type { AveragePool1d, AveragePool1dOptions } from "./pooling/average.ts";
export type { LowMaxPool, MaxPoolArguments, MaxPoolOptions } from "./pooling/max.ts";
