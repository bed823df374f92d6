/**
 * Images and volumes sampled at points, and the points of affine maps.
 */
import { float32 } from "../dtype.ts";
import { AttributeError, noKernel, NotImplementedError, RuntimeError, ValueError } from "../errors.ts";
import { type Grid, sampleGrid, sampleGridBackwardGrid, sampleGridBackwardInput, type Sampling } from "../kernels/grid_sample.ts";
import type { Triple } from "../kernels/columns.ts";
import { elementCount, type Sizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { makeSize } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { linspace } from "./create.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { stack } from "./join.ts";
import { pythonFunction } from "./python_function.ts";
import { recordUnsupported } from "./unsupported.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

type Inputs = { input: Tensor; grid: Tensor; interpolation_mode: number; padding_mode: number; align_corners: boolean };

const MODES = ["bilinear", "nearest", "bicubic"];
const PADDINGS = ["zeros", "border", "reflection"];

function shapeOf(input: Tensor, grid: Tensor): Grid {
  const dims = input.sizes.length === 5 ? 3 : 2;
  const space = (dims === 3 ? input.sizes.slice(2) : [1, ...input.sizes.slice(2)]) as never as Triple;
  return { batch: input.sizes[0], channels: input.sizes[1], space, points: elementCount(grid.sizes.slice(1, -1)), dims };
}

const samplingOf = ({ input, interpolation_mode, padding_mode, align_corners }: Omit<Inputs, "grid">): Sampling => ({
  mode: interpolation_mode,
  padding: padding_mode,
  align: align_corners,
  round: input.dtype === float32 ? Math.fround : (x) => x,
});

function forward(inputs: Inputs): Tensor {
  const { input, grid } = inputs;
  const out = Tensor.make([...input.sizes.slice(0, 2), ...grid.sizes.slice(1, -1)], input.dtype);
  const x = asContiguous(input), g = asContiguous(grid);
  sampleGrid(shapeOf(input, grid), x.store.data, x.offset, g.store.data, g.offset, samplingOf(inputs), out.store.data);
  return out;
}

/** One of the two gradients; PyTorch does not differentiate them. */
function gradient(grad: Tensor, inputs: Inputs, of: "input" | "grid"): Tensor {
  const { input, grid } = inputs;
  const out = Tensor.make(inputs[of].sizes, input.dtype);
  const dy = asContiguous(grad.detach()), x = asContiguous(input.detach()), g = asContiguous(grid.detach());
  const shape = shapeOf(input, grid), sampling = samplingOf(inputs);
  if (of === "input") sampleGridBackwardInput(shape, dy.store.data, dy.offset, g.store.data, g.offset, sampling, out.store.data);
  else sampleGridBackwardGrid(shape, dy.store.data, dy.offset, x.store.data, x.offset, g.store.data, g.offset, sampling, out.store.data);
  recordUnsupported(`grid_sampler_${shape.dims}d_backward`, [grad, input, grid], out);
  return out;
}

const primitiveOf = (dims: 2 | 3) =>
  new Primitive<Inputs>({
    name: `GridSampler${dims}DBackward0`,
    forward,
    backward: {
      input: ({ grad, input, grid, interpolation_mode, padding_mode, align_corners }) =>
        gradient(grad, { input, grid, interpolation_mode, padding_mode, align_corners }, "input"),
      grid: ({ grad, input, grid, interpolation_mode, padding_mode, align_corners }) =>
        gradient(grad, { input, grid, interpolation_mode, padding_mode, align_corners }, "grid"),
    },
  });
const planar = primitiveOf(2), spatial = primitiveOf(3);

function check({ input, grid, interpolation_mode }: Inputs): void {
  const x = input.sizes, g = grid.sizes;
  const both = `input with sizes ${showSizes(x)} and grid with sizes ${showSizes(g)}`;
  if (x[0] !== g[0]) throw new RuntimeError(`grid_sampler(): expected grid and input to have same batch size, but got ${both}`);
  if (g[g.length - 1] !== x.length - 2) {
    throw new RuntimeError(`grid_sampler(): expected grid to have size ${x.length - 2} in last dimension, but got grid with sizes ${showSizes(g)}`);
  }
  const empty = x.findIndex((n, d) => d >= 2 && n === 0);
  if (empty >= 0) {
    throw new RuntimeError(
      `grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes ${showSizes(x)} with dimension ${empty} being empty`,
    );
  }
  if (x.length !== g.length || (x.length !== 4 && x.length !== 5)) {
    throw new RuntimeError(`grid_sampler(): expected ${x.length === 4 ? 4 : 5}D input and grid with same number of dimensions, but got ${both}`);
  }
  if (x.length === 5 && interpolation_mode === 2) throw new RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input");
  if (input.dtype.category !== "float") throw noKernel(`grid_sampler_${x.length - 2}d_cpu_kernel_impl`, input.dtype);
  if (input.dtype !== grid.dtype) throw new RuntimeError(`expected scalar type ${input.dtype.scalar} but found ${grid.dtype.scalar}`);
}

/** `torch.grid_sampler`. */
export type GridSampler = Fn<Record<string, unknown>, [input: Tensor, grid: Tensor, interpolation_mode: number, padding_mode: number, align_corners: boolean]>;

/** `torch.grid_sampler`. */
export const grid_sampler: GridSampler = define<GridSampler, Omit<Inputs, "input"> & { self: Tensor }>(
  "grid_sampler",
  "(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners)",
  ({ self, ...rest }) => {
    const inputs = { ...rest, input: self };
    check(inputs);
    return (self.sizes.length === 5 ? spatial : planar).apply(inputs);
  },
);

/** Named arguments of `grid_sample`. */
export interface GridSampleOptions {
  /** [batch, channels, height, width], or volumes. */
  input: Tensor;
  /** [batch, ...places, 2]: points x, y from -1 to 1; or x, y, z. */
  grid: Tensor;
  /** `"bilinear"`, `"nearest"` or `"bicubic"`. */
  mode?: string;
  /** What stands beyond the edges: `"zeros"`, `"border"` or `"reflection"`. */
  padding_mode?: string;
  /** Whether -1 and 1 are the middles of the corner elements, or their outer edges. */
  align_corners?: boolean | null;
}

/** `grid_sample`. */
export type GridSample = Fn<GridSampleOptions, [input: Tensor, grid: Tensor, mode?: string, padding_mode?: string, align_corners?: boolean | null]>;

const warnOfCorners = () =>
  warnOnce(
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify align_corners=True if the old behavior is desired. " +
      "See the documentation of grid_sample for details.",
  );

/** The input at the points of the grid. Its gradient goes to the elements around each point, the grid's by how the sample changes as the point moves. */
export const grid_sample: GridSample = pythonFunction<GridSample, Required<GridSampleOptions>>(
  "grid_sample",
  ["input", "grid"],
  { mode: "bilinear", padding_mode: "zeros", align_corners: null },
  ({ input, grid, mode, padding_mode, align_corners }) => {
    if (!MODES.includes(mode)) {
      throw new ValueError(`nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '${mode}'`);
    }
    if (!PADDINGS.includes(padding_mode)) {
      throw new ValueError(`nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '${padding_mode}'`);
    }
    if (align_corners === null) warnOfCorners();
    return grid_sampler(input, grid, MODES.indexOf(mode), PADDINGS.indexOf(padding_mode), align_corners ?? false);
  },
);

// -- affine maps -----------------------------------------------------------------------------------------------------

type AffineInputs = { theta: Tensor; size: number[]; align_corners: boolean };

/** The coordinates of the elements along one dimension. */
function coordinates(n: number, align: boolean, like: Tensor): Tensor {
  if (n <= 1) return like.new_zeros([n]);
  const points = linspace(-1, 1, n, { dtype: like.dtype });
  return align ? points : points.mul((n - 1) / n);
}

/** The points of all elements, with a one at the end: [places, dims + 1]. */
function basePoints({ size, align_corners }: Omit<AffineInputs, "theta">, like: Tensor): Tensor {
  const space = size.slice(2);
  const axes = space.map((n, d) => coordinates(n, align_corners, like).view(space.map((_, k) => k === d ? n : 1)).expand(space)).reverse();
  return stack([...axes, like.new_ones(space)], -1).view([elementCount(space), space.length + 1]);
}

const affinePrimitive = new Primitive<AffineInputs>({
  name: "AffineGridGeneratorBackward0",
  forward: ({ theta, size, align_corners }) => {
    const base = basePoints({ size, align_corners }, theta);
    return base.unsqueeze(0).expand([size[0], ...base.sizes]).bmm(theta.transpose(1, 2)).view([size[0], ...size.slice(2), size.length - 2]);
  },
  backward: {
    theta: ({ grad, size, align_corners }) => {
      const base = basePoints({ size, align_corners }, grad.detach());
      const points = grad.reshape([size[0], base.sizes[0], size.length - 2]);
      return base.unsqueeze(0).expand([size[0], ...base.sizes]).transpose(1, 2).bmm(points).transpose(1, 2);
    },
  },
});

/** `torch.affine_grid_generator`. */
export type AffineGridGenerator = Fn<Record<string, unknown>, [theta: Tensor, size: readonly number[], align_corners: boolean]>;

/** `torch.affine_grid_generator`. */
export const affine_grid_generator: AffineGridGenerator = define<AffineGridGenerator, AffineInputs>(
  "affine_grid_generator",
  "(Tensor theta, tuple of ints size, bool align_corners)",
  (inputs) => affinePrimitive.apply(inputs),
);

/** Named arguments of `affine_grid`. */
export interface AffineGridOptions {
  /** The maps: [batch, 2, 3], or [batch, 3, 4] for volumes. */
  theta: Tensor;
  /** The size of the images that the grid is for. */
  size: readonly number[];
  /** Whether -1 and 1 are the middles of the corner elements, or their outer edges. */
  align_corners?: boolean | null;
}

/** `affine_grid`. */
export type AffineGrid = Fn<AffineGridOptions, [theta: Tensor, size: readonly number[], align_corners?: boolean | null]>;

const showTuple = (size: readonly number[]): string => pythonType(size) === "torch.Size" ? String(size) : `(${size.join(", ")})`;

/** The points that affine maps send the elements of an image to, for `grid_sample`. */
export const affine_grid: AffineGrid = pythonFunction<AffineGrid, Required<AffineGridOptions>>(
  "affine_grid",
  ["theta", "size"],
  { align_corners: null },
  ({ theta, size, align_corners }) => {
    if (align_corners === null) warnOfCorners();
    if (!(theta instanceof Tensor)) throw new AttributeError(`'${pythonType(theta)}' object has no attribute 'is_floating_point'`);
    if (!theta.dtype.is_floating_point) throw new ValueError(`Expected theta to have floating point type, but got ${theta.dtype}`);
    const dims = size.length - 2;
    if (dims !== 2 && dims !== 3) {
      throw new NotImplementedError(`affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size ${showTuple(size)}.`);
    }
    if (theta.sizes.length !== 3 || theta.sizes[1] !== dims || theta.sizes[2] !== dims + 1) {
      throw new ValueError(
        `Expected a batch of ${dims}D affine matrices of shape Nx${dims}x${dims + 1} for size ${showTuple(size)}. Got ${makeSize(theta.sizes)}.`,
      );
    }
    const space = size.slice(2);
    if (align_corners === true && space.includes(1)) {
      warnOnce(
        "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an intended use case of affine_grid. " +
          "See the documentation of affine_grid for details.",
      );
    }
    if (size.some((n) => n <= 0)) throw new ValueError(`Expected non-zero, positive output size. Got ${showTuple(size)}`);
    return affine_grid_generator(theta, [...size], align_corners ?? false);
  },
);
