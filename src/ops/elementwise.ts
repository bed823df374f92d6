/**
 * From tensors to element-wise loops: brings operands to one dtype and shape, makes the result, picks the loop.
 */
import { type DType, float32, float64, int64, type TypedArray, uint8 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Kernel, type Operand, type Scalar } from "../kernels/elementwise.ts";
import { copyOperand } from "../kernels/strided_copy.ts";
import { int64ToNumbers, numbersToInt64 } from "../kernels/int64.ts";
import {
  broadcastSizes,
  broadcastStrides,
  contiguousStrides,
  elementwiseStrides,
  isContiguous,
  mayOverlap,
  requiredStorage,
  sameSizes,
  type Sizes,
} from "../layout.ts";
import { sharesMemory } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { changeDeferred, computeOver, deferred, isLarge } from "./deferred.ts";
import type { Num } from "./promotion.ts";

/** A number as an element of a dtype: a bigint for int64, rounded to float32 for float32. */
export function toScalar(value: Num, dtype: DType): Scalar {
  if (dtype === int64) return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)));
  const n = Number(value);
  if (dtype.category === "bool") return n !== 0 ? 1 : 0;
  return dtype === float32 ? Math.fround(n) : n;
}

const fromBigInt = new Kernel((x: bigint) => Number(x));
// narrower integers keep the low bits, which a double in between would round away
const lowBits = new Kernel((x: bigint) => Number(BigInt.asIntN(32, x)));
// what an integer type cannot hold becomes its least value, as x86 converts and so PyTorch
const toBigInt = new Kernel((x: number) => x >= -(2 ** 63) && x < 2 ** 63 ? BigInt(Math.trunc(x)) : -0x8000000000000000n);
const toInt32 = new Kernel((x: number) => x >= -(2 ** 31) && x < 2 ** 31 ? Math.trunc(x) : -(2 ** 31));
const toBool = new Kernel((x: Scalar) => x != 0);
const same = new Kernel((x: Scalar) => x as number);

/** So many elements are copied sooner by a loop than a part of a typed array is made. */
const FEW = 64;
const copying: ReturnType<Kernel["dense"]>[] = [];

const isBool = (dtype: DType): boolean => dtype.category === "bool";

function conversion(from: DType, to: DType): Kernel {
  if (isBool(to) && !isBool(from)) return toBool;
  if (from === int64 && to !== int64) return to.category === "float" ? fromBigInt : lowBits;
  if (to === int64 && from !== int64) return toBigInt;
  // signed narrow types take the low bits of an int32; uint8, as typed arrays do, those of the number itself
  if (from.category === "float" && to.category === "int" && to !== uint8) return toInt32;
  return same;
}

/** A tensor as an operand of a loop over `sizes`. */
export function operand(t: Tensor, sizes: Sizes): Operand {
  return { data: t.store.data, offset: t.offset, strides: sameSizes(t.sizes, sizes) ? t.strides : broadcastStrides(t.sizes, t.strides, sizes) };
}

/** Whether a tensor of several elements shows one and the same all over: what `expand` makes of a single one, as gradients of sums are. */
export function isUniform(t: Tensor): boolean {
  if (t.contiguousLayout || t.count < 2) return false;
  const { sizes, strides } = t;
  for (let d = 0; d < sizes.length; d++) if (strides[d] !== 0 && sizes[d] !== 1) return false;
  return true;
}

/**
 * Copies the elements of `source`, broadcast and converted, into `target`, whose version is left alone. A `temporary` source is one
 * that nobody looks at afterwards.
 */
