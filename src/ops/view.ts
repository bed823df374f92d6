/**
 * Views: the same memory in another shape, order or extent. The gradient of a view is that of its base at the same places.
 */
import { IndexError, RuntimeError, ValueError } from "../errors.ts";
import { contiguousStrides, elementCount, inferSize, requiredStorage, sameSizes, type Sizes, viewStrides, wrapDim, wrapDims } from "../layout.ts";
import { DType, int64 } from "../dtype.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { clone } from "./copy.ts";
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
    throw new RuntimeError(`self.size(-1) must be divisible by ${dtype.itemsize / self.dtype.itemsize} to view ${self.dtype.scalar} as ${dtype.scalar} (different element sizes), but got ${self.sizes[self.sizes.length - 1]}`);
  }
  const { data } = self.store;
  const Elements = dtype.allocate(0).constructor as new (buffer: ArrayBuffer, offset: number, length: number) => typeof data;
  return new Tensor(new Storage(new Elements(data.buffer, data.byteOffset, data.length), self.store.base, self.store.length), dtype, self.sizes, self.strides, self.offset);
}

/** A view of another shape, one size of which may be -1; throws where only a copy could have it. With a dtype: the same bytes read as that. */
export const view: Op<{ size: readonly number[]; dtype: DType }, Varargs | [dtype: DType]> = define<
  Op<{ size: readonly number[]; dtype: DType }, Varargs | [dtype: DType]>,
  { self: Tensor; size?: number[]; dtype?: DType }
>("view", ["(Tensor input, torch.dtype dtype)", "(Tensor input, tuple of ints size)"], ({ self, size, dtype }) =>
  dtype instanceof DType ? reinterpret(self, dtype) : reshapeView.apply({ self, size: size! }));

