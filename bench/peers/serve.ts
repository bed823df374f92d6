/**
 * What every measured process does: it says who it is, then times each workload whose name it reads, a line of JSON for a line of input.
 * So bench/peers.ts can let the peers take turns workload by workload, and a noisy moment of the machine hits all of them.
 */
import { lines } from "./lines.ts";
import { median_awaited } from "../timing.ts";
import { reseed } from "./inputs.ts";

/** Workloads by name, each of which prepares its data once and gives the function that is timed; one that returns a promise is awaited. */
export type Workloads = Record<string, () => () => unknown>;

/** The first line that a measured process writes. */
export interface Greeting {
  /** Who is measured, with the version. */
  peer: string;
}

/** The answer to the name of a workload: a time in microseconds, the error that it ended with, or neither where the peer lacks it. */
export interface Answer {
  microseconds?: number;
  error?: string;
}

/** Milliseconds for which each workload is repeated. */
const BUDGET = 500;

async function measure(prepare: (() => () => unknown) | undefined): Promise<Answer> {
  if (prepare === undefined) return {};
  try {
    reseed();
    return { microseconds: await median_awaited(prepare(), BUDGET) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Serves `workloads` until the input ends, and ends the process then: a peer's workers would keep it alive. */
export async function serve(peer: string, workloads: Workloads): Promise<never> {
  console.log(JSON.stringify({ peer } satisfies Greeting));
  for await (const name of lines(Deno.stdin.readable)) console.log(JSON.stringify(await measure(workloads[name])));
  Deno.exit();
}