export function copyElements(target: Tensor, source: Tensor, temporary = false): void {
  if (target.count === 0 || computeOver(target, source, temporary)) return;
  target.store.prepareToWrite();
  if (target.contiguousLayout && source.contiguousLayout && target.dtype === source.dtype && target.count === source.count) {
    const from = source.store.data, to = target.store.data;
    if (source.count <= FEW) {
      (copying[source.dtype.index] ??= same.dense("a", source.dtype.name))(source.count, to, target.offset, from, source.offset);
      return;
    }
    const part = source.offset === 0 && source.count === from.length ? from : from.subarray(source.offset, source.offset + source.count);
    (to as Float32Array).set(part as Float32Array, target.offset);
    return;
  }
  if (target.contiguousLayout && target.dtype === source.dtype && isUniform(source)) {
    (target.store.data as Float32Array).fill(source.store.data[source.offset] as number, target.offset, target.offset + target.count);
    return;
  }
  if (target.contiguousLayout && source.contiguousLayout && target.count === source.count) {
    const from = source.store.data, to = target.store.data;
    if (to instanceof BigInt64Array && !(from instanceof BigInt64Array)) return numbersToInt64(from, source.offset, to, target.offset, target.count);
    if (from instanceof BigInt64Array && (to instanceof Float32Array || to instanceof Float64Array)) {
      return int64ToNumbers(from, source.offset, to, target.offset, target.count);
    }
  }
  if (target.dtype === source.dtype) copyOperand(target.sizes, operand(source, target.sizes), operand(target, target.sizes));
  else conversion(source.dtype, target.dtype).run(target.sizes, operand(target, target.sizes), [operand(source, target.sizes)]);
}

/** The same values as a dense tensor of another dtype, outside of autograd; the tensor itself where it has the dtype. */
export function asType(t: Tensor, dtype: DType): Tensor {
  if (t.dtype === dtype) return t;
  const out = Tensor.make(t.sizes, dtype, t.contiguousLayout ? null : elementwiseStrides(t.sizes, [t.strides]));
  copyElements(out, t);
  return out;
}

/** A row-major copy, or the tensor itself where it is row-major already, outside of autograd. */
export function asContiguous(t: Tensor): Tensor {
  if (t.contiguousLayout) return t;
  const out = Tensor.make(t.sizes, t.dtype);
  copyElements(out, t);
  return out;
}

const LETTERS = "abcgh"; // see NAMES in the kernels

/** The shape that the tensors among the operands broadcast to. Throws PyTorch's error where they do not. */
export function shapeOf(inputs: readonly (Tensor | Num)[]): Sizes {
  let sizes: Sizes | null = null;
  for (const t of inputs) {
    if (!(t instanceof Tensor)) continue;
    sizes = sizes === null || sizes === t.sizes ? t.sizes : sameSizes(sizes, t.sizes) ? sizes : broadcastSizes(sizes, t.sizes);
  }
  return sizes ?? [];
}

/** Names the arrays of a loop, whose operands have one dtype and the result perhaps another. */
const kindsOf = (dtype: DType, outType: DType): string => dtype === outType ? dtype.name : dtype.name + outType.name;

function runLoop(kernel: Kernel, sizes: Sizes, dtype: DType, out: Tensor, inputs: readonly (Tensor | Num)[]): void {
  let dense = out.contiguousLayout;
  let pattern = "";
  for (let i = 0; i < inputs.length; i++) {
    const t = inputs[i];
    if (t instanceof Tensor) {
      pattern += LETTERS[i];
      if (!t.contiguousLayout || !sameSizes(t.sizes, sizes)) dense = false;
    } else pattern += LETTERS[i].toUpperCase();
  }
  if (dense) {
    const rest: (TypedArray | Scalar)[] = [];
    for (const t of inputs) {
      if (t instanceof Tensor) rest.push(t.store.data, t.offset);
      else rest.push(toScalar(t, dtype));
    }
    kernel.dense(pattern, kindsOf(dtype, out.dtype))(out.count, out.store.data, out.offset, ...rest);
    return;
  }
  const strideless = sizes.map(() => 0);
  kernel.run(
    sizes,
    operand(out, sizes),
    inputs.map((t) => {
      if (t instanceof Tensor) return operand(t, sizes);
      const data = dtype.allocate(1);
      data[0] = toScalar(t, dtype);
      return { data, offset: 0, strides: strideless };
    }),
  );
}

/**
 * Applies `kernel` to operands brought to `dtype`, and gives a new tensor of `outType`. The result keeps the order of
 * dimensions that its operands have in memory.
 */
