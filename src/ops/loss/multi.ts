/**
 * Losses of several classes that are not likelihoods: margins between right and wrong ones, and one binary loss a class.
 */
import { int64 } from "../../dtype.ts";
import { AttributeError, noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { multilabelMarginBackward, multilabelMarginForward, multiMarginBackward, multiMarginForward } from "../../kernels/margin.ts";
import { sameSizes, type Sizes } from "../../layout.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { asContiguous } from "../elementwise.ts";
import { refuseGradient } from "../not_differentiable.ts";
import { pythonFunction } from "../python_function.ts";
import { log_sigmoid } from "../smooth.ts";
import { recordUnsupported } from "../unsupported.ts";
import type { PairOptions } from "./difference.ts";
import type { PairLoss } from "./margin.ts";
import { MEAN, NONE, reduced, REDUCTION, type ReductionInputs, reductionName, reductionNumber, reductionOf, type ReductionOptions } from "./reduction.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

/** The size of the batch and the number of classes; an input without a batch is a batch of one. */
function shapeOf({ sizes }: Tensor): [batch: number, classes: number] {
  return sizes.length === 2 ? [sizes[0], sizes[1]] : [1, sizes[0] ?? 1];
}

function checkInput({ sizes }: Tensor): void {
  if (sizes.length > 2 || sizes[sizes.length - 1] === 0) {
    throw new RuntimeError(`Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${showSizes(sizes)}`);
  }
}

function checkTarget(target: Tensor): void {
  if (target.dtype !== int64) throw new RuntimeError(`expected scalar type Long but found ${target.dtype.scalar}`);
}

/** Integers of a tensor as numbers. */
function numbersOf(t: Tensor): Int32Array {
  const { store: { data }, offset, count } = asContiguous(t);
  return Int32Array.from({ length: count }, (_, i) => Number(data[offset + i]));
}

/** The losses of a batch, reduced; where there is no batch, their mean and their sum are the one loss. */
function reducedLosses(losses: Float64Array, self: Tensor, sizes: Sizes, reduction: number): Tensor {
  const out = Tensor.make(reduction === NONE ? sizes : [], self.dtype);
  if (reduction === NONE) out.store.data.set(losses as never);
  else out.store.data[0] = losses.reduce((a, b) => a + b, 0) / (reduction === MEAN ? losses.length : 1);
  return out;
}

// -- one right class -------------------------------------------------------------------------------------------------

type Inputs = { self: Tensor; target: Tensor; p: number; margin: number; weight: Tensor | null; reduction: number };

const multiMargin = new Primitive<Inputs>({
  name: "MultiMarginLossBackward0",
  forward: ({ self, target, p, margin, weight, reduction }) => {
    const [batch, classes] = shapeOf(self);
    const x = asContiguous(self), w = weight === null ? null : asContiguous(weight);
    const losses = multiMarginForward(x.store.data, x.offset, batch, classes, numbersOf(target), p, margin, w?.store.data, w?.offset);
    return reducedLosses(losses, self, target.sizes, reduction);
  },
  backward: {
    self: ({ grad, self, target, p, margin, weight, reduction }) => {
      const [batch, classes] = shapeOf(self);
      const x = asContiguous(self.detach()), w = weight === null ? null : asContiguous(weight), g = asContiguous(grad.detach());
      const out = Tensor.make(self.sizes, self.dtype);
      const scale = reduction === MEAN ? 1 / batch : 1;
      multiMarginBackward(
        x.store.data,
        x.offset,
        batch,
        classes,
        numbersOf(target),
        p,
        margin,
        w?.store.data,
        w?.offset,
        g.store.data,
        g.offset,
        g.count > 1,
        scale,
        out.store.data,
      );
      recordUnsupported("multi_margin_loss_backward", [grad, self], out);
      return out;
    },
    target: null,
    weight: null,
  },
});

type Low = Fn<Record<string, unknown>, [self: Tensor, target: Tensor, p: number, margin: number, weight: Tensor | null, reduction: number]>;

const multiMarginLoss = define<Low, Inputs>(
  "multi_margin_loss",
  "(Tensor input, Tensor target, Number p = 1, Number margin = 1, Tensor weight = None, int reduction = 1)",
  (inputs) => {
    const { self, target, weight } = inputs;
    refuseGradient("multi_margin_loss", "weight", weight);
    checkInput(self);
    const [batch, classes] = shapeOf(self);
    const fits = self.sizes.length === 2 ? target.sizes.length === 1 && target.count === batch : target.sizes.length <= 1 && target.count === 1;
    if (!fits) throw new RuntimeError(`inconsistent target size, expected ${batch} but got ${showSizes(target.sizes)}`);
    if (weight !== null && weight.count !== classes) throw new RuntimeError(`inconsistent weight size, expected ${classes} but got ${showSizes(weight.sizes)}`);
    if (self.dtype.category !== "float") throw noKernel("multi_margin_loss_cpu_kernel", self.dtype);
    checkTarget(target);
    if (weight !== null && weight.dtype !== self.dtype) throw new RuntimeError(`expected scalar type ${self.dtype.scalar} but found ${weight.dtype.scalar}`);
    if (numbersOf(target).some((t) => t < 0 || t >= classes)) throw new RuntimeError("target out of range");
    return multiMargin.apply(inputs);
  },
);

/** Named arguments of `multi_margin_loss`. */
export interface MultiMarginOptions extends ReductionOptions {
  /** Scores: [batch, classes], or [classes]. */
  input: Tensor;
  /** The right classes. */
  target: Tensor;
  /** The power of what a wrong class exceeds, 1 or 2. */
  p?: number;
  /** How much higher the right class is to score. */
  margin?: number;
  /** A factor for each class. */
  weight?: Tensor | null;
}

/** `multi_margin_loss`. */
export type MultiMarginLoss = Fn<
  MultiMarginOptions,
  [
    input: Tensor,
    target: Tensor,
    p?: number,
    margin?: number,
    weight?: Tensor | null,
    size_average?: boolean | null,
    reduce?: boolean | null,
    reduction?: string,
  ]
>;

/** The sum over the wrong classes i of max(0, margin - x[right] + x[i])^p, divided by the number of classes. */
export const multi_margin_loss: MultiMarginLoss = pythonFunction<MultiMarginLoss, ReductionInputs & Omit<Inputs, "self" | "reduction"> & { input: Tensor }>(
  "multi_margin_loss",
  ["input", "target"],
  { p: 1, margin: 1, weight: null, ...REDUCTION },
  ({ input, target, p, margin, weight, ...rest }) => {
    const reduction = reductionOf(rest);
    if (p !== 1 && p !== 2) throw new ValueError("only p == 1 and p == 2 supported");
    if (weight !== null) {
      if (!(weight instanceof Tensor)) throw new AttributeError(`'${pythonType(weight)}' object has no attribute 'dim'`);
      if (weight.sizes.length !== 1) throw new ValueError("weight must be one-dimensional");
    }
    return multiMarginLoss(input, target, p, margin, weight, reduction);
  },
);

// -- several right classes -------------------------------------------------------------------------------------------

type LabelInputs = { self: Tensor; target: Tensor; reduction: number; is_target: Tensor };

const multilabelMargin = new Primitive<LabelInputs>({
  name: "MultilabelMarginLossBackward0",
  forward: ({ self, target, reduction }) => {
    const [batch, classes] = shapeOf(self);
    const x = asContiguous(self);
    const losses = multilabelMarginForward(x.store.data, x.offset, batch, classes, numbersOf(target));
    return reducedLosses(losses, self, self.sizes.length === 2 ? [batch] : [], reduction);
  },
  backward: {
    self: ({ grad, self, target, reduction, is_target }) => {
      const [batch, classes] = shapeOf(self);
      const x = asContiguous(self.detach()), g = asContiguous(grad.detach());
      const out = Tensor.make(is_target.sizes, self.dtype);
      const scale = reduction === MEAN ? 1 / batch : 1;
      multilabelMarginBackward(x.store.data, x.offset, batch, classes, numbersOf(target), g.store.data, g.offset, g.count > 1, scale, out.store.data);
      recordUnsupported("multilabel_margin_loss_backward", [grad, self], out);
      return out;
    },
    target: null,
    is_target: null,
  },
});

/** Which classes are among the targets, as PyTorch saves it: 1 and 0 in the dtype of the input. */
function marks(self: Tensor, labels: Int32Array): Tensor {
  const out = Tensor.make(self.sizes, self.dtype);
  const [batch, classes] = shapeOf(self);
  for (let n = 0; n < batch; n++) {
    for (let j = 0; j < classes && labels[n * classes + j] >= 0; j++) out.store.data[n * classes + labels[n * classes + j]] = 1;
  }
  return out;
}

type LowLabel = Fn<Record<string, unknown>, [self: Tensor, target: Tensor, reduction: number]>;

const multilabelMarginLoss = define<LowLabel, Omit<LabelInputs, "is_target">>(
  "multilabel_margin_loss",
  "(Tensor input, Tensor target, int reduction = 1)",
  (inputs) => {
    const { self, target } = inputs;
    checkInput(self);
    const [batch, classes] = shapeOf(self);
    const fits = self.sizes.length === 2 ? sameSizes(self.sizes, target.sizes) : target.sizes.length <= 1 && target.count === classes;
    if (!fits) throw new RuntimeError(`inconsistent target size: ${showSizes(target.sizes)} for input of size: ${showSizes(self.sizes)}`);
    if (batch > 0) checkTarget(target);
    const labels = numbersOf(target);
    if (labels.some((t) => t < -1 || t >= classes)) throw new RuntimeError("argument #2 'target' is out of range");
    if (self.dtype.category !== "float") throw noKernel("multilabel_margin_loss_forward_out_frame", self.dtype);
    return multilabelMargin.apply({ ...inputs, is_target: marks(self, labels) });
  },
);

/** For each right class j and each wrong one i: max(0, 1 - (x[j] - x[i])), summed and divided by the number of classes. The right ones stand first, a -1 ends them. */
export const multilabel_margin_loss: PairLoss = pythonFunction<PairLoss, ReductionInputs & { input: Tensor; target: Tensor }>(
  "multilabel_margin_loss",
  ["input", "target"],
  REDUCTION,
  ({ input, target, ...rest }) => multilabelMarginLoss(input, target, reductionOf(rest)),
);

/** Named arguments of `multilabel_soft_margin_loss`. */
export interface SoftMarginOptions extends PairOptions {
  /** A factor for each class. */
  weight?: Tensor | null;
}

/** `multilabel_soft_margin_loss`. */
export type MultilabelSoftMarginLoss = Fn<
  SoftMarginOptions,
  [input: Tensor, target: Tensor, weight?: Tensor | null, size_average?: boolean | null, reduce?: boolean | null, reduction?: string]
>;

type SoftMarginInputs = ReductionInputs & { input: Tensor; target: Tensor; weight: Tensor | null };

/** The mean over the classes of the binary entropy of each, from logits. */
export const multilabel_soft_margin_loss: MultilabelSoftMarginLoss = pythonFunction<MultilabelSoftMarginLoss, SoftMarginInputs>(
  "multilabel_soft_margin_loss",
  ["input", "target"],
  { weight: null, ...REDUCTION },
  ({ input, target, weight, ...rest }) => {
    const reduction = reductionName(rest);
    const wrong = target.detach().new_full([], 1).sub(target);
    const entropy = target.mul(log_sigmoid(input)).add(wrong.mul(log_sigmoid(input.neg()))).neg();
    const losses = weight === null ? entropy : entropy.mul(weight);
    const mean = losses.sum(input.sizes.length - 1).div(input.size(input.sizes.length - 1));
    if (reduction !== "none" && reduction !== "mean" && reduction !== "sum") throw new ValueError(`${reduction} is not valid`);
    return reduced(mean, reductionNumber(reduction));
  },
);
