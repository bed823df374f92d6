/**
 * Least squares.
 */
import { int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { svd as svdOf } from "../kernels/linalg_svd.ts";
import { broadcastSizes, sameSizes } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { linalg_pinv, pinvGradient } from "./decompose_pinv.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { arithmeticOf, columnMajor, epsilon, originals, several, stackOf, stretched } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

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
      return pinvGradient(gx.matmul(mT(y)), P, self);
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
