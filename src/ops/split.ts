/**
 * One tensor into several: views of its parts.
 */
import { int64 } from "../dtype.ts";
import type { MaybeTensor } from "../autograd/node.ts";
import { IndexError, RuntimeError } from "../errors.ts";
import { type Sizes, wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Op, Primitive } from "./define.ts";
import { cat, stack } from "./cat.ts";
import { sliceDim } from "./slices.ts";

/** The slices along `dim`, without that dimension: views. */
export const unbind: Op<{ dim: number }, [dim?: number], Tensor[]> = define<Op<{ dim: number }, [dim?: number], Tensor[]>, { self: Tensor; dim: number }>(
  "unbind",
  ["(Tensor input, int dim = 0)", "(Tensor input, name dim)"],
  {
    view: "multiple",
    forward: ({ self, dim }) => {
      const at = wrapDim(dim, self.sizes.length);
      if (self.sizes.length === 0) throw new IndexError("Dimension specified as 0 but tensor has no dimensions");
      const sizes = self.sizes.filter((_, d) => d !== at), strides = self.strides.filter((_, d) => d !== at);
      return Array.from({ length: self.sizes[at] }, (_, i) => self.alias(sizes, strides, self.offset + i * self.strides[at]));
    },
    backward: {
      self: ({ grads, self_sizes, dim }) => {
        const sizes = self_sizes.filter((_, d) => d !== wrapDim(dim, self_sizes.length));
        return stack(withZeros(grads, () => sizes), dim);
      },
    },
  },
);

/** The gradients, with zeros where nothing has flowed; `sizes` gives the shape of each. */
function withZeros(grads: readonly MaybeTensor[], sizes: (i: number) => Sizes): Tensor[] {
  const any = grads.find((g) => g !== null)!;
  return grads.map((g, i) => g ?? any.new_zeros(sizes(i)));
}

// -- parts of given sizes --------------------------------------------------------------------------------------------

/** The sizes of parts of `size` each, the last of which is what is left; one part where there is nothing. */
function equalParts(n: number, size: number): number[] {
  if (n === 0 || size === 0) return [0];
  return Array.from({ length: Math.ceil(n / size) }, (_, i) => Math.min(size, n - i * size));
}

function parts(self: Tensor, dim: number, sizes: readonly number[]): Tensor[] {
  let start = 0;
  return sizes.map((n) => {
    const part = self.sizes.map((s, d) => d === dim ? n : s);
    const view = self.alias(part, self.strides, self.offset + start * self.strides[dim]);
    start += n;
    return view;
  });
}

function joined(grads: readonly MaybeTensor[], self_sizes: Sizes, dim: number, sizes: readonly number[]): Tensor {
  const at = wrapDim(dim, self_sizes.length);
  return cat(withZeros(grads, (i) => self_sizes.map((s, d) => d === at ? sizes[i] : s)), at);
}

type SplitInputs = { self: Tensor; split_size: number; dim: number };

function splitEqually({ self, split_size, dim }: SplitInputs): Tensor[] {
  if (self.sizes.length === 0) throw new RuntimeError("split expects at least a 1-dimensional tensor");
  if (split_size < 0) throw new RuntimeError(`split expects split_size be non-negative, but got split_size=${split_size}`);
  const at = wrapDim(dim, self.sizes.length), n = self.sizes[at];
  if (split_size === 0 && n !== 0) throw new RuntimeError(`split_size can only be 0 if dimension size is 0, but got dimension size of ${n}`);
  return parts(self, at, equalParts(n, split_size));
}

const equally = (name: string, view: "multiple" | undefined) =>
  new Primitive<SplitInputs>({
    name,
    view,
    forward: splitEqually,
    backward: {
      self: ({ grads, self_sizes, split_size, dim }) => joined(grads, self_sizes, dim, equalParts(self_sizes[wrapDim(dim, self_sizes.length)], split_size)),
    },
  });

type SizesInputs = { self: Tensor; split_sizes: number[]; dim: number };

function splitBySizes({ self, split_sizes, dim }: SizesInputs): Tensor[] {
  if (self.sizes.length === 0) throw new RuntimeError("split expects at least a 1-dimensional tensor");
  const at = wrapDim(dim, self.sizes.length);
  const list = `[${split_sizes.join(", ")}]`;
  if (split_sizes.some((n) => n < 0)) {
    throw new RuntimeError(`split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=${list}`);
  }
  if (split_sizes.reduce((a, b) => a + b, 0) !== self.sizes[at]) {
    throw new RuntimeError(
      `split_with_sizes expects split_sizes to sum exactly to ${self.sizes[at]} (input tensor's size at dimension ${dim}), but got split_sizes=${list}`,
    );
  }
  return parts(self, at, split_sizes);
}

