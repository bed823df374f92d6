/**
 * Random tensors, and random values in place. The streams are PyTorch's: see src/random.ts.
 */
import { type DType, float32, float64, get_default_dtype, int64 } from "../dtype.ts";
import { RuntimeError } from "../errors.ts";
import { preservedStrides } from "../layout.ts";
import * as draw from "../random.ts";
import type { Generator } from "../random.ts";
import { setRequiresGrad, Tensor } from "../tensor.ts";
import { filledWith, type TensorOptions } from "./factory.ts";
import { define, type Fn, type Op, Primitive } from "./define.ts";
import { asContiguous, copyElements } from "./elementwise.ts";
import { default_generator } from "./seed.ts";
import type { Varargs } from "./view.ts";

/** Named arguments of everything that draws. */
export interface GeneratorOptions {
  /** The generator to draw from; the default one unless given. */
  generator?: Generator | null;
}

type Factory = { dtype: DType | null; requires_grad: boolean; generator?: Generator | null };
type Fill = (gen: Generator, target: Tensor) => void;

const FACTORY = "torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False";
const generatorOf = (p: { generator?: Generator | null }): Generator => p.generator ?? default_generator;

function floats(target: Tensor, kernel: string): Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  const { data } = target.store;
  if (target.dtype !== float32 && target.dtype !== float64) throw new RuntimeError(`"${kernel}" not implemented for '${target.dtype.scalar}'`);
  return data.subarray(target.offset, target.offset + target.count) as Float32Array<ArrayBuffer>;
}

/** Lets `fill` write the elements of `target` in the order of its memory, as PyTorch's iterator visits them. */
function fillInMemoryOrder(target: Tensor, gen: Generator, fill: Fill): void {
  if (target.dense) return fill(gen, target);
  const compact = Tensor.make(target.sizes, target.dtype, preservedStrides(target.sizes, target.strides));
  fill(gen, compact);
  copyElements(target, compact);
}

const uniformFill = (from: number, to: number): Fill => (gen, target) => draw.uniform(gen, floats(target, "check_uniform_bounds"), from, to);

function fillNormal(target: Tensor, gen: Generator, mean: number, std: number): void {
  const contiguous = target.contiguousLayout;
  fillInMemoryOrder(target, gen, (g, dense) => draw.normal(g, floats(dense, "normal_kernel_cpu"), mean, std, contiguous));
}

const randomSignatures = (head: string): string[] => [
  `(${head}, *, torch.Generator generator, Tensor out = None, ${FACTORY})`,
  `(${head}, *, Tensor out = None, ${FACTORY})`,
];

function made(tensor: Tensor, p: Factory): Tensor {
  if (p.requires_grad) setRequiresGrad(tensor, true, "Only Tensors of floating point and complex dtype can require gradients");
  return tensor;
}

/** `rand` and `randn`: random numbers in a given shape. */
export type RandomFactory = Fn<TensorOptions & GeneratorOptions & { size: readonly number[] }, Varargs>;

/** Uniform numbers from [0, 1). */
export const rand: RandomFactory = define<RandomFactory, Factory & { size: number[] }>("rand", randomSignatures("tuple of ints size"), (p) => {
  const out = filledWith(p.size, 0, p.dtype ?? get_default_dtype());
  uniformFill(0, 1)(generatorOf(p), out);
  return made(out, p);
});

/** Normal numbers with mean 0 and standard deviation 1. */
export const randn: RandomFactory = define<RandomFactory, Factory & { size: number[] }>("randn", randomSignatures("tuple of ints size"), (p) => {
  const out = filledWith(p.size, 0, p.dtype ?? get_default_dtype());
  fillNormal(out, generatorOf(p), 0, 1);
  return made(out, p);
});

function integers(target: Tensor, gen: Generator, low: number, high: number): Tensor {
  fillInMemoryOrder(
    target,
    gen,
    (g, dense) => draw.random_from_to(g, dense.store.data.subarray(dense.offset, dense.offset + dense.count), dense.dtype, low, high),
  );
  return target;
}

