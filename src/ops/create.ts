/**
 * New tensors.
 */
import { type DType, get_default_dtype } from "../dtype.ts";
import { preservedStrides, requiredStorage } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, type Op } from "./define.ts";
import { checkSize, dataType, FACTORY, filledWith, finish, type Options, type TensorOptions } from "./factory.ts";
import type { Num } from "./promotion.ts";
import { checkedScalar } from "./scalar.ts";
import type { Varargs } from "./view.ts";

export * from "./data.ts";
export * from "./ranges.ts";
export type { TensorOptions } from "./factory.ts";

const sized = (names: boolean) => [
  ...(names ? [`(tuple of ints size, *, tuple of names names, ${FACTORY})`] : []),
  `(tuple of ints size, *, Tensor out = None, ${FACTORY})`,
];

/** `zeros` and its kin: a tensor of a given shape. */
export type Sized = Fn<TensorOptions & { size: readonly number[] }, Varargs>;
const constant = (name: string, value: number): Sized =>
  define<Sized, Options & { size: number[] }>(name, sized(true), (p) => finish(filledWith(p.size, value, p.dtype ?? get_default_dtype()), p));

/** A tensor of ones. */
export const ones: Sized = constant("ones", 1);
/** A tensor of zeros. */
export const zeros: Sized = constant("zeros", 0);
/** A tensor whose values mean nothing yet; here they are zeros. */
export const empty: Sized = constant("empty", 0);

/** A tensor with every element `fill_value`: float32 for a number, int64 for a bigint, bool for a boolean, unless `dtype` says otherwise. */
export const full: Fn<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]> = define<
  Fn<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]>,
  Options & { size: number[]; fill_value: Num }
>(
  "full",
  [`(tuple of ints size, Number fill_value, *, tuple of names names, ${FACTORY})`, `(tuple of ints size, Number fill_value, *, Tensor out = None, ${FACTORY})`],
  (p) => finish(filledWith(p.size, p.fill_value, p.dtype ?? dataType(p.fill_value)), p),
);

/** A 0-d tensor. */
export const scalar_tensor: Fn<TensorOptions & { s: Num }, [s: Num]> = define<Fn<TensorOptions & { s: Num }, [s: Num]>, Options & { s: Num }>(
  "scalar_tensor",
  `(Number s, *, ${FACTORY})`,
  (p) => finish(filledWith([], p.s, p.dtype ?? get_default_dtype()), p),
);

const like = (extra = "") => `(Tensor input, ${extra}*, torch.memory_format memory_format = None, ${FACTORY})`;

/** `zeros_like` and its kin: a tensor of the shape and dtype of another. */
export type Like = Op<TensorOptions & { memory_format: unknown }>;

function filledLike(self: Tensor, value: Num, p: Options & { memory_format?: unknown }): Tensor {
  const dtype = p.dtype ?? self.dtype;
  const dense = self.contiguousLayout || p.memory_format === "torch.contiguous_format";
  const out = Tensor.make(self.sizes, dtype, dense ? null : preservedStrides(self.sizes, self.strides));
  if (!Object.is(Number(value), 0)) (out.store.data as Float32Array).fill(checkedScalar(value, dtype) as number);
  return finish(out, p);
}

const constantLike = (name: string, value: number): Like => define<Like, Options & { self: Tensor }>(name, like(), (p) => filledLike(p.self, value, p));

/** Ones in the shape, dtype and order of dimensions of `self`. */
export const ones_like: Like = constantLike("ones_like", 1);
/** Zeros in the shape, dtype and order of dimensions of `self`. */
export const zeros_like: Like = constantLike("zeros_like", 0);
/** A tensor in the shape of `self` whose values mean nothing yet; here they are zeros. */
export const empty_like: Like = constantLike("empty_like", 0);

/** `fill_value` in the shape and dtype of `self`. */
export const full_like: Op<TensorOptions & { fill_value: Num }, [fill_value: Num]> = define<
  Op<TensorOptions & { fill_value: Num }, [fill_value: Num]>,
  Options & { self: Tensor; fill_value: Num }
>("full_like", like("Number fill_value, "), (p) => filledLike(p.self, p.fill_value, p));

/** `new_zeros` and its kin: a tensor of a given shape and of the dtype of another. */
export type New = Op<TensorOptions & { size: readonly number[] }, Varargs>;
const newConstant = (name: string, value: number): New =>
  define<New, Options & { self: Tensor; size: number[] }>(
    name,
    `(Tensor input, tuple of ints size, *, ${FACTORY})`,
    (p) => finish(filledWith(p.size, value, p.dtype ?? p.self.dtype), p),
  );

/** Ones of another shape in the dtype of `self`. */
export const new_ones: New = newConstant("new_ones", 1);
/** Zeros of another shape in the dtype of `self`. */
export const new_zeros: New = newConstant("new_zeros", 0);
/** A tensor of another shape in the dtype of `self` whose values mean nothing yet; here they are zeros. */
export const new_empty: New = newConstant("new_empty", 0);

/** `fill_value` in another shape and the dtype of `self`. */
export const new_full: Op<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]> = define<
  Op<TensorOptions & { size: readonly number[]; fill_value: Num }, [size: readonly number[], fill_value: Num]>,
  Options & { self: Tensor; size: number[]; fill_value: Num }
>(
  "new_full",
  `(Tensor input, tuple of ints size, Number fill_value, *, ${FACTORY})`,
  (p) => finish(filledWith(p.size, p.fill_value, p.dtype ?? p.self.dtype), p),
);

/** Named arguments of `empty_strided`. */
export type StridedOptions = TensorOptions & { size: readonly number[]; stride: readonly number[] };

function strided(size: readonly number[], stride: readonly number[], dtype: DType): Tensor {
  checkSize(size);
  return new Tensor(new Storage(dtype.allocate(requiredStorage(size, stride, 0))), dtype, [...size], [...stride]);
}

/** A tensor of this shape with these strides, whose values mean nothing yet. */
export const empty_strided: Fn<StridedOptions, [size: readonly number[], stride: readonly number[]]> = define<
  Fn<StridedOptions, [size: readonly number[], stride: readonly number[]]>,
  Options & { size: number[]; stride: number[] }
>("empty_strided", `(tuple of ints size, tuple of ints stride, *, ${FACTORY})`, (p) => finish(strided(p.size, p.stride, p.dtype ?? get_default_dtype()), p));

/** The same in the dtype of `self`. */
export const new_empty_strided: Op<StridedOptions, [size: readonly number[], stride: readonly number[]]> = define<
  Op<StridedOptions, [size: readonly number[], stride: readonly number[]]>,
  Options & { self: Tensor; size: number[]; stride: number[] }
>(
  "new_empty_strided",
  `(Tensor input, tuple of ints size, tuple of ints stride, *, ${FACTORY})`,
  (p) => finish(strided(p.size, p.stride, p.dtype ?? p.self.dtype), p),
);
