/**
 * Stacks of matrices on their way to the kernels of linear algebra and back, and what is checked of them.
 */
import { transforms, underneath } from "../autograd/transforms.ts";
import { type DType, float32 } from "../dtype.ts";
import { LinAlgError, RuntimeError } from "../errors.ts";
import { type Elements, luFactor, type Matrix, transposed } from "../kernels/linalg.ts";
import { type Arithmetic, DOUBLE, SINGLE } from "../kernels/linalg_rotations.ts";
import { broadcastStrides, contiguousStrides, elementCount, forEachIndex, type Sizes } from "../layout.ts";
import { type NamedTuple, namedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { asContiguous } from "./elementwise.ts";
import { writeOuts } from "./selection.ts";

/** A stack of matrices whose elements can be read one matrix after the other. */
export interface Stack {
  /** The dimensions before the last two. */
  outer: Sizes;
  /** How many matrices there are. */
  count: number;
  /** Their rows. */
  rows: number;
  /** Their columns. */
  columns: number;
  /** A copy of one of them. */
  read: (i: number) => Elements;
  /** A copy of one of them in double precision. */
  readDouble: (i: number) => Matrix;
}

/** Reads a tensor as a stack of matrices. */
export function stackOf(t: Tensor): Stack {
  const outer = t.sizes.slice(0, -2);
  const [rows, columns] = t.sizes.slice(-2);
  const dense = asContiguous(t);
  const data = dense.store.data as Float64Array<ArrayBuffer>, size = rows * columns;
  const part = (i: number) => data.subarray(dense.offset + i * size, dense.offset + (i + 1) * size);
  return { outer, count: elementCount(outer), rows, columns, read: (i) => part(i).slice(), readDouble: (i) => new Float64Array(part(i)) };
}

/** A stack of tensors of `rank` dimensions expanded to other outer dimensions. */
export function stretched(t: Tensor, outer: Sizes, rank: number): Tensor {
  return t.expand([...outer, ...t.sizes.slice(t.sizes.length - rank)]);
}

/** For every matrix of the broadcast stack, which of the original stack it is. */
export function originals(from: Sizes, to: Sizes): number[] {
  const out: number[] = [];
  forEachIndex(to, broadcastStrides(from, contiguousStrides(from), to), 0, (i) => out.push(i));
  return out;
}

/** A new stack of matrices in whose memory the elements of a column are neighbours, as LAPACK has it. */
export function columnMajor(sizes: Sizes, dtype: DType): Tensor {
  const n = sizes.length;
  const swapped = [...contiguousStrides([...sizes.slice(0, -2), sizes[n - 1], sizes[n - 2]])];
  [swapped[n - 2], swapped[n - 1]] = [swapped[n - 1], swapped[n - 2]];
  return Tensor.make(sizes, dtype, swapped);
}

/** The arithmetic that LAPACK has for a dtype. */
export const arithmeticOf = (dtype: DType): Arithmetic => dtype === float32 ? SINGLE : DOUBLE;

/** The distance of 1 to the next greater number of a dtype. */
export const epsilon = (dtype: DType): number => dtype === float32 ? 2 ** -23 : 2 ** -52;

/** Writes a row-major matrix, or as many columns of it as fit, into place `i` of a new stack. */
export function writeMatrix(out: Tensor, i: number, a: Elements, stride: number = out.sizes[out.sizes.length - 1]): void {
  const [rows, columns] = out.sizes.slice(-2), [row, column] = out.strides.slice(-2);
  const data = out.store.data;
  for (let p = 0, base = i * rows * columns; p < rows; p++) for (let q = 0; q < columns; q++) data[base + p * row + q * column] = a[p * stride + q];
}

/** The LU decomposition of one square matrix. */
export interface Factored {
  /** L and U in one. */
  lu: Elements;
  /** The rows that were exchanged. */
  pivots: Int32Array;
  /** The number of the first zero on the diagonal of U, or 0. */
  info: number;
  /** Whether the factors are those of the transpose. */
  ofTranspose: boolean;
}

/** The factors of a square matrix, or of its transpose where that is what LAPACK sees in memory: PyTorch saves itself the copy. */
export function factor(A: Tensor, stack: Stack, i: number): Factored {
  const n = stack.rows, ofTranspose = A.contiguousLayout;
  const lu = ofTranspose ? transposed(stack.read(i), n, n) : stack.read(i), pivots = new Int32Array(n);
  return { lu, pivots, info: luFactor(lu, n, n, pivots), ofTranspose };
}

/** Throws where a tensor has fewer than two dimensions. */
export function checkMatrix(op: string, a: Tensor, name = "A"): void {
  if (a.sizes.length < 2) throw new RuntimeError(`${op}: The input tensor ${name} must have at least 2 dimensions.`);
}

/** Throws where a tensor is not a stack of square matrices. */
export function checkSquare(op: string, a: Tensor): void {
  checkMatrix(op, a);
  const [m, n] = a.sizes.slice(-2);
  if (m !== n) throw new RuntimeError(`${op}: A must be batches of square matrices, but they are ${m} by ${n} matrices`);
}

/** Throws where the elements are no floating-point numbers. */
export function checkFloat(op: string, a: Tensor): void {
  if (!a.dtype.is_floating_point) throw new RuntimeError(`${op}: Expected a floating point or complex tensor as input. Got ${a.dtype.scalar}`);
}

/** Throws for the first matrix that an algorithm failed on; `infos` has one number for each, 0 for success. */
export function checkInfos(op: string, infos: Tensor, reason: (info: number) => string, Class: new (message: string) => Error = LinAlgError): void {
  const { store, count, sizes } = transforms.active === 0 ? infos : underneath(infos);
  for (let i = 0; i < count; i++) {
    if (store.data[i] !== 0) throw new Class(`${op}: ${sizes.length > 0 ? `(Batch element ${i}): ` : ""}${reason(Number(store.data[i]))}`);
  }
}

/** Several results under PyTorch's names, written into the tensors given as `out` where there are any. */
export function several<Field extends string>(
  type: string,
  fields: readonly Field[],
  results: readonly Tensor[],
  inputs: Record<string, unknown>,
  out: readonly Tensor[] | null | undefined,
): NamedTuple<Field> {
  return out ? namedTuple(`${type}_out`, fields, writeOuts(type, inputs, out, results)) : namedTuple(type, fields, results);
}
