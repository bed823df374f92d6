/**
 * Dropout as modules: in training, elements or whole channels are dropped at random.
 */
import { ValueError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { constructorOf, float, type Given, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

/** What all kinds of dropout have. */
export abstract class DropoutNd extends Module {
  /** The probability to be dropped. */
  p: number;
  /** Whether it writes into its input. */
  inplace: boolean;

  /** Takes the probability, which must be one, and whether to write into the input. */
  constructor({ p, inplace }: { p: number; inplace: boolean }) {
    super();
    if (p < 0 || p > 1) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${python(p)}`);
    this.p = p;
    this.inplace = inplace;
  }

  /** `p=0.5, inplace=False`. */
  override extra_repr(): string {
    // 0 is more often written as a float
    return `p=${float(this.p, 0)}, inplace=${python(this.inplace)}`;
  }
}

const readDropout = constructorOf<{ p: number; inplace: boolean }>("_DropoutNd", [], { p: 0.5, inplace: false });

/** Each element is dropped with probability p, and the others are divided by 1 - p (Srivastava et al., 2014). */
export class Dropout extends DropoutNd {
  /** Takes `p` (0.5), `inplace` (false). */
  constructor(...args: Given<Dropout, "p" | "inplace">) {
    super(readDropout(args));
  }

  /** Any shape. */
  override forward(input: Tensor): Tensor {
    return F.dropout(input, this.p, this.training, this.inplace);
  }
}

/** Whole channels of sequences are dropped. */
export class Dropout1d extends DropoutNd {
  /** Takes `p` (0.5), `inplace` (false). */
  constructor(...args: Given<Dropout1d, "p" | "inplace">) {
    super(readDropout(args));
  }

  /** (batch, channels, length), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.dropout1d(input, this.p, this.training, this.inplace);
  }
}

/** Whole channels of images are dropped. */
export class Dropout2d extends DropoutNd {
  /** Takes `p` (0.5), `inplace` (false). */
  constructor(...args: Given<Dropout2d, "p" | "inplace">) {
    super(readDropout(args));
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.dropout2d(input, this.p, this.training, this.inplace);
  }
}

/** Whole channels of volumes are dropped. */
export class Dropout3d extends DropoutNd {
  /** Takes `p` (0.5), `inplace` (false). */
  constructor(...args: Given<Dropout3d, "p" | "inplace">) {
    super(readDropout(args));
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.dropout3d(input, this.p, this.training, this.inplace);
  }
}

/** Dropout for networks of `SELU`: dropped elements take its least value, and the result keeps mean and variance. */
export class AlphaDropout extends DropoutNd {
  /** Takes `p` (0.5), `inplace` (false). */
  constructor(...args: Given<AlphaDropout, "p" | "inplace">) {
    super(readDropout(args));
  }

  /** Any shape. */
  override forward(input: Tensor): Tensor {
    return F.alpha_dropout(input, this.p, this.training, false);
  }
}

/** `AlphaDropout` of whole channels. */
export class FeatureAlphaDropout extends DropoutNd {
  /** Takes `p` (0.5), `inplace` (false). */
  constructor(...args: Given<FeatureAlphaDropout, "p" | "inplace">) {
    super(readDropout(args));
  }

  /** (batch, channels, ...). */
  override forward(input: Tensor): Tensor {
    return F.feature_alpha_dropout(input, this.p, this.training, false);
  }
}
