/**
 * Schedulers that let learning rates fall, or rise at first: in steps, along lines and powers, and by functions of the user's.
 */
import { ValueError } from "../../errors.ts";
import { type Constructor, constructorOf } from "../../nn/arguments.ts";
import type { Optimizer } from "../optimizer.ts";
import { type GivenOptimizer, LRScheduler, SCHEDULER, type SchedulerOptions, type SchedulerState } from "./scheduler.ts";

/** The arguments of a scheduler as its constructor gets them. */
type With<P> = P & SchedulerOptions & { optimizer: Optimizer };

/** Arguments of `StepLR`. */
export interface StepLROptions extends SchedulerOptions {
  /** Epochs between falls. */
  step_size: number;
  /** The factor of each. */
  gamma: number;
}

const readStepLR = constructorOf<With<StepLROptions>>("StepLR", ["optimizer", "step_size"], { gamma: 0.1, ...SCHEDULER });

/** Multiplies the learning rates by gamma every `step_size` epochs. */
export class StepLR extends LRScheduler {
  /** Epochs between falls. */
  step_size: number;
  /** The factor of each. */
  gamma: number;

  /** Takes the optimizer, `step_size`, `gamma` (0.1), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<StepLROptions>, ...args: Constructor<StepLROptions>) {
    const { optimizer, step_size, gamma, last_epoch } = readStepLR([first, ...args]);
    super(optimizer, last_epoch);
    this.step_size = step_size;
    this.gamma = gamma;
    this.begin();
  }

  /** Falls where the epoch is a multiple of the step size. */
  override get_lr(): number[] {
    return this.last_epoch === 0 || this.last_epoch % this.step_size !== 0 ? this.unchanged() : this.scaled(this.gamma);
  }

  /** The rates of the present epoch, without those before it. */
  protected override closedForm(): number[] {
    return this.base_lrs.map((base) => base * this.gamma ** Math.floor(this.last_epoch / this.step_size));
  }
}

/** Arguments of `MultiStepLR`. */
export interface MultiStepLROptions extends SchedulerOptions {
  /** The epochs of falls. */
  milestones: readonly number[];
  /** The factor of each. */
  gamma: number;
}

const readMultiStepLR = constructorOf<With<MultiStepLROptions>>("MultiStepLR", ["optimizer", "milestones"], { gamma: 0.1, ...SCHEDULER });

/** Epochs and how many falls there are at each. */
class Milestones extends Map<number, number> {
  override toString(): string {
    const counts = [...this].sort((a, b) => b[1] - a[1]);
    return this.size === 0 ? "Counter()" : `Counter({${counts.map(([epoch, n]) => `${epoch}: ${n}`).join(", ")}})`;
  }
}

/** Multiplies the learning rates by gamma at certain epochs. */
export class MultiStepLR extends LRScheduler {
  /** The epochs of falls, and how many there are at each. */
  milestones: Map<number, number>;
  /** The factor of each. */
  gamma: number;

  /** Takes the optimizer, `milestones`, `gamma` (0.1), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<MultiStepLROptions>, ...args: Constructor<MultiStepLROptions>) {
    const { optimizer, milestones, gamma, last_epoch } = readMultiStepLR([first, ...args]);
    super(optimizer, last_epoch);
    this.milestones = new Milestones();
    for (const epoch of milestones) this.milestones.set(epoch, (this.milestones.get(epoch) ?? 0) + 1);
    this.gamma = gamma;
    this.begin();
  }

  /** Falls at milestones. */
  override get_lr(): number[] {
    const count = this.milestones.get(this.last_epoch);
    return count === undefined ? this.unchanged() : this.scaled(this.gamma ** count);
  }

  /** The rates of the present epoch, without those before it. */
  protected override closedForm(): number[] {
    let passed = 0;
    for (const [epoch, count] of this.milestones) if (epoch <= this.last_epoch) passed += count;
    return this.base_lrs.map((base) => base * this.gamma ** passed);
  }
}

/** Arguments of `ExponentialLR`. */
export interface ExponentialLROptions extends SchedulerOptions {
  /** The factor of each epoch. */
  gamma: number;
}

const readExponentialLR = constructorOf<With<ExponentialLROptions>>("ExponentialLR", ["optimizer", "gamma"], SCHEDULER);

/** Multiplies the learning rates by gamma every epoch. */
export class ExponentialLR extends LRScheduler {
  /** The factor of each epoch. */
  gamma: number;

  /** Takes the optimizer, `gamma`, `last_epoch` (-1). */
  constructor(first: GivenOptimizer<ExponentialLROptions>, ...args: Constructor<ExponentialLROptions>) {
    const { optimizer, gamma, last_epoch } = readExponentialLR([first, ...args]);
    super(optimizer, last_epoch);
    this.gamma = gamma;
    this.begin();
  }

