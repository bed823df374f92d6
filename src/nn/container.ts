/**
 * Containers of modules and parameters.
 */
import { IndexError, NotImplementedError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { pythonType } from "../python.ts";
import { indent, Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Resolves an index that may count from the end. */
function at(index: number, length: number): number {
  if (index < -length || index >= length) throw new IndexError(`index ${index} is out of range`);
  return index < 0 ? index + length : index;
}

/** What a slice of a container's modules is made of: see `torch.slice`. */
interface Range {
  start?: number | null;
  stop?: number | null;
}

const isRange = (value: unknown): value is Range => typeof value === "object" && value !== null && "start" in value && "stop" in value;

/** The modules of a container, in order: its children, even where one stands twice. */
function members(container: Module): Module[] {
  return Object.values(container).filter((m) => m instanceof Module);
}

/** Modules one after the other: each gets what the one before gives. */
export class Sequential extends Module {
  /** Takes the modules, or one map of names to modules. */
  constructor(...modules: (Module | Map<string, Module> | Record<string, Module>)[]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && first instanceof Map) { for (const [name, m] of first) this.add_module(name, m); }
    else if (modules.length === 1 && !(first instanceof Module)) {
      for (const [name, m] of Object.entries(first as Record<string, Module>)) this.add_module(name, m);
    } else modules.forEach((m, i) => this.add_module(String(i), m as Module));
  }

  /** The number of modules. */
  get length(): number {
    return members(this).length;
  }

  /** The module at an index, or a new `Sequential` of a slice. */
  index(i: number): Module;
  /** A new `Sequential` of a slice. */
  index(i: Range): Sequential;
  index(i: number | Range): Module | Sequential {
    const list = members(this);
    return isRange(i) ? new Sequential(...list.slice(i.start ?? 0, i.stop ?? undefined)) : list[at(i, list.length)];
  }

  /** Puts another module in the place of one. */
  set(i: number, module: Module): void {
    const names = Object.entries(this).filter(([, m]) => m instanceof Module).map(([name]) => name);
    this.add_module(names[at(i, names.length)], module);
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.add_module(String(this.length), module);
    return this;
  }

  /** Adds several at the end. */
  extend(modules: Iterable<Module>): this {
    for (const m of modules) this.append(m);
    return this;
  }

  /** The modules in order. */
  [Symbol.iterator](): Iterator<Module> {
    return members(this)[Symbol.iterator]();
  }

  /** The last module's output. */
  override forward(input: Tensor): Tensor {
    let out: unknown = input;
    for (const m of members(this)) out = m.call(...[out as never]);
    return out as Tensor;
  }
}

/** Prints runs of modules with the same text as `(0-2): 3 x Linear(...)`. */
function listText(name: string, list: readonly Module[]): string {
  if (list.length === 0) return `${name}()`;
  const lines: string[] = [];
  for (let i = 0; i < list.length;) {
    const text = list[i].toString();
    let j = i + 1;
    while (j < list.length && list[j].toString() === text) j++;
    lines.push(j - i === 1 ? `(${i}): ${indent(text)}` : `(${i}-${j - 1}): ${j - i} x ${indent(text)}`);
    i = j;
  }
  return `${name}(\n  ${lines.join("\n  ")}\n)`;
}

/** A list of modules. */
export class ModuleList extends Module {
  /** Takes the modules. */
  constructor(modules: Iterable<Module> = []) {
    super();
    this.extend(modules);
  }

  /** The number of modules. */
  get length(): number {
    return members(this).length;
  }

  /** The module at an index. */
  index(i: number): Module;
  /** A new list of a slice. */
  index(i: Range): ModuleList;
  index(i: number | Range): Module | ModuleList {
    const list = members(this);
    return isRange(i) ? new ModuleList(list.slice(i.start ?? 0, i.stop ?? undefined)) : list[at(i, list.length)];
  }

  /** Puts another module in the place of one. */
  set(i: number, module: Module): void {
    this.add_module(String(at(i, this.length)), module);
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.add_module(String(this.length), module);
    return this;
  }

  /** Adds several at the end. */
  extend(modules: Iterable<Module>): this {
    for (const m of modules) this.append(m);
    return this;
  }

  /** Adds a module before the one at `index`. */
  insert(index: number, module: Module): void {
    const list = members(this);
    list.splice(index, 0, module);
    list.forEach((m, i) => this.add_module(String(i), m));
  }

  /** The modules in order. */
  [Symbol.iterator](): Iterator<Module> {
    return members(this)[Symbol.iterator]();
  }

  override forward(..._args: never[]): unknown {
    throw new NotImplementedError('Module [ModuleList] is missing the required "forward" function');
  }

  override toString(): string {
    return listText("ModuleList", members(this));
  }
}

/** Modules by name. */
export class ModuleDict extends Module {
  /** Takes a map, a plain object, or pairs. */
  constructor(modules: Map<string, Module> | Record<string, Module> | Iterable<readonly [string, Module]> = []) {
    super();
    this.update(modules);
  }

  /** The number of modules. */
  get length(): number {
    return members(this).length;
  }

  /** The module of a name. */
  get(key: string): Module {
    return this.get_submodule(key);
  }

  /** Sets the module of a name. */
  set(key: string, module: Module): void {
    this.add_module(key, module);
  }

  /** Whether there is a module of that name. */
  has(key: string): boolean {
    return Reflect.get(this, key) instanceof Module;
  }

  /** Adds or replaces several. */
  update(modules: Map<string, Module> | Record<string, Module> | Iterable<readonly [string, Module]>): void {
    const pairs = Symbol.iterator in modules ? modules as Iterable<readonly [string, Module]> : Object.entries(modules);
    for (const [name, m] of pairs) this.add_module(name, m);
  }

  /** The names. */
  keys(): string[] {
    return this.items().map(([k]) => k);
  }

  /** The modules. */
  values(): Module[] {
    return members(this);
  }

  /** The names and modules. */
  items(): [string, Module][] {
    return Object.entries(this).filter((e): e is [string, Module] => e[1] instanceof Module);
  }

  /** The names in order. */
  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }
}

