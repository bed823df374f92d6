/**
 * Products of Householder reflections, which `geqrf` takes matrices apart into: column i of `input` below its diagonal, with a 1 on it, is the
 * vector v of the reflection I - tau v v^T.
 */
import { noDerivative, noKernel, RuntimeError } from "../errors.ts";
import type { Elements } from "../kernels/linalg.ts";
import { productOf, qrFactor, type Reflection, reflectRows } from "../kernels/linalg_reflections.ts";
import { sameSizes } from "../layout.ts";
import type { NamedTuple } from "../named_tuple.ts";
import { Tensor } from "../tensor.ts";
import { eye } from "./create.ts";
import { type Args, define, type Fn, type IsMethod, type Op, Primitive } from "./define.ts";
import { cat } from "./join.ts";
import { columnMajor, several, stackOf, writeMatrix } from "./matrices.ts";

const mT = (t: Tensor): Tensor => t.transpose(-2, -1);

/** The reflections that stand in one matrix[m, n]. */
function reflectionsIn<T extends Elements>(a: T, m: number, n: number, tau: T): Reflection<T>[] {
  return Array.from(tau, (t, i) => {
    const vector = a.slice(0, m - i) as T;
    vector[0] = 1;
    for (let row = i + 1; row < m; row++) vector[row - i] = a[row * n + i];
    return { start: i, vector, tau: t };
  });
}

/** The numbers of the reflections of each matrix of a stack. */
function tausOf(tau: Tensor): (i: number) => Elements {
  const dense = tau.contiguous(), k = tau.sizes[tau.sizes.length - 1];
  const data = dense.store.data as Float64Array<ArrayBuffer>;
  return (i) => data.slice(dense.offset + i * k, dense.offset + (i + 1) * k);
}

// -- derivatives -----------------------------------------------------------------------------------------------------

/**
 * The gradients of `input` and `tau` where Y = H_1 H_2 ... H_k C, or with `reversed` H_k ... H_1 C, and G is Y's gradient. H_i sees from the
 * left what the reflections before it make of G, L, and from the right what those behind it make of C, R: with M = L R^T the gradient of
 * tau_i is -v^T M v and that of v is -tau_i (M + M^T) v.
 */
function reflectionGradients(input: Tensor, tau: Tensor, C: Tensor, G: Tensor, reversed: boolean): { input: Tensor; tau: Tensor } {
  const [m, n] = input.sizes.slice(-2), k = tau.sizes[tau.sizes.length - 1];
  const vectors = input.tril(-1).add(eye(m, n, { dtype: input.dtype }));
  const order = Array.from({ length: k }, (_, i) => reversed ? k - 1 - i : i);
  const v = (i: number) => vectors.narrow(-1, i, 1), factor = (i: number) => tau.narrow(-1, i, 1).unsqueeze(-1);
  const reflect = (i: number, t: Tensor) => t.sub(factor(i).mul(v(i)).matmul(mT(v(i)).matmul(t)));
  const right: Tensor[] = new Array(k);
  let R = C;
  for (const i of [...order].reverse()) {
    right[i] = R;
    R = reflect(i, R);
  }
  const ofTau: Tensor[] = new Array(k), ofVectors: Tensor[] = new Array(n);
  let L = G;
  for (const i of order) {
    const Lv = mT(L).matmul(v(i)), Rv = mT(right[i]).matmul(v(i));
    ofTau[i] = mT(Lv).matmul(Rv).neg().squeeze(-1);
    ofVectors[i] = factor(i).mul(L.matmul(Rv).add(right[i].matmul(Lv))).neg();
    L = reflect(i, L);
  }
  for (let i = k; i < n; i++) ofVectors[i] = v(i).detach().zeros_like();
  return { input: n === 0 ? input.detach().zeros_like() : cat(ofVectors, -1).tril(-1), tau: k === 0 ? tau.detach().zeros_like() : cat(ofTau, -1) };
}

// -- householder_product ---------------------------------------------------------------------------------------------

function checkTau(op: string, input: Tensor, tau: Tensor): void {
  if (input.sizes.length - tau.sizes.length !== 1) {
    throw new RuntimeError(
      `${op}: Expected tau to have one dimension less than input, but got tau.ndim equal to ${tau.sizes.length} and input.ndim is equal to ${input.sizes.length}`,
    );
  }
  if (input.sizes.length > 2 && !sameSizes(input.sizes.slice(0, -2), tau.sizes.slice(0, -1))) {
    throw new RuntimeError(`${op}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got [${tau.sizes.slice(0, -1).join(", ")}]`);
  }
}

