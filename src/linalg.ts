/**
 * `torch.linalg`.
 *
 * @module
 */
export { linalg_matrix_norm as matrix_norm, linalg_norm as norm, linalg_vector_norm as vector_norm } from "./ops/linalg_norm.ts";
export { linalg_cross as cross } from "./ops/cross.ts";
