import { assertEquals, assertNotMatch, assertStringIncludes, assertThrows } from "@std/assert";
import * as torch from "../mod.ts";
import { check, type Code, print } from "../lessons/notebook.ts";

const root = new URL("../", import.meta.url);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function complaint(code: Omit<Code, "python">): string {
  return assertThrows(() => check("Lesson 9, cell 4, In [7]", { python: "", ...code }), Error).message;
}

const matrix = "tensor([[1., 2.],\n        [3., 4.]])";

Deno.test("a cell that keeps its claims passes", async (t) => {
  const pass = (code: Omit<Code, "python">) => () => check("", { python: "", ...code });
  await t.step("printed output", pass({ run: () => print(torch.tensor([[1, 2], [3, 4]])), output: matrix }));
  await t.step("print writes as Python does", pass({ run: () => print("a", true, false, null, 2), output: "a True False None 2" }));
  await t.step("a returned value is echoed", pass({ run: () => torch.tensor([[1, 2], [3, 4]]), output: matrix }));
  await t.step("None is not echoed", pass({ run: () => null }));
  await t.step("an address is any address", () => {
    const { grad_fn } = torch.ones(1, { requires_grad: true }).mul(2);
    check("", { python: "", run: () => print(grad_fn), output: "<MulBackward0 object at 0x7f>" });
    check("", { python: "", run: () => grad_fn, output: "<MulBackward0 at 0x7f>" });
  });
});

Deno.test("a wrong digit is shown with its line and its index", () => {
  assertEquals(
    complaint({ run: () => print(torch.tensor([[1, 2], [3, 4]])), output: matrix.replace("4", "5") }),
    `Lesson 9, cell 4, In [7]
claim: the printed output
- got, + expected:
    tensor([[1., 2.],
  -         [3., 4.]])
  +         [3., 5.]])
first element that differs: index [1, 1], got 4., expected 5.`,
  );
});

Deno.test("a missing line is shown", () => {
  assertEquals(
    complaint({ run: () => print(true), output: "True\nFalse" }),
    `Lesson 9, cell 4, In [7]
claim: the printed output
- got, + expected:
    True
  + False
no element differs, only the text around them`,
  );
});

Deno.test("output that nobody claimed is a failure", () => {
  assertStringIncludes(complaint({ run: () => print(torch.ones(2)) }), "first element that differs: index [0], got 1., expected nothing");
});

Deno.test("errors are held to class and message", async (t) => {
  const throws = () => {
    throw new torch.RuntimeError("too many nodes");
  };
  await t.step("another message", () => {
    const message = complaint({ run: throws, raises: [torch.RuntimeError, "too few nodes"] });
    assertStringIncludes(message, "claim: the cell raises RuntimeError with this message");
    assertStringIncludes(message, "  - too many nodes\n  + too few nodes");
  });
  await t.step("another class", () => {
    const message = complaint({ run: throws, raises: [torch.IndexError, "too many nodes"] });
    assertStringIncludes(message, "claim: the cell raises IndexError: too many nodes\ngot:   RuntimeError: too many nodes");
  });
  await t.step("no error", () => {
    const message = complaint({ run() {}, raises: [torch.RuntimeError, "too many nodes"] });
    assertStringIncludes(message, "claim: the cell raises RuntimeError: too many nodes\ngot:   no error");
  });
  await t.step("an error that nobody claimed", () => {
    assertStringIncludes(complaint({ run: throws }), "claim: the cell runs without an error\ngot:   RuntimeError: too many nodes");
  });
});

