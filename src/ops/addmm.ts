/**
 * Products that are weighed and added to a tensor.
 */
import type { DType } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { type Sizes, wrapDim } from "../layout.ts";
import type { Tensor } from "../tensor.ts";
import { type Args, define, type IsMethod, type Op, Primitive } from "./define.ts";
import { elementwise } from "./elementwise.ts";
import {
  cannotMultiply,
  checkBatches,
  checkInplaceProduct,
  checkOut,
  checkVector,
  checkVectorTypes,
  column,
  leftGradient,
  product,
  refuseBool,
  rightGradient,
  scale,
  unexpectedType,
} from "./products.ts";
import { type Num, resultType } from "./promotion.ts";

/** Named arguments of the products that add to a tensor. */
export interface FusedOptions {
  /** Weighs the tensor; with 0 its values do not matter, even NaN. */
  beta?: Num;
  /** Weighs the product. */
  alpha?: Num;
  /** Takes the result. */
  out?: Tensor;
}

/** `beta * self + alpha * product`, where `A` are the names of the factors. */
export interface Fused<A extends string> extends IsMethod {
  /** The tensor, the two factors, and options. */
  (self: Tensor, ...args: Args<FusedOptions & Record<A, Tensor>, [first: Tensor, second: Tensor]>): Tensor;
  /** The in-place twin. */
  readonly inplace: (self: Tensor, ...args: Args<FusedOptions & Record<A, Tensor>, [first: Tensor, second: Tensor]>) => Tensor;
}

/** `self` and the weights. */
interface Weighed {
  self: Tensor;
  beta: Num;
  alpha: Num;
}

interface FusedSpec<P extends Weighed> {
  /** The names of the two factors. */
  names: readonly [string, string];
  /** The primitive with its inputs. */
  bind: (inputs: P) => { apply: () => Tensor; applyInplace: () => Tensor };
  /** What is to be checked of a tensor that the result is written into. */
  checkInplace?: (inputs: P) => void;
  /** What is to be checked of the tensor given as `out`. */
  checkOut?: (inputs: P, out: Tensor) => void;
}

/** Declares `name` and its in-place twin. */
function fused<F, P extends Weighed>(name: string, spec: FusedSpec<P>): F {
  const signature = `(Tensor input, Tensor ${spec.names[0]}, Tensor ${spec.names[1]}, *, Number beta = 1, Number alpha = 1, Tensor out = None)`;
  const op = define<Op, P & { out?: Tensor }>(name, signature, (inputs) => {
    if (inputs.out) spec.checkOut?.(inputs, inputs.out);
    return spec.bind(inputs).apply();
  });
  const twin = define<Op, P>(`${name}_`, signature, (inputs) => {
    spec.checkInplace?.(inputs);
    return spec.bind(inputs).applyInplace();
  });
  return Object.assign(op, { inplace: twin.asMethod }) as F;
}

/** A primitive as `fused` wants it. */
function bind<P extends { self: Tensor }>(primitive: Primitive<P>, inputs: P): { apply: () => Tensor; applyInplace: () => Tensor } {
  return { apply: () => primitive.apply(inputs) as Tensor, applyInplace: () => primitive.applyInplace(inputs) };
}

type Addmm = Weighed & { mat1: Tensor; mat2: Tensor };

const addmmPrimitive = new Primitive<Addmm & { mat1_sym_strides: Sizes; mat2_sym_strides: Sizes }>({
  name: "AddmmBackward0",
  forward: ({ self, mat1, mat2, beta, alpha }) => {
    if (mat1.sizes.length !== 2) throw new RuntimeError(`mat1 must be a matrix, got ${mat1.sizes.length}-D tensor`);
    if (mat2.sizes.length !== 2) throw new RuntimeError(`mat2 must be a matrix, got ${mat2.sizes.length}-D tensor`);
    if (mat1.sizes[1] !== mat2.sizes[0]) throw cannotMultiply(mat1.sizes, mat2.sizes);
    const input = self.expand([mat1.sizes[0], mat2.sizes[1]]);
    checkFusedTypes(self, mat1, mat2);
    return product(mat1, mat2, input, beta, alpha);
  },
  backward: {
    self: ({ grad, beta }) => scale(grad, beta),
    mat1: ({ grad, mat2, mat1_sizes, mat1_sym_strides, alpha }) => leftGradient(grad, mat2, mat1_sizes, mat1_sym_strides, alpha),
    mat2: ({ grad, mat1, mat2_sizes, mat2_sym_strides, alpha }) => rightGradient(grad, mat1, mat2_sizes, mat2_sym_strides, alpha),
  },
});

