/**
 * The arguments of modules' constructors: by position, or by name in a trailing object.
 */
import { formatNumber } from "../format/numbers.ts";
import { isPlainObject } from "../python.ts";
import { pythonFunction } from "../ops/python_function.ts";

/** Positional arguments, the last ones of which may be given by name in a trailing object. */
export type Constructor<P> = (P[keyof P] | Partial<P>)[];

/** The arguments of a constructor that keeps each of them under its own name. */
export type Given<M, K extends keyof M> = Constructor<Pick<M, K>>;

/** A reader of the arguments of the constructor of class `name`; see `pythonFunction`. */
export function constructorOf<P extends object>(
  name: string,
  required: readonly (keyof P & string)[],
  optional: Partial<P> = {},
  keywordOnly: Partial<P> = {},
): (args: Constructor<P>) => P {
  // Python counts the object itself among the arguments
  const read = pythonFunction<(...args: unknown[]) => P, { self: null } & P>(
    `${name}.__init__`,
    ["self", ...required],
    optional as Partial<{ self: null } & P>,
    ({ self: _, ...p }) => p as object as P,
    keywordOnly as Partial<{ self: null } & P>,
  );
  return (args) => read(null, ...args);
}

/** A value as Python writes it: a whole number without a point, an array as a tuple, a plain object or a map as a dictionary. */
export function python(value: unknown): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null || value === undefined) return "None";
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "number" && !Number.isInteger(value)) return formatNumber(value);
  if (value instanceof List) return value.toString();
  if (Array.isArray(value) && value.constructor === Array) return `(${value.map(python).join(", ")}${value.length === 1 ? "," : ""})`;
  if (value instanceof Map || isPlainObject(value)) {
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return `{${entries.map(([key, v]) => `${python(key)}: ${python(v)}`).join(", ")}}`;
  }
  return String(value);
}

/** An array that prints as Python's lists do, `[0.1, 0.01]`, where other arrays stand for tuples. */
export class List<T> extends Array<T> {
  /** Slices and maps of it are plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** `[0.1, 0.01]`. */
  override toString(): string {
    return `[${Array.from(this, python).join(", ")}]`;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}
// its name counts where errors name types: there it is a list as any other array
Object.defineProperty(List, "name", { value: "list" });

/** A number as Python writes it where the default is a float: the default with a point even if it is whole, others as they were given. */
export function float(value: number | null, standard: number | undefined): string {
  return value === standard ? formatNumber(value) : python(value);
}

/** What the texts of modules that may write into their input end with: `, inplace=True`, or nothing. */
export function inplaceText(inplace: boolean): string {
  return inplace ? ", inplace=True" : "";
}

/** One number for each of `dims` dimensions, where one may be given for all. */
export function perDimension(value: number | readonly number[], dims: number): readonly number[] {
  return typeof value === "number" ? new Array<number>(dims).fill(value) : value;
}
