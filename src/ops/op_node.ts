/**
 * The node that a primitive leaves in the graph, and what it saves.
 */
import { type MaybeTensor, Node } from "../autograd/node.ts";
import { freedGraph, SavedTensor } from "../autograd/saved.ts";
import { type DType, float64, int64 } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { toScalar } from "./elementwise.ts";

/** Names under which PyTorch keeps a tensor even where the user gave a number, so that its release is noticed. */
const WRAPPED_NUMBERS = new Set(["other"]);

/** What a node has saved under a name. */
interface Keeper {
  saved(name: string): unknown;
}

/** Makes `node._saved_other` and its kin readable, under PyTorch's names. */
export function exposeSaved(prototype: Keeper, name: string): void {
  const attribute = `_saved_${name.replace(/_sizes$/, "_sym_sizes").replace(/_dtype$/, "_scalar_type")}`;
  if (attribute in prototype) return;
  Object.defineProperty(prototype, attribute, {
    configurable: true,
    get(this: Keeper) {
      const value = this.saved(name);
      return WRAPPED_NUMBERS.has(name) && typeof value === "number" ? wrappedNumber(value) : value === undefined ? null : value;
    },
  });
}

/** A number as the 0-d tensor that PyTorch makes of it. */
function wrappedNumber(value: number): Tensor {
  const out = Tensor.make([], Number.isInteger(value) ? int64 : float64);
  out.store.data[0] = toScalar(value, out.dtype);
  return out;
}

/** Whether a value is a list of tensors, or of what has been saved of them; it may hold nulls, as the indices of `index` do. */
const isList = (value: unknown, of: typeof Tensor | typeof SavedTensor): value is unknown[] =>
  Array.isArray(value) && typeof value[0] !== "number" && value.some((v) => v instanceof of);

function save(value: unknown, results: readonly Tensor[], node: Node): unknown {
  if (value instanceof Tensor) return new SavedTensor(value, results.includes(value) ? node : null);
  return isList(value, Tensor) ? value.map((v) => save(v, results, node)) : value;
}

function unpack(value: unknown): unknown {
  if (value instanceof SavedTensor) return value.unpack();
  return isList(value, SavedTensor) ? value.map(unpack) : value;
}

/** What the node needs of its primitive. */
interface Differentiable {
  readonly name: string;
  readonly names: readonly string[];
  gradients(node: OpNode, grads: MaybeTensor[]): MaybeTensor[];
}

/** The node of a primitive. */
export class OpNode extends Node {
  readonly #primitive: Differentiable;
  /** What was saved, in the order of the primitive's names; undefined where no formula that is needed names it. */
  #values: unknown[] | null = NOTHING;
  #savesTensors = false;
  /** How many edges each input has, where one of them is a list. */
  readonly widths: readonly number[] | null;

  /** Made by `Primitive`. */
  constructor(
    primitive: Differentiable,
    next: (Node | null)[],
    nextNr: readonly number[],
    widths: readonly number[] | null,
    sizes?: readonly Sizes[],
    dtypes?: readonly DType[],
  ) {
    super(next, nextNr, sizes, dtypes);
    this.#primitive = primitive;
    this.widths = widths;
  }

  /** PyTorch's name. */
  name(): string {
    return this.#primitive.name;
  }

  override get freshResults(): boolean {
    return true;
  }

  /** Saves what the formulas need, once the results have their history. */
  save(values: unknown[], results: readonly Tensor[]): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === undefined) continue;
      const packed = save(value, results, this);
      if (packed !== value || (typeof value !== "object" && WRAPPED_NUMBERS.has(this.#primitive.names[i]))) this.#savesTensors = true;
      values[i] = packed;
    }
    this.#values = values;
  }

  /** What was saved under a name; undefined if nothing was. Throws the freed-graph error once it has been released. */
  saved(name: string): unknown {
    return this.savedAt(this.#primitive.names.indexOf(name));
  }

  /** What was saved under the name at this place in the primitive's list of names. */
  savedAt(place: number): unknown {
    if (this.#values === null) throw freedGraph();
    return unpack(this.#values[place]);
  }

  /** The names of what is saved. */
  savedNames(): readonly string[] {
    return this.#primitive.names;
  }

  apply(grads: MaybeTensor[]): MaybeTensor[] {
    return this.#primitive.gradients(this, grads);
  }

  override release(): void {
    if (this.#savesTensors) this.#values = null;
  }
}

const NOTHING: unknown[] = [];
