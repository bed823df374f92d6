/**
 * Softmax, its logarithm, and the logarithm of the sum of exponentials.
 */
import { type DType, get_default_dtype } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { OnePerRow } from "../kernels/loss.ts";
import { type Floats, logSumExpLines, softmaxGradientLines, softmaxLines } from "../kernels/softmax.ts";
import { logSoftmaxBackwardPicked } from "../kernels/wasm/rows.ts";
import { elementCount, wrapDim } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { toType } from "./copy.ts";
import { define, type Op, Primitive } from "./define.ts";
import { asContiguous, asType, floatType } from "./elementwise.ts";
import { linesAlong, reducedDims, reducedSizes, type ReduceOptions, unsqueezeReduced, wrongOutType } from "./reduction.ts";

const floats = (t: Tensor): Floats => t.store.data as Floats;

/** A tensor of these elements, like another one. */
const made = (data: Floats, { dtype, sizes }: Tensor): Tensor => new Tensor(new Storage(data), dtype, sizes);

type DimInputs = { self: Tensor; dim: number };
type GradientInputs = { grad_output: Tensor; output: Tensor; dim: number };

function forward(log: boolean, { self, dim }: DimInputs): Tensor {
  const lines = linesAlong(self.sizes, dim);
  if (self.count === 0) return Tensor.make(self.sizes, self.dtype);
  if (!self.dtype.is_floating_point) {
    const last = wrapDim(dim, self.sizes.length) >= self.sizes.length - 1;
    throw noKernel(last ? `${log ? "log_" : ""}softmax_lastdim_kernel_impl` : "softmax_kernel_impl", self.dtype);
  }
  const source = asContiguous(self);
  return made(softmaxLines(log, floats(source), source.offset, lines), self);
}

/** The gradient of log_softmax from one that has but one element a row, as that of a likelihood has; null where it is of another kind. */
function pickedGradient({ grad_output: { store, count, contiguousLayout }, output, dim }: GradientInputs): Tensor | null {
  const { pending } = store;
  const { outer, length, inner } = linesAlong(output.sizes, dim);
  if (!(pending instanceof OnePerRow) || inner !== 1 || pending.width !== length || count !== store.length || !contiguousLayout) return null;
  const y = asContiguous(output), data = floats(y);
  if (!(data instanceof Float32Array)) return null;
  const result = logSoftmaxBackwardPicked(pending.elements, pending.columns, data, y.offset, outer, length);
  return result === null ? null : made(result, output);
}

function gradient(log: boolean, inputs: GradientInputs): Tensor {
  const picked = log ? pickedGradient(inputs) : null;
  if (picked !== null) return picked;
  const { grad_output, output, dim } = inputs;
  const grad = asContiguous(asType(grad_output, output.dtype)), y = asContiguous(output);
  return made(softmaxGradientLines(log, floats(grad), grad.offset, floats(y), y.offset, linesAlong(output.sizes, dim)), output);
}

/** y (g - sum(g y)), an op of its own, for gradients of gradients. It is linear and symmetric in g. */
const softmaxGradient: Primitive<GradientInputs> = new Primitive<GradientInputs>({
  name: "SoftmaxBackwardDataBackward0",
  forward: (inputs) => gradient(false, inputs),
  backward: {
    grad_output: ({ grad, output, dim }) => softmaxGradient.apply({ grad_output: grad, output, dim }) as Tensor,
    output: ({ grad, grad_output, output, dim }) =>
      grad.mul(grad_output).sub(grad.mul(grad_output.mul(output).sum(dim, true))).sub(grad_output.mul(grad.mul(output).sum(dim, true))),
  },
});

/** g - e^y sum(g), an op of its own, for gradients of gradients. */
const logSoftmaxGradient = new Primitive<GradientInputs>({
  name: "LogSoftmaxBackwardDataBackward0",
  forward: (inputs) => gradient(true, inputs),
  backward: {
    grad_output: ({ grad, output, dim }) => grad.sub(grad.mul(output.exp()).sum(dim, true)),
    output: ({ grad, grad_output, output, dim }) => grad_output.sum(dim, true).neg().mul(output.exp()).mul(grad),
  },
});

