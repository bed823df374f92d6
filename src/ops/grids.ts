/**
 * Several tensors brought together: broadcast to one shape, spread over a grid, combined, set along a diagonal.
 */
import { bool, promote_types } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { broadcastSizes, type Sizes } from "../layout.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { makeSize, type SizeArray } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, Primitive } from "./define.ts";
import { copyElements } from "./elementwise.ts";
import { stack } from "./cat.ts";
import { expand, flatten, view } from "./reshape.ts";

/** Tensors one by one, or in an array. */
export type Tensors = readonly Tensor[] | readonly (readonly Tensor[])[];

const listed = (tensors: readonly unknown[]): readonly unknown[] => tensors.length === 1 && Array.isArray(tensors[0]) ? tensors[0] : tensors;

// -- broadcasting ----------------------------------------------------------------------------------------------------

const broadcast = define<(tensors: readonly unknown[]) => Tensor[], { tensors: Tensor[] }>("broadcast_tensors", "(tuple of Tensors tensors)", ({ tensors }) => {
  const sizes = tensors.reduce((common: Sizes, t) => broadcastSizes(common, t.sizes), []);
  return tensors.map((t) => expand(t, sizes));
});

/** The tensors expanded to the shape that they broadcast to: views. */
export function broadcast_tensors(...tensors: Tensors): Tensor[] {
  return broadcast(listed(tensors));
}

/** The shape that shapes broadcast to; a number stands for a shape of one dimension. */
export function broadcast_shapes(...shapes: (number | Sizes)[]): SizeArray {
  const common = shapes.reduce((sizes: Sizes, shape) => {
    const own = typeof shape === "number" ? [shape] : shape;
    if (!Array.isArray(own)) {
      throw new RuntimeError(`('Input shapes should be of type ints, a tuple of ints, or a list of ints, got ', ${pythonType(own)})`);
    }
    const negative = own.find((n) => n < 0);
    if (negative !== undefined) throw new RuntimeError(`Trying to create tensor with negative dimension (${negative}): (${negative})`);
    try {
      return broadcastSizes(sizes, own);
    } catch {
      throw new RuntimeError("Shape mismatch: objects cannot be broadcast to a single shape");
    }
  }, []);
  return makeSize(common);
}

// -- grids -----------------------------------------------------------------------------------------------------------

function grid(tensors: readonly Tensor[], indexing: string | null): Tensor[] {
  if (tensors.length === 0) throw new RuntimeError("meshgrid expects a non-empty TensorList");
  for (const t of tensors) {
    if (t.sizes.length > 1) throw new RuntimeError(`torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ${t}`);
    if (t.dtype !== tensors[0].dtype) throw new RuntimeError("meshgrid expects all tensors to have the same dtype");
  }
  if (indexing === null) {
    warnOnce(
      "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument. (Triggered internally at ./aten/src/ATen/native/TensorShape.cpp:3637.)",
    );
  } else if (indexing !== "ij" && indexing !== "xy") {
    throw new RuntimeError(`torch.meshgrid: indexing must be one of "xy" or "ij", but received: ${indexing}`);
  }
  // with "xy" the first tensor runs along the second dimension
  const axis = (i: number) => indexing === "xy" && tensors.length > 1 && i < 2 ? 1 - i : i;
  const sizes = tensors.map((_, d) => tensors[axis(d)].count);
  return tensors.map((t, i) => expand(view(t, sizes.map((_, d) => d === axis(i) ? -1 : 1)), sizes));
}

const mesh = define<(tensors: readonly unknown[], named: object) => Tensor[], { tensors: Tensor[]; indexing: string | null }>(
  "meshgrid",
  "(tuple of Tensors tensors, *, str indexing = None)",
  ({ tensors, indexing }) => grid(tensors, indexing),
);

/** How the first two dimensions of a grid belong to the tensors: in their order, or exchanged as in pictures. */
export type Indexing = { indexing?: "ij" | "xy" };

/** For each vector, its elements over the grid that all of them span: views. */
export function meshgrid(...tensors: readonly (Tensor | readonly Tensor[] | Indexing)[]): Tensor[] {
  const last = tensors[tensors.length - 1];
  const named = isPlainObject(last) ? last : {};
  return mesh(listed(named === last ? tensors.slice(0, -1) : tensors), named);
}

