/**
 * The base of all optimizers: groups of parameters with options, and a state for each parameter.
 */
import { enable_grad, no_grad } from "../autograd/mode.ts";
import { register, type RemovableHandle } from "../autograd/node.ts";
import { KeyError, RuntimeError, ValueError } from "../errors.ts";
import { formatObject } from "../format/objects.ts";
import { type Constructor, constructorOf, float, List, python } from "../nn/arguments.ts";
import { zeroGradients } from "../nn/module.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";

/** A group of parameters with options of its own. */
export interface ParamGroup {
  /** The parameters. */
  params: Tensor[];
  /** The options, by PyTorch's names. */
  [option: string]: unknown;
}

/** A group as it is given: options that it does not have are the optimizer's. */
export interface GivenGroup {
  /** The parameters, or one. */
  params: Iterable<Tensor | readonly [string, Tensor]> | Tensor;
  /** The options, by PyTorch's names. */
  [option: string]: unknown;
}

/** The numbers that PyTorch has as floats: the names of options, and their default values. */
export type Floats = Readonly<Record<string, number>>;

/**
 * An option as Python writes it. A whole number may stand for a float: it does where it is the default and that is one, and where
 * a scheduler has computed it.
 */
function optionText(group: Record<string, unknown>, key: string, floats: Floats): string {
  const value = group[key];
  if (typeof value !== "number") return python(value);
  if ("initial_lr" in group && (key === "lr" || key === "initial_lr")) return float(value, value);
  return float(value, floats[key]);
}

/** Groups that print as Python's list of dictionaries. */
class Groups<T extends Record<string, unknown>> extends List<T> {
  floats: Floats = {};

  override toString(): string {
    const groups = Array.from(this, (group) => `{${Object.keys(group).map((key) => `'${key}': ${optionText(group, key, this.floats)}`).join(", ")}}`);
    return `[${groups.join(", ")}]`;
  }
}
Object.defineProperty(Groups, "name", { value: "list" });

/** What optimizers take: parameters, named parameters, or groups. */
export type Params = Iterable<Tensor | readonly [string, Tensor] | GivenGroup>;
/** What an optimizer remembers of one parameter. */
export type ParamState = Record<string, unknown>;
/** Evaluates the model again and returns the loss. */
export type Closure = () => Tensor;
/** A parameter and its gradient, negated where the optimizer maximizes. */
export interface Active {
  /** The parameter. */
  p: Tensor;
  /** The gradient. */
  grad: Tensor;
}
/** Runs before or after a step with the arguments of `step`. */
export type StepHook = (optimizer: Optimizer, args: unknown[], kwargs: Record<string, unknown>) => void;
/** The same before a step; may give other arguments for it. */
export type StepPreHook = (
  optimizer: Optimizer,
  args: unknown[],
  kwargs: Record<string, unknown>,
) => [args: unknown[], kwargs: Record<string, unknown>] | null | void;
/** Gets the optimizer before its state is collected or after it has been loaded. */
export type OptimizerHook = (optimizer: Optimizer) => void;
/** Gets the optimizer and a state, and may give another in its place. */
export type OptimizerStateHook = (optimizer: Optimizer, state_dict: OptimizerState) => OptimizerState | null | void;

/** What `state_dict` gives. */
export interface OptimizerState {
  /** The states, by the numbers of the parameters. */
  state: Map<number, ParamState> | Record<string, ParamState>;
  /** The groups, with numbers for parameters. */
  param_groups: Record<string, unknown>[];
}

/** The options of an optimizer, by position or by name. */
export type Options<T> = Constructor<T>;

/** Parameters, by position or by name among the options. */
export type GivenParams<T> = Params | (Partial<T> & { params: Params });

/** A reader of the arguments of an optimizer's constructor: options in PyTorch's order, and those that are given by name only. */
export function optionsOf<T extends object>(
  name: string,
  positional: Partial<T>,
  keywordOnly: Partial<T> = {},
): (params: GivenParams<T>, args: Options<T>) => { params: Params; options: T } {
  type Inputs = T & { params: Params };
  const read = constructorOf<Inputs>(name, ["params" as keyof Inputs & string], positional as Partial<Inputs>, keywordOnly as Partial<Inputs>);
  return (first, args) => {
    const { params, ...options } = read([first, ...args] as Constructor<Inputs>);
    return { params, options: options as object as T };
  };
}

/** The state of an optimizer: made for a parameter when asked for, and printed as PyTorch's. */
class States extends Map<Tensor, ParamState> {
  override toString(): string {
    return `defaultdict(<class 'dict'>, ${python(new Map(this))})`;
  }
}

const isPair = (value: unknown): value is readonly [string, Tensor] => Array.isArray(value);

/** Adds a hook at the end of a list, or at its beginning. */
function registerAt<T>(hooks: T[], hook: T, prepend: boolean | { prepend?: boolean }): RemovableHandle {
  const handle = register(hooks, hook);
  if (typeof prepend === "boolean" ? prepend : prepend.prepend) hooks.unshift(hooks.pop()!);
  return handle;
}

