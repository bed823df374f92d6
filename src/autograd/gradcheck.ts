/**
 * `gradcheck` and `gradgradcheck`: derivatives held against finite differences.
 */
import { AssertionError, AttributeError, RuntimeError, ValueError } from "../errors.ts";
import { formatNumber } from "../format/numbers.ts";
import { promote_types } from "../dtype.ts";
import { sameSizes } from "../layout.ts";
import { stack } from "../ops/cat.ts";
import { pythonFunction } from "../ops/python_function.ts";
import { TorchGenerator } from "../ops/seed.ts";
import { rand, randn_like } from "../ops/random.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { warn } from "../warnings.ts";
import { grad } from "./backward.ts";
import { dual_level, make_dual, unpack_dual } from "./forward_ad.ts";
import {
  asTuple,
  backwardJacobians,
  type Checked,
  checkedInputs,
  floating,
  forwardJacobians,
  numericalJacobians,
  numericalProducts,
  type Subject,
  withDuals,
} from "./gradcheck_jacobians.ts";
import { batchedMismatch, batchedText, GradcheckError, mismatchText, slowModeText, UNDEFINED_WARNING } from "./gradcheck_messages.ts";
import { type MaybeTensor, Node } from "./node.ts";
import { gradientEdge } from "./view.ts";
import { mapSlices } from "./vmap.ts";

export { GradcheckError } from "./gradcheck_messages.ts";

/** The named arguments that `gradcheck` and `gradgradcheck` share. */
export interface CheckOptions {
  /** How far the inputs are moved for finite differences. */
  eps?: number;
  /** Absolute tolerance. */
  atol?: number;
  /** Relative tolerance. */
  rtol?: number;
  /** Throw a `GradcheckError` instead of returning false. */
  raise_exception?: boolean;
  /** How much the results of running backward twice may differ. */
  nondet_tol?: number;
  /** Check that backward copes with outputs to which no gradient flows. */
  check_undefined_grad?: boolean;
  /** Check that gradients have the dtypes of the inputs. */
  check_grad_dtypes?: boolean;
  /** Check that `vmap` over backward gives the same gradients. */
  check_batched_grad?: boolean;
  /** Compare products with random directions instead of whole jacobians. */
  fast_mode?: boolean;
  /** For sparse tensors, which do not exist here. */
  masked?: boolean | null;
}

/** The named arguments of `gradcheck`. */
export interface GradcheckOptions extends CheckOptions {
  /** Check that `vmap` over forward mode gives the same derivatives. */
  check_batched_forward_grad?: boolean;
  /** Check forward mode. */
  check_forward_ad?: boolean;
  /** Check backward. */
  check_backward_ad?: boolean;
}

/** The named arguments of `gradgradcheck`. */
export interface GradgradcheckOptions extends CheckOptions {
  /** Make the random gradients of the outputs non-contiguous. */
  gen_non_contig_grad_outputs?: boolean;
  /** Check forward mode over backward. */
  check_fwd_over_rev?: boolean;
  /** Check backward over backward. */
  check_rev_over_rev?: boolean;
}

type Settings = Required<Omit<GradcheckOptions, "raise_exception" | "masked">>;

const require = (condition: boolean, message: string): void => {
  if (!condition) throw new AssertionError(message);
};

function checkInputs(inputs: readonly unknown[]): void {
  inputs.forEach((t, i) => {
    if (!(t instanceof Tensor) || !t.requires_grad) return;
    if (t.dtype.name !== "float64") {
      warn(
        `Input #${i} requires gradient and is not a double precision floating point or complex. ` +
          "This check will likely fail if all the inputs are not of double precision floating point or complex. ",
      );
    }
    if (t.sizes.some((n, d) => n > 1 && t.strides[d] === 0)) {
      throw new RuntimeError(
        `The ${i}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be able to ` +
          "compute the numerical gradients correctly. You should call .contiguous on the input before passing it to gradcheck.",
      );
    }
  });
  if (checkedInputs(inputs).length === 0) {
    throw new ValueError("gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True.");
  }
}