const bySizes = (name: string, view: "multiple" | undefined) =>
  new Primitive<SizesInputs>({
    name,
    view,
    forward: splitBySizes,
    backward: { self: ({ grads, self_sizes, split_sizes, dim }) => joined(grads, self_sizes, dim, split_sizes) },
  });

const split0 = equally("SplitBackward0", "multiple"), unsafeSplit0 = equally("UnsafeSplitBackward0", undefined);
const splitSizes0 = bySizes("SplitWithSizesBackward0", "multiple"), unsafeSizes0 = bySizes("UnsafeSplitWithSizesBackward0", undefined);

/** Named arguments of `split`. */
export interface SplitOptions {
  /** The size of each part, or the sizes of all. */
  split_size_or_sections: number | readonly number[];
  /** The same, as the method calls it. */
  split_size?: number | readonly number[];
  /** The dimension to split. */
  dim?: number;
}

/** `split`: parts of one size, or of the sizes given. */
export type Split = Op<SplitOptions, [split_size: number | readonly number[], dim?: number], Tensor[]>;

/** Parts of `split_size` each along `dim`, the last of which may be smaller; or parts of the sizes given in an array. Views. */
export const split: Split = define<Split, { self: Tensor; split_size?: number | number[]; split_size_or_sections?: number | number[]; dim: number }>(
  "split",
  [
    "(Tensor input, int split_size, int dim = 0)",
    "(Tensor input, int split_size_or_sections, int dim = 0)",
    "(Tensor input, tuple of ints split_size, int dim = 0)",
    "(Tensor input, tuple of ints split_size_or_sections, int dim = 0)",
  ],
  ({ self, dim, split_size, split_size_or_sections }) => {
    const size = split_size ?? split_size_or_sections!;
    return typeof size === "number" ? split0.apply({ self, split_size: size, dim }) : splitSizes0.apply({ self, split_sizes: size, dim });
  },
);

/** `split_with_sizes`: parts of the sizes given. */
export type SplitWithSizes = Op<{ split_sizes: readonly number[]; dim: number }, [split_sizes: readonly number[], dim?: number], Tensor[]>;

/** Parts of the given sizes along `dim`: views. */
export const split_with_sizes: SplitWithSizes = define<SplitWithSizes, SizesInputs>(
  "split_with_sizes",
  "(Tensor input, tuple of ints split_sizes, int dim = 0)",
  (inputs) => splitSizes0.apply(inputs),
);

/** `unsafe_split`: parts of one size that do not count as views. */
export type UnsafeSplit = Op<{ split_size: number; dim: number }, [split_size: number, dim?: number], Tensor[]>;

/** `split` whose results do not count as views: each may be changed in place, as long as the others are not used. */
export const unsafe_split: UnsafeSplit = define<UnsafeSplit, SplitInputs>(
  "unsafe_split",
  "(Tensor input, int split_size, int dim = 0)",
  (inputs) => unsafeSplit0.apply(inputs),
);

/** `split_with_sizes` whose results do not count as views. */
export const unsafe_split_with_sizes: SplitWithSizes = define<SplitWithSizes, SizesInputs>(
  "unsafe_split_with_sizes",
  "(Tensor input, tuple of ints split_sizes, int dim = 0)",
  (inputs) => unsafeSizes0.apply(inputs),
);

/** `chunk`: so many parts along a dimension, of equal size as far as possible. */
export type Chunk = Op<{ chunks: number; dim: number }, [chunks: number, dim?: number], Tensor[]>;

function chunking(name: string, equal: Primitive<SplitInputs>, sizes: Primitive<SizesInputs>): Chunk {
  return define<Chunk, { self: Tensor; chunks: number; dim: number }>(name, "(Tensor input, int chunks, int dim = 0)", ({ self, chunks, dim }) => {
    if (self.sizes.length === 0) throw new RuntimeError("chunk expects at least a 1-dimensional tensor");
    if (chunks <= 0) throw new RuntimeError(`chunk expects \`chunks\` to be greater than 0, got: ${chunks}`);
    const n = self.sizes[wrapDim(dim, self.sizes.length)];
    // nothing is divided into as many parts as asked for
    if (n === 0) return sizes.apply({ self, split_sizes: new Array<number>(chunks).fill(0), dim });
    return equal.apply({ self, split_size: Math.ceil(n / chunks), dim });
  });
}

