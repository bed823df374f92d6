/** Large element-wise results, which are computed late and in blocks: nobody must be able to tell, from the values or from what happens to operands meanwhile. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as torch from "../mod.ts";
import { CELLS } from "../src/kernels/threads/cells.ts";
import { gather, startWorker } from "../src/kernels/threads/team.ts";
import { translate } from "../src/kernels/translate.ts";

type Tensor = torch.Tensor;

/** More elements than from where on results are put off, and no multiple of what goes into a block or a vector. */
const N = 70_001;
const ROWS = 281, COLUMNS = 251;

const SPECIAL = [0, -0, 1, -1, NaN, Infinity, -Infinity, 1e-40, 3e38, 0.5, -2.5];

/** Random numbers, special ones among them. */
function numbers(seed: number, n = N): Tensor {
  torch.manual_seed(seed);
  const t = torch.randn(n).mul(2);
  SPECIAL.forEach((x, i) => t.select(0, 7 + 4099 * i).fill_(x));
  return t;
}

const values = (t: Tensor): number[] => Array.from(t.detach().typed_array(), Number);

function assertSame(got: readonly number[], expected: readonly number[], what: string): void {
  assertEquals(got.length, expected.length, what);
  const wrong = got.findIndex((x, i) => !Object.is(x, expected[i]));
  assert(wrong < 0, `${what}: element ${wrong} is ${got[wrong]}, not ${expected[wrong]}`);
}

/** Whether float32 results are those of float64, which are never put off, but for a few roundings relative to `scale`. */
function assertClose(name: string, got: Tensor, exact: Tensor, scale = 1): void {
  assertEquals([...got.shape], [...exact.shape], name);
  assertEquals(got.dtype, torch.float32, name);
  const a = values(got), b = values(exact);
  for (let i = 0; i < a.length; i++) {
    const rounded = Math.fround(b[i]);
    if (Object.is(a[i], rounded) || (a[i] === rounded && a[i] === 0) || (a[i] !== a[i] && rounded !== rounded)) continue;
    assert(Math.abs(a[i] - b[i]) <= 2e-6 * (Math.abs(b[i]) + scale), `${name}: element ${i} is ${a[i]}, not ${b[i]}`);
  }
}

const F = torch.nn.functional;

const unary: Record<string, (x: Tensor) => Tensor> = {
  neg: (x) => x.neg(),
  abs: (x) => x.abs(),
  sqrt: (x) => x.sqrt(),
  rsqrt: (x) => x.abs().add(0.1).rsqrt(),
  reciprocal: (x) => x.reciprocal(),
  square: (x) => x.square(),
  pow3: (x) => x.clamp(-100, 100).pow(3),
  exp: (x) => x.clamp(-20, 3).exp(),
  log: (x) => x.abs().log(),
  log1p: (x) => x.abs().clamp(0, 1e30).log1p(),
  sin: (x) => x.clamp(-100, 100).sin(),
  cos: (x) => x.clamp(-100, 100).cos(),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  erf: (x) => x.erf(),
  relu: (x) => x.relu(),
  leaky_relu: (x) => F.leaky_relu(x, 0.1),
  gelu: (x) => F.gelu(x.clamp(-30, 30)),
  silu: (x) => F.silu(x.clamp(-80, 80)),
  softplus: (x) => F.softplus(x),
  elu: (x) => F.elu(x),
  clamp: (x) => x.clamp(-1, 0.5),
  clamp_nan: (x) => x.clamp(NaN, 1),
  floor: (x) => x.floor(),
  ceil: (x) => x.ceil(),
  trunc: (x) => x.trunc(),
  round: (x) => x.round(),
  sign: (x) => x.sign(),
  atan: (x) => x.atan(),
  lerp: (x) => x.clamp(-9, 9).lerp(x.clamp(-1, 1), 0.3),
};

for (const [name, op] of Object.entries(unary)) {
  Deno.test(`${name} of many elements`, () => {
    const x = numbers(1);
    assertClose(name, op(x), op(x.double()));
    const small = x.narrow(0, 0, 200);
    assertClose(`${name}, as of few`, op(small), op(small.double()));
  });
}