function differentiable(results: readonly unknown[]): Tensor[] {
  return results.filter((t): t is Tensor => {
    if (!(t instanceof Tensor)) throw new AttributeError(`'${pythonType(t)}' object has no attribute 'requires_grad'`);
    return t.requires_grad;
  });
}

function close(a: Tensor, b: Tensor, rtol: number, atol: number): boolean {
  const dtype = promote_types(a.dtype, b.dtype);
  return a.to(dtype).allclose(b.to(dtype), rtol, atol);
}

/** Which of the floating-point results require gradients, by position among these. */
const wanted = (subject: Subject): number[] => floating(subject.results).flatMap((t, i) => t.requires_grad ? [i] : []);

/** Jacobians in full. */
function slowCheck(subject: Subject, s: Settings, forward: boolean): void {
  const numerical = numericalJacobians(subject, s.eps);
  if (subject.outputs.length === 0) {
    if (numerical.some((row) => row.some((j) => j.ne(0).any().item()))) throw new GradcheckError("Numerical gradient for function expected to be zero");
    return;
  }
  const compare = (analytical: Tensor, output: number, input: number, position: number): void => {
    const n = numerical[input][position];
    if (!close(analytical, n, s.rtol, s.atol)) throw new GradcheckError(mismatchText(analytical, n, output, input, forward));
  };
  const positions = wanted(subject);
  if (forward) {
    const analytical = forwardJacobians(subject, null);
    positions.forEach((at, i) => analytical.forEach((row, j) => compare(row[at], i, j, at)));
  } else subject.outputs.forEach((out, i) => backwardJacobians(subject, out, s, null).forEach((a, j) => compare(a, i, j, positions[i])));
}

/** A random direction: uniform numbers, brought to length 1. */
function direction(t: Tensor, generator: TorchGenerator): Tensor {
  const v = rand(t.count, { generator }).to(t.dtype);
  return v.div_(v.norm());
}

/** Products of jacobians with random directions. */
function fastCheck(subject: Subject, s: Settings, forward: boolean): void {
  const generator = new TorchGenerator(), inputs = checkedInputs(subject.inputs);
  const u = inputs.map((t) => direction(t, generator));
  const v = forward ? null : subject.outputs.map((t) => direction(t, generator));
  const products = numericalProducts(subject, u, s.eps);
  const positions = forward ? floating(subject.results).map((_, i) => i) : wanted(subject);
  if (!forward && subject.outputs.length === 0) {
    if (products.some((row) => row.some((p) => p.count > 0 && Number(p.abs().max().item()) > s.nondet_tol))) {
      throw new GradcheckError("Numerical gradient for function expected to be zero");
    }
    return;
  }
  const analytical: Tensor[][] = v === null
    ? forwardJacobians(subject, u)
    : transpose(subject.outputs.map((out, i) => backwardJacobians(subject, out, s, v[i]).map((vj, j) => vj.squeeze(1).dot(u[j]))));
  inputs.forEach((_, i) =>
    positions.forEach((at, j) => {
      const a = analytical[i][j], n = v === null ? products[i][at] : v[j].mul(products[i][at]).sum();
      const atol = s.atol * Number(u[i].sum().item()) * (v === null ? 1 : Number(v[j].sum().item()));
      if (close(a, n, s.rtol, atol)) return;
      throw new GradcheckError(mismatchText(a, n, j, i, forward) + inFull(subject, i, j, at, s, forward));
    })
  );
}

const transpose = <T>(rows: T[][]): T[][] => rows.length === 0 ? [] : rows[0].map((_, i) => rows.map((row) => row[i]));