function checkFusedTypes(self: Tensor, mat1: Tensor, mat2: Tensor): void {
  const differ = (name: string, t: Tensor) => new RuntimeError(`${name} and mat2 must have the same dtype, but got ${t.dtype.scalar} and ${mat2.dtype.scalar}`);
  if (self.dtype !== mat2.dtype) throw differ("self", self);
  if (mat1.dtype !== mat2.dtype) throw differ("mat1", mat1);
  refuseBool("addmm_impl_cpu_", self.dtype);
}

/** `beta * self + alpha * mat1 mat2`, `self` broadcast. d/dself = beta; d/dmat1 = alpha grad mat2^T; d/dmat2 = alpha mat1^T grad. */
export const addmm: Fused<"mat1" | "mat2"> = fused<Fused<"mat1" | "mat2">, Addmm>("addmm", {
  names: ["mat1", "mat2"],
  bind: (inputs) => bind(addmmPrimitive, { ...inputs, mat1_sym_strides: inputs.mat1.strides, mat2_sym_strides: inputs.mat2.strides }),
  checkInplace: ({ self, mat1, mat2 }) => {
    if (mat1.sizes.length !== 2 || mat2.sizes.length !== 2 || mat1.sizes[1] !== mat2.sizes[0]) return;
    checkInplaceProduct(self, [mat1.sizes[0], mat2.sizes[1]], self.dtype);
  },
  checkOut: ({ mat1 }, out) => checkOut(out, mat1.dtype),
});

type Addmv = Weighed & { mat: Tensor; vec: Tensor };

const addmvPrimitive = new Primitive<Addmv>({
  name: "AddmvBackward0",
  forward: ({ self, mat, vec, beta, alpha }) => {
    checkVector(self.sizes, mat, vec);
    checkVectorTypes(mat, vec);
    const n = mat.sizes[0];
    return product(mat, column(vec), self.expand([n]).unsqueeze(1), beta, alpha).alias([n], [1]);
  },
  backward: {
    self: ({ grad, beta }) => scale(grad, beta),
    mat: ({ grad, vec, alpha }) => scale(grad.ger(vec), alpha),
    vec: ({ grad, mat, alpha }) => scale(mat.t().mv(grad), alpha),
  },
});

/** `beta * self + alpha * mat vec`, `self` broadcast. d/dself = beta; d/dmat = alpha grad vec^T; d/dvec = alpha mat^T grad. */
export const addmv: Fused<"mat" | "vec"> = fused<Fused<"mat" | "vec">, Addmv>("addmv", {
  names: ["mat", "vec"],
  bind: (inputs) => bind(addmvPrimitive, inputs),
  checkInplace: ({ self, mat, vec }) => {
    checkVector(self.sizes, mat, vec);
    checkInplaceProduct(self, [mat.sizes[0]], vec.dtype);
  },
  checkOut: ({ vec }, out) => checkOut(out, vec.dtype),
});

type Addr = Weighed & { vec1: Tensor; vec2: Tensor };
const outerSum = new Kernel((self: number, a: number, b: number, beta: number, alpha: number) => beta * self + alpha * a * b);
const outerOnly = new Kernel((a: number, b: number, alpha: number) => alpha * a * b);
const outerSum64 = new Kernel((self: bigint, a: bigint, b: bigint, beta: bigint, alpha: bigint) => beta * self + alpha * a * b);
const outerOnly64 = new Kernel((a: bigint, b: bigint, alpha: bigint) => alpha * a * b);
const outerTruth = new Kernel((self: number, a: number, b: number, beta: number, alpha: number) => (beta & self) | (alpha & a & b));

