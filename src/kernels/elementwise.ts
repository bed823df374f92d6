/**
 * Element-wise loops. A scalar function becomes one loop for each access pattern and kind of arrays, compiled on first use:
 * each compiled loop has call sites of its own, so the engine inlines the scalar function into it. Where code may not be
 * made from text (a page's CSP), one ordinary loop serves all, an order of magnitude slower.
 */
import type { TypedArray } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import { translate, type Translation } from "./translate.ts";
import { isOperation } from "./wasm/fuse.ts";
import type { UnaryName } from "./wasm/unary.ts";

/** A scalar of a tensor: a bigint for int64, else a number. */
export type Scalar = number | bigint;
/** A function of scalars; comparisons give booleans, which typed arrays hold as 0 and 1. */
export type ScalarFunction = (...scalars: never[]) => Scalar | boolean;

/** Where an operand stands in memory: strides are in elements, one a dimension of the common shape. */
export interface Operand {
  /** The elements. */
  data: TypedArray;
  /** The first element. */
  offset: number;
  /** Elements to skip along each dimension. */
  strides: Sizes;
}

type Dense = (n: number, out: TypedArray, outOffset: number, ...rest: (TypedArray | Scalar)[]) => void;
type Strided = (sizes: Sizes, out: TypedArray, outOffset: number, outStrides: Sizes, ...rest: (TypedArray | number | Sizes)[]) => void;

// `d` counts dimensions and would make `do`, `f` is the function
const NAMES = ["a", "b", "c", "g", "h"];

let compiled = 0;
let compilable: boolean | null = null;
function canCompile(): boolean {
  if (compilable === null) {
    try {
      compilable = new Function("return true")() === true;
    } catch {
      compilable = false;
    }
  }
  return compilable;
}

/** The source of a loop over contiguous operands; an operand whose letter is in capitals is a scalar. */
function denseSource(pattern: string): string {
  const names = [...pattern];
  const parameters = names.map((x) => x === x.toLowerCase() ? `${x}, ${x}o` : x);
  const at = (base: string) => names.map((x) => x === x.toLowerCase() ? `${x}[${base === "i" ? `${x}o + i` : "i"}]` : x).join(", ");
  const zero = ["oo", ...names.filter((x) => x === x.toLowerCase()).map((x) => `${x}o`)].map((x) => `${x} === 0`).join(" && ");
  return `return function (n, o, oo, ${parameters.join(", ")}) {
    if (${zero}) for (let i = 0; i < n; i++) o[i] = f(${at("0")});
    else for (let i = 0; i < n; i++) o[oo + i] = f(${at("i")});
  };`;
}

/** The source of a loop over strided operands of any rank from 1. */
function stridedSource(arity: number): string {
  const names = ["o", ...NAMES.slice(0, arity)];
  const parameters = names.map((x) => `${x}, ${x}o, ${x}s`).join(", ");
  const inner = names.map((x) => `${x}n = ${x}s[r]`).join(", ");
  const walk = names.map((x) => `${x}i = ${x}o`).join(", ");
  const step = names.map((x) => `${x}i += ${x}n`).join(", ");
  return `return function (sizes, ${parameters}) {
    const r = sizes.length - 1, n = sizes[r], ${inner};
    const counter = new Array(r).fill(0);
    for (;;) {
      for (let i = 0, ${walk}; i < n; i++, ${step}) o[oi] = f(${names.slice(1).map((x) => `${x}[${x}i]`).join(", ")});
      let d = r - 1;
      for (; d >= 0; d--) {
        ${names.map((x) => `${x}o += ${x}s[d]`).join("; ")};
        if (++counter[d] < sizes[d]) break;
        ${names.map((x) => `${x}o -= sizes[d] * ${x}s[d]`).join("; ")};
        counter[d] = 0;
      }
      if (d < 0) return;
    }
  };`;
}

/** The loop that serves where code may not be made from text. */
function interpretedLoop(f: (...scalars: Scalar[]) => Scalar): Strided {
  return (sizes, out, outOffset, outStrides, ...rest) => {
    const arity = rest.length / 3;
    const arrays = Array.from({ length: arity }, (_, k) => rest[3 * k] as TypedArray);
    const at = Array.from({ length: arity }, (_, k) => rest[3 * k + 1] as number);
    const strides = Array.from({ length: arity }, (_, k) => rest[3 * k + 2] as Sizes);
    const counter = sizes.map(() => 0);
    const scalars: Scalar[] = new Array(arity);
    let o = outOffset;
    for (;;) {
      for (let k = 0; k < arity; k++) scalars[k] = arrays[k][at[k]];
      out[o] = f(...scalars);
      let d = sizes.length - 1;
      for (; d >= 0; d--) {
        o += outStrides[d];
        for (let k = 0; k < arity; k++) at[k] += strides[k][d];
        if (++counter[d] < sizes[d]) break;
        o -= sizes[d] * outStrides[d];
        for (let k = 0; k < arity; k++) at[k] -= sizes[d] * strides[k][d];
        counter[d] = 0;
      }
      if (d < 0) return;
    }
  };
}

