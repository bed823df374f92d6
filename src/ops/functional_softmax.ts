/**
 * The softmax functions of `torch.nn.functional`, which may be called without a dimension, though they warn then.
 */
import type { DType } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { warn, warnOnce } from "../warnings.ts";
import type { Fn } from "./define.ts";
import { pythonFunction } from "./python_function.ts";
import { log_softmax as logSoftmaxAlong, softmax as softmaxAlong } from "./softmax.ts";

/** Named arguments of these functions. */
export interface FunctionalSoftmaxOptions {
  /** The tensor. */
  input: Tensor;
  /** The dimension along which the results sum to 1. */
  dim?: number | null;
  /** PyTorch's own: where its warning points to. */
  _stacklevel?: number;
  /** The dtype that elements are converted to first. */
  dtype?: DType | null;
}

/** A softmax function. */
export type FunctionalSoftmax = Fn<FunctionalSoftmaxOptions, [input: Tensor, dim?: number | null, _stacklevel?: number, dtype?: DType | null]>;

type Inputs = { input: Tensor; dim: number | null; _stacklevel: number; dtype: DType | null };

/** The dimension that was meant before one had to be given. */
function implicitDim(name: string, rank: number): number {
  warnOnce(`Implicit dimension choice for ${name} has been deprecated. Change the call to include dim=X as an argument.`);
  return rank === 0 || rank === 1 || rank === 3 ? 0 : 1;
}

function functional(name: string, f: (input: Tensor, dim: number, options: { dtype: DType | null }) => Tensor): FunctionalSoftmax {
  return pythonFunction<FunctionalSoftmax, Inputs>(
    name,
    ["input"],
    { dim: null, _stacklevel: 3, dtype: null },
    ({ input, dim, dtype }) => f(input, dim ?? implicitDim(name, input.sizes.length), { dtype }),
  );
}

/** exp(x) / sum(exp(x)) along `dim`. */
export const softmax: FunctionalSoftmax = functional("softmax", softmaxAlong);
/** The logarithm of softmax along `dim`. */
export const log_softmax: FunctionalSoftmax = functional("log_softmax", logSoftmaxAlong);
/** Softmax of `-input` along `dim`. */
export const softmin: FunctionalSoftmax = functional("softmin", (input, dim, options) => softmaxAlong(input.neg(), dim, options));

/** Named arguments of `gumbel_softmax`. */
export interface GumbelOptions {
  /** Logarithms of probabilities, up to a constant. */
  logits: Tensor;
  /** The temperature. */
  tau?: number;
  /** Whether to give a one-hot sample, with the gradient of the soft one. */
  hard?: boolean;
  /** Has no effect. */
  eps?: number;
  /** The dimension of the classes. */
  dim?: number;
}

/** `gumbel_softmax` as a function. */
export type Gumbel = Fn<GumbelOptions, [logits: Tensor, tau?: number, hard?: boolean, eps?: number, dim?: number]>;

/** A sample of a relaxed categorical distribution: softmax((logits + g) / tau), where g has the Gumbel distribution. */
export const gumbel_softmax: Gumbel = pythonFunction<Gumbel, Required<GumbelOptions>>(
  "gumbel_softmax",
  ["logits"],
  { tau: 1, hard: false, eps: 1e-10, dim: -1 },
  ({ logits, tau, hard, eps, dim }) => {
    if (eps !== 1e-10) warn("`eps` parameter is deprecated and has no effect.");
    const noise = logits.detach().empty_like().exponential_().log().neg();
    const soft = softmaxAlong(logits.add(noise).div(tau), dim);
    if (!hard) return soft;
    const sample = logits.detach().zeros_like().scatter_(dim, soft.detach().argmax(dim, true), 1);
    return sample.sub(soft.detach()).add(soft);
  },
);
