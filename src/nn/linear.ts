/**
 * Affine layers.
 */
import { bilinear, linear } from "../ops/linear.ts";
import { empty } from "../ops/create.ts";
import type { DType } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf, python } from "./arguments.ts";
import { _calculate_fan_in_and_fan_out, kaiming_uniform_, uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Hands its input through. */
export class Identity extends Module {
  /** Accepts any arguments and ignores them. */
  constructor(..._args: unknown[]) {
    super();
  }

  /** The input. */
  override forward(input: Tensor): Tensor {
    return input;
  }
}

/** Arguments of `Linear`. */
export interface LinearOptions {
  /** The size of the last dimension of the input. */
  in_features: number;
  /** The size of the last dimension of the output. */
  out_features: number;
  /** Whether a bias is added. */
  bias?: boolean;
  /** The dtype of the parameters. */
  dtype?: DType | null;
  /** The CPU. */
  device?: Device | string | null;
}

const readLinear = constructorOf<LinearOptions>("Linear", ["in_features", "out_features"], { bias: true, device: null, dtype: null });

/** x A^T + b, with A of shape (out_features, in_features), both uniform in ±1/sqrt(in_features) at first. */
export class Linear extends Module {
  /** The size of the last dimension of the input. */
  in_features: number;
  /** The size of the last dimension of the output. */
  out_features: number;
  /** The matrix. */
  weight: Parameter;
  /** The bias, or null. */
  bias: Parameter | null;

  /** See `LinearOptions`. */
  constructor(...args: Constructor<LinearOptions>) {
    super();
    const { in_features, out_features, bias, dtype } = readLinear(args);
    this.in_features = in_features;
    this.out_features = out_features;
    this.weight = new Parameter(empty(out_features, in_features, { dtype }));
    this.bias = bias ? new Parameter(empty(out_features, { dtype })) : null;
    this.reset_parameters();
  }

  /** Draws the parameters anew. */
  reset_parameters(): void {
    kaiming_uniform_(this.weight, { a: Math.sqrt(5) });
    if (this.bias === null) return;
    const [fanIn] = _calculate_fan_in_and_fan_out(this.weight);
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    uniform_(this.bias, -bound, bound);
  }

  /** (..., in_features) to (..., out_features). */
  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extra_repr(): string {
    return `in_features=${this.in_features}, out_features=${this.out_features}, bias=${python(this.bias !== null)}`;
  }
}

/** Arguments of `Bilinear`. */
export interface BilinearOptions {
  /** The size of the last dimension of the first input. */
  in1_features: number;
  /** The size of the last dimension of the second input. */
  in2_features: number;
  /** The size of the last dimension of the output. */
  out_features: number;
  /** Whether a bias is added. */
  bias?: boolean;
}

const readBilinear = constructorOf<BilinearOptions>("Bilinear", ["in1_features", "in2_features", "out_features"], { bias: true });

/** x1^T A x2 + b. */
export class Bilinear extends Module {
  /** The size of the last dimension of the first input. */
  in1_features: number;
  /** The size of the last dimension of the second input. */
  in2_features: number;
  /** The size of the last dimension of the output. */
  out_features: number;
  /** The form, of shape (out_features, in1_features, in2_features). */
  weight: Parameter;
  /** The bias, or null. */
  bias: Parameter | null;

  /** See `BilinearOptions`. */
  constructor(...args: Constructor<BilinearOptions>) {
    super();
    const { in1_features, in2_features, out_features, bias } = readBilinear(args);
    this.in1_features = in1_features;
    this.in2_features = in2_features;
    this.out_features = out_features;
    this.weight = new Parameter(empty(out_features, in1_features, in2_features));
    this.bias = bias ? new Parameter(empty(out_features)) : null;
    const bound = 1 / Math.sqrt(in1_features);
    uniform_(this.weight, -bound, bound);
    if (this.bias !== null) uniform_(this.bias, -bound, bound);
  }

  /** (..., in1_features) and (..., in2_features) to (..., out_features). */
  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extra_repr(): string {
    return `in1_features=${this.in1_features}, in2_features=${this.in2_features}, out_features=${this.out_features}, bias=${python(this.bias !== null)}`;
  }
}
