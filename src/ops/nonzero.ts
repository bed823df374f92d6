/**
 * Elements chosen by truth: where a tensor is not zero, and what stands there; and elements by their number in row-major order.
 */
import { bool, int64 } from "../dtype.ts";
import { IndexError, RuntimeError } from "../errors.ts";
import { broadcastSizes, type Sizes } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, type InplaceOp, type IsMethod, type Op } from "./define.ts";
import { asContiguous, copyElements } from "./elementwise.ts";
import { indicesOf } from "./places.ts";

/** The row-major numbers of the elements that are not zero. */
export function truePlaces(self: Tensor): Int32Array {
  const dense = asContiguous(self);
  const start = dense.offset, end = start + dense.count;
  let n = 0;
  if (self.dtype === bool) {
    // truth values are 0 and 1: without branches, which random masks make slow
    const bits = dense.store.data as Uint8Array;
    for (let i = start; i < end; i++) n += bits[i];
    const out = new Int32Array(n + 1);
    for (let i = start, k = 0; i < end; i++) {
      out[k] = i - start;
      k += bits[i];
    }
    return out.subarray(0, n);
  }
  const data = dense.store.data as Float32Array;
  for (let i = start; i < end; i++) if (data[i] != 0) n++;
  const out = new Int32Array(n);
  for (let i = start, k = 0; k < n; i++) if (data[i] != 0) out[k++] = i - start;
  return out;
}

/** The coordinates of elements by their row-major numbers: one list a dimension. */
export function coordinates(numbers: Int32Array, sizes: Sizes): Int32Array[] {
  const out: Int32Array[] = sizes.map(() => new Int32Array(numbers.length));
  for (let i = 0; i < numbers.length; i++) {
    let rest = numbers[i];
    for (let d = sizes.length - 1; d > 0; d--) {
      const next = (rest / sizes[d]) | 0;
      out[d][i] = rest - next * sizes[d];
      rest = next;
    }
    if (sizes.length > 0) out[0][i] = rest;
  }
  return out;
}

/** A list of small integers as an int64 tensor. */
export function longTensor(values: ArrayLike<number>, sizes: Sizes = [values.length]): Tensor {
  const data = new BigInt64Array(values.length);
  // two halves are written faster than a bigint is made
  const halves = new Int32Array(data.buffer);
  for (let i = 0, k = 0; i < values.length; i++, k += 2) {
    const value = values[i];
    halves[k] = value;
    halves[k + 1] = value >> 31;
  }
  return new Tensor(new Storage(data), int64, sizes);
}

/** `x.nonzero(...)`. */
export interface NonzeroMethod {
  /** A matrix with the coordinates of each element in a row. */
  (named?: { as_tuple?: false; out?: Tensor }): Tensor;
  /** One tensor of coordinates for each dimension, as indexing takes them. */
  (named: { as_tuple: true }): Tensor[];
}

/** The places of the elements that are not zero: a row for each, or one tensor for each dimension. */
export interface Nonzero extends IsMethod {
  /** A matrix with the coordinates of each element in a row. */
  (self: Tensor, named?: { as_tuple?: false; out?: Tensor }): Tensor;
  /** One tensor of coordinates for each dimension, as indexing takes them. */
  (self: Tensor, named: { as_tuple: true }): Tensor[];
}

/** The coordinates, those of one dimension side by side in memory as in PyTorch. */
function matrix(self: Tensor): Tensor {
  const places = truePlaces(self), n = places.length, rank = self.sizes.length;
  const values = new Int32Array(n * rank);
  coordinates(places, self.sizes).forEach((list, d) => values.set(list, d * n));
  return longTensor(values, [rank, n]).alias([n, rank], [1, n]);
}

const tuple = (self: Tensor): Tensor[] => matrix(self.sizes.length === 0 ? self.alias([1], [1]) : self).unbind(1);

/** The coordinates of the elements that are not zero, in row-major order; `as_tuple` gives one tensor a dimension. Without a derivative. */
export const nonzero: Nonzero = define<Nonzero, { self: Tensor; as_tuple?: boolean }>(
  "nonzero",
  ["(Tensor input, *, Tensor out = None)", "(Tensor input, *, bool as_tuple)"],
  ({ self, as_tuple }) => as_tuple === true ? tuple(self) : matrix(self),
);

/** The coordinates of the elements that are not zero, a row for each. */
export const argwhere: Op = define<Op, { self: Tensor }>("argwhere", "(Tensor input)", ({ self }) => matrix(self));

/** Named arguments of `nonzero_static`. */
export type StaticOptions = { size: number; fill_value?: number; out?: Tensor };

