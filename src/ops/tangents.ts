/**
 * Forward derivatives that are a line: how the tangent of an op's result follows from those of its inputs, by the name of its node.
 * Those of all other ops are derived from their formulas for backward.
 */
import type { MaybeTensor } from "../autograd/node.ts";
import { type Inputs, noForwardMode } from "../autograd/transforms.ts";
import { requiredStorage, sameSizes } from "../layout.ts";
import type { Tensor } from "../tensor.ts";

/** What a tangent may be computed from: the inputs without their tangents, the tangents as `self_tangent`, the results as `result` and `results`. */
export type TangentContext = Inputs;

/**
 * How a tangent is computed. `linear`: by the op itself, applied to the tangents of all inputs that have a derivative, zeros standing for missing
 * ones. `elementwise`: by the formulas for backward, applied to the tangents, for the jacobians are diagonal. `symmetric`: the same for an op
 * of one tensor whose jacobian is symmetric. Or by a function, unless that gives undefined.
 */
export type TangentRule = "linear" | "elementwise" | "symmetric" | ((context: TangentContext) => MaybeTensor | MaybeTensor[] | undefined);

/** The rules by the names of nodes. */
export const tangentRules: Map<string, TangentRule> = new Map();

function add(names: string, rule: TangentRule): void {
  for (const name of names.split(" ")) tangentRules.set(name, rule);
}

// -- linear ----------------------------------------------------------------------------------------------------------

add("CloneBackward0 ToCopyBackward0 CatBackward0 StackBackward0 BlockDiagBackward0 RepeatBackward0 FlipBackward0 RollBackward0", "linear");
add("SumBackward0 SumBackward1 MeanBackward0 MeanBackward1 CumsumBackward0 TraceBackward0 TrilBackward0 TriuBackward0 DiagEmbedBackward0", "linear");
add("DiagonalBackward0_copy SelectBackwardBackward0 SliceBackwardBackward0 DiagonalBackwardBackward0 UnfoldBackwardBackward0", "linear");
add("IndexBackward0 IndexSelectBackward0 GatherBackward0 MaskedSelectBackward0 TakeBackward0 EmbeddingBackward0 EmbeddingDenseBackwardBackward0", "linear");
add("IndexAddBackward0 IndexCopyBackward0 IndexPutBackward0 ScatterBackward0 ScatterAddBackward0 MaskedScatterBackward0 PutBackward0", "linear");
add("SelectScatterBackward0 SliceScatterBackward0 DiagonalScatterBackward0 UnsafeSplitBackward0 UnsafeSplitWithSizesBackward0", "linear");
add("MulBackward1 DivBackward1 Im2ColBackward0 Col2ImBackward0", "linear");

// -- diagonal --------------------------------------------------------------------------------------------------------

add("AddBackward0 SubBackward0 RsubBackward0 AddBackward1 SubBackward1 DivBackward2 PowBackward0 PowBackward1 PowBackward2", "elementwise");
add("LerpBackward0 LerpBackward1 AddcmulBackward0 AddcdivBackward0 XlogyBackward0 XlogyBackward1 XlogyBackward2", "elementwise");
add("SpecialXlog1PyBackward0 SpecialXlog1PyBackward1 SpecialXlog1PyBackward2 PolygammaBackward0 MvlgammaBackward0 LogitBackward0", "elementwise");
add("WhereBackward0 MaskedFillBackward0 ClampBackward0 ClampBackward1 ClampMinBackward0 ClampMinBackward1 ClampMaxBackward0", "elementwise");
add("ClampMaxBackward1 RoundBackward0 RoundBackward1 NanToNumBackward0 EluBackward0 EluBackward1 CeluBackward0 CeluBackward1", "elementwise");
add("EluBackwardBackward0 ThresholdBackward0 ThresholdBackward1 ThresholdBackwardBackward0 LeakyReluBackward0 LeakyReluBackward1", "elementwise");
add("LeakyReluBackwardBackward0 RreluWithNoiseBackward0 RreluWithNoiseBackwardBackward0 PreluKernelBackward0 PreluKernelBackwardBackward0", "elementwise");
add("HardtanhBackward0 HardtanhBackwardBackward0 HardshrinkBackward0 HardshrinkBackwardBackward0 SoftshrinkBackward0", "elementwise");
add("SoftshrinkBackwardBackward0 GeluBackward0 GeluBackwardBackward0 SoftplusBackward0 SoftplusBackwardBackward0", "elementwise");

tangentRules.set("SoftmaxBackward0", "symmetric");

// -- functions -------------------------------------------------------------------------------------------------------

type Of<K extends string> = Record<K | "result", Tensor> & { [T in K as `${T}_tangent`]: MaybeTensor };
type OfSelf = Of<"self"> & { results: Tensor[]; dim: number; size: number[]; stride: number[]; storage_offset: number | null };

/** The sum of what there is. */
function sum(...terms: (Tensor | null | undefined)[]): MaybeTensor {
  let total: MaybeTensor = null;
  for (const term of terms) if (term) total = total === null ? term : total.add(term);
  return total;
}

/** Of a product of two inputs: what one factor's tangent times the other factor gives. */
function bilinear(a: string, b: string, product: (x: Tensor, y: Tensor) => Tensor): TangentRule {
  return (context) => {
    const c = context as Of<string>;
    const da = c[`${a}_tangent`], db = c[`${b}_tangent`];
    return sum(da && product(da, c[b]), db && product(c[a], db));
  };
}

