/**
 * Views with any shape and strides.
 */
import { RuntimeError } from "../errors.ts";
import { places } from "../kernels/indexing.ts";
import { requiredStorage, sameSizes, type Sizes } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { becomeView } from "./inplace_view.ts";
import { longTensor } from "./nonzero.ts";
import { reshape } from "./reshape.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

/** How a tensor lies in its storage; the offset counts from the storage's beginning. */
interface Geometry {
  sizes: Sizes;
  strides: Sizes;
  offset: number;
}

type StridedInputs = { self: Tensor; size: number[]; stride: number[]; storage_offset: number | null };

function checkStrided(self: Tensor, size: Sizes, stride: Sizes, offset: number): void {
  if (size.length !== stride.length) throw new RuntimeError("mismatch in length of strides and shape");
  if (stride.some((s) => s < 0)) {
    throw new RuntimeError(`as_strided: Negative strides are not supported at the moment, got strides: ${showSizes(stride)}`);
  }
  if (offset < 0) throw new RuntimeError(`Tensor: invalid storage offset ${offset}`);
  if (size.some((n) => n < 0)) throw new RuntimeError(`Storage size calculation overflowed with sizes=${showSizes(size)} and strides=${showSizes(stride)}`);
  const needed = requiredStorage(size, stride, offset);
  if (needed > self.store.length) {
    const bytes = self.dtype.itemsize;
    throw new RuntimeError(
      `setStorage: sizes ${showSizes(size)}, strides ${showSizes(stride)}, storage offset ${offset}, and itemsize ${bytes} requiring a storage size of ${
        needed * bytes
      } ` +
        `are out of bounds for storage of size ${self.store.length * bytes}`,
    );
  }
}

const geometryOf = ({ sizes, strides, offset, store }: Tensor): Geometry => ({ sizes, strides, offset: offset - store.base });

/** Whether two elements of a view may share a place in memory: a step is no longer than what the smaller steps span. */
function overlaps({ sizes, strides }: Geometry): boolean {
  const dims = sizes.map((_, d) => d).filter((d) => sizes[d] > 1).sort((a, b) => strides[a] - strides[b]);
  let span = 0;
  for (const d of dims) {
    if (strides[d] <= span) return true;
    span += (sizes[d] - 1) * strides[d];
  }
  return false;
}

/** The places of all elements, as an int64 tensor. */
function placesOf({ sizes, strides }: Geometry, start: number): Tensor {
  const list = places(sizes, strides);
  for (let i = 0; i < list.length; i++) list[i] += start;
  return longTensor(list);
}

/**
 * The gradient of a tensor from that of a strided view of its memory: each element of the view adds to its place, each
 * element of the tensor reads its place; elements of the tensor that share a place share its gradient.
 */
function gradientOfBase(grad: Tensor, view: Geometry, base: Geometry): Tensor {
  const start = Math.min(view.offset, base.offset);
  const end = Math.max(requiredStorage(view.sizes, view.strides, view.offset), requiredStorage(base.sizes, base.strides, base.offset));
  const zeros = grad.new_zeros([Math.max(end - start, 0)]);
  if (!overlaps(view) && !overlaps(base)) {
    return as_strided(as_strided_scatter(zeros, grad, view.sizes, view.strides, view.offset - start), base.sizes, base.strides, base.offset - start);
  }
  const memory = zeros.index_add(0, placesOf(view, view.offset - start), reshape(grad, [-1]));
  const wanted = placesOf(base, base.offset - start);
  const sharers = grad.detach().new_zeros(memory.sizes).index_add(0, wanted, grad.detach().new_ones([wanted.count])).index_select(0, wanted);
  return reshape(memory.index_select(0, wanted).div(sharers), base.sizes);
}

const strided = (name: string) =>
  new Primitive<StridedInputs & { base: Geometry }>({
    name,
    view: "single",
    forward: ({ self, size, stride, storage_offset }) => {
      const offset = storage_offset ?? self.offset - self.store.base;
      checkStrided(self, size, stride, offset);
      return self.alias(size, stride, self.store.base + offset);
    },
    backward: {
      self: ({ grad, size, stride, storage_offset, base }) =>
        gradientOfBase(grad, { sizes: size, strides: stride, offset: storage_offset ?? base.offset }, base),
    },
  });

const asStrided = strided("AsStridedBackward0");
const asStridedInplace = strided("AsStridedBackward1");

/** Named arguments of `as_strided`. */
export interface AsStridedOptions {
  /** The shape. */
  size: readonly number[];
  /** Elements to skip for a step along each dimension. */
  stride: readonly number[];
  /** Where the first element stands; where it stands for `self` by default. */
  storage_offset?: number | null;
}

