/**
 * Dimensions in another order, dropped, or added: views.
 */
import { RuntimeError } from "../errors.ts";
import { wrapDim, wrapDims } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { aliasOf } from "./alias.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { becomeView } from "./inplace_view.ts";
import { reshape, type Varargs } from "./reshape.ts";

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

/** Two dimensions by their numbers. */
export type TwoDims = { dim0: number; dim1: number };
type TransposeInputs = { self: Tensor } & TwoDims;
const TRANSPOSE = ["(Tensor input, int dim0, int dim1)", "(Tensor input, name dim0, name dim1)"];

const transposing = (name: string) =>
  new Primitive<TransposeInputs>({
    name,
    view: "single",
    forward: ({ self, dim0, dim1 }) => swapped(self, dim0, dim1),
    backward: { self: ({ grad, dim0, dim1 }) => transpose(grad, dim0, dim1) },
  });
const transposed = transposing("TransposeBackward0"), transposeInto = transposing("TransposeBackward1");

/** `transpose`: two dimensions exchanged. */
export type Transpose = InplaceOp<TwoDims, [dim0: number, dim1: number]>;

const transposeOp = (name: string, signatures: readonly string[]): Transpose =>
  define<Transpose, TransposeInputs>(name, signatures, (inputs) => transposed.apply(inputs), { inplace: (inputs) => becomeView(transposeInto, inputs) });

/** Two dimensions exchanged: a view. */
export const transpose: Transpose = transposeOp("transpose", TRANSPOSE);
/** Two dimensions exchanged: another name of `transpose`. */
export const swapdims: Transpose = transposeOp("swapdims", [TRANSPOSE[0]]);

/** `swapaxes`: two dimensions exchanged. */
export type SwapAxes = InplaceOp<{ axis0: number; axis1: number }, [axis0: number, axis1: number]>;

/** Two dimensions exchanged: another name of `transpose`. */
export const swapaxes: SwapAxes = define<SwapAxes, { self: Tensor; axis0: number; axis1: number }>(
  "swapaxes",
  "(Tensor input, int axis0, int axis1)",
  ({ self, axis0, axis1 }) => transpose(self, axis0, axis1),
  { inplace: ({ self, axis0, axis1 }) => becomeView(transposeInto, { self, dim0: axis0, dim1: axis1 }) },
);

function flipped(self: Tensor, name: string): Tensor {
  if (self.sizes.length > 2) throw new RuntimeError(`${name}() expects a tensor with <= 2 dimensions, but self is ${self.sizes.length}D`);
  return swapped(self, 0, self.sizes.length < 2 ? 0 : 1);
}

const tPrimitive = new Primitive<{ self: Tensor }>({
  name: "TBackward0",
  view: "single",
  forward: ({ self }) => flipped(self, "t"),
  backward: { self: ({ grad }) => t(grad) },
});
const tInto = new Primitive<{ self: Tensor }>({
  name: "TBackward1",
  view: "single",
  forward: ({ self }) => flipped(self, "t_"),
  backward: { self: ({ grad }) => t(grad) },
});

/** The transpose of a matrix; tensors of fewer dimensions stay as they are. A view. */
export const t: InplaceOp = define<InplaceOp, { self: Tensor }>("t", "(Tensor input)", (inputs) => tPrimitive.apply(inputs), {
  inplace: (inputs) => becomeView(tInto, inputs),
});

/** `unsqueeze`: with one more dimension of size 1. */
export type Unsqueeze = InplaceOp<{ dim: number }, [dim: number]>;
const unsqueezing = (name: string) =>
  new Primitive<{ self: Tensor; dim: number }>({
    name,
    view: "single",
    forward: ({ self, dim }) => {
      const at = wrapDim(dim, self.sizes.length + 1);
      const stride = at < self.sizes.length ? self.sizes[at] * self.strides[at] : 1;
      return self.alias([...self.sizes.slice(0, at), 1, ...self.sizes.slice(at)], [...self.strides.slice(0, at), stride, ...self.strides.slice(at)]);
    },
    backward: { self: ({ grad, dim }) => squeeze(grad, dim) },
  });
const unsqueezed = unsqueezing("UnsqueezeBackward0"), unsqueezeInto = unsqueezing("UnsqueezeBackward1");

/** A new dimension of size 1 at `dim`: a view. */
export const unsqueeze: Unsqueeze = define<Unsqueeze, { self: Tensor; dim: number }>(
  "unsqueeze",
  "(Tensor input, int dim)",
  (inputs) => unsqueezed.apply(inputs),
  { inplace: (inputs) => becomeView(unsqueezeInto, inputs) },
);

function squeezed(self: Tensor, drop: (d: number) => boolean): Tensor {
  const keep = self.sizes.map((n, d) => n !== 1 || !drop(d));
  return self.alias(self.sizes.filter((_, d) => keep[d]), self.strides.filter((_, d) => keep[d]));
}

