/**
 * `backward` and `grad`: from tensors to a backward pass.
 */
import { IndexError, RuntimeError, ValueError } from "../errors.ts";
import { sameSizes, type Sizes } from "../layout.ts";
import { isPlainObject, pythonType } from "../python.ts";
import { makeSize } from "../size.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { execute, type PassOptions, type Root } from "./engine.ts";
import { retainGrad } from "./hooks.ts";
import type { MaybeTensor } from "./node.ts";
import { refuseUnderTransforms } from "./transforms.ts";
import { gradientEdge } from "./view.ts";
import { mapSlices } from "./vmap.ts";

/** A place in the graph where gradients can be asked for without holding the tensor itself. */
export class GradientEdge {
  /** The node. */
  readonly node: Root["node"];
  /** The number of its output. */
  readonly output_nr: number;

  /** See `torch.autograd.graph.get_gradient_edge`. */
  constructor(node: Root["node"], output_nr: number) {
    this.node = node;
    this.output_nr = output_nr;
  }

  /** The node and the number, as the named tuple that it is in PyTorch unpacks. */
  *[Symbol.iterator](): Iterator<Root["node"] | number> {
    yield this.node;
    yield this.output_nr;
  }

  /** `GradientEdge(node=<MulBackward0 object at 0x...>, output_nr=0)`. */
  toString(): string {
    return `GradientEdge(node=${this.node}, output_nr=${this.output_nr})`;
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

/** A tensor, or the place of one in the graph. */
export type TensorOrEdge = Tensor | GradientEdge;
/** One or several of something. */
export type OneOrMore<T> = T | readonly T[];

/** The named arguments of `Tensor.backward`. */
export interface BackwardOptions {
  /** The gradient of the tensor that backward starts from; may be left out for a scalar. */
  gradient?: Tensor | null;
  /** Keep what was saved, so that backward can run again. By default what `create_graph` says. */
  retain_graph?: boolean | null;
  /** Record the backward pass, so that gradients can be differentiated again. */
  create_graph?: boolean;
  /** The leaves to accumulate into; all by default. */
  inputs?: OneOrMore<TensorOrEdge> | null;
}

/** The named arguments of `torch.autograd.grad`. */
export interface GradOptions {
  /** The gradients of the outputs; null for scalars. */
  grad_outputs?: OneOrMore<Tensor | null> | null;
  /** Keep what was saved, so that backward can run again. By default what `create_graph` says. */
  retain_graph?: boolean | null;
  /** Record the backward pass, so that gradients can be differentiated again. */
  create_graph?: boolean;
  /** Deprecated and ignored. */
  only_inputs?: boolean;
  /** Give null for inputs that did not take part, instead of an error. */
  allow_unused?: boolean | null;
  /** The first dimension of `grad_outputs` numbers several gradients that are taken at once. */
  is_grads_batched?: boolean;
  /** Give zeros for inputs that did not take part. */
  materialize_grads?: boolean;
}

function asArray<T>(value: OneOrMore<T>, what: string): T[] {
  if (Array.isArray(value)) return [...value];
  if (value instanceof Tensor || value instanceof GradientEdge || value === null) return [value as T];
  throw new TypeError(what);
}

const shapeText = (t: Tensor) => makeSize(t.sizes).toString();

/** The gradient to start from: the one given, checked, or ones for a scalar. `i` numbers the output. */
function startingGradient(out: TensorOrEdge, grad: Tensor | null, i: number): Tensor {
  if (grad === null) {
    if (out instanceof GradientEdge) throw new RuntimeError("grad can be implicitly created only for scalar outputs");
    if (!out.requires_grad) return Tensor.make([], out.dtype);
    if (out.count !== 1) throw new RuntimeError("grad can be implicitly created only for scalar outputs");
    if (!out.dtype.is_floating_point) throw new RuntimeError(`grad can be implicitly created only for real scalar outputs but got ${out.dtype}`);
    const one = Tensor.small(out.sizes, out.dtype);
    one.store.data[one.offset] = 1;
    return one;
  }
  if (out instanceof Tensor && !sameSizes(grad.sizes, out.sizes)) {
    throw new RuntimeError(
      `Mismatch in shape: grad_output[${i}] has a shape of ${shapeText(grad)} and output[${i}] has a shape of ${shapeText(out)}.`,
    );
  }
  return grad;
}

function startingGradients(outputs: readonly TensorOrEdge[], given: readonly (Tensor | null)[]): Tensor[] {
  return outputs.map((out, i) => startingGradient(out, given[i] ?? null, i));
}

function checkGradients(outputs: readonly TensorOrEdge[], grads: readonly unknown[]): void {
  for (const grad of grads) {
    if (grad !== null && grad !== undefined && !(grad instanceof Tensor)) {
      throw new TypeError(`gradients can be either Tensors or None, but got ${pythonType(grad)}`);
    }
  }
  if (grads.length !== outputs.length) throw new RuntimeError(`got ${outputs.length} tensors and ${grads.length} gradients`);
}

function rootOf(out: TensorOrEdge, i: number): Root {
  if (out instanceof GradientEdge) return { node: out.node, nr: out.output_nr };
  const node = gradientEdge(out);
  if (node === null) throw new RuntimeError(`element ${i} of tensors does not require grad and does not have a grad_fn`);
  return { node, nr: out.output_nr };
}

/** The named arguments of `torch.autograd.backward`. */
export interface BackwardFunctionOptions extends Omit<BackwardOptions, "gradient"> {
  /** The gradients of the tensors that backward starts from; null for scalars. */
  grad_tensors?: OneOrMore<Tensor | null> | null;
  /** The old name of `grad_tensors`. */
  grad_variables?: OneOrMore<Tensor | null> | null;
}

/** Adds the gradients of `tensors`, weighted by `grad_tensors`, to the `.grad` of the leaves they were computed from. */
export function backward(
  tensors: OneOrMore<TensorOrEdge>,
  grad_tensors?: OneOrMore<Tensor | null> | null | BackwardFunctionOptions,
  retain_graph?: boolean | null | BackwardFunctionOptions,
  create_graph: boolean | BackwardFunctionOptions = false,
  options: BackwardFunctionOptions = {},
): void {
  let given = grad_tensors, retain = retain_graph, create = create_graph, rest: BackwardFunctionOptions = options;
  if (isPlainObject(given)) [rest, given] = [given as BackwardFunctionOptions, (given as BackwardFunctionOptions).grad_tensors];
  else if (isPlainObject(retain)) [rest, retain] = [retain as BackwardFunctionOptions, undefined];
  else if (isPlainObject(create)) [rest, create] = [create as BackwardFunctionOptions, false];
  if (rest.grad_variables !== null && rest.grad_variables !== undefined) {
    warnOnce("`grad_variables` is deprecated. Use `grad_tensors` instead.", "FutureWarning");
    if (given !== null && given !== undefined) {
      throw new RuntimeError("`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only use `grad_tensors`.");
    }
    given = rest.grad_variables;
  }
  runBackward(asArray(tensors, `'${pythonType(tensors)}' object is not iterable`), given as OneOrMore<Tensor | null> | null, {
    retain_graph: (retain as boolean | null | undefined) ?? rest.retain_graph,
    create_graph: (create as boolean) || rest.create_graph,
    inputs: rest.inputs,
  });
}

const INSIDE_TRANSFORM =
  "backward() called inside a functorch transform. This is not supported, please use functorch.grad or functorch.vjp instead or call backward() outside of functorch transforms.";

const ALL_LEAVES: PassOptions = { keepGraph: false, createGraph: false, inputs: null, accumulate: true };

/** `runBackward` of one tensor without options. */
function runPlainBackward(output: Tensor, gradient: Tensor | null): void {
  refuseUnderTransforms(INSIDE_TRANSFORM);
  const start = startingGradient(output, gradient, 0);
  execute([rootOf(output, 0)], [start], ALL_LEAVES);
}

function runBackward(outputs: readonly TensorOrEdge[], given: OneOrMore<Tensor | null> | null | undefined, options: BackwardOptions): void {
  refuseUnderTransforms(INSIDE_TRANSFORM);
  const wanted = options.inputs === null || options.inputs === undefined
    ? null
    : asArray(options.inputs, `'${pythonType(options.inputs)}' object is not iterable`);
  if (wanted !== null && wanted.length === 0) throw new RuntimeError("`inputs` argument to `backward()` cannot be empty.");
  const grads = given === null || given === undefined
    ? outputs.map(() => null)
    : asArray(given, `gradients can be either Tensors or None, but got ${pythonType(given)}`);
  checkGradients(outputs, grads);
  const start = startingGradients(outputs, grads);
  const create = options.create_graph === true;
  if (create) {
    warnOnce(
      "Using backward() with create_graph=True will create a reference cycle between the parameter and its gradient which can cause a memory leak. " +
        "We recommend using autograd.grad when creating the graph to avoid this. " +
        "If you have to use this function, make sure to reset the .grad fields of your parameters to None after use to break the cycle and avoid the leak.",
    );
  }
  const roots = outputs.map(rootOf);
  let inputs: Root[] | null = null;
  if (wanted !== null) {
    inputs = wanted.map((input, i) => {
      if (input instanceof Tensor && !input.requires_grad) throw new RuntimeError("can't retain_grad on Tensor that has requires_grad=False");
      if (input instanceof Tensor && input.grad_fn !== null) retainGrad(input);
      return rootOf(input, i);
    });
  }
  execute(roots, start, { keepGraph: options.retain_graph ?? create, createGraph: create, inputs, accumulate: true });
}

/** `x.backward(...)`: adds the gradient of `self` to the `.grad` of the leaves it was computed from. */
export function tensorBackward(
  self: Tensor,
  gradient?: Tensor | null | BackwardOptions,
  retain_graph?: boolean | null | BackwardOptions,
  create_graph: boolean | BackwardOptions = false,
  inputs?: OneOrMore<TensorOrEdge> | null | BackwardOptions,
): void {
  if (retain_graph === undefined && create_graph === false && inputs === undefined) {
    if (gradient === undefined) return runPlainBackward(self, null);
    if (gradient instanceof Tensor) return runPlainBackward(self, gradient);
  }
  const options: BackwardOptions = {};
  const values: [keyof BackwardOptions, unknown][] = [["gradient", gradient], ["retain_graph", retain_graph], ["create_graph", create_graph], [
    "inputs",
    inputs,
  ]];
  for (const [name, value] of values) {
    if (isPlainObject(value)) {
      for (const key in value) {
        if (!values.some(([known]) => known === key)) throw new TypeError(`Tensor.backward() got an unexpected keyword argument '${key}'`);
      }
      Object.assign(options, value);
    } else if (value !== undefined && !(name in options)) Object.assign(options, { [name]: value });
  }
  runBackward([self], options.gradient ?? null, options);
}

/** Takes an argument that stands in its place, or an object of named ones that stands there instead. */
function takeOption(named: GradOptions, name: keyof GradOptions, value: unknown): void {
  if (isPlainObject(value)) Object.assign(named, value);
  else if (value !== undefined) Object.assign(named, { [name]: value });
}

/**
 * The gradients of `outputs`, weighted by `grad_outputs`, with respect to `inputs`, one for each; `.grad` is left alone.
 * An input that did not take part is an error unless `allow_unused`.
 */
export function grad(
  outputs: OneOrMore<TensorOrEdge>,
  inputs: OneOrMore<TensorOrEdge>,
  grad_outputs?: OneOrMore<Tensor | null> | null | GradOptions,
  retain_graph?: boolean | null | GradOptions,
  create_graph?: boolean | GradOptions,
  options: GradOptions = {},
): Tensor[] {
  const named: GradOptions = {};
  takeOption(named, "grad_outputs", grad_outputs);
  takeOption(named, "retain_graph", retain_graph);
  takeOption(named, "create_graph", create_graph);
  Object.assign(named, options);
  if (named.materialize_grads && named.allow_unused === false) {
    throw new ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.");
  }
  const allowUnused = named.allow_unused ?? named.materialize_grads ?? false;
  const outs = asArray(outputs, `'${pythonType(outputs)}' object is not iterable`);
  const ins = asArray(inputs, `'${pythonType(inputs)}' object is not iterable`);
  if (ins.length === 0) throw new ValueError("grad requires non-empty inputs.");
  const given = named.grad_outputs === null || named.grad_outputs === undefined
    ? outs.map(() => null)
    : asArray(named.grad_outputs, `gradients can be either Tensors or None, but got ${pythonType(named.grad_outputs)}`);
  checkGradients(outs, given);
  const create = named.create_graph === true;
  const keepGraph = named.retain_graph ?? create;
  const start = named.is_grads_batched ? startingBatches(outs, given) : startingGradients(outs, given);
  const roots = outs.map(rootOf);
  const wanted = ins.map((input, i) => {
    if (input instanceof Tensor && !input.requires_grad) throw new RuntimeError("One of the differentiated Tensors does not require grad");
    return rootOf(input, i);
  });
  const pass = (...from: Tensor[]) => execute(roots, from, { keepGraph, createGraph: create, inputs: wanted, accumulate: false });
  const grads: MaybeTensor[] = named.is_grads_batched ? mapSlices(pass, "vjp", start) : pass(...start);
  const unused = grads.indexOf(null);
  if (unused >= 0 && !allowUnused) {
    throw new RuntimeError(
      "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.",
    );
  }
  if (named.materialize_grads) {
    return grads.map((g, i) => g ?? (ins[i] as Tensor).detach().new_zeros((ins[i] as Tensor).sizes).requires_grad_());
  }
  return grads as Tensor[];
}

/** The gradients to start from where their first dimension numbers several of them. */
function startingBatches(outs: readonly TensorOrEdge[], given: readonly (Tensor | null)[]): Tensor[] {
  return given.map((g, i) => {
    if (g === null) return startingGradients([outs[i]], [null])[0];
    const out = outs[i];
    const first = slice(g.sizes);
    if (!(out instanceof Tensor) || sameSizes(first, out.sizes)) return g;
    throw new RuntimeError(
      "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. The sizes of the remaining dimensions are " +
        `expected to match the shape of corresponding output, but a mismatch was detected: grad_output[${i}] has a shape of ${makeSize(slice(first))} ` +
        `and output[${i}] has a shape of ${shapeText(out)}. If you only want some tensors in \`grad_output\` to be considered batched, consider using vmap.`,
    );
  });
}

/** The shape of `t[0]`. */
function slice(sizes: Sizes): Sizes {
  if (sizes.length === 0) {
    throw new IndexError("invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number");
  }
  if (sizes[0] === 0) throw new IndexError("index 0 is out of bounds for dimension 0 with size 0");
  return sizes.slice(1);
}
