/**
 * The base of all optimizers: groups of parameters with options, and a state for each parameter.
 */
import { enable_grad, no_grad } from "../autograd/mode.ts";
import { ValueError } from "../errors.ts";
import { python } from "../nn/arguments.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";

/** A group of parameters with options of its own. */
export interface ParamGroup {
  /** The parameters. */
  params: Tensor[];
  /** The options, by PyTorch's names. */
  [option: string]: unknown;
}

/** What optimizers take: parameters, named parameters, or groups. */
export type Params = Iterable<Tensor | readonly [string, Tensor] | { params: Iterable<Tensor> | Tensor }>;
/** What an optimizer remembers of one parameter. */
export type ParamState = Record<string, unknown>;
/** Evaluates the model again and returns the loss. */
export type Closure = () => Tensor;

/** What `state_dict` gives. */
export interface OptimizerState {
  /** The states, by the numbers of the parameters. */
  state: Record<string, ParamState>;
  /** The groups, with numbers for parameters. */
  param_groups: Record<string, unknown>[];
}

/** Reads the options of an optimizer: by position in the order of `defaults`, or by name. */
export function readOptions<T extends object>(defaults: T, args: readonly unknown[]): T {
  const names = Object.keys(defaults);
  const out: T = { ...defaults };
  args.forEach((a, i) => {
    if (isPlainObject(a)) {
      for (const key of Object.keys(a)) if (!names.includes(key)) throw new TypeError(`__init__() got an unexpected keyword argument '${key}'`);
      Object.assign(out, a);
    } else if (a !== undefined) Object.assign(out, { [names[i]]: a });
  });
  return out;
}

/** The named or positional options of an optimizer. */
export type Options<T> = (T[keyof T] | Partial<T>)[];

/** Changes parameters by their gradients. */
export abstract class Optimizer {
  /** The groups of parameters. */
  param_groups: ParamGroup[] = [];
  /** What is remembered of each parameter. */
  state: Map<Tensor, ParamState> = new Map();
  /** The options of groups that do not say otherwise. */
  readonly defaults: Record<string, unknown>;

  /** Takes parameters or groups of them, and the options. */
  constructor(params: Params, defaults: object) {
    this.defaults = { ...defaults };
    if (params instanceof Tensor) {
      throw new TypeError(`params argument given to the optimizer should be an iterable of Tensors or dicts, but got ${params.type()}`);
    }
    const list = [...params].map((p) => Array.isArray(p) ? p[1] as Tensor : p);
    if (list.length === 0) throw new ValueError("optimizer got an empty parameter list");
    if (isPlainObject(list[0])) for (const group of list) this.add_param_group(group as { params: Iterable<Tensor> });
    else this.add_param_group({ params: list as Tensor[] });
  }

  /** Adds a group; options that it does not give are the optimizer's. */
  add_param_group(param_group: { params: Iterable<Tensor> | Tensor; [option: string]: unknown }): void {
    const params = param_group.params instanceof Tensor ? [param_group.params] : [...param_group.params].map((p) => Array.isArray(p) ? p[1] as Tensor : p);
    for (const p of params) {
      if (!(p instanceof Tensor)) throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${pythonType(p)}`);
      if (!p.is_leaf && !p.retains_grad) throw new ValueError("can't optimize a non-leaf Tensor");
      if (this.param_groups.some((g) => g.params.includes(p))) throw new ValueError("some parameters appear in more than one parameter group");
    }
    const { params: _, ...own } = param_group;
    this.param_groups.push({ params, ...this.defaults, ...own });
  }

  /** The state of one parameter, made on first use. */
  protected stateOf(p: Tensor): ParamState {
    let state = this.state.get(p);
    if (state === undefined) this.state.set(p, state = {});
    return state;
  }

  /** Changes the parameters of one group, unrecorded; `grad` is each parameter's gradient, negated where the group maximizes. */
  protected abstract update(group: ParamGroup, parameters: { p: Tensor; grad: Tensor }[]): void;

  /** One step. `closure`, if given, evaluates the model first and returns the loss, which is returned. */
  step(closure?: Closure | null): Tensor | null {
    const loss = closure ? enable_grad(closure) : null;
    no_grad(() => {
      for (const group of this.param_groups) {
        const active = group.params.filter((p) => p.ownGrad !== null).map((p) => ({ p, grad: group.maximize ? p.ownGrad!.neg() : p.ownGrad! }));
        if (active.length > 0) this.update(group, active);
      }
    });
    return loss;
  }

  /** Forgets the gradients, or sets them to zero. */
  zero_grad(set_to_none: boolean | { set_to_none?: boolean } = true): void {
    const forget = isPlainObject(set_to_none) ? (set_to_none as { set_to_none?: boolean }).set_to_none ?? true : set_to_none as boolean;
    for (const p of this.param_groups.flatMap((g) => g.params)) {
      if (p.ownGrad === null) continue;
      if (forget) p.ownGrad = null;
      else p.ownGrad = p.ownGrad.detach().zero_();
    }
  }

  /** State and options, with numbers for parameters. */
  state_dict(): OptimizerState {
    const numbers = new Map(this.param_groups.flatMap((g) => g.params).map((p, i) => [p, i]));
    const state: Record<string, ParamState> = {};
    for (const [p, s] of this.state) state[String(numbers.get(p))] = s;
    return {
      state,
      param_groups: this.param_groups.map(({ params, ...options }) => ({ ...options, params: params.map((p) => numbers.get(p)!) })),
    };
  }

  /** Takes state and options from what `state_dict` gave. */
  load_state_dict(state_dict: OptimizerState): void {
    const groups = state_dict.param_groups;
    if (groups.length !== this.param_groups.length) throw new ValueError("loaded state dict has a different number of parameter groups");
    groups.forEach((g, i) => {
      if ((g.params as number[]).length !== this.param_groups[i].params.length) {
        throw new ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
      }
    });
    const parameters = this.param_groups.flatMap((g) => g.params);
    groups.forEach((g, i) => this.param_groups[i] = { ...g, params: this.param_groups[i].params });
    const copy = (v: unknown) => v instanceof Tensor ? v.detach().clone() : v;
    this.state = new Map(Object.entries(state_dict.state).map(([n, s]) => [parameters[Number(n)], Object.fromEntries(Object.entries(s).map(([k, v]) => [k, copy(v)]))]));
  }

  /** Options that print as floats even where they are whole numbers. */
  protected floats(): readonly string[] {
    return [];
  }

  /** The groups and their options, as PyTorch prints them. */
  toString(): string {
    const floats = this.floats();
    const show = (key: string, value: unknown) => floats.includes(key) && Number.isInteger(value) && value === this.defaults[key] ? `${value}.0` : python(value);
    const groups = this.param_groups.map((g, i) => {
      const lines = Object.keys(g).filter((k) => k !== "params").sort().map((k) => `    ${k}: ${show(k, g[k])}\n`);
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
    if (!(b >= 0 && b < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${python(b)}`);
  });
}