function checkProduct(input: Tensor, tau: Tensor): void {
  const op = "torch.linalg.householder_product";
  if (input.sizes.length < 2) throw new RuntimeError(`${op}: input must have at least 2 dimensions.`);
  const [m, n] = input.sizes.slice(-2);
  if (m < n) throw new RuntimeError(`${op}: input.shape[-2] must be greater than or equal to input.shape[-1]`);
  if (n < tau.sizes[tau.sizes.length - 1]) throw new RuntimeError(`${op}: input.shape[-1] must be greater than or equal to tau.shape[-1]`);
  checkTau(op, input, tau);
  if (input.dtype !== tau.dtype) throw new RuntimeError(`${op}: tau dtype ${tau.dtype.scalar} does not match input dtype ${input.dtype.scalar}`);
  if (!input.dtype.is_floating_point) throw noKernel("orgqr_cpu", input.dtype);
}

interface ProductInputs {
  input: Tensor;
  tau: Tensor;
}

/** The columns of the unit matrix that `householder_product` shows the images of. */
const firstColumns = (input: Tensor): Tensor => eye(input.sizes[input.sizes.length - 2], input.sizes[input.sizes.length - 1], { dtype: input.dtype });

const productPrimitive = new Primitive<ProductInputs>({
  name: "LinalgHouseholderProductBackward0",
  forward: ({ input, tau }) => {
    checkProduct(input, tau);
    const { count, rows: m, columns: n, read } = stackOf(input);
    const taus = tausOf(tau), out = columnMajor(input.sizes, input.dtype);
    for (let i = 0; i < count; i++) {
      const a = read(i);
      writeMatrix(out, i, productOf(reflectionsIn(a, m, n, taus(i)), m, n, a));
    }
    return out;
  },
  backward: {
    input: ({ grad, input, tau }) => reflectionGradients(input, tau, firstColumns(input), grad, false).input,
    tau: ({ grad, input, tau }) => reflectionGradients(input, tau, firstColumns(input), grad, false).tau,
  },
});

/** Named arguments of `linalg.householder_product`. */
export interface HouseholderOptions {
  /** The vectors. */
  input: Tensor;
  /** Their factors. */
  tau: Tensor;
  /** Takes the result. */
  out?: Tensor;
}

/** Multiplies reflections. */
export type HouseholderProduct = Fn<HouseholderOptions, [input: Tensor, tau: Tensor]>;

/** The first columns of the product of the reflections that `geqrf` gives: Q. See `reflectionGradients` for the derivative. */
export const linalg_householder_product: HouseholderProduct = define<HouseholderProduct, { self: Tensor; tau: Tensor }>(
  "linalg_householder_product",
  "(Tensor input, Tensor tau, *, Tensor out = None)",
  ({ self, tau }) => productPrimitive.apply({ input: self, tau }),
);

/** `orgqr`: multiplies reflections. */
export type Orgqr = Op<{ tau: Tensor; out?: Tensor }, [tau: Tensor]>;

/** The first columns of the product of reflections: another name of `linalg.householder_product`. */
export const orgqr: Orgqr = define<Orgqr, { self: Tensor; tau: Tensor }>(
  "orgqr",
  "(Tensor input, Tensor tau, *, Tensor out = None)",
  ({ self, tau }) => productPrimitive.apply({ input: self, tau }),
);

// -- ormqr -----------------------------------------------------------------------------------------------------------

function checkApplied({ self, input2: tau, input3: other, left }: AppliedInputs): void {
  const op = "torch.ormqr";
  const last = (t: Tensor, d: number) => t.sizes[t.sizes.length + d];
  if (self.sizes.length < 2) throw new RuntimeError(`${op}: input must have at least 2 dimensions.`);
  if (other.sizes.length < 2) throw new RuntimeError(`${op}: other must have at least 2 dimensions.`);
  const side = left ? -2 : -1;
  if (last(other, side) < last(tau, -1)) throw new RuntimeError(`${op}: other.shape[${side}] must be greater than or equal to tau.shape[-1]`);
  if (last(other, side) !== last(self, -2)) throw new RuntimeError(`${op}: other.shape[${side}] must be equal to input.shape[-2]`);
  checkTau(op, self, tau);
  if (self.sizes.length !== other.sizes.length || !sameSizes(self.sizes.slice(0, -2), other.sizes.slice(0, -2))) {
    if (self.sizes.length !== other.sizes.length) {
      throw new RuntimeError(
        `${op}: Expected other to have same number of dimensions as input, but got other.ndim equal to ${other.sizes.length} and input.ndim is equal to ${self.sizes.length}`,
      );
    }
    throw new RuntimeError(`${op}: Expected batch dimensions of other to be equal to input.shape[:-2], but got [${other.sizes.slice(0, -2).join(", ")}]`);
  }
  for (const [name, t] of [["tau", tau], ["other", other]] as const) {
    if (t.dtype !== self.dtype) {
      throw new RuntimeError(
        `${op}: Expected input and ${name} to have the same dtype, but input has dtype${self.dtype.scalar} and ${name} has dtype ${t.dtype.scalar}`,
      );
    }
  }
  if (!self.dtype.is_floating_point) throw noKernel("ormqr_cpu", self.dtype);
}

