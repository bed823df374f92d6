/**
 * A small notation for WebAssembly functions: TypeScript expressions build the folded text form (WAT), so unrolling is a loop, and a
 * kernel for another lane width or without FMA is an argument.
 */

/** A variable of a WebAssembly function; in an expression it stands for its value. */
export class Local {
  /** Made by `Func`. */
  constructor(readonly name: string) {}

  /** The instruction that reads it. */
  toString(): string {
    return `(local.get $${this.name})`;
  }
}

/** An instruction with its operands; a plain number is an i32 constant. */
export type Code = string | Local | number;

/** The WebAssembly types used here. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** One instruction applied to its operands. `immediates` stand between the two: a memory offset, a lane, a shuffle. */
export function op(name: string, operands: Code[], immediates = ""): string {
  const words = operands.map((x) => typeof x === "number" ? `(i32.const ${x})` : String(x));
  return `(${[name, immediates, ...words].filter((word) => word !== "").join(" ")})`;
}

/** i32 sum. */
export const add = (a: Code, b: Code): string => op("i32.add", [a, b]);
/** i32 difference. */
export const sub = (a: Code, b: Code): string => op("i32.sub", [a, b]);
/** i32 product. */
export const mul = (a: Code, b: Code): string => op("i32.mul", [a, b]);
/** The smaller of two i32 expressions, both without side effects. */
export const min = (a: Code, b: Code): string => op("select", [a, b, op("i32.lt_s", [a, b])]);
/** `x` rounded up to a multiple of `step`, a power of two. */
export const roundUp = (x: Code, step: number): string => op("i32.and", [add(x, step - 1), -step]);
/** Reads memory: `load("v128.load", pointer, byteOffset)`. */
export const load = (name: string, address: Code, offset = 0): string => op(name, [address], offset === 0 ? "" : `offset=${offset}`);
/** Writes memory. */
export const store = (name: string, address: Code, value: Code, offset = 0): string => op(name, [address, value], offset === 0 ? "" : `offset=${offset}`);
/** Calls another function of the module. */
export const call = (name: string, ...operands: Code[]): string => op("call", operands, `$${name}`);

/** The body of a function as it is being written. */
export class Func {
  readonly #lines: string[] = [];
  readonly #locals: string[] = [];
  #labels = 0;

  /** Emits an instruction that leaves nothing on the stack. */
  do(code: string): void {
    this.#lines.push(code);
  }

  /** A new local; zero until it is set. */
  local(type: ValueType): Local {
    const name = `v${this.#locals.length}`;
    this.#locals.push(`(local $${name} ${type})`);
    return new Local(name);
  }

  /** A new local that holds `value`, so that an expression used twice is computed once. */
  let(type: ValueType, value: Code): Local {
    const local = this.local(type);
    this.set(local, value);
    return local;
  }

  /** Assigns to a local. */
  set(local: Local, value: Code): void {
    this.do(op("local.set", [value], `$${local.name}`));
  }

  /** Adds to an i32 local. */
  increase(local: Local, value: Code): void {
    this.set(local, add(local, value));
  }

  /** `if (condition) then(); else otherwise();` */
  if(condition: Code, then: () => void, otherwise?: () => void): void {
    this.do(`(if ${op("", [condition]).slice(1, -1)} (then`);
    then();
    if (otherwise) {
      this.do(") (else");
      otherwise();
    }
    this.do("))");
  }

  /** `for (i = from; i < to; i += step) body(i);` with signed i32. */
  for(from: Code, to: Code, step: number, body: (i: Local) => void): void {
    const i = this.let("i32", from);
    this.while(op("i32.lt_s", [i, to]), () => {
      body(i);
      this.increase(i, step);
    });
  }

  /** `while (condition) body();` tested at the bottom after a first test, so an iteration has one branch. */
  while(condition: Code, body: () => void): void {
    const label = `l${this.#labels++}`;
    this.if(condition, () => {
      this.do(`(loop $${label}`);
      body();
      this.do(`${op("br_if", [condition], `$${label}`)})`);
    });
  }

  /** The locals and instructions. */
  text(): string {
    return [...this.#locals, ...this.#lines].join("\n");
  }
}

/** An exported function of i32 parameters without a result; `write` receives the body and the parameters. */
export function func(name: string, parameters: readonly string[], write: (f: Func, ...parameters: Local[]) => void): string {
  return declare(name, parameters, "", write);
}

/** The same with a result, which is what `write` returns. */
export function funcOf(result: ValueType, name: string, parameters: readonly string[], write: (f: Func, ...parameters: Local[]) => Code): string {
  return declare(name, parameters, ` (result ${result})`, (f, ...locals) => f.do(String(write(f, ...locals))));
}

function declare(name: string, parameters: readonly string[], result: string, write: (f: Func, ...parameters: Local[]) => void): string {
  const f = new Func();
  write(f, ...parameters.map((parameter) => new Local(parameter)));
  const declared = parameters.map((parameter) => `(param $${parameter} i32)`).join(" ");
  return `(func $${name} (export "${name}") ${declared}${result}\n${f.text()})`;
}
