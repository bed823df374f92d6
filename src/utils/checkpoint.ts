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
import { enable_grad, no_grad } from "../autograd/mode.ts";

/** The named arguments of `checkpoint`. */
export interface CheckpointOptions {
  /** Whether the old form is used, which makes one node of the whole function. */
  use_reentrant?: boolean;
  /** Whether random numbers are drawn again as the first time; true unless said otherwise. */
  preserve_rng_state?: boolean;
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

/** Runs `f(...args)` without keeping what its ops save for backward: backward runs it again. Options stand last. */
export function checkpoint<T>(f: ((...args: never[]) => T) | CheckpointModule<T>, ...args: unknown[]): T {
  const last = args[args.length - 1];
  const options: CheckpointOptions = isPlainObject(last) ? args.pop() as CheckpointOptions : {};
  const call = (...given: unknown[]): T => typeof f === "function" ? f(...given as never[]) : f.call(...given as never[]);
  const state = options.preserve_rng_state === false ? null : get_rng_state();
  if (options.use_reentrant ?? true) return CheckpointFunction.apply(call, state, ...args) as T;
  // what is saved is a number; the first to unpack runs the function again and keeps what it saves the second time
  let count = 0;
  let again: Tensor[] | null = null;
  const rerun = (): Tensor[] => {
    const kept: Tensor[] = [];
    replay(state, () =>
      enable_grad(() =>
        saved_tensors_hooks((t) => kept.push(t.detach()), () => {
          throw new RuntimeError("torch.utils.checkpoint: a tensor of the second run was unpacked");
        }, () => void call(...args))
      ));
    return kept;
  };
  return saved_tensors_hooks(
    () => count++,
    (i) => {
      again ??= no_grad(rerun);
      const tensor = again[i as number];
      if (tensor === undefined) {
        throw new ValueError(
          `torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\n` +
            `Number of tensors saved during forward: ${count}\nNumber of tensors saved during recomputation: ${again.length}.`,
        );
      }
      return tensor;
    },
    () => call(...args),
  );
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
