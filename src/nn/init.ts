/**
 * `torch.nn.init`: the ways to fill parameters before training. All of them work in place, unrecorded, and return the tensor.
 *
 * @module
 */
import { no_grad } from "../autograd/mode.ts";
import { float64 } from "../dtype.ts";
import { ValueError } from "../errors.ts";
import { tensor as tensorOf } from "../ops/create.ts";
import { linalg_qr } from "../ops/decompose_qr.ts";
import { pythonFunction } from "../ops/python_function.ts";
import { randperm } from "../ops/random.ts";
import type { TorchGenerator } from "../ops/seed.ts";
import type { Tensor } from "../tensor.ts";
import { warn } from "../warnings.ts";

/** The number of inputs and outputs that one output and one input of a weight are connected with. */
export function _calculate_fan_in_and_fan_out(tensor: Tensor): [number, number] {
  const { sizes } = tensor;
  if (sizes.length < 2) throw new ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  const field = sizes.slice(2).reduce((a, b) => a * b, 1);
  return [sizes[1] * field, sizes[0] * field];
}

const GAINS: Record<string, number> = {
  linear: 1,
  conv1d: 1,
  conv2d: 1,
  conv3d: 1,
  conv_transpose1d: 1,
  conv_transpose2d: 1,
  conv_transpose3d: 1,
  sigmoid: 1,
  tanh: 5 / 3,
  relu: Math.sqrt(2),
  selu: 3 / 4,
};

/** The factor that makes up for what a nonlinearity takes from the standard deviation. `param` is the slope of a leaky relu. */
export function calculate_gain(nonlinearity: string, param: number | null = null): number {
  if (nonlinearity === "leaky_relu") {
    if (param !== null && typeof param !== "number") throw new ValueError(`negative_slope ${String(param)} not a valid number`);
    return Math.sqrt(2 / (1 + (param ?? 0.01) ** 2));
  }
  if (!(nonlinearity in GAINS)) throw new ValueError(`Unsupported nonlinearity ${nonlinearity}`);
  return GAINS[nonlinearity];
}

/** Named arguments of everything that draws. */
export interface DrawOptions {
  /** The tensor to be filled. */
  tensor: Tensor;
  /** What to draw from; the default generator unless given. */
  generator: TorchGenerator | null;
}

/** A way to fill a tensor: takes it, and more by position or by name. */
export type Initializer<P extends object> = (tensor: Tensor | Partial<P>, ...args: (P[keyof P] | Partial<P>)[]) => Tensor;

/** Declares a way to fill a tensor, by Python's rules for arguments. */
function initializer<P extends { tensor: Tensor }>(
  name: string,
  optional: Partial<P>,
  fill: (inputs: P) => void,
  required: readonly (keyof P & string)[] = [],
): Initializer<P> {
  return pythonFunction<Initializer<P>, P>(name, ["tensor", ...required], optional, (inputs) => {
    no_grad(() => fill(inputs));
    return inputs.tensor;
  });
}

/** Arguments of `uniform_`. */
export interface UniformOptions extends DrawOptions {
  /** The smallest number. */
  a: number;
  /** The end. */
  b: number;
}

/** Uniform numbers from [a, b). */
export const uniform_: Initializer<UniformOptions> = initializer<UniformOptions>(
  "uniform_",
  { a: 0, b: 1, generator: null },
  ({ tensor, a, b, generator }) => void tensor.uniform_(a, b, { generator }),
);

/** Arguments of `normal_`. */
export interface NormalOptions extends DrawOptions {
  /** The mean. */
  mean: number;
  /** The standard deviation. */
  std: number;
}

/** Normal numbers. */
export const normal_: Initializer<NormalOptions> = initializer<NormalOptions>(
  "normal_",
  { mean: 0, std: 1, generator: null },
  ({ tensor, mean, std, generator }) => void tensor.normal_(mean, std, { generator }),
);

/** Arguments of `trunc_normal_`. */
export interface TruncatedOptions extends NormalOptions {
  /** The smallest number. */
  a: number;
  /** The largest number. */
  b: number;
}

/** The probability that a standard normal number is below x. */
const below = (x: number): number => (1 + Number(tensorOf(x / Math.SQRT2, { dtype: float64 }).erf().item())) / 2;

/** Normal numbers of [a, b] alone: the inverse of their distribution at uniform numbers. */
export const trunc_normal_: Initializer<TruncatedOptions> = initializer<TruncatedOptions>(
  "trunc_normal_",
  { mean: 0, std: 1, a: -2, b: 2, generator: null },
  ({ tensor, mean, std, a, b, generator }) => {
    if (mean < a - 2 * std || mean > b + 2 * std) {
      warn("mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be incorrect.");
    }
    const low = below((a - mean) / std), high = below((b - mean) / std);
    tensor.uniform_(2 * low - 1, 2 * high - 1, { generator }).erfinv_().mul_(std * Math.SQRT2).add_(mean).clamp_(a, b);
  },
);

