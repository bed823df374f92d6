/**
 * What recurrent layers compute, made of other ops: cells, layers of sequences, and layers of packed sequences of several lengths.
 */
import { grad } from "../autograd/backward.ts";
import { enable_grad, is_grad_enabled } from "../autograd/mode.ts";
import { float32 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Primitive } from "../ops/define.ts";
import { dropout as drop } from "../ops/dropout.ts";
import { cat, stack } from "../ops/join.ts";
import { linear } from "../ops/linear.ts";
import type { Tensor } from "../tensor.ts";

/** The kinds of cells, by PyTorch's names. */
export type Mode = "RNN_TANH" | "RNN_RELU" | "GRU" | "LSTM";

/** The parameters of a cell. */
export interface CellWeights {
  /** Of the input: (gates * hidden, input). */
  ih: Tensor;
  /** Of the hidden state: (gates * hidden, hidden). */
  hh: Tensor;
  /** The bias of the input, or null. */
  biasIh: Tensor | null;
  /** The bias of the hidden state, or null. */
  biasHh: Tensor | null;
  /** The projection of the hidden state, or null. */
  hr: Tensor | null;
}

/** The next state from the input, which has been multiplied with its weights, and the state: h, or h and c. */
type Cell = (input: Tensor, state: readonly Tensor[], weights: CellWeights) => Tensor[];

const ofHidden = (h: Tensor, { hh, biasHh }: CellWeights): Tensor => linear(h, hh, biasHh);

/** The next states of cells by their kind (Hochreiter and Schmidhuber, 1997; Cho et al., 2014). */
const CELLS: Record<Mode, Cell> = {
  RNN_TANH: (input, [h], weights) => [ofHidden(h, weights).add(input).tanh()],
  RNN_RELU: (input, [h], weights) => [ofHidden(h, weights).add(input).relu()],
  GRU: (input, [h], weights) => {
    const [inputReset, inputUpdate, inputNew] = input.unsafe_chunk(3, 1);
    const [hiddenReset, hiddenUpdate, hiddenNew] = ofHidden(h, weights).unsafe_chunk(3, 1);
    const reset = hiddenReset.add(inputReset).sigmoid();
    const update = hiddenUpdate.add(inputUpdate).sigmoid();
    const candidate = inputNew.add(hiddenNew.mul(reset)).tanh();
    return [h.sub(candidate).mul(update).add(candidate)];
  },
  LSTM: (input, [h, c], weights) => {
    const [inputGate, forgetGate, cell, outputGate] = ofHidden(h, weights).add(input).unsafe_chunk(4, 1);
    const next = forgetGate.sigmoid().mul(c).add(inputGate.sigmoid().mul(cell.tanh()));
    const out = outputGate.sigmoid().mul(next.tanh());
    return [weights.hr === null ? out : out.matmul(weights.hr.t()), next];
  },
};

/** One step of a cell on a batch of inputs. */
export function cellStep(mode: Mode, input: Tensor, state: readonly Tensor[], weights: CellWeights): Tensor[] {
  return CELLS[mode](linear(input, weights.ih, weights.biasIh), state, weights);
}

type Output = { output: Tensor; state: Tensor[] };

/** A layer on (length, batch, size), forwards or backwards in time. */
function sequenceLayer(mode: Mode, input: Tensor, state: readonly Tensor[], weights: CellWeights, reverse: boolean): Output {
  const steps = [...linear(input, weights.ih, weights.biasIh).unbind(0)];
  if (reverse) steps.reverse();
  let current = [...state];
  const outputs: Tensor[] = [];
  for (const step of steps) {
    current = CELLS[mode](step, current, weights);
    outputs.push(current[0]);
  }
  if (reverse) outputs.reverse();
  return { output: stack(outputs, 0), state: current };
}

/** A layer on packed sequences: those that have ended, or not begun, wait. */
function packedLayer(mode: Mode, input: Tensor, sizes: readonly number[], state: readonly Tensor[], weights: CellWeights, reverse: boolean): Output {
  const steps = [...linear(input, weights.ih, weights.biasIh).split_with_sizes([...sizes], 0)];
  const outputs: Tensor[] = [];
  const rows = (tensors: readonly Tensor[], from: number, count: number) => tensors.map((t) => t.narrow(0, from, count));
  if (reverse) {
    let current = rows(state, 0, sizes[sizes.length - 1]);
    for (let i = sizes.length - 1; i >= 0; i--) {
      const begun = current[0].sizes[0];
      if (sizes[i] > begun) current = current.map((t, k) => cat([t, state[k].narrow(0, begun, sizes[i] - begun)], 0));
      current = CELLS[mode](steps[i], current, weights);
      outputs.unshift(current[0]);
    }
    return { output: cat(outputs, 0), state: current };
  }
  const ended: Tensor[][] = [];
  let current = [...state];
  sizes.forEach((size, i) => {
    const running = current[0].sizes[0];
    if (size < running) {
      ended.unshift(rows(current, size, running - size));
      current = rows(current, 0, size);
    }
    current = CELLS[mode](steps[i], current, weights);
    outputs.push(current[0]);
  });
  return { output: cat(outputs, 0), state: current.map((t, k) => cat([t, ...ended.map((e) => e[k])], 0)) };
}

