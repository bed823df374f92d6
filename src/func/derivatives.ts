/**
 * `torch.func`'s derivatives at a point: gradients, and products with jacobians from either side.
 */
import { execute } from "../autograd/engine.ts";
import { is_grad_enabled, setGradMode } from "../autograd/mode.ts";
import type { MaybeTensor } from "../autograd/node.ts";
import { flatten, sameStructure, specText, structureText, treeMap, type TreeSpec, unflatten } from "../autograd/pytree.ts";
import { asDual, DerivativeLevel, late, levelOf, lifted, tangentOf, valueAt, withTransforms } from "../autograd/transforms.ts";
import { gradientEdge } from "../autograd/view.ts";
import type { TreeFunction } from "../autograd/vmap.ts";
import { RuntimeError, ValueError } from "../errors.ts";
import { sameSizes } from "../layout.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { makeSize } from "../size.ts";
import { Tensor } from "../tensor.ts";

/** Which arguments to differentiate with respect to: one, or several, whose derivatives come as an array. */
export type Argnums = number | readonly number[];

/** The type of the arguments that `argnums` names. */
export type Wanted<A extends unknown[], N> = N extends number ? A[N] : N extends readonly number[] ? { -readonly [K in keyof N]: A[N[K] & number] } : never;

/** The named arguments of `grad` and its kin. */
export interface DerivativeOptions<N extends Argnums = Argnums, Aux extends boolean = boolean> {
  /** Which arguments to differentiate with respect to; the first by default. */
  argnums?: N;
  /** Whether the function returns a pair: what is differentiated, and more that is handed on. */
  has_aux?: Aux;
}

/** Python's name of the class of a value that a function returned. */
export function resultClass(value: unknown): string {
  return `<class '${Array.isArray(value) ? "tuple" : value instanceof Tensor ? "torch.Tensor" : pythonType(value)}'>`;
}

/** Reads `argnums` and options that may stand in its place. */
export function readOptions<O extends DerivativeOptions>(argnums: Argnums | O | undefined, hasAux: boolean | O | undefined, options: O): O {
  const named = { ...options };
  if (isPlainObject(argnums)) Object.assign(named, argnums);
  else if (argnums !== undefined) named.argnums = argnums as Argnums;
  if (isPlainObject(hasAux)) Object.assign(named, hasAux);
  else if (hasAux !== undefined) named.has_aux = hasAux as boolean;
  return named;
}

function checkArgnum(argnum: unknown, count: number): number {
  if (typeof argnum !== "number" || !Number.isInteger(argnum)) throw new RuntimeError(`argnum must be int, got: <class '${pythonType(argnum)}'>`);
  if (argnum >= count || argnum < -count) throw new RuntimeError(`Got argnum=${argnum}, but only ${count} positional inputs`);
  return argnum < 0 ? argnum + count : argnum;
}

/** The positions that `argnums` names among so many arguments; PyTorch's errors for those that do not exist. */
export function argumentPositions(argnums: Argnums, count: number): number[] {
  if (Array.isArray(argnums)) {
    if (argnums.length === 0) throw new RuntimeError("argnums must be non-empty");
    if (new Set(argnums).size !== argnums.length) {
      throw new RuntimeError(`argnums elements must be unique, got (${argnums.join(", ")}${argnums.length === 1 ? "," : ""})`);
    }
    return argnums.map((argnum) => checkArgnum(argnum, count));
  }
  if (typeof argnums !== "number") throw new RuntimeError(`argnums must be int or Tuple[int, ...], got: <class '${pythonType(argnums)}'>`);
  return [checkArgnum(argnums, count)];
}

const unlift = (level: DerivativeLevel) => (leaf: unknown): unknown => leaf instanceof Tensor ? valueAt(leaf, level) : leaf;

function unliftAux(level: DerivativeLevel, aux: unknown): unknown {
  return treeMap(aux, (leaf) => {
    if (!(leaf instanceof Tensor)) throw new RuntimeError(`Expected tensors, got unsupported type ${resultClass(leaf)}`);
    return valueAt(leaf, level);
  });
}

