/**
 * Products of vectors, matrices and stacks of matrices.
 */
import { RuntimeError } from "../errors.ts";
import { broadcastSizes, elementCount, type Sizes, wrapDim } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { define, type Op, Primitive } from "./define.ts";
import {
  cannotMultiply,
  checkBatches,
  checkOut,
  checkVector,
  checkVectorTypes,
  column,
  leftGradient,
  product,
  refuseBool,
  rightGradient,
  row,
  unexpectedType,
} from "./products.ts";
import { unsafeView } from "./unsafe_view.ts";

const mmPrimitive = new Primitive<{ self: Tensor; mat2: Tensor; self_sym_strides: Sizes; mat2_sym_strides: Sizes }>({
  name: "MmBackward0",
  forward: ({ self, mat2 }) => {
    if (self.sizes.length !== 2) throw new RuntimeError("self must be a matrix");
    if (mat2.sizes.length !== 2) throw new RuntimeError("mat2 must be a matrix");
    if (self.sizes[1] !== mat2.sizes[0]) throw cannotMultiply(self.sizes, mat2.sizes);
    if (self.dtype !== mat2.dtype) throw new RuntimeError(`expected m1 and m2 to have the same dtype, but got: ${self.dtype.ctype} != ${mat2.dtype.ctype}`);
    refuseBool("addmm_impl_cpu_", self.dtype);
    return product(self, mat2);
  },
  backward: {
    self: ({ grad, mat2, self_sizes, self_sym_strides }) => leftGradient(grad, mat2, self_sizes, self_sym_strides),
    mat2: ({ grad, self, mat2_sizes, mat2_sym_strides }) => rightGradient(grad, self, mat2_sizes, mat2_sym_strides),
  },
});

const multiply = (self: Tensor, mat2: Tensor): Tensor =>
  mmPrimitive.apply({ self, mat2, self_sym_strides: self.strides, mat2_sym_strides: mat2.strides }) as Tensor;

