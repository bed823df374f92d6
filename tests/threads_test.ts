/** Threads: the same bits for every number of them, and none that anybody notices otherwise. */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { CELLS } from "../src/kernels/threads/cells.ts";
import { type Crew, crewFor, type Job, share } from "../src/kernels/threads/share.ts";
import { gather, startWorker } from "../src/kernels/threads/team.ts";
import { engine } from "../src/kernels/wasm/engine.ts";
import { gemm } from "../src/kernels/wasm/gemm.ts";
import { DATA_ADDRESS } from "../src/kernels/wasm/layout.ts";

const cores = torch.get_num_threads();

/** A crew of `n` threads, all ready. */
function crewOf(n: number): Crew {
  const given = engine(), team = gather();
  assert(given !== null && team !== null);
  torch.set_num_threads(n);
  while (team.started < n - 1) startWorker(team);
  for (const end = Date.now() + 20_000; Atomics.load(team.state, CELLS.ready) < n - 1;) {
    assert(Date.now() < end, "workers do not start");
    Atomics.wait(team.state, CELLS.ready, Atomics.load(team.state, CELLS.ready), 100);
  }
  const crew = crewFor(given, true);
  assertEquals(crew.threads, n);
  return crew;
}

function withThreads<R>(n: number, f: () => R): R {
  crewOf(n);
  try {
    return f();
  } finally {
    torch.set_num_threads(cores);
  }
}

/** The bits of a result, so that zeros of different signs and NaN are what they are. */
const bits = (x: Float32Array | Float64Array) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);

Deno.test("set_num_threads takes what PyTorch takes, and refuses the rest in its words", () => {
  assertEquals(torch.get_num_threads(), navigator.hardwareConcurrency);
  const refused: [unknown, string][] = [
    [0, "set_num_threads expects a positive integer"],
    [-1, "set_num_threads expects a positive integer"],
    [2 ** 31, "set_num_threads expects a positive integer"],
    [2 ** 63, "Overflow when unpacking long"],
    [1.5, "set_num_threads expects an int, but got float"],
    ["2", "set_num_threads expects an int, but got str"],
    [null, "set_num_threads expects an int, but got NoneType"],
    [true, "set_num_threads expects an int, but got bool"],
    [[2], "set_num_threads expects an int, but got list"],
    [torch.tensor(2), "set_num_threads expects an int, but got Tensor"],
  ];
  for (const [value, message] of refused) {
    assertThrows(() => Reflect.apply(torch.set_num_threads, null, [value]), torch.RuntimeError, message);
    assertEquals(torch.get_num_threads(), cores);
  }
  assertThrows(() => Reflect.apply(torch.set_num_threads, null, []), TypeError, "torch.set_num_threads() takes exactly one argument (0 given)");
  assertThrows(() => Reflect.apply(torch.get_num_threads, null, [1, 2]), TypeError, "torch.get_num_threads() takes no arguments (2 given)");
  try {
    for (const [given, kept] of [[5, 5], [2 ** 31 - 1, 2 ** 31 - 1], [2 ** 32 + 1, 1], [1, 1]]) {
      assertEquals(torch.set_num_threads(given), undefined);
      assertEquals(torch.get_num_threads(), kept);
    }
  } finally {
    torch.set_num_threads(cores);
  }
});

Deno.test("set_num_interop_threads can be called once", () => {
  assertEquals(torch.get_num_interop_threads(), navigator.hardwareConcurrency);
  assertThrows(() => torch.set_num_interop_threads(0), torch.RuntimeError, "set_num_interop_threads expects a positive integer");
  torch.set_num_interop_threads(3);
  assertEquals(torch.get_num_interop_threads(), 3);
  const message = "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called";
  assertThrows(() => torch.set_num_interop_threads(4), torch.RuntimeError, message);
});

// ---- the same bits

type Floats = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

