/**
 * How an op is declared: its name, PyTorch's signatures, and a primitive (primitive.ts) or a function made of other ops.
 */
import { callTransformed, type Inputs, transforms } from "../autograd/transforms.ts";
import { Tensor } from "../tensor.ts";
import { nodeName } from "./node_name.ts";
import type { AnyFunction, Callable } from "./op_types.ts";
import { replaceContents, writeOut } from "./out.ts";
import { Primitive, type PrimitiveSpec } from "./primitive.ts";
import { ArgumentParser, type Named } from "./signature.ts";

export type { Context, Formula, Result } from "./formula.ts";
export { nodeName } from "./node_name.ts";
export { OpNode } from "./op_node.ts";
export type { AnyFunction, Args, Callable, Fn, InplaceOp, IsMethod, Op, Prefixes, WithNamed, WithOptions } from "./op_types.ts";
export { cannotCast, writeOut, writeResult } from "./out.ts";
export { Primitive, primitives, type PrimitiveSpec, spread } from "./primitive.ts";

/** What `define` takes besides the signatures: a primitive's forward and formulas, or a function made of other ops. */
export type Body<P, R> =
  | ((inputs: P) => R)
  | (Omit<PrimitiveSpec<P>, "name"> & { name?: string });

/**
 * Declares an op. `signatures` are PyTorch's, one a line of its error message; the first parameter `input` is `self` in
 * `body`. A body with a forward becomes a primitive; a body that is a function is made of other ops. `inplace` makes the
 * twin, which computes and copies unless a function of its own is given.
 */
export function define<F extends AnyFunction, P = Named>(
  op: string,
  signatures: string | readonly string[],
  body: Body<P, unknown>,
  options: { inplace?: boolean | ((inputs: P & { self: Tensor }) => Tensor) } = {},
): F {
  const parser = new ArgumentParser(op, typeof signatures === "string" ? [signatures] : signatures);
  const primitive = typeof body === "function" ? null : new Primitive<P>({ name: nodeName(op), ...body });
  const made = body as (inputs: P) => unknown;
  const run = primitive === null
    ? (inputs: P): unknown => transforms.active === 0 ? made(inputs) : callTransformed(op, inputs as Inputs, made as (inputs: Inputs) => unknown)
    : (inputs: P): unknown => primitive.apply(inputs);
  const call = (args: readonly unknown[], self: 0 | 1): unknown => {
    const inputs = parser.parse(args, self);
    const out = inputs.out;
    if (out instanceof Tensor) return writeOut(op, inputs, out, run(inputs as P));
    return run(inputs as P);
  };
  const f = ((...args: unknown[]) => call(args, 0)) as Callable;
  if (parser.isMethod) f.asMethod = (...args) => call(args, 1);
  const { inplace } = options;
  if (inplace) {
    const twin = new ArgumentParser(`${op}_`, typeof signatures === "string" ? [signatures] : signatures);
    f.inplace = (...args) => {
      const inputs = twin.parse(args, 1) as P & { self: Tensor };
      if (typeof inplace === "function") {
        return transforms.active === 0 ? inplace(inputs) : callTransformed(`${op}_`, inputs as Inputs, inplace as AnyFunction as (inputs: Inputs) => unknown);
      }
      return primitive === null ? replaceContents(inputs.self, run(inputs) as Tensor) : primitive.applyInplace(inputs);
    };
  }
  Object.defineProperty(f, "name", { value: op });
  return f as AnyFunction as F;
}
