/** Properties that must hold for any shape: broadcasting by its definition, views against copies, linearity of backward, sharing in graphs. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as torch from "../mod.ts";
import { broadcastPosition, broadcastShape, indices, ravel, reindex, size, type View, wholeView } from "./support/model.ts";

const tensor = (values: number[], shape: number[], requires_grad = false): torch.Tensor =>
  torch.tensor(values, { dtype: torch.float64 }).reshape(shape).clone().requires_grad_(requires_grad);
const flat = (t: torch.Tensor | null): number[] => t === null ? [] : Array.from(t.detach().typed_array(), Number);
const small = fc.integer({ min: -4, max: 4 });
const shapes = (max = 4) => fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: max });
const valuesFor = (shape: readonly number[]) => fc.array(small, { minLength: size(shape), maxLength: size(shape) });

/** A shape that broadcasts into `shape`: leading dimensions left out, some of the others 1. */
const operandOf = (shape: number[]) =>
  fc.tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }))
    .map(([skip, ones]) => shape.map((n, d) => ones[d] ? 1 : n).slice(skip));

/** Two operands with their values, and values for a cotangent of the result. */
const operands = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 })
  .chain((shape) => fc.tuple(operandOf(shape), operandOf(shape)))
  .chain(([a, b]) => {
    const out = broadcastShape(a, b) ?? [];
    return fc.record({ a: fc.constant(a), b: fc.constant(b), out: fc.constant(out), x: valuesFor(a), y: valuesFor(b), g: valuesFor(out) });
  });

Deno.test("broadcasting: each element of the result reads the operands at its own index", () => {
  fc.assert(fc.property(operands, ({ a, b, out, x, y }) => {
    const sub = tensor(x, a).sub(tensor(y, b));
    assertEquals([...sub.shape], out);
    assertEquals(flat(sub), [...indices(out)].map((index) => x[broadcastPosition(index, a)] - y[broadcastPosition(index, b)]));
    const [left, right] = torch.broadcast_tensors(tensor(x, a), tensor(y, b));
    assertEquals(flat(left), [...indices(out)].map((index) => x[broadcastPosition(index, a)]));
    assertEquals(flat(right), flat(tensor(y, b).expand(out)));
  }));
});

Deno.test("broadcasting: shapes that do not fit raise and leave the operands alone", () => {
  fc.assert(fc.property(shapes(), shapes(), (a, b) => {
    fc.pre(broadcastShape(a, b) === null);
    const x = torch.ones(a), y = torch.ones(b);
    assertThrows(() => x.mul(y), torch.RuntimeError, "must match the size of tensor b");
    assertThrows(() => x.mul_(y), torch.RuntimeError);
    assertEquals([[...x.shape], x._version, flat(x)], [a, 0, flat(torch.ones(a))]);
  }));
});

Deno.test("broadcasting: a gradient is the sum over the elements that read the input's element", () => {
  fc.assert(fc.property(operands, ({ a, b, out, x, y, g }) => {
    const left = tensor(x, a, true), right = tensor(y, b, true);
    left.mul(right).backward(tensor(g, out));
    const gradLeft = x.map(() => 0), gradRight = y.map(() => 0);
    for (const index of indices(out)) {
      const i = broadcastPosition(index, a), j = broadcastPosition(index, b), cotangent = g[ravel(index, out)];
      gradLeft[i] += cotangent * y[j];
      gradRight[j] += cotangent * x[i];
    }
    assertEquals([flat(left.grad), flat(right.grad)], [gradLeft, gradRight]);
    assertEquals([[...left.grad?.shape ?? []], [...right.grad?.shape ?? []]], [a, b]);
  }));
});

/** A step from a view to a view: `u` are numbers in [0, 1) that choose among what the shape allows. */
interface Step {
  name: string;
  /** Whether an element may be seen twice, so that writing through it is refused or not a copy's business. */
  repeats?: boolean;
  apply(u: number[], tensor: torch.Tensor, view: View): [torch.Tensor, View] | null;
}

const choose = (u: number, n: number) => Math.min(n - 1, Math.floor(u * n));
const replaceAt = <T>(list: T[], at: number, ...items: T[]) => [...list.slice(0, at), ...items, ...list.slice(at + 1)];

