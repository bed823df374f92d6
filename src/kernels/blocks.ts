/**
 * Expressions, a block at a time: the stages of a program read and write slots of a scratch memory that the cache holds. Arithmetic is
 * compiled, as much of it together as there is (wasm/fuse.ts); elementary functions are there in WebAssembly; other kernels run their loops.
 */
import type { Block } from "./elementwise.ts";
import type { Expression, Operand, Read } from "./expression.ts";
import type { Input, StepName, Translation } from "./translate.ts";
import { copyRun } from "./wasm/copy.ts";
import { type Engine, engine, type Kernel as WasmKernel } from "./wasm/engine.ts";
import { fuse, isOperation, type Operation, type Pass } from "./wasm/fuse.ts";
import { DATA_ADDRESS } from "./wasm/layout.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Elements of a slot: the few slots that are in use at a time stay in the cache. */
export const BLOCK = 4096;

/** What is done with the results. */
export interface Consumer {
  /** Called with each block: where in the scratch memory its results stand, which element is the first, and how many there are. */
  consume: (view: Floats, at: number, start: number, n: number) => void;
  /** How many elements of the scratch memory are left to the consumer, and a call before the first block that tells where. */
  spare?: { size: number; prepare: (view: Floats, at: number) => void };
  /** Whether the expression's elements are kept if that is worth while. */
  keep?: boolean;
}

/** One thing to do with a block, from values to values, which are numbered until they get slots. */
type Stage =
  | { kind: "read"; read: Read; inputs: readonly number[]; outputs: readonly number[] }
  | { kind: "operations"; operations: Operation[]; inputs: readonly number[]; outputs: readonly number[] }
  | { kind: "function"; kernel: WasmKernel; inputs: readonly number[]; outputs: readonly number[] }
  | { kind: "loop"; block: Block; inputs: readonly number[]; outputs: readonly number[] };

/** What is to be done for a block. */
class Program {
  readonly stages: Stage[] = [];
  /** The values that are the same number all over. */
  readonly constants = new Map<number, number>();
  /** The values that are kept besides the result. */
  readonly kept: { value: number; expression: Expression; data: Floats }[] = [];
  /** The value that is wanted. */
  readonly result: number;
  #count = 0;
  readonly #computed = new Map<Expression, number>();
  readonly #numbers: { number: number; value: number }[] = [];
  readonly #reads: { read: Read; value: number }[] = [];
  readonly #wasm: Engine | null;
  #operations: Operation[] = [];

  constructor(root: Expression, keepRoot: boolean, wasm: Engine | null) {
    this.#wasm = wasm;
    this.result = this.#compute(root, keepRoot);
    this.#closeOperations();
    this.#link();
  }

  /** How many values there are. */
  get count(): number {
    return this.#count;
  }

  #operand(operand: Operand): number {
    if (typeof operand === "number") return this.#number(operand);
    return operand.source.data === null ? this.#compute(operand.source, true) : this.#read(operand);
  }

  #number(number: number): number {
    const known = this.#numbers.find((x) => Object.is(x.number, number));
    if (known !== undefined) return known.value;
    const value = this.#count++;
    this.#numbers.push({ number, value });
    this.constants.set(value, number);
    return value;
  }

  #read(read: Read): number {
    const known = this.#reads.find((x) => sameRead(x.read, read));
    if (known !== undefined) return known.value;
    const value = this.#count++;
    this.#reads.push({ read, value });
    this.stages.push({ kind: "read", read, inputs: [], outputs: [value] });
    return value;
  }

  #compute(expression: Expression, mayKeep: boolean): number {
    const known = this.#computed.get(expression);
    if (known !== undefined) return known;
    const kernel = expression.kernel!;
    const inputs = expression.operands.map((x) => this.#operand(x));
    const steps = this.#wasm === null ? null : kernel.steps();
    const value = steps === null ? this.#loop(kernel.block(inputs.length), inputs) : this.#run(steps, inputs);
    this.#computed.set(expression, value);
    if (mayKeep && expression.worthKeeping) this.kept.push({ value, expression, data: new Float32Array(expression.count) });
    return value;
  }

  #loop(block: Block, inputs: readonly number[]): number {
    this.#closeOperations();
    const value = this.#count++;
    this.stages.push({ kind: "loop", block, inputs, outputs: [value] });
    return value;
  }

  #run({ steps, result }: Translation, parameters: readonly number[]): number {
    const values = [...parameters];
    // operands that are left out are undefined to the scalar function
    const of = (x: Input) => "number" in x ? this.#number(Math.fround(x.number)) : values[x.value] ?? this.#number(NaN);
    for (const { name, inputs } of steps) values.push(this.#step(name, inputs.map(of)));
    return of(result);
  }

  #step(name: StepName, inputs: readonly number[]): number {
    if (name === "mul") {
      const one = inputs.findIndex((x) => this.constants.get(x) === 1);
      if (one >= 0) return inputs[1 - one];
    }
    const value = this.#count++;
    if (isOperation(name)) this.#operations.push({ name, inputs, output: value });
    else {
      this.#closeOperations();
      this.stages.push({ kind: "function", kernel: this.#wasm!.kernels[name], inputs, outputs: [value] });
    }
    return value;
  }

  /** Makes a stage of the operations that have come together. What they read was read before. */
  #closeOperations(): void {
    if (this.#operations.length > 0) this.stages.push({ kind: "operations", operations: this.#operations, inputs: [], outputs: [] });
    this.#operations = [];
  }

  /** Finds what goes into and comes out of each stage of operations. */
  #link(): void {
    const wanted = new Set([this.result, ...this.kept.map(({ value }) => value)]);
    for (const stage of [...this.stages].reverse()) {
      if (stage.kind === "operations") {
        const made = new Set(stage.operations.map(({ output }) => output));
        stage.inputs = [...new Set(stage.operations.flatMap(({ inputs }) => inputs))].filter((x) => !made.has(x));
        stage.outputs = [...made].filter((x) => wanted.has(x));
      }
      for (const x of stage.inputs) wanted.add(x);
    }
  }
}

