/**
 * TensorFlow.js as bench/peers.ts measures it; the argument is the backend, `cpu` or `wasm`. Both compute each op before its function
 * returns, so nothing is left out by not reading the results back. `repr` is missing, for a tensor's text there leaves out most columns.
 */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { integers, normals } from "./inputs.ts";
import { serve, type Workloads } from "./serve.ts";

const backend = Deno.args[0];
await tf.setBackend(backend);
if (tf.getBackend() !== backend) throw new Error(`TensorFlow.js has no backend ${backend} here`);

const count = (shape: number[]): number => shape.reduce((product, n) => product * n, 1);
const randn = <R extends tf.Rank>(shape: tf.ShapeMap[R], scale = 1): tf.Tensor<R> => tf.tensor(normals(count(shape), scale), shape);
const labels = (n: number, classes: number): tf.Tensor => tf.tidy(() => tf.oneHot(tf.tensor1d(integers(n, classes), "int32"), classes).toFloat());

/** Runs `f` and frees what it made. */
const freeing = (f: () => tf.TensorContainer) => () => {
  tf.dispose(tf.tidy(f));
};

/** A step of plain gradient descent on `variables`. */
function descent(variables: tf.Variable[], loss: () => tf.Scalar): () => void {
  const optimizer = tf.train.sgd(0.01);
  return () => void optimizer.minimize(loss, false, variables);
}

const variables = (tensors: tf.Tensor[]): tf.Variable[] => tensors.map((t) => tf.variable(t));

const workloads: Workloads = {
  seed_graph: () => {
    const gradient = tf.grad((x) => {
      const y = x.add(2);
      return y.mul(y).mul(3).mean();
    });
    return freeing(() => gradient(tf.ones([2, 2])));
  },
  vjp3: () => {
    const v = tf.tensor1d([0.1, 1, 0.001]);
    const gradient = tf.grad((x) => {
      let y = x.mul(2);
      for (let i = 0; i < 10; i++) y = y.mul(2);
      return y;
    });
    return freeing(() => gradient(tf.ones([3]), v));
  },
  chain2000: () => {
    const a = tf.scalar(1.0001), b = tf.scalar(0.5);
    const gradient = tf.grad((x) => {
      let y = x;
      for (let i = 0; i < 1000; i++) y = y.mul(a).add(b);
      return y;
    });
    return freeing(() => gradient(tf.scalar(1)));
  },
  tiny_mlp: () => {
    const x = randn<tf.Rank.R2>([32, 2]), target = randn<tf.Rank.R2>([32, 1]);
    const p = variables([randn([2, 16]), tf.zeros([16]), randn([16, 16]), tf.zeros([16]), randn([16, 1]), tf.zeros([1])]);
    return descent(p, () => {
      const h = x.matMul(p[0]).add(p[1]).tanh();
      const out = h.matMul(p[2]).add(p[3]).tanh().matMul(p[4]).add(p[5]);
      return out.sub(target).square().mean();
    });
  },
  double_backward: () => {
    const x = randn<tf.Rank.R1>([1000]);
    const second = tf.grad((x) => tf.grad((x) => x.pow(3).sum())(x).sum());
    return freeing(() => second(x));
  },
  ew1m: () => {
    const x = randn<tf.Rank.R1>([1e6]);
    const gradient = tf.grad((x) => x.mul(2).add(1).mul(x).sum());
    return freeing(() => gradient(x));
  },
  transcendental1m: () => {
    const x = randn<tf.Rank.R1>([1e6]);
    const gradient = tf.grad((x) => x.sigmoid().tanh().exp().sum());
    return freeing(() => gradient(x));
  },
  broadcast: () => {
    const x = randn<tf.Rank.R2>([1000, 1]), y = randn<tf.Rank.R2>([1, 1000]), a = randn<tf.Rank.R2>([1000, 1000]);
    const gradients = tf.grads((x, y) => x.mul(y).add(a).sum());
    return freeing(() => gradients([x, y]));
  },
  reduce: () => {
    const x = randn<tf.Rank.R2>([1000, 1000]);
    return freeing(() => [x.sum(0), x.sum(1), x.max(1), x.argMax(1), x.mean()]);
  },
  permute_copy: () => {
    const x = randn<tf.Rank.R3>([64, 64, 64]);
    return freeing(() => x.transpose([2, 0, 1]));
  },
  softmax_ce: () => {
    const x = randn<tf.Rank.R2>([256, 1000]), target = labels(256, 1000);
    const gradient = tf.grad((x) => tf.losses.softmaxCrossEntropy(target, x));
    return freeing(() => gradient(x));
  },
  matmul512: () => {
    const a = randn<tf.Rank.R2>([512, 512]), b = randn<tf.Rank.R2>([512, 512]);
    return freeing(() => a.matMul(b));
  },
  matmul1024: () => {
    const a = randn<tf.Rank.R2>([1024, 1024]), b = randn<tf.Rank.R2>([1024, 1024]);
    return freeing(() => a.matMul(b));
  },
  matmul512_grads: () => {
    const a = randn<tf.Rank.R2>([512, 512]), b = randn<tf.Rank.R2>([512, 512]);
    const gradients = tf.grads((a, b) => a.matMul(b).sum());
    return freeing(() => gradients([a, b]));
  },
  mlp_step: () => {
    const p = variables([randn([256, 784], 0.03), tf.zeros([256]), randn([10, 256], 0.05), tf.zeros([10])]);
    const x = randn<tf.Rank.R2>([128, 784]), target = labels(128, 10);
    return descent(p, () => {
      const h = x.matMul(p[0], false, true).add(p[1]).relu();
      return tf.losses.softmaxCrossEntropy(target, h.matMul(p[2], false, true).add(p[3]));
    });
  },
  /** The same sizes with channels last, which is how this library lays images out. */
  conv: () => {
    const x = randn<tf.Rank.R4>([8, 32, 32, 16]), w = randn<tf.Rank.R4>([3, 3, 16, 32]);
    const gradients = tf.grads((x, w) => x.as4D(8, 32, 32, 16).conv2d(w.as4D(3, 3, 16, 32), 1, "valid").relu().sum());
    return freeing(() => gradients([x, w]));
  },
};

await serve(`TensorFlow.js ${tf.version.tfjs}, ${backend}`, workloads);
