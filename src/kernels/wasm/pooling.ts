/** Maxima of sliding windows, in WebAssembly. */

import type { Triple } from "../columns.ts";
import type { Boxes, Spans } from "../pooling.ts";
import { crewFor, share } from "../threads/share.ts";
import { copyRun } from "./copy.ts";
import { engine } from "./engine.ts";
import { DATA_ADDRESS } from "./layout.ts";

/** Elements below which the border to the kernels' memory costs more than it saves. */
const SMALL = 1 << 10;
/** Elements that are worth sharing, and those of a block. */
const SHARED = 1 << 18;
const BLOCK = 1 << 15;

/** How many elements each window has along a dimension, and the distance of two windows; null where they are not alike. */
function regular({ start, end, step }: Spans): { count: number; stride: number } | null {
  const reach = end[0] - start[0], stride = start.length > 1 ? start[1] - start[0] : 1;
  for (let i = 0; i < start.length; i++) if (end[i] - start[i] !== reach || start[i] !== start[0] + i * stride) return null;
  return stride > 0 && reach > 0 ? { count: Math.ceil(reach / step), stride } : null;
}

/**
 * `maxBoxes` for windows of planes of float32 that are all of one size and at equal distances. False, and nothing done, where they are not, or
 * WebAssembly SIMD is missing.
 */
export function maxOfWindows(
  data: Float32Array<ArrayBuffer>,
  offset: number,
  planes: number,
  [depth, height, width]: Triple,
  [zs, ys, xs]: Boxes,
  out: Float32Array<ArrayBuffer>,
  indices: Int32Array,
): boolean {
  const volume = height * width, lines = ys.start.length, count = xs.start.length, places = lines * count;
  if (depth !== 1 || zs.start.length !== 1 || zs.start[0] !== 0 || zs.end[0] !== 1 || planes * volume < SMALL) return false;
  const down = regular(ys), across = regular(xs), given = engine();
  if (down === null || across === null || given === null || ys.start[0] !== 0 || xs.start[0] !== 0) return false;

  const crew = crewFor(given, planes * volume >= SHARED);
  const together = Math.min(planes, Math.max(1, Math.floor(BLOCK / volume)));
  // in elements: the image and what is read beyond it, the places, the indices
  const image = together * volume + 4 * across.stride + 4, results = together * places + 4;
  const slotSize = image + 2 * results, start = DATA_ADDRESS / 4;
  crew.engine.reserve(4 * crew.slots * slotSize);
  const memory = crew.engine.float32;
  // the bits of the indices cross the border as those of numbers
  const bits = new Float32Array(indices.buffer as ArrayBuffer, indices.byteOffset, indices.length);
  const countOf = (block: number) => Math.min(together, planes - block * together);
  share(crew, {
    blocks: Math.ceil(planes / together),
    prepare(block, slot, call) {
      const at = start + slot * slotSize, n = countOf(block);
      copyRun(data, offset + block * together * volume, memory, at, n * volume);
      const window = [down.count, ys.step * width * 4, across.count, xs.step * 4, down.stride * width * 4, across.stride * 4];
      call("maxWindows", at * 4, n, volume * 4, ...window, (at + image) * 4, (at + image + results) * 4, lines, count);
    },
    finish(block, slot) {
      const at = start + slot * slotSize + image, n = countOf(block) * places, to = block * together * places;
      copyRun(memory, at, out, to, n);
      copyRun(memory, at + results, bits, to, n);
    },
  });
  return true;
}
