/** What the kernels and their callers must agree on. */

/** Address of the constants. */
export const POOL_ADDRESS = 1024;
/** The first address free for data. */
export const DATA_ADDRESS = 4096;

/**
 * Rows of the tile that a matrix product keeps in registers: six rows of two vectors leave three of 15 registers for a row of B and an element
 * of A.
 */
export const TILE_ROWS = 6;
/** Steps of the inner product for which the kernel is unrolled; blocks of B are packed in pieces of so many rows. */
export const DEPTH = 32;
/** The memory's limit in pages of 64 KB: a shared one reserves so many addresses at once. */
export const MOST_PAGES = 16384;
