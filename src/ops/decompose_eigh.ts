/**
 * Eigenvalues and eigenvectors of symmetric matrices, A = V diag(L) V^T.
 */
import { LinAlgError, noKernel, RuntimeError } from "../errors.ts";
import { symmetricEigen } from "../kernels/linalg_eigen.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { eye } from "./create.ts";
import { define, type Fn, Primitive } from "./define.ts";
import { arithmeticOf, checkSquare, columnMajor, several, stackOf, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

interface EighInputs {
  self: Tensor;
  UPLO: string;
}

function decomposed({ self, UPLO }: EighInputs): [Tensor, Tensor] {
  checkSquare("linalg.eigh", self);
  const triangle = UPLO.toUpperCase();
  if (triangle !== "L" && triangle !== "U") throw new RuntimeError(`Expected UPLO argument to be 'L' or 'U', but got ${UPLO}`);
  if (!self.dtype.is_floating_point) throw noKernel("linalg_eigh_cpu", self.dtype);
  const { outer, count, rows: n, readDouble } = stackOf(self);
  const values = Tensor.make([...outer, n], self.dtype), vectors = columnMajor(self.sizes, self.dtype);
  for (let i = 0; i < count; i++) {
    const found = symmetricEigen(readDouble(i), n, triangle === "U", arithmeticOf(self.dtype));
    if (!found.converged) {
      throw new LinAlgError(
        `linalg.eigh: ${
          outer.length > 0 ? `(Batch element ${i}): ` : ""
        }The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues (error code: 1).`,
      );
    }
    (values.store.data as Float64Array).set(found.values, i * n);
    writeMatrix(vectors, i, found.vectors);
  }
  return [values, vectors];
}

/** V [diag(gL) + skew(V^T gV) / 2E] V^T, where E holds the differences of eigenvalues. */
function gradientOf(gL: Tensor | null, gV: Tensor | null, L: Tensor, V: Tensor): Tensor | null {
  if (gV === null) return gL === null ? null : V.mul(gL.unsqueeze(-2)).matmul(mT(V));
  const n = L.sizes[L.sizes.length - 1];
  const differences = L.unsqueeze(-2).sub(L.unsqueeze(-1)).masked_fill(eye(n).bool(), 1);
  const inner = mT(V).matmul(gV);
  const turning = inner.sub(mT(inner)).div(differences).mul(0.5);
  return V.matmul((gL === null ? turning : turning.add(gL.diag_embed())).matmul(mT(V)));
}

const eighPrimitive = new Primitive<EighInputs>({
  name: "LinalgEighBackward0",
  forward: decomposed,
  backward: { self: ({ grads, result0, result1 }) => gradientOf(grads[0], grads[1], result0, result1) },
});

/** Named arguments of `linalg.eigh`. */
export interface EighOptions {
  /** The matrices. */
  input: Tensor;
  /** Which triangle is read. */
  UPLO?: "L" | "U" | "l" | "u";
}

/** Eigenvalues and eigenvectors. */
export type Eigh = Fn<EighOptions & { out?: readonly Tensor[] }, [input: Tensor, UPLO?: EighOptions["UPLO"]], NamedTuple<"eigenvalues" | "eigenvectors">>;

/** The eigenvalues of symmetric matrices in ascending order, and the eigenvectors in columns. See `gradientOf` for the derivative. */
export const linalg_eigh: Eigh = define<Eigh, EighInputs & { out: Tensor[] | null }>(
  "linalg_eigh",
  "(Tensor input, str UPLO = 'L', *, tuple of Tensors out = None)",
  ({ self, UPLO, out }) => several("linalg_eigh", ["eigenvalues", "eigenvectors"], eighPrimitive.apply({ self, UPLO }) as Tensor[], { self }, out),
);

/** Eigenvalues. */
export type Eigvalsh = Fn<EighOptions & { out?: Tensor }, [input: Tensor, UPLO?: EighOptions["UPLO"]]>;

/** The eigenvalues of symmetric matrices in ascending order. */
export const linalg_eigvalsh: Eigvalsh = define<Eigvalsh, EighInputs>(
  "linalg_eigvalsh",
  "(Tensor input, str UPLO = 'L', *, Tensor out = None)",
  ({ self, UPLO }) => (eighPrimitive.apply({ self, UPLO }) as Tensor[])[0],
);
