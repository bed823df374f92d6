/**
 * Products of matrices, and convolutions, on whole batches.
 */
import { Tensor } from "../tensor.ts";
import type { Batch } from "./batch.ts";

/** The batches of matrices of two inputs multiplied: the product of `matmul`, which broadcasts over leading dimensions. */
const product = (batch: Batch, a: Tensor, b: Tensor): Tensor => batch.aligned(a, a.sizes.length).matmul(batch.aligned(b, b.sizes.length));

/** A product with a vector: of batches of matrices and vectors with as many as there are. */
function productWithVector(batch: Batch, matrix: Tensor, vec: Tensor): Tensor {
  if (!batch.isBatched(vec)) return batch.front(matrix).matmul(vec);
  const vectors = batch.front(vec);
  return batch.isBatched(matrix) ? batch.front(matrix).bmm(vectors.unsqueeze(2)).squeeze(2) : vectors.mm(matrix.t());
}

function inner(batch: Batch, a: Tensor, b: Tensor): Tensor {
  if (!batch.isBatched(a)) return batch.front(b).mv(a);
  if (!batch.isBatched(b)) return batch.front(a).mv(b);
  return batch.front(a).unsqueeze(1).bmm(batch.front(b).unsqueeze(2)).reshape([batch.size]);
}

/** `beta * self + alpha * product`. */
function fused(batch: Batch, self: Tensor, value: Tensor): Tensor {
  const beta = Number(batch.inputs.beta), alpha = Number(batch.inputs.alpha);
  const scaled = alpha === 1 ? value : value.mul(alpha);
  if (beta === 0) return scaled;
  const added = batch.aligned(self, value.sizes.length - 1);
  return (beta === 1 ? added : added.mul(beta)).add(scaled);
}

type Settings = { stride: number[]; padding: number[]; dilation: number[]; transposed: boolean; output_padding: number[]; groups: number };

/** [N, b, c, ...] as [b, N c, ...]: the examples side by side, as groups of channels. */
const asChannels = (all: Tensor): Tensor => all.transpose(0, 1).reshape([all.sizes[1], all.sizes[0] * all.sizes[2], ...all.sizes.slice(3)]);
/** [N, b, ...] as [N b, ...]: the examples one after the other. */
const asRows = (all: Tensor): Tensor => all.reshape([all.sizes[0] * all.sizes[1], ...all.sizes.slice(2)]);
/** [b, N c, ...] as [N, b, c, ...]. */
const fromChannels = (t: Tensor, n: number): Tensor => t.reshape([t.sizes[0], n, t.sizes[1] / n, ...t.sizes.slice(2)]).transpose(0, 1);
/** [N c, ...] as [N, c, ...]. */
const fromRows = (t: Tensor, n: number): Tensor => t.reshape([n, t.sizes[0] / n, ...t.sizes.slice(1)]);

/** An input that is the same for all examples is shared; a weight of each example makes a group of channels of it. */
function convolution(batch: Batch): Tensor | null {
  const { input, weight, bias, groups } = batch.inputs as Settings & { input: Tensor; weight: Tensor; bias: Tensor | null };
  const n = batch.size;
  if (n === 0) return null;
  const added = (out: Tensor): Tensor =>
    bias === null ? out : out.add(batch.aligned(bias, 1).reshape([...(batch.isBatched(bias) ? [n] : []), 1, -1, ...new Array(input.sizes.length - 2).fill(1)]));
  const changes = { bias: null, bias_sym_sizes_opt: null };
  if (!batch.isBatched(weight)) {
    if (batch.isBatched(input)) return added(fromRows(batch.run({ ...changes, input: asRows(batch.front(input)) }) as Tensor, n));
    return added((batch.run({ ...changes }) as Tensor).unsqueeze(0));
  }
  const out = batch.run({ ...changes, input: asChannels(batch.whole(input)), weight: asRows(batch.front(weight)), groups: groups * n }) as Tensor;
  return added(fromChannels(out, n));
}

/** The same for one of its gradients: each example is a group of channels. */
function convolutionBackward(batch: Batch): Tensor | null {
  const { grad_output, input, weight, groups, of } = batch.inputs as Settings & { grad_output: Tensor; input: Tensor; weight: Tensor; of: string };
  const n = batch.size;
  if (n === 0) return null;
  if (of === "bias") return batch.isBatched(grad_output) ? batch.front(grad_output).transpose(1, 2).reshape([n, grad_output.sizes[1], -1]).sum(2) : null;
  if (of === "input" && !batch.isBatched(weight)) {
    if (!batch.isBatched(grad_output)) return null;
    // what the input is does not matter here, but its shape does
    const out = batch.run({ grad_output: asRows(batch.front(grad_output)), input: asRows(batch.whole(input)) }) as Tensor;
    return fromRows(out, n);
  }
  const out = batch.run({
    grad_output: asChannels(batch.whole(grad_output)),
    input: asChannels(batch.whole(input)),
    weight: asRows(batch.whole(weight)),
    groups: groups * n,
  }) as Tensor;
  return of === "input" ? fromChannels(out, n) : fromRows(out, n);
}

/** The rules by the names of nodes. */
export const contractionRules: Record<string, (batch: Batch) => Tensor | null> = {
  MmBackward0: (batch) => product(batch, batch.inputs.self as Tensor, batch.inputs.mat2 as Tensor),
  BmmBackward0: (batch) => product(batch, batch.inputs.self as Tensor, batch.inputs.mat2 as Tensor),
  MvBackward0: (batch) => productWithVector(batch, batch.inputs.self as Tensor, batch.inputs.vec as Tensor),
  DotBackward0: (batch) => inner(batch, batch.inputs.self as Tensor, batch.inputs.tensor as Tensor),
  VdotBackward0: (batch) => inner(batch, batch.inputs.self as Tensor, batch.inputs.other as Tensor),
  AddmmBackward0: (batch) => {
    const { self, mat1, mat2 } = batch.inputs as Record<string, Tensor>;
    return batch.isBatched(mat1) || batch.isBatched(mat2) ? fused(batch, self, product(batch, mat1, mat2)) : fused(batch, self, mat1.mm(mat2).unsqueeze(0));
  },
  BaddbmmBackward0: (batch) => {
    const { self, batch1, batch2 } = batch.inputs as Record<string, Tensor>;
    return batch.isBatched(batch1) || batch.isBatched(batch2)
      ? fused(batch, self, product(batch, batch1, batch2))
      : fused(batch, self, batch1.bmm(batch2).unsqueeze(0));
  },
  AddmvBackward0: (batch) => {
    const { self, mat, vec } = batch.inputs as Record<string, Tensor>;
    return batch.isBatched(mat) || batch.isBatched(vec) ? fused(batch, self, productWithVector(batch, mat, vec)) : fused(batch, self, mat.mv(vec).unsqueeze(0));
  },
  ConvolutionBackward0: convolution,
  ConvolutionBackwardBackward0: convolutionBackward,
};
