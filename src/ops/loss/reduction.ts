/**
 * What the losses share: how the values of the elements become the result, by PyTorch's names, old and new.
 */
import { AttributeError, ValueError } from "../../errors.ts";
import { pythonType } from "../../python.ts";
import { makeSize, type SizeArray } from "../../size.ts";
import { Tensor } from "../../tensor.ts";
import { warnOnce } from "../../warnings.ts";
import { divNumber } from "../number_nodes.ts";

/** PyTorch's numbers for `"none"`, `"mean"` and `"sum"`, under which nodes save the reduction. */
export type Reduction = 0 | 1 | 2;

/** `"none"`: a loss for each element. */
export const NONE = 0;
/** `"mean"`: their mean. */
export const MEAN = 1;
/** `"sum"`: their sum. */
export const SUM = 2;

/** Named arguments that most losses have. */
export interface ReductionOptions {
  /** Retired: false for a sum instead of a mean. */
  size_average?: boolean | null;
  /** Retired: false for a loss for each element. */
  reduce?: boolean | null;
  /** `"mean"`, `"sum"`, or `"none"` for a loss for each element. */
  reduction?: string;
}

/** The same where the function reads them, with every default in place. */
export interface ReductionInputs {
  /** Retired. */
  size_average: boolean | null;
  /** Retired. */
  reduce: boolean | null;
  /** What is asked for. */
  reduction: string;
}

/** The defaults of these arguments, in PyTorch's order. */
export const REDUCTION: ReductionInputs = { size_average: null, reduce: null, reduction: "mean" };

/** The name of the reduction, which the retired arguments decide where they are given. */
export function reductionName({ size_average, reduce, reduction }: ReductionInputs): string {
  if (size_average === null && reduce === null) return reduction;
  const name = reduce === false ? "none" : size_average === false ? "sum" : "mean";
  warnOnce(`size_average and reduce args will be deprecated, please use reduction='${name}' instead.`);
  return name;
}

/** The number of a reduction. */
export function reductionNumber(name: string): Reduction {
  switch (name) {
    case "none":
      return NONE;
    case "mean":
      return MEAN;
    case "elementwise_mean":
      warnOnce("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.");
      return MEAN;
    case "sum":
      return SUM;
    default:
      throw new ValueError(`${name === null ? "None" : name} is not a valid value for reduction`);
  }
}

/** The number of the reduction that the arguments ask for. */
export const reductionOf = (inputs: ReductionInputs): Reduction => reductionNumber(reductionName(inputs));

/** The mean or the sum of the elements, or the elements. */
export function reduced(losses: Tensor, reduction: number): Tensor {
  return reduction === MEAN ? losses.mean() : reduction === SUM ? losses.sum() : losses;
}

/** The gradient of an element's loss, where `n` elements are reduced to their mean. */
export function shared(grad: Tensor, n: number, reduction: number): Tensor {
  return reduction === MEAN ? divNumber(grad, n) : grad;
}

/** `x.size()` of what may not be a tensor. */
export function sizeOf(x: unknown): SizeArray {
  if (!(x instanceof Tensor)) throw new AttributeError(`'${pythonType(x)}' object has no attribute 'size'`);
  return makeSize(x.sizes);
}

/** Warns where the target would be broadcast. */
export function warnOfSizes(input: unknown, target: unknown): void {
  const wanted = sizeOf(input), given = sizeOf(target);
  if (String(wanted) === String(given)) return;
  warnOnce(
    `Using a target size (${given}) that is different to the input size (${wanted}). This will likely lead to incorrect results due to broadcasting. ` +
      "Please ensure they have the same size.",
  );
}
