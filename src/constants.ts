/**
 * The numbers and names that stand in `torch` itself.
 */

/** The circumference of a circle by its diameter. */
export const pi: number = Math.PI;
/** The base of natural logarithms. */
export const e: number = Math.E;
/** Positive infinity. */
export const inf: number = Infinity;
/** Not a number. */
export const nan: number = NaN;
/** In an index: a new dimension of size 1. */
export const newaxis: null = null;
/** The layout of tensors whose elements stand at regular distances: the only one there is. */
export const strided: string = "torch.strided";
/** The memory format of rows one after the other. */
export const contiguous_format: string = "torch.contiguous_format";
/** The memory format of the tensor that another is made from. */
export const preserve_format: string = "torch.preserve_format";
