"""Views, changes in place, indexing."""

import torch

from . import program, raises


@program
def versions():
    x = torch.ones(3)
    print(x._version)
    x.add_(1)
    x.mul_(2)
    print(x, x._version)
    v = x[:2]
    v.zero_()
    print(x, x._version, v._version)
    x[2] = 9.0
    print(x, v._version)
    d = x.detach()
    d.add_(1)
    print(x, x._version)
    c = x.clone()
    c.add_(1)
    print(x._version, c._version)
    a = torch.ones(2, requires_grad=True)
    b = a * 2
    e = b * b
    b.add_(1)
    raises(lambda: e.sum().backward())
    f = a * 3
    g = f + 1
    f.mul_(2)
    g.sum().backward()
    print(a.grad)
    h = a.exp()
    h.mul_(2)
    raises(lambda: h.sum().backward())
    k = a.sigmoid()
    k = k.add_(1)
    raises(lambda: k.sum().backward())


@program
def history_of_views():
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    y = x.clone()
    row = y[0]
    print(row.grad_fn.name(), y.grad_fn.name())
    row.mul_(10)
    print(y)
    print(y.grad_fn.name(), row.grad_fn.name())
    print([n[0].name() for n in y.grad_fn.next_functions if n[0] is not None])
    y.sum().backward()
    print(x.grad)
    x.grad = None
    z = x * 1
    z[:, 1] = 0.0
    print(z)
    z[0, 0] *= 5
    print(z)
    z.sum().backward()
    print(x.grad)
    x.grad = None
    w = torch.ones(3, requires_grad=True)
    u = x * 1
    u[1] = w * 2
    (u * u).sum().backward()
    print(x.grad)
    print(w.grad)
    t = x.detach().clone()
    s = t.t()
    s[0].add_(100)
    print(t)
    base = torch.zeros(4)
    part = base[1:3]
    part.copy_(w[:2])
    print(base)
    print(part.grad_fn.name(), base.requires_grad)


@program
def sharing():
    x = torch.arange(6)
    a = x.view(2, 3)
    b = a.t()
    c = b[1:]
    c[0, 0] = 100
    print(x)
    print(a)
    print(b.is_contiguous(), b.contiguous().is_contiguous(), list(b.stride()), list(a.stride()))
    d = b.reshape(6)
    d[0] = -1
    print(x)
    raises(lambda: b.view(6))
    e = x.expand(2, 6)
    raises(lambda: e.add_(1))
    print(list(e.stride()), e.shape)
    f = x.unfold(0, 2, 2)
    f[1].mul_(0)
    print(x)
    print(x.data_ptr() == a.data_ptr(), x.storage_offset(), x[2:].storage_offset())
    g = x.clone()
    g.zero_()
    print(x)
    h = torch.diagonal(torch.zeros(3, 3))
    h.fill_(7)
    print(h)
    m = torch.zeros(3, 3)
    m.diagonal().add_(torch.tensor([1.0, 2.0, 3.0]))
    m.fill_diagonal_(0.0)
    m[0].fill_(4)
    print(m)
    p, q = m.split([1, 2])
    q.sub_(1)
    print(p)
    print(m)
    print(m.squeeze().shape, m[None].shape, m.unsqueeze(2).shape, m.flatten().shape)
    print(a._is_view(), a._base is x, x._is_view())


