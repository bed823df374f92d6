/**
 * Derivatives by finite differences, to hold recorded ones against, to second order. Independent of torch.autograd.gradcheck.
 *
 * Of a function's outputs y_k(x), a random combination phi(x) = sum_k <c_k, y_k(x)> is differentiated along a random direction u:
 * (phi(x + eps u) - phi(x - eps u)) / (2 eps) must equal sum_i <grad_i, u_i>. For the second order the same is done with
 * psi(x, c) = sum_i <p_i, grad_i phi>, which also depends on the cotangents c.
 */

import * as torch from "../../mod.ts";

/** An input: its shape and its elements in row-major order. */
export interface Point {
  /** The shape. */
  shape: number[];
  /** The elements. */
  values: number[];
}

/** How an input lies in memory: in row-major order, with the order of its dimensions reversed, or with a gap after each element. */
export type Layout = "contiguous" | "transposed" | "strided";

/** A function of tensors with float64 results. */
export type Differentiable = (inputs: torch.Tensor[]) => torch.Tensor[];

const EPSILON = 1e-6;
const RELATIVE = 1e-4;
const ABSOLUTE = 1e-5;
/** Where the two one-sided differences disagree by more than this there is a kink, and a derivative need not exist. */
const KINK = 1e-2;

/** The values as a float64 tensor that lies in memory as asked for. */
export function place({ shape, values }: Point, layout: Layout): torch.Tensor {
  if (layout === "contiguous" || values.length === 0) return torch.tensor(values, { dtype: torch.float64 }).reshape(shape).clone();
  const gap = layout === "strided" ? 2 : 1;
  const strides = new Array<number>(shape.length);
  const order = shape.map((_, d) => d);
  if (layout === "strided") order.reverse();
  let stride = gap;
  for (const d of order) {
    strides[d] = stride;
    stride *= shape[d];
  }
  const memory = new Float64Array(stride + 1).fill(NaN);
  values.forEach((value, flat) => {
    let at = gap - 1;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += (flat % shape[d]) * strides[d];
      flat = Math.floor(flat / shape[d]);
    }
    memory[at] = value;
  });
  return torch.as_strided(torch.tensor(memory), shape, strides, gap - 1);
}

/** Uniform numbers in [-1, 1), the same for the same seed (mulberry32). */
export function uniform(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

const numbers = (t: torch.Tensor | null): number[] => t === null ? [] : Array.from(t.detach().typed_array(), Number);
const inner = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const direction = (random: () => number, points: Point[]): Point[] => points.map(({ shape, values }) => ({ shape, values: values.map(() => random()) }));
const move = (points: Point[], along: Point[], step: number): Point[] =>
  points.map(({ shape, values }, i) => ({ shape, values: values.map((v, j) => v + step * along[i].values[j]) }));

/** What tells a directional derivative from its finite difference, null if nothing, undefined at a kink or at the edge of the domain. */
function compare(value: (step: number) => number, analytic: number): string | null | undefined {
  const [below, at, above] = [value(-EPSILON), value(0), value(EPSILON)];
  const numeric = (above - below) / (2 * EPSILON);
  if (Number.isNaN(numeric) && !Number.isNaN(at)) return undefined;
  if (Math.abs(above - 2 * at + below) / EPSILON > KINK * Math.max(1, Math.abs(numeric))) return undefined;
  return Math.abs(numeric - analytic) <= ABSOLUTE + RELATIVE * Math.abs(numeric) ? null : `${analytic} along a direction, ${numeric} by differences`;
}

/** The outcome of a check. */
export interface Outcome {
  /** What is wrong, or null. */
  problem: string | null;
  /** How many directional derivatives were compared; those at a kink are not. */
  compared: number;
}

/**
 * Compares first- and second-order derivatives of `f` at `points` along random directions.
 * `visit` sees the results and the gradients with their graphs.
 */
export function checkDerivatives(
  f: Differentiable,
  points: Point[],
  layout: Layout,
  seed: number,
  visit: (tensors: readonly (torch.Tensor | null)[]) => void = () => {},
): Outcome {
  const random = uniform(seed);
  const inputs = points.map((p) => place(p, layout).requires_grad_());
  const every = f(inputs);
  const outs = every.filter((t) => t.requires_grad);
  visit(outs);
  const cotangents: Point[] = outs.map((t) => ({ shape: [...t.shape], values: Array.from({ length: t.numel() }, random) }));
  let compared = 0;
  const outcome = (what: string, why: string | null | undefined): Outcome | null => {
    if (why === null) compared++;
    return typeof why === "string" ? { problem: `${what}: ${why}`, compared } : null;
  };

  const grads = torch.autograd.grad(outs, inputs, cotangents.map((c) => place(c, "contiguous")), { allow_unused: true, retain_graph: true }).map(numbers);
  for (let trial = 0; trial < 2; trial++) {
    const u = direction(random, points);
    const phi = (step: number) =>
      torch.no_grad(() => {
        const moved = f(move(points, u, step).map((p) => place(p, layout))).filter((_, i) => every[i].requires_grad);
        return moved.reduce((sum, out, k) => sum + inner(numbers(out), cotangents[k].values), 0);
      });
    const failed = outcome("gradient", compare(phi, grads.reduce((sum, g, i) => sum + inner(g, u[i].values), 0)));
    if (failed !== null) return failed;
  }

  const probes = direction(random, points);
  const psi = (at: Point[], along: Point[]) => {
    const x = at.map((p) => place(p, layout).requires_grad_());
    const c = along.map((p) => place(p, "contiguous").requires_grad_());
    const first = torch.autograd.grad(f(x).filter((t) => t.requires_grad), x, c, { create_graph: true, allow_unused: true });
    const kept = first.flatMap((g, i) => g !== null && g.requires_grad ? [{ g, probe: place(probes[i], "contiguous") }] : []);
    const value = first.reduce((sum, g, i) => sum + inner(numbers(g), probes[i].values), 0);
    return { value, x, c, kept };
  };
  const { x, c, kept } = psi(points, cotangents);
  visit(kept.map((k) => k.g));
  const second = kept.length === 0
    ? [...x, ...c].map(() => null)
    : torch.autograd.grad(kept.map((k) => k.g), [...x, ...c], kept.map((k) => k.probe), { allow_unused: true });
  const all = [...points, ...cotangents], u = direction(random, all);
  const along = (step: number) => {
    const moved = move(all, u, step);
    return psi(moved.slice(0, points.length), moved.slice(points.length)).value;
  };
  const analytic = second.reduce((sum, g, i) => sum + inner(numbers(g), u[i].values), 0);
  return outcome("second-order gradient", compare(along, analytic)) ?? { problem: null, compared };
}
