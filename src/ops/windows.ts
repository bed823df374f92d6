/**
 * Windows under the names that they have in `torch` itself: `hann_window` and its kin, periodic unless asked otherwise.
 */
import { type DType, get_default_dtype } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { i0 } from "../kernels/special.ts";
import type { Tensor } from "../tensor.ts";
import { arange, empty, ones } from "./create.ts";
import { define, type Fn } from "./define.ts";
import { FACTORY, finish, type Options, type TensorOptions } from "./factory.ts";
import { elementwise } from "./elementwise.ts";
import { Kernel } from "../kernels/elementwise.ts";

/** Named arguments of windows. */
export interface PeriodicOptions extends TensorOptions {
  /** How many weights. */
  window_length: number;
  /** Whether the window is one period of a window that repeats, as it is unless asked otherwise; else it is symmetric. */
  periodic?: boolean;
}

/** A window. */
export type PeriodicWindow<P = Record<never, never>, A extends (number | undefined)[] = []> = Fn<
  PeriodicOptions & P,
  [window_length: number, periodic?: boolean, ...A]
>;

type Inputs<P> = Options & { window_length: number; periodic?: boolean } & P;

/** Declares a window; `own` are the parameters that its later signatures add, `values` is asked for lengths above 1. */
function windowOp<F extends (...args: never[]) => unknown, P extends object>(
  name: string,
  own: readonly string[],
  values: (n: number, dtype: DType, inputs: Inputs<P>) => Tensor,
): F {
  const lists = ["int window_length", "int window_length, bool periodic", ...own.map((list) => `int window_length, bool periodic, ${list}`)];
  return define<F, Inputs<P>>(name, lists.map((list) => `(${list}, *, ${FACTORY})`), (inputs) => {
    const { window_length: n, periodic = true } = inputs;
    const dtype = inputs.dtype ?? get_default_dtype();
    if (!dtype.is_floating_point) {
      throw new RuntimeError(
        `${name} expects floating point dtypes, got: TensorOptions(dtype=${dtype.ctype}, device=cpu, layout=Strided (default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))`,
      );
    }
    if (n < 0) throw new RuntimeError(`${name} requires non-negative window_length, got window_length=${n}`);
    if (n === 0) return finish(empty([0], { dtype }), inputs);
    if (n === 1) return finish(ones(1, { dtype }), inputs);
    const window = values(periodic ? n + 1 : n, dtype, inputs);
    return finish(periodic ? window.narrow(0, 0, n).clone() : window, inputs);
  });
}

const cosine = (n: number, dtype: DType, alpha: number, beta: number): Tensor => arange(n, { dtype }).mul(2 * Math.PI / (n - 1)).cos().mul(-beta).add(alpha);

/** The Bartlett window, a triangle: 1 - |2n / (N - 1) - 1|. */
export const bartlett_window: PeriodicWindow = windowOp<PeriodicWindow, object>("bartlett_window", [], (n, dtype) => {
  const rising = arange(n, { dtype }).mul(2 / (n - 1));
  const half = Math.floor((n - 1) / 2) + 1;
  rising.narrow(0, half, n - half).mul_(-1).add_(2);
  return rising;
});

/** The Blackman window: 0.42 - 0.5 cos(2πn / (N - 1)) + 0.08 cos(4πn / (N - 1)). */
export const blackman_window: PeriodicWindow = windowOp<PeriodicWindow, object>("blackman_window", [], (n, dtype) => {
  const angle = arange(n, { dtype }).mul(Math.PI / (n - 1));
  return angle.mul(4).cos().mul(0.08).sub(angle.mul(2).cos().mul(0.5)).add(0.42);
});

/** `hamming_window`. */
export type HammingWindow = PeriodicWindow<{ alpha: number; beta: number }, [alpha?: number, beta?: number]>;
/** alpha - beta cos(2πn / (N - 1)), 0.54 and 0.46 unless given. */
export const hamming_window: HammingWindow = windowOp<HammingWindow, { alpha?: number; beta?: number }>(
  "hamming_window",
  ["float alpha", "float alpha, float beta"],
  (n, dtype, { alpha = 0.54, beta = 0.46 }) => cosine(n, dtype, alpha, beta),
);

/** The Hann window: (1 - cos(2πn / (N - 1))) / 2. */
export const hann_window: PeriodicWindow = windowOp<PeriodicWindow, object>("hann_window", [], (n, dtype) => cosine(n, dtype, 0.5, 0.5));

const kaiserKernel = new Kernel((i: number, middle: number, beta: number) => {
  const x = i / middle - 1;
  return i0(beta * Math.sqrt(Math.max(0, 1 - x * x))) / i0(beta);
});

/** `kaiser_window`. */
export type KaiserWindow = PeriodicWindow<{ beta: number }, [beta?: number]>;
/** I0(beta sqrt(1 - (2n / (N - 1) - 1)²)) / I0(beta), where beta is 12 unless given. */
export const kaiser_window: KaiserWindow = windowOp<KaiserWindow, { beta?: number }>(
  "kaiser_window",
  ["float beta"],
  (n, dtype, { beta = 12 }) => elementwise(kaiserKernel, dtype, [arange(n, { dtype }), (n - 1) / 2, beta]),
);
