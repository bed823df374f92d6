/**
 * `torch.autograd.gradcheck` and `gradgradcheck`: what they return and what they say of wrong derivatives was recorded from PyTorch 2.6.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { errorLine } from "./support/recording.ts";

const { gradcheck, gradgradcheck } = torch.autograd;
type T = torch.Tensor;
type Ctx = torch.autograd.FunctionCtx;

const x = () => torch.tensor([1, 2], { dtype: torch.float64, requires_grad: true });
const ones = (...sizes: number[]) => torch.ones(...sizes, { dtype: torch.float64, requires_grad: true });
const throws = (f: () => unknown, line: string) => assertEquals(errorLine(assertThrows(f)), line);
const fails = (f: () => unknown, message: string) => throws(f, `torch.autograd.gradcheck.GradcheckError: ${message}`);

/** The function `a * 2` with a gradient and a tangent of its own. */
function twice(backward: (g: T, ctx: Ctx) => T, jvp?: (t: T) => T, materialize = true): (a: T) => T {
  class Twice extends torch.autograd.Function {
    static override forward(ctx: Ctx, a: T): T {
      ctx.set_materialize_grads(materialize);
      ctx.save_for_backward(a);
      return a.mul(2);
    }
    static override backward(ctx: Ctx, g: T): T {
      return backward(g, ctx);
    }
  }
  if (jvp !== undefined) Object.assign(Twice, { jvp: (_: Ctx, t: T) => jvp(t) });
  return (a) => Twice.apply(a) as T;
}

/** What `f` warns of. */
function warningsOf(f: () => void): string[] {
  const texts: string[] = [], { warn } = console;
  console.warn = (text: string) => texts.push(text);
  try {
    f();
  } finally {
    console.warn = warn;
  }
  return texts;
}

const wrong = twice((g) => g.mul(3), (t) => t.mul(3));
const matrix = (n: string) => `tensor([[${n}, ${n.replace(/[0-9]/g, "0")}],\n        [${n.replace(/[0-9]/g, "0")}, ${n}]], dtype=torch.float64)`;
const NUMERICAL = matrix("2.0000"), ANALYTICAL = "tensor([[3., 0.],\n        [0., 3.]], dtype=torch.float64)";
const MISMATCH = `mismatch for output 0 with respect to input 0,\nnumerical:${NUMERICAL}\nanalytical:${ANALYTICAL}\n`;

Deno.test("right derivatives", () => {
  assert(gradcheck((a: T) => a.sin().mul(a), x()));
  assert(gradcheck((a: T, b: T) => [a.mul(b), a.add(b)], [x(), x()]));
  assert(gradcheck((a: T, n: number) => a.pow(n), [x(), 3]));
  const all = { check_forward_ad: true, check_batched_grad: true, check_batched_forward_grad: true };
  for (const fast_mode of [false, true]) {
    assert(gradcheck((a: T, b: T) => a.matmul(b).exp(), [ones(2, 3), ones(3, 2)], { ...all, fast_mode }));
    assert(gradcheck((a: T) => [a.cumsum(0), a.norm(), a.detach().round()], x(), { ...all, fast_mode }));
    assert(gradgradcheck((a: T) => a.pow(3), x(), { fast_mode, check_fwd_over_rev: true, check_batched_grad: true }));
    assert(gradgradcheck((a: T, b: T) => a.mul(b).sum(), [x(), x()], { fast_mode, gen_non_contig_grad_outputs: true }));
  }
  assert(gradgradcheck((a: T) => a.sin(), x(), ones(2)));
  assert(gradgradcheck((a: T) => a.pow(3), x(), { check_fwd_over_rev: true, check_rev_over_rev: false, check_undefined_grad: false }));
  assert(gradcheck((a: T) => a.detach().mul(0), x()));
});

Deno.test("the random numbers of gradgradcheck are PyTorch's, so that what is drawn next is, too", () => {
  const next = (options: torch.autograd.GradgradcheckOptions) => {
    torch.manual_seed(0);
    assert(gradgradcheck((a: T) => a.pow(3), x(), options));
    return String(torch.rand(1));
  };
  assertEquals(next({}), "tensor([0.3074])");
  assertEquals(next({ gen_non_contig_grad_outputs: true }), "tensor([0.4556])");
  assertEquals(next({ check_batched_grad: true }), "tensor([0.0223])");
});

