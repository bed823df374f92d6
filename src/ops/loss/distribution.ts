/**
 * Losses of distributions: the divergence of two, and the likelihood of Poisson and Gaussian ones.
 */
import { RuntimeError, ValueError } from "../../errors.ts";
import { sameSizes } from "../../layout.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { no_grad } from "../../autograd/mode.ts";
import { warnOnce } from "../../warnings.ts";
import { define, type Fn } from "../define.ts";
import { addNumber } from "../number_nodes.ts";
import { pythonFunction } from "../python_function.ts";
import type { PairOptions } from "./difference.ts";
import { reduced, REDUCTION, type ReductionInputs, reductionName, reductionNumber } from "./reduction.ts";

/** What `torch.kl_div` takes: the reduction as PyTorch's number. */
export type LowDivergence = Fn<{ input: Tensor; target: Tensor; reduction: number; log_target: boolean }, [input: Tensor, target: Tensor, reduction?: number]>;

/** `torch.kl_div`: see `kl_div` of `torch.nn.functional`. */
export const klDiv: LowDivergence = define<LowDivergence, { self: Tensor; target: Tensor; reduction: number; log_target: boolean }>(
  "kl_div",
  "(Tensor input, Tensor target, int reduction = 1, *, bool log_target = False)",
  ({ self, target, reduction, log_target }) => {
    if (!self.dtype.is_floating_point || !target.dtype.is_floating_point) throw new RuntimeError("kl_div: Integral inputs not supported.");
    return reduced(log_target ? target.exp().mul(target.sub(self)) : target.xlogy(target).sub(target.mul(self)), reduction);
  },
);

/** Named arguments of `kl_div`. */
export interface DivergenceOptions extends PairOptions {
  /** Whether the target holds logarithms of probabilities too. */
  log_target?: boolean;
}

type Pair = { input: Tensor; target: Tensor };

/** `kl_div`. */
export type Divergence = Fn<
  DivergenceOptions,
  [input: Tensor, target: Tensor, size_average?: boolean | null, reduce?: boolean | null, reduction?: string, log_target?: boolean]
>;

/**
 * The Kullback-Leibler divergence of the target from the distribution whose log-probabilities are the input, element by element:
 * target (log(target) - input). The reduction `"batchmean"` divides the sum by the size of the first dimension.
 */
export const kl_div: Divergence = pythonFunction<Divergence, ReductionInputs & Pair & { log_target: boolean }>(
  "kl_div",
  ["input", "target"],
  { ...REDUCTION, log_target: false },
  ({ input, target, log_target, ...rest }) => {
    const reduction = reductionName(rest);
    const retired = rest.size_average !== null || rest.reduce !== null;
    if (reduction === "mean" && !retired) {
      warnOnce(
        "reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides only by the batch size, " +
          "and aligns with the KL div math definition.'mean' will be changed to behave the same as 'batchmean' in the next major release.",
      );
    }
    const batch = reduction === "batchmean" && !retired;
    const result = klDiv(input, target, batch ? 2 : reductionNumber(reduction), { log_target });
    return batch && input.sizes.length > 0 ? result.div(input.sizes[0]) : result;
  },
);

// -- Poisson ---------------------------------------------------------------------------------------------------------

type PoissonInputs = { input: Tensor; target: Tensor; log_input: boolean; full: boolean; eps: number; reduction: number };
/** `torch.poisson_nll_loss`. */
export type LowPoisson = Fn<Record<string, unknown>, [input: Tensor, target: Tensor, log_input: boolean, full: boolean, eps: number, reduction: number]>;

/** `torch.poisson_nll_loss`: see that of `torch.nn.functional`. */
export const poissonNllLoss: LowPoisson = define<LowPoisson, Omit<PoissonInputs, "input"> & { self: Tensor }>(
  "poisson_nll_loss",
  "(Tensor input, Tensor target, bool log_input, bool full, float eps, int reduction)",
  ({ self, target, log_input, full, eps, reduction }) => {
    const loss = log_input ? self.exp().sub(target.mul(self)) : self.sub(target.mul(addNumber(self, eps).log()));
    if (!full) return reduced(loss, reduction);
    // Stirling's approximation of log(target!), left out where the target is at most 1
    const stirling = target.mul(target.log()).sub(target).add(target.mul(2 * Math.PI).log().mul(0.5));
    return reduced(loss.add(stirling.masked_fill(target.le(1), 0)), reduction);
  },
);

