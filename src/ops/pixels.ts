/**
 * Channels that become pixels, pixels that become channels, and channels in another order.
 */
import { RuntimeError } from "../errors.ts";
import type { Sizes } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { define, type Fn } from "./define.ts";
import { recordUnsupported } from "./unsupported.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;

/** `pixel_shuffle`. */
export type PixelShuffle = Fn<{ input: Tensor; upscale_factor: number }, [input: Tensor, upscale_factor: number]>;
/** `pixel_unshuffle`. */
export type PixelUnshuffle = Fn<{ input: Tensor; downscale_factor: number }, [input: Tensor, downscale_factor: number]>;

function checkRank(op: string, { sizes }: Tensor): void {
  if (sizes.length >= 3) return;
  throw new RuntimeError(`${op} expects input to have at least 3 dimensions, but got input with ${sizes.length} dimension(s)`);
}

/** [..., C r r, H, W] to [..., C, H r, W r]: each r r channels become a square of pixels. The gradient goes back to the channels. */
export const pixel_shuffle: PixelShuffle = define<PixelShuffle, { self: Tensor; upscale_factor: number }>(
  "pixel_shuffle",
  "(Tensor input, int upscale_factor)",
  {
    forward: ({ self, upscale_factor: r }) => {
      checkRank("pixel_shuffle", self);
      if (r <= 0) throw new RuntimeError(`pixel_shuffle expects a positive upscale_factor, but got ${r}`);
      const outer = self.sizes.slice(0, -3), [c, h, w] = self.sizes.slice(-3);
      if (c % (r * r) !== 0) {
        throw new RuntimeError(
          `pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=${c} is not divisible by ${
            r * r
          }`,
        );
      }
      const k = outer.length, channels = c / (r * r);
      const order = [...outer.keys(), k, k + 3, k + 1, k + 4, k + 2];
      return self.reshape([...outer, channels, r, r, h, w]).permute(order).clone({ memory_format: "torch.contiguous_format" }).view([
        ...outer,
        channels,
        h * r,
        w * r,
      ]);
    },
    backward: { self: ({ grad, upscale_factor }) => pixel_unshuffle(grad, upscale_factor) },
  },
);

/** [..., C, H r, W r] to [..., C r r, H, W]: each square of pixels becomes r r channels. The reverse of `pixel_shuffle`. */
export const pixel_unshuffle: PixelUnshuffle = define<PixelUnshuffle, { self: Tensor; downscale_factor: number }>(
  "pixel_unshuffle",
  "(Tensor input, int downscale_factor)",
  {
    forward: ({ self, downscale_factor: r }) => {
      checkRank("pixel_unshuffle", self);
      if (r <= 0) throw new RuntimeError(`pixel_unshuffle expects a positive downscale_factor, but got ${r}`);
      const outer = self.sizes.slice(0, -3), [c, h, w] = self.sizes.slice(-3);
      for (const [name, at, n] of [["height", -2, h], ["width", -1, w]] as const) {
        if (n % r !== 0) {
          throw new RuntimeError(`pixel_unshuffle expects ${name} to be divisible by downscale_factor, but input.size(${at})=${n} is not divisible by ${r}`);
        }
      }
      const k = outer.length;
      const order = [...outer.keys(), k, k + 2, k + 4, k + 1, k + 3];
      const blocks = self.reshape([...outer, c, h / r, r, w / r, r]).permute(order);
      return blocks.clone({ memory_format: "torch.contiguous_format" }).view([...outer, c * r * r, h / r, w / r]);
    },
    backward: { self: ({ grad, downscale_factor }) => pixel_shuffle(grad, downscale_factor) },
  },
);

/** `channel_shuffle`. */
export type ChannelShuffle = Fn<{ input: Tensor; groups: number }, [input: Tensor, groups: number]>;

/** [N, C, ...] with the channels of the groups taken in turn. The gradient takes them back. */
export const channel_shuffle: ChannelShuffle = define<ChannelShuffle, { self: Tensor; groups: number }>("channel_shuffle", "(Tensor input, int groups)", {
  forward: ({ self, groups }) => {
    const { sizes } = self;
    if (sizes.length <= 2) throw new RuntimeError(`channel_shuffle expects input with > 2 dims, but got input with sizes ${showSizes(sizes)}`);
    if (groups <= 0) throw new RuntimeError(`Number of groups to divide channels in must be positive. Value of groups:${groups}`);
    const [n, c, ...places] = sizes;
    if (c % groups !== 0) throw new RuntimeError(`Number of channels must be divisible by groups. Got ${c} channels and ${groups} groups.`);
    const turned = self.reshape([n, groups, c / groups, ...places]).transpose(1, 2);
    return turned.clone({ memory_format: "torch.contiguous_format" }).view(sizes);
  },
  backward: { self: ({ grad, groups }) => channel_shuffle(grad, grad.sizes[1] / groups) },
});

/** `channel_shuffle` of a kind that PyTorch does not differentiate. */
export const native_channel_shuffle: ChannelShuffle = define<ChannelShuffle, { self: Tensor; groups: number }>(
  "native_channel_shuffle",
  "(Tensor input, int groups)",
  ({ self, groups }) => {
    const result = channel_shuffle(self.detach(), groups);
    recordUnsupported("native_channel_shuffle", [self], result);
    return result;
  },
);
