/**
 * Recurrent networks as modules: layers of cells that go through sequences.
 */
import type { DType } from "../dtype.ts";
import { RuntimeError, ValueError } from "../errors.ts";
import { empty, zeros } from "../ops/create.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { warn } from "../warnings.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf, List, python } from "./arguments.ts";
import { uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { PackedSequence } from "./packed_sequence.ts";
import { Parameter } from "./parameter.ts";
import { type CellWeights, type Mode, recurrent } from "./recurrent.ts";

/** Arguments of `GRU`, and of all recurrent networks. */
export interface GRUOptions {
  /** The size of the input's elements. */
  input_size: number;
  /** The size of the state. */
  hidden_size: number;
  /** How many layers, each on the output of the one before. */
  num_layers: number;
  /** Whether there are biases. */
  bias: boolean;
  /** Whether the batch is the first dimension, and time the second. */
  batch_first: boolean;
  /** The probability that an element between layers is dropped in training. */
  dropout: number;
  /** Whether each layer also goes backwards in time. */
  bidirectional: boolean;
  /** The dtype of the parameters. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

/** Arguments of `LSTM`. */
export interface LSTMOptions extends GRUOptions {
  /** The size that the state is projected to; 0 for no projection. */
  proj_size: number;
}

/** Arguments of `RNN`. */
export interface RNNOptions extends GRUOptions {
  /** `"tanh"` or `"relu"`. */
  nonlinearity: string;
}

const GATES: Record<Mode, number> = { RNN_TANH: 1, RNN_RELU: 1, GRU: 3, LSTM: 4 };
const OPTIONS = { num_layers: 1, bias: true, batch_first: false, dropout: 0, bidirectional: false };

/** A state that is given by name. */
type NamedState<S> = { hx?: S | null };

/** What all recurrent networks have. */
export abstract class RNNBase extends Module {
  /** The kind of cells. */
  mode: Mode;
  /** The size of the input's elements. */
  input_size: number;
  /** The size of the state. */
  hidden_size: number;
  /** How many layers. */
  num_layers: number;
  /** Whether there are biases. */
  bias: boolean;
  /** Whether the batch is the first dimension. */
  batch_first: boolean;
  /** The probability that an element between layers is dropped in training. */
  dropout: number;
  /** Whether each layer also goes backwards in time. */
  bidirectional: boolean;
  /** The size that the state is projected to; 0 for no projection. */
  proj_size: number;
  /** The weights of the first layer's input: (gates * hidden_size, input_size). Those of other layers end on `_l1` ..., and on `_reverse`. */
  declare weight_ih_l0: Parameter;
  /** The weights of the first layer's state: (gates * hidden_size, hidden_size). */
  declare weight_hh_l0: Parameter;
  /** The bias of the first layer's input, if there are biases. */
  declare bias_ih_l0?: Parameter;
  /** The bias of the first layer's state, if there are biases. */
  declare bias_hh_l0?: Parameter;

  /** Takes the kind of cells and the options. */
  constructor(mode: Mode, options: LSTMOptions) {
    super();
    const { input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, dtype } = options;
    if (typeof dropout !== "number" || !(dropout >= 0 && dropout <= 1)) {
      throw new ValueError("dropout should be a number in range [0, 1] representing the probability of an element being zeroed");
    }
    if (dropout > 0 && num_layers === 1) {
      warn(
        "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater than 1, " +
          `but got dropout=${python(dropout)} and num_layers=1`,
      );
    }
    if (!Number.isInteger(hidden_size)) throw new TypeError(`hidden_size should be of type int, got: ${pythonType(hidden_size)}`);
    if (hidden_size <= 0) throw new ValueError("hidden_size must be greater than zero");
    if (num_layers <= 0) throw new ValueError("num_layers must be greater than zero");
    if (proj_size < 0) throw new ValueError("proj_size should be a positive integer or zero to disable projections");
    if (proj_size >= hidden_size) throw new ValueError("proj_size has to be smaller than hidden_size");
    this.mode = mode;
    this.input_size = input_size;
    this.hidden_size = hidden_size;
    this.num_layers = num_layers;
    this.bias = bias;
    this.batch_first = batch_first;
    this.dropout = dropout;
    this.bidirectional = bidirectional;
    this.proj_size = proj_size;
    const state = proj_size > 0 ? proj_size : hidden_size, rows = GATES[mode] * hidden_size;
    const directions = bidirectional ? ["", "_reverse"] : [""];
    for (let layer = 0; layer < num_layers; layer++) {
      for (const direction of directions) {
        const add = (name: string, ...size: number[]) => this.register_parameter(`${name}_l${layer}${direction}`, new Parameter(empty(size, { dtype })));
        add("weight_ih", rows, layer === 0 ? input_size : state * directions.length);
        add("weight_hh", rows, state);
        if (bias) add("bias_ih", rows);
        if (bias) add("bias_hh", rows);
        if (proj_size > 0) add("weight_hr", proj_size, hidden_size);
      }
    }
    this.reset_parameters();
  }

  /** Draws the parameters anew: uniform in ±1/sqrt(hidden_size). */
  reset_parameters(): void {
    const bound = 1 / Math.sqrt(this.hidden_size);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  /** The parameters of each direction of each layer. */
  get all_weights(): Parameter[][] {
    const all = this.parameters(), each = 2 + (this.bias ? 2 : 0) + (this.proj_size > 0 ? 1 : 0);
    return List.from({ length: all.length / each }, (_, i) => List.from(all.slice(i * each, (i + 1) * each)));
  }

  /** Does nothing: there is no other place for the parameters. */
  flatten_parameters(): void {}

  /** Refuses inputs of another dtype or size. */
  protected checkInput(input: Tensor, rank: number): void {
    const { dtype } = this.weight_ih_l0;
    if (input.dtype !== dtype) throw new ValueError(`input must have the type ${dtype}, got type ${input.dtype}`);
    if (input.sizes.length !== rank) throw new RuntimeError(`input must have ${rank} dimensions, got ${input.sizes.length}`);
    const last = input.sizes[rank - 1];
    if (last !== this.input_size) throw new RuntimeError(`input.size(-1) must be equal to input_size. Expected ${this.input_size}, got ${last}`);
  }

  /** Goes through sequences; `state` is h, or h and c, as they were given, or null for zeros. */
  protected run<I extends Tensor | PackedSequence>(input: I, state: readonly Tensor[] | null): { output: I; state: Tensor[] } {
    const packed: PackedSequence | null = input instanceof PackedSequence ? input : null;
    const data: Tensor = input instanceof PackedSequence ? input.data : input;
    const rank = data.sizes.length;
    if (packed === null && rank !== 2 && rank !== 3) {
      // PyTorch's own words differ
      const name = this._get_name();
      throw new ValueError(`${name}: Expected input to be 2D or 3D, got ${rank}D ${name === "RNN" ? "tensor " : ""}instead`);
    }
    const single = packed === null && rank === 2;
    if (packed === null && state !== null) checkRanks(state, single);
    const batchDim = this.batch_first ? 0 : 1;
    const whole = single ? data.unsqueeze(batchDim) : data;
    const batch = packed === null ? whole.sizes[batchDim] : Number(packed.batch_sizes.select(0, 0).item());
    const sizes = packed === null ? null : packed.batch_sizes.tolist() as number[];
    const initial = state === null ? zeroState(this, batch, whole) : state.map((t) => {
      if (single) return t.unsqueeze(1);
      return packed === null || packed.sorted_indices === null ? t : t.index_select(1, packed.sorted_indices);
    });
    this.checkInput(whole, packed === null ? 3 : 2);
    checkState(this, initial, batch);
    const steps = packed === null && this.batch_first ? whole.transpose(0, 1) : whole;
    const out = recurrent(steps, sizes, initial, weightsOf(this), this);
    if (packed !== null) {
      const { batch_sizes, sorted_indices, unsorted_indices } = packed;
      const output = new PackedSequence(out.output, batch_sizes, sorted_indices, unsorted_indices);
      return { output: output as I, state: unsorted_indices === null ? out.state : out.state.map((t) => t.index_select(1, unsorted_indices)) };
    }
    // PyTorch turns what is new in place, but not what a fused layer gave
    const turned = () => this.mode === "LSTM" ? out.output.transpose(0, 1) : out.output.transpose_(0, 1);
    const output = this.batch_first ? turned() : out.output;
    if (!single) return { output: output as I, state: out.state };
    return { output: output.squeeze(batchDim) as I, state: out.state.map((t) => t.squeeze(1)) };
  }

  /** `3, 4`, and what is not as usual. */
  override extra_repr(): string {
    const { input_size, hidden_size, proj_size, num_layers, bias, batch_first, dropout, bidirectional } = this;
    let text = `${input_size}, ${hidden_size}`;
    if (proj_size !== 0) text += `, proj_size=${proj_size}`;
    if (num_layers !== 1) text += `, num_layers=${num_layers}`;
    if (!bias) text += ", bias=False";
    if (batch_first) text += ", batch_first=True";
    if (dropout !== 0) text += `, dropout=${python(dropout)}`;
    if (bidirectional) text += ", bidirectional=True";
    return text;
  }
}

/** The parameters of each direction of each layer. */
function weightsOf({ all_weights, bias, proj_size }: RNNBase): CellWeights[] {
  return all_weights.map(([ih, hh, ...rest]) => {
    const hr = proj_size > 0 ? rest.pop()! : null;
    const [biasIh, biasHh] = bias ? rest : [null, null];
    return { ih, hh, biasIh, biasHh, hr };
  });
}

/** The sizes that states must have: h, and c where there is one. */
function stateSizes({ mode, num_layers, bidirectional, proj_size, hidden_size }: RNNBase, batch: number): number[][] {
  const count = num_layers * (bidirectional ? 2 : 1);
  const h = [count, batch, proj_size > 0 ? proj_size : hidden_size];
  return mode === "LSTM" ? [h, [count, batch, hidden_size]] : [h];
}

function zeroState(module: RNNBase, batch: number, { dtype }: Tensor): Tensor[] {
  return stateSizes(module, batch).map((size) => zeros(size, { dtype }));
}

/** Refuses states of other sizes. */
function checkState(module: RNNBase, state: readonly Tensor[], batch: number): void {
  const sizes = stateSizes(module, batch);
  state.forEach((t, k) => {
    if (t.sizes.length === 3 && t.sizes.every((n, d) => n === sizes[k][d])) return;
    const name = sizes.length === 1 ? "hidden" : `hidden[${k}]`;
    throw new RuntimeError(`Expected ${name} size ${python(sizes[k])}, got [${t.sizes.join(", ")}]`);
  });
}

/** Refuses states of another rank than the input's. */
function checkRanks(state: readonly Tensor[], single: boolean): void {
  const rank = single ? 2 : 3;
  if (state.every((t) => t.sizes.length === rank)) return;
  const kind = single ? "unbatched 2-D" : "batched 3-D";
  const [h, c] = state;
  throw new RuntimeError(
    c === undefined
      ? `For ${kind} input, hx should also be ${rank}-D but got ${h.sizes.length}-D tensor`
      : `For ${kind} input, hx and cx should also be ${rank}-D but got (${h.sizes.length}-D, ${c.sizes.length}-D) tensors`,
  );
}

/** The state that was given, by position or by name. */
function stateGiven<S>(hx: S | NamedState<S> | null): S | null {
  const named = typeof hx === "object" && hx !== null && !(hx instanceof Tensor) && !Array.isArray(hx);
  return named ? (hx as NamedState<S>).hx ?? null : hx as S | null;
}

/** Refuses an argument that only LSTM has. */
function refuseProjection(args: readonly unknown[]): void {
  if (args.some((a) => typeof a === "object" && a !== null && "proj_size" in a)) {
    throw new ValueError("proj_size argument is only supported for LSTM, not RNN or GRU");
  }
}

const { num_layers, ...AFTER_LAYERS } = OPTIONS;
const readRNN = constructorOf<RNNOptions>("RNNBase", ["input_size", "hidden_size"], {
  num_layers,
  nonlinearity: "tanh",
  ...AFTER_LAYERS,
  device: null,
  dtype: null,
});

/** Elman's network: h' = tanh(W x + b + U h + c). */
export class RNN extends RNNBase {
  /** `"tanh"` or `"relu"`. */
  nonlinearity: string;

  /** Takes `input_size`, `hidden_size`, `num_layers` (1), `nonlinearity` ("tanh"), `bias` (true), `batch_first` (false), `dropout` (0), `bidirectional` (false). */
  constructor(...args: Constructor<RNNOptions>) {
    refuseProjection(args);
    const options = readRNN(args);
    const { nonlinearity } = options;
    if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
      throw new ValueError(`Unknown nonlinearity '${nonlinearity}'. Select from 'tanh' or 'relu'.`);
    }
    super(nonlinearity === "tanh" ? "RNN_TANH" : "RNN_RELU", { ...options, proj_size: 0 });
    this.nonlinearity = nonlinearity;
  }

  /** Packed sequences to packed outputs and the last states. */
  override forward(input: PackedSequence, hx?: Tensor | NamedState<Tensor> | null): [PackedSequence, Tensor];
  /** (length, batch, input_size), or without the batch, and the first state to the outputs of all steps and the last state. */
  override forward(input: Tensor, hx?: Tensor | NamedState<Tensor> | null): [Tensor, Tensor];
  /** Sequences and the first state to the outputs of all steps and the last state. */
  override forward(input: Tensor | PackedSequence, hx: Tensor | NamedState<Tensor> | null = null): [Tensor | PackedSequence, Tensor] {
    const given = stateGiven(hx);
    const { output, state } = this.run(input, given === null ? null : [given]);
    return [output, state[0]];
  }
}

const readGRU = constructorOf<GRUOptions>("RNNBase", ["input_size", "hidden_size"], { ...OPTIONS, device: null, dtype: null });

/** Gated recurrent units (Cho et al., 2014). */
export class GRU extends RNNBase {
  /** Takes `input_size`, `hidden_size`, `num_layers` (1), `bias` (true), `batch_first` (false), `dropout` (0), `bidirectional` (false). */
  constructor(...args: Constructor<GRUOptions>) {
    refuseProjection(args);
    super("GRU", { ...readGRU(args), proj_size: 0 });
  }

  /** Packed sequences to packed outputs and the last states. */
  override forward(input: PackedSequence, hx?: Tensor | NamedState<Tensor> | null): [PackedSequence, Tensor];
  /** (length, batch, input_size), or without the batch, and the first state to the outputs of all steps and the last state. */
  override forward(input: Tensor, hx?: Tensor | NamedState<Tensor> | null): [Tensor, Tensor];
  /** Sequences and the first state to the outputs of all steps and the last state. */
  override forward(input: Tensor | PackedSequence, hx: Tensor | NamedState<Tensor> | null = null): [Tensor | PackedSequence, Tensor] {
    const given = stateGiven(hx);
    const { output, state } = this.run(input, given === null ? null : [given]);
    return [output, state[0]];
  }
}

const readLSTM = constructorOf<LSTMOptions>("RNNBase", ["input_size", "hidden_size"], { ...OPTIONS, proj_size: 0, device: null, dtype: null });

/** The state of an LSTM: h and c. */
export type LSTMState = readonly [Tensor, Tensor] | readonly Tensor[];

/** Long short-term memory (Hochreiter and Schmidhuber, 1997). */
export class LSTM extends RNNBase {
  /** Takes `input_size`, `hidden_size`, `num_layers` (1), `bias` (true), `batch_first` (false), `dropout` (0), `bidirectional` (false), `proj_size` (0). */
  constructor(...args: Constructor<LSTMOptions>) {
    super("LSTM", readLSTM(args));
  }

  /** Packed sequences to packed outputs and the last states. */
  override forward(input: PackedSequence, hx?: LSTMState | NamedState<LSTMState> | null): [PackedSequence, [Tensor, Tensor]];
  /** (length, batch, input_size), or without the batch, and the first states to the outputs of all steps and the last states. */
  override forward(input: Tensor, hx?: LSTMState | NamedState<LSTMState> | null): [Tensor, [Tensor, Tensor]];
  /** Sequences and the first states to the outputs of all steps and the last states. */
  override forward(input: Tensor | PackedSequence, hx: LSTMState | NamedState<LSTMState> | null = null): [Tensor | PackedSequence, [Tensor, Tensor]] {
    const given = stateGiven<LSTMState>(hx);
    const { output, state } = this.run(input, given instanceof Tensor ? [given.index(0), given.index(1)] : given);
    return [output, [state[0], state[1]]];
  }
}
