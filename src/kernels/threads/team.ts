/** The workers: how many are wanted, and how they start. */

import { type Engine, sharedEngine } from "../wasm/engine.ts";
import { CELL_COUNT, CELLS } from "./cells.ts";
import { participant, serve, type Start } from "./serve.ts";

/** Threads beyond this many are not started. */
const MOST_THREADS = 64;
/** Bytes for programs that threads share: for some thousand of them. */
const CODE = 1 << 20;
/**
 * A thread is started once the work that it could have shared has taken so many milliseconds for each thread that there would be: with it about as
 * much would have been saved as starting it costs.
 */
const PATIENCE = 50;

let wanted: number | undefined;

/** How many threads compute, this one included: by default as many as there are processors. */
export function threadCount(): number {
  return wanted ??= globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Sets how many threads compute. Those that are too many sleep. */
export function setThreadCount(n: number): void {
  wanted = n;
}

/** The workers and what they share. */
export interface Team {
  /** The kernels, with a memory that is shared. */
  readonly engine: Engine;
  /** The cells. */
  readonly state: Int32Array<SharedArrayBuffer>;
  /** Programs in binary form. */
  readonly code: Uint8Array<SharedArrayBuffer>;
  /** How many workers have been started. */
  started: number;
}

let team: Team | null | undefined;
/** Milliseconds of work that one more thread could have shared. */
let missed = 0;

/** The team of this thread, at first without workers; null where threads cannot share memory. */
export function gather(): Team | null {
  if (team === undefined) {
    const engine = sharedEngine();
    team = engine && { engine, state: new Int32Array(new SharedArrayBuffer(4 * CELL_COUNT)), code: new Uint8Array(new SharedArrayBuffer(CODE)), started: 0 };
  }
  return team;
}

/** The team if it has workers that are ready and wanted. */
export function readyTeam(): Team | null {
  return team && threadCount() > 1 && Atomics.load(team.state, CELLS.ready) > 0 ? team : null;
}

/** How many threads can share a job now. */
export function threadsReady({ state }: Team): number {
  return Math.min(threadCount(), 1 + Atomics.load(state, CELLS.ready));
}

/** Takes note of work that took so many milliseconds with fewer threads than are wanted, and starts a worker when that has become much. */
export function missThread(milliseconds: number): void {
  missed += milliseconds;
  if (missed < PATIENCE * (2 + (team?.started ?? 0))) return;
  missed = 0;
  gather();
  if (team && team.started + 1 < Math.min(threadCount(), MOST_THREADS)) startWorker(team);
}

/** A worker of Node and of Deno, as far as it is used here. */
interface NodeWorker {
  on(event: "error", listener: () => void): void;
  unref(): void;
}

interface NodeThreads {
  Worker: new (source: string, options: { eval: true; workerData: Start; env: symbol }) => NodeWorker;
  SHARE_ENV: symbol;
}

/** Node's module, where there is one: its workers, unlike the web's, can be told not to keep the process alive. */
function nodeThreads(): NodeThreads | undefined {
  const process: { getBuiltinModule?(name: string): NodeThreads | undefined } | undefined = Reflect.get(globalThis, "process");
  return process?.getBuiltinModule?.("node:worker_threads");
}

/** Starts one more worker, which takes part as soon as it is ready; none where that is not allowed. */
export function startWorker(team: Team): void {
  const { state: { buffer: control }, code: { buffer: code }, engine: { module, memory } } = team;
  const start: Start = { module, memory, control, code, cells: CELLS, id: team.started++ };
  const call = `(${serve})(start, ${participant})`;
  try {
    const threads = nodeThreads();
    if (threads !== undefined) {
      const source = `const start = require("node:worker_threads").workerData; ${call};`;
      const worker = new threads.Worker(source, { eval: true, workerData: start, env: threads.SHARE_ENV });
      worker.on("error", () => {});
      worker.unref();
    } else {
      const source = `onmessage = ({ data: start }) => ${call};`;
      const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
      worker.onerror = (event) => event.preventDefault();
      worker.postMessage(start);
    }
  } catch {
    team.started = MOST_THREADS; // what is not allowed now will not be later
  }
}
