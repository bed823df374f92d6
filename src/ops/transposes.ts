/**
 * Properties of tensors that are tensors: `x.T`, `x.mT`, `x.H`, `x.mH`, `x.real`, `x.imag`.
 */
import { RuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { permute, transpose } from "./dims.ts";

const place = (line: number) => `(Triggered internally at ./aten/src/ATen/native/TensorShape.cpp:${line}.)`;

function ofMatrices(self: Tensor, name: "mT" | "mH"): Tensor {
  const rank = self.sizes.length;
  if (rank >= 2) return transpose(self, -2, -1);
  if (rank === 1) throw new RuntimeError(`tensor.${name} is only supported on matrices or batches of matrices. Got 1-D tensor.`);
  warnOnce(
    name === "mT"
      ? `Tensor.mT is deprecated on 0-D tensors. This function is the identity in these cases. ${place(3774)}`
      : `Tensor.mH is deprecated on 0-D tensors. Consider using x.conj(). ${place(3782)}`,
  );
  return self;
}

/** All dimensions in reverse order: the transpose of a matrix. A view. */
export function T(self: Tensor): Tensor {
  const rank = self.sizes.length;
  if (rank === 0) warnOnce(`Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases. ${place(3733)}`);
  else if (rank !== 2) {
    warnOnce(
      "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an error in a future release. " +
        `Consider \`x.mT\` to transpose batches of matrices or \`x.permute(*torch.arange(x.ndim - 1, -1, -1))\` to reverse the dimensions of a tensor. ${
          place(3725)
        }`,
    );
  }
  return permute(self, self.sizes.map((_, d) => rank - 1 - d));
}

/** The last two dimensions exchanged: the transpose of each of a batch of matrices. A view. */
export function mT(self: Tensor): Tensor {
  return ofMatrices(self, "mT");
}

/** The same as `mT`: there are no complex numbers to conjugate here. */
export function mH(self: Tensor): Tensor {
  return ofMatrices(self, "mH");
}

/** The transpose of a matrix: there are no complex numbers to conjugate here. A view. */
export function H(self: Tensor): Tensor {
  const rank = self.sizes.length;
  if (rank === 2) return transpose(self, 0, 1);
  if (rank === 0) {
    warnOnce(`Tensor.H is deprecated on 0-D tensors. Consider using x.conj(). ${place(3746)}`);
    return self;
  }
  throw new RuntimeError(
    `tensor.H is only supported on matrices (2-D tensors). Got ${rank}-D tensor.` + (rank > 2 ? " For batches of matrices, consider using tensor.mH" : ""),
  );
}

/** The real part: of real numbers the tensor itself. */
export function real(self: Tensor): Tensor {
  return self;
}

/** Throws PyTorch's error: real numbers have no imaginary part. */
export function imag(_self: Tensor): Tensor {
  throw new RuntimeError("imag is not implemented for tensors with non-complex dtypes.");
}
