/**
 * `torch.utils.data`: data sets, the order of their samples, and batches of these.
 *
 * @module
 */
export { ChainDataset, ConcatDataset, Dataset, IterableDataset, random_split, StackDataset, Subset, TensorDataset } from "./dataset.ts";
export type { Indexed, PythonSequence } from "./dataset.ts";
export { BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler } from "./sampler.ts";
export type { BatchSamplerOptions, RandomSamplerOptions, Sized, SubsetRandomSamplerOptions, WeightedRandomSamplerOptions } from "./sampler.ts";
export { default_collate, default_convert } from "./collate.ts";
export { DataLoader } from "./dataloader.ts";
export type { Collate, DataLoaderOptions } from "./dataloader.ts";
export { get_worker_info } from "./worker.ts";
