/**
 * `torch.nn.utils.rnn`: sequences of several lengths, padded and packed.
 *
 * @module
 */
import { int64 } from "../../dtype.ts";
import { AttributeError, RuntimeError, ValueError } from "../../errors.ts";
import { full, tensor as tensorOf } from "../../ops/create.ts";
import { Primitive } from "../../ops/define.ts";
import { cat } from "../../ops/join.ts";
import { pythonFunction } from "../../ops/python_function.ts";
import { pythonType } from "../../python.ts";
import { Tensor } from "../../tensor.ts";
import { List } from "../arguments.ts";
import { PackedSequence } from "../packed_sequence.ts";

export { PackedSequence };

/** Lengths of sequences. */
export type Lengths = Tensor | readonly number[];

const numbers = (lengths: Lengths): number[] => lengths instanceof Tensor ? lengths.tolist() as number[] : [...lengths];

/** The order that undoes a permutation. */
export function invert_permutation(permutation: Tensor | null): Tensor | null {
  return permutation === null ? null : permutation.argsort();
}

/** How many sequences have each step. */
const sizesOf = (lengths: readonly number[]): number[] => Array.from({ length: lengths[0] ?? 0 }, (_, t) => lengths.filter((n) => n > t).length);

type Packing = { input: Tensor; batch_sizes: number[] };

/** The steps of (length, batch, ...), padding left out. The gradient of what is left out is zero. */
const packing: Primitive<Packing> = new Primitive<Packing>({
  name: "PackPaddedSequenceBackward0",
  forward: ({ input, batch_sizes }) => cat(batch_sizes.map((n, t) => input.select(0, t).narrow(0, 0, n)), 0),
  backward: {
    input: ({ grad, input_sizes, batch_sizes }) => {
      const out = grad.new_zeros([...input_sizes]);
      grad.split_with_sizes([...batch_sizes], 0).forEach((g, t) => out.select(0, t).narrow(0, 0, batch_sizes[t]).copy_(g));
      return out;
    },
  },
});

/** Arguments of `pack_padded_sequence`. */
export interface PackPaddedOptions {
  /** Sequences (length, batch, ...). */
  input: Tensor;
  /** Their lengths. */
  lengths: Lengths;
  /** Whether the batch is the first dimension. */
  batch_first: boolean;
  /** Whether the sequences are in the order of falling lengths; if not, they are brought into it. */
  enforce_sorted: boolean;
}

type PackPadded = (...args: (Tensor | Lengths | boolean | Partial<PackPaddedOptions>)[]) => PackedSequence;

/** Packs padded sequences. */
export const pack_padded_sequence: PackPadded = pythonFunction<PackPadded, PackPaddedOptions>(
  "pack_padded_sequence",
  ["input", "lengths"],
  { batch_first: false, enforce_sorted: true },
  ({ input, lengths: given, batch_first, enforce_sorted }) => {
    let lengths = numbers(given);
    let order: Tensor | null = null;
    if (!enforce_sorted) {
      const places = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a] || a - b);
      lengths = places.map((i) => lengths[i]);
      order = tensorOf(places, { dtype: int64 });
      input = input.index_select(batch_first ? 0 : 1, order);
    }
    const steps = batch_first ? input.transpose(0, 1) : input;
    checkLengths(lengths, steps.sizes[1]);
    const batch_sizes = sizesOf(lengths);
    const data = packing.apply({ input: steps, batch_sizes }) as Tensor;
    return new PackedSequence(data, tensorOf(batch_sizes, { dtype: int64 }), order, invert_permutation(order));
  },
);

function checkLengths(lengths: readonly number[], batch: number): void {
  if (lengths.length !== batch) throw new RuntimeError(`Expected \`len(lengths)\` to be equal to batch_size, but got ${lengths.length} (batch_size=${batch})`);
  if (lengths.some((n) => n <= 0)) throw new RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0");
  if (lengths.some((n, i) => i > 0 && n > lengths[i - 1])) {
    throw new RuntimeError(
      "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to " +
        "pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.",
    );
  }
}

/** Arguments of `pad_packed_sequence`. */
export interface PadPackedOptions {
  /** What to unpack. */
  sequence: PackedSequence;
  /** Whether the batch is to be the first dimension. */
  batch_first: boolean;
  /** What stands where a sequence has ended. */
  padding_value: number;
  /** The length of the result; that of the longest sequence unless given. */
  total_length: number | null;
}

type PadPacked = (...args: (PackedSequence | boolean | number | null | Partial<PadPackedOptions>)[]) => [Tensor, Tensor];