Deno.test("each witness of a gradient can refute it", async (t) => {
  const x = torch.tensor([[1, 2], [3, 4]], { requires_grad: true });
  x.square().sum().backward();
  const honest = { leaf: () => x, scalar: (x: torch.Tensor) => x.square().sum(), closed_form: (x: number) => 2 * x };
  const run = () => print(x.grad);
  const output = "tensor([[2., 4.],\n        [6., 8.]])";
  check("", { python: "", run, output, gradient: honest });

  await t.step("the recorded digits", () => {
    const digits = "tensor([[2., 4.],\n        [6., 9.]])";
    const message = complaint({ run: () => print(digits), output: digits, gradient: honest });
    assertEquals(
      message,
      `Lesson 9, cell 4, In [7]
claim: the gradient has the recorded digits
- got, + expected:
  - 2, 4, 6, 8
  + 2, 4, 6, 9
first element that differs: index [1, 1], got 8, expected 9`,
    );
  });
  await t.step("the closed form", () => {
    const message = complaint({ run, output, gradient: { ...honest, closed_form: (x) => x === 3 ? 6.00001 : 2 * x } });
    assertStringIncludes(message, "claim: the gradient is what its closed form gives");
    assertStringIncludes(message, "first element that differs: index [1, 0], got 6, expected 6.00001");
  });
  await t.step("finite differences", () => {
    const message = complaint({ run, output, gradient: { ...honest, scalar: (x) => x.square().sum().mul(1.25) } });
    assertStringIncludes(message, "claim: the gradient is what finite differences in float64 give");
    assertStringIncludes(message, "first element that differs: index [0, 0], got 2, expected 2.5");
  });
  await t.step("no gradient", () => {
    const message = complaint({ run, output, gradient: { ...honest, leaf: () => torch.ones(2, 2) } });
    assertStringIncludes(message, "claim: the leaf has a gradient\ngot:   None");
  });
});

/** Each lesson with the number of cells that its notebook has. */
const lessons: [file: string, cells: number][] = [
  ["01_automatic_differentiation.ts", 10],
  ["02_gradients.ts", 13],
  ["03_variable.ts", 9],
  ["04_vector_jacobian_product.ts", 13],
  ["05_loss_and_detach.ts", 17],
];

for (const [file, cells] of lessons) {
  Deno.test(`deno run lessons/${file} plays every cell without a permission`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-remote", "--no-npm", `lessons/${file}`],
      cwd: root,
    }).output();
    assertEquals(decode(stderr), "");
    assertEquals(code, 0);
    const played = decode(stdout);
    assertEquals(played.match(/^In \[( |\d+)\]:/gm)?.length, cells);
    // deno-lint-ignore no-control-regex -- the escape character is what must not be there
    assertNotMatch(played, /\x1b/);
    let position = 0;
    for (const text of await claims(file)) {
      const found = masked(played).indexOf(masked(text), position);
      if (found < 0) throw new Error(`${file} does not show, in its place:\n${text}\n\nIt shows:\n${played}`);
      position = found + masked(text).length;
    }
  });
}

/** The outputs that a lesson claims, in order, as they stand in its file. */
async function claims(file: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(`lessons/${file}`, root));
  return Array.from(text.matchAll(/^ {2}output: `\n(.*?)\n {2}`,$/gms), ([, output]) => `\n${output.replace(/^ {4}/gm, "")}\n`);
}

function masked(text: string): string {
  return text.replace(/0x[0-9a-fA-F]+/g, "0x...");
}

Deno.test("deno test fails on a lesson with a wrong digit, and says where", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const lesson = (await Deno.readTextFile(new URL("lessons/02_gradients.ts", root)))
      .replace("1294.8801", "1294.8802")
      .replaceAll(/"\.\.?\/(mod|notebook)\.ts"/g, (_, name) => `"${new URL(name === "mod" ? "mod.ts" : "lessons/notebook.ts", root)}"`);
    await Deno.writeTextFile(`${directory}/02_gradients.ts`, lesson);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--no-prompt", `${directory}/02_gradients.ts`],
      env: { NO_COLOR: "1" },
    }).output();
    const report = decode(stdout);
    assertEquals(code, 1);
    assertStringIncludes(report, "Lesson 2: gradients, cell 9, In [17]");
    assertStringIncludes(report, "first element that differs: index [2], got 1294.8801, expected 1294.8802");
    assertStringIncludes(report, "0 passed (13 steps) | 1 failed (1 step)");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
