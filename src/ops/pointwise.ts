/**
 * How an element-wise op of one or two tensors is declared: a scalar function for each kind of dtype and a derivative
 * formula for each input. This is the hot path of small tensors: no argument objects, one result and one node a call.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { isWanted, listOfDType, listOfNumbers, listOfSizes, type MaybeTensor, Node } from "../autograd/node.ts";
import { freedGraph, SavedTensor } from "../autograd/saved.ts";
import {
  adoptInplace,
  changeDual,
  constantsBelow,
  hasDuals,
  highestLevel,
  type Inputs,
  keepOriginal,
  makeDuals,
  noForwardMode,
  type Operation,
  orNoForwardMode,
  settle,
  splitDuals,
  transforms,
} from "../autograd/transforms.ts";
import { checkInplace, gradientEdge, rebaseHistory, requiresGrad } from "../autograd/view.ts";
import { bool, can_cast, type DType, float32, get_default_dtype, int64 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { Kernel, type ScalarFunction } from "../kernels/elementwise.ts";
import { unary as simdUnary, UNARY_NAMES, type UnaryName } from "../kernels/wasm/unary.ts";
import { broadcastSizes, sameSizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { type AnyFunction, type Callable, cannotCast, type Context, type InplaceOp, nodeName, type Op, type Primitive, spread, writeOut } from "./define.ts";
import { destructuredNames, evaluateVisibly } from "./formula.ts";
import { exposeSaved } from "./op_node.ts";
import { isLarge } from "./deferred.ts";
import { insideNative } from "./native.ts";
import { objectOf } from "./object_of.ts";
import { elementwise, elementwiseInto, floatType, isUniform, toScalar } from "./elementwise.ts";
import { type Num, resultType } from "./promotion.ts";
import { ArgumentParser, type Named } from "./signature.ts";
import { recordUnsupported } from "./unsupported.ts";

/** An op of one tensor. */
export type Unary = InplaceOp;
/** An op of one tensor without an in-place twin. */
export type UnaryOnly = Op;
/** An op of two tensors, the second of which may be a number. */
export type Binary = InplaceOp<{ other: Tensor | Num }, [other: Tensor | Num]>;
/** An op of two tensors, either of which may be a number. */
export interface BinaryOfNumbers extends Binary {
  /** The number and the tensor. */
  (self: Num, other: Tensor, named?: { out?: Tensor }): Tensor;
}
/** An op of two tensors without an in-place twin. */
export type BinaryTensors = Op<{ other: Tensor }, [other: Tensor]>;
/** An op of two tensors. */
export type BinaryTensorsInplace = InplaceOp<{ other: Tensor }, [other: Tensor]>;

/**
 * What an op computes in and gives: the promoted dtype; a floating-point dtype, which integers become; the promoted dtype,
 * which must be a floating-point one; the promoted dtype, giving bool.
 */
export type Kind = "arithmetic" | "float" | "floating" | "compare";

type UnaryInputs = { self: Tensor };
type BinaryInputs = { self: Tensor; other: Tensor | Num };

type ScalarOp = (self: number, other: number) => number | boolean;

/** The scalar functions of an op. One under the name of a dtype is for that dtype alone; null says that PyTorch has no kernel. */
interface Scalars {
  /** For floating-point numbers, and for small integers and bools where nothing else is said. */
  forward: ScalarOp | null;
  /** For the integers of up to 32 bits and bools, where `forward` does not serve. */
  int?: ScalarOp | null;
  /** For int64. Without it the op has no kernel for int64. */
  int64?: (self: bigint, other: bigint) => bigint | boolean;
  float32?: ScalarOp;
  int32?: ScalarOp;
  int16?: ScalarOp;
  int8?: ScalarOp;
  uint8?: ScalarOp;
  bool?: ScalarOp | null;
}

type Formulas<P> = Record<keyof P & string, ((context: Context<P>) => MaybeTensor) | null>;

