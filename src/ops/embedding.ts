/**
 * Rows of a table by number: one by one, in bags, and as vectors of zeros with a single one.
 */
import { bool, int32, int64 } from "../dtype.ts";
import { AssertionError, IndexError, noDerivative, NotImplementedError, RuntimeError, ValueError } from "../errors.ts";
import { addRows, type Bags, frequencies, limitRows, maxBags, maxBagsBackward, sumBags, sumBagsBackward, weightBagsBackward } from "../kernels/embedding.ts";
import { readIndices } from "../kernels/indexing.ts";
import { sameSizes, type Sizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { makeSize } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous, copyElements } from "./elementwise.ts";
import { pythonFunction } from "./python_function.ts";
import { recordUnsupported } from "./unsupported.ts";

const typeName = (t: Tensor): string => t.dtype === bool ? "CPUBoolType" : t.type();

function checkIndices(op: string, indices: Tensor): void {
  if (indices.dtype === int64 || indices.dtype === int32) return;
  throw new RuntimeError(
    `Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got ${
      typeName(indices)
    } instead (while checking arguments for ${op})`,
  );
}

/** The indices as 32-bit integers. */
function rowsIn(indices: Tensor, n: number, error: (index: number) => Error): Int32Array {
  const dense = asContiguous(indices);
  return readIndices(dense.store.data, dense.offset, dense.count, 0, n, error);
}

const outOfRange = () => new IndexError("index out of range in self");

/** Where PyTorch has no padding it saves -1 as an unsigned number, which matches no row. */
const NO_PADDING = -1;

// -- one by one ------------------------------------------------------------------------------------------------------

type BackwardInputs = { grad_output: Tensor; indices: Tensor; num_weights: number; padding_idx: number; scale_grad_by_freq: boolean };

const backwardPrimitive = new Primitive<BackwardInputs>({
  name: "EmbeddingDenseBackwardBackward0",
  forward: ({ grad_output, indices, num_weights, padding_idx, scale_grad_by_freq }) => {
    const width = grad_output.sizes[grad_output.sizes.length - 1];
    const out = Tensor.make([num_weights, width], grad_output.dtype);
    const rows = rowsIn(indices, num_weights, outOfRange);
    const dense = asContiguous(grad_output);
    addRows(dense.store.data, dense.offset, width, rows, padding_idx, scale_grad_by_freq ? frequencies(rows, num_weights) : null, out.store.data);
    return out;
  },
  backward: {
    // as in PyTorch, the frequencies do not count here
    grad_output: ({ grad, indices, padding_idx }) => {
      const picked = grad.index_select(0, indices.reshape(-1)).view([...indices.sizes, grad.sizes[1]]);
      return padding_idx < 0 ? picked : picked.masked_fill(indices.eq(padding_idx).unsqueeze(-1), 0);
    },
    indices: null,
  },
});

type Inputs = { weight: Tensor; indices: Tensor; padding_idx: number; scale_grad_by_freq: boolean; sparse: boolean };

const primitive = new Primitive<Inputs & { weight_sym_argsize_0: number }>({
  name: "EmbeddingBackward0",
  forward: ({ weight, indices }) => weight.index_select(0, indices.reshape(-1)).view([...indices.sizes, weight.sizes[1]]),
  backward: {
    // deno-lint-ignore no-unused-vars -- PyTorch saves it: it can be read on the node. Gradients are dense here
    weight: ({ grad, indices, weight_sym_argsize_0, padding_idx, scale_grad_by_freq, sparse }) =>
      backwardPrimitive.apply({ grad_output: grad, indices, num_weights: weight_sym_argsize_0, padding_idx, scale_grad_by_freq }) as Tensor,
    indices: null,
  },
});

/** `torch.embedding`. */
export type LowEmbedding = Fn<
  Record<string, unknown>,
  [weight: Tensor, indices: Tensor, padding_idx?: number, scale_grad_by_freq?: boolean, sparse?: boolean]
>;

/** `torch.embedding`. */
export const lowEmbedding: LowEmbedding = define<LowEmbedding, Inputs>(
  "embedding",
  "(Tensor weight, Tensor indices, int padding_idx = -1, bool scale_grad_by_freq = False, bool sparse = False)",
  (inputs) => {
    if (inputs.weight.sizes.length !== 2) throw new RuntimeError("'weight' must be 2-D");
    checkIndices("embedding", inputs.indices);
    return primitive.apply({ ...inputs, weight_sym_argsize_0: inputs.weight.sizes[0] });
  },
);

