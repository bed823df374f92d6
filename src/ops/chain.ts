/**
 * The product of a chain of matrices.
 */
import { RuntimeError } from "../errors.ts";
import type { Sizes } from "../layout.ts";
import type { Tensor } from "../tensor.ts";

const show = (sizes: Sizes) => `[${sizes.join(", ")}]`;

/** The order of a chain of products that takes the fewest multiplications: where each range of matrices is split. */
function bestSplits(sizes: readonly number[]): number[][] {
  const n = sizes.length - 1;
  const cost = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  const split = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let length = 1; length < n; length++) {
    for (let i = 0; i + length < n; i++) {
      const j = i + length;
      cost[i][j] = Infinity;
      for (let k = i; k < j; k++) {
        const c = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1];
        if (c >= cost[i][j]) continue;
        cost[i][j] = c;
        split[i][j] = k;
      }
    }
  }
  return split;
}

/** The product of a chain of matrices, in the cheapest order; the first and the last may be vectors. */
export function chainProduct(tensors: readonly Tensor[]): Tensor {
  const n = tensors.length;
  if (n < 2) throw new RuntimeError(`multi_dot(): expected at least 2 tensors but got ${n}`);
  const first = tensors[0], last = tensors[n - 1];
  const rank = (t: Tensor) => t.sizes.length;
  if (rank(first) !== 1 && rank(first) !== 2) throw new RuntimeError(`multi_dot(): the first tensor must be 1D or 2D but got ${rank(first)}D`);
  if (rank(last) !== 1 && rank(last) !== 2) throw new RuntimeError(`multi_dot(): the last tensor must be 1D or 2D but got ${rank(last)}D`);
  const shape = [...(rank(first) === 1 ? [] : [first.sizes[0]]), ...(rank(last) === 1 ? [] : [last.sizes[1]])];
  const chain = [...tensors];
  if (rank(first) === 1) chain[0] = first.unsqueeze(0);
  if (rank(last) === 1) chain[n - 1] = last.unsqueeze(-1);
  for (let i = 1; i < n - 1; i++) if (rank(chain[i]) !== 2) throw new RuntimeError(`multi_dot(): tensor ${i} must be 2D but got ${rank(chain[i])}D`);
  for (let i = 1; i < n; i++) {
    const a = chain[i - 1], b = chain[i];
    if (b.dtype !== first.dtype) {
      throw new RuntimeError(`multi_dot(): all tensors must have be the same dtype but tensor 0 is ${first.dtype.ctype} and tensor ${i} ${b.dtype.ctype}`);
    }
    if (a.sizes[1] !== b.sizes[0]) {
      throw new RuntimeError(`multi_dot(): tensors ${i - 1} and ${i} with shapes ${show(a.sizes)} and ${show(b.sizes)} cannot be multiplied`);
    }
  }
  const split = bestSplits([chain[0].sizes[0], ...chain.map((t) => t.sizes[1])]);
  const multiply = (i: number, j: number): Tensor => i === j ? chain[i] : multiply(i, split[i][j]).mm(multiply(split[i][j] + 1, j));
  return multiply(0, n - 1).view(shape);
}
