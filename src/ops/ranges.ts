/**
 * New tensors whose values follow from their places: ranges, grids of numbers, identity matrices, triangles of indices.
 */
import { bool, type DType, float32, get_default_dtype, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { FACTORY, finish, type Options, type TensorOptions } from "./factory.ts";
import { define, type Fn } from "./define.ts";
import { toScalar } from "./elementwise.ts";
import { longTensor } from "./nonzero.ts";
import type { Num } from "./promotion.ts";

const isInteger = (n: Num) => typeof n !== "number" || Number.isInteger(n);
const noKernel = (kernel: string, dtype: DType) => new RuntimeError(`"${kernel}" not implemented for '${dtype.scalar}'`);

/** Writes `value(i)` to every element. */
function fillBy(out: Tensor, value: (i: number) => Num): Tensor {
  const { data } = out.store;
  for (let i = 0; i < out.count; i++) data[i] = toScalar(value(i), out.dtype);
  return out;
}

// -- ranges ----------------------------------------------------------------------------------------------------------

/** How many floats PyTorch computes at once: each such block starts from a value rounded to float32. */
const LANES = 8;

function stepped(start: number, step: number, n: number, dtype: DType): Tensor {
  if (dtype.category !== "float") {
    const first = Math.trunc(start), stride = Math.trunc(step);
    const last = first + Math.max(n - 1, 0) * stride;
    if (dtype === int64 && Math.max(Math.abs(first), Math.abs(last)) < 2 ** 31) {
      const values = new Int32Array(n);
      for (let i = 0; i < n; i++) values[i] = first + i * stride;
      return longTensor(values);
    }
    return fillBy(Tensor.make([n], dtype), (i) => first + i * stride);
  }
  const out = Tensor.make([n], dtype), data = out.store.data;
  if (dtype !== float32) {
    for (let i = 0; i < n; i++) data[i] = start + step * i;
    return out;
  }
  const blocks = n - n % LANES;
  for (let block = 0; block < blocks; block += LANES) {
    const first = Math.fround(start + step * block);
    for (let lane = 0; lane < LANES; lane++) data[block + lane] = first + lane * step;
  }
  for (let i = blocks; i < n; i++) data[i] = start + step * i;
  return out;
}

function checkRange(start: number, end: number, step: number, message: string): void {
  if (!(step > 0 || step < 0)) throw new RuntimeError("step must be nonzero");
  if (!Number.isFinite(start) || !Number.isFinite(end)) throw new RuntimeError(`unsupported range: ${printed(start)} -> ${printed(end)}`);
  if (step > 0 ? end < start : end > start) throw new RuntimeError(message);
}

/** A number as C++ prints a double. */
function printed(n: number): string {
  return Number.isNaN(n) ? "nan" : n === Infinity ? "inf" : n === -Infinity ? "-inf" : String(n);
}

/** Named arguments of `arange` and `range`. */
export interface RangeOptions extends TensorOptions {
  /** The first value. */
  start?: Num;
  /** Where the range ends. */
  end: Num;
  /** The distance of neighbours. */
  step?: Num;
}

/** `arange` and `range`: numbers from `start` to `end` by `step`. */
export type Range = Fn<RangeOptions, [startOrEnd: Num, end?: Num, step?: Num]>;
type RangeInputs = Options & { start?: Num; end: Num; step?: Num };

/**
 * The numbers `start`, `start + step` ... before `end`: int64 where all three are integers, else the default dtype. One
 * argument is the end of a range that starts from 0.
 */
export const arange: Range = define<Range, RangeInputs>(
  "arange",
  [
    `(Number end, *, Tensor out = None, ${FACTORY})`,
    `(Number start, Number end, *, ${FACTORY})`,
    `(Number start, Number end, Number step = 1, *, Tensor out = None, ${FACTORY})`,
  ],
  (p) => {
    const { start = 0, end, step = 1, out } = p;
    const dtype = p.dtype ?? (out instanceof Tensor ? out.dtype : isInteger(start) && isInteger(end) && isInteger(step) ? int64 : get_default_dtype());
    const from = Number(start), to = Number(end), by = Number(step);
    if (dtype === int64) checkRange(from, to, Math.trunc(by), "upper bound and larger bound inconsistent with step sign");
    else checkRange(from, to, by, "upper bound and larger bound inconsistent with step sign");
    if (dtype === bool) throw noKernel("arange_cpu", dtype);
    const n = dtype === int64 ? Math.ceil((Math.trunc(to) - Math.trunc(from)) / Math.trunc(by)) : Math.ceil((to - from) / by);
    return finish(stepped(from, by, n, dtype), p);
  },
);

/** The numbers `start`, `start + step` ... up to `end` and with it. Deprecated: use `arange`. */
export const range: Range = define<Range, RangeInputs>(
  "range",
  [`(Number start, Number end, Number step = 1, *, Tensor out = None, ${FACTORY})`],
  (p) => {
    warnOnce(
      "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with Python's range builtin. " +
        "Instead, use torch.arange, which produces values in [start, end).",
    );
    const { start = 0, end, step = 1 } = p;
    const dtype = p.dtype ?? get_default_dtype();
    const from = Number(start), to = Number(end), by = Number(step);
    checkRange(from, to, by, "upper bound and lower bound inconsistent with step sign");
    return finish(stepped(from, by, Math.floor((to - from) / by) + 1, dtype), p);
  },
);

// -- grids -----------------------------------------------------------------------------------------------------------

/**
 * The values of `linspace`, counted from the nearer end so that both ends are exact. In float32 the step is rounded, and
 * each value rounds once, as a fused multiplication and addition does.
 */
function grid(start: number, end: number, steps: number, dtype: DType): (i: number) => number {
  if (steps === 1) return () => start;
  const round = dtype === float32 ? Math.fround : (x: number) => x;
  const whole = dtype.category === "int" ? Math.trunc : round;
  const first = whole(start), last = whole(end);
  const step = round(round(last - first) / (steps - 1));
  const half = Math.floor(steps / 2);
  return (i) => i < half ? first + step * i : last - step * (steps - 1 - i);
}

/** Named arguments of `linspace` and `logspace`. */
export interface GridOptions extends TensorOptions {
  /** The first value, or its logarithm. */
  start: Num | Tensor;
  /** The last value, or its logarithm. */
  end: Num | Tensor;
  /** How many values. */
  steps: number;
  /** The base of the powers of `logspace`. */
  base?: number;
}

type GridInputs = Options & { start: Num | Tensor; end: Num | Tensor; steps: number; base: number };

const gridSignatures = (base: string) =>
  [["Tensor", "Tensor"], ["Number", "Tensor"], ["Tensor", "Number"], ["Number", "Number"]].map(([start, end]) =>
    `(${start} start, ${end} end, int steps, ${base}*, Tensor out = None, ${FACTORY})`
  );

function gridEnds(name: string, { start, end, steps }: GridInputs): [number, number] {
  const ends = [start, end];
  if (ends.some((v) => v instanceof Tensor && v.sizes.length > 0)) {
    const [a, b] = ends.map((v, i) => v instanceof Tensor ? `${i === 0 ? "start" : "end"} with ${v.sizes.length} dimension(s)` : null);
    throw new RuntimeError(`${name} only supports 0-dimensional start and end tensors, but got ${[a, b].filter((t) => t !== null).join(" and ")}.`);
  }
  if (steps < 0) throw new RuntimeError("number of steps must be non-negative");
  return ends.map((v) => Number(v instanceof Tensor ? v.item() : v)) as [number, number];
}

const gridType = (p: GridInputs) => p.dtype ?? (p.out instanceof Tensor ? p.out.dtype : get_default_dtype());

/** `linspace`: evenly spaced numbers. */
export type Linspace = Fn<Omit<GridOptions, "base">, [start: Num | Tensor, end: Num | Tensor, steps: number]>;

/** `steps` numbers at equal distances from `start` to `end`, both included. */
export const linspace: Linspace = define<Linspace, GridInputs>("linspace", gridSignatures(""), (p) => {
  const [start, end] = gridEnds("linspace", p);
  const dtype = gridType(p);
  if (dtype === bool) throw noKernel("linspace_cpu", dtype);
  return finish(fillBy(Tensor.make([p.steps], dtype), grid(start, end, p.steps, dtype)), p);
});

/** `logspace`: numbers with evenly spaced logarithms. */
export type Logspace = Fn<GridOptions, [start: Num | Tensor, end: Num | Tensor, steps: number, base?: number]>;

/** `base` to the powers of `steps` equally spaced exponents from `start` to `end`. */
export const logspace: Logspace = define<Logspace, GridInputs>("logspace", gridSignatures("float base = 10.0, "), (p) => {
  const [start, end] = gridEnds("logspace", p);
  const dtype = gridType(p);
  if (dtype === bool) throw noKernel("logspace_cpu", dtype);
  const exponent = grid(start, end, p.steps, dtype);
  const round = dtype === float32 ? Math.fround : (x: number) => x;
  return finish(fillBy(Tensor.make([p.steps], dtype), (i) => p.base ** round(exponent(i))), p);
});

// -- matrices --------------------------------------------------------------------------------------------------------

/** Named arguments of `eye`. */
export interface EyeOptions extends TensorOptions {
  /** The number of rows. */
  n: number;
  /** The number of columns; as many as rows by default. */
  m?: number;
}

/** `eye`: a matrix with ones on its diagonal. */
export type Eye = Fn<EyeOptions, [n: number, m?: number]>;

/** A matrix with ones on its diagonal and zeros elsewhere. */
export const eye: Eye = define<Eye, Options & { n: number; m?: number }>(
  "eye",
  [`(int n, *, Tensor out = None, ${FACTORY})`, `(int n, int m, *, Tensor out = None, ${FACTORY})`],
  (p) => {
    const { n, m = n, out } = p;
    if (n < 0) throw new RuntimeError(`n must be greater or equal to 0, got ${n}`);
    if (m < 0) throw new RuntimeError(`m must be greater or equal to 0, got ${m}`);
    const matrix = Tensor.make([n, m], p.dtype ?? (out instanceof Tensor ? out.dtype : get_default_dtype()));
    const one = toScalar(1, matrix.dtype), { data } = matrix.store;
    for (let i = 0; i < Math.min(n, m); i++) data[i * m + i] = one;
    return finish(matrix, p);
  },
);

/** `tril_indices` and `triu_indices`: the places of one triangle of a matrix. */
export type TriangleIndices = Fn<TensorOptions & { row: number; col: number; offset?: number }, [row: number, col: number, offset?: number]>;

function triangle(name: string, inside: (i: number, j: number, offset: number) => boolean): TriangleIndices {
  return define<TriangleIndices, Options & { row: number; col: number; offset: number }>(
    name,
    `(int row, int col, int offset = 0, *, ${FACTORY})`,
    (p) => {
      if (p.row < 0) throw new RuntimeError(`row must be non-negative, got${p.row}`);
      if (p.col < 0) throw new RuntimeError(`col must be non-negative, got${p.col}`);
      const dtype = p.dtype ?? int64;
      if (dtype.category !== "int") throw noKernel(name, dtype);
      const rows: number[] = [], columns: number[] = [];
      for (let i = 0; i < p.row; i++) {
        for (let j = 0; j < p.col; j++) {
          if (!inside(i, j, p.offset)) continue;
          rows.push(i);
          columns.push(j);
        }
      }
      return finish(longTensor([...rows, ...columns], [2, rows.length]).to(dtype), p);
    },
  );
}

/** The row and column indices of the elements on and below a diagonal, in row-major order. */
export const tril_indices: TriangleIndices = triangle("tril_indices", (i, j, offset) => j - i <= offset);
/** The row and column indices of the elements on and above a diagonal, in row-major order. */
export const triu_indices: TriangleIndices = triangle("triu_indices", (i, j, offset) => j - i >= offset);