/** Named arguments of `randint`. */
export interface RandintOptions extends TensorOptions, GeneratorOptions {
  /** The smallest integer; 0 unless given. */
  low?: number;
  /** One more than the largest. */
  high?: number;
  /** The shape. */
  size?: readonly number[];
}

/** `randint`. */
export type Randint = Fn<RandintOptions, [high: number, size: readonly number[]] | [low: number, high: number, size: readonly number[]]>;

/** Integers from [low, high), int64 unless said otherwise. */
export const randint: Randint = define<Randint, Factory & { low?: number; high: number; size: number[] }>(
  "randint",
  [...randomSignatures("int high, tuple of ints size"), ...randomSignatures("int low, int high, tuple of ints size")],
  (p) => made(integers(filledWith(p.size, 0, p.dtype ?? int64), generatorOf(p), p.low ?? 0, p.high), p),
);

/** `randperm`. */
export type Randperm = Fn<TensorOptions & GeneratorOptions & { n: number }, [n: number]>;

/** A random order of the integers below `n`, int64 unless said otherwise. */
export const randperm: Randperm = define<Randperm, Factory & { n: number }>("randperm", randomSignatures("int n"), (p) => {
  if (p.n < 0) throw new RuntimeError(`Trying to create tensor with negative dimension ${p.n}: [${p.n}]`);
  const out = Tensor.make([p.n], p.dtype ?? int64);
  draw.randperm(generatorOf(p), out.store.data);
  return made(out, p);
});

/** Named arguments of `rand_like` and its kin. */
export type LikeOptions = TensorOptions & { memory_format: unknown };
const like = (self: Tensor, p: Factory): Tensor =>
  Tensor.make(self.sizes, p.dtype ?? self.dtype, self.contiguousLayout ? null : preservedStrides(self.sizes, self.strides));
const LIKE = `*, torch.memory_format memory_format = None, ${FACTORY}`;

/** Uniform numbers from [0, 1) in the shape and dtype of `self`. */
export const rand_like: Fn<LikeOptions & { input: Tensor }, [input: Tensor]> = define<
  Fn<LikeOptions & { input: Tensor }, [input: Tensor]>,
  Factory & { self: Tensor }
>(
  "rand_like",
  `(Tensor input, ${LIKE})`,
  (p) => {
    const out = like(p.self, p);
    fillInMemoryOrder(out, default_generator, uniformFill(0, 1));
    return made(out, p);
  },
);

/** Normal numbers in the shape and dtype of `self`. */
export const randn_like: Fn<LikeOptions & { input: Tensor }, [input: Tensor]> = define<
  Fn<LikeOptions & { input: Tensor }, [input: Tensor]>,
  Factory & { self: Tensor }
>(
  "randn_like",
  `(Tensor input, ${LIKE})`,
  (p) => {
    const out = like(p.self, p);
    fillNormal(out, default_generator, 0, 1);
    return made(out, p);
  },
);

/** `randint_like`: random integers in the shape of another tensor. */
export type RandintLike = Fn<
  LikeOptions & { input: Tensor; low: number; high: number },
  [input: Tensor, high: number] | [input: Tensor, low: number, high: number]
>;

/** Integers from [low, high) in the shape and dtype of `self`. */
export const randint_like: RandintLike = define<RandintLike, Factory & { self: Tensor; low?: number; high: number }>(
  "randint_like",
  [`(Tensor input, int high, ${LIKE})`, `(Tensor input, int low, int high, ${LIKE})`],
  (p) => made(integers(like(p.self, p), default_generator, p.low ?? 0, p.high), p),
);

// -- in place --------------------------------------------------------------------------------------------------------

/** A fill in place, recorded as an op whose gradient is zero. */
function filler<P extends { self: Tensor; generator?: Generator | null }>(node: string, write: (p: P) => void): (p: P) => Tensor {
  const primitive = new Primitive<{ self: Tensor }>({
    name: node,
    forward: ({ self }) => self,
    backward: { self: ({ grad }) => grad.zeros_like() },
  });
  return (p) => primitive.writeInto(p, () => write(p));
}

