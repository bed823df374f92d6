/**
 * Comparisons, and the larger and the smaller of two tensors.
 */
import { bool, type DType, get_default_dtype, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { sameSizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { define, type Fn, type InplaceOp, type Op } from "./define.ts";
import { asContiguous, asType, elementwise, toScalar } from "./elementwise.ts";
import { alias, type Binary, binary, type BinaryTensors, unary, type UnaryOnly } from "./pointwise.ts";
import { type Num, resultType } from "./promotion.ts";
import { where } from "./select.ts";
import { applyUnsupported, recordUnsupported } from "./unsupported.ts";

const SIGNATURES = ["(Tensor input, Tensor other, *, Tensor out = None)", "(Tensor input, Number other, *, Tensor out = None)"];
const zero = ({ grad }: { grad: Tensor }): Tensor => grad.zeros_like();

/** A comparison gives bool and has no derivative; in place it leaves numbers, the derivative of which is zero. */
const comparison = (name: string, f: (self: number, other: number) => boolean, wide: (self: bigint, other: bigint) => boolean): Binary => {
  const node = `${name.charAt(0).toUpperCase()}${name.slice(1)}Backward`;
  return binary(name, {
    kind: "compare",
    signatures: SIGNATURES,
    numbers: "signatures",
    forward: f,
    int64: wide,
    backward: null,
    inplace: { node: `${node}1`, numberNode: `${node}0`, backward: { self: zero, other: zero } },
  });
};

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

/** Alias of `ne`. */
export const not_equal: Binary = alias("not_equal", ne);
/** Alias of `lt`. */
export const less: Binary = alias("less", lt);
/** Alias of `le`. */
export const less_equal: Binary = alias("less_equal", le);
/** Alias of `gt`. */
export const greater: Binary = alias("greater", gt);
/** Alias of `ge`. */
export const greater_equal: Binary = alias("greater_equal", ge);

const test = (name: string, forward: (self: number) => boolean, int64: (self: bigint) => boolean): UnaryOnly =>
  unary(name, { kind: "compare", inplace: false, forward, int64, backward: null });

/** Whether an element is NaN. */
export const isnan: UnaryOnly = test("isnan", (x) => x !== x, (_) => false);
/** Whether an element is ∞ or -∞. */
export const isinf: UnaryOnly = test("isinf", (x) => x === Infinity || x === -Infinity, (_) => false);
/** Whether an element is ∞. */
export const isposinf: UnaryOnly = test("isposinf", (x) => x === Infinity, (_) => false);
/** Whether an element is -∞. */
export const isneginf: UnaryOnly = test("isneginf", (x) => x === -Infinity, (_) => false);
/** Whether an element is neither NaN nor infinite. */
export const isfinite: UnaryOnly = test("isfinite", (x) => x - x === 0, (_) => true);
/** Whether an element is real: all are, for there are no complex dtypes. */
export const isreal: UnaryOnly = test("isreal", (_) => true, (_) => true);

/** The gradient of an operand of `maximum` or `minimum`: half of it where the two are equal, nothing where the operand loses. */
const shared = (grad: Tensor, tie: Tensor, loses: Tensor): Tensor => where(tie, grad.div(2), grad).masked_fill(loses, 0);

/** The larger of two elements, NaN where one of them is NaN. The gradient goes to the larger one, half to each where they are equal. */
export const maximum: BinaryTensors = binary<BinaryTensors, Tensor>("maximum", {
  inplace: false,
  forward: (self, other) => other !== other || self < other ? other : self,
  int64: (self, other) => self < other ? other : self,
  backward: {
    self: ({ grad, self, other }) => shared(grad, self.eq(other), self.lt(other)),
    other: ({ grad, self, other }) => shared(grad, self.eq(other), self.gt(other)),
  },
});

/** The smaller of two elements, NaN where one of them is NaN. The gradient goes to the smaller one, half to each where they are equal. */
export const minimum: BinaryTensors = binary<BinaryTensors, Tensor>("minimum", {
  inplace: false,
  forward: (self, other) => other !== other || self > other ? other : self,
  int64: (self, other) => self > other ? other : self,
  backward: {
    self: ({ grad, self, other }) => shared(grad, self.eq(other), self.gt(other)),
    other: ({ grad, self, other }) => shared(grad, self.eq(other), self.lt(other)),
  },
});

/** The larger of two elements; where one is NaN, the other one. The gradient goes to the one that is taken, `self` where they are equal. */
export const fmax: BinaryTensors = binary<BinaryTensors, Tensor>("fmax", {
  inplace: false,
  forward: (self, other) => self !== self || self < other ? other : self,
  int64: (self, other) => self < other ? other : self,
  backward: {
    self: ({ grad, self, other }) => grad.masked_fill(self.ge(other).logical_or(other.isnan()).logical_not(), 0),
    other: ({ grad, self, other }) => grad.masked_fill(self.ge(other).logical_or(other.isnan()), 0),
  },
});

/** The smaller of two elements; where one is NaN, the other one. The gradient goes to the one that is taken, `self` where they are equal. */
export const fmin: BinaryTensors = binary<BinaryTensors, Tensor>("fmin", {
  inplace: false,
  forward: (self, other) => self !== self || self > other ? other : self,
  int64: (self, other) => self > other ? other : self,
  backward: {
    self: ({ grad, self, other }) => grad.masked_fill(self.le(other).logical_or(other.isnan()).logical_not(), 0),
    other: ({ grad, self, other }) => grad.masked_fill(self.le(other).logical_or(other.isnan()), 0),
  },
});

/** `heaviside`. */
export type Heaviside = InplaceOp<{ values: Tensor; out?: Tensor }, [values: Tensor]>;
type HeavisideInputs = { self: Tensor; values: Tensor };
const step = new Kernel((x: number, atZero: number) => x === 0 ? atZero : x > 0 ? 1 : 0);
const step64 = new Kernel((x: bigint, atZero: bigint) => x === 0n ? atZero : x > 0n ? 1n : 0n);

function steps({ self, values }: HeavisideInputs): Tensor {
  if (self.dtype !== values.dtype) throw new RuntimeError("heaviside is not yet implemented for tensors with different dtypes.");
  return elementwise(self.dtype === int64 ? step64 : step, self.dtype, [self, values]);
}

/** 0 for negative numbers, `values` for 0, 1 for positive ones. PyTorch has no derivative for it. */
export const heaviside: Heaviside = define<Heaviside, HeavisideInputs>("heaviside", "(Tensor input, Tensor values, *, Tensor out = None)", (inputs) => {
  const result = steps(inputs);
  recordUnsupported("heaviside", [inputs.self, inputs.values], result);
  return result;
}, {
  inplace: (inputs) => {
    const { self, values } = inputs;
    return applyUnsupported("heaviside_", [self, values], self, () => steps(inputs));
  },
});

/** Named arguments of `isclose` and `allclose`. */
export interface CloseOptions {
  /** What is compared with. */
  other: Tensor;
  /** The tolerance relative to `other`. */
  rtol?: number;
  /** The absolute tolerance. */
  atol?: number;
  /** Whether NaN is close to NaN. */
  equal_nan?: boolean;
}

/** Positional arguments of `isclose` and `allclose`. */
export type CloseArguments = [other: Tensor, rtol?: number, atol?: number, equal_nan?: boolean];
type CloseInputs = { self: Tensor; other: Tensor; rtol: number; atol: number; equal_nan: boolean };
const CLOSE = "(Tensor input, Tensor other, float rtol = 1e-05, float atol = 1e-08, bool equal_nan = False)";

/** Whether |self - other| <= atol + rtol |other|, element by element; infinities are close to themselves. */
export const isclose: Op<CloseOptions, CloseArguments> = define<Op<CloseOptions, CloseArguments>, CloseInputs>(
  "isclose",
  CLOSE,
  ({ self, other, rtol, atol, equal_nan }) => {
    if (self.dtype !== other.dtype) throw new RuntimeError(`${self.dtype.scalar} did not match ${other.dtype.scalar}`);
    if (rtol < 0) throw new RuntimeError(`rtol must be greater than or equal to zero, but got ${rtol}`);
    if (atol < 0) throw new RuntimeError(`atol must be greater than or equal to zero, but got ${atol}`);
    const equal = self.eq(other);
    const close = equal_nan ? equal.logical_or(self.isnan().logical_and(other.isnan())) : equal;
    if (rtol === 0 && atol === 0) return close;
    const from = self.dtype === bool ? self.to(get_default_dtype()) : self;
    const to = self.dtype.is_floating_point ? other : other.to(get_default_dtype());
    const error = from.sub(to).abs();
    const allowed = to.mul(rtol).abs().add(atol);
    return close.logical_or(error.isfinite().logical_and(error.le(allowed)));
  },
);

/** Whether all elements are close. */
export const allclose: Op<CloseOptions, CloseArguments, boolean> = define<Op<CloseOptions, CloseArguments, boolean>, CloseInputs>(
  "allclose",
  CLOSE,
  ({ self, other, rtol, atol, equal_nan }) => isclose(self, other, rtol, atol, equal_nan).all().item(),
);

/** Whether two tensors have the same shape and the same elements. */
export const equal: Op<{ other: Tensor }, [other: Tensor], boolean> = define<Op<{ other: Tensor }, [other: Tensor], boolean>, { self: Tensor; other: Tensor }>(
  "equal",
  "(Tensor input, Tensor other)",
  ({ self, other }) => sameSizes(self.sizes, other.sizes) && self.eq(other).all().item(),
);

/** Named arguments of `isin`. */
export interface IsinOptions {
  /** What is looked for. */
  elements: Tensor | Num;
  /** Where it is looked for. */
  test_elements: Tensor | Num;
  /** A promise that the elements of both are distinct; it changes nothing here. */
  assume_unique?: boolean;
  /** Whether the answer is inverted. */
  invert?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

type IsinInputs = { elements?: Tensor; element?: Num; test_elements?: Tensor; test_element?: Num; invert: boolean };
const ISIN = ", *, bool assume_unique = False, bool invert = False, Tensor out = None)";

/** Whether an element of the first tensor occurs in the second. */
export const isin: Fn<IsinOptions, [elements: Tensor | Num, test_elements: Tensor | Num]> = define<
  Fn<IsinOptions, [elements: Tensor | Num, test_elements: Tensor | Num]>,
  IsinInputs
>(
  "isin",
  [`(Tensor elements, Tensor test_elements${ISIN}`, `(Number element, Tensor test_elements${ISIN}`, `(Tensor elements, Number test_element${ISIN}`],
  ({ elements, element, test_elements, test_element, invert }) => {
    const sought = elements ?? element!, among = test_elements ?? test_element!;
    for (const x of [sought, among]) {
      if (x instanceof Tensor ? x.dtype === bool : typeof x === "boolean") throw new RuntimeError("Unsupported input type encountered for isin(): Bool");
    }
    const dtype = resultType([sought, among]);
    const dense = (x: Tensor | Num) => x instanceof Tensor ? asContiguous(asType(x, dtype)) : filledWith(x, dtype);
    const source = dense(sought), pool = dense(among);
    const found = new Set<number | bigint>(pool.store.data.subarray(pool.offset, pool.offset + pool.count));
    found.delete(NaN);
    const out = Tensor.make(source.sizes, bool);
    for (let i = 0; i < source.count; i++) out.store.data[i] = found.has(source.store.data[source.offset + i]) === invert ? 0 : 1;
    return out;
  },
);

function filledWith(value: Num, dtype: DType): Tensor {
  const out = Tensor.make([], dtype);
  out.store.data[0] = toScalar(value, dtype);
  return out;
}

export * from "./bits.ts";
