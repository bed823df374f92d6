/**
 * Views: the same memory in another shape, order or extent. The gradient of a view is that of its base at the same places.
 */
export { conj, conj_physical, imag, real, resolve_conj, resolve_neg } from "./conjugate.ts";
export { adjoint, moveaxis, movedim, permute, squeeze, swapaxes, swapdims, t, transpose, unsqueeze } from "./dims.ts";
export { diagonal_scatter, select_scatter, slice_scatter } from "./part_scatter.ts";
export {
  atleast_1d,
  atleast_2d,
  atleast_3d,
  broadcast_to,
  expand,
  expand_as,
  flatten,
  ravel,
  reshape,
  reshape_as,
  sum_to_size,
  unflatten,
  type Varargs,
  view,
  view_as,
} from "./reshape.ts";
export { diagonal, narrow, narrow_copy, select, sliceDim, unfold } from "./slices.ts";
export { as_strided, as_strided_scatter, fill_diagonal_ } from "./strided.ts";
