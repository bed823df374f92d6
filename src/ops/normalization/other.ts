/**
 * Normalization by norms, and by what neighbouring channels show.
 */
import { AttributeError, ValueError } from "../../errors.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import type { Fn } from "../define.ts";
import { pad } from "../pad.ts";
import { avg_pool2d, avg_pool3d } from "../pooling/average.ts";
import { pythonFunction } from "../python_function.ts";

/** Named arguments of `normalize`. */
export interface NormalizeOptions {
  /** Any tensor. */
  input: Tensor;
  /** The norm. */
  p?: number;
  /** The dimension, or dimensions, along which vectors stand. */
  dim?: number | readonly number[];
  /** The least norm to divide by. */
  eps?: number;
  /** Takes the result. */
  out?: Tensor | null;
}

/** `normalize`. */
export type Normalize = Fn<NormalizeOptions, [input: Tensor, p?: number, dim?: number | readonly number[], eps?: number, out?: Tensor | null]>;

/** Vectors divided by their norms. */
export const normalize: Normalize = pythonFunction<Normalize, Required<NormalizeOptions>>(
  "normalize",
  ["input"],
  { p: 2, dim: 1, eps: 1e-12, out: null },
  ({ input, p, dim, eps, out }) => {
    if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'norm'`);
    const norm = input.norm(p, dim, true).clamp_min(eps).expand_as(input);
    return out === null ? input.div(norm) : input.div(norm, { out });
  },
);

/** Named arguments of `local_response_norm`. */
export interface ResponseNormOptions {
  /** [batch, channels, ...places]. */
  input: Tensor;
  /** How many neighbouring channels count. */
  size: number;
  /** Weighs their mean square. */
  alpha?: number;
  /** The power. */
  beta?: number;
  /** What is added. */
  k?: number;
}

/** `local_response_norm`. */
export type ResponseNorm = Fn<ResponseNormOptions, [input: Tensor, size: number, alpha?: number, beta?: number, k?: number]>;

/** input / (k + alpha * mean of the squares of neighbouring channels)^beta. */
export const local_response_norm: ResponseNorm = pythonFunction<ResponseNorm, Required<ResponseNormOptions>>(
  "local_response_norm",
  ["input", "size"],
  { alpha: 1e-4, beta: 0.75, k: 1 },
  ({ input, size, alpha, beta, k }) => {
    if (!(input instanceof Tensor)) throw new AttributeError(`'${pythonType(input)}' object has no attribute 'dim'`);
    const { sizes } = input;
    if (sizes.length < 3) throw new ValueError(`Expected 3D or higher dimensionality                          input (got ${sizes.length} dimensions)`);
    if (typeof size !== "number") throw new TypeError(`unsupported operand type(s) for //: '${pythonType(size)}' and 'int'`);
    if (input.count === 0) return input;
    const around: [number, number] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
    const squares = input.mul(input);
    let mean: Tensor;
    if (sizes.length === 3) mean = avg_pool2d(pad(squares.unsqueeze(1), [0, 0, ...around]), [size, 1], 1).squeeze(1);
    else {
      const volume = squares.view([sizes[0], 1, sizes[1], sizes[2], -1]);
      mean = avg_pool3d(pad(volume, [0, 0, 0, 0, ...around]), [size, 1, 1], 1).squeeze(1).view(sizes);
    }
    return input.div(mean.mul(alpha).add(k).pow(beta));
  },
);
