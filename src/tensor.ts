/**
 * The tensor: what it holds and what can be read from it. Everything it can do is an op (src/ops) and is put here by src/methods.ts.
 */
import type { AccumulateGrad } from "./autograd/accumulate.ts";
import { is_inference_mode_enabled } from "./autograd/mode.ts";
import type { Node } from "./autograd/node.ts";
import type { Lift, Tangent } from "./autograd/transforms.ts";
import { gradFn, requiresGrad, type ViewInfo } from "./autograd/view.ts";
import { type DType, float32 } from "./dtype.ts";
import { AttributeError, RuntimeError } from "./errors.ts";
import { contiguousStrides, elementCount, isContiguous, isNonOverlappingAndDense, type Sizes } from "./layout.ts";
import type { Methods } from "./methods.ts";
import { unfilled } from "./memory.ts";
import { CPU, type Device, makeSize, type SizeArray } from "./size.ts";
import { type Memory, SMALL, smallStorage, Storage } from "./storage.ts";
import { pythonType } from "./python.ts";
import { warnOnce } from "./warnings.ts";

/** @internal The methods, each documented with the op that it is. */
// The methods come from the ops: this is the one place where a lower layer names a higher one, and only its types.
export interface Tensor extends Methods {}

/** A multi-dimensional array of numbers of one dtype that can record how it was computed. */
export class Tensor {
  /** @internal The memory, shared with views. */
  store: Memory;
  /** The type of its elements. */
  readonly dtype: DType;
  /** @internal The shape as a plain array. */
  sizes: Sizes;
  /** @internal Elements to skip in memory for one step along each dimension. */
  strides: Sizes;
  /** @internal Where in memory the first element stands. */
  offset: number;
  /** @internal The number of elements. */
  count: number;
  /** @internal Whether the elements stand in row-major order. */
  contiguousLayout: boolean;
  /** @internal The node that made it; for views see `grad_fn`. */
  node: Node | null = null;
  /** Which output of its node it is. */
  output_nr = 0;
  /** @internal Whether gradients flow to it, as far as is known without looking at its base. */
  tracks = false;
  /** @internal Whether it was made in inference mode. */
  readonly inference: boolean;
  /** @internal What it remembers of its base if it is a view. */
  viewInfo: ViewInfo | null = null;
  /** @internal The node that accumulates its gradient if it is a leaf. */
  sink: AccumulateGrad | null = null;
  /** @internal `.grad` without the warning. */
  ownGrad: Tensor | null = null;
  /** Whether `retain_grad` has been called on it. */
  retains_grad = false;
  /** @internal The transform that it belongs to, and what it stands for there. */
  lift: Lift | null = null;
  /** @internal Its tangent if it is a dual of forward mode. */
  tangent: Tangent | null = null;

  /** @internal Tensors are made by `tensor`, `ones`, `zeros` ... and by ops. */
  constructor(store: Memory, dtype: DType, sizes: Sizes, strides: Sizes | null = null, offset = 0, count = -1) {
    this.store = store;
    this.dtype = dtype;
    this.sizes = sizes;
    this.offset = offset;
    this.count = count >= 0 ? count : elementCount(sizes);
    this.inference = is_inference_mode_enabled();
    if (strides === null) {
      this.strides = contiguousStrides(sizes);
      this.contiguousLayout = true;
    } else {
      this.strides = strides;
      this.contiguousLayout = isContiguous(sizes, strides);
    }
  }

  /** @internal A new tensor of zeros, dense; the strides must describe dense memory where they are given. */
  static make(sizes: Sizes, dtype: DType = float32, strides: Sizes | null = null): Tensor {
    return new Tensor(new Storage(dtype.allocate(elementCount(sizes))), dtype, sizes, strides);
  }

  /** @internal A new tensor of zeros in row-major order, which may lie in a block with others: its offset need not be 0. */
  static small(sizes: Sizes, dtype: DType): Tensor {
    const count = elementCount(sizes);
    if (count > SMALL) return new Tensor(new Storage(dtype.allocate(count)), dtype, sizes, null, 0, count);
    const store = smallStorage(dtype, count);
    return new Tensor(store, dtype, sizes, null, store.base, count);
  }

  /** @internal The same, for who writes all elements: they may hold anything. */
  static unfilled(sizes: Sizes, dtype: DType): Tensor {
    const count = elementCount(sizes);
    return dtype === float32 && count > SMALL ? new Tensor(new Storage(unfilled(count)), dtype, sizes, null, 0, count) : Tensor.small(sizes, dtype);
  }

  /** @internal A tensor of another shape over the same memory. */
  alias(sizes: Sizes = this.sizes, strides: Sizes = this.strides, offset: number = this.offset): Tensor {
    return new Tensor(this.store, this.dtype, sizes, strides, offset);
  }

  /** @internal Whether its elements fill their memory without gaps or overlap. */
  get dense(): boolean {
    return this.contiguousLayout || isNonOverlappingAndDense(this.sizes, this.strides);
  }

  /** The shape. */
  get shape(): SizeArray {
    return makeSize(this.sizes);
  }
  set shape(_: never) {
    throw notWritable("shape");
  }

  /** The number of dimensions. */
  get ndim(): number {
    return this.sizes.length;
  }

