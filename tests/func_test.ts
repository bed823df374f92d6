/**
 * `torch.func`: derivatives of functions, `vmap`, and their compositions. What is printed and thrown was recorded from PyTorch 2.6; `vmap` of every
 * op, and of its gradient, is held against the examples one by one.
 */
import { assert, assertEquals, assertStrictEquals, assertThrows, fail } from "@std/assert";
import * as torch from "../mod.ts";
import { batchingRules } from "../src/autograd/batching_rules.ts";
import { primitives } from "../src/ops/define.ts";
import { callMethod, entries, isOffered, resolve } from "./support/opinfo.ts";
import { Decoder, errorLine, tensorsIn } from "./support/recording.ts";

const {
  functional_call,
  functionalize,
  grad,
  grad_and_value,
  hessian,
  jacfwd,
  jacrev,
  jvp,
  linearize,
  replace_all_batch_norm_modules_,
  stack_module_state,
  vjp,
  vmap,
} = torch.func;

type T = torch.Tensor;
const x = torch.tensor([1, 2, 3]), y = torch.tensor([4, 5, 6]), ones = torch.ones(3);
const cube = (t: T): T => t.pow(3), total = (t: T): T => t.sum();

/** Both ways to a jacobian. */
const jacobians: (typeof jacrev)[] = [jacrev, jacfwd];

/** Python's text of nested results. */
function text(value: unknown): string {
  if (Array.isArray(value) && value.constructor === Array) return `[${value.map(text).join(", ")}]`;
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return `{${Object.entries(value).map(([k, v]) => `${k}: ${text(v)}`).join(", ")}}`;
  }
  return String(value);
}
const prints = (value: unknown, expected: string) => assertEquals(text(value).replace(/,?\n */g, (s) => s.startsWith(",") ? ", " : " "), expected);
const throws = (f: () => unknown, expected: string) => assertEquals(errorLine(assertThrows(f)), expected);

Deno.test("grad", () => {
  prints(grad((t: T) => t.pow(2).sum())(x), "tensor([2., 4., 6.])");
  prints(grad((a: T, b: T) => a.mul(b).sum(), 1)(x, y), "tensor([1., 2., 3.])");
  prints(grad((a: T, b: T) => a.mul(b).sum(), [0, 1])(x, y), "[tensor([4., 5., 6.]), tensor([1., 2., 3.])]");
  prints(grad((a: T, b: T) => a.mul(b).sum(), { argnums: -1 })(x, y), "tensor([1., 2., 3.])");
  prints(grad((t: T) => [t.sum(), { a: t.mul(2) }] as const, { has_aux: true })(x), "[tensor([1., 1., 1.]), {a: tensor([2., 4., 6.])}]");
  prints(grad((d: { a: T; b: T }) => d.a.sum())({ a: x, b: y }), "{a: tensor([1., 1., 1.]), b: tensor([0., 0., 0.])}");
  prints(grad((m: Map<string, T>) => m.get("a")!.sum())(new Map([["a", x]])).get("a"), "tensor([1., 1., 1.])");
  prints(grad((_: T) => y.sum())(x), "tensor([0., 0., 0.])");
  prints(grad_and_value(total)(x), "[tensor([1., 1., 1.]), tensor(6.)]");
  prints(grad_and_value((t: T) => [t.sum(), t] as const, { has_aux: true })(x), "[tensor([1., 1., 1.]), [tensor(6.), tensor([1., 2., 3.])]]");
});

Deno.test("results of grad have a history only where something outside requires a gradient", () => {
  const square = (t: T): T => t.pow(2).sum();
  prints(grad(total)(x.clone().requires_grad_()), "tensor([1., 1., 1.])");
  prints(grad(square)(x.clone().requires_grad_()), "tensor([2., 4., 6.], grad_fn=<MulBackward0>)");
  const w = torch.ones(3, { requires_grad: true });
  const g = grad((t: T) => t.pow(2).mul(w).sum())(x);
  assert(g.requires_grad);
  prints(torch.autograd.grad(g.sum(), w)[0], "tensor([2., 4., 6.])");
  prints(torch.no_grad(() => grad(square)(x.clone().requires_grad_())), "tensor([2., 4., 6.])");
  const constant = (t: T): T => t.sub(torch.no_grad(() => t.pow(2))).sum();
  prints(grad(constant)(x), "tensor([1., 1., 1.])");
  prints(grad((t: T) => grad(constant)(t).sum())(x), "tensor([0., 0., 0.])");
});

