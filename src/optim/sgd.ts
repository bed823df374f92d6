/**
 * Stochastic gradient descent.
 */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { type Active, type GivenParams, Optimizer, type Options, optionsOf, type ParamGroup, requireNonNegative } from "./optimizer.ts";

/** Options of `SGD`. */
export interface SGDOptions {
  /** The length of a step. */
  lr: number;
  /** How much of the last step is kept. */
  momentum: number;
  /** How much less of a new gradient enters the momentum. */
  dampening: number;
  /** The factor of the parameters that is added to their gradients. */
  weight_decay: number;
  /** Nesterov's way of looking ahead. */
  nesterov: boolean;
  /** Climb instead of descending. */
  maximize: boolean;
  /** Accepted. */
  foreach: boolean | null;
  /** Accepted. */
  differentiable: boolean;
  /** Accepted. */
  fused: boolean | null;
}

const readSGD = optionsOf<SGDOptions>(
  "SGD",
  { lr: 0.001, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false },
  { maximize: false, foreach: null, differentiable: false, fused: null },
);

/** p - lr v, with v = momentum v + (1 - dampening) (g + weight_decay p). */
export class SGD extends Optimizer {
  /** Takes parameters or groups of them, and `lr` (0.001), `momentum` (0), `dampening` (0), `weight_decay` (0), `nesterov` (false). */
  constructor(first: GivenParams<SGDOptions>, ...args: Options<SGDOptions>) {
    const { params, options } = readSGD(first, args);
    requireNonNegative("learning rate", options.lr);
    requireNonNegative("momentum value", options.momentum);
    requireNonNegative("weight_decay value", options.weight_decay);
    if (options.nesterov && (options.momentum <= 0 || options.dampening !== 0)) {
      throw new ValueError("Nesterov momentum requires a momentum and zero dampening");
    }
    super(params, options);
  }

  protected override update(group: ParamGroup, parameters: Active[]): void {
    const { lr, momentum, dampening, weight_decay, nesterov } = group as ParamGroup & SGDOptions;
    for (const { p, grad } of parameters) {
      let step = weight_decay !== 0 ? grad.add(p, { alpha: weight_decay }) : grad;
      if (momentum !== 0) {
        const state = this.stateOf(p);
        let buffer = state.momentum_buffer as Tensor | null | undefined;
        if (buffer === null || buffer === undefined) state.momentum_buffer = buffer = step.detach().clone();
        else buffer.mul_(momentum).add_(step, { alpha: 1 - dampening });
        step = nesterov ? step.add(buffer, { alpha: momentum }) : buffer;
      }
      p.add_(step, { alpha: -lr });
    }
  }
}
