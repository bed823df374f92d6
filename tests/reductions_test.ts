/** Reductions of tensors large enough for WebAssembly, against their definitions in float64: all layouts, special numbers, edges of blocks. */

import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

type Tensor = torch.TensorClass;

/** Numbers in [-1, 1) that are the same in every run. */
function* uniform(seed: number): Generator<number, never> {
  let state = seed;
  while (true) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 31 - 1;
  }
}

/** A tensor with the elements of `value`, in row-major order. */
function filled(shape: number[], dtype: torch.DType, value: () => number): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return torch.tensor(Array.from({ length: count }, value), { dtype }).reshape(shape);
}

/** The groups of elements, given in row-major order, that a reduction over `dims` folds; the kept positions come in row-major order too. */
function groupsOf(elements: number[], [a, b, c]: number[], dims: number[]): number[][] {
  const steps = [0, 0, 0];
  let count = 1;
  for (let d = 2; d >= 0; d--) {
    if (dims.includes(d)) continue;
    steps[d] = count;
    count *= [a, b, c][d];
  }
  const groups: number[][] = Array.from({ length: count }, () => []);
  let at = 0;
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) for (let k = 0; k < c; k++) groups[i * steps[0] + j * steps[1] + k * steps[2]].push(elements[at++]);
  }
  return groups;
}

/** Layouts of an array of three dimensions: as it is, permuted, a part of a larger one, with a step, repeated. */
const LAYOUTS: [string, (t: Tensor) => Tensor][] = [
  ["dense", (t) => t],
  ["transposed", (t) => t.permute(2, 0, 1).contiguous().permute(1, 2, 0)],
  ["swapped", (t) => t.transpose(0, 1).contiguous().transpose(0, 1)],
  ["part", (t) => torch.cat([t, t, t], 2).narrow(2, t.size(2), t.size(2))],
  ["offset", (t) => torch.cat([t.new_zeros([1, t.size(1), t.size(2)]), t]).narrow(0, 1, t.size(0))],
  ["stepped", (t) => torch.stack([t, t.neg()], 3).select(3, 0)],
  ["repeated", (t) => t.narrow(0, 0, 1).expand(t.size(0), -1, -1)],
];

// edges of runs, of narrow rows, of strips and blocks
const SHAPES = [[3, 5, 7], [2, 9, 17], [1, 1, 4097], [1, 4100, 1], [3, 70, 33], [2, 1030, 3], [40, 8, 16], [1, 3, 2051], [9, 1, 300]];
const DIMS = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]];

/** Calls `check` with tensors of every layout, of the two dtypes in turn, the dimensions to reduce, and the groups they make. */
function each(value: () => number, check: (name: string, t: Tensor, dims: number[], groups: number[][]) => void): void {
  SHAPES.forEach((shape, i) =>
    LAYOUTS.forEach(([layout, lay], j) => {
      const dtype = (i + j) % 2 === 0 ? torch.float32 : torch.float64;
      const t = lay(filled(shape, dtype, value));
      const elements = numbers(t);
      for (const dims of DIMS) check(`${dtype} [${shape}] ${layout} over ${dims}`, t, dims, groupsOf(elements, shape, dims));
    })
  );
}

const numbers = (t: Tensor): number[] => (t.reshape(-1).tolist() as number[]).map(Number);

/** Compares with exact values: within the rounding of the result and roundings of float64, and so many roundings of float32. */
function close(name: string, actual: Tensor, exact: number[], magnitudes: number[], roundings = 0): void {
  const unit = actual.dtype === torch.float32 ? 2 ** -24 : 0;
  const values = numbers(actual);
  assertEquals(values.length, exact.length, name);
  values.forEach((x, i) => {
    const bound = unit * (Math.abs(exact[i]) + roundings * magnitudes[i]) + 1e-12 * magnitudes[i] + 1e-300;
    assert(Math.abs(x - exact[i]) <= bound, `${name}: element ${i} is ${x}, not ${exact[i]}`);
  });
}

/** The sum of numbers without rounding errors to speak of. */
function exactSum(x: number[]): number {
  let sum = 0, rest = 0;
  for (const term of x) {
    const next = sum + term;
    rest += Math.abs(sum) >= Math.abs(term) ? (sum - next) + term : (term - next) + sum;
    sum = next;
  }
  return sum + rest;
}

/** Few float32 are added in float32, in the order of PyTorch (float32_test.ts compares the bits): an element takes part in so many additions at most. */
const DEEPEST = 40;