/** The recorded run of a function: where it was differentiated, and what it gave. */
interface Recorded {
  level: DerivativeLevel;
  /** The tensors to differentiate with respect to, lifted. */
  leaves: Tensor[];
  /** How they are nested: a list of the wanted arguments. */
  spec: TreeSpec;
  /** What the function returned, lifted. */
  output: unknown;
}

/** Calls `func` so that gradients with respect to the arguments at `positions` can be taken. */
function record(func: TreeFunction, args: readonly unknown[], positions: readonly number[]): Recorded {
  const level = new DerivativeLevel(false);
  const raised = args.map((arg) => treeMap(arg, (leaf) => leaf instanceof Tensor ? lifted(level, leaf) : leaf));
  const { leaves, spec } = flatten(positions.map((i) => raised[i]));
  for (const leaf of leaves) {
    if (!(leaf instanceof Tensor)) throw new ValueError(`Thing passed to transform API must be Tensor, got ${resultClass(leaf)}`);
    if (!leaf.dtype.is_floating_point) throw new RuntimeError("only Tensors of floating point dtype can require gradients");
    leaf.tracks = true;
  }
  level.enter();
  const before = setGradMode(true);
  try {
    return { level, leaves: leaves as Tensor[], spec, output: func(...raised as never[]) };
  } finally {
    setGradMode(before);
    level.leave();
    level.alive = false;
  }
}

/** The gradients of `outputs`, weighted, with respect to the leaves of a recorded run; null where nothing flowed. */
function pull(
  { level, leaves }: Recorded,
  outputs: readonly Tensor[],
  weights: readonly MaybeTensor[],
  keepGraph: boolean,
  createGraph: boolean,
): MaybeTensor[] {
  const roots = outputs.flatMap((t, i) => {
    const node = t.lift?.level === level && weights[i] !== null ? gradientEdge(t) : null;
    return node === null ? [] : [{ node, nr: t.output_nr, weight: weights[i] }];
  });
  if (roots.length === 0) return leaves.map(() => null);
  const inputs = leaves.map((t) => ({ node: gradientEdge(t)!, nr: 0 }));
  return withTransforms(() => execute(roots, roots.map((r) => r.weight), { keepGraph, createGraph, inputs, accumulate: false }));
}

const zerosFor = ({ level, leaves }: Recorded, grads: readonly MaybeTensor[]): Tensor[] =>
  grads.map((g, i) => g ?? valueAt(leaves[i], level).detach().zeros_like());

function splitAux(output: unknown, hasAux: boolean, where: string): [unknown, unknown] {
  if (!hasAux) return [output, undefined];
  if (!Array.isArray(output) || output.length !== 2) {
    throw new RuntimeError(`${where}: output of function f should be a tuple: (output, aux) if has_aux is True`);
  }
  return [output[0], output[1]];
}