const product = define<(tensors: readonly unknown[]) => Tensor, { tensors: Tensor[] }>("cartesian_prod", "(tuple of Tensors tensors)", ({ tensors }) => {
  for (const t of tensors) if (t.sizes.length !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape [${t.sizes.join(", ")}]`);
  if (tensors.length === 1) return tensors[0];
  return stack(grid(tensors, "ij").map((t) => flatten(t)), 1);
});

/** All combinations of one element of each vector, a row for each; of one vector the vector. */
export function cartesian_prod(...tensors: Tensors): Tensor {
  return product(listed(tensors));
}

/** Named arguments of `combinations`. */
export interface CombinationsOptions {
  /** The elements: a vector. */
  input?: Tensor;
  /** How many elements are taken. */
  r?: number;
  /** Whether an element may be taken again. */
  with_replacement?: boolean;
}

const combine = define<(...args: unknown[]) => Tensor, { self: Tensor; r: number; with_replacement: boolean }>(
  "combinations",
  "(Tensor input, int r = 2, bool with_replacement = False)",
  ({ self, r, with_replacement }) => {
    if (self.sizes.length !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape [${self.sizes.join(", ")}]`);
    if (r < 0) throw new RuntimeError(`Expect a non-negative number, but got ${r}`);
    if (r === 0) return self.new_empty([0]);
    const n = self.sizes[0];
    // true where the numbers of the elements ascend
    const mask = Tensor.make(new Array<number>(r).fill(n), bool);
    const data = mask.store.data, digits = new Array<number>(r).fill(0);
    for (let i = 0; i < mask.count; i++) {
      data[i] = digits.every((digit, d) => d === 0 || (with_replacement ? digits[d - 1] <= digit : digits[d - 1] < digit)) ? 1 : 0;
      for (let d = r - 1; d >= 0 && ++digits[d] === n; d--) digits[d] = 0;
    }
    return stack(grid(new Array<Tensor>(r).fill(self), "ij").map((t) => t.masked_select(mask)), 1);
  },
);

/** All ways to take `r` elements of a vector in their order, a row for each. */
export function combinations(input: Tensor | CombinationsOptions, r?: number | CombinationsOptions, with_replacement?: boolean | CombinationsOptions): Tensor {
  return combine(input, r, with_replacement);
}

// -- blocks ----------------------------------------------------------------------------------------------------------

const rowsOf = (sizes: Sizes) => sizes.length === 2 ? sizes[0] : 1;
const columnsOf = (sizes: Sizes) => sizes.length === 0 ? 1 : sizes[sizes.length - 1];

const blocks = new Primitive<{ tensors: Tensor[] }>({
  name: "BlockDiagBackward0",
  forward: ({ tensors }) => {
    tensors.forEach((t, i) => {
      if (t.sizes.length > 2) {
        throw new RuntimeError(`torch.block_diag: Input tensors must have 2 or fewer dimensions. Input ${i} has ${t.sizes.length} dimensions`);
      }
    });
    if (tensors.length === 0) return Tensor.make([1, 0]);
    const total = (f: (sizes: Sizes) => number) => tensors.reduce((sum, t) => sum + f(t.sizes), 0);
    const out = Tensor.make([total(rowsOf), total(columnsOf)], tensors.map((t) => t.dtype).reduce(promote_types));
    let row = 0, column = 0;
    for (const t of tensors) {
      const rows = rowsOf(t.sizes), columns = columnsOf(t.sizes);
      const block = out.alias([rows, columns], out.strides, row * out.strides[0] + column * out.strides[1]);
      copyElements(block, t);
      row += rows;
      column += columns;
    }
    return out;
  },
  backward: {
    tensors: ({ grad, tensors_sizes }) => {
      let row = 0, column = 0;
      return tensors_sizes.map((sizes) => {
        const rows = rowsOf(sizes), columns = columnsOf(sizes);
        const block = grad.narrow(0, row, rows).narrow(1, column, columns);
        row += rows;
        column += columns;
        return block.reshape(sizes);
      });
    },
  },
});

const blockDiag = define<(tensors: readonly unknown[]) => Tensor, { tensors: Tensor[] }>(
  "block_diag",
  "(tuple of Tensors tensors)",
  (inputs) => blocks.apply(inputs),
);

/** A matrix with the given ones along its diagonal and zeros elsewhere; vectors count as rows. */
export function block_diag(...tensors: Tensor[]): Tensor {
  return blockDiag(tensors);
}