/** `as_strided`: a view over any part of the memory, and its in-place twin. */
export type AsStrided = InplaceOp<AsStridedOptions, [size: readonly number[], stride: readonly number[], storage_offset?: number | null]>;

/** A view of the memory of `self` with any shape and strides that stay inside of it. */
export const as_strided: AsStrided = define<AsStrided, StridedInputs>(
  "as_strided",
  "(Tensor input, tuple of ints size, tuple of ints stride, int storage_offset = None)",
  (inputs) => asStrided.apply({ ...inputs, base: geometryOf(inputs.self) }),
  { inplace: (inputs) => becomeView(asStridedInplace, { ...inputs, base: geometryOf(inputs.self) }) },
);

type ScatterInputs = StridedInputs & { src: Tensor };

/** A copy that lies in memory as the tensor does, gaps included. */
function cloneMemory(self: Tensor): Tensor {
  const { store, dtype, sizes, strides, offset } = self;
  const length = Math.max(store.length, requiredStorage(sizes, strides, offset - store.base));
  const data = dtype.allocate(length);
  (data as Float32Array).set(store.data.subarray(store.base, store.base + store.length) as Float32Array);
  return new Tensor(new Storage(data), dtype, sizes, strides, offset - store.base);
}

/** The error for a source that has not the shape of what it replaces. */
export function checkSource(src: Tensor, slice: Tensor): void {
  if (!sameSizes(src.sizes, slice.sizes)) {
    throw new RuntimeError(
      `expected src to have a size equal to the slice of self. src size = ${showSizes(src.sizes)}, slice size = ${showSizes(slice.sizes)}`,
    );
  }
}

/** Named arguments of `as_strided_scatter`. */
export type AsStridedScatterOptions = AsStridedOptions & { src: Tensor };
/** `as_strided_scatter`: a copy in which `src` stands where `as_strided` would look. */
export type AsStridedScatter = Op<AsStridedScatterOptions, [src: Tensor, size: readonly number[], stride: readonly number[], storage_offset?: number | null]>;

/**
 * A copy of `self` with `src` in place of what `as_strided` shows. The gradient of that part goes to `src`. Mathematically
 * the rest goes to `self`; PyTorch 2.6 hands it that of the replaced part instead, and so does this.
 */
export const as_strided_scatter: AsStridedScatter = define<AsStridedScatter, ScatterInputs>(
  "as_strided_scatter",
  "(Tensor input, Tensor src, tuple of ints size, tuple of ints stride, int storage_offset = None)",
  {
    forward: ({ self, src, size, stride, storage_offset }) => {
      const out = cloneMemory(self);
      const part = out.as_strided(size, stride, storage_offset);
      checkSource(src, part);
      part.copy_(src);
      return out;
    },
    backward: {
      self: ({ grad, size, stride, storage_offset }) =>
        as_strided_scatter(grad.new_zeros(grad.sizes), as_strided(grad.contiguous(), size, stride, storage_offset), size, stride, storage_offset),
      src: ({ grad, size, stride, storage_offset }) => as_strided(grad.contiguous(), size, stride, storage_offset),
    },
  },
);

// -- diagonals in place ----------------------------------------------------------------------------------------------

/** `fill_diagonal_`: writes one number along the main diagonal. */
export type FillDiagonal = Op<{ fill_value: number; wrap?: boolean }, [fill_value: number, wrap?: boolean]>;

/** Sets the elements whose indices are all equal; with `wrap` the diagonal of a tall matrix starts again below. */
export const fill_diagonal_: FillDiagonal = define<FillDiagonal, { self: Tensor; fill_value: number; wrap: boolean }>(
  "fill_diagonal_",
  "(Tensor input, Number fill_value, bool wrap = False)",
  ({ self, fill_value, wrap }) => {
    const { sizes, strides } = self;
    if (sizes.length < 2) throw new RuntimeError("dimensions must larger than 1");
    if (sizes.length > 2 && sizes.some((n) => n !== sizes[0])) throw new RuntimeError("all dimensions of input must be of equal length");
    const step = strides.reduce((a, b) => a + b, 0);
    self.as_strided([Math.min(...sizes)], [step]).fill_(fill_value);
    const [rows, columns] = sizes;
    if (wrap && sizes.length === 2) {
      for (let row = columns + 1; row < rows; row += columns + 1) self.narrow(0, row, Math.min(columns, rows - row)).diagonal().fill_(fill_value);
    }
    return self;
  },
);
