/**
 * Attention of several heads as a module (Vaswani et al., 2017).
 */
import type { DType } from "../dtype.ts";
import { AssertionError, ValueError } from "../errors.ts";
import { empty } from "../ops/create.ts";
import { type AttentionResult, multi_head_attention_forward } from "../ops/multihead.ts";
import { pythonFunction } from "../ops/python_function.ts";
import type { Tensor } from "../tensor.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf } from "./arguments.ts";
import { constant_, xavier_normal_, xavier_uniform_ } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** A linear layer under PyTorch's name for that of attention. */
export class NonDynamicallyQuantizableLinear extends Linear {}

/** Arguments of `MultiheadAttention`. */
export interface MultiheadAttentionOptions {
  /** The size of queries and results. */
  embed_dim: number;
  /** The number of heads, among which features are divided. */
  num_heads: number;
  /** The probability that a weight is dropped in training. */
  dropout: number;
  /** Whether the projections have biases. */
  bias: boolean;
  /** Whether a key and a value are learned that are there for all queries. */
  add_bias_kv: boolean;
  /** Whether a key and a value of zeros are added. */
  add_zero_attn: boolean;
  /** The size of keys; that of queries unless given. */
  kdim: number | null;
  /** The size of values; that of queries unless given. */
  vdim: number | null;
  /** Whether the batch is the first dimension. */
  batch_first: boolean;
  /** The dtype of the parameters. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

/** What `MultiheadAttention` takes besides queries, keys and values. */
export interface AttentionCallOptions {
  /** (batch, keys): true for keys that do not count, or numbers that are added to their scores. */
  key_padding_mask: Tensor | null;
  /** Whether to give the weights too; true unless given. */
  need_weights: boolean;
  /** True where a query may not look at a key, or numbers that are added to the scores: (queries, keys), or one for each head. */
  attn_mask: Tensor | null;
  /** Whether to give the mean of the heads' weights; true unless given. */
  average_attn_weights: boolean;
  /** Whether the mask is the causal one. */
  is_causal: boolean;
}

const readMultiheadAttention = constructorOf<MultiheadAttentionOptions>("MultiheadAttention", ["embed_dim", "num_heads"], {
  dropout: 0,
  bias: true,
  add_bias_kv: false,
  add_zero_attn: false,
  kdim: null,
  vdim: null,
  batch_first: false,
  device: null,
  dtype: null,
});

type Call = AttentionCallOptions & { query: Tensor; key: Tensor; value: Tensor };
const readCall = pythonFunction<(...args: unknown[]) => Call, Call>(
  "MultiheadAttention.forward",
  ["query", "key", "value"],
  { key_padding_mask: null, need_weights: true, attn_mask: null, average_attn_weights: true, is_causal: false },
  (inputs) => inputs,
);

/** For each query a mean of the values, weighted by how well their keys fit, in several heads. */
export class MultiheadAttention extends Module {
  /** The size of queries and results. */
  embed_dim: number;
  /** The size of keys. */
  kdim: number;
  /** The size of values. */
  vdim: number;
  /** The number of heads. */
  num_heads: number;
  /** The probability that a weight is dropped in training. */
  dropout: number;
  /** Whether the batch is the first dimension. */
  batch_first: boolean;
  /** Features of a head. */
  head_dim: number;
  /** Whether a key and a value of zeros are added. */
  add_zero_attn: boolean;
  /** The projections of queries, keys and values, one below the other; null where they are kept one by one. */
  in_proj_weight: Parameter | null;
  /** The projection of queries, or null. */
  q_proj_weight: Parameter | null;
  /** The projection of keys, or null. */
  k_proj_weight: Parameter | null;
  /** The projection of values, or null. */
  v_proj_weight: Parameter | null;
  /** The biases of the projections, or null. */
  in_proj_bias: Parameter | null;
  /** A key that is there for all queries, or null. */
  bias_k: Parameter | null;
  /** Its value, or null. */
  bias_v: Parameter | null;
  /** The projection of the result. */
  out_proj: NonDynamicallyQuantizableLinear;

