/**
 * Linear algebra under the names that it has in `torch` itself and on tensors.
 */
import { RuntimeError } from "../errors.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { linalg_det, slogdetOf } from "./decompose_det.ts";
import { linalg_lu_solve, lowerOf, permutations, upperOf } from "./decompose_lu.ts";
import { inverseOf } from "./decompose_solve.ts";
import { type Args, define, type Fn, type IsMethod, type Op, Primitive } from "./define.ts";
import { checkFloat, checkSquare, several } from "./matrices.ts";
import { expOf, powerOf } from "./matrix_functions.ts";

export { cholesky, cholesky_inverse, cholesky_solve } from "./decompose_cholesky.ts";
export { eig, lstsq, lu, solve, symeig } from "./decompose_legacy.ts";
export { pinverse } from "./decompose_pinv.ts";
export { qr } from "./decompose_qr.ts";
export { geqrf, orgqr, ormqr } from "./decompose_reflections.ts";
export { svd } from "./decompose_svd.ts";
export { triangular_solve } from "./decompose_triangular.ts";

/** The determinant: another name of `linalg.det`. */
export const det: Op = define<Op, { self: Tensor }>("det", "(Tensor input)", ({ self }) => linalg_det(self));

/** The sign and the logarithm of a determinant. */
export interface SlogdetOp extends IsMethod {
  /** The matrices, and where to put the results. */
  (self: Tensor, ...args: Args<{ out?: readonly Tensor[] }, []>): NamedTuple<"sign" | "logabsdet">;
}

/** The sign of the determinant and the logarithm of its magnitude: another name of `linalg.slogdet`. */
export const slogdet: SlogdetOp = define<SlogdetOp, { self: Tensor; out: Tensor[] | null }>(
  "slogdet",
  "(Tensor input, *, tuple of Tensors out = None)",
  ({ self, out }) => slogdetOf("slogdet", self, out),
);

/** The logarithm of the determinant; NaN where that is negative. */
export const logdet: Op = define<Op, { self: Tensor }>("logdet", "(Tensor input)", ({ self }) => {
  checkSquare("logdet", self);
  checkFloat("logdet", self);
  const [sign, logarithm] = slogdetOf("slogdet", self, null);
  return sign.new_full([], NaN).where(sign.eq(-1), logarithm);
});

/** The inverse: another name of `linalg.inv`. */
export const inverse: Op<{ out?: Tensor }> = define<Op<{ out?: Tensor }>, { self: Tensor }>(
  "inverse",
  "(Tensor input, *, Tensor out = None)",
  ({ self }) => inverseOf("linalg.inv", self),
);

/** The exponential of matrices: another name of `linalg.matrix_exp`. */
export const matrix_exp: Op = define<Op, { self: Tensor }>("matrix_exp", "(Tensor input)", ({ self }) => expOf(self));

/** Powers of matrices. */
export type MatrixPower = Op<{ n: number; out?: Tensor }, [n: number]>;

/** Matrices to an integer power: another name of `linalg.matrix_power`. */
export const matrix_power: MatrixPower = define<MatrixPower, { self: Tensor; n: number }>(
  "matrix_power",
  "(Tensor input, int n, *, Tensor out = None)",
  ({ self, n }) => powerOf(self, n),
);

/** Solves systems whose LU decomposition is known. */
export type LuSolveOp = Op<{ LU_data: Tensor; LU_pivots: Tensor; out?: Tensor }, [LU_data: Tensor, LU_pivots: Tensor]>;

/** The solution x of A x = self, where A is given by `linalg.lu_factor`. Superseded by `linalg.lu_solve`. */
export const lu_solve: LuSolveOp = define<LuSolveOp, { self: Tensor; LU_data: Tensor; LU_pivots: Tensor }>(
  "lu_solve",
  "(Tensor input, Tensor LU_data, Tensor LU_pivots, *, Tensor out = None)",
  ({ self, LU_data, LU_pivots }) => {
    warnOnce(
      "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future PyTorch release.\nNote that torch.linalg.lu_solve has its arguments reversed.\n" +
        "X = torch.lu_solve(B, LU, pivots)\nshould be replaced with\nX = torch.linalg.lu_solve(LU, pivots, B)",
    );
    return linalg_lu_solve(LU_data, LU_pivots, self);
  },
);

interface UnpackInputs {
  LU_data: Tensor;
  LU_pivots: Tensor;
  unpack_data: boolean;
  unpack_pivots: boolean;
}

const unpackPrimitive = new Primitive<UnpackInputs>({
  name: "LuUnpackBackward0",
  nonDifferentiable: [0],
  forward: ({ LU_data, LU_pivots, unpack_data, unpack_pivots }) => {
    const none = () => Tensor.make([0], LU_data.dtype);
    return [
      unpack_pivots ? permutations(LU_pivots, LU_data.size(-2), LU_data.dtype) : none(),
      unpack_data ? lowerOf(LU_data).contiguous() : none(),
      unpack_data ? upperOf(LU_data).contiguous() : none(),
    ];
  },
  backward: {
    LU_data: ({ grads, LU_data_sizes }) => {
      const [, gL, gU] = grads;
      const [m, n] = LU_data_sizes.slice(-2);
      const padded = (t: Tensor) => t.new_zeros(LU_data_sizes).slice_scatter(t, -1, 0, t.size(-1));
      const tall = (t: Tensor) => t.new_zeros(LU_data_sizes).slice_scatter(t, -2, 0, t.size(-2));
      const lower = gL === null ? null : m < n ? padded(gL.tril(-1)) : gL.tril(-1);
      const upper = gU === null ? null : m > n ? tall(gU.triu()) : gU.triu();
      return lower === null ? upper : upper === null ? lower : lower.add(upper);
    },
    LU_pivots: null,
  },
});

/** Named arguments of `lu_unpack`. */
export interface LuUnpackOptions {
  /** L and U in one. */
  LU_data: Tensor;
  /** The pivots. */
  LU_pivots: Tensor;
  /** Whether L and U are wanted. */
  unpack_data?: boolean;
  /** Whether P is wanted. */
  unpack_pivots?: boolean;
  /** Take the results. */
  out?: readonly Tensor[];
}

/** Takes an LU decomposition apart. */
export type LuUnpack = Fn<
  LuUnpackOptions,
  [LU_data: Tensor, LU_pivots: Tensor, unpack_data?: boolean, unpack_pivots?: boolean],
  NamedTuple<"P" | "L" | "U">
>;

/** P, L and U out of what `linalg.lu_factor` gives. */
export const lu_unpack: LuUnpack = define<LuUnpack, UnpackInputs & { out: Tensor[] | null }>(
  "lu_unpack",
  "(Tensor LU_data, Tensor LU_pivots, bool unpack_data = True, bool unpack_pivots = True, *, tuple of Tensors out = None)",
  ({ out, ...inputs }) => {
    if (inputs.unpack_pivots && inputs.LU_pivots.dtype.name !== "int32") {
      throw new RuntimeError(
        "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this function is intended to be used with the output produced by torch.linalg.lu_factor",
      );
    }
    return several("lu_unpack", ["P", "L", "U"], unpackPrimitive.apply(inputs) as Tensor[], { ...inputs }, out);
  },
);
