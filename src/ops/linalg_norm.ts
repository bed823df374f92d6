/**
 * Norms of vectors and matrices: the functions of `torch.linalg`, on which `torch.norm` stands.
 */
import type { MaybeTensor } from "../autograd/node.ts";
import type { DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Reducer } from "../kernels/reduce.ts";
import { wrapDim } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asType } from "./elementwise.ts";
import { type Dims, fold, fromAccumulators, reducedDims, reducedSizes, unsqueezeReduced, wrongOutType } from "./reduction.ts";

const sum = (a: number, b: number) => a + b;
const nonzeros = new Reducer({ start: 0, step: (a, x) => x !== 0 ? a + 1 : a, join: sum });
const absolutes = new Reducer({ start: 0, step: (a, x) => a + Math.abs(x), join: sum });
const squares = new Reducer({ start: 0, step: (a, x) => a + x * x, join: sum });
const powers = new Reducer({ start: 0, step: (a, x, p) => a + Math.abs(x) ** p, join: sum });
const greatest = new Reducer({ start: 0, step: (a, x) => Math.max(a, Math.abs(x)), join: Math.max });
const least = new Reducer({ start: Infinity, step: (a, x) => Math.min(a, Math.abs(x)), join: Math.min });

function reducerOf(ord: number): Reducer {
  switch (ord) {
    case 0:
      return nonzeros;
    case 1:
      return absolutes;
    case 2:
      return squares;
    case Infinity:
      return greatest;
    case -Infinity:
      return least;
    default:
      return powers;
  }
}

/** Throws where the elements, or what they are converted to, are not floating-point numbers of enough precision. */
function checkTypes(op: string, self: Tensor, dtype: DType | null): void {
  if (!self.dtype.is_floating_point) throw new RuntimeError(`${op}: Expected a floating point or complex tensor as input. Got ${self.dtype.scalar}`);
  if (dtype === null) return;
  if (!dtype.is_floating_point) throw new RuntimeError(`${op}: dtype should be floating point or complex, but got ${dtype.scalar}`);
  if (dtype.itemsize < self.dtype.itemsize) {
    throw new RuntimeError(
      `${op}: the dtype of the input (${self.dtype.scalar}) should be convertible without narrowing to the specified dtype (${dtype.scalar})`,
    );
  }
}

type NormInputs = { self: Tensor; ord: number; dim: number[] | null; keepdim: boolean; dtype: DType | null };

/** Norms of negative order and the maximum have no value for no elements. */
function checkIdentity({ self, ord, dim }: NormInputs): void {
  if (self.count > 0 || (ord >= 0 && ord !== Infinity)) return;
  const shown = ord === Infinity ? "inf" : ord === -Infinity ? "-inf" : ord;
  const end = "and the operation does not have an identity";
  if (dim === null || dim.length === 0) {
    throw new RuntimeError(`linalg.vector_norm cannot compute the ${shown} norm on an empty tensor because the operation does not have an identity`);
  }
  for (const d of reducedDims(dim, self.sizes.length)) {
    // PyTorch's text has no space here
    if (self.sizes[d] === 0) {
      throw new RuntimeError(`linalg.vector_norm cannot compute the ${shown} norm on the dimension ${d}because this dimension is empty ${end}`);
    }
  }
}

function vectorNorm(inputs: NormInputs): Tensor {
  const { self, ord, dim, keepdim, dtype } = inputs;
  checkIdentity(inputs);
  const dims = reducedDims(dim ?? [], self.sizes.length);
  const source = asType(self, dtype ?? self.dtype);
  const values = fold(reducerOf(ord), source, dims, ord) as Float64Array<ArrayBuffer>;
  if (ord === 2) { for (let i = 0; i < values.length; i++) values[i] = Math.sqrt(values[i]); }
  else if (ord !== 0 && ord !== 1 && Number.isFinite(ord)) { for (let i = 0; i < values.length; i++) values[i] = values[i] ** (1 / ord); }
  return fromAccumulators(values, reducedSizes(self.sizes, dims, keepdim), source.dtype);
}

/**
 * The gradient of a norm of order `ord`: sign(x) |x|^(ord-1) / norm^(ord-1); for infinite orders divided evenly among the elements
 * that attain the norm. Where the norm is zero, so is the gradient: a subgradient.
 */
export function normGradient(grad: Tensor, self: Tensor, ord: number, result: Tensor, dim: Dims, keepdim: boolean): MaybeTensor {
  if (ord === 0) return null;
  const { sizes } = self;
  const g = unsqueezeReduced(grad, sizes, dim, keepdim), norm = unsqueezeReduced(result, sizes, dim, keepdim);
  if (ord === 1) return self.sgn().mul(g);
  if (ord === 2) return g.mul(self.div(norm).masked_fill(norm.eq(0), 0));
  if (!Number.isFinite(ord)) {
    const size = self.abs();
    const mask = size.eq(norm).logical_or(size.isnan());
    return self.sgn().mul(g.div(mask.sum(dim ?? [], true)).mul(mask));
  }
  if (ord < 1) return self.sgn().mul(self.abs().pow(ord - 1).masked_fill(self.eq(0), 0)).mul(g).mul(norm.pow(1 - ord));
  const scaled = ord < 2 ? self.sgn().mul(self.abs().pow(ord - 1)) : self.mul(self.abs().pow(ord - 2));
  return scaled.mul(g.div(norm.pow(ord - 1)).masked_fill(norm.eq(0), 0));
}

const vectorNormPrimitive = new Primitive<NormInputs>({
  name: "LinalgVectorNormBackward0",
  forward: vectorNorm,
  backward: { self: ({ grad, self, ord, result, dim, keepdim }) => normGradient(grad, self, ord, result, dim, keepdim) },
});

