/**
 * What a notebook with Deno's Jupyter kernel shows: a tensor its printout, a node its graph.
 */
import { Node } from "./autograd/node.ts";
import { Tensor } from "./tensor.ts";
import { make_dot, make_mermaid } from "./viz.ts";

/** One thing in several MIME types, of which the notebook shows the richest one that it knows. */
type MediaBundle = Record<string, string>;

let draw: ((dot: string) => string) | null = null;

/** From now on graphs are shown as the SVG that `renderer` makes of DOT. */
export function showGraphsAsSvg(renderer: (dot: string) => string): void {
  draw = renderer;
}

const escapeHtml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function tensorMedia(self: Tensor): MediaBundle {
  const text = String(self);
  return { "text/plain": text, "text/html": `<pre>${escapeHtml(text)}</pre>` };
}

function nodeMedia(self: Node): MediaBundle {
  const dot = make_dot(self);
  // Jupyter draws Mermaid by itself
  return draw === null ? { "text/plain": dot, "text/vnd.mermaid": make_mermaid(self) } : { "text/plain": dot, "image/svg+xml": draw(dot) };
}

const display = Symbol.for("Jupyter.display");
Object.defineProperty(Tensor.prototype, display, {
  value(this: Tensor): MediaBundle {
    return tensorMedia(this);
  },
});
Object.defineProperty(Node.prototype, display, {
  value(this: Node): MediaBundle {
    return nodeMedia(this);
  },
});
