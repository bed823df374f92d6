/**
 * Modes with dynamic scope: whether ops are recorded, and how. Each is entered with a callback, `no_grad(() => ...)`,
 * or for the rest of a block, `using _ = no_grad()`.
 */

import { pythonType } from "../python.ts";

let gradEnabled = true;
let inference = false;

/** Whether ops are recorded. */
export function is_grad_enabled(): boolean {
  return gradEnabled;
}

/** Whether inference mode is on. */
export function is_inference_mode_enabled(): boolean {
  return inference;
}

/** Switches recording and gives the former state; for the engine's own short sections, which restore it themselves. */
export function setGradMode(enabled: boolean): boolean {
  const before = gradEnabled;
  gradEnabled = enabled;
  return before;
}

/** A mode that has been entered; leaving the block of its `using` declaration, or calling `Symbol.dispose`, leaves it. */
export class ModeGuard implements Disposable {
  #leave: (() => void) | null;

  /** `leave` restores what was before. */
  constructor(leave: () => void) {
    this.#leave = leave;
  }

  /** Leaves the mode; a second call does nothing. */
  [Symbol.dispose](): void {
    this.#leave?.();
    this.#leave = null;
  }
}

/** Either runs `callback` between entering and leaving, and returns its result, or returns a guard that leaves when disposed. */
export function scope<T>(enter: () => () => void, callback: (() => T) | undefined, name: string): T | ModeGuard {
  const leave = enter();
  if (callback === undefined) return new ModeGuard(leave);
  try {
    const result = callback();
    if (result instanceof Promise) {
      throw new TypeError(
        `${name}: the callback returned a promise. The mode holds only while the callback runs synchronously, so what follows an await would run without it; ` +
          `use \`using _ = ${name}()\` around the synchronous parts instead.`,
      );
    }
    return result;
  } finally {
    leave();
  }
}

function enterGradMode(enabled: boolean): () => void {
  const before = setGradMode(enabled);
  return () => void setGradMode(before);
}

/** Records nothing while `callback` runs: results do not require gradients. Returns what the callback returns. */
export function no_grad<T>(callback: () => T): T;
/** Records nothing until the guard is disposed. */
export function no_grad(): ModeGuard;
export function no_grad<T>(callback?: () => T): T | ModeGuard {
  return scope(() => enterGradMode(false), callback, "no_grad");
}

/** Records again inside of `no_grad`. Returns what the callback returns. */
export function enable_grad<T>(callback: () => T): T;
/** Records again until the guard is disposed. */
export function enable_grad(): ModeGuard;
export function enable_grad<T>(callback?: () => T): T | ModeGuard {
  return scope(() => enterGradMode(true), callback, "enable_grad");
}

/** Switches recording on or off while `callback` runs. Returns what the callback returns. */
export function set_grad_enabled<T>(mode: boolean, callback: () => T): T;
/** Switches recording on or off, at once and until the guard, if it is kept, is disposed. */
export function set_grad_enabled(mode: boolean | { mode: boolean }): ModeGuard;
export function set_grad_enabled<T>(mode: boolean | { mode: boolean }, callback?: () => T): T | ModeGuard {
  const enabled = typeof mode === "object" ? mode.mode : mode;
  if (typeof enabled !== "boolean") throw new TypeError(`set_grad_enabled(): argument 'enabled' (position 1) must be bool, not ${pythonType(enabled)}`);
  return scope(() => enterGradMode(enabled), callback, "set_grad_enabled");
}

function enterInference(mode: boolean): () => void {
  const before = inference;
  inference = mode;
  const grad = setGradMode(mode ? false : gradEnabled);
  return () => {
    inference = before;
    setGradMode(grad);
  };
}

/** Like `no_grad`, and tensors made inside can never take part in a recorded graph. Returns what the callback returns. */
export function inference_mode<T>(callback: () => T): T;
/** The same, switched by `mode`. */
export function inference_mode<T>(mode: boolean, callback: () => T): T;
/** Inference mode until the guard is disposed. */
export function inference_mode(mode?: boolean | { mode?: boolean }): ModeGuard;
export function inference_mode<T>(mode: boolean | { mode?: boolean } | (() => T) = true, callback?: () => T): T | ModeGuard {
  if (typeof mode === "function") return scope(() => enterInference(true), mode, "inference_mode");
  const on = typeof mode === "object" ? mode.mode ?? true : mode;
  return scope(() => enterInference(on), callback, "inference_mode");
}
