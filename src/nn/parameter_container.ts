/**
 * Containers of parameters.
 */
import { KeyError } from "../errors.ts";
import { Slice } from "../ops/index.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { at, sliced } from "./container.ts";
import { deepcopy, Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Tensors become parameters; anything else is kept as it is. */
const asParameter = (value: unknown): unknown => value instanceof Tensor && !(value instanceof Parameter) ? new Parameter(value) : value;

/** A line of the texts of both containers. */
function line(name: string | number, value: unknown, type: (t: Tensor) => string): string {
  if (!(value instanceof Tensor)) return `  (${name}): Object of type: ${pythonType(value)}`;
  const kind = value instanceof Parameter ? "Parameter" : "Tensor";
  return `  (${name}): ${kind} containing: [${type(value)} of size ${value.sizes.join("x")}]`;
}

/** A list of parameters, and of whatever else belongs among them. */
export class ParameterList extends Module {
  readonly #names: string[] = [];

  /** Takes the parameters; tensors become some. */
  constructor(values: Iterable<unknown> | null = null) {
    super();
    if (values !== null) this.extend(values);
  }

  #values(): unknown[] {
    return this.#names.map((name) => Reflect.get(this, name));
  }

  /** The number of parameters. */
  get length(): number {
    return this.#names.length;
  }

  /** The parameter at an index. */
  index(index: number): Parameter;
  /** A new list of a slice. */
  index(index: Slice): ParameterList;
  /** The parameter at an index, or a new list of a slice. */
  index(index: number | Slice): Parameter | ParameterList {
    if (index instanceof Slice) return new ParameterList(sliced(this.#values(), index));
    return this.#values()[at(index, this.length)] as Parameter;
  }

  /** Puts another in the place of one. */
  set(index: number, value: unknown): void {
    Reflect.set(this, String(at(index, this.length)), asParameter(value));
  }

  /** Adds a parameter at the end. */
  append(value: unknown): this {
    const name = String(this.length);
    this.#names.push(name);
    Reflect.set(this, name, asParameter(value));
    return this;
  }

  /** Adds several at the end. */
  extend(values: Iterable<unknown>): this {
    for (const v of values) this.append(v);
    return this;
  }

  /** The parameters in order. */
  [Symbol.iterator](): Iterator<Parameter> {
    return (this.#values() as Parameter[])[Symbol.iterator]();
  }

  /** @internal */
  override __deepcopy__(memo: Map<unknown, unknown> = new Map()): this {
    const copy = new ParameterList(this.#values().map((value) => deepcopy(value, memo)));
    memo.set(this, copy);
    return copy as this;
  }

  /** A line for each: `(0): Parameter containing: [torch.float32 of size 2x3]`. */
  override extra_repr(): string {
    return this.#values().map((p, i) => line(i, p, (t) => String(t.dtype))).join("\n");
  }
}

/** Parameters by name, and whatever else belongs among them. */
export class ParameterDict extends Module {
  readonly #names = new Set<string>();

  /** Takes a map or a plain object; tensors become parameters. */
  constructor(parameters: Map<string, unknown> | Record<string, unknown> | Iterable<readonly [string, unknown]> | null = null) {
    super();
    if (parameters !== null) this.update(parameters);
  }

  /** The number of parameters. */
  get length(): number {
    return this.#names.size;
  }

  /** The parameter of a name. */
  get(key: string): Parameter {
    if (!this.#names.has(key)) throw new KeyError(key);
    return Reflect.get(this, key) as Parameter;
  }

  /** Sets the parameter of a name. */
  set(key: string, value: unknown): void {
    if (typeof key !== "string") {
      throw new TypeError(`Index given to ParameterDict cannot be used as a key as it is not a string (type is '${pythonType(key)}').`);
    }
    this.#names.add(key);
    Reflect.set(this, key, asParameter(value));
  }

  /** Whether there is one of that name. */
  has(key: string): boolean {
    return this.#names.has(key);
  }

  /** Removes one and gives it back. */
  pop(key: string): Parameter {
    const removed = this.get(key);
    this.#names.delete(key);
    Reflect.deleteProperty(this, key);
    return removed;
  }

  /** Adds or replaces several. */
  update(parameters: Map<string, unknown> | Record<string, unknown> | Iterable<readonly [string, unknown]>): void {
    const pairs = Symbol.iterator in parameters ? parameters as Iterable<readonly [string, unknown]> : Object.entries(parameters);
    for (const [name, p] of pairs) this.set(name, p);
  }

  /** The names. */
  keys(): string[] {
    return [...this.#names];
  }

  /** The parameters. */
  values(): Parameter[] {
    return this.keys().map((key) => this.get(key));
  }

  /** The names and parameters. */
  items(): [string, Parameter][] {
    return this.keys().map((key) => [key, this.get(key)]);
  }

  /** The names in order. */
  [Symbol.iterator](): Iterator<string> {
    return this.#names.values();
  }

  /** @internal */
  override __deepcopy__(memo: Map<unknown, unknown> = new Map()): this {
    const copy = new ParameterDict(this.items().map(([key, value]): [string, unknown] => [key, deepcopy(value, memo)]));
    memo.set(this, copy);
    return copy as this;
  }

  /** A line for each: `(a): Parameter containing: [torch.FloatTensor of size 2x3]`. */
  override extra_repr(): string {
    return this.keys().map((key) => line(key, this.get(key), (t) => t.type())).join("\n");
  }
}
