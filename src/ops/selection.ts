/**
 * What ops that select elements share (extrema, medians, sorting): how gradients find back, and several tensors that take results.
 */
import { RuntimeError } from "../errors.ts";
import { requiredStorage, type Sizes, wrapDim } from "../layout.ts";
import { sharesMemory } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { writeOut } from "./define.ts";
import { wrongOutType } from "./reduction.ts";

/** The gradient of elements selected along a dimension: it goes to where they stood. */
export function selectedGradient(grad: Tensor, dim: number, indices: Tensor, sizes: Sizes, keepdim: boolean): Tensor {
  if (sizes.length === 0) return grad;
  const d = wrapDim(dim, sizes.length);
  const [values, places] = keepdim ? [grad, indices] : [grad.unsqueeze(d), indices.unsqueeze(d)];
  return grad.new_zeros(sizes).scatter(d, places, values);
}

/** The gradient of one value selected among all elements, divided evenly among those that have it. */
export function evenlyAmong(grad: Tensor, self: Tensor, value: Tensor): Tensor {
  const chosen = self.detach(), wanted = value.detach();
  const mask = Number.isNaN(wanted.item()) ? chosen.isnan() : chosen.eq(wanted);
  return grad.new_zeros(self.sizes).masked_fill(mask, grad.div(mask.sum()));
}

/** Throws where a tensor that takes a result shares memory with the input. */
export function checkNoOverlap(input: Tensor, out: Tensor): void {
  if (out.count === 0 || input.count === 0 || !sharesMemory(out.store, input.store)) return;
  const ends = [input, out].map((t) => requiredStorage(t.sizes, t.strides, t.offset));
  if (out.offset < ends[0] && input.offset < ends[1]) {
    throw new RuntimeError(
      "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.",
    );
  }
}

/** Hands results over in the tensors given as `out`. */
export function writeOuts(op: string, inputs: Record<string, unknown>, out: readonly Tensor[], results: readonly Tensor[]): Tensor[] {
  results.forEach((result, i) => {
    if (out[i].dtype !== result.dtype) throw wrongOutType(result.dtype, out[i].dtype);
  });
  return results.map((result, i) => writeOut(op, inputs, out[i], result));
}
