/**
 * `torch.nn.functional`.
 *
 * @module
 */
export * from "../ops/functional_activation.ts";
export * from "../ops/functional_softmax.ts";
export { conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d } from "../ops/convolution.ts";
export { embedding, embedding_bag, one_hot } from "../ops/embedding.ts";
export * from "../ops/linear.ts";
export * from "../ops/loss.ts";
export { pad } from "../ops/pad.ts";
export * from "../ops/normalization.ts";
export * from "../ops/pooling.ts";
