/**
 * Modules that bring their input into another shape.
 */
import { flatten, unflatten } from "../ops/reshape.ts";
import { pythonType } from "../python.ts";
import type { Tensor } from "../tensor.ts";
import { constructorOf, type Given, python } from "./arguments.ts";
import { Module } from "./module.ts";

const readFlatten = constructorOf<{ start_dim: number; end_dim: number }>("Flatten", [], { start_dim: 1, end_dim: -1 });

/** Makes one dimension of several, all but the first unless said otherwise. */
export class Flatten extends Module {
  /** The first of them. */
  start_dim: number;
  /** The last of them. */
  end_dim: number;

  /** Takes `start_dim` (1), `end_dim` (-1). */
  constructor(...args: Given<Flatten, "start_dim" | "end_dim">) {
    super();
    const { start_dim, end_dim } = readFlatten(args);
    this.start_dim = start_dim;
    this.end_dim = end_dim;
  }

  /** (batch, ...) to (batch, n). */
  override forward(input: Tensor): Tensor {
    return flatten(input, this.start_dim, this.end_dim);
  }

  /** `start_dim=1, end_dim=-1`. */
  override extra_repr(): string {
    return `start_dim=${this.start_dim}, end_dim=${this.end_dim}`;
  }
}

const readUnflatten = constructorOf<{ dim: number; unflattened_size: readonly number[] }>("Unflatten", ["dim", "unflattened_size"]);

/** Makes several dimensions of one. */
export class Unflatten extends Module {
  /** Which one. */
  dim: number;
  /** The sizes of the new ones; one of them may be -1. */
  unflattened_size: readonly number[];

  /** Takes `dim`, `unflattened_size`. */
  constructor(...args: Given<Unflatten, "dim" | "unflattened_size">) {
    super();
    const { dim, unflattened_size } = readUnflatten(args);
    if (!Array.isArray(unflattened_size)) {
      throw new TypeError(`unflattened_size must be a tuple of ints, but found type ${pythonType(unflattened_size)}`);
    }
    unflattened_size.forEach((n: unknown, i) => {
      if (!Number.isInteger(n)) throw new TypeError(`unflattened_size must be tuple of ints, but found element of type ${pythonType(n)} at pos ${i}`);
    });
    this.dim = dim;
    this.unflattened_size = unflattened_size;
  }

  /** (..., n, ...) to (..., a, b, ...). */
  override forward(input: Tensor): Tensor {
    return unflatten(input, this.dim, this.unflattened_size);
  }

  /** `dim=1, unflattened_size=(2, 3)`. */
  override extra_repr(): string {
    const size = this.unflattened_size;
    return `dim=${this.dim}, unflattened_size=${size.constructor === Array ? python(size) : size}`;
  }
}