/** Scales the rows that are named and longer than `max_norm` down to it, in place. */
function renorm(weight: Tensor, indices: Tensor, max_norm: number, norm_type: number): void {
  checkIndices("embedding_renorm_", indices);
  weight.store.prepareToWrite();
  const dense = asContiguous(weight);
  limitRows(dense.store.data, dense.offset, weight.sizes[1], rowsIn(indices, weight.sizes[0], outOfRange), max_norm, norm_type);
  if (dense !== weight) copyElements(weight, dense);
  weight.store.version++;
}

/** `torch.embedding_renorm_`. */
export type EmbeddingRenorm = Fn<Record<string, unknown>, [input: Tensor, indices: Tensor, max_norm: number, norm_type: number]>;

/** `torch.embedding_renorm_`: scales the rows of `input` that `indices` names and whose norm is above `max_norm` down to it, in place. */
export const embedding_renorm_: EmbeddingRenorm = define<EmbeddingRenorm, { self: Tensor; indices: Tensor; max_norm: number; norm_type: number }>(
  "embedding_renorm_",
  "(Tensor input, Tensor indices, float max_norm, float norm_type)",
  ({ self, indices, max_norm, norm_type }) => {
    renorm(self, indices, max_norm, norm_type);
    return self;
  },
);

/** Named arguments of `embedding`. */
export interface EmbeddingOptions {
  /** Numbers of rows: int64 or int32, of any shape. */
  input: Tensor;
  /** The table. */
  weight: Tensor;
  /** A row that gets no gradient. */
  padding_idx?: number | null;
  /** The greatest norm of the rows that are read; longer ones are scaled down, in place. */
  max_norm?: number | null;
  /** The norm. */
  norm_type?: number;
  /** Whether to divide the gradient of a row by how often it was read. */
  scale_grad_by_freq?: boolean;
  /** Asks PyTorch for a sparse gradient. Gradients are dense here. */
  sparse?: boolean;
}

/** `embedding`. */
export type Embedding = Fn<
  EmbeddingOptions,
  [
    input: Tensor,
    weight: Tensor,
    padding_idx?: number | null,
    max_norm?: number | null,
    norm_type?: number,
    scale_grad_by_freq?: boolean,
    sparse?: boolean,
  ]
>;

function paddingOf(padding_idx: unknown, weight: Tensor): number {
  if (padding_idx === null) return NO_PADDING;
  if (typeof padding_idx !== "number") throw new TypeError(`'>' not supported between instances of '${pythonType(padding_idx)}' and 'int'`);
  const n = weight.sizes[0];
  if (padding_idx >= n || padding_idx < -n) throw new AssertionError("Padding_idx must be within num_embeddings");
  return padding_idx < 0 ? padding_idx + n : padding_idx;
}

/** The rows of `weight` that `input` names. The gradient of each goes to its row. */
export const embedding: Embedding = pythonFunction<Embedding, Required<EmbeddingOptions>>(
  "embedding",
  ["input", "weight"],
  { padding_idx: null, max_norm: null, norm_type: 2, scale_grad_by_freq: false, sparse: false },
  ({ input, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse }) => {
    const padding = weight instanceof Tensor ? paddingOf(padding_idx, weight) : NO_PADDING;
    if (max_norm !== null) renorm(weight, input, max_norm, norm_type);
    return lowEmbedding(weight, input, padding, scale_grad_by_freq, sparse);
  },
);

// -- bags ------------------------------------------------------------------------------------------------------------

const MODES = ["sum", "mean", "max"];

type BagInputs = {
  weight: Tensor;
  indices: Tensor;
  offsets: Tensor;
  scale_grad_by_freq: boolean;
  mode: number;
  sparse: boolean;
  per_sample_weights: Tensor | null;
  include_last_offset: boolean;
  padding_idx: number;
};

/** The bag of every index, and how many of them count. */
function bagsOf(indices: Int32Array, offsets: Int32Array, bags: number, skipped: number): Bags {
  const bagOf = new Int32Array(indices.length), sizes = new Int32Array(bags);
  for (let k = 0, bag = 0; k < indices.length; k++) {
    while (bag + 1 < bags && offsets[bag + 1] <= k) bag++;
    bagOf[k] = bag;
    if (indices[k] !== skipped) sizes[bag]++;
  }
  return { indices, bagOf, sizes, skipped };
}

const integers = (values: Int32Array, sizes: Sizes): Tensor => {
  const out = Tensor.make(sizes, int64);
  out.store.data.set(BigInt64Array.from(values, BigInt) as never);
  return out;
};

