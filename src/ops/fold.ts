/**
 * The patches of images as columns, and back: `unfold` and `fold`. They are each other's transposes, and so each other's derivatives.
 */
import { bool } from "../dtype.ts";
import { IndexError, noKernel, RuntimeError } from "../errors.ts";
import { addColumns, toColumns, type Window } from "../kernels/columns.ts";
import type { Sizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { pythonFunction } from "./python_function.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;
const showPair = ([a, b]: Sizes) => `(${a}, ${b})`;

type Settings = { kernel_size: number[]; dilation: number[]; padding: number[]; stride: number[] };
type UnfoldInputs = Settings & { self: Tensor };
type FoldInputs = Settings & { self: Tensor; output_size: number[] };

/** How many patches there are along height and width. */
function blocksOf(space: Sizes, { kernel_size, dilation, padding, stride }: Settings): [number, number] {
  const along = (d: 0 | 1) => Math.floor((space[d] + 2 * padding[d] - dilation[d] * (kernel_size[d] - 1) - 1) / stride[d]) + 1;
  return [along(0), along(1)];
}

function windowOf(space: Sizes, { kernel_size, dilation, padding, stride }: Settings, blocks: Sizes): Window {
  return {
    input: [1, space[0], space[1]],
    output: [1, blocks[0], blocks[1]],
    kernel: [1, kernel_size[0], kernel_size[1]],
    stride: [1, stride[0], stride[1]],
    padding: [0, padding[0], padding[1]],
    dilation: [1, dilation[0], dilation[1]],
  };
}

const perAxis = (name: string, [height, width]: Sizes) => `${name}_height: ${height} ${name}_width: ${width}`;

function checkSettings({ kernel_size, dilation, padding, stride }: Settings): void {
  for (const [name, list] of Object.entries({ kernel_size, dilation, padding, stride })) {
    if (list.length !== 2) throw new RuntimeError(`It is expected ${name} equals to 2, but got size ${list.length}`);
  }
  if (kernel_size.some((k) => k <= 0)) throw new RuntimeError(`kernel size should be greater than zero, but got ${perAxis("kernel", kernel_size)}`);
  if (dilation.some((d) => d <= 0)) throw new RuntimeError(`dilation should be greater than zero, but got ${perAxis("dilation", dilation)}`);
  if (padding.some((p) => p < 0)) throw new RuntimeError(`padding should be non-negative, but got ${perAxis("pad", padding)}`);
  if (stride.some((s) => s <= 0)) throw new RuntimeError(`stride should be greater than zero, but got ${perAxis("stride", stride)}`);
}

const showSettings = ({ kernel_size, dilation, padding }: Settings) =>
  `kernel_size=${showPair(kernel_size)}, dilation=${showPair(dilation)}, padding=${showPair(padding)}`;

function unfolded({ self, ...settings }: UnfoldInputs): Tensor {
  checkSettings(settings);
  const { sizes } = self;
  const rank = sizes.length;
  if (rank < 3) throw new IndexError(`Dimension out of range (expected to be in range of [${-Math.max(rank, 1)}, ${Math.max(rank, 1) - 1}], but got 2)`);
  if (rank > 4 || sizes.slice(rank - 3).includes(0)) {
    throw new RuntimeError(
      `Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${showSizes(sizes)}`,
    );
  }
  const [channels, ...space] = sizes.slice(rank - 3);
  const blocks = blocksOf(space, settings);
  if (blocks.some((n) => n < 1)) {
    // PyTorch names the height twice
    throw new RuntimeError(
      `Given input with spatial size (${space[0]}, ${space[0]}), ${showSettings(settings)}, calculated shape of the array of sliding blocks as ${
        showPair(blocks)
      }, ` +
        "but its components must be at least one.",
    );
  }
  if (self.dtype.category === "int") throw noKernel("im2col_out_cpu", self.dtype);
  const rows = channels * settings.kernel_size[0] * settings.kernel_size[1], places = blocks[0] * blocks[1];
  const outer = sizes.slice(0, rank - 3);
  const out = Tensor.make([...outer, rows, places], self.dtype);
  const dense = asContiguous(self), window = windowOf(space, settings, blocks);
  for (let n = 0; n < (outer[0] ?? 1); n++) {
    const columns = out.store.data.subarray(n * rows * places, (n + 1) * rows * places) as typeof out.store.data;
    toColumns(dense.store.data, dense.offset + n * channels * space[0] * space[1], channels, window, columns);
  }
  return out;
}

function folded({ self, output_size, ...settings }: FoldInputs): Tensor {
  if (output_size.length !== 2) throw new RuntimeError(`It is expected output_size equals to 2, but got size ${output_size.length}`);
  checkSettings(settings);
  const { sizes } = self;
  const first = sizes.length - 2;
  if ((sizes.length !== 2 && sizes.length !== 3) || sizes.slice(first).includes(0)) {
    throw new RuntimeError(
      `Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: ${showSizes(sizes)}`,
    );
  }
  const [rows, places] = sizes.slice(first);
  const patch = settings.kernel_size[0] * settings.kernel_size[1];
  if (rows % patch !== 0) {
    throw new RuntimeError(
      `Expected size of input's dimension ${first} to be divisible by the product of kernel_size, but got input.size(${first})=${rows} and kernel_size=${
        showPair(settings.kernel_size)
      }.`,
    );
  }
  const blocks = blocksOf(output_size, settings);
  if (blocks[0] * blocks[1] !== places) {
    throw new RuntimeError(
      `Given output_size=${showPair(output_size)}, ${showSettings(settings)}, stride=${showPair(settings.stride)}, expected size of input's dimension ${
        first + 1
      } ` +
        `to match the calculated number of sliding blocks ${blocks[0]} * ${blocks[1]} = ${blocks[0] * blocks[1]}, but got input.size(${first + 1})=${places}.`,
    );
  }
  if (self.dtype.category === "int") throw noKernel("col2im_out_cpu", self.dtype);
  const channels = rows / patch, outer = sizes.slice(0, first);
  const out = Tensor.make([...outer, channels, ...output_size], self.dtype);
  const dense = asContiguous(self), window = windowOf(output_size, settings, blocks);
  for (let n = 0; n < (outer[0] ?? 1); n++) {
    const from = dense.offset + n * rows * places;
    const columns = dense.store.data.subarray(from, from + rows * places) as typeof dense.store.data;
    addColumns(columns, channels, window, out.store.data, n * channels * output_size[0] * output_size[1]);
  }
  const { data } = out.store;
  // the sum of truth values is their disjunction
  if (self.dtype === bool) { for (let i = 0; i < data.length; i++) data[i] = data[i] ? 1 : 0; }
  return out;
}

type Sized = UnfoldInputs & { self_sym_argsize_minus_2: number; self_sym_argsize_minus_1: number };

const im2col: Primitive<Sized> = new Primitive<Sized>({
  name: "Im2ColBackward0",
  forward: unfolded,
  backward: {
    self: ({ grad, self_sym_argsize_minus_2, self_sym_argsize_minus_1, kernel_size, dilation, padding, stride }) =>
      col2im.apply({ self: grad, output_size: [self_sym_argsize_minus_2, self_sym_argsize_minus_1], kernel_size, dilation, padding, stride }) as Tensor,
  },
});

const unfoldWith = (inputs: UnfoldInputs): Tensor => {
  const [height, width] = inputs.self.sizes.slice(-2);
  return im2col.apply({ ...inputs, self_sym_argsize_minus_2: height, self_sym_argsize_minus_1: width }) as Tensor;
};

const col2im: Primitive<FoldInputs> = new Primitive<FoldInputs>({
  name: "Col2ImBackward0",
  forward: folded,
  backward: { self: ({ grad, kernel_size, dilation, padding, stride }) => unfoldWith({ self: grad, kernel_size, dilation, padding, stride }) },
});

type Lists = [kernel_size: readonly number[], dilation: readonly number[], padding: readonly number[], stride: readonly number[]];
const LISTS = "tuple of ints kernel_size, tuple of ints dilation, tuple of ints padding, tuple of ints stride";

const lowUnfold = define<Fn<Record<string, unknown>, [input: Tensor, ...Lists]>, UnfoldInputs>("im2col", `(Tensor input, ${LISTS})`, unfoldWith);
const lowFold = define<Fn<Record<string, unknown>, [input: Tensor, output_size: readonly number[], ...Lists]>, FoldInputs>(
  "col2im",
  `(Tensor input, tuple of ints output_size, ${LISTS})`,
  (inputs) => col2im.apply(inputs),
);

// -- what `torch.nn.functional` has ----------------------------------------------------------------------------------

/** One number for height and width, or one for each. */
export type Pair = number | readonly number[];

const pair = (value: Pair): readonly number[] => Array.isArray(value) ? value : [value as number, value as number];

/** Named arguments of `unfold`. */
export interface UnfoldOptions {
  /** [batch, channels, height, width], or without the batch. */
  input: Tensor;
  /** The size of the patches. */
  kernel_size: Pair;
  /** The distance of their elements. */
  dilation?: Pair;
  /** Zeros around the input. */
  padding?: Pair;
  /** How far apart patches are. */
  stride?: Pair;
}

/** `unfold`. */
export type Unfold = Fn<UnfoldOptions, [input: Tensor, kernel_size: Pair, dilation?: Pair, padding?: Pair, stride?: Pair]>;

/** The patches of images, each as a column. The gradient of an element is the sum of those of its places in the columns: `fold`. */
export const unfold: Unfold = pythonFunction<Unfold, Required<UnfoldOptions>>(
  "unfold",
  ["input", "kernel_size"],
  { dilation: 1, padding: 0, stride: 1 },
  ({ input, kernel_size, dilation, padding, stride }) => lowUnfold(input, pair(kernel_size), pair(dilation), pair(padding), pair(stride)),
);

/** Named arguments of `fold`. */
export interface FoldOptions extends UnfoldOptions {
  /** The size of the images. */
  output_size: Pair;
}

/** `fold`. */
export type Fold = Fn<FoldOptions, [input: Tensor, output_size: Pair, kernel_size: Pair, dilation?: Pair, padding?: Pair, stride?: Pair]>;

/** Images from columns that are their patches; where patches overlap, they are added. The gradient of the columns is `unfold`. */
export const fold: Fold = pythonFunction<Fold, Required<FoldOptions>>(
  "fold",
  ["input", "output_size", "kernel_size"],
  { dilation: 1, padding: 0, stride: 1 },
  ({ input, output_size, kernel_size, dilation, padding, stride }) =>
    lowFold(input, pair(output_size), pair(kernel_size), pair(dilation), pair(padding), pair(stride)),
);
