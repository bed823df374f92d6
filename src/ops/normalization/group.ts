/**
 * Normalization of groups of channels, each sample by its own means and variances.
 */
import { noKernel, RuntimeError } from "../../errors.ts";
import { normalizeRows, rowMoments, type Rows, rowsBackwardInput, rowsBackwardWeight } from "../../kernels/normalization.ts";
import { elementCount, type Sizes } from "../../layout.ts";
import { AttributeError } from "../../errors.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { asContiguous } from "../elementwise.ts";
import { pythonFunction } from "../python_function.ts";
import { verifyBatchSize } from "./batch.ts";
import { checkTypes, elementsOf, project, projectGradient, standardize, type Standardized } from "./standardize.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

type Shape = { N: number; C: number; HxW: number; group: number; eps: number };
type Inputs = Shape & { input: Tensor; weight: Tensor | null; bias: Tensor | null };
type BackwardInputs = Shape & { grad_out: Tensor; input: Tensor; weight: Tensor | null; mean: Tensor; rstd: Tensor; of: "input" | "weight" | "bias" };

const rowsOf = ({ N, C, HxW, group }: Shape): Rows => ({ rows: N * group, groups: group, perGroup: C / group, places: HxW });

/** The tensor as [N, groups, channels of a group, places], whose last two dimensions are normalized. */
const grouped = (t: Tensor, { N, C, HxW, group }: Shape): Tensor => t.reshape([N, group, C / group, HxW]);
/** A value for each channel in that shape. */
const channels = (t: Tensor, { C, group }: Shape): Tensor => t.reshape([1, group, C / group, 1]);
const weighed = (t: Tensor, weight: Tensor | null, shape: Shape): Tensor => weight === null ? t : t.mul(channels(weight, shape));
const standardized = (input: Tensor, shape: Shape): Standardized => standardize(grouped(input, shape), [2, 3], shape.eps);

const backwardPrimitive: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
  name: "NativeGroupNormBackwardBackward0",
  forward: ({ grad_out, input, weight, mean, rstd, of, ...shape }) => {
    if (of === "bias") return grad_out.reshape([shape.N, shape.C, shape.HxW]).sum([0, 2]);
    const out = Tensor.make(of === "input" ? input.sizes : [shape.C], input.dtype);
    const g = asContiguous(grad_out), x = asContiguous(input), w = weight === null ? null : asContiguous(weight);
    const rows = rowsOf(shape);
    const [means, rstds] = [elementsOf(mean), elementsOf(rstd)];
    if (of === "weight") rowsBackwardWeight(g.store.data, g.offset, x.store.data, x.offset, rows, means, rstds, out.store.data);
    else rowsBackwardInput(g.store.data, g.offset, x.store.data, x.offset, rows, means, rstds, w?.store.data ?? null, w?.offset ?? 0, out.store.data);
    return out;
  },
  backward: {
    grad_out: ({ grad, grad_out, input, weight, N, C, HxW, group, eps, of }) => {
      const shape = { N, C, HxW, group, eps };
      if (of === "bias") return channels(grad, shape).expand([N, group, C / group, HxW]).reshape(grad_out.sizes);
      const s = standardized(input, shape);
      return (of === "input" ? weighed(project(grouped(grad, shape), s), weight, shape) : s.h.mul(channels(grad, shape))).reshape(grad_out.sizes);
    },
    input: ({ grad, grad_out, input, weight, N, C, HxW, group, eps, of }) => {
      if (of === "bias") return null;
      const shape = { N, C, HxW, group, eps };
      const s = standardized(input, shape);
      const g = grouped(grad_out, shape);
      return (of === "input" ? projectGradient(grouped(grad, shape), weighed(g, weight, shape), s) : project(weighed(g, grad, shape), s)).reshape(input.sizes);
    },
    weight: ({ grad, grad_out, input, N, C, HxW, group, eps, of }) => {
      if (of !== "input") return null;
      const shape = { N, C, HxW, group, eps };
      return grouped(grad_out, shape).mul(project(grouped(grad, shape), standardized(input, shape))).sum([0, 3]).reshape([C]);
    },
    mean: null,
    rstd: null,
  },
});

const primitive = new Primitive<Inputs>({
  name: "NativeGroupNormBackward0",
  nonDifferentiable: [1, 2],
  forward: ({ input, weight, bias, ...shape }) => {
    const out = Tensor.make(input.sizes, input.dtype);
    const mean = Tensor.make([shape.N, shape.group], input.dtype), rstd = Tensor.make([shape.N, shape.group], input.dtype);
    const x = asContiguous(input), w = weight === null ? null : asContiguous(weight), b = bias === null ? null : asContiguous(bias);
    const rows = rowsOf(shape);
    const means = new Float64Array(rows.rows), rstds = new Float64Array(rows.rows);
    rowMoments(x.store.data, x.offset, rows.rows, rows.perGroup * rows.places, shape.eps, means, rstds);
    const affine = { weight: w?.store.data ?? null, weightOffset: w?.offset ?? 0, bias: b?.store.data ?? null, biasOffset: b?.offset ?? 0 };
    normalizeRows(x.store.data, x.offset, rows, means, rstds, affine, out.store.data);
    mean.store.data.set(means as never);
    rstd.store.data.set(rstds as never);
    return [out, mean, rstd];
  },
  backward: {
    input: ({ grad, input, weight, result1, result2, N, C, HxW, group, eps }) =>
      backwardPrimitive.apply({ grad_out: grad, input, weight, mean: result1, rstd: result2, N, C, HxW, group, eps, of: "input" }) as Tensor,
    weight: ({ grad, input, weight, result1, result2, N, C, HxW, group, eps }) =>
      backwardPrimitive.apply({ grad_out: grad, input, weight, mean: result1, rstd: result2, N, C, HxW, group, eps, of: "weight" }) as Tensor,
    bias: ({ grad, input, weight, result1, result2, N, C, HxW, group, eps }) =>
      backwardPrimitive.apply({ grad_out: grad, input, weight, mean: result1, rstd: result2, N, C, HxW, group, eps, of: "bias" }) as Tensor,
  },
});

