/**
 * Ops that PyTorch computes for tensors with gradients but cannot differentiate: it records that, and fails in backward.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { type MaybeTensor, Node } from "../autograd/node.ts";
import { tangentOf, transforms } from "../autograd/transforms.ts";
import { checkInplace, gradientEdge, rebaseHistory, requiresGrad } from "../autograd/view.ts";
import { NotImplementedError, RuntimeError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import { writeResult } from "./define.ts";

/** The node of such an op. */
class NotImplementedNode extends Node {
  readonly #op: string;

  constructor(op: string, inputs: readonly Tensor[]) {
    super(inputs.map(gradientEdge), inputs.map((t) => t.output_nr));
    this.#op = op;
  }

  name(): string {
    return "torch::autograd::NotImplemented";
  }

  apply(): MaybeTensor[] {
    throw new RuntimeError(`derivative for aten::${this.#op} is not implemented`);
  }
}

const trackedAmong = (inputs: readonly unknown[]): Tensor[] =>
  is_grad_enabled() ? inputs.filter((t): t is Tensor => t instanceof Tensor && requiresGrad(t)) : [];

/** Records `op` on its result where an input requires a gradient: backward will fail there. */
export function recordUnsupported(op: string, inputs: readonly unknown[], result: Tensor, inplace = false): void {
  if (transforms.active > 0 && inputs.some((t) => t instanceof Tensor && tangentOf(t) !== null)) {
    throw new NotImplementedError(`Trying to use forward AD with aten::${op} that does not support it.`);
  }
  const tracked = trackedAmong(inputs);
  if (tracked.length === 0 || !result.dtype.is_floating_point) return;
  const node = new NotImplementedNode(op, tracked);
  node.sizes = [result.sizes];
  node.dtypes = [result.dtype];
  if (inplace) rebaseHistory(result, node);
  else {
    result.node = node;
    result.tracks = true;
  }
}

/** Writes what `compute` gives into `self`, and records the change as `op`, whose inputs include `self`. */
export function applyUnsupported(op: string, inputs: readonly unknown[], self: Tensor, compute: () => Tensor): Tensor {
  if (trackedAmong(inputs).length > 0) checkInplace(self);
  writeResult(self, compute());
  self.store.version++;
  recordUnsupported(op, inputs, self, true);
  return self;
}
