/**
 * RMSprop, Adagrad and Adadelta: steps divided by the size that gradients have had.
 */
import { tensor } from "../ops/create.ts";
import { ValueError } from "../errors.ts";
import { python } from "../nn/arguments.ts";
import type { Tensor } from "../tensor.ts";
import { countStep, initialState } from "./adam.ts";
import { type Active, type Floats, type GivenParams, Optimizer, type Options, optionsOf, type ParamGroup, requireNonNegative } from "./optimizer.ts";

/** Options of `RMSprop`. */
export interface RMSpropOptions {
  /** The length of a step. */
  lr: number;
  /** The decay rate of the mean of squares. */
  alpha: number;
  /** Added to the divisor. */
  eps: number;
  /** The factor of the parameters that is added to their gradients. */
  weight_decay: number;
  /** How much of the last step is kept. */
  momentum: number;
  /** Whether to divide by the standard deviation instead of the root of the mean square. */
  centered: boolean;
  /** Accepted. */
  capturable: boolean;
  /** Accepted. */
  foreach: boolean | null;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  differentiable: boolean;
}

const readRMSprop = optionsOf<RMSpropOptions>("RMSprop", {
  lr: 0.01,
  alpha: 0.99,
  eps: 1e-8,
  weight_decay: 0,
  momentum: 0,
  centered: false,
  capturable: false,
  foreach: null,
  maximize: false,
  differentiable: false,
});

/** Hinton's RMSprop: p - lr g / (sqrt(v) + eps), v the running mean of squares. */
export class RMSprop extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.01), `alpha` (0.99), `eps` (1e-8), `weight_decay` (0), `momentum` (0), `centered` (false). */
  constructor(first: GivenParams<RMSpropOptions>, ...args: Options<RMSpropOptions>) {
    const { params, options } = readRMSprop(first, args);
    const { lr, alpha, eps, weight_decay, momentum, centered, ...rest } = options;
    requireNonNegative("learning rate", lr);
    requireNonNegative("epsilon value", eps);
    requireNonNegative("momentum value", momentum);
    requireNonNegative("weight_decay value", weight_decay);
    requireNonNegative("alpha value", alpha);
    super(params, { lr, momentum, alpha, eps, centered, weight_decay, ...rest });
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const { lr, alpha, eps, weight_decay, momentum, centered } = group as ParamGroup & RMSpropOptions;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      initialState(state, p, ["square_avg", ...momentum > 0 ? ["momentum_buffer"] : [], ...centered ? ["grad_avg"] : []]);
      countStep(state);
      const grad = weight_decay !== 0 ? raw.add(p, { alpha: weight_decay }) : raw;
      const square = (state.square_avg as Tensor).mul_(alpha).addcmul_(grad, grad, { value: 1 - alpha });
      let divisor: Tensor;
      if (centered) {
        const mean = (state.grad_avg as Tensor).lerp_(grad, 1 - alpha);
        divisor = square.addcmul(mean, mean, { value: -1 }).sqrt_();
      } else divisor = square.sqrt();
      divisor = divisor.add_(eps);
      if (momentum > 0) p.add_((state.momentum_buffer as Tensor).mul_(momentum).addcdiv_(grad, divisor), { alpha: -lr });
      else p.addcdiv_(grad, divisor, { value: -lr });
    }
  }
}

/** Options of `Adagrad`. */
export interface AdagradOptions {
  /** The length of a step. */
  lr: number;
  /** How fast it falls: lr / (1 + steps lr_decay). */
  lr_decay: number;
  /** The factor of the parameters that is added to their gradients. */
  weight_decay: number;
  /** What the sums of squares begin with. */
  initial_accumulator_value: number;
  /** Added to the divisor. */
  eps: number;
  /** Accepted. */
  foreach: boolean | null;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  differentiable: boolean;
  /** Accepted. */
  fused: boolean | null;
}

const readAdagrad = optionsOf<AdagradOptions>(
  "Adagrad",
  { lr: 0.01, lr_decay: 0, weight_decay: 0, initial_accumulator_value: 0, eps: 1e-10, foreach: null },
  { maximize: false, differentiable: false, fused: null },
);

