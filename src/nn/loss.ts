/**
 * Losses as modules: how far predictions are from what is right.
 */
import { REDUCTION, type ReductionInputs, reductionName } from "../ops/loss/reduction.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

/** What all losses have: how the values of the elements become the result. */
export abstract class Loss extends Module {
  /** `"mean"`, `"sum"`, or `"none"` for a loss for each element. */
  reduction: string;

  /** Takes the reduction under its names, old and new. */
  constructor(options: Partial<ReductionInputs>) {
    super();
    this.reduction = reductionName({ ...REDUCTION, ...options });
  }
}

/** Losses with a factor for each class, or for each element: a buffer, so that it is saved with the module. */
export abstract class WeightedLoss extends Loss {
  /** The factors, or null. */
  weight: Tensor | null = null;

  /** Takes the factors and the reduction. */
  constructor({ weight, ...options }: Partial<ReductionInputs> & { weight: Tensor | null }) {
    super(options);
    this.register_buffer("weight", weight);
  }
}

// -- of differences --------------------------------------------------------------------------------------------------

const readMSELoss = constructorOf<ReductionInputs>("MSELoss", [], REDUCTION);

/** The mean of (input - target)^2. */
export class MSELoss extends Loss {
  /** Takes `reduction` ("mean"). */
  constructor(...args: Constructor<ReductionInputs>) {
    super(readMSELoss(args));
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.mse_loss(input, target, { reduction: this.reduction });
  }
}

const readL1Loss = constructorOf<ReductionInputs>("L1Loss", [], REDUCTION);

/** The mean of |input - target|. */
export class L1Loss extends Loss {
  /** Takes `reduction` ("mean"). */
  constructor(...args: Constructor<ReductionInputs>) {
    super(readL1Loss(args));
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.l1_loss(input, target, { reduction: this.reduction });
  }
}

const readSmoothL1Loss = constructorOf<ReductionInputs & { beta: number }>("SmoothL1Loss", [], { ...REDUCTION, beta: 1 });

/** The mean of d^2 / (2 beta) where d = |input - target| is below beta, and of d - beta / 2 elsewhere. */
export class SmoothL1Loss extends Loss {
  /** Where the parabola becomes a line. */
  beta: number;

  /** Takes `reduction` ("mean"), `beta` (1). */
  constructor(...args: Constructor<ReductionInputs & { beta: number }>) {
    const options = readSmoothL1Loss(args);
    super(options);
    this.beta = options.beta;
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.smooth_l1_loss(input, target, { reduction: this.reduction, beta: this.beta });
  }
}

const readHuberLoss = constructorOf<{ reduction: string; delta: number }>("HuberLoss", [], { reduction: "mean", delta: 1 });

/** The mean of d^2 / 2 where d = |input - target| is below delta, and of delta (d - delta / 2) elsewhere. */
export class HuberLoss extends Loss {
  /** Where the parabola becomes a line. */
  delta: number;

  /** Takes `reduction` ("mean"), `delta` (1). */
  constructor(...args: Constructor<{ reduction: string; delta: number }>) {
    const options = readHuberLoss(args);
    super(options);
    this.delta = options.delta;
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.huber_loss(input, target, { reduction: this.reduction, delta: this.delta });
  }
}

// -- of classes ------------------------------------------------------------------------------------------------------

/** Arguments of `NLLLoss`. */
export interface NLLLossOptions extends ReductionInputs {
  /** A factor for each class. */
  weight: Tensor | null;
  /** A class that does not count. */
  ignore_index: number;
}

const readNLLLoss = constructorOf<NLLLossOptions>("NLLLoss", [], { weight: null, size_average: null, ignore_index: -100, reduce: null, reduction: "mean" });

/** Minus the log-probability of the right classes: see `torch.nn.functional.nll_loss`. */
export class NLLLoss extends WeightedLoss {
  /** A class that does not count. */
  ignore_index: number;

  /** Takes `weight`, `ignore_index` (-100), `reduction` ("mean"). */
  constructor(...args: Constructor<NLLLossOptions>) {
    const options = readNLLLoss(args);
    super(options);
    this.ignore_index = options.ignore_index;
  }

