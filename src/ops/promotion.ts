/**
 * Which dtype an op computes in: PyTorch's rules for tensors, 0-d tensors and numbers, in that order of weight.
 */
import { bool, compareCategories, type DType, get_default_dtype, int64, promote_types } from "../dtype.ts";
import { Tensor } from "../tensor.ts";

/** A number as an operand: a Python int where it is an integer, a float else. */
export type Num = number | bigint | boolean;

/** The dtype a number stands for. */
export function numberType(value: Num): DType {
  if (typeof value === "boolean") return bool;
  return typeof value === "bigint" || Number.isInteger(value) ? int64 : get_default_dtype();
}

function combine(higher: DType | null, lower: DType | null): DType | null {
  if (higher === null) return lower;
  if (lower === null || compareCategories(higher.category, lower.category) >= 0) return higher;
  return promote_types(higher, lower);
}

/** The dtype that operands are brought to. Tensors with dimensions decide; 0-d tensors and numbers only raise the category. */
export function resultType(operands: readonly (Tensor | Num)[]): DType {
  let dims: DType | null = null, zero: DType | null = null, numbers: DType | null = null;
  for (const operand of operands) {
    if (operand instanceof Tensor) {
      if (operand.sizes.length > 0) dims = dims === null ? operand.dtype : promote_types(dims, operand.dtype);
      else zero = zero === null ? operand.dtype : promote_types(zero, operand.dtype);
    } else numbers = numbers === null ? numberType(operand) : promote_types(numbers, numberType(operand));
  }
  return combine(dims, combine(zero, numbers))!;
}
