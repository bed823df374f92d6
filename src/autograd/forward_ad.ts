/**
 * `torch.autograd.forward_ad`: forward mode. A dual tensor carries a tangent, the direction in which a derivative is taken, and
 * every op gives its result the tangent that follows from those of its inputs.
 */
import { AttributeError, NotImplementedError, RuntimeError, ValueError } from "../errors.ts";
import { sameSizes } from "../layout.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { Tensor } from "../tensor.ts";
import { execute } from "./engine.ts";
import { type ModeGuard, scope, setGradMode } from "./mode.ts";
import { type MaybeTensor, Node } from "./node.ts";
import {
  asDual,
  DerivativeLevel,
  type DualLevel,
  highestLevel,
  late,
  levelOf,
  levels,
  lifted,
  primalOf,
  tangentOf,
  transforms,
  underneath,
  valueAt,
} from "./transforms.ts";
import { asView, gradientEdge, requiresGrad } from "./view.ts";

const NO_LEVEL = "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first.";

/** Begins a level of forward mode and returns its number, 0: there can be one at a time. */
export function enter_dual_level(): number {
  if (transforms.duals !== null || levels().some((level) => level instanceof DerivativeLevel && level.duals !== null)) {
    throw new RuntimeError("Nested forward mode AD is not supported at the moment");
  }
  transforms.duals = { alive: true };
  transforms.active++;
  return 0;
}

/** Ends the level: all tangents vanish. */
export function exit_dual_level(level?: number | null | { level?: number | null }): void {
  const given = (isPlainObject(level) ? level.level : level) ?? (transforms.duals === null ? -1 : 0);
  if (given < 0) throw new RuntimeError("Dual level must be a positive number.");
  if (transforms.duals === null || given !== 0) {
    throw new RuntimeError("Trying to exit a forward AD level that was not the last one that was created. This is not supported.");
  }
  endLevel(transforms.duals);
}

function endLevel(level: DualLevel): void {
  if (!level.alive) return;
  level.alive = false;
  transforms.duals = null;
  transforms.active--;
}

/** Forward mode while `callback` runs. Returns what the callback returns. */
export function dual_level<T>(callback: () => T): T;
/** Forward mode until the guard is disposed. */
export function dual_level(): ModeGuard;
export function dual_level<T>(callback?: () => T): T | ModeGuard {
  return scope(
    () => {
      enter_dual_level();
      const level = transforms.duals!;
      return () => endLevel(level);
    },
    callback,
    "dual_level",
  );
}

/** What `unpack_dual` returns: the tensor without its tangent, and the tangent or null; also an array of these two. */
export class UnpackedDualTensor extends Array<MaybeTensor> {
  /** Slices are plain arrays. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** Takes the two. */
  constructor(primal: Tensor, tangent: MaybeTensor) {
    super();
    this.push(primal, tangent);
  }

  /** The tensor without its tangent. */
  get primal(): Tensor {
    return this[0]!;
  }

  /** The tangent; null where the tensor is not a dual. */
  get tangent(): MaybeTensor {
    return this[1];
  }

