/**
 * This module alone, by `deno bench`: `deno task bench`. See workloads.ts for what is measured and peers.ts for others beside it.
 *
 * Where the time of seed_graph goes, in nanoseconds, on one machine (Deno 2.9, x86-64): the fastest of 150 chunks of 400 runs of each beginning
 * of the program after a second of warming up, and the differences between them. Another machine has other figures; the shares are what counts.
 *
 *     forward                                       1,760 | backward                                           2,100
 *     ones(2, 2, { requires_grad: true })             390 | the pass itself, MeanBackward0, AccumulateGrad       830
 *     x.add(2)                                        320 | MulBackward0 of y * y * 3: one product               380
 *     y.mul(y)                                        285 | MulBackward0 of y * y: two products and their sum    585
 *     mul(3)                                          265 | AddBackward0, which hands on what it gets            300
 *     mean()                                          500 |
 *
 * By kind, in percent of the whole (`--cpu-prof`, samples every 100 us, by the function that was running):
 *
 *     forward: making nodes and saving tensors         17 | backward: counting edges, ordering nodes, handing on  23
 *     reading arguments                                11 | ops that formulas call, up to their loops              8
 *     choosing dtype and loop                           9 | formulas and what they are given                       7
 *     tensors, storages, strides                        7 | tensors, storages, strides                             6
 *     loops over elements                               2 | loops over elements, nodes                             4
 *     garbage collection, both ways                     6
 *
 * An op on four numbers that is not recorded takes 100; the arithmetic in it is a tenth of that.
 */
import { manual_seed } from "../mod.ts";
import { workloads } from "./workloads.ts";

manual_seed(0);
for (const [name, prepare] of Object.entries(workloads)) {
  const run = prepare();
  Deno.bench(name, () => void run());
}
