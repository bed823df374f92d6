/**
 * `torch.autograd.graph`: tools for those who look into the graph.
 */
import { RuntimeError, ValueError } from "../errors.ts";
import { isPlainObject } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { GradientEdge } from "./backward.ts";
import { type ModeGuard, scope } from "./mode.ts";
import { type MaybeTensor, type Node, RemovableHandle } from "./node.ts";
import { disableSavedTensorsHooks, popSavedTensorsHooks, pushSavedTensorsHooks, type SavedTensorsHooks } from "./saved.ts";
import { gradientEdge } from "./view.ts";

export { Node } from "./node.ts";
export { GradientEdge } from "./backward.ts";

/** The place in the graph of a tensor that requires gradients: its node, or the sink of a leaf. */
export function get_gradient_edge(tensor: Tensor): GradientEdge {
  const node = gradientEdge(tensor);
  if (node === null) throw new RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients");
  return new GradientEdge(node, tensor.output_nr);
}

/** Counts the version up, as if the tensor, or each of several, had been changed in place. */
export function increment_version(tensor: Tensor | Iterable<Tensor>): void {
  if (!(tensor instanceof Tensor) && (tensor === null || typeof tensor !== "object" || !(Symbol.iterator in tensor))) {
    throw new RuntimeError("increment_version expect a Iterable[Tensor] as input");
  }
  for (const t of tensor instanceof Tensor ? [tensor] : tensor) t.store.version++;
}

function enterHooks(hooks: SavedTensorsHooks): () => void {
  pushSavedTensorsHooks(hooks);
  return popSavedTensorsHooks;
}

/** While `callback` runs, tensors saved for backward are kept as what `pack_hook` makes of them; `unpack_hook` makes tensors of it again. */
export function saved_tensors_hooks<T>(pack_hook: SavedTensorsHooks["pack"], unpack_hook: SavedTensorsHooks["unpack"], callback: () => T): T;
/** The same, until the guard is disposed. */
export function saved_tensors_hooks(pack_hook: SavedTensorsHooks["pack"], unpack_hook: SavedTensorsHooks["unpack"]): ModeGuard;
export function saved_tensors_hooks<T>(pack_hook: SavedTensorsHooks["pack"], unpack_hook: SavedTensorsHooks["unpack"], callback?: () => T): T | ModeGuard {
  if (typeof unpack_hook !== "function") throw new TypeError("saved_tensors_hooks.__init__() missing 1 required positional argument: 'unpack_hook'");
  return scope(() => enterHooks({ pack: pack_hook, unpack: unpack_hook }), callback, "saved_tensors_hooks");
}

/** In PyTorch: keeps saved tensors in the memory of the CPU. Here they are there already, so that nothing is moved. */
export function save_on_cpu<T>(callback: () => T): T;
/** The same with PyTorch's options, which mean nothing here. */
export function save_on_cpu<T>(options: boolean | { pin_memory?: boolean; device_type?: string }, callback: () => T): T;
/** The same, until the guard is disposed. */
export function save_on_cpu(options?: boolean | { pin_memory?: boolean; device_type?: string }): ModeGuard;
export function save_on_cpu<T>(first?: boolean | { pin_memory?: boolean; device_type?: string } | (() => T), callback?: () => T): T | ModeGuard {
  return scope(() => enterHooks({ pack: (t) => t, unpack: (t) => t as Tensor }), typeof first === "function" ? first : callback, "save_on_cpu");
}

/** While `callback` runs, entering `saved_tensors_hooks` is an error with this message. */
export function disable_saved_tensors_hooks<T>(error_message: string, callback: () => T): T;
/** The same, until the guard is disposed. */
export function disable_saved_tensors_hooks(error_message: string): ModeGuard;
export function disable_saved_tensors_hooks<T>(error_message: string, callback?: () => T): T | ModeGuard {
  return scope(
    () => {
      const before = disableSavedTensorsHooks(error_message);
      return () => void disableSavedTensorsHooks(before);
    },
    callback,
    "disable_saved_tensors_hooks",
  );
}

/** Keeps copies of the tensors that are changed in place after they were saved, so that backward works on the old values. */
export function allow_mutation_on_saved_tensors<T>(callback: () => T): T;
/** The same, until the guard is disposed. */
export function allow_mutation_on_saved_tensors(): ModeGuard;
export function allow_mutation_on_saved_tensors<T>(callback?: () => T): T | ModeGuard {
  // a copy is made at once: without reference counts nobody knows whether the tensor will be changed
  return scope(
    () => enterHooks({ pack: (t) => ({ copy: t.detach().clone() }), unpack: (p) => (p as { copy: Tensor }).copy }),
    callback,
    "allow_mutation_on_saved_tensors",
  );
}

type AllHook = (grads: MaybeTensor[]) => void;
type AnyHook = (grad: Tensor) => void;

/** Calls `fn` once in each backward: with the gradients of all these tensors when the last of them is there, or with the first one. */
export function register_multi_grad_hook(
  tensors: readonly Tensor[],
  fn: AllHook | AnyHook,
  mode: "all" | "any" | { mode?: "all" | "any" } = "all",
): RemovableHandle {
  const kind = isPlainObject(mode) ? (mode as { mode?: string }).mode ?? "all" : mode;
  if (kind !== "all" && kind !== "any") throw new ValueError(`Expects mode to be one of ('all', 'any') but got ${kind}`);
  let grads: MaybeTensor[] = tensors.map(() => null);
  let arrived = 0;
  let expected = 0;
  let pass: object | null = null;
  const handles = tensors.map((t, i) =>
    t.register_hook((grad: Tensor) => {
      const current = gradientEdge(t)?.state?.pass ?? null;
      if (current !== pass || arrived === 0) {
        pass = current;
        arrived = 0;
        grads = tensors.map(() => null);
        expected = tensors.filter((other) => isInPass(other, current)).length;
      }
      arrived++;
      grads[i] = grad;
      if (kind === "any") {
        if (arrived === 1) (fn as AnyHook)(grad);
      } else if (arrived === expected) (fn as AllHook)(grads);
      if (arrived >= expected) arrived = 0;
    })
  );
  return new RemovableHandle(() => handles.forEach((h) => h.remove()));
}

/** Whether a backward pass reaches a tensor. */
function isInPass(tensor: Tensor, pass: object | null): boolean {
  const node: Node | null = gradientEdge(tensor);
  return node !== null && node.state !== null && node.state.pass === pass;
}
