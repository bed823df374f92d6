/**
 * `torch.utils`.
 *
 * @module
 */
export * as checkpoint from "./checkpoint.ts";
export * as data from "../data/mod.ts";