/** `nonzero` with a fixed number of rows: what is missing is filled, what is too much is left out. */
export const nonzero_static: Op<StaticOptions> = define<Op<StaticOptions>, { self: Tensor; size: number; fill_value: number }>(
  "nonzero_static",
  "(Tensor input, *, int size, int fill_value = -1, Tensor out = None)",
  ({ self, size, fill_value }) => {
    if (size < 0) throw new RuntimeError("nonzero_static: 'size' must be an non-negative integer");
    const found = matrix(self);
    const out = Tensor.make([size, self.sizes.length], int64).fill_(fill_value);
    const rows = Math.min(size, found.sizes[0]);
    copyElements(out.narrow(0, 0, rows), found.narrow(0, 0, rows));
    return out;
  },
);

/** `unravel_index`: the indices in each dimension of flat ones. */
export type Unravel = Fn<{ indices: Tensor; shape: number | readonly number[] }, [indices: Tensor, shape: number | readonly number[]], Tensor[]>;

/** The coordinates in a tensor of `shape` of the elements with these row-major numbers. */
export const unravel_index: Unravel = define<Unravel, { indices: Tensor; shape: number[] }>(
  "unravel_index",
  "(Tensor indices, tuple of ints shape)",
  ({ indices, shape }) => {
    if (indices.dtype.is_floating_point || indices.dtype === bool) {
      throw new RuntimeError(`expected 'indices' to be integer dtype, but got ${indices.dtype}`);
    }
    let below = 1;
    const out: Tensor[] = new Array(shape.length);
    for (let d = shape.length - 1; d >= 0; d--) {
      out[d] = indices.div(below, { rounding_mode: "floor" }).remainder(shape[d]);
      below *= shape[d];
    }
    return out;
  },
);

// -- masks -----------------------------------------------------------------------------------------------------------

/** The tensor of booleans that says which elements are meant. */
export type Mask = { mask: Tensor };

/** The elements of `self` where `mask` is true, in row-major order. The gradient goes to the elements that were chosen. */
export const masked_select: Op<Mask & { out?: Tensor }, [mask: Tensor]> = define<Op<Mask & { out?: Tensor }, [mask: Tensor]>, { self: Tensor } & Mask>(
  "masked_select",
  "(Tensor input, Tensor mask, *, Tensor out = None)",
  {
    forward: ({ self, mask }) => {
      if (mask.dtype !== bool) throw new RuntimeError("masked_select: expected BoolTensor for mask");
      const sizes = broadcastSizes(mask.sizes, self.sizes);
      const places = truePlaces(mask.expand(sizes));
      const source = asContiguous(self.expand(sizes));
      const out = Tensor.make([places.length], self.dtype);
      const to = out.store.data as Float32Array, from = source.store.data as Float32Array;
      for (let i = 0; i < places.length; i++) to[i] = from[source.offset + places[i]];
      return out;
    },
    backward: {
      self: ({ grad, self, mask }) => {
        // on the common shape, from which the engine sums down to that of self
        const sizes = broadcastSizes(self.sizes, mask.sizes);
        return grad.new_zeros(sizes).masked_scatter(mask, grad);
      },
      mask: null,
    },
  },
);

/** `masked_scatter`: a copy with the elements of `source`, one after another, where the mask is true. */
export type MaskedScatter = InplaceOp<Mask & { source: Tensor }, [mask: Tensor, source: Tensor]>;

/** `self` with the elements of `source`, in their order, at the places where `mask` is true. The gradient of these goes to `source`, of the others to `self`. */
export const masked_scatter: MaskedScatter = define<MaskedScatter, { self: Tensor; source: Tensor } & Mask>(
  "masked_scatter",
  "(Tensor input, Tensor mask, Tensor source)",
  {
    forward: ({ self, mask, source }) => {
      if (self.dtype !== source.dtype) {
        throw new RuntimeError(`masked_scatter: expected self and source to have same dtypes but got${self.dtype.scalar} and ${source.dtype.scalar}`);
      }
      if (mask.dtype !== bool) throw new RuntimeError(`masked_scatter_ only supports boolean masks, but got mask with dtype ${mask.dtype.scalar}`);
      const sizes = broadcastSizes(mask.sizes, self.sizes);
      const places = truePlaces(mask.expand(sizes));
      const values = asContiguous(source);
      if (values.count < places.length) throw new RuntimeError("Number of elements of source < number of ones in mask");
      const out = Tensor.make(sizes, self.dtype);
      copyElements(out, self);
      const to = out.store.data as Float32Array, from = values.store.data as Float32Array;
      for (let i = 0; i < places.length; i++) to[places[i]] = from[values.offset + i];
      return out;
    },
    backward: {
      self: ({ grad, mask }) => grad.masked_fill(mask, 0),
      mask: null,
      source: ({ grad, mask, source_sizes }) => {
        const chosen = grad.masked_select(mask);
        const count = source_sizes.reduce((a, b) => a * b, 1);
        const missing = count - chosen.sizes[0];
        return (missing > 0 ? chosen.new_zeros([count]).slice_scatter(chosen, 0, 0, chosen.sizes[0]) : chosen).view(source_sizes);
      },
    },
  },
  { inplace: true },
);

