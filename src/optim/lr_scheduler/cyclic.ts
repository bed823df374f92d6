/**
 * Schedulers that let learning rates rise and fall, and momenta against them (Smith, 2015 and 2018).
 */
import { ValueError } from "../../errors.ts";
import { type Constructor, constructorOf, float, List, python } from "../../nn/arguments.ts";
import type { Optimizer, ParamGroup } from "../optimizer.ts";
import { type GivenOptimizer, LRScheduler, SCHEDULER, type SchedulerOptions, type SchedulerState } from "./scheduler.ts";

/** One number for each group, where one may be given for all. */
function perGroup(name: string, given: number | readonly number[], groups: number): number[] {
  if (typeof given === "number") return List.from(new Array<number>(groups).fill(given));
  if (given.length !== groups) {
    throw new ValueError(
      `${name} must have the same length as optimizer.param_groups. ${name} has ${given.length} values, param_groups has ${groups}.`,
    );
  }
  return List.from(given);
}

/** Sets the momentum of a group, or the first of its betas. */
function setMomentum(group: ParamGroup, momentum: number): void {
  if ("betas" in group) group.betas = [momentum, ...(group.betas as number[]).slice(1)];
  else group.momentum = momentum;
}

/** Begins with the largest momenta. */
function setMomenta(groups: readonly ParamGroup[], smallest: readonly number[], largest: readonly number[]): void {
  groups.forEach((group, i) => {
    setMomentum(group, largest[i]);
    group.max_momentum = largest[i];
    group.base_momentum = smallest[i];
  });
}

function requireMomentum({ defaults }: Optimizer): void {
  if ("momentum" in defaults || "betas" in defaults) return;
  throw new ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled");
}

/** Arguments of `CyclicLR`. */
export interface CyclicLROptions extends SchedulerOptions {
  /** The smallest learning rates. */
  base_lr: number | readonly number[];
  /** The largest learning rates of the first cycle. */
  max_lr: number | readonly number[];
  /** Steps upwards. */
  step_size_up: number;
  /** Steps downwards; as many unless given. */
  step_size_down: number | null;
  /** `"triangular"`, `"triangular2"` (cycles half as high each time) or `"exp_range"`. */
  mode: string;
  /** The factor of each step where the mode is `"exp_range"`. */
  gamma: number;
  /** A scale for cycles or steps in place of a mode. */
  scale_fn: ((x: number) => number) | null;
  /** Whether the scale is one of cycles (`"cycle"`) or of steps (`"iterations"`). */
  scale_mode: string;
  /** Whether the momentum goes the other way. */
  cycle_momentum: boolean;
  /** The smallest momenta. */
  base_momentum: number | readonly number[];
  /** The largest momenta. */
  max_momentum: number | readonly number[];
}

const readCyclicLR = constructorOf<CyclicLROptions & { optimizer: Optimizer }>("CyclicLR", ["optimizer", "base_lr", "max_lr"], {
  step_size_up: 2000,
  step_size_down: null,
  mode: "triangular",
  gamma: 1,
  scale_fn: null,
  scale_mode: "cycle",
  cycle_momentum: true,
  base_momentum: 0.8,
  max_momentum: 0.9,
  ...SCHEDULER,
});

const MODES = ["triangular", "triangular2", "exp_range"];

/** Lets the learning rates rise and fall along triangles, step by step. */
export class CyclicLR extends LRScheduler {
  /** The largest learning rates of the first cycle. */
  max_lrs: number[];
  /** Steps of a cycle. */
  total_size: number;
  /** The share of those that go upwards. */
  step_ratio: number;
  /** The mode. */
  mode: string;
  /** The factor of each step where the mode is `"exp_range"`. */
  gamma: number;
  /** Whether the scale is one of cycles or of steps. */
  scale_mode: string;
  /** Whether the momentum goes the other way. */
  cycle_momentum: boolean;
  /** Whether the momentum is the first of the betas. */
  declare use_beta1?: boolean;
  /** The smallest momenta. */
  declare base_momentums?: number[];
  /** The largest momenta. */
  declare max_momentums?: number[];
  readonly #scale: (x: number) => number;