/** One value everywhere. */
export const constant_: Initializer<{ tensor: Tensor; val: number }> = initializer<{ tensor: Tensor; val: number }>(
  "constant_",
  {},
  ({ tensor, val }) => void tensor.fill_(val),
  ["val"],
);

/** Ones. */
export const ones_: Initializer<{ tensor: Tensor }> = initializer<{ tensor: Tensor }>("ones_", {}, ({ tensor }) => void tensor.fill_(1));

/** Zeros. */
export const zeros_: Initializer<{ tensor: Tensor }> = initializer<{ tensor: Tensor }>("zeros_", {}, ({ tensor }) => void tensor.zero_());

/** The identity matrix. */
export const eye_: Initializer<{ tensor: Tensor }> = initializer<{ tensor: Tensor }>("eye_", {}, ({ tensor }) => {
  if (tensor.sizes.length !== 2) throw new ValueError("Only tensors with 2 dimensions are supported");
  tensor.zero_();
  tensor.diagonal().fill_(1);
});

/** A convolution that hands as many channels through as it can, in each of `groups` groups. */
export const dirac_: Initializer<{ tensor: Tensor; groups: number }> = initializer<{ tensor: Tensor; groups: number }>(
  "dirac_",
  { groups: 1 },
  ({ tensor, groups }) => {
    const { sizes } = tensor;
    if (sizes.length < 3 || sizes.length > 5) throw new ValueError("Only tensors with 3, 4, or 5 dimensions are supported");
    if (sizes[0] % groups !== 0) throw new ValueError("dim 0 must be divisible by groups");
    const each = sizes[0] / groups;
    tensor.zero_();
    for (let g = 0; g < groups; g++) {
      for (let d = 0; d < Math.min(each, sizes[1]); d++) {
        let place = tensor.select(0, g * each + d).select(0, d);
        for (const n of sizes.slice(2)) place = place.select(0, Math.floor(n / 2));
        place.fill_(1);
      }
    }
  },
);

/** Arguments of Glorot's initialisations. */
export interface GainOptions extends DrawOptions {
  /** A factor: see `calculate_gain`. */
  gain: number;
}

function glorotStd(tensor: Tensor, gain: number): number {
  const [fanIn, fanOut] = _calculate_fan_in_and_fan_out(tensor);
  return gain * Math.sqrt(2.0 / (fanIn + fanOut));
}

/** Glorot's uniform numbers: from [-b, b), b = gain sqrt(6 / (fan_in + fan_out)). */
export const xavier_uniform_: Initializer<GainOptions> = initializer<GainOptions>(
  "xavier_uniform_",
  { gain: 1, generator: null },
  ({ tensor, gain, generator }) => {
    const bound = Math.sqrt(3.0) * glorotStd(tensor, gain);
    tensor.uniform_(-bound, bound, { generator });
  },
);

/** Glorot's normal numbers: with the standard deviation gain sqrt(2 / (fan_in + fan_out)). */
export const xavier_normal_: Initializer<GainOptions> = initializer<GainOptions>(
  "xavier_normal_",
  { gain: 1, generator: null },
  ({ tensor, gain, generator }) => void tensor.normal_(0, glorotStd(tensor, gain), { generator }),
);

/** Arguments of He's initialisations. */
export interface KaimingOptions extends DrawOptions {
  /** The slope of the leaky relu that follows. */
  a: number;
  /** Which number of connections to preserve the variance by: `"fan_in"` or `"fan_out"`. */
  mode: string;
  /** What follows. */
  nonlinearity: string;
}

const KAIMING = { a: 0, mode: "fan_in", nonlinearity: "leaky_relu", generator: null };

/** The standard deviation; null where there is nothing to fill. */
function kaimingStd({ tensor, a, mode, nonlinearity }: KaimingOptions): number | null {
  if (tensor.sizes.includes(0)) {
    warn("Initializing zero-element tensors is a no-op");
    return null;
  }
  const chosen = mode.toLowerCase();
  if (chosen !== "fan_in" && chosen !== "fan_out") throw new ValueError(`Mode ${chosen} not supported, please use one of ['fan_in', 'fan_out']`);
  const [fanIn, fanOut] = _calculate_fan_in_and_fan_out(tensor);
  return calculate_gain(nonlinearity, a) / Math.sqrt(chosen === "fan_in" ? fanIn : fanOut);
}

