/**
 * Normalisation of whole samples or of groups of channels, as modules.
 */
import type { DType } from "../dtype.ts";
import { ValueError } from "../errors.ts";
import { empty } from "../ops/create.ts";
import type { Tensor } from "../tensor.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf, float, type Given, perDimension, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { ones_, zeros_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Arguments of `LayerNorm`. */
export interface LayerNormModuleOptions {
  /** The sizes of the last dimensions. */
  normalized_shape: number | readonly number[];
  /** Added to the variance. */
  eps: number;
  /** Whether each element has a weight and a bias. */
  elementwise_affine: boolean;
  /** Whether there is a bias where there is a weight. */
  bias: boolean;
  /** The dtype of the parameters. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

const readLayerNorm = constructorOf<LayerNormModuleOptions>("LayerNorm", ["normalized_shape"], {
  eps: 1e-5,
  elementwise_affine: true,
  bias: true,
  device: null,
  dtype: null,
});

/** Brings the last dimensions of each sample to mean 0 and variance 1, times a weight, plus a bias (Ba et al., 2016). */
export class LayerNorm extends Module {
  /** The sizes of the last dimensions. */
  normalized_shape: readonly number[];
  /** Added to the variance. */
  eps: number;
  /** Whether each element has a weight and a bias. */
  elementwise_affine: boolean;
  /** A factor for each element, or null. */
  weight: Parameter | null;
  /** A summand for each element, or null. */
  bias: Parameter | null;

  /** Takes `normalized_shape`, `eps` (1e-5), `elementwise_affine` (true), `bias` (true). */
  constructor(...args: Constructor<LayerNormModuleOptions>) {
    super();
    const { normalized_shape, eps, elementwise_affine, bias, dtype } = readLayerNorm(args);
    this.normalized_shape = perDimension(normalized_shape, 1);
    this.eps = eps;
    this.elementwise_affine = elementwise_affine;
    this.weight = elementwise_affine ? new Parameter(empty(this.normalized_shape, { dtype })) : null;
    this.bias = elementwise_affine && bias ? new Parameter(empty(this.normalized_shape, { dtype })) : null;
    this.reset_parameters();
  }

  /** Sets the weights to 1 and the biases to 0. */
  reset_parameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** (..., *normalized_shape). */
  override forward(input: Tensor): Tensor {
    return F.layer_norm(input, this.normalized_shape, this.weight, this.bias, this.eps);
  }

  /** `(10,), eps=1e-05, elementwise_affine=True`. */
  override extra_repr(): string {
    return `${python(this.normalized_shape)}, eps=${python(this.eps)}, elementwise_affine=${python(this.elementwise_affine)}`;
  }
}

/** Arguments of `RMSNorm`. */
export interface RMSNormModuleOptions {
  /** The sizes of the last dimensions. */
  normalized_shape: number | readonly number[];
  /** Added to the mean of squares; the smallest step of the dtype at 1 unless given. */
  eps: number | null;
  /** Whether each element has a weight. */
  elementwise_affine: boolean;
  /** The dtype of the weight. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

const readRMSNorm = constructorOf<RMSNormModuleOptions>("RMSNorm", ["normalized_shape"], { eps: null, elementwise_affine: true, device: null, dtype: null });

/** Divides the last dimensions of each sample by the root of their mean square, times a weight (Zhang and Sennrich, 2019). */
export class RMSNorm extends Module {
  /** The sizes of the last dimensions. */
  normalized_shape: readonly number[];
  /** Added to the mean of squares, or null. */
  eps: number | null;
  /** Whether each element has a weight. */
  elementwise_affine: boolean;
  /** A factor for each element, or null. */
  weight: Parameter | null;

  /** Takes `normalized_shape`, `eps`, `elementwise_affine` (true). */
  constructor(...args: Constructor<RMSNormModuleOptions>) {
    super();
    const { normalized_shape, eps, elementwise_affine, dtype } = readRMSNorm(args);
    this.normalized_shape = perDimension(normalized_shape, 1);
    this.eps = eps;
    this.elementwise_affine = elementwise_affine;
    this.weight = elementwise_affine ? new Parameter(empty(this.normalized_shape, { dtype })) : null;
    this.reset_parameters();
  }

