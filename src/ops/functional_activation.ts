/**
 * The activations of `torch.nn.functional`, with `inplace` where PyTorch's have it.
 */
import { AttributeError, RuntimeError, ValueError } from "../errors.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { threshold_ } from "./activation.ts";
import type { AnyFunction, Fn } from "./define.ts";
import * as units from "./elu.ts";
import * as pieces from "./hard.ts";
import { inplaceFunction, plainFunction } from "./plain_function.ts";
import type { Num } from "./promotion.ts";
import { pythonFunction } from "./python_function.ts";
import * as rectifiers from "./rectify.ts";
import * as curves from "./smooth.ts";

export { celu_, prelu, relu_, rrelu_, selu_, threshold_ } from "./activation.ts";
export { hardshrink, softshrink } from "./hard.ts";
export { gelu, softplus } from "./smooth.ts";

/** An activation that may write into its input. */
export type Activation<P = Record<never, never>, A extends unknown[] = []> = Fn<
  P & { input: Tensor; inplace?: boolean },
  [input: Tensor, ...A, inplace?: boolean]
>;

type Twin = AnyFunction & { readonly inplace: AnyFunction };
type Run = (...args: unknown[]) => Tensor;

/** An activation with a twin. Its op takes the parameters in the order of `optional`, and has the same defaults. */
function activation<F extends AnyFunction>(name: string, op: Twin, optional: Record<string, unknown> = {}): F {
  const keys = Object.keys(optional);
  const plain = op as AnyFunction as Run, inplace = inplaceFunction(op) as AnyFunction as Run;
  const general = pythonFunction<Run, Record<string, unknown>>(name, ["input"], { ...optional, inplace: false }, (inputs) => {
    const rest = keys.map((key) => inputs[key]);
    return (inputs.inplace ? inplace : plain)(inputs.input, ...rest);
  });
  const f = (...args: unknown[]) => args.length === 1 && args[0] instanceof Tensor ? plain(args[0]) : general(...args);
  Object.defineProperty(f, "name", { value: name });
  return f as AnyFunction as F;
}

/** max(x, 0). d/dx = 1 above 0, else 0. */
export const relu: Activation = activation("relu", rectifiers.relu);
/** min(max(x, 0), 6). d/dx = 1 between 0 and 6, else 0. */
export const relu6: Activation = activation("relu6", pieces.relu6);
/** x above 0, else `negative_slope` x. d/dx = 1 above 0, else `negative_slope`. */
export const leaky_relu: Activation<{ negative_slope?: Num }, [negative_slope?: Num]> = activation("leaky_relu", rectifiers.leaky_relu, {
  negative_slope: 0.01,
});
/** x above 0, else alpha (e^x - 1). d/dx = 1 above 0, else alpha e^x. */
export const elu: Activation<{ alpha?: Num }, [alpha?: Num]> = activation("elu", units.elu, { alpha: 1 });
/** `elu` with the two constants that keep mean 0 and variance 1 from layer to layer (Klambauer et al., 2017). */
export const selu: Activation = activation("selu", units.selu);
/** x above 0, else alpha (e^(x / alpha) - 1). d/dx = 1 above 0, else e^(x / alpha). */
export const celu: Activation<{ alpha?: Num }, [alpha?: Num]> = activation("celu", units.celu, { alpha: 1 });
/** x above 0, else x times a slope that is drawn from [lower, upper) for each element in training. d/dx = 1 above 0, else the slope. */
export const rrelu: Activation<rectifiers.RreluOptions, [lower?: Num, upper?: Num, training?: boolean]> = activation("rrelu", rectifiers.rrelu, {
  lower: 1 / 8,
  upper: 1 / 3,
  training: false,
});
/** x sigmoid(x). d/dx = s (1 + x (1 - s)), s = sigmoid(x). */
export const silu: Activation = activation("silu", curves.silu);
/** x tanh(softplus(x)). d/dx = t + x sigmoid(x) (1 - t²), t = tanh(softplus(x)). */
export const mish: Activation = activation("mish", curves.mish);
/** min(max(x + 3, 0), 6) / 6. d/dx = 1/6 between -3 and 3, else 0. */
export const hardsigmoid: Activation = activation("hardsigmoid", pieces.hardsigmoid);
/** x hardsigmoid(x). d/dx = 0 below -3, x/3 + 1/2 up to 3, 1 above. */
export const hardswish: Activation = activation("hardswish", pieces.hardswish);

