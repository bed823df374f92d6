/**
 * Averaged stochastic gradient descent, and steps by signs alone.
 */
import { ValueError } from "../errors.ts";
import { ones, tensor } from "../ops/create.ts";
import { python } from "../nn/arguments.ts";
import type { Tensor } from "../tensor.ts";
import { countStep, initialState } from "./adam.ts";
import { type Active, type Floats, type GivenParams, Optimizer, type Options, optionsOf, type ParamGroup, requireNonNegative } from "./optimizer.ts";

/** Options of `ASGD`. */
export interface ASGDOptions {
  /** The length of a step. */
  lr: number;
  /** How fast parameters shrink, and steps with them. */
  lambd: number;
  /** The power by which steps shrink. */
  alpha: number;
  /** The step after which averaging begins. */
  t0: number;
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

const readASGD = optionsOf<ASGDOptions>("ASGD", {
  lr: 0.01,
  lambd: 1e-4,
  alpha: 0.75,
  t0: 1e6,
  weight_decay: 0,
  foreach: null,
  maximize: false,
  differentiable: false,
  capturable: false,
});

/** Polyak and Juditsky's averaged descent (1992); the average of a parameter is `ax` in its state. */
export class ASGD extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.01), `lambd` (1e-4), `alpha` (0.75), `t0` (1e6), `weight_decay` (0). */
  constructor(first: GivenParams<ASGDOptions>, ...args: Options<ASGDOptions>) {
    const { params, options } = readASGD(first, args);
    requireNonNegative("learning rate", options.lr);
    requireNonNegative("weight_decay value", options.weight_decay);
    super(params, options);
  }

  protected override floats(): Floats {
    return { t0: 1e6 };
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const { lr, lambd, alpha, t0, weight_decay } = group as ParamGroup & ASGDOptions;
    for (const { p, grad: raw } of parameters) {
      const state = this.stateOf(p);
      if (state.step === undefined) {
        initialState(state, p, []);
        state.eta = tensor(lr);
        state.mu = ones([]);
        state.ax = p.detach().zeros_like();
      }
      const step = countStep(state);
      const grad = weight_decay !== 0 ? raw.add(p, { alpha: weight_decay }) : raw;
      const eta = Number((state.eta as Tensor).item()), mu = Number((state.mu as Tensor).item());
      p.mul_(1 - lambd * eta).add_(grad, { alpha: -eta });
      const average = state.ax as Tensor;
      if (mu === 1) average.copy_(p);
      else average.add_(p.sub(average).mul_(mu));
      (state.eta as Tensor).fill_(lr / (1 + lambd * lr * step) ** alpha);
      (state.mu as Tensor).fill_(1 / Math.max(1, step - t0));
    }
  }
}

/** Options of `Rprop`. */
export interface RpropOptions {
  /** The length of the first steps. */
  lr: number;
  /** The factors of the length where the sign of the gradient changes and where it stays. */
  etas: readonly number[];
  /** The shortest and the longest step. */
  step_sizes: readonly number[];
  /** Accepted. */
  capturable: boolean;
  /** Accepted. */
  foreach: boolean | null;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  differentiable: boolean;
}

const readRprop = optionsOf<RpropOptions>(
  "Rprop",
  { lr: 0.01, etas: [0.5, 1.2], step_sizes: [1e-6, 50] },
  { capturable: false, foreach: null, maximize: false, differentiable: false },
);

/** Riedmiller and Braun's resilient backpropagation (1993): each parameter has a step of its own, and only the signs of gradients count. */
export class Rprop extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.01), `etas` ([0.5, 1.2]), `step_sizes` ([1e-6, 50]). */
  constructor(first: GivenParams<RpropOptions>, ...args: Options<RpropOptions>) {
    const { params, options } = readRprop(first, args);
    const { lr, etas, step_sizes, foreach, maximize, differentiable, capturable } = options;
    requireNonNegative("learning rate", lr);
    if (!(etas[0] > 0 && etas[0] < 1 && etas[1] > 1)) throw new ValueError(`Invalid eta values: ${python(etas[0])}, ${python(etas[1])}`);
    super(params, { lr, etas, step_sizes, foreach, maximize, differentiable, capturable });
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const { lr, etas: [shorter, longer], step_sizes: [shortest, longest] } = group as ParamGroup & RpropOptions;
    for (const { p, grad } of parameters) {
      const state = this.stateOf(p);
      if (state.step === undefined) {
        initialState(state, p, ["prev"]);
        state.step_size = grad.full_like(lr);
      }
      countStep(state);
      const agreement = grad.mul(state.prev as Tensor).sign();
      const turned = agreement.lt(0);
      const factor = agreement.masked_fill(agreement.gt(0), longer).masked_fill_(turned, shorter).masked_fill_(agreement.eq(0), 1);
      const size = (state.step_size as Tensor).mul_(factor).clamp_(shortest, longest);
      // after a turn the gradient is left out once
      const used = grad.masked_fill(turned, 0);
      p.addcmul_(used.sign(), size, { value: -1 });
      (state.prev as Tensor).copy_(used);
    }
  }
}
