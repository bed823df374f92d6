/**
 * PyTorch's switch for the threads of backward. Here one thread does everything, so that the switch is remembered and changes nothing.
 */
import { pythonType } from "../python.ts";
import { type ModeGuard, scope } from "./mode.ts";

let multithreading = true;

/** What `set_multithreading_enabled` was last told; true at first. */
export function is_multithreading_enabled(): boolean {
  return multithreading;
}

/** In PyTorch: whether backward may use several threads while `callback` runs. Here it never does. Returns what the callback returns. */
export function set_multithreading_enabled<T>(mode: boolean, callback: () => T): T;
/** The same, at once and until the guard, if it is kept, is disposed. */
export function set_multithreading_enabled(mode: boolean | { mode: boolean }): ModeGuard;
export function set_multithreading_enabled<T>(mode: boolean | { mode: boolean }, callback?: () => T): T | ModeGuard {
  if (mode === undefined) throw new TypeError("set_multithreading_enabled.__init__() missing 1 required positional argument: 'mode'");
  const enabled = typeof mode === "object" && mode !== null ? mode.mode : mode;
  if (typeof enabled !== "boolean") {
    throw new TypeError(`set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not ${pythonType(enabled)}`);
  }
  return scope(
    () => {
      const before = multithreading;
      multithreading = enabled;
      return () => void (multithreading = before);
    },
    callback,
    "set_multithreading_enabled",
  );
}
