/**
 * What ops with several results return: `x.max(0)` is an array of two tensors that can also be read as `.values` and `.indices`.
 */
import type { Tensor } from "./tensor.ts";

/** An array of tensors, or of lists of them, that knows the names of its elements and prints as PyTorch's `torch.return_types` do. */
export class NamedTupleArray<T extends Tensor | Tensor[] = Tensor> extends Array<T> {
  /** PyTorch's name of the type: `max`. */
  readonly #type: string;
  readonly #fields: readonly string[];

  /** Slices and maps of a named tuple are plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Not for users: see `namedTuple`. */
  constructor(type: string, fields: readonly string[], tensors: readonly T[]) {
    super();
    this.#type = type;
    this.#fields = fields;
    this.push(...tensors);
    fields.forEach((field, i) => Object.defineProperty(this, field, { get: () => this[i], configurable: true }));
  }

  /** A tuple of the same type with other elements. */
  like(elements: readonly T[]): NamedTupleArray<T> {
    return new NamedTupleArray(this.#type, this.#fields, elements);
  }

  /** `torch.return_types.max(`, then a line for each element: `values=tensor([1., 2.])`. */
  override toString(): string {
    const text = (value: T) => Array.isArray(value) ? `(${value.join(", ")})` : String(value);
    return `torch.return_types.${this.#type}(\n${this.#fields.map((field, i) => `${field}=${text(this[i])}`).join(",\n")})`;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](_inspect: unknown, options?: { indentationLvl?: number }): string {
    return this.toString().replaceAll("\n", "\n" + " ".repeat(options?.indentationLvl ?? 0));
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
Object.defineProperty(NamedTupleArray, "name", { value: "NamedTuple" });

/** An array of tensors, one for each of the names, under which they can be read too. */
export type NamedTuple<Field extends string> = NamedTupleArray & { readonly [F in Field]: Tensor };

/** The values that an op selected, and the indices where they stand. */
export type ValuesIndices = NamedTuple<"values" | "indices">;

/** Makes a named tuple of PyTorch's type `type`: `namedTuple("aminmax", ["min", "max"], [a, b])`. */
export function namedTuple<Field extends string>(type: string, fields: readonly Field[], tensors: readonly Tensor[]): NamedTuple<Field> {
  return new NamedTupleArray(type, fields, tensors) as NamedTuple<Field>;
}