Deno.test("grad: PyTorch's errors", () => {
  const where = "RuntimeError: grad_and_value(f)(*args)";
  throws(
    () => grad((t: T) => t.sin())(x),
    `${where}: Expected f(*args) to return a scalar Tensor, got tensor with 1 dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
  );
  throws(() => grad((_: T) => 3 as never)(x), `${where}: Expected f(*args) to return a Tensor, got <class 'int'>`);
  throws(() => grad((t: T) => [t.sum(), t] as never)(x), `${where}: Expected f(*args) to return a Tensor, got <class 'tuple'>`);
  throws(() => grad(total as never, { has_aux: true })(x as never), `${where}: output of function f should be a tuple: (output, aux) if has_aux is True`);
  throws(() => grad((t: T) => [t.sum(), 3] as const, { has_aux: true })(x), "RuntimeError: Expected tensors, got unsupported type <class 'int'>");
  throws(() => grad(total, 2)(x), "RuntimeError: Got argnum=2, but only 1 positional inputs");
  throws(() => grad((a: T, b: T) => a.mul(b).sum(), [0, 0])(x, y), "RuntimeError: argnums elements must be unique, got (0, 0)");
  throws(() => grad(total, [])(x), "RuntimeError: argnums must be non-empty");
  throws(() => grad(total, "a" as never)(x), "RuntimeError: argnums must be int or Tuple[int, ...], got: <class 'str'>");
  throws(() => grad(total)(3 as never), "ValueError: Thing passed to transform API must be Tensor, got <class 'int'>");
  throws(() => grad(total)(torch.tensor([1n, 2n])), "RuntimeError: only Tensors of floating point dtype can require gradients");
  const captured =
    "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call in-place operation (aten::mul_.Tensor) that would mutate a " +
    "captured Tensor. This is not supported; please rewrite the function being transformed to explicitly accept the mutated Tensor(s) as inputs.";
  throws(() => grad((t: T) => x.mul_(t).sum())(torch.tensor(2)), `RuntimeError: ${captured}`);
  throws(
    () => grad((t: T) => t.requires_grad_().sum())(x),
    "RuntimeError: You are attempting to call Tensor.requires_grad_() (or perhaps using torch.autograd.functional.* APIs) inside of a function being transformed by a functorch " +
      "transform. This is unsupported, please attempt to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a " +
      "function being transformed instead.",
  );
  throws(
    () => grad((t: T) => (t.sum().backward(), t.sum()))(x),
    "RuntimeError: backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp instead or call backward() outside of " +
      "functorch transforms.",
  );
});

Deno.test("what a transform has thrown out of is over", () => {
  for (
    const f of [() => grad((_: T) => fail("thrown"))(x), () => vmap((t: T) => (t.item(), t))(x), () => jvp((_: T) => fail("thrown"), [x], [x])]
  ) {
    assertThrows(f);
  }
  prints(x.add(1), "tensor([2., 3., 4.])");
  assert(torch.is_grad_enabled());
  prints(torch.tensor(1, { requires_grad: true }).mul(2), "tensor(2., grad_fn=<MulBackward0>)");
});

Deno.test("vjp", () => {
  const [out, pull] = vjp((t: T) => t.sin(), x);
  prints(out, "tensor([0.8415, 0.9093, 0.1411])");
  prints(pull(ones), "[tensor([ 0.5403, -0.4161, -0.9900])]");
  prints(pull(ones), "[tensor([ 0.5403, -0.4161, -0.9900])]");
  const [both, back] = vjp((a: T, b: T) => [a.mul(b), a.sum()], x, y);
  prints(both, "[tensor([ 4., 10., 18.]), tensor(6.)]");
  prints(back([ones, torch.tensor(2)]), "[tensor([6., 7., 8.]), tensor([1., 2., 3.])]");
  prints(vjp((d: { a: T }) => d.a.mul(2), { a: x })[1](x), "[{a: tensor([2., 4., 6.])}]");
  prints(vjp((t: T) => [t, t.mul(2)] as const, x, { has_aux: true })[2], "tensor([2., 4., 6.])");
  prints(vjp((_: T) => y, x)[1](x), "[tensor([0., 0., 0.])]");
  throws(
    () => pull(torch.ones(2)),
    "RuntimeError: Mismatch in shape: grad_output[0] has a shape of torch.Size([2]) and output[0] has a shape of torch.Size([3]).",
  );
  throws(
    () => pull([ones] as never),
    "RuntimeError: Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. cotangents: (*,), primal output: *",
  );
  throws(() => pull(3 as never), "TypeError: gradients can be either Tensors or None, but got int");
  const only = "RuntimeError: vjp(f, *primals): expected f(*primals) to return only tensors, got unsupported type <class 'int'>";
  throws(() => vjp((t: T) => [t, 3], x), only);
  throws(
    () => vjp((_: T) => torch.tensor([1n]), x),
    "RuntimeError: vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype torch.int64",
  );
});

Deno.test("jvp and linearize", () => {
  prints(jvp((t: T) => t.sin(), [x], [y]), "[tensor([0.8415, 0.9093, 0.1411]), tensor([ 2.1612, -2.0807, -5.9400])]");
  prints(jvp((t: T) => [t, t.mul(2)] as const, [x], [y], { has_aux: true }), "[tensor([1., 2., 3.]), tensor([4., 5., 6.]), tensor([2., 4., 6.])]");
  prints(jvp((d: { a: T }) => d.a.mul(2), [{ a: x }], [{ a: y }]), "[tensor([2., 4., 6.]), tensor([ 8., 10., 12.])]");
  prints(jvp((_: T) => y, [x], [y]), "[tensor([4., 5., 6.]), tensor([0., 0., 0.])]");
  prints(jvp((t: T) => t.gt(0), [x], [y])[1], "tensor([False, False, False])");
  prints(jvp((t: T) => t.detach().mul(t), [x], [y])[1], "tensor([ 4., 10., 18.])");
  const where = "RuntimeError: jvp(f, primals, tangents)";
  throws(() => jvp(total as never, x as never, y as never), `${where}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).`);
  throws(
    () => jvp(total, [x], [y, y] as never),
    `${where}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 tensors, tangents also must be. ` +
      "Got primals with structure TreeSpec(tuple, None, [*]) and tangents with structure TreeSpec(tuple, None, [*,\n  *])",
  );
  throws(() => jvp(total as never, [] as never, [] as never), `${where}: Expected primals to contain at least one Tensor.`);
  throws(() => jvp(total as never, [3] as never, [x] as never), `${where}: Expected primals to only contain Tensors, got <class 'int'>`);
  throws(
    () => jvp((_: T) => y, [x], [y], { strict: true }),
    "RuntimeError: jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with strict=True.",
  );

  let calls = 0;
  const [out, along] = linearize((a: T, b: T) => (calls++, [a.mul(b), a.sin()]), x, y);
  prints(out, "[tensor([ 4., 10., 18.]), tensor([0.8415, 0.9093, 0.1411])]");
  prints(along(x, y), "[tensor([ 8., 20., 36.]), tensor([ 0.5403, -0.8323, -2.9700])]");
  prints(along(y, x)[1], "tensor([ 2.1612, -2.0807, -5.9400])");
  assertEquals(calls, 1);
  throws(
    () => (along as (t: T) => unknown)(y),
    "RuntimeError: Expected the tangents TreeSpec(tuple, None, [*]) to have the same argspec as the primals TreeSpec(tuple, None, [*,\n  *])",
  );
  throws(
    () => along(torch.ones(2), y),
    "RuntimeError: tangent:0 with shape torch.Size([2]) in flattened pytree doesn't match the shape torch.Size([3]) of the corresponding primal.",
  );
  throws(
    () => along(x, y.double()),
    "RuntimeError: tangent:1 with dtype torch.float64 in flattened pytree doesn't match the dtype torch.float32 of the corresponding primal.",
  );
});

Deno.test("jacobians and hessians", () => {
  const diagonal = "tensor([[ 0.5403, -0.0000, -0.0000], [ 0.0000, -0.4161, -0.0000], [ 0.0000, -0.0000, -0.9900]])";
  prints(jacrev((t: T) => t.sin())(x), diagonal);
  prints(jacfwd((t: T) => t.sin())(x), "tensor([[ 0.5403,  0.0000,  0.0000], [-0.0000, -0.4161, -0.0000], [-0.0000, -0.0000, -0.9900]])");
  prints(hessian((t: T) => cube(t).sum())(x), "tensor([[ 6.,  0.,  0.], [ 0., 12.,  0.], [ 0.,  0., 18.]])");
  const pair = "[tensor([[4., 0., 0.], [0., 5., 0.], [0., 0., 6.]]), tensor([[1., 0., 0.], [0., 2., 0.], [0., 0., 3.]])]";
  for (const jacobian of jacobians) {
    prints(jacobian((a: T, b: T) => a.mul(b), [0, 1])(x, y), pair);
    prints(jacobian((t: T) => [t, t.sum()])(x), "[tensor([[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]]), tensor([1., 1., 1.])]");
    prints(jacobian((d: { a: T }) => ({ b: d.a.mul(2) }))({ a: x }), "{b: {a: tensor([[2., 0., 0.], [0., 2., 0.], [0., 0., 2.]])}}");
    prints(jacobian((t: T) => [t, t] as const, { has_aux: true })(x), "[tensor([[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]]), tensor([1., 2., 3.])]");
    throws(() => jacobian((t: T) => t, 1)(x), "RuntimeError: Got argnum=1, but only 1 positional inputs");
  }
  prints(jacrev((t: T) => t.mul(t), { chunk_size: 2 })(x), "tensor([[2., 0., 0.], [0., 4., 0.], [0., 0., 6.]])");
  throws(() => jacrev((t: T) => t, { chunk_size: 0 }), "ValueError: jacrev: `chunk_size` should be greater than 0.");
  throws(() => jacfwd((t: T) => t)(3 as never), "AttributeError: 'int' object has no attribute 'numel'");
});

Deno.test("vmap", () => {
  const m = torch.arange(6).to(torch.float32).view(2, 3), s = torch.tensor(3);
  prints(vmap(total)(m), "tensor([ 3., 12.])");
  prints(vmap(total, -1)(m), "tensor([3., 5., 7.])");
  prints(torch.vmap(total, 1)(m), "tensor([3., 5., 7.])");
  prints(vmap((a: T, b: T) => a.dot(b), [0, null])(m, ones), "tensor([ 3., 12.])");
  prints(vmap((t: T) => t, 0, 1)(m), "tensor([[0., 3.], [1., 4.], [2., 5.]])");
  prints(
    vmap((t: T) => ({ a: t, b: [s, t.mul(2)] }))(m),
    "{a: tensor([[0., 1., 2.], [3., 4., 5.]]), b: [tensor([3., 3.]), tensor([[ 0.,  2.,  4.], [ 6.,  8., 10.]])]}",
  );
  prints(vmap((t: T) => [t, s], { out_dims: [0, null] })(m), "[tensor([[0., 1., 2.], [3., 4., 5.]]), tensor(3.)]");
  prints(vmap((d: { a: T; b: T }) => d.a.add(d.b), [{ a: 0, b: null }])({ a: m, b: s }), "tensor([[3., 4., 5.], [6., 7., 8.]])");
  prints(vmap(vmap((t: T) => t.mul(2)))(m), "tensor([[ 0.,  2.,  4.], [ 6.,  8., 10.]])");
  prints(vmap((t: T) => t.add(1), { chunk_size: 1 })(m), "tensor([[1., 2., 3.], [4., 5., 6.]])");
  prints(vmap((t: T) => t.max(0))(m), "torch.return_types.max( values=tensor([2., 5.]), indices=tensor([2, 2]))");
  prints(vmap((t: T) => t.argmax())(m), "tensor([2, 2])");
  prints(vmap((t: T) => t.new_zeros(3).add_(t))(m), "tensor([[0., 1., 2.], [3., 4., 5.]])");
  prints(vmap((t: T) => (t.select(0, 0).fill_(7), t))(m.clone()), "tensor([[7., 1., 2.], [7., 4., 5.]])");
  prints(vmap((t: T) => t)(torch.ones(0, 3)), "tensor([], size=(0, 3))");
  let seen = "";
  vmap((t: T) => (seen = `${t} ${t.shape} ${t.dim()} ${t.numel()}`, t))(m);
  assertEquals(seen, "BatchedTensor(lvl=1, bdim=0, value=\n    tensor([[0., 1., 2.],\n            [3., 4., 5.]])\n) torch.Size([3]) 1 3");
  vmap(vmap((t: T) => (seen = String(t), t)), 1)(m);
  assertEquals(
    seen,
    "BatchedTensor(lvl=2, bdim=0, value=\n    BatchedTensor(lvl=1, bdim=1, value=\n        tensor([[0., 1., 2.],\n                [3., 4., 5.]])\n    )\n)",
  );
  grad((t: T) => (seen = String(t), t.sum()))(x);
  assertEquals(seen, "GradTrackingTensor(lvl=1, value=\n    tensor([1., 2., 3.])\n)");
});

Deno.test("vmap: PyTorch's errors", () => {
  const m = torch.arange(6).to(torch.float32).view(2, 3), f = (t: T) => t;
  const bad = (in_dims: unknown, ...args: unknown[]) => () => vmap(f as never, in_dims as never)(...args as never);
  Object.defineProperty(f, "name", { value: "f" });
  throws(
    bad(0),
    "ValueError: vmap(f)(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. The latter is unsupported.",
  );
  throws(
    bad(0, torch.tensor(3)),
    "ValueError: vmap(f, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input is a Tensor of dimensionality 0 so expected in_dim to satisfy -0 <= in_dim < 0.",
  );
  throws(
    bad(0, 3),
    "ValueError: vmap(f, in_dims=0, ...)(<inputs>): Got in_dim=0 for an input but the input is of type <class 'int'>. " +
      "We cannot vmap over non-Tensor arguments, please use None as the respective in_dim",
  );
  throws(
    bad([0, 0], m, ones),
    "ValueError: vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [2, 3] for the mapped dimension",
  );
  throws(bad([null], m), "ValueError: vmap: Expected at least one Tensor to vmap over");
  throws(
    bad([0, 0, 0], m, m),
    "ValueError: vmap(f, in_dims=(0, 0, 0), ...)(<inputs>): in_dims is not compatible with the structure of `inputs`. " +
      "in_dims has structure TreeSpec(tuple, None, [*,\n  *,\n  *]) but inputs has structure TreeSpec(tuple, None, [*,\n  *]).",
  );
  throws(
    bad(0.5, m),
    "ValueError: vmap(f, in_dims=0.5, ...)(<inputs>): expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, got: <class 'float'>.",
  );
  throws(() => vmap((t: T) => t.sum(), 0, 1)(m), "IndexError: Dimension out of range (expected to be in range of [-1, 0], but got 1)");
  throws(
    () => vmap((t: T) => [t, 3])(m),
    "ValueError: vmap(<lambda>, ...): `<lambda>` must only return Tensors, got type <class 'int'>. Did you mean to set out_dims= to None for output?",
  );
  throws(
    () => vmap((t: T) => [t, t], 0, [0, null])(m),
    "ValueError: vmap(<lambda>, ...): `<lambda>` can not return a BatchedTensor when out_dim is None",
  );
  throws(
    () => vmap((t: T) => t.sum().item() as never)(m),
    "RuntimeError: vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try to rewrite what you're doing with " +
      "other operations. If error is occurring somewhere inside PyTorch internals, please file a bug report.",
  );
  throws(
    () => vmap((t: T) => t.is_nonzero() ? t : t.neg())(m),
    "RuntimeError: vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. We don't support that yet, " +
      "please shout over at https://github.com/pytorch/functorch/issues/257 .",
  );
  throws(
    () => vmap((t: T) => t.nonzero())(m),
    "RuntimeError: vmap: We do not support batching operators that can output dynamic shape. Attempted to vmap over aten::nonzero. " +
      "Please voice your support in https://github.com/pytorch/functorch/issues/256",
  );
  throws(
    () => vmap((t: T) => t.index(t.gt(0)))(m),
    "RuntimeError: vmap: We do not support batching operators that can support dynamic shape. Attempting to batch over indexing with a boolean mask.",
  );
  throws(() => vmap((t: T) => torch.zeros(3).add_(t))(m), "RuntimeError: output with shape [3] doesn't match the broadcast shape [2, 3]");
  const unbatched = (what: string, where: string) =>
    `RuntimeError: vmap: ${what}(self, *extra_args) is not possible because there exists a Tensor \`other\` in extra_args that has more elements than \`self\`. ` +
    `This happened due to \`other\` being vmapped over but \`self\` not being vmapped over ${where}. Please try to use out-of-place operators instead of ${what}. ` +
    "If said operator is being called inside the PyTorch framework, please file a bug report instead.";
  throws(() => vmap((t: T) => torch.zeros(3).copy_(t))(m), unbatched("inplace arithmetic", "in a vmap"));
  throws(() => vmap((t: T) => torch.zeros(3).lerp_(t, 0.5))(m), unbatched("aten::lerp_", "at level 1"));
  throws(() => vmap((t: T) => torch.zeros(3).fill_(t.select(0, 0)))(m), unbatched("fill_", "in a vmap"));
  throws(() => vmap((t: T) => t.data)(m), "RuntimeError: accessing `data` under vmap transform is not allowed");
  throws(() => vmap((t: T) => t.tolist() as never)(m), "RuntimeError: Cannot access data pointer of Tensor that doesn't have storage");
  throws(
    () => vmap((t: T) => torch.add(t, 1, { out: torch.zeros(3) }))(m),
    "RuntimeError: Batching rule not implemented for aten::add.out; the fallback path doesn't work on out= or view ops.",
  );
  const escaped: T[] = [];
  vmap((t: T) => (escaped.push(t), t))(m);
  throws(
    () => escaped[0].add(1),
    "RuntimeError: Either your tensor may have escaped from inside a function being vmapped and this is a user error (see https://pytorch.org/functorch/stable/ux_limitations.html), " +
      "or there is an internal functorch error in `gen_vmap_plumbing` Please file an issue if it looks like the latter",
  );
  throws(() => vmap(f, { randomness: "foo" as never }), "RuntimeError: Only allowed values for randomness are 'error', 'different', or 'same'. Got foo");
  throws(() => vmap(f, { chunk_size: 0 }), "ValueError: vmap: chunk_size should be None or greater than 0. (got 0)");
});

