/**
 * Functions that PyTorch writes in Python: their arguments are bound, and their errors worded, as Python does it.
 */
import { isPlainObject } from "../python.ts";
import type { AnyFunction } from "./define.ts";

const quoted = (names: readonly string[]): string => {
  const list = names.map((n) => `'${n}'`);
  if (list.length < 2) return list.join("");
  return list.length === 2 ? list.join(" and ") : `${list.slice(0, -1).join(", ")}, and ${list[list.length - 1]}`;
};

const plural = (n: number) => n === 1 ? "" : "s";

function missing(name: string, kind: string, names: readonly string[]): TypeError {
  return new TypeError(`${name}() missing ${names.length} required ${kind} argument${plural(names.length)}: ${quoted(names)}`);
}

function tooMany(name: string, required: number, all: number, given: number, keywords: number): TypeError {
  const takes = required === all ? `${all} positional argument${plural(all)}` : `from ${required} to ${all} positional arguments`;
  const extra = keywords === 0 ? "" : ` positional argument${plural(given)} (and ${keywords} keyword-only argument${plural(keywords)})`;
  return new TypeError(`${name}() takes ${takes} but ${given}${extra} ${given === 1 && keywords === 0 ? "was" : "were"} given`);
}

/**
 * Declares a function of Python's. `required` are the names of the parameters without a default, `optional` the others with
 * their defaults, in order, and `keywordOnly` those that can only be given by name. What is `undefined` counts as left out.
 */
export function pythonFunction<F extends AnyFunction, P extends object>(
  name: string,
  required: readonly (keyof P & string)[],
  optional: Partial<P>,
  body: (inputs: P) => unknown,
  keywordOnly: Partial<P> = {},
): F {
  const names: string[] = [...required, ...Object.keys(optional)];
  const keywords = Object.keys(keywordOnly);
  const defaults = { ...optional, ...keywordOnly };
  const f = (...args: unknown[]) => {
    let given = args.length;
    while (given > 0 && args[given - 1] === undefined) given--;
    const last = given > 0 ? args[given - 1] : undefined;
    const named = isPlainObject(last) ? last : null;
    if (named !== null) given--;
    const bound: Record<string, unknown> = { ...defaults };
    for (let i = 0; i < given && i < names.length; i++) if (args[i] !== undefined) bound[names[i]] = args[i];
    let extra = 0;
    for (const key in named) {
      if (named[key] === undefined) continue;
      const at = names.indexOf(key);
      if (at < 0 && !keywords.includes(key)) throw new TypeError(`${name}() got an unexpected keyword argument '${key}'`);
      if (at >= 0 && at < given && args[at] !== undefined) throw new TypeError(`${name}() got multiple values for argument '${key}'`);
      if (at < 0) extra++;
      bound[key] = named[key];
    }
    if (given > names.length) throw tooMany(name, required.length, names.length, given, extra);
    const absent = required.filter((key) => !(key in bound));
    if (absent.length > 0) throw missing(name, "positional", absent);
    return body(bound as P);
  };
  Object.defineProperty(f, "name", { value: name });
  return f as AnyFunction as F;
}
