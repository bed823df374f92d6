/**
 * Anomaly detection: remembers where each node was made, and names the node whose gradient is nan.
 */
import { RuntimeError } from "../errors.ts";
import { warn } from "../warnings.ts";
import { type ModeGuard, scope } from "./mode.ts";
import type { MaybeTensor, Node } from "./node.ts";

/** Whether anomaly detection is on, and whether it looks for nan. */
export const anomalyMode: { enabled: boolean; checkNan: boolean } = { enabled: false, checkNan: true };

const traces = new WeakMap<Node, { trace: string; parent: Node | null }>();

/** Notes the call that made a node, and the node in whose backward it was made. */
export function remember(node: Node, parent: Node | null): void {
  traces.set(node, { trace: new Error().stack?.split("\n").slice(3).join("\n") ?? "", parent });
}

/** Shows the forward call that made a node as a warning. */
export function showTrace(node: Node): void {
  const known = traces.get(node);
  if (known === undefined) {
    warn(
      `Error detected in ${node.name()}. No forward pass information available. Enable detect anomaly during forward pass for more information.`,
    );
    return;
  }
  warn(`Error detected in ${node.name()}. Traceback of forward call that caused the error:\n${known.trace}\n`);
}

/** Throws PyTorch's error if a node has returned nan. */
export function reportNan(node: Node, grads: readonly MaybeTensor[]): void {
  grads.forEach((grad, i) => {
    if (grad === null || !grad.dtype.is_floating_point || !grad.isnan().any().item()) return;
    showTrace(node);
    throw new RuntimeError(`Function '${node.name()}' returned nan values in its ${i}th output.`);
  });
}

function enter(enabled: boolean, checkNan: boolean): () => void {
  const before = { ...anomalyMode };
  Object.assign(anomalyMode, { enabled, checkNan });
  return () => void Object.assign(anomalyMode, before);
}

/** Whether anomaly detection is on. */
export function is_anomaly_enabled(): boolean {
  return anomalyMode.enabled;
}

/** Whether anomaly detection looks for nan while it is on. */
export function is_anomaly_check_nan_enabled(): boolean {
  return anomalyMode.checkNan;
}

/** While `callback` runs, a nan in backward is an error that names the node; the forward call that made it is shown. */
export function detect_anomaly<T>(callback: () => T): T;
/** The same, until the guard is disposed; `check_nan` false only shows where errors come from. */
export function detect_anomaly(options?: { check_nan?: boolean } | boolean): ModeGuard;
/** The same with options and a callback. */
export function detect_anomaly<T>(options: { check_nan?: boolean } | boolean, callback: () => T): T;
export function detect_anomaly<T>(first: { check_nan?: boolean } | boolean | (() => T) = {}, callback?: () => T): T | ModeGuard {
  const options = typeof first === "function" ? {} : typeof first === "boolean" ? { check_nan: first } : first;
  return scope(() => enter(true, options.check_nan ?? true), typeof first === "function" ? first : callback, "detect_anomaly");
}

/** Switches anomaly detection on or off, at once and until the guard, if it is kept, is disposed. */
export function set_detect_anomaly<T>(mode: boolean, options: { check_nan?: boolean } | boolean, callback: () => T): T;
/** The same without options. */
export function set_detect_anomaly<T>(mode: boolean, callback: () => T): T;
/** The same for the rest of a block, or for good. */
export function set_detect_anomaly(mode: boolean, options?: { check_nan?: boolean } | boolean): ModeGuard;
export function set_detect_anomaly<T>(mode: boolean, second: { check_nan?: boolean } | boolean | (() => T) = true, callback?: () => T): T | ModeGuard {
  const checkNan = typeof second === "boolean" ? second : typeof second === "function" ? true : second.check_nan ?? true;
  return scope(() => enter(mode, checkNan), typeof second === "function" ? second : callback, "set_detect_anomaly");
}
