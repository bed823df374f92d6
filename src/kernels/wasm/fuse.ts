/**
 * Arithmetic of float32, compiled: several operations in one pass over blocks of the scratch memory. What lies between them stays in
 * registers; each block is read and written once. Programs are put together as WebAssembly's binary form says
 * (webassembly.github.io/spec/core/binary) and kept, for the same ones come up again and again.
 */

import type { Engine } from "./engine.ts";

/** Bytes of code. */
type Code = readonly number[];

const unsigned = (x: number): Code => x < 128 ? [x] : [x % 128 + 128, ...unsigned(Math.floor(x / 128))];
const signed = (x: number): Code => x >= -64 && x < 64 ? [x & 127] : [x & 127 | 128, ...signed(x >> 7)];
/** A vector instruction by its number. */
const simd = (number: number): Code => [0xfd, ...unsigned(number)];
const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
const i32 = (x: number): Code => [0x41, ...signed(x)];

const MUL = simd(0xe6), ADD = simd(0xe4), MULTIPLY_ADD = simd(0x105);

/** An instruction on all operands. */
const plain = (instruction: number) => (_: boolean, ...operands: Code[]): Code => [...operands.flat(), ...simd(instruction)];

/** The operations by name; each takes whether a product and a sum may be rounded once, and the code of its operands. A mask has all bits of a lane set. */
const OPERATIONS = {
  add: plain(0xe4),
  sub: plain(0xe5),
  mul: plain(0xe6),
  div: plain(0xe7),
  neg: plain(0xe1),
  abs: plain(0xe0),
  sqrt: plain(0xe3),
  floor: plain(0x68),
  ceil: plain(0x67),
  trunc: plain(0x69),
  nearest: plain(0x6a),
  min: plain(0xe8),
  max: plain(0xe9),
  /** a * b + c */
  madd: (fused, a, b, c) => fused ? [...a, ...b, ...c, ...MULTIPLY_ADD] : [...a, ...b, ...MUL, ...c, ...ADD],
  eq: plain(0x41),
  ne: plain(0x42),
  lt: plain(0x43),
  gt: plain(0x44),
  le: plain(0x45),
  ge: plain(0x46),
  not: plain(0x4d),
  and: plain(0x4e),
  or: plain(0x50),
  select: (_, mask, a, b) => [...a, ...b, ...mask, ...simd(0x52)],
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

/** A program. */
export interface Pass {
  /** Its binary form, of which other threads make the same program. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Runs it: from `start` to `end` and up to 16 bytes further, both added to the addresses of blocks that are not constants. */
  readonly run: (start: number, end: number) => void;
}

const passes = new Map<string, Pass>();
/** Programs that are kept. */
const MOST = 1000;

/**
 * A pass that takes the inputs from their blocks, where `constants` are the same all over, runs the operations, and writes the outputs to
 * theirs, which may be those of inputs.
 */
export function fuse(
  wasm: Engine,
  operations: readonly Operation[],
  inputs: readonly Place[],
  constants: readonly Place[],
  outputs: readonly Place[],
): Pass {
  const places = (list: readonly Place[]) => list.map(({ value, address }) => `${value}@${address}`).join();
  const steps = operations.map(({ name, inputs, output }) => `${name} ${inputs} ${output}`).join(";");
  const key = `${wasm.limits[0]}|${steps}|${places(inputs)}|${places(constants)}|${places(outputs)}`;
  let pass = passes.get(key);
  if (pass === undefined) {
    if (passes.size >= MOST) passes.clear();
    const bytes = assemble(wasm, operations, inputs, constants, outputs);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { "": { m: wasm.memory } });
    passes.set(key, pass = { bytes, run: exports.f as Pass["run"] });
  }
  return pass;
}

/** Vectors a turn of the loop. */
const UNROLLED = 2;

function assemble(wasm: Engine, operations: readonly Operation[], inputs: readonly Place[], constants: readonly Place[], outputs: readonly Place[]) {
  // locals: the position, the end, and the values
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
      ...inputs.flatMap(({ value, address }) => load({ value, address: address + 16 * k }, get(0))),
      ...operations.flatMap(({ name, inputs, output }) => {
        const operation: (fused: boolean, ...operands: Code[]) => Code = OPERATIONS[name];
        return [...operation(wasm.fused, ...inputs.map((x) => get(local(x)))), ...set(local(output))];
      }),
      ...outputs.flatMap(({ value, address }) => [...get(0), ...get(local(value)), ...memory(11, address + 16 * k)]),
    ]).flat(),
    ...[...get(0), ...i32(16 * UNROLLED), 0x6a, 0x22, 0], // position += 16 * UNROLLED
    ...[...get(1), 0x48, 0x0d, 0, 0x0b], // again if position < end
    0x0b,
  ];
  const vectors = locals.size;
  const code = [1, ...unsigned(vectors), 0x7b, ...body];
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 0]),
    ...section(2, [1, 0, 1, 0x6d, 2, ...wasm.limits]),
    ...section(3, [1, 0]),
    ...section(7, [1, 1, 0x66, 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
