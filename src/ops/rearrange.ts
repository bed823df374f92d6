/**
 * Copies with the elements in other places: mirrored, shifted, rotated, repeated; diagonals and triangles of matrices.
 */
import { int64, promote_types } from "../dtype.ts";
import { IndexError, RuntimeError } from "../errors.ts";
import { preservedStrides, wrapDim, wrapDims } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, type InplaceOp, type Op, Primitive } from "./define.ts";
import { copyElements } from "./elementwise.ts";
import { checkSize } from "./factory.ts";
import { longTensor } from "./nonzero.ts";
import { flatten, reshape, type Varargs } from "./reshape.ts";
import { diagonal, diagonalView, gradientOfDiagonal, sliceDim } from "./slices.ts";

// -- mirrors, shifts, rotations --------------------------------------------------------------------------------------

function mirrored(self: Tensor, dims: readonly number[]): Tensor {
  const flip = dims.length === 0 ? [] : wrapDims(dims, self.sizes.length);
  const out = Tensor.make(self.sizes, self.dtype, self.contiguousLayout ? null : preservedStrides(self.sizes, self.strides));
  let offset = self.offset;
  const strides = self.strides.map((s, d) => {
    if (!flip.includes(d)) return s;
    offset += Math.max(self.sizes[d] - 1, 0) * s;
    return -s;
  });
  copyElements(out, self.alias(self.sizes, strides, offset));
  return out;
}

/** `flip`: elements in reverse order along dimensions. */
export type Flip = Op<{ dims: readonly number[] }, Varargs>;

/** The order of the elements reversed along `dims`: a copy. The gradient is mirrored back. */
export const flip: Flip = define<Flip, { self: Tensor; dims: number[] }>("flip", "(Tensor input, tuple of ints dims)", {
  forward: ({ self, dims }) => mirrored(self, dims),
  backward: { self: ({ grad, dims }) => flip(grad, dims) },
});

/** Mirrored from left to right. */
export const fliplr: Op = define<Op, { self: Tensor }>("fliplr", "(Tensor input)", ({ self }) => {
  if (self.sizes.length < 2) throw new RuntimeError("Input must be >= 2-d.");
  return flip(self, 1);
});

/** Mirrored from top to bottom. */
export const flipud: Op = define<Op, { self: Tensor }>("flipud", "(Tensor input)", ({ self }) => {
  if (self.sizes.length < 1) throw new RuntimeError("Input must be >= 1-d.");
  return flip(self, 0);
});

/** Copies `self`, its elements moved by `shift` along `dim`, what falls off at one end put in at the other. */
function rolled(self: Tensor, shift: number, dim: number): Tensor {
  if (self.count === 0) return self.clone();
  const out = Tensor.make(self.sizes, self.dtype);
  const n = self.sizes[dim];
  const cut = ((shift % n) + n) % n;
  const part = (t: Tensor, start: number, length: number) =>
    t.alias(t.sizes.map((s, d) => d === dim ? length : s), t.strides, t.offset + start * t.strides[dim]);
  copyElements(part(out, cut, n - cut), part(self, 0, n - cut));
  if (cut > 0) copyElements(part(out, 0, cut), part(self, n - cut, cut));
  return out;
}

/** Named arguments of `roll`. */
export type RollOptions = { shifts: number | readonly number[]; dims?: number | readonly number[] };
/** `roll`: elements shifted along dimensions, those that fall out entering again at the other end. */
export type Roll = Op<RollOptions, [shifts: number | readonly number[], dims?: number | readonly number[]]>;

/** The elements moved by `shifts` along `dims`, or along all elements in row-major order; those that fall off come in at the other end. */
export const roll: Roll = define<Roll, { self: Tensor; shifts: number[]; dims: number[] }>(
  "roll",
  "(Tensor input, tuple of ints shifts, tuple of ints dims = None)",
  (p) => rollPrimitive.apply({ ...p, dims: p.dims ?? [] }),
);

const rollPrimitive = new Primitive<{ self: Tensor; shifts: number[]; dims: number[] }>({
  name: "RollBackward0",
  forward: ({ self, shifts, dims }) => {
    if (shifts.length === 0) throw new RuntimeError("`shifts` required");
    if (dims.length === 0 && shifts.length === 1) {
      const flat = reshape(self, -1);
      return rolled(flat, shifts[0], 0).alias(self.sizes, Tensor.make(self.sizes, self.dtype).strides);
    }
    if (shifts.length !== dims.length) throw new RuntimeError(`shifts and dimensions must align. shifts: ${shifts.length}, dims:${dims.length}`);
    return dims.reduce((t, dim, i) => {
      if (t.sizes.length === 0) throw new IndexError(`Dimension specified as ${dim} but tensor has no dimensions`);
      return rolled(t, shifts[i], wrapDim(dim, t.sizes.length));
    }, self);
  },
  backward: { self: ({ grad, shifts, dims }) => roll(grad, shifts.map((s) => -s), dims) },
});

