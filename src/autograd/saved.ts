/**
 * Tensors saved for backward: the version at which they were saved is remembered, and checked when they are used.
 */
import { RuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

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
      `[${tensor.type()} [${tensor.sizes.join(", ")}]]${output}, is at version ${tensor.store.version}; expected version ${expected} instead. ` +
      "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True).",
  );
}

/** One tensor, saved. */
export class SavedTensor {
  readonly #tensor: Tensor | null;
  readonly #version: number;
  readonly #hooks: SavedTensorsHooks | null;
  readonly #packed: unknown;

  /** Saves `tensor` at its present version, through the hooks that are active. */
  constructor(tensor: Tensor) {
    if (tensor.inference) {
      throw new RuntimeError("Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal tensor and use it in autograd.");
    }
    const hooks = hookStack.length > 0 ? hookStack[hookStack.length - 1] : null;
    this.#hooks = hooks;
    this.#version = tensor.store.version;
    if (hooks === null) this.#tensor = tensor;
    else {
      this.#tensor = null;
      this.#packed = hooks.pack(tensor.detach());
    }
  }

  /** The tensor again; throws PyTorch's error where it has been changed in place meanwhile. */
  unpack(): Tensor {
    const tensor = this.#tensor;
    if (tensor === null) return this.#hooks!.unpack(this.#packed);
    if (tensor.store.version !== this.#version) {
      const fn = tensor.grad_fn;
      throw modified(tensor, this.#version, fn === null ? "" : `, which is output ${tensor.output_nr} of ${fn.name()}`);
    }
    return tensor;
  }
}
