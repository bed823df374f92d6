/** The engine on graphs that are long, wide or shared: no recursion, each node once, memory given back. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

const leaf = (value: number) => torch.tensor(value, { dtype: torch.float64, requires_grad: true });
const value = (t: torch.Tensor | null) => Number(t?.item());

Deno.test("a chain of 1,000,000 nodes", () => {
  const x = leaf(1);
  let y = x.add(0);
  for (let i = 1; i < 1_000_000; i++) y = y.add(1e-6);
  y.backward();
  assertEquals(value(x.grad), 1);
});

Deno.test("a chain of 100,000 products has the product's gradient", () => {
  const x = leaf(1), factor = leaf(1.0001), n = 100_000;
  let y = x.mul(factor);
  for (let i = 1; i < n; i++) y = y.mul(factor);
  y.backward();
  assertAlmostEquals(value(x.grad) / 1.0001 ** n, 1, 1e-9);
  assertAlmostEquals(value(factor.grad) / (n * 1.0001 ** (n - 1)), 1, 1e-9);
});

Deno.test("gradients along a chain of 2,000 nodes, differentiated again", () => {
  const x = leaf(0.5), n = 2_000;
  let y = x.mul(1);
  for (let i = 1; i < n; i++) y = y.mul(x).mul(2);
  const [first] = torch.autograd.grad(y, x, { create_graph: true });
  const [second] = torch.autograd.grad(first, x);
  // y = 2^(n-1) x^n, at x = 1/2
  assertAlmostEquals(value(first) / n, 1, 1e-9);
  assertAlmostEquals(value(second) / (2 * n * (n - 1)), 1, 1e-9);
});

Deno.test("a fan-in of 100,000 tensors", () => {
  const x = leaf(2), n = 100_000;
  torch.stack(Array.from({ length: n }, (_, i) => x.mul(i % 10))).sum().backward();
  assertEquals(value(x.grad), 4.5 * n);
});

Deno.test("a leaf that is used 100,000 times", () => {
  const x = leaf(3), n = 100_000;
  let sum = x.mul(0);
  for (let i = 0; i < n; i++) sum = sum.add(x);
  sum.backward();
  assertEquals(value(x.grad), n);
});

Deno.test("a graph with 2^60 paths visits each node once", () => {
  const x = leaf(1);
  let y = x.mul(1), visits = 0;
  for (let i = 0; i < 60; i++) {
    y.register_hook(() => {
      visits++;
    });
    y = y.add(y);
  }
  y.backward();
  assertEquals([value(x.grad), visits], [2 ** 60, 60]);
});

Deno.test("a graph of many layers, each as wide as the last, adds every path", () => {
  const width = 20, layers = 30;
  const x = leaf(1);
  let layer = Array.from({ length: width }, () => x.mul(1 / width));
  for (let i = 1; i < layers; i++) {
    const sum = layer.reduce((a, b) => a.add(b));
    layer = layer.map(() => sum.mul(1 / width));
  }
  layer.reduce((a, b) => a.add(b)).backward();
  assertAlmostEquals(value(x.grad), 1, 1e-12);
});

Deno.test("1,000 changes in place through views of one tensor", () => {
  const x = torch.ones(10, { dtype: torch.float64, requires_grad: true });
  const y = x.clone();
  for (let i = 0; i < 1_000; i++) y.index(i % 10).mul_(1.01);
  y.sum().backward();
  for (const g of x.grad ?? []) assertAlmostEquals(Number(g.item()), 1.01 ** 100, 1e-12);
  assertEquals(y._version, 1_000);
});

Deno.test("100 passes over one retained graph add up", () => {
  const x = leaf(3);
  const y = x.mul(x);
  for (let i = 0; i < 100; i++) y.backward({ retain_graph: true });
  assertEquals(value(x.grad), 600);
});
