/**
 * Modules that make probabilities of numbers.
 */
import { ValueError } from "../errors.ts";
import { log_softmax, softmax, softmin } from "../ops/functional_softmax.ts";
import type { Tensor } from "../tensor.ts";
import { constructorOf, type Given } from "./arguments.ts";
import { Module } from "./module.ts";

type Dim = { dim: number | null };
const text = (dim: number | null): string => `dim=${dim ?? "None"}`;

const readSoftmax = constructorOf<Dim>("Softmax", [], { dim: null });

/** exp(x) / sum(exp(x)) along a dimension. */
export class Softmax extends Module {
  /** The dimension along which the results sum to 1. */
  dim: number | null;

  /** Takes `dim`. */
  constructor(...args: Given<Softmax, "dim">) {
    super();
    this.dim = readSoftmax(args).dim;
  }

  /** A tensor of the same shape. */
  override forward(input: Tensor): Tensor {
    return softmax(input, this.dim);
  }

  /** `dim=1`. */
  override extra_repr(): string {
    return text(this.dim);
  }
}

const readLogSoftmax = constructorOf<Dim>("LogSoftmax", [], { dim: null });

/** The logarithm of softmax along a dimension. */
export class LogSoftmax extends Module {
  /** The dimension along which the results are probabilities. */
  dim: number | null;

  /** Takes `dim`. */
  constructor(...args: Given<LogSoftmax, "dim">) {
    super();
    this.dim = readLogSoftmax(args).dim;
  }

  /** A tensor of the same shape. */
  override forward(input: Tensor): Tensor {
    return log_softmax(input, this.dim);
  }

  /** `dim=1`. */
  override extra_repr(): string {
    return text(this.dim);
  }
}

const readSoftmin = constructorOf<Dim>("Softmin", [], { dim: null });

/** Softmax of -x along a dimension. */
export class Softmin extends Module {
  /** The dimension along which the results sum to 1. */
  dim: number | null;

  /** Takes `dim`. */
  constructor(...args: Given<Softmin, "dim">) {
    super();
    this.dim = readSoftmin(args).dim;
  }

  /** A tensor of the same shape. */
  override forward(input: Tensor): Tensor {
    return softmin(input, this.dim);
  }

  /** `dim=1`. */
  override extra_repr(): string {
    return text(this.dim);
  }
}

/** Softmax over the channels at each place of an image. */
export class Softmax2d extends Module {
  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    const rank = input.sizes.length;
    if (rank !== 3 && rank !== 4) throw new ValueError(`Softmax2d: expected input to be 3D or 4D, got ${rank}D instead`);
    return softmax(input, -3);
  }
}