function* uniform(seed: number): Generator<number, never> {
  for (let state = seed;;) yield (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
}

Deno.test("products have the same bits for 1, 2 and 3 threads, for all transpositions, scales and odd shapes", () => {
  const random = uniform(1);
  const shapes = [[129, 257, 131], [300, 37, 401], [1, 900, 2500], [640, 1, 4000], [13, 1100, 250], [70, 520, 1100]];
  const scales = [[1, 0], [1, 1], [-0.5, 0.25]];
  const arrays: ((n: number) => Floats)[] = [(n) => new Float32Array(n), (n) => new Float64Array(n)];
  for (const array of arrays) {
    for (const [m, n, k] of shapes) {
      const a = array(m * k).map(() => random.next().value), b = array(k * n).map(() => random.next().value);
      const before = array(m * (n + 1)).map(() => random.next().value);
      for (const [left, right] of [[false, false], [false, true], [true, false], [true, true]]) {
        for (const [alpha, beta] of left === right ? scales : scales.slice(0, 1)) {
          const results = [1, 2, 3].map((count) =>
            withThreads(count, () => {
              const c = before.slice();
              gemm<Floats>(m, n, k, a, 0, left ? 1 : k, left ? m : 1, b, 0, right ? 1 : n, right ? k : 1, c, 0, n + 1, alpha, beta);
              return bits(c);
            })
          );
          assertEquals(results[1], results[0]);
          assertEquals(results[2], results[0]);
        }
      }
    }
  }
});

Deno.test("stacks of products and the gradients of a network have the same bits for 1, 2 and 3 threads", () => {
  torch.manual_seed(1);
  const f = torch.nn.functional;
  const a = torch.randn(70, 33, 29), b = torch.randn(70, 29, 41), c = torch.randn(70, 41, 29), d = torch.randn(70, 33, 24);
  const x = torch.randn(128, 300), target = torch.randint(0, 10, [128]);
  const weights = [torch.randn(257, 300), torch.randn(257), torch.randn(10, 257)].map((w) => w.requires_grad_());
  const results = [1, 2, 3].map((count) =>
    withThreads(count, () => {
      for (const w of weights) w.grad = null;
      f.cross_entropy(f.linear(f.linear(x, weights[0], weights[1]).relu(), weights[2]), target).backward();
      const products = [
        a.bmm(b),
        a.bmm(c.transpose(1, 2)),
        a.transpose(1, 2).bmm(d),
        torch.baddbmm(d.transpose(1, 2).bmm(d), d.transpose(1, 2), d, { beta: 2 }),
      ];
      return [...products, ...weights.map((w) => w.grad!)].map((t) => t.tolist());
    })
  );
  assertEquals(results[1], results[0]);
  assertEquals(results[2], results[0]);
});

Deno.test("a stack of products is each product by itself", () => {
  torch.manual_seed(2);
  const a = torch.randn(70, 33, 29), b = torch.randn(70, 41, 29).transpose(1, 2), input = torch.randn(70, 33, 41);
  const product = withThreads(2, () => torch.baddbmm(input, a, b, { alpha: 2 }));
  for (const i of [0, 1, 37, 69]) {
    assertEquals(product.select(0, i).tolist(), torch.addmm(input.select(0, i), a.select(0, i), b.select(0, i), { alpha: 2 }).tolist());
  }
});

Deno.test("the error of products is not above PyTorch's", () => {
  // root mean square of the error against float64 on the same numbers, PyTorch 2.6 with OpenBLAS
  for (const [n, theirs] of [[300, 5.400869275297043e-6], [512, 6.537482141472881e-6]]) {
    torch.manual_seed(0);
    const a = torch.randn(n, n), b = torch.randn(n, n);
    const error = withThreads(2, () => a.matmul(b)).double().sub(a.double().matmul(b.double()));
    assertLess(error.square().mean().sqrt().item() as number, theirs);
  }
});

// ---- blocks

Deno.test("a job's blocks are prepared and finished in order, each once, and computed by whoever is free", () => {
  for (const count of [1, 2, 3]) {
    const crew = crewOf(count);
    const size = 1000, blocks = 100;
    crew.engine.reserve(4 * size * crew.slots);
    const { float32 } = crew.engine;
    const prepared: number[] = [], finished: number[] = [];
    const job: Job = {
      blocks,
      prepare(block, slot, call) {
        prepared.push(block);
        const at = DATA_ADDRESS / 4 + size * slot;
        float32.fill(block ** 4, at, at + size);
        for (let i = 0; i < 2; i++) call("sqrt", 4 * at, 4 * (at + size));
      },
      finish(block, slot) {
        finished.push(block);
        const at = DATA_ADDRESS / 4 + size * slot;
        assertEquals(float32.slice(at, at + size), new Float32Array(size).fill(block));
      },
    };
    share(crew, job);
    assertEquals(prepared, Array.from({ length: blocks }, (_, i) => i));
    assertEquals(finished, prepared);
  }
  torch.set_num_threads(cores);
});

Deno.test("an error in a job passes through, and the next job runs", () => {
  const crew = crewOf(2);
  const prepare: Job["prepare"] = (block) => {
    if (block === 7) throw new RangeError("seven");
  };
  assertThrows(() => share(crew, { blocks: 10, prepare }), RangeError, "seven");
  assertThrows(() => share(crew, { blocks: 1, prepare: (_block, _slot, call) => call("nothing") }), RangeError, "cannot share nothing");
  const outside = 2 ** 30;
  assertThrows(() => share(crew, { blocks: 3, prepare: (_block, _slot, call) => call("sqrt", outside, outside + 16) }), Error, "a kernel failed");
  let finished = 0;
  share(crew, { blocks: 20, prepare: () => {}, finish: () => finished++ });
  assertEquals(finished, 20);
  torch.set_num_threads(cores);
});

// ---- other processes

/** Runs a program that imports this module as `torch` and returns what it prints; one that does not end fails. */
async function run(program: string, before = ""): Promise<string> {
  const place = (file: string) => JSON.stringify(new URL(`../${file}`, import.meta.url).href);
  const source = `${before}
    const torch = await import(${place("mod.ts")});
    const { gather: team } = await import(${place("src/kernels/threads/team.ts")});
    torch.set_num_threads(2);
    torch.manual_seed(0);
    const a = torch.randn(700, 700);
    const digest = (t) => new Uint32Array(Float32Array.from(t.flatten().tolist()).buffer).reduce((sum, x) => (Math.imul(sum, 31) + x) >>> 0, 0);
    const patiently = (until) => { for (const end = Date.now() + 10000; Date.now() < end && !until();) a.matmul(a); };
    ${program}`;
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    await Deno.writeTextFile(file, source);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", "--no-prompt", `--allow-import`, file],
      signal: AbortSignal.timeout(60_000),
    });
    const { success, stdout, stderr } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  } finally {
    await Deno.remove(file);
  }
}

