/**
 * Function transforms: what `torch.func` and forward mode add to tensors, and how ops find out.
 *
 * A transform that runs is a level. A tensor under it is a lifted tensor: it shows the memory of the tensor that it stands for,
 * `lift.value`, which may be lifted by a lower level, and carries history or a tangent of its own. An op looks for the highest
 * level among its inputs; that level runs the op on the values and lifts the results. So levels nest to any depth, and each
 * differentiates or batches what those above it do. Forward mode's `dual_level` is no level of this kind: it only gives tensors
 * tangents, at whatever level they are.
 */
import type { TypedArray } from "../dtype.ts";
import { NotImplementedError, RuntimeError } from "../errors.ts";
import type { Sizes } from "../layout.ts";
import { NamedTupleArray } from "../named_tuple.ts";
import { type Memory, Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { is_grad_enabled, is_inference_mode_enabled, setGradMode } from "./mode.ts";
import type { MaybeTensor } from "./node.ts";
import { asView, gradientEdge, requiresGrad } from "./view.ts";

/** The inputs of an op by name. */
export type Inputs = Record<string, unknown>;

/** What transforms need of an op. */
export interface Operation {
  /** The name of its node, or of the op where it is an element-wise one. */
  readonly name: string;
  /** Whether each element of the result depends on the elements of the inputs at the same place only, the inputs being broadcast. */
  readonly elementwise: boolean;
  /** Runs it on other inputs. */
  applyTo(inputs: Inputs): Tensor | Tensor[];
  /** Changes `inputs.self` by it; `write` does so for tensors that no level lifts. */
  changeIn(inputs: Inputs & { self: Tensor }, write: ((inputs: never) => void) | null): Tensor;
  /** The tangents of the results from those of the inputs, which are kept under the same names; null where there is none. */
  tangents(inputs: Inputs, tangents: Inputs, results: readonly Tensor[]): MaybeTensor[];
}

/** Which transforms run. Ops look at `active` alone as long as it is 0. */
export const transforms: { active: number; duals: DualLevel | null } = { active: 0, duals: null };

/** A `dual_level` that has been entered; tangents vanish when it ends. */
export interface DualLevel {
  /** Whether it has not ended. */
  alive: boolean;
}

/** What makes a tensor a dual: the direction in which a derivative is taken. */
export interface Tangent {
  /** Where it is valid. */
  level: DualLevel;
  /** The direction, a tensor of the level below where the dual is lifted by forward mode. */
  value: Tensor;
}

/** What makes a tensor a lifted one. */
export interface Lift {
  /** The transform that it belongs to. */
  readonly level: Level;
  /** The tensor that it stands for. */
  readonly value: Tensor;
  /** Which dimension of the value numbers the examples of a batch; -1 where the level makes no batches. */
  readonly dim: number;
}

const stack: Level[] = [];
let entered = 0;
// how many levels are running an op on what lies below them
let belowLevels = 0;

/** A transform that runs. */
export abstract class Level {
  /** Counts levels up in the order of their making. */
  readonly serial: number = ++entered;
  /** How many levels were around when it was entered, itself included: what PyTorch prints. */
  readonly depth: number = stack.length + 1;
  /** Whether its tensors still mean something. */
  alive = true;
  /** Whether ops on its tensors are recorded. */
  recording = false;
  /** Whether its tensors know which of them are views of which. */
  readonly keepsViews: boolean = false;
  /** The newest storage when it was entered: what is newer was made inside. */
  readonly newest: number = Storage.newest();

  /** Runs an op, some input of which this level has lifted, and none a higher one. */
  abstract apply(op: Operation, inputs: Inputs): Tensor | Tensor[];
  /** Changes `inputs.self`, which this level has lifted, in place by an op. */
  abstract change(op: Operation, inputs: Inputs & { self: Tensor }, write: ((inputs: never) => void) | null): void;
  /** Makes sure that this level has lifted a tensor that `op` is going to change in place; throws PyTorch's error where that cannot be. */
  abstract adopt(self: Tensor, op: string): void;
  /** Lifts a tensor that has been detached from what a lifted tensor stands for. */
  abstract detached(lifted: Lift): Tensor;
  /** What `.data` of a lifted tensor is. */
  abstract dataOf(lifted: Lift): Tensor;
  /** Runs a function of tensors by `run`, which may do more than call ops. `name` is PyTorch's, `inputs` are its arguments. */
  abstract call(name: string, inputs: Inputs, run: (inputs: Inputs) => unknown): unknown;
  /** Makes a dual of tensors one of which this level has lifted. */
  abstract dual(primal: Tensor, tangent: Tensor, make: (primal: Tensor, tangent: Tensor) => Tensor): Tensor;
  /** What is thrown where a single value of one of its tensors is asked for; null where there is one. */
  itemError(_asked: "item" | "is_nonzero"): BatchedAccess | null {
    return null;
  }
  /** Whether the tangents of its tensors belong to what they stand for, instead of to themselves. */
  readonly dualsBelow: boolean = false;
  /** The tensor as PyTorch prints it. */
  abstract describe(lifted: Lift): string;

  /** Makes it the innermost one. */
  enter(): void {
    stack.push(this);
    transforms.active++;
  }

  /** Ends it. */
  leave(): void {
    stack.splice(stack.lastIndexOf(this), 1);
    transforms.active--;
  }
}

/** The level entered last, or null. */
export function innermost(): Level | null {
  return stack.length === 0 ? null : stack[stack.length - 1];
}

/** All levels that run, the outermost first. */
export function levels(): readonly Level[] {
  return stack;
}

/** What an op that changes `self` in place does first: see `Level.adopt`. */
export function adoptInplace(self: Tensor, level: Level | null, op: string): void {
  const inner = innermost();
  if (inner instanceof DerivativeLevel && belowLevels === 0) inner.refuseCaptured(self, op);
  level?.adopt(self, op);
}

/** What a tensor shows in the end: the elements of all examples if it stands for a batch, without history. */
export function underneath(t: Tensor): Tensor {
  let at = t;
  while (at.lift !== null) at = at.lift.value;
  return at;
}

/** The tensor with one dimension at another place; itself where that is the same. */
export function moveDim(t: Tensor, from: number, to: number): Tensor {
  return from === (to < 0 ? to + t.sizes.length : to) ? t : t.movedim(from, to);
}

/** Throws where a function transform is running. */
export function refuseUnderTransforms(message: string): void {
  if (stack.length > 0) throw new RuntimeError(message);
}

/** Throws where a tensor stands for the examples of a batch: it has no single value. */
export function refuseItem(self: Tensor, asked: "item" | "is_nonzero" = "item"): void {
  for (let at: Tensor = self; at.lift !== null; at = at.lift.value) {
    const error = at.lift.level.itemError(asked);
    if (error !== null) throw error;
  }
}

/** Throws PyTorch's error for a function that is to write its result into a tensor while its inputs stand for a batch or are duals. */
export function refuseOut(op: string, involved: readonly Tensor[]): void {
  for (const t of involved) {
    const level = levelOf(t);
    if (level !== null && t.lift!.dim >= 0) {
      throw new RuntimeError(`Batching rule not implemented for aten::${op}.out; the fallback path doesn't work on out= or view ops.`);
    }
    if (tangentOf(t) !== null) throw new NotImplementedError(`Trying to use forward AD with ${op}_out that does not support it because it is an out= function`);
  }
}

/** The same values without history. */
export function detached(self: Tensor): Tensor {
  const level = levelOf(self);
  return level === null ? self.alias() : level.detached(self.lift!);
}

/** Runs a function of tensors that is not a single op through the levels, the innermost first. */
export function callTransformed(name: string, inputs: Inputs, run: (inputs: Inputs) => unknown): unknown {
  const from = (depth: number, given: Inputs): unknown => depth < 0 ? run(given) : stack[depth].call(name, given, (inner) => from(depth - 1, inner));
  return from(stack.length - 1, settle(inputs));
}

/** Runs `f` so that ops look for transforms, although none may be left: for histories of levels that have ended. */
export function withTransforms<T>(f: () => T): T {
  transforms.active++;
  try {
    return f();
  } finally {
    transforms.active--;
  }
}

/** What this layer needs of those above it. */
export const late: {
  /**
   * The product of a jacobian with tangents by way of the transposed one: `product` maps gradients of the results, null for those
   * that have none, to gradients of the inputs, linearly, and is differentiated. Null where the result has no tangent.
   */
  transpose: (product: (grads: MaybeTensor[]) => MaybeTensor[], tangents: readonly MaybeTensor[], results: readonly MaybeTensor[]) => MaybeTensor[];
} = {
  transpose: () => {
    throw new Error("forward mode has not been loaded");
  },
};

/** The level that has lifted a tensor, or null. */
export function levelOf(t: Tensor): Level | null {
  return t.lift !== null && t.lift.level.alive ? t.lift.level : null;
}

/** The tensor that one stands for whose levels have ended: as it is to those that still run. */
export function settled(t: Tensor): Tensor {
  let at = t;
  while (at.lift !== null && !at.lift.level.alive && at.lift.dim < 0) at = at.lift.value;
  return at;
}

/** A tensor that has no derivative, as what lies below the transforms that take derivatives: its elements may be read there. */
export function constantOf(t: Tensor): Tensor {
  let at = t;
  while (at.lift !== null && at.lift.dim < 0) at = at.lift.value;
  return at;
}

/** The inputs of an op, without levels that have ended. */
export function settle<I extends Inputs>(inputs: I): I {
  return mapTensors(inputs, settled);
}

/** The innermost level that has lifted one of an op's inputs, or null. */
export function highestLevel(inputs: Inputs): Level | null {
  let highest: Level | null = null;
  const look = (t: Tensor): void => {
    const level = levelOf(t);
    if (level !== null && (highest === null || level.serial > highest.serial)) highest = level;
  };
  forEachTensor(inputs, look);
  return highest;
}

function forEachTensor(inputs: Inputs, visit: (t: Tensor) => void): void {
  for (const key in inputs) {
    const value = inputs[key];
    if (value instanceof Tensor) visit(value);
    else if (Array.isArray(value)) { for (const t of value) if (t instanceof Tensor) visit(t); }
  }
}

/** The inputs with every tensor replaced by what `f` makes of it; the same object where nothing changes. */
export function mapTensors<I extends Inputs>(inputs: I, f: (t: Tensor) => Tensor): I {
  let out: Inputs | null = null;
  for (const key in inputs) {
    const value: unknown = inputs[key];
    let mapped = value;
    if (value instanceof Tensor) mapped = f(value);
    else if (Array.isArray(value) && value.some((t) => t instanceof Tensor)) {
      const list = value.map((t) => t instanceof Tensor ? f(t) : t);
      if (list.some((t, i) => t !== value[i])) mapped = list;
    }
    if (mapped !== value) (out ??= { ...inputs })[key] = mapped;
  }
  return (out ?? inputs) as I;
}

/** What a tensor stands for at a level: its value if that level has lifted it, else itself. */
export function valueAt(t: Tensor, level: Level): Tensor {
  return t.lift !== null && t.lift.level === level ? t.lift.value : t;
}

/** A lifted tensor over the memory of `value`. Of a batch, whose examples `dim` numbers, it looks like one example, the elements of which nobody can read. */
export function lifted(level: Level, value: Tensor, dim = -1): Tensor {
  const out = dim < 0 ? new Tensor(value.store, value.dtype, value.sizes, value.strides, value.offset, value.count) : new Tensor(
    new BatchStorage(value.store, level),
    value.dtype,
    value.sizes.filter((_, d) => d !== dim),
    value.strides.filter((_, d) => d !== dim),
    value.offset,
  );
  out.lift = { level, value, dim };
  return out;
}

/** Raised where a function needs the elements of a tensor that stands for the examples of a batch. */
export class BatchedAccess extends RuntimeError {}

/** Raised where results for all examples of a batch are to be written into a tensor that has no room for more than one. */
export class UnbatchedTarget extends RuntimeError {}

/** The memory of a tensor that stands for the examples of a batch: what is read there would be right for one of them only. */
class BatchStorage implements Memory {
  readonly #of: Memory;
  readonly #level: Level;
  readonly pending = null;
  readonly readers = 0;

  constructor(of: Memory, level: Level) {
    this.#of = of;
    this.#level = level;
  }

  get data(): never {
    if (this.#level.alive) throw new BatchedAccess("Cannot access data pointer of Tensor that doesn't have storage");
    throw new RuntimeError(
      "Either your tensor may have escaped from inside a function being vmapped and this is a user error (see https://pytorch.org/functorch/stable/ux_limitations.html), " +
        "or there is an internal functorch error in `gen_vmap_plumbing` Please file an issue if it looks like the latter",
    );
  }

  get version(): number {
    return this.#of.version;
  }
  set version(value: number) {
    this.#of.version = value;
  }

  get serial(): number {
    return this.#of.serial;
  }

  get base(): number {
    return this.#of.base;
  }

  get length(): number {
    return this.#of.length;
  }

  source(): null {
    return null;
  }

  prepareToWrite(): void {
    this.#of.prepareToWrite();
  }

  settle(): void {
    this.#of.settle();
  }

  giveUp(): void {}

  replacePending(): void {
    this.data;
  }

  share(): Memory {
    return this.data;
  }

  expose(): TypedArray {
    return this.data;
  }
}

/** Whether gradients flow to a tensor, itself or through what it shows. */
const isTracked = (t: Tensor): boolean => t.tracks || (t.viewInfo !== null && requiresGrad(t));

/** The inputs as a level sees them that is going to record an op: what it has not lifted is constant to it. */
export function constantsBelow<I extends Inputs>(inputs: I, level: Level): I {
  return mapTensors(inputs, (t) => levelOf(t) !== level && isTracked(t) ? lifted(level, t) : t);
}

/** A level whose lifted tensors look like the tensors that they stand for: of `grad`, which records, and of `jvp`, whose tensors have tangents. */
export class DerivativeLevel extends Level {
  /** Whether recording was on outside. */
  readonly outside: boolean = is_grad_enabled();
  override readonly keepsViews = true;
  /** Where the tangents of its tensors are valid. */
  readonly duals: DualLevel | null;

  /** `forward` says that its tensors have tangents instead of a history. */
  constructor(forward: boolean) {
    super();
    this.recording = !forward;
    this.duals = forward ? { alive: true } : null;
  }

  /** Runs on what lies below with the mode that holds there. */
  below<T>(f: () => T): T {
    const before = setGradMode(this.outside && is_grad_enabled());
    belowLevels++;
    try {
      return f();
    } finally {
      belowLevels--;
      setGradMode(before);
    }
  }

  apply(op: Operation, inputs: Inputs): Tensor | Tensor[] {
    const result = this.below(() => op.applyTo(mapTensors(inputs, (t) => valueAt(t, this))));
    return Array.isArray(result) ? relist(result, (t) => lifted(this, t)) : lifted(this, result);
  }

  change(op: Operation, inputs: Inputs & { self: Tensor }, write: ((inputs: never) => void) | null): void {
    this.below(() => op.changeIn(mapTensors(inputs, (t) => valueAt(t, this)), write));
    refresh(inputs.self);
  }

  adopt(self: Tensor, op: string): void {
    if (levelOf(self) === this) return;
    this.refuseCaptured(self, op);
    adoptFresh(self, this);
  }

  /** Throws PyTorch's error if a tensor was there before this level was entered, and so must not be changed in place. */
  refuseCaptured(self: Tensor, op: string): void {
    if (levelOf(self) === this || self.store.serial > this.newest) return;
    throw new RuntimeError(
      `During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place operation (aten::${op}) that would mutate a captured Tensor. ` +
        "This is not supported; please rewrite the function being transformed to explicitly accept the mutated Tensor(s) as inputs.",
    );
  }

  detached(lift: Lift): Tensor {
    return lifted(this, lift.value.detach());
  }

  call(_name: string, inputs: Inputs, run: (inputs: Inputs) => unknown): unknown {
    try {
      return run(inputs);
    } catch (error) {
      if (!(error instanceof BatchedAccess) || highestLevel(inputs) !== this) throw error;
      // what reads elements of a batch goes on below; what has no derivative may be used here as it is
      const result = run(mapTensors(inputs, (t) => valueAt(t, this)));
      const all = Array.isArray(result) ? result : [result];
      if (all.some((t) => t instanceof Tensor && t.dtype.is_floating_point)) throw error;
      return result;
    }
  }

  dataOf(lift: Lift): Tensor {
    return lifted(this, lift.value.data);
  }

  dual(primal: Tensor, tangent: Tensor): Tensor {
    const out = levelOf(primal) === this ? primal.view_as(primal) : lifted(this, primal);
    asDual(out, tangent, this);
    return out;
  }

  describe(lift: Lift): string {
    return `GradTrackingTensor(lvl=${this.depth}, value=\n${indented(lift.value)}\n)`;
  }
}

/** A tensor's text, four columns to the right. */
export function indented(t: Tensor): string {
  return String(t).replace(/^/gm, "    ");
}

/** A list of results with each element replaced: named tuples keep their names. */
export function relist(list: Tensor[], f: (t: Tensor) => Tensor): Tensor[] {
  const out = Array.from(list, f);
  return list instanceof NamedTupleArray ? list.like(out) as Tensor[] : out;
}

/** Brings what a lifted tensor says of its memory up to date with its value, whose shape or memory has been changed in place. */
function refresh(t: Tensor): void {
  const { store, sizes, strides, offset, count, contiguousLayout } = t.lift!.value;
  Object.assign(t, { store, sizes, strides, offset, count, contiguousLayout });
}

/** Lifts a tensor that was made inside of a transform and is now going to hold results of it; its base with it if it is a view. */
function adoptFresh(self: Tensor, level: Level): void {
  const value = new Tensor(self.store, self.dtype, self.sizes, self.strides, self.offset, self.count);
  value.lift = self.lift;
  const { viewInfo } = self;
  if (viewInfo !== null) {
    if (levelOf(viewInfo.base) !== level) adoptFresh(viewInfo.base, level);
    value.viewInfo = { ...viewInfo, base: viewInfo.base.lift!.value };
  }
  Object.assign(value, { node: self.node, output_nr: self.output_nr, tracks: self.tracks, sink: self.sink });
  Object.assign(self, { node: null, output_nr: 0, tracks: false, sink: null, lift: { level, value, dim: -1 } });
}

// -- tangents --------------------------------------------------------------------------------------------------------

/** The tangent of a tensor, or null. A view of a dual has the same view of its tangent. */
export function tangentOf(t: Tensor): Tensor | null {
  if (t.tangent !== null) return t.tangent.level.alive ? t.tangent.value : null;
  const base = t.viewInfo?.base;
  if (base === undefined || base.tangent === null || !base.tangent.level.alive) return null;
  const tangent = alignedTangent(base);
  t.tangent = {
    level: base.tangent.level,
    value: tangent.as_strided([...t.sizes], [...t.strides], tangent.offset - tangent.store.base + t.offset - base.offset),
  };
  return t.tangent.value;
}

const sameStrides = (a: Sizes, b: Sizes): boolean => a.every((n, d) => n === b[d]);

/** The tangent of a tensor in memory of the same layout, so that views of both correspond; as it is where the tensor's elements share memory. */
function alignedTangent(t: Tensor): Tensor {
  const { value, level } = t.tangent!;
  if (sameStrides(value.strides, t.strides) || t.strides.some((stride, d) => stride === 0 && t.sizes[d] > 1)) return value;
  const out = value.new_empty_strided([...t.sizes], [...t.strides]).copy_(value);
  t.tangent = { level, value: out };
  return out;
}

/** Whether an input of an op is a dual at a level; null stands for tensors that no level has lifted. */
export function hasDuals(inputs: Inputs, level: Level | null): boolean {
  if (is_inference_mode_enabled()) return false;
  let found = false;
  forEachTensor(inputs, (t) => {
    if (!found && t.dtype.is_floating_point && levelOf(t) === level && tangentOf(t) !== null) found = true;
  });
  return found;
}

/** The tensor without its tangent, at the same place in the graph; at a level of forward mode the tensor that it stands for. */
export function primalOf(t: Tensor, level: Level | null): Tensor {
  if (level instanceof DerivativeLevel && level.duals !== null) return valueAt(t, level);
  if (tangentOf(t) === null) return t;
  const out = new Tensor(t.store, t.dtype, t.sizes, t.strides, t.offset, t.count);
  out.lift = t.lift;
  const node = gradientEdge(t);
  if (node !== null) Object.assign(out, { node: t.node === null ? null : node, sink: t.sink, output_nr: t.output_nr, tracks: true });
  return out;
}

/** Makes `t` a dual. */
export function asDual(t: Tensor, value: Tensor, level: Level | null): void {
  t.tangent = { level: level instanceof DerivativeLevel && level.duals !== null ? level.duals : transforms.duals!, value };
}

/** What forward mode keeps of an op until its result is there. */
export interface DualCall {
  /** The inputs without tangents. */
  primals: Inputs;
  /** The tangents by name; null where an input has none. */
  tangents: Inputs;
}

/** Separates inputs and tangents; these lie in memory as the inputs do if they are to be `aligned`. */
export function splitDuals(inputs: Inputs, level: Level | null, aligned = false): DualCall {
  const tangents: Inputs = {};
  const own = (t: unknown): Tensor | null => {
    if (!(t instanceof Tensor) || !t.dtype.is_floating_point || levelOf(t) !== level) return null;
    const tangent = tangentOf(t);
    return tangent === null || !aligned ? tangent : alignedTangent(t);
  };
  for (const key in inputs) {
    const value = inputs[key];
    if (value instanceof Tensor) tangents[key] = own(value);
    else if (Array.isArray(value)) tangents[key] = value.map(own);
  }
  return { primals: mapTensors(inputs, (t) => levelOf(t) === level ? primalOf(t, level) : t), tangents };
}

/** The inputs with a copy of the tensor that an op is going to change in place: its tangent depends on what it was. */
export function keepOriginal({ primals }: DualCall, inputs: Inputs): Inputs {
  const copy = (primals.self as Tensor).clone();
  const kept = { ...primals };
  for (const key in primals) if (inputs[key] === inputs.self) kept[key] = copy;
  return kept;
}

/** The error of an op without a forward derivative. */
export function noForwardMode(op: string): NotImplementedError {
  return new NotImplementedError(
    `Trying to use forward AD with ${op} that does not support it because it has not been implemented yet.\n` +
      "Please file an issue to PyTorch at https://github.com/pytorch/pytorch/issues/new?template=feature-request.yml so that we can prioritize its " +
      "implementation or submit a PR adding the implementation to derivatives.yaml",
  );
}

/** Runs what computes a tangent by formulas for backward; where one of these does not exist, forward mode does not either. */
export function orNoForwardMode<T>(op: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    throw error instanceof NotImplementedError && error.message.startsWith("the derivative for") ? noForwardMode(op) : error;
  }
}

/** Gives the results of an op their tangents. */
export function makeDuals(op: Operation, { primals, tangents }: DualCall, result: Tensor | Tensor[], level: Level | null): void {
  const results = Array.isArray(result) ? result : [result];
  const values = results.map((t) => primalOf(t, level));
  op.tangents(primals, tangents, values).forEach((tangent, i) => {
    if (tangent === null || !results[i].dtype.is_floating_point) return;
    asDual(results[i], results[i].viewInfo === null ? ownMemory(tangent, tangents) : tangent, level);
  });
}

/** The memory that a tensor shows in the end. */
const memoryOf = (t: Tensor): Memory => underneath(t).store;

/** A tangent in memory that no other has, so that it can be changed in place. */
function ownMemory(tangent: Tensor, others: Inputs): Tensor {
  let shared = tangent.strides.some((stride, d) => stride === 0 && tangent.sizes[d] > 1);
  const memory = memoryOf(tangent);
  forEachTensor(others, (t) => shared ||= memoryOf(t) === memory);
  return shared ? tangent.clone({ memory_format: "torch.contiguous_format" }) : tangent;
}

/** Gives a tensor that an op has changed in place its tangent; the tangents of its views, and of its base, change with it. */
export function changeDual(op: Operation, { primals, tangents }: DualCall, self: Tensor, level: Level | null): void {
  const before = tangentOf(self);
  const [after] = op.tangents(primals, tangents, [primalOf(self, level)]);
  if (before !== null) {
    if (after === null) before.zero_();
    else before.copy_(after);
    return;
  }
  if (after === null || !self.dtype.is_floating_point) return;
  const base = self.viewInfo?.base;
  if (base === undefined) {
    asDual(self, after, level);
    return;
  }
  const value = level === null || levelOf(base) !== level ? base : primalOf(base, level);
  asDual(base, value.detach().new_empty_strided([...base.sizes], [...base.strides]).zero_(), level);
  tangentOf(self)!.copy_(after);
}

/** Marks the results of an op that makes views, at a level that keeps histories. */
export function asViews(result: Tensor | Tensor[], self: Tensor, multiple: boolean): void {
  if (Array.isArray(result)) { for (const r of result) asView(r, self, multiple); }
  else asView(result, self);
}
