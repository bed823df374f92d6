/**
 * Fresh memory for large arrays.
 */

/** From how many bytes on an array is large: the C library maps larger ones one by one. */
const LARGE = 1 << 16;
/** The largest array by which the C library learns, less its header. */
const LESSON = (1 << 25) - (1 << 14);

let taught = false;

/**
 * Makes what is freed be used again. By default the C library (glibc) asks the system for each large array and gives it back when
 * it is freed, so that every page of a fresh array is a page fault: seven tenths of the time of making and filling 4 MB, measured.
 * When a mapped block is freed, the library takes its size for the usual one and serves arrays of up to that size from its heap
 * from then on. The block given up here has never been touched, so it takes address space alone, and that for a moment.
 */
export function keepPages(bytes: number): void {
  if (taught || bytes < LARGE) return;
  taught = true;
  // of all that frees memory only `transfer` does so at once
  if ("transfer" in ArrayBuffer.prototype) new ArrayBuffer(LESSON).transfer(0);
}
