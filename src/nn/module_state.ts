/**
 * How the state of modules is collected and loaded: module by module from the top, each with its hooks.
 */
import { register, type RemovableHandle } from "../autograd/node.ts";
import { no_grad } from "../autograd/mode.ts";
import { AssertionError, RuntimeError } from "../errors.ts";
import { sameSizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import type { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { StateDict } from "./state_dict.ts";

/** What `load_state_dict` did not find or did not want. */
export class IncompatibleKeys {
  /** @internal */
  constructor(readonly missing_keys: string[], readonly unexpected_keys: string[]) {}

  /** `<All keys matched successfully>`, or what differs. */
  toString(): string {
    if (this.missing_keys.length === 0 && this.unexpected_keys.length === 0) return "<All keys matched successfully>";
    const list = (keys: string[]) => `[${keys.map((k) => `'${k}'`).join(", ")}]`;
    return `_IncompatibleKeys(missing_keys=${list(this.missing_keys)}, unexpected_keys=${list(this.unexpected_keys)})`;
  }
}

/** What a state says about a module: the version of the class that wrote it. */
export type StateMetadata = { version?: number };

/** Gets the module, what stands before its names, and whether the state keeps its history, before the module's state is collected. */
export type StateDictPreHook = (module: Module, prefix: string, keep_vars: boolean) => void;
/** Gets the module and the state with all that stands in it so far, which it may change. */
export type StateDictPostHook = (module: Module, state_dict: StateDict, prefix: string, local_metadata: StateMetadata) => void;
/** Gets the module and the state before the module takes its part of it; may change the state and the three lists. */
export type LoadStateDictPreHook = (
  module: Module,
  state_dict: Map<string, unknown>,
  prefix: string,
  local_metadata: StateMetadata,
  strict: boolean,
  missing_keys: string[],
  unexpected_keys: string[],
  error_msgs: string[],
) => void;
/** Gets the module, and the lists of what is missing or unexpected so far, which it may change. */
export type LoadStateDictPostHook = (module: Module, incompatible_keys: IncompatibleKeys) => void;

/** The hooks of one module. */
class StateHooks {
  readonly beforeSaving: StateDictPreHook[] = [];
  readonly afterSaving: StateDictPostHook[] = [];
  readonly beforeLoading: LoadStateDictPreHook[] = [];
  readonly afterLoading: LoadStateDictPostHook[] = [];
}

// beside the modules: their attributes are the user's
const hooks = new WeakMap<Module, StateHooks>();

/** Adds a hook to a module. */
export function registerStateHook<K extends keyof StateHooks>(module: Module, when: K, hook: StateHooks[K][number]): RemovableHandle {
  let own = hooks.get(module);
  if (own === undefined) hooks.set(module, own = new StateHooks());
  return register(own[when] as unknown[], hook);
}

/** The name of what `get_extra_state` gives. */
const EXTRA = "_extra_state";

/** Puts the state of a module and of all below it into `out`. */
export function collectState(module: Module, out: StateDict, prefix: string, keepVars: boolean): void {
  const own = hooks.get(module), metadata = { version: module._version };
  out._metadata.set(prefix.slice(0, -1), metadata);
  for (const hook of own?.beforeSaving ?? []) hook(module, prefix, keepVars);
  for (const [name, t] of module._state_tensors()) out.set(`${prefix}${name}`, keepVars ? t : t.detach());
  if (module._has_extra_state("get_extra_state")) out.set(`${prefix}${EXTRA}`, module.get_extra_state() as Tensor);
  for (const [name, child] of module._modules) collectState(child, out, `${prefix}${name}.`, keepVars);
  for (const hook of own?.afterSaving ?? []) hook(module, out, prefix, metadata);
}

/** What loading finds out on its way. */
interface Findings {
  given: Map<string, unknown>;
  assign: boolean;
  missing: string[];
  unexpected: string[];
  errors: string[];
}

/** Takes one tensor of a module from the state. */
function loadTensor(module: Module, name: string, key: string, target: Tensor, { given, assign, errors }: Findings): void {
  const source = given.get(key);
  if (!(source instanceof Tensor)) {
    errors.push(
      `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received <class '${pythonType(source)}'>`,
    );
  } else if (!sameSizes(source.sizes, target.sizes)) {
    errors.push(`size mismatch for ${key}: copying a param with shape ${source.shape} from checkpoint, the shape in current model is ${target.shape}.`);
  } else if (assign) {
    module._replace(name, target instanceof Parameter && !(source instanceof Parameter) ? new Parameter(source, target.requires_grad) : source);
  } else no_grad(() => void target.copy_(source));
}

function loadModule(module: Module, prefix: string, metadata: Map<string, StateMetadata>, findings: Findings): void {
  const { given, missing, unexpected, errors } = findings;
  const own = hooks.get(module), local = metadata.get(prefix.slice(0, -1)) ?? {};
  for (const hook of own?.beforeLoading ?? []) hook(module, given, prefix, local, true, missing, unexpected, errors);
  const tensors = new Map(module._state_tensors());
  const young = module._names_since(local.version ?? null);
  for (const [name, target] of tensors) {
    const key = `${prefix}${name}`;
    if (given.has(key)) loadTensor(module, name, key, target, findings);
    else if (!young.includes(name)) missing.push(key);
  }
  const extra = `${prefix}${EXTRA}`, takesExtra = module._has_extra_state("set_extra_state");
  if (takesExtra || module._has_extra_state("get_extra_state")) {
    if (given.has(extra)) module.set_extra_state(given.get(extra));
    else missing.push(extra);
  } else if (given.has(extra)) unexpected.push(extra);
  const children = module._modules;
  for (const key of given.keys()) {
    if (!key.startsWith(prefix) || key === extra) continue;
    const name = key.slice(prefix.length), dot = name.indexOf(".");
    if (dot >= 0 ? !children.has(name.slice(0, dot)) : !tensors.has(name)) unexpected.push(key);
  }
  for (const [name, child] of children) loadModule(child, `${prefix}${name}.`, metadata, findings);
  const found = new IncompatibleKeys(missing, unexpected);
  for (const hook of own?.afterLoading ?? []) {
    const result: unknown = hook(module, found);
    if (result !== undefined && result !== null) {
      throw new AssertionError(
        "Hooks registered with ``register_load_state_dict_post_hook`` are notexpected to return new values, if incompatible_keys need to be modified,it should be done inplace.",
      );
    }
  }
}

/** Loads a state into a module and all below it. */
export function loadState(module: Module, state: Map<string, unknown> | Record<string, unknown>, strict: boolean, assign: boolean): IncompatibleKeys {
  if (typeof state !== "object" || state === null || Array.isArray(state)) {
    throw new TypeError(`Expected state_dict to be dict-like, got <class '${pythonType(state)}'>.`);
  }
  // a copy, for hooks may change it
  const given = new Map(state instanceof Map ? state : Object.entries(state));
  const findings: Findings = { given, assign, missing: [], unexpected: [], errors: [] };
  loadModule(module, "", state instanceof StateDict ? state._metadata : new Map(), findings);
  const { missing, unexpected, errors } = findings;
  if (strict) {
    const quote = (keys: string[]) => keys.map((k) => `"${k}"`).join(", ");
    if (unexpected.length > 0) errors.unshift(`Unexpected key(s) in state_dict: ${quote(unexpected)}. `);
    if (missing.length > 0) errors.unshift(`Missing key(s) in state_dict: ${quote(missing)}. `);
  }
  if (errors.length > 0) throw new RuntimeError(`Error(s) in loading state_dict for ${module._get_name()}:\n\t${errors.join("\n\t")}`);
  return new IncompatibleKeys(missing, unexpected);
}
