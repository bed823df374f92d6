/**
 * Modules as functions of their parameters: `functional_call` and `stack_module_state`. Modules are known by what they can do.
 */
import { stack } from "../ops/cat.ts";
import { AttributeError, RuntimeError, ValueError } from "../errors.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";

/** What is needed of a module. */
export interface ModuleLike {
  /** Whether it is being trained. */
  training: boolean;
  /** Its class's name. */
  _get_name(): string;
  /** Runs it. */
  call(...args: never[]): unknown;
  /** Its parameters by path. */
  named_parameters(): Iterable<[string, Tensor]>;
  /** Its buffers by path. */
  named_buffers(): Iterable<[string, Tensor]>;
  /** Itself and all modules below it by path. */
  named_modules(): Iterable<[string, ModuleLike]>;
}

/** Tensors by the paths of parameters and buffers. */
export type State = Record<string, Tensor> | Map<string, Tensor>;

/** The named arguments of `functional_call`. */
export interface FunctionalCallOptions {
  /** Whether a parameter that the module has under several names is replaced everywhere if one of them is given. */
  tie_weights?: boolean;
  /** Whether the given names must be exactly those of the module. */
  strict?: boolean;
}

const isState = (value: unknown): value is State => value instanceof Map || isPlainObject(value);
const entriesOf = (state: State): [string, Tensor][] => state instanceof Map ? [...state] : Object.entries(state);

function isModule(value: unknown): value is ModuleLike {
  return typeof value === "object" && value !== null && "named_parameters" in value && "named_modules" in value;
}

/** A place where a module keeps a tensor. */
interface Place {
  owner: object;
  name: string;
}

function placeOf(root: ModuleLike, path: string): Place {
  const steps = path.split(".");
  const name = steps.pop()!;
  let owner: ModuleLike = root;
  for (const step of steps) {
    const child: unknown = Reflect.get(owner, step);
    if (!isModule(child)) throw new AttributeError(`${owner._get_name()} has no attribute \`${step}\``);
    owner = child;
  }
  return { owner, name };
}

/** All places of tensors in a module, by path, those of shared modules once. */
function places(root: ModuleLike): Map<string, { place: Place; tensor: Tensor }> {
  const found = new Map<string, { place: Place; tensor: Tensor }>();
  for (const [path, owner] of root.named_modules()) {
    for (const [name, tensor] of Object.entries(owner)) {
      if (tensor instanceof Tensor) found.set(path === "" ? name : `${path}.${name}`, { place: { owner, name }, tensor });
    }
  }
  return found;
}

function checkNames(module: ModuleLike, given: ReadonlySet<string>): void {
  const own = new Set([...module.named_parameters(), ...module.named_buffers()].map(([name]) => name));
  const quoted = (names: string[]) => names.map((n) => `'${n}'`).join(", ");
  const missing = [...own].filter((n) => !given.has(n)), unexpected = [...given].filter((n) => !own.has(n));
  if (missing.length === 0 && unexpected.length === 0) return;
  const lines = [
    ...(unexpected.length > 0 ? [`Unexpected key(s): ${quoted(unexpected)}.`] : []),
    ...(missing.length > 0 ? [`Missing key(s): ${quoted(missing)}.`] : []),
  ];
  throw new RuntimeError(`Error(s) in reparametrizing for ${module._get_name()}:\n\t${lines.join("\n\t")}`);
}

/** The tensors to put into the module: those given, and, for tied parameters, the same under their other names. */
function withTied(module: ModuleLike, given: Map<string, Tensor>): Map<string, Tensor> {
  const all = places(module), out = new Map(given);
  for (const [path, tensor] of given) {
    const original = all.get(path)?.tensor;
    if (original === undefined) continue;
    const twins = [...all].filter(([other, { tensor: t }]) => t === original && other !== path).map(([other]) => other);
    const contradicting = twins.filter((twin) => given.has(twin) && given.get(twin) !== tensor);
    if (contradicting.length > 0) {
      throw new ValueError(
        `functional_call got multiple values for keys ${
          [path, ...contradicting].sort().map((n) => `'${n}'`).join(", ").replace(/^(.*)$/, "[$1]")
        }, which are tied. ` +
          "Consider using tie_weights=False",
      );
    }
    for (const twin of twins) out.set(twin, tensor);
  }
  return out;
}

