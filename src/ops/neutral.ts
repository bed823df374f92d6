/**
 * The element that leaves a reduction as it is, and the formula of what has no derivative yet.
 */
import { bool, type DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import type { Combine } from "../kernels/indexing.ts";
import type { Num } from "./promotion.ts";

/** The value with which combining changes nothing: 0 for sums, 1 for products, the least value for the maximum. */
export function neutralElement(combine: Combine, dtype: DType): Num {
  if (combine === "add" || combine === "or" || combine === "assign") return 0;
  if (combine === "mul") return 1;
  const sign = combine === "amax" ? -1 : 1;
  if (dtype.category === "float") return sign * Infinity;
  if (dtype === bool) return sign < 0 ? 0 : 1;
  const bits = BigInt(8 * dtype.itemsize);
  if (!dtype.is_signed) return sign < 0 ? 0n : (1n << bits) - 1n;
  return sign < 0 ? -(1n << (bits - 1n)) : (1n << (bits - 1n)) - 1n;
}

/** The formula of an op that PyTorch records but cannot differentiate. */
export function notDifferentiable(name: string): () => never {
  return () => {
    throw new RuntimeError(`derivative for ${name} is not implemented`);
  };
}
