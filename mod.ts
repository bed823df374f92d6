/**
 * Gradus: PyTorch's autograd as one module.
 *
 * @module
 */
import "./src/methods.ts";
import "./src/notebook.ts";
export {
  bool,
  float32,
  float32 as float,
  float64,
  float64 as double,
  int16,
  int16 as short,
  int32,
  int32 as int,
  int64,
  int64 as long,
  int8,
  uint8,
} from "./src/dtype.ts";
export { finfo, iinfo } from "./src/type_info.ts";
export type { FloatInfo, FloatLimits, IntInfo, IntLimits, Limits, TypeArgument } from "./src/type_info.ts";
export * from "./src/constants.ts";
export * from "./src/settings.ts";
export { DType as dtype } from "./src/dtype.ts";
export { can_cast, get_default_dtype, promote_types, set_default_dtype } from "./src/dtype.ts";
export * from "./src/errors.ts";
export * from "./src/ops/activation.ts";
export * from "./src/ops/addmm.ts";
export * from "./src/ops/arithmetic.ts";
export * from "./src/ops/blend.ts";
export * from "./src/ops/compare.ts";
export * from "./src/ops/contraction.ts";
export * from "./src/ops/copy.ts";
export * from "./src/ops/create.ts";
export * from "./src/ops/decompose.ts";
export * from "./src/ops/distance.ts";
export * from "./src/ops/index.ts";
export * from "./src/ops/inplace.ts";
export * from "./src/ops/matmul.ts";
export * from "./src/ops/networks.ts";
export * from "./src/ops/power.ts";
export * from "./src/ops/poisson.ts";
export * from "./src/ops/random.ts";
export * from "./src/ops/rearrange.ts";
export * from "./src/ops/reduce.ts";
export * from "./src/ops/quantile.ts";
export * from "./src/ops/search.ts";
export * from "./src/ops/difference.ts";
export * from "./src/ops/gradient.ts";
export * from "./src/ops/windows.ts";
export { matrix_rank } from "./src/ops/decompose_legacy.ts";
export * from "./src/ops/unique.ts";
export * from "./src/ops/histogram.ts";
export * from "./src/ops/norm.ts";
export * from "./src/ops/scan.ts";
export * from "./src/ops/extrema.ts";
export * from "./src/ops/rounding.ts";
export * from "./src/ops/scatter.ts";
export * from "./src/ops/select.ts";
export * from "./src/ops/softmax.ts";
export * from "./src/ops/sort.ts";
export * from "./src/ops/split.ts";
export * from "./src/ops/statistics.ts";
export * from "./src/ops/transcendental.ts";
export * from "./src/ops/view.ts";
export * from "./src/ops/view_copy.ts";
export * from "./src/ops/join.ts";
export * from "./src/autograd/mode.ts";
export * from "./src/ops/legacy.ts";
export * from "./src/ops/questions.ts";
export { get_num_interop_threads, get_num_threads, set_num_interop_threads, set_num_threads } from "./src/ops/threads.ts";
export * as autograd from "./src/autograd/mod.ts";
export { is_anomaly_check_nan_enabled, is_anomaly_enabled } from "./src/autograd/anomaly.ts";
export { default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state, TorchGenerator as Generator } from "./src/ops/seed.ts";
export * as linalg from "./src/linalg.ts";
export * as random from "./src/random_namespace.ts";
export * as signal from "./src/signal.ts";
export * as special from "./src/ops/special.ts";
export * as masked from "./src/masked.ts";
export * as nn from "./src/nn/mod.ts";
export { device, Size } from "./src/size.ts";
export { get_printoptions, set_printoptions } from "./src/format/options.ts";
export { vmap } from "./src/autograd/vmap.ts";
export type { Dims as VmapDims, TreeFunction, VmapOptions } from "./src/autograd/vmap.ts";
export type { Randomness } from "./src/autograd/batched_random.ts";
export * as func from "./src/func/mod.ts";
export * as viz from "./src/viz.ts";
export * as utils from "./src/utils/mod.ts";
export * as optim from "./src/optim/mod.ts";
export type { Args, Fn, InplaceOp, IsMethod, Op, Prefixes, WithNamed, WithOptions } from "./src/ops/define.ts";
export type { Binary, BinaryOfNumbers, BinaryTensors, BinaryTensorsInplace, Unary, UnaryOnly } from "./src/ops/pointwise.ts";
export type { Num } from "./src/ops/promotion.ts";
export type { Category, DType, TypedArray } from "./src/dtype.ts";
export type { DeviceConstructor, SizeArray, SizeConstructor } from "./src/size.ts";
export type { Device } from "./src/size.ts";
export type { PrintOptions, PrintOptionsArguments } from "./src/format/options.ts";
export type { NamedTuple, NamedTupleArray, ValuesIndices } from "./src/named_tuple.ts";
export type { Generator as GeneratorBase } from "./src/random.ts";
export type { Tensor as TensorClass } from "./src/tensor.ts";
export type { Sizes } from "./src/layout.ts";
export type { CombinationsOptions, Indexing, Tensors } from "./src/ops/grids.ts";
export type { CrossOptions } from "./src/ops/cross.ts";
export type { Bilinear, BilinearOptions } from "./src/ops/linear.ts";
export type { Dims, ReduceOptions, Reduction } from "./src/ops/reduction.ts";
export type { Part } from "./src/ops/conjugate.ts";
export type { Move, MoveOptions, Squeeze, SqueezeOptions, SwapAxes, Transpose, TwoDims, Unsqueeze } from "./src/ops/dims.ts";
export type { DiagonalScatter, DiagonalScatterOptions, SelectScatter, SliceScatter, SliceScatterOptions } from "./src/ops/part_scatter.ts";
export type { AtLeast, Flatten, FlattenOptions, Unflatten } from "./src/ops/reshape.ts";
export type { Diagonal, DiagonalInputs, DiagonalOptions, Narrow, NarrowCopy, NarrowOptions, Unfold, WindowInputs } from "./src/ops/slices.ts";
export type { AsStrided, AsStridedOptions, AsStridedScatter, AsStridedScatterOptions, FillDiagonal } from "./src/ops/strided.ts";
export type { Eye, Linspace, Logspace, Range, TriangleIndices } from "./src/ops/ranges.ts";
export type { IndexAdd, IndexAddOptions, IndexCopy, IndexFill, IndexFillOptions, IndexSelectOptions, SelectOp } from "./src/ops/index_select.ts";
export type { IndexReduce, IndexReduceOptions } from "./src/ops/index_reduce.ts";
export type { Mask, MaskedScatter, Nonzero, Put, PutInputs, StaticOptions, Unravel } from "./src/ops/nonzero.ts";
export type { Norm, NormOptions } from "./src/ops/linalg_norm.ts";
export type { Geqrf, Orgqr, Ormqr, OrmqrOptions } from "./src/ops/decompose_reflections.ts";
export type { LuLegacy, LuLegacyOptions, Removed } from "./src/ops/decompose_legacy.ts";
export type { QR, Qr, QrOptions } from "./src/ops/decompose_qr.ts";
export type { Svd, SvdOptions } from "./src/ops/decompose_svd.ts";
export type { LegacyArgs, Solution, TriangularSolve, TriangularSolveOptions } from "./src/ops/decompose_triangular.ts";
export type { CholeskySolve, CholeskySolveOptions, UpperOp } from "./src/ops/decompose_cholesky.ts";
export type { MaybeTensor, Node, NodeHooks, PassState, PostHook, PreHook, RemovableHandle, TensorHook } from "./src/autograd/node.ts";
