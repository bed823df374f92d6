/**
 * Packed sequences: sequences of several lengths without the padding, step by step.
 */
import type { Tensor } from "../tensor.ts";

/** The steps of sequences of several lengths: first those that all of them have, then those of all but the shortest, and so on. */
export class PackedSequence {
  /** The steps: (all steps, ...). */
  readonly data: Tensor;
  /** How many sequences have each step. */
  readonly batch_sizes: Tensor;
  /** The order of falling lengths, or null where the sequences were given in it. */
  readonly sorted_indices: Tensor | null;
  /** The way back from it, or null. */
  readonly unsorted_indices: Tensor | null;

  /** Made by `pack_padded_sequence` and `pack_sequence`. */
  constructor(data: Tensor, batch_sizes: Tensor, sorted_indices: Tensor | null = null, unsorted_indices: Tensor | null = null) {
    this.data = data;
    this.batch_sizes = batch_sizes;
    this.sorted_indices = sorted_indices;
    this.unsorted_indices = unsorted_indices ?? (sorted_indices === null ? null : sorted_indices.argsort());
  }

  /** The four parts in order. */
  [Symbol.iterator](): Iterator<Tensor | null> {
    return [this.data, this.batch_sizes, this.sorted_indices, this.unsorted_indices][Symbol.iterator]();
  }

  /** `PackedSequence(data=tensor(...), batch_sizes=tensor(...), ...)`. */
  toString(): string {
    const parts = (["data", "batch_sizes", "sorted_indices", "unsorted_indices"] as const).map((name) => `${name}=${this[name] ?? "None"}`);
    return `PackedSequence(${parts.join(", ")})`;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
