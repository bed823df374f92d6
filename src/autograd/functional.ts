/**
 * `torch.autograd.functional`: products with jacobians and hessians of functions, and these matrices themselves.
 */
import { AssertionError, NotImplementedError, RuntimeError } from "../errors.ts";
import { cat } from "../ops/join.ts";
import { sameSizes } from "../layout.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { makeSize } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { grad } from "./backward.ts";
import { dual_level, make_dual, unpack_dual } from "./forward_ad.ts";
import { enable_grad } from "./mode.ts";
import type { MaybeTensor } from "./node.ts";
import { splitBatch, unitVectors } from "./unit_vectors.ts";
import { mapSlices } from "./vmap.ts";

/** A tensor, or several as a tuple. */
export type Tensors = Tensor | readonly Tensor[];
/** A module, which stands for the function that its `call` is. */
export interface TensorModule {
  /** The outputs of the module. */
  call(...inputs: Tensor[]): Tensors;
}
/** A function of tensors, one argument an input. */
export type TensorFunction = ((...inputs: Tensor[]) => Tensors) | TensorModule;
/** A tensor, a tuple of them, or a tuple of tuples: shaped as outputs and inputs are. */
export type Nested = Tensor | Nested[];

/** The named arguments of these functions. */
export interface FunctionalOptions {
  /** Record the computation, so that the result can be differentiated. */
  create_graph?: boolean;
  /** An output that does not depend on an input is an error instead of zeros. */
  strict?: boolean;
  /** The vector of the product; may be left out where it has a single element. */
  v?: Tensors | null;
}

/** The named arguments of `jacobian`. */
export interface JacobianOptions extends FunctionalOptions {
  /** Compute all rows at once where possible. */
  vectorize?: boolean;
  /** Row by row backward, or column by column forward. */
  strategy?: "reverse-mode" | "forward-mode";
}

/** The named arguments of `hessian`. */
export interface HessianOptions extends FunctionalOptions {
  /** Compute all rows at once where possible. */
  vectorize?: boolean;
  /** How the outer of the two derivatives is computed. */
  outer_jacobian_strategy?: "reverse-mode" | "forward-mode";
}

type Tuple = { isTuple: boolean; items: Tensor[] };

const className = (value: unknown) => {
  const type = pythonType(value);
  return `<class '${type === "Tensor" ? "torch.Tensor" : type}'>`;
};

function asTuple(value: unknown, argument: string, name: string): Tuple {
  const isTuple = Array.isArray(value);
  const items: unknown[] = isTuple ? value : [value];
  items.forEach((item, i) => {
    if (item instanceof Tensor) return;
    throw new TypeError(
      `The ${argument} given to ${name} must be either a Tensor or a tuple of Tensors but the` +
        (isTuple ? ` value at index ${i} has type ${className(item)}.` : ` given ${argument} has type ${className(item)}.`),
    );
  });
  return { isTuple, items: items as Tensor[] };
}

/** Copies of the inputs to differentiate with respect to, connected to the originals only where the result shall be. */
function prepare(inputs: readonly Tensor[], createGraph: boolean): Tensor[] {
  return inputs.map((t) => createGraph ? t.view_as(t) : t.detach().requires_grad_(t.dtype.is_floating_point)).map((t) =>
    t.requires_grad ? t : t.detach().requires_grad_()
  );
}

/** Results as the caller gets them: without history unless it was asked for. */
function finish(tensors: readonly Tensor[], createGraph: boolean): Tensor[] {
  return tensors.map((t) => createGraph ? t : t.detach());
}

const untuple = (isTuple: boolean, items: Tensor[]): Tensor | Tensor[] => isTuple ? items : items[0];

type Kind = "outputs" | "grad_inputs" | "jacobian" | "hessian";

function requireGradients(tensors: readonly MaybeTensor[], kind: Kind, strict: boolean): void {
  if (!strict) return;
  tensors.forEach((t, i) => {
    if (t === null) throw new RuntimeError(`The output of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`);
    if (t.requires_grad) return;
    switch (kind) {
      case "hessian":
        throw new RuntimeError(
          `The hessian of the user-provided function with respect to input ${i} is independent of the input. This is not allowed in strict mode. ` +
            "You should ensure that your function is thrice differentiable and that the hessian depends on the inputs.",
        );
      case "jacobian":
        throw new RuntimeError(
          `While computing the hessian, found that the jacobian of the user-provided function with respect to input ${i} is independent of the input. ` +
            "This is not allowed in strict mode. You should ensure that your function is twice differentiable and that the jacobian depends on the inputs " +
            "(this would be violated by a linear function for example).",
        );
      case "grad_inputs":
        throw new RuntimeError(
          `The gradient with respect to input ${i} is independent of the inputs of the user-provided function. This is not allowed in strict mode.`,
        );
      default:
        throw new RuntimeError(
          `Output ${i} of the user-provided function does not require gradients. The outputs must be computed in a differentiable manner from the input ` +
            "when running in strict mode.",
        );
    }
  });
}

