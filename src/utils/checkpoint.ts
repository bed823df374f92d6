/**
 * `torch.utils.checkpoint`: computes again in backward what forward did not keep.
 */
import { RuntimeError, ValueError } from "../errors.ts";
import { isPlainObject } from "../python.ts";
import { get_rng_state, set_rng_state } from "../ops/seed.ts";
import { Tensor } from "../tensor.ts";
import { backward } from "../autograd/backward.ts";
import { Function, type FunctionCtx } from "../autograd/function.ts";
import { saved_tensors_hooks } from "../autograd/graph.ts";
import { enable_grad, type ModeGuard, scope } from "../autograd/mode.ts";
import { warn } from "../warnings.ts";

/** The named arguments of `checkpoint`. */
export interface CheckpointOptions {
  /** Whether the old form is used, which makes one node of the whole function. */
  use_reentrant?: boolean;
  /** Whether random numbers are drawn again as the first time; true unless said otherwise. */
  preserve_rng_state?: boolean;
  /** Whether the second run's tensors are compared with the first's, by shape and dtype: `"default"` or `"none"`. Not for the old form. */
  determinism_check?: "default" | "none";
  /** Whether errors list what was saved. Not for the old form. */
  debug?: boolean;
}

/** A module, which stands for the function that its `call` is. */
export interface CheckpointModule<T> {
  /** What the module computes. */
  call(...args: never[]): T;
}

/** Runs `f` again with the random numbers of its first run. */
function replay<T>(state: Tensor | null, f: () => T): T {
  if (state === null) return f();
  const now = get_rng_state();
  set_rng_state(state);
  try {
    return f();
  } finally {
    set_rng_state(now);
  }
}

class CheckpointFunction extends Function {
  static override forward(ctx: FunctionCtx, f: (...args: unknown[]) => unknown, state: Tensor | null, ...args: unknown[]): unknown {
    Object.assign(ctx, { f, state, args });
    ctx.save_for_backward(...args.filter((a) => a instanceof Tensor));
    return f(...args);
  }

  static override backward(ctx: FunctionCtx, ...grads: (Tensor | null)[]): (Tensor | null)[] {
    const saved = ctx.saved_tensors;
    const args = ctx.args as unknown[];
    let at = 0;
    const inputs = args.map((a) => {
      if (!(a instanceof Tensor)) return a;
      const t = saved[at++];
      return t.detach().requires_grad_(t.requires_grad);
    });
    const out = replay(ctx.state as Tensor | null, () => enable_grad(() => (ctx.f as (...args: unknown[]) => unknown)(...inputs)));
    const outputs: unknown[] = Array.isArray(out) ? out : [out];
    const wanted = outputs.map((o, i) => [o, grads[i]] as const).filter(([o]) => o instanceof Tensor && o.requires_grad) as [Tensor, Tensor | null][];
    if (wanted.length === 0) throw new RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary");
    backward(wanted.map(([o]) => o), wanted.map(([, g]) => g));
    return [null, null, ...inputs.map((a) => a instanceof Tensor ? a.grad : null)];
  }
}

/** Raised where running a function again does not do what its first run did. */
export class CheckpointError extends RuntimeError {
  /** The class name that Python prints before the message. */
  override name = "torch.utils.checkpoint.CheckpointError";
}

let earlyStop = true;
let debugging: boolean | null = null;

/**
 * Whether, while `callback` runs, functions that are checkpointed will run again only up to the last tensor that backward needs. They do
 * unless this says otherwise.
 */
export function set_checkpoint_early_stop<T>(enable: boolean, callback: () => T): T;
/** The same, until the guard is disposed. */
export function set_checkpoint_early_stop(enable: boolean): ModeGuard;
export function set_checkpoint_early_stop<T>(enable: boolean, callback?: () => T): T | ModeGuard {
  return scope(
    () => {
      const before = earlyStop;
      earlyStop = enable;
      return () => void (earlyStop = before);
    },
    callback,
    "set_checkpoint_early_stop",
  );
}

