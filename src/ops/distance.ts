/**
 * Distances and angles between vectors.
 */
import { setGradMode } from "../autograd/mode.ts";
import { noDerivative, RuntimeError, ValueError } from "../errors.ts";
import { addGradient, distance, type Floats } from "../kernels/distance.ts";
import { broadcastSizes, elementCount, sameSizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { asContiguous } from "./elementwise.ts";
import { cat } from "./join.ts";
import { linalg_vector_norm, normGradient } from "./linalg_norm.ts";
import { native } from "./native.ts";
import { unexpectedType } from "./products.ts";
import { resultType } from "./promotion.ts";
import { pythonFunction } from "./python_function.ts";

const floats = (t: Tensor): Floats => t.store.data as Floats;

/** The formula of an op that PyTorch cannot differentiate again. */
const final = (op: string) => ({ grad: _ }: { grad: Tensor }): never => {
  throw noDerivative(op);
};

// -- between the rows of two tensors ---------------------------------------------------------------------------------

/** Both tensors in row-major order and broadcast to the same stack; what `pairs` walks over. */
interface Points {
  a: Tensor;
  b: Tensor;
  outer: number[];
  batch: number;
  rows: number;
  columns: number;
  width: number;
}

function points(x1: Tensor, x2: Tensor): Points {
  const outer = broadcastSizes(x1.sizes.slice(0, -2), x2.sizes.slice(0, -2));
  const [rows, width] = x1.sizes.slice(-2);
  const columns = x2.sizes[x2.sizes.length - 2];
  const a = asContiguous(x1.expand([...outer, rows, width])), b = asContiguous(x2.expand([...outer, columns, width]));
  return { a, b, outer, batch: elementCount(outer), rows, columns, width };
}

/** Calls `f` for each pair of rows with its number and where the two rows stand. */
function pairs({ a, b, batch, rows, columns, width }: Points, f: (pair: number, first: number, second: number) => void): void {
  for (let k = 0, pair = 0; k < batch; k++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) f(pair++, a.offset + (k * rows + i) * width, b.offset + (k * columns + j) * width);
    }
  }
}

/** The gradient of all distances with respect to `x1`. */
const cdistBackward = new Primitive<{ grad_output: Tensor; x1: Tensor; x2: Tensor; p: number; cdist: Tensor }>({
  name: "CdistBackwardBackward0",
  forward: ({ grad_output, x1, x2, p, cdist }) => {
    const all = points(x1, x2);
    const out = Tensor.make(all.a.sizes, x1.dtype);
    const g = asContiguous(grad_output), d = asContiguous(cdist);
    const target = floats(out), a = floats(all.a), b = floats(all.b), gs = floats(g), ds = floats(d);
    pairs(all, (pair, i, j) => addGradient(target, i - all.a.offset, gs[g.offset + pair], ds[d.offset + pair], a, i, b, j, all.width, p));
    return out;
  },
  backward: { grad_output: final("_cdist_backward"), x1: final("_cdist_backward"), x2: final("_cdist_backward"), cdist: final("_cdist_backward") },
});

const gradientOf = (grad: Tensor, x1: Tensor, x2: Tensor, p: number, result: Tensor): Tensor =>
  cdistBackward.apply({ grad_output: grad, x1, x2, p, cdist: result }) as Tensor;

const cdistPrimitive = new Primitive<{ x1: Tensor; x2: Tensor; p: number }>({
  name: "CdistBackward0",
  forward: ({ x1, x2, p }) => {
    const all = points(x1, x2);
    if (x1.dtype !== x2.dtype) throw unexpectedType(x1.dtype, x2.dtype);
    const out = Tensor.make([...all.outer, all.rows, all.columns], x1.dtype);
    const target = floats(out), a = floats(all.a), b = floats(all.b);
    pairs(all, (pair, i, j) => target[pair] = distance(a, i, b, j, all.width, p));
    return out;
  },
  backward: {
    x1: ({ grad, x1, x2, p, result }) => gradientOf(grad, x1, x2, p, result),
    x2: ({ grad, x1, x2, p, result }) => gradientOf(grad.transpose(-2, -1), x2, x1, p, result.transpose(-2, -1)),
  },
});

