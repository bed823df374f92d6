/**
 * Solutions of linear systems and inverses by way of the LU decomposition.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { int32 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { identity, luSolve, transposed } from "../kernels/linalg.ts";
import { broadcastSizes, contiguousStrides, elementCount, sameSizes, wrapDim } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { checkShapes } from "./decompose_triangular.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { copyElements } from "./elementwise.ts";
import { checkFloat, checkInfos, checkSquare, columnMajor, factor, originals, several, stackOf, stretched, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

/** Whether B is a stack of vectors, one for each matrix, and not of matrices. */
function isVectors(A: Tensor, B: Tensor): boolean {
  return B.sizes.length === 1 || (B.sizes.length === A.sizes.length - 1 && sameSizes(B.sizes, A.sizes.slice(0, -1)));
}

interface SolveInputs {
  A: Tensor;
  B: Tensor;
  left: boolean;
}

function checkSystem({ A, B, left }: SolveInputs): void {
  checkSquare("linalg.solve", A);
  checkFloat("linalg.solve", A);
  if (A.dtype !== B.dtype) {
    throw new RuntimeError(
      `linalg.solve: Expected A and B to have the same dtype, but found A of type ${A.dtype.scalar} and B of type ${B.dtype.scalar} instead`,
    );
  }
  checkShapes("linalg.solve", A, isVectors(A, B) ? B.unsqueeze(-1) : B, left);
}

/** The solutions, and for each matrix the number of its first zero pivot. */
function solutions(inputs: SolveInputs): [Tensor, Tensor] {
  checkSystem(inputs);
  const { A, left } = inputs;
  const vectors = isVectors(A, inputs.B), B = vectors ? inputs.B.unsqueeze(-1) : inputs.B;
  const stack = stackOf(A), n = stack.rows;
  const outer = broadcastSizes(B.sizes.slice(0, -2), stack.outer);
  const infos = Tensor.make(stack.outer, int32);
  const factors = Array.from({ length: stack.count }, (_, i) => factor(A, stack, i));
  factors.forEach(({ info }, i) => infos.store.data[i] = info);
  const right = stackOf(stretched(B, outer, 2)), { rows, columns } = right;
  const sizes = [...outer, rows, columns];
  const out = left && !vectors ? columnMajor(sizes, A.dtype) : Tensor.make(sizes, A.dtype);
  originals(stack.outer, outer).forEach((k, i) => {
    const { lu, pivots, ofTranspose } = factors[k], b = right.read(i);
    if (left) {
      luSolve(lu, n, pivots, b, columns, ofTranspose);
      writeMatrix(out, i, b);
    } else { // x a = b is a^T x^T = b^T
      const t = transposed(b, rows, columns);
      luSolve(lu, n, pivots, t, rows, !ofTranspose);
      writeMatrix(out, i, transposed(t, columns, rows));
    }
  });
  if (!vectors) return [out, infos];
  const flat = sizes.slice(0, -1);
  const solution = flat.length > 1 ? columnMajor(flat, A.dtype) : Tensor.make(flat, A.dtype);
  copyElements(solution, out.alias(flat, contiguousStrides(flat)));
  return [solution, infos];
}

const solvePrimitive = new Primitive<SolveInputs>({
  name: "LinalgSolveExBackward0",
  nonDifferentiable: [1],
  forward: solutions,
  backward: {
    A: ({ grad, A, left, result0 }) => {
      const gradB = quietSolve(mT(A), grad, left);
      if (isVectors(A, result0)) return gradB.unsqueeze(-1).matmul(result0.unsqueeze(-2)).neg();
      return (left ? gradB.matmul(mT(result0)) : mT(result0).matmul(gradB)).neg();
    },
    B: ({ grad, A, left }) => quietSolve(mT(A), grad, left),
  },
});

/** The solution in a formula: PyTorch notices a singular matrix there only where the formula itself is recorded. */
export function quietSolve(A: Tensor, B: Tensor, left = true): Tensor {
  return is_grad_enabled() ? linalg_solve(A, B, { left }) : (solvePrimitive.apply({ A, B, left }) as Tensor[])[0];
}

const SINGULAR = () => "The solver failed because the input matrix is singular.";

