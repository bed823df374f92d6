/**
 * Adam and its kin: steps scaled by running means of gradients and of their squares.
 */
import { tensor } from "../ops/create.ts";
import { maximum } from "../ops/compare.ts";
import type { Tensor } from "../tensor.ts";
import { Optimizer, type Options, type ParamGroup, type Params, type ParamState, readOptions, requireBetas, requireNonNegative } from "./optimizer.ts";

/** Options of `Adam` and `AdamW`. */
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

const DEFAULTS: AdamOptions = {
  lr: 0.001,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weight_decay: 0,
  amsgrad: false,
  maximize: false,
  foreach: null,
  capturable: false,
  differentiable: false,
  fused: null,
};

function check(options: AdamOptions): AdamOptions {
  requireNonNegative("learning rate", options.lr);
  requireNonNegative("epsilon value", options.eps);
  requireBetas(options.betas);
  requireNonNegative("weight_decay value", options.weight_decay);
  return options;
}

/** The state of a parameter with a counter of steps; other tensors are zeros of its shape. */
export function initialState(state: ParamState, p: Tensor, names: readonly string[]): void {
  if (state.step !== undefined) return;
  state.step = tensor(0);
  for (const name of names) state[name] = p.detach().zeros_like();
}

/** Counts a step and gives its number. */
export function countStep(state: ParamState): number {
  return (state.step as Tensor).add_(1).item();
}

/** Kingma and Ba's Adam (2014). */
export class Adam extends Optimizer {
  /** Takes parameters or groups of them, and options. */
  constructor(params: Params, ...args: Options<AdamOptions>) {
    super(params, check(readOptions(DEFAULTS, args)));
  }

  /** Brings weight decay in: here by way of the gradient. */
  protected decayed(p: Tensor, grad: Tensor, { weight_decay }: AdamOptions): Tensor {
    return weight_decay !== 0 ? grad.add(p, { alpha: weight_decay }) : grad;
  }

  protected override update(group: ParamGroup, parameters: { p: Tensor; grad: Tensor }[]): void {
    const options = group as ParamGroup & AdamOptions;
    const { lr, betas: [beta1, beta2], eps, amsgrad } = options;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      initialState(state, p, amsgrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"]);
      const grad = this.decayed(p, raw, options);
      const mean = state.exp_avg as Tensor, square = state.exp_avg_sq as Tensor;
      const step = countStep(state);
      mean.lerp_(grad, 1 - beta1);
      square.mul_(beta2).addcmul_(grad, grad, { value: 1 - beta2 });
      const correction1 = 1 - beta1 ** step, correction2 = Math.sqrt(1 - beta2 ** step);
      let bound = square;
      if (amsgrad) bound = state.max_exp_avg_sq = maximum(state.max_exp_avg_sq as Tensor, square);
      const divisor = bound.sqrt().div_(correction2).add_(eps);
      p.addcdiv_(mean, divisor, { value: -lr / correction1 });
    }
  }
}

/** Adam with weight decay that does not pass through the means (Loshchilov and Hutter, 2017). */
export class AdamW extends Adam {
  /** Takes parameters or groups of them, and options. */
  constructor(params: Params, ...args: Options<AdamOptions>) {
    super(params, readOptions({ ...DEFAULTS, weight_decay: 0.01 }, args));
  }

  protected override decayed(p: Tensor, grad: Tensor, { lr, weight_decay }: AdamOptions): Tensor {
    p.mul_(1 - lr * weight_decay);
    return grad;
  }
}