/** Changes parameters by their gradients. */
export abstract class Optimizer {
  /** The groups of parameters. */
  param_groups: ParamGroup[];
  /** What is remembered of each parameter. */
  state: Map<Tensor, ParamState> = new States();
  /** The options of groups that do not say otherwise. */
  readonly defaults: Record<string, unknown>;
  readonly #before: StepPreHook[] = [];
  readonly #after: StepHook[] = [];
  readonly #beforeSaving: OptimizerHook[] = [];
  readonly #afterSaving: OptimizerStateHook[] = [];
  readonly #beforeLoading: OptimizerStateHook[] = [];
  readonly #afterLoading: OptimizerHook[] = [];

  /** Takes parameters or groups of them, and the options. */
  constructor(params: Params, defaults: object) {
    this.defaults = { ...defaults };
    this.param_groups = Object.assign(new Groups<ParamGroup>(), { floats: this.floats() });
    if (params instanceof Tensor) {
      throw new TypeError(`params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${params.type()}`);
    }
    if (typeof params !== "object" || params === null || !(Symbol.iterator in params)) throw new TypeError(`'${pythonType(params)}' object is not iterable`);
    const list = [...params];
    if (list.length === 0) throw new ValueError("optimizer got an empty parameter list");
    if (isPlainObject(list[0])) { for (const group of list) this.add_param_group(group as GivenGroup); }
    else this.add_param_group({ params: list as Tensor[] });
  }

