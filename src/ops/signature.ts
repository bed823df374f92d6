/**
 * How arguments are read. An op states its PyTorch signatures as PyTorch prints them, `(Tensor input, int dim, *, torch.dtype dtype = None)`;
 * the parser binds positional arguments and a trailing object of named ones to parameters, picks the first signature that
 * fits, and words PyTorch's errors where none does.
 */
import { DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Device } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { objectOf } from "./object_of.ts";

/** Named arguments. */
export type Named = Record<string, unknown>;

interface Parameter {
  type: string;
  name: string;
  /** The key under which an op's forward and formulas find it: `self` for what PyTorch shows as `input` in first place. */
  key: string;
  optional: boolean;
  keywordOnly: boolean;
  fallback: unknown;
  /** Other names that Python code gives it. */
  aliases: string[];
  accepts: (value: unknown) => boolean;
  /** Whether an accepted value may have to be brought to another form. */
  converts: boolean;
  /** Whether a given `null` is not the same as nothing given. */
  keepsNull: boolean;
}

/** One signature, parsed. */
interface Signature {
  parameters: Parameter[];
  /** The places of the parameters by all of their names. */
  places: ReadonlyMap<string, number>;
  positional: number;
  required: number;
  /** Whether a dimension is given by its name in it: tensors here have no names. */
  named: boolean;
  /** Whether the sizes in first place may be given one by one. */
  varargs: boolean;
  /** Makes the object that an op's body gets. */
  build: (values: readonly unknown[]) => Named;
}

/** Names two ways of the same argument that Python code uses. */
const ALIASES: Record<string, string> = { x: "self", axis: "dim", keepdims: "keepdim", x2: "other" };

const CONSTANTS: Record<string, unknown> = { None: null, True: true, False: false, inf: Infinity };