Deno.test("vmap: randomness", () => {
  const m = torch.arange(6).to(torch.float32).view(2, 3).add(1);
  const drawn = (f: () => T): T => (torch.manual_seed(0), f());
  throws(
    () => vmap((_: T) => torch.rand(2))(m),
    "RuntimeError: vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap " +
      "or perform the randomness operation out of vmap",
  );
  const pairs: [(t: T) => T, () => T][] = [
    [() => torch.randn(2, 3), () => torch.randn(2, 2, 3)],
    [(t) => torch.randn_like(t), () => torch.randn(2, 3)],
    [() => torch.randint(5, [3]), () => torch.randint(5, [2, 3])],
    [(t) => torch.bernoulli(t.div(10)), () => torch.bernoulli(m.div(10))],
    [(t) => torch.normal(t, 1), () => torch.normal(m, 1)],
    [(t) => t.clone().normal_(), () => m.clone().normal_()],
  ];
  for (const [one, all] of pairs) {
    prints(drawn(() => vmap(one, { randomness: "different" })(m)), text(drawn(all)).replace(/,?\n */g, (s) => s.startsWith(",") ? ", " : " "));
  }
  prints(drawn(() => vmap((t: T) => torch.randn_like(t), { randomness: "same" })(m)), "tensor([[ 1.5410, -0.2934, -2.1788], [ 1.5410, -0.2934, -2.1788]])");
  prints(
    drawn(() => vmap(vmap((_: T) => torch.randn(2), { randomness: "same" }), { randomness: "different" })(m)),
    "tensor([[[ 1.5410, -0.2934], [ 1.5410, -0.2934], [ 1.5410, -0.2934]],  [[-2.1788,  0.5684], [-2.1788,  0.5684], [-2.1788,  0.5684]]])",
  );
  prints(drawn(() => vmap((_: T) => torch.randperm(4), { randomness: "different" })(m)), "tensor([[0, 1, 3, 2], [0, 2, 3, 1]])");
  throws(
    () => vmap((t: T) => torch.bernoulli(t.div(10)), { randomness: "same" })(m),
    "RuntimeError: Vmap does not currently support same randomness with a batched tensor input. Please file an issue with functorch",
  );
  throws(
    () => vmap((_: T) => torch.zeros(3).normal_(), { randomness: "different" })(m),
    "RuntimeError: vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same randomness. " +
      "If this is necessary for your usage, please file an issue with functorch.",
  );
});

