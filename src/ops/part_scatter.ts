/**
 * Copies of tensors with a part replaced: what writing into a view does, without changing the tensor.
 */
import type { Tensor } from "../tensor.ts";
import { define, type Op } from "./define.ts";
import { diagonal, diagonalView, select, sliceDim } from "./slices.ts";
import { checkSource } from "./strided.ts";

/** A copy of `self` with `src` in the part that `view` shows. */
function replaced(self: Tensor, src: Tensor, view: (t: Tensor) => Tensor): Tensor {
  const out = self.clone();
  const part = view(out);
  checkSource(src, part);
  part.copy_(src);
  return out;
}

/** `select_scatter`: a copy with another slice at one index of a dimension. */
export type SelectScatter = Op<{ src: Tensor; dim: number; index: number }, [src: Tensor, dim: number, index: number]>;

/** A copy of `self` with `src` as the slice at `index` along `dim`. The gradient of that slice goes to `src`, the rest to `self`. */
export const select_scatter: SelectScatter = define<SelectScatter, { self: Tensor; src: Tensor; dim: number; index: number }>(
  "select_scatter",
  "(Tensor input, Tensor src, int dim, int index)",
  {
    forward: ({ self, src, dim, index }) => replaced(self, src, (t) => select(t, dim, index)),
    backward: {
      self: ({ grad, src_sizes, dim, index }) => select_scatter(grad, grad.new_zeros(src_sizes), dim, index),
      src: ({ grad, dim, index }) => select(grad, dim, index),
    },
  },
);

/** Named arguments of `slice_scatter`. */
export type SliceScatterOptions = { src: Tensor; dim?: number; start?: number | null; end?: number | null; step?: number };
/** `slice_scatter`: a copy with other elements in a range of a dimension. */
export type SliceScatter = Op<SliceScatterOptions, [src: Tensor, dim?: number, start?: number | null, end?: number | null, step?: number]>;

/** A copy of `self` with `src` as the elements `start`, `start + step` ... before `end` along `dim`. Their gradient goes to `src`, the rest to `self`. */
export const slice_scatter: SliceScatter = define<
  SliceScatter,
  { self: Tensor; src: Tensor; dim: number; start: number | null; end: number | null; step: number }
>("slice_scatter", "(Tensor input, Tensor src, int dim = 0, int start = None, int end = None, int step = 1)", {
  forward: ({ self, src, dim, start, end, step }) => replaced(self, src, (t) => sliceDim(t, dim, start, end, step)),
  backward: {
    self: ({ grad, src_sizes, dim, start, end, step }) => slice_scatter(grad, grad.new_zeros(src_sizes), dim, start, end, step),
    src: ({ grad, dim, start, end, step }) => sliceDim(grad, dim, start, end, step),
  },
});

/** Named arguments of `diagonal_scatter`. */
export type DiagonalScatterOptions = { src: Tensor; offset?: number; dim1?: number; dim2?: number };
/** `diagonal_scatter`: a copy with another diagonal. */
export type DiagonalScatter = Op<DiagonalScatterOptions, [src: Tensor, offset?: number, dim1?: number, dim2?: number]>;

/** A copy of `self` with `src` as a diagonal. The gradient of the diagonal goes to `src`, the rest to `self`. */
export const diagonal_scatter: DiagonalScatter = define<DiagonalScatter, { self: Tensor; src: Tensor; offset: number; dim1: number; dim2: number }>(
  "diagonal_scatter",
  "(Tensor input, Tensor src, int offset = 0, int dim1 = 0, int dim2 = 1)",
  {
    forward: ({ self, src, ...rest }) => replaced(self, src, (t) => diagonalView(t, rest)),
    backward: {
      self: ({ grad, src_sizes, offset, dim1, dim2 }) => diagonal_scatter(grad, grad.new_zeros(src_sizes), offset, dim1, dim2),
      src: ({ grad, offset, dim1, dim2 }) => diagonal(grad, offset, dim1, dim2),
    },
  },
);
