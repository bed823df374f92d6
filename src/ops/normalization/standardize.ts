/**
 * What all normalizations share: their second derivatives, from the normalized input h = (x - mean) r, where r is the reciprocal
 * standard deviation. The derivative of h by x is the linear map P a = r (a - mean(a) - h mean(a h)), which is its own adjoint.
 */
import { float32, type TypedArray } from "../../dtype.ts";
import { RuntimeError } from "../../errors.ts";
import type { Tensor } from "../../tensor.ts";
import { asContiguous } from "../elementwise.ts";

/** The normalized input and the reciprocal standard deviation, as functions of the input. */
export interface Standardized {
  /** (x - mean) r. */
  h: Tensor;
  /** 1 / sqrt(variance + eps). */
  r: Tensor;
  /** The dimensions that means are taken over. */
  dims: readonly number[];
}

/** Normalizes over `dims`, from ops that can be differentiated further. */
export function standardize(x: Tensor, dims: readonly number[], eps: number): Standardized {
  const centered = x.sub(x.mean(dims, true));
  const r = centered.square().mean(dims, true).add(eps).rsqrt();
  return { h: centered.mul(r), r, dims };
}

const mean = (t: Tensor, { dims }: Standardized): Tensor => t.mean(dims, true);

/** P a: the gradient of x where that of h is `a`. */
export function project(a: Tensor, s: Standardized): Tensor {
  return a.sub(mean(a, s)).sub(s.h.mul(mean(a.mul(s.h), s))).mul(s.r);
}

/** The gradient of <v, P a> by x. */
export function projectGradient(v: Tensor, a: Tensor, s: Standardized): Tensor {
  const vh = mean(v.mul(s.h), s), ah = mean(a.mul(s.h), s);
  const covariance = mean(v.mul(a), s).sub(mean(v, s).mul(mean(a, s))).sub(vh.mul(ah));
  return s.r.square().mul(s.h).mul(covariance).add(s.r.mul(project(v, s).mul(ah).add(project(a, s).mul(vh)))).neg();
}

/** The elements of a tensor in row-major order, wherever in its memory they stand. */
export function elementsOf(t: Tensor): TypedArray {
  const dense = asContiguous(t);
  return dense.store.data.subarray(dense.offset, dense.offset + dense.count);
}

/** PyTorch's refusals of parameters of another dtype than the input. */
export function checkTypes(input: Tensor, parameters: readonly (Tensor | null)[]): void {
  const given = parameters.filter((p) => p !== null);
  const other = given.find((p) => p.dtype !== input.dtype);
  if (other === undefined) return;
  if (given[0].dtype === input.dtype) throw new RuntimeError(`expected scalar type ${input.dtype.scalar} but found ${other.dtype.scalar}`);
  if (given.some((p) => p.dtype !== float32)) throw new RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float");
  throw new RuntimeError("mixed dtype (CPU): all inputs must share same datatype.");
}
