/**
 * Peak memory beside PyTorch's: `deno task bench:memory`. For each workload, the peak of the resident memory of a process that runs it,
 * and that less the peak of a process that only imports and makes the inputs, which is what computing takes. PyTorch is measured where
 * the interpreter that the environment variable PYTHON names (python3 by default) has it.
 */
import { rounded, table } from "./peers/table.ts";

const script = (name: string): string => new URL(`peers/${name}`, import.meta.url).pathname;
const gradus = [Deno.execPath(), "run", "--quiet", "--no-check", "--allow-all", script("memory.ts")];
const pytorch = [Deno.env.get("PYTHON") ?? "python3", script("memory.py")];

/** The peak in MiB of a process that runs `workload` so many times, the middle of three; null where it does not run. */
function peak([program, ...args]: readonly string[], workload: string, times: number): number | null {
  const peaks: number[] = [];
  try {
    for (let i = 0; i < 3; i++) {
      const { success, stdout } = new Deno.Command(program, { args: [...args, workload, String(times)], stderr: "null" }).outputSync();
      if (!success) return null;
      peaks.push(Number(new TextDecoder().decode(stdout)) / 1024);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return peaks.sort((a, b) => a - b)[1];
}

const text = (x: number | null): string => x === null ? "-" : rounded(x, 3);
const row = (head: string, ours: number | null, theirs: number | null): string[] => [
  head,
  text(ours),
  text(theirs),
  text(ours === null || theirs === null ? null : ours / theirs),
];
const less = (x: number | null, y: number | null): number | null => x === null || y === null ? null : x - y;

const rows = [["MiB", "Gradus", "PyTorch", "ratio"]];
for (const [name, workload, times] of [["mlp_step, batch 1,024, 30 steps", "mlp_step", 30], ["ew1m, n = 10^7, 5 runs", "ew", 5]] as const) {
  const ours = peak(gradus, workload, times), theirs = peak(pytorch, workload, times);
  rows.push(row(`${name}: peak`, ours, theirs));
  rows.push(row(`${name}: added`, less(ours, peak(gradus, workload, 0)), less(theirs, peak(pytorch, workload, 0))));
}
console.log(table(rows));
