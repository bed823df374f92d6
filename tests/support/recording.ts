/** Reads recorded PyTorch (tests/pytorch/*.json.gz): values from their encoding, and comparisons with what this module computes. */

import * as torch from "../../mod.ts";

/** A number as JSON holds it: "nan", "inf" and "-inf" by name, integers beyond 2^53 as text. */
export type EncodedNumber = number | boolean | string | { i: string };

/** A tensor: its elements `d` in row-major order, or the whole storage `base` with strides and offset where the memory layout matters. */
export interface EncodedTensor {
  /** dtype */
  t: string;
  /** shape */
  s: number[];
  /** elements */
  d?: EncodedNumber[];
  /** strides */
  st?: number[];
  /** storage offset */
  o?: number;
  /** storage */
  base?: EncodedNumber[];
  /** tensors of one call with the same `k` share their storage */
  k?: number;
  /** number among the tensors of the call that require grad */
  g?: number;
}

/** An argument or a result. */
export type Encoded =
  | null
  | boolean
  | number
  | string
  | Encoded[]
  | EncodedTensor
  | { f: string }
  | { i: string }
  | { dtype: string }
  | { torch: string }
  | { slice: (number | null)[] }
  | { ellipsis: true };

/** The class and the message of an exception. */
export interface EncodedError {
  /** class name */
  type: string;
  /** text */
  message: string;
}

/** Unpacks a gzipped JSON file that stands in tests/pytorch. */
export async function readRecording<T>(name: string): Promise<T> {
  const bytes = await Deno.readFile(new URL(`../pytorch/${name}`, import.meta.url));
  const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return await new Response(text).json() as T;
}

const DTYPES: Record<string, typeof torch.float32> = {
  float64: torch.float64,
  float32: torch.float32,
  int64: torch.int64,
  int32: torch.int32,
  int16: torch.int16,
  int8: torch.int8,
  uint8: torch.uint8,
  bool: torch.bool,
};

function decodeNumber(value: EncodedNumber): number | boolean | bigint {
  if (typeof value === "object") return BigInt(value.i);
  if (typeof value === "string") return value === "nan" ? NaN : value === "inf" ? Infinity : -Infinity;
  return value;
}

/** Whether an encoded value is a tensor. */
export function isEncodedTensor(value: Encoded | undefined): value is EncodedTensor {
  return typeof value === "object" && value !== null && "t" in value && "s" in value;
}

/** Decodes the arguments of one call, and collects the tensors that require grad. */
export class Decoder {
  /** The decoded tensors that require grad, in the order of their numbers. */
  readonly leaves: torch.Tensor[] = [];
  /** Every decoded tensor beside its encoding. */
  readonly tensors: [torch.Tensor, EncodedTensor][] = [];
  readonly #storages = new Map<number, torch.Tensor>();
  readonly #replacements: readonly torch.Tensor[];

  /** Tensors given here take the places of those that require grad, by their numbers. */
  constructor(replacements: readonly torch.Tensor[] = []) {
    this.#replacements = replacements;
  }

  /** A fresh value for the encoding. */
  decode(value: Encoded): unknown {
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((v) => this.decode(v));
    if (isEncodedTensor(value)) return this.#tensor(value);
    if ("f" in value) return decodeNumber(value.f);
    if ("i" in value) return BigInt(value.i);
    if ("dtype" in value) return DTYPES[value.dtype];
    if ("torch" in value) return Reflect.get(torch, value.torch);
    if ("slice" in value) return torch.slice(...value.slice as [number | null, number | null, number | null]);
    return "...";
  }

  /** Positional arguments, followed by the keyword arguments where there are any. */
  call(args: Encoded[], kwargs: Record<string, Encoded>): unknown[] {
    const decoded = args.map((a) => this.decode(a));
    const named = Object.entries(kwargs);
    return named.length === 0 ? decoded : [...decoded, Object.fromEntries(named.map(([k, v]) => [k, this.decode(v)]))];
  }