type Drawn<P extends Record<string, unknown>> = P & { self: Tensor; generator: Generator | null };
const GEN = "torch.Generator generator = None";

/** A fill with two parameters. */
export type TwoParameterFill<A extends string, B extends string> = Op<GeneratorOptions & Record<A | B, number>, [first?: number, second?: number]>;

/** Uniform numbers from [from, to). */
export const uniform_: TwoParameterFill<"from", "to"> = define<TwoParameterFill<"from", "to">, Drawn<{ from: number; to: number }>>(
  "uniform_",
  `(Tensor input, float from = 0, float to = 1, *, ${GEN})`,
  filler("UniformBackward0", (p) => fillInMemoryOrder(p.self, generatorOf(p), uniformFill(p.from, p.to))),
);

/** Normal numbers. */
export const normal_: TwoParameterFill<"mean", "std"> = define<TwoParameterFill<"mean", "std">, Drawn<{ mean: number; std: number }>>(
  "normal_",
  `(Tensor input, float mean = 0, float std = 1, *, ${GEN})`,
  filler("NormalBackward0", (p) => fillNormal(p.self, generatorOf(p), p.mean, p.std)),
);

/** Exponentials of normal numbers. */
export const log_normal_: TwoParameterFill<"mean", "std"> = define<TwoParameterFill<"mean", "std">, Drawn<{ mean: number; std: number }>>(
  "log_normal_",
  `(Tensor input, float mean = 1, float std = 2, *, ${GEN})`,
  filler("LogNormalBackward0", (p) => fillInMemoryOrder(p.self, generatorOf(p), (g, d) => draw.log_normal(g, floats(d, "log_normal_cpu"), p.mean, p.std))),
);

/** Numbers of a Cauchy distribution. */
export const cauchy_: TwoParameterFill<"median", "sigma"> = define<TwoParameterFill<"median", "sigma">, Drawn<{ median: number; sigma: number }>>(
  "cauchy_",
  `(Tensor input, float median = 0, float sigma = 1, *, ${GEN})`,
  filler("CauchyBackward0", (p) => fillInMemoryOrder(p.self, generatorOf(p), (g, d) => draw.cauchy(g, floats(d, "cauchy_cpu"), p.median, p.sigma))),
);

/** Numbers of an exponential distribution with rate `lambd`. */
export const exponential_: Op<GeneratorOptions & { lambd: number }, [lambd?: number]> = define<
  Op<GeneratorOptions & { lambd: number }, [lambd?: number]>,
  Drawn<{ lambd: number }>
>(
  "exponential_",
  `(Tensor input, float lambd = 1, *, ${GEN})`,
  filler("ExponentialBackward0", (p) => fillInMemoryOrder(p.self, generatorOf(p), (g, d) => draw.exponential(g, floats(d, "exponential_cpu"), p.lambd))),
);

/** Numbers of trials until the first success of probability `p`. */
export const geometric_: Op<GeneratorOptions & { p: number }, [p: number]> = define<Op<GeneratorOptions & { p: number }, [p: number]>, Drawn<{ p: number }>>(
  "geometric_",
  `(Tensor input, float p, *, ${GEN})`,
  filler(
    "GeometricBackward0",
    (q) => fillInMemoryOrder(q.self, generatorOf(q), (g, d) => draw.geometric(g, d.store.data.subarray(d.offset, d.offset + d.count), q.p)),
  ),
);

const randomNode = (overload: number) =>
  filler<Drawn<{ from?: number; to?: number | null }>>(`RandomBackward${overload}`, (p) =>
    fillInMemoryOrder(p.self, generatorOf(p), (g, d) => {
      const data = d.store.data.subarray(d.offset, d.offset + d.count);
      if (p.to === undefined) draw.random(g, data, d.dtype);
      else draw.random_from_to(g, data, d.dtype, p.from ?? 0, p.to);
    }));
const randomFromTo = randomNode(0), randomTo = randomNode(1), randomAll = randomNode(2);

