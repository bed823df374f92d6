"""What the graph remembers: nodes, leaves, backward passes, modes, hooks."""

import torch
from torch.autograd import Variable, grad

from . import program, raises


@program
def first_gradients():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    print(x)
    y = x * 2
    print(y)
    z = y.pow(2).mean()
    print(z)
    z.backward()
    print(x.grad)
    print(y.requires_grad, y.is_leaf, x.is_leaf)
    w = torch.tensor(3.0, requires_grad=True)
    b = torch.tensor(-1.0, requires_grad=True)
    loss = (w * x.detach() + b).sum()
    loss.backward()
    print(w.grad, b.grad)
    print(f"{loss.item():.4f}", x.grad.long().tolist())
    print(torch.ones(2, 2, requires_grad=True) + 1)
    print((torch.ones(2, 2, requires_grad=True) - 3).abs().sum())
    print(x.sum().requires_grad, x.detach().sum().requires_grad)


@program
def nodes_of_a_graph():
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    print(x.grad_fn)
    print(y.grad_fn.name(), z.grad_fn.name(), out.grad_fn.name())
    print(y.grad_fn)
    print(out.grad_fn)
    print([n[0].name() for n in out.grad_fn.next_functions])
    print(list(out.grad_fn.next_functions[0][0].next_functions[1]))
    print(y.grad_fn.next_functions[0][0].name())
    print(y.grad_fn.next_functions[0][1])
    print([t.grad_fn.name() for t in [x.exp(), x.log(), x.sin(), x.tanh(), x.sigmoid(), x.relu(), x.sqrt(), x.abs(), x.neg()]])
    print([t.grad_fn.name() for t in [x.t(), x.view(4), x.reshape(4), x[0], x[:, 1], x[0, 1], x.unsqueeze(0), x.expand(3, 2, 2), x.permute(1, 0)]])
    print([t.grad_fn.name() for t in [x.sum(), x.sum(0), x.mean(), x.mean(1), x.max(), x.prod(), x.var(), x.std(), x.norm(), x.logsumexp(0)]])
    print([t.grad_fn.name() for t in [x / 2, 2 / x, x - 1, 1 - x, x**2, 2**x, x @ x, x.mm(x), x.mv(x[0]), torch.dot(x[0], x[1])]])
    print([t.grad_fn.name() for t in [torch.cat([x, x]), torch.stack([x, x]), torch.where(x > 0, x, x), x.clamp(0, 1), x.softmax(0), x.cumsum(0)]])
    print(out.grad_fn.next_functions[0][0]._saved_self)
    print(y.grad_fn.next_functions[0][0].variable is x)
    print((x * x).grad_fn._saved_other)
    print((x.exp()).grad_fn._saved_result)


@program
def retain_graph():
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = x * x
    z = y.sum()
    z.backward(retain_graph=True)
    print(x.grad)
    z.backward(retain_graph=True)
    print(x.grad)
    z.backward()
    print(x.grad)
    raises(lambda: z.backward())
    print(x.grad)
    raises(lambda: y.sum().backward())
    u = x + 1
    s = u.sum()
    s.backward()
    s.backward()
    print(x.grad)
    w = torch.tensor(1.0, requires_grad=True)
    v = w * 2
    v.backward()
    raises(lambda: v.backward())
    print(w.grad)


@program
def higher_derivatives():
    x = torch.tensor(2.0, requires_grad=True)
    y = x**4
    (g1,) = grad(y, x, create_graph=True)
    print(g1)
    (g2,) = grad(g1, x, create_graph=True)
    print(g2)
    (g3,) = grad(g2, x, create_graph=True)
    print(g3)
    (g4,) = grad(g3, x)
    print(g4)
    t = torch.tensor([0.5, 1.0], requires_grad=True)
    s = torch.sin(t) * torch.exp(t)
    (d1,) = grad(s.sum(), t, create_graph=True)
    print(d1)
    d1.sum().backward()
    print(t.grad)
    print(2 * torch.exp(t.detach()) * torch.cos(t.detach()))
    a = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    penalty = (grad((a**3).sum(), a, create_graph=True)[0] ** 2).sum()
    print(penalty)
    penalty.backward()
    print(a.grad)
    print(d1.grad_fn.name(), g1.grad_fn.name(), g2.grad_fn.name())


@program
def options_of_grad():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    unused = torch.tensor([5.0, 6.0], requires_grad=True)
    y = (x * w).sum()
    gx, gw = grad(y, [x, w], retain_graph=True)
    print(gx, gw)
    print(x.grad, w.grad)
    raises(lambda: grad(y, unused, retain_graph=True))
    print(grad(y, [x, unused], allow_unused=True, retain_graph=True)[1])
    print(grad(y, [x, unused], materialize_grads=True, retain_graph=True)[1])
    v = x * w
    print(grad(v, x, grad_outputs=torch.tensor([1.0, 10.0]), retain_graph=True)[0])
    print(grad(v, x, torch.ones(2), retain_graph=True)[0])
    raises(lambda: grad(v, x))
    print(grad([v, v * 2], w, [torch.ones(2), torch.ones(2)])[0])
    z = torch.stack([x.sum(), (x**2).sum()])
    print(grad(z, x, torch.eye(2), is_grads_batched=True)[0])
    h = x * 3
    k = (h**2).sum()
    print(grad(k, h)[0])