const STEPS: Step[] = [
  {
    name: "transpose",
    apply([u, v], t, view) {
      const rank = view.shape.length;
      if (rank < 2) return null;
      const a = choose(u, rank), b = choose(v, rank);
      const swap = (list: number[]) => list.map((x, d) => d === a ? list[b] : d === b ? list[a] : x);
      return [t.transpose(a, b - rank), reindex(view, swap(view.shape), swap)];
    },
  },
  {
    name: "permute",
    apply(u, t, view) {
      const dims = view.shape.map((_, d) => d).sort((a, b) => u[a % 3] * (a + 1) - u[b % 3] * (b + 1));
      const shape = dims.map((d) => view.shape[d]);
      return [t.permute(dims), reindex(view, shape, (index) => view.shape.map((_, d) => index[dims.indexOf(d)]))];
    },
  },
  {
    name: "slice",
    apply([u, v, w], t, view) {
      const rank = view.shape.length;
      if (rank === 0) return null;
      const dim = choose(u, rank), n = view.shape[dim], start = choose(v, n + 1), step = 1 + choose(w, 3);
      const shape = replaceAt(view.shape, dim, Math.ceil((n - start) / step));
      const whole = Array.from({ length: dim }, () => torch.slice());
      return [t.index(...whole, torch.slice(start, null, step)), reindex(view, shape, (index) => replaceAt(index, dim, start + index[dim] * step))];
    },
  },
  {
    name: "narrow",
    apply([u, v, w], t, view) {
      const rank = view.shape.length;
      if (rank === 0) return null;
      const dim = choose(u, rank), start = choose(v, view.shape[dim] + 1), length = choose(w, view.shape[dim] - start + 1);
      return [t.narrow(dim, start, length), reindex(view, replaceAt(view.shape, dim, length), (index) => replaceAt(index, dim, start + index[dim]))];
    },
  },
  {
    name: "select",
    apply([u, v], t, view) {
      const rank = view.shape.length;
      if (rank === 0) return null;
      const dim = choose(u, rank), n = view.shape[dim];
      if (n === 0) return null;
      const at = choose(v, n);
      return [t.select(dim, at - n), reindex(view, replaceAt(view.shape, dim), (index) => [...index.slice(0, dim), at, ...index.slice(dim)])];
    },
  },
  {
    name: "unsqueeze",
    apply([u], t, view) {
      const dim = choose(u, view.shape.length + 1);
      const shape = [...view.shape.slice(0, dim), 1, ...view.shape.slice(dim)];
      return [t.unsqueeze(dim), reindex(view, shape, (index) => replaceAt(index, dim))];
    },
  },
  {
    name: "squeeze",
    apply(_, t, view) {
      return [t.squeeze(), { shape: view.shape.filter((n) => n !== 1), positions: view.positions }];
    },
  },
  {
    name: "diagonal",
    apply([u], t, view) {
      const [n, m, ...rest] = view.shape;
      if (m === undefined) return null;
      const offset = choose(u, m + 1);
      const shape = [...rest, Math.max(0, Math.min(n, m - offset))];
      return [t.diagonal(offset), reindex(view, shape, (index) => [index[rest.length], index[rest.length] + offset, ...index.slice(0, -1)])];
    },
  },
  {
    name: "unflatten",
    apply([u], t, view) {
      const rank = view.shape.length;
      if (rank === 0) return null;
      const dim = choose(u, rank), n = view.shape[dim], outer = [1, 2, 3].filter((k) => n % k === 0).at(-1) ?? 1, inner = n / outer;
      if (n === 0) return null;
      const shape = replaceAt(view.shape, dim, outer, inner);
      return [t.unflatten(dim, [outer, inner]), { shape, positions: view.positions }];
    },
  },
  {
    name: "split",
    apply([u, v], t, view) {
      const n = view.shape[0];
      if (!n) return null;
      const length = 1 + choose(u, n), parts = Math.ceil(n / length), part = choose(v, parts);
      const taken = Math.min(length, n - part * length);
      return [t.narrow(0, 0, n).split(length)[part], reindex(view, replaceAt(view.shape, 0, taken), ([i, ...rest]) => [i + part * length, ...rest])];
    },
  },
  {
    name: "expand",
    repeats: true,
    apply([u], t, view) {
      const added = 1 + choose(u, 3);
      const shape = [added, ...view.shape.map((n) => n === 1 ? 2 : n)];
      return [t.expand(shape), reindex(view, shape, ([_, ...index]) => index.map((i, d) => view.shape[d] === 1 ? 0 : i))];
    },
  },
  {
    name: "unfold",
    repeats: true,
    apply([u, v, w], t, view) {
      const rank = view.shape.length;
      if (rank === 0 || rank > 4) return null;
      const dim = choose(u, rank), n = view.shape[dim];
      if (n === 0) return null;
      const window = 1 + choose(v, n), step = 1 + choose(w, 2);
      const shape = [...replaceAt(view.shape, dim, Math.floor((n - window) / step) + 1), window];
      return [t.unfold(dim, window, step), reindex(view, shape, (index) => replaceAt(index.slice(0, -1), dim, index[dim] * step + index[rank]))];
    },
  },
];
const WRITABLE = STEPS.filter((s) => !s.repeats && s.name !== "split");