  /** Falls at every epoch but the first. */
  override get_lr(): number[] {
    return this.last_epoch === 0 ? this.unchanged() : this.scaled(this.gamma);
  }

  /** The rates of the present epoch, without those before it. */
  protected override closedForm(): number[] {
    return this.base_lrs.map((base) => base * this.gamma ** this.last_epoch);
  }
}

/** Arguments of `ConstantLR`. */
export interface ConstantLROptions extends SchedulerOptions {
  /** The factor of the first epochs. */
  factor: number;
  /** How many these are. */
  total_iters: number;
}

const readConstantLR = constructorOf<With<ConstantLROptions>>("ConstantLR", ["optimizer"], { factor: 1 / 3, total_iters: 5, ...SCHEDULER });

/** Multiplies the learning rates by a factor for the first epochs. */
export class ConstantLR extends LRScheduler {
  /** The factor of the first epochs. */
  factor: number;
  /** How many these are. */
  total_iters: number;

  /** Takes the optimizer, `factor` (1/3), `total_iters` (5), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<ConstantLROptions>, ...args: Constructor<ConstantLROptions>) {
    const { optimizer, factor, total_iters, last_epoch } = readConstantLR([first, ...args]);
    if (factor > 1 || factor < 0) throw new ValueError("Constant multiplicative factor expected to be between 0 and 1.");
    super(optimizer, last_epoch);
    this.factor = factor;
    this.total_iters = total_iters;
    this.begin();
  }

  /** Small at first, and as given after that. */
  override get_lr(): number[] {
    if (this.last_epoch === 0) return this.scaled(this.factor);
    return this.last_epoch === this.total_iters ? this.scaled(1 / this.factor) : this.unchanged();
  }

  /** The rates of the present epoch, without those before it. */
  protected override closedForm(): number[] {
    return this.base_lrs.map((base) => base * (this.factor + (this.last_epoch >= this.total_iters ? 1 : 0) * (1 - this.factor)));
  }
}

/** Arguments of `LinearLR`. */
export interface LinearLROptions extends SchedulerOptions {
  /** The factor of the first epoch. */
  start_factor: number;
  /** The factor at the end. */
  end_factor: number;
  /** How many epochs it takes. */
  total_iters: number;
}

const readLinearLR = constructorOf<With<LinearLROptions>>("LinearLR", ["optimizer"], { start_factor: 1 / 3, end_factor: 1, total_iters: 5, ...SCHEDULER });

/** Multiplies the learning rates by a factor that goes along a line. */
export class LinearLR extends LRScheduler {
  /** The factor of the first epoch. */
  start_factor: number;
  /** The factor at the end. */
  end_factor: number;
  /** How many epochs it takes. */
  total_iters: number;

  /** Takes the optimizer, `start_factor` (1/3), `end_factor` (1), `total_iters` (5), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<LinearLROptions>, ...args: Constructor<LinearLROptions>) {
    const { optimizer, start_factor, end_factor, total_iters, last_epoch } = readLinearLR([first, ...args]);
    if (start_factor > 1 || start_factor <= 0) throw new ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.");
    if (end_factor > 1 || end_factor < 0) throw new ValueError("Ending multiplicative factor expected to be between 0 and 1.");
    super(optimizer, last_epoch);
    this.start_factor = start_factor;
    this.end_factor = end_factor;
    this.total_iters = total_iters;
    this.begin();
  }

  /** A little further along the line. */
  override get_lr(): number[] {
    const { last_epoch, start_factor, end_factor, total_iters } = this;
    if (last_epoch === 0) return this.scaled(start_factor);
    if (last_epoch > total_iters) return this.unchanged();
    const rise = end_factor - start_factor;
    return this.scaled(1 + rise / (total_iters * start_factor + (last_epoch - 1) * rise));
  }

  /** The rates of the present epoch, without those before it. */
  protected override closedForm(): number[] {
    const { last_epoch, start_factor, end_factor, total_iters } = this;
    return this.base_lrs.map((base) => base * (start_factor + (end_factor - start_factor) * Math.min(total_iters, last_epoch) / total_iters));
  }
}

/** Arguments of `PolynomialLR`. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** How many epochs it takes. */
  total_iters: number;
  /** The exponent. */
  power: number;
}

const readPolynomialLR = constructorOf<With<PolynomialLROptions>>("PolynomialLR", ["optimizer"], { total_iters: 5, power: 1, ...SCHEDULER });

/** Multiplies the learning rates by (1 - epoch / total)^power. */
export class PolynomialLR extends LRScheduler {
  /** How many epochs it takes. */
  total_iters: number;
  /** The exponent. */
  power: number;

