/**
 * Maps that are linear in their inputs, with a weight and a bias.
 */
import { RuntimeError } from "../errors.ts";
import { elementCount, wrapDim } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { addmm } from "./addmm.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { sumproduct } from "./sumproduct.ts";

/** Named arguments of `linear`. */
export interface LinearOptions {
  /** The input, features last. */
  input: Tensor;
  /** [out_features, in_features], or [in_features] for a single feature. */
  weight: Tensor;
  /** [out_features]. */
  bias?: Tensor | null;
}

/** `input weight^T + bias`, over the last dimension of the input. */
export type Linear = Fn<LinearOptions, [input: Tensor, weight: Tensor, bias?: Tensor | null]>;

/** The affine map of a layer, `input weight^T + bias`, recorded as an `addmm` where it can be, else as a `matmul` and an `add`. */
export const linear: Linear = define<Linear, { self: Tensor; weight: Tensor; bias: Tensor | null }>(
  "linear",
  "(Tensor input, Tensor weight, Tensor bias = None)",
  ({ self, weight, bias }) => {
    const rank = self.sizes.length;
    if (rank === 0 || weight.sizes.length === 0) {
      throw new RuntimeError(`both arguments to linear need to be at least 1D, but they are ${rank}D and ${weight.sizes.length}D`);
    }
    if (bias === null) return self.matmul(weight.t());
    if (rank === 2) return addmm(bias, self, weight.t());
    if (!self.contiguousLayout) return self.matmul(weight.t()).add_(bias);
    const outer = self.sizes.slice(0, -1);
    const result = addmm(bias, self.reshape([elementCount(outer), self.sizes[rank - 1]]), weight.t());
    return result.view([...outer, result.sizes[1]]);
  },
);

interface Trilinear {
  i1: Tensor;
  i2: Tensor;
  i3: Tensor;
  /** The dimensions of size 1 that each tensor gets, counted in the result before it is summed. */
  expand1: readonly number[];
  expand2: readonly number[];
  expand3: readonly number[];
  /** The dimensions that are summed. */
  sumdim: readonly number[];
}

function expanded(t: Tensor, dims: readonly number[]): Tensor {
  return [...dims].sort((a, b) => a - b).reduce((out, d) => out.unsqueeze(d), t);
}

/** The product of three tensors summed over some dimensions; each gradient is a product of this kind. */
const trilinear: Primitive<Trilinear> = new Primitive<Trilinear>({
  name: "TrilinearBackward0",
  forward: ({ i1, i2, i3, expand1, expand2, expand3, sumdim }) => {
    const early = sumdim.filter((d) => expand3.includes(d)), late = sumdim.filter((d) => !expand3.includes(d));
    const out = sumproduct(sumproduct(expanded(i1, expand1), expanded(i2, expand2), early), expanded(i3, expand3), late);
    return [...sumdim].sort((a, b) => b - a).reduce((t, d) => t.squeeze(d), out).contiguous();
  },
  backward: {
    i1: ({ grad, i2, i3, expand1, expand2, expand3, sumdim }) =>
      trilinear.apply({ i1: grad, i2, i3, expand1: sumdim, expand2, expand3, sumdim: expand1 }) as Tensor,
    i2: ({ grad, i1, i3, expand1, expand2, expand3, sumdim }) =>
      trilinear.apply({ i1, i2: grad, i3, expand1, expand2: sumdim, expand3, sumdim: expand2 }) as Tensor,
    i3: ({ grad, i1, i2, expand1, expand2, expand3, sumdim }) =>
      trilinear.apply({ i1, i2, i3: grad, expand1, expand2, expand3: sumdim, sumdim: expand3 }) as Tensor,
  },
});

/** Named arguments of `bilinear`. */
export interface BilinearOptions {
  /** [*, in1_features]. */
  input1: Tensor;
  /** [*, in2_features]. */
  input2: Tensor;
  /** [out_features, in1_features, in2_features]. */
  weight: Tensor;
  /** [out_features]. */
  bias?: Tensor | null;
}

/** A map that is linear in each of two inputs. */
export type Bilinear = Fn<BilinearOptions, [input1: Tensor, input2: Tensor, weight: Tensor, bias?: Tensor | null]>;

function checkBilinear({ input1, input2, weight, bias }: { input1: Tensor; input2: Tensor; weight: Tensor; bias: Tensor | null }): void {
  if (input1.dtype !== input2.dtype || input1.dtype !== weight.dtype) {
    throw new RuntimeError(
      `All tensors must have the same dtype, got input1: ${input1.dtype.ctype}, input2: ${input2.dtype.ctype}, weight: ${weight.dtype.ctype}`,
    );
  }
  const rank = input1.sizes.length;
  if (rank !== input2.sizes.length) throw new RuntimeError(`bilinear(): input dimensions do not match: got ${rank} and ${input2.sizes.length}`);
  for (let d = 0; d < rank - 1; d++) {
    if (input1.sizes[d] !== input2.sizes[d]) {
      throw new RuntimeError(`bilinear(): input batch dimensions do not match at dim ${d}: got ${input1.sizes[d]} and ${input2.sizes[d]}`);
    }
  }
  [input1, input2].forEach((input, i) => {
    const have = input.sizes[wrapDim(-1, rank, false)], want = weight.sizes[wrapDim(i + 1, weight.sizes.length)];
    if (have !== want) throw new RuntimeError(`bilinear(): input${i + 1} size does not match weight size: got ${have} but expected ${want}`);
  });
  const features = bias === null ? weight.sizes[0] : bias.sizes[wrapDim(0, bias.sizes.length, false)];
  if (features !== weight.sizes[0]) throw new RuntimeError(`bilinear(): bias size does not match weight size: got ${features} but expected ${weight.sizes[0]}`);
}

/** `input1^T weight input2 + bias` for each output feature, over the last dimensions of the inputs. */
export const bilinear: Bilinear = define<Bilinear, { input1: Tensor; input2: Tensor; weight: Tensor; bias: Tensor | null }>(
  "bilinear",
  "(Tensor input1, Tensor input2, Tensor weight, Tensor bias = None)",
  (inputs) => {
    checkBilinear(inputs);
    const { input1, input2, weight, bias } = inputs;
    const flat = (t: Tensor) => t.reshape([elementCount(t.sizes.slice(0, -1)), t.sizes[t.sizes.length - 1]]);
    const product = trilinear.apply({
      i1: flat(input1),
      i2: weight,
      i3: flat(input2),
      expand1: [1, 3],
      expand2: [0],
      expand3: [1, 2],
      sumdim: [2, 3],
    }) as Tensor;
    const result = product.reshape([...input1.sizes.slice(0, -1), weight.sizes[0]]);
    return bias === null ? result : result.add(bias);
  },
);
