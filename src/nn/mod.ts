/**
 * `torch.nn`.
 *
 * @module
 */
export * as functional from "./functional.ts";
export * as init from "./init.ts";
export { Module } from "./module.ts";
export type { NamesOptions } from "./module.ts";
export type { IncompatibleKeys, LoadStateDictPostHook, LoadStateDictPreHook, StateDictPostHook, StateDictPreHook, StateMetadata } from "./module_state.ts";
export type { BackwardHook, BackwardPreHook, ForwardHook, ForwardHookOptions, ForwardPreHook, HookOptions, Keywords } from "./module_hooks.ts";
export { Buffer, Parameter } from "./parameter.ts";
export type { ParameterOptions } from "./parameter.ts";
export type { StateDict } from "./state_dict.ts";
export { DataParallel, ModuleDict, ModuleList, Sequential } from "./container.ts";
export type { Numbered } from "./container.ts";
export { ParameterDict, ParameterList } from "./parameter_container.ts";
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
export * from "./pool_fractional.ts";
export * from "./batchnorm.ts";
export * from "./normalization.ts";
export * from "./dropout.ts";
export * from "./padding.ts";
export * from "./sparse.ts";
export * from "./distance.ts";
export * from "./pixels.ts";
export * from "./upsample.ts";
export * from "./rnn.ts";
export * from "./rnn_cells.ts";
export * as utils from "./utils/mod.ts";
export { MultiheadAttention } from "./attention.ts";
export type { AttentionCallOptions, MultiheadAttentionOptions, NonDynamicallyQuantizableLinear } from "./attention.ts";
export * from "./transformer.ts";
export * from "./lazy.ts";
/** Parameters and buffers under the path where PyTorch's documentation has them. */
export * as parameter from "./parameter.ts";
