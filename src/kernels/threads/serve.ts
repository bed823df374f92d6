/**
 * What runs in a worker. The text of these functions is the worker's source, for the module may have come from anywhere, or be a part of one file:
 * they use nothing from around them.
 */

import type { Cells } from "./cells.ts";

/** A kernel as a worker sees it. */
export type Kernel = (...parameters: number[]) => unknown;

/** What a worker is given. */
export interface Start {
  /** The kernels. */
  module: WebAssembly.Module;
  /** The memory of the kernels. */
  memory: WebAssembly.Memory;
  /** The cells. */
  control: SharedArrayBuffer;
  /** Programs in binary form. */
  code: SharedArrayBuffer;
  /** The places of the cells. */
  cells: Cells;
  /** The number of the worker, from 0. */
  id: number;
}

/**
 * A function that takes on and computes one block of the job that is open; false if there is none at the moment. `passAt` gives the program whose
 * binary form stands at a place of the shared code.
 */
export function participant(kernels: readonly Kernel[], state: Int32Array, cells: Cells, passAt: (offset: number, length: number) => Kernel): () => boolean {
  return () => {
    const block = Atomics.load(state, cells.claimed);
    if (block >= Atomics.load(state, cells.published)) return false;
    if (Atomics.compareExchange(state, cells.claimed, block, block + 1) !== block) return true; // another was faster: there may be more
    const slot = block % state[cells.slots];
    const program = cells.programs + slot * cells.programSize;
    try {
      for (let at = program + 1, end = at + state[program]; at < end; at += 2 + state[at + 1]) {
        const parameters = state.subarray(at + 2, at + 2 + state[at + 1]);
        if (state[at] >= 0) kernels[state[at]](...parameters);
        else passAt(parameters[0], parameters[1])(...parameters.subarray(2));
      }
    } catch {
      Atomics.store(state, cells.failed, 1);
    }
    Atomics.store(state, cells.done + slot, block + 1);
    Atomics.notify(state, cells.done + slot);
    return true;
  };
}

/** Takes part in every job from now on, and never returns. */
export function serve({ module, memory, control, code, cells, id }: Start, participate: typeof participant): never {
  const { sin, cos, tan, log } = Math;
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, Math: { sin, cos, tan, log } });
  const state = new Int32Array(control);
  const passes = new Map<number, Kernel>();
  const passAt = (offset: number, length: number): Kernel => {
    let pass = passes.get(offset);
    if (pass === undefined) {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(code).slice(offset, offset + length)), { "": { m: memory } });
      passes.set(offset, pass = exports.f as Kernel);
    }
    return pass;
  };
  const claim = participate(Object.values(exports).filter((value) => typeof value === "function") as Kernel[], state, cells, passAt);
  // the next job often comes at once, and the next block soon: to be woken takes longer than to look again for a while
  const awaitChange = (cell: number, old: number, most: number) => {
    for (let spins = 0; spins < most; spins++) if (Atomics.load(state, cell) !== old) return;
    Atomics.wait(state, cell, old);
  };
  Atomics.add(state, cells.ready, 1);
  for (;;) {
    awaitChange(cells.job, 0, 2000);
    Atomics.add(state, cells.active, 1);
    const job = Atomics.load(state, cells.job);
    const member = id < Atomics.load(state, cells.limit);
    while (member && job !== 0 && Atomics.load(state, cells.job) === job) {
      const published = Atomics.load(state, cells.published);
      if (published < 0) break; // the job has been closed meanwhile: nobody would wake who waits for more of it
      if (!claim()) awaitChange(cells.published, published, 50_000);
    }
    Atomics.sub(state, cells.active, 1);
    Atomics.notify(state, cells.active);
    if (!member) Atomics.wait(state, cells.job, job);
  }
}
