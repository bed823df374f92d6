/**
 * The different elements, or slices, of a tensor.
 */
import { int64 } from "../dtype.ts";
import { noDerivative, RuntimeError } from "../errors.ts";
import { exactNumbers, toInt64 } from "../kernels/int64.ts";
import { ascending } from "../kernels/introsort.ts";
import { stableSort } from "../kernels/sort.ts";
import { type Runs, runs } from "../kernels/unique.ts";
import { wrapDim } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type IsMethod, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { pythonFunction } from "./python_function.ts";

const indices = (numbers: Int32Array, sizes: readonly number[] = [numbers.length]): Tensor => new Tensor(new Storage(toInt64(numbers)), int64, sizes);
const counting = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** The different elements, the places of all among them, and how often each occurs. NaN differs from NaN. */
function uniqueElements(self: Tensor, sorted: boolean): Tensor[] {
  const flat = asContiguous(self).reshape(-1);
  const { data } = flat.store;
  // bigints are slow to compare
  const numbers = data instanceof BigInt64Array ? exactNumbers(data, flat.offset, flat.count) as Float64Array<ArrayBuffer> | null : null;
  const order = counting(flat.count);
  const elements = numbers ?? data, start = numbers === null ? flat.offset : 0;
  if (sorted) stableSort(ascending, elements.slice(start, start + flat.count), order);
  const { firsts, inverse, counts } = runs(order, (a, b) => elements[start + a] !== elements[start + b]);
  return [flat.index_select(0, indices(firsts)), indices(inverse, self.sizes), indices(counts)];
}

/** The same for the slices along `dim`, which are compared element by element from the first. */
function uniqueSlices(self: Tensor, dim: number, sorted: boolean): Tensor[] {
  const d = wrapDim(dim, self.sizes.length, false);
  const n = self.sizes[d];
  if (self.count === 0 && self.sizes.some((size, i) => size === 0 && i !== d)) {
    throw new RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied");
  }
  const rows = asContiguous(self.movedim(d, 0));
  const { data } = rows.store;
  const width = n === 0 ? 0 : rows.count / n;
  const compare = (a: number, b: number): number => {
    for (let k = 0, i = rows.offset + a * width, j = rows.offset + b * width; k < width; k++, i++, j++) {
      if (data[i] < data[j]) return -1;
      if (data[j] < data[i]) return 1;
    }
    return 0;
  };
  const differ = (a: number, b: number): boolean => {
    for (let k = 0, i = rows.offset + a * width, j = rows.offset + b * width; k < width; k++, i++, j++) if (data[i] !== data[j]) return true;
    return false;
  };
  const found: Runs = runs(sorted ? counting(n).sort(compare) : counting(n), differ);
  return [self.index_select(d, indices(found.firsts)), indices(found.inverse), indices(found.counts)];
}

type Inputs = { self: Tensor; dim: number | null };

/** PyTorch records these ops, but cannot differentiate them. */
const undifferentiable = (name: string, op: string, forward: (inputs: Inputs) => Tensor[]): Primitive<Inputs> =>
  new Primitive<Inputs>({
    name,
    forward,
    nonDifferentiable: [1, 2],
    backward: {
      self: () => {
        throw noDerivative(op);
      },
    },
  });

const ofElements = undifferentiable("Unique2Backward0", "_unique2", ({ self }) => uniqueElements(self, true));
const ofSlices = undifferentiable("UniqueDimBackward0", "unique_dim", ({ self, dim }) => uniqueSlices(self, dim!, true));
const consecutive = undifferentiable(
  "UniqueConsecutiveBackward0",
  "unique_consecutive",
  ({ self, dim }) => dim === null ? uniqueElements(self, false) : uniqueSlices(self, dim, false),
);

/** Named arguments of `unique_consecutive`. */
export interface ConsecutiveOptions {
  /** Whether to give the place of each element among the results too. */
  return_inverse?: boolean;
  /** Whether to give the number of occurrences too. */
  return_counts?: boolean;
  /** The dimension whose slices are compared; all elements by default. */
  dim?: number | null;
}

/** Named arguments of `unique`. */
export interface UniqueOptions extends ConsecutiveOptions {
  /** The results are sorted in any case. */
  sorted?: boolean;
}

/** One tensor, or several where more is asked for. */
export type UniqueResult<O> = O extends { return_inverse: true } | { return_counts: true } ? Tensor[] : Tensor;

