/** What the situations in this folder are made of. */

import * as torch from "../../mod.ts";

/** Generators that prepare, yield the tensors to look at, and then do what fails. */
export type Situations = Record<string, () => Generator<torch.Tensor[], void>>;

/** 1, 2, 3, ... in the given shape. */
export function counting(...shape: number[]): torch.Tensor {
  const n = shape.reduce((a, b) => a * b, 1);
  return torch.arange(1, n + 1, { dtype: torch.float32 }).reshape(shape).clone();
}

/** 1, 2, 3, ... in the given shape, a leaf that requires grad. */
export function leaf(...shape: number[]): torch.Tensor {
  return counting(...shape).requires_grad_();
}

/** Calls a function or method with arguments that its type refuses. */
export function call(self: object, name: string, ...args: unknown[]): unknown {
  return (Reflect.get(self, name) as (...args: unknown[]) => unknown).apply(self, args);
}

/** Assigns what the property's type refuses. */
export function assign(target: object, name: string, value: unknown): void {
  (target as Record<string, unknown>)[name] = value;
}
