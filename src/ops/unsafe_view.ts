/**
 * The step that ends an op whose result is new memory in a shape of its own: a view that nobody can tell from a copy.
 */
import { RuntimeError } from "../errors.ts";
import { type Sizes, viewStrides } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { Primitive } from "./define.ts";

const primitive = new Primitive<{ self: Tensor; size: Sizes }>({
  name: "UnsafeViewBackward0",
  forward: ({ self, size }) => self.alias(size, stridesOfView(self, size)),
  backward: { self: ({ grad, self_sizes }) => grad.reshape(self_sizes) },
});

/** The strides with which the memory of `self` reads in another shape; throws PyTorch's error where only a copy could have it. */
export function stridesOfView(self: Tensor, size: Sizes): Sizes {
  const strides = viewStrides(self.sizes, self.strides, size);
  if (strides !== null) return strides;
  throw new RuntimeError(
    "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.",
  );
}

/** A tensor that nothing else refers to, in another shape; autograd does not treat the result as a view. */
export function unsafeView(self: Tensor, size: Sizes): Tensor {
  return primitive.apply({ self, size }) as Tensor;
}
