/** Jobs that consist of independent blocks, shared by all threads. */

import type { Engine } from "../wasm/engine.ts";
import type { Pass } from "../wasm/fuse.ts";
import { CELLS, MOST_SLOTS, PROGRAM_SIZE } from "./cells.ts";
import { participant } from "./serve.ts";
import { missThread, readyTeam, type Team, threadCount, threadsReady } from "./team.ts";

/** Runs an exported kernel or a program, now or, where another thread does it, a little later. */
export type Call = (kernel: string | Pass, ...parameters: number[]) => void;

/** Independent blocks of work. */
export interface Job {
  /** How many blocks there are. */
  readonly blocks: number;
  /**
   * Copies what a block needs to the kernels' memory and calls the kernels, which may run after it has returned. As many blocks as there are
   * slots can be on their way at a time, each in memory of its own. Called in the order of the blocks.
   */
  prepare(block: number, slot: number, call: Call): void;
  /** Copies the results of a block from the kernels' memory. Called in the order of the blocks. */
  finish?(block: number, slot: number): void;
}

/** Who does a job. */
export interface Crew {
  /** The engine in whose memory it is done. */
  readonly engine: Engine;
  /** How many threads do it, this one included. */
  readonly threads: number;
  /** How many blocks can be on their way at a time. */
  readonly slots: number;
  /** The workers; null where this thread is alone. */
  readonly team: Team | null;
  /** Whether more threads are wanted than there are yet. */
  readonly missing: boolean;
}

/** The crew of a job that this thread, where it is alone, does with the `given` engine. */
export function crewFor(given: Engine, worthSharing: boolean): Crew {
  const team = worthSharing ? readyTeam() : null;
  const threads = team === null ? 1 : threadsReady(team);
  const missing = worthSharing && threads < threadCount();
  return { engine: team === null ? given : team.engine, threads, slots: threads === 1 ? 1 : Math.min(MOST_SLOTS, 4 * threads), team, missing };
}

/**
 * Does a job and returns when all of it is done. Memory of the crew's engine must have been reserved for all slots; it is nobody else's until then.
 * Where a function of the job runs kernels itself, they must not touch memory that blocks on their way use.
 */
export function share({ engine, threads, slots, team, missing }: Crew, job: Job): void {
  const start = missing ? performance.now() : 0;
  if (team === null) alone(engine, job);
  else together(team, job, threads, slots);
  if (missing) missThread(performance.now() - start);
}

function alone({ kernels }: Engine, job: Job): void {
  const call: Call = (kernel, ...parameters) => {
    if (typeof kernel === "string") kernels[kernel](...parameters);
    else kernel.run(parameters[0], parameters[1]);
  };
  for (let block = 0; block < job.blocks; block++) {
    job.prepare(block, 0, call);
    job.finish?.(block, 0);
  }
}

interface Leader {
  /** The number of each kernel, for they are the same functions in the same order everywhere. */
  numbers: Map<string, number>;
  /** Where the programs that have been shared stand, how long they are, and where there is room for more. */
  places: Map<Pass, { offset: number; length: number }>;
  room: number;
  /** The programs by their places. */
  passes: Map<number, Pass>;
  /** Takes on a block, as workers do. */
  claim: () => boolean;
  /** Jobs so far. */
  jobs: number;
}

let leader: Leader | undefined;

function leaderOf({ state, engine: { kernels } }: Team): Leader {
  if (leader === undefined) {
    const passes = new Map<number, Pass>();
    leader = {
      numbers: new Map(Object.keys(kernels).map((name, i) => [name, i])),
      places: new Map(),
      room: 0,
      passes,
      claim: participant(Object.values(kernels), state, CELLS, (offset) => passes.get(offset)!.run),
      jobs: 0,
    };
  }
  return leader;
}

