/**
 * Reading and writing parts of tensors, as Python's brackets do: `x.index(...)` is `x[...]`, `x.index_put_([...], v)` is `x[...] = v`.
 */
import { bool, type DType, int64, uint8 } from "../dtype.ts";
import { IndexError, ValueError } from "../errors.ts";
import { sameSizes, type Sizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { SizeArray } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { indexed, indexPut, indexPutInto, type Indices } from "./advanced_index.ts";
import { aliasOf } from "./alias.ts";
import { fromData, isRange } from "./literal.ts";
import { define, type IsMethod, type Op } from "./define.ts";
import { toScalar } from "./elementwise.ts";
import { longTensor } from "./nonzero.ts";
import type { Num } from "./promotion.ts";
import { ArgumentParser } from "./signature.ts";
import { select, sliceDim } from "./slices.ts";

export { index_reduce } from "./index_reduce.ts";
export { index_add, index_copy, index_fill, index_select } from "./index_select.ts";
export { argwhere, masked_scatter, masked_select, nonzero, nonzero_static, put, take, unravel_index } from "./nonzero.ts";

/** What an end of a slice can be: a number, or a tensor of one integer. */
export type SliceBound = number | bigint | Tensor | null;

/** A range of a dimension, as `start:stop:step` between Python's brackets. */
export class Slice {
  /** The first index; from the start where it is null. */
  readonly start: SliceBound;
  /** The index before which the slice ends; at the end where it is null. */
  readonly stop: SliceBound;
  /** The distance of neighbours; 1 where it is null. */
  readonly step: SliceBound;

  /** See `torch.slice`. */
  constructor(start: SliceBound, stop: SliceBound, step: SliceBound) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  /** `slice(0, 2, None)`. */
  toString(): string {
    return `slice(${[this.start, this.stop, this.step].map((v) => v === null ? "None" : String(v)).join(", ")})`;
  }
}
Object.defineProperty(Slice, "name", { value: "slice" });

/** Stands for `start:stop:step` between the brackets of `x[...]`; each of them may be null or left out. */
export function slice(start?: SliceBound, stop?: SliceBound, step?: SliceBound): Slice {
  return new Slice(start ?? null, stop ?? null, step ?? null);
}

/** Nested arrays of integers or booleans: an index tensor. */
export type IndexList = readonly (number | bigint | boolean | IndexList)[];

/**
 * What can stand between the brackets of `x[...]`: a number, a slice, `"..."` for all dimensions that are not named, null for
 * a new dimension, a mask, a tensor or nested arrays of indices. A single array that holds anything but numbers and booleans
 * counts as the several indices it holds, as in PyTorch 2.6.
 */
export type Index = number | bigint | boolean | null | "..." | Slice | Tensor | IndexList | readonly Index[];

const isIntegral = (dtype: DType) => dtype.category !== "float";

/** PyTorch reads a short list that holds lists, slices, tensors, None or an ellipsis as if it were a tuple. */
function asTuple(indices: readonly unknown[]): readonly unknown[] {
  const [only] = indices;
  if (indices.length !== 1 || !Array.isArray(only) || only instanceof SizeArray || only.length >= 32) return indices;
  return only.some((i) => i === null || i === undefined || typeof i === "object" || typeof i === "string") ? only : indices;
}

function bound(value: SliceBound): number | null {
  if (value === null) return null;
  if (value instanceof Tensor) {
    if (value.count !== 1 || !isIntegral(value.dtype)) throw new TypeError("only integer tensors of a single element can be converted to an index");
    return Number(value.item());
  }
  if (typeof value !== "bigint" && !Number.isInteger(value)) throw new TypeError("slice indices must be integers or None or have an __index__ method");
  return Number(value);
}

/** The dtype that a list of indices stands for; a list without elements is one of integers. */
function listType(list: readonly unknown[]): DType {
  const first = list.flat(Infinity)[0];
  return typeof first === "boolean" ? bool : int64;
}

function toTensor(index: unknown): Tensor {
  if (index instanceof Tensor) return index;
  if (ArrayBuffer.isView(index)) return fromData(index, null);
  if (isRange(index)) return toTensor([...index]);
  if (Array.isArray(index)) {
    const whole = index.flat(Infinity).every((i) => typeof i !== "number" || Number.isInteger(i));
    return fromData(index, whole ? listType(index) : null);
  }
  if (typeof index === "string") throw new TypeError("new(): invalid data type 'str'");
  throw new IndexError(`only integers, slices (\`:\`), ellipsis (\`...\`), None and long or byte Variables are valid indices (got ${pythonType(index)})`);
}

const isInteger = (index: unknown): index is number | bigint => typeof index === "bigint" || (typeof index === "number" && Number.isInteger(index));
const isList = (index: unknown) =>
  typeof index === "object" && index !== null && !(index instanceof Tensor) && (Array.isArray(index) || ArrayBuffer.isView(index) || isRange(index));
const isEllipsis = (index: unknown) => index === "...";

/** How many dimensions an index speaks of. */
function width(index: unknown): number {
  if (index === null || index === undefined || typeof index === "boolean" || isEllipsis(index)) return 0;
  if (index instanceof Tensor && (index.dtype === bool || index.dtype === uint8)) return index.sizes.length;
  return 1;
}

/** A truth value as an index of a dimension of size 1. */
const truth = (value: boolean) => longTensor(value ? [0] : []);

function selectAt(self: Tensor, dim: number, index: number, shown: number): Tensor {
  if (shown === 0 && self.sizes.length === 0) {
    throw new IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number");
  }
  const n = self.sizes[dim];
  if (index < -n || index >= n) throw new IndexError(`index ${index} is out of bounds for dimension ${shown} with size ${n}`);
  return select(self, dim, index);
}

/** What is left of an index when the parts that make views have been applied: the view, and the tensors that index it. */
interface Applied {
  view: Tensor;
  indices: Indices;
}

/** `alone` says that a single index stands between the brackets, `reading` that `x[...]` is read and not written. */
function applyViews(self: Tensor, indices: readonly unknown[], alone: boolean, reading: boolean): Applied {
  const read = indices.some(isList) ? indices.map((i) => isList(i) ? toTensor(i) : i) : indices;
  let specified = 0;
  for (const i of read) specified += width(i);
  const rank = self.sizes.length;
  // PyTorch counts a number or a slice into a 0-d tensor as an error of its own
  if (specified > rank && !(rank === 0 && alone && !(read[0] instanceof Tensor))) throw new IndexError(`too many indices for tensor of dimension ${rank}`);
  const tensors: (Tensor | null)[] = [];
  const record = (dim: number, t: Tensor) => {
    while (tensors.length <= dim) tensors.push(null);
    tensors[dim] = t;
  };
  let view = self, dim = 0;
  for (let shown = 0; shown < read.length; shown++) {
    const index = read[shown];
    if (isInteger(index)) view = selectAt(view, dim, Number(index), shown);
    else if (index instanceof Slice) {
      const start = bound(index.start), stop = bound(index.stop), step = bound(index.step) ?? 1;
      if (step === 0) throw new ValueError("slice step cannot be zero");
      if (step < 0) throw new ValueError("step must be greater than zero");
      // a slice that names all of a dimension makes no view, unless it is all that is read
      const whole = !(alone && reading) && (start ?? 0) === 0 && stop === view.sizes[dim] && step === 1;
      if (!whole) view = sliceDim(view, dim, start, stop, step);
      dim++;
    } else if (isEllipsis(index)) dim += rank - specified;
    else if (index === null || index === undefined) view = view.unsqueeze(dim++);
    else if (typeof index === "boolean") {
      view = view.unsqueeze(dim);
      record(dim++, truth(index));
    } else {
      const t = toTensor(index);
      if (t.sizes.length === 0 && isIntegral(t.dtype)) {
        if (t.dtype !== bool && t.dtype !== uint8) {
          view = selectAt(view, dim, Number(t.item()), shown);
          continue;
        }
        view = view.unsqueeze(dim);
        record(dim++, truth(Boolean(t.item())));
        continue;
      }
      record(dim++, t);
    }
  }
  return { view, indices: tensors };
}

function getItem(self: Tensor, ...given: readonly unknown[]): Tensor {
  const read = asTuple(given);
  const { view, indices } = applyViews(self, read, read === given && given.length === 1, true);
  if (indices.length > 0) return indexed(view, indices);
  return view === self ? aliasOf(self) : view;
}

/** `x.index(...)`. */
export interface Subscript extends IsMethod {
  /** `x[...]`: numbers, slices, `"..."` and null make a view; masks and index tensors a copy. */
  (self: Tensor, ...indices: Index[]): Tensor;
}

/** `x[...]`: a view for numbers, slices, `"..."` and null; a copy for masks and tensors or arrays of indices. The gradient goes to the elements that were read. */
export const index: Subscript = Object.assign((self: Tensor, ...indices: Index[]): Tensor => getItem(self, ...indices), {
  asMethod: getItem as IsMethod["asMethod"],
});
Object.defineProperty(index, "name", { value: "index" });

// -- writing ---------------------------------------------------------------------------------------------------------

const withoutLeadingOnes = (sizes: Sizes): Sizes => {
  let from = 0;
  while (from < sizes.length && sizes[from] === 1) from++;
  return from === 0 ? sizes : sizes.slice(from);
};

/** Writes a value into a view; dimensions of size 1 in front of it do not count. */
function copyTo(target: Tensor, value: Tensor): void {
  if (sameSizes(target.sizes, value.sizes)) target.copy_(value);
  else if (value.sizes.length === 0) target.fill_(value);
  else {
    const sizes = withoutLeadingOnes(value.sizes);
    const source = sizes === value.sizes ? value : value.view(sizes);
    target.copy_(sameSizes(source.sizes, target.sizes) ? source : source.expand(target.sizes));
  }
}

function toValue(self: Tensor, value: unknown): Tensor {
  if (value instanceof Tensor) return value;
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean") {
    throw new TypeError(`can't assign a ${pythonType(value)} to a ${self.type()}`);
  }
  const out = Tensor.small([], self.dtype);
  out.store.data[out.offset] = toScalar(self.dtype === bool ? Boolean(value) : value, self.dtype);
  return out;
}

