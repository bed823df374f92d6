/** Where the kernels' memory begins: one packed panel of A lies at this constant address, other data after it. */
export const PANEL_ADDRESS = 0;
/** Where the kernels' constants begin. */
export const POOL_ADDRESS = 1024;
/** The first byte free for data. */
export const DATA_ADDRESS = 4096;
/** Rows of the tile that a matrix product keeps in registers; six rows of two vectors leave room for a row of B and an element of A among 15 registers. */
export const TILE_ROWS = 6;
