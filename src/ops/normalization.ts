/**
 * Normalization: to mean 0 and variance 1 over various dimensions, and to unit norm.
 */
export { batch_norm, instance_norm } from "./normalization/batch.ts";
export { group_norm } from "./normalization/group.ts";
export { layer_norm, rms_norm } from "./normalization/layer.ts";
export { local_response_norm, normalize } from "./normalization/other.ts";
export type { BatchNorm, BatchNormOptions, InstanceNorm, InstanceNormOptions } from "./normalization/batch.ts";
export type { GroupNorm, GroupNormOptions } from "./normalization/group.ts";
export type { LayerNorm, LayerNormOptions, RmsNorm, RmsNormOptions } from "./normalization/layer.ts";
export type { Normalize, NormalizeOptions, ResponseNorm, ResponseNormOptions } from "./normalization/other.ts";
