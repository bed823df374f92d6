/**
 * One workload of bench/memory.ts in a process of its own: prepares the workload that the first argument names, runs it as often as the
 * second says, and prints the peak of its resident memory in KiB.
 */
import { manual_seed } from "../../mod.ts";
import { perceptron, polynomial } from "../workloads.ts";

const workloads: Record<string, () => () => void> = {
  mlp_step: () => perceptron(1024),
  ew: () => polynomial(1e7),
};

manual_seed(0);
const [name, times] = Deno.args;
const run = workloads[name]();
for (let i = 0; i < Number(times); i++) run();
const peak = /^VmHWM:\s*(\d+) kB$/m.exec(Deno.readTextFileSync("/proc/self/status"));
if (peak === null) throw new Error("this system does not tell a process its peak memory");
console.log(peak[1]);
