/**
 * `vmap`: a function of single examples as a function of batches.
 */
import { ValueError } from "../errors.ts";
import { RuntimeError } from "../errors.ts";
import { cat } from "../ops/cat.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import type { Randomness } from "./batched_random.ts";
import { BatchLevel } from "./batch_level.ts";
import { broadcastLeaves, flatten, sameStructure, specText, type TreeSpec, unflatten } from "./pytree.ts";
import "./function_vmap.ts";
import { levelOf, lifted, moveDim } from "./transforms.ts";

/** Which dimension numbers the examples: one for all, or nested as the arguments are; null where an argument is the same for all. */
export type Dims = number | null | readonly Dims[] | { readonly [key: string]: Dims };

/** The named arguments of `vmap`. */
export interface VmapOptions {
  /** Of the arguments; 0 by default. */
  in_dims?: Dims;
  /** Of the results; 0 by default. */
  out_dims?: Dims;
  /** What random ops do: they are an error by default, or draw the same for all examples, or anew for each. */
  randomness?: Randomness;
  /** How many examples are computed at once; all by default. */
  chunk_size?: number | null;
}

/** Any function of pytrees of tensors. */
export type TreeFunction = (...args: never[]) => unknown;

/** Python's name of a function. */
export const functionName = (f: { name: string }): string => f.name === "" ? "<lambda>" : f.name;

const className = (value: unknown): string => {
  const type = pythonType(value);
  return `<class '${type === "Tensor" ? "torch.Tensor" : type}'>`;
};

/** Python's text of dimensions: `0`, `(0, None)`, `([0],)`. */
function dimsText(dims: unknown, outermost = true): string {
  if (dims === null || dims === undefined) return "None";
  if (Array.isArray(dims)) {
    const items = dims.map((d) => dimsText(d, false)).join(", ");
    return outermost ? `(${items}${dims.length === 1 ? "," : ""})` : `[${items}]`;
  }
  if (isPlainObject(dims) || dims instanceof Map) {
    return `{${(dims instanceof Map ? [...dims] : Object.entries(dims)).map(([k, d]) => `'${k}': ${dimsText(d, false)}`).join(", ")}}`;
  }
  return typeof dims === "string" && !outermost ? `'${dims}'` : String(dims);
}

interface Mapped {
  leaves: unknown[];
  spec: TreeSpec;
  dims: (number | null)[];
  size: number;
}

function readInputs(name: string, inDims: unknown, args: unknown[]): Mapped {
  if (!(typeof inDims === "number" && Number.isInteger(inDims)) && !Array.isArray(inDims)) {
    throw new ValueError(
      `vmap(${name}, in_dims=${
        dimsText(inDims)
      }, ...)(<inputs>): expected \`in_dims\` to be int or a (potentially nested) tuple matching the structure of inputs, ` +
        `got: ${className(inDims)}.`,
    );
  }
  if (args.length === 0) {
    throw new ValueError(
      `vmap(${name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. The latter is unsupported.`,
    );
  }
  const { leaves, spec } = flatten(args);
  const where = `vmap(${name}, in_dims=${dimsText(inDims)}, ...)(<inputs>)`;
  // what Python passes by name is mapped over its first dimension
  const named = Array.isArray(inDims) && inDims.length === args.length - 1 && isPlainObject(args[args.length - 1]);
  const dims = broadcastLeaves(named ? [...inDims, 0] : inDims, spec);
  if (dims === null) {
    throw new ValueError(
      `${where}: in_dims is not compatible with the structure of \`inputs\`. in_dims has structure ${specText(flatten(inDims).spec)} but inputs has structure ${
        specText(spec)
      }.`,
    );
  }
  const sizes: number[] = [];
  const wrapped = dims.map((dim, i) => {
    const leaf = leaves[i];
    if (dim === null || dim === undefined) return null;
    if (typeof dim !== "number" || !Number.isInteger(dim)) {
      throw new ValueError(`${where}: Got in_dim=${String(dim)} for an input but in_dim must be either an integer dimension or None.`);
    }
    if (!(leaf instanceof Tensor)) {
      throw new ValueError(
        `${where}: Got in_dim=${dim} for an input but the input is of type ${
          className(leaf)
        }. We cannot vmap over non-Tensor arguments, please use None as the respective in_dim`,
      );
    }
    const rank = leaf.sizes.length;
    if (dim < -rank || dim >= rank) {
      throw new ValueError(
        `${where}: Got in_dim=${dim} for some input, but that input is a Tensor of dimensionality ${rank} so expected in_dim to satisfy -${rank} <= in_dim < ${rank}.`,
      );
    }
    const at = dim < 0 ? dim + rank : dim;
    sizes.push(leaf.sizes[at]);
    return at;
  });
  if (sizes.length === 0) throw new ValueError("vmap: Expected at least one Tensor to vmap over");
  checkSizes(sizes);
  return { leaves, spec, dims: wrapped, size: sizes[0] };
}

