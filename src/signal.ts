/**
 * `torch.signal`.
 *
 * @module
 */
/** Window functions. */
export * as windows from "./ops/signal_windows.ts";