function checkWeight(name: string, value: Num, dtype: DType): void {
  if (typeof value === "boolean" && dtype.category !== "bool") throw new RuntimeError(`Boolean ${name} only supported for Boolean results.`);
  if (dtype.category !== "float" && !Number.isInteger(Number(value))) {
    throw new RuntimeError(`For integral input tensors, argument ${name} must not be a floating point number.`);
  }
}

function checkVectors(vec1: Tensor, vec2: Tensor): void {
  for (const [name, vec] of [["vec1", vec1], ["vec2", vec2]] as const) {
    if (vec.sizes.length !== 1) throw new RuntimeError(`addr: Expected 1-D argument ${name}, but got ${vec.sizes.length}-D`);
  }
}

const addrPrimitive = new Primitive<Addr>({
  name: "AddrBackward0",
  forward: ({ self, vec1, vec2, beta, alpha }) => {
    checkVectors(vec1, vec2);
    const input = self.expand([vec1.sizes[0], vec2.sizes[0]]);
    const dtype = resultType([self, vec1, vec2]);
    checkWeight("beta", beta, dtype);
    checkWeight("alpha", alpha, dtype);
    const long = dtype.name === "int64";
    if (dtype.category === "bool") return elementwise(outerTruth, dtype, [input, column(vec1), vec2, Number(beta) ? 1 : 0, Number(alpha) ? 1 : 0]);
    if (Number(beta) === 0) return elementwise(long ? outerOnly64 : outerOnly, dtype, [column(vec1), vec2, alpha]);
    return elementwise(long ? outerSum64 : outerSum, dtype, [input, column(vec1), vec2, beta, alpha]);
  },
  backward: {
    self: ({ grad, beta }) => scale(grad, beta),
    vec1: ({ grad, vec2, alpha }) => scale(grad.mv(vec2), alpha),
    vec2: ({ grad, vec1, alpha }) => scale(grad.t().mv(vec1), alpha),
  },
});

/** `beta * self + alpha * vec1 vec2^T`, `self` broadcast. d/dself = beta; d/dvec1 = alpha grad vec2; d/dvec2 = alpha grad^T vec1. */
export const addr: Fused<"vec1" | "vec2"> = fused<Fused<"vec1" | "vec2">, Addr>("addr", {
  names: ["vec1", "vec2"],
  bind: (inputs) => bind(addrPrimitive, inputs),
  checkInplace: ({ self, vec1, vec2 }) => {
    checkVectors(vec1, vec2);
    if (self.sizes.length !== 2) throw new RuntimeError(`2D tensor expected, got ${self.sizes.length}D tensor for input`);
    if (self.sizes[0] === vec1.sizes[0] && self.sizes[1] === vec2.sizes[0]) return;
    throw new RuntimeError(`size mismatch, input: [${self.sizes.join(", ")}], v1: [${vec1.sizes[0]}], v2: [${vec2.sizes[0]}]`);
  },
});

type Batched = Weighed & { batch1: Tensor; batch2: Tensor };

/** The shape of the products of two stacks, which the tensor is broadcast to before the stacks are looked at more closely. */
function batchedSizes({ batch1, batch2 }: Batched): [number, number, number] {
  const sizeAt = (t: Tensor, dim: number) => t.sizes[wrapDim(dim, t.sizes.length)];
  return [sizeAt(batch1, 0), sizeAt(batch1, 1), sizeAt(batch2, 2)];
}

function checkInputType({ self, batch1, batch2 }: Batched): void {
  if (self.dtype === batch1.dtype) return;
  throw new RuntimeError(`Input dtypes must be the same, got: input ${self.dtype.ctype}, batch1: ${batch1.dtype.ctype}, batch2: ${batch2.dtype.ctype}`);
}