// PyTorch saves the dimensions, so that they can be read on the node
const squeezing = (all: string, one: string, several: string) => ({
  all: new Primitive<{ self: Tensor }>({
    name: all,
    view: "single",
    forward: ({ self }) => squeezed(self, () => true),
    backward: { self: ({ grad, self_sizes }) => reshape(grad, self_sizes) },
  }),
  one: new Primitive<{ self: Tensor; dim: number }>({
    name: one,
    view: "single",
    forward: ({ self, dim }) => {
      const at = wrapDim(dim, self.sizes.length);
      return squeezed(self, (d) => d === at);
    },
    // deno-lint-ignore no-unused-vars
    backward: { self: ({ grad, self_sizes, dim }) => reshape(grad, self_sizes) },
  }),
  several: new Primitive<{ self: Tensor; dim: number[] }>({
    name: several,
    view: "single",
    forward: ({ self, dim }) => {
      const dims = dim.length === 0 ? [] : wrapDims(dim, self.sizes.length);
      return squeezed(self, (d) => dims.includes(d));
    },
    // deno-lint-ignore no-unused-vars
    backward: { self: ({ grad, self_sizes, dim }) => reshape(grad, self_sizes) },
  }),
});
const squeezeOut = squeezing("SqueezeBackward0", "SqueezeBackward1", "SqueezeBackward2");
const squeezeInto = squeezing("SqueezeBackward3", "SqueezeBackward4", "SqueezeBackward5");

/** Named arguments of `squeeze`. */
export type SqueezeOptions = { dim: number | readonly number[] };
/** `squeeze`: without the dimensions of size 1. */
export type Squeeze = InplaceOp<SqueezeOptions, [dim?: number | readonly number[]]>;

/** Without its dimensions of size 1, or without those of `dim` that are of size 1: a view. */
export const squeeze: Squeeze = define<Squeeze, { self: Tensor; dim?: number | number[] }>(
  "squeeze",
  ["(Tensor input)", "(Tensor input, int dim)", "(Tensor input, tuple of ints dim)", "(Tensor input, name dim)"],
  ({ self, dim }) =>
    dim === undefined
      ? squeezeOut.all.apply({ self })
      : typeof dim === "number"
      ? squeezeOut.one.apply({ self, dim })
      : squeezeOut.several.apply({ self, dim }),
  {
    inplace: ({ self, dim }) =>
      dim === undefined
        ? becomeView(squeezeInto.all, { self })
        : typeof dim === "number"
        ? becomeView(squeezeInto.one, { self, dim })
        : becomeView(squeezeInto.several, { self, dim }),
  },
);

// -- moving dimensions -----------------------------------------------------------------------------------------------

/** Named arguments of `movedim`. */
export type MoveOptions = { source: number | readonly number[]; destination: number | readonly number[] };
/** `movedim`: dimensions put at other places. */
export type Move = Op<MoveOptions, [source: number | readonly number[], destination: number | readonly number[]]>;

function moved(self: Tensor, source: number | number[], destination: number | number[]): Tensor {
  const from = typeof source === "number" ? [source] : source, to = typeof destination === "number" ? [destination] : destination;
  const list = (dims: readonly number[]) => `[${dims.join(", ")}]`;
  if (from.length !== to.length) {
    throw new RuntimeError(
      `movedim: Invalid source or destination dims: source (${list(from)} dims) should contain the same number of dims as destination (${list(to)} dims)`,
    );
  }
  const rank = self.sizes.length;
  const sources = from.map((d) => wrapDim(d, rank)), destinations = to.map((d) => wrapDim(d, rank));
  if (new Set(sources).size !== sources.length) throw new RuntimeError(`movedim: repeated dim in \`source\` (${list(from)})`);
  if (new Set(destinations).size !== destinations.length) throw new RuntimeError(`movedim: repeated dim in \`destination\` (${list(to)})`);
  if (rank === 0) return aliasOf(self);
  const order = new Array<number>(rank).fill(-1);
  destinations.forEach((d, i) => order[d] = sources[i]);
  const rest = self.sizes.map((_, d) => d).filter((d) => !sources.includes(d));
  return permute(self, order.map((d) => d < 0 ? rest.shift()! : d));
}

const MOVE = ["(Tensor input, int source, int destination)", "(Tensor input, tuple of ints source, tuple of ints destination)"];
const move = (name: string): Move =>
  define<Move, { self: Tensor; source: number; destination: number }>(name, MOVE, ({ self, source, destination }) => moved(self, source, destination));

/** Dimensions brought to other positions, the rest in their order: a view. */
export const movedim: Move = move("movedim");
/** Dimensions brought to other positions: another name of `movedim`. */
export const moveaxis: Move = move("moveaxis");

// -- transposes ------------------------------------------------------------------------------------------------------

/** The transpose of a matrix, or of each of a batch of matrices: a view. */
export const adjoint: Op = define<Op, { self: Tensor }>("adjoint", "(Tensor input)", ({ self }) => {
  const rank = self.sizes.length;
  if (rank === 1) throw new RuntimeError("tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor.");
  if (rank > 1) return transpose(self, -2, -1);
  warnOnce("adjoint() is deprecated on 0-D tensors. Consider using x.conj(). (Triggered internally at ./aten/src/ATen/native/TensorShape.cpp:3789.)");
  return aliasOf(self);
});
