/**
 * The product of two tensors summed over some dimensions, as one product of stacks of matrices.
 */
import type { Tensor } from "../tensor.ts";

const count = (t: Tensor, dims: readonly number[]): number => dims.reduce((n, d) => n * t.sizes[d], 1);

/**
 * The sum over `dims` of `left * right`. Both have the same number of dimensions; sizes of 1 broadcast. The summed dimensions
 * stay, with size 1. Every other dimension stands in both tensors, in the left or in the right one only: so permuted, the
 * tensors are stacks of matrices, and `bmm` sums.
 */
export function sumproduct(left: Tensor, right: Tensor, dims: readonly number[]): Tensor {
  if (dims.length === 0) return left.mul(right);
  const both: number[] = [], first: number[] = [], second: number[] = [], summed: number[] = [];
  const output: number[] = [];
  for (let d = 0; d < left.sizes.length; d++) {
    const m = left.sizes[d], n = right.sizes[d];
    output.push(dims.includes(d) ? 1 : m === 1 ? n : m);
    if (dims.includes(d)) {
      summed.push(d);
      if (m !== 1 && n === 1) left = left.sum(d, true);
      else if (m === 1 && n !== 1) right = right.sum(d, true);
    } else if (m !== 1 && n !== 1) both.push(d);
    else if (m !== 1) first.push(d);
    else second.push(d);
  }
  const stacks = count(left, both);
  const a = left.permute([...both, ...first, ...summed, ...second]).reshape([stacks, count(left, first), count(left, summed)]);
  const b = right.permute([...both, ...summed, ...second, ...first]).reshape([stacks, count(right, summed), count(right, second)]);
  const order = [...both, ...first, ...summed, ...second];
  const back = order.map((_, d) => order.indexOf(d));
  return a.bmm(b).view(order.map((d) => output[d])).permute(back);
}
