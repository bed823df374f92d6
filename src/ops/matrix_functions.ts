/**
 * Powers and exponentials of matrices, and products along one dimension, as `torch.linalg` names them.
 */
import { RuntimeError } from "../errors.ts";
import type { Elements } from "../kernels/linalg.ts";
import { exponential } from "../kernels/linalg_exponential.ts";
import { Tensor } from "../tensor.ts";
import { chainProduct } from "./chain.ts";
import { eye } from "./create.ts";
import { linalg_inv } from "./decompose_solve.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { cat } from "./join.ts";
import { asContiguous } from "./elementwise.ts";
import { checkFloat, checkSquare } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

/** `self` to an integer power by repeated squaring; of the inverse where the power is negative. */
export function powerOf(self: Tensor, n: number): Tensor {
  checkSquare("linalg.matrix_power", self);
  if (n === 0) return self.clone().copy_(eye(self.sizes[self.sizes.length - 1], { dtype: self.dtype }));
  if (n === 1) return self.clone();
  const base = n < 0 ? linalg_inv(self) : self;
  let exponent = Math.abs(n);
  if (exponent === 1) return base;
  if (exponent === 2) return base.matmul(base);
  if (exponent === 3) return base.matmul(base).matmul(base);
  let result: Tensor | null = null;
  for (let z = base;; z = z.matmul(z)) {
    if (exponent % 2 === 1) result = result === null ? z : result.matmul(z);
    exponent = Math.floor(exponent / 2);
    if (exponent === 0) return result!;
  }
}

/** Named arguments of `linalg.matrix_power`. */
export interface MatrixPowerOptions {
  /** The matrices. */
  input: Tensor;
  /** The power, an integer. */
  n: number;
  /** Takes the result. */
  out?: Tensor;
}

/** Powers of matrices. */
export type LinalgMatrixPower = Fn<MatrixPowerOptions, [input: Tensor, n: number]>;

/** Matrices to an integer power, recorded as the products that it takes. */
export const linalg_matrix_power: LinalgMatrixPower = define<LinalgMatrixPower, { self: Tensor; n: number }>(
  "linalg_matrix_power",
  "(Tensor input, int n, *, Tensor out = None)",
  ({ self, n }) => powerOf(self, n),
);

const expPrimitive: Primitive<{ self: Tensor }> = new Primitive<{ self: Tensor }>({
  name: "LinalgMatrixExpBackward0",
  forward: ({ self }) => {
    checkSquare("linalg.matrix_exp", self);
    checkFloat("linalg.matrix_exp", self);
    const source = asContiguous(self), out = Tensor.make(self.sizes, self.dtype);
    const n = self.sizes[self.sizes.length - 1], size = n * n;
    const from = source.store.data as Elements, to = out.store.data as Float64Array;
    for (let i = 0; i * size < out.count; i++) to.set(exponential(from.slice(source.offset + i * size, source.offset + (i + 1) * size), n), i * size);
    return out;
  },
  backward: {
    self: ({ grad, self }) => {
      // the exponential of [A^T grad; 0 A^T] has the gradient in its upper right block (Mathias 1996)
      const n = self.sizes[self.sizes.length - 1], A = mT(self);
      const upper = cat([A, grad], -1), lower = cat([A.detach().zeros_like(), A], -1);
      return expOf(cat([upper, lower], -2)).narrow(-2, 0, n).narrow(-1, n, n);
    },
  },
});

/** The exponential of matrices. */
export function expOf(self: Tensor): Tensor {
  return expPrimitive.apply({ self }) as Tensor;
}

/** A function of matrices. */
export type OfInput = Fn<{ input: Tensor }, [input: Tensor]>;

/** The exponential of matrices, I + A + A^2 / 2 + ... Its gradient comes from the exponential of a matrix of twice the order. */
export const linalg_matrix_exp: OfInput = define<OfInput, { self: Tensor }>("linalg_matrix_exp", "(Tensor input)", ({ self }) => expOf(self));

/** A product of several matrices. */
export type MultiDot = Fn<{ tensors: readonly Tensor[]; out?: Tensor }, [tensors: readonly Tensor[]]>;

