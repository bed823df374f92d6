/**
 * Indexing by tensors: of integers, broadcast against each other, and of truth values, which stand for the places where they are true.
 */
import { requiresGrad } from "../autograd/view.ts";
import { bool, int32, int64, uint8 } from "../dtype.ts";
import { IndexError, RuntimeError } from "../errors.ts";
import { pick, place, places } from "../kernels/indexing.ts";
import {
  broadcastSizes,
  broadcastStrides,
  contiguousStrides,
  elementCount,
  elementwiseStrides,
  isContiguous,
  isExpandableTo,
  mayOverlap,
  type Sizes,
} from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { Primitive } from "./define.ts";
import { asContiguous, assertNoPartialOverlap, copyElements, toScalar } from "./elementwise.ts";
import { truePlaces } from "./nonzero.ts";
import { indicesOf } from "./places.ts";
import type { Num } from "./promotion.ts";

/** One entry a dimension: an index tensor, or null where all of the dimension is meant. A mask stands for as many dimensions as it has. */
export type Indices = readonly (Tensor | null)[];

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;
const isMask = (t: Tensor): boolean => t.dtype === bool || t.dtype === uint8;

/** One index: the dimensions that it speaks of, its shape, and the places in memory that it names. */
interface Item {
  dims: number[];
  sizes: Sizes;
  strides: Sizes;
  places: Int32Array;
}

/** The places of a mask's true elements. */
function maskItem(self: Tensor, mask: Tensor, first: number): Item {
  if (mask.dtype === uint8) {
    warnOnce(
      "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead. (Triggered internally at ./aten/src/ATen/native/IndexingUtils.h:29.)",
    );
  }
  const rank = mask.sizes.length;
  mask.sizes.forEach((n, d) => {
    if (n !== self.sizes[first + d]) {
      throw new IndexError(
        `The shape of the mask ${showSizes(mask.sizes)} at index ${d} does not match the shape of the indexed tensor ${showSizes(self.sizes)} at index ${
          first + d
        }`,
      );
    }
  });
  const strides = self.strides.slice(first, first + rank);
  const list = truePlaces(mask);
  // where the dimensions lie evenly, a number tells its place
  const step = strides[rank - 1];
  if (contiguousStrides(mask.sizes).every((s, d) => mask.sizes[d] === 1 || s * step === strides[d])) {
    if (step !== 1) { for (let i = 0; i < list.length; i++) list[i] *= step; }
  } else {
    const all = places(mask.sizes, strides);
    for (let i = 0; i < list.length; i++) list[i] = all[list[i]];
  }
  return { dims: mask.sizes.map((_, d) => first + d), sizes: [list.length], strides: [1], places: list };
}

function integerItem(self: Tensor, index: Tensor, dim: number, ordinal: number): Item {
  const n = self.sizes[dim], stride = self.strides[dim];
  if (n === 0 && index.count > 0) throw new IndexError("index is out of bounds for dimension with size 0");
  const list = indicesOf(index, -n, n, (i) => new IndexError(`index ${i} is out of bounds for dimension ${ordinal} with size ${n}`));
  if (stride !== 1) { for (let i = 0; i < list.length; i++) list[i] *= stride; }
  return { dims: [dim], sizes: index.sizes, strides: index.strides, places: list };
}

/** The shape that the indices broadcast to. */
function commonSizes(shapes: readonly Sizes[], shown: readonly Sizes[]): Sizes {
  try {
    return shapes.reduce((common, sizes) => broadcastSizes(common, sizes), []);
  } catch {
    throw new IndexError(`shape mismatch: indexing tensors could not be broadcast together with shapes ${shown.map(showSizes).join(", ")}`);
  }
}

