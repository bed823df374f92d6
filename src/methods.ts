/**
 * The roof: puts the ops on `Tensor.prototype`. The types of the methods follow from those of the ops.
 */
import { tensorBackward } from "./autograd/backward.ts";
import { register_hook, register_post_accumulate_grad_hook, retain_grad } from "./autograd/hooks.ts";
import { FunctionNode } from "./autograd/function.ts";
import { Node, RemovableHandle } from "./autograd/node.ts";
import { levelOf, tangentOf } from "./autograd/transforms.ts";
import { RuntimeError } from "./errors.ts";
import { formatNumber } from "./format/numbers.ts";
import { Generator } from "./random.ts";
import { formatObject, type InspectOptions, inspectTensor } from "./format/objects.ts";
import { formatTensor, type Printable } from "./format/tensor.ts";
import * as activation from "./ops/activation.ts";
import * as apply from "./ops/apply.ts";
import * as addmm from "./ops/addmm.ts";
import * as arithmetic from "./ops/arithmetic.ts";
import * as blend from "./ops/blend.ts";
import * as compare from "./ops/compare.ts";
import * as contraction from "./ops/contraction.ts";
import * as decompose from "./ops/decompose.ts";
import * as copy from "./ops/copy.ts";
import * as create from "./ops/create.ts";
import * as index from "./ops/index.ts";
import * as inspect from "./ops/inspect.ts";
import * as matmul from "./ops/matmul.ts";
import * as power from "./ops/power.ts";
import * as random from "./ops/random.ts";
import * as rearrange from "./ops/rearrange.ts";
import * as reduce from "./ops/reduce.ts";
import * as quantile from "./ops/quantile.ts";
import * as difference from "./ops/difference.ts";
import * as unique from "./ops/unique.ts";
import * as histogram from "./ops/histogram.ts";
import * as norm from "./ops/norm.ts";
import * as scan from "./ops/scan.ts";
import * as extrema from "./ops/extrema.ts";
import * as rounding from "./ops/rounding.ts";
import * as scatter from "./ops/scatter.ts";
import * as select from "./ops/select.ts";
import * as softmax from "./ops/softmax.ts";
import * as sort from "./ops/sort.ts";
import * as split from "./ops/split.ts";
import * as statistics from "./ops/statistics.ts";
import * as transcendental from "./ops/transcendental.ts";
import * as transposes from "./ops/transposes.ts";
import * as view from "./ops/view.ts";
import type { Overloaded } from "./ops/overloads.ts";
import { OpNode } from "./ops/define.ts";
import { PointwiseNode } from "./ops/pointwise.ts";
import { unbind } from "./ops/split.ts";
import { Tensor } from "./tensor.ts";

/** The families of ops whose members are methods; functions that are not ops are left out by their type. */
const families = {
  ...activation,
  ...addmm,
  ...arithmetic,
  ...blend,
  ...compare,
  ...contraction,
  ...copy,
  ...decompose,
  ...create,
  ...index,
  ...matmul,
  ...power,
  ...random,
  ...rearrange,
  ...reduce,
  ...quantile,
  ...difference,
  ...unique,
  ...histogram,
  ...norm,
  ...scan,
  ...extrema,
  ...rounding,
  ...scatter,
  ...select,
  ...softmax,
  ...sort,
  ...split,
  ...statistics,
  ...transcendental,
  ...view,
};

function __repr__(self: Tensor): string {
  const { lift } = self;
  return lift !== null && (lift.level.alive || lift.dim >= 0) ? lift.level.describe(lift) : formatTensor(printable(self));
}

/** A tangent's text: a 0-d one stands as a number. */
function tangentText(self: Tensor): string | null {
  const tangent = tangentOf(self);
  if (tangent === null) return null;
  return tangent.sizes.length === 0 && levelOf(tangent) === null ? formatNumber(Number(tangent.item())) : String(tangent);
}

/** The name of the node that made a tensor; `Invalid`, as PyTorch prints it, for a view that may not follow a change of its base. */
function nodeNameOf(self: Tensor): string | null {
  try {
    const node = self.grad_fn;
    return node === null ? null : shortName(node);
  } catch (error) {
    if (error instanceof RuntimeError) return "Invalid";
    throw error;
  }
}

/** A tensor as the formatter wants it. */
export function printable(self: Tensor): Printable {
  return {
    data: self.store.data,
    shape: self.sizes,
    strides: self.strides,
    offset: self.offset,
    dtype: self.dtype,
    requires_grad: self.requires_grad,
    grad_fn_name: nodeNameOf(self),
    tangent: tangentText(self),
  };
}

/** A node's name as it is printed, without C++'s namespace. */
export function shortName(node: Node): string {
  return node.name().replace("torch::autograd::", "");
}

/** Functions that are methods without being ops. */
const plain = {
  ...inspect,
  apply_: apply.apply_,
  map_: apply.map_,
  set_: apply.set_,
  to: copy.to,
  cuda: copy.cuda,
  new_tensor: create.new_tensor,
  backward: tensorBackward,
  register_hook,
  register_post_accumulate_grad_hook,
  retain_grad,
  __repr__,
};