function setItem(self: Tensor, given: readonly unknown[], value: Tensor, accumulate: boolean): Tensor {
  const write = (target: Tensor): void => accumulate ? void target.add_(value) : copyTo(target, value);
  const read = asTuple(given);
  const alone = read === given && given.length === 1;
  // a truth value alone is no index: true means all of the tensor, false nothing
  if (alone && typeof given[0] === "boolean") {
    if (given[0]) write(self.unsqueeze(0));
    return self;
  }
  const { view, indices } = applyViews(self, read, alone, false);
  if (indices.length === 0) {
    write(view);
    return self;
  }
  const sizes = withoutLeadingOnes(value.sizes);
  indexPutInto(view, indices, sizes === value.sizes ? value : value.view(sizes), accumulate);
  return self;
}

/** Named arguments of writing. */
export interface IndexPutOptions {
  /** What stands between the brackets. */
  indices: readonly Index[];
  /** What is written: a tensor that broadcasts to the part, or a number. */
  values: Tensor | Num;
  /** Whether to add to what is there; an element that is named twice gets both. */
  accumulate?: boolean;
}

const PUT = "(Tensor input, tuple of Tensors indices, Tensor values, bool accumulate = False)";
const putParser = new ArgumentParser("index_put_", [PUT]);

/** Reads the arguments; what is no list of indices or no value gets PyTorch's errors for its own `index_put_`. */
function putInto(self: Tensor, ...args: unknown[]): Tensor {
  const last = args[args.length - 1];
  const named = args.length > 1 || Array.isArray(args[0]) ? (isOptions(last) ? last : {}) : isOptions(args[0]) ? args[0] : {};
  const positional = isOptions(last) ? args.slice(0, -1) : args;
  const indices = positional[0] ?? named.indices;
  const value = positional.length > 1 ? positional[1] : named.values;
  const accumulate = positional.length > 2 ? positional[2] : named.accumulate ?? false;
  if (!Array.isArray(indices) || value === undefined || typeof accumulate !== "boolean" || positional.length > 3) putParser.parse([self, ...args], 1);
  return setItem(self, indices as unknown[], toValue(self, value), accumulate === true);
}