/** Reads the index tensors: what they name, and the shape they have together. */
function readItems(self: Tensor, indices: Indices): { items: Item[]; sizes: Sizes } {
  let dim = 0, ordinal = 0;
  const entries: { tensor: Tensor; dim: number; ordinal: number }[] = [];
  for (const index of indices) {
    if (index === null) {
      dim++;
      continue;
    }
    if (!isMask(index) && index.dtype !== int64 && index.dtype !== int32) {
      throw new IndexError("tensors used as indices must be long, int, byte or bool tensors");
    }
    entries.push({ tensor: index, dim, ordinal });
    const width = isMask(index) ? index.sizes.length : 1;
    dim += width;
    ordinal += width;
  }
  const masks = entries.map((e) => isMask(e.tensor) ? maskItem(self, e.tensor, e.dim) : null);
  if (dim > self.sizes.length) throw new IndexError(`too many indices for tensor of dimension ${self.sizes.length} (got ${dim})`);
  // a mask is shown as the indices that it stands for: one tensor a dimension
  const shapes = entries.map((e, i) => masks[i]?.sizes ?? e.tensor.sizes);
  const sizes = commonSizes(shapes, entries.flatMap((_, i) => masks[i]?.dims.map(() => shapes[i]) ?? [shapes[i]]));
  // nothing is read where no element is named
  const empty = elementCount(sizes) === 0;
  const items = entries.map((e, i) =>
    masks[i] ??
      (empty ? { dims: [e.dim], sizes: e.tensor.sizes, strides: e.tensor.strides, places: new Int32Array(0) } : integerItem(self, e.tensor, e.dim, e.ordinal))
  );
  return { items, sizes };
}

/** Where the elements of an indexing result stand in memory: those of `before`, of the index, and of `after`, added up. */
interface Plan {
  /** The shape of the result. */
  sizes: number[];
  /** The dimensions before the index: sizes and strides. */
  before: { sizes: number[]; strides: number[] };
  /** The places that the index tensors name together, and their shape. */
  picked: Int32Array;
  pickedSizes: number[];
  /** The dimensions after the index. */
  after: { sizes: number[]; strides: number[] };
  /** The strides of the index tensors, broadcast to the shape of the result; they decide the memory order of the result. */
  indexStrides: number[][];
}

function plan(self: Tensor, indices: Indices): Plan {
  const { items, sizes: pickedSizes } = readItems(self, indices);
  const count = elementCount(pickedSizes);
  let picked: Int32Array | null = null;
  for (const item of items) {
    let own = item.places;
    if (own.length !== count) {
      const spread = places(pickedSizes, broadcastStrides(item.sizes, contiguousStrides(item.sizes), pickedSizes));
      for (let i = 0; i < count; i++) spread[i] = own[spread[i]];
      own = spread;
    }
    if (picked === null) picked = own;
    else for (let i = 0; i < count; i++) picked[i] += own[i];
  }
  // index tensors side by side put their dimensions in their place, others in front
  const dims = items.flatMap((item) => item.dims);
  const adjacent = dims.every((d, i) => d === dims[0] + i);
  const rest = self.sizes.map((_, d) => d).filter((d) => !dims.includes(d));
  const front = rest.filter((d) => adjacent && d < dims[0]), back = rest.filter((d) => !front.includes(d));
  const part = (list: number[]) => ({ sizes: list.map((d) => self.sizes[d]), strides: list.map((d) => self.strides[d]) });
  const before = part(front), after = part(back);
  const indexStrides = items.map((item) => [...front.map(() => 0), ...broadcastStrides(item.sizes, item.strides, pickedSizes), ...back.map(() => 0)]);
  const sizes = [...before.sizes, ...pickedSizes, ...after.sizes];
  return { sizes, before, picked: picked ?? new Int32Array(1), pickedSizes: [...pickedSizes], after, indexStrides };
}

const placesOf = (part: { sizes: number[]; strides: number[] }) => places(part.sizes, part.strides);

function read(self: Tensor, indices: Indices): Tensor {
  const p = plan(self, indices);
  const out = Tensor.make(p.sizes, self.dtype);
  pick(out.store.data, self.store.data, self.offset, placesOf(p.before), p.picked, placesOf(p.after));
  if (self.contiguousLayout) return out;
  const strides = elementwiseStrides(p.sizes, [[...p.before.strides, ...p.pickedSizes.map(() => 0), ...p.after.strides], ...p.indexStrides]);
  if (isContiguous(p.sizes, strides)) return out;
  const ordered = Tensor.make(p.sizes, self.dtype, strides);
  copyElements(ordered, out);
  return ordered;
}

type IndexInputs = { self: Tensor; indices: Indices };

