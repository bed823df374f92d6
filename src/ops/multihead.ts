/**
 * Attention of several heads: projections of the inputs, attention in each part of their features, and a projection of the result.
 */
import { bool } from "../dtype.ts";
import { AssertionError, RuntimeError } from "../errors.ts";
import { sameSizes, type Sizes } from "../layout.ts";
import { makeSize } from "../size.ts";
import type { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { scaled_dot_product_attention } from "./attention.ts";
import type { Fn } from "./define.ts";
import { dropout } from "./dropout.ts";
import { cat } from "./join.ts";
import { linear } from "./linear.ts";
import { pad } from "./pad.ts";
import { pythonFunction } from "./python_function.ts";

/** Named arguments of `multi_head_attention_forward`. */
export interface MultiHeadOptions {
  /** [queries, batch, features], or without the batch. */
  query: Tensor;
  /** [keys, batch, features]. */
  key: Tensor;
  /** [keys, batch, features]. */
  value: Tensor;
  /** The number of features that is expected. */
  embed_dim_to_check: number;
  /** The number of heads. */
  num_heads: number;
  /** The three projections of the inputs, one below the other. */
  in_proj_weight: Tensor | null;
  /** Their biases. */
  in_proj_bias: Tensor | null;
  /** One more key. */
  bias_k: Tensor | null;
  /** One more value. */
  bias_v: Tensor | null;
  /** Whether to add a key and a value of zeros. */
  add_zero_attn: boolean;
  /** The probability that a weight is dropped. */
  dropout_p: number;
  /** The projection of the result. */
  out_proj_weight: Tensor;
  /** Its bias. */
  out_proj_bias: Tensor | null;
  /** Whether to drop weights at all. */
  training?: boolean;
  /** [batch, keys]: true for keys that do not count, or numbers that are added to their scores. */
  key_padding_mask?: Tensor | null;
  /** Whether to give the weights too. */
  need_weights?: boolean;
  /** True where a query may not look at a key, or numbers that are added to the scores: [queries, keys], or one for each head. */
  attn_mask?: Tensor | null;
  /** Whether the projections are given one by one. */
  use_separate_proj_weight?: boolean;
  /** The projection of the query. */
  q_proj_weight?: Tensor | null;
  /** The projection of the key. */
  k_proj_weight?: Tensor | null;
  /** The projection of the value. */
  v_proj_weight?: Tensor | null;
  /** Keys that stand for the projected ones. */
  static_k?: Tensor | null;
  /** Values that stand for the projected ones. */
  static_v?: Tensor | null;
  /** Whether to give the mean of the heads' weights. */
  average_attn_weights?: boolean;
  /** Whether the mask is that of queries which see only the keys up to their own place. */
  is_causal?: boolean;
}

/** The result, and the weights or null. */
export type AttentionResult = [output: Tensor, weights: Tensor | null];

/** `multi_head_attention_forward`. */
export type MultiHeadAttention = Fn<
  MultiHeadOptions,
  [
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: number,
    num_heads: number,
    in_proj_weight: Tensor | null,
    in_proj_bias: Tensor | null,
    bias_k: Tensor | null,
    bias_v: Tensor | null,
    add_zero_attn: boolean,
    dropout_p: number,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | null,
    training?: boolean,
    key_padding_mask?: Tensor | null,
    need_weights?: boolean,
    attn_mask?: Tensor | null,
  ],
  AttentionResult
>;

type Inputs = Required<MultiHeadOptions>;

function assert(holds: boolean, message: string): void {
  if (!holds) throw new AssertionError(message);
}

const showShape = (sizes: Sizes) => String(makeSize(sizes));
const showTuple = (sizes: Sizes) => `(${sizes.join(", ")})`;

/** Whether the inputs have a batch, after PyTorch's checks of their ranks. */
function isBatched({ query, key, value, key_padding_mask, attn_mask, num_heads }: Inputs): boolean {
  const rank = query.sizes.length;
  assert(rank === 2 || rank === 3, `query should be unbatched 2D or batched 3D tensor but received ${rank}-D query tensor`);
  const [k, v] = [key.sizes.length, value.sizes.length];
  const start = rank === 3 ? "For batched (3-D) `query`, expected" : "For unbatched (2-D) `query`, expected";
  assert(k === rank && v === rank, `${start} \`key\` and \`value\` to be ${rank}-D but found ${k}-D and ${v}-D tensors respectively`);
  if (key_padding_mask !== null) {
    const given = key_padding_mask.sizes.length;
    assert(given === rank - 1, `${start} \`key_padding_mask\` to be \`None\` or ${rank - 1}-D but found ${given}-D tensor instead`);
  }
  if (attn_mask !== null) {
    const given = attn_mask.sizes.length;
    assert(given === 2 || given === 3, `${start} \`attn_mask\` to be \`None\`, 2-D or 3-D but found ${given}-D tensor instead`);
    if (rank === 2 && given === 3) {
      const expected = [num_heads, query.sizes[0], key.sizes[0]];
      assert(sameSizes(attn_mask.sizes, expected), `Expected \`attn_mask\` shape to be ${showTuple(expected)} but got ${showShape(attn_mask.sizes)}`);
    }
  }
  return rank === 3;
}

/** A mask as numbers that are added to scores. */
function additive(mask: Tensor | null, name: string, other: Tensor | null, query: Tensor): Tensor | null {
  if (mask === null) return null;
  assert(mask.dtype === bool || mask.dtype.is_floating_point, `only bool and floating types of ${name} are supported`);
  if (other !== null && other.dtype !== mask.dtype) warnOnce(`Support for mismatched ${name} and attn_mask is deprecated. Use same type for both instead.`);
  return mask.dtype === bool ? mask.detach().new_zeros(mask.sizes, { dtype: query.dtype }).masked_fill_(mask, -Infinity) : mask;
}

/** Several projections by one product: [..., n * features] to n tensors of [..., features]. */
function unpacked(projected: Tensor, n: number, features: number): Tensor[] {
  const parts = projected.unflatten(-1, [n, features]).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous();
  return Array.from({ length: n }, (_, i) => parts.select(0, i));
}

/** The projections by one weight; inputs that are the same tensor are projected by one product. */
function packedProjections(query: Tensor, key: Tensor, value: Tensor, weight: Tensor, bias: Tensor | null): Tensor[] {
  const features = query.size(-1);
  if (key === value && query === key) return unpacked(linear(query, weight, bias), 3, features);
  if (key === value) {
    const [forQuery, forRest] = weight.split([features, 2 * features]);
    const [biasOfQuery, biasOfRest] = bias === null ? [null, null] : bias.split([features, 2 * features]);
    return [linear(query, forQuery, biasOfQuery), ...unpacked(linear(key, forRest, biasOfRest), 2, features)];
  }
  const weights = weight.chunk(3), biases = bias === null ? [null, null, null] : bias.chunk(3);
  return [query, key, value].map((t, i) => linear(t, weights[i], biases[i]));
}

function separateProjections({ query, key, value, q_proj_weight, k_proj_weight, v_proj_weight, in_proj_bias }: Inputs): Tensor[] {
  for (const [name, weight] of Object.entries({ q_proj_weight, k_proj_weight, v_proj_weight })) {
    assert(weight !== null, `use_separate_proj_weight is True but ${name} is None`);
  }
  const features = [query, key, value].map((t) => t.size(-1));
  const weights = [q_proj_weight!, k_proj_weight!, v_proj_weight!];
  weights.forEach((w, i) => {
    const expected = [features[0], features[i]];
    assert(sameSizes(w.sizes, expected), `expecting ${["query", "key", "value"][i]} weights shape of ${showTuple(expected)}, but got ${showShape(w.sizes)}`);
  });
  const biases = in_proj_bias === null ? [null, null, null] : in_proj_bias.chunk(3);
  return [query, key, value].map((t, i) => linear(t, weights[i], biases[i]));
}

function checkMask(mask: Tensor, expected: Sizes): void {
  if (sameSizes(mask.sizes, expected)) return;
  throw new RuntimeError(`The shape of the ${expected.length}D attn_mask is ${showShape(mask.sizes)}, but should be ${showTuple(expected)}.`);
}

const padded = (mask: Tensor | null): Tensor | null => mask === null ? null : pad(mask, [0, 1]);

function attend(given: Inputs): AttentionResult {
  const batched = isBatched(given);
  const inputs = batched ? given : {
    ...given,
    query: given.query.unsqueeze(1),
    key: given.key.unsqueeze(1),
    value: given.value.unsqueeze(1),
    key_padding_mask: given.key_padding_mask === null ? null : given.key_padding_mask.unsqueeze(0),
  };
  const { query, key, value, num_heads, embed_dim_to_check, bias_k, bias_v, static_k, static_v, need_weights } = inputs;
  const [queries, batch, features] = query.sizes;
  let keys = key.sizes[0];
  let padding = additive(inputs.key_padding_mask, "key_padding_mask", inputs.attn_mask, query);
  let { is_causal, attn_mask: mask } = inputs;
  if (is_causal && mask === null) throw new RuntimeError("Need attn_mask if specifying the is_causal hint.");
  if (is_causal && padding === null && !need_weights) mask = null;
  else {
    mask = additive(mask, "attn_mask", null, query);
    if (padding !== null) is_causal = false;
  }
  assert(features === embed_dim_to_check, `was expecting embedding dimension of ${embed_dim_to_check}, but got ${features}`);
  const width = Math.floor(features / num_heads);
  assert(width * num_heads === features, `embed_dim ${features} not divisible by num_heads ${num_heads}`);
  if (inputs.use_separate_proj_weight) {
    const [k, v] = [key.sizes.slice(0, 2), value.sizes.slice(0, 2)];
    assert(sameSizes(k, v), `key's sequence and batch dims ${showShape(k)} do not match value's ${showShape(v)}`);
  } else assert(sameSizes(key.sizes, value.sizes), `key shape ${showShape(key.sizes)} does not match value shape ${showShape(value.sizes)}`);

  let [q, k, v] = inputs.use_separate_proj_weight
    ? separateProjections(inputs)
    : packedProjections(query, key, value, inputs.in_proj_weight!, inputs.in_proj_bias);
  if (mask !== null) {
    checkMask(mask, mask.sizes.length === 2 ? [queries, keys] : [batch * num_heads, queries, keys]);
    if (mask.sizes.length === 2) mask = mask.unsqueeze(0);
  }
  if (bias_k !== null && bias_v !== null) {
    assert(static_k === null, "bias cannot be added to static key.");
    assert(static_v === null, "bias cannot be added to static value.");
    k = cat([k, bias_k.repeat(1, batch, 1)]);
    v = cat([v, bias_v.repeat(1, batch, 1)]);
    [mask, padding] = [padded(mask), padded(padding)];
  }
  const heads = batch * num_heads;
  const split = (t: Tensor) => t.view(t.sizes[0], heads, width).transpose(0, 1);
  q = split(q);
  k = static_k ?? split(k);
  v = static_v ?? split(v);
  if (inputs.add_zero_attn) {
    const zero = [heads, 1, width];
    k = cat([k, k.detach().new_zeros(zero)], 1);
    v = cat([v, v.detach().new_zeros(zero)], 1);
    [mask, padding] = [padded(mask), padded(padding)];
  }
  keys = k.sizes[1];
  if (padding !== null) {
    const spread = padding.view(batch, 1, 1, keys).expand(-1, num_heads, -1, -1).reshape(heads, 1, keys);
    mask = mask === null ? spread : mask.add(spread);
  }
  const dropout_p = inputs.training ? inputs.dropout_p : 0;
  const project = (t: Tensor) => {
    const result = linear(t, inputs.out_proj_weight, inputs.out_proj_bias);
    const out = result.view(queries, batch, result.sizes[1]);
    return batched ? out : out.squeeze(1);
  };
  if (!need_weights) {
    const perHead = mask === null ? null : mask.sizes[0] === 1 ? mask.unsqueeze(0) : mask.view(batch, num_heads, -1, keys);
    const shaped = [q, k, v].map((t) => t.view(batch, num_heads, t.sizes[1], width));
    const out = scaled_dot_product_attention(shaped[0], shaped[1], shaped[2], perHead, dropout_p, is_causal);
    return [project(out.permute(2, 0, 1, 3).contiguous().view(batch * queries, features)), null];
  }
  const scaled = q.mul(Math.sqrt(1 / width));
  assert(!(is_causal && mask === null), "FIXME: is_causal not implemented for need_weights");
  const scores = mask === null ? scaled.bmm(k.transpose(-2, -1)) : mask.baddbmm(scaled, k.transpose(-2, -1));
  let weights = scores.softmax(-1);
  if (dropout_p > 0) weights = dropout(weights, dropout_p);
  const out = project(weights.bmm(v).transpose(0, 1).contiguous().view(queries * batch, features));
  weights = weights.view(batch, num_heads, queries, keys);
  if (inputs.average_attn_weights) weights = weights.mean(1);
  return [out, batched ? weights : weights.squeeze(0)];
}

/** Attention of several heads: see `MultiHeadOptions`. Gives the result and the weights, or null in their place. */
export const multi_head_attention_forward: MultiHeadAttention = pythonFunction<MultiHeadAttention, Inputs>(
  "multi_head_attention_forward",
  [
    "query",
    "key",
    "value",
    "embed_dim_to_check",
    "num_heads",
    "in_proj_weight",
    "in_proj_bias",
    "bias_k",
    "bias_v",
    "add_zero_attn",
    "dropout_p",
    "out_proj_weight",
    "out_proj_bias",
  ],
  {
    training: true,
    key_padding_mask: null,
    need_weights: true,
    attn_mask: null,
    use_separate_proj_weight: false,
    q_proj_weight: null,
    k_proj_weight: null,
    v_proj_weight: null,
    static_k: null,
    static_v: null,
    average_attn_weights: true,
    is_causal: false,
  },
  attend,
);
