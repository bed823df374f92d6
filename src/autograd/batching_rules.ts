/**
 * How ops run on whole batches: for each op, by the name of its node, a function that gives the results for all examples, numbered
 * by the first dimension, or null where only the examples one by one will do. Element-wise ops need no rule.
 */
import { wrapDim, wrapDims } from "../layout.ts";
import { where } from "../ops/select.ts";
import { Tensor } from "../tensor.ts";
import { type Batch, dynamicShape } from "./batch.ts";
import { contractionRules } from "./batching_contractions.ts";
import { indexingRules } from "./batching_indexing.ts";
import type { Inputs } from "./transforms.ts";

/** Gives the results for all examples, or null. */
export type BatchingRule = (batch: Batch) => Tensor | Tensor[] | null;

const rules: Record<string, BatchingRule> = { ...contractionRules, ...indexingRules };

function add(names: string, rule: BatchingRule): void {
  for (const name of names.split(" ")) rules[name] = rule;
}

/** The input that is called `key`, if it alone stands for a batch. */
const alone = (batch: Batch, key = "self"): Tensor | null => batch.onlySelf(key) ? batch.inputs[key] as Tensor : null;

// -- the same op, a dimension further on -----------------------------------------------------------------------------

/** An op of one tensor along the dimensions that these parameters name. Those of a 0-d tensor are imaginary: it goes example by example. */
const along = (...names: string[]): BatchingRule => (batch) => {
  const self = alone(batch);
  if (self === null || self.sizes.length === 0) return null;
  const rank = self.sizes.length;
  const changes: Inputs = { self: batch.front(self) };
  for (const name of names) {
    const dim = batch.inputs[name] as number | number[];
    changes[name] = Array.isArray(dim) ? dim.map((d) => batch.shifted(d, rank)) : batch.shifted(dim, rank);
  }
  return batch.run(changes);
};

add(
  "SelectBackward0 SliceBackward0 CumsumBackward0 CumprodBackward0 LogcumsumexpBackward0 CummaxBackward0 CumminBackward0 ProdBackward1 SoftmaxBackward0",
  along("dim"),
);
add("LogSoftmaxBackward0 MaxBackward0 MinBackward0 SortBackward0 SortBackward1 TopkBackward0 KthvalueBackward0 ModeBackward0 MedianBackward1", along("dim"));
add("NanmedianBackward1 UnbindBackward0 SplitBackward0 SplitWithSizesBackward0 UnsafeSplitBackward0 UnsafeSplitWithSizesBackward0 GluBackward0", along("dim"));
add("SqueezeBackward1 SqueezeBackward2 SqueezeBackward4 SqueezeBackward5", along("dim"));
add("FlipBackward0", along("dims"));
add("DiagonalBackward0 DiagonalBackward0_copy", along("dim1", "dim2"));
add("UnfoldBackward0", along("dimension"));
add("TransposeBackward0 TransposeBackward1", along("dim0", "dim1"));
add("RollBackward0", (batch) => (batch.inputs.dims as number[]).length === 0 ? null : along("dims")(batch));

/** An op whose result has the dimensions that these parameters name, in addition to those of the tensor. */
const adding = (extra: number, ...names: string[]): BatchingRule => (batch) => {
  const self = alone(batch);
  if (self === null) return null;
  const changes: Inputs = { self: batch.front(self) };
  for (const name of names) changes[name] = batch.shifted(batch.inputs[name] as number, self.sizes.length + extra);
  return batch.run(changes);
};

add("UnsqueezeBackward0 UnsqueezeBackward1 DiagEmbedBackward0", adding(1, "dim"));
rules.DiagEmbedBackward0 = adding(1, "dim1", "dim2");

/** A reduction over several dimensions, null and none standing for all. */
const reducing: BatchingRule = (batch) => {
  const self = alone(batch);
  if (self === null) return null;
  const rank = self.sizes.length;
  const all = batch.front(self);
  if (rank === 0) return batch.run({ self: all.unsqueeze(1), dim: [1], keepdim: false });
  return batch.run({ self: all, dim: wrapDims(batch.inputs.dim as number[] | null, rank).map((d) => d + 1) });
};
add("SumBackward1 MeanBackward1 NansumBackward0 AmaxBackward0 AminBackward0 StdBackward0 VarBackward0 StdMeanBackward0 VarMeanBackward0", reducing);
add("LinalgVectorNormBackward0 LogsumexpBackward0 NormBackward1", reducing);

