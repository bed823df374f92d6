/**
 * Pictures of the graph as SVG, drawn by Graphviz compiled to WebAssembly. Once this module has been imported, notebooks show nodes as pictures too.
 *
 * ```ts
 * import * as torch from "@gradus/gradus";
 * import { make_svg } from "@gradus/gradus/viz";
 * const x = torch.ones(2, { requires_grad: true });
 * await Deno.writeTextFile("graph.svg", make_svg(x.mul(3).sum(), { params: { x } }));
 * ```
 *
 * @module
 */
import { instance } from "npm:@viz-js/viz@3.31.0";
import { showGraphsAsSvg } from "./notebook.ts";
import { make_dot, type Pictured, type VizOptions } from "./viz.ts";

export type { Pictured, VizOptions } from "./viz.ts";

const graphviz = await instance();

/** Draws what is written in Graphviz's language. */
export function dot_to_svg(dot: string): string {
  return graphviz.renderString(dot, { format: "svg" });
}

/** The picture that `make_dot` describes, with its arguments, as SVG. */
export function make_svg(outputs: Pictured, options: VizOptions = {}): string {
  return dot_to_svg(make_dot(outputs, options));
}

showGraphsAsSvg(dot_to_svg);