/** `torch.native_group_norm`. */
export type NativeGroupNorm = Fn<
  Record<string, unknown>,
  [input: Tensor, weight: Tensor | null, bias: Tensor | null, N: number, C: number, HxW: number, group: number, eps: number],
  Tensor[]
>;

/** `group_norm` with the means and the reciprocal standard deviations of the groups. */
export const native_group_norm: NativeGroupNorm = define<NativeGroupNorm, Omit<Inputs, "input"> & { self: Tensor }>(
  "native_group_norm",
  "(Tensor input, Tensor? weight, Tensor? bias, int N, int C, int HxW, int group, float eps)",
  ({ self, ...rest }) => primitive.apply({ input: self, ...rest }),
);

/** `torch.group_norm`. */
export type LowGroupNorm = Fn<
  { input: Tensor; num_groups: number; weight: Tensor | null; bias: Tensor | null; eps: number },
  [input: Tensor, num_groups: number, weight?: Tensor | null, bias?: Tensor | null, eps?: number]
>;

/** `torch.group_norm`. */
export const lowGroupNorm: LowGroupNorm = define<LowGroupNorm, { self: Tensor; num_groups: number; weight: Tensor | null; bias: Tensor | null; eps: number }>(
  "group_norm",
  "(Tensor input, int num_groups, Tensor weight = None, Tensor bias = None, float eps = 1e-05, bool cudnn_enabled = True)",
  ({ self, num_groups, weight, bias, eps }) => {
    const [N, C] = self.sizes;
    const shown = showSizes(self.sizes);
    if (num_groups <= 0) throw new RuntimeError(`Expected num groups to be greater than 0, got ${num_groups}`);
    if (C % num_groups !== 0) {
      throw new RuntimeError(
        `Expected number of channels in input to be divisible by num_groups, but got input of shape ${shown} and num_groups=${num_groups}`,
      );
    }
    for (const [name, t] of [["weight", weight], ["bias", bias]] as const) {
      if (t === null || (t.sizes.length === 1 && t.count === C)) continue;
      // PyTorch names the shape of the weight in both messages
      throw new RuntimeError(
        `Expected ${name} to be a vector of size equal to the number of channels in input, but got ${name} of shape ${
          showSizes(weight?.sizes ?? [0])
        } and input of shape ${shown}`,
      );
    }
    if (self.dtype.category !== "float") throw noKernel("GroupNormKernelImpl", self.dtype);
    checkTypes(self, [weight, bias]);
    const HxW = elementCount(self.sizes.slice(2));
    return (primitive.apply({ input: self, weight, bias, N, C, HxW, group: num_groups, eps }) as Tensor[])[0];
  },
);

/** Named arguments of `group_norm`. */
export interface GroupNormOptions {
  /** [batch, channels, ...places]. */
  input: Tensor;
  /** Into how many groups the channels are divided. */
  num_groups: number;
  /** A factor for each channel. */
  weight?: Tensor | null;
  /** A summand for each channel. */
  bias?: Tensor | null;
  /** Keeps the standard deviation above zero. */
  eps?: number;
}

/** `group_norm`. */
export type GroupNorm = Fn<GroupNormOptions, [input: Tensor, num_groups: number, weight?: Tensor | null, bias?: Tensor | null, eps?: number]>;

/** Each group of channels of each sample minus its mean, divided by its standard deviation, times the channel's weight, plus its bias. */
export const group_norm: GroupNorm = pythonFunction<GroupNorm, { input: Tensor; num_groups: number; weight: Tensor | null; bias: Tensor | null; eps: number }>(
  "group_norm",
  ["input", "num_groups"],
  { weight: null, bias: null, eps: 1e-5 },
  ({ input, num_groups, weight, bias, eps }) => {
    if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'dim'`);
    if (input.sizes.length < 2) throw new RuntimeError(`Expected at least 2 dimensions for input tensor but received ${input.sizes.length}`);
    if (num_groups === 0) throw Object.assign(new Error("integer division or modulo by zero"), { name: "ZeroDivisionError" });
    if (typeof num_groups !== "number") throw new TypeError(`unsupported operand type(s) for //: 'int' and '${pythonType(num_groups)}'`);
    const size = [Math.floor(input.sizes[0] * input.sizes[1] / num_groups), num_groups, ...input.sizes.slice(2)];
    // a list there, which Python shows without the name of its class
    verifyBatchSize(Object.assign(size, { toString: () => showSizes(size) }));
    return lowGroupNorm(input, num_groups, weight, bias, eps);
  },
);