type Limits = { min_val?: Num; max_val?: Num };
const clipped: Activation<Limits, [min_val?: Num, max_val?: Num]> = activation("hardtanh", pieces.hardtanh, { min_val: -1, max_val: 1 });

/** x brought between `min_val` and `max_val`. d/dx = 1 between the two, else 0. */
export const hardtanh: Activation<Limits, [min_val?: Num, max_val?: Num]> = pythonFunction<
  Activation<Limits, [min_val?: Num, max_val?: Num]>,
  Required<Limits> & { input: Tensor; inplace: boolean }
>(
  "hardtanh",
  ["input"],
  { min_val: -1, max_val: 1, inplace: false },
  ({ input, min_val, max_val, inplace }) => {
    if (min_val > max_val) throw new ValueError("min_val cannot be greater than max_val");
    return clipped(input, min_val, max_val, inplace);
  },
);

type ThresholdInputs = { input: Tensor; threshold: Num; value: Num; inplace: boolean };

/** x above the threshold, else `value`. d/dx = 1 above the threshold, else 0. */
export const threshold: Fn<Partial<ThresholdInputs>, [input: Tensor, threshold: Num, value: Num, inplace?: boolean]> = pythonFunction<
  Fn<Partial<ThresholdInputs>, [input: Tensor, threshold: Num, value: Num, inplace?: boolean]>,
  ThresholdInputs
>(
  "_threshold",
  ["input", "threshold", "value"],
  { inplace: false },
  ({ input, threshold, value, inplace }) => inplace ? threshold_(input, threshold, value) : rectifiers.threshold(input, threshold, value),
);

/** `elu` in place. */
export const elu_: units.Elu["inplace"] = inplaceFunction(units.elu);
/** `hardtanh` in place. */
export const hardtanh_: pieces.Hardtanh["inplace"] = inplaceFunction(pieces.hardtanh);
/** `leaky_relu` in place. */
export const leaky_relu_: rectifiers.LeakyRelu["inplace"] = inplaceFunction(rectifiers.leaky_relu);

/** A function of Python's that calls a method of its argument, whatever that is. */
function ofInput<F extends AnyFunction>(name: string, method: string, body: (input: Tensor) => Tensor): F {
  return pythonFunction<F, { input: Tensor }>(name, ["input"], {}, ({ input }) => {
    if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute '${method}'`);
    return body(input);
  });
}

/** A function of one tensor. */
export type OfInput = Fn<{ input: Tensor }, [input: Tensor]>;

/** x / (1 + |x|). d/dx = 1 / (1 + |x|)². */
export const softsign: OfInput = ofInput("softsign", "abs", (input) => input.div(input.abs().add(1)));
/** x - tanh(x). d/dx = tanh(x)². */
export const tanhshrink: OfInput = ofInput("tanhshrink", "tanh", (input) => input.sub(input.tanh()));
/** The logistic function. d/dx = sigmoid(x) (1 - sigmoid(x)). */
export const sigmoid: OfInput = ofInput("sigmoid", "sigmoid", (input) => input.sigmoid());
/** The hyperbolic tangent. d/dx = 1 - tanh(x)². */
export const tanh: OfInput = ofInput("tanh", "tanh", (input) => input.tanh());

/** log(sigmoid(x)), without overflow. d/dx = sigmoid(-x). */
export const logsigmoid: OfInput = plainFunction(curves.log_sigmoid);

/** a sigmoid(b), where a and b are the halves of x along `dim`. d/da = sigmoid(b), d/db = a sigmoid(b) (1 - sigmoid(b)). */
export const glu: Fn<{ input: Tensor; dim?: number }, [input: Tensor, dim?: number]> = pythonFunction<
  Fn<{ input: Tensor; dim?: number }, [input: Tensor, dim?: number]>,
  { input: Tensor; dim: number }
>("glu", ["input"], { dim: -1 }, ({ input, dim }) => {
  if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'dim'`);
  if (input.sizes.length === 0) throw new RuntimeError("glu does not support scalars because halving size must be even");
  return curves.glu(input, dim);
});