const indexPrimitive = new Primitive<IndexInputs>({
  name: "IndexBackward0",
  forward: ({ self, indices }) => read(self, indices),
  backward: {
    self: ({ grad, self_sizes, indices }) => indexPut(grad.new_zeros(self_sizes), indices, grad, true),
  },
});

/** The elements of `self` that the indices name. The gradient adds to the elements that were read. */
export function indexed(self: Tensor, indices: Indices): Tensor {
  return indexPrimitive.apply({ self, indices }) as Tensor;
}

// -- writing ---------------------------------------------------------------------------------------------------------

type PutInputs = { self: Tensor; indices: Indices; values: Tensor; accumulate: boolean };

/** A single mask and a single value: PyTorch fills, and converts the value. */
function isMaskedFill({ indices, values, accumulate }: PutInputs): boolean {
  const used = indices.filter((t) => t !== null);
  return !accumulate && values.count === 1 && used.length === 1 && isMask(used[0]);
}

/** Finds everything out that can fail, and gives the function that writes. */
function prepare(inputs: PutInputs): (self: Tensor) => void {
  const { self, indices, values, accumulate } = inputs;
  if (indices.length > self.sizes.length) throw new IndexError(`too many indices for tensor of dimension ${self.sizes.length} (got ${indices.length})`);
  const filling = isMaskedFill(inputs);
  if (!filling && self.dtype !== values.dtype) {
    throw new RuntimeError(
      `Index put requires the source and destination dtypes match, got ${self.dtype.scalar} for the destination and ${values.dtype.scalar} for the source.`,
    );
  }
  const p = plan(self, indices);
  if (!isExpandableTo(values.sizes, p.sizes)) {
    throw new RuntimeError(
      `shape mismatch: value tensor of shape ${showSizes(values.sizes)} cannot be broadcast to indexing result of shape ${showSizes(p.sizes)}`,
    );
  }
  return (target) => {
    let source: Tensor;
    if (values.count === 1) {
      source = Tensor.make(p.sizes, self.dtype);
      (source.store.data as Float32Array).fill(toScalar(values.item() as Num, self.dtype) as number);
    } else source = asContiguous(values.alias(p.sizes, broadcastStrides(values.sizes, values.strides, p.sizes)));
    // a copy of the tensor may stand in another order: its own strides count
    const q = target === self ? p : plan(target, indices);
    place(
      target.store.data,
      target.offset,
      placesOf(q.before),
      q.picked,
      placesOf(q.after),
      source.store.data,
      source.offset,
      !accumulate ? "assign" : self.dtype === bool ? "or" : "add",
    );
  };
}

const putPrimitive = new Primitive<PutInputs>({
  name: "IndexPutBackward0",
  forward: (inputs) => {
    const write = prepare(inputs);
    const out = inputs.self.clone();
    write(out);
    return out;
  },
  backward: {
    self: ({ grad, indices, accumulate }) => accumulate ? grad : indexPut(grad, indices, grad.new_zeros([]), false),
    values: ({ grad, indices }) => indexed(grad, indices),
  },
});

/** `self` with `values`, broadcast, at the places that the indices name; added to what is there with `accumulate`. */
export function indexPut(self: Tensor, indices: Indices, values: Tensor, accumulate: boolean): Tensor {
  return putPrimitive.apply({ self, indices, values, accumulate }) as Tensor;
}

/** The same in place. */
export function indexPutInto(self: Tensor, indices: Indices, values: Tensor, accumulate: boolean): Tensor {
  const inputs = { self, indices, values, accumulate };
  const write = (own: PutInputs) => {
    const run = prepare(own);
    assertNoPartialOverlap(own.self, own.values);
    run(own.self);
  };
  if (!mayOverlap(self.sizes, self.strides) || requiresGrad(self) || requiresGrad(values)) return putPrimitive.writeInto(inputs, write);
  warnOnce(
    "Use of index_put_ on expanded tensors is deprecated. Please clone() the tensor before performing this operation. " +
      "This also applies to advanced indexing e.g. tensor[indices] = tensor (Triggered internally at ./aten/src/ATen/native/TensorAdvancedIndexing.cpp:792.)",
  );
  self.store.prepareToWrite();
  write(inputs);
  self.store.version++;
  return self;
}
