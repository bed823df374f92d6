/**
 * Forward mode: `torch.autograd.forward_ad`. What is printed and thrown was recorded from PyTorch 2.6; derivatives of every op are held against
 * the recorded gradients, for <v, J t> = <J^T v, t>.
 */
import { assert, assertAlmostEquals, assertEquals, assertStrictEquals, assertThrows, fail } from "@std/assert";
import * as torch from "../mod.ts";
import { primitives } from "../src/ops/define.ts";
import { tangentRules } from "../src/ops/tangents.ts";
import { callMethod, type Case, entries, type Entry, isOffered, resolve } from "./support/opinfo.ts";
import { Decoder, elements, errorLine, tensorsIn } from "./support/recording.ts";
import { uniform } from "./support/numeric.ts";

const { dual_level, enter_dual_level, exit_dual_level, make_dual, unpack_dual } = torch.autograd.forward_ad;

const x = () => torch.tensor([1, 2]);
const v = () => torch.tensor([3, 4]);
const throws = (f: () => unknown, text: string) => assertEquals(errorLine(assertThrows(f)), text);

Deno.test("a dual prints its tangent, and unpacks into two tensors", () => {
  dual_level(() => {
    const d = make_dual(x(), v());
    assertEquals(String(d), "tensor([1., 2.], tangent=tensor([3., 4.]))");
    assertEquals(String(unpack_dual(d)), "UnpackedDualTensor(primal=tensor([1., 2.]), tangent=tensor([3., 4.]))");
    assertEquals(String(unpack_dual(x())), "UnpackedDualTensor(primal=tensor([1., 2.]), tangent=None)");
    const [primal, tangent] = unpack_dual(d);
    assertEquals([String(primal), String(tangent)], ["tensor([1., 2.])", "tensor([3., 4.])"]);
    assertEquals(String(make_dual(torch.tensor(2), torch.tensor(3))), "tensor(2., tangent=3.0)");
    assertEquals(String(d.double()), "tensor([1., 2.], dtype=torch.float64,\n       tangent=tensor([3., 4.], dtype=torch.float64))");
    assertEquals(String(d.gt(0)), "tensor([True, True])");
    assertEquals([String(d.detach()), String(d.long())], ["tensor([1., 2.])", "tensor([1, 2])"]);
  });
});

Deno.test("tangents of ops", () => {
  dual_level(() => {
    const d = make_dual(x(), v());
    assertEquals(String(d.sin()), "tensor([0.8415, 0.9093], tangent=tensor([ 1.6209, -1.6646]))");
    assertEquals(String(d.mul(d)), "tensor([1., 4.], tangent=tensor([ 6., 16.]))");
    assertEquals(String(torch.cat([d, x()])), "tensor([1., 2., 1., 2.], tangent=tensor([3., 4., 0., 0.]))");
    assertEquals(String(torch.where(torch.tensor([true, false]), d, 0)), "tensor([1., 0.], tangent=tensor([3., 0.]))");
    const most = make_dual(torch.tensor([3, 1]), torch.tensor([5, 6])).max(0);
    assertEquals(String(most), "torch.return_types.max(\nvalues=tensor(3., tangent=5.0),\nindices=tensor(0))");
    assertEquals(torch.no_grad(() => String(d.mul(2))), "tensor([2., 4.], tangent=tensor([6., 8.]))");
  });
});

Deno.test("tangents end with their level, and do not exist in inference mode", () => {
  const d = dual_level(() => make_dual(x(), v()));
  assertEquals(String(d), "tensor([1., 2.])");
  assertEquals(enter_dual_level(), 0);
  torch.inference_mode(() => assertEquals(String(make_dual(x(), v()).mul(2)), "tensor([2., 4.])"));
  exit_dual_level();
  {
    using _ = dual_level();
    assert(unpack_dual(make_dual(x(), v())).tangent !== null);
  }
  throws(() => exit_dual_level(), "RuntimeError: Dual level must be a positive number.");
});

