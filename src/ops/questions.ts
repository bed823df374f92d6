/**
 * What can be asked of a tensor by a function: its kind and its size.
 */
import type { DType } from "../dtype.ts";
import { type Num, resultType } from "./promotion.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn } from "./define.ts";
import * as inspect from "./inspect.ts";

/** A function that answers a question about a tensor. */
export type Question<R> = Fn<{ input: Tensor }, [input: Tensor], R>;

const question = <R>(name: string, answer: (self: Tensor) => R): Question<R> =>
  define<Question<R>, { self: Tensor }>(name, "(Tensor input)", ({ self }) => answer(self));

/** Whether a value is a tensor. */
export function is_tensor(obj: unknown): obj is Tensor {
  return obj instanceof Tensor;
}

/** Always false: storages are no values here. */
export function is_storage(_obj: unknown): boolean {
  return false;
}

/** The number of elements. */
export const numel: Question<number> = question("numel", inspect.numel);
/** Whether the dtype is float32 or float64. */
export const is_floating_point: Question<boolean> = question("is_floating_point", inspect.is_floating_point);
/** Always false: there are no complex dtypes here. */
export const is_complex: Question<boolean> = question("is_complex", inspect.is_complex);
/** Always false. */
export const is_conj: Question<boolean> = question("is_conj", inspect.is_conj);
/** Always false. */
export const is_neg: Question<boolean> = question("is_neg", inspect.is_neg);
/** Whether the dtype is signed. */
export const is_signed: Question<boolean> = question("is_signed", inspect.is_signed);
/** Whether the one element is not zero. */
export const is_nonzero: Question<boolean> = question("is_nonzero", inspect.is_nonzero);
/** Whether it was made in inference mode. */
export const is_inference: Question<boolean> = question("is_inference", inspect.is_inference);
/** The number of the CPU as a device: -1. */
export const get_device: Question<number> = question("get_device", inspect.get_device);

/** Whether both have the same shape. */
export const is_same_size: Fn<{ input: Tensor; other: Tensor }, [input: Tensor, other: Tensor], boolean> = define<
  Fn<{ input: Tensor; other: Tensor }, [input: Tensor, other: Tensor], boolean>,
  { self: Tensor; other: Tensor }
>("is_same_size", "(Tensor input, Tensor other)", ({ self, other }) => inspect.is_same_size(self, other));

/** The name of a value's type; of a tensor that of its kind, `torch.FloatTensor`. */
export function typename(obj: unknown): string {
  return obj instanceof Tensor ? inspect.type(obj) : (obj as object | null)?.constructor?.name ?? typeof obj;
}

/** The dtype that an op on these operands computes in, by PyTorch's promotion of tensors, 0-d tensors and numbers. */
export const result_type: Fn<{ tensor: Tensor | Num; other: Tensor | Num }, [tensor: Tensor | Num, other: Tensor | Num], DType> = define<
  Fn<{ tensor: Tensor | Num; other: Tensor | Num }, [tensor: Tensor | Num, other: Tensor | Num], DType>,
  { tensor?: Tensor; scalar?: Num; scalar1?: Num; scalar2?: Num; other?: Tensor }
>(
  "result_type",
  ["(Tensor tensor, Tensor other)", "(Number scalar, Tensor tensor)", "(Tensor tensor, Number other)", "(Number scalar1, Number scalar2)"],
  ({ tensor, other, scalar, scalar1, scalar2 }) => resultType([scalar ?? tensor ?? scalar1!, scalar === undefined ? other ?? scalar2! : tensor!]),
);
