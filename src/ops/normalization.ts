/**
 * Normalization: to mean 0 and variance 1 over various dimensions, and to unit norm.
 */
export { batch_norm, instance_norm } from "./normalization/batch.ts";
export { group_norm } from "./normalization/group.ts";
export { layer_norm, rms_norm } from "./normalization/layer.ts";
export { local_response_norm, normalize } from "./normalization/other.ts";