Deno.test("changes in place change tangents, those of views and bases too", () => {
  dual_level(() => {
    const tangent = v(), primal = x();
    const d = make_dual(primal, tangent);
    d.mul_(2);
    assertEquals([String(d), String(tangent), String(primal)], ["tensor([2., 4.], tangent=tensor([6., 8.]))", "tensor([6., 8.])", "tensor([2., 4.])"]);
    d.index(0).add_(make_dual(torch.tensor(1), torch.tensor(5)));
    assertEquals(String(d), "tensor([3., 4.], tangent=tensor([11.,  8.]))");
    d.fill_(3);
    assertEquals(String(d), "tensor([3., 3.], tangent=tensor([0., 0.]))");
    const q = torch.zeros(3), part = q.index(torch.slice(null, 2));
    part.copy_(make_dual(x(), v()));
    assertEquals(String(q), "tensor([1., 2., 0.], tangent=tensor([3., 4., 0.]))");
    assertEquals(String(part), "tensor([1., 2.], tangent=tensor([3., 4.]))");
    q.mul_(q);
    assertEquals(String(q), "tensor([1., 4., 0.], tangent=tensor([ 6., 16.,  0.]))");
    const e = make_dual(x(), v()).add(1);
    e.mul_(10);
    assertEquals(String(e), "tensor([20., 30.], tangent=tensor([30., 40.]))");
  });
});

Deno.test("forward over reverse, and reverse over forward", () => {
  dual_level(() => {
    const z = x().requires_grad_();
    const d = make_dual(z, v());
    assertEquals(String(d), "tensor([1., 2.], grad_fn=<ViewBackward0>, tangent=tensor([3., 4.]))");
    const w = d.mul(d);
    assertEquals(String(w), "tensor([1., 4.], grad_fn=<MulBackward0>,\n       tangent=tensor([ 6., 16.], grad_fn=<AddBackward0>))");
    assertEquals(String(unpack_dual(w).primal), "tensor([1., 4.], grad_fn=<Identity>)");
    const [g] = torch.autograd.grad(d.sin().sum(), z, { create_graph: true });
    assertEquals(String(unpack_dual(g).tangent!.detach()), "tensor([-2.5244, -3.6372])");
    unpack_dual(d.sin()).tangent!.sum().backward();
    assertEquals(String(z.grad), "tensor([-2.5244, -3.6372])");
  });
});

Deno.test("PyTorch's errors", () => {
  throws(
    () => make_dual(x(), v()),
    "RuntimeError: Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first.",
  );
  dual_level(() => {
    const d = make_dual(x(), v());
    throws(() => enter_dual_level(), "RuntimeError: Nested forward mode AD is not supported at the moment");
    throws(
      () => make_dual(x(), torch.ones(3)),
      "RuntimeError: Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. " +
        "Tensor is of size [2] while the given forward gradient is of size [3].",
    );
    throws(() => make_dual(torch.tensor([1n, 2n]), v()), "ValueError: Expected primal to be floating point or complex, but got: torch.int64");
    throws(() => make_dual(x(), torch.tensor([1n, 2n])), "ValueError: Expected tangent to be floating point or complex, but got: torch.int64");
    throws(
      () => make_dual(d, v()),
      "RuntimeError: Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not supported.",
    );
    throws(() => make_dual(x(), d), "RuntimeError: Setting a forward grad that itself has a forward gradient at the same level0 is not supported.");
    throws(() => make_dual(x(), v(), { level: 1 }), "RuntimeError: Invalid level given to _make_dual");
    throws(() => make_dual(3 as never, v()), "AttributeError: 'int' object has no attribute 'is_floating_point'");
    throws(() => unpack_dual(3 as never), "TypeError: _unpack_dual(): argument 'dual' (position 1) must be Tensor, not int");
    throws(
      () => exit_dual_level({ level: 3 }),
      "RuntimeError: Trying to exit a forward AD level that was not the last one that was created. This is not supported.",
    );
    throws(
      () => torch.add(torch.ones(2), 1, { out: d }),
      "NotImplementedError: Trying to use forward AD with add_out that does not support it because it is an out= function",
    );
    throws(
      () => torch.nextafter(d, x()),
      "NotImplementedError: Trying to use forward AD with nextafter that does not support it because it has not been implemented yet.\n" +
        "Please file an issue to PyTorch at https://github.com/pytorch/pytorch/issues/new?template=feature-request.yml so that we can prioritize its " +
        "implementation or submit a PR adding the implementation to derivatives.yaml",
    );
    throws(() => torch.heaviside(d, d), "NotImplementedError: Trying to use forward AD with aten::heaviside that does not support it.");
  });
});

// -- custom functions ------------------------------------------------------------------------------------------------