/** Named arguments of a product with a matrix. */
export interface Mat2Options {
  /** The right factor. */
  mat2: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/** The product of two matrices [m, k] and [k, n]. d/dself = grad mat2^T; d/dmat2 = self^T grad. */
export const mm: Op<Mat2Options, [mat2: Tensor]> = define<Op<Mat2Options, [mat2: Tensor]>, { self: Tensor; mat2: Tensor; out?: Tensor }>(
  "mm",
  "(Tensor input, Tensor mat2, *, Tensor out = None)",
  ({ self, mat2, out }) => {
    checkOut(out, self.dtype);
    return multiply(self, mat2);
  },
);

const bmmPrimitive = new Primitive<{ self: Tensor; mat2: Tensor }>({
  name: "BmmBackward0",
  forward: ({ self, mat2 }) => {
    checkBatches(self, mat2);
    if (self.dtype !== mat2.dtype) throw unexpectedType(self.dtype, mat2.dtype);
    refuseBool("bmm", self.dtype);
    return product(self, mat2);
  },
  backward: {
    self: ({ grad, mat2 }) => grad.bmm(mat2.transpose(1, 2)),
    mat2: ({ grad, self }) => self.transpose(1, 2).bmm(grad),
  },
});

/** The products of two stacks of matrices, [b, m, k] and [b, k, n], one by one. The gradients are those of `mm`, one by one. */
export const bmm: Op<Mat2Options, [mat2: Tensor]> = define<Op<Mat2Options, [mat2: Tensor]>, { self: Tensor; mat2: Tensor; out?: Tensor }>(
  "bmm",
  "(Tensor input, Tensor mat2, *, Tensor out = None)",
  ({ self, mat2, out }) => {
    checkOut(out, self.dtype);
    return bmmPrimitive.apply({ self, mat2 });
  },
);

const mvPrimitive = new Primitive<{ self: Tensor; vec: Tensor }>({
  name: "MvBackward0",
  forward: ({ self, vec }) => {
    wrapDim(0, self.sizes.length, false);
    checkVector([self.sizes[0]], self, vec);
    checkVectorTypes(self, vec);
    return product(self, column(vec)).alias([self.sizes[0]], [1]);
  },
  backward: {
    self: ({ grad, vec }) => grad.ger(vec),
    vec: ({ grad, self }) => self.t().mv(grad),
  },
});

/** The product of a matrix and a vector. d/dself = grad vec^T, their outer product; d/dvec = self^T grad. */
export const mv: Op<{ vec: Tensor; out?: Tensor }, [vec: Tensor]> = define<
  Op<{ vec: Tensor; out?: Tensor }, [vec: Tensor]>,
  { self: Tensor; vec: Tensor; out?: Tensor }
>(
  "mv",
  "(Tensor input, Tensor vec, *, Tensor out = None)",
  ({ self, vec, out }) => {
    checkOut(out, vec.dtype);
    return mvPrimitive.apply({ self, vec });
  },
);

function innerProduct(self: Tensor, other: Tensor): Tensor {
  if (self.sizes.length !== 1 || other.sizes.length !== 1) {
    throw new RuntimeError(`1D tensors expected, but got ${self.sizes.length}D and ${other.sizes.length}D tensors`);
  }
  if (self.dtype !== other.dtype) {
    throw new RuntimeError(`dot : expected both vectors to have same dtype, but found ${self.dtype.scalar} and ${other.dtype.scalar}`);
  }
  const n = self.count, m = other.count;
  if (n !== m) {
    throw new RuntimeError(
      `inconsistent tensor size, expected tensor [${n}] and src [${m}] to have the same number of elements, but got ${n} and ${m} elements respectively`,
    );
  }
  refuseBool("dot", self.dtype);
  return product(row(self), column(other)).alias([], []);
}

/** The inner product of two vectors. The gradient of each is the other one times the gradient. */
export const dot: Op<{ tensor: Tensor; out?: Tensor }, [tensor: Tensor]> = define<
  Op<{ tensor: Tensor; out?: Tensor }, [tensor: Tensor]>,
  { self: Tensor; tensor: Tensor }
>(
  "dot",
  "(Tensor input, Tensor tensor, *, Tensor out = None)",
  {
    forward: ({ self, tensor }) => innerProduct(self, tensor),
    backward: {
      self: ({ grad, tensor }) => grad.mul(tensor),
      tensor: ({ grad, self }) => grad.mul(self),
    },
  },
);

/** The inner product of two vectors, the first of them conjugated: the same as `dot` for real numbers. */
export const vdot: Op<{ other: Tensor; out?: Tensor }, [other: Tensor]> = define<
  Op<{ other: Tensor; out?: Tensor }, [other: Tensor]>,
  { self: Tensor; other: Tensor }
>(
  "vdot",
  "(Tensor input, Tensor other, *, Tensor out = None)",
  {
    forward: ({ self, other }) => innerProduct(self, other),
    backward: {
      self: ({ grad, other }) => grad.mul(other),
      other: ({ grad, self }) => grad.mul(self),
    },
  },
);

// -- any ranks -------------------------------------------------------------------------------------------------------

/** PyTorch's `squeeze_` on a result that nobody else has seen. */
const squeezeFresh = new Primitive<{ self: Tensor; dim: number }>({
  name: "SqueezeBackward4",
  forward: ({ self, dim }) => self.alias(self.sizes.filter((_, d) => d !== dim), self.strides.filter((_, d) => d !== dim)),
  backward: { self: ({ grad, dim }) => grad.unsqueeze(dim) },
});

/**
 * Whether a stack of matrices times one matrix or vector is computed as one product of a tall matrix. PyTorch does so where
 * the one needs a gradient, which a stack of its copies would make expensive, and where the stack reads as a tall matrix.
 */
function folds(self: Tensor, other: Tensor): boolean {
  const larger = self.sizes.length >= other.sizes.length;
  const stack = larger ? self : other.transpose(-2, -1);
  const one = larger ? other : self;
  if (stack.sizes.length < 3 || one.sizes.length > 2) return false;
  if (one.requires_grad) return true;
  if (self.sizes.length === 2) return false;
  if (stack.count === 0) return true;
  const { sizes, strides } = stack;
  for (let d = 0; d < sizes.length - 2; d++) if (strides[d] !== strides[d + 1] * sizes[d + 1]) return false;
  return true;
}

function folded(self: Tensor, other: Tensor): Tensor {
  const swap = other.sizes.length > self.sizes.length;
  const stack = swap ? other.transpose(-2, -1) : self;
  const one = swap ? (self.sizes.length === 2 ? self.t() : self) : other;
  const outer = stack.sizes.slice(0, -1);
  const tall = stack.reshape([elementCount(outer), stack.sizes[stack.sizes.length - 1]]);
  if (one.sizes.length === 1) return unsafeView(tall.mv(one), outer);
  const result = unsafeView(tall.mm(one), [...outer, one.sizes[1]]);
  return swap ? result.transpose(-2, -1).contiguous() : result;
}

function stacked(self: Tensor, other: Tensor): Tensor {
  const a = self.sizes, b = other.sizes;
  // a stack of one is broadcast without copies where it needs a gradient
  if (a.length === 3 && b.length === 3 && a[0] !== b[0]) {
    if (a[0] === 1 && self.requires_grad) return matmulOf(self.squeeze(0), other);
    if (b[0] === 1 && other.requires_grad) return matmulOf(self, other.squeeze(0));
  }
  const left = a.length > 1 ? a.slice(-2) : [1, a[0]];
  const right = b.length > 1 ? b.slice(-2) : b;
  const outer = broadcastSizes(a.slice(0, -2), b.slice(0, -2));
  const n = elementCount(outer);
  const first = self.expand([...outer, ...left]).reshape([n, ...left]);
  const second = other.expand([...outer, ...right]).reshape([n, ...right]);
  const sizes = [...outer, ...(a.length > 1 ? [left[0]] : []), ...right.slice(1)];
  if (right.length === 1) return unsafeView(first.bmm(second.unsqueeze(2)).squeeze(-1), sizes);
  return unsafeView(first.bmm(second), sizes);
}

function matmulOf(self: Tensor, other: Tensor): Tensor {
  const a = self.sizes.length, b = other.sizes.length;
  if (a === 2 && b === 2) return multiply(self, other);
  if (a === 0 || b === 0) throw new RuntimeError(`both arguments to matmul need to be at least 1D, but they are ${a}D and ${b}D`);
  if (a === 1 && b === 1) return self.dot(other);
  if (a === 2 && b === 1) return self.mv(other);
  if (a === 1 && b === 2) return squeezeFresh.apply({ self: self.unsqueeze(0).mm(other), dim: 0 }) as Tensor;
  return folds(self, other) ? folded(self, other) : stacked(self, other);
}

/** Named arguments of `matmul`. */
export interface MatmulOptions {
  /** The right factor. */
  other: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/**
 * The product of vectors, matrices and stacks of matrices, whose outer dimensions broadcast; recorded as the `dot`, `mv`, `mm`
 * or `bmm` that it comes to.
 */
export const matmul: Op<MatmulOptions, [other: Tensor]> = define<Op<MatmulOptions, [other: Tensor]>, { self: Tensor; other: Tensor; out?: Tensor }>(
  "matmul",
  "(Tensor input, Tensor other, *, Tensor out = None)",
  ({ self, other, out }) => {
    checkOut(out, self.dtype);
    return matmulOf(self, other);
  },
);
