/**
 * What everything that makes new tensors shares: the named arguments and their effect.
 */
import { bool, type DType, get_default_dtype, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import type { Device } from "../size.ts";
import { setRequiresGrad, Tensor } from "../tensor.ts";
import { checkDevice } from "./copy.ts";
import type { Num } from "./promotion.ts";
import { checkedScalar } from "./scalar.ts";

/** Named arguments of everything that makes tensors. */
export interface TensorOptions {
  /** The dtype; what the function's own default is where it is left out. */
  dtype?: DType | null;
  /** The device: the CPU. */
  device?: string | Device | null;
  /** Whether gradients flow to the new tensor. */
  requires_grad?: boolean;
  /** Accepted; there is one layout. */
  layout?: unknown;
  /** Accepted; memory is never pinned. */
  pin_memory?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

/** The named arguments of a factory, as they arrive in its body. */
export type Options = { dtype: DType | null; device: string | Device | null; requires_grad: boolean; out?: Tensor | null };

/** The end of every factory's signature. */
export const FACTORY = "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False";

/** Checks the device and sets `requires_grad`. */
export function finish(tensor: Tensor, { device, requires_grad }: Options): Tensor {
  checkDevice(device);
  if (requires_grad) setRequiresGrad(tensor, true, "Only Tensors of floating point and complex dtype can require gradients");
  return tensor;
}

/** Throws where a size is negative. */
export function checkSize(size: readonly number[]): void {
  for (const n of size) if (n < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${n}: [${size.join(", ")}]`);
}

/** So many elements are written sooner one by one than by `fill`. */
const FEW = 16;

/** A dense tensor with every element `value`; it keeps `size`. */
export function filledWith(size: readonly number[], value: Num, dtype: DType): Tensor {
  checkSize(size);
  const out = Tensor.small(size, dtype);
  if (Object.is(Number(value), 0)) return out;
  const { offset, count } = out, data = out.store.data as Float32Array, element = checkedScalar(value, dtype) as number;
  if (count > FEW) data.fill(element, offset, offset + count);
  else for (let i = offset; i < offset + count; i++) data[i] = element;
  return out;
}

/** The dtype of a number as data: floats are the default dtype, bigints int64, booleans bool. */
export function dataType(value: Num): DType {
  return typeof value === "bigint" ? int64 : typeof value === "boolean" ? bool : get_default_dtype();
}
