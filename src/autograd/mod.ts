/**
 * `torch.autograd`.
 *
 * @module
 */
export { backward, grad, GradientEdge } from "./backward.ts";
export type { BackwardOptions, GradOptions, OneOrMore, TensorOrEdge } from "./backward.ts";
export { detect_anomaly, set_detect_anomaly } from "./anomaly.ts";
export { enable_grad, inference_mode, ModeGuard, no_grad, set_grad_enabled } from "./mode.ts";
export { is_multithreading_enabled, set_multithreading_enabled } from "./multithreading.ts";
export { Variable } from "./variable.ts";
export { Function } from "./function.ts";
export type { FunctionCtx } from "./function.ts";
/** What functions with derivatives of their own are made of. */
export * as function from "./function.ts";
/** `Variable` under the path of old programs. */
export * as variable from "./variable.ts";
/** The modes: whether ops are recorded, and how. */
export * as grad_mode from "./grad_mode.ts";
export { gradcheck, GradcheckError, type GradcheckOptions, gradgradcheck, type GradgradcheckOptions } from "./gradcheck.ts";
/** Tools for those who look into the graph. */
export * as graph from "./graph.ts";
/** Jacobians, Hessians and their products with vectors, of functions. */
export * as functional from "./functional.ts";
/** Forward mode: numbers that carry their tangents. */
export * as forward_ad from "./forward_ad.ts";
