/**
 * Norms, and what is measured with them.
 */
import type { DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type IsMethod, type Op, writeOut } from "./define.ts";
import { linalg_matrix_norm, linalg_vector_norm, normGradient } from "./linalg_norm.ts";
import { pythonFunction } from "./python_function.ts";
import type { Dims } from "./reduction.ts";

/** Named arguments of `norm`. */
export interface NormArguments {
  /** The order: a number, `"fro"` for the square root of the sum of squares, or `"nuc"` for the sum of the singular values of a matrix. */
  p?: number | boolean | string | null;
  /** The dimensions to reduce; all by default. */
  dim?: Dims;
  /** Whether the reduced dimensions stay, with size 1. */
  keepdim?: boolean;
  /** Takes the result. */
  out?: Tensor | null;
  /** The dtype to compute in. */
  dtype?: DType | null;
}

/** `norm` as a function; the method does not take `out`. */
export interface NormFunction extends IsMethod {
  /** Every argument by name. */
  (named: NormArguments & { input: Tensor }): Tensor;
  /** The tensor, then the others by position or by name. */
  (
    self: Tensor,
    p?: NormArguments["p"] | NormArguments,
    dim?: Dims | NormArguments,
    keepdim?: boolean | NormArguments,
    out?: Tensor | DType | null | NormArguments,
    dtype?: DType | null,
  ): Tensor;
}

type NormInputs = Required<NormArguments> & { input: Tensor };

const DEFAULTS = { p: "fro", dim: null, keepdim: false, out: null, dtype: null };

function normOf({ input, p, dim, keepdim, out, dtype }: NormInputs): Tensor {
  const dims = typeof dim === "number" ? [dim] : dim;
  const options = dtype === null ? {} : { dtype };
  const matrix = typeof p === "string" && !(p === "fro" && (dims === null || dims.length <= 2));
  const result = matrix
    ? linalg_matrix_norm(input, p, dims ?? input.sizes.map((_, d) => d), keepdim, options)
    : linalg_vector_norm(input, typeof p === "string" || p === null ? 2 : Number(p), dims, keepdim, options);
  return out === null ? result : writeOut("norm", { input }, out, result);
}

const { out: _, ...methodDefaults } = DEFAULTS;

/** The norm of order `p` of all elements or over `dim`. */
export const norm: NormFunction = Object.assign(pythonFunction<NormFunction, NormInputs>("norm", ["input"], DEFAULTS, normOf), {
  asMethod: pythonFunction<IsMethod["asMethod"], NormInputs>("Tensor.norm", ["input"], methodDefaults, (inputs) => normOf({ ...inputs, out: null })),
});

/** Named arguments of `dist`. */
export interface DistOptions {
  /** The other tensor. */
  other: Tensor;
  /** The order of the norm. */
  p?: number;
  /** Takes the result. */
  out?: Tensor;
}

/** The norm of order `p` of the difference of two tensors. The gradients are the norm's, with opposite signs. */
export const dist: Op<DistOptions, [other: Tensor, p?: number]> = define<
  Op<DistOptions, [other: Tensor, p?: number]>,
  { self: Tensor; other: Tensor; p: number }
>(
  "dist",
  "(Tensor input, Tensor other, Number p = 2, *, Tensor out = None)",
  {
    forward: ({ self, other, p }) => {
      const difference = self.sub(other);
      if (!difference.dtype.is_floating_point) {
        throw new RuntimeError(`norm(): input dtype should be either floating point or complex. Got ${difference.dtype.scalar} instead.`);
      }
      return linalg_vector_norm(difference, p);
    },
    backward: {
      self: ({ grad, self, other, p, result }) => normGradient(grad, self.sub(other), p, result, null, false),
      other: ({ grad, self, other, p, result }) => normGradient(grad.neg(), self.sub(other), p, result, null, false),
    },
  },
);

/** Named arguments of `renorm`. */
export interface RenormOptions {
  /** The order of the norm. */
  p: number;
  /** The dimension whose slices are scaled. */
  dim: number;
  /** The greatest norm allowed. */
  maxnorm: number;
  /** Takes the result. */
  out?: Tensor;
}

/** Keeps a divisor from zero, as PyTorch does. */
const EPSILON = 1e-7;

const otherDims = (t: Tensor, dim: number): number[] => {
  const at = wrapDim(dim, t.sizes.length);
  return t.sizes.map((_, d) => d).filter((d) => d !== at);
};

/** The slices along `dim`, those of a norm above `maxnorm` scaled down to it. Their gradient is that of x / |x|. */
export const renorm: InplaceOp<RenormOptions, [p: number, dim: number, maxnorm: number]> = define<
  InplaceOp<RenormOptions, [p: number, dim: number, maxnorm: number]>,
  { self: Tensor; p: number; dim: number; maxnorm: number }
>("renorm", "(Tensor input, Number p, int dim, Number maxnorm, *, Tensor out = None)", {
  forward: ({ self, p, dim, maxnorm }) => {
    if (p <= 0) throw new RuntimeError("renorm: non-positive-norm not supported");
    if (maxnorm < 0) throw new RuntimeError(`renorm: expected maxnorm to be >= 0 but got ${maxnorm}`);
    if (self.sizes.length < 2) throw new RuntimeError(`renorm: input needs at least 2 dimensions, got ${self.sizes.length} dimensions`);
    const length = linalg_vector_norm(self, p, otherDims(self, dim), true);
    return self.mul(length.add(EPSILON).reciprocal().mul(maxnorm).where(length.gt(maxnorm), 1));
  },
  backward: {
    self: ({ grad, self, p, dim, maxnorm }) => {
      const dims = otherDims(self, dim);
      const length = linalg_vector_norm(self, p, dims, true);
      const along = normGradient(self.mul(grad).sum(dims, true), self, p, length, dims, true)!;
      const inverse = length.add(EPSILON).reciprocal();
      return inverse.mul(maxnorm).mul(grad.sub(inverse.mul(along))).where(length.gt(maxnorm), grad);
    },
  },
}, { inplace: true });
