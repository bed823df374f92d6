/**
 * Elements read and written along one dimension, each by an index of its own.
 */
import { bool, type DType, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { type Combine, gatherAlong, scatterAlong } from "../kernels/indexing.ts";
import { type Sizes, wrapDim } from "../layout.ts";
import { Tensor } from "../tensor.ts";
import { warnOnce } from "../warnings.ts";
import { define, type InplaceOp, type Op, Primitive } from "./define.ts";
import { neutralElement, notDifferentiable } from "./neutral.ts";
import { along, indicesOf } from "./places.ts";
import { toScalar } from "./elementwise.ts";
import type { Num } from "./promotion.ts";
import { gradientOfSelf, gradientOfSource, type Route } from "./reduced_gradients.ts";

const showSizes = (sizes: Sizes) => `[${sizes.join(", ")}]`;
const rankOf = (t: Tensor) => Math.max(t.sizes.length, 1);
const sizeAt = (t: Tensor, dim: number) => t.sizes.length === 0 ? 1 : t.sizes[dim];

function checkedIndices(self: Tensor, dim: number, index: Tensor): Int32Array {
  const n = sizeAt(self, dim);
  return indicesOf(index, 0, n, (i) => new RuntimeError(`index ${i} is out of bounds for dimension ${dim} with size ${n}`));
}

// -- reading ---------------------------------------------------------------------------------------------------------

/** Named arguments of `gather`. */
export interface GatherOptions {
  /** The dimension along which the index counts. */
  dim: number;
  /** For each element of the result its index along `dim`: int64. */
  index: Tensor;
  /** Accepted; gradients are dense. */
  sparse_grad?: boolean;
  /** Takes the result. */
  out?: Tensor;
}

type GatherInputs = { self: Tensor; dim: number; index: Tensor; sparse_grad: boolean };

const gatherPrimitive = new Primitive<GatherInputs>({
  name: "GatherBackward0",
  forward: ({ self, dim, index }) => {
    const at = wrapDim(dim, self.sizes.length);
    const out = Tensor.make(index.sizes, self.dtype);
    if (index.count === 0) return out;
    if (index.dtype !== int64) throw new RuntimeError("gather(): Expected dtype int64 for index");
    if (rankOf(index) !== rankOf(self)) throw new RuntimeError("Index tensor must have the same number of dimensions as input tensor");
    for (let d = 0; d < self.sizes.length; d++) {
      if (d !== at && sizeAt(index, d) > self.sizes[d]) {
        throw new RuntimeError(
          `Size does not match at dimension ${d} expected index ${showSizes(index.sizes)} to be no larger than self ${
            showSizes(self.sizes)
          } apart from dimension ${at}`,
        );
      }
    }
    gatherAlong(out.store.data, shaped(index), checkedIndices(self, at, index), oneDimensional(along(self, at)));
    return out;
  },
  backward: {
    // deno-lint-ignore no-unused-vars -- PyTorch saves these: they can be read on the node, and a change of self is noticed
    self: ({ grad, self, dim, index, sparse_grad }) => grad.new_zeros(self.sizes).scatter_add(dim, index, grad),
    index: null,
  },
});

/** `gather`: the elements at the indices along a dimension. */
export type Gather = Op<GatherOptions, [dim: number, index: Tensor]>;

/** For each element of `index`: the element of `self` at the same position, but with that index along `dim`. The gradient adds to the elements that were read. */
export const gather: Gather = define<Gather, GatherInputs & { out: Tensor | null }>(
  "gather",
  [
    "(Tensor input, int dim, Tensor index, *, bool sparse_grad = False, Tensor out = None)",
    "(Tensor input, name dim, Tensor index, *, bool sparse_grad = False, Tensor out = None)",
  ],
  ({ out, ...inputs }) => {
    if (out !== null && out.dtype !== inputs.self.dtype) {
      throw new RuntimeError(`Expected out tensor to have dtype ${inputs.self.dtype.ctype}, but got ${out.dtype.ctype} instead`);
    }
    return gatherPrimitive.apply(inputs);
  },
);

const shaped = (t: Tensor): Sizes => t.sizes.length === 0 ? [1] : t.sizes;

/** A 0-d tensor's memory as that of one dimension. */
function oneDimensional<M extends { strides: Sizes }>(memory: M): M {
  return memory.strides.length === 0 ? { ...memory, strides: [0] } : memory;
}

/** Named arguments of `take_along_dim`. */
export interface TakeAlongDimOptions {
  /** For each element of the result its index along `dim`: int64. */
  indices: Tensor;
  /** The dimension along which the index counts; all elements in row-major order where it is left out. */
  dim?: number | null;
  /** Takes the result. */
  out?: Tensor;
}

/** `take_along_dim`: the elements at the indices along a dimension, shapes broadcast. */
export type TakeAlongDim = Op<TakeAlongDimOptions, [indices: Tensor, dim?: number | null]>;

/** `gather` with `self` and `indices` broadcast against each other in the other dimensions. */
export const take_along_dim: TakeAlongDim = define<TakeAlongDim, { self: Tensor; indices: Tensor; dim: number | null }>(
  "take_along_dim",
  "(Tensor input, Tensor indices, int dim = None, *, Tensor out = None)",
  ({ self, indices, dim }) => {
    if (indices.dtype !== int64) throw new RuntimeError(`torch.take_along_dim(): dtype of indices should be Long but got ${indices.dtype.scalar}`);
    if (dim === null) return gather(self.reshape(-1), 0, indices.reshape(-1));
    if (self.sizes.length !== indices.sizes.length) {
      throw new RuntimeError(
        `torch.take_along_dim(): input and indices should have the same number of dimensions, ` +
          `but got ${self.sizes.length} dimensions for input, and ${indices.sizes.length} dimensions for indices`,
      );
    }
    const at = wrapDim(dim, self.sizes.length);
    const common = (a: Sizes, b: Sizes): number[] =>
      a.map((n, d) => {
        const m = b[d];
        if (d !== at && n !== m && n !== 1 && m !== 1) {
          throw new RuntimeError(`The size of tensor a (${n}) must match the size of tensor b (${m}) at non-singleton dimension ${d}`);
        }
        return d === at ? n : n === 1 ? m : n;
      });
    const selfSizes = common(self.sizes, indices.sizes);
    const indexSizes = indices.sizes.map((n, d) => d === at ? n : selfSizes[d]);
    return gather(self.expand(selfSizes), at, indices.expand(indexSizes));
  },
);

// -- writing ---------------------------------------------------------------------------------------------------------

type ScatterInputs<S> = { self: Tensor; dim: number; index: Tensor } & S;
type Src = { src: Tensor };
type Value = { value: Num };

/** What the writing ops ask of their arguments; gives the dimension and the indices, none where there is nothing to write. */
function check(name: string, { self, dim, index, src }: ScatterInputs<{ src: Tensor | null }>): { at: number; picked: Int32Array } {
  const at = wrapDim(dim, self.sizes.length);
  if (index.count > 0 && index.dtype !== int64) throw new RuntimeError(`${name}(): Expected dtype int64 for index`);
  if (src !== null && src.dtype !== self.dtype) throw new RuntimeError(`${name}(): Expected self.dtype to be equal to src.dtype`);
  if (index.count === 0) return { at, picked: new Int32Array(0) };
  if (rankOf(index) !== rankOf(self)) throw new RuntimeError("Index tensor must have the same number of dimensions as self tensor");
  let fits = true;
  for (let d = 0; d < rankOf(self); d++) {
    if (d !== at && sizeAt(index, d) > sizeAt(self, d)) fits = false;
    if (src !== null && sizeAt(index, d) > sizeAt(src, wrapDim(d, src.sizes.length))) fits = false;
  }
  if (src !== null && rankOf(index) !== rankOf(src)) throw new RuntimeError("Index tensor must have the same number of dimensions as src tensor");
  if (!fits) {
    throw new RuntimeError(
      `Expected index ${showSizes(index.sizes)} to be no larger than self ${showSizes(self.sizes)} apart from dimension ${at}` +
        (src === null ? "" : ` and to be no larger size than src ${showSizes(src.sizes)}`),
    );
  }
  return { at, picked: checkedIndices(self, at, index) };
}

function write(self: Tensor, index: Tensor, { at, picked }: { at: number; picked: Int32Array }, src: Tensor, combine: Combine): void {
  if (picked.length === 0) return;
  const values = { data: src.store.data, offset: src.offset, strides: src.strides };
  scatterAlong(oneDimensional(along(self, at)), shaped(index), picked, oneDimensional(values), combine === "add" && self.dtype === bool ? "or" : combine);
}

/** A number as a source for every index. */
function expanded(value: Num, dtype: DType, index: Tensor): Tensor {
  const one = Tensor.make([1], dtype);
  one.store.data[0] = toScalar(dtype === bool ? Boolean(value) : value, dtype);
  return one.alias(index.sizes, index.sizes.map(() => 0));
}

/** The two ways of a writing op: into a copy, and into the tensor itself. */
function writer<P extends { self: Tensor }>(name: string, change: (inputs: P, self: Tensor) => void, primitive: () => Primitive<P>) {
  return {
    forward: (inputs: P): Tensor => {
      const out = inputs.self.clone({ memory_format: "torch.contiguous_format" });
      change(inputs, out);
      return out;
    },
    inplace: (inputs: P): Tensor => primitive().writeInto(inputs, (own: P) => change(own, own.self)),
    name,
  };
}

const SRC = writer<ScatterInputs<Src>>("ScatterBackward0", (p, self) => write(self, p.index, check("scatter", p), p.src, "assign"), () => scatterSrc);
const scatterSrc: Primitive<ScatterInputs<Src>> = new Primitive<ScatterInputs<Src>>({
  ...SRC,
  backward: {
    self: ({ grad, dim, index }) => grad.scatter(dim, index, 0),
    index: null,
    src: ({ grad, dim, index }) => grad.gather(dim, index),
  },
});

const VALUE = writer<ScatterInputs<Value>>(
  "ScatterBackward1",
  (p, self) => write(self, p.index, check("scatter", { ...p, src: null }), expanded(p.value, self.dtype, p.index), "assign"),
  () => scatterValue,
);
const scatterValue: Primitive<ScatterInputs<Value>> = new Primitive<ScatterInputs<Value>>({
  ...VALUE,
  backward: { self: ({ grad, dim, index }) => grad.scatter(dim, index, 0), index: null },
});

type Reducing = { src: Tensor | null; value: Num | null; reduce: string };
const REDUCED = writer<ScatterInputs<Reducing>>("torch::autograd::NotImplemented", ({ src, value, reduce, ...rest }, self) => {
  const combine: Combine = reduce === "add" ? "add" : "mul";
  write(self, rest.index, check("scatter", { ...rest, src }), src ?? expanded(value!, self.dtype, rest.index), combine);
}, () => scatterReducing);
const scatterReducing: Primitive<ScatterInputs<Reducing>> = new Primitive<ScatterInputs<Reducing>>({
  ...REDUCED,
  backward: { self: notDifferentiable("aten::scatter"), index: null, src: notDifferentiable("aten::scatter") },
});

/** Named arguments of `scatter`: one of `src` and `value`. */
export interface ScatterOptions {
  /** The dimension along which the index counts. */
  dim: number;
  /** For each element of the source its index along `dim`: int64. */
  index: Tensor;
  /** The source. */
  src?: Tensor | Num;
  /** A number for all places. */
  value?: Num;
  /** Combine with what is there instead of replacing it; without a derivative. */
  reduce?: "add" | "multiply";
  /** Takes the result. */
  out?: Tensor;
}

/** `scatter`: a copy with elements, or one number, written at the indices along a dimension. */
export type Scatter = InplaceOp<ScatterOptions, [dim: number, index: Tensor, src: Tensor | Num]>;
type ParsedScatter = { self: Tensor; dim: number; index: Tensor; src?: Tensor; value?: Num; reduce?: string };

function route({ reduce, src, value, ...rest }: ParsedScatter, way: "forward" | "inplace"): Tensor {
  const run = <P extends { self: Tensor }>(primitive: Primitive<P>, inplace: (inputs: P) => Tensor, inputs: P) =>
    way === "inplace" ? inplace(inputs) : primitive.apply(inputs) as Tensor;
  if (reduce !== undefined) {
    if (reduce !== "add" && reduce !== "multiply") throw new RuntimeError("reduce argument must be either add or multiply.");
    if (src !== undefined) {
      warnOnce(
        "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch release. Use torch.scatter_reduce instead for more reduction options. " +
          "(Triggered internally at ./aten/src/ATen/native/TensorAdvancedIndexing.cpp:231.)",
      );
    }
    return run(scatterReducing, REDUCED.inplace, { ...rest, src: src ?? null, value: value ?? null, reduce });
  }
  if (src !== undefined) return run(scatterSrc, SRC.inplace, { ...rest, src });
  return run(scatterValue, VALUE.inplace, { ...rest, value: value! });
}

/** `self` with the elements of `src`, or a number, at the places whose index along `dim` stands in `index`. The gradient of a written place goes to `src`, of any other to `self`. */
export const scatter: Scatter = define<Scatter, ParsedScatter>(
  "scatter",
  [
    "(Tensor input, int dim, Tensor index, Tensor src, *, Tensor out = None)",
    "(Tensor input, int dim, Tensor index, Tensor src, *, str reduce, Tensor out = None)",
    "(Tensor input, name dim, Tensor index, Tensor src)",
    "(Tensor input, int dim, Tensor index, Number value, *, Tensor out = None)",
    "(Tensor input, int dim, Tensor index, Number value, *, str reduce, Tensor out = None)",
    "(Tensor input, name dim, Tensor index, Number value)",
  ],
  (inputs) => route(inputs, "forward"),
  { inplace: (inputs) => route(inputs, "inplace") },
);

const ADD = writer<ScatterInputs<Src>>("ScatterAddBackward0", (p, self) => write(self, p.index, check("scatter", p), p.src, "add"), () => scatterAdd);
const scatterAdd: Primitive<ScatterInputs<Src>> = new Primitive<ScatterInputs<Src>>({
  ...ADD,
  backward: {
    self: ({ grad }) => grad,
    index: null,
    src: ({ grad, dim, index }) => grad.gather(dim, index),
  },
});

/** `scatter_add`: a copy with elements added at the indices along a dimension. */
export type ScatterAdd = InplaceOp<{ dim: number; index: Tensor; src: Tensor; out?: Tensor }, [dim: number, index: Tensor, src: Tensor]>;

/** `self` with the elements of `src` added at the places whose index along `dim` stands in `index`. The gradient goes to `self` unchanged and to `src` from where it was added. */
export const scatter_add: ScatterAdd = define<ScatterAdd, ScatterInputs<Src>>(
  "scatter_add",
  ["(Tensor input, int dim, Tensor index, Tensor src, *, Tensor out = None)", "(Tensor input, name dim, Tensor index, Tensor src)"],
  (inputs) => scatterAdd.apply(inputs),
  { inplace: ADD.inplace },
);

// -- reducing --------------------------------------------------------------------------------------------------------

type ReduceInputs = ScatterInputs<Src> & { reduce: string; include_self: boolean };
const REDUCTIONS: Record<string, Combine> = { sum: "add", prod: "mul", mean: "add", amax: "amax", amin: "amin" };

function reduceInto(inputs: ReduceInputs, self: Tensor): void {
  const { index, src, reduce, include_self } = inputs;
  if (!(reduce in REDUCTIONS)) throw new RuntimeError(`reduce argument must be either sum, prod, mean, amax or amin, got ${reduce}`);
  const places = check("scatter", inputs);
  if (places.picked.length === 0) return;
  if (reduce === "mean" && self.dtype === bool) throw new RuntimeError(`"scatter_gather_tensor_cpu_reduce_mean" not implemented for 'Bool'`);
  if (!include_self) write(self, index, places, expanded(neutralElement(REDUCTIONS[reduce], self.dtype), self.dtype, index), "assign");
  write(self, index, places, src, REDUCTIONS[reduce]);
  if (reduce !== "mean") return;
  const counts = Tensor.make(self.sizes, self.dtype);
  if (include_self) counts.fill_(1);
  write(counts, index, places, expanded(1, self.dtype, index), "add");
  counts.masked_fill_(counts.eq(0), 1);
  self.copy_(self.dtype.is_floating_point ? self.div(counts) : self.div(counts, { rounding_mode: "floor" }));
}

const REDUCE = writer<ReduceInputs>("ScatterReduceBackward0", reduceInto, () => scatterReduce);
const gradientRoute = (dim: number, index: Tensor, include_self: boolean): Route => ({
  pick: (t) => t.gather(dim, index),
  add: (t, source) => t.scatter_add(dim, index, source),
  clear: (t) => t.scatter(dim, index, 0),
  multiply: (t, source) => t.scatter_reduce(dim, index, source, "prod", { include_self }),
});
const scatterReduce: Primitive<ReduceInputs> = new Primitive<ReduceInputs>({
  ...REDUCE,
  backward: {
    self: ({ grad, self, dim, index, src, reduce, include_self, result }) =>
      gradientOfSelf({ grad, self, source: src, reduce, include_self, result }, gradientRoute(dim, index, include_self)),
    index: null,
    src: ({ grad, self, dim, index, src, reduce, include_self, result }) =>
      gradientOfSource({ grad, self, source: src, reduce, include_self, result }, gradientRoute(dim, index, include_self)),
  },
});

/** How elements that meet at one place are brought together. */
export type ScatterReduction = "sum" | "prod" | "mean" | "amax" | "amin";
/** Named arguments of `scatter_reduce`. */
export type ScatterReduceOptions = { dim: number; index: Tensor; src: Tensor; reduce: ScatterReduction; include_self?: boolean; out?: Tensor };
/** `scatter_reduce`: a copy with elements combined at the indices along a dimension. */
export type ScatterReduce = InplaceOp<ScatterReduceOptions, [dim: number, index: Tensor, src: Tensor, reduce: ScatterReduction]>;

/** `self` with the elements of `src` summed, multiplied, averaged or compared into the places whose index along `dim` stands in `index`. */
export const scatter_reduce: ScatterReduce = define<ScatterReduce, ReduceInputs>(
  "scatter_reduce",
  "(Tensor input, int dim, Tensor index, Tensor src, str reduce, *, bool include_self = True, Tensor out = None)",
  (inputs) => scatterReduce.apply(inputs),
  { inplace: REDUCE.inplace },
);