/** A reduction over everything: one over the only dimension that is left of each example. */
const flat = (reduce: (rows: Tensor, inputs: Inputs) => Tensor): BatchingRule => (batch) => {
  const self = alone(batch);
  return self === null ? null : reduce(batch.front(self).reshape([batch.size, self.count]), batch.inputs);
};
rules.SumBackward0 = flat((rows, { dtype }) => rows.sum(1, { dtype: dtype as never }));
rules.MeanBackward0 = flat((rows, { dtype }) => rows.mean(1, { dtype: dtype as never }));
rules.ProdBackward0 = flat((rows, { dtype }) => rows.prod(1, { dtype: dtype as never }));
rules.MaxBackward1 = flat((rows) => rows.amax(1));
rules.MinBackward1 = flat((rows) => rows.amin(1));

/** An op that leaves leading dimensions alone: of matrices, of copies, and those that count dimensions from the last. */
const leading = (key = "self"): BatchingRule => (batch) => {
  const self = alone(batch, key);
  return self === null ? null : batch.run({ [key]: batch.front(self) });
};
add(
  "CloneBackward0 ToCopyBackward0 AliasBackward0 TrilBackward0 TriuBackward0 ZeroBackward0 ConstantPadNdBackward0 NanToNumBackward0",
  leading(),
);
add("LinalgMatrixExpBackward0 CholeskyBackward0 CholeskyInverseBackward0 LinalgCholeskyExBackward0 FillBackward0 FillBackward2", leading());
add("LinalgDetBackward0 LinalgSlogdetBackward0 LinalgInvExBackward0 LinalgSvdBackward0 LinalgEighBackward0 LinalgQrBackward0", leading("A"));

// -- views -----------------------------------------------------------------------------------------------------------

/** A view of a given shape. */
const shaped = (all: (batch: Batch, self: Tensor) => Inputs): BatchingRule => (batch) => {
  const self = alone(batch);
  return self === null ? null : batch.run({ self: batch.front(self), ...all(batch, self) });
};
const inSize = (batch: Batch): number[] => [batch.size, ...batch.inputs.size as number[]];
add("ViewBackward0 UnsafeViewBackward0", shaped((batch) => ({ size: inSize(batch) })));
rules.ReshapeAliasBackward0 = shaped((batch, self) => ({ size: inSize(batch), stride: [batch.front(self).strides[0], ...batch.inputs.stride as number[]] }));
rules.ExpandBackward0 = shaped((batch, self) => ({ self: batch.aligned(self, (batch.inputs.size as number[]).length), size: inSize(batch) }));
rules.PermuteBackward0 = shaped((batch, self) => ({ dims: [0, ...(batch.inputs.dims as number[]).map((d) => batch.shifted(d, self.sizes.length))] }));
rules.RepeatBackward0 = shaped((batch, self) => ({
  self: batch.aligned(self, (batch.inputs.repeats as number[]).length),
  repeats: [1, ...batch.inputs.repeats as number[]],
}));
const flipped = (batch: Batch): Tensor | null => {
  const self = alone(batch);
  return self === null ? null : batch.front(self).transpose(1, self.sizes.length < 2 ? Math.min(1, self.sizes.length) : 2);
};
add("TBackward0 TBackward1", (batch) => (alone(batch)?.sizes.length ?? 0) === 0 ? null : flipped(batch));
add("SqueezeBackward0 SqueezeBackward3", (batch) => {
  const self = alone(batch);
  return self === null ? null : batch.front(self).squeeze([...self.sizes.keys()].filter((d) => self.sizes[d] === 1).map((d) => d + 1));
});
/** Memory as strides name it: each example's begins where the example does. */
rules.AsStridedBackward0 = (batch) => {
  const self = alone(batch);
  if (self === null) return null;
  const all = batch.front(self), own = all.offset - all.store.base;
  return all.as_strided(inSize(batch), [all.strides[0], ...batch.inputs.stride as number[]], (batch.inputs.storage_offset as number | null) ?? own);
};

rules.AsStridedScatterBackward0 = (batch) => {
  const { self, src, stride, storage_offset } = batch.inputs as { self: Tensor; src: Tensor; stride: number[]; storage_offset: number | null };
  const own = self.offset - self.store.base, { length } = self.store;
  let all: Tensor;
  if (batch.isBatched(self)) all = batch.front(self);
  else {
    const memory = self.as_strided([length], [1], 0).expand([batch.size, length]).clone({ memory_format: "torch.contiguous_format" });
    all = memory.as_strided([batch.size, ...self.sizes], [length, ...self.strides], own);
  }
  return batch.run({ self: all, src: batch.whole(src), size: inSize(batch), stride: [all.strides[0], ...stride], storage_offset: storage_offset ?? own });
};

