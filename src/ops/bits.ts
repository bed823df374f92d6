/**
 * Logic on truth values and on bits, and what is special to integers. None of it has a derivative.
 */
import { gcd as greatestCommonDivisor, lcm as leastCommonMultiple } from "../kernels/special.ts";
import { binary, type BinaryOfNumbers, type BinaryTensorsInplace, type Unary, unary } from "./pointwise.ts";

const logic = (name: string, forward: (self: number, other: number) => boolean, int64: (self: bigint, other: bigint) => boolean): BinaryTensorsInplace =>
  binary(name, { kind: "compare", forward, int64, backward: null });

/** Whether both elements are true; every number but 0 is. */
export const logical_and: BinaryTensorsInplace = logic("logical_and", (self, other) => self !== 0 && other !== 0, (self, other) => self !== 0n && other !== 0n);
/** Whether one of two elements is true. */
export const logical_or: BinaryTensorsInplace = logic("logical_or", (self, other) => self !== 0 || other !== 0, (self, other) => self !== 0n || other !== 0n);
/** Whether exactly one of two elements is true. */
export const logical_xor: BinaryTensorsInplace = logic(
  "logical_xor",
  (self, other) => (self !== 0) !== (other !== 0),
  (self, other) => (self !== 0n) !== (other !== 0n),
);
/** Whether an element is false. */
export const logical_not: Unary = unary("logical_not", { kind: "compare", forward: (self) => self === 0, int64: (self) => self === 0n, backward: null });

const SIGNATURES = ["(Tensor input, Tensor other, *, Tensor out = None)", "(Number self, Tensor other)", "(Tensor input, Number other, *, Tensor out = None)"];

const bitwise = (
  name: string,
  int: (self: number, other: number) => number,
  int64: (self: bigint, other: bigint) => bigint,
  kernel = `${name}_cpu`,
): BinaryOfNumbers => binary(name, { signatures: SIGNATURES, numbers: "signatures", kernel, forward: null, int, int64, backward: null });

/** Bits that both integers have; of bools, whether both are true. */
export const bitwise_and: BinaryOfNumbers = bitwise("bitwise_and", (self, other) => self & other, (self, other) => self & other);
/** Bits that one of two integers has; of bools, whether one is true. */
export const bitwise_or: BinaryOfNumbers = bitwise("bitwise_or", (self, other) => self | other, (self, other) => self | other);
/** Bits that exactly one of two integers has; of bools, whether exactly one is true. */
export const bitwise_xor: BinaryOfNumbers = bitwise("bitwise_xor", (self, other) => self ^ other, (self, other) => self ^ other);
/** The other bits; of bools, the opposite. */
export const bitwise_not: Unary = unary("bitwise_not", {
  kernel: "bitwise_not_cpu",
  forward: null,
  int: (self) => ~self,
  int64: (self) => ~self,
  bool: (self) => 1 - self,
  backward: null,
});

const shift = (name: string, kernel: string, int: (self: number, other: number) => number, int64: (self: bigint, other: bigint) => bigint): BinaryOfNumbers =>
  binary(name, { signatures: SIGNATURES, numbers: "signatures", kernel, forward: null, int, int64, bool: null, backward: null });

/** The bits of `self` moved `other` places up; 0 where that is more than there are, or negative. */
export const bitwise_left_shift: BinaryOfNumbers = shift(
  "bitwise_left_shift",
  "lshift_cpu",
  (self, other) => other < 0 || other > 31 ? 0 : self << other,
  (self, other) => other < 0n || other > 63n ? 0n : self << other,
);
/** The bits of `self` moved `other` places down, with copies of the sign above; nothing but these where `other` is too large, or negative. */
export const bitwise_right_shift: BinaryOfNumbers = shift(
  "bitwise_right_shift",
  "rshift_cpu",
  (self, other) => other < 0 || other > 31 ? self >> 31 : self >> other,
  (self, other) => other < 0n || other > 63n ? self >> 63n : self >> other,
);

/** A function of integers that depends on how many bits they have. */
function integers(name: string, f: (a: number, b: number, bits: number) => number, int64: (a: bigint, b: bigint) => bigint): BinaryTensorsInplace {
  const sized = (bits: number) => (self: number, other: number) => f(self, other, bits);
  return binary(name, {
    kernel: `${name}_cpu`,
    forward: null,
    int8: sized(8),
    int16: sized(16),
    int32: sized(32),
    uint8: sized(32),
    int64,
    bool: null,
    backward: null,
  });
}

/** The greatest common divisor. */
export const gcd: BinaryTensorsInplace = integers("gcd", greatestCommonDivisor, greatestCommonDivisor);
/** The least common multiple. */
export const lcm: BinaryTensorsInplace = integers("lcm", leastCommonMultiple, leastCommonMultiple);
