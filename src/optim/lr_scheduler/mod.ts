/**
 * `torch.optim.lr_scheduler`: learning rates that change from epoch to epoch.
 *
 * @module
 */
export { LRScheduler, LRScheduler as _LRScheduler } from "./scheduler.ts";
export type { GivenOptimizer, Rates, Scheduled, SchedulerOptions, SchedulerState } from "./scheduler.ts";
export * from "./decay.ts";
export * from "./cosine.ts";
export * from "./cyclic.ts";
export * from "./plateau.ts";
export * from "./composed.ts";