Deno.test("wrong derivatives show both jacobians", () => {
  fails(() => gradcheck(wrong, x()), `Jacobian ${MISMATCH}`);
  fails(() => gradcheck(wrong, x(), { check_forward_ad: true, check_backward_ad: false }), `Jacobian computed with forward mode ${MISMATCH}`);
  fails(
    () => gradcheck((a: T) => a.float().mul(2), x()),
    `Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor([[1.9670, 0.0000],\n        [0.0000, 1.9073]])\n` +
      `analytical:tensor([[2., 0.],\n        [0., 2.]], dtype=torch.float64)\n`,
  );
  assertEquals(gradcheck(wrong, x(), { raise_exception: false }), false);
  assert(gradcheck(wrong, x(), { eps: 1e-3, atol: 10 }));
  fails(() => gradcheck((a: T) => a.detach(), x()), "Numerical gradient for function expected to be zero");
  fails(() => gradcheck((a: T) => a.detach(), x(), { fast_mode: true }), "Numerical gradient for function expected to be zero");
});

Deno.test("in fast mode wrong derivatives show the products, too", () => {
  const slow = "\nThe above quantities relating the numerical and analytical jacobians are computed \nin fast mode. " +
    "See: https://github.com/pytorch/pytorch/issues/53876 for more background \nabout fast mode. Below, we recompute numerical and analytical jacobians in " +
    `slow mode:\n\nNumerical:\n ${NUMERICAL}\nAnalytical:\n${ANALYTICAL}\n\nThe max per-element difference (slow mode) is: 1.000000000053511.\n`;
  fails(
    () => gradcheck(wrong, x(), { fast_mode: true }),
    "Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor(1.8447, dtype=torch.float64)\nanalytical:tensor(2.7671, dtype=torch.float64)\n" +
      slow,
  );
  fails(
    () => gradcheck(twice((g) => g.mul(2), (t) => t.mul(3)), x(), { fast_mode: true, check_forward_ad: true }),
    "Jacobian computed with forward mode mismatch for output 0 with respect to input 0,\nnumerical:tensor([0.5858, 1.9123], dtype=torch.float64)\n" +
      "analytical:tensor([0.8787, 2.8684], dtype=torch.float64)\n" + slow,
  );
});

Deno.test("wrong second derivatives", () => {
  class Square extends torch.autograd.Function {
    static override forward(ctx: Ctx, a: T): T {
      ctx.save_for_backward(a);
      return a.pow(2);
    }
    static override backward(ctx: Ctx, g: T): T {
      return g.mul(2).mul(ctx.saved_tensors[0].detach());
    }
  }
  const square = (a: T) => Square.apply(a) as T;
  assert(gradcheck(square, x()));
  fails(
    () => gradgradcheck(square, x(), ones(2)),
    `Jacobian mismatch for output 0 with respect to input 0,\nnumerical:${NUMERICAL}\nanalytical:tensor([[0., 0.],\n        [0., 0.]], dtype=torch.float64)\n`,
  );
  assertEquals(gradgradcheck(square, x(), null, { raise_exception: false }), false);
});

Deno.test("backward that is not linear, not the same twice or not for absent gradients", () => {
  fails(() => gradcheck(twice((g) => g.mul(2).add(1e-7)), x()), "backward not multiplied by grad_output");
  let calls = 0;
  const drifting = twice((g) => g.mul(2 + ++calls * 1e-7));
  const message = errorLine(assertThrows(() => gradcheck(drifting, x())));
  assert(message.startsWith(
    "torch.autograd.gradcheck.GradcheckError: Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives different values, although analytical gradient " +
      "matches numerical gradient.The tolerance for nondeterminism was 0.0.\n\nNOTE: If your op relies on non-deterministic operations",
  ));
  assert(gradcheck(drifting, x(), { nondet_tol: 1e-5 }));
  const notes = ' Please look at "Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"';
  const refusing = twice(
    (g: T | null) => {
      if (g === null) throw new torch.RuntimeError("no");
      return g.mul(2);
    },
    undefined,
    false,
  );
  const inventing = twice((g: T | null) => g === null ? ones(2).detach() : g.mul(2), undefined, false);
  const texts = warningsOf(() => {
    fails(() => gradcheck(refusing, x()), `Expected backward function to handle undefined output grads.${notes}`);
    fails(() => gradcheck(inventing, x()), `Expected all input grads to be undefined or zero when all output grads are undefined or zero.${notes}`);
  });
  assert(texts.length === 2 && texts[0].startsWith("UserWarning: Backwards compatibility: New undefined gradient support checking feature is enabled"));
  assert(gradcheck(refusing, x(), { check_undefined_grad: false }));
});

