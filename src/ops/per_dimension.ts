/**
 * How parameters of windows are given.
 */

/** One number for all spatial dimensions, or one for each. */
export type PerDimension = number | readonly number[];