const softmaxPrimitive = new Primitive<DimInputs>({
  name: "SoftmaxBackward0",
  forward: (inputs) => forward(false, inputs),
  backward: { self: ({ grad, result, dim }) => softmaxGradient.apply({ grad_output: grad, output: result, dim }) as Tensor },
});

const logSoftmaxPrimitive = new Primitive<DimInputs>({
  name: "LogSoftmaxBackward0",
  forward: (inputs) => forward(true, inputs),
  backward: { self: ({ grad, result, dim }) => logSoftmaxGradient.apply({ grad_output: grad, output: result, dim }) as Tensor },
});

/** Named arguments of `softmax` and `log_softmax`. */
export interface SoftmaxOptions {
  /** The dimension along which the results sum to 1. */
  dim?: number;
  /** The dtype that elements are converted to first. */
  dtype?: DType | null;
  /** Takes the result. */
  out?: Tensor;
}

/** `softmax` or `log_softmax`. */
export type Softmax = Op<SoftmaxOptions, [dim: number, dtype?: DType | null]>;

function along(name: string, primitive: Primitive<DimInputs>): Softmax {
  return define<Softmax, DimInputs & { dtype: DType | null; out?: Tensor | null }>(
    name,
    ["(Tensor input, int dim, torch.dtype dtype = None, *, Tensor out = None)", "(Tensor input, name dim, *, torch.dtype dtype = None)"],
    ({ self, dim, dtype, out }) => {
      const type = dtype ?? self.dtype;
      if (out && out.dtype !== type) throw wrongOutType(type, out.dtype);
      return primitive.apply({ self: toType(self, type), dim });
    },
  );
}

/** exp(x) / sum(exp(x)) along `dim`. The gradient is y (g - sum(g y)). */
export const softmax: Softmax = along("softmax", softmaxPrimitive);
/** The logarithm of softmax along `dim`, without its loss of precision. The gradient is g - softmax sum(g). */
export const log_softmax: Softmax = along("log_softmax", logSoftmaxPrimitive);

type ReduceInputs = { self: Tensor; dim: number[]; keepdim: boolean };

function logSumExp({ self, dim, keepdim }: ReduceInputs): Tensor {
  const rank = self.sizes.length;
  const dims = reducedDims(dim, rank);
  if (dim.length === 0 && rank > 0 && !keepdim) {
    throw new RuntimeError(`output with shape [] doesn't match the broadcast shape [${Array(rank).fill(1).join(", ")}]`);
  }
  const source = asType(self, floatType(self.dtype, get_default_dtype()));
  const out = Tensor.make(reducedSizes(self.sizes, dims, keepdim), source.dtype);
  // several dimensions go to the end, to be one
  const kept = source.sizes.map((_, d) => d).filter((d) => !dims.includes(d));
  const single = dims.length === 1;
  const dense = asContiguous(single || rank === 0 ? source : source.permute([...kept, ...dims]));
  const lines = single ? linesAlong(self.sizes, dims[0]) : { outer: out.count, length: elementCount(dims.map((d) => self.sizes[d])), inner: 1 };
  logSumExpLines(floats(dense), dense.offset, floats(out), lines);
  return out;
}

const logSumExpPrimitive = new Primitive<ReduceInputs>({
  name: "LogsumexpBackward0",
  forward: logSumExp,
  backward: {
    self: ({ grad, self, result, dim, keepdim }) => {
      const { sizes } = self;
      return unsqueezeReduced(grad, sizes, dim, keepdim).mul(self.sub(unsqueezeReduced(result, sizes, dim, keepdim)).exp());
    },
  },
});

/** `logsumexp` as an op. */
export type LogSumExp = Op<Omit<ReduceOptions, "dtype">, [dim: number | readonly number[], keepdim?: boolean]>;

/** log(sum(exp(x))) over `dim`, without overflow. The gradient is weighted by softmax. */
export const logsumexp: LogSumExp = define<LogSumExp, ReduceInputs>("logsumexp", [
  "(Tensor input, tuple of ints dim, bool keepdim = False, *, Tensor out = None)",
  "(Tensor input, tuple of names dim, bool keepdim = False, *, Tensor out = None)",
], ({ self, dim, keepdim }) => logSumExpPrimitive.apply({ self, dim, keepdim }));
