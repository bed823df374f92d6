/**
 * Reading and writing at indices, on whole batches.
 */
import { int64 } from "../dtype.ts";
import { wrapDim } from "../layout.ts";
import { arange } from "../ops/ranges.ts";
import { Tensor } from "../tensor.ts";
import type { Batch } from "./batch.ts";
import { BatchedAccess } from "./transforms.ts";

/** An op along `dim` that takes tensors of one rank, one element of each for one of every other: of all examples at once. */
const elementsAlong = (...keys: string[]) => (batch: Batch): Tensor | Tensor[] | null => {
  const rank = (batch.inputs[keys[0]] as Tensor).sizes.length;
  if (keys.some((k) => batch.inputs[k] instanceof Tensor && batch.inputs[k].sizes.length !== rank) || rank === 0) return null;
  const whole = Object.fromEntries(keys.flatMap((k) => batch.inputs[k] instanceof Tensor ? [[k, batch.whole(batch.inputs[k])]] : []));
  return batch.run({ ...whole, dim: batch.shifted(batch.inputs.dim as number, rank) });
};

/** Slices along `dim` at indices that are the same for all examples. */
const slicesAlong = (...keys: string[]) => (batch: Batch): Tensor | Tensor[] | null => {
  const rank = (batch.inputs.self as Tensor).sizes.length;
  if (batch.isBatched(batch.inputs.index) || rank === 0 || keys.some((k) => (batch.inputs[k] as Tensor).sizes.length !== rank)) return null;
  const whole = Object.fromEntries(keys.map((k) => [k, batch.whole(batch.inputs[k] as Tensor)]));
  return batch.run({ ...whole, dim: batch.shifted(batch.inputs.dim as number, rank), ...("source_dim" in batch.inputs ? { source_dim: rank + 1 } : {}) });
};

function indexSelect(batch: Batch): Tensor | Tensor[] | null {
  const self = batch.inputs.self as Tensor, index = batch.inputs.index as Tensor;
  if (!batch.isBatched(index)) return slicesAlong("self")(batch);
  if (self.sizes.length === 0 || index.sizes.length !== 1) return null;
  const dim = wrapDim(batch.inputs.dim as number, self.sizes.length);
  const n = index.sizes[0];
  if (!batch.isBatched(self)) {
    const picked = self.index_select(dim, batch.front(index).reshape(-1));
    return picked.unflatten(dim, [batch.size, n]).movedim(dim, 0);
  }
  const shape = [batch.size, ...self.sizes.map((_, d) => d === dim ? n : 1)];
  const sizes = [batch.size, ...self.sizes.map((size, d) => d === dim ? n : size)];
  return batch.front(self).gather(dim + 1, batch.front(index).to(int64).reshape(shape).expand(sizes));
}

type Indices = (Tensor | null)[];

/** Indices for all examples: each picks, or writes, among its own elements. `moves` says where the index dimensions of the result are to be brought. */
function wholeIndices(batch: Batch, indices: Indices): { indices: Indices; from: number; to: number; count: number } {
  const used = indices.filter((t) => t !== null);
  const count = Math.max(...used.map((t) => t.sizes.length));
  const places = [...indices.keys()].filter((i) => indices[i] !== null);
  const together = places.every((p, i) => p === places[0] + i);
  if (!used.some((t) => batch.isBatched(t))) {
    // apart, the dimensions of the indices come first, before that of the examples
    return { indices: [null, ...indices], from: together ? -1 : 0, to: 1, count };
  }
  const each = arange(batch.size).reshape([batch.size, ...new Array<number>(count).fill(1)]);
  return {
    indices: [each, ...indices.map((t) => t === null ? null : batch.aligned(t, count))],
    from: together && places[0] > 0 ? 1 : -1,
    to: 1 + places[0],
    count,
  };
}

const isMask = (t: Tensor): boolean => t.dtype.category === "bool" || t.dtype.name === "uint8";

function index(batch: Batch): Tensor | null {
  const self = batch.inputs.self as Tensor, given = batch.inputs.indices as Indices;
  const used = given.filter((t) => t !== null);
  if (used.some((t) => isMask(t) && batch.isBatched(t))) {
    throw new BatchedAccess(
      "vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing with a boolean mask.",
    );
  }
  if (used.length === 0 || used.some(isMask)) return null;
  const { indices, from, to, count } = wholeIndices(batch, given);
  const out = batch.run({ self: batch.whole(self), indices }) as Tensor;
  if (from < 0) return out;
  const dims = (start: number) => Array.from({ length: count }, (_, i) => start + i);
  return out.movedim(dims(from), dims(to));
}

function indexPut(batch: Batch): Tensor | null {
  const { self, values, indices: given } = batch.inputs as { self: Tensor; values: Tensor; indices: Indices };
  const used = given.filter((t) => t !== null);
  if (used.length === 0 || used.some(isMask)) return null;
  const { indices, from, to, count } = wholeIndices(batch, given);
  const shape = given.reduce((rank, t) => rank - (t === null ? 0 : 1), self.sizes.length) + count;
  if (from >= 0 && values.sizes.length > 0) {
    // the values stand in the order of the result for one example
    const dims = (start: number) => Array.from({ length: count }, (_, i) => start + i);
    const full = batch.isBatched(values)
      ? batch.aligned(values, shape)
      : values.reshape([1, ...new Array<number>(shape - values.sizes.length).fill(1), ...values.sizes]);
    return batch.run({ self: batch.whole(self), indices, values: full.movedim(dims(to), dims(from)) }) as Tensor;
  }
  return batch.run({ self: batch.whole(self), indices, values: batch.aligned(values, shape) }) as Tensor;
}

/** Rows of a table that is the same for all examples. */
function embedding(batch: Batch): Tensor | Tensor[] | null {
  const { weight, indices } = batch.inputs as { weight: Tensor; indices: Tensor };
  return batch.isBatched(weight) ? null : batch.run({ indices: batch.front(indices) });
}

/** The rules by the names of nodes. */
export const indexingRules: Record<string, (batch: Batch) => Tensor | Tensor[] | null> = {
  IndexSelectBackward0: indexSelect,
  GatherBackward0: elementsAlong("self", "index"),
  ScatterBackward0: elementsAlong("self", "index", "src"),
  ScatterBackward1: elementsAlong("self", "index"),
  ScatterAddBackward0: elementsAlong("self", "index", "src"),
  ScatterReduceBackward0: elementsAlong("self", "index", "src"),
  IndexAddBackward0: slicesAlong("self", "source"),
  IndexCopyBackward0: slicesAlong("self", "source"),
  IndexFillBackward0: slicesAlong("self"),
  IndexBackward0: index,
  IndexPutBackward0: indexPut,
  EmbeddingBackward0: embedding,
};
