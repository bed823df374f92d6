/**
 * Adam: steps along the running mean of gradients, scaled by that of their squares.
 */
import { maximum } from "../ops/compare.ts";
import { tensor } from "../ops/create.ts";
import type { Tensor } from "../tensor.ts";
import {
  type Active,
  type GivenParams,
  Optimizer,
  type Options,
  optionsOf,
  type ParamGroup,
  type Params,
  type ParamState,
  requireBetas,
  requireNonNegative,
} from "./optimizer.ts";

/** Options of `Adam`. */
export interface AdamOptions {
  /** The length of a step. */
  lr: number;
  /** The decay rates of the means of gradients and of their squares. */
  betas: readonly number[];
  /** Added to the divisor. */
  eps: number;
  /** For Adam the factor of the parameters that is added to their gradients; for AdamW how fast they shrink. */
  weight_decay: number;
  /** Whether the mean of squares never falls. */
  amsgrad: boolean;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  foreach: boolean | null;
  /** Accepted. */
  capturable: boolean;
  /** Accepted. */
  differentiable: boolean;
  /** Accepted. */
  fused: boolean | null;
}

/** Makes the state of a parameter, if there is none yet: a counter of steps, and tensors of zeros in its shape. */
export function initialState(state: ParamState, p: Tensor, names: readonly string[]): void {
  if (state.step !== undefined) return;
  state.step = tensor(0);
  for (const name of names) state[name] = p.detach().zeros_like();
}

/** Counts a step and gives its number. */
export function countStep(state: ParamState): number {
  return Number((state.step as Tensor).add_(1).item());
}

/** The means of gradients and of their squares with a new gradient; the weight of the old ones is `betas`. */
export function moveMeans(state: ParamState, grad: Tensor, [beta1, beta2]: readonly number[]): [Tensor, Tensor] {
  const mean = (state.exp_avg as Tensor).lerp_(grad, 1 - beta1);
  const square = (state.exp_avg_sq as Tensor).mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });
  return [mean, square];
}

/** What Adam and AdamW share: p - lr m / (sqrt(v) + eps), m and v the means, corrected for having begun at zero. */
export abstract class AdamBase extends Optimizer {
  /** Takes parameters or groups of them, and all options. */
  constructor(params: Params, options: AdamOptions) {
    requireNonNegative("learning rate", options.lr);
    requireNonNegative("epsilon value", options.eps);
    requireBetas(options.betas);
    requireNonNegative("weight_decay value", options.weight_decay);
    super(params, options);
  }

  /** Brings weight decay in, and gives the gradient that enters the means. */
  protected abstract decayed(p: Tensor, grad: Tensor, options: AdamOptions): Tensor;

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const options = group as ParamGroup & AdamOptions;
    const { lr, betas, eps, amsgrad } = options;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      initialState(state, p, amsgrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"]);
      const grad = this.decayed(p, raw, options);
      const step = countStep(state);
      const [mean, square] = moveMeans(state, grad, betas);
      const correction1 = 1 - betas[0] ** step, correction2 = Math.sqrt(1 - betas[1] ** step);
      let bound = square;
      if (amsgrad) bound = state.max_exp_avg_sq = maximum(state.max_exp_avg_sq as Tensor, square);
      const divisor = bound.sqrt().div_(correction2).add_(eps);
      p.addcdiv_(mean, divisor, { value: -lr / correction1 });
    }
  }
}

const readAdam = optionsOf<AdamOptions>(
  "Adam",
  { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, amsgrad: false },
  { maximize: false, foreach: null, capturable: false, differentiable: false, fused: null },
);

/** Kingma and Ba's Adam (2014). */
export class Adam extends AdamBase {
  /** Takes parameters or groups of them, and `lr` (0.001), `betas` ([0.9, 0.999]), `eps` (1e-8), `weight_decay` (0), `amsgrad` (false). */
  constructor(first: GivenParams<AdamOptions>, ...args: Options<AdamOptions>) {
    const { params, options } = readAdam(first, args);
    super(params, options);
  }

  protected override decayed(p: Tensor, grad: Tensor, { weight_decay }: AdamOptions): Tensor {
    return weight_decay !== 0 ? grad.add(p, { alpha: weight_decay }) : grad;
  }
}

const readAdamW = optionsOf<AdamOptions>(
  "AdamW",
  { lr: 0.001, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01, amsgrad: false },
  { foreach: null, maximize: false, capturable: false, differentiable: false, fused: null },
);

/** Adam with weight decay that does not pass through the means (Loshchilov and Hutter, 2017). */
export class AdamW extends AdamBase {
  /** Takes parameters or groups of them, and `lr` (0.001), `betas` ([0.9, 0.999]), `eps` (1e-8), `weight_decay` (0.01), `amsgrad` (false). */
  constructor(first: GivenParams<AdamOptions>, ...args: Options<AdamOptions>) {
    const { params, options } = readAdamW(first, args);
    super(params, options);
  }

  protected override decayed(p: Tensor, grad: Tensor, { lr, weight_decay }: AdamOptions): Tensor {
    p.mul_(1 - lr * weight_decay);
    return grad;
  }
}
