/**
 * Several tensors into one.
 */
import { RuntimeError } from "../errors.ts";
import { sameSizes, wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn } from "./define.ts";
import { copyElements } from "./elementwise.ts";
import { resultType } from "./promotion.ts";
import { select, sliceDim } from "./view.ts";

/** Named arguments of joining. */
export interface JoinOptions {
  /** The tensors. */
  tensors: readonly Tensor[];
  /** The dimension along which they stand one after the other. */
  dim?: number;
  /** Takes the result. */
  out?: Tensor;
}

/** A function that joins tensors. */
export type Join = Fn<JoinOptions, [tensors: readonly Tensor[], dim?: number]>;

/** PyTorch lets 1-d tensors without elements stand for any shape in `cat`. */
const counts = (t: Tensor) => !(t.sizes.length === 1 && t.sizes[0] === 0);

/** The tensors one after the other along `dim`; their other sizes must agree. The dtype is the promoted one. */
export const cat: Join = define<Join, { tensors: Tensor[]; dim: number }>(
  "cat",
  ["(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)", "(tuple of Tensors tensors, name dim, *, Tensor out = None)"],
  {
    forward: ({ tensors, dim }) => {
      if (tensors.length === 0) throw new RuntimeError("torch.cat(): expected a non-empty list of Tensors");
      tensors.forEach((t, i) => {
        if (t.sizes.length === 0) throw new RuntimeError(`zero-dimensional tensor (at position ${i}) cannot be concatenated`);
      });
      const parts = tensors.filter(counts);
      const first = parts[0] ?? tensors[0];
      const at = wrapDim(dim, first.sizes.length);
      const sizes = [...first.sizes];
      sizes[at] = 0;
      for (const t of parts) {
        if (t.sizes.length !== first.sizes.length) throw new RuntimeError(`Tensors must have same number of dimensions: got ${first.sizes.length} and ${t.sizes.length}`);
        t.sizes.forEach((n, d) => {
          if (d !== at && n !== first.sizes[d]) {
            throw new RuntimeError(
              `Sizes of tensors must match except in dimension ${at}. Expected size ${first.sizes[d]} but got size ${n} for tensor number ${tensors.indexOf(t)} in the list.`,
            );
          }
        });
        sizes[at] += t.sizes[at];
      }
      const out = Tensor.make(sizes, tensors.length > 1 ? resultType(tensors) : first.dtype);
      let start = 0;
      for (const t of parts) {
        const part = [...t.sizes];
        copyElements(out.alias(part, out.strides, out.offset + start * out.strides[at]), t);
        start += t.sizes[at];
      }
      return out;
    },
    backward: {
      tensors: ({ grad, tensors_sizes, dim }) => {
        let start = 0;
        const at = wrapDim(dim, grad.sizes.length);
        return tensors_sizes.map((sizes) => {
          if (sizes.length === 1 && sizes[0] === 0) return grad.new_zeros([0]);
          const part = sliceDim(grad, at, start, start + sizes[at], 1);
          start += sizes[at];
          return part;
        });
      },
    },
  },
);

/** The tensors, all of one shape, along a new dimension `dim`. */
export const stack: Join = define<Join, { tensors: Tensor[]; dim: number }>("stack", "(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)", {
  forward: ({ tensors, dim }) => {
    if (tensors.length === 0) throw new RuntimeError("stack expects a non-empty TensorList");
    const [first] = tensors;
    const at = wrapDim(dim, first.sizes.length + 1);
    tensors.forEach((t, i) => {
      if (!sameSizes(t.sizes, first.sizes)) {
        throw new RuntimeError(`stack expects each tensor to be equal size, but got [${first.sizes.join(", ")}] at entry 0 and [${t.sizes.join(", ")}] at entry ${i}`);
      }
    });
    const out = Tensor.make([...first.sizes.slice(0, at), tensors.length, ...first.sizes.slice(at)], resultType(tensors));
    const strides = out.strides.filter((_, d) => d !== at);
    tensors.forEach((t, i) => copyElements(out.alias(first.sizes, strides, i * out.strides[at]), t));
    return out;
  },
  backward: {
    tensors: ({ grad, tensors_sizes, dim }) => tensors_sizes.map((_, i) => select(grad, dim, i)),
  },
});