/** Integers from [from, to), or from the whole range that the dtype holds exactly. */
export const random_: Op<GeneratorOptions & { from: number; to: number | null }, [] | [to: number] | [from: number, to: number | null]> = define<
  Op<GeneratorOptions & { from: number; to: number | null }, [] | [to: number] | [from: number, to: number | null]>,
  Drawn<{ from?: number; to?: number }>
>(
  "random_",
  [`(Tensor input, *, ${GEN})`, `(Tensor input, int from, int to, *, ${GEN})`, `(Tensor input, int to, *, ${GEN})`],
  (p) => p.to === undefined ? randomAll(p) : p.from === undefined ? randomTo(p) : randomFromTo(p),
);

function fillBernoulli(target: Tensor, gen: Generator, p: number | Tensor): void {
  const probabilities = p instanceof Tensor ? asContiguous(p.dtype === float32 || p.dtype === float64 ? p : p.double()).expand(target.sizes).contiguous() : p;
  fillInMemoryOrder(target, gen, (g, dense) => {
    const data = dense.store.data.subarray(dense.offset, dense.offset + dense.count);
    draw.bernoulli(g, data, probabilities instanceof Tensor ? floats(probabilities, "bernoulli_tensor_cpu_p_") : probabilities);
  });
}

const bernoulliNumber = filler<Drawn<{ p: number }>>("BernoulliBackward2", (q) => fillBernoulli(q.self, generatorOf(q), q.p));
const bernoulliTensor = filler<Drawn<{ p: Tensor }>>("BernoulliBackward1", (q) => fillBernoulli(q.self, generatorOf(q), q.p));

/** Ones with probability `p`, which is a number or a tensor, else zeros. */
export const bernoulli_: Op<GeneratorOptions & { p: number | Tensor }, [p?: number | Tensor]> = define<
  Op<GeneratorOptions & { p: number | Tensor }, [p?: number | Tensor]>,
  Drawn<{ p: number | Tensor }>
>(
  "bernoulli_",
  [`(Tensor input, Tensor p, *, ${GEN})`, `(Tensor input, float p = 0.5, *, ${GEN})`],
  (q) => q.p instanceof Tensor ? bernoulliTensor({ ...q, p: q.p }) : bernoulliNumber({ ...q, p: q.p }),
);

const bernoulliOf = new Primitive<{ self: Tensor; generator: Generator | null }>({
  name: "BernoulliBackward0",
  forward: ({ self, generator }) => {
    const out = Tensor.make(self.sizes, self.dtype);
    fillBernoulli(out, generator ?? default_generator, self);
    return out;
  },
  backward: { self: ({ grad }) => grad.zeros_like() },
});

/** Ones with the probabilities that `self` holds, else zeros; with a number `p`, that probability everywhere. */
export const bernoulli: Op<GeneratorOptions & { p: number }, [p?: number]> = define<Op<GeneratorOptions & { p: number }, [p?: number]>, Drawn<{ p?: number }>>(
  "bernoulli",
  [`(Tensor input, *, ${GEN}, Tensor out = None)`, `(Tensor input, float p, *, ${GEN})`],
  ({ self, p, generator }) =>
    p === undefined ? bernoulliOf.apply({ self, generator }) : bernoulli_(self.detach().zeros_like(), p, { generator: generator ?? undefined }),
);

// -- distributions with tensors as parameters ------------------------------------------------------------------------

type NormalInputs = { mean: Tensor | number; std: Tensor | number; generator: Generator | null };

function normalOf({ mean, std, generator }: NormalInputs): Tensor {
  if (std instanceof Tensor && std.count > 0 && !std.ge(0).all().item()) throw new RuntimeError("normal expects all elements of std >= 0.0");
  if (typeof std === "number" && std < 0) throw new RuntimeError(`normal expects std >= 0.0, but found std ${std}`);
  const shaped = mean instanceof Tensor ? (std instanceof Tensor ? mean.add(std.mul(0)) : mean) : std as Tensor;
  const out = Tensor.make(shaped.sizes, shaped.dtype);
  fillNormal(out, generator ?? default_generator, 0, 1);
  return out.mul(std).add(mean);
}

