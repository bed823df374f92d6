/**
 * The loss of labels whose times are not known.
 */
import { noKernel, RuntimeError } from "../../errors.ts";
import { ctcBackward, ctcForward, type Sequence } from "../../kernels/ctc.ts";
import { Tensor } from "../../tensor.ts";
import { define, type Fn, Primitive } from "../define.ts";
import { asContiguous } from "../elementwise.ts";
import { pythonFunction } from "../python_function.ts";
import { recordUnsupported } from "../unsupported.ts";
import { MEAN, reductionNumber, SUM } from "./reduction.ts";

type Inputs = { log_probs: Tensor; targets: Tensor; input_lengths: number[]; target_lengths: number[]; blank: number; zero_infinity: boolean };

const numbers = (t: Tensor): number[] => t.reshape([-1]).tolist() as number[];

/** The samples of a batch, and the number of states of the longest. */
function sequencesOf({ log_probs, targets, input_lengths, target_lengths, blank }: Inputs): { sequences: Sequence[]; width: number } {
  const [, batch, classes] = log_probs.sizes;
  const dense = asContiguous(log_probs);
  const labels = Int32Array.from(numbers(targets));
  const rows = targets.sizes.length > 1 ? targets.sizes[1] : null;
  let start = 0;
  const sequences = Array.from({ length: batch }, (_, n) => {
    const from = rows === null ? start : n * rows;
    start += target_lengths[n];
    return {
      lp: dense.store.data,
      offset: dense.offset + n * classes,
      step: batch * classes,
      times: input_lengths[n],
      labels: labels.subarray(from, from + target_lengths[n]),
      blank,
    };
  });
  return { sequences, width: 2 * Math.max(0, ...target_lengths) + 1 };
}

const primitive = new Primitive<Inputs>({
  name: "CtcLossBackward0",
  nonDifferentiable: [1],
  forward: (inputs) => {
    const { log_probs, input_lengths } = inputs;
    const { sequences, width } = sequencesOf(inputs);
    const times = Math.max(0, ...input_lengths);
    const losses = Tensor.make([sequences.length], log_probs.dtype), alphas = Tensor.make([sequences.length, times, width], log_probs.dtype);
    sequences.forEach((sequence, n) => {
      const alpha = new Float64Array(times * width);
      losses.store.data[n] = ctcForward(sequence, alpha, width);
      alphas.store.data.set(alpha as never, n * times * width);
    });
    return [losses, alphas];
  },
  backward: {
    log_probs: ({ grad, log_probs, targets, input_lengths, target_lengths, blank, zero_infinity, result0, result1 }) => {
      const { sequences, width } = sequencesOf({ log_probs: log_probs.detach(), targets, input_lengths, target_lengths, blank, zero_infinity });
      const out = Tensor.make(log_probs.sizes, log_probs.dtype);
      const classes = log_probs.sizes[2], times = result1.sizes[1];
      const grads = numbers(grad.detach()), losses = numbers(result0.detach()), alphas = numbers(result1);
      sequences.forEach((sequence, n) => {
        if (zero_infinity && losses[n] === Infinity) return;
        const alpha = Float64Array.from(alphas.slice(n * times * width, (n + 1) * times * width));
        ctcBackward(sequence, alpha, width, losses[n], grads[n], classes, out.store.data, n * classes);
      });
      recordUnsupported("_ctc_loss_backward", [grad, log_probs, result0], out);
      return out;
    },
    targets: null,
  },
});

const IN = " (while checking arguments for ctc_loss_allocate_outputs)";

function check({ log_probs, targets, input_lengths, target_lengths, blank }: Inputs): void {
  const rank = log_probs.sizes.length;
  if (rank !== 3) throw new RuntimeError(`Expected 3-dimensional tensor, but got ${rank}-dimensional tensor for argument #1 'log_probs'${IN}`);
  const dims = targets.sizes.length;
  if (dims !== 1 && dims !== 2) throw new RuntimeError(`Expected 1 to 2 dimensions, but got ${dims}-dimensional tensor for argument #2 'targets'${IN}`);
  const [times, batch, classes] = log_probs.sizes;
  if (blank < 0 || blank >= classes) throw new RuntimeError("blank must be in label range");
  if (input_lengths.length !== batch) throw new RuntimeError("input_lengths must be of size batch_size");
  if (target_lengths.length !== batch) throw new RuntimeError("target_lengths must be of size batch_size");
  const least = (name: string, lengths: number[]) => {
    const negative = lengths.find((n) => n < 0);
    if (negative !== undefined) throw new RuntimeError(`Expected ${name} to have value at least 0, but got value ${negative}${IN}`);
  };
  least("target_lengths", target_lengths);
  const sized = (relation: string, size: number, dim: number) => {
    if (relation === "" ? targets.sizes[dim] === size : targets.sizes[dim] >= size) return;
    throw new RuntimeError(
      `Expected tensor to have size ${relation}${size} at dimension ${dim}, but got size ${targets.sizes[dim]} for argument #2 'targets'${IN}`,
    );
  };
  if (dims === 1) sized("", target_lengths.reduce((a, b) => a + b, 0), 0);
  else {
    sized("", batch, 0);
    sized("at least ", Math.max(0, ...target_lengths), 1);
  }
  least("input_lengths", input_lengths);
  const long = input_lengths.find((n) => n > times);
  if (long !== undefined) throw new RuntimeError(`Expected input_lengths to have value at most ${times}, but got value ${long}${IN}`);
  if (log_probs.dtype.category !== "float") throw noKernel("ctc_loss_cpu", log_probs.dtype);
}

