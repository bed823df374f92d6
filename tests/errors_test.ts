/**
 * What fails in PyTorch fails here, by class and message to the letter (tests/pytorch/record_errors.py), and leaves the tensors,
 * their gradients, versions and graph, and the modes as they were.
 */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { argumentsOfWrongKind } from "./errors/arguments.ts";
import { dtypes } from "./errors/dtypes.ts";
import { engine } from "./errors/engine.ts";
import { indexing } from "./errors/indexing.ts";
import { inplace } from "./errors/inplace.ts";
import { networks } from "./errors/networks.ts";
import { randomness } from "./errors/randomness.ts";
import { shapes } from "./errors/shapes.ts";
import type { Situations } from "./errors/situation.ts";
import { errorLine, readRecording } from "./support/recording.ts";

/** What must not change about a tensor. */
interface State {
  dtype: string;
  shape: number[];
  stride: number[];
  values: unknown[];
  requires_grad: boolean;
  is_leaf: boolean;
  /** null for inference tensors, which have no version */
  version: number | null;
  grad_fn: string | null;
  grad: unknown[] | null;
}

interface Recorded {
  type: string;
  message: string;
  state: State[];
}

const recorded = await readRecording<Record<string, Recorded>>("errors.json.gz");

const values = (t: torch.Tensor) =>
  Array.from<number | bigint, number | boolean>(t.detach().typed_array(), (v) => t.dtype === torch.bool ? v === 1 : Number(v));

function describe(t: torch.Tensor, version: boolean): State {
  return {
    dtype: String(t.dtype),
    shape: [...t.shape],
    stride: t.stride() as number[],
    values: values(t),
    requires_grad: t.requires_grad,
    is_leaf: t.is_leaf,
    version: version ? t._version : null,
    grad_fn: t.grad_fn?.name() ?? null,
    grad: t.is_leaf && t.grad !== null ? values(t.grad) : null,
  };
}

/** The state without the numbers, which may differ in the last bit, and the numbers. */
function split(states: State[]): [object[], number[]] {
  return [
    states.map((s) => ({ ...s, values: s.values.length, grad: s.grad?.length ?? null })),
    states.flatMap((s) => [...s.values, ...s.grad ?? []].map(Number)),
  ];
}

function run(situation: () => Generator<torch.Tensor[], void>, expected: Recorded): void {
  torch.manual_seed(0);
  const steps = situation();
  const tensors: torch.Tensor[] = steps.next().value ?? [];
  const state = () => tensors.map((t, i) => describe(t, expected.state[i].version !== null));
  const nodes = tensors.map((t) => t.grad_fn);
  const before = state();
  const [facts, numbers] = split(before), [recordedFacts, recordedNumbers] = split(expected.state);
  assertEquals(facts, recordedFacts, "the state before the call");
  numbers.forEach((n, i) => assertAlmostEquals(n, recordedNumbers[i], 1e-6 * (1 + Math.abs(n))));
  let said = "no error";
  try {
    steps.next();
  } catch (error) {
    said = errorLine(error);
  }
  const modes = [torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype()];
  torch.set_grad_enabled(true);
  assertEquals(said, `${expected.type}: ${expected.message}`);
  assertEquals(state(), before, "the state after the call");
  assertEquals(tensors.every((t, i) => t.grad_fn === nodes[i]), true, "a grad_fn was replaced");
  assertEquals(modes, [true, false, torch.float32], "the modes");
}

const subjects: Record<string, Situations> = { engine, inplace, shapes, indexing, arguments: argumentsOfWrongKind, dtypes, networks, randomness };

for (const [subject, situations] of Object.entries(subjects)) {
  for (const [name, situation] of Object.entries(situations)) {
    Deno.test(`error in ${subject}: ${name.replaceAll("_", " ")}`, () => run(situation, recorded[name]));
  }
}

Deno.test("every recorded error has its situation", () => {
  assertEquals(Object.values(subjects).flatMap((s) => Object.keys(s)), Object.keys(recorded));
});