Deno.test("transforms compose", () => {
  const at = torch.tensor(2), sin = (t: T) => t.sin(), cubes = (t: T) => cube(t).sum();
  prints(grad(grad(cube))(at), "tensor(12.)");
  prints(grad(grad(grad(cube)))(at), "tensor(6.)");
  prints(vmap(grad(cube))(x), "tensor([ 3., 12., 27.])");
  prints(grad((t: T) => vmap(cube)(t).sum())(x), "tensor([ 3., 12., 27.])");
  prints(jvp(grad(cubes), [x], [y]), "[tensor([ 3., 12., 27.]), tensor([ 24.,  60., 108.])]");
  prints(vmap((t: T, u: T) => jvp(grad(cube), [t], [u])[1])(x, y), "tensor([ 24.,  60., 108.])");
  prints(grad((t: T) => jvp(cubes, [t], [y])[1])(x), "tensor([ 24.,  60., 108.])");
  prints(jvp((t: T) => jvp(cube, [t], [ones])[1], [x], [ones])[1], "tensor([ 6., 12., 18.])");
  const third = jacfwd(jacrev(sin))(x);
  prints(third.index(1, 1, 1), "tensor(-0.9093)");
  for (const a of jacobians) for (const b of jacobians) assert(torch.allclose(a(b(sin))(x), third));
  prints(vmap(jacrev(sin))(torch.ones(2, 2)), "tensor([[[0.5403, 0.0000], [0.0000, 0.5403]],  [[0.5403, 0.0000], [0.0000, 0.5403]]])");
  prints(vmap(hessian(cubes))(torch.ones(2, 2)), "tensor([[[6., 0.], [0., 6.]],  [[6., 0.], [0., 6.]]])");
  prints(jacrev(vmap(grad(cube)))(x), "tensor([[ 6.,  0.,  0.], [ 0., 12.,  0.], [ 0.,  0., 18.]])");
  prints(vmap(vmap((a: T, b: T) => a.mul(b), [null, 0]), [0, null])(x, y), "tensor([[ 4.,  5.,  6.], [ 8., 10., 12.], [12., 15., 18.]])");
  const [, pull] = vjp(grad(cubes), x);
  prints(vmap(pull)(torch.eye(3))[0], "tensor([[ 6.,  0.,  0.], [ 0., 12.,  0.], [ 0.,  0., 18.]])");
  // inside of a transform, tensors may be changed in place, their views too
  const inplace = (t: T) => {
    const out = torch.zeros(3);
    for (let i = 0; i < 3; i++) out.index_put_([i], t.index(i).mul(i + 1));
    return out.mul_(t).sum();
  };
  prints(grad(inplace)(x), "tensor([ 2.,  8., 18.])");
  prints(vmap(grad((t: T) => (t = t.clone(), t.index(0).mul_(3), t.sum())))(torch.ones(2, 3)), "tensor([[3., 1., 1.], [3., 1., 1.]])");
});