  /** Bytes an element. */
  get itemsize(): number {
    return this.dtype.itemsize;
  }

  /** Bytes of all elements. */
  get nbytes(): number {
    return this.count * this.dtype.itemsize;
  }

  /** Where it lives: the CPU. */
  get device(): Device {
    return CPU;
  }

  /** Always `torch.strided`. */
  get layout(): string {
    return "torch.strided";
  }

  /** Always false. */
  get is_sparse(): boolean {
    return false;
  }

  /** Always false. */
  get is_cuda(): boolean {
    return false;
  }

  /** True if it was made by the user, or requires no gradient: if `.grad` is, or would be, accumulated in it. */
  get is_leaf(): boolean {
    return !requiresGrad(this) || gradFn(this) === null;
  }
  set is_leaf(_: never) {
    throw notWritable("is_leaf");
  }

  /** The node that made it, or null for a leaf. */
  get grad_fn(): Node | null {
    return gradFn(this);
  }
  set grad_fn(_: never) {
    throw notWritable("grad_fn");
  }

  /** Whether ops on it are recorded and gradients flow to it. Can be set on leaves. */
  get requires_grad(): boolean {
    return requiresGrad(this);
  }
  set requires_grad(value: boolean) {
    if (typeof value !== "boolean") throw new RuntimeError("requires_grad must be a bool");
    setRequiresGrad(this, value, "only Tensors of floating point and complex dtype can require gradients");
  }

  /** The gradient that backward has accumulated, or null. */
  get grad(): Tensor | null {
    if (this.ownGrad === null && !this.retains_grad && requiresGrad(this) && !this.is_leaf) {
      warnOnce(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be populated during autograd.backward(). " +
          "If you indeed want the .grad field to be populated for a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor. " +
          "If you access the non-leaf Tensor by mistake, make sure you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more informations.",
      );
    }
    return this.ownGrad;
  }
  set grad(value: Tensor | null | undefined) {
    if (value === null || value === undefined) {
      this.ownGrad = null;
      return;
    }
    if (!(value instanceof Tensor)) throw new TypeError(`assigned grad expected to be a Tensor or None but got grad of type ${pythonType(value)}`);
    if (value === this) throw new RuntimeError("can't assign Variable as its own grad");
    if (value.dtype !== this.dtype) {
      throw new RuntimeError(
        `attempting to assign a gradient with dtype '${value.dtype.ctype}' to a tensor with dtype '${this.dtype.ctype}'. ` +
          "Please ensure that the gradient and the tensor have the same dtype",
      );
    }
    if (value.sizes.length !== this.sizes.length || value.sizes.some((n, i) => n !== this.sizes[i])) {
      throw new RuntimeError(
        `attempting to assign a gradient of size '[${value.sizes.join(", ")}]' to a tensor of size '[${this.sizes.join(", ")}]'. ` +
          "Please ensure that the gradient and the tensor are the same size",
      );
    }
    this.ownGrad = value;
  }

  /** The same values without history, over the same memory, but with a version counter of its own. Assigning replaces the values. */
  get data(): Tensor {
    if (this.lift !== null) return this.lift.level.dataOf(this.lift);
    return new Tensor(this.store.share(), this.dtype, this.sizes, this.strides, this.offset);
  }
  set data(value: Tensor) {
    if (!(value instanceof Tensor)) throw new TypeError(`Variable data has to be a tensor, but got ${pythonType(value)}`);
    if (this.tracks && !value.dtype.is_floating_point) {
      throw new RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype");
    }
    const store = value.store.share();
    store.version = this.store.version;
    const { sizes, strides, offset, count, contiguousLayout, dtype } = value;
    Object.assign(this, { store, sizes, strides, offset, count, contiguousLayout, dtype, viewInfo: null });
    if (this.sink !== null) {
      this.sink.sizes = [sizes];
      this.sink.dtypes = [dtype];
    }
  }

  /** How many in-place changes its memory has seen. */
  get _version(): number {
    if (this.inference) throw new RuntimeError("Inference tensors do not track version counter.");
    return this.store.version;
  }

  /** The tensor whose memory it shows if it is a view, else null. */
  get _base(): Tensor | null {
    return this.viewInfo === null ? null : this.viewInfo.base;
  }

  /** The elements in Python's notation of nested lists, with PyTorch's rounding, suffixes and line breaks. */
  toString(): string {
    return this.__repr__();
  }

  /** What `console.log` shows in Deno. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.__repr__();
  }

  /** What `console.log` shows in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.__repr__();
  }
}

function notWritable(name: string): AttributeError {
  return new AttributeError(`attribute '${name}' of 'torch._C.TensorBase' objects is not writable`);
}

/** Sets whether gradients flow to a leaf; `message` is what PyTorch says where the dtype does not allow it. */
export function setRequiresGrad(tensor: Tensor, value: boolean, message: string): void {
  if (!tensor.is_leaf) {
    if (value) return;
    throw new RuntimeError(
      "you can only change requires_grad flags of leaf variables. " +
        "If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
    );
  }
  if (value && !tensor.dtype.is_floating_point) throw new RuntimeError(message);
  if (value && tensor.inference && !is_inference_mode_enabled()) {
    throw new RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.");
  }
  tensor.tracks = value;
}
