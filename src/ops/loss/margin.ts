/**
 * Losses that want a distance between what is right and what is not.
 */
import { AttributeError, RuntimeError, ValueError } from "../../errors.ts";
import { Kernel } from "../../kernels/elementwise.ts";
import { broadcastSizes, sameSizes, type Sizes } from "../../layout.ts";
import { pythonType } from "../../python.ts";
import { makeSize } from "../../size.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { pairwise_distance } from "../distance.ts";
import { elementwise } from "../elementwise.ts";
import { refuseGradient } from "../not_differentiable.ts";
import { addNumber, subNumber } from "../number_nodes.ts";
import { pythonFunction } from "../python_function.ts";
import type { PairOptions } from "./difference.ts";
import { MEAN, NONE, reduced, REDUCTION, type ReductionInputs, reductionNumber, reductionOf, type ReductionOptions, shared } from "./reduction.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

/** `number - t`, as PyTorch's C++ computes it: in the dtype of `t`, with an edge for the number. */
const numberMinus = (number: number, t: Tensor): Tensor => t.detach().new_full([], number).sub(t);

// -- hinge -----------------------------------------------------------------------------------------------------------

type HingeInputs = { self: Tensor; target: Tensor; margin: number; reduction: number };
/** `torch.hinge_embedding_loss`. */
export type LowHinge = Fn<Record<string, unknown>, [input: Tensor, target: Tensor, margin?: number, reduction?: number]>;

/** `torch.hinge_embedding_loss`: see that of `torch.nn.functional`. */
export const hingeEmbeddingLoss: LowHinge = define<LowHinge, HingeInputs>(
  "hinge_embedding_loss",
  "(Tensor input, Tensor target, float margin = 1.0, int reduction = 1)",
  ({ self, target, margin, reduction }) => {
    const zeros = self.detach().zeros_like();
    const apart = numberMinus(margin, self).clamp_min_(0).where(target.ne(1), zeros);
    return reduced(apart.add(self.where(target.ne(-1), zeros)), reduction);
  },
);

/** Named arguments of `hinge_embedding_loss`. */
export interface HingeOptions extends PairOptions {
  /** The least distance of what does not belong together. */
  margin?: number;
}

/** `hinge_embedding_loss`. */
export type HingeLoss = Fn<
  HingeOptions,
  [input: Tensor, target: Tensor, margin?: number, size_average?: boolean | null, reduce?: boolean | null, reduction?: string]
>;

/** The input where the target is 1, max(0, margin - input) where it is -1. */
export const hinge_embedding_loss: HingeLoss = pythonFunction<HingeLoss, ReductionInputs & { input: Tensor; target: Tensor; margin: number }>(
  "hinge_embedding_loss",
  ["input", "target"],
  { margin: 1, ...REDUCTION },
  ({ input, target, margin, ...rest }) => hingeEmbeddingLoss(input, target, margin, reductionOf(rest)),
);

// -- two inputs ------------------------------------------------------------------------------------------------------

type TwoInputs = { input1: Tensor; input2: Tensor; target: Tensor; margin: number; reduction: number };
/** A loss of two inputs of `torch`. */
export type LowTwo = Fn<Record<string, unknown>, [input1: Tensor, input2: Tensor, target: Tensor, margin?: number, reduction?: number]>;
const TWO = "(Tensor input1, Tensor input2, Tensor target, float margin = 0.0, int reduction = 1)";

/** `torch.margin_ranking_loss`: see that of `torch.nn.functional`. */
export const marginRankingLoss: LowTwo = define<LowTwo, TwoInputs>(
  "margin_ranking_loss",
  TWO,
  ({ input1, input2, target, margin, reduction }) => reduced(addNumber(target.neg().mul(input1.sub(input2)), margin).clamp_min_(0), reduction),
);

/** What PyTorch adds to the squared lengths of vectors. */
const LENGTH_EPS = 1e-12;

