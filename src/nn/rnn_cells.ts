/**
 * Cells of recurrent networks as modules: one step at a time.
 */
import type { DType } from "../dtype.ts";
import { RuntimeError, ValueError } from "../errors.ts";
import { empty, zeros } from "../ops/create.ts";
import type { Tensor } from "../tensor.ts";
import type { Device } from "../size.ts";
import { type Constructor, constructorOf } from "./arguments.ts";
import { uniform_ } from "./init.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";
import { cellStep, type Mode } from "./recurrent.ts";
import type { LSTMState } from "./rnn.ts";

/** Arguments of cells. */
export interface CellOptions {
  /** The size of the input. */
  input_size: number;
  /** The size of the state. */
  hidden_size: number;
  /** Whether there are biases. */
  bias: boolean;
  /** The dtype of the parameters. */
  dtype: DType | null;
  /** The CPU. */
  device: Device | string | null;
}

/** What all cells have. */
export abstract class RNNCellBase extends Module {
  /** The size of the input. */
  input_size: number;
  /** The size of the state. */
  hidden_size: number;
  /** Whether there are biases. */
  bias: boolean;
  /** The weights of the input: (gates * hidden_size, input_size). */
  weight_ih: Parameter;
  /** The weights of the state: (gates * hidden_size, hidden_size). */
  weight_hh: Parameter;
  /** The bias of the input, or null. */
  bias_ih: Parameter | null;
  /** The bias of the state, or null. */
  bias_hh: Parameter | null;

  /** Takes the options and the number of gates. */
  constructor({ input_size, hidden_size, bias, dtype }: CellOptions, gates: number) {
    super();
    this.input_size = input_size;
    this.hidden_size = hidden_size;
    this.bias = bias;
    this.weight_ih = new Parameter(empty([gates * hidden_size, input_size], { dtype }));
    this.weight_hh = new Parameter(empty([gates * hidden_size, hidden_size], { dtype }));
    this.bias_ih = bias ? new Parameter(empty([gates * hidden_size], { dtype })) : null;
    this.bias_hh = bias ? new Parameter(empty([gates * hidden_size], { dtype })) : null;
    this.reset_parameters();
  }

  /** Draws the parameters anew: uniform in ±1/sqrt(hidden_size). */
  reset_parameters(): void {
    const bound = this.hidden_size > 0 ? 1 / Math.sqrt(this.hidden_size) : 0;
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  /** One step from `state`, with or without a batch; null for zeros. */
  protected step(mode: Mode, input: Tensor, state: readonly Tensor[] | null, count: number): Tensor[] {
    const name = this._get_name(), rank = input.sizes.length;
    if (rank !== 1 && rank !== 2) throw new ValueError(`${name}: Expected input to be 1D or 2D, got ${rank}D instead`);
    state?.forEach((t, k) => {
      const what = count === 1 ? "hidden" : `hx[${k}]`;
      if (t.sizes.length !== 1 && t.sizes.length !== 2) throw new ValueError(`${name}: Expected ${what} to be 1D or 2D, got ${t.sizes.length}D instead`);
    });
    const batch = rank === 2 ? input : input.unsqueeze(0);
    const zero = () => zeros([batch.sizes[0], this.hidden_size], { dtype: input.dtype });
    const from = state === null ? Array.from({ length: count }, zero) : rank === 2 ? state : state.map((t) => t.unsqueeze(0));
    checkSizes(batch, from, this);
    const next = cellStep(mode, batch, from, { ih: this.weight_ih, hh: this.weight_hh, biasIh: this.bias_ih, biasHh: this.bias_hh, hr: null });
    return rank === 2 ? next : next.map((t) => t.squeeze(0));
  }

  /** `3, 4`, and what is not as usual. */
  override extra_repr(): string {
    return `${this.input_size}, ${this.hidden_size}${this.bias ? "" : ", bias=False"}`;
  }
}

/** Refuses inputs and states of other sizes. */
function checkSizes(input: Tensor, state: readonly Tensor[], { input_size, hidden_size }: RNNCellBase): void {
  const [rows, size] = input.sizes;
  if (size !== input_size) throw new RuntimeError(`input has inconsistent input_size: got ${size} expected ${input_size}`);
  state.forEach((t, k) => {
    if (t.sizes[0] !== rows) throw new RuntimeError(`Input batch size ${rows} doesn't match hidden${k} batch size ${t.sizes[0]}`);
    if (t.size(1) !== hidden_size) throw new RuntimeError(`hidden${k} has inconsistent hidden_size: got ${t.size(1)}, expected ${hidden_size}`);
  });
}

const readRNNCell = constructorOf<CellOptions & { nonlinearity: string }>("RNNCell", ["input_size", "hidden_size"], {
  bias: true,
  nonlinearity: "tanh",
  device: null,
  dtype: null,
});

/** One step of Elman's network: h' = tanh(W x + b + U h + c). */
export class RNNCell extends RNNCellBase {
  /** `"tanh"` or `"relu"`. */
  nonlinearity: string;

  /** Takes `input_size`, `hidden_size`, `bias` (true), `nonlinearity` ("tanh"). */
  constructor(...args: Constructor<CellOptions & { nonlinearity: string }>) {
    const options = readRNNCell(args);
    super(options, 1);
    this.nonlinearity = options.nonlinearity;
  }

  /** (batch, input_size) and (batch, hidden_size) to (batch, hidden_size), or all without the batch. */
  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    if (this.nonlinearity !== "tanh" && this.nonlinearity !== "relu") throw new RuntimeError(`Unknown nonlinearity: ${this.nonlinearity}`);
    return this.step(this.nonlinearity === "tanh" ? "RNN_TANH" : "RNN_RELU", input, hx === null ? null : [hx], 1)[0];
  }

  /** `3, 4`, and what is not as usual. */
  override extra_repr(): string {
    return `${super.extra_repr()}${this.nonlinearity === "tanh" ? "" : `, nonlinearity=${this.nonlinearity}`}`;
  }
}

const readLSTMCell = constructorOf<CellOptions>("LSTMCell", ["input_size", "hidden_size"], { bias: true, device: null, dtype: null });

/** One step of long short-term memory. */
export class LSTMCell extends RNNCellBase {
  /** Takes `input_size`, `hidden_size`, `bias` (true). */
  constructor(...args: Constructor<CellOptions>) {
    super(readLSTMCell(args), 4);
  }

  /** (batch, input_size) and two of (batch, hidden_size) to the two next ones, or all without the batch. */
  override forward(input: Tensor, hx: LSTMState | null = null): [Tensor, Tensor] {
    const [h, c] = this.step("LSTM", input, hx, 2);
    return [h, c];
  }
}

const readGRUCell = constructorOf<CellOptions>("GRUCell", ["input_size", "hidden_size"], { bias: true, device: null, dtype: null });

/** One step of a gated recurrent unit. */
export class GRUCell extends RNNCellBase {
  /** Takes `input_size`, `hidden_size`, `bias` (true). */
  constructor(...args: Constructor<CellOptions>) {
    super(readGRUCell(args), 3);
  }

  /** (batch, input_size) and (batch, hidden_size) to (batch, hidden_size), or all without the batch. */
  override forward(input: Tensor, hx: Tensor | null = null): Tensor {
    return this.step("GRU", input, hx === null ? null : [hx], 1)[0];
  }
}