type Ctx = torch.autograd.FunctionCtx;
type T = torch.Tensor;

class Product extends torch.autograd.Function {
  static override forward(ctx: Ctx, a: T, b: T): [T, T] {
    ctx.save_for_backward(a, b);
    ctx.save_for_forward(a, b);
    return [a.mul(b), a.add(1)];
  }
  static override backward(ctx: Ctx, g: T, h: T): [T, T] {
    const [a, b] = ctx.saved_tensors;
    return [g.mul(b).add(h), g.mul(a)];
  }
  static override jvp(ctx: Ctx, s: T, t: T): unknown {
    const [a, b] = ctx.saved_tensors;
    return [s.mul(b).add(a.mul(t)), s];
  }
}

Deno.test("a custom function's jvp gives its results their tangents", () => {
  dual_level(() => {
    const d = make_dual(x(), v());
    assertEquals(Product.apply(d, v()).map(String), ["tensor([3., 8.], tangent=tensor([ 9., 16.]))", "tensor([2., 3.], tangent=tensor([3., 4.]))"]);
    assertEquals(Product.apply(d, d).map(String), ["tensor([1., 4.], tangent=tensor([ 6., 16.]))", "tensor([2., 3.], tangent=tensor([3., 4.]))"]);
    const z = x().requires_grad_();
    const [first] = Product.apply(make_dual(z, v()), v());
    assertEquals(String(first), "tensor([3., 8.], grad_fn=<ProductBackward>,\n       tangent=tensor([ 9., 16.], grad_fn=<AddBackward0>))");
  });
});

Deno.test("what a jvp must return", () => {
  const returning = (result: (t: T) => unknown) =>
    class extends Product {
      static override jvp(_ctx: Ctx, t: T): unknown {
        return result(t);
      }
    };
  dual_level(() => {
    const call = (result: (t: T) => unknown) => () => returning(result).apply(make_dual(x(), v()), v());
    throws(call((t) => t), "RuntimeError: Function's jvp returned an invalid number of forward gradients (expected 2 but got 1)");
    throws(call((t) => [3, t]), "RuntimeError: expected Variable or None (got int) for grad output 0.");
    throws(
      call((t) => [t.narrow(0, 0, 1), t]),
      "RuntimeError: Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. " +
        "Tensor is of size [2] while the given forward gradient is of size [1].",
    );
    class Missing extends torch.autograd.Function {
      static override forward(_ctx: Ctx, a: T): T {
        return a.mul(2);
      }
    }
    throws(
      () => Missing.apply(make_dual(x(), v())),
      "NotImplementedError: You must implement the jvp function for custom autograd.Function to use it with forward mode AD.",
    );
    class View extends torch.autograd.Function {
      static override forward(_ctx: Ctx, a: T): T {
        return a.view(-1);
      }
      static override jvp(_ctx: Ctx, t: T): T {
        return t.clone();
      }
    }
    throws(
      () => View.apply(make_dual(x(), v())),
      "RuntimeError: A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view.",
    );
    class Doubled extends torch.autograd.Function {
      static override forward(ctx: Ctx, a: T): T {
        a.mul_(2);
        ctx.mark_dirty(a);
        return a;
      }
      static override jvp(_ctx: Ctx, t: T): T {
        return t.mul(2);
      }
    }
    throws(
      () => Doubled.apply(make_dual(x(), v()).clone()),
      "RuntimeError: An inplace custom Function is not modifying the forward mode gradients inplace. " +
        "If the forward is modifying an input inplace, then the jvp function must modify the corresponding gradient inplace.",
    );
    class DoubledRight extends Doubled {
      static override jvp(_ctx: Ctx, t: T): T {
        return t.mul_(2);
      }
    }
    const d = make_dual(x(), v()).clone();
    assertStrictEquals(DoubledRight.apply(d), d);
    assertEquals(String(d), "tensor([2., 4.], tangent=tensor([6., 8.]))");
  });
});

// -- every op --------------------------------------------------------------------------------------------------------

/** What PyTorch has no forward derivative of. */
const REFUSED: Record<string, string> = {
  "cdist": "_cdist_forward",
  "nn.functional.pdist": "_pdist_forward",
  "nn.functional.embedding_bag": "_embedding_bag",
  "nn.functional.multi_margin_loss": "multi_margin_loss",
  "nn.functional.multilabel_margin_loss": "multilabel_margin_loss_forward",
  "nn.functional.ctc_loss": "_ctc_loss",
  "nn.functional.grid_sample": "grid_sampler_2d",
};

