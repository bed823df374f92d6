/**
 * Views under autograd: what a view remembers of its base, which in-place changes are allowed, and how history is rebased.
 */
import { RuntimeError } from "../errors.ts";
import type { Sizes } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { AccumulateGrad } from "./accumulate.ts";
import { is_grad_enabled, is_inference_mode_enabled, setGradMode } from "./mode.ts";
import { type MaybeTensor, Node, passFilter } from "./node.ts";

/** How a view came to be, which decides what may be done to it in place. */
export type Creation = "default" | "no_grad" | "multi_output" | "inference" | "custom";

/** What a view remembers. */
export interface ViewInfo {
  /** The tensor whose memory it shows; never itself a view. */
  base: Tensor;
  /** The version of the memory at which the view's node was made. */
  version: number;
  /** How the view was made. */
  creation: Creation;
}

/** Marks `view` as a differentiable view of `source`. */
export function asView(view: Tensor, source: Tensor, multiple = false): void {
  let creation: Creation = "default";
  if (source.viewInfo !== null && source.viewInfo.creation !== "default") creation = source.viewInfo.creation;
  else if (is_inference_mode_enabled()) creation = "inference";
  else if (!is_grad_enabled()) creation = "no_grad";
  else if (multiple) creation = "multi_output";
  view.viewInfo = { base: source.viewInfo === null ? source : source.viewInfo.base, version: view.store.version, creation };
}

/**
 * The node that a tensor's gradient flows to; a view whose memory has changed since gets a new one, `AsStridedBackward0`.
 * Throws PyTorch's error where a view may not follow such a change.
 */
export function gradFn(tensor: Tensor): Node | null {
  const view = tensor.viewInfo;
  if (view === null || view.version === tensor.store.version) return tensor.node;
  const { base } = view;
  if (!requiresGrad(base)) return tensor.node;
  if (view.creation !== "default") throw forbiddenView(tensor, view.creation, true);
  const before = setGradMode(true);
  try {
    const fresh = base.as_strided(tensor.sizes, tensor.strides, tensor.offset - base.store.base);
    tensor.node = fresh.node;
    tensor.output_nr = 0;
    tensor.tracks = true;
    view.version = tensor.store.version;
  } finally {
    setGradMode(before);
  }
  return tensor.node;
}

/** Whether gradients flow to this tensor. */
export function requiresGrad(tensor: Tensor): boolean {
  return tensor.tracks || (tensor.viewInfo !== null && (tensor.node !== null || requiresGrad(tensor.viewInfo.base)));
}

/** The node that stands for a tensor as an input: the one that made it, or its leaf's sink. Null if it needs no gradient. */
export function gradientEdge(tensor: Tensor): Node | null {
  const node = tensor.viewInfo === null ? tensor.node : gradFn(tensor);
  if (node !== null) return node;
  return requiresGrad(tensor) ? (tensor.sink ??= new AccumulateGrad(tensor)) : null;
}

/** Throws PyTorch's error if `tensor` may not be changed in place by an op that is recorded. */
export function checkInplace(tensor: Tensor): void {
  if (tensor.inference && !is_inference_mode_enabled()) {
    throw new RuntimeError(
      "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor before doing inplace update." +
        "See https://github.com/pytorch/rfcs/pull/17 for more details.",
    );
  }
  if (!is_grad_enabled()) return;
  const view = tensor.viewInfo;
  if (view === null) {
    if (tensor.tracks && tensor.node === null) throw new RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.");
    return;
  }
  if (view.creation !== "default") throw forbiddenView(tensor, view.creation, false);
  if (requiresGrad(tensor) && view.base.node === null) {
    throw new RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.");
  }
}

/** The error for a view that may not be changed; with `indirect`, for one whose base or another view of it has been. */
function forbiddenView(tensor: Tensor, creation: Creation, indirect: boolean): RuntimeError {
  const fn = tensor.node;
  const happened = indirect ? "its base or another view of its base has been modified inplace" : "is being modified inplace";
  const what = creation === "no_grad" || fn === null
    ? `A view was created in ${creation === "inference" ? "inference mode" : "no_grad mode"} and ${happened} with grad mode enabled.`
    : creation === "inference"
    ? `A view was created in inference mode and ${happened} with grad mode enabled.`
    : `Output ${tensor.output_nr} of ${fn.name()} is a view and ${happened}.`;
  switch (creation) {
    case "multi_output":
      return new RuntimeError(
        `${what} This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. ` +
          "You should replace the inplace operation by an out-of-place one.",
      );
    case "no_grad":
      return new RuntimeError(
        `${what} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace ` +
          "either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).",
      );
    case "inference":
      return new RuntimeError(
        `${what} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace ` +
          "either both inside the inference_mode block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).",
      );
    default:
      return new RuntimeError(
        `${what} This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace would override ` +
          "the custom backward associated with the custom Function, leading to incorrect gradients. This behavior is forbidden. " +
          "You can fix this by cloning the output of the custom Function.",
      );
  }
}

