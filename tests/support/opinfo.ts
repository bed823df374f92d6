/** The entries of tests/pytorch/opinfo.json.gz, and the function or method that each of them is about. */

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

/** All entries by name. */
export const entries: Record<string, Entry> = await readRecording("opinfo.json.gz");

/** A function of unknown arguments. */
export type Call = (...args: unknown[]) => unknown;

const PROPERTIES = new Set(["T", "mT"]);

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
  zero_: (x) => (x as torch.Tensor).clone().zero_(),
};

/** The function at a dotted path below `torch`; fails with a TypeError where there is none. */
function member(path: string): Call {
  let at: unknown = torch;
  for (const step of path.split(".")) at = at === undefined ? undefined : Reflect.get(at as object, step);
  return at as Call;
}

/** Calls a tensor's method by name. */
export function callMethod(self: unknown, name: string, args: unknown[]): unknown {
  const method = Reflect.get(self as object, name);
  if (typeof method !== "function") throw new TypeError(`Tensor has no method ${name}`);
  return method.apply(self, args);
}

/** The call that an entry is about: a function below `torch`, else a property or a method of the first argument. */
export function resolve(op: string): Call {
  if (op in ALIASES) return ALIASES[op];
  if (PROPERTIES.has(op)) return (x) => Reflect.get(x as object, op);
  const call = member(op);
  return typeof call === "function" ? call : (self, ...args) => callMethod(self, op, args);
}