type Chain = { step: Step; u: number[] }[];
const unit = fc.double({ min: 0, max: 0.999, noNaN: true });
const chains = (steps: Step[]) =>
  fc.array(fc.record({ step: fc.constantFrom(...steps), u: fc.array(unit, { minLength: 3, maxLength: 3 }) }), { minLength: 1, maxLength: 5 });

/** Applies a chain to a tensor and to the positions that it should read; steps that the shape does not allow are left out. */
function walk(chain: Chain, base: torch.Tensor): [torch.Tensor, View] {
  let at: [torch.Tensor, View] = [base, wholeView([...base.shape])];
  for (const { step, u } of chain) {
    const next = step.apply(u, ...at);
    if (next !== null && next[1].shape.length <= 6 && next[1].positions.length <= 500) at = next;
  }
  return at;
}

const based = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) =>
  fc.record({ shape: fc.constant(shape), x: valuesFor(shape) })
);
const weights = (n: number, seed: number) => Array.from({ length: n }, (_, i) => ((i * 7 + seed * 3) % 11) - 5);

Deno.test("views: a chain of views reads the elements that its definition names", () => {
  fc.assert(
    fc.property(based, chains(STEPS), ({ shape, x }, chain) => {
      const base = tensor(x, shape);
      const [view, model] = walk(chain, base);
      assertEquals([...view.shape], model.shape);
      assertEquals(flat(view), model.positions.map((p) => x[p]));
      assertEquals(flat(view.contiguous()), flat(view));
    }),
    { numRuns: 300 },
  );
});

Deno.test("views: the gradient through a chain is the sum over the elements that read a position", () => {
  fc.assert(
    fc.property(based, chains(STEPS), ({ shape, x }, chain) => {
      const base = tensor(x, shape, true);
      const [view, model] = walk(chain, base);
      const c = weights(model.positions.length, 1);
      view.backward(tensor(c, model.shape));
      const expected = x.map(() => 0);
      model.positions.forEach((p, j) => expected[p] += c[j]);
      assertEquals(flat(base.grad), expected);
    }),
    { numRuns: 300 },
  );
});

Deno.test("views: writing through a chain changes exactly the elements of the base that it reads", () => {
  fc.assert(
    fc.property(based, chains(WRITABLE), ({ shape, x }, chain) => {
      const base = tensor(x, shape);
      const [view, model] = walk(chain, base);
      view.mul_(3).add_(1);
      const expected = [...x];
      for (const p of model.positions) expected[p] = x[p] * 3 + 1;
      assertEquals(flat(base), expected);
      assertEquals([base._version, view._version], [2, 2]);
    }),
    { numRuns: 300 },
  );
});

Deno.test("views: gradients of a write through a chain agree with the same computed on copies", () => {
  fc.assert(
    fc.property(based, chains(WRITABLE), ({ shape, x }, chain) => {
      const leaf = tensor(x, shape, true);
      const base = leaf.mul(1);
      const [view, model] = walk(chain, base);
      const w = weights(model.positions.length, 2), c = weights(x.length, 3);
      const factor = tensor(w, model.shape, true);
      view.mul_(factor);
      base.backward(tensor(c, shape));
      const expectedBase = [...x], expectedLeaf = [...c];
      model.positions.forEach((p, j) => {
        expectedBase[p] = x[p] * w[j];
        expectedLeaf[p] = c[p] * w[j];
      });
      assertEquals(flat(base), expectedBase);
      assertEquals(flat(view), model.positions.map((p) => expectedBase[p]));
      assertEquals(flat(leaf.grad), expectedLeaf);
      assertEquals(flat(factor.grad), model.positions.map((p) => c[p] * x[p]));
    }),
    { numRuns: 200 },
  );
});