  /** The loss of log-probabilities (batch, classes, ...) and classes (batch, ...). */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.nll_loss(input, target, { weight: this.weight, ignore_index: this.ignore_index, reduction: this.reduction });
  }
}

/** Arguments of `CrossEntropyLoss`. */
export interface CrossEntropyLossOptions extends NLLLossOptions {
  /** How much of each target is spread evenly over all classes. */
  label_smoothing: number;
}

const readCrossEntropyLoss = constructorOf<CrossEntropyLossOptions>("CrossEntropyLoss", [], {
  weight: null,
  size_average: null,
  ignore_index: -100,
  reduce: null,
  reduction: "mean",
  label_smoothing: 0,
});

/** The cross entropy of unnormalised logits and the right classes, or their probabilities. */
export class CrossEntropyLoss extends WeightedLoss {
  /** A class that does not count. */
  ignore_index: number;
  /** How much of each target is spread evenly over all classes. */
  label_smoothing: number;

  /** Takes `weight`, `ignore_index` (-100), `reduction` ("mean"), `label_smoothing` (0). */
  constructor(...args: Constructor<CrossEntropyLossOptions>) {
    const options = readCrossEntropyLoss(args);
    super(options);
    this.ignore_index = options.ignore_index;
    this.label_smoothing = options.label_smoothing;
  }

  /** The loss of logits (batch, classes, ...) and classes (batch, ...) or probabilities in the shape of the logits. */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignore_index, reduction, label_smoothing } = this;
    return F.cross_entropy(input, target, { weight, ignore_index, reduction, label_smoothing });
  }
}

/** Arguments of `BCELoss` and of other losses with a factor for each class or element. */
export interface WeightedLossOptions extends ReductionInputs {
  /** The factors. */
  weight: Tensor | null;
}

const readBCELoss = constructorOf<WeightedLossOptions>("BCELoss", [], { weight: null, ...REDUCTION });