export function elementwise(kernel: Kernel, dtype: DType, inputs: readonly (Tensor | Num)[], outType: DType = dtype): Tensor {
  const only = inputs.length === 1 ? inputs[0] : null;
  if (only instanceof Tensor && only.dtype === dtype && only.contiguousLayout && !isLarge(only.count)) {
    const out = Tensor.small(only.sizes, outType);
    kernel.dense("a", kindsOf(dtype, outType))(only.count, out.store.data, out.offset, only.store.data, only.offset);
    return out;
  }
  return elementwiseMixed(kernel, dtype, inputs.map((t) => t instanceof Tensor ? asType(t, dtype) : t), outType);
}

/** Applies `kernel` as `elementwise` does, to tensors of the dtypes they have; numbers are brought to `dtype`. One kernel must always see the same combination. */
export function elementwiseMixed(kernel: Kernel, dtype: DType, cast: readonly (Tensor | Num)[], outType: DType = dtype): Tensor {
  const sizes = shapeOf(cast);
  let strides: Sizes | null = null;
  if (cast.some((t) => t instanceof Tensor && !t.contiguousLayout)) {
    strides = elementwiseStrides(
      sizes,
      cast.filter((t) => t instanceof Tensor).map((t) => sameSizes(t.sizes, sizes) ? t.strides : broadcastStrides(t.sizes, t.strides, sizes)),
    );
    if (isContiguous(sizes, strides)) strides = null;
  }
  if (strides === null && dtype === float32 && outType === float32) {
    const out = deferred(kernel, sizes, cast);
    if (out !== null) return out;
  }
  const out = strides === null ? Tensor.small(sizes, outType) : Tensor.make(sizes, outType, strides);
  runLoop(kernel, sizes, dtype, out, cast);
  return out;
}

/** Applies `kernel` and writes into `out`, whose shape the operands must broadcast to. Throws where memory overlaps. */
export function elementwiseInto(kernel: Kernel, dtype: DType, out: Tensor, inputs: readonly (Tensor | Num)[]): void {
  assertWritable(out);
  for (const t of inputs) if (t instanceof Tensor) assertNoPartialOverlap(out, t);
  const cast = inputs.map((t) => t instanceof Tensor ? asType(t, dtype) : t);
  if (isLarge(out.count) && dtype === float32 && out.dtype === float32 && out.contiguousLayout && cast[0] === out) {
    if (changeDeferred(kernel, out, cast.slice(1))) return;
  }
  out.store.prepareToWrite();
  if (out.dtype === dtype || out.dtype.category === "bool") {
    runLoop(kernel, out.sizes, dtype, out, cast);
    return;
  }
  const result = Tensor.make(out.sizes, dtype, contiguousStrides(out.sizes));
  runLoop(kernel, out.sizes, dtype, result, cast);
  copyElements(out, result);
}

/** Throws where two elements of a tensor that is to be written share a memory location. */
export function assertWritable(out: Tensor): void {
  if (!out.contiguousLayout && mayOverlap(out.sizes, out.strides)) {
    throw new RuntimeError(
      "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.",
    );
  }
}

/** The error for a result that shares memory with an operand. */
export function overlapsOperand(): RuntimeError {
  return new RuntimeError(
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.",
  );
}

/** Throws where an operand shares memory with the result without being the same view of it; with `exact`, even where it is. */
export function assertNoPartialOverlap(out: Tensor, input: Tensor, exact = false): void {
  if (exact && out === input) throw sharedElements();
  if (out.count === 0 || input.count === 0 || !sharesMemory(out.store, input.store)) return;
  if (!exact && (out === input || (out.offset === input.offset && sameSizes(out.strides, input.strides) && sameSizes(out.sizes, input.sizes)))) return;
  if (!out.dense || !input.dense) return; // too hard to tell, and PyTorch does not try either
  const end = requiredStorage(out.sizes, out.strides, out.offset), other = requiredStorage(input.sizes, input.strides, input.offset);
  if (out.offset < other && input.offset < end) throw sharedElements();
}

function sharedElements(): RuntimeError {
  return new RuntimeError(
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.",
  );
}

/** The dtype in which PyTorch computes a function of real numbers for an input of `dtype`: integers become the default dtype. */
export function floatType(dtype: DType, fallback: DType): DType {
  return dtype === float32 || dtype === float64 ? dtype : fallback;
}
