/**
 * Ops as functions that are no methods.
 */
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import type { AnyFunction } from "./define.ts";

/** An op as a function alone, without its method and its in-place twin. */
export function plainFunction<F extends AnyFunction>(op: AnyFunction): F {
  const f: AnyFunction = (...args) => op(...args);
  Object.defineProperty(f, "name", { value: op.name });
  return f as F;
}

/** The in-place twin of an op as a function of its own. */
export function inplaceFunction<F extends AnyFunction>(op: { readonly inplace: F; readonly name: string }): F {
  const name = `${op.name}_`;
  const inplace = op.inplace as AnyFunction as (...args: unknown[]) => unknown;
  const f = (...args: unknown[]) => {
    const [first, ...rest] = args;
    if (first instanceof Tensor) return inplace(first, ...rest);
    if (isPlainObject(first) && first.input instanceof Tensor) {
      const { input, ...named } = first;
      return inplace(input, named);
    }
    if (first === undefined) throw new TypeError(`${name}() missing 1 required positional arguments: "input"`);
    throw new TypeError(`${name}(): argument 'input' (position 1) must be Tensor, not ${pythonType(first)}`);
  };
  Object.defineProperty(f, "name", { value: name });
  return f as AnyFunction as F;
}