const binary: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  add: (x, y) => x.add(y),
  add_alpha: (x, y) => x.add(y, { alpha: -0.25 }),
  sub: (x, y) => x.sub(y),
  mul: (x, y) => x.mul(y),
  div: (x, y) => x.div(y.abs().add(0.5)),
  maximum: (x, y) => torch.maximum(x, y),
  minimum: (x, y) => torch.minimum(x, y),
  addcmul: (x, y) => x.addcmul(x, y, { value: 0.5 }),
  addcdiv: (x, y) => x.addcdiv(x, y.abs().add(0.5), { value: 2 }),
  rsub: (x, y) => torch.sub(1, x).mul(y),
};

const layouts: Record<string, () => [Tensor, Tensor]> = {
  "same shape": () => [numbers(1).reshape(-1), numbers(2)],
  "a row": () => [numbers(1, ROWS * COLUMNS).view(ROWS, COLUMNS), numbers(2, 50_000).narrow(0, 0, COLUMNS)],
  "a column": () => [numbers(1, ROWS * COLUMNS).view(ROWS, COLUMNS), numbers(2, 50_000).narrow(0, 0, ROWS).view(ROWS, 1)],
  "outer": () => [numbers(1, 50_000).narrow(0, 0, ROWS).view(ROWS, 1), numbers(2, 50_000).narrow(0, 0, COLUMNS)],
  "transposed": () => [numbers(1, ROWS * COLUMNS).view(ROWS, COLUMNS), numbers(2, ROWS * COLUMNS).view(COLUMNS, ROWS).t()],
  "strided": () => [numbers(1), numbers(2, 2 * N + 5).as_strided([N], [2], 5)],
  "a single number": () => [numbers(1), torch.tensor(0.75)],
  "an expanded number": () => [numbers(1), torch.tensor([-1.5]).expand(N)],
};

for (const [layout, make] of Object.entries(layouts)) {
  Deno.test(`operands of many elements: ${layout}`, () => {
    for (const [name, op] of Object.entries(binary)) {
      const [x, y] = make();
      assertClose(name, op(x.clamp(-1e3, 1e3), y.clamp(-1e3, 1e3)), op(x.double().clamp(-1e3, 1e3), y.double().clamp(-1e3, 1e3)), 4);
      assertClose(`${name}, turned round`, op(y.clamp(-9, 9), x.clamp(-9, 9)), op(y.double().clamp(-9, 9), x.double().clamp(-9, 9)), 4);
    }
  });
}

Deno.test("sums of what has not been computed are those of what has", () => {
  for (const sizes of [[N], [ROWS, COLUMNS], [COLUMNS, ROWS], [7, 100, 113], [70, 1, 1009], [3, 25_000], [25_000, 3]]) {
    const n = sizes.reduce((a, b) => a * b, 1);
    const make = () => {
      torch.manual_seed(3);
      return torch.randn(n).view(sizes);
    };
    const dims: (number[] | undefined)[] = [undefined, ...sizes.map((_, d) => [d]), [0, sizes.length - 1], [sizes.length - 2, sizes.length - 1]];
    for (const dim of dims.filter((d) => d === undefined || new Set(d).size === d.length && d.every((i) => i >= 0))) {
      const there = make().mul(1.5);
      values(there);
      for (const name of ["sum", "mean"] as const) {
        const reduce = (t: Tensor): Tensor => dim === undefined ? t[name]() : t[name](dim);
        assertEquals(values(reduce(make().mul(1.5))), values(reduce(there)), `${name} over ${dim} of ${sizes}`);
      }
      assertClose(
        "norm",
        dim === undefined ? make().mul(1.5).norm() : torch.linalg.vector_norm(make().mul(1.5), 2, dim),
        torch.linalg.vector_norm(there.double(), 2, dim),
        0,
      );
    }
  }
});

