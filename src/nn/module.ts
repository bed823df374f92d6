/**
 * Modules: functions with parameters. A module finds its parameters, buffers and children among its own attributes, in the
 * order in which they were set.
 */
import { AttributeError, NotImplementedError, RuntimeError } from "../errors.ts";
import { register, type RemovableHandle } from "../autograd/node.ts";
import type { DType } from "../dtype.ts";
import { isPlainObject, pythonType } from "../python.ts";
import type { Device } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { Function, type FunctionCtx } from "../autograd/function.ts";
import { no_grad } from "../autograd/mode.ts";
import { Parameter } from "./parameter.ts";
import { StateDict } from "./state_dict.ts";

/** Runs before `forward` with the arguments; may return others. */
export type ForwardPreHook = (module: Module, args: unknown[]) => unknown;
/** Runs after `forward` with the arguments and the output; may return another output. */
export type ForwardHook = (module: Module, args: unknown[], output: unknown) => unknown;
/** Runs in backward with the gradients of the inputs and outputs; may return other gradients of the inputs. */
export type BackwardHook = (module: Module, grad_input: (Tensor | null)[], grad_output: (Tensor | null)[]) => unknown;

interface Hooks {
  pre: ForwardPreHook[];
  post: ForwardHook[];
  backward: BackwardHook[];
}

/** What `load_state_dict` did not find or did not want. */
export class IncompatibleKeys {
  /** @internal */
  constructor(readonly missing_keys: string[], readonly unexpected_keys: string[]) {}

  /** `<All keys matched successfully>`, or what differs. */
  toString(): string {
    if (this.missing_keys.length === 0 && this.unexpected_keys.length === 0) return "<All keys matched successfully>";
    const list = (keys: string[]) => `[${keys.map((k) => `'${k}'`).join(", ")}]`;
    return `_IncompatibleKeys(missing_keys=${list(this.missing_keys)}, unexpected_keys=${list(this.unexpected_keys)})`;
  }
}

/** The base of all modules: subclass it, set parameters and modules as attributes in the constructor, and define `forward`. */
export class Module {
  /** Whether the module is being trained: dropout and normalisation behave differently when not. */
  training = true;
  /** Attributes are whatever a module keeps. */
  readonly #buffers = new Map<string, { persistent: boolean }>();
  readonly #hooks: Hooks = { pre: [], post: [], backward: [] };

  /** What the module computes; subclasses override it. */
  forward(..._args: never[]): unknown {
    throw new NotImplementedError(`Module [${this._get_name()}] is missing the required "forward" function`);
  }

