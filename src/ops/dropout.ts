/**
 * Dropout: random elements, or whole channels, are set to zero and the others scaled up, so that the mean stays. It is recorded
 * as the product with the noise.
 */
import { bool } from "../dtype.ts";
import { AttributeError, RuntimeError, ValueError } from "../errors.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { empty_like } from "./create.ts";
import { define, type Fn } from "./define.ts";
import { pythonFunction } from "./python_function.ts";

/** A dropout of `torch`, which is told whether to drop at all. */
export type LowDropout = Fn<{ input: Tensor; p: number; train: boolean }, [input: Tensor, p: number, train: boolean]>;
type Inputs = { self: Tensor; p: number; train: boolean };

/** The value that `alpha_dropout` gives to dropped elements: what `selu` tends to for very negative ones, negated. */
const ALPHA = 1.7580993408473766;

/** Ones with probability 1 - p in the shape of the input, or one for each channel of each sample. */
function noiseFor(self: Tensor, p: number, feature: boolean): Tensor {
  if (!feature) return empty_like(self.detach()).bernoulli_(1 - p);
  if (self.sizes.length < 2) throw new RuntimeError("Feature dropout requires at least 2 dimensions in the input");
  return self.detach().new_empty(self.sizes.map((n, d) => d < 2 ? n : 1)).bernoulli_(1 - p);
}

function drop({ self, p, train }: Inputs, feature: boolean, alpha: boolean, inplace: boolean): Tensor {
  if (p < 0 || p > 1) throw new RuntimeError(`dropout probability has to be between 0 and 1, but got ${p}`);
  if (p === 0 || !train || self.count === 0) return self;
  const times = (factor: Tensor) => inplace ? self.mul_(factor) : self.mul(factor);
  if (p === 1) return times(self.detach().new_zeros([]));
  const noise = noiseFor(self, p, feature);
  if (!alpha) return times(noise.div_(1 - p));
  // scaled and shifted so that mean 0 and variance 1 stay
  const a = 1 / Math.sqrt((ALPHA * ALPHA * p + 1) * (1 - p));
  const shift = noise.add(-1).mul_(ALPHA * a).add_(ALPHA * a * p);
  const scaled = times(noise.mul_(a));
  return inplace ? scaled.add_(shift) : scaled.add(shift);
}

function low(op: string, feature: boolean, alpha: boolean): { function: LowDropout; inplace: LowDropout } {
  const declare = (name: string, inplace: boolean) =>
    define<LowDropout, Inputs>(name, "(Tensor input, float p, bool train)", (inputs) => drop(inputs, feature, alpha, inplace));
  return { function: declare(op, false), inplace: declare(`${op}_`, true) };
}

const elements = low("dropout", false, false);
const channels = low("feature_dropout", true, false);
const alphaElements = low("alpha_dropout", false, true);
const alphaChannels = low("feature_alpha_dropout", true, true);

/** `torch.dropout`. */
export const lowDropout: LowDropout = elements.function;
/** `torch.dropout_`. */
export const lowDropout_: LowDropout = elements.inplace;
/** Whole channels of samples are dropped. */
export const feature_dropout: LowDropout = channels.function;
/** `feature_dropout` in place. */
export const feature_dropout_: LowDropout = channels.inplace;
/** `torch.alpha_dropout`. */
export const lowAlphaDropout: LowDropout = alphaElements.function;
/** `torch.alpha_dropout_`. */
export const lowAlphaDropout_: LowDropout = alphaElements.inplace;
/** `torch.feature_alpha_dropout`. */
export const lowFeatureAlphaDropout: LowDropout = alphaChannels.function;
/** `torch.feature_alpha_dropout_`. */
export const lowFeatureAlphaDropout_: LowDropout = alphaChannels.inplace;

/** `torch.native_dropout`. */
export type NativeDropout = Fn<{ input: Tensor; p: number; train: boolean | null }, [input: Tensor, p: number, train: boolean | null], Tensor[]>;

/** Dropout with the mask of what was kept, which it is recorded with. The gradient is masked and scaled as the input was. */
export const native_dropout: NativeDropout = define<NativeDropout, Inputs>("native_dropout", "(Tensor input, float p, bool? train)", {
  nonDifferentiable: [1],
  forward: ({ self, p, train }) => {
    const mask = self.new_ones(self.sizes, { dtype: bool });
    if ((train as boolean | null) === false || self.count === 0) return [self.clone(), mask];
    mask.bernoulli_(1 - p);
    return [self.mul(mask).mul_(p === 1 ? 0 : 1 / (1 - p)), mask];
  },
  backward: { self: ({ grad, result1, p }) => grad.mul(result1.to(grad.dtype).mul(p === 1 ? 0 : 1 / (1 - p))) },
});

