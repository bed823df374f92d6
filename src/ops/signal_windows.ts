/**
 * `torch.signal.windows`: weights that fade a finite piece of a signal in and out.
 *
 * @module
 */
import { type DType, float32, float64, get_default_dtype } from "../dtype.ts";
import { ValueError } from "../errors.ts";
import type { Device } from "../size.ts";
import type { Tensor } from "../tensor.ts";
import { arange, empty, linspace, ones, tensor } from "./create.ts";
import { pythonFunction } from "./python_function.ts";
import { i0 } from "./transcendental.ts";

/** Named arguments of every window. */
export interface WindowOptions {
  /** Whether the window is symmetric; else it is one period of a window that repeats. */
  sym?: boolean;
  /** The dtype: a floating-point one, the default one unless given. */
  dtype?: DType | null;
  /** Accepted; there is one layout. */
  layout?: unknown;
  /** The device: the CPU. */
  device?: string | Device | null;
  /** Whether gradients flow to the window. */
  requires_grad?: boolean;
}

/** A window of `M` weights. */
export type Window<P = Record<never, never>> = (M: number, named?: WindowOptions & Partial<P>) => Tensor;
/** The same where one of the arguments must be given. */
export type WindowWith<P> = (M: number, named: WindowOptions & P) => Tensor;

interface Inputs {
  M: number;
  sym: boolean;
  dtype: DType | null;
  layout: unknown;
  device: string | Device | null;
  requires_grad: boolean;
}

const DEFAULTS = { sym: true, dtype: null, layout: "torch.strided", device: null, requires_grad: false };

/** Declares a window; `check` looks at its own arguments, `values` is asked for lengths above 1, and errors speak of `subject`. */
function windowFunction<P extends object>(
  name: string,
  own: P,
  values: (inputs: Inputs & P, options: { dtype: DType }) => Tensor,
  check: (inputs: Inputs & P) => void = () => {},
  subject: string = name,
): Window<P> {
  return pythonFunction<Window<P>, Inputs & P>(name, ["M"] as (keyof (Inputs & P) & string)[], {}, (inputs) => {
    const { M, device, requires_grad } = inputs;
    const dtype = inputs.dtype ?? get_default_dtype();
    if (M < 0) throw new ValueError(`${subject} requires non-negative window length, got M=${M}`);
    if (inputs.layout !== "torch.strided") throw new ValueError(`${subject} is implemented for strided tensors only, got: ${inputs.layout}`);
    if (dtype !== float32 && dtype !== float64) throw new ValueError(`${subject} expects float32 or float64 dtypes, got: ${dtype}`);
    check(inputs);
    const options = { dtype, device, requires_grad };
    if (M === 0) return empty([0], options);
    return M === 1 ? ones(1, options) : values(inputs, { dtype }).requires_grad_(requires_grad);
  }, { ...DEFAULTS, ...own } as Partial<Inputs & P>);
}

/** `M` points `step` apart, beginning at `start` steps. */
const points = (M: number, start: number, step: number, options: { dtype: DType }): Tensor => linspace(start * step, (start + (M - 1)) * step, M, options);

/** The place of the middle, counted in samples. */
const middle = ({ M, sym }: Inputs): number => (!sym && M > 1 ? M : M - 1) / 2;

/** A sum of cosines with weights of alternating sign. */
function cosines(weights: readonly number[], { M, sym }: Inputs, options: { dtype: DType }): Tensor {
  const step = 2 * Math.PI / (sym ? M - 1 : M);
  const k = linspace(0, (M - 1) * step, M, options);
  const a = tensor(weights.map((w, i) => i % 2 === 0 ? w : -w), options);
  const i = arange(0, weights.length, options);
  return a.unsqueeze(-1).mul(i.unsqueeze(-1).mul(k).cos()).sum(0);
}

/** A window that PyTorch has `general_cosine` make, whose errors it therefore has. */
function cosineWindow(name: string, weights: readonly number[]): Window {
  return windowFunction<object>(name, {}, (inputs, options) => cosines(weights, inputs, options), () => {}, "general_cosine") as Window;
}

/** The Bartlett window, a triangle: 1 - |2n / (M - 1) - 1|. */
export const bartlett: Window = windowFunction("bartlett", {}, ({ M, sym }, options) => {
  const step = 2 / (sym ? M - 1 : M);
  return linspace(-1, -1 + (M - 1) * step, M, options).abs().neg().add(1);
});

