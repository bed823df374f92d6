/**
 * The workloads: from a graph of four numbers, where dispatch is everything, to products and convolutions, where memory and
 * arithmetic are. Each prepares its data once and gives the function that is timed.
 */
import * as torch from "../mod.ts";

type Tensor = torch.Tensor;

function train(parameters: readonly Tensor[], loss: Tensor, lr: number): void {
  loss.backward();
  torch.no_grad(() => {
    for (const p of parameters) {
      p.add_(p.grad!, { alpha: -lr });
      p.grad = null;
    }
  });
}

const leaf = (t: Tensor): Tensor => t.requires_grad_();

/** ((x * 2 + 1) * x).sum().backward() of `n` numbers. */
export function polynomial(n: number): () => void {
  const x = leaf(torch.randn(n));
  return () => {
    x.grad = null;
    x.mul(2).add(1).mul(x).sum().backward();
  };
}

/** A step of gradient descent of a perceptron 784-256-10 with cross entropy. */
export function perceptron(batch: number): () => void {
  const f = torch.nn.functional;
  const p = [torch.randn(256, 784).mul(0.03), torch.zeros(256), torch.randn(10, 256).mul(0.05), torch.zeros(10)].map(leaf);
  const x = torch.randn(batch, 784), target = torch.randint(0, 10, [batch]);
  return () => train(p, f.cross_entropy(f.linear(f.linear(x, p[0], p[1]).relu(), p[2], p[3]), target), 0.01);
}

/** Every workload by its name. */
export const workloads: Record<string, () => () => unknown> = {
  /** ones(2, 2) + 2, y * y * 3, mean, backward. */
  seed_graph: () => () => {
    const x = torch.ones(2, 2, { requires_grad: true });
    const y = x.add(2);
    y.mul(y).mul(3).mean().backward();
  },
  /** Ten doublings of three numbers, backward(v). */
  vjp3: () => {
    const v = torch.tensor([0.1, 1, 0.001]);
    return () => {
      let y = torch.ones(3, { requires_grad: true }).mul(2);
      for (let i = 0; i < 10; i++) y = y.mul(2);
      y.backward(v);
    };
  },
  /** 1,000 times y * a + b on a scalar, backward. */
  chain2000: () => {
    const a = torch.tensor(1.0001), b = torch.tensor(0.5);
    return () => {
      let y: Tensor = torch.tensor(1, { requires_grad: true });
      for (let i = 0; i < 1000; i++) y = y.mul(a).add(b);
      y.backward();
    };
  },
  /** 2-16-16-1, tanh, batch 32, one step of SGD. */
  tiny_mlp: () => {
    const x = torch.randn(32, 2), target = torch.randn(32, 1);
    const p = [torch.randn(2, 16), torch.zeros(16), torch.randn(16, 16), torch.zeros(16), torch.randn(16, 1), torch.zeros(1)].map(leaf);
    return () => {
      const h = x.matmul(p[0]).add(p[1]).tanh();
      const out = h.matmul(p[2]).add(p[3]).tanh().matmul(p[4]).add(p[5]);
      train(p, out.sub(target).pow(2).mean(), 0.01);
    };
  },
  /** The second derivative of sum(x^3), n = 1,000. */
  double_backward: () => {
    const x = leaf(torch.randn(1000));
    return () => {
      const [g] = torch.autograd.grad(x.pow(3).sum(), x, { create_graph: true });
      torch.autograd.grad(g.sum(), x);
    };
  },
  /** A 30 x 33 tensor as text. */
  repr: () => {
    const x = torch.randn(30, 33);
    return () => String(x);
  },
  /** ((x * 2 + 1) * x).sum().backward(), n = 10^6. */
  ew1m: () => polynomial(1e6),
  /** sigmoid, tanh, exp, sum, backward, n = 10^6. */
  transcendental1m: () => {
    const x = leaf(torch.randn(1e6));
    return () => {
      x.grad = null;
      x.sigmoid().tanh().exp().sum().backward();
    };
  },
  /** (1000, 1) * (1, 1000) + a, sum, backward. */
  broadcast: () => {
    const x = leaf(torch.randn(1000, 1)), y = leaf(torch.randn(1, 1000)), a = torch.randn(1000, 1000);
    return () => {
      x.grad = y.grad = null;
      x.mul(y).add(a).sum().backward();
    };
  },
  /** sum(0), sum(1), max(1), mean of 1000 x 1000. */
  reduce: () => {
    const x = torch.randn(1000, 1000);
    return () => [x.sum(0), x.sum(1), x.max(1), x.mean()];
  },
  /** (64, 64, 64) permuted, contiguous. */
  permute_copy: () => {
    const x = torch.randn(64, 64, 64);
    return () => x.permute(2, 0, 1).contiguous();
  },
  /** Cross entropy of 256 x 1000, backward. */
  softmax_ce: () => {
    const x = leaf(torch.randn(256, 1000)), target = torch.randint(0, 1000, [256]);
    return () => {
      x.grad = null;
      torch.nn.functional.cross_entropy(x, target).backward();
    };
  },
  /** A product of 512 x 512. */
  matmul512: () => {
    const a = torch.randn(512, 512), b = torch.randn(512, 512);
    return () => a.matmul(b);
  },
  /** A product of 1024 x 1024. */
  matmul1024: () => {
    const a = torch.randn(1024, 1024), b = torch.randn(1024, 1024);
    return () => a.matmul(b);
  },
  /** A product of 512 x 512 and both gradients. */
  matmul512_grads: () => {
    const a = leaf(torch.randn(512, 512)), b = leaf(torch.randn(512, 512));
    return () => {
      a.grad = b.grad = null;
      a.matmul(b).sum().backward();
    };
  },
  /** 784-256-10, batch 128, cross entropy, SGD. */
  mlp_step: () => perceptron(128),
  /** (8, 16, 32, 32) * (32, 16, 3, 3), relu, sum, backward. */
  conv: () => {
    const x = leaf(torch.randn(8, 16, 32, 32)), w = leaf(torch.randn(32, 16, 3, 3));
    return () => {
      x.grad = w.grad = null;
      torch.nn.functional.conv2d(x, w).relu().sum().backward();
    };
  },
};