/** Whether an element is written twice, so that the last value wins: the gradient that PyTorch defines is not the derivative. */
const writesTwice = (c: Case) => c.kwargs.accumulate === false;

/** <v, J t> by forward mode, and <J^T v, t> by the recorded gradients, with the sum of the terms' sizes; null where something is not finite. */
function compare(entry: Entry, c: Case, inplace: boolean, random: () => number): [forward: number, backward: number, scale: number] | null {
  const decoder = new Decoder();
  decoder.call(c.args, c.kwargs);
  const { leaves } = decoder;
  const tangents = leaves.map((leaf) => torch.tensor(Array.from({ length: leaf.numel() }, random), { dtype: leaf.dtype }).reshape(leaf.shape));
  let forward = 0, backward = 0, scale = 0;
  dual_level(() => {
    const args = new Decoder(leaves.map((leaf, i) => make_dual(leaf.detach(), tangents[i]))).call(c.args, c.kwargs);
    const [self, ...rest] = args;
    const results = inplace ? [callMethod((self as T).clone(), entry.op.replace(/_?$/, "_"), rest) as T] : tensorsIn(resolve(entry)(...args));
    const named = results.filter((_, i) => c.names[i] !== null);
    const outs = named.length === c.cotangents!.length ? named : results.filter((t) => t.dtype.is_floating_point);
    outs.forEach((out, k) => {
      const { tangent } = unpack_dual(out);
      if (tangent === null) return;
      assertEquals([[...tangent.shape], tangent.dtype.name], [[...out.shape], out.dtype.name]);
      const values = tangent.detach().typed_array(), weights = elements(c.cotangents![k]).map(Number);
      weights.forEach((w, i) => {
        forward += Number(values[i]) * w;
        scale += Math.abs(Number(values[i]) * w);
      });
    });
  });
  c.grads!.forEach((g, i) => {
    if (g === null) return;
    const along = tangents[i].typed_array();
    elements(g).forEach((value, k) => {
      backward += Number(value) * Number(along[k]);
      scale += Math.abs(Number(value) * Number(along[k]));
    });
  });
  return Number.isFinite(forward) && Number.isFinite(backward) ? [forward, backward, scale] : null;
}

for (const [name, entry] of Object.entries(entries)) {
  const cases = entry.cases.filter((c) => c.grads !== undefined && c.cotangents !== undefined && !writesTwice(c));
  if (!isOffered(entry) || cases.length === 0) continue;
  Deno.test(`forward mode of ${name}`, () => {
    const random = uniform(cases.length), problems: string[] = [];
    cases.forEach((c) => {
      const number = entry.cases.indexOf(c), single = JSON.stringify(c.args).includes('"float32"');
      for (const inplace of c.inplace === undefined ? [false] : [false, true]) {
        const where = `case ${number}${inplace ? " in place" : ""}`;
        try {
          const sums = compare(entry, c, inplace, random);
          if (name in REFUSED) problems.push(`${where}: no error`);
          if (sums === null) continue;
          const [forward, backward, scale] = sums;
          if (Math.abs(forward - backward) > (single ? 2e-4 : 1e-6) * (1 + scale)) problems.push(`${where}: ${forward} forward, ${backward} backward`);
        } catch (error) {
          const line = errorLine(error);
          const refusal = `NotImplementedError: Trying to use forward AD with ${REFUSED[name]} that does not support it`;
          if (!(name in REFUSED) || !line.startsWith(refusal)) problems.push(`${where}: threw ${line.split("\n")[0]}`);
        }
      }
    });
    if (problems.length > 0) fail(problems.join("\n    "));
  });
}

Deno.test("every rule for a tangent is of an op that exists", () => {
  assertEquals([...tangentRules.keys()].filter((name) => !primitives.has(name)), []);
});

Deno.test("a tangent of another dtype stays what it is", () => {
  dual_level(() => {
    const d = make_dual(x(), v().double());
    assertEquals(String(d.sin()), "tensor([0.8415, 0.9093],\n       tangent=tensor([ 1.6209, -1.6646], dtype=torch.float64))");
    assertAlmostEquals(Number(unpack_dual(d.sum()).tangent!.item()), 7);
  });
});