type Stage = "back" | "back_trick" | "double_back" | "double_back_trick";

const INDEPENDENT: Record<Stage, (i: number) => string> = {
  back: (i) => `The output of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
  back_trick: (i) =>
    `The gradient with respect to the input is independent of entry ${i} in the grad_outputs when using the double backward trick to compute forward mode gradients. ` +
    "This is not allowed in strict mode.",
  double_back: (i) => `The jacobian of the user-provided function is independent of input ${i}. This is not allowed in strict mode.`,
  double_back_trick: (i) =>
    `The hessian of the user-provided function is independent of entry ${i} in the grad_jacobian. This is not allowed in strict ` +
    "mode as it prevents from using the double backward trick to replace forward mode AD.",
};

function fillZeros(grads: readonly MaybeTensor[], like: readonly Tensor[], strict: boolean, createGraph: boolean, stage: Stage): Tensor[] {
  return grads.map((g, i) => {
    if (g === null) {
      if (strict) throw new RuntimeError(INDEPENDENT[stage](i));
      return like[i].detach().zeros_like();
    }
    if (strict && createGraph && !g.requires_grad) {
      const what = stage.startsWith("double") ? "hessian" : "jacobian";
      throw new RuntimeError(
        `The ${what} of the user-provided function is independent of input ${i}. This is not allowed in strict mode when create_graph=True.`,
      );
    }
    return g;
  });
}

/** Gradients where some outputs may need none; null everywhere if none does. */
function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  v: readonly (Tensor | null)[] | null,
  createGraph: boolean,
  retain = createGraph,
): MaybeTensor[] {
  const wanted = outputs.map((_, i) => i).filter((i) => outputs[i].requires_grad);
  if (wanted.length === 0) return inputs.map(() => null);
  return grad(wanted.map((i) => outputs[i]), inputs, {
    grad_outputs: v === null ? null : wanted.map((i) => v[i]),
    allow_unused: true,
    create_graph: createGraph,
    retain_graph: retain,
  });
}

function checkVector(v: unknown, name: string, like: Tuple): Tensor[] {
  const given = asTuple(v, "v", name);
  if (given.items.length !== like.items.length) {
    throw new RuntimeError(
      like.isTuple
        ? `v is a tuple of invalid length: should be ${like.items.length} but got ${given.items.length}.`
        : "The given v should contain a single Tensor.",
    );
  }
  given.items.forEach((t, i) => {
    const { sizes } = like.items[i];
    if (!sameSizes(t.sizes, sizes)) {
      throw new RuntimeError(`${like.isTuple ? `Entry ${i} in ` : ""}v has invalid size: should be ${makeSize(sizes)} but got ${makeSize(t.sizes)}.`);
    }
  });
  return given.items.map((t) => t.detach());
}

function readOptions<T extends FunctionalOptions>(names: readonly string[], args: readonly unknown[]): T {
  const options: Record<string, unknown> = {};
  args.forEach((value, i) => {
    if (isPlainObject(value)) Object.assign(options, value);
    else if (value !== undefined) options[names[i]] = value;
  });
  return options as T;
}

type Positional<T> = (Tensors | null | boolean | string | T)[];

const valueOf = (func: TensorFunction, inputs: Tensor[]): Tensors => typeof func === "function" ? func(...inputs) : func.call(...inputs);

/** The outputs of `func` at `inputs`, and the product of `v` with the jacobian there. */
export function vjp(func: TensorFunction, inputs: Tensors, ...args: Positional<FunctionalOptions>): [Tensors, Tensors] {
  const { v, create_graph = false, strict = false } = readOptions<FunctionalOptions>(["v", "create_graph", "strict"], args);
  return enable_grad(() => {
    const given = asTuple(inputs, "inputs", "vjp");
    const at = prepare(given.items, create_graph);
    const outputs = asTuple(valueOf(func, at), "outputs of the user-provided function", "vjp");
    requireGradients(outputs.items, "outputs", strict);
    let vector: Tensor[] | null = null;
    if (v !== null && v !== undefined) vector = checkVector(v, "vjp", outputs);
    else if (outputs.items.length !== 1 || outputs.items[0].count !== 1) {
      throw new RuntimeError("The vector v can only be None if the user-provided function returns a single Tensor with a single element.");
    }
    const result = fillZeros(gradients(outputs.items, at, vector, create_graph), at, strict, create_graph, "back");
    return [untuple(outputs.isTuple, finish(outputs.items, create_graph)), untuple(given.isTuple, finish(result, create_graph))];
  });
}

function inputVector(v: unknown, name: string, given: Tuple, message: string): Tensor[] {
  if (v !== null && v !== undefined) return checkVector(v, name, given);
  if (given.items.length !== 1 || given.items[0].count !== 1) throw new RuntimeError(message);
  return given.items.map((t) => t.detach().ones_like());
}

const SINGLE_INPUT = "The vector v can only be None if the input to the user-provided function is a single Tensor with a single element.";

/** The outputs of `func` at `inputs`, and the product of the jacobian there with `v`, by two backward passes. */
export function jvp(func: TensorFunction, inputs: Tensors, ...args: Positional<FunctionalOptions>): [Tensors, Tensors] {
  const { v, create_graph = false, strict = false } = readOptions<FunctionalOptions>(["v", "create_graph", "strict"], args);
  return enable_grad(() => {
    const given = asTuple(inputs, "inputs", "jvp");
    const at = prepare(given.items, create_graph);
    const vector = inputVector(v, "jvp", given, SINGLE_INPUT);
    const outputs = asTuple(valueOf(func, at), "outputs of the user-provided function", "jvp");
    requireGradients(outputs.items, "outputs", strict);
    // the gradient is linear in what it is given: its own gradient with respect to that is the jacobian's other side
    const probes = outputs.items.map((o) => o.detach().zeros_like().requires_grad_());
    const back = gradients(outputs.items, at, probes, true);
    requireGradients(back, "grad_inputs", strict);
    const there = back.map((_, i) => i).filter((i) => back[i] !== null);
    const result = there.length === 0 ? probes.map(() => null) : gradients(there.map((i) => back[i]!), probes, there.map((i) => vector[i]), create_graph);
    const filled = fillZeros(result, outputs.items, strict, create_graph, "back_trick");
    return [untuple(outputs.isTuple, finish(outputs.items, create_graph)), untuple(outputs.isTuple, finish(filled, create_graph))];
  });
}

function nest(outputs: Tuple, inputs: Tuple, blocks: Tensor[][]): Nested {
  const rows = blocks.map((row) => inputs.isTuple ? row : row[0]) as Nested[];
  return outputs.isTuple ? rows : rows[0];
}

/** PyTorch's refusals of what forward mode cannot do here. */
function checkForward(create_graph: boolean, strict: boolean, vectorize: boolean): void {
  if (create_graph) {
    throw new NotImplementedError(
      'torch.autograd.functional.jacobian: `create_graph=True` and `strategy="forward-mode"` are not supported together (yet). ' +
        'Please either set `create_graph=False` or `strategy="reverse-mode"`.',
    );
  }
  if (strict) {
    throw new RuntimeError(
      'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported together (yet). ' +
        'Please either set `strict=False` or `strategy="reverse-mode"`.',
    );
  }
  if (!vectorize) {
    throw new NotImplementedError("Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for `vectorize=True`.");
  }
}

/** The jacobian of `func` at `inputs`: for each output and input a tensor of the output's shape followed by the input's. */
export function jacobian(func: TensorFunction, inputs: Tensors, ...args: Positional<JacobianOptions>): Nested {
  const { create_graph = false, strict = false, vectorize = false, strategy = "reverse-mode" } = readOptions<JacobianOptions>(
    ["create_graph", "strict", "vectorize", "strategy"],
    args,
  );
  if (strategy !== "forward-mode" && strategy !== "reverse-mode") {
    throw new AssertionError(
      'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than inputs, "forward-mode" tends to be more performant. ' +
        'Otherwise, prefer to use "reverse-mode".',
    );
  }
  if (strategy === "forward-mode") {
    checkForward(create_graph, strict, vectorize);
    return dualJacobian(func, inputs);
  }
  return enable_grad(() => {
    const given = asTuple(inputs, "inputs", "jacobian");
    const at = prepare(given.items, create_graph);
    const outputs = asTuple(valueOf(func, at), "outputs of the user-provided function", "jacobian");
    requireGradients(outputs.items, "outputs", strict);
    if (vectorize && strict) {
      throw new RuntimeError(
        "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not supported together. Please either set `strict=False` or `vectorize=False`.",
      );
    }
    if (vectorize) return nest(outputs, given, batchedJacobian(outputs.items, at, create_graph));
    const blocks = outputs.items.map((output, i) => {
      const rows: Tensor[][] = at.map(() => []);
      const flat = output.reshape(-1);
      for (let k = 0; k < output.count; k++) {
        gradients([flat.select(0, k)], at, null, create_graph, true).forEach((g, j) => {
          if (strict && g === null) {
            throw new RuntimeError(`Output ${i} of the user-provided function is independent of input ${j}. This is not allowed in strict mode.`);
          }
          if (strict && create_graph && !g!.requires_grad) {
            throw new RuntimeError(
              `The jacobian of the user-provided function is independent of input ${j}. This is not allowed in strict mode when create_graph=True.`,
            );
          }
          rows[j].push((g ?? at[j].detach().zeros_like()).unsqueeze(0));
        });
      }
      return finish(rows.map((list, j) => (list.length === 0 ? at[j].new_zeros([0]) : cat(list)).reshape([...output.sizes, ...at[j].sizes])), create_graph);
    });
    return nest(outputs, given, blocks);
  });
}

/** All rows at once: one backward pass for the unit vectors of all outputs. */
function batchedJacobian(outputs: readonly Tensor[], inputs: readonly Tensor[], createGraph: boolean): Tensor[][] {
  const units = unitVectors(outputs).map((u, i) => u.reshape([-1, outputs[i].count]));
  const flat = outputs.map((t) => t.reshape(-1));
  const tracked = flat.map((_, i) => i).filter((i) => flat[i].requires_grad);
  const rows: MaybeTensor[] = tracked.length === 0
    ? inputs.map(() => null)
    : grad(tracked.map((i) => flat[i]), inputs, tracked.map((i) => units[i]), { create_graph: createGraph, allow_unused: true, is_grads_batched: true });
  const total = outputs.reduce((n, t) => n + t.count, 0);
  const columns = rows.map((all, j) => splitBatch(all ?? inputs[j].detach().zeros_like().expand([total, ...inputs[j].sizes]), outputs));
  return outputs.map((out, i) => finish(columns.map((parts, j) => parts[i].reshape([...out.sizes, ...inputs[j].sizes])), createGraph));
}

/** All columns at once: one run in forward mode for the unit vectors of all inputs. */
function dualJacobian(func: TensorFunction, inputs: Tensors): Nested {
  const given = asTuple(inputs, "inputs", "jacobian");
  let outputs: Tuple = { isTuple: false, items: [] };
  const push = (...directions: Tensor[]): Tensor[] =>
    dual_level(() => {
      const duals = given.items.map((t, j) => make_dual(t, directions[j]));
      const results = asTuple(valueOf(func, duals), "outputs", "jacobian");
      const parts = results.items.map((t) => unpack_dual(t));
      outputs = { isTuple: results.isTuple, items: parts.map((p) => p.primal) };
      return parts.map((p) => p.tangent ?? p.primal.detach().zeros_like());
    });
  const columns = mapSlices(push, "jvp", unitVectors(given.items)) as Tensor[];
  const blocks = columns.map((all, i) =>
    splitBatch(all, given.items).map((part, j) => part.movedim(0, -1).reshape([...outputs.items[i].sizes, ...given.items[j].sizes]))
  );
  return nest(outputs, given, blocks);
}

/** Column by column, by two backward passes each: for functions that record what forward mode cannot see. */
function forwardJacobian(func: TensorFunction, inputs: Tensors): Nested {
  const given = asTuple(inputs, "inputs", "jacobian");
  let outputs: Tuple = { isTuple: false, items: [] };
  const columns: Tensor[][][] = [];
  given.items.forEach((input, j) => {
    for (let k = 0; k < input.count; k++) {
      const v = given.items.map((t) => t.detach().zeros_like({ memory_format: "torch.contiguous_format" }));
      v[j].view(-1).select(0, k).fill_(1);
      const [out, tangent] = jvp(func, given.items, v);
      outputs = asTuple(out, "outputs", "jacobian");
      asTuple(tangent, "outputs", "jacobian").items.forEach((t, i) => ((columns[i] ??= [])[j] ??= []).push(t.unsqueeze(-1)));
    }
  });
  const blocks = outputs.items.map((output, i) => given.items.map((input, j) => cat(columns[i][j], -1).reshape([...output.sizes, ...input.sizes])));
  return nest(outputs, given, blocks);
}

function scalarOutput(output: unknown, name: string, strict: boolean): Tensor {
  const out = asTuple(output, "outputs of the user-provided function", name);
  requireGradients(out.items, "outputs", strict);
  if (out.isTuple || !(out.items[0] instanceof Tensor)) throw new RuntimeError(`The function given to ${name} should return a single Tensor`);
  if (out.items[0].count !== 1) throw new RuntimeError(`The Tensor returned by the function given to ${name} should contain a single element`);
  return out.items[0].squeeze();
}

/** The hessian of a scalar function at `inputs`: for each pair of inputs a tensor of the one's shape followed by the other's. */
export function hessian(func: TensorFunction, inputs: Tensors, ...args: Positional<HessianOptions>): Nested {
  const { create_graph = false, strict = false, vectorize = false, outer_jacobian_strategy = "reverse-mode" } = readOptions<HessianOptions>(
    ["create_graph", "strict", "vectorize", "outer_jacobian_strategy"],
    args,
  );
  if (outer_jacobian_strategy !== "forward-mode" && outer_jacobian_strategy !== "reverse-mode") {
    throw new AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".');
  }
  if (outer_jacobian_strategy === "forward-mode") checkForward(create_graph, strict, vectorize);
  const given = asTuple(inputs, "inputs", "hessian");
  const gradient = (...at: Tensor[]): Tensor[] => {
    const points = at.map((t) => t.requires_grad ? t : t.detach().requires_grad_());
    const out = scalarOutput(valueOf(func, points), "hessian", strict);
    const back = gradients([out], points, null, true);
    if (strict) requireGradients(back, "jacobian", true);
    return back.map((g, i) => g ?? points[i].detach().zeros_like());
  };
  const options: JacobianOptions = { create_graph, strict, vectorize };
  const blocks = outer_jacobian_strategy === "forward-mode" ? forwardJacobian(gradient, given.items) : jacobian(gradient, given.items, options);
  return given.isTuple ? blocks : (blocks as Nested[][])[0][0];
}

/** The value of a scalar function at `inputs`, and the product of `v` with its hessian there. */
export function vhp(func: TensorFunction, inputs: Tensors, ...args: Positional<FunctionalOptions>): [Tensors, Tensors] {
  const { v, create_graph = false, strict = false } = readOptions<FunctionalOptions>(["v", "create_graph", "strict"], args);
  return enable_grad(() => {
    const given = asTuple(inputs, "inputs", "vhp");
    const at = prepare(given.items, create_graph);
    const vector = inputVector(v, "vhp", given, SINGLE_INPUT);
    const raw = valueOf(func, at);
    scalarOutput(raw, "vhp", strict);
    const out = raw as Tensor;
    const first = gradients([out], at, null, true);
    requireGradients(first, "jacobian", strict);
    const there = first.map((_, i) => i).filter((i) => first[i] !== null);
    const second = there.length === 0 ? at.map(() => null) : gradients(there.map((i) => first[i]!), at, there.map((i) => vector[i]), create_graph);
    const result = fillZeros(second, at, strict, create_graph, "double_back");
    return [finish([out], create_graph)[0], untuple(given.isTuple, finish(result, create_graph))];
  });
}

/** The value of a scalar function at `inputs`, and the product of its hessian there with `v`. */
export function hvp(func: TensorFunction, inputs: Tensors, ...args: Positional<FunctionalOptions>): [Tensors, Tensors] {
  const { v, create_graph = false, strict = false } = readOptions<FunctionalOptions>(["v", "create_graph", "strict"], args);
  return enable_grad(() => {
    const given = asTuple(inputs, "inputs", "hvp");
    const at = prepare(given.items, create_graph);
    const vector = inputVector(v, "hvp", given, SINGLE_INPUT);
    const raw = valueOf(func, at);
    scalarOutput(raw, "hvp", strict);
    const out = raw as Tensor;
    const first = gradients([out], at, null, true);
    requireGradients(first, "jacobian", strict);
    const probes = at.map((t) => t.detach().zeros_like().requires_grad_());
    const there = first.map((_, i) => i).filter((i) => first[i] !== null);
    const second = there.length === 0 ? at.map(() => null) : gradients(there.map((i) => first[i]!), at, there.map((i) => probes[i]), true);
    requireGradients(second, "hessian", strict);
    const dependent = second.map((_, i) => i).filter((i) => second[i] !== null && second[i]!.requires_grad);
    const product = dependent.length === 0
      ? probes.map(() => null)
      : gradients(dependent.map((i) => second[i]!), probes, dependent.map((i) => vector[i]), create_graph);
    const result = fillZeros(product, at, strict, create_graph, "double_back_trick");
    return [finish([out], create_graph)[0], untuple(given.isTuple, finish(result, create_graph))];
  });
}