/** Named arguments of `poisson_nll_loss`. */
export interface PoissonOptions extends PairOptions {
  /** Whether the input is the logarithm of the rate. */
  log_input?: boolean;
  /** Whether to add Stirling's approximation of log(target!). */
  full?: boolean;
  /** Keeps the logarithm of the rate finite. */
  eps?: number;
}

/** `poisson_nll_loss`. */
export type PoissonLoss = Fn<
  PoissonOptions,
  [
    input: Tensor,
    target: Tensor,
    log_input?: boolean,
    full?: boolean,
    size_average?: boolean | null,
    eps?: number,
    reduce?: boolean | null,
    reduction?: string,
  ]
>;

const isReduction = (name: string) => name === "none" || name === "mean" || name === "sum";

/** Python adds the name to the message, which fails where there is none. */
function invalid(reduction: unknown, end: string): Error {
  if (typeof reduction === "string") return new ValueError(reduction + end);
  return new TypeError(`unsupported operand type(s) for +: '${pythonType(reduction)}' and 'str'`);
}

/** The negative log-likelihood of counts: rate - target log(rate). */
export const poisson_nll_loss: PoissonLoss = pythonFunction<PoissonLoss, ReductionInputs & Omit<PoissonInputs, "reduction">>(
  "poisson_nll_loss",
  ["input", "target"],
  { log_input: true, full: false, size_average: null, eps: 1e-8, reduce: null, reduction: "mean" },
  ({ input, target, log_input, full, eps, ...rest }) => {
    const reduction = reductionName(rest);
    if (!isReduction(reduction)) throw invalid(reduction, " is not a valid value for reduction");
    return poissonNllLoss(input, target, log_input, full, eps, reductionNumber(reduction));
  },
);

// -- Gaussian --------------------------------------------------------------------------------------------------------

/** Named arguments of `gaussian_nll_loss`. */
export interface GaussianOptions {
  /** The means. */
  input: Tensor;
  /** What was observed. */
  target: Tensor;
  /** The variances: for each mean, for each row of them, or one for all. */
  var: Tensor | number;
  /** Whether to add log(2 pi) / 2. */
  full?: boolean;
  /** The least variance; smaller ones are raised to it, which gradients do not see. */
  eps?: number;
  /** `"mean"`, `"sum"`, or `"none"` for a loss for each element. */
  reduction?: string;
}

/** `gaussian_nll_loss`. */
export type GaussianLoss = Fn<GaussianOptions, [input: Tensor, target: Tensor, variance: Tensor | number, full?: boolean, eps?: number, reduction?: string]>;

type GaussianInputs = { input: Tensor; target: Tensor; var: Tensor | number; full: boolean; eps: number; reduction: string };

function varianceOf(variance: Tensor | number, input: Tensor): Tensor {
  if (typeof variance === "number") {
    if (variance < 0) throw new ValueError("var has negative entry/entries");
    return input.detach().ones_like().mul(variance);
  }
  if (!(variance instanceof Tensor)) throw new TypeError(`'<' not supported between instances of '${pythonType(variance)}' and 'int'`);
  if (variance.lt(0).any().is_nonzero()) throw new ValueError("var has negative entry/entries");
  if (sameSizes(variance.sizes, input.sizes)) return variance;
  const rows = input.sizes.slice(0, -1);
  if (sameSizes(variance.sizes, rows)) return variance.unsqueeze(-1);
  if (sameSizes(variance.sizes, [...rows, 1])) return variance;
  throw new ValueError("var is of incorrect size");
}

/** The negative log-likelihood of Gaussian distributions: (log(var) + (input - target)^2 / var) / 2. */
export const gaussian_nll_loss: GaussianLoss = pythonFunction<GaussianLoss, GaussianInputs>(
  "gaussian_nll_loss",
  ["input", "target", "var"],
  { full: false, eps: 1e-6, reduction: "mean" },
  ({ input, target, var: given, full, eps, reduction }) => {
    const fitting = varianceOf(given, input);
    if (!isReduction(reduction)) throw invalid(reduction, " is not valid");
    const variance = fitting.clone();
    no_grad(() => variance.clamp_(eps));
    const loss = variance.log().add(input.sub(target).pow(2).div(variance)).mul(0.5);
    return reduced(full ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss, reductionNumber(reduction));
  },
);
