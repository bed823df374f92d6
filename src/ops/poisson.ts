/**
 * `torch.poisson`.
 */
import { noKernel, RuntimeError } from "../errors.ts";
import { poissonSample } from "../kernels/poisson.ts";
import type { Generator } from "../random.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { default_generator } from "./seed.ts";

const primitive = new Primitive<{ self: Tensor; generator: Generator | null }>({
  name: "PoissonBackward0",
  forward: ({ self, generator }) => {
    if (!self.dtype.is_floating_point) throw noKernel("poisson_cpu", self.dtype);
    const source = generator ?? default_generator;
    const uniform = () => ((source.random() & 0x1fffff) * 2 ** 32 + (source.random() >>> 0)) * 2 ** -53;
    const rates = asContiguous(self), out = Tensor.make([...self.sizes], self.dtype);
    for (let i = 0; i < self.count; i++) {
      const rate = Number(rates.store.data[rates.offset + i]);
      if (!(rate >= 0)) throw new RuntimeError("invalid Poisson rate, expected rate to be non-negative");
      out.store.data[i] = poissonSample(rate, uniform);
    }
    return out;
  },
  backward: { self: ({ self_sizes, grad }) => grad.new_zeros(self_sizes) },
});

/** Named arguments of `poisson`. */
export interface PoissonOptions {
  /** The rates. */
  input: Tensor;
  /** Where the random bits come from; the default generator unless given. */
  generator?: Generator | null;
}

/** `poisson`. */
export type Poisson = Fn<PoissonOptions, [input: Tensor, generator?: Generator | null]>;

/** Numbers of the Poisson distributions with the rates of `input`. They do not depend smoothly on these: the derivative is 0. */
export const poisson: Poisson = define<Poisson, { self: Tensor; generator: Generator | null }>(
  "poisson",
  "(Tensor input, Generator generator = None)",
  (inputs) => primitive.apply(inputs),
);
