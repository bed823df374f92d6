/**
 * The default generator, seeded and saved.
 */
import { uint8 } from "../dtype.ts";
import { Generator } from "../random.ts";
import { Storage } from "../storage.ts";
import { Tensor } from "../tensor.ts";
import { asContiguous } from "./elementwise.ts";

function stateOf(generator: Generator): Tensor {
  const bytes = generator.get_state_bytes();
  return new Tensor(new Storage(bytes), uint8, [bytes.length]);
}

function setState(generator: Generator, state: Tensor): Generator {
  if (!(state instanceof Tensor) || state.dtype !== uint8) throw new TypeError("RNG state must be a torch.ByteTensor");
  const dense = asContiguous(state);
  generator.set_state_bytes((dense.store.data as Uint8Array).subarray(dense.offset, dense.offset + dense.count));
  return generator;
}

/** A stream of random bits with a state of its own, which it gives as a tensor. */
export class TorchGenerator extends Generator {
  /** The state as bytes. */
  get_state(): Tensor {
    return stateOf(this);
  }

  /** Goes back to a state that `get_state` gave. */
  set_state(state: Tensor): this {
    setState(this, state);
    return this;
  }
}
Object.defineProperty(TorchGenerator, "name", { value: "Generator" });

/** The generator that everything draws from unless it is given another; its first seed is a random one. */
export const default_generator: TorchGenerator = new TorchGenerator();
default_generator.seed();

/** Seeds the default generator, which it returns. */
export function manual_seed(seed: number | bigint): TorchGenerator {
  return default_generator.manual_seed(seed);
}

/** Seeds the default generator with a number that nobody can foresee, and returns it. */
export function seed(): number | bigint {
  return default_generator.seed();
}

/** The seed that the default generator was last given. */
export function initial_seed(): number | bigint {
  return default_generator.initial_seed();
}

/** The state of the default generator as bytes. */
export function get_rng_state(): Tensor {
  return stateOf(default_generator);
}

/** Takes the default generator back to a state that `get_rng_state` gave. */
export function set_rng_state(new_state: Tensor): void {
  setState(default_generator, new_state);
}
