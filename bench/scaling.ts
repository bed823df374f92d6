/**
 * How times grow with size: `deno task bench:scaling`. Prints, for an element-wise op, a product and a chain, the time at each
 * size and the slope on log-log paper: 1 is linear, 3 what a product of matrices is; more than that would be a slip.
 */
import * as torch from "../mod.ts";
import { median } from "./timing.ts";

/** The slope of the least-squares line through the logarithms, over the upper half of the sizes, where fixed costs are small. */
function slope(points: readonly (readonly [size: number, time: number])[]): number {
  const upper = points.slice(points.length >> 1).map(([n, t]) => [Math.log(n), Math.log(t)]);
  const mean = (k: number) => upper.reduce((sum, p) => sum + p[k], 0) / upper.length;
  const x = mean(0), y = mean(1);
  return upper.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / upper.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
}

const sweeps: Record<string, { sizes: number[]; prepare: (n: number) => () => unknown }> = {
  "element-wise (a * b), n elements": {
    sizes: [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7],
    prepare: (n) => {
      const a = torch.randn(n), b = torch.randn(n);
      return () => a.mul(b);
    },
  },
  "product of n x n": {
    sizes: [16, 32, 64, 128, 256, 512, 1024, 2048],
    prepare: (n) => {
      const a = torch.randn(n, n), b = torch.randn(n, n);
      return () => a.matmul(b);
    },
  },
  "chain of n ops, backward": {
    sizes: [10, 100, 1e3, 1e4, 1e5, 1e6],
    prepare: (n) => () => {
      let y: torch.Tensor = torch.tensor(1, { requires_grad: true });
      for (let i = 0; i < n; i++) y = y.mul(1.0000001);
      y.backward();
    },
  },
};

for (const [name, { sizes, prepare }] of Object.entries(sweeps)) {
  const points = sizes.map((n) => [n, median(prepare(n), 200)] as const);
  console.log(`${name}: slope ${slope(points).toFixed(2)}`);
  for (const [n, t] of points) console.log(`  ${String(n).padStart(10)} ${t.toFixed(1).padStart(14)} us`);
}
