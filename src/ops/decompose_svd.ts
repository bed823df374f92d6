/**
 * The singular value decomposition, A = U diag(S) V^T.
 */
import { LinAlgError, RuntimeError } from "../errors.ts";
import { svd as svdOf } from "../kernels/linalg_svd.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { eye } from "./create.ts";
import { type Args, define, type Fn, type IsMethod, Primitive } from "./define.ts";
import { arithmeticOf, checkFloat, checkMatrix, columnMajor, several, stackOf, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

interface SvdInputs {
  A: Tensor;
  full_matrices: boolean;
}

function decomposed({ A, full_matrices: full }: SvdInputs): Tensor[] {
  checkMatrix("linalg.svd", A);
  checkFloat("linalg.svd", A);
  const { outer, count, rows: m, columns: n, readDouble } = stackOf(A);
  const k = Math.min(m, n);
  const U = columnMajor([...outer, m, full ? m : k], A.dtype), S = Tensor.make([...outer, k], A.dtype), Vh = columnMajor([...outer, full ? n : k, n], A.dtype);
  for (let i = 0; i < count; i++) {
    const a = readDouble(i);
    const failed = (reason: string) =>
      new LinAlgError(`linalg.svd: ${outer.length > 0 ? `(Batch element ${i}): ` : ""}The algorithm failed to converge because the input matrix ${reason}.`);
    if (!a.every(Number.isFinite)) throw failed("contained non-finite values");
    const { u, values, vt, converged } = svdOf(a, m, n, full, arithmeticOf(A.dtype));
    if (!converged) throw failed("is ill-conditioned or has too many repeated singular values (error code: 1)");
    writeMatrix(U, i, u);
    (S.store.data as Float64Array).set(values, i * k);
    writeMatrix(Vh, i, vt);
  }
  return [U, S, Vh];
}

const skew = (t: Tensor): Tensor => t.sub(mT(t));

/**
 * U [skew(U^T gU) / E S + S skew(V^T gV) / E + diag(gS)] V^T, where E_ij = S_j^2 - S_i^2, and what of gU and gV lies outside of the spaces
 * that U and V span, divided by S.
 */
function gradientOf(gU: Tensor | null, gS: Tensor | null, gVh: Tensor | null, U: Tensor, S: Tensor, Vh: Tensor): Tensor | null {
  if (gU === null && gVh === null) return gS === null ? null : U.mul(gS.unsqueeze(-2)).matmul(Vh);
  const m = U.sizes[U.sizes.length - 2], n = Vh.sizes[Vh.sizes.length - 1], k = S.sizes[S.sizes.length - 1];
  const squares = S.mul(S);
  const differences = squares.unsqueeze(-2).sub(squares.unsqueeze(-1)).masked_fill(eye(k).bool(), 1);
  const parts: Tensor[] = [];
  if (gU !== null) parts.push(skew(mT(U).matmul(gU)).div(differences).mul(S.unsqueeze(-2)));
  if (gVh !== null) parts.push(skew(Vh.matmul(mT(gVh))).div(differences).mul(S.unsqueeze(-1)));
  if (gS !== null) parts.push(gS.diag_embed());
  let inner = parts.reduce((a, b) => a.add(b));
  if (m > k && gU !== null) {
    const scaled = gU.div(S.unsqueeze(-2));
    return U.matmul(inner).add(scaled).sub(U.matmul(mT(U).matmul(scaled))).matmul(Vh);
  }
  if (n > k && gVh !== null) {
    const scaled = gVh.div(S.unsqueeze(-1));
    inner = inner.matmul(Vh).add(scaled).sub(scaled.matmul(mT(Vh)).matmul(Vh));
    return U.matmul(inner);
  }
  return m >= n ? U.matmul(inner.matmul(Vh)) : U.matmul(inner).matmul(Vh);
}

const svdPrimitive = new Primitive<SvdInputs>({
  name: "LinalgSvdBackward0",
  forward: decomposed,
  backward: {
    A: ({ grads, result0, result1, result2 }) => {
      const k = result1.sizes[result1.sizes.length - 1];
      const narrow = (t: Tensor | null, dim: number) => t === null || t.size(dim) === k ? t : t.narrow(dim, 0, k);
      return gradientOf(narrow(grads[0], -1), grads[1], narrow(grads[2], -2), narrow(result0, -1)!, result1, narrow(result2, -2)!);
    },
  },
});

function checkDriver(driver: string | null): void {
  if (driver !== null) throw new RuntimeError("torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend.");
}

/** Named arguments of `linalg.svd`. */
export interface LinalgSvdOptions {
  /** The matrices. */
  A: Tensor;
  /** Whether U and V are square. */
  full_matrices?: boolean;
  /** None is supported here. */
  driver?: string | null;
  /** Take the results. */
  out?: readonly Tensor[];
}

/** A singular value decomposition. */
export type LinalgSvd = Fn<LinalgSvdOptions, [A: Tensor, full_matrices?: boolean], NamedTuple<"U" | "S" | "Vh">>;

/** U, the singular values in descending order, and V^T. See `gradientOf` for the derivative. */
export const linalg_svd: LinalgSvd = define<LinalgSvd, SvdInputs & { driver: string | null; out: Tensor[] | null }>(
  "linalg_svd",
  "(Tensor A, bool full_matrices = True, *, str driver = None, tuple of Tensors out = None)",
  ({ A, full_matrices, driver, out }) => {
    checkDriver(driver);
    return several("linalg_svd", ["U", "S", "Vh"], svdPrimitive.apply({ A, full_matrices }) as Tensor[], { A }, out);
  },
);

/** Singular values. */
export type Svdvals = Fn<{ A: Tensor; driver?: string | null; out?: Tensor }, [A: Tensor]>;

/** The singular values in descending order. */
export const linalg_svdvals: Svdvals = define<Svdvals, { A: Tensor; driver: string | null }>(
  "linalg_svdvals",
  "(Tensor A, *, str driver = None, Tensor out = None)",
  ({ A, driver }) => {
    checkDriver(driver);
    return (svdPrimitive.apply({ A, full_matrices: false }) as Tensor[])[1];
  },
);

/** Named arguments of `svd`. */
export interface SvdOptions {
  /** Whether U and V have no more columns than needed. */
  some?: boolean;
  /** Whether U and V are wanted; else they are zeros. */
  compute_uv?: boolean;
  /** Take the results. */
  out?: readonly Tensor[];
}

/** A singular value decomposition. */
export interface Svd extends IsMethod {
  /** The matrices, and options. */
  (self: Tensor, ...args: Args<SvdOptions, [some?: boolean, compute_uv?: boolean]>): NamedTuple<"U" | "S" | "V">;
}

/** U, the singular values in descending order, and V. Superseded by `linalg.svd`. */
export const svd: Svd = define<Svd, { self: Tensor; some: boolean; compute_uv: boolean; out: Tensor[] | null }>(
  "svd",
  "(Tensor input, bool some = True, bool compute_uv = True, *, tuple of Tensors out = None)",
  ({ self, some, compute_uv, out }) => {
    const rank = self.sizes.length;
    if (rank < 2) throw new RuntimeError(`linalg.svd: input should have at least 2 dimensions, but has ${rank} dimensions instead`);
    const [U, S, Vh] = svdPrimitive.apply({ A: self, full_matrices: compute_uv && !some }) as Tensor[];
    if (compute_uv) return several("svd", ["U", "S", "V"], [U, S, mT(Vh)], { self }, out);
    const [m, n] = self.sizes.slice(-2), outer = self.sizes.slice(0, -2);
    return several("svd", ["U", "S", "V"], [self.new_zeros([...outer, m, m]), S, self.new_zeros([...outer, n, n])], { self }, out);
  },
);