  /** Runs the hooks and `forward`: what calling a module is in Python. */
  call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    let given: unknown[] = args;
    for (const hook of [...this.#hooks.pre]) {
      const changed = hook(this, given);
      if (changed !== null && changed !== undefined) given = Array.isArray(changed) ? changed : [changed];
    }
    const watch = this.#hooks.backward.length > 0 ? new BackwardWatch(this, [...this.#hooks.backward]) : null;
    if (watch !== null) given = watch.inputs(given);
    let output: unknown = this.forward(...given as never[]);
    for (const hook of [...this.#hooks.post]) {
      const changed = hook(this, given, output);
      if (changed !== null && changed !== undefined) output = changed;
    }
    if (watch !== null) output = watch.outputs(output);
    return output as ReturnType<this["forward"]>;
  }

  /** The class's name. */
  _get_name(): string {
    return this.constructor.name;
  }

  // -- hooks ---------------------------------------------------------------------------------------------------------

  /** Calls `hook` before `forward`. */
  register_forward_pre_hook(hook: ForwardPreHook): RemovableHandle {
    return register(this.#hooks.pre, hook);
  }

  /** Calls `hook` after `forward`. */
  register_forward_hook(hook: ForwardHook): RemovableHandle {
    return register(this.#hooks.post, hook);
  }

  /** Calls `hook` when the gradients of the module's inputs have been computed. */
  register_full_backward_hook(hook: BackwardHook): RemovableHandle {
    return register(this.#hooks.backward, hook);
  }

  /** Older name of `register_full_backward_hook`. */
  register_backward_hook(hook: BackwardHook): RemovableHandle {
    return register(this.#hooks.backward, hook);
  }

  // -- attributes ----------------------------------------------------------------------------------------------------

  /** Keeps a tensor that is part of the module's state but not trained. */
  register_buffer(name: string, tensor: Tensor | null, persistent: boolean | { persistent?: boolean } = true): void {
    if (typeof name !== "string") throw new TypeError(`buffer name should be a string. Got ${pythonType(name)}`);
    if (name.includes(".")) throw new AttributeError('buffer name can\'t contain "."');
    if (name === "") throw new AttributeError('buffer name can\'t be empty string ""');
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new TypeError(`cannot assign '${pythonType(tensor)}' object to buffer '${name}' (torch Tensor or None required)`);
    }
    this.#buffers.set(name, { persistent: isPlainObject(persistent) ? (persistent as { persistent?: boolean }).persistent ?? true : persistent as boolean });
    this.#set(name, tensor);
  }

  /** Keeps a parameter under a name. */
  register_parameter(name: string, param: Parameter | null): void {
    if (param !== null && !(param instanceof Parameter)) {
      throw new TypeError(
        `cannot assign '${
          param === undefined ? "NoneType" : `torch.${pythonType(param)}`
        }' object to parameter '${name}' (torch.nn.Parameter or None required)`,
      );
    }
    this.#set(name, param);
  }

  /** Keeps a module under a name. */
  add_module(name: string, module: Module | null): void {
    if (module !== null && !(module instanceof Module)) throw new TypeError(`${pythonType(module)} is not a Module subclass`);
    this.#set(name, module);
  }

  /** Another name of `add_module`. */
  register_module(name: string, module: Module | null): void {
    this.add_module(name, module);
  }

  #set(name: string, value: unknown): void {
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  }

  #entries(): [string, unknown][] {
    return Object.entries(this);
  }

  #ownParameters(): [string, Parameter][] {
    return this.#entries().filter((e): e is [string, Parameter] => e[1] instanceof Parameter);
  }

  #ownBuffers(): [string, Tensor][] {
    return [...this.#buffers.keys()].map((name): [string, unknown] => [name, Reflect.get(this, name)]).filter((e): e is [string, Tensor] =>
      e[1] instanceof Tensor
    );
  }

  /** The modules that are attributes, by name. */
  named_children(): [string, Module][] {
    const seen = new Set<Module>();
    return this.#entries().filter((e): e is [string, Module] => e[1] instanceof Module && !seen.has(e[1]) && (seen.add(e[1]), true));
  }

  /** The modules that are attributes. */
  children(): Module[] {
    return this.named_children().map(([, m]) => m);
  }

  /** The module itself and all below it, by path; each once. */
  named_modules(options: { memo?: Set<Module>; prefix?: string } = {}): [string, Module][] {
    const { memo = new Set<Module>(), prefix = "" } = options;
    if (memo.has(this)) return [];
    memo.add(this);
    const out: [string, Module][] = [[prefix, this]];
    for (const [name, child] of this.#entries()) {
      if (child instanceof Module) out.push(...child.named_modules({ memo, prefix: prefix === "" ? name : `${prefix}.${name}` }));
    }
    return out;
  }

  /** The module itself and all below it; each once. */
  modules(): Module[] {
    return this.named_modules().map(([, m]) => m);
  }

