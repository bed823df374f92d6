/**
 * The LU decomposition, A = P L U.
 */
import { type DType, int32 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { luFactor, luSolve, permutationOf, transposed } from "../kernels/linalg.ts";
import { broadcastSizes, type Sizes } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { eye } from "./create.ts";
import { checkShapes, linalg_solve_triangular } from "./decompose_triangular.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { cat } from "./join.ts";
import { checkFloat, checkInfos, columnMajor, several, stackOf, stretched, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

function checkInput(op: string, A: Tensor, pivot: boolean): void {
  if (A.sizes.length < 2) throw new RuntimeError(`${op}: Expected tensor with 2 or more dimensions. Got size: [${A.sizes.join(", ")}] instead`);
  if (!A.dtype.is_floating_point) throw noKernel("lu_cpu", A.dtype);
  if (!pivot) throw new RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU");
}

/** The permutation matrices P[m, m] that pivots stand for, row-major. */
export function permutations(pivots: Tensor, m: number, dtype: DType): Tensor {
  const outer = pivots.sizes.slice(0, -1), k = pivots.sizes[pivots.sizes.length - 1];
  const out = Tensor.make([...outer, m, m], dtype);
  const { data } = out.store, all = pivots.contiguous(), from = all.store.data as Int32Array;
  for (let i = 0; i * m * m < data.length; i++) {
    const start = all.offset + i * k;
    permutationOf(from.subarray(start, start + k), m).forEach((row, column) => data[i * m * m + row * m + column] = 1);
  }
  return out;
}

/** L, [m, min(m, n)] with ones on its diagonal, out of the two factors in one. */
export function lowerOf(LU: Tensor): Tensor {
  const [m, n] = LU.sizes.slice(-2), k = Math.min(m, n);
  return LU.narrow(-1, 0, k).tril(-1).add(eye(m, k, { dtype: LU.dtype }));
}

/** U, [min(m, n), n], out of the two factors in one. */
export function upperOf(LU: Tensor): Tensor {
  return LU.narrow(-2, 0, Math.min(...LU.sizes.slice(-2))).triu();
}

/**
 * The gradient of A from those of L and U. For a square A it is P L^-T [tril(L^T gL, -1) + triu(gU U^T)] U^-T. Of a wide one the first
 * columns, and of a tall one the first rows, are decomposed so, and the others depend on them.
 */
function gradientOf(gL: Tensor | null, gU: Tensor | null, P: Tensor, L: Tensor, U: Tensor): Tensor | null {
  if (gL === null && gU === null) return null;
  const m = L.sizes[L.sizes.length - 2], n = U.sizes[U.sizes.length - 1], k = Math.min(m, n);
  const left = gL === null ? L.detach().zeros_like() : gL.tril(-1), upper = gU === null ? U.detach().zeros_like() : gU.triu();
  const throughL = (t: Tensor) => linalg_solve_triangular(mT(L.narrow(-2, 0, k)), t, { upper: true, unitriangular: true });
  const throughU = (t: Tensor) => linalg_solve_triangular(mT(U.narrow(-1, 0, k)), t, { upper: false, left: false });
  const ofL = mT(L).matmul(left), ofU = upper.matmul(mT(U));
  if (m === n) return P.matmul(throughL(throughU(ofL.tril(-1).add(ofU.triu()))));
  if (m < n) {
    const square = throughU(ofL.sub(ofU).tril(-1)).add(upper.narrow(-1, 0, k));
    return P.matmul(throughL(cat([square, upper.narrow(-1, k, n - k)], -1)));
  }
  const square = throughL(ofU.sub(ofL).triu()).add(left.narrow(-2, 0, k));
  return P.matmul(throughU(cat([square, left.narrow(-2, k, m - k)], -2)));
}

interface FactorInputs {
  A: Tensor;
  pivot: boolean;
}

/** The factors in one matrix, the pivots, and for each matrix the number of the first zero on the diagonal of U. */
const factorPrimitive = new Primitive<FactorInputs>({
  name: "LinalgLuFactorExBackward0",
  nonDifferentiable: [1, 2],
  forward: ({ A, pivot }) => {
    checkInput("torch.lu_factor", A, pivot);
    const { outer, count, rows, columns, read } = stackOf(A);
    const LU = columnMajor(A.sizes, A.dtype), pivots = Tensor.make([...outer, Math.min(rows, columns)], int32), infos = Tensor.make(outer, int32);
    const k = Math.min(rows, columns), memory = pivots.store.data as Int32Array;
    for (let i = 0; i < count; i++) {
      const a = read(i);
      infos.store.data[i] = luFactor(a, rows, columns, memory.subarray(i * k, (i + 1) * k));
      writeMatrix(LU, i, a);
    }
    return [LU, pivots, infos];
  },
  backward: {
    A: ({ grad, result0, result1 }) => {
      const [m, n] = result0.sizes.slice(-2), k = Math.min(m, n);
      const P = permutations(result1, m, result0.dtype);
      return gradientOf(grad.narrow(-1, 0, k), grad.narrow(-2, 0, k), P, lowerOf(result0), upperOf(result0));
    },
  },
});

const SINGULAR = (i: number) =>
  `U[${i},${i}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the factorization, ` +
  "consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)";

/** Named arguments of LU decompositions. */
export interface LuOptions {
  /** The matrices. */
  A: Tensor;
  /** Always true: rows are exchanged. */
  pivot?: boolean;
  /** Take the results. */
  out?: readonly Tensor[];
}

/** The two factors in one, and the pivots. */
export type LuFactor = Fn<LuOptions, [A: Tensor], NamedTuple<"LU" | "pivots">>;
/** The two factors in one, the pivots, and the failures. */
export type LuFactorEx = Fn<LuOptions & { check_errors?: boolean }, [A: Tensor], NamedTuple<"LU" | "pivots" | "info">>;

type WithOut<P> = P & { out: Tensor[] | null };

/** L and U in one matrix, and the rows that were exchanged; throws for a singular matrix. See `gradientOf` for the derivative. */
export const linalg_lu_factor: LuFactor = define<LuFactor, WithOut<FactorInputs>>(
  "linalg_lu_factor",
  "(Tensor A, *, bool pivot = True, tuple of Tensors out = None)",
  ({ A, pivot, out }) => {
    const [LU, pivots, info] = factorPrimitive.apply({ A, pivot }) as Tensor[];
    checkInfos("torch.linalg.lu_factor", info, SINGULAR, RuntimeError);
    return several("linalg_lu_factor", ["LU", "pivots"], [LU, pivots], { A }, out);
  },
);

/** `lu_factor` that says for each matrix whether it is singular. */
export const linalg_lu_factor_ex: LuFactorEx = define<LuFactorEx, WithOut<FactorInputs & { check_errors: boolean }>>(
  "linalg_lu_factor_ex",
  "(Tensor A, *, bool pivot = True, bool check_errors = False, tuple of Tensors out = None)",
  ({ A, pivot, check_errors, out }) => {
    const results = factorPrimitive.apply({ A, pivot }) as Tensor[];
    if (check_errors) checkInfos("torch.linalg.lu_factor_ex", results[2], SINGULAR, RuntimeError);
    return several("linalg_lu_factor_ex", ["LU", "pivots", "info"], results, { A }, out);
  },
);

const luPrimitive = new Primitive<FactorInputs>({
  name: "LinalgLuBackward0",
  nonDifferentiable: [0],
  forward: ({ A, pivot }) => {
    checkInput("linalg.lu", A, pivot);
    const [LU, pivots] = factorPrimitive.apply({ A, pivot }) as Tensor[];
    return [permutations(pivots, A.sizes[A.sizes.length - 2], A.dtype), lowerOf(LU).contiguous(), upperOf(LU).contiguous()];
  },
  backward: { A: ({ grads, result0, result1, result2 }) => gradientOf(grads[1], grads[2], result0, result1, result2) },
});

/** A matrix and its factors. */
export type Lu = Fn<LuOptions, [A: Tensor], NamedTuple<"P" | "L" | "U">>;

/** The permutation P, the lower L with ones on its diagonal, and the upper U of A = P L U. */
export const linalg_lu: Lu = define<Lu, WithOut<FactorInputs>>(
  "linalg_lu",
  "(Tensor A, *, bool pivot = True, tuple of Tensors out = None)",
  ({ A, pivot, out }) => several("linalg_lu", ["P", "L", "U"], luPrimitive.apply({ A, pivot }) as Tensor[], { A }, out),
);

interface SolveInputs {
  LU: Tensor;
  pivots: Tensor;
  B: Tensor;
  left: boolean;
  adjoint: boolean;
}

/** Solves the systems whose factors are given. */
function solved({ LU, pivots, B, left, adjoint }: SolveInputs): Tensor {
  const [rows, columns] = B.sizes.slice(-2), n = LU.sizes[LU.sizes.length - 1];
  const outer: Sizes = broadcastSizes(B.sizes.slice(0, -2), LU.sizes.slice(0, -2));
  const factors = stackOf(stretched(LU, outer, 2)), right = stackOf(stretched(B, outer, 2));
  const rowsOf = stretched(pivots, outer, 1).contiguous(), exchanged = rowsOf.store.data as Int32Array;
  const out = left ? columnMajor([...outer, rows, columns], B.dtype) : Tensor.make([...outer, rows, columns], B.dtype);
  for (let i = 0; i < right.count; i++) {
    const lu = factors.read(i), b = right.read(i), start = rowsOf.offset + i * n;
    const order = exchanged.subarray(start, start + n);
    if (left) {
      luSolve(lu, n, order, b, columns, adjoint);
      writeMatrix(out, i, b);
    } else { // x a = b is a^T x^T = b^T
      const t = transposed(b, rows, columns);
      luSolve(lu, n, order, t, rows, !adjoint);
      writeMatrix(out, i, transposed(t, columns, rows));
    }
  }
  return out;
}

/** The gradient of the factors: through the two triangular systems that are solved one after the other. */
function gradientOfFactors(g: Tensor, { LU, pivots, left, adjoint }: SolveInputs, X: Tensor): Tensor {
  if (!left) return gradientOfFactors(mT(g), { LU, pivots, left: true, adjoint: !adjoint, B: X }, mT(X));
  const L = lowerOf(LU), U = upperOf(LU);
  const lower = { upper: false, unitriangular: true };
  if (!adjoint) { // U x = y and L y = P^T b
    const gY = linalg_solve_triangular(mT(U), g, { upper: false });
    const gZ = linalg_solve_triangular(mT(L), gY, { upper: true, unitriangular: true });
    return gY.matmul(mT(X)).triu().add(gZ.matmul(mT(U.matmul(X))).tril(-1)).neg();
  }
  // U^T w = b, L^T v = w and x = P v
  const PT = mT(permutations(pivots, LU.sizes[LU.sizes.length - 1], LU.dtype));
  const V = PT.matmul(X);
  const gW = linalg_solve_triangular(L, PT.matmul(g), lower);
  const gB = linalg_solve_triangular(U, gW, { upper: true });
  return mT(L).matmul(V).matmul(mT(gB)).triu().add(V.matmul(mT(gW)).tril(-1)).neg();
}

const solvePrimitive: Primitive<SolveInputs> = new Primitive<SolveInputs>({
  name: "LinalgLuSolveBackward0",
  forward: (inputs) => {
    const { LU, pivots, B, left } = inputs;
    checkFloat("torch.linalg.lu_solve", LU);
    if (B.dtype !== LU.dtype) {
      throw new RuntimeError(
        `linalg.lu_solve: Expected LU and B to have the same dtype, but found LU of type ${LU.dtype.scalar} and B of type ${B.dtype.scalar} instead`,
      );
    }
    if (pivots.dtype !== int32) throw new RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32");
    checkShapes("linalg.lu_solve", LU, B, left);
    return solved(inputs);
  },
  backward: {
    LU: ({ grad, LU, pivots, left, adjoint, result }) => gradientOfFactors(grad, { LU, pivots, B: result, left, adjoint }, result),
    pivots: null,
    B: ({ grad, LU, pivots, left, adjoint }) => solvePrimitive.apply({ LU, pivots, B: grad, left, adjoint: !adjoint }) as Tensor,
  },
});

/** Named arguments of `linalg.lu_solve`. */
export interface LuSolveOptions {
  /** L and U in one. */
  LU: Tensor;
  /** The pivots. */
  pivots: Tensor;
  /** The right side. */
  B: Tensor;
  /** Whether the equation is A X = B, not X A = B. */
  left?: boolean;
  /** Whether A is transposed. */
  adjoint?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** Solves systems whose LU decomposition is known. */
export type LuSolve = Fn<LuSolveOptions, [LU: Tensor, pivots: Tensor, B: Tensor]>;

/** The solution of A X = B, or of X A = B, where A is given by `lu_factor`. */
export const linalg_lu_solve: LuSolve = define<LuSolve, SolveInputs>(
  "linalg_lu_solve",
  "(Tensor LU, Tensor pivots, Tensor B, *, bool left = True, bool adjoint = False, Tensor out = None)",
  (inputs) => solvePrimitive.apply(inputs),
);