@program
def accumulation():
    w = torch.tensor([1.0, 1.0], requires_grad=True)
    for i in range(3):
        loss = (w * (i + 1)).sum()
        loss.backward()
        print(i, w.grad)
    w.grad.zero_()
    print(w.grad)
    (w * 4).sum().backward()
    print(w.grad)
    w.grad = None
    print(w.grad)
    (w * 5).sum().backward()
    print(w.grad)
    first = w.grad
    (w * 5).sum().backward()
    print(first is w.grad)
    print(first)
    w.grad = torch.tensor([100.0, 200.0])
    w.sum().backward()
    print(w.grad)
    v = torch.tensor([1.0, 2.0], requires_grad=True)
    (v * w).sum().backward(inputs=[v])
    print(v.grad, w.grad)
    u = torch.ones(2, requires_grad=True)
    u.sum().backward(create_graph=True)
    print(u.grad)


@program
def grad_modes():
    x = torch.ones(2, requires_grad=True)
    print(torch.is_grad_enabled())
    with torch.no_grad():
        print(torch.is_grad_enabled())
        y = x * 2
        print(y, y.requires_grad, y.is_leaf)
        with torch.enable_grad():
            print(x * 3)
        print(torch.is_grad_enabled())
        n = torch.zeros(2, requires_grad=True)
        print(n)
        x.add_(1)
        print(x, x._version)
    print(torch.is_grad_enabled())
    with torch.set_grad_enabled(False):
        print((x * 2).requires_grad)
    with torch.set_grad_enabled(True):
        print((x * 2).requires_grad)
    torch.set_grad_enabled(False)
    print((x * 2).requires_grad)
    torch.set_grad_enabled(True)
    print((x * 2).requires_grad)
    with torch.inference_mode():
        t = x * 2
    with torch.inference_mode():
        print(t, torch.is_inference_mode_enabled(), t.is_inference())
        t.add_(1)
        print(t)
    raises(lambda: x * t)
    print((t + 1).is_inference(), torch.is_inference_mode_enabled())
    print(t.clone() * x)
    raises(lambda: t.add_(1))


@program
def detach_and_data():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    d = y.detach()
    print(d, d.requires_grad, d.is_leaf)
    d[0] = 100.0
    print(y)
    print(y._version, d._version)
    y.sum().backward()
    print(x.grad)
    e = (x * x).detach().requires_grad_()
    print(e, e.is_leaf)
    p = x * x
    q = p.detach_()
    print(q is p, p.requires_grad, p.grad_fn)
    x.data.mul_(10)
    print(x, x._version)
    x.data = torch.tensor([7.0, 8.0])
    print(x)
    r = x.exp()
    s = r.data
    s.zero_()
    print(r)
    r.sum().backward()
    print(x.grad)
    c = x.clone()
    print(c)
    c.detach_()
    print(c)
    print(x.new_tensor([1.0]), x.detach().clone().requires_grad)


@program
def hooks():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 2
    z = y.pow(2).sum()
    first = y.register_hook(lambda g: print("y", g))
    x.register_hook(lambda g: g * 10)
    z.backward(retain_graph=True)
    print(x.grad)
    first.remove()
    x.grad = None
    z.backward(retain_graph=True)
    print(x.grad)
    x.register_hook(lambda g: g + 1)
    x.grad = None
    z.backward(retain_graph=True)
    print(x.grad)
    y.register_hook(lambda g: g.clamp(max=10.0))
    x.grad = None
    z.backward(retain_graph=True)
    print(x.grad)
    raises(lambda: torch.ones(2).register_hook(lambda g: g))
    y.retain_grad()
    x.grad = None
    z.backward()
    print(y.grad, x.grad)


@program
def retained_gradients():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 3
    y.retain_grad()
    z = (y**2).sum()
    z.retain_grad()
    print(y.retains_grad, z.retains_grad, x.retains_grad)
    z.backward(retain_graph=True)
    print(x.grad, y.grad, z.grad)
    z.backward()
    print(x.grad, y.grad, z.grad)
    x.retain_grad()
    print(x.retains_grad)
    raises(lambda: torch.ones(1).retain_grad())
    a = torch.tensor(1.0, requires_grad=True)
    b = a * 2
    b.retain_grad()
    b.mul_(3)
    b.backward()
    print(a.grad, b.grad)


@program
def variables_and_typed_constructors():
    v = Variable(torch.ones(2, 2), requires_grad=True)
    print(v)
    print((v + 2).mean())
    (v * v).sum().backward()
    print(v.grad)
    print(Variable(torch.tensor([1.0])).requires_grad)
    print(torch.Tensor([1, 2, 3]))
    print(torch.Tensor([[1.5, 2.0], [3.0, 4.0]]).dtype)
    print(torch.FloatTensor([1, 2]), torch.DoubleTensor([1, 2]))
    print(torch.LongTensor([1, 2]), torch.IntTensor([3]), torch.ByteTensor([255]))
    print(torch.BoolTensor([True, False]))
    print(torch.Tensor(2, 0).shape, torch.FloatTensor().shape)
    print(v.data, v.data.requires_grad)
    print(v.type(), torch.LongTensor([1]).type(), v.long().type())
    x = Variable(torch.FloatTensor([5.0]), requires_grad=True)
    y = x**2 + 3 * x
    y.backward()
    print(x.grad, y.data, y.grad_fn.name())
    print(isinstance(v, torch.Tensor))


