import { assert, assertEquals } from "@std/assert";
import * as torch from "../mod.ts";
import { dot_to_svg, make_svg } from "../src/viz_svg.ts";

/** The vertices of a picture, as `kind: label`, and its arrows, as `from -> to` with what is written on them. */
interface Picture {
  vertices: string[];
  arrows: string[];
}

const kinds = new Map([["lightblue", "leaf"], ["darkolivegreen1", "result"], ["orange", "saved"], ["lightgrey", "op"]]);

function readDot(dot: string): Picture {
  const labels = new Map<string, string>();
  const vertices = Array.from(dot.matchAll(/^ {2}(n\d+) \[label="([^"]*)" fillcolor=(\w+)\]$/gm), ([, id, label, colour]) => {
    labels.set(id, label);
    return `${kinds.get(colour)}: ${label}`;
  });
  const arrows = Array.from(
    dot.matchAll(/^ {2}(n\d+) -> (n\d+)(?: \[(.*)\])?$/gm),
    ([, from, to, text = ""]) => `${labels.get(from)} -> ${labels.get(to)} ${text}`.trim(),
  );
  return { vertices: vertices.sort(), arrows: arrows.sort() };
}

/** sum(x^2 w), whose gradients are 2 x w and x^2. */
function example() {
  const x = torch.tensor([1, 2], { requires_grad: true });
  const w = torch.tensor([3, 5], { requires_grad: true });
  return { x, w, y: x.mul(x).mul(w).sum() };
}

Deno.test("DOT: leaves are blue, results green, and edges lead from the inputs to the result", () => {
  const { x, w, y } = example();
  assertEquals(readDot(torch.viz.make_dot(y, { params: { x, w } })), {
    vertices: [
      "leaf: w\\n(2)",
      "leaf: x\\n(2)",
      "op: AccumulateGrad",
      "op: AccumulateGrad",
      "op: MulBackward0",
      "op: MulBackward0",
      "op: SumBackward0",
      "result: ()",
    ],
    arrows: [
      "AccumulateGrad -> MulBackward0",
      "AccumulateGrad -> MulBackward0",
      "AccumulateGrad -> MulBackward0",
      "MulBackward0 -> MulBackward0",
      "MulBackward0 -> SumBackward0",
      "SumBackward0 -> ()",
      "w\\n(2) -> AccumulateGrad",
      "x\\n(2) -> AccumulateGrad",
    ],
  });
});

Deno.test("DOT: saved tensors are orange, leaves among them stay blue, and nothing is shown once they are freed", () => {
  const { x, w, y } = example();
  const saved = (dot: string) => readDot(dot).vertices.filter((v) => v.startsWith("saved"));
  const dot = torch.viz.make_dot(y, { params: new Map([["x", x], ["w", w]]), show_saved: true });
  assertEquals(saved(dot), ["saved: self\\n(2)"]); // x^2
  assertEquals(readDot(dot).vertices.filter((v) => v.startsWith("leaf")), ["leaf: w\\n(2)", "leaf: x\\n(2)"]);
  assertEquals(readDot(dot).arrows.filter((a) => a.endsWith("style=dotted")), [
    "MulBackward0 -> self\\n(2) style=dotted",
    "MulBackward0 -> w\\n(2) style=dotted",
    "MulBackward0 -> x\\n(2) style=dotted",
    "MulBackward0 -> x\\n(2) style=dotted",
  ]);
  y.backward();
  assertEquals(saved(torch.viz.make_dot(y, { show_saved: true })), []);
});

