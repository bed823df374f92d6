/**
 * The sinks of the graph: each leaf that requires gradients has one node that adds what arrives to its `.grad`.
 */
import { is_grad_enabled } from "./mode.ts";
import { listOfDType, listOfSizes, type MaybeTensor, Node } from "./node.ts";
import type { Tensor } from "../tensor.ts";

/** Adds the gradient that arrives to the `.grad` of its leaf. */
export class AccumulateGrad extends Node {
  /** The leaf. */
  readonly variable: Tensor;
  /** Called after `.grad` has been updated. */
  postAccumulate: ((variable: Tensor) => void)[] = [];

  /** Made once for each leaf, when it first takes part in a graph. */
  constructor(variable: Tensor) {
    super([], [], listOfSizes(variable.sizes), listOfDType(variable.dtype));
    this.variable = variable;
  }

  /** PyTorch's name, which it shows without the namespace. */
  name(): string {
    return "torch::autograd::AccumulateGrad";
  }

  /** Adds the gradient, of which the caller may hold a reference. */
  apply(grads: MaybeTensor[]): MaybeTensor[] {
    this.accumulate(grads[0], false);
    return [];
  }

  /** Adds a gradient; `owned` says that nobody else holds it, so that it may become `.grad` without a copy. */
  accumulate(grad: MaybeTensor, owned: boolean): void {
    const variable = this.variable;
    if (grad === null || !variable.requires_grad) return;
    const before = variable.ownGrad;
    if (before === null) {
      if (is_grad_enabled()) variable.ownGrad = grad.clone();
      else if (!owned || !grad.dense) variable.ownGrad = grad.detach().clone();
      // a view of what else nobody holds may not become `.grad`, for it would show its base
      else variable.ownGrad = grad.viewInfo === null && !grad.tracks && grad.tangent === null ? grad : grad.detach();
    } else if (is_grad_enabled()) variable.ownGrad = before.add(grad);
    else before.add_(grad);
    variable.ownGrad?.store.settle(); // or what it is computed from would live as long
    if (this.postAccumulate.length === 0) return;
    for (const hook of [...this.postAccumulate]) hook(variable);
  }
}