/** Both jacobians in full, for the message of a failure in fast mode. */
function inFull(subject: Subject, input: number, output: number, position: number, s: Settings, forward: boolean): string {
  const numerical = numericalJacobians(subject, s.eps)[input][position];
  const analytical = forward
    ? forwardJacobians(subject, null)[input][position]
    : backwardJacobians(subject, subject.outputs[output], { nondet_tol: Infinity, check_grad_dtypes: false }, null)[input];
  const difference = formatNumber(Number(numerical.sub(analytical).abs().max().item()));
  return slowModeText(numerical, analytical, difference, analytical.allclose(numerical, s.rtol, s.atol));
}

/** Duals whose tangent is zero, and plain tensors in their place, must give the same tangents. */
function checkUndefinedTangents(subject: Subject): void {
  const generator = new TorchGenerator(), inputs = checkedInputs(subject.inputs);
  const directions = inputs.map((t) => direction(t, generator));
  withDuals(subject, (tangents, call, duals) => {
    tangents.forEach((t, i) => t.copy_(directions[i].view_as(t)));
    subject.inputs.forEach((input, at) => {
      if (!(input instanceof Tensor) || !input.requires_grad) return;
      const dual = duals[at];
      duals[at] = make_dual(input.detach(), input.detach().zeros_like());
      const given = call().map((t) => unpack_dual(t).tangent);
      duals[at] = input.detach();
      const absent = call().map((t) => unpack_dual(t).tangent);
      duals[at] = dual;
      given.forEach((a, k) => {
        const b = absent[k];
        if (a === null || b === null || a.allclose(b)) return;
        throw new GradcheckError(
          `('Mismatch in tangent values for output with index: ', ${k}, ' when input: ', ${input}, ' has an undefined tangent value. ', ' Got: ', ${a}, ' but expected: ', ${b})`,
        );
      });
    });
  });
}

/** Lets no gradient through. */
class UndefinedGrad extends Node {
  constructor(t: Tensor) {
    super([gradientEdge(t)], [t.output_nr]);
    this.sizes = [t.sizes];
    this.dtypes = [t.dtype];
  }

  name(): string {
    return "torch::autograd::UndefinedGrad";
  }

  apply(): MaybeTensor[] {
    return [null];
  }
}

function withoutGradient(t: Tensor): Tensor {
  const out = t.detach();
  out.node = new UndefinedGrad(t);
  out.tracks = true;
  return out;
}

/** Backward must give nothing, or zeros, where no gradient reaches the outputs: none of them, or one. */
function checkUndefinedGradients({ func, inputs, outputs }: Subject): void {
  const leaves = checkedInputs(inputs);
  const check = (outs: Tensor[]): void => {
    let grads: MaybeTensor[];
    try {
      grads = grad(outs, leaves, outs.map((t) => t.detach().zeros_like()), { allow_unused: true });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      warn(UNDEFINED_WARNING);
      throw new GradcheckError(
        "Expected backward function to handle undefined output grads. " +
          'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"',
      );
    }
    if (grads.every((g) => g === null || g.eq(0).all().item())) return;
    warn(UNDEFINED_WARNING);
    throw new GradcheckError(
      "Expected all input grads to be undefined or zero when all output grads are undefined or zero. " +
        'Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"',
    );
  };
  const all = (): Tensor[] => differentiable(asTuple(func(...inputs)));
  check(all().map(withoutGradient));
  if (outputs.length > 1) outputs.forEach((_, i) => check(all().map((t, k) => k === i ? withoutGradient(t) : t)));
}

/** Gradients of zero must be zero, of the inputs' dtypes and shapes. */
function checkProportionality({ inputs, outputs }: Subject): void {
  const leaves = checkedInputs(inputs);
  if (outputs.length === 0) return;
  const grads: MaybeTensor[] = grad(outputs, leaves, outputs.map((t) => t.detach().zeros_like()), { allow_unused: true });
  grads.forEach((g, i) => {
    if (g === null) return;
    if (!g.eq(0).all().item()) throw new GradcheckError("backward not multiplied by grad_output");
    if (g.dtype !== leaves[i].dtype) throw new GradcheckError("grad is incorrect type");
    if (!sameSizes(g.sizes, leaves[i].sizes)) throw new GradcheckError("grad is incorrect size");
  });
}

