/**
 * Expressions, a block at a time: each step of a program reads and writes slots of a scratch memory that the cache holds. Steps run
 * in WebAssembly where their kernel has a vector form, else in the kernel's own loop.
 */
import type { Expression, Operand, Read } from "./expression.ts";
import type { Block } from "./wasm/vector.ts";
import { copyRun } from "./wasm/copy.ts";
import { engine } from "./wasm/engine.ts";
import { DATA_ADDRESS } from "./wasm/layout.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Elements of a slot: the few slots that are in use at a time fit into the first-level cache. */
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

/** One thing to do with a block. */
interface Step {
  /** What to read into a slot from outside; null where `run` computes. */
  read: Read | null;
  /** Computes from slots. */
  run: Block | null;
  /** The slots of the operands. */
  inputs: number[];
  /** The slot of the result. */
  output: number;
  /** Where the result is kept, besides. */
  keep: Floats | null;
}

/** What is to be done for a block. */
interface Program {
  steps: Step[];
  /** Numbers that fill a slot once and for all. */
  constants: { value: number; slot: number }[];
  slots: number;
  /** The slot of the result. */
  result: number;
  /** What is kept besides the result. */
  kept: { expression: Expression; data: Floats }[];
}

/** Writes the program for an expression that is still to be computed. */
function compile(root: Expression, keepRoot: boolean): Program {
  const steps: Step[] = [];
  const kept: Program["kept"] = [];
  // virtual slots first: each value has one
  const values = new Map<Expression, number>();
  const numbers = new Map<number, number>();
  let count = 0;
  const number = (value: number) => {
    let slot = numbers.get(value);
    if (slot === undefined) numbers.set(value, slot = count++);
    return slot;
  };
  const readSlots = new Map<Expression, { read: Read; slot: number }[]>();
  const loaded = (read: Read): number => {
    const list = readSlots.get(read.source) ?? [];
    for (const other of list) if (other.read.offset === read.offset && sameWalk(other.read, read)) return other.slot;
    const slot = count++;
    steps.push({ read, run: null, inputs: [], output: slot, keep: null });
    readSlots.set(read.source, [...list, { read, slot }]);
    return slot;
  };
  const visit = (operand: Operand): number => {
    if (typeof operand === "number") return number(operand);
    return operand.source.data === null ? compute(operand.source) : loaded(operand);
  };
  const compute = (expression: Expression): number => {
    const known = values.get(expression);
    if (known !== undefined) return known;
    const inputs = expression.operands.map(visit);
    const output = count++;
    values.set(expression, output);
    const keep = (expression !== root || keepRoot) && expression.worthKeeping ? new Float32Array(expression.count) : null;
    if (keep !== null) kept.push({ expression, data: keep });
    steps.push({ read: null, run: expression.kernel!.block(inputs.length), inputs, output, keep });
    return output;
  };
  const result = compute(root);
  return { ...assign(steps, numbers, result, count), kept };
}

const sameWalk = (a: Read, b: Read): boolean =>
  a.sizes === null || b.sizes === null
    ? a.sizes === b.sizes
    : a.sizes.length === b.sizes.length && a.sizes.every((n, i) => n === b.sizes![i] && a.strides[i] === b.strides[i]);

/** Gives values that are not alive at the same time the same slot. */
function assign(steps: Step[], numbers: Map<number, number>, result: number, count: number): Omit<Program, "kept"> {
  const last = new Array<number>(count).fill(-1);
  steps.forEach(({ inputs }, i) => inputs.forEach((slot) => last[slot] = i));
  last[result] = steps.length;
  const places = new Array<number>(count).fill(-1);
  let slots = 0;
  const constants = Array.from(numbers, ([value, slot]) => ({ value, slot: places[slot] = slots++ }));
  const free: number[] = [];
  const isConstant = new Set(numbers.values());
  steps.forEach((step, i) => {
    const inputs = step.inputs.map((slot) => places[slot]);
    for (const slot of new Set(step.inputs)) if (last[slot] === i && !isConstant.has(slot)) free.push(places[slot]);
    const place = free.pop() ?? slots++;
    places[step.output] = place;
    step.inputs = inputs;
    step.output = place;
  });
  return { steps, constants, slots, result: places[result] };
}

let heap: Floats = new Float32Array(0);

/** Memory for slots: that of the WebAssembly engine, or an array where there is none. */
function scratch(slots: number): { view: Floats; start: number } {
  const wasm = engine();
  if (wasm !== null) {
    wasm.reserve(4 * BLOCK * slots);
    return { view: wasm.float32, start: DATA_ADDRESS / 4 };
  }
  if (heap.length < BLOCK * slots) heap = new Float32Array(BLOCK * slots);
  return { view: heap, start: 0 };
}

/**
 * Computes an expression that is not there yet, in blocks of at most `BLOCK` elements, none of which goes past a multiple of `row`
 * unless whole rows fit.
 */
export function runBlocks(root: Expression, row: number, { consume, spare, keep = false }: Consumer): void {
  const { steps, constants, slots, result, kept } = compile(root, keep);
  const { view, start: origin } = scratch(slots + (spare === undefined ? 0 : Math.ceil(spare.size / BLOCK)));
  spare?.prepare(view, origin + slots * BLOCK);
  for (const { value, slot } of constants) view.fill(value, origin + slot * BLOCK, origin + (slot + 1) * BLOCK);
  const { count } = root;
  const whole = row <= BLOCK ? Math.floor(BLOCK / row) * row : 0;
  for (let start = 0; start < count;) {
    const n = Math.min(count - start, whole > 0 ? whole : Math.min(BLOCK, row - start % row));
    for (let i = 0; i < steps.length; i++) {
      const { read, run, inputs, output, keep } = steps[i];
      const at = origin + output * BLOCK;
      if (read !== null) load(read, start, n, view, at);
      else run!(view, n, at, inputs, origin, BLOCK);
      if (keep !== null) keep.set(view.subarray(at, at + n), start);
    }
    consume(view, origin + result * BLOCK, start, n);
    start += n;
  }
  for (const { expression, data } of kept) expression.settle(data);
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