function parseDefault(text: string): unknown {
  if (text in CONSTANTS) return CONSTANTS[text];
  if (/^['"].*['"]$/.test(text)) return text.slice(1, -1);
  if (text.startsWith("[") || text.startsWith("(")) return text.slice(1, -1).split(",").filter((t) => t.trim()).map((t) => parseDefault(t.trim()));
  const value = Number(text);
  return Number.isNaN(value) ? text : value;
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0, start = 0;
  for (let i = 0; i < text.length; i++) {
    if ("([{".includes(text[i])) depth++;
    else if (")]}".includes(text[i])) depth--;
    else if (text[i] === "," && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  return last ? [...parts, last] : parts;
}

function parseSignature(text: string): Signature {
  const parameters: Parameter[] = [];
  let keywordOnly = false;
  for (const part of splitTop(text.slice(1, -1))) {
    if (part === "*") {
      keywordOnly = true;
      continue;
    }
    const [declared, fallback] = part.split(/\s*=\s*/);
    const at = declared.lastIndexOf(" ");
    const name = declared.slice(at + 1);
    const optional = fallback !== undefined;
    const type = declared.slice(0, at).replace("?", "");
    const accepts = ACCEPTS[type] ?? anything;
    parameters.push({
      type,
      name,
      key: parameters.length === 0 && name === "input" ? "self" : name,
      optional,
      keywordOnly,
      fallback: optional ? parseDefault(fallback) : undefined,
      aliases: Object.keys(ALIASES).filter((alias) => ALIASES[alias] === name || (ALIASES[alias] === "self" && parameters.length === 0)),
      accepts: declared.includes("?") ? (value) => value === null || accepts(value) : accepts,
      converts: CONVERTED.has(type),
      keepsNull: type.startsWith("torch."),
    });
  }
  const positional = parameters.filter((p) => !p.keywordOnly).length;
  const own = parameters[0]?.key === "self" ? 1 : 0;
  const places = new Map<string, number>();
  // a name goes before the same word as another name
  parameters.forEach((p, i) => places.set(p.name, i));
  parameters.forEach((p, i) => p.aliases.forEach((alias) => places.has(alias) || places.set(alias, i)));
  return {
    parameters,
    places,
    positional,
    required: parameters.filter((p) => !p.optional && !p.keywordOnly).length,
    named: parameters.some((p) => !p.optional && (p.type === "name" || p.type === "tuple of names")),
    varargs: positional === own + 1 && parameters[own].type === "tuple of ints",
    build: objectOf(parameters.map((p) => p.key)),
  };
}

const isInt = (v: unknown): boolean =>
  typeof v === "number"
    ? Number.isInteger(v)
    : typeof v === "bigint" || (v instanceof Tensor && v.count === 1 && v.dtype.category === "int" && !v.tracks && v.sizes.length === 0);

const isScalar = (v: unknown): boolean => typeof v === "number" || typeof v === "bigint" || typeof v === "boolean";
const isZeroDim = (v: unknown): boolean => v instanceof Tensor && v.sizes.length === 0 && !v.tracks;
const anything = (): boolean => true; // layouts and memory formats are accepted and mean nothing here

/** The types whose values `convert` may change. */
const CONVERTED = new Set(["int", "Number", "float", "tuple of ints", "tuple of floats"]);

const ACCEPTS: Record<string, (value: unknown) => boolean> = {
  "Tensor": (v) => v instanceof Tensor,
  "Number": (v) => isScalar(v) || isZeroDim(v),
  "int": isInt,
  "float": (v) => typeof v === "number" || typeof v === "bigint" || isZeroDim(v),
  "bool": (v) => typeof v === "boolean",
  "str": (v) => typeof v === "string",
  "name": (v) => typeof v === "string",
  "tuple of ints": (v) => isInt(v) || (Array.isArray(v) && v.every(isInt)),
  "tuple of floats": (v) => typeof v === "number" || (Array.isArray(v) && v.every((x) => typeof x === "number")),
  "tuple of Scalars": (v) => Array.isArray(v) && v.every(isScalar),
  "tuple of Tensors": (v) => Array.isArray(v) && v.every((x) => x instanceof Tensor),
  "tuple of names": (v) => typeof v === "string" || (Array.isArray(v) && v.length > 0 && v.every((x) => typeof x === "string")),
  "torch.dtype": (v) => v instanceof DType,
  "torch.device": (v) => typeof v === "string" || v instanceof Device,
  "torch.Generator": (v) => pythonType(v) === "torch.Generator",
  "Generator": (v) => pythonType(v) === "torch.Generator",
};

const plain = (v: unknown): unknown =>
  v instanceof Tensor ? v.item() : typeof v === "bigint" && v >= Number.MIN_SAFE_INTEGER && v <= Number.MAX_SAFE_INTEGER ? Number(v) : v;

function convert(type: string, value: unknown): unknown {
  if (value === null) return value;
  if (type === "int" || type === "Number" || type === "float") return type === "Number" && typeof value === "bigint" ? value : plain(value);
  if (type === "tuple of ints") {
    if (!Array.isArray(value)) return [plain(value)];
    const out = new Array<unknown>(value.length);
    for (let i = 0; i < out.length; i++) out[i] = typeof value[i] === "number" ? value[i] : plain(value[i]);
    return out;
  }
  if (type === "tuple of floats") return Array.isArray(value) ? value : [value];
  return value;
}

function lookup(named: Named, p: Parameter): string | null {
  if (p.name in named) return p.name;
  for (const alias of p.aliases) if (alias in named) return alias;
  return null;
}

/** The positional arguments, sizes that are given one by one gathered in an array. */
function gather(signature: Signature, args: readonly unknown[]): readonly unknown[] {
  const first = signature.parameters[0]?.key === "self" ? 1 : 0;
  if (!signature.varargs || args.length <= first || Array.isArray(args[first])) return args;
  if (args.length === first + 1 && !isInt(args[first]) && typeof args[first] === "object") return args;
  return first === 0 ? [args] : [args[0], args.slice(1)];
}

/** Binds arguments that fit; null for those that do not. Most calls end here. */
function bind(signature: Signature, args: readonly unknown[], named: Named | null): Named | null {
  const { parameters } = signature;
  const positional = signature.varargs ? gather(signature, args) : args;
  if (positional.length > signature.positional) return null;
  const values = new Array<unknown>(parameters.length);
  for (let i = 0; i < positional.length; i++) values[i] = positional[i];
  if (named !== null) {
    for (const key in named) {
      const value = named[key];
      if (value === undefined) continue;
      const at = signature.places.get(key);
      if (at === undefined || at < positional.length || values[at] !== undefined) return null;
      values[at] = value;
    }
  }
  let tensors = false;
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i];
    const value = values[i];
    if (value === undefined || (value === null && p.optional)) {
      if (!p.optional) return null;
      values[i] = value === null && p.keepsNull ? null : p.fallback;
    } else {
      if (!p.accepts(value)) return null;
      if (!p.converts) continue;
      // a tensor is read as a number only once it is clear that it is one: while it stands for a batch it cannot be read
      if (value instanceof Tensor) tensors = true;
      else values[i] = convert(p.type, value);
    }
  }
  if (tensors) parameters.forEach((p, i) => p.converts && values[i] instanceof Tensor && (values[i] = convert(p.type, values[i])));
  return signature.build(values);
}

interface Attempt {
  bound: Named | null;
  /** Why it did not fit; only worded when asked for. */
  reason: (() => Error) | null;
}

const missingArguments = (op: string, names: string[]) =>
  // the plural is PyTorch's
  new TypeError(`${op}() missing ${names.length} required positional argument${names.length === 1 ? "s" : ""}: ${names.map((n) => `"${n}"`).join(", ")}`);

function mismatch(op: string, p: Parameter, position: number | null, value: unknown): Error {
  const where = `${op}(): argument '${p.name}'${position === null ? "" : ` (position ${position})`} must be ${p.type}`;
  if (p.type === "tuple of Tensors" && Array.isArray(value)) {
    const at = value.findIndex((v) => !(v instanceof Tensor));
    return new TypeError(`expected Tensor as element ${at} in argument ${(position ?? 1) - 1}, but got ${pythonType(value[at])}`);
  }
  if (p.type === "tuple of ints" && Array.isArray(value)) {
    const at = value.findIndex((v) => !isInt(v));
    if (at === 0) return new TypeError(`${where}, but found element of type ${pythonType(value[0])} at pos 0`);
    return new TypeError(
      `${op}(): argument '${p.name}' failed to unpack the object at pos ${at + 1} with error "type must be tuple of ints,but got ${pythonType(value[at])}"`,
    );
  }
  return new TypeError(`${where}, not ${pythonType(value)}`);
}

function attempt(op: string, signature: Signature, args: readonly unknown[], named: Named | null, self: 0 | 1): Attempt {
  const { parameters } = signature;
  const bound: Named = {};
  const positional = gather(signature, args);
  if (positional.length > signature.positional) {
    const takes = signature.positional - self, given = args.length - self;
    return {
      bound: null,
      reason: () =>
        takes === 0 && self === 1
          ? new TypeError(`TensorBase.${op}() takes no arguments (${given} given)`)
          : signature.required < signature.positional
          ? new TypeError(`${op}() takes from ${signature.required - self} to ${takes} positional arguments but ${given} were given`)
          : new TypeError(`${op}() takes ${takes} positional argument${takes === 1 ? "" : "s"} but ${given} were given`),
    };
  }
  let used = 0;
  let missing: string[] | null = null;
  for (let i = 0; i < parameters.length; i++) {
    const p = parameters[i];
    let value: unknown;
    let position: number | null = null;
    if (i < positional.length && !p.keywordOnly) {
      value = positional[i];
      position = i + 1 - self;
      if (named !== null && lookup(named, p) !== null) {
        return { bound: null, reason: () => new TypeError(`${op}() got multiple values for argument '${p.name}'`) };
      }
    } else if (named !== null) {
      const key = lookup(named, p);
      if (key !== null) {
        value = named[key];
        used++;
      }
    }
    if (value === undefined || (value === null && p.optional)) {
      if (value === undefined && !p.optional) {
        (missing ??= []).push(p.name);
        continue;
      }
      bound[p.key] = value === null && p.keepsNull ? null : p.fallback;
      continue;
    }
    if (!p.accepts(value)) return { bound: null, reason: () => mismatch(op, p, position, value) };
    if (p.type === "name" || p.type === "tuple of names") {
      return { bound: null, reason: () => noName(String(Array.isArray(value) ? value[0] : value), args[0]) };
    }
    bound[p.key] = convert(p.type, value);
  }
  if (missing !== null) {
    const names = missing;
    return { bound: null, reason: () => missingArguments(op, names) };
  }
  if (named !== null && used < Object.keys(named).length) {
    const extra = Object.keys(named).find((k) => named[k] !== undefined && !parameters.some((p) => p.name === k || p.aliases.includes(k)));
    if (extra !== undefined) return { bound: null, reason: () => new TypeError(`${op}() got an unexpected keyword argument '${extra}'`) };
  }
  return { bound, reason: null };
}

/** The error for a dimension given by a name: tensors here have none. */
function noName(name: string, argument: unknown): Error {
  const tensor = Array.isArray(argument) ? argument[0] : argument;
  const rank = tensor instanceof Tensor ? tensor.sizes.length : 0;
  return new RuntimeError(`Name '${name}' not found in Tensor[${Array(rank).fill("None").join(", ")}].`);
}

/** The types of the arguments as PyTorch lists them, those that do not fit between exclamation marks. */
function describe(args: readonly unknown[], named: Named | null, wanted: string[] | null): string {
  const names = named === null ? [] : Object.keys(named);
  const typeOf = (v: unknown) => pythonType(v);
  const mark = (type: string, ok: boolean) => ok ? type : `!${type}!`;
  const types = args.map((a, i) => wanted === null ? typeOf(a) : mark(typeOf(a), wanted[i]?.split(" ").slice(0, -1).join(" ") === typeOf(a)));
  const keyed = names.map((k) => {
    const type = typeOf(named![k]);
    if (wanted === null) return `${k}=${type}`;
    const parameter = wanted.find((w) => w.split(/\s*=\s*/)[0].endsWith(` ${k}`));
    return `${k}=${mark(type, parameter !== undefined && parameter.startsWith(`${type} `))}`;
  });
  if (wanted !== null) return `(${[...types, ...keyed].join(", ")})`;
  // PyTorch leaves a comma behind where there are only named arguments
  return `(${[...types, ...keyed].join(", ")}${types.length === 0 && keyed.length > 0 ? ", " : ""})`;
}

function invalidCombination(op: string, texts: string[], args: readonly unknown[], named: Named | null): TypeError {
  const count = args.length + (named === null ? 0 : Object.keys(named).length);
  const parts = texts.map((t) => splitTop(t.slice(1, -1)));
  // PyTorch reads its own texts naively here: it counts the star, `()` counts as one, and a default is taken for the name
  const fits = (p: string[]) => Math.max(p.length, 1) === count;
  const nameOf = (part: string) => part.slice(part.lastIndexOf(" ") + 1);
  const head = `${op}() received an invalid combination of arguments - got `;
  if (texts.length === 1) {
    return new TypeError(`${head}${describe(args, named, fits(parts[0]) ? parts[0] : null)}, but expected ${texts[0]}`);
  }
  let message = `${head}${describe(args, named, null)}, but expected one of:\n`;
  texts.forEach((text, i) => {
    message += ` * ${text}\n`;
    if (!fits(parts[i])) return;
    const wrong = named === null ? [] : Object.keys(named).filter((k) => !parts[i].some((p) => nameOf(p) === k));
    if (wrong.length > 0) message += `      didn't match because some of the keywords were incorrect: ${wrong.join(", ")}\n`;
    else message += `      didn't match because some of the arguments have invalid types: ${describe(args, named, parts[i])}\n`;
  });
  return new TypeError(message);
}

/** Reads the arguments of one op. */
export class ArgumentParser {
  readonly #op: string;
  readonly #declared: readonly string[];
  /** The signatures as PyTorch shows them. */
  readonly #texts: readonly string[];
  #functions: Signature[] | null = null;
  /** Whether users also call it on a tensor. */
  readonly isMethod: boolean;

  /** `texts` are the signatures of the function. A question mark after a type, which PyTorch does not show, allows None where there is no default. */
  constructor(op: string, texts: readonly string[]) {
    this.#op = op;
    this.#declared = texts;
    this.#texts = texts.map((text) => text.replaceAll("? ", " "));
    this.isMethod = texts[0].startsWith("(Tensor input") || texts[0].startsWith("(Tensor self");
  }

  /** The parameters by name. `self` is 1 where the first argument is the tensor that a method was called on. */
  parse(args: readonly unknown[], self: 0 | 1): Named {
    const signatures = this.#functions ??= this.#declared.map(parseSignature);
    let named: Named | null = null;
    let positional = args;
    const last = args.length > 0 ? args[args.length - 1] : undefined;
    if (last === undefined && args.length > 0) {
      let n = args.length;
      while (n > 0 && args[n - 1] === undefined) n--;
      return this.parse(args.slice(0, n), self);
    }
    if (!(last instanceof Tensor) && isPlainObject(last)) {
      named = last;
      positional = args.slice(0, -1);
    }
    for (let i = 0; i < signatures.length; i++) {
      if (signatures[i].named) continue;
      const bound = bind(signatures[i], positional, named);
      if (bound !== null) return bound;
    }
    return this.#reject(signatures, positional, named === null ? null : given(named), self);
  }

  /** Finds out why no signature fits, in PyTorch's words. */
  #reject(signatures: readonly Signature[], positional: readonly unknown[], named: Named | null, self: 0 | 1): never {
    let failed: Attempt | null = null;
    for (const signature of signatures) {
      const result = attempt(this.#op, signature, positional, named, self);
      const error = result.reason?.() ?? null;
      // a list is taken for integers by its first element
      if ((signature.named && error instanceof RuntimeError) || error?.message.includes("failed to unpack")) throw error;
      failed = result;
    }
    if (signatures.length === 1 && this.#texts.length === 1) throw this.#single(failed!.reason!(), signatures[0], positional, named, self);
    const count = positional.length + (named === null ? 0 : Object.keys(named).length);
    const least = (s: Signature) => s.parameters.filter((p) => !p.optional).length;
    const plausible = signatures.filter((s) => count >= least(s) && count <= s.parameters.length && (!s.varargs || count <= s.parameters.length));
    if (plausible.length === 1) throw attempt(this.#op, plausible[0], positional, named, self).reason!();
    throw this.#invalid(positional, named, self);
  }

  /** Some ops have retired signatures that PyTorch does not print; their errors list the one that is left. */
  #single(reason: Error, signature: Signature, args: readonly unknown[], named: Named | null, self: 0 | 1): Error {
    const count = args.length + (named === null ? 0 : Object.keys(named).length);
    const retired = RETIRED.has(this.#op) && (count < signature.required || count > signature.positional);
    return retired ? this.#invalid(args, named, self) : reason;
  }

  #invalid(args: readonly unknown[], named: Named | null, self: 0 | 1): TypeError {
    const texts = self === 1 && this.isMethod ? this.#texts.map(methodText) : [...this.#texts];
    return invalidCombination(this.#op, texts, self === 1 ? args.slice(1) : args, named);
  }
}

/** The arguments that are not undefined; null for none. */
function given(named: Named): Named | null {
  const entries = Object.entries(named).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

const RETIRED = new Set(["add", "sub", "addmm", "addmv", "addr", "addbmm", "baddbmm", "addcmul", "addcdiv", "add_", "sub_", "addmm_", "addcmul_", "addcdiv_"]);

/** A function's signature as the method of the same name shows it. */
function methodText(text: string): string {
  const parts = splitTop(text.slice(1, -1)).filter((p) =>
    !p.startsWith("Tensor input") && !p.startsWith("Tensor out") && !p.startsWith("tuple of Tensors out")
  );
  if (parts[parts.length - 1] === "*") parts.pop();
  return `(${parts.join(", ")})`;
}