/**
 * Whether, while `callback` runs, `debug` of `checkpoint` counts as given: errors then say what was saved in both runs. Null leaves it to
 * `checkpoint`'s own argument.
 */
export function set_checkpoint_debug_enabled<T>(enabled: boolean | null, callback: () => T): T;
/** The same, until the guard is disposed. */
export function set_checkpoint_debug_enabled(enabled: boolean | null): ModeGuard;
export function set_checkpoint_debug_enabled<T>(enabled: boolean | null, callback?: () => T): T | ModeGuard {
  return scope(
    () => {
      const before = debugging;
      debugging = enabled;
      return () => void (debugging = before);
    },
    callback,
    "set_checkpoint_debug_enabled",
  );
}

/** Ends the second run of a function once all that backward needs is there. */
class Enough extends Error {}

/** What is compared of a tensor that is saved a second time. */
function metadata(t: Tensor): string {
  return `{'shape': ${t.shape}, 'dtype': ${t.dtype}, 'device': device(type='cpu')}`;
}

/** One call of a checkpointed function: what its ops saved is known by number alone until backward asks for it. */
class Frame {
  readonly #run: () => void;
  readonly #stops = earlyStop;
  readonly #compares: boolean;
  readonly #explains: boolean;
  /** What was saved in the first run, as far as it is compared. */
  readonly #metadata: string[] = [];
  /** What the second run has saved; null for what has been handed out, so that another backward runs the function again. */
  #again: (Tensor | null)[] | null = null;

  constructor(run: () => void, compares: boolean, explains: boolean) {
    this.#run = run;
    this.#compares = compares;
    this.#explains = explains;
  }

  /** Takes note of a tensor, and gives the number that stands for it. */
  pack(t: Tensor): number {
    return this.#metadata.push(metadata(t)) - 1;
  }

