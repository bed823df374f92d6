/**
 * Every op against recorded PyTorch (tests/pytorch/record_opinfo.py): values, shapes and dtypes, `grad_fn` names, first- and second-order
 * gradients, methods and in-place methods, on contiguous and other inputs; errors by class and message; arguments left as they were.
 */

import { fail } from "@std/assert";
import * as torch from "../mod.ts";
import { callMethod, type Case, core, entries, type Entry, type ErrorCase, isOffered, resolve } from "./support/opinfo.ts";
import { Decoder, difference, differenceOfTensors, type Encoded, type EncodedTensor, errorLine, tensorsIn } from "./support/recording.ts";

/** Ops that write the running statistics given as arguments, as they do in PyTorch. */
const CHANGES_ARGUMENTS = new Set(["nn.functional.batch_norm", "nn.functional.instance_norm", "native_batch_norm"]);

const decodeAll = (values: Encoded[]) => values.map((v) => new Decoder().decode(v) as torch.Tensor);

/** The first argument that a call changed although it should not, or null. */
function changedArgument(decoder: Decoder): string | null {
  for (const [tensor, encoded] of decoder.tensors) {
    const why = differenceOfTensors(tensor, encoded, true);
    if (why !== null) return `an argument was changed: ${why}`;
  }
  return null;
}

function checkNames(out: unknown, names: (string | null)[]): string | null {
  const actual = tensorsIn(out).map((t) => t.grad_fn?.name() ?? null);
  return names.every((name, i) => name === (actual[i] ?? null)) ? null : `grad_fn ${actual}, not ${names}`;
}

/** The gradients of the outputs that require grad, for the recorded cotangents. */
function gradients(out: unknown, leaves: torch.Tensor[], c: Case, create_graph: boolean): (torch.Tensor | null)[] {
  const outs = tensorsIn(out).filter((t) => t.requires_grad);
  return torch.autograd.grad(outs, leaves, decodeAll(c.cotangents ?? []), { create_graph, allow_unused: true });
}

/** Where PyTorch leaves a second-order gradient undefined, zeros are as good, and the other way round. */
function differenceOfSecond(actual: torch.Tensor | null, expected: EncodedTensor | null): string | null {
  if (expected === null) return actual === null || !actual.any().item() ? null : "not null";
  if (actual === null) return expected.d?.every((v) => v === 0) ? null : "null";
  return differenceOfTensors(actual, expected);
}

function checkGradients(out: unknown, leaves: torch.Tensor[], c: Case): string | null {
  if (c.grads === undefined) return null;
  const grads = gradients(out, leaves, c, c.grads2 !== undefined);
  const why = difference(grads, c.grads);
  if (why !== null) return `gradient ${why}`;
  if (c.grads2 === undefined) return null;
  const differentiated = (c.of ?? []).map((i) => grads[i] as torch.Tensor);
  const second = torch.autograd.grad(differentiated, leaves, decodeAll(c.probes ?? []), { allow_unused: true });
  for (const [i, expected] of c.grads2.entries()) {
    const why = differenceOfSecond(second[i], expected);
    if (why !== null) return `second-order gradient [${i}] ${why}`;
  }
  return null;
}

function checkFunction(entry: Entry, c: Case): string | null {
  const decoder = new Decoder();
  const out = resolve(entry)(...decoder.call(c.args, c.kwargs));
  const changed = CHANGES_ARGUMENTS.has(entry.op) ? null : changedArgument(decoder);
  return difference(out, c.out) ?? changed ?? checkNames(out, c.names) ?? checkGradients(out, decoder.leaves, c);
}

function checkMethod(name: string, c: Case): string | null {
  const [self, ...args] = new Decoder().call(c.args, c.kwargs);
  const out = callMethod(self, name, args);
  return difference(out, c.out) ?? checkNames(out, c.names);
}

function checkInplace(name: string, c: Case): string | null {
  const decoder = new Decoder();
  const [self, ...args] = decoder.call(c.args, c.kwargs);
  const changed = (self as torch.Tensor).clone();
  const out = callMethod(changed, name, args);
  if (out !== changed) return "does not return the tensor itself";
  const why = difference(out, c.out) ?? changedArgument(decoder) ?? checkNames(out, [c.inplace ?? null]);
  if (why !== null || c.grads === undefined) return why;
  return difference(gradients(out, decoder.leaves, c, false), c.grads);
}

/** What a check says, or what it throws. */
function verdict(check: () => string | null): string | null {
  try {
    return check();
  } catch (error) {
    return `threw ${errorLine(error).split("\n")[0]}`;
  }
}

function checkCase(entry: Entry, c: Case): string[] {
  const operator = entry.op.startsWith("__"), problems: string[] = [];
  const note = (what: string, why: string | null) => why === null || problems.push(`${what}${why}`);
  note("", verdict(() => checkFunction(entry, c)));
  if (c.method && !operator) note(".method: ", verdict(() => checkMethod(entry.op, c)));
  if (c.inplace !== undefined) note("in place: ", verdict(() => checkInplace(entry.op.replace(/_?$/, "_"), c)));
  return problems;
}

function checkError(entry: Entry, c: ErrorCase): string | null {
  const decoder = new Decoder();
  const expected = `${c.error.type}: ${c.error.message}`;
  const args = decoder.call(c.args, c.kwargs);
  try {
    resolve(entry)(...args);
  } catch (error) {
    return errorLine(error) === expected ? changedArgument(decoder) : `${errorLine(error)}\n      instead of ${expected}`;
  }
  return `no error\n      instead of ${expected}`;
}

for (const [name, entry] of Object.entries(entries)) {
  Deno.test({ name: `op ${name}`, ignore: !(name in core) && !isOffered(entry) }, () => {
    const problems = entry.cases.flatMap((c, i) => checkCase(entry, c).map((why) => `case ${i} (${c.dtype}, ${c.layout}) ${why}`));
    for (const [i, c] of entry.op.startsWith("__") ? [] : entry.errors.entries()) {
      const why = verdict(() => checkError(entry, c));
      if (why !== null) problems.push(`error ${i}: ${why}`);
    }
    if (problems.length > 0) fail(`${problems.length} differences from PyTorch\n    ${problems.slice(0, 12).join("\n    ")}`);
  });
}
