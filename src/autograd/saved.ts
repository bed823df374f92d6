/**
 * Tensors saved for backward: the version at which they were saved is remembered, and checked when they are used.
 */
import { RuntimeError } from "../errors.ts";
import { pythonType } from "../python.ts";
import type { Tensor } from "../tensor.ts";
import { AccumulateGrad } from "./accumulate.ts";
import type { Node } from "./node.ts";
import { gradientEdge } from "./view.ts";

/** A pair of functions that pack a tensor when it is saved and unpack it when backward needs it. */
export interface SavedTensorsHooks {
  /** Turns the tensor into whatever is to be kept. */
  pack: (tensor: Tensor) => unknown;
  /** Turns that back into a tensor. */
  unpack: (packed: unknown) => Tensor;
}

const hookStack: SavedTensorsHooks[] = [];
let disabled: string | null = null;

/** Makes `hooks` the ones that tensors are saved with from now on. */
export function pushSavedTensorsHooks(hooks: SavedTensorsHooks): void {
  if (disabled !== null) throw new RuntimeError(disabled);
  hookStack.push(hooks);
}

/** Takes back the last `pushSavedTensorsHooks`. */
export function popSavedTensorsHooks(): void {
  hookStack.pop();
}

/** Forbids saved-tensor hooks with this message, or allows them again with null; gives what was set before. */
export function disableSavedTensorsHooks(message: string | null): string | null {
  if (message !== null && hookStack.length > 0) throw new RuntimeError(message);
  const before = disabled;
  disabled = message;
  return before;
}

/** The error for backward through a graph whose saved tensors are gone. */
export function freedGraph(): RuntimeError {
  return new RuntimeError(
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). " +
      "Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). " +
      "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.",
  );
}

function modified(tensor: Tensor, expected: number, output: string): RuntimeError {
  return new RuntimeError(
    "one of the variables needed for gradient computation has been modified by an inplace operation: " +
      `[${tensor.type()} [${tensor.sizes.join(", ")}]]${output} is at version ${tensor.store.version}; expected version ${expected} instead. ` +
      "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True).",
  );
}

/** What hooks made of a tensor. */
interface Packed {
  hooks: SavedTensorsHooks;
  value: unknown;
  /** Where the gradient of the tensor flows, so that what is unpacked can take its place in the graph. */
  edge: { node: Node; nr: number } | null;
}

/** One tensor, saved. */
export class SavedTensor {
  #tensor: Tensor | null;
  readonly #version: number;
  /** What hooks made of the tensor, where there are hooks. */
  #packed: Packed | null = null;
  /** The node whose result the tensor is, where it is that node which saves it. */
  readonly #maker: Node | null;

  /** Saves `tensor` at its present version, through the hooks that are active; `maker` is the saving node if the tensor is its own result. */
  constructor(tensor: Tensor, maker: Node | null = null) {
    if (tensor.inference) {
      throw new RuntimeError(
        "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and use it in autograd.",
      );
    }
    const { version, pending } = tensor.store;
    if (pending !== null) pending.uses++;
    this.#version = version;
    this.#tensor = tensor;
    this.#maker = maker;
    if (hookStack.length > 0) this.#pack(tensor, hookStack[hookStack.length - 1]);
  }

  #pack(tensor: Tensor, hooks: SavedTensorsHooks): void {
    const { version } = tensor.store;
    const node = gradientEdge(tensor);
    const edge = node === null ? null : { node, nr: tensor.output_nr };
    this.#packed = { hooks, value: hooks.pack(tensor), edge };
    this.#tensor = null;
    if (tensor.store.version !== version) {
      throw new RuntimeError(
        "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook can not be modified by in-place operations " +
          "as this can lead to unexpected side-effects. Please open an issue if you need to perform in-place operations on the input to a pack hook.",
      );
    }
  }

  /** Packs the tensor by these functions from now on. */
  register_hooks(pack: SavedTensorsHooks["pack"], unpack: SavedTensorsHooks["unpack"]): void {
    if (this.#tensor === null) {
      throw new RuntimeError("Calling register_hooks on a saved tensor whose hooks have already been set. Hint: only one pair of hooks is allowed at a time.");
    }
    this.#pack(this.#tensor, { pack, unpack });
  }

  /** The tensor again; throws PyTorch's error where it has been changed in place meanwhile. */
  unpack(): Tensor {
    const tensor = this.#tensor;
    if (tensor === null) return unpackThroughHooks(this.#packed!);
    if (tensor.store.version !== this.#version) {
      // a result is named by the node that made it, even where another has changed it since; indices have no node
      const fn = tensor.dtype.is_floating_point ? this.#maker ?? tensor.grad_fn : null;
      throw modified(tensor, this.#version, fn === null ? "" : `, which is output ${tensor.output_nr} of ${fn.name()},`);
    }
    return tensor;
  }
}

function unpackThroughHooks({ hooks, value, edge }: Packed): Tensor {
  const result: unknown = hooks.unpack(value);
  if (!isTensor(result)) {
    throw new TypeError(`Output of saved tensor unpack_hook expected to be a Tensor but got result of type ${pythonType(result)}`);
  }
  if (edge === null || gradientEdge(result) === edge.node) return result;
  const out = result.detach();
  if (edge.node instanceof AccumulateGrad) out.sink = edge.node;
  else {
    out.node = edge.node;
    out.output_nr = edge.nr;
  }
  out.tracks = true;
  return out;
}

// the class itself stands above: a tensor is known by its memory
const isTensor = (value: unknown): value is Tensor => typeof value === "object" && value !== null && "store" in value;