function checkCosine({ input1, input2, target }: TwoInputs): void {
  const rank = target.sizes.length;
  if (rank > 1) throw new RuntimeError("0D or 1D target tensor expected, multi-target not supported");
  if (input1.sizes.length !== rank + 1 || input2.sizes.length !== rank + 1) {
    throw new RuntimeError(
      `${rank}D target tensor expects ${rank + 1}D input tensors, but found inputs with sizes ${showSizes(input1.sizes)} and ${showSizes(input2.sizes)}.`,
    );
  }
}

/** `torch.cosine_embedding_loss`: see that of `torch.nn.functional`. */
export const cosineEmbeddingLoss: LowTwo = define<LowTwo, TwoInputs>("cosine_embedding_loss", TWO, (inputs) => {
  checkCosine(inputs);
  const { input1, input2, target, margin, reduction } = inputs;
  const dim = target.sizes.length;
  const squared = (t: Tensor) => addNumber(t.mul(t).sum(dim), LENGTH_EPS);
  const product = input1.mul(input2).sum(dim);
  const cosine = product.div(squared(input1).mul(squared(input2)).sqrt_());
  const zeros = cosine.detach().zeros_like();
  const alike = numberMinus(1, cosine).where(target.eq(1), zeros);
  return reduced(alike.add(subNumber(cosine, margin).clamp_min_(0).where(target.eq(-1), zeros)), reduction);
});

/** Named arguments of the losses of two inputs. */
export interface TwoOptions extends ReductionOptions {
  /** The first input. */
  input1: Tensor;
  /** The second input. */
  input2: Tensor;
  /** 1 or -1. */
  target: Tensor;
  /** What is asked for beyond zero. */
  margin?: number;
}

/** A loss of two inputs and a target. */
export type TwoLoss = Fn<
  TwoOptions,
  [input1: Tensor, input2: Tensor, target: Tensor, margin?: number, size_average?: boolean | null, reduce?: boolean | null, reduction?: string]
>;

type TwoNamed = ReductionInputs & Omit<TwoInputs, "reduction">;

function dimOf(x: unknown): number {
  if (!(x instanceof Tensor)) throw new AttributeError(`'${pythonType(x)}' object has no attribute 'dim'`);
  return x.sizes.length;
}

/** max(0, -target (input1 - input2) + margin): the first is to rank higher where the target is 1, the second where it is -1. */
export const margin_ranking_loss: TwoLoss = pythonFunction<TwoLoss, TwoNamed>(
  "margin_ranking_loss",
  ["input1", "input2", "target"],
  { margin: 0, ...REDUCTION },
  ({ input1, input2, target, margin, ...rest }) => {
    const reduction = reductionOf(rest);
    if (dimOf(input1) !== dimOf(input2) || dimOf(input1) !== dimOf(target)) {
      throw new RuntimeError(
        `margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ${makeSize(input1.sizes)}, ` +
          `input2: ${makeSize(input2.sizes)}, target: ${makeSize(target.sizes)} `,
      );
    }
    return marginRankingLoss(input1, input2, target, margin, reduction);
  },
);

/** 1 - cos where the target is 1, max(0, cos - margin) where it is -1, for the cosine of the angle between the inputs' rows. */
export const cosine_embedding_loss: TwoLoss = pythonFunction<TwoLoss, TwoNamed>(
  "cosine_embedding_loss",
  ["input1", "input2", "target"],
  { margin: 0, ...REDUCTION },
  ({ input1, input2, target, margin, ...rest }) => cosineEmbeddingLoss(input1, input2, target, margin, reductionOf(rest)),
);

// -- triplets --------------------------------------------------------------------------------------------------------

type TripletInputs = { anchor: Tensor; positive: Tensor; negative: Tensor; margin: number; p: number; eps: number; swap: boolean; reduction: number };
/** `torch.triplet_margin_loss`. */
export type LowTriplet = Fn<
  Record<string, unknown>,
  [anchor: Tensor, positive: Tensor, negative: Tensor, margin?: number, p?: number, eps?: number, swap?: boolean, reduction?: number]
>;

function checkTriplet({ anchor, positive, negative }: { anchor: Tensor; positive: Tensor; negative: Tensor }): void {
  const [a, p, n] = [anchor, positive, negative].map((t) => t.sizes.length);
  if (a !== p || a !== n) {
    throw new RuntimeError(
      "The anchor, positive, and negative tensors are expected to have the same number of dimensions, " +
        `but got: anchor ${a}D, positive ${p}D, and negative ${n}D inputs`,
    );
  }
}

