import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";

const { checkpoint_sequential } = torch.utils.checkpoint;

/** Counts how often each of five functions runs. */
function chain(): { functions: ((x: torch.Tensor) => torch.Tensor)[]; runs: number[] } {
  const runs = [0, 0, 0, 0, 0];
  const functions = runs.map((_, i) => (x: torch.Tensor) => {
    runs[i]++;
    return i % 2 === 0 ? x.tanh() : x.sigmoid();
  });
  return { functions, runs };
}

for (const use_reentrant of [false, true]) {
  Deno.test(`checkpoint_sequential runs all parts but the last again in backward, ${use_reentrant ? "" : "not "}reentrant`, () => {
    // for each number of segments: how often each function has run once backward is through; 5 = 2 + 3 in two parts
    const expected: [segments: number, runs: number[]][] = [[1, [1, 1, 1, 1, 1]], [2, [2, 2, 1, 1, 1]], [3, [2, 2, 1, 1, 1]], [5, [2, 2, 2, 2, 1]]];
    for (const [segments, times] of expected) {
      const { functions, runs } = chain();
      const x = torch.ones(2, { requires_grad: true });
      (checkpoint_sequential(functions, segments, x, { use_reentrant }) as torch.Tensor).sum().backward();
      assertEquals(runs, times);
      const [first, second] = x.grad!.tolist() as number[];
      assertAlmostEquals(first, 0.0092, 5e-5); // as PyTorch prints it
      assertEquals(second, first);
    }
  });
}

Deno.test("checkpoint_sequential takes modules, and its arguments by name", () => {
  const model = new torch.nn.Sequential(new torch.nn.Tanh(), new torch.nn.Sigmoid(), new torch.nn.Tanh());
  const input = torch.ones(2);
  assertEquals(String(checkpoint_sequential(model, { segments: 2, input, use_reentrant: false })), String(model.call(input)));
});

Deno.test("checkpoint_sequential refuses what PyTorch refuses", () => {
  const { functions } = chain();
  const x = torch.ones(2);
  const message = (f: () => unknown) => (assertThrows(f, torch.ValueError) as Error).message;
  assertEquals(message(() => checkpoint_sequential(functions, 6, x)), "range() arg 3 must not be zero");
  assertEquals(String(assertThrows(() => checkpoint_sequential(functions, 0, x))), "ZeroDivisionError: integer division or modulo by zero");
  assertEquals(message(() => checkpoint_sequential(functions, 2, x, { foo: 1 } as object)), "Unexpected keyword arguments: foo");
});