/** PyTorch's names of what is saved. */
interface AppliedInputs {
  self: Tensor;
  input2: Tensor;
  input3: Tensor;
  left: boolean;
  transpose: boolean;
}

/** The gradients of the reflections; from the right they act on the transposes, in the other order. */
function appliedGradients(grad: Tensor, { self, input2, input3, left, transpose }: AppliedInputs): { input: Tensor; tau: Tensor } {
  return left ? reflectionGradients(self, input2, input3, grad, transpose) : reflectionGradients(self, input2, mT(input3), mT(grad), !transpose);
}

const appliedPrimitive: Primitive<AppliedInputs> = new Primitive<AppliedInputs>({
  name: "OrmqrBackward0",
  forward: (inputs) => {
    checkApplied(inputs);
    const { self, input2: tau, input3: other, left, transpose } = inputs;
    const { rows: m, columns: n, read } = stackOf(self), taus = tausOf(tau);
    const source = left ? other : mT(other), right = stackOf(source);
    const out = columnMajor(source.sizes, source.dtype);
    for (let i = 0; i < right.count; i++) {
      const c = right.read(i), reflections = reflectionsIn(read(i), m, n, taus(i));
      // the last factor of a product is applied first
      for (const reflection of left === transpose ? reflections : reflections.reverse()) reflectRows(c, right.columns, reflection, 0);
      writeMatrix(out, i, c);
    }
    return left ? out : mT(out);
  },
  backward: {
    self: ({ grad, self, input2, input3, left, transpose }) => appliedGradients(grad, { self, input2, input3, left, transpose }).input,
    input2: ({ grad, self, input2, input3, left, transpose }) => appliedGradients(grad, { self, input2, input3, left, transpose }).tau,
    input3: ({ grad, self, input2, left, transpose }) => appliedPrimitive.apply({ self, input2, input3: grad, left, transpose: !transpose }) as Tensor,
  },
});

/** Named arguments of `ormqr`. */
export interface OrmqrOptions {
  /** The factors of the reflections. */
  tau: Tensor;
  /** What is multiplied. */
  other: Tensor;
  /** Whether Q stands on the left of it. */
  left?: boolean;
  /** Whether Q is transposed. */
  transpose?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** `ormqr`: multiplies by reflections. */
export type Ormqr = Op<OrmqrOptions, [tau: Tensor, other: Tensor, left?: boolean, transpose?: boolean]>;

/** Q C, Q^T C, C Q or C Q^T, where Q is the square product of the reflections that `geqrf` gives. */
export const ormqr: Ormqr = define<Ormqr, { self: Tensor; tau: Tensor; other: Tensor; left: boolean; transpose: boolean }>(
  "ormqr",
  "(Tensor input, Tensor tau, Tensor other, bool left = True, bool transpose = False, *, Tensor out = None)",
  ({ self, tau, other, left, transpose }) => appliedPrimitive.apply({ self, input2: tau, input3: other, left, transpose }),
);

// -- geqrf -----------------------------------------------------------------------------------------------------------

const factorPrimitive = new Primitive<{ self: Tensor }>({
  name: "GeqrfBackward0",
  forward: ({ self }) => {
    if (self.sizes.length < 2) throw new RuntimeError("torch.geqrf: input must have at least 2 dimensions.");
    if (!self.dtype.is_floating_point) throw noKernel("geqrf_cpu", self.dtype);
    const { outer, count, rows: m, columns: n, read } = stackOf(self), k = Math.min(m, n);
    const a = columnMajor(self.sizes, self.dtype), tau = Tensor.make([...outer, k], self.dtype);
    for (let i = 0; i < count; i++) {
      const matrix = read(i);
      qrFactor(matrix, m, n).forEach(({ start, vector, tau: t }, j) => {
        for (let row = 1; row < vector.length; row++) matrix[(start + row) * n + start] = vector[row];
        tau.store.data[i * k + j] = t;
      });
      writeMatrix(a, i, matrix);
    }
    return [a, tau];
  },
  backward: {
    self: () => {
      throw noDerivative("geqrf");
    },
  },
});

/** `geqrf`: takes matrices apart into reflections and what they make of them. */
export interface Geqrf extends IsMethod {
  /** The matrices, and where to put the results. */
  (self: Tensor, ...args: Args<{ out?: readonly Tensor[] }, []>): NamedTuple<"a" | "tau">;
}

/** R on and above the diagonal of `a`, and below it, with `tau`, the reflections whose product is Q. PyTorch has no derivative for it. */
export const geqrf: Geqrf = define<Geqrf, { self: Tensor; out: Tensor[] | null }>(
  "geqrf",
  "(Tensor input, *, tuple of Tensors out = None)",
  ({ self, out }) => several("geqrf", ["a", "tau"], factorPrimitive.apply({ self }) as Tensor[], { self }, out),
);
