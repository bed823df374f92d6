/**
 * Methods that go through a tensor with a function, or make it show other memory.
 */
import { checkInplace, requiresGrad } from "../autograd/view.ts";
import { bool } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { forEachIndex, sameSizes } from "../layout.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { toScalar } from "./elementwise.ts";
import type { Num } from "./promotion.ts";
import { recordUnsupported } from "./unsupported.ts";

function refuseGradients(method: string, tensors: readonly Tensor[]): void {
  if (tensors.some(requiresGrad)) throw new RuntimeError(`Can't call ${method}() on Variable that requires grad. Use var.detach().${method}() instead.`);
}

/** A value that a function gave, as an element. */
function element(self: Tensor, value: unknown): number | bigint {
  if (typeof value !== "number" && typeof value !== "boolean" && typeof value !== "bigint") {
    throw new TypeError(`must be real number, not ${pythonType(value)}`);
  }
  // the fraction is lost where the dtype has none
  const whole = typeof value === "number" && self.dtype.category === "int" ? Math.trunc(value) : value;
  return toScalar(whole as Num, self.dtype);
}

/** The value of an element for a function: a boolean of a bool tensor. */
const valueOf = (t: Tensor, at: number): number | bigint | boolean => t.dtype === bool ? t.store.data[at] !== 0 : t.store.data[at];

/** What `apply_` calls. */
export type ElementFunction = (value: number) => number | boolean | bigint;

/** Replaces each element by what `callable` makes of it; slow, and not recorded. */
export function apply_(self: Tensor, callable: ElementFunction): Tensor {
  refuseGradients("apply_", [self]);
  if (typeof callable !== "function") throw new TypeError(`'${pythonType(callable)}' object is not callable`);
  const { data } = self.store;
  forEachIndex(self.sizes, self.strides, self.offset, (at) => data[at] = element(self, callable(valueOf(self, at) as number)));
  return self;
}

/** What `map_` calls. */
export type PairFunction = (value: number, other: number) => number | boolean | bigint;

/** Replaces each element by what `callable` makes of it and of the element of `tensor`, broadcast, at the same place; slow, and not recorded. */
export function map_(self: Tensor, tensor: Tensor, callable: PairFunction): Tensor {
  const given: unknown = tensor;
  if (!(given instanceof Tensor)) throw new TypeError(`map_(): argument 'other' (position 1) must be Tensor, not ${pythonType(given)}`);
  refuseGradients("map_", [self, tensor]);
  if (tensor.dtype !== self.dtype) throw new TypeError(`map_: expected ${self.type()} for 'other' (got ${tensor.type()})`);
  const other = sameSizes(tensor.sizes, self.sizes) ? tensor : tensor.expand([...self.sizes]);
  const { data } = self.store, places: number[] = [];
  forEachIndex(other.sizes, other.strides, other.offset, (at) => places.push(at));
  let next = 0;
  forEachIndex(self.sizes, self.strides, self.offset, (at) => {
    data[at] = element(self, callable(valueOf(self, at) as number, valueOf(other, places[next++]) as number));
  });
  return self;
}

/** Makes a tensor show the memory of `source`, all of it or a part in another shape; without arguments none. */
export function set_(
  self: Tensor,
  source?: Tensor,
  storage_offset?: number,
  size?: readonly number[],
  stride?: readonly number[],
): Tensor {
  const shown = source === undefined
    ? Tensor.make([0], self.dtype)
    : size === undefined
    ? source
    : source.detach().as_strided(size, stride ?? Tensor.make([...size], self.dtype).strides, storage_offset ?? 0);
  if (shown.dtype !== self.dtype) {
    throw new RuntimeError(`Could not set tensor of type ${shown.dtype.ctype} to a tensor of type ${self.dtype.ctype}`);
  }
  checkInplace(self);
  const { store, sizes, strides, offset, count, contiguousLayout } = shown;
  Object.assign(self, { store, sizes, strides, offset, count, contiguousLayout });
  recordUnsupported("set_", [self], self, true);
  return self;
}
