/**
 * The activations that `torch` itself has: as functions, some also as methods. Those of `torch.nn.functional` are in functional_activation.ts.
 */
import type { Tensor } from "../tensor.ts";
import type { Fn } from "./define.ts";
import * as units from "./elu.ts";
import { inplaceFunction, plainFunction } from "./plain_function.ts";
import type { Unary } from "./pointwise.ts";
import type { Num } from "./promotion.ts";
import * as rectifiers from "./rectify.ts";

export type { Celu } from "./elu.ts";
export { hardshrink, type Shrink } from "./hard.ts";
export { type Prelu, prelu, relu, type Rrelu, type RreluOptions, type Threshold } from "./rectify.ts";

/** Scaled exponential linear unit: `elu` with the two constants that keep mean 0 and variance 1 from layer to layer. */
export const selu: Fn<{ input: Tensor }, [input: Tensor]> = plainFunction(units.selu);

/** x above 0, else alpha (e^(x / alpha) - 1). d/dx = 1 above 0, else e^(x / alpha). */
export const celu: Fn<{ input: Tensor; alpha?: Num }, [input: Tensor, alpha?: Num]> = plainFunction(units.celu);

/** x above 0, else x times a slope that is drawn from [lower, upper) for each element in training. d/dx = 1 above 0, else the slope. */
export const rrelu: Fn<rectifiers.RreluOptions & { input: Tensor }, [input: Tensor, lower?: Num, upper?: Num, training?: boolean]> = plainFunction(
  rectifiers.rrelu,
);

/** x above the threshold, else `value`. d/dx = 1 above the threshold, else 0. */
export const threshold: Fn<{ input: Tensor; threshold: Num; value: Num; out?: Tensor }, [input: Tensor, threshold: Num, value: Num]> = plainFunction(
  rectifiers.threshold,
);

/** `relu` in place. */
export const relu_: Unary["inplace"] = inplaceFunction(rectifiers.relu);
/** `selu` in place. */
export const selu_: Unary["inplace"] = inplaceFunction(units.selu);
/** `celu` in place. */
export const celu_: units.Celu["inplace"] = inplaceFunction(units.celu);
/** `rrelu` in place. */
export const rrelu_: rectifiers.Rrelu["inplace"] = inplaceFunction(rectifiers.rrelu);
/** `threshold` in place. */
export const threshold_: rectifiers.Threshold["inplace"] = inplaceFunction(rectifiers.threshold);
