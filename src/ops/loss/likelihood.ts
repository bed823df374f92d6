/**
 * The negative log-likelihood of classes, and what is built on it: the cross entropy.
 */
import { callTransformed, constantOf, transforms } from "../../autograd/transforms.ts";
import { type DType, float32, int64, uint8 } from "../../dtype.ts";
import { IndexError, noKernel, RuntimeError, ValueError } from "../../errors.ts";
import { nllForward, nllGradients, nllTotal, OnePerRow, scatterGradients } from "../../kernels/loss.ts";
import { elementCount, sameSizes, type Sizes } from "../../layout.ts";
import { SMALL, Storage } from "../../storage.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { asContiguous } from "../elementwise.ts";
import { refuseGradient } from "../not_differentiable.ts";
import { addNumber, divNumber, mulNumber } from "../number_nodes.ts";
import { pythonFunction } from "../python_function.ts";
import { MEAN, NONE, type ReductionInputs, reductionName, reductionNumber, type ReductionOptions, SUM } from "./reduction.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

type Inputs = { self: Tensor; target: Tensor; weight: Tensor | null; reduction: number; ignore_index: number; total_weight: Tensor };
type BackwardInputs = Inputs & { grad_output: Tensor };

/** The classes as 32-bit integers, the ignored ones -1. */
function classesOf(target: Tensor, classes: number, ignored: number): Int32Array {
  const { store: { data }, offset, count } = asContiguous(target);
  const out = new Int32Array(count);
  // 64-bit integers are read as their halves, without making bigints where they fit into the lower one
  const halves = data instanceof BigInt64Array ? new Int32Array(data.buffer, data.byteOffset + 8 * offset, 2 * count) : null;
  for (let i = 0; i < count; i++) {
    const value = halves === null || halves[2 * i + 1] !== halves[2 * i] >> 31 ? Number(data[offset + i]) : halves[2 * i];
    if (value !== ignored && (value < 0 || value >= classes)) throw new IndexError(`Target ${value} is out of bounds.`);
    out[i] = value === ignored ? -1 : value;
  }
  return out;
}

/** [batch, classes, places] of the input: an input of one dimension is a batch of one. */
function shapeOf(self: Tensor): [batch: number, classes: number, places: number] {
  const { sizes } = self;
  return sizes.length === 1 ? [1, sizes[0], 1] : [sizes[0], sizes[1], elementCount(sizes.slice(2))];
}

const weightsOf = (weight: Tensor | null) => weight === null ? null : asContiguous(weight);

/** The declaration of `nll_loss` and `nll_loss2d`, which differ in the shapes they take. */
function declare(node: string): Primitive<Inputs> {
  const backward: Primitive<BackwardInputs> = new Primitive<BackwardInputs>({
    name: `${node}BackwardBackward0`,
    forward: ({ grad_output, self, target, weight, reduction, ignore_index, total_weight }) => {
      const [, classes, places] = shapeOf(self);
      const grads = asContiguous(grad_output), weights = weightsOf(weight);
      const divisor = reduction === MEAN ? Number(total_weight.item()) : 1;
      const labels = classesOf(target, classes, ignore_index);
      const gradients = nllGradients(labels, weights?.store.data, weights?.offset, grads.store.data, grads.offset, grads.count > 1, divisor);
      if (places === 1 && self.dtype === float32 && self.count > SMALL) {
        const matrix = new OnePerRow(new Float32Array(gradients), labels, classes);
        return new Tensor(Storage.pending(matrix, self.count), float32, self.sizes);
      }
      const out = Tensor.make(self.sizes, self.dtype);
      scatterGradients(out.store.data, gradients, labels, classes, places);
      return out;
    },
    backward: {
      grad_output: ({ grad, target, weight, reduction, ignore_index, total_weight }) =>
        primitive.apply({ self: grad, target, weight, reduction, ignore_index, total_weight }) as Tensor,
      self: ({ grad }) => grad.zeros_like(),
      target: null,
      weight: null,
      total_weight: null,
    },
  });
  const primitive: Primitive<Inputs> = new Primitive<Inputs>({
    name: `${node}Backward0`,
    forward: ({ self, target, weight, reduction, ignore_index, total_weight }) => {
      const [batch, classes, places] = shapeOf(self);
      const labels = classesOf(target, classes, ignore_index);
      const source = asContiguous(self), weights = weightsOf(weight);
      const each = reduction === NONE && self.sizes.length > 1;
      const out = Tensor.make(each ? target.sizes : [], self.dtype);
      const sum = nllForward(
        source.store.data,
        source.offset,
        batch,
        classes,
        places,
        labels,
        weights?.store.data,
        weights?.offset,
        each ? out.store.data : null,
      );
      if (!each) out.store.data[0] = reduction === MEAN ? sum / Number(total_weight.item()) : sum;
      return out;
    },
    backward: {
      self: ({ grad, self, target, weight, reduction, ignore_index, total_weight }) =>
        backward.apply({ grad_output: grad, self, target, weight, reduction, ignore_index, total_weight }) as Tensor,
      target: null,
      weight: null,
      total_weight: null,
    },
  });
  return primitive;
}

