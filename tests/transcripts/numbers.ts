/** Printing, dtypes, reductions, products, random numbers; recorded by ../pytorch/programs/numbers.py. */

import * as torch from "../../mod.ts";
import type { Programs } from "./program.ts";

/** The programs, by name. */
export const numbers: Programs = {
  printing_of_floats({ print }) {
    print(torch.tensor(1), torch.tensor(0.1), torch.tensor(1e-08), torch.tensor(123456789));
    print(torch.tensor([1, 2]), torch.tensor([1, 2.5]), torch.tensor([1e-05, 1]));
    print(torch.tensor([0.001, 10000]), torch.tensor([100000000, 1]), torch.tensor([100000, 0.5]));
    print(torch.tensor([0, -0]), torch.tensor([NaN, 1]), torch.tensor([Infinity, -Infinity]));
    print(torch.tensor([NaN, 10000000000, -1.5]));
    print(torch.tensor([[1, -2], [100.25, 3]]));
    print(torch.tensor([]), torch.zeros(0, 3), torch.zeros(2, 0, 4));
    print(torch.zeros(2, 2, 2));
    print(torch.arange(30, { dtype: torch.float32 }));
    print(torch.arange(12, { dtype: torch.float32 }).reshape(3, 4).div(7));
    print(torch.zeros(1001));
    print(torch.arange(2000, { dtype: torch.float32 }).reshape(40, 50));
    print(torch.tensor([1, 2], { dtype: torch.float64 }), torch.tensor(1.5, { dtype: torch.float64 }));
    print(torch.tensor([1], { requires_grad: true }), torch.tensor([1], { dtype: torch.float64, requires_grad: true }));
    const x = torch.tensor([1, 2], { requires_grad: true });
    print(x.mul(2), x.sum(), x.mul(2).detach());
    print(x.mul(2).view(1, 2, 1));
    print(torch.linspace(0, 1, 7), torch.logspace(-3, 3, 7));
    print(torch.full([2, 3], 3.14159265));
    print(torch.tensor([0.00012345, 123]), torch.tensor([999999]), torch.tensor([9999999]));
    print(`${x.detach()} and ${x}`);
    print([torch.tensor(1), torch.tensor([2n])]);
  },
  printing_of_other_dtypes({ print }) {
    print(torch.tensor([1n, 2n, 300n]), torch.tensor(5n), torch.tensor([[1n], [-20n]]));
    print(torch.tensor([true, false]), torch.tensor(true), torch.tensor([[true], [false]]));
    print(
      torch.tensor([1n, 2n], { dtype: torch.int32 }),
      torch.tensor([1n], { dtype: torch.uint8 }),
      torch.tensor([-1n], { dtype: torch.int8 }),
      torch.tensor([1n], { dtype: torch.int16 }),
    );
    print(torch.tensor([1099511627776n, 1n]), torch.tensor(-9007199254740992n));
    print(torch.zeros(0, { dtype: torch.int64 }), torch.zeros(2, 0, { dtype: torch.bool }));
    print(torch.arange(1500));
    print(torch.float32, torch.int64, torch.bool, torch.float64, torch.uint8);
    print(torch.zeros(2, 3).shape, torch.zeros(2, 3).size(), torch.tensor(1n).shape, torch.zeros(4).shape);
    print(torch.zeros(2, 3).dtype, torch.zeros(2).device, torch.zeros(2, 3).dim(), torch.zeros(2, 3).numel());
    print(torch.eye(3, { dtype: torch.int64 }));
    print(torch.ones(3).bool(), torch.tensor([0, 1.5]).int(), torch.tensor([1n, 0n]).double());
    print(torch.arange(40).reshape(2, 20).mul(1000));
    print(torch.zeros(2, 1, 3, { dtype: torch.int64 }));
  },
  print_options({ print }) {
    const x = torch.tensor([1.23456789, 1000.5, 1e-05]);
    const y = torch.arange(100, { dtype: torch.float32 });
    torch.set_printoptions({ precision: 2 });
    print(x);
    torch.set_printoptions({ precision: 8 });
    print(x);
    torch.set_printoptions({ precision: 4, sci_mode: false });
    print(x);
    torch.set_printoptions({ sci_mode: true });
    print(torch.tensor([1, 2]));
    torch.set_printoptions({ profile: "default" });
    torch.set_printoptions({ threshold: 10, edgeitems: 2 });
    print(y);
    print(y.reshape(10, 10));
    torch.set_printoptions({ profile: "short" });
    print(y.div(3));
    torch.set_printoptions({ profile: "full" });
    print(torch.arange(1100).sum(), torch.arange(0, 1100, 100));
    torch.set_printoptions({ profile: "default" });
    torch.set_printoptions({ linewidth: 40 });
    print(y.index(torch.slice(null, 20)));
    torch.set_printoptions({ profile: "default" });
    print(x);
  },
  promotion({ print, raises }) {
    const i = torch.tensor([1n, 2n, 3n]);
    const f = torch.tensor([0.5, 1.5, 2.5]);
    const d = torch.tensor([1], { dtype: torch.float64 });
    const b = torch.tensor([true, false, true]);
    const u = torch.tensor([200n, 100n, 50n], { dtype: torch.uint8 });
    print(i.add(f), i.mul(2), i.add(2.5), b.add(1), b.mul(0.5));
    print(i.div(2).dtype, i.floor_divide(2).dtype, i.remainder(2).dtype, i.pow(2).dtype, f.add(d).dtype);
    print(u.add(100), u.mul(2), u.add(i));
    print(f.add(torch.tensor(1, { dtype: torch.float64 })).dtype, i.add(torch.tensor(1)).dtype, f.add(d.index(0)).dtype);
    print(i.div(2), i.floor_divide(2), i.remainder(2), i.neg().floor_divide(2), i.neg().remainder(2));
    print(i.gt(1.5), b.bitwise_and(i.gt(1)), i.eq(f));
    print(i.float(), f.long(), f.int().dtype, b.float(), i.bool());
    print(torch.result_type(i, f), torch.promote_types(torch.uint8, torch.int8), torch.can_cast(torch.float32, torch.int64));
    print(i.sum(), b.sum(), f.sum(), i.float().mean(), u.sum());
    print(i.prod(), i.cumsum(0), b.cumsum(0), i.max(), i.argmax());
    raises(() => i.mean());
    raises(() => i.add_(f));
    raises(() => b.sub(b));
    print(i.to(torch.float64), f.to(torch.int32), f.to(d).dtype, f.type_as(i));
    print(
      torch.tensor([1n, 2.5]).dtype,
      torch.tensor([true, 2n]).dtype,
      torch.arange(3).dtype,
      torch.arange(3, { dtype: torch.float32 }).dtype,
      torch.full([1], 2n).dtype,
    );
    print(i.sqrt(), i.exp().dtype, i.sin().dtype, torch.tensor([1n, 4n]).rsqrt());
    print(torch.tensor([7n, -7n]).div(2, { rounding_mode: "trunc" }), torch.tensor([7n, -7n]).div(2, { rounding_mode: "floor" }));
    print(torch.tensor([5.5, -5.5]).remainder(2), torch.fmod(torch.tensor([5.5, -5.5]), 2), torch.tensor([5n, -5n]).remainder(3));
  },
  reductions({ print }) {
    const x = torch.tensor([[1, 5, 3], [4, 2, 6]], { requires_grad: true });
    print(x.sum(), x.sum(0), x.sum(1, { keepdim: true }), x.sum([0, 1]));
    print(x.mean(), x.mean(0), x.mean(-1));
    print(x.max(), x.min(), x.argmax(), x.argmin(1));
    const [values, indices] = x.max(1);
    print(values);
    print(indices);
    print(x.max(0)[0]);
    print(x.std(), x.var(0), x.var(1, { unbiased: false }), x.std({ dim: 1, correction: 0 }));
    print(x.prod(), x.prod(0), x.norm(), x.norm(1), x.norm({ dim: 1 }), x.norm({ p: Infinity }));
    print(x.cumsum(1), x.cumprod(0));
    print(x.logsumexp(1), x.softmax(1), x.log_softmax(0));
    print(x.sort({ descending: true })[0], x.argsort(1), x.topk(2)[1]);
    print(x.median(), x.amax(1), x.amin(0), [...torch.aminmax(x.detach())]);
    print(x.detach().unique(), x.any(), x.all(1), x.count_nonzero());
    x.var().backward();
    print(x.grad);
    x.grad = null;
    x.norm().backward();
    print(x.grad);
    x.grad = null;
    x.prod(1).sum().backward();
    print(x.grad);
    x.grad = null;
    x.cumsum(0).logsumexp([0, 1]).backward();
    print(x.grad);
    print([...torch.tensor([3, 1, 2]).sort()]);
    print(torch.tensor([[1n, 2n], [3n, 4n]]).sum(0), torch.tensor([1n, 1n, 2n]).unique({ return_counts: true })[1]);
  },
  products({ print, raises }) {
    const a = torch.arange(6, { dtype: torch.float32 }).reshape(2, 3).requires_grad_();
    const b = torch.arange(12, { dtype: torch.float32 }).reshape(3, 4);
    print(a.matmul(b));
    print(a.mm(b).sum());
    a.matmul(b).sum().backward();
    print(a.grad);
    const v = torch.tensor([1, 2, 3], { requires_grad: true });
    print(a.matmul(v), v.matmul(b), v.matmul(v), v.dot(v), torch.outer(v, v.index(torch.slice(null, 2))));
    a.grad = null;
    a.matmul(v).pow(2).sum().backward();
    print(a.grad, v.grad);
    const c = torch.ones(2, 2, 3);
    print(c.matmul(b).shape, torch.bmm(c, c.transpose(1, 2)), c.matmul(v));
    print(torch.einsum("ij,jk->ik", a, b));
    print(torch.einsum("ij->j", a), torch.einsum("i,i->", v, v), torch.einsum("bij,j->bi", c, v));
    print(torch.addmm(torch.ones(4), a, b, { beta: 2, alpha: 0.5 }));
    print(torch.tensordot(a, b, { dims: 1 }).shape, a.T.matmul(a));
    print(torch.nn.functional.linear(a, torch.ones(1, 3), torch.tensor([10])));
    raises(() => a.matmul(a));
    raises(() => a.mm(v));
    raises(() => torch.bmm(a, b));
    print(torch.eye(3).matmul(v), b.T.matmul(a.T).T.shape);
    print(v.unsqueeze(1).mul(v), v.index(torch.slice(), null).sub(v).abs());
  },
  broadcast_gradients({ print, raises }) {
    const x = torch.ones(3, 1, { requires_grad: true });
    const y = torch.tensor([1, 2, 3, 4], { requires_grad: true });
    const z = x.mul(y);
    print(z);
    z.sum().backward();
    print(x.grad, y.grad);
    const s = torch.tensor(2, { requires_grad: true });
    s.mul(y).sum().backward();
    print(s.grad);
    y.grad = null;
    y.div(s).sum().backward();
    print(s.grad, y.grad);
    const b = torch.zeros(2, { requires_grad: true });
    const out = torch.ones(4, 3, 2).add(b);
    out.mean().backward();
    print(b.grad);
    print(torch.broadcast_tensors(x, y)[0].shape, torch.broadcast_shapes([3, 1], [4]));
    const p = torch.tensor([[2], [3]], { requires_grad: true });
    const q = torch.tensor([1, 2], { requires_grad: true });
    p.pow(q).sum().backward();
    print(p.grad, q.grad);
    const w = torch.ones(1, { requires_grad: true });
    w.expand(5).mul(torch.arange(5, { dtype: torch.float32 })).sum().backward();
    print(w.grad);
    raises(() => torch.ones(2, 3).mul(torch.ones(2)));
    const m = torch.maximum(x, y);
    m.sum().backward();
    print(x.grad);
  },
  random_streams({ print }) {
    torch.manual_seed(0);
    print(torch.rand(3));
    print(torch.randn(3));
    print(torch.randn(16));
    print(torch.randn(2, 3), torch.rand(2, 2));
    print(torch.randint(0, 10, [5]), torch.randint(100, [2, 2]));
    print(torch.randperm(7));
    print(torch.rand(2, { dtype: torch.float64 }), torch.randn(2, { dtype: torch.float64 }));
    torch.manual_seed(42);
    print(torch.randn(4));
    print(torch.bernoulli(torch.tensor([0.2, 0.5, 0.9])));
    print(torch.empty(3).uniform_(-1, 1), torch.empty(3).normal_(10, 2));
    print(torch.normal(torch.zeros(2), torch.ones(2)), torch.normal(0, 1, [2]));
    print(torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), 4, { replacement: true }));
    print(torch.empty(2).exponential_(2));
    print(torch.rand_like(torch.zeros(2)), torch.randn_like(torch.zeros(2, 1)));
    torch.manual_seed(42);
    print(torch.randn(4));
    print(torch.initial_seed());
    const state = torch.get_rng_state();
    const a = torch.rand(2);
    torch.set_rng_state(state);
    print(torch.equal(a, torch.rand(2)), state.dtype, state.shape);
    const g = new torch.Generator();
    g.manual_seed(7);
    print(torch.rand(2, { generator: g }), torch.randperm(4, { generator: g }));
    const h = new torch.Generator().manual_seed(7);
    print(torch.rand(2, { generator: h }), h.initial_seed());
    const x = torch.randn(3, { requires_grad: true });
    print(x);
    print(torch.nn.functional.dropout(torch.ones(6), 0.5));
    print(torch.randn(5, 5).t().shape, torch.rand([]));
  },
  creation({ print, raises }) {
    print(torch.zeros(2, 3), torch.ones(2, { dtype: torch.int64 }), torch.full([2], 7));
    print(torch.arange(5), torch.arange(1, 10, 3), torch.arange(0, 1, 0.25), torch.arange(5, 0, -2));
    print(torch.linspace(-1, 1, 5), torch.eye(2), torch.eye(2, 3));
    const x = torch.tensor([[1, 2]]);
    print(torch.zeros_like(x), torch.ones_like(x, { dtype: torch.int64 }), torch.full_like(x, 3));
    print(x.new_zeros(2), x.new_ones(1, 2), x.new_full([2], 5), x.new_tensor([1n, 2n]));
    print(torch.tensor(3n), torch.tensor(3), torch.tensor([[1n, 2n], [3n, 4n]]).shape);
    print(torch.as_tensor([1, 2]), torch.scalar_tensor(2), torch.empty(0));
    print(x.long().tolist(), `${Number(x.sum().item()).toFixed(2)}`, torch.tensor([true]).item(), torch.tensor(7n).item());
    print(torch.tensor([1n, 2n]).tolist(), torch.tensor(2n).tolist());
    print(torch.tril(torch.ones(3, 3)), torch.diag(torch.tensor([1, 2])));
    print(torch.is_tensor(x), torch.is_floating_point(x), x.element_size(), x.nelement(), x.ndim);
    print(torch.get_default_dtype(), x.is_floating_point(), torch.numel(x));
    raises(() => torch.tensor([[1], [2, 3]]));
    raises(() => torch.zeros(-1));
    raises(() => torch.arange(1, 0));
    for (const row of torch.eye(2)) {
      print(row);
    }
    const [a, b] = torch.tensor([1, 2], { requires_grad: true });
    print(a, b);
  },
};