/** The binary cross entropy of probabilities. */
export class BCELoss extends WeightedLoss {
  /** Takes `weight`, `reduction` ("mean"). */
  constructor(...args: Constructor<WeightedLossOptions>) {
    super(readBCELoss(args));
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.binary_cross_entropy(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

/** Arguments of `BCEWithLogitsLoss`. */
export interface BCEWithLogitsLossOptions extends WeightedLossOptions {
  /** A factor for the positive examples of each class. */
  pos_weight: Tensor | null;
}

const readBCEWithLogitsLoss = constructorOf<BCEWithLogitsLossOptions>("BCEWithLogitsLoss", [], { weight: null, ...REDUCTION, pos_weight: null });

/** The binary cross entropy of logits. */
export class BCEWithLogitsLoss extends WeightedLoss {
  /** A factor for the positive examples of each class, or null. */
  pos_weight: Tensor | null = null;

  /** Takes `weight`, `reduction` ("mean"), `pos_weight`. */
  constructor(...args: Constructor<BCEWithLogitsLossOptions>) {
    const options = readBCEWithLogitsLoss(args);
    super(options);
    this.register_buffer("pos_weight", options.pos_weight);
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.binary_cross_entropy_with_logits(input, target, { weight: this.weight, pos_weight: this.pos_weight, reduction: this.reduction });
  }
}

// -- of distributions ------------------------------------------------------------------------------------------------

const readKLDivLoss = constructorOf<ReductionInputs & { log_target: boolean }>("KLDivLoss", [], { ...REDUCTION, log_target: false });

/** The Kullback-Leibler divergence of a target from log-probabilities. */
export class KLDivLoss extends Loss {
  /** Whether the target is given as log-probabilities too. */
  log_target: boolean;

  /** Takes `reduction` ("mean"; "batchmean" is the divergence by definition), `log_target` (false). */
  constructor(...args: Constructor<ReductionInputs & { log_target: boolean }>) {
    const options = readKLDivLoss(args);
    super(options);
    this.log_target = options.log_target;
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.kl_div(input, target, { reduction: this.reduction, log_target: this.log_target });
  }
}

/** Arguments of `PoissonNLLLoss`. */
export interface PoissonNLLLossOptions extends ReductionInputs {
  /** Whether the input is the logarithm of the rate. */
  log_input: boolean;
  /** Whether to add Stirling's approximation of log(target!). */
  full: boolean;
  /** Keeps the logarithm finite. */
  eps: number;
}

const readPoissonNLLLoss = constructorOf<PoissonNLLLossOptions>("PoissonNLLLoss", [], {
  log_input: true,
  full: false,
  size_average: null,
  eps: 1e-8,
  reduce: null,
  reduction: "mean",
});

/** The negative log-likelihood of counts. */
export class PoissonNLLLoss extends Loss {
  /** Whether the input is the logarithm of the rate. */
  log_input: boolean;
  /** Whether to add Stirling's approximation of log(target!). */
  full: boolean;
  /** Keeps the logarithm finite. */
  eps: number;

  /** Takes `log_input` (true), `full` (false), `eps` (1e-8), `reduction` ("mean"). */
  constructor(...args: Constructor<PoissonNLLLossOptions>) {
    const options = readPoissonNLLLoss(args);
    super(options);
    this.log_input = options.log_input;
    this.full = options.full;
    this.eps = options.eps;
  }

  /** The loss of rates, or of their logarithms, and counts. */
  override forward(log_input: Tensor, target: Tensor): Tensor {
    return F.poisson_nll_loss(log_input, target, { log_input: this.log_input, full: this.full, eps: this.eps, reduction: this.reduction });
  }
}

/** Arguments of `GaussianNLLLoss`. */
export interface GaussianNLLLossOptions {
  /** Whether to add log(2 pi) / 2. */
  full: boolean;
  /** The least variance. */
  eps: number;
  /** `"mean"`, `"sum"` or `"none"`. */
  reduction: string;
}

const readGaussianNLLLoss = constructorOf<GaussianNLLLossOptions>("GaussianNLLLoss", [], {}, { full: false, eps: 1e-6, reduction: "mean" });

/** The negative log-likelihood of Gaussian distributions. */
export class GaussianNLLLoss extends Loss {
  /** Whether to add log(2 pi) / 2. */
  full: boolean;
  /** The least variance. */
  eps: number;

  /** Takes `full` (false), `eps` (1e-6), `reduction` ("mean"), by name. */
  constructor(...args: Constructor<GaussianNLLLossOptions>) {
    const options = readGaussianNLLLoss(args);
    super(options);
    this.full = options.full;
    this.eps = options.eps;
  }

  /** The loss of means, observations and variances. */
  override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    return F.gaussian_nll_loss(input, target, variance, { full: this.full, eps: this.eps, reduction: this.reduction });
  }
}

/** Arguments of `CTCLoss`. */
export interface CTCLossOptions {
  /** The class that stands for nothing. */
  blank: number;
  /** `"mean"`, `"sum"` or `"none"`. */
  reduction: string;
  /** Whether infinite losses and their gradients become zero. */
  zero_infinity: boolean;
}

const readCTCLoss = constructorOf<CTCLossOptions>("CTCLoss", [], { blank: 0, reduction: "mean", zero_infinity: false });

/** The negative log-likelihood of labels whose places in time are not known (Graves et al., 2006). */
export class CTCLoss extends Loss {
  /** The class that stands for nothing. */
  blank: number;
  /** Whether infinite losses and their gradients become zero. */
  zero_infinity: boolean;

  /** Takes `blank` (0), `reduction` ("mean"), `zero_infinity` (false). */
  constructor(...args: Constructor<CTCLossOptions>) {
    const options = readCTCLoss(args);
    super(options);
    this.blank = options.blank;
    this.zero_infinity = options.zero_infinity;
  }

  /** The loss of log-probabilities (length, batch, classes), labels (batch, most labels), and the lengths of both. */
  override forward(log_probs: Tensor, targets: Tensor, input_lengths: Tensor | readonly number[], target_lengths: Tensor | readonly number[]): Tensor {
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, this.blank, this.reduction, this.zero_infinity);
  }
}

/** Retired name of `NLLLoss` for images. */
export class NLLLoss2d extends NLLLoss {}
