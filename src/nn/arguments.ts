/**
 * The arguments of modules' constructors: by position, or by name in a trailing object.
 */
import { formatNumber } from "../format/numbers.ts";
import { pythonFunction } from "../ops/python_function.ts";

/** Positional arguments, the last ones of which may be given by name in a trailing object. */
export type Constructor<P> = (P[keyof P] | Partial<P>)[];

/** A reader of the arguments of the constructor of class `name`; see `pythonFunction`. */
export function constructorOf<P extends object>(
  name: string,
  required: readonly (keyof P & string)[],
  optional: Partial<P> = {},
): (args: Constructor<P>) => P {
  const read = pythonFunction<(...args: unknown[]) => P, P>(`${name}.__init__`, required, optional, (p) => p);
  return (args) => read(...args);
}

/** A number or boolean as Python writes it. */
export function python(value: unknown): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null || value === undefined) return "None";
  if (Array.isArray(value)) return `(${value.map(python).join(", ")}${value.length === 1 ? "," : ""})`;
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "number" && !Number.isInteger(value)) return formatNumber(value);
  return String(value);
}
