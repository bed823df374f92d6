/**
 * Slices of one tensor reduced into slices of another.
 */
import { bool } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import type { Combine } from "../kernels/indexing.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, type InplaceOp, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { checkSource, fillSlices, sizeAt, type SourceInputs } from "./index_select.ts";
import { neutralElement } from "./neutral.ts";
import { placeSlices } from "./places.ts";
import { gradientOfSelf, gradientOfSource, type Route } from "./reduced_gradients.ts";

type ReduceInputs = SourceInputs & { reduce: string; include_self: boolean };
const REDUCTIONS: Record<string, Combine> = { prod: "mul", mean: "add", amax: "amax", amin: "amin" };

function reduceSlices(self: Tensor, { index, source, reduce, include_self }: ReduceInputs, at: number, picked: Int32Array): void {
  const combine = REDUCTIONS[reduce];
  if (self.count === 0 || source.count === 0) return;
  if (!include_self) fillSlices(self, neutralElement(combine, self.dtype), at, picked);
  const dense = asContiguous(source);
  placeSlices(self, at, picked, dense.store.data, dense.offset, combine);
  if (reduce !== "mean") return;
  const counts = Tensor.make([sizeAt(self, at)], self.dtype);
  if (include_self) counts.fill_(1);
  counts.index_add_(0, index, source.new_ones([picked.length]));
  counts.masked_fill_(counts.eq(0), 1);
  const shape = self.sizes.map((_, d) => d === at ? -1 : 1);
  const each = counts.view(shape);
  self.copy_(self.dtype.is_floating_point ? self.div(each) : self.div(each, { rounding_mode: "floor" }));
}

const indexReduce = new Primitive<ReduceInputs>({
  name: "IndexReduceBackward0",
  forward: (inputs) => {
    const { at, picked } = checkReduce(inputs);
    const out = inputs.self.clone({ memory_format: "torch.contiguous_format" });
    reduceSlices(out, inputs, at, picked);
    return out;
  },
  backward: {
    self: ({ grad, self, dim, index, source, reduce, include_self, result }) =>
      gradientOfSelf({ grad, self, source, reduce, include_self, result }, route(dim, index, include_self)),
    index: null,
    source: ({ grad, self, dim, index, source, reduce, include_self, result }) =>
      gradientOfSource({ grad, self, source, reduce, include_self, result }, route(dim, index, include_self)),
  },
});

const route = (dim: number, index: Tensor, include_self: boolean): Route => ({
  pick: (t) => t.index_select(dim, index),
  add: (t, source) => t.index_add(dim, index, source),
  clear: (t) => t.index_fill(dim, index, 0),
  multiply: (t, source) => t.index_reduce(dim, index, source, "prod", { include_self }),
});

function checkReduce(inputs: ReduceInputs): { at: number; picked: Int32Array } {
  const { reduce, self } = inputs;
  if (!(reduce in REDUCTIONS)) throw new RuntimeError(`index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got ${reduce}.`);
  warnOnce("index_reduce() is in beta and the API may change at any time. (Triggered internally at ./aten/src/ATen/native/TensorAdvancedIndexing.cpp:1218.)");
  if (self.dtype === bool) throw new RuntimeError(`"index_func_" not implemented for 'Bool'`);
  return checkSource("index_reduce", inputs);
}

/** Named arguments of `index_reduce`. */
export interface IndexReduceOptions {
  /** The dimension along which slices are numbered. */
  dim: number;
  /** The numbers of the slices: int64 or int32. */
  index: Tensor;
  /** What is reduced into the slices. */
  source: Tensor;
  /** The reduction. */
  reduce: "prod" | "mean" | "amax" | "amin";
  /** Whether the elements of `self` take part. */
  include_self?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** `index_reduce`: a copy with slices combined at the indices of a dimension. */
export type IndexReduce = InplaceOp<IndexReduceOptions, [dim: number, index: Tensor, source: Tensor, reduce: "prod" | "mean" | "amax" | "amin"]>;

/** `self` with the slices of `source` multiplied into, averaged into, or compared with the slices that `index` names. */
export const index_reduce: IndexReduce = define<IndexReduce, ReduceInputs>(
  "index_reduce",
  "(Tensor input, int dim, Tensor index, Tensor source, str reduce, *, bool include_self = True, Tensor out = None)",
  (inputs) => indexReduce.apply(inputs),
  {
    inplace: (inputs) =>
      indexReduce.writeInto(inputs, (own: ReduceInputs) => {
        const { at, picked } = checkReduce(own);
        reduceSlices(own.self, own, at, picked);
      }),
  },
);
