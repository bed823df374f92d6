/**
 * Hooks of modules: what runs before and after `forward`, and when the gradients of a call's inputs and outputs are known.
 */
import { Function, type FunctionCtx } from "../autograd/function.ts";
import { is_grad_enabled } from "../autograd/mode.ts";
import { type Node, type PostHook, register, RemovableHandle } from "../autograd/node.ts";
import { RuntimeError } from "../errors.ts";
import { isPlainObject } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { warn } from "../warnings.ts";
import type { Module } from "./module.ts";

/** The named arguments of a call. */
export type Keywords = Record<string, unknown>;
/** Runs before `forward` with the positional arguments; may return others. With `with_kwargs` it gets the named ones too, and returns both. */
export type ForwardPreHook = (module: Module, args: unknown[], kwargs: Keywords) => unknown;
/** Runs after `forward` with the positional arguments and the output; may return another output. With `with_kwargs` the named arguments come third. */
export type ForwardHook =
  | ((module: Module, args: unknown[], output: unknown) => unknown)
  | ((module: Module, args: unknown[], kwargs: Keywords, output: unknown) => unknown);
/** Runs in backward with the gradients of the inputs and outputs; may return other gradients of the inputs. */
export type BackwardHook = (module: Module, grad_input: (Tensor | null)[], grad_output: (Tensor | null)[]) => unknown;
/** Runs in backward with the gradients of the outputs, before those of the inputs are computed; may return others. */
export type BackwardPreHook = (module: Module, grad_output: (Tensor | null)[]) => unknown;

/** How a hook is registered. */
export interface HookOptions {
  /** Whether it comes before those that are there. */
  prepend?: boolean;
}

/** How a hook of `forward` is registered. */
export interface ForwardHookOptions extends HookOptions {
  /** Whether it gets the named arguments. */
  with_kwargs?: boolean;
}

type Gradients = (Tensor | null)[];

function add<T>(list: T[], entry: T, { prepend = false }: HookOptions): RemovableHandle {
  if (!prepend) return register(list, entry);
  list.unshift(entry);
  return new RemovableHandle(() => {
    const at = list.indexOf(entry);
    if (at >= 0) list.splice(at, 1);
  });
}

/** What a hook has returned as a list; null where it returned nothing. */
function listed(value: unknown): unknown[] | null {
  if (value === null || value === undefined) return null;
  return Array.isArray(value) ? value : [value];
}

/** The hooks of one module. */
export class ModuleHooks {
  readonly #pre: { hook: ForwardPreHook; with_kwargs: boolean }[] = [];
  readonly #post: { hook: ForwardHook; with_kwargs: boolean }[] = [];
  readonly #backwardPre: BackwardPreHook[] = [];
  readonly #backward: BackwardHook[] = [];
  /** Whether the hooks of backward are full ones; null as long as there has been none. */
  #full: boolean | null = null;

