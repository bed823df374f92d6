/**
 * PyTorch's exception classes. `String(error)` equals the last line of the Python traceback;
 * Python's `TypeError` is JavaScript's own.
 */
import type { DType } from "./dtype.ts";

/** Raised where PyTorch raises Python's `RuntimeError`: shapes that do not fit, a freed graph, a leaf changed in place. */
export class RuntimeError extends Error {
  /** The class name that Python prints before the message. */
  override name = "RuntimeError";
}

/** Raised where PyTorch raises Python's `IndexError`: a dimension or an index out of range. */
export class IndexError extends Error {
  /** The class name that Python prints before the message. */
  override name = "IndexError";
}

/** Raised where PyTorch raises Python's `ValueError`: an argument of the right type with a value that makes no sense. */
export class ValueError extends Error {
  /** The class name that Python prints before the message. */
  override name = "ValueError";
}

/** Raised where PyTorch raises Python's `NotImplementedError`: an op that has no kernel for a dtype, a method that a subclass must supply. */
export class NotImplementedError extends RuntimeError {
  /** The class name that Python prints before the message. */
  override name = "NotImplementedError";
}

/** Raised where PyTorch raises `torch.linalg.LinAlgError`: a matrix that is singular, or not positive-definite. */
export class LinAlgError extends RuntimeError {
  /** The class name that Python prints before the message. */
  override name = "torch._C._LinAlgError";
}

/** Raised where PyTorch raises Python's `AttributeError`: an attribute that cannot be set or does not exist. */
export class AttributeError extends Error {
  /** The class name that Python prints before the message. */
  override name = "AttributeError";
}

/** Raised where PyTorch raises Python's `AssertionError`. */
export class AssertionError extends Error {
  /** The class name that Python prints before the message. */
  override name = "AssertionError";
}

/** Raised where PyTorch raises Python's `KeyError`: a name that is not there, or is taken. */
export class KeyError extends Error {
  /** The class name that Python prints before the message. */
  override name = "KeyError";

  /** Takes what Python shows in quotes. */
  constructor(text: string) {
    super(text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`);
  }
}

/** The error for a dimension outside of `[-rank, rank)`; a 0-d tensor counts as one dimension. */
export function dimensionOutOfRange(dim: number, rank: number): IndexError {
  const n = Math.max(rank, 1);
  return new IndexError(`Dimension out of range (expected to be in range of [${-n}, ${n - 1}], but got ${dim})`);
}

/** The error for an op that has no kernel for a dtype; `kernel` is the name that PyTorch's message has. */
export function noKernel(kernel: string, dtype: DType): RuntimeError {
  return new RuntimeError(`"${kernel}" not implemented for '${dtype.scalar}'`);
}

/** The error of a derivative that PyTorch knows to be missing. */
export function noDerivative(of: string): NotImplementedError {
  return new NotImplementedError(`the derivative for '${of}' is not implemented.`);
}
