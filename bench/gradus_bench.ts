/**
 * This module alone, by `deno bench`: `deno task bench`. See workloads.ts for what is measured and peers.ts for others beside it.
 */
import { manual_seed } from "../mod.ts";
import { workloads } from "./workloads.ts";

manual_seed(0);
for (const [name, prepare] of Object.entries(workloads)) {
  const run = prepare();
  Deno.bench(name, () => void run());
}