Deno.test("vmap over the autograd of the tape", () => {
  const z = torch.tensor([1, 2, 3], { requires_grad: true }), w = z.pow(3);
  prints(vmap((v: T) => torch.autograd.grad(w, z, v, true)[0])(torch.eye(3)), "tensor([[ 3.,  0.,  0.], [ 0., 12.,  0.], [ 0.,  0., 27.]])");
  prints(
    torch.autograd.grad(z.mul(z), z, torch.eye(3), { is_grads_batched: true, create_graph: true })[0],
    "tensor([[2., 0., 0.], [0., 4., 0.], [0., 0., 6.]], grad_fn=<AddBackward0>)",
  );
  const sines = (t: T) => t.sin();
  for (const options of [{ vectorize: true }, { vectorize: true, strategy: "forward-mode" as const }]) {
    assert(torch.allclose(torch.autograd.functional.jacobian(sines, x, options) as T, torch.diag(x.cos())));
  }
});

// -- modules ---------------------------------------------------------------------------------------------------------

Deno.test("functional_call and stack_module_state", () => {
  torch.manual_seed(0);
  const m = new torch.nn.Linear(2, 3), at = torch.ones(2), weight = torch.ones(3, 2), bias = torch.zeros(3);
  const parameters = Object.fromEntries(m.named_parameters());
  prints(functional_call(m, parameters, at), "tensor([ 0.3600, -0.5417, -0.1455], grad_fn=<ViewBackward0>)");
  prints(functional_call(m, { weight }, [at]), "tensor([1.9860, 2.5607, 1.9372], grad_fn=<ViewBackward0>)");
  prints(functional_call(m, [{ weight }, new Map([["bias", bias]])], [at]), "tensor([2., 2., 2.])");
  assertStrictEquals(m.weight, parameters.weight);
  throws(
    () => functional_call(m, [{ weight }, { weight }], [at]),
    "ValueError: ['weight'] appeared in multiple dictionaries; behavior of functional call is ambiguous",
  );
  throws(
    () => functional_call(m, { weight }, [at], null, { strict: true }),
    "RuntimeError: Error(s) in reparametrizing for Linear:\n\tMissing key(s): 'bias'.",
  );
  throws(
    () => functional_call(m, { weight, bias, foo: at }, [at], null, { strict: true }),
    "RuntimeError: Error(s) in reparametrizing for Linear:\n\tUnexpected key(s): 'foo'.",
  );
  throws(
    () => functional_call(m, 3 as never, [at]),
    "ValueError: Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got <class 'int'>",
  );
  const net = new torch.nn.Sequential(new torch.nn.Linear(2, 2), new torch.nn.Tanh(), new torch.nn.Linear(2, 1));
  throws(() => functional_call(net, { "5.weight": at }, [at]), "AttributeError: Sequential has no attribute `5`");
  assertThrows(() => functional_call(net, { "0.weight": torch.ones(5, 5) }, [at]));
  assertEquals([...(net.index(0) as torch.nn.Linear).weight.shape], [2, 2]);

  const models = [1, 2, 3].map(() => new torch.nn.Linear(2, 1));
  const [stacked, buffers] = stack_module_state(models);
  assertEquals([[...stacked.weight.shape], [...stacked.bias.shape], Object.keys(buffers)], [[3, 1, 2], [3, 1], []]);
  assert(stacked.weight.requires_grad && stacked.weight.is_leaf);
  const outs = vmap((p: Record<string, T>) => functional_call(models[0], p, [at]) as T)(stacked);
  assert(torch.allclose(outs, torch.stack(models.map((one) => one.call(at)))));
  throws(() => stack_module_state([]), "RuntimeError: stack_module_state: Expected at least one model, got 0.");
  throws(() => stack_module_state([models[0], net]), "RuntimeError: stack_module_state: Expected all models to be of the same class.");
  models[0].eval();
  throws(() => stack_module_state(models), "RuntimeError: stack_module_state: Expected all models to have the same training/eval mode.");
});

