/**
 * Padding as modules: more around the last dimensions.
 */
import { ValueError } from "../errors.ts";
import type { PerDimension } from "../ops/convolution.ts";
import type { Tensor } from "../tensor.ts";
import { type Constructor, constructorOf, perDimension, python } from "./arguments.ts";
import * as F from "./functional.ts";
import { Module } from "./module.ts";

/** Arguments of paddings. */
export interface PadModuleOptions {
  /** How much to add: one number for everywhere, or two for each dimension, the last one first. */
  padding: PerDimension;
}

/** Arguments of paddings by a value. */
export interface ConstantPadModuleOptions extends PadModuleOptions {
  /** What is added. */
  value: number;
}

/** What all paddings have. */
export abstract class PadNd extends Module {
  /** How much to add before and after each dimension, the last one first. */
  padding: readonly number[];

  /** Takes the number of dimensions, and how much: one number for everywhere, or two for each dimension. */
  constructor(dims: number, padding: PerDimension) {
    super();
    this.padding = perDimension(padding, 2 * dims);
  }

  /** `(1, 1, 1, 1)`. */
  override extra_repr(): string {
    return python(this.padding);
  }
}

const reader = (name: string) => constructorOf<PadModuleOptions>(name, ["padding"]);

const readConstantPad1d = constructorOf<ConstantPadModuleOptions>("ConstantPad1d", ["padding", "value"]);

/** Adds a value around the last dimension. */
export class ConstantPad1d extends PadNd {
  /** What is added. */
  value: number;

  /** Takes `padding`, `value`. */
  constructor(...args: Constructor<ConstantPadModuleOptions>) {
    const { padding, value } = readConstantPad1d(args);
    super(1, padding);
    this.value = value;
  }

  /** (batch, channels, length), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "constant", this.value);
  }

  /** `padding=(1, 1), value=0.5`. */
  override extra_repr(): string {
    return `padding=${python(this.padding)}, value=${python(this.value)}`;
  }
}

const readConstantPad2d = constructorOf<ConstantPadModuleOptions>("ConstantPad2d", ["padding", "value"]);

/** Adds a value around the last two dimensions. */
export class ConstantPad2d extends PadNd {
  /** What is added. */
  value: number;

  /** Takes `padding`, `value`. */
  constructor(...args: Constructor<ConstantPadModuleOptions>) {
    const { padding, value } = readConstantPad2d(args);
    super(2, padding);
    this.value = value;
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "constant", this.value);
  }

  /** `padding=(1, 1, 1, 1), value=0.5`. */
  override extra_repr(): string {
    return `padding=${python(this.padding)}, value=${python(this.value)}`;
  }
}

const readConstantPad3d = constructorOf<ConstantPadModuleOptions>("ConstantPad3d", ["padding", "value"]);

/** Adds a value around the last three dimensions. */
export class ConstantPad3d extends PadNd {
  /** What is added. */
  value: number;

  /** Takes `padding`, `value`. */
  constructor(...args: Constructor<ConstantPadModuleOptions>) {
    const { padding, value } = readConstantPad3d(args);
    super(3, padding);
    this.value = value;
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "constant", this.value);
  }

  /** `padding=(1, 1, 1, 1, 1, 1), value=0.5`. */
  override extra_repr(): string {
    return `padding=${python(this.padding)}, value=${python(this.value)}`;
  }
}

const readZeroPad1d = reader("ZeroPad1d");

/** Adds zeros around the last dimension. */
export class ZeroPad1d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(1, readZeroPad1d(args).padding);
  }

  /** (batch, channels, length), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding);
  }
}

const readZeroPad2d = reader("ZeroPad2d");

/** Adds zeros around the last two dimensions. */
export class ZeroPad2d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(2, readZeroPad2d(args).padding);
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding);
  }
}

const readZeroPad3d = reader("ZeroPad3d");

/** Adds zeros around the last three dimensions. */
export class ZeroPad3d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(3, readZeroPad3d(args).padding);
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding);
  }
}

const readReflectionPad1d = reader("ReflectionPad1d");

/** Adds the elements' mirror images around the last dimension. */
export class ReflectionPad1d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(1, readReflectionPad1d(args).padding);
  }

  /** (batch, channels, length), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "reflect");
  }
}

const readReflectionPad2d = reader("ReflectionPad2d");

/** Adds the elements' mirror images around the last two dimensions. */
export class ReflectionPad2d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(2, readReflectionPad2d(args).padding);
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "reflect");
  }
}

const readReflectionPad3d = reader("ReflectionPad3d");

/** Adds the elements' mirror images around the last three dimensions. */
export class ReflectionPad3d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(3, readReflectionPad3d(args).padding);
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "reflect");
  }
}

const readReplicationPad1d = reader("ReplicationPad1d");

/** Adds copies of the outermost elements around the last dimension. */
export class ReplicationPad1d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(1, readReplicationPad1d(args).padding);
  }

  /** (batch, channels, length), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "replicate");
  }
}

const readReplicationPad2d = reader("ReplicationPad2d");

/** Adds copies of the outermost elements around the last two dimensions. */
export class ReplicationPad2d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(2, readReplicationPad2d(args).padding);
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "replicate");
  }
}

const readReplicationPad3d = reader("ReplicationPad3d");

/** Adds copies of the outermost elements around the last three dimensions. */
export class ReplicationPad3d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(3, readReplicationPad3d(args).padding);
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    return F.pad(input, this.padding, "replicate");
  }
}

const readCircularPad1d = reader("CircularPad1d");

/** Goes on at the other end around the last dimension. */
export class CircularPad1d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(1, readCircularPad1d(args).padding);
  }

  /** (batch, channels, length), or without the batch. */
  override forward(input: Tensor): Tensor {
    const rank = input.sizes.length;
    if (rank !== 2 && rank !== 3) throw new ValueError(`expected 2D or 3D input (got ${rank}D input)`);
    return F.pad(input, this.padding, "circular");
  }
}

const readCircularPad2d = reader("CircularPad2d");

/** Goes on at the other end around the last two dimensions. */
export class CircularPad2d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(2, readCircularPad2d(args).padding);
  }

  /** (batch, channels, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    const rank = input.sizes.length;
    if (rank !== 3 && rank !== 4) throw new ValueError(`expected 3D or 4D input (got ${rank}D input)`);
    return F.pad(input, this.padding, "circular");
  }
}

const readCircularPad3d = reader("CircularPad3d");

/** Goes on at the other end around the last three dimensions. */
export class CircularPad3d extends PadNd {
  /** Takes `padding`. */
  constructor(...args: Constructor<PadModuleOptions>) {
    super(3, readCircularPad3d(args).padding);
  }

  /** (batch, channels, depth, height, width), or without the batch. */
  override forward(input: Tensor): Tensor {
    const rank = input.sizes.length;
    if (rank !== 4 && rank !== 5) throw new ValueError(`expected 4D or 5D input (got ${rank}D input)`);
    return F.pad(input, this.padding, "circular");
  }
}
