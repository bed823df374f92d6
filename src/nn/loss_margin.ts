/**
 * Losses with margins: what is right must be better than what is not by so much.
 */
import type { Distance } from "../ops/loss/margin.ts";
import { REDUCTION, type ReductionInputs } from "../ops/loss/reduction.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf, python } from "./arguments.ts";
import { PairwiseDistance } from "./distance.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";
import { Loss, WeightedLoss, type WeightedLossOptions } from "./loss.ts";

/** Arguments of losses with a margin. */
export interface MarginLossOptions extends ReductionInputs {
  /** How far apart. */
  margin: number;
}

const readMarginRankingLoss = constructorOf<MarginLossOptions>("MarginRankingLoss", [], { margin: 0, ...REDUCTION });

/** max(0, -target (input1 - input2) + margin): the target 1 or -1 says which of the two should be larger. */
export class MarginRankingLoss extends Loss {
  /** By how much. */
  margin: number;

  /** Takes `margin` (0), `reduction` ("mean"). */
  constructor(...args: Constructor<MarginLossOptions>) {
    const options = readMarginRankingLoss(args);
    super(options);
    this.margin = options.margin;
  }

  /** The loss of tensors of one shape. */
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.margin_ranking_loss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

const readHingeEmbeddingLoss = constructorOf<MarginLossOptions>("HingeEmbeddingLoss", [], { margin: 1, ...REDUCTION });

/** The input where the target is 1, max(0, margin - input) where it is -1. */
export class HingeEmbeddingLoss extends Loss {
  /** How far apart what is different should be. */
  margin: number;

