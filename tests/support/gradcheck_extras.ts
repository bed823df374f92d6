/** Functions for the nodes that no recorded sample reaches: in-place variants, operands that are numbers, dimensions beyond the samples. */

import * as torch from "../../mod.ts";
import type { Differentiable } from "./numeric.ts";

const F = torch.nn.functional;

/** The shapes of the inputs, and the function of them. */
export const extras: Record<string, [shapes: number[][], f: Differentiable]> = {
  "index with an ellipsis only": [[[2, 3]], ([x]) => [x.index("...")]],
  "pack_padded_sequence": [[[3, 2, 2]], ([x]) => [torch.nn.utils.rnn.pack_padded_sequence(x.mul(x), [3, 1]).data]],
  "fill with a number": [[[2, 3]], ([x]) => [torch.fill(x, 2).add(x)]],
  "fill with a tensor": [[[2, 3], []], ([x, y]) => [torch.fill(x, y).mul(x)]],
  "erfinv": [[[5]], ([x]) => [torch.erfinv(x.mul(0.9)), torch.erfinv(x.mul(0.5)).square()]],
  "entr": [[[5]], ([x]) => [torch.special.entr(x.mul(x).add(0.1))]],
  "polygamma_": [[[5]], ([x]) => [x.mul(x).add(1).polygamma_(1)]],
  "erfcx": [[[5]], ([x]) => [torch.special.erfcx(x.mul(2))]],
  "igamma": [[[5]], ([x]) => [torch.igamma(torch.full([5], 1.7, { dtype: torch.float64 }), x.mul(x).add(0.5))]],
  "igammac": [[[5]], ([x]) => [torch.igammac(torch.full([5], 1.7, { dtype: torch.float64 }), x.mul(x).add(0.5))]],
  "fill_ with a number": [[[2, 3]], ([x]) => [x.mul(2).fill_(3).add(x)]],
  "fill_ with a tensor": [[[2, 3], []], ([x, y]) => [x.mul(2).fill_(y).mul(x)]],
  "elu_": [[[5]], ([x]) => [F.elu_(x.mul(2))]],
  "celu_": [[[5]], ([x]) => [F.celu_(x.mul(2))]],
  "leaky_relu_": [[[5]], ([x]) => [F.leaky_relu_(x.mul(2), 0.1)]],
  "threshold_": [[[5]], ([x]) => [F.threshold_(x.mul(2), 0.1, 3)]],
  "clamp_max with a number": [[[5]], ([x]) => [x.mul(x).clamp_max(0.5)]],
  "rrelu": [[[5]], ([x]) => {
    torch.manual_seed(1);
    return [F.rrelu(x.mul(x).sub(0.5), { training: true })];
  }],
  "rrelu_": [[[5]], ([x]) => {
    torch.manual_seed(1);
    return [F.rrelu_(x.mul(2), { training: true })];
  }],
  "as_strided_": [[[3, 4]], ([x]) => [x.clone().contiguous().mul(1).as_strided_([2, 3], [4, 1], 1)]],
  "xlogy of a number": [[[4]], ([x]) => [torch.xlogy(2, x.mul(x).add(0.5))]],
  "xlogy by a number": [[[4]], ([x]) => [torch.xlogy(x.mul(x), 3)]],
  "xlog1py of a number": [[[4]], ([x]) => [torch.special.xlog1py(2, x.mul(x))]],
  "xlog1py by a number": [[[4]], ([x]) => [torch.special.xlog1py(x.mul(x), 3)]],
  "zeta of a number": [[[4]], ([x]) => [torch.special.zeta(2.5, x.mul(x).add(1))]],
  "zeta of a constant": [[[4]], ([x]) => [torch.special.zeta(torch.full([4], 3, { dtype: torch.float64 }), x.mul(x).add(1))]],
  "index_copy": [[[3, 2], [2, 2]], ([x, y]) => [x.mul(x).index_copy(0, torch.tensor([2n, 0n]), y.mul(y))]],
  "nanmedian": [[[5]], ([x]) => [x.mul(x).nanmedian()]],
  "unsafe_split_with_sizes": [[[5, 2]], ([x]) => [...torch.unsafe_split_with_sizes(x.mul(x), [2, 3])]],
  "cdist of many rows": [[[26, 2], [3, 2]], ([x, y]) => [torch.cdist(x.add(3), y)]],
  "pdist": [[[4, 3]], ([x]) => [torch.pdist(x, 3)]],
  "reflection pad of volumes": [[[1, 1, 3, 3, 3]], ([x]) => [F.pad(x.mul(x), [1, 1, 1, 1, 1, 1], { mode: "reflect" })]],
  "replication pad of volumes": [[[1, 1, 3, 3, 3]], ([x]) => [F.pad(x.mul(x), [1, 1, 1, 1, 1, 1], { mode: "replicate" })]],
  "adaptive_avg_pool3d": [[[1, 2, 4, 3, 4]], ([x]) => [F.adaptive_avg_pool3d(x.mul(x), [2, 3, 2])]],
  "cholesky": [[[3, 3]], ([x]) => [torch.cholesky(x.matmul(x.mT).add(torch.eye(3, { dtype: torch.float64 })))]],
  "lu": [[[3, 3]], ([x]) => [...torch.linalg.lu(x.add(torch.eye(3, { dtype: torch.float64 }).mul(4)))]],
  "lu_factor and lu_solve": [[[3, 3], [3, 2]], ([x, y]) => {
    const [factors, pivots] = torch.linalg.lu_factor(x.add(torch.eye(3, { dtype: torch.float64 }).mul(4)));
    return [torch.linalg.lu_solve(factors, pivots, y)];
  }],
  "lu_unpack": [[[3, 3]], ([x]) => {
    const [factors, pivots] = torch.linalg.lu_factor(x.add(torch.eye(3, { dtype: torch.float64 }).mul(4)));
    return [...torch.lu_unpack(factors, pivots)];
  }],
  "householder_product": [[[4, 3], [3]], ([x, tau]) => [torch.linalg.householder_product(x, tau)]],
  "ormqr": [[[4, 3], [3], [4, 2]], ([x, tau, y]) => [torch.ormqr(x, tau, y), torch.ormqr(x, tau, y, true, true), torch.ormqr(x, tau, y.mT, false)]],
  "conv_tbc": [[[4, 2, 3], [2, 3, 2], [2]], ([x, w, b]) => [torch.conv_tbc(x, w, b, 1)]],
  "native_dropout": [[[5]], ([x]) => {
    torch.manual_seed(1);
    return [torch.native_dropout(x.mul(x), 0.4, true)[0]];
  }],
  "affine_grid and grid_sample of images": [[[1, 2, 3], [1, 2, 4, 4]], ([theta, x]) => [
    F.grid_sample(x, F.affine_grid(theta.mul(0.3), [1, 2, 3, 3], { align_corners: false }), { align_corners: false }),
  ]],
  "affine_grid and grid_sample of volumes": [[[1, 3, 4], [1, 2, 3, 4, 3]], ([theta, x]) => [
    F.grid_sample(x, F.affine_grid(theta.mul(0.3), [1, 2, 2, 3, 2], { align_corners: true }), { align_corners: true, padding_mode: "border" }),
  ]],
  "ctc_loss": [[[5, 2, 4]], ([x]) => [
    F.ctc_loss(x.log_softmax(2), torch.tensor([[1n, 2n], [3n, 3n]]), torch.tensor([5n, 4n]), torch.tensor([2n, 2n]), { reduction: "none" }),
  ]],
  "attention": [[[2, 3, 4], [2, 5, 4], [2, 5, 4]], ([q, k, v]) => [F.scaled_dot_product_attention(q, k, v)]],
  "attention of several heads": [[[2, 2, 3, 4], [2, 2, 3, 4], [2, 2, 3, 4]], ([q, k, v]) => [F.scaled_dot_product_attention(q, k, v, { is_causal: true })]],
  "unfold": [[[1, 2, 4, 5]], ([x]) => [F.unfold(x.mul(x), [2, 3], { dilation: [2, 1], padding: [1, 0], stride: [1, 2] })]],
  "fold": [[[1, 8, 6]], ([x]) => [F.fold(x.mul(x), [3, 4], [2, 2])]],
  "interpolate of volumes": [[[1, 2, 2, 3, 2]], ([x]) => [F.interpolate(x.mul(x), [3, 4, 5]), F.interpolate(x.mul(x), [3, 4, 5], { mode: "nearest-exact" })]],
  "interpolate without aliases": [[[1, 2, 5, 6]], ([x]) => [
    F.interpolate(x.mul(x), [3, 4], { mode: "bilinear", antialias: true }),
    F.interpolate(x.mul(x), [3, 4], { mode: "bicubic", antialias: true }),
  ]],
  "fractional_max_pool2d": [[[1, 2, 5, 6]], ([x]) => [
    F.fractional_max_pool2d(x.mul(x), 2, { output_size: [3, 3], _random_samples: torch.full([1, 2, 2], 0.3, { dtype: torch.float64 }) }),
  ]],
  "fractional_max_pool3d": [[[1, 1, 4, 5, 4]], ([x]) => [
    F.fractional_max_pool3d(x.mul(x), 2, { output_size: [2, 3, 2], _random_samples: torch.full([1, 1, 3], 0.3, { dtype: torch.float64 }) }),
  ]],
  "triangular_solve": [[[3, 2], [3, 3]], ([b, a]) => [torch.triangular_solve(b, a.add(torch.eye(3, { dtype: torch.float64 }).mul(4)).triu())[0]]],
};

