/**
 * Arithmetic of float32, compiled: several operations in one pass over blocks of the scratch memory. What lies between them stays in
 * registers; each block is read and written once. Programs are put together as WebAssembly's binary form says
 * (webassembly.github.io/spec/core/binary) and kept, for the same ones come up again and again.
 */

import { type Engine, engine } from "./engine.ts";

/** Bytes of code. */
type Code = readonly number[];

const unsigned = (x: number): Code => x < 128 ? [x] : [x % 128 + 128, ...unsigned(Math.floor(x / 128))];
const signed = (x: number): Code => x >= -64 && x < 64 ? [x & 127] : [x & 127 | 128, ...signed(x >> 7)];
/** A vector instruction by its number. */
const simd = (number: number): Code => [0xfd, ...unsigned(number)];
const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
const i32 = (x: number): Code => [0x41, ...signed(x)];
/** Four float32. */
const four = (x: number): Code => [...simd(12), ...Array.from({ length: 4 }, () => [...new Uint8Array(new Float32Array([x]).buffer)]).flat()];

const ABS = simd(0xe0), NEG = simd(0xe1), ADD = simd(0xe4), SUB = simd(0xe5), MUL = simd(0xe6), DIV = simd(0xe7);
const LESS = simd(0x43), LESS_OR_EQUAL = simd(0x45), AND_NOT = simd(0x4f), MULTIPLY_ADD = simd(0x105);
const ZERO = four(0), ONE = four(1);

/** a * b + c, rounded once where the engine can. */
const madd = (fused: boolean, a: Code, b: Code, c: Code): Code => fused ? [...a, ...b, ...c, ...MULTIPLY_ADD] : [...a, ...b, ...MUL, ...c, ...ADD];

/** The operations by name; each takes the code of its operands. Some are the derivatives that training calls all the time. */
const OPERATIONS = {
  add: (_, a, b) => [...a, ...b, ...ADD],
  sub: (_, a, b) => [...a, ...b, ...SUB],
  rsub: (_, a, b) => [...b, ...a, ...SUB],
  mul: (_, a, b) => [...a, ...b, ...MUL],
  div: (_, a, b) => [...a, ...b, ...DIV],
  neg: (_, a) => [...a, ...NEG],
  abs: (_, a) => [...a, ...ABS],
  reciprocal: (_, a) => [...ONE, ...a, ...DIV],
  square: (_, a) => [...a, ...a, ...MUL],
  cube: (_, a) => [...a, ...a, ...MUL, ...a, ...MUL],
  // NaN is not below 0 and stays, and so does -0
  relu: (_, a) => [...a, ...a, ...ZERO, ...LESS, ...AND_NOT],
  threshold_backward: (_, grad, x, threshold) => [...grad, ...x, ...threshold, ...LESS_OR_EQUAL, ...AND_NOT],
  tanh_backward: (fused, grad, y) => [...grad, ...madd(fused, [...y, ...NEG], y, ONE), ...MUL],
  sigmoid_backward: (_, grad, y) => [...grad, ...ONE, ...y, ...SUB, ...MUL, ...y, ...MUL],
} satisfies Record<string, (fused: boolean, ...operands: Code[]) => Code>;

/** The name of one of them. */
export type OperationName = keyof typeof OPERATIONS;

/** Whether an operation has this name. */
export const isOperation = (name: string): name is OperationName => name in OPERATIONS;

/** A step: values, which are numbered, in and out. */
export interface Operation {
  /** What it computes. */
  name: OperationName;
  /** The values of its operands. */
  inputs: readonly number[];
  /** The value it gives. */
  output: number;
}

/** A value and the address of its block. */
export interface Place {
  /** The value. */
  value: number;
  /** The address. */
  address: number;
}

/** Computes the first `bytes` bytes of the outputs' blocks, and up to 32 more. */
export type Pass = (bytes: number) => void;

const passes = new Map<string, Pass>();
/** Programs that are kept. */
const MOST = 1000;

/**
 * A pass that takes the inputs from their blocks, where `constants` are the same all over, runs the operations, and writes the outputs to
 * theirs, which may be those of inputs.
 */
export function fuse(operations: readonly Operation[], inputs: readonly Place[], constants: readonly Place[], outputs: readonly Place[]): Pass {
  const places = (list: readonly Place[]) => list.map(({ value, address }) => `${value}@${address}`).join();
  const key = `${operations.map(({ name, inputs, output }) => `${name} ${inputs} ${output}`).join(";")}|${places(inputs)}|${places(constants)}|${
    places(outputs)
  }`;
  let pass = passes.get(key);
  if (pass === undefined) {
    if (passes.size >= MOST) passes.clear();
    const wasm = engine()!;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble(wasm, operations, inputs, constants, outputs)), {
      "": { m: wasm.memory },
    });
    passes.set(key, pass = exports.f as Pass);
  }
  return pass;
}

/** Vectors a turn of the loop. */
const UNROLLED = 2;

function assemble(wasm: Engine, operations: readonly Operation[], inputs: readonly Place[], constants: readonly Place[], outputs: readonly Place[]) {
  // locals: the end, the position, and the values
  const locals = new Map<number, number>();
  const local = (value: number): number => {
    if (!locals.has(value)) locals.set(value, 2 + locals.size);
    return locals.get(value)!;
  };
  const memory = (instruction: number, address: number): Code => [...simd(instruction), 4, ...unsigned(address)];
  const load = ({ value, address }: Place, at: Code): Code => [...at, ...memory(0, address), ...set(local(value))];
  const body = [
    ...constants.flatMap((place) => load(place, i32(0))),
    ...[0x03, 0x40], // loop
    ...Array.from({ length: UNROLLED }, (_, k) => [
      ...inputs.flatMap(({ value, address }) => load({ value, address: address + 16 * k }, get(1))),
      ...operations.flatMap(({ name, inputs, output }) => {
        const operation: (fused: boolean, ...operands: Code[]) => Code = OPERATIONS[name];
        return [...operation(wasm.fused, ...inputs.map((x) => get(local(x)))), ...set(local(output))];
      }),
      ...outputs.flatMap(({ value, address }) => [...get(1), ...get(local(value)), ...memory(11, address + 16 * k)]),
    ]).flat(),
    ...[...get(1), ...i32(16 * UNROLLED), 0x6a, 0x22, 1], // position += 16 * UNROLLED
    ...[...get(0), 0x48, 0x0d, 0, 0x0b], // again if position < end
    0x0b,
  ];
  const vectors = locals.size;
  const code = [2, 1, 0x7f, ...unsigned(vectors), 0x7b, ...body];
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]),
    ...section(2, [1, 0, 1, 0x6d, 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