Deno.test("functionalize leaves a function what it is", () => {
  const f = (a: T): T => {
    const b = a.clone();
    b.add_(1);
    b.index(torch.slice(null, 2)).mul_(3);
    return b;
  };
  assertEquals(String(functionalize(f)(torch.ones(3))), "tensor([6., 6., 2.])");
  assertEquals(String(grad((a: T) => functionalize(f, { remove: "mutations_and_views" })(a).sum())(torch.ones(3))), "tensor([3., 3., 1.])");
  assertEquals(functionalize(f).name, "f");
  // deno-lint-ignore no-explicit-any
  const call = functionalize as (...args: any[]) => unknown;
  throws(() => call(f, "foo"), "TypeError: functionalize() takes 1 positional argument but 2 were given");
  throws(
    () => call(f, { remove: "foo" }),
    "RuntimeError: functionalize(f, remove='mutations'): received invalid argument for remove=foo. Valid options are:\n" +
      "     remove='mutations': all inplace and out= operators will be removed from the program, and replaced with their out-of-place equivalents.\n" +
      "     remove='mutations_and_views': In addition to the above, all aliasing operators {view} will be replaced with their non-aliasing " +
      "counterparts, {view}_copy.\n",
  );
});

Deno.test("batch normalisations without running statistics run under vmap", () => {
  const net = new torch.nn.Sequential(new torch.nn.BatchNorm1d(3), new torch.nn.InstanceNorm1d(3, { track_running_stats: true }));
  assertStrictEquals(replace_all_batch_norm_modules_(net), net);
  assertEquals(
    String(net),
    "Sequential(\n  (0): BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, track_running_stats=False)\n" +
      "  (1): InstanceNorm1d(3, eps=1e-05, momentum=0.1, affine=False, track_running_stats=True)\n)",
  );
  assertEquals([...net.state_dict().keys()].join(), "0.weight,0.bias,1.running_mean,1.running_var,1.num_batches_tracked");
  const norm = replace_all_batch_norm_modules_(new torch.nn.BatchNorm1d(3)), batch = torch.randn(2, 4, 3);
  assert(torch.allclose(vmap((a: T) => norm.call(a))(batch), torch.stack([0, 1].map((i) => norm.call(batch.index(i)))), 1e-4, 1e-6));
});

