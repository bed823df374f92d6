/** Optimizers and schedulers do what PyTorch's do (tests/pytorch/record_optimizers.py): text, parameters step by step, state, learning rates, errors. */

import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { Decoder, difference, type Encoded, type EncodedError, errorLine, readRecording } from "./support/recording.ts";

interface Training {
  name: string;
  options: Record<string, Encoded>;
  text?: string;
  losses?: number[];
  parameters?: Encoded[];
  groups?: string;
  state?: [string, Encoded][][];
  error?: EncodedError;
}

interface Schedule {
  name: string;
  args: Encoded[];
  options: Record<string, Encoded>;
  steps: number;
  groups: number;
  lr: number;
  values: number[] | null;
  momentum: number | null;
  rates?: number[][];
  momenta?: number[][];
  last?: number[][];
  text?: string;
  keys?: string[];
  error?: EncodedError;
}

interface Scheduler {
  step(metrics?: number): void;
  get_last_lr(): number[];
  state_dict(): Record<string, unknown>;
}

function same(what: string, why: string | null): void {
  if (why !== null) throw new Error(`${what}: ${why}`);
}

/** What an action raises, or null. */
function raised(action: () => void, expected: EncodedError | undefined): void {
  let line: string | null = null;
  try {
    action();
  } catch (error) {
    if (expected === undefined) throw error;
    line = errorLine(error);
  }
  assertEquals(line, expected === undefined ? null : `${expected.type}: ${expected.message}`);
}

/** Four steps as recorded. */
function train(entry: Training): void {
  torch.manual_seed(0);
  const layer = new torch.nn.Linear(3, 2);
  let x = torch.randn(6, 3), y = torch.randn(6, 2);
  if (entry.name === "LBFGS") {
    layer.double();
    [x, y] = [x.double(), y.double()];
  }
  const Optimizer = Reflect.get(torch.optim, entry.name) as new (...args: unknown[]) => torch.optim.Optimizer;
  const optimizer = new Optimizer(
    ...new Decoder().call([], entry.options).length > 0 ? [layer.parameters(), ...new Decoder().call([], entry.options)] : [layer.parameters()],
  );
  assertEquals(String(optimizer), entry.text);
  const closure = () => {
    optimizer.zero_grad();
    const loss = layer.call(x).tanh().sub(y).pow(2).mean();
    loss.backward();
    return loss;
  };
  entry.losses!.forEach((loss, i) => {
    assertAlmostEquals(Number(optimizer.step(closure)!.item()), loss, 1e-6);
    same(`after step ${i + 1}`, difference(layer.parameters(), entry.parameters![i]));
  });
  const saved = optimizer.state_dict();
  assertEquals(String(saved.param_groups), entry.groups);
  if (entry.state === undefined) return;
  const states = [...(saved.state as Map<number, Record<string, unknown>>).values()];
  entry.state.forEach((state, i) => {
    assertEquals(Object.keys(states[i]), state.map(([key]) => key));
    for (const [key, value] of state) same(key, difference(states[i][key], value));
  });
}

/** Steps of a scheduler as recorded. */
function schedule(entry: Schedule): void {
  const groups = Array.from({ length: entry.groups }, (_, i) => ({ params: [torch.zeros(1, { requires_grad: true })], lr: entry.lr * (i + 1) }));
  const optimizer = new torch.optim.SGD(groups, { lr: entry.lr, momentum: entry.momentum ?? 0 });
  const Scheduler = Reflect.get(torch.optim.lr_scheduler, entry.name) as new (...args: unknown[]) => Scheduler;
  const scheduler = new Scheduler(optimizer, ...new Decoder().call(entry.args, entry.options));
  const note = (i: number) => {
    optimizer.param_groups.forEach((group, g) => {
      assertAlmostEquals(group.lr as number, entry.rates![i][g], 1e-14, `learning rate ${g} after ${i} steps`);
      assertAlmostEquals(group.momentum as number, entry.momenta![i][g], 1e-14, `momentum ${g} after ${i} steps`);
    });
  };
  note(0);
  for (let i = 0; i < entry.steps; i++) {
    optimizer.step();
    if (entry.values === null) scheduler.step();
    else scheduler.step(entry.values[i]);
    note(i + 1);
    entry.last![i].forEach((rate, g) => assertAlmostEquals(scheduler.get_last_lr()[g], rate, 1e-14));
  }
  // rates may differ in the last bit, and so in the last digit
  const rounded = (text: string) => text.replace(/\d+\.\d+(e-\d+)?/g, (number) => Number(number).toPrecision(12));
  assertEquals(rounded(String(optimizer)), rounded(entry.text!));
  assertEquals(Object.keys(scheduler.state_dict()), entry.keys);
}

const recorded = await readRecording<{ optimizers: Training[]; schedulers: Schedule[] }>("optimizers.json.gz");

recorded.optimizers.forEach((entry, i) => {
  Deno.test(`optimizer ${i} ${entry.name}(${JSON.stringify(entry.options)})`, () => raised(() => train(entry), entry.error));
});

recorded.schedulers.forEach((entry, i) => {
  Deno.test(`scheduler ${i} ${entry.name}(${JSON.stringify([entry.args, entry.options])})`, () => raised(() => schedule(entry), entry.error));
});
