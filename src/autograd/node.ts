/**
 * Nodes of the backward graph. An edge is a pair of parallel entries, `next[i]` and `nextNr[i]`: where the i-th gradient
 * that `apply` returns flows, and as which of that node's inputs it arrives.
 */
import type { DType } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import type { Tensor } from "../tensor.ts";

/** A gradient, or null for one that is zero because nothing flowed. */
export type MaybeTensor = Tensor | null;

/** Takes the gradients of a node's outputs before it runs; may return replacements. */
export type PreHook = (grads: MaybeTensor[]) => MaybeTensor[] | MaybeTensor | null | undefined | void;
/** Takes the gradients a node has computed and those it was given; may return replacements of the former. */
export type PostHook = (gradInputs: MaybeTensor[], gradOutputs: MaybeTensor[]) => MaybeTensor[] | MaybeTensor | null | undefined | void;
/** Takes the gradient of one tensor; may return a replacement. */
export type TensorHook = (grad: Tensor) => Tensor | null | undefined | void;

/** What hooks have been registered on a node; most nodes have none. */
export interface NodeHooks {
  /** Hooks of the tensors that this node made, in order of registration, with the output they watch. */
  tensor: { nr: number; hook: TensorHook }[];
  /** What `retain_grad` has asked for: called after the tensors' hooks, once an output. */
  retain: Map<number, (grad: MaybeTensor) => void>;
  /** `register_prehook`. */
  pre: PreHook[];
  /** `register_hook`. */
  post: PostHook[];
}

/** What the engine keeps on a node during one backward pass. */
export interface PassState {
  /** The node. */
  readonly node: Node;
  /** The pass that owns this state. */
  readonly pass: object;
  /** Edges into this node that have not delivered yet. */
  dependencies: number;
  /** The same while nodes are put in order. */
  waiting: number;
  /** The gradients that have arrived, by output. */
  buffer: MaybeTensor[] | null;
  /** Which of them are the engine's own, free to be added into. */
  owned: boolean;
  /** Whether the node must run: it lies on the way to a wanted input, or all leaves are wanted. */
  needed: boolean;
  /** The wanted inputs that the gradients here are of, by number; null for none. */
  captures: number[] | null;
}

/** What registering a hook gives: `remove()` takes the hook away. */
export class RemovableHandle implements Disposable {
  #remove: (() => void) | null;

  /** Takes the function that removes the hook. */
  constructor(remove: () => void) {
    this.#remove = remove;
  }

  /** Removes the hook; a second call does nothing. */
  remove(): void {
    this.#remove?.();
    this.#remove = null;
  }

  /** Removes the hook. */
  [Symbol.dispose](): void {
    this.remove();
  }
}

/** Adds an entry to a list and gives the handle that takes it out again. */
export function register<T>(list: T[], entry: T): RemovableHandle {
  list.push(entry);
  return new RemovableHandle(() => {
    const at = list.indexOf(entry);
    if (at >= 0) list.splice(at, 1);
  });
}

/**
 * While a pass runs that wants the gradients of some inputs only: which nodes lie on the way to them. Formulas for other edges
 * are not evaluated.
 */
export const passFilter: { wants: ((node: Node) => boolean) | null } = { wants: null };

/** Whether the gradient that flows to a node is needed. */
export function isWanted(node: Node | null): boolean {
  return node !== null && (passFilter.wants === null || passFilter.wants(node));
}

let sequence = 0;

/** The dictionaries that users have asked nodes for. */
const metadata = new WeakMap<Node, Map<unknown, unknown>>();

// nodes hold lists that most of them have in common: a graph of small tensors is as fast as it is small
const NO_SIZES: readonly Sizes[] = [], NO_DTYPES: readonly DType[] = [];
const FIRST: readonly number[] = [0], FIRST_TWO: readonly number[] = [0, 0];
let lastSizes: readonly Sizes[] = [[]];
const dtypeLists: (readonly DType[])[] = [];

/** The list of one shape. */
export function listOfSizes(sizes: Sizes): readonly Sizes[] {
  if (lastSizes[0] !== sizes) lastSizes = [sizes];
  return lastSizes;
}

/** The list of one dtype. */
export function listOfDType(dtype: DType): readonly DType[] {
  return dtypeLists[dtype.index] ??= [dtype];
}

/** The list of one number of an output, or of two. */
export function listOfNumbers(first: number, second?: number): readonly number[] {
  if (second === undefined) return first === 0 ? FIRST : [first];
  return first === 0 && second === 0 ? FIRST_TWO : [first, second];
}

/** A node of the backward graph: knows how to turn the gradients of its outputs into those of its inputs. */
export abstract class Node {
  /** Counts nodes up as they are made; the engine runs later ones first. */
  sequence: number = sequence++;
  /** The nodes to which the gradients flow; null where the input needs none. */
  next: (Node | null)[];
  /** For each of them, which of its outputs' gradients it is. */
  nextNr: readonly number[];
  /** The shapes of this node's outputs. */
  sizes: readonly Sizes[];
  /** The dtypes of this node's outputs. */
  dtypes: readonly DType[];
  /** Hooks, if any. */
  hooks: NodeHooks | null = null;
  /** The engine's own. */
  state: PassState | null = null;
  /** Takes the edges to the nodes that made the inputs, and what is known of the outputs. */
  constructor(next: (Node | null)[], nextNr: readonly number[], sizes: readonly Sizes[] = NO_SIZES, dtypes: readonly DType[] = NO_DTYPES) {
    this.next = next;
    this.nextNr = nextNr;
    this.sizes = sizes;
    this.dtypes = dtypes;
  }

  /** Computes the gradients of the inputs from those of the outputs. */
  abstract apply(grads: MaybeTensor[]): MaybeTensor[];

  /** PyTorch's name of the node: `MulBackward0`. */
  abstract name(): string;

  /** Lets go of what was saved for backward. */
  release(): void {}

  /** Whether `apply` makes its results anew from kernels, so that the engine may keep them without a copy. */
  get freshResults(): boolean {
    return false;
  }

  /** The hooks, made on first use. */
  ownHooks(): NodeHooks {
    return this.hooks ??= { tensor: [], retain: new Map(), pre: [], post: [] };
  }

  /** Calls `hook` with the gradients that the node computed and those it was given; may replace the former. */
  register_hook(hook: PostHook): RemovableHandle {
    return register(this.ownHooks().post, hook);
  }

  /** Calls `hook` with the gradients that the node is given; may replace them. */
  register_prehook(hook: PreHook): RemovableHandle {
    return register(this.ownHooks().pre, hook);
  }

  /** The nodes that the gradients flow to, each with the number of the output it stands for. */
  get next_functions(): [Node | null, number][] {
    return this.next.map((node, i) => [node, this.nextNr[i]]);
  }

  /** A dictionary in which users may keep what they like. */
  get metadata(): Map<unknown, unknown> {
    let own = metadata.get(this);
    if (own === undefined) metadata.set(this, own = new Map());
    return own;
  }

  /** The number by which the engine orders nodes. */
  _sequence_nr(): number {
    return this.sequence;
  }

  /** Whether any gradient flows on from here. */
  get requires_grad(): boolean {
    return this.next.some((node) => node !== null);
  }
}