/** What `f` gives for two random vectors, one by one and both at once. `output` is which output they are gradients of, null if they are tangents. */
function compareBatched(like: Tensor, f: (v: Tensor) => Tensor[], output: number | null): void {
  const forward = output === null;
  const vectors = [0, 1].map(() => randn_like(like.detach()));
  const rows = vectors.map(f);
  const expected = transpose(rows).map((shards) => stack(shards));
  let got: Tensor[];
  try {
    got = mapSlices(f, forward ? "jvp" : "vjp", [stack(vectors)]) as Tensor[];
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    throw new GradcheckError(`While computing batched gradients, got: ${error.message}\n\n${batchedText(forward)}`);
  }
  got.forEach((t, i) => {
    if (!t.allclose(expected[i])) throw batchedMismatch(output ?? i, i, t, expected[i], forward);
  });
}

const zerosLike = (t: Tensor): Tensor => t.detach().new_zeros([]).expand(t.sizes);

function checkBatchedForward({ func, inputs }: Subject): void {
  inputs.forEach((current, at) => {
    if (!(current instanceof Tensor) || !current.requires_grad) return;
    const others = inputs.map((t) => t instanceof Tensor ? t.detach() : t);
    compareBatched(
      current,
      (tangent) =>
        dual_level(() => {
          const dual = make_dual(current.detach(), tangent);
          const outs = floating(asTuple(func(...others.map((t, i) => i === at ? dual : t))));
          return outs.map((out) => unpack_dual(out).tangent ?? zerosLike(out));
        }),
      null,
    );
  });
}

function checkBatched({ inputs, outputs }: Subject): void {
  const leaves = checkedInputs(inputs);
  outputs.forEach((out, i) =>
    compareBatched(
      out,
      (v) => grad(out, leaves, v, { retain_graph: true, allow_unused: true }).map((g: MaybeTensor, k) => g ?? zerosLike(leaves[k])),
      i,
    )
  );
}

function run(func: Checked, given: unknown, s: Settings): boolean {
  const inputs = asTuple(given);
  checkInputs(inputs);
  const results = asTuple(func(...inputs));
  const subject: Subject = { func, inputs, results, outputs: differentiable(results) };
  const check = s.fast_mode ? fastCheck : slowCheck;
  if (s.check_backward_ad) check(subject, s, false);
  if (s.check_forward_ad) {
    check(subject, s, true);
    if (s.check_undefined_grad) checkUndefinedTangents(subject);
  }
  if (s.check_batched_forward_grad) checkBatchedForward(subject);
  if (!s.check_backward_ad) return true;
  if (s.check_batched_grad) checkBatched(subject);
  checkProportionality(subject);
  if (s.check_undefined_grad) checkUndefinedGradients(subject);
  return true;
}

const DEFAULTS: Required<CheckOptions> = {
  eps: 1e-6,
  atol: 1e-5,
  rtol: 1e-3,
  raise_exception: true,
  nondet_tol: 0,
  check_undefined_grad: true,
  check_grad_dtypes: false,
  check_batched_grad: false,
  fast_mode: false,
  masked: null,
};

type Inputs = { func: Checked; inputs: unknown };

/**
 * Whether the derivatives of `func` at `inputs` agree with finite differences for every input that requires gradients: true, or a
 * `GradcheckError` that shows both jacobians (false with `raise_exception: false`). The inputs should be float64.
 */
