"""Training loops by hand, jacobians, functions of neural networks."""

import torch
import torch.nn.functional as F

from . import program, raises


@program
def linear_regression():
    torch.manual_seed(1)
    x = torch.randn(20, 1)
    y = 3 * x + 2 + 0.1 * torch.randn(20, 1)
    w = torch.zeros(1, 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for epoch in range(50):
        loss = ((x @ w + b - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            b -= 0.1 * b.grad
        w.grad.zero_()
        b.grad.zero_()
        if epoch % 10 == 0:
            print(f"{epoch} {loss.item():.4f}")
    print(w, b)
    print(loss)


@program
def logistic_regression():
    torch.manual_seed(2)
    x = torch.cat([torch.randn(10, 2) + 2, torch.randn(10, 2) - 2])
    y = torch.cat([torch.ones(10), torch.zeros(10)])
    w = torch.zeros(2, requires_grad=True)
    b = torch.zeros((), requires_grad=True)
    for step in range(30):
        p = torch.sigmoid(x @ w + b)
        loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
        gw, gb = torch.autograd.grad(loss, [w, b])
        with torch.no_grad():
            w.sub_(gw, alpha=0.5)
            b.sub_(gb, alpha=0.5)
        if step % 10 == 0:
            print(loss)
    print(w, b)
    accuracy = ((torch.sigmoid(x @ w + b) > 0.5).float() == y).float().mean()
    print(accuracy)
    print(F.binary_cross_entropy_with_logits(x @ w + b, y))
    print(F.binary_cross_entropy(torch.sigmoid(x @ w + b), y))


@program
def two_layers():
    torch.manual_seed(3)
    x = torch.linspace(-1, 1, 16).unsqueeze(1)
    y = x**2
    w1 = (torch.randn(1, 8) * 0.5).requires_grad_()
    b1 = torch.zeros(8, requires_grad=True)
    w2 = (torch.randn(8, 1) * 0.5).requires_grad_()
    b2 = torch.zeros(1, requires_grad=True)
    parameters = [w1, b1, w2, b2]
    for step in range(100):
        hidden = torch.tanh(x @ w1 + b1)
        out = hidden @ w2 + b2
        loss = F.mse_loss(out, y)
        for p in parameters:
            p.grad = None
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= 0.2 * p.grad
        if step % 25 == 0:
            print(f"step {step}: {loss.item():.5f}")
    print(loss)
    print(out[:4])
    print([list(p.shape) for p in parameters])


@program
def classifier():
    torch.manual_seed(4)
    x = torch.randn(12, 4)
    target = torch.randint(0, 3, (12,))
    w = torch.zeros(3, 4, requires_grad=True)
    for step in range(20):
        logits = F.linear(x, w)
        loss = F.cross_entropy(logits, target)
        loss.backward()
        with torch.no_grad():
            w -= w.grad
            w.grad = None
        if step % 5 == 0:
            print(loss)
    print(w)
    print(logits.argmax(1), target)
    print(F.nll_loss(F.log_softmax(logits, 1), target))
    print(F.one_hot(target[:4], 3))
    print(F.softmax(logits[:2], dim=1))
    print(F.cross_entropy(logits[:3], target[:3], reduction="none"))
    print(F.cross_entropy(logits, target, weight=torch.tensor([1.0, 2.0, 0.5])))
    print(F.cross_entropy(logits, target, label_smoothing=0.1))
    raises(lambda: F.cross_entropy(logits, target[:3]))
    raises(lambda: F.cross_entropy(logits, target + 3))


@program
def jacobian_by_rows():
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = torch.stack([x[0] * x[1], x[1] ** 2, x.sum(), x[2].exp()])
    rows = []
    for i in range(4):
        rows.append(torch.autograd.grad(y[i], x, retain_graph=True)[0])
    print(torch.stack(rows))
    columns = []
    for i in range(4):
        v = torch.zeros(4)
        v[i] = 1.0
        x.grad = None
        y.backward(v, retain_graph=True)
        columns.append(x.grad.clone())
    print(torch.stack(columns))
    f = (x**3).sum() + x[0] * x[1] * x[2]
    (g,) = torch.autograd.grad(f, x, create_graph=True)
    print(g)
    hessian = torch.stack([torch.autograd.grad(g[i], x, retain_graph=True)[0] for i in range(3)])
    print(hessian)
    print(torch.equal(hessian, hessian.T))
    v = torch.tensor([1.0, 0.0, -1.0])
    print(torch.autograd.grad(g, x, v)[0], hessian @ v)


@program
def newton():
    x = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    for i in range(6):
        f = x**3 - 2 * x - 5
        (df,) = torch.autograd.grad(f, x)
        with torch.no_grad():
            x -= f / df
        print(x)
    t = torch.tensor([-1.5, 2.0], dtype=torch.float64, requires_grad=True)
    for i in range(5):
        r = (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2
        (g,) = torch.autograd.grad(r, t, create_graph=True)
        h = torch.stack([torch.autograd.grad(g[k], t, retain_graph=True)[0] for k in range(2)])
        det = h[0, 0] * h[1, 1] - h[0, 1] * h[1, 0]
        inverse = torch.stack([torch.stack([h[1, 1], -h[0, 1]]), torch.stack([-h[1, 0], h[0, 0]])]) / det
        with torch.no_grad():
            t -= inverse @ g
        print(i, t, r.detach())


@program
def momentum_and_adam():
    torch.manual_seed(5)
    target = torch.randn(3)
    x = torch.zeros(3, requires_grad=True)
    velocity = torch.zeros(3)
    for step in range(12):
        loss = ((x - target) ** 2).sum()
        loss.backward()
        with torch.no_grad():
            velocity.mul_(0.9).add_(x.grad)
            x.sub_(0.05 * velocity)
            x.grad.zero_()
        if step % 4 == 3:
            print(loss, x)
    y = torch.zeros(3, requires_grad=True)
    m = torch.zeros(3)
    v = torch.zeros(3)
    for step in range(1, 11):
        loss = (y - target).abs().sum()
        (g,) = torch.autograd.grad(loss, y)
        m.mul_(0.9).add_(g, alpha=0.1)
        v.mul_(0.999).addcmul_(g, g, value=0.001)
        with torch.no_grad():
            y.addcdiv_(m / (1 - 0.9**step), (v / (1 - 0.999**step)).sqrt().add_(1e-8), value=-0.1)
    print(y)
    print(loss, y.requires_grad)


@program
def convolutions():
    x = torch.arange(16.0).reshape(1, 1, 4, 4).requires_grad_()
    w = torch.tensor([[[[1.0, 0.0], [0.0, -1.0]]]], requires_grad=True)
    y = F.conv2d(x, w)
    print(y)
    y.pow(2).sum().backward()
    print(w.grad)
    print(x.grad)
    print(F.conv2d(x, w, torch.tensor([1.0]), stride=2, padding=1).shape)
    print(F.max_pool2d(x, 2))
    print(F.avg_pool2d(x, 2))
    x.grad = None
    F.max_pool2d(x, 2).sum().backward()
    print(x.grad)
    s = torch.arange(5.0).reshape(1, 1, 5).requires_grad_()
    k = torch.ones(1, 1, 3)
    print(F.conv1d(s, k), F.conv1d(s, k, padding=1), F.conv1d(s, k, dilation=2))
    print(F.max_pool1d(s, 2), F.avg_pool1d(s, 2, stride=1))
    print(F.pad(s, (1, 1)), F.max_pool2d(x, 2, return_indices=True)[1])
    raises(lambda: F.conv2d(x, torch.ones(1, 2, 2, 2)))
    raises(lambda: F.max_pool2d(x, 9))
    raises(lambda: F.conv1d(x, k))


@program
def activations_and_losses():
    x = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0], requires_grad=True)
    print(F.relu(x), F.leaky_relu(x, 0.1), F.elu(x))
    print(F.gelu(x), F.silu(x), F.softplus(x), torch.tanh(x), torch.sigmoid(x))
    print(F.relu(x).grad_fn.name(), F.leaky_relu(x).grad_fn.name(), F.elu(x).grad_fn.name(), F.gelu(x).grad_fn.name(), F.silu(x).grad_fn.name(), F.softplus(x).grad_fn.name())
    F.gelu(x).sum().backward()
    print(x.grad)
    x.grad = None
    F.softplus(x).sum().backward()
    print(x.grad)
    x.grad = None
    F.relu(x).sum().backward()
    print(x.grad)
    y = torch.zeros(5)
    print(F.mse_loss(x, y), F.l1_loss(x, y), F.mse_loss(x, y, reduction="sum"), F.mse_loss(x, y, reduction="none"))
    print(F.layer_norm(x, (5,)), F.layer_norm(x, (5,), torch.full((5,), 2.0), torch.ones(5)))
    m = torch.arange(6.0).reshape(3, 2)
    print(F.batch_norm(m, None, None, training=True))
    mean = torch.zeros(2)
    variance = torch.ones(2)
    print(F.batch_norm(m, mean, variance, training=True, momentum=0.5))
    print(mean, variance)
    print(F.embedding(torch.tensor([[0, 2]]), m), F.normalize(m, dim=1))
    print(F.softmax(x, 0), F.log_softmax(x, 0), F.dropout(x, 0.5, training=False))


@program
def recurrent_by_hand():
    torch.manual_seed(6)
    u = (torch.randn(4, 3) * 0.3).requires_grad_()
    w = (torch.randn(4, 4) * 0.3).requires_grad_()
    inputs = torch.randn(5, 3)
    h = torch.zeros(4)
    states = []
    for x in inputs:
        h = torch.tanh(u @ x + w @ h)
        states.append(h)
    print(h)
    loss = torch.stack(states).pow(2).sum()
    print(loss)
    loss.backward()
    print(u.grad)
    print(w.grad)
    print(len(states), states[0].grad_fn.name())
    hidden = states[2].detach().requires_grad_()
    out = torch.tanh(u @ inputs[3] + w @ hidden)
    print(torch.autograd.grad(out.sum(), hidden)[0])


@program
def attention_by_hand():
    torch.manual_seed(7)
    q = torch.randn(2, 3, 4, requires_grad=True)
    k = torch.randn(2, 3, 4, requires_grad=True)
    v = torch.randn(2, 3, 4, requires_grad=True)
    scores = q @ k.transpose(-2, -1) / 4**0.5
    mask = torch.tril(torch.ones(3, 3)) == 0
    weights = scores.masked_fill(mask, float("-inf")).softmax(-1)
    print(weights)
    out = weights @ v
    print(out)
    out.sum().backward()
    print(q.grad.abs().sum(), k.grad.abs().sum(), v.grad[0])
    print(scores.grad_fn.name(), weights.grad_fn.name(), out.grad_fn.name())


@program
def gradient_clipping():
    torch.manual_seed(8)
    parameters = [torch.randn(3, requires_grad=True), torch.randn(2, 2, requires_grad=True)]
    loss = ((parameters[0] ** 2).sum() + (parameters[1] ** 2).sum()) * 10
    loss.backward()
    total = torch.stack([p.grad.norm() for p in parameters]).norm()
    print(total)
    for p in parameters:
        p.grad.mul_(1.0 / total)
    print(torch.stack([p.grad.norm() for p in parameters]).norm())
    for p in parameters:
        p.grad.clamp_(-0.2, 0.2)
        print(p.grad)
    with torch.no_grad():
        for p in parameters:
            p.add_(p.grad, alpha=-1)
    print(parameters[0], parameters[0]._version)