Deno.test("gradients of every example of a batch, of a convolutional network", () => {
  torch.manual_seed(1);
  const net = new torch.nn.Sequential(
    new torch.nn.Conv2d(2, 3, 3),
    new torch.nn.ReLU(),
    new torch.nn.MaxPool2d(2),
    new torch.nn.Flatten(),
    new torch.nn.Linear(12, 4),
  );
  const images = torch.randn(3, 2, 6, 6), labels = torch.tensor([0n, 3n, 1n]);
  const parameters = Object.fromEntries([...net.named_parameters()].map(([name, p]) => [name, p.detach()]));
  const loss = (p: Record<string, T>, image: T, label: T): T =>
    torch.nn.functional.cross_entropy(functional_call(net, p, [image.unsqueeze(0)]) as T, label.unsqueeze(0));
  const each = vmap(grad(loss), [null, 0, 0])(parameters, images, labels);
  for (let i = 0; i < 3; i++) {
    const one = grad(loss)(parameters, images.index(i), labels.index(i));
    for (const name in one) assert(torch.allclose(each[name].index(i), one[name], 1e-4, 1e-6), `${name} of example ${i}`);
  }
});

// -- custom functions ------------------------------------------------------------------------------------------------

type Ctx = torch.autograd.FunctionCtx;

class Product extends torch.autograd.Function {
  static override forward(a: T, b: T): T {
    return a.mul(b);
  }
  static override setup_context(ctx: Ctx, inputs: [T, T]): void {
    ctx.save_for_backward(...inputs);
    ctx.save_for_forward(...inputs);
  }
  static override backward(ctx: Ctx, g: T): [T, T] {
    const [a, b] = ctx.saved_tensors;
    return [g.mul(b), g.mul(a)];
  }
  static override jvp(ctx: Ctx, s: T, t: T): T {
    const [a, b] = ctx.saved_tensors;
    return s.mul(b).add(a.mul(t));
  }
}

class Generated extends Product {
  static override generate_vmap_rule = true;
}

Deno.test("custom functions under transforms", () => {
  const a = torch.tensor([1, 2]), b = torch.tensor([3, 4]);
  prints(grad((t: T) => Product.apply(t, b).sum())(a), "tensor([3., 4.])");
  prints(grad((t: T) => grad((u: T) => Product.apply(u, u).mul(u).sum())(t).sum())(a), "tensor([ 6., 12.])");
  prints(jvp((t: T) => Product.apply(t, t), [a], [b]), "[tensor([1., 4.]), tensor([ 6., 16.])]");
  prints(jvp(grad((t: T) => Product.apply(t, t).mul(t).sum()), [a], [b])[1], "tensor([18., 48.])");
  prints(vmap((t: T) => Generated.apply(t, b.index(0)))(a), "tensor([3., 6.])");
  prints(vmap(grad((t: T) => Generated.apply(t, t)))(a), "tensor([2., 4.])");
  prints(grad((t: T) => vmap((u: T) => Generated.apply(u, u))(t).sum())(a), "tensor([2., 4.])");
  prints(grad((t: T) => vmap((u: T) => Generated.apply(u, t))(torch.ones(3, 2)).sum())(a), "tensor([3., 3.])");
  prints(jacrev((t: T) => Generated.apply(t, b))(a), "tensor([[3., 0.], [0., 4.]])");
  prints(jacfwd((t: T) => Generated.apply(t, b))(a), "tensor([[3., 0.], [0., 4.]])");
  prints(hessian((t: T) => Generated.apply(t, t).mul(t).sum())(a), "tensor([[ 6.,  0.], [ 0., 12.]])");
  const told: string[] = [];
  class Own extends Product {
    static override vmap(info: unknown, in_dims: (number | null)[], s: T, t: T): [T, number] {
      told.push(`${info} ${text(in_dims)} ${s.shape} ${t.shape}`);
      return [Product.apply(s, t), 0];
    }
  }
  prints(vmap((t: T) => Own.apply(t, b))(torch.ones(3, 2)), "tensor([[3., 4.], [3., 4.], [3., 4.]])");
  assertEquals(told, ["VmapInfo(batch_size=3, randomness='error') [0, null] torch.Size([3, 2]) torch.Size([2])"]);
  const see = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html";
  throws(
    () => vmap((t: T) => Product.apply(t, b.index(0)))(a),
    `RuntimeError: You tried to vmap over Product, but it does not have vmap support. Please override and implement the vmap staticmethod or set generate_vmap_rule=True. ${see}`,
  );
  class Old extends torch.autograd.Function {
    static override forward(_ctx: Ctx, t: T): T {
      return t.mul(2);
    }
  }
  throws(
    () => grad((t: T) => Old.apply(t).sum())(a),
    "RuntimeError: In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override the setup_context staticmethod. " +
      see,
  );
});