Deno.test("backward that cannot run for a batch", () => {
  const reading = twice((g) => Number(g.sum().item()) > 1e9 ? g : g.mul(2));
  assert(gradcheck(reading, x()));
  const message = errorLine(assertThrows(() => gradcheck(reading, x(), { check_batched_grad: true })));
  assert(message.startsWith(
    "torch.autograd.gradcheck.GradcheckError: While computing batched gradients, got: Batching rule not implemented for aten::item. We could not generate a fallback.\n\n" +
      "gradcheck or gradgradcheck failed while testing batched gradient computation.\n",
  ));
});

Deno.test("functions that do not fit", () => {
  throws(() => gradcheck((): unknown => 3, x()), "AttributeError: 'int' object has no attribute 'requires_grad'");
  throws(() => gradcheck(() => null, x()), "AttributeError: 'NoneType' object has no attribute 'requires_grad'");
  let n = 0;
  const growing = (a: T) => a.repeat(++n);
  throws(
    () => gradcheck(growing, x()),
    "AssertionError: Expected `func` to return outputs with the same shape when inputs are perturbed on index {idx} by 1e-06, " +
      "but got: shapes torch.Size([4]) and torch.Size([6]).",
  );
  n = 0;
  throws(
    () => gradcheck(growing, x(), { fast_mode: true }),
    "AssertionError: Expected `func` to return outputs with the same shape when inputs are perturbed by 1e-06, " +
      "but got: shapes torch.Size([4]) and torch.Size([6]).",
  );
  throws(
    () => gradcheck(twice((g) => g.mul(2)), x(), { check_forward_ad: true }),
    "NotImplementedError: You must implement the jvp function for custom autograd.Function to use it with forward mode AD.",
  );
});

Deno.test("inputs that do not fit", () => {
  const id = (a: T) => a;
  throws(
    () => gradcheck(id, [1, 2]),
    "ValueError: gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True.",
  );
  throws(
    () => gradcheck(id, x().detach().expand(3, 2).requires_grad_()),
    "RuntimeError: The 0th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to be able to compute the " +
      "numerical gradients correctly. You should call .contiguous on the input before passing it to gradcheck.",
  );
  const texts = warningsOf(() => assert(gradcheck((a: T) => a.mul(2), torch.ones(2, { requires_grad: true }), { eps: 1e-2 })));
  assertEquals(texts, [
    "UserWarning: Input #0 requires gradient and is not a double precision floating point or complex. This check will likely fail if all the inputs are not " +
    "of double precision floating point or complex. ",
  ]);
});

Deno.test("arguments that do not fit", () => {
  const id = (a: T) => a;
  // deno-lint-ignore no-explicit-any
  const check = gradcheck as (...args: any[]) => unknown;
  throws(() => check(), "TypeError: gradcheck() missing 2 required positional arguments: 'func' and 'inputs'");
  throws(() => check(id), "TypeError: gradcheck() missing 1 required positional argument: 'inputs'");
  throws(() => check(id, x(), 1e-6), "TypeError: gradcheck() takes 2 positional arguments but 3 were given");
  throws(() => check(id, x(), { foo: 1 }), "TypeError: gradcheck() got an unexpected keyword argument 'foo'");
  throws(() => gradcheck(id, x(), { check_backward_ad: false }), "AssertionError: Expected at least one of check_forward_ad or check_backward_ad to be True");
  throws(
    () => gradcheck(id, x(), { check_batched_forward_grad: true }),
    "AssertionError: Setting check_batched_forward_grad=True requires check_forward_ad to be True",
  );
  throws(
    () => gradgradcheck(id, x(), { check_rev_over_rev: false }),
    "AssertionError: Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True",
  );
  throws(
    () => gradgradcheck(id, x(), { check_rev_over_rev: false, check_fwd_over_rev: true }),
    "AssertionError: Setting check_undefined_grad=True requires check_rev_over_rev to be True",
  );
});
