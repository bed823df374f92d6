/**
 * How windows lie on a tensor, and PyTorch's refusals of those that do not fit, in its order.
 */
import { RuntimeError } from "../../errors.ts";
import type { Triple } from "../../kernels/columns.ts";
import { type Boxes, slidingSpans } from "../../kernels/pooling.ts";
import { elementCount, type Sizes } from "../../layout.ts";
import type { Tensor } from "../../tensor.ts";
import { asContiguous } from "../elementwise.ts";

/** `[2, 3]`. */
export const showSizes = (sizes: Sizes): string => `[${sizes.join(", ")}]`;

/** A parameter of an op: one number, or a list of one number a dimension or of one for all; null and an empty list where it is left out. */
export type Parameter = number | readonly number[] | null;

/** How windows slide over the last dimensions. */
export interface Windows {
  /** Their sizes. */
  kernel: number[];
  /** How far they move. */
  stride: number[];
  /** How far they reach over the edges. */
  padding: number[];
  /** The distance of their elements. */
  dilation: number[];
  /** Whether the last window may begin before the end and reach over it. */
  ceil: boolean;
}

/** Sizes of the last dimensions with leading ones. */
export const triple = (values: Sizes, fill: number): Triple => [...new Array<number>(3 - values.length).fill(fill), ...values] as never as Triple;

/** Dense memory, and how many volumes of the last `dims` dimensions stand in it. */
export function volumes(t: Tensor, dims: number): { data: Tensor["store"]["data"]; offset: number; planes: number; space: Triple } {
  const dense = asContiguous(t);
  return { data: dense.store.data, offset: dense.offset, planes: elementCount(t.sizes.slice(0, -dims)), space: triple(t.sizes.slice(-dims), 1) };
}

/** The number of windows along a dimension. */
function placesAlong(n: number, { kernel, stride, padding, dilation, ceil }: Windows, d: number): number {
  const room = n + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1;
  const places = Math.floor((room + (ceil ? stride[d] - 1 : 0)) / stride[d]) + 1;
  // the last window must begin inside of the tensor or its padding before it
  return ceil && (places - 1) * stride[d] >= n + padding[d] ? places - 1 : places;
}

/** The number of windows along each dimension. */
export function placesOf(space: Sizes, windows: Windows): number[] {
  const { kernel, stride, padding, dilation } = windows;
  return space.map((n, d) => {
    if (stride[d] === 0) throw new RuntimeError("stride should not be zero");
    if (padding[d] < 0) throw new RuntimeError(`pad must be non-negative, but got pad: ${padding[d]}`);
    if (padding[d] > Math.trunc(((kernel[d] - 1) * dilation[d] + 1) / 2)) {
      throw new RuntimeError(
        `pad should be at most half of effective kernel size, but got pad=${padding[d]}, kernel_size=${kernel[d]} and dilation=${dilation[d]}`,
      );
    }
    return placesAlong(n, windows, d);
  });
}

/** The windows as the kernels take them. */
export function boxesOf(space: Sizes, places: Sizes, { kernel, stride, padding, dilation }: Windows, countPadding: boolean): Boxes {
  const [n, out, k, s, p, d] = [triple(space, 1), triple(places, 1), triple(kernel, 1), triple(stride, 1), triple(padding, 0), triple(dilation, 1)];
  const along = (i: 0 | 1 | 2) => slidingSpans(n[i], out[i], k[i], s[i], p[i], d[i], countPadding);
  return [along(0), along(1), along(2)];
}

/** A parameter as a list of one number for each of `dims` dimensions; `refuse` makes the error for a list of another length. */
export function perDimension(value: Parameter, dims: number, refuse: () => Error): number[] {
  const list = typeof value === "number" ? [value] : value ?? [];
  if (list.length !== 1 && list.length !== dims) throw refuse();
  return list.length === 1 ? new Array<number>(dims).fill(list[0]) : [...list];
}

const AXES = [[], ["W"], ["H", "W"], ["T", "H", "W"]];
const named = (prefix: string, values: Sizes): string => values.map((v, d) => `${prefix}${AXES[values.length][d]}: ${v}`).join(" ");

/** The checks that follow the numbers of windows; `op` is what PyTorch calls the function in the message of one of them. */
export function checkWindows(op: string, sizes: Sizes, places: Sizes, windows: Windows, checksInput: boolean): void {
  const { kernel, stride, padding, dilation } = windows;
  const dims = kernel.length;
  if (kernel.some((k) => k <= 0)) throw new RuntimeError(`kernel size should be greater than zero, but got ${named("k", kernel)}`);
  if (stride.some((s) => s <= 0)) throw new RuntimeError(`stride should be greater than zero, but got ${named("d", stride)}`);
  if (dilation.some((d) => d <= 0)) throw new RuntimeError(`dilation should be greater than zero, but got ${named("dilation", dilation)}`);
  const unbatched = sizes.length === dims + 2 ? sizes.slice(1) : sizes;
  if (dims === 2) {
    if ((sizes.length !== 3 && sizes.length !== 4) || unbatched.includes(0)) {
      throw new RuntimeError(`Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:${showSizes(sizes)}`);
    }
  } else if (unbatched.includes(0)) {
    throw new RuntimeError(
      `${op}(): Expected input's non-batch dimensions to have positive length, but input has a shape of ${
        showSizes(sizes)
      } and non-batch dimension 0 has length zero!`,
    );
  }
  const space = sizes.slice(-dims);
  if (checksInput && space.some((n, d) => n + 2 * padding[d] < kernel[d])) {
    throw new RuntimeError(`input image (${named("", space)}) smaller than kernel size (${named("k", kernel)})`);
  }
  if (padding.some((p, d) => p > Math.trunc(kernel[d] / 2))) {
    const [t, h, w] = dims === 3 ? [0, 1, 2] : [-1, 0, 1];
    const detail = dims === 2
      ? `padW = ${padding[w]}, padH = ${padding[h]}, kW = ${kernel[w]}, kH = ${kernel[h]}`
      : `kT: ${kernel[t]} kW: ${kernel[w]} kH: ${kernel[h]} padT: ${padding[t]} padW: ${padding[w]} padH: ${padding[h]}`;
    throw new RuntimeError(`pad should be smaller than or equal to half of kernel size, but got ${detail}`);
  }
  if (places.some((n) => n < 1)) {
    const channels = sizes[sizes.length - dims - 1];
    throw new RuntimeError(
      `Given input size: (${[channels, ...space].join("x")}). Calculated output size: (${[channels, ...places].join("x")}). Output size is too small`,
    );
  }
}

/** The check of the ops of one dimension, which run those of two. */
export function checkRank(op: string, { sizes }: Tensor): void {
  if (sizes.length === 2 || sizes.length === 3) return;
  throw new RuntimeError(`Expected 2 to 3 dimensions, but got ${sizes.length}-dimensional tensor for argument #1 'self' (while checking arguments for ${op})`);
}

/** Their check of a parameter. */
export function single(op: string, name: string, value: Parameter): number {
  const list = typeof value === "number" ? [value] : value ?? [];
  if (list.length !== 1) throw new RuntimeError(`${op}() argument '${name}' should contain one int (got ${list.length})`);
  return list[0];
}
