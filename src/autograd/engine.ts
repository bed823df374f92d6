/**
 * The backward pass. Edges are counted, then nodes run as soon as all of their gradients have arrived, later-made nodes
 * first; gradients that meet are added in a buffer. Nothing recurses, so graphs may be of any depth.
 */
import { RuntimeError } from "../errors.ts";
import { isExpandableTo, sameSizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { sharesMemory, Storage } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { AccumulateGrad } from "./accumulate.ts";
import { anomalyMode, reportNan } from "./anomaly.ts";
import { setGradMode } from "./mode.ts";
import { type MaybeTensor, type Node, passFilter, type PassState } from "./node.ts";

/** Where a gradient enters or leaves the graph: a node and the number of its output. */
export interface Root {
  /** The node. */
  node: Node;
  /** Which of its outputs. */
  nr: number;
}

/** How a pass is to run. */
export interface PassOptions {
  /** Keep what was saved, for another pass. */
  keepGraph: boolean;
  /** Record the backward pass itself, for higher derivatives. */
  createGraph: boolean;
  /** The places whose gradients are wanted, or null for all leaves. */
  inputs: Root[] | null;
  /** Whether leaves accumulate; false for `grad`, which only captures. */
  accumulate: boolean;
}

/** Whether `a` runs before `b`: the one made last first, sinks before all others, as in PyTorch. */
function before(a: Node, b: Node): boolean {
  const sinkA = a instanceof AccumulateGrad, sinkB = b instanceof AccumulateGrad;
  return sinkA === sinkB ? a.sequence > b.sequence : sinkA;
}

/** The nodes that are ready. The first of them stands apart from the heap of the others, which stays empty while a graph is a chain. */
class ReadyNodes {
  #first: Node | null = null;
  readonly #heap: Node[] = [];

  push(node: Node): void {
    const first = this.#first;
    if (first === null) this.#first = node;
    else if (before(node, first)) {
      this.#first = node;
      this.#rise(first);
    } else this.#rise(node);
  }

  pop(): Node | null {
    const first = this.#first;
    this.#first = this.#heap.length === 0 ? null : this.#take();
    return first;
  }

  #rise(node: Node): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(node);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(node, heap[parent])) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = node;
  }

  #take(): Node {
    const heap = this.#heap;
    const top = heap[0], last = heap.pop()!;
    if (heap.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], last)) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

const NOTHING: MaybeTensor[] = [];

/** One backward pass. */
class Pass {
  readonly #options: PassOptions;
  readonly #ready = new ReadyNodes();
  /** States of nodes whose own slot another, outer pass is using. */
  #spill: Map<Node, PassState> | null = null;
  readonly #captured: MaybeTensor[];

  constructor(options: PassOptions) {
    this.#options = options;
    this.#captured = options.inputs === null ? NOTHING : options.inputs.map(() => null);
  }