  /** The tensor for which a number stands. */
  unpack(i: number): Tensor {
    if (this.#again === null || this.#again[i] === null) this.#again = this.#recompute();
    const tensor = this.#again[i]!;
    this.#again[i] = null;
    return tensor;
  }

  #recompute(): Tensor[] {
    const saved: Tensor[] = [], expected = this.#metadata;
    let full = false;
    const pack = (t: Tensor): Tensor => {
      if (saved.length === expected.length) {
        full = true;
        if (this.#stops) throw new Enough();
        throw this.#mismatch("torch.utils.checkpoint: trying to save more tensors during recomputation than during the original forward pass.", saved);
      }
      saved.push(t.detach());
      if (this.#stops && saved.length === expected.length) {
        full = true;
        throw new Enough();
      }
      return t;
    };
    try {
      enable_grad(() => saved_tensors_hooks(pack, (t) => t as Tensor, this.#run));
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    if (!full && saved.length !== expected.length) {
      throw this.#mismatch(
        "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n" +
          `Number of tensors saved during forward: ${expected.length}\nNumber of tensors saved during recomputation: ${saved.length}`,
        saved,
      );
    }
    const different = saved.map((t, i) => [metadata(t), expected[i], i] as const).filter(([now, before]) => now !== before);
    if (this.#compares && different.length > 0) {
      const lines = different.map(([now, before, i]) => `tensor at position ${i}:\nsaved metadata: ${before}\nrecomputed metadata: ${now}\n`);
      throw this.#mismatch(
        `torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward pass.\n${lines.join("")}`,
        saved,
      );
    }
    return saved;
  }

  #mismatch(message: string, saved: readonly Tensor[]): CheckpointError {
    if (!this.#explains) return new CheckpointError(message);
    const list = (all: readonly string[]) => all.map((text, i) => `  ${i}: ${text}`).join("\n");
    return new CheckpointError(`${message}\nSaved in the first run:\n${list(this.#metadata)}\nSaved in the second run:\n${list(saved.map(metadata))}`);
  }
}

const OPTIONS = ["use_reentrant", "preserve_rng_state", "determinism_check", "debug"];

/**
 * Runs `f(...args)` without keeping what its ops save for backward: backward runs it again. Options stand last; what is no option is given to `f` as
 * its named arguments.
 *
 * @throws {CheckpointError} in backward, where the second run saves other tensors than the first
 */
export function checkpoint<T>(f: (...args: never[]) => T, ...args: unknown[]): T;
/** The same for a module. */
export function checkpoint<T>(f: CheckpointModule<T>, ...args: unknown[]): T;
export function checkpoint<T>(f: ((...args: never[]) => T) | CheckpointModule<T>, ...args: unknown[]): T {
  const last = args[args.length - 1];
  const named = isPlainObject(last) ? args.pop() as CheckpointOptions & Record<string, unknown> : {};
  const rest = Object.fromEntries(Object.entries(named).filter(([key]) => !OPTIONS.includes(key)));
  const given = Object.keys(rest).length > 0 ? [...args, rest] : args;
  const call = (...values: unknown[]): T => typeof f === "function" ? f(...values as never[]) : f.call(...values as never[]);
  if (named.use_reentrant === undefined || named.use_reentrant === null) {
    warn(
      "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. In version 2.5 we will raise an exception if use_reentrant is not passed. " +
        "use_reentrant=False is recommended, but if you need to preserve the current default behavior, you can pass use_reentrant=True. " +
        "Refer to docs for more details on the differences between the two variants.",
    );
  }
  const reentrant = named.use_reentrant ?? true;
  if (reentrant && given !== args) throw new ValueError(`Unexpected keyword arguments: ${Object.keys(rest).join(",")}`);
  if (reentrant && named.debug) throw new ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.");
  const state = named.preserve_rng_state === false ? null : get_rng_state();
  if (reentrant) return CheckpointFunction.apply(call, state, ...args) as T;
  const check = named.determinism_check ?? "default";
  if (check !== "default" && check !== "none") throw new ValueError(`determinism_check should be one of ['default', 'none'], but got ${check}`);
  const frame = new Frame(() => replay(state, () => void call(...given)), check === "default", debugging ?? named.debug ?? false);
  return saved_tensors_hooks((t) => frame.pack(t), (i) => frame.unpack(i as number), () => call(...given));
}

/** What can stand in a chain of functions: a function, or a module. */
export type Link = ((input: never) => unknown) | { call(input: never): unknown };

/**
 * Runs functions one after the other in `segments` parts of equal length, each but the last checkpointed. What does not divide evenly belongs to the last part.
 *
 * @throws {ValueError} where there are more segments than functions, or for an unknown option; Python's `ZeroDivisionError` for no segments
 */
export function checkpoint_sequential(
  functions: Iterable<Link>,
  segments: number | { segments: number; input: unknown } & CheckpointOptions,
  input?: unknown,
  options: CheckpointOptions = {},
): unknown {
  if (typeof segments === "object") {
    const { segments: count, input: first, ...rest } = segments;
    return checkpoint_sequential(functions, count, first, rest);
  }
  const unknown = Object.keys(options).filter((key) => key !== "use_reentrant" && key !== "preserve_rng_state");
  if (unknown.length > 0) throw new ValueError(`Unexpected keyword arguments: ${unknown.join(",")}`);
  if (segments === 0) throw Object.assign(new Error("integer division or modulo by zero"), { name: "ZeroDivisionError" });
  const links = Array.from(functions);
  const length = Math.floor(links.length / segments);
  if (length === 0) throw new ValueError("range() arg 3 must not be zero");
  const run = (part: readonly Link[]) => (x: unknown): unknown =>
    part.reduce((y, link) => typeof link === "function" ? link(y as never) : link.call(y as never), x);
  let output = input;
  for (let i = 0; i < segments - 1; i++) output = checkpoint(run(links.slice(i * length, (i + 1) * length)), output, { ...options });
  return run(links.slice(Math.max(0, segments - 1) * length))(output);
}