// -- every op --------------------------------------------------------------------------------------------------------

/** What needs to know the values of the examples, or lets the memory show through, in PyTorch as well. */
const EXCLUDED = new Set([
  "as_strided",
  "as_strided.partial_views",
  "as_strided_scatter",
  "cov",
  "corrcoef",
  "quantile",
  "nanquantile",
  "nn.functional.gaussian_nll_loss",
  "masked_select",
]);
/** How many samples of an op are run. */
const SAMPLES = 6;
/** The examples are the recorded tensors, scaled. */
const SCALES = [1, 0.9, 0.7];

const same = (a: T, b: T): boolean =>
  String(a.shape) === String(b.shape) && a.dtype === b.dtype && (a.dtype.is_floating_point ? torch.allclose(a, b, 1e-4, 1e-5, true) : torch.equal(a, b));

for (const [name, entry] of Object.entries(entries)) {
  if (!isOffered(entry) || EXCLUDED.has(name)) continue;
  const cases = entry.cases.filter((c) => c.grads !== undefined && c.layout === "sample").slice(0, SAMPLES);
  if (cases.length === 0) continue;
  Deno.test(`vmap of ${name}`, () => {
    const problems: string[] = [];
    for (const c of cases) {
      const decoder = new Decoder();
      decoder.call(c.args, c.kwargs);
      const leaves = decoder.leaves.map((t) => t.detach());
      const run = (...at: T[]): T[] => tensorsIn(resolve(entry)(...new Decoder(at).call(c.args, c.kwargs)));
      const back = (...at: T[]): T[] => {
        const [outs, pull] = vjp((...inner: T[]) => run(...inner).filter((t) => t.dtype.is_floating_point), ...at);
        return pull(outs.map((t) => t.detach().ones_like()));
      };
      for (const [f, dim, only] of [[run, 0, true], [run, -1, false], [back, 0, false]] as const) {
        const examples = SCALES.map((s) => leaves.map((t, i) => only && i > 0 ? t : t.mul(s)));
        const expected = examples.map((at) => f(...at));
        const dims = leaves.map((_, i) => only && i > 0 ? null : dim);
        const batches = leaves.map((t, i) => dims[i] === null ? t : torch.stack(examples.map((at) => at[i]), dim));
        const where = `case ${entry.cases.indexOf(c)}${f === back ? ", gradient" : ""}${dim < 0 ? ", last dimension" : ""}`;
        try {
          const outs = vmap(f, dims)(...batches);
          const wrong = outs.findIndex((out, k) => !same(out, torch.stack(expected.map((e) => e[k]))));
          if (wrong >= 0) problems.push(`${where}: result ${wrong} differs`);
        } catch (error) {
          problems.push(`${where}: threw ${errorLine(error).split("\n")[0]}`);
        }
      }
    }
    if (problems.length > 0) fail(problems.join("\n    "));
  });
}

Deno.test("in-place ops under vmap", () => {
  const problems: string[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const c = entry.cases.find((c) => c.inplace !== undefined && c.grads !== undefined && c.layout === "sample");
    if (c === undefined || !isOffered(entry) || EXCLUDED.has(name)) continue;
    const decoder = new Decoder();
    decoder.call(c.args, c.kwargs);
    const leaves = decoder.leaves.map((t) => t.detach());
    const run = (...at: T[]): T => {
      const [self, ...rest] = new Decoder(at).call(c.args, c.kwargs);
      return callMethod((self as T).clone(), entry.op.replace(/_?$/, "_"), rest) as T;
    };
    const examples = SCALES.map((s) => leaves.map((t) => t.mul(s)));
    try {
      const out = vmap(run)(...leaves.map((_, i) => torch.stack(examples.map((at) => at[i]))));
      if (!same(out, torch.stack(examples.map((at) => run(...at))))) problems.push(name);
    } catch (error) {
      problems.push(`${name}: ${errorLine(error).split("\n")[0]}`);
    }
  }
  if (problems.length > 0) fail(problems.join("\n    "));
});

Deno.test("every batching rule is of an op that exists", () => {
  assertEquals([...batchingRules.keys()].filter((name) => !primitives.has(name)), []);
});
