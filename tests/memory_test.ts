import { assert, assertEquals, assertLess } from "@std/assert";

const mod = new URL("../mod.ts", import.meta.url);

/** Garbage can be collected on demand; and code is compiled at once and for good, because what a compiler makes of hot code stands on the heap too. */
const FLAGS = "--expose-gc,--always-sparkplug,--no-maglev,--no-opt,--no-lazy-feedback-allocation";

/** Runs a program that may collect garbage by `await collect()` and returns what it printed, parsed. */
async function measure<T>(program: string): Promise<T> {
  const text = `
import * as torch from "${mod}";
/** Weak references are kept until the job ends in which they were looked at, so that collecting takes a turn of the event loop. */
async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    (globalThis as typeof globalThis & { gc: () => void }).gc();
  }
}
${program}`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, text);
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args: ["run", "--no-check", "--allow-read", `--v8-flags=${FLAGS}`, file] })
      .output();
    assert(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout)) as T;
  } finally {
    await Deno.remove(file);
  }
}

/** Bytes by which the heap may grow over a test: less than one small object for each of ten thousand steps. */
const SLACK = 50_000;

Deno.test("ten thousand training steps leave the heap where it was after the first hundred", async () => {
  const { early, late, first, last } = await measure<{ early: number; late: number; first: number; last: number }>(`
torch.manual_seed(0);
const { nn } = torch;
const model = new nn.Sequential(new nn.Linear(4, 16), new nn.Tanh(), new nn.Linear(16, 1));
const optimizer = new torch.optim.Adam(model.parameters(), { lr: 0.01 });
const x = torch.randn(8, 4), target = x.sum(1, { keepdim: true });
let loss = 0;
function train(steps: number): void {
  for (let i = 0; i < steps; i++) {
    optimizer.zero_grad();
    const error = nn.functional.mse_loss(model.call(x), target);
    error.backward();
    optimizer.step();
    loss = error.item();
  }
}
async function used(): Promise<number> {
  await collect();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
train(100);
const first = loss, early = await used();
train(9900);
console.log(JSON.stringify({ early, late: await used(), first, last: loss }));
`);
  assertLess(last, first / 100); // it did learn
  assertLess(late - early, SLACK);
});

Deno.test("graphs made by every kind of use leave nothing behind", async () => {
  const { early, late } = await measure<{ early: number; late: number }>(`
const x = torch.randn(16, 16, { requires_grad: true });
class Square extends torch.autograd.Function {
  static override forward(ctx: torch.autograd.FunctionCtx, t: torch.Tensor) {
    ctx.save_for_backward(t);
    return t.mul(t);
  }
  static override backward(ctx: torch.autograd.FunctionCtx, grad: torch.Tensor) {
    return grad.mul(ctx.saved_tensors[0]).mul(2);
  }
}
function use(): void {
  const y = Square.apply(x) as torch.Tensor;
  y.retain_grad();
  const handle = y.register_hook((grad: torch.Tensor) => grad.mul(2));
  const [g] = torch.autograd.grad(y.sin().sum(), [x], { create_graph: true });
  g!.pow(2).sum().backward();
  handle.remove();
  x.grad = null;
  x.clone().view(-1).add_(1).sum(); // a graph that backward never sees
  torch.autograd.graph.saved_tensors_hooks((t) => t, (t) => t as torch.Tensor, () => x.exp().sum()).backward();
  x.grad = null;
  torch.viz.make_dot(x.mul(2));
  try {
    x.mul(2).backward(); // fails: not a scalar
  } catch { /* as it should */ }
}
async function used(): Promise<number> {
  await collect();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
for (let i = 0; i < 100; i++) use();
const early = await used();
for (let i = 0; i < 1000; i++) use();
console.log(JSON.stringify({ early, late: await used() }));
`);
  assertLess(late - early, SLACK);
});

Deno.test("a graph that nobody holds is garbage; one that a result holds is not", async () => {
  const { held, dropped, freed, leaf } = await measure<Record<"held" | "dropped" | "freed" | "leaf", boolean[]>>(`
const x = torch.ones(1000, { requires_grad: true });
let y: torch.Tensor | null = null;
/** Weak references to a tensor in the middle of a graph, to its node and to the memory that it saved. */
function build(): WeakRef<object>[] {
  const middle = x.exp();
  y = middle.sin().sum();
  return [new WeakRef(middle), new WeakRef(middle.grad_fn!), new WeakRef(middle.typed_array({ copy: false }).buffer)];
}
const alive = (refs: WeakRef<object>[]) => refs.map((ref) => ref.deref() !== undefined);
const refs = build();
await collect();
const held = alive(refs);
y!.backward();
await collect();
const freed = alive(refs);
y = null;
await collect();
const dropped = alive(refs);
console.log(JSON.stringify({ held, freed, dropped, leaf: [x.grad !== null] }));
`);
  assertEquals(held.slice(1), [true, true]); // the node, and the values that sin has saved
  assertEquals(freed.slice(1), [true, false]); // backward lets go of what was saved
  assertEquals(dropped, [false, false, false]);
  assertEquals(leaf, [true]);
});