const numbers = (t: Tensor): Int32Array => rowsIn(t, 2 ** 31 - 1, outOfRange);

const badIndex = (rows: number) => (index: number) =>
  new RuntimeError(`[enforce fail at embedding_lookup_idx.cc:231] 0 <= idx && idx < data_size. Index 0 is out of bounds: ${index}, range 0 to ${rows}`);

type BagBackward = {
  grad: Tensor;
  indices: Tensor;
  offsets: Tensor;
  result1: Tensor;
  result2: Tensor;
  result3: Tensor;
  num_weights: number;
  scale_grad_by_freq: boolean;
  mode: number;
  sparse: boolean;
  per_sample_weights: Tensor | null;
  padding_idx: number;
};

/** What was computed of the bags, again. */
const savedBags = ({ indices, result1, result2, padding_idx }: { indices: Tensor; result1: Tensor; result2: Tensor; padding_idx: number }): Bags => ({
  indices: numbers(indices),
  bagOf: numbers(result1),
  sizes: numbers(result2),
  skipped: padding_idx,
});

const bagBackward = new Primitive<BagBackward>({
  name: "EmbeddingBagBackwardBackward0",
  forward: (inputs) => {
    const { grad, result3, num_weights, scale_grad_by_freq, mode, per_sample_weights } = inputs;
    const width = grad.sizes[1];
    const out = Tensor.make([num_weights, width], grad.dtype);
    const bags = savedBags(inputs);
    const g = asContiguous(grad), w = per_sample_weights === null ? null : asContiguous(per_sample_weights);
    const counts = scale_grad_by_freq ? frequencies(bags.indices, num_weights) : null;
    if (mode === 2) maxBagsBackward(g.store.data, g.offset, width, bags.sizes, numbers(result3), out.store.data);
    else sumBagsBackward(g.store.data, g.offset, width, bags, w?.store.data ?? null, w?.offset ?? 0, mode === 1, counts, out.store.data);
    return out;
  },
  backward: {
    // deno-lint-ignore no-unused-vars -- a formula destructures its parameter
    grad: ({ grads }) => {
      throw noDerivative("_embedding_bag_backward");
    },
    // deno-lint-ignore no-unused-vars -- a formula destructures its parameter
    per_sample_weights: ({ grads }) => {
      throw noDerivative("_embedding_bag_backward");
    },
    indices: null,
    offsets: null,
    result1: null,
    result2: null,
    result3: null,
  },
});

const bagPrimitive = new Primitive<BagInputs & { weight_sym_argsize_0: number }>({
  name: "EmbeddingBagBackward0",
  nonDifferentiable: [1, 2, 3],
  forward: ({ weight, indices, offsets, mode, per_sample_weights, include_last_offset, padding_idx }) => {
    const [rows, width] = weight.sizes;
    const starts = numbers(offsets);
    const count = include_last_offset ? starts.length - 1 : starts.length;
    const bags = bagsOf(rowsIn(indices, rows, badIndex(rows)), starts, count, padding_idx);
    const out = Tensor.make([count, width], weight.dtype);
    const table = asContiguous(weight), w = per_sample_weights === null ? null : asContiguous(per_sample_weights);
    let chosen = integers(bags.sizes, [count]);
    if (mode === 2) {
      const at = new Int32Array(out.count);
      maxBags(table.store.data, table.offset, width, bags, out.store.data, at);
      chosen = integers(at, out.sizes);
    } else sumBags(table.store.data, table.offset, width, bags, w?.store.data ?? null, w?.offset ?? 0, mode === 1, out.store.data);
    return [out, integers(bags.bagOf, [bags.bagOf.length]), integers(bags.sizes, [count]), chosen];
  },
  backward: {
    weight: ({ grad, weight_sym_argsize_0, indices, offsets, result1, result2, result3, scale_grad_by_freq, mode, sparse, per_sample_weights, padding_idx }) =>
      bagBackward.apply({
        grad,
        indices,
        offsets,
        result1,
        result2,
        result3,
        num_weights: weight_sym_argsize_0,
        scale_grad_by_freq,
        mode,
        sparse,
        per_sample_weights,
        padding_idx,
      }) as Tensor,
    per_sample_weights: ({ grad, weight, indices, result1, result2, padding_idx }) => {
      const out = Tensor.make([indices.count], weight.dtype);
      const g = asContiguous(grad.detach()), table = asContiguous(weight.detach());
      weightBagsBackward(
        g.store.data,
        g.offset,
        table.store.data,
        table.offset,
        weight.sizes[1],
        savedBags({ indices, result1, result2, padding_idx }),
        out.store.data,
      );
      recordUnsupported("_embedding_bag_per_sample_weights_backward", [grad, weight], out);
      return out;
    },
    indices: null,
    offsets: null,
  },
});