const flat = declare("NllLoss");
const spatial = declare("NllLoss2D");

// -- what PyTorch refuses --------------------------------------------------------------------------------------------

function checkTypes(kernel: string, self: Tensor, target: Tensor, weight: Tensor | null): void {
  if (self.dtype.category !== "float") throw noKernel(kernel, self.dtype);
  if (target.dtype !== int64 && target.dtype !== uint8) throw new RuntimeError(`expected scalar type Long but found ${target.dtype.scalar}`);
  if (weight !== null && weight.dtype !== self.dtype) throw new RuntimeError(`expected scalar type ${self.dtype.scalar} but found ${weight.dtype.scalar}`);
}

const isPerClass = (weight: Tensor | null, classes: number) => weight === null || (weight.sizes.length === 1 && weight.count === classes);

function checkFlat(self: Tensor, target: Tensor, weight: Tensor | null): void {
  const classes = self.sizes[self.sizes.length - 1];
  if (target.sizes.length > 1) throw new RuntimeError("0D or 1D target tensor expected, multi-target not supported");
  const single = self.sizes.length === 1 && target.sizes.length === 0;
  if (!single && self.sizes[0] !== target.sizes[0]) {
    throw new RuntimeError(`size mismatch (got input: ${showSizes(self.sizes)}, target: ${showSizes(target.sizes)})`);
  }
  if (!isPerClass(weight, classes)) {
    throw new RuntimeError(
      `weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${showSizes(weight!.sizes)}`,
    );
  }
  checkTypes("nll_loss_out_frame", self, target, weight);
}

function checkSpatial(self: Tensor, target: Tensor, weight: Tensor | null): void {
  if (target.sizes.length !== 3) {
    throw new RuntimeError(`only batches of spatial targets supported (3D tensors) but got targets of dimension: ${target.sizes.length}`);
  }
  if (!isPerClass(weight, self.sizes[1])) throw new RuntimeError("weight tensor should be defined either for all or no classes");
  if (!sameSizes([self.sizes[0], self.sizes[2], self.sizes[3]], target.sizes)) {
    throw new RuntimeError(`size mismatch (got input: ${showSizes(self.sizes)} , target: ${showSizes(target.sizes)}`);
  }
  checkTypes("nll_loss2d_forward_out_frame", self, target, weight);
}

// -- the losses ------------------------------------------------------------------------------------------------------

/** The sum of the weights of the classes. */
function totalWeight(target: Tensor, weight: Tensor | null, classes: number, ignored: number, dtype: DType): Tensor {
  const out = Tensor.make([], dtype), weights = weightsOf(weight);
  out.store.data[0] = nllTotal(classesOf(target, classes, ignored), weights?.store.data, weights?.offset);
  return out;
}

type Arguments = { self: Tensor; target: Tensor; weight: Tensor | null; reduction: number; ignore_index: number };

function run(primitive: Primitive<Inputs>, op: string, inputs: Arguments): Tensor {
  const { self, target, weight, ignore_index } = inputs;
  refuseGradient(op, "weight", weight);
  (primitive === flat ? checkFlat : checkSpatial)(self, target, weight);
  const rows = self.sizes.length === 1 ? target.reshape(-1).narrow(0, 0, 1) : target;
  const sum = (of: { target: Tensor; weight: Tensor | null }) => totalWeight(of.target, of.weight, shapeOf(self)[1], ignore_index, self.dtype);
  const constants = { target: constantOf(rows), weight: weight && constantOf(weight) };
  const total_weight = transforms.active === 0 ? sum(constants) : callTransformed("", constants, sum as (of: Record<string, unknown>) => unknown) as Tensor;
  return primitive.apply({ ...inputs, total_weight }) as Tensor;
}