@program
def errors_leave_the_graph_usable():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * x
    raises(lambda: y.backward())
    raises(lambda: y.backward(torch.ones(2)))
    raises(lambda: y + torch.ones(2))
    raises(lambda: y.add_(torch.ones(2)))
    print(y, y._version)
    y.backward(torch.ones(3))
    print(x.grad)
    raises(lambda: x.add_(1))
    raises(lambda: x.requires_grad_("on"))
    print(x)
    z = x.exp()
    with torch.no_grad():
        z[0] = 0.0
    raises(lambda: z.sum().backward())
    print(x.grad)
    w = (x * 2).sum()
    w.backward()
    print(x.grad)
    n = torch.arange(3)
    raises(lambda: n.requires_grad_())
    raises(lambda: n.mean())
    print(n, n.requires_grad)
    raises(lambda: torch.ones(2).sum().backward())
    raises(lambda: x.view(2, 2))
    raises(lambda: x[5])
    raises(lambda: x.sum(1))
    raises(lambda: torch.cat([x, torch.ones(2, 2)]))
    raises(lambda: x.item())


@program
def shared_subexpressions():
    x = torch.tensor(0.5, requires_grad=True)
    a = x.sin()
    b = a * a + a
    c = b * x
    d = torch.stack([a, b, c]).prod()
    print(d)
    d.backward()
    print(x.grad)
    y = torch.tensor([1.0, 2.0], requires_grad=True)
    u, v = y.unbind()
    (u * v + u).backward()
    print(y.grad)
    y.grad = None
    top, i = y.max(0)
    print(top, i)
    (top * 3 + y.sum()).backward()
    print(y.grad)
    p = torch.tensor([[3.0, 1.0], [2.0, 4.0]], requires_grad=True)
    s, order = p.sort(1)
    print(s)
    print(order)
    (s * torch.tensor([1.0, 10.0])).sum().backward()
    print(p.grad)
    q = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
    q.max().backward()
    print(q.grad)
    q.grad = None
    q.amax(0).backward()
    print(q.grad)
    q.grad = None
    q.max(0).values.backward()
    print(q.grad)


@program
def order_of_execution():
    a = torch.tensor([1.0], requires_grad=True)
    b = torch.tensor([2.0], requires_grad=True)
    c = a * 2
    d = b * 3
    e = c + d
    f = c * d
    g = e * f
    h = a.exp()
    k = g + h
    a.register_hook(lambda v: print("a", v))
    b.register_hook(lambda v: print("b", v))
    c.register_hook(lambda v: print("c", v))
    d.register_hook(lambda v: print("d", v))
    e.register_hook(lambda v: print("e", v))
    f.register_hook(lambda v: print("f", v))
    g.register_hook(lambda v: print("g", v))
    h.register_hook(lambda v: print("h", v))
    k.register_hook(lambda v: print("k", v))
    k.backward(retain_graph=True)
    print(a.grad, b.grad)
    print("grad of c alone")
    print(torch.autograd.grad(k, c, retain_graph=True)[0])
    print("both outputs")
    torch.autograd.backward([e, h], [torch.ones(1), torch.ones(1)])
    print(a.grad, b.grad)


@program
def a_pass_that_fails_half_way():
    a = torch.tensor([1.0, 2.0], requires_grad=True)
    b = torch.tensor([3.0, 4.0], requires_grad=True)
    c = a.exp()
    d = b.exp()
    e = c * 2
    f = d * 2
    c.add_(1)
    z = (e + f).sum()
    raises(lambda: z.backward())
    print(a.grad, b.grad)
    raises(lambda: z.backward())
    print(a.grad, b.grad)
    raises(lambda: f.sum().backward())
    print(b.grad)
    g = (b * b).sum()
    g.backward()
    print(b.grad)
    handle = b.register_hook(lambda v: torch.ones(5))
    h = (a.detach() * b).sum()
    raises(lambda: h.backward())
    print(b.grad)
    handle.remove()
    raises(lambda: h.backward())
    print(b.grad)


@program
def backward_inside_a_hook():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    inner = (w * w).sum()
    y = x * 3
    y.register_hook(lambda g: inner.backward(retain_graph=True))
    z = (y * y).sum()
    z.backward()
    print(x.grad, w.grad)
    u = x * 2
    u.register_hook(lambda g: torch.autograd.grad((w * g).sum(), w)[0])
    raises(lambda: u.sum().backward())
    print(x.grad, w.grad)
    v = x * x
    v.register_hook(lambda g: print(torch.is_grad_enabled(), g.requires_grad))
    v.sum().backward(retain_graph=True)
    v.sum().backward(create_graph=True)
    print(x.grad)
