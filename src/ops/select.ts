/**
 * Choice between elements: by a condition, by a mask, and by bounds.
 */
import { bool, can_cast, type DType, int64, uint8 } from "../dtype.ts";
import { noKernel, RuntimeError } from "../errors.ts";
import { Kernel } from "../kernels/elementwise.ts";
import { broadcastSizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { type Args, cannotCast, define, type InplaceOp, Primitive } from "./define.ts";
import { asContiguous, asType, elementwise, elementwiseMixed } from "./elementwise.ts";
import { type Num, resultType } from "./promotion.ts";
import { checkedScalar } from "./scalar.ts";

const isNumber = (x: Tensor | Num | null): x is Num => x !== null && !(x instanceof Tensor);
const fitting = (x: Tensor | Num, dtype: DType): Tensor | Num => isNumber(x) ? checkedScalar(x, dtype) : asType(x, dtype);

// -- where -----------------------------------------------------------------------------------------------------------

/** Named arguments of `where`. */
export interface WhereOptions {
  /** A bool tensor. */
  condition: Tensor;
  /** What is taken where the condition holds. */
  input: Tensor | Num;
  /** What is taken elsewhere. */
  other: Tensor | Num;
  /** Takes the result. */
  out?: Tensor;
}

/** `where`: as a function the condition comes first, as a method the tensor does. */
export interface Where {
  /** The places where the condition holds, one index tensor a dimension: `condition.nonzero({ as_tuple: true })`. */
  (condition: Tensor): Tensor[];
  /** The condition, what is taken where it holds, and what is taken elsewhere. */
  (condition: Tensor, input: Tensor | Num, other: Tensor | Num, named?: { out?: Tensor }): Tensor;
  /** Every argument by name. */
  (named: WhereOptions): Tensor;
  /** @internal The method. */
  readonly asMethod: (self: Tensor, ...args: Args<{ condition: Tensor; other: Tensor | Num }, [condition: Tensor, other: Tensor | Num]>) => Tensor;
}

const chosen = new Kernel((c: number, a: number, b: number) => c !== 0 ? a : b);
const chosen64 = new Kernel((c: number, a: bigint, b: bigint) => c !== 0 ? a : b);

type Choice = { condition: Tensor; self: Tensor | Num; other: Tensor | Num };

const choose = new Primitive<Choice>({
  name: "WhereBackward0",
  forward: ({ condition, self, other }) => {
    if (condition.dtype === uint8) {
      warnOnce(
        "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of PyTorch. Use a boolean condition instead.",
      );
    } else if (condition.dtype !== bool) {
      throw new RuntimeError(`where expected condition to be a boolean tensor, but got a tensor with dtype ${condition.dtype.scalar}`);
    }
    const dtype = resultType([self, other]);
    return elementwiseMixed(dtype === int64 ? chosen64 : chosen, dtype, [condition, fitting(self, dtype), fitting(other, dtype)]);
  },
  backward: {
    condition: null,
    self: ({ grad, condition }) => where(condition, grad, 0),
    other: ({ grad, condition }) => where(condition, 0, grad),
  },
});

const CHOICES = [
  "(Tensor condition)",
  "(Tensor condition, Tensor input, Tensor other, *, Tensor out = None)",
  "(Tensor condition, Number self, Tensor other)",
  "(Tensor condition, Tensor input, Number other)",
  "(Tensor condition, Number self, Number other)",
];

const whereFunction = define<(...args: never[]) => Tensor, { condition: Tensor; input?: Tensor; self?: Num; other?: Tensor | Num }>(
  "where",
  CHOICES,
  ({ condition, input, self, other }) => other === undefined ? condition.nonzero({ as_tuple: true }) : choose.apply({ condition, self: input ?? self!, other }),
);

const whereMethod = define<InplaceOp<WhereOptions, [condition: Tensor, other: Tensor | Num]>, Choice>(
  "where",
  ["(Tensor input, Tensor condition, Tensor other)", "(Tensor input, Tensor condition, Number other)"],
  (inputs) => choose.apply(inputs),
);

/** The elements of `input` where the condition holds, those of `other` elsewhere; all three broadcast. The gradient goes to the one that was taken. */
export const where: Where = Object.assign(whereFunction as (...args: unknown[]) => never, { asMethod: whereMethod.asMethod as Where["asMethod"] });

// -- masked_fill -----------------------------------------------------------------------------------------------------

const masked = new Kernel((x: number, mask: number, value: number) => mask !== 0 ? value : x);
const masked64 = new Kernel((x: bigint, mask: number, value: bigint) => mask !== 0 ? value : x);

function fillMasked(self: Tensor, mask: Tensor, value: Tensor | Num): Tensor {
  if (value instanceof Tensor && value.sizes.length > 0) {
    throw new RuntimeError(`masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ${value.sizes.length} dimension(s).`);
  }
  if (mask.dtype !== bool) throw new RuntimeError(`masked_fill_ only supports boolean masks, but got mask with dtype ${mask.dtype.ctype}`);
  const number = checkedScalar(value instanceof Tensor ? value.item() as Num : value, self.dtype);
  return asContiguous(elementwiseMixed(self.dtype === int64 ? masked64 : masked, self.dtype, [self, mask, number]));
}

const fillNumber = new Primitive<{ self: Tensor; mask: Tensor; value: Num }>({
  name: "MaskedFillBackward0",
  forward: ({ self, mask, value }) => fillMasked(self, mask, value),
  backward: { self: ({ grad, mask }) => grad.masked_fill(mask, 0), mask: null },
});

const fillTensor = new Primitive<{ self: Tensor; mask: Tensor; value: Tensor }>({
  name: "MaskedFillBackward1",
  forward: ({ self, mask, value }) => fillMasked(self, mask, value),
  backward: {
    self: ({ grad, mask }) => grad.masked_fill(mask, 0),
    mask: null,
    value: ({ grad, mask }) => grad.masked_select(mask).sum(),
  },
});

/** `masked_fill`. */
export type MaskedFill = InplaceOp<{ mask: Tensor; value: Tensor | Num }, [mask: Tensor, value: Tensor | Num]>;
type MaskedFillInputs = { self: Tensor; mask: Tensor; value: Tensor | Num };

/** `value` where the mask is true, the elements of `self` elsewhere. The gradient flows to `self` where the mask is false, its sum over the others to `value`. */
export const masked_fill: MaskedFill = define<MaskedFill, MaskedFillInputs>(
  "masked_fill",
  ["(Tensor input, Tensor mask, Tensor value)", "(Tensor input, Tensor mask, Number value)"],
  ({ self, mask, value }) => {
    broadcastSizes(mask.sizes, self.sizes); // words the error with the mask first
    return value instanceof Tensor ? fillTensor.apply({ self, mask, value }) : fillNumber.apply({ self, mask, value });
  },
  {
    inplace: ({ self, mask, value }) =>
      value instanceof Tensor ? fillTensor.applyInplace({ self, mask, value }) : fillNumber.applyInplace({ self, mask, value }),
  },
);

// -- clamp -----------------------------------------------------------------------------------------------------------

/** A function of int64 and the same function of numbers: kernels of their own, for the engine compiles a function for the kind of numbers it has seen. */
interface Pair {
  numbers: Kernel;
  wide: Kernel;
}

// a bound that is NaN is no bound where it is a number and stands alone
const above: Pair = { numbers: new Kernel((x: number, low: number) => x < low ? low : x), wide: new Kernel((x: bigint, low: bigint) => x < low ? low : x) };
const below: Pair = {
  numbers: new Kernel((x: number, high: number) => x > high ? high : x),
  wide: new Kernel((x: bigint, high: bigint) => x > high ? high : x),
};
const between: Pair = {
  numbers: new Kernel((x: number, low: number, high: number) => {
    const y = x < low ? low : x;
    return low !== low || high !== high ? NaN : y > high ? high : y;
  }),
  wide: new Kernel((x: bigint, low: bigint, high: bigint) => {
    const y = x < low ? low : x;
    return y > high ? high : y;
  }),
};
// among tensors NaN wins, from whichever side it comes
const larger: Pair = { numbers: new Kernel((x: number, low: number) => low !== low || x < low ? low : x), wide: above.wide };
const smaller: Pair = { numbers: new Kernel((x: number, high: number) => high !== high || x > high ? high : x), wide: below.wide };
const inside: Pair = {
  numbers: new Kernel((x: number, low: number, high: number) => {
    const y = low !== low || x < low ? low : x;
    return high !== high || y > high ? high : y;
  }),
  wide: between.wide,
};

function bounded(pair: Pair, operands: readonly (Tensor | Num)[], noBool: string | null): Tensor {
  const dtype = resultType(operands);
  if (dtype === bool && noBool !== null) throw noKernel(noBool, bool);
  return elementwise(dtype === int64 ? pair.wide : pair.numbers, dtype, operands.map((x) => isNumber(x) ? checkedScalar(x, dtype) : x));
}

type Numbers = { self: Tensor; min: Num | null; max: Num | null };
type Bounds = { self: Tensor; min: Tensor | null; max: Tensor | null };

function numberBounds({ self, min, max }: Numbers): Tensor {
  if (min === null) return bounded(below, [self, max!], "clamp_max_scalar_cpu");
  return max === null ? bounded(above, [self, min], "clamp_min_scalar_cpu") : bounded(between, [self, min, max], "clamp_scalar_cpu");
}

function tensorBounds({ self, min, max }: Bounds): Tensor {
  if (min === null) return bounded(smaller, [self, max!], null);
  return max === null ? bounded(larger, [self, min], null) : bounded(inside, [self, min, max], "clamp_cpu");
}

/** Where `self` lies within the bounds, these included: there its gradient flows. */
function within(self: Tensor, min: Tensor | Num | null, max: Tensor | Num | null): Tensor {
  if (min === null) return self.le(max!);
  return max === null ? self.ge(min) : self.ge(min).logical_and(self.le(max));
}

const clampNumbers = new Primitive<Numbers>({
  name: "ClampBackward1",
  forward: numberBounds,
  backward: { self: ({ grad, self, min, max }) => where(within(self, min, max), grad, 0) },
});

const clampTensors = new Primitive<Bounds>({
  name: "ClampBackward0",
  forward: tensorBounds,
  backward: {
    self: ({ grad, self, min, max }) => where(within(self, min, max), grad, 0),
    min: ({ grad, self, min, max }) => where(max === null ? self.lt(min!) : self.lt(min!).logical_and(min!.lt(max)), grad, 0),
    max: ({ grad, self, min, max }) => where(min === null ? self.gt(max!) : self.gt(max!).logical_or(max!.lt(min)), grad, 0),
  },
});

/** Named arguments of `clamp`. */
export interface ClampOptions {
  /** The lower bound. */
  min?: Tensor | Num | null;
  /** The upper bound, which wins where the two contradict each other. */
  max?: Tensor | Num | null;
  /** Takes the result. */
  out?: Tensor;
}

/** `clamp`. */
export type Clamp = InplaceOp<ClampOptions, [min?: Tensor | Num | null, max?: Tensor | Num | null]>;
type ClampInputs = { self: Tensor; min: Tensor | Num | null; max: Tensor | Num | null };

const clampOf = (name: string): Clamp => {
  const primitive = ({ min, max }: ClampInputs): Primitive<never> => {
    if (min === null && max === null) throw new RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None");
    return (min instanceof Tensor || max instanceof Tensor ? clampTensors : clampNumbers) as Primitive<never>;
  };
  return define<Clamp, ClampInputs>(
    name,
    [
      "(Tensor input, Tensor min = None, Tensor max = None, *, Tensor out = None)",
      "(Tensor input, Number min = None, Number max = None, *, Tensor out = None)",
    ],
    (inputs) => primitive(inputs).apply(inputs as never),
    { inplace: (inputs) => primitive(inputs).applyInplace(checkBounds(inputs) as never) },
  );
};

/** In place, PyTorch words the refusal of a number that the dtype cannot hold in a way of its own. */
function checkBounds<I extends { self: Tensor; min?: Tensor | Num | null; max?: Tensor | Num | null }>(inputs: I): I {
  const { self, min = null, max = null } = inputs;
  if ([min, max].some((x) => isNumber(x))) {
    const dtype = resultType([self, min, max].filter((x) => x !== null));
    if (!can_cast(dtype, self.dtype)) throw new RuntimeError(cannotCast(dtype, self.dtype).message.replace(/\w+$/, self.dtype.ctype));
  }
  return inputs;
}

/** The elements brought between `min` and `max`. The gradient of `self` flows where it lies between them, the bounds included; elsewhere it goes to the bound, if that is a tensor. */
export const clamp: Clamp = clampOf("clamp");
/** Alias of `clamp`. */
export const clip: Clamp = clampOf("clip");

const minNumber = new Primitive<{ self: Tensor; min: Num }>({
  name: "ClampMinBackward0",
  forward: ({ self, min }) => numberBounds({ self, min, max: null }),
  backward: { self: ({ grad, self, min }) => where(self.ge(min), grad, 0) },
});
const minTensor = new Primitive<{ self: Tensor; min: Tensor }>({
  name: "ClampMinBackward1",
  forward: ({ self, min }) => tensorBounds({ self, min, max: null }),
  backward: {
    self: ({ grad, self, min }) => where(self.ge(min), grad, 0),
    min: ({ grad, self, min }) => where(self.lt(min), grad, 0),
  },
});
const maxNumber = new Primitive<{ self: Tensor; max: Num }>({
  name: "ClampMaxBackward0",
  forward: ({ self, max }) => numberBounds({ self, min: null, max }),
  backward: { self: ({ grad, self, max }) => where(self.le(max), grad, 0) },
});
const maxTensor = new Primitive<{ self: Tensor; max: Tensor }>({
  name: "ClampMaxBackward1",
  forward: ({ self, max }) => tensorBounds({ self, min: null, max }),
  backward: {
    self: ({ grad, self, max }) => where(self.le(max), grad, 0),
    max: ({ grad, self, max }) => where(self.gt(max), grad, 0),
  },
});

/** `clamp_min`. */
export type ClampMin = InplaceOp<{ min: Tensor | Num; out?: Tensor }, [min: Tensor | Num]>;
/** `clamp_max`. */
export type ClampMax = InplaceOp<{ max: Tensor | Num; out?: Tensor }, [max: Tensor | Num]>;
type MinInputs = { self: Tensor; min: Tensor | Num };
type MaxInputs = { self: Tensor; max: Tensor | Num };

const byMin = ({ min }: MinInputs): Primitive<never> => (min instanceof Tensor ? minTensor : minNumber) as Primitive<never>;
const byMax = ({ max }: MaxInputs): Primitive<never> => (max instanceof Tensor ? maxTensor : maxNumber) as Primitive<never>;

/** The larger of an element and `min`. The gradient of `self` flows where it is not below `min`; elsewhere it goes to `min`, if that is a tensor. */
export const clamp_min: ClampMin = define<ClampMin, MinInputs>(
  "clamp_min",
  ["(Tensor input, Tensor min, *, Tensor out = None)", "(Tensor input, Number min, *, Tensor out = None)"],
  (inputs) => byMin(inputs).apply(inputs as never),
  { inplace: (inputs) => byMin(inputs).applyInplace(checkBounds(inputs) as never) },
);

/** The smaller of an element and `max`. The gradient of `self` flows where it is not above `max`; elsewhere it goes to `max`, if that is a tensor. */
export const clamp_max: ClampMax = define<ClampMax, MaxInputs>(
  "clamp_max",
  ["(Tensor input, Tensor max, *, Tensor out = None)", "(Tensor input, Number max, *, Tensor out = None)"],
  (inputs) => byMax(inputs).apply(inputs as never),
  { inplace: (inputs) => byMax(inputs).applyInplace(checkBounds(inputs) as never) },
);