/** He's uniform numbers: from [-b, b), b = gain sqrt(3 / fan). */
export const kaiming_uniform_: Initializer<KaimingOptions> = initializer<KaimingOptions>("kaiming_uniform_", KAIMING, (inputs) => {
  const std = kaimingStd(inputs);
  if (std === null) return;
  const bound = Math.sqrt(3.0) * std;
  inputs.tensor.uniform_(-bound, bound, { generator: inputs.generator });
});

/** He's normal numbers: with the standard deviation gain / sqrt(fan). */
export const kaiming_normal_: Initializer<KaimingOptions> = initializer<KaimingOptions>("kaiming_normal_", KAIMING, (inputs) => {
  const std = kaimingStd(inputs);
  if (std !== null) inputs.tensor.normal_(0, std, { generator: inputs.generator });
});

/** A matrix with orthonormal rows or columns, times the gain: the orthogonal factor of normal numbers (Saxe et al., 2013). */
export const orthogonal_: Initializer<GainOptions> = initializer<GainOptions>("orthogonal_", { gain: 1, generator: null }, ({ tensor, gain, generator }) => {
  if (tensor.sizes.length < 2) throw new ValueError("Only tensors with 2 or more dimensions are supported");
  if (tensor.count === 0) return;
  const rows = tensor.sizes[0], columns = tensor.count / rows;
  const drawn = tensor.new_empty([rows, columns]).normal_(0, 1, { generator });
  const [q, r] = linalg_qr(rows < columns ? drawn.t() : drawn);
  // the factor is unique once the diagonal of the other one is positive
  const unique = q.mul(r.diag().sign());
  tensor.view_as(rows < columns ? unique.t() : unique).copy_(rows < columns ? unique.t() : unique);
  tensor.mul_(gain);
});

/** Arguments of `sparse_`. */
export interface SparseOptions extends DrawOptions {
  /** The share of zeros in each column. */
  sparsity: number;
  /** The standard deviation of the others. */
  std: number;
}

/** Normal numbers, with a share of zeros at random places of each column (Martens, 2010). */
export const sparse_: Initializer<SparseOptions> = initializer<SparseOptions>(
  "sparse_",
  { std: 0.01, generator: null },
  ({ tensor, sparsity, std, generator }) => {
    if (tensor.sizes.length !== 2) throw new ValueError("Only tensors with 2 dimensions are supported");
    const [rows, columns] = tensor.sizes;
    tensor.normal_(0, std, { generator });
    for (let c = 0; c < columns; c++) {
      const zeros = randperm(rows).narrow(0, 0, Math.ceil(sparsity * rows));
      tensor.select(1, c).index_fill_(0, zeros, 0);
    }
  },
  ["sparsity"],
);

/** The retired name of a way, which warns. */
function retired<P extends object>(f: Initializer<P>, name: string): Initializer<P> {
  return (...args) => {
    warn(`\`nn.init.${name}\` is now deprecated in favor of \`nn.init.${name}_\`.`, "FutureWarning");
    return f(...args);
  };
}

/** Retired name of `uniform_`. */
export const uniform: Initializer<UniformOptions> = retired(uniform_, "uniform");
/** Retired name of `normal_`. */
export const normal: Initializer<NormalOptions> = retired(normal_, "normal");
/** Retired name of `constant_`. */
export const constant: Initializer<{ tensor: Tensor; val: number }> = retired(constant_, "constant");
/** Retired name of `eye_`. */
export const eye: Initializer<{ tensor: Tensor }> = retired(eye_, "eye");
/** Retired name of `dirac_`. */
export const dirac: Initializer<{ tensor: Tensor; groups: number }> = retired(dirac_, "dirac");
/** Retired name of `xavier_uniform_`. */
export const xavier_uniform: Initializer<GainOptions> = retired(xavier_uniform_, "xavier_uniform");
/** Retired name of `xavier_normal_`. */
export const xavier_normal: Initializer<GainOptions> = retired(xavier_normal_, "xavier_normal");
/** Retired name of `kaiming_uniform_`. */
export const kaiming_uniform: Initializer<KaimingOptions> = retired(kaiming_uniform_, "kaiming_uniform");
/** Retired name of `kaiming_normal_`. */
export const kaiming_normal: Initializer<KaimingOptions> = retired(kaiming_normal_, "kaiming_normal");
/** Retired name of `orthogonal_`. */
export const orthogonal: Initializer<GainOptions> = retired(orthogonal_, "orthogonal");
/** Retired name of `sparse_`. */
export const sparse: Initializer<SparseOptions> = retired(sparse_, "sparse");