/** `torch.triplet_margin_loss`: see that of `torch.nn.functional`. */
export const tripletMarginLoss: LowTriplet = define<LowTriplet, TripletInputs>(
  "triplet_margin_loss",
  "(Tensor anchor, Tensor positive, Tensor negative, float margin = 1.0, float p = 2.0, float eps = 1e-06, bool swap = False, int reduction = 1)",
  (inputs) => {
    checkTriplet(inputs);
    const { anchor, positive, negative, margin, p, eps, swap, reduction } = inputs;
    const near = pairwise_distance(anchor, positive, p, eps);
    let far = pairwise_distance(anchor, negative, p, eps);
    if (swap) far = far.minimum(pairwise_distance(positive, negative, p, eps));
    return reduced(addNumber(near, margin).sub(far).clamp_min(0), reduction);
  },
);

/** Named arguments of `triplet_margin_loss`. */
export interface TripletOptions extends ReductionOptions {
  /** What the others are compared with. */
  anchor: Tensor;
  /** What belongs to the anchor. */
  positive: Tensor;
  /** What does not. */
  negative: Tensor;
  /** How much farther the negative is to be. */
  margin?: number;
  /** The norm that measures distances. */
  p?: number;
  /** Keeps the gradient of distances finite. */
  eps?: number;
  /** Whether the negative's distance from the positive counts, where it is smaller. */
  swap?: boolean;
}

/** `triplet_margin_loss`. */
export type TripletLoss = Fn<
  TripletOptions,
  [
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin?: number,
    p?: number,
    eps?: number,
    swap?: boolean,
    size_average?: boolean | null,
    reduce?: boolean | null,
    reduction?: string,
  ]
>;

/** A margin that is not positive; it is a float for Python. */
function badMargin(margin: unknown): Error {
  if (typeof margin !== "number") return new TypeError(`'<=' not supported between instances of '${pythonType(margin)}' and 'int'`);
  return new ValueError(`margin must be greater than 0, got ${Number.isInteger(margin) ? `${margin}.0` : margin}`);
}

/** max(0, d(anchor, positive) - d(anchor, negative) + margin). */
export const triplet_margin_loss: TripletLoss = pythonFunction<TripletLoss, ReductionInputs & Omit<TripletInputs, "reduction">>(
  "triplet_margin_loss",
  ["anchor", "positive", "negative"],
  { margin: 1, p: 2, eps: 1e-6, swap: false, ...REDUCTION },
  ({ anchor, positive, negative, margin, p, eps, swap, ...rest }) => {
    const reduction = reductionOf(rest);
    if (!(margin > 0)) throw badMargin(margin);
    return tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, reduction);
  },
);

/** A distance of rows. */
export type Distance = (a: Tensor, b: Tensor) => Tensor;

/** Named arguments of `triplet_margin_with_distance_loss`, all but the tensors by name only. */
export interface TripletDistanceOptions {
  /** What the others are compared with. */
  anchor: Tensor;
  /** What belongs to the anchor. */
  positive: Tensor;
  /** What does not. */
  negative: Tensor;
  /** Measures distances; `pairwise_distance` unless given. */
  distance_function?: Distance | null;
  /** How much farther the negative is to be. */
  margin?: number;
  /** Whether the negative's distance from the positive counts, where it is smaller. */
  swap?: boolean;
  /** `"mean"`, `"sum"`, or `"none"` for a loss for each row. */
  reduction?: string;
}

/** `triplet_margin_with_distance_loss`. */
export type TripletDistanceLoss = Fn<TripletDistanceOptions, [anchor: Tensor, positive: Tensor, negative: Tensor]>;

/** `triplet_margin_loss` with a distance of one's own. */
export const triplet_margin_with_distance_loss: TripletDistanceLoss = pythonFunction<
  TripletDistanceLoss,
  { anchor: Tensor; positive: Tensor; negative: Tensor; distance_function: Distance | null; margin: number; swap: boolean; reduction: string }
