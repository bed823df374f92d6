/**
 * Random ops under `vmap`: refused, drawn once for all examples, or drawn anew for each.
 */
import { RuntimeError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import type { Batching } from "./batch.ts";
import { type Inputs, levelOf, lifted, mapTensors, moveDim } from "./transforms.ts";

/** What random ops do under `vmap`. */
export type Randomness = "error" | "same" | "different";

const SIZED: ReadonlySet<string> = new Set(["rand", "randn", "randint"]);
const LIKE: ReadonlySet<string> = new Set(["rand_like", "randn_like", "randint_like"]);
const FILLS: ReadonlySet<string> = new Set([
  "uniform_",
  "normal_",
  "log_normal_",
  "cauchy_",
  "exponential_",
  "geometric_",
  "random_",
  "bernoulli_",
]);
const OF_TENSORS: ReadonlySet<string> = new Set(["bernoulli", "normal", "multinomial", "poisson", "binomial"]);

/** Whether a function draws random numbers. */
export const isRandom = (name: string): boolean => SIZED.has(name) || LIKE.has(name) || FILLS.has(name) || OF_TENSORS.has(name) || name === "randperm";

interface RandomLevel extends Batching {
  readonly randomness: Randomness | "refused";
}

type Run = (inputs: Inputs) => unknown;

/** Runs a random op at a level of `vmap`. */
export function drawBatch(level: RandomLevel, name: string, inputs: Inputs, run: Run): unknown {
  if (level.randomness === "refused") {
    throw new RuntimeError(
      "vmap: We do not yet support calling random operations inside of vmap. Please perform random operations outside of vmap as a workaround",
    );
  }
  if (level.randomness === "error") {
    throw new RuntimeError(
      "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap " +
        "or perform the randomness operation out of vmap",
    );
  }
  const isBatched = (t: unknown): boolean => t instanceof Tensor && levelOf(t) === level;
  const different = level.randomness === "different";
  const one = (t: Tensor): Tensor => t.lift!.value.new_empty([...t.sizes]);
  if (FILLS.has(name)) return fill(level, name, inputs as Inputs & { self: Tensor }, run);
  if (LIKE.has(name)) {
    const self = inputs.self as Tensor;
    if (!different) return run(isBatched(self) ? { ...inputs, self: one(self) } : inputs);
    if (isBatched(self)) return lifted(level, run({ ...inputs, self: self.lift!.value }) as Tensor, self.lift!.dim);
    return lifted(level, run({ ...inputs, self: self.new_empty([level.size, ...self.sizes]) }) as Tensor, 0);
  }
  const batched = Object.values(inputs).some(isBatched);
  if (!different) {
    if (batched) throw new RuntimeError("Vmap does not currently support same randomness with a batched tensor input. Please file an issue with functorch");
    return run(inputs);
  }
  if (name === "randperm") {
    const rows = Array.from({ length: level.size }, () => run(inputs) as Tensor);
    const all = rows[0].new_empty([level.size, ...rows[0].sizes]);
    rows.forEach((row, i) => all.select(0, i).copy_(row));
    return lifted(level, all, 0);
  }
  if (Array.isArray(inputs.size)) return lifted(level, run({ ...inputs, size: [level.size, ...inputs.size as number[]] }) as Tensor, 0);
  const rank = Math.max(...Object.values(inputs).map((t) => t instanceof Tensor ? t.sizes.length : 0));
  const whole = mapTensors(inputs, (t) => {
    if (!isBatched(t)) return t.unsqueeze(0).expand([level.size, ...t.sizes]);
    const all = moveDim(t.lift!.value, t.lift!.dim, 0);
    return all.reshape([level.size, ...new Array<number>(rank - t.sizes.length).fill(1), ...t.sizes]);
  });
  return lifted(level, run(whole) as Tensor, 0);
}

/** Fills a tensor in place. */
function fill(level: RandomLevel, name: string, inputs: Inputs & { self: Tensor }, run: Run): Tensor {
  const { self } = inputs;
  const mine = levelOf(self) === level;
  const probability = inputs.p instanceof Tensor && levelOf(inputs.p) === level ? inputs.p : null;
  if (level.randomness === "same") {
    if (probability !== null) {
      throw new RuntimeError("Vmap does not currently support same randomness with a batched tensor input. Please file an issue with functorch");
    }
    if (!mine) return run(inputs) as Tensor;
    const { value, dim } = self.lift!;
    value.copy_((run({ ...inputs, self: value.new_empty([...self.sizes]) }) as Tensor).unsqueeze(dim));
    return self;
  }
  if (!mine) {
    const what = `inplace ${name.slice(0, -1)}`;
    throw new RuntimeError(
      probability === null
        ? "vmap: Cannot ask for different inplace randomness on an unbatched tensor. This will appear like same randomness. " +
          "If this is necessary for your usage, please file an issue with functorch."
        : `vmap: ${what}(self, *extra_args) is not possible because there exists a Tensor \`other\` in extra_args that has more elements than \`self\`. ` +
          "This happened due to `other` being vmapped over but `self` not being vmapped over in a vmap. " +
          `Please try to use out-of-place operators instead of ${what}. If said operator is being called inside the PyTorch framework, please file a bug report instead.`,
    );
  }
  const { value, dim } = self.lift!;
  if (probability === null) run({ ...inputs, self: value });
  else run({ ...inputs, self: moveDim(value, dim, 0), p: moveDim(probability.lift!.value, probability.lift!.dim, 0) });
  return self;
}
