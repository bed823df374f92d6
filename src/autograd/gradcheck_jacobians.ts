/**
 * The jacobians that `gradcheck` compares: by finite differences, by backward, and by forward mode. In fast mode each is
 * reduced by random directions: u on the side of the inputs, v on that of the outputs.
 */
import { AssertionError } from "../errors.ts";
import { formatNumber } from "../format/numbers.ts";
import { sameSizes } from "../layout.ts";
import { makeSize } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { grad } from "./backward.ts";
import { dual_level, make_dual, unpack_dual } from "./forward_ad.ts";
import { GradcheckError, NONDETERMINISTIC } from "./gradcheck_messages.ts";
import type { MaybeTensor } from "./node.ts";

/** A function to check: of tensors and whatever else it takes. */
export type Checked = (...inputs: unknown[]) => unknown;

/** What a check is about: a function, its inputs, and what it gave there. */
export interface Subject {
  /** The function. */
  func: Checked;
  /** All of its arguments. */
  inputs: readonly unknown[];
  /** Everything it returned. */
  results: readonly unknown[];
  /** The results that require gradients. */
  outputs: readonly Tensor[];
}

/** A result, or several of them, as an array. */
export function asTuple(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** The arguments that are checked: tensors that require gradients. */
export function checkedInputs(inputs: readonly unknown[]): Tensor[] {
  return inputs.filter((t): t is Tensor => t instanceof Tensor && t.requires_grad);
}

/** The results that can have a gradient. */
export const floating = (results: readonly unknown[]): Tensor[] => results.filter((t): t is Tensor => t instanceof Tensor && t.dtype.is_floating_point);

const sizeText = (t: Tensor): string => makeSize(t.sizes).toString();

function checkNeighbour(a: Tensor, b: Tensor, eps: number, where: string): void {
  const head = (what: string) =>
    `Expected \`func\` to return outputs with the same ${what} when inputs are perturbed ${where}by ${formatNumber(eps)}, but got: `;
  if (!sameSizes(a.sizes, b.sizes)) throw new AssertionError(`${head("shape")}shapes ${sizeText(a)} and ${sizeText(b)}.`);
  if (a.dtype !== b.dtype) throw new AssertionError(`${head("dtype")}dtypes ${a.dtype} and ${b.dtype}.`);
}

/** The central differences of all results, flattened, when `entry`, which shows memory of an input, is moved by `step` both ways. */
function differences(subject: Subject, entry: Tensor, step: Tensor | number, eps: number, where: string): Tensor[] {
  const call = () => asTuple(subject.func(...subject.inputs)).map((t) => (t as Tensor).clone());
  const original = entry.clone();
  entry.copy_(original.sub(step));
  const below = call();
  entry.copy_(original.add(step));
  const above = call();
  entry.copy_(original);
  return below.map((a, i) => {
    checkNeighbour(a, above[i], eps, where);
    return above[i].sub(a).div(2 * eps).detach().reshape(-1);
  });
}

/** For each checked input and each result: the jacobian by differences, one row an element of the input. */
export function numericalJacobians(subject: Subject, eps: number): Tensor[][] {
  return checkedInputs(subject.inputs).map((input) => {
    const jacobians = floating(subject.results).map((out) => out.new_zeros([input.count, out.count]).detach());
    const data = input.data;
    elements(data).forEach((entry, row) => {
      // PyTorch forgets to put the index in, so the braces are in its message
      const columns = floating(differences(subject, entry, eps, eps, "on index {idx} "));
      columns.forEach((column, i) => jacobians[i].select(0, row).copy_(column));
    });
    return jacobians;
  });
}

/** The elements of a tensor as 0-d views, in row-major order. */
function elements(t: Tensor): Tensor[] {
  let views = [t];
  for (let d = t.sizes.length; d > 0; d--) views = views.flatMap((v) => v.unbind(0));
  return views;
}

/** For each checked input and each result: the derivative along the input's direction by differences. */
export function numericalProducts(subject: Subject, directions: readonly Tensor[], eps: number): Tensor[][] {
  return checkedInputs(subject.inputs).map((input, i) => {
    const data = input.data;
    return floating(differences(subject, data, directions[i].reshape([...data.sizes]).mul(eps), eps, ""));
  });
}

type Rows = MaybeTensor[][];

/** Puts the gradients of one input, a row of the jacobian each, side by side; says whether shapes and dtypes are the input's. */
function assemble(rows: MaybeTensor[], input: Tensor): { jacobian: Tensor; sizes: boolean; types: boolean } {
  const jacobian = input.detach().new_zeros([input.count, rows.length]);
  let sizes = true, types = true;
  rows.forEach((row, j) => {
    if (row === null) return;
    if (!sameSizes(row.sizes, input.sizes)) sizes = false;
    else if (row.dtype !== input.dtype) types = false;
    if (row.count === input.count) jacobian.select(1, j).copy_(row.detach().reshape(-1));
  });
  return { jacobian, sizes, types };
}

/** What backward is asked to be: the same every time up to `nondet_tol`, and of the dtype of the inputs. */
export interface BackwardDemands {
  /** How much two runs may differ. */
  nondet_tol: number;
  /** Whether dtypes are checked. */
  check_grad_dtypes: boolean;
}

/** The jacobians of one output by backward, one an input; with a direction `v` only their products with it. Everything runs twice. */
export function backwardJacobians(subject: Subject, output: Tensor, demands: BackwardDemands, v: Tensor | null): Tensor[] {
  const inputs = checkedInputs(subject.inputs);
  const gradients = (g: Tensor): MaybeTensor[] =>
    grad(output, inputs, g, { retain_graph: true, allow_unused: true }).map((t: MaybeTensor) => t === null ? null : t.clone());
  const run = (): Rows => {
    if (v !== null) return gradients(v.reshape([...output.sizes])).map((g) => [g]);
    const rows: Rows = inputs.map(() => []);
    const probe = output.detach().new_zeros([...output.sizes]);
    const flat = probe.view(-1);
    for (let k = 0; k < output.count; k++) {
      flat.zero_();
      flat.select(0, k).fill_(1);
      gradients(probe).forEach((g, i) => rows[i].push(g));
    }
    return rows;
  };
  const first = run().map((rows, i) => assemble(rows, inputs[i]));
  const second = run().map((rows, i) => assemble(rows, inputs[i]));
  if (demands.check_grad_dtypes && first.some((r) => !r.types)) throw new GradcheckError("Gradient has dtype mismatch");
  if (first.some((r) => !r.sizes)) throw new GradcheckError("Analytical gradient has incorrect size");
  const differs = first.some(({ jacobian }, i) => jacobian.count > 0 && Number(jacobian.sub(second[i].jacobian).abs().max().item()) > demands.nondet_tol);
  if (differs) {
    throw new GradcheckError(
      "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different values, " +
        `although analytical gradient matches numerical gradient.The tolerance for nondeterminism was ${formatNumber(demands.nondet_tol)}.${NONDETERMINISTIC}`,
    );
  }
  return first.map((r) => r.jacobian);
}

/** Calls `visit` with the function's results as often as asked to, on dual inputs whose tangents, zeros at first, can be changed meanwhile. */
export function withDuals(subject: Subject, visit: (tangents: Tensor[], call: () => Tensor[], duals: unknown[]) => void): void {
  dual_level(() => {
    const tangents: Tensor[] = [];
    const duals = subject.inputs.map((input) => {
      if (!(input instanceof Tensor) || !input.requires_grad) return input;
      const dual = make_dual(input.detach(), input.detach().zeros_like());
      tangents.push(unpack_dual(dual).tangent!);
      return dual;
    });
    visit(tangents, () => floating(asTuple(subject.func(...duals))), duals);
  });
}

/** The jacobians by forward mode for each checked input and each result, row by row; with directions only the products with these. */
export function forwardJacobians(subject: Subject, directions: readonly Tensor[] | null): Tensor[][] {
  const inputs = checkedInputs(subject.inputs);
  const columns = (out: Tensor): Tensor => {
    const { tangent } = unpack_dual(out);
    return tangent === null ? out.detach().new_zeros([out.count]) : tangent.detach().reshape(-1);
  };
  const jacobians: Tensor[][] = [];
  withDuals(subject, (tangents, call) => {
    tangents.forEach((tangent, i) => {
      if (directions !== null) {
        tangent.copy_(directions[i].view_as(tangent));
        jacobians.push(call().map((out) => columns(out).clone()));
        tangent.zero_();
        return;
      }
      const rows = floating(subject.results).map((out) => out.detach().new_zeros([inputs[i].count, out.count]));
      elements(tangent).forEach((entry, row) => {
        entry.fill_(1);
        call().forEach((out, k) => rows[k].select(0, row).copy_(columns(out)));
        entry.fill_(0);
      });
      jacobians.push(rows);
    });
  });
  return jacobians;
}