  /** Takes the optimizer, `base_lr`, `max_lr`, `step_size_up` (2000), `step_size_down`, `mode` ("triangular"), `gamma` (1) and more by name. */
  constructor(first: GivenOptimizer<CyclicLROptions>, ...args: Constructor<CyclicLROptions>) {
    const options = readCyclicLR([first, ...args]);
    const { optimizer, base_lr, max_lr, step_size_up, mode, gamma, scale_fn, cycle_momentum, last_epoch } = options;
    super(optimizer, last_epoch);
    const groups = this.groups;
    const bases = perGroup("base_lr", base_lr, groups.length);
    if (last_epoch === -1) groups.forEach((group, i) => group.lr = group.initial_lr = bases[i]);
    this.base_lrs = bases;
    this.max_lrs = perGroup("max_lr", max_lr, groups.length);
    this.total_size = step_size_up + (options.step_size_down ?? step_size_up);
    this.step_ratio = step_size_up / this.total_size;
    if (!MODES.includes(mode) && scale_fn === null) throw new ValueError("mode is invalid and scale_fn is None");
    this.mode = mode;
    this.gamma = gamma;
    this.scale_mode = scale_fn !== null ? options.scale_mode : mode === "exp_range" ? "iterations" : "cycle";
    this.#scale = scale_fn ?? (mode === "triangular" ? () => 1 : mode === "triangular2" ? (x) => 1 / 2 ** (x - 1) : (x) => gamma ** x);
    this.cycle_momentum = cycle_momentum;
    if (cycle_momentum) {
      requireMomentum(optimizer);
      this.use_beta1 = "betas" in optimizer.defaults;
      const smallest = this.base_momentums = perGroup("base_momentum", options.base_momentum, groups.length);
      const largest = this.max_momentums = perGroup("max_momentum", options.max_momentum, groups.length);
      if (last_epoch === -1) setMomenta(groups, smallest, largest);
    }
    this.begin();
  }

  /** By the place within the cycle; sets the momenta as well. */
  override get_lr(): number[] {
    const { last_epoch, total_size, step_ratio } = this;
    const cycle = Math.floor(1 + last_epoch / total_size);
    const x = 1 + last_epoch / total_size - cycle;
    const height = x <= step_ratio ? x / step_ratio : (x - 1) / (step_ratio - 1);
    const scale = this.#scale(this.scale_mode === "cycle" ? cycle : last_epoch);
    const { base_momentums, max_momentums } = this;
    if (base_momentums !== undefined && max_momentums !== undefined) {
      this.groups.forEach((group, i) => setMomentum(group, max_momentums[i] - (max_momentums[i] - base_momentums[i]) * height * scale));
    }
    return this.base_lrs.map((base, i) => base + (this.max_lrs[i] - base) * height * scale);
  }

  /** All attributes but the optimizer; functions are not saved. */
  override state_dict(): SchedulerState {
    return { ...super.state_dict(), _scale_fn_custom: null };
  }

  /** Takes the attributes from what `state_dict` gave. */
  override load_state_dict({ _scale_fn_custom: _, ...state }: SchedulerState): void {
    super.load_state_dict(state);
  }
}

/** Arguments of `OneCycleLR`. */
export interface OneCycleLROptions extends SchedulerOptions {
  /** The largest learning rates. */
  max_lr: number | readonly number[];
  /** All steps, or null where epochs are given. */
  total_steps: number | null;
  /** All epochs. */
  epochs: number | null;
  /** Steps of an epoch. */
  steps_per_epoch: number | null;
  /** The share of steps in which the learning rates rise. */
  pct_start: number;
  /** `"cos"` or `"linear"`. */
  anneal_strategy: string;
  /** Whether the momentum goes the other way. */
  cycle_momentum: boolean;
  /** The smallest momenta. */
  base_momentum: number | readonly number[];
  /** The largest momenta. */
  max_momentum: number | readonly number[];
  /** The largest learning rate over that at the beginning. */
  div_factor: number;
  /** The learning rate at the beginning over that at the end. */
  final_div_factor: number;
  /** Whether the learning rates fall as fast as they rose, and then on to the end. */
  three_phase: boolean;
}

const readOneCycleLR = constructorOf<OneCycleLROptions & { optimizer: Optimizer }>("OneCycleLR", ["optimizer", "max_lr"], {
  total_steps: null,
  epochs: null,
  steps_per_epoch: null,
  pct_start: 0.3,
  anneal_strategy: "cos",
  cycle_momentum: true,
  base_momentum: 0.85,
  max_momentum: 0.95,
  div_factor: 25,
  final_div_factor: 1e4,
  three_phase: false,
  ...SCHEDULER,
});

/** A part of the cycle: where it ends, and the options of a group that it leads from and to. */
interface Phase {
  end_step: number;
  start_lr: string;
  end_lr: string;
  start_momentum: string;
  end_momentum: string;
}

const ANNEALING: Record<string, (start: number, end: number, share: number) => number> = {
  cos: (start, end, share) => end + (start - end) / 2 * (Math.cos(Math.PI * share) + 1),
  linear: (start, end, share) => (end - start) * share + start,
};