function checkSizes(sizes: number[]): number[] {
  if (sizes.some((n) => n !== sizes[0])) {
    throw new ValueError(`vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [${sizes.join(", ")}] for the mapped dimension`);
  }
  return sizes;
}

function readOutDims(name: string, outDims: unknown, outputs: unknown, spec: TreeSpec): unknown[] {
  const single = outputs instanceof Tensor;
  const dims = single && Array.isArray(outDims) && outDims.length === 1 ? outDims : broadcastLeaves(outDims, spec);
  const structured = outDims === null || Array.isArray(outDims) || isPlainObject(outDims) || (typeof outDims === "number" && Number.isInteger(outDims));
  if (!structured) {
    throw new ValueError(
      `vmap(${name}, ..., out_dims=${
        dimsText(outDims)
      }): \`out_dims\` must be an int, None or a python collection of ints representing where in the outputs the vmapped dimension should appear.`,
    );
  }
  if (dims === null) {
    throw new ValueError(
      `vmap(${name}, ..., out_dims=${dimsText(outDims)})(<inputs>): out_dims is not compatible with the structure of \`outputs\`. ` +
        `out_dims has structure ${specText(flatten(outDims).spec)} but outputs has structure ${specText(spec)}.`,
    );
  }
  return dims;
}

/** Runs `f` on tensors that stand for all examples. */
function runBatched(f: TreeFunction, name: string, { leaves, spec, dims, size }: Mapped, outDims: unknown, randomness: Randomness): unknown {
  const level = new BatchLevel(size, randomness);
  level.enter();
  try {
    const args = leaves.map((leaf, i) => dims[i] === null ? leaf : lifted(level, leaf as Tensor, dims[i]));
    const outputs = f(...unflatten(spec, args) as never[]);
    const flat = flatten(outputs);
    const places = readOutDims(name, outDims, outputs, flat.spec);
    const values = flat.leaves.map((out, i) => {
      const place = places[i];
      const batched = out instanceof Tensor && levelOf(out) === level;
      if (place === null) {
        if (batched) throw new ValueError(`vmap(${name}, ...): \`${name}\` can not return a BatchedTensor when out_dim is None`);
        return out;
      }
      if (!(out instanceof Tensor)) {
        throw new ValueError(
          `vmap(${name}, ...): \`${name}\` must only return Tensors, got type ${className(out)}. Did you mean to set out_dims= to None for output?`,
        );
      }
      const all = batched ? out.lift!.value : out.unsqueeze(0).expand([size, ...out.sizes]);
      return moveDim(all, batched ? out.lift!.dim : 0, place as number);
    });
    return unflatten(flat.spec, values);
  } finally {
    level.leave();
    level.alive = false;
  }
}

/**
 * What `f` gives for all slices of some tensors along their first dimension at once, stacked; null where it gives null. This is PyTorch's older
 * `vmap`, which its `autograd` is built on; `name` is that of the function in the errors.
 */
