/**
 * Smooth activations: gelu, silu, mish, softplus, logsigmoid and glu, as `torch.nn.functional` calls them.
 */
import { is_grad_enabled } from "../autograd/mode.ts";
import { type DType, float32 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { erf } from "../kernels/special.ts";
import { expFloat32 } from "../kernels/special/float32.ts";
import { log1pFloat32 } from "../kernels/special/float32_vectors.ts";
import { wrapDim } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { sub } from "./arithmetic.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { elementwise } from "./elementwise.ts";
import { cat } from "./join.ts";
import { binary, type BinaryTensors, type Unary, unary } from "./pointwise.ts";
import type { Num } from "./promotion.ts";
import { requireFloat, withNumbers } from "./scalar.ts";

const f = Math.fround;

// -- gelu ------------------------------------------------------------------------------------------------------------

/** "none" for x times the normal distribution function, "tanh" for an approximation of that. */
export type Approximation = "none" | "tanh";

const DENSITY = 1 / Math.sqrt(2 * Math.PI), SLOPE = Math.sqrt(2 / Math.PI), CUBIC = 0.044715;
const SLOPE32 = f(SLOPE), CUBIC32 = f(CUBIC);

/** tanh(√(2/π) (x + 0.044715 x³)) in float32 steps, with the fused multiply-add of PyTorch's. */
function tanhOfCubic32(x: number): number {
  return f(Math.tanh(f(SLOPE32 * f(x + CUBIC32 * f(f(x * x) * x)))));
}

const gaussian = new Kernel((x: number) => x * 0.5 * (1 + erf(x * Math.SQRT1_2)));
const gaussian32 = new Kernel((x: number) => f(x * 0.5) * f(1 + f(erf(f(x * f(Math.SQRT1_2))))));
const approximate = new Kernel((x: number) => 0.5 * x * (1 + Math.tanh(SLOPE * (x + CUBIC * x * x * x))));
const approximate32 = new Kernel((x: number) => 0.5 * x * f(1 + tanhOfCubic32(x)));
const gaussianGrad = new Kernel((grad: number, x: number) => grad * (0.5 * (1 + erf(x * Math.SQRT1_2)) + x * DENSITY * Math.exp(-x * x / 2)));
const gaussianGrad32 = new Kernel((grad: number, x: number) => {
  const cdf = f(0.5 * f(1 + f(erf(f(x * f(Math.SQRT1_2))))));
  return grad * f(cdf + x * f(f(DENSITY) * expFloat32(f(f(x * x) * -0.5))));
});
const approximateGrad = new Kernel((grad: number, x: number) => {
  const t = Math.tanh(SLOPE * (x + CUBIC * x * x * x));
  return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SLOPE * (1 + 3 * CUBIC * x * x));
});
const approximateGrad32 = new Kernel((grad: number, x: number) => {
  const t = tanhOfCubic32(x);
  const slope = f(SLOPE32 * f(1 + f(3 * CUBIC32) * f(x * x)));
  return grad * f(0.5 * f(1 + t) + f(f(f(0.5 * x) * f(1 - t * t)) * slope));
});

/** The second derivative of gelu: φ(x) (2 - x²), φ the normal density; of its approximation x (1 + t)/2 with t = tanh(i(x)): (1 - t²) (i' - x t i'² + x i''/2). */
function geluCurvature(x: Tensor, approximate: Approximation): Tensor {
  const square = x.mul(x);
  if (approximate === "none") return square.div(-2).exp().mul(DENSITY).mul(sub(2, square));
  const t = x.add(square.mul(x).mul(CUBIC)).mul(SLOPE).tanh();
  const slope = square.mul(3 * CUBIC).add(1).mul(SLOPE);
  const bend = square.mul(3 * CUBIC * SLOPE); // x i''/2
  return sub(1, t.mul(t)).mul(slope.sub(x.mul(t).mul(slope).mul(slope)).add(bend));
}

const valueKernel = (how: Approximation, dtype: DType): Kernel =>
  dtype === float32 ? (how === "tanh" ? approximate32 : gaussian32) : how === "tanh" ? approximate : gaussian;
const slopeKernel = (how: Approximation, dtype: DType): Kernel =>
  dtype === float32 ? (how === "tanh" ? approximateGrad32 : gaussianGrad32) : how === "tanh" ? approximateGrad : gaussianGrad;

type GeluInputs = { self: Tensor; approximate: Approximation };

const geluGrad: Primitive<GeluInputs & { grad_output: Tensor }> = new Primitive<GeluInputs & { grad_output: Tensor }>({
  name: "GeluBackwardBackward0",
  forward: ({ grad_output, self, approximate }) => elementwise(slopeKernel(approximate, self.dtype), self.dtype, [grad_output, self]),
  backward: {
    grad_output: ({ grad, self, approximate }) => geluGrad.apply({ grad_output: grad, self, approximate }) as Tensor,
    self: ({ grad, grad_output, self, approximate }) => grad.mul(grad_output).mul(geluCurvature(self, approximate)),
  },
});