/** Named arguments of `linalg.solve`. */
export interface SolveOptions {
  /** The matrices. */
  A: Tensor;
  /** The right side: matrices, or vectors. */
  B: Tensor;
  /** Whether the equation is A X = B, not X A = B. */
  left?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** Solves linear systems. */
export type Solve = Fn<SolveOptions, [A: Tensor, B: Tensor]>;
/** Solves linear systems, and says which matrices are singular. */
export type SolveEx = Fn<
  Omit<SolveOptions, "out"> & { check_errors?: boolean; out?: readonly Tensor[] },
  [A: Tensor, B: Tensor],
  NamedTuple<"result" | "info">
>;

/** The solution X of A X = B, or of X A = B; throws where A is singular. dB = A^-T grad; dA = -dB X^T. */
export const linalg_solve: Solve = define<Solve, SolveInputs>(
  "linalg_solve",
  "(Tensor A, Tensor B, *, bool left = True, Tensor out = None)",
  ({ A, B, left }) => {
    const [result, info] = solvePrimitive.apply({ A, B, left }) as Tensor[];
    checkInfos("torch.linalg.solve", info, SINGULAR);
    return result;
  },
);

/** `solve` that says for each matrix whether it is singular. */
export const linalg_solve_ex: SolveEx = define<SolveEx, SolveInputs & { check_errors: boolean; out: Tensor[] | null }>(
  "linalg_solve_ex",
  "(Tensor A, Tensor B, *, bool left = True, bool check_errors = False, tuple of Tensors out = None)",
  ({ A, B, left, check_errors, out }) => {
    const results = solvePrimitive.apply({ A, B, left }) as Tensor[];
    if (check_errors) checkInfos("torch.linalg.solve_ex", results[1], SINGULAR);
    return several("linalg_solve_ex", ["result", "info"], results, { A, B }, out);
  },
);

// -- inverses --------------------------------------------------------------------------------------------------------

const inversePrimitive = new Primitive<{ A: Tensor }>({
  name: "LinalgInvExBackward0",
  nonDifferentiable: [1],
  forward: ({ A }) => {
    checkSquare("linalg.inv", A);
    checkFloat("linalg.inv", A);
    const stack = stackOf(A), n = stack.rows;
    const out = columnMajor(A.sizes, A.dtype), infos = Tensor.make(stack.outer, int32);
    for (let i = 0; i < stack.count; i++) {
      const { lu, pivots, info, ofTranspose } = factor(A, stack, i);
      const inverse = identity(lu, n);
      luSolve(lu, n, pivots, inverse, n, ofTranspose);
      infos.store.data[i] = info;
      writeMatrix(out, i, inverse);
    }
    return [out, infos];
  },
  backward: { A: ({ grad, result0 }) => mT(result0).matmul(grad.matmul(mT(result0))).neg() },
});

const ZERO_PIVOT = (i: number) => `The diagonal element ${i} is zero, the inversion could not be completed because the input matrix is singular.`;

/** The inverse; throws for a singular matrix, in the name of `op`. */
export function inverseOf(op: string, A: Tensor): Tensor {
  const [inverse, info] = inversePrimitive.apply({ A }) as Tensor[];
  checkInfos(op, info, ZERO_PIVOT);
  return inverse;
}

/** Named arguments of functions of matrices. */
export interface MatrixOptions {
  /** The matrices. */
  A: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/** A function of matrices. */
export type OfMatrix = Fn<MatrixOptions, [A: Tensor]>;

/** The inverse; throws for a singular matrix. Its gradient is -A^-T grad A^-T. */
export const linalg_inv: OfMatrix = define<OfMatrix, { A: Tensor }>("linalg_inv", "(Tensor A, *, Tensor out = None)", ({ A }) => inverseOf("linalg.inv", A));

/** An inverse, and the failures. */
export type InvEx = Fn<{ A: Tensor; check_errors?: boolean; out?: readonly Tensor[] }, [A: Tensor], NamedTuple<"inverse" | "info">>;

/** `inv` that says for each matrix whether it is singular. */
export const linalg_inv_ex: InvEx = define<InvEx, { A: Tensor; check_errors: boolean; out: Tensor[] | null }>(
  "linalg_inv_ex",
  "(Tensor A, *, bool check_errors = False, tuple of Tensors out = None)",
  ({ A, check_errors, out }) => {
    const results = inversePrimitive.apply({ A }) as Tensor[];
    if (check_errors) checkInfos("linalg.inv_ex", results[1], ZERO_PIVOT);
    return several("linalg_inv_ex", ["inverse", "info"], results, { A }, out);
  },
);

// -- tensors as matrices ---------------------------------------------------------------------------------------------

/** Named arguments of `linalg.tensorinv`. */
export interface TensorinvOptions {
  /** The tensor. */
  input: Tensor;
  /** How many of its dimensions count as rows. */
  ind?: number;
  /** Takes the result. */
  out?: Tensor;
}

/** Inverts a tensor. */
export type Tensorinv = Fn<TensorinvOptions, [input: Tensor, ind?: number]>;

/** The inverse of a tensor for `tensordot(..., ind)`: of the matrix that its first `ind` dimensions and the others make. */
export const linalg_tensorinv: Tensorinv = define<Tensorinv, { self: Tensor; ind: number }>(
  "linalg_tensorinv",
  "(Tensor input, int ind = 2, *, Tensor out = None)",
  ({ self, ind }) => {
    if (ind <= 0) throw new RuntimeError(`Expected a strictly positive integer for 'ind', but got ${ind}`);
    const rows = self.sizes.slice(0, ind), columns = self.sizes.slice(ind);
    const m = elementCount(rows), n = elementCount(columns);
    if (m !== n) throw new RuntimeError(`Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got ${n} != ${m}`);
    return inverseOf("inv", self.reshape([n, m])).reshape([...columns, ...rows]);
  },
);

/** Named arguments of `linalg.tensorsolve`. */
export interface TensorsolveOptions {
  /** The tensor that stands for the matrix. */
  input: Tensor;
  /** The right side. */
  other: Tensor;
  /** The dimensions of `input` that are moved to its end first. */
  dims?: readonly number[] | null;
  /** Takes the result. */
  out?: Tensor;
}

/** Solves a system of tensors. */
export type Tensorsolve = Fn<TensorsolveOptions, [input: Tensor, other: Tensor, dims?: readonly number[] | null]>;

/** The solution X of tensordot(input, X, X.ndim) = other. */
export const linalg_tensorsolve: Tensorsolve = define<Tensorsolve, { self: Tensor; other: Tensor; dims: number[] | null }>(
  "linalg_tensorsolve",
  "(Tensor input, Tensor other, tuple of ints dims = None, *, Tensor out = None)",
  ({ self, other, dims }) => {
    const rank = self.sizes.length;
    const moved = dims === null ? self : self.movedim(dims.map((d) => wrapDim(d, rank)), dims.map((_, i) => rank - dims.length + i));
    const rows = elementCount(moved.sizes.slice(0, other.sizes.length)), unknown = moved.sizes.slice(other.sizes.length);
    const columns = elementCount(unknown);
    if (rows !== columns) {
      throw new RuntimeError(
        `Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got ${columns} != ${rows}`,
      );
    }
    return linalg_solve(moved.reshape([columns, columns]), other.reshape([other.count])).reshape(unknown);
  },
);