/** Named arguments of norms. */
export interface NormOptions<Order> {
  /** The tensor. */
  input: Tensor;
  /** The order of the norm. */
  ord?: Order | null;
  /** The dimensions to reduce. */
  dim?: Dims;
  /** Whether the reduced dimensions stay, with size 1. */
  keepdim?: boolean;
  /** The dtype to compute in. */
  dtype?: DType | null;
  /** Takes the result. */
  out?: Tensor;
}

/** A norm as a function. */
export type Norm<Order> = Fn<NormOptions<Order>, [input: Tensor, ord?: Order | null, dim?: Dims, keepdim?: boolean]>;

/** The norm of the elements as those of a vector, over `dim` or all. See `normGradient` for the derivative. */
export const linalg_vector_norm: Norm<number> = define<Norm<number>, Omit<NormInputs, "ord"> & { ord: number | boolean; out: Tensor | null }>(
  "linalg_vector_norm",
  "(Tensor input, Number ord = 2, tuple of ints dim = None, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
  ({ self, ord, dim, keepdim, dtype, out }) => {
    checkTypes("linalg.vector_norm", self, dtype);
    const type = dtype ?? self.dtype;
    if (out !== null && out.dtype !== type) throw wrongOutType(type, out.dtype);
    return vectorNormPrimitive.apply({ self, ord: Number(ord), dim, keepdim, dtype });
  },
);

type MatrixNormInputs = { self: Tensor; ord: number | string; dim: number[]; keepdim: boolean; dtype: DType | null };

function matrixNorm({ self, ord, dim, keepdim, dtype }: MatrixNormInputs): Tensor {
  const order = (name: string) => new RuntimeError(`linalg.matrix_norm: Order ${name} not supported.`);
  const rank = self.sizes.length;
  if (rank < 2) throw new RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.");
  if (dim.length !== 2) throw new RuntimeError(`linalg.matrix_norm: dim must be a 2-tuple. Got ${dim.join(" ")}`);
  checkTypes("linalg.matrix_norm", self, dtype);
  const [rows, columns] = dim.map((d) => wrapDim(d, rank));
  if (rows === columns) throw new RuntimeError(`linalg.matrix_norm: dims must be different. Got (${rows}, ${columns})`);
  if (ord === "fro") return linalg_vector_norm(self, 2, [rows, columns], keepdim, { dtype });
  if (typeof ord === "string" && ord !== "nuc") throw order(ord);
  const extreme = (t: Tensor, d: number, keep: boolean) => Number(ord) > 0 ? t.amax(d, keep) : t.amin(d, keep);
  if (ord === "nuc" || Math.abs(ord as number) === 2) {
    const matrix = (dtype === null ? self : self.to(dtype)).movedim([rows, columns], [-2, -1]);
    const singular = singularValues(matrix);
    const result = ord === "nuc" ? singular.sum(-1, keepdim) : extreme(singular, -1, keepdim);
    return keepdim ? result.unsqueeze(-1).movedim([-2, -1], [rows, columns]) : result;
  }
  const size = Math.abs(ord as number);
  if (size !== 1 && size !== Infinity) throw order(String(ord));
  const [summed, searched] = size === 1 ? [rows, columns] : [columns, rows];
  const sums = linalg_vector_norm(self, 1, summed, keepdim, { dtype });
  return extreme(sums, searched > summed && !keepdim ? searched - 1 : searched, keepdim);
}

/** The singular values of matrices, greatest first. */
const singularValues = (matrix: Tensor): Tensor => matrix.svd()[1];

/** The norm of matrices in `dim`, the last two dimensions by default: of order 1, infinity, 2, their negatives, `"fro"` or `"nuc"`. */
export const linalg_matrix_norm: Norm<number | string> = define<Norm<number | string>, MatrixNormInputs>("linalg_matrix_norm", [
  "(Tensor input, Number ord, tuple of ints dim = (-2, -1), bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, str ord = 'fro', tuple of ints dim = (-2, -1), bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
], matrixNorm);

type EitherNormInputs = { self: Tensor; ord: number | string | null; dim: number[] | null; keepdim: boolean; dtype: DType | null; out: Tensor | null };

/** The norm of vectors or matrices: of matrices where an order is given and there are two dimensions to reduce, else of the elements as a vector. */
export const linalg_norm: Norm<number | string> = define<Norm<number | string>, EitherNormInputs>("linalg_norm", [
  "(Tensor input, Number ord = None, tuple of ints dim = None, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, str ord, tuple of ints dim = None, bool keepdim = False, *, torch.dtype dtype = None, Tensor out = None)",
], ({ self, ord, dim, keepdim, dtype, out }) => {
  if (out !== null && out.dtype !== (dtype ?? self.dtype)) {
    throw new RuntimeError(`linalg.norm expected out tensor dtype ${(dtype ?? self.dtype).scalar} but got: ${out.dtype.scalar}`);
  }
  const rank = self.sizes.length;
  if (dim !== null && dim.length !== 1 && dim.length !== 2) {
    throw new RuntimeError(`linalg.norm: If dim is specified, it must be of length 1 or 2. Got [${dim.join(", ")}]`);
  }
  if (dim === null && ord !== null && rank !== 1 && rank !== 2) {
    throw new RuntimeError(`linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got ${rank}D.`);
  }
  if (ord === null) return linalg_vector_norm(self, 2, dim, keepdim, { dtype });
  if (typeof ord === "string" || (dim === null ? rank : dim.length) === 2) return linalg_matrix_norm(self, ord, dim ?? [0, 1], keepdim, { dtype });
  return linalg_vector_norm(self, ord, dim, keepdim, { dtype });
});
