/**
 * Functions with a backward of their own: `class Square extends torch.autograd.Function` with static `forward` and `backward`.
 */
import { AssertionError, NotImplementedError, RuntimeError } from "../errors.ts";
import { sameSizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { is_grad_enabled, no_grad, setGradMode } from "./mode.ts";
import { type MaybeTensor, Node } from "./node.ts";
import { freedGraph, SavedTensor } from "./saved.ts";
import {
  asDual,
  constantsBelow,
  DerivativeLevel,
  hasDuals,
  highestLevel,
  innermost,
  type Level,
  levelOf,
  lifted,
  primalOf,
  settled,
  tangentOf,
  transforms,
  valueAt,
} from "./transforms.ts";
import { asView, gradientEdge, rebaseHistory, requiresGrad } from "./view.ts";

/**
 * What `forward` and `backward` share. In them it is the node of the call, on which anything may be kept as an attribute; one made by hand only
 * remembers what it is told, as PyTorch's does.
 */
export class FunctionCtx {
  /** The tensors that were kept. */
  declare readonly saved_tensors: Tensor[];
  /** For each argument of `apply`, whether its gradient is wanted. */
  declare readonly needs_input_grad: boolean[];
  /** Whatever the function keeps. */
  [attribute: string]: unknown;

  /** Keeps tensors for backward, with the checks that saved tensors get. */
  save_for_backward(...tensors: (Tensor | null | undefined)[]): void {
    this.to_save = tensors;
  }

  /** Keeps tensors for `jvp`. */
  save_for_forward(...tensors: (Tensor | null | undefined)[]): void {
    this.saved_for_forward = tensorsForForward(tensors);
  }

  /** Says that these inputs have been changed in place; they must be among the outputs. */
  mark_dirty(...tensors: Tensor[]): void {
    this.dirty_tensors = tensors;
  }

  /** Says that these outputs have no gradient. */
  mark_non_differentiable(...tensors: Tensor[]): void {
    this.non_differentiable = tensors;
  }

  /** Whether backward gets zeros (the default) or null for outputs to which nothing has flowed. */
  set_materialize_grads(value: boolean): void {
    this.materialize_grads = value;
  }

  /** The `ctx` of a call is its node, and counts as one of these. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return (this === FunctionCtx && value instanceof FunctionNode) || Object.prototype.isPrototypeOf.call(this.prototype, Object(value));
  }
}

/** Checks what `save_for_forward` is given. */
function tensorsForForward(tensors: readonly unknown[]): (Tensor | null)[] {
  return tensors.map((t) => {
    if (t === null || t === undefined || t instanceof Tensor) return t ?? null;
    throw new AssertionError("save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx.");
  });
}

/** The class of a custom function. */
export type FunctionClass = typeof Function;

/** The node of one call of a custom function, which is its `ctx` as well. */
export class FunctionNode extends Node {
  readonly #function: FunctionClass;
  #toSave: (Tensor | null)[] = [];
  #saved: (SavedTensor | null)[] | null = [];
  #materialize = true;
  #inputs: boolean[] = [];
  /** For each argument, whether its gradient is wanted. */
  needs_input_grad: boolean[] = [];
  /** @internal The outputs without a gradient. */
  nonDifferentiable: Tensor[] = [];
  /** @internal The inputs changed in place. */
  dirty: Tensor[] = [];
  /** @internal What `jvp` finds in `saved_tensors`. */
  savedForForward: (Tensor | null)[] = [];
  /** @internal What `saved_tensors` gives while it is not what has been saved. */
  shown: (Tensor | null)[] | null = null;

  /** `isTensor` says which arguments were tensors. */
  constructor(f: FunctionClass, next: (Node | null)[], nextNr: number[], isTensor: boolean[]) {
    super(next, nextNr);
    this.#function = f;
    this.#inputs = isTensor;
  }

  /** The function's name and `Backward`. */
  name(): string {
    return `${this.#function.name}Backward`;
  }

  /** Keeps tensors for `backward`, which reads them from `saved_tensors`. */
  save_for_backward(...tensors: (Tensor | null | undefined)[]): void {
    this.#toSave = tensors.map((t, i) => {
      if (t !== null && t !== undefined && !(t instanceof Tensor)) {
        throw new TypeError(`save_for_backward can only save variables, but argument ${i} is of type ${pythonType(t)}`);
      }
      return t ?? null;
    });
  }

  /** Keeps tensors for `jvp`. */
  save_for_forward(...tensors: (Tensor | null | undefined)[]): void {
    this.savedForForward = tensorsForForward(tensors);
  }

  /** What `save_for_backward` was given. */
  get saved_tensors(): Tensor[] {
    if (this.shown !== null) return this.shown as Tensor[];
    if (this.#saved === null) throw freedGraph();
    // null stands where null was saved, as None does in Python
    return this.#saved.map((s) => s === null ? null : s.unpack()) as Tensor[];
  }

  /** The same as they are kept, for `register_hooks`. */
  get _raw_saved_tensors(): (SavedTensor | null)[] {
    if (this.#saved === null) throw freedGraph();
    return [...this.#saved];
  }

  /** Says which inputs `forward` has changed in place. */
  mark_dirty(...tensors: Tensor[]): void {
    this.dirty = tensors;
  }

  /** Says which outputs have no gradient. */
  mark_non_differentiable(...tensors: Tensor[]): void {
    this.nonDifferentiable = tensors;
  }

  /** Whether `backward` is given zeros, and not null, where no gradient flowed. */
  set_materialize_grads(value: boolean): void {
    this.#materialize = value;
  }

  /** @internal Whether missing gradients and tangents are zeros. */
  get materializes(): boolean {
    return this.#materialize;
  }

  /** @internal What `save_for_backward` was given and has not been saved yet. */
  get kept(): (Tensor | null)[] {
    return this.#toSave;
  }

  /** @internal Puts other tensors in the place of those that the function has been told of. */
  replace(f: (t: Tensor) => Tensor): void {
    this.#toSave = this.#toSave.map((t) => t === null ? null : f(t));
    this.dirty = this.dirty.map(f);
    this.nonDifferentiable = this.nonDifferentiable.map(f);
  }

  /** @internal Saves what `save_for_backward` was given, once the outputs have their history. */
  saveNow(): void {
    this.#saved = this.#toSave.map((t) => t === null ? null : new SavedTensor(t));
    this.#toSave = [];
  }

  /** Calls the function's `backward` and checks what it returns. */
  apply(grads: MaybeTensor[]): MaybeTensor[] {
    const given = this.#materialize ? grads.map((g, i) => g ?? Tensor.make(this.sizes[i], this.dtypes[i])) : grads;
    const result = this.#function.backward(this as never, ...given as never[]) as unknown;
    let out: unknown[] = Array.isArray(result) ? [...result] : [result];
    const name = this.name();
    if (out.length > this.#inputs.length && out.slice(this.#inputs.length).every((g) => g === null || g === undefined)) out = out.slice(0, this.#inputs.length);
    if (out.length !== this.#inputs.length) {
      throw new RuntimeError(`function ${name} returned an incorrect number of gradients (expected ${this.#inputs.length}, got ${out.length})`);
    }
    const gradients: MaybeTensor[] = [];
    out.forEach((g, i) => {
      if (!this.#inputs[i]) {
        if (g !== null && g !== undefined) {
          throw new RuntimeError(
            `function ${name} returned a gradient different than None at position ${i + 1}, but the corresponding forward input was not a Variable`,
          );
        }
        return;
      }
      if (g !== null && g !== undefined && !(g instanceof Tensor)) throw new RuntimeError(`expected Variable or None (got ${pythonType(g)})`);
      gradients.push(g ?? null);
    });
    return gradients;
  }

  /** Lets go of the saved tensors. */
  override release(): void {
    if (this.#saved !== null && this.#saved.length > 0) this.#saved = null;
  }
}

/** An op with a backward of its own: override the static methods `forward` and `backward`, and call `apply`. */
export class Function {
  /** Computes the outputs. Gets the `ctx` first, unless `setup_context` is overridden. */
  static forward(..._args: never[]): unknown {
    throw new NotImplementedError("You must implement the forward function for custom autograd.Function.");
  }

  /** Fills the `ctx` from the inputs and outputs, where `forward` does not take one. */
  static setup_context(_ctx: FunctionCtx, _inputs: never, _output: never): void {
    throw new NotImplementedError("setup_context is not implemented.");
  }

  /** The gradients of the arguments from those of the outputs: one for each argument, null for what is not a tensor. */
  static backward(..._args: never[]): unknown {
    throw new NotImplementedError("You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD.");
  }

  /** The tangents of the outputs from those of the arguments, for forward mode. */
  static jvp(..._args: never[]): unknown {
    throw new NotImplementedError("You must implement the jvp function for custom autograd.Function to use it with forward mode AD.");
  }

  /** Whether `vmap` may run `forward` and `backward` on batches as they are. */
  static generate_vmap_rule = false;

  /** What `vmap` runs: gets its settings, for each argument the dimension that numbers the examples, and the arguments; returns the output and its dimensions. */
  static vmap(..._args: never[]): unknown {
    throw new NotImplementedError("To use autograd.Function with vmap, you must either override the vmap staticmethod or set generate_vmap_rule=True.");
  }

  /** Runs `forward` unrecorded and makes one node of it. */
  static apply<F extends { forward(...args: never[]): unknown }>(this: F, ...args: unknown[]): ReturnType<F["forward"]> {
    return run(this as never, args) as ReturnType<F["forward"]>;
  }
}

/** A function of the early days that may work in place, kept for old programs. */
export class InplaceFunction extends Function {
  /** What the constructor was told: whether it works in place. */
  readonly inplace: boolean;

  /** Only remembers `inplace`. */
  constructor(inplace = false) {
    super();
    this.inplace = inplace;
  }
}

const isSplit = (f: FunctionClass): boolean => f.setup_context !== Function.setup_context;

/** What the level of `vmap` makes of a custom function; set by the module that knows about it. */
export const underVmap: { run: (f: FunctionClass, args: unknown[], level: Level) => unknown } = {
  run: () => {
    throw new Error("vmap has not been loaded");
  },
};

function run(f: FunctionClass, given: unknown[]): unknown {
  if (transforms.active === 0) return record(f, given, given, null);
  const args = given.map((a) => a instanceof Tensor ? settled(a) : a);
  if (innermost() !== null && !isSplit(f)) {
    throw new RuntimeError(
      "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the setup_context staticmethod. " +
        "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html",
    );
  }
  const level = highestLevel({ args });
  if (level !== null && !(level instanceof DerivativeLevel)) return underVmap.run(f, args, level);
  const constants = level === null ? args : constantsBelow({ args }, level).args;
  return record(f, args, constants, level);
}

/** Calls `forward` at a level; null stands for tensors that no level has lifted. `constants` are the arguments as the level's history sees them. */
function record(f: FunctionClass, args: unknown[], constants: unknown[], level: DerivativeLevel | null): unknown {
  const duals = transforms.active > 0 && hasDuals({ args }, level);
  const tensors = constants.filter((a) => a instanceof Tensor);
  const executable = is_grad_enabled() && (level === null || level.recording) && tensors.some(requiresGrad);
  const node = nodeOf(f, constants, executable);
  const versions = tensors.map((t) => t.store.version);
  // forward sees duals without their tangents, which are the business of jvp
  const primals = duals && level === null ? args.map((a) => a instanceof Tensor ? primalOf(a, null) : a) : args;
  const original = (t: Tensor): Tensor => {
    const at = primals.indexOf(t);
    return at < 0 ? t : args[at] as Tensor;
  };
  const ctx = node as never;
  const before = setGradMode(false);
  let output: unknown;
  let jvpCtx = node;
  try {
    if (level !== null) {
      setGradMode(before);
      const values = args.map((a) => a instanceof Tensor ? valueAt(a, level) : a);
      const below = level.below(() => run(f, values));
      setGradMode(false);
      const lift = (t: unknown): unknown => t instanceof Tensor ? lifted(level, t) : t;
      output = Array.isArray(below) ? below.map(lift) : lift(below);
      if (duals && level.duals !== null) {
        jvpCtx = nodeOf(f, values, false);
        f.setup_context(jvpCtx as never, values as never, below as never);
      }
    } else output = isSplit(f) ? f.forward(...primals as never[]) : f.forward(ctx, ...primals as never[]);
    if (primals !== args) {
      output = Array.isArray(output) ? output.map((t) => t instanceof Tensor ? original(t) : t) : output instanceof Tensor ? original(output) : output;
      node.replace(original);
    }
    if (isSplit(f)) f.setup_context(ctx, args as never, output as never);
  } finally {
    setGradMode(before);
  }
  const outputs: unknown[] = Array.isArray(output) ? output : [output];
  checkDirty(node, tensors, outputs, versions);
  const wrapped = outputs.map((out, i) => wrapOutput(node, out, i, tensors, executable));
  if (executable) node.saveNow();
  if (duals) moveForward(f, jvpCtx, args, node, outputs, wrapped, level);
  return Array.isArray(output) ? wrapped : wrapped[0];
}

function nodeOf(f: FunctionClass, args: readonly unknown[], executable: boolean): FunctionNode {
  const tensors = args.filter((a) => a instanceof Tensor);
  const edges = tensors.map((t) => executable ? gradientEdge(t) : null);
  const node = new FunctionNode(f, edges, tensors.map((t, i) => edges[i] === null ? 0 : t.output_nr), args.map((a) => a instanceof Tensor));
  node.needs_input_grad = args.map((a) => a instanceof Tensor && requiresGrad(a));
  return node;
}

/** Calls `jvp` with the tangents of the arguments, and gives the outputs theirs. `outputs` are what `forward` returned, `wrapped` what the caller gets. */
function moveForward(
  f: FunctionClass,
  ctx: FunctionNode,
  args: readonly unknown[],
  node: FunctionNode,
  outputs: readonly unknown[],
  wrapped: readonly unknown[],
  level: DerivativeLevel | null,
): void {
  const tangents = args.map((a) => {
    if (!(a instanceof Tensor) || !a.dtype.is_floating_point) return null;
    const tangent = levelOf(a) === level ? tangentOf(a) : null;
    return tangent ?? (ctx.materializes ? primalOf(a, level).detach().zeros_like() : null);
  });
  ctx.shown = ctx.savedForForward;
  let result: unknown;
  try {
    result = f.jvp(ctx as never, ...tangents as never[]);
  } finally {
    ctx.shown = null;
  }
  const given: unknown[] = Array.isArray(result) ? result : [result];
  if (given.length !== outputs.length) {
    throw new RuntimeError(`Function's jvp returned an invalid number of forward gradients (expected ${outputs.length} but got ${given.length})`);
  }
  given.forEach((t, i) => {
    if (t !== null && t !== undefined && !(t instanceof Tensor)) {
      throw new RuntimeError(`expected Variable or None (got ${pythonType(t)}) for grad output ${i}.`);
    }
  });
  given.forEach((tangent, i) => {
    const out = wrapped[i], returned = outputs[i];
    if (!(tangent instanceof Tensor)) return;
    if (!(out instanceof Tensor) || !out.dtype.is_floating_point || node.nonDifferentiable.includes(returned as Tensor)) {
      throw new RuntimeError(
        `Function's jvp returned a gradient at position ${i}, but  the corresponding forward output is not a differentiable Tensor.` +
          "You should return None at that position instead.",
      );
    }
    const dirty = node.dirty.includes(returned as Tensor);
    if (dirty && tangents[args.indexOf(returned)] !== tangent) {
      throw new RuntimeError(
        "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is modifying an input inplace, " +
          "then the jvp function must modify the corresponding gradient inplace.",
      );
    }
    if (!dirty && (args.includes(returned) || out.viewInfo !== null) && tangent.viewInfo === null) {
      throw new RuntimeError("A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view.");
    }
    if (!sameSizes(tangent.sizes, out.sizes)) {
      throw new RuntimeError(
        "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. " +
          `Tensor is of size [${out.sizes.join(", ")}] while the given forward gradient is of size [${tangent.sizes.join(", ")}].`,
      );
    }
    if (!dirty) asDual(out, tangent, level);
  });
}

function checkDirty(node: FunctionNode, inputs: readonly Tensor[], outputs: readonly unknown[], versions: readonly number[]): void {
  for (const t of node.dirty) {
    const at = inputs.indexOf(t);
    if (at >= 0 && requiresGrad(t) && t.is_leaf && is_grad_enabled()) {
      throw new RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.");
    }
    if (!outputs.includes(t)) {
      throw new RuntimeError(
        "Some elements marked as dirty during the forward method were not returned as output. The inputs that are modified inplace must all be outputs of the Function.",
      );
    }
    if (at >= 0 && t.store.version === versions[at]) t.store.version++;
  }
}

function wrapOutput(node: FunctionNode, out: unknown, i: number, inputs: readonly Tensor[], executable: boolean): unknown {
  if (!(out instanceof Tensor)) {
    node.sizes = [...node.sizes, []];
    node.dtypes = [...node.dtypes, inputs[0]?.dtype];
    return out;
  }
  node.sizes = [...node.sizes, out.sizes];
  node.dtypes = [...node.dtypes, out.dtype];
  const isInput = inputs.includes(out);
  const attach = (t: Tensor): Tensor => {
    t.node = node;
    t.output_nr = i;
    t.tracks = true;
    return t;
  };
  if (node.nonDifferentiable.includes(out) || !out.dtype.is_floating_point) {
    if (!isInput) return out;
    return no_grad(() => out.detach());
  }
  if (!executable) return isInput && !node.dirty.includes(out) ? viewOf(out, "default") : out;
  if (node.dirty.includes(out)) {
    rebaseHistory(out, node);
    out.output_nr = out.viewInfo === null ? i : out.output_nr;
    return out;
  }
  if (isInput) return attach(viewOf(out, "custom"));
  if (out.viewInfo !== null) out.viewInfo.creation = "custom";
  return attach(out);
}

function viewOf(t: Tensor, creation: "default" | "custom"): Tensor {
  const view = t.alias();
  asView(view, t);
  view.viewInfo!.creation = creation;
  return view;
}

/** For `backward`: runs it unrecorded, so that differentiating twice is an error. */
export function once_differentiable<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  return (...args) => {
    const needed = is_grad_enabled() && args.some((a) => a instanceof Tensor && a.requires_grad);
    const out = no_grad(() => f(...args));
    if (!needed) return out;
    for (const t of Array.isArray(out) ? out : [out]) {
      if (t instanceof Tensor) {
        t.node = new DelayedError("trying to differentiate twice a function that was marked with @once_differentiable");
        t.node.sizes = [t.sizes];
        t.node.dtypes = [t.dtype];
        t.tracks = true;
      }
    }
    return out;
  };
}

/** A node that throws when a gradient reaches it. */
class DelayedError extends Node {
  readonly #message: string;

  constructor(message: string) {
    super([], []);
    this.#message = message;
  }

  name(): string {
    return "torch::autograd::Error";
  }

  apply(): MaybeTensor[] {
    throw new RuntimeError(this.#message);
  }
}
