/**
 * Copies of what views show: `permute_copy` and its kin. PyTorch differentiates them by the formulas of the views, under names of their own.
 */
import { no_grad } from "../autograd/mode.ts";
import { transforms } from "../autograd/transforms.ts";
import type { DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { aliasOf } from "./alias.ts";
import { define, OpNode, type Prefixes, primitives, type WithNamed } from "./define.ts";
import { permute, squeeze, t, transpose, unsqueeze } from "./dims.ts";
import { expand, view } from "./reshape.ts";
import { writeOuts } from "./selection.ts";
import { diagonal, select, sliceDim, unfold } from "./slices.ts";
import { split, split_with_sizes, unbind } from "./split.ts";
import { as_strided } from "./strided.ts";
import { recordUnsupported } from "./unsupported.ts";

/** A function that copies: `A` are the arguments after the tensor by position, `P` all of them by name. */
export interface ViewCopy<P = Record<never, never>, A extends unknown[] = [], R = Tensor> {
  /** The tensor, then the others by position or by name. */
  (input: Tensor, ...args: A | WithNamed<Prefixes<Required<A>>, P & { out: R }>): R;
  /** Every argument by name. */
  (named: Partial<P> & { input: Tensor; out?: R }): R;
}

const dense = (shown: Tensor): Tensor => shown.clone({ memory_format: "torch.contiguous_format" });

/** Gives copies the node that the views have, under the name of the copy. */
function recordAs(shown: readonly Tensor[], copies: readonly Tensor[]): void {
  const made = shown[0]?.grad_fn;
  if (!(made instanceof OpNode)) return;
  const name = `${made.name()}_copy`;
  const node = new OpNode(primitives.get(made.name())!, made.next, made.nextNr, made.widths);
  node.name = () => name;
  node.sizes = copies.map((c) => c.sizes);
  node.dtypes = copies.map((c) => c.dtype);
  node.save(made.savedNames().map((saved) => made.saved(saved)), copies);
  copies.forEach((copy, i) => {
    copy.node = node;
    copy.output_nr = shown[i].output_nr;
    copy.tracks = true;
  });
}

/** Copies what a function shows. */
function copied<R extends Tensor | Tensor[]>(self: Tensor, show: (self: Tensor) => R): R {
  const shown = show(self), all: Tensor[] = Array.isArray(shown) ? shown : [shown];
  if (transforms.active > 0) return (Array.isArray(shown) ? shown.map(dense) : dense(shown)) as R;
  const copies = no_grad(() => all.map(dense));
  recordAs(all, copies);
  return (Array.isArray(shown) ? copies : copies[0]) as R;
}

type Inputs<P> = { self: Tensor } & P;

/** Declares the copy of a view. */
function viewCopy<F extends (...args: never[]) => unknown, P>(name: string, signatures: string | readonly string[], show: (inputs: Inputs<P>) => Tensor): F {
  return define<F, Inputs<P>>(name, signatures, (inputs) => copied(inputs.self, (self) => show({ ...inputs, self })));
}

/** The same for views that come in lists, written into tensors given as `out`. */
function viewCopies<F extends (...args: never[]) => unknown, P>(name: string, overload: string, signature: string, show: (inputs: Inputs<P>) => Tensor[]): F {
  return define<F, Inputs<P> & { out: Tensor[] | null }>(name, signature, (inputs) => {
    const { out, ...rest } = inputs;
    const copies = copied(inputs.self, (self) => show({ ...rest, self } as Inputs<P>));
    if (out === null) return copies;
    if (out.length !== copies.length) {
      throw new RuntimeError(`${name}_${overload}_out() expected an out= argument of size ${copies.length}, got size ${out.length}`);
    }
    return writeOuts(name, rest, out, copies);
  });
}

/** A copy of all of a tensor. */
export const alias_copy: ViewCopy = viewCopy<ViewCopy, object>("alias_copy", "(Tensor input, *, Tensor out = None)", ({ self }) => aliasOf(self));

/** A copy of what `detach` shows. PyTorch has no derivative for it: backward fails. */
export const detach_copy: ViewCopy = define<ViewCopy, { self: Tensor }>("detach_copy", "(Tensor input, *, Tensor out = None)", ({ self }) => {
  const out = no_grad(() => dense(self));
  recordUnsupported("detach_copy", [self], out);
  return out;
});

/** `as_strided_copy`. */
export type AsStridedCopy = ViewCopy<
  { size: readonly number[]; stride: readonly number[]; storage_offset: number | null },
  [size: readonly number[], stride: readonly number[], storage_offset?: number | null]
>;
/** A copy of the elements that stand in memory at these strides. */
export const as_strided_copy: AsStridedCopy = viewCopy<AsStridedCopy, { size: number[]; stride: number[]; storage_offset: number | null }>(
  "as_strided_copy",
  "(Tensor input, tuple of ints size, tuple of ints stride, int storage_offset = None, *, Tensor out = None)",
  ({ self, size, stride, storage_offset }) => storage_offset === null ? as_strided(self, size, stride) : as_strided(self, size, stride, storage_offset),
);

/** `diagonal_copy`. */
export type DiagonalCopy = ViewCopy<{ offset: number; dim1: number; dim2: number }, [offset?: number, dim1?: number, dim2?: number]>;
/** A copy of a diagonal. */
export const diagonal_copy: DiagonalCopy = viewCopy<DiagonalCopy, { offset: number; dim1: number; dim2: number }>(
  "diagonal_copy",
  "(Tensor input, int offset = 0, int dim1 = 0, int dim2 = 1, *, Tensor out = None)",
  ({ self, offset, dim1, dim2 }) => diagonal(self, offset, dim1, dim2),
);

/** `expand_copy`. */
export type ExpandCopy = ViewCopy<{ size: readonly number[]; implicit: boolean }, [size: readonly number[]]>;
/** Broadcast to a size, with memory for every element. */
export const expand_copy: ExpandCopy = viewCopy<ExpandCopy, { size: number[] }>(
  "expand_copy",
  "(Tensor input, tuple of ints size, *, bool implicit = False, Tensor out = None)",
  ({ self, size }) => expand(self, size),
);

/** `permute_copy`. */
export type PermuteCopy = ViewCopy<{ dims: readonly number[] }, [dims: readonly number[]]>;
/** The dimensions in another order, the elements moved. */
export const permute_copy: PermuteCopy = viewCopy<PermuteCopy, { dims: number[] }>(
  "permute_copy",
  "(Tensor input, tuple of ints dims, *, Tensor out = None)",
  ({ self, dims }) => permute(self, dims),
);

/** `select_copy`. */
export type SelectCopy = ViewCopy<{ dim: number; index: number }, [dim: number, index: number]>;
/** A copy of the slice at an index. */
export const select_copy: SelectCopy = viewCopy<SelectCopy, { dim: number; index: number }>(
  "select_copy",
  "(Tensor input, int dim, int index, *, Tensor out = None)",
  ({ self, dim, index }) => select(self, dim, index),
);

/** A range of a dimension. */
export interface CopiedRange {
  /** The dimension. */
  dim: number;
  /** The first index; null for the beginning. */
  start: number | null;
  /** The index that is not part of it any more; null for the end. */
  end: number | null;
  /** How far apart the elements are. */
  step: number;
}
/** `slice_copy`. */
export type SliceCopy = ViewCopy<CopiedRange, [dim?: number, start?: number | null, end?: number | null, step?: number]>;
/** A copy of `start:end:step` along a dimension. */
export const slice_copy: SliceCopy = viewCopy<SliceCopy, CopiedRange>(
  "slice_copy",
  "(Tensor input, int dim = 0, int start = None, int end = None, int step = 1, *, Tensor out = None)",
  ({ self, dim, start, end, step }) => {
    if (step <= 0) throw new RuntimeError("slice step must be positive");
    return sliceDim(self, dim, start, end, step);
  },
);

/** `split_copy`. */
export type SplitCopy = ViewCopy<{ split_size: number; dim: number }, [split_size: number, dim?: number], Tensor[]>;
/** Copies of parts of equal size. */
export const split_copy: SplitCopy = viewCopies<SplitCopy, { split_size: number; dim: number }>(
  "split_copy",
  "Tensor",
  "(Tensor input, int split_size, int dim = 0, *, tuple of Tensors out = None)",
  ({ self, split_size, dim }) => split(self, split_size, dim),
);

/** `split_with_sizes_copy`. */
export type SplitWithSizesCopy = ViewCopy<{ split_sizes: readonly number[]; dim: number }, [split_sizes: readonly number[], dim?: number], Tensor[]>;
/** Copies of parts of these sizes. */
export const split_with_sizes_copy: SplitWithSizesCopy = viewCopies<SplitWithSizesCopy, { split_sizes: number[]; dim: number }>(
  "split_with_sizes_copy",
  "default",
  "(Tensor input, tuple of ints split_sizes, int dim = 0, *, tuple of Tensors out = None)",
  ({ self, split_sizes, dim }) => split_with_sizes(self, split_sizes, dim),
);

/** `squeeze_copy`. */
export type SqueezeCopy = ViewCopy<{ dim: number | readonly number[] }, [dim?: number | readonly number[]]>;
/** A copy without dimensions of size 1. */
export const squeeze_copy: SqueezeCopy = viewCopy<SqueezeCopy, { dim?: number | number[] }>(
  "squeeze_copy",
  ["(Tensor input, *, Tensor out = None)", "(Tensor input, int dim, *, Tensor out = None)", "(Tensor input, tuple of ints dim, *, Tensor out = None)"],
  ({ self, dim }) => dim === undefined ? squeeze(self) : squeeze(self, dim),
);

/** The transpose of a matrix, the elements moved. */
export const t_copy: ViewCopy = viewCopy<ViewCopy, object>("t_copy", "(Tensor input, *, Tensor out = None)", ({ self }) => t(self));

/** `transpose_copy`. */
export type TransposeCopy = ViewCopy<{ dim0: number; dim1: number }, [dim0: number, dim1: number]>;
/** Two dimensions exchanged, the elements moved. */
export const transpose_copy: TransposeCopy = viewCopy<TransposeCopy, { dim0: number; dim1: number }>(
  "transpose_copy",
  "(Tensor input, int dim0, int dim1, *, Tensor out = None)",
  ({ self, dim0, dim1 }) => transpose(self, dim0, dim1),
);

/** `unbind_copy`. */
export type UnbindCopy = ViewCopy<{ dim: number }, [dim?: number], Tensor[]>;
/** Copies of all slices along a dimension. */
export const unbind_copy: UnbindCopy = viewCopies<UnbindCopy, { dim: number }>(
  "unbind_copy",
  "int",
  "(Tensor input, int dim = 0, *, tuple of Tensors out = None)",
  ({ self, dim }) => unbind(self, dim),
);

/** `unfold_copy`. */
export type UnfoldCopy = ViewCopy<{ dimension: number; size: number; step: number }, [dimension: number, size: number, step: number]>;
/** Copies of the windows along a dimension. */
export const unfold_copy: UnfoldCopy = viewCopy<UnfoldCopy, { dimension: number; size: number; step: number }>(
  "unfold_copy",
  "(Tensor input, int dimension, int size, int step, *, Tensor out = None)",
  ({ self, dimension, size, step }) => unfold(self, dimension, size, step),
);

/** `unsqueeze_copy`. */
export type UnsqueezeCopy = ViewCopy<{ dim: number }, [dim: number]>;
/** A copy with a new dimension of size 1. */
export const unsqueeze_copy: UnsqueezeCopy = viewCopy<UnsqueezeCopy, { dim: number }>(
  "unsqueeze_copy",
  "(Tensor input, int dim, *, Tensor out = None)",
  ({ self, dim }) => unsqueeze(self, dim),
);

/** `view_copy`. */
export type ViewCopyOp = ViewCopy<{ size: readonly number[]; dtype: DType }, [size: readonly number[] | DType]>;
/** A copy of the elements in another shape, or of their bits as another dtype. */
export const view_copy: ViewCopyOp = viewCopy<ViewCopyOp, { size?: number[]; dtype?: DType }>(
  "view_copy",
  ["(Tensor input, torch.dtype dtype, *, Tensor out = None)", "(Tensor input, tuple of ints size, *, Tensor out = None)"],
  ({ self, size, dtype }) => dtype === undefined ? view(self, size!) : view(self, dtype),
);
