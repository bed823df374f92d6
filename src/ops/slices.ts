/**
 * Parts of tensors as views, and copies with a part replaced.
 */
import { IndexError, RuntimeError, ValueError } from "../errors.ts";
import { type Sizes, wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Op, Primitive } from "./define.ts";
import { recordUnsupported } from "./unsupported.ts";
import { no_grad } from "../autograd/mode.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

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
  if (self.sizes.length === 0) throw new IndexError("slice() cannot be applied to a 0-dim tensor.");
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

/** Named arguments of `narrow`. */
export type NarrowOptions = { dim: number; start: number | Tensor; length: number };
/** `narrow`: a range of a dimension as a view. */
export type Narrow = Op<NarrowOptions, [dim: number, start: number | Tensor, length: number]>;

/** Checks a range and gives it as non-negative numbers. */
function narrowed(self: Tensor, { dim, start, length }: NarrowOptions): { at: number; first: number; last: number } {
  if (self.sizes.length === 0) throw new RuntimeError("narrow() cannot be applied to a 0-dim tensor.");
  if (length < 0) throw new RuntimeError("narrow(): length must be non-negative.");
  if (start instanceof Tensor && (start.sizes.length > 0 || start.dtype.category !== "int")) throw new RuntimeError("start must be an 0-dim integral Tensor.");
  const from = start instanceof Tensor ? Number(start.item()) : start;
  const at = wrapDim(dim, self.sizes.length);
  const n = self.sizes[at];
  if (from < -n || from > n) throw new IndexError(`start out of range (expected to be in range of [${-n}, ${n}], but got ${from})`);
  const first = from < 0 ? from + n : from;
  if (first + length > n) throw new RuntimeError(`start (${first}) + length (${length}) exceeds dimension size (${n}).`);
  return { at, first, last: first + length };
}

/** `length` elements along `dim` from `start` on: a view. */
export const narrow: Narrow = define<Narrow, { self: Tensor } & NarrowOptions>(
  "narrow",
  ["(Tensor input, int dim, Tensor start, int length)", "(Tensor input, int dim, int start, int length)"],
  ({ self, ...range }) => {
    const { at, first, last } = narrowed(self, range);
    return sliceDim(self, at, first, last, 1);
  },
);

/** `narrow_copy`: a range of a dimension as a copy. */
export type NarrowCopy = Op<{ dim: number; start: number; length: number; out?: Tensor }, [dim: number, start: number, length: number]>;

/** A copy of what `narrow` shows. PyTorch has no derivative for it. */
export const narrow_copy: NarrowCopy = define<NarrowCopy, { self: Tensor; dim: number; start: number; length: number }>(
  "narrow_copy",
  "(Tensor input, int dim, int start, int length, *, Tensor out = None)",
  ({ self, ...range }) => {
    const { at, first, last } = narrowed(self, range);
    const out = no_grad(() => sliceDim(self, at, first, last, 1).clone({ memory_format: "torch.contiguous_format" }));
    recordUnsupported("narrow_copy", [self], out);
    return out;
  },
);

// -- diagonals -------------------------------------------------------------------------------------------------------

/** What a diagonal is taken of and where. */
export type DiagonalInputs = { offset: number; dim1: number; dim2: number };

/** A diagonal of the matrices that two dimensions span, as the last dimension of a view. */
export function diagonalView(self: Tensor, { offset, dim1, dim2 }: DiagonalInputs): Tensor {
  const { sizes, strides } = self;
  const a = wrapDim(dim1, sizes.length), b = wrapDim(dim2, sizes.length);
  if (a === b) throw new RuntimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
  const n = Math.max(offset >= 0 ? Math.min(sizes[a], sizes[b] - offset) : Math.min(sizes[a] + offset, sizes[b]), 0);
  const start = n === 0 ? 0 : offset >= 0 ? offset * strides[b] : -offset * strides[a];
  const keep = (list: Sizes) => list.filter((_, d) => d !== a && d !== b);
  return self.alias([...keep(sizes), n], [...keep(strides), strides[a] + strides[b]], self.offset + start);
}