/** The Blackman window: three cosines, of weights 0.42, 0.5 and 0.08. */
export const blackman: Window = windowFunction("blackman", {}, (inputs, options) => cosines([0.42, 0.5, 0.08], inputs, options));

/** Half a period of a sine. */
export const cosine: Window = windowFunction("cosine", {}, ({ M, sym }, options) => points(M, 0.5, Math.PI / (!sym && M > 1 ? M + 1 : M), options).sin());

/** Named arguments of `exponential`. */
export interface ExponentialOptions {
  /** Where the peak is; the middle unless given, and given for windows that are not symmetric only. */
  center: number | null;
  /** How slowly it falls. */
  tau: number;
}

/** e^(-|n - center| / tau). */
export const exponential: Window<ExponentialOptions> = windowFunction<ExponentialOptions>(
  "exponential",
  { center: null, tau: 1 },
  (inputs, options) => points(inputs.M, -(inputs.center ?? middle(inputs)), 1 / inputs.tau, options).abs().neg().exp(),
  ({ tau, sym, center }) => {
    if (tau <= 0) throw new ValueError(`Tau must be positive, got: ${tau} instead.`);
    if (sym && center !== null) throw new ValueError("Center must be None for symmetric windows");
  },
);

/** Named arguments of `gaussian`. */
export interface GaussianOptions {
  /** The standard deviation, in samples. */
  std: number;
}

/** e^(-(n - middle)² / 2 std²). */
export const gaussian: Window<GaussianOptions> = windowFunction<GaussianOptions>(
  "gaussian",
  { std: 1 },
  (inputs, options) => points(inputs.M, -middle(inputs), 1 / (inputs.std * Math.SQRT2), options).pow(2).neg().exp(),
  ({ std }) => {
    if (std <= 0) throw new ValueError(`Standard deviation must be positive, got: ${std} instead.`);
  },
);

/** Named arguments of `general_cosine`. */
export interface GeneralCosineOptions {
  /** The weights of the cosines. */
  a: readonly number[];
}

/** Σ (-1)^i a_i cos(2π i n / (M - 1)). */
export const general_cosine: WindowWith<GeneralCosineOptions> = windowFunction<Partial<GeneralCosineOptions>>(
  "general_cosine",
  { a: undefined },
  (inputs, options) => cosines(inputs.a!, inputs, options),
  ({ a }) => {
    if (a === undefined) throw new TypeError("general_cosine() missing 1 required keyword-only argument: 'a'");
    if (!Array.isArray(a)) throw new TypeError("Coefficients must be a list/tuple");
    if (a.length === 0) throw new ValueError("Coefficients cannot be empty");
  },
) as WindowWith<GeneralCosineOptions>;

/** Named arguments of `general_hamming`. */
export interface GeneralHammingOptions {
  /** The weight of the constant; the cosine's is the rest to 1. */
  alpha: number;
}

/** alpha - (1 - alpha) cos(2πn / (M - 1)). */
export const general_hamming: Window<GeneralHammingOptions> = windowFunction<GeneralHammingOptions>(
  "general_hamming",
  { alpha: 0.54 },
  (inputs, options) => cosines([inputs.alpha, 1 - inputs.alpha], inputs, options),
  () => {},
  "general_cosine",
);

/** The Hamming window: 0.54 - 0.46 cos(2πn / (M - 1)). */
export const hamming: Window = cosineWindow("hamming", [0.54, 1 - 0.54]);

/** The Hann window: (1 - cos(2πn / (M - 1))) / 2. */
export const hann: Window = cosineWindow("hann", [0.5, 0.5]);

/** Named arguments of `kaiser`. */
export interface KaiserOptions {
  /** How narrow it is: 0 gives a rectangle. */
  beta: number;
}

/** I0(beta sqrt(1 - (2n / (M - 1) - 1)²)) / I0(beta). */
export const kaiser: Window<KaiserOptions> = windowFunction<KaiserOptions>(
  "kaiser",
  { beta: 12 },
  ({ M, sym, beta }, options) => {
    const step = 2 * beta / (sym ? M - 1 : M);
    const k = linspace(-beta, Math.min(beta, -beta + (M - 1) * step), M, options), whole = tensor(beta, options);
    return i0(whole.mul(whole).sub(k.pow(2)).sqrt()).div(i0(whole));
  },
  ({ beta }) => {
    if (beta < 0) throw new ValueError(`beta must be non-negative, got: ${beta} instead.`);
  },
);

/** Nuttall's window: four cosines. */
export const nuttall: Window = cosineWindow("nuttall", [0.3635819, 0.4891775, 0.1365995, 0.0106411]);