Deno.test("sums, means and norms are rounded once, in every layout, but for sums of few float32", () => {
  const random = uniform(1);
  each(() => random.next().value, (name, t, dims, groups) => {
    const magnitudes = groups.map((g) => exactSum(g.map(Math.abs)));
    const sums = groups.map(exactSum);
    const roundings = t.numel() < 8192 ? DEEPEST : 0;
    close(`sum of ${name}`, t.sum(dims), sums, magnitudes, roundings);
    close(`mean of ${name}`, t.mean(dims), sums.map((s, i) => s / groups[i].length), magnitudes.map((m, i) => m / groups[i].length), roundings + 1);
    close(`norm 1 of ${name}`, torch.linalg.vector_norm(t, 1, dims), magnitudes, magnitudes);
    const squares = groups.map((g) => Math.sqrt(exactSum(g.map((x) => x * x))));
    close(`norm 2 of ${name}`, torch.linalg.vector_norm(t, 2, dims), squares, squares.map((s) => 2 * s));
    if (dims.length === 3) close(`total of ${name}`, t.sum(), sums, magnitudes, roundings);
  });
});

Deno.test("products and counts are those of the elements, in every layout", () => {
  const random = uniform(2);
  // few are not powers of two, so products stay exact
  const value = () => {
    const x = random.next().value;
    return x < -0.5 ? 0.5 : x < 0 ? 2 : x < 0.2 ? -1 : 1;
  };
  each(value, (name, t, dims, groups) => {
    if (dims.length === 1) {
      const products = groups.map((g) => g.reduce((a, x) => a * x, 1));
      assertEquals(numbers(t.prod(dims[0])), t.dtype === torch.float32 ? products.map(Math.fround) : products, `product of ${name}`);
    }
    const ones = t.eq(1).to(t.dtype);
    assertEquals(numbers(ones.count_nonzero(dims)), groups.map((g) => g.filter((x) => x === 1).length), `count of ${name}`);
  });
});

/** Ties, both zeros, infinities and, for some tensors, NaN. */
function specials(seed: number): () => number {
  const random = uniform(seed);
  return () => {
    const x = random.next().value;
    if (x > 0.999) return NaN;
    if (x > 0.99) return Infinity;
    if (x > 0.98) return -Infinity;
    return x > 0.8 ? 0 : x > 0.6 ? -0 : Math.round(x * 6);
  };
}

/** Where the extreme element stands: the first NaN, else the first of equal ones. */
function placeOf(group: number[], better: (a: number, b: number) => boolean): number {
  const nan = group.findIndex((x) => x !== x);
  return nan >= 0 ? nan : group.reduce((best, x, i) => better(x, group[best]) ? i : best, 0);
}

Deno.test("greatest and least elements are found at the first place, NaN before all, in every layout", () => {
  each(specials(3), (name, t, dims, groups) => {
    for (const [way, better] of [["max", (a: number, b: number) => a > b], ["min", (a: number, b: number) => a < b]] as const) {
      const places = groups.map((g) => placeOf(g, better));
      const values = groups.map((g, i) => g[places[i]]);
      const amax = numbers(way === "max" ? t.amax(dims) : t.amin(dims));
      assertEquals(amax.map((x) => x + 0), values.map((x) => x + 0), `a${way} of ${name}`);
      if (dims.length > 1) continue;
      const found = t[way](dims[0]);
      assertEquals(numbers(found.values), values, `${way} of ${name}`);
      assertEquals(numbers(found.indices), places, `places of ${way} of ${name}`);
      assertEquals(numbers(way === "max" ? t.argmax(dims[0]) : t.argmin(dims[0])), places, `arg${way} of ${name}`);
    }
    if (dims.length === 3) assertEquals(Number(t.argmax().item()), placeOf(groups[0], (a, b) => a > b), `argmax of all of ${name}`);
  });
});

Deno.test("NaN and infinities go through sums as in float64 arithmetic, and nansum passes NaN over", () => {
  each(specials(4), (name, t, dims, groups) => {
    const sums = groups.map((g) => g.reduce((a, x) => a + x, 0));
    assertEquals(numbers(t.sum(dims)), sums, `sum of ${name}`);
    assertEquals(numbers(t.nansum(dims)), groups.map((g) => g.reduce((a, x) => x === x ? a + x : a, 0)), `nansum of ${name}`);
    assertEquals(numbers(t.count_nonzero(dims)), groups.map((g) => g.filter((x) => x !== 0).length), `count of ${name}`);
  });
});