Deno.test("views: the view of a base that was written to has the gradient of the new elements", () => {
  fc.assert(fc.property(based, chains(WRITABLE), ({ shape, x }, chain) => {
    const leaf = tensor(x, shape, true);
    const base = leaf.mul(1);
    const [view, model] = walk(chain, base);
    base.mul_(leaf);
    const c = weights(model.positions.length, 4);
    view.backward(tensor(c, model.shape));
    const expected = x.map(() => 0);
    model.positions.forEach((p, j) => expected[p] += 2 * c[j] * x[p]);
    assertEquals(flat(leaf.grad), expected);
  }));
});

Deno.test("indexing: rows taken by an index tensor, and their gradient", () => {
  const cases = fc.record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 0, max: 3 }) })
    .chain(({ rows, columns }) =>
      fc.record({
        x: valuesFor([rows, columns]),
        shape: fc.constant([rows, columns]),
        at: fc.array(fc.integer({ min: -rows, max: rows - 1 }), { maxLength: 5 }),
      })
    );
  fc.assert(fc.property(cases, ({ x, shape: [rows, columns], at }) => {
    const leaf = tensor(x, [rows, columns], true);
    const taken = leaf.index(torch.tensor(at, { dtype: torch.int64 }));
    const positions = at.flatMap((i) => Array.from({ length: columns }, (_, j) => (i < 0 ? i + rows : i) * columns + j));
    assertEquals(flat(taken), positions.map((p) => x[p]));
    const c = weights(positions.length, 5);
    taken.backward(tensor(c, [at.length, columns]));
    const expected = x.map(() => 0);
    positions.forEach((p, j) => expected[p] += c[j]);
    assertEquals(flat(leaf.grad), expected);
  }));
});

Deno.test("reductions: a sum over dimensions adds the elements that differ in them only", () => {
  const cases = shapes().chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      x: valuesFor(shape),
      dims: fc.subarray(shape.map((_, d) => d), { minLength: Math.min(1, shape.length) }),
      keepdim: fc.boolean(),
    })
  );
  fc.assert(fc.property(cases, ({ shape, x, dims, keepdim }) => {
    fc.pre(dims.length > 0);
    const out = shape.flatMap((n, d) => dims.includes(d) ? keepdim ? [1] : [] : [n]);
    const expected = new Array<number>(size(out)).fill(0);
    for (const index of indices(shape)) expected[ravel(index.flatMap((i, d) => dims.includes(d) ? keepdim ? [0] : [] : [i]), out)] += x[ravel(index, shape)];
    const sum = tensor(x, shape).sum(dims, { keepdim });
    assertEquals([...sum.shape], out);
    assertEquals(flat(sum), expected);
  }));
});

Deno.test("matmul: each element is the sum of products along the shared dimension, batches broadcast", () => {
  const edge = fc.integer({ min: 0, max: 4 });
  const cases = fc.tuple(edge, edge, edge, shapes(2)).chain(([n, k, m, batch]) =>
    fc.tuple(operandOf(batch), operandOf(batch)).chain(([p, q]) => {
      const a = [...p, n, k], b = [...q, k, m];
      return fc.record({ a: fc.constant(a), b: fc.constant(b), x: valuesFor(a), y: valuesFor(b) });
    })
  );
  fc.assert(fc.property(cases, ({ a, b, x, y }) => {
    const batch = broadcastShape(a.slice(0, -2), b.slice(0, -2)) ?? [], n = a[a.length - 2], k = a[a.length - 1], m = b[b.length - 1];
    const out = [...batch, n, m];
    const product = tensor(x, a).matmul(tensor(y, b));
    assertEquals([...product.shape], out);
    const expected = [...indices(out)].map((index) => {
      const outer = index.slice(0, -2), [i, j] = index.slice(-2);
      const left = broadcastPosition(outer, a.slice(0, -2)) * n * k, right = broadcastPosition(outer, b.slice(0, -2)) * k * m;
      let sum = 0;
      for (let l = 0; l < k; l++) sum += x[left + i * k + l] * y[right + l * m + j];
      return sum;
    });
    assertEquals(flat(product), expected);
  }));
});

Deno.test("gather and scatter_add are adjoint", () => {
  const cases = fc.integer({ min: 1, max: 5 }).chain((n) => fc.record({ x: valuesFor([n]), at: fc.array(fc.nat(n - 1), { minLength: 1, maxLength: 6 }) }));
  fc.assert(fc.property(cases, ({ x, at }) => {
    const index = torch.tensor(at, { dtype: torch.int64 }), y = tensor(weights(at.length, 6), [at.length]);
    const left = tensor(x, [x.length]).gather(0, index).dot(y);
    const right = torch.zeros(x.length, { dtype: torch.float64 }).scatter_add(0, index, y).dot(tensor(x, [x.length]));
    assertEquals(left.item(), right.item());
  }));
});