const sameRead = (a: Read, b: Read): boolean =>
  a.source === b.source && a.offset === b.offset &&
  (a.sizes === null || b.sizes === null
    ? a.sizes === b.sizes
    : a.sizes.length === b.sizes.length && a.sizes.every((n, i) => n === b.sizes![i] && a.strides[i] === b.strides[i]));

/** The slots of a program's values, of which those that are not alive at the same time share one, and how many there are. */
function assignSlots({ stages, constants, kept, result, count }: Program): { slots: number[]; size: number } {
  const last = new Array<number>(count).fill(-1);
  stages.forEach(({ inputs, outputs }, i) => {
    for (const x of inputs) last[x] = i;
    for (const x of outputs) last[x] = Math.max(last[x], i);
  });
  last[result] = stages.length;
  for (const { value } of kept) last[value] = stages.length;
  const slots = new Array<number>(count).fill(-1);
  let size = 0;
  for (const value of constants.keys()) slots[value] = size++;
  const free: number[] = [];
  stages.forEach(({ inputs, outputs }, i) => {
    for (const x of new Set(inputs)) if (last[x] === i && !constants.has(x)) free.push(slots[x]);
    for (const x of outputs) slots[x] = free.pop() ?? size++;
  });
  return { slots, size };
}

let heap: Floats = new Float32Array(0);

/** Memory for elements: that of the WebAssembly engine, or an array where there is none. */
function scratch(wasm: Engine | null, size: number): { view: Floats; origin: number } {
  if (wasm !== null) {
    wasm.reserve(4 * size);
    return { view: wasm.float32, origin: DATA_ADDRESS / 4 };
  }
  if (heap.length < size) heap = new Float32Array(size);
  return { view: heap, origin: 0 };
}

/** What a stage does with n elements from the `start`-th on. */
type Step = (n: number, start: number) => void;

/**
 * Computes an expression that is not there yet, in blocks of at most `BLOCK` elements, none of which goes past a multiple of `row`
 * unless whole rows fit.
 */
export function runBlocks(root: Expression, row: number, { consume, spare, keep = false }: Consumer): void {
  const wasm = engine();
  const program = new Program(root, keep, wasm);
  const { slots, size } = assignSlots(program);
  const { view, origin } = scratch(wasm, size * BLOCK + (spare === undefined ? 0 : spare.size));
  spare?.prepare(view, origin + size * BLOCK);
  const at = (value: number) => origin + slots[value] * BLOCK;
  for (const [value, number] of program.constants) view.fill(number, at(value), at(value) + BLOCK);
  const steps = program.stages.map((stage) => stepOf(stage, view, at, program.constants));
  const { count } = root, result = at(program.result);
  const whole = row <= BLOCK ? Math.floor(BLOCK / row) * row : 0;
  for (let start = 0; start < count;) {
    const n = Math.min(count - start, whole > 0 ? whole : Math.min(BLOCK, row - start % row));
    for (let i = 0; i < steps.length; i++) steps[i](n, start);
    for (const { value, data } of program.kept) copyRun(view, at(value), data, start, n);
    consume(view, result, start, n);
    start += n;
  }
  for (const { expression, data } of program.kept) expression.settle(data);
}

function stepOf(stage: Stage, view: Floats, at: (value: number) => number, constants: ReadonlyMap<number, number>): Step {
  const [out] = stage.outputs.map(at);
  switch (stage.kind) {
    case "read": {
      const { read } = stage;
      return (n, start) => load(read, start, n, view, out);
    }
    case "operations": {
      const places = (values: readonly number[]) => values.map((value) => ({ value, address: 4 * at(value) }));
      const inputs = stage.inputs.filter((x) => !constants.has(x)), fixed = stage.inputs.filter((x) => constants.has(x));
      const pass: Pass = fuse(stage.operations, places(inputs), places(fixed), places(stage.outputs));
      return (n) => pass(4 * n);
    }
    case "function": {
      const { kernel } = stage, from = at(stage.inputs[0]);
      return (n) => {
        if (from !== out) view.copyWithin(out, from, from + n);
        kernel(4 * out, 4 * (out + n));
      };
    }
    case "loop": {
      const { block } = stage, inputs = stage.inputs.map(at);
      return (n) => block(view, n, out, inputs);
    }
  }
}

/** Copies n elements from the `start`-th on. */
function load({ source, offset, sizes, strides }: Read, start: number, n: number, view: Floats, at: number): void {
  const data = source.data!;
  if (sizes === null) {
    copyRun(data, offset + start, view, at, n);
    return;
  }
  const last = sizes.length - 1, length = sizes[last], stride = strides[last];
  let row = Math.floor(start / length), within = start % length;
  while (n > 0) {
    let from = offset + within * stride;
    for (let d = last - 1, rest = row; d >= 0; d--) {
      from += (rest % sizes[d]) * strides[d];
      rest = Math.floor(rest / sizes[d]);
    }
    const run = Math.min(length - within, n);
    if (stride === 1) copyRun(data, from, view, at, run);
    else if (stride === 0) view.fill(data[from], at, at + run);
    else gather(data, from, stride, view, at, run);
    at += run;
    n -= run;
    within = 0;
    row++;
  }
}

function gather(data: Floats, from: number, stride: number, view: Floats, at: number, n: number): void {
  for (let i = 0; i < n; i++, from += stride) view[at + i] = data[from];
}