Deno.test("sums of integers and bools are exact, those of int64 modulo 2^64, in every layout", () => {
  const random = uniform(5);
  for (const shape of SHAPES) {
    const small = filled(shape, torch.float64, () => Math.floor(random.next().value * 128) + 128);
    for (const [layout, lay] of LAYOUTS.filter(([name]) => name !== "stepped")) {
      for (const dtype of [torch.uint8, torch.int64, torch.bool]) {
        const t = lay(dtype === torch.bool ? small.ge(100) : small.to(dtype));
        const elements = numbers(t);
        for (const dims of DIMS) {
          const name = `${dtype} [${shape}] ${layout} over ${dims}`;
          const sums = groupsOf(elements, shape, dims).map((g) => g.reduce((a, x) => a + x, 0));
          assertEquals(numbers(t.sum(dims)), sums, name);
          if (dtype !== torch.bool || dims.length !== 1) continue;
          assertEquals(numbers(t.any(dims[0])), sums.map((n) => n > 0 ? 1 : 0), `any of ${name}`);
          assertEquals(numbers(t.all(dims[0])), sums.map((n) => n === shape[dims[0]] ? 1 : 0), `all of ${name}`);
        }
      }
    }
  }
  const wide = torch.full([300, 20], (1n << 62n) + 3n, { dtype: torch.int64 });
  for (const sums of [wide.sum(0), wide.t().contiguous().sum(1)]) {
    // 300 times 2^62 is a multiple of 2^64
    assertEquals(numbers(sums), Array<number>(20).fill(900));
  }
});

Deno.test("dimensions of size 0 are reduced to what no elements give", () => {
  const t = torch.zeros(600, 0, 700);
  assertEquals([...t.sum(1).shape], [600, 700]);
  assertEquals(Number(t.sum(1).count_nonzero().item()), 0);
  assertEquals(Number(t.prod(1).sub(1).count_nonzero().item()), 0);
  assertEquals([...t.sum(0).shape], [0, 700]);
  assertEquals([...t.max(0).values.shape], [0, 700]);
});

Deno.test("a row longer than a block keeps the first of equal elements, and the first NaN", () => {
  const n = 10000;
  for (const dtype of [torch.float32, torch.float64]) {
    for (const at of [0, 4095, 4096, 8191, 9999]) {
      const x = new Array<number>(n).fill(0);
      x[at] = 5;
      for (let i = at + 3; i < n; i += 3) x[i] = 5;
      assertEquals(Number(torch.tensor(x, { dtype }).argmax().item()), at);
      assertEquals(Number(torch.tensor(x, { dtype }).neg().argmin().item()), at);
      assertEquals(numbers(torch.tensor([x, x], { dtype }).t().contiguous().max(0).indices), [at, at]);
      x[9999] = NaN;
      if (at < 9000) x[9000] = NaN;
      const first = x.findIndex((v) => v !== v);
      assertEquals(Number(torch.tensor(x, { dtype }).argmax().item()), first);
      assertEquals(numbers(torch.tensor([x, x], { dtype }).t().contiguous().min(0).indices), [first, first]);
    }
  }
});

Deno.test("softmax, log_softmax and their derivatives agree with float64 along every dimension", () => {
  torch.manual_seed(6);
  for (const shape of [[5, 37, 40], [2, 3, 600], [1, 300, 9]]) {
    const x = torch.randn(...shape).mul(4), g = torch.randn(...shape);
    for (const dim of [0, 1, 2]) {
      for (const way of ["softmax", "log_softmax"] as const) {
        const inputs = [x.clone(), x.double()].map((t) => t.requires_grad_());
        const results = inputs.map((t) => t[way](dim));
        results.forEach((y) => y.backward(g.to(y.dtype)));
        // in units of the last place of 1, or of the value where that is larger
        const far = (a: Tensor, b: Tensor) => Number(a.detach().double().sub(b).div(b.detach().abs().clamp(1)).abs().max().item()) * 2 ** 23;
        assert(far(results[0], results[1].detach()) < 2, `${way} of [${shape}] along ${dim}`);
        assert(far(inputs[0].grad!, inputs[1].grad!) < 8, `derivative of ${way} of [${shape}] along ${dim}`);
      }
    }
  }
});
