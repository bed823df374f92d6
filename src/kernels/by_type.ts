/** Loops of which each type of array has its own. */
import type { TypedArray } from "../dtype.ts";
import { specialised } from "./wasm/specialise.ts";

/** `make()` for each type of array, so that no loop sees two of them; `make` may use nothing from around it. */
export function loopsByType<Loops>(make: () => Loops): (data: TypedArray) => Loops {
  const known = new Map<unknown, Loops>();
  return (data) => {
    let loops = known.get(data.constructor);
    if (loops === undefined) known.set(data.constructor, loops = specialised(make, data.constructor.name)());
    return loops;
  };
}
