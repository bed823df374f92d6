/**
 * `torch.utils`.
 *
 * @module
 */
export * as checkpoint from "./checkpoint.ts";
