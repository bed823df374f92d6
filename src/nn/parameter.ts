/**
 * Parameters: tensors that modules know as their own.
 */
import { RuntimeError } from "../errors.ts";
import { formatParameter, type InspectOptions, inspectParameter } from "../format/objects.ts";
import { printable } from "../methods.ts";
import { isPlainObject } from "../python.ts";
import { Tensor } from "../tensor.ts";

/** Arguments of `Parameter`. */
export interface ParameterOptions {
  /** The values. */
  data?: Tensor | null;
  /** Whether it is trained; true unless given. */
  requires_grad?: boolean;
}

/** A tensor that requires gradients and that a module finds among its attributes. It shares the memory of the tensor it is made of. */
export class Parameter extends Tensor {
  /** Takes `data` and `requires_grad` (true). */
  constructor(data: Tensor | ParameterOptions | null = null, requires_grad: boolean | ParameterOptions = true) {
    const named: ParameterOptions = { ...(isPlainObject(data) ? data : {}), ...(isPlainObject(requires_grad) ? requires_grad : {}) };
    const source = data instanceof Tensor ? data : named.data ?? Tensor.make([0]);
    const trained = named.requires_grad ?? (typeof requires_grad === "boolean" ? requires_grad : true);
    if (trained && !source.dtype.is_floating_point) throw new RuntimeError("Only Tensors of floating point and complex dtype can require gradients");
    super(source.store, source.dtype, source.sizes, source.strides, source.offset);
    this.requires_grad = trained;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](_inspect?: unknown, options?: InspectOptions): string {
    return inspectParameter(printable(this), options);
  }
}
/** A tensor that a module finds among its attributes as a buffer: part of its state, but not trained. */
export class Buffer extends Tensor {
  /** Whether it is saved with the module. */
  readonly persistent: boolean;

  /** Takes `data` and `persistent` (true). */
  constructor(data: Tensor, persistent: boolean | { persistent?: boolean } = true) {
    super(data.store, data.dtype, data.sizes, data.strides, data.offset);
    this.persistent = typeof persistent === "boolean" ? persistent : persistent.persistent ?? true;
  }
}
// it is no class of its own in PyTorch
Object.defineProperty(Buffer, "name", { value: "Tensor" });

// not as methods of the class: TypeScript counts the methods of a tensor as properties
Object.defineProperty(Parameter.prototype, "__repr__", {
  value(this: Parameter): string {
    return formatParameter(printable(this));
  },
});
