/**
 * The level of `vmap`: its tensors look like one example and stand for all of them. An op on them runs once on whole batches where
 * a rule says how, else example by example.
 */
import { can_cast } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { requiredStorage, sameSizes } from "../layout.ts";
import { cannotCast } from "../ops/define.ts";
import { stack } from "../ops/join.ts";
import { Tensor } from "../tensor.ts";
import { Batch, dynamicShape } from "./batch.ts";
import { batchingRules } from "./batching_rules.ts";
import { drawBatch, isRandom, type Randomness } from "./batched_random.ts";
import {
  BatchedAccess,
  highestLevel,
  indented,
  type Inputs,
  Level,
  levelOf,
  type Lift,
  lifted,
  mapTensors,
  moveDim,
  type Operation,
  relist,
  UnbatchedTarget,
} from "./transforms.ts";

/** Functions that make a tensor in the likeness of their first argument, whose values they do not look at. */
const LIKE: ReadonlySet<string> = new Set(["zeros_like", "ones_like", "empty_like", "full_like", "new_zeros", "new_ones", "new_empty", "new_full"]);

/** Ops that PyTorch's refusal to change an unbatched tensor calls inplace arithmetic, those that it calls by their bare names, and those where the shapes do not fit. */
const ARITHMETIC: ReadonlySet<string> = new Set([
  "sub_",
  "mul_",
  "div_",
  "logical_and_",
  "logical_or_",
  "logical_xor_",
  "masked_fill_",
  "clamp_min_",
  "clamp_max_",
  "copy_",
]);
const BARE: ReadonlySet<string> = new Set(["index_put_", "index_add_", "index_fill_", "fill_"]);
const MISFIT: ReadonlySet<string> = new Set(["add_", "atan2_", "copysign_"]);

function unbatchedTarget(op: string, self: Tensor, { size, depth }: BatchLevel): UnbatchedTarget {
  const name = op.replace(/\..*/, "");
  if (MISFIT.has(name)) {
    const sizes = self.sizes.join(", ");
    return new UnbatchedTarget(`output with shape [${sizes}] doesn't match the broadcast shape [${[size, ...self.sizes].join(", ")}]`);
  }
  const ruled = ARITHMETIC.has(name) || BARE.has(name);
  const what = ARITHMETIC.has(name) ? "inplace arithmetic" : BARE.has(name) ? name : `aten::${name}`;
  return new UnbatchedTarget(
    `vmap: ${what}(self, *extra_args) is not possible because there exists a Tensor \`other\` in extra_args that has more elements than \`self\`. ` +
      `This happened due to \`other\` being vmapped over but \`self\` not being vmapped over ${ruled ? "in a vmap" : `at level ${depth}`}. ` +
      `Please try to use out-of-place operators instead of ${what}. If said operator is being called inside the PyTorch framework, please file a bug report instead.`,
  );
}

const NO_ITEM = "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try to rewrite what " +
  "you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please file a bug report.";
const NO_CONDITION =
  "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that yet, please shout over at " +
  "https://github.com/pytorch/functorch/issues/257 .";

/** The level of one call of `vmap`. */
export class BatchLevel extends Level {
  override readonly dualsBelow = true;
  override readonly keepsViews = true;
  /** The number of examples. */
  readonly size: number;
  /** What random ops do; `refused` is the error of PyTorch's older `vmap`. */
  readonly randomness: Randomness | "refused";

  /** Made by `vmap`. */
  constructor(size: number, randomness: Randomness | "refused") {
    super();
    this.size = size;
    this.randomness = randomness;
  }

  override itemError(asked: "item" | "is_nonzero"): BatchedAccess {
    if (this.randomness === "refused") return new BatchedAccess(`Batching rule not implemented for aten::${asked}. We could not generate a fallback.`);
    return new BatchedAccess(asked === "item" ? NO_ITEM : NO_CONDITION);
  }

  apply(op: Operation, inputs: Inputs): Tensor | Tensor[] {
    const batch = new Batch(this, op, inputs);
    const result = batchingRules.get(op.name)?.(batch) ?? (op.elementwise ? batch.elementwise() : null);
    if (result === null) return this.#perExample(inputs, (own) => op.applyTo(own), null) as Tensor | Tensor[];
    return Array.isArray(result) ? relist(result, (t) => lifted(this, t, 0)) : lifted(this, result, 0);
  }

  change(op: Operation, inputs: Inputs & { self: Tensor }): void {
    const { self } = inputs;
    const target = self.lift!;
    if (op.name === "torch::autograd::CopyBackwards") {
      const batch = new Batch(this, op, inputs);
      batch.front(self).copy_(batch.aligned(inputs.src as Tensor, self.sizes.length));
      return;
    }
    const result = op.applyTo(inputs) as Tensor;
    if (!can_cast(result.dtype, self.dtype)) throw cannotCast(result.dtype, self.dtype);
    if (!sameSizes(result.sizes, self.sizes)) {
      throw new RuntimeError(`output with shape [${self.sizes.join(", ")}] doesn't match the broadcast shape [${result.sizes.join(", ")}]`);
    }
    const { lift } = result;
    const value = lift !== null && lift.level === this ? moveDim(lift.value, lift.dim, target.dim) : result.unsqueeze(target.dim);
    target.value.copy_(value);
  }