/** The derivative of each input; null for a function without one; `"unsupported"` where PyTorch records that it has none and fails in backward. */
type Backward<P> = Formulas<P> | "unsupported" | null;

interface Declaration<P> extends Scalars {
  kind?: Kind;
  /** PyTorch's signatures, where they are not the usual ones of one or two tensors. */
  signatures?: readonly string[];
  backward: Backward<P>;
  /** The name of the node where it does not follow from the op's. */
  node?: string;
  /** The name of the node where `other` is a number, for ops that have one of its own; it has a single edge. */
  numberNode?: string;
  /** The same in what is C++ in PyTorch, for ops to which Python hands numbers as tensors. */
  nativeNode?: string;
  /** That the scalar function also serves larger tensors, for its float32 values are not the true ones. */
  approximate?: true;
  /** Where `self` may be a number but PyTorch then has no derivative. */
  reversed?: "unsupported";
  /** What the in-place twin records where that differs; false for an op without the twin. */
  inplace?: false | { node?: string; numberNode?: string; backward: Backward<P> };
  /** That an operand may be a number: because PyTorch reads numbers as 0-d tensors here, or because one of the signatures says so. */
  numbers?: "tensors" | "signatures";
  /** The name that PyTorch's message for a missing kernel has. */
  kernel?: string;
  /** Looks at a call before it runs: throws PyTorch's error for dtypes that the op refuses. */
  check?: (self: Tensor | Num, other: Tensor | Num | undefined) => void;
  /** Calls with further parameters (`alpha`) go to this primitive where `when` says so. */
  extended?: { when: (inputs: Named) => boolean; primitive: Primitive<never> };
}

function scalarFunction(scalars: Scalars, dtype: DType): ScalarFunction | null | undefined {
  const own = scalars[dtype.name as "float32" | "int32" | "int16" | "int8" | "uint8" | "int64" | "bool"];
  if (own !== undefined || dtype === int64) return own;
  return dtype.category !== "float" && scalars.int !== undefined ? scalars.int : scalars.forward;
}

const NOTHING: unknown[] = [];

/** The node of an element-wise op. */
export class PointwiseNode extends Node {
  readonly #op: Pointwise;
  readonly #name: string;
  /** @internal What was saved, in the order of the op's saved names; undefined where none is needed. Null once released. */
  values: unknown[] | null = NOTHING;

  /** Made by the op. */
  constructor(op: Pointwise, name: string, next: (Node | null)[], nextNr: readonly number[], result: Tensor) {
    super(next, nextNr, listOfSizes(result.sizes), listOfDType(result.dtype));
    this.#op = op;
    this.#name = name;
  }

  name(): string {
    return this.#name;
  }

  override get freshResults(): boolean {
    return true;
  }

  /** What was saved under a name. Throws the freed-graph error once it has been released. */
  saved(name: string): unknown {
    const at = this.#op.saves.indexOf(name);
    return at < 0 ? undefined : this.savedAt(at);
  }

  /** What was saved under the name at this place in the op's list of names. */
  savedAt(place: number): unknown {
    if (this.values === null) throw freedGraph();
    const value = this.values[place];
    return value instanceof SavedTensor ? value.unpack() : value;
  }

  /** The names of what is saved. */
  savedNames(): string[] {
    return this.#op.saves;
  }

  apply(grads: MaybeTensor[]): MaybeTensor[] {
    return this.#op.gradients(this, grads[0]);
  }

  override release(): void {
    this.values = null;
  }
}

/** From how many elements on a function is computed in WebAssembly: measured, the copies there and back included. */
const SIMD_FROM = 48;
/** The same for functions whose bits in PyTorch are known here, which are ten times slower: what is printed in full is small, and shall be exact. */
const SIMD_FROM_EXACT = 512;