// -- what `torch.nn.functional` has ----------------------------------------------------------------------------------

/** Named arguments of dropouts. */
export interface DropoutOptions {
  /** Any tensor; [batch, channels, ...] for those of channels. */
  input: Tensor;
  /** The probability to be dropped. */
  p?: number;
  /** Whether to drop at all. */
  training?: boolean;
  /** Whether to write the result into the input. */
  inplace?: boolean;
}

/** A dropout. */
export type Dropout = Fn<DropoutOptions, [input: Tensor, p?: number, training?: boolean, inplace?: boolean]>;

function checkProbability(p: unknown): void {
  if (typeof p !== "number") throw new TypeError(`'<' not supported between instances of '${pythonType(p)}' and 'float'`);
  if (p < 0 || p > 1) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
}

function dropoutFunction(
  op: string,
  training: boolean,
  ops: { function: LowDropout; inplace: LowDropout },
  prepare: (input: Tensor, inplace: boolean) => [input: Tensor, restore: (result: Tensor) => Tensor],
): Dropout {
  return pythonFunction<Dropout, Required<DropoutOptions>>(op, ["input"], { p: 0.5, training, inplace: false }, ({ input, p, training, inplace }) => {
    checkProbability(p);
    const [prepared, restore] = prepare(input, inplace);
    return restore((inplace ? ops.inplace : ops.function)(prepared, p, training));
  });
}

const asIs = (input: Tensor): [Tensor, (result: Tensor) => Tensor] => [input, (result) => result];

/** The input with a batch of one where it has none. */
function batched(input: Tensor, isBatched: boolean, inplace: boolean): [Tensor, (result: Tensor) => Tensor] {
  if (isBatched) return asIs(input);
  return inplace ? [input.unsqueeze_(0), (result) => result.squeeze_(0)] : [input.unsqueeze(0), (result) => result.squeeze(0)];
}

function rankOf(input: unknown): number {
  if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'dim'`);
  return input.sizes.length;
}

/** What the channel dropout of `dims` spatial dimensions is for. */
const purpose = (dims: number) =>
  `Note that dropout${dims}d exists to provide channel-wise dropout on inputs with ${dims} spatial dimension${dims === 1 ? "" : "s"}, ` +
  `a channel dimension, and an optional batch dimension (i.e. ${dims + 1}D or ${dims + 2}D inputs).`;

function warnOfRank(dims: number, rank: number): void {
  warnOnce(
    `dropout${dims}d: Received a ${rank}-D input to dropout${dims}d, which is deprecated and will result in an error in a future release. ` +
      `To retain the behavior and silence this warning, please use dropout instead. ${purpose(dims)}`,
  );
}

/** Each element is zero with probability p, else divided by 1 - p. */
export const dropout: Dropout = dropoutFunction("dropout", true, elements, asIs);

/** Dropout for networks of `selu`: dropped elements take its least value, and the result is scaled to keep mean and variance. */
export const alpha_dropout: Dropout = dropoutFunction("alpha_dropout", false, alphaElements, asIs);

/** `alpha_dropout` of whole channels. */
export const feature_alpha_dropout: Dropout = dropoutFunction("feature_alpha_dropout", false, alphaChannels, asIs);

/** Each channel of [batch, channels, length] is zero with probability p. */
export const dropout1d: Dropout = dropoutFunction("dropout1d", true, channels, (input, inplace) => {
  const rank = rankOf(input);
  if (rank !== 2 && rank !== 3) throw new RuntimeError(`dropout1d: Expected 2D or 3D input, but received a ${rank}D input. ${purpose(1)}`);
  return batched(input, rank === 3, inplace);
});

/** Each channel of [batch, channels, height, width] is zero with probability p. */
export const dropout2d: Dropout = dropoutFunction("dropout2d", true, channels, (input) => {
  const rank = rankOf(input);
  if (rank !== 3 && rank !== 4) warnOfRank(2, rank);
  if (rank === 3) {
    warnOnce(
      "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is interpreted as shape (N, C, L), " +
        "where C is the channel dim. This behavior will change in a future release to interpret the input as one without a batch dimension, " +
        "i.e. shape (C, H, W). To maintain the 1D channel-wise dropout behavior, please switch to using dropout1d instead.",
    );
  }
  return asIs(input);
});

/** Each channel of [batch, channels, depth, height, width] is zero with probability p. */
export const dropout3d: Dropout = dropoutFunction("dropout3d", true, channels, (input, inplace) => {
  const rank = rankOf(input);
  if (rank !== 4 && rank !== 5) warnOfRank(3, rank);
  return batched(input, rank === 5, inplace);
});
