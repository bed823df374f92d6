/**
 * `torch.nn`.
 *
 * @module
 */
export * as functional from "./functional.ts";
export * as init from "./init.ts";
export { Module } from "./module.ts";
export type { BackwardHook, ForwardHook, ForwardPreHook, IncompatibleKeys } from "./module.ts";
export { Parameter } from "./parameter.ts";
export type { StateDict } from "./state_dict.ts";
export { ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential } from "./container.ts";
export { Bilinear, Identity, Linear } from "./linear.ts";
export type { BilinearOptions, LinearOptions } from "./linear.ts";
export type { Constructor, Given } from "./arguments.ts";
export * from "./rectifier.ts";
export * from "./activation.ts";
export * from "./softmax.ts";
export * from "./loss.ts";
export * from "./loss_margin.ts";
export * from "./flatten.ts";
export * from "./conv.ts";
export * from "./pool.ts";
export * from "./pool_adaptive.ts";
export * from "./batchnorm.ts";
export * from "./normalization.ts";
export * from "./dropout.ts";
export * from "./padding.ts";
export * from "./sparse.ts";
export * from "./distance.ts";
export * from "./pixels.ts";