function checkBags({ weight, indices, offsets, per_sample_weights }: BagInputs): void {
  checkIndices("embedding_bag", indices);
  checkIndices("embedding_bag", offsets);
  if (weight.dtype.category !== "float") {
    throw new RuntimeError(
      "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, Float, Double; " +
        `but got ${typeName(weight)} instead (while checking arguments for embedding_bag)`,
    );
  }
  const starts = numbers(offsets);
  if (starts.length > 0 && starts[0] !== 0) {
    throw new RuntimeError(
      `offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${starts[0]}\n[ ${offsets.type()}{} ]`,
    );
  }
  const last = starts[starts.length - 1];
  if (last > indices.count) throw new RuntimeError(`offsets[-1] can not be greater than input's length ${indices.count} but got offsets[-1] of ${last}`);
  if (per_sample_weights !== null && per_sample_weights.dtype !== weight.dtype) {
    throw new RuntimeError(
      "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 'per_sample_weights'; " +
        `but type ${weight.type()} does not equal ${per_sample_weights.type()} (while checking arguments for embedding_bag)`,
    );
  }
}

/** `torch.embedding_bag`. */
export type LowEmbeddingBag = Fn<
  Record<string, unknown>,
  [
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq?: boolean,
    mode?: number,
    sparse?: boolean,
    per_sample_weights?: Tensor | null,
    include_last_offset?: boolean,
    padding_idx?: number | null,
  ],
  Tensor[]
>;

/** `torch.embedding_bag`. */
export const lowEmbeddingBag: LowEmbeddingBag = define<LowEmbeddingBag, Omit<BagInputs, "padding_idx"> & { padding_idx?: number | null }>(
  "embedding_bag",
  [
    "(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq, int mode, bool sparse, Tensor? per_sample_weights, bool include_last_offset, int? padding_idx)",
    "(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq = False, int mode = 0, bool sparse = False, Tensor per_sample_weights = None, bool include_last_offset = False)",
  ],
  ({ padding_idx, ...rest }) => {
    const n = rest.weight.sizes[0];
    if (padding_idx !== null && padding_idx !== undefined && (padding_idx < -n || padding_idx >= n)) {
      throw new RuntimeError(`padding_idx must be within the number of embeddings, ${-n} through ${n - 1}, but got ${padding_idx}`);
    }
    const padding = padding_idx === null || padding_idx === undefined ? NO_PADDING : padding_idx < 0 ? padding_idx + n : padding_idx;
    const inputs = { ...rest, padding_idx: padding };
    checkBags(inputs);
    return bagPrimitive.apply({ ...inputs, weight_sym_argsize_0: n });
  },
);

/** Named arguments of `embedding_bag`. */
export interface EmbeddingBagOptions {
  /** Numbers of rows: [bags, rows], or all of them one after the other. */
  input: Tensor;
  /** The table. */
  weight: Tensor;
  /** Where each bag begins, if the input is not a matrix. */
  offsets?: Tensor | null;
  /** The greatest norm of the rows that are read; longer ones are scaled down, in place. */
  max_norm?: number | null;
  /** The norm. */
  norm_type?: number;
  /** Whether to divide the gradient of a row by how often it was read. */
  scale_grad_by_freq?: boolean;
  /** `"sum"`, `"mean"` or `"max"`. */
  mode?: string;
  /** Asks PyTorch for a sparse gradient. Gradients are dense here. */
  sparse?: boolean;
  /** A factor for each row of a sum, in the shape of the input. */
  per_sample_weights?: Tensor | null;
  /** Whether the last offset is the end of the last bag. */
  include_last_offset?: boolean;
  /** A row that does not count. */
  padding_idx?: number | null;
}

/** `embedding_bag`. */
export type EmbeddingBag = Fn<
  EmbeddingBagOptions,
  [
    input: Tensor,
    weight: Tensor,
    offsets?: Tensor | null,
    max_norm?: number | null,
    norm_type?: number,
    scale_grad_by_freq?: boolean,
    mode?: string,
    sparse?: boolean,
    per_sample_weights?: Tensor | null,
    include_last_offset?: boolean,
    padding_idx?: number | null,
  ]
>;

