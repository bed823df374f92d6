/**
 * Pytrees: values nested in arrays, plain objects and maps, as PyTorch's transforms take and return them.
 */
import { NamedTupleArray } from "../named_tuple.ts";
import { isPlainObject } from "../python.ts";

/** The structure of a pytree: a leaf, or the kind of a node with its keys and children. */
export interface TreeSpec {
  /** What it is: `leaf`, or a container. */
  readonly kind: "leaf" | "list" | "named" | "dict" | "map";
  /** The keys of a dictionary. */
  readonly keys: readonly unknown[];
  /** The structures of the children. */
  readonly children: readonly TreeSpec[];
  /** Makes a container of the same kind of other children. */
  readonly make: (children: unknown[]) => unknown;
}

/** A pytree, taken apart. */
export interface Flat {
  /** The leaves from left to right. */
  leaves: unknown[];
  /** The structure. */
  spec: TreeSpec;
}

const LEAF: TreeSpec = { kind: "leaf", keys: [], children: [], make: ([leaf]) => leaf };

/** Takes a pytree apart. Everything that is not an array, a plain object or a map is a leaf, null too. */
export function flatten(tree: unknown): Flat {
  const leaves: unknown[] = [];
  const visit = (value: unknown): TreeSpec => {
    if (value instanceof NamedTupleArray) return node("named", [], [...value], (children) => value.like(children as never));
    if (Array.isArray(value)) return node("list", [], value, (children) => children);
    if (value instanceof Map) {
      const keys = [...value.keys()];
      return node("map", keys, [...value.values()], (children) => new Map(keys.map((k, i) => [k, children[i]])));
    }
    if (isPlainObject(value)) {
      const keys = Object.keys(value);
      return node("dict", keys, Object.values(value), (children) => Object.fromEntries(keys.map((k, i) => [k, children[i]])));
    }
    leaves.push(value);
    return LEAF;
  };
  const node = (kind: TreeSpec["kind"], keys: unknown[], values: unknown[], make: TreeSpec["make"]): TreeSpec => ({
    kind,
    keys,
    children: values.map(visit),
    make,
  });
  return { leaves, spec: visit(tree) };
}

/** Puts a pytree together. */
export function unflatten(spec: TreeSpec, leaves: readonly unknown[]): unknown {
  let next = 0;
  const build = (at: TreeSpec): unknown => at.kind === "leaf" ? leaves[next++] : at.make(at.children.map(build));
  return build(spec);
}

/** The pytree with each leaf replaced. */
export function treeMap(tree: unknown, f: (leaf: unknown) => unknown): unknown {
  const { leaves, spec } = flatten(tree);
  return unflatten(spec, leaves.map(f));
}

const sameKind = (a: TreeSpec, b: TreeSpec): boolean =>
  (a.kind === b.kind || (a.kind === "list" && b.kind === "named")) && a.children.length === b.children.length && a.keys.every((k, i) => k === b.keys[i]);

/** Whether two pytrees have the same structure. */
export function sameStructure(a: TreeSpec, b: TreeSpec): boolean {
  return sameKind(a, b) && a.children.every((child, i) => sameStructure(child, b.children[i]));
}

/** The leaves of `tree`, each repeated for all leaves of `spec` that stand in its place; null where the structures contradict each other. */
export function broadcastLeaves(tree: unknown, spec: TreeSpec): unknown[] | null {
  const out: unknown[] = [];
  const { leaves, spec: own } = flatten(tree);
  let next = 0;
  const count = (at: TreeSpec): number => at.kind === "leaf" ? 1 : at.children.reduce((n, child) => n + count(child), 0);
  const visit = (a: TreeSpec, b: TreeSpec): boolean => {
    if (a.kind === "leaf") {
      const leaf = leaves[next++];
      for (let n = count(b); n > 0; n--) out.push(leaf);
      return true;
    }
    return sameKind(a, b) && a.children.every((child, i) => visit(child, b.children[i]));
  };
  return visit(own, spec) ? out : null;
}

const quote = (key: unknown): string => typeof key === "string" ? `'${key}'` : String(key);

/** PyTorch's text of a structure: `TreeSpec(tuple, None, [*,\n  *])`. The outermost array is taken for a tuple, those inside for lists. */
export function specText(spec: TreeSpec, indent = 0): string {
  if (spec.kind === "leaf") return "*";
  const dict = spec.kind === "dict" || spec.kind === "map";
  const type = dict ? (spec.kind === "map" ? "OrderedDict" : "dict") : indent === 0 ? "tuple" : "list";
  const context = dict ? `[${spec.keys.map(quote).join(", ")}]` : "None";
  const children = spec.children.map((child) => specText(child, indent + 2)).join(",\n" + " ".repeat(indent + 2));
  return `TreeSpec(${type}, ${context}, [${children}])`;
}

/** PyTorch's short text of a structure: `(*, *)`, `{'a': *}`. */
export function structureText(spec: TreeSpec, outermost = true): string {
  if (spec.kind === "leaf") return "*";
  const children = spec.children.map((child) => structureText(child, false));
  if (spec.kind === "dict" || spec.kind === "map") return `{${children.map((child, i) => `${quote(spec.keys[i])}: ${child}`).join(", ")}}`;
  if (!outermost) return `[${children.join(", ")}]`;
  return children.length === 1 ? `(${children[0]},)` : `(${children.join(", ")})`;
}
