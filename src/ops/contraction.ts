/**
 * Products of tensors along chosen dimensions, made of the matrix products.
 */
import { RuntimeError, ValueError } from "../errors.ts";
import { elementCount, type Sizes, wrapDim } from "../layout.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { chainProduct } from "./chain.ts";
import { arange } from "./create.ts";
import { define, type Fn, type Op } from "./define.ts";
import { pythonFunction } from "./python_function.ts";
import { refuseBool } from "./products.ts";
import { unsafeView } from "./unsafe_view.ts";

const show = (sizes: Sizes) => `[${sizes.join(", ")}]`;

/** Named arguments of products of two tensors. */
export interface OtherOptions {
  /** The right factor. */
  other: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/** A product of two tensors. */
export type Product = Op<OtherOptions, [other: Tensor]>;

type Two = { self: Tensor; other: Tensor };

export { cross } from "./cross.ts";
export { einsum, type SubscriptList } from "./einsum.ts";
export { bilinear } from "./linear.ts";

// -- outer products --------------------------------------------------------------------------------------------------

/** Named arguments of `outer`. */
export interface OuterOptions {
  /** The right vector. */
  vec2: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/** An outer product. */
export type Outer = Op<OuterOptions, [vec2: Tensor]>;

function outerProduct({ self, vec2 }: { self: Tensor; vec2: Tensor }): Tensor {
  for (const [name, vec] of [["self", self], ["vec2", vec2]] as const) {
    if (vec.sizes.length !== 1) throw new RuntimeError(`outer: Expected 1-D argument ${name}, but got ${vec.sizes.length}-D`);
  }
  return self.reshape([self.sizes[0], 1]).mul(vec2);
}

/** The product of every element of one vector with every element of another: a matrix. Recorded as a `mul`. */
export const outer: Outer = define<Outer, { self: Tensor; vec2: Tensor }>("outer", "(Tensor input, Tensor vec2, *, Tensor out = None)", outerProduct);

/** Another name of `outer`. */
export const ger: Outer = define<Outer, { self: Tensor; vec2: Tensor }>("ger", "(Tensor input, Tensor vec2, *, Tensor out = None)", outerProduct);

/** The Kronecker product: a tensor of blocks, each of them `other` times one element of `self`. Recorded as a `mul`. */
export const kron: Product = define<Product, Two>("kron", "(Tensor input, Tensor other, *, Tensor out = None)", ({ self, other }) => {
  const rank = Math.max(self.sizes.length, other.sizes.length);
  const padded = (t: Tensor) => [...new Array<number>(rank - t.sizes.length).fill(1), ...t.sizes];
  const a = padded(self), b = padded(other);
  const blocks = unsafeView(self, a.flatMap((n) => [n, 1])).mul(unsafeView(other, b.flatMap((n) => [1, n])));
  return unsafeView(blocks, a.map((n, d) => n * b[d]));
});

// -- inner products --------------------------------------------------------------------------------------------------

/** Throws where a dimension is named twice. */
function distinct(dims: readonly number[], rank: number): number[] {
  const wrapped = dims.map((d) => wrapDim(d, rank));
  wrapped.forEach((d, i) => {
    if (wrapped.indexOf(d) !== i) throw new RuntimeError(`dim ${d} appears multiple times in the list of dims`);
  });
  return wrapped;
}

/** The products of two tensors summed over `dimsA` of the one and `dimsB` of the other, pair by pair. */
function contract(a: Tensor, b: Tensor, dimsA: readonly number[], dimsB: readonly number[]): Tensor {
  if (dimsA.length !== dimsB.length) throw new RuntimeError("both dimension lists should have same length");
  if (a.dtype !== b.dtype) throw new RuntimeError("both inputs should have same dtype");
  const inA = distinct(dimsA, a.sizes.length), inB = distinct(dimsB, b.sizes.length);
  let left = a, right = b;
  inA.forEach((d, i) => {
    const m = a.sizes[d], n = b.sizes[inB[i]];
    if (n === 1) left = left.sum(d, true);
    else if (m === 1) right = right.sum(inB[i], true);
    else if (m !== n) {
      throw new RuntimeError(`contracted dimensions need to match, but first has size ${m} in dim ${dimsA[i]} and second has size ${n} in dim ${dimsB[i]}`);
    }
  });
  const keptA = left.sizes.map((_, d) => d).filter((d) => !inA.includes(d)), keptB = right.sizes.map((_, d) => d).filter((d) => !inB.includes(d));
  const sizesA = keptA.map((d) => left.sizes[d]), sizesB = keptB.map((d) => right.sizes[d]);
  const inner = inA.reduce((n, d) => n * left.sizes[d], 1);
  const rows = left.permute([...keptA, ...inA]).reshape([elementCount(sizesA), inner]);
  const columns = right.permute([...inB, ...keptB]).reshape([inner, elementCount(sizesB)]);
  return rows.mm(columns).reshape([...sizesA, ...sizesB]);
}

interface NativeOptions {
  self: Tensor;
  other: Tensor;
  dims_self: readonly number[];
  dims_other: readonly number[];
  out: Tensor | null;
}

/** `tensordot` as PyTorch's Python function calls it. */
const nativeTensordot = define<Fn<NativeOptions, [self: Tensor, other: Tensor, dims_self: readonly number[], dims_other: readonly number[]]>, NativeOptions>(
  "tensordot",
  "(Tensor input, Tensor other, tuple of ints dims_self, tuple of ints dims_other, *, Tensor out = None)",
  ({ self, other, dims_self, dims_other }) => contract(self, other, dims_self, dims_other),
);

/** The dimensions to contract: the last ones of `a` with as many first ones of `b`, or the two lists that are given. */
export type ContractedDims = number | readonly [readonly number[], readonly number[]] | readonly (readonly number[])[] | Tensor;

/** Named arguments of `tensordot`. */
export interface TensordotOptions {
  /** The left factor. */
  a: Tensor;
  /** The right factor. */
  b: Tensor;
  /** What is contracted: the two innermost pairs of dimensions by default. */
  dims?: ContractedDims;
  /** Takes the result. */
  out?: Tensor | null;
}

/** A contraction of two tensors. */
export type Tensordot = Fn<TensordotOptions, [a: Tensor, b: Tensor, dims?: ContractedDims, out?: Tensor | null]>;

function contractedDims(a: Tensor, b: Tensor, dims: unknown): [readonly number[], readonly number[]] {
  if (Array.isArray(dims) || (dims instanceof Tensor && dims.count > 1)) {
    const lists = dims instanceof Tensor ? dims.tolist() as unknown[] : dims;
    if (lists.length < 2) throw new ValueError(`not enough values to unpack (expected 2, got ${lists.length})`);
    if (lists.length > 2) throw new ValueError("too many values to unpack (expected 2)");
    lists.forEach((list, i) => {
      // unlike other lists of ints, these may not be single ones
      if (Array.isArray(list)) return;
      throw new TypeError(`tensordot(): argument 'dims_${i === 0 ? "self" : "other"}' (position ${3 + i}) must be tuple of ints, not ${pythonType(list)}`);
    });
    return lists as [number[], number[]];
  }
  const n = dims instanceof Tensor ? dims.item() : dims;
  if (typeof n !== "number" || !Number.isInteger(n)) {
    throw new RuntimeError(`tensordot expects dims to be int or Tuple[List[int], List[int]] or List[List[int]] containing two lists, but got dims=${n}`);
  }
  if (n < 0) throw new RuntimeError(`tensordot expects dims >= 0, but got dims=${n}`);
  if (n > Math.min(a.sizes.length, b.sizes.length)) throw new RuntimeError(`tensordot expects dims < ndim_a or ndim_b, but got dims=${n}`);
  const range = Array.from({ length: n }, (_, i) => i);
  return [range.map((i) => i - n), range];
}

/** The products of two tensors summed over pairs of dimensions, as a product of matrices. */
export const tensordot: Tensordot = pythonFunction<Tensordot, { a: Tensor; b: Tensor; dims: ContractedDims; out: Tensor | null }>(
  "tensordot",
  ["a", "b"],
  { dims: 2, out: null },
  ({ a, b, dims, out }) => nativeTensordot(a, b, ...contractedDims(a, b, dims), { out }),
);

/** The sums of products along the last dimension of both tensors, for every pair of the other dimensions. */
export const inner: Product = define<Product, Two>("inner", "(Tensor input, Tensor other, *, Tensor out = None)", ({ self, other }) => {
  const a = self.sizes, b = other.sizes;
  if (a.length === 0 || b.length === 0) return self.mul(other);
  if (a[a.length - 1] !== b[b.length - 1]) {
    throw new RuntimeError(`inner() the last dimension must match on both input tensors but got shapes ${show(a)} and ${show(b)}`);
  }
  return contract(self, other, [-1], [-1]);
});

/** The sum of the diagonal of a matrix. Its gradient goes to the diagonal. */
export const trace: Op = define<Op, { self: Tensor }>("trace", "(Tensor input)", {
  forward: ({ self }) => {
    if (self.sizes.length !== 2) throw new RuntimeError(`trace: expected a matrix, but got tensor with dim ${self.sizes.length}`);
    refuseBool("trace", self.dtype);
    return self.diagonal().sum();
  },
  backward: {
    self: ({ grad, self_sizes }) => {
      const [rows, columns] = self_sizes;
      const diagonal = arange(Math.min(rows, columns)).mul(columns + 1);
      return grad.new_zeros([rows * columns]).index_fill(0, diagonal, grad).view([rows, columns]);
    },
  },
});

// -- chains ----------------------------------------------------------------------------------------------------------

/** The product of matrices, in the order that takes the fewest multiplications. Superseded by `linalg.multi_dot`. */
export function chain_matmul(...matrices: Tensor[]): Tensor {
  warnOnce(
    "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot instead, which accepts a list of two or more tensors rather than multiple parameters.",
  );
  for (const t of matrices) if (t.sizes.length !== 2) throw new RuntimeError(`Tensor dimension is ${t.sizes.length}, expected 2 instead.`);
  if (matrices.length === 0) throw new RuntimeError("chain_matmul(): Expected one or more matrices");
  return matrices.length === 1 ? matrices[0].clone() : chainProduct(matrices);
}
