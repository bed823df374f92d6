/**
 * Activations that bend at a point: straight above it, flat or curved below.
 */
import { AssertionError } from "../errors.ts";
import { full } from "../ops/create.ts";
import { relu as applyRelu } from "../ops/rectify.ts";
import type { DType } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { warn } from "../warnings.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf, float, type Given, inplaceText, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** `inplace=True`, or nothing. */
const onlyInplace = (inplace: boolean): string => inplace ? "inplace=True" : "";

type Inplace = { inplace: boolean };

const readThreshold = constructorOf<Inplace & { threshold: number; value: number }>("Threshold", ["threshold", "value"], { inplace: false });

/** x above the threshold, else `value`. */
export class Threshold extends Module {
  /** Where it bends. */
  threshold: number;
  /** What stands for everything else. */
  value: number;
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `threshold`, `value`, `inplace` (false). */
  constructor(...args: Given<Threshold, "threshold" | "value" | "inplace">) {
    super();
    const { threshold, value, inplace } = readThreshold(args);
    this.threshold = threshold;
    this.value = value;
    this.inplace = inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.threshold(input, this.threshold, this.value, this.inplace);
  }

  /** `threshold=0.1, value=20`. */
  override extra_repr(): string {
    return `threshold=${python(this.threshold)}, value=${python(this.value)}${inplaceText(this.inplace)}`;
  }
}

const readReLU = constructorOf<Inplace>("ReLU", [], { inplace: false });

/** max(x, 0). */
export class ReLU extends Module {
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `inplace` (false). */
  constructor(...args: Given<ReLU, "inplace">) {
    super();
    this.inplace = readReLU(args).inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return this.inplace ? F.relu_(input) : applyRelu(input);
  }

  /** `inplace=True`, or nothing. */
  override extra_repr(): string {
    return onlyInplace(this.inplace);
  }
}

const readRReLU = constructorOf<Inplace & { lower: number; upper: number }>("RReLU", [], { lower: 1 / 8, upper: 1 / 3, inplace: false });

/** x above 0, else x times a slope: a random one of [lower, upper) for each element in training, their mean otherwise. */
export class RReLU extends Module {
  /** The smallest slope. */
  lower: number;
  /** The largest slope. */
  upper: number;
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `lower` (1/8), `upper` (1/3), `inplace` (false). */
  constructor(...args: Given<RReLU, "lower" | "upper" | "inplace">) {
    super();
    const { lower, upper, inplace } = readRReLU(args);
    this.lower = lower;
    this.upper = upper;
    this.inplace = inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.rrelu(input, this.lower, this.upper, this.training, this.inplace);
  }

  /** `lower=0.125, upper=0.3333333333333333`. */
  override extra_repr(): string {
    return `lower=${python(this.lower)}, upper=${python(this.upper)}${inplaceText(this.inplace)}`;
  }
}

/** Arguments of `Hardtanh`. */
export interface HardtanhOptions {
  /** The smallest value. */
  min_val: number;
  /** The largest value. */
  max_val: number;
  /** Whether it writes into its input. */
  inplace: boolean;
  /** Retired name of `min_val`. */
  min_value: number | null;
  /** Retired name of `max_val`. */
  max_value: number | null;
}

const readHardtanh = constructorOf<HardtanhOptions>("Hardtanh", [], { min_val: -1, max_val: 1, inplace: false, min_value: null, max_value: null });

/** x brought between two values. */
export class Hardtanh extends Module {
  /** The smallest value. */
  min_val: number;
  /** The largest value. */
  max_val: number;
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `min_val` (-1), `max_val` (1), `inplace` (false). */
  constructor(...args: Constructor<HardtanhOptions>) {
    super();
    const { min_val, max_val, inplace, min_value, max_value } = readHardtanh(args);
    if (min_value !== null) warn("keyword argument `min_value` is deprecated and rename to `min_val`");
    if (max_value !== null) warn("keyword argument `max_value` is deprecated and rename to `max_val`");
    this.min_val = min_value ?? min_val;
    this.max_val = max_value ?? max_val;
    this.inplace = inplace;
    if (this.max_val <= this.min_val) throw new AssertionError();
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.hardtanh(input, this.min_val, this.max_val, this.inplace);
  }

  /** `min_val=-1.0, max_val=1.0`. */
  override extra_repr(): string {
    return `min_val=${float(this.min_val, -1)}, max_val=${float(this.max_val, 1)}${inplaceText(this.inplace)}`;
  }
}

const readReLU6 = constructorOf<Inplace>("ReLU6", [], { inplace: false });