Deno.test("changes of operands do not reach results that have not been computed", () => {
  const make = () => numbers(4).nan_to_num(0, 1, -1).clamp(-5, 5);
  const changes: Record<string, (x: Tensor) => unknown> = {
    add_: (x) => x.add_(1),
    mul_: (x) => x.mul_(x),
    "add_ with alpha": (x) => x.add_(x, { alpha: 2 }),
    zero_: (x) => x.zero_(),
    fill_: (x) => x.fill_(3),
    copy_: (x) => x.copy_(torch.ones(N)),
    "copy_ of what is pending": (x) => x.copy_(x.mul(3)),
    "a view": (x) => x.narrow(0, 10, 60_000).mul_(2),
    "another view": (x) => x.view(-1).t().add_(1),
    "a strided view": (x) => x.as_strided([20_000], [3]).sub_(1),
    data: (x) => x.data.add_(1),
    "data before and after": (x) => [x.data, x.data.mul_(2)],
    out: (x) => torch.add(x, 1, { out: x }),
    index_put_: (x) => x.index_put_([torch.tensor([5], { dtype: torch.int64 })], torch.tensor(7, { dtype: torch.float32 })),
    masked_fill_: (x) => x.masked_fill_(x.gt(0), -1),
    normal_: (x) => x.normal_(),
    "the array itself": (x) => (x.typed_array({ copy: false }) as Float32Array).fill(9),
    addcmul_: (x) => x.addcmul_(x, x, { value: -1 }),
    clamp_: (x) => x.clamp_(0, 1),
    exp_: (x) => x.exp_(),
  };
  for (const [name, change] of Object.entries(changes)) {
    for (const computed of [true, false]) {
      const x = make();
      if (computed) values(x);
      const expected = values(make().mul(2).add(1));
      const y = x.mul(2);
      const z = y.add(1);
      const view = y.view(-1).narrow(0, 0, 100);
      change(x);
      assertSame(values(z), expected, `${name}, ${computed ? "computed" : "pending"}: result`);
      assertSame(values(view), values(make().mul(2)).slice(0, 100), `${name}: view of a result`);
    }
  }
});

Deno.test("changes of results that have not been computed", () => {
  const x = numbers(5).nan_to_num(0, 1, -1).clamp(-5, 5);
  const y = x.mul(2), z = y.add(1);
  assert(y.add_(10) === y);
  assertEquals(y._version, 1);
  y.mul_(y);
  const once = values(x).map((v) => Math.fround(Math.fround(v * 2) + 10));
  assertSame(values(y), once.map((v) => Math.fround(v * v)), "what was changed");
  assertSame(values(z), values(x).map((v) => Math.fround(Math.fround(v * 2) + 1)), "what was made of it before");
  const w = x.mul(3), view = w.narrow(0, 0, 10);
  view.fill_(1);
  assertEquals(values(w).slice(0, 12), [...new Array(10).fill(1), ...values(x.mul(3)).slice(10, 12)]);
});

Deno.test("a change of what backward needs is found although nothing has been computed", () => {
  const x = torch.randn(N, { requires_grad: true });
  const y = x.exp();
  const loss = y.mul(y).sum();
  y.add_(1);
  assertThrows(() => loss.backward(), torch.RuntimeError, "modified by an inplace operation");
});

Deno.test("gradients of long chains", () => {
  torch.manual_seed(6);
  const x = torch.randn(N, { requires_grad: true });
  const run = (t: Tensor): Tensor => {
    let y = t;
    for (let i = 0; i < 30; i++) y = y.mul(0.9).add(t.sin()).tanh();
    return y.mul(y).sum();
  };
  run(x).backward();
  const exact = x.detach().double().requires_grad_();
  run(exact).backward();
  assertClose("gradient", x.grad!, exact.grad!, 1);
});

Deno.test("an array that its user changes is read when it is asked for", () => {
  const x = torch.ones(N), array = x.typed_array({ copy: false }) as Float32Array;
  const y = x.add(1);
  array.fill(5);
  assertEquals(y.sum().item(), 2 * N);
  assertEquals(x.add(1).sum().item(), 6 * N);
});

