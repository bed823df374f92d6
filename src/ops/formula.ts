/**
 * Derivative formulas: what they may name, what these names stand for, and how a formula is evaluated.
 */
import { callTransformed, type Inputs, transforms } from "../autograd/transforms.ts";
import type { MaybeTensor } from "../autograd/node.ts";
import type { DType } from "../dtype.ts";
import type { Sizes } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { native } from "./native.ts";

/** What a forward gives: one tensor or several. */
export type Result = Tensor | Tensor[];

/** The names of the inputs that are tensors or lists of them. */
export type TensorKeys<P> = { [K in keyof P]-?: Extract<P[K], Tensor | readonly Tensor[]> extends never ? never : K }[keyof P] & string;
type ShapeOf<T> = Extract<T, readonly Tensor[]> extends never ? Sizes : readonly Sizes[];

/** What a derivative formula may name: the inputs, their shapes and dtypes, the results, and the gradients of these. */
export type Context<P> =
  & P
  & { [K in TensorKeys<P> as `${K}_sizes`]: ShapeOf<P[K]> }
  & { [K in TensorKeys<P> as `${K}_dtype`]: DType }
  & {
    /** The gradient of the (first) result. */
    grad: Tensor;
    /** The gradients of all results; null for those that nothing has flowed to. */
    grads: MaybeTensor[];
    /** The (first) result. */
    result: Tensor;
    /** All results. */
    results: Tensor[];
  }
  & { [K in ResultName as K extends keyof P ? never : K]: Tensor };

/** Single results among several: by number, and the second of an op that gives values and the places where they stand. */
type ResultName = "result0" | "result1" | "result2" | "result3" | "indices";

/** The gradient of one input; a list for an input that is a list of tensors. The names that its parameter destructures are saved. */
export type Formula<P> = (context: Context<P>) => MaybeTensor | MaybeTensor[];

/** The names that a function's parameter destructures: what a formula needs. */
export function destructuredNames(f: (...args: never[]) => unknown): string[] {
  if (f.length === 0) return [];
  const match = /^[^(]*\(\s*\{([^}]*)\}/.exec(f.toString());
  if (match === null) throw new Error(`a formula must destructure its parameter: ${f}`);
  return match[1].split(",").map((part) => part.split(":")[0].split("=")[0].trim()).filter((name) => name !== "");
}

/** What a name stands for that is not that of an input. */
export interface Derived {
  what: "result" | "results" | "sizes" | "dtype" | "unknown";
  /** The input that it is derived from. */
  key: string;
  /** The number of the result. */
  index: number;
}

const derivedNames = new Map<string, Derived>();

/** What a formula's name that is not one of an input stands for: a result by number, or the shape or dtype of an input. */
export function derive(name: string): Derived {
  let derived = derivedNames.get(name);
  if (derived !== undefined) return derived;
  const result = name === "result" ? 0 : name === "indices" ? 1 : /^result\d$/.test(name) ? Number(name.slice(6)) : -1;
  const match = /^(.*)_(sizes|dtype)$/.exec(name);
  if (name === "results") derived = { what: "results", key: "", index: 0 };
  else if (result >= 0) derived = { what: "result", key: "", index: result };
  else if (match !== null) derived = { what: match[2] as "sizes" | "dtype", key: match[1], index: 0 };
  else derived = { what: "unknown", key: "", index: 0 };
  derivedNames.set(name, derived);
  return derived;
}

/** What a formula's name stands for at the time of recording. An input may have a name that looks derived: `split_sizes`, `indices`. */
export function valueOf(name: string, derived: Derived, values: Inputs, result: Result): unknown {
  const { what, key, index } = derived;
  if (what === "unknown") return values[name];
  if (what === "sizes" || what === "dtype") {
    const value = values[key];
    if (value instanceof Tensor) return what === "sizes" ? value.sizes : value.dtype;
    if (Array.isArray(value)) return what === "sizes" ? value.map((t: Tensor) => t.sizes) : value[0]?.dtype;
    return name in values ? values[name] : what === "sizes" ? [] : undefined;
  }
  if (name in values) return values[name];
  if (what === "results") return Array.isArray(result) ? result : [result];
  return Array.isArray(result) ? result[index] : result;
}

/** Evaluates a formula whose ops somebody sees: they are recorded, as what is C++ in PyTorch, or transformed. */
export function evaluateVisibly<R>(formula: (context: Inputs) => R, context: Inputs, recorded: boolean): R {
  const apply = transforms.active === 0 ? formula : (all: Inputs) => callTransformed("", all, formula) as R;
  return recorded ? native(() => apply(context)) : apply(context);
}
