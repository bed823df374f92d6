/**
 * Losses: how far predictions are from what is right.
 */
export { huber_loss, l1_loss, mse_loss, smooth_l1_loss } from "./loss/difference.ts";
export { cross_entropy, nll_loss } from "./loss/likelihood.ts";
export { binary_cross_entropy, binary_cross_entropy_with_logits } from "./loss/binary.ts";
