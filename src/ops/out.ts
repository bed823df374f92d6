/**
 * Results that are written into a tensor that is there: in place, and for `out`.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { refuseOut, transforms } from "../autograd/transforms.ts";
import { requiresGrad } from "../autograd/view.ts";
import { can_cast, type DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { sameSizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { assertNoPartialOverlap, assertWritable, copyElements } from "./elementwise.ts";
import type { Named } from "./signature.ts";

/** Writes a result, which is nobody else's if it is `temporary`, into the tensor that an in-place op was called on. */
export function writeResult(self: Tensor, result: Tensor, temporary = false): void {
  if (!can_cast(result.dtype, self.dtype)) throw cannotCast(result.dtype, self.dtype);
  if (!sameSizes(result.sizes, self.sizes)) {
    throw new RuntimeError(`output with shape [${self.sizes.join(", ")}] doesn't match the broadcast shape [${result.sizes.join(", ")}]`);
  }
  copyElements(self, result, temporary);
}

/** The error for a result whose dtype the written tensor cannot hold. */
export function cannotCast(from: DType, to: DType): RuntimeError {
  return new RuntimeError(`result type ${from.scalar} can't be cast to the desired output type ${to.scalar}`);
}

/** In-place twin of an op made of other ops: computes, then copies into the tensor. */
export function replaceContents(self: Tensor, result: Tensor): Tensor {
  if (!can_cast(result.dtype, self.dtype)) throw cannotCast(result.dtype, self.dtype);
  return self.copy_(result);
}

/**
 * Hands a result over in the tensor given as `out`, which is resized where it does not fit. It may not share memory with an
 * input, unless the op is `elementwise` and both are the same.
 */
export function writeOut(op: string, inputs: Named, out: Tensor, result: unknown, elementwise = false): Tensor {
  const involved = [out, ...Object.values(inputs).flat().filter((v) => v instanceof Tensor)];
  if (is_grad_enabled() && involved.some(requiresGrad)) {
    throw new RuntimeError(`${op}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.`);
  }
  const source = result as Tensor;
  if (transforms.active > 0) refuseOut(op, [...involved, source]);
  if (!can_cast(source.dtype, out.dtype)) throw cannotCast(source.dtype, out.dtype);
  assertWritable(out);
  const fits = sameSizes(out.sizes, source.sizes);
  // what counts is the memory that it will show once it is resized
  const target = fits ? out : new Tensor(out.store, out.dtype, source.sizes, null, out.offset);
  for (const key in inputs) {
    const value = inputs[key];
    if (key === "out") continue;
    for (const t of Array.isArray(value) ? value : [value]) if (t instanceof Tensor) assertNoPartialOverlap(target, t, !elementwise);
  }
  if (!fits) out.resize_([...source.sizes]);
  out.store.prepareToWrite();
  copyElements(out, source);
  out.store.version++;
  return out;
}