/** `gelu`. */
export type Gelu = InplaceOp<{ approximate?: Approximation; out?: Tensor }>;

/** x Φ(x), Φ the normal distribution function, or an approximation by tanh. d/dx = Φ(x) + x φ(x). */
export const gelu: Gelu = define<Gelu, GeluInputs>("gelu", "(Tensor input, *, str approximate = 'none', Tensor out = None)", {
  forward: ({ self, approximate: how }) => {
    if (how !== "none" && how !== "tanh") throw new RuntimeError("approximate argument must be either none or tanh.");
    requireFloat(self, "GeluKernelImpl");
    return elementwise(valueKernel(how, self.dtype), self.dtype, [self]);
  },
  backward: { self: ({ grad, self, approximate }) => geluGrad.apply({ grad_output: grad, self, approximate }) as Tensor },
});

// -- silu and mish: where a second derivative may be asked for, the first one is made of ops --------------------------

const siluBackward: BinaryTensors = binary<BinaryTensors, Tensor>("silu_backward", {
  kind: "floating",
  forward: (grad, x) => {
    const s = 1 / (1 + Math.exp(-x));
    return grad * s * (1 + x * (1 - s));
  },
  float32: (grad, x) => {
    const s = f(1 / f(1 + expFloat32(-x)));
    return f(grad * s) * f(1 + x * f(1 - s));
  },
  backward: null,
});

/** x sigmoid(x). d/dx = s (1 + x (1 - s)), s = sigmoid(x). */
export const silu: Unary = unary("silu", {
  kind: "floating",
  kernel: "silu_cpu",
  forward: (x) => x / (1 + Math.exp(-x)),
  float32: (x) => x / f(1 + expFloat32(-x)), // -0 below -88.7, where the exponential overflows, as in PyTorch
  backward: {
    self: ({ grad, self }) => {
      if (!is_grad_enabled()) return siluBackward(grad, self);
      const s = self.sigmoid();
      return grad.mul(s).mul(self.mul(sub(1, s)).add(1));
    },
  },
});

const mishBackward: BinaryTensors = binary<BinaryTensors, Tensor>("mish_backward", {
  kind: "floating",
  forward: (grad, x) => {
    const s = 1 / (1 + Math.exp(-x)), t = Math.tanh(Math.log1p(Math.exp(x)));
    return grad * (t + x * s * (1 - t * t));
  },
  float32: (grad, x) => {
    const s = f(1 / f(1 + expFloat32(-x))), t = f(Math.tanh(f(log1pFloat32(expFloat32(x)))));
    return grad * f(t + f(x * s) * f(1 - t * t));
  },
  backward: null,
});

/** x tanh(softplus(x)). d/dx = t + x sigmoid(x) (1 - t²), t = tanh(softplus(x)). */
export const mish: Unary = unary("mish", {
  kind: "floating",
  kernel: "mish_cpu",
  forward: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  float32: (x) => x * f(Math.tanh(f(log1pFloat32(expFloat32(x))))),
  backward: {
    self: ({ grad, self }) => {
      if (!is_grad_enabled()) return mishBackward(grad, self);
      const t = self.exp().log1p().tanh();
      return grad.mul(t.add(self.mul(self.sigmoid()).mul(sub(1, t.mul(t)))));
    },
  },
});

// -- softplus and logsigmoid -----------------------------------------------------------------------------------------

type SoftplusInputs = { self: Tensor; beta: Num; threshold: Num };

const plus = new Kernel((x: number, beta: number, threshold: number) => x * beta > threshold ? x : Math.log1p(Math.exp(x * beta)) / beta);
const plus32 = new Kernel((x: number, beta: number, threshold: number) => f(x * beta) > threshold ? x : f(log1pFloat32(expFloat32(f(x * beta)))) / beta);
const plusGrad = new Kernel((grad: number, x: number, beta: number, threshold: number) => x * beta > threshold ? grad : grad / (1 + Math.exp(-x * beta)));
const plusGrad32 = new Kernel((grad: number, x: number, beta: number, threshold: number) => {
  const z = expFloat32(f(x * beta));
  return f(x * beta) > threshold ? grad : f(grad * z) / f(z + 1);
});