/** Lengths in a tensor or in an array. */
export type Lengths = Tensor | readonly number[];

function lengthsOf(lengths: Lengths, name: string): number[] {
  if (!(lengths instanceof Tensor)) return [...lengths];
  if (lengths.dtype.is_floating_point) throw new RuntimeError(`${name} must be integral`);
  return numbers(lengths);
}

type LowInputs = Omit<Inputs, "input_lengths" | "target_lengths"> & { input_lengths: Lengths; target_lengths: Lengths; reduction: number };
/** `torch.ctc_loss`. */
export type LowCtcLoss = Fn<
  Record<string, unknown>,
  [
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank?: number,
    reduction?: number,
    zero_infinity?: boolean,
  ]
>;

const signature = (lengths: string) =>
  `(Tensor log_probs, Tensor targets, ${lengths} input_lengths, ${lengths} target_lengths, int blank = 0, int reduction = at::Reduction::Mean, bool zero_infinity = False)`;

/** `torch.ctc_loss`. */
export const lowCtcLoss: LowCtcLoss = define<LowCtcLoss, LowInputs>(
  "ctc_loss",
  [signature("tuple of ints"), signature("Tensor")],
  ({ input_lengths, target_lengths, reduction, ...rest }) => {
    const batched = rest.log_probs.sizes.length === 3;
    const inputs = {
      ...rest,
      log_probs: batched ? rest.log_probs : rest.log_probs.unsqueeze(1),
      input_lengths: lengthsOf(input_lengths, "input_lengths"),
      target_lengths: lengthsOf(target_lengths, "target_lengths"),
    };
    check(inputs);
    let [loss] = primitive.apply(inputs) as Tensor[];
    if (rest.zero_infinity) loss = loss.detach().new_zeros([]).where(loss.eq(Infinity), loss);
    if (reduction === MEAN) {
      const lengths = loss.detach().new_tensor(inputs.target_lengths.map((n) => Math.max(n, 1)));
      return loss.div(lengths).mean();
    }
    if (reduction === SUM) return loss.sum();
    return batched ? loss : loss.squeeze(0);
  },
);

/** Named arguments of `ctc_loss`. */
export interface CtcOptions {
  /** Logarithms of probabilities: [times, batch, classes], or without the batch. */
  log_probs: Tensor;
  /** Labels: [batch, length], or those of all samples one after the other. */
  targets: Tensor;
  /** How many times each sample has. */
  input_lengths: Lengths;
  /** How many labels each sample has. */
  target_lengths: Lengths;
  /** The class that stands for no label. */
  blank?: number;
  /** `"mean"` of the losses divided by the number of labels, `"sum"`, or `"none"` for a loss for each sample. */
  reduction?: string;
  /** Whether infinite losses, of labels that do not fit into the times, count as zero. */
  zero_infinity?: boolean;
}

/** `ctc_loss`. */
export type CtcLoss = Fn<
  CtcOptions,
  [log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths, blank?: number, reduction?: string, zero_infinity?: boolean]
>;

/** Minus the log-likelihood of labels, summed over all ways to stretch them over the times. Its gradient is the probability of each class minus its posterior. */
export const ctc_loss: CtcLoss = pythonFunction<CtcLoss, Required<CtcOptions>>(
  "ctc_loss",
  ["log_probs", "targets", "input_lengths", "target_lengths"],
  { blank: 0, reduction: "mean", zero_infinity: false },
  ({ log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity }) =>
    lowCtcLoss(log_probs, targets, input_lengths, target_lengths, blank, reductionNumber(reduction), zero_infinity),
);
