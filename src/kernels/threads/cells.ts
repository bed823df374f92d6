/** The memory through which threads agree on who does what: 32-bit integers, hot ones on cache lines of their own. */

/** Blocks that can be on their way at the same time. */
export const MOST_SLOTS = 64;
/** Integers of the program of a slot. */
export const PROGRAM_SIZE = 256;

/** The places of the cells. */
export const CELLS = {
  /** The number of the job that is open, 0 between jobs. */
  job: 0,
  /** Workers of the job that is open take part if their number is below this. */
  limit: 1,
  /** Slots of the job that is open. */
  slots: 2,
  /** Workers that have started. */
  ready: 3,
  /** Whether a kernel has failed. */
  failed: 4,
  /** Workers that may be reading the job. */
  active: 16,
  /** Blocks that are ready to be computed, since the job began; -1 between jobs. */
  published: 32,
  /** Blocks that somebody has taken on. */
  claimed: 48,
  /** For each slot, one more than the number of the block last computed there. */
  done: 64,
  /** For each slot the length of its program, and the program: a kernel's number, how many parameters it has, the parameters, and so on. */
  programs: 64 + MOST_SLOTS,
  /** Integers of the program of a slot. */
  programSize: PROGRAM_SIZE,
} as const;

/** The type of the places. */
export type Cells = { readonly [Name in keyof typeof CELLS]: number };

/** How many integers all that is. */
export const CELL_COUNT = CELLS.programs + MOST_SLOTS * PROGRAM_SIZE;
