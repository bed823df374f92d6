/**
 * Parameters: tensors that modules know as their own.
 */
import { formatParameter, type InspectOptions, inspectParameter } from "../format/objects.ts";
import { printable } from "../methods.ts";
import { isPlainObject } from "../python.ts";
import { Tensor } from "../tensor.ts";

/** A tensor that requires gradients and that a module finds among its attributes. It shares the memory of the tensor it is made of. */
export class Parameter extends Tensor {
  /** Takes the values; `requires_grad` false makes a parameter that is not trained. */
  constructor(data: Tensor, requires_grad: boolean | { requires_grad?: boolean } = true) {
    const source = data ?? Tensor.make([0]);
    super(source.store, source.dtype, source.sizes, source.strides, source.offset);
    this.requires_grad = isPlainObject(requires_grad) ? (requires_grad as { requires_grad?: boolean }).requires_grad ?? true : requires_grad as boolean;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](_inspect?: unknown, options?: InspectOptions): string {
    return inspectParameter(printable(this), options);
  }
}
// not as methods of the class: TypeScript counts the methods of a tensor as properties
Object.defineProperty(Parameter.prototype, "__repr__", {
  value(this: Parameter): string {
    return formatParameter(printable(this));
  },
});
