/**
 * Losses: how far predictions are from what is right.
 */
export { binary_cross_entropy, binary_cross_entropy_with_logits } from "./loss/binary.ts";
export { ctc_loss } from "./loss/ctc.ts";
export { huber_loss, l1_loss, mse_loss, smooth_l1_loss } from "./loss/difference.ts";
export { gaussian_nll_loss, kl_div, poisson_nll_loss } from "./loss/distribution.ts";
export { cross_entropy, nll_loss } from "./loss/likelihood.ts";
export {
  cosine_embedding_loss,
  hinge_embedding_loss,
  margin_ranking_loss,
  soft_margin_loss,
  triplet_margin_loss,
  triplet_margin_with_distance_loss,
} from "./loss/margin.ts";
export { multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss } from "./loss/multi.ts";
export type { BinaryCrossEntropy, BinaryCrossEntropyWithLogits, BinaryOptions, LogitOptions } from "./loss/binary.ts";
export type { CtcLoss, CtcOptions, Lengths } from "./loss/ctc.ts";
export type { HuberLoss, HuberOptions, PairOptions, SmoothL1Loss, SmoothL1Options, WeightedLoss, WeightedOptions } from "./loss/difference.ts";
export type { Divergence, DivergenceOptions, GaussianLoss, GaussianOptions, PoissonLoss, PoissonOptions } from "./loss/distribution.ts";
export type { CrossEntropy, CrossEntropyOptions, NllLoss, NllOptions } from "./loss/likelihood.ts";
export type {
  Distance,
  HingeLoss,
  HingeOptions,
  PairLoss,
  TripletDistanceLoss,
  TripletDistanceOptions,
  TripletLoss,
  TripletOptions,
  TwoLoss,
  TwoOptions,
} from "./loss/margin.ts";
export type { MultilabelSoftMarginLoss, MultiMarginLoss, MultiMarginOptions, SoftMarginOptions } from "./loss/multi.ts";
export type { ReductionOptions } from "./loss/reduction.ts";
