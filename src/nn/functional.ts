/**
 * `torch.nn.functional`.
 *
 * @module
 */
export * from "../ops/activation.ts";
export * from "../ops/convolution.ts";
export * from "../ops/loss.ts";
export * from "../ops/normalization.ts";
export * from "../ops/pooling.ts";
