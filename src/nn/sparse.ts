/**
 * Embeddings as modules: tables of vectors that are learned.
 */
import type { DType } from "../dtype.ts";
import { AssertionError } from "../errors.ts";
import { empty } from "../ops/create.ts";
import { pythonFunction } from "../ops/python_function.ts";
import type { Tensor } from "../tensor.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf, float, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { normal_ } from "./init.ts";
import { no_grad } from "../autograd/mode.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/** Arguments of `Embedding`. */
export interface EmbeddingModuleOptions {
  /** The number of rows. */
  num_embeddings: number;
  /** The size of each. */
  embedding_dim: number;
  /** A row that stays as it is, zeros at first. */
  padding_idx: number | null;
  /** The greatest norm of the rows that are read; longer ones are scaled down. */
  max_norm: number | null;
  /** The norm. */
  norm_type: number;
  /** Whether to divide the gradient of a row by how often it was read. */
  scale_grad_by_freq: boolean;
  /** Asks PyTorch for sparse gradients; they are dense here. */
  sparse: boolean;
  /** A table to begin with. */
  _weight: Tensor | null;
  /** Whether the table is not trained. */
  _freeze: boolean;
  /** The dtype of the table. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

const readEmbedding = constructorOf<EmbeddingModuleOptions>("Embedding", ["num_embeddings", "embedding_dim"], {
  padding_idx: null,
  max_norm: null,
  norm_type: 2,
  scale_grad_by_freq: false,
  sparse: false,
  _weight: null,
  _freeze: false,
  device: null,
  dtype: null,
});

/** What is given to `from_pretrained`. */
export interface PretrainedOptions {
  /** The table. */
  embeddings: Tensor;
  /** Whether it is not trained; true unless given. */
  freeze: boolean;
  /** A row that gets no gradient. */
  padding_idx: number | null;
  /** The greatest norm of the rows that are read. */
  max_norm: number | null;
  /** The norm. */
  norm_type: number;
  /** Whether to divide the gradient of a row by how often it was read. */
  scale_grad_by_freq: boolean;
  /** Asks PyTorch for sparse gradients. */
  sparse: boolean;
}

const readPretrained = pythonFunction<(...args: Constructor<PretrainedOptions>) => PretrainedOptions, PretrainedOptions>(
  "from_pretrained",
  ["embeddings"],
  { freeze: true, padding_idx: null, max_norm: null, norm_type: 2, scale_grad_by_freq: false, sparse: false },
  (options) => options,
);

/** The row that is meant, counted from the start. */
function rowOf(padding_idx: number | null, rows: number, name: string): number | null {
  if (padding_idx === null) return null;
  if (padding_idx >= rows || padding_idx < -rows) throw new AssertionError(`${name} must be within num_embeddings`);
  return padding_idx < 0 ? padding_idx + rows : padding_idx;
}

/** A table from which rows are read by number. At first its numbers are normal ones. */
export class Embedding extends Module {
  /** The number of rows. */
  num_embeddings: number;
  /** The size of each. */
  embedding_dim: number;
  /** A row that gets no gradient, or null. */
  padding_idx: number | null;
  /** The greatest norm of the rows that are read, or null. */
  max_norm: number | null;
  /** The norm. */
  norm_type: number;
  /** Whether to divide the gradient of a row by how often it was read. */
  scale_grad_by_freq: boolean;
  /** Whether sparse gradients were asked for. */
  sparse: boolean;
  /** The table: (num_embeddings, embedding_dim). */
  weight: Parameter;

  /** Takes `num_embeddings`, `embedding_dim`, `padding_idx`, `max_norm`, `norm_type` (2), `scale_grad_by_freq` (false), `sparse` (false). */
  constructor(...args: Constructor<EmbeddingModuleOptions>) {
    super();
    const options = readEmbedding(args);
    const { num_embeddings, embedding_dim, _weight, _freeze, dtype } = options;
    this.num_embeddings = num_embeddings;
    this.embedding_dim = embedding_dim;
    this.padding_idx = rowOf(options.padding_idx, num_embeddings, "Padding_idx");
    this.max_norm = options.max_norm;
    this.norm_type = options.norm_type;
    this.scale_grad_by_freq = options.scale_grad_by_freq;
    this.sparse = options.sparse;
    if (_weight !== null && (_weight.sizes[0] !== num_embeddings || _weight.sizes[1] !== embedding_dim)) {
      throw new AssertionError("Shape of weight does not match num_embeddings and embedding_dim");
    }
    this.weight = new Parameter(_weight ?? empty([num_embeddings, embedding_dim], { dtype }), !_freeze);
    if (_weight === null) this.reset_parameters();
  }

  /** Draws the table anew. */
  reset_parameters(): void {
    normal_(this.weight);
    if (this.padding_idx !== null) no_grad(() => void this.weight.select(0, this.padding_idx!).fill_(0));
  }

  /** Row numbers of any shape to (..., embedding_dim). */
  override forward(input: Tensor): Tensor {
    return F.embedding(input, this.weight, this.padding_idx, this.max_norm, this.norm_type, this.scale_grad_by_freq, this.sparse);
  }