/** min(max(x, 0), 6). */
export class ReLU6 extends Hardtanh {
  /** Takes `inplace` (false). */
  constructor(...args: Given<ReLU6, "inplace">) {
    super(0, 6, readReLU6(args).inplace);
  }

  /** `inplace=True`, or nothing. */
  override extra_repr(): string {
    return onlyInplace(this.inplace);
  }
}

const readLeakyReLU = constructorOf<Inplace & { negative_slope: number }>("LeakyReLU", [], { negative_slope: 0.01, inplace: false });

/** x above 0, else `negative_slope` x. */
export class LeakyReLU extends Module {
  /** The slope below 0. */
  negative_slope: number;
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `negative_slope` (0.01), `inplace` (false). */
  constructor(...args: Given<LeakyReLU, "negative_slope" | "inplace">) {
    super();
    const { negative_slope, inplace } = readLeakyReLU(args);
    this.negative_slope = negative_slope;
    this.inplace = inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.leaky_relu(input, this.negative_slope, this.inplace);
  }

  /** `negative_slope=0.01`. */
  override extra_repr(): string {
    return `negative_slope=${python(this.negative_slope)}${inplaceText(this.inplace)}`;
  }
}

/** Arguments of `PReLU`. */
export interface PReLUOptions {
  /** 1, or as many as there are channels. */
  num_parameters: number;
  /** The slopes at first. */
  init: number;
  /** The dtype of the slopes. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

const readPReLU = constructorOf<PReLUOptions>("PReLU", [], { num_parameters: 1, init: 0.25, device: null, dtype: null });

/** x above 0, else x times a slope that is learned: one for all, or one for each channel (He et al., 2015). */
export class PReLU extends Module {
  /** The number of slopes. */
  num_parameters: number;
  /** The slopes at first. */
  init: number;
  /** The slopes. */
  weight: Parameter;

  /** Takes `num_parameters` (1), `init` (0.25). */
  constructor(...args: Constructor<PReLUOptions>) {
    super();
    const { num_parameters, init, dtype } = readPReLU(args);
    this.num_parameters = num_parameters;
    this.init = init;
    this.weight = new Parameter(full([num_parameters], init, { dtype }));
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.prelu(input, this.weight);
  }

  /** `num_parameters=1`. */
  override extra_repr(): string {
    return `num_parameters=${this.num_parameters}`;
  }
}

type Alpha = Inplace & { alpha: number };
const readELU = constructorOf<Alpha>("ELU", [], { alpha: 1, inplace: false });

/** x above 0, else alpha (e^x - 1) (Clevert et al., 2015). */
export class ELU extends Module {
  /** What it tends to far below 0, negated. */
  alpha: number;
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `alpha` (1), `inplace` (false). */
  constructor(...args: Given<ELU, "alpha" | "inplace">) {
    super();
    const { alpha, inplace } = readELU(args);
    this.alpha = alpha;
    this.inplace = inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.elu(input, this.alpha, this.inplace);
  }

  /** `alpha=1.0`. */
  override extra_repr(): string {
    return `alpha=${float(this.alpha, 1)}${inplaceText(this.inplace)}`;
  }
}

const readCELU = constructorOf<Alpha>("CELU", [], { alpha: 1, inplace: false });

/** x above 0, else alpha (e^(x / alpha) - 1) (Barron, 2017). */
export class CELU extends Module {
  /** What it tends to far below 0, negated. */
  alpha: number;
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `alpha` (1), `inplace` (false). */
  constructor(...args: Given<CELU, "alpha" | "inplace">) {
    super();
    const { alpha, inplace } = readCELU(args);
    this.alpha = alpha;
    this.inplace = inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.celu(input, this.alpha, this.inplace);
  }

  /** `alpha=1.0`. */
  override extra_repr(): string {
    return `alpha=${float(this.alpha, 1)}${inplaceText(this.inplace)}`;
  }
}

const readSELU = constructorOf<Inplace>("SELU", [], { inplace: false });

/** `ELU` with the two constants that keep mean 0 and variance 1 from layer to layer (Klambauer et al., 2017). */
export class SELU extends Module {
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes `inplace` (false). */
  constructor(...args: Given<SELU, "inplace">) {
    super();
    this.inplace = readSELU(args).inplace;
  }

  /** The function of each element. */
  override forward(input: Tensor): Tensor {
    return F.selu(input, this.inplace);
  }

  /** `inplace=True`, or nothing. */
  override extra_repr(): string {
    return onlyInplace(this.inplace);
  }
}