/** `unique` as a method. */
export interface UniqueMethod {
  /** The different elements. */
  (): Tensor;
  /** The different elements or slices, and what else the options ask for. */
  <O extends UniqueOptions>(options: O): UniqueResult<O>;
  /** The arguments by position. */
  (sorted: boolean, return_inverse?: boolean, return_counts?: boolean, dim?: number | null): Tensor | Tensor[];
}

/** `unique` as a function. */
export interface Unique extends IsMethod {
  /** The different elements. */
  (self: Tensor): Tensor;
  /** The different elements or slices, and what else the options ask for. */
  <O extends UniqueOptions>(self: Tensor, options: O): UniqueResult<O>;
  /** The arguments by position. */
  (self: Tensor, sorted: boolean, return_inverse?: boolean, return_counts?: boolean, dim?: number | null): Tensor | Tensor[];
}

/** `unique_consecutive` as a method. */
export interface ConsecutiveMethod {
  /** The elements without those that equal their predecessor. */
  (): Tensor;
  /** The elements or slices, and what else the options ask for. */
  <O extends ConsecutiveOptions>(options: O): UniqueResult<O>;
  /** The arguments by position. */
  (return_inverse: boolean, return_counts?: boolean, dim?: number | null): Tensor | Tensor[];
}

/** `unique_consecutive` as a function. */
export interface UniqueConsecutive extends IsMethod {
  /** The elements without those that equal their predecessor. */
  (self: Tensor): Tensor;
  /** The elements or slices, and what else the options ask for. */
  <O extends ConsecutiveOptions>(self: Tensor, options: O): UniqueResult<O>;
  /** The arguments by position. */
  (self: Tensor, return_inverse: boolean, return_counts?: boolean, dim?: number | null): Tensor | Tensor[];
}

type PythonInputs = Required<UniqueOptions> & { input: Tensor };

/** What was asked for of values, places and counts. */
function wanted([values, inverse, counts]: Tensor[], { return_inverse, return_counts }: PythonInputs): Tensor | Tensor[] {
  if (!return_inverse && !return_counts) return values;
  return [values, ...(return_inverse ? [inverse] : []), ...(return_counts ? [counts] : [])];
}

const FLAGS = { return_inverse: false, return_counts: false, dim: null };

type Flags = { return_inverse: boolean; return_counts: boolean; dim?: number | null };
type Underlying<F, A extends unknown[] = []> = (input: Tensor, ...args: [...A, flags: F]) => Tensor[];

// the ops that PyTorch's functions of Python call, which check the arguments
const elementsOp: Underlying<Omit<Flags, "dim"> & { sorted: boolean }> = define(
  "_unique2",
  "(Tensor input, bool sorted = True, bool return_inverse = False, bool return_counts = False)",
  ({ self }: Inputs) => ofElements.apply({ self, dim: null }),
);
const slicesOp: Underlying<Flags & { sorted: boolean }, [dim: number]> = define(
  "unique_dim",
  "(Tensor input, int dim, bool sorted = True, bool return_inverse = False, bool return_counts = False)",
  (inputs: Inputs) => ofSlices.apply(inputs),
);
const consecutiveOp: Underlying<Flags> = define(
  "unique_consecutive",
  "(Tensor input, bool return_inverse = False, bool return_counts = False, int dim = None)",
  (inputs: Inputs) => consecutive.apply(inputs),
);

function uniqueOf(inputs: PythonInputs): Tensor | Tensor[] {
  const { input, dim, ...flags } = inputs;
  return wanted(dim === null ? elementsOp(input, flags) : slicesOp(input, dim, flags), inputs);
}

function consecutiveOf(inputs: PythonInputs): Tensor | Tensor[] {
  const { input, return_inverse, return_counts, dim } = inputs;
  return wanted(consecutiveOp(input, { return_inverse, return_counts, dim }), inputs);
}

/** The different elements, or slices along `dim`, in ascending order. */
export const unique: Unique = Object.assign(pythonFunction<Unique, PythonInputs>("_unique_impl", ["input"], { sorted: true, ...FLAGS }, uniqueOf), {
  asMethod: pythonFunction<IsMethod["asMethod"], PythonInputs>("Tensor.unique", ["input"], { sorted: true, ...FLAGS }, uniqueOf),
});

/** The elements, or slices along `dim`, without those that equal their predecessor. */
export const unique_consecutive: UniqueConsecutive = Object.assign(
  pythonFunction<UniqueConsecutive, PythonInputs>("_consecutive_impl", ["input"], FLAGS, consecutiveOf),
  {
    asMethod: pythonFunction<IsMethod["asMethod"], PythonInputs>("Tensor.unique_consecutive", ["input"], FLAGS, consecutiveOf),
  },
);
