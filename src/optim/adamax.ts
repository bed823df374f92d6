/**
 * Relatives of Adam: with another norm, with a look ahead, with a cautious start.
 */
import { maximum } from "../ops/compare.ts";
import { ones } from "../ops/create.ts";
import type { Tensor } from "../tensor.ts";
import { countStep, initialState, moveMeans } from "./adam.ts";
import { type Active, type GivenParams, Optimizer, type Options, optionsOf, type ParamGroup, requireBetas, requireNonNegative } from "./optimizer.ts";

/** Options of `Adamax`. */
export interface AdamaxOptions {
  /** The length of a step. */
  lr: number;
  /** The decay rates of the mean of gradients and of the bound of their sizes. */
  betas: readonly number[];
  /** Added to the sizes of gradients. */
  eps: number;
  /** The factor of the parameters that is added to their gradients. */
  weight_decay: number;
  /** Accepted. */
  foreach: boolean | null;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  differentiable: boolean;
  /** Accepted. */
  capturable: boolean;
}

const readAdamax = optionsOf<AdamaxOptions>(
  "Adamax",
  { lr: 0.002, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, foreach: null },
  { maximize: false, differentiable: false, capturable: false },
);

function check({ lr, eps, betas, weight_decay }: { lr: number; eps: number; betas: readonly number[]; weight_decay: number }): void {
  requireNonNegative("learning rate", lr);
  requireNonNegative("epsilon value", eps);
  requireBetas(betas);
  requireNonNegative("weight_decay value", weight_decay);
}

/** Adam with the largest gradient so far, forgotten slowly, in place of the mean square (Kingma and Ba, 2014). */
export class Adamax extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.002), `betas` ([0.9, 0.999]), `eps` (1e-8), `weight_decay` (0). */
  constructor(first: GivenParams<AdamaxOptions>, ...args: Options<AdamaxOptions>) {
    const { params, options } = readAdamax(first, args);
    check(options);
    super(params, options);
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const { lr, betas: [beta1, beta2], eps, weight_decay } = group as ParamGroup & AdamaxOptions;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      initialState(state, p, ["exp_avg", "exp_inf"]);
      const step = countStep(state);
      const grad = weight_decay !== 0 ? raw.add(p, { alpha: weight_decay }) : raw;
      const mean = (state.exp_avg as Tensor).lerp_(grad, 1 - beta1);
      const bound = state.exp_inf = maximum((state.exp_inf as Tensor).mul_(beta2), grad.abs().add_(eps));
      p.addcdiv_(mean, bound, { value: -lr / (1 - beta1 ** step) });
    }
  }
}

/** Options of `RAdam`. */
export interface RAdamOptions {
  /** The length of a step. */
  lr: number;
  /** The decay rates of the means of gradients and of their squares. */
  betas: readonly number[];
  /** Added to the divisor. */
  eps: number;
  /** The factor of the parameters that is added to their gradients, or how fast they shrink. */
  weight_decay: number;
  /** Whether weight decay does not pass through the means. */
  decoupled_weight_decay: boolean;
  /** Accepted. */
  foreach: boolean | null;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  capturable: boolean;
  /** Accepted. */
  differentiable: boolean;
}

/** Options of `NAdam`. */
export interface NAdamOptions extends RAdamOptions {
  /** How fast the momentum rises. */
  momentum_decay: number;
}

/** Brings weight decay in, and gives the gradient that enters the means. */
function decayed(p: Tensor, grad: Tensor, { lr, weight_decay, decoupled_weight_decay }: RAdamOptions): Tensor {
  if (weight_decay === 0) return grad;
  if (!decoupled_weight_decay) return grad.add(p, { alpha: weight_decay });
  p.mul_(1 - lr * weight_decay);
  return grad;
}

const readNAdam = optionsOf<NAdamOptions>(
  "NAdam",
  { lr: 0.002, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, momentum_decay: 0.004, decoupled_weight_decay: false },
  { foreach: null, maximize: false, capturable: false, differentiable: false },
);

/** Adam with Nesterov's momentum (Dozat, 2016). */
export class NAdam extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.002), `betas` ([0.9, 0.999]), `eps` (1e-8), `weight_decay` (0), `momentum_decay` (0.004), `decoupled_weight_decay` (false). */
  constructor(first: GivenParams<NAdamOptions>, ...args: Options<NAdamOptions>) {
    const { params, options } = readNAdam(first, args);
    const { foreach, maximize, capturable, differentiable, ...own } = options;
    check(own);
    requireNonNegative("momentum_decay value", own.momentum_decay);
    super(params, { ...own, maximize, foreach, capturable, differentiable });
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const options = group as ParamGroup & NAdamOptions;
    const { lr, betas, eps, momentum_decay } = options;
    const momentum = (step: number) => betas[0] * (1 - 0.5 * 0.96 ** (step * momentum_decay));
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      if (state.step === undefined) {
        initialState(state, p, []);
        state.mu_product = ones([]);
        state.exp_avg = p.detach().zeros_like();
        state.exp_avg_sq = p.detach().zeros_like();
      }
      const step = countStep(state);
      const grad = decayed(p, raw, options);
      const mu = momentum(step), next = momentum(step + 1);
      const product = Number((state.mu_product as Tensor).mul_(mu).item());
      const [mean, square] = moveMeans(state, grad, betas);
      const divisor = square.div(1 - betas[1] ** step).sqrt().add_(eps);
      p.addcdiv_(grad, divisor, { value: -lr * (1 - mu) / (1 - product) });
      p.addcdiv_(mean, divisor, { value: -lr * next / (1 - product * next) });
    }
  }
}

const readRAdam = optionsOf<RAdamOptions>(
  "RAdam",
  { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, decoupled_weight_decay: false },
  { foreach: null, maximize: false, capturable: false, differentiable: false },
);

/** Adam that scales its steps only once the mean of squares can be relied on (Liu et al., 2019). */
export class RAdam extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.001), `betas` ([0.9, 0.999]), `eps` (1e-8), `weight_decay` (0), `decoupled_weight_decay` (false). */
  constructor(first: GivenParams<RAdamOptions>, ...args: Options<RAdamOptions>) {
    const { params, options } = readRAdam(first, args);
    const { lr, betas, eps, weight_decay, decoupled_weight_decay, foreach, maximize, capturable, differentiable } = options;
    check({ lr, betas, eps, weight_decay });
    super(params, { lr, betas, eps, weight_decay, maximize, foreach, capturable, decoupled_weight_decay, differentiable });
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const options = group as ParamGroup & RAdamOptions;
    const { lr, betas: [beta1, beta2], eps } = options;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      initialState(state, p, ["exp_avg", "exp_avg_sq"]);
      const step = countStep(state);
      const grad = decayed(p, raw, options);
      const [mean, square] = moveMeans(state, grad, [beta1, beta2]);
      const corrected = mean.div(1 - beta1 ** step);
      const correction2 = 1 - beta2 ** step;
      // the length of the simple moving average that the mean of squares amounts to, in the limit and now
      const limit = 2 / (1 - beta2) - 1;
      const length = limit - 2 * step * beta2 ** step / correction2;
      if (length <= 5) {
        p.add_(corrected.mul(lr), { alpha: -1 });
        continue;
      }
      const rectification = Math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length));
      const adaptive = square.sqrt().add_(eps).reciprocal().mul(Math.sqrt(correction2));
      p.add_(corrected.mul(lr).mul(adaptive).mul(rectification), { alpha: -1 });
    }
  }
}
