/**
 * Modules: functions with parameters. A module finds its parameters, buffers and children among its own attributes, in the
 * order in which they were set.
 */
import { AttributeError, KeyError, NotImplementedError, RuntimeError, ValueError } from "../errors.ts";
import type { RemovableHandle } from "../autograd/node.ts";
import { DType } from "../dtype.ts";
import { pythonFunction } from "../ops/python_function.ts";
import { isPlainObject, pythonType } from "../python.ts";
import type { Device } from "../size.ts";
import { Tensor } from "../tensor.ts";
import type { Constructor } from "./arguments.ts";
import {
  type BackwardHook,
  type BackwardPreHook,
  type ForwardHook,
  type ForwardHookOptions,
  type ForwardPreHook,
  type HookOptions,
  ModuleHooks,
} from "./module_hooks.ts";
import {
  collectState,
  type IncompatibleKeys,
  loadState,
  type LoadStateDictPostHook,
  type LoadStateDictPreHook,
  registerStateHook,
  type StateDictPostHook,
  type StateDictPreHook,
} from "./module_state.ts";
import { Buffer, Parameter } from "./parameter.ts";
import { StateDict } from "./state_dict.ts";

/** How the names of what a module holds are listed. */
export interface NamesOptions {
  /** What stands before each name. */
  prefix: string;
  /** Whether the modules below are asked too. */
  recurse: boolean;
  /** Whether what stands in several places is named once. */
  remove_duplicate: boolean;
}

const readNames = (name: string) => {
  const defaults: NamesOptions = { prefix: "", recurse: true, remove_duplicate: true };
  return pythonFunction<(...args: Constructor<NamesOptions>) => NamesOptions, NamesOptions>(name, [], defaults, (options) => options);
};
const readNamedParameters = readNames("named_parameters");
const readNamedBuffers = readNames("named_buffers");

/** An argument that may also be given by name. */
type Option<Name extends string, T> = T | { [N in Name]?: T };

/** What was given, by position or by name. */
function option<Name extends string, T>(given: Option<Name, T>, name: Name, standard: T): T {
  return isPlainObject(given) ? (given as { [N in Name]?: T })[name] ?? standard : given as T;
}

const isNumber = (name: string): boolean => /^\d+$/.test(name);

/** The base of all modules: subclass it, set parameters and modules as attributes in the constructor, and define `forward`. */
export class Module {
  /** Whether the module is being trained: dropout and normalisation behave differently when not. */
  training = true;
  readonly #buffers = new Map<string, { readonly persistent: boolean }>();
  /** JavaScript lists names that are numbers first: the places of those that came later. */
  readonly #places = new Map<string, number>();
  #hooks: ModuleHooks | null = null;

  /** What the module computes; subclasses override it. */
  forward(..._args: never[]): unknown {
    throw new NotImplementedError(`Module [${this._get_name()}] is missing the required "forward" function`);
  }

  /** Runs the hooks and `forward`: what calling a module is in Python. */
  call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    return (this.#hooks === null ? this.forward(...args as never[]) : this.#hooks.run(this, args)) as ReturnType<this["forward"]>;
  }

  /** The class's name. */
  _get_name(): string {
    return this.constructor.name;
  }

  // -- hooks ---------------------------------------------------------------------------------------------------------

