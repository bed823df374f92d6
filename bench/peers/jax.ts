/**
 * jax-js as bench/peers.ts measures it, on its WebAssembly backend, each workload compiled by `jit`. Its results are lazy: small ones are
 * forced by reading them, which runs in this thread; large ones by waiting for them, which shares the work among its threads and copies
 * nothing. Its functions consume their arguments: `.ref` keeps one. Missing are `repr`, for an array's text there leaves out its numbers,
 * and `chain2000`, on which its compiler overflows the stack.
 */
import { Array as Tensor, blockUntilReady, defaultDevice, grad, init, jit, lax, nn, numpy as np, tree } from "@jax-js/jax";
import { integers, normals } from "./inputs.ts";
import { serve, type Workloads } from "./serve.ts";

await init("wasm");
defaultDevice("wasm");

const randn = (shape: number[], scale = 1): Tensor => np.array(normals(shape.reduce((product, n) => product * n, 1), scale), { shape });
const labels = (n: number, classes: number): Tensor => nn.oneHot(np.array(integers(n, classes), { dtype: np.int32 }), classes);

/** The mean cross entropy between rows of logits and one-hot rows. */
const cross_entropy = (logits: Tensor, target: Tensor): Tensor => np.mean(nn.logSoftmax(logits, 1).mul(target).sum(1).neg());

/** Computes what is pending by reading it, in this thread. */
function read(results: Tensor[]): void {
  for (const result of results) result.dataSync();
}

/** Computes what is pending by waiting for it, on all threads, and frees it. */
async function wait(results: Tensor[]): Promise<void> {
  await blockUntilReady(results);
  tree.dispose(results);
}

/** One step of plain gradient descent after the other, on parameters that each step replaces. */
function descent(start: Tensor[], inputs: Tensor[], loss: (p: Tensor[], x: Tensor, target: Tensor) => Tensor) {
  const step = jit((p: Tensor[], x: Tensor, target: Tensor) => {
    const gradients = grad(loss)(p.map((t) => t.ref), x, target);
    return p.map((t, i) => t.sub(gradients[i].mul(0.01)));
  });
  let p = start;
  return () => {
    p = step(p, inputs[0].ref, inputs[1].ref);
    return p;
  };
}

const workloads: Workloads = {
  seed_graph: () => {
    const gradient = jit(grad((x: Tensor) => {
      const y = x.add(2);
      return np.mean(y.ref.mul(y).mul(3));
    }));
    return () => read([gradient(np.ones([2, 2]))]);
  },
  vjp3: () => {
    const v = np.array([0.1, 1, 0.001]);
    const gradient = jit(grad((x: Tensor, v: Tensor) => {
      let y = x.mul(2);
      for (let i = 0; i < 10; i++) y = y.mul(2);
      return y.mul(v).sum();
    }));
    return () => read([gradient(np.ones([3]), v.ref)]);
  },
  tiny_mlp: () => {
    const inputs = [randn([32, 2]), randn([32, 1])];
    const p = [randn([2, 16]), np.zeros([16]), randn([16, 16]), np.zeros([16]), randn([16, 1]), np.zeros([1])];
    const step = descent(p, inputs, (p, x, target) => {
      const h = np.tanh(np.matmul(x, p[0]).add(p[1]));
      const out = np.matmul(np.tanh(np.matmul(h, p[2]).add(p[3])), p[4]).add(p[5]);
      return np.mean(np.square(out.sub(target)));
    });
    return () => read(step().map((t) => t.ref));
  },
  double_backward: () => {
    const x = randn([1000]);
    const cube = (x: Tensor): Tensor => np.power(x, 3).sum();
    const second = jit(grad((x: Tensor) => grad(cube)(x).sum()));
    return () => read([second(x.ref)]);
  },
  ew1m: () => {
    const x = randn([1e6]);
    const gradient = jit(grad((x: Tensor) => x.ref.mul(2).add(1).mul(x).sum()));
    return () => wait([gradient(x.ref)]);
  },
  transcendental1m: () => {
    const x = randn([1e6]);
    const gradient = jit(grad((x: Tensor) => np.exp(np.tanh(nn.sigmoid(x))).sum()));
    return () => wait([gradient(x.ref)]);
  },
  broadcast: () => {
    const x = randn([1000, 1]), y = randn([1, 1000]), a = randn([1000, 1000]);
    const gradients = jit(grad((x: Tensor, y: Tensor, a: Tensor) => x.mul(y).add(a).sum(), { argnums: [0, 1] }));
    return () => wait(gradients(x.ref, y.ref, a.ref));
  },
  reduce: () => {
    const x = randn([1000, 1000]);
    const reduced = jit((x: Tensor) => [x.ref.sum(0), x.ref.sum(1), np.max(x.ref, 1), np.argmax(x.ref, 1), np.mean(x)]);
    return () => wait(reduced(x.ref));
  },
  permute_copy: () => {
    const x = randn([64, 64, 64]);
    const copy = jit((x: Tensor) => x.transpose([2, 0, 1]));
    return () => wait([copy(x.ref)]);
  },
  softmax_ce: () => {
    const x = randn([256, 1000]), target = labels(256, 1000);
    const gradient = jit(grad(cross_entropy));
    return () => wait([gradient(x.ref, target.ref)]);
  },
  matmul512: () => {
    const a = randn([512, 512]), b = randn([512, 512]);
    const product = jit(np.matmul);
    return () => wait([product(a.ref, b.ref)]);
  },
  matmul1024: () => {
    const a = randn([1024, 1024]), b = randn([1024, 1024]);
    const product = jit(np.matmul);
    return () => wait([product(a.ref, b.ref)]);
  },
  matmul512_grads: () => {
    const a = randn([512, 512]), b = randn([512, 512]);
    const gradients = jit(grad((a: Tensor, b: Tensor) => np.matmul(a, b).sum(), { argnums: [0, 1] }));
    return () => wait(gradients(a.ref, b.ref));
  },
  mlp_step: () => {
    const p = [randn([256, 784], 0.03), np.zeros([256]), randn([10, 256], 0.05), np.zeros([10])];
    const step = descent(p, [randn([128, 784]), labels(128, 10)], (p, x, target) => {
      const h = nn.relu(np.matmul(x, p[0].transpose()).add(p[1]));
      return cross_entropy(np.matmul(h, p[2].transpose()).add(p[3]), target);
    });
    return () => blockUntilReady(step());
  },
  conv: () => {
    const x = randn([8, 16, 32, 32]), w = randn([32, 16, 3, 3]);
    const gradients = jit(grad((x: Tensor, w: Tensor) => nn.relu(lax.conv(x, w, [1, 1], "VALID")).sum(), { argnums: [0, 1] }));
    return () => wait(gradients(x.ref, w.ref));
  },
};

await serve("jax-js 0.1.25, jitted", workloads);