/** At most `chunks` parts along `dim`, all but the last of equal size: views. */
export const chunk: Chunk = chunking("chunk", split0, splitSizes0);
/** `chunk` whose results do not count as views. */
export const unsafe_chunk: Chunk = chunking("unsafe_chunk", unsafeSplit0, unsafeSizes0);

// -- parts of almost equal sizes -------------------------------------------------------------------------------------

function atIndices(self: Tensor, dim: number, indices: readonly number[]): Tensor[] {
  const ends = [...indices, self.sizes[dim]];
  return ends.map((end, i) => sliceDim(self, dim, i === 0 ? 0 : ends[i - 1], end, 1));
}

function intoSections(self: Tensor, dim: number, sections: number): Tensor[] {
  if (sections <= 0) throw new RuntimeError(`number of sections must be larger than 0, got ${sections}`);
  const n = self.sizes[dim], least = Math.floor(n / sections), more = n % sections;
  let start = 0;
  return Array.from({ length: sections }, (_, i) => {
    const size = least + (i < more ? 1 : 0);
    const part = sliceDim(self, dim, start, start + size, 1);
    start += size;
    return part;
  });
}

/** Named arguments of `tensor_split`: one of the first three. */
export interface TensorSplitOptions {
  /** The number of parts. */
  sections?: number;
  /** Where parts begin. */
  indices?: readonly number[];
  /** Either, as a tensor. */
  tensor_indices_or_sections?: Tensor;
  /** The dimension to split. */
  dim?: number;
}

/** `tensor_split`: parts by their number or by the indices where they begin. */
export type TensorSplit = Op<TensorSplitOptions, [indices_or_sections: number | readonly number[] | Tensor, dim?: number], Tensor[]>;

/** Parts along `dim` whose sizes differ by at most one; or parts that begin at the given indices. Views. */
export const tensor_split: TensorSplit = define<
  TensorSplit,
  { self: Tensor; indices?: number[]; sections?: number; tensor_indices_or_sections?: Tensor; dim: number }
>(
  "tensor_split",
  [
    "(Tensor input, int sections, int dim = 0)",
    "(Tensor input, tuple of ints indices, int dim = 0)",
    "(Tensor input, Tensor tensor_indices_or_sections, int dim = 0)",
  ],
  ({ self, indices, sections, tensor_indices_or_sections: given, dim }) => {
    if (self.sizes.length === 0) throw new RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims");
    if (given !== undefined && given.dtype !== int64) {
      throw new RuntimeError(`tensor_split expected tensor_indices_or_sections to have dtype of long, but got ${given.dtype.scalar}`);
    }
    if (given !== undefined && given.sizes.length > 1) {
      throw new RuntimeError(
        `tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a tensor with ${given.sizes.length} dims`,
      );
    }
    const at = wrapDim(dim, self.sizes.length);
    const wanted = sections ?? indices ?? given!.tolist() as number | number[];
    return typeof wanted === "number" ? intoSections(self, at, wanted) : atIndices(self, at, wanted);
  },
);

/** `hsplit` and its kin: parts along one axis, by their number or by the indices where they begin. */
export type AxisSplit = Op<{ sections: number; indices: readonly number[] }, [indices_or_sections: number | readonly number[]], Tensor[]>;

function axisSplit(name: string, rank: number, axis: (self: Tensor) => number): AxisSplit {
  return define<AxisSplit, { self: Tensor; sections?: number; indices?: number[] }>(
    name,
    ["(Tensor input, int sections)", "(Tensor input, tuple of ints indices)"],
    ({ self, sections, indices }) => {
      if (self.sizes.length < rank) {
        throw new RuntimeError(`torch.${name} requires a tensor with at least ${rank} dimension, but got a tensor with ${self.sizes.length} dimensions!`);
      }
      const dim = axis(self);
      if (sections === undefined) return atIndices(self, dim, indices!);
      const n = self.sizes[dim];
      if (sections === 0 || n % sections !== 0) {
        throw new RuntimeError(
          `torch.${name} attempted to split along dimension ${dim}, but the size of the dimension ${n} is not divisible by the split_size ${sections}!`,
        );
      }
      return intoSections(self, dim, sections);
    },
  );
}

/** Parts along the columns, or along the only dimension; of equal sizes, or beginning at the given indices. Views. */
export const hsplit: AxisSplit = axisSplit("hsplit", 1, (self) => self.sizes.length === 1 ? 0 : 1);
/** Parts along the rows. */
export const vsplit: AxisSplit = axisSplit("vsplit", 2, () => 0);
/** Parts along the third dimension. */
export const dsplit: AxisSplit = axisSplit("dsplit", 3, () => 2);