/** An element-wise op: its kernels, its formulas, and how it runs. */
class Pointwise implements Operation {
  readonly name: string;
  readonly elementwise = true;
  readonly #node: string;
  readonly #numberNode: string | undefined;
  readonly #nativeNode: string | undefined;
  readonly #unsupported: boolean;
  readonly #reversedUnsupported: boolean;
  /** What its formulas name, besides the gradient. */
  readonly saves: string[];
  readonly #kind: Kind;
  /** Its name among the functions that WebAssembly computes. */
  readonly #simd: UnaryName | null;
  readonly #kernelName: string;
  readonly #check: Declaration<never>["check"];
  readonly #formulas: (((context: Context<BinaryInputs>) => MaybeTensor) | null)[];
  readonly #needs: string[][];
  /** For each formula, the places of what it needs among all saved names. */
  readonly #places: number[][];
  /** For each formula, whether it needs what is saved at a place. */
  readonly #wants: boolean[][];
  /** Makes what a formula is given: the gradient and the values of all saved names. */
  #context: ReturnType<typeof objectOf> | null = null;
  readonly #scalars: Scalars;
  readonly #kernels: (Kernel | undefined)[] = [];
  // loops over dense operands by dtype: of a tensor or two, of a tensor and a number
  readonly #tensors: ReturnType<Kernel["dense"]>[] = [];
  readonly #number: ReturnType<Kernel["dense"]>[] = [];
  // of a number and a tensor
  readonly #reversed: ReturnType<Kernel["dense"]>[] = [];

