/**
 * `torch.nn.utils`.
 *
 * @module
 */
export * from "./clip.ts";
export * from "./vector.ts";
export * as rnn from "./rnn.ts";
