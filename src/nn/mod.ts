/**
 * `torch.nn`.
 *
 * @module
 */
export * as functional from "./functional.ts";
