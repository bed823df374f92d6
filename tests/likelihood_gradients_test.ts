/** Gradients of likelihoods of classes, which have one element a row: what is computed from them is the same whether anybody looks at them or not. */

import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";

type Tensor = torch.TensorClass;
const { cross_entropy, nll_loss } = torch.nn.functional;

const ROWS = 60, CLASSES = 41;
const IGNORED = -100;

function logits(): Tensor {
  torch.manual_seed(3);
  return torch.randn(ROWS, CLASSES).mul(3).requires_grad_();
}

const targets = (): Tensor => torch.arange(ROWS).mul(7).remainder(CLASSES).masked_fill(torch.arange(ROWS).remainder(5).eq(2), IGNORED);

const numbers = (t: Tensor): number[] => t.detach().reshape(-1).tolist() as number[];

/** weight[class] (softmax - one) / total weight, in float64; rows that are ignored have none. */
function expected(x: Tensor, target: Tensor, weight: number[]): number[] {
  const rows = x.detach().tolist() as number[][], classes = (target.tolist() as (number | bigint)[]).map(Number);
  const total = classes.reduce((sum, c) => sum + (c === IGNORED ? 0 : weight[c]), 0);
  return rows.flatMap((row, i) => {
    const c = classes[i];
    if (c === IGNORED) return row.map(() => 0);
    const top = Math.max(...row), sum = row.reduce((s, v) => s + Math.exp(v - top), 0);
    return row.map((v, j) => weight[c] * (Math.exp(v - top) / sum - (j === c ? 1 : 0)) / total);
  });
}

Deno.test("the gradient of cross_entropy is the weighted difference of softmax and classes", () => {
  const weights = Array.from({ length: CLASSES }, (_, i) => 0.5 + (i % 4) / 4);
  for (const weight of [null, torch.tensor(weights)]) {
    const x = logits(), target = targets();
    cross_entropy(x, target, { weight, ignore_index: IGNORED }).backward();
    const exact = expected(x, target, weight === null ? weights.map(() => 1) : weights);
    numbers(x.grad!).forEach((g, i) => assert(Math.abs(g - exact[i]) <= 2e-6 * Math.abs(exact[i]) + 1e-9, `element ${i} is ${g}, not ${exact[i]}`));
  }
});

Deno.test("hooks see the gradient of the log-probabilities, and whether they do changes no bit of the gradient of the logits", () => {
  const alone = logits(), target = targets();
  cross_entropy(alone, target, { reduction: "sum" }).backward();
  const watched = logits(), y = watched.log_softmax(1);
  let seen: number[] = [];
  y.register_hook((g) => {
    seen = numbers(g);
  });
  nll_loss(y, target, { reduction: "sum" }).backward();
  assertEquals(numbers(watched.grad!), numbers(alone.grad!));
  const classes = (target.tolist() as (number | bigint)[]).map(Number);
  assertEquals(seen.map((g) => g + 0), classes.flatMap((c) => Array.from({ length: CLASSES }, (_, j) => j === c ? -1 : 0)));
});

Deno.test("hooks may change the gradient of the log-probabilities, in place or by another", () => {
  const target = targets();
  const plain = logits();
  cross_entropy(plain, target).backward();
  const twice = numbers(plain.grad!).map((g) => 2 * g);
  for (const hook of [(g: Tensor) => g.mul(2), (g: Tensor) => g.mul_(2), (g: Tensor) => g.add(g)]) {
    const x = logits(), y = x.log_softmax(1);
    y.register_hook(hook);
    nll_loss(y, target).backward();
    assertEquals(numbers(x.grad!), twice);
  }
});

Deno.test("the gradient may be kept, added to others, and be differentiated again", () => {
  const target = targets();
  const x = logits(), y = x.log_softmax(1);
  y.retain_grad();
  nll_loss(y, target).add(y.sum()).backward();
  const counted = (target.tolist() as (number | bigint)[]).filter((c) => Number(c) !== IGNORED).length;
  const classes = (target.tolist() as (number | bigint)[]).map(Number);
  assertEquals(numbers(y.grad!), classes.flatMap((c) => Array.from({ length: CLASSES }, (_, j) => Math.fround(1 + (j === c ? Math.fround(-1 / counted) : 0)))));

  const again = logits();
  const [g] = torch.autograd.grad(cross_entropy(again, target, { reduction: "sum" }), again, { create_graph: true });
  // the sum of p log p is to be differentiated: its derivative by the logits is that of the squares of p - one
  const [gg] = torch.autograd.grad(g.square().sum(), again);
  const p = again.detach().double().softmax(1);
  const one = torch.zeros(ROWS, CLASSES, { dtype: torch.float64 }).scatter_(1, target.clamp(0).unsqueeze(1), 1);
  const d = p.sub(one).mul(2).mul(target.ge(0).unsqueeze(1));
  const exact = p.mul(d.sub(d.mul(p).sum(1, true)));
  assert(gg.double().sub(exact).abs().max().item() as number < 1e-5);
});
