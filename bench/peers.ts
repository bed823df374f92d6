/**
 * This module beside its peers: `deno task bench:peers`, or with names of workloads to measure only these. Each peer has its own process;
 * they take turns workload by workload, so that a noisy moment of the machine hits all of them. One table: the median microseconds of an
 * iteration and, in brackets, how many times this module's that is. A dash stands where a peer is not installed or lacks what the
 * workload needs; where it ended with an error, the error stands below.
 *
 * PyTorch is measured where the interpreter that the environment variable PYTHON names (python3 by default) has it.
 */
import { start } from "./peers/process.ts";
import { rounded, table } from "./peers/table.ts";
import { workloads } from "./workloads.ts";

const script = (name: string): string => new URL(`peers/${name}`, import.meta.url).pathname;
const deno = (name: string, ...args: string[]): string[] => [Deno.execPath(), "run", "--quiet", "--no-check", "--allow-all", script(name), ...args];
const python = (...args: string[]): string[] => [Deno.env.get("PYTHON") ?? "python3", script("pytorch.py"), ...args];

const names = Deno.args.length > 0 ? Deno.args : Object.keys(workloads);
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

const rows = [["microseconds", ...peers.map((peer) => peer.name)]];
const notes: string[] = [];
for (const name of names) {
  console.error(`measuring ${name}`);
  const row = [name];
  let ours: number | undefined;
  for (const [i, peer] of peers.entries()) {
    const { microseconds, error } = await peer.ask(name);
    if (i === 0) ours = microseconds;
    if (error !== undefined) notes.push(`${peer.name}, ${name}: ${error}`);
    const ratio = i === 0 || ours === undefined || microseconds === undefined ? "" : ` (${rounded(microseconds / ours, 2)})`;
    row.push(microseconds === undefined ? "-" : rounded(microseconds, 3) + ratio);
  }
  rows.push(row);
}
for (const peer of peers) await peer.end();

console.log(`${navigator.hardwareConcurrency} cores, ${Deno.build.os} ${Deno.build.arch}, Deno ${Deno.version.deno}\n`);
console.log(table(rows));
const absent = peers.filter((peer) => !peer.present).map((peer) => peer.name);
if (absent.length > 0) console.log(`\nNot installed: ${absent.join("; ")}`);
if (notes.length > 0) console.log(`\n${notes.join("\n")}`);
