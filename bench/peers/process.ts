/**
 * A measured process, seen from outside: it is asked for a workload by name and answers with a time. See serve.ts for the inside.
 */
import { lines } from "./lines.ts";
import type { Answer, Greeting } from "./serve.ts";

/** A process that measures workloads, or none: then it has nothing to say to any of them. */
export interface Peer {
  /** Who it is, with the version if it runs. */
  readonly name: string;
  /** Whether it runs. */
  readonly present: boolean;
  /** Measures a workload. */
  ask(workload: string): Promise<Answer>;
  /** Ends the process. */
  end(): Promise<void>;
}

const absent = (name: string): Peer => ({ name, present: false, ask: () => Promise.resolve({}), end: () => Promise.resolve() });

/** Starts `command` and waits until it says who it is; where it cannot, the peer called `name` is absent. */
export async function start(name: string, [program, ...args]: readonly string[]): Promise<Peer> {
  let process: Deno.ChildProcess;
  try {
    process = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return absent(name);
    throw error;
  }
  const input = process.stdin.getWriter(), output = lines(process.stdout);
  /** The next line of JSON, or null where the process has ended; other lines are what libraries say about themselves. */
  const read = async <T>(): Promise<T | null> => {
    for (let next; !(next = await output.next()).done;) {
      if (next.value.startsWith("{")) return JSON.parse(next.value);
    }
    return null;
  };
  const greeting = await read<Greeting>();
  if (greeting === null) return absent(name);
  let ended = false;
  return {
    name: greeting.peer,
    present: true,
    ask: async (workload) => {
      if (ended) return {};
      // A process that has just ended closes its input; that it did is told by its output.
      await input.write(new TextEncoder().encode(workload + "\n")).catch(() => {});
      const answer = await read<Answer>();
      ended = answer === null;
      return answer ?? { error: "the process ended" };
    },
    end: async () => {
      await input.close().catch(() => {});
      await process.status;
    },
  };
}