function nllLoss(inputs: Arguments): Tensor {
  const { self, target, reduction } = inputs;
  const rank = self.sizes.length;
  if (rank < 1) throw new ValueError("Expected 1 or more dimensions (got 0)");
  if (rank !== 1 && self.sizes[0] !== (target.sizes[0] ?? 0)) {
    throw new ValueError(`Expected input batch_size (${self.sizes[0]}) to match target batch_size (${target.sizes[0] ?? 0}).`);
  }
  if (rank <= 2) return run(flat, "nll_loss_forward", inputs);
  if (rank === 4) return run(spatial, "nll_loss2d_forward", inputs);
  const outer = [self.sizes[0], ...self.sizes.slice(2)];
  if (!sameSizes(outer, target.sizes)) throw new RuntimeError(`Expected target size ${showSizes(outer)}, got ${showSizes(target.sizes)}`);
  // PyTorch folds all places into the rows of an image
  const rest = self.count === 0 ? 0 : -1;
  const image = self.contiguous().view([self.sizes[0], self.sizes[1], rest === 0 ? 0 : 1, rest]);
  const loss = run(spatial, "nll_loss2d_forward", { ...inputs, self: image, target: target.contiguous().view([self.sizes[0], rest === 0 ? 0 : 1, rest]) });
  return reduction === NONE ? loss.view(outer) : loss;
}

type Low = Fn<Record<string, unknown>, [self: Tensor, target: Tensor, weight: Tensor | null, reduction: number, ignore_index: number]>;

const nllLossNd = define<Low, Arguments>(
  "nll_loss_nd",
  "(Tensor input, Tensor target, Tensor weight = None, int reduction = 1, int ignore_index = -100)",
  nllLoss,
);

/** Named arguments of `nll_loss`. */
export interface NllOptions extends ReductionOptions {
  /** Log-probabilities: [classes], [batch, classes] or [batch, classes, ...places]. */
  input: Tensor;
  /** The right classes. */
  target: Tensor;
  /** A factor for each class; the mean becomes the weighted mean. */
  weight?: Tensor | null;
  /** A class that does not count. */
  ignore_index?: number;
}

type NllInputs = ReductionInputs & { input: Tensor; target: Tensor; weight: Tensor | null; ignore_index: number };

/** `nll_loss`. */
export type NllLoss = Fn<
  NllOptions,
  [input: Tensor, target: Tensor, weight?: Tensor | null, size_average?: boolean | null, ignore_index?: number, reduce?: boolean | null, reduction?: string]
>;

/** The negative log-likelihood: minus the log-probability of each right class, times its weight. Its gradient stands at these places only. */
export const nll_loss: NllLoss = pythonFunction<NllLoss, NllInputs>(
  "nll_loss",
  ["input", "target"],
  { weight: null, size_average: null, ignore_index: -100, reduce: null, reduction: "mean" },
  ({ input, target, weight, ignore_index, ...rest }) => nllLossNd(input, target, weight, reductionNumber(reductionName(rest)), ignore_index),
);

// -- cross entropy ---------------------------------------------------------------------------------------------------

type CrossInputs = Arguments & { label_smoothing: number };

/** A weight for each class, broadcast along the other dimensions. */
function alongClasses(weight: Tensor, rank: number, at: number): Tensor {
  return weight.view(Array.from({ length: rank }, (_, d) => d === at ? weight.count : 1));
}

/** The cross entropy of probabilities. */
function ofProbabilities({ self, target, weight, reduction, label_smoothing }: CrossInputs): Tensor {
  const rank = self.sizes.length;
  const at = rank === 1 ? 0 : 1;
  const logits = self.log_softmax(at);
  const classes = self.sizes[at];
  if (weight !== null && !isPerClass(weight, classes)) {
    throw new RuntimeError(
      `cross_entropy: weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${
        showSizes(weight.sizes)
      }`,
    );
  }
  checkSmoothing(label_smoothing);
  const likely = label_smoothing > 0 ? addNumber(mulNumber(target, 1 - label_smoothing), label_smoothing / classes) : target;
  const products = weight === null ? logits.mul(likely) : logits.mul(likely).mul(alongClasses(weight, rank, at));
  switch (reduction) {
    case MEAN:
      return divNumber(products.sum().neg(), self.count / classes);
    case SUM:
      return products.sum().neg();
    default:
      return products.sum(at).neg();
  }
}