  #collect<T extends Tensor>(own: (m: Module) => [string, T][], prefix: string, recurse: boolean): [string, T][] {
    const seen = new Set<T>();
    const out: [string, T][] = [];
    for (const [path, module] of recurse ? this.named_modules({ prefix }) : [[prefix, this] as [string, Module]]) {
      for (const [name, tensor] of own(module)) {
        if (seen.has(tensor)) continue;
        seen.add(tensor);
        out.push([path === "" ? name : `${path}.${name}`, tensor]);
      }
    }
    return out;
  }

  /** All parameters with their paths; each once. */
  named_parameters(options: { prefix?: string; recurse?: boolean } = {}): [string, Parameter][] {
    return this.#collect((m) => m.#ownParameters(), options.prefix ?? "", options.recurse ?? true);
  }

  /** All parameters; each once. */
  parameters(recurse: boolean | { recurse?: boolean } = true): Parameter[] {
    return this.named_parameters({ recurse: isPlainObject(recurse) ? (recurse as { recurse?: boolean }).recurse ?? true : recurse as boolean }).map(([, p]) =>
      p
    );
  }

  /** All buffers with their paths; each once. */
  named_buffers(options: { prefix?: string; recurse?: boolean } = {}): [string, Tensor][] {
    return this.#collect((m) => m.#ownBuffers(), options.prefix ?? "", options.recurse ?? true);
  }

  /** All buffers; each once. */
  buffers(recurse = true): Tensor[] {
    return this.named_buffers({ recurse }).map(([, b]) => b);
  }

  /** The module at a path such as `layers.0`. */
  get_submodule(target: string): Module {
    let at: Module = this;
    for (const name of target === "" ? [] : target.split(".")) {
      const next = Reflect.get(at, name) as unknown;
      if (next === undefined) throw new AttributeError(`${at._get_name()} has no attribute \`${name}\``);
      if (!(next instanceof Module)) throw new AttributeError(`\`${name}\` is not an nn.Module`);
      at = next;
    }
    return at;
  }

  /** The parameter at a path such as `layers.0.weight`. */
  get_parameter(target: string): Parameter {
    const at = target.lastIndexOf(".");
    const module = this.get_submodule(at < 0 ? "" : target.slice(0, at));
    const found = Reflect.get(module, target.slice(at + 1)) as unknown;
    if (!(found instanceof Parameter)) throw new AttributeError(`\`${target.slice(at + 1)}\` is not an nn.Parameter`);
    return found;
  }

  // -- state ---------------------------------------------------------------------------------------------------------

  /** The parameters and persistent buffers by path, without history. */
  state_dict(options: { prefix?: string; keep_vars?: boolean } = {}): StateDict {
    const { prefix = "", keep_vars = false } = options;
    const out = new StateDict();
    const put = (name: string, t: Tensor) => out.set(`${prefix}${name}`, keep_vars ? t : t.detach());
    for (const [name, p] of this.#ownParameters()) put(name, p);
    for (const [name, b] of this.#ownBuffers()) if (this.#buffers.get(name)!.persistent) put(name, b);
    for (const [name, child] of this.#entries()) {
      if (child instanceof Module) { for (const [k, v] of child.state_dict({ prefix: `${prefix}${name}.`, keep_vars })) out.set(k, v); }
    }
    return out;
  }

  /** Copies parameters and buffers from what `state_dict` gave; with `strict`, every key must be there and known. */
  load_state_dict(state_dict: Map<string, Tensor> | Record<string, Tensor>, strict: boolean | { strict?: boolean; assign?: boolean } = true): IncompatibleKeys {
    const given = state_dict instanceof Map ? state_dict : new Map(Object.entries(state_dict));
    const isStrict = isPlainObject(strict) ? (strict as { strict?: boolean }).strict ?? true : strict as boolean;
    const own = this.state_dict({ keep_vars: true });
    const missing = [...own.keys()].filter((k) => !given.has(k));
    const unexpected = [...given.keys()].filter((k) => !own.has(k));
    const errors: string[] = [];
    const quote = (keys: string[]) => keys.map((k) => `"${k}"`).join(", ");
    if (isStrict && unexpected.length > 0) errors.push(`Unexpected key(s) in state_dict: ${quote(unexpected)}. `);
    if (isStrict && missing.length > 0) errors.unshift(`Missing key(s) in state_dict: ${quote(missing)}. `);
    for (const [key, target] of own) {
      const source = given.get(key);
      if (source === undefined) continue;
      if (source.sizes.length !== target.sizes.length || source.sizes.some((n, i) => n !== target.sizes[i])) {
        errors.push(`size mismatch for ${key}: copying a param with shape ${source.shape} from checkpoint, the shape in current model is ${target.shape}.`);
      } else no_grad(() => void target.copy_(source));
    }
    if (errors.length > 0) throw new RuntimeError(`Error(s) in loading state_dict for ${this._get_name()}:\n\t${errors.join("\n\t")}`);
    return new IncompatibleKeys(missing, unexpected);
  }

  // -- changes -------------------------------------------------------------------------------------------------------

  /** Calls `fn` with every module below, then with the module itself, which is returned. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** Sets whether the module and all below it are being trained. */
  train(mode: boolean | { mode?: boolean } = true): this {
    const on = isPlainObject(mode) ? (mode as { mode?: boolean }).mode ?? true : mode as boolean;
    for (const m of this.modules()) m.training = on;
    return this;
  }

  /** `train(false)`. */
  eval(): this {
    return this.train(false);
  }

  /** Sets whether gradients flow to the parameters. */
  requires_grad_(requires_grad = true): this {
    for (const p of this.parameters()) p.requires_grad_(requires_grad);
    return this;
  }

  /** Forgets the gradients of the parameters, or sets them to zero. */
  zero_grad(set_to_none: boolean | { set_to_none?: boolean } = true): void {
    const forget = isPlainObject(set_to_none) ? (set_to_none as { set_to_none?: boolean }).set_to_none ?? true : set_to_none as boolean;
    for (const p of this.parameters()) {
      if (p.ownGrad === null) continue;
      if (forget) p.ownGrad = null;
      else p.ownGrad.detach_().zero_();
    }
  }

  #convert(convert: (t: Tensor) => Tensor): this {
    for (const m of this.modules()) {
      for (const [, p] of m.#ownParameters()) {
        p.data = convert(p.data);
        if (p.ownGrad !== null) p.ownGrad = convert(p.ownGrad);
      }
      for (const [name, b] of m.#ownBuffers()) m.#set(name, convert(b));
    }
    return this;
  }

  /** Brings floating-point parameters and buffers to a dtype; devices are accepted as far as there are any. */
  to(...args: (DType | Device | string | Tensor | boolean | { dtype?: DType; device?: string | Device })[]): this {
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
    const children = this.#entries().filter((e): e is [string, Module] => e[1] instanceof Module).map(([name, m]) => `(${name}): ${indent(m.toString())}`);
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

/** All lines but the first two columns to the right. */
export function indent(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

/** Collects the gradients of one call's inputs and outputs for the module's backward hooks. */
class BackwardWatch {
  readonly #module: Module;
  readonly #hooks: BackwardHook[];
  #gradOutput: (Tensor | null)[] = [];

  constructor(module: Module, hooks: BackwardHook[]) {
    this.#module = module;
    this.#hooks = hooks;
  }

  /** Passes the tensors through one node, so that all of their gradients come together. */
  inputs(args: unknown[]): unknown[] {
    const tensors = args.filter((a): a is Tensor => a instanceof Tensor);
    if (!tensors.some((t) => t.requires_grad)) return args;
    const passed = BackwardHookFunction.apply((grads: (Tensor | null)[]) => {
      let current = grads;
      for (const hook of this.#hooks) {
        const changed = hook(this.#module, current, this.#gradOutput);
        if (changed !== null && changed !== undefined) current = (Array.isArray(changed) ? changed : [changed]) as (Tensor | null)[];
      }
      return current;
    }, ...tensors) as Tensor[];
    let at = 0;
    return args.map((a) => a instanceof Tensor ? passed[at++] : a);
  }

  outputs(output: unknown): unknown {
    const list: unknown[] = Array.isArray(output) ? output : [output];
    const tensors = list.filter((a): a is Tensor => a instanceof Tensor);
    if (!tensors.some((t) => t.requires_grad)) return output;
    const passed = BackwardHookFunction.apply((grads: (Tensor | null)[]) => {
      this.#gradOutput = grads;
      return grads;
    }, ...tensors) as Tensor[];
    let at = 0;
    const wrapped = list.map((a) => a instanceof Tensor ? passed[at++] : a);
    return Array.isArray(output) ? wrapped : wrapped[0];
  }
}

/** Hands tensors through and shows their gradients to a function, which may replace them. */
class BackwardHookFunction extends Function {
  static override forward(ctx: FunctionCtx, see: (grads: (Tensor | null)[]) => (Tensor | null)[], ...tensors: Tensor[]): Tensor[] {
    ctx.see = see;
    ctx.set_materialize_grads(false);
    return tensors.map((t) => t.view_as(t));
  }

  static override backward(ctx: FunctionCtx, ...grads: (Tensor | null)[]): (Tensor | null)[] {
    return [null, ...(ctx.see as (grads: (Tensor | null)[]) => (Tensor | null)[])(grads)];
  }
}
