/**
 * What can be asked of a tensor: its size and layout, its values as JavaScript numbers and arrays.
 */
import { refuseItem } from "../autograd/transforms.ts";
import { bool, DType, DTYPES, get_default_dtype, type TypedArray } from "../dtype.ts";
import { RuntimeError, ValueError } from "../errors.ts";
import { sameSizes, wrapDim } from "../layout.ts";
import { isPlainObject } from "../python.ts";
import { makeSize, type SizeArray } from "../size.ts";
import type { Tensor } from "../tensor.ts";
import { asContiguous } from "./elementwise.ts";
import { toType } from "./copy.ts";

/** The value of one element: a boolean for bool tensors, a bigint only for an int64 beyond 2^53. */
export type Item = number | boolean | bigint;
/** Nested arrays of values. */
export type NestedArray = Item | NestedArray[];

function itemAt(self: Tensor, index: number): Item {
  const value = self.store.data[index];
  if (typeof value === "bigint") return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  return self.dtype === bool ? value !== 0 : value;
}

/** The value of a tensor with one element. */
export function item(self: Tensor): number {
  if (self.lift !== null) refuseItem(self);
  if (self.count !== 1) throw new RuntimeError(`a Tensor with ${self.count} elements cannot be converted to Scalar`);
  // the mapping promises a number, but for bools and for integers that no number holds
  return itemAt(self, self.offset) as number;
}

/** The values in nested arrays; of a 0-d tensor the value itself. */
export function tolist(self: Tensor): NestedArray {
  const build = (depth: number, at: number): NestedArray => {
    if (depth === self.sizes.length) return itemAt(self, at);
    return Array.from({ length: self.sizes[depth] }, (_, i) => build(depth + 1, at + i * self.strides[depth]));
  };
  return build(0, self.offset);
}

/** The values in row-major order as a typed array of the tensor's dtype; `copy: false` gives the memory itself where it is contiguous. */
export function typed_array(self: Tensor, options: { copy?: boolean } = {}): TypedArray {
  const dense = asContiguous(self);
  const shared = options.copy === false && dense === self;
  const part = (shared ? dense.store.expose() : dense.store.data).subarray(dense.offset, dense.offset + dense.count);
  return options.copy === false || dense !== self ? part : part.slice();
}

/** The number of elements. */
export function numel(self: Tensor): number {
  return self.count;
}

/** The number of elements. */
export function nelement(self: Tensor): number {
  return self.count;
}

/** The number of dimensions. */
export function dim(self: Tensor): number {
  return self.sizes.length;
}

/** The number of dimensions. */
export function ndimension(self: Tensor): number {
  return self.sizes.length;
}

/** The shape; with a dimension, its size. */
export function size(self: Tensor): SizeArray;
/** The size of one dimension. */
export function size(self: Tensor, dim: number | { dim?: number }): number;
export function size(self: Tensor, dim?: number | { dim?: number }): SizeArray | number {
  const at = isPlainObject(dim) ? (dim as { dim?: number }).dim : dim as number | undefined;
  if (at === undefined || at === null) return makeSize(self.sizes);
  return self.sizes[wrapDim(at, self.sizes.length, false)];
}

/** The strides in elements; with a dimension, its stride. */
export function stride(self: Tensor, dim?: number | { dim?: number }): number[] | number {
  const at = isPlainObject(dim) ? (dim as { dim?: number }).dim : dim as number | undefined;
  if (at === undefined || at === null) return [...self.strides];
  return self.strides[wrapDim(at, self.sizes.length, false)];
}

/** Where in memory the first element stands, in elements. */
export function storage_offset(self: Tensor): number {
  return self.offset - self.store.base;
}

const addresses = new WeakMap<ArrayBuffer, number>();
let nextAddress = 0x55d0c0de1000;

