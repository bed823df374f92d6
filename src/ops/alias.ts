/**
 * A view of all of a tensor as it is.
 */
import type { Tensor } from "../tensor.ts";
import { Primitive } from "./define.ts";

const primitive = new Primitive<{ self: Tensor }>({
  name: "AliasBackward0",
  view: "single",
  forward: ({ self }) => self.alias(),
  backward: { self: ({ grad }) => grad },
});

/** A view of all of a tensor as it is. */
export function aliasOf(self: Tensor): Tensor {
  return primitive.apply({ self }) as Tensor;
}