  /** Calls `hook` before `forward`. */
  register_forward_pre_hook(hook: ForwardPreHook, options: ForwardHookOptions = {}): RemovableHandle {
    return (this.#hooks ??= new ModuleHooks()).beforeForward(hook, options);
  }

  /** Calls `hook` after `forward`. */
  register_forward_hook(hook: ForwardHook, options: ForwardHookOptions = {}): RemovableHandle {
    return (this.#hooks ??= new ModuleHooks()).afterForward(hook, options);
  }

  /** Calls `hook` when the gradients of the module's outputs have been computed. */
  register_full_backward_pre_hook(hook: BackwardPreHook, options: HookOptions = {}): RemovableHandle {
    return (this.#hooks ??= new ModuleHooks()).beforeBackward(hook, options);
  }

  /** Calls `hook` when the gradients of the module's inputs have been computed. */
  register_full_backward_hook(hook: BackwardHook, options: HookOptions = {}): RemovableHandle {
    return (this.#hooks ??= new ModuleHooks()).afterBackward(hook, true, options);
  }

  /** Retired: calls `hook` with the gradients at the last node of the module. */
  register_backward_hook(hook: BackwardHook): RemovableHandle {
    return (this.#hooks ??= new ModuleHooks()).afterBackward(hook, false, {});
  }

  // -- attributes ----------------------------------------------------------------------------------------------------

  /** Keeps a tensor that is part of the module's state but not trained. */
  register_buffer(name: string, tensor: Tensor | null, persistent: Option<"persistent", boolean> = true): void {
    checkName("buffer", name);
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new TypeError(`cannot assign '${pythonType(tensor)}' object to buffer '${name}' (torch Tensor or None required)`);
    }
    this.#buffers.set(name, { persistent: option(persistent, "persistent", true) });
    this.#set(name, tensor);
  }

  /** Keeps a parameter under a name. */
  register_parameter(name: string, param: Parameter | null): void {
    checkName("parameter", name);
    if (param !== null && !(param instanceof Parameter)) {
      const given: unknown = param;
      const type = given instanceof Tensor ? given.type() : pythonType(given);
      throw new TypeError(`cannot assign '${type}' object to parameter '${name}' (torch.nn.Parameter or None required)`);
    }
    this.#set(name, param);
  }

  /** Keeps a module under a name. */
  add_module(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof Module)) throw new TypeError(`${pythonType(module)} is not a Module subclass`);
    checkName("module", name);
    this.#set(name, module);
  }

  /** Another name of `add_module`. */
  register_module(name: string, module: Module | null): void {
    this.add_module(name, module);
  }

  #set(name: string, value: unknown): void {
    if (!(name in this) && isNumber(name)) {
      const own = Object.entries(this);
      if (own.some(([key, v]) => !isNumber(key) && (v instanceof Module || v instanceof Tensor))) this.#places.set(name, own.length);
    }
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  }

  /** The attributes in the order in which they were set. */
  #entries(): [string, unknown][] {
    const entries = Object.entries(this);
    if (this.#places.size === 0) return entries;
    const late = [...this.#places].filter(([name]) => Object.hasOwn(this, name));
    const out = entries.filter(([name]) => !this.#places.has(name));
    for (const [name, place] of late) out.splice(place, 0, [name, Reflect.get(this, name)]);
    return out;
  }

  /** Buffers that were set as attributes are known from here on. */
  #adoptBuffers(): void {
    for (const [name, value] of Object.entries(this)) if (value instanceof Buffer && !this.#buffers.has(name)) this.#buffers.set(name, value);
  }

  /** The module's own parameters, by name. */
  get _parameters(): Map<string, Parameter> {
    return new Map(this.#entries().filter((e): e is [string, Parameter] => e[1] instanceof Parameter));
  }

  /** The module's own buffers, by name. */
  get _buffers(): Map<string, Tensor | null> {
    this.#adoptBuffers();
    return new Map([...this.#buffers.keys()].map((name) => [name, Reflect.get(this, name) as Tensor | null]));
  }

  /** The modules that are attributes, by name. */
  get _modules(): Map<string, Module> {
    return new Map(this.#entries().filter((e): e is [string, Module] => e[1] instanceof Module));
  }

  /** The modules that are attributes, by name; each once. */
  named_children(): [string, Module][] {
    const seen = new Set<Module>();
    return [...this._modules].filter(([, m]) => !seen.has(m) && seen.add(m));
  }

  /** The modules that are attributes; each once. */
  children(): Module[] {
    return this.named_children().map(([, m]) => m);
  }

  /** The module itself and all below it, by path; each once unless `remove_duplicate` is false. */
  named_modules(options: { memo?: Set<Module> | null; prefix?: string; remove_duplicate?: boolean } = {}): [string, Module][] {
    const { prefix = "", remove_duplicate = true } = options;
    const memo = options.memo ?? new Set<Module>();
    if (memo.has(this)) return [];
    if (remove_duplicate) memo.add(this);
    const out: [string, Module][] = [[prefix, this]];
    for (const [name, child] of this._modules) {
      out.push(...child.named_modules({ memo, prefix: prefix === "" ? name : `${prefix}.${name}`, remove_duplicate }));
    }
    return out;
  }

  /** The module itself and all below it; each once. */
  modules(): Module[] {
    return this.named_modules().map(([, m]) => m);
  }

  #collect<T extends Tensor>(own: (m: Module) => Map<string, T | null>, { prefix, recurse, remove_duplicate }: NamesOptions): [string, T][] {
    const seen = new Set<T>();
    const out: [string, T][] = [];
    for (const [path, module] of recurse ? this.named_modules({ prefix, remove_duplicate }) : [[prefix, this] as [string, Module]]) {
      for (const [name, tensor] of own(module)) {
        if (tensor === null || seen.has(tensor)) continue;
        if (remove_duplicate) seen.add(tensor);
        out.push([path === "" ? name : `${path}.${name}`, tensor]);
      }
    }
    return out;
  }

  /** All parameters with their paths; each once. Takes `prefix` (""), `recurse` (true), `remove_duplicate` (true). */
  named_parameters(...args: Constructor<NamesOptions>): [string, Parameter][] {
    return this.#collect((m) => m._parameters, readNamedParameters(...args));
  }

  /** All parameters; each once. */
  parameters(recurse: Option<"recurse", boolean> = true): Parameter[] {
    return this.named_parameters({ recurse: option(recurse, "recurse", true) }).map(([, p]) => p);
  }

  /** All buffers with their paths; each once. Takes `prefix` (""), `recurse` (true), `remove_duplicate` (true). */
  named_buffers(...args: Constructor<NamesOptions>): [string, Tensor][] {
    return this.#collect((m) => m._buffers, readNamedBuffers(...args));
  }

  /** All buffers; each once. */
  buffers(recurse: Option<"recurse", boolean> = true): Tensor[] {
    return this.named_buffers({ recurse: option(recurse, "recurse", true) }).map(([, b]) => b);
  }

  /** The module at a path such as `layers.0`. */
  get_submodule(target: string): Module {
    if (target === "") return this;
    const dot = target.indexOf(".");
    const name = dot < 0 ? target : target.slice(0, dot);
    const next = this.#attribute(name);
    if (!(next instanceof Module)) throw new AttributeError(`\`${name}\` is not an nn.Module`);
    return dot < 0 ? next : next.get_submodule(target.slice(dot + 1));
  }

  #attribute(name: string): unknown {
    if (!(name in this)) throw new AttributeError(`${this._get_name()} has no attribute \`${name}\``);
    return Reflect.get(this, name);
  }

  /** The module that holds what stands at a path, and its name there. */
  #holder(target: string): [Module, string] {
    const dot = target.lastIndexOf(".");
    return [this.get_submodule(target.slice(0, Math.max(dot, 0))), target.slice(dot + 1)];
  }

  /** Puts a module at a path, in the place of what stands there. */
  set_submodule(target: string, module: Module): void {
    if (target === "") throw new ValueError("Cannot set the submodule without a target name!");
    const [holder, name] = this.#holder(target);
    holder.#set(name, module);
  }

  /** The parameter at a path such as `layers.0.weight`. */
  get_parameter(target: string): Parameter {
    const [module, name] = this.#holder(target);
    const found = module.#attribute(name);
    if (!(found instanceof Parameter)) throw new AttributeError(`\`${name}\` is not an nn.Parameter`);
    return found;
  }

  /** The buffer at a path such as `layers.0.running_mean`. */
  get_buffer(target: string): Tensor {
    const [module, name] = this.#holder(target);
    const found = module.#attribute(name);
    if (!module._buffers.has(name)) throw new AttributeError(`\`${name}\` is not a buffer`);
    return found as Tensor;
  }

  // -- state ---------------------------------------------------------------------------------------------------------

  /** The parameters and persistent buffers by path, without history. */
  state_dict(options: { prefix?: string; keep_vars?: boolean } = {}): StateDict {
    const out = new StateDict();
    collectState(this, out, options.prefix ?? "", options.keep_vars ?? false);
    return out;
  }

  /**
   * Copies parameters and buffers from what `state_dict` gave; with `strict`, every key must be there and known.
   * With `assign`, the given tensors take the places of the old ones.
   */
  load_state_dict(
    state_dict: Map<string, Tensor> | Record<string, Tensor>,
    strict: boolean | { strict?: boolean; assign?: boolean } = true,
    assign: Option<"assign", boolean> = false,
  ): IncompatibleKeys {
    const replace = isPlainObject(strict) ? strict.assign === true : option(assign, "assign", false);
    return loadState(this, state_dict, typeof strict === "boolean" ? strict : strict.strict ?? true, replace);
  }

  /** What else belongs to the state; a class that overrides it overrides `set_extra_state` too. */
  get_extra_state(): unknown {
    throw neverCalled("get_extra_state");
  }

  /** Takes what `get_extra_state` gave. */
  set_extra_state(_state: unknown): void {
    throw neverCalled("set_extra_state");
  }

  /** Calls `hook` before the module's state is collected. */
  register_state_dict_pre_hook(hook: StateDictPreHook): RemovableHandle {
    return registerStateHook(this, "beforeSaving", hook);
  }

  /** Calls `hook` with the state when the module and all below it have put theirs into it. */
  register_state_dict_post_hook(hook: StateDictPostHook): RemovableHandle {
    return registerStateHook(this, "afterSaving", hook);
  }

  /** Calls `hook` with the state before the module takes its part of it. */
  register_load_state_dict_pre_hook(hook: LoadStateDictPreHook): RemovableHandle {
    return registerStateHook(this, "beforeLoading", hook);
  }

  /** Calls `hook` with what is missing or unexpected when the module and all below it have been loaded. */
  register_load_state_dict_post_hook(hook: LoadStateDictPostHook): RemovableHandle {
    return registerStateHook(this, "afterLoading", hook);
  }

  /** The version of the class, which its state remembers. */
  get _version(): number {
    return 1;
  }

  /** @internal The names of the state's tensors that states before the class's version, or of unknown version, need not have. */
  _names_since(_version: number | null): readonly string[] {
    return [];
  }

  /** @internal Whether the class overrides one of the two methods for further state. */
  _has_extra_state(method: "get_extra_state" | "set_extra_state"): boolean {
    return this[method] !== Module.prototype[method];
  }

  /** @internal The module's own parameters and persistent buffers. */
  _state_tensors(): [string, Tensor][] {
    const buffers = [...this._buffers].filter((b): b is [string, Tensor] => b[1] !== null && this.#buffers.get(b[0])!.persistent);
    return [...this._parameters, ...buffers];
  }

  /** @internal Puts another tensor into the place of one of the module's own. */
  _replace(name: string, tensor: Tensor): void {
    this.#set(name, tensor);
  }

  /** @internal A copy with parameters, buffers and modules of its own, as `copy.deepcopy` makes it; hooks stay behind. */
  __deepcopy__(memo: Map<unknown, unknown> = new Map()): this {
    this.#adoptBuffers();
    const copy = Object.setPrototypeOf(new Module(), Object.getPrototypeOf(this)) as this;
    memo.set(this, copy);
    for (const [name, value] of Object.entries(this)) copy.#set(name, deepcopy(value, memo));
    for (const [name, buffer] of this.#buffers) copy.#buffers.set(name, buffer);
    for (const [name, place] of this.#places) copy.#places.set(name, place);
    return copy;
  }

  // -- changes -------------------------------------------------------------------------------------------------------

  /** Calls `fn` with every module below, then with the module itself, which is returned. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Sets whether the module and all below it are being trained. */
  train(mode: Option<"mode", boolean> = true): this {
    const on = option(mode, "mode", true);
    if (typeof on !== "boolean") throw new ValueError("training mode is expected to be boolean");
    for (const m of this.modules()) m.training = on;
    return this;
  }

  /** `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether gradients flow to the parameters. */
  requires_grad_(requires_grad: Option<"requires_grad", boolean> = true): this {
    for (const p of this.parameters()) p.requires_grad_(option(requires_grad, "requires_grad", true));
    return this;
  }

  /** Forgets the gradients of the parameters, or sets them to zero. */
  zero_grad(set_to_none: Option<"set_to_none", boolean> = true): void {
    zeroGradients(this.parameters(), option(set_to_none, "set_to_none", true));
  }

  #convert(convert: (t: Tensor) => Tensor): this {
    for (const m of this.modules()) {
      for (const p of m._parameters.values()) {
        p.data = convert(p.data);
        if (p.ownGrad !== null) p.ownGrad = convert(p.ownGrad);
      }
      for (const [name, b] of m._buffers) if (b !== null) m.#set(name, convert(b));
    }
    return this;
  }

  /** Brings floating-point parameters and buffers to a dtype; devices are accepted as far as there are any. */
  to(...args: (DType | Device | string | Tensor | boolean | { dtype?: DType; device?: string | Device })[]): this {
    for (const a of args) {
      const dtype = a instanceof DType ? a : isPlainObject(a) ? a.dtype : undefined;
      if (dtype instanceof DType && !dtype.is_floating_point) {
        throw new TypeError(`nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${dtype}`);
      }
    }
    return this.#convert((t) => t.dtype.is_floating_point ? t.to(...args) : t);
  }

  /** In float64. */
  double(): this {
    return this.#convert((t) => t.dtype.is_floating_point ? t.double() : t);
  }

  /** In float32. */
  float(): this {
    return this.#convert((t) => t.dtype.is_floating_point ? t.float() : t);
  }

  /** All parameters and buffers in a dtype. */
  type(dst_type: DType): this {
    return this.#convert((t) => t.to(dst_type));
  }

  /** With new memory, whose contents are not initialised. */
  to_empty(_options: { device: string | Device | null; recurse?: boolean }): this {
    return this.#convert((t) => t.detach().empty_like());
  }

  /** On the CPU, where it is. */
  cpu(): this {
    return this;
  }

  /** Throws PyTorch's error: there is no CUDA here. */
  cuda(): this {
    return this.#convert((t) => t.cuda());
  }

  // -- text ----------------------------------------------------------------------------------------------------------

  /** What stands between the parentheses of the module's text, besides its children. */
  extra_repr(): string {
    return "";
  }

  /** The module and its children, as PyTorch prints them. */
  toString(): string {
    const extra = this.extra_repr();
    const lines = extra === "" ? [] : extra.split("\n");
    const children = [...this._modules].map(([name, m]) => `(${name}): ${indent(m.toString())}`);
    const body = [...lines, ...children];
    if (body.length === 0) return `${this._get_name()}()`;
    if (lines.length === 1 && children.length === 0) return `${this._get_name()}(${lines[0]})`;
    return `${this._get_name()}(\n  ${body.join("\n  ")}\n)`;
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

/** A copy of what a module keeps: tensors and modules of its own, anything else as it is. `memo` knows the copies that there are. */
export function deepcopy(value: unknown, memo: Map<unknown, unknown>): unknown {
  if (memo.has(value)) return memo.get(value);
  if (value instanceof Module) return value.__deepcopy__(memo);
  if (!(value instanceof Tensor)) return value;
  const fresh = value.detach().clone();
  const copy = value instanceof Parameter ? new Parameter(fresh, value.requires_grad) : fresh;
  memo.set(value, copy);
  return copy;
}

/** All lines but the first two columns to the right. */
export function indent(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

/** Forgets the gradients of tensors, or sets them to zero. */
export function zeroGradients(tensors: Iterable<Tensor>, forget: boolean): void {
  for (const p of tensors) {
    if (p.ownGrad === null) continue;
    if (forget) {
      p.ownGrad = null;
      continue;
    }
    if (p.ownGrad.grad_fn !== null) p.ownGrad.detach_();
    else p.ownGrad.requires_grad_(false);
    p.ownGrad.zero_();
  }
}

function neverCalled(method: string): RuntimeError {
  return new RuntimeError(
    `Reached a code path in Module.${method}() that should never be called. Please file an issue at https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report this bug.`,
  );
}

/** Refuses what cannot be the name of an attribute. */
function checkName(kind: string, name: unknown): void {
  if (typeof name !== "string") throw new TypeError(`${kind} name should be a string. Got ${pythonType(name)}`);
  if (name.includes(".")) throw new KeyError(`${kind} name can't contain "."${kind === "module" ? `, got: ${name}` : ""}`);
  if (name === "") throw new KeyError(`${kind} name can't be empty string ""`);
}
