/**
 * `torch.viz`: pictures of the graph, in the colours of torchviz: leaves blue, results green, saved tensors orange.
 *
 * @module
 */
import { AccumulateGrad } from "./autograd/accumulate.ts";
import { no_grad } from "./autograd/mode.ts";
import { Node } from "./autograd/node.ts";
import { isPlainObject } from "./python.ts";
import { Tensor } from "./tensor.ts";

/** What a picture is made of: the graph behind a tensor or a node, or behind several of them. */
export type Pictured = Tensor | Node | readonly (Tensor | Node)[];

/** The named arguments of `make_dot` and `make_mermaid`. */
export interface VizOptions {
  /** Names for the leaves: a plain object, a map, or what `named_parameters` gives. */
  params?: Record<string, Tensor> | Iterable<readonly [string, Tensor]> | null;
  /** Whether the tensors saved for backward are shown. */
  show_saved?: boolean;
}

type Kind = "op" | "leaf" | "result" | "saved";

interface Vertex {
  id: string;
  kind: Kind;
  lines: string[];
}

interface Arrow {
  from: string;
  to: string;
  label: string;
  /** Whether it only points to something saved. */
  dotted: boolean;
}

interface Picture {
  vertices: Vertex[];
  arrows: Arrow[];
}

/** The gradients that have arrived at nodes whose picture has been drawn before, in words: the tensors themselves may be written to later. */
const arrived = new WeakMap<Node, string[]>();

function watch(node: Node): void {
  if (arrived.has(node)) return;
  arrived.set(node, []);
  node.register_prehook((grads) => {
    arrived.set(node, no_grad(() => grads.map(gradientText)));
  });
}

function namesOf(params: VizOptions["params"]): Map<Tensor, string> {
  const names = new Map<Tensor, string>();
  if (params === null || params === undefined) return names;
  const pairs = isPlainObject(params) ? Object.entries(params as Record<string, Tensor>) : params as Iterable<readonly [string, Tensor]>;
  for (const [name, tensor] of pairs) names.set(tensor, name);
  return names;
}

const shape = (t: Tensor) => `(${t.sizes.join(", ")})`;
const short = (name: string) => name.replace("torch::autograd::", "");

/** The gradient in few words: its values where they are few, else its norm. */
function gradientText(grad: Tensor | null | undefined): string {
  if (grad === null || grad === undefined) return "";
  if (grad.count === 1) return String(Number(Number(grad.item()).toPrecision(4)));
  if (grad.count <= 4) return `[${(grad.reshape(-1).tolist() as number[]).map((x) => Number(x.toPrecision(3))).join(", ")}]`;
  return `${shape(grad)} |${Number(Number(grad.pow(2).sum().sqrt().item()).toPrecision(3))}|`;
}

function draw(outputs: Pictured, options: VizOptions): Picture {
  const names = namesOf(options.params);
  const vertices: Vertex[] = [], arrows: Arrow[] = [];
  const ids = new Map<Node | Tensor, string>();
  const queue: Node[] = [];
  const add = (what: Node | Tensor, kind: Kind, lines: string[]): string => {
    const id = `n${ids.size}`;
    ids.set(what, id);
    vertices.push({ id, kind, lines });
    return id;
  };
  const visit = (node: Node): string => {
    const known = ids.get(node);
    if (known !== undefined) return known;
    watch(node);
    queue.push(node);
    return add(node, "op", [short(node.name())]);
  };
  for (const out of Array.isArray(outputs) ? outputs as (Tensor | Node)[] : [outputs as Tensor | Node]) {
    if (out instanceof Node) {
      visit(out);
      continue;
    }
    const id = add(out, "result", [names.get(out) ?? "", shape(out)].filter(Boolean));
    const node = out.grad_fn;
    if (node !== null) arrows.push({ from: visit(node), to: id, label: arrived.get(node)?.[out.output_nr] ?? "", dotted: false });
  }
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i];
    if (node instanceof AccumulateGrad) {
      const leaf = node.variable;
      const lines = [names.get(leaf) ?? "", shape(leaf)].filter(Boolean);
      const id = ids.get(leaf) ?? add(leaf, "leaf", lines);
      const vertex = vertices.find((v) => v.id === id)!;
      if (vertex.kind === "saved") Object.assign(vertex, { kind: "leaf", lines }); // it was met before as something saved
      arrows.push({ from: id, to: ids.get(node)!, label: gradientText(leaf.grad), dotted: false });
    }
    if (options.show_saved) {
      for (const [name, tensor] of savedTensors(node)) {
        const id = ids.get(tensor) ?? add(tensor, "saved", [name, shape(tensor)]);
        arrows.push({ from: ids.get(node)!, to: id, label: "", dotted: true });
      }
    }
    node.next_functions.forEach(([next, nr]) => {
      if (next !== null) arrows.push({ from: visit(next), to: ids.get(node)!, label: arrived.get(next)?.[nr] ?? "", dotted: false });
    });
  }
  return { vertices, arrows };
}

/** What a node has saved, as far as it is still there. */
function savedTensors(node: Node): [string, Tensor][] {
  const saving = node as Node & { savedNames?: () => readonly string[]; saved?: (name: string) => unknown };
  if (saving.savedNames === undefined || saving.saved === undefined) return [];
  try {
    return saving.savedNames().flatMap((name): [string, Tensor][] => {
      const value = saving.saved!(name);
      return value instanceof Tensor ? [[name, value]] : [];
    });
  } catch {
    return []; // freed by backward
  }
}

const COLOURS: Record<Kind, string> = { op: "lightgrey", leaf: "lightblue", result: "darkolivegreen1", saved: "orange" };
const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;

/**
 * The graph of one or several tensors or nodes in Graphviz's language. Where a picture of the graph has been drawn before backward ran,
 * the next one shows the gradient that flowed along each edge: its values, or its shape and norm.
 */
export function make_dot(outputs: Pictured, options: VizOptions = {}): string {
  const { vertices, arrows } = draw(outputs, options);
  const lines = vertices.map((v) => `  ${v.id} [label=${quote(v.lines.join("\n"))} fillcolor=${COLOURS[v.kind]}]`);
  for (const a of arrows) {
    const attributes = [...(a.label === "" ? [] : [`label=${quote(a.label)}`]), ...(a.dotted ? ["style=dotted"] : [])];
    lines.push(`  ${a.from} -> ${a.to}${attributes.length > 0 ? ` [${attributes.join(" ")}]` : ""}`);
  }
  return `digraph {\n  node [shape=box style=filled align=left fontsize=10 ranksep=0.1 height=0.2 fontname=monospace]\n${lines.join("\n")}\n}\n`;
}

/** The same in Mermaid's language, which Markdown on many sites draws. */
export function make_mermaid(outputs: Pictured, options: VizOptions = {}): string {
  const { vertices, arrows } = draw(outputs, options);
  const label = (text: string) => `"${text.replaceAll('"', "#quot;").replaceAll("\n", "<br>")}"`;
  const lines = vertices.map((v) => `  ${v.id}[${label(v.lines.join("\n"))}]:::${v.kind}`);
  for (const a of arrows) lines.push(`  ${a.from} ${a.dotted ? "-.->" : "-->"}${a.label === "" ? "" : `|${label(a.label)}|`} ${a.to}`);
  const colours: Record<Kind, string> = { op: "#d3d3d3", leaf: "#add8e6", result: "#caff70", saved: "#ffa500" };
  for (const kind of Object.keys(colours) as Kind[]) lines.push(`  classDef ${kind} fill:${colours[kind]},color:#000`);
  return `flowchart TB\n${lines.join("\n")}\n`;
}
