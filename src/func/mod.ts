/**
 * `torch.func`: functions that take functions to their derivatives and to functions of batches. They compose to any depth.
 *
 * @module
 */
export { type Argnums, type DerivativeOptions, grad, grad_and_value, jvp, type JvpOptions, linearize, vjp, type Wanted } from "./derivatives.ts";
export { functionalize, type FunctionalizeOptions, replace_all_batch_norm_modules_ } from "./functionalize.ts";
export { hessian, jacfwd, type JacfwdOptions, type JacobianOf, jacrev, type JacrevOptions } from "./jacobians.ts";
export { functional_call, type FunctionalCallOptions, type ModuleLike, stack_module_state, type State } from "./modules.ts";
export { type Dims, vmap, type VmapOptions } from "../autograd/vmap.ts";
export type { Randomness } from "../autograd/batched_random.ts";