/** `rot90`: turns by 90 degrees in the plane of two dimensions. */
export type Rot90 = Op<{ k: number; dims: readonly number[] }, [k?: number, dims?: readonly number[]]>;

/** Rotated by `k` times 90 degrees in the plane of two dimensions, from the first towards the second. The gradient is rotated back. */
export const rot90: Rot90 = define<Rot90, { self: Tensor; k: number; dims: number[] }>("rot90", "(Tensor input, int k = 1, tuple of ints dims = (0,1))", {
  forward: ({ self, k, dims }) => {
    const rank = self.sizes.length;
    if (dims.length !== 2) throw new RuntimeError(`expected total rotation dims == 2, but got dims = ${dims.length}`);
    if (rank < 2) throw new RuntimeError(`expected total dims >= 2, but got total dims = ${rank}`);
    const [a, b] = dims;
    if (a === b || Math.abs(a - b) === rank) throw new RuntimeError(`expected rotation dims to be different, but got dim0 = ${a} and dim1 = ${b}`);
    dims.forEach((d, i) => {
      if (d >= rank || d < -rank) throw new RuntimeError(`Rotation dim${i} out of range, dim${i} = ${d}`);
    });
    const turns = ((k % 4) + 4) % 4;
    if (turns === 1) return mirrored(self, [b]).transpose(a, b).detach();
    if (turns === 2) return mirrored(self, dims);
    return turns === 3 ? mirrored(self, [a]).transpose(a, b).detach() : self.clone({ memory_format: "torch.contiguous_format" });
  },
  backward: { self: ({ grad, k, dims }) => rot90(grad, -k, dims) },
});

// -- repetitions -----------------------------------------------------------------------------------------------------

const repeatPrimitive = new Primitive<{ self: Tensor; repeats: number[] }>({
  name: "RepeatBackward0",
  forward: ({ self, repeats }) => {
    const lead = repeats.length - self.sizes.length;
    if (lead < 0) throw new RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor");
    const sizes = repeats.map((r, d) => r * (d < lead ? 1 : self.sizes[d - lead]));
    checkSize(sizes);
    const out = Tensor.make(sizes, self.dtype);
    // the result with each dimension taken apart into repetitions and elements
    const apart = repeats.flatMap((r, d) => [r, d < lead ? 1 : self.sizes[d - lead]]);
    const to = repeats.flatMap((_, d) => [out.strides[d] * (d < lead ? 1 : self.sizes[d - lead]), out.strides[d]]);
    const from = repeats.flatMap((_, d) => [0, d < lead ? 0 : self.strides[d - lead]]);
    if (out.count > 0) copyElements(out.alias(apart, to), self.alias(apart, from));
    return out;
  },
  backward: {
    self: ({ grad, self_sizes, repeats }) => {
      if (repeats.length === 0) return grad;
      const lead = repeats.length - self_sizes.length;
      const apart = repeats.flatMap((r, d) => [r, d < lead ? 1 : self_sizes[d - lead]]);
      return reshape(reshape(grad, apart).sum(repeats.map((_, d) => 2 * d)), self_sizes);
    },
  },
});

/** `repeat`: copies side by side along each dimension. */
export type Repeat = Op<{ repeats: readonly number[] }, Varargs>;

/** As many copies side by side along each dimension as `repeats` says; more numbers than dimensions make new ones in front. The gradients of the copies add up. */
export const repeat: Repeat = define<Repeat, { self: Tensor; repeats: number[] }>(
  "repeat",
  "(Tensor input, tuple of ints repeats)",
  (inputs) => repeatPrimitive.apply(inputs),
);

/** `tile`: `repeat` that fills up missing repeats with ones. */
export type Tile = Op<{ dims: readonly number[] }, Varargs>;

/** `repeat` where missing numbers in front count as 1. */
export const tile: Tile = define<Tile, { self: Tensor; dims: number[] }>("tile", "(Tensor input, tuple of ints dims)", ({ self, dims }) => {
  const missing = Math.max(self.sizes.length - dims.length, 0);
  return repeatPrimitive.apply({ self, repeats: [...new Array<number>(missing).fill(1), ...dims] });
});

