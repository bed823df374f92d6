/**
 * The pseudo-inverse and what else the singular values say of a matrix: its rank, its condition.
 */
import { int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import { linalg_eigh, linalg_eigvalsh } from "./decompose_eigh.ts";
import { linalg_inv_ex } from "./decompose_solve.ts";
import { linalg_svd, linalg_svdvals } from "./decompose_svd.ts";
import { define, type Fn, type Op, Primitive } from "./define.ts";
import { linalg_matrix_norm } from "./linalg_norm.ts";
import { checkMatrix, epsilon } from "./matrices.ts";
import type { Num } from "./promotion.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

/** A bound below which singular values count as zero: a number, one for each matrix, or none. */
type Tolerance = number | Tensor | null;

/** The greater of `atol` and `rtol` times the greatest singular value. Where neither is given, the latter is the dtype's epsilon times the longer side. */
function tolerance(A: Tensor, greatest: Tensor, atol: Tolerance, rtol: Tolerance): Tensor {
  const preset = Math.max(...A.sizes.slice(-2)) * epsilon(A.dtype);
  const positive = atol instanceof Tensor ? atol.gt(0) : atol !== null && atol > 0;
  const relative: Num | Tensor = rtol ?? (positive instanceof Tensor ? preset : positive ? 0 : preset);
  const column = (t: Num | Tensor): Tensor => t instanceof Tensor ? (t.sizes.length > 0 ? t.unsqueeze(-1) : t) : greatest.new_full([], t);
  const scaled = greatest.mul(column(relative));
  return atol === null ? scaled : scaled.maximum(column(atol).to(scaled.dtype));
}

/** The derivative of a pseudo-inverse P: that of an inverse, and what the spaces outside of row and column space add to it. */
export function pinvGradient(grad: Tensor, P: Tensor, A: Tensor): Tensor {
  const Pt = mT(P), gt = mT(grad);
  const [m, n] = A.sizes.slice(-2);
  if (m <= n) {
    const K = gt.matmul(P), KPt = K.matmul(Pt);
    return KPt.sub(mT(P.matmul(K))).sub(A.matmul(P).matmul(KPt)).add(Pt.matmul(P).matmul(gt.sub(K.matmul(A))));
  }
  const K = P.matmul(gt), PtK = Pt.matmul(K);
  return PtK.sub(mT(K.matmul(P))).add(gt.sub(A.matmul(K)).matmul(P).matmul(Pt)).sub(PtK.matmul(P).matmul(A));
}

interface PinvInputs {
  self: Tensor;
  atol: Tolerance;
  rtol: Tolerance;
  hermitian: boolean;
}

const pinvPrimitive = new Primitive<{ self: Tensor; options: Omit<PinvInputs, "self"> }>({
  name: "LinalgPinvBackward0",
  forward: ({ self, options: { atol, rtol, hermitian } }) => {
    if (self.sizes.length < 2 || !self.dtype.is_floating_point) {
      throw new RuntimeError(
        `linalg.pinv(${self.dtype.scalar}{[${self.sizes.join(", ")}]}): expected a tensor with 2 or more dimensions of float, double, cfloat or cdouble types`,
      );
    }
    const [m, n] = self.sizes.slice(-2);
    if (self.count === 0) return Tensor.make([...self.sizes.slice(0, -2), n, m], self.dtype);
    if (hermitian) {
      const [L, V] = linalg_eigh(self);
      const sizes = L.abs();
      const inverse = L.reciprocal().masked_fill(sizes.le(tolerance(self, sizes.amax(-1, true), atol, rtol)), 0);
      return V.mul(inverse.unsqueeze(-2)).matmul(mT(V));
    }
    const [U, S, Vh] = linalg_svd(self, false);
    const inverse = S.reciprocal().masked_fill(S.le(tolerance(self, S.narrow(-1, 0, 1), atol, rtol)), 0);
    return mT(Vh).mul(inverse.unsqueeze(-2)).matmul(mT(U));
  },
  backward: { self: ({ grad, self, result }) => pinvGradient(grad, result, self) },
});

const pseudoInverse = ({ self, atol, rtol, hermitian }: PinvInputs): Tensor => pinvPrimitive.apply({ self, options: { atol, rtol, hermitian } }) as Tensor;

/** Named arguments of `linalg.pinv`. */
export interface PinvOptions {
  /** The matrices. */
  input: Tensor;
  /** Singular values up to this count as zero. */
  atol?: number | Tensor | null;
  /** The same, relative to the greatest one. */
  rtol?: number | Tensor | null;
  /** Another name of `rtol`. */
  rcond?: number | Tensor;
  /** Whether the matrices are symmetric. */
  hermitian?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** Makes pseudo-inverses. */
export type Pinv = Fn<PinvOptions, [input: Tensor, rcond?: number | Tensor, hermitian?: boolean]>;

/** The pseudo-inverse (Moore and Penrose's). See `pinvGradient` for the derivative. */
export const linalg_pinv: Pinv = define<Pinv, Partial<PinvInputs> & { self: Tensor; rcond?: number | Tensor }>(
  "linalg_pinv",
  [
    "(Tensor input, *, Tensor atol = None, Tensor rtol = None, bool hermitian = False, Tensor out = None)",
    "(Tensor input, *, float atol = None, float rtol = None, bool hermitian = False, Tensor out = None)",
    "(Tensor input, Tensor rcond, bool hermitian = False, *, Tensor out = None)",
    "(Tensor input, float rcond, bool hermitian = False, *, Tensor out = None)",
  ],
  ({ self, atol = null, rtol = null, rcond, hermitian = false }) =>
    pseudoInverse({ self, atol: rcond === undefined ? atol : 0, rtol: rcond ?? rtol, hermitian }),
);

/** The pseudo-inverse; another name of `linalg.pinv`. */
export const pinverse: Op<{ rcond?: number }, [rcond?: number]> = define<Op<{ rcond?: number }, [rcond?: number]>, { self: Tensor; rcond: number }>(
  "pinverse",
  "(Tensor input, float rcond = 1e-15)",
  ({ self, rcond }) => pseudoInverse({ self, atol: 0, rtol: rcond, hermitian: false }),
);

/** Named arguments of `linalg.matrix_rank`. */
export type RankOptions = Omit<PinvOptions, "rcond"> & {
  /** Singular values up to this count as zero. */
  tol?: number | Tensor;
};

/** Counts singular values. */
export type MatrixRank = Fn<RankOptions, [input: Tensor, tol?: number | Tensor, hermitian?: boolean]>;

/** The number of singular values that are not zero: greater than a tolerance. It has no derivative. */
export const linalg_matrix_rank: MatrixRank = define<MatrixRank, Partial<PinvInputs> & { self: Tensor; tol?: number | Tensor }>("linalg_matrix_rank", [
  "(Tensor input, *, Tensor atol = None, Tensor rtol = None, bool hermitian = False, Tensor out = None)",
  "(Tensor input, *, float atol = None, float rtol = None, bool hermitian = False, Tensor out = None)",
  "(Tensor input, Tensor tol, bool hermitian = False, *, Tensor out = None)",
  "(Tensor input, float tol, bool hermitian = False, *, Tensor out = None)",
], ({ self, atol = null, rtol = null, tol, hermitian = false }) => {
  const A = self.detach();
  checkMatrix("torch.linalg.matrix_rank", A, "input");
  if (!A.dtype.is_floating_point) throw new RuntimeError("This function doesn't handle types other than float and double");
  if (A.count === 0) return Tensor.make(A.sizes.slice(0, -2), int64);
  const sizes = hermitian ? linalg_eigvalsh(A).abs() : linalg_svdvals(A);
  const bound = tol === undefined ? tolerance(A, sizes.amax(-1, true), atol, rtol) : tolerance(A, sizes.amax(-1, true), tol, 0);
  return sizes.gt(bound).sum(-1);
});

/** Named arguments of `linalg.cond`. */
export interface CondOptions {
  /** The matrices. */
  input: Tensor;
  /** Which norm. */
  p?: number | string | null;
  /** Takes the result. */
  out?: Tensor;
}

/** Measures how far a matrix is from a singular one. */
export type Cond = Fn<CondOptions, [input: Tensor, p?: number | string | null]>;

/** The condition number: the norm of the matrix times that of its inverse. */
export const linalg_cond: Cond = define<Cond, { self: Tensor; p: number | string | null }>(
  "linalg_cond",
  ["(Tensor input, Number p = None, *, Tensor out = None)", "(Tensor input, str p, *, Tensor out = None)"],
  ({ self, p }) => {
    const order = p ?? 2;
    if (self.sizes.length < 2) throw new RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.");
    const [m, n] = self.sizes.slice(-2);
    const shown = order === Infinity ? "inf" : order === -Infinity ? "-inf" : order;
    if (typeof order === "string" && m !== n) {
      throw new RuntimeError(`linalg.cond(ord=${shown}): A must be batches of square matrices, but they are ${m} by ${n} matrices`);
    }
    if (!["fro", "nuc", Infinity, -Infinity, 1, -1, 2, -2].includes(order)) throw new RuntimeError(`linalg.cond got an invalid norm type: ${shown}`);
    if (self.count === 0) return Tensor.make(self.sizes.slice(0, -2), self.dtype);
    if (order === 2 || order === -2) {
      const singular = linalg_svdvals(self), k = singular.size(-1);
      const greatest = singular.narrow(-1, 0, 1), least = singular.narrow(-1, k - 1, 1);
      return (order === 2 ? greatest.div(least) : least.div(greatest)).squeeze(-1);
    }
    if (m !== n) throw new RuntimeError(`linalg.cond(ord=${shown}): A must be batches of square matrices, but they are ${m} by ${n} matrices`);
    if (order === "nuc") {
      const singular = linalg_svdvals(self);
      return singular.sum(-1).mul(singular.reciprocal().sum(-1));
    }
    const [inverse, info] = linalg_inv_ex(self);
    inverse.masked_fill_(info.gt(0).unsqueeze(-1).unsqueeze(-1), Infinity); // in place, so PyTorch cannot differentiate it
    return linalg_matrix_norm(self, order).mul(linalg_matrix_norm(inverse, order)).nan_to_num(Infinity, Infinity, -Infinity);
  },
);
