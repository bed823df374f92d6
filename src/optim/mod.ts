/**
 * `torch.optim`.
 *
 * @module
 */
export { Optimizer } from "./optimizer.ts";
export type {
  Active,
  Closure,
  Floats,
  GivenGroup,
  OptimizerHook,
  OptimizerState,
  OptimizerStateHook,
  Options,
  ParamGroup,
  Params,
  ParamState,
  StepHook,
  StepPreHook,
} from "./optimizer.ts";
export { SGD } from "./sgd.ts";
export type { SGDOptions } from "./sgd.ts";
export { Adam, AdamW } from "./adam.ts";
export type { AdamBase, AdamOptions } from "./adam.ts";
export { Adadelta, Adagrad, RMSprop } from "./rmsprop.ts";
export type { AdadeltaOptions, AdagradOptions, RMSpropOptions } from "./rmsprop.ts";
export { Adamax, NAdam, RAdam } from "./adamax.ts";
export type { AdamaxOptions, NAdamOptions, RAdamOptions } from "./adamax.ts";
export { ASGD, Rprop } from "./asgd.ts";
export type { ASGDOptions, RpropOptions } from "./asgd.ts";
export { LBFGS } from "./lbfgs.ts";
export type { LBFGSOptions } from "./lbfgs.ts";
export * as lr_scheduler from "./lr_scheduler/mod.ts";
/** Averages of the weights that training passes through. */
export * as swa_utils from "./swa_utils.ts";
