/**
 * Containers of modules.
 */
import { IndexError, KeyError, NotImplementedError } from "../errors.ts";
import { Slice } from "../ops/index.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { indent, Module } from "./module.ts";

/** Resolves an index that may count from the end. */
export function at(index: number, length: number): number {
  if (index < -length || index >= length) throw new IndexError(`index ${index} is out of range`);
  return index < 0 ? index + length : index;
}

const bound = (value: Slice["start"]): number | null => value === null ? null : Number(value instanceof Tensor ? value.item() : value);

/** The entries that a slice picks. */
export function sliced<T>(list: readonly T[], slice: Slice): T[] {
  const start = bound(slice.start), stop = bound(slice.stop), step = bound(slice.step) ?? 1;
  if (step > 0) return list.slice(start ?? 0, stop ?? undefined).filter((_, i) => i % step === 0);
  const { length } = list;
  const wrap = (i: number) => i < 0 ? i + length : i;
  const first = Math.min(start === null ? length - 1 : wrap(start), length - 1), last = stop === null ? -1 : wrap(stop);
  const out: T[] = [];
  for (let i = first; i > last; i += step) out.push(list[i]);
  return out;
}

/** The values of an argument that must be iterable. */
function iterated<T>(what: string, values: Iterable<T>): Iterable<T> {
  const given: unknown = values;
  if (typeof given === "object" && given !== null && Symbol.iterator in given) return values;
  throw new TypeError(`${what} should be called with an iterable, but got ${pythonType(given)}`);
}

/** Containers whose modules are numbered. */
export abstract class Numbered extends Module {
  /** The number of modules. */
  get length(): number {
    return this._modules.size;
  }

  /** The modules, with other numbers. */
  protected renumber(modules: readonly Module[]): void {
    for (const name of this._modules.keys()) Reflect.deleteProperty(this, name);
    modules.forEach((m, i) => this.add_module(String(i), m));
  }

  /** Puts another module in the place of one. */
  set(index: number, module: Module): void {
    const names = [...this._modules.keys()];
    this.add_module(names[at(index, names.length)], module);
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    this.add_module(String(this.length), module);
    return this;
  }

  /** Adds several at the end. */
  extend(modules: Iterable<Module>): this {
    for (const m of iterated(`${this._get_name()}.extend`, modules)) this.append(m);
    return this;
  }

  /** Removes a module and gives it back. */
  pop(index: number): Module {
    const list = [...this._modules.values()];
    const [removed] = list.splice(at(index, list.length), 1);
    this.renumber(list);
    return removed;
  }

  /** The modules in order. */
  [Symbol.iterator](): Iterator<Module> {
    return this._modules.values();
  }
}

/** Modules one after the other: each gets what the one before gives. */
export class Sequential extends Numbered {
  /** Takes the modules, or one map of names to modules. */
  constructor(...modules: (Module | Map<string, Module> | Record<string, Module>)[]) {
    super();
    const [first] = modules;
    if (modules.length === 1 && first instanceof Map) { for (const [name, m] of first) this.add_module(name, m); }
    else if (modules.length === 1 && Object.getPrototypeOf(first) === Object.prototype) {
      for (const [name, m] of Object.entries(first as Record<string, Module>)) this.add_module(name, m);
    } else modules.forEach((m, i) => this.add_module(String(i), m as Module));
  }

  /** The module at an index. */
  index(index: number): Module;
  /** A new `Sequential` of a slice. */
  index(index: Slice): Sequential;
  /** The module at an index, or a new `Sequential` of a slice. */
  index(index: number | Slice): Module | Sequential {
    if (index instanceof Slice) return new Sequential(new Map(sliced([...this._modules], index)));
    const list = [...this._modules.values()];
    return list[at(index, list.length)];
  }

  /** Adds a module before the one at `index`. */
  insert(index: number, module: Module): this {
    const list = [...this._modules.values()];
    if (index < -list.length || index > list.length) throw new IndexError(`Index out of range: ${index}`);
    list.splice(index, 0, module);
    this.renumber(list);
    return this;
  }

  /** The last module's output. */
  override forward(input: Tensor): Tensor {
    let out: unknown = input;
    for (const m of this._modules.values()) out = m.call(...[out as never]);
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
export class ModuleList extends Numbered {
  /** Takes the modules. */
  constructor(modules: Iterable<Module> | null = null) {
    super();
    if (modules !== null) this.extend(modules);
  }

  /** The module at an index. */
  index(index: number): Module;
  /** A new list of a slice. */
  index(index: Slice): ModuleList;
  /** The module at an index, or a new list of a slice. */
  index(index: number | Slice): Module | ModuleList {
    const list = [...this._modules.values()];
    return index instanceof Slice ? new ModuleList(sliced(list, index)) : list[at(index, list.length)];
  }

  /** Adds a module before the one at `index`. */
  insert(index: number, module: Module): void {
    const list = [...this._modules.values()];
    list.splice(index, 0, module);
    this.renumber(list);
  }

  /** A list of modules computes nothing by itself. */
  override forward(..._args: never[]): unknown {
    throw new NotImplementedError('Module [ModuleList] is missing the required "forward" function');
  }

  /** The modules, with runs of the same text drawn together. */
  override toString(): string {
    return listText(this._get_name(), [...this._modules.values()]);
  }
}

/** Modules by name. */
export class ModuleDict extends Module {
  /** Takes a map, a plain object, or pairs. */
  constructor(modules: Map<string, Module> | Record<string, Module> | Iterable<readonly [string, Module]> | null = null) {
    super();
    if (modules !== null) this.update(modules);
  }

  /** The number of modules. */
  get length(): number {
    return this._modules.size;
  }

  /** The module of a name. */
  get(key: string): Module {
    const found = this._modules.get(key);
    if (found === undefined) throw new KeyError(key);
    return found;
  }

  /** Sets the module of a name. */
  set(key: string, module: Module): void {
    this.add_module(key, module);
  }

  /** Whether there is a module of that name. */
  has(key: string): boolean {
    return this._modules.has(key);
  }

  /** Removes a module and gives it back. */
  pop(key: string): Module {
    const removed = this.get(key);
    Reflect.deleteProperty(this, key);
    return removed;
  }

  /** Removes all modules. */
  clear(): void {
    for (const name of this._modules.keys()) Reflect.deleteProperty(this, name);
  }

  /** Adds or replaces several. */
  update(modules: Map<string, Module> | Record<string, Module> | Iterable<readonly [string, Module]>): void {
    const pairs = Symbol.iterator in modules ? modules as Iterable<readonly [string, Module]> : Object.entries(modules);
    for (const [name, m] of pairs) this.add_module(name, m);
  }

  /** The names. */
  keys(): string[] {
    return [...this._modules.keys()];
  }

  /** The modules. */
  values(): Module[] {
    return [...this._modules.values()];
  }

  /** The names and modules. */
  items(): [string, Module][] {
    return [...this._modules];
  }

  /** The names in order. */
  [Symbol.iterator](): Iterator<string> {
    return this._modules.keys();
  }
}

/** A module that PyTorch spreads over several devices; here it runs where it is. */
export class DataParallel extends Module {
  /** The module. */
  module: Module;

  /** Takes the module; what follows is accepted. */
  constructor(module: Module, ..._args: unknown[]) {
    super();
    this.module = module;
  }

  /** What the module gives. */
  override forward(...args: never[]): unknown {
    return this.module.call(...args);
  }
}