/** Stands for the address of the first element: equal for tensors that begin at the same place of the same memory, and only for these. */
export function data_ptr(self: Tensor): number {
  const { buffer } = self.store.data;
  let start = addresses.get(buffer);
  if (start === undefined) {
    start = nextAddress;
    addresses.set(buffer, start);
    nextAddress += Math.ceil(buffer.byteLength / 64 + 1) * 64;
  }
  return self.count === 0 ? 0 : start + self.store.data.byteOffset + self.offset * self.dtype.itemsize;
}

/** Bytes an element. */
export function element_size(self: Tensor): number {
  return self.dtype.itemsize;
}

/** Whether the elements stand in row-major order. */
export function is_contiguous(self: Tensor): boolean {
  return self.contiguousLayout;
}

/** Whether the dtype is float32 or float64. */
export function is_floating_point(self: Tensor): boolean {
  return self.dtype.is_floating_point;
}

/** Always false: there are no complex dtypes here. */
export function is_complex(_self: Tensor): boolean {
  return false;
}

/** Always false. */
export function is_conj(_self: Tensor): boolean {
  return false;
}

/** Always false. */
export function is_neg(_self: Tensor): boolean {
  return false;
}

/** Whether the dtype is signed. */
export function is_signed(self: Tensor): boolean {
  return self.dtype.is_signed;
}

/** Whether the one element is not zero. */
export function is_nonzero(self: Tensor): boolean {
  if (self.lift !== null) refuseItem(self, "is_nonzero");
  if (self.count !== 1) {
    throw new RuntimeError(
      self.count === 0 ? "Boolean value of Tensor with no values is ambiguous" : "Boolean value of Tensor with more than one value is ambiguous",
    );
  }
  return Boolean(item(self));
}

/** Whether both have the same shape. */
export function is_same_size(self: Tensor, other: Tensor): boolean {
  return sameSizes(self.sizes, other.sizes);
}

/** Whether both share memory at the same place with the same layout. */
export function is_set_to(self: Tensor, other: Tensor): boolean {
  return self.store.data === other.store.data && self.offset === other.offset && sameSizes(self.sizes, other.sizes) && sameSizes(self.strides, other.strides);
}

/** Whether it was made in inference mode. */
export function is_inference(self: Tensor): boolean {
  return self.inference;
}

/** Whether it is a view of another tensor. */
export function _is_view(self: Tensor): boolean {
  return self.viewInfo !== null;
}

/** The number of the CPU as a device: -1. */
export function get_device(_self: Tensor): number {
  return -1;
}

const TENSOR_TYPES: Record<string, string> = {
  Float: "torch.FloatTensor",
  Double: "torch.DoubleTensor",
  Long: "torch.LongTensor",
  Int: "torch.IntTensor",
  Short: "torch.ShortTensor",
  Char: "torch.CharTensor",
  Byte: "torch.ByteTensor",
  Bool: "torch.BoolTensor",
};

/** A dtype, or what stands for one in `type`: a constructor of tensors or its name. */
export type TypeName = DType | string | (new (...args: never[]) => Tensor);

/** PyTorch's name of the tensor's type, `torch.FloatTensor`. */
export function type(self: Tensor): string;
/** The tensor in another dtype, which may be given by a constructor such as `torch.LongTensor` or by the name of one. */
export function type(self: Tensor, dtype: TypeName | { dtype?: TypeName }): Tensor;
export function type(self: Tensor, dtype?: TypeName | { dtype?: TypeName }): string | Tensor {
  const wanted = isPlainObject(dtype) ? (dtype as { dtype?: TypeName }).dtype : dtype as TypeName | undefined;
  if (wanted === undefined) return TENSOR_TYPES[self.dtype.scalar];
  if (wanted instanceof DType) return toType(self, wanted);
  if (typeof wanted !== "string" && typeof wanted !== "function") throw new TypeError("dtype must be a type, str, or dtype object");
  const name = typeof wanted === "string" ? wanted : `torch.${wanted.name}`;
  const found = name === "torch.Tensor" ? get_default_dtype() : DTYPES.find((d) => TENSOR_TYPES[d.scalar] === name);
  if (found === undefined) throw new ValueError(`invalid type: '${typeof wanted === "string" ? wanted : wanted.name}'`);
  return toType(self, found);
}
