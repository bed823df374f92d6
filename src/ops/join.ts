/**
 * Several tensors into one, or brought to one shape.
 */
export * from "./cat.ts";
export { block_diag, broadcast_shapes, broadcast_tensors, cartesian_prod, combinations, meshgrid } from "./grids.ts";