type MethodOf<F> = F extends (self: Tensor, ...args: infer A) => infer R ? (...args: A) => R : never;
type Plain = { [K in keyof typeof plain]: MethodOf<(typeof plain)[K]> };
/** The method's type where it does not take its arguments in the order of the function. */
type OwnMethod<F> = F extends { asMethod: infer M extends (...args: never[]) => unknown } ? [Parameters<M>[0]] extends [never] ? F : M : F;
type OpMethods<M> = { [K in keyof M as M[K] extends { asMethod: unknown } ? K : never]: MethodOf<OwnMethod<M[K]>> };
type Properties<M> = { readonly [K in keyof M]: M[K] extends (self: Tensor) => infer R ? R : never };
type InplaceMethods<M> = {
  [K in keyof M & string as M[K] extends { inplace: unknown } ? `${K}_` : never]: M[K] extends { inplace: infer F } ? MethodOf<F> : never;
};

/** Everything that a tensor can do. */
export interface Methods
  extends
    Omit<Plain, "size" | "type">,
    Omit<OpMethods<typeof families>, keyof Overloaded>,
    Overloaded,
    InplaceMethods<typeof families>,
    Properties<typeof transposes> {
  /** The shape. */
  size(): ReturnType<typeof inspect.size>;
  /** The size of one dimension. */
  size(dim: number | { dim?: number }): number;
  /** PyTorch's name of the tensor's type, `torch.FloatTensor`. */
  type(): string;
  /** The tensor in another dtype. */
  type(dtype: Parameters<typeof inspect.type>[1]): Tensor;
  /** The slices along the first dimension. */
  [Symbol.iterator](): Iterator<Tensor>;
}

/** The methods by name, as they were put on the prototype. */
export const methods: Record<string, (self: Tensor, ...args: never[]) => unknown> = {};

function install(name: string, f: (self: Tensor, ...args: never[]) => unknown): void {
  methods[name] = f;
  const direct = f as (self: Tensor, first: never, second: never) => unknown;
  const method = f.length === 3 && !f.toString().includes("...")
    ? function (this: Tensor, first: never, second: never) {
      return direct(this, first, second);
    }
    : function (this: Tensor, ...args: never[]) {
      return f(this, ...args);
    };
  Object.defineProperty(method, "name", { value: name });
  Object.defineProperty(Tensor.prototype, name, { value: method, writable: true, configurable: true });
}

type Installable = { asMethod?: (self: Tensor, ...args: never[]) => unknown; inplace?: (self: Tensor, ...args: never[]) => unknown; name: string };
/** Functions whose first parameter is a tensor and that PyTorch does not offer as methods. */
const FUNCTIONS_ONLY = new Set(["bilinear", "histogramdd", "linalg_vector_norm", "rand_like", "randint_like", "randn_like"]);
for (const [name, op] of Object.entries(families)) {
  if (FUNCTIONS_ONLY.has(name)) continue;
  const { asMethod, inplace } = op as Installable;
  if (asMethod !== undefined) install(name, asMethod);
  if (inplace !== undefined) install(`${name}_`, inplace);
}
for (const [name, f] of Object.entries(plain)) install(name, f as (self: Tensor, ...args: never[]) => unknown);

for (const [name, f] of Object.entries(transposes)) {
  Object.defineProperty(Tensor.prototype, name, {
    get(this: Tensor) {
      return f(this);
    },
    configurable: true,
  });
}

Object.defineProperty(Tensor.prototype, Symbol.iterator, {
  value(this: Tensor): Iterator<Tensor> {
    if (this.sizes.length === 0) throw new TypeError("iteration over a 0-d tensor");
    return unbind(this, 0)[Symbol.iterator]();
  },
});
Object.defineProperty(Tensor.prototype, Symbol.for("Deno.customInspect"), {
  value(this: Tensor, _inspect: unknown, options?: InspectOptions): string {
    return this.lift === null ? inspectTensor(printable(this), options) : String(this);
  },
});

/** Gives the instances of a class the text that Python prints of such an object. */
function nameInstances(prototype: object, name: (instance: never) => string): void {
  const text = {
    value(this: object): string {
      return formatObject(name(this as never), this);
    },
  };
  Object.defineProperty(prototype, "toString", text);
  Object.defineProperty(prototype, Symbol.for("Deno.customInspect"), text);
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), text);
}

nameInstances(Node.prototype, (node: Node) => node instanceof FunctionNode ? `torch.autograd.function.${node.name()}` : shortName(node));
nameInstances(RemovableHandle.prototype, () => "torch.utils.hooks.RemovableHandle");
nameInstances(Generator.prototype, () => "torch._C.Generator");

/** Stands for the class that PyTorch has for each kind of node: `node.constructor.name` is `MulBackward0`. */
const nodeClasses = new Map<string, { readonly name: string }>();
for (const { prototype } of [OpNode, PointwiseNode]) {
  Object.defineProperty(prototype, "constructor", {
    get(this: Node): { readonly name: string } {
      const name = shortName(this);
      let named = nodeClasses.get(name);
      if (named === undefined) nodeClasses.set(name, named = { [name]: class {} }[name]);
      return named;
    },
  });
}
