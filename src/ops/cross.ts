/**
 * The cross product.
 */
import { RuntimeError } from "../errors.ts";
import { wrapDim } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, type Fn, type Op, Primitive } from "./define.ts";
import { stack } from "./join.ts";
import { refuseBool, unexpectedType } from "./products.ts";

const crossPrimitive = new Primitive<{ self: Tensor; other: Tensor; dim: number }>({
  name: "LinalgCrossBackward0",
  forward: ({ self, other, dim }) => {
    if (self.sizes.length !== other.sizes.length) throw new RuntimeError("linalg.cross: inputs must have the same number of dimensions.");
    const d = wrapDim(dim, self.sizes.length, false);
    if (self.sizes[d] !== 3 || other.sizes[d] !== 3) {
      throw new RuntimeError(`linalg.cross: inputs dimension ${dim} must have length 3. Got ${self.sizes[d]} and ${other.sizes[d]}`);
    }
    if (self.dtype !== other.dtype) throw unexpectedType(self.dtype, other.dtype);
    refuseBool("cross", self.dtype);
    const part = (i: number) => {
      const j = (i + 1) % 3, k = (i + 2) % 3;
      return self.select(d, j).mul(other.select(d, k)).sub(self.select(d, k).mul(other.select(d, j)));
    };
    return stack([part(0), part(1), part(2)], d);
  },
  backward: {
    self: ({ grad, other, dim }) => crossProduct(other, grad, dim),
    other: ({ grad, self, dim }) => crossProduct(grad, self, dim),
  },
});

function crossProduct(self: Tensor, other: Tensor, dim: number): Tensor {
  return crossPrimitive.apply({ self, other, dim }) as Tensor;
}

/** Named arguments of `linalg.cross`. */
export interface LinalgCrossOptions {
  /** The left factor. */
  input: Tensor;
  /** The right factor. */
  other: Tensor;
  /** The dimension of size 3: the last one by default. */
  dim?: number;
  /** Takes the result. */
  out?: Tensor;
}

/** A cross product. */
export type LinalgCross = Fn<LinalgCrossOptions, [input: Tensor, other: Tensor]>;

/** The cross product of vectors in space, which stand along `dim`. d/dself = other x grad; d/dother = grad x self. */
export const linalg_cross: LinalgCross = define<
  LinalgCross,
  { self: Tensor; other: Tensor; dim: number }
>(
  "linalg_cross",
  "(Tensor input, Tensor other, *, int dim = -1, Tensor out = None)",
  ({ self, other, dim }) => crossProduct(self, other, dim),
);

/** Named arguments of `cross`. */
export interface CrossOptions {
  /** The right factor. */
  other: Tensor;
  /** The dimension of size 3; the first of that size where it is left out. */
  dim?: number | null;
  /** Takes the result. */
  out?: Tensor;
}

/** The cross product of vectors in space, which stand along `dim`. */
export const cross: Op<CrossOptions, [other: Tensor, dim?: number | null]> = define<
  Op<CrossOptions, [other: Tensor, dim?: number | null]>,
  { self: Tensor; other: Tensor; dim: number | null }
>("cross", "(Tensor input, Tensor other, int dim = None, *, Tensor out = None)", ({ self, other, dim }) => {
  if (dim !== null) return crossProduct(self, other, dim);
  warnOnce(
    "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or simply use torch.linalg.cross.\n" +
      "The default value of dim will change to agree with that of linalg.cross in a future release.",
  );
  const first = self.sizes.indexOf(3);
  if (first < 0) throw new RuntimeError("no dimension of size 3 in input");
  return crossProduct(self, other, first);
});