// -- gradients of views and of softmax -------------------------------------------------------------------------------

const placed = (key: string, ...names: string[]): BatchingRule => (batch) => {
  const grad = alone(batch, key);
  const sizes = batch.inputs.input_sizes as number[];
  if (grad === null || sizes.length === 0) return null;
  const changes: Inputs = { [key]: batch.front(grad), input_sizes: [batch.size, ...sizes] };
  for (const name of names) changes[name] = batch.shifted(batch.inputs[name] as number, sizes.length);
  return batch.run(changes);
};
add("SelectBackwardBackward0 SliceBackwardBackward0", placed("grad_output", "dim"));
rules.DiagonalBackwardBackward0 = placed("grad_output", "dim1", "dim2");
rules.UnfoldBackwardBackward0 = placed("grad_in", "dimension");

add("SoftmaxBackwardDataBackward0 LogSoftmaxBackwardDataBackward0", (batch) => {
  const grad = batch.inputs.grad_output as Tensor, output = batch.inputs.output as Tensor;
  if (output.sizes.length === 0) return null;
  return batch.run({ grad_output: batch.whole(grad), output: batch.whole(output), dim: batch.shifted(batch.inputs.dim as number, output.sizes.length) });
});

// -- several tensors -------------------------------------------------------------------------------------------------

const joined = (extra: number): BatchingRule => (batch) => {
  const all = batch.inputs.tensors as Tensor[];
  // a vector without elements may stand for any shape
  const tensors = extra === 1 ? all : all.filter((t) => t.sizes.length !== 1 || t.sizes[0] !== 0);
  if (tensors.length === 0) return null;
  return batch.run({ tensors: tensors.map((t) => batch.whole(t)), dim: wrapDim(batch.inputs.dim as number, tensors[0].sizes.length + extra) + 1 });
};
rules.CatBackward0 = joined(0);
rules.StackBackward0 = joined(1);

rules.MaskedFillBackward1 = (batch) => {
  const { self, mask, value } = batch.inputs as { self: Tensor; mask: Tensor; value: Tensor };
  const rank = Math.max(self.sizes.length, mask.sizes.length);
  return where(batch.aligned(mask, rank), batch.aligned(value, rank).to(self.dtype), batch.aligned(self, rank));
};

/** A tensor filled with a value that is another one in each example. */
add("FillBackward1 FillBackward3", (batch) => {
  const { self, value } = batch.inputs as { self: Tensor; value: Tensor };
  if (!batch.isBatched(value)) return batch.run({ self: batch.front(self) });
  return batch.aligned(value, self.sizes.length).to(self.dtype).expand([batch.size, ...self.sizes]).clone({ memory_format: "torch.contiguous_format" });
});

/** Ops whose result has a shape that depends on values. */
const dynamic = (name: string): BatchingRule => () => {
  throw dynamicShape(name);
};
rules.MaskedSelectBackward0 = (batch) => batch.isBatched(batch.inputs.mask) ? dynamic("masked_select")(batch) : null;
rules.Unique2Backward0 = dynamic("_unique2");
rules.UniqueDimBackward0 = dynamic("unique_dim");
rules.UniqueConsecutiveBackward0 = dynamic("unique_consecutive");

// -- losses ----------------------------------------------------------------------------------------------------------

/** Loss of pairs: computed element by element, then summed or averaged within each example. */
add("MseLossBackward0 SmoothL1LossBackward0 HuberLossBackward0", (batch) => {
  const { self, target, reduction } = batch.inputs as { self: Tensor; target: Tensor; reduction: number };
  const rank = Math.max(self.sizes.length, target.sizes.length);
  const each = batch.run({ self: batch.aligned(self, rank), target: batch.aligned(target, rank), reduction: 0 }) as Tensor;
  if (reduction === 0) return each;
  const rows = each.reshape([batch.size, Math.max(self.count, target.count)]);
  return reduction === 1 ? rows.mean(1) : rows.sum(1);
});

/** The rules by the names of nodes. */
export const batchingRules: ReadonlyMap<string, BatchingRule> = new Map(Object.entries(rules));
