/**
 * What PyTorch has for complex numbers, for the real ones that there are here: tensors as they are.
 */
import { RuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { define, type Fn, type Op } from "./define.ts";

const identity = (name: string): Op => define<Op, { self: Tensor }>(name, "(Tensor input)", ({ self }) => self);

/** The complex conjugate: of real numbers the tensor itself. */
export const conj: Op = identity("conj");
/** The complex conjugate, computed: of real numbers the tensor itself. */
export const conj_physical: Op = identity("conj_physical");
/** The tensor itself: no conjugation is ever put off. */
export const resolve_conj: Op = identity("resolve_conj");
/** The tensor itself: no negation is ever put off. */
export const resolve_neg: Op = identity("resolve_neg");

type Part = Fn<{ input: Tensor }, [input: Tensor]>;

/** The real part: of real numbers the tensor itself. */
export const real: Part = define<Part, { self: Tensor }>("real", "(Tensor input)", ({ self }) => self);
/** Throws PyTorch's error: real numbers have no imaginary part. */
export const imag: Part = define<Part, { self: Tensor }>("imag", "(Tensor input)", () => {
  throw new RuntimeError("imag is not implemented for tensors with non-complex dtypes.");
});
