/**
 * Arithmetic with a number where PyTorch's own C++ does it: it records nodes of their own, with one edge, where a user's
 * `x + 2` records the node of two tensors. The numbers are floating-point ones, whatever their value: integers become floats.
 */
import { get_default_dtype } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { Primitive } from "./define.ts";

type NumberInputs = { self: Tensor; number: number };

const floating = (t: Tensor): Tensor => t.dtype.is_floating_point ? t : t.to(get_default_dtype());

const added = new Primitive<NumberInputs>({
  name: "AddBackward1",
  forward: ({ self, number }) => floating(self).add(number),
  backward: { self: ({ grad }) => grad },
});

const subtracted = new Primitive<NumberInputs>({
  name: "SubBackward1",
  forward: ({ self, number }) => floating(self).sub(number),
  backward: { self: ({ grad }) => grad },
});

const multiplied: Primitive<NumberInputs> = new Primitive<NumberInputs>({
  name: "MulBackward1",
  forward: ({ self, number }) => floating(self).mul(number),
  backward: { self: ({ grad, number }) => mulNumber(grad, number) },
});

const divided: Primitive<NumberInputs> = new Primitive<NumberInputs>({
  name: "DivBackward1",
  forward: ({ self, number }) => self.div(number),
  backward: { self: ({ grad, number }) => divNumber(grad, number) },
});

/** `self + number`. */
export function addNumber(self: Tensor, number: number): Tensor {
  return added.apply({ self, number }) as Tensor;
}

/** `self - number`. */
export function subNumber(self: Tensor, number: number): Tensor {
  return subtracted.apply({ self, number }) as Tensor;
}

/** `self * number`. */
export function mulNumber(self: Tensor, number: number): Tensor {
  return multiplied.apply({ self, number }) as Tensor;
}

/** `self / number`. */
export function divNumber(self: Tensor, number: number): Tensor {
  return divided.apply({ self, number }) as Tensor;
}
