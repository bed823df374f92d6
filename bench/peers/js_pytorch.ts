/**
 * js-pytorch as bench/peers.ts measures it, on its CPU device. It has neither tanh nor gradient descent: both are written here from what
 * it has. Missing is what it cannot say: the power's derivative other than the second's, broadcasting of both operands, max, convolution.
 */
import { torch } from "js-pytorch";
import { integers, normals } from "./inputs.ts";
import { serve, type Workloads } from "./serve.ts";

type Tensor = ReturnType<typeof torch.tensor>;
type Nested = number[] | Nested[];

/** Numbers in the nested arrays that the library keeps. */
function nest(values: number[], shape: number[]): Nested {
  if (shape.length === 1) return values;
  const size = values.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => nest(values.slice(i * size, (i + 1) * size), shape.slice(1)));
}

const randn = (shape: number[], requires_grad = false, scale = 1): Tensor =>
  torch.tensor(nest(Array.from(normals(shape.reduce((product, n) => product * n, 1), scale)), shape), requires_grad);
const labels = (n: number, classes: number): Tensor => torch.tensor(Array.from(integers(n, classes)));

function tanh(x: Tensor): Tensor {
  const squared = x.mul(2).exp();
  return squared.sub(1).div(squared.add(1));
}

/** One step of plain gradient descent: writes into the parameters and forgets their gradients. */
function descend(parameters: Tensor[], loss: Tensor): void {
  loss.backward();
  for (const p of parameters) {
    p._data = torch.add(torch.tensor(p.data), torch.tensor(p.grad).mul(-0.01)).data;
    p.zero_grad();
  }
}

const workloads: Workloads = {
  seed_graph: () => () => {
    const x = torch.ones([2, 2], true);
    const y = x.add(2);
    y.mul(y).mul(3).mean().mean().backward();
    return x;
  },
  vjp3: () => {
    const v = torch.tensor([0.1, 1, 0.001]);
    return () => {
      const x = torch.ones([3], true);
      let y = x.mul(2);
      for (let i = 0; i < 10; i++) y = y.mul(2);
      y.backward(v);
      return x;
    };
  },
  chain2000: () => {
    const a = torch.tensor([1.0001]), b = torch.tensor([0.5]);
    return () => {
      const x = torch.tensor([1], true);
      let y = x;
      for (let i = 0; i < 1000; i++) y = y.mul(a).add(b);
      y.backward();
      return x;
    };
  },
  tiny_mlp: () => {
    const x = randn([32, 2]), target = randn([32, 1]);
    const p = [
      randn([2, 16], true),
      torch.zeros([16], true),
      randn([16, 16], true),
      torch.zeros([16], true),
      randn([16, 1], true),
      torch.zeros([1], true),
    ];
    return () => {
      const h = tanh(x.matmul(p[0]).add(p[1]));
      const out = tanh(h.matmul(p[2]).add(p[3])).matmul(p[4]).add(p[5]);
      descend(p, out.sub(target).pow(2).mean().mean());
      return p[0];
    };
  },
  ew1m: () => {
    const x = randn([1e6], true);
    return () => {
      x.zero_grad();
      x.mul(2).add(1).mul(x).sum().backward();
      return x;
    };
  },
  permute_copy: () => {
    const x = randn([64, 64, 64]);
    return () => x.transpose(1, 2).transpose(0, 1);
  },
  softmax_ce: () => {
    const x = randn([256, 1000], true), target = labels(256, 1000), cross_entropy = new torch.nn.CrossEntropyLoss();
    return () => {
      x.zero_grad();
      cross_entropy.forward(x, target).backward();
      return x;
    };
  },
  matmul512: () => {
    const a = randn([512, 512]), b = randn([512, 512]);
    return () => a.matmul(b);
  },
  matmul1024: () => {
    const a = randn([1024, 1024]), b = randn([1024, 1024]);
    return () => a.matmul(b);
  },
  matmul512_grads: () => {
    const a = randn([512, 512], true), b = randn([512, 512], true);
    return () => {
      a.zero_grad();
      b.zero_grad();
      a.matmul(b).sum().sum().backward();
      return a;
    };
  },
  /** The weights lie transposed, since a product with a transposed leaf is not worth a copy a step. */
  mlp_step: () => {
    const p = [randn([784, 256], true, 0.03), torch.zeros([256], true), randn([256, 10], true, 0.05), torch.zeros([10], true)];
    const x = randn([128, 784]), target = labels(128, 10);
    const relu = new torch.nn.ReLU(), cross_entropy = new torch.nn.CrossEntropyLoss();
    return () => {
      descend(p, cross_entropy.forward(relu.forward(x.matmul(p[0]).add(p[1])).matmul(p[2]).add(p[3]), target));
      return p[0];
    };
  },
};

await serve("js-pytorch 0.7.2", workloads);
