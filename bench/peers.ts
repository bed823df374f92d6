/**
 * This module beside its peers: `deno task bench:peers`, or with names of workloads to measure only these. Each peer has its own process;
 * they take turns, three at each workload, so that a noisy moment of the machine hits all of them. One table: the microseconds of an
 * iteration (the least of the turns' medians) and, in brackets, how many times this module's that is. A dash stands where a peer is not
 * installed or lacks what the workload needs; where it ended with an error, the error stands below. `--ratios` leaves the microseconds
 * out, for README.md.
 *
 * PyTorch is measured where the interpreter that the environment variable PYTHON names (python3 by default) has it.
 */
import { start } from "./peers/process.ts";
import { rounded, table } from "./peers/table.ts";
import { workloads } from "./workloads.ts";

const script = (name: string): string => new URL(`peers/${name}`, import.meta.url).pathname;
const deno = (name: string, ...args: string[]): string[] => [Deno.execPath(), "run", "--quiet", "--no-check", "--allow-all", script(name), ...args];
const python = (...args: string[]): string[] => [Deno.env.get("PYTHON") ?? "python3", script("pytorch.py"), ...args];

/** How often each peer is asked for each workload, unless an iteration takes longer than so many microseconds. */
const TURNS = 3, LONG = 3e6;

const only_ratios = Deno.args.includes("--ratios");
const asked = Deno.args.filter((name) => name !== "--ratios");
const names = asked.length > 0 ? asked : Object.keys(workloads);
const unknown = names.filter((name) => !Object.hasOwn(workloads, name));
if (unknown.length > 0) {
  console.error(`No workload is called ${unknown.join(", ")}. There are: ${Object.keys(workloads).join(", ")}.`);
  Deno.exit(2);
}

const peers = [
  await start("Gradus", deno("gradus.ts")),
  await start("PyTorch, 1 thread", python("1")),
  await start("PyTorch, all threads", python("all")),
  await start("TensorFlow.js, cpu", deno("tfjs.ts", "cpu")),
  await start("TensorFlow.js, wasm", deno("tfjs.ts", "wasm")),
  await start("jax-js", deno("jax.ts")),
  await start("js-pytorch", deno("js_pytorch.ts")),
];

const shown = only_ratios ? peers.slice(1) : peers;
const rows = [[only_ratios ? "times as long as Gradus" : "microseconds", ...shown.map((peer) => peer.name)]];
const notes: string[] = [];
for (const name of names) {
  console.error(`measuring ${name}`);
  const times: (number | undefined)[] = peers.map(() => undefined);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, peer] of peers.entries()) {
      const least = times[i];
      if (turn > 0 && (least === undefined || least > LONG)) continue;
      const { microseconds, error } = await peer.ask(name);
      if (microseconds !== undefined) times[i] = Math.min(microseconds, least ?? Infinity);
      if (error !== undefined) notes.push(`${peer.name}, ${name}: ${error}`);
    }
  }
  const cells = times.map((time, i) => {
    const ratio = time === undefined || times[0] === undefined ? "-" : rounded(time / times[0], 2);
    if (only_ratios || time === undefined) return ratio;
    return i === 0 ? rounded(time, 3) : `${rounded(time, 3)} (${ratio})`;
  });
  rows.push([name, ...only_ratios ? cells.slice(1) : cells]);
}
for (const peer of peers) await peer.end();

console.log(`${navigator.hardwareConcurrency} cores, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}\n`);
console.log(table(rows));
const absent = peers.filter((peer) => !peer.present).map((peer) => peer.name);
if (absent.length > 0) console.log(`\nNot installed: ${absent.join("; ")}`);
if (notes.length > 0) console.log(`\n${notes.join("\n")}`);