  constructor(name: string, spec: Declaration<BinaryInputs> | Declaration<UnaryInputs>) {
    this.name = name;
    this.#node = spec.node ?? nodeName(name);
    this.#numberNode = spec.numberNode;
    this.#nativeNode = spec.nativeNode;
    this.#unsupported = spec.backward === "unsupported";
    this.#reversedUnsupported = spec.reversed === "unsupported";
    this.#kind = spec.kind ?? "arithmetic";
    this.#simd = spec.approximate ? null : UNARY_NAMES.find((n) => n === name) ?? null;
    this.#kernelName = spec.kernel ?? name;
    this.#check = spec.check;
    this.#scalars = spec;
    const { backward } = spec;
    this.#formulas = backward === null || backward === "unsupported" ? [] : Object.values(backward as Formulas<BinaryInputs>);
    this.#needs = this.#formulas.map((f) => f === null ? [] : destructuredNames(f).filter((n) => n !== "grad"));
    this.saves = [...new Set(this.#needs.flat())];
    this.#places = this.#needs.map((needs) => needs.map((n) => this.saves.indexOf(n)));
    this.#wants = this.#needs.map((needs) => this.saves.map((n) => needs.includes(n)));
    for (const n of this.saves) exposeSaved(PointwiseNode.prototype, n);
  }

  kernel(dtype: DType): Kernel {
    let kernel = this.#kernels[dtype.index];
    if (kernel === undefined) {
      const f = this.#kind === "floating" && dtype.category !== "float" ? null : scalarFunction(this.#scalars, dtype);
      if (f === undefined || f === null) throw noKernel(this.#kernelName, dtype);
      kernel = this.#kernels[dtype.index] = new Kernel(f, dtype === float32 ? this.#simd : null);
    }
    return kernel;
  }

  /** The dtype the op computes in. */
  #dtype(self: Tensor | Num, other: Tensor | Num | undefined): DType {
    const dtype = self instanceof Tensor && (other === undefined || (other instanceof Tensor ? other.dtype === self.dtype : self.dtype.is_floating_point))
      ? self.dtype
      : resultType(other === undefined ? [self] : [self, other]);
    return this.#kind === "float" ? floatType(dtype, get_default_dtype()) : dtype;
  }

  /** The result, unrecorded. */
  compute(self: Tensor | Num, other: Tensor | Num | undefined): Tensor {
    if (this.#check !== undefined) this.#check(self, other);
    const dtype = this.#dtype(self, other);
    const outType = this.#kind === "compare" ? bool : dtype;
    if (self instanceof Tensor && self.contiguousLayout && self.dtype === dtype && !isLarge(self.count)) {
      if (other === undefined) {
        const out = Tensor.small(self.sizes, outType);
        this.#runUnary(dtype, self, out);
        return out;
      }
      if (other instanceof Tensor) {
        if (other.dtype === dtype && other.contiguousLayout && sameSizes(self.sizes, other.sizes)) {
          const out = Tensor.small(self.sizes, outType);
          const loop = this.#tensors[dtype.index] ??= this.kernel(dtype).dense("ab", dtype.name);
          loop(self.count, out.store.data, out.offset, self.store.data, self.offset, other.store.data, other.offset);
          return out;
        }
        const out = other.dtype === dtype && other.contiguousLayout ? this.#computeRepeated(self, other, dtype, outType) : null;
        if (out !== null) return out;
      } else {
        const out = Tensor.small(self.sizes, outType);
        const loop = this.#number[dtype.index] ??= this.kernel(dtype).dense("aB", dtype.name);
        loop(self.count, out.store.data, out.offset, self.store.data, self.offset, toScalar(other, dtype));
        return out;
      }
    }
    if (self instanceof Tensor && other instanceof Tensor && !sameSizes(self.sizes, other.sizes)) broadcastSizes(self.sizes, other.sizes);
    return this.#computeUniform(self, other, dtype, outType) ?? elementwise(this.kernel(dtype), dtype, other === undefined ? [self] : [self, other], outType);
  }

  /** The result where the second operand is repeated along the leading dimensions of the first, as a bias is; null elsewhere. */
  #computeRepeated(self: Tensor, other: Tensor, dtype: DType, outType: DType): Tensor | null {
    const n = other.count, shift = self.sizes.length - other.sizes.length;
    if (n === 0 || shift < 0) return null;
    if (n > 1) { for (let d = 0; d < other.sizes.length; d++) if (other.sizes[d] !== self.sizes[d + shift]) return null; }
    const out = Tensor.small(self.sizes, outType);
    const to = out.store.data, from = self.store.data, repeated = other.store.data;
    if (n === 1) {
      const loop = this.#number[dtype.index] ??= this.kernel(dtype).dense("aB", dtype.name);
      loop(self.count, to, out.offset, from, self.offset, repeated[other.offset]);
    } else {
      const loop = this.#tensors[dtype.index] ??= this.kernel(dtype).dense("ab", dtype.name);
      for (let i = 0; i < self.count; i += n) loop(n, to, out.offset + i, from, self.offset + i, repeated, other.offset);
    }
    return out;
  }

  /** Applies the function to dense elements: in WebAssembly where it is there and the tensor is large enough to copy it to. */
  #runUnary(dtype: DType, self: Tensor, out: Tensor): void {
    const from = self.store.data, to = out.store.data;
    if (
      this.#simd !== null && self.count >= (this.#scalars.float32 === undefined ? SIMD_FROM : SIMD_FROM_EXACT) && from instanceof Float32Array &&
      to instanceof Float32Array &&
      simdUnary(this.#simd, from, self.offset, to, out.offset, self.count)
    ) return;
    const loop = this.#tensors[dtype.index] ??= this.kernel(dtype).dense("a", dtype.name);
    loop(self.count, to, out.offset, from, self.offset);
  }

  /** The result where one operand, or the only one, shows a single value all over, which then is a number; null where none does. */
  #computeUniform(self: Tensor | Num, other: Tensor | Num | undefined, dtype: DType, outType: DType): Tensor | null {
    if (!(self instanceof Tensor) || self.dtype !== dtype || dtype === bool || (dtype === float32 && outType === float32 && isLarge(self.count))) return null;
    if (other instanceof Tensor) {
      if (other.dtype !== dtype || !sameSizes(self.sizes, other.sizes)) return null;
      if (self.contiguousLayout && isUniform(other)) return this.compute(self, other.store.data[other.offset]);
      if (!isUniform(self)) return null;
      if (isUniform(other)) return this.#computeUniform(self, other.store.data[other.offset], dtype, outType);
      if (!other.contiguousLayout) return null;
      const out = Tensor.small(other.sizes, outType);
      const loop = this.#reversed[dtype.index] ??= this.kernel(dtype).dense("Ab", dtype.name);
      loop(other.count, out.store.data, out.offset, self.store.data[self.offset], other.store.data, other.offset);
      return out;
    }
    if (!isUniform(self)) return null;
    const one = this.compute(self.alias([], [], self.offset), other);
    const out = Tensor.small(self.sizes, outType);
    (out.store.data as Float32Array).fill(one.store.data[one.offset] as number, out.offset, out.offset + out.count);
    return out;
  }

  call(self: Tensor | Num, other: Tensor | Num | undefined): Tensor {
    if (transforms.active > 0) return this.#callTransformed(self, other);
    const out = this.compute(self, other);
    this.#record(self, other, out);
    return out;
  }

  #record(self: Tensor | Num, other: Tensor | Num | undefined, out: Tensor): void {
    if (this.#unsupported || (this.#reversedUnsupported && !(self instanceof Tensor))) recordUnsupported(this.name, [self, other], out);
    else if (is_grad_enabled() && this.#formulas.length > 0 && (needsGrad(self) || needsGrad(other))) {
      this.#makeNode(self, other, out, true);
    }
  }

  /** `call` while function transforms run. */
  #callTransformed(self: Tensor | Num, other: Tensor | Num | undefined): Tensor {
    const inputs = settle({ self, other });
    const level = highestLevel(inputs);
    const duals = hasDuals(inputs, level) ? splitDuals(inputs, level) : null;
    const out = level === null ? this.compute(inputs.self, inputs.other) : level.apply(this, inputs) as Tensor;
    if (level === null) this.#record(inputs.self, inputs.other, out);
    else if (level.recording) {
      const own = constantsBelow(inputs, level);
      this.#record(own.self, own.other, out);
    }
    if (duals !== null) makeDuals(this, duals, out, level);
    return out;
  }

