/**
 * Expressions, a block at a time: the stages of a program read and write slots of a scratch memory that the cache holds. Arithmetic is
 * compiled, as much of it together as there is (wasm/fuse.ts); elementary functions are there in WebAssembly; other kernels run their loops.
 */
import type { Block } from "./elementwise.ts";
import type { Expression, Operand, Read } from "./expression.ts";
import { unfilled } from "../memory.ts";
import type { Input, StepName, Translation } from "./translate.ts";
import { copyRun } from "./wasm/copy.ts";
import { type Call, type Crew, crewFor, hasRoom, share } from "./threads/share.ts";
import { type Engine, engine } from "./wasm/engine.ts";
import { fuse, isOperation, type Operation, type Pass } from "./wasm/fuse.ts";
import { DATA_ADDRESS } from "./wasm/layout.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Elements of a slot: the few slots that are in use at a time stay in the cache. */
export const BLOCK = 4096;

/** What is done with the results. */
export interface Consumer {
  /** Called with each block: where in the scratch memory its results stand, which element is the first, and how many there are. */
  consume: (view: Floats, at: number, start: number, n: number) => void;
  /** Called before the first block with the engine, and the place of `spare` elements of the scratch memory that are left to the consumer. */
  begin?: (wasm: Engine | null, at: number) => void;
  /** How many elements those are. */
  spare?: number;
  /** Whether the expression's elements are kept if that is worth while. */
  keep?: boolean;
}