Deno.test("DOT: once backward has run, edges carry the gradients that flowed", () => {
  const { x, w, y } = example();
  torch.viz.make_dot(y);
  y.backward();
  const expected = [
    'AccumulateGrad -> MulBackward0 label="[1, 4]"', // to w: x^2
    'AccumulateGrad -> MulBackward0 label="[6, 20]"', // to x: 2 x w, in two edges
    'AccumulateGrad -> MulBackward0 label="[6, 20]"',
    'MulBackward0 -> MulBackward0 label="[3, 5]"', // w
    'MulBackward0 -> SumBackward0 label="[1, 1]"',
    'SumBackward0 -> () label="1"',
    'w\\n(2) -> AccumulateGrad label="[1, 4]"',
    'x\\n(2) -> AccumulateGrad label="[6, 20]"',
  ];
  assertEquals(readDot(torch.viz.make_dot(y, { params: Object.entries({ x, w }) })).arrows, expected);
  x.grad!.zero_();
  assertEquals(readDot(torch.viz.make_dot(y)).arrows.filter((a) => a.includes("6, 20")).length, 2); // what flowed is not what was made of it later
});

Deno.test("DOT: larger gradients are shown by their shape and norm", () => {
  const x = torch.ones(3, 3, { requires_grad: true });
  const y = x.mul(2).sum();
  torch.viz.make_dot(y);
  y.backward();
  assert(torch.viz.make_dot(y).includes('label="(3, 3) |6|"')); // nine times 2: sqrt(36)
});

Deno.test("Mermaid: the same graph", () => {
  const { x, w, y } = example();
  torch.viz.make_mermaid(y);
  y.backward();
  const text = torch.viz.make_mermaid([y], { params: { x, w } });
  assertEquals(text.split("\n")[0], "flowchart TB");
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
  assertEquals(count(/^ {2}n\d+\["[xw]<br>\(2\)"\]:::leaf$/gm), 2);
  assertEquals(count(/^ {2}n\d+\["\(\)"\]:::result$/gm), 1);
  assertEquals(count(/^ {2}n\d+\["(Mul|Sum)Backward0"\]:::op$/gm), 3);
  assertEquals(count(/-->/g), 8);
  assertEquals(count(/-->\|"\[6, 20\]"\|/g), 3);
  for (const kind of ["leaf", "result", "saved", "op"]) assertEquals(count(new RegExp(`classDef ${kind} `, "g")), 1);
});

Deno.test("SVG is made of the graph, with a shape for every vertex and a path for every arrow", () => {
  const { x, w, y } = example();
  const options = { params: { x, w }, show_saved: true };
  const svg = make_svg(y, options);
  const { vertices, arrows } = readDot(torch.viz.make_dot(y, options));
  assertEquals(svg.match(/class="node"/g)?.length, vertices.length);
  assertEquals(svg.match(/class="edge"/g)?.length, arrows.length);
  for (const word of ["MulBackward0", "SumBackward0", "lightblue", "#caff70", "orange"]) assert(svg.includes(word), word);
  assert(dot_to_svg("digraph { a -> b }").includes("<svg"));
});

const display = Symbol.for("Jupyter.display");

/** What a notebook asks a value for. */
function shown(value: object): Record<string, string> {
  return (value as Record<symbol, () => Record<string, string>>)[display]();
}

Deno.test("a notebook shows a tensor as it prints, and a node as its graph", () => {
  const { y } = example();
  const text = "tensor(23., grad_fn=<SumBackward0>)";
  assertEquals(shown(y), { "text/plain": text, "text/html": "<pre>tensor(23., grad_fn=&lt;SumBackward0&gt;)</pre>" });
  const { "text/plain": dot, "image/svg+xml": svg, ...rest } = shown(y.grad_fn!);
  assertEquals(rest, {});
  assertEquals(readDot(dot).vertices.filter((v) => v.startsWith("op")).length, 5);
  assertEquals(svg, dot_to_svg(dot));
});

Deno.test("without the module that draws, a notebook shows a node as Mermaid, and nothing else is loaded", async () => {
  const program = `
    import * as torch from "${new URL("../mod.ts", import.meta.url)}";
    const y = torch.ones(1, { requires_grad: true }).mul(2);
    console.log(Object.keys(y.grad_fn[Symbol.for("Jupyter.display")]()).join(" "));`;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--no-remote", "--no-npm", "--cached-only", program],
    env: { NO_COLOR: "1" },
  }).output();
  assert(success);
  assertEquals(new TextDecoder().decode(stdout), "text/plain text/vnd.mermaid\n");
});
