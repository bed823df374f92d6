/**
 * Exponential linear units: elu, selu and celu, as `torch` and `torch.nn.functional` call them.
 */
import { float32 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { expFloat32 } from "../kernels/special/float32.ts";
import type { Tensor } from "../tensor.ts";
import { define, type InplaceOp, Primitive } from "./define.ts";
import type { Unary } from "./pointwise.ts";
import type { Num } from "./promotion.ts";
import { requireFloat, withNumbers } from "./scalar.ts";
import { where } from "./select.ts";

const f = Math.fround;

// e^x - 1 is computed as it is written, not as expm1
const exponential = new Kernel((x: number, negative: number, scale: number, input: number) => x <= 0 ? (Math.exp(x * input) - 1) * negative : x * scale);
const exponential32 = new Kernel((x: number, negative: number, scale: number, input: number) =>
  x <= 0 ? f(expFloat32(f(x * input)) - 1) * negative : x * scale
);
const exponentialGrad = new Kernel((grad: number, x: number, negative: number, scale: number, input: number) =>
  x <= 0 ? grad * input * negative * Math.exp(x * input) : grad * scale
);
const exponentialGrad32 = new Kernel((grad: number, x: number, negative: number, scale: number, input: number) =>
  x <= 0 ? f(f(grad * input) * negative) * expFloat32(f(x * input)) : grad * scale
);
const exponentialGradOfResult = new Kernel((grad: number, y: number, negative: number, scale: number, input: number) =>
  y <= 0 ? grad * input * (y + negative) : grad * scale
);

/** elu(x) = scale x above 0, else scale alpha (e^(input_scale x) - 1). */
type EluScales = { alpha: Num; scale: Num; input_scale: Num };
type EluGrad = EluScales & { grad_output: Tensor; self_or_result: Tensor; is_result: boolean };

const eluGrad: Primitive<EluGrad> = new Primitive<EluGrad>({
  name: "EluBackwardBackward0",
  forward: ({ grad_output, self_or_result, is_result, alpha, scale, input_scale }) => {
    const a = Number(alpha), s = Number(scale);
    if (is_result && a < 0) {
      throw new RuntimeError(
        "In-place elu backward calculation is triggered with a negative slope which is not supported. " +
          "This is caused by calling in-place forward function with a negative slope, please call out-of-place version instead.",
      );
    }
    const kernel = is_result ? exponentialGradOfResult : grad_output.dtype === float32 ? exponentialGrad32 : exponentialGrad;
    return withNumbers(kernel, [grad_output, self_or_result], [a * s, s, input_scale]);
  },
  backward: {
    grad_output: ({ grad, self_or_result, is_result, alpha, scale, input_scale }) =>
      eluGrad.apply({ grad_output: grad, self_or_result, is_result, alpha, scale, input_scale }) as Tensor,
    self_or_result: ({ grad, grad_output, self_or_result, is_result, alpha, scale, input_scale }) => {
      const i = Number(input_scale), slope = grad.mul(grad_output);
      const bend = is_result ? slope.mul(i) : slope.mul(self_or_result.mul(i).exp()).mul(i * i * Number(alpha) * Number(scale));
      return where(self_or_result.lt(0), bend, 0);
    },
  },
});

type EluInputs = EluScales & { self: Tensor };

function exponentialUnit({ self, alpha, scale, input_scale }: EluInputs): Tensor {
  requireFloat(self, "elu_cpu");
  return withNumbers(self.dtype === float32 ? exponential32 : exponential, [self], [Number(alpha) * Number(scale), scale, input_scale]);
}

const eluInplace = new Primitive<EluInputs>({
  name: "EluBackward1",
  forward: exponentialUnit,
  backward: {
    self: ({ grad, result, alpha, scale, input_scale }) =>
      eluGrad.apply({ grad_output: grad, self_or_result: result, is_result: true, alpha, scale, input_scale }) as Tensor,
  },
});

/** `elu`. */
export type Elu = InplaceOp<Partial<EluScales>, [alpha?: Num, scale?: Num, input_scale?: Num]>;

/** x above 0, else alpha (e^x - 1). d/dx = 1 above 0, else alpha e^x. */
export const elu: Elu = define<Elu, EluInputs>("elu", "(Tensor input, Number alpha = 1, Number scale = 1, Number input_scale = 1)", {
  forward: exponentialUnit,
  backward: {
    self: ({ grad, self, alpha, scale, input_scale }) =>
      eluGrad.apply({ grad_output: grad, self_or_result: self, is_result: false, alpha, scale, input_scale }) as Tensor,
  },
}, { inplace: (inputs) => eluInplace.applyInplace(inputs) });

const SELU_ALPHA = 1.6732632423543772, SELU_SCALE = 1.0507009873554805;

/** `elu` with the two constants that keep mean 0 and variance 1 from layer to layer (Klambauer et al., 2017). */
export const selu: Unary = define<Unary, { self: Tensor }>("selu", "(Tensor input)", ({ self }) => elu(self, SELU_ALPHA, SELU_SCALE), {
  inplace: ({ self }) => elu.inplace(self, SELU_ALPHA, SELU_SCALE),
});

type CeluInputs = { self: Tensor; alpha: Num };

function celuScales(alpha: Num): EluScales {
  return { alpha, scale: 1, input_scale: 1 / Number(alpha) };
}

function continuousUnit({ self, alpha }: CeluInputs): Tensor {
  if (Number(alpha) === 0) throw new RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU");
  return exponentialUnit({ self, ...celuScales(alpha) });
}

const celuInplace = new Primitive<CeluInputs>({
  name: "CeluBackward1",
  forward: continuousUnit,
  backward: {
    self: ({ grad, result, alpha }) => eluGrad.apply({ grad_output: grad, self_or_result: result, is_result: true, ...celuScales(alpha) }) as Tensor,
  },
});

/** `celu`. */
export type Celu = InplaceOp<{ alpha?: Num }, [alpha?: Num]>;

/** x above 0, else alpha (e^(x / alpha) - 1). d/dx = 1 above 0, else e^(x / alpha). */
export const celu: Celu = define<Celu, CeluInputs>("celu", "(Tensor input, Number alpha = 1.0)", {
  forward: continuousUnit,
  backward: {
    self: ({ grad, self, alpha }) => eluGrad.apply({ grad_output: grad, self_or_result: self, is_result: false, ...celuScales(alpha) }) as Tensor,
  },
}, { inplace: (inputs) => celuInplace.applyInplace(inputs) });
