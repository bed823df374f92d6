/**
 * The QR decomposition, A = Q R with orthonormal columns in Q and an upper triangular R.
 */
import { RuntimeError } from "../errors.ts";
import { productOf, qrFactor } from "../kernels/linalg_reflections.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { linalg_solve_triangular } from "./decompose_triangular.ts";
import { type Args, define, type Fn, type IsMethod, Primitive } from "./define.ts";
import { cat } from "./join.ts";
import { checkFloat, checkMatrix, columnMajor, several, stackOf, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

/** How much of Q there is: as many columns as needed, all, or none. */
export type QrMode = "reduced" | "complete" | "r";

function decomposed(A: Tensor, mode: string): [Tensor, Tensor] {
  const { outer, count, rows: m, columns: n, read } = stackOf(A);
  const k = mode === "complete" ? m : Math.min(m, n);
  const Q = mode === "r" ? Tensor.make([0], A.dtype) : columnMajor([...outer, m, k], A.dtype);
  const R = columnMajor([...outer, k, n], A.dtype);
  for (let i = 0; i < count; i++) {
    const a = read(i);
    const reflections = qrFactor(a, m, n);
    writeMatrix(R, i, a);
    if (mode !== "r") writeMatrix(Q, i, productOf(reflections, m, k, a));
  }
  return [Q, R];
}

/** The gradient for at least as many rows as columns: [gQ + Q (M + M^T - diag M)] R^-T, where M is the upper triangle of gR R^T - Q^T gQ. */
function tallGradient(gQ: Tensor | null, gR: Tensor | null, Q: Tensor, R: Tensor): Tensor {
  const ofR = gR === null ? null : gR.matmul(mT(R)), ofQ = gQ === null ? null : mT(Q).matmul(gQ);
  const inner = ofR === null ? ofQ!.neg() : ofQ === null ? ofR : ofR.sub(ofQ);
  const upper = inner.triu();
  const within = Q.matmul(upper.add(mT(inner.triu(1))));
  return linalg_solve_triangular(mT(R), gQ === null ? within : within.add(gQ), { upper: false, left: false });
}

function gradientOf(gQ: Tensor | null, gR: Tensor | null, Q: Tensor, R: Tensor, mode: string): Tensor | null {
  if (mode === "r") {
    throw new RuntimeError(
      "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr.",
    );
  }
  const m = Q.sizes[Q.sizes.length - 2], n = R.sizes[R.sizes.length - 1];
  if (mode === "complete" && m > n) throw new RuntimeError("The QR decomposition is not differentiable when mode='complete' and nrows > ncols.");
  if (gQ === null && gR === null) return null;
  if (m >= n) return tallGradient(gQ, gR, Q, R);
  // the first m columns are decomposed; the others are Q R2, through which their gradients reach Q too
  const R1 = R.narrow(-1, 0, m);
  if (gR === null) return cat([tallGradient(gQ, null, Q, R1), R.narrow(-1, m, n - m).detach().zeros_like()], -1);
  const gR2 = gR.narrow(-1, m, n - m);
  const throughR2 = Q.matmul(R.narrow(-1, m, n - m)).matmul(mT(gR2));
  return cat([tallGradient(gQ === null ? throughR2 : gQ.add(throughR2), gR.narrow(-1, 0, m), Q, R1), Q.matmul(gR2)], -1);
}

const qrPrimitive = new Primitive<{ A: Tensor; mode: string }>({
  name: "LinalgQrBackward0",
  forward: ({ A, mode }) => {
    checkMatrix("linalg.qr", A);
    checkFloat("linalg.qr", A);
    if (mode !== "reduced" && mode !== "complete" && mode !== "r") {
      throw new RuntimeError(`qr received unrecognized mode '${mode}' but expected one of 'reduced' (default), 'r', or 'complete'`);
    }
    return decomposed(A, mode);
  },
  backward: { A: ({ grads, mode, result0, result1 }) => gradientOf(grads[0], grads[1], result0, result1, mode) },
});

/** Named arguments of `linalg.qr`. */
export interface LinalgQrOptions {
  /** The matrices. */
  A: Tensor;
  /** How much of Q there is. */
  mode?: QrMode;
  /** Take the results. */
  out?: readonly Tensor[];
}

/** An orthonormal factor and a triangular one. */
export type QR = NamedTuple<"Q" | "R">;

/** A QR decomposition. */
export type LinalgQr = Fn<LinalgQrOptions, [A: Tensor, mode?: QrMode], QR>;

/** Q with orthonormal columns and the upper triangular R of A = Q R. See `tallGradient` for the derivative. */
export const linalg_qr: LinalgQr = define<LinalgQr, { A: Tensor; mode: string; out: Tensor[] | null }>(
  "linalg_qr",
  "(Tensor A, str mode = 'reduced', *, tuple of Tensors out = None)",
  ({ A, mode, out }) => several("linalg_qr", ["Q", "R"], qrPrimitive.apply({ A, mode }) as Tensor[], { A }, out),
);

/** Named arguments of `qr`. */
export interface QrOptions {
  /** Whether Q has no more columns than needed. */
  some?: boolean;
  /** Take the results. */
  out?: readonly Tensor[];
}

/** A QR decomposition. */
export interface Qr extends IsMethod {
  /** The matrices, and options. */
  (self: Tensor, ...args: Args<QrOptions, [some?: boolean]>): QR;
}

/** Q and R of A = Q R. Superseded by `linalg.qr`. */
export const qr: Qr = define<Qr, { self: Tensor; some: boolean; out: Tensor[] | null }>(
  "qr",
  "(Tensor input, bool some = True, *, tuple of Tensors out = None)",
  ({ self, some, out }) => {
    warnOnce(
      "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch release.\nThe boolean parameter 'some' has been replaced with a string parameter 'mode'.\n" +
        "Q, R = torch.qr(A, some)\nshould be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some else 'complete')",
    );
    return several("qr", ["Q", "R"], qrPrimitive.apply({ A: self, mode: some ? "reduced" : "complete" }) as Tensor[], { self }, out);
  },
);
