/**
 * Hooks on tensors and nodes, and `retain_grad`.
 */
import { RuntimeError } from "../errors.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import type { AccumulateGrad } from "./accumulate.ts";
import { register, type RemovableHandle, type TensorHook } from "./node.ts";
import { gradientEdge } from "./view.ts";

/** Calls `hook` with the gradient of `self` whenever it is computed; what the hook returns, if anything, replaces it. */
export function register_hook(self: Tensor, hook: TensorHook): RemovableHandle {
  const node = gradientEdge(self);
  if (node === null) throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  return register(node.ownHooks().tensor, { nr: self.output_nr, hook });
}

/** Calls `hook` with the leaf `self` after its `.grad` has been updated. The hook may not return anything. */
export function register_post_accumulate_grad_hook(self: Tensor, hook: (parameter: Tensor) => void): RemovableHandle {
  const node = gradientEdge(self);
  if (node === null) throw new RuntimeError("cannot register a hook on a tensor that doesn't require gradient");
  if (self.grad_fn !== null) throw new RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors");
  return register((node as AccumulateGrad).postAccumulate, (parameter) => {
    const result: unknown = hook(parameter);
    if (result === null || result === undefined) return;
    if (!(result instanceof Tensor)) throw new TypeError(`expected Variable, but hook returned '${pythonType(result)}'`);
    throw new RuntimeError("Tensor post accumulate grad hooks should return None.");
  });
}

/** Makes backward keep the gradient of a tensor that is not a leaf in its `.grad`. Nothing happens for leaves. */
export function retain_grad(self: Tensor): void {
  if (!self.requires_grad) throw new RuntimeError("can't retain_grad on Tensor that has requires_grad=False");
  if (!self.is_leaf) retainGrad(self);
}

/** The same, for a tensor that is known not to be a leaf. */
export function retainGrad(self: Tensor): void {
  if (self.retains_grad) return;
  const node = gradientEdge(self)!;
  self.retains_grad = true;
  node.ownHooks().retain.set(self.output_nr, (grad) => {
    if (grad === null) return;
    if (self.ownGrad === null) self.ownGrad = grad.tracks ? grad : grad.clone();
    else self.ownGrad = self.ownGrad.add(grad);
  });
}