const softplusGrad: Primitive<SoftplusInputs & { grad_output: Tensor }> = new Primitive<SoftplusInputs & { grad_output: Tensor }>({
  name: "SoftplusBackwardBackward0",
  forward: ({ grad_output, self, beta, threshold }) => withNumbers(self.dtype === float32 ? plusGrad32 : plusGrad, [grad_output, self], [beta, threshold]),
  backward: {
    grad_output: ({ grad, self, beta, threshold }) => softplusGrad.apply({ grad_output: grad, self, beta, threshold }) as Tensor,
    self: ({ grad, grad_output, self, beta, threshold }) => {
      const scaled = self.mul(beta), s = scaled.sigmoid();
      return grad.mul(grad_output).mul(s).mul(sub(1, s)).mul(beta).masked_fill(scaled.ge(threshold), 0);
    },
  },
});

/** `softplus`. */
export type Softplus = Op<{ beta?: Num; threshold?: Num; out?: Tensor }, [beta?: Num, threshold?: Num]>;

/** log(1 + e^(beta x)) / beta, and x where beta x is above the threshold. d/dx = sigmoid(beta x). */
export const softplus: Softplus = define<Softplus, SoftplusInputs>("softplus", "(Tensor input, Number beta = 1, Number threshold = 20, *, Tensor out = None)", {
  forward: ({ self, beta, threshold }) => {
    requireFloat(self, "softplus_cpu");
    return withNumbers(self.dtype === float32 ? plus32 : plus, [self], [beta, threshold]);
  },
  backward: { self: ({ grad, self, beta, threshold }) => softplusGrad.apply({ grad_output: grad, self, beta, threshold }) as Tensor },
});

const logSigmoidBackward: BinaryTensors = binary<BinaryTensors, Tensor>("log_sigmoid_backward", {
  kind: "floating",
  forward: (grad, x) => grad / (1 + Math.exp(x)),
  float32: (grad, x) => {
    const z = expFloat32(-Math.abs(x)), s = f(z / f(1 + z));
    return grad * (x < 0 ? f(1 - s) : s);
  },
  backward: {
    self: ({ grad, other }) => logSigmoidBackward(grad, other),
    other: ({ grad, self, other }) => {
      const s = other.sigmoid();
      return grad.mul(self).mul(s.sub(1)).mul(s);
    },
  },
});

/** log(sigmoid(x)), without overflow. d/dx = sigmoid(-x). */
export const log_sigmoid: Unary = unary("log_sigmoid", {
  kind: "floating",
  kernel: "log_sigmoid_cpu",
  inplace: false,
  forward: (x) => (x < 0 ? x : 0) - Math.log1p(Math.exp(-Math.abs(x))),
  float32: (x) => (x < 0 ? x : 0) - f(log1pFloat32(expFloat32(-Math.abs(x)))),
  backward: { self: ({ grad, self }) => logSigmoidBackward(grad, self) },
});

// -- glu -------------------------------------------------------------------------------------------------------------

type GluInputs = { self: Tensor; dim: number };

function halves(self: Tensor, dim: number): [a: Tensor, gate: Tensor] {
  const n = self.size(dim) / 2;
  return [self.narrow(dim, 0, n), self.narrow(dim, n, n).sigmoid()];
}

const gluGrad = new Primitive<GluInputs & { grad_output: Tensor }>({
  name: "GluBackwardBackward0",
  forward: ({ grad_output, self, dim }) => {
    const [a, s] = halves(self, dim);
    return cat([grad_output.mul(s), grad_output.mul(a).mul(s).mul(sub(1, s))], dim);
  },
  backward: {
    grad_output: ({ grad, self, dim }) => {
      const [a, s] = halves(self, dim), n = a.size(dim);
      return grad.narrow(dim, 0, n).mul(s).add(grad.narrow(dim, n, n).mul(a).mul(s).mul(sub(1, s)));
    },
    self: ({ grad, grad_output, self, dim }) => {
      const [a, s] = halves(self, dim), n = a.size(dim);
      const slope = s.mul(sub(1, s)).mul(grad_output);
      const first = grad.narrow(dim, 0, n), second = grad.narrow(dim, n, n);
      return cat([second.mul(slope), slope.mul(first.add(second.mul(a).mul(sub(1, s.mul(2)))))], dim);
    },
  },
});

/** `glu`. */
export type Glu = Op<{ dim?: number; out?: Tensor }, [dim?: number]>;

/** a sigmoid(b), where a and b are the halves of x along `dim`. d/da = sigmoid(b), d/db = a sigmoid(b) (1 - sigmoid(b)). */
export const glu: Glu = define<Glu, GluInputs>("glu", "(Tensor input, int dim = -1, *, Tensor out = None)", {
  forward: ({ self, dim }) => {
    const at = wrapDim(dim, self.sizes.length);
    if (self.sizes[at] % 2 !== 0) throw new RuntimeError(`Halving dimension must be even, but dimension ${at} is size ${self.sizes[at]}`);
    requireFloat(self, "glu_cpu");
    const [a, s] = halves(self, at);
    return a.mul(s);
  },
  backward: { self: ({ grad, self, dim }) => gluGrad.apply({ grad_output: grad, self, dim }) as Tensor },
});