/** The gradient and the value. */
function gradientAndValue(func: TreeFunction, args: readonly unknown[], { argnums = 0, has_aux = false }: DerivativeOptions): [unknown, unknown] {
  const positions = argumentPositions(argnums, args.length);
  const run = record(func, args, positions);
  const where = "grad_and_value(f)(*args)";
  const [output, aux] = splitAux(run.output, has_aux, where);
  if (!(output instanceof Tensor)) throw new RuntimeError(`${where}: Expected f(*args) to return a Tensor, got ${resultClass(output)}`);
  if (output.sizes.length !== 0) {
    throw new RuntimeError(
      `${where}: Expected f(*args) to return a scalar Tensor, got tensor with ${output.sizes.length} dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
    );
  }
  const value = valueAt(output, run.level);
  const grads = zerosFor(run, pull(run, [output], [value.detach().ones_like()], false, run.level.outside));
  const gradients = unflatten(run.spec, grads) as unknown[];
  return [Array.isArray(argnums) ? gradients : gradients[0], has_aux ? [value, unliftAux(run.level, aux)] : value];
}

/**
 * The function that gives the gradient of `func`, which must return a scalar, with respect to its first argument, or to those that
 * `argnums` names. With `has_aux` it gives a pair: the gradient, and what `func` returns besides the scalar.
 */
export function grad<A extends unknown[], const N extends Argnums = 0>(
  func: (...args: A) => Tensor,
  argnums?: N | DerivativeOptions<N, false>,
): (...args: A) => Wanted<A, N>;
/** With more that `func` returns. */
export function grad<A extends unknown[], Aux, const N extends Argnums = 0>(
  func: (...args: A) => readonly [Tensor, Aux],
  argnums: N | DerivativeOptions<N, true>,
  has_aux?: true | DerivativeOptions<N, true>,
): (...args: A) => [Wanted<A, N>, Aux];
export function grad(func: TreeFunction, argnums?: Argnums | DerivativeOptions, has_aux?: boolean | DerivativeOptions): TreeFunction {
  const options = readOptions(argnums, has_aux, {});
  return (...args) => {
    const [gradient, value] = gradientAndValue(func, args, options);
    return options.has_aux ? [gradient, (value as unknown[])[1]] : gradient;
  };
}

/** Like `grad`, giving a pair of the gradient and the value; with `has_aux` the value is a pair itself. */
export function grad_and_value<A extends unknown[], const N extends Argnums = 0>(
  func: (...args: A) => Tensor,
  argnums?: N | DerivativeOptions<N, false>,
): (...args: A) => [Wanted<A, N>, Tensor];
/** With more that `func` returns. */
export function grad_and_value<A extends unknown[], Aux, const N extends Argnums = 0>(
  func: (...args: A) => readonly [Tensor, Aux],
  argnums: N | DerivativeOptions<N, true>,
  has_aux?: true | DerivativeOptions<N, true>,
): (...args: A) => [Wanted<A, N>, [Tensor, Aux]];
export function grad_and_value(func: TreeFunction, argnums?: Argnums | DerivativeOptions, has_aux?: boolean | DerivativeOptions): TreeFunction {
  const options = readOptions(argnums, has_aux, {});
  return (...args) => {
    const [gradient, value] = gradientAndValue(func, args, options);
    return [gradient, options.has_aux ? [(value as unknown[])[0], (value as unknown[])[1]] : value];
  };
}

// -- from the left ---------------------------------------------------------------------------------------------------

/** Takes gradients of the outputs, nested as these are, to those of the primals. */
type Pullback = (cotangents: unknown) => unknown[];

/** The outputs of `func`, more that it returned, and the function that pulls gradients back; with respect to the arguments at `positions`. */
export function pullback(
  func: TreeFunction,
  args: readonly unknown[],
  positions: readonly number[],
  hasAux: boolean,
): { output: unknown; aux: unknown; pull: Pullback } {
  const run = record(func, args, positions);
  const [output, aux] = splitAux(run.output, hasAux, "vjp(f, *primals)");
  const { leaves: outputs, spec } = flatten(output);
  for (const t of outputs) {
    if (!(t instanceof Tensor)) throw new RuntimeError(`vjp(f, *primals): expected f(*primals) to return only tensors, got unsupported type ${resultClass(t)}`);
  }
  for (const t of outputs as Tensor[]) {
    if (t.dtype.is_floating_point) continue;
    throw new RuntimeError(`vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with dtype ${t.dtype}`);
  }
  const back: Pullback = (cotangents) => {
    const given = flatten(cotangents);
    if (!sameStructure(given.spec, spec)) {
      throw new RuntimeError(
        "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. " +
          `cotangents: ${structureText(given.spec)}, primal output: ${structureText(spec)}`,
      );
    }
    const weights = given.leaves.map((t, i) => {
      if (!(t instanceof Tensor)) throw new TypeError(`gradients can be either Tensors or None, but got ${pythonType(t)}`);
      const { sizes } = outputs[i] as Tensor;
      if (sameSizes(t.sizes, sizes)) return t;
      throw new RuntimeError(
        `Mismatch in shape: grad_output[${i}] has a shape of ${makeSize(t.sizes)} and output[${i}] has a shape of ${makeSize(sizes)}.`,
      );
    });
    return unflatten(run.spec, zerosFor(run, pull(run, outputs as Tensor[], weights, true, is_grad_enabled()))) as unknown[];
  };
  return { output: treeMap(output, unlift(run.level)), aux: hasAux ? unliftAux(run.level, aux) : undefined, pull: back };
}

type AuxOption = { has_aux: true };

function splitOptions(args: unknown[]): { primals: unknown[]; hasAux: boolean } {
  const last = args[args.length - 1];
  const isOption = isPlainObject(last) && Object.keys(last).join() === "has_aux" && typeof last.has_aux === "boolean";
  return isOption ? { primals: args.slice(0, -1), hasAux: last.has_aux === true } : { primals: args, hasAux: false };
}

/**
 * What `func` gives for the primals, and the function that takes a cotangent, nested as that is, to its products with the jacobians, one a
 * primal. It may be called as often as needed. With `has_aux: true`, `func` returns a pair, whose second part comes third.
 */
export function vjp<A extends unknown[], R, Aux>(func: (...primals: A) => readonly [R, Aux], ...primals: [...A, AuxOption]): [R, (cotangents: R) => A, Aux];
/** Without more. */
export function vjp<A extends unknown[], R>(func: (...primals: A) => R, ...primals: A): [R, (cotangents: R) => A];
export function vjp(func: TreeFunction, ...args: unknown[]): unknown[] {
  const { primals, hasAux } = splitOptions(args);
  const { output, aux, pull } = pullback(func, primals, [...primals.keys()], hasAux);
  return hasAux ? [output, pull, aux] : [output, pull];
}

// -- from the right --------------------------------------------------------------------------------------------------

/** The named arguments of `jvp`. */
export interface JvpOptions<Aux extends boolean = boolean> {
  /** An output that does not depend on the primals is an error instead of a tangent of zeros. */
  strict?: boolean;
  /** Whether the function returns a pair: what is differentiated, and more that is handed on. */
  has_aux?: Aux;
}

const JVP = "jvp(f, primals, tangents)";

function onlyTensors(leaves: readonly unknown[], what: string): Tensor[] {
  return leaves.map((t) => {
    if (!(t instanceof Tensor)) throw new RuntimeError(`${JVP}: Expected ${what} to only contain Tensors, got ${resultClass(t)}`);
    return t;
  });
}

/**
 * What `func` gives for the primals, and the product of its jacobian with the tangents, nested as the outputs are; both by one run in
 * forward mode. `primals` and `tangents` are arrays of arguments. With `has_aux`, `func` returns a pair, whose second part comes third.
 */
export function jvp<A extends unknown[], R>(func: (...primals: A) => R, primals: A, tangents: A, options?: JvpOptions<false>): [R, R];
/** With more that `func` returns. */
export function jvp<A extends unknown[], R, Aux>(func: (...primals: A) => readonly [R, Aux], primals: A, tangents: A, options: JvpOptions<true>): [R, R, Aux];
export function jvp(func: TreeFunction, primals: unknown[], tangents: unknown[], options: JvpOptions = {}): unknown[] {
  if (!Array.isArray(primals)) throw new RuntimeError(`${JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).`);
  const at = flatten(primals), along = flatten(tangents);
  if (!sameStructure(at.spec, along.spec)) {
    throw new RuntimeError(
      `${JVP}: Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 tensors, tangents also must be. ` +
        `Got primals with structure ${specText(at.spec)} and tangents with structure ${specText(along.spec)}`,
    );
  }
  const points = onlyTensors(at.leaves, "primals"), directions = onlyTensors(along.leaves, "tangents");
  if (points.length === 0) throw new RuntimeError(`${JVP}: Expected primals to contain at least one Tensor.`);
  const level = new DerivativeLevel(true);
  level.enter();
  try {
    const duals = points.map((t, i) => dual(level, t, directions[i]));
    const result = func(...unflatten(at.spec, duals) as never[]);
    const [output, aux] = splitAux(result, options.has_aux === true, JVP);
    const { leaves, spec } = flatten(output);
    const parts = leaves.map((t): [Tensor, Tensor] => {
      if (!(t instanceof Tensor)) throw new RuntimeError(`${JVP}: expected f(*primals) to return only tensors, got unsupported type ${resultClass(t)}`);
      const value = valueAt(t, level);
      const tangent = levelOf(t) === level ? tangentOf(t) : null;
      if (tangent !== null) return [value, tangent];
      if (options.strict) {
        throw new RuntimeError("jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with strict=True.");
      }
      return [value, value.detach().zeros_like()];
    });
    const both = [unflatten(spec, parts.map((p) => p[0])), unflatten(spec, parts.map((p) => p[1]))];
    return options.has_aux ? [...both, unliftAux(level, aux)] : both;
  } finally {
    level.leave();
    level.alive = false;
    level.duals!.alive = false;
  }
}

function dual(level: DerivativeLevel, primal: Tensor, tangent: Tensor): Tensor {
  if (!primal.dtype.is_floating_point) throw new ValueError(`Expected primal to be floating point or complex, but got: ${primal.dtype}`);
  if (!tangent.dtype.is_floating_point) throw new ValueError(`Expected tangent to be floating point or complex, but got: ${tangent.dtype}`);
  if (!sameSizes(primal.sizes, tangent.sizes)) {
    throw new RuntimeError(
      "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. " +
        `Tensor is of size [${primal.sizes.join(", ")}] while the given forward gradient is of size [${tangent.sizes.join(", ")}].`,
    );
  }
  const out = lifted(level, primal);
  asDual(out, tangent, level);
  return out;
}

/**
 * What `func` gives for the primals, and the function that takes tangents, one a primal, to the product of the jacobian with them. `func` runs once,
 * here; each product then costs about as much as three gradients.
 */
export function linearize<A extends unknown[], R>(func: (...primals: A) => R, ...primals: A): [R, (...tangents: A) => R] {
  const run = record(func as TreeFunction, primals, [...primals.keys()]);
  const { leaves, spec } = flatten(run.output);
  const outputs = leaves.map((t) => t instanceof Tensor ? t : null);
  const points = run.leaves.map(unlift(run.level)) as Tensor[];
  const along = (...tangents: A): R => {
    const given = flatten(tangents);
    if (!sameStructure(given.spec, run.spec)) {
      throw new RuntimeError(`Expected the tangents ${specText(given.spec)} to have the same argspec as the primals ${specText(run.spec)}`);
    }
    const directions = given.leaves.map((t, i) => {
      const point = points[i];
      if (!(t instanceof Tensor)) throw new TypeError(`'${pythonType(t)}' object has no attribute 'shape'`);
      const differs = (what: string, mine: unknown, theirs: unknown) =>
        new RuntimeError(`tangent:${i} with ${what} ${mine} in flattened pytree doesn't match the ${what} ${theirs} of the corresponding primal.`);
      if (!sameSizes(t.sizes, point.sizes)) throw differs("shape", makeSize(t.sizes), makeSize(point.sizes));
      if (t.dtype !== point.dtype) throw differs("dtype", t.dtype, point.dtype);
      return t;
    });
    const values = outputs.map((t) => t === null ? null : valueAt(t, run.level));
    const products = late.transpose(
      (weights) => pull(run, outputs.filter((t) => t !== null), weights.filter((_, i) => outputs[i] !== null), true, true),
      directions,
      values,
    );
    return unflatten(spec, products.map((t, i) => t ?? values[i]?.detach().zeros_like() ?? leaves[i])) as R;
  };
  return [treeMap(run.output, unlift(run.level)) as R, along];
}