const diagonalBackward = new Primitive<{ grad_output: Tensor; input_sizes: Sizes } & DiagonalInputs>({
  name: "DiagonalBackwardBackward0",
  forward: ({ grad_output, input_sizes, ...rest }) => {
    const out = Tensor.make(input_sizes, grad_output.dtype);
    diagonalView(out, rest).copy_(grad_output);
    return out;
  },
  backward: { grad_output: ({ grad, offset, dim1, dim2 }) => diagonal(grad, offset, dim1, dim2) },
});

/** The gradient of a tensor from that of one of its diagonals. */
export function gradientOfDiagonal(grad: Tensor, input_sizes: Sizes, rest: DiagonalInputs): Tensor {
  return diagonalBackward.apply({ grad_output: grad, input_sizes, ...rest }) as Tensor;
}

/** Named arguments of `diagonal`. */
export type DiagonalOptions = Partial<DiagonalInputs>;
/** `diagonal`: a diagonal over two dimensions. */
export type Diagonal = Op<DiagonalOptions, [offset?: number, dim1?: number, dim2?: number]>;

/** The diagonal of the matrices that `dim1` and `dim2` span, as the last dimension; `offset` counts to the right. A view. */
export const diagonal: Diagonal = define<Diagonal, { self: Tensor } & DiagonalInputs>(
  "diagonal",
  ["(Tensor input, *, name outdim, name dim1, name dim2, int offset = 0)", "(Tensor input, int offset = 0, int dim1 = 0, int dim2 = 1)"],
  {
    view: "single",
    forward: ({ self, ...rest }) => diagonalView(self, rest),
    backward: { self: ({ grad, self_sizes, offset, dim1, dim2 }) => gradientOfDiagonal(grad, self_sizes, { offset, dim1, dim2 }) },
  },
);

// -- windows ---------------------------------------------------------------------------------------------------------

/** Named arguments of `unfold`. */
export type WindowInputs = { dimension: number; size: number; step: number };

function windows(self: Tensor, { dimension, size, step }: WindowInputs): Tensor {
  const { sizes, strides } = self;
  const at = wrapDim(dimension, sizes.length);
  const n = sizes.length === 0 ? 1 : sizes[at];
  if (size < 0) throw new RuntimeError(`size is ${size} but must be >= 0`);
  if (size > n) throw new RuntimeError(`maximum size for tensor at dimension ${at} is ${n} but size is ${size}`);
  if (step <= 0) throw new RuntimeError(`step is ${step} but must be > 0`);
  const count = Math.floor((n - size) / step) + 1;
  return self.alias(
    [...sizes.map((s, d) => d === at ? count : s), size],
    [...strides.map((s, d) => d === at ? s * step : s), sizes.length === 0 ? 1 : strides[at]],
  );
}

const unfoldBackward = new Primitive<{ grad_in: Tensor; input_sizes: Sizes } & WindowInputs>({
  name: "UnfoldBackwardBackward0",
  forward: ({ grad_in, input_sizes, dimension, size, step }) => {
    const out = Tensor.make(input_sizes, grad_in.dtype);
    if (input_sizes.length === 0) return size === 0 ? out : out.add_(grad_in.select(-1, 0));
    // windows overlap, but the elements at one position of all windows do not
    const at = wrapDim(dimension, input_sizes.length), count = grad_in.sizes[at];
    for (let i = 0; i < size; i++) sliced(out, { dim: at, start: i, end: i + step * (count - 1) + 1, step }).add_(grad_in.select(-1, i));
    return out;
  },
  backward: { grad_in: ({ grad, dimension, size, step }) => unfold(grad, dimension, size, step) },
});

/** `unfold`: sliding windows over a dimension as a view. */
export type Unfold = Op<WindowInputs, [dimension: number, size: number, step: number]>;

/** All windows of `size` elements along `dimension`, `step` apart, with their elements in a new last dimension: a view. */
export const unfold: Unfold = define<Unfold, { self: Tensor } & WindowInputs>("unfold", "(Tensor input, int dimension, int size, int step)", {
  view: "single",
  forward: ({ self, ...rest }) => windows(self, rest),
  backward: {
    self: ({ grad, self_sizes, dimension, size, step }) => unfoldBackward.apply({ grad_in: grad, input_sizes: self_sizes, dimension, size, step }) as Tensor,
  },
});