function readStates(given: unknown): State[] {
  if (isState(given)) return [given];
  if (!Array.isArray(given)) {
    throw new ValueError(`Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got <class '${pythonType(given)}'>`);
  }
  if (!given.every(isState)) throw new ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries");
  const names = given.flatMap((state) => entriesOf(state).map(([name]) => name));
  const repeated = names.filter((n, i) => names.indexOf(n) !== i);
  if (repeated.length > 0) {
    throw new ValueError(`[${repeated.map((n) => `'${n}'`).join(", ")}] appeared in multiple dictionaries; behavior of functional call is ambiguous`);
  }
  return given;
}

/**
 * What `module` gives for the arguments with these tensors in place of its parameters and buffers; the others stay as they are. Meanwhile
 * the module holds them, afterwards its own again; what it assigned to them is put into the dictionaries. `args` is an array of arguments, or
 * a single one, `kwargs` go to the module as its last argument.
 */
export function functional_call(
  module: ModuleLike,
  parameter_and_buffer_dicts: State | readonly State[],
  args: unknown = null,
  kwargs: Record<string, unknown> | null = null,
  options: FunctionalCallOptions = {},
): ReturnType<ModuleLike["call"]> {
  if (!isModule(module)) throw new AttributeError(`'${pythonType(module)}' object has no attribute 'named_parameters'`);
  const states = readStates(parameter_and_buffer_dicts);
  const given = new Map(states.flatMap(entriesOf));
  if (kwargs !== null && !isPlainObject(kwargs)) throw new TypeError(`${module} argument after ** must be a mapping, not ${pythonType(kwargs)}`);
  if (options.strict) checkNames(module, new Set(given.keys()));
  const wanted = options.tie_weights === false ? given : withTied(module, given);
  const swapped = [...wanted].map(([path, tensor]) => ({ path, tensor, place: placeOf(module, path) }));
  const before = swapped.map(({ place: { owner, name } }) => Object.getOwnPropertyDescriptor(owner, name));
  swapped.forEach(({ tensor, place: { owner, name } }) =>
    Object.defineProperty(owner, name, { value: tensor, writable: true, enumerable: true, configurable: true })
  );
  const list = args === null || args === undefined ? [] : Array.isArray(args) ? args : [args];
  try {
    return module.call(...[...list, ...(kwargs === null || Object.keys(kwargs).length === 0 ? [] : [kwargs])] as never[]);
  } finally {
    swapped.forEach(({ path, place: { owner, name } }, i) => {
      const after: unknown = Reflect.get(owner, name);
      for (const state of states) {
        if (!(after instanceof Tensor)) continue;
        if (state instanceof Map) { if (state.has(path)) state.set(path, after); }
        else if (path in state) state[path] = after;
      }
      const descriptor = before[i];
      if (descriptor === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, descriptor);
    });
  }
}

function stackLeaves(tensors: Tensor[], name: string): Tensor {
  const tracked = tensors.filter((t) => t.requires_grad).length;
  if (tracked !== 0 && tracked !== tensors.length) throw new RuntimeError(`Expected ${name} from each model to have the same .requires_grad`);
  return stack(tensors).detach().requires_grad_(tracked > 0);
}

/**
 * The parameters and the buffers of modules of one class, each stacked, as two objects by path: for `vmap` over `functional_call`, which
 * runs them all at once.
 */
export function stack_module_state(models: readonly ModuleLike[]): [Record<string, Tensor>, Record<string, Tensor>] {
  if (models.length === 0) throw new RuntimeError("stack_module_state: Expected at least one model, got 0.");
  const [first] = models;
  if (!models.every((m) => m.training === first.training)) {
    throw new RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.");
  }
  if (!models.every((m) => m.constructor === first.constructor)) throw new RuntimeError("stack_module_state: Expected all models to be of the same class.");
  const stacked = (of: (m: ModuleLike) => Iterable<[string, Tensor]>): Record<string, Tensor> => {
    const all = models.map((m) => new Map(of(m)));
    return Object.fromEntries([...all[0].keys()].map((name) => [name, stackLeaves(all.map((state) => state.get(name)!), name)]));
  };
  return [stacked((m) => m.named_parameters()), stacked((m) => m.named_buffers())];
}