/** One thing to do with a block, from values to values, which are numbered until they get slots. */
type Stage =
  | { kind: "read"; read: Read; inputs: readonly number[]; outputs: readonly number[] }
  | { kind: "operations"; operations: Operation[]; inputs: readonly number[]; outputs: readonly number[] }
  | { kind: "function"; name: string; inputs: readonly number[]; outputs: readonly number[] }
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
    // a block is read before anything is computed: another thread may do that
    this.stages.sort((a, b) => Number(a.kind !== "read") - Number(b.kind !== "read"));
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
    if (mayKeep && expression.worthKeeping) this.kept.push({ value, expression, data: unfilled(expression.count) });
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
      // gradients of sums are 1 everywhere
      const one = inputs.findIndex((x) => this.constants.get(x) === 1);
      if (one >= 0) return inputs[1 - one];
    }
    const value = this.#count++;
    if (isOperation(name)) this.#operations.push({ name, inputs, output: value });
    else {
      this.#closeOperations();
      this.stages.push({ kind: "function", name, inputs, outputs: [value] });
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

/**
 * The places of a program's values, in blocks: first those that are the same all over, then the others, of which those that are not alive
 * at the same time share one.
 */
function assignPlaces({ stages, constants, kept, result, count }: Program): { places: number[]; fixed: number; size: number } {
  const last = new Array<number>(count).fill(-1);
  stages.forEach(({ inputs, outputs }, i) => {
    for (const x of inputs) last[x] = i;
    for (const x of outputs) last[x] = Math.max(last[x], i);
  });
  last[result] = stages.length;
  for (const { value } of kept) last[value] = stages.length;
  const places = new Array<number>(count).fill(-1);
  let fixed = 0, size = 0;
  for (const value of constants.keys()) places[value] = fixed++;
  const free: number[] = [];
  stages.forEach(({ inputs, outputs }, i) => {
    for (const x of new Set(inputs)) if (last[x] === i && !constants.has(x)) free.push(places[x]);
    for (const x of outputs) places[x] = free.pop() ?? fixed + size++;
  });
  return { places, fixed, size };
}

let heap: Floats = new Float32Array(0);

/** Memory for elements: that of a WebAssembly engine, or an array where there is none. */
function scratch(wasm: Engine | null, size: number): { view: Floats; origin: number } {
  if (wasm !== null) {
    wasm.reserve(4 * size);
    return { view: wasm.float32, origin: DATA_ADDRESS / 4 };
  }
  if (heap.length < size) heap = new Float32Array(size);
  return { view: heap, origin: 0 };
}

/** Additions, in all, from which on threads share an expression that has more to do than to read and to write. */
const SHARED_FROM = 1 << 21;
/** What the programs of an expression take up at most in the memory that threads share. */
const PROGRAM_BYTES = 1 << 14;

/** Who computes an expression: null for loops where there is no WebAssembly. */
function crewOf(root: Expression, { stages }: Program, wasm: Engine | null): Crew | null {
  if (wasm === null) return null;
  const shareable = stages.some(({ kind }) => kind === "function") && !stages.some(({ kind }) => kind === "loop");
  const crew = crewFor(wasm, shareable && root.cost * root.count >= SHARED_FROM);
  return hasRoom(crew, PROGRAM_BYTES) ? crew : crewFor(wasm, false);
}

/** What is done in one step with n elements from the `start`-th on, of which the block stands `base` elements further than that of the first slot. */
type Step = (call: Call, base: number, n: number, start: number) => void;

/**
 * Computes an expression that is not there yet, in blocks of at most `BLOCK` elements, none of which goes past a multiple of `row`
 * unless whole rows fit.
 */
export function runBlocks(root: Expression, row: number, { consume, begin, spare = 0, keep = false }: Consumer): void {
  const wasm = engine();
  const program = new Program(root, keep, wasm);
  const crew = crewOf(root, program, wasm);
  const used = crew === null ? null : crew.engine;
  const { places, fixed, size } = assignPlaces(program);
  const slots = crew === null ? 1 : crew.slots;
  const { view, origin } = scratch(used, (fixed + slots * size) * BLOCK + spare);
  begin?.(used, origin + (fixed + slots * size) * BLOCK);
  const at = (value: number) => origin + places[value] * BLOCK;
  for (const [value, number] of program.constants) view.fill(number, at(value), at(value) + BLOCK);
  const steps = program.stages.map((stage) => stepOf(stage, used, view, at, program.constants));
  const { count } = root, result = at(program.result);
  const moves = (value: number) => program.constants.has(value) ? 0 : size * BLOCK;
  const resultMoves = moves(program.result);
  const whole = row <= BLOCK ? Math.floor(BLOCK / row) * row : 0;
  const perRow = Math.ceil(row / BLOCK);
  const startOf = (block: number) => whole > 0 ? block * whole : Math.floor(block / perRow) * row + block % perRow * BLOCK;
  const sizeOf = (start: number) => Math.min(count - start, whole > 0 ? whole : Math.min(BLOCK, row - start % row));
  const blocks = whole > 0 ? Math.ceil(count / whole) : count / row * perRow;
  const job = {
    blocks,
    prepare: (block: number, slot: number, call: Call) => {
      const start = startOf(block), n = sizeOf(start);
      for (let i = 0; i < steps.length; i++) steps[i](call, slot * size * BLOCK, n, start);
    },
    finish: (block: number, slot: number) => {
      const start = startOf(block), n = sizeOf(start);
      for (const { value, data } of program.kept) copyRun(view, at(value) + slot * moves(value), data, start, n);
      consume(view, result + slot * resultMoves, start, n);
    },
  };
  if (crew !== null) share(crew, job);
  else {
    for (let block = 0; block < blocks; block++) {
      job.prepare(block, 0, never);
      job.finish(block, 0);
    }
  }
  for (const { expression, data } of program.kept) expression.settle(data);
}

const never: Call = () => {
  throw new Error("there is no WebAssembly");
};

function stepOf(stage: Stage, wasm: Engine | null, view: Floats, at: (value: number) => number, constants: ReadonlyMap<number, number>): Step {
  const [out] = stage.outputs.map(at);
  const place = (value: number) => ({ value, address: 4 * at(value) });
  switch (stage.kind) {
    case "read": {
      const { read } = stage;
      return (_, base, n, start) => load(read, start, n, view, base + out);
    }
    case "operations": {
      const inputs = stage.inputs.filter((x) => !constants.has(x)).map(place), fixed = stage.inputs.filter((x) => constants.has(x)).map(place);
      const pass: Pass = fuse(wasm!, stage.operations, inputs, fixed, stage.outputs.map(place));
      return (call, base, n) => call(pass, 4 * base, 4 * (base + n));
    }
    case "function": {
      const { name, inputs: [input], outputs: [output] } = stage;
      const constant = constants.has(input) ? [place(input)] : [];
      const copy = at(input) === out ? null : fuse(wasm!, [], constant.length > 0 ? [] : [place(input)], constant, [{ value: input, address: 4 * at(output) }]);
      return (call, base, n) => {
        if (copy !== null) call(copy, 4 * base, 4 * (base + n));
        call(name, 4 * (base + out), 4 * (base + out + n));
      };
    }
    case "loop": {
      const { block } = stage, inputs = stage.inputs.map(at);
      return (_, base, n) => block(view, n, base + out, inputs); // base is 0: loops are not shared
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
