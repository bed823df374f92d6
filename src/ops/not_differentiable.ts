/**
 * Arguments that PyTorch does not differentiate by, and refuses where a gradient is asked for.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { requiresGrad } from "../autograd/view.ts";
import { RuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

/** Throws where `tensor`, the argument `name` of the function `op`, requires a gradient that would be recorded. */
export function refuseGradient(op: string, name: string, tensor: Tensor | null): void {
  if (tensor === null || !is_grad_enabled() || !requiresGrad(tensor)) return;
  throw new RuntimeError(`The function '${op}' is not differentiable with respect to argument '${name}'. This input cannot have requires_grad True.`);
}