type Layer = { tensors: Tensor[]; reverse: boolean };

const unfused = ([input, ih, hh, ...rest]: Tensor[], reverse: boolean): Tensor[] => {
  const [biasIh, biasHh] = rest.length === 4 ? rest : [null, null];
  const { output, state } = sequenceLayer("LSTM", input, rest.slice(-2), { ih, hh, biasIh, biasHh, hr: null }, reverse);
  return [output, ...state];
};

/** What PyTorch computes in one op: a layer of LSTM in single precision. Its gradients are those of the ops that it stands for. */
const fusedLayer: Primitive<Layer> = new Primitive<Layer>({
  name: "MkldnnRnnLayerBackward0",
  forward: ({ tensors, reverse }) => unfused(tensors, reverse),
  backward: {
    tensors: ({ grads, tensors, reverse }) => {
      const recorded = is_grad_enabled();
      const inputs = recorded ? tensors : tensors.map((t) => t.detach().requires_grad_(t.requires_grad));
      const outputs = enable_grad(() => unfused(inputs, reverse));
      const wanted = inputs.filter((t) => t.requires_grad);
      const given = outputs.map((out, i) => grads[i] ?? out.detach().zeros_like());
      const found = [...grad(outputs, wanted, given, { create_graph: recorded, allow_unused: true })];
      return inputs.map((t) => t.requires_grad ? found.shift() ?? null : null) as Tensor[];
    },
  },
});

/** How the layers of a recurrent module follow each other. */
export interface Recurrent {
  /** The kind of cells. */
  mode: Mode;
  /** How many layers. */
  num_layers: number;
  /** The probability that an element between layers is dropped. */
  dropout: number;
  /** Whether the module is being trained. */
  training: boolean;
  /** Whether each layer also goes backwards in time. */
  bidirectional: boolean;
}

/**
 * Layers of recurrent cells. `input` is (length, batch, size), or packed sequences whose batches have these `sizes`; `state` is h,
 * or h and c: (layers * directions, batch, hidden). Gives the last layer's output and the last states.
 */
export function recurrent(input: Tensor, sizes: readonly number[] | null, state: readonly Tensor[], weights: readonly CellWeights[], how: Recurrent): Output {
  const { mode, num_layers, dropout, training, bidirectional } = how;
  const directions = bidirectional ? 2 : 1;
  if (sizes === null && input.sizes[0] === 0) throw new RuntimeError("Expected sequence length to be larger than 0 in RNN");
  const initial = state.map((t) => [...t.unbind(0)]);
  const last: Tensor[][] = state.map(() => []);
  let output = input;
  for (let layer = 0; layer < num_layers; layer++) {
    const outputs = Array.from({ length: directions }, (_, d) => {
      const at = layer * directions + d;
      const from = initial.map((states) => states[at]);
      const run = layerOf(mode, output, sizes, from, weights[at], d === 1);
      run.state.forEach((t, k) => last[k].push(t));
      return run.output;
    });
    output = directions === 1 ? outputs[0] : cat(outputs, outputs[0].sizes.length - 1);
    if (dropout !== 0 && training && layer < num_layers - 1) output = drop(output, dropout, true);
  }
  return { output, state: last.map((states) => stack(states, 0)) };
}

/** One direction of one layer. */
function layerOf(mode: Mode, input: Tensor, sizes: readonly number[] | null, state: readonly Tensor[], weights: CellWeights, reverse: boolean): Output {
  if (sizes !== null) return packedLayer(mode, input, sizes, state, weights, reverse);
  if (mode !== "LSTM" || weights.hr !== null || input.dtype !== float32 || input.count === 0) return sequenceLayer(mode, input, state, weights, reverse);
  const { ih, hh, biasIh, biasHh } = weights;
  const biases = biasIh === null || biasHh === null ? [] : [biasIh, biasHh];
  const [output, ...next] = fusedLayer.apply({ tensors: [input, ih, hh, ...biases, ...state], reverse }) as Tensor[];
  return { output, state: next };
}