/** Nodes that no check needs to reach, and why. */
export const exempt: Record<string, string> = {
  MkldnnRnnLayerBackward0: "differentiates other ops, in single precision",
  ToCopyBackward0: "rounds, so that differences tell nothing",
  "torch::autograd::NotImplemented": "has no derivative",
  NextafterBackward0: "has no derivative",
  GeqrfBackward0: "has no derivative",
  PoissonBackward0: "random numbers do not depend on their rates: PyTorch's gradient is zero",
  SpecialZetaBackward2: "has no derivative with respect to its first argument",
  Unique2Backward0: "has no derivative",
  UniqueDimBackward0: "has no derivative",
  UniqueConsecutiveBackward0: "has no derivative",
  UniformBackward0: "random numbers do not depend on what they replace",
  NormalBackward0: "random numbers do not depend on what they replace",
  LogNormalBackward0: "random numbers do not depend on what they replace",
  CauchyBackward0: "random numbers do not depend on what they replace",
  ExponentialBackward0: "random numbers do not depend on what they replace",
  GeometricBackward0: "random numbers do not depend on what they replace",
  RandomBackward0: "random numbers do not depend on what they replace",
  RandomBackward1: "random numbers do not depend on what they replace",
  RandomBackward2: "random numbers do not depend on what they replace",
  BernoulliBackward0: "random, with a gradient of zero",
  BernoulliBackward1: "random, with a gradient of zero",
  BernoulliBackward2: "random, with a gradient of zero",
  NormalBackward1: "random, with a gradient of zero",
  NormalBackward2: "random, with a gradient of zero",
  NormalBackward3: "random, with a gradient of zero",
};