  /** Takes `margin` (1), `reduction` ("mean"). */
  constructor(...args: Constructor<MarginLossOptions>) {
    const options = readHingeEmbeddingLoss(args);
    super(options);
    this.margin = options.margin;
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.hinge_embedding_loss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

const readCosineEmbeddingLoss = constructorOf<MarginLossOptions>("CosineEmbeddingLoss", [], { margin: 0, ...REDUCTION });

/** 1 - cos of the angle between two vectors where the target is 1, max(0, cos - margin) where it is -1. */
export class CosineEmbeddingLoss extends Loss {
  /** The cosine from which on what is different counts as too near. */
  margin: number;

  /** Takes `margin` (0), `reduction` ("mean"). */
  constructor(...args: Constructor<MarginLossOptions>) {
    const options = readCosineEmbeddingLoss(args);
    super(options);
    this.margin = options.margin;
  }

  /** The loss of rows (batch, size) and targets (batch). */
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.cosine_embedding_loss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

const readSoftMarginLoss = constructorOf<ReductionInputs>("SoftMarginLoss", [], REDUCTION);

/** The mean of log(1 + e^(-target input)), for targets 1 and -1. */
export class SoftMarginLoss extends Loss {
  /** Takes `reduction` ("mean"). */
  constructor(...args: Constructor<ReductionInputs>) {
    super(readSoftMarginLoss(args));
  }

  /** The loss of tensors of one shape. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.soft_margin_loss(input, target, { reduction: this.reduction });
  }
}

/** Arguments of `TripletMarginLoss`. */
export interface TripletMarginLossOptions extends MarginLossOptions {
  /** The norm of differences. */
  p: number;
  /** Keeps the derivative of the norm finite. */
  eps: number;
  /** Whether the negative's distance from the positive counts, where it is smaller. */
  swap: boolean;
}

const readTripletMarginLoss = constructorOf<TripletMarginLossOptions>("TripletMarginLoss", [], { margin: 1, p: 2, eps: 1e-6, swap: false, ...REDUCTION });

/** max(0, d(anchor, positive) - d(anchor, negative) + margin). */
export class TripletMarginLoss extends Loss {
  /** How much farther the negative is to be. */
  margin: number;
  /** The norm of differences. */
  p: number;
  /** Keeps the derivative of the norm finite. */
  eps: number;
  /** Whether the negative's distance from the positive counts, where it is smaller. */
  swap: boolean;

  /** Takes `margin` (1), `p` (2), `eps` (1e-6), `swap` (false), `reduction` ("mean"). */
  constructor(...args: Constructor<TripletMarginLossOptions>) {
    const options = readTripletMarginLoss(args);
    if (!(options.margin > 0)) throw notPositive("TripletMarginLoss", options.margin);
    super(options);
    this.margin = options.margin;
    this.p = options.p;
    this.eps = options.eps;
    this.swap = options.swap;
  }

  /** The loss of rows (batch, size). */
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return F.triplet_margin_loss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}

function notPositive(name: string, margin: number): ValueError {
  return new ValueError(`${name}: expected margin to be greater than 0, got ${python(margin)} instead`);
}

/** Arguments of `TripletMarginWithDistanceLoss`, by name only. */
export interface TripletMarginWithDistanceLossOptions {
  /** Measures distances; `PairwiseDistance` unless given. */
  distance_function: Distance | Module | null;
  /** How much farther the negative is to be. */
  margin: number;
  /** Whether the negative's distance from the positive counts, where it is smaller. */
  swap: boolean;
  /** `"mean"`, `"sum"` or `"none"`. */
  reduction: string;
}

const readTripletMarginWithDistanceLoss = constructorOf<TripletMarginWithDistanceLossOptions>("TripletMarginWithDistanceLoss", [], {}, {
  distance_function: null,
  margin: 1,
  swap: false,
  reduction: "mean",
});

/** `TripletMarginLoss` with a distance of one's own. */
export class TripletMarginWithDistanceLoss extends Loss {
  /** Measures distances. */
  distance_function: Distance | Module;
  /** How much farther the negative is to be. */
  margin: number;
  /** Whether the negative's distance from the positive counts, where it is smaller. */
  swap: boolean;

  /** Takes `distance_function`, `margin` (1), `swap` (false), `reduction` ("mean"), by name. */
  constructor(...args: Constructor<TripletMarginWithDistanceLossOptions>) {
    const options = readTripletMarginWithDistanceLoss(args);
    if (!(options.margin > 0)) throw notPositive("TripletMarginWithDistanceLoss", options.margin);
    super(options);
    this.distance_function = options.distance_function ?? new PairwiseDistance();
    this.margin = options.margin;
    this.swap = options.swap;
  }

  /** The loss of whatever the distance takes. */
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distance_function: measure, margin, swap, reduction } = this;
    const distance_function: Distance = measure instanceof Module ? (a, b) => measure.call(...[a, b] as never[]) as Tensor : measure;
    return F.triplet_margin_with_distance_loss(anchor, positive, negative, { distance_function, margin, swap, reduction });
  }
}

/** Arguments of `MultiMarginLoss`. */
export interface MultiMarginLossOptions extends WeightedLossOptions {
  /** 1 or 2: the power of what is missing. */
  p: number;
  /** How much better the right class is to be. */
  margin: number;
}

const readMultiMarginLoss = constructorOf<MultiMarginLossOptions>("MultiMarginLoss", [], { p: 1, margin: 1, weight: null, ...REDUCTION });

/** The mean over classes of max(0, margin - x[right] + x[class])^p. */
export class MultiMarginLoss extends WeightedLoss {
  /** 1 or 2: the power of what is missing. */
  p: number;
  /** How much better the right class is to be. */
  margin: number;

  /** Takes `p` (1), `margin` (1), `weight`, `reduction` ("mean"). */
  constructor(...args: Constructor<MultiMarginLossOptions>) {
    const options = readMultiMarginLoss(args);
    if (options.p !== 1 && options.p !== 2) throw new ValueError("only p == 1 and p == 2 supported");
    if (options.weight !== null && options.weight.sizes.length !== 1) {
      throw new ValueError(`MultiMarginLoss: expected weight to be None or 1D tensor, got ${options.weight.sizes.length}D instead`);
    }
    super(options);
    this.p = options.p;
    this.margin = options.margin;
  }

  /** The loss of scores (batch, classes) and classes (batch). */
  override forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return F.multi_margin_loss(input, target, { p, margin, weight, reduction });
  }
}

const readMultiLabelMarginLoss = constructorOf<ReductionInputs>("MultiLabelMarginLoss", [], REDUCTION);

/** The mean over pairs of a right class and a wrong one of max(0, 1 - x[right] + x[wrong]). */
export class MultiLabelMarginLoss extends Loss {
  /** Takes `reduction` ("mean"). */
  constructor(...args: Constructor<ReductionInputs>) {
    super(readMultiLabelMarginLoss(args));
  }

  /** The loss of scores (batch, classes) and the right classes of each row, followed by -1. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabel_margin_loss(input, target, { reduction: this.reduction });
  }
}

const readMultiLabelSoftMarginLoss = constructorOf<WeightedLossOptions>("MultiLabelSoftMarginLoss", [], { weight: null, ...REDUCTION });

/** The mean over classes of the binary cross entropy of logits. */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  /** Takes `weight`, `reduction` ("mean"). */
  constructor(...args: Constructor<WeightedLossOptions>) {
    super(readMultiLabelSoftMarginLoss(args));
  }

  /** The loss of logits and zeros and ones, (batch, classes) each. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabel_soft_margin_loss(input, target, { weight: this.weight, reduction: this.reduction });
  }
}
