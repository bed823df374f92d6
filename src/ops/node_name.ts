/**
 * The names of nodes and those of the ops that leave them.
 */

/** The name of an op's node: `index_select` gives `IndexSelectBackward0`, `log1p` gives `Log1PBackward0`. */
export function nodeName(op: string, overload = 0): string {
  const camel = op.replace(/^_+|_+$/g, "").replace(/(^|_|\d)([a-z])/g, (_, before: string, letter: string) => before.replace("_", "") + letter.toUpperCase());
  return `${camel}Backward${overload}`;
}

/** The op that changes a tensor in place and records a node of this name: `IndexPutBackward0` is of `index_put_`. */
export function inplaceName(node: string): string {
  const camel = node.replace(/^torch::autograd::/, "").replace(/Backwards?\d*$/, "");
  return camel.replace(/\d?[A-Z]/g, (letter, at) => (at === 0 || letter.length > 1 ? "" : "_") + letter.toLowerCase()) + "_";
}