/** Merges neighbouring dimensions that all operands walk through with one stride; drops dimensions of size 1. */
export function coalesce(sizes: Sizes, strides: readonly Sizes[]): { sizes: number[]; strides: number[][] } {
  const out: number[] = [];
  const steps: number[][] = strides.map(() => []);
  for (let d = 0; d < sizes.length; d++) {
    if (sizes[d] === 1) continue;
    const last = out.length - 1;
    if (last >= 0 && strides.every((s, k) => steps[k][last] === s[d] * sizes[d])) {
      out[last] *= sizes[d];
      strides.forEach((s, k) => steps[k][last] = s[d]);
    } else {
      out.push(sizes[d]);
      strides.forEach((s, k) => steps[k].push(s[d]));
    }
  }
  if (out.length === 0) {
    out.push(1);
    steps.forEach((s) => s.push(1));
  }
  return { sizes: out, strides: steps };
}

const LETTERS = NAMES.join("");

/** What an element of a loop, and of an elementary function, costs in additions of vectors, measured. */
const LOOP_COST = 5;
const FUNCTION_COST = 8;

/** Computes n elements of an array, from index `out` on, from others of its elements, which begin at the indices `inputs`. */
export type Block = (view: Float32Array<ArrayBuffer>, n: number, out: number, inputs: readonly number[]) => void;

function blockLoop(loop: Dense, arity: number): Block {
  if (arity === 1) return (view, n, out, [a]) => loop(n, view, out, view, a);
  if (arity === 2) return (view, n, out, [a, b]) => loop(n, view, out, view, a, view, b);
  return (view, n, out, inputs) => loop(n, view, out, ...inputs.flatMap((at) => [view, at]));
}

/** One scalar function and its loops. */
export class Kernel {
  readonly #f: ScalarFunction;
  readonly #arity: number;
  // a loop for each pattern and each combination of array types, so that no loop sees two kinds of arrays
  readonly #dense = new Map<string, Dense>();
  // what was asked for last, which mostly is asked for again
  #last: { pattern: string; kinds: string; loop: Dense } | null = null;
  readonly #strided = new Map<string, Strided>();
  readonly #name: UnaryName | null;
  #translation: Translation | null | undefined;

  /** `f` takes one scalar an operand; `name` is that of the same function among those that WebAssembly has for float32. */
  constructor(f: ScalarFunction, name: UnaryName | null = null) {
    this.#f = f;
    this.#arity = f.length;
    this.#name = name;
  }

  /** What an element costs in a block, in additions of vectors. */
  get cost(): number {
    const steps = this.steps();
    return steps === null ? LOOP_COST : steps.steps.reduce((sum, { name }) => sum + (isOperation(name) ? 1 : FUNCTION_COST), 0);
  }

  /** The function as steps that can run on vectors of float32; null where it has to be a loop. */
  steps(): Translation | null {
    if (this.#translation === undefined) {
      const read = translate(this.#f as (...x: number[]) => unknown), name = this.#name;
      // one elementary function is nearer to the truth than what is put together from others
      const named = name !== null && (read === null || read.steps.some((step) => !isOperation(step.name)));
      this.#translation = named ? { arity: 1, steps: [{ name, inputs: [{ value: 0 }] }], result: { value: 1 } } : read;
    }
    return this.#translation;
  }

  /** The loop over blocks of `arity` slots of float32. */
  block(arity: number): Block {
    return blockLoop(this.dense(LETTERS.slice(0, arity), "float32"), arity);
  }

  /** How many operands it takes. */
  get arity(): number {
    return this.#arity;
  }

  #compile(source: string): unknown {
    // texts that are the same share what the engine has learnt about their types, so each gets a number
    return new Function("f", `${source} // ${++compiled}`)(this.#f);
  }

  /** The loop over `n` contiguous elements. `pattern` has a letter an operand, a capital for a scalar; `kinds` names the array types. */
  dense(pattern: string, kinds: string): Dense {
    const last = this.#last;
    if (last !== null && last.pattern === pattern && last.kinds === kinds) return last.loop;
    const key = pattern + kinds;
    let loop = this.#dense.get(key);
    if (loop === undefined) {
      loop = canCompile() ? this.#compile(denseSource(pattern)) as Dense : this.#interpreted(pattern);
      this.#dense.set(key, loop);
    }
    this.#last = { pattern, kinds, loop };
    return loop;
  }

  #interpreted(pattern: string): Dense {
    const strided = interpretedLoop(this.#f as (...scalars: Scalar[]) => Scalar);
    const one = [1], zero = [0];
    return (n, out, outOffset, ...rest) => {
      const operands: (TypedArray | number | Sizes)[] = [];
      let k = 0;
      for (const letter of pattern) {
        if (letter === letter.toLowerCase()) operands.push(rest[k++] as TypedArray, rest[k++] as number, one);
        else operands.push([rest[k++]] as never, 0, zero);
      }
      if (n > 0) strided([n], out, outOffset, one, ...operands);
    };
  }

  /** Runs over operands of any strides, broadcast to `sizes`. */
  run(sizes: Sizes, out: Operand, operands: readonly Operand[]): void {
    if (sizes.includes(0)) return;
    const merged = coalesce(sizes, [out.strides, ...operands.map((o) => o.strides)]);
    const kinds = [out, ...operands].map((o) => o.data.BYTES_PER_ELEMENT + o.data.constructor.name[0]).join();
    let loop = this.#strided.get(kinds);
    if (loop === undefined) {
      loop = canCompile() ? this.#compile(stridedSource(this.#arity)) as Strided : interpretedLoop(this.#f as (...scalars: Scalar[]) => Scalar);
      this.#strided.set(kinds, loop);
    }
    const rest: (TypedArray | number | Sizes)[] = [];
    operands.forEach((o, k) => rest.push(o.data, o.offset, merged.strides[k + 1]));
    loop(merged.sizes, out.data, out.offset, merged.strides[0], ...rest);
  }
}
