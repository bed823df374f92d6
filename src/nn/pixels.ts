/**
 * Modules that move elements between channels and places.
 */
import { channel_shuffle, pixel_shuffle, pixel_unshuffle } from "../ops/pixels.ts";
import type { Tensor } from "../tensor.ts";
import { constructorOf, type Given } from "./arguments.ts";
import { Module } from "./module.ts";

const readPixelShuffle = constructorOf<{ upscale_factor: number }>("PixelShuffle", ["upscale_factor"]);

/** Makes r x r places of r^2 channels (Shi et al., 2016). */
export class PixelShuffle extends Module {
  /** The factor r. */
  upscale_factor: number;

  /** Takes `upscale_factor`. */
  constructor(...args: Given<PixelShuffle, "upscale_factor">) {
    super();
    this.upscale_factor = readPixelShuffle(args).upscale_factor;
  }

  /** (..., r^2 channels, height, width) to (..., channels, r height, r width). */
  override forward(input: Tensor): Tensor {
    return pixel_shuffle(input, this.upscale_factor);
  }

  /** `upscale_factor=2`. */
  override extra_repr(): string {
    return `upscale_factor=${this.upscale_factor}`;
  }
}

const readPixelUnshuffle = constructorOf<{ downscale_factor: number }>("PixelUnshuffle", ["downscale_factor"]);

/** Makes r^2 channels of r x r places. */
export class PixelUnshuffle extends Module {
  /** The factor r. */
  downscale_factor: number;

  /** Takes `downscale_factor`. */
  constructor(...args: Given<PixelUnshuffle, "downscale_factor">) {
    super();
    this.downscale_factor = readPixelUnshuffle(args).downscale_factor;
  }

  /** (..., channels, r height, r width) to (..., r^2 channels, height, width). */
  override forward(input: Tensor): Tensor {
    return pixel_unshuffle(input, this.downscale_factor);
  }

  /** `downscale_factor=2`. */
  override extra_repr(): string {
    return `downscale_factor=${this.downscale_factor}`;
  }
}

const readChannelShuffle = constructorOf<{ groups: number }>("ChannelShuffle", ["groups"]);

/** Deals the channels of groups out to each other (Zhang et al., 2017). */
export class ChannelShuffle extends Module {
  /** The number of groups. */
  groups: number;

  /** Takes `groups`. */
  constructor(...args: Given<ChannelShuffle, "groups">) {
    super();
    this.groups = readChannelShuffle(args).groups;
  }

  /** (batch, channels, ...). */
  override forward(input: Tensor): Tensor {
    return channel_shuffle(input, this.groups);
  }

  /** `groups=2`. */
  override extra_repr(): string {
    return `groups=${this.groups}`;
  }
}
