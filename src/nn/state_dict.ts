/**
 * What `state_dict` gives: a map that prints as Python's `OrderedDict`.
 */
import type { Tensor } from "../tensor.ts";

/** Tensors by path, in the order of the module's attributes. */
export class StateDict extends Map<string, Tensor> {
  /** For each module, by its path, the version of its class. */
  readonly _metadata: Map<string, { version?: number }> = new Map();

  /** `OrderedDict({'weight': tensor(...)})`. */
  override toString(): string {
    if (this.size === 0) return "OrderedDict()";
    return `OrderedDict({${[...this].map(([k, v]) => `'${k}': ${v}`).join(", ")}})`;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