  /** Registers a hook that runs before `forward`. */
  beforeForward(hook: ForwardPreHook, options: ForwardHookOptions): RemovableHandle {
    return add(this.#pre, { hook, with_kwargs: options.with_kwargs ?? false }, options);
  }

  /** Registers a hook that runs after `forward`. */
  afterForward(hook: ForwardHook, options: ForwardHookOptions): RemovableHandle {
    return add(this.#post, { hook, with_kwargs: options.with_kwargs ?? false }, options);
  }

  /** Registers a hook that runs before backward. */
  beforeBackward(hook: BackwardPreHook, options: HookOptions): RemovableHandle {
    return add(this.#backwardPre, hook, options);
  }

  /** Registers a hook that runs after backward: a full one, or an old one, which sees the last node only. */
  afterBackward(hook: BackwardHook, full: boolean, options: HookOptions): RemovableHandle {
    if (this.#full === !full) {
      throw new RuntimeError("Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one of them.");
    }
    this.#full = full;
    return add(this.#backward, hook, options);
  }

  /** Runs the hooks around `forward`. */
  run(module: Module, given: unknown[]): unknown {
    const last = given[given.length - 1];
    let kwargs: Keywords = isPlainObject(last) ? last : {};
    let args = isPlainObject(last) ? given.slice(0, -1) : given;
    for (const { hook, with_kwargs } of [...this.#pre]) {
      const changed = listed(hook(module, args, kwargs));
      if (changed === null) continue;
      if (!with_kwargs) args = changed;
      else if (changed.length === 2) [args, kwargs] = [listed(changed[0]) ?? [], changed[1] as Keywords];
      else throw new RuntimeError(`forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got ${changed}.`);
    }
    const full = this.#full === true ? this.#backward : [];
    const watch = full.length + this.#backwardPre.length > 0 ? new BackwardWatch(module, [...full], [...this.#backwardPre]) : null;
    if (watch !== null) args = watch.inputs(args);
    const named = Object.keys(kwargs).length > 0 ? [kwargs] : [];
    let output: unknown = module.forward(...[...args, ...named] as never[]);
    for (const { hook, with_kwargs } of [...this.#post]) {
      const rest = with_kwargs ? [kwargs, output] : [output];
      const changed = (hook as (...args: unknown[]) => unknown)(module, args, ...rest);
      if (changed !== null && changed !== undefined) output = changed;
    }
    if (watch !== null) output = watch.outputs(output);
    if (this.#full === false) this.#watchLastNode(module, output);
    return output;
  }

  /** What hooks of backward saw before there were full ones: the last node of the call. */
  #watchLastNode(module: Module, output: unknown): void {
    let first = output;
    while (Array.isArray(first)) first = first[0];
    const node = first instanceof Tensor ? first.grad_fn : null;
    for (const hook of this.#backward) node?.register_hook(((inputs, outputs) => hook(module, inputs, outputs)) as PostHook);
  }
}

/** Collects the gradients of one call's inputs and outputs for the hooks of backward. */
class BackwardWatch {
  readonly #module: Module;
  readonly #hooks: BackwardHook[];
  readonly #preHooks: BackwardPreHook[];
  /** Where among the arguments the tensors stand; null where none of them requires gradients. */
  #places: number[] | null = null;
  #arguments = 0;
  #gradOutput: Gradients | null = null;

  constructor(module: Module, hooks: BackwardHook[], preHooks: BackwardPreHook[]) {
    this.#module = module;
    this.#hooks = hooks;
    this.#preHooks = preHooks;
  }

  /** Passes the tensors through one node, so that all of their gradients come together. */
  inputs(args: unknown[]): unknown[] {
    this.#arguments = args.length;
    const passed = passThrough(args);
    if (passed === null) return args;
    const { places } = passed;
    this.#places = places;
    passed.node.register_hook((grads) => {
      if (this.#gradOutput === null) return null;
      let current = spread(places, grads, args.length);
      for (const hook of this.#hooks) {
        const changed = listed(hook(this.#module, current, this.#gradOutput)) as Gradients | null;
        if (changed === null) continue;
        checkCount("Backward hook", "grad_input", changed, current);
        current = changed;
      }
      this.#gradOutput = null;
      return places.map((i) => current[i]);
    });
    return passed.values;
  }

  /** Passes the results through one node, which knows their gradients before any other. */
  outputs(output: unknown): unknown {
    const list: unknown[] = Array.isArray(output) ? output : [output];
    const passed = passThrough(list);
    if (passed === null) return output;
    const { places } = passed;
    passed.node.register_prehook((grads) => {
      let current = spread(places, grads, list.length);
      for (const hook of this.#preHooks) {
        const changed = listed(hook(this.#module, current)) as Gradients | null;
        if (changed === null) continue;
        checkCount("Backward pre hook", "grad_output", changed, current);
        current = changed;
      }
      this.#gradOutput = current;
      if (this.#places === null) this.#withoutInputs(current);
      return places.map((i) => current[i]);
    });
    return Array.isArray(output) ? passed.values : passed.values[0];
  }

  /** Calls the hooks where no gradient flows to the inputs. */
  #withoutInputs(gradOutput: Gradients): void {
    if (this.#hooks.length > 0) {
      warn(
        "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require gradients. " +
          "See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook for more details.",
      );
    }
    for (const hook of this.#hooks) {
      const changed = listed(hook(this.#module, new Array<null>(this.#arguments).fill(null), gradOutput));
      if (changed !== null && changed.some((g) => g !== null && g !== undefined)) {
        throw new RuntimeError("Backward hook for Modules where no input requires gradient should always return None or None for all gradients.");
      }
    }
    this.#gradOutput = null;
  }
}

function checkCount(hook: string, what: string, given: Gradients, expected: Gradients): void {
  if (given.length === expected.length) return;
  throw new RuntimeError(`${hook} returned an invalid number of ${what}, got ${given.length}, but expected ${expected.length}`);
}

/** A list of `length` with the gradients at their places, and null elsewhere. */
function spread(places: readonly number[], grads: Gradients, length: number): Gradients {
  const out: Gradients = new Array<null>(length).fill(null);
  places.forEach((i, at) => out[i] = grads[at]);
  return out;
}

/** The values with all tensors among them passed through one node; null where none of them requires gradients. */
function passThrough(values: unknown[]): { values: unknown[]; places: number[]; node: Node } | null {
  const places = [...values.keys()].filter((i) => values[i] instanceof Tensor);
  const tensors = places.map((i) => values[i] as Tensor);
  if (!is_grad_enabled() || !tensors.some((t) => t.requires_grad)) return null;
  const passed = BackwardHookFunction.apply(...tensors) as Tensor[];
  const out = [...values];
  places.forEach((i, at) => out[i] = passed[at]);
  return { values: out, places, node: passed.find((t) => t.grad_fn !== null)!.grad_fn! };
}

/** Hands tensors through. */
class BackwardHookFunction extends Function {
  static override forward(ctx: FunctionCtx, ...tensors: Tensor[]): Tensor[] {
    ctx.mark_non_differentiable(...tensors.filter((t) => !t.requires_grad));
    return tensors;
  }

  static override backward(_ctx: FunctionCtx, ...grads: Gradients): Gradients {
    return grads;
  }
}
