/**
 * Normalisation of channels by statistics of the batch, or of each sample, as modules.
 */
import { type DType, int64 } from "../dtype.ts";
import { ValueError } from "../errors.ts";
import { empty, ones, tensor, zeros } from "../ops/create.ts";
import type { Tensor } from "../tensor.ts";
import { warn } from "../warnings.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { ones_, zeros_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Arguments of normalisations by channels. */
export interface NormOptions {
  /** The number of channels. */
  num_features: number;
  /** Added to the variance. */
  eps: number;
  /** How much of the running statistics each batch replaces; null for the mean of all batches. */
  momentum: number | null;
  /** Whether each channel has a weight and a bias. */
  affine: boolean;
  /** Whether running statistics are kept, for evaluation. */
  track_running_stats: boolean;
  /** The dtype of parameters and buffers. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

/** What normalisations by channels have. */
export abstract class NormBase extends Module {
  /** The number of channels. */
  num_features: number;
  /** Added to the variance. */
  eps: number;
  /** How much of the running statistics each batch replaces; null for the mean of all batches. */
  momentum: number | null;
  /** Whether each channel has a weight and a bias. */
  affine: boolean;
  /** Whether running statistics are kept. */
  track_running_stats: boolean;
  /** A factor for each channel, or null. */
  weight: Parameter | null;
  /** A summand for each channel, or null. */
  bias: Parameter | null;
  /** The mean of each channel so far, or null. */
  running_mean: Tensor | null = null;
  /** The variance of each channel so far, or null. */
  running_var: Tensor | null = null;
  /** The number of batches so far, or null. */
  num_batches_tracked: Tensor | null = null;

  /** Takes the options. */
  constructor({ num_features, eps, momentum, affine, track_running_stats, dtype }: NormOptions) {
    super();
    this.num_features = num_features;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.track_running_stats = track_running_stats;
    this.weight = affine ? new Parameter(empty(num_features, { dtype })) : null;
    this.bias = affine ? new Parameter(empty(num_features, { dtype })) : null;
    this.register_buffer("running_mean", track_running_stats ? zeros(num_features, { dtype }) : null);
    this.register_buffer("running_var", track_running_stats ? ones(num_features, { dtype }) : null);
    this.register_buffer("num_batches_tracked", track_running_stats ? tensor(0, { dtype: int64 }) : null);
    this.reset_parameters();
  }

  /** Forgets the batches so far. */
  reset_running_stats(): void {
    this.running_mean?.zero_();
    this.running_var?.fill_(1);
    this.num_batches_tracked?.zero_();
  }

  /** Since version 2 the batches are counted. */
  override get _version(): number {
    return 2;
  }

  /** @internal */
  override _names_since(version: number | null): readonly string[] {
    return version === null || version < 2 ? ["num_batches_tracked"] : [];
  }

  /** Forgets the batches so far, and sets the weights to 1 and the biases to 0. */
  reset_parameters(): void {
    this.reset_running_stats();
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** `3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True`. */
  override extra_repr(): string {
    const { num_features, eps, momentum, affine, track_running_stats } = this;
    return `${num_features}, eps=${python(eps)}, momentum=${python(momentum)}, affine=${python(affine)}, track_running_stats=${python(track_running_stats)}`;
  }
}

/** Refuses inputs of other ranks than these. */
function checkRank(input: Tensor, ...ranks: number[]): void {
  const rank = input.sizes.length;
  if (!ranks.includes(rank)) throw new ValueError(`expected ${ranks.map((r) => `${r}D`).join(" or ")} input (got ${rank}D input)`);
}

/** Batch normalisation of inputs of any rank (Ioffe and Szegedy, 2015): by statistics of the batch in training, by the running ones otherwise. */
export abstract class BatchNorm extends NormBase {
  /** Normalises, and brings the running statistics up to date in training. */
  protected normalized(input: Tensor): Tensor {
    const { running_mean, running_var, weight, bias, eps, training } = this;
    const tracking = training && this.track_running_stats;
    let share = this.momentum ?? 0;
    if (tracking && this.num_batches_tracked !== null) {
      this.num_batches_tracked.add_(1);
      if (this.momentum === null) share = 1 / Number(this.num_batches_tracked.item());
    }
    const byBatch = training || (running_mean === null && running_var === null);
    const known = !training || this.track_running_stats;
    return F.batch_norm(input, known ? running_mean : null, known ? running_var : null, weight, bias, byBatch, share, eps);
  }
}

const readBatchNorm = constructorOf<NormOptions>("_BatchNorm", ["num_features"], {
  eps: 1e-5,
  momentum: 0.1,
  affine: true,
  track_running_stats: true,
  device: null,
  dtype: null,
});

/** Batch normalisation of rows or sequences. */
export class BatchNorm1d extends BatchNorm {
  /** Takes `num_features`, `eps` (1e-5), `momentum` (0.1), `affine` (true), `track_running_stats` (true). */
  constructor(...args: Constructor<NormOptions>) {
    super(readBatchNorm(args));
  }