const normalMean = new Primitive<{ mean: Tensor; std: number; generator: Generator | null }>({
  name: "NormalBackward1",
  forward: normalOf,
  backward: { mean: ({ grad }) => grad.zeros_like() },
});
const normalStd = new Primitive<{ mean: number; std: Tensor; generator: Generator | null }>({
  name: "NormalBackward2",
  forward: normalOf,
  backward: { std: ({ grad }) => grad.zeros_like() },
});
const normalBoth = new Primitive<{ mean: Tensor; std: Tensor; generator: Generator | null }>({
  name: "NormalBackward3",
  forward: normalOf,
  backward: { mean: ({ grad, mean_sizes }) => grad.new_zeros(mean_sizes), std: ({ grad, std_sizes }) => grad.new_zeros(std_sizes) },
});

/** Named arguments of `normal`. */
export interface NormalOptions extends TensorOptions, GeneratorOptions {
  /** The mean. */
  mean?: Tensor | number;
  /** The standard deviation; 1 unless given. */
  std?: Tensor | number;
  /** The shape, where mean and standard deviation are numbers. */
  size?: readonly number[];
}

/** `torch.normal`. */
export type Normal = Fn<NormalOptions, [mean: Tensor | number, std?: Tensor | number, size?: readonly number[]]>;

/** Normal numbers, each with a mean and a standard deviation of its own, or all with the same and a shape. */
export const normal: Normal = define<Normal, NormalInputs & Factory & { size?: number[] }>(
  "normal",
  [
    `(Tensor mean, Tensor std, *, ${GEN}, Tensor out = None)`,
    `(Tensor mean, float std = 1, *, ${GEN}, Tensor out = None)`,
    `(float mean, Tensor std, *, ${GEN}, Tensor out = None)`,
    `(float mean, float std, tuple of ints size, *, ${GEN}, Tensor out = None, ${FACTORY})`,
  ],
  (p) => {
    const { mean, std, generator } = p;
    if (mean instanceof Tensor) return std instanceof Tensor ? normalBoth.apply({ mean, std, generator }) : normalMean.apply({ mean, std, generator });
    if (std instanceof Tensor) return normalStd.apply({ mean, std, generator });
    const out = filledWith(p.size!, 0, p.dtype ?? get_default_dtype());
    fillNormal(out, generatorOf(p), mean, std);
    return made(out, p);
  },
);

/** Named arguments of `multinomial`. */
export interface MultinomialOptions extends GeneratorOptions {
  /** How many to draw from each row. */
  num_samples: number;
  /** Whether the same may be drawn again. */
  replacement?: boolean;
}

/** Draws indices with the weights in each row of `self`: int64. */
export const multinomial: Op<MultinomialOptions, [num_samples: number, replacement?: boolean]> = define<
  Op<MultinomialOptions, [num_samples: number, replacement?: boolean]>,
  { self: Tensor; num_samples: number; replacement: boolean; generator: Generator | null }
>("multinomial", `(Tensor input, int num_samples, bool replacement = False, *, ${GEN}, Tensor out = None)`, (p) => {
  const { self, num_samples, replacement } = p;
  const rank = self.sizes.length;
  if (rank < 1 || rank > 2) throw new RuntimeError("prob_dist must be 1 or 2 dim");
  if (!self.dtype.is_floating_point) throw new RuntimeError(`multinomial only supports floating-point dtypes for input, got: ${self.dtype.scalar}`);
  const categories = self.sizes[rank - 1];
  if (num_samples <= 0) throw new RuntimeError("cannot sample n_sample <= 0 samples");
  if (!replacement && num_samples > categories) throw new RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  const weights = asContiguous(self);
  const out = Tensor.make([...self.sizes.slice(0, -1), num_samples], int64);
  draw.multinomial(generatorOf(p), out.store.data as BigInt64Array<ArrayBuffer>, floats(weights, "multinomial"), categories, num_samples, replacement);
  return out;
});
