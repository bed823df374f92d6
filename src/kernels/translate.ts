/**
 * Scalar functions read from their text: an arrow function of arithmetic, comparisons and elementary functions becomes a list of steps
 * that can run on vectors of float32. What is not understood stays a loop.
 */
import { erf, roundHalfEven } from "./special.ts";
import type { UnaryName } from "./wasm/unary.ts";

/** What a step computes: masks come from comparisons, and `select` takes one. */
export type StepName =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "neg"
  | "abs"
  | "sqrt"
  | "min"
  | "max"
  | "madd"
  | "floor"
  | "ceil"
  | "trunc"
  | "nearest"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "eq"
  | "ne"
  | "and"
  | "or"
  | "not"
  | "select"
  | UnaryName;

/** A step; its inputs are numbers of values: first the parameters, then the results of the steps; `numbers` stand for themselves. */
export interface Step {
  /** What it computes. */
  name: StepName;
  /** The values, or numbers. */
  inputs: readonly Input[];
}

/** A value by its number, or a constant. */
export type Input = { value: number } | { number: number };

/** The steps of a function of `arity` parameters; the last one gives the result. */
export interface Translation {
  /** How many parameters. */
  arity: number;
  /** The steps. */
  steps: readonly Step[];
  /** The result. */
  result: Input;
}

class NotUnderstood extends Error {}

const f = Math.fround;

/** What the steps that are read from texts do to numbers. Masks are booleans here. */
const MEANING = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  neg: (a: number) => -a,
  abs: Math.abs,
  sqrt: Math.sqrt,
  min: Math.min,
  max: Math.max,
  madd: (a: number, b: number, c: number) => a * b + c,
  lt: (a: number, b: number) => a < b,
  le: (a: number, b: number) => a <= b,
  gt: (a: number, b: number) => a > b,
  ge: (a: number, b: number) => a >= b,
  eq: (a: number, b: number) => a === b,
  ne: (a: number, b: number) => a !== b,
  and: (a: boolean, b: boolean) => a && b,
  or: (a: boolean, b: boolean) => a || b,
  not: (a: boolean) => !a,
  select: (mask: boolean, a: number, b: number) => mask ? a : b,
  floor: Math.floor,
  ceil: Math.ceil,
  trunc: Math.trunc,
  nearest: roundHalfEven,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  erf,
} satisfies Partial<Record<StepName, (...x: never[]) => number | boolean>>;

type ReadName = keyof typeof MEANING;
type Meaning = (...x: never[]) => number | boolean;

const MASKS: ReadonlySet<StepName> = new Set(["lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"]);
const OPERATORS: Record<string, ReadName> = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "===": "eq", "!==": "ne", "*": "mul", "/": "div" };

const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|([A-Za-z_$][\w$]*)|(=>|===|!==|<=|>=|&&|\|\||[-+*/<>?:(){},;.=!]))/gy;

/** A term while it is put together; a product that nothing has rounded can still become part of a fused sum. */
interface Term {
  input: Input;
  mask: boolean;
  product?: readonly [Input, Input];
}

