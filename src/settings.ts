/**
 * PyTorch's switches: what has a meaning here works; of the others programs can read back what they have set.
 */
import { DTYPES, set_default_dtype } from "./dtype.ts";
import { AttributeError, RuntimeError } from "./errors.ts";
import { checkDevice } from "./ops/copy.ts";
import { pythonType } from "./python.ts";
import { CPU, type Device } from "./size.ts";
import { warn } from "./warnings.ts";

let deterministic = false, warnOnly = false;

/** Every algorithm here gives the same results for the same input: only remembered. */
export function use_deterministic_algorithms(mode: boolean, options: { warn_only?: boolean } = {}): void {
  deterministic = mode;
  warnOnly = mode && (options.warn_only ?? false);
}

/** What `use_deterministic_algorithms` was told; false at first. */
export function are_deterministic_algorithms_enabled(): boolean {
  return deterministic;
}

/** Whether `use_deterministic_algorithms` was told to warn only. */
export function is_deterministic_algorithms_warn_only_enabled(): boolean {
  return warnOnly;
}

const DEBUG_MODES = ["default", "warn", "error"];

/** The same setting as a number: 0 for off, 1 for warnings, 2 for errors. */
export function get_deterministic_debug_mode(): number {
  return deterministic ? warnOnly ? 1 : 2 : 0;
}

/** Sets it by that number or by its name: `"default"`, `"warn"` or `"error"`. */
export function set_deterministic_debug_mode(debug_mode: number | string): void {
  const mode = typeof debug_mode === "string" ? DEBUG_MODES.indexOf(debug_mode) : debug_mode;
  if (typeof debug_mode === "string" && mode < 0) {
    throw new RuntimeError(`invalid value of debug_mode, expected one of \`default\`, \`warn\`, \`error\`, but got ${debug_mode}`);
  }
  if (![0, 1, 2].includes(mode)) throw new RuntimeError(`invalid value of debug_mode, expected 0, 1, or 2, but got ${mode}`);
  use_deterministic_algorithms(mode > 0, { warn_only: mode === 1 });
}

/** Where new tensors are made: on the CPU. */
export function get_default_device(): Device {
  return CPU;
}

/** Where new tensors shall be made: on the CPU, there is no other device. */
export function set_default_device(device: string | Device | null): void {
  checkDevice(device);
}

/** Makes the dtype of a class of tensors, such as `torch.DoubleTensor` or its name, the default one. Superseded by `set_default_dtype`. */
export function set_default_tensor_type(t: string | { readonly name: string }): void {
  const name = (typeof t === "string" ? t : t.name).replace(/^torch\./, "");
  const dtype = DTYPES.find((d) => `${d.scalar}Tensor` === name);
  if (dtype === undefined) throw new AttributeError(`module 'torch' has no attribute '${name}'`);
  set_default_dtype(dtype);
}

let precision = "highest";

/** What `set_float32_matmul_precision` was told; `"highest"` at first. */
export function get_float32_matmul_precision(): string {
  return precision;
}

/** How exact products of float32 matrices have to be: here they always are. */
export function set_float32_matmul_precision(value: string): void {
  if (["highest", "high", "medium"].includes(value)) precision = value;
  else warn(`${value} is not one of 'highest', 'high', or 'medium'; the currentsetFloat32MatmulPrecision call has no effect.`);
}

let warnAlways = false;

/** What `set_warn_always` was told; false at first. */
export function is_warn_always_enabled(): boolean {
  return warnAlways;
}

/** Whether warnings that are given once shall be given every time: only remembered. */
export function set_warn_always(b: boolean): void {
  if (typeof b !== "boolean") throw new RuntimeError(`setWarnOnlyOnce expects a bool, but got ${pythonType(b)}`);
  warnAlways = b;
}

/** Subnormal numbers are never taken for zero here: false where that is asked for. */
export function set_flush_denormal(mode: boolean): boolean {
  return !mode;
}
