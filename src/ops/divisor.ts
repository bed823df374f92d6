/**
 * Division of integers by zero is an error; of floating-point numbers it is not.
 */
import { bool } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import { asContiguous } from "./elementwise.ts";
import type { Num } from "./promotion.ts";

const whole = (x: Tensor | Num | undefined): boolean => x instanceof Tensor ? !x.dtype.is_floating_point : typeof x !== "number" || Number.isInteger(x);

const isBool = (x: Tensor | Num | undefined): boolean => x instanceof Tensor ? x.dtype === bool : typeof x === "boolean";

function holdsZero(t: Tensor): boolean {
  const dense = asContiguous(t);
  const { data } = dense.store;
  for (let i = dense.offset; i < dense.offset + dense.count; i++) if (Number(data[i]) === 0) return true;
  return false;
}

/** Throws PyTorch's error where integers would be divided by zero. */
export function refuseZeroDivisor(self: Tensor | Num, other: Tensor | Num | undefined): void {
  if (!whole(self) || !whole(other) || (isBool(self) && isBool(other))) return;
  if (other instanceof Tensor ? holdsZero(other) : Number(other) === 0) throw new RuntimeError("ZeroDivisionError");
}
