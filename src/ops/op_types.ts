/**
 * The types of ops as users call them.
 */
import type { Tensor } from "../tensor.ts";

/** The argument list and all its beginnings. */
export type Prefixes<A extends unknown[]> = A extends [...infer Head, unknown] ? A | Prefixes<Head> : [];
/** An argument list with an object of named arguments at its end. */
export type WithNamed<A extends unknown[], P> = A extends unknown ? [...A, named: Partial<P>] : never;

/** The positional arguments, all or the first few, and then the named ones. */
export type WithOptions<A extends unknown[], P> = A extends unknown
  ? number extends A["length"] ? [...A, named: Partial<P>] : WithNamed<Prefixes<Required<A>>, P>
  : never;

/** Positional arguments, the last ones of which may be given by name in a trailing object. */
export type Args<P, A extends unknown[]> = A | WithOptions<A, P>;

/** What every op has that is also a method of tensors: the method, which words its errors as PyTorch's methods do. */
export interface IsMethod {
  /** @internal The function as a method: the first argument is the tensor. */
  readonly asMethod: (...args: never[]) => unknown;
}

/** An op as a function: `A` are the arguments after the tensor by position, `P` all of them by name. */
export interface Op<P = Record<never, never>, A extends unknown[] = [], R = Tensor> extends IsMethod {
  /** Every argument by name. */
  (named: Partial<P> & { input: Tensor }): R;
  /** The tensor, then the others by position or by name. */
  (self: Tensor, ...args: Args<P, A>): R;
}

/** An op that also has an in-place twin: the method of the same name with an underscore. */
export interface InplaceOp<P = Record<never, never>, A extends unknown[] = [], R = Tensor> extends Op<P, A, R> {
  /** Writes the result into its first argument and returns it. */
  readonly inplace: (self: Tensor, ...args: Args<P, A>) => Tensor;
}

/** A function that does not stand on a tensor, such as `cat` and `ones`. */
export type Fn<P, A extends unknown[], R = Tensor> = (...args: Args<P, A>) => R;

/** A callable op before it gets its type: also called by methods, which say so for the wording of errors. */
export interface Callable {
  (...args: unknown[]): unknown;
  /** The function as a method: the first argument is the tensor. */
  asMethod?: (...args: unknown[]) => unknown;
  /** The in-place twin. */
  inplace?: (...args: unknown[]) => unknown;
}

/** Any function. */
export type AnyFunction = (...args: never[]) => unknown;
