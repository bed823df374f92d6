/**
 * Whole slices along one dimension, read and written by number.
 */
import { bool, type DType, int32, int64, type TypedArray } from "../dtype.ts";
import { IndexError, RuntimeError } from "../errors.ts";
import { pick } from "../kernels/indexing.ts";
import { sameSizes, type Sizes, wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { asContiguous, toScalar } from "./elementwise.ts";
import { longTensor } from "./nonzero.ts";
import { aroundDim, indicesOf, placeSlices, slicePlaces } from "./places.ts";
import type { Num } from "./promotion.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;
/** The size along `dim`; of a 0-d tensor 1. */
export const sizeAt = (t: Tensor, dim: number): number => t.sizes.length === 0 ? 1 : t.sizes[dim];
const isIndexType = (dtype: DType) => dtype === int64 || dtype === int32;

/** The error of the ops that word it without a number. */
const outOfRange = () => new IndexError("index out of range in self");

/** Named arguments of `index_select`. */
export interface IndexSelectOptions {
  /** The dimension along which slices are numbered. */
  dim: number;
  /** The numbers of the slices: int64 or int32, 1-d or 0-d. */
  index: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/** `index_select`: the slices at the indices of a dimension. */
export type SelectOp = Op<IndexSelectOptions, [dim: number, index: Tensor]>;

/** The slices of `self` along `dim` that `index` names, in its order. The gradient of each result slice adds to the slice it came from. */
export const index_select: SelectOp = define<SelectOp, { self: Tensor; dim: number; index: Tensor }>(
  "index_select",
  ["(Tensor input, int dim, Tensor index, *, Tensor out = None)", "(Tensor input, name dim, Tensor index, *, Tensor out = None)"],
  {
    forward: ({ self, dim, index }) => {
      const at = wrapDim(dim, self.sizes.length);
      if (index.sizes.length > 1) throw new IndexError("index_select(): Index is supposed to be a vector");
      if (self.sizes.length === 0 && index.count !== 1) {
        throw new RuntimeError(`index_select(): Index to scalar can have only 1 value, got ${index.count} value(s)`);
      }
      if (!isIndexType(index.dtype)) throw new RuntimeError("index_select(): Expected dtype int32 or int64 for index");
      const n = sizeAt(self, at);
      const sizes = self.sizes.map((s, d) => d === at ? index.count : s);
      if (n === 0 && sizes.every((s) => s > 0)) throw new RuntimeError("index_select(): self indexing axis dim should be positive");
      const picked = indicesOf(index, 0, n, outOfRange);
      const out = Tensor.make(sizes, self.dtype);
      const { before, after } = aroundDim(self, at);
      pick(out.store.data, self.store.data, self.offset, before, slicePlaces(self, at, picked), after);
      return out;
    },
    backward: {
      self: ({ grad, self_sizes, dim, index }) => grad.new_zeros(self_sizes).index_add(dim, index, grad),
      index: null,
    },
  },
);

// -- adding and copying ----------------------------------------------------------------------------------------------

/** What ops that bring slices of a source into a tensor take. */
export type SourceInputs = { self: Tensor; dim: number; index: Tensor; source: Tensor };

/** What `index_add` and `index_reduce` ask of their arguments; gives the dimension and the indices. */
export function checkSource(name: string, { self, dim, index, source }: SourceInputs): { at: number; picked: Int32Array } {
  const at = wrapDim(dim, self.sizes.length);
  if (index.sizes.length > 1) {
    throw new IndexError(
      `${name}_(): Index is supposed to be a vector, but got dim: ${index.sizes.length} with type: ${index.dtype.scalar} and size: ${showSizes(index.sizes)}`,
    );
  }
  if (!isIndexType(index.dtype)) throw new RuntimeError(`${name}_(): Expected dtype int32/int64 for index but got: ${index.dtype.scalar}`);
  if (self.dtype !== source.dtype) {
    throw new RuntimeError(`${name}_(): self (${self.dtype.scalar}) and source (${source.dtype.scalar}) must have the same scalar type`);
  }
  if (at > 0 && at >= source.sizes.length) {
    throw new RuntimeError(`${name}_(): Indexing dim ${at} is out of bounds of the source tensor with dim ${source.sizes.length}`);
  }
  if (index.count !== sizeAt(source, at)) {
    throw new RuntimeError(`${name}_(): Number of indices (${index.count}) should be equal to source.size(dim): (${sizeAt(source, at)}), for dim: ${at}`);
  }
  const withoutDim = (t: Tensor) => t.sizes.filter((_, d) => d !== at);
  if (self.sizes.length !== source.sizes.length || !sameSizes(withoutDim(self), withoutDim(source))) {
    throw new RuntimeError(
      `source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = ${showSizes(self.sizes)} source.shape = ${
        showSizes(source.sizes)
      }`,
    );
  }
  const n = sizeAt(self, at);
  const error = (i: number) =>
    name === "index_add" && self.sizes.length > 1 ? new RuntimeError(`index ${i} is out of bounds for dimension ${at} with size ${n}`) : outOfRange();
  return { at, picked: indicesOf(index, 0, n, error) };
}

type AddInputs = SourceInputs & { alpha: number; source_dim: number };

function addSlices(self: Tensor, inputs: AddInputs, at: number, picked: Int32Array): void {
  const { source, alpha } = inputs;
  const dense = asContiguous(source);
  let data: TypedArray = dense.store.data, start = dense.offset;
  if (alpha !== 1) {
    const factor = toScalar(alpha, self.dtype);
    const scaled = self.dtype.allocate(dense.count), from = data;
    for (let i = 0; i < scaled.length; i++) scaled[i] = (from[start + i] as number) * (factor as number);
    data = scaled;
    start = 0;
  }
  placeSlices(self, at, picked, data, start, self.dtype === bool ? "or" : "add");
}

/** Named arguments of `index_add`. */
export interface IndexAddOptions {
  /** The dimension along which slices are numbered. */
  dim: number;
  /** The numbers of the slices to add to: int64 or int32. */
  index: Tensor;
  /** What is added, one slice an index. */
  source: Tensor;
  /** What `source` is multiplied by. */
  alpha?: Num;
  /** Takes the result. */
  out?: Tensor;
}

const indexAdd = new Primitive<AddInputs>({
  name: "IndexAddBackward0",
  forward: (inputs) => {
    const { at, picked } = checkSource("index_add", inputs);
    const out = inputs.self.clone({ memory_format: "torch.contiguous_format" });
    addSlices(out, inputs, at, picked);
    return out;
  },
  backward: {
    self: ({ grad }) => grad,
    index: null,
    // deno-lint-ignore no-unused-vars -- PyTorch saves these: they can be read on the node, and a change of source is noticed
    source: ({ grad, dim, index, source, source_dim, alpha }) => {
      const part = grad.index_select(dim, index).reshape(source.sizes);
      return alpha === 1 ? part : part.mul(alpha);
    },
  },
});

/** The inputs with the source's number of dimensions, which PyTorch saves. */
const withRank = <P extends SourceInputs>(inputs: P): P & { source_dim: number } => ({ ...inputs, source_dim: inputs.source.sizes.length });

/** `index_add`: a copy with slices added at the indices of a dimension. */
export type IndexAdd = InplaceOp<IndexAddOptions, [dim: number, index: Tensor, source: Tensor]>;

/** `self` with the slices of `source`, times `alpha`, added to the slices that `index` names. The gradient goes to `self` unchanged and to `source` from the slices it was added to. */
export const index_add: IndexAdd = define<IndexAdd, AddInputs>(
  "index_add",
  [
    "(Tensor input, int dim, Tensor index, Tensor source, *, Number alpha = 1, Tensor out = None)",
    "(Tensor input, name dim, Tensor index, Tensor source, *, Number alpha = 1)",
  ],
  (inputs) => indexAdd.apply(withRank(inputs)),
  {
    inplace: (inputs) =>
      indexAdd.writeInto(withRank(inputs), (own: AddInputs) => {
        const { at, picked } = checkSource("index_add", own);
        addSlices(own.self, own, at, picked);
      }),
  },
);

function checkCopy({ self, dim, index, source }: SourceInputs): { at: number; picked: Int32Array } {
  const at = wrapDim(dim, self.sizes.length);
  const fail = (what: string) => new IndexError(`index_copy_(): ${what}`);
  if (index.sizes.length >= 2) throw fail(`Index should have dimension 1 or 0 (got ${index.sizes.length})`);
  if (source.sizes.length === 0 && index.count !== 1) {
    throw fail(`When source is scalar, index should have one element (got ${index.count})`);
  }
  if (source.sizes.length !== self.sizes.length && source.sizes.length !== 0 && self.sizes.length !== 0) {
    throw fail(
      `When source and destination are not scalars, their dimensionality must match. Source dimensionality (${source.sizes.length}), destination dimensionality (${self.sizes.length})`,
    );
  }
  if (index.dtype !== int64) throw new RuntimeError(`index_copy_(): Expected a long tensor for index, but got ${index.dtype.scalar}`);
  if (self.dtype !== source.dtype) {
    throw new RuntimeError(
      `index_copy_(): self and source expected to have the same dtype, but got (self) ${self.dtype.scalar} and (source) ${source.dtype.scalar}`,
    );
  }
  const slice = (t: Tensor) => t.sizes.filter((_, d) => d !== at);
  const mine = slice(self), theirs = slice(source);
  if (!sameSizes(mine, theirs)) {
    throw new RuntimeError(
      `index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: ${
        mine.join(" ")
      } at dimension ${at} and source slice shape: ${theirs.join(" ")} at dimension 0.`,
    );
  }
  if (source.sizes.length > 0 && index.count !== source.sizes[at]) {
    throw fail(`Number of indices (${index.count}) should be equal to source.size(dim) (${source.sizes[at]})`);
  }
  const n = sizeAt(self, at);
  return { at, picked: indicesOf(index, 0, n, (i) => fail(`index ${i} is out of bounds for dimension ${at} with size ${n}`)) };
}

function copySlices(self: Tensor, source: Tensor, at: number, picked: Int32Array): void {
  const dense = asContiguous(source);
  placeSlices(self, at, picked, dense.store.data, dense.offset, "assign");
}

const indexCopy = new Primitive<SourceInputs & { source_dim: number }>({
  name: "IndexCopyBackward0",
  forward: (inputs) => {
    const { at, picked } = checkCopy(inputs);
    const out = inputs.self.clone({ memory_format: "torch.contiguous_format" });
    copySlices(out, inputs.source, at, picked);
    return out;
  },
  backward: {
    self: ({ grad, dim, index }) => grad.index_fill(dim, index, 0),
    index: null,
    // deno-lint-ignore no-unused-vars -- PyTorch saves these: they can be read on the node, and a change of source is noticed
    source: ({ grad, dim, index, source, source_dim }) => grad.index_select(dim, index).reshape(source.sizes),
  },
});

/** `index_copy`: a copy with slices written at the indices of a dimension. */
export type IndexCopy = InplaceOp<Omit<IndexAddOptions, "alpha">, [dim: number, index: Tensor, source: Tensor]>;

/** `self` with the slices of `source` in place of those that `index` names. The gradient of a replaced slice goes to `source`, of any other to `self`. */
export const index_copy: IndexCopy = define<IndexCopy, SourceInputs>(
  "index_copy",
  ["(Tensor input, int dim, Tensor index, Tensor source, *, Tensor out = None)", "(Tensor input, name dim, Tensor index, Tensor source)"],
  (inputs) => indexCopy.apply(withRank(inputs)),
  {
    inplace: (inputs) =>
      indexCopy.writeInto(withRank(inputs), (own: SourceInputs) => {
        const { at, picked } = checkCopy(own);
        copySlices(own.self, own.source, at, picked);
      }),
  },
);

// -- filling ---------------------------------------------------------------------------------------------------------

type FillInputs<V> = { self: Tensor; dim: number; index: Tensor; value: V };

function checkFill({ self, dim, index }: FillInputs<unknown>): { at: number; picked: Int32Array } {
  if (index.dtype !== int64) throw new IndexError("index_fill_(): Expected dtype int64 for index.");
  const at = wrapDim(dim, self.sizes.length);
  if (index.sizes.length > 1) throw new RuntimeError("Index has to be a vector/scalar");
  const n = sizeAt(self, at);
  return { at, picked: indicesOf(index, -n, n, (i) => new IndexError(`index ${i} is out of bounds for dimension ${at} with size ${n}`)) };
}

/** Writes a number into slices. */
export function fillSlices(self: Tensor, value: Num, at: number, picked: Int32Array): void {
  const values = self.dtype.allocate(self.sizes.length === 0 ? 1 : self.count / Math.max(self.sizes[at], 1) * picked.length);
  (values as Float32Array).fill(toScalar(value, self.dtype) as number);
  placeSlices(self, at, picked, values, 0, "assign");
}

/** The indices without repetitions: a slice that is named twice is filled once. */
function distinct(index: Tensor): Tensor {
  const values = asContiguous(index).reshape(-1).tolist() as number[];
  return longTensor([...new Set(values)]);
}

function filled(inputs: FillInputs<Num | Tensor>): Tensor {
  const { at, picked } = checkFill(inputs);
  const out = inputs.self.clone();
  fillSlices(out, inputs.value instanceof Tensor ? inputs.value.item() : inputs.value, at, picked);
  return out;
}

const fillNumber = new Primitive<FillInputs<Num>>({
  name: "IndexFillBackward0",
  forward: filled,
  backward: { self: ({ grad, dim, index }) => grad.index_fill(dim, index, 0), index: null },
});

const fillTensor = new Primitive<FillInputs<Tensor>>({
  name: "IndexFillBackward1",
  forward: filled,
  backward: {
    self: ({ grad, dim, index }) => grad.index_fill(dim, index, 0),
    index: null,
    value: ({ grad, dim, index }) => grad.index_select(dim, distinct(index)).sum(),
  },
});

function checkFillValue(value: Tensor): void {
  if (value.sizes.length > 0) {
    throw new RuntimeError(`index_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.sizes.length} dimension(s).`);
  }
}

/** Named arguments of `index_fill`. */
export type IndexFillOptions = { dim: number; index: Tensor; value: Num | Tensor };
/** `index_fill`: a copy with one value at the indices of a dimension. */
export type IndexFill = InplaceOp<IndexFillOptions, [dim: number, index: Tensor, value: Num | Tensor]>;

/** `self` with the slices that `index` names filled with `value`. Their gradient goes to `value`, the rest to `self`. */
export const index_fill: IndexFill = define<IndexFill, FillInputs<Num | Tensor>>(
  "index_fill",
  [
    "(Tensor input, int dim, Tensor index, Tensor value)",
    "(Tensor input, name dim, Tensor index, Tensor value)",
    "(Tensor input, int dim, Tensor index, Number value)",
    "(Tensor input, name dim, Tensor index, Number value)",
  ],
  ({ value, ...rest }) => {
    if (!(value instanceof Tensor)) return fillNumber.apply({ ...rest, value });
    checkFillValue(value);
    return fillTensor.apply({ ...rest, value });
  },
  {
    inplace: ({ value, ...rest }) => {
      if (value instanceof Tensor) checkFillValue(value);
      const write = (own: FillInputs<Num | Tensor>) => {
        const { at, picked } = checkFill(own);
        fillSlices(own.self, own.value instanceof Tensor ? own.value.item() : own.value, at, picked);
      };
      return value instanceof Tensor ? fillTensor.writeInto({ ...rest, value }, write) : fillNumber.writeInto({ ...rest, value }, write);
    },
  },
);
