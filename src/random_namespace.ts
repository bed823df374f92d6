/**
 * `torch.random`: the default generator, seeded, saved and kept apart.
 *
 * @module
 */
import { type ModeGuard, scope } from "./autograd/mode.ts";
import { get_rng_state, set_rng_state } from "./ops/seed.ts";

export { default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state, TorchGenerator as Generator } from "./ops/seed.ts";

/** Named arguments of `fork_rng`. */
export interface ForkOptions {
  /** Accepted; there is one device. */
  devices?: Iterable<unknown> | null;
  /** Whether anything is done. */
  enabled?: boolean;
}

/** Runs `callback` and then sets the default generator back to where it was: what is drawn inside does not show. */
export function fork_rng<T>(callback: () => T): T;
/** The same with options. */
export function fork_rng<T>(options: ForkOptions, callback: () => T): T;
/** The same, until the guard is disposed. */
export function fork_rng(options?: ForkOptions): ModeGuard;
export function fork_rng<T>(first: ForkOptions | (() => T) = {}, callback?: () => T): T | ModeGuard {
  const enabled = typeof first === "function" || (first.enabled ?? true);
  return scope(
    () => {
      if (!enabled) return () => {};
      const state = get_rng_state();
      return () => set_rng_state(state);
    },
    typeof first === "function" ? first : callback,
    "fork_rng",
  );
}
