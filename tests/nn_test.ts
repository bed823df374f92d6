/** Modules are what PyTorch's are (tests/pytorch/record_modules.py): text, initial parameters, outputs, gradients, buffers, errors. */

import { assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import {
  Decoder,
  difference,
  differenceOfTensors,
  type Encoded,
  type EncodedError,
  type EncodedTensor,
  errorLine,
  readRecording,
  tensorsIn,
} from "./support/recording.ts";

interface Entry {
  module: string;
  args: Encoded[];
  kwargs: Record<string, Encoded>;
  text?: string;
  state?: [string, EncodedTensor][];
  inputs?: EncodedTensor[];
  differentiable?: boolean[];
  named?: Record<string, Encoded>;
  output?: Encoded;
  nodes?: (string | null)[];
  cotangents?: EncodedTensor[];
  grads?: (EncodedTensor | null)[];
  buffers?: [string, EncodedTensor][];
  evaluated?: Encoded;
  error?: EncodedError;
}

type Constructor = new (...args: unknown[]) => torch.nn.Module;

/** Says where a difference is. */
function same(what: string, why: string | null): void {
  if (why !== null) throw new Error(`${what}: ${why}`);
}

function sameTensors(what: string, actual: [string, torch.Tensor][], expected: [string, EncodedTensor][], exact: boolean): void {
  assertEquals(actual.map(([name]) => name), expected.map(([name]) => name));
  expected.forEach(([name, tensor], i) => same(`${what} ${name}`, differenceOfTensors(actual[i][1], tensor, exact)));
}

/** Does with a module what was recorded, and compares. */
function check(entry: Entry): void {
  const decoder = new Decoder();
  torch.manual_seed(0);
  const module = new (Reflect.get(torch.nn, entry.module) as Constructor)(...decoder.call(entry.args, entry.kwargs));
  assertEquals(String(module), entry.text);
  sameTensors("initial", [...module.state_dict()], entry.state!, true);
  if (entry.inputs === undefined) return;
  const given = entry.inputs.map((t, i) => {
    const tensor = decoder.decode(t) as torch.Tensor;
    return entry.differentiable![i] ? tensor.requires_grad_() : tensor;
  });
  const args = [...given, ...Object.keys(entry.named!).length > 0 ? [entry.named] : []] as never[];
  torch.manual_seed(1);
  const out = module.call(...args) as unknown;
  same("output", difference(out, entry.output!));
  const outs = tensorsIn(out).filter((t) => t.requires_grad);
  assertEquals(outs.map((t) => t.grad_fn?.name() ?? null), entry.nodes);
  if (entry.grads !== undefined) {
    const cotangents = entry.cotangents!.map((c) => decoder.decode(c) as torch.Tensor);
    const leaves = [...given.filter((t) => t.requires_grad), ...module.parameters()];
    same("gradient", difference(torch.autograd.grad(outs, leaves, cotangents, { allow_unused: true }), entry.grads));
  }
  sameTensors("buffer", [...module.named_buffers()], entry.buffers!, false);
  module.eval();
  torch.manual_seed(1);
  same("evaluated", difference(module.call(...args) as unknown, entry.evaluated!));
}

const entries = await readRecording<Entry[]>("modules.json.gz");

entries.forEach((entry, i) => {
  const given = JSON.stringify([...entry.args, ...Object.keys(entry.kwargs).length > 0 ? [entry.kwargs] : []]).slice(1, -1).slice(0, 80);
  Deno.test(`${i} ${entry.module}(${given})`, () => {
    let raised: string | null = null;
    try {
      check(entry);
    } catch (error) {
      if (entry.error === undefined) throw error;
      raised = errorLine(error);
    }
    assertEquals(raised, entry.error === undefined ? null : `${entry.error.type}: ${entry.error.message}`);
  });
});