  #tensor(t: EncodedTensor): torch.Tensor {
    if (t.g !== undefined && t.g in this.#replacements) return this.#replacements[t.g];
    let tensor = t.base === undefined ? make(t.d ?? [], t.t).reshape(t.s) : torch.as_strided(this.#storage(t), t.s, t.st ?? [], t.o ?? 0);
    if (t.g !== undefined) this.leaves[t.g] = tensor = tensor.requires_grad_();
    this.tensors.push([tensor, t]);
    return tensor;
  }

  #storage(t: EncodedTensor): torch.Tensor {
    const known = t.k === undefined ? undefined : this.#storages.get(t.k);
    const storage = known ?? make(t.base ?? [], t.t);
    if (t.k !== undefined) this.#storages.set(t.k, storage);
    return storage;
  }
}

function make(values: EncodedNumber[], dtype: string): torch.Tensor {
  return torch.tensor(values.map(decodeNumber), { dtype: DTYPES[dtype] });
}

/** The elements of an encoded tensor in row-major order. */
export function elements(t: EncodedTensor): (number | boolean | bigint)[] {
  if (t.d !== undefined) return t.d.map(decodeNumber);
  const base = (t.base ?? []).map(decodeNumber);
  let places = [t.o ?? 0];
  t.s.forEach((size, dim) => places = places.flatMap((p) => Array.from({ length: size }, (_, i) => p + i * (t.st?.[dim] ?? 0))));
  return places.map((p) => base[p]);
}

/** Relative and absolute tolerances of torch.testing.assert_close. */
const TOLERANCE: Record<string, [number, number]> = { float32: [1.3e-6, 1e-5], float64: [1e-7, 1e-7] };

function close(actual: number, expected: number, rtol: number, atol: number): boolean {
  if (actual === expected || Number.isNaN(actual) && Number.isNaN(expected)) return true;
  return Number.isFinite(expected) && Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
}

/** What tells a tensor from a recorded one, or null. With `exact` every bit counts. */
export function differenceOfTensors(actual: unknown, expected: EncodedTensor, exact = false): string | null {
  if (!(actual instanceof torch.Tensor)) return `not a tensor: ${String(actual).slice(0, 60)}`;
  if (actual.dtype.name !== expected.t) return `dtype ${actual.dtype.name}, not ${expected.t}`;
  if (actual.dim() !== expected.s.length || expected.s.some((n, i) => n !== actual.shape[i])) return `shape [${actual.shape.join()}], not [${expected.s}]`;
  const values = actual.detach().typed_array();
  const [rtol, atol] = exact ? [0, 0] : TOLERANCE[expected.t] ?? [0, 0];
  const wanted = elements(expected);
  for (let i = 0; i < wanted.length; i++) {
    const a = values[i], e = wanted[i];
    const same = typeof a === "bigint" ? a === BigInt(e) : close(a, expected.t === "float32" ? Math.fround(Number(e)) : Number(e), rtol, atol);
    if (!same) return `element ${i}: ${a}, not ${e}`;
  }
  return null;
}

/** What tells a result from a recorded one, or null. */
export function difference(actual: unknown, expected: Encoded): string | null {
  if (expected === null) return actual === null || actual === undefined ? null : `${String(actual).slice(0, 60)}, not null`;
  if (Array.isArray(expected)) {
    if (!isIterable(actual)) return "not a sequence";
    const list = [...actual];
    if (list.length !== expected.length) return `${list.length} items, not ${expected.length}`;
    for (let i = 0; i < list.length; i++) {
      const why = difference(list[i], expected[i]);
      if (why !== null) return `[${i}] ${why}`;
    }
    return null;
  }
  if (isEncodedTensor(expected)) return differenceOfTensors(actual, expected);
  const value = typeof expected === "object" && "f" in expected ? decodeNumber(expected.f) : expected;
  if (typeof value === "number" && typeof actual === "number") return close(actual, value, 1.3e-6, 1e-7) ? null : `${actual}, not ${value}`;
  return actual === value ? null : `${String(actual)}, not ${JSON.stringify(value)}`;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

/** The tensors in a result, in order. */
export function tensorsIn(value: unknown): torch.Tensor[] {
  if (value instanceof torch.Tensor) return [value];
  return isIterable(value) ? [...value].flatMap(tensorsIn) : [];
}

/** `Class: message`, the last line of the traceback. */
export function errorLine(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