// -- by number -------------------------------------------------------------------------------------------------------

function numbers(name: string, self: Tensor, index: Tensor): Int32Array {
  if (index.dtype !== int64) throw new RuntimeError(`${name}(): Expected a long tensor for index, but got ${index.dtype.scalar}`);
  const n = self.count;
  if (n === 0 && index.count > 0) throw new IndexError(`${name}(): tried to ${name === "put_" ? "put elements into" : "take from"} an empty tensor`);
  return indicesOf(index, -n, n, (i) => new IndexError(`out of range: tried to access index ${i} on a tensor of ${n} elements.`));
}

/** The elements with these numbers in row-major order, in the shape of `index`. The gradient adds to the elements that were read. */
export const take: Op<{ index: Tensor; out?: Tensor }, [index: Tensor]> = define<
  Op<{ index: Tensor; out?: Tensor }, [index: Tensor]>,
  { self: Tensor; index: Tensor }
>(
  "take",
  "(Tensor input, Tensor index, *, Tensor out = None)",
  {
    forward: ({ self, index }) => {
      const places = numbers("take", self, index);
      const source = asContiguous(self);
      const out = Tensor.make(index.sizes, self.dtype);
      const to = out.store.data as Float32Array, from = source.store.data as Float32Array;
      for (let i = 0; i < places.length; i++) to[i] = from[source.offset + places[i]];
      return out;
    },
    backward: {
      self: ({ grad, self, index }) => grad.new_zeros(self.sizes).put(index, grad, true),
      index: null,
    },
  },
);

/** What `put` works on. */
export type PutInputs = { self: Tensor; index: Tensor; source: Tensor; accumulate: boolean };
/** `put`: a copy with elements written at flat indices. */
export type Put = InplaceOp<Omit<PutInputs, "self">, [index: Tensor, source: Tensor, accumulate?: boolean]>;

/** `self` with the elements of `source` at these row-major numbers, or added to what is there. */
export const put: Put = define<Put, PutInputs>(
  "put",
  "(Tensor input, Tensor index, Tensor source, bool accumulate = False)",
  {
    forward: ({ self, index, source, accumulate }) => {
      if (index.dtype !== int64) throw new RuntimeError(`put_(): Expected a long tensor for index, but got ${index.dtype.scalar}`);
      if (self.dtype !== source.dtype) {
        throw new RuntimeError(
          `put_(): self and source expected to have the same dtype, but got self.dtype = ${self.dtype.scalar} and source.dtype = ${source.dtype.scalar}`,
        );
      }
      if (source.count !== index.count) {
        throw new IndexError(
          `put_(): Expected source and index to have the same number of elements, but got source.numel() = ${source.count}, index.numel() = ${index.count}`,
        );
      }
      const places = numbers("put_", self, index);
      const values = asContiguous(source);
      const out = Tensor.make(self.sizes, self.dtype);
      copyElements(out, self);
      const to = out.store.data as Float32Array, from = values.store.data as Float32Array;
      if (!accumulate) { for (let i = 0; i < places.length; i++) to[places[i]] = from[values.offset + i]; }
      else if (self.dtype === bool) { for (let i = 0; i < places.length; i++) to[places[i]] |= from[values.offset + i]; }
      else for (let i = 0; i < places.length; i++) to[places[i]] += from[values.offset + i];
      if (self.contiguousLayout) return out;
      const ordered = self.clone();
      copyElements(ordered, out);
      return ordered;
    },
    backward: {
      self: ({ grad, index, source, accumulate }) => accumulate ? grad : grad.put(index, source.detach().zeros_like(), false),
      index: null,
      // deno-lint-ignore no-unused-vars -- PyTorch saves the source and the flag: they can be read on the node
      source: ({ grad, index, source, accumulate }) => grad.take(index).reshape(source.sizes),
    },
  },
  { inplace: true },
);