/** How often each number occurs, as the numbers themselves: [1, 0, 2] gives [0, 2, 2]. */
function repeatedNumbers(repeats: Tensor): Tensor {
  if (repeats.sizes.length > 1) throw new RuntimeError("repeats must be 0-dim or 1-dim tensor");
  if (repeats.dtype.category !== "int") throw new RuntimeError(`"repeat_interleave_cpu" not implemented for '${repeats.dtype.scalar}'`);
  const counts = repeats.reshape(-1).tolist() as number[];
  if (counts.some((n) => n < 0)) throw new RuntimeError("repeats can not be negative");
  const out: number[] = [];
  counts.forEach((n, i) => {
    for (let k = 0; k < n; k++) out.push(i);
  });
  return longTensor(out);
}

/** Named arguments of `repeat_interleave`. */
export type InterleaveOptions = { repeats: number | Tensor; dim?: number | null; output_size?: number | null };
/** `repeat_interleave`: each element so many times in a row. */
export type Interleave = Op<InterleaveOptions, [repeats?: number | Tensor, dim?: number | null]>;

/** Each element, or slice along `dim`, as often in a row as `repeats` says. Of one tensor of counts: the numbers that have these counts. */
export const repeat_interleave: Interleave = define<Interleave, { self?: Tensor; repeats?: number | Tensor; dim?: number | null; output_size?: number | null }>(
  "repeat_interleave",
  [
    "(Tensor input, Tensor repeats, int dim = None, *, int output_size = None)",
    "(Tensor repeats, *, int output_size = None)",
    "(Tensor input, int repeats, int dim = None, *, int output_size = None)",
  ],
  ({ self, repeats, dim }) => {
    if (self === undefined) return repeatedNumbers(repeats as Tensor);
    const input = dim === null || dim === undefined ? flatten(self) : self;
    const at = wrapDim(dim ?? 0, input.sizes.length);
    if (typeof repeats === "number") {
      if (repeats < 0) throw new RuntimeError("Repeats must be non-negative");
      const apart = input.unsqueeze(at + 1);
      const spread = apart.expand(apart.sizes.map((n, d) => d === at + 1 ? repeats : n));
      return flatten(spread.clone({ memory_format: "torch.contiguous_format" }), at, at + 1);
    }
    const counts = repeats!;
    if (counts.sizes.length > 1) throw new RuntimeError("repeats must be 0-dim or 1-dim tensor");
    const n = input.sizes[at];
    if (counts.count === 1) return input.index_select(at, repeatedNumbers(counts.reshape(-1).expand(n)));
    if (counts.sizes[0] !== n) {
      throw new RuntimeError(`repeats must have the same size as input along dim, but got repeats.size(0) = ${counts.sizes[0]} and input.size(${at}) = ${n}`);
    }
    return input.index_select(at, repeatedNumbers(counts));
  },
);

// -- triangles -------------------------------------------------------------------------------------------------------

function triangle(name: string, self: Tensor, zeros: (row: number, columns: number) => [from: number, to: number]): Tensor {
  const rank = self.sizes.length;
  if (rank < 2) throw new RuntimeError(`${name}: input tensor must have at least 2 dimensions`);
  const out = Tensor.make(self.sizes, self.dtype);
  copyElements(out, self);
  const rows = self.sizes[rank - 2], columns = self.sizes[rank - 1];
  const data = out.store.data, zero = self.dtype === int64 ? 0n : 0;
  for (let start = 0, row = 0; start < out.count; start += columns, row = row + 1 === rows ? 0 : row + 1) {
    const [from, to] = zeros(row, columns);
    const first = Math.min(Math.max(from, 0), columns), last = Math.min(Math.max(to, 0), columns);
    if (last > first) (data as Float32Array).fill(zero as number, start + first, start + last);
  }
  return out;
}

/** `tril` and `triu`: one triangle of each matrix, zeros in the other. */
export type Triangle = InplaceOp<{ diagonal: number; out: Tensor }, [diagonal?: number]>;
const TRIANGLE = "(Tensor input, int diagonal = 0, *, Tensor out = None)";

/** The lower triangle of a matrix, or of each of a batch: what stands right of the diagonal is zero, and so is its gradient. */
export const tril: Triangle = define<Triangle, { self: Tensor; diagonal: number }>("tril", TRIANGLE, {
  forward: ({ self, diagonal }) => triangle("tril", self, (row, columns) => [row + diagonal + 1, columns]),
  backward: { self: ({ grad, diagonal }) => tril(grad, diagonal) },
}, { inplace: true });