/** What a program does to one of three tensors. */
const step = fc.record({
  op: fc.constantFrom("add", "mul", "sub", "tanh", "add_", "mul_", "sub_", "tanh_", "view", "copy_", "look", "sum", "clamp", "column"),
  a: fc.nat(2),
  b: fc.nat(2),
  to: fc.nat(2),
});

Deno.test("programs of many elements give what they give in float64", () => {
  const run = (dtype: torch.DType, steps: { op: string; a: number; b: number; to: number }[]): Tensor[] => {
    torch.manual_seed(8);
    const t = [0, 1, 2].map(() => torch.randn(200, 200).to(dtype));
    for (const { op, a, b, to } of steps) {
      if (op === "add") t[to] = t[a].add(t[b]);
      else if (op === "mul") t[to] = t[a].mul(t[b]).tanh();
      else if (op === "sub") t[to] = t[a].sub(t[b]);
      else if (op === "tanh") t[to] = t[a].tanh();
      else if (op === "add_") t[a].add_(t[b]);
      else if (op === "mul_") t[a].mul_(t[b]).tanh_();
      else if (op === "sub_") t[a].narrow(0, 3, 180).sub_(t[b].narrow(0, 3, 180));
      else if (op === "tanh_") t[a].tanh_();
      else if (op === "view") t[to] = t[a].t().mul(0.5);
      else if (op === "copy_") t[a].copy_(t[b].mul(0.25));
      else if (op === "look") t[a].typed_array();
      else if (op === "sum") t[to] = t[a].mul(0.01).add(t[b].mean(1, true));
      else if (op === "clamp") t[to] = t[a].clamp(-1, 1);
      else t[to] = t[a].mul(t[b].narrow(1, 7, 1));
    }
    return t;
  };
  fc.assert(
    fc.property(fc.array(step, { minLength: 3, maxLength: 12 }), (steps) => {
      const single = run(torch.float32, steps), double = run(torch.float64, steps);
      single.forEach((t, i) => assertClose(`tensor ${i}`, t, double[i], 200));
    }),
    { numRuns: 40 },
  );
});

Deno.test("texts of scalar functions: what is understood, and what is not", () => {
  const f = Math.fround;
  const names = (g: (...x: number[]) => unknown) => translate(g)?.steps.map((s) => s.name) ?? null;
  assertEquals(names((a, b) => a * b), ["mul"]);
  assertEquals(names((a, b, c) => a + b * c), ["madd"]);
  assertEquals(names((a, b, c) => a + f(b * c)), ["mul", "add"]);
  assertEquals(names((x) => x < 0 ? 0 : x), ["lt", "select"]);
  assertEquals(
    names((x) => {
      const y = Math.exp(-x);
      return 1 / (1 + y);
    }),
    ["neg", "exp", "add", "div"],
  );
  // a function that is not rounding, a bit operation, a loop, a name from outside
  const helper = (x: number) => x + 1;
  assertEquals(names((x) => helper(x)), null);
  assertEquals(names((x) => x | 0), null);
  assertEquals(names((x) => Math.cbrt(x)), null);
  assertEquals(names((x) => x * N), null);
  assertEquals(names((x) => x % 2), null);
});

Deno.test("threads share elementary functions, with the same bits for every number of them", () => {
  torch.manual_seed(9);
  const x = torch.randn(500, 1009);
  const run = () => {
    const y = x.sigmoid().tanh().exp(), z = y.mul(x.sin()).add(y);
    return [z.sum(), z.sum(0), y.sum(1), z, y, x.log1p().neg()].flatMap(values);
  };
  const before = torch.get_num_threads();
  try {
    torch.set_num_threads(1);
    const alone = run();
    const team = gather();
    assert(team !== null);
    while (team.started < 2) startWorker(team);
    for (const end = Date.now() + 20_000; Atomics.load(team.state, CELLS.ready) < 2;) {
      assert(Date.now() < end, "the workers have not started");
      Atomics.wait(team.state, CELLS.ready, Atomics.load(team.state, CELLS.ready), 100);
    }
    for (const n of [2, 3, 1]) {
      torch.set_num_threads(n);
      assertSame(run(), alone, `${n} threads`);
    }
  } finally {
    torch.set_num_threads(before);
  }
});
