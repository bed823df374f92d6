/**
 * Determinants, solutions of linear systems and inverses, all by way of the LU decomposition.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { type DType, float32, int32, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { type Elements, identity, luFactor, luSolve, transposed } from "../kernels/linalg.ts";
import { broadcastSizes, contiguousStrides, elementCount, sameSizes, type Sizes, wrapDim } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { eye, tensor } from "./create.ts";
import { linalg_svd } from "./decompose_svd.ts";
import { checkShapes } from "./decompose_triangular.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { copyElements } from "./elementwise.ts";
import { cat } from "./join.ts";
import { checkFloat, checkInfos, checkSquare, columnMajor, originals, several, type Stack, stackOf, stretched, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

interface Factored {
  lu: Elements;
  pivots: Int32Array;
  info: number;
  /** Whether the factors are those of the transpose. */
  ofTranspose: boolean;
}

/** The factors of a square matrix, or of its transpose where that is what LAPACK sees in memory: PyTorch saves itself the copy. */
function factor(A: Tensor, stack: Stack, i: number): Factored {
  const n = stack.rows, ofTranspose = A.contiguousLayout;
  const lu = ofTranspose ? transposed(stack.read(i), n, n) : stack.read(i), pivots = new Int32Array(n);
  return { lu, pivots, info: luFactor(lu, n, n, pivots), ofTranspose };
}

// -- determinants ----------------------------------------------------------------------------------------------------

/** A determinant as the product of the signs and the sum of the logarithms of the pivots. */
function signAndLogarithm({ lu, pivots }: Factored, n: number): [number, number] {
  let sign = 1, log = 0;
  for (let i = 0; i < n; i++) {
    const pivot = lu[i * n + i];
    sign *= pivot > 0 ? 1 : pivot < 0 ? -1 : 0;
    if (pivots[i] !== i + 1) sign = -sign;
    log += Math.log(Math.abs(pivot));
  }
  return [sign, log];
}

function determinant({ lu, pivots }: Factored, n: number, dtype: DType): number {
  const product = dtype.allocate(1) as Elements; // rounds
  product[0] = 1;
  for (let i = 0; i < n; i++) product[0] *= pivots[i] === i + 1 ? lu[i * n + i] : -lu[i * n + i];
  return product[0];
}

const epsilon = (dtype: DType): number => dtype === float32 ? 2 ** -23 : 2 ** -52;

/** grad * det * A^-T of invertible matrices. */
function regularGradient(g: Tensor, A: Tensor, det: Tensor): Tensor {
  const n = A.sizes[A.sizes.length - 1];
  return quietSolve(mT(A), g.mul(det).unsqueeze(-1).expand([...det.sizes, n]).diag_embed());
}

/** grad times the cofactors of matrices of any rank: of U S V^T they are det(U) det(V) U C V^T, where C has the cofactors of S. */
function singularGradient(g: Tensor, A: Tensor): Tensor {
  const n = A.sizes[A.sizes.length - 1];
  const [U, S, Vh] = linalg_svd(A);
  const others = S.unsqueeze(-2).expand([...S.sizes, n]).masked_fill(eye(n).bool(), 1).prod(-1);
  const scale = g.mul(linalg_det(U)).mul(linalg_det(Vh));
  return U.mul(others.mul(scale.unsqueeze(-1)).unsqueeze(-2)).matmul(Vh);
}

/** The gradient of determinants, that of singular matrices and of others each by a formula of its own. */
function detGradient(g: Tensor, A: Tensor, det: Tensor): Tensor {
  const threshold = 100 * epsilon(A.dtype);
  const values = det.detach().reshape([-1]).tolist() as number[];
  const places = values.map((_, i) => i);
  const singular = places.filter((i) => Math.abs(values[i]) < threshold), regular = places.filter((i) => !(Math.abs(values[i]) < threshold));
  if (singular.length === 0) return regularGradient(g, A, det);
  if (regular.length === 0) return singularGradient(g, A);
  const n = A.sizes[A.sizes.length - 1];
  const pick = (t: Tensor, sizes: Sizes, at: number[]) => t.reshape([values.length, ...sizes]).index_select(0, tensor(at, { dtype: int64 }));
  const parts = [
    regularGradient(pick(g, [], regular), pick(A, [n, n], regular), pick(det, [], regular)),
    singularGradient(pick(g, [], singular), pick(A, [n, n], singular)),
  ];
  const order = [...regular, ...singular];
  return cat(parts).index_select(0, tensor(places.map((i) => order.indexOf(i)), { dtype: int64 })).reshape(A.sizes);
}

const detPrimitive = new Primitive<{ A: Tensor }>({
  name: "LinalgDetBackward0",
  forward: ({ A }) => {
    checkSquare("linalg.det", A);
    checkFloat("linalg.det", A);
    const stack = stackOf(A);
    const out = Tensor.make(stack.outer, A.dtype);
    for (let i = 0; i < stack.count; i++) out.store.data[i] = determinant(factor(A, stack, i), stack.rows, A.dtype);
    return out;
  },
  backward: { A: ({ grad, A, result }) => A.count === 0 ? null : detGradient(grad, A, result) },
});

/** Named arguments of functions of matrices. */
export interface MatrixOptions {
  /** The matrices. */
  A: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/** A function of matrices. */
export type OfMatrix = Fn<MatrixOptions, [A: Tensor]>;

/** The determinant. Its gradient is det(A) A^-T; where A is singular, it is made of the cofactors. */
export const linalg_det: OfMatrix = define<OfMatrix, { A: Tensor }>("linalg_det", "(Tensor A, *, Tensor out = None)", (inputs) => detPrimitive.apply(inputs));

const slogdetPrimitive = new Primitive<{ A: Tensor }>({
  name: "LinalgSlogdetBackward0",
  forward: ({ A }) => {
    checkSquare("linalg.slogdet", A);
    checkFloat("linalg.slogdet", A);
    const stack = stackOf(A);
    const sign = Tensor.make(stack.outer, A.dtype), log = Tensor.make(stack.outer, A.dtype);
    for (let i = 0; i < stack.count; i++) [sign.store.data[i], log.store.data[i]] = signAndLogarithm(factor(A, stack, i), stack.rows);
    return [sign, log];
  },
  backward: {
    A: ({ grads, A }) => {
      const g = grads[1];
      if (g === null) return null;
      const n = A.sizes[A.sizes.length - 1];
      return quietSolve(mT(A), g.unsqueeze(-1).expand([...g.sizes, n]).diag_embed());
    },
  },
});

/** The sign of determinants and the logarithm of their magnitudes, as an op named `op` gives them. */
export function slogdetOf(op: string, A: Tensor, out: readonly Tensor[] | null): NamedTuple<"sign" | "logabsdet"> {
  return several(op, ["sign", "logabsdet"], slogdetPrimitive.apply({ A }) as Tensor[], { A }, out);
}

/** A sign and a logarithm. */
export type Slogdet = Fn<{ A: Tensor; out?: readonly Tensor[] }, [A: Tensor], NamedTuple<"sign" | "logabsdet">>;

/** The sign of the determinant and the logarithm of its magnitude, whose gradient is A^-T. */
export const linalg_slogdet: Slogdet = define<Slogdet, { A: Tensor; out: Tensor[] | null }>(
  "linalg_slogdet",
  "(Tensor A, *, tuple of Tensors out = None)",
  ({ A, out }) => slogdetOf("linalg_slogdet", A, out),
);

// -- systems ---------------------------------------------------------------------------------------------------------

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
function quietSolve(A: Tensor, B: Tensor, left = true): Tensor {
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
