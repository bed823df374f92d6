/**
 * `torch.nn.init`: the ways to fill parameters before training. All of them work in place, unrecorded, and return the tensor.
 *
 * @module
 */
import { no_grad } from "../autograd/mode.ts";
import { ValueError } from "../errors.ts";
import { isPlainObject } from "../python.ts";
import type { Tensor } from "../tensor.ts";

/** The number of inputs and outputs that one output and one input of a weight are connected with. */
export function _calculate_fan_in_and_fan_out(tensor: Tensor): [number, number] {
  const { sizes } = tensor;
  if (sizes.length < 2) throw new ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  const field = sizes.slice(2).reduce((a, b) => a * b, 1);
  return [sizes[1] * field, sizes[0] * field];
}

const GAINS: Record<string, (param?: number) => number> = {
  linear: () => 1,
  conv1d: () => 1,
  conv2d: () => 1,
  conv3d: () => 1,
  conv_transpose1d: () => 1,
  conv_transpose2d: () => 1,
  conv_transpose3d: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.sqrt(2),
  leaky_relu: (slope = 0.01) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

/** The factor by which a nonlinearity shrinks the standard deviation of what passes it. */
export function calculate_gain(nonlinearity: string, param?: number | null): number {
  const gain = GAINS[nonlinearity];
  if (gain === undefined) throw new ValueError(`Unsupported nonlinearity ${nonlinearity}`);
  return gain(param ?? undefined);
}

function options<T extends object>(names: readonly (keyof T & string)[], defaults: T, args: readonly unknown[]): T {
  const out: T = { ...defaults };
  args.forEach((a, i) => {
    if (isPlainObject(a)) Object.assign(out, a);
    else if (a !== undefined) Object.assign(out, { [names[i]]: a });
  });
  return out;
}

type Args<T> = (T[keyof T] | Partial<T>)[];

/** Uniform numbers from [a, b). */
export function uniform_(tensor: Tensor, ...args: Args<{ a: number; b: number }>): Tensor {
  const { a, b } = options(["a", "b"], { a: 0, b: 1 }, args);
  return no_grad(() => tensor.uniform_(a, b));
}

/** Normal numbers. */
export function normal_(tensor: Tensor, ...args: Args<{ mean: number; std: number }>): Tensor {
  const { mean, std } = options(["mean", "std"], { mean: 0, std: 1 }, args);
  return no_grad(() => tensor.normal_(mean, std));
}

/** One value everywhere. */
export function constant_(tensor: Tensor, val: number): Tensor {
  return no_grad(() => tensor.fill_(val));
}

/** Ones. */
export function ones_(tensor: Tensor): Tensor {
  return constant_(tensor, 1);
}

/** Zeros. */
export function zeros_(tensor: Tensor): Tensor {
  return constant_(tensor, 0);
}

/** The identity matrix. */
export function eye_(tensor: Tensor): Tensor {
  if (tensor.sizes.length !== 2) throw new ValueError("Only tensors with 2 dimensions are supported");
  return no_grad(() => {
    tensor.zero_();
    tensor.diagonal().fill_(1);
    return tensor;
  });
}

/** Glorot's uniform numbers: from [-b, b), b = gain sqrt(6 / (fan_in + fan_out)). */
export function xavier_uniform_(tensor: Tensor, ...args: Args<{ gain: number }>): Tensor {
  const { gain } = options(["gain"], { gain: 1 }, args);
  const [fanIn, fanOut] = _calculate_fan_in_and_fan_out(tensor);
  const std = gain * Math.sqrt(2.0 / (fanIn + fanOut));
  const bound = Math.sqrt(3.0) * std;
  return uniform_(tensor, -bound, bound);
}

/** Glorot's normal numbers: with the standard deviation gain sqrt(2 / (fan_in + fan_out)). */
export function xavier_normal_(tensor: Tensor, ...args: Args<{ gain: number }>): Tensor {
  const { gain } = options(["gain"], { gain: 1 }, args);
  const [fanIn, fanOut] = _calculate_fan_in_and_fan_out(tensor);
  return normal_(tensor, 0, gain * Math.sqrt(2.0 / (fanIn + fanOut)));
}

/** Arguments of He's initialisations. */
export interface KaimingOptions {
  /** The slope of the leaky relu that follows. */
  a: number;
  /** Which number of connections to preserve the variance by. */
  mode: string;
  /** What follows. */
  nonlinearity: string;
}

function kaimingStd(tensor: Tensor, args: readonly unknown[]): number {
  const { a, mode, nonlinearity } = options<KaimingOptions>(["a", "mode", "nonlinearity"], { a: 0, mode: "fan_in", nonlinearity: "leaky_relu" }, args);
  const chosen = mode.toLowerCase();
  if (chosen !== "fan_in" && chosen !== "fan_out") throw new ValueError(`Mode ${mode} not supported, please use one of ['fan_in', 'fan_out']`);
  const [fanIn, fanOut] = _calculate_fan_in_and_fan_out(tensor);
  return calculate_gain(nonlinearity, a) / Math.sqrt(chosen === "fan_in" ? fanIn : fanOut);
}

/** He's uniform numbers: from [-b, b), b = gain sqrt(3 / fan). */
export function kaiming_uniform_(tensor: Tensor, ...args: Args<KaimingOptions>): Tensor {
  const bound = Math.sqrt(3.0) * kaimingStd(tensor, args);
  return uniform_(tensor, -bound, bound);
}

/** He's normal numbers: with the standard deviation gain / sqrt(fan). */
export function kaiming_normal_(tensor: Tensor, ...args: Args<KaimingOptions>): Tensor {
  return normal_(tensor, 0, kaimingStd(tensor, args));
}