/** Of `beta * self + alpha * product`. */
function fused(a: string, b: string, product: (x: Tensor, y: Tensor) => Tensor): TangentRule {
  const products = bilinear(a, b, product) as (context: TangentContext) => MaybeTensor;
  return (context) => {
    const { self_tangent, result } = context as Of<"self">;
    const added = self_tangent?.mul(Number(context.beta)).expand([...result.sizes]);
    return sum(added, products(context)?.mul(Number(context.alpha)));
  };
}

tangentRules.set("MmBackward0", bilinear("self", "mat2", (x, y) => x.mm(y)));
tangentRules.set("BmmBackward0", bilinear("self", "mat2", (x, y) => x.bmm(y)));
tangentRules.set("MvBackward0", bilinear("self", "vec", (x, y) => x.mv(y)));
tangentRules.set("DotBackward0", bilinear("self", "tensor", (x, y) => x.dot(y)));
tangentRules.set("VdotBackward0", bilinear("self", "other", (x, y) => x.dot(y)));
tangentRules.set("AddmmBackward0", fused("mat1", "mat2", (x, y) => x.mm(y)));
tangentRules.set("BaddbmmBackward0", fused("batch1", "batch2", (x, y) => x.bmm(y)));
tangentRules.set("AddmvBackward0", fused("mat", "vec", (x, y) => x.mv(y)));

const ofSelf = (rule: (tangent: Tensor, context: OfSelf) => MaybeTensor | MaybeTensor[] | undefined): TangentRule => (context) =>
  rule((context as OfSelf).self_tangent!, context as OfSelf);

tangentRules.set("LogSoftmaxBackward0", ofSelf((t, c) => t.sub(c.result.exp().mul(t).sum(c.dim, true))));
// d log sum e^x = sum e^(x - result) dx, of each running sum; in logarithms, for positive and negative tangents apart
tangentRules.set(
  "LogcumsumexpBackward0",
  ofSelf((t, { self, result, dim }) => {
    const part = (positive: Tensor) => positive.log().add(self).logcumsumexp(dim).sub(result).exp();
    return part(t.clamp_min(0)).sub(part(t.neg().clamp_min(0)));
  }),
);

/** Of elements that were selected along a dimension: the tangents at the same places. */
const selected = ofSelf((t, { results: [values, indices], dim }) => {
  if (t.sizes.length === 0) return [t, null];
  const kept = indices.sizes.length === t.sizes.length;
  const picked = t.gather(dim, kept ? indices : indices.unsqueeze(dim));
  return [kept ? picked : picked.squeeze(dim).view([...values.sizes]), null];
});
add("MaxBackward0 MinBackward0 CummaxBackward0 CumminBackward0 SortBackward0 SortBackward1 TopkBackward0 KthvalueBackward0 ModeBackward0", selected);
add("MedianBackward1 NanmedianBackward1", selected);

/** Of what does not depend on the tensor that was there. */
const zeros: TangentRule = (context) => (context as Of<"result">).result.detach().zeros_like();
add("ZeroBackward0 FillBackward0 FillBackward2 UniformBackward0 NormalBackward0 LogNormalBackward0 CauchyBackward0 ExponentialBackward0", zeros);
add("GeometricBackward0 RandomBackward0 RandomBackward1 RandomBackward2 BernoulliBackward0 BernoulliBackward1 BernoulliBackward2", zeros);

const copied = (key: string): TangentRule => (context) => {
  const { result, [`${key}_tangent`]: tangent } = context as Of<string>;
  return tangent === null || tangent === undefined ? zeros(context) as Tensor : tangent.to(result.dtype).expand([...result.sizes]);
};
tangentRules.set("torch::autograd::CopyBackwards", copied("src"));
add("FillBackward1 FillBackward3", copied("value"));

// Views of given strides: the tangent may lie in memory in another way.
add("ReshapeAliasBackward0 UnsafeViewBackward0", ofSelf((t, { size }) => t.reshape([...size])));

/** The same places in the memory of the tangent, where that lies as the tensor's own does and has them. */
const strided = ofSelf((t, { self, size, stride, storage_offset }) => {
  const end = (u: Tensor) => requiredStorage(u.sizes, u.strides, u.offset - u.store.base);
  const shift = t.offset - t.store.base - (self.offset - self.store.base);
  const first = (storage_offset ?? self.offset - self.store.base) + shift;
  const inside = first >= t.offset - t.store.base && requiredStorage(size, stride, first) <= end(t);
  return sameSizes(t.strides, self.strides) && inside ? t.as_strided([...size], [...stride], first) : undefined;
});
add("AsStridedBackward0 AsStridedBackward1", strided);

/** PyTorch has no forward derivative of these. */
const unsupported = (names: Record<string, string>): void => {
  for (const [node, op] of Object.entries(names)) {
    tangentRules.set(node, () => {
      throw noForwardMode(op);
    });
  }
};
unsupported({
  CdistBackward0: "_cdist_forward",
  PdistBackward0: "_pdist_forward",
  EmbeddingBagBackward0: "_embedding_bag",
  MultiMarginLossBackward0: "multi_margin_loss",
  MultilabelMarginLossBackward0: "multilabel_margin_loss_forward",
  CtcLossBackward0: "_ctc_loss",
  GridSampler2DBackward0: "grid_sampler_2d",
  GridSampler3DBackward0: "grid_sampler_3d",
});
