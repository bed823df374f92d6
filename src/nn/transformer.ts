/**
 * The transformer and its parts as modules (Vaswani et al., 2017).
 */
import type { DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { full } from "../ops/create.ts";
import { relu } from "../ops/rectify.ts";
import { gelu } from "../ops/smooth.ts";
import type { Tensor } from "../tensor.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf } from "./arguments.ts";
import { MultiheadAttention } from "./attention.ts";
import { ModuleList } from "./container.ts";
import { Dropout } from "./dropout.ts";
import { xavier_uniform_ } from "./init.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { LayerNorm } from "./normalization.ts";
import { pythonFunction } from "../ops/python_function.ts";

/** A function of each element. */
export type ElementFunction = (input: Tensor) => Tensor;

/** Arguments of layers of transformers. */
export interface TransformerLayerOptions {
  /** The size of inputs and outputs. */
  d_model: number;
  /** The number of heads. */
  nhead: number;
  /** The size between the two linear layers. */
  dim_feedforward: number;
  /** The probability that an element is dropped in training. */
  dropout: number;
  /** `"relu"`, `"gelu"` or a function: between the two linear layers. */
  activation: string | ElementFunction;
  /** Added to variances. */
  layer_norm_eps: number;
  /** Whether the batch is the first dimension. */
  batch_first: boolean;
  /** Whether to normalise before and not after each part. */
  norm_first: boolean;
  /** Whether there are biases. */
  bias: boolean;
  /** The dtype of the parameters. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

const LAYER = {
  dim_feedforward: 2048,
  dropout: 0.1,
  activation: "relu",
  layer_norm_eps: 1e-5,
  batch_first: false,
  norm_first: false,
  bias: true,
  device: null,
  dtype: null,
};

/** The function of a name. */
function activationOf(activation: string | ElementFunction): ElementFunction {
  if (activation === "relu") return (input) => relu(input);
  if (activation === "gelu") return (input) => gelu(input);
  if (typeof activation === "string") throw new RuntimeError(`activation should be relu/gelu, not ${activation}`);
  return activation;
}

/** Masks of an encoder layer, by position or by name. */
export interface EncoderMasks {
  /** Where a place may not look: (length, length). */
  src_mask: Tensor | null;
  /** Places that do not count: (batch, length). */
  src_key_padding_mask: Tensor | null;
  /** Whether the mask is the causal one. */
  is_causal: boolean;
}

const readEncoderLayer = constructorOf<TransformerLayerOptions>("TransformerEncoderLayer", ["d_model", "nhead"], LAYER);
const readEncoderLayerCall = pythonFunction<(...args: unknown[]) => EncoderMasks & { src: Tensor }, EncoderMasks & { src: Tensor }>(
  "TransformerEncoderLayer.forward",
  ["src"],
  { src_mask: null, src_key_padding_mask: null, is_causal: false },
  (inputs) => inputs,
);

/** Attention of a sequence to itself, then two linear layers, each with a shortcut and a normalisation. */
export class TransformerEncoderLayer extends Module {
  /** The attention. */
  self_attn: MultiheadAttention;
  /** The first linear layer. */
  linear1: Linear;
  /** The dropout between the two. */
  dropout: Dropout;
  /** The second linear layer. */
  linear2: Linear;
  /** Whether to normalise before and not after each part. */
  norm_first: boolean;
  /** The normalisation of the attention. */
  norm1: LayerNorm;
  /** The normalisation of the linear layers. */
  norm2: LayerNorm;
  /** The dropout of the attention. */
  dropout1: Dropout;
  /** The dropout of the linear layers. */
  dropout2: Dropout;
  /** The function between the two linear layers. */
  activation: ElementFunction;

  /** Takes `d_model`, `nhead`, `dim_feedforward` (2048), `dropout` (0.1), `activation` ("relu"), `layer_norm_eps` (1e-5), `batch_first`, `norm_first`, `bias`. */
  constructor(...args: Constructor<TransformerLayerOptions>) {
    super();
    const { d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps: eps, batch_first, norm_first, bias, dtype } = readEncoderLayer(args);
    this.self_attn = new MultiheadAttention(d_model, nhead, { dropout, bias, batch_first, dtype });
    this.linear1 = new Linear(d_model, dim_feedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dim_feedforward, d_model, { bias, dtype });
    this.norm_first = norm_first;
    this.norm1 = new LayerNorm(d_model, { eps, bias, dtype });
    this.norm2 = new LayerNorm(d_model, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf(activation);
  }

  /** The part that looks at the sequence itself. */
  protected attend(x: Tensor, attn_mask: Tensor | null, key_padding_mask: Tensor | null): Tensor {
    return this.dropout1.call(this.self_attn.call(x, x, x, { attn_mask, key_padding_mask, need_weights: false })[0]);
  }

  /** The linear layers. */
  protected feed(x: Tensor): Tensor {
    return this.dropout2.call(this.linear2.call(this.dropout.call(this.activation(this.linear1.call(x)))));
  }

  /** (length, batch, d_model), and masks: `src_mask`, `src_key_padding_mask`, `is_causal`. */
  override forward(src: Tensor, ...rest: Constructor<EncoderMasks>): Tensor {
    const { src: x, src_mask, src_key_padding_mask } = readEncoderLayerCall(src, ...rest);
    if (this.norm_first) {
      const attended = x.add(this.attend(this.norm1.call(x), src_mask, src_key_padding_mask));
      return attended.add(this.feed(this.norm2.call(attended)));
    }
    const attended = this.norm1.call(x.add(this.attend(x, src_mask, src_key_padding_mask)));
    return this.norm2.call(attended.add(this.feed(attended)));
  }
}

/** Masks of a decoder, by position or by name. */
export interface DecoderMasks {
  /** Where a place of the target may not look: (length, length). */
  tgt_mask: Tensor | null;
  /** Where it may not look in the memory: (length, memory length). */
  memory_mask: Tensor | null;
  /** Places of the target that do not count: (batch, length). */
  tgt_key_padding_mask: Tensor | null;
  /** Places of the memory that do not count: (batch, memory length). */
  memory_key_padding_mask: Tensor | null;
  /** Whether the target's mask is the causal one. */
  tgt_is_causal: boolean | null;
  /** Whether the memory's mask is the causal one. */
  memory_is_causal: boolean;
}

const DECODER_MASKS: DecoderMasks = {
  tgt_mask: null,
  memory_mask: null,
  tgt_key_padding_mask: null,
  memory_key_padding_mask: null,
  tgt_is_causal: null,
  memory_is_causal: false,
};

type DecoderCall = DecoderMasks & { tgt: Tensor; memory: Tensor };
const readDecoderCall = (name: string) =>
  pythonFunction<(...args: unknown[]) => DecoderCall, DecoderCall>(`${name}.forward`, ["tgt", "memory"], DECODER_MASKS, (inputs) => inputs);

const readDecoderLayer = constructorOf<TransformerLayerOptions>("TransformerDecoderLayer", ["d_model", "nhead"], LAYER);
const readDecoderLayerCall = readDecoderCall("TransformerDecoderLayer");

/** Attention of a sequence to itself and to a memory, then two linear layers, each with a shortcut and a normalisation. */
export class TransformerDecoderLayer extends Module {
  /** The attention to itself. */
  self_attn: MultiheadAttention;
  /** The attention to the memory. */
  multihead_attn: MultiheadAttention;
  /** The first linear layer. */
  linear1: Linear;
  /** The dropout between the two. */
  dropout: Dropout;
  /** The second linear layer. */
  linear2: Linear;
  /** Whether to normalise before and not after each part. */
  norm_first: boolean;
  /** The normalisation of the attention to itself. */
  norm1: LayerNorm;
  /** The normalisation of the attention to the memory. */
  norm2: LayerNorm;
  /** The normalisation of the linear layers. */
  norm3: LayerNorm;
  /** The dropout of the attention to itself. */
  dropout1: Dropout;
  /** The dropout of the attention to the memory. */
  dropout2: Dropout;
  /** The dropout of the linear layers. */
  dropout3: Dropout;
  /** The function between the two linear layers. */
  activation: ElementFunction;

  /** Takes `d_model`, `nhead`, `dim_feedforward` (2048), `dropout` (0.1), `activation` ("relu"), `layer_norm_eps` (1e-5), `batch_first`, `norm_first`, `bias`. */
  constructor(...args: Constructor<TransformerLayerOptions>) {
    super();
    const { d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps: eps, batch_first, norm_first, bias, dtype } = readDecoderLayer(args);
    this.self_attn = new MultiheadAttention(d_model, nhead, { dropout, bias, batch_first, dtype });
    this.multihead_attn = new MultiheadAttention(d_model, nhead, { dropout, bias, batch_first, dtype });
    this.linear1 = new Linear(d_model, dim_feedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dim_feedforward, d_model, { bias, dtype });
    this.norm_first = norm_first;
    this.norm1 = new LayerNorm(d_model, { eps, bias, dtype });
    this.norm2 = new LayerNorm(d_model, { eps, bias, dtype });
    this.norm3 = new LayerNorm(d_model, { eps, bias, dtype });
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf(activation);
  }

  /** The part that looks at the sequence itself. */
  protected attend(x: Tensor, { tgt_mask: attn_mask, tgt_key_padding_mask: key_padding_mask }: DecoderMasks): Tensor {
    return this.dropout1.call(this.self_attn.call(x, x, x, { attn_mask, key_padding_mask, need_weights: false })[0]);
  }

  /** The part that looks at the memory. */
  protected remember(x: Tensor, { memory, memory_mask: attn_mask, memory_key_padding_mask: key_padding_mask }: DecoderCall): Tensor {
    return this.dropout2.call(this.multihead_attn.call(x, memory, memory, { attn_mask, key_padding_mask, need_weights: false })[0]);
  }

  /** The linear layers. */
  protected feed(x: Tensor): Tensor {
    return this.dropout3.call(this.linear2.call(this.dropout.call(this.activation(this.linear1.call(x)))));
  }

  /** (length, batch, d_model) and a memory, and masks: see `DecoderMasks`. */
  override forward(tgt: Tensor, memory: Tensor, ...rest: Constructor<DecoderMasks>): Tensor {
    const inputs = readDecoderLayerCall(tgt, memory, ...rest);
    let x = inputs.tgt;
    if (this.norm_first) {
      x = x.add(this.attend(this.norm1.call(x), inputs));
      x = x.add(this.remember(this.norm2.call(x), inputs));
      return x.add(this.feed(this.norm3.call(x)));
    }
    x = this.norm1.call(x.add(this.attend(x, inputs)));
    x = this.norm2.call(x.add(this.remember(x, inputs)));
    return this.norm3.call(x.add(this.feed(x)));
  }
}

/** Copies of a layer, with the same parameters at first. */
const copies = <M extends Module>(layer: M, count: number): ModuleList => new ModuleList(Array.from({ length: count }, () => layer.__deepcopy__()));

/** Arguments of `TransformerEncoder`. */
export interface TransformerEncoderOptions {
  /** The layer, of which copies are made. */
  encoder_layer: TransformerEncoderLayer;
  /** How many. */
  num_layers: number;
  /** A normalisation at the end. */
  norm: Module | null;
  /** Accepted. */
  enable_nested_tensor: boolean;
  /** Accepted. */
  mask_check: boolean;
}

/** Masks of an encoder, by position or by name. */
export interface EncoderStackMasks {
  /** Where a place may not look: (length, length). */
  mask: Tensor | null;
  /** Places that do not count: (batch, length). */
  src_key_padding_mask: Tensor | null;
  /** Whether the mask is the causal one. */
  is_causal: boolean | null;
}

const readEncoder = constructorOf<TransformerEncoderOptions>("TransformerEncoder", ["encoder_layer", "num_layers"], {
  norm: null,
  enable_nested_tensor: true,
  mask_check: true,
});
const readEncoderCall = pythonFunction<(...args: unknown[]) => EncoderStackMasks & { src: Tensor }, EncoderStackMasks & { src: Tensor }>(
  "TransformerEncoder.forward",
  ["src"],
  { mask: null, src_key_padding_mask: null, is_causal: null },
  (inputs) => inputs,
);

/** Encoder layers one after the other. */
export class TransformerEncoder extends Module {
  /** The layers. */
  layers: ModuleList;
  /** How many. */
  num_layers: number;
  /** A normalisation at the end, or null. */
  norm: Module | null;

  /** Takes `encoder_layer`, `num_layers`, `norm`. */
  constructor(...args: Constructor<TransformerEncoderOptions>) {
    super();
    const { encoder_layer, num_layers, norm } = readEncoder(args);
    this.layers = copies(encoder_layer, num_layers);
    this.num_layers = num_layers;
    this.norm = norm;
  }

  /** (length, batch, d_model), and masks: `mask`, `src_key_padding_mask`, `is_causal`. */
  override forward(src: Tensor, ...rest: Constructor<EncoderStackMasks>): Tensor {
    const { src: input, mask, src_key_padding_mask } = readEncoderCall(src, ...rest);
    let x = input;
    for (const layer of this.layers) x = (layer as TransformerEncoderLayer).call(x, { src_mask: mask, src_key_padding_mask });
    return this.norm === null ? x : this.norm.call(...[x] as never[]) as Tensor;
  }
}

/** Arguments of `TransformerDecoder`. */
export interface TransformerDecoderOptions {
  /** The layer, of which copies are made. */
  decoder_layer: TransformerDecoderLayer;
  /** How many. */
  num_layers: number;
  /** A normalisation at the end. */
  norm: Module | null;
}

const readDecoder = constructorOf<TransformerDecoderOptions>("TransformerDecoder", ["decoder_layer", "num_layers"], { norm: null });
const readDecoderStackCall = readDecoderCall("TransformerDecoder");

/** Decoder layers one after the other. */
export class TransformerDecoder extends Module {
  /** The layers. */
  layers: ModuleList;
  /** How many. */
  num_layers: number;
  /** A normalisation at the end, or null. */
  norm: Module | null;

  /** Takes `decoder_layer`, `num_layers`, `norm`. */
  constructor(...args: Constructor<TransformerDecoderOptions>) {
    super();
    const { decoder_layer, num_layers, norm } = readDecoder(args);
    this.layers = copies(decoder_layer, num_layers);
    this.num_layers = num_layers;
    this.norm = norm;
  }

  /** (length, batch, d_model) and a memory, and masks: see `DecoderMasks`. */
  override forward(tgt: Tensor, memory: Tensor, ...rest: Constructor<DecoderMasks>): Tensor {
    const { tgt: input, memory: remembered, ...masks } = readDecoderStackCall(tgt, memory, ...rest);
    let x = input;
    for (const layer of this.layers) x = (layer as TransformerDecoderLayer).call(x, remembered, masks);
    return this.norm === null ? x : this.norm.call(...[x] as never[]) as Tensor;
  }
}

/** Arguments of `Transformer`. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Layers of the encoder. */
  num_encoder_layers: number;
  /** Layers of the decoder. */
  num_decoder_layers: number;
  /** An encoder of one's own. */
  custom_encoder: Module | null;
  /** A decoder of one's own. */
  custom_decoder: Module | null;
}

/** Masks of a transformer, by position or by name. */
export interface TransformerMasks extends DecoderMasks {
  /** Where a place of the source may not look: (length, length). */
  src_mask: Tensor | null;
  /** Places of the source that do not count: (batch, length). */
  src_key_padding_mask: Tensor | null;
  /** Whether the source's mask is the causal one. */
  src_is_causal: boolean | null;
}

const readTransformer = constructorOf<TransformerOptions>("Transformer", [], {
  d_model: 512,
  nhead: 8,
  num_encoder_layers: 6,
  num_decoder_layers: 6,
  dim_feedforward: 2048,
  dropout: 0.1,
  activation: "relu",
  custom_encoder: null,
  custom_decoder: null,
  layer_norm_eps: 1e-5,
  batch_first: false,
  norm_first: false,
  bias: true,
  device: null,
  dtype: null,
});

type TransformerCall = TransformerMasks & { src: Tensor; tgt: Tensor };
const readTransformerCall = pythonFunction<(...args: unknown[]) => TransformerCall, TransformerCall>("Transformer.forward", ["src", "tgt"], {
  src_mask: null,
  tgt_mask: null,
  memory_mask: null,
  src_key_padding_mask: null,
  tgt_key_padding_mask: null,
  memory_key_padding_mask: null,
  src_is_causal: null,
  tgt_is_causal: null,
  memory_is_causal: false,
}, (inputs) => inputs);

/** An encoder of a source, and a decoder of a target that looks at what the encoder gives. */
export class Transformer extends Module {
  /** The encoder. */
  encoder: Module;
  /** The decoder. */
  decoder: Module;
  /** The size of inputs and outputs. */
  d_model: number;
  /** The number of heads. */
  nhead: number;
  /** Whether the batch is the first dimension. */
  batch_first: boolean;

  /** Takes `d_model` (512), `nhead` (8), `num_encoder_layers` (6), `num_decoder_layers` (6), `dim_feedforward` (2048), `dropout` (0.1) and more by name. */
  constructor(...args: Constructor<TransformerOptions>) {
    super();
    const { num_encoder_layers, num_decoder_layers, custom_encoder, custom_decoder, ...layer } = readTransformer(args);
    const { d_model, nhead, layer_norm_eps: eps, bias, dtype } = layer;
    const norm = () => new LayerNorm(d_model, { eps, bias, dtype });
    this.encoder = custom_encoder ?? new TransformerEncoder(new TransformerEncoderLayer(layer), num_encoder_layers, norm());
    this.decoder = custom_decoder ?? new TransformerDecoder(new TransformerDecoderLayer(layer), num_decoder_layers, norm());
    for (const p of this.parameters()) if (p.sizes.length > 1) xavier_uniform_(p);
    this.d_model = d_model;
    this.nhead = nhead;
    this.batch_first = layer.batch_first;
  }

  /** (source length, batch, d_model) and (target length, batch, d_model), and masks: see `TransformerMasks`. */
  override forward(src: Tensor, tgt: Tensor, ...rest: Constructor<TransformerMasks>): Tensor {
    const { src: source, tgt: target, src_mask, src_key_padding_mask, src_is_causal, ...masks } = readTransformerCall(src, tgt, ...rest);
    const batched = source.sizes.length === 3, batch = this.batch_first ? 0 : 1;
    if (batched && source.sizes[batch] !== target.sizes[batch]) throw new RuntimeError("the batch number of src and tgt must be equal");
    if (source.size(-1) !== this.d_model || target.size(-1) !== this.d_model) {
      throw new RuntimeError("the feature number of src and tgt must be equal to d_model");
    }
    const memory = this.encoder.call(...[source, { mask: src_mask, src_key_padding_mask, is_causal: src_is_causal }] as never[]);
    return this.decoder.call(...[target, memory, masks] as never[]) as Tensor;
  }

  /** A mask that lets each place look at itself and at those before it: 0 there, minus infinity elsewhere. */
  static generate_square_subsequent_mask(sz: number): Tensor {
    return full([sz, sz], -Infinity).triu(1);
  }

  /** The same, for instances. */
  generate_square_subsequent_mask(sz: number): Tensor {
    return Transformer.generate_square_subsequent_mask(sz);
  }
}
