/**
 * Random inputs for the peers: normal numbers from a small generator of our own, so that every peer computes with the same ones.
 */

let state = 1;

/** A number in (0, 1), by the multiplicative congruential generator of Park and Miller. */
function uniform(): number {
  state = state * 48271 % 2147483647;
  return state / 2147483647;
}

/** Starts the sequence again. */
export function reseed(): void {
  state = 1;
}

/** `n` independent standard normal numbers times `scale`, by the method of Box and Muller. */
export function normals(n: number, scale = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: n }, () => scale * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

/** `n` whole numbers from 0 up to, and without, `end`. */
export function integers(n: number, end: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: n }, () => Math.floor(uniform() * end));
}