const reshapeAlias = new Primitive<{ self: Tensor; size: number[]; stride: number[] }>({
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

const expandPrimitive = new Primitive<{ self: Tensor; size: number[] }>({
  name: "ExpandBackward0",
  view: "single",
  forward: ({ self, size }) => {
    const shift = size.length - self.sizes.length;
    if (shift < 0) {
      throw new RuntimeError(
        `expand(torch.${self.dtype.scalar}Tensor{${showSizes(self.sizes)}}, size=${showSizes(size)}): the number of sizes provided (${size.length}) ` +
          `must be greater or equal to the number of dimensions in the tensor (${self.sizes.length})`,
      );
    }
    const sizes = [...size], strides = new Array<number>(size.length).fill(0);
    for (let d = size.length - 1; d >= 0; d--) {
      const have = d >= shift ? self.sizes[d - shift] : 1;
      if (size[d] === -1) {
        if (d < shift) throw new RuntimeError(`The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${d}`);
        sizes[d] = have;
      } else if (size[d] < 0) throw new RuntimeError(`The expanded size of the tensor (${size[d]}) must match the existing size (${have}) at non-singleton dimension ${d}.`);
      else if (have !== 1 && have !== size[d]) {
        throw new RuntimeError(
          `The expanded size of the tensor (${size[d]}) must match the existing size (${have}) at non-singleton dimension ${d}.  ` +
            `Target sizes: ${showSizes(size)}.  Tensor sizes: ${showSizes(self.sizes)}`,
        );
      }
      if (d >= shift && (have !== 1 || sizes[d] === 1)) strides[d] = self.strides[d - shift];
    }
    return self.alias(sizes, strides);
  },
  backward: { self: ({ grad, self_sizes }) => grad.sum_to_size(self_sizes) },
});

/** Repeats dimensions of size 1, and adds leading ones, without copying; -1 keeps a size. */
export const expand: Op<{ size: readonly number[]; implicit: boolean }, Varargs> = define<Op<{ size: readonly number[]; implicit: boolean }, Varargs>, { self: Tensor; size: number[] }>(
  "expand",
  "(Tensor input, tuple of ints size, *, bool implicit = False)",
  ({ self, size }) => expandPrimitive.apply({ self, size }),
);

/** Expanded to the shape of `other`. */
export const expand_as: Op<{ other: Tensor }, [other: Tensor]> = define<Op<{ other: Tensor }, [other: Tensor]>, { self: Tensor; other: Tensor }>(
  "expand_as",
  "(Tensor input, Tensor other)",
  ({ self, other }) => expand(self, other.sizes),
);

/** Expanded to `size`. */
export const broadcast_to: Op<{ size: readonly number[] }, [size: readonly number[]]> = define<Op<{ size: readonly number[] }, [size: readonly number[]]>, { self: Tensor; size: number[] }>(
  "broadcast_to",
  "(Tensor input, tuple of ints size)",
  ({ self, size }) => expand(self, size),
);

type StridedInputs = { self: Tensor; size: number[]; stride: number[]; storage_offset: number | null };

function checkStrided(self: Tensor, size: Sizes, stride: Sizes, offset: number): void {
  if (size.length !== stride.length) throw new RuntimeError("mismatch in length of strides and shape");
  if (stride.some((s) => s < 0)) {
    throw new RuntimeError(`as_strided: Negative strides are not supported at the moment, got strides: ${showSizes(stride)}`);
  }
  const needed = requiredStorage(size, stride, offset);
  if (needed > self.store.length) {
    const bytes = self.dtype.itemsize;
    throw new RuntimeError(
      `setStorage: sizes ${showSizes(size)}, strides ${showSizes(stride)}, storage offset ${offset}, and itemsize ${bytes} requiring a storage size of ${needed * bytes} ` +
        `are out of bounds for storage of size ${self.store.length * bytes}`,
    );
  }
}

const asStridedPrimitive = new Primitive<StridedInputs & { base: { sizes: Sizes; strides: Sizes; offset: number } }>({
  name: "AsStridedBackward0",
  view: "single",
  forward: ({ self, size, stride, storage_offset }) => {
    const offset = storage_offset ?? self.offset - self.store.base;
    checkStrided(self, size, stride, offset);
    return self.alias(size, stride, self.store.base + offset);
  },
  backward: {
    // the gradient of memory: each element of the view adds to its place, and each element of the base reads its place
    self: ({ grad, size, stride, storage_offset, base }) => {
      const offset = storage_offset ?? base.offset;
      const start = Math.min(offset, base.offset);
      const length = Math.max(requiredStorage(size, stride, offset), requiredStorage(base.sizes, base.strides, base.offset)) - start;
      const places = stridedIndices(size, stride, offset - start);
      const memory = grad.new_zeros([Math.max(length, 0)]).index_add(0, places, reshape(grad, [-1]));
      const wanted = stridedIndices(base.sizes, base.strides, base.offset - start);
      const counts = memory.detach().new_zeros([Math.max(length, 0)]).index_add(0, wanted, memory.detach().new_ones([wanted.count]));
      // several elements of the base at one place share its gradient
      return reshape(memory.div(counts.clamp(1)).index_select(0, wanted), base.sizes);
    },
  },
});

/** The memory index of every element of a view, as an int64 tensor. */
function stridedIndices(sizes: Sizes, strides: Sizes, offset: number): Tensor {
  const n = elementCount(sizes);
  const data = new BigInt64Array(n);
  const counter = sizes.map(() => 0);
  let at = offset;
  for (let i = 0; i < n; i++) {
    data[i] = BigInt(at);
    for (let d = sizes.length - 1; d >= 0; d--) {
      at += strides[d];
      if (++counter[d] < sizes[d]) break;
      at -= sizes[d] * strides[d];
      counter[d] = 0;
    }
  }
  return new Tensor(new Storage(data), int64, [n]);
}

/** Named arguments of `as_strided`. */
export interface AsStridedOptions {
  /** The shape. */
  size: readonly number[];
  /** Elements to skip for a step along each dimension. */
  stride: readonly number[];
  /** Where the first element stands; where it stands for `self` by default. */
  storage_offset?: number | null;
}

/** A view of the memory of `self` with any shape and strides that stay inside of it. */
export const as_strided: Op<AsStridedOptions, [size: readonly number[], stride: readonly number[], storage_offset?: number | null]> = define<
  Op<AsStridedOptions, [size: readonly number[], stride: readonly number[], storage_offset?: number | null]>,
  StridedInputs
>("as_strided", "(Tensor input, tuple of ints size, tuple of ints stride, int storage_offset = None)", (inputs) => {
  const { sizes, strides, offset, store } = inputs.self;
  return asStridedPrimitive.apply({ ...inputs, base: { sizes, strides, offset: offset - store.base } });
});

function permuted(self: Tensor, dims: readonly number[]): Tensor {
  if (dims.length !== self.sizes.length) {
    throw new RuntimeError(
      `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions ` +
        `i.e. input.dim() = ${self.sizes.length} is not equal to len(dims) = ${dims.length}`,
    );
  }
  const order = dims.map((d) => wrapDim(d, self.sizes.length));
  if (new Set(order).size !== order.length) throw new RuntimeError("permute(): duplicate dims are not allowed.");
  return self.alias(order.map((d) => self.sizes[d]), order.map((d) => self.strides[d]));
}

const permutePrimitive = new Primitive<{ self: Tensor; dims: number[] }>({
  name: "PermuteBackward0",
  view: "single",
  forward: ({ self, dims }) => permuted(self, dims),
  backward: {
    self: ({ grad, dims }) => {
      const inverse = new Array<number>(dims.length);
      dims.forEach((d, i) => inverse[d < 0 ? d + dims.length : d] = i);
      return permute(grad, inverse);
    },
  },
});

/** The dimensions in another order: a view. */
export const permute: Op<{ dims: readonly number[] }, Varargs> = define<Op<{ dims: readonly number[] }, Varargs>, { self: Tensor; dims: number[] }>(
  "permute",
  "(Tensor input, tuple of ints dims)",
  (inputs) => permutePrimitive.apply(inputs),
);

function swapped(self: Tensor, dim0: number, dim1: number): Tensor {
  const a = wrapDim(dim0, self.sizes.length), b = wrapDim(dim1, self.sizes.length);
  const sizes = [...self.sizes], strides = [...self.strides];
  if (sizes.length === 0) return self.alias();
  [sizes[a], sizes[b]] = [sizes[b], sizes[a]];
  [strides[a], strides[b]] = [strides[b], strides[a]];
  return self.alias(sizes, strides);
}

type TwoDims = { dim0: number; dim1: number };
const TRANSPOSE = ["(Tensor input, int dim0, int dim1)", "(Tensor input, name dim0, name dim1)"];

/** Two dimensions exchanged: a view. */
export const transpose: InplaceOp<TwoDims, [dim0: number, dim1: number]> = define<InplaceOp<TwoDims, [dim0: number, dim1: number]>, { self: Tensor } & TwoDims>("transpose", TRANSPOSE, {
  view: "single",
  forward: ({ self, dim0, dim1 }) => swapped(self, dim0, dim1),
  backward: { self: ({ grad, dim0, dim1 }) => transpose(grad, dim0, dim1) },
});

/** Two dimensions exchanged: another name of `transpose`. */
export const swapaxes: Op<{ axis0: number; axis1: number }, [axis0: number, axis1: number]> = define<
  Op<{ axis0: number; axis1: number }, [axis0: number, axis1: number]>,
  { self: Tensor; axis0: number; axis1: number }
>("swapaxes", "(Tensor input, int axis0, int axis1)", ({ self, axis0, axis1 }) => transpose(self, axis0, axis1));

/** Two dimensions exchanged: another name of `transpose`. */
export const swapdims: Op<TwoDims, [dim0: number, dim1: number]> = define<Op<TwoDims, [dim0: number, dim1: number]>, { self: Tensor } & TwoDims>(
  "swapdims",
  "(Tensor input, int dim0, int dim1)",
  ({ self, dim0, dim1 }) => transpose(self, dim0, dim1),
);

/** The transpose of a matrix; tensors of fewer dimensions stay as they are. A view. */
export const t: Op = define<Op, { self: Tensor }>("t", "(Tensor input)", {
  name: "TBackward0",
  view: "single",
  forward: ({ self }) => {
    if (self.sizes.length > 2) throw new RuntimeError(`t() expects a tensor with <= 2 dimensions, but self is ${self.sizes.length}D`);
    return swapped(self, 0, self.sizes.length < 2 ? 0 : 1);
  },
  backward: { self: ({ grad }) => t(grad) },
});

/** A new dimension of size 1 at `dim`: a view. */
export const unsqueeze: InplaceOp<{ dim: number }, [dim: number]> = define<InplaceOp<{ dim: number }, [dim: number]>, { self: Tensor; dim: number }>(
  "unsqueeze",
  "(Tensor input, int dim)",
  {
    view: "single",
    forward: ({ self, dim }) => {
      const at = wrapDim(dim, self.sizes.length + 1);
      const stride = at < self.sizes.length ? self.sizes[at] * self.strides[at] : 1;
      return self.alias([...self.sizes.slice(0, at), 1, ...self.sizes.slice(at)], [...self.strides.slice(0, at), stride, ...self.strides.slice(at)]);
    },
    backward: { self: ({ grad, dim }) => squeeze(grad, dim) },
  },
);

function squeezed(self: Tensor, drop: (d: number) => boolean): Tensor {
  const keep = self.sizes.map((n, d) => n !== 1 || !drop(d));
  return self.alias(self.sizes.filter((_, d) => keep[d]), self.strides.filter((_, d) => keep[d]));
}

const squeezeAll = new Primitive<{ self: Tensor }>({
  name: "SqueezeBackward0",
  view: "single",
  forward: ({ self }) => squeezed(self, () => true),
  backward: { self: ({ grad, self_sizes }) => reshape(grad, self_sizes) },
});

const squeezeDim = new Primitive<{ self: Tensor; dim: number }>({
  name: "SqueezeBackward1",
  view: "single",
  forward: ({ self, dim }) => {
    const at = wrapDim(dim, self.sizes.length);
    return squeezed(self, (d) => d === at);
  },
  // deno-lint-ignore no-unused-vars -- PyTorch saves the dimension: it can be read on the node
  backward: { self: ({ grad, self_sizes, dim }) => reshape(grad, self_sizes) },
});

const squeezeDims = new Primitive<{ self: Tensor; dim: number[] }>({
  name: "SqueezeBackward2",
  view: "single",
  forward: ({ self, dim }) => {
    const dims = dim.length === 0 ? [] : wrapDims(dim, self.sizes.length);
    return squeezed(self, (d) => dims.includes(d));
  },
  // deno-lint-ignore no-unused-vars -- PyTorch saves the dimensions: they can be read on the node
  backward: { self: ({ grad, self_sizes, dim }) => reshape(grad, self_sizes) },
});

/** Without its dimensions of size 1, or without those of `dim` that are of size 1: a view. */
export const squeeze: InplaceOp<{ dim: number | readonly number[] }, [dim?: number | readonly number[]]> = define<
  InplaceOp<{ dim: number | readonly number[] }, [dim?: number | readonly number[]]>,
  { self: Tensor; dim?: number | number[] }
>("squeeze", ["(Tensor input)", "(Tensor input, int dim)", "(Tensor input, tuple of ints dim)", "(Tensor input, name dim)"], ({ self, dim }) =>
  dim === undefined ? squeezeAll.apply({ self }) : typeof dim === "number" ? squeezeDim.apply({ self, dim }) : squeezeDims.apply({ self, dim }));

const selectBackward = new Primitive<{ grad_output: Tensor; input_sizes: Sizes; dim: number; index: number }>({
  name: "SelectBackwardBackward0",
  forward: ({ grad_output, input_sizes, dim, index }) => {
    const out = Tensor.make(input_sizes, grad_output.dtype);
    selected(out, dim, index).copy_(grad_output);
    return out;
  },
  backward: { grad_output: ({ grad, dim, index }) => select(grad, dim, index) },
});

function selected(self: Tensor, dim: number, index: number): Tensor {
  if (self.sizes.length === 0) throw new IndexError("select() cannot be applied to a 0-dim tensor.");
  const at = wrapDim(dim, self.sizes.length);
  const n = self.sizes[at];
  if (index < -n || index >= n) {
    throw new IndexError(`select(): index ${index} out of range for tensor of size ${showSizes(self.sizes)} at dimension ${at}`);
  }
  const i = index < 0 ? index + n : index;
  return self.alias(self.sizes.filter((_, d) => d !== at), self.strides.filter((_, d) => d !== at), self.offset + i * self.strides[at]);
}

/** The slice at `index` along `dim`, without that dimension: a view. */
export const select: Op<{ dim: number; index: number }, [dim: number, index: number]> = define<
  Op<{ dim: number; index: number }, [dim: number, index: number]>,
  { self: Tensor; dim: number; index: number }
>("select", ["(Tensor input, int dim, int index)", "(Tensor input, name dim, int index)"], {
  view: "single",
  forward: ({ self, dim, index }) => selected(self, dim, index),
  backward: {
    self: ({ grad, self_sizes, dim, index }) => selectBackward.apply({ grad_output: grad, input_sizes: self_sizes, dim, index }) as Tensor,
  },
});

type SliceInputs = { dim: number; start: number | null; end: number | null; step: number };

function sliced(self: Tensor, { dim, start, end, step }: SliceInputs): Tensor {
  if (self.sizes.length === 0) throw new RuntimeError("slice() cannot be applied to a 0-dim tensor.");
  if (step <= 0) throw new ValueError("step must be greater than zero");
  const at = wrapDim(dim, self.sizes.length);
  const n = self.sizes[at];
  const clip = (v: number) => Math.min(Math.max(v < 0 ? v + n : v, 0), n);
  const first = clip(start ?? 0);
  const last = Math.max(clip(end ?? n), first);
  const sizes = [...self.sizes], strides = [...self.strides];
  sizes[at] = Math.ceil((last - first) / step);
  strides[at] *= step;
  return self.alias(sizes, strides, self.offset + first * self.strides[at]);
}

const sliceBackward = new Primitive<{ grad_output: Tensor; input_sizes: Sizes } & SliceInputs>({
  name: "SliceBackwardBackward0",
  forward: ({ grad_output, input_sizes, dim, start, end, step }) => {
    const out = Tensor.make(input_sizes, grad_output.dtype);
    sliced(out, { dim, start, end, step }).copy_(grad_output);
    return out;
  },
  backward: { grad_output: ({ grad, dim, start, end, step }) => slicePrimitive.apply({ self: grad, dim, start, end, step }) as Tensor },
});

const slicePrimitive: Primitive<{ self: Tensor } & SliceInputs> = new Primitive<{ self: Tensor } & SliceInputs>({
  name: "SliceBackward0",
  view: "single",
  forward: ({ self, ...range }) => sliced(self, range),
  backward: {
    self: ({ grad, self_sizes, dim, start, end, step }) => sliceBackward.apply({ grad_output: grad, input_sizes: self_sizes, dim, start, end, step }) as Tensor,
  },
});

/** The elements `start`, `start + step` ... before `end` along `dim`, as Python's slices count: a view. */
export function sliceDim(self: Tensor, dim: number, start: number | null, end: number | null, step: number): Tensor {
  return slicePrimitive.apply({ self, dim, start, end, step }) as Tensor;
}

/** `length` elements along `dim` from `start` on: a view. */
export const narrow: Op<{ dim: number; start: number; length: number }, [dim: number, start: number | Tensor, length: number]> = define<
  Op<{ dim: number; start: number; length: number }, [dim: number, start: number | Tensor, length: number]>,
  { self: Tensor; dim: number; start: number; length: number }
>("narrow", ["(Tensor input, int dim, Tensor start, int length)", "(Tensor input, int dim, int start, int length)"], ({ self, dim, start, length }) => {
  if (self.sizes.length === 0) throw new RuntimeError("narrow() cannot be applied to a 0-dim tensor.");
  if (length < 0) throw new RuntimeError("narrow(): length must be non-negative.");
  const from = (start as number | Tensor) instanceof Tensor ? Number((start as never as Tensor).item()) : start;
  const at = wrapDim(dim, self.sizes.length);
  const n = self.sizes[at];
  if (from < -n || from > n) throw new IndexError(`start out of range (expected to be in range of [${-n}, ${n}], but got ${from})`);
  const first = from < 0 ? from + n : from;
  if (first + length > n) throw new RuntimeError(`start (${first}) + length (${length}) exceeds dimension size (${n}).`);
  return sliceDim(self, at, first, first + length, 1);
});

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
    return shift > 0 ? view(out, size) : out;
  },
);