  #state(node: Node): PassState | undefined {
    const own = node.state;
    return own !== null && own.pass === this ? own : this.#spill?.get(node);
  }

  #newState(node: Node): PassState {
    const state: PassState = { node, pass: this, dependencies: 0, waiting: 0, buffer: null, owned: false, needed: true, captures: null };
    if (node.state === null) node.state = state;
    else (this.#spill ??= new Map()).set(node, state);
    return state;
  }

  /** Counts the edges into every node that can be reached. */
  #count(roots: readonly Root[]): PassState[] {
    const reached: PassState[] = [];
    for (let i = 0; i < roots.length; i++) this.#visit(roots[i].node, reached);
    for (let i = 0; i < reached.length; i++) {
      const { next } = reached[i].node;
      for (let k = 0; k < next.length; k++) if (next[k] !== null) this.#visit(next[k]!, reached);
    }
    return reached;
  }

  #visit(node: Node, reached: PassState[]): void {
    let state = this.#state(node);
    if (state === undefined) {
      state = this.#newState(node);
      reached.push(state);
    }
    state.dependencies++;
  }

  /** Finds the nodes that lie between the roots and the wanted inputs. */
  #restrict(inputs: readonly Root[], roots: readonly Root[], reached: readonly PassState[]): void {
    for (let i = 0; i < inputs.length; i++) {
      const state = this.#state(inputs[i].node);
      if (state === undefined) continue;
      if (state.captures === null) state.captures = [i];
      else state.captures.push(i);
    }
    const states = this.#inOrder(roots, reached);
    for (let i = states.length - 1; i >= 0; i--) {
      const state = states[i], { next } = state.node;
      state.needed = this.#options.accumulate && state.captures !== null && state.node instanceof AccumulateGrad;
      for (let k = 0; k < next.length; k++) if (next[k] !== null && leadsOn(this.#state(next[k]!))) state.needed = true;
    }
    this.#wants = (node) => leadsOn(this.#state(node));
  }

  /** The states in an order in which each node comes before those that it leads to. */
  #inOrder(roots: readonly Root[], reached: readonly PassState[]): PassState[] {
    const order: PassState[] = [];
    for (let i = 0; i < reached.length; i++) reached[i].waiting = reached[i].dependencies;
    for (let i = 0; i < roots.length; i++) arrive(this.#state(roots[i].node)!, order);
    for (let i = 0; i < order.length; i++) {
      const { next } = order[i].node;
      for (let k = 0; k < next.length; k++) if (next[k] !== null) arrive(this.#state(next[k]!)!, order);
    }
    return order;
  }

  /** Which nodes the gradients are needed of; null if of all. */
  #wants: ((node: Node) => boolean) | null = null;

  /** Runs; gives the gradients of the wanted inputs. */
  run(roots: readonly Root[], grads: readonly MaybeTensor[]): MaybeTensor[] {
    const reached = this.#count(roots);
    const before = setGradMode(this.#options.createGraph);
    try {
      if (this.#options.inputs !== null) this.#restrict(this.#options.inputs, roots, reached);
      for (let i = 0; i < roots.length; i++) {
        const { node, nr } = roots[i], grad = grads[i];
        this.#deliver(node, nr, grad !== null && grad.dtype !== node.dtypes[nr] ? grad.to(node.dtypes[nr]) : grad, false);
      }
      for (let node = this.#ready.pop(); node !== null; node = this.#ready.pop()) this.#evaluate(node);
    } finally {
      setGradMode(before);
      for (let i = 0; i < reached.length; i++) if (reached[i].node.state === reached[i]) reached[i].node.state = null;
    }
    return this.#captured;
  }

  /** Adds a gradient to what has arrived at a node, and counts the edge down. */
  #deliver(node: Node, nr: number, grad: MaybeTensor, owned: boolean): void {
    const state = this.#state(node)!;
    const buffer = state.buffer ??= node.sizes.length === 1 ? [null] : new Array<MaybeTensor>(node.sizes.length).fill(null);
    if (grad !== null) {
      const there = buffer[nr];
      if (there === null || there === undefined) {
        buffer[nr] = grad;
        state.owned = owned;
      } else if (
        state.owned && !this.#options.createGraph && buffer.length === 1 && there.dense && there.dtype === grad.dtype && there.lift === null &&
        grad.lift === null
      ) {
        there.add_(grad);
      } else {
        buffer[nr] = there.add(grad);
        state.owned = true;
      }
    }
    if (--state.dependencies === 0 && leadsOn(state)) this.#ready.push(node);
  }

  #evaluate(node: Node): void {
    const state = this.#state(node)!;
    const { hooks } = node;
    let grads = state.buffer!;
    let owned = state.owned && grads.length === 1 ? grads[0] : null;
    state.buffer = null;
    if (hooks !== null) {
      grads = callTensorHooks(node, grads);
      owned = null;
    }
    if (state.captures !== null) {
      for (const i of state.captures) this.#captured[i] = grads[this.#options.inputs![i].nr] ?? null;
      owned = null;
    }
    if (!state.needed) return;
    if (hooks !== null) { for (const hook of [...hooks.pre]) grads = asList(hook(grads)) ?? grads; }
    if (node instanceof AccumulateGrad) {
      if (this.#options.accumulate) node.accumulate(grads[0], owned !== null && owned === grads[0]);
      if (node.hooks !== null) { for (const hook of [...node.hooks.post]) hook([], grads); }
      return;
    }
    const newest = Storage.newest();
    let out = validate(node, this.#wants === passFilter.wants ? node.apply(grads) : this.#applyFiltered(node, grads));
    if (node.hooks !== null) { for (const hook of [...node.hooks.post]) out = asList(hook(out, grads)) ?? out; }
    if (!this.#options.keepGraph) node.release();
    if (anomalyMode.enabled && anomalyMode.checkNan) reportNan(node, out);
    const { next, nextNr } = node;
    const fresh = node.hooks === null && node.freshResults;
    if (fresh && owned !== null && !this.#options.createGraph && owned.lift === null && !out.some((grad) => grad !== null && grad.store === owned.store)) {
      owned.store.giveUp();
    }
    for (let i = 0; i < next.length; i++) {
      const target = next[i];
      if (target === null) continue;
      const grad = out[i];
      // what a node hands on as it came stays the engine's own
      const own = fresh && grad !== null && grad.lift === null && (grad === owned || grad.store.serial > newest) && isSole(out, i);
      this.#deliver(target, nextNr[i], grad, own);
    }
  }

  /** Runs a node so that it evaluates the formulas for edges on the way to the wanted inputs only. */
  #applyFiltered(node: Node, grads: MaybeTensor[]): MaybeTensor[] {
    const outer = passFilter.wants;
    passFilter.wants = this.#wants;
    try {
      return node.apply(grads);
    } finally {
      passFilter.wants = outer;
    }
  }
}

/** Notes that one more of the edges into a node has been followed. */
function arrive(state: PassState, order: PassState[]): void {
  if (--state.waiting === 0) order.push(state);
}

/** Whether the gradients that flow to a node are wanted, there or further on. */
function leadsOn(state: PassState | undefined): boolean {
  return state !== undefined && (state.needed || state.captures !== null);
}

/** Whether nothing else among the gradients shares memory with one of them. */
function isSole(grads: readonly MaybeTensor[], at: number): boolean {
  if (grads.length === 1) return true;
  const { store } = grads[at]!;
  for (let i = 0; i < grads.length; i++) {
    const other = grads[i];
    if (i === at || other === null) continue;
    if (other === grads[at] || (other.lift === null && sharesMemory(other.store, store))) return false;
  }
  return true;
}

function asList(result: MaybeTensor[] | MaybeTensor | undefined | void): MaybeTensor[] | null {
  if (result === null || result === undefined) return null;
  return Array.isArray(result) ? result : [result];
}

/** Runs the hooks of the tensors that a node made, then what `retain_grad` asked for. */
function callTensorHooks(node: Node, grads: MaybeTensor[]): MaybeTensor[] {
  const { tensor, retain } = node.hooks!;
  if (tensor.length === 0 && retain.size === 0) return grads;
  const out = [...grads];
  for (const { nr, hook } of [...tensor]) {
    const grad = out[nr];
    if (grad === null || grad === undefined) continue;
    const result = hook(grad);
    if (result === null || result === undefined) continue;
    checkHookResult(grad, result, hook.name);
    out[nr] = result;
  }
  for (const [nr, keep] of retain) keep(out[nr] ?? null);
  return out;
}

function checkHookResult(grad: Tensor, result: Tensor, name: string): void {
  const hook = name === "" ? "<lambda>" : name;
  if (typeof result !== "object" || !("sizes" in result)) throw new TypeError(`expected Variable, but hook returned '${pythonType(result)}'`);
  if (result.dtype !== grad.dtype) {
    throw new RuntimeError(`hook '${hook}' has changed the type of value (was ${grad.type()} got ${result.type()})`);
  }
  if (!sameSizes(result.sizes, grad.sizes)) throw new RuntimeError(`hook '${hook}' has changed the size of value`);
}

/** Brings the gradients that a node returned to the shapes and dtypes of what they are gradients of. */
function validate(node: Node, grads: MaybeTensor[]): MaybeTensor[] {
  const { next, nextNr } = node;
  if (grads.length !== next.length) {
    throw new RuntimeError(`Function ${node.name()} returned an invalid number of gradients - expected ${next.length}, but got ${grads.length}`);
  }
  for (let i = 0; i < grads.length; i++) {
    const target = next[i];
    let grad = grads[i];
    if (target === null || grad === null || grad === undefined) {
      if (grad === undefined || target === null) grads[i] = null;
      continue;
    }
    const nr = nextNr[i];
    const sizes = target.sizes[nr];
    if (!sameSizes(grad.sizes, sizes)) {
      if (!isExpandableTo(sizes, grad.sizes)) {
        throw new RuntimeError(
          `Function ${node.name()} returned an invalid gradient at index ${i} - got [${grad.sizes.join(", ")}] but expected shape compatible with [${
            sizes.join(", ")
          }]`,
        );
      }
      grad = grads[i] = grad.sum_to_size(sizes);
    }
    if (grad.dtype !== target.dtypes[nr]) grads[i] = grad.to(target.dtypes[nr]);
  }
  return grads;
}

/** Runs a backward pass from `roots`; gives the gradients of `options.inputs`, null for those that were not reached. */
export function execute(roots: readonly Root[], grads: readonly MaybeTensor[], options: PassOptions): MaybeTensor[] {
  return new Pass(options).run(roots, grads);
}
