/**
 * `torch.autograd.grad_mode`: the modes under the path where PyTorch's documentation has them.
 *
 * @module
 */
export { enable_grad, inference_mode, no_grad, set_grad_enabled } from "./mode.ts";
export { set_multithreading_enabled } from "./multithreading.ts";