function stepsOf({ total_steps, epochs, steps_per_epoch }: OneCycleLROptions): number {
  const positive = (name: string, value: number) => {
    if (value > 0 && Number.isInteger(value)) return value;
    throw new ValueError(`Expected positive integer ${name}, but got ${python(value)}`);
  };
  if (total_steps !== null) return positive("total_steps", total_steps);
  if (epochs === null || steps_per_epoch === null) throw new ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)");
  return positive("epochs", epochs) * positive("steps_per_epoch", steps_per_epoch);
}

/** Lets the learning rates rise once and fall far below where they began, step by step. */
export class OneCycleLR extends LRScheduler {
  /** All steps. */
  total_steps: number;
  /** The parts of the cycle. */
  _schedule_phases: Record<string, number | string>[];
  /** `"cos"` or `"linear"`. */
  _anneal_func_type: string;
  /** Whether the momentum goes the other way. */
  cycle_momentum: boolean;
  /** Whether the momentum is the first of the betas. */
  declare use_beta1?: boolean;

  /** Takes the optimizer, `max_lr`, `total_steps` or `epochs` and `steps_per_epoch`, `pct_start` (0.3), `anneal_strategy` ("cos") and more by name. */
  constructor(first: GivenOptimizer<OneCycleLROptions>, ...args: Constructor<OneCycleLROptions>) {
    const options = readOneCycleLR([first, ...args]);
    const { optimizer, pct_start, anneal_strategy, cycle_momentum, div_factor, final_div_factor, last_epoch } = options;
    super(optimizer, last_epoch);
    this.total_steps = stepsOf(options);
    this._schedule_phases = List.from(phases(options, this.total_steps) as object[] as Record<string, number | string>[]);
    if (pct_start < 0 || pct_start > 1 || typeof pct_start !== "number") {
      throw new ValueError(`Expected float between 0 and 1 pct_start, but got ${float(pct_start, pct_start)}`);
    }
    if (!(anneal_strategy in ANNEALING)) throw new ValueError(`anneal_strategy must be one of 'cos' or 'linear', instead got ${anneal_strategy}`);
    this._anneal_func_type = anneal_strategy;
    const groups = this.groups;
    const highest = perGroup("max_lr", options.max_lr, groups.length);
    if (last_epoch === -1) {
      groups.forEach((group, i) => {
        group.initial_lr = highest[i] / div_factor;
        group.max_lr = highest[i];
        group.min_lr = group.initial_lr / final_div_factor;
        this.base_lrs[i] = group.initial_lr;
      });
    }
    this.cycle_momentum = cycle_momentum;
    if (cycle_momentum) {
      requireMomentum(optimizer);
      const largest = perGroup("max_momentum", options.max_momentum, groups.length);
      const smallest = perGroup("base_momentum", options.base_momentum, groups.length);
      this.use_beta1 = "betas" in optimizer.defaults;
      if (last_epoch === -1) setMomenta(groups, smallest, largest);
    }
    this.begin();
  }

  /** By the place within the phase; sets the momenta as well. */
  override get_lr(): number[] {
    const step = this.last_epoch;
    if (step > this.total_steps) {
      throw new ValueError(`Tried to step ${step} times. The specified number of total steps is ${this.total_steps}`);
    }
    const all = this._schedule_phases as object[] as Phase[];
    let at = all.findIndex((phase) => step <= phase.end_step);
    if (at < 0) at = all.length - 1;
    const phase = all[at], start = at === 0 ? 0 : all[at - 1].end_step;
    const share = (step - start) / (phase.end_step - start);
    const anneal = ANNEALING[this._anneal_func_type];
    return this.groups.map((group) => {
      const between = (from: string, to: string) => anneal(group[from] as number, group[to] as number, share);
      if (this.cycle_momentum) setMomentum(group, between(phase.start_momentum, phase.end_momentum));
      return between(phase.start_lr, phase.end_lr);
    });
  }
}

function phases({ three_phase, pct_start }: OneCycleLROptions, total: number): Phase[] {
  const rise: Phase = {
    end_step: pct_start * total - 1,
    start_lr: "initial_lr",
    end_lr: "max_lr",
    start_momentum: "max_momentum",
    end_momentum: "base_momentum",
  };
  const fall = { start_lr: "max_lr", start_momentum: "base_momentum", end_momentum: "max_momentum" };
  if (!three_phase) {
    return [rise, { end_step: total - 1, start_lr: fall.start_lr, end_lr: "min_lr", start_momentum: fall.start_momentum, end_momentum: fall.end_momentum }];
  }
  return [
    rise,
    { end_step: 2 * pct_start * total - 2, start_lr: "max_lr", end_lr: "initial_lr", start_momentum: "base_momentum", end_momentum: "max_momentum" },
    { end_step: total - 1, start_lr: "initial_lr", end_lr: "min_lr", start_momentum: "max_momentum", end_momentum: "max_momentum" },
  ];
}
