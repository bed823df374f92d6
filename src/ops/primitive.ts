/**
 * Primitives. A primitive has a forward and one derivative formula for each tensor it takes; everything else about autograd
 * follows from these: what is saved, the node and its name, the in-place twin, the edges of the graph.
 */
import { is_grad_enabled, setGradMode } from "../autograd/mode.ts";
import { isWanted, listOfDType, listOfNumbers, listOfSizes, type MaybeTensor, type Node } from "../autograd/node.ts";
import {
  adoptInplace,
  asViews,
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
  settle,
  splitDuals,
  transforms,
} from "../autograd/transforms.ts";
import { checkInplace, gradientEdge, rebaseHistory, requiresGrad } from "../autograd/view.ts";
import { sameSizes } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { assertWritable } from "./elementwise.ts";
import { type Context, derive, type Derived, destructuredNames, evaluateVisibly, type Formula, type Result, type TensorKeys, valueOf } from "./formula.ts";
import { inplaceName } from "./node_name.ts";
import { objectOf, valuesOf } from "./object_of.ts";
import { exposeSaved, OpNode } from "./op_node.ts";
import type { AnyFunction } from "./op_types.ts";
import { writeResult } from "./out.ts";
import { type TangentRule, tangentRules } from "./tangents.ts";

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
  // what every call reads of it, for declarations differ in shape
  readonly #forward: PrimitiveSpec<P>["forward"];
  readonly #view: PrimitiveSpec<P>["view"];
  readonly #nonDifferentiable: readonly number[];
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
  /** The values of the inputs that have a derivative. */
  #values: ReturnType<typeof valuesOf> | null = null;

  /** Declares it. */
  constructor(spec: PrimitiveSpec<P>) {
    this.name = spec.name;
    this.#spec = spec;
    this.#forward = spec.forward;
    this.#view = spec.view;
    this.#nonDifferentiable = spec.nonDifferentiable ?? [];
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
    if (is_grad_enabled()) {
      const values = this.#valuesOf(inputs);
      if (needsNode(values)) this.#record(inputs, values, result, null);
    }
    return result;
  }

  #valuesOf(inputs: P): unknown[] {
    return (this.#values ??= valuesOf(this.#inputs))(inputs as Inputs);
  }

  /** The result, unrecorded. */
  #compute(inputs: P): Result {
    const forward = this.#forward, view = this.#view;
    const before = setGradMode(false);
    let result: Result;
    try {
      result = forward(inputs);
    } finally {
      setGradMode(before);
    }
    if (view !== undefined) asViews(result, (inputs as { self: Tensor }).self, view === "multiple");
    return result;
  }

  /** The same while function transforms run. */
  #applyTransformed(inputs: P): Result {
    const values = settle(inputs as Inputs);
    const level = highestLevel(values);
    const duals = hasDuals(values, level) ? splitDuals(values, level, this.#view !== undefined) : null;
    let result: Result;
    if (level === null) {
      result = this.#compute((duals === null ? values : duals.primals) as P);
      if (duals !== null && this.#view !== undefined) asViews(result, values.self as Tensor, this.#view === "multiple");
    } else {
      result = level.apply(this, values);
      if (level.keepsViews && this.#view !== undefined) asViews(result, values.self as Tensor, this.#view === "multiple");
    }
    if ((level === null || level.recording) && is_grad_enabled()) {
      const own = (level === null ? values : constantsBelow(values, level)) as P;
      const inner = this.#valuesOf(own);
      if (needsNode(inner)) this.#record(own, inner, result, null);
    }
    if (duals !== null) makeDuals(this, duals, result, level);
    return result;
  }

  /** Computes the result and writes it into `inputs.self`, which it returns. */
  applyInplace(inputs: P & { self: Tensor }): Tensor {
    return this.writeInto(inputs, (own: P & { self: Tensor }) => {
      if (this.#spec.into?.(own) === true) return;
      const newest = Storage.newest();
      const result = this.#forward(own) as Tensor;
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
    const record = is_grad_enabled() && (level === null || level.recording) && needsNode(this.#valuesOf(inputs));
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
    if (record) this.#record(original, this.#valuesOf(original), self, self);
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
      const differentiable = results.map((t, i) => t.dtype.is_floating_point && !this.#nonDifferentiable.includes(i) ? t : null);
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

  #savesSelf(inputs: P): boolean {
    const values = inputs as Record<string, unknown>;
    return this.#inputs.some((k, i) => {
      const value = values[k];
      return this.#needs[i].includes("self") && value instanceof Tensor && requiresGrad(value);
    });
  }

  /** Makes the node of a call; `values` are those of the inputs that have a derivative. */
  #record(inputs: P, values: readonly unknown[], result: Result, inplace: Tensor | null): void {
    const { names } = this;
    let widths: number[] | null = null, edges = values.length;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Array.isArray(value)) continue;
      widths ??= values.map(() => 1);
      widths[i] = value.length;
      edges += value.length - 1;
    }
    // literals, for arrays that grow hold memory for more
    const next: (Node | null)[] = edges === 1 ? [null] : edges === 2 ? [null, null] : new Array<null>(edges).fill(null);
    const nextNr: number[] = edges === 1 ? [0] : edges === 2 ? [0, 0] : new Array<number>(edges).fill(0);
    const saved: unknown[] = names.length === 0 ? NOTHING : new Array<unknown>(names.length);
    for (let i = 0, at = 0; i < values.length; i++) {
      const value = values[i];
      let needed = false;
      if (Array.isArray(value)) { for (const t of value) if (setEdge(t, next, nextNr, at++)) needed = true; }
      else needed = setEdge(value, next, nextNr, at++);
      if (!needed) continue;
      const places = this.#places[i];
      for (let k = 0; k < places.length; k++) {
        const place = places[k];
        if (saved[place] === undefined) saved[place] = valueOf(names[place], this.#derived[place], inputs as Inputs, result);
      }
    }
    const shared = edges === 1 ? listOfNumbers(nextNr[0]) : edges === 2 ? listOfNumbers(nextNr[0], nextNr[1]) : nextNr;
    const results = Array.isArray(result) ? result : [result];
    const node = results.length === 1
      ? new OpNode(this as Primitive<never>, next, shared, widths, listOfSizes(results[0].sizes), listOfDType(results[0].dtype))
      : new OpNode(this as Primitive<never>, next, shared, widths, results.map((t) => t.sizes), results.map((t) => t.dtype));
    for (let i = 0; i < results.length; i++) {
      const out = results[i];
      if (!out.dtype.is_floating_point || (this.#nonDifferentiable.length > 0 && this.#nonDifferentiable.includes(i))) continue;
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

/** Whether a gradient flows to one of these inputs. */
function needsNode(values: readonly unknown[]): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value instanceof Tensor) {
      if (value.tracks || (value.viewInfo !== null && requiresGrad(value))) return true;
    } else if (Array.isArray(value) && value.some((t) => t instanceof Tensor && requiresGrad(t))) return true;
  }
  return false;
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
