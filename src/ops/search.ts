/**
 * Finding values in sorted sequences.
 */
import { type DType, int32, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { toInt64 } from "../kernels/int64.ts";
import { insertionPlaces } from "../kernels/search.ts";
import { sameSizes, type Sizes } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn } from "./define.ts";
import { asContiguous, asType, toScalar } from "./elementwise.ts";
import { type Num, numberType, resultType } from "./promotion.ts";

/** Named arguments of `bucketize` and `searchsorted`. */
export interface SearchOptions {
  /** Whether the result is int32. */
  out_int32?: boolean;
  /** Whether values go after their equals. */
  right?: boolean;
  /** Takes the result. */
  out?: Tensor | null;
}

interface Search extends Required<SearchOptions> {
  boundaries: Tensor;
  input: Tensor;
  side: string | null;
  sorter: Tensor | null;
}

const show = (sizes: Sizes) => `[${sizes.join(", ")}]`;
const failure = (text: string) => new RuntimeError(`torch.searchsorted(): ${text}`);

function checkSorter(boundaries: Tensor, sorter: Tensor): void {
  if (!sameSizes(boundaries.sizes, sorter.sizes)) {
    throw failure(`boundary and sorter must have the same size, but got boundary tensor ${show(boundaries.sizes)}and got sorter tensor ${show(sorter.sizes)}`);
  }
  if (sorter.dtype !== int64) throw failure(`sorter must be a tensor of long dtype but got dtype ${sorter.dtype.scalar}`);
  const last = boundaries.sizes[boundaries.sizes.length - 1];
  if (sorter.count > 0 && sorter.lt(0).logical_or(sorter.ge(last)).any().item()) throw failure("sorter index out of range");
}

function check({ boundaries, input, side, sorter, right, out_int32, out }: Search): void {
  if (side !== null && side !== "left" && side !== "right") throw failure(`side can only be 'left' or 'right' but got ${side}`);
  if (side === "left" && right) throw failure("side and right can't be set to opposites, got side of left while right was True");
  if (sorter !== null) checkSorter(boundaries, sorter);
  const rank = boundaries.sizes.length;
  if (input.sizes.length === 0 && rank !== 1) {
    throw failure(
      `input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim(${rank}) and input value's dim(0) numel(1)`,
    );
  }
  if (rank === 0) throw failure("boundaries tensor should have positive dimension, but got 0 dimension");
  if (rank !== 1 && !sameSizes(boundaries.sizes.slice(0, -1), input.sizes.slice(0, -1))) {
    throw failure(
      "boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, " +
        `but we got boundaries tensor ${show(boundaries.sizes)} and input value tensor ${show(input.sizes)}`,
    );
  }
  if (out !== null && out.dtype !== (out_int32 ? int32 : int64)) {
    throw failure(
      "output tensor's dtype is wrong, it can only be Int(int32) or Long(int64) depending on whether out_int32 flag is True, " +
        `but we got output tensor's dtype ${out.dtype.scalar} and out_int32 flag is ${out_int32 ? "True" : "False"}`,
    );
  }
}

function search(inputs: Search): Tensor {
  check(inputs);
  const { sorter, side, right, out_int32 } = inputs;
  const dtype: DType = inputs.boundaries.dtype === inputs.input.dtype ? inputs.input.dtype : resultType([inputs.boundaries, inputs.input]);
  const boundaries = asContiguous(asType(inputs.boundaries, dtype)), input = asContiguous(asType(inputs.input, dtype));
  const order = sorter === null ? null : asContiguous(sorter);
  const rank = boundaries.sizes.length;
  const places = insertionPlaces(
    boundaries.store.data,
    boundaries.offset,
    boundaries.sizes[rank - 1],
    rank === 1 ? 0 : input.sizes[rank - 1],
    order === null ? null : order.store.data as BigInt64Array,
    order === null ? 0 : order.offset,
    input.store.data,
    input.offset,
    input.count,
    right || side === "right",
  );
  return out_int32
    ? new Tensor(new Storage(places as Int32Array<ArrayBuffer>), int32, input.sizes)
    : new Tensor(new Storage(toInt64(places)), int64, input.sizes);
}

/** A value to be found, as a tensor. */
function valueTensor(value: Tensor | Num): Tensor {
  if (value instanceof Tensor) return value;
  const out = Tensor.make([], numberType(value));
  out.store.data[0] = toScalar(value, out.dtype);
  return out;
}

/** Named arguments of `bucketize`. */
export interface BucketizeOptions extends SearchOptions {
  /** The values to be found. */
  input: Tensor | Num;
  /** The boundaries of the buckets in ascending order. */
  boundaries: Tensor;
}

/** `bucketize` as a function. */
export type Bucketize = Fn<BucketizeOptions, [input: Tensor | Num, boundaries: Tensor]>;

type BucketizeInputs = { self: Tensor | Num; boundaries: Tensor; out_int32: boolean; right: boolean; out?: Tensor | null };

/** The bucket of each value: the number of boundaries below it, or for `right` not above it. */
export const bucketize: Bucketize = define<Bucketize, BucketizeInputs>("bucketize", [
  "(Tensor input, Tensor boundaries, *, bool out_int32 = False, bool right = False, Tensor out = None)",
  "(Number self, Tensor boundaries, *, bool out_int32 = False, bool right = False)",
], ({ self, boundaries, out_int32, right, out = null }) => {
  if (boundaries.sizes.length !== 1) throw new RuntimeError(`boundaries tensor must be 1 dimension, but got dim(${boundaries.sizes.length})`);
  return search({ boundaries, input: valueTensor(self), out_int32, right, out, side: null, sorter: null });
});

/** Named arguments of `searchsorted`. */
export interface SearchsortedOptions extends SearchOptions {
  /** Sequences along the last dimension, in ascending order. */
  sorted_sequence: Tensor;
  /** The values to be found. */
  input: Tensor;
  /** `"left"` for before the equals, `"right"` for after them. */
  side?: "left" | "right" | null;
  /** The indices that sort the sequences, where they are not sorted themselves. */
  sorter?: Tensor | null;
}

/** `searchsorted` as a function. */
export type Searchsorted = Fn<SearchsortedOptions, [sorted_sequence: Tensor, input: Tensor | Num]>;

type SearchsortedInputs = Omit<Search, "boundaries" | "input"> & { sorted_sequence: Tensor; input?: Tensor; self?: Num };

const SEARCHSORTED = "*, bool out_int32 = False, bool right = False, str side = None, Tensor sorter = None, Tensor out = None)";

/** Where each value would be inserted into sorted sequences: into one, or into that of its leading dimensions. */
export const searchsorted: Searchsorted = define<Searchsorted, SearchsortedInputs>("searchsorted", [
  `(Tensor sorted_sequence, Tensor input, ${SEARCHSORTED}`,
  `(Tensor sorted_sequence, Number self, ${SEARCHSORTED}`,
], ({ sorted_sequence, input, self, ...options }) => search({ boundaries: sorted_sequence, input: valueTensor(input ?? self!), ...options }));
