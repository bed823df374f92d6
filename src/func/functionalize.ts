/**
 * `functionalize`, and what makes the batch normalisations of a network fit for `vmap`.
 */
import { RuntimeError } from "../errors.ts";
import { BatchNorm } from "../nn/batchnorm.ts";
import type { Module } from "../nn/module.ts";
import { pythonFunction } from "../ops/python_function.ts";

/** The named arguments of `functionalize`. */
export interface FunctionalizeOptions {
  /** What PyTorch's compilers get rid of: changes in place, or these and views. */
  remove?: "mutations" | "mutations_and_views";
}

type Any = (...args: never[]) => unknown;

/**
 * The same function. PyTorch gives it to its compilers without changes in place: what it returns and what its arguments hold in the end
 * is the same.
 */
export const functionalize: <F extends Any>(func: F, options?: FunctionalizeOptions) => F = pythonFunction(
  "functionalize",
  ["func"],
  {},
  ({ func, remove }: Required<FunctionalizeOptions> & { func: Any }): Any => {
    if (remove !== "mutations" && remove !== "mutations_and_views") {
      throw new RuntimeError(
        `functionalize(f, remove='mutations'): received invalid argument for remove=${remove}. Valid options are:\n` +
          "     remove='mutations': all inplace and out= operators will be removed from the program, and replaced with their out-of-place equivalents.\n" +
          "     remove='mutations_and_views': In addition to the above, all aliasing operators {view} will be replaced with their non-aliasing " +
          "counterparts, {view}_copy.\n",
      );
    }
    const same: Any = (...args) => func(...args);
    return Object.defineProperty(same, "name", { value: func.name });
  },
  { remove: "mutations" },
);

/** Makes all batch normalisations in a module forget their running statistics, so that they change nothing in place; returns the module. */
export function replace_all_batch_norm_modules_<M extends Module>(root: M): M {
  for (const module of root.modules()) {
    if (!(module instanceof BatchNorm) || !module.track_running_stats) continue;
    module.running_mean = null;
    module.running_var = null;
    module.num_batches_tracked = null;
    module.track_running_stats = false;
  }
  return root;
}
