/** The entries of tests/pytorch/opinfo.json.gz and opinfo_more.json.gz, and the function or method that each of them is about. */

import * as torch from "../../mod.ts";
import { type Encoded, type EncodedError, type EncodedTensor, readRecording } from "./recording.ts";

/** A call with its results; record_opinfo.py says what the fields hold. */
export interface Case {
  /** The dtype that the sample was made for. */
  dtype: string;
  /** How the inputs lie in memory. */
  layout: string;
  /** Positional arguments. */
  args: Encoded[];
  /** Keyword arguments. */
  kwargs: Record<string, Encoded>;
  /** The result. */
  out: Encoded;
  /** The `grad_fn` names of the tensors in the result. */
  names: (string | null)[];
  /** Cotangents of the outputs that require grad. */
  cotangents?: EncodedTensor[];
  /** Gradients of the leaves. */
  grads?: (EncodedTensor | null)[];
  /** The gradients that were differentiated again. */
  of?: number[];
  /** Their cotangents. */
  probes?: EncodedTensor[];
  /** Their gradients. */
  grads2?: (EncodedTensor | null)[];
  /** Whether the method agrees. */
  method?: true;
  /** The `grad_fn` name of the in-place method, where it agrees. */
  inplace?: string | null;
}

/** A call that fails. */
export interface ErrorCase {
  /** Positional arguments. */
  args: Encoded[];
  /** Keyword arguments. */
  kwargs: Record<string, Encoded>;
  /** What PyTorch raises. */
  error: EncodedError;
}

/** What was recorded of one op. */
export interface Entry {
  /** Dotted name below `torch`, or the name of a method or property. */
  op: string;
  /** Which of OpInfo's entries for that name. */
  variant: string;
  /** Calls that succeed. */
  cases: Case[];
  /** Calls that fail. */
  errors: ErrorCase[];
}

/** The entries of the core ops by name. */
export const core: Record<string, Entry> = await readRecording("opinfo.json.gz");

/** All entries by name: fewer samples of the ops beyond the core, some of which may not be offered. */
export const entries: Record<string, Entry> = { ...core, ...await readRecording<Record<string, Entry>>("opinfo_more.json.gz") };

/** A function of unknown arguments. */
export type Call = (...args: unknown[]) => unknown;

const PROPERTIES = new Set(["T", "mT", "H", "mH", "real"]);

/** Calls whose arguments OpInfo gives in an order of its own. */
const ALIASES: Record<string, Call> = {
  slice: (x, dim = 0, ...range) => {
    const tensor = x as torch.Tensor, d = dim as number;
    const whole = Array.from({ length: d < 0 ? d + tensor.dim() : d }, () => torch.slice());
    return tensor.index(...whole, torch.slice(...range as [number?, number?, number?]));
  },
  einsum: (operands, equation) => member("einsum")(equation, operands),
  where: (self, condition, ...rest) => member("where")(condition, self, ...rest),
  "nn.functional.embedding": (weight, index, ...rest) => member("nn.functional.embedding")(index, weight, ...rest),
  "nn.functional.embedding_bag": (weight, index, ...rest) => member("nn.functional.embedding_bag")(index, weight, ...rest),
  polygamma: (x, n) => member("polygamma")(orderOf(n), x),
  "special.polygamma": (x, n) => member("special.polygamma")(orderOf(n), x),
  "linalg.lstsq.grad_oriented": (a, b, options) => (member("linalg.lstsq")(a, b, options) as torch.Tensor[])[0],
  "linalg.pinv.singular": (a, b) => member("linalg.pinv")((a as torch.Tensor).matmul((b as torch.Tensor).mT)),
  zero_: (x) => (x as torch.Tensor).clone().zero_(),
  resize_: (x, size) => callMethod((x as torch.Tensor).clone(), "resize_", [size]),
  resize_as_: (x, other) => callMethod((x as torch.Tensor).clone(), "resize_as_", [other]),
  unfold: (x, ...rest) => callMethod(x, "unfold", rest),
  __getitem__: (x, ...indices) => callMethod(x, "index", indices),
  __radd__: (x, y) => callMethod(x, "add", [y]),
  __rmul__: (x, y) => callMethod(x, "mul", [y]),
  __rsub__: (x, y) => member("rsub")(x, y),
  __rdiv__: (x, y) => (x as torch.Tensor).reciprocal().mul(y as number),
  __rpow__: (x, y) => member("pow")(y, x),
  __rmod__: (x, y) => member("remainder")(y, x),
  __rmatmul__: (x, y) => member("matmul")(y, x),
  __rand__: (x, y) => callMethod(x, "bitwise_and", [y]),
  __ror__: (x, y) => callMethod(x, "bitwise_or", [y]),
  __rxor__: (x, y) => callMethod(x, "bitwise_xor", [y]),
};

/** The order of a polygamma function, given by position or by name. */
function orderOf(n: unknown): unknown {
  return typeof n === "object" ? Reflect.get(n as object, "n") : n;
}

/** What stands at a dotted path below `torch`. */
function at(path: string): unknown {
  let value: unknown = torch;
  for (const step of path.split(".")) value = value === undefined ? undefined : Reflect.get(value as object, step);
  return value;
}

/** The function at a dotted path below `torch`; fails with a TypeError where there is none. */
function member(path: string): Call {
  const call = at(path);
  if (typeof call !== "function") throw new TypeError(`torch.${path} is not a function`);
  return call as Call;
}

/** Calls a tensor's method by name. */
export function callMethod(self: unknown, name: string, args: unknown[]): unknown {
  const method = Reflect.get(self as object, name);
  if (typeof method !== "function") throw new TypeError(`Tensor has no method ${name}`);
  return method.apply(self, args);
}

/** The call that an entry is about: a function below `torch`, else a property or a method of the first argument. */
export function resolve({ op, variant }: Entry): Call {
  const alias = ALIASES[`${op}.${variant}`] ?? ALIASES[op];
  if (alias !== undefined) return alias;
  if (PROPERTIES.has(op)) return (x) => Reflect.get(x as object, op);
  return typeof at(op) === "function" ? member(op) : (self, ...args) => callMethod(self, op, args);
}

/** Whether the op exists here. */
export function isOffered({ op }: Entry): boolean {
  return op.startsWith("__") || op in torch.Tensor.prototype || typeof at(op) === "function" || op === "slice";
}