  /** A module of a given table, which is not trained unless said otherwise. */
  static from_pretrained(...args: Constructor<PretrainedOptions>): Embedding {
    const { embeddings, freeze, ...rest } = readPretrained(...args);
    if (embeddings.sizes.length !== 2) throw new AssertionError("Embeddings parameter is expected to be 2-dimensional");
    return new Embedding(embeddings.sizes[0], embeddings.sizes[1], { ...rest, _weight: embeddings, _freeze: freeze });
  }

  /** `10, 3`, and what is not as usual. */
  override extra_repr(): string {
    return `${this.num_embeddings}, ${this.embedding_dim}${this.padding_idx === null ? "" : `, padding_idx=${this.padding_idx}`}${rowText(this)}`;
  }
}

/** What the texts of both kinds of tables say about how rows are read. */
function rowText({ max_norm, norm_type, scale_grad_by_freq, sparse }: Embedding | EmbeddingBag): string {
  let text = "";
  if (max_norm !== null) text += `, max_norm=${float(max_norm, 1)}`;
  if (norm_type !== 2) text += `, norm_type=${python(norm_type)}`;
  if (scale_grad_by_freq) text += ", scale_grad_by_freq=True";
  if (sparse) text += ", sparse=True";
  return text;
}

/** Arguments of `EmbeddingBag`. */
export interface EmbeddingBagModuleOptions extends Omit<EmbeddingModuleOptions, "_freeze"> {
  /** `"sum"`, `"mean"` or `"max"`. */
  mode: string;
  /** Whether the last offset is the end. */
  include_last_offset: boolean;
}

const readEmbeddingBag = constructorOf<EmbeddingBagModuleOptions>("EmbeddingBag", ["num_embeddings", "embedding_dim"], {
  max_norm: null,
  norm_type: 2,
  scale_grad_by_freq: false,
  mode: "mean",
  sparse: false,
  _weight: null,
  include_last_offset: false,
  padding_idx: null,
  device: null,
  dtype: null,
});

/** A table of which whole bags of rows are read: their sums, means or maxima. */
export class EmbeddingBag extends Module {
  /** The number of rows. */
  num_embeddings: number;
  /** The size of each. */
  embedding_dim: number;
  /** The greatest norm of the rows that are read, or null. */
  max_norm: number | null;
  /** The norm. */
  norm_type: number;
  /** Whether to divide the gradient of a row by how often it was read. */
  scale_grad_by_freq: boolean;
  /** A row that does not count, or null. */
  padding_idx: number | null;
  /** The table: (num_embeddings, embedding_dim). */
  weight: Parameter;
  /** `"sum"`, `"mean"` or `"max"`. */
  mode: string;
  /** Whether sparse gradients were asked for. */
  sparse: boolean;
  /** Whether the last offset is the end. */
  include_last_offset: boolean;

  /** Takes `num_embeddings`, `embedding_dim`, `max_norm`, `norm_type` (2), `scale_grad_by_freq` (false), `mode` ("mean"), and more by name. */
  constructor(...args: Constructor<EmbeddingBagModuleOptions>) {
    super();
    const options = readEmbeddingBag(args);
    const { num_embeddings, embedding_dim, _weight, dtype } = options;
    this.num_embeddings = num_embeddings;
    this.embedding_dim = embedding_dim;
    this.max_norm = options.max_norm;
    this.norm_type = options.norm_type;
    this.scale_grad_by_freq = options.scale_grad_by_freq;
    this.padding_idx = rowOf(options.padding_idx, num_embeddings, "padding_idx");
    if (_weight !== null && (_weight.sizes[0] !== num_embeddings || _weight.sizes[1] !== embedding_dim)) {
      throw new AssertionError("Shape of weight does not match num_embeddings and embedding_dim");
    }
    this.weight = new Parameter(_weight ?? empty([num_embeddings, embedding_dim], { dtype }));
    if (_weight === null) this.reset_parameters();
    this.mode = options.mode;
    this.sparse = options.sparse;
    this.include_last_offset = options.include_last_offset;
  }

  /** Draws the table anew. */
  reset_parameters(): void {
    normal_(this.weight);
    if (this.padding_idx !== null) no_grad(() => void this.weight.select(0, this.padding_idx!).fill_(0));
  }

  /** Row numbers (bags, rows), or all of them and the offsets at which bags begin, to (bags, embedding_dim). */
  override forward(input: Tensor, offsets: Tensor | null = null, per_sample_weights: Tensor | null = null): Tensor {
    const { weight, max_norm, norm_type, scale_grad_by_freq, mode, sparse, include_last_offset, padding_idx } = this;
    return F.embedding_bag(input, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse, per_sample_weights, include_last_offset, padding_idx);
  }

  /** `10, 3, mode='mean'`, and what is not as usual. */
  override extra_repr(): string {
    const row = this.padding_idx === null ? "" : `, padding_idx=${this.padding_idx}`;
    return `${this.num_embeddings}, ${this.embedding_dim}${rowText(this)}, mode=${python(this.mode)}${row}`;
  }
}
