/**
 * The small player that the lessons share. A lesson is a notebook: prose, cells and what each cell showed.
 *
 * `deno run lessons/NN_name.ts` plays it in the terminal; `deno test` holds every cell to its claims:
 * the printed output to the letter, an error by class and message, a gradient by three witnesses.
 * `import.meta.main` tells the two apart, so one file serves both.
 */
import * as torch from "../mod.ts";

/** A gradient that a cell shows, and the mathematics that stands behind it. */
export interface Gradient {
  /** The leaf whose `.grad` the cell shows. */
  leaf: () => torch.Tensor;
  /** The scalar that was differentiated, as a function of the leaf: for finite differences. */
  scalar: (x: torch.Tensor) => torch.Tensor;
  /** The derivative with respect to the leaf's element `x` at row-major position `i`, worked out by hand. */
  closed_form: (x: number, i: number) => number;
}

/** Code that is shown, run, and held to what is claimed about it. */
export interface Code {
  /** The Python lines, as the notebook has them. */
  python: string;
  /** What had been run before this cell although the notebook does not show it: seeds, lost draws, earlier runs. */
  before?(): void;
  /** The same cell in TypeScript. A value that is returned is echoed, like the last expression of a notebook's cell. */
  run(): unknown;
  /** Everything that is printed and echoed, to the letter (addresses excepted). */
  output?: string;
  /** The class and the message of the error that ends the cell. */
  raises?: [type: new (message: string) => Error, message: string];
  /** The gradient that the output shows. */
  gradient?: Gradient;
}

/** A cell of the notebook. */
export interface Cell extends Code {
  /** The notebook's execution count; `null` in a notebook that was never run. */
  count: number | null;
}

interface Page {
  name: string;
  label: string;
  code: Code;
  /** The TypeScript of the cell as it stands in the lesson's file. */
  source: string;
  before: string;
}

let printed: string[] = [];

/** Prints as Python's `print` does: values separated by a space, `True`, `False` and `None` spelt as in Python. */
export function print(...values: unknown[]): void {
  printed.push(values.map(python_text).join(" "));
}

function python_text(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}

/** IPython writes `<SubBackward0 at 0x...>` where Python's own representation has the word "object". */
function echo(value: unknown): string {
  return python_text(value).replace(/^<(\w+) object at /, "<$1 at ");
}

/** Runs a cell and returns what it showed: the lines it printed, the value it echoed and the error that ended it. */
function show(code: Code): { output: string; error: unknown } {
  code.before?.();
  printed = [];
  let error: unknown;
  try {
    const value = code.run();
    if (value !== undefined && value !== null) printed.push(echo(value));
  } catch (thrown) {
    error = thrown;
  }
  return { output: printed.join("\n"), error };
}

/** A notebook that can be played and checked. */
export class Lesson {
  readonly title: string;
  private readonly pages: (string | Page)[] = [];
  private readonly sources: RegExpExecArray[];
  private cells = 0;

  /** `source` is the text of the lesson's own file: the player shows the TypeScript of a cell as it is written there. */
  constructor(title: string, source: string) {
    this.title = title;
    this.sources = [...source.matchAll(/^ {2}(before|run)\(\) \{\n(.*?)^ {2}\},$/gms)];
  }

  /** Text between cells. */
  prose(text: string): void {
    this.pages.push(dedent(text));
  }

  /** A cell of the notebook. */
  cell(cell: Cell): void {
    this.cells += 1;
    const label = `In [${cell.count ?? " "}]`;
    this.add(`cell ${this.cells}, ${label}`, label, cell);
  }

  /** Code that the notebook does not have: a claim of the prose, shown to be true or untrue. */
  aside(code: Code): void {
    this.add(`aside after cell ${this.cells}`, "aside", code);
  }

  /** Plays the lesson under `deno run` (`main` is `import.meta.main`), and makes it a test under `deno test`. */
  open(main: boolean): void {
    if (this.sources.length > 0) throw new Error(`${this.title}: the file has code that belongs to no cell`);
    if (main) return this.play();
    Deno.test(this.title, async (t) => {
      for (const page of this.pages) {
        if (typeof page !== "string") await t.step(page.name, () => check(`${this.title}, ${page.name}`, page.code));
      }
    });
  }