const product = `console.log(digest(a.matmul(a)), team()?.started ?? "none");`;

Deno.test("a program with workers ends when it has nothing more to do", async () => {
  const text = await run(`patiently(() => team().started > 0 && team().state[3] > 0); new Promise(() => {}); ${product}`);
  assertEquals(text, await run(`torch.set_num_threads(1); ${product.replace("?.started", "?.started + 1")}`));
});

Deno.test("no worker starts at import, nor for work that is done before it would be there", async () => {
  const watch = `
    let asked = 0;
    const { getBuiltinModule } = process;
    process.getBuiltinModule = (name) => name.includes("worker") ? void asked++ : getBuiltinModule(name);
    globalThis.Worker = class { constructor() { asked++; } };`;
  const lesson = `const x = torch.ones(2, 2, { requires_grad: true }); x.add(2).square().mul(3).mean().backward(); a.narrow(0, 0, 100).matmul(a);`;
  assertEquals(await run(`${lesson} console.log(asked);`, watch), "0");
});

Deno.test("without shared memory, without workers, or where waiting is refused, one thread does it all, with the same bits", async () => {
  const usual = await run(`torch.set_num_threads(1); ${product}`);
  const none = usual.replace(/ .*/, " none");
  const noWorkers = "delete globalThis.process; delete globalThis.Worker;";
  for (
    const [before, expected] of [
      ["delete globalThis.SharedArrayBuffer;", none],
      ["globalThis.crossOriginIsolated = false;", none],
      ["Atomics.wait = () => { throw new TypeError('Atomics.wait cannot be called in this context'); };", none],
      ["WebAssembly.Memory = class extends WebAssembly.Memory { constructor(d) { if (d.shared) throw new RangeError(); super(d); } };", none],
      [noWorkers, usual.replace(/ .*/, " 64")],
      ["delete globalThis.process; globalThis.Worker = class { postMessage() {} };", usual.replace(/ .*/, " 1")],
    ]
  ) {
    assertEquals(await run(`patiently(() => team() === null || team().started > 0); ${product}`, before), expected);
  }
});

Deno.test("workers of the web share too", async () => {
  const program = `patiently(() => team().started > 0 && team().state[3] > 0); console.log(team().state[3], digest(a.matmul(a))); Deno.exit();`;
  assertEquals(await run(program, "delete globalThis.process;"), `1 ${(await run(`torch.set_num_threads(1); ${product}`)).replace(/ .*/, "")}`);
});

Deno.test("jobs that are over as soon as they begin end, however many follow each other", () => {
  const crew = crewOf(2);
  try {
    let finished = 0;
    const job: Job = { blocks: 1, prepare: () => {}, finish: () => finished++ };
    for (let i = 0; i < 20_000; i++) share(crew, job);
    assertEquals(finished, 20_000);
  } finally {
    torch.set_num_threads(cores);
  }
});