/** Unpacks packed sequences: padded ones, and their lengths. */
export const pad_packed_sequence: PadPacked = pythonFunction<PadPacked, PadPackedOptions>(
  "pad_packed_sequence",
  ["sequence"],
  { batch_first: false, padding_value: 0, total_length: null },
  ({ sequence, batch_first, padding_value, total_length }) => {
    if (!(sequence instanceof PackedSequence)) throw new AttributeError(`'${pythonType(sequence)}' object has no attribute 'batch_sizes'`);
    const { data, batch_sizes, unsorted_indices } = sequence;
    const sizes = numbers(batch_sizes);
    const longest = sizes.length;
    if (total_length !== null && total_length < longest) {
      throw new ValueError(
        "Expected total_length to be at least the length of the longest sequence in input, " +
          `but got total_length=${total_length} and max sequence length being ${longest}`,
      );
    }
    const rows = sizes[0];
    let padded = full([total_length ?? longest, rows, ...data.sizes.slice(1)], padding_value, { dtype: data.dtype });
    data.split_with_sizes(sizes, 0).forEach((step, t) => padded.select(0, t).narrow(0, 0, sizes[t]).copy_(step));
    if (batch_first) padded = padded.transpose(0, 1);
    const lengths = tensorOf(Array.from({ length: rows }, (_, i) => sizes.filter((n) => n > i).length), { dtype: int64 });
    if (unsorted_indices === null) return [padded, lengths];
    return [padded.index_select(batch_first ? 0 : 1, unsorted_indices), lengths.index_select(0, unsorted_indices)];
  },
);

/** Arguments of `pad_sequence`. */
export interface PadSequenceOptions {
  /** Sequences (length, ...) of several lengths. */
  sequences: Iterable<Tensor>;
  /** Whether the batch is to be the first dimension. */
  batch_first: boolean;
  /** What stands where a sequence has ended. */
  padding_value: number;
  /** `"right"` for after the sequences, `"left"` for before them. */
  padding_side: string;
}

type PadSequence = (...args: (Iterable<Tensor> | boolean | number | string | Partial<PadSequenceOptions>)[]) => Tensor;

/** Puts sequences of several lengths into one tensor. */
export const pad_sequence: PadSequence = pythonFunction<PadSequence, PadSequenceOptions>(
  "pad_sequence",
  ["sequences"],
  { batch_first: false, padding_value: 0, padding_side: "right" },
  ({ sequences, batch_first, padding_value, padding_side }) => {
    const list = [...sequences];
    if (list.length === 0) throw new RuntimeError("received an empty list of sequences");
    const longest = Math.max(...list.map((t) => t.sizes[0]));
    const size = batch_first ? [list.length, longest] : [longest, list.length];
    const out = full([...size, ...list[0].sizes.slice(1)], padding_value, { dtype: list[0].dtype });
    list.forEach((t, i) => {
      const from = padding_side === "left" ? longest - t.sizes[0] : 0;
      out.select(batch_first ? 0 : 1, i).narrow(0, from, t.sizes[0]).copy_(t);
    });
    return out;
  },
);

type PackSequence = (...args: (Iterable<Tensor> | boolean | { sequences?: Iterable<Tensor>; enforce_sorted?: boolean })[]) => PackedSequence;

/** Packs sequences of several lengths. */
export const pack_sequence: PackSequence = pythonFunction<PackSequence, { sequences: Iterable<Tensor>; enforce_sorted: boolean }>(
  "pack_sequence",
  ["sequences"],
  { enforce_sorted: true },
  ({ sequences, enforce_sorted }) => {
    const list = [...sequences];
    return pack_padded_sequence(pad_sequence(list), list.map((t) => t.sizes[0]), { enforce_sorted });
  },
);

type UnpadSequence = (...args: (Tensor | Lengths | boolean | { padded_sequences?: Tensor; lengths?: Lengths; batch_first?: boolean })[]) => Tensor[];

/** Padded sequences without their padding. */
export const unpad_sequence: UnpadSequence = pythonFunction<UnpadSequence, { padded_sequences: Tensor; lengths: Lengths; batch_first: boolean }>(
  "unpad_sequence",
  ["padded_sequences", "lengths"],
  { batch_first: false },
  ({ padded_sequences, lengths, batch_first }) => {
    const rows = batch_first ? padded_sequences : padded_sequences.transpose(0, 1);
    return List.from(numbers(lengths), (n, i) => rows.select(0, i).narrow(0, 0, n));
  },
);

/** The sequences that were packed. */
export function unpack_sequence(packed_sequences: PackedSequence): Tensor[] {
  const [padded, lengths] = pad_packed_sequence(packed_sequences, { batch_first: true });
  return unpad_sequence(padded, lengths, { batch_first: true });
}