  private add(name: string, label: string, code: Code): void {
    const before = code.before ? this.source_of("before", name) : "";
    const source = this.source_of("run", name);
    const output = code.output === undefined ? undefined : dedent(code.output);
    this.pages.push({ name, label, code: { ...code, output, python: dedent(code.python) }, source, before });
  }

  private source_of(part: string, name: string): string {
    const match = this.sources.shift();
    if (match?.[1] !== part) throw new Error(`${this.title}, ${name}: its ${part}() is not where the file's text has it`);
    return dedent(match[2]);
  }

  private play(): void {
    console.log(`${bold(this.title)}\n`);
    for (const page of this.pages) {
      if (typeof page === "string") {
        console.log(`${page.replace(/^#+ .*$/gm, bold)}\n`);
        continue;
      }
      if (page.before) console.log(`${listing("unseen:", page.before, dim)}\n`);
      console.log(`${listing(`${page.label}:`, page.code.python, blue)}\n`);
      console.log(`${listing("ts:", page.source, green)}\n`);
      const { output, error } = show(page.code);
      if (error !== undefined && page.code.raises === undefined) throw error;
      const shown = [output, error === undefined ? "" : red(String(error))].filter((part) => part !== "");
      if (shown.length > 0) console.log(`${shown.join("\n")}\n`);
    }
  }
}

/** Runs a cell and throws an error that says what is not as claimed. */
export function check(name: string, code: Code): void {
  const { output, error } = show(code);
  if (code.raises !== undefined) check_error(name, error, ...code.raises);
  else if (error !== undefined) throw new Error(`${name}\nclaim: the cell runs without an error\ngot:   ${error}`, { cause: error });
  check_text(name, "the printed output", output, code.output ?? "");
  if (code.gradient !== undefined) check_gradient(name, code.gradient, code.output ?? "");
}

function check_error(name: string, error: unknown, type: new (message: string) => Error, message: string): void {
  const claim = `the cell raises ${type.name}`;
  if (error === undefined) throw new Error(`${name}\nclaim: ${claim}: ${message}\ngot:   no error`);
  if (!(error instanceof Error) || error.constructor !== type) throw new Error(`${name}\nclaim: ${claim}: ${message}\ngot:   ${error}`, { cause: error });
  check_text(name, `${claim} with this message`, error.message, message);
}

/** Texts are equal to the letter, except that an address in memory is any address. */
function check_text(name: string, claim: string, got: string, expected: string): void {
  const [g, e] = [got, expected].map((text) => text.replace(/0x[0-9a-fA-F]+/g, "0x..."));
  if (g === e) return;
  const [got_lines, expected_lines] = [g.split("\n"), e.split("\n")];
  const lines: string[] = [];
  for (let i = 0; i < Math.max(got_lines.length, expected_lines.length); i++) {
    if (got_lines[i] === expected_lines[i]) lines.push(`    ${got_lines[i]}`);
    else {
      if (i < got_lines.length) lines.push(`  - ${got_lines[i]}`);
      if (i < expected_lines.length) lines.push(`  + ${expected_lines[i]}`);
    }
  }
  throw new Error(`${name}\nclaim: ${claim}\n- got, + expected:\n${lines.join("\n")}\n${first_difference(elements(g), elements(e))}`);
}