export function mapSlices(f: (...slices: Tensor[]) => (Tensor | null)[], name: string, args: readonly Tensor[]): (Tensor | null)[] {
  for (const t of args) {
    if (t.sizes.length > 0) continue;
    throw new ValueError(
      `vmap(${name}, in_dims=0, ...)(<inputs>): Got in_dim=0 for some input, but that input is a Tensor of dimensionality 0 so expected in_dim to satisfy 0 <= in_dim < 0.`,
    );
  }
  const [size] = checkSizes(args.map((t) => t.sizes[0]));
  const level = new BatchLevel(size, "refused");
  level.enter();
  try {
    return f(...args.map((t) => lifted(level, t, 0))).map((t) => {
      if (t === null) return null;
      return levelOf(t) === level ? moveDim(t.lift!.value, t.lift!.dim, 0) : t.unsqueeze(0).expand([size, ...t.sizes]);
    });
  } finally {
    level.leave();
    level.alive = false;
  }
}

/** The same in parts, whose results are joined. */
function runChunks(f: TreeFunction, name: string, mapped: Mapped, outDims: unknown, randomness: Randomness, chunk: number): unknown {
  const { leaves, dims, size } = mapped;
  const parts: { leaves: unknown[]; spec: TreeSpec; places: unknown[] }[] = [];
  for (let start = 0; start < size; start += chunk) {
    const length = Math.min(chunk, size - start);
    const slice = leaves.map((leaf, i) => dims[i] === null ? leaf : (leaf as Tensor).narrow(dims[i], start, length));
    const outputs = runBatched(f, name, { ...mapped, leaves: slice, size: length }, outDims, randomness);
    const flat = flatten(outputs);
    parts.push({ ...flat, places: readOutDims(name, outDims, outputs, flat.spec) });
  }
  const [first] = parts;
  if (parts.some((part) => !sameStructure(part.spec, first.spec))) throw new RuntimeError("vmap: the chunks gave results of different structures");
  return unflatten(
    first.spec,
    first.leaves.map((leaf, i) => first.places[i] === null ? leaf : cat(parts.map((part) => part.leaves[i] as Tensor), first.places[i] as number)),
  );
}

/**
 * The function of batches that computes `func` of every example: `vmap(f)(xs)` is what `f` gives for `xs[0]`, `xs[1]`, ..., stacked. `in_dims`
 * says which dimension numbers the examples in each argument, null where an argument is the same for all, and `out_dims` where that dimension
 * stands in the results. Arguments and results may be nested in arrays, plain objects and maps. What `func` reads of a tensor's values
 * would differ from example to example, so `.item()` is an error.
 */
export function vmap<F extends TreeFunction>(
  func: F,
  in_dims?: Dims | VmapOptions,
  out_dims?: Dims | VmapOptions,
  randomness?: Randomness | VmapOptions,
  options?: VmapOptions,
): (...args: Parameters<F>) => ReturnType<F> {
  const named: VmapOptions = {};
  const given: [keyof VmapOptions, unknown][] = [["in_dims", in_dims], ["out_dims", out_dims], ["randomness", randomness], ["chunk_size", options]];
  for (const [key, value] of given) {
    if (isPlainObject(value) && (key !== "out_dims" || isOptions(value))) Object.assign(named, value);
    else if (value !== undefined) Object.assign(named, { [key]: value });
  }
  const { in_dims: inDims = 0, out_dims: outDims = 0, randomness: mode = "error", chunk_size: chunk = null } = named;
  if (mode !== "error" && mode !== "same" && mode !== "different") {
    throw new RuntimeError(`Only allowed values for randomness are 'error', 'different', or 'same'. Got ${mode}`);
  }
  if (chunk !== null && !(chunk > 0)) throw new ValueError(`vmap: chunk_size should be None or greater than 0. (got ${chunk})`);
  const name = functionName(func);
  return (...args) => {
    const mapped = readInputs(name, inDims, args);
    return (chunk === null || chunk >= mapped.size
      ? runBatched(func, name, mapped, outDims, mode)
      : runChunks(func, name, mapped, outDims, mode, chunk)) as ReturnType<F>;
  };
}

const OPTIONS: ReadonlySet<string> = new Set(["in_dims", "out_dims", "randomness", "chunk_size"]);
const isOptions = (value: Record<string, unknown>): boolean => Object.keys(value).every((key) => OPTIONS.has(key));