export const gradcheck: <I extends readonly unknown[]>(func: (...inputs: never[]) => unknown, inputs: Tensor | I, options?: GradcheckOptions) => boolean =
  pythonFunction(
    "gradcheck",
    ["func", "inputs"],
    {},
    ({ func, inputs, raise_exception, ...s }: Inputs & Settings & Required<CheckOptions>): boolean => {
      require(s.check_forward_ad || s.check_backward_ad, "Expected at least one of check_forward_ad or check_backward_ad to be True");
      require(!s.check_batched_grad || s.check_backward_ad, "Setting check_batched_grad=True requires check_backward_ad to be True");
      require(!s.check_batched_forward_grad || s.check_forward_ad, "Setting check_batched_forward_grad=True requires check_forward_ad to be True");
      if (raise_exception) return run(func, inputs, s);
      try {
        return run(func, inputs, s);
      } catch (error) {
        if (error instanceof GradcheckError) return false;
        throw error;
      }
    },
    { ...DEFAULTS, check_batched_forward_grad: false, check_forward_ad: false, check_backward_ad: true },
  );

/** Random gradients in [-1, 1) for an output; those that are not contiguous are every second one of twice as many. */
function randomGradient({ dtype, count, sizes }: Tensor, nonContiguous: boolean): Tensor {
  const draw = (...shape: number[]): Tensor => Tensor.make(shape, dtype).uniform_(-1, 1);
  if (!nonContiguous || count < 2) return draw(...sizes).requires_grad_();
  const last = sizes.length - 1;
  return draw(...sizes.slice(0, last), 2 * sizes[last]).unflatten(last, [-1, 2]).select(-1, 1).requires_grad_();
}

interface GradgradcheckInputs extends Inputs {
  grad_outputs: unknown;
}

/**
 * Whether the second derivatives of `func` agree with finite differences of the first ones, with respect to `inputs` and to
 * `grad_outputs`, which are random unless given.
 */
export const gradgradcheck: <I extends readonly unknown[]>(
  func: (...inputs: never[]) => unknown,
  inputs: Tensor | I,
  grad_outputs?: Tensor | readonly Tensor[] | null | GradgradcheckOptions,
  options?: GradgradcheckOptions,
) => boolean = pythonFunction(
  "gradgradcheck",
  ["func", "inputs"],
  { grad_outputs: null },
  (
    { func, inputs, grad_outputs, gen_non_contig_grad_outputs, check_fwd_over_rev, check_rev_over_rev, ...s }:
      & GradgradcheckInputs
      & Required<GradgradcheckOptions>,
  ): boolean => {
    require(check_fwd_over_rev || check_rev_over_rev, "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True");
    require(!s.check_undefined_grad || check_rev_over_rev, "Setting check_undefined_grad=True requires check_rev_over_rev to be True");
    require(!s.check_batched_grad || check_rev_over_rev, "Setting check_batched_grad=True requires check_rev_over_rev to be True");
    const given = asTuple(inputs);
    const grads = grad_outputs === null
      ? differentiable(asTuple(func(...given))).map((t) => randomGradient(t, gen_non_contig_grad_outputs))
      : asTuple(grad_outputs) as Tensor[];
    const tracked = [...given, ...grads].map((t) => t instanceof Tensor && t.requires_grad);
    const gradient = (...args: unknown[]): Tensor[] => {
      // forward mode gets the inputs detached
      const all = args.map((t, i) => tracked[i] ? (t as Tensor).requires_grad_() : t);
      const at = all.slice(0, given.length);
      const outs = differentiable(asTuple(func(...at)));
      const leaves = at.filter((_, i) => tracked[i]) as Tensor[];
      const first: MaybeTensor[] = grad(outs, leaves, all.slice(given.length) as Tensor[], { create_graph: true, allow_unused: true });
      return first.filter((g) => g !== null);
    };
    return gradcheck(gradient as never, [...given, ...grads], { ...s, check_forward_ad: check_fwd_over_rev, check_backward_ad: check_rev_over_rev });
  },
  { ...DEFAULTS, gen_non_contig_grad_outputs: false, check_fwd_over_rev: false, check_rev_over_rev: true, masked: false },
);
