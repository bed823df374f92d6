/**
 * Unit vectors for all elements of several tensors at once, as jacobians are computed by.
 */
import type { Tensor } from "../tensor.ts";

/** For each of the tensors a batch of tensors of its shape: those of all its elements in turn have a 1, and are zero while it is another tensor's turn. */
export function unitVectors(like: readonly Tensor[]): Tensor[] {
  const total = like.reduce((n, t) => n + t.count, 0);
  let start = 0;
  return like.map((t) => {
    const all = t.detach().new_zeros([total, t.count]);
    all.narrow(0, start, t.count).diagonal().fill_(1);
    start += t.count;
    return all.view([total, ...t.sizes]);
  });
}

/** A batch over all elements of some tensors, cut into what belongs to each of them. */
export function splitBatch(all: Tensor, like: readonly Tensor[]): Tensor[] {
  return all.split(like.map((t) => t.count), 0);
}