@program
def reading_by_index():
    x = torch.arange(24.0).reshape(2, 3, 4)
    print(x[1])
    print(x[1, 2])
    print(x[1, 2, 3])
    print(x[-1, :, 0])
    print(x[:, 1:, ::2])
    print(x[..., -1])
    print(x[0, :, None].shape)
    print(x[[0, 1], [2, 0]])
    print(x[:, [0, 2], 1])
    print(x[torch.tensor([1, 0, 1]), 0])
    print(x[x > 20])
    print(x[torch.tensor([True, False])].shape)
    print(x[:, torch.tensor([[0, 1], [2, 2]]), 0])
    print(x[1:0].shape, x[5:].shape, x[:, :, 10:].shape)
    print(x[0][1][2], x[0, 0].sum(), x[..., 0, 0])
    print(x[True].shape, x[None, ..., None].shape)
    y = torch.arange(5.0, requires_grad=True)
    print(y[1:3], y[[0, 0, 4]], y[y > 2], y[2])
    (y[[0, 0, 4]] * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    print(y.grad)
    print(y.gather(0, torch.tensor([4, 3])), y.index_select(0, torch.tensor([1])), y.take(torch.tensor([0])))
    print(x.select(1, 0).shape, x.narrow(2, 1, 2)[0, 0])
    raises(lambda: x[2])
    raises(lambda: x[0, 3])
    raises(lambda: x[0, 0, 0, 0])
    raises(lambda: x[[0, 5]])


@program
def writing_by_index():
    x = torch.zeros(3, 4)
    x[0] = 1.0
    x[1, 2] = 5.0
    x[:, 3] = torch.tensor([7.0, 8.0, 9.0])
    print(x)
    x[x > 6] = -1.0
    print(x)
    x[[0, 2], [0, 1]] = torch.tensor([10.0, 20.0])
    print(x)
    x[1:, :2] += 0.5
    print(x)
    x[..., 0] = 0.0
    x[2] = torch.arange(4.0)
    print(x)
    x.index_add_(0, torch.tensor([0, 0]), torch.ones(2, 4))
    x.index_fill_(1, torch.tensor([3]), 2.0)
    print(x)
    x.scatter_(1, torch.tensor([[0], [1], [2]]), 99.0)
    print(x)
    x.masked_fill_(x == 99, 0.0)
    print(x)
    raises(lambda: x.index_put_((torch.tensor([0, 1, 2]),), torch.ones(2, 4)))
    x.index_put_((torch.tensor([0, 0]), torch.tensor([1, 1])), torch.tensor([1.0, 2.0]), accumulate=True)
    print(x)
    i = torch.zeros(3, dtype=torch.int64)
    i[1] = 7
    i[2] = 2.9
    print(i)
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.zeros(2, 2)
    y[0] = w
    y[1, 1] = w[0] * 3
    print(y)
    (y * torch.tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    print(w.grad)


@program
def masks():
    x = torch.tensor([[-1.0, 2.0], [3.0, -4.0]], requires_grad=True)
    m = x > 0
    print(m)
    print(m.sum(), m.any(), m.all(), (~m).long())
    print(torch.where(m, x, torch.zeros(2, 2)))
    print(torch.where(m, x, 0.5))
    print(x.masked_fill(m, 0.0))
    print(x[m], x.masked_select(m))
    torch.where(m, x * 2, x * 3).sum().backward()
    print(x.grad)
    x.grad = None
    (x * m).sum().backward()
    print(x.grad)
    print(m & (x < 2.5), m | ~m, m ^ m)
    print(m.nonzero(), list(m.nonzero(as_tuple=True)))
    print(torch.isnan(torch.tensor([1.0, float("nan")])), torch.isinf(torch.tensor([float("inf"), 0.0])))
    print(x.clamp(-1, 2), x.relu(), x.clamp(min=0.0))
    print((x == x).all(), torch.equal(x, x), x.ne(2.0))
    print(torch.allclose(torch.tensor([1.0]), torch.tensor([1.0 + 1e-9])))
    print(m.float().mean(), m.int(), m + 1)
    print(m.logical_not(), m.logical_and(m), m.logical_xor(~m))


@program
def joining_and_cutting():
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    b = torch.tensor([[5.0, 6.0]], requires_grad=True)
    c = torch.cat([a, b])
    print(c)
    (c * torch.arange(6.0).reshape(3, 2)).sum().backward()
    print(a.grad, b.grad)
    print(torch.cat([a, a], dim=1))
    print(torch.stack([a[0], b[0]]))
    print(torch.stack([a[0], b[0]], dim=-1))
    print(torch.vstack([a, b]).shape, torch.hstack([a, a]).shape)
    print([list(p.shape) for p in c.split(2)])
    print(c.chunk(2)[1])
    u, v = a.unbind(1)
    print(u, v)
    print(a.repeat(2, 2))
    print(a.repeat_interleave(2, 0))
    print(a.flip(0), a.roll(1, 1))
    print(torch.tile(b, (2, 1)).detach())
    print(a.t(), a.T.is_contiguous())
    print(a.view(-1), a.reshape(1, 4), a.flatten().unflatten(0, (2, 2)))
    print(a.expand(2, 2, 2).sum(0), a.unsqueeze(-1).shape, a[None].squeeze(0).shape)
    print(a.permute(1, 0), a.movedim(0, 1).shape, a.swapaxes(0, 1).shape)
    print(torch.triu(a), a.tril(), a.diag(), a.diagonal(), a.trace())
    x, y = torch.meshgrid(torch.arange(2), torch.arange(3), indexing="ij")
    print(x, y)
    print(torch.nn.functional.pad(b, (1, 2), value=-1.0))