  /** Takes `embed_dim`, `num_heads`, `dropout` (0), `bias` (true), `add_bias_kv`, `add_zero_attn`, `kdim`, `vdim`, `batch_first` (false). */
  constructor(...args: Constructor<MultiheadAttentionOptions>) {
    super();
    const options = readMultiheadAttention(args);
    const { embed_dim, num_heads, bias, add_bias_kv, dtype } = options;
    if (embed_dim <= 0 || num_heads <= 0) {
      throw new ValueError(`embed_dim and num_heads must be greater than 0, got embed_dim=${embed_dim} and num_heads=${num_heads} instead`);
    }
    this.embed_dim = embed_dim;
    this.kdim = options.kdim ?? embed_dim;
    this.vdim = options.vdim ?? embed_dim;
    this.num_heads = num_heads;
    this.dropout = options.dropout;
    this.batch_first = options.batch_first;
    this.head_dim = Math.floor(embed_dim / num_heads);
    if (this.head_dim * num_heads !== embed_dim) throw new AssertionError("embed_dim must be divisible by num_heads");
    this.add_zero_attn = options.add_zero_attn;
    const matrix = (rows: number, columns: number) => new Parameter(empty([rows, columns], { dtype }));
    const one = this.kdim === embed_dim && this.vdim === embed_dim;
    this.in_proj_weight = one ? matrix(3 * embed_dim, embed_dim) : null;
    this.q_proj_weight = one ? null : matrix(embed_dim, embed_dim);
    this.k_proj_weight = one ? null : matrix(embed_dim, this.kdim);
    this.v_proj_weight = one ? null : matrix(embed_dim, this.vdim);
    this.in_proj_bias = bias ? new Parameter(empty([3 * embed_dim], { dtype })) : null;
    this.out_proj = new NonDynamicallyQuantizableLinear(embed_dim, embed_dim, { bias, dtype });
    this.bias_k = add_bias_kv ? new Parameter(empty([1, 1, embed_dim], { dtype })) : null;
    this.bias_v = add_bias_kv ? new Parameter(empty([1, 1, embed_dim], { dtype })) : null;
    this.#reset();
  }

  #reset(): void {
    for (const weight of [this.in_proj_weight, this.q_proj_weight, this.k_proj_weight, this.v_proj_weight]) if (weight !== null) xavier_uniform_(weight);
    if (this.in_proj_bias !== null) {
      constant_(this.in_proj_bias, 0);
      constant_(this.out_proj.bias!, 0);
    }
    if (this.bias_k !== null) xavier_normal_(this.bias_k);
    if (this.bias_v !== null) xavier_normal_(this.bias_v);
  }

  /** (queries, batch, embed_dim), (keys, batch, kdim), (keys, batch, vdim) to (queries, batch, embed_dim), and the weights (batch, queries, keys). */
  override forward(query: Tensor, key: Tensor, value: Tensor, ...rest: Constructor<AttentionCallOptions>): AttentionResult {
    const { query: q, key: k, value: v, ...options } = readCall(query, key, value, ...rest);
    const turned = this.batch_first && q.sizes.length === 3;
    // one and the same input stays one, so that it is projected once
    const turn = (t: Tensor) => t.transpose(1, 0);
    const first = turned ? turn(q) : q;
    const second = k === q ? first : turned ? turn(k) : k;
    const third = v === k ? second : v === q ? first : turned ? turn(v) : v;
    const { in_proj_weight, in_proj_bias, bias_k, bias_v, add_zero_attn, dropout, out_proj, training } = this;
    const { q_proj_weight, k_proj_weight, v_proj_weight } = this;
    const [output, weights] = multi_head_attention_forward(
      first,
      second,
      third,
      this.embed_dim,
      this.num_heads,
      in_proj_weight,
      in_proj_bias,
      bias_k,
      bias_v,
      add_zero_attn,
      dropout,
      out_proj.weight,
      out_proj.bias,
      { training, use_separate_proj_weight: in_proj_weight === null, q_proj_weight, k_proj_weight, v_proj_weight, ...options },
    );
    return [turned ? turn(output) : output, weights];
  }
}