  /** Adds a group; options that it does not give are the optimizer's. */
  add_param_group(param_group: GivenGroup): void {
    if (!isPlainObject(param_group)) throw new TypeError(`param_group must be a dict, but got <class '${pythonType(param_group)}'>`);
    if (!("params" in param_group)) throw new KeyError("params");
    const { params: given, ...own } = param_group;
    const entries = given instanceof Tensor ? [given] : [...given];
    const params = List.from(entries, (p) => isPair(p) ? p[1] : p) as List<Tensor>;
    for (const p of params) {
      if (!(p instanceof Tensor)) throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${pythonType(p)}`);
      if (!p.is_leaf && !p.retains_grad) throw new ValueError("can't optimize a non-leaf Tensor");
    }
    if (this.param_groups.some((g) => g.params.some((p) => params.includes(p)))) {
      throw new ValueError("some parameters appear in more than one parameter group");
    }
    const names = entries.every(isPair) ? { param_names: List.from(entries, ([name]) => name) } : {};
    this.param_groups.push({ params, ...names, ...own, ...Object.fromEntries(Object.entries(this.defaults).filter(([key]) => !(key in own))) });
  }

  /** The state of one parameter, made on first use. */
  protected stateOf(p: Tensor): ParamState {
    let state = this.state.get(p);
    if (state === undefined) this.state.set(p, state = {});
    return state;
  }

  /** Changes the parameters of one group, unrecorded. */
  protected abstract update(group: ParamGroup, parameters: Active[]): void;

  /** One step. `closure`, if given, evaluates the model first and returns the loss, which is returned. */
  step(closure: Closure | { closure?: Closure | null } | null = null): Tensor | null {
    const given = isPlainObject(closure) ? (closure as { closure?: Closure | null }).closure ?? null : closure as Closure | null;
    let args: unknown[] = given === null ? [this] : [this, given], kwargs: Record<string, unknown> = {};
    for (const hook of this.#before) {
      const result: unknown = hook(this, args, kwargs);
      if (result === null || result === undefined) continue;
      if (!Array.isArray(result) || result.length !== 2) {
        const step = formatObject("function", this).replace("function object", `function ${this.constructor.name}.step`);
        throw new RuntimeError(`${step} must return None or a tuple of (new_args, new_kwargs), but got ${result}.`);
      }
      [args, kwargs] = result;
    }
    const evaluate = (args[1] ?? kwargs.closure ?? null) as Closure | null;
    const loss = evaluate === null ? null : enable_grad(evaluate);
    no_grad(() => {
      for (const group of this.param_groups) {
        const active = group.params.filter((p) => p.ownGrad !== null).map((p) => ({ p, grad: group.maximize ? p.ownGrad!.neg() : p.ownGrad! }));
        if (active.length > 0) this.update(group, active);
      }
    });
    for (const hook of this.#after) hook(this, args, kwargs);
    return loss;
  }

  /** Calls `hook` before each step; it may give other arguments for it. */
  register_step_pre_hook(hook: StepPreHook): RemovableHandle {
    return register(this.#before, hook);
  }

  /** Calls `hook` after each step. */
  register_step_post_hook(hook: StepHook): RemovableHandle {
    return register(this.#after, hook);
  }

  /** Calls `hook` before `state_dict`; `prepend` puts it before the hooks that are there. */
  register_state_dict_pre_hook(hook: OptimizerHook, prepend: boolean | { prepend?: boolean } = false): RemovableHandle {
    return registerAt(this.#beforeSaving, hook, prepend);
  }

  /** Calls `hook` with what `state_dict` is about to return, and may give another state. */
  register_state_dict_post_hook(hook: OptimizerStateHook, prepend: boolean | { prepend?: boolean } = false): RemovableHandle {
    return registerAt(this.#afterSaving, hook, prepend);
  }

  /** Calls `hook` with the state before it is loaded, and may give another state. */
  register_load_state_dict_pre_hook(hook: OptimizerStateHook, prepend: boolean | { prepend?: boolean } = false): RemovableHandle {
    return registerAt(this.#beforeLoading, hook, prepend);
  }

  /** Calls `hook` after a state has been loaded. */
  register_load_state_dict_post_hook(hook: OptimizerHook, prepend: boolean | { prepend?: boolean } = false): RemovableHandle {
    return registerAt(this.#afterLoading, hook, prepend);
  }

  /** Forgets the gradients, or sets them to zero. */
  zero_grad(set_to_none: boolean | { set_to_none?: boolean } = true): void {
    zeroGradients(this.param_groups.flatMap((g) => g.params), typeof set_to_none === "boolean" ? set_to_none : set_to_none.set_to_none ?? true);
  }

  /** State and options, with numbers for parameters. */
  state_dict(): OptimizerState {
    for (const hook of this.#beforeSaving) hook(this);
    let state = this.#collect();
    for (const hook of this.#afterSaving) state = hook(this, state) ?? state;
    return state;
  }

  #collect(): OptimizerState {
    const numbers = new Map(this.param_groups.flatMap((g) => g.params).map((p, i) => [p, i]));
    return {
      state: new Map([...this.state].map(([p, s]) => [numbers.get(p)!, s])),
      param_groups: Object.assign(
        Groups.from(this.param_groups, ({ params, ...options }) => ({ ...options, params: List.from(params, (p) => numbers.get(p)!) })),
        { floats: this.floats() },
      ),
    };
  }

  /** Takes state and options from what `state_dict` gave; the tensors of the state are shared with it. */
  load_state_dict(state_dict: OptimizerState): void {
    let given = { ...state_dict };
    for (const hook of this.#beforeLoading) given = hook(this, given) ?? given;
    this.#load(given);
    for (const hook of this.#afterLoading) hook(this);
  }

  #load(state_dict: OptimizerState): void {
    const groups = state_dict.param_groups;
    if (groups.length !== this.param_groups.length) throw new ValueError("loaded state dict has a different number of parameter groups");
    groups.forEach((g, i) => {
      if ((g.params as number[]).length !== this.param_groups[i].params.length) {
        throw new ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
      }
    });
    // the numbers of the saved parameters, and the parameters that take their places
    const parameters = new Map(groups.flatMap((g, i) => (g.params as number[]).map((n, at): [string, Tensor] => [String(n), this.param_groups[i].params[at]])));
    groups.forEach(({ params: _, ...options }, i) => this.param_groups[i] = { params: this.param_groups[i].params, ...options });
    const saved: [string | number, ParamState][] = state_dict.state instanceof Map ? [...state_dict.state] : Object.entries(state_dict.state);
    this.state = new States();
    for (const [n, state] of saved) {
      const p = parameters.get(String(n));
      if (p === undefined) continue;
      const cast = ([key, value]: [string, unknown]): [string, unknown] => [
        key,
        value instanceof Tensor && key !== "step" && p.dtype.is_floating_point ? value.to(p.dtype) : value,
      ];
      this.state.set(p, Object.fromEntries(Object.entries(state).map(cast)));
    }
  }

  /** The options that are whole numbers by default, and floats in PyTorch. */
  protected floats(): Floats {
    return {};
  }

  /** The groups and their options, as PyTorch prints them. */
  toString(): string {
    const floats = this.floats();
    const groups = this.param_groups.map((group, i) => {
      const text = (key: string) => typeof group[key] === "string" ? group[key] : optionText(group, key, floats);
      const lines = Object.keys(group).filter((key) => key !== "params").sort().map((key) => `    ${key}: ${text(key)}\n`);
      return `\nParameter Group ${i}\n${lines.join("")}`;
    });
    return `${this.constructor.name} (${groups.join("")})`;
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

/** Throws PyTorch's error for an option that may not be negative. */
export function requireNonNegative(what: string, value: number): void {
  if (!(value >= 0)) throw new ValueError(`Invalid ${what}: ${python(value)}`);
}

/** Throws PyTorch's errors for decay rates outside of [0, 1). */
export function requireBetas(betas: readonly number[]): void {
  betas.forEach((b, i) => {
    // 1 is more often written as a float
    if (!(b >= 0 && b < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${float(b, 1)}`);
  });
}