/** The three witnesses of a gradient: the recorded digits, the closed form, and finite differences in float64. */
function check_gradient(name: string, { leaf, scalar, closed_form }: Gradient, output: string): void {
  const x = leaf();
  if (x.grad === null) throw new Error(`${name}\nclaim: the leaf has a gradient\ngot:   None`);
  const got = numbers(x.grad);
  const compare = (claim: string, expected: number[], tolerance: (expected: number, i: number) => number) => {
    const length = Math.max(got.length, expected.length);
    for (let i = 0; i < length; i++) {
      if (Math.abs(got[i] - expected[i]) <= tolerance(expected[i], i)) continue;
      const lines = `- got, + expected:\n  - ${got.join(", ")}\n  + ${expected.join(", ")}`;
      throw new Error(`${name}\nclaim: ${claim}\n${lines}\n${difference(index_of(i, x.shape), got[i], expected[i])}`);
    }
  };
  const digits = elements(output).map(({ text }) => text);
  compare("the gradient has the recorded digits", digits.map(Number), (_, i) => 0.5000001 * last_place(digits[i]));
  // A rounding to float32 is off by 2^-24 of the value at most, and none of the lessons' gradients takes more than a few.
  const few_roundings = (expected: number) => Math.abs(expected) * 2 ** -21;
  compare("the gradient is what its closed form gives", numbers(x).map(closed_form), few_roundings);
  compare("the gradient is what finite differences in float64 give", finite_differences(x, scalar), few_roundings);
}

/** Central differences, (f(x + h) - f(x - h)) / 2h, one element of the leaf after the other. */
function finite_differences(leaf: torch.Tensor, scalar: (x: torch.Tensor) => torch.Tensor): number[] {
  const h = 2 ** -10;
  const values = numbers(leaf);
  const at = (i: number, value: number) => scalar(torch.tensor(Float64Array.from(values.with(i, value))).view(leaf.shape)).item() as number;
  return torch.no_grad(() => values.map((x, i) => (at(i, x + h) - at(i, x - h)) / (2 * h)));
}

function numbers(x: torch.Tensor): number[] {
  return Array.from(x.detach().typed_array(), Number);
}

/** The value of one unit in the last printed place: 0.0001 for 4.5000, 0.01 for 5.1200e+02. */
function last_place(text: string): number {
  const [mantissa, exponent = "0"] = text.split("e");
  return 10 ** (Number(exponent) - (mantissa.split(".")[1] ?? "").length);
}

interface Element {
  index: number[];
  text: string;
}

/** The elements of the tensors in a printout, each with its index. */
function elements(output: string): Element[] {
  const found: Element[] = [];
  let index: number[] | null = null;
  for (const [token] of output.matchAll(/tensor\(|[[\],)]|[^\s[\],()]+/g)) {
    if (token === "tensor(") index = [];
    else if (token === ")" || token.includes("=")) index = null;
    else if (index === null) continue;
    else if (token === "[") index.push(0);
    else if (token === "]") index.pop();
    else if (token === ",") index[index.length - 1] += 1;
    else found.push({ index: [...index], text: token });
  }
  return found;
}

/** The index of the element at row-major position `i`. */
function index_of(i: number, shape: readonly number[]): number[] {
  return Array.from(shape, (size, dim) => Math.floor(i / shape.slice(dim + 1).reduce((a, b) => a * b, 1)) % size);
}

function difference(index: number[], got: unknown, expected: unknown): string {
  return `first element that differs: index [${index.join(", ")}], got ${got ?? "nothing"}, expected ${expected ?? "nothing"}`;
}

function first_difference(got: Element[], expected: Element[]): string {
  for (let i = 0; i < Math.max(got.length, expected.length); i++) {
    if (got[i]?.text !== expected[i]?.text) return difference((expected[i] ?? got[i]).index, got[i]?.text, expected[i]?.text);
  }
  return "no element differs, only the text around them";
}

/** Removes the blank first line, the common indentation and the blank end of a text. */
function dedent(text: string): string {
  const lines = text.replace(/^\n/, "").trimEnd().split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents);
  return lines.map((line) => line.slice(indent)).join("\n");
}

function listing(label: string, code: string, paint: (text: string) => string): string {
  return code.split("\n").map((line, i) => `${i === 0 ? label.padEnd(9) : " ".repeat(9)}${paint(line)}`.trimEnd()).join("\n");
}

const in_colour = Deno.stdout.isTerminal() && !Deno.noColor;
const colour = (code: number) => (text: string): string => in_colour && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
const [bold, dim, red, green, blue] = [1, 2, 31, 32, 34].map(colour);