/** A list of parameters. */
export class ParameterList extends Module {
  /** Takes the parameters; tensors become some. */
  constructor(values: Iterable<Tensor> = []) {
    super();
    this.extend(values);
  }

  #own(): Parameter[] {
    return Object.values(this).filter((p) => p instanceof Parameter);
  }

  /** The number of parameters. */
  get length(): number {
    return this.#own().length;
  }

  /** The parameter at an index. */
  index(i: number): Parameter {
    const list = this.#own();
    return list[at(i, list.length)];
  }

  /** Adds a parameter at the end. */
  append(value: Tensor): this {
    this.register_parameter(String(this.length), value instanceof Parameter ? value : new Parameter(value));
    return this;
  }

  /** Adds several at the end. */
  extend(values: Iterable<Tensor>): this {
    for (const v of values) this.append(v);
    return this;
  }

  /** The parameters in order. */
  [Symbol.iterator](): Iterator<Parameter> {
    return this.#own()[Symbol.iterator]();
  }

  override extra_repr(): string {
    return this.#own().map((p, i) => `  (${i}): Parameter containing: [${p.type()} of size ${p.sizes.join("x")}]`).join("\n");
  }
}

/** Parameters by name. */
export class ParameterDict extends Module {
  /** Takes a map or a plain object; tensors become parameters. */
  constructor(parameters: Map<string, Tensor> | Record<string, Tensor> = {}) {
    super();
    for (const [k, v] of parameters instanceof Map ? parameters : Object.entries(parameters)) this.set(k, v);
  }

  /** The parameter of a name. */
  get(key: string): Parameter {
    return this.get_parameter(key);
  }

  /** Sets the parameter of a name. */
  set(key: string, value: Tensor): void {
    if (typeof key !== "string") {
      throw new TypeError(`Index given to ParameterDict cannot be used as a key as it is not a string (type is '${pythonType(key)}').`);
    }
    this.register_parameter(key, value instanceof Parameter ? value : new Parameter(value));
  }

  /** The names. */
  keys(): string[] {
    return this.items().map(([k]) => k);
  }

  /** The names and parameters. */
  items(): [string, Parameter][] {
    return Object.entries(this).filter((e): e is [string, Parameter] => e[1] instanceof Parameter);
  }

  /** The names in order. */
  [Symbol.iterator](): Iterator<string> {
    return this.keys()[Symbol.iterator]();
  }

  override extra_repr(): string {
    return this.items().map(([k, p]) => `  (${k}): Parameter containing: [${p.type()} of size ${p.sizes.join("x")}]`).join("\n");
  }
}