/** The indices of all bags and where each begins. */
function flattenBags(input: Tensor, offsets: Tensor | null, weights: Tensor | null): [indices: Tensor, offsets: Tensor, weights: Tensor | null] {
  const rank = input.sizes.length;
  if (rank === 2) {
    if (offsets !== null) {
      throw new ValueError(
        "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets of type <class 'torch.Tensor'>",
      );
    }
    const [bags, width] = input.sizes;
    const starts = integers(Int32Array.from({ length: bags }, (_, i) => i * width), [bags]).to(input.dtype);
    return [input.reshape(-1), starts, weights === null ? null : weights.reshape(-1)];
  }
  if (rank !== 1) throw new ValueError(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${rank}`);
  if (offsets === null) throw new ValueError("offsets has to be a 1D Tensor but got None");
  if (offsets.sizes.length !== 1) throw new ValueError("offsets has to be a 1D Tensor");
  return [input, offsets, weights];
}

/** The sums, means or maxima of bags of rows. The gradient of each goes to the rows that it was made of. */
export const embedding_bag: EmbeddingBag = pythonFunction<EmbeddingBag, Required<EmbeddingBagOptions>>(
  "embedding_bag",
  ["input", "weight"],
  {
    offsets: null,
    max_norm: null,
    norm_type: 2,
    scale_grad_by_freq: false,
    mode: "mean",
    sparse: false,
    per_sample_weights: null,
    include_last_offset: false,
    padding_idx: null,
  },
  (given) => {
    const { offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset, padding_idx } = given;
    let { input, weight } = given;
    if (weight.dtype === int64 && input.is_floating_point()) {
      warnOnce(
        "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is deprecated, " +
          "and should now be `embedding_bag(input, weight, ...)`.",
      );
      [input, weight] = [weight, input];
    }
    if (per_sample_weights !== null && !sameSizes(input.sizes, per_sample_weights.sizes)) {
      throw new ValueError(
        `embedding_bag: If per_sample_weights (${makeSize(per_sample_weights.sizes)}) is not None, then it must have the same shape as the input (${
          makeSize(input.sizes)
        })`,
      );
    }
    if (weight.sizes.length !== 2) throw new ValueError(`weight has to be a 2D Tensor, but got Tensor of dimension ${weight.sizes.length}`);
    const [indices, starts, weights] = flattenBags(input, offsets, per_sample_weights);
    const number = MODES.indexOf(mode);
    if (number < 0) throw new ValueError("mode has to be one of sum, mean or max");
    if (mode === "max" && scale_grad_by_freq) throw new ValueError("max mode does not support scaling the gradient by the frequency");
    if (mode === "max" && sparse) throw new ValueError("max mode does not support sparse weights");
    if (max_norm !== null) renorm(weight, indices, max_norm, norm_type);
    if (weights !== null && mode !== "sum") {
      throw new NotImplementedError(
        "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' " +
          `(got mode='${mode}'). Please open a feature request on GitHub.`,
      );
    }
    return lowEmbeddingBag(weight, indices, starts, scale_grad_by_freq, number, sparse, weights, include_last_offset, padding_idx)[0];
  },
);

// -- a single one ----------------------------------------------------------------------------------------------------

/** Named arguments of `one_hot`. */
export interface OneHotOptions {
  /** Classes: int64, of any shape. */
  input: Tensor;
  /** How many classes there are; one more than the greatest unless given. */
  num_classes?: number;
}

/** `one_hot`. */
export type OneHot = Fn<OneHotOptions, [input: Tensor, num_classes?: number]>;

/** For each class a vector of zeros with a one in its place. */
export const one_hot: OneHot = define<OneHot, { self: Tensor; num_classes: number }>(
  "one_hot",
  "(Tensor input, int num_classes = -1)",
  ({ self, num_classes }) => {
    if (self.dtype !== int64) throw new RuntimeError("one_hot is only applicable to index tensor of type LongTensor.");
    if (self.count === 0) {
      if (num_classes <= 0) throw new RuntimeError("Can not infer total number of classes from empty tensor.");
      return Tensor.make([...self.sizes, num_classes], int64);
    }
    const source = asContiguous(self);
    const classes = readIndices(source.store.data, source.offset, source.count, 0, 2 ** 31 - 1, () => new RuntimeError("Class values must be non-negative."));
    const most = classes.reduce((a, b) => Math.max(a, b), 0);
    if (num_classes !== -1 && most >= num_classes) throw new RuntimeError("Class values must be smaller than num_classes.");
    const n = num_classes === -1 ? most + 1 : num_classes;
    const out = Tensor.make([...self.sizes, n], int64);
    for (let i = 0; i < classes.length; i++) out.store.data[i * n + classes[i]] = 1n;
    return out;
  },
);