/** Duchi, Hazan and Singer's Adagrad (2011): p - lr g / (sqrt(s) + eps), s the sum of squares. */
export class Adagrad extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.01), `lr_decay` (0), `weight_decay` (0), `initial_accumulator_value` (0), `eps` (1e-10). */
  constructor(first: GivenParams<AdagradOptions>, ...args: Options<AdagradOptions>) {
    const { params, options } = readAdagrad(first, args);
    const { lr, lr_decay, weight_decay, initial_accumulator_value, eps, ...rest } = options;
    requireNonNegative("learning rate", lr);
    requireNonNegative("lr_decay value", lr_decay);
    requireNonNegative("weight_decay value", weight_decay);
    requireNonNegative("initial_accumulator_value value", initial_accumulator_value);
    requireNonNegative("epsilon value", eps);
    super(params, { lr, lr_decay, eps, weight_decay, initial_accumulator_value, ...rest });
    for (const group of this.param_groups) for (const p of group.params) this.#begin(p, group);
  }

  #begin(p: Tensor, group: ParamGroup): void {
    const state = this.stateOf(p);
    state.step = tensor(0);
    state.sum = p.detach().full_like(group.initial_accumulator_value as number);
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const { lr, lr_decay, weight_decay, eps } = group as ParamGroup & AdagradOptions;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      if (state.step === undefined) this.#begin(p, group);
      const step = countStep(state);
      const grad = weight_decay !== 0 ? raw.add(p, { alpha: weight_decay }) : raw;
      const divisor = (state.sum as Tensor).addcmul_(grad, grad, { value: 1 }).sqrt().add_(eps);
      p.addcdiv_(grad, divisor, { value: -lr / (1 + (step - 1) * lr_decay) });
    }
  }
}

/** Options of `Adadelta`. */
export interface AdadeltaOptions {
  /** The factor of the steps. */
  lr: number;
  /** The decay rate of the means of squares. */
  rho: number;
  /** Added to the means under the roots. */
  eps: number;
  /** The factor of the parameters that is added to their gradients. */
  weight_decay: number;
  /** Accepted. */
  foreach: boolean | null;
  /** Accepted. */
  capturable: boolean;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  differentiable: boolean;
}

const readAdadelta = optionsOf<AdadeltaOptions>(
  "Adadelta",
  { lr: 1, rho: 0.9, eps: 1e-6, weight_decay: 0, foreach: null },
  { capturable: false, maximize: false, differentiable: false },
);

/** Zeiler's Adadelta (2012): steps as large as the last ones, relative to gradients as large as the last ones. */
export class Adadelta extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (1), `rho` (0.9), `eps` (1e-6), `weight_decay` (0). */
  constructor(first: GivenParams<AdadeltaOptions>, ...args: Options<AdadeltaOptions>) {
    const { params, options } = readAdadelta(first, args);
    const { lr, rho, eps, weight_decay, foreach, capturable, maximize, differentiable } = options;
    requireNonNegative("learning rate", lr);
    if (!(rho >= 0 && rho <= 1)) throw new ValueError(`Invalid rho value: ${python(rho)}`);
    requireNonNegative("epsilon value", eps);
    requireNonNegative("weight_decay value", weight_decay);
    super(params, { lr, rho, eps, weight_decay, maximize, capturable, foreach, differentiable });
  }

  protected override floats(): Floats {
    return { lr: 1 };
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const { lr, rho, eps, weight_decay } = group as ParamGroup & AdadeltaOptions;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      initialState(state, p, ["square_avg", "acc_delta"]);
      countStep(state);
      const grad = weight_decay !== 0 ? raw.add(p, { alpha: weight_decay }) : raw;
      const square = (state.square_avg as Tensor).mul_(rho).addcmul_(grad, grad, { value: 1 - rho });
      const steps = state.acc_delta as Tensor;
      const delta = steps.add(eps).sqrt_().div_(square.add(eps).sqrt_()).mul_(grad);
      steps.mul_(rho).addcmul_(delta, delta, { value: 1 - rho });
      p.add_(delta, { alpha: -lr });
    }
  }
}
