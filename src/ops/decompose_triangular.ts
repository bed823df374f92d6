/**
 * Systems with a triangular matrix.
 */
import { noKernel, RuntimeError } from "../errors.ts";
import { solveTriangle, transposed, type Triangle } from "../kernels/linalg.ts";
import { broadcastSizes } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import type { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { type Args, define, type Fn, type IsMethod, Primitive } from "./define.ts";
import { asType } from "./elementwise.ts";
import { checkMatrix, checkSquare, columnMajor, several, stackOf, stretched, writeMatrix } from "./matrices.ts";

/** Solves a stack of triangular systems, or the systems of the transposes where the matrix stands on the right. */
function solved(A: Tensor, B: Tensor, triangle: Triangle, left: boolean): Tensor {
  const outer = broadcastSizes(B.sizes.slice(0, -2), A.sizes.slice(0, -2));
  const [rows, columns] = B.sizes.slice(-2), n = A.sizes[A.sizes.length - 1];
  const matrices = stackOf(stretched(A, outer, 2)), right = stackOf(stretched(B, outer, 2));
  const out = columnMajor([...outer, rows, columns], A.dtype);
  for (let i = 0; i < right.count; i++) {
    const a = matrices.read(i), b = right.read(i);
    if (left) {
      solveTriangle(a, n, b, columns, triangle);
      writeMatrix(out, i, b);
    } else { // x a = b is a^T x^T = b^T
      const t = transposed(b, rows, columns);
      solveTriangle(a, n, t, rows, { ...triangle, transpose: !triangle.transpose });
      writeMatrix(out, i, transposed(t, columns, rows));
    }
  }
  return out;
}

/** Throws where A and B do not fit in A X = B, or in X A = B. */
export function checkShapes(op: string, A: Tensor, B: Tensor, left: boolean): void {
  checkSquare(op, A);
  checkMatrix(op, B, "B");
  const n = A.sizes[A.sizes.length - 1], [rows, columns] = B.sizes.slice(-2);
  if ((left ? rows : columns) === n) return;
  throw new RuntimeError(`${op}: Incompatible shapes of A and B for the equation ${left ? "AX" : "XA"} = B (${n}x${n} and ${rows}x${columns})`);
}

interface SolveInputs {
  self: Tensor;
  B: Tensor;
  upper: boolean;
  left: boolean;
  unitriangular: boolean;
}

const solvePrimitive = new Primitive<SolveInputs>({
  name: "LinalgSolveTriangularBackward0",
  forward: ({ self, B, upper, left, unitriangular }) => {
    checkShapes("linalg.solve_triangular", self, B, left);
    if (!self.dtype.is_floating_point) throw noKernel("triangular_solve_cpu", self.dtype);
    return solved(self, asType(B, self.dtype), { upper, unit: unitriangular, transpose: false }, left);
  },
  backward: {
    self: ({ grad, self, upper, left, unitriangular, result }) => {
      const gradB = linalg_solve_triangular(self.transpose(-2, -1), grad, { upper: !upper, left, unitriangular });
      const full = (left ? gradB.matmul(result.transpose(-2, -1)) : result.transpose(-2, -1).matmul(gradB)).neg();
      const from = unitriangular ? 1 : 0;
      return upper ? full.triu(from) : full.tril(-from);
    },
    B: ({ grad, self, upper, left, unitriangular }) => linalg_solve_triangular(self.transpose(-2, -1), grad, { upper: !upper, left, unitriangular }),
  },
});

/** Named arguments of `linalg.solve_triangular`. */
export interface SolveTriangularOptions {
  /** The matrix, of which one triangle is read. */
  input: Tensor;
  /** The right side. */
  B: Tensor;
  /** Whether the upper triangle is read. */
  upper: boolean;
  /** Whether the equation is A X = B, not X A = B. */
  left?: boolean;
  /** Whether the diagonal counts as ones. */
  unitriangular?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** Solves systems with triangular matrices. */
export type SolveTriangular = Fn<SolveTriangularOptions, [input: Tensor, B: Tensor]>;

/** The solution X of A X = B for a triangular A, or of X A = B. dB = A^-T grad; dA = -dB X^T, its triangle. */
export const linalg_solve_triangular: SolveTriangular = define<SolveTriangular, SolveInputs>(
  "linalg_solve_triangular",
  "(Tensor input, Tensor B, *, bool upper, bool left = True, bool unitriangular = False, Tensor out = None)",
  (inputs) => solvePrimitive.apply(inputs),
);

interface LegacyInputs {
  self: Tensor;
  A: Tensor;
  upper: boolean;
  transpose: boolean;
  unitriangular: boolean;
}

function checkLegacy(self: Tensor, A: Tensor): void {
  for (const [name, t] of [["b", self], ["A", A]] as const) {
    if (t.sizes.length < 2) {
      throw new RuntimeError(`torch.triangular_solve: Expected ${name} to have at least 2 dimensions, but it has ${t.sizes.length} dimensions instead`);
    }
  }
  checkSystem("triangular_solve", self, A);
}

/** Throws where b and A differ in dtype or do not fit in A x = b, in the words of PyTorch's older solvers. */
export function checkSystem(op: string, b: Tensor, A: Tensor): void {
  if (b.dtype !== A.dtype) {
    throw new RuntimeError(`Expected b and A to have the same dtype, but found b of type ${b.dtype.scalar} and A of type ${A.dtype.scalar} instead.`);
  }
  const [m, n] = A.sizes.slice(-2), [rows, columns] = b.sizes.slice(-2);
  if (m !== n) throw new RuntimeError(`A must be batches of square matrices, but they are ${m} by ${n} matrices`);
  if (n !== rows) throw new RuntimeError(`Incompatible matrix sizes for ${op}: each A matrix is ${n} by ${n} but each b matrix is ${rows} by ${columns}`);
}

const solvedAgain = (self: Tensor, A: Tensor, upper: boolean, transpose: boolean, unitriangular: boolean): Tensor =>
  (legacyPrimitive.apply({ self, A, upper, transpose, unitriangular }) as Tensor[])[0];

const legacyPrimitive: Primitive<LegacyInputs> = new Primitive<LegacyInputs>({
  name: "TriangularSolveBackward0",
  forward: ({ self, A, upper, transpose, unitriangular }) => {
    checkLegacy(self, A);
    if (!A.dtype.is_floating_point) throw noKernel("triangular_solve_cpu", A.dtype);
    const solution = solved(A, self, { upper, unit: unitriangular, transpose }, true);
    const matrices = stackOf(stretched(A, solution.sizes.slice(0, -2), 2));
    const copy = columnMajor([...matrices.outer, matrices.rows, matrices.columns], A.dtype);
    for (let i = 0; i < matrices.count; i++) writeMatrix(copy, i, matrices.read(i));
    return [solution, copy];
  },
  backward: {
    self: ({ grads, A, upper, transpose, unitriangular }) => grads[0] === null ? null : solvedAgain(grads[0], A, upper, !transpose, unitriangular),
    A: ({ grads, A, upper, transpose, unitriangular, result0 }) => {
      const [g, ofCopy] = grads;
      if (g === null) return ofCopy;
      const gradB = solvedAgain(g, A, upper, !transpose, unitriangular);
      const full = (transpose ? result0.matmul(gradB.transpose(-2, -1)) : gradB.matmul(result0.transpose(-2, -1))).neg();
      const from = unitriangular ? 1 : 0;
      const gradient = upper ? full.triu(from) : full.tril(-from);
      return ofCopy === null ? gradient : gradient.add(ofCopy);
    },
  },
});

/** Named arguments of `triangular_solve`. */
export interface TriangularSolveOptions {
  /** The matrix. */
  A: Tensor;
  /** Whether the upper triangle is read. */
  upper?: boolean;
  /** Whether the matrix is transposed. */
  transpose?: boolean;
  /** Whether the diagonal counts as ones. */
  unitriangular?: boolean;
  /** Take the results. */
  out?: readonly Tensor[];
}

/** A solution, and the coefficients that were used. */
export type Solution = NamedTuple<"solution" | "cloned_coefficient">;
/** Positional arguments of `triangular_solve`. */
export type LegacyArgs = Args<TriangularSolveOptions, [A: Tensor, upper?: boolean, transpose?: boolean, unitriangular?: boolean]>;

/** Solves systems with triangular matrices. */
export interface TriangularSolve extends IsMethod {
  /** The right side, the matrix, and options. */
  (self: Tensor, ...args: LegacyArgs): Solution;
}

/** The solution x of A x = self for a triangular A, and a copy of A. Superseded by `linalg.solve_triangular`. */
export const triangular_solve: TriangularSolve = define<TriangularSolve, LegacyInputs & { out: Tensor[] | null }>(
  "triangular_solve",
  "(Tensor input, Tensor A, bool upper = True, bool transpose = False, bool unitriangular = False, *, tuple of Tensors out = None)",
  ({ out, ...inputs }) => {
    warnOnce(
      "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future PyTorch release.\n" +
        "torch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of the inputs.\n" +
        "X = torch.triangular_solve(B, A).solution\nshould be replaced with\nX = torch.linalg.solve_triangular(A, B).",
    );
    return several("triangular_solve", ["solution", "cloned_coefficient"], legacyPrimitive.apply(inputs) as Tensor[], { ...inputs }, out);
  },
);
