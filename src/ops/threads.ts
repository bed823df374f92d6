/**
 * How many threads compute.
 */
import { RuntimeError } from "../errors.ts";
import { setThreadCount, threadCount } from "../kernels/threads/team.ts";
import { pythonType } from "../python.ts";

function checkNoArguments(name: string, given: number): void {
  if (given > 0) throw new TypeError(`torch.${name}() takes no arguments (${given} given)`);
}

/** The one argument as a number of threads, of which PyTorch keeps the lower 32 bits. */
function positive(name: string, args: readonly unknown[]): number {
  if (args.length !== 1) throw new TypeError(`torch.${name}() takes exactly one argument (${args.length} given)`);
  const [value] = args;
  const type = pythonType(value);
  if (type !== "int") throw new RuntimeError(`${name} expects an int, but got ${type}`);
  const long = BigInt(value as number | bigint);
  if (BigInt.asIntN(64, long) !== long) throw new RuntimeError("Overflow when unpacking long");
  const n = Number(BigInt.asIntN(32, long));
  if (n <= 0) throw new RuntimeError(`${name} expects a positive integer`);
  return n;
}

/**
 * How many threads compute large products and blocks of elements, the calling one included: the number of processors, unless it has been set.
 * Where threads cannot share memory, in the window of a page for one, a single one computes all the same.
 */
export function get_num_threads(...args: []): number {
  checkNoArguments("get_num_threads", args.length);
  return threadCount();
}

/**
 * Sets how many threads compute. Results have the same bits for every number. Others than the calling thread start when there has been enough
 * work for them, and never keep the program alive.
 *
 * @throws {RuntimeError} unless `int` is a positive integer
 */
export function set_num_threads(...args: [int: number]): void {
  setThreadCount(positive("set_num_threads", args));
}

let interop: number | undefined;

/** How many threads may run ops beside each other, for PyTorch's sake: here ops run one after the other. */
export function get_num_interop_threads(...args: []): number {
  checkNoArguments("get_num_interop_threads", args.length);
  return interop ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Sets what `get_num_interop_threads` returns, once.
 *
 * @throws {RuntimeError} unless `int` is a positive integer, and when called again
 */
export function set_num_interop_threads(...args: [int: number]): void {
  const n = positive("set_num_interop_threads", args);
  if (interop !== undefined) {
    throw new RuntimeError("Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called");
  }
  interop = n;
}
