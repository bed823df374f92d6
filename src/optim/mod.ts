/**
 * `torch.optim`.
 *
 * @module
 */
export { Optimizer } from "./optimizer.ts";
export type { Closure, Options, OptimizerState, ParamGroup, Params, ParamState } from "./optimizer.ts";
export { SGD } from "./sgd.ts";
export type { SGDOptions } from "./sgd.ts";
export { Adam, AdamW } from "./adam.ts";
export type { AdamOptions } from "./adam.ts";