function isOptions(value: unknown): value is Partial<Record<keyof IndexPutOptions, unknown>> {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}

/** What `x.index_put_` takes: the indices, the values and whether to add, or all of them by name. */
export type IndexPutArguments =
  | [indices: readonly Index[], values: Tensor | Num, accumulate?: boolean | { accumulate?: boolean }]
  | [named: IndexPutOptions];

/** `x.index_put_(...)`. */
export interface SubscriptPut extends IsMethod {
  /** `x[...] = values`. */
  (self: Tensor, ...args: IndexPutArguments): Tensor;
}

/** `x[...] = values`: writes into `self`, which it returns. The gradient of the written elements goes to `values`, of the others to `self`. */
export const index_put_: SubscriptPut = Object.assign(
  (self: Tensor, ...args: unknown[]): Tensor => putInto(self, ...args),
  { asMethod: putInto as IsMethod["asMethod"] },
);
Object.defineProperty(index_put_, "name", { value: "index_put_" });

/** Named arguments of `index_put`. */
export type PutOptions = { indices: readonly Tensor[]; values: Tensor; accumulate: boolean };
/** `index_put`: a copy with values written at indices. */
export type PutOp = Op<PutOptions, [indices: readonly Tensor[], values: Tensor, accumulate?: boolean]>;

/** A copy of `self` with `values` at the places that index tensors, one a dimension, name. */
export const index_put: PutOp = define<PutOp, PutOptions & { self: Tensor }>(
  "index_put",
  PUT,
  ({ self, indices, values, accumulate }) => indexPut(self, indices, values, accumulate),
);