  /** (batch, channels) or (batch, channels, length). */
  override forward(input: Tensor): Tensor {
    checkRank(input, 2, 3);
    return this.normalized(input);
  }
}

/** Batch normalisation of images. */
export class BatchNorm2d extends BatchNorm {
  /** Takes `num_features`, `eps` (1e-5), `momentum` (0.1), `affine` (true), `track_running_stats` (true). */
  constructor(...args: Constructor<NormOptions>) {
    super(readBatchNorm(args));
  }

  /** (batch, channels, height, width). */
  override forward(input: Tensor): Tensor {
    checkRank(input, 4);
    return this.normalized(input);
  }
}

/** Batch normalisation of volumes. */
export class BatchNorm3d extends BatchNorm {
  /** Takes `num_features`, `eps` (1e-5), `momentum` (0.1), `affine` (true), `track_running_stats` (true). */
  constructor(...args: Constructor<NormOptions>) {
    super(readBatchNorm(args));
  }

  /** (batch, channels, depth, height, width). */
  override forward(input: Tensor): Tensor {
    checkRank(input, 5);
    return this.normalized(input);
  }
}

/** Instance normalisation of inputs of any rank (Ulyanov et al., 2016): each channel of each sample by statistics of its own. */
export abstract class InstanceNorm extends NormBase {
  /** Normalises inputs with or without a batch. */
  protected normalized(input: Tensor, rank: number): Tensor {
    checkRank(input, rank - 1, rank);
    const channels = input.sizes.length === rank ? 1 : 0;
    if (input.sizes[channels] !== this.num_features) {
      if (this.affine) {
        throw new ValueError(
          `expected input's size at dim=${channels} to match num_features (${this.num_features}), but got: ${input.sizes[channels]}.`,
        );
      }
      warn(
        `input's size at dim=${channels} does not match num_features. ` +
          "You can silence this warning by not passing in num_features, which is not used because affine=False",
      );
    }
    const { running_mean, running_var, weight, bias, momentum, eps } = this;
    const ofInput = this.training || !this.track_running_stats;
    const out = F.instance_norm(channels === 1 ? input : input.unsqueeze(0), running_mean, running_var, weight, bias, ofInput, momentum ?? 0, eps);
    return channels === 1 ? out : out.squeeze(0);
  }
}

const readInstanceNorm = constructorOf<NormOptions>("_InstanceNorm", ["num_features"], {
  eps: 1e-5,
  momentum: 0.1,
  affine: false,
  track_running_stats: false,
  device: null,
  dtype: null,
});

/** Instance normalisation of sequences. */
export class InstanceNorm1d extends InstanceNorm {
  /** Takes `num_features`, `eps` (1e-5), `momentum` (0.1), `affine` (false), `track_running_stats` (false). */
  constructor(...args: Constructor<NormOptions>) {
    super(readInstanceNorm(args));
  }

  /** (batch, channels, length), or without the batch. */
  override forward(input: Tensor): Tensor {
    return this.normalized(input, 3);
  }
}

/** Instance normalisation of images. */
export class InstanceNorm2d extends InstanceNorm {
  /** Takes `num_features`, `eps` (1e-5), `momentum` (0.1), `affine` (false), `track_running_stats` (false). */
  constructor(...args: Constructor<NormOptions>) {
    super(readInstanceNorm(args));
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return this.normalized(input, 4);
  }
}

/** Instance normalisation of volumes. */
export class InstanceNorm3d extends InstanceNorm {
  /** Takes `num_features`, `eps` (1e-5), `momentum` (0.1), `affine` (false), `track_running_stats` (false). */
  constructor(...args: Constructor<NormOptions>) {
    super(readInstanceNorm(args));
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return this.normalized(input, 5);
  }
}
