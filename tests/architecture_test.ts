import { assert, assertEquals, assertLess } from "@std/assert";
import * as torch from "../mod.ts";
import { methods } from "../src/methods.ts";

const root = new URL("../", import.meta.url);

/** The layers, lowest first: a file imports from its own layer and from those before it. */
const layers: [name: string, files: RegExp][] = [
  ["errors, dtype, layout", /^src\/(errors|memory|warnings|python|dtype|size|layout)\.ts$/],
  ["storage, random", /^src\/(storage|random)\.ts$/],
  ["kernels", /^src\/kernels\//],
  ["tensor, autograd/node", /^src\/(tensor|named_tuple|autograd\/(node|saved|mode|accumulate|view|transforms))\.ts$/],
  ["ops", /^src\/ops\//],
  ["autograd/engine, format", /^src\/(autograd|format)\//],
  ["methods", /^src\/methods\.ts$/],
  ["nn, optim, data, func and smaller namespaces", /^src\/((nn|optim|data|func|utils)\/|[a-z_]+\.ts$)/],
  ["mod.ts", /^mod\.ts$/],
  ["lessons, tests, bench", /^(lessons|tests|bench)\//],
];

interface Import {
  from: string;
  specifier: string;
  type_only: boolean;
}

function* sources(directory: string): Generator<string> {
  for (const entry of Deno.readDirSync(new URL(directory, root))) {
    if (entry.isDirectory) yield* sources(`${directory}${entry.name}/`);
    else if (entry.name.endsWith(".ts")) yield `${directory}${entry.name}`;
  }
}

function imports(file: string): Import[] {
  const text = Deno.readTextFileSync(new URL(file, root));
  const statements = text.matchAll(/^(?:import|export)(\s+type)?\s(?:[\w$*{},\s]*?\sfrom\s+)?["']([^"']+)["']/gm);
  const calls = text.matchAll(/\bimport\(\s*["']([^"']+)["']/g);
  return [
    ...Array.from(statements, ([, type, specifier]) => ({ from: file, specifier, type_only: type !== undefined })),
    ...Array.from(calls, ([, specifier]) => ({ from: file, specifier, type_only: false })),
  ];
}

/** The path, from the root of the repository, of what a relative import names. */
function target({ from, specifier }: Import): string {
  return new URL(specifier, new URL(from, root)).href.slice(root.href.length);
}

/** The methods' types are known to the class that carries them: the one import that points upwards. */
function is_exception(found: Import): boolean {
  return found.type_only && found.from === "src/tensor.ts" && target(found) === "src/methods.ts";
}

function layer_of(file: string): number {
  return layers.findIndex(([, files]) => files.test(file));
}

const inside = ["mod.ts", ...sources("src/")];
const everywhere = [...inside, ...sources("lessons/"), ...sources("tests/"), ...sources("bench/")];
const relative = everywhere.flatMap(imports).filter(({ specifier }) => specifier.startsWith("."));
const is_build_tool = (file: string) => /^src\/.*\/build\//.test(file);

Deno.test("nothing stands at the top that is not part of the house", () => {
  const house = ["deno.json", "mod.ts", "src", "lessons", "tests", "bench", "README.md", "LICENSE", ".ci", ".git", ".gitignore", ".gitattributes"];
  assertEquals(Array.from(Deno.readDirSync(root), ({ name }) => name).filter((name) => !house.includes(name)), []);
});

Deno.test("every file belongs to a layer", () => {
  assertEquals(everywhere.filter((file) => layer_of(file) < 0), []);
});

Deno.test("imports run one way: from a layer to itself and to those below it", () => {
  const upwards = relative.filter((found) => layer_of(target(found)) > layer_of(found.from) && !is_exception(found));
  assertEquals(upwards.map((found) => `${found.from} imports ${target(found)}`), []);
});

// Types are gone when a module is loaded: a tensor and its node may know each other's, within their layer. A lesson reads its own text.
Deno.test("no import leads back to where it came from", () => {
  const edges = Map.groupBy(relative.filter((found) => !found.type_only && target(found) !== found.from), ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]) => {
    if (path.includes(file)) return void cycles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file)) return;
    for (const found of edges.get(file) ?? []) visit(target(found), [...path, file]);
    done.add(file);
  };
  for (const file of everywhere) visit(file, []);
  assertEquals(cycles, []);
});

Deno.test("the engine imports nothing from outside, and nothing of what builds its kernels", () => {
  const tools = relative.filter((found) => is_build_tool(target(found)) && !is_build_tool(found.from) && !found.from.startsWith("tests/"));
  assertEquals(tools.map((found) => `${found.from} imports ${target(found)}`), []);
  const door = "src/viz_svg.ts"; // an entrance of its own: only those who ask for pictures load what draws them
  assertEquals(imports(door).filter(({ specifier }) => !specifier.startsWith(".")).map(({ specifier }) => specifier.replace(/@[\d.]+$/, "")), [
    "npm:@viz-js/viz",
  ]);
  assertEquals(relative.filter((found) => target(found) === door && !found.from.startsWith("tests/")), []);
  const outside = inside.filter((file) => !is_build_tool(file) && file !== door).flatMap(imports).filter(({ specifier }) => !specifier.startsWith("."));
  assertEquals(outside.map(({ from, specifier }) => `${from} imports ${specifier}`), []);
});

Deno.test("mod.ts defines nothing", () => {
  const text = Deno.readTextFileSync(new URL("mod.ts", root));
  assertEquals(text.match(/^(export )?(default |declare |async )?(class|function|const|let|var|interface|type|enum)\b(?! \{).*/gm), null);
});

Deno.test("tensor.ts stays under 300 lines", () => {
  assertLess(Deno.readTextFileSync(new URL("src/tensor.ts", root)).trimEnd().split("\n").length, 300);
});

Deno.test("every name in the methods' type stands on the prototype, and every method in the type", async () => {
  const union = (names: string[]) => names.map((name) => JSON.stringify(name)).join(" | ");
  // Types are gone at run time, so the compiler compares them with the names that are there.
  const program = `
import type { Methods } from "${new URL("src/methods.ts", root)}";
import type { Tensor } from "${new URL("src/tensor.ts", root)}";
export function none<_Names extends never>(): void {}
none<Exclude<keyof Methods, symbol | ${union(Object.getOwnPropertyNames(torch.Tensor.prototype))}>>();
none<Exclude<${union(Object.keys(methods))}, keyof Tensor>>();
`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const { stderr, success } = await new Deno.Command(Deno.execPath(), { args: ["check", "--quiet", file], env: { NO_COLOR: "1" } }).output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(file);
  }
});
