/**
 * Memory for large arrays: fresh, or what somebody has given back.
 */

/** From how many bytes on an array is large: the C library maps larger ones one by one. */
const LARGE = 1 << 16;
/** The largest array by which the C library learns, less its header. */
const LESSON = (1 << 25) - (1 << 14);

/** How much free memory is kept below a block that is never given back, and in what portions. */
const KEPT = { portions: 4, bytes: 24 << 20 };
/** The size of that block: so large that it finds room at the end of the heap alone. */
const CEILING = 4 << 20;

let taught = false;
/** What is never given back. */
const ceiling: ArrayBuffer[] = [];

/**
 * Makes what is freed be used again. By default the C library (glibc) asks the system for each large array and gives it back when
 * it is freed, so that every page of a fresh array is a page fault: seven tenths of the time of making and filling 4 MB, measured.
 * When a mapped block is freed, the library takes its size for the usual one and serves arrays of up to that size from its heap
 * from then on. The block given up here has never been touched, so it takes address space alone, and that for a moment.
 *
 * The end of the heap still goes back to the system as soon as 64 MB of it are free, about as much as the garbage collector lets come
 * together. A block that stays keeps what is below it from being the end.
 */
export function keepPages(bytes: number): void {
  if (taught || bytes < LARGE) return;
  taught = true;
  const process: { platform?: string } | undefined = Reflect.get(globalThis, "process");
  // elsewhere the library is another; and of all that frees memory only `transfer` does so at once
  if (process?.platform !== "linux" || !("transfer" in ArrayBuffer.prototype)) return;
  new ArrayBuffer(LESSON).transfer(0);
  const portions = Array.from({ length: KEPT.portions }, () => new ArrayBuffer(KEPT.bytes));
  ceiling.push(new ArrayBuffer(CEILING));
  for (const portion of portions) portion.transfer(0);
}

/** Arrays that nobody else knows, the one given back last at the end. */
const idle: Float32Array<ArrayBuffer>[] = [];
let idleBytes = 0;
/** How many bytes wait to be used again at most. */
const MOST_IDLE = 1 << 26;

/** Takes back an array that its owner alone knew and will not touch again, for `unfilled` to hand out. Small ones are left to the garbage collector. */
export function recycle(data: Float32Array<ArrayBuffer>): void {
  const bytes = data.byteLength;
  if (bytes < LARGE || bytes > MOST_IDLE || data.buffer.byteLength !== bytes) return;
  idle.push(data);
  idleBytes += bytes;
  while (idleBytes > MOST_IDLE) idleBytes -= idle.shift()!.byteLength;
}

/** An array of `n` elements that waits to be used again. */
function takeIdle(n: number): Float32Array<ArrayBuffer> | null {
  for (let i = idle.length - 1; i >= 0; i--) {
    if (idle[i].length !== n) continue;
    idleBytes -= 4 * n;
    return idle.splice(i, 1)[0];
  }
  keepPages(4 * n);
  return null;
}

/** An array of `n` elements, which may hold anything. */
export function unfilled(n: number): Float32Array<ArrayBuffer> {
  return takeIdle(n) ?? new Float32Array(n);
}

/** An array of its own with these elements. One made from another array is not filled with zeros first. */
export function copied(data: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const out = takeIdle(data.length);
  if (out === null) return new Float32Array(data);
  out.set(data);
  return out;
}