/** The upper triangle of a matrix, or of each of a batch: what stands left of the diagonal is zero, and so is its gradient. */
export const triu: Triangle = define<Triangle, { self: Tensor; diagonal: number }>("triu", TRIANGLE, {
  forward: ({ self, diagonal }) => triangle("triu", self, (row) => [0, row + diagonal]),
  backward: { self: ({ grad, diagonal }) => triu(grad, diagonal) },
}, { inplace: true });

// -- diagonals -------------------------------------------------------------------------------------------------------

/** Named arguments of `diag_embed`. */
export type EmbedOptions = { offset?: number; dim1?: number; dim2?: number };
/** `diag_embed`: matrices with these diagonals. */
export type Embed = Op<EmbedOptions, [offset?: number, dim1?: number, dim2?: number]>;

/** Matrices of zeros with the last dimension of `self` as their diagonal; `dim1` and `dim2` are the matrices' dimensions in the result. */
export const diag_embed: Embed = define<Embed, { self: Tensor; offset: number; dim1: number; dim2: number }>(
  "diag_embed",
  "(Tensor input, int offset = 0, int dim1 = -2, int dim2 = -1)",
  {
    forward: ({ self, offset, dim1, dim2 }) => {
      const rank = self.sizes.length + 1;
      const a = wrapDim(dim1, rank), b = wrapDim(dim2, rank);
      if (a === b) throw new RuntimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
      const n = self.sizes[self.sizes.length - 1] + Math.abs(offset);
      const rest = self.sizes.slice(0, -1);
      const sizes = Array.from({ length: rank }, (_, d) => d === a || d === b ? n : rest.shift()!);
      const out = Tensor.make(sizes, self.dtype);
      copyElements(diagonalView(out, { offset, dim1: a, dim2: b }), self);
      return out;
    },
    backward: { self: ({ grad, offset, dim1, dim2 }) => diagonal(grad, offset, dim1, dim2) },
  },
);

const diagonalCopy = new Primitive<{ self: Tensor; offset: number; dim1: number; dim2: number }>({
  name: "DiagonalBackward0_copy",
  forward: ({ self, ...rest }) => diagonalView(self, rest).clone({ memory_format: "torch.contiguous_format" }),
  backward: { self: ({ grad, self_sizes, offset, dim1, dim2 }) => gradientOfDiagonal(grad, self_sizes, { offset, dim1, dim2 }) },
});

/** `diag`: a matrix with this diagonal, or the diagonal of a matrix. */
export type Diag = Op<{ diagonal: number; out: Tensor }, [diagonal?: number]>;

/** Of a vector the matrix with it as a diagonal; of a matrix a copy of a diagonal. */
export const diag: Diag = define<Diag, { self: Tensor; diagonal: number }>("diag", TRIANGLE, ({ self, diagonal: offset }) => {
  const rank = self.sizes.length;
  if (rank !== 1 && rank !== 2) throw new RuntimeError(`diag(): Supports 1D or 2D tensors. Got ${rank}D`);
  return rank === 1 ? diag_embed(self, offset) : diagonalCopy.apply({ self, offset, dim1: 0, dim2: 1 });
});

/** `diagflat`: a matrix with all elements on a diagonal. */
export type Diagflat = Op<{ offset: number }, [offset?: number]>;

/** The matrix with all elements of `self` as a diagonal. */
export const diagflat: Diagflat = define<Diagflat, { self: Tensor; offset: number }>(
  "diagflat",
  "(Tensor input, int offset = 0)",
  ({ self, offset }) => diag_embed(self.contiguous().view(-1), offset),
);

/** Named arguments of `vander`. */
export type VanderOptions = { x: Tensor; N?: number | null; increasing?: boolean };
/** `vander`: a Vandermonde matrix. */
export type Vander = Fn<VanderOptions, [x: Tensor, N?: number | null, increasing?: boolean]>;

/** The Vandermonde matrix of a vector: its powers from the highest to the zeroth as columns, or the other way round. */
export const vander: Vander = define<Vander, { x: Tensor; N: number | null; increasing: boolean }>(
  "vander",
  "(Tensor x, int N = None, bool increasing = False)",
  ({ x, N, increasing }) => {
    if (x.sizes.length !== 1) throw new RuntimeError("x must be a one-dimensional tensor.");
    const columns = N ?? x.sizes[0];
    if (columns < 0) throw new RuntimeError("N must be non-negative.");
    const out = Tensor.make([x.sizes[0], columns], promote_types(x.dtype, int64));
    if (columns === 0) return out;
    out.select(1, 0).fill_(1);
    if (columns > 1) {
      const powers = sliceDim(out, 1, 1, null, 1);
      powers.copy_(x.unsqueeze(1));
      powers.copy_(powers.cumprod(1));
    }
    return increasing ? out : flip(out, 1);
  },
);
