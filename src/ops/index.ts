/**
 * Reading and writing parts of tensors.
 */
export * from "./index_select.ts";
export { argwhere, masked_scatter, masked_select, nonzero, nonzero_static, put, take, unravel_index } from "./nonzero.ts";
