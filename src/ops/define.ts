/**
 * How an op is declared. A primitive has a forward and one derivative formula for each tensor it takes; everything else
 * about autograd follows from these: what is saved, the node and its name, the in-place twin, the edges of the graph.
 */
import { is_grad_enabled, setGradMode } from "../autograd/mode.ts";
import { isWanted, listOfDType, listOfNumbers, listOfSizes, type MaybeTensor, Node } from "../autograd/node.ts";
import { freedGraph, SavedTensor } from "../autograd/saved.ts";
import {
  adoptInplace,
  asViews,
  callTransformed,
  changeDual,
  constantsBelow,
  hasDuals,
  highestLevel,
  type Inputs,
  keepOriginal,
  late,
  makeDuals,
  type Operation,
  orNoForwardMode,
  refuseOut,
  settle,
  splitDuals,
  transforms,
} from "../autograd/transforms.ts";
import { checkInplace, gradientEdge, rebaseHistory, requiresGrad } from "../autograd/view.ts";
import { can_cast, type DType, float64, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { sameSizes, type Sizes } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { assertNoPartialOverlap, assertWritable, copyElements, toScalar } from "./elementwise.ts";
import { native } from "./native.ts";
import { objectOf } from "./object_of.ts";
import { ArgumentParser, type Named } from "./signature.ts";
import { type TangentRule, tangentRules } from "./tangents.ts";

/** What a forward gives: one tensor or several. */
export type Result = Tensor | Tensor[];

type TensorKeys<P> = { [K in keyof P]-?: Extract<P[K], Tensor | readonly Tensor[]> extends never ? never : K }[keyof P] & string;
type ShapeOf<T> = Extract<T, readonly Tensor[]> extends never ? Sizes : readonly Sizes[];

/** What a derivative formula may name: the inputs, their shapes and dtypes, the results, and the gradients of these. */
export type Context<P> =
  & P
  & { [K in TensorKeys<P> as `${K}_sizes`]: ShapeOf<P[K]> }
  & { [K in TensorKeys<P> as `${K}_dtype`]: DType }
  & {
    /** The gradient of the (first) result. */
    grad: Tensor;
    /** The gradients of all results; null for those that nothing has flowed to. */
    grads: MaybeTensor[];
    /** The (first) result. */
    result: Tensor;
    /** All results. */
    results: Tensor[];
  }
  & { [K in ResultName as K extends keyof P ? never : K]: Tensor };

/** Single results among several: by number, and the second of an op that gives values and the places where they stand. */
type ResultName = "result0" | "result1" | "result2" | "result3" | "indices";

/** The gradient of one input; a list for an input that is a list of tensors. The names that its parameter destructures are saved. */
export type Formula<P> = (context: Context<P>) => MaybeTensor | MaybeTensor[];

/** A primitive, declared. */
export interface PrimitiveSpec<P> {
  /** The name of its node in the graph: `MulBackward0`. */
  name: string;
  /** Computes the result from kernels; runs unrecorded. */
  forward: (inputs: P) => Result;
  /** Writes the result over `self` where it has a short way to do so; says whether it has. In place, the forward serves elsewhere. */
  into?: (inputs: P) => boolean;
  /** One formula for each tensor among the inputs; null where there is no derivative, as for indices. */
  backward?: { [K in TensorKeys<P>]: Formula<P> | null };
  /** The results that have no derivative, by number: the indices of `max`. */
  nonDifferentiable?: readonly number[];
  /** Whether the results show the memory of `self`; `multiple` where there is more than one of them. */
  view?: "single" | "multiple";
  /** That in place it gives all elements one value, so that elements which share memory may be written too. */
  uniform?: boolean;
}

/** All primitives by the name of their node, for tests that go through them. */
export const primitives: Map<string, Primitive<never>> = new Map();

/** The names that a function's parameter destructures: what a formula needs. */
export function destructuredNames(f: (...args: never[]) => unknown): string[] {
  if (f.length === 0) return [];
  const match = /^[^(]*\(\s*\{([^}]*)\}/.exec(f.toString());
  if (match === null) throw new Error(`a formula must destructure its parameter: ${f}`);
  return match[1].split(",").map((part) => part.split(":")[0].split("=")[0].trim()).filter((name) => name !== "");
}

/** Names under which PyTorch keeps a tensor even where the user gave a number, so that its release is noticed. */
const WRAPPED_NUMBERS = new Set(["other"]);

/** What a node has saved under a name. */
interface Keeper {
  saved(name: string): unknown;
}

/** Makes `node._saved_other` and its kin readable, under PyTorch's names. */
export function exposeSaved(prototype: Keeper, name: string): void {
  const attribute = `_saved_${name.replace(/_sizes$/, "_sym_sizes").replace(/_dtype$/, "_scalar_type")}`;
  if (attribute in prototype) return;
  Object.defineProperty(prototype, attribute, {
    configurable: true,
    get(this: Keeper) {
      const value = this.saved(name);
      return WRAPPED_NUMBERS.has(name) && typeof value === "number" ? wrappedNumber(value) : value === undefined ? null : value;
    },
  });
}

/** A number as the 0-d tensor that PyTorch makes of it. */
function wrappedNumber(value: number): Tensor {
  const out = Tensor.make([], Number.isInteger(value) ? int64 : float64);
  out.store.data[0] = toScalar(value, out.dtype);
  return out;
}

// lists of tensors may hold nulls: the indices of `index`
const save = (value: unknown, results: readonly Tensor[], node: Node): unknown => {
  if (value instanceof Tensor) return new SavedTensor(value, results.includes(value) ? node : null);
  return Array.isArray(value) && value.some((v) => v instanceof Tensor) ? value.map((v) => save(v, results, node)) : value;
};
const unpack = (value: unknown): unknown =>
  value instanceof SavedTensor ? value.unpack() : Array.isArray(value) && value.some((v) => v instanceof SavedTensor) ? value.map(unpack) : value;

/** The node of a primitive. */
export class OpNode extends Node {
  readonly #primitive: Primitive<never>;
  /** What was saved, in the order of the primitive's names; undefined where no formula that is needed names it. */
  #values: unknown[] | null = NOTHING;
  #savesTensors = false;
  /** How many edges each input has, where one of them is a list. */
  readonly widths: readonly number[] | null;

  /** Made by `Primitive`. */
  constructor(
    primitive: Primitive<never>,
    next: (Node | null)[],
    nextNr: readonly number[],
    widths: readonly number[] | null,
    sizes?: readonly Sizes[],
    dtypes?: readonly DType[],
  ) {
    super(next, nextNr, sizes, dtypes);
    this.#primitive = primitive;
    this.widths = widths;
  }

  /** PyTorch's name. */
  name(): string {
    return this.#primitive.name;
  }

  override get freshResults(): boolean {
    return true;
  }

  /** Saves what the formulas need, once the results have their history. */
  save(values: unknown[], results: readonly Tensor[]): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === undefined) continue;
      const packed = save(value, results, this);
      if (packed !== value || WRAPPED_NUMBERS.has(this.#primitive.names[i])) this.#savesTensors = true;
      values[i] = packed;
    }
    this.#values = values;
  }

  /** What was saved under a name; undefined if nothing was. Throws the freed-graph error once it has been released. */
  saved(name: string): unknown {
    return this.savedAt(this.#primitive.names.indexOf(name));
  }

  /** What was saved under the name at this place in the primitive's list of names. */
  savedAt(place: number): unknown {
    if (this.#values === null) throw freedGraph();
    return unpack(this.#values[place]);
  }

  /** The names of what is saved. */
  savedNames(): readonly string[] {
    return this.#primitive.names;
  }

  apply(grads: MaybeTensor[]): MaybeTensor[] {
    return this.#primitive.gradients(this, grads);
  }

  override release(): void {
    if (this.#savesTensors) this.#values = null;
  }
}

const NOTHING: unknown[] = [];

/** An op that has derivatives of its own. */
export class Primitive<P> implements Operation {
  /** The name of its node. */
  readonly name: string;
  /** Whether an element of the result depends on the elements at the same place alone. */
  readonly elementwise: boolean;
  /** Every name that a formula may need. */
  readonly names: readonly string[];
  readonly #spec: PrimitiveSpec<P>;
  readonly #tangentRule: TangentRule | undefined;
  readonly #inputs: string[];
  readonly #formulas: Formula<P>[];
  readonly #needs: string[][];
  /** For each formula, the places of what it needs among all names. */
  readonly #places: number[][];
  /** What the names stand for that are not those of inputs. */
  readonly #derived: Derived[];
  /** Makes what a formula is given: the first gradient, all of them, and the values of all names. */
  #context: ReturnType<typeof objectOf> | null = null;

  /** Declares it. */
  constructor(spec: PrimitiveSpec<P>) {
    this.name = spec.name;
    this.#spec = spec;
    this.#tangentRule = tangentRules.get(spec.name) ?? (spec.view === undefined ? undefined : "linear");
    this.elementwise = this.#tangentRule === "elementwise";
    const backward = (spec.backward ?? {}) as Record<string, Formula<P> | null>;
    // what has no derivative has no edge either
    this.#inputs = Object.keys(backward).filter((k) => backward[k] !== null);
    this.#formulas = this.#inputs.map((k) => backward[k]!);
    this.#needs = this.#formulas.map((f) => destructuredNames(f).filter((n) => n !== "grad" && n !== "grads"));
    this.names = [...new Set(this.#needs.flat())];
    this.#places = this.#needs.map((needs) => needs.map((name) => this.names.indexOf(name)));
    this.#derived = this.names.map(derive);
    for (const name of this.names) exposeSaved(OpNode.prototype, name);
    primitives.set(spec.name, this as Primitive<never>);
  }

  /** Computes the result, recorded if recording is on and an input requires gradients. */
  apply(inputs: P): Result {
    if (transforms.active > 0) return this.#applyTransformed(inputs);
    const result = this.#compute(inputs);
    if (is_grad_enabled() && this.#needsNode(inputs)) this.#record(inputs, result, null);
    return result;
  }

  /** The result, unrecorded. */
  #compute(inputs: P): Result {
    const spec = this.#spec;
    const before = setGradMode(false);
    let result: Result;
    try {
      result = spec.forward(inputs);
    } finally {
      setGradMode(before);
    }
    if (spec.view !== undefined) asViews(result, (inputs as { self: Tensor }).self, spec.view === "multiple");
    return result;
  }

  /** The same while function transforms run. */
  #applyTransformed(inputs: P): Result {
    const values = settle(inputs as Inputs);
    const level = highestLevel(values);
    const duals = hasDuals(values, level) ? splitDuals(values, level, this.#spec.view !== undefined) : null;
    let result: Result;
    if (level === null) {
      result = this.#compute((duals === null ? values : duals.primals) as P);
      if (duals !== null && this.#spec.view !== undefined) asViews(result, values.self as Tensor, this.#spec.view === "multiple");
    } else {
      result = level.apply(this, values);
      if (level.keepsViews && this.#spec.view !== undefined) asViews(result, values.self as Tensor, this.#spec.view === "multiple");
    }
    if ((level === null || level.recording) && is_grad_enabled()) {
      const own = (level === null ? values : constantsBelow(values, level)) as P;
      if (this.#needsNode(own)) this.#record(own, result, null);
    }
    if (duals !== null) makeDuals(this, duals, result, level);
    return result;
  }

  /** Computes the result and writes it into `inputs.self`, which it returns. */
  applyInplace(inputs: P & { self: Tensor }): Tensor {
    return this.writeInto(inputs, (own: P & { self: Tensor }) => {
      if (this.#spec.into?.(own) === true) return;
      const newest = Storage.newest();
      const result = this.#spec.forward(own) as Tensor;
      writeResult(own.self, result, result.store.serial > newest);
    });
  }

  /** Runs `write`, which changes its `self` in place, and records the change as this op. */
  writeInto(given: P & { self: Tensor }, write: (inputs: never) => void): Tensor {
    const { self } = given;
    const level = transforms.active === 0 ? null : highestLevel(given as Inputs);
    if (transforms.active > 0) adoptInplace(self, level, inplaceName(this.name));
    const duals = transforms.active > 0 && hasDuals(given as Inputs, level) ? splitDuals(given as Inputs, level) : null;
    const inputs = (level === null ? given : constantsBelow(given as Inputs, level)) as P & { self: Tensor };
    const record = is_grad_enabled() && (level === null || level.recording) && this.#needsNode(inputs);
    if (record || self.inference) checkInplace(self);
    if (!this.#spec.uniform) assertWritable(self);
    self.store.prepareToWrite();
    const original = record && this.#savesSelf(inputs) ? { ...inputs, self: self.clone() } : inputs;
    const own = duals === null ? inputs : duals.primals;
    if (duals !== null) duals.primals = keepOriginal(duals, given as Inputs);
    if (level !== null) level.change(this, given as Inputs & { self: Tensor }, write);
    else {
      const before = setGradMode(false);
      try {
        write(own as never);
      } finally {
        setGradMode(before);
      }
      self.store.version++;
    }
    if (record) this.#record(original, self, self);
    if (duals !== null) changeDual(this, duals, self, level);
    return self;
  }

  /** @internal See `Operation`. */
  applyTo(inputs: Inputs): Result {
    return this.apply(inputs as P);
  }

  /** @internal See `Operation`. */
  changeIn(inputs: Inputs & { self: Tensor }, write: (inputs: never) => void): Tensor {
    return this.writeInto(inputs as P & { self: Tensor }, write);
  }

  /** @internal See `Operation`. */
  tangents(inputs: Inputs, tangents: Inputs, results: readonly Tensor[]): MaybeTensor[] {
    const nothing = results.map(() => null);
    const present = this.#inputs.filter((k) => isDual(tangents[k]));
    if (present.length === 0) return nothing;
    const rule = this.#tangentRule;
    const result = results.length === 1 ? results[0] : [...results];
    if (rule === "linear") {
      const moved: Inputs = { ...inputs };
      for (const k of this.#inputs) moved[k] = zerosFor(inputs[k], tangents[k]);
      const out = this.apply(moved as P);
      return Array.isArray(out) ? out : [out];
    }
    if (typeof rule === "function") {
      const context: Inputs = { ...inputs, result: results[0], results };
      for (const k of this.#inputs) context[`${k}_tangent`] = tangents[k];
      const out = rule(context);
      if (out !== undefined) return Array.isArray(out) ? out : [out];
    }
    const product = (keys: readonly string[], grads: MaybeTensor[]): MaybeTensor[] => {
      const context: Inputs = { grad: grads[0], grads };
      return keys.flatMap((k) => {
        const at = this.#inputs.indexOf(k);
        for (const name of this.#needs[at]) if (!(name in context)) context[name] = valueOf(name, derive(name), inputs, result);
        return this.#formulas[at](context as Context<P>);
      });
    };
    if (rule === undefined || typeof rule === "function") {
      const differentiable = results.map((t, i) => t.dtype.is_floating_point && !this.#spec.nonDifferentiable?.includes(i) ? t : null);
      if (differentiable.every((t) => t === null)) return nothing;
      return orNoForwardMode(
        inplaceName(this.name).slice(0, -1),
        () => late.transpose((grads) => product(present, grads), present.flatMap((k) => tangents[k] as MaybeTensor | MaybeTensor[]), differentiable),
      );
    }
    let sum: MaybeTensor = null;
    for (const k of present) {
      const [term] = product([k], [spread(tangents[k] as Tensor, inputs[k] as Tensor, results[0])]);
      if (term !== null) sum = sum === null ? term : sum.add(term);
    }
    return [sum];
  }

  #needsNode(inputs: P): boolean {
    const values = inputs as Record<string, unknown>;
    for (let i = 0; i < this.#inputs.length; i++) {
      const value = values[this.#inputs[i]];
      if (value instanceof Tensor) {
        if (value.tracks || (value.viewInfo !== null && requiresGrad(value))) return true;
      } else if (Array.isArray(value) && value.some((t) => t instanceof Tensor && requiresGrad(t))) return true;
    }
    return false;
  }

  #savesSelf(inputs: P): boolean {
    const values = inputs as Record<string, unknown>;
    return this.#inputs.some((k, i) => {
      const value = values[k];
      return this.#needs[i].includes("self") && value instanceof Tensor && requiresGrad(value);
    });
  }

  #record(inputs: P, result: Result, inplace: Tensor | null): void {
    const values = inputs as Record<string, unknown>;
    const { names } = this;
    const count = this.#inputs.length;
    let widths: number[] | null = null, edges = count;
    for (let i = 0; i < count; i++) {
      const value = values[this.#inputs[i]];
      if (!Array.isArray(value)) continue;
      widths ??= this.#inputs.map(() => 1);
      widths[i] = value.length;
      edges += value.length - 1;
    }
    // literals, for arrays that grow hold memory for more
    const next: (Node | null)[] = edges === 1 ? [null] : edges === 2 ? [null, null] : new Array<null>(edges).fill(null);
    const nextNr: number[] = edges === 1 ? [0] : edges === 2 ? [0, 0] : new Array<number>(edges).fill(0);
    const saved: unknown[] = names.length === 0 ? NOTHING : new Array<unknown>(names.length);
    for (let i = 0, at = 0; i < count; i++) {
      const value = values[this.#inputs[i]];
      let needed = false;
      if (Array.isArray(value)) { for (const t of value) if (setEdge(t, next, nextNr, at++)) needed = true; }
      else needed = setEdge(value, next, nextNr, at++);
      if (!needed) continue;
      const places = this.#places[i];
      for (let k = 0; k < places.length; k++) {
        const place = places[k];
        if (saved[place] === undefined) saved[place] = valueOf(names[place], this.#derived[place], values, result);
      }
    }
    const results = Array.isArray(result) ? result : [result];
    const shared = edges === 1 ? listOfNumbers(nextNr[0]) : edges === 2 ? listOfNumbers(nextNr[0], nextNr[1]) : nextNr;
    const node = results.length === 1
      ? new OpNode(this as Primitive<never>, next, shared, widths, listOfSizes(results[0].sizes), listOfDType(results[0].dtype))
      : new OpNode(this as Primitive<never>, next, shared, widths, results.map((t) => t.sizes), results.map((t) => t.dtype));
    for (let i = 0; i < results.length; i++) {
      const out = results[i];
      if (!out.dtype.is_floating_point || this.#spec.nonDifferentiable?.includes(i)) continue;
      if (inplace !== null) rebaseHistory(inplace, node);
      else {
        out.node = node;
        out.output_nr = i;
        out.tracks = true;
      }
    }
    if (names.length > 0) node.save(saved, results);
  }

  /** The gradients of the inputs, by the formulas. */
  gradients(node: OpNode, grads: MaybeTensor[]): MaybeTensor[] {
    const out: MaybeTensor[] = [];
    const { next, widths } = node;
    let nothing = true;
    for (let i = 0; i < grads.length; i++) if (grads[i] !== null) nothing = false;
    const values = new Array<unknown>(this.names.length + 2);
    values[0] = grads[0];
    values[1] = grads;
    const recorded = is_grad_enabled();
    let at = 0;
    for (let i = 0; i < this.#inputs.length; i++) {
      const width = widths === null ? 1 : widths[i];
      let needed = false;
      if (!nothing) { for (let k = at; k < at + width; k++) if (isWanted(next[k])) needed = true; }
      at += width;
      if (!needed) {
        for (let k = 0; k < width; k++) out.push(null);
        continue;
      }
      const places = this.#places[i];
      for (let k = 0; k < places.length; k++) {
        const place = places[k];
        if (values[place + 2] === undefined) values[place + 2] = node.savedAt(place);
      }
      const formula = this.#formulas[i] as AnyFunction as (context: Inputs) => MaybeTensor | MaybeTensor[];
      const context = (this.#context ??= objectOf(["grad", "grads", ...this.names]))(values);
      const gradient = recorded || transforms.active > 0 ? evaluateVisibly(formula, context, recorded) : formula(context);
      if (Array.isArray(gradient)) { for (const g of gradient) out.push(g); }
      else out.push(gradient);
    }
    return out;
  }
}

/** Evaluates a formula whose ops somebody sees: they are recorded, as what is C++ in PyTorch, or transformed. */
export function evaluateVisibly<R>(formula: (context: Inputs) => R, context: Inputs, recorded: boolean): R {
  const apply = transforms.active === 0 ? formula : (all: Inputs) => callTransformed("", all, formula) as R;
  return recorded ? native(() => apply(context)) : apply(context);
}

const isDual = (tangent: unknown): boolean => Array.isArray(tangent) ? tangent.some((t) => t !== null) : tangent !== null && tangent !== undefined;

/** The tangents of an input, zeros for those that it has not. */
function zerosFor(input: unknown, tangent: unknown): unknown {
  if (Array.isArray(input)) return input.map((t, i) => zerosFor(t, (tangent as MaybeTensor[])[i]));
  return input instanceof Tensor ? tangent ?? input.detach().zeros_like() : input;
}

/** The tangent of an input in the shape of the result, and in its dtype unless it has one of its own. */
export function spread(tangent: Tensor, input: Tensor, result: Tensor): Tensor {
  const typed = tangent.dtype === result.dtype || tangent.dtype !== input.dtype ? tangent : tangent.to(result.dtype);
  return sameSizes(typed.sizes, result.sizes) ? typed : typed.expand([...result.sizes]);
}

/** Makes the edge of one input; says whether a gradient flows along it. */
function setEdge(input: unknown, next: (Node | null)[], nextNr: number[], at: number): boolean {
  if (!(input instanceof Tensor)) return false;
  const edge = gradientEdge(input);
  if (edge === null) return false;
  next[at] = edge;
  nextNr[at] = input.output_nr;
  return true;
}

interface Derived {
  what: "result" | "sizes" | "dtype" | "unknown";
  /** The input that it is derived from. */
  key: string;
  /** The number of the result. */
  index: number;
}

const derivedNames = new Map<string, Derived>();

/** What a formula's name that is not one of an input stands for: a result by number, or the shape or dtype of an input. */
function derive(name: string): Derived {
  let derived = derivedNames.get(name);
  if (derived !== undefined) return derived;
  const result = name === "result" ? 0 : name === "indices" ? 1 : /^result\d$/.test(name) ? Number(name.slice(6)) : -1;
  const match = /^(.*)_(sizes|dtype)$/.exec(name);
  if (result >= 0) derived = { what: "result", key: "", index: result };
  else if (match !== null) derived = { what: match[2] as "sizes" | "dtype", key: match[1], index: 0 };
  else derived = { what: "unknown", key: "", index: 0 };
  derivedNames.set(name, derived);
  return derived;
}

/** What a formula's name stands for at the time of recording. */
function valueOf(name: string, derived: Derived, values: Record<string, unknown>, result: Result): unknown {
  const own = values[name];
  if (own !== undefined || name in values) return own;
  if (name === "results") return Array.isArray(result) ? result : [result];
  const { what, key, index } = derived;
  if (what === "result") return Array.isArray(result) ? result[index] : result;
  const value = values[key];
  if (what === "dtype") return (Array.isArray(value) ? value[0] : value as Tensor | undefined)?.dtype;
  if (what === "sizes") return Array.isArray(value) ? value.map((t: Tensor) => t.sizes) : value instanceof Tensor ? value.sizes : [];
  return undefined;
}

/** Writes a result, which is nobody else's if it is `temporary`, into the tensor that an in-place op was called on. */
export function writeResult(self: Tensor, result: Tensor, temporary = false): void {
  if (!can_cast(result.dtype, self.dtype)) throw cannotCast(result.dtype, self.dtype);
  if (!sameSizes(result.sizes, self.sizes)) {
    throw new RuntimeError(`output with shape [${self.sizes.join(", ")}] doesn't match the broadcast shape [${result.sizes.join(", ")}]`);
  }
  copyElements(self, result, temporary);
}

/** The error for a result whose dtype the written tensor cannot hold. */
export function cannotCast(from: DType, to: DType): RuntimeError {
  return new RuntimeError(`result type ${from.scalar} can't be cast to the desired output type ${to.scalar}`);
}

// -- what users call -------------------------------------------------------------------------------------------------

/** The argument list and all its beginnings. */
export type Prefixes<A extends unknown[]> = A extends [...infer Head, unknown] ? A | Prefixes<Head> : [];
/** An argument list with an object of named arguments at its end. */
export type WithNamed<A extends unknown[], P> = A extends unknown ? [...A, named: Partial<P>] : never;

/** The positional arguments, all or the first few, and then the named ones. */
export type WithOptions<A extends unknown[], P> = A extends unknown
  ? number extends A["length"] ? [...A, named: Partial<P>] : WithNamed<Prefixes<Required<A>>, P>
  : never;

/** Positional arguments, the last ones of which may be given by name in a trailing object. */
export type Args<P, A extends unknown[]> = A | WithOptions<A, P>;

/** What every op has that is also a method of tensors: the method, which words its errors as PyTorch's methods do. */
export interface IsMethod {
  /** @internal The function as a method: the first argument is the tensor. */
  readonly asMethod: (...args: never[]) => unknown;
}

/** An op as a function: `A` are the arguments after the tensor by position, `P` all of them by name. */
export interface Op<P = Record<never, never>, A extends unknown[] = [], R = Tensor> extends IsMethod {
  /** Every argument by name. */
  (named: Partial<P> & { input: Tensor }): R;
  /** The tensor, then the others by position or by name. */
  (self: Tensor, ...args: Args<P, A>): R;
}

/** An op that also has an in-place twin: the method of the same name with an underscore. */
export interface InplaceOp<P = Record<never, never>, A extends unknown[] = [], R = Tensor> extends Op<P, A, R> {
  /** Writes the result into its first argument and returns it. */
  readonly inplace: (self: Tensor, ...args: Args<P, A>) => Tensor;
}

/** A function that does not stand on a tensor, such as `cat` and `ones`. */
export type Fn<P, A extends unknown[], R = Tensor> = (...args: Args<P, A>) => R;

/** What `define` takes besides the signatures: a primitive's forward and formulas, or a function made of other ops. */
export type Body<P, R> =
  | ((inputs: P) => R)
  | (Omit<PrimitiveSpec<P>, "name"> & { name?: string });

/** The name of an op's node: `index_select` gives `IndexSelectBackward0`, `log1p` gives `Log1PBackward0`. */
export function nodeName(op: string, overload = 0): string {
  const camel = op.replace(/^_+|_+$/g, "").replace(/(^|_|\d)([a-z])/g, (_, before: string, letter: string) => before.replace("_", "") + letter.toUpperCase());
  return `${camel}Backward${overload}`;
}

/** The op that changes a tensor in place and records a node of this name: `IndexPutBackward0` is of `index_put_`. */
function inplaceName(node: string): string {
  const camel = node.replace(/^torch::autograd::/, "").replace(/Backwards?\d*$/, "");
  return camel.replace(/\d?[A-Z]/g, (letter, at) => (at === 0 || letter.length > 1 ? "" : "_") + letter.toLowerCase()) + "_";
}

/** A callable op before it gets its type: also called by methods, which say so for the wording of errors. */
export interface Callable {
  (...args: unknown[]): unknown;
  /** The function as a method: the first argument is the tensor. */
  asMethod?: (...args: unknown[]) => unknown;
  /** The in-place twin. */
  inplace?: (...args: unknown[]) => unknown;
}

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;

/**
 * Declares an op. `signatures` are PyTorch's, one a line of its error message; the first parameter `input` is `self` in
 * `body`. A body with a forward becomes a primitive; a body that is a function is made of other ops. `inplace` makes the
 * twin, which computes and copies unless a function of its own is given.
 */
export function define<F extends AnyFunction, P = Named>(
  op: string,
  signatures: string | readonly string[],
  body: Body<P, unknown>,
  options: { inplace?: boolean | ((inputs: P & { self: Tensor }) => Tensor) } = {},
): F {
  const parser = new ArgumentParser(op, typeof signatures === "string" ? [signatures] : signatures);
  const primitive = typeof body === "function" ? null : new Primitive<P>({ name: nodeName(op), ...body });
  const made = body as (inputs: P) => unknown;
  const run = primitive === null
    ? (inputs: P): unknown => transforms.active === 0 ? made(inputs) : callTransformed(op, inputs as Inputs, made as (inputs: Inputs) => unknown)
    : (inputs: P): unknown => primitive.apply(inputs);
  const call = (args: readonly unknown[], self: 0 | 1): unknown => {
    const inputs = parser.parse(args, self);
    const out = inputs.out;
    if (out instanceof Tensor) return writeOut(op, inputs, out, run(inputs as P));
    return run(inputs as P);
  };
  const f = ((...args: unknown[]) => call(args, 0)) as Callable;
  if (parser.isMethod) f.asMethod = (...args) => call(args, 1);
  const { inplace } = options;
  if (inplace) {
    const twin = new ArgumentParser(`${op}_`, typeof signatures === "string" ? [signatures] : signatures);
    f.inplace = (...args) => {
      const inputs = twin.parse(args, 1) as P & { self: Tensor };
      if (typeof inplace === "function") {
        return transforms.active === 0 ? inplace(inputs) : callTransformed(`${op}_`, inputs as Inputs, inplace as AnyFunction as (inputs: Inputs) => unknown);
      }
      return primitive === null ? replaceContents(inputs.self, run(inputs) as Tensor) : primitive.applyInplace(inputs);
    };
  }
  Object.defineProperty(f, "name", { value: op });
  return f as AnyFunction as F;
}

/** In-place twin of an op made of other ops: computes, then copies into the tensor. */
function replaceContents(self: Tensor, result: Tensor): Tensor {
  if (!can_cast(result.dtype, self.dtype)) throw cannotCast(result.dtype, self.dtype);
  return self.copy_(result);
}

/**
 * Hands a result over in the tensor given as `out`, which is resized where it does not fit. It may not share memory with an
 * input, unless the op is `elementwise` and both are the same.
 */
export function writeOut(op: string, inputs: Named, out: Tensor, result: unknown, elementwise = false): Tensor {
  const involved = [out, ...Object.values(inputs).flat().filter((v) => v instanceof Tensor)];
  if (is_grad_enabled() && involved.some(requiresGrad)) {
    throw new RuntimeError(`${op}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.`);
  }
  const source = result as Tensor;
  if (transforms.active > 0) refuseOut(op, [...involved, source]);
  if (!can_cast(source.dtype, out.dtype)) throw cannotCast(source.dtype, out.dtype);
  assertWritable(out);
  const fits = sameSizes(out.sizes, source.sizes);
  // what counts is the memory that it will show once it is resized
  const target = fits ? out : new Tensor(out.store, out.dtype, source.sizes, null, out.offset);
  for (const key in inputs) {
    const value = inputs[key];
    if (key === "out") continue;
    for (const t of Array.isArray(value) ? value : [value]) if (t instanceof Tensor) assertNoPartialOverlap(target, t, !elementwise);
  }
  if (!fits) out.resize_([...source.sizes]);
  out.store.prepareToWrite();
  copyElements(out, source);
  out.store.version++;
  return out;
}
