/**
 * Large element-wise results, which are computed when they are looked at: from tensors to expressions (src/kernels/expression.ts).
 */
import { float32 } from "../dtype.ts";
import type { Kernel } from "../kernels/elementwise.ts";
import { Expression, type Operand, Read } from "../kernels/expression.ts";
import { broadcastStrides, elementCount, sameSizes, type Sizes } from "../layout.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import type { Num } from "./promotion.ts";

type Floats = Float32Array<ArrayBuffer>;

/** From how many elements on a result is put off: below, writing down what is to be done costs more than doing it. */
const FROM = 1 << 13;
/** Memory of up to so many elements is copied rather than watched. */
const COPIED = 1 << 12;

/** Whether results of this many elements are put off. */
export const isLarge = (count: number): boolean => count >= FROM;

const wrap = (data: unknown): Expression => Expression.of(data as Floats);

/** Whether a tensor shows all elements of its storage in their order. */
function isWhole(t: Tensor): boolean {
  return t.contiguousLayout && t.offset === 0 && t.count === t.store.length;
}

/**
 * A float32 tensor as an operand of an expression over `sizes`; null where its memory may change without notice, which does not matter
 * if the expression is computed `now`.
 */
function operandOf(t: Tensor, sizes: Sizes, now: boolean): Operand | null {
  const { store } = t;
  const pending = pendingOf(t);
  if (pending !== null && sameSizes(t.sizes, sizes)) return new Read(pending);
  if (isSingle(t)) return store.data[t.offset] as number;
  const { data, base, length } = store;
  const copied = length <= COPIED;
  const source = now ? wrap(data) : copied ? wrap(data.slice(base, base + length)) : store.source(wrap) as Expression | null;
  if (source === null) return null;
  const offset = copied && !now ? t.offset - base : t.offset;
  if (sameSizes(t.sizes, sizes)) return t.contiguousLayout ? new Read(source, offset) : new Read(source, offset, sizes, t.strides);
  return new Read(source, offset, sizes, broadcastStrides(t.sizes, t.strides, sizes));
}

/** The expression whose elements a tensor shows, all of them in their order; null where it shows others, or they have been computed. */
export function pendingOf(t: Tensor): Expression | null {
  const { pending } = t.store;
  return pending instanceof Expression && isWhole(t) ? pending : null;
}

/** Whether a tensor shows a single element, however often. */
function isSingle({ sizes, strides, count }: Tensor): boolean {
  if (count === 1) return true;
  for (let d = 0; d < sizes.length; d++) if (strides[d] !== 0 && sizes[d] !== 1) return false;
  return true;
}

function operandsOf(inputs: readonly (Tensor | Num)[], sizes: Sizes, now: boolean): Operand[] | null {
  const operands: Operand[] = [];
  for (const t of inputs) {
    if (!(t instanceof Tensor)) operands.push(Math.fround(Number(t)));
    else {
      const operand = operandOf(t, sizes, now);
      if (operand === null) return null;
      operands.push(operand);
    }
  }
  return operands;
}

/**
 * The result of `kernel` on float32 tensors and numbers, in row-major order; null where it is small or an operand has another dtype. It is computed
 * later, unless an operand's memory is known outside.
 */
export function deferred(kernel: Kernel, sizes: Sizes, inputs: readonly (Tensor | Num)[]): Tensor | null {
  const count = elementCount(sizes);
  if (count < FROM) return null;
  if (inputs.some((t) => t instanceof Tensor && t.dtype !== float32)) return null;
  const later = operandsOf(inputs, sizes, false);
  const expression = Expression.apply(kernel, later ?? operandsOf(inputs, sizes, true)!, count);
  const store = later === null ? new Storage(expression.compute()) : Storage.pending(expression, count);
  return new Tensor(store, float32, sizes, null, 0, count);
}

/** Lets `kernel` change `self`, which is large and row-major, by its own elements and the operands'; says whether it has. */
export function changeDeferred(kernel: Kernel, self: Tensor, others: readonly (Tensor | Num)[]): boolean {
  const { store, count } = self;
  if (others.some((t) => t instanceof Tensor && t.dtype !== float32)) return false;
  const operands = pendingOf(self) === null ? null : operandsOf([self, ...others], self.sizes, false);
  if (operands !== null) {
    store.replacePending(Expression.apply(kernel, operands, count));
    return true;
  }
  store.prepareToWrite();
  const data = store.data as Floats;
  const shifted = (t: Tensor) => t.store.pending === null && t.store.data === data && !(t.offset === self.offset && sameSizes(t.strides, self.strides));
  if (others.some((t) => t instanceof Tensor && shifted(t))) return false;
  const expression = Expression.apply(kernel, operandsOf([self, ...others], self.sizes, true)!, count);
  expression.computeInto(data, self.offset);
  expression.release();
  return true;
}

/**
 * Computes what is pending in `source` straight into the row-major tensor `target`; says whether it has. Of a `temporary` source, which
 * nobody will look at again, the elements may even be computed from those that they replace.
 */
export function computeOver(target: Tensor, source: Tensor, temporary: boolean): boolean {
  const pending = pendingOf(source);
  if (pending === null || !target.contiguousLayout || target.dtype !== float32 || !sameSizes(source.sizes, target.sizes)) return false;
  if (pending.uses > 0 || target.store === source.store) return false;
  const reads = temporary ? pending.readsInPlace(target.store.data as Floats, target.offset) : 0;
  if (target.store.readers !== reads) return false;
  pending.computeInto(target.store.data as Floats, target.offset);
  if (temporary) pending.release();
  else pending.uses++;
  return true;
}
