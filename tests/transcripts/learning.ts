/** Training loops by hand, jacobians, functions of neural networks; recorded by ../pytorch/programs/learning.py. */

import * as torch from "../../mod.ts";
import type { Programs } from "./program.ts";

const F = torch.nn.functional;

/** The programs, by name. */
export const learning: Programs = {
  linear_regression({ print }) {
    torch.manual_seed(1);
    const x = torch.randn(20, 1);
    const y = x.mul(3).add(2).add(torch.randn(20, 1).mul(0.1));
    const w = torch.zeros(1, 1, { requires_grad: true });
    const b = torch.zeros(1, { requires_grad: true });
    let loss = torch.empty(0);
    for (let epoch = 0; epoch < 50; epoch++) {
      loss = x.matmul(w).add(b).sub(y).pow(2).mean();
      loss.backward();
      torch.no_grad(() => {
        w.sub_(w.grad!.mul(0.1));
        b.sub_(b.grad!.mul(0.1));
      });
      w.grad!.zero_();
      b.grad!.zero_();
      if (epoch % 10 === 0) {
        print(`${epoch} ${Number(loss.item()).toFixed(4)}`);
      }
    }
    print(w, b);
    print(loss);
  },
  logistic_regression({ print }) {
    torch.manual_seed(2);
    const x = torch.cat([torch.randn(10, 2).add(2), torch.randn(10, 2).sub(2)]);
    const y = torch.cat([torch.ones(10), torch.zeros(10)]);
    const w = torch.zeros(2, { requires_grad: true });
    const b = torch.zeros([], { requires_grad: true });
    for (let step = 0; step < 30; step++) {
      const p = torch.sigmoid(x.matmul(w).add(b));
      const loss = y.mul(p.log()).add(torch.rsub(y, 1).mul(torch.rsub(p, 1).log())).mean().neg();
      const [gw, gb] = torch.autograd.grad(loss, [w, b]);
      torch.no_grad(() => {
        w.sub_(gw, { alpha: 0.5 });
        b.sub_(gb, { alpha: 0.5 });
      });
      if (step % 10 === 0) {
        print(loss);
      }
    }
    print(w, b);
    const accuracy = torch.sigmoid(x.matmul(w).add(b)).gt(0.5).float().eq(y).float().mean();
    print(accuracy);
    print(F.binary_cross_entropy_with_logits(x.matmul(w).add(b), y));
    print(F.binary_cross_entropy(torch.sigmoid(x.matmul(w).add(b)), y));
  },
  two_layers({ print }) {
    torch.manual_seed(3);
    const x = torch.linspace(-1, 1, 16).unsqueeze(1);
    const y = x.pow(2);
    const w1 = torch.randn(1, 8).mul(0.5).requires_grad_();
    const b1 = torch.zeros(8, { requires_grad: true });
    const w2 = torch.randn(8, 1).mul(0.5).requires_grad_();
    const b2 = torch.zeros(1, { requires_grad: true });
    const parameters = [w1, b1, w2, b2];
    let out = torch.empty(0);
    let loss = torch.empty(0);
    for (let step = 0; step < 100; step++) {
      const hidden = torch.tanh(x.matmul(w1).add(b1));
      out = hidden.matmul(w2).add(b2);
      loss = F.mse_loss(out, y);
      for (const p of parameters) {
        p.grad = null;
      }
      loss.backward();
      torch.no_grad(() => {
        for (const p of parameters) {
          p.sub_(p.grad!.mul(0.2));
        }
      });
      if (step % 25 === 0) {
        print(`step ${step}: ${Number(loss.item()).toFixed(5)}`);
      }
    }
    print(loss);
    print(out.index(torch.slice(null, 4)));
    print(parameters.map((p) => [...p.shape]));
  },
  classifier({ print, raises }) {
    torch.manual_seed(4);
    const x = torch.randn(12, 4);
    const target = torch.randint(0, 3, [12]);
    const w = torch.zeros(3, 4, { requires_grad: true });
    let logits = torch.empty(0);
    for (let step = 0; step < 20; step++) {
      logits = F.linear(x, w);
      const loss = F.cross_entropy(logits, target);
      loss.backward();
      torch.no_grad(() => {
        w.sub_(w.grad!);
        w.grad = null;
      });
      if (step % 5 === 0) {
        print(loss);
      }
    }
    print(w);
    print(logits.argmax(1), target);
    print(F.nll_loss(F.log_softmax(logits, 1), target));
    print(F.one_hot(target.index(torch.slice(null, 4)), 3));
    print(F.softmax(logits.index(torch.slice(null, 2)), { dim: 1 }));
    print(F.cross_entropy(logits.index(torch.slice(null, 3)), target.index(torch.slice(null, 3)), { reduction: "none" }));
    print(F.cross_entropy(logits, target, { weight: torch.tensor([1, 2, 0.5]) }));
    print(F.cross_entropy(logits, target, { label_smoothing: 0.1 }));
    raises(() => F.cross_entropy(logits, target.index(torch.slice(null, 3))));
    raises(() => F.cross_entropy(logits, target.add(3)));
  },
  jacobian_by_rows({ print }) {
    const x = torch.tensor([1, 2, 3], { requires_grad: true });
    const y = torch.stack([x.index(0).mul(x.index(1)), x.index(1).pow(2), x.sum(), x.index(2).exp()]);
    const rows: torch.Tensor[] = [];
    for (let i = 0; i < 4; i++) {
      rows.push(torch.autograd.grad(y.index(i), x, { retain_graph: true })[0]);
    }
    print(torch.stack(rows));
    const columns: torch.Tensor[] = [];
    let v = torch.empty(0);
    for (let i = 0; i < 4; i++) {
      v = torch.zeros(4);
      v.index_put_([i], 1);
      x.grad = null;
      y.backward(v, { retain_graph: true });
      columns.push(x.grad!.clone());
    }
    print(torch.stack(columns));
    const f = x.pow(3).sum().add(x.index(0).mul(x.index(1)).mul(x.index(2)));
    const [g] = torch.autograd.grad(f, x, { create_graph: true });
    print(g);
    const hessian = torch.stack(Array.from({ length: 3 }, (_, i) => torch.autograd.grad(g.index(i), x, { retain_graph: true })[0]));
    print(hessian);
    print(torch.equal(hessian, hessian.T));
    v = torch.tensor([1, 0, -1]);
    print(torch.autograd.grad(g, x, v)[0], hessian.matmul(v));
  },
  newton({ print }) {
    const x = torch.tensor(3, { dtype: torch.float64, requires_grad: true });
    for (let i = 0; i < 6; i++) {
      const f = x.pow(3).sub(x.mul(2)).sub(5);
      const [df] = torch.autograd.grad(f, x);
      torch.no_grad(() => x.sub_(f.div(df)));
      print(x);
    }
    const t = torch.tensor([-1.5, 2], { dtype: torch.float64, requires_grad: true });
    for (let i = 0; i < 5; i++) {
      const r = torch.rsub(t.index(0), 1).pow(2).add(t.index(1).sub(t.index(0).pow(2)).pow(2).mul(100));
      const [g] = torch.autograd.grad(r, t, { create_graph: true });
      const h = torch.stack(Array.from({ length: 2 }, (_, k) => torch.autograd.grad(g.index(k), t, { retain_graph: true })[0]));
      const det = h.index(0, 0).mul(h.index(1, 1)).sub(h.index(0, 1).mul(h.index(1, 0)));
      const inverse = torch.stack([torch.stack([h.index(1, 1), h.index(0, 1).neg()]), torch.stack([h.index(1, 0).neg(), h.index(0, 0)])]).div(det);
      torch.no_grad(() => t.sub_(inverse.matmul(g)));
      print(i, t, r.detach());
    }
  },
  momentum_and_adam({ print }) {
    torch.manual_seed(5);
    const target = torch.randn(3);
    const x = torch.zeros(3, { requires_grad: true });
    const velocity = torch.zeros(3);
    let loss = torch.empty(0);
    for (let step = 0; step < 12; step++) {
      loss = x.sub(target).pow(2).sum();
      loss.backward();
      torch.no_grad(() => {
        velocity.mul_(0.9).add_(x.grad!);
        x.sub_(velocity.mul(0.05));
        x.grad!.zero_();
      });
      if (step % 4 === 3) {
        print(loss, x);
      }
    }
    const y = torch.zeros(3, { requires_grad: true });
    const m = torch.zeros(3);
    const v = torch.zeros(3);
    for (let step = 1; step < 11; step++) {
      loss = y.sub(target).abs().sum();
      const [g] = torch.autograd.grad(loss, y);
      m.mul_(0.9).add_(g, { alpha: 0.1 });
      v.mul_(0.999).addcmul_(g, g, { value: 0.001 });
      torch.no_grad(() => y.addcdiv_(m.div(1 - (0.9 ** step)), v.div(1 - (0.999 ** step)).sqrt().add_(1e-08), { value: -0.1 }));
    }
    print(y);
    print(loss, y.requires_grad);
  },
  convolutions({ print, raises }) {
    const x = torch.arange(16, { dtype: torch.float32 }).reshape(1, 1, 4, 4).requires_grad_();
    const w = torch.tensor([[[[1, 0], [0, -1]]]], { requires_grad: true });
    const y = F.conv2d(x, w);
    print(y);
    y.pow(2).sum().backward();
    print(w.grad);
    print(x.grad);
    print(F.conv2d(x, w, torch.tensor([1]), { stride: 2, padding: 1 }).shape);
    print(F.max_pool2d(x, 2));
    print(F.avg_pool2d(x, 2));
    x.grad = null;
    F.max_pool2d(x, 2).sum().backward();
    print(x.grad);
    const s = torch.arange(5, { dtype: torch.float32 }).reshape(1, 1, 5).requires_grad_();
    const k = torch.ones(1, 1, 3);
    print(F.conv1d(s, k), F.conv1d(s, k, { padding: 1 }), F.conv1d(s, k, { dilation: 2 }));
    print(F.max_pool1d(s, 2), F.avg_pool1d(s, 2, { stride: 1 }));
    print(F.pad(s, [1, 1]), (F.max_pool2d(x, 2, { return_indices: true }) as torch.Tensor[])[1]);
    raises(() => F.conv2d(x, torch.ones(1, 2, 2, 2)));
    raises(() => F.max_pool2d(x, 9));
    raises(() => F.conv1d(x, k));
  },
  activations_and_losses({ print }) {
    const x = torch.tensor([-2, -0.5, 0, 0.5, 2], { requires_grad: true });
    print(F.relu(x), F.leaky_relu(x, 0.1), F.elu(x));
    print(F.gelu(x), F.silu(x), F.softplus(x), torch.tanh(x), torch.sigmoid(x));
    print(
      F.relu(x).grad_fn!.name(),
      F.leaky_relu(x).grad_fn!.name(),
      F.elu(x).grad_fn!.name(),
      F.gelu(x).grad_fn!.name(),
      F.silu(x).grad_fn!.name(),
      F.softplus(x).grad_fn!.name(),
    );
    F.gelu(x).sum().backward();
    print(x.grad);
    x.grad = null;
    F.softplus(x).sum().backward();
    print(x.grad);
    x.grad = null;
    F.relu(x).sum().backward();
    print(x.grad);
    const y = torch.zeros(5);
    print(F.mse_loss(x, y), F.l1_loss(x, y), F.mse_loss(x, y, { reduction: "sum" }), F.mse_loss(x, y, { reduction: "none" }));
    print(F.layer_norm(x, [5]), F.layer_norm(x, [5], torch.full([5], 2), torch.ones(5)));
    const m = torch.arange(6, { dtype: torch.float32 }).reshape(3, 2);
    print(F.batch_norm(m, null, null, { training: true }));
    const mean = torch.zeros(2);
    const variance = torch.ones(2);
    print(F.batch_norm(m, mean, variance, { training: true, momentum: 0.5 }));
    print(mean, variance);
    print(F.embedding(torch.tensor([[0n, 2n]]), m), F.normalize(m, { dim: 1 }));
    print(F.softmax(x, 0), F.log_softmax(x, 0), F.dropout(x, 0.5, { training: false }));
  },
  recurrent_by_hand({ print }) {
    torch.manual_seed(6);
    const u = torch.randn(4, 3).mul(0.3).requires_grad_();
    const w = torch.randn(4, 4).mul(0.3).requires_grad_();
    const inputs = torch.randn(5, 3);
    let h = torch.zeros(4);
    const states: torch.Tensor[] = [];
    for (const x of inputs) {
      h = torch.tanh(u.matmul(x).add(w.matmul(h)));
      states.push(h);
    }
    print(h);
    const loss = torch.stack(states).pow(2).sum();
    print(loss);
    loss.backward();
    print(u.grad);
    print(w.grad);
    print(states.length, states[0].grad_fn!.name());
    const hidden = states[2].detach().requires_grad_();
    const out = torch.tanh(u.matmul(inputs.index(3)).add(w.matmul(hidden)));
    print(torch.autograd.grad(out.sum(), hidden)[0]);
  },
  attention_by_hand({ print }) {
    torch.manual_seed(7);
    const q = torch.randn(2, 3, 4, { requires_grad: true });
    const k = torch.randn(2, 3, 4, { requires_grad: true });
    const v = torch.randn(2, 3, 4, { requires_grad: true });
    const scores = q.matmul(k.transpose(-2, -1)).div(4 ** 0.5);
    const mask = torch.tril(torch.ones(3, 3)).eq(0);
    const weights = scores.masked_fill(mask, -Infinity).softmax(-1);
    print(weights);
    const out = weights.matmul(v);
    print(out);
    out.sum().backward();
    print(q.grad!.abs().sum(), k.grad!.abs().sum(), v.grad!.index(0));
    print(scores.grad_fn!.name(), weights.grad_fn!.name(), out.grad_fn!.name());
  },
  gradient_clipping({ print }) {
    torch.manual_seed(8);
    const parameters = [torch.randn(3, { requires_grad: true }), torch.randn(2, 2, { requires_grad: true })];
    const loss = parameters[0].pow(2).sum().add(parameters[1].pow(2).sum()).mul(10);
    loss.backward();
    const total = torch.stack(parameters.map((p) => p.grad!.norm())).norm();
    print(total);
    for (const p of parameters) {
      p.grad!.mul_(total.reciprocal().mul(1));
    }
    print(torch.stack(parameters.map((p) => p.grad!.norm())).norm());
    for (const p of parameters) {
      p.grad!.clamp_(-0.2, 0.2);
      print(p.grad);
    }
    torch.no_grad(() => {
      for (const p of parameters) {
        p.add_(p.grad!, { alpha: -1 });
      }
    });
    print(parameters[0], parameters[0]._version);
  },
};
