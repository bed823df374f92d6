/**
 * What PyTorch has for complex numbers, for the real ones that there are here: tensors as they are.
 */
import { RuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { define, type Fn, type InplaceOp, type Op, Primitive } from "./define.ts";

const identity = (name: string): Op => define<Op, { self: Tensor }>(name, "(Tensor input)", ({ self }) => self);

/** The complex conjugate: of real numbers the tensor itself. */
export const conj: Op = identity("conj");
/** In place, PyTorch records even that nothing changes. */
const conjugation = new Primitive<{ self: Tensor }>({
  name: "ConjPhysicalBackward1",
  forward: ({ self }) => self,
  backward: { self: ({ grad }) => grad },
});

/** The complex conjugate, computed: of real numbers the tensor itself. The gradient flows through. */
export const conj_physical: InplaceOp = define<InplaceOp, { self: Tensor }>("conj_physical", "(Tensor input, *, Tensor out = None)", ({ self }) => self, {
  inplace: (inputs) => conjugation.applyInplace(inputs),
});
/** The tensor itself: no conjugation is ever put off. */
export const resolve_conj: Op = identity("resolve_conj");
/** The tensor itself: no negation is ever put off. */
export const resolve_neg: Op = identity("resolve_neg");

/** The real or the imaginary part, which of a real tensor is itself or an error. */
export type Part = Fn<{ input: Tensor }, [input: Tensor]>;

/** The real part: of real numbers the tensor itself. */
export const real: Part = define<Part, { self: Tensor }>("real", "(Tensor input)", ({ self }) => self);
/** Throws PyTorch's error: real numbers have no imaginary part. */
export const imag: Part = define<Part, { self: Tensor }>("imag", "(Tensor input)", () => {
  throw new RuntimeError("imag is not implemented for tensors with non-complex dtypes.");
});