function checkSmoothing(smoothing: number): void {
  if (smoothing > 1) throw new RuntimeError(`label_smoothing must be between 0.0 and 1.0. Got: ${smoothing}`);
}

/** The cross entropy of classes, mixed with that of the uniform distribution. */
function smoothed({ self, target, weight, reduction, ignore_index, label_smoothing }: CrossInputs): Tensor {
  const rank = self.sizes.length;
  const at = rank === 1 ? 0 : 1;
  const logits = self.log_softmax(at);
  checkSmoothing(label_smoothing);
  const loss = nllLoss({ self: logits, target, weight, reduction, ignore_index });
  const ignored = target.eq(ignore_index);
  const uniform = (weight === null ? logits.sum(at) : logits.mul(alongClasses(weight, rank, at)).sum(at)).neg().masked_fill_(ignored, 0);
  let spread = uniform;
  if (reduction === SUM) spread = uniform.sum();
  else if (reduction === MEAN) {
    const counted = ignored.logical_not();
    spread = uniform.sum().div(weight === null ? counted.sum() : weight.gather(0, target.masked_select(counted).flatten()).sum());
  }
  return mulNumber(loss, 1 - label_smoothing).add(mulNumber(spread, label_smoothing / self.sizes[at]));
}

function crossEntropy(inputs: CrossInputs): Tensor {
  const { self, target, ignore_index, label_smoothing, ...rest } = inputs;
  if (sameSizes(self.sizes, target.sizes)) {
    if (!target.dtype.is_floating_point) {
      throw new RuntimeError(`Expected floating point type for target with class probabilities, got ${target.dtype.scalar}`);
    }
    if (ignore_index >= 0) throw new RuntimeError("ignore_index is not supported for floating point target");
    return ofProbabilities(inputs);
  }
  if (label_smoothing > 0) return smoothed(inputs);
  return nllLoss({ ...rest, self: self.log_softmax(self.sizes.length === 1 ? 0 : 1), target, ignore_index });
}

type LowCross = Fn<
  Record<string, unknown>,
  [self: Tensor, target: Tensor, weight: Tensor | null, reduction: number, ignore_index: number, label_smoothing: number]
>;

const crossEntropyLoss = define<LowCross, CrossInputs>(
  "cross_entropy_loss",
  "(Tensor input, Tensor target, Tensor weight = None, int reduction = 1, int ignore_index = -100, float label_smoothing = 0.0)",
  crossEntropy,
);

/** Named arguments of `cross_entropy`. */
export interface CrossEntropyOptions extends Omit<NllOptions, "input" | "target"> {
  /** Logits: [classes], [batch, classes] or [batch, classes, ...places]. */
  input: Tensor;
  /** The right classes, or probabilities in the shape of the input. */
  target: Tensor;
  /** How much of the right probability is spread evenly over all classes. */
  label_smoothing?: number;
}

/** `cross_entropy`. */
export type CrossEntropy = Fn<
  CrossEntropyOptions,
  [
    input: Tensor,
    target: Tensor,
    weight?: Tensor | null,
    size_average?: boolean | null,
    ignore_index?: number,
    reduce?: boolean | null,
    reduction?: string,
    label_smoothing?: number,
  ]
>;

/** The cross entropy of logits and classes, or of logits and probabilities: `nll_loss` of `log_softmax`, and recorded as these. */
export const cross_entropy: CrossEntropy = pythonFunction<CrossEntropy, NllInputs & { label_smoothing: number }>(
  "cross_entropy",
  ["input", "target"],
  { weight: null, size_average: null, ignore_index: -100, reduce: null, reduction: "mean", label_smoothing: 0 },
  ({ input, target, weight, ignore_index, label_smoothing, ...rest }) =>
    crossEntropyLoss(input, target, weight, reductionNumber(reductionName(rest)), ignore_index, label_smoothing),
);