  adopt(self: Tensor, op: string): void {
    if (levelOf(self) !== this) throw unbatchedTarget(op, self, this);
  }

  detached(lift: Lift): Tensor {
    return lifted(this, lift.value.detach(), lift.dim);
  }

  dataOf(): never {
    throw new RuntimeError("accessing `data` under vmap transform is not allowed");
  }

  dual(primal: Tensor, tangent: Tensor, make: (primal: Tensor, tangent: Tensor) => Tensor): Tensor {
    const whole = (t: Tensor): Tensor => {
      if (levelOf(t) === this) return moveDim(t.lift!.value, t.lift!.dim, 0);
      return t.unsqueeze(0).expand([this.size, ...t.sizes]);
    };
    return lifted(this, make(whole(primal), whole(tangent)), 0);
  }

  call(name: string, inputs: Inputs, run: (inputs: Inputs) => unknown): unknown {
    if (isRandom(name)) {
      // what was drawn has no derivative: the levels above see that the tensor is overwritten
      const { self } = inputs;
      const below = mapTensors(inputs, this.#below);
      if (name.endsWith("_") && self instanceof Tensor && below.self !== self) {
        self.zero_();
        drawBatch(this, name, below, run);
        return self;
      }
      return drawBatch(this, name, below, run);
    }
    if (inputs.self instanceof Tensor && levelOf(this.#below(inputs.self)) === this) {
      const below = { ...inputs, self: this.#below(inputs.self) };
      if (LIKE.has(name)) return this.#like(below, run);
      if (name === "new_empty_strided") return this.#strided(below as Inputs & { self: Tensor; size: number[]; stride: number[] }, run);
    }
    const mine = highestLevel(inputs) === this;
    if (mine) {
      if (name === "nonzero" || name === "argwhere") throw dynamicShape("nonzero");
      if (name === "allclose") {
        throw new BatchedAccess("vmap over torch.allclose isn't supported yet. Please voice your support over at github.com/pytorch/functorch/issues/275");
      }
      if (name === "equal") throw new BatchedAccess("Batching rule not implemented for aten::equal. We could not generate a fallback.");
    }
    try {
      return run(inputs);
    } catch (error) {
      // a derivative's formula may write into what it has made itself
      const possible = error instanceof BatchedAccess || (name === "" && error instanceof UnbatchedTarget);
      if (!mine || !possible) throw error;
      return this.#perExample(inputs, run, error, name.endsWith("_") ? inputs.self : undefined);
    }
  }

  /** What a tensor stands for to the levels above this one. */
  readonly #below = (t: Tensor): Tensor => {
    let at = t;
    while (at.lift !== null && at.lift.level.serial > this.serial) at = at.lift.value;
    return at;
  };

  /** What `run` makes of the examples one by one, stacked; `self` is what a change in place returns. */
  #perExample(inputs: Inputs, run: (inputs: Inputs) => unknown, reason: RuntimeError | null, self?: unknown): unknown {
    const results: unknown[] = [];
    for (let i = 0; i < this.size; i++) {
      results.push(run(mapTensors(inputs, (t) => t.lift !== null && t.lift.level === this ? t.lift.value.select(t.lift.dim, i) : t)));
    }
    if (self !== undefined) return self;
    if (results.length === 0) throw new RuntimeError("vmap: cannot run example by example over a batch without examples");
    const join = (values: readonly unknown[]): unknown => {
      const [first] = values;
      if (first instanceof Tensor) return lifted(this, stack(values as Tensor[]), 0);
      if (Array.isArray(first)) {
        const joined = first.map((_, k) => join(values.map((v) => (v as unknown[])[k])));
        return first.every((t) => t instanceof Tensor) ? relist(first, (t) => joined[first.indexOf(t)] as Tensor) : joined;
      }
      if (values.every((v) => v === null)) return null;
      throw reason ?? new RuntimeError("vmap: the results of the examples cannot be stacked");
    };
    return join(results);
  }

  #like(inputs: Inputs & { self: Tensor }, run: (inputs: Inputs) => unknown): Tensor {
    const { value, dim } = inputs.self.lift!;
    const one = run({ ...inputs, self: this.size === 0 ? value.new_empty([...inputs.self.sizes]) : value.select(dim, 0) }) as Tensor;
    return lifted(this, one.unsqueeze(0).expand([this.size, ...one.sizes]).clone({ memory_format: "torch.contiguous_format" }), 0);
  }

  /** Each example gets memory of the strides asked for. */
  #strided(inputs: Inputs & { self: Tensor; size: number[]; stride: number[] }, run: (inputs: Inputs) => unknown): Tensor {
    const { self, size, stride } = inputs;
    const each = requiredStorage(size, stride, 0);
    return lifted(this, run({ ...inputs, self: self.lift!.value, size: [this.size, ...size], stride: [each, ...stride] }) as Tensor, 0);
  }

  describe(lift: Lift): string {
    return `BatchedTensor(lvl=${this.depth}, bdim=${lift.dim}, value=\n${indented(lift.value)}\n)`;
  }
}
