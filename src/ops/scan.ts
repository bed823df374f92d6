/**
 * Running sums, products and extrema along a dimension.
 */
import { bool, type DType, int64 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { toInt64 } from "../kernels/int64.ts";
import { ExtremeScan, type Lines, Scan } from "../kernels/scan.ts";
import { namedTuple, type ValuesIndices } from "../named_tuple.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { asContiguous, asType } from "./elementwise.ts";
import { cat, stack } from "./join.ts";
import { linesAlong, type ReduceOptions, wantedType } from "./reduction.ts";
import { writeOuts } from "./selection.ts";

const running = new Scan([0, (a, x) => a + x], [0n, (a, x) => BigInt.asIntN(64, a + x)]);
const runningProduct = new Scan([1, (a, x) => a * x], [1n, (a, x) => BigInt.asIntN(64, a * x)]);
const runningLogSum = new Scan([-Infinity, (a, x) => {
  const least = Math.min(a, x), greatest = Math.max(a, x);
  return least !== greatest || Number.isFinite(least) ? greatest + Math.log1p(Math.exp(least - greatest)) : x;
}]);

type ScanInputs = { self: Tensor; dim: number; dtype: DType | null };

function scanned(scan: Scan, self: Tensor, dim: number, dtype: DType): Tensor {
  const lines = linesAlong(self.sizes, dim);
  // integers narrower than int64 wrap around as it does
  const wide = asContiguous(asType(self, dtype.is_floating_point ? dtype : int64));
  const result = Tensor.make(self.sizes, wide.dtype);
  scan.run(wide.store.data, wide.offset, result.store.data, lines);
  return asType(result, dtype);
}

const scanType = ({ self, dtype }: ScanInputs): DType => dtype ?? (self.dtype.is_floating_point ? self.dtype : int64);

/** Whether there is at most one element to run over. */
const isTrivial = (t: Tensor, dim: number): boolean => t.count <= 1 || t.size(dim) === 1;

/** The sum from each element on to the end. */
const sumFrom = (t: Tensor, dim: number): Tensor => isTrivial(t, dim) ? t : t.flip(dim).cumsum(dim).flip(dim);

/** Named arguments of `cumsum` and `cumprod`. */
export type ScanOptions = Omit<ReduceOptions, "dim" | "keepdim"> & { dim?: number };

/** A running sum or product. */
export type Cumulative = InplaceOp<ScanOptions, [dim: number]>;

const SIGNATURES = [
  "(Tensor input, int dim, *, torch.dtype dtype = None, Tensor out = None)",
  "(Tensor input, name dim, *, torch.dtype dtype = None, Tensor out = None)",
];

function cumulative(name: string, primitive: Primitive<ScanInputs>): Cumulative {
  return Object.assign(
    define<Cumulative, ScanInputs & { out: Tensor | null }>(name, SIGNATURES, (inputs) => primitive.apply({ ...inputs, dtype: wantedType(inputs) })),
    {
      inplace: define<Cumulative, ScanInputs>(`${name}_`, SIGNATURES, (inputs) => {
        if (inputs.self.dtype === bool) throw noKernel(`${name}_out_cpu`, bool);
        return primitive.applyInplace({ ...inputs, dtype: inputs.self.dtype });
      }),
    },
  );
}

const cumsumPrimitive = new Primitive<ScanInputs>({
  name: "CumsumBackward0",
  forward: (inputs) => scanned(running, inputs.self, inputs.dim, scanType(inputs)),
  backward: { self: ({ grad, dim }) => sumFrom(grad, dim) },
});

/** The running sum along `dim`; integers and bools are summed as int64. The gradient of an element is the sum of the gradients from there on. */
export const cumsum: Cumulative = cumulative("cumsum", cumsumPrimitive);

/** The gradient of a running product with zeros among the factors: each factor's is a sum over the products it takes part in, of the others. */
function throughZeros(grad: Tensor, self: Tensor, dim: number): Tensor {
  const n = self.size(dim);
  const one = self.detach().new_ones(self.sizes.map((size, d) => d === dim ? 1 : size));
  const slices: Tensor[] = [];
  for (let k = 0; k < n; k++) {
    const before = k === 0 ? one : self.narrow(dim, 0, k).prod(dim, true);
    const after = k === n - 1 ? one : cat([one, self.narrow(dim, k + 1, n - k - 1).cumprod(dim)], dim);
    slices.push(grad.narrow(dim, k, n - k).mul(before.mul(after)).sum(dim));
  }
  return stack(slices, dim);
}

const cumprodPrimitive = new Primitive<ScanInputs>({
  name: "CumprodBackward0",
  forward: (inputs) => scanned(runningProduct, inputs.self, inputs.dim, scanType(inputs)),
  backward: {
    self: ({ grad, self, dim, result }) => {
      if (isTrivial(self, dim)) return grad;
      if (self.detach().eq(0).any().item()) return throughZeros(grad, self, dim < 0 ? dim + self.sizes.length : dim);
      return sumFrom(result.mul(grad), dim).div(self);
    },
  },
});

/** The running product along `dim`; integers and bools are multiplied as int64. The gradient of an element sums those of the products it takes part in, each times the other factors. */
export const cumprod: Cumulative = cumulative("cumprod", cumprodPrimitive);

/** Named arguments of the other scans. */
export type LineOptions = Omit<ScanOptions, "dtype">;

const logcumsumexpPrimitive = new Primitive<{ self: Tensor; dim: number }>({
  name: "LogcumsumexpBackward0",
  forward: ({ self, dim }) => {
    if (!self.dtype.is_floating_point) throw noKernel("logcumsumexp_out_cpu", self.dtype);
    return scanned(runningLogSum, self, dim, self.dtype);
  },
  backward: {
    // sum over j >= i of grad_j exp(self_i - result_j), for positive and negative gradients apart, in logarithms
    self: ({ grad, self, dim, result }) => {
      if (grad.sizes.length === 0 || grad.count === 0) return grad;
      const nothing = grad.dtype.itemsize === 8 ? -Number.MAX_VALUE : -3.4028234663852886e38;
      const logarithm = (positive: Tensor) => positive.log().where(positive.gt(0), nothing);
      const part = (positive: Tensor) => logarithm(positive).sub(result).flip(dim).logcumsumexp(dim).flip(dim).add(self).exp();
      return part(grad).sub(part(grad.neg()));
    },
  },
});

/** The logarithm of the running sum of exponentials along `dim`. Its gradient is weighted by each element's share of each sum. */
export const logcumsumexp: Op<LineOptions, [dim: number]> = define<Op<LineOptions, [dim: number]>, { self: Tensor; dim: number; out: Tensor | null }>(
  "logcumsumexp",
  ["(Tensor input, int dim, *, Tensor out = None)", "(Tensor input, name dim, *, Tensor out = None)"],
  ({ self, dim, out }) => {
    if (out !== null && out.dtype !== self.dtype) throw new RuntimeError(`expected scalar_type ${self.dtype.scalar} but found ${out.dtype.scalar}`);
    return logcumsumexpPrimitive.apply({ self, dim });
  },
);

/** Named arguments of `cummax` and `cummin`. */
export interface ExtremeScanOptions {
  /** The dimension to run along. */
  dim?: number;
  /** Takes the values and the indices. */
  out?: readonly [Tensor, Tensor];
}

function runningExtremum(name: "cummax" | "cummin", scan: ExtremeScan): Op<ExtremeScanOptions, [dim: number], ValuesIndices> {
  const primitive = new Primitive<{ self: Tensor; dim: number }>({
    name: name === "cummax" ? "CummaxBackward0" : "CumminBackward0",
    forward: ({ self, dim }) => {
      const lines: Lines = linesAlong(self.sizes, dim);
      const source = asContiguous(self);
      const values = Tensor.make(self.sizes, self.dtype);
      const places = scan.run(source.store.data, source.offset, values.store.data, lines);
      return [values, new Tensor(new Storage(toInt64(places)), int64, self.sizes)];
    },
    nonDifferentiable: [1],
    backward: { self: ({ grad, self, dim, indices }) => self.count === 0 ? self : grad.new_zeros(self.sizes).scatter_add(dim, indices, grad) },
  });
  return define<Op<ExtremeScanOptions, [dim: number], ValuesIndices>, { self: Tensor; dim: number; out: Tensor[] | null }>(name, [
    "(Tensor input, int dim, *, tuple of Tensors out = None)",
    "(Tensor input, name dim, *, tuple of Tensors out = None)",
  ], ({ self, dim, out }) => {
    const expected = [self.dtype, int64];
    out?.forEach((t, i) => {
      if (t.dtype !== expected[i]) throw new RuntimeError(`expected scalar_type ${expected[i].scalar} but found ${t.dtype.scalar}`);
    });
    const results = primitive.apply({ self, dim }) as Tensor[];
    return namedTuple(out === null ? name : `${name}_out`, ["values", "indices"], out === null ? results : writeOuts(name, { self }, out, results));
  });
}

/** The greatest element so far along `dim`, and where it stands: the last of several. NaN wins. The gradient goes to the element at the index. */
export const cummax: Op<ExtremeScanOptions, [dim: number], ValuesIndices> = runningExtremum("cummax", new ExtremeScan((x, best) => x >= best || x !== x));
/** The least element so far along `dim`, and where it stands: see `cummax`. */
export const cummin: Op<ExtremeScanOptions, [dim: number], ValuesIndices> = runningExtremum("cummin", new ExtremeScan((x, best) => x <= best || x !== x));
