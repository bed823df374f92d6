/**
 * Gradients kept small.
 */
import { no_grad } from "../../autograd/mode.ts";
import { RuntimeError } from "../../errors.ts";
import { clamp } from "../../ops/select.ts";
import { tensor as tensorOf } from "../../ops/create.ts";
import { stack } from "../../ops/join.ts";
import { linalg_vector_norm } from "../../ops/linalg_norm.ts";
import { pythonFunction } from "../../ops/python_function.ts";
import { Tensor } from "../../tensor.ts";
import { float } from "../arguments.ts";

/** A tensor, or several. */
export type Tensors = Tensor | Iterable<Tensor>;

const listOf = (tensors: Tensors): Tensor[] => tensors instanceof Tensor ? [tensors] : [...tensors];
const gradientsOf = (parameters: Tensors): Tensor[] => listOf(parameters).flatMap((p) => p.ownGrad ?? []);

/** How norms are measured. */
export interface NormMeasure {
  /** The order of the norm; `"inf"` for the largest size. */
  norm_type: number | string;
  /** Whether a norm that is infinite or no number is an error. */
  error_if_nonfinite: boolean;
  /** Accepted. */
  foreach: boolean | null;
}

const MEASURE: NormMeasure = { norm_type: 2, error_if_nonfinite: false, foreach: null };

function totalNorm(tensors: readonly Tensor[], { norm_type, error_if_nonfinite }: NormMeasure): Tensor {
  const order = typeof norm_type === "string" ? (norm_type === "inf" ? Infinity : Number(norm_type)) : norm_type;
  if (tensors.length === 0) return tensorOf(0);
  const norm = linalg_vector_norm(stack(tensors.map((t) => linalg_vector_norm(t, order))), order);
  if (error_if_nonfinite && !Number.isFinite(Number(norm.item()))) {
    throw new RuntimeError(
      `The total norm of order ${float(order, order)} for gradients from \`parameters\` is non-finite, so it cannot be clipped. ` +
        "To disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`",
    );
  }
  return norm;
}

function scale(gradients: readonly Tensor[], max_norm: number, norm: Tensor): void {
  const factor = clamp(norm.add(1e-6).reciprocal().mul(max_norm), { max: 1 });
  for (const g of gradients) g.mul_(factor);
}

type ClipNorm = (parameters: Tensors, ...args: (number | string | boolean | null | Partial<NormMeasure & { max_norm: number }>)[]) => Tensor;

/** Scales the gradients of all parameters so that their norm, taken together, is at most `max_norm`. Returns the norm before that. */
export const clip_grad_norm_: ClipNorm = pythonFunction<ClipNorm, NormMeasure & { parameters: Tensors; max_norm: number }>(
  "clip_grad_norm_",
  ["parameters", "max_norm"],
  MEASURE,
  ({ parameters, max_norm, ...measure }) =>
    no_grad(() => {
      const gradients = gradientsOf(parameters);
      const norm = totalNorm(gradients, measure);
      scale(gradients, max_norm, norm);
      return norm;
    }),
);

type ClipWithNorm = (
  parameters: Tensors,
  ...args: (number | Tensor | boolean | null | { max_norm?: number; total_norm?: Tensor; foreach?: boolean | null })[]
) => void;

/** Scales the gradients of all parameters by what brings the norm `total_norm` to at most `max_norm`. */
export const clip_grads_with_norm_: ClipWithNorm = pythonFunction<
  ClipWithNorm,
  { parameters: Tensors; max_norm: number; total_norm: Tensor; foreach: boolean | null }
>(
  "clip_grads_with_norm_",
  ["parameters", "max_norm", "total_norm"],
  { foreach: null },
  ({ parameters, max_norm, total_norm }) => no_grad(() => scale(gradientsOf(parameters), max_norm, total_norm)),
);

type ClipValue = (parameters: Tensors, ...args: (number | boolean | null | { clip_value?: number; foreach?: boolean | null })[]) => void;

/** Brings each element of the gradients between ±`clip_value`. */
export const clip_grad_value_: ClipValue = pythonFunction<ClipValue, { parameters: Tensors; clip_value: number; foreach: boolean | null }>(
  "clip_grad_value_",
  ["parameters", "clip_value"],
  { foreach: null },
  ({ parameters, clip_value }) =>
    no_grad(() => {
      for (const g of gradientsOf(parameters)) g.clamp_(-clip_value, clip_value);
    }),
);

type TotalNorm = (tensors: Tensors, ...args: (number | string | boolean | null | Partial<NormMeasure>)[]) => Tensor;

/** The norm of several tensors taken together. */
export const get_total_norm: TotalNorm = pythonFunction<TotalNorm, NormMeasure & { tensors: Tensors }>(
  "get_total_norm",
  ["tensors"],
  MEASURE,
  ({ tensors, ...measure }) => totalNorm(listOf(tensors), measure),
);

/** Retired name of `clip_grad_norm_`. */
export const clip_grad_norm: ClipNorm = clip_grad_norm_;
