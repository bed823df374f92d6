/**
 * The step that ends an op whose result is new memory in a shape of its own: a view that nobody can tell from a copy.
 */
import { contiguousStrides, type Sizes } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { Primitive } from "./define.ts";

const primitive = new Primitive<{ self: Tensor; size: Sizes }>({
  name: "UnsafeViewBackward0",
  forward: ({ self, size }) => self.alias(size, contiguousStrides(size)),
  backward: { self: ({ grad, self_sizes }) => grad.reshape(self_sizes) },
});

/** A row-major tensor that nothing else refers to, in another shape; autograd does not treat the result as a view. */
export function unsafeView(self: Tensor, size: Sizes): Tensor {
  return primitive.apply({ self, size }) as Tensor;
}
