/**
 * The pseudo-inverse and what else the singular values say of a matrix: least squares, rank, condition.
 */
import { type DType, float32, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { svd as svdOf } from "../kernels/linalg_svd.ts";
import { broadcastSizes, sameSizes } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { linalg_eigh, linalg_eigvalsh } from "./decompose_eigh.ts";
import { linalg_inv_ex } from "./decompose_solve.ts";
import { linalg_svd, linalg_svdvals } from "./decompose_svd.ts";
import { define, type Fn, type Op, Primitive } from "./define.ts";
import { linalg_matrix_norm } from "./linalg_norm.ts";
import { arithmeticOf, checkMatrix, columnMajor, originals, several, stackOf, stretched } from "./matrices.ts";
import type { Num } from "./promotion.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);
const epsilon = (dtype: DType): number => dtype === float32 ? 2 ** -23 : 2 ** -52;

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

/** The derivative of a pseudo-inverse: that of an inverse, and what the spaces outside of row and column space add to it. */
function gradientOf(grad: Tensor, P: Tensor, A: Tensor): Tensor {
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
  backward: { self: ({ grad, self, result }) => gradientOf(grad, result, self) },
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

/** The pseudo-inverse (Moore and Penrose's). See `gradientOf` for the derivative. */
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

// -- least squares ---------------------------------------------------------------------------------------------------

interface LstsqInputs {
  self: Tensor;
  b: Tensor;
  rcond: number | null;
  driver: string;
}

function checkLstsq({ self, b, driver }: LstsqInputs): void {
  const op = "torch.linalg.lstsq";
  const rank = self.sizes.length, other = b.sizes.length;
  if (rank < 2) throw new RuntimeError(`${op}: input must have at least 2 dimensions.`);
  if (other < 1) throw new RuntimeError(`${op}: other must have at least 1 dimension.`);
  if (self.dtype !== b.dtype) {
    throw new RuntimeError(
      `${op}: Expected input and other to have the same dtype, but got input's dtype ${self.dtype.scalar} and other's dtype ${b.dtype.scalar}`,
    );
  }
  if (other > rank || rank - other > 1) {
    throw new RuntimeError(`${op}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1`);
  }
  const m = self.sizes[rank - 2];
  if (isVectors(self, b)) {
    if (b.sizes[other - 1] !== m) throw new RuntimeError(`${op}: input.size(-2) should match other.size(-1)`);
  } else if (b.sizes[other - 2] !== m) throw new RuntimeError(`${op}: input.size(-2) should match other.size(-2)`);
  if (!["gels", "gelsy", "gelsd", "gelss"].includes(driver)) throw new RuntimeError(`${op}: parameter \`driver\` should be one of (gels, gelsy, gelsd, gelss)`);
  if (!self.dtype.is_floating_point) throw new RuntimeError("This function doesn't handle types other than float and double");
}

const isVectors = (A: Tensor, B: Tensor): boolean =>
  B.sizes.length === 1 || (B.sizes.length === A.sizes.length - 1 && sameSizes(B.sizes, A.sizes.slice(0, -1)));

/** The solutions of least squares by way of the singular values, and what the driver reports besides: residuals, ranks, singular values. */
function leastSquares(inputs: LstsqInputs): Tensor[] {
  checkLstsq(inputs);
  const { self, rcond, driver } = inputs;
  const vectors = inputs.b.sizes.length < self.sizes.length, b = vectors ? inputs.b.unsqueeze(-1) : inputs.b;
  const outer = broadcastSizes(self.sizes.slice(0, -2), b.sizes.slice(0, -2));
  const left = stackOf(self), right = stackOf(stretched(b, outer, 2)), { rows: m, columns: n } = left, { columns } = right, k = Math.min(m, n);
  const { dtype } = self;
  const cutoff = driver === "gels" ? 0 : rcond ?? epsilon(dtype) * Math.max(m, n);
  const x = columnMajor([...outer, Math.max(m, n), columns], dtype).narrow(-2, 0, n);
  const singular = Tensor.make([...left.outer, k], dtype), ranks = Tensor.make(left.outer, int64), squares = Tensor.make([...outer, columns], dtype);
  let full = true;
  const parts = Array.from({ length: left.count }, (_, i) => {
    const { u, values, vt } = svdOf(left.readDouble(i), m, n, false, arithmeticOf(dtype));
    const rank = values.filter((value) => value > cutoff * values[0]).length;
    (singular.store.data as Float64Array).set(values, i * k);
    ranks.store.data[i] = BigInt(rank);
    if (rank < n) full = false;
    return { u, values, vt, rank };
  });
  originals(left.outer, outer).forEach((original, i) => {
    const { u, values, vt, rank } = parts[original];
    const y = right.readDouble(i), solution = new Float64Array(n * columns), rest = y.slice();
    for (let p = 0; p < rank; p++) {
      for (let c = 0; c < columns; c++) {
        let along = 0;
        for (let r = 0; r < m; r++) along += u[r * k + p] * y[r * columns + c];
        for (let r = 0; r < m; r++) rest[r * columns + c] -= along * u[r * k + p];
        for (let r = 0; r < n; r++) solution[r * columns + c] += along / values[p] * vt[p * n + r];
      }
    }
    for (let r = 0; r < m; r++) for (let c = 0; c < columns; c++) (squares.store.data as Float64Array)[i * columns + c] += rest[r * columns + c] ** 2;
    writeInto(x, i, solution);
  });
  const none = Tensor.make([0], dtype);
  const residuals = m > n && full && driver !== "gelsy" ? squares : none;
  return [
    vectors ? x.squeeze(-1) : x,
    vectors && residuals !== none ? residuals.squeeze(-1) : residuals,
    driver === "gels" ? Tensor.make([0], int64) : ranks,
    driver === "gelss" || driver === "gelsd" ? singular : none,
  ];
}

/** Writes matrix `i` into a stack that is part of a larger one. */
function writeInto(out: Tensor, i: number, a: Float64Array): void {
  const [rows, columns] = out.sizes.slice(-2), [row, column] = out.strides.slice(-2);
  const base = i * (column * columns), { data } = out.store;
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[base + r * row + c * column] = a[r * columns + c];
}

const lstsqPrimitive = new Primitive<LstsqInputs>({
  name: "LinalgLstsqBackward0",
  nonDifferentiable: [1, 2, 3],
  forward: leastSquares,
  backward: {
    self: ({ grad, self, b }) => {
      const P = linalg_pinv(self);
      const [gx, y] = b.sizes.length < self.sizes.length ? [grad.unsqueeze(-1), b.unsqueeze(-1)] : [grad, b];
      return gradientOf(gx.matmul(mT(y)), P, self);
    },
    b: ({ grad, self, b_sizes }) => {
      const Pt = mT(linalg_pinv(self));
      return b_sizes.length < self.sizes.length ? Pt.matmul(grad.unsqueeze(-1)).squeeze(-1) : Pt.matmul(grad);
    },
  },
});

/** Named arguments of `linalg.lstsq`. */
export interface LstsqOptions {
  /** The matrices. */
  input: Tensor;
  /** The right side: matrices, or vectors. */
  b: Tensor;
  /** Singular values up to this part of the greatest one count as zero. */
  rcond?: number | null;
  /** The LAPACK driver that is meant, which decides what is reported besides the solution. */
  driver?: "gels" | "gelsy" | "gelsd" | "gelss" | null;
}

/** Least squares. */
export type Lstsq = Fn<LstsqOptions, [input: Tensor, b: Tensor, rcond?: number | null], NamedTuple<"solution" | "residuals" | "rank" | "singular_values">>;

/** The x of least norm among those that minimize |A x - b|: the pseudo-inverse times b, and so the derivative. */
export const linalg_lstsq: Lstsq = define<Lstsq, Omit<LstsqInputs, "driver"> & { driver: string | null; out: Tensor[] | null }>(
  "linalg_lstsq",
  "(Tensor input, Tensor b, float rcond = None, *, str driver = None, tuple of Tensors out = None)",
  ({ self, b, rcond, driver, out }) =>
    several(
      "linalg_lstsq",
      ["solution", "residuals", "rank", "singular_values"],
      lstsqPrimitive.apply({ self, b, rcond, driver: driver ?? "gelsy" }) as Tensor[],
      { self, b },
      out,
    ),
);