/** The gradient of Euclidean distances with respect to `x1`: the weighted sum of the directions. */
function euclideanGradient(grad: Tensor, x1: Tensor, x2: Tensor, result: Tensor): Tensor {
  const ratio = grad.div(result).masked_fill(result.eq(0), 0);
  return x1.mul(ratio.sum(-1, true)).sub(ratio.matmul(x2));
}

/** Euclidean distances by way of one product of matrices: |a - b|^2 = |a|^2 - 2 a b + |b|^2. */
const euclidean = new Primitive<{ x1: Tensor; x2: Tensor }>({
  name: "EuclideanDistBackward0",
  forward: ({ x1, x2 }) => {
    const norms = (x: Tensor) => x.pow(2).sum(-1, true);
    const n1 = norms(x1), n2 = norms(x2);
    const left = cat([x1.mul(-2), n1, n1.ones_like()], -1);
    const right = cat([x2, n2.ones_like(), n2], -1);
    return left.matmul(right.transpose(-2, -1)).clamp_min(0).sqrt();
  },
  backward: {
    x1: ({ grad, x1, x2, result }) => euclideanGradient(grad, x1, x2, result),
    x2: ({ grad, x1, x2, result }) => euclideanGradient(grad.transpose(-2, -1), x2, x1, result.transpose(-2, -1)),
  },
});

function euclideanStacks(x1: Tensor, x2: Tensor): Tensor {
  const [rows, width] = x1.sizes.slice(-2);
  const columns = x2.sizes[x2.sizes.length - 2];
  const outer = broadcastSizes(x1.sizes.slice(0, -2), x2.sizes.slice(0, -2));
  const n = elementCount(outer);
  const stacked = (x: Tensor, m: number) => n === 1 ? x : x.expand([...outer, m, width]).contiguous().view([n, m, width]);
  return (euclidean.apply({ x1: stacked(x1, rows), x2: stacked(x2, columns) }) as Tensor).view([...outer, rows, columns]);
}

type CdistInputs = { x1: Tensor; x2: Tensor; p: number; compute_mode: string };

/** `cdist` as PyTorch's Python function calls it. */
const nativeCdist = define<
  Fn<CdistInputs, [x1: Tensor, x2: Tensor, p: number, compute_mode: number]>,
  { x1: Tensor; x2: Tensor; p: number; compute_mode: number }
>(
  "cdist",
  "(Tensor x1, Tensor x2, float p = 2, int compute_mode = None)",
  ({ x1, x2, p, compute_mode: mode }) => {
    const both = [["X1", x1], ["X2", x2]] as const;
    for (const [name, x] of both) if (x.sizes.length < 2) throw new RuntimeError(`cdist only supports at least 2D tensors, ${name} got: ${x.sizes.length}D`);
    const m = x1.sizes[x1.sizes.length - 1], n = x2.sizes[x2.sizes.length - 1];
    if (m !== n) throw new RuntimeError(`X1 and X2 must have the same number of columns. X1: ${m} X2: ${n}`);
    for (const [name, x] of both) {
      if (!x.dtype.is_floating_point) throw new RuntimeError(`cdist only supports floating-point dtypes, ${name} got: ${x.dtype.scalar}`);
    }
    if (p < 0) throw new RuntimeError("cdist only supports non-negative p values");
    const many = x1.sizes[x1.sizes.length - 2] > 25 || x2.sizes[x2.sizes.length - 2] > 25;
    const empty = x1.count === 0 || x2.count === 0;
    if (p === 2 && !empty && (mode === 1 || (mode === 0 && many))) return euclideanStacks(x1, x2);
    return cdistPrimitive.apply({ x1, x2, p });
  },
);

