/**
 * Determinants by way of the LU decomposition.
 */
import { type DType, int64 } from "../dtype.ts";
import type { Elements } from "../kernels/linalg.ts";
import type { Sizes } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { eye, tensor } from "./create.ts";
import { type OfMatrix, quietSolve } from "./decompose_solve.ts";
import { linalg_svd } from "./decompose_svd.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { cat } from "./join.ts";
import { checkFloat, checkSquare, epsilon, factor, type Factored, several, stackOf } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

/** A determinant as the product of the signs and the sum of the logarithms of the pivots. */
function signAndLogarithm({ lu, pivots }: Factored, n: number): [number, number] {
  let sign = 1, log = 0;
  for (let i = 0; i < n; i++) {
    const pivot = lu[i * n + i];
    sign *= pivot > 0 ? 1 : pivot < 0 ? -1 : 0;
    if (pivots[i] !== i + 1) sign = -sign;
    log += Math.log(Math.abs(pivot));
  }
  return [sign, log];
}

function determinant({ lu, pivots }: Factored, n: number, dtype: DType): number {
  const product = dtype.allocate(1) as Elements; // rounds
  product[0] = 1;
  for (let i = 0; i < n; i++) product[0] *= pivots[i] === i + 1 ? lu[i * n + i] : -lu[i * n + i];
  return product[0];
}

/** grad * det * A^-T of invertible matrices. */
function regularGradient(g: Tensor, A: Tensor, det: Tensor): Tensor {
  const n = A.sizes[A.sizes.length - 1];
  return quietSolve(mT(A), g.mul(det).unsqueeze(-1).expand([...det.sizes, n]).diag_embed());
}

/** grad times the cofactors of matrices of any rank: of U S V^T they are det(U) det(V) U C V^T, where C has the cofactors of S. */
function singularGradient(g: Tensor, A: Tensor): Tensor {
  const n = A.sizes[A.sizes.length - 1];
  const [U, S, Vh] = linalg_svd(A);
  const others = S.unsqueeze(-2).expand([...S.sizes, n]).masked_fill(eye(n).bool(), 1).prod(-1);
  const scale = g.mul(linalg_det(U)).mul(linalg_det(Vh));
  return U.mul(others.mul(scale.unsqueeze(-1)).unsqueeze(-2)).matmul(Vh);
}

/** The gradient of determinants, that of singular matrices and of others each by a formula of its own. */
function detGradient(g: Tensor, A: Tensor, det: Tensor): Tensor {
  const threshold = 100 * epsilon(A.dtype);
  const values = det.detach().reshape([-1]).tolist() as number[];
  const places = values.map((_, i) => i);
  const singular = places.filter((i) => Math.abs(values[i]) < threshold), regular = places.filter((i) => !(Math.abs(values[i]) < threshold));
  if (singular.length === 0) return regularGradient(g, A, det);
  if (regular.length === 0) return singularGradient(g, A);
  const n = A.sizes[A.sizes.length - 1];
  const pick = (t: Tensor, sizes: Sizes, at: number[]) => t.reshape([values.length, ...sizes]).index_select(0, tensor(at, { dtype: int64 }));
  const parts = [
    regularGradient(pick(g, [], regular), pick(A, [n, n], regular), pick(det, [], regular)),
    singularGradient(pick(g, [], singular), pick(A, [n, n], singular)),
  ];
  const order = [...regular, ...singular];
  return cat(parts).index_select(0, tensor(places.map((i) => order.indexOf(i)), { dtype: int64 })).reshape(A.sizes);
}

const detPrimitive = new Primitive<{ A: Tensor }>({
  name: "LinalgDetBackward0",
  forward: ({ A }) => {
    checkSquare("linalg.det", A);
    checkFloat("linalg.det", A);
    const stack = stackOf(A);
    const out = Tensor.make(stack.outer, A.dtype);
    for (let i = 0; i < stack.count; i++) out.store.data[i] = determinant(factor(A, stack, i), stack.rows, A.dtype);
    return out;
  },
  backward: { A: ({ grad, A, result }) => A.count === 0 ? null : detGradient(grad, A, result) },
});

/** The determinant. Its gradient is det(A) A^-T; where A is singular, it is made of the cofactors. */
export const linalg_det: OfMatrix = define<OfMatrix, { A: Tensor }>("linalg_det", "(Tensor A, *, Tensor out = None)", (inputs) => detPrimitive.apply(inputs));

const slogdetPrimitive = new Primitive<{ A: Tensor }>({
  name: "LinalgSlogdetBackward0",
  forward: ({ A }) => {
    checkSquare("linalg.slogdet", A);
    checkFloat("linalg.slogdet", A);
    const stack = stackOf(A);
    const sign = Tensor.make(stack.outer, A.dtype), log = Tensor.make(stack.outer, A.dtype);
    for (let i = 0; i < stack.count; i++) [sign.store.data[i], log.store.data[i]] = signAndLogarithm(factor(A, stack, i), stack.rows);
    return [sign, log];
  },
  backward: {
    A: ({ grads, A }) => {
      const g = grads[1];
      if (g === null) return null;
      const n = A.sizes[A.sizes.length - 1];
      return quietSolve(mT(A), g.unsqueeze(-1).expand([...g.sizes, n]).diag_embed());
    },
  },
});

/** The sign of determinants and the logarithm of their magnitudes, as an op named `op` gives them. */
export function slogdetOf(op: string, A: Tensor, out: readonly Tensor[] | null): NamedTuple<"sign" | "logabsdet"> {
  return several(op, ["sign", "logabsdet"], slogdetPrimitive.apply({ A }) as Tensor[], { A }, out);
}

/** A sign and a logarithm. */
export type Slogdet = Fn<{ A: Tensor; out?: readonly Tensor[] }, [A: Tensor], NamedTuple<"sign" | "logabsdet">>;

/** The sign of the determinant and the logarithm of its magnitude, whose gradient is A^-T. */
export const linalg_slogdet: Slogdet = define<Slogdet, { A: Tensor; out: Tensor[] | null }>(
  "linalg_slogdet",
  "(Tensor A, *, tuple of Tensors out = None)",
  ({ A, out }) => slogdetOf("linalg_slogdet", A, out),
);