>(
  "triplet_margin_with_distance_loss",
  ["anchor", "positive", "negative"],
  {},
  ({ distance_function, margin, swap, reduction, ...inputs }) => {
    if (reduction !== "none" && reduction !== "mean" && reduction !== "sum") throw new ValueError(`${reduction ?? "None"} is not a valid value for reduction`);
    if (!(margin > 0)) throw badMargin(margin);
    checkTriplet(inputs);
    const { anchor, positive, negative } = inputs;
    const distance = distance_function ?? ((a, b) => pairwise_distance(a, b));
    const near = distance(anchor, positive);
    let far = distance(anchor, negative);
    if (swap) far = far.minimum(distance(positive, negative));
    return reduced(near.add(margin).sub(far).clamp_min(0), reductionNumber(reduction));
  },
  { distance_function: null, margin: 1, swap: false, reduction: "mean" },
);

// -- the logistic function -------------------------------------------------------------------------------------------

type SoftInputs = { self: Tensor; target: Tensor; reduction: number };
type SoftBackward = SoftInputs & { grad_output: Tensor };

const soft = new Kernel((x: number, t: number) => Math.log1p(Math.exp(-t * x)));
const softSlope = new Kernel((x: number, t: number, g: number, n: number) => -t * g / (1 + Math.exp(t * x)) / n);

const softBackward: Primitive<SoftBackward> = new Primitive<SoftBackward>({
  name: "SoftMarginLossBackwardBackward0",
  forward: ({ grad_output, self, target, reduction }) => elementwise(softSlope, self.dtype, [self, target, grad_output, reduction === MEAN ? self.count : 1]),
  backward: {
    grad_output: ({ grad, self, target, reduction }) => reduced(softBackward.apply({ grad_output: grad, self, target, reduction: NONE }) as Tensor, reduction),
    // t^2 s (1 - s) for s = sigmoid(t x)
    self: ({ grad, grad_output, self, target, reduction }) => {
      const s = target.mul(self).sigmoid();
      return shared(grad.mul(grad_output).mul(target.square().mul(s).mul(s.neg().add(1))), self.count, reduction);
    },
    target: null,
  },
});

const softMargin = new Primitive<SoftInputs>({
  name: "SoftMarginLossBackward0",
  forward: ({ self, target, reduction }) => reduced(elementwise(soft, self.dtype, [self, target]), reduction),
  backward: {
    self: ({ grad, self, target, reduction }) => softBackward.apply({ grad_output: grad, self, target, reduction }) as Tensor,
    target: null,
  },
});

type LowSoft = Fn<SoftInputs, [self: Tensor, target: Tensor, reduction: number]>;

const softMarginLoss = define<LowSoft, SoftInputs>("soft_margin_loss", "(Tensor input, Tensor target, int reduction = 1)", (inputs) => {
  const { self, target } = inputs;
  refuseGradient("soft_margin_loss", "target", target);
  const sizes = broadcastSizes(self.sizes, target.sizes);
  if (self.dtype.category === "bool") {
    throw new RuntimeError(
      "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.",
    );
  }
  if (self.dtype.category === "int") throw new RuntimeError(`result type Float can't be cast to the desired output type ${self.dtype.scalar}`);
  if (!sameSizes(sizes, self.sizes)) {
    throw new RuntimeError(`output with shape ${showSizes(self.sizes)} doesn't match the broadcast shape ${showSizes(sizes)}`);
  }
  return softMargin.apply(inputs);
});

/** A loss of two tensors with retired arguments. */
export type PairLoss = Fn<PairOptions, [input: Tensor, target: Tensor, size_average?: boolean | null, reduce?: boolean | null, reduction?: string]>;

/** log(1 + e^(-target input)). d/dinput = -target / (1 + e^(target input)). */
export const soft_margin_loss: PairLoss = pythonFunction<PairLoss, ReductionInputs & { input: Tensor; target: Tensor }>(
  "soft_margin_loss",
  ["input", "target"],
  REDUCTION,
  ({ input, target, ...rest }) => softMarginLoss(input, target, reductionOf(rest)),
);
