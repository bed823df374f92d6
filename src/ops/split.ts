/**
 * One tensor into several: views of its parts.
 */
import { Tensor } from "../tensor.ts";
import { IndexError } from "../errors.ts";
import { wrapDim } from "../layout.ts";
import { define, type Op } from "./define.ts";
import { stack } from "./join.ts";

/** The slices along `dim`, without that dimension: views. */
export const unbind: Op<{ dim: number }, [dim?: number], Tensor[]> = define<Op<{ dim: number }, [dim?: number], Tensor[]>, { self: Tensor; dim: number }>(
  "unbind",
  ["(Tensor input, int dim = 0)", "(Tensor input, name dim)"],
  {
    view: "multiple",
    forward: ({ self, dim }) => {
      if (self.sizes.length === 0) throw new IndexError("Dimension specified as 0 but tensor has no dimensions");
      const at = wrapDim(dim, self.sizes.length);
      const sizes = self.sizes.filter((_, d) => d !== at), strides = self.strides.filter((_, d) => d !== at);
      return Array.from({ length: self.sizes[at] }, (_, i) => self.alias(sizes, strides, self.offset + i * self.strides[at]));
    },
    backward: {
      self: ({ grads, results, dim }) => stack(grads.map((g, i) => g ?? results[i].detach().zeros_like()), dim),
    },
  },
);