  /** Sets the weights to 1. */
  reset_parameters(): void {
    if (this.weight !== null) ones_(this.weight);
  }

  /** (..., *normalized_shape). */
  override forward(x: Tensor): Tensor {
    return F.rms_norm(x, this.normalized_shape, this.weight, this.eps);
  }

  /** `(10,), eps=None, elementwise_affine=True`. */
  override extra_repr(): string {
    return `${python(this.normalized_shape)}, eps=${python(this.eps)}, elementwise_affine=${python(this.elementwise_affine)}`;
  }
}

/** Arguments of `GroupNorm`. */
export interface GroupNormModuleOptions {
  /** The number of groups. */
  num_groups: number;
  /** The number of channels. */
  num_channels: number;
  /** Added to the variance. */
  eps: number;
  /** Whether each channel has a weight and a bias. */
  affine: boolean;
  /** The dtype of the parameters. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

const readGroupNorm = constructorOf<GroupNormModuleOptions>("GroupNorm", ["num_groups", "num_channels"], {
  eps: 1e-5,
  affine: true,
  device: null,
  dtype: null,
});

/** Brings each group of channels of each sample to mean 0 and variance 1, times a weight, plus a bias (Wu and He, 2018). */
export class GroupNorm extends Module {
  /** The number of groups. */
  num_groups: number;
  /** The number of channels. */
  num_channels: number;
  /** Added to the variance. */
  eps: number;
  /** Whether each channel has a weight and a bias. */
  affine: boolean;
  /** A factor for each channel, or null. */
  weight: Parameter | null;
  /** A summand for each channel, or null. */
  bias: Parameter | null;

  /** Takes `num_groups`, `num_channels`, `eps` (1e-5), `affine` (true). */
  constructor(...args: Constructor<GroupNormModuleOptions>) {
    super();
    const { num_groups, num_channels, eps, affine, dtype } = readGroupNorm(args);
    if (num_channels % num_groups !== 0) throw new ValueError("num_channels must be divisible by num_groups");
    this.num_groups = num_groups;
    this.num_channels = num_channels;
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? new Parameter(empty(num_channels, { dtype })) : null;
    this.bias = affine ? new Parameter(empty(num_channels, { dtype })) : null;
    this.reset_parameters();
  }

  /** Sets the weights to 1 and the biases to 0. */
  reset_parameters(): void {
    if (this.weight !== null) ones_(this.weight);
    if (this.bias !== null) zeros_(this.bias);
  }

  /** (batch, channels, ...). */
  override forward(input: Tensor): Tensor {
    return F.group_norm(input, this.num_groups, this.weight, this.bias, this.eps);
  }

  /** `3, 6, eps=1e-05, affine=True`. */
  override extra_repr(): string {
    return `${this.num_groups}, ${this.num_channels}, eps=${python(this.eps)}, affine=${python(this.affine)}`;
  }
}

const readLocalResponseNorm = constructorOf<{ size: number; alpha: number; beta: number; k: number }>("LocalResponseNorm", ["size"], {
  alpha: 1e-4,
  beta: 0.75,
  k: 1,
});

/** Divides each channel by (k + alpha mean of the squares of its neighbours)^beta (Krizhevsky et al., 2012). */
export class LocalResponseNorm extends Module {
  /** The number of neighbours. */
  size: number;
  /** The factor of their mean square. */
  alpha: number;
  /** The exponent. */
  beta: number;
  /** What is added. */
  k: number;

  /** Takes `size`, `alpha` (1e-4), `beta` (0.75), `k` (1). */
  constructor(...args: Given<LocalResponseNorm, "size" | "alpha" | "beta" | "k">) {
    super();
    const { size, alpha, beta, k } = readLocalResponseNorm(args);
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  /** (batch, channels, ...). */
  override forward(input: Tensor): Tensor {
    return F.local_response_norm(input, this.size, this.alpha, this.beta, this.k);
  }

  /** `2, alpha=0.0001, beta=0.75, k=1.0`. */
  override extra_repr(): string {
    return `${this.size}, alpha=${python(this.alpha)}, beta=${python(this.beta)}, k=${float(this.k, 1)}`;
  }
}
