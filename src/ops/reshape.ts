/**
 * The same elements in another shape: as a view where memory allows it.
 */
import { bool, DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { contiguousStrides, inferSize, sameSizes, type Sizes, viewStrides, wrapDim } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { clone, contiguous } from "./copy.ts";
import { define, type Op, Primitive } from "./define.ts";
import { unsafeView } from "./unsafe_view.ts";

/** Sizes one by one or in an array. */
export type Varargs = (number | readonly number[])[];

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

const reshapeView = new Primitive<{ self: Tensor; size: number[] }>({
  name: "ViewBackward0",
  view: "single",
  forward: ({ self, size }) => {
    const sizes = inferSize(size, self.count);
    const strides = self.contiguousLayout ? contiguousStrides(sizes) : viewStrides(self.sizes, self.strides, sizes);
    if (strides === null) {
      throw new RuntimeError(
        "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
      );
    }
    return self.alias(sizes, strides);
  },
  backward: { self: ({ grad, self_sizes }) => reshape(grad, self_sizes) },
});

/** The same bytes as another dtype of the same width. */
function reinterpret(self: Tensor, dtype: DType): Tensor {
  if (dtype === self.dtype) return self.alias();
  if (dtype.itemsize !== self.dtype.itemsize) {
    throw new RuntimeError(
      `self.size(-1) must be divisible by ${
        dtype.itemsize / self.dtype.itemsize
      } to view ${self.dtype.scalar} as ${dtype.scalar} (different element sizes), but got ${self.sizes[self.sizes.length - 1]}`,
    );
  }
  const data = self.store.expose();
  const Elements = dtype.allocate(0).constructor as new (buffer: ArrayBuffer, offset: number, length: number) => typeof data;
  return new Tensor(
    new Storage(new Elements(data.buffer, data.byteOffset, data.length), self.store.base, self.store.length),
    dtype,
    self.sizes,
    self.strides,
    self.offset,
  );
}

/** A view of another shape, one size of which may be -1; throws where only a copy could have it. With a dtype: the same bytes read as that. */
export const view: Op<{ size: readonly number[]; dtype: DType }, Varargs | [dtype: DType]> = define<
  Op<{ size: readonly number[]; dtype: DType }, Varargs | [dtype: DType]>,
  { self: Tensor; size?: number[]; dtype?: DType }
>(
  "view",
  ["(Tensor input, torch.dtype dtype)", "(Tensor input, tuple of ints size)"],
  ({ self, size, dtype }) => dtype instanceof DType ? reinterpret(self, dtype) : reshapeView.apply({ self, size: size! }),
);

const reshapeAlias = new Primitive<{ self: Tensor; size: number[]; stride: Sizes }>({
  name: "ReshapeAliasBackward0",
  view: "single",
  forward: ({ self, size, stride }) => self.alias(size, stride),
  backward: { self: ({ grad, self_sizes }) => reshape(grad, self_sizes) },
});

function reshaped(self: Tensor, requested: readonly number[]): Tensor {
  const size = inferSize(requested, self.count);
  if (self.contiguousLayout) return reshapeView.apply({ self, size }) as Tensor;
  const stride = viewStrides(self.sizes, self.strides, size);
  if (stride !== null) return reshapeAlias.apply({ self, size, stride }) as Tensor;
  return unsafeView(clone(self, { memory_format: "torch.contiguous_format" }), size);
}

/** The same elements in another shape, one size of which may be -1: a view where possible, else a copy. */
export const reshape: Op<{ shape: readonly number[] }, Varargs> = define<Op<{ shape: readonly number[] }, Varargs>, { self: Tensor; shape: number[] }>(
  "reshape",
  "(Tensor input, tuple of ints shape)",
  ({ self, shape }) => reshaped(self, shape),
);

/** In the shape of `other`: a view. */
export const view_as: Op<{ other: Tensor }, [other: Tensor]> = define<Op<{ other: Tensor }, [other: Tensor]>, { self: Tensor; other: Tensor }>(
  "view_as",
  "(Tensor input, Tensor other)",
  ({ self, other }) => view(self, other.sizes),
);

/** In the shape of `other`. */
export const reshape_as: Op<{ other: Tensor }, [other: Tensor]> = define<Op<{ other: Tensor }, [other: Tensor]>, { self: Tensor; other: Tensor }>(
  "reshape_as",
  "(Tensor input, Tensor other)",
  ({ self, other }) => reshape(self, other.sizes),
);

const expandPrimitive = new Primitive<{ self: Tensor; size: Sizes }>({
  name: "ExpandBackward0",
  view: "single",
  forward: ({ self, size }) => {
    const shift = size.length - self.sizes.length;
    if (shift < 0) {
      throw new RuntimeError(
        `expand(${self.dtype === bool ? "CPUBoolType" : `torch.${self.dtype.scalar}Tensor`}{${showSizes(self.sizes)}}, size=${
          showSizes(size)
        }): the number of sizes provided (${size.length}) ` +
          `must be greater or equal to the number of dimensions in the tensor (${self.sizes.length})`,
      );
    }
    const strides = new Array<number>(size.length).fill(0);
    if (self.sizes.length === 0 && size.every((n) => n >= 0)) return self.alias(size, strides);
    const sizes = [...size];
    for (let d = size.length - 1; d >= 0; d--) {
      const have = d >= shift ? self.sizes[d - shift] : 1;
      if (size[d] === -1) {
        if (d < shift) throw new RuntimeError(`The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${d}`);
        sizes[d] = have;
      } else if (have !== 1 && have !== size[d]) {
        throw new RuntimeError(
          `The expanded size of the tensor (${size[d]}) must match the existing size (${have}) at non-singleton dimension ${d}.  ` +
            `Target sizes: ${showSizes(size)}.  Tensor sizes: ${showSizes(self.sizes)}`,
        );
      }
      if (sizes[d] < 0) throw new RuntimeError("numel: integer multiplication overflow");
      if (d >= shift && (have !== 1 || sizes[d] === 1)) strides[d] = self.strides[d - shift];
    }
    return self.alias(sizes, strides);
  },
  backward: { self: ({ grad, self_sizes }) => grad.sum_to_size(self_sizes) },
});

/** Repeats dimensions of size 1, and adds leading ones, without copying; -1 keeps a size. */
export const expand: Op<{ size: readonly number[]; implicit: boolean }, Varargs> = define<
  Op<{ size: readonly number[]; implicit: boolean }, Varargs>,
  { self: Tensor; size: number[] }
>(
  "expand",
  "(Tensor input, tuple of ints size, *, bool implicit = False)",
  ({ self, size }) => expandPrimitive.apply({ self, size }),
);

/** `expand` for shapes of tensors, which need no reading of arguments. */
export function expandTo(self: Tensor, size: Sizes): Tensor {
  return expandPrimitive.apply({ self, size }) as Tensor;
}

/** Expanded to the shape of `other`. */
export const expand_as: Op<{ other: Tensor }, [other: Tensor]> = define<Op<{ other: Tensor }, [other: Tensor]>, { self: Tensor; other: Tensor }>(
  "expand_as",
  "(Tensor input, Tensor other)",
  ({ self, other }) => expand(self, other.sizes),
);

/** Expanded to `size`. */
export const broadcast_to: Op<{ size: readonly number[] }, [size: readonly number[]]> = define<
  Op<{ size: readonly number[] }, [size: readonly number[]]>,
  { self: Tensor; size: number[] }
>(
  "broadcast_to",
  "(Tensor input, tuple of ints size)",
  ({ self, size }) => expand(self, size),
);

/** Summed over broadcast dimensions to `size`, which must broadcast to the present shape. */
export const sum_to_size: Op<{ size: readonly number[] }, Varargs> = define<Op<{ size: readonly number[] }, Varargs>, { self: Tensor; size: number[] }>(
  "sum_to_size",
  "(Tensor input, tuple of ints size)",
  ({ self, size }) => {
    if (sameSizes(self.sizes, size)) return self;
    const shift = self.sizes.length - size.length;
    const fits = shift >= 0 && size.every((n, d) => n === 1 || n === self.sizes[d + shift]);
    if (!fits) throw new RuntimeError(`size {${showSizes(size)}} is not expandable to size {${showSizes(self.sizes)}}.`);
    const dims = self.sizes.map((_, d) => d).filter((d) => d < shift || (size[d - shift] === 1 && self.sizes[d] !== 1));
    const out = dims.length === 0 ? self : self.sum(dims, true);
    return shift > 0 ? reshapeView.apply({ self: out, size }) as Tensor : out;
  },
);

/** Named arguments of `flatten`. */
export interface FlattenOptions {
  /** The first dimension to merge. */
  start_dim?: number;
  /** The last dimension to merge. */
  end_dim?: number;
}

/** `flatten`: one dimension of several. */
export type Flatten = Op<FlattenOptions, [start_dim?: number, end_dim?: number]>;

/** The dimensions from `start_dim` to `end_dim` merged into one. */
export const flatten: Flatten = define<Flatten, { self: Tensor; start_dim: number; end_dim: number }>(
  "flatten",
  [
    "(Tensor input, int start_dim, int end_dim, name out_dim)",
    "(Tensor input, int start_dim = 0, int end_dim = -1)",
    "(Tensor input, name start_dim, name end_dim, name out_dim)",
    "(Tensor input, tuple of names dims, name out_dim)",
  ],
  ({ self, start_dim, end_dim }) => {
    const { sizes } = self;
    const first = wrapDim(start_dim, sizes.length), last = wrapDim(end_dim, sizes.length);
    if (first > last) throw new RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim");
    if (sizes.length === 0) return reshaped(self, [1]);
    if (first === last) return self;
    const merged = sizes.slice(first, last + 1).reduce((a, b) => a * b, 1);
    return reshaped(self, [...sizes.slice(0, first), merged, ...sizes.slice(last + 1)]);
  },
);

/** `unflatten`: several dimensions of one. */
export type Unflatten = Op<{ dim: number; sizes: readonly number[] }, [dim: number, sizes: readonly number[]]>;

/** One dimension split into several; one of `sizes` may be -1. A view. */
export const unflatten: Unflatten = define<Unflatten, { self: Tensor; dim: number; sizes: number[] }>(
  "unflatten",
  ["(Tensor input, name dim, tuple of ints sizes, tuple of names names)", "(Tensor input, int dim, tuple of ints sizes)"],
  ({ self, dim, sizes }) => {
    const at = wrapDim(dim, self.sizes.length);
    if (sizes.length === 0) throw new RuntimeError("unflatten: sizes must be non-empty");
    const n = self.sizes[at];
    if (sizes.filter((s) => s === -1).length > 1) throw new RuntimeError("unflatten got an unexpected error:\nonly one dimension can be inferred");
    const known = sizes.reduce((a, s) => s === -1 ? a : a * s, 1);
    if (sizes.includes(-1) ? known === 0 || n % known !== 0 : known !== n) {
      throw new RuntimeError(`unflatten: Provided sizes ${showSizes(sizes)} don't multiply up to the size of dim ${at} (${n}) in the input tensor`);
    }
    return view(self, [...self.sizes.slice(0, at), ...inferSize(sizes, n), ...self.sizes.slice(at + 1)]);
  },
);

/** All elements in one dimension: a view where the tensor is in row-major order. */
export const ravel: Op = define<Op, { self: Tensor }>("ravel", "(Tensor input)", ({ self }) => view(contiguous(self), [-1]));

// -- at least so many dimensions -------------------------------------------------------------------------------------

/** Takes one tensor, or several, or an array of them; several give an array. */
export interface AtLeast {
  /** One tensor. */
  (input: Tensor): Tensor;
  /** Several tensors. */
  (tensors: readonly Tensor[]): Tensor[];
  /** Several tensors, one by one. */
  (...tensors: Tensor[]): Tensor[];
}

function atLeast(name: string, raise: (t: Tensor) => Tensor): AtLeast {
  const parsed = define<(...args: unknown[]) => Tensor | Tensor[], { self?: Tensor; tensors?: Tensor[] }>(
    name,
    ["(Tensor input)", "(tuple of Tensors tensors)"],
    ({ self, tensors }) => self === undefined ? tensors!.map(raise) : raise(self),
  );
  const f = (...args: unknown[]) => args.length > 1 && args.every((t) => t instanceof Tensor) ? parsed(args) : args.length === 0 ? [] : parsed(...args);
  Object.defineProperty(f, "name", { value: name });
  return f as AtLeast;
}

/** A 0-d tensor as one of one dimension; others as they are. */
export const atleast_1d: AtLeast = atLeast("atleast_1d", (t) => t.sizes.length === 0 ? reshaped(t, [1]) : t);
/** Tensors of less than two dimensions as a row. */
export const atleast_2d: AtLeast = atLeast("atleast_2d", (t) => t.sizes.length === 0 ? reshaped(t, [1, 1]) : t.sizes.length === 1 ? t.unsqueeze(0) : t);
/** Tensors of less than three dimensions with dimensions of size 1: a vector lies along the second, a matrix along the first two. */
export const atleast_3d: AtLeast = atLeast("atleast_3d", (t) => {
  if (t.sizes.length === 0) return reshaped(t, [1, 1, 1]);
  return t.sizes.length === 1 ? t.unsqueeze(0).unsqueeze(-1) : t.sizes.length === 2 ? t.unsqueeze(-1) : t;
});