/** Reads the text of one function, by recursive descent. */
class Reader {
  readonly #tokens: string[] = [];
  #at = 0;
  readonly #names = new Map<string, Term>();
  readonly steps: Step[] = [];
  readonly #known = new Map<string, Input>();
  arity = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    const end = text.trimEnd().length;
    while (TOKEN.lastIndex < end) {
      const token = TOKEN.exec(text);
      if (token === null) throw new NotUnderstood();
      this.#tokens.push(token[0].trim());
    }
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? "";
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw new NotUnderstood();
  }

  #name(): string {
    const token = this.#peek();
    if (!/^[A-Za-z_$]/.test(token)) throw new NotUnderstood();
    this.#at++;
    return token;
  }

  /** (a, b) => expression, or => { const c = expression; return expression; } */
  function(): Input {
    const declare = () => this.#names.set(this.#name(), { input: { value: this.arity++ }, mask: false });
    if (this.#take("(")) {
      do declare(); while (this.#take(","));
      this.#expect(")");
    } else declare();
    this.#expect("=>");
    let result: Term;
    if (this.#take("{")) {
      while (this.#take("const")) {
        do {
          const name = this.#name();
          this.#expect("=");
          this.#names.set(name, this.#expression());
        } while (this.#take(","));
        this.#expect(";");
      }
      this.#expect("return");
      result = this.#expression();
      this.#take(";");
      this.#expect("}");
    } else result = this.#expression();
    if (this.#at < this.#tokens.length) throw new NotUnderstood();
    return this.#number(result);
  }

  #number(term: Term): Input {
    if (term.mask) throw new NotUnderstood();
    return term.input;
  }

  #mask(term: Term): Input {
    if (!term.mask) throw new NotUnderstood();
    return term.input;
  }

  /** A step; one that has been made before is not made again. Numbers alone are computed here. */
  #step(name: ReadName, ...inputs: Input[]): Input {
    if (inputs.every((x) => "number" in x) && !MASKS.has(name) && name !== "select") {
      const numbers = inputs.map((x) => (x as { number: number }).number);
      return { number: (MEANING[name] as Meaning)(...numbers as never[]) as number };
    }
    const key = `${name} ${inputs.map((x) => "value" in x ? `v${x.value}` : Object.is(x.number, -0) ? "-0" : x.number)}`;
    let made = this.#known.get(key);
    if (made === undefined) {
      this.#known.set(key, made = { value: this.arity + this.steps.length });
      this.steps.push({ name, inputs });
    }
    return made;
  }

  #expression(): Term {
    const condition = this.#or();
    if (!this.#take("?")) return condition;
    const a = this.#expression();
    this.#expect(":");
    const b = this.#expression();
    return { input: this.#step("select", this.#mask(condition), this.#number(a), this.#number(b)), mask: false };
  }

  #or(): Term {
    let left = this.#and();
    while (this.#take("||")) left = { input: this.#step("or", this.#mask(left), this.#mask(this.#and())), mask: true };
    return left;
  }

  #and(): Term {
    let left = this.#comparison();
    while (this.#take("&&")) left = { input: this.#step("and", this.#mask(left), this.#mask(this.#comparison())), mask: true };
    return left;
  }

  #comparison(): Term {
    const left = this.#sum();
    const name = ["<", "<=", ">", ">=", "===", "!=="].includes(this.#peek()) ? OPERATORS[this.#peek()] : undefined;
    if (name === undefined) return left;
    this.#at++;
    return { input: this.#step(name, this.#number(left), this.#number(this.#sum())), mask: true };
  }

  #sum(): Term {
    let left = this.#product();
    for (;;) {
      const plus = this.#take("+");
      if (!plus && !this.#take("-")) return left;
      const right = this.#product();
      left = { input: this.#add(left, right, !plus), mask: false };
    }
  }

  /** a + b or a - b; a product among them is not rounded before it is added. */
  #add(a: Term, b: Term, subtract: boolean): Input {
    const x = this.#number(a), y = this.#number(b);
    if (b.product !== undefined) {
      const [p, q] = b.product;
      return this.#step("madd", subtract ? this.#step("neg", p) : p, q, x);
    }
    if (a.product !== undefined) return this.#step("madd", ...a.product, subtract ? this.#step("neg", y) : y);
    return this.#step(subtract ? "sub" : "add", x, y);
  }

  #product(): Term {
    let left = this.#unary();
    for (;;) {
      const token = this.#peek();
      if (token !== "*" && token !== "/") return left;
      this.#at++;
      const x = this.#number(left), y = this.#number(this.#unary());
      left = { input: this.#step(OPERATORS[token], x, y), mask: false, product: token === "*" ? [x, y] : undefined };
    }
  }

  #unary(): Term {
    if (this.#take("-")) return { input: this.#step("neg", this.#number(this.#unary())), mask: false };
    if (this.#take("!")) return { input: this.#step("not", this.#mask(this.#unary())), mask: true };
    return this.#primary();
  }

  #primary(): Term {
    if (this.#take("(")) {
      const inner = this.#expression();
      this.#expect(")");
      return inner;
    }
    const token = this.#peek();
    if (/^[\d.]/.test(token)) {
      this.#at++;
      return { input: { number: Number(token) }, mask: false };
    }
    const name = this.#name();
    if (name === "NaN" || name === "Infinity") return { input: { number: Number(name) }, mask: false };
    if (name === "Math") return this.#ofMath();
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const [argument] = this.#arguments(1);
    const [, single] = /^(\w+)Float32$/.exec(name) ?? []; // to PyTorch's bits
    if (single !== undefined && single in MEANING) return { input: this.#step(single as ReadName, argument), mask: false };
    if (name === "erf") return { input: this.#step("erf", argument), mask: false };
    if (name === "roundHalfEven") return { input: this.#step("nearest", argument), mask: false };
    return { input: argument, mask: false }; // rounding, by whatever name; if it is not, the probes will tell
  }

  #ofMath(): Term {
    this.#expect(".");
    const name = this.#name();
    const constant = Math[name as keyof Math];
    if (typeof constant === "number") return { input: { number: constant }, mask: false };
    if (name === "fround") return { input: this.#arguments(1)[0], mask: false };
    if (!(name in MEANING) || !(name in Math)) throw new NotUnderstood();
    return { input: this.#step(name as ReadName, ...this.#arguments(MEANING[name as ReadName].length)), mask: false };
  }

  #arguments(count: number): Input[] {
    this.#expect("(");
    const list: Input[] = [];
    do list.push(this.#number(this.#expression())); while (this.#take(","));
    this.#expect(")");
    if (list.length !== count) throw new NotUnderstood();
    return list;
  }
}

/** The steps that the result depends on. */
function needed({ arity, steps, result }: Translation): Translation {
  const wanted = new Set<number>();
  const want = (x: Input) => "value" in x && wanted.add(x.value);
  want(result);
  for (let i = steps.length - 1; i >= 0; i--) if (wanted.has(arity + i)) steps[i].inputs.forEach(want);
  const places = new Map(Array.from({ length: arity }, (_, i) => [i, i]));
  const moved = (x: Input): Input => "value" in x ? { value: places.get(x.value)! } : x;
  const kept: Step[] = [];
  steps.forEach(({ name, inputs }, i) => {
    if (!wanted.has(arity + i)) return;
    places.set(arity + i, arity + kept.length);
    kept.push({ name, inputs: inputs.map(moved) });
  });
  return { arity, steps: kept, result: moved(result) };
}

/** What the steps give for numbers, each rounded to float32. */
function evaluate({ steps, result }: Translation, parameters: readonly number[]): number {
  const values: (number | boolean)[] = parameters.map(f);
  const of = (x: Input) => "value" in x ? values[x.value] : f(x.number);
  for (const { name, inputs } of steps) {
    const value = (MEANING[name as ReadName] as Meaning)(...inputs.map(of) as never[]);
    values.push(typeof value === "boolean" ? value : f(value));
  }
  return of(result) as number;
}

const PROBES = [0.5, -0.75, 2.25, -3.5, 1, 0, 12, -17, 1e-3, 40, -60, Infinity, -Infinity, NaN];
/** A few roundings to float32, and what cancels in a sum. */
const RELATIVE = 2 ** -20, ABSOLUTE = 2 ** -22;

/** Whether the steps are the function, as far as a number of arguments tells. */
function agrees(translation: Translation, scalar: (...x: number[]) => unknown): boolean {
  for (let i = 0; i < 3 * PROBES.length; i++) {
    const parameters = Array.from({ length: translation.arity }, (_, k) => f(PROBES[(i * (k + 1) + 5 * k + Math.floor(i / PROBES.length)) % PROBES.length]));
    const expected = f(Number(scalar(...parameters))), got = evaluate(translation, parameters);
    if (Object.is(expected, got) || expected === got) continue;
    if (!(Math.abs(expected - got) <= RELATIVE * Math.abs(expected) + ABSOLUTE)) return false;
  }
  return true;
}

/** The steps of a function of numbers; null where its text is not understood, or says something else than the function does. */
export function translate(scalar: (...x: number[]) => unknown): Translation | null {
  try {
    const reader = new Reader(String(scalar));
    const result = reader.function();
    const translation = needed({ arity: reader.arity, steps: reader.steps, result });
    return agrees(translation, scalar) ? translation : null;
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
}