  /** Takes the optimizer, `total_iters` (5), `power` (1), `last_epoch` (-1). */
  constructor(first: GivenOptimizer<PolynomialLROptions>, ...args: Constructor<PolynomialLROptions>) {
    const { optimizer, total_iters, power, last_epoch } = readPolynomialLR([first, ...args]);
    super(optimizer, last_epoch);
    this.total_iters = total_iters;
    this.power = power;
    this.begin();
  }

  /** A little further down to zero. */
  override get_lr(): number[] {
    const { last_epoch, total_iters, power } = this;
    if (last_epoch === 0 || last_epoch > total_iters) return this.unchanged();
    return this.scaled(((1 - last_epoch / total_iters) / (1 - (last_epoch - 1) / total_iters)) ** power);
  }

  /** The rates of the present epoch, without those before it. */
  protected override closedForm(): number[] {
    const { last_epoch, total_iters, power } = this;
    return this.base_lrs.map((base) => base * (1 - Math.min(total_iters, last_epoch) / total_iters) ** power);
  }
}

/** A factor for each epoch. */
export type Lambda = (epoch: number) => number;

/** Arguments of `LambdaLR` and `MultiplicativeLR`. */
export interface LambdaLROptions extends SchedulerOptions {
  /** The factor of an epoch, or one such function for each group. */
  lr_lambda: Lambda | readonly Lambda[];
}

const readLambdaLR = constructorOf<With<LambdaLROptions>>("LambdaLR", ["optimizer", "lr_lambda"], SCHEDULER);
const readMultiplicativeLR = constructorOf<With<LambdaLROptions>>("MultiplicativeLR", ["optimizer", "lr_lambda"], SCHEDULER);

/** A function for each group. */
function lambdas(given: Lambda | readonly Lambda[], groups: number): readonly Lambda[] {
  if (typeof given === "function") return new Array<Lambda>(groups).fill(given);
  if (given.length !== groups) throw new ValueError(`Expected ${groups} lr_lambdas, but got ${given.length}`);
  return given;
}

/** Functions are not saved. */
function withoutLambdas(state: SchedulerState): SchedulerState {
  return { ...state, lr_lambdas: (state.lr_lambdas as Lambda[]).map(() => null) };
}

/** The learning rates at the beginning, times a function of the epoch. */
export class LambdaLR extends LRScheduler {
  /** A function for each group. */
  lr_lambdas: readonly Lambda[];

  /** Takes the optimizer, `lr_lambda`, `last_epoch` (-1). */
  constructor(first: GivenOptimizer<LambdaLROptions>, ...args: Constructor<LambdaLROptions>) {
    const { optimizer, lr_lambda, last_epoch } = readLambdaLR([first, ...args]);
    super(optimizer, last_epoch);
    this.lr_lambdas = lambdas(lr_lambda, this.groups.length);
    this.begin();
  }

  /** By the functions. */
  override get_lr(): number[] {
    return this.base_lrs.map((base, i) => base * this.lr_lambdas[i](this.last_epoch));
  }

  /** All attributes but the optimizer and the functions. */
  override state_dict(): SchedulerState {
    return withoutLambdas(super.state_dict());
  }

  /** Takes the attributes from what `state_dict` gave; the functions stay. */
  override load_state_dict({ lr_lambdas: _, ...state }: SchedulerState): void {
    super.load_state_dict(state);
  }
}

/** Multiplies the learning rates by a function of the epoch. */
export class MultiplicativeLR extends LRScheduler {
  /** A function for each group. */
  lr_lambdas: readonly Lambda[];

  /** Takes the optimizer, `lr_lambda`, `last_epoch` (-1). */
  constructor(first: GivenOptimizer<LambdaLROptions>, ...args: Constructor<LambdaLROptions>) {
    const { optimizer, lr_lambda, last_epoch } = readMultiplicativeLR([first, ...args]);
    super(optimizer, last_epoch);
    this.lr_lambdas = lambdas(lr_lambda, this.groups.length);
    this.begin();
  }

  /** By the functions, from the second epoch on. */
  override get_lr(): number[] {
    return this.last_epoch > 0 ? this.groups.map((group, i) => group.lr * this.lr_lambdas[i](this.last_epoch)) : this.unchanged();
  }

  /** All attributes but the optimizer and the functions. */
  override state_dict(): SchedulerState {
    return withoutLambdas(super.state_dict());
  }

  /** Takes the attributes from what `state_dict` gave; the functions stay. */
  override load_state_dict({ lr_lambdas: _, ...state }: SchedulerState): void {
    super.load_state_dict(state);
  }
}
