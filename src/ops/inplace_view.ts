/**
 * Changing a tensor's shape or order of dimensions in place: no element moves, the tensor itself becomes the view.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { checkInplace, requiresGrad } from "../autograd/view.ts";
import type { Tensor } from "../tensor.ts";
import type { Primitive } from "./define.ts";

/** Makes `inputs.self` what `primitive` gives as a view of it, history included. Its base, if it has one, keeps its history. */
export function becomeView<P extends { self: Tensor }>(primitive: Primitive<P>, inputs: P): Tensor {
  const { self } = inputs;
  if (self.inference || (is_grad_enabled() && requiresGrad(self))) checkInplace(self);
  const { sizes, strides, offset, count, contiguousLayout, node, lift, tangent } = primitive.apply(inputs) as Tensor;
  Object.assign(self, { sizes, strides, offset, count, contiguousLayout, lift, tangent });
  self.store.version++;
  if (node !== null) {
    self.node = node;
    self.output_nr = 0;
    self.tracks = true;
  }
  if (self.viewInfo !== null) self.viewInfo.version = self.store.version;
  return self;
}