/** How Euclidean distances are computed: by a product of matrices never, always, or where there are more than 25 points. */
export type ComputeMode = "use_mm_for_euclid_dist_if_necessary" | "use_mm_for_euclid_dist" | "donot_use_mm_for_euclid_dist";
const MODES = ["use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist"];

/** Named arguments of `cdist`. */
export interface CdistOptions {
  /** [*, P, M]. */
  x1: Tensor;
  /** [*, R, M]. */
  x2: Tensor;
  /** Which norm; 2 by default. */
  p?: number;
  /** How Euclidean distances are computed. */
  compute_mode?: ComputeMode;
}

/** The distances between all pairs of rows. */
export type Cdist = Fn<CdistOptions, [x1: Tensor, x2: Tensor, p?: number, compute_mode?: ComputeMode]>;

/** The distance of every row of `x1` to every row of `x2` in the p-norm: [*, P, R]. d/dx1 is the direction to the other point, for p = 2 of length 1. */
export const cdist: Cdist = pythonFunction<Cdist, CdistInputs>(
  "cdist",
  ["x1", "x2"],
  { p: 2, compute_mode: MODES[0] },
  ({ x1, x2, p, compute_mode }) => {
    const mode = MODES.indexOf(compute_mode);
    if (mode < 0) throw new ValueError(`${compute_mode} is not a valid value for compute_mode`);
    return nativeCdist(x1, x2, p, mode);
  },
);

// -- between the rows of one tensor ----------------------------------------------------------------------------------

/** Calls `f` for each pair of different rows of `n`, the first before the second. */
function pairsWithin(n: number, f: (pair: number, i: number, j: number) => void): void {
  for (let i = 0, pair = 0; i < n; i++) for (let j = i + 1; j < n; j++) f(pair++, i, j);
}

const pdistBackward = new Primitive<{ grad_output: Tensor; self: Tensor; p: number; pdist: Tensor }>({
  name: "PdistBackwardBackward0",
  forward: ({ grad_output, self, p, pdist }) => {
    const [n, width] = self.sizes;
    const x = asContiguous(self), g = asContiguous(grad_output);
    const out = Tensor.make(self.sizes, self.dtype);
    const target = floats(out), a = floats(x), gs = floats(g), ds = floats(pdist);
    pairsWithin(n, (pair, i, j) => {
      const first = x.offset + i * width, second = x.offset + j * width, grad = gs[g.offset + pair], dist = ds[pdist.offset + pair];
      addGradient(target, i * width, grad, dist, a, first, a, second, width, p);
      addGradient(target, j * width, grad, dist, a, second, a, first, width, p);
    });
    return out;
  },
  backward: { grad_output: final("_pdist_backward"), self: final("_pdist_backward"), pdist: final("_pdist_backward") },
});

const pdistPrimitive = new Primitive<{ self: Tensor; p: number }>({
  name: "PdistBackward0",
  forward: ({ self, p }) => {
    const [n, width] = self.sizes;
    const out = Tensor.make([n * (n - 1) / 2], self.dtype);
    const target = floats(out), a = floats(self);
    pairsWithin(n, (pair, i, j) => target[pair] = distance(a, self.offset + i * width, a, self.offset + j * width, width, p));
    return out;
  },
  backward: {
    self: ({ grad, self, p, result }) => pdistBackward.apply({ grad_output: grad, self, p, pdist: result }) as Tensor,
  },
});

/** Named arguments of `pdist`. */
export interface PdistOptions {
  /** [N, M]. */
  input: Tensor;
  /** Which norm; 2 by default. */
  p?: number;
}

/** The distances within a set of points. */
export type Pdist = Fn<PdistOptions, [input: Tensor, p?: number]>;

