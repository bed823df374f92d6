/**
 * The Cholesky decomposition of symmetric positive-definite matrices, A = L L^T, and what it solves.
 */
import { int32 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { choleskyFactor, type Elements, identity, solveTriangle, transposed } from "../kernels/linalg.ts";
import { broadcastSizes } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { checkSystem, linalg_solve_triangular } from "./decompose_triangular.ts";
import { define, type Fn, type Op, Primitive } from "./define.ts";
import { checkFloat, checkInfos, checkSquare, columnMajor, several, stackOf, stretched, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

/** The factors, and for each matrix the order of its first leading minor that is not positive. One triangle is read. */
function factors(A: Tensor, upper: boolean): [Tensor, Tensor] {
  const stack = stackOf(upper ? mT(A) : A), n = stack.rows;
  const out = columnMajor(A.sizes, A.dtype), infos = Tensor.make(stack.outer, int32);
  for (let i = 0; i < stack.count; i++) {
    const a = stack.read(i);
    infos.store.data[i] = choleskyFactor(a, n);
    writeMatrix(out, i, upper ? transposed(a, n, n) : a);
  }
  return [out, infos];
}

/** The gradient of A: L^-T [the lower triangle of L^T gL, symmetric] L^-1, halved. */
function gradientOf(grad: Tensor, factor: Tensor, upper: boolean): Tensor {
  const L = upper ? mT(factor) : factor, gL = upper ? mT(grad) : grad;
  const lower = mT(L).matmul(gL).tril();
  const symmetric = lower.add(mT(lower.tril(-1))).mul(0.5);
  return linalg_solve_triangular(L, linalg_solve_triangular(mT(L), symmetric, { upper: true }), { upper: false, left: false });
}

const NOT_POSITIVE = (order: number) =>
  `The factorization could not be completed because the input is not positive-definite (the leading minor of order ${order} is not positive-definite).`;

const choleskyEx = new Primitive<{ self: Tensor; upper: boolean }>({
  name: "LinalgCholeskyExBackward0",
  nonDifferentiable: [1],
  forward: ({ self, upper }) => {
    checkSquare("linalg.cholesky", self);
    checkFloat("linalg.cholesky", self);
    return factors(self, upper);
  },
  backward: { self: ({ grad, upper, result0 }) => gradientOf(grad, result0, upper) },
});

/** Named arguments of Cholesky decompositions. */
export interface CholeskyOptions {
  /** The matrices. */
  input: Tensor;
  /** Whether the result is the upper factor L^T. */
  upper?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** A Cholesky factor. */
export type LinalgCholesky = Fn<CholeskyOptions, [input: Tensor]>;
/** A Cholesky factor, and the failures. */
export type LinalgCholeskyEx = Fn<
  Omit<CholeskyOptions, "out"> & { check_errors?: boolean; out?: readonly Tensor[] },
  [input: Tensor],
  NamedTuple<"L" | "info">
>;

/** The lower triangular L with L L^T = A; throws where A is not positive-definite. See `gradientOf` for the derivative. */
export const linalg_cholesky: LinalgCholesky = define<LinalgCholesky, { self: Tensor; upper: boolean }>(
  "linalg_cholesky",
  "(Tensor input, *, bool upper = False, Tensor out = None)",
  ({ self, upper }) => {
    const [L, info] = choleskyEx.apply({ self, upper }) as Tensor[];
    checkInfos("linalg.cholesky", info, NOT_POSITIVE);
    return L;
  },
);

/** `cholesky` that says for each matrix whether it is positive-definite. */
export const linalg_cholesky_ex: LinalgCholeskyEx = define<LinalgCholeskyEx, { self: Tensor; upper: boolean; check_errors: boolean; out: Tensor[] | null }>(
  "linalg_cholesky_ex",
  "(Tensor input, *, bool upper = False, bool check_errors = False, tuple of Tensors out = None)",
  ({ self, upper, check_errors, out }) => {
    const results = choleskyEx.apply({ self, upper }) as Tensor[];
    if (check_errors) checkInfos("linalg.cholesky_ex", results[1], NOT_POSITIVE);
    return several("linalg_cholesky_ex", ["L", "info"], results, { self }, out);
  },
);

/** An op on a Cholesky factor, which is upper or lower triangular. */
export type UpperOp = Op<{ upper?: boolean; out?: Tensor }, [upper?: boolean]>;

/** The lower triangular L with L L^T = A. Superseded by `linalg.cholesky`. */
export const cholesky: UpperOp = define<UpperOp, { self: Tensor; upper: boolean }>("cholesky", "(Tensor input, bool upper = False, *, Tensor out = None)", {
  forward: ({ self, upper }) => {
    warnOnce(
      "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future PyTorch release.\nL = torch.cholesky(A)\nshould be replaced with\n" +
        "L = torch.linalg.cholesky(A)\nand\nU = torch.cholesky(A, upper=True)\nshould be replaced with\nU = torch.linalg.cholesky(A).mH\n" +
        "This transform will produce equivalent results for all valid (symmetric positive definite) inputs.",
    );
    checkSquare("cholesky", self);
    if (!self.dtype.is_floating_point) throw noKernel("cholesky_cpu", self.dtype);
    const [L, info] = factors(self, upper);
    checkInfos("cholesky", info, NOT_POSITIVE);
    return L;
  },
  backward: { self: ({ grad, upper, result }) => gradientOf(grad, result, upper) },
});

/** Replaces b[n, columns] by the solution of L L^T x = b. */
function solveBoth<T extends Elements>(L: T, n: number, b: T, columns: number): void {
  solveTriangle(L, n, b, columns, { upper: false, unit: false, transpose: false });
  solveTriangle(L, n, b, columns, { upper: false, unit: false, transpose: true });
}

/** The inverse of L L^T, L being the triangle that is read. Its gradient is -L^T (inverse (grad + grad^T) inverse), or with L on the other side for an upper factor. */
export const cholesky_inverse: UpperOp = define<UpperOp, { self: Tensor; upper: boolean }>(
  "cholesky_inverse",
  "(Tensor input, bool upper = False, *, Tensor out = None)",
  {
    forward: ({ self, upper }) => {
      checkSquare("cholesky_inverse", self);
      if (!self.dtype.is_floating_point) throw noKernel("cholesky_inverse_out_cpu", self.dtype);
      const stack = stackOf(upper ? mT(self) : self), n = stack.rows;
      const out = columnMajor(self.sizes, self.dtype), infos = Tensor.make(stack.outer, int32);
      for (let i = 0; i < stack.count; i++) {
        const L = stack.read(i), inverse = identity(L, n);
        infos.store.data[i] = inverse.findIndex((_, k) => k < n && L[k * n + k] === 0) + 1;
        solveBoth(L, n, inverse, n);
        writeMatrix(out, i, inverse);
      }
      checkInfos(
        "cholesky_inverse",
        infos,
        (k) => `The diagonal element ${k} is zero, the inversion could not be completed because the input matrix is singular.`,
      );
      return out;
    },
    backward: {
      self: ({ grad, self, upper, result }) => {
        const middle = result.matmul(grad.add(mT(grad)).matmul(result));
        return (upper ? self.matmul(middle) : middle.matmul(self)).neg();
      },
    },
  },
);

/** Named arguments of `cholesky_solve`. */
export interface CholeskySolveOptions {
  /** The factor. */
  input2: Tensor;
  /** Whether it is the upper one. */
  upper?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** `cholesky_solve`: solves a system whose matrix is known by its Cholesky factor. */
export type CholeskySolve = Op<CholeskySolveOptions, [input2: Tensor, upper?: boolean]>;

/** The solution x of A x = self, where A = L L^T is given by L. d/dself = A^-1 grad; d/dL = -(A^-1 grad x^T + its transpose) L. */
export const cholesky_solve: CholeskySolve = define<CholeskySolve, { self: Tensor; input2: Tensor; upper: boolean }>(
  "cholesky_solve",
  "(Tensor input, Tensor input2, bool upper = False, *, Tensor out = None)",
  {
    forward: ({ self, input2, upper }) => {
      for (const [name, t] of [["b", self], ["u", input2]] as const) {
        if (t.sizes.length < 2) throw new RuntimeError(`${name} should have at least 2 dimensions, but has ${t.sizes.length} dimensions instead`);
      }
      checkSystem("cholesky_solve", self, input2);
      if (!self.dtype.is_floating_point) throw noKernel("cholesky_solve_cpu", self.dtype);
      const outer = broadcastSizes(self.sizes.slice(0, -2), input2.sizes.slice(0, -2));
      const right = stackOf(stretched(self, outer, 2)), left = stackOf(stretched(upper ? mT(input2) : input2, outer, 2));
      const out = columnMajor([...outer, right.rows, right.columns], self.dtype);
      for (let i = 0; i < right.count; i++) {
        const b = right.read(i);
        solveBoth(left.read(i), left.rows, b, right.columns);
        writeMatrix(out, i, b);
      }
      return out;
    },
    backward: {
      self: ({ grad, input2, upper }) => grad.cholesky_solve(input2, upper),
      input2: ({ grad, input2, upper, result }) => {
        const half = grad.cholesky_solve(input2, upper).matmul(mT(result));
        const middle = half.add(mT(half));
        return (upper ? input2.matmul(middle) : middle.matmul(input2)).neg();
      },
    },
  },
);