/** Where a program stands in the shared code; it is put there if it is new. */
function placeOf(pass: Pass, leader: Leader, code: Uint8Array): { offset: number; length: number } {
  let place = leader.places.get(pass);
  if (place === undefined) {
    const { length } = pass.bytes;
    if (leader.room + length > code.length) throw new RangeError("there is no room for more programs");
    place = { offset: leader.room, length };
    code.set(pass.bytes, leader.room);
    leader.room += length;
    leader.places.set(pass, place);
    leader.passes.set(place.offset, pass);
  }
  return place;
}

/** Whether there is room for so many bytes of programs, which others then need not compile for themselves. */
export function hasRoom({ team }: Crew, bytes: number): boolean {
  return team === null || leaderOf(team).room + bytes <= team.code.length;
}

/** Waits until a cell is no longer `old`, but not for ever: the caller looks again. */
function awaitChange(state: Int32Array, cell: number, old: number): void {
  for (let spins = 0; spins < 2000; spins++) if (Atomics.load(state, cell) !== old) return;
  Atomics.wait(state, cell, old, 10);
}

function together(team: Team, job: Job, threads: number, slots: number): void {
  const { state, code } = team;
  const leader = leaderOf(team);
  leader.jobs = leader.jobs % 0x3fffffff + 1;
  open(state, leader.jobs, threads, slots);
  let end = 0, limit = 0;
  const call: Call = (kernel, ...parameters) => {
    const place = typeof kernel === "string" ? null : placeOf(kernel, leader, code);
    const number = typeof kernel === "string" ? leader.numbers.get(kernel) : -1;
    const length = parameters.length + (place === null ? 0 : 2);
    if (number === undefined || end + 2 + length > limit) throw new RangeError(`cannot share ${kernel}`);
    state[end++] = number;
    state[end++] = length;
    if (place !== null) {
      state[end++] = place.offset;
      state[end++] = place.length;
    }
    for (let i = 0; i < parameters.length; i++) state[end++] = parameters[i];
  };
  const publish = (block: number) => {
    const slot = block % slots;
    const program = CELLS.programs + slot * PROGRAM_SIZE;
    end = program + 1;
    limit = program + PROGRAM_SIZE;
    job.prepare(block, slot, call);
    state[program] = end - program - 1;
    Atomics.store(state, CELLS.published, block + 1);
    Atomics.notify(state, CELLS.published);
  };
  let published = 0, finished = 0;
  try {
    while (finished < job.blocks) {
      const slot = finished % slots;
      const done = Atomics.load(state, CELLS.done + slot);
      const full = published === job.blocks || published - finished === slots;
      if (!full && published - Atomics.load(state, CELLS.claimed) < 2 * threads) publish(published++);
      else if (full && done === finished + 1) {
        job.finish?.(finished, slot);
        finished++;
      } else if (!leader.claim()) awaitChange(state, CELLS.done + slot, done);
    }
  } finally {
    close(state);
    if (finished < job.blocks) awaitQuiet(state);
  }
  if (Atomics.exchange(state, CELLS.failed, 0) !== 0) throw new Error("a kernel failed");
}

/** Waits until no worker looks at the cells of a job. */
function awaitQuiet(state: Int32Array): void {
  for (let active = 0; (active = Atomics.load(state, CELLS.active)) !== 0;) awaitChange(state, CELLS.active, active);
}

function open(state: Int32Array, job: number, threads: number, slots: number): void {
  awaitQuiet(state);
  Atomics.store(state, CELLS.claimed, 0);
  Atomics.store(state, CELLS.published, 0);
  state[CELLS.slots] = slots;
  state.fill(0, CELLS.done, CELLS.done + slots);
  Atomics.store(state, CELLS.limit, threads - 1);
  Atomics.store(state, CELLS.job, job);
  Atomics.notify(state, CELLS.job);
}

function close(state: Int32Array): void {
  Atomics.store(state, CELLS.job, 0);
  Atomics.notify(state, CELLS.job);
  Atomics.store(state, CELLS.published, -1);
  Atomics.notify(state, CELLS.published);
}