  /** @internal See `Operation`. */
  applyTo(inputs: Inputs): Tensor {
    return this.call(inputs.self as Tensor | Num, inputs.other as Tensor | Num | undefined);
  }

  /** @internal See `Operation`. */
  changeIn(inputs: Inputs & { self: Tensor }): Tensor {
    return this.callInplace(inputs.self, inputs.other as Tensor | Num | undefined);
  }

  /** @internal See `Operation`. */
  tangents(inputs: Inputs, tangents: Inputs, results: readonly Tensor[]): MaybeTensor[] {
    const [result] = results;
    if (this.#unsupported) throw noForwardMode(this.name);
    const context: Inputs = { ...inputs, result };
    for (const key in inputs) if (inputs[key] instanceof Tensor) context[`${key}_sizes`] = inputs[key].sizes;
    let sum: MaybeTensor = null;
    this.#formulas.forEach((formula, i) => {
      const key = i === 0 ? "self" : "other";
      const tangent = tangents[key] as MaybeTensor | undefined;
      if (formula === null || tangent === null || tangent === undefined) return;
      const term = orNoForwardMode(
        this.name,
        () => formula({ ...context, grad: spread(tangent, inputs[key] as Tensor, result) } as Inputs as Context<BinaryInputs>),
      );
      if (term !== null) sum = sum === null ? term : sum.add(term);
    });
    return [sum];
  }

  /** Writes the result over `self` where that is one loop over dense memory; says whether it was. */
  #computeInto(self: Tensor, other: Tensor | Num | undefined, dtype: DType, outType: DType): boolean {
    if (!self.contiguousLayout || self.dtype !== dtype || outType !== dtype || isLarge(self.count)) return false;
    self.store.prepareToWrite();
    const { data } = self.store;
    if (other === undefined) {
      this.#runUnary(dtype, self, self);
      return true;
    }
    if (other instanceof Tensor) {
      if (other.dtype !== dtype || !other.contiguousLayout || !sameSizes(self.sizes, other.sizes)) return false;
      const apart = Math.abs(other.offset - self.offset);
      if (other.store.data === data && apart !== 0 && apart < self.count) return false;
      const loop = this.#tensors[dtype.index] ??= this.kernel(dtype).dense("ab", dtype.name);
      loop(self.count, data, self.offset, data, self.offset, other.store.data, other.offset);
      return true;
    }
    const loop = this.#number[dtype.index] ??= this.kernel(dtype).dense("aB", dtype.name);
    loop(self.count, data, self.offset, data, self.offset, toScalar(other, dtype));
    return true;
  }

  callInplace(self: Tensor, given: Tensor | Num | undefined): Tensor {
    const inputs: (Inputs & { self: Tensor }) | null = transforms.active === 0 ? null : { self, other: given };
    const level = inputs === null ? null : highestLevel(inputs);
    if (inputs !== null) adoptInplace(self, level, `${this.name}_${given === undefined ? "" : ".Tensor"}`);
    const duals = inputs !== null && hasDuals(inputs, level) ? splitDuals(inputs, level) : null;
    const other = level === null ? given : constantsBelow({ other: given }, level).other;
    const needs = is_grad_enabled() && (level === null || level.recording) && (needsGrad(self) || needsGrad(other));
    const record = needs && this.#formulas.length > 0;
    if (record || (needs && this.#unsupported) || self.inference) checkInplace(self);
    if (this.#check !== undefined) this.#check(self, other);
    const dtype = this.#dtype(self, other);
    const resultDType = this.#kind === "compare" ? bool : dtype;
    if (!can_cast(resultDType, self.dtype)) throw cannotCast(resultDType, self.dtype);
    if (other instanceof Tensor && !sameSizes(self.sizes, other.sizes)) {
      const sizes = broadcastSizes(self.sizes, other.sizes);
      if (!sameSizes(sizes, self.sizes)) {
        throw new RuntimeError(`output with shape [${self.sizes.join(", ")}] doesn't match the broadcast shape [${sizes.join(", ")}]`);
      }
    }
    const kernel = this.kernel(dtype);
    const original = record && needsGrad(self) && this.#needs[0].includes("self") || (record && needsGrad(other) && this.#needs[1]?.includes("self"))
      ? self.clone()
      : self;
    // saved before the change, so that an operand that is the tensor itself is found modified, as in PyTorch
    const node = record && !this.saves.includes("result") ? this.#makeNode(original, other, self, false) : null;
    if (duals !== null) duals.primals = keepOriginal(duals, inputs!);
    if (level !== null) level.change(this, inputs!, null);
    else {
      if (!this.#computeInto(self, other, dtype, resultDType)) elementwiseInto(kernel, dtype, self, other === undefined ? [self] : [self, other]);
      self.store.version++;
    }
    if (record) rebaseHistory(self, node ?? this.#makeNode(original, other, self, false));
    if (duals !== null) changeDual(this, duals, self, level);
    if (this.#unsupported) recordUnsupported(`${this.name}_`, [self, other], self, true);
    return self;
  }

  /** The node of a call; `attach` makes it the history of the result, before anything is saved. */
  #makeNode(self: Tensor | Num, other: Tensor | Num | undefined, result: Tensor, attach: boolean): PointwiseNode {
    const edge = self instanceof Tensor && this.#formulas[0] !== null ? gradientEdge(self) : null;
    const otherEdge = other instanceof Tensor && this.#formulas[1] !== null ? gradientEdge(other) : null;
    const numberNode = this.#numberNode ?? (insideNative() ? this.#nativeNode : undefined);
    const alone = other === undefined || (numberNode !== undefined && !(other instanceof Tensor));
    const next = alone ? [edge] : [edge, otherEdge];
    const nr = edge === null ? 0 : (self as Tensor).output_nr;
    const nextNr = alone ? listOfNumbers(nr) : listOfNumbers(nr, otherEdge === null ? 0 : (other as Tensor).output_nr);
    const name = alone && other !== undefined ? numberNode! : this.#node;
    const node = new PointwiseNode(this, name, next, nextNr, result);
    if (attach) {
      result.node = node;
      result.tracks = true;
    }
    const names = this.saves;
    if (names.length > 0) {
      const values: unknown[] = new Array<unknown>(names.length);
      for (let i = 0; i < names.length; i++) {
        if (!(edge !== null && this.#wants[0][i]) && !(otherEdge !== null && this.#wants[1][i])) continue;
        const name = names[i];
        const value = name === "self"
          ? self
          : name === "other"
          ? other
          : name === "result"
          ? result
          : name === "self_sizes"
          ? (self as Tensor).sizes
          : (other as Tensor).sizes;
        values[i] = value instanceof Tensor ? new SavedTensor(value, name === "result" ? node : null) : value;
      }
      node.values = values;
    }
    return node;
  }

  /** The gradients of the inputs, by the formulas. */
  gradients(node: PointwiseNode, grad: MaybeTensor): MaybeTensor[] {
    const { next } = node;
    const out: MaybeTensor[] = next.length === 1 ? [null] : [null, null];
    if (grad === null) return out;
    // the numbers in formulas of arithmetic are those that were saved, and Python's
    const recorded = this.#nativeNode === undefined && is_grad_enabled();
    for (let i = 0; i < next.length; i++) {
      const formula = this.#formulas[i];
      if (formula === null || !isWanted(next[i])) continue;
      const values: unknown[] = new Array<unknown>(this.saves.length + 1);
      values[0] = grad;
      const places = this.#places[i];
      for (let k = 0; k < places.length; k++) values[places[k] + 1] = node.savedAt(places[k]);
      const context = (this.#context ??= objectOf(["grad", ...this.saves]))(values);
      const run = formula as AnyFunction as (context: Inputs) => MaybeTensor;
      out[i] = recorded || transforms.active > 0 ? evaluateVisibly(run, context, recorded) : run(context);
    }
    return out;
  }
}

function needsGrad(t: Tensor | Num | undefined): boolean {
  return t instanceof Tensor && (t.tracks || (t.viewInfo !== null && requiresGrad(t)));
}

/** All element-wise ops by name, for tests that go through them. */
export const pointwiseOps: Map<string, { saves: string[]; differentiable: boolean }> = new Map();

const UNARY = ["(Tensor input, *, Tensor out = None)"];
const BINARY = ["(Tensor input, Tensor other, *, Tensor out = None)"];

type UnaryDeclaration = Declaration<UnaryInputs>;
type AnyDeclaration = UnaryDeclaration | Declaration<BinaryInputs>;

const declared = new WeakMap<AnyFunction, { op: Pointwise; twin: Pointwise; spec: AnyDeclaration; unary: boolean }>();

/** Declares an element-wise op of one tensor, `self`. */
export function unary(name: string, spec: UnaryDeclaration): Unary {
  return declare(name, spec, true) as Unary;
}

/** Declares an element-wise op of two tensors, `self` and `other`; `O` is what `other` may be. */
export function binary<F extends AnyFunction = Binary, O extends Tensor | Num = Tensor | Num>(name: string, spec: Declaration<{ self: Tensor; other: O }>): F {
  return declare(name, spec as AnyDeclaration, false) as AnyFunction as F;
}

function declare(name: string, spec: AnyDeclaration, unary: boolean): Callable {
  const op = new Pointwise(name, spec as Declaration<BinaryInputs>);
  const twin = spec.inplace ? new Pointwise(name, { ...spec, ...spec.inplace } as Declaration<BinaryInputs>) : op;
  pointwiseOps.set(name, { saves: op.saves, differentiable: spec.backward !== null && spec.backward !== "unsupported" });
  return callable(name, op, twin, spec, unary);
}

/** Another name of an element-wise op: it differs in the wording of errors about its arguments, also by `signatures` where these are given. */
export function alias<F extends AnyFunction>(name: string, of: F, signatures?: readonly string[]): F {
  const { op, twin, spec, unary } = declared.get(of)!;
  return callable(name, op, twin, signatures === undefined ? spec : { ...spec, signatures }, unary) as AnyFunction as F;
}

function callable(name: string, op: Pointwise, inplaceOp: Pointwise, spec: AnyDeclaration, unary: boolean): Callable {
  const signatures = spec.signatures ?? (unary ? UNARY : BINARY);
  const parser = new ArgumentParser(name, signatures);
  const twin = new ArgumentParser(`${name}_`, signatures);
  const numbers = spec.numbers !== undefined;
  const { extended } = spec;

  const read = (reader: ArgumentParser, args: readonly unknown[], self: 0 | 1): Named => {
    if (spec.numbers !== "tensors" || !(isNumber(args[0]) || isNumber(args[1]))) return reader.parse(args, self);
    const stand = args.map((a, i) => i < 2 && isNumber(a) ? STAND_INS[i] : a);
    let inputs: Named;
    try {
      inputs = reader.parse(stand, self);
    } catch (error) {
      if (/received an invalid combination/.test(String(error))) reader.parse(args, self); // lists the arguments as they are
      throw error;
    }
    if (inputs.self === STAND_INS[0]) inputs.self = args[0];
    if (inputs.other === STAND_INS[1]) inputs.other = args[1];
    return inputs;
  };
  const general = (args: readonly unknown[], self: 0 | 1): unknown => {
    const inputs = read(parser, args, self);
    if (extended?.when(inputs)) {
      const result = extended.primitive.apply(inputs as never);
      return inputs.out instanceof Tensor ? writeOut(name, inputs, inputs.out, result, true) : result;
    }
    if (inputs.out instanceof Tensor) return writeOut(name, inputs, inputs.out, op.call(inputs.self as Tensor, inputs.other as Tensor), true);
    return op.call(inputs.self as Tensor, inputs.other as Tensor);
  };
  const inplace = (...args: unknown[]): Tensor => {
    if (args.length === (unary ? 1 : 2) && (unary || args[1] instanceof Tensor || (numbers && typeof args[1] === "number"))) {
      return inplaceOp.callInplace(args[0] as Tensor, args[1] as Tensor | Num | undefined);
    }
    const inputs = read(twin, args, 1);
    if (extended?.when(inputs)) return extended.primitive.applyInplace(inputs as never);
    return inplaceOp.callInplace(inputs.self as Tensor, inputs.other as Tensor | Num | undefined);
  };
  const call = unary
    ? (self: unknown, ...rest: unknown[]) => rest.length === 0 && self instanceof Tensor ? op.call(self, undefined) : general([self, ...rest], 0)
    : (self: unknown, other?: unknown, options?: unknown) =>
      options === undefined && self instanceof Tensor && (other instanceof Tensor || (numbers && typeof other === "number"))
        ? op.call(self, other)
        : general(trimmed(self, other, options), 0);
  // three parameters and no rest: methods.ts calls these without making an array
  const asMethod = unary
    ? (self: Tensor, first?: unknown, second?: unknown) =>
      first === undefined && second === undefined ? op.call(self, undefined) : general(trimmed(self, first, second), 1)
    : (self: Tensor, other?: unknown, options?: unknown) =>
      options === undefined && (other instanceof Tensor || (numbers && typeof other === "number"))
        ? op.call(self, other)
        : general(trimmed(self, other, options), 1);
  const f = Object.assign(call as AnyFunction, { asMethod }, spec.inplace === false ? {} : { inplace }) as Callable;
  Object.defineProperty(f, "name", { value: name });
  declared.set(f, { op, twin: inplaceOp, spec, unary });
  return f;
}

/** Stand for numbers while the arguments around them are read. */
const STAND_INS: readonly Tensor[] = [Tensor.make([], bool), Tensor.make([], bool)];

const isNumber = (value: unknown): value is Num => typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";

function trimmed(self: unknown, other: unknown, options: unknown): unknown[] {
  if (options !== undefined) return [self, other, options];
  if (other !== undefined) return [self, other];
  return self === undefined ? [] : [self];
}
