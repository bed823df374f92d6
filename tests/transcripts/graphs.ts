/** What the graph remembers: nodes, leaves, backward passes, modes, hooks; recorded by ../pytorch/programs/graphs.py. */

import * as torch from "../../mod.ts";
import type { Programs } from "./program.ts";
import { call } from "../errors/situation.ts";

/** The programs, by name. */
export const graphs: Programs = {
  first_gradients({ print }) {
    const x = torch.tensor([1, 2, 3], { requires_grad: true });
    print(x);
    const y = x.mul(2);
    print(y);
    const z = y.pow(2).mean();
    print(z);
    z.backward();
    print(x.grad);
    print(y.requires_grad, y.is_leaf, x.is_leaf);
    const w = torch.tensor(3, { requires_grad: true });
    const b = torch.tensor(-1, { requires_grad: true });
    const loss = w.mul(x.detach()).add(b).sum();
    loss.backward();
    print(w.grad, b.grad);
    print(`${Number(loss.item()).toFixed(4)}`, x.grad!.long().tolist());
    print(torch.ones(2, 2, { requires_grad: true }).add(1));
    print(torch.ones(2, 2, { requires_grad: true }).sub(3).abs().sum());
    print(x.sum().requires_grad, x.detach().sum().requires_grad);
  },
  nodes_of_a_graph({ print }) {
    const x = torch.ones(2, 2, { requires_grad: true });
    const y = x.add(2);
    const z = y.mul(y).mul(3);
    const out = z.mean();
    print(x.grad_fn);
    print(y.grad_fn!.name(), z.grad_fn!.name(), out.grad_fn!.name());
    print(y.grad_fn);
    print(out.grad_fn);
    print(out.grad_fn!.next_functions.map((n) => n[0]?.name()));
    print([...out.grad_fn!.next_functions[0][0]!.next_functions[1]]);
    print(y.grad_fn!.next_functions[0][0]!.name());
    print(y.grad_fn!.next_functions[0][1]);
    print([x.exp(), x.log(), x.sin(), x.tanh(), x.sigmoid(), x.relu(), x.sqrt(), x.abs(), x.neg()].map((t) => t.grad_fn!.name()));
    print(
      [x.t(), x.view(4), x.reshape(4), x.index(0), x.index(torch.slice(), 1), x.index(0, 1), x.unsqueeze(0), x.expand(3, 2, 2), x.permute(1, 0)].map((t) =>
        t.grad_fn!.name()
      ),
    );
    print([x.sum(), x.sum(0), x.mean(), x.mean(1), x.max(), x.prod(), x.var(), x.std(), x.norm(), x.logsumexp(0)].map((t) => t.grad_fn!.name()));
    print(
      [
        x.div(2),
        x.reciprocal().mul(2),
        x.sub(1),
        torch.rsub(x, 1),
        x.pow(2),
        torch.pow(2, x),
        x.matmul(x),
        x.mm(x),
        x.mv(x.index(0)),
        torch.dot(x.index(0), x.index(1)),
      ].map((t) => t.grad_fn!.name()),
    );
    print([torch.cat([x, x]), torch.stack([x, x]), torch.where(x.gt(0), x, x), x.clamp(0, 1), x.softmax(0), x.cumsum(0)].map((t) => t.grad_fn!.name()));
    print(Reflect.get(out.grad_fn!.next_functions[0][0]!, "_saved_self"));
    print(Reflect.get(y.grad_fn!.next_functions[0][0]!, "variable") === x);
    print(Reflect.get(x.mul(x).grad_fn!, "_saved_other"));
    print(Reflect.get(x.exp().grad_fn!, "_saved_result"));
  },
  retain_graph({ print, raises }) {
    const x = torch.tensor([2, 3], { requires_grad: true });
    const y = x.mul(x);
    const z = y.sum();
    z.backward({ retain_graph: true });
    print(x.grad);
    z.backward({ retain_graph: true });
    print(x.grad);
    z.backward();
    print(x.grad);
    raises(() => z.backward());
    print(x.grad);
    raises(() => y.sum().backward());
    const u = x.add(1);
    const s = u.sum();
    s.backward();
    s.backward();
    print(x.grad);
    const w = torch.tensor(1, { requires_grad: true });
    const v = w.mul(2);
    v.backward();
    raises(() => v.backward());
    print(w.grad);
  },
  higher_derivatives({ print }) {
    const x = torch.tensor(2, { requires_grad: true });
    const y = x.pow(4);
    const [g1] = torch.autograd.grad(y, x, { create_graph: true });
    print(g1);
    const [g2] = torch.autograd.grad(g1, x, { create_graph: true });
    print(g2);
    const [g3] = torch.autograd.grad(g2, x, { create_graph: true });
    print(g3);
    const [g4] = torch.autograd.grad(g3, x);
    print(g4);
    const t = torch.tensor([0.5, 1], { requires_grad: true });
    const s = torch.sin(t).mul(torch.exp(t));
    const [d1] = torch.autograd.grad(s.sum(), t, { create_graph: true });
    print(d1);
    d1.sum().backward();
    print(t.grad);
    print(torch.exp(t.detach()).mul(2).mul(torch.cos(t.detach())));
    const a = torch.tensor([1, 2, 3], { requires_grad: true });
    const penalty = torch.autograd.grad(a.pow(3).sum(), a, { create_graph: true })[0].pow(2).sum();
    print(penalty);
    penalty.backward();
    print(a.grad);
    print(d1.grad_fn!.name(), g1.grad_fn!.name(), g2.grad_fn!.name());
  },
  options_of_grad({ print, raises }) {
    const x = torch.tensor([1, 2], { requires_grad: true });
    const w = torch.tensor([3, 4], { requires_grad: true });
    const unused = torch.tensor([5, 6], { requires_grad: true });
    const y = x.mul(w).sum();
    const [gx, gw] = torch.autograd.grad(y, [x, w], { retain_graph: true });
    print(gx, gw);
    print(x.grad, w.grad);
    raises(() => torch.autograd.grad(y, unused, { retain_graph: true }));
    print(torch.autograd.grad(y, [x, unused], { allow_unused: true, retain_graph: true })[1]);
    print(torch.autograd.grad(y, [x, unused], { materialize_grads: true, retain_graph: true })[1]);
    const v = x.mul(w);
    print(torch.autograd.grad(v, x, { grad_outputs: torch.tensor([1, 10]), retain_graph: true })[0]);
    print(torch.autograd.grad(v, x, torch.ones(2), { retain_graph: true })[0]);
    raises(() => torch.autograd.grad(v, x));
    print(torch.autograd.grad([v, v.mul(2)], w, [torch.ones(2), torch.ones(2)])[0]);
    const z = torch.stack([x.sum(), x.pow(2).sum()]);
    print(torch.autograd.grad(z, x, torch.eye(2), { is_grads_batched: true })[0]);
    const h = x.mul(3);
    const k = h.pow(2).sum();
    print(torch.autograd.grad(k, h)[0]);
  },
  accumulation({ print }) {
    const w = torch.tensor([1, 1], { requires_grad: true });
    for (let i = 0; i < 3; i++) {
      const loss = w.mul(i + 1).sum();
      loss.backward();
      print(i, w.grad);
    }
    w.grad!.zero_();
    print(w.grad);
    w.mul(4).sum().backward();
    print(w.grad);
    w.grad = null;
    print(w.grad);
    w.mul(5).sum().backward();
    print(w.grad);
    const first = w.grad;
    w.mul(5).sum().backward();
    print(first === w.grad);
    print(first);
    w.grad = torch.tensor([100, 200]);
    w.sum().backward();
    print(w.grad);
    const v = torch.tensor([1, 2], { requires_grad: true });
    v.mul(w).sum().backward({ inputs: [v] });
    print(v.grad, w.grad);
    const u = torch.ones(2, { requires_grad: true });
    u.sum().backward({ create_graph: true });
    print(u.grad);
  },
  grad_modes({ print, raises }) {
    const x = torch.ones(2, { requires_grad: true });
    print(torch.is_grad_enabled());
    torch.no_grad(() => {
      print(torch.is_grad_enabled());
      const y = x.mul(2);
      print(y, y.requires_grad, y.is_leaf);
      torch.enable_grad(() => print(x.mul(3)));
      print(torch.is_grad_enabled());
      const n = torch.zeros(2, { requires_grad: true });
      print(n);
      x.add_(1);
      print(x, x._version);
    });
    print(torch.is_grad_enabled());
    torch.set_grad_enabled(false, () => print(x.mul(2).requires_grad));
    torch.set_grad_enabled(true, () => print(x.mul(2).requires_grad));
    torch.set_grad_enabled(false);
    print(x.mul(2).requires_grad);
    torch.set_grad_enabled(true);
    print(x.mul(2).requires_grad);
    const t = torch.inference_mode(() => x.mul(2));
    torch.inference_mode(() => {
      print(t, torch.is_inference_mode_enabled(), t.is_inference());
      t.add_(1);
      print(t);
    });
    raises(() => x.mul(t));
    print(t.add(1).is_inference(), torch.is_inference_mode_enabled());
    print(t.clone().mul(x));
    raises(() => t.add_(1));
  },
  detach_and_data({ print }) {
    const x = torch.tensor([1, 2], { requires_grad: true });
    const y = x.mul(2);
    const d = y.detach();
    print(d, d.requires_grad, d.is_leaf);
    d.index_put_([0], 100);
    print(y);
    print(y._version, d._version);
    y.sum().backward();
    print(x.grad);
    const e = x.mul(x).detach().requires_grad_();
    print(e, e.is_leaf);
    const p = x.mul(x);
    const q = p.detach_();
    print(q === p, p.requires_grad, p.grad_fn);
    x.data.mul_(10);
    print(x, x._version);
    x.data = torch.tensor([7, 8]);
    print(x);
    const r = x.exp();
    const s = r.data;
    s.zero_();
    print(r);
    r.sum().backward();
    print(x.grad);
    const c = x.clone();
    print(c);
    c.detach_();
    print(c);
    print(x.new_tensor([1]), x.detach().clone().requires_grad);
  },
  hooks({ print, raises }) {
    const x = torch.tensor([1, 2, 3], { requires_grad: true });
    const y = x.mul(2);
    const z = y.pow(2).sum();
    const first = y.register_hook((g) => print("y", g));
    x.register_hook((g) => g.mul(10));
    z.backward({ retain_graph: true });
    print(x.grad);
    first.remove();
    x.grad = null;
    z.backward({ retain_graph: true });
    print(x.grad);
    x.register_hook((g) => g.add(1));
    x.grad = null;
    z.backward({ retain_graph: true });
    print(x.grad);
    y.register_hook((g) => g.clamp({ max: 10 }));
    x.grad = null;
    z.backward({ retain_graph: true });
    print(x.grad);
    raises(() => torch.ones(2).register_hook((g) => g));
    y.retain_grad();
    x.grad = null;
    z.backward();
    print(y.grad, x.grad);
  },
  retained_gradients({ print, raises }) {
    const x = torch.tensor([1, 2], { requires_grad: true });
    const y = x.mul(3);
    y.retain_grad();
    const z = y.pow(2).sum();
    z.retain_grad();
    print(y.retains_grad, z.retains_grad, x.retains_grad);
    z.backward({ retain_graph: true });
    print(x.grad, y.grad, z.grad);
    z.backward();
    print(x.grad, y.grad, z.grad);
    x.retain_grad();
    print(x.retains_grad);
    raises(() => torch.ones(1).retain_grad());
    const a = torch.tensor(1, { requires_grad: true });
    const b = a.mul(2);
    b.retain_grad();
    b.mul_(3);
    b.backward();
    print(a.grad, b.grad);
  },
  variables_and_typed_constructors({ print }) {
    const v = torch.autograd.Variable(torch.ones(2, 2), { requires_grad: true });
    print(v);
    print(v.add(2).mean());
    v.mul(v).sum().backward();
    print(v.grad);
    print(torch.autograd.Variable(torch.tensor([1])).requires_grad);
    print(torch.Tensor([1, 2, 3]));
    print(torch.Tensor([[1.5, 2], [3, 4]]).dtype);
    print(torch.FloatTensor([1, 2]), torch.DoubleTensor([1, 2]));
    print(torch.LongTensor([1, 2]), torch.IntTensor([3]), torch.ByteTensor([255]));
    print(torch.BoolTensor([true, false]));
    print(torch.Tensor(2, 0).shape, torch.FloatTensor().shape);
    print(v.data, v.data.requires_grad);
    print(v.type(), torch.LongTensor([1]).type(), v.long().type());
    const x = torch.autograd.Variable(torch.FloatTensor([5]), { requires_grad: true });
    const y = x.pow(2).add(x.mul(3));
    y.backward();
    print(x.grad, y.data, y.grad_fn!.name());
    print(v instanceof torch.Tensor);
  },
  errors_leave_the_graph_usable({ print, raises }) {
    const x = torch.tensor([1, 2, 3], { requires_grad: true });
    const y = x.mul(x);
    raises(() => y.backward());
    raises(() => y.backward(torch.ones(2)));
    raises(() => y.add(torch.ones(2)));
    raises(() => y.add_(torch.ones(2)));
    print(y, y._version);
    y.backward(torch.ones(3));
    print(x.grad);
    raises(() => x.add_(1));
    raises(() => call(x, "requires_grad_", "on"));
    print(x);
    const z = x.exp();
    torch.no_grad(() => z.index_put_([0], 0));
    raises(() => z.sum().backward());
    print(x.grad);
    const w = x.mul(2).sum();
    w.backward();
    print(x.grad);
    const n = torch.arange(3);
    raises(() => n.requires_grad_());
    raises(() => n.mean());
    print(n, n.requires_grad);
    raises(() => torch.ones(2).sum().backward());
    raises(() => x.view(2, 2));
    raises(() => x.index(5));
    raises(() => x.sum(1));
    raises(() => torch.cat([x, torch.ones(2, 2)]));
    raises(() => x.item());
  },
  shared_subexpressions({ print }) {
    const x = torch.tensor(0.5, { requires_grad: true });
    const a = x.sin();
    const b = a.mul(a).add(a);
    const c = b.mul(x);
    const d = torch.stack([a, b, c]).prod();
    print(d);
    d.backward();
    print(x.grad);
    const y = torch.tensor([1, 2], { requires_grad: true });
    const [u, v] = y.unbind();
    u.mul(v).add(u).backward();
    print(y.grad);
    y.grad = null;
    const [top, i] = y.max(0);
    print(top, i);
    top.mul(3).add(y.sum()).backward();
    print(y.grad);
    const p = torch.tensor([[3, 1], [2, 4]], { requires_grad: true });
    const [s, order] = p.sort(1);
    print(s);
    print(order);
    s.mul(torch.tensor([1, 10])).sum().backward();
    print(p.grad);
    const q = torch.tensor([1, 1, 1], { requires_grad: true });
    q.max().backward();
    print(q.grad);
    q.grad = null;
    q.amax(0).backward();
    print(q.grad);
    q.grad = null;
    q.max(0).values.backward();
    print(q.grad);
  },
  order_of_execution({ print }) {
    const a = torch.tensor([1], { requires_grad: true });
    const b = torch.tensor([2], { requires_grad: true });
    const c = a.mul(2);
    const d = b.mul(3);
    const e = c.add(d);
    const f = c.mul(d);
    const g = e.mul(f);
    const h = a.exp();
    const k = g.add(h);
    a.register_hook((v) => print("a", v));
    b.register_hook((v) => print("b", v));
    c.register_hook((v) => print("c", v));
    d.register_hook((v) => print("d", v));
    e.register_hook((v) => print("e", v));
    f.register_hook((v) => print("f", v));
    g.register_hook((v) => print("g", v));
    h.register_hook((v) => print("h", v));
    k.register_hook((v) => print("k", v));
    k.backward({ retain_graph: true });
    print(a.grad, b.grad);
    print("grad of c alone");
    print(torch.autograd.grad(k, c, { retain_graph: true })[0]);
    print("both outputs");
    torch.autograd.backward([e, h], [torch.ones(1), torch.ones(1)]);
    print(a.grad, b.grad);
  },
  a_pass_that_fails_half_way({ print, raises }) {
    const a = torch.tensor([1, 2], { requires_grad: true });
    const b = torch.tensor([3, 4], { requires_grad: true });
    const c = a.exp();
    const d = b.exp();
    const e = c.mul(2);
    const f = d.mul(2);
    c.add_(1);
    const z = e.add(f).sum();
    raises(() => z.backward());
    print(a.grad, b.grad);
    raises(() => z.backward());
    print(a.grad, b.grad);
    raises(() => f.sum().backward());
    print(b.grad);
    const g = b.mul(b).sum();
    g.backward();
    print(b.grad);
    const handle = b.register_hook(() => torch.ones(5));
    const h = a.detach().mul(b).sum();
    raises(() => h.backward());
    print(b.grad);
    handle.remove();
    raises(() => h.backward());
    print(b.grad);
  },
  backward_inside_a_hook({ print, raises }) {
    const x = torch.tensor([1, 2], { requires_grad: true });
    const w = torch.tensor([3, 4], { requires_grad: true });
    const inner = w.mul(w).sum();
    const y = x.mul(3);
    y.register_hook(() => inner.backward({ retain_graph: true }));
    const z = y.mul(y).sum();
    z.backward();
    print(x.grad, w.grad);
    const u = x.mul(2);
    u.register_hook((g) => torch.autograd.grad(w.mul(g).sum(), w)[0]);
    raises(() => u.sum().backward());
    print(x.grad, w.grad);
    const v = x.mul(x);
    v.register_hook((g) => print(torch.is_grad_enabled(), g.requires_grad));
    v.sum().backward({ retain_graph: true });
    v.sum().backward({ create_graph: true });
    print(x.grad);
  },
};
