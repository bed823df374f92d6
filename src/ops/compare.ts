/**
 * Comparisons, and logic on truth values and on bits.
 */
import { type Binary, binary } from "./pointwise.ts";

const SIGNATURES = ["(Tensor input, Tensor other, *, Tensor out = None)", "(Tensor input, Number other, *, Tensor out = None)"];

const comparison = (name: string, f: (self: number, other: number) => boolean, wide: (self: bigint, other: bigint) => boolean): Binary =>
  binary(name, { kind: "compare", signatures: SIGNATURES, numbers: true, forward: f, int64: wide, backward: null });

/** Whether `self == other`, element by element. */
export const eq: Binary = comparison("eq", (self, other) => self === other, (self, other) => self === other);
/** Whether `self != other`, element by element. */
export const ne: Binary = comparison("ne", (self, other) => self !== other, (self, other) => self !== other);
/** Whether `self < other`, element by element. */
export const lt: Binary = comparison("lt", (self, other) => self < other, (self, other) => self < other);
/** Whether `self <= other`, element by element. */
export const le: Binary = comparison("le", (self, other) => self <= other, (self, other) => self <= other);
/** Whether `self > other`, element by element. */
export const gt: Binary = comparison("gt", (self, other) => self > other, (self, other) => self > other);
/** Whether `self >= other`, element by element. */
export const ge: Binary = comparison("ge", (self, other) => self >= other, (self, other) => self >= other);
