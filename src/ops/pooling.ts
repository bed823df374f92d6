/**
 * Pooling: means and maxima of windows.
 */
export {
  adaptive_avg_pool1d,
  adaptive_avg_pool2d,
  adaptive_avg_pool3d,
  adaptive_max_pool1d,
  adaptive_max_pool1d_with_indices,
  adaptive_max_pool2d,
  adaptive_max_pool2d_with_indices,
  adaptive_max_pool3d,
  adaptive_max_pool3d_with_indices,
} from "./pooling/adaptive.ts";
export { avg_pool1d, avg_pool2d, avg_pool3d } from "./pooling/average.ts";
export { fractional_max_pool2d, fractional_max_pool2d_with_indices, fractional_max_pool3d, fractional_max_pool3d_with_indices } from "./pooling/fractional.ts";
export { max_pool1d, max_pool1d_with_indices, max_pool2d, max_pool2d_with_indices, max_pool3d, max_pool3d_with_indices } from "./pooling/max.ts";
export { lp_pool1d, lp_pool2d, lp_pool3d, max_unpool1d, max_unpool2d, max_unpool3d } from "./pooling/unpool.ts";
export type { AdaptiveMaxPool, AdaptiveMaxPoolWithIndices, AdaptiveOptions, AdaptivePool, IndexedAdaptiveOptions, OutputSize } from "./pooling/adaptive.ts";
export type { AveragePool, AveragePool1d, AveragePool1dOptions, AveragePoolOptions } from "./pooling/average.ts";
export type { FractionalMaxPool, FractionalMaxPoolWithIndices, FractionalOptions } from "./pooling/fractional.ts";
export type { IndexedMaxPoolOptions, MaxPool, MaxPoolArguments, MaxPoolOptions, MaxPoolWithIndices } from "./pooling/max.ts";
export type { PowerPool, PowerPoolOptions, Unpool, UnpoolOptions } from "./pooling/unpool.ts";
