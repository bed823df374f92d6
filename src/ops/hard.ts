/**
 * Activations made of straight pieces: hardtanh, hardshrink, softshrink, hardsigmoid and hardswish, as `torch.nn.functional` calls them.
 */
import { bool, uint8 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import type { Tensor } from "../tensor.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { binary, type BinaryTensors, type Unary, unary } from "./pointwise.ts";
import type { Num } from "./promotion.ts";
import { checkedScalar, requireFloat, withNumbers } from "./scalar.ts";
import { clamp, where } from "./select.ts";

const nothing = ({ grad }: { grad: Tensor }): Tensor => grad.zeros_like();

const passBetween = new Kernel((grad: number, x: number, low: number, high: number) => x > low && x < high ? grad : 0);

type HardtanhInputs = { self: Tensor; min_val: Num; max_val: Num };

const hardtanhGrad: Primitive<HardtanhInputs & { grad_output: Tensor }> = new Primitive<HardtanhInputs & { grad_output: Tensor }>({
  name: "HardtanhBackwardBackward0",
  forward: ({ grad_output, self, min_val, max_val }) => withNumbers(passBetween, [grad_output, self], [min_val, max_val]),
  backward: {
    grad_output: ({ grad, self, min_val, max_val }) => hardtanhGrad.apply({ grad_output: grad, self, min_val, max_val }) as Tensor,
    self: nothing,
  },
});

/** `hardtanh`. */
export type Hardtanh = InplaceOp<{ min_val?: Num; max_val?: Num }, [min_val?: Num, max_val?: Num]>;

/** x brought between `min_val` and `max_val`. d/dx = 1 between the two, else 0. */
export const hardtanh: Hardtanh = define<Hardtanh, HardtanhInputs>("hardtanh", "(Tensor input, Number min_val = -1, Number max_val = 1)", {
  forward: ({ self, min_val, max_val }) => {
    if (self.dtype === bool) throw new RuntimeError("Bool inputs not supported for hardtanh");
    if (self.dtype === uint8 && (Number(min_val) < 0 || Number(max_val) < 0)) {
      throw new RuntimeError("cannot do hardtanh on an unsigned type with negative limits");
    }
    return clamp(self, checkedScalar(min_val, self.dtype), checkedScalar(max_val, self.dtype));
  },
  backward: { self: ({ grad, self, min_val, max_val }) => hardtanhGrad.apply({ grad_output: grad, self, min_val, max_val }) as Tensor },
}, { inplace: true });

/** `hardtanh` between 0 and 6. */
export const relu6: Unary = define<Unary, { self: Tensor }>("relu6", "(Tensor input)", ({ self }) => hardtanh(self, 0, 6), {
  inplace: ({ self }) => hardtanh.inplace(self, 0, 6),
});

const passOutside = new Kernel((grad: number, x: number, lambd: number) => x < -lambd || x > lambd ? grad : 0);

type ShrinkInputs = { self: Tensor; lambd: Num };

function shrinkGrad(name: string): Primitive<ShrinkInputs & { grad_output: Tensor }> {
  const primitive: Primitive<ShrinkInputs & { grad_output: Tensor }> = new Primitive<ShrinkInputs & { grad_output: Tensor }>({
    name,
    forward: ({ grad_output, self, lambd }) => withNumbers(passOutside, [grad_output, self], [lambd]),
    backward: {
      grad_output: ({ grad, self, lambd }) => primitive.apply({ grad_output: grad, self, lambd }) as Tensor,
      self: nothing,
    },
  });
  return primitive;
}

const hardshrinkGrad = shrinkGrad("HardshrinkBackwardBackward0"), softshrinkGrad = shrinkGrad("SoftshrinkBackwardBackward0");
const hardShrunk = new Kernel((x: number, lambd: number) => x >= -lambd && x <= lambd ? 0 : x);
const softShrunk = new Kernel((x: number, lambd: number) => x > lambd ? x - lambd : x < -lambd ? x + lambd : x * 0);

/** `hardshrink` and `softshrink`. */
export type Shrink = Op<{ lambd?: Num; out?: Tensor }, [lambd?: Num]>;

/** 0 in [-lambd, lambd], else x. d/dx = 0 there, else 1. */
export const hardshrink: Shrink = define<Shrink, ShrinkInputs>("hardshrink", "(Tensor input, Number lambd = 0.5, *, Tensor out = None)", {
  forward: ({ self, lambd }) => {
    requireFloat(self, "hardshrink_cpu");
    return withNumbers(hardShrunk, [self], [lambd]);
  },
  backward: { self: ({ grad, self, lambd }) => hardshrinkGrad.apply({ grad_output: grad, self, lambd }) as Tensor },
});

/** x moved towards 0 by `lambd`, and 0 in [-lambd, lambd]. d/dx = 0 there, else 1. */
export const softshrink: Shrink = define<Shrink, ShrinkInputs>("softshrink", "(Tensor input, Number lambd = 0.5, *, Tensor out = None)", {
  forward: ({ self, lambd }) => {
    if (Number(lambd) < 0) throw new RuntimeError(`lambda must be greater or equal to 0, but found to be ${lambd}.`);
    requireFloat(self, "softshrink_cpu");
    return withNumbers(softShrunk, [self], [lambd]);
  },
  backward: { self: ({ grad, self, lambd }) => softshrinkGrad.apply({ grad_output: grad, self, lambd }) as Tensor },
});

const hardsigmoidBackward: BinaryTensors = binary<BinaryTensors, Tensor>("hardsigmoid_backward", {
  kind: "floating",
  forward: (grad, x) => x > -3 && x < 3 ? grad / 6 : 0,
  backward: "unsupported",
});

/** min(max(x + 3, 0), 6) / 6. d/dx = 1/6 between -3 and 3, else 0; PyTorch does not differentiate that once more. */
export const hardsigmoid: Unary = unary("hardsigmoid", {
  kind: "floating",
  kernel: "hardsigmoid_cpu",
  forward: (x) => (x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3) / 6,
  backward: { self: ({ grad, self }) => hardsigmoidBackward(grad, self) },
});

const hardswishBackward: BinaryTensors = binary<BinaryTensors, Tensor>("hardswish_backward", {
  kind: "floating",
  forward: (grad, x) => x < -3 ? 0 : x <= 3 ? grad * (x / 3 + 0.5) : grad,
  backward: {
    self: ({ grad, other }) => hardswishBackward(grad, other),
    other: ({ grad, self, other }) => where(other.gt(-3).logical_and(other.lt(3)), grad.mul(self).div(3), 0),
  },
});

/** x hardsigmoid(x). d/dx = 0 below -3, x/3 + 1/2 up to 3, 1 above. */
export const hardswish: Unary = unary("hardswish", {
  kind: "floating",
  kernel: "hardswish_cpu",
  forward: (x) => x * (x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3) / 6,
  backward: { self: ({ grad, self }) => hardswishBackward(grad, self) },
});
