/**
 * Several tensors into one.
 */
import { can_cast } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { sameSizes, wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { copyElements, overlapsOperand } from "./elementwise.ts";
import { resultType } from "./promotion.ts";
import { atleast_1d, atleast_2d, atleast_3d, reshape } from "./reshape.ts";
import { select, sliceDim } from "./slices.ts";

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

type CatInputs = { tensors: Tensor[]; dim: number };

const catPrimitive = new Primitive<CatInputs>({
  name: "CatBackward0",
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
      if (t.sizes.length !== first.sizes.length) {
        throw new RuntimeError(`Tensors must have same number of dimensions: got ${first.sizes.length} and ${t.sizes.length}`);
      }
      t.sizes.forEach((n, d) => {
        if (d !== at && n !== first.sizes[d]) {
          throw new RuntimeError(
            `Sizes of tensors must match except in dimension ${at}. Expected size ${first.sizes[d]} but got size ${n} for tensor number ${
              tensors.indexOf(t)
            } in the list.`,
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
});

const CAT = ["(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)", "(tuple of Tensors tensors, name dim, *, Tensor out = None)"];

const joining = (name: string): Join =>
  define<Join, CatInputs & { out: Tensor | null }>(name, CAT, ({ tensors, dim, out }) => {
    if (out !== null && tensors.length > 0 && !can_cast(resultType(tensors), out.dtype)) {
      throw new RuntimeError(`torch.cat(): input types can't be cast to the desired output type ${out.dtype.scalar}`);
    }
    const result = catPrimitive.apply({ tensors, dim }) as Tensor;
    // the check of memory finds nothing where the tensor has no elements yet
    if (out !== null && out.count === 0 && result.count > 0 && tensors.some((t) => t.store === out.store)) throw overlapsOperand();
    return result;
  });

/** The tensors one after the other along `dim`; their other sizes must agree. The dtype is the promoted one. */
export const cat: Join = joining("cat");
/** Another name of `cat`. */
export const concat: Join = joining("concat");
/** Another name of `cat`. */
export const concatenate: Join = joining("concatenate");

/** The tensors, all of one shape, along a new dimension `dim`. */
export const stack: Join = define<Join, { tensors: Tensor[]; dim: number }>("stack", "(tuple of Tensors tensors, int dim = 0, *, Tensor out = None)", {
  forward: ({ tensors, dim }) => {
    if (tensors.length === 0) throw new RuntimeError("stack expects a non-empty TensorList");
    const [first] = tensors;
    const at = wrapDim(dim, first.sizes.length + 1);
    tensors.forEach((t, i) => {
      if (!sameSizes(t.sizes, first.sizes)) {
        throw new RuntimeError(
          `stack expects each tensor to be equal size, but got [${first.sizes.join(", ")}] at entry 0 and [${t.sizes.join(", ")}] at entry ${i}`,
        );
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

// -- along a dimension of their own ----------------------------------------------------------------------------------

/** A function that stacks tensors along a fixed dimension. */
export type AxisStack = Fn<{ tensors: readonly Tensor[]; out?: Tensor }, [tensors: readonly Tensor[]]>;

const axisStack = (name: string, join: (tensors: Tensor[]) => Tensor): AxisStack =>
  define<AxisStack, { tensors: Tensor[] }>(name, "(tuple of Tensors tensors, *, Tensor out = None)", ({ tensors }) => {
    if (tensors.length === 0) throw new RuntimeError(`${name} expects a non-empty TensorList`);
    return join(tensors);
  });

function sideBySide(tensors: Tensor[]): Tensor {
  const raised = tensors.map((t) => atleast_1d(t));
  return cat(raised, raised[0].sizes.length === 1 ? 0 : 1);
}

const oneUponAnother = (tensors: Tensor[]) => cat(tensors.map((t) => atleast_2d(t)), 0);

/** The tensors side by side: along the second dimension, vectors along their only one. */
export const hstack: AxisStack = axisStack("hstack", sideBySide);
/** The tensors one upon another: along the first dimension, vectors as rows. */
export const vstack: AxisStack = axisStack("vstack", oneUponAnother);
/** Another name of `vstack`. */
export const row_stack: AxisStack = axisStack("row_stack", oneUponAnother);
/** The tensors one behind another: along the third dimension. */
export const dstack: AxisStack = axisStack("dstack", (tensors) => cat(tensors.map((t) => atleast_3d(t)), 2));
/** The tensors side by side, vectors as columns. */
export const column_stack: AxisStack = axisStack(
  "column_stack",
  (tensors) => sideBySide(tensors.map((t) => t.sizes.length <= 1 ? reshape(t, t.count, 1) : t)),
);