const baddbmmPrimitive = new Primitive<Batched>({
  name: "BaddbmmBackward0",
  forward: (inputs) => {
    const { self, batch1, batch2, beta, alpha } = inputs;
    const input = self.expand(batchedSizes(inputs));
    checkBatches(batch1, batch2);
    checkInputType(inputs);
    if (batch1.dtype !== batch2.dtype) throw unexpectedType(batch1.dtype, batch2.dtype);
    refuseBool("baddbmm", batch1.dtype);
    return product(batch1, batch2, input, beta, alpha);
  },
  backward: {
    self: ({ grad, beta }) => scale(grad, beta),
    batch1: ({ grad, batch2, alpha }) => scale(grad.bmm(batch2.transpose(1, 2)), alpha),
    batch2: ({ grad, batch1, alpha }) => scale(batch1.transpose(1, 2).bmm(grad), alpha),
  },
});

/** `beta * self + alpha * batch1 batch2` for stacks of matrices, `self` broadcast. The gradients are those of `addmm`, one by one. */
export const baddbmm: Fused<"batch1" | "batch2"> = fused<Fused<"batch1" | "batch2">, Batched>("baddbmm", {
  names: ["batch1", "batch2"],
  bind: (inputs) => bind(baddbmmPrimitive, inputs),
  checkInplace: (inputs) => {
    const sizes = batchedSizes(inputs);
    inputs.self.expand(sizes);
    checkBatches(inputs.batch1, inputs.batch2);
    checkInputType(inputs);
    checkInplaceProduct(inputs.self, sizes, inputs.batch2.dtype);
  },
  checkOut: ({ batch2 }, out) => checkOut(out, batch2.dtype),
});

/** A stack of matrices as one wide matrix: the sum of their products with others is one product. */
const sideBySide = (batch: Tensor): Tensor => batch.transpose(0, 1).reshape([batch.sizes[1], batch.sizes[0] * batch.sizes[2]]);

const addbmmPrimitive = new Primitive<Batched>({
  name: "AddbmmBackward0",
  forward: (inputs) => {
    const { self, batch1, batch2, beta, alpha } = inputs;
    const [b, m, n] = batchedSizes(inputs);
    const input = self.expand([m, n]);
    checkSummedBatches(batch1, batch2);
    checkFusedTypes(self, batch1, batch2);
    return product(sideBySide(batch1), batch2.reshape([b * batch2.sizes[1], n]), input, beta, alpha);
  },
  backward: {
    self: ({ grad, beta }) => scale(grad, beta),
    batch1: ({ grad, batch2, alpha }) => scale(grad.unsqueeze(0).expand([batch2.sizes[0], -1, -1]).bmm(batch2.transpose(1, 2)), alpha),
    batch2: ({ grad, batch1, alpha }) => scale(batch1.transpose(1, 2).bmm(grad.unsqueeze(0).expand([batch1.sizes[0], -1, -1])), alpha),
  },
});

function checkSummedBatches(batch1: Tensor, batch2: Tensor): void {
  if (batch1.sizes.length !== 3) throw new RuntimeError("batch1 must be a 3D tensor");
  if (batch2.sizes.length !== 3) throw new RuntimeError("batch2 must be a 3D tensor");
  if (batch1.sizes[0] !== batch2.sizes[0]) {
    throw new RuntimeError(`batch1 and batch2 must have same number of batches, got ${batch1.sizes[0]} and ${batch2.sizes[0]}`);
  }
  if (batch1.sizes[2] !== batch2.sizes[1]) {
    throw new RuntimeError(`Incompatible matrix sizes for bmm (${batch1.sizes[1]}x${batch1.sizes[2]} and ${batch2.sizes[1]}x${batch2.sizes[2]})`);
  }
}

/** `beta * self + alpha * sum(batch1 batch2)`, the products of two stacks summed, `self` broadcast. Each product has the gradients of `addmm`. */
export const addbmm: Fused<"batch1" | "batch2"> = fused<Fused<"batch1" | "batch2">, Batched>("addbmm", {
  names: ["batch1", "batch2"],
  bind: (inputs) => bind(addbmmPrimitive, inputs),
  checkOut: ({ batch1, batch2 }, out) => checkFusedTypes(out, batch1, batch2),
});
