/**
 * What the matrix products share: the way from tensors to the kernel, and the gradients of a product of two matrices.
 */
import type { DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { matmulInto, type Matrices } from "../kernels/matmul.ts";
import { elementCount, sameSizes, type Sizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { copyElements } from "./elementwise.ts";
import type { Num } from "./promotion.ts";

/** A tensor's memory, its last two dimensions read as rows and columns and the one before as the stack; a missing one stands still. */
function matrices(t: Tensor): Matrices {
  const { length } = t.sizes;
  return {
    data: t.store.data,
    offset: t.offset,
    batch: length > 2 && t.sizes[0] > 1 ? t.strides[0] : 0,
    row: t.strides[length - 2],
    column: t.strides[length - 1],
  };
}

/** A factor as an integer product wants it: PyTorch drops the fraction. */
const factor = (value: Num, dtype: DType): number => dtype.is_floating_point ? Number(value) : Math.trunc(Number(value));

/**
 * The product of two matrices, or of two stacks of matrices, as new memory: alpha * a b, and beta * input on top where an
 * input is given, which is broadcast to the result. With beta 0 the input is not looked at.
 */
export function product(a: Tensor, b: Tensor, input: Tensor | null = null, beta: Num = 0, alpha: Num = 1): Tensor {
  const rank = a.sizes.length;
  const sizes = [...a.sizes.slice(0, -1), b.sizes[rank - 1]];
  const out = a.sizes[rank - 1] > 0 ? Tensor.unfilled(sizes, a.dtype) : Tensor.small(sizes, a.dtype);
  const weight = input === null ? 0 : factor(beta, a.dtype);
  if (input !== null && weight !== 0) copyElements(out, input);
  const batch = rank > 2 ? sizes[0] : 1;
  matmulInto(batch, sizes[rank - 2], sizes[rank - 1], a.sizes[rank - 1], matrices(a), matrices(b), matrices(out), factor(alpha, a.dtype), weight);
  return out;
}

/** A vector as a matrix of one column. */
export const column = (t: Tensor): Tensor => t.alias([t.sizes[0], 1], [t.strides[0], 1]);

/** A vector as a matrix of one row. */
export const row = (t: Tensor): Tensor => t.alias([1, t.sizes[0]], [1, t.strides[0]]);

/** `t` times a number, `t` itself where the number is 1. */
export function scale(t: Tensor, by: Num): Tensor {
  return Number(by) === 1 ? t : t.mul(by);
}

const columnMajor = (sizes: Sizes, strides: Sizes) => strides[0] === 1 && strides[1] === sizes[0];

/** d(alpha * left right)/dleft = alpha * grad right^T, laid out in memory as `left` is. */
export function leftGradient(grad: Tensor, right: Tensor, sizes: Sizes, strides: Sizes, alpha: Num = 1): Tensor {
  return scale(columnMajor(sizes, strides) ? right.mm(grad.t()).t() : grad.mm(right.t()), alpha);
}

/** d(alpha * left right)/dright = alpha * left^T grad, laid out in memory as `right` is. */
export function rightGradient(grad: Tensor, left: Tensor, sizes: Sizes, strides: Sizes, alpha: Num = 1): Tensor {
  return scale(columnMajor(sizes, strides) ? grad.t().mm(left).t() : left.t().mm(grad), alpha);
}

/** Throws PyTorch's error for a kernel that it does not have for a dtype. */
export function refuseBool(kernel: string, dtype: DType): void {
  if (dtype.category === "bool") throw new RuntimeError(`"${kernel}" not implemented for 'Bool'`);
}

/** Throws where the tensor that is to take a result has another dtype than the result. */
export function checkOut(out: Tensor | null | undefined, dtype: DType): void {
  if (out && out.dtype !== dtype) throw new RuntimeError(`Expected out tensor to have dtype ${dtype.ctype}, but got ${out.dtype.ctype} instead`);
}

/** Throws where an in-place product would change the shape or the dtype of the tensor that it is written into. */
export function checkInplaceProduct(self: Tensor, sizes: Sizes, dtype: DType): void {
  if (!sameSizes(self.sizes, sizes)) {
    throw new RuntimeError(`Bad in-place call: input tensor size [${self.sizes.join(", ")}] and output tensor size [${sizes.join(", ")}] should match`);
  }
  if (self.dtype !== dtype) {
    throw new RuntimeError(`Bad in-place call: input tensor dtype ${self.dtype.ctype} and output tensor dtype ${dtype.ctype} should match`);
  }
}

/** The error for two matrices that do not fit. */
export function cannotMultiply(a: Sizes, b: Sizes): RuntimeError {
  return new RuntimeError(`mat1 and mat2 shapes cannot be multiplied (${a.join("x")} and ${b.join("x")})`);
}

/** The error for a kernel that met another dtype than it was promised. */
export function unexpectedType(expected: DType, found: DType): RuntimeError {
  return new RuntimeError(`expected scalar type ${expected.scalar} but found ${found.scalar}`);
}

/** Throws where two stacks of matrices do not fit. */
export function checkBatches(batch1: Tensor, batch2: Tensor): void {
  if (batch1.sizes.length !== 3) throw new RuntimeError("batch1 must be a 3D tensor");
  if (batch2.sizes.length !== 3) throw new RuntimeError("batch2 must be a 3D tensor");
  const [b, , k] = batch1.sizes;
  if (batch2.sizes[0] !== b || batch2.sizes[1] !== k) {
    throw new RuntimeError(`Expected size for first two dimensions of batch2 tensor to be: [${b}, ${k}] but got: [${batch2.sizes[0]}, ${batch2.sizes[1]}].`);
  }
}

/** Throws where a matrix, a vector and what their product is added to do not fit. */
export function checkVector(input: Sizes, mat: Tensor, vec: Tensor): void {
  if (mat.sizes.length !== 2 || vec.sizes.length !== 1 || input.length > 1) {
    throw new RuntimeError(`vector + matrix @ vector expected, got ${input.length}, ${mat.sizes.length}, ${vec.sizes.length}`);
  }
  const n = elementCount(input);
  if (mat.sizes[1] !== vec.sizes[0] || (n !== mat.sizes[0] && n !== 1)) {
    throw new RuntimeError(`size mismatch, got input (${n}), mat (${mat.sizes.join("x")}), vec (${vec.sizes[0]})`);
  }
}

/** Throws where a matrix and a vector differ in dtype, or have one that their product is not made for. */
export function checkVectorTypes(mat: Tensor, vec: Tensor): void {
  if (mat.dtype !== vec.dtype) throw unexpectedType(mat.dtype, vec.dtype);
  refuseBool("addmv_impl_cpu", mat.dtype);
}
