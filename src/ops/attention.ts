/**
 * Attention: each query's mean of the values, weighed by how well their keys match it.
 */
import { bool, float32 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { preservedStrides, type Sizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { lowDropout } from "./dropout.ts";
import { mulNumber } from "./number_nodes.ts";
import { recordUnsupported } from "./unsupported.ts";

/** Softmax, and zeros where everything is -inf. Its gradient is that of softmax: result * (grad - sum(grad * result)). */
const safeSoftmax = new Primitive<{ self: Tensor; dim: number }>({
  name: "SafeSoftmaxBackward0",
  forward: ({ self, dim }) => self.softmax(dim).masked_fill(self.eq(-Infinity).all(dim, true), 0),
  backward: { self: ({ grad, result, dim }) => result.mul(grad.sub(grad.mul(result).sum([dim], true))) },
});

type Inputs = {
  query: Tensor;
  key: Tensor;
  value: Tensor;
  attn_mask: Tensor | null;
  dropout_p: number;
  is_causal: boolean;
  scale: number | null;
};

const scaleOf = ({ query, scale }: Inputs): number => scale ?? 1 / Math.sqrt(query.sizes[query.sizes.length - 1]);

/** A mask that is added: -inf where a mask of truth values is false. */
function additive(mask: Tensor | null, query: Tensor): Tensor | null {
  if (mask === null || mask.dtype !== bool) return mask;
  return mask.logical_not().to(query.dtype).masked_fill_(mask.logical_not(), -Infinity);
}

/** True where the query may look: at the keys up to its own place. */
function causalMask({ query, key }: Inputs): Tensor {
  return query.detach().new_ones([query.size(-2), key.size(-2)], { dtype: bool }).tril();
}

/** The way by products and softmax, recorded as these. */
function composed(inputs: Inputs): Tensor {
  const { query, key, value, dropout_p, is_causal } = inputs;
  const mask = additive(is_causal ? causalMask(inputs) : inputs.attn_mask, query);
  // the root on either side keeps the product in range
  const scale = scaleOf(inputs);
  const root = Math.sqrt(Math.abs(scale));
  const scores = mulNumber(query, scale < 0 ? -root : root).matmul(mulNumber(key.transpose(-2, -1), root));
  let weights = safeSoftmax.apply({ self: mask === null ? scores : scores.add_(mask), dim: -1 }) as Tensor;
  if (dropout_p > 0) weights = lowDropout(weights, dropout_p, true);
  return weights.matmul(value);
}

// -- the way that PyTorch takes where it can -------------------------------------------------------------------------

/** The weights of the values for each query. */
function weightsOf(inputs: Omit<Inputs, "value">): { weights: Tensor; logsumexp: Tensor } {
  const { query, key, is_causal } = inputs as Inputs;
  let scores = query.mul(scaleOf(inputs as Inputs)).matmul(key.transpose(-2, -1));
  const mask = additive(is_causal ? causalMask(inputs as Inputs) : inputs.attn_mask, query);
  if (mask !== null) scores = scores.add(mask.to(scores.dtype));
  return { weights: safeSoftmax.apply({ self: scores, dim: -1 }) as Tensor, logsumexp: scores.logsumexp(-1) };
}

type Gradients = { query: Tensor; key: Tensor; value: Tensor };
/** The gradients of the three inputs are computed at once, when the first of them is asked for. */
const computed = new WeakMap<Tensor, Gradients>();

function gradients(grad: Tensor, inputs: Inputs, output: Tensor): Gradients {
  const known = computed.get(grad);
  if (known !== undefined) return known;
  const plain = { ...inputs, query: inputs.query.detach(), key: inputs.key.detach(), value: inputs.value.detach() };
  const dy = grad.detach(), scale = scaleOf(inputs);
  const { weights } = weightsOf(plain);
  const byWeights = dy.matmul(plain.value.transpose(-2, -1));
  const byScores = weights.mul(byWeights.sub(dy.mul(output.detach()).sum([-1], true))).mul(scale);
  const result = {
    query: byScores.matmul(plain.key),
    key: byScores.transpose(-2, -1).matmul(plain.query),
    value: weights.transpose(-2, -1).matmul(dy),
  };
  const from = [grad, inputs.query, inputs.key, inputs.value, output];
  for (const t of Object.values(result)) recordUnsupported("_scaled_dot_product_flash_attention_for_cpu_backward", from, t);
  computed.set(grad, result);
  return result;
}

const flash = new Primitive<Inputs>({
  name: "ScaledDotProductFlashAttentionForCpuBackward0",
  nonDifferentiable: [1],
  forward: (inputs) => {
    const { query, value } = inputs;
    const { weights, logsumexp } = weightsOf(inputs);
    const out = Tensor.make(query.sizes, query.dtype, preservedStrides(query.sizes, query.strides));
    out.copy_(weights.matmul(value));
    return [out, logsumexp];
  },
  backward: {
    // deno-lint-ignore no-unused-vars -- PyTorch saves the logarithms: they can be read on the node
    query: ({ grad, query, key, value, attn_mask, dropout_p, is_causal, scale, result0, result1 }) =>
      gradients(grad, { query, key, value, attn_mask, dropout_p, is_causal, scale }, result0).query,
    key: ({ grad, query, key, value, attn_mask, dropout_p, is_causal, scale, result0 }) =>
      gradients(grad, { query, key, value, attn_mask, dropout_p, is_causal, scale }, result0).key,
    value: ({ grad, query, key, value, attn_mask, dropout_p, is_causal, scale, result0 }) =>
      gradients(grad, { query, key, value, attn_mask, dropout_p, is_causal, scale }, result0).value,
    attn_mask: null,
  },
});

/** Whether a mask fits [batch, heads, queries, keys] without more dimensions. */
function fitsMask(mask: Tensor, shape: Sizes): boolean {
  const { sizes } = mask;
  if (mask.requires_grad || (sizes.length !== 2 && sizes.length !== 4)) return false;
  return sizes.every((n, d) => n === 1 || n === shape[d + 4 - sizes.length]);
}

function isFlash({ query, key, value, attn_mask, dropout_p }: Inputs): boolean {
  const all = [query, key, value];
  const [q, k] = [query.sizes, key.sizes];
  if (dropout_p > 0 || !query.dtype.is_floating_point || all.some((t) => t.sizes.length !== 4)) return false;
  const alike = (d: number) => all.every((t) => t.sizes[d] === q[d]);
  if (!alike(0) || !alike(1) || !alike(3) || q[2] === 0 || k[2] === 0 || k[2] !== value.sizes[2]) return false;
  if (all.some((t) => t.strides[3] !== 1)) return false;
  return attn_mask === null || fitsMask(attn_mask, [q[0], q[1], q[2], k[2]]);
}

// -- what users call -------------------------------------------------------------------------------------------------

function check({ query, key, value, attn_mask, is_causal }: Inputs): void {
  if (key.dtype !== query.dtype || value.dtype !== query.dtype) {
    throw new RuntimeError(
      `Expected query, key, and value to have the same dtype, but got query.dtype: ${query.dtype.ctype} key.dtype: ${key.dtype.ctype} and value.dtype: ${value.dtype.ctype} instead.`,
    );
  }
  const [q, k, v] = [query, key, value].map((t) => t.sizes.length);
  if (q < 2 || k < 2 || v < 2) {
    throw new RuntimeError(
      `Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: ${q} key.dim: ${k} and value.dim: ${v} instead.`,
    );
  }
  if (attn_mask === null) return;
  if (attn_mask.dtype !== bool && attn_mask.dtype !== float32 && attn_mask.dtype !== query.dtype) {
    throw new RuntimeError(
      `Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: ${attn_mask.dtype.ctype} and  query.dtype: ${query.dtype.ctype} instead.`,
    );
  }
  if (is_causal) throw new RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True");
}

/** Keys or values of fewer heads, each repeated for as many of the query's. */
function repeated(t: Tensor, heads: number): Tensor {
  const own = t.size(-3);
  if (heads % own !== 0) throw new RuntimeError("Number of heads in key and value must divide the number of heads in ");
  return own === heads ? t : t.repeat_interleave(heads / own, -3);
}

/** Named arguments of `scaled_dot_product_attention`. */
export interface AttentionOptions {
  /** [..., queries, features]. */
  query: Tensor;
  /** [..., keys, features]. */
  key: Tensor;
  /** [..., keys, value features]. */
  value: Tensor;
  /** True where a query may look at a key, or numbers that are added to the scores. */
  attn_mask?: Tensor | null;
  /** The probability that a weight is dropped. */
  dropout_p?: number;
  /** Whether queries see only the keys up to their own place. */
  is_causal?: boolean;
  /** What scores are multiplied by; 1 / sqrt(features) unless given. */
  scale?: number | null;
  /** Whether keys and values may have fewer heads than the query. */
  enable_gqa?: boolean;
}

/** `scaled_dot_product_attention`. */
export type Attention = Fn<
  AttentionOptions,
  [query: Tensor, key: Tensor, value: Tensor, attn_mask?: Tensor | null, dropout_p?: number, is_causal?: boolean]
>;

/** softmax(scale query key^T + mask) value. */
export const scaled_dot_product_attention: Attention = define<Attention, Inputs & { enable_gqa: boolean }>(
  "scaled_dot_product_attention",
  "(Tensor query, Tensor key, Tensor value, Tensor attn_mask = None, float dropout_p = 0.0, bool is_causal = False, *, float scale = None, bool enable_gqa = False)",
  ({ enable_gqa, ...inputs }) => {
    check(inputs);
    const heads = enable_gqa ? inputs.query.size(-3) : 0;
    const all = enable_gqa ? { ...inputs, key: repeated(inputs.key, heads), value: repeated(inputs.value, heads) } : inputs;
    if (!enable_gqa && isFlash(all)) return (flash.apply({ ...all, attn_mask: additive(all.attn_mask, all.query) }) as Tensor[])[0];
    return composed(all);
  },
);
