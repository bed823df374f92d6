/**
 * The patches that a sliding window sees, as the columns of a matrix, and back. All windows have three dimensions here: those
 * of images and sequences are one thick.
 */
import type { TypedArray } from "../dtype.ts";

/** Depth, height and width. */
export type Triple = readonly [depth: number, height: number, width: number];

/** A window that slides over an array: the array's size and the number of steps, and how the window moves. */
export interface Window {
  /** The size of what the window slides over. */
  input: Triple;
  /** How many places it takes. */
  output: Triple;
  /** Its size. */
  kernel: Triple;
  /** How far it moves. */
  stride: Triple;
  /** How far it reaches over the edges. */
  padding: Triple;
  /** The distance of its elements. */
  dilation: Triple;
}

/** The product of three sizes. */
export const volume = ([a, b, c]: Triple): number => a * b * c;

/** The first and the last step, plus one, at which an element at `offset` within the window lies inside of the array. */
function inside(offset: number, size: number, steps: number, stride: number): [first: number, end: number] {
  const first = offset >= 0 ? 0 : Math.ceil(-offset / stride);
  const end = Math.min(steps, Math.floor((size - 1 - offset) / stride) + 1);
  return first < end ? [first, end] : [0, 0];
}

/**
 * Writes `channels` times kernel rows of as many columns as the window takes places: each column is what the window sees
 * there, zeros beyond the edges.
 */
export function toColumns(data: TypedArray, offset: number, channels: number, window: Window, columns: TypedArray): void {
  // bigints are copied by the same code
  const from = data as Float32Array, to = columns as Float32Array;
  const { input: [, ih, iw], output: [od, oh, ow], kernel: [kd, kh, kw], stride: [sd, sh, sw], padding: [pd, ph, pw], dilation: [dd, dh, dw] } = window;
  const places = od * oh * ow, plane = volume(window.input);
  let row = 0;
  for (let c = 0; c < channels; c++) {
    for (let a = 0; a < kd; a++) {
      const [z0, z1] = inside(a * dd - pd, window.input[0], od, sd);
      for (let b = 0; b < kh; b++) {
        const [y0, y1] = inside(b * dh - ph, ih, oh, sh);
        for (let e = 0; e < kw; e++, row += places) {
          const shift = e * dw - pw;
          const [x0, x1] = inside(shift, iw, ow, sw);
          if (z1 - z0 !== od || y1 - y0 !== oh || x1 - x0 !== ow) to.fill(typeof to[0] === "bigint" ? 0n as never : 0, row, row + places);
          for (let z = z0; z < z1; z++) {
            for (let y = y0; y < y1; y++) {
              const source = offset + c * plane + ((z * sd + a * dd - pd) * ih + (y * sh + b * dh - ph)) * iw + shift;
              const target = row + (z * oh + y) * ow;
              for (let x = x0, s = source + x0 * sw; x < x1; x++, s += sw) to[target + x] = from[s];
            }
          }
        }
      }
    }
  }
}

/** The reverse: adds every element of the columns to the place it came from. */
export function addColumns(columns: TypedArray, channels: number, window: Window, data: TypedArray, offset: number): void {
  const from = columns as Float32Array, to = data as Float32Array;
  const { input: [, ih, iw], output: [od, oh, ow], kernel: [kd, kh, kw], stride: [sd, sh, sw], padding: [pd, ph, pw], dilation: [dd, dh, dw] } = window;
  const places = od * oh * ow, plane = volume(window.input);
  let row = 0;
  for (let c = 0; c < channels; c++) {
    for (let a = 0; a < kd; a++) {
      const [z0, z1] = inside(a * dd - pd, window.input[0], od, sd);
      for (let b = 0; b < kh; b++) {
        const [y0, y1] = inside(b * dh - ph, ih, oh, sh);
        for (let e = 0; e < kw; e++, row += places) {
          const shift = e * dw - pw;
          const [x0, x1] = inside(shift, iw, ow, sw);
          for (let z = z0; z < z1; z++) {
            for (let y = y0; y < y1; y++) {
              const target = offset + c * plane + ((z * sd + a * dd - pd) * ih + (y * sh + b * dh - ph)) * iw + shift;
              const source = row + (z * oh + y) * ow;
              for (let x = x0, t = target + x0 * sw; x < x1; x++, t += sw) to[t] += from[source + x];
            }
          }
        }
      }
    }
  }
}