/** The distances between all pairs of different rows in the p-norm: the upper triangle of `cdist(input, input)` in a row. */
export const pdist: Pdist = define<Pdist, { self: Tensor; p: number }>("pdist", "(Tensor input, float p = 2)", ({ self, p }) => {
  if (self.sizes.length !== 2) throw new RuntimeError(`pdist only supports 2D tensors, got: ${self.sizes.length}D`);
  if (!self.dtype.is_floating_point) throw new RuntimeError("pdist only supports floating-point dtypes");
  if (p < 0) throw new RuntimeError("pdist only supports non-negative p values");
  return pdistPrimitive.apply({ self: self.contiguous(), p });
});

// -- between pairs of vectors ----------------------------------------------------------------------------------------

/** Named arguments of `pairwise_distance`. */
export interface PairwiseOptions {
  /** Vectors along the last dimension. */
  x1: Tensor;
  /** As many of them. */
  x2: Tensor;
  /** Which norm; 2 by default. */
  p?: number;
  /** Added to every difference, so that the norm has a gradient for equal vectors too. */
  eps?: number;
  /** Whether the last dimension stays, with size 1. */
  keepdim?: boolean;
}

/** The distances between pairs of vectors. */
export type PairwiseDistance = Fn<PairwiseOptions, [x1: Tensor, x2: Tensor, p?: number, eps?: number, keepdim?: boolean]>;

const normAlong = new Primitive<{ self: Tensor; p: number; dim: number[]; keepdim: boolean }>({
  name: "NormBackward1",
  forward: ({ self, p, dim, keepdim }) => linalg_vector_norm(self, p, dim, keepdim),
  backward: { self: ({ grad, self, p, result, dim, keepdim }) => normGradient(grad, self, p, result, dim, keepdim) },
});

/** The p-norm of `x1 - x2 + eps` along the last dimension. */
export const pairwise_distance: PairwiseDistance = define<PairwiseDistance, { x1: Tensor; x2: Tensor; p: number; eps: number; keepdim: boolean }>(
  "pairwise_distance",
  "(Tensor x1, Tensor x2, float p = 2, float eps = 1e-06, bool keepdim = False)",
  ({ x1, x2, p, eps, keepdim }) => normAlong.apply({ self: native(() => x1.sub(x2).add(eps)), p, dim: [-1], keepdim }),
);

/** Named arguments of `cosine_similarity`. */
export interface CosineOptions {
  /** Vectors along `dim`. */
  x1: Tensor;
  /** Vectors that broadcast with them. */
  x2: Tensor;
  /** The dimension along which the vectors stand; 1 by default. */
  dim?: number;
  /** The least value that a norm counts as. */
  eps?: number;
}

/** The cosine of the angle between vectors. */
export type CosineSimilarity = Fn<CosineOptions, [x1: Tensor, x2: Tensor, dim?: number, eps?: number]>;

/** The cosines of the angles between vectors: the sums over `dim` of the products of the vectors, each divided by its norm. */
export const cosine_similarity: CosineSimilarity = define<CosineSimilarity, { x1: Tensor; x2: Tensor; dim: number; eps: number }>(
  "cosine_similarity",
  "(Tensor x1, Tensor x2, int dim = 1, float eps = 1e-08)",
  ({ x1, x2, dim, eps }) => {
    const dtype = resultType([x1, x2]);
    if (!dtype.is_floating_point) throw new RuntimeError(`expected common dtype to be floating point, yet common dtype is ${dtype.scalar}`);
    const sizes = broadcastSizes(x1.sizes, x2.sizes);
    const normalized = (x: Tensor) => {
      const real = x.dtype.is_floating_point ? x : x.to(dtype);
      const vectors = sameSizes(real.sizes, sizes) ? real : real.expand(sizes);
      const norm = linalg_vector_norm(vectors, 2, [dim], true).clone();
      const before = setGradMode(false); // the bound is no part of the function that is differentiated
      try {
        norm.clamp_min_(eps);
      } finally {
        setGradMode(before);
      }
      return vectors.div(norm);
    };
    return normalized(x1).mul(normalized(x2)).sum([dim]);
  },
);
