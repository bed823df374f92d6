/**
 * `torch.linalg`.
 *
 * @module
 */
export { LinAlgError } from "./errors.ts";
export { linalg_cross as cross } from "./ops/cross.ts";
export { linalg_cholesky as cholesky, linalg_cholesky_ex as cholesky_ex } from "./ops/decompose_cholesky.ts";
export { linalg_det as det, linalg_slogdet as slogdet } from "./ops/decompose_det.ts";
export { linalg_eigh as eigh, linalg_eigvalsh as eigvalsh } from "./ops/decompose_eigh.ts";
export { linalg_lstsq as lstsq } from "./ops/decompose_lstsq.ts";
export { linalg_lu as lu, linalg_lu_factor as lu_factor, linalg_lu_factor_ex as lu_factor_ex, linalg_lu_solve as lu_solve } from "./ops/decompose_lu.ts";
export { linalg_cond as cond, linalg_matrix_rank as matrix_rank, linalg_pinv as pinv } from "./ops/decompose_pinv.ts";
export { linalg_qr as qr } from "./ops/decompose_qr.ts";
export { linalg_householder_product as householder_product } from "./ops/decompose_reflections.ts";
export {
  linalg_inv as inv,
  linalg_inv_ex as inv_ex,
  linalg_solve as solve,
  linalg_solve_ex as solve_ex,
  linalg_tensorinv as tensorinv,
  linalg_tensorsolve as tensorsolve,
} from "./ops/decompose_solve.ts";
export { linalg_svd as svd, linalg_svdvals as svdvals } from "./ops/decompose_svd.ts";
export { linalg_solve_triangular as solve_triangular } from "./ops/decompose_triangular.ts";
export { linalg_matrix_norm as matrix_norm, linalg_norm as norm, linalg_vector_norm as vector_norm } from "./ops/linalg_norm.ts";
export {
  linalg_diagonal as diagonal,
  linalg_matmul as matmul,
  linalg_matrix_exp as matrix_exp,
  linalg_matrix_power as matrix_power,
  linalg_multi_dot as multi_dot,
  linalg_vander as vander,
  linalg_vecdot as vecdot,
} from "./ops/matrix_functions.ts";
