/**
 * `Variable`, which has been a name of `Tensor` since PyTorch 0.4.
 */
import { Tensor } from "../tensor.ts";

/** The tensor itself, over the same memory but without history; `requires_grad` makes gradients flow to it. */
export function Variable(data: Tensor, requires_grad: boolean | { requires_grad?: boolean; volatile?: boolean } = false): Tensor {
  if (!(data instanceof Tensor)) throw new TypeError("Variable data has to be a tensor, but got " + typeof data);
  const wanted = typeof requires_grad === "boolean" ? requires_grad : requires_grad.requires_grad ?? false;
  return data.detach().requires_grad_(wanted);
}