/** Functions of one tensor whose backward is tried; all of them are smooth. */
const FUNCTIONS: Record<string, (x: torch.Tensor) => torch.Tensor> = {
  tanh: (x) => x.tanh(),
  "a product with itself transposed": (x) => x.mul(2).sin().matmul(x.transpose(0, 1)),
  softmax: (x) => x.softmax(1),
  "views and reductions": (x) => x.unsqueeze(0).expand(2, -1, -1).sum(2).exp(),
  "in place": (x) => x.clone().mul_(3).sigmoid_(),
  "normalised rows": (x) => x.div(x.pow(2).sum(1, { keepdim: true }).add(1)),
};

for (const [name, f] of Object.entries(FUNCTIONS)) {
  Deno.test(`backward is linear in the cotangent: ${name}`, () => {
    fc.assert(
      fc.property(valuesFor([2, 3]), small, small, fc.nat(100), (x, a, b, seed) => {
        const leaf = tensor(x, [2, 3], true);
        const out = f(leaf.div(4));
        const u = tensor(weights(out.numel(), seed), [...out.shape]), v = tensor(weights(out.numel(), seed + 1), [...out.shape]);
        const vjp = (g: torch.Tensor) => torch.autograd.grad(out, leaf, g, { retain_graph: true })[0];
        const together = flat(vjp(u.mul(a).add(v.mul(b)))), apart = flat(vjp(u).mul(a).add(vjp(v).mul(b)));
        together.forEach((g, i) => assertAlmostEquals(g, apart[i], 1e-12));
      }),
      { numRuns: 30 },
    );
  });
}

Deno.test("backward adds: two passes give the sum of their gradients", () => {
  fc.assert(fc.property(valuesFor([4]), fc.nat(100), (x, seed) => {
    const leaf = tensor(x, [4], true);
    const out = leaf.pow(3);
    const u = tensor(weights(4, seed), [4]), v = tensor(weights(4, seed + 5), [4]);
    out.backward(u, { retain_graph: true });
    out.backward(v);
    assertEquals(flat(leaf.grad), x.map((xi, i) => 3 * xi * xi * (weights(4, seed)[i] + weights(4, seed + 5)[i])));
  }));
});

/** A number with its derivative along one input: forward mode, to hold the engine against. */
type Dual = [value: number, derivative: number];
const SCALAR_OPS: [(a: torch.Tensor, b: torch.Tensor) => torch.Tensor, (a: Dual, b: Dual) => Dual][] = [
  [(a, b) => a.add(b), ([a, da], [b, db]) => [a + b, da + db]],
  [(a, b) => a.sub(b), ([a, da], [b, db]) => [a - b, da - db]],
  [(a, b) => a.mul(b), ([a, da], [b, db]) => [a * b, da * b + a * db]],
  [(a) => a.sin(), ([a, da]) => [Math.sin(a), Math.cos(a) * da]],
  [(a) => a.tanh(), ([a, da]) => [Math.tanh(a), (1 - Math.tanh(a) ** 2) * da]],
  [(a) => a.clone().mul_(2), ([a, da]) => [2 * a, 2 * da]],
];

Deno.test("a random graph of scalars, with results used many times, has the gradients of forward mode", () => {
  const program = fc.array(fc.record({ op: fc.nat(SCALAR_OPS.length - 1), a: unit, b: unit }), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(program, fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true })), (steps, inputs) => {
      const leaves = inputs.map((v) => tensor([v], [], true));
      const nodes = [...leaves];
      const duals = inputs.map((_, k) => inputs.map((v, i): Dual => [v, i === k ? 1 : 0]));
      for (const { op, a, b } of steps) {
        const [record, forward] = SCALAR_OPS[op];
        const i = choose(a, nodes.length), j = choose(b, nodes.length);
        nodes.push(record(nodes[i], nodes[j]));
        duals.forEach((d) => d.push(forward(d[i], d[j])));
      }
      const out = nodes[nodes.length - 1];
      if (!Number.isFinite(Number(out.item())) || Math.abs(Number(out.item())) > 1e6) return;
      out.backward();
      leaves.forEach((leaf, k) => {
        const derivative = duals[k][nodes.length - 1][1];
        assertAlmostEquals(Number(leaf.grad?.item() ?? 0), derivative, 1e-9 * (1 + Math.abs(derivative)));
      });
    }),
    { numRuns: 300 },
  );
});
