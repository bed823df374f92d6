/**
 * A scheduler that waits until something no longer gets better.
 */
import { ValueError } from "../../errors.ts";
import { type Constructor, constructorOf, List } from "../../nn/arguments.ts";
import { Tensor } from "../../tensor.ts";
import type { Optimizer } from "../optimizer.ts";
import { type GivenOptimizer, LRScheduler, Rates, type SchedulerState } from "./scheduler.ts";

/** Arguments of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions {
  /** `"min"` where less is better, `"max"` where more is. */
  mode: string;
  /** The factor of each fall. */
  factor: number;
  /** Epochs without progress before a fall. */
  patience: number;
  /** What counts as progress. */
  threshold: number;
  /** Whether that is relative (`"rel"`) or absolute (`"abs"`). */
  threshold_mode: string;
  /** Epochs after a fall that do not count. */
  cooldown: number;
  /** The smallest learning rates. */
  min_lr: number | readonly number[];
  /** Smaller falls are left out. */
  eps: number;
  /** Has no effect. */
  verbose: boolean | string;
}

const read = constructorOf<ReduceLROnPlateauOptions & { optimizer: Optimizer }>("ReduceLROnPlateau", ["optimizer"], {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  threshold_mode: "rel",
  cooldown: 0,
  min_lr: 0,
  eps: 1e-8,
  verbose: "deprecated",
});

/** The attributes that are saved, in PyTorch's order. */
const SAVED = [
  "factor",
  "default_min_lr",
  "min_lrs",
  "patience",
  "verbose",
  "cooldown",
  "cooldown_counter",
  "mode",
  "threshold",
  "threshold_mode",
  "eps",
  "last_epoch",
  "_last_lr",
  "mode_worse",
  "best",
  "num_bad_epochs",
] as const;

/** What `step` is told: what should become better, by position or by name. */
export type Metrics = number | Tensor | { metrics?: number | Tensor; epoch?: number | null } | null;

/** Multiplies the learning rates by a factor when what it is told has not become better for some epochs. */
export class ReduceLROnPlateau extends LRScheduler {
  /** The factor of each fall. */
  factor: number;
  /** The smallest learning rate of groups that are added later. */
  default_min_lr: number | null;
  /** The smallest learning rates. */
  min_lrs: number[];
  /** Epochs without progress before a fall. */
  patience: number;
  /** Epochs after a fall that do not count. */
  cooldown: number;
  /** How many of these are left. */
  cooldown_counter = 0;
  /** `"min"` or `"max"`. */
  mode: string;
  /** What counts as progress. */
  threshold: number;
  /** `"rel"` or `"abs"`. */
  threshold_mode: string;
  /** Smaller falls are left out. */
  eps: number;
  /** What is worse than anything. */
  mode_worse: number;
  /** The best so far. */
  best: number;
  /** Epochs since then. */
  num_bad_epochs = 0;

  /** Takes the optimizer, `mode` ("min"), `factor` (0.1), `patience` (10), `threshold` (1e-4), `threshold_mode` ("rel"), `cooldown` (0), `min_lr` (0), `eps` (1e-8). */
  constructor(first: GivenOptimizer<ReduceLROnPlateauOptions>, ...args: Constructor<ReduceLROnPlateauOptions>) {
    const options = read([first, ...args]);
    const { optimizer, factor, min_lr, mode, threshold_mode } = options;
    if (factor >= 1) throw new ValueError("Factor should be < 1.0.");
    super(optimizer, null);
    const groups = this.groups.length;
    if (typeof min_lr !== "number" && min_lr.length !== groups) throw new ValueError(`expected ${groups} min_lrs, got ${min_lr.length}`);
    if (mode !== "min" && mode !== "max") throw new ValueError(`mode ${mode} is unknown!`);
    if (threshold_mode !== "rel" && threshold_mode !== "abs") throw new ValueError(`threshold mode ${threshold_mode} is unknown!`);
    this.factor = factor;
    this.default_min_lr = typeof min_lr === "number" ? min_lr : null;
    this.min_lrs = List.from(typeof min_lr === "number" ? new Array<number>(groups).fill(min_lr) : min_lr);
    this.patience = options.patience;
    this.cooldown = options.cooldown;
    this.mode = mode;
    this.threshold = options.threshold;
    this.threshold_mode = threshold_mode;
    this.eps = options.eps;
    this.mode_worse = mode === "min" ? Infinity : -Infinity;
    this.best = this.mode_worse;
    this._last_lr = Rates.from(this.unchanged());
  }

  /** Whether a value is progress. */
  is_better(value: number, best: number): boolean {
    const { mode, threshold, threshold_mode } = this;
    if (mode === "min") return value < (threshold_mode === "rel" ? best * (1 - threshold) : best - threshold);
    return value > (threshold_mode === "rel" ? best * (1 + threshold) : best + threshold);
  }

  /** Whether falls do not count yet. */
  get in_cooldown(): boolean {
    return this.cooldown_counter > 0;
  }

  /** Takes note of what should become better, and lets the learning rates fall where it has not for too long. */
  override step(metrics: Metrics = null, epoch: number | null = null): void {
    const named = metrics !== null && typeof metrics === "object" && !(metrics instanceof Tensor) ? metrics : { metrics, epoch };
    const told = named.metrics ?? null;
    if (told === null) throw new TypeError("ReduceLROnPlateau.step() missing 1 required positional argument: 'metrics'");
    const value = typeof told === "number" ? told : Number(told.item());
    this.last_epoch = named.epoch ?? this.last_epoch + 1;
    if (this.is_better(value, this.best)) {
      this.best = value;
      this.num_bad_epochs = 0;
    } else this.num_bad_epochs++;
    if (this.in_cooldown) {
      this.cooldown_counter--;
      this.num_bad_epochs = 0;
    }
    if (this.num_bad_epochs > this.patience) {
      this.groups.forEach((group, i) => {
        const fallen = Math.max(group.lr * this.factor, this.min_lrs[i]);
        if (group.lr - fallen > this.eps) group.lr = fallen;
      });
      this.cooldown_counter = this.cooldown;
      this.num_bad_epochs = 0;
    }
    this._last_lr = Rates.from(this.unchanged());
  }

  /** All attributes but the optimizer. */
  override state_dict(): SchedulerState {
    return Object.fromEntries(SAVED.map((name) => [name, this[name]]));
  }
}
