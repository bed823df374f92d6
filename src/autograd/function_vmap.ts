/**
 * Custom functions under `vmap`: by their own `vmap` method, or by running `forward`, `backward` and `jvp` on batches.
 */
import { RuntimeError } from "../errors.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { BatchLevel } from "./batch_level.ts";
import { Function, type FunctionClass, type FunctionCtx, FunctionNode, underVmap } from "./function.ts";
import { broadcastLeaves, flatten, unflatten } from "./pytree.ts";
import { type Level, levelOf, lifted, moveDim } from "./transforms.ts";

const SEE = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html";

/** What a function's `vmap` is told. */
export class VmapInfo {
  /** The number of examples. */
  readonly batch_size: number;
  /** What random ops do. */
  readonly randomness: string;

  /** Takes both. */
  constructor(batch_size: number, randomness: string) {
    this.batch_size = batch_size;
    this.randomness = randomness;
  }

  /** `VmapInfo(batch_size=3, randomness='error')`. */
  toString(): string {
    return `VmapInfo(batch_size=${this.batch_size}, randomness='${this.randomness}')`;
  }
}

/** Where the examples are numbered in each of some values; null in what is the same for all. */
type Dims = (number | null)[];

const dimsAt = (level: Level, values: readonly unknown[]): Dims => values.map((t) => t instanceof Tensor && levelOf(t) === level ? t.lift!.dim : null);
const below = (level: Level, values: readonly unknown[]): unknown[] => values.map((t) => t instanceof Tensor && levelOf(t) === level ? t.lift!.value : t);
const raise = <T>(level: Level, values: readonly T[], dims: Dims): T[] =>
  values.map((t, i) => t instanceof Tensor && dims[i] !== null && dims[i] !== undefined ? lifted(level, t, dims[i]) as T : t);

underVmap.run = (f, args, level) => {
  const own = f.vmap !== Function.vmap;
  if (own && f.generate_vmap_rule) {
    throw new RuntimeError(
      `You tried to vmap over ${f.name}, but it has both generate_vmap_rule=True and an overriden vmap staticmethod. ` +
        `Please set generate_vmap_rule=False or delete the overriden vmap staticmethod to avoid ambiguity. ${SEE}`,
    );
  }
  if (!own && !f.generate_vmap_rule) {
    throw new RuntimeError(
      `You tried to vmap over ${f.name}, but it does not have vmap support. Please override and implement the vmap staticmethod or set generate_vmap_rule=True. ${SEE}`,
    );
  }
  const batching = level as BatchLevel;
  const dims = dimsAt(level, args), values = below(level, args);
  if (!own) {
    const outputs = batched(f, dims, batching).apply(...values);
    const out = flatten(outputs);
    return unflatten(out.spec, out.leaves.map((t) => t instanceof Tensor ? lifted(level, t, 0) : t));
  }
  const result = f.vmap(new VmapInfo(batching.size, batching.randomness) as never, dims as never, ...values as never[]);
  if (!Array.isArray(result) || result.length !== 2) {
    const type = Array.isArray(result) ? "tuple" : pythonType(result);
    throw new RuntimeError(
      "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure compatible with the output. " +
        `Got a <class '${type === "Tensor" ? "torch.Tensor" : type}'> instead`,
    );
  }
  const { leaves, spec } = flatten(result[0]);
  const places = broadcastLeaves(result[1], spec);
  if (places === null) throw new RuntimeError("The out_dims that the vmap staticmethod returned are not compatible with the structure of the output.");
  return unflatten(spec, raise(level, leaves, places as Dims));
};

/** Runs `body` at a level of its own like that of the call. */
function atLevel<T>({ size, randomness }: BatchLevel, body: (level: BatchLevel) => T): T {
  const level = new BatchLevel(size, randomness);
  level.enter();
  try {
    return body(level);
  } finally {
    level.leave();
    level.alive = false;
  }
}

/** All examples of a result, numbered by the first dimension. */
function whole(level: BatchLevel, t: unknown): unknown {
  if (!(t instanceof Tensor)) return t;
  return levelOf(t) === level ? moveDim(t.lift!.value, t.lift!.dim, 0) : t.unsqueeze(0).expand([level.size, ...t.sizes]);
}

/** What a call keeps: the function's own `ctx`, and where the examples are numbered in what it saved. */
interface Kept {
  ctx: FunctionNode;
  backward: Dims;
  forward: Dims;
}

/** The function of whole batches whose parts are those of `f`, run on all examples at once. */
function batched(f: FunctionClass, inDims: Dims, outer: BatchLevel): FunctionClass {
  const kept = new WeakMap<FunctionCtx, Kept>();
  const inner = <T>(ctx: FunctionCtx, forward: boolean, body: (level: BatchLevel, own: FunctionNode) => T): T =>
    atLevel(outer, (level) => {
      const { ctx: own, ...dims } = kept.get(ctx)!;
      own.needs_input_grad = ctx.needs_input_grad;
      own.shown = raise(level, ctx.saved_tensors, forward ? dims.forward : dims.backward);
      try {
        return body(level, own);
      } finally {
        own.shown = null;
      }
    });
  const name = `Vmapped${f.name}`;
  const made = class extends Function {
    static override forward(...args: unknown[]): unknown {
      return atLevel(outer, (level) => {
        const { leaves, spec } = flatten(f.forward(...raise(level, args, inDims) as never[]));
        return unflatten(spec, leaves.map((t) => whole(level, t)));
      });
    }

    static override setup_context(ctx: FunctionCtx, inputs: unknown[], output: unknown): void {
      atLevel(outer, (level) => {
        const own = new FunctionNode(f, [], [], inputs.map((t) => t instanceof Tensor));
        own.needs_input_grad = ctx.needs_input_grad;
        const { leaves, spec } = flatten(output);
        const outputs = leaves.map((t) => t instanceof Tensor ? lifted(level, t, 0) : t);
        f.setup_context(own as never, raise(level, inputs, inDims) as never, unflatten(spec, outputs) as never);
        ctx.save_for_backward(...below(level, own.kept) as Tensor[]);
        ctx.save_for_forward(...below(level, own.savedForForward) as Tensor[]);
        ctx.set_materialize_grads(own.materializes);
        ctx.mark_non_differentiable(...leaves.filter((_, i) => own.nonDifferentiable.includes(outputs[i] as Tensor)) as Tensor[]);
        kept.set(ctx, { ctx: own, backward: dimsAt(level, own.kept), forward: dimsAt(level, own.savedForForward) });
      });
    }

    static override backward(ctx: FunctionCtx, ...grads: (Tensor | null)[]): unknown {
      return inner(ctx, false, (level, own) => {
        const result = f.backward(own as never, ...grads.map((g) => g === null ? null : lifted(level, g, 0)) as never[]);
        return (Array.isArray(result) ? result : [result]).map((g, i) => {
          if (!(g instanceof Tensor)) return g;
          const all = whole(level, g) as Tensor, dim = inDims[i];
          return dim === null ? all.sum(0) : moveDim(all, 0, dim);
        });
      });
    }

    static override jvp(ctx: FunctionCtx, ...tangents: (Tensor | null)[]): unknown {
      return inner(ctx, true, (level, own) => {
        const { leaves, spec } = flatten(f.jvp(own as never, ...raise(level, tangents, inDims) as never[]));
        return unflatten(spec, leaves.map((t) => whole(level, t)));
      });
    }
  };
  Object.defineProperty(made, "name", { value: name });
  return made as FunctionClass;
}
