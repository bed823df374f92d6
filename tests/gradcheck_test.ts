/**
 * Derivatives of every differentiable op against finite differences, to second order, on contiguous and non-contiguous inputs.
 * The inputs are the recorded float64 samples; the last tests go through the declarations and see that none was left out.
 */

import { assertEquals, fail } from "@std/assert";
import * as torch from "../mod.ts";
import { nodeName, primitives } from "../src/ops/define.ts";
import { pointwiseOps } from "../src/ops/pointwise.ts";
import { exempt, extras } from "./support/gradcheck_extras.ts";
import { checkDerivatives, type Differentiable, type Layout, type Point, uniform } from "./support/numeric.ts";
import { callMethod, type Case, core, entries, type Entry, isOffered, resolve } from "./support/opinfo.ts";
import { Decoder, elements, type Encoded, type EncodedTensor, errorLine, isEncodedTensor, tensorsIn } from "./support/recording.ts";

const LAYOUTS: readonly Layout[] = ["contiguous", "transposed", "strided"];
/** Samples of an op that are checked, those with the fewest elements that are not trivial. */
const SAMPLES = 8;
/** Functions that PyTorch refuses for inputs in another order. */
const NEEDS_ORDER = new Set(["view", "view_as", "nn.functional.max_unpool2d.grad", "nn.functional.max_unpool3d.grad"]);

/** What PyTorch says, too, of gradients that have no gradient themselves; the first-order check has been passed then. */
const NOT_TWICE = /derivative for .* is not implemented/;

/** Ops whose gradient is no derivative by definition. */
const NO_DERIVATIVE: Record<string, string> = {
  as_strided: "reads memory by its layout",
  "as_strided.partial_views": "reads memory by its layout",
  as_strided_scatter: "reads memory by its layout",
  "linalg.norm.subgradients_at_zero": "subgradients",
  "nn.functional.max_unpool1d": "places that are written twice",
  "nn.functional.max_unpool2d": "places that are written twice",
  "nn.functional.max_unpool3d": "places that are written twice",
};

const symmetric = (t: torch.Tensor) => t.add(t.mT).div(2);
const triangular = (t: torch.Tensor, c: Case) => c.kwargs.upper === true ? t.triu() : t.tril();

/** Ops that take a matrix of some kind and may read one triangle only: which input it is, and what makes it one. */
const KINDS: Record<string, [input: number, make: (t: torch.Tensor, c: Case) => torch.Tensor]> = {
  cholesky: [0, symmetric],
  "linalg.cholesky": [0, symmetric],
  "linalg.cholesky_ex": [0, symmetric],
  "linalg.eigh": [0, symmetric],
  "linalg.eigvalsh": [0, symmetric],
  "linalg.pinv.hermitian": [0, symmetric],
  cholesky_inverse: [0, triangular],
  cholesky_solve: [1, triangular],
};

/** The names of the nodes in the graphs that were checked. */
const reached = new Set<string>();

function noteNodes(outs: readonly (torch.Tensor | null)[]): void {
  const pending = outs.map((t) => t?.grad_fn ?? null);
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

function functionOf(name: string, entry: Entry, c: Case, inplace: boolean): Differentiable {
  const call = resolve(entry), kind = KINDS[name];
  return (inputs) => {
    const args = new Decoder(kind === undefined ? inputs : inputs.map((t, i) => i === kind[0] ? kind[1](t, c) : t)).call(c.args, c.kwargs);
    const [self, ...rest] = args;
    const out = tensorsIn(inplace ? callMethod((self as torch.Tensor).clone(), entry.op.replace(/_?$/, "_"), rest) : call(...args));
    return out.filter((t) => t.dtype === torch.float64);
  };
}

function check(what: string, f: Differentiable, points: Point[], layouts: readonly Layout[], seed: number): string[] {
  return layouts.flatMap((layout) => {
    try {
      const { problem } = checkDerivatives(f, points, layout, seed, noteNodes);
      return problem === null ? [] : [`${what}, ${layout}: ${problem}`];
    } catch (error) {
      return NOT_TWICE.test(errorLine(error)) ? [] : [`${what}, ${layout}: threw ${errorLine(error).split("\n")[0]}`];
    }
  });
}

for (const [name, entry] of Object.entries(entries)) {
  const samples = samplesOf(entry);
  if (samples.length === 0 || name in NO_DERIVATIVE) continue;
  Deno.test({ name: `gradcheck ${name}`, ignore: !(name in core) && !isOffered(entry) }, () => {
    const layouts = NEEDS_ORDER.has(name) ? LAYOUTS.filter((l) => l !== "transposed") : LAYOUTS;
    const problems = samples.flatMap((c, i) => {
      const number = entry.cases.indexOf(c);
      const plain = check(`case ${number}`, functionOf(name, entry, c, false), pointsOf(c), layouts, i);
      return c.inplace === undefined
        ? plain
        : [...plain, ...check(`case ${number} in place`, functionOf(name, entry, c, true), pointsOf(c), ["contiguous"], i)];
    });
    if (problems.length > 0) fail(problems.join("\n    "));
  });
}

for (const [name, [shapes, f]] of Object.entries(extras)) {
  Deno.test(`gradcheck ${name}`, () => {
    const random = uniform(name.length);
    const points = shapes.map((shape) => ({ shape, values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random) }));
    const problems = check(name, f, points, LAYOUTS, 1);
    if (problems.length > 0) fail(problems.join("\n    "));
  });
}

Deno.test("gradcheck reached every declaration", () => {
  const declared = [...primitives.keys(), ...[...pointwiseOps].filter(([, op]) => op.differentiable).map(([name]) => nodeName(name))];
  const known = new Set([...reached].map((name) => name.replace(/\d+$/, "")));
  const isReached = (name: string) => primitives.has(name) ? reached.has(name) : known.has(name.replace(/\d+$/, ""));
  const missed = declared.filter((name) => !isReached(name) && !(name in exempt));
  assertEquals(missed, []);
});