/** The product of a chain of matrices in the order that takes the fewest multiplications; the first and the last may be vectors. */
export const linalg_multi_dot: MultiDot = define<MultiDot, { tensors: Tensor[] }>(
  "linalg_multi_dot",
  "(tuple of Tensors tensors, *, Tensor out = None)",
  ({ tensors }) => chainProduct(tensors),
);

/** A product of two tensors. */
export type LinalgMatmul = Fn<{ input: Tensor; other: Tensor; out?: Tensor }, [input: Tensor, other: Tensor]>;

/** Another name of `matmul`. */
export const linalg_matmul: LinalgMatmul = define<LinalgMatmul, { self: Tensor; other: Tensor }>(
  "linalg_matmul",
  "(Tensor input, Tensor other, *, Tensor out = None)",
  ({ self, other }) => self.matmul(other),
);

/** Named arguments of `linalg.vecdot`. */
export interface VecdotOptions {
  /** The left vectors. */
  x: Tensor;
  /** The right vectors. */
  y: Tensor;
  /** Along which dimension they stand. */
  dim?: number;
  /** Takes the result. */
  out?: Tensor;
}

/** Inner products. */
export type Vecdot = Fn<VecdotOptions, [x: Tensor, y: Tensor]>;

/** The inner products of vectors that stand along `dim`. */
export const linalg_vecdot: Vecdot = define<Vecdot, { x: Tensor; y: Tensor; dim: number }>(
  "linalg_vecdot",
  "(Tensor x, Tensor y, *, int dim = -1, Tensor out = None)",
  ({ x, y, dim }) => {
    checkFloat("linalg.vecdot", x);
    if (x.dtype !== y.dtype) {
      throw new RuntimeError(
        `linalg.vecdot: Expected x and y to have the same dtype, but found x of type ${x.dtype.scalar} and y of type ${y.dtype.scalar} instead`,
      );
    }
    if (x.sizes.length === 1 && y.sizes.length === 1) return x.vdot(y);
    return x.mul(y).sum(dim);
  },
);

/** Named arguments of `linalg.vander`. */
export interface VanderOptions {
  /** The points. */
  x: Tensor;
  /** How many powers there are: as many as points by default. */
  N?: number | null;
}

/** Makes Vandermonde matrices. */
export type Vander = Fn<VanderOptions, [x: Tensor]>;

/** The powers 0 to N - 1 of every element of x, along a new dimension: a Vandermonde matrix. */
export const linalg_vander: Vander = define<Vander, { x: Tensor; N: number | null }>("linalg_vander", "(Tensor x, *, int N = None)", ({ x, N }) => {
  if (x.dtype.category === "bool") throw new RuntimeError(`linalg.vander supports floating point, complex, and integer tensors, but got ${x.dtype.scalar}`);
  const points = x.sizes.length === 0 ? x.unsqueeze(-1) : x;
  const n = N ?? points.sizes[points.sizes.length - 1];
  if (n <= 1) throw new RuntimeError("N must be greater than 1.");
  const repeated = points.unsqueeze(-1).expand([...points.sizes, n - 1]);
  const powers = repeated.cumprod(-1);
  return cat([points.new_ones([...points.sizes, 1], { dtype: powers.dtype }), powers], -1);
});

/** Named arguments of `linalg.diagonal`. */
export interface DiagonalOptions {
  /** The tensor. */
  A: Tensor;
  /** How far the diagonal stands from the main one. */
  offset?: number;
  /** The first dimension. */
  dim1?: number;
  /** The second dimension. */
  dim2?: number;
}

/** Reads diagonals. */
export type LinalgDiagonal = Fn<DiagonalOptions, [A: Tensor]>;

/** The diagonals of matrices, which stand in the last two dimensions by default: a view. */
export const linalg_diagonal: LinalgDiagonal = define<LinalgDiagonal, { A: Tensor; offset: number; dim1: number; dim2: number }>(
  "linalg_diagonal",
  "(Tensor A, *, int offset = 0, int dim1 = -2, int dim2 = -1)",
  ({ A, offset, dim1, dim2 }) => A.diagonal(offset, dim1, dim2),
);
