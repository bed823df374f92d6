/**
 * Derivatives of every differentiable op against finite differences, to second order, on contiguous and non-contiguous inputs.
 * The inputs are the recorded float64 samples; the last tests go through the declarations and see that none was left out.
 */

import { assertEquals, fail } from "@std/assert";
import * as torch from "../mod.ts";
import { primitives } from "../src/ops/define.ts";
import { checkDerivatives, type Differentiable, type Layout, type Point } from "./support/numeric.ts";
import { callMethod, type Case, entries, type Entry, resolve } from "./support/opinfo.ts";
import { Decoder, elements, type Encoded, type EncodedTensor, errorLine, isEncodedTensor, tensorsIn } from "./support/recording.ts";

const LAYOUTS: Layout[] = ["contiguous", "transposed", "strided"];
/** Samples of an op that are checked, those with the fewest elements that are not trivial. */
const SAMPLES = 4;
/** Functions that PyTorch refuses for inputs in another order. */
const NEEDS_ORDER = new Set(["view", "view_as"]);

/** The names of the nodes in the graphs that were checked. */
const reached = new Set<string>();

function noteNodes(outs: torch.Tensor[]): void {
  const pending = outs.map((t) => t.grad_fn);
  const seen = new Set<unknown>();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node === null || seen.has(node)) continue;
    seen.add(node);
    reached.add(node.name());
    for (const [next] of node.next_functions) pending.push(next);
  }
}

function tensorsOf(value: Encoded): EncodedTensor[] {
  return isEncodedTensor(value) ? [value] : Array.isArray(value) ? value.flatMap(tensorsOf) : [];
}

const leavesOf = (c: Case) => tensorsOf([...c.args, ...Object.values(c.kwargs)]).filter((t) => t.g !== undefined);

function pointsOf(c: Case): Point[] {
  const points: Point[] = [];
  for (const t of leavesOf(c)) points[t.g ?? 0] = { shape: t.s, values: elements(t).map(Number) };
  return points;
}

/** Whether every recorded number is finite and of moderate size, so that differences can tell something. */
const isTame = (c: Case) =>
  tensorsOf([...c.args, ...Object.values(c.kwargs), c.out, c.grads ?? null, c.grads2 ?? null]).every((t) =>
    elements(t).every((v) => Math.abs(Number(v)) < 1e3)
  );

const sizeOf = (c: Case) => pointsOf(c).reduce((n, p) => n + p.values.length, 0);

/** Whether an element is written twice, so that the last value wins, as `index_put` may: the gradient that PyTorch defines is not the derivative. */
const writesTwice = (c: Case) =>
  c.kwargs.accumulate === false && tensorsOf(c.args).some((t) => t.t === "int64" && new Set(elements(t)).size < elements(t).length);

/** The samples worth checking: differentiated in float64, laid out plainly, neither trivial nor of immoderate numbers. */
function samplesOf(entry: Entry): Case[] {
  const fit = entry.cases.filter((c) =>
    c.grads !== undefined && c.layout === "sample" && sizeOf(c) > 1 && tensorsOf(c.out).every((t) => t.t !== "float32") &&
    leavesOf(c).every((t) => t.t === "float64") && isTame(c) && !writesTwice(c)
  );
  const distinct = new Map(fit.sort((a, b) => sizeOf(a) - sizeOf(b)).map((c) => [c.names.join() + Object.keys(c.kwargs).join(), c]));
  return [...new Set([...distinct.values(), ...fit])].slice(0, SAMPLES);
}

function functionOf(entry: Entry, c: Case, inplace: boolean): Differentiable {
  const call = resolve(entry.op);
  return (inputs) => {
    const args = new Decoder(inputs).call(c.args, c.kwargs);
    const [self, ...rest] = args;
    const out = tensorsIn(inplace ? callMethod((self as torch.Tensor).clone(), entry.op.replace(/_?$/, "_"), rest) : call(...args));
    noteNodes(out);
    return out.filter((t) => t.dtype === torch.float64);
  };
}

function check(what: string, f: Differentiable, points: Point[], layouts: Layout[], order: 1 | 2, seed: number): string[] {
  return layouts.flatMap((layout) => {
    try {
      const { problem } = checkDerivatives(f, points, layout, order, seed);
      return problem === null ? [] : [`${what}, ${layout}: ${problem}`];
    } catch (error) {
      return [`${what}, ${layout}: threw ${errorLine(error).split("\n")[0]}`];
    }
  });
}

for (const [name, entry] of Object.entries(entries)) {
  const samples = samplesOf(entry);
  if (samples.length === 0) continue;
  Deno.test(`gradcheck ${name}`, () => {
    const layouts = NEEDS_ORDER.has(name) ? LAYOUTS.filter((l) => l !== "transposed") : LAYOUTS;
    const problems = samples.flatMap((c, i) => {
      const number = entry.cases.indexOf(c), order = c.grads2 === undefined && c.names.length > 0 ? 1 : 2;
      const plain = check(`case ${number}`, functionOf(entry, c, false), pointsOf(c), layouts, order, i);
      return c.inplace === undefined
        ? plain
        : [...plain, ...check(`case ${number} in place`, functionOf(entry, c, true), pointsOf(c), ["contiguous"], order, i)];
    });
    if (problems.length > 0) fail(problems.join("\n    "));
  });
}

Deno.test("gradcheck reached every declaration that has a derivative", () => {
  const missed = [...primitives.values()].filter((p) => p.differentiable && !reached.has(p.name)).map((p) => p.name);
  assertEquals(missed, []);
});
