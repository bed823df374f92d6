/**
 * `torch.func`'s jacobians and hessians: all products with unit vectors at once, by `vmap`.
 */
import { flatten, treeMap, unflatten } from "../autograd/pytree.ts";
import type { Randomness } from "../autograd/batched_random.ts";
import { splitBatch, unitVectors } from "../autograd/unit_vectors.ts";
import { type TreeFunction, vmap } from "../autograd/vmap.ts";
import { AttributeError, ValueError } from "../errors.ts";
import { pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { type Argnums, argumentPositions, type DerivativeOptions, jvp, pullback, readOptions, type Wanted } from "./derivatives.ts";

/** The named arguments of `jacrev`. */
export interface JacrevOptions<N extends Argnums = Argnums, Aux extends boolean = boolean> extends DerivativeOptions<N, Aux> {
  /** How many rows are computed at once; all by default. */
  chunk_size?: number | null;
}

/** The named arguments of `jacfwd`. */
export interface JacfwdOptions<N extends Argnums = Argnums, Aux extends boolean = boolean> extends DerivativeOptions<N, Aux> {
  /** What random ops in the function do: see `vmap`. */
  randomness?: Randomness;
}

/** A jacobian's type: nested first as the outputs `R` are, then as the inputs `W`. */
export type JacobianOf<R, W> = R extends Tensor ? (W extends Tensor ? Tensor : { [K in keyof W]: JacobianOf<R, W[K]> })
  : { [K in keyof R]: JacobianOf<R[K], W> };

/**
 * The function that gives the jacobian of `func` with respect to its first argument, or to those that `argnums` names, row by row in reverse
 * mode: for each output and input a tensor of the output's shape followed by the input's, nested first as the outputs are, then as the inputs.
 * Best where there are fewer outputs than inputs.
 */
export function jacrev<A extends unknown[], R, const N extends Argnums = 0>(
  func: (...args: A) => R,
  argnums?: N | JacrevOptions<N, false>,
  options?: JacrevOptions<N, false>,
): (...args: A) => JacobianOf<R, Wanted<A, N>>;
/** With more that `func` returns. */
export function jacrev<A extends unknown[], R, Aux, const N extends Argnums = 0>(
  func: (...args: A) => readonly [R, Aux],
  argnums: N | JacrevOptions<N, true>,
  options?: JacrevOptions<N, true>,
): (...args: A) => [JacobianOf<R, Wanted<A, N>>, Aux];
export function jacrev(func: TreeFunction, argnums?: Argnums | JacrevOptions, options?: JacrevOptions): TreeFunction {
  const { argnums: which = 0, has_aux = false, chunk_size = null } = readOptions<JacrevOptions>(argnums, options, {});
  if (chunk_size !== null && chunk_size <= 0) throw new ValueError("jacrev: `chunk_size` should be greater than 0.");
  return (...args) => {
    const { output, aux, pull } = pullback(func, args, argumentPositions(which, args.length), has_aux);
    const { leaves, spec } = flatten(output);
    const outputs = leaves as Tensor[];
    const rows = vmap((...unit: Tensor[]) => pull(unflatten(spec, unit)), { chunk_size })(...unitVectors(outputs));
    const wanted = Array.isArray(which) ? rows : rows[0];
    const blocks = flatten(wanted).leaves.map((all) => splitBatch(all as Tensor, outputs));
    const jacobian = unflatten(
      spec,
      outputs.map((t, i) => unflatten(flatten(wanted).spec, blocks.map((parts) => parts[i].reshape([...t.sizes, ...parts[i].sizes.slice(1)])))),
    );
    return has_aux ? [jacobian, aux] : jacobian;
  };
}

/**
 * The same column by column in forward mode: see `jacrev`. Best where there are fewer inputs than outputs.
 */
export function jacfwd<A extends unknown[], R, const N extends Argnums = 0>(
  func: (...args: A) => R,
  argnums?: N | JacfwdOptions<N, false>,
  has_aux?: false | JacfwdOptions<N, false>,
  options?: JacfwdOptions<N, false>,
): (...args: A) => JacobianOf<R, Wanted<A, N>>;
/** With more that `func` returns. */
export function jacfwd<A extends unknown[], R, Aux, const N extends Argnums = 0>(
  func: (...args: A) => readonly [R, Aux],
  argnums: N | JacfwdOptions<N, true>,
  has_aux?: true | JacfwdOptions<N, true>,
  options?: JacfwdOptions<N, true>,
): (...args: A) => [JacobianOf<R, Wanted<A, N>>, Aux];
export function jacfwd(func: TreeFunction, argnums?: Argnums | JacfwdOptions, has_aux?: boolean | JacfwdOptions, options: JacfwdOptions = {}): TreeFunction {
  const { argnums: which = 0, has_aux: aux = false, randomness = "error" } = readOptions<JacfwdOptions>(argnums, has_aux, options);
  return (...args) => {
    const positions = argumentPositions(which, args.length);
    const { leaves, spec } = flatten(positions.map((i) => args[i]));
    for (const t of leaves) if (!(t instanceof Tensor)) throw new AttributeError(`'${pythonType(t)}' object has no attribute 'numel'`);
    const inputs = leaves as Tensor[];
    const at = (points: unknown[]): unknown => {
      const all: unknown[] = [...args];
      positions.forEach((position, i) => all[position] = points[i]);
      return func(...all as never[]);
    };
    const push = (...unit: Tensor[]): unknown[] => {
      const tangents = unflatten(spec, unit) as unknown[];
      return jvp((...points: unknown[]) => at(points) as never, positions.map((i) => args[i]), tangents, { has_aux: aux as true }).slice(1);
    };
    const [columns, more] = vmap(push, { randomness })(...unitVectors(inputs));
    const wanted = flatten(Array.isArray(which) ? positions.map((i) => args[i]) : args[positions[0]]).spec;
    const jacobian = treeMap(columns, (all) => {
      const blocks = splitBatch(all as Tensor, inputs).map((part, i) => part.movedim(0, -1).reshape([...part.sizes.slice(1), ...inputs[i].sizes]));
      return unflatten(wanted, blocks);
    });
    // what is returned besides is the same for all columns
    return aux ? [jacobian, treeMap(more, (all) => (all as Tensor).select(0, 0))] : jacobian;
  };
}

/**
 * The function that gives the hessian of `func` with respect to its first argument, or to those that `argnums` names: forward mode over
 * reverse mode. For each output and pair of inputs a tensor of the shapes of all three in a row.
 */
export function hessian<A extends unknown[], R, const N extends Argnums = 0>(
  func: (...args: A) => R,
  argnums?: N,
): (...args: A) => JacobianOf<JacobianOf<R, Wanted<A, N>>, Wanted<A, N>> {
  const which = (argnums ?? 0) as N;
  return jacfwd(jacrev(func, which), which);
}