  /** `UnpackedDualTensor(primal=tensor([1.]), tangent=None)`. */
  override toString(): string {
    return `UnpackedDualTensor(primal=${this.primal}, tangent=${this.tangent ?? "None"})`;
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

type LevelOption = number | null | { level?: number | null };

const readLevel = (level: LevelOption | undefined): number => (isPlainObject(level) ? level.level : level) ?? (transforms.duals === null ? -1 : 0);

function checkFloating(t: unknown, name: string): void {
  if (!(t instanceof Tensor)) throw new AttributeError(`'${pythonType(t)}' object has no attribute 'is_floating_point'`);
  if (!t.dtype.is_floating_point) throw new ValueError(`Expected ${name} to be floating point or complex, but got: ${t.dtype}`);
}

/** A view of `tensor` with a tangent of the same shape, which is kept, not copied. */
export function make_dual(tensor: Tensor, tangent: Tensor, level?: LevelOption): Tensor {
  const wanted = readLevel(level);
  if (wanted < 0) throw new RuntimeError(NO_LEVEL);
  checkFloating(tensor, "primal");
  checkFloating(tangent, "tangent");
  if (wanted !== 0 || transforms.duals === null) throw new RuntimeError("Invalid level given to _make_dual");
  if (hasTangent(tensor)) {
    throw new RuntimeError("Making a dual Tensor based on a Tensor that already has a forward gradient at the same level 0 is not supported.");
  }
  if (hasTangent(tangent)) throw new RuntimeError("Setting a forward grad that itself has a forward gradient at the same level0 is not supported.");
  if (!sameSizes(tensor.sizes, tangent.sizes)) {
    throw new RuntimeError(
      "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not supported. " +
        `Tensor is of size [${tensor.sizes.join(", ")}] while the given forward gradient is of size [${tangent.sizes.join(", ")}].`,
    );
  }
  return makeDual(tensor, tangent);
}

const hasTangent = (t: Tensor): boolean => unpack(t)[1] !== null;

function makeDual(primal: Tensor, tangent: Tensor): Tensor {
  const level = highestLevel({ primal, tangent });
  if (level !== null) return level.dual(primal, tangent, makeDual);
  const out = primal.view_as(primal);
  asDual(out, tangent, null);
  return out;
}

/** Lets gradients through: a tensor without its tangent stands at another place in the graph than the dual. */
class Identity extends Node {
  constructor(t: Tensor) {
    super([gradientEdge(t)], [t.output_nr]);
    this.sizes = [t.sizes];
    this.dtypes = [t.dtype];
  }

  name(): string {
    return "torch::autograd::Identity";
  }

  apply(grads: MaybeTensor[]): MaybeTensor[] {
    return grads;
  }
}

function unpack(t: Tensor): [Tensor, MaybeTensor] {
  const level = levelOf(t);
  if (level !== null && level.dualsBelow) {
    const { value, dim } = t.lift!;
    const [primal, tangent] = unpack(value);
    return [lifted(level, primal, dim), tangent === null ? null : lifted(level, tangent, dim)];
  }
  const tangent = tangentOf(t);
  if (tangent === null) return [t, null];
  const out = t.alias();
  out.lift = t.lift;
  if (requiresGrad(t)) {
    out.node = new Identity(t);
    out.tracks = true;
  } else asView(out, primalOf(t, level));
  return [out, tangent];
}

/** A dual taken apart: a named tuple of `primal` and `tangent`, which is null where the tensor is not a dual. */
export function unpack_dual(tensor: Tensor, level?: LevelOption): UnpackedDualTensor {
  if (readLevel(level) < 0) return new UnpackedDualTensor(tensor, null);
  if (!(tensor instanceof Tensor)) throw new TypeError(`_unpack_dual(): argument 'dual' (position 1) must be Tensor, not ${pythonType(tensor)}`);
  return new UnpackedDualTensor(...unpack(tensor));
}

/**
 * J t from u -> J^T u, which is linear: the derivative of <J^T u, t> with respect to u. The point u at which it is differentiated
 * does not matter; it is lifted by a level of its own, so that nothing else is recorded.
 */
late.transpose = (product, tangents, results) => {
  const level = new DerivativeLevel(false);
  level.enter();
  const before = setGradMode(true);
  try {
    const probes = results.map((t) => t === null ? null : probe(level, t));
    const rows: { row: Tensor; tangent: Tensor }[] = [];
    product(probes).forEach((row, i) => {
      const tangent = tangents[i];
      if (row === null || tangent === null) return;
      if (levelOf(row) !== level || !requiresGrad(row)) {
        // zeros do not depend on the probe; anything else that does not is no formula that can be differentiated
        if (!isZero(underneath(row))) throw new NotImplementedError("the derivative for a derivative is not implemented");
        return;
      }
      rows.push({ row, tangent: tangent.to(row.dtype).expand([...row.sizes]) });
    });
    level.alive = false;
    if (rows.length === 0) return results.map(() => null);
    const sinks = probes.filter((t) => t !== null).map((t) => ({ node: gradientEdge(t)!, nr: 0 }));
    const roots = rows.map(({ row }) => ({ node: gradientEdge(row)!, nr: row.output_nr }));
    const out = execute(roots, rows.map((r) => r.tangent), { keepGraph: false, createGraph: true, inputs: sinks, accumulate: false });
    let at = 0;
    return probes.map((t) => {
      const gradient = t === null ? null : out[at++];
      return gradient === null ? null : valueAt(gradient, level);
    });
  } finally {
    setGradMode(before);
    level.leave();
    level.alive = false;
  }
};

function isZero(t: Tensor): boolean {
  return Boolean(t.detach().eq(0).all().item());
}

function probe(level: DerivativeLevel, result: Tensor): Tensor {
  const out = lifted(level, result.detach().ones_like());
  out.tracks = true;
  return out;
}
