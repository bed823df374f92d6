/**
 * Numbers that become elements: PyTorch refuses those that the dtype cannot hold.
 */
import { type DType, float32, type TypedArray } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import type { Kernel, Scalar } from "../kernels/elementwise.ts";
import type { Tensor } from "../tensor.ts";
import { elementwise, toScalar } from "./elementwise.ts";
import type { Num } from "./promotion.ts";

/** The largest float32. */
export const FLOAT32_MAX: number = 2 ** 128 - 2 ** 104;

function overflows(value: Num, dtype: DType): boolean {
  const x = Number(value);
  if (dtype.category === "bool" || (dtype.is_floating_point && !Number.isFinite(x))) return false;
  if (dtype.is_floating_point) return dtype === float32 && Math.abs(x) > FLOAT32_MAX;
  if (!Number.isFinite(x)) return true;
  const bits = 8 * dtype.itemsize;
  // unsigned integers take negative numbers, which wrap
  if (!dtype.is_signed) return Math.abs(x) >= 2 ** bits;
  return Math.trunc(x) < -(2 ** (bits - 1)) || (typeof value === "bigint" ? value >= 1n << BigInt(bits - 1) : Math.trunc(x) >= 2 ** (bits - 1));
}

const cppName = ({ name, ctype }: DType): string => name === "int64" || name.endsWith("8") || name === "int16" ? `${name}_t` : ctype;

// in which numbers are wrapped, one a dtype: a typed array of its own for each number costs more than all the rest
const cells: TypedArray[] = [];

/** A number as an element of a dtype, wrapped into its range as in memory. Throws PyTorch's error where the dtype cannot hold it. */
export function checkedScalar(value: Num, dtype: DType): Scalar {
  if (overflows(value, dtype)) throw new RuntimeError(`value cannot be converted to type ${cppName(dtype)} without overflow`);
  const held = cells[dtype.index] ??= dtype.allocate(1);
  held[0] = toScalar(value, dtype);
  return held[0];
}

/** Throws PyTorch's error for a dtype that is not a floating-point one. */
export function requireFloat(t: Tensor, kernel: string): void {
  if (!t.dtype.is_floating_point) throw noKernel(kernel, t.dtype);
}

/** Applies a kernel to tensors of one dtype and to numbers, which the dtype must be able to hold. */
export function withNumbers(kernel: Kernel, tensors: readonly Tensor[], numbers: readonly Num[]): Tensor {
  const { dtype } = tensors[0];
  return elementwise(kernel, dtype, [...tensors, ...numbers.map((x): Scalar => checkedScalar(x, dtype))]);
}
