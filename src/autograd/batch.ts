/**
 * What a batching rule works with: an op on tensors, some of which stand for the examples of a batch.
 */
import { wrapDim } from "../layout.ts";
import { type Num, resultType } from "../ops/promotion.ts";
import { Tensor } from "../tensor.ts";
import { BatchedAccess, type Inputs, type Level, levelOf, mapTensors, moveDim, type Operation } from "./transforms.ts";

/** The error for a function whose result has a shape that depends on values; `name` is PyTorch's. */
export function dynamicShape(name: string): BatchedAccess {
  return new BatchedAccess(
    `vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over aten::${name}. ` +
      "Please voice your support in https://github.com/pytorch/functorch/issues/256",
  );
}

/** A level that numbers the examples of a batch. */
export interface Batching extends Level {
  /** The number of examples. */
  readonly size: number;
}

/** An op and its inputs at a batching level. */
export class Batch {
  readonly #level: Batching;
  readonly #op: Operation;
  /** The inputs as the op sees them: single examples. */
  readonly inputs: Inputs;

  /** Made by the level. */
  constructor(level: Batching, op: Operation, inputs: Inputs) {
    this.#level = level;
    this.#op = op;
    this.inputs = inputs;
  }

  /** The number of examples. */
  get size(): number {
    return this.#level.size;
  }

  /** Whether an input stands for a batch. */
  isBatched(t: unknown): boolean {
    return t instanceof Tensor && levelOf(t) === this.#level;
  }

  /** Whether of all inputs only `self` stands for a batch. */
  onlySelf(key = "self"): boolean {
    return Object.entries(this.inputs).every(([k, t]) =>
      k === key ? this.isBatched(t) : !this.isBatched(t) && !(Array.isArray(t) && t.some((u) => this.isBatched(u)))
    );
  }

  /** All examples of an input, numbered by the first dimension. */
  front(t: Tensor): Tensor {
    const { value, dim } = t.lift!;
    return moveDim(value, dim, 0);
  }

  /** The same, an input that is the same for all examples repeated without a copy. */
  whole(t: Tensor): Tensor {
    return this.isBatched(t) ? this.front(t) : t.unsqueeze(0).expand([this.size, ...t.sizes]);
  }

  /** All examples of an input with so many dimensions each that `rank` results; as it is where it is the same for all. */
  aligned(t: Tensor, rank: number): Tensor {
    if (!this.isBatched(t)) return t;
    const all = this.front(t), missing = rank - t.sizes.length;
    return missing <= 0 ? all : all.reshape([this.size, ...new Array<number>(missing).fill(1), ...t.sizes]);
  }

  /** Runs the op on other inputs. */
  run(changes: Inputs): Tensor | Tensor[] {
    return this.#op.applyTo({ ...this.inputs, ...changes });
  }

  /** A dimension, or several, of a tensor of `rank` dimensions as it is called among those of the whole batch. */
  shifted(dim: number, rank: number): number {
    return wrapDim(dim, rank) + 1;
  }

  /** Runs an op that works on every element alone: on batches whose dimensions have been brought under each other. */
  elementwise(): Tensor | Tensor[] {
    const tensors = Object.values(this.inputs).filter((t) => t instanceof Tensor);
    const rank = Math.max(...tensors.map((t) => t.sizes.length));
    // a 0-d tensor yields to others in the promotion of types, which its batch would not
    const numbers = tensors.filter((t) => t.dtype.category !== "bool");
    const mixed = numbers.some((t) => t.dtype !== numbers[0].dtype) && tensors.some((t) => t.sizes.length === 0);
    const dtype = mixed ? resultType(Object.values(this.inputs).filter((t): t is Tensor | Num => t instanceof Tensor || typeof t === "number")) : null;
    const cast = (t: Tensor): Tensor => dtype === null || t.dtype.category === "bool" || !this.isBatched(t) ? t : t.to(dtype);
    return this.#op.applyTo(mapTensors(this.inputs, (t) => this.aligned(cast(t), rank)));
  }
}