/** The change of a part of a tensor: replaces the gradient of that part by what the op that changed it makes of it. */
export class CopySlices extends Node {
  readonly #base: { sizes: Sizes; strides: Sizes; offset: number };
  readonly #view: { sizes: Sizes; strides: Sizes; offset: number };
  readonly #fn: Node;

  /** `fn` is the node of the op that changed `view` in place. */
  constructor(base: Tensor, view: Tensor, fn: Node) {
    const edge = gradientEdge(base);
    super([edge, ...fn.next.slice(1)], [base.output_nr, ...fn.nextNr.slice(1)]);
    this.#base = { sizes: base.sizes, strides: base.strides, offset: base.offset };
    this.#view = { sizes: view.sizes, strides: view.strides, offset: view.offset };
    this.#fn = fn;
    this.sizes = [base.sizes];
    this.dtypes = [base.dtype];
  }

  /** PyTorch's name, which it shows without the namespace. */
  name(): string {
    return "torch::autograd::CopySlices";
  }

  /** Splits the gradient into that of the part, which the op's node takes, and the rest, which flows to the base. */
  apply(grads: MaybeTensor[]): MaybeTensor[] {
    const grad = grads[0];
    if (grad === null) return this.next.map(() => null);
    const base = this.#base, view = this.#view;
    let result = grad.new_empty_strided(base.sizes, base.strides);
    result.copy_(grad);
    let part = result.as_strided(view.sizes, view.strides, view.offset - base.offset);
    const inner = this.#applyInner(part.clone());
    const changed = inner[0] ?? null;
    if (changed !== null && changed.lift !== null) {
      // under a function transform the part may stand for more than the whole has room for
      const whole = changed.new_empty_strided(base.sizes, base.strides).copy_(result);
      part = whole.as_strided(view.sizes, view.strides, view.offset - base.offset);
      result = whole;
    }
    const out: MaybeTensor[] = this.next.map(() => null);
    for (let i = 0; i < out.length; i++) {
      if (this.next[i] === null) continue;
      if (i > 0) out[i] = inner[i];
      else {
        if (changed !== null) part.copy_(changed);
        else part.zero_();
        out[0] = result;
      }
    }
    return out;
  }

  /** The op's gradients; which of them are wanted is said of this node's edges, not of the op's own. */
  #applyInner(grad: Tensor): MaybeTensor[] {
    const { wants } = passFilter;
    passFilter.wants = null;
    try {
      return this.#fn.apply([grad]);
    } finally {
      passFilter.wants = wants;
    }
  }

  /** Lets the op's node go of what it saved. */
  override release(): void {
    this.#fn.release();
  }
}

/** Makes `node` the history of a tensor that has been changed in place; a view hands it on to its base. */
export function rebaseHistory(tensor: Tensor, node: Node): void {
  if (tensor.viewInfo === null) {
    moveRetained(tensor, node);
    tensor.node = node;
    tensor.output_nr = 0;
    tensor.tracks = true;
    return;
  }
  const base = tensor.viewInfo.base;
  const slices = new CopySlices(base, tensor, node);
  moveRetained(base, slices);
  base.node = slices;
  base.output_nr = 0;
  base.tracks = true;
  tensor.viewInfo.version = -1;
  gradFn(tensor);
}

/** What `retain_grad` asked for holds for the tensor, not for the node that once made it. */
function moveRetained(tensor: Tensor, node: Node): void {
  const keep = tensor.retains_grad ? tensor.node?.hooks?.retain.get(tensor.output_nr) : undefined;
  if (keep === undefined) return;
  tensor.node!.hooks!.retain.delete(tensor.output_nr);
  node.ownHooks().retain.set(0, keep);
}
